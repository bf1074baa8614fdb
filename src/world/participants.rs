//! Who takes part in a study: markets of nations, customers and brokers, makers, cloud hosts and labs.

use crate::agents::broker::Broker;
use crate::agents::chipmaker::Chipmaker;
use crate::agents::host::CloudHost;
use crate::agents::lab::{Lab, ReleaseChoice};
use crate::agents::nation::Nation;
use crate::config::nations::NationRow;
use crate::config::places::{DIVERSION, PlaceTables, RENTAL};
use crate::config::world::{ChipUse, LabReleasePolicy, LabRow, MakerRow, WorldTables};
use crate::controls::NationGroups;
use crate::foundation::bloc::Bloc;
use crate::foundation::chance::stable_key;
use crate::markets::chip_market::state::{BudgetPurpose, Customer, CustomerKind};

/// ISO3 codes of the two sides of a study.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    pub(super) issuer: &'a str,
    pub(super) target: &'a str,
}

impl Sides<'_> {
    pub(super) fn bloc_of(self, iso3: &str) -> Bloc {
        match iso3 {
            i if i == self.issuer => Bloc::Issuer,
            i if i == self.target => Bloc::Target,
            _ => Bloc::Third,
        }
    }
}

/// Nations that every rule treats equally form one market.
pub(super) struct MarketPartition {
    pub(super) count: usize,
    pub(super) of_nation: Vec<usize>,
    /// One nation of each market.
    pub(super) example: Vec<usize>,
    pub(super) issuer: usize,
    pub(super) target: usize,
}

impl MarketPartition {
    pub(super) fn new(
        nations: &[NationRow],
        groups: &[NationGroups],
        named: &[bool],
        sides: Sides,
    ) -> Self {
        // A nation that a rule names forms its own market; others are distinguished only by their groups.
        let alone = |row: usize| {
            let iso3 = nations[row].iso3.as_str();
            iso3 == sides.issuer || iso3 == sides.target || named[row]
        };
        let mut example: Vec<usize> = Vec::new();
        let mut of_nation = Vec::with_capacity(nations.len());
        for row in 0..nations.len() {
            let same = |other: &&usize| {
                let mut a = groups[**other];
                let mut b = groups[row];
                a.iso3 = 0.0;
                b.iso3 = 0.0;
                !alone(row) && !alone(**other) && a == b
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
            issuer: market(sides.issuer),
            target: market(sides.target),
            of_nation,
            example,
        }
    }
}

/// Nations with their markets, regions and shares of their regions' demand.
pub(super) fn nations_of(
    nations: &[NationRow],
    markets: &MarketPartition,
    regions: &[String],
    sides: Sides,
) -> Vec<Nation> {
    let nation = |(row, n): (usize, &NationRow)| {
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
            bloc: sides.bloc_of(&n.iso3),
            share_of_region: if size > 0.0 {
                n.gdp_usd_2024 / size
            } else {
                0.0
            },
        }
    };
    nations.iter().enumerate().map(nation).collect()
}

/// The maker of the target that has the first claim on home wafers and memory, and reaches the leading foundry through
/// proxies alone.
pub(super) fn first_claimant(makers: &[&MakerRow]) -> Option<usize> {
    makers.iter().position(|m| m.chip_vendor == "Huawei")
}

pub(super) fn chipmakers(makers: &[&MakerRow], sides: Sides) -> Vec<Chipmaker> {
    makers
        .iter()
        .enumerate()
        .map(|(row, m)| Chipmaker {
            row: row as u32,
            key: stable_key(&m.key),
            home: sides.bloc_of(&m.home),
            captive: m.role == ChipUse::Captive,
            owner_share: m.owner_share_range(),
            maturity_at_start: m.maturity_range(),
        })
        .collect()
}

/// Customers: two wallets for each market, for each owner of a maker and for the target's state, and one for the brokers of
/// each hub.
pub(super) fn build_customers(
    markets: &MarketPartition,
    nations: &[NationRow],
    places: &PlaceTables,
    makers: &[&MakerRow],
    sides: Sides,
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
        for (row, maker) in makers.iter().enumerate() {
            if maker.owner_share_range().is_none() {
                continue;
            }
            // The captive part of spending is that of the issuer's buyers.
            let market = match sides.bloc_of(&maker.home) {
                Bloc::Target => markets.target,
                Bloc::Issuer | Bloc::Third => markets.issuer,
            };
            list.push(Customer {
                kind: CustomerKind::Owner(row as u16),
                ..customer(market, wallet)
            });
        }
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
pub(super) fn cloud_hosts(
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

pub(super) fn named_labs(tables: &WorldTables, nations: &[NationRow], sides: Sides) -> Vec<Lab> {
    let size = |l: &LabRow| {
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
                bloc: sides.bloc_of(&lab.home),
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
pub(super) fn add_synthetic_labs(
    labs: &mut Vec<Lab>,
    count: u32,
    nations: &[NationRow],
    sides: Sides,
) {
    let named = labs.len();
    let per_nation = (f64::from(count) / nations.len() as f64).ceil().max(1.0);
    for n in 0..count {
        let nation = n as usize % nations.len();
        labs.push(Lab {
            row: (named + n as usize) as u32,
            key: stable_key(&format!("synthetic-{n}")),
            nation: nation as u32,
            bloc: sides.bloc_of(&nations[nation].iso3),
            release: ReleaseChoice::Closed,
            share_of_nation: SYNTHETIC_SHARE / per_nation,
            skill: 1.0,
            synthetic: true,
        });
    }
}
