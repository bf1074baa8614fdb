//! `chokepoint forecast`: writes a dated forecast of the next values of every recorded series, with its hash.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::execution::{pool, progress, threads};
use super::question::{csv_table, open_kept_runs, stopped, stopped_by_signal};
use super::{Answer, Failure, date, note, say, table, wrong_word};
use crate::config::evidence::Evidence;
use crate::config::forecast::{
    FORECAST_FILE, ForecastBranch, ForecastFile, ForecastHash, HASHES_FILE, PREDICTIONS_FILE,
    Prediction, hashes_text, listed_hashes,
};
use crate::config::source::Configs;
use crate::evidence::forecast::{FORECAST_STUDY, ForecastRequest, last_month_on_record};
use crate::foundation::calendar::{Date, Month};
use crate::foundation::digest::sha256;
use crate::results::{ResultsError, files, io};
use crate::study::{Library, Plan, PlanSettings, made_from};

#[derive(Args)]
pub struct ForecastArgs {
    /// Date of the forecast, as year-month-day; the default is the last day of the last month of the evidence. Results do not depend on the clock.
    #[arg(long, value_name = "DATE")]
    dated: Option<String>,
    /// Branch of the law that predictions are conditional on: a regime by name; may be given more than once. The default is both branches of November 2026: `history`, in which nothing returns, and `truce-lapsed`.
    #[arg(long = "branch", value_name = "REGIME")]
    branches: Vec<String>,
    /// Last month that a predicted period may end in.
    #[arg(long, value_name = "MONTH", default_value = "2027-12")]
    to: Month,
    /// Number of futures (possible worlds) under each branch.
    #[arg(long, value_name = "FUTURES", default_value = "400", value_parser = super::spread)]
    runs: u32,
    /// Seed of every random draw.
    #[arg(long, default_value = "1")]
    seed: u64,
    /// Folder of forecasts; the forecast is a new folder in it, named by its date, and its hash a new line of `hashes.csv`.
    #[arg(long, value_name = "DIR", default_value = "forecasts")]
    out: PathBuf,
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = super::count::<u16>)]
    threads: Option<u16>,
}

/// Branches of the law where the command line names none.
const BRANCHES: [&str; 2] = ["history", "truce-lapsed"];

pub fn forecast(configs: Configs, args: &ForecastArgs) -> Answer {
    let library = Library::read(configs, &[])?;
    let evidence = Evidence::read(&library.configs)?;
    let dated = args.date(&evidence)?;
    let month = Month::from_date(dated);
    if let Some(last) = last_month_on_record(&evidence).filter(|last| *last > month) {
        let expected = format!(
            "a date in {last} or later: the evidence, which the model was fitted to, reaches to that month"
        );
        return Err(wrong_word("--dated", &dated.to_string(), &expected, &[]));
    }
    if args.to <= month {
        let expected = format!("a month after the date of the forecast, {dated}");
        return Err(wrong_word("--to", &args.to.to_string(), &expected, &[]));
    }
    let folder = args.out.join(dated.to_string());
    let before = args.before(&folder, dated)?;
    let settings = PlanSettings {
        seed: args.seed,
        runs: args.runs,
        ..PlanSettings::default()
    };
    let branches = args.branches()?;
    let mut asked =
        ForecastRequest::new(&library, &evidence, &branches, (month, args.to), settings)?;
    let last = asked.hindcast.plan.study.last_month;
    if args.to > last {
        let expected = format!("a month up to {last}, the last of the study {FORECAST_STUDY}");
        return Err(wrong_word("--to", &args.to.to_string(), &expected, &[]));
    }
    if let Some(warning) = asked.hindcast.plan.stale_warning() {
        note(&warning);
    }
    let predictions = args.predict(&mut asked, dated)?;
    let text = csv_table(&predictions);
    let file = ForecastFile {
        dated,
        version: env!("CARGO_PKG_VERSION").into(),
        source: env!("CHOKEPOINT_SOURCE").into(),
        seed: args.seed,
        futures: args.runs,
        study: FORECAST_STUDY.into(),
        last_month: args.to,
        series: series(&predictions),
        predictions: predictions.len(),
        evidence_sha256: evidence.hash(),
        predictions_sha256: sha256(text.as_bytes()),
        previous_sha256: before.last().map_or_else(String::new, |l| l.sha256.clone()),
        ..inputs(&asked.hindcast.plan)
    };
    let hash = write(&args.out, &folder, before, &file, &text)?;
    if let Some(kept) = &asked.hindcast.plan.kept {
        kept.discard();
    }
    say(&describe(&folder, &file, &predictions, &hash))
}

