//! A nation as a buyer: demand for accelerators, budgets, purchases pulled forward, and the useful compute that results.

use std::sync::Arc;

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

use super::users::ServiceTotals;
use crate::capability::efficiency::{ScarcityEfficiency, codesign_skill};
use crate::foundation::calendar::Month;
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, SimulationClock};
use crate::markets::chips::{BudgetPurpose, ChipMarket, stock_index};
use crate::markets::rental::RentedCompute;
use crate::markets::scarcity::Shortage;
use crate::markets::terms::AnnouncedClosures;
use crate::measures::Bloc;
use crate::technology::path::TimePath;
use crate::technology::power::{PowerPaths, powered_share};
use crate::technology::roadmap::ChipTable;
use crate::technology::supply::InputAccessState;

/// A nation: fixed within a run but for its stock of useful compute.
#[derive(Component, Clone, Copy, Debug)]
pub struct Nation {
    /// Row in the table of nations; results are summed in this order.
    pub row: u32,
    /// The market it buys in: nations that all rules treat equally.
    pub market: u32,
    /// Row of the demand region it belongs to.
    pub region: u32,
    pub bloc: Bloc,
    /// Its share of its region's demand.
    pub share_of_region: f64,
}

/// Useful compute of a nation's users, H100-equivalents.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct NationCompute {
    /// Training throughput of chips bought for training.
    pub training_h100e: f64,
    /// Serving throughput of chips bought for serving.
    pub serving_h100e: f64,
    /// Training throughput of all chips.
    pub all_h100e: f64,
}

/// Compute by nation and by bloc, collected once a month.
#[derive(Resource, Clone, Debug, Default)]
pub struct NationTotals {
    pub training_h100e: Vec<f64>,
    pub serving_h100e: Vec<f64>,
    pub all_h100e: Vec<f64>,
    pub training_by_bloc: [f64; 3],
    pub serving_by_bloc: [f64; 3],
    pub all_by_bloc: [f64; 3],
    /// Useful compute by the owner's home.
    pub owned_by_bloc: [f64; 3],
    /// Share of installed compute that has power.
    pub powered: [f64; 3],
    /// 8-bit peak basis.
    pub peak_by_bloc: [f64; 3],
    /// Demand of each nation this month, USD a year.
    pub demand_usd: Vec<f64>,
    /// New money by market: of ordinary buyers, and of owners of captive chips, USD a month.
    market_budget_usd: Vec<[f64; 2]>,
}

impl NationTotals {
    pub fn reset(&mut self, nations: usize, markets: usize) {
        self.market_budget_usd.clear();
        self.market_budget_usd.resize(markets, [0.0; 2]);
        for column in [
            &mut self.training_h100e,
            &mut self.serving_h100e,
            &mut self.all_h100e,
            &mut self.demand_usd,
        ] {
            column.clear();
            column.resize(nations, 0.0);
        }
    }
}

/// Recorded demand, shared by all runs.
#[derive(Resource, Clone, Debug)]
pub struct DemandPaths(pub Arc<RecordedDemand>);

/// Paths of demand in constant 2024 USD a year.
#[derive(Clone, Debug, Default)]
pub struct RecordedDemand {
    pub capex_usd: TimePath,
    pub target_demand_usd: TimePath,
    /// Share of spending outside the target that goes to captive chips.
    pub captive_share: TimePath,
    /// By region; empty for the issuer's and the target's own.
    pub region_usd: Vec<TimePath>,
    pub region_keys: Vec<u64>,
    pub issuer_region: usize,
    pub target_region: usize,
    /// First month in which a rule blocked demand of the target.
    pub first_rule: Month,
}

/// Shocks to demand by region: log deviations with persistence below one.
#[derive(Resource, Clone, Debug, Default)]
pub struct DemandShocks {
    pub log_deviation: Vec<f64>,
    /// Demand of each region this month, USD a year.
    pub demand_usd: Vec<f64>,
}

