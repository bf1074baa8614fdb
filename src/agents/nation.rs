//! A nation as a buyer: demand for accelerators, budgets, and purchases pulled forward before a rule.

use std::sync::Arc;

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};

use super::chipmaker::Chipmaker;
use crate::foundation::bloc::Bloc;
use crate::foundation::calendar::Month;
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, RunMonth, SimulationClock};
use crate::markets::chip_market::ChipMarket;
use crate::markets::chip_market::state::{BudgetPurpose, CustomerKind, stock_index};
use crate::markets::rental::RentedCompute;
use crate::markets::scarcity::Shortage;
use crate::markets::services::ServiceTotals;
use crate::policy::access::LegalAccess;
use crate::policy::apply::AnnouncedClosures;
use crate::technology::path::TimePath;
use crate::technology::power::{PowerUse, purchase_gate};
use crate::technology::roadmap::ChipTable;

/// A nation; fixed within a run.
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

/// Recorded demand, shared by all runs.
#[derive(Resource, Clone, Debug)]
pub struct DemandPaths(pub Arc<RecordedDemand>);

/// Paths of demand in constant 2024 USD a year.
#[derive(Clone, Debug, Default)]
pub struct RecordedDemand {
    pub capex_usd: TimePath,
    pub target_demand_usd: TimePath,
    /// Share of the issuer's spending that goes to captive chips.
    pub captive_share: TimePath,
    /// By region; empty for the issuer's and the target's own.
    pub region_usd: Vec<TimePath>,
    pub region_keys: Vec<u64>,
    pub issuer_region: usize,
    pub target_region: usize,
    /// First month in which a rule blocked demand of the target.
    pub first_rule: Month,
}

/// Demand of the month, and its shocks: log deviations by region with persistence below one.
#[derive(Resource, Clone, Debug, Default)]
pub struct DemandShocks {
    pub log_deviation: Vec<f64>,
    /// Demand of each region this month, USD a year.
    pub demand_usd: Vec<f64>,
    /// New money by market, USD a month.
    market_budget_usd: Vec<f64>,
    /// By maker: what its owner spends on its chips, as [`Chipmaker::owner_share`] says; 0 without an owner.
    owner_share: Vec<f64>,
    /// By maker: part of the money of its owner's market that goes to its chips this month; and the sum by market.
    owner_part: Vec<f64>,
    owners_part: Vec<f64>,
}

/// System at the start of a run: no demand, and no shock yet.
pub fn begin_demand(
    demand: Res<DemandPaths>,
    future: Res<Future>,
    market: Res<ChipMarket>,
    mut shocks: ResMut<DemandShocks>,
    makers: Query<&Chipmaker>,
) {
    let regions = demand.0.region_keys.len();
    let s = &mut *shocks;
    for column in [&mut s.log_deviation, &mut s.demand_usd] {
        column.clear();
        column.resize(regions, 0.0);
    }
    let (markets, rows) = (market.layout.markets, market.layout.makers);
    for (column, length) in [
        (&mut s.market_budget_usd, markets),
        (&mut s.owners_part, markets),
        (&mut s.owner_share, rows),
        (&mut s.owner_part, rows),
    ] {
        column.clear();
        column.resize(length, 0.0);
    }
    for maker in &makers {
        if let Some(range) = maker.owner_share {
            let draw = future.chance.uniform(Purpose::OwnerShare, maker.key, 0);
            s.owner_share[maker.row as usize] = range.quantile(draw);
        }
    }
}

/// What buyers know when they set their budgets.
#[derive(SystemParam)]
pub struct BuyerInformation<'w> {
    closures: Res<'w, AnnouncedClosures>,
    chips: Res<'w, ChipTable>,
    services: Res<'w, ServiceTotals>,
    access: Res<'w, LegalAccess>,
    rental: Res<'w, RentedCompute>,
    shortage: Res<'w, Shortage>,
    power: Res<'w, PowerUse>,
}

