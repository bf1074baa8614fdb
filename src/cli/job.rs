//! Runs a plan in a working folder beside its target: resumes what was finished, runs the rest, joins the results.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::estimate::{WorkLeft, count_threads, estimate};
use super::execution::{ExecutionArgs, pool, threads, until};
use super::report::write_report;
use super::{Failure, note};
use crate::results::compare::causes;
use crate::results::seal::TIMING;
use crate::results::{FolderClaim, Manifest, Results, ResultsError, Timing, WorkingFolder, files};
use crate::study::batch::{BlockBatch, StoppingRule};
use crate::study::block::{self, path};
use crate::study::merge::merge;
use crate::study::plan_file::{OpenedPlan, PlanFile};
use crate::study::{Plan, RunRecordLayout, TIMELINES, made_from, manifest};

/// What watches over work.
pub struct Progress<'a> {
    /// Told what there is to say, in whole lines.
    pub say: &'a dyn Fn(&str),
    /// Told how many runs there will be.
    pub begun: &'a dyn Fn(u64),
    /// Told of so many runs that are done, from any thread.
    pub done: &'a (dyn Fn(u64) + Sync),
    /// Set by who wants it stopped.
    pub stop: &'a AtomicBool,
}

/// A plan that is being carried out.
pub struct StudyJob {
    file: PlanFile,
    opened: OpenedPlan,
    working: WorkingFolder,
    threads: usize,
    report: bool,
    overwrite: bool,
    kept: usize,
    until: Option<StoppingRule>,
}

impl StudyJob {
    /// Opens the working folder of the plan's results and resumes finished blocks of the same plan.
    ///
    /// # Errors
    /// When the study is not as it should be, the folder is not ours, or it holds blocks of another plan.
    pub fn open(file: PlanFile, how: &ExecutionArgs) -> Result<Self, Failure> {
        let opened = file.open()?;
        let until = until(how.until_error.as_deref(), &opened.plan)?;
        let out = results_folder(how.out.as_deref(), &file, &opened.plan);
        // Fails early, before the work: the folder can be written, and is ours.
        let ends = match until {
            Some(_) => BlockBatch::ends(&file),
            None => vec![file.futures().end],
        };
        let of = |end: &u32| made_from(&opened.plan, &(file.futures().start..*end));
        let claim = FolderClaim {
            made_from: ends.iter().map(of).collect(),
            overwrite: how.overwrite,
        };
        let working = working(&out, &claim, &opened.plan)?;
        let kept = resume(&working, &file, how.restart)?;
        Ok(Self {
            file,
            opened,
            working,
            threads: threads(how.threads),
            report: !how.no_report,
            overwrite: how.overwrite,
            kept,
            until,
        })
    }

    /// Numbers of the blocks that are not finished.
    pub fn missing(&self) -> Vec<u32> {
        let there = |k: &u32| self.block(*k).exists();
        (0..self.file.blocks).filter(|k| !there(k)).collect()
    }

    /// The path of a block of this job.
    pub fn block(&self, number: u32) -> PathBuf {
        path(&self.working.blocks(), number)
    }

    /// Runs of the whole plan: futures times arms.
    pub fn runs(&self) -> u64 {
        self.runs_of(self.opened.plan.futures.len())
    }

    /// Runs of one block.
    pub fn block_runs(&self, number: u32) -> u64 {
        self.runs_of(self.file.block(number).len())
    }

    /// Runs of the blocks that are missing.
    fn work_left(&self) -> WorkLeft {
        let missing = self.missing();
        let futures = missing.iter().flat_map(|k| self.file.block(*k));
        let told = futures.filter(|run| *run < TIMELINES).count();
        WorkLeft {
            runs: missing.iter().map(|k| self.block_runs(*k)).sum(),
            told: self.runs_of(told),
            threads: self.threads.min(missing.len().max(1)),
        }
    }

    fn runs_of(&self, futures: usize) -> u64 {
        (futures * self.opened.plan.regimes.len()) as u64
    }

    /// Runs missing blocks and joins all blocks; returns the results and their folder.
    ///
    /// # Errors
    /// When it is stopped, or something cannot be written: finished blocks are kept then.
    pub fn carry_out(self, watch: &Progress) -> Result<(Results, PathBuf), Failure> {
        let started = Instant::now();
        let plan = &self.opened.plan;
        if let Some(warning) = plan.stale_warning() {
            (watch.say)(&warning);
        }
        if self.kept > 0 {
            let (kept, all) = (self.kept, self.file.blocks);
            (watch.say)(&format!("resuming: {kept} of {all} blocks are done\n"));
        }
        let most = self.until.is_some();
        (watch.say)(&estimate(plan, self.runs(), &self.work_left(), most));
        (watch.begun)(self.runs());
        let clock = Instant::now();
        let batch = BlockBatch {
            plan,
            file: &self.file,
            folder: &self.working.blocks(),
            threads: self.threads,
            done: &|| (watch.done)(1),
            stop: watch.stop,
        };
        let futures = match batch.run(self.until) {
            Ok(Some(futures)) => futures,
            Ok(None) => return Err(self.stopped()),
            Err(error) => return Err(self.kept_after(&error)),
        };
        if most {
            (watch.say)(&format!("stopped after {} futures\n", futures.len()));
        }
        let seconds = clock.elapsed().as_secs_f64();
        let made = futures.len() * plan.regimes.len();
        let timing = Timing {
            wall_seconds: seconds,
            threads: self.threads,
            runs_per_second: made as f64 / seconds,
        };
        let (results, folder) = self.join(futures, &timing)?;
        (watch.say)(&format!(
            "{made} runs in {seconds:.1} s ({:.0} a second on {}), {:.1} s in all; {} failed\n",
            timing.runs_per_second,
            count_threads(timing.threads),
            started.elapsed().as_secs_f64(),
            results.failures.len()
        ));
        Ok((results, folder))
    }