/// Demand for accelerators outside the target, USD a year.
///
/// `capex * (before + (after - before) / (1 + exp(-(t - jump) / width)))`: a share of big-four capital spending that
/// jumps when generative AI becomes the thing to build. Form and starting values: numerical trial, fitted in-sample.
pub fn world_demand_usd(capex_usd: f64, year: f64, p: &Parameters) -> f64 {
    let jump = 1.0 / (1.0 + maths::exp(-(year - p.wants_jump_year) / p.wants_jump_width_years));
    capex_usd * (p.wants_share_before + (p.wants_share_after - p.wants_share_before) * jump)
}

/// Years after the first rule until demand reaches its full multiple of recorded spending.
const YEARS_TO_FULL_DEMAND: f64 = 2.0;
/// Lower bound on the issuer's share of world demand, and upper bound on that of a third region.
const ISSUER_SHARE_MIN: f64 = 0.5;
const REGION_SHARE_MAX: f64 = 0.2;

/// Demand of the target's buyers, USD a year: recorded spending times a multiplier for demand that rules blocked.
///
/// The multiplier is 1 before `first_rule`, when spending was unrestricted, and rises to its value over two years. It is the
/// same in every arm: rules block purchases, not demand.
pub fn target_demand_usd(
    recorded_usd: f64,
    month: Month,
    first_rule: Month,
    p: &Parameters,
) -> f64 {
    let years = f64::from(month - first_rule) / 12.0;
    let part = (years / YEARS_TO_FULL_DEMAND).clamp(0.0, 1.0);
    recorded_usd * maths::pow(p.target_wants_multiplier, part)
}

/// Share of accelerator spending meant for training; the rest is for serving.
/// Linear in time between 2022, 2024 and 2026, flat outside. Source: bounds from H20 prices and variants, see the parameter.
pub fn training_share(year: f64, p: &Parameters) -> f64 {
    let between = |a: f64, b: f64, from: f64| a + (b - a) * ((year - from) / 2.0).clamp(0.0, 1.0);
    if year < 2024.0 {
        between(p.training_share_2022, p.training_share_2024, 2022.0)
    } else {
        between(p.training_share_2024, p.training_share_2026, 2024.0)
    }
}

/// Spending pulled forward this month because an announced rule will close a part of the market.
///
/// `frontload_share * belief * demand_usd_per_year * closing_share / months left`, with the probability that buyers assign to
/// the rule coming into force. The total does not depend on the length of notice. It is an advance, repaid from later
/// budgets.
pub fn pulled_forward_usd(
    demand_usd_per_year: f64,
    closing_share: f64,
    months_left: f64,
    p: &Parameters,
) -> f64 {
    p.frontload_share * p.announced_rule_belief * demand_usd_per_year * closing_share
        / months_left.max(1.0)
}

/// Share of the target's demand that its state directs to chips made at home:
/// `state_demand_share * state_steered_share * denied`.
///
/// `denied` is the share of desired purchases that rules denied over about a year, since budgets are made once a year; or, if
/// larger, the share of foreign chips that the target's own rules deny to state-funded centres.
pub fn state_procurement_share(denied: f64, p: &Parameters) -> f64 {
    p.state_demand_share * p.state_steered_share * denied
}

