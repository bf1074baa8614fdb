//! The blueprint: converts tables to rows, slots, markets and paths, once for all runs and arms.

use std::sync::{Arc, Mutex, Weak};

use super::observe::OutputColumns;
use crate::agents::broker::Broker;
use crate::agents::chipmaker::Chipmaker;
use crate::agents::host::CloudHost;
use crate::agents::lab::{Lab, ReleaseChoice};
use crate::agents::nation::{DemandPaths, Nation, RecordedDemand};
use crate::agents::users::ServiceUsers;
use crate::config::chips::ChipRow;
use crate::config::nations::NationRow;
use crate::config::places::{DIVERSION, PlaceTables, RENTAL};
use crate::config::world::{ChipUse, LabReleasePolicy, MakerRow, WorldTables};
use crate::controls::{Attribute, Attributes, Law, NationGroups, Regime};
use crate::foundation::calendar::Month;
use crate::foundation::chance::stable_key;
use crate::markets::chips::{BudgetPurpose, Customer, CustomerKind, MarketLayout};
use crate::markets::terms::CompiledRules;
use crate::measures::Bloc;
use crate::technology::chip::ChipSpec;
use crate::technology::path::TimePath;
use crate::technology::power::PowerPaths;
use crate::technology::roadmap::{ChipSlot, Roadmap, SlotKind};
use crate::technology::supply::{RecordedFoundry, RecordedSupply, SupplyPool};

/// Inputs of a blueprint.
pub struct BlueprintInputs<'a> {
    pub law: Law,
    pub chips: &'a [ChipRow],
    pub nations: &'a [NationRow],
    pub tables: &'a WorldTables,
    pub places: &'a PlaceTables,
    /// The recorded rules, under which supply was recorded.
    pub record: &'a Regime,
    /// Number of synthetic labs: small labs without names.
    pub synthetic_labs: u32,
    pub first: Month,
    pub last: Month,
    pub issuer: &'a str,
    pub target: &'a str,
}

/// Everything that all runs share and no run changes.
pub struct Blueprint {
    pub first: Month,
    pub months: usize,
    pub law: Arc<Law>,
    pub roadmap: Roadmap,
    pub layout: Arc<MarketLayout>,
    pub demand: DemandPaths,
    pub supply: Arc<RecordedSupply>,
    /// Share of the world's advanced tools by nation of the supplier.
    pub tool_shares: Vec<(String, f64)>,
    pub watch: Arc<OutputColumns>,
    pub nations: Vec<Nation>,
    pub makers: Vec<Chipmaker>,
    pub labs: Vec<Lab>,
    pub maker_keys: Vec<String>,
    pub maker_names: Vec<String>,
    pub lab_keys: Vec<String>,
    pub lab_names: Vec<String>,
    pub broker_names: Vec<String>,
    pub brokers: Vec<Broker>,
    pub hosts: Vec<CloudHost>,
    /// ISO3 codes of the nations in which hosts are located.
    pub host_nations: Vec<String>,
    pub users: Vec<ServiceUsers>,
    pub power: PowerPaths,
    pub variant_slots: Vec<Vec<usize>>,
    pub regions: usize,
    pub oldest_chip: usize,
    /// Share of its bloc's chips at the start, by market.
    pub start_part: Vec<f64>,
    /// Share of its market's chips at the start, by nation.
    pub start_share: Vec<f64>,
    /// Attributes of a shipment, by market.
    pub shipments: Vec<Attributes>,
    /// Attributes of a chip, by slot.
    pub slot_attributes: Vec<Attributes>,
    /// Attributes of the designer who orders wafers, by maker: name and home.
    pub designers: Vec<Attributes>,
    pub target_made: Vec<bool>,
    pub record: Regime,
    pub nation_rows: Vec<NationRow>,
    pub market_of_nation: Vec<usize>,
    pub target_market: usize,
    pub target_region: usize,
    /// Compiled sale rules that any calendar holds; an entry is dropped with the last calendar that uses it.
    pub judged: Mutex<Vec<Weak<CompiledRules>>>,
}

