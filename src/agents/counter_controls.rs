//! Counter-controls: the target answers a tightening by keeping back materials that makers elsewhere need.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use crate::events::{Event, EventKind, EventLog};
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::run::{Future, SimulationClock};
use crate::markets::chips::ChipMarket;
use crate::markets::chronicle::EventCauses;
use crate::markets::terms::CurrentLaw;
use crate::technology::supply::InputAccessState;

/// What the target remembers of what it is denied, and until when it keeps materials back.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct CounterControls {
    /// The set of rules that it last saw, when it came, and what was denied before.
    rules: u16,
    since: i32,
    denied_before: f64,
    denied: f64,
    answered: bool,
    /// Counts tightenings: each is one question to chance.
    ordinal: u64,
    /// First month in which materials flow again.
    until: i32,
}

/// What is denied of chips, of advanced tools and of memory, as fractions added up: 0 nothing, 3 everything.
///
/// Chips are those of last month: what a rule takes from buyers shows when they buy.
pub fn denied_in_all(access: &InputAccessState) -> f64 {
    access.denied_share + access.tools.denied + 1.0 - access.memory_imports
}

/// System: as long as no reply of the target is on record, a tightening against the target is answered, with a chance drawn by its
/// ordinal, by a ban on materials for some months; what recorded law keeps back stands beside it.
///
/// A tightening is a rise of [`denied_in_all`] by `retaliation_tightening` within three months of a change of rules, so
/// that a new chip which an old rule bars is none. It costs the target's own exporters nothing here.
pub fn restrict_inputs(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    now: Res<CurrentLaw>,
    market: Res<ChipMarket>,
    causes: Res<EventCauses>,
    mut access: ResMut<InputAccessState>,
    mut state: ResMut<CounterControls>,
    mut events: ResMut<EventLog>,
) {
    /// A rule of the middle of a month shows in full in the next, and what buyers miss a month later.
    const SHOWS_WITHIN_MONTHS: i32 = 3;
    if !now.replies_generated || !future.channels.on(Channel::CounterMeasures) {
        return;
    }
    let (p, t) = (&future.parameters, clock.t as i32);
    if now.known != state.rules {
        state.rules = now.known;
        state.since = t;
        state.denied_before = state.denied;
        state.answered = false;
    }
    // Nobody is denied what nobody there would buy.
    let layout = &market.layout;
    let buys = (0..layout.customers.len())
        .filter(|k| layout.customers[*k].market == layout.target_market)
        .any(|k| market.wallet_usd[k] + market.budget_usd[k] > 0.0);
    state.denied = if buys { denied_in_all(&access) } else { 0.0 };
    let tightened = state.denied - state.denied_before >= p.retaliation_tightening;
    if !state.answered && t > 0 && t - state.since < SHOWS_WITHIN_MONTHS && tightened {
        state.answered = true;
        let draw = future
            .chance
            .uniform(Purpose::Retaliation, 0, state.ordinal);
        state.ordinal += 1;
        if draw < p.retaliation_probability {
            state.until = state.until.max(t + p.retaliation_months.round() as i32);
            events.push(Event {
                values: [p.retaliation_months, 0.0, 0.0, 0.0],
                cause: causes.of_tightening(),
                ..Event::new(t, EventKind::Restricted)
            });
        }
    }
    if t < state.until {
        access.inputs_denied = 1.0;
    }
}
