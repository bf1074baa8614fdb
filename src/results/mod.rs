//! A results folder: tables and manifest, written and read without the model.

pub mod claims;
pub mod compare;
mod curves;
pub mod export;
pub mod files;
mod folder;
pub mod pairs;
pub mod parquet_columns;
mod parquet_tables;
pub mod repeat;
pub mod seal;
pub mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use folder::{FolderClaim, WorkingFolder};
pub use parquet_tables::{OutcomeWriter, SeriesWriter, batches};

use serde::{Deserialize, Serialize};

use crate::analysis::bands::QuantileBand;
use crate::config::figure::FigureFile;
use crate::config::study::SizeThatMatters;
use crate::foundation::calendar::{Date, Month};
use crate::foundation::escape::{csv_plain, csv_table};
use crate::foundation::name::{self, Name};

/// The table of recorded points that figures draw.
pub const RECORD_TABLE: &str = "record";
/// The table of dated forecasts beside what came.
pub const TRACK_RECORD_TABLE: &str = "track_record";

/// The beginning of the name of a table of recorded values beside what is said of them; the name of a split follows.
pub const HINDCAST_TABLE: &str = "hindcast-";

/// The outcome that answers whether the target is further behind: larger is further.
pub const HEADLINE_OUTCOME: &str = "latent_gap_months_mean";

/// A row of a CSV table, whose columns are its fields: an empty table has its header too.
trait CsvRow: Serialize {
    const COLUMNS: &'static [&'static str];
}

