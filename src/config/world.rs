//! The world's tables as people edit them: one typed row for each line, every column named with its unit.

use schemars::JsonSchema;
use serde::Deserialize;

use super::diagnostics::{Located, Problems, read_csv};
use super::source::Configs;
use crate::foundation::calendar::Month;
use crate::technology::path::Path;

/// `configs/world/demand.csv`: what buyers spent, by series and region.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandRow {
    /// `hyperscaler_capex`, `target_wants`, `third_demand`, `captive_share`, `deflator`.
    pub series: String,
    /// Demand region; empty where the series has none.
    pub region: String,
    #[schemars(with = "String")]
    pub period_start: Month,
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub unit: String,
    pub source: String,
    pub source_url: String,
    pub confidence: String,
}

/// `configs/world/pools.csv`: recorded capacity of shared supply.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolRow {
    pub pool: String,
    #[schemars(with = "String")]
    pub period_start: Month,
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub unit: String,
    pub source: String,
    pub source_url: String,
    pub confidence: String,
}

/// Every table of the world that the model reads beside chips and nations.
#[derive(Clone, Debug, Default)]
pub struct WorldTables {
    pub demand: Vec<Located<DemandRow>>,
    pub pools: Vec<Located<PoolRow>>,
    pub makers: Vec<Located<MakerRow>>,
    pub labs: Vec<Located<LabRow>>,
}