/// Demand for accelerators outside the target, USD a year.
///
/// `capex * (before + (after - before) / (1 + exp(-(t - jump) / width)))`: a share of big-four capital spending that
/// jumps when generative AI becomes the thing to build. Form and starting values: numerical trial, fitted in-sample;
/// see `wants_share_before`, `wants_share_after`, `wants_jump_year` and `wants_jump_width_years`.
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
/// `recorded * target_wants_multiplier ^ clamp(years since the first rule / 2, 0, 1)`. The multiplier is 1 before
/// `first_rule`, when spending was unrestricted, and rises to its value over two years. It is the same in every arm:
/// rules block purchases, not demand. Source: see `target_wants_multiplier`; the two years are an assumption.
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
///
/// Linear in time between `training_share_2022`, `training_share_2024` and `training_share_2026`, flat outside. Source:
/// bounds from H20 prices and variants, see the parameters.
pub fn training_share(year: f64, p: &Parameters) -> f64 {
    let between = |a: f64, b: f64, from: f64| a + (b - a) * ((year - from) / 2.0).clamp(0.0, 1.0);
    if year < 2024.0 {
        between(p.training_share_2022, p.training_share_2024, 2022.0)
    } else {
        between(p.training_share_2024, p.training_share_2026, 2024.0)
    }
}

/// Spending pulled forward this month because an announced rule will close a part of the market, USD.
///
/// `frontload_share * belief * demand_usd_per_year * closing_share / max(months left, 1)`, with the probability that
/// buyers assign to the rule coming into force. The total does not depend on the length of notice. It is an advance,
/// repaid from later budgets. Source: see `frontload_share` and `announced_rule_belief`.
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
/// `state_demand_share * state_steered_share * max(denied, home_demand_floor)`.
///
/// The floor does not wait for denial: programmes to replace foreign technology are older than the rules on chips
/// (CSIS, Allen 2024). `denied` is the share of desired purchases that rules denied over about a year, since budgets
/// are made once a year; or, if larger, the share of foreign chips that the target's own rules deny to state-funded
/// centres. Source: see the three parameters.
pub fn state_procurement_share(denied: f64, p: &Parameters) -> f64 {
    p.state_demand_share * p.state_steered_share * denied.max(p.home_demand_floor)
}

/// What public research spends on compute, USD a month: `support * public_research_compute_share / 12`.
///
/// It buys in the market, beside all others and rationed as they are. The rest of the money pays people. Researchers are few in the
/// short run, so it raises their pay and moves them from labs to public projects, and adds none. Source: Goolsbee 1998, NBER 6532.
pub fn public_research_usd(support_usd_per_year: f64, p: &Parameters) -> f64 {
    support_usd_per_year * p.public_research_compute_share / 12.0
}

/// System: sets the demand of every region this month and the budgets of every market.
///
/// ```text
/// market budget = sum over nations of demand / 12 * (1 - networking_share) * (1 + host_cost / mean price)
/// budget        = market budget * power gate * purpose share * kind share          USD a month, by customer
/// ```
///
/// World demand is a share of big-four capital spending. Third regions follow their recorded paths and then the world's
/// growth; the issuer's demand is the remainder. The networking share buys no chips. Captive chips take their recorded
/// share. Public research adds to the issuer's budgets, rent abroad reduces the target's, and buyers in the target
/// advance money before an announced rule. Source: see `networking_share`, `host_cost_usd` and the functions below.
pub fn set_budgets(
    run: RunMonth,
    demand: Res<DemandPaths>,
    known: BuyerInformation,
    mut shocks: ResMut<DemandShocks>,
    mut market: ResMut<ChipMarket>,
    nations: Query<&Nation>,
) {
    let (future, p, t) = (&*run.future, &run.future.parameters, run.clock.t);
    let d = &demand.0;
    set_regional_demand(&run.clock, future, d, &mut shocks);
    invest_service_revenue(t, future, &known.services, d, &mut shocks);
    shocks.demand_usd[d.issuer_region] += known.access.support_usd[2];
    market.money.budget_usd.fill(0.0);
    market.money.pulled_usd.fill(0.0);
    let captive = d.captive_share.at(run.clock.year, 0.0, f64::INFINITY);
    let mean_price_usd = mean_price_usd(&market, &known.chips, t, p);
    set_market_budgets(mean_price_usd, &mut shocks, &mut market, &nations, p);
    set_owner_parts(captive, t as i32, &known.chips, &mut shocks, &market);
    wait_for_power(&known.power, &market, &mut shocks, p);
    let denied = future.channels.factor(Channel::Indigenisation)
        * known.shortage.denied_year.max(known.access.state_closed);
    let state_procurement = state_procurement_share(denied, p);
    let for_training = training_share(run.clock.year, p);
    divide_budgets(for_training, state_procurement, &shocks, &mut market);
    let public_usd = public_research_usd(known.access.support_usd[0], p);
    fund_public_research(public_usd, &mut market);
    pay_rent(for_training, &known.rental, &mut market);
    let ahead = future.planning != ExpectationRule::Naive;
    if ahead && future.channels.on(Channel::Stockpiling) {
        pull_forward(t, &known.closures, &known.chips, &mut market, p);
    }
}

