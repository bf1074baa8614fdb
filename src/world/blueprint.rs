//! The blueprint: everything that the runs of a study share, converted from the tables once for all arms.

use std::sync::{Arc, Mutex};

use super::participants::{
    MarketPartition, Sides, add_synthetic_labs, build_customers, chipmakers, cloud_hosts,
    first_claimant, named_labs, nations_of,
};
use super::recorded::{
    power_paths, recorded_demand, recorded_supply, starting_shares, tool_suppliers,
};
use super::slots::{SlotWithRow, build_slots, oldest_chip_slot, roadmap_of, variant_slots};
use crate::agents::broker::Broker;
use crate::agents::chipmaker::Chipmaker;
use crate::agents::compute::InitialStock;
use crate::agents::host::CloudHost;
use crate::agents::lab::Lab;
use crate::agents::nation::{DemandPaths, Nation};
use crate::agents::users::ServiceUsers;
use crate::config::chips::ChipRow;
use crate::config::nations::NationRow;
use crate::config::places::PlaceTables;
use crate::config::world::{ChipUse, MakerRow, WorldTables};
use crate::controls::{Attribute, Attributes, Law, NationGroups, Regime};
use crate::foundation::bloc::Bloc;
use crate::foundation::calendar::Month;
use crate::markets::chip_market::state::MarketLayout;
use crate::outputs::columns::{ColumnInputs, OutputColumns};
use crate::policy::subjects::LegalSubjects;
use crate::technology::foundry::ToolSupplier;
use crate::technology::power::PowerPaths;
use crate::technology::roadmap::Roadmap;
use crate::technology::supply::RecordedSupply;

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
    pub initial_stock: InitialStock,
    /// What the law is judged on.
    pub subjects: LegalSubjects,
    pub nation_rows: Vec<NationRow>,
    pub market_of_nation: Vec<usize>,
    pub target_market: usize,
}

impl Blueprint {
    pub fn new(inputs: BlueprintInputs<'_>) -> Self {
        // Rows are sorted by key, so the order of lines in a table has no effect.
        let sorted = SortedTables::of(&inputs);
        let (nations, tables, places) = (&sorted.nations[..], &sorted.tables, &sorted.places);
        let (first, record, mut law) = (inputs.first, inputs.record, inputs.law);
        let months = (inputs.last - first + 1).max(1) as usize;
        let sides = Sides {
            issuer: inputs.issuer,
            target: inputs.target,
        };
        let structure = Structure::of(&sorted, &mut law, (first, months), sides);
        let (makers, markets) = (&structure.makers, &structure.markets);
        let (regions, demand) = recorded_demand(tables, nations, record, &law, sides);
        let nation_rows = nations_of(nations, markets, &regions, sides);
        let hosts = cloud_hosts(places, nations, &nation_rows, sides.target);
        let mut labs = named_labs(tables, nations, sides);
        add_synthetic_labs(&mut labs, inputs.synthetic_labs, nations, sides);
        let supply = recorded_supply(tables, places, sides.target, makers);
        let (share_of_bloc, share_of_market) = starting_shares(nations, markets, &nation_rows);
        let maker_rows = chipmakers(makers, sides);
        let maker_keys: Vec<String> = makers.iter().map(|m| m.key.clone()).collect();
        let iso3: Vec<String> = nations.iter().map(|n| n.iso3.clone()).collect();
        let lab_keys: Vec<String> = tables.labs.iter().map(|l| l.key.clone()).collect();
        let host_nations: Vec<String> = hosts.iter().map(|(_, iso3)| iso3.clone()).collect();
        let watch = OutputColumns::new(ColumnInputs {
            slots: &structure.roadmap.slots,
            makers: &maker_keys,
            nations: &iso3,
            labs: &lab_keys,
            foundries: &supply.foundries,
            hosts: &host_nations,
            bloc_of_market: structure.layout.bloc_of_market.clone(),
            home_of_maker: maker_rows.iter().map(|m| m.home as usize).collect(),
            merchant: maker_rows.iter().map(|m| !m.captive).collect(),
        });
        let law = Arc::new(law);
        let over = (first, months);
        let subjects = structure.subjects(&law, record, over, demand.target_region);
        Self {
            first,
            months,
            subjects,
            demand: DemandPaths(Arc::new(demand)),
            supply: Arc::new(supply),
            maker_names: makers.iter().map(|m| m.name.clone()).collect(),
            lab_keys,
            lab_names: tables.labs.iter().map(|l| l.name.clone()).collect(),
            broker_names: structure.broker_names,
            brokers: structure.brokers,
            hosts: hosts.iter().map(|(host, _)| *host).collect(),
            host_nations,
            power: PowerPaths(Arc::new(power_paths(places, sides))),
            users: nations
                .iter()
                .map(|n| ServiceUsers::at_start(n.gdp_usd_2024, n.bloc_alignment))
                .collect(),
            nations: nation_rows,
            nation_rows: nations.to_vec(),
            market_of_nation: markets.of_nation.clone(),
            target_market: markets.target,
            initial_stock: InitialStock {
                chip: oldest_chip_slot(&structure.roadmap),
                share_of_bloc,
                share_of_market,
            },
            variant_slots: variant_slots(&structure.roadmap, makers.len()),
            makers: maker_rows,
            law,
            roadmap: structure.roadmap,
            layout: structure.layout,
            watch: Arc::new(watch),
            labs,
            maker_keys,
        }
    }
}

