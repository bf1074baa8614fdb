//! Arguments and steps that the commands which ask questions of a study share.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Args;
use rayon::ThreadPool;
use serde::Serialize;

use super::execution::{pool, progress, stop_on_signal, threads};
use super::report::SealArgs;
use super::run::{channels_without, held_by_the_study, settings};
use super::{
    AN_OUTCOME, Answer, Failure, Format, count, csv_written, note, say, say_data, say_json, table,
    wrong_word,
};
use crate::analysis::EstimatorError;
use crate::config::draws::FuturesTable;
use crate::config::futures::FutureDesign;
use crate::config::source::Configs;
use crate::config::study;
use crate::foundation::digest::sha256;
use crate::foundation::escape::{csv_plain, shell_argument, shell_option};
use crate::foundation::maths;
use crate::outputs::outcomes::OUTCOMES;
use crate::questions::evaluate;
use crate::results::seal::{self, Seal};
use crate::results::{Manifest, ResultsError, files};
use crate::study::comparisons::{idle_settings, idle_switches, repeated_switches};
use crate::study::kept_runs::{BUSY, KeptRuns};
use crate::study::manifest::channels_off;
use crate::study::{Library, Plan, PlanSettings, made_from};

/// Runs of a question, at most: the outcomes of all of them are held in memory, half a kilobyte a run.
const MOST_RUNS: u64 = 10_000_000;

/// Checks that the tables of an answer replace only an answer to the same question, unless the user says so.
pub fn check_free(folder: &Path, paths: &[String], made_from: &str, overwrite: bool) -> Answer {
    seal::may_write(folder, paths)?;
    let Some(Ok(seal)) = Seal::read(folder) else {
        return Ok(());
    };
    let other = |path: &&String| {
        let there = seal.files.get(*path).filter(|_| folder.join(path).exists());
        there.is_some_and(|sealed| sealed.made_from != made_from)
    };
    match paths.iter().find(other) {
        Some(path) if !overwrite => Err(Failure::Input(format!(
            "error: {} holds the answer of another question; add --overwrite to replace it, or omit --into\n",
            folder.join(path).display()
        ))),
        _ => Ok(()),
    }
}

/// Checks that a results folder holds this study as the question asks it: a report shows the answers that lie beside its tables as its
/// own.
fn of_this_study(folder: &Path, plan: &Plan) -> Answer {
    let path = folder.join("manifest.json");
    let failed = |why: String| Failure::Input(format!("error: {}: {why}\n", path.display()));
    let text = seal::text_of(&path).map_err(|e| failed(e.to_string()))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|e| failed(e.to_string()))?;
    let differs = |found: String, asked: String| {
        Failure::Input(format!(
            "error: --into {}: found results of {found}, expected those of {asked}; omit --into, or ask as the results were made\n",
            folder.display()
        ))
    };
    let (found, asked) = (manifest.study.name.to_string(), plan.study.name.to_string());
    if found != asked {
        return Err(differs(
            format!("the study `{found}`"),
            format!("`{asked}`"),
        ));
    }
    if manifest.seed != plan.seed {
        let (found, asked) = (manifest.seed, plan.seed);
        return Err(differs(format!("seed {found}"), format!("seed {asked}")));
    }
    let said = |words: Vec<String>| match words.is_empty() {
        true => "nothing".to_string(),
        false => words.join(", "),
    };
    let numbers = manifest.set.iter().filter(|(id, _)| !id.contains("study."));
    let found: Vec<String> = numbers
        .map(|(id, text)| match text.parse::<f64>() {
            Ok(value) => format!("{id}={value}"),
            Err(_) => format!("{id}={text}"),
        })
        .collect();
    let asked: Vec<String> = plan.set.iter().map(|(id, v)| format!("{id}={v}")).collect();
    if found != asked {
        let set = |words| format!("--set {}", said(words));
        return Err(differs(set(found), set(asked)));
    }
    let asked: Vec<String> = channels_off(plan);
    if manifest.channels_off != asked {
        let off = |words| format!("--off {}", said(words));
        return Err(differs(off(manifest.channels_off), off(asked)));
    }
    Ok(())
}

