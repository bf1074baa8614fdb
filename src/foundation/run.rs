//! The clock and the future of a run, which every step reads.

use std::sync::Arc;

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut, SystemParam};

use super::calendar::Month;
use super::chance::Chance;
use super::channels::{Channel, Channels};
use super::parameters::Parameters;
use super::policy_path::PolicyChange;

/// The present month of a run.
#[derive(Resource, Clone, Copy, Debug)]
pub struct SimulationClock {
    pub first: Month,
    /// Months since the first month.
    pub t: usize,
    pub month: Month,
    /// Decimal year at the middle of the month.
    pub year: f64,
}

impl SimulationClock {
    pub fn at(first: Month, t: usize) -> Self {
        let month = first.plus(t as i32);
        Self {
            first,
            t,
            month,
            year: month.decimal_year(),
        }
    }
}

/// The month and the future of the run, which nearly every system reads.
#[derive(SystemParam)]
pub struct RunMonth<'w> {
    pub clock: Res<'w, SimulationClock>,
    pub future: Res<'w, Future>,
}

/// System at the start of a run: the first month.
pub fn begin_clock(mut clock: ResMut<SimulationClock>) {
    *clock = SimulationClock::at(clock.first, 0);
}

/// System: advances the clock by one month.
pub fn next_month(mut clock: ResMut<SimulationClock>) {
    *clock = SimulationClock::at(clock.first, clock.t + 1);
}

/// The reference run: the median run of recorded history, against which deviations are measured, so that an arm that departs
/// from history is not forced onto a recorded path. It is empty while it is being recorded; deviations are then zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceRun {
    pub makers: usize,
    /// Share of the target's desired purchases that rules denied, by month.
    pub denied_share: Vec<f64>,
    /// Deliveries of the target's makers at home over the spending of buyers there, by month.
    pub home_share: Vec<f64>,
    /// Research stock of makers, USD, month after month.
    pub research_stock_usd: Vec<f64>,
    /// Revenue of AI services by bloc, USD a month.
    pub service_usd: Vec<[f64; 3]>,
}

impl ReferenceRun {
    /// Whether every number of it is one.
    pub fn is_finite(&self) -> bool {
        let columns = [
            &self.denied_share,
            &self.home_share,
            &self.research_stock_usd,
        ];
        columns
            .into_iter()
            .flatten()
            .chain(self.service_usd.as_flattened())
            .all(|value| value.is_finite())
    }

    /// Share denied on record this month; `now` without a record.
    pub fn denied(&self, t: usize, now: f64) -> f64 {
        self.denied_share.get(t).copied().unwrap_or(now)
    }

    /// Home supply on record this month; `now` without a record.
    pub fn home(&self, t: usize, now: f64) -> f64 {
        self.home_share.get(t).copied().unwrap_or(now)
    }

    /// A maker's research stock over that on record; 1 without a record.
    pub fn research_ratio(&self, t: usize, maker: usize, now: f64) -> f64 {
        let then = self
            .research_stock_usd
            .get(t * self.makers + maker)
            .copied()
            .unwrap_or(0.0);
        if then > 0.0 && now > 0.0 {
            now / then
        } else {
            1.0
        }
    }

    /// A bloc's service revenue over that on record; 1 without a record.
    pub fn service_ratio(&self, t: usize, bloc: usize, now: f64) -> f64 {
        let then = self.service_usd.get(t).map_or(0.0, |s| s[bloc]);
        if then > 0.0 && now > 0.0 {
            now / then
        } else {
            1.0
        }
    }
}

/// Expectation rules of makers and buyers: alternatives that test whether a ranking of regimes depends on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ExpectationRule {
    /// Makers plan by this month's orders; nobody acts on announcements.
    Naive,
    /// Makers plan by past orders; buyers pull purchases forward before an announced closure.
    #[default]
    Adaptive,
    /// As adaptive; in addition makers remove demand that an announced rule will close from their plans at once.
    Foresight,
}

impl ExpectationRule {
    pub const ALL: [Self; 3] = [Self::Naive, Self::Adaptive, Self::Foresight];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Adaptive => "adaptive",
            Self::Foresight => "foresight",
        }
    }
}

/// One draw of parameters, structure and chance that all arms share.
#[derive(Resource, Clone, Debug)]
pub struct Future {
    pub number: u64,
    pub chance: Chance,
    pub parameters: Parameters,
    pub channels: Channels,
    pub planning: ExpectationRule,
    pub reference_run: Arc<ReferenceRun>,
    /// Policy path to be replayed in place of the changes of a process.
    pub policy_path: Option<Arc<[PolicyChange]>>,
}

impl Future {
    /// The future for recorded history, with the channel of counter-measures off: the recorded rules contain the target's
    /// responses, and before the first of them there was none.
    #[must_use]
    pub fn on_record(mut self) -> Self {
        self.channels = self.channels.without(Channel::CounterMeasures);
        self
    }
}
