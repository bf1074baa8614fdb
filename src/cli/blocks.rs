//! `chokepoint plan`, `block` and `merge`: divide a study into blocks that any machine can run in any order.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::Args;

use super::execution::{pool, stop_on_signal, threads};
use super::job::{block_files, results_folder, working};
use super::report::{report_failures, write_report};
use super::run::{StudyOverrides, plan_file};
use super::{Answer, Failure, note, say};
use crate::config::source::Configs;
use crate::foundation::escape::shell_argument;
use crate::results::{FolderClaim, ResultsError};
use crate::study::block::{BlockRequest, may_write, path, write};
use crate::study::merge::merge as merge_blocks;
use crate::study::plan_file::{BLOCKS, OpenedPlan, PlanFile};
use crate::study::{RunRecordLayout, Worker, made_from};

#[derive(Args)]
pub struct PlanArgs {
    /// A study file, or a name from `chokepoint list studies`.
    study: String,
    /// Number of blocks.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(BLOCKS)))]
    blocks: u32,
    /// Folder for the plan and its blocks.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    choice: StudyOverrides,
}

/// Writes a plan: one file with everything that its blocks need.
pub fn plan(configs: Configs, args: &PlanArgs) -> Answer {
    let blocks = Some(args.blocks);
    let (_, path) = write_plan(&configs, &args.study, &args.choice, blocks, &args.out)?;
    say(&format!("{}\n", path.display()))
}

/// The plan of a study in its folder, and where it is.
pub fn write_plan(
    configs: &Configs,
    study: &str,
    choice: &StudyOverrides,
    blocks: Option<u32>,
    out: &Path,
) -> Result<(PlanFile, PathBuf), Failure> {
    let source = configs.find(study, "studies")?;
    let command = format!("chokepoint run {}", shell_argument(study));
    let file = plan_file(configs, source, Vec::new(), choice, blocks, &command)?;
    // What is wrong is said now, not on another machine.
    file.open()?;
    std::fs::create_dir_all(out).map_err(|e| failed(out, &e))?;
    let path = out.join("plan.json");
    let old = PlanFile::peek(&path);
    if old.is_none() && path.exists() {
        return Err(failed(
            &path,
            &"is there and is no plan; move it, or choose another folder",
        ));
    }
    let done = block_files(&out.join("blocks")).0.len();
    if let Some(old) = old.as_ref().filter(|old| old.blocks != file.blocks)
        && old.hash == file.hash
        && done > 0
    {
        return Err(Failure::Input(format!(
            "error: {} is divided into {} blocks, of which {done} are finished; choose another --out for another number of blocks\n",
            path.display(),
            old.blocks
        )));
    }
    if let Some(old) = old.filter(|old| old.hash != file.hash) {
        return Err(Failure::Input(format!(
            "error: {} is another plan:\n  {}\n",
            path.display(),
            old.differences(&file).join("\n  ")
        )));
    }
    file.write(&path)?;
    note(&format!(
        "{} futures in {} blocks\n",
        file.futures().len(),
        file.blocks
    ));
    Ok((file, path))
}

#[derive(Args)]
pub struct BlockArgs {
    /// A plan, or the folder that it is in.
    plan: PathBuf,
    /// Number of the block, from 0.
    number: u32,
    /// Folder for the file of the block; the default is the folder of the plan.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs one block on one thread. A block that exists is run again, with the same bytes.
pub fn block(args: &BlockArgs) -> Answer {
    let file = PlanFile::read(&plan_path(&args.plan))?;
    if args.number >= file.blocks {
        return Err(Failure::Input(format!(
            "error: found block {}, expected 0 to {}\n",
            args.number,
            file.blocks - 1
        )));
    }
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| plan_path(&args.plan).with_file_name("blocks"));
    std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, &e))?;
    let to = path(&folder, args.number);
    may_write(&to, &file.hash)?;
    let OpenedPlan { plan, .. } = file.open()?;
    let mut worker = Worker::new(&plan.blueprint);
    let layout = RunRecordLayout::new(&plan);
    let stop = stop_on_signal()?;
    let block = BlockRequest {
        plan: &plan,
        layout: &layout,
        hash: &file.hash,
        futures: file.block(args.number),
        path: &to,
        done: &|| {},
        stop: &stop,
    };
    let whole = write(&block, &mut worker)?;
    if !whole || stop.load(Ordering::Relaxed) && !to.exists() {
        return Err(Failure::Stopped("stopped: the block is not done\n".into()));
    }
    say(&format!("{}\n", to.display()))
}

#[derive(Args)]
pub struct MergeArgs {
    /// Folder of a plan whose blocks are finished.
    folder: PathBuf,
    /// Folder for the results; the default is `results/<name of the study>`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace finished results of another plan (another study, or other settings), or results that were changed by hand.
    #[arg(long)]
    overwrite: bool,
    /// Write tables only, without figures and the report page.
    #[arg(long)]
    no_report: bool,
}

/// Joins finished blocks into a results folder: the same bytes as a single run.
pub fn merge(args: &MergeArgs) -> Answer {
    let file = PlanFile::read(&plan_path(&args.folder))?;
    let blocks = plan_path(&args.folder).with_file_name("blocks");
    let missing: Vec<String> = (0..file.blocks)
        .filter(|k| !path(&blocks, *k).exists())
        .map(|k| k.to_string())
        .collect();
    if !missing.is_empty() {
        return Err(Failure::Input(format!(
            "error: {} of {} blocks are missing: {}\n",
            missing.len(),
            file.blocks,
            missing.join(" ")
        )));
    }
    let opened = file.open()?;
    let out = results_folder(args.out.as_deref(), &file, &opened.plan);
    let claim = FolderClaim {
        made_from: vec![made_from(&opened.plan, &file.futures())],
        overwrite: args.overwrite,
    };
    let working = working(&out, &claim, &opened.plan)?;
    let others = block_files(&working.blocks()).0.len();
    if others > 0 {
        return Err(Failure::Input(format!(
            "error: {} holds {others} finished blocks of a stopped run; finish that run, or choose another --out\n",
            working.path().display()
        )));
    }
    let results = working.fresh().and_then(|into| {
        pool(threads(None))
            .map_err(|_| ResultsError::NotOurs(into.clone()))?
            .install(|| {
                let results = merge_blocks(&opened, &file, &blocks, file.futures(), &into)?;
                write_report(&results, &into, !args.no_report)?;
                Ok(results)
            })
    });
    let finished = results.and_then(|results| Ok((results, working.finish(&claim)?)));
    match finished {
        Ok((results, folder)) => report_failures(&results, &folder, !args.no_report),
        Err(error) => {
            working.discard();
            Err(error.into())
        }
    }
}

fn plan_path(given: &Path) -> PathBuf {
    if given.is_dir() {
        given.join("plan.json")
    } else {
        given.to_path_buf()
    }
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Input(format!("error: {}: {error}\n", path.display()))
}
