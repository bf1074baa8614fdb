//! Runs of a plan that grow future by future and can be joined at any number of futures.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::ensemble::{RunStore, months_of, numbers_of};
use super::join::JoinedRuns;
use super::layout::RunRecordLayout;
use super::run::{RunNarrative, RunRecord, RunRequest, one_run};
use super::{Plan, Worker};
use crate::results::{Results, ResultsError};
use crate::world::Blueprint;

/// Workers between one question and the next. They belong to one blueprint.
#[derive(Default)]
pub struct IdleWorkers(Mutex<Vec<Worker>>);

impl IdleWorkers {
    fn take(&self, blueprint: &Arc<Blueprint>) -> Worker {
        let mut idle = self.0.lock().unwrap_or_else(|e| e.into_inner());
        idle.retain(|worker| Arc::ptr_eq(worker.stage.blueprint(), blueprint));
        let found = idle.pop();
        drop(idle);
        found.unwrap_or_else(|| Worker::new(blueprint))
    }

    fn give_back(&self, worker: Worker) {
        let mut idle = self.0.lock().unwrap_or_else(|e| e.into_inner());
        idle.push(worker);
    }
}

/// The finished runs of the first futures of a plan.
pub struct GrowingRuns<'a> {
    pub plan: &'a Plan,
    pub layout: RunRecordLayout,
    workers: &'a IdleWorkers,
    /// By arm, then by future.
    records: Vec<Vec<RunRecord>>,
}

impl<'a> GrowingRuns<'a> {
    pub fn new(plan: &'a Plan, workers: &'a IdleWorkers) -> Self {
        Self {
            plan,
            layout: RunRecordLayout::new(plan),
            workers,
            records: vec![Vec::new(); plan.regimes.len()],
        }
    }

    /// Futures that are done in every arm.
    pub fn done(&self) -> u32 {
        self.records[0].len() as u32
    }

    /// Runs futures up to this number; answers whether it was not stopped before.
    pub fn grow(&mut self, until: u32, stop: &AtomicBool) -> bool {
        let futures: Vec<u32> = (self.done()..until.min(self.plan.runs)).collect();
        let made: Option<Vec<Vec<RunRecord>>> = futures
            .into_par_iter()
            .with_max_len(1)
            .map(|future| self.future(future, stop))
            .collect();
        let Some(made) = made else {
            return false;
        };
        for (arm, record) in made
            .into_iter()
            .flatten()
            .map(|record| (record.arm, record))
        {
            self.records[arm].push(record);
        }
        true
    }

    /// Every arm of one future; nothing where it was stopped.
    fn future(&self, number: u32, stop: &AtomicBool) -> Option<Vec<RunRecord>> {
        let plan = self.plan;
        let draw = plan.draw(number);
        let mut worker = self.workers.take(&plan.blueprint);
        let mut records = Vec::with_capacity(plan.regimes.len());
        let mut tape = None;
        for arm in plan.order() {
            if stop.load(Ordering::Relaxed) {
                self.workers.give_back(worker);
                return None;
            }
            let mut record = RunRecord::default();
            let request = RunRequest {
                arm,
                run: number,
                draw: &draw,
                baseline_path: tape.as_ref(),
                keep_events: false,
            };
            one_run(plan, &self.layout, &mut worker, &request, &mut record);
            tape.get_or_insert_with(|| Arc::from(record.tape.as_slice()));
            records.push(record);
        }
        self.workers.give_back(worker);
        Some(records)
    }

    /// The results of the futures that are done, with bands of these measures only.
    ///
    /// # Errors
    /// Never: memory can be read.
    pub fn results(&self, measures: &[&str]) -> Result<Results, ResultsError> {
        let mut joined = self.joined()?;
        let names = self.plan.blueprint.watch.columns.names();
        let wanted = |c: &usize| measures.contains(&names[self.layout.columns[*c]].0);
        joined.columns.retain(wanted);
        let told = self
            .records
            .iter()
            .flatten()
            .filter_map(|r| r.told.as_ref());
        let failures = told
            .filter(|told| told.failure.is_some())
            .map(|told| RunNarrative {
                arm: told.arm,
                run: told.run,
                failure: told.failure.clone(),
                ..RunNarrative::default()
            });
        joined.results(failures.collect(), "")
    }

    /// The futures that are done, joined.
    ///
    /// # Errors
    /// Never: memory can be read.
    pub fn joined(&self) -> Result<JoinedRuns<'_>, ResultsError> {
        JoinedRuns::new(self.plan, &self.layout, self, 0..self.done())
    }
}

impl RunStore for GrowingRuns<'_> {
    fn numbers(
        &self,
        arm: usize,
        at: usize,
        places: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError> {
        Ok(numbers_of(&self.records[arm][places], at))
    }

    fn months(
        &self,
        arm: usize,
        column: usize,
        months: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError> {
        let from = column * self.layout.months;
        Ok(months_of(&self.records[arm], from, months))
    }
}
