//! A chipmaker: its capacity, offers, prices, software maturity, and research.

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

use crate::events::{Event, EventKind, EventLog};
use crate::foundation::bloc::Bloc;
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, RunMonth};
use crate::foundation::sampling::Triangular;
use crate::markets::chip_market::ChipMarket;
use crate::markets::chip_market::state::{ChipOffer, MAKERS_MAX, MarketRules};
use crate::markets::scarcity::Shortage;
use crate::policy::apply::{AnnouncedClosures, CurrentLaw};
use crate::technology::chip::{H100, unit_cost_usd};
use crate::technology::roadmap::{
    Catalogue, ChipTable, NEVER, RealisedThroughput, Roadmap, SlotKind, realised_share,
};
use crate::technology::supply::{
    ChipSourcing, InputAccessState, POOLS, SupplyPaths, SupplyPool, SupplyState, USABLE_WAFER_MM2,
    expansion_speed, pool_uses,
};

/// A maker; fixed within a run.
#[derive(Component, Clone, Copy, Debug)]
pub struct Chipmaker {
    /// Row in the table of makers.
    pub row: u32,
    /// Stable key of random draws.
    pub key: u64,
    pub home: Bloc,
    /// Sells only to its owner.
    pub captive: bool,
    /// What its owner spends on its chips: of a captive maker, part of the money for captive chips; of a merchant, part of the
    /// money of its home market. `None` for makers without an owner who buys.
    pub owner_share: Option<Triangular>,
    /// Maturity of its software at the start of the run, relative to the leading merchant maker's, which is 1; `None` where a
    /// parameter says it.
    pub maturity_at_start: Option<Triangular>,
}

/// State of a maker.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct ChipmakerState {
    /// Price over list price.
    pub price_index: f64,
    /// Maturity of the software stack, 0 to 1.
    pub maturity: f64,
    /// Share of capacity that is idle because output for a closed market is not yet sold elsewhere.
    pub idle_share: f64,
    pub revenue_usd: f64,
    pub rd_usd: f64,
    /// Knowledge from R&D: a stock that depreciates, USD.
    pub research_stock_usd: f64,
}

impl ChipmakerState {
    pub fn initial(maker: &Chipmaker, future: &Future) -> Self {
        let maturity =
            maker
                .maturity_at_start
                .map_or(future.parameters.maturity_target_start, |range| {
                    let draw = future
                        .chance
                        .uniform(Purpose::SoftwareMaturity, maker.key, 0);
                    range.quantile(draw)
                });
        Self {
            price_index: 1.0,
            maturity,
            ..Self::default()
        }
    }
}

/// System at the start of a run: makers as they begin; no die is made in the target.
pub fn begin_makers(
    future: Res<Future>,
    roadmap: Res<Roadmap>,
    mut home_made: ResMut<HomeFabrication>,
    mut makers: Query<(&Chipmaker, &mut ChipmakerState)>,
) {
    for (maker, mut business) in &mut makers {
        *business = ChipmakerState::initial(maker, &future);
    }
    home_made.0.clear();
    home_made.0.resize(roadmap.slots.len(), 0.0);
}

/// Next price index of a maker: sticky, rising with excess orders, reverting to list price, clipped.
///
/// `ln p' = ln p + price_response * ln(asked / capacity) / 4 - price_reversion * (p - 1)`, within `price_clip` of 1.
///
/// `p` is price over list price; `asked` and `capacity` are standard packages a month. It stays where either is 0.
/// Source: see `price_response`, `price_reversion` and `price_clip`; no source is recorded for the quarter.
pub fn next_price_index(price: f64, asked: f64, capacity: f64, p: &Parameters) -> f64 {
    if asked <= 0.0 || capacity <= 0.0 {
        return price;
    }
    let pressure = p.price_response * maths::ln(asked / capacity) / 4.0;
    let next = maths::exp(maths::ln(price) + pressure - p.price_reversion * (price - 1.0));
    next.clamp(1.0 - p.price_clip, 1.0 + p.price_clip)
}