#[derive(Args)]
pub struct QuestionArgs {
    /// A study file, or a name from `chokepoint list studies`.
    study: String,
    /// Number of futures (possible worlds); the default depends on the command.
    #[arg(long, value_name = "FUTURES", value_parser = count::<u32>)]
    runs: Option<u32>,
    /// Seed of every random draw; the default is the seed in the study file. The same seed gives the same results.
    #[arg(long)]
    seed: Option<u64>,
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = count::<u16>)]
    threads: Option<u16>,
    /// Fix a parameter in every future, by name or as `mechanism.name`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Switch a channel (a reaction to rules) off in every arm; names: `chokepoint list channels`.
    #[arg(long, value_name = "CHANNEL")]
    off: Vec<String>,
    /// Results folder that receives the tables, so that `plot` and `report` can use them.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Replace tables in that folder that answer another question.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    seal: SealArgs,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

/// A question that is ready to run: its plan, its threads, and the hash of its inputs.
pub struct PreparedQuestion {
    pub plan: Plan,
    pub pool: ThreadPool,
    /// The study's own table of futures.
    pub table: Option<FuturesTable>,
    /// Hash of the plan and of the arguments of the command.
    made_from: String,
}

impl QuestionArgs {
    /// Prepares a question. `command` and `words` identify it; `tables` are the tables that its answer writes into a results folder.
    pub fn prepare(
        &self,
        configs: Configs,
        runs: u32,
        command: &str,
        words: &str,
        tables: &[&str],
    ) -> Result<PreparedQuestion, Failure> {
        if let Some(folder) = &self.into {
            if !folder.join("manifest.json").exists() {
                return Err(Failure::Input(format!(
                    "error: --into {}: not a results folder; `chokepoint run {} {}` makes one\n",
                    folder.display(),
                    shell_argument(&self.study),
                    shell_option("--out", &folder.to_string_lossy())
                )));
            }
            self.seal.check(folder)?;
        }
        let (mut plan, pool, table, levels) = self.plan(configs, runs)?;
        if let Some(folder) = &self.into {
            of_this_study(folder, &plan)?;
        }
        if levels {
            note(&format!(
                "note: `{command}` draws its futures; the levels of the study's design are not used (`--set` fixes a parameter)\n"
            ));
        }
        if let Some(table) = table.as_ref().filter(|_| command != "sensitivity") {
            note(&format!(
                "note: `{command}` draws its futures; the study's table {} is not used\n",
                table.source.name
            ));
        }
        let whole = made_from(&plan, &plan.futures);
        let mut text = plan.study.source.text.clone();
        text.extend(table.iter().map(|t| t.source.text.as_str()));
        let made_from = sha256(format!("{whole} {command} {words} {text}").as_bytes());
        if let Some(folder) = &self.into {
            let paths: Vec<String> = tables.iter().map(|t| format!("{t}.csv")).collect();
            check_free(folder, &paths, &made_from, self.overwrite)?;
        }
        plan.kept = self
            .open_kept_runs(&plan, command, &made_from)?
            .map(Arc::new);
        Ok(PreparedQuestion {
            plan,
            pool,
            table,
            made_from,
        })
    }

    /// Opens the store of finished runs, beside the results folder or below `results`. If runs cannot be kept, the question is
    /// still answered.
    fn open_kept_runs(
        &self,
        plan: &Plan,
        command: &str,
        made_from: &str,
    ) -> Result<Option<KeptRuns>, Failure> {
        let key = &made_from[..12.min(made_from.len())];
        let beside = |into: &PathBuf| {
            let name = into.file_name()?.to_string_lossy().into_owned();
            Some(into.with_file_name(format!(".{name}.{command}-{key}.unfinished")))
        };
        let default = || {
            let name = &plan.study.name;
            Path::new("results").join(format!(".{name}.{command}-{key}.unfinished"))
        };
        let folder = self.into.as_ref().and_then(beside).unwrap_or_else(default);
        open_kept_runs(folder, made_from)
    }

    /// Builds the plan and its thread pool; returns what the plan leaves out: the study's table of futures, and whether its
    /// design has levels.
    fn plan(
        &self,
        configs: Configs,
        runs: u32,
    ) -> Result<(Plan, ThreadPool, Option<FuturesTable>, bool), Failure> {
        let library = Library::read(configs, &[])?;
        let source = library.configs.find(&self.study, "studies")?;
        let mut file = study::read(&source, &library.configs)?;
        // Questions draw futures one by one, whatever design the study is run with.
        file.futures.design = FutureDesign::Replicates;
        let levels = !std::mem::take(&mut file.futures.levels).is_empty();
        let table = file.draws.take();
        let (set, fields) = settings(&library, &self.set)?;
        if let Some((path, _)) = fields.first() {
            return Err(wrong_word("--set", path, "a parameter", &[]));
        }
        held_by_the_study(&file, &set, "adaptive")?;
        let channels = channels_without(&self.off)?;
        repeated_switches(&file, channels).check()?;
        let settings = PlanSettings {
            seed: self.seed.unwrap_or(file.seed),
            runs: self.runs.unwrap_or(runs),
            set,
            channels,
            ..PlanSettings::default()
        };
        let plan = Plan::new(&library, file, settings)?;
        idle_switches(&plan.study, &plan.regimes, channels).check()?;
        idle_settings(&plan.study, &plan.regimes, plan.set.keys()).check()?;
        Ok((plan, pool(threads(self.threads))?, table, levels))
    }

