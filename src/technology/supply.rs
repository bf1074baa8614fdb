//! Shared supply: how much of each pool there is this month, and what one package draws from it.

use std::sync::Arc;

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use super::chip::{ChipSpec, Packaging};
use super::foundry::{
    ToolSupplier, ToolSupply, adjusted_capacity, experience_yield, lost_to_inputs, next_substituted,
};
use super::path::TimePath;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, SimulationClock};

/// The shared pools of supply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum SupplyPool {
    /// Packaging wafers of the older kind.
    CowosS = 0,
    /// Packaging wafers of the kind that Blackwell and later parts need.
    CowosL = 1,
    /// High-bandwidth memory stacks outside the target.
    HbmWorld = 2,
    /// High-bandwidth memory stacks that the target's makers can reach without imports.
    HbmTarget = 3,
    /// Logic wafers for AI at the leading foundry.
    LogicWorld = 4,
    /// 7nm-class wafers for accelerators in the target.
    LogicTarget = 5,
}

pub const POOLS: usize = 6;

impl SupplyPool {
    pub const ALL: [Self; POOLS] = [
        Self::CowosS,
        Self::CowosL,
        Self::HbmWorld,
        Self::HbmTarget,
        Self::LogicWorld,
        Self::LogicTarget,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::CowosS => "cowos_s",
            Self::CowosL => "cowos_l",
            Self::HbmWorld => "hbm_world",
            Self::HbmTarget => "hbm_target",
            Self::LogicWorld => "logic_world",
            Self::LogicTarget => "logic_target",
        }
    }
}

/// What the law leaves of the inputs that makers of the target need; written by the policy step each month.
#[derive(Resource, Clone, Debug, Default)]
pub struct InputAccessState {
    /// By maker: part of the month in which the leading foundry may make its dies.
    pub leading_foundry: Vec<f64>,
    /// Part of the month in which the target may import memory stacks.
    pub memory_imports: f64,
    /// Part of foreign chips, and of the month, that the target's own rules close to state-funded centres alone.
    pub state_closed: f64,
    /// Months until an announced memory rule binds; infinite when none is announced.
    pub memory_closes_in_months: f64,
    /// Suppliers of advanced tools, and what of them the target cannot buy and the issuer's allies sell it.
    pub tool_suppliers: Vec<ToolSupplier>,
    pub tools: ToolSupply,
    /// What it could not buy under the recorded rules: the recorded capacity was built under these.
    pub tools_denied_on_record: f64,
    /// Part of the materials that makers outside the target cannot get from it.
    pub inputs_denied: f64,
    /// Part of what the target's buyers would take that law kept from them last month, and on record.
    pub denied_share: f64,
    pub denied_share_on_record: f64,
    /// What the target's makers delivered at home over what buyers there would spend, last month and on record.
    pub home_share: f64,
    pub home_share_on_record: f64,
    /// Part of the month in which the target may query the issuer's models.
    pub model_access: f64,
    /// Part of the month in which closed models may be used, by market.
    pub weights_open: Vec<f64>,
    /// Part of the month in which hosts may rent compute to the target's labs, by the host's market.
    pub remote_open: Vec<f64>,
    /// Public support of the issuer, USD a year: research, energy, build-out.
    pub support_usd: [f64; 3],
}

/// Recorded paths of supply, shared by all runs.
#[derive(Resource, Clone, Debug)]
pub struct SupplyPaths(pub Arc<RecordedSupply>);

/// A foundry, packager or memory maker as recorded: what it can make of each pool that it fills, units a month.
#[derive(Clone, Debug, Default)]
pub struct RecordedFoundry {
    pub key: String,
    pub in_target: bool,
    pub fills: Vec<(SupplyPool, TimePath)>,
}

/// Recorded supply.
#[derive(Clone, Debug, Default)]
pub struct RecordedSupply {
    pub foundries: Vec<RecordedFoundry>,
    /// Dies a year that a barred designer obtained through proxies.
    pub proxy_dies_per_year: TimePath,
    /// Makers of the target that are listed and reach the leading foundry through proxies only.
    pub proxy_maker: Option<u16>,
    /// All makers of the target.
    pub designers: Vec<u16>,
}

/// State of supply in one run.
#[derive(Resource, Clone, Debug, Default)]
pub struct SupplyState {
    /// Standard packages a month that each maker can deliver: a package counts by its cost over that of an H100.
    pub capacity: Vec<f64>,
    /// Units of each pool this month.
    pub pools: [f64; POOLS],
    /// By foundry: wafers and memory stacks that it can make this month.
    pub wafers: Vec<f64>,
    pub stacks: Vec<f64>,
    /// Part of the pools outside the target that a want of materials costs this month.
    pub lost_to_inputs: f64,
    /// Part of the materials from the target that makers outside have learned to do without.
    substituted: f64,
    /// Wanted packages by maker, the last months in turn: `[lag][maker]`.
    wanted_before: Vec<Vec<f64>>,
    /// Good-die fraction of the target's foundry.
    pub yield_target: f64,
    /// Dies made by the target's foundry, millions.
    pub dies_target_millions: f64,
    /// Memory stacks in store in the target.
    pub hbm_bank_stacks: f64,
    /// Stacks made in the target this month.
    pub hbm_made_stacks: f64,
    /// Dies in store that came through proxies.
    pub die_bank: f64,
    /// Log of capacity in the target over what was recorded.
    log_deviation: f64,
    /// The part of it that comes from denial: home memory follows it too.
    log_push: f64,
}