/// Sets the new money of each market, USD a month, from the demand of its nations.
///
/// `sum of demand / 12 * (1 - networking_share) * (1 + host_cost_usd / mean price)`. Source: see `networking_share` and
/// `host_cost_usd`; `docs/decisions/0001-who-gets-scarce-packages.md`.
fn set_market_budgets(
    mean_price_usd: f64,
    shocks: &mut DemandShocks,
    market: &mut ChipMarket,
    nations: &Query<&Nation>,
    p: &Parameters,
) {
    // Demand was recorded as spending on accelerators; budgets pay for the servers around them too.
    let with_hosts = 1.0 + p.host_cost_usd / mean_price_usd;
    shocks.market_budget_usd.fill(0.0);
    for nation in nations {
        let demand_usd = shocks.demand_usd[nation.region as usize] * nation.share_of_region;
        market.caps.nations[nation.row as usize].demand_usd = demand_usd;
        let monthly = demand_usd / 12.0 * (1.0 - p.networking_share) * with_hosts;
        shocks.market_budget_usd[nation.market as usize] += monthly;
    }
}

/// Parts of the money of a market that owners spend on the chips of their own makers.
///
/// Owners of captive chips share the captive part of spending in proportion to their shares; each owner of a merchant maker
/// spends its own part. A maker without a chip on sale gets nothing. Source: units times prices of 2024 by owner (Epoch AI
/// counts), held afterwards; for the target, cards of its two owners at the prices of the model.
fn owner_part(share: f64, captive: bool, captive_share: f64, all_captive: f64) -> f64 {
    match (captive, all_captive > 0.0) {
        (true, true) => captive_share * share / all_captive,
        (true, false) => 0.0,
        (false, _) => share,
    }
}

/// Sets what owners spend on their own makers this month, as parts of the money of their market (see [`owner_part`]).
///
/// A maker counts while it has a chip that was launched and is not discontinued.
fn set_owner_parts(
    captive_share: f64,
    t: i32,
    chips: &ChipTable,
    shocks: &mut DemandShocks,
    market: &ChipMarket,
) {
    let layout = &*market.layout;
    shocks.owner_part.fill(0.0);
    shocks.owners_part.fill(0.0);
    for (chip, maker) in layout.maker_of.iter().enumerate() {
        if chips.launch[chip] <= t && !chips.discontinued[chip] {
            let maker = usize::from(*maker);
            shocks.owner_part[maker] = shocks.owner_share[maker];
        }
    }
    let makers = shocks.owner_part.iter().zip(&layout.captive_maker);
    let all_captive: f64 = makers
        .filter(|(_, captive)| **captive)
        .map(|(s, _)| s)
        .sum();
    for (part, captive) in shocks.owner_part.iter_mut().zip(&layout.captive_maker) {
        *part = owner_part(*part, *captive, captive_share, all_captive);
    }
    for customer in &layout.customers {
        if let (CustomerKind::Owner(maker), BudgetPurpose::Training) =
            (customer.kind, customer.wallet)
        {
            shocks.owners_part[customer.market] += shocks.owner_part[usize::from(maker)];
        }
    }
}

