//! Reads the splits of the evidence into fit and test, the settings of scores, and their registration before the first
//! fit.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::evidence::{Evidence, EvidenceBlock, EvidenceRow};
use super::parameters::{EvidenceGrade, ParameterSet};
use super::source::{Configs, Source};
use super::table::{CellType, KnownNames, TableReading, TableSpec, YEARS, column};
use crate::foundation::calendar::{Date, Month};
use crate::foundation::channels::Channel;
use crate::foundation::digest::sha256;
use crate::foundation::name::{self, Name};
use crate::foundation::parameters::Parameters;

/// `configs/evidence/splits.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitsFile {
    pub split: Vec<Split>,
    pub score: ScoreSettings,
    pub discrepancy: Discrepancy,
    pub bars: ScoreBars,
}

/// What is fitted and what is tested.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    #[serde(deserialize_with = "name::text")]
    #[schemars(with = "Name")]
    pub name: String,
    pub words: String,
    /// Last month of the fit; without it everything outside the test is fitted.
    #[schemars(with = "Option<String>")]
    pub fit_to: Option<Month>,
    #[schemars(with = "Option<String>")]
    pub test_from: Option<Month>,
    #[schemars(with = "Option<String>")]
    pub test_to: Option<Month>,
    /// The part of the model that is tested, in every month.
    pub test_block: Option<EvidenceBlock>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreSettings {
    /// Draws of an ensemble.
    pub draws: u32,
    /// Resamples over series.
    pub bootstrap: u32,
}

/// Standard deviation of what the model is expected to miss at its best parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Discrepancy {
    pub log: f64,
    pub fraction: f64,
    pub points: f64,
    pub months: f64,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreBars {
    pub coverage_low: f64,
    pub coverage_high: f64,
    /// Part of the scorable series whose skill is above zero.
    pub series_with_skill: f64,
    pub patterns: u32,
}

/// Which part of a split a row is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitPart {
    Fit,
    Test,
    /// Its months lie in both, or beyond both.
    Neither,
}

impl Split {
    /// The part that a row is in: never in the fit when any of its months is tested.
    pub fn part(&self, row: &EvidenceRow, block: EvidenceBlock) -> SplitPart {
        if let Some(tested) = self.test_block {
            return if tested == block {
                SplitPart::Test
            } else {
                SplitPart::Fit
            };
        }
        let (Some(from), Some(to)) = (self.test_from, self.test_to) else {
            return SplitPart::Fit;
        };
        if row.first >= from && row.last <= to {
            return SplitPart::Test;
        }
        let outside = row.last < from || row.first > to;
        if outside && self.fit_to.is_none_or(|end| row.last <= end) {
            SplitPart::Fit
        } else {
            SplitPart::Neither
        }
    }
}

/// Reads the splits.
///
/// # Errors
/// With the place of what is not as the type says.
pub fn read(configs: &Configs) -> Result<SplitsFile, Problems> {
    parse(&configs.read("evidence/splits.toml")?)
}

/// Checks a file of splits.
///
/// # Errors
/// With the place of what is wrong.
pub fn check(source: &Source) -> Result<(), Problems> {
    parse(source).map(|_| ())
}