/// System: sets the demand of every region this month and the budgets of every market.
///
/// World demand is a share of big-four capital spending. Third regions follow their recorded paths and then the world's
/// growth; the issuer's demand is the remainder. The networking share buys no chips. Captive chips take their recorded share.
pub fn set_budgets(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    demand: Res<DemandPaths>,
    closures: Res<AnnouncedClosures>,
    chips: Res<ChipTable>,
    services: Res<ServiceTotals>,
    access: Res<InputAccessState>,
    rental: Res<RentedCompute>,
    shortage: Res<Shortage>,
    mut shocks: ResMut<DemandShocks>,
    mut totals: ResMut<NationTotals>,
    mut market: ResMut<ChipMarket>,
    nations: Query<&Nation>,
) {
    let p = &future.parameters;
    let d = &demand.0;
    set_regional_demand(&clock, &future, d, &mut shocks);
    invest_service_revenue(clock.t, &future, &services, d, &mut shocks);
    shocks.demand_usd[d.issuer_region] += access.support_usd[2];
    market.budget_usd.fill(0.0);
    market.pulled_usd.fill(0.0);
    totals.market_budget_usd.fill([0.0; 2]);
    let for_training = training_share(clock.year, p);
    let captive = d.captive_share.at(clock.year, 0.0, f64::INFINITY);
    let state_procurement = if future.channels.on(Channel::Indigenisation) {
        state_procurement_share(shortage.denied_year.max(access.state_closed), p)
    } else {
        0.0
    };
    // Demand was recorded as spending on accelerators; budgets pay for the servers around them too.
    let with_hosts = 1.0 + p.host_cost_usd / mean_price_usd(&market, &chips, clock.t, p);
    for nation in &nations {
        let demand_usd = shocks.demand_usd[nation.region as usize] * nation.share_of_region;
        totals.demand_usd[nation.row as usize] = demand_usd;
        market.nations[nation.row as usize].demand_usd = demand_usd;
        let monthly = demand_usd / 12.0 * (1.0 - p.networking_share) * with_hosts;
        let own = if nation.bloc == Bloc::Issuer {
            monthly * captive
        } else {
            0.0
        };
        totals.market_budget_usd[nation.market as usize][0] += monthly - own;
        totals.market_budget_usd[nation.market as usize][1] += own;
    }
    for (customer, c) in market.layout.clone().customers.iter().enumerate() {
        let part = match c.wallet {
            BudgetPurpose::Training => for_training,
            BudgetPurpose::Serving => 1.0 - for_training,
        };
        let state_procurement = if c.market == market.layout.target_market {
            state_procurement
        } else {
            0.0
        };
        let part = part
            * if c.kind.is_state_procurement() {
                state_procurement
            } else {
                1.0 - state_procurement
            };
        if !c.kind.is_broker() {
            market.budget_usd[customer] =
                part * totals.market_budget_usd[c.market][usize::from(c.kind.is_captive())];
        }
    }
    pay_rent(&rental, &mut market);
    let ahead = future.planning != ExpectationRule::Naive;
    if ahead && future.channels.on(Channel::Stockpiling) {
        pull_forward(clock.t, &closures, &chips, &mut market, p);
    }
}

/// A bloc whose AI services earn more than on record spends more on accelerators: `demand_usd * (revenue / record) ^ elasticity`.
fn invest_service_revenue(
    t: usize,
    future: &Future,
    services: &ServiceTotals,
    d: &RecordedDemand,
    shocks: &mut DemandShocks,
) {
    for (bloc, region) in [
        (Bloc::Issuer, d.issuer_region),
        (Bloc::Target, d.target_region),
    ] {
        // Last month's revenue against the same month on record.
        let ratio = future.reference_run.service_ratio(
            t.max(1) - 1,
            bloc as usize,
            services.revenue_usd[bloc as usize],
        );
        shocks.demand_usd[region] *= maths::pow(
            ratio.clamp(0.1, 10.0),
            future.parameters.service_investment_elasticity,
        );
    }
}

/// Subtracts the rent for compute abroad from the target's training budget.
fn pay_rent(rental: &RentedCompute, market: &mut ChipMarket) {
    for k in 0..market.layout.customers.len() {
        let c = market.layout.customers[k];
        if c.market == market.layout.target_market
            && c.wallet == BudgetPurpose::Training
            && !c.kind.is_captive()
            && !c.kind.is_broker()
            && !c.kind.is_state_procurement()
        {
            market.budget_usd[k] = (market.budget_usd[k] - rental.cost_usd).max(0.0);
        }
    }
}

