//! A chipmaker: its capacity, prices, software maturity, research, and designs around rules.

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

use super::nation::{DemandShocks, training_share};
use crate::events::{Event, EventId, EventKind, EventLog};
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, SimulationClock};
use crate::markets::chips::{ChipMarket, ChipOffer, MAKERS_MAX, MarketRules};
use crate::markets::event_log::EventCauses;
use crate::markets::scarcity::Shortage;
use crate::markets::terms::{AnnouncedClosures, CurrentLaw, LawCalendar};
use crate::measures::Bloc;
use crate::technology::chip::{ChipSpec, H100, unit_cost_usd};
use crate::technology::design::{CutKind, blended_value, profit_per_unit_usd};
use crate::technology::roadmap::{
    ChipSlot, ChipTable, NEVER, RealisedThroughput, Roadmap, SlotKind, realised_share,
};
use crate::technology::supply::{
    ChipSourcing, InputAccessState, POOLS, SupplyPaths, SupplyPool, SupplyState, USABLE_WAFER_MM2,
    pool_uses,
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
    /// Maturity of its software at the start of the run, relative to the leading merchant maker's, which is 1.
    pub maturity_at_start: Option<f64>,
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
    pub fn initial(maker: &Chipmaker, p: &Parameters) -> Self {
        let maturity = maker.maturity_at_start.unwrap_or(p.maturity_target_start);
        Self {
            price_index: 1.0,
            maturity,
            ..Self::default()
        }
    }
}

/// Next price index: sticky, rising with excess orders, reverting to list price, clipped.
///
/// `ln p' = ln p + response * ln(asked / capacity) / 4 - reversion * (p - 1)`, kept within `clip` of list.
pub fn next_price_index(price: f64, asked: f64, capacity: f64, p: &Parameters) -> f64 {
    if asked <= 0.0 || capacity <= 0.0 {
        return price;
    }
    let pressure = p.price_response * maths::ln(asked / capacity) / 4.0;
    let next = maths::exp(maths::ln(price) + pressure - p.price_reversion * (price - 1.0));
    next.clamp(1.0 - p.price_clip, 1.0 + p.price_clip)
}

/// Next software maturity: it approaches 1 in proportion to the maker's share of its home market.
///
/// `dm = rate * (1 - m) * share` a year.
pub fn next_maturity(maturity: f64, share_at_home: f64, p: &Parameters) -> f64 {
    maturity
        + p.maturity_learning_per_year / 12.0 * (1.0 - maturity) * share_at_home.clamp(0.0, 1.0)
}

/// Next research stock: `R' = R (1 - depreciation / 12) + R&D`; it begins where a year's R&D keeps it level.
pub fn next_research_stock(stock_usd: f64, rd_usd: f64, p: &Parameters) -> f64 {
    if stock_usd <= 0.0 {
        return 12.0 * rd_usd / p.rd_depreciation_per_year.max(0.01);
    }
    stock_usd * (1.0 - p.rd_depreciation_per_year / 12.0) + rd_usd
}

/// Performance of a generation over its plan: `(research stock / stock on record) ^ elasticity`.
pub fn generation_quality(research_ratio: f64, p: &Parameters) -> f64 {
    maths::pow(research_ratio, p.rd_elasticity_quality)
}

