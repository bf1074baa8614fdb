//! Observation: the last phase of a month, which writes every measure into its column.

use bevy_ecs::system::{Query, Res, ResMut};

use super::columns::{OutputColumns, OutputColumnsHandle};
use super::record::{MonthlyRecord, ratio};
use crate::agents::broker::GreyMarket;
use crate::agents::chipmaker::{Chipmaker, ChipmakerState};
use crate::agents::compute::NationTotals;
use crate::agents::government::Government;
use crate::agents::host::{CloudHost, RentalCapacity};
use crate::agents::lab::{Lab, LabCompute};
use crate::agents::nation::Nation;
use crate::agents::users::ServiceUsers;
use crate::capability::algorithms::knowledge_before_break;
use crate::capability::efficiency::{ScarcityEfficiency, codesign_skill};
use crate::capability::frontier::{FrontierGroup, FrontierHistory};
use crate::capability::gap::{gap_months, trend_months};
use crate::foundation::bloc::Bloc;
use crate::foundation::maths;
use crate::foundation::run::{Future, SimulationClock};
use crate::markets::chip_market::ChipMarket;
use crate::markets::rental::RentedCompute;
use crate::markets::scarcity::Shortage;
use crate::markets::services::ServiceTotals;
use crate::technology::supply::{InputAccessState, SupplyPool, SupplyState, TargetDenial};

/// System: records frontiers, gaps between them, and efficiency.
pub fn observe_capability(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    watching: Res<OutputColumnsHandle>,
    frontier: Res<FrontierHistory>,
    efficiency: Res<ScarcityEfficiency>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (watch, t, p) = (&watching.0, clock.t, &future.parameters);
    for (column, released) in watch.frontier.iter().zip(&frontier.released) {
        record.set(*column, t, released.latest());
    }
    observe_gaps(watch, &frontier, t, &mut record);
    let start = knowledge_before_break(clock.first.decimal_year(), p);
    let best = frontier
        .best_known
        .last()
        .map_or(f64::NAN, |known| known.points);
    let knowledge = [frontier.bloc_points[0], frontier.bloc_points[1], best];
    let factor = |points: f64| maths::exp10((points - start) / p.points_per_decade_of_compute);
    record.set_all(&watch.efficiency, t, knowledge.map(factor));
    let (columns, target) = (&watch.responses, Bloc::Target as usize);
    let decades = efficiency.induced_points[target] / p.points_per_decade_of_compute.max(1e-9);
    record.set(columns.induced, t, maths::exp10(decades));
    let skill = codesign_skill(efficiency.codesign_years[target], p);
    record.set(columns.codesign, t, skill);
    record.set(columns.distilled, t, frontier.distilled_points);
}

/// Gaps between released models of either pair, and the underlying gap of the target.
fn observe_gaps(
    watch: &OutputColumns,
    frontier: &FrontierHistory,
    t: usize,
    record: &mut MonthlyRecord,
) {
    let released = |side: FrontierGroup| &frontier.released[side as usize];
    let pairs = [
        (
            released(FrontierGroup::Issuer),
            released(FrontierGroup::Target),
            Some((&frontier.latent[0], &frontier.latent[1])),
        ),
        (
            released(FrontierGroup::Closed),
            released(FrontierGroup::Open),
            None,
        ),
    ];
    for (columns, (leader, follower, latent)) in watch.gaps.iter().zip(pairs) {
        record.set(columns.points, t, leader.latest() - follower.latest());
        record.set(columns.months, t, gap_months(leader, follower));
        if let Some((leader, follower)) = latent {
            let points = leader.latest() - follower.latest();
            record.set(columns.latent_points, t, points);
            record.set(columns.latent_months, t, gap_months(leader, follower));
            record.set(columns.trend, t, trend_months(leader, follower));
        }
    }
}

/// System: records compute of blocs, nations and labs, and makers' research.
pub fn observe_compute(
    clock: Res<SimulationClock>,
    watching: Res<OutputColumnsHandle>,
    frontier: Res<FrontierHistory>,
    nations: Res<NationTotals>,
    labs: Query<(&Lab, &LabCompute)>,
    makers: Query<(&Chipmaker, &ChipmakerState)>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (watch, t) = (&watching.0, clock.t);
    let world: f64 = nations.owned_by_bloc.iter().sum();
    for (bloc, columns) in watch.blocs.iter().enumerate() {
        record.set(columns.compute, t, nations.all_by_bloc[bloc]);
        record.set(columns.owned, t, nations.owned_by_bloc[bloc]);
        record.set(columns.serving, t, nations.serving_by_bloc[bloc]);
        record.set(columns.peak, t, nations.peak_by_bloc[bloc]);
        let largest = frontier.largest_run_h100e_months[bloc];
        record.set(columns.largest_run, t, largest);
        record.set(columns.share, t, ratio(nations.all_by_bloc[bloc], world));
    }
    for (column, compute) in watch.nations.iter().zip(&nations.all_h100e) {
        record.set(*column, t, *compute);
    }
    for (lab, compute) in &labs {
        if let Some(column) = watch.labs.get(lab.row as usize) {
            record.set(*column, t, compute.training_h100e);
        }
    }
    for (maker, business) in &makers {
        record.set(watch.makers[maker.row as usize].rd, t, business.rd_usd);
    }
    record.set_all(&watch.responses.powered, t, nations.powered);
}