    fn join(self, futures: Range<u32>, timing: &Timing) -> Result<(Results, PathBuf), Failure> {
        let pool = pool(self.threads)?;
        let blocks = self.working.blocks();
        let joined = self.working.fresh().and_then(|into| {
            let made = futures.clone();
            let results = pool.install(|| merge(&self.opened, &self.file, &blocks, made, &into))?;
            let text = serde_json::to_string_pretty(timing).unwrap_or_default() + "\n";
            files::write(&into.join(TIMING), text)?;
            pool.install(|| write_report(&results, &into, self.report))?;
            Ok(results)
        });
        let claim = FolderClaim {
            made_from: vec![made_from(&self.opened.plan, &futures)],
            overwrite: self.overwrite,
        };
        let finished = joined.and_then(|results| {
            let folder = self.working.finish(&claim)?;
            Ok((results, folder))
        });
        finished.map_err(|error| self.kept_after(&error))
    }

    fn kept_after(self, error: &ResultsError) -> Failure {
        let mut text = format!("error: {error}\n");
        let kept = block_files(&self.working.blocks()).0.len();
        if kept == 0 {
            self.working.discard();
        } else {
            text.push_str(&format!(
                "{kept} of {} blocks are kept in {}; run the same command again to resume\n",
                self.file.blocks,
                self.working.path().display()
            ));
        }
        Failure::Input(text)
    }

    fn stopped(self) -> Failure {
        let kept = block_files(&self.working.blocks()).0.len();
        if kept == 0 {
            self.working.discard();
            return Failure::Stopped(
                "stopped before the first block was done; nothing is kept\n".into(),
            );
        }
        Failure::Stopped(format!(
            "stopped: {kept} of {} blocks are kept in {}; run the same command again to resume\n",
            self.file.blocks,
            self.working.path().display()
        ))
    }
}

/// Opens the working folder of a target; the error for results of another plan lists the differences.
pub fn working(out: &Path, claim: &FolderClaim, plan: &Plan) -> Result<WorkingFolder, Failure> {
    WorkingFolder::open(out, claim).map_err(|error| match error {
        ResultsError::Finished(folder) => {
            let futures = plan.futures.len() as u32;
            let new = manifest(plan, &RunRecordLayout::new(plan), futures, 0, "");
            let why = Manifest::read(&folder).map_or_else(
                |_| Vec::new(),
                |old| {
                    let old = Manifest { failed: 0, ..old };
                    causes(&old, &new)
                },
            );
            let lines: String = why.iter().map(|w| format!("  {w}\n")).collect();
            Failure::Input(format!(
                "error: {} holds finished results of another plan; in each line, first what made them, then what this command asks for:\n{lines}\
                 add --overwrite to replace them, or choose another --out\n",
                folder.display()
            ))
        }
        // A folder that is not there after the attempt could not be made; all other reasons lie in what is there.
        ResultsError::Io { ref path, .. } if !path.exists() => {
            Failure::Input(format!("error: {error}; choose another place with --out\n"))
        }
        other => other.into(),
    })
}

/// Prepares a working folder: blocks of the same plan are kept; unfinished work of another plan is kept unless `--restart` is
/// given.
fn resume(working: &WorkingFolder, file: &PlanFile, restart: bool) -> Result<usize, Failure> {
    let path = working.path().join("plan.json");
    let (mut blocks, others) = block_files(&working.blocks());
    // Only partial files of a killed process are removed; other files are not the program's.
    let half = |path: &PathBuf| {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        name.is_some_and(|n| files::is_partial(&n))
    };
    let mut halves: Vec<PathBuf> = others.into_iter().filter(half).collect();
    let old = PlanFile::peek(&path);
    let same = old.as_ref().is_some_and(|old| old.hash == file.hash);
    if !same && !blocks.is_empty() && !restart {
        let why = old.map_or(vec!["another plan".into()], |old| old.differences(file));
        return Err(Failure::Input(format!(
            "error: {} holds {} finished blocks of another plan:\n  {}\n\
             run that plan again to finish it, add --restart to discard its blocks, or choose another --out\n",
            working.path().display(),
            blocks.len(),
            why.join("\n  ")
        )));
    }
    if same {
        let (whole, broken): (Vec<_>, Vec<_>) = blocks
            .into_iter()
            .partition(|path| block::is_whole(path, &file.hash));
        for path in &broken {
            note(&format!(
                "{} is corrupted and is run again\n",
                path.display()
            ));
        }
        halves.extend(broken);
        blocks = whole;
    }
    let worthless = if same { &[][..] } else { &blocks[..] };
    for half in halves.iter().chain(worthless) {
        let _ = std::fs::remove_file(half);
    }
    file.write(&path)?;
    Ok(if same { blocks.len() } else { 0 })
}

/// The results folder. A single future gets a folder of its own, so that it does not replace the results of the study.
pub fn results_folder(asked: Option<&Path>, file: &PlanFile, plan: &Plan) -> PathBuf {
    let name = &plan.study.name;
    let folder = match file.only {
        Some(one) => format!("{name}-future-{one}"),
        None => name.to_string(),
    };
    asked.map_or_else(|| Path::new("results").join(folder), Path::to_path_buf)
}

/// Finished blocks of a folder, and what was left of unfinished ones.
pub fn block_files(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|e| e.path())
        .partition(|p| p.extension().is_some_and(|e| e == "runs"))
}
