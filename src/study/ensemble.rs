//! Every arm in every future, in parallel over runs.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::feedback::add_direct;
use super::timeline::rows;
use super::{Plan, Worker};
use crate::agents::government::Government;
use crate::foundation::run::Future;
use crate::foundation::tape::Change;
use crate::measures::OUTCOMES;
use crate::results::EventRow;
use crate::world::outcomes::outcomes;

/// Futures whose events are kept in the results.
const TIMELINES: u32 = 5;

/// Runs every arm in every future. `done` is called after each run; `stop` ends early.
pub fn run_all(plan: &Plan, done: &(dyn Fn() + Sync), stop: &AtomicBool) -> Vec<RunRecord> {
    let columns = declared_columns(plan);
    let sampled: Vec<usize> = (0..plan.parameters.0.len())
        .filter(|at| plan.parameters.0[*at].prior.is_some())
        .collect();
    let pieces = rayon::current_num_threads() * 4;
    let runs: Vec<u32> = plan.futures.clone().collect();
    let size = runs.len().div_ceil(pieces).max(1);
    let mut all: Vec<RunRecord> = runs
        .par_chunks(size)
        .flat_map_iter(|futures| {
            let mut worker = Worker::new(&plan.blueprint);
            let mut records = Vec::with_capacity(futures.len() * plan.regimes.len());
            for &number in futures {
                let future = plan.future(number);
                let values = future.parameters.values();
                let parameters: Vec<f64> = sampled.iter().map(|at| values[*at]).collect();
                for arm in 0..plan.regimes.len() {
                    if stop.load(Ordering::Relaxed) {
                        return records;
                    }
                    records.push(one_run(
                        plan,
                        &mut worker,
                        arm,
                        number,
                        &future,
                        &parameters,
                        &columns,
                    ));
                    done();
                }
                if plan.study.direct {
                    let here = records.len() - plan.regimes.len();
                    add_direct(plan, &mut worker, &future, &mut records[here..]);
                }
            }
            records
        })
        .collect();
    all.sort_by_key(|r| (r.arm, r.run));
    all
}

/// What one run leaves behind.
pub struct RunRecord {
    pub arm: usize,
    pub run: u32,
    pub parameters: Vec<f64>,
    pub outcomes: Vec<f64>,
    /// Monthly values of the declared measures, column after column.
    pub series: Vec<f64>,
    pub events: Vec<EventRow>,
    pub failure: Option<String>,
    /// Changes of the rules that a process made.
    pub tape: Vec<Change>,
    /// Outcomes under the changes of the baseline's run of the same future, where the study asks for direct effects.
    pub direct: Option<Vec<f64>>,
}

/// The columns whose bands a study declares.
pub fn declared_columns(plan: &Plan) -> Vec<usize> {
    let names = plan.blueprint.watch.columns.names();
    let blocs = ["issuer", "target", "third"];
    (0..names.len())
        .filter(|at| {
            let (measure, entity) = &names[*at];
            // Compute of single nations and labs is recorded in a run but not banded.
            plan.study.bands.iter().any(|b| b == measure)
                && (*measure != "compute_h100e" || blocs.contains(&entity.as_str()))
        })
        .collect()
}

fn one_run(
    plan: &Plan,
    worker: &mut Worker,
    arm: usize,
    run: u32,
    future: &Future,
    parameters: &[f64],
    columns: &[usize],
) -> RunRecord {
    let b = &*plan.blueprint;
    let keep = run < TIMELINES;
    let imbalance = worker.run(&plan.calendars[arm], future, b.months, keep);
    let record = worker.record();
    let outcomes = outcomes(b, record, plan.window);
    let series: Vec<f64> = columns
        .iter()
        .flat_map(|c| record.column(*c).iter().copied())
        .collect();
    // A gap can be censored, and a ratio undefined where nothing is sold; infinity is never an answer.
    let infinite = outcomes
        .iter()
        .zip(OUTCOMES)
        .find(|(v, _)| v.is_infinite())
        .map(|(_, o)| o.name);
    let compute = outcomes[OUTCOMES
        .iter()
        .position(|o| o.name == "target_compute_h100e_end")
        .unwrap_or(0)];
    let failure = if let Some(name) = infinite {
        Some(format!("the outcome {name} is infinite"))
    } else if !compute.is_finite() {
        Some("the run lost its numbers: compute is not finite".to_string())
    } else if imbalance > 1e-6 {
        Some(format!(
            "the books do not balance: {imbalance:e} of a month's volume"
        ))
    } else {
        None
    };
    let events = if keep {
        rows(plan, worker, arm, run)
    } else {
        Vec::new()
    };
    RunRecord {
        arm,
        run,
        parameters: parameters.to_vec(),
        outcomes,
        series,
        events,
        failure,
        tape: worker.stage.world.resource::<Government>().tape.clone(),
        direct: None,
    }
}
