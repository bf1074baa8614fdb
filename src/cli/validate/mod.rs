//! `chokepoint validate`: the command, its folder and its formats.

mod answer;
mod store;
mod tables;
mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;

use self::answer::LEAD;
pub use self::answer::{ValidationReport, ValidationRequest, answered};
use self::store::{store, tables_of_report};
use self::tables::{POINTS, rows};
use self::text::describe_report;
use super::execution::progress;
use super::job::Progress;
use super::question;
use super::report::SealArgs;
use super::{Answer, Failure, Format, csv_text, note, say, say_data, say_json};
use crate::config::source::{Configs, Source};
use crate::foundation::digest::sha256;
use crate::results::{FolderClaim, HINDCAST_TABLE, WorkingFolder, files, seal};

#[derive(Args)]
pub struct ValidateArgs {
    #[command(flatten)]
    asked: ValidationRequest,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Folder that also receives every table and a page of figures for each split.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Results folder that receives the scored series and the hindcast of the split that leads, so that its report shows them.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Replace another scorecard in either folder, or one that was edited.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    seal: SealArgs,
    /// Exit with code 1 when a registered bar is missed.
    #[arg(long)]
    bars: bool,
}

pub fn validate(configs: Configs, mut args: ValidateArgs) -> Answer {
    let hash = made_from(&configs, &args.asked)?;
    // Checks before the runs that the folder can be written and belongs to the program.
    let claim = FolderClaim {
        made_from: vec![hash.clone()],
        overwrite: args.overwrite,
    };
    let working = match &args.out {
        Some(folder) => Some(WorkingFolder::open(folder, &claim)?),
        None => None,
    };
    if let Some(folder) = &args.into {
        may_add(folder, &args, &hash)?;
    }
    let kept = question::open_kept_runs(
        PathBuf::from(format!("results/.validate-{}.unfinished", &hash[..12])),
        &hash,
    )?;
    args.asked.kept = kept.map(Arc::new);
    let kept = args.asked.kept.as_deref();
    let answer = match answer_with_progress(configs, &args.asked)? {
        Some(answer) => answer,
        None => Err(question::stopped(kept)),
    };
    let stored = answer.and_then(|answer| {
        if let Some(working) = &working {
            store(working, &claim, &answer)?;
        }
        if let Some(folder) = &args.into {
            add(folder, &answer, &hash)?;
        }
        Ok(answer)
    });
    if let (Err(_), Some(working)) = (&stored, &working) {
        working.discard();
    }
    let answer = stored?;
    if let Some(kept) = kept {
        kept.discard();
    }
    match args.format {
        Format::Json => say_json(&answer)?,
        Format::Csv => say_data(&csv_text(&rows(POINTS, &answer.lead().points)))?,
        Format::Table => say(&describe_report(&answer))?,
    }
    if args.bars && !answer.missed.is_empty() {
        return Err(Failure::No(String::new()));
    }
    Ok(())
}

/// Checks that a folder holds results, and no other scorecard.
fn may_add(folder: &Path, args: &ValidateArgs, made_from: &str) -> Answer {
    if !folder.join("manifest.json").exists() {
        return Err(Failure::Input(format!(
            "error: --into {}: not a results folder; `chokepoint run` makes one\n",
            folder.display()
        )));
    }
    args.seal.check(folder)?;
    let split = args.asked.split.as_deref().unwrap_or(LEAD);
    let paths = [
        "scorecard.csv".to_string(),
        format!("{HINDCAST_TABLE}{split}.csv"),
    ];
    question::check_free(folder, &paths, made_from, args.overwrite)
}

/// Adds the tables of the split that leads to a results folder.
fn add(folder: &Path, answer: &ValidationReport, made_from: &str) -> Answer {
    let tables = tables_of_report(answer);
    for (path, text) in &tables {
        files::write(&folder.join(path), text)?;
    }
    seal::add(folder, &tables.map(|(path, _)| path), made_from)?;
    Ok(())
}

/// The answer, with a progress bar; nothing when a signal stopped it.
fn answer_with_progress(
    configs: Configs,
    asked: &ValidationRequest,
) -> Result<Option<Result<ValidationReport, Failure>>, Failure> {
    question::stopped_by_signal(|stop| {
        let bar = progress(0);
        let watch = Progress {
            say: &|text| bar.suspend(|| note(text)),
            begun: &|runs| bar.set_length(runs),
            done: &|runs| {
                bar.inc(runs);
                stop();
            },
            stop: &AtomicBool::new(false),
        };
        let answer = answered(configs, asked, &watch);
        bar.finish_and_clear();
        answer
    })
}

/// Hash of all that the scorecard is made from.
fn made_from(configs: &Configs, asked: &ValidationRequest) -> Result<String, Failure> {
    let own = match &asked.evidence {
        Some(path) => Source::of_file(path)?.text,
        None => String::new(),
    };
    let inputs: Vec<Source> = configs.all();
    let asked = (
        &asked.split,
        &asked.form,
        asked.runs,
        asked.seed,
        asked.patterns,
    );
    let program = (env!("CARGO_PKG_VERSION"), env!("CHOKEPOINT_SOURCE"));
    Ok(sha256(
        format!("validate {program:?} {asked:?} {own} {inputs:?}").as_bytes(),
    ))
}
