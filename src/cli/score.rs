//! `chokepoint score`: scores a dated forecast against the values that came.

use std::path::{Path, PathBuf};

use clap::Args;

use super::question::csv_table;
use super::report::SealArgs;
use super::{Answer, Failure, Format, say, say_data, say_json, table, wrong_word};
use crate::config::evidence::Evidence;
use crate::config::forecast::Forecast;
use crate::config::source::{Configs, Source};
use crate::config::splits;
use crate::evidence::hindcast::Hindcast;
use crate::evidence::track_record::{
    PredictionStanding, ScoredPrediction, TrackRecord, score_forecast, track_record,
};
use crate::foundation::digest::sha256;
use crate::results::seal::{self, Seal};
use crate::results::{TRACK_RECORD_TABLE, files};
use crate::study::{Library, PlanSettings};

#[derive(Args)]
pub struct ScoreArgs {
    /// Folder of a forecast, such as `forecasts/2026-11-28`. Earlier forecasts of the same list are scored beside it.
    forecast: PathBuf,
    /// Evidence table with rows that came since; rows of the program's own table are added where it lacks them. The default is the program's own table alone.
    #[arg(long, value_name = "FILE")]
    evidence: Option<String>,
    /// The branch of the law that came. Predictions under another branch are set apart; without it every branch is scored by itself.
    #[arg(long, value_name = "BRANCH")]
    came: Option<String>,
    /// Results folder that receives the table `track_record`, so that its report shows it.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Replace another track record in that folder.
    #[arg(long)]
    overwrite: bool,
    #[command(flatten)]
    seal: SealArgs,
    /// How the answer is printed: the track record, or every prediction as CSV or JSON.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub fn score(configs: Configs, args: &ScoreArgs) -> Answer {
    let library = Library::read(configs, &[])?;
    let forecast = Forecast::read(&args.forecast)?;
    if let Some(came) = &args.came {
        let names: Vec<&str> = forecast
            .file
            .branch
            .iter()
            .map(|b| b.name.as_str())
            .collect();
        if !names.contains(&came.as_str()) {
            let expected = format!("a branch of the forecast: {}", names.join(", "));
            return Err(wrong_word("--came", came, &expected, &names));
        }
    }
    let mut evidence = Evidence::read(&library.configs)?;
    if let Some(path) = &args.evidence {
        let own = Evidence::of(&library.configs, &Source::of_file(path)?)?;
        evidence = evidence.with_rows_of(own);
    }
    let made_from = made_from(&forecast, &evidence, args);
    if let Some(folder) = &args.into {
        check_free(folder, args, &made_from)?;
    }
    let file = splits::read(&library.configs)?;
    let settings = PlanSettings {
        seed: 1,
        runs: 1,
        ..PlanSettings::default()
    };
    let h = Hindcast::new(
        &library,
        evidence,
        &file.discrepancy,
        &["history"],
        settings,
    )?;
    let mut all: Vec<ScoredPrediction> = Vec::new();
    let mut records: Vec<TrackRecord> = Vec::new();
    let mut before: Option<Vec<ScoredPrediction>> = None;
    let earlier = forecast.earlier(&args.forecast)?;
    for one in earlier.iter().chain([&forecast]) {
        let rows = score_forecast(&h, one, args.came.as_deref());
        records.extend(track_record(&h, &file.score, &rows, before.as_deref()));
        all.extend(rows.iter().cloned());
        before = Some(rows);
    }
    let text = csv_table(&all);
    if let Some(folder) = &args.into {
        let path = format!("{TRACK_RECORD_TABLE}.csv");
        files::write(&folder.join(&path), &text)?;
        seal::add(folder, &[path], &made_from)?;
    }
    match args.format {
        Format::Csv => say_data(&text),
        Format::Json => say_json(&serde_json::json!({ "forecasts": records, "predictions": all })),
        Format::Table => say(&describe(&records, &all, args.came.is_some())),
    }
}

/// Hash of all that a track record is made from.
fn made_from(forecast: &Forecast, evidence: &Evidence, args: &ScoreArgs) -> String {
    let parts = (
        (env!("CARGO_PKG_VERSION"), env!("CHOKEPOINT_SOURCE")),
        (&forecast.sha256, evidence.hash(), &args.came),
    );
    sha256(format!("score {parts:?}").as_bytes())
}