/// Next software maturity, 0 to 1: it approaches 1 in proportion to the maker's share of its home market by value.
///
/// `m' = m + maturity_learning_per_year / 12 * (1 - m) * share`, with the share kept within 0 and 1. Source: see
/// `maturity_learning_per_year`.
pub fn next_maturity(maturity: f64, share_at_home: f64, p: &Parameters) -> f64 {
    maturity
        + p.maturity_learning_per_year / 12.0 * (1.0 - maturity) * share_at_home.clamp(0.0, 1.0)
}

/// Next research stock, USD: `R' = R * (1 - rd_depreciation_per_year / 12) + R&D`, with the R&D of a month.
///
/// A stock of 0 begins where a year's R&D keeps it level: `12 * R&D / rd_depreciation_per_year`. Source: see
/// `rd_depreciation_per_year`.
pub fn next_research_stock(stock_usd: f64, rd_usd: f64, p: &Parameters) -> f64 {
    if stock_usd <= 0.0 {
        return 12.0 * rd_usd / p.rd_depreciation_per_year.max(0.01);
    }
    stock_usd * (1.0 - p.rd_depreciation_per_year / 12.0) + rd_usd
}

/// Performance of a generation over its plan: `(research stock / stock on record) ^ rd_elasticity_quality`.
///
/// A ratio without unit, 1 on the recorded path. Source: see `rd_elasticity_quality`.
pub fn generation_quality(research_ratio: f64, p: &Parameters) -> f64 {
    maths::pow(research_ratio, p.rd_elasticity_quality)
}

/// System: scales the performance of a generation that launches this month by the maker's research stock, and by the process of
/// the target's foundry where its dies are made there.
pub fn launch_generations(
    run: RunMonth,
    roadmap: Res<Roadmap>,
    access: Res<InputAccessState>,
    supply: Res<SupplyState>,
    mut chips: ResMut<ChipTable>,
    mut events: ResMut<EventLog>,
    makers: Query<(&Chipmaker, &ChipmakerState)>,
) {
    let (clock, future) = (&*run.clock, &*run.future);
    let comes = |chips: &ChipTable, slot: usize| {
        chips.launch[slot] == clock.t as i32
            && matches!(roadmap.slots[slot].kind, SlotKind::Generation { .. })
    };
    if !(0..roadmap.slots.len()).any(|slot| comes(&chips, slot)) {
        return;
    }
    let feedback = future.channels.on(Channel::RdFeedback);
    let home_process = maths::exp(supply.tool_growth.performance);
    for (maker, business) in &makers {
        for slot in roadmap.slots_of(maker.row as u16) {
            if !comes(&chips, slot) {
                continue;
            }
            let ratio = future.reference_run.research_ratio(
                clock.t,
                maker.row as usize,
                business.research_stock_usd,
            );
            let mut quality = if feedback {
                generation_quality(ratio, &future.parameters)
            } else {
                1.0
            };
            if maker.home == Bloc::Target && access.leading_foundry[maker.row as usize] < 0.5 {
                quality *= home_process;
            }
            chips.spec[slot] = chips.spec[slot].scaled(quality);
            chips.appraise(slot, &future.parameters);
            events.push(Event {
                actor: maker.row,
                object: slot as u32,
                values: [quality, 0.0, 0.0, 0.0],
                ..Event::new(clock.t as i32, EventKind::GenerationLaunched)
            });
        }
    }
}

/// Next idle share of a maker's capacity: output for a closed market is not resold at once.
///
/// `idle' = idle * (1 - 1 / max(resale_recovery_months, 1)) + resale_friction * closed`, kept within 0 and 0.9.
///
/// `closed` is the part of last month's revenue in markets that rules have closed since. Source: see `resale_friction`
/// and `resale_recovery_months`; the limit of 0.9 is an assumption.
pub fn next_idle_share(idle: f64, closed_share: f64, p: &Parameters) -> f64 {
    let kept = idle * (1.0 - 1.0 / p.resale_recovery_months.max(1.0));
    (kept + p.resale_friction * closed_share).clamp(0.0, 0.9)
}

/// What a maker's offers depend on besides its chips, by maker.
struct OfferConditions {
    price_index: [f64; MAKERS_MAX],
    maturity: [f64; MAKERS_MAX],
}