/// Declares a row of a CSV table with its columns.
macro_rules! csv_row {
    ($(#[$of_row:meta])* pub struct $row:ident {
        $($(#[$of_field:meta])* pub $field:ident: $kind:ty,)*
    }) => {
        $(#[$of_row])*
        pub struct $row {
            $($(#[$of_field])* pub $field: $kind,)*
        }

        impl CsvRow for $row {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];
        }
    };
}

/// What was run from which inputs, so that it can be run again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Manifest {
    pub program: String,
    pub version: String,
    /// Hash of the source that the program was built from.
    #[serde(default)]
    pub source: String,
    pub study: StudyInfo,
    pub seed: u64,
    /// Futures.
    pub runs: u32,
    /// Futures left out of every analysis because one of their runs failed.
    pub failed: u32,
    /// Channels that were off, and the rule of behaviour.
    pub channels_off: Vec<String>,
    pub planning: String,
    /// Set on the command line: parameters, and fields of the study as `study.FIELD`.
    pub set: BTreeMap<String, String>,
    /// Samples that parameters came from, in place of the priors, and what had changed since they were drawn.
    #[serde(default)]
    pub posterior: Option<String>,
    #[serde(default)]
    pub posterior_stale: Vec<String>,
    /// SHA-256 of every input file.
    pub inputs: BTreeMap<String, String>,
    pub measures: Vec<NamedQuantity>,
    pub outcomes: Vec<NamedQuantity>,
    pub parameters: Vec<NamedQuantity>,
    /// Names of makers by key.
    pub names: BTreeMap<String, String>,
    pub command: String,
    /// Arms that compare nothing, and arms that are declared the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate: Vec<GateFinding>,
}

/// An arm that is the same as another, or an element of an arm that acts on nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct GateFinding {
    pub arm: String,
    /// The other arm of a pair; empty where the finding is about one arm.
    #[serde(default)]
    pub other: String,
    pub text: String,
    /// Declared by the study with a reason, and true.
    pub declared: bool,
}

/// Timings, in a file of their own because only they differ between machines.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Timing {
    pub wall_seconds: f64,
    pub threads: usize,
    pub runs_per_second: f64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct StudyInfo {
    pub name: Name,
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
    /// The arm that the first answer is about.
    #[serde(default)]
    pub headline: String,
    /// The size of an effect on the gap that matters.
    #[serde(default)]
    pub matters: SizeThatMatters,
    pub figures: Vec<FigureFile>,
    pub limits: Vec<String>,
    /// Last month of recorded inputs.
    pub data_vintage: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct ArmInfo {
    #[serde(deserialize_with = "name::text")]
    pub name: String,
    /// Name for readers; empty where the regime has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    pub words: String,
    pub rules: Vec<RuleInfo>,
}

impl ArmInfo {
    /// The name for readers, or the id where there is none.
    pub fn label(&self) -> &str {
        if self.label.is_empty() {
            &self.name
        } else {
            &self.label
        }
    }

    /// The name for readers with the id behind it.
    pub fn label_with_id(&self) -> String {
        if self.label.is_empty() {
            self.name.clone()
        } else {
            format!("{} ({})", self.label, self.name)
        }
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct RuleInfo {
    #[serde(deserialize_with = "name::text")]
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
pub struct NamedQuantity {
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
    /// Kind of stress and model variant of the future; empty where the study has none.
    pub stratum: String,
    pub variant: String,
    /// A failed run is left out of every analysis, and so are the others of its future.
    pub failed: bool,
    pub parameters: Vec<f64>,
    pub outcomes: Vec<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BandRow {
    pub regime: String,
    pub month: Month,
    pub measure: String,
    pub entity: String,
    pub band: QuantileBand,
    /// Futures behind it, and futures left out: failed, or without a value in this month.
    pub runs: u32,
    pub excluded: u32,
}

/// Number of futures in figures of single futures, which bounds the memory of drawing.
pub const DRAWN: u32 = 2000;

/// The stratum that holds every future.
pub const ALL: &str = "all";

csv_row! {
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct EffectRow {
        pub outcome: String,
        pub regime: String,
        pub baseline: String,
        #[serde(default)]
        pub part: EffectComponent,
        /// `all`, or the futures of one kind of stress or model variant.
        #[serde(default = "all")]
        pub stratum: String,
        /// Months of the window; empty for the study's own.
        #[serde(default)]
        pub horizon_months: Option<u32>,
        /// Rate a year at which a flow is discounted.
        #[serde(default)]
        pub discount: f64,
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
        /// Futures left out: failed, or without a value in one of the two arms.
        #[serde(default)]
        pub excluded: usize,
        /// Futures to add to halve the Monte Carlo error, which falls with the square root of their number.
        #[serde(default)]
        pub more_to_halve_error: usize,
    }
}

csv_row! {
    /// What the spread of one effect comes from, where a study draws rival forms of the model.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub struct CertaintyRow {
        pub outcome: String,
        pub regime: String,
        pub baseline: String,
        /// Months of the window; empty for the study's own.
        pub horizon_months: Option<u32>,
        pub futures: usize,
        /// Share of futures whose effect has the sign of the median.
        pub same_sign: f64,
        /// Parts of the variance, which add up to 1.
        pub parameters: f64,
        pub structure: f64,
        pub chance: f64,
        /// The same share of futures in the model's own form.
        pub own_form_same_sign: Option<f64>,
        /// The form in which the fewest futures have that sign, its futures, that share, and its median effect.
        pub least_form: String,
        pub least_form_futures: usize,
        pub least_form_same_sign: f64,
        pub least_form_p50: f64,
    }
}

/// Which part of an effect: total = direct + feedback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectComponent {
    #[default]
    Total,
    /// With the rules that the baseline's government made in the same future.
    Direct,
    /// What runs through the government's own reactions.
    Feedback,
}

impl EffectComponent {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Direct => "direct",
            Self::Feedback => "feedback",
        }
    }
}

csv_row! {
    /// One change of the rules that a process made in a run.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct PolicyChangeRow {
        pub regime: String,
        pub run: u32,
        pub announced: Month,
        pub binds: Month,
        pub from: String,
        pub to: String,
        pub cause: String,
    }
}

/// The stratum of tables written before strata existed.
fn all() -> String {
    ALL.to_string()
}

impl EffectRow {
    /// Every future, the study's window, nothing discounted.
    pub fn is_main(&self) -> bool {
        self.stratum == ALL && self.horizon_months.is_none() && self.discount == 0.0
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

csv_row! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct FailureRow {
        pub regime: String,
        pub run: u32,
        pub reason: String,
        pub command: String,
    }
}

/// Everything in a results folder but figures and page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    pub manifest: Manifest,
    pub outcomes: OutcomeTable,
    pub bands: Vec<BandRow>,
    pub(crate) curves: curves::CurveIndex,
    /// Bands of the difference to the baseline in the same future, month by month; empty in older folders.
    pub effect_bands: Vec<BandRow>,
    pub effects: Vec<EffectRow>,
    /// Empty where a study has one form of the model.
    pub certainty: Vec<CertaintyRow>,
    pub events: Vec<EventRow>,
    pub tape: Vec<PolicyChangeRow>,
    pub failures: Vec<FailureRow>,
    /// What other commands have left in the folder, by name.
    pub tables: BTreeMap<String, tables::SideTable>,
    /// Files that differ from their seal, if the user accepted them: see [`seal::check`].
    pub unsealed: Vec<String>,
}

/// Why results could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    #[error("{path}: {reason}")]
    Io { path: PathBuf, reason: String },
    #[error(
        "{0} exists and is not a results folder (it has no seal.json); nothing in it is replaced; choose another with --out"
    )]
    NotOurs(PathBuf),
    #[error(
        "{0} holds finished results of another plan; add --overwrite to replace them, or choose another --out"
    )]
    Finished(PathBuf),
    #[error("{folder} is not as it was written:\n  {}\nadd --unsealed to use it as it is", .faults.join("\n  "))]
    Broken {
        folder: PathBuf,
        faults: Vec<String>,
    },
}

