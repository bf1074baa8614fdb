//! Reads dated forecasts: what they rest on, what they say of the next values of recorded series, and the list of their hashes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::diagnostics::{Diagnostic, Problems, Source, read_toml};
use super::evidence::{ErrorScale, EvidenceClass};
use super::table::{CellType, KnownNames, TableReading, TableSpec, column};
use crate::foundation::calendar::{Date, Month};
use crate::foundation::digest::sha256;

/// Files of the folder of a forecast.
pub const FORECAST_FILE: &str = "forecast.toml";
pub const PREDICTIONS_FILE: &str = "predictions.csv";
/// The list of hashes beside the folders.
pub const HASHES_FILE: &str = "hashes.csv";
/// Quantiles that stand for a predicted distribution, at `(i + 1/2) / 20`.
pub const QUANTILES: usize = 20;

/// `forecast.toml`: what a forecast rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastFile {
    pub dated: Date,
    /// Version of the program, and hash of its source.
    pub version: String,
    pub source: String,
    pub seed: u64,
    pub futures: u32,
    /// Study whose world, parameters and rival forms are used.
    pub study: String,
    /// Last month that a predicted period may end in.
    pub last_month: Month,
    /// Series that are predicted, and rows of the table of predictions.
    pub series: usize,
    pub predictions: usize,
    pub posterior: String,
    pub posterior_sha256: String,
    pub evidence_sha256: String,
    /// SHA-256 of all configuration.
    pub inputs_sha256: String,
    pub predictions_sha256: String,
    /// SHA-256 of this file of the forecast before; empty for the first.
    pub previous_sha256: String,
    /// Branches of the law, each with predictions of its own.
    pub branch: Vec<ForecastBranch>,
}

/// A branch of the law that predictions are conditional on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastBranch {
    /// Name of its regime.
    pub name: String,
    pub label: String,
    pub description: String,
    /// Rules that it holds and the first branch does not.
    pub adds: Vec<String>,
}

/// What is said of one period of a series under one branch, in the unit of the recorded series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    pub branch: String,
    pub series: String,
    /// Entity of the map, in which `*` stands for anything.
    pub entity: String,
    /// Entity of the last row on record.
    pub recorded_entity: String,
    pub class: String,
    pub weak: bool,
    pub unit: String,
    /// Where errors and scores live: `log` or `own`.
    pub scale: String,
    pub first_month: Month,
    pub last_month: Month,
    /// Whether the period was over when the forecast was dated: its value may have been published elsewhere.
    pub was_over: bool,
    /// The row of the record that the periods follow.
    pub after: String,
    /// Futures that have a number.
    pub futures: u32,
    pub p05: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p95: f64,
    /// Shares of the variance on the scale of the series; empty where nothing varies.
    pub parameters: Option<f64>,
    pub structure: Option<f64>,
    pub chance: Option<f64>,
    /// Quantiles at 0.025, 0.075 and so on to 0.975, as `[a;b]`.
    pub quantiles: String,
}

impl Prediction {
    pub fn is_log(&self) -> bool {
        self.scale == scale_name(ErrorScale::Log)
    }

    /// The quantiles as numbers.
    pub fn distribution(&self) -> Vec<f64> {
        let cells = self.quantiles.trim_matches(['[', ']']).split(';');
        cells.filter_map(|cell| cell.parse().ok()).collect()
    }

    /// The class, where it is one.
    pub fn evidence_class(&self) -> Option<EvidenceClass> {
        [EvidenceClass::M, EvidenceClass::E, EvidenceClass::J]
            .into_iter()
            .find(|class| format!("{class:?}") == self.class)
    }
}

/// What a scale is called in tables.
pub const fn scale_name(scale: ErrorScale) -> &'static str {
    match scale {
        ErrorScale::Log => "log",
        ErrorScale::Own => "own",
    }
}

const ANY: CellType = CellType::Number(-1e40, 1e40);
const PART: CellType = CellType::Number(0.0, 1.0);

