//! Reads the tables of power, hosts, trade routes, foundries, tool suppliers and released models.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::diagnostics::Problems;
use super::source::Configs;
use super::table::{
    CONFIDENCE, CellType, ColumnSpec, KnownNames, NameKind, TableReading, TableSpec, check_bounds,
    column, kept,
};
use crate::foundation::calendar::Month;

/// `configs/world/power.csv`: what data centres of a nation can draw.
#[derive(Clone, Debug, Deserialize)]
pub struct PowerRow {
    pub iso3: String,
    pub year: i32,
    /// All data centres, GW.
    pub dc_capacity_gw: f64,
    pub dc_capacity_low_gw: f64,
    pub dc_capacity_high_gw: f64,
    /// Accelerators and what surrounds them, GW.
    pub ai_capacity_gw: Option<f64>,
    pub growth_share_per_year: Option<f64>,
    pub reserve_margin_share: Option<f64>,
    /// 0 every connection waits, 1 power is there for the asking.
    pub slack_index: Option<f64>,
    pub electricity_price_usd_kwh: Option<f64>,
    pub source: String,
    pub confidence: String,
}

/// `configs/world/hosts.csv` and `hubs.csv`: what passes through, or stands in, a third country.
#[derive(Clone, Debug, Deserialize)]
pub struct RouteRow {
    pub hub_iso3: String,
    pub kind: String,
    pub item: String,
    pub destination_iso3: String,
    pub period_start: Month,
    pub period_end: Option<Month>,
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub unit: String,
    pub source: String,
    pub confidence: String,
}

/// `configs/world/foundries.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct FoundryRow {
    pub key: String,
    pub name: String,
    pub home: String,
    /// Pools of `pools.csv` that it fills, joined by `;`.
    pub pools: String,
    pub source: String,
    pub confidence: String,
}

/// `configs/world/tool_supply.csv`: who supplies a step of chip making.
#[derive(Clone, Debug, Deserialize)]
pub struct ToolRow {
    pub process_step: String,
    pub country: String,
    pub year: i32,
    pub supplier_share_percent: f64,
    pub low_percent: f64,
    pub high_percent: f64,
    /// Counts in the share of advanced tools that a nation's rules can deny; materials, software and sums do not.
    pub advanced_tool: bool,
    pub source: String,
    pub confidence: String,
}

/// `configs/world/models.csv`: a released model.
#[derive(Clone, Debug, Deserialize)]
pub struct ModelRow {
    pub model: String,
    pub lab: String,
    pub country: String,
    pub release_date: String,
    pub training_flop: Option<f64>,
    pub training_flop_low: Option<f64>,
    pub training_flop_high: Option<f64>,
    pub open_weights: bool,
    /// Index points.
    pub score_eci: Option<f64>,
    pub source: String,
    pub confidence: String,
}

/// The tables, checked.
#[derive(Clone, Debug, Default)]
pub struct PlaceTables {
    pub power: Vec<PowerRow>,
    pub hosts: Vec<RouteRow>,
    pub hubs: Vec<RouteRow>,
    pub foundries: Vec<FoundryRow>,
    pub tools: Vec<ToolRow>,
    pub models: Vec<ModelRow>,
}

