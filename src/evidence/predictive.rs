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
    let run = |worker: &mut Worker, number: u32| -> Vec<f64> {
        let future = future_of(h, number, posterior);
        let said = h.run(worker, 0, &future);
        done(1);
        said.iter()
            .enumerate()
            .map(|(k, value)| {
                let who = stable_key(&h.row(k).target_id);
                let error =
                    h.row(k).error * future.chance.normal(Purpose::ObservationError, who, 0);
                h.scaled(k, *value) + error
            })
            .collect()
    };
    let from = posterior.map_or_else(String::new, |p| format!("{} {}", p.name, p.text()));
    let kept = h.plan.kept.as_deref();
    let numbers: Vec<u32> = (0..draws).collect();
    let rows: Vec<Vec<Vec<f64>>> = numbers
        .par_chunks(BLOCK)
        .map_init(
            || None,
            |worker, block| {
                let what = format!("ensemble {from} {block:?}");
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
    let rows = rows.concat();
    PredictiveDraws(rows)
}

/// The future of this number with its parameters from a posterior, or from the prior.
pub fn future_of(h: &Hindcast, number: u32, posterior: Option<&Arc<Posterior>>) -> Future {
    let future = h.plan.future(number);
    let mut values = future.parameters.values();
    if let Some(p) = posterior {
        let priors = &h.plan.parameters;
        priors.overwrite(&mut values, p.sample(u64::from(number)));
    }
    Future {
        parameters: Parameters::from_values(&values)
            .unwrap_or_else(|| unreachable!("one value a name")),
        ..future
    }
}

impl PredictiveDraws {
    /// Finite draws of one point, sorted.
    pub(super) fn point(&self, k: usize) -> Vec<f64> {
        let mut draws: Vec<f64> = self
            .0
            .iter()
            .map(|row| row[k])
            .filter(|v| v.is_finite())
            .collect();
        draws.sort_by(f64::total_cmp);
        draws
    }
}