/// The table of predictions.
#[rustfmt::skip]
pub static PREDICTIONS: TableSpec = TableSpec {
    path: PREDICTIONS_FILE,
    row: "what is said of one period of a series under one branch of the law",
    key: &["branch", "series", "entity", "first_month", "last_month"],
    columns: &[
        column("branch", CellType::Name, ""),
        column("series", CellType::Name, ""),
        column("entity", CellType::Name, ""),
        column("recorded_entity", CellType::Name, ""),
        column("class", CellType::Word(&["M", "E", "J"]), ""),
        column("weak", CellType::Truth, ""),
        column("unit", CellType::Name, ""),
        column("scale", CellType::Word(&["log", "own"]), ""),
        column("first_month", CellType::Month, ""),
        column("last_month", CellType::Month, ""),
        column("was_over", CellType::Truth, ""),
        column("after", CellType::Name, ""),
        column("futures", CellType::Whole(2, 1_000_000), ""),
        column("p05", ANY, "as `unit` says"),
        column("p25", ANY, "as `unit` says"),
        column("p50", ANY, "as `unit` says"),
        column("p75", ANY, "as `unit` says"),
        column("p95", ANY, "as `unit` says"),
        column("parameters", PART, "share of the variance").or_blank(),
        column("structure", PART, "share of the variance").or_blank(),
        column("chance", PART, "share of the variance").or_blank(),
        column("quantiles", CellType::Text, "as `unit` says"),
    ],
};

/// A forecast as it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    pub file: ForecastFile,
    pub predictions: Vec<Prediction>,
    /// SHA-256 of `forecast.toml`.
    pub sha256: String,
}

impl Forecast {
    /// Reads a forecast and checks that it is as it was published: its table has the hash that its file states, and its file the
    /// hash that the list beside the folder states, where there is a list.
    ///
    /// # Errors
    /// With file, line and column of what is wrong, or with the file that was edited.
    pub fn read(folder: &Path) -> Result<Self, Problems> {
        let named = |name: &str| Source::of_file(&folder.join(name).display().to_string());
        let source = named(FORECAST_FILE)?;
        let table = named(PREDICTIONS_FILE)?;
        let file: ForecastFile = read_toml(&source)?;
        let sha = sha256(source.text.as_bytes());
        let edited = |source: &Source, found: &str, expected: &str, by: &str| {
            let message = format!(
                "found the SHA-256 {found}, expected {expected} as {by} states: a forecast is never edited"
            );
            Problems::from(Diagnostic::at(source, 0..1, message))
        };
        let found = sha256(table.text.as_bytes());
        if found != file.predictions_sha256 {
            return Err(edited(
                &table,
                &found,
                &file.predictions_sha256,
                FORECAST_FILE,
            ));
        }
        let list = parent_of(folder).join(HASHES_FILE);
        let listed = listed_hashes(&parent_of(folder))?;
        match listed.iter().find(|line| line.dated == file.dated) {
            Some(line) if line.sha256 != sha => {
                return Err(edited(&source, &sha, &line.sha256, HASHES_FILE));
            }
            None if list.exists() => {
                let message = format!("found no line of {} in {}", file.dated, list.display());
                return Err(Diagnostic::at(&source, 0..1, message).into());
            }
            _ => {}
        }
        let predictions = read_predictions(&table, &file)?;
        Ok(Self {
            file,
            predictions,
            sha256: sha,
        })
    }

    /// Forecasts in the same list with an earlier date, oldest first.
    ///
    /// # Errors
    /// As [`Forecast::read`].
    pub fn earlier(&self, folder: &Path) -> Result<Vec<Self>, Problems> {
        let beside = parent_of(folder);
        let before = |line: &&ForecastHash| line.dated < self.file.dated;
        listed_hashes(&beside)?
            .iter()
            .filter(before)
            .map(|line| Self::read(&beside.join(line.dated.to_string())))
            .collect()
    }
}