impl OfferConditions {
    fn of(makers: &Query<(&Chipmaker, &ChipmakerState)>) -> Self {
        let mut columns = Self {
            price_index: [1.0; MAKERS_MAX],
            maturity: [1.0; MAKERS_MAX],
        };
        for (maker, business) in makers {
            let row = maker.row as usize;
            columns.price_index[row] = business.price_index;
            columns.maturity[row] = business.maturity;
        }
        columns
    }
}

/// Price at which makers in the target sell in bulk, USD: `list price * home_price_over_list`, never less than the cost of the chip,
/// or than the list price where that is less.
///
/// Recorded prices are those of single cards. Source: revenue over cards of Huawei in 2025, see `home_price_over_list`.
pub fn home_price_usd(list_usd: f64, cost_usd: f64, p: &Parameters) -> f64 {
    (list_usd * p.home_price_over_list).max(cost_usd.min(list_usd))
}

/// System: sets the offers of this month: price, attraction and pool use of every chip on sale.
///
/// ```text
/// price = list price * price index + cost of reporting its place      USD; the last for merchants outside the target
/// size  = unit cost / unit cost of an H100                            standard packages
/// ```
///
/// The list price of a captive chip is `unit cost * captive_price_over_cost`; that of a chip made in the target is
/// `home_price_usd`. Source: see `captive_price_over_cost` and `home_price_over_list`;
/// `docs/decisions/0001-who-gets-scarce-packages.md`.
pub fn make_offers(
    run: RunMonth,
    catalogue: Catalogue,
    access: Res<InputAccessState>,
    supply: Res<SupplyState>,
    mut realised: ResMut<RealisedThroughput>,
    mut home_made: ResMut<HomeFabrication>,
    mut market: ResMut<ChipMarket>,
    makers: Query<(&Chipmaker, &ChipmakerState)>,
) {
    let (p, t) = (&run.future.parameters, run.clock.t as i32);
    let (roadmap, chips) = (&*catalogue.roadmap, &*catalogue.chips);
    let columns = OfferConditions::of(&makers);
    let reference_cost_usd = unit_cost_usd(&H100, p);
    let m = &mut *market;
    m.active.clear();
    for (slot, place) in roadmap.slots.iter().enumerate() {
        let maker = usize::from(place.maker);
        let age = t - chips.launch[slot].min(NEVER - 1);
        let listed = chips.launch[slot] <= t;
        realised.0[slot] = if columns.maturity[maker] < 1.0 {
            realised_share(columns.maturity[maker], p)
        } else {
            1.0
        };
        if !listed || chips.discontinued[slot] {
            continue;
        }
        m.active.push(slot as u16);
        let sourcing = place.target_made.then(|| ChipSourcing {
            dies_at_home: access.leading_foundry[maker] < 0.5,
            memory_at_home: access.memory_imports < 0.5,
            home_yield: supply.yield_target,
        });
        home_made.0[slot] = sourcing.map_or(0.0, |s| f64::from(u8::from(s.dies_at_home)));
        let cost = chips.unit_cost_usd[slot];
        // A chip that reports its place is the same chip everywhere.
        let check_usd = if place.captive || place.target_made {
            0.0
        } else {
            access.check_usd
        };
        let list_usd = if place.captive {
            cost * p.captive_price_over_cost
        } else if place.target_made {
            home_price_usd(chips.list_price_usd(slot, t, p), cost, p)
        } else {
            chips.list_price_usd(slot, t, p)
        };
        let offer = ChipOffer {
            price_usd: list_usd * columns.price_index[maker] + check_usd,
            unit_cost_usd: cost + check_usd,
            size: cost / reference_cost_usd,
            tpp: chips.spec[slot].tpp,
            uses: pool_uses(&chips.spec[slot], sourcing, p),
            ..ChipOffer::default()
        };
        let useful =
            [chips.useful_training[slot], chips.useful_serving[slot]].map(|u| u * realised.0[slot]);
        m.offers[slot] = with_attraction(offer, useful, age, chips.copies[slot], p);
    }
}