/// Markets, customers and slots, and what the law asks about them.
struct Structure<'a> {
    makers: Vec<&'a MakerRow>,
    markets: MarketPartition,
    layout: Arc<MarketLayout>,
    roadmap: Roadmap,
    brokers: Vec<Broker>,
    broker_names: Vec<String>,
    /// Attributes of a shipment, by market; of a chip, by slot; of an order for wafers, by maker of the target.
    shipments: Vec<Attributes>,
    chips: Vec<Attributes>,
    designers: Vec<Option<Attributes>>,
    tool_suppliers: Vec<(Attributes, ToolSupplier)>,
}

impl<'a> Structure<'a> {
    /// The structure of the tables over these months. Names that rules may ask about become symbols of the law.
    fn of(sorted: &'a SortedTables, law: &mut Law, over: (Month, usize), sides: Sides) -> Self {
        let nations = &sorted.nations[..];
        let listed = sorted.tables.makers.iter();
        let makers: Vec<&MakerRow> = listed.filter(|m| m.role != ChipUse::Foundry).collect();
        let groups: Vec<NationGroups> =
            nations.iter().map(|n| n.groups(&mut law.symbols)).collect();
        let named = law.named_nations(nations.iter().map(|n| n.iso3.as_str()));
        let markets = MarketPartition::new(nations, &groups, &named, sides);
        let slots = build_slots(&sorted.chips, &makers, &sorted.tables, over, sides);
        let (customers, brokers, broker_names) =
            build_customers(&markets, nations, &sorted.places, &makers, sides);
        let examples = markets.example.iter();
        let layout = MarketLayout {
            customers,
            markets: markets.count,
            makers: makers.len(),
            maker_of: slots.iter().map(|s| s.slot.maker).collect(),
            first_claimant: first_claimant(&makers),
            captive_maker: makers.iter().map(|m| m.role == ChipUse::Captive).collect(),
            captive_chip: slots.iter().map(|s| s.slot.captive).collect(),
            target_made: slots.iter().map(|s| s.slot.target_made).collect(),
            target_market: markets.target,
            market_of_nation: markets.of_nation.clone(),
            bloc_of_market: examples
                .map(|&n| sides.bloc_of(&nations[n].iso3) as usize)
                .collect(),
        };
        let attributes = |slot: &SlotWithRow| {
            slot.row
                .map_or_else(Attributes::default, |r| r.attributes(&mut law.symbols))
        };
        let chips = slots.iter().map(attributes).collect();
        let shipment = |&nation: &usize| {
            let mut a = Attributes::default();
            a.ship_to(&groups[nation], &groups[nation]);
            a
        };
        let shipments: Vec<Attributes> = markets.example.iter().map(shipment).collect();
        let target = &shipments[markets.target];
        Self {
            chips,
            designers: designers(&makers, nations, &groups, law, sides),
            tool_suppliers: tool_suppliers(&sorted.places, nations, sides, law, target),
            shipments,
            roadmap: roadmap_of(&slots, &makers),
            layout: Arc::new(layout),
            makers,
            markets,
            brokers,
            broker_names,
        }
    }

    /// What the law is judged on over these months.
    fn subjects(
        &self,
        law: &Arc<Law>,
        record: &Regime,
        (first, months): (Month, usize),
        target_region: usize,
    ) -> LegalSubjects {
        LegalSubjects {
            law: law.clone(),
            record: record.clone(),
            first,
            months,
            roadmap: self.roadmap.clone(),
            layout: self.layout.clone(),
            shipments: self.shipments.clone(),
            chips: self.chips.clone(),
            designers: self.designers.clone(),
            tool_suppliers: self.tool_suppliers.clone(),
            market_of_nation: self.markets.of_nation.clone(),
            issuer_market: self.markets.issuer,
            target_market: self.markets.target,
            target_region,
            judged: Mutex::default(),
        }
    }
}

/// By maker: attributes of an order for wafers from a designer of the target, with its name and home; none for others.
fn designers(
    makers: &[&MakerRow],
    nations: &[NationRow],
    groups: &[NationGroups],
    law: &mut Law,
    sides: Sides,
) -> Vec<Option<Attributes>> {
    let mut order = |m: &&MakerRow| {
        let mut a = Attributes::default();
        a.set(Attribute::Buyer, law.symbols.code(&m.chip_vendor));
        a.set(Attribute::Vendor, law.symbols.code("TSMC"));
        a.set(Attribute::HqCountry, law.symbols.code("TWN"));
        a.set(Attribute::ProcessNodeNm, 7.0);
        a.flag(Attribute::NonPlanar, true);
        a.set(Attribute::TransistorsBn, 50.0);
        a.flag(Attribute::DesignerApproved, false);
        a.flag(Attribute::PackagedAbroad, false);
        if let Some(at) = nations.iter().position(|n| n.iso3 == m.home) {
            a.ship_to(&groups[at], &groups[at]);
        }
        (sides.bloc_of(&m.home) == Bloc::Target).then_some(a)
    };
    makers.iter().map(&mut order).collect()
}

/// The tables with their rows in the order of their keys.
struct SortedTables {
    nations: Vec<NationRow>,
    chips: Vec<ChipRow>,
    tables: WorldTables,
    places: PlaceTables,
}

impl SortedTables {
    fn of(inputs: &BlueprintInputs) -> Self {
        let mut all = Self {
            nations: inputs.nations.to_vec(),
            chips: inputs.chips.to_vec(),
            tables: inputs.tables.clone(),
            places: inputs.places.clone(),
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
