//! What is recorded about supply, demand, power and the first stock of chips, as paths and shares that all runs use.

use super::participants::{MarketPartition, Sides, first_claimant};
use crate::agents::nation::{Nation, RecordedDemand};
use crate::config::nations::NationRow;
use crate::config::places::{PlaceTables, ToolShare};
use crate::config::world::{MakerRow, WorldTables};
use crate::controls::{Attribute, Attributes, Instrument, Law, Regime};
use crate::foundation::bloc::Bloc;
use crate::foundation::calendar::Month;
use crate::foundation::chance::stable_key;
use crate::technology::foundry::ToolSupplier;
use crate::technology::path::TimePath;
use crate::technology::supply::{RecordedFoundry, RecordedSupply, SupplyPool};

/// Suppliers of advanced tools by nation and type, before any denial, each with a tool for an advanced fab in the target.
pub(super) fn tool_suppliers(
    places: &PlaceTables,
    nations: &[NationRow],
    sides: Sides,
    law: &Law,
    target: &Attributes,
) -> Vec<(Attributes, ToolSupplier)> {
    let side = |nation: &str| {
        let listed = nations.iter().any(|n| n.iso3 == nation);
        match sides.bloc_of(nation) {
            Bloc::Issuer if listed => Some(0),
            Bloc::Target if listed => None,
            _ => Some(1),
        }
    };
    let supplier = |row: ToolShare| {
        let mut tool = Attributes::default().with_shipment(target);
        tool.set(Attribute::FabNodeNm, 7.0);
        tool.flag(Attribute::FabNonPlanar, true);
        tool.set(Attribute::HqCountry, law.symbols.find(&row.nation));
        tool.set(Attribute::ToolType, law.symbols.find(&row.tool_type));
        let supplier = ToolSupplier {
            share: row.share,
            denies: 0.0,
            years_denied: 0.0,
            side: side(&row.nation),
        };
        (tool, supplier)
    };
    places.tool_shares().into_iter().map(supplier).collect()
}

/// Power of data centres in GW by bloc: the issuer's, the target's, and the remainder of the world's.
pub(super) fn power_paths(places: &PlaceTables, sides: Sides) -> [TimePath; 3] {
    let of = |iso3: &str| -> TimePath {
        let mut knots: Vec<(f64, f64)> = places
            .power
            .iter()
            .filter(|r| r.iso3 == iso3)
            .map(|r| (f64::from(r.year) + 0.5, r.dc_capacity_gw))
            .collect();
        knots.sort_by(|a, b| a.0.total_cmp(&b.0));
        TimePath(knots)
    };
    let (mine, theirs, world) = (of(sides.issuer), of(sides.target), of("WLD"));
    let rest = world
        .0
        .iter()
        .map(|(year, all)| {
            (
                *year,
                (all - mine.at(*year, 0.0, f64::MAX) - theirs.at(*year, 0.0, f64::MAX)).max(1.0),
            )
        })
        .collect();
    [mine, theirs, TimePath(rest)]
}

/// Share of its bloc's chips at the start, by market, and share of its market's chips, by nation; third nations by GDP.
pub(super) fn starting_shares(
    nations: &[NationRow],
    markets: &MarketPartition,
    rows: &[Nation],
) -> (Vec<f64>, Vec<f64>) {
    let gdp = |row: usize| nations[row].gdp_usd_2024;
    let third: f64 = (0..nations.len())
        .filter(|r| rows[*r].bloc == Bloc::Third)
        .map(gdp)
        .sum();
    let parts: Vec<f64> = (0..nations.len())
        .map(|row| match rows[row].bloc {
            Bloc::Target | Bloc::Issuer => 1.0,
            Bloc::Third => gdp(row) / third.max(f64::MIN_POSITIVE),
        })
        .collect();
    let mut by_market = vec![0.0; markets.count];
    for (row, part) in parts.iter().enumerate() {
        by_market[markets.of_nation[row]] += part;
    }
    let share = parts
        .iter()
        .enumerate()
        .map(|(row, part)| part / by_market[markets.of_nation[row]].max(f64::MIN_POSITIVE))
        .collect();
    (by_market, share)
}

/// Recorded capacity of each foundry; its home decides whether rules on the target apply to it.
pub(super) fn recorded_supply(
    tables: &WorldTables,
    places: &PlaceTables,
    target: &str,
    makers: &[&MakerRow],
) -> RecordedSupply {
    let foundries = places
        .foundries
        .iter()
        .map(|row| {
            let in_target = row.home == target;
            let fills = row.pools.split(';').map(|name| {
                let (pool, scale) = match name {
                    "cowos_s" => (SupplyPool::CowosS, 1.0),
                    "cowos_l" => (SupplyPool::CowosL, 1.0),
                    memory if memory.starts_with("hbm") && in_target => {
                        (SupplyPool::HbmTarget, 1e6)
                    }
                    memory if memory.starts_with("hbm") => (SupplyPool::HbmWorld, 1e6),
                    _ if in_target => (SupplyPool::LogicTarget, 1.0),
                    _ => (SupplyPool::LogicWorld, 1.0),
                };
                (pool, tables.pool_path(name, scale))
            });
            RecordedFoundry {
                key: row.key.clone(),
                in_target,
                fills: fills.collect(),
            }
        })
        .collect();
    RecordedSupply {
        foundries,
        proxy_dies_per_year: tables.pool_path("proxy_fab_dies", 1.0),
        proxy_maker: first_claimant(makers).map(|at| at as u16),
        designers: (0..makers.len() as u16)
            .filter(|maker| makers[usize::from(*maker)].home == target)
            .collect(),
    }
}

pub(super) fn recorded_demand(
    tables: &WorldTables,
    nations: &[NationRow],
    record: &Regime,
    law: &Law,
    sides: Sides,
) -> (Vec<String>, RecordedDemand) {
    let mut regions: Vec<String> = nations.iter().map(|n| n.region.clone()).collect();
    regions.sort();
    regions.dedup();
    let region_of = |iso3: &str| {
        let name = nations
            .iter()
            .find(|n| n.iso3 == iso3)
            .map_or("", |n| n.region.as_str());
        regions.iter().position(|r| r == name).unwrap_or(0)
    };
    let deflated = |path: TimePath| {
        let knots = path.0.into_iter().map(|(year, value)| {
            let prices = tables
                .demand_path("deflator", "", 1.0)
                .at(year, 0.0, f64::INFINITY);
            (year, value / prices.max(0.1))
        });
        TimePath(knots.collect())
    };
    // Rules on chips for the target that were enforced; before the first, its spending was unrestricted.
    let first_rule = record
        .entries
        .iter()
        .filter(|e| {
            let rule = &law.rules[usize::from(e.rule)];
            rule.instrument == Instrument::ChipThreshold && rule.issuer == sides.issuer
        })
        .map(|e| Month::from_date(e.compliance))
        .min()
        .unwrap_or(Month::of(2022, 9));
    let paths = RecordedDemand {
        capex_usd: deflated(tables.demand_path("hyperscaler_capex", "", 1e9)),
        target_demand_usd: deflated(tables.demand_path("target_wants", "", 1e9)),
        captive_share: tables.demand_path("captive_share", "", 1.0),
        region_usd: regions
            .iter()
            .map(|r| deflated(tables.demand_path("third_demand", r, 1e9)))
            .collect(),
        region_keys: regions.iter().map(|r| stable_key(r)).collect(),
        issuer_region: region_of(sides.issuer),
        target_region: region_of(sides.target),
        first_rule,
    };
    (regions, paths)
}