impl SupplyState {
    pub fn reset(&mut self, makers: usize, foundries: usize, p: &Parameters) {
        let lag = p.capacity_lag_months.round().max(0.0) as usize;
        self.capacity.clear();
        self.capacity.resize(makers, 0.0);
        self.pools = [0.0; POOLS];
        for column in [&mut self.wafers, &mut self.stacks] {
            column.clear();
            column.resize(foundries, 0.0);
        }
        self.lost_to_inputs = 0.0;
        self.substituted = 0.0;
        self.wanted_before.resize(lag + 1, Vec::new());
        for month in &mut self.wanted_before {
            month.clear();
            month.resize(makers, 0.0);
        }
        self.yield_target = p.smic_yield_start;
        self.dies_target_millions = 0.0;
        self.hbm_bank_stacks = 0.0;
        self.hbm_made_stacks = 0.0;
        self.die_bank = 0.0;
        self.log_deviation = 0.0;
        self.log_push = 0.0;
    }

    /// Capacities of next month: each maker follows what was wanted some months ago, the faster the emptier its suppliers are.
    /// `suppliers_use` is by maker: the use of the fullest pool that its chips take from, 0 to 1.
    pub fn follow_orders(
        &mut self,
        wanted: &[f64],
        suppliers_use: &[f64],
        planning: ExpectationRule,
        p: &Parameters,
    ) {
        let first = self.capacity.iter().all(|c| *c == 0.0);
        for (maker, capacity) in self.capacity.iter_mut().enumerate() {
            if first {
                // Those who are there when the run begins can make what is asked of them.
                *capacity = wanted[maker] / p.capacity_use_target;
            } else if *capacity == 0.0 && wanted[maker] > 0.0 {
                // A maker enters with what a first customer takes.
                *capacity = p.entrant_share_of_orders * wanted[maker];
            } else {
                let seen = match planning {
                    ExpectationRule::Naive => wanted[maker],
                    ExpectationRule::Adaptive | ExpectationRule::Foresight => {
                        self.wanted_before[0][maker]
                    }
                };
                let asked = seen / p.capacity_use_target;
                *capacity = adjusted_capacity(
                    *capacity,
                    asked,
                    expansion_speed(suppliers_use[maker], p),
                    p.capacity_fall_per_month,
                );
            }
        }
        if first {
            self.wanted_before
                .iter_mut()
                .for_each(|month| month.copy_from_slice(wanted));
        }
        self.wanted_before.rotate_left(1);
        if let Some(latest) = self.wanted_before.last_mut() {
            latest.copy_from_slice(wanted);
        }
    }
}

/// Part of the log distance to what is wanted by which a maker adjusts its capacity in a month, up or down:
/// `min(1, capacity_speed / use)`.
///
/// `capacity_speed` is what was recorded while suppliers were full. A maker whose foundry, packaging and memory stand half empty
/// need not wait for them to build.
pub fn expansion_speed(suppliers_use: f64, p: &Parameters) -> f64 {
    (p.capacity_speed / suppliers_use).min(1.0)
}

/// Area of a 300 mm wafer that can carry dies, mm2: 84 % of it (edge and scribe loss).
pub const USABLE_WAFER_MM2: f64 = 70_686.0 * 0.84;

/// Where a chip of the target's makers gets its dies and memory this month.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ChipSourcing {
    pub dies_at_home: bool,
    pub memory_at_home: bool,
    /// Good-die fraction at home.
    pub home_yield: f64,
}

/// Pool units that one package draws.
///
/// `packaging = 1 / packages a wafer; memory = stacks; logic = die area / (usable wafer area * yield)`.
pub fn pool_uses(spec: &ChipSpec, sourcing: Option<ChipSourcing>, p: &Parameters) -> [f64; POOLS] {
    let mut uses = [0.0; POOLS];
    let packaging_wafers = 1.0 / spec.packages_per_wafer.max(1.0);
    match spec.packaging {
        Packaging::CowosS => uses[SupplyPool::CowosS as usize] = packaging_wafers,
        Packaging::CowosL => uses[SupplyPool::CowosL as usize] = packaging_wafers,
        Packaging::None | Packaging::China => {}
    }
    let home = sourcing.unwrap_or(ChipSourcing {
        dies_at_home: false,
        memory_at_home: false,
        home_yield: 1.0,
    });
    let memory = if home.memory_at_home {
        SupplyPool::HbmTarget
    } else {
        SupplyPool::HbmWorld
    };
    uses[memory as usize] = spec.hbm_stacks;
    let (logic, good) = if home.dies_at_home {
        (SupplyPool::LogicTarget, home.home_yield)
    } else {
        (SupplyPool::LogicWorld, p.die_yield)
    };
    uses[logic as usize] = spec.die_area_mm2 / (USABLE_WAFER_MM2 * good.max(0.01));
    uses
}