/// Checks that the folder holds results, and no other track record.
fn check_free(folder: &Path, args: &ScoreArgs, made_from: &str) -> Answer {
    if !folder.join("manifest.json").exists() {
        return Err(Failure::Input(format!(
            "error: --into {}: not a results folder; `chokepoint run` makes one\n",
            folder.display()
        )));
    }
    args.seal.check(folder)?;
    let path = format!("{TRACK_RECORD_TABLE}.csv");
    seal::may_write(folder, std::slice::from_ref(&path))?;
    let other = match Seal::read(folder) {
        Some(Ok(seal)) => seal.files.get(&path).map(|s| s.made_from.clone()),
        _ => None,
    };
    match other {
        Some(other) if other != made_from && !args.overwrite && folder.join(&path).exists() => {
            Err(Failure::Input(format!(
                "error: {} holds another track record; add --overwrite to replace it, or omit --into\n",
                folder.join(&path).display()
            )))
        }
        _ => Ok(()),
    }
}

/// The track record in words, and every value that came: those that count first, the worst score against its rival at the top.
fn describe(records: &[TrackRecord], all: &[ScoredPrediction], branch_is_known: bool) -> String {
    let mut text = String::new();
    for record in records {
        text.push_str(&sentence(record));
    }
    let came: Vec<&ScoredPrediction> = all.iter().filter(|r| r.observed.is_some()).collect();
    if came.is_empty() {
        text.push_str("nothing can be scored yet: no predicted period has a row in the evidence\n");
        return text;
    }
    if !branch_is_known {
        text.push_str("which branch came is not said (--came): each is scored as if it had come\n");
    }
    let head = [
        "dated",
        "branch",
        "series",
        "period",
        "came",
        "forecast (90 %)",
        "in 50",
        "in 90",
        "crps",
        "naive",
        "its crps",
        "standing",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    let mut sorted = came;
    let is_apart = |r: &ScoredPrediction| r.standing != PredictionStanding::Counted.name();
    let ratio = |r: &ScoredPrediction| match (r.crps, r.crps_naive) {
        (Some(mine), Some(naive)) => mine / naive,
        _ => 0.0,
    };
    sorted.sort_by(|a, b| {
        let by_standing = is_apart(a).cmp(&is_apart(b));
        by_standing.then_with(|| ratio(b).total_cmp(&ratio(a)))
    });
    let number = |v: Option<f64>| v.map_or_else(|| "-".into(), short);
    let held = |v: Option<bool>| if v == Some(true) { "yes" } else { "no" }.to_string();
    for r in sorted {
        rows.push(vec![
            r.dated.clone(),
            r.branch.clone(),
            format!("{} {}", r.series, r.entity),
            format!("{} to {}", r.first_month, r.last_month),
            number(r.observed),
            format!("{} ({} to {})", short(r.p50), short(r.p05), short(r.p95)),
            held(r.inside_50),
            held(r.inside_90),
            number(r.crps),
            if r.naive.is_empty() {
                "-".into()
            } else {
                r.naive.clone()
            },
            number(r.crps_naive),
            r.standing.clone(),
        ]);
    }
    text + &table(&rows)
}

/// One forecast under one branch in a line.
fn sentence(r: &TrackRecord) -> String {
    let mut text = format!(
        "forecast of {}, {}: {} values of series that are not weak, of {} predictions{}",
        r.dated,
        r.branch,
        r.came,
        r.predictions,
        match r.standing.strip_prefix("set apart") {
            Some(_) => format!(" ({})", r.standing),
            None => String::new(),
        }
    );
    let percent = |v: Option<f64>| format!("{:.0}", 100.0 * v.unwrap_or(0.0));
    if r.inside_90.is_some() {
        text.push_str(&format!(
            "; {} % in 90 % ({} to {} on {} effective), {} % in 50 %",
            percent(r.inside_90),
            percent(r.low),
            percent(r.high),
            r.effective,
            percent(r.inside_50)
        ));
    }
    if let Some(skill) = r.skill {
        text.push_str(&format!("; skill {skill:+.2} over {} series", r.series));
        if let (Some(low), Some(high)) = (r.skill_low, r.skill_high) {
            text.push_str(&format!(" ({low:+.2} to {high:+.2})"));
        }
    }
    if let Some(skill) = r.skill_on_earlier {
        text.push_str(&format!(
            "; {skill:+.2} on the forecast of {} over {} values",
            r.earlier, r.shared
        ));
    }
    text + "\n"
}

fn short(value: f64) -> String {
    if value != 0.0 && (value.abs() >= 1e5 || value.abs() < 1e-3) {
        format!("{value:.2e}")
    } else {
        format!("{value:.3}")
    }
}