/// The offer with its attraction for training and for serving.
///
/// ```text
/// attraction = (1e4 * useful / (price + host_cost_usd))^choice_slope * ramp
/// ramp       = 1 - exp(-(age + 1) / new_part_ramp_months)
/// in nest    = attraction^(1 / choice_nest) / copies
/// ```
///
/// `useful` is useful throughput in H100-equivalents, price in USD, age in months since launch, `copies` the number of
/// identical chips. Source: see `choice_slope`, `choice_nest`, `host_cost_usd` and `new_part_ramp_months`.
fn with_attraction(
    offer: ChipOffer,
    useful: [f64; 2],
    age: i32,
    copies: f64,
    p: &Parameters,
) -> ChipOffer {
    let ramp = 1.0 - maths::exp(-(f64::from(age) + 1.0) / p.new_part_ramp_months);
    // Buyers compare total cost, server included; makers earn the price of the chip alone.
    let log_attraction = useful.map(|u| {
        p.choice_slope * maths::ln(1e4 * u / (offer.price_usd + p.host_cost_usd)) + maths::ln(ramp)
    });
    ChipOffer {
        attraction: log_attraction.map(maths::exp),
        attraction_in_nest: log_attraction.map(|x| maths::exp(x / p.choice_nest) / copies),
        ..offer
    }
}

/// System: sets how buyers of each market value the software of each maker, and supply that no rule reaches.
///
/// ```text
/// stack = exp(-choice_slope * lock_in_log_value * (1 - maturity)) * gain
/// gain  = exp(choice_slope * supply_assurance_log_value * belief)      for makers of the target; 1 for all others
/// ```
///
/// A factor on attraction, without unit. `belief` is the denial that buyers of the market expected after last month
/// (see `next_belief`). The channels `software_lock_in` and `hedging` switch the two logs off. Owners buy from one
/// maker, so it does not touch them. Source: see `lock_in_log_value` and `supply_assurance_log_value`.
pub fn value_stacks(
    future: Res<Future>,
    shortage: Res<Shortage>,
    mut market: ResMut<ChipMarket>,
    makers: Query<(&Chipmaker, &ChipmakerState)>,
) {
    let (channels, p) = (&future.channels, &future.parameters);
    let m = &mut *market;
    let rows = m.layout.makers;
    let mut own_worth = [1.0; MAKERS_MAX];
    let mut in_target = [false; MAKERS_MAX];
    for (maker, business) in &makers {
        // An immature software stack lowers the value per dollar for all buyers. Owners have no other maker to choose.
        let lock_in = channels.factor(Channel::SoftwareLockIn)
            * p.lock_in_log_value
            * (1.0 - business.maturity);
        own_worth[maker.row as usize] = maths::exp(-p.choice_slope * lock_in);
        in_target[maker.row as usize] = maker.home == Bloc::Target;
    }
    for market in 0..m.layout.markets {
        let feared = channels.factor(Channel::Hedging)
            * p.supply_assurance_log_value
            * shortage.belief[market];
        // Makers of the target gain where buyers expect supply to be cut, since the rules do not reach them.
        let out_of_reach = maths::exp(p.choice_slope * feared);
        let row = &mut m.stack[market * rows..(market + 1) * rows];
        for (maker, stack) in row.iter_mut().enumerate() {
            let gain = if in_target[maker] { out_of_reach } else { 1.0 };
            *stack = own_worth[maker] * gain;
        }
    }
}

/// By slot: 1 where the dies are made in the target this month.
#[derive(Resource, Clone, Debug, Default)]
pub struct HomeFabrication(pub Vec<f64>);

/// Dies of 665 mm2 on a wafer of 300 mm; the unit of cumulative experience.
const DIES_PER_WAFER: f64 = 70.0;