pub fn io(path: &Path, error: impl std::fmt::Display) -> ResultsError {
    ResultsError::Io {
        path: path.to_path_buf(),
        reason: error.to_string(),
    }
}

impl Manifest {
    /// What the gate found and the study does not declare.
    pub fn faults(&self) -> impl Iterator<Item = &GateFinding> {
        self.gate.iter().filter(|finding| !finding.declared)
    }

    /// Reads the manifest of a results folder.
    ///
    /// # Errors
    /// When it is missing, is no manifest, or holds what no study can have.
    pub fn read(folder: &Path) -> Result<Self, ResultsError> {
        let path = folder.join("manifest.json");
        let text = seal::text_of(&path).map_err(|e| io(&path, e))?;
        let manifest: Self = serde_json::from_str(&text).map_err(|e| io(&path, e))?;
        manifest.sensible().map_err(|wrong| io(&path, wrong))?;
        Ok(manifest)
    }

    /// Describes values that no study can have. Figures and page are laid out by these numbers.
    fn sensible(&self) -> Result<(), String> {
        let s = &self.study;
        let months = |what: &str, first: Month, last: Month| {
            let sane = first <= last && last - first < MOST_MONTHS;
            let expected =
                format!("expected a last month that follows within {MOST_MONTHS} months");
            sane.then_some(())
                .ok_or_else(|| format!("{what}: found {first} to {last}, {expected}"))
        };
        months("study", s.first_month, s.last_month)?;
        months("window", s.window_first, s.window_last)?;
        if s.window_first < s.first_month || s.window_last > s.last_month {
            return Err(format!(
                "window: found {} to {}, expected months from {} to {}",
                s.window_first, s.window_last, s.first_month, s.last_month
            ));
        }
        if self.failed > self.runs {
            return Err(format!(
                "failed: found {}, expected at most {}, the number of futures",
                self.failed, self.runs
            ));
        }
        let mut names: Vec<&str> = s.arms.iter().map(|a| a.name.as_str()).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|two| two[0] == two[1]) {
            return Err(format!("study.arms: the arm `{}` is there twice", twice[0]));
        }
        if names.is_empty() || names.len() > MOST_ARMS {
            return Err(format!(
                "study.arms: found {}, expected 1 to {MOST_ARMS}",
                names.len()
            ));
        }
        if !names.contains(&s.baseline.as_str()) {
            return Err(format!(
                "study.baseline: found `{}`, expected one of the arms: {}",
                s.baseline,
                names.join(", ")
            ));
        }
        if !s.headline.is_empty() && !names.contains(&s.headline.as_str()) {
            return Err(format!(
                "study.headline: found `{}`, expected one of the arms: {}",
                s.headline,
                names.join(", ")
            ));
        }
        Ok(())
    }
}