/// The table of power.
#[rustfmt::skip]
pub static POWER: TableSpec = TableSpec {
    path: "world/power.csv",
    row: "power for data centres of a nation, or of the world, in a year",
    key: &["iso3", "year"],
    columns: &[
        column("iso3", CellType::Known(NameKind::Place), ""),
        column("year", CellType::Whole(1990, 2100), ""),
        column("dc_capacity_gw", CellType::Number(0.001, 1e5), "GW"),
        column("dc_capacity_low_gw", CellType::Number(0.001, 1e5), "GW"),
        column("dc_capacity_high_gw", CellType::Number(0.001, 1e5), "GW"),
        column("capacity_basis", CellType::Text, "").or_absent(),
        column("ai_capacity_gw", CellType::Number(0.0, 1e5), "GW").or_blank(),
        column("dc_electricity_twh", CellType::Number(0.0, 1e6), "TWh a year").or_absent(),
        column("growth_share_per_year", CellType::Number(0.0, 3.0), "share a year").or_blank(),
        column("planned_gw", CellType::Number(0.0, 1e5), "GW").or_absent(),
        column("planned_basis", CellType::Text, "").or_absent(),
        column("reserve_margin_share", CellType::Number(0.0, 5.0), "share of the peak load").or_blank(),
        column("slack_index", CellType::Number(0.0, 1.0), "0 every connection waits, 1 power is there for the asking").or_blank(),
        column("electricity_price_usd_kwh", CellType::Number(0.001, 10.0), "USD a kWh").or_blank(),
        column("source", CellType::Text, ""),
        column("source_url", CellType::Text, "").or_blank(),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ],
};

/// What the values of [`routes`] are counted in.
const ROUTE_UNITS: &[&str] = &[
    "MW",
    "MW of GPU IT load",
    "USD bn",
    "USD m",
    "chips",
    "chips per order",
    "event",
    "sellers",
    "servers",
    "share",
    "share of diverted units",
    "years",
];

/// Columns of what passes through, or stands in, a third country; kinds are those of the table.
#[rustfmt::skip]
const fn routes(kinds: &'static [&'static str]) -> [ColumnSpec; 15] {
    [
        column("hub_iso3", CellType::Known(NameKind::Place), ""),
        column("kind", CellType::Word(kinds), ""),
        column("item", CellType::Name, ""),
        column("destination_iso3", CellType::Known(NameKind::Nation), "").or_blank(),
        column("period_start", CellType::Month, ""),
        column("period_end", CellType::Month, "").or_blank(),
        column("disclosed", CellType::Date, "").or_absent(),
        column("value", CellType::Number(0.0, 1e9), "as `unit` says"),
        column("low", CellType::Number(0.0, 1e9), "as `unit` says").or_blank(),
        column("high", CellType::Number(0.0, 1e9), "as `unit` says").or_blank(),
        column("unit", CellType::Word(ROUTE_UNITS), ""),
        column("detail", CellType::Text, "").or_absent(),
        column("source", CellType::Text, ""),
        column("source_url", CellType::Text, "").or_blank(),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ]
}

/// The kind of rows from which hosts are made, their item and how its unit begins.
pub const RENTAL: [&str; 3] = ["rental_assumption", "GPU power used by Chinese firms", "MW"];
/// The other item of that kind, which is evidence, and its unit.
const RENTAL_LENGTH: [&str; 2] = ["contract length reserved by Chinese clients", "years"];
/// The kind of rows from which brokers are made, their item and how its unit begins.
pub const DIVERSION: [&str; 3] = ["assumption", "share of diverted flow by last hub", "share"];

/// The table of hosts.
pub static HOSTS: TableSpec = TableSpec {
    path: "world/hosts.csv",
    row: "what is known of a host of rented compute",
    key: ROUTE_KEY,
    columns: &routes(&["hosting", "rental", RENTAL[0], "host_policy"]),
};

/// The table of hubs.
pub static HUBS: TableSpec = TableSpec {
    path: "world/hubs.csv",
    row: "a nation through which goods are re-exported",
    key: ROUTE_KEY,
    columns: &routes(&[
        DIVERSION[0],
        "billing",
        "case",
        "estimate",
        "market",
        "shipping",
        "trade_flow",
    ]),
};

const ROUTE_KEY: &[&str] = &[
    "hub_iso3",
    "kind",
    "item",
    "destination_iso3",
    "period_start",
    "period_end",
];

/// The table of foundries.
#[rustfmt::skip]
pub static FOUNDRIES: TableSpec = TableSpec {
    path: "world/foundries.csv",
    row: "a foundry, packager or memory maker: nation, and which rows of pools.csv it fills",
    key: &["key"],
    columns: &[
        column("key", CellType::Name, ""),
        column("name", CellType::Name, ""),
        column("home", CellType::Known(NameKind::Nation), ""),
        column("pools", CellType::KnownList(NameKind::Pool), ""),
        column("source", CellType::Text, ""),
        column("source_url", CellType::Text, "").or_blank(),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ],
};