    /// Runs a question with a progress bar. A signal stops it after the current runs; finished blocks are kept, and the same
    /// command resumes from them.
    pub fn run_with_progress<T: Send>(
        &self,
        asked: &PreparedQuestion,
        runs: u64,
        work: impl FnOnce(&(dyn Fn() + Sync)) -> T + Send,
    ) -> Result<T, Failure> {
        if runs > MOST_RUNS {
            self.finish(asked);
            return Err(Failure::Input(format!(
                "error: the question takes {runs} runs, expected at most {MOST_RUNS}, which are held in memory; ask for fewer futures\n"
            )));
        }
        let answer = watched(&asked.pool, runs, work)?;
        let kept = asked.plan.kept.as_deref();
        if let Some(lost) = kept.and_then(KeptRuns::lost) {
            note(&format!("note: {lost}; some finished runs were not kept\n"));
        }
        answer.ok_or_else(|| stopped(kept))
    }

    /// Writes the tables of an answer into the results folder, if one is given, and adds them to its seal.
    pub fn write_tables(&self, asked: &PreparedQuestion, tables: &[(&str, String)]) -> Answer {
        let Some(folder) = &self.into else {
            return Ok(());
        };
        let mut paths = Vec::new();
        for (name, text) in tables {
            let path = format!("{name}.csv");
            files::write(&folder.join(&path), text)?;
            paths.push(path);
        }
        Ok(seal::add(folder, &paths, &asked.made_from)?)
    }

    /// Returns the answer, or discards the kept runs and returns why there is none.
    pub fn accept<T>(
        &self,
        asked: &PreparedQuestion,
        answer: Result<T, EstimatorError>,
    ) -> Result<T, Failure> {
        answer.map_err(|refused| {
            self.finish(asked);
            refused.into()
        })
    }

    /// Discards the kept runs once the answer is written and printed.
    pub fn finish(&self, asked: &PreparedQuestion) {
        if let Some(kept) = &asked.plan.kept {
            kept.discard();
        }
    }

    /// Prints rows in the requested format; `head` is the heading of a table.
    pub fn show<T: Serialize>(&self, head: &str, rows: &[T]) -> Answer {
        match self.format {
            Format::Csv => say_data(&csv_rows(rows)),
            Format::Json => say_json(&rows),
            Format::Table => say(&format!("{head}\n{}\n", table(&rounded(rows)))),
        }
    }
}

/// Opens the folder of finished runs and reports how many it holds. If runs cannot be kept, the question is still answered.
///
/// # Errors
/// When another process answers the same question.
pub fn open_kept_runs(folder: PathBuf, key: &str) -> Result<Option<KeptRuns>, Failure> {
    match KeptRuns::open(folder, key.to_string()) {
        Ok(kept) => {
            let blocks = kept.blocks();
            if blocks > 0 {
                let place = kept.folder().display();
                note(&format!("resuming: {blocks} finished blocks in {place}\n"));
            }
            Ok(Some(kept))
        }
        Err(ResultsError::Io { path, reason }) if reason == BUSY => Err(Failure::Input(format!(
            "error: {}: {reason}\n",
            path.display()
        ))),
        Err(error) => {
            note(&format!("note: {error}; finished runs are not kept\n"));
            Ok(None)
        }
    }
}

/// The failure for a stopped question, with the place of its finished runs.
pub fn stopped(kept: Option<&KeptRuns>) -> Failure {
    let blocks = kept.map_or(0, KeptRuns::blocks);
    match kept {
        Some(kept) if blocks > 0 => Failure::Stopped(format!(
            "stopped: {blocks} finished blocks are kept in {}; run the same command again to resume\n",
            kept.folder().display()
        )),
        _ => Failure::Stopped("stopped: nothing is kept\n".into()),
    }
}