/// Mean price that buyers outside the target paid last month; before the first trade, the mean list price of chips on sale.
fn mean_price_usd(market: &ChipMarket, on_sale: &ChipTable, t: usize, p: &Parameters) -> f64 {
    let (mut paid, mut units) = (0.0, 0.0);
    for &chip in &market.active {
        let chip = usize::from(chip);
        if market.layout.captive_chip[chip] {
            continue;
        }
        let bought = market.sold_in(Bloc::Issuer as usize, chip)
            + market.sold_in(Bloc::Third as usize, chip);
        units += bought;
        paid += bought * market.offers[chip].price_usd;
    }
    if units > 0.0 {
        return paid / units;
    }
    let (mut listed, mut kinds) = (0.0, 0.0);
    for chip in (0..on_sale.spec.len()).filter(|c| !market.layout.captive_chip[*c]) {
        if on_sale.launch[chip] <= t as i32 {
            listed += on_sale.list_price_usd(chip, t as i32, p) / on_sale.copies[chip];
            kinds += 1.0 / on_sale.copies[chip];
        }
    }
    listed / kinds
}

fn set_regional_demand(
    clock: &SimulationClock,
    future: &Future,
    d: &RecordedDemand,
    shocks: &mut DemandShocks,
) {
    let p = &future.parameters;
    let capex = d
        .capex_usd
        .at(clock.year, p.capex_growth_late, p.capex_ceiling_usd);
    let world = world_demand_usd(capex, clock.year, p);
    let recorded = d.target_demand_usd.at(
        clock.year,
        p.target_wants_growth_late,
        p.target_wants_ceiling_usd,
    );
    let mut third = 0.0;
    for region in 0..d.region_keys.len() {
        let shock =
            future
                .chance
                .normal(Purpose::DemandShock, d.region_keys[region], clock.t as u64);
        let deviation = &mut shocks.log_deviation[region];
        *deviation = p.demand_shock_persistence * *deviation + p.demand_shock_sd * shock;
        let level = maths::exp(*deviation);
        shocks.demand_usd[region] = if region == d.target_region {
            target_demand_usd(recorded, clock.month, d.first_rule, p) * level
        } else if region == d.issuer_region {
            level
        } else {
            third_demand_usd(&d.region_usd[region], clock.year, world, d, p) * level
        };
        if region != d.target_region && region != d.issuer_region {
            third += shocks.demand_usd[region];
        }
    }
    // The issuer's demand is the remainder of the world's, and at least half of it.
    shocks.demand_usd[d.issuer_region] *= (world - third).max(ISSUER_SHARE_MIN * world);
}

/// Demand of a third region: its recorded share of world demand, constant outside the knots.
fn third_demand_usd(
    path: &TimePath,
    year: f64,
    world_usd: f64,
    d: &RecordedDemand,
    p: &Parameters,
) -> f64 {
    let (Some(first), Some(last)) = (path.0.first(), path.0.last()) else {
        return 0.0;
    };
    let at = year.clamp(first.0, last.0);
    let capex = d.capex_usd.at(at, p.capex_growth_late, p.capex_ceiling_usd);
    let share = path.at(at, 0.0, f64::INFINITY) / world_demand_usd(capex, at, p);
    world_usd * share.min(REGION_SHARE_MAX)
}

/// Pulls purchases forward in a market that an announced rule will close.
fn pull_forward(
    t: usize,
    closures: &AnnouncedClosures,
    chips: &ChipTable,
    market: &mut ChipMarket,
    p: &Parameters,
) {
    let Some(binds) = closures.binds.filter(|_| closures.any) else {
        return;
    };
    let slots = chips.spec.len();
    for customer in 0..market.layout.customers.len() {
        let c = market.layout.customers[customer];
        if c.kind.is_captive() || c.kind.is_state_procurement() || c.market != closures.market {
            continue;
        }
        let useful = if c.wallet == BudgetPurpose::Training {
            &chips.useful_training
        } else {
            &chips.useful_serving
        };
        let (mut all, mut lost) = (0.0, 0.0);
        for slot in 0..slots {
            let at = stock_index(slot, Bloc::Target as usize, c.wallet);
            let flow = market.sold[at] * useful[slot];
            all += flow;
            if closures.closing[slot] {
                lost += flow;
            }
        }
        if all > 0.0 {
            let yearly = market.budget_usd[customer] * 12.0;
            let months_left = f64::from((binds - t as i32).max(1));
            market.pulled_usd[customer] = pulled_forward_usd(yearly, lost / all, months_left, p);
        }
    }
}

