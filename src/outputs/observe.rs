//! Observation: the last step of a month, which writes every measure into its column.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

use super::columns::{OutputColumns, OutputColumnsHandle};
use super::record::MonthlyRecord;
use crate::agents::broker::GreyMarket;
use crate::agents::chipmaker::{Chipmaker, ChipmakerState, HomeFabrication};
use crate::agents::government::Government;
use crate::agents::host::{CloudHost, RentalCapacity};
use crate::agents::lab::{Knowledge, Lab, LabCompute};
use crate::agents::nation::{Nation, NationTotals};
use crate::agents::users::{ServiceTotals, ServiceUsers};
use crate::capability::efficiency::{ScarcityEfficiency, codesign_skill};
use crate::capability::frontier::{FrontierGroup, FrontierHistory};
use crate::capability::gap::{gap_months, trend_months};
use crate::foundation::bloc::Bloc;
use crate::foundation::maths;
use crate::foundation::run::{Future, SimulationClock};
use crate::markets::chip_market::ChipMarket;
use crate::markets::rental::RentedCompute;
use crate::markets::scarcity::Shortage;
use crate::technology::roadmap::{ChipTable, RealisedThroughput};
use crate::technology::supply::{InputAccessState, SupplyPool, SupplyState};

/// Sales of the last twelve months: value, units and total processing performance (TPP) by `[place][maker]`, and by place the
/// TPP whose dies were made in the target.
#[derive(Resource, Clone, Debug, Default)]
pub struct TrailingSales {
    months: Vec<MonthlySales>,
    sum: MonthlySales,
}

#[derive(Clone, Debug, Default)]
struct MonthlySales {
    value: [Vec<f64>; 3],
    units: [Vec<f64>; 3],
    tpp: [Vec<f64>; 3],
    /// Of this month only; not summed over the year.
    peak: [Vec<f64>; 3],
    fab_tpp: f64,
    paid_usd: [f64; 2],
    h100e: [f64; 2],
}

impl MonthlySales {
    fn clear(&mut self, makers: usize) {
        for columns in [
            &mut self.value,
            &mut self.units,
            &mut self.tpp,
            &mut self.peak,
        ] {
            for column in columns {
                column.clear();
                column.resize(makers, 0.0);
            }
        }
        self.fab_tpp = 0.0;
        self.paid_usd = [0.0; 2];
        self.h100e = [0.0; 2];
    }
}

impl TrailingSales {
    pub fn reset(&mut self, makers: usize) {
        self.months.resize(12, MonthlySales::default());
        self.months.iter_mut().for_each(|m| m.clear(makers));
        self.sum.clear(makers);
    }

    /// Sums the twelve months anew, so that no rounding error accumulates.
    fn sum_trailing_year(&mut self, makers: usize) {
        self.sum.clear(makers);
        for month in &self.months {
            for place in 0..3 {
                add_to(&mut self.sum.value[place], &month.value[place]);
                add_to(&mut self.sum.units[place], &month.units[place]);
                add_to(&mut self.sum.tpp[place], &month.tpp[place]);
            }
            self.sum.fab_tpp += month.fab_tpp;
        }
    }
}