impl ForecastArgs {
    fn date(&self, evidence: &Evidence) -> Result<Date, Failure> {
        match &self.dated {
            Some(text) => date("--dated", text),
            None => last_month_on_record(evidence)
                .map(Month::last_day)
                .ok_or_else(|| {
                    let message = "error: --dated: the evidence holds no measured or estimated row; give the date\n";
                    Failure::Input(message.into())
                }),
        }
    }

    fn branches(&self) -> Result<Vec<String>, Failure> {
        if self.branches.is_empty() {
            return Ok(BRANCHES.map(String::from).to_vec());
        }
        let different: BTreeSet<&String> = self.branches.iter().collect();
        if different.len() < self.branches.len() {
            let found = self.branches.join(", ");
            return Err(wrong_word("--branch", &found, "each branch once", &[]));
        }
        Ok(self.branches.clone())
    }

    /// The list of hashes before this forecast, whose folder must be new and whose date the latest.
    fn before(&self, folder: &Path, dated: Date) -> Result<Vec<ForecastHash>, Failure> {
        if folder.exists() {
            return Err(Failure::Input(format!(
                "error: {}: a forecast is never edited; choose another --dated, or another --out\n",
                folder.display()
            )));
        }
        let mut lines = listed_hashes(&self.out)?;
        // A forecast that was stopped between its line and its folder is made again, with the same hash.
        let is_unfinished = |line: &ForecastHash| line.dated == dated;
        lines.pop_if(|line| is_unfinished(line));
        match lines.last() {
            Some(last) if last.dated >= dated => {
                let expected = format!("a date after that of the last forecast, {}", last.dated);
                Err(wrong_word("--dated", &dated.to_string(), &expected, &[]))
            }
            _ => Ok(lines),
        }
    }

    /// Runs every branch with a progress bar; finished runs are kept until the forecast is written.
    fn predict(
        &self,
        asked: &mut ForecastRequest,
        dated: Date,
    ) -> Result<Vec<Prediction>, Failure> {
        let h = &mut asked.hindcast;
        let key = made_from(&h.plan, &h.plan.futures);
        let points: Vec<&str> = (0..h.asked.len())
            .map(|k| h.row(k).target_id.as_str())
            .collect();
        let arms: Vec<&str> = h.plan.regimes.iter().map(|r| r.name.as_str()).collect();
        let key = sha256(format!("forecast {key} {dated} {arms:?} {points:?}").as_bytes());
        std::fs::create_dir_all(&self.out).map_err(|e| io(&self.out, e))?;
        let folder = self.out.join(format!(".{dated}.unfinished"));
        h.plan.kept = open_kept_runs(folder, &key)?.map(Arc::new);
        let runs = asked.runs();
        note(&format!("{runs} runs\n"));
        let bar = progress(runs);
        let pool = pool(threads(self.threads))?;
        let found = stopped_by_signal(|stop| {
            let done = |runs| {
                bar.inc(runs);
                stop();
            };
            pool.install(|| asked.predictions(&done))
        });
        bar.finish_and_clear();
        found?.ok_or_else(|| stopped(asked.hindcast.plan.kept.as_deref()))
    }
}

