//! What every step of a run reads: the clock, and the future that the run lives in.

use std::sync::Arc;

use bevy_ecs::resource::Resource;
use bevy_ecs::system::ResMut;

use super::calendar::Month;
use super::chance::Chance;
use super::channels::{Channel, Channels};
use super::parameters::Parameters;
use super::policy_path::PolicyChange;

/// Where the run stands in time.
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

/// System: the clock moves on.
pub fn next_month(mut clock: ResMut<SimulationClock>) {
    *clock = SimulationClock::at(clock.first, clock.t + 1);
}

/// The median run of recorded history: what deviations are measured against, so that no recorded path is imposed on an
/// arm that left it. Empty while it is being recorded: deviations are then zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceRun {
    pub makers: usize,
    /// Part of the target's wants that law kept back, by month.
    pub denied_share: Vec<f64>,
    /// What makers of the target delivered at home over what buyers there would spend, by month.
    pub home_share: Vec<f64>,
    /// Research stock of makers, USD, month after month.
    pub research_stock_usd: Vec<f64>,
    /// Revenue of AI services by bloc, USD a month.
    pub service_usd: Vec<[f64; 3]>,
}

impl ReferenceRun {
    /// What was denied on record this month; `now` where there is no record.
    pub fn denied(&self, t: usize, now: f64) -> f64 {
        self.denied_share.get(t).copied().unwrap_or(now)
    }

    /// Home supply on record this month; `now` where there is no record.
    pub fn home(&self, t: usize, now: f64) -> f64 {
        self.home_share.get(t).copied().unwrap_or(now)
    }

    /// A maker's research stock over that on record, 1 where there is none.
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

    /// A bloc's service revenue over that on record, 1 where there is none.
    pub fn service_ratio(&self, t: usize, bloc: usize, now: f64) -> f64 {
        let then = self.service_usd.get(t).map_or(0.0, |s| s[bloc]);
        if then > 0.0 && now > 0.0 {
            now / then
        } else {
            1.0
        }
    }
}

/// How makers and buyers form expectations: alternative rules of behaviour, to see whether a ranking of regimes survives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ExpectationRule {
    /// By the orders of this month; nobody acts on what is only announced.
    Naive,
    /// By orders of some months ago; buyers pull forward what an announced rule will close.
    #[default]
    Adaptive,
    /// As adaptive, and makers take what an announced rule will close out of their plans at once.
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

/// The draw of chance and parameters that all arms share.
#[derive(Resource, Clone, Debug)]
pub struct Future {
    pub number: u64,
    pub chance: Chance,
    pub parameters: Parameters,
    pub channels: Channels,
    pub planning: ExpectationRule,
    pub anchor: Arc<ReferenceRun>,
    /// Changes of the rules to be replayed in place of a process's own.
    pub policy_path: Option<Arc<[PolicyChange]>>,
}

impl Future {
    /// The future as it goes on record: what the target answered stands in the recorded rules, and that it answered nothing
    /// before the first of them is on record too.
    #[must_use]
    pub fn on_record(mut self) -> Self {
        self.channels = self.channels.without(Channel::CounterMeasures);
        self
    }
}
