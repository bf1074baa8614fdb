//! `chokepoint check` and `chokepoint schema`: errors in configuration, and what files may hold.

use std::path::PathBuf;

use clap::Args;

use super::{Answer, Failure, Format, say, say_json};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::source::{Configs, Source};
use crate::config::study::StudyFile;
use crate::config::{evidence, figure, posterior, schemas, splits, study, world};
use crate::study::Library;

#[derive(Args)]
pub struct CheckArgs {
    /// Files to check: acts, regimes, studies, figures, evidence (TOML), tables of the world, of evidence or of chips of your own (CSV). None: the whole configuration.
    files: Vec<String>,
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub fn check(configs: Configs, args: &CheckArgs) -> Answer {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut keep = |result: Result<(), Problems>| {
        if let Err(problems) = result {
            found.extend(problems.0);
        }
    };
    if args.files.is_empty() {
        keep(whole(&configs));
    }
    for file in &args.files {
        match std::fs::read_to_string(file) {
            Ok(text) => keep(one(
                &configs,
                &Source {
                    name: file.clone(),
                    text,
                },
            )),
            Err(e) => return Err(Failure::Input(format!("error: {file}: {e}\n"))),
        }
    }
    if args.format == Format::Json {
        say_json(&found)?;
        return if found.is_empty() {
            Ok(())
        } else {
            Err(Failure::No(String::new()))
        };
    }
    if found.is_empty() {
        return say("no errors\n");
    }
    let count = found.len();
    let errors = if count == 1 { "error" } else { "errors" };
    Err(Failure::No(format!(
        "{}{count} {errors}\n",
        Problems(found)
    )))
}

/// Everything that ships or stands in the folder of `--configs`.
fn whole(configs: &Configs) -> Result<(), Problems> {
    let library = Library::read(configs.clone(), &[])?;
    let mut problems = Problems::default();
    for path in configs.list("regimes", ".toml") {
        let name = path
            .trim_start_matches("regimes/")
            .trim_end_matches(".toml");
        if let Err(more) = library.regime(name) {
            problems.0.extend(more.0);
        }
    }
    for path in configs.list("studies", ".toml") {
        let result = configs
            .read(&path)
            .and_then(|source| study::read(&source, configs));
        let figures = |study: StudyFile| figure::read_all(configs, &study.figures);
        match result.and_then(|s| library.arms(&s).and_then(|_| figures(s))) {
            Ok(_) => {}
            Err(more) => problems.0.extend(more.0),
        }
    }
    let mut keep = |result: Result<(), Problems>| {
        problems
            .0
            .extend(result.err().into_iter().flat_map(|p| p.0))
    };
    keep(evidence::Evidence::read(configs).map(|_| ()));
    keep(evidence::check_shipped_map(configs));
    keep(splits::read(configs).map(|_| ()));
    keep(splits::Registration::read(configs).map(|_| ()));
    for path in configs.list("posterior", ".csv") {
        // What a fit informs and what trades off lie in folders of their own.
        if path.matches('/').count() > 1 {
            continue;
        }
        let name = path
            .trim_start_matches("posterior/")
            .trim_end_matches(".csv");
        keep(posterior::Posterior::find(configs, name).map(|_| ()));
    }
    problems.check()
}

/// One file, by what it holds.
fn one(configs: &Configs, source: &Source) -> Result<(), Problems> {
    if source.name.ends_with(".csv") {
        return world::check_csv(configs, source);
    }
    let has = |line_start: &str| {
        source
            .text
            .lines()
            .any(|l| l.trim_start().starts_with(line_start))
    };
    if has("[[rule]]") || (has("citation") && has("issuer")) {
        return Library::read(configs.clone(), std::slice::from_ref(source)).map(|_| ());
    }
    if has("[draw") || has("draw.") {
        return figure::read(source, &source.name).map(|_| ());
    }
    if has("arms") || has("baseline") || has("question") {
        let study = study::read(source, configs)?;
        Library::read(configs.clone(), &[])?.arms(&study)?;
        return figure::read_all(configs, &study.figures).map(|_| ());
    }
    if has("[[split]]") {
        return splits::check(source);
    }
    if has("[[series]]") {
        return evidence::check_map(configs, source);
    }
    if has("[[support]]") {
        return splits::check_registration(source);
    }
    if has("[[parameter]]") {
        return crate::config::parameters::check(source);
    }
    let library = Library::read(configs.clone(), &[])?;
    crate::config::law::regime_from(source, &library.law).map(|_| ())
}

#[derive(Args)]
pub struct SchemaArgs {
    /// Which: act, regime, parameters, study, figure, evidence, splits, registration, or a table such as chips.
    kind: Option<String>,
    /// Write one file a kind into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn schema(args: &SchemaArgs) -> Answer {
    let all = schemas();
    if let Some(folder) = &args.out {
        let failed =
            |e: std::io::Error| Failure::Input(format!("error: {}: {e}\n", folder.display()));
        std::fs::create_dir_all(folder).map_err(failed)?;
        for (kind, schema) in &all {
            let text = serde_json::to_string_pretty(schema).unwrap_or_default() + "\n";
            std::fs::write(folder.join(format!("{kind}.json")), text).map_err(failed)?;
        }
        return Ok(());
    }
    let names: Vec<&str> = all.iter().map(|(kind, _)| *kind).collect();
    match &args.kind {
        None => say(&(names.join("\n") + "\n")),
        Some(kind) => match all.iter().find(|(name, _)| name == kind) {
            Some((_, schema)) => say_json(schema),
            None => Err(super::wrong_word("schema", kind, "a kind of file", &names)),
        },
    }
}