impl Blueprint {
    pub fn new(inputs: BlueprintInputs<'_>) -> Self {
        let BlueprintInputs {
            mut law,
            chips,
            nations,
            tables,
            places,
            record,
            synthetic_labs,
            first,
            last,
            issuer,
            target,
        } = inputs;
        // Rows are sorted by key, so the order of lines in a table has no effect.
        let sorted = SortedTables::of(nations, chips, tables, places);
        let (nations, chips, tables, places) = (
            &sorted.nations[..],
            &sorted.chips[..],
            &sorted.tables,
            &sorted.places,
        );
        let months = (last - first + 1).max(1) as usize;
        let bloc_of = |iso3: &str| match iso3 {
            i if i == issuer => Bloc::Issuer,
            i if i == target => Bloc::Target,
            _ => Bloc::Third,
        };
        let makers: Vec<&MakerRow> = tables
            .makers
            .iter()
            .filter(|m| m.role != ChipUse::Foundry)
            .collect();
        let groups: Vec<NationGroups> =
            nations.iter().map(|n| n.groups(&mut law.symbols)).collect();
        let named = |iso3: &str| law.names_nation(iso3);
        let markets = MarketPartition::new(nations, &groups, &named, issuer, target);
        let slots = build_slots(chips, &makers, tables, first, months, target, issuer);
        let (customers, brokers, broker_names) = build_customers(&markets, nations, places);
        let layout = Arc::new(MarketLayout {
            customers,
            markets: markets.count,
            makers: makers.len(),
            maker_of: slots.iter().map(|s| s.slot.maker).collect(),
            captive_chip: slots.iter().map(|s| s.slot.captive).collect(),
            target_made: slots.iter().map(|s| s.slot.target_made).collect(),
            target_market: markets.target,
            market_of_nation: markets.of_nation.clone(),
            bloc_of_market: markets
                .example
                .iter()
                .map(|&n| bloc_of(&nations[n].iso3) as usize)
                .collect(),
        });
        let maker_keys: Vec<String> = makers.iter().map(|m| m.key.clone()).collect();
        let roadmap = Roadmap {
            slots: Arc::new(slots.iter().map(|s| s.slot.clone()).collect()),
            slot_keys: Arc::new(slots.iter().map(|s| stable_key(&s.slot.key)).collect()),
            maker_keys: Arc::new(maker_keys.iter().map(|k| stable_key(k)).collect()),
        };
        let slot_attributes: Vec<Attributes> = slots
            .iter()
            .map(|s| {
                s.row
                    .map_or_else(Attributes::default, |r| r.attributes(&mut law.symbols))
            })
            .collect();
        let designers = makers
            .iter()
            .map(|m| {
                let mut a = Attributes::default();
                a.set(Attribute::Buyer, law.symbols.code(&m.chip_vendor));
                a.set(Attribute::Vendor, law.symbols.code("TSMC"));
                a.set(Attribute::HqCountry, law.symbols.code("TWN"));
                a.set(Attribute::ProcessNodeNm, 7.0);
                a.flag(Attribute::NonPlanar, true);
                a.set(Attribute::TransistorsBn, 50.0);
                if let Some(at) = nations.iter().position(|n| n.iso3 == m.home) {
                    a.ship_to(&groups[at], &groups[at]);
                }
                a
            })
            .collect();
        let shipments = markets
            .example
            .iter()
            .map(|&nation| {
                let mut a = Attributes::default();
                a.ship_to(&groups[nation], &groups[nation]);
                a
            })
            .collect();
        let (regions, demand) = recorded_demand(tables, nations, record, &law, issuer, target);
        let nation_rows: Vec<Nation> = nations
            .iter()
            .enumerate()
            .map(|(row, n)| {
                let region = regions.iter().position(|r| *r == n.region).unwrap_or(0);
                let size: f64 = nations
                    .iter()
                    .filter(|o| o.region == n.region)
                    .map(|o| o.gdp_usd_2024)
                    .sum();
                Nation {
                    row: row as u32,
                    market: markets.of_nation[row] as u32,
                    region: region as u32,
                    bloc: bloc_of(&n.iso3),
                    share_of_region: if size > 0.0 {
                        n.gdp_usd_2024 / size
                    } else {
                        0.0
                    },
                }
            })
            .collect();
        let chipmakers: Vec<Chipmaker> = makers
            .iter()
            .enumerate()
            .map(|(row, m)| Chipmaker {
                row: row as u32,
                key: stable_key(&m.key),
                home: bloc_of(&m.home),
                captive: m.role == ChipUse::Captive,
                maturity_at_start: m.software_maturity,
            })
            .collect();
        let hosts = cloud_hosts(places, nations, &nation_rows, target);
        let mut labs = named_labs(tables, nations, &bloc_of);
        add_synthetic_labs(&mut labs, synthetic_labs, nations, &bloc_of);
        let variant_slots = (0..makers.len())
            .map(|maker| {
                let of = |at: &usize| {
                    let slot = &roadmap.slots[*at];
                    usize::from(slot.maker) == maker
                        && matches!(slot.kind, SlotKind::Variant { .. })
                };
                (0..roadmap.slots.len()).filter(of).collect()
            })
            .collect();
        let supply = recorded_supply(tables, places, target, &makers);
        let watch = Arc::new(OutputColumns::new(
            &roadmap,
            &maker_keys,
            &nations.iter().map(|n| n.iso3.clone()).collect::<Vec<_>>(),
            &tables
                .labs
                .iter()
                .map(|l| l.key.clone())
                .collect::<Vec<_>>(),
            &supply.foundries,
            &hosts
                .iter()
                .map(|(_, iso3)| iso3.clone())
                .collect::<Vec<_>>(),
            markets
                .example
                .iter()
                .map(|&n| bloc_of(&nations[n].iso3) as usize)
                .collect(),
            chipmakers.iter().map(|m| m.home as usize).collect(),
            chipmakers.iter().map(|m| !m.captive).collect(),
        ));
        let oldest_chip = oldest_chip_slot(&roadmap);
        let (start_part, start_share) = starting_shares(nations, &markets, &nation_rows);
        Self {
            first,
            months,
            target_region: demand.target_region,
            judged: Mutex::default(),
            demand: DemandPaths(Arc::new(demand)),
            supply: Arc::new(supply),
            tool_shares: places.tool_shares(),
            target_made: roadmap.slots.iter().map(|s| s.target_made).collect(),
            maker_names: makers.iter().map(|m| m.name.clone()).collect(),
            lab_keys: tables.labs.iter().map(|l| l.key.clone()).collect(),
            lab_names: tables.labs.iter().map(|l| l.name.clone()).collect(),
            broker_names,
            brokers,
            hosts: hosts.iter().map(|(host, _)| *host).collect(),
            host_nations: hosts.into_iter().map(|(_, iso3)| iso3).collect(),
            power: PowerPaths(Arc::new(power_paths(places, issuer, target))),
            users: nations
                .iter()
                .map(|n| ServiceUsers {
                    gdp_usd: n.gdp_usd_2024,
                    alignment_start: n.bloc_alignment,
                    alignment: n.bloc_alignment,
                    alignment_logged: n.bloc_alignment,
                    issuer_stack: 1.0,
                    ..ServiceUsers::default()
                })
                .collect(),
            nations: nation_rows,
            makers: chipmakers,
            regions: regions.len(),
            record: record.clone(),
            nation_rows: nations.to_vec(),
            market_of_nation: markets.of_nation,
            target_market: markets.target,
            law: Arc::new(law),
            roadmap,
            layout,
            watch,
            labs,
            maker_keys,
            variant_slots,
            oldest_chip,
            start_part,
            start_share,
            shipments,
            slot_attributes,
            designers,
        }
    }
}