fn parse(source: &Source) -> Result<SplitsFile, Problems> {
    let file: SplitsFile = read_toml(source)?;
    let mut problems = Problems::default();
    let mut names = BTreeSet::new();
    for (number, split) in file.split.iter().enumerate() {
        let mut wrong = |field: &str, message: String| {
            let problem = Diagnostic::at_entry(source, "[[split]]", number, field, message);
            problems.0.push(problem);
        };
        split_faults(split, &mut wrong);
        if !names.insert(&split.name) {
            wrong("name", format!("the split `{}` is here twice", split.name));
        }
    }
    if file.split.is_empty() {
        problems.0.push(Diagnostic::at(
            source,
            0..1,
            "no split, expected at least one",
        ));
    }
    let mut within = |field: &str, value: f64, low: f64, high: f64, unit: &str| {
        if !(low..=high).contains(&value) {
            let message = format!(
                "`{field}`: found {value}, expected a number from {low} to {high} ({unit})"
            );
            problems
                .0
                .push(Diagnostic::at_field(source, field, message));
        }
    };
    within("draws", f64::from(file.score.draws), 1.0, 1e5, "draws");
    within(
        "bootstrap",
        f64::from(file.score.bootstrap),
        1.0,
        1e6,
        "resamples",
    );
    let d = &file.discrepancy;
    within("log", d.log, 0.0, 5.0, "natural logarithm");
    within("fraction", d.fraction, 0.0, 1.0, "fraction");
    within("points", d.points, 0.0, 100.0, "index points");
    within("months", d.months, 0.0, 120.0, "months");
    let bars = &file.bars;
    within(
        "coverage_low",
        bars.coverage_low,
        0.0,
        1.0,
        "share of points",
    );
    within(
        "coverage_high",
        bars.coverage_high,
        bars.coverage_low.clamp(0.0, 1.0),
        1.0,
        "share of points",
    );
    within(
        "series_with_skill",
        bars.series_with_skill,
        0.0,
        1.0,
        "share of series",
    );
    within("patterns", f64::from(bars.patterns), 0.0, 100.0, "patterns");
    problems.check()?;
    Ok(file)
}

/// What is wrong with one split: its name, its months, and a test that is not said in one way.
fn split_faults(split: &Split, wrong: &mut impl FnMut(&str, String)) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if split.name.is_empty()
        || split.name.starts_with('.')
        || split.name.len() > LONGEST_NAME
        || !split.name.chars().all(plain)
    {
        let message = format!(
            "found the name `{}`, expected 1 to {LONGEST_NAME} letters, digits, `-`, `_` or `.`: it names files",
            split.name
        );
        wrong("name", message);
    }
    for (field, month) in [
        ("fit_to", split.fit_to),
        ("test_from", split.test_from),
        ("test_to", split.test_to),
    ] {
        if let Some(month) = month.filter(|m| !YEARS.contains(&m.year())) {
            let message = format!(
                "found {month}, expected a month from {} to {}",
                YEARS.start(),
                YEARS.end()
            );
            wrong(field, message);
        }
    }
    match (split.test_from, split.test_to) {
        (Some(from), Some(to)) if from > to => {
            let message = format!("found test_to {to} before test_from {from}");
            wrong("test_to", message);
        }
        (Some(from), Some(_)) => {
            if let Some(end) = split.fit_to.filter(|end| *end >= from) {
                let message = format!(
                    "found fit_to {end}, expected a month before the test, which begins {from}"
                );
                wrong("fit_to", message);
            }
        }
        (Some(_), None) => wrong("test_from", "found test_from without test_to".into()),
        (None, Some(_)) => wrong("test_to", "found test_to without test_from".into()),
        (None, None) if split.fit_to.is_some() => {
            wrong(
                "fit_to",
                "found fit_to without a test, which it would have no effect on".into(),
            );
        }
        (None, None) => {}
    }
    let dated = split.test_from.is_some() || split.test_to.is_some();
    if split.test_block.is_some() && dated {
        wrong(
            "test_block",
            "found test_block beside months of a test, expected one of them".into(),
        );
    }
}

/// Longest name of a split, characters.
const LONGEST_NAME: usize = 60;

/// `configs/evidence/registration.toml`: what was fixed before the first fit.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The day on which it was committed.
    pub date: String,
    /// SHA-256 of the priors, of the evidence with its map, and of splits and scores.
    pub priors: String,
    pub evidence: String,
    pub splits: String,
    /// SHA-256 of the patterns with their bands and nulls.
    pub patterns: String,
    /// Last month of the record that was on view while mechanisms were chosen; later rows alone are a test.
    #[schemars(with = "String")]
    pub seen_to: Month,
    /// Versions of the model that saw a test period since.
    pub model_versions: u32,
    /// What the priors had seen of the record before.
    pub exposure: String,
    /// Channels and what would support each of them.
    pub support: Vec<ChannelSupport>,
    /// Ranges that were frozen before the mechanisms that read them were fitted.
    #[serde(default)]
    pub range: Vec<RegisteredRange>,
}