/// Months that a page can be laid out for: four centuries.
const MOST_MONTHS: i32 = 4800;
/// Arms that a page can be laid out for.
const MOST_ARMS: usize = 1000;

impl Results {
    /// Effects of the study's own window over all futures.
    pub fn main_effects(&self) -> impl Iterator<Item = &EffectRow> {
        self.effects.iter().filter(|e| e.is_main())
    }

    /// Writes every table into a folder that exists.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), ResultsError> {
        let names = (&self.outcomes.parameters, &self.outcomes.outcomes);
        let mut writer = OutcomeWriter::new(folder, names.0, names.1)?;
        for row in &self.outcomes.rows {
            writer.push(row.clone())?;
        }
        writer.finish()?;
        self.write_but_outcomes(folder)
    }

    /// Writes what does not grow with the number of runs.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_but_outcomes(&self, folder: &Path) -> Result<(), ResultsError> {
        let manifest = folder.join("manifest.json");
        let text = serde_json::to_string_pretty(&self.manifest).map_err(|e| io(&manifest, e))?;
        files::write(&manifest, text + "\n")?;
        write_csv(&folder.join("effects.csv"), &self.effects)?;
        write_csv(&folder.join("certainty.csv"), &self.certainty)?;
        write_csv(&folder.join("failures.csv"), &self.failures)?;
        write_csv(&folder.join("tape.csv"), &self.tape)?;
        tables::write(&self.tables, folder)?;
        parquet_tables::write(self, folder)
    }

    /// Reads a results folder.
    ///
    /// # Errors
    /// When a table is missing or is not what was written.
    pub fn read(folder: &Path) -> Result<Self, ResultsError> {
        let mut results = Self::read_but_outcomes(folder)?;
        parquet_tables::read_outcomes(&mut results, folder, u32::MAX)?;
        Ok(results)
    }

    /// Reads what figures and page are drawn from: everything, with the outcomes of the first futures only.
    ///
    /// # Errors
    /// When a table is missing or is not what was written.
    pub fn read_for_figures(folder: &Path) -> Result<Self, ResultsError> {
        let mut results = Self::read_but_outcomes(folder)?;
        parquet_tables::read_outcomes(&mut results, folder, DRAWN)?;
        Ok(results)
    }

    /// Reads what does not grow with the number of runs.
    ///
    /// # Errors
    /// When a table is missing or is not what was written.
    pub fn read_but_outcomes(folder: &Path) -> Result<Self, ResultsError> {
        let mut results = Self {
            manifest: Manifest::read(folder)?,
            effects: read_csv(&folder.join("effects.csv"))?,
            certainty: read_csv_if_there(&folder.join("certainty.csv"))?,
            failures: read_csv(&folder.join("failures.csv"))?,
            tape: read_csv_if_there(&folder.join("tape.csv"))?,
            tables: tables::read(folder)?,
            ..Self::default()
        };
        parquet_tables::read(&mut results, folder)?;
        Ok(results)
    }
}

fn write_csv<T: CsvRow>(path: &Path, rows: &[T]) -> Result<(), ResultsError> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    writer.write_record(T::COLUMNS).map_err(|e| io(path, e))?;
    for row in rows {
        writer.serialize(row).map_err(|e| io(path, e))?;
    }
    let table = writer.into_inner().map_err(|e| io(path, e))?;
    let table = csv_table(table).map_err(|e| io(path, e))?;
    files::write(path, table)
}

/// Rows of a table that older folders do not have.
fn read_csv_if_there<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, ResultsError> {
    if path.exists() {
        read_csv(path)
    } else {
        Ok(Vec::new())
    }
}

/// Rows of a CSV table of a folder.
///
/// # Errors
/// When it is missing or is not what was written.
pub fn read_csv<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<T>, ResultsError> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| io(path, e))?;
    let headers = reader.headers().map_err(|e| io(path, e))?.clone();
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let plain: csv::StringRecord = record?.iter().map(csv_plain).collect();
        plain.deserialize(Some(&headers))
    };
    reader
        .records()
        .map(row)
        .collect::<Result<_, _>>()
        .map_err(|e| io(path, e))
}