/// What the plan of a forecast is made from, and its branches; the rest is filled in by who knows it.
fn inputs(plan: &Plan) -> ForecastFile {
    let posterior = plan.design.posterior.as_ref();
    let hashes: Vec<String> = plan
        .inputs()
        .iter()
        .map(|(name, hash)| format!("{name} {hash}\n"))
        .collect();
    let rules = |arm: usize| -> Vec<String> {
        let entries = plan.regimes[arm].entries.iter();
        entries
            .map(|e| plan.blueprint.law.rules[usize::from(e.rule)].id.clone())
            .collect()
    };
    let first = rules(0);
    let branch = |(arm, regime): (usize, &crate::controls::Regime)| ForecastBranch {
        name: regime.name.clone(),
        label: regime.label.clone(),
        description: regime.words.clone(),
        adds: rules(arm)
            .into_iter()
            .filter(|rule| !first.contains(rule))
            .collect(),
    };
    ForecastFile {
        dated: Date::ZERO,
        version: String::new(),
        source: String::new(),
        seed: 0,
        futures: 0,
        study: String::new(),
        last_month: Month::default(),
        series: 0,
        predictions: 0,
        posterior: posterior.map_or_else(String::new, |p| p.name.clone()),
        posterior_sha256: posterior.map_or_else(String::new, |p| sha256(p.text().as_bytes())),
        evidence_sha256: String::new(),
        inputs_sha256: sha256(hashes.concat().as_bytes()),
        predictions_sha256: String::new(),
        previous_sha256: String::new(),
        branch: plan.regimes.iter().enumerate().map(branch).collect(),
    }
}

/// Series that are predicted, whatever the branch.
fn series(predictions: &[Prediction]) -> usize {
    let all: BTreeSet<(&str, &str)> = predictions
        .iter()
        .map(|p| (p.series.as_str(), p.entity.as_str()))
        .collect();
    all.len()
}

/// Writes the folder of a forecast in one step, after its line in the list of hashes; answers its hash.
fn write(
    out: &Path,
    folder: &Path,
    mut lines: Vec<ForecastHash>,
    file: &ForecastFile,
    predictions: &str,
) -> Result<String, Failure> {
    let text = toml::to_string(file).map_err(|e| Failure::Input(format!("error: {e}\n")))?;
    let new = out.join(format!(".{}.new", file.dated));
    let _ = std::fs::remove_dir_all(&new);
    std::fs::create_dir_all(&new).map_err(|e| io(&new, e))?;
    files::write(&new.join(PREDICTIONS_FILE), predictions)?;
    files::write(&new.join(FORECAST_FILE), &text)?;
    let hash = sha256(text.as_bytes());
    lines.push(ForecastHash {
        dated: file.dated,
        sha256: hash.clone(),
    });
    files::write(&out.join(HASHES_FILE), hashes_text(&lines))?;
    std::fs::rename(&new, folder).map_err(|e| -> ResultsError { io(folder, e) })?;
    files::sync_folder(folder);
    Ok(hash)
}

/// Rows of the table on the screen.
const SHOWN: usize = 12;

fn describe(folder: &Path, file: &ForecastFile, all: &[Prediction], hash: &str) -> String {
    let branches: Vec<&str> = file.branch.iter().map(|b| b.name.as_str()).collect();
    let mut rows = vec![
        ["series", "period", "branch", "median", "90 %", "unit"]
            .map(String::from)
            .to_vec(),
    ];
    // The first period of each series that was not over.
    let mut seen: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for p in all.iter().filter(|p| !p.was_over) {
        if rows.len() <= SHOWN && seen.insert((&p.branch, &p.series, &p.entity)) {
            rows.push(vec![
                format!("{} {}", p.series, p.entity),
                format!("{} to {}", p.first_month, p.last_month),
                p.branch.clone(),
                p.p50.to_string(),
                format!("{} to {}", p.p05, p.p95),
                p.unit.clone(),
            ]);
        }
    }
    format!(
        "{} series, {} predictions under {}, to {}\n{}SHA-256 {hash}\n{}\n",
        file.series,
        file.predictions,
        branches.join(" and "),
        file.last_month,
        table(&rows),
        folder.display()
    )
}
