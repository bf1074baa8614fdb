//! The column of every measure and entity, registered once for all runs.

use std::sync::Arc;

use bevy_ecs::resource::Resource;

use super::record::ColumnIndex;
use crate::capability::frontier::FrontierGroup;
use crate::foundation::bloc::Bloc;
use crate::technology::roadmap::{ChipSlot, SlotKind};
use crate::technology::supply::{POOLS, RecordedFoundry, SupplyPool};

/// Places in which sales are counted: the world, the target, third countries.
pub const PLACES: [&str; 3] = ["world", "target", "third"];

/// Column numbers of every measure, with the data on makers and markets that observation needs.
#[derive(Clone, Debug, Default)]
pub struct OutputColumns {
    pub columns: ColumnIndex,
    pub maker_keys: Vec<String>,
    pub bloc_of_market: Vec<usize>,
    pub home_of_maker: Vec<usize>,
    pub merchant: Vec<bool>,
    /// Variant slots and their columns.
    pub(super) variants: Vec<(usize, usize)>,
    pub(super) all_variants: usize,
    pub(super) makers: Vec<MakerColumns>,
    pub(super) places: [PlaceColumns; 3],
    pub(super) frontier: [usize; 6],
    pub(super) gaps: [GapColumns; 2],
    pub(super) blocs: [BlocColumns; 3],
    pub(super) nations: Vec<usize>,
    pub(super) labs: Vec<usize>,
    pub(super) pools: [usize; POOLS],
    pub(super) self_sufficiency: usize,
    pub(super) self_sufficiency_fab: usize,
    pub(super) price: [usize; 3],
    pub(super) inflow: [usize; 2],
    pub(super) efficiency: [usize; 3],
    pub(super) supply: [usize; 3],
    pub(super) licences: [usize; 2],
    pub(super) foundries: Vec<FoundryColumns>,
    pub(super) tight: usize,
    pub(super) backlog: [usize; 2],
    pub levy: usize,
    pub(super) responses: ResponseColumns,
    /// Rented compute by host.
    pub(super) hosts: Vec<usize>,
    /// By nation: share of applications on the issuer's stack.
    pub(super) stacks: Vec<usize>,
}

/// Scarcity, leakage, services, sides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ResponseColumns {
    pub(super) rung: usize,
    pub(super) denied: usize,
    pub(super) belief: usize,
    pub(super) scarcity: [usize; 3],
    pub(super) grey: [usize; 3],
    pub(super) grey_counts: [usize; 2],
    pub(super) rented: usize,
    pub(super) inputs_lost: usize,
    pub(super) home_supply: usize,
    pub(super) powered: [usize; 3],
    pub(super) induced: usize,
    pub(super) codesign: usize,
    pub(super) services: [usize; 3],
    pub(super) service_price: usize,
    pub(super) service_revenue: [usize; 2],
    pub(super) stack: [usize; 2],
    pub(super) alignment: usize,
    pub(super) allied: usize,
    pub(super) issuer_tools: usize,
    pub(super) distilled: usize,
}

