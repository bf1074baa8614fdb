//! Users of AI services by nation: shares of use, the stack that they build on, and alignment.

use bevy_ecs::component::Component;
use bevy_ecs::system::{Query, Res, ResMut};

use super::nation::Nation;
use crate::capability::frontier::{FrontierGroup, FrontierHistory};
use crate::events::{Event, EventKind};
use crate::foundation::bloc::Bloc;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::RunMonth;
use crate::markets::chip_market::ChipMarket;
use crate::markets::scarcity::Shortage;
use crate::markets::services::{
    OFFERERS, ServiceOffer, ServiceSupplier, ServiceTotals, closed_price, next_alignment,
    next_stack, spending_share, use_shares,
};
use crate::policy::access::LegalAccess;
use crate::policy::event_log::CausedEvents;

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

impl ServiceUsers {
    /// Users of a nation with this product and alignment, as they begin: all on the issuer's stack.
    pub fn at_start(gdp_usd: f64, alignment_start: f64) -> Self {
        Self {
            gdp_usd,
            alignment_start,
            alignment: alignment_start,
            alignment_logged: alignment_start,
            issuer_stack: 1.0,
            ..Self::default()
        }
    }
}

/// System at the start of a run: users as they begin.
pub fn begin_users(mut services: ResMut<ServiceTotals>, mut nations: Query<&mut ServiceUsers>) {
    *services = ServiceTotals::default();
    for mut users in &mut nations {
        *users = ServiceUsers::at_start(users.gdp_usd, users.alignment_start);
    }
}

/// Change of alignment after which it is logged again; it has no effect on the model.
const LOGGED_STEP: f64 = 0.05;

/// Offers of AI services this month.
struct ServiceOffers {
    /// Best released model by supplier, index points.
    points: [f64; OFFERERS],
    /// Price over the cost of serving the best open model, and its log.
    price: [f64; OFFERERS],
    log_price: [f64; OFFERERS],
}

impl ServiceOffers {
    fn of(frontier: &FrontierHistory, p: &Parameters) -> Self {
        let points = [
            FrontierGroup::Issuer,
            FrontierGroup::Target,
            FrontierGroup::Open,
        ]
        .map(|side| frontier.released[side as usize].latest());
        let best_open = points[ServiceSupplier::Open as usize];
        let price = [
            closed_price(points[0] - best_open, p),
            closed_price(points[1] - best_open, p),
            1.0,
        ];
        Self {
            points,
            price,
            log_price: price.map(|price: f64| maths::ln(price.max(1e-6))),
        }
    }

    /// Offers to the users of a nation with this alignment. `closed_open` is the fraction of the month in which rules allow the
    /// issuer's closed models.
    fn to_users(&self, alignment: f64, closed_open: f64) -> [ServiceOffer; OFFERERS] {
        // Rules on closed weights do not matter where the issuer's best model is open or no better than an open one.
        let behind = self.points[ServiceSupplier::Issuer as usize]
            <= self.points[ServiceSupplier::Open as usize];
        let issuer_open = if behind { 1.0 } else { closed_open };
        let (affinity, open) = ([alignment, -alignment, 0.0], [issuer_open, 1.0, 1.0]);
        std::array::from_fn(|who| ServiceOffer {
            points: self.points[who],
            log_price: self.log_price[who],
            affinity: affinity[who],
            open: open[who],
        })
    }
}

/// System: one month of AI services in every nation.
pub fn use_services(
    run: RunMonth,
    frontier: Res<FrontierHistory>,
    shortage: Res<Shortage>,
    access: Res<LegalAccess>,
    market: Res<ChipMarket>,
    mut log: CausedEvents,
    mut services: ResMut<ServiceTotals>,
    mut nations: Query<(&Nation, &mut ServiceUsers)>,
) {
    let (p, t) = (&run.future.parameters, run.clock.t);
    let offers = ServiceOffers::of(&frontier, p);
    let spending_share = spending_share(run.clock.year, p);
    let (by_home, all) = deliveries(&market);
    // Ability of the target's side to deliver: its makers' share of sales in third countries, plus a constant for open models.
    let target_delivers = (by_home / all.max(f64::MIN_POSITIVE) + p.open_stack_weight).min(1.0);
    let mut next = ServiceTotals {
        closed_price: offers.price[0],
        ..ServiceTotals::default()
    };
    let mut third_gdp = 0.0;
    for (nation, mut users) in &mut nations {
        let m = nation.market as usize;
        let closed_open = if nation.bloc == Bloc::Target {
            access.model_access
        } else {
            access.weights_open[m]
        };
        let offered = offers.to_users(users.alignment, closed_open);
        users.use_shares = use_shares(&offered, p.service_reference_points, p);
        let spent = users.gdp_usd * spending_share;
        for side in 0..2 {
            next.revenue_usd[side] += spent * users.use_shares[side] * (offers.price[side] - 1.0);
        }
        if nation.bloc != Bloc::Third {
            continue;
        }
        users.respond(shortage.denied[m], target_delivers, t, p);
        if let Some((now, before)) = users.alignment_to_log() {
            let cause = log.causes.denial_cause(m).filter(|_| now < before);
            log.events.push(Event {
                actor: nation.row,
                values: [now, before, 0.0, 0.0],
                cause,
                ..Event::new(t as i32, EventKind::AlignmentMoved)
            });
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

impl ServiceUsers {
    /// Moves stack and alignment of a third nation by a month.
    fn respond(&mut self, denied_share: f64, target_delivers: f64, t: usize, p: &Parameters) {
        let used: f64 = self.use_shares.iter().sum();
        let models = if used > 0.0 {
            self.use_shares[0] / used
        } else {
            self.issuer_stack
        };
        let chips = 1.0 - denied_share * target_delivers;
        let part = 0.5 * (models + chips);
        self.issuer_stack = if t == 0 {
            part
        } else {
            next_stack(self.issuer_stack, part, p)
        };
        self.alignment = next_alignment(
            self.alignment,
            self.alignment_start,
            denied_share,
            target_delivers,
            p,
        );
    }

    /// Alignment now and when it was last logged, where it has moved far enough to be logged again.
    fn alignment_to_log(&mut self) -> Option<(f64, f64)> {
        let (now, before) = (self.alignment, self.alignment_logged);
        let moved = (now - before).abs() >= LOGGED_STEP;
        if moved {
            self.alignment_logged = now;
        }
        moved.then_some((now, before))
    }
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
