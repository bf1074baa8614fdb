//! Supply pools: the supply of each pool this month, and the pool units that one package needs.

use std::sync::Arc;

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use super::chip::{ChipSpec, Packaging};
use super::foundry::{
    ToolGrowth, ToolSupplier, ToolSupply, adjusted_capacity, experience_yield, input_loss_share,
    next_substitution,
};
use super::path::TimePath;
use super::roadmap::Roadmap;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, RunMonth};

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
    /// High-bandwidth memory stacks available to the target's makers without imports.
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

/// Access to the inputs that makers of the target need, as the law of the month leaves it; written by `policy::access`.
#[derive(Resource, Clone, Debug, Default)]
pub struct InputAccessState {
    /// By maker: fraction of the month in which the leading foundry may make its dies.
    pub leading_foundry: Vec<f64>,
    /// Fraction of the month in which the target may import memory stacks.
    pub memory_imports: f64,
    /// What a chip that reports its place costs more, USD.
    pub check_usd: f64,
    /// Months until an announced memory rule comes into force; infinite when none is announced.
    pub memory_closes_in_months: f64,
    /// Suppliers of advanced tools, and the shares of tools that are denied to the target or sold to it.
    pub tool_suppliers: Vec<ToolSupplier>,
    pub tools: ToolSupply,
    /// Share denied under the recorded rules, under which the recorded capacity was built.
    pub tools_denied_on_record: f64,
    /// Share of the target's materials that makers outside cannot get.
    pub inputs_denied: f64,
}

/// Denial and home supply of the target's buyers, measured at the trade; written by `markets::scarcity`.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct TargetDenial {
    /// Share of desired purchases that was denied last month, and on record.
    pub denied_share: f64,
    pub denied_share_on_record: f64,
    /// Deliveries of the target's makers at home over the spending of buyers there: mean of about a year, and on record.
    pub home_share: f64,
    pub home_share_on_record: f64,
}

/// Retaliation of the target; written by `agents::counter_controls`.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Retaliation {
    /// Share of the target's materials that makers outside cannot get because of it.
    pub inputs_denied: f64,
}

/// Recorded paths of supply, shared by all runs.
#[derive(Resource, Clone, Debug)]
pub struct SupplyPaths(pub Arc<RecordedSupply>);

/// A foundry, packager or memory maker: recorded capacity of each pool that it supplies, units a month.
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
    /// The listed maker of the target that reaches the leading foundry through proxies only.
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
    /// Share of the pools outside the target that is lost to a shortage of materials this month.
    pub input_loss_share: f64,
    /// Share of the materials from the target that makers outside have substituted.
    substituted: f64,
    /// Orders by maker in a ring buffer of past months: `[lag][maker]`.
    wanted_before: Vec<Vec<f64>>,
    /// Good-die fraction of the target's foundry.
    pub yield_target: f64,
    /// Dies made by the target's foundry, millions.
    pub dies_target_millions: f64,
    /// Stored memory stacks in the target.
    pub hbm_bank_stacks: f64,
    /// Stacks made in the target this month.
    pub hbm_made_stacks: f64,
    /// Stored dies that were obtained through proxies.
    pub die_bank: f64,
    /// What tools have added to the target's output since the start, relative to the record.
    pub tool_growth: ToolGrowth,
    /// Log of wafers and memory in the target over those on record, as far as denial of chips moves them.
    log_push: f64,
}

/// System at the start of a run: no capacity, no stores, and no denial yet.
pub fn begin_supply(
    future: Res<Future>,
    roadmap: Res<Roadmap>,
    paths: Res<SupplyPaths>,
    mut supply: ResMut<SupplyState>,
    mut denial: ResMut<TargetDenial>,
    mut retaliation: ResMut<Retaliation>,
) {
    let (makers, foundries) = (roadmap.maker_keys.len(), paths.0.foundries.len());
    supply.reset(makers, foundries, &future.parameters);
    *denial = TargetDenial::default();
    *retaliation = Retaliation::default();
}

impl SupplyState {
    fn reset(&mut self, makers: usize, foundries: usize, p: &Parameters) {
        let lag = p.capacity_lag_months.round().max(0.0) as usize;
        self.capacity.clear();
        self.capacity.resize(makers, 0.0);
        self.pools = [0.0; POOLS];
        for column in [&mut self.wafers, &mut self.stacks] {
            column.clear();
            column.resize(foundries, 0.0);
        }
        self.input_loss_share = 0.0;
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
        self.tool_growth = ToolGrowth::default();
        self.log_push = 0.0;
    }