/// System: records foundries, pools and inputs, and what suppliers earn.
pub fn observe_supply(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    watching: Res<OutputColumnsHandle>,
    supply: Res<SupplyState>,
    access: Res<InputAccessState>,
    denial: Res<TargetDenial>,
    market: Res<ChipMarket>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (watch, t, p) = (&watching.0, clock.t, &future.parameters);
    let home_wafers = supply.pools[SupplyPool::LogicTarget as usize];
    let home = [supply.yield_target, home_wafers, supply.hbm_bank_stacks];
    record.set_all(&watch.supply, t, home);
    for (row, columns) in watch.foundries.iter().enumerate() {
        let good = if columns.in_target {
            supply.yield_target
        } else {
            p.die_yield
        };
        if let Some([wafers, yields]) = columns.wafers {
            record.set(wafers, t, supply.wafers[row]);
            record.set(yields, t, good);
        }
        if let Some(stacks) = columns.stacks {
            record.set(stacks, t, supply.stacks[row]);
        }
    }
    observe_pools(watch, &supply, &market, t, &mut record);
    let columns = &watch.responses;
    record.set(columns.inputs_lost, t, supply.input_loss_share);
    record.set(columns.home_supply, t, denial.home_share);
    let tools = access
        .tools
        .sold
        .map(|part| part * p.tool_sales_target_usd_per_year / 12.0);
    let wafers =
        market.deliveries.pool_used[SupplyPool::LogicWorld as usize] * p.wafer_cost_5nm_usd;
    let stacks = market.deliveries.pool_used[SupplyPool::HbmWorld as usize] * p.hbm_stack_cost_usd;
    record.set(columns.allied, t, tools[1] + wafers + stacks);
    record.set(columns.issuer_tools, t, tools[0]);
}

/// Use of every shared pool, and whether one outside the target was asked for more than it had.
fn observe_pools(
    watch: &OutputColumns,
    supply: &SupplyState,
    market: &ChipMarket,
    t: usize,
    record: &mut MonthlyRecord,
) {
    let mut tight = 0.0;
    for (pool, column) in watch.pools.iter().enumerate() {
        let used = ratio(market.deliveries.pool_used[pool], supply.pools[pool]);
        record.set(*column, t, used);
        let world_pool =
            pool != SupplyPool::HbmTarget as usize && pool != SupplyPool::LogicTarget as usize;
        if world_pool
            && supply.pools[pool] > 0.0
            && market.orders.pool_asked[pool] > supply.pools[pool]
        {
            tight = 1.0;
        }
    }
    record.set(watch.tight, t, tight);
}

/// System: records the rules' strictness, licences, levies, and money that could not be spent.
pub fn observe_policy(
    clock: Res<SimulationClock>,
    watching: Res<OutputColumnsHandle>,
    government: Res<Government>,
    market: Res<ChipMarket>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (watch, t) = (&watching.0, clock.t);
    record.set(watch.responses.rung, t, government.strictness);
    let (mut pending, mut decided) = (0.0, 0.0);
    for &at in &market.licences.asked {
        let queue = &market.licences.queues[at as usize];
        pending += queue.pending;
        decided += queue.granted_total + queue.refused_total;
    }
    let days = if decided > 0.0 {
        30.4 * pending * (t + 1) as f64 / decided
    } else {
        0.0
    };
    record.set_all(&watch.licences, t, [pending, days]);
    record.set(watch.levy, t, market.accounts.levy_usd);
    let target: f64 = market
        .layout
        .customers
        .iter()
        .zip(&market.money.wallet_usd)
        .filter(|(customer, _)| customer.market == market.layout.target_market)
        .map(|(_, wallet)| wallet)
        .sum();
    record.set_all(
        &watch.backlog,
        t,
        [market.money.wallet_usd.iter().sum(), target],
    );
}

/// System: records scarcity, and the compute that brokers and hosts bring to the target.
pub fn observe_access(
    clock: Res<SimulationClock>,
    watching: Res<OutputColumnsHandle>,
    market: Res<ChipMarket>,
    shortage: Res<Shortage>,
    grey: Res<GreyMarket>,
    rental: Res<RentedCompute>,
    hosts: Query<(&CloudHost, &RentalCapacity)>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (columns, t) = (&watching.0.responses, clock.t);
    let target = market.layout.target_market;
    record.set(columns.denied, t, shortage.denied[target]);
    record.set(columns.belief, t, shortage.belief[target]);
    record.set_all(&columns.scarcity, t, shortage.scarcity);
    let diverted = [grey.reached_h100e, grey.seized_h100e, grey.premium];
    record.set_all(&columns.grey, t, diverted);
    record.set(columns.rented, t, rental.h100e);
    for (host, letting) in &hosts {
        record.set(watching.0.hosts[host.row as usize], t, letting.rented_h100e);
    }
}

/// System: records AI services, stacks and alignment.
pub fn observe_services(
    clock: Res<SimulationClock>,
    watching: Res<OutputColumnsHandle>,
    services: Res<ServiceTotals>,
    users: Query<(&Nation, &ServiceUsers)>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (columns, t) = (&watching.0.responses, clock.t);
    for (nation, users) in users.iter().filter(|(n, _)| n.bloc == Bloc::Third) {
        let column = watching.0.stacks[nation.row as usize];
        record.set(column, t, users.issuer_stack);
    }
    record.set_all(&columns.services, t, services.third_use);
    record.set(columns.service_price, t, services.closed_price);
    let [issuer, target, _] = services.revenue_usd;
    record.set_all(&columns.service_revenue, t, [issuer, target]);
    let issuer = services.third_issuer_stack;
    record.set_all(&columns.stack, t, [issuer, 1.0 - issuer]);
    record.set(columns.alignment, t, services.third_alignment);
}
