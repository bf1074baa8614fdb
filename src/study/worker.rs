//! A worker: one world and one schedule that a thread uses for run after run.

use std::sync::Arc;

use bevy_ecs::schedule::Schedule;

use crate::controls::Regime;
use crate::foundation::chance::Chance;
use crate::foundation::channels::Channels;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, ReferenceRun};
use crate::markets::chips::ChipMarket;
use crate::markets::terms::CompiledCalendar;
use crate::measures::MonthlyRecord;
use crate::month::month;
use crate::world::{Blueprint, Simulation};

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
        let calendar = b.compile_calendar(history, central);
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