/// The tables with their rows in the order of their keys.
struct SortedTables {
    nations: Vec<NationRow>,
    chips: Vec<ChipRow>,
    tables: WorldTables,
    places: PlaceTables,
}

impl SortedTables {
    fn of(
        nations: &[NationRow],
        chips: &[ChipRow],
        tables: &WorldTables,
        places: &PlaceTables,
    ) -> Self {
        let mut all = Self {
            nations: nations.to_vec(),
            chips: chips.to_vec(),
            tables: tables.clone(),
            places: places.clone(),
        };
        all.nations.sort_by(|a, b| a.iso3.cmp(&b.iso3));
        all.chips
            .sort_by(|a, b| (a.first_ship, &a.key).cmp(&(b.first_ship, &b.key)));
        all.tables.makers.sort_by(|a, b| a.key.cmp(&b.key));
        all.tables.labs.sort_by(|a, b| a.key.cmp(&b.key));
        all.places.hubs.sort_by(|a, b| a.hub_iso3.cmp(&b.hub_iso3));
        all
    }
}

/// Nations that every rule treats equally form one market.
struct MarketPartition {
    count: usize,
    of_nation: Vec<usize>,
    /// One nation of each market.
    example: Vec<usize>,
    issuer: usize,
    target: usize,
}

impl MarketPartition {
    fn new(
        nations: &[NationRow],
        groups: &[NationGroups],
        named: &dyn Fn(&str) -> bool,
        issuer: &str,
        target: &str,
    ) -> Self {
        // A nation that a rule names forms its own market; others are distinguished only by their groups.
        let alone = |iso3: &str| iso3 == issuer || iso3 == target || named(iso3);
        let mut example: Vec<usize> = Vec::new();
        let mut of_nation = Vec::with_capacity(nations.len());
        for (row, nation) in nations.iter().enumerate() {
            let same = |other: &&usize| {
                let mut a = groups[**other];
                let mut b = groups[row];
                a.iso3 = 0.0;
                b.iso3 = 0.0;
                !alone(&nation.iso3) && !alone(&nations[**other].iso3) && a == b
            };
            let market = example
                .iter()
                .position(|other| same(&other))
                .unwrap_or_else(|| {
                    example.push(row);
                    example.len() - 1
                });
            of_nation.push(market);
        }
        let market = |iso3: &str| {
            nations
                .iter()
                .position(|n| n.iso3 == iso3)
                .map_or(0, |row| of_nation[row])
        };
        Self {
            count: example.len(),
            issuer: market(issuer),
            target: market(target),
            of_nation,
            example,
        }
    }
}

