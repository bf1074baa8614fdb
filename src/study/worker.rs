//! A worker: one world and one schedule, used for run after run.

use std::sync::Arc;

use bevy_ecs::schedule::Schedule;

use crate::controls::Regime;
use crate::foundation::chance::Chance;
use crate::foundation::channels::Channels;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Anchor, Future, Planning};
use crate::markets::chips::ChipMarket;
use crate::markets::terms::Calendar;
use crate::measures::Recorder;
use crate::month::month;
use crate::world::{Blueprint, Stage};

/// A worker: one world, one schedule.
pub struct Worker {
    pub stage: Stage,
    month: Schedule,
}

impl Worker {
    pub fn new(blueprint: &Arc<Blueprint>) -> Self {
        Self {
            stage: Stage::new(blueprint),
            month: month(),
        }
    }

    /// One run from the first month to the last; the largest imbalance of the books in any month.
    pub fn run(
        &mut self,
        calendar: &Arc<Calendar>,
        future: &Future,
        months: usize,
        keep_events: bool,
    ) -> f64 {
        self.stage.reset(calendar, future, keep_events);
        (0..months).map(|_| self.step()).fold(0.0, f64::max)
    }

    /// Runs recorded history at the centre of the parameters and keeps what deviations are measured against.
    pub(super) fn anchor(&mut self, history: &Regime, central: &Parameters) -> Anchor {
        let b = self.stage.blueprint().clone();
        let calendar = b.calendar(history, central);
        let future = Future {
            number: 0,
            chance: Chance::of(0, 0),
            parameters: central.clone(),
            channels: Channels::default(),
            planning: Planning::default(),
            anchor: Arc::default(),
            tape: None,
        }
        .on_record();
        self.stage.reset(&calendar, &future, false);
        let mut anchor = Anchor {
            makers: b.makers.len(),
            ..Anchor::default()
        };
        for _ in 0..b.months {
            self.step();
            self.stage.record_anchor(&mut anchor);
        }
        anchor
    }

    /// One month; how far its books are from balancing.
    pub fn step(&mut self) -> f64 {
        self.month.run(&mut self.stage.world);
        self.stage.world.resource::<ChipMarket>().books.imbalance
    }

    pub fn record(&self) -> &Recorder {
        self.stage.world.resource::<Recorder>()
    }
}
