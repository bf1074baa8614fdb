//! Tables of places and things: power, hosts, hubs, foundries, suppliers of tools, released models.

use serde::Deserialize;

use super::diagnostics::{Diagnostic, Located, Problems, read_csv};
use super::source::{Configs, Source};
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
pub struct Places {
    pub power: Vec<PowerRow>,
    pub hosts: Vec<RouteRow>,
    pub hubs: Vec<RouteRow>,
    pub foundries: Vec<FoundryRow>,
    pub tools: Vec<ToolRow>,
    pub models: Vec<ModelRow>,
}

#[rustfmt::skip]
const POWER: &[&str] = &[
    "iso3", "year", "dc_capacity_gw", "dc_capacity_low_gw", "dc_capacity_high_gw", "capacity_basis", "ai_capacity_gw",
    "dc_electricity_twh", "growth_share_per_year", "planned_gw", "planned_basis", "reserve_margin_share",
    "slack_index", "electricity_price_usd_kwh", "source", "source_url", "confidence",
];
#[rustfmt::skip]
const ROUTES: &[&str] = &[
    "hub_iso3", "kind", "item", "destination_iso3", "period_start", "period_end", "disclosed", "value", "low", "high",
    "unit", "detail", "source", "source_url", "confidence",
];
#[rustfmt::skip]
const FOUNDRIES: &[&str] =
    &["key", "name", "home", "pools", "source", "source_url", "confidence"];
#[rustfmt::skip]
const TOOLS: &[&str] = &[
    "process_step", "country", "year", "supplier_share_percent", "low_percent", "high_percent", "advanced_tool",
    "main_suppliers", "chip_relevance", "source", "source_url", "confidence",
];
#[rustfmt::skip]
const MODELS: &[&str] = &[
    "model", "lab", "country", "release_date", "training_flop", "training_flop_low", "training_flop_high",
    "open_weights", "score_eci", "score_other", "source", "source_url", "confidence",
];

/// Reads the tables; `nations` are the codes that they may name.
///
/// # Errors
/// For rows that are not as the columns say, name no nation, lie outside their own bounds, or have no source.
pub fn read(configs: &Configs, nations: &[String]) -> Result<Places, Problems> {
    let mut problems = Problems::default();
    let mut check = Check {
        nations,
        problems: &mut problems,
    };
    let places = Places {
        power: check.table(configs, "world/power.csv", POWER, |r: &PowerRow| Facts {
            nation: Some(&r.iso3),
            bounds: Some((
                r.dc_capacity_low_gw,
                r.dc_capacity_gw,
                r.dc_capacity_high_gw,
            )),
            source: &r.source,
        })?,
        hosts: check.table(configs, "world/hosts.csv", ROUTES, route_facts)?,
        hubs: check.table(configs, "world/hubs.csv", ROUTES, route_facts)?,
        foundries: check.table(
            configs,
            "world/foundries.csv",
            FOUNDRIES,
            |r: &FoundryRow| Facts {
                nation: Some(&r.home),
                bounds: None,
                source: &r.source,
            },
        )?,
        tools: check.table(configs, "world/tool_supply.csv", TOOLS, |r: &ToolRow| {
            Facts {
                nation: None,
                bounds: Some((r.low_percent, r.supplier_share_percent, r.high_percent)),
                source: &r.source,
            }
        })?,
        models: check.table(configs, "world/models.csv", MODELS, |r: &ModelRow| Facts {
            nation: None,
            bounds: r.training_flop.map(|v| {
                (
                    r.training_flop_low.unwrap_or(v),
                    v,
                    r.training_flop_high.unwrap_or(v),
                )
            }),
            source: &r.source,
        })?,
    };
    problems.check()?;
    check_foundries(configs, &places.foundries)?;
    Ok(places)
}

