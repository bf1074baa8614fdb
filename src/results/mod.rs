//! A results folder: tables, manifest, written whole or not at all, read back without the model.

pub mod pairs;
mod parquet_tables;
pub mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::analysis::Band;
use crate::config::figure::FigureFile;
use crate::foundation::calendar::{Date, Month};

/// What was run, with what, so that anybody can run it again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Manifest {
    pub program: String,
    pub version: String,
    pub study: StudyInfo,
    pub seed: u64,
    pub runs: u32,
    pub failed: u32,
    /// Channels that were off, and the rule of behaviour.
    pub channels_off: Vec<String>,
    pub planning: String,
    /// Parameters fixed on the command line.
    pub set: BTreeMap<String, f64>,
    /// SHA-256 of every input file.
    pub inputs: BTreeMap<String, String>,
    pub measures: Vec<Named>,
    pub outcomes: Vec<Named>,
    pub parameters: Vec<Named>,
    /// Names of makers by key.
    pub names: BTreeMap<String, String>,
    pub command: String,
    pub wall_seconds: f64,
    pub threads: usize,
    pub runs_per_second: f64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct StudyInfo {
    pub name: String,
    pub question: String,
    pub words: String,
    pub arms: Vec<ArmInfo>,
    pub baseline: String,
    pub target: String,
    pub issuer: String,
    pub target_name: String,
    pub issuer_name: String,
    pub first_month: Month,
    pub last_month: Month,
    pub window_first: Month,
    pub window_last: Month,
    pub figures: Vec<FigureFile>,
    pub limits: Vec<String>,
    /// Last month of recorded inputs.
    pub data_vintage: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct ArmInfo {
    pub name: String,
    pub words: String,
    pub rules: Vec<RuleInfo>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct RuleInfo {
    pub id: String,
    pub title: String,
    pub instrument: String,
    pub words: String,
    pub citation: String,
    pub announced: Date,
    pub compliance: Date,
    pub ended: Option<Date>,
}

/// A name with its unit and meaning.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Named {
    pub name: String,
    pub unit: String,
    pub words: String,
}

/// One number a run: parameters and outcomes side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutcomeTable {
    pub parameters: Vec<String>,
    pub outcomes: Vec<String>,
    pub rows: Vec<OutcomeRow>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutcomeRow {
    pub regime: String,
    pub run: u32,
    pub parameters: Vec<f64>,
    pub outcomes: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BandRow {
    pub regime: String,
    pub month: Month,
    pub measure: String,
    pub entity: String,
    pub band: Band,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectRow {
    pub outcome: String,
    pub regime: String,
    pub baseline: String,
    #[serde(default)]
    pub part: Part,
    pub mean: f64,
    pub p05: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p95: f64,
    pub probability_positive: f64,
    pub monte_carlo_error: f64,
    /// Empty when pairs never differ.
    pub pairing_gain: Option<f64>,
    pub baseline_mean: f64,
    pub pairs: usize,
}

/// Which part of an effect: total = direct + feedback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    #[default]
    Total,
    /// With the rules that the baseline's government made in the same future.
    Direct,
    /// What runs through the government's own reactions.
    Feedback,
}

impl Part {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Direct => "direct",
            Self::Feedback => "feedback",
        }
    }
}

/// One change of the rules that a process made in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TapeRow {
    pub regime: String,
    pub run: u32,
    pub announced: Month,
    pub binds: Month,
    pub from: String,
    pub to: String,
    pub cause: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    pub regime: String,
    pub run: u32,
    /// Its place in the log of the run.
    pub id: u32,
    /// The event without which this one would not have happened then.
    pub cause_id: Option<u32>,
    pub month: Month,
    pub kind: String,
    pub actor: String,
    pub object: String,
    pub cause: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailureRow {
    pub regime: String,
    pub run: u32,
    pub reason: String,
    pub command: String,
}

/// Everything in a results folder but figures and page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    pub manifest: Manifest,
    pub outcomes: OutcomeTable,
    pub bands: Vec<BandRow>,
    pub effects: Vec<EffectRow>,
    pub events: Vec<EventRow>,
    pub tape: Vec<TapeRow>,
    pub failures: Vec<FailureRow>,
    /// What other commands have left in the folder, by name.
    pub tables: BTreeMap<String, tables::SideTable>,
}

/// Why results could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    #[error("{path}: {reason}")]
    Io { path: PathBuf, reason: String },
    #[error("{0} exists and is not a results folder; choose another with --out")]
    NotOurs(PathBuf),
}