/// What a parameter of a mechanism may be, from sources and from rows of the record to `rows_to`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisteredRange {
    /// Quantity, as the specification of the mechanism calls it.
    pub name: String,
    pub low: f64,
    pub value: f64,
    pub high: f64,
    pub unit: String,
    pub grade: EvidenceGrade,
    /// Last month of the rows that it rests on, where it rests on any.
    #[schemars(with = "Option<String>")]
    pub rows_to: Option<Month>,
    pub source: String,
}

/// What a channel rests on.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelSupport {
    pub channel: String,
    /// Patterns that it is needed for.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Parameters that only it reads.
    #[serde(default)]
    pub parameters: Vec<String>,
}

impl Registration {
    /// Reads the registration; `patterns` are the names that it may ask for.
    ///
    /// # Errors
    /// With the place of what is not as the type says.
    pub fn read(configs: &Configs, patterns: &[&str]) -> Result<Self, Problems> {
        Self::parse(&configs.read("evidence/registration.toml")?, patterns)
    }

    fn parse(source: &Source, patterns: &[&str]) -> Result<Self, Problems> {
        let found: Self = read_toml(source)?;
        let mut problems = Problems::default();
        let mut wrong = |field: &str, message: String| {
            problems
                .0
                .push(Diagnostic::at_field(source, field, message));
        };
        let date = found.date.parse::<Date>();
        if !date.is_ok_and(|d| YEARS.contains(&i32::from(d.year()))) {
            wrong(
                "date",
                format!("found `{}`, expected a date such as 2026-11-25", found.date),
            );
        }
        for (field, hash) in [
            ("priors", &found.priors),
            ("evidence", &found.evidence),
            ("splits", &found.splits),
            ("patterns", &found.patterns),
        ] {
            let digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            if hash.len() != 64 || !hash.bytes().all(digit) {
                let message = format!(
                    "`{field}`: found `{hash}`, expected 64 digits of a SHA-256, 0 to 9 and a to f"
                );
                wrong(field, message);
            }
        }
        if !(1..=LOOKS).contains(&found.model_versions) {
            let message = format!(
                "found {}, expected a number from 1 to {LOOKS}",
                found.model_versions
            );
            wrong("model_versions", message);
        }
        if found.exposure.trim().is_empty() {
            wrong(
                "exposure",
                "found no words, expected what the priors had seen".into(),
            );
        }
        if !YEARS.contains(&found.seen_to.year()) {
            wrong(
                "seen_to",
                format!("found {}, expected a month such as 2026-03", found.seen_to),
            );
        }
        check_ranges(source, &found.range).unwrap_or_else(|e| problems.0.extend(e.0));
        let ids: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
        let channels: Vec<&str> = Channel::ALL.iter().map(|c| c.name()).collect();
        let mut seen = BTreeSet::new();
        for (number, support) in found.support.iter().enumerate() {
            let mut wrong = |field: &str, message: String, near: (&str, &[&str])| {
                let place = Diagnostic::at_entry(source, "[[support]]", number, field, message);
                problems.0.push(place.nearest(near.0, near.1));
            };
            let channel = support.channel.as_str();
            if !channels.contains(&channel) {
                let message = format!("found `{channel}`, expected a channel");
                wrong("channel", message, (channel, &channels));
            }
            if !seen.insert(channel) {
                wrong("channel", format!("`{channel}` is here twice"), ("", &[]));
            }
            for id in support
                .parameters
                .iter()
                .filter(|id| !ids.contains(&id.as_str()))
            {
                let message = format!("found `{id}`, expected a parameter");
                wrong("parameters", message, (id, &ids));
            }
            for name in support.patterns.iter().map(String::as_str) {
                if !patterns.contains(&name) {
                    let message = format!("found `{name}`, expected {}", patterns.join(", "));
                    wrong("patterns", message, (name, patterns));
                }
            }
        }
        problems.check()?;
        Ok(found)
    }

