//! How a study file says that its futures are made.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::foundation::name::{self, Name};

/// How futures are made. Each draws every sampled parameter, one kind of stress and one structural variant.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FuturesFile {
    #[serde(default)]
    pub design: FutureDesign,
    /// Factorial: the values that a parameter takes, crossed with each other, with every stress and every variant.
    #[serde(default)]
    pub levels: BTreeMap<String, Vec<f64>>,
    /// List: a table (CSV or Parquet, beside the study), one row a future; columns are parameters, `stress`, `variant`.
    pub table: Option<String>,
    /// Channels that are off in every future.
    #[serde(default)]
    pub off: Vec<String>,
    /// Conditions under which effects are also reported apart: strata.
    #[serde(default)]
    pub stress: Vec<WeightedAlternative>,
    /// Futures that share one draw of parameters, stress and variant and differ in chance; 0 counts as 1.
    #[serde(skip)]
    #[schemars(skip)]
    pub chances: u32,
    /// Structural variants: other worlds that fit as well, each with its weight.
    #[serde(default)]
    pub variant: Vec<WeightedAlternative>,
}

/// How the space of futures is covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FutureDesign {
    /// Each future is drawn by itself.
    #[default]
    Replicates,
    /// Every combination of levels in turn; combinations share the draws of what is not crossed.
    Factorial,
    /// Each parameter's distribution is cut in as many parts as there are futures; each part is used once.
    LatinHypercube,
    /// Low-discrepancy points, scrambled by the seed.
    Sobol,
    /// The rows of a table in turn.
    List,
}

/// Weight of a stress, a variant or a form of the model, at most.
pub(super) const WEIGHT: f64 = 1e6;

/// A set of parameters, channels and planning with a name and a weight.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightedAlternative {
    #[serde(deserialize_with = "name::text")]
    #[schemars(with = "Name")]
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// Relative to the weights of the others.
    #[serde(default = "one")]
    pub weight: f64,
    #[serde(default)]
    pub set: BTreeMap<String, f64>,
    #[serde(default)]
    pub off: Vec<String>,
    pub planning: Option<String>,
}

impl WeightedAlternative {
    /// One that changes nothing.
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            weight: one(),
            set: BTreeMap::new(),
            off: Vec::new(),
            planning: None,
        }
    }
}

fn one() -> f64 {
    1.0
}