fn io(path: &Path, error: impl std::fmt::Display) -> ResultsError {
    ResultsError::Io {
        path: path.to_path_buf(),
        reason: error.to_string(),
    }
}

/// A folder that becomes the results folder only when everything is in it.
pub struct Pending {
    target: PathBuf,
    folder: PathBuf,
}

impl Pending {
    /// # Errors
    /// When the target exists and is not a results folder, or nothing can be written beside it.
    pub fn new(target: &Path) -> Result<Self, ResultsError> {
        if target.exists() && !target.join("manifest.json").exists() {
            let empty = fs::read_dir(target)
                .map(|mut d| d.next().is_none())
                .unwrap_or(false);
            if !empty {
                return Err(ResultsError::NotOurs(target.to_path_buf()));
            }
        }
        let name = target
            .file_name()
            .map_or_else(|| "results".into(), |n| n.to_string_lossy().into_owned());
        let folder = target.with_file_name(format!(".{name}.unfinished-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("plots")).map_err(|e| io(&folder, e))?;
        Ok(Self {
            target: target.to_path_buf(),
            folder,
        })
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Puts the finished folder in place of the old one.
    ///
    /// # Errors
    /// When renaming fails; the old folder is then still there.
    pub fn finish(self) -> Result<PathBuf, ResultsError> {
        let old = self
            .target
            .with_extension(format!("replaced-{}", std::process::id()));
        let replaced = self.target.exists();
        if replaced {
            fs::rename(&self.target, &old).map_err(|e| io(&self.target, e))?;
        }
        if let Err(error) = fs::rename(&self.folder, &self.target) {
            if replaced {
                let _ = fs::rename(&old, &self.target);
            }
            return Err(io(&self.target, error));
        }
        if replaced {
            let _ = fs::remove_dir_all(&old);
        }
        Ok(self.target.clone())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Results {
    /// Writes every table into a folder that exists.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ResultsError> {
        let manifest = folder.join("manifest.json");
        let text = serde_json::to_string_pretty(&self.manifest).map_err(|e| io(&manifest, e))?;
        fs::write(&manifest, text + "\n").map_err(|e| io(&manifest, e))?;
        write_csv(&folder.join("effects.csv"), EFFECT_COLUMNS, &self.effects)?;
        write_csv(
            &folder.join("failures.csv"),
            &["regime", "run", "reason", "command"],
            &self.failures,
        )?;
        write_csv(&folder.join("tape.csv"), TAPE_COLUMNS, &self.tape)?;
        tables::write(&self.tables, folder)?;
        parquet_tables::write(self, folder)
    }

    /// Reads a results folder.
    ///
    /// # Errors
    /// When a table is missing or is not what was written.
    pub fn read(folder: &Path) -> Result<Self, ResultsError> {
        let manifest = folder.join("manifest.json");
        let text = fs::read_to_string(&manifest).map_err(|e| io(&manifest, e))?;
        let mut results = Self {
            manifest: serde_json::from_str(&text).map_err(|e| io(&manifest, e))?,
            effects: read_csv(&folder.join("effects.csv"))?,
            failures: read_csv(&folder.join("failures.csv"))?,
            tape: read_csv_if_there(&folder.join("tape.csv"))?,
            tables: tables::read(folder)?,
            ..Self::default()
        };
        parquet_tables::read(&mut results, folder)?;
        Ok(results)
    }
}

const EFFECT_COLUMNS: &[&str] = &[
    "outcome",
    "regime",
    "baseline",
    "part",
    "mean",
    "p05",
    "p25",
    "p50",
    "p75",
    "p95",
    "probability_positive",
    "monte_carlo_error",
    "pairing_gain",
    "baseline_mean",
    "pairs",
];

const TAPE_COLUMNS: &[&str] = &["regime", "run", "announced", "binds", "from", "to", "cause"];

fn write_csv<T: Serialize>(path: &Path, columns: &[&str], rows: &[T]) -> Result<(), ResultsError> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_path(path)
        .map_err(|e| io(path, e))?;
    writer.write_record(columns).map_err(|e| io(path, e))?;
    for row in rows {
        writer.serialize(row).map_err(|e| io(path, e))?;
    }
    writer.flush().map_err(|e| io(path, e))
}

/// Rows of a table that older folders lack.
fn read_csv_if_there<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, ResultsError> {
    if path.exists() {
        read_csv(path)
    } else {
        Ok(Vec::new())
    }
}

fn read_csv<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, ResultsError> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| io(path, e))?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|e| io(path, e))
}
