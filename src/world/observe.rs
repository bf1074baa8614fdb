//! Observation: the last step of a month, which writes every measure into its column.

use std::sync::Arc;

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

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
use crate::foundation::maths;
use crate::foundation::run::{Future, SimulationClock};
use crate::markets::chips::ChipMarket;
use crate::markets::rental::RentedCompute;
use crate::markets::scarcity::Shortage;
use crate::measures::{Bloc, ColumnIndex, MonthlyRecord};
use crate::technology::roadmap::{ChipTable, RealisedThroughput, Roadmap, SlotKind};
use crate::technology::supply::InputAccessState;
use crate::technology::supply::{POOLS, RecordedFoundry, SupplyPool, SupplyState};

/// Places in which sales are counted: the world, the target, third countries.
pub const PLACES: [&str; 3] = ["world", "target", "third"];

/// Column numbers of every measure, with the data on makers and markets that observation needs.
#[derive(Clone, Debug, Default)]
pub struct OutputColumns {
    pub columns: ColumnIndex,
    pub bloc_of_market: Vec<usize>,
    pub home_of_maker: Vec<usize>,
    pub merchant: Vec<bool>,
    /// Variant slots and their columns.
    variants: Vec<(usize, usize)>,
    all_variants: usize,
    makers: Vec<MakerColumns>,
    places: [PlaceColumns; 3],
    frontier: [usize; 6],
    gaps: [GapColumns; 2],
    blocs: [BlocColumns; 3],
    nations: Vec<usize>,
    labs: Vec<usize>,
    pools: [usize; POOLS],
    self_sufficiency: usize,
    self_sufficiency_fab: usize,
    price: [usize; 2],
    inflow: [usize; 2],
    efficiency: [usize; 3],
    supply: [usize; 3],
    licences: [usize; 2],
    foundries: Vec<FoundryColumns>,
    tight: usize,
    backlog: [usize; 2],
    pub levy: usize,
    responses: ResponseColumns,
    /// Rented compute by host.
    hosts: Vec<usize>,
    /// By nation: share of applications on the issuer's stack.
    stacks: Vec<usize>,
}

/// Scarcity, leakage, services, sides.
#[derive(Clone, Copy, Debug, Default)]
struct ResponseColumns {
    rung: usize,
    denied: usize,
    belief: usize,
    scarcity: [usize; 3],
    grey: [usize; 3],
    grey_counts: [usize; 2],
    rented: usize,
    inputs_lost: usize,
    home_supply: usize,
    powered: [usize; 3],
    induced: usize,
    codesign: usize,
    services: [usize; 3],
    service_price: usize,
    service_revenue: [usize; 2],
    stack: [usize; 2],
    alignment: usize,
    allied: usize,
    issuer_tools: usize,
    distilled: usize,
}