/// System: runs the month's trade, draws down stores, and sets next month's capacity.
///
/// `capacity = capacity of the maker * (1 - idle share)`, standard packages a month; unlimited in the first month,
/// which then sets it. The trade itself is [`ChipMarket::trade`]. Afterwards the store of dies falls by what was drawn,
/// used or not, the store of memory by what was used, and capacity follows orders (see `SupplyState::adjust_capacity`),
/// less what an announced rule will close under the expectation rule `foresight`. Wafers of the foundry are used before
/// dies of the store, which are no experience of the foundry and are not made in the target. Source: see
/// `die_bank_draw`, `capacity_speed` and `captive_claim`; that wafers come first is an assumption.
pub fn trade(
    future: Res<Future>,
    access: Res<InputAccessState>,
    closures: Res<AnnouncedClosures>,
    paths: Res<SupplyPaths>,
    mut supply: ResMut<SupplyState>,
    mut home_made: ResMut<HomeFabrication>,
    mut market: ResMut<ChipMarket>,
    makers: Query<(&Chipmaker, &ChipmakerState)>,
) {
    let p = &future.parameters;
    let mut capacity = [0.0; MAKERS_MAX];
    for (maker, business) in &makers {
        let row = maker.row as usize;
        capacity[row] = supply.capacity[row] * (1.0 - business.idle_share);
    }
    // Before the first orders capacity is unlimited.
    let first = supply.capacity.iter().all(|c| *c == 0.0);
    if first {
        capacity = [f64::INFINITY; MAKERS_MAX];
    }
    let own_wafers = supply.pools[SupplyPool::LogicTarget as usize];
    let store = DieStore::of(&supply, &access, &paths, p);
    let mut pools = supply.pools;
    pools[SupplyPool::LogicTarget as usize] += store.wafers();
    let rules = MarketRules::of(p);
    let rows = market.layout.makers;
    market.trade(&capacity[..rows], &pools, &rules);
    let wafers_used = market.deliveries.pool_used[SupplyPool::LogicTarget as usize];
    let from_store = (wafers_used - own_wafers).max(0.0).min(store.wafers());
    supply.die_bank -= store.dies;
    // What the foundry made itself of the wafers used.
    let own_part = if wafers_used > 0.0 {
        1.0 - from_store / wafers_used
    } else {
        1.0
    };
    home_made.0.iter_mut().for_each(|part| *part *= own_part);
    supply.hbm_bank_stacks = (supply.hbm_bank_stacks
        - market.deliveries.pool_used[SupplyPool::HbmTarget as usize])
        .max(0.0);
    supply.pools = pools;
    supply.dies_target_millions += (wafers_used - from_store) * DIES_PER_WAFER / 1e6;
    let mut wanted = std::mem::take(&mut market.orders.wanted);
    if future.planning == ExpectationRule::Foresight {
        remove_closing_demand(&closures, &market, &mut wanted);
    }
    let mut speed = supplier_utilisation(&market, &pools);
    for (used, captive) in speed.iter_mut().zip(&market.layout.captive_maker) {
        let claim = if *captive { p.captive_claim } else { 1.0 };
        *used = expansion_speed(*used, claim, p);
    }
    supply.adjust_capacity(&wanted, &speed, future.planning, p);
    market.orders.wanted = wanted;
}

/// By maker: utilisation of the fullest pool that its chips use, `max over pools of min(1, used / pool)`; 1 where a
/// pool is empty.
fn supplier_utilisation(market: &ChipMarket, pools: &[f64; POOLS]) -> [f64; MAKERS_MAX] {
    let used = |pool: usize| {
        if pools[pool] > 0.0 {
            (market.deliveries.pool_used[pool] / pools[pool]).min(1.0)
        } else {
            1.0
        }
    };
    let used: [f64; POOLS] = std::array::from_fn(used);
    let mut fullest = [0.0_f64; MAKERS_MAX];
    for &slot in &market.active {
        let slot = usize::from(slot);
        let maker = usize::from(market.layout.maker_of[slot]);
        for pool in (0..POOLS).filter(|pool| market.offers[slot].uses[*pool] > 0.0) {
            fullest[maker] = fullest[maker].max(used[pool]);
        }
    }
    fullest
}

/// Removes from capacity plans the demand that an announced rule will close (expectation rule `foresight`).
///
/// `wanted' = wanted * (1 - lost / all)`, with this month's deliveries in standard packages: `lost` are those in the
/// target of chips that the rule will close. A maker that delivered nothing keeps its plan.
fn remove_closing_demand(closures: &AnnouncedClosures, market: &ChipMarket, wanted: &mut [f64]) {
    if !closures.any {
        return;
    }
    for (maker, wanted) in wanted.iter_mut().enumerate() {
        let (mut all, mut lost) = (0.0, 0.0);
        for &slot in &market.active {
            let slot = usize::from(slot);
            if usize::from(market.layout.maker_of[slot]) != maker {
                continue;
            }
            let in_target = market.sold_in(Bloc::Target as usize, slot);
            let elsewhere = market.sold_in(Bloc::Issuer as usize, slot)
                + market.sold_in(Bloc::Third as usize, slot)
                + market.deliveries.sold_to_brokers[slot];
            all += (in_target + elsewhere) * market.offers[slot].size;
            if closures.closing[slot] {
                lost += in_target * market.offers[slot].size;
            }
        }
        if all > 0.0 {
            *wanted *= 1.0 - lost / all;
        }
    }
}