/// Customers: two wallets for each market, for owners of captive chips and for the target's state, and one for the brokers of
/// each hub.
fn build_customers(
    markets: &MarketPartition,
    nations: &[NationRow],
    places: &PlaceTables,
) -> (Vec<Customer>, Vec<Broker>, Vec<String>) {
    let customer = |market: usize, wallet: BudgetPurpose| Customer {
        market,
        wallet,
        kind: CustomerKind::Ordinary,
    };
    let mut list = Vec::with_capacity(2 * markets.count + 8);
    for market in 0..markets.count {
        for wallet in [BudgetPurpose::Training, BudgetPurpose::Serving] {
            list.push(customer(market, wallet));
        }
    }
    for wallet in [BudgetPurpose::Training, BudgetPurpose::Serving] {
        list.push(Customer {
            kind: CustomerKind::CaptiveOwner,
            ..customer(markets.issuer, wallet)
        });
        list.push(Customer {
            kind: CustomerKind::StateProcurement,
            ..customer(markets.target, wallet)
        });
    }
    let mut brokers = Vec::new();
    let mut names = Vec::new();
    let recorded = places.hubs.iter().filter(|r| r.item == DIVERSION[1]);
    for row in recorded {
        let Some(nation) = nations.iter().position(|n| n.iso3 == row.hub_iso3) else {
            continue;
        };
        let market = markets.of_nation[nation];
        let is_broker = |c: &Customer| c.kind.is_broker() && c.market == market;
        let at = list.iter().position(is_broker).unwrap_or_else(|| {
            list.push(Customer {
                kind: CustomerKind::Broker,
                ..customer(market, BudgetPurpose::Training)
            });
            list.len() - 1
        });
        brokers.push(Broker {
            row: brokers.len() as u32,
            key: stable_key(&format!("broker-{}", row.hub_iso3)),
            customer: at as u32,
            share: row.value,
        });
        names.push(format!("Brokers in {}", nations[nation].name));
    }
    (list, brokers, names)
}