/// Takes out of the budget of each market the money that waits for power: `budget' = budget * gate` (see
/// [`purchase_gate`]).
///
/// The power of a bloc stands where its demand is, so that what one nation may not buy powers nothing in another. Money
/// that waits is not carried to later months.
fn wait_for_power(
    power: &PowerUse,
    market: &ChipMarket,
    shocks: &mut DemandShocks,
    p: &Parameters,
) {
    let bloc_of = &market.layout.bloc_of_market;
    let mut bloc_usd = [0.0; 3];
    for (budget_usd, &bloc) in shocks.market_budget_usd.iter().zip(bloc_of) {
        bloc_usd[bloc] += budget_usd;
    }
    let markets = shocks.market_budget_usd.iter_mut().zip(bloc_of);
    for (m, (budget_usd, &bloc)) in markets.enumerate() {
        let limit_w = power.limit_w[bloc] * *budget_usd / bloc_usd[bloc].max(f64::MIN_POSITIVE);
        let wanted_w = power.watts_per_usd[m] * *budget_usd;
        *budget_usd *= purchase_gate(limit_w, power.market_w[m], wanted_w, p);
    }
}

/// Divides the new money of each market among its customers: `budget = market budget * purpose share * part`, USD a
/// month.
///
/// ```text
/// part = (1 - owners) * (1 - state)        of ordinary buyers
///      = owner part / max(owners, 1)       of an owner
///      = (1 - owners) * state              of state procurement, in the target
/// ```
///
/// `owners` is the sum of owners' parts, at most 1 in effect; `state` is [`state_procurement_share`], `purpose share`
/// is [`training_share`] or its complement. Brokers collect their money from users.
fn divide_budgets(
    for_training: f64,
    state_procurement: f64,
    shocks: &DemandShocks,
    market: &mut ChipMarket,
) {
    let layout = market.layout.clone();
    for (customer, c) in layout.customers.iter().enumerate() {
        let purpose = match c.wallet {
            BudgetPurpose::Training => for_training,
            BudgetPurpose::Serving => 1.0 - for_training,
        };
        let by_state = if c.market == layout.target_market {
            state_procurement
        } else {
            0.0
        };
        // Owners cannot spend more than all of the money.
        let owners = shocks.owners_part[c.market];
        let (ordinary, scale) = ((1.0 - owners).max(0.0), owners.max(1.0));
        let part = match c.kind {
            CustomerKind::Ordinary => ordinary * (1.0 - by_state),
            CustomerKind::Owner(maker) => shocks.owner_part[usize::from(maker)] / scale,
            CustomerKind::StateProcurement => ordinary * by_state,
            // Brokers collect their budgets from users.
            CustomerKind::Broker => continue,
        };
        market.money.budget_usd[customer] = purpose * part * shocks.market_budget_usd[c.market];
    }
}

/// A bloc whose AI services earn more than on record spends more on accelerators:
/// `demand_usd * (revenue / record) ^ elasticity`.
///
/// The ratio is of last month and kept within 0.1 and 10. Source: see `service_investment_elasticity`.
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

/// Adds the money of public research to the budgets for training of the issuer's ordinary buyers:
/// `budget' = budget * (1 + public / sum of these budgets)`, USD a month. Nothing is added where they have no budget.
fn fund_public_research(public_usd: f64, market: &mut ChipMarket) {
    let layout = market.layout.clone();
    let trains = |k: &usize| {
        let c = &layout.customers[*k];
        let of_issuer = layout.bloc_of_market[c.market] == Bloc::Issuer as usize;
        of_issuer && c.kind == CustomerKind::Ordinary && c.wallet == BudgetPurpose::Training
    };
    let payers = || (0..layout.customers.len()).filter(trains);
    let all_usd: f64 = payers().map(|k| market.money.budget_usd[k]).sum();
    if public_usd <= 0.0 || all_usd <= 0.0 {
        return;
    }
    for k in payers() {
        market.money.budget_usd[k] *= 1.0 + public_usd / all_usd;
    }
}

