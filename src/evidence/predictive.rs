//! What the draws of an ensemble say of every recorded point.

use std::sync::Arc;

use rayon::prelude::*;

use super::hindcast::Hindcast;
use crate::config::posterior::Posterior;
use crate::foundation::chance::{Purpose, stable_key};
use crate::foundation::parameters::Parameters;
use crate::foundation::run::Future;
use crate::study::Worker;

/// What every draw says of every point, on the points' scales, with errors of observation.
pub struct PredictiveDraws(Vec<Vec<f64>>);

/// Draws of a block: what is lost when it is stopped.
const BLOCK: usize = 10;

/// Runs `draws` futures, from a posterior or the prior. Blocks that the plan keeps from before are not run again.
pub fn ensemble(
    h: &Hindcast,
    draws: u32,
    posterior: Option<&Arc<Posterior>>,
    done: &(dyn Fn(u64) + Sync),
) -> PredictiveDraws {
    let from = posterior.map_or_else(String::new, |p| format!("{} {}", p.name, p.text()));
    PredictiveDraws(kept_draws(
        h,
        draws,
        &format!("ensemble {from}"),
        |worker, number| {
            let future = future_of(h, number, posterior);
            let said = h.run(worker, 0, &future);
            done(1);
            observed(h, &future, &said)
        },
        done,
    ))
}

/// What the futures of a plan say of every point under one arm, as a study runs it: with its parameters, its rival forms of the
/// model and every response on.
pub fn ensemble_of_arm(h: &Hindcast, arm: usize, done: &(dyn Fn(u64) + Sync)) -> PredictiveDraws {
    PredictiveDraws(kept_draws(
        h,
        h.plan.runs,
        &format!("arm {arm}"),
        |worker, number| {
            let draw = h.plan.draw(number);
            let (calendar, future) = h.plan.in_arm(arm, number, &draw);
            worker.run(calendar, &future, h.months, false);
            done(1);
            observed(h, &future, &h.read(worker.record()))
        },
        done,
    ))
}

/// Every draw in blocks, in parallel; blocks that the plan keeps from before are read.
fn kept_draws(
    h: &Hindcast,
    draws: u32,
    from: &str,
    run: impl Fn(&mut Worker, u32) -> Vec<f64> + Sync,
    done: &(dyn Fn(u64) + Sync),
) -> Vec<Vec<f64>> {
    let kept = h.plan.kept.as_deref();
    let numbers: Vec<u32> = (0..draws).collect();
    let rows: Vec<Vec<Vec<f64>>> = numbers
        .par_chunks(BLOCK)
        .map_init(
            || None,
            |worker, block| {
                let what = format!("{from} {block:?}");
                if let Some(rows) = kept.and_then(|k| k.rows(&what, block.len(), h.asked.len())) {
                    done(block.len() as u64);
                    return rows;
                }
                let worker = worker.get_or_insert_with(|| h.worker());
                let rows: Vec<Vec<f64>> = block.iter().map(|n| run(worker, *n)).collect();
                if let Some(kept) = kept {
                    kept.keep(&what, &rows);
                }
                rows
            },
        )
        .collect();
    rows.concat()
}

/// Numbers of a run on the points' scales, with errors of observation.
fn observed(h: &Hindcast, future: &Future, said: &[f64]) -> Vec<f64> {
    let values = said.iter().enumerate();
    values
        .map(|(k, value)| {
            let who = stable_key(&h.row(k).target_id);
            let error = h.row(k).error * future.chance.normal(Purpose::ObservationError, who, 0);
            h.scaled(k, *value) + error
        })
        .collect()
}

/// The future of this number with its parameters from a posterior, or from the prior.
pub fn future_of(h: &Hindcast, number: u32, posterior: Option<&Arc<Posterior>>) -> Future {
    let future = h.plan.future(number);
    let mut values = future.parameters.values();
    if let Some(p) = posterior {
        let priors = &h.plan.parameters;
        priors.overwrite(&mut values, p.sample(h.plan.seed, u64::from(number)));
    }
    Future {
        parameters: Parameters::from_values(&values)
            .unwrap_or_else(|| unreachable!("one value a name")),
        ..future
    }
}

impl PredictiveDraws {
    /// What each draw says of one point, in the order of the draws.
    pub(super) fn of_draws(&self, k: usize) -> impl Iterator<Item = f64> {
        self.0.iter().map(move |row| row[k])
    }

    /// Finite draws of one point, sorted.
    pub(super) fn point(&self, k: usize) -> Vec<f64> {
        let mut draws: Vec<f64> = self.of_draws(k).filter(|v| v.is_finite()).collect();
        draws.sort_by(f64::total_cmp);
        draws
    }
}