/// Columns of a foundry: wafers with their yield, memory stacks, or both.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FoundryColumns {
    pub(super) in_target: bool,
    pub(super) wafers: Option<[usize; 2]>,
    pub(super) stacks: Option<usize>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct MakerColumns {
    pub(super) revenue: [usize; 3],
    pub(super) units: [usize; 3],
    pub(super) with_hbm: [usize; 3],
    pub(super) tpp: [usize; 3],
    pub(super) peak: [usize; 3],
    pub(super) share_value: [usize; 3],
    pub(super) share_units: [usize; 3],
    pub(super) rd: usize,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PlaceColumns {
    pub(super) us_share: usize,
    pub(super) target_share: usize,
    pub(super) hhi: usize,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GapColumns {
    pub(super) points: usize,
    pub(super) months: usize,
    pub(super) latent_points: usize,
    pub(super) latent_months: usize,
    pub(super) trend: usize,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BlocColumns {
    pub(super) compute: usize,
    pub(super) owned: usize,
    pub(super) serving: usize,
    pub(super) peak: usize,
    pub(super) share: usize,
    pub(super) largest_run: usize,
}

/// The columns, shared by all runs.
#[derive(Resource, Clone, Debug)]
pub struct OutputColumnsHandle(pub Arc<OutputColumns>);

/// What the columns are laid out from.
pub struct ColumnInputs<'a> {
    pub slots: &'a [ChipSlot],
    pub makers: &'a [String],
    pub nations: &'a [String],
    pub labs: &'a [String],
    pub foundries: &'a [RecordedFoundry],
    /// Nations of the cloud hosts.
    pub hosts: &'a [String],
    pub bloc_of_market: Vec<usize>,
    pub home_of_maker: Vec<usize>,
    pub merchant: Vec<bool>,
}

impl OutputColumns {
    /// Registers every column; tables list them in this order.
    pub fn new(of: ColumnInputs<'_>) -> Self {
        let mut c = ColumnIndex::default();
        let each = |c: &mut ColumnIndex, measure, entities: &[String]| -> Vec<usize> {
            entities.iter().map(|e| c.add(measure, e.clone())).collect()
        };
        Self {
            frontier: FrontierGroup::ALL.map(|side| c.add("frontier_points", side.name())),
            gaps: ["target_vs_issuer", "open_vs_closed"].map(|pair| GapColumns::new(&mut c, pair)),
            blocs: Bloc::ALL.map(|bloc| BlocColumns::new(&mut c, bloc.name())),
            makers: of
                .makers
                .iter()
                .map(|maker| MakerColumns::new(&mut c, maker))
                .collect(),
            places: PLACES.map(|place| PlaceColumns::new(&mut c, place)),
            self_sufficiency: c.add("self_sufficiency", "target"),
            self_sufficiency_fab: c.add("self_sufficiency_fab", "target"),
            price: ["world", "target", "third"].map(|place| c.add("price_usd_per_h100e", place)),
            inflow: ["inflow_h100e", "inflow_serving_h100e"].map(|name| c.add(name, "target")),
            efficiency: ["issuer", "target", "world"]
                .map(|side| c.add("algorithmic_efficiency", side)),
            supply: ["yield", "wafer_capacity", "hbm_supply"].map(|name| c.add(name, "target")),
            licences: ["licences_pending", "licence_days"].map(|name| c.add(name, "issuer")),
            foundries: of
                .foundries
                .iter()
                .map(|foundry| FoundryColumns::new(&mut c, foundry))
                .collect(),
            hosts: each(&mut c, "rented_h100e", of.hosts),
            stacks: each(&mut c, "issuer_stack", of.nations),
            tight: c.add("supply_tight", "world"),
            backlog: ["world", "target"].map(|place| c.add("backlog_usd", place)),
            levy: c.add("levy_usd", "issuer"),
            responses: ResponseColumns::new(&mut c),
            pools: SupplyPool::ALL.map(|pool| c.add("pool_use", pool.name())),
            variants: of
                .slots
                .iter()
                .enumerate()
                .filter(|(_, slot)| matches!(slot.kind, SlotKind::Variant { .. }))
                .map(|(at, slot)| (at, c.add("variant_units", slot.key.clone())))
                .collect(),
            all_variants: c.add("variant_units", "world"),
            nations: each(&mut c, "compute_h100e", of.nations),
            labs: each(&mut c, "compute_h100e", of.labs),
            maker_keys: of.makers.to_vec(),
            bloc_of_market: of.bloc_of_market,
            home_of_maker: of.home_of_maker,
            merchant: of.merchant,
            columns: c,
        }
    }
}

impl GapColumns {
    fn new(c: &mut ColumnIndex, pair: &str) -> Self {
        Self {
            points: c.add("gap_points", pair),
            months: c.add("gap_months", pair),
            latent_points: c.add("latent_gap_points", pair),
            latent_months: c.add("latent_gap_months", pair),
            trend: c.add("gap_trend_months", pair),
        }
    }
}

impl BlocColumns {
    fn new(c: &mut ColumnIndex, bloc: &str) -> Self {
        Self {
            compute: c.add("compute_h100e", bloc),
            owned: c.add("compute_owned_h100e", bloc),
            serving: c.add("compute_serving_h100e", bloc),
            peak: c.add("compute_peak_h100e", bloc),
            share: c.add("compute_share", bloc),
            largest_run: c.add("largest_run_h100e_months", bloc),
        }
    }
}

impl MakerColumns {
    fn new(c: &mut ColumnIndex, maker: &str) -> Self {
        let mut at = |measure| PLACES.map(|place| c.add(measure, format!("{maker}:{place}")));
        Self {
            revenue: at("maker_revenue_usd"),
            units: at("maker_units"),
            with_hbm: at("maker_hbm_units"),
            tpp: at("maker_tpp"),
            peak: at("maker_peak_h100e"),
            share_value: at("maker_share_value"),
            share_units: at("maker_share_units"),
            rd: c.add("maker_rd_usd", maker),
        }
    }
}

impl PlaceColumns {
    fn new(c: &mut ColumnIndex, place: &str) -> Self {
        Self {
            us_share: c.add("us_maker_share", place),
            target_share: c.add("target_maker_share", place),
            hhi: c.add("hhi", place),
        }
    }
}

impl FoundryColumns {
    fn new(c: &mut ColumnIndex, foundry: &RecordedFoundry) -> Self {
        let mut any = |pools: [SupplyPool; 2], measure: &'static str| {
            let fills = foundry.fills.iter().any(|(pool, _)| pools.contains(pool));
            fills.then(|| c.add(measure, foundry.key.clone()))
        };
        let logic = [SupplyPool::LogicWorld, SupplyPool::LogicTarget];
        Self {
            in_target: foundry.in_target,
            wafers: any(logic, "wafer_capacity")
                .zip(any(logic, "yield"))
                .map(|(wafers, good)| [wafers, good]),
            stacks: any([SupplyPool::HbmWorld, SupplyPool::HbmTarget], "hbm_supply"),
        }
    }
}

impl ResponseColumns {
    fn new(c: &mut ColumnIndex) -> Self {
        Self {
            rung: c.add("policy_rung", "issuer"),
            denied: c.add("denied_share", "target"),
            belief: c.add("supply_risk_belief", "target"),
            scarcity: Bloc::ALL.map(|bloc| c.add("scarcity", bloc.name())),
            grey: ["grey_h100e", "seized_h100e", "grey_premium"].map(|name| c.add(name, "target")),
            grey_counts: ["grey_units", "grey_peak_h100e"].map(|name| c.add(name, "target")),
            rented: c.add("rented_h100e", "target"),
            inputs_lost: c.add("inputs_lost_share", "world"),
            home_supply: c.add("home_supply_share", "target"),
            powered: Bloc::ALL.map(|bloc| c.add("powered_share", bloc.name())),
            induced: c.add("induced_efficiency", "target"),
            codesign: c.add("codesign_skill", "target"),
            services: ["issuer", "target", "open"].map(|who| c.add("service_share", who)),
            service_price: c.add("service_price", "issuer"),
            service_revenue: ["issuer", "target"].map(|who| c.add("service_revenue_usd", who)),
            stack: ["issuer", "target"].map(|who| c.add("stack_share", who)),
            alignment: c.add("alignment_mean", "third"),
            allied: c.add("allied_supplier_revenue_usd", "third"),
            issuer_tools: c.add("issuer_tool_revenue_usd", "issuer"),
            distilled: c.add("distilled_points", "target"),
        }
    }
}