/// System: what every foundry can make this month; the target's yield, and its stores of memory and dies.
///
/// Foundries outside the target make what is recorded, less what a want of materials costs them. Those of the target are
/// slowed by tools that cannot be bought, and pushed by denial, relative to what was recorded under recorded denial.
pub fn open_pools(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    paths: Res<SupplyPaths>,
    access: Res<InputAccessState>,
    mut supply: ResMut<SupplyState>,
) {
    let p = &future.parameters;
    let year = clock.year;
    let s = &mut *supply;
    s.lost_to_inputs = lost_to_inputs(access.inputs_denied, s.substituted, p);
    s.substituted = next_substituted(s.substituted, access.inputs_denied, p);
    let outside = p.supply_multiplier * (1.0 - s.lost_to_inputs);

    let eased = access.tools_denied_on_record - access.tools.denied;
    let pushed = future.channels.factor(Channel::Indigenisation)
        * p.indigenisation_capacity_effect
        * (access.denied_share - access.denied_share_on_record);
    s.log_deviation += (p.equipment_growth_effect * eased + pushed) / 12.0;
    s.log_push += pushed / 12.0;
    let ceiling = (p.smic_yield_ceiling + p.equipment_yield_effect * eased).clamp(0.05, 0.95);
    s.yield_target = experience_yield(
        ceiling,
        p.smic_yield_start,
        s.dies_target_millions * future.channels.factor(Channel::LearningByDoing),
        p.smic_learning_million_dies,
    );
    s.pools = [0.0; POOLS];
    for (row, foundry) in paths.0.foundries.iter().enumerate() {
        (s.wafers[row], s.stacks[row]) = (0.0, 0.0);
        for (pool, recorded) in &foundry.fills {
            let made = match pool {
                SupplyPool::LogicTarget => {
                    let wafers = recorded.at(
                        year,
                        maths::ln(p.smic_growth_per_year),
                        p.smic_ceiling_wafers,
                    );
                    (wafers * maths::exp(s.log_deviation)).min(p.smic_ceiling_wafers)
                        * p.smic_accelerator_share
                }
                SupplyPool::HbmTarget => {
                    recorded.at(year, p.hbm_domestic_growth, p.hbm_domestic_ceiling_stacks)
                        * maths::exp(s.log_push)
                }
                _ => recorded.at(year, p.pool_growth_late, f64::INFINITY) * outside,
            };
            s.pools[*pool as usize] += made;
            match pool {
                SupplyPool::LogicWorld | SupplyPool::LogicTarget => s.wafers[row] += made,
                SupplyPool::HbmWorld | SupplyPool::HbmTarget => s.stacks[row] += made,
                SupplyPool::CowosS | SupplyPool::CowosL => {}
            }
        }
    }
    s.hbm_made_stacks = s.pools[SupplyPool::HbmTarget as usize];
    let stockpiles = future.channels.on(Channel::Stockpiling);
    if stockpiles && access.memory_closes_in_months.is_finite() && access.memory_imports > 0.0 {
        let missing = (p.hbm_stockpile_stacks - s.hbm_bank_stacks).max(0.0);
        s.hbm_bank_stacks += missing / access.memory_closes_in_months.max(1.0);
    }
    s.hbm_bank_stacks += s.hbm_made_stacks;
    s.pools[SupplyPool::HbmTarget as usize] = s.hbm_bank_stacks;

    if let Some(maker) = paths.0.proxy_maker {
        let open = access.proxy_foundry(&paths.0.designers);
        let barred = 1.0
            - access
                .leading_foundry
                .get(usize::from(maker))
                .copied()
                .unwrap_or(1.0);
        s.die_bank += paths.0.proxy_dies_per_year.at(year, 0.0, f64::INFINITY) / 12.0
            * open
            * barred
            * future.channels.factor(Channel::ProxyFab);
    }
}

impl InputAccessState {
    /// Part of the month in which foundries sell 7nm-class dies to designers of the target: proxies work only as long as
    /// some of them are served.
    pub fn proxy_foundry(&self, designers: &[u16]) -> f64 {
        designers
            .iter()
            .filter_map(|maker| self.leading_foundry.get(usize::from(*maker)))
            .copied()
            .fold(0.0, f64::max)
    }
}
