//! Users of AI services by nation: shares of use, the stack that they build on, and alignment.

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

use super::nation::Nation;
use crate::capability::frontier::{FrontierGroup, FrontierHistory};
use crate::events::{Event, EventKind, EventLog};
use crate::foundation::maths;
use crate::foundation::run::{Future, SimulationClock};
use crate::markets::chips::ChipMarket;
use crate::markets::event_log::EventCauses;
use crate::markets::scarcity::Shortage;
use crate::markets::services::{
    OFFERERS, ServiceOffer, ServiceSupplier, closed_price, next_alignment, next_stack,
    spending_share, use_shares,
};
use crate::measures::Bloc;
use crate::technology::supply::InputAccessState;

/// Users of one nation.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct ServiceUsers {
    pub gdp_usd: f64,
    /// Alignment at the start of the run: -1 with the target, 1 with the issuer.
    pub alignment_start: f64,
    pub alignment: f64,
    /// Alignment when it was last logged.
    pub alignment_logged: f64,
    /// Share of its applications that build on the issuer's stack.
    pub issuer_stack: f64,
    pub use_shares: [f64; OFFERERS],
}

/// AI services of the month, added up.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct ServiceTotals {
    /// Revenue by bloc, USD a month; open models earn no revenue.
    pub revenue_usd: [f64; 3],
    /// Price of the best closed model over the cost of serving the best open one.
    pub closed_price: f64,
    /// Use in third countries by supplier, weighted by GDP.
    pub third_use: [f64; OFFERERS],
    pub third_issuer_stack: f64,
    pub third_alignment: f64,
}

/// Change of alignment after which it is logged again; it has no effect on the model.
const LOGGED_STEP: f64 = 0.05;

/// System: one month of AI services in every nation.
pub fn use_services(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    frontier: Res<FrontierHistory>,
    shortage: Res<Shortage>,
    access: Res<InputAccessState>,
    market: Res<ChipMarket>,
    causes: Res<EventCauses>,
    mut events: ResMut<EventLog>,
    mut services: ResMut<ServiceTotals>,
    mut nations: Query<(&Nation, &mut ServiceUsers)>,
) {
    let p = &future.parameters;
    let points = |side: FrontierGroup| frontier.released[side as usize].latest();
    let best_open = points(FrontierGroup::Open);
    let price = [
        closed_price(points(FrontierGroup::Issuer) - best_open, p),
        closed_price(points(FrontierGroup::Target) - best_open, p),
        1.0,
    ];
    let log_price = price.map(|price: f64| maths::ln(price.max(1e-6)));
    let spending_share = spending_share(clock.year, p);
    let (by_home, all) = deliveries(&market);
    // Ability of the target's side to deliver: its makers' share of sales in third countries, plus a constant for open models.
    let target_delivers = (by_home / all.max(f64::MIN_POSITIVE) + p.open_stack_weight).min(1.0);
    let mut next = ServiceTotals {
        closed_price: price[0],
        ..ServiceTotals::default()
    };
    let mut third_gdp = 0.0;
    for (nation, mut users) in &mut nations {
        let m = nation.market as usize;
        let offer =
            |who: ServiceSupplier, side: FrontierGroup, affinity: f64, open: f64| ServiceOffer {
                points: points(side),
                log_price: log_price[who as usize],
                affinity,
                open,
            };
        // Rules on closed weights do not matter where the issuer's best model is open or no better than an open one.
        let closed_open = if points(FrontierGroup::Issuer) <= best_open {
            1.0
        } else if nation.bloc == Bloc::Target {
            access.model_access
        } else {
            access.weights_open[m]
        };
        let offers = [
            offer(
                ServiceSupplier::Issuer,
                FrontierGroup::Issuer,
                users.alignment,
                closed_open,
            ),
            offer(
                ServiceSupplier::Target,
                FrontierGroup::Target,
                -users.alignment,
                1.0,
            ),
            offer(ServiceSupplier::Open, FrontierGroup::Open, 0.0, 1.0),
        ];
        users.use_shares = use_shares(&offers, p.service_reference_points, p);
        let spent = users.gdp_usd * spending_share;
        next.revenue_usd[0] += spent * users.use_shares[0] * (price[0] - 1.0);
        next.revenue_usd[1] += spent * users.use_shares[1] * (price[1] - 1.0);
        if nation.bloc != Bloc::Third {
            continue;
        }
        let used: f64 = users.use_shares.iter().sum();
        let models = if used > 0.0 {
            users.use_shares[0] / used
        } else {
            users.issuer_stack
        };
        let chips = 1.0 - shortage.denied[m] * target_delivers;
        let part = 0.5 * (models + chips);
        users.issuer_stack = if clock.t == 0 {
            part
        } else {
            next_stack(users.issuer_stack, part, p)
        };
        users.alignment = next_alignment(
            users.alignment,
            users.alignment_start,
            shortage.denied[m],
            target_delivers,
            p,
        );
        let moved = users.alignment - users.alignment_logged;
        if moved.abs() >= LOGGED_STEP {
            let cause = causes.denial_cause(m).filter(|_| moved < 0.0);
            events.push(Event {
                actor: nation.row,
                values: [users.alignment, users.alignment_logged, 0.0, 0.0],
                cause,
                ..Event::new(clock.t as i32, EventKind::AlignmentMoved)
            });
            users.alignment_logged = users.alignment;
        }
        third_gdp += users.gdp_usd;
        for (sum, share) in next.third_use.iter_mut().zip(users.use_shares) {
            *sum += share * users.gdp_usd;
        }
        next.third_issuer_stack += users.issuer_stack * users.gdp_usd;
        next.third_alignment += users.alignment * users.gdp_usd;
    }
    let weight = 1.0 / third_gdp.max(f64::MIN_POSITIVE);
    next.third_use.iter_mut().for_each(|s| *s *= weight);
    next.third_issuer_stack *= weight;
    next.third_alignment *= weight;
    *services = next;
}

/// Value delivered in third countries last month, USD: by makers of the target, and in total.
fn deliveries(market: &ChipMarket) -> (f64, f64) {
    let (mut home, mut all) = (0.0, 0.0);
    for &slot in &market.active {
        let slot = usize::from(slot);
        let value = market.sold_in(Bloc::Third as usize, slot) * market.offers[slot].price_usd;
        all += value;
        if market.layout.target_made[slot] {
            home += value;
        }
    }
    (home, all)
}
