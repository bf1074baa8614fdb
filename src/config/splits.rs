//! Splits of the evidence into fit and test, how scores are taken, and their registration before the first fit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::diagnostics::{Problems, read_toml};
use super::evidence::{Block, Evidence, Row, hex};
use super::parameters::ParameterSet;
use super::source::{Configs, Source};
use crate::foundation::calendar::Month;
use crate::foundation::name::{self, Name};

/// `configs/evidence/splits.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitsFile {
    pub split: Vec<Split>,
    pub score: ScoreSettings,
    pub discrepancy: Discrepancy,
    pub bars: Bars,
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
    pub test_block: Option<Block>,
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
pub struct Bars {
    pub coverage_low: f64,
    pub coverage_high: f64,
    /// Part of the scorable series whose skill is above zero.
    pub series_with_skill: f64,
    pub patterns: u32,
}

/// Which part of a split a row is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Fit,
    Test,
    /// Its months lie in both, or beyond both.
    Neither,
}

impl Split {
    /// The part that a row is in: never in the fit when any of its months is tested.
    pub fn part(&self, row: &Row, block: Block) -> Part {
        if let Some(tested) = self.test_block {
            return if tested == block {
                Part::Test
            } else {
                Part::Fit
            };
        }
        let (Some(from), Some(to)) = (self.test_from, self.test_to) else {
            return Part::Fit;
        };
        if row.first >= from && row.last <= to {
            return Part::Test;
        }
        let outside = row.last < from || row.first > to;
        if outside && self.fit_to.is_none_or(|end| row.last <= end) {
            Part::Fit
        } else {
            Part::Neither
        }
    }
}

/// Reads the splits.
///
/// # Errors
/// With the place of what is not as the type says.
pub fn read(configs: &Configs) -> Result<SplitsFile, Problems> {
    read_toml(&configs.read("evidence/splits.toml")?)
}

/// Checks a file of splits by its form.
///
/// # Errors
/// With the place of what is not as the type says.
pub fn check(source: &Source) -> Result<(), Problems> {
    read_toml::<SplitsFile>(source).map(|_| ())
}

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
    /// Versions of the model that saw a test period since.
    pub model_versions: u32,
    /// What the priors had seen of the record before.
    pub exposure: String,
    /// Channels and what would support each of them.
    pub support: Vec<Support>,
}

/// What a channel rests on.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Support {
    pub channel: String,
    /// Patterns that it is needed for.
    #[serde(default)]
    pub patterns: Vec<String>,
    /// Parameters that only it reads.
    #[serde(default)]
    pub parameters: Vec<String>,
}

impl Registration {
    /// # Errors
    /// With the place of what is not as the type says.
    pub fn read(configs: &Configs) -> Result<Self, Problems> {
        read_toml(&configs.read("evidence/registration.toml")?)
    }

    /// What no longer is as it was registered, in words.
    pub fn departures(&self, now: &Hashes) -> Vec<String> {
        [
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

/// The first digits of a hash.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// Checks a registration by its form.
///
/// # Errors
/// With the place of what is not as the type says.
pub fn check_registration(source: &Source) -> Result<(), Problems> {
    read_toml::<Registration>(source).map(|_| ())
}

/// What a fit rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashes {
    pub priors: String,
    pub evidence: String,
    pub splits: String,
}

impl Hashes {
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
            splits: hex(&Sha256::digest(text.as_bytes())),
        })
    }
}