/// Every foundry fills pools that are recorded, and no pool is filled twice.
fn check_foundries(configs: &Configs, foundries: &[FoundryRow]) -> Result<(), Problems> {
    let source = configs.read("world/foundries.csv")?;
    let mut names = super::world::pool_names(configs)?;
    for row in foundries {
        for pool in row.pools.split(';') {
            let Some(at) = names.iter().position(|n| n == pool) else {
                let start = source.text.find(&row.key).unwrap_or(0);
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                let message =
                    format!("found `{pool}`, expected a pool of pools.csv that no other row fills");
                let problem = Diagnostic::at(&source, start..start + row.key.len(), message);
                return Err(problem.nearest(pool, &known).into());
            };
            names.swap_remove(at);
        }
    }
    Ok(())
}

impl Places {
    /// Each nation's share of the advanced tools sold in the world, as a fraction: its mean over the steps that count.
    pub fn tool_shares(&self) -> Vec<(String, f64)> {
        let counted = || self.tools.iter().filter(|t| t.advanced_tool);
        let mut steps: Vec<&str> = counted().map(|t| t.process_step.as_str()).collect();
        steps.sort_unstable();
        steps.dedup();
        let mut nations: Vec<&str> = counted().map(|t| t.country.as_str()).collect();
        nations.sort_unstable();
        nations.dedup();
        nations
            .into_iter()
            .map(|nation| {
                let percent: f64 = counted()
                    .filter(|t| t.country == nation)
                    .map(|t| t.supplier_share_percent)
                    .sum();
                (nation.to_string(), percent / 100.0 / steps.len() as f64)
            })
            .collect()
    }
}

fn route_facts(row: &RouteRow) -> Facts<'_> {
    Facts {
        nation: Some(&row.hub_iso3),
        bounds: Some((
            row.low.unwrap_or(row.value),
            row.value,
            row.high.unwrap_or(row.value),
        )),
        source: &row.source,
    }
}

/// Rows that speak of the whole world, or of all other nations.
const WIDER: [&str; 2] = ["WLD", "OTH"];

/// What every row can be held against.
struct Facts<'a> {
    nation: Option<&'a str>,
    /// Low, value, high.
    bounds: Option<(f64, f64, f64)>,
    source: &'a str,
}

struct Check<'a> {
    nations: &'a [String],
    problems: &'a mut Problems,
}

impl Check<'_> {
    fn table<T: serde::de::DeserializeOwned>(
        &mut self,
        configs: &Configs,
        path: &str,
        columns: &[&str],
        facts: impl Fn(&T) -> Facts<'_>,
    ) -> Result<Vec<T>, Problems> {
        let source = configs.read(path)?;
        let rows: Vec<Located<T>> = read_csv(&source, columns)?;
        for row in &rows {
            let facts = facts(&row.row);
            if let Some(problem) = self.wrong(&source, row, &facts) {
                self.problems.0.push(problem);
            }
        }
        Ok(rows.into_iter().map(|r| r.row).collect())
    }

    fn wrong<T>(&self, source: &Source, row: &Located<T>, facts: &Facts<'_>) -> Option<Diagnostic> {
        let codes: Vec<&str> = self.nations.iter().map(String::as_str).collect();
        if let Some(iso3) = facts
            .nation
            .filter(|n| !codes.contains(n) && !WIDER.contains(n))
        {
            let message = format!("found `{iso3}`, expected the ISO3 code of a nation");
            return Some(row.problem(source, iso3, message).nearest(iso3, &codes));
        }
        if let Some((low, value, high)) = facts.bounds
            && !(low <= value && value <= high && value >= 0.0)
        {
            let message =
                format!("found {value}, expected a value from {low} to {high}, its own bounds");
            return Some(row.problem(source, &format!("{value}"), message));
        }
        let message = "a row needs a source; `background` or `judgement` is one if it says why";
        facts
            .source
            .trim()
            .is_empty()
            .then(|| row.problem(source, ",", message))
    }
}