/// System: scales the performance of a generation that launches this month by the maker's research stock.
pub fn launch_generations(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    roadmap: Res<Roadmap>,
    mut chips: ResMut<ChipTable>,
    mut events: ResMut<EventLog>,
    makers: Query<(&Chipmaker, &ChipmakerState)>,
) {
    let feedback = future.channels.on(Channel::RdFeedback);
    for (maker, business) in &makers {
        let ratio = future.reference_run.research_ratio(
            clock.t,
            maker.row as usize,
            business.research_stock_usd,
        );
        let quality = if feedback {
            generation_quality(ratio, &future.parameters)
        } else {
            1.0
        };
        for slot in roadmap.slots_of(maker.row as u16) {
            let comes = chips.launch[slot] == clock.t as i32;
            if comes && matches!(roadmap.slots[slot].kind, SlotKind::Generation { .. }) {
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
}

/// Next idle share of a maker's capacity: output for a closed market is not resold at once.
///
/// A closed market idles `friction` of the share of deliveries that it took; idle capacity returns at
/// `1 / recovery` a month.
pub fn next_idle_share(idle: f64, closed_share: f64, p: &Parameters) -> f64 {
    let kept = idle * (1.0 - 1.0 / p.resale_recovery_months.max(1.0));
    (kept + p.resale_friction * closed_share).clamp(0.0, 0.9)
}

/// Whether a better variant is worth its redesign: the gain in profit over the believed life of the rule exceeds the cost.
///
/// `packages a year * (profit new - profit old) * life > cost`, with the packages that the market's budget buys.
pub fn is_redesign_profitable(
    budget_usd_per_year: f64,
    new: DesignProspect,
    old: Option<DesignProspect>,
    p: &Parameters,
) -> bool {
    let yearly = |prospect: DesignProspect| {
        budget_usd_per_year * prospect.profit_usd / prospect.price_usd.max(1.0)
    };
    let gain = yearly(new) - old.map_or(0.0, yearly).max(0.0);
    gain * p.believed_rule_life_months / 12.0 > p.redesign_cost_usd
}

/// Price and profit of one package of a design, USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DesignProspect {
    pub price_usd: f64,
    pub profit_usd: f64,
}

/// A variant project that is not finished.
#[derive(Clone, Copy, Debug)]
struct VariantProject {
    maker: u16,
    slot: usize,
    parent: usize,
    first_sale: i32,
    spec: ChipSpec,
    /// Index of the rule set for which it is designed.
    known: u16,
    begun: Option<EventId>,
}

/// Variant projects of all makers.
#[derive(Resource, Clone, Debug, Default)]
pub struct DesignPipeline {
    /// Variant slots of each maker, ascending.
    pub slots: Vec<Vec<usize>>,
    /// By maker: number of slots used.
    used: Vec<usize>,
    projects: Vec<VariantProject>,
    /// By maker: rule set and catalogue at its last search for a variant.
    last_search: Vec<Option<(u16, usize)>>,
}

impl DesignPipeline {
    pub fn new(slots: Vec<Vec<usize>>) -> Self {
        Self {
            slots,
            ..Self::default()
        }
    }

    /// Parent and specification of a variant that is not on sale yet.
    pub fn under_way(&self, slot: usize) -> Option<(usize, &ChipSpec)> {
        let project = self.projects.iter().find(|p| p.slot == slot)?;
        Some((project.parent, &project.spec))
    }

    pub fn reset(&mut self) {
        let makers = self.slots.len();
        self.used.clear();
        self.used.resize(makers, 0);
        self.projects.clear();
        self.projects.reserve(self.slots.iter().map(Vec::len).sum());
        self.last_search.clear();
        self.last_search.resize(makers, None);
    }
}

/// System: launches finished variants; makers start a project where a better variant pays.
pub fn design_variants(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    calendar: Res<LawCalendar>,
    roadmap: Res<Roadmap>,
    demand: Res<DemandShocks>,
    causes: Res<EventCauses>,
    mut now: ResMut<CurrentLaw>,
    mut chips: ResMut<ChipTable>,
    mut pipeline: ResMut<DesignPipeline>,
    mut market: ResMut<ChipMarket>,
    mut events: ResMut<EventLog>,
    makers: Query<&Chipmaker>,
) {
    let t = clock.t as i32;
    for maker in &makers {
        let m = maker.row as usize;
        let ready = |p: &VariantProject| u32::from(p.maker) == maker.row && p.first_sale <= t;
        while let Some(at) = pipeline.projects.iter().position(ready) {
            let project = pipeline.projects.remove(at);
            launch_variant(
                project,
                maker,
                t,
                &future,
                &roadmap,
                &mut chips,
                &mut events,
            );
            now.classify_variant(&calendar, project.slot, project.parent, &project.spec);
            market.set_variant_terms(&now, project.slot);
        }
        let listed = &chips.launch[roadmap.slots_of(m as u16)];
        let on_list = listed.iter().filter(|launch| **launch <= t).count();
        // A maker searches only when the rules, its own list or the year has changed.
        let is_text_published = calendar.0.rule_sets[usize::from(now.known)].is_text_published;
        let seen = (now.known, on_list + 1000 * (t as usize / 12));
        if pipeline.used[m] >= pipeline.slots[m].len() || pipeline.last_search[m] == Some(seen) {
            continue;
        }
        pipeline.last_search[m] = Some(seen);
        // No maker designs for a rule whose text is not published.
        if !future.channels.on(Channel::DesignAround) || !is_text_published {
            continue;
        }
        let demand_usd = demand.demand_usd[calendar.target_region()];
        let Some(choice) = choose_variant(
            m as u16,
            t,
            clock.year,
            demand_usd,
            &future,
            &calendar,
            &now,
            &roadmap,
            &chips,
            &pipeline.projects,
        ) else {
            continue;
        };
        let slot = pipeline.slots[m][pipeline.used[m]];
        pipeline.used[m] += 1;
        let lag = redesign_lag_months(&future, maker.key, pipeline.used[m] as u64);
        let begun = events.push(Event {
            actor: maker.row,
            object: slot as u32,
            place: u32::from(now.known),
            values: choice.event_values(),
            cause: causes.variant_cause(&calendar.0, now.known, choice.parent, m),
            ..Event::new(t, EventKind::VariantBegun)
        });
        pipeline.projects.push(VariantProject {
            maker: m as u16,
            slot,
            parent: choice.parent,
            first_sale: t + lag,
            spec: choice.spec,
            known: now.known,
            begun,
        });
    }
}

/// Months from the decision to first sale: a triangular draw keyed by the slot, not by when the decision falls.
fn redesign_lag_months(future: &Future, maker_key: u64, ordinal: u64) -> i32 {
    let p = &future.parameters;
    let u = future
        .chance
        .uniform(Purpose::RedesignLag, maker_key, ordinal);
    let (low, mode, high) = (
        p.redesign_lag_low_months,
        p.redesign_lag_mode_months,
        p.redesign_lag_high_months,
    );
    let split = (mode - low) / (high - low);
    let lag = if u < split {
        low + (u * (high - low) * (mode - low)).sqrt()
    } else {
        high - ((1.0 - u) * (high - low) * (high - mode)).sqrt()
    };
    lag.round().max(1.0) as i32
}

fn launch_variant(
    project: VariantProject,
    maker: &Chipmaker,
    t: i32,
    future: &Future,
    roadmap: &Roadmap,
    chips: &mut ChipTable,
    events: &mut EventLog,
) {
    let slot = project.slot;
    chips.spec[slot] = project.spec;
    chips.launch[slot] = t;
    chips.parent[slot] = project.parent;
    chips.appraise(slot, &future.parameters);
    chips.count_copies(roadmap, maker.row as u16, NEVER - 1);
    events.push(Event {
        actor: maker.row,
        object: slot as u32,
        place: u32::from(project.known),
        values: [project.spec.list_price_usd, 0.0, 0.0, 0.0],
        cause: project.begun,
        ..Event::new(t, EventKind::VariantLaunched)
    });
}

/// The design that a maker chooses, and the best profit from each kind of cut.
struct DesignChoice {
    parent: usize,
    spec: ChipSpec,
    cut: CutKind,
    profit_usd: [f64; CutKind::KINDS],
}

impl DesignChoice {
    /// Values of the event: profit, profit of the next best kind of cut, this kind, that kind (this kind where there is no other).
    fn event_values(&self) -> [f64; 4] {
        let own = self.cut.code();
        let next = (0..CutKind::KINDS)
            .filter(|kind| *kind != own)
            .max_by(|a, b| self.profit_usd[*a].total_cmp(&self.profit_usd[*b]))
            .filter(|kind| self.profit_usd[*kind].is_finite())
            .unwrap_or(own);
        let profit = |kind: usize| self.profit_usd[kind];
        [profit(own), profit(next), own as f64, next as f64]
    }
}

/// The most profitable legal design of a maker for the target, if its gain over what the maker can already sell there pays for
/// the redesign. Legality covers rules in force and rules announced.
fn choose_variant(
    maker: u16,
    t: i32,
    year: f64,
    demand_usd: f64,
    future: &Future,
    calendar: &LawCalendar,
    now: &CurrentLaw,
    roadmap: &Roadmap,
    chips: &ChipTable,
    under_way: &[VariantProject],
) -> Option<DesignChoice> {
    let p = &future.parameters;
    let for_training = training_share(year, p);
    let usd_per_h100e = market_price_usd(maker, t, for_training, roadmap, chips, p)?;
    let prospect = |spec: &ChipSpec| DesignProspect {
        price_usd: blended_value(spec, for_training, chips.fp8_share, p) * usd_per_h100e,
        profit_usd: profit_per_unit_usd(spec, for_training, chips.fp8_share, usd_per_h100e, p),
    };
    // Projects that are not finished count as available: a second project must pay for itself.
    let mut old: Option<DesignProspect> = under_way
        .iter()
        .filter(|p| p.maker == maker)
        .map(|p| prospect(&p.spec))
        .max_by(|a, b| a.profit_usd.total_cmp(&b.profit_usd));
    let mut new: Option<(DesignProspect, usize, ChipSpec)> = None;
    let mut profit_usd = [f64::NEG_INFINITY; CutKind::KINDS];
    for slot in roadmap.slots_of(maker) {
        let place = &roadmap.slots[slot];
        if chips.launch[slot] > t {
            continue;
        }
        if now.sellable_in_target(slot) {
            let this = prospect(&chips.spec[slot]);
            if old.is_none_or(|best| this.profit_usd > best.profit_usd) {
                old = Some(this);
            }
        } else if !matches!(place.kind, SlotKind::Variant { .. }) {
            for spec in calendar.designs(now.known, slot, &chips.spec[slot]) {
                let this = prospect(&spec);
                let best_of_kind = &mut profit_usd[CutKind::of(&spec, &chips.spec[slot]).code()];
                *best_of_kind = best_of_kind.max(this.profit_usd);
                if new.is_none_or(|(best, ..)| this.profit_usd > best.profit_usd) {
                    new = Some((
                        this,
                        slot,
                        ChipSpec {
                            list_price_usd: this.price_usd,
                            ..spec
                        },
                    ));
                }
            }
        }
    }
    let (best, parent, spec) = new?;
    is_redesign_profitable(demand_usd, best, old, p).then(|| DesignChoice {
        parent,
        spec,
        cut: CutKind::of(&spec, &chips.spec[parent]),
        profit_usd,
    })
}

/// Market price of useful compute without rules: price per unit of blended value of the maker's chip with the lowest total cost
/// per value, server included.
fn market_price_usd(
    maker: u16,
    t: i32,
    for_training: f64,
    roadmap: &Roadmap,
    chips: &ChipTable,
    p: &Parameters,
) -> Option<f64> {
    roadmap
        .slots_of(maker)
        .filter(|slot| {
            chips.launch[*slot] <= t
                && !matches!(roadmap.slots[*slot].kind, SlotKind::Variant { .. })
        })
        .map(|slot| {
            let spec = &chips.spec[slot];
            let value = blended_value(spec, for_training, chips.fp8_share, p);
            let list_price_usd = chips.list_price_usd(slot, t, p);
            (
                (list_price_usd + p.host_cost_usd) / value,
                list_price_usd / value,
            )
        })
        .filter(|(whole, _)| whole.is_finite())
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, price)| price)
}