/// Subtracts the rent for compute abroad from the budgets of the target's ordinary buyers, for training and for serving
/// as they use it.
///
/// `budget' = max(0, budget - part * rent)`, USD a month. Rent beyond a budget is not paid by anybody else.
fn pay_rent(for_training: f64, rental: &RentedCompute, market: &mut ChipMarket) {
    for k in 0..market.layout.customers.len() {
        let c = market.layout.customers[k];
        if c.market == market.layout.target_market && c.kind == CustomerKind::Ordinary {
            let part = match c.wallet {
                BudgetPurpose::Training => for_training,
                BudgetPurpose::Serving => 1.0 - for_training,
            };
            let left = market.money.budget_usd[k] - part * rental.cost_usd;
            market.money.budget_usd[k] = left.max(0.0);
        }
    }
}

/// Mean price that buyers outside the target paid last month, USD: `sum(units * price) / sum(units)`, without captive
/// chips.
///
/// Before the first trade it is the mean list price of chips on sale, each kind counted once; it has no value where
/// none is.
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

/// Sets the demand of each region this month, USD a year.
///
/// ```text
/// deviation' = demand_shock_persistence * deviation + demand_shock_sd * standard normal draw
/// demand     = level * exp(deviation')
/// ```
///
/// The level is [`target_demand_usd`] in the target and `third_demand_usd` in third regions. In the issuer it is what
/// [`world_demand_usd`] leaves of these, at least half of it. Source: see `demand_shock_sd` and
/// `demand_shock_persistence`; the half is an assumption.
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

/// Demand of a third region, USD a year: its recorded share of world demand, constant outside the knots.
///
/// `world * min(recorded / world demand of that time, 0.2)`; 0 without a record. Assumption: no region has more than a
/// fifth.
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

/// Pulls purchases forward in a market that an announced rule will close (see [`pulled_forward_usd`]).
///
/// The closing share is that of chips that the rule will close in last month's deliveries, by useful compute; nothing
/// is advanced where nothing was delivered. Owners and state procurement do not take part.
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
    for customer in 0..market.layout.customers.len() {
        let c = market.layout.customers[customer];
        if c.kind.is_owner() || c.kind.is_state_procurement() || c.market != closures.market {
            continue;
        }
        let useful = if c.wallet == BudgetPurpose::Training {
            &chips.useful_training
        } else {
            &chips.useful_serving
        };
        let (mut all, mut lost) = (0.0, 0.0);
        for (slot, useful) in useful.iter().enumerate() {
            let at = stock_index(slot, Bloc::Target as usize, c.wallet);
            let flow = market.deliveries.sold[at] * useful;
            all += flow;
            if closures.closing[slot] {
                lost += flow;
            }
        }
        if all > 0.0 {
            let yearly = market.money.budget_usd[customer] * 12.0;
            let months_left = f64::from((binds - t as i32).max(1));
            market.money.pulled_usd[customer] =
                pulled_forward_usd(yearly, lost / all, months_left, p);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_of_captive_chips_share_the_captive_part_and_others_spend_their_own() {
        let captive = [0.7, 0.24].map(|share| owner_part(share, true, 0.25, 0.94));
        assert!((captive.iter().sum::<f64>() - 0.25).abs() < 1e-12 && captive[0] > captive[1]);
        assert_eq!(owner_part(0.08, false, 0.25, 0.94), 0.08);
        // Without a captive chip on sale nobody waits for one.
        assert_eq!(owner_part(0.0, true, 0.25, 0.0), 0.0);
    }
}