    /// Sets next month's capacities: each maker follows past orders, faster where its suppliers have idle capacity.
    /// `speed` is by maker: the share of the log distance to orders that it closes in a month.
    pub fn adjust_capacity(
        &mut self,
        wanted: &[f64],
        speed: &[f64],
        planning: ExpectationRule,
        p: &Parameters,
    ) {
        let first = self.capacity.iter().all(|c| *c == 0.0);
        for (maker, capacity) in self.capacity.iter_mut().enumerate() {
            if first {
                // Makers that exist at the start have capacity for their orders.
                *capacity = wanted[maker] / p.capacity_use_target;
            } else if *capacity == 0.0 && wanted[maker] > 0.0 {
                // A new maker enters with the capacity for a first customer.
                *capacity = p.entrant_share_of_orders * wanted[maker];
            } else {
                let seen = match planning {
                    ExpectationRule::Naive => wanted[maker],
                    ExpectationRule::Adaptive | ExpectationRule::Foresight => {
                        self.wanted_before[0][maker]
                    }
                };
                let asked = seen / p.capacity_use_target;
                *capacity =
                    adjusted_capacity(*capacity, asked, speed[maker], p.capacity_fall_per_month);
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

/// Share of the log distance to orders by which a maker adjusts its capacity in a month, up or down:
/// `min(1, claim * capacity_speed / use)`.
///
/// `capacity_speed` was recorded while suppliers were fully used. A maker whose foundry, packaging and memory suppliers have
/// idle capacity does not wait for them to expand. `claim` is above 1 for captive makers, whose owners order ahead.
pub fn expansion_speed(supplier_utilisation: f64, claim: f64, p: &Parameters) -> f64 {
    (claim * p.capacity_speed / supplier_utilisation).min(1.0)
}

/// Area of a 300 mm wafer that can carry dies, mm2: 84 % of it (edge and scribe loss).
pub const USABLE_WAFER_MM2: f64 = 70_686.0 * 0.84;

/// Sources of dies and memory of a chip of the target's makers this month.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ChipSourcing {
    pub dies_at_home: bool,
    pub memory_at_home: bool,
    /// Good-die fraction at home.
    pub home_yield: f64,
}

/// Pool units that one package needs.
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

/// Next log of wafers and memory in the target over those on record, as far as denial moves them:
/// `push' = push + (effect * denied - push / years) / 12`.
///
/// `denied` is the share of desired purchases that is denied, less the same share on record. Fabs are built for programmes of some
/// years. The push of a denial fades with them, so that no lasting difference in denial grows or shrinks capacity without end.
/// Source: see `indigenisation_capacity_effect` and `indigenisation_fade_years`.
pub fn next_push(push: f64, denied: f64, p: &Parameters) -> f64 {
    push + (p.indigenisation_capacity_effect * denied - push / p.indigenisation_fade_years) / 12.0
}

/// System: sets the capacity of every foundry this month, the target's yield, and its stores of memory and dies.
///
/// Foundries outside the target have recorded capacity, less losses from a shortage of materials. Capacity in the target is
/// slowed by denied tools and raised by the response to denial, relative to the record under recorded denial.
pub fn update_pools(
    run: RunMonth,
    paths: Res<SupplyPaths>,
    access: Res<InputAccessState>,
    denial: Res<TargetDenial>,
    retaliation: Res<Retaliation>,
    mut supply: ResMut<SupplyState>,
) {
    let (future, p, year) = (&*run.future, &run.future.parameters, run.clock.year);
    let s = &mut *supply;
    let inputs_denied = access.inputs_denied.max(retaliation.inputs_denied);
    s.input_loss_share = input_loss_share(inputs_denied, s.substituted, p);
    s.substituted = next_substitution(s.substituted, inputs_denied, p);
    let outside = p.supply_multiplier * (1.0 - s.input_loss_share);

    let eased = access.tools_denied_on_record - access.tools.denied;
    let denied_more = future.channels.factor(Channel::Indigenisation)
        * (denial.denied_share - denial.denied_share_on_record);
    s.tool_growth = s.tool_growth.after_month(eased, p);
    s.log_push = next_push(s.log_push, denied_more, p);
    let ceiling = (p.smic_yield_ceiling + p.equipment_yield_effect * eased).clamp(0.05, 0.95);
    s.yield_target = experience_yield(
        ceiling,
        p.smic_yield_start,
        s.dies_target_millions * future.channels.factor(Channel::LearningByDoing),
        p.smic_learning_million_dies,
    );
    s.make_pools(&paths.0, year, outside, p);
    let stockpiles = future.channels.on(Channel::Stockpiling);
    s.store_memory(stockpiles, &access, p);
    if let Some(maker) = paths.0.proxy_maker {
        let open = access.proxy_foundry_share(&paths.0.designers);
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

impl SupplyState {
    /// Sets what every foundry makes this month. `outside` scales recorded capacity outside the target.
    fn make_pools(&mut self, paths: &RecordedSupply, year: f64, outside: f64, p: &Parameters) {
        self.pools = [0.0; POOLS];
        for (row, foundry) in paths.foundries.iter().enumerate() {
            (self.wafers[row], self.stacks[row]) = (0.0, 0.0);
            for (pool, recorded) in &foundry.fills {
                let made = match pool {
                    SupplyPool::LogicTarget => {
                        let wafers = recorded.at(
                            year,
                            maths::ln(p.smic_growth_per_year),
                            p.smic_ceiling_wafers,
                        );
                        let moved = maths::exp(self.tool_growth.wafers + self.log_push);
                        (wafers * moved).min(p.smic_ceiling_wafers) * p.smic_accelerator_share
                    }
                    SupplyPool::HbmTarget => {
                        let ceiling = p.hbm_domestic_ceiling_stacks;
                        let stacks = recorded.at(year, p.hbm_domestic_growth, ceiling);
                        let moved = maths::exp(self.tool_growth.memory + self.log_push);
                        (stacks * moved).min(ceiling)
                    }
                    _ => recorded.at(year, p.pool_growth_late, f64::INFINITY) * outside,
                };
                self.pools[*pool as usize] += made;
                match pool {
                    SupplyPool::LogicWorld | SupplyPool::LogicTarget => self.wafers[row] += made,
                    SupplyPool::HbmWorld | SupplyPool::HbmTarget => self.stacks[row] += made,
                    SupplyPool::CowosS | SupplyPool::CowosL => {}
                }
            }
        }
    }

    /// Adds the month's memory to the store of the target, and imports ahead of an announced rule.
    fn store_memory(&mut self, stockpiles: bool, access: &InputAccessState, p: &Parameters) {
        self.hbm_made_stacks = self.pools[SupplyPool::HbmTarget as usize];
        let closes_in = access.memory_closes_in_months;
        if stockpiles && closes_in.is_finite() && access.memory_imports > 0.0 {
            let missing = (p.hbm_stockpile_stacks - self.hbm_bank_stacks).max(0.0);
            self.hbm_bank_stacks += memory_bought_ahead(missing, closes_in, p);
        }
        self.hbm_bank_stacks += self.hbm_made_stacks;
        self.pools[SupplyPool::HbmTarget as usize] = self.hbm_bank_stacks;
    }
}

/// Memory stacks that makers of the target import this month ahead of a rule: `belief * missing / months left`.
///
/// `missing` is what their store lacks of its aim. They doubt a rule until its last month, in which they buy what is still
/// missing. Source: SemiAnalysis, 7 of 13 million stacks came in the month before the rule of December 2024.
pub fn memory_bought_ahead(missing_stacks: f64, months_left: f64, p: &Parameters) -> f64 {
    if months_left <= 1.0 {
        return missing_stacks;
    }
    p.memory_rule_belief * missing_stacks / months_left
}

impl InputAccessState {
    /// Fraction of the month in which foundries sell 7 nm class dies to designers of the target. Proxies work only while some
    /// designers are served.
    pub fn proxy_foundry_share(&self, designers: &[u16]) -> f64 {
        designers
            .iter()
            .filter_map(|maker| self.leading_foundry.get(usize::from(*maker)))
            .copied()
            .fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_complete_when_a_rule_binds_and_more_comes_in_the_last_month_where_it_is_doubted() {
        let bought = |belief: f64| {
            let p = Parameters {
                memory_rule_belief: belief,
                ..Parameters::zero()
            };
            let mut store = 0.0;
            let mut last = 0.0;
            for months_left in (1..=4).rev() {
                last = memory_bought_ahead(12.0 - store, f64::from(months_left), &p);
                store += last;
            }
            assert!((store - 12.0).abs() < 1e-9);
            last
        };
        assert!((bought(1.0) - 3.0).abs() < 1e-9);
        assert!(bought(0.45) > 5.0 && bought(0.45) < 8.0);
    }

    #[test]
    fn the_push_of_denial_is_bounded_and_fades_when_it_ends() {
        let mut p = Parameters::zero();
        p.indigenisation_capacity_effect = 0.3;
        p.indigenisation_fade_years = 4.0;
        assert_eq!(next_push(0.0, 0.0, &p), 0.0);
        let after = |from: f64, denied: f64, months: usize| {
            (0..months).fold(from, |push, _| next_push(push, denied, &p))
        };
        // Without the rules on record: less than recorded, and no less than effect times years below it.
        let [soon, late] = [24, 600].map(|months| after(0.0, -1.0, months));
        assert!(late < soon && soon < 0.0 && (late + 1.2).abs() < 1e-3);
        assert!(after(late, 0.0, 120).abs() < 0.1);
    }
}