/// The folder that holds the folders of forecasts.
fn parent_of(folder: &Path) -> PathBuf {
    let whole = folder.canonicalize();
    let whole = whole.unwrap_or_else(|_| folder.to_path_buf());
    whole.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

fn read_predictions(table: &Source, file: &ForecastFile) -> Result<Vec<Prediction>, Problems> {
    let names = KnownNames::default();
    let mut reading: TableReading<'_, Prediction> = TableReading::of(table, &PREDICTIONS, &names)?;
    let known: Vec<&str> = file.branch.iter().map(|b| b.name.as_str()).collect();
    reading.check(|row, found| {
        if !known.contains(&row.branch.as_str()) {
            let message = format!(
                "found `{}`, expected a branch of {FORECAST_FILE}: {}",
                row.branch,
                known.join(", ")
            );
            found.push(("branch", message));
        }
        let quantiles = row.distribution();
        let finite = quantiles.iter().all(|q| q.is_finite());
        let rising = quantiles.is_sorted();
        if quantiles.len() != QUANTILES || !finite || !rising {
            let message = format!(
                "found `{}`, expected {QUANTILES} rising numbers",
                row.quantiles
            );
            found.push(("quantiles", message));
        }
        if ![row.p05, row.p25, row.p50, row.p75, row.p95].is_sorted() {
            let message = format!("found {}, expected quantiles that rise", row.p05);
            found.push(("p05", message));
        }
        if row.is_log() && row.p05.min(quantiles.first().copied().unwrap_or(1.0)) <= 0.0 {
            let message = format!(
                "found {}, expected numbers above 0 on the log scale",
                row.p05
            );
            found.push(("p05", message));
        }
        if row.first_month > row.last_month {
            let message = format!("found {} after {}", row.first_month, row.last_month);
            found.push(("first_month", message));
        }
    });
    reading.finish()
}

/// A line of the list of hashes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecastHash {
    pub dated: Date,
    /// SHA-256 of `forecast.toml`, which states that of its predictions and that of the forecast before.
    pub sha256: String,
}

#[rustfmt::skip]
static HASHES: TableSpec = TableSpec {
    path: HASHES_FILE,
    row: "the date of a forecast and its hash",
    key: &["dated"],
    columns: &[
        column("dated", CellType::Date, ""),
        column("sha256", CellType::Name, ""),
    ],
};

/// The list of hashes of a folder of forecasts, oldest first; empty where there is none.
///
/// # Errors
/// With file, line and column of what is wrong, dates that do not rise among it.
pub fn listed_hashes(forecasts: &Path) -> Result<Vec<ForecastHash>, Problems> {
    let path = forecasts.join(HASHES_FILE);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let source = Source::of_file(&path.display().to_string())?;
    if source.text == hashes_text(&[]) {
        return Ok(Vec::new());
    }
    let names = KnownNames::default();
    let mut reading: TableReading<'_, ForecastHash> = TableReading::of(&source, &HASHES, &names)?;
    let mut before: Option<Date> = None;
    reading.check(|row, found| {
        if before.is_some_and(|date| date >= row.dated) {
            let message = format!("found {}, expected dates that rise", row.dated);
            found.push(("dated", message));
        }
        before = Some(row.dated);
        let is_hash = row.sha256.len() == 64 && row.sha256.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_hash {
            let message = format!("found `{}`, expected a SHA-256", row.sha256);
            found.push(("sha256", message));
        }
    });
    reading.finish()
}

/// The text of a list of hashes.
pub fn hashes_text(lines: &[ForecastHash]) -> String {
    let mut text = String::from("dated,sha256\n");
    for line in lines {
        text.push_str(&format!("{},{}\n", line.dated, line.sha256));
    }
    text
}

/// Checks a folder of forecasts: each folder is listed, each listed forecast is as it was published, and each names the one
/// before it.
///
/// # Errors
/// With the first that is not.
pub fn check_forecasts(forecasts: &Path) -> Result<usize, Problems> {
    let lines = listed_hashes(forecasts)?;
    let place = |name: &str| Source {
        name: forecasts.join(name).display().to_string(),
        text: String::new(),
    };
    let mut before = String::new();
    for line in &lines {
        let name = line.dated.to_string();
        let forecast = Forecast::read(&forecasts.join(&name))?;
        let wrong = |message: String| Problems::from(Diagnostic::at(&place(&name), 0..0, message));
        if forecast.file.dated != line.dated {
            return Err(wrong(format!(
                "found the date {}, expected that of its folder",
                forecast.file.dated
            )));
        }
        if forecast.file.previous_sha256 != before {
            return Err(wrong(format!(
                "found `{}` as the hash of the forecast before, expected `{before}`",
                forecast.file.previous_sha256
            )));
        }
        before = forecast.sha256;
    }
    for entry in std::fs::read_dir(forecasts).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let listed = lines.iter().any(|line| line.dated.to_string() == name);
        if entry.path().join(FORECAST_FILE).exists() && !listed && !name.starts_with('.') {
            let message = format!("is not in {HASHES_FILE}");
            return Err(Diagnostic::at(&place(&name), 0..0, message).into());
        }
    }
    Ok(lines.len())
}
