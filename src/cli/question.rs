//! What the commands that question a study share: which study, how many futures, where the answer goes.

use std::path::PathBuf;

use clap::Args;
use rayon::ThreadPool;
use serde::Serialize;

use super::run::{channels_without, progress, settings};
use super::{Answer, Failure, Format, say, say_json, table, wrong_word};
use crate::analysis::Refused;
use crate::config::source::Configs;
use crate::config::study::{self, Design};
use crate::foundation::maths;
use crate::measures::OUTCOMES;
use crate::study::{Library, Plan, Settings, probe};

#[derive(Args)]
pub struct QuestionArgs {
    /// A study file, or the name of a shipped study.
    study: String,
    /// Number of futures; by default what suits the question.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
    #[arg(long)]
    seed: Option<u64>,
    /// Threads; by default one a core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Fix a parameter in every future, by name or as `mechanism.name`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Switch a channel off in every arm (`chokepoint list channels`).
    #[arg(long, value_name = "CHANNEL")]
    off: Vec<String>,
    /// Put the tables in this results folder, where figures find them.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "table")]
    pub format: Format,
}

impl QuestionArgs {
    /// The plan, and the threads that it is run on.
    pub fn plan(&self, configs: Configs, runs: u32) -> Result<(Plan, ThreadPool), Failure> {
        if let Some(folder) = &self.into
            && !folder.join("manifest.json").exists()
        {
            return Err(Failure::Input(format!(
                "error: --into {}: no results folder; `chokepoint run {} --out {0}` makes one\n",
                folder.display(),
                self.study
            )));
        }
        let library = Library::read(configs, &[])?;
        let source = library.configs.find(&self.study, "studies")?;
        let mut file = study::read(&source, &library.configs)?;
        // Questions draw futures one by one, whatever design the study is run with.
        file.futures.design = Design::Replicates;
        file.futures.levels.clear();
        file.draws = None;
        let (set, fields) = settings(&library, &self.set)?;
        if let Some((path, _)) = fields.first() {
            return Err(wrong_word("--set", path, "a parameter", &[]));
        }
        let settings = Settings {
            seed: self.seed.unwrap_or(file.seed),
            runs: self.runs.unwrap_or(runs),
            set,
            channels: channels_without(&self.off)?,
            ..Settings::default()
        };
        let plan = Plan::new(&library, file, settings)?;
        let threads = self.threads.map_or(0, usize::from);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|e| Failure::Input(format!("error: {e}\n")))?;
        Ok((plan, pool))
    }

    /// Does the runs of a question under a bar that says how far it is.
    pub fn work<T: Send>(
        &self,
        pool: &ThreadPool,
        runs: u64,
        work: impl FnOnce(&(dyn Fn() + Sync)) -> T + Send,
    ) -> T {
        eprintln!("{runs} runs");
        let bar = progress(runs);
        let answer = pool.install(|| work(&|| bar.inc(1)));
        bar.finish_and_clear();
        answer
    }

    /// Writes a table into the results folder, if one is named: whole, under a temporary name first.
    pub fn put<T: Serialize>(&self, name: &str, rows: &[T]) -> Answer {
        let Some(folder) = &self.into else {
            return Ok(());
        };
        let path = folder.join(format!("{name}.csv"));
        let partial = folder.join(format!(".{name}.csv.partial"));
        std::fs::write(&partial, csv_rows(rows))
            .and_then(|()| std::fs::rename(&partial, &path))
            .map_err(|e| Failure::Input(format!("error: {}: {e}\n", path.display())))
    }

    /// Prints rows as the user wants them; `head` stands above a table for readers.
    pub fn show<T: Serialize>(&self, head: &str, rows: &[T]) -> Answer {
        match self.format {
            Format::Csv => say(&csv_rows(rows)),
            Format::Json => say_json(&rows),
            Format::Table => say(&format!("{head}\n{}\n", table(&rounded(rows)))),
        }
    }
}

/// The arm that is asked about: named, or the study's last.
pub fn arm_of(plan: &Plan, name: Option<&String>) -> Result<usize, Failure> {
    let base = probe::baseline(plan);
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
pub fn outcome_of(name: &str) -> Result<usize, Failure> {
    let names: Vec<&str> = OUTCOMES.iter().map(|o| o.name).collect();
    probe::outcome(name).ok_or_else(|| wrong_word("--outcome", name, "an outcome", &names))
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::No(format!("refused: {refused}\n"))
    }
}

fn csv_rows<T: Serialize>(rows: &[T]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // Writing to memory cannot fail.
        let _ = writer.serialize(row);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Rows as text with numbers to three digits.
fn rounded<T: Serialize>(rows: &[T]) -> Vec<Vec<String>> {
    let text = csv_rows(rows);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let short = |cell: &str| match cell.parse::<f64>() {
        Ok(v) if cell.contains(['.', 'e', 'N']) => three_digits(v),
        _ => cell.to_string(),
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