/// System: converts stocks of the chip market into useful compute of nations.
///
/// Purchases of a market are divided among its nations in proportion to demand, within caps. The stock of a nation keeps its
/// share of the bloc's stock, whose useful throughput changes with number formats and software, so nations always sum to
/// their bloc.
pub fn update_compute(
    future: Res<Future>,
    chips: Res<ChipTable>,
    market: Res<ChipMarket>,
    realised: Res<crate::technology::roadmap::RealisedThroughput>,
    efficiency: Res<ScarcityEfficiency>,
    clock: Res<SimulationClock>,
    power: Res<PowerPaths>,
    access: Res<InputAccessState>,
    mut totals: ResMut<NationTotals>,
    mut held: ResMut<ComputeStock>,
    mut nations: Query<(&Nation, &mut NationCompute)>,
) {
    let kept = 1.0 - future.parameters.retirement_per_year / 12.0;
    let skill = efficiency
        .codesign_years
        .map(|years| codesign_skill(years, &future.parameters));
    held.measure(&market, &chips, &realised, skill);
    let mut grown = [[0.0; 3]; 3];
    for (nation, mut compute) in &mut nations {
        let m = nation.market as usize;
        let share = market.nations[nation.row as usize].part;
        compute.training_h100e = kept * compute.training_h100e + share * held.flow[m][0];
        compute.serving_h100e = kept * compute.serving_h100e + share * held.flow[m][1];
        compute.all_h100e = kept * compute.all_h100e + share * held.flow[m][2];
        let sum = &mut grown[nation.bloc as usize];
        sum[0] += compute.training_h100e;
        sum[1] += compute.serving_h100e;
        sum[2] += compute.all_h100e;
    }
    let t = &mut *totals;
    t.powered = powered(&clock, &future, &power, &access, &held);
    t.training_by_bloc = [0.0; 3];
    t.serving_by_bloc = [0.0; 3];
    t.all_by_bloc = [0.0; 3];
    t.peak_by_bloc = held.peak;
    let mut worth = [[0.0; 3]; 3];
    for bloc in 0..3 {
        for kind in 0..3 {
            worth[bloc][kind] = held.stock[bloc][kind] / grown[bloc][kind].max(f64::MIN_POSITIVE);
        }
    }
    for (nation, mut compute) in &mut nations {
        let (row, bloc) = (nation.row as usize, nation.bloc as usize);
        compute.training_h100e *= worth[bloc][0];
        compute.serving_h100e *= worth[bloc][1];
        compute.all_h100e *= worth[bloc][2];
        let on = t.powered[bloc];
        t.training_h100e[row] = on * compute.training_h100e;
        t.serving_h100e[row] = on * compute.serving_h100e;
        t.all_h100e[row] = on * compute.all_h100e;
        t.training_by_bloc[bloc] += t.training_h100e[row];
        t.serving_by_bloc[bloc] += t.serving_h100e[row];
        t.all_by_bloc[bloc] += t.all_h100e[row];
    }
    t.owned_by_bloc = t.all_by_bloc;
}

/// Share of each bloc's installed compute that has power.
fn powered(
    clock: &SimulationClock,
    future: &Future,
    power: &PowerPaths,
    access: &InputAccessState,
    held: &ComputeStock,
) -> [f64; 3] {
    let p = &future.parameters;
    // Public support for energy adds capacity each year from 2022 on.
    let bought_gw = access.support_usd[1] * (clock.year - 2022.0).max(0.0) / p.power_usd_per_gw;
    Bloc::ALL.map(|bloc| {
        let b = bloc as usize;
        let added = if bloc == Bloc::Issuer { bought_gw } else { 0.0 };
        let capacity = power.0[b].at(clock.year, p.power_growth_late, f64::INFINITY) + added;
        powered_share(
            capacity,
            p.ai_share_of_power_max,
            held.watts[b],
            p.power_overhead,
        )
    })
}