fn add_to(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// System: records sales by maker and place.
pub fn observe_sales(
    clock: Res<SimulationClock>,
    watching: Res<OutputColumnsHandle>,
    market: Res<ChipMarket>,
    chips: Res<ChipTable>,
    realised: Res<RealisedThroughput>,
    home_made: Res<HomeFabrication>,
    mut trail: ResMut<TrailingSales>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (watch, t) = (&watching.0, clock.t);
    let makers = watch.makers.len();
    trail.months.rotate_left(1);
    let Some(month) = trail.months.last_mut() else {
        return;
    };
    month.clear(makers);
    let mut inflow = [0.0; 2];
    for &slot in &market.active {
        let slot = usize::from(slot);
        let maker = usize::from(market.layout.maker_of[slot]);
        let (price, tpp) = (market.offers[slot].price_usd, chips.spec[slot].tpp);
        let useful = chips.useful_training[slot] * realised.0[slot];
        // Brokers buy in third countries.
        let in_target = market.sold_in(Bloc::Target as usize, slot);
        let third = market.sold_in(Bloc::Third as usize, slot) + market.sold_to_brokers[slot];
        let world = market.sold_in(Bloc::Issuer as usize, slot) + in_target + third;
        for (place, units) in [world, in_target, third].into_iter().enumerate() {
            month.value[place][maker] += units * price;
            month.units[place][maker] += units;
            month.tpp[place][maker] += units * tpp;
            month.peak[place][maker] += units * chips.peak_h100e[slot];
        }
        month.paid_usd[0] += world * price;
        month.h100e[0] += world * useful;
        month.paid_usd[1] += in_target * price;
        month.h100e[1] += in_target * useful;
        inflow[0] += in_target * useful;
        inflow[1] += in_target * chips.useful_serving[slot] * realised.0[slot];
        month.fab_tpp += in_target * tpp * home_made.0[slot];
    }
    let (mut packages, mut peak) = (0.0, 0.0);
    for &slot in &market.active {
        let slot = usize::from(slot);
        let diverted_units = market.diverted_units[slot];
        inflow[0] += diverted_units * chips.useful_training[slot] * realised.0[slot];
        inflow[1] += diverted_units * chips.useful_serving[slot] * realised.0[slot];
        packages += diverted_units;
        peak += diverted_units * chips.peak_h100e[slot];
    }
    for (column, inflow) in watch.inflow.iter().zip(inflow) {
        record.set(*column, t, inflow);
    }
    let price = [
        ratio(month.paid_usd[0], month.h100e[0]),
        ratio(month.paid_usd[1], month.h100e[1]),
    ];
    for (column, price) in watch.price.iter().zip(price) {
        record.set(*column, t, price);
    }
    for (maker, columns) in watch.makers.iter().enumerate() {
        for place in 0..3 {
            record.set(columns.revenue[place], t, month.value[place][maker]);
            record.set(columns.units[place], t, month.units[place][maker]);
            record.set(columns.tpp[place], t, month.tpp[place][maker]);
            record.set(columns.peak[place], t, month.peak[place][maker]);
        }
    }
    for (column, value) in watch.responses.grey_counts.iter().zip([packages, peak]) {
        record.set(*column, t, value);
    }
    trail.sum_trailing_year(makers);
    observe_shares(watch, &trail.sum, t, &mut record);
    let mut all = 0.0;
    for &(slot, column) in &watch.variants {
        let units = (0..3).map(|bloc| market.sold_in(bloc, slot)).sum::<f64>()
            + market.sold_to_brokers[slot];
        record.set(column, t, units);
        all += units;
    }
    record.set(watch.all_variants, t, all);
}

fn ratio(a: f64, b: f64) -> f64 {
    if b > 0.0 { a / b } else { f64::NAN }
}

fn observe_shares(
    watch: &OutputColumns,
    year: &MonthlySales,
    t: usize,
    record: &mut MonthlyRecord,
) {
    for place in 0..3 {
        let value: f64 = year.value[place].iter().sum();
        let units: f64 = year.units[place].iter().sum();
        let tpp: f64 = year.tpp[place].iter().sum();
        let mut hhi = 0.0;
        let mut by_home = [0.0; 3];
        for (maker, columns) in watch.makers.iter().enumerate() {
            let share = ratio(year.value[place][maker], value);
            record.set(columns.share_value[place], t, share);
            record.set(
                columns.share_units[place],
                t,
                ratio(year.units[place][maker], units),
            );
            hhi += share * share;
            by_home[watch.home_of_maker[maker]] += year.tpp[place][maker];
        }
        let columns = &watch.places[place];
        record.set(columns.hhi, t, hhi);
        record.set(
            columns.us_share,
            t,
            ratio(by_home[Bloc::Issuer as usize], tpp),
        );
        record.set(
            columns.target_share,
            t,
            ratio(by_home[Bloc::Target as usize], tpp),
        );
        if place == Bloc::Target as usize {
            record.set(
                watch.self_sufficiency,
                t,
                ratio(by_home[Bloc::Target as usize], tpp),
            );
            record.set(watch.self_sufficiency_fab, t, ratio(year.fab_tpp, tpp));
        }
    }
}

/// System: records capability, compute, supply and licences.
pub fn observe_state(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    watching: Res<OutputColumnsHandle>,
    frontier: Res<FrontierHistory>,
    nations: Res<NationTotals>,
    supply: Res<SupplyState>,
    market: Res<ChipMarket>,
    labs: Query<(&Lab, &LabCompute, &Knowledge)>,
    makers: Query<(&Chipmaker, &ChipmakerState)>,
    users: Query<(&Nation, &ServiceUsers)>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (watch, t, p) = (&watching.0, clock.t, &future.parameters);
    for (column, released) in watch.frontier.iter().zip(&frontier.released) {
        record.set(*column, t, released.latest());
    }
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
            record.set(
                columns.latent_points,
                t,
                leader.latest() - follower.latest(),
            );
            record.set(columns.latent_months, t, gap_months(leader, follower));
            record.set(columns.trend, t, trend_months(leader, follower));
        }
    }
    let world: f64 = nations.owned_by_bloc.iter().sum();
    for (bloc, columns) in watch.blocs.iter().enumerate() {
        record.set(columns.compute, t, nations.all_by_bloc[bloc]);
        record.set(columns.owned, t, nations.owned_by_bloc[bloc]);
        record.set(columns.serving, t, nations.serving_by_bloc[bloc]);
        record.set(columns.peak, t, nations.peak_by_bloc[bloc]);
        record.set(
            columns.largest_run,
            t,
            frontier.largest_run_h100e_months[bloc],
        );
        record.set(columns.share, t, ratio(nations.all_by_bloc[bloc], world));
    }
    for (column, compute) in watch.nations.iter().zip(&nations.all_h100e) {
        record.set(*column, t, *compute);
    }
    for (nation, users) in users.iter().filter(|(n, _)| n.bloc == Bloc::Third) {
        record.set(watch.stacks[nation.row as usize], t, users.issuer_stack);
    }
    for (lab, compute, _) in &labs {
        if let Some(column) = watch.labs.get(lab.row as usize) {
            record.set(*column, t, compute.training_h100e);
        }
    }
    for (maker, business) in &makers {
        record.set(watch.makers[maker.row as usize].rd, t, business.rd_usd);
    }
    let start =
        crate::capability::algorithms::knowledge_before_break(clock.first.decimal_year(), p);
    let best = frontier
        .best_known
        .last()
        .map_or(f64::NAN, |known| known.points);
    let knowledge = [frontier.bloc_points[0], frontier.bloc_points[1], best];
    for (column, points) in watch.efficiency.iter().zip(knowledge) {
        record.set(
            *column,
            t,
            maths::exp10((points - start) / p.points_per_decade_of_compute),
        );
    }
    record.set(watch.supply[0], t, supply.yield_target);
    record.set(
        watch.supply[1],
        t,
        supply.pools[SupplyPool::LogicTarget as usize],
    );
    record.set(watch.supply[2], t, supply.hbm_bank_stacks);
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
    let mut tight = 0.0;
    for (pool, column) in watch.pools.iter().enumerate() {
        record.set(
            *column,
            t,
            ratio(market.pool_used[pool], supply.pools[pool]),
        );
        let world_pool =
            pool != SupplyPool::HbmTarget as usize && pool != SupplyPool::LogicTarget as usize;
        if world_pool && supply.pools[pool] > 0.0 && market.pool_asked[pool] > supply.pools[pool] {
            tight = 1.0;
        }
    }
    record.set(watch.tight, t, tight);
    let (mut pending, mut decided) = (0.0, 0.0);
    for &at in &market.asked_for_licence {
        let queue = &market.licences[at as usize];
        pending += queue.pending;
        decided += queue.granted_total + queue.refused_total;
    }
    record.set(watch.licences[0], t, pending);
    record.set(
        watch.licences[1],
        t,
        if decided > 0.0 {
            30.4 * pending * (t + 1) as f64 / decided
        } else {
            0.0
        },
    );
    record.set(watch.levy, t, market.accounts.levy_usd);
    record.set(watch.backlog[0], t, market.wallet_usd.iter().sum());
    let target: f64 = market
        .layout
        .customers
        .iter()
        .zip(&market.wallet_usd)
        .filter(|(customer, _)| customer.market == market.layout.target_market)
        .map(|(_, wallet)| wallet)
        .sum();
    record.set(watch.backlog[1], t, target);
}