/// Hosts: nations in which compute is known to be rented to the target, weighted by its power draw there.
fn cloud_hosts(
    places: &PlaceTables,
    nations: &[NationRow],
    rows: &[Nation],
    target: &str,
) -> Vec<(CloudHost, String)> {
    let recorded: Vec<(usize, f64)> = places
        .hosts
        .iter()
        .filter(|r| r.kind == RENTAL[0] && r.item == RENTAL[1])
        .filter(|r| r.destination_iso3 == target)
        .filter_map(|r| Some((nations.iter().position(|n| n.iso3 == r.hub_iso3)?, r.value)))
        .filter(|(at, _)| rows[*at].bloc != Bloc::Target)
        .collect();
    let sum = |here: &dyn Fn(usize) -> bool| -> f64 {
        let of: f64 = recorded
            .iter()
            .filter(|(at, _)| here(*at))
            .map(|(_, mw)| mw)
            .sum();
        of.max(f64::MIN_POSITIVE)
    };
    recorded
        .iter()
        .enumerate()
        .map(|(row, &(at, mw))| {
            let host = CloudHost {
                row: row as u32,
                market: rows[at].market,
                region: rows[at].region,
                share: mw / sum(&|_| true),
                share_of_region: mw / sum(&|other| rows[other].region == rows[at].region),
            };
            (host, nations[at].iso3.clone())
        })
        .collect()
}

/// Power of data centres in GW by bloc: the issuer's, the target's, and the remainder of the world's.
fn power_paths(places: &PlaceTables, issuer: &str, target: &str) -> [TimePath; 3] {
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
    let (mine, theirs, world) = (of(issuer), of(target), of("WLD"));
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

struct SlotWithRow<'a> {
    slot: ChipSlot,
    row: Option<&'a ChipRow>,
}

/// Catalogue, later generations and variant slots of every maker, sorted by maker.
fn build_slots<'a>(
    chips: &'a [ChipRow],
    makers: &[&MakerRow],
    tables: &WorldTables,
    first: Month,
    months: usize,
    target: &str,
    issuer: &str,
) -> Vec<SlotWithRow<'a>> {
    /// Variants that one maker may design in a run.
    const VARIANTS: u32 = 8;
    /// Generations beyond the table that can fit before the last month, at the shortest cadence.
    const SHORTEST_MONTHS: i32 = 12;
    let mut all = Vec::new();
    for (row, maker) in makers.iter().enumerate() {
        let of_maker = |c: &&ChipRow| c.vendor == maker.chip_vendor && c.in_roadmap();
        let listed: Vec<&ChipRow> = chips.iter().filter(of_maker).collect();
        if maker.chip_vendor.is_empty() || listed.is_empty() {
            continue;
        }
        let captive = maker.role == ChipUse::Captive;
        let target_made = maker.home == target;
        let slot = |key: String, name: String, kind: SlotKind, spec: ChipSpec| ChipSlot {
            key,
            name,
            maker: row as u16,
            captive,
            kind,
            spec,
            target_made,
        };
        let spec = |c: &ChipRow| c.spec(|month| tables.deflate(month));
        let mut last: Option<(&ChipRow, i32)> = None;
        for &chip in &listed {
            let launch = chip.first_ship.map_or(0, |m| m - first);
            if last.is_none_or(|(_, l)| launch >= l) {
                last = Some((chip, launch));
            }
            let kind = SlotKind::Catalogue { launch };
            all.push(SlotWithRow {
                slot: slot(chip.key.clone(), chip.chip.clone(), kind, spec(chip)),
                row: Some(chip),
            });
        }
        let Some((newest, last_listed)) = last else {
            continue;
        };
        let room = ((months as i32 - last_listed) / SHORTEST_MONTHS).max(0);
        for ordinal in 1..=room as u32 {
            let kind = SlotKind::Generation {
                ordinal,
                last_listed,
            };
            let key = format!("{}-generation-{ordinal}", maker.key);
            let name = format!("{} generation {ordinal}", maker.chip_vendor);
            all.push(SlotWithRow {
                slot: slot(key, name, kind, spec(newest)),
                row: Some(newest),
            });
        }
        if maker.home == issuer && !captive {
            for ordinal in 1..=VARIANTS {
                let kind = SlotKind::Variant { ordinal };
                let key = format!("{}-variant-{ordinal}", maker.key);
                let name = format!("{} variant {ordinal}", maker.chip_vendor);
                all.push(SlotWithRow {
                    slot: slot(key, name, kind, spec(newest)),
                    row: Some(newest),
                });
            }
        }
    }
    all
}