/// Useful compute: for training, for serving, and of all chips by training throughput. Stocks are by bloc, flows of this month
/// by market.
#[derive(Resource, Clone, Debug, Default)]
pub struct ComputeStock {
    pub stock: [[f64; 3]; 3],
    pub flow: Vec<[f64; 3]>,
    /// 8-bit peak of the stock by bloc, H100-equivalents.
    pub peak: [f64; 3],
    /// Power of the chips in use by bloc, W.
    pub watts: [f64; 3],
    /// By bloc and wallet: useful throughput of a chip, by slot.
    worth: [[Vec<f64>; 2]; 3],
    /// By buyer: purchases in throughput of its own purpose, and in training throughput.
    of_buyer: Vec<[f64; 2]>,
}

impl ComputeStock {
    pub fn reset(&mut self, markets: usize, customers: usize, slots: usize) {
        self.flow.clear();
        self.flow.resize(markets, [0.0; 3]);
        self.of_buyer.clear();
        self.of_buyer.resize(customers, [0.0; 2]);
        for worth in self.worth.iter_mut().flatten() {
            worth.clear();
            worth.resize(slots, 0.0);
        }
    }

    /// Measures stocks: training wallets hold training compute, serving wallets hold serving compute.
    fn measure(
        &mut self,
        market: &ChipMarket,
        chips: &ChipTable,
        realised: &crate::technology::roadmap::RealisedThroughput,
        codesign_skill: [f64; 3],
    ) {
        self.stock = [[0.0; 3]; 3];
        self.peak = [0.0; 3];
        self.watts = [0.0; 3];
        for &slot in &market.in_use {
            let slot = usize::from(slot);
            let plain = chips.useful_training[slot];
            let skilled = chips.useful_codesigned[slot] - plain;
            let serving = realised.0[slot] * chips.useful_serving[slot];
            let (peak, watts) = (chips.peak_h100e[slot], chips.spec[slot].tdp_w);
            for bloc in 0..3 {
                // Co-design raises training throughput, not serving throughput.
                let training = realised.0[slot] * (plain + codesign_skill[bloc] * skilled);
                self.worth[bloc][0][slot] = training;
                self.worth[bloc][1][slot] = serving;
                let at = stock_index(slot, bloc, BudgetPurpose::Training);
                let (to_train, to_serve) = (market.stock[at], market.stock[at + 1]);
                self.stock[bloc][0] += to_train * training;
                self.stock[bloc][1] += to_serve * serving;
                self.stock[bloc][2] += (to_train + to_serve) * training;
                self.peak[bloc] += (to_train + to_serve) * peak;
                self.watts[bloc] += (to_train + to_serve) * watts;
            }
        }
        self.record_flows(market);
    }

    /// Records purchases of each market this month; diverted chips count where they are used.
    fn record_flows(&mut self, market: &ChipMarket) {
        let layout = &market.layout;
        let active = market.active.len();
        self.flow.fill([0.0; 3]);
        for (b, buyer) in market.buyers.list.iter().enumerate() {
            if buyer.kind.is_broker() {
                continue;
            }
            let worth = &self.worth[layout.bloc_of_market[buyer.market]];
            let bought = &market.buyers.bought[b * active..(b + 1) * active];
            let (mut own, mut training) = (0.0, 0.0);
            for (units, &slot) in bought.iter().zip(&market.active) {
                let slot = usize::from(slot);
                own += units * worth[buyer.wallet as usize][slot];
                training += units * worth[0][slot];
            }
            self.of_buyer[b] = [own, training];
        }
        for (k, customer) in layout.customers.iter().enumerate() {
            let [own, training] = self.of_buyer[usize::from(market.buyers.group_of[k])];
            if !customer.kind.is_broker() {
                let flow = &mut self.flow[customer.market];
                flow[customer.wallet as usize] += own * market.buyers.share_of_group[k];
                flow[2] += training * market.buyers.share_of_group[k];
            }
        }
        let worth = &self.worth[Bloc::Target as usize][0];
        let diverted_h100e: f64 = market
            .active
            .iter()
            .map(|&slot| market.diverted_units[usize::from(slot)] * worth[usize::from(slot)])
            .sum();
        let flow = &mut self.flow[layout.target_market];
        flow[0] += diverted_h100e;
        flow[2] += diverted_h100e;
    }
}
