//! Tables of what buyers spent and of the capacity of shared supply.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::diagnostics::Problems;
use super::source::Configs;
use super::table::{
    CONFIDENCE, CellType, KnownNames, NameKind, TableReading, TableSpec, check_bounds, column,
};
use crate::foundation::calendar::Month;

/// `configs/world/demand.csv`: what buyers spent, by series and region.
#[derive(Clone, Debug, Deserialize)]
pub struct DemandRow {
    pub series: String,
    pub region: String,
    pub period_start: Month,
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub unit: String,
    pub source: String,
    pub confidence: String,
}

/// `configs/world/pools.csv`: recorded capacity of shared supply.
#[derive(Clone, Debug, Deserialize)]
pub struct PoolRow {
    pub pool: String,
    pub period_start: Month,
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub unit: String,
    pub source: String,
    pub confidence: String,
}

/// What a series of demand holds.
struct SeriesFacts {
    name: &'static str,
    /// How its unit begins.
    unit: &'static str,
    low: f64,
    high: f64,
    /// Whether it is told apart by region; a series that is not, has one path.
    by_region: bool,
    /// Whether its region is empty.
    everywhere: bool,
}

const SERIES: [SeriesFacts; 5] = [
    SeriesFacts {
        name: "hyperscaler_capex",
        unit: "USD bn a year",
        low: 0.1,
        high: 1e5,
        by_region: false,
        everywhere: true,
    },
    SeriesFacts {
        name: "target_wants",
        unit: "USD bn a year",
        low: 0.001,
        high: 1e5,
        by_region: false,
        everywhere: false,
    },
    SeriesFacts {
        name: "third_demand",
        unit: "USD bn a year",
        low: 0.0,
        high: 1e5,
        by_region: true,
        everywhere: false,
    },
    SeriesFacts {
        name: "captive_share",
        unit: "share",
        low: 0.0,
        high: 0.95,
        by_region: false,
        everywhere: false,
    },
    SeriesFacts {
        name: "deflator",
        unit: "2024 = 1",
        low: 0.2,
        high: 5.0,
        by_region: false,
        everywhere: true,
    },
];

/// The series of demand.
pub const SERIES_NAMES: &[&str] = &[
    "hyperscaler_capex",
    "target_wants",
    "third_demand",
    "captive_share",
    "deflator",
];

/// The table of demand.
#[rustfmt::skip]
pub static DEMAND: TableSpec = TableSpec {
    path: "world/demand.csv",
    row: "a value of a series of spending, by region and month, or of the deflator",
    key: &["series", "region", "period_start"],
    columns: &[
        column("series", CellType::Word(SERIES_NAMES), ""),
        column("region", CellType::Known(NameKind::Region), "").or_blank(),
        column("period_start", CellType::Month, ""),
        column("value", CellType::Number(0.0, 1e5), "as `unit` says"),
        column("low", CellType::Number(0.0, 1e5), "as `unit` says").or_blank(),
        column("high", CellType::Number(0.0, 1e5), "as `unit` says").or_blank(),
        column("unit", CellType::Name, ""),
        column("source", CellType::Text, ""),
        column("source_url", CellType::Text, "").or_blank(),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ],
};

/// The table of pools.
#[rustfmt::skip]
pub static POOLS: TableSpec = TableSpec {
    path: "world/pools.csv",
    row: "the capacity of a shared pool in a month",
    key: &["pool", "period_start"],
    columns: &[
        column("pool", CellType::Name, ""),
        column("period_start", CellType::Month, ""),
        column("value", CellType::Number(0.0, 1e9), "as `unit` says"),
        column("low", CellType::Number(0.0, 1e9), "as `unit` says"),
        column("high", CellType::Number(0.0, 1e9), "as `unit` says"),
        column("unit", CellType::Name, ""),
        column("source", CellType::Text, ""),
        column("source_url", CellType::Text, "").or_blank(),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ],
};

/// Bounds of a pool are those of its source; its value holds what other firms make besides.
const POOL_BEYOND_BOUNDS: f64 = 0.2;

/// The pool of dies through proxies, which no foundry of the table fills.
pub(super) const PROXY_POOL: &str = "proxy_fab_dies";

pub(super) fn read_demand(
    configs: &Configs,
    names: &KnownNames,
) -> Result<Vec<DemandRow>, Problems> {
    let source = configs.read(DEMAND.path)?;
    let mut table: TableReading<'_, DemandRow> = TableReading::of(&source, &DEMAND, names)?;
    let mut region_of: BTreeMap<String, String> = BTreeMap::new();
    table.check(|row, found| {
        let Some(facts) = SERIES.iter().find(|s| s.name == row.series) else {
            return;
        };
        if !row.unit.starts_with(facts.unit) {
            let message = format!(
                "found `{}`, expected `{}` for {}",
                row.unit, facts.unit, facts.name
            );
            found.push(("unit", message));
        }
        if !(facts.low..=facts.high).contains(&row.value) {
            let message = format!(
                "found {}, expected a number from {} to {} ({}) for {}",
                row.value, facts.low, facts.high, facts.unit, facts.name
            );
            found.push(("value", message));
        }
        let (low, high) = (row.low.unwrap_or(row.value), row.high.unwrap_or(row.value));
        check_bounds([low, row.value, high], 0.0, ["low", "value", "high"], found);
        if facts.everywhere && !row.region.is_empty() {
            let message = format!(
                "found `{}`, expected an empty cell: {} has no region",
                row.region, facts.name
            );
            found.push(("region", message));
        } else if !facts.everywhere && row.region.is_empty() {
            let message = format!("found an empty cell, expected the region of {}", facts.name);
            found.push(("region", message));
        } else if !facts.by_region {
            let first = region_of
                .entry(row.series.clone())
                .or_insert_with(|| row.region.clone());
            if *first != row.region {
                let message = format!(
                    "found `{}`, expected `{first}` as in the rows before: {} has one path",
                    row.region, facts.name
                );
                found.push(("region", message));
            }
        }
    });
    for name in SERIES_NAMES {
        if !table.is_wrong() && !table.rows().any(|r| r.series == *name) {
            table.lacks(format!(
                "no row of the series `{name}`, expected at least one"
            ));
        }
    }
    table.finish()
}

pub(super) fn read_pools(configs: &Configs, names: &KnownNames) -> Result<Vec<PoolRow>, Problems> {
    let source = configs.read(POOLS.path)?;
    let mut table: TableReading<'_, PoolRow> = TableReading::of(&source, &POOLS, names)?;
    table.check(|row, found| {
        let (unit, high) = match row.pool.as_str() {
            PROXY_POOL => ("dies a year", 1e9),
            memory if memory.starts_with("hbm") => ("million stacks a month", 1e4),
            _ => ("wafers a month", 1e7),
        };
        if !row.unit.starts_with(unit) {
            let message = format!("found `{}`, expected `{unit}` for {}", row.unit, row.pool);
            found.push(("unit", message));
        }
        if row.value > high {
            let message = format!(
                "found {}, expected a number from 0 to {high} ({unit})",
                row.value
            );
            found.push(("value", message));
        }
        let bounds = [row.low, row.value, row.high];
        check_bounds(bounds, POOL_BEYOND_BOUNDS, ["low", "value", "high"], found);
    });
    if !table.is_wrong() && !table.rows().any(|r| r.pool == PROXY_POOL) {
        table.lacks(format!(
            "no row of the pool `{PROXY_POOL}`, expected at least one; its value may be 0"
        ));
    }
    table.finish()
}