/// System: sets the offers of this month: price, attraction and pool use of every chip on sale.
pub fn make_offers(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    roadmap: Res<Roadmap>,
    access: Res<InputAccessState>,
    supply: Res<SupplyState>,
    shortage: Res<Shortage>,
    chips: Res<ChipTable>,
    mut realised: ResMut<RealisedThroughput>,
    mut home_made: ResMut<HomeFabrication>,
    mut market: ResMut<ChipMarket>,
    makers: Query<(&Chipmaker, &ChipmakerState)>,
) {
    let (p, t) = (&future.parameters, clock.t as i32);
    let reference_cost_usd = unit_cost_usd(&H100, p);
    let mut price = [1.0; MAKERS_MAX];
    let mut maturity = [1.0; MAKERS_MAX];
    let mut newest = [[NEVER; 2]; MAKERS_MAX];
    let mut targets = [false; MAKERS_MAX];
    for (maker, business) in &makers {
        price[maker.row as usize] = business.price_index;
        maturity[maker.row as usize] = business.maturity;
        targets[maker.row as usize] = maker.home == Bloc::Target;
    }
    for (slot, place) in roadmap.slots.iter().enumerate() {
        let latest = &mut newest[usize::from(place.maker)][usize::from(is_variant(place))];
        if chips.launch[slot] <= t && (*latest == NEVER || chips.launch[slot] > *latest) {
            *latest = chips.launch[slot];
        }
    }
    let m = &mut *market;
    m.active.clear();
    for (slot, place) in roadmap.slots.iter().enumerate() {
        let maker = usize::from(place.maker);
        let age = t - chips.launch[slot].min(NEVER - 1);
        let listed = chips.launch[slot] <= t;
        realised.0[slot] = if maturity[maker] < 1.0 {
            realised_share(maturity[maker], p)
        } else {
            1.0
        };
        // A chip leaves the list after its sale life if its maker sells a newer one to the same buyers.
        let superseded = listed
            && f64::from(age) > p.sale_life_months
            && newest[maker][usize::from(is_variant(place))] > chips.launch[slot];
        if !listed || superseded {
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
        let list = if place.captive {
            cost * p.captive_price_over_cost
        } else {
            chips.list_price_usd(slot, t, p)
        };
        let price_usd = list * price[maker];
        let ramp = 1.0 - maths::exp(-(f64::from(age) + 1.0) / p.new_part_ramp_months);
        let useful =
            [chips.useful_training[slot], chips.useful_serving[slot]].map(|u| u * realised.0[slot]);
        // Buyers compare total cost, server included; makers earn the price of the chip alone.
        let log_attraction = useful.map(|u| {
            p.choice_slope * maths::ln(1e4 * u / (price_usd + p.host_cost_usd)) + maths::ln(ramp)
        });
        m.offers[slot] = ChipOffer {
            price_usd,
            unit_cost_usd: cost,
            size: cost / reference_cost_usd,
            tpp: chips.spec[slot].tpp,
            attraction: log_attraction.map(maths::exp),
            attraction_in_nest: log_attraction
                .map(|x| maths::exp(x / p.choice_nest) / chips.copies[slot]),
            uses: pool_uses(&chips.spec[slot], sourcing, p),
        };
    }
    let channels = &future.channels;
    let rows = m.layout.makers;
    let mut own_worth = [1.0; MAKERS_MAX];
    for (worth, maturity) in own_worth.iter_mut().zip(&maturity[..rows]) {
        // An immature software stack lowers the value per dollar for everybody but its owner.
        let lock_in =
            channels.factor(Channel::SoftwareLockIn) * p.lock_in_log_value * (1.0 - maturity);
        *worth = maths::exp(-p.choice_slope * lock_in);
    }
    for market in 0..m.layout.markets {
        let feared = channels.factor(Channel::Hedging)
            * p.supply_assurance_log_value
            * shortage.belief[market];
        // Makers of the target gain where buyers expect supply to be cut, since the rules do not reach them.
        let out_of_reach = maths::exp(p.choice_slope * feared);
        let row = &mut m.stack[market * rows..(market + 1) * rows];
        for (maker, stack) in row.iter_mut().enumerate() {
            let gain = if targets[maker] { out_of_reach } else { 1.0 };
            *stack = own_worth[maker] * gain;
        }
    }
}

fn is_variant(place: &ChipSlot) -> bool {
    matches!(place.kind, SlotKind::Variant { .. })
}

/// By slot: 1 where the dies are made in the target this month.
#[derive(Resource, Clone, Debug, Default)]
pub struct HomeFabrication(pub Vec<f64>);

/// Dies of 665 mm2 on a wafer of 300 mm; the unit of cumulative experience.
const DIES_PER_WAFER: f64 = 70.0;

/// System: runs the month's trade.
pub fn trade(
    future: Res<Future>,
    access: Res<InputAccessState>,
    closures: Res<AnnouncedClosures>,
    paths: Res<SupplyPaths>,
    mut supply: ResMut<SupplyState>,
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
    let drawn_dies = supply.die_bank * p.die_bank_draw;
    let pools = pools_with_die_bank(&supply, &access, &paths, drawn_dies);
    let rules = MarketRules::of(p);
    let rows = market.layout.makers;
    market.trade(&capacity[..rows], &pools, &rules);
    supply.die_bank -= drawn_dies;
    supply.hbm_bank_stacks =
        (supply.hbm_bank_stacks - market.pool_used[SupplyPool::HbmTarget as usize]).max(0.0);
    supply.pools = pools;
    supply.dies_target_millions +=
        market.pool_used[SupplyPool::LogicTarget as usize] * DIES_PER_WAFER / 1e6;
    let mut wanted = std::mem::take(&mut market.wanted);
    if future.planning == ExpectationRule::Foresight {
        remove_closing_demand(&closures, &market, &mut wanted);
    }
    let supplier_utilisation = supplier_utilisation(&market, &pools);
    supply.adjust_capacity(&wanted, &supplier_utilisation, future.planning, p);
    market.wanted = wanted;
}

/// By maker: utilisation of the fullest pool that its chips use, 0 to 1; 1 where a pool is empty.
fn supplier_utilisation(market: &ChipMarket, pools: &[f64; POOLS]) -> [f64; MAKERS_MAX] {
    let used = |pool: usize| {
        if pools[pool] > 0.0 {
            (market.pool_used[pool] / pools[pool]).min(1.0)
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
                + market.sold_to_brokers[slot];
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

/// Adds dies obtained through proxies to the wafer pool of the target's foundry.
fn pools_with_die_bank(
    supply: &SupplyState,
    access: &InputAccessState,
    paths: &SupplyPaths,
    dies: f64,
) -> [f64; POOLS] {
    const TYPICAL_DIE_MM2: f64 = 665.0;
    let mut pools = supply.pools;
    let barred = paths
        .0
        .proxy_maker
        .is_some_and(|m| access.leading_foundry[usize::from(m)] < 0.5);
    if barred {
        let per_wafer = USABLE_WAFER_MM2 / TYPICAL_DIE_MM2 * supply.yield_target;
        pools[SupplyPool::LogicTarget as usize] += dies / per_wafer.max(1.0);
    }
    pools
}

/// System: updates revenue, R&D, price index, idle capacity and software maturity of each maker.
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
            + market.sold_to_brokers[slot];
        let maker = usize::from(market.layout.maker_of[slot]);
        value[maker][0] += (in_target + elsewhere) * price;
        value[maker][1] += in_target * price;
    }
    for (value, levy) in value.iter_mut().zip(&market.levy_usd) {
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
            market.asked[row],
            supply.capacity[row],
            p,
        );
        if maker.home == Bloc::Target && all_target > 0.0 {
            business.maturity = next_maturity(business.maturity, at_target / all_target, p);
        }
    }
}