/// Dies obtained through proxies that the month's trade may use, beside the wafers of the target's foundry.
///
/// `wafers = die store * die_bank_draw / dies a wafer`, and `dies a wafer = usable wafer area / 665 mm2 * yield of the
/// target`, at least 1. They count only while the leading foundry is closed to the proxies' maker for more than half of
/// the month. Assumption: all have the size of one typical die. Source: see `die_bank_draw`.
#[derive(Clone, Copy, Debug)]
struct DieStore {
    dies: f64,
    dies_a_wafer: f64,
}

impl DieStore {
    fn of(
        supply: &SupplyState,
        access: &InputAccessState,
        paths: &SupplyPaths,
        p: &Parameters,
    ) -> Self {
        const TYPICAL_DIE_MM2: f64 = 665.0;
        let barred = paths
            .0
            .proxy_maker
            .is_some_and(|m| access.leading_foundry[usize::from(m)] < 0.5);
        let dies_a_wafer = USABLE_WAFER_MM2 / TYPICAL_DIE_MM2 * supply.yield_target;
        Self {
            dies: if barred {
                supply.die_bank * p.die_bank_draw.min(1.0)
            } else {
                0.0
            },
            dies_a_wafer: dies_a_wafer.max(1.0),
        }
    }

    /// What the dies are worth, wafers of the target's foundry.
    fn wafers(&self) -> f64 {
        self.dies / self.dies_a_wafer
    }
}

/// System: updates revenue, R&D, price index, idle capacity and software maturity of each maker.
///
/// `revenue = sum(units * price) - levies borne` and `R&D = rd_share_of_revenue * revenue`, USD a month. Sales to
/// brokers count outside the target. The price index compares the month's orders with the capacity that the trade has
/// set for the next month. Source: see `rd_share_of_revenue`, and the functions named `next_` above.
pub fn settle_makers(
    future: Res<Future>,
    supply: Res<SupplyState>,
    market: Res<ChipMarket>,
    now: Res<CurrentLaw>,
    mut makers: Query<(&Chipmaker, &mut ChipmakerState)>,
) {
    let p = &future.parameters;
    let mut value = [[0.0; 2]; MAKERS_MAX];
    for &slot in &market.active {
        let slot = usize::from(slot);
        let price = market.offers[slot].price_usd;
        let in_target = market.sold_in(Bloc::Target as usize, slot);
        let elsewhere = market.sold_in(Bloc::Issuer as usize, slot)
            + market.sold_in(Bloc::Third as usize, slot)
            + market.deliveries.sold_to_brokers[slot];
        let maker = usize::from(market.layout.maker_of[slot]);
        value[maker][0] += (in_target + elsewhere) * price;
        value[maker][1] += in_target * price;
    }
    for (value, levy) in value.iter_mut().zip(&market.deliveries.levy_borne_usd) {
        value[0] -= levy;
    }
    let all_target: f64 = value.iter().map(|v| v[1]).sum();
    for (maker, mut business) in &mut makers {
        let row = maker.row as usize;
        let [revenue, at_target] = value[row];
        let closed = if business.revenue_usd > 0.0 {
            now.closed_usd[row] / business.revenue_usd
        } else {
            0.0
        };
        business.idle_share = next_idle_share(business.idle_share, closed.min(1.0), p);
        business.revenue_usd = revenue;
        business.rd_usd = p.rd_share_of_revenue * revenue;
        business.research_stock_usd =
            next_research_stock(business.research_stock_usd, business.rd_usd, p);
        business.price_index = next_price_index(
            business.price_index,
            market.orders.asked[row],
            supply.capacity[row],
            p,
        );
        if maker.home == Bloc::Target && all_target > 0.0 {
            business.maturity = next_maturity(business.maturity, at_target / all_target, p);
        }
    }
}
