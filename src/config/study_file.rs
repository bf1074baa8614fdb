//! A study as its file says it: arms, futures, months, outputs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::claim::ClaimFile;
use super::draws::FuturesTable;
use super::futures::FuturesFile;
use super::law::ChangeFile;
use super::source::Source;
use crate::foundation::calendar::Month;
use crate::foundation::name::Name;

/// A study: arms crossed with futures.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyFile {
    pub name: Name,
    /// What it asks, as a question.
    pub question: String,
    pub description: String,
    /// Names of regimes, or regimes composed from another and rules.
    pub arms: Vec<Arm>,
    pub baseline: String,
    /// The arm that the first answer of the report is about; by default the first that is not the baseline.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub headline: Option<Spanned<String>>,
    /// The size of an effect on the gap that matters; by default one month.
    #[serde(default)]
    pub matters: Option<SizeThatMatters>,
    /// The claim of the debate that the study measures, if it does.
    #[serde(default)]
    pub claim: Option<ClaimFile>,
    /// Number of futures if the command line gives none.
    pub runs: u32,
    pub seed: u64,
    /// A month of 2020: what stands at the start is recorded for that year.
    #[schemars(with = "String")]
    pub first_month: Month,
    #[schemars(with = "String")]
    pub last_month: Month,
    /// Months of the window in which outcomes are taken; it ends with the last month of the study at the latest.
    pub window_months: u32,
    /// First month of the window; by default that in which the law of the arms first differs.
    #[schemars(with = "Option<String>")]
    #[serde(default)]
    pub window_first: Option<Month>,
    pub target: String,
    pub issuer: String,
    /// Measures whose bands are kept.
    pub bands: Vec<String>,
    /// Banded measures whose value in every run is kept too, in the first 500 futures.
    #[serde(default)]
    pub series: Vec<String>,
    /// Names of figures under `plots/`.
    pub figures: Vec<String>,
    /// Samples that futures take their parameters from: a name under `posterior/`, or a file. Without it, or with `prior`, the
    /// priors.
    #[serde(default)]
    pub posterior: Option<String>,
    /// What this version leaves out, said in the report.
    pub limits: Vec<String>,
    /// Small labs without names, on compute that no named lab uses: for scale tests, without changing blocs. 100,000 at most.
    #[serde(default)]
    pub synthetic_labs: u32,
    /// Splits effects into a direct part, under the changes of rules of the baseline's own process, and a feedback through
    /// governments' reactions. Costs a run more for every arm with a process.
    #[serde(default)]
    pub direct: bool,
    /// Draws one of the rival forms of `evidence/structure.toml` for each pair of futures, by weight. Both futures of a pair share
    /// parameters and form and differ in chance, so that certainty is shown apart for parameters, structure and chance.
    #[serde(default)]
    pub rival_structures: bool,
    #[serde(default)]
    pub futures: FuturesFile,
    /// The table of futures, read.
    #[serde(skip)]
    #[schemars(skip)]
    pub draws: Option<FuturesTable>,
    /// Where it was read from.
    #[serde(skip)]
    #[schemars(skip)]
    pub source: Source,
}

/// An arm: a regime by name, or one composed from another.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub enum Arm {
    Regime(String),
    Composed(Box<ComposedArm>),
}

/// A regime with differences: rules, dates, channels, parameters, planning.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComposedArm {
    pub name: Name,
    /// The regime that it starts from.
    #[schemars(with = "String")]
    pub from: Spanned<String>,
    /// Name for readers, in reports.
    #[serde(default)]
    pub label: String,
    #[serde(default)]
    pub description: String,
    /// Rules that come in, by id.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub add: Vec<Spanned<String>>,
    /// Rules that go out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub remove: Vec<Spanned<String>>,
    /// Rules with other dates.
    #[serde(default)]
    pub change: Vec<ChangeFile>,
    /// Parameters that are fixed in this arm.
    #[serde(default)]
    pub set: BTreeMap<String, f64>,
    /// Channels that are off in this arm.
    #[serde(default)]
    pub off: Vec<String>,
    /// How agents of this arm form expectations: `naive`, `adaptive`, `foresight`.
    pub planning: Option<String>,
    /// An arm that this one equals in every outcome; without it, equal arms are an error.
    #[serde(default)]
    pub same_as: Option<SameAs>,
}

impl Arm {
    pub fn name(&self) -> &str {
        match self {
            Self::Regime(name) => name,
            Self::Composed(arm) => &arm.name,
        }
    }
}

impl From<&str> for Arm {
    fn from(name: &str) -> Self {
        Self::Regime(name.to_string())
    }
}

impl<'de> Deserialize<'de> for Arm {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Arm;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("the name of a regime, or a table with `name` and `from`")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Arm, E> {
                Ok(Arm::from(name))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Arm, A::Error> {
                let arm = ComposedArm::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Arm::Composed(Box::new(arm)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// An arm that is the same as another in every outcome of every future, and why that is known.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SameAs {
    /// The other arm.
    #[schemars(with = "String")]
    pub arm: Spanned<String>,
    #[schemars(with = "String")]
    pub reason: Spanned<String>,
}

/// The effect on the gap below which an answer is no.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeThatMatters {
    /// Months of the underlying gap.
    pub gap_months: f64,
    pub reason: String,
}

impl Default for SizeThatMatters {
    fn default() -> Self {
        Self {
            gap_months: 1.0,
            reason: "published estimates of the gap are in whole months; a smaller effect could not be seen in them"
                .into(),
        }
    }
}

impl StudyFile {
    /// The arm that the first answer is about: the one that the study names, or the first that is not the baseline.
    pub fn headline(&self) -> Option<&str> {
        let mut others = self
            .arms
            .iter()
            .map(Arm::name)
            .filter(|name| *name != self.baseline);
        let named = self.headline.as_ref().map(|name| name.get_ref().as_str());
        let first = others.clone().next();
        named
            .and_then(|named| others.find(|name| *name == named))
            .or(first)
    }

    /// The same study in the model's own form alone.
    #[must_use]
    pub fn in_own_form(mut self) -> Self {
        if self.rival_structures {
            self.rival_structures = false;
            self.futures.variant.clear();
            self.futures.chances = 0;
        }
        self
    }

    /// Arms that are composed from another.
    pub fn composed(&self) -> impl Iterator<Item = &ComposedArm> {
        self.arms.iter().filter_map(|arm| match arm {
            Arm::Composed(arm) => Some(arm.as_ref()),
            Arm::Regime(_) => None,
        })
    }
}
