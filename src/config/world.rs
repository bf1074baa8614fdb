//! The world's tables as people edit them: one typed row for each line, every column named with its unit.

use serde::Deserialize;

use super::diagnostics::{Located, Problems, read_csv};
use super::source::Configs;
use crate::foundation::calendar::Month;
use crate::technology::path::Path;

/// `configs/world/demand.csv`: what buyers spent, by series and region.
#[derive(Clone, Debug, Deserialize)]
pub struct DemandRow {
    pub series: String,
    pub region: String,
    pub period_start: Month,
    pub value: f64,
    pub source: String,
    pub confidence: String,
}

const DEMAND: &[&str] = &[
    "series",
    "region",
    "period_start",
    "value",
    "low",
    "high",
    "unit",
    "source",
    "source_url",
    "confidence",
];

/// `configs/world/pools.csv`: recorded capacity of shared supply.
#[derive(Clone, Debug, Deserialize)]
pub struct PoolRow {
    pub pool: String,
    pub period_start: Month,
    pub value: f64,
    pub source: String,
    pub confidence: String,
}

const POOLS: &[&str] = &[
    "pool",
    "period_start",
    "value",
    "low",
    "high",
    "unit",
    "source",
    "source_url",
    "confidence",
];

/// `configs/world/chipmakers.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct MakerRow {
    pub key: String,
    pub name: String,
    pub home: String,
    /// Name in the column `vendor` of the chip table; empty where the maker has no chip there.
    pub chip_vendor: String,
    pub role: Role,
    /// Maturity of the software stack, 0 to 1, in the first month; empty for makers of the target, whose start is a
    /// parameter. Judgement: an owner's stack fits its own use; AMD's chips sold at about half the price of a slower
    /// H100; Intel's, cheap on paper, hardly sold.
    pub software_maturity: Option<f64>,
    pub source: String,
    pub confidence: String,
}

/// What a maker does with its chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sells to all comers.
    Merchant,
    /// Makes for its owner.
    Captive,
    /// Makes other firms' chips.
    Foundry,
}

const MAKERS: &[&str] = &[
    "key",
    "name",
    "home",
    "chip_vendor",
    "role",
    "hq_country",
    "bloc",
    "fabless",
    "foundry",
    "foundry_country",
    "rd_usd_bn_2021",
    "rd_usd_bn_2022",
    "rd_usd_bn_2023",
    "rd_usd_bn_2024",
    "rd_usd_bn_2025",
    "gross_margin_2024",
    "china_revenue_share_2021",
    "china_revenue_share_2022",
    "china_revenue_share_2023",
    "china_revenue_share_2024",
    "units_2022",
    "units_2023",
    "units_2024",
    "units_2025",
    "cadence_months",
    "software_maturity",
    "notes",
    "source",
    "confidence",
    "source_url",
];

/// `configs/world/labs.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct LabRow {
    pub key: String,
    pub name: String,
    pub home: String,
    pub release_policy: Policy,
    pub compute_2025_h100e: Option<f64>,
    pub compute_2026_h100e: Option<f64>,
    pub source: String,
    pub confidence: String,
}

/// Whether a lab publishes weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    Open,
    Closed,
    Mixed,
}

const LABS: &[&str] = &[
    "key",
    "name",
    "home",
    "release_policy",
    "hq_country",
    "bloc",
    "open_weights_policy",
    "compute_2023_h100e",
    "compute_2024_h100e",
    "compute_2025_h100e",
    "compute_2026_h100e",
    "compute_low_latest",
    "compute_high_latest",
    "best_models",
    "best_model_training_flop",
    "best_eci_by_aug2025",
    "funding_type",
    "primary_chips",
    "source",
    "source_url",
    "confidence",
];

/// Every table of the world that the model reads beside chips and nations.
#[derive(Clone, Debug, Default)]
pub struct WorldTables {
    pub demand: Vec<DemandRow>,
    pub pools: Vec<PoolRow>,
    pub makers: Vec<MakerRow>,
    pub labs: Vec<LabRow>,
}

/// Reads the tables.
///
/// # Errors
/// For rows that are not as the columns say.
pub fn read(configs: &Configs) -> Result<WorldTables, Problems> {
    Ok(WorldTables {
        demand: table(configs, "world/demand.csv", DEMAND)?,
        pools: table(configs, "world/pools.csv", POOLS)?,
        makers: table(configs, "world/chipmakers.csv", MAKERS)?,
        labs: table(configs, "world/labs.csv", LABS)?,
    })
}

/// Names of the pools that are recorded.
pub(super) fn pool_names(configs: &Configs) -> Result<Vec<String>, Problems> {
    let mut names: Vec<String> = table::<PoolRow>(configs, "world/pools.csv", POOLS)?
        .into_iter()
        .map(|row| row.pool)
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn table<T: serde::de::DeserializeOwned>(
    configs: &Configs,
    path: &str,
    columns: &[&str],
) -> Result<Vec<T>, Problems> {
    let source = configs.read(path)?;
    let rows: Vec<Located<T>> = read_csv(&source, columns)?;
    Ok(rows.into_iter().map(|r| r.row).collect())
}

impl WorldTables {
    /// A demand series of a region as a path in decimal years, times `scale`.
    pub fn demand_path(&self, series: &str, region: &str, scale: f64) -> Path {
        sorted(
            self.demand
                .iter()
                .filter(|r| r.series == series && (region.is_empty() || r.region == region))
                .map(|r| (r.period_start.decimal_year(), r.value * scale)),
        )
    }

    /// The capacity of a pool as a path in decimal years, times `scale`.
    pub fn pool_path(&self, pool: &str, scale: f64) -> Path {
        sorted(
            self.pools
                .iter()
                .filter(|r| r.pool == pool)
                .map(|r| (r.period_start.decimal_year(), r.value * scale)),
        )
    }

    /// Constant 2024 dollars for a nominal dollar of this month.
    pub fn deflate(&self, month: Month) -> f64 {
        let prices =
            self.demand_path("deflator", "", 1.0)
                .at(month.decimal_year(), 0.0, f64::INFINITY);
        if prices > 0.0 { 1.0 / prices } else { 1.0 }
    }
}

fn sorted(knots: impl Iterator<Item = (f64, f64)>) -> Path {
    let mut knots: Vec<(f64, f64)> = knots.collect();
    knots.sort_by(|a, b| a.0.total_cmp(&b.0));
    Path(knots)
}