/// The payload of unwinding when a signal stops a question.
struct StoppedBySignal;

/// Runs work that calls `stop` after each run; returns None if a signal stopped it. It stops by unwinding between two runs,
/// when nothing is being written.
pub fn stopped_by_signal<T>(
    work: impl FnOnce(&(dyn Fn() + Sync)) -> T,
) -> Result<Option<T>, Failure> {
    let asked = stop_on_signal()?;
    let stop = || {
        if asked.load(Ordering::Relaxed) {
            resume_unwind(Box::new(StoppedBySignal));
        }
    };
    match catch_unwind(AssertUnwindSafe(|| work(&stop))) {
        Ok(answer) => Ok(Some(answer)),
        Err(cause) if cause.is::<StoppedBySignal>() => Ok(None),
        Err(cause) => resume_unwind(cause),
    }
}

/// Runs work with a progress bar; returns None if a signal stopped it.
fn watched<T: Send>(
    pool: &ThreadPool,
    runs: u64,
    work: impl FnOnce(&(dyn Fn() + Sync)) -> T + Send,
) -> Result<Option<T>, Failure> {
    note(&format!("{runs} runs\n"));
    let bar = progress(runs);
    let answer = stopped_by_signal(|stop| {
        let done = || {
            bar.inc(1);
            stop();
        };
        pool.install(|| work(&done))
    });
    bar.finish_and_clear();
    answer
}

/// The place of the named arm, or of the last arm of the study.
pub fn find_arm(plan: &Plan, name: Option<&String>) -> Result<usize, Failure> {
    let base = evaluate::baseline(plan);
    let others: Vec<&str> = plan.study.arms.iter().map(|a| a.name()).collect();
    let found = match name {
        None => (0..others.len()).rev().find(|arm| *arm != base),
        Some(name) => others
            .iter()
            .position(|a| a == name)
            .filter(|arm| *arm != base),
    };
    found.ok_or_else(|| {
        let name = name.map_or("", String::as_str);
        wrong_word(
            "--arm",
            name,
            "an arm of this study other than its baseline",
            &others,
        )
    })
}

/// The place of an outcome in the list of outcomes.
pub fn find_outcome(name: &str) -> Result<usize, Failure> {
    let names: Vec<&str> = OUTCOMES.iter().map(|o| o.name).collect();
    evaluate::outcome(name).ok_or_else(|| wrong_word("--outcome", name, AN_OUTCOME, &names))
}

impl From<EstimatorError> for Failure {
    fn from(refused: EstimatorError) -> Self {
        Self::No(format!("no answer: {refused}\n"))
    }
}

/// The CSV text of a table; a table without rows keeps its header.
pub fn csv_table<T: Serialize + Default>(rows: &[T]) -> String {
    if !rows.is_empty() {
        return csv_rows(rows);
    }
    let text = csv_rows(&[T::default()]);
    text.split_inclusive('\n').take(1).collect()
}

fn csv_rows<T: Serialize>(rows: &[T]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // Writing to memory cannot fail.
        let _ = writer.serialize(row);
    }
    csv_written(writer)
}

/// Rows as text with numbers to three digits.
fn rounded<T: Serialize>(rows: &[T]) -> Vec<Vec<String>> {
    let text = csv_rows(rows);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let short = |cell: &str| match cell.parse::<f64>() {
        Ok(v) if cell.contains(['.', 'e', 'N']) => three_digits(v),
        _ => csv_plain(cell).to_string(),
    };
    reader
        .records()
        .flatten()
        .map(|record| record.iter().map(short).collect())
        .collect()
}

fn three_digits(v: f64) -> String {
    if v == 0.0 || !v.is_finite() {
        return if v == 0.0 { "0".into() } else { "-".into() };
    }
    let size = maths::log10(v.abs()).floor();
    if (-3.0..6.0).contains(&size) {
        format!("{v:.*}", (2.0 - size).max(0.0) as usize)
    } else {
        format!("{v:.2e}")
    }
}

#[cfg(test)]
mod tests {
    use super::three_digits;

    #[test]
    fn numbers_are_read_at_a_glance() {
        for (v, text) in [
            (0.012345, "0.0123"),
            (1234.5, "1234"),
            (-2.0, "-2.00"),
            (3.2e9, "3.20e9"),
            (0.0, "0"),
        ] {
            assert_eq!(three_digits(v), text);
        }
    }
}
