//! Every arm in every future: runs, and the store that they are read from.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::layout::RunRecordLayout;
use super::run::{RunRecord, RunRequest, TIMELINES, one_run};
use super::{Plan, Worker};
use crate::results::ResultsError;

/// Runs every arm in every future. `done` is called after each run; `stop` ends early.
pub fn run_all(plan: &Plan, done: &(dyn Fn() + Sync), stop: &AtomicBool) -> Vec<RunRecord> {
    let layout = RunRecordLayout::new(plan);
    let pieces = rayon::current_num_threads() * 4;
    let runs: Vec<u32> = plan.futures.clone().collect();
    let size = runs.len().div_ceil(pieces).max(1);
    let mut all: Vec<RunRecord> = runs
        .par_chunks(size)
        .flat_map_iter(|futures| {
            let mut worker = Worker::new(&plan.blueprint);
            let mut records = Vec::with_capacity(futures.len() * plan.regimes.len());
            for &number in futures {
                let draw = plan.draw(number);
                let mut tape = None;
                for arm in plan.order() {
                    if stop.load(Ordering::Relaxed) {
                        return records;
                    }
                    let mut record = RunRecord::default();
                    let request = RunRequest {
                        arm,
                        run: number,
                        draw: &draw,
                        baseline_path: tape.as_ref(),
                        keep_events: number < TIMELINES,
                    };
                    one_run(plan, &layout, &mut worker, &request, &mut record);
                    tape.get_or_insert_with(|| Arc::from(record.tape.as_slice()));
                    records.push(record);
                    done();
                }
            }
            records
        })
        .collect();
    all.sort_by_key(|r| (r.arm, r.run));
    all
}

/// Numbers of finished runs, in memory or on disk, future after future.
pub trait RunStore: Sync {
    /// One number of the layout under an arm, over these places in the list of futures.
    ///
    /// # Errors
    /// When it cannot be read.
    fn numbers(
        &self,
        arm: usize,
        at: usize,
        places: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError>;

    /// Months of a series under an arm: month after month, each over all futures.
    ///
    /// # Errors
    /// When it cannot be read.
    fn months(
        &self,
        arm: usize,
        column: usize,
        months: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError>;
}

/// One number of each of these runs.
pub fn numbers_of(records: &[RunRecord], at: usize) -> Vec<f64> {
    records.iter().map(|r| r.numbers[at]).collect()
}

/// Months of a series that begins at this place of each of these runs: month after month, each over all runs.
pub fn months_of(records: &[RunRecord], from: usize, months: Range<usize>) -> Vec<f64> {
    let of = |t: usize| records.iter().map(move |r| r.series[from + t]);
    months.flat_map(of).collect()
}

/// Runs in memory, arm after arm.
pub struct MemoryRunStore<'a> {
    pub records: &'a [RunRecord],
    pub futures: usize,
    pub months: usize,
}

impl MemoryRunStore<'_> {
    fn of(&self, arm: usize, places: Range<usize>) -> &[RunRecord] {
        &self.records[arm * self.futures + places.start..arm * self.futures + places.end]
    }
}

impl RunStore for MemoryRunStore<'_> {
    fn numbers(
        &self,
        arm: usize,
        at: usize,
        places: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError> {
        Ok(numbers_of(self.of(arm, places), at))
    }

    fn months(
        &self,
        arm: usize,
        column: usize,
        months: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError> {
        let records = self.of(arm, 0..self.futures);
        Ok(months_of(records, column * self.months, months))
    }
}
