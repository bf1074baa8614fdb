//! A worker: one world and one schedule that a thread uses for run after run.

use std::any::Any;
use std::sync::Arc;

use bevy_ecs::schedule::Schedule;

use crate::controls::Regime;
use crate::foundation::chance::Chance;
use crate::foundation::channels::Channels;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, ReferenceRun};
use crate::markets::chip_market::ChipMarket;
use crate::month::month;
use crate::outputs::record::MonthlyRecord;
use crate::policy::compiled::CompiledCalendar;
use crate::world::{Blueprint, Simulation};

/// Largest imbalance that rounding explains.
const MOST_IMBALANCE: f64 = 1e-6;

/// A worker: one world, one schedule.
pub struct Worker {
    pub stage: Simulation,
    month: Schedule,
}

impl Worker {
    pub fn new(blueprint: &Arc<Blueprint>) -> Self {
        Self {
            stage: Simulation::new(blueprint),
            month: month(),
        }
    }

    /// One run from the first month to the last; the largest imbalance of the accounts in any month.
    pub fn run(
        &mut self,
        calendar: &Arc<CompiledCalendar>,
        future: &Future,
        months: usize,
        keep_events: bool,
    ) -> f64 {
        self.stage.reset(calendar, future, keep_events);
        (0..months).map(|_| self.step()).fold(0.0, f64::max)
    }

    /// Runs recorded history at the centre of the parameters and keeps what deviations are measured against.
    pub(super) fn reference_run(&mut self, history: &Regime, central: &Parameters) -> ReferenceRun {
        let b = self.stage.blueprint().clone();
        let parameters = b.subjects.calendar_parameters(central);
        let calendar = b.subjects.compile_calendar(history, &parameters);
        let future = Future {
            number: 0,
            chance: Chance::of(0, 0),
            parameters: central.clone(),
            channels: Channels::default(),
            planning: ExpectationRule::default(),
            reference_run: Arc::default(),
            policy_path: None,
        }
        .on_record();
        self.stage.reset(&calendar, &future, false);
        let mut reference_run = ReferenceRun {
            makers: b.makers.len(),
            ..ReferenceRun::default()
        };
        for _ in 0..b.months {
            self.step();
            self.stage.record_reference_month(&mut reference_run);
        }
        reference_run
    }

    /// One month; how far its books are from balancing.
    pub fn step(&mut self) -> f64 {
        self.month.run(&mut self.stage.world);
        self.stage.world.resource::<ChipMarket>().accounts.imbalance
    }

    pub fn record(&self) -> &MonthlyRecord {
        self.stage.world.resource::<MonthlyRecord>()
    }
}

/// Whether the accounts of a run balance; the imbalance is a part of a month's volume.
pub fn is_balanced(imbalance: f64) -> bool {
    imbalance <= MOST_IMBALANCE
}

/// The message of a run that panicked.
pub(super) fn reason(cause: &(dyn Any + Send)) -> &str {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no reason")
}