/// Steps of chip making and what they take, and what the target makes of them itself.
const STEPS: &[&str] = &[
    "euv_litho",
    "duv_immersion_litho",
    "litho_all",
    "etch_dry",
    "deposition_cvd",
    "deposition_pvd",
    "deposition_ald",
    "coater_developer",
    "cleaning",
    "metrology_inspection",
    "ion_implant",
    "cmp",
    "eda",
    "hbm_tcb",
    "photoresist_arf_euv",
    "mask_blanks_euv",
    "laser_light_source",
    "china_self_sufficiency:all_tools",
    "china_self_sufficiency:strip",
    "china_self_sufficiency:cleaning",
    "china_self_sufficiency:etch",
    "china_self_sufficiency:deposition",
    "china_self_sufficiency:litho_all",
    "china_self_sufficiency:duv_immersion_litho",
    "china_self_sufficiency:euv_litho",
    "china_self_sufficiency:ion_implant",
    "china_self_sufficiency:metrology_inspection",
    "china_self_sufficiency:coater_developer",
    "china_self_sufficiency:cmp",
    "china_self_sufficiency:eda",
    "china_self_sufficiency:hbm_tcb",
    "china_self_sufficiency:photoresist_arf",
];

/// The table of suppliers of tools.
#[rustfmt::skip]
pub static TOOLS: TableSpec = TableSpec {
    path: "world/tool_supply.csv",
    row: "the share of a nation's suppliers in a step of chip making",
    key: &["process_step", "country", "year"],
    columns: &[
        column("process_step", CellType::Word(STEPS), ""),
        column("country", CellType::Known(NameKind::Supplier), ""),
        column("year", CellType::Whole(1990, 2100), ""),
        column("supplier_share_percent", CellType::Number(0.0, 100.0), "percent"),
        column("low_percent", CellType::Number(0.0, 100.0), "percent"),
        column("high_percent", CellType::Number(0.0, 100.0), "percent"),
        column("advanced_tool", CellType::Truth, ""),
        column("main_suppliers", CellType::Text, "").or_absent(),
        column("chip_relevance", CellType::Text, "").or_absent(),
        column("source", CellType::Text, ""),
        column("source_url", CellType::Text, "").or_blank(),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ],
};

/// The table of released models.
#[rustfmt::skip]
pub static MODELS: TableSpec = TableSpec {
    path: "world/models.csv",
    row: "a released model with its score",
    key: &["model"],
    columns: &[
        column("model", CellType::Name, ""),
        column("lab", CellType::Name, ""),
        column("country", CellType::KnownSides(NameKind::Country), ""),
        column("release_date", CellType::Date, ""),
        column("training_flop", CellType::Number(1e12, 1e32), "FLOP").or_blank(),
        column("training_flop_low", CellType::Number(1e12, 1e32), "FLOP").or_blank(),
        column("training_flop_high", CellType::Number(1e12, 1e32), "FLOP").or_blank(),
        column("open_weights", CellType::Truth, ""),
        column("score_eci", CellType::Number(0.0, 1000.0), "index points").or_blank(),
        column("score_other", CellType::Text, "").or_absent(),
        column("source", CellType::Text, ""),
        column("source_url", CellType::Text, "").or_blank(),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ],
};

/// Reads the tables; what is wrong goes to `problems`.
pub fn read(configs: &Configs, names: &KnownNames, problems: &mut Problems) -> PlaceTables {
    PlaceTables {
        power: kept(read_power(configs, names), problems),
        hosts: kept(read_routes(configs, names, &HOSTS), problems),
        hubs: kept(read_routes(configs, names, &HUBS), problems),
        foundries: kept(read_foundries(configs, names), problems),
        tools: kept(read_tools(configs, names), problems),
        models: kept(read_models(configs, names), problems),
    }
}