/// System: records scarcity, leakage, services and alignment.
pub fn observe_responses(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    watching: Res<OutputColumnsHandle>,
    government: Res<Government>,
    shortage: Res<Shortage>,
    grey: Res<GreyMarket>,
    rental: Res<RentedCompute>,
    efficiency: Res<ScarcityEfficiency>,
    nations: Res<NationTotals>,
    frontier: Res<FrontierHistory>,
    services: Res<ServiceTotals>,
    access: Res<InputAccessState>,
    supply: Res<SupplyState>,
    market: Res<ChipMarket>,
    hosts: Query<(&CloudHost, &RentalCapacity)>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (columns, t, p) = (&watching.0.responses, clock.t, &future.parameters);
    let target = market.layout.target_market;
    record.set(columns.rung, t, government.strictness);
    record.set(columns.denied, t, shortage.denied[target]);
    record.set(columns.belief, t, shortage.belief[target]);
    for bloc in 0..3 {
        record.set(columns.scarcity[bloc], t, shortage.scarcity[bloc]);
        record.set(columns.powered[bloc], t, nations.powered[bloc]);
        record.set(columns.services[bloc], t, services.third_use[bloc]);
    }
    for (column, value) in
        columns
            .grey
            .iter()
            .zip([grey.reached_h100e, grey.seized_h100e, grey.premium])
    {
        record.set(*column, t, value);
    }
    record.set(columns.rented, t, rental.h100e);
    for (host, letting) in &hosts {
        record.set(watching.0.hosts[host.row as usize], t, letting.rented_h100e);
    }
    record.set(columns.inputs_lost, t, supply.input_loss_share);
    record.set(columns.home_supply, t, access.home_share);
    let b = crate::foundation::bloc::Bloc::Target as usize;
    let decades = efficiency.induced_points[b] / p.points_per_decade_of_compute.max(1e-9);
    record.set(columns.induced, t, maths::exp10(decades));
    record.set(
        columns.codesign,
        t,
        codesign_skill(efficiency.codesign_years[b], p),
    );
    record.set(columns.service_price, t, services.closed_price);
    for (column, revenue) in columns.service_revenue.iter().zip(services.revenue_usd) {
        record.set(*column, t, revenue);
    }
    record.set(columns.stack[0], t, services.third_issuer_stack);
    record.set(columns.stack[1], t, 1.0 - services.third_issuer_stack);
    record.set(columns.alignment, t, services.third_alignment);
    let tools = access
        .tools
        .sold
        .map(|part| part * p.tool_sales_target_usd_per_year / 12.0);
    let wafers = market.pool_used[SupplyPool::LogicWorld as usize] * p.wafer_cost_5nm_usd;
    let stacks = market.pool_used[SupplyPool::HbmWorld as usize] * p.hbm_stack_cost_usd;
    record.set(columns.allied, t, tools[1] + wafers + stacks);
    record.set(columns.issuer_tools, t, tools[0]);
    record.set(columns.distilled, t, frontier.distilled_points);
}