/// Columns of a foundry: wafers with their yield, memory stacks, or both.
#[derive(Clone, Copy, Debug, Default)]
struct FoundryColumns {
    in_target: bool,
    wafers: Option<[usize; 2]>,
    stacks: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct MakerColumns {
    revenue: [usize; 3],
    units: [usize; 3],
    tpp: [usize; 3],
    peak: [usize; 3],
    share_value: [usize; 3],
    share_units: [usize; 3],
    rd: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct PlaceColumns {
    us_share: usize,
    target_share: usize,
    hhi: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct GapColumns {
    points: usize,
    months: usize,
    latent_points: usize,
    latent_months: usize,
    trend: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct BlocColumns {
    compute: usize,
    owned: usize,
    serving: usize,
    peak: usize,
    share: usize,
    largest_run: usize,
}

/// The columns, shared by all runs.
#[derive(Resource, Clone, Debug)]
pub struct OutputColumnsHandle(pub Arc<OutputColumns>);

impl OutputColumns {
    pub fn new(
        roadmap: &Roadmap,
        makers: &[String],
        nations: &[String],
        labs: &[String],
        foundries: &[RecordedFoundry],
        hosts: &[String],
        bloc_of_market: Vec<usize>,
        home_of_maker: Vec<usize>,
        merchant: Vec<bool>,
    ) -> Self {
        let mut c = ColumnIndex::default();
        let gap = |c: &mut ColumnIndex, entity: &str| GapColumns {
            points: c.add("gap_points", entity),
            months: c.add("gap_months", entity),
            latent_points: c.add("latent_gap_points", entity),
            latent_months: c.add("latent_gap_months", entity),
            trend: c.add("gap_trend_months", entity),
        };
        Self {
            frontier: FrontierGroup::ALL.map(|side| c.add("frontier_points", side.name())),
            gaps: [
                gap(&mut c, "target_vs_issuer"),
                gap(&mut c, "open_vs_closed"),
            ],
            blocs: Bloc::ALL.map(|bloc| BlocColumns {
                compute: c.add("compute_h100e", bloc.name()),
                owned: c.add("compute_owned_h100e", bloc.name()),
                serving: c.add("compute_serving_h100e", bloc.name()),
                peak: c.add("compute_peak_h100e", bloc.name()),
                share: c.add("compute_share", bloc.name()),
                largest_run: c.add("largest_run_h100e_months", bloc.name()),
            }),
            makers: makers
                .iter()
                .map(|maker| {
                    let at = |c: &mut ColumnIndex, measure| {
                        PLACES.map(|place| c.add(measure, format!("{maker}:{place}")))
                    };
                    MakerColumns {
                        revenue: at(&mut c, "maker_revenue_usd"),
                        units: at(&mut c, "maker_units"),
                        tpp: at(&mut c, "maker_tpp"),
                        peak: at(&mut c, "maker_peak_h100e"),
                        share_value: at(&mut c, "maker_share_value"),
                        share_units: at(&mut c, "maker_share_units"),
                        rd: c.add("maker_rd_usd", maker.clone()),
                    }
                })
                .collect(),
            places: PLACES.map(|place| PlaceColumns {
                us_share: c.add("us_maker_share", place),
                target_share: c.add("target_maker_share", place),
                hhi: c.add("hhi", place),
            }),
            self_sufficiency: c.add("self_sufficiency", "target"),
            self_sufficiency_fab: c.add("self_sufficiency_fab", "target"),
            price: [
                c.add("price_usd_per_h100e", "world"),
                c.add("price_usd_per_h100e", "target"),
            ],
            inflow: ["inflow_h100e", "inflow_serving_h100e"].map(|name| c.add(name, "target")),
            efficiency: ["issuer", "target", "world"]
                .map(|side| c.add("algorithmic_efficiency", side)),
            supply: [
                c.add("yield", "target"),
                c.add("wafer_capacity", "target"),
                c.add("hbm_supply", "target"),
            ],
            licences: [
                c.add("licences_pending", "issuer"),
                c.add("licence_days", "issuer"),
            ],
            foundries: foundries
                .iter()
                .map(|foundry| {
                    let mut any = |pools: [SupplyPool; 2], measure: &'static str| {
                        let fills = foundry.fills.iter().any(|(pool, _)| pools.contains(pool));
                        fills.then(|| c.add(measure, foundry.key.clone()))
                    };
                    let logic = [SupplyPool::LogicWorld, SupplyPool::LogicTarget];
                    FoundryColumns {
                        in_target: foundry.in_target,
                        wafers: any(logic, "wafer_capacity")
                            .zip(any(logic, "yield"))
                            .map(|(wafers, good)| [wafers, good]),
                        stacks: any([SupplyPool::HbmWorld, SupplyPool::HbmTarget], "hbm_supply"),
                    }
                })
                .collect(),
            hosts: hosts
                .iter()
                .map(|nation| c.add("rented_h100e", nation.clone()))
                .collect(),
            stacks: nations
                .iter()
                .map(|nation| c.add("issuer_stack", nation.clone()))
                .collect(),
            tight: c.add("supply_tight", "world"),
            backlog: [
                c.add("backlog_usd", "world"),
                c.add("backlog_usd", "target"),
            ],
            levy: c.add("levy_usd", "issuer"),
            responses: ResponseColumns {
                rung: c.add("policy_rung", "issuer"),
                denied: c.add("denied_share", "target"),
                belief: c.add("supply_risk_belief", "target"),
                scarcity: Bloc::ALL.map(|bloc| c.add("scarcity", bloc.name())),
                grey: ["grey_h100e", "seized_h100e", "grey_premium"]
                    .map(|name| c.add(name, "target")),
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
            },
            pools: SupplyPool::ALL.map(|pool| c.add("pool_use", pool.name())),
            variants: roadmap
                .slots
                .iter()
                .enumerate()
                .filter(|(_, slot)| matches!(slot.kind, SlotKind::Variant { .. }))
                .map(|(at, slot)| (at, c.add("variant_units", slot.key.clone())))
                .collect(),
            all_variants: c.add("variant_units", "world"),
            nations: nations
                .iter()
                .map(|nation| c.add("compute_h100e", nation.clone()))
                .collect(),
            labs: labs
                .iter()
                .map(|lab| c.add("compute_h100e", lab.clone()))
                .collect(),
            bloc_of_market,
            home_of_maker,
            merchant,
            columns: c,
        }
    }
}

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
    let b = crate::measures::Bloc::Target as usize;
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