fn read_power(configs: &Configs, names: &KnownNames) -> Result<Vec<PowerRow>, Problems> {
    let source = configs.read(POWER.path)?;
    let mut table: TableReading<'_, PowerRow> = TableReading::of(&source, &POWER, names)?;
    table.check(|row, found| {
        check_bounds(
            [
                row.dc_capacity_low_gw,
                row.dc_capacity_gw,
                row.dc_capacity_high_gw,
            ],
            0.0,
            [
                "dc_capacity_low_gw",
                "dc_capacity_gw",
                "dc_capacity_high_gw",
            ],
            found,
        );
        if let Some(ai) = row.ai_capacity_gw.filter(|ai| *ai > row.dc_capacity_gw) {
            let message = format!(
                "found {ai}, expected at most {} GW, that of all data centres",
                row.dc_capacity_gw
            );
            found.push(("ai_capacity_gw", message));
        }
    });
    if !table.is_wrong() && !table.rows().any(|r| r.iso3 == "WLD") {
        table.lacks("no row of `WLD`, the world, expected at least one".into());
    }
    table.finish()
}

fn read_routes(
    configs: &Configs,
    names: &KnownNames,
    spec: &TableSpec,
) -> Result<Vec<RouteRow>, Problems> {
    let source = configs.read(spec.path)?;
    let mut table: TableReading<'_, RouteRow> = TableReading::of(&source, spec, names)?;
    let mut shares: BTreeMap<String, f64> = BTreeMap::new();
    table.check(|row, found| {
        let bounds = [
            row.low.unwrap_or(row.value),
            row.value,
            row.high.unwrap_or(row.value),
        ];
        check_bounds(bounds, 0.0, ["low", "value", "high"], found);
        if let Some(end) = row.period_end.filter(|end| *end < row.period_start) {
            let message = format!("found {end}, before its start {}", row.period_start);
            found.push(("period_end", message));
        }
        if row.unit.starts_with("share") && row.value > 1.0 {
            let message = format!("found {}, expected a share from 0 to 1", row.value);
            found.push(("value", message));
        }
        let items: &[(&str, &str)] = match row.kind.as_str() {
            kind if kind == RENTAL[0] => {
                &[(RENTAL[1], RENTAL[2]), (RENTAL_LENGTH[0], RENTAL_LENGTH[1])]
            }
            kind if kind == DIVERSION[0] => &[(DIVERSION[1], DIVERSION[2])],
            _ => return,
        };
        let Some((item, unit)) = items.iter().find(|(item, _)| *item == row.item) else {
            let list: Vec<&str> = items.iter().map(|(item, _)| *item).collect();
            let message = format!(
                "found `{}`, expected `{}` for the kind {}",
                row.item,
                list.join("` or `"),
                row.kind
            );
            found.push(("item", message));
            return;
        };
        if !row.unit.starts_with(unit) {
            let message = format!("found `{}`, expected `{unit}` for this item", row.unit);
            found.push(("unit", message));
        }
        if row.destination_iso3.is_empty() {
            let message = "found an empty cell, expected the nation to which it goes";
            found.push(("destination_iso3", message.into()));
        }
        if *item == DIVERSION[1] {
            let sum = shares.entry(row.destination_iso3.clone()).or_default();
            *sum += row.value;
            // Told once, at the row with which it begins.
            let before = *sum - row.value;
            if *sum > 1.0 + SUM_ERROR && before <= 1.0 + SUM_ERROR {
                let message =
                    format!("the shares up to this row add up to {sum:.3}, expected 1 at most");
                found.push(("value", message));
            }
        }
    });
    table.finish()
}

/// How far shares may miss their sum by rounding.
const SUM_ERROR: f64 = 0.001;