fn oldest_chip_slot(roadmap: &Roadmap) -> usize {
    let launch = |s: &ChipSlot| match s.kind {
        SlotKind::Catalogue { launch } if !s.captive => launch,
        _ => i32::MAX,
    };
    (0..roadmap.slots.len())
        .min_by_key(|at| launch(&roadmap.slots[*at]))
        .unwrap_or(0)
}

/// Share of its bloc's chips at the start, by market, and share of its market's chips, by nation; third nations by GDP.
fn starting_shares(
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

fn named_labs(
    tables: &WorldTables,
    nations: &[NationRow],
    bloc_of: &dyn Fn(&str) -> Bloc,
) -> Vec<Lab> {
    let size = |l: &crate::config::world::LabRow| {
        l.compute_2025_h100e
            .or(l.compute_2026_h100e)
            .unwrap_or(1000.0)
    };
    tables
        .labs
        .iter()
        .enumerate()
        .map(|(row, lab)| {
            let all: f64 = tables
                .labs
                .iter()
                .filter(|o| o.home == lab.home)
                .map(size)
                .sum();
            Lab {
                row: row as u32,
                key: stable_key(&lab.key),
                nation: nations.iter().position(|n| n.iso3 == lab.home).unwrap_or(0) as u32,
                bloc: bloc_of(&lab.home),
                release: match lab.release_policy {
                    LabReleasePolicy::Open => ReleaseChoice::Open,
                    LabReleasePolicy::Closed => ReleaseChoice::Closed,
                    LabReleasePolicy::Mixed => ReleaseChoice::Mixed,
                },
                share_of_nation: size(lab) / all.max(f64::MIN_POSITIVE),
                skill: 1.0,
                synthetic: false,
            }
        })
        .collect()
}

/// Share of a nation's compute that its synthetic labs use together; it is not part of any named lab's compute.
const SYNTHETIC_SHARE: f64 = 0.05;

/// Adds synthetic labs, alternating between nations with named labs and all others.
fn add_synthetic_labs(
    labs: &mut Vec<Lab>,
    count: u32,
    nations: &[NationRow],
    bloc_of: &dyn Fn(&str) -> Bloc,
) {
    let named = labs.len();
    let per_nation = (f64::from(count) / nations.len() as f64).ceil().max(1.0);
    for n in 0..count {
        let nation = n as usize % nations.len();
        labs.push(Lab {
            row: (named + n as usize) as u32,
            key: stable_key(&format!("synthetic-{n}")),
            nation: nation as u32,
            bloc: bloc_of(&nations[nation].iso3),
            release: ReleaseChoice::Closed,
            share_of_nation: SYNTHETIC_SHARE / per_nation,
            skill: 1.0,
            synthetic: true,
        });
    }
}

/// Recorded capacity of each foundry; its home decides whether rules on the target apply to it.
fn recorded_supply(
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
        proxy_maker: makers
            .iter()
            .position(|m| m.chip_vendor == "Huawei")
            .map(|at| at as u16),
        designers: (0..makers.len() as u16)
            .filter(|maker| makers[usize::from(*maker)].home == target)
            .collect(),
    }
}

fn recorded_demand(
    tables: &WorldTables,
    nations: &[NationRow],
    record: &Regime,
    law: &Law,
    issuer: &str,
    target: &str,
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
    let deflated = |path: crate::technology::path::TimePath| {
        let knots = path.0.into_iter().map(|(year, value)| {
            let prices = tables
                .demand_path("deflator", "", 1.0)
                .at(year, 0.0, f64::INFINITY);
            (year, value / prices.max(0.1))
        });
        crate::technology::path::TimePath(knots.collect())
    };
    // Rules on chips for the target that were enforced; before the first, its spending was unrestricted.
    let first_rule = record
        .entries
        .iter()
        .filter(|e| {
            let rule = &law.rules[usize::from(e.rule)];
            rule.instrument == crate::controls::Instrument::ChipThreshold && rule.issuer == issuer
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
        issuer_region: region_of(issuer),
        target_region: region_of(target),
        first_rule,
    };
    (regions, paths)
}
