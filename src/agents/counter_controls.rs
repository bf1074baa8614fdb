//! Counter-controls: the target retaliates against a tightening by restricting exports of materials.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use crate::events::{Event, EventKind};
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::run::RunMonth;
use crate::markets::chip_market::ChipMarket;
use crate::policy::apply::CurrentLaw;
use crate::policy::event_log::CausedEvents;
use crate::technology::supply::{InputAccessState, Retaliation, TargetDenial};

/// Denial of the target before and after the last change of rules, and the end of its export restriction.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct CounterControls {
    /// The current rule set, the month in which it came, and total denial before it.
    rules: u16,
    since: i32,
    denied_before: f64,
    denied: f64,
    answered: bool,
    /// Number of tightenings so far; it keys the draw.
    ordinal: u64,
    /// First month without the restriction.
    until: i32,
}

/// Sum of the denied shares of chips, advanced tools and memory, from 0 to 3.
///
/// The share of chips is that of last month, since it is measured at the trade.
pub fn total_denial(denied_share: f64, access: &InputAccessState) -> f64 {
    denied_share + access.tools.denied + 1.0 - access.memory_imports
}

/// System at the start of a run: the target has retaliated against nothing.
pub fn begin_counter_controls(mut state: ResMut<CounterControls>) {
    *state = CounterControls::default();
}

/// System: while the model generates the target's responses, a tightening is followed with a certain probability by a ban on
/// exports of materials for some months. Recorded restrictions apply besides.
///
/// A tightening is a rise of [`total_denial`] by `retaliation_tightening` within three months of a change of rules, so
/// a new chip that an old rule denies is no tightening. The cost to the target's own exporters is left out.
pub fn restrict_inputs(
    run: RunMonth,
    now: Res<CurrentLaw>,
    market: Res<ChipMarket>,
    access: Res<InputAccessState>,
    denial: Res<TargetDenial>,
    mut log: CausedEvents,
    mut state: ResMut<CounterControls>,
    mut retaliation: ResMut<Retaliation>,
) {
    /// A rule from the middle of a month takes full effect in the next, and shows in denied purchases a month later.
    const SHOWS_WITHIN_MONTHS: i32 = 3;
    retaliation.inputs_denied = 0.0;
    let future = &*run.future;
    if !now.replies_generated || !future.channels.on(Channel::CounterMeasures) {
        return;
    }
    let (p, t) = (&future.parameters, run.clock.t as i32);
    if now.known != state.rules {
        state.rules = now.known;
        state.since = t;
        state.denied_before = state.denied;
        state.answered = false;
    }
    // Without buyers in the target nothing is denied.
    let layout = &market.layout;
    let buys = (0..layout.customers.len())
        .filter(|k| layout.customers[*k].market == layout.target_market)
        .any(|k| market.money.wallet_usd[k] + market.money.budget_usd[k] > 0.0);
    state.denied = if buys {
        total_denial(denial.denied_share, &access)
    } else {
        0.0
    };
    let tightened = state.denied - state.denied_before >= p.retaliation_tightening;
    if !state.answered && t > 0 && t - state.since < SHOWS_WITHIN_MONTHS && tightened {
        state.answered = true;
        let draw = future
            .chance
            .uniform(Purpose::Retaliation, 0, state.ordinal);
        state.ordinal += 1;
        if draw < p.retaliation_probability {
            state.until = state.until.max(t + p.retaliation_months.round() as i32);
            log.events.push(Event {
                values: [p.retaliation_months, 0.0, 0.0, 0.0],
                cause: log.causes.tightening_cause(),
                ..Event::new(t, EventKind::Restricted)
            });
        }
    }
    if t < state.until {
        retaliation.inputs_denied = 1.0;
    }
}