/// Every foundry fills pools that no other fills.
fn read_foundries(configs: &Configs, names: &KnownNames) -> Result<Vec<FoundryRow>, Problems> {
    let source = configs.read(FOUNDRIES.path)?;
    let mut table: TableReading<'_, FoundryRow> = TableReading::of(&source, &FOUNDRIES, names)?;
    let mut filled = BTreeSet::new();
    table.check(|row, found| {
        for pool in row.pools.split(';') {
            if !filled.insert(pool.to_string()) {
                let message =
                    format!("found `{pool}`, expected a pool of pools.csv that no other row fills");
                found.push(("pools", message));
            }
        }
    });
    table.finish()
}

fn read_tools(configs: &Configs, names: &KnownNames) -> Result<Vec<ToolRow>, Problems> {
    let source = configs.read(TOOLS.path)?;
    let mut table: TableReading<'_, ToolRow> = TableReading::of(&source, &TOOLS, names)?;
    let mut sums: BTreeMap<(String, i32), f64> = BTreeMap::new();
    let mut years: BTreeMap<String, i32> = BTreeMap::new();
    table.check(|row, found| {
        check_bounds(
            [row.low_percent, row.supplier_share_percent, row.high_percent],
            0.0,
            ["low_percent", "supplier_share_percent", "high_percent"],
            found,
        );
        let sum = sums.entry((row.process_step.clone(), row.year)).or_default();
        *sum += row.supplier_share_percent;
        let (most, before) = (
            100.0 + 100.0 * SUM_ERROR,
            *sum - row.supplier_share_percent,
        );
        if *sum > most && before <= most {
            let message = format!(
                "the shares of `{}` up to this row add up to {sum:.1}, expected 100 percent at most",
                row.process_step
            );
            found.push(("supplier_share_percent", message));
        }
        if row.advanced_tool {
            let year = *years.entry(row.process_step.clone()).or_insert(row.year);
            if year != row.year {
                let message = format!(
                    "found {}, expected {year} as in the rows before: an advanced step counts once",
                    row.year
                );
                found.push(("year", message));
            }
        }
    });
    if !table.is_wrong() && !table.rows().any(|r| r.advanced_tool) {
        table.lacks("no row counts as `advanced_tool`, expected at least one".into());
    }
    table.finish()
}

fn read_models(configs: &Configs, names: &KnownNames) -> Result<Vec<ModelRow>, Problems> {
    let source = configs.read(MODELS.path)?;
    let mut table: TableReading<'_, ModelRow> = TableReading::of(&source, &MODELS, names)?;
    table.check(|row, found| {
        let bounds = [
            row.training_flop_low,
            row.training_flop,
            row.training_flop_high,
        ];
        let columns = ["training_flop_low", "training_flop", "training_flop_high"];
        match bounds {
            [low, Some(value), high] => check_bounds(
                [low.unwrap_or(value), value, high.unwrap_or(value)],
                0.0,
                columns,
                found,
            ),
            [None, None, None] => {}
            _ => found.push((
                columns[1],
                "found an empty cell beside its bounds, FLOP".into(),
            )),
        }
    });
    table.finish()
}

/// What the suppliers of one nation sell of one type of advanced tool.
#[derive(Clone, Debug)]
pub struct ToolShare {
    pub nation: String,
    pub tool_type: String,
    /// Share of the advanced tools sold in the world, as a fraction.
    pub share: f64,
}

impl PlaceTables {
    /// Suppliers of advanced tools with their shares of what the world buys: each type counts alike.
    pub fn tool_shares(&self) -> Vec<ToolShare> {
        let counted = || self.tools.iter().filter(|t| t.advanced_tool);
        let mut types: Vec<&str> = counted().map(|t| t.process_step.as_str()).collect();
        types.sort_unstable();
        types.dedup();
        let mut shares: Vec<ToolShare> = counted()
            .map(|row| ToolShare {
                nation: row.country.clone(),
                tool_type: row.process_step.clone(),
                share: row.supplier_share_percent / 100.0 / types.len() as f64,
            })
            .collect();
        shares.sort_by(|a, b| (&a.nation, &a.tool_type).cmp(&(&b.nation, &b.tool_type)));
        shares
    }
}