    /// What no longer is as it was registered, in words. `patterns` is their hash now.
    pub fn departures(&self, now: &InputHashes, patterns: &str) -> Vec<String> {
        [
            ("patterns", self.patterns.as_str(), patterns),
            ("priors", &self.priors, &now.priors),
            ("evidence", &self.evidence, &now.evidence),
            ("splits and scores", &self.splits, &now.splits),
        ]
        .into_iter()
        .filter(|(_, registered, now)| registered != now)
        .map(|(what, registered, now)| {
            format!(
                "{what}: registered as {}, now {}",
                short(registered),
                short(now)
            )
        })
        .collect()
    }
}

fn check_ranges(source: &Source, ranges: &[RegisteredRange]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let mut seen = BTreeSet::new();
    for (number, range) in ranges.iter().enumerate() {
        let mut wrong = |field: &str, message: String| {
            let place = Diagnostic::at_entry(source, "[[range]]", number, field, message);
            problems.0.push(place);
        };
        if !seen.insert(&range.name) {
            wrong("name", format!("`{}` is here twice", range.name));
        }
        let ends = [
            ("low", range.low),
            ("value", range.value),
            ("high", range.high),
        ];
        for (field, value) in ends.iter().filter(|(_, value)| !value.is_finite()) {
            wrong(field, format!("found {value}, expected a finite number"));
        }
        if !(range.low <= range.value && range.value <= range.high) {
            let message = format!(
                "found {}, expected a value from {} to {}, its own bounds",
                range.value, range.low, range.high
            );
            wrong("value", message);
        }
        for (field, text) in [
            ("name", &range.name),
            ("unit", &range.unit),
            ("source", &range.source),
        ] {
            if text.trim().is_empty() {
                wrong(field, format!("found no `{field}`, expected words"));
            }
        }
    }
    problems.check()
}

/// The first digits of a hash.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// More versions of the model than ever saw a test period.
const LOOKS: u32 = 10_000;

/// Checks a registration.
///
/// # Errors
/// With the place of what is wrong.
pub fn check_registration(source: &Source, patterns: &[&str]) -> Result<(), Problems> {
    Registration::parse(source, patterns).map(|_| ())
}

/// The list of looks at test periods.
#[rustfmt::skip]
static LOOKS_TABLE: TableSpec = TableSpec {
    path: "evidence/looks.csv",
    row: "a look at a test period",
    key: &["date", "version", "split", "what"],
    columns: &[
        column("date", CellType::Date, ""),
        column("version", CellType::Name, ""),
        column("split", CellType::Name, ""),
        column("what", CellType::Text, ""),
        column("why", CellType::Text, ""),
    ],
};

/// Reads the list of looks at test periods (`evidence/looks.csv`): how many there were.
///
/// # Errors
/// With the place of what is wrong.
pub fn looks(source: &Source) -> Result<usize, Problems> {
    let names = KnownNames::default();
    let table: TableReading<'_, IgnoredAny> = TableReading::of(source, &LOOKS_TABLE, &names)?;
    table.finish().map(|rows| rows.len())
}

/// What a fit rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputHashes {
    pub priors: String,
    pub evidence: String,
    pub splits: String,
}

impl InputHashes {
    /// # Errors
    /// When the splits cannot be read.
    pub fn of(
        configs: &Configs,
        priors: &ParameterSet,
        evidence: &Evidence,
    ) -> Result<Self, Problems> {
        let text = configs.read("evidence/splits.toml")?.text;
        Ok(Self {
            priors: priors.hash(),
            evidence: evidence.hash(),
            splits: sha256(text.as_bytes()),
        })
    }
}
