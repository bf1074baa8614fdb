//! Runs blocks on several threads until all are done, the error is small enough, or a signal stops them.

use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::block::{self, BlockRequest, BlockStore};
use super::join::JoinedRuns;
use super::layout::RunRecordLayout;
use super::plan_file::PlanFile;
use super::{Plan, Worker};
use crate::results::ResultsError;

/// When enough runs have been made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoppingRule {
    /// Place of the outcome among the outcomes.
    pub outcome: usize,
    /// Monte Carlo error of its effect, in every arm: in its own unit, or as a share of the effect.
    pub error: f64,
    pub relative: bool,
}

/// How blocks are run.
pub struct BlockBatch<'a> {
    pub plan: &'a Plan,
    pub file: &'a PlanFile,
    pub folder: &'a Path,
    pub threads: usize,
    /// Called after each run, and for each run of a block that was there already.
    pub done: &'a (dyn Fn() + Sync),
    pub stop: &'a AtomicBool,
}

/// Blocks after the next round of so many.
fn round(next: u32, all: u32) -> u32 {
    (next * 2).max(8).min(all)
}

impl BlockBatch<'_> {
    /// Runs what is missing; answers the futures that are there, or nothing when it was stopped.
    ///
    /// With `until`, blocks are run in rounds of 8, 16, 32 and so on, whatever the number of threads, and the error is
    /// looked at after each, so that the answer is the same on every machine.
    ///
    /// # Errors
    /// When a block cannot be written.
    pub fn run(&self, until: Option<StoppingRule>) -> Result<Option<Range<u32>>, ResultsError> {
        let all = self.file.blocks;
        let mut next = 0;
        loop {
            let end = match until {
                Some(_) => round(next, all),
                None => all,
            };
            if !self.blocks(next..end)? {
                return Ok(None);
            }
            next = end;
            let futures = self.file.futures().start..self.file.block(next - 1).end;
            let enough = match until {
                Some(until) => self.small_enough(until, futures.clone())?,
                None => false,
            };
            if next == all || enough {
                return Ok(Some(futures));
            }
        }
    }

    /// Ends of the futures at which a run of this plan may be stopped by a small error.
    pub fn ends(file: &PlanFile) -> Vec<u32> {
        let mut next = 0;
        let mut ends = Vec::new();
        while next < file.blocks {
            next = round(next, file.blocks);
            ends.push(file.block(next - 1).end);
        }
        ends
    }

    /// Runs these blocks where they are missing. False when stopped.
    ///
    /// # Errors
    /// When a block cannot be written.
    pub fn blocks(&self, numbers: Range<u32>) -> Result<bool, ResultsError> {
        let layout = RunRecordLayout::new(self.plan);
        let missing: Vec<u32> = numbers
            .filter(|k| {
                let there = block::path(self.folder, *k).exists();
                if there {
                    let runs = self.file.block(*k).len() * self.plan.regimes.len();
                    (0..runs).for_each(|_| (self.done)());
                }
                !there
            })
            .collect();
        let next = AtomicUsize::new(0);
        let broken: Mutex<Option<ResultsError>> = Mutex::new(None);
        let work = || {
            let mut worker = Worker::new(&self.plan.blueprint);
            while let Some(k) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                let path = block::path(self.folder, *k);
                let block = BlockRequest {
                    plan: self.plan,
                    layout: &layout,
                    hash: &self.file.hash,
                    futures: self.file.block(*k),
                    path: &path,
                    done: self.done,
                    stop: self.stop,
                };
                match block::write(&block, &mut worker) {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        if let Ok(mut first) = broken.lock() {
                            first.get_or_insert(error);
                        }
                        next.store(missing.len(), Ordering::Relaxed);
                        return;
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.threads.min(missing.len()) {
                scope.spawn(work);
            }
        });
        match broken.into_inner() {
            Ok(None) => Ok(!self.stop.load(Ordering::Relaxed)),
            Ok(Some(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    fn small_enough(&self, until: StoppingRule, futures: Range<u32>) -> Result<bool, ResultsError> {
        let layout = RunRecordLayout::new(self.plan);
        let store = BlockStore::open(self.folder, &self.file.hash, &layout, futures.clone())?;
        let joined = JoinedRuns::new(self.plan, &layout, &store, futures.clone())?;
        let effects = joined.paired(&vec![true; futures.len()], until.outcome)?;
        let small = effects.iter().all(|(_, _, e)| {
            let unit = if until.relative {
                e.band.mean.abs()
            } else {
                1.0
            };
            e.pairs > 1 && e.monte_carlo_error <= until.error * unit
        });
        Ok(small && !effects.is_empty())
    }
}
