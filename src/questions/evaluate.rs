//! Runs futures of a plan with replaced parameters, chance or channels, in chosen arms.

use std::sync::Arc;

use rayon::prelude::*;

use crate::foundation::chance::{Chance, Purpose, stable_key};
use crate::foundation::channels::Channel;
use crate::foundation::run::Future;
use crate::outputs::formulas::outcomes;
use crate::outputs::outcomes::OUTCOMES;
use crate::policy::compiled::CompiledCalendar;
use crate::study::futures::FutureDraw;
use crate::study::kept_runs::KeptRuns;
use crate::study::{Plan, Worker, is_balanced};

/// A numbered future with parameters, chance or channels replaced.
#[derive(Clone, Debug)]
pub struct CustomFuture {
    pub number: u32,
    pub draw: FutureDraw,
    /// Channels that are off in every arm, beside those that the plan and its arms switch off.
    pub off: Vec<Channel>,
}

impl CustomFuture {
    /// A future of the plan, unchanged.
    pub fn of(plan: &Plan, number: u32) -> Self {
        Self {
            number,
            draw: plan.draw(number),
            off: Vec::new(),
        }
    }

    /// The same parameters and conditions with the chance of another.
    #[must_use]
    pub fn with_chance_of(mut self, other: &Self) -> Self {
        self.draw.chance = other.draw.chance;
        self
    }

    /// The future under one arm, with the calendar of rules of that arm.
    pub fn in_arm<'a>(&self, plan: &'a Plan, arm: usize) -> (&'a Arc<CompiledCalendar>, Future) {
        let (calendar, mut future) = plan.in_arm(arm, self.number, &self.draw);
        for channel in &self.off {
            future.channels = future.channels.without(*channel);
        }
        (calendar, future)
    }

    /// Its parameters before any arm changes them.
    pub fn parameters(&self, plan: &Plan) -> Vec<f64> {
        plan.shared(self.number, &self.draw).parameters.values()
    }
}

/// Outcomes by point, by arm: in the order of [`OUTCOMES`]. A run that failed holds only NaN.
pub struct ProbeOutcomes {
    pub values: Vec<Vec<Vec<f64>>>,
    pub failed: usize,
}

/// Largest number of points in a block; a stopped question loses at most the current blocks.
const BLOCK: usize = 16;

/// Runs every point in every one of these arms, in parallel; `done` is called after each run. Blocks that the plan keeps from
/// before are not run again.
pub fn evaluate(
    plan: &Plan,
    points: &[CustomFuture],
    arms: &[usize],
    done: &(dyn Fn() + Sync),
) -> ProbeOutcomes {
    // The division into blocks does not depend on the number of threads.
    let size = (points.len() / 64).clamp(1, BLOCK);
    let kept = plan.kept.as_deref();
    let values: Vec<Vec<Vec<Vec<f64>>>> = points
        .par_chunks(size)
        .map_init(
            || None,
            |worker, chunk| {
                if let Some(found) = kept.and_then(|k| kept_answers(k, chunk, arms)) {
                    (0..chunk.len() * arms.len()).for_each(|_| done());
                    return found;
                }
                let worker = worker.get_or_insert_with(|| Worker::new(&plan.blueprint));
                let answers: Vec<Vec<Vec<f64>>> = chunk
                    .iter()
                    .map(|point| {
                        let run = |arm: &usize| {
                            let answer = one(plan, worker, *arm, point);
                            done();
                            answer
                        };
                        arms.iter().map(run).collect()
                    })
                    .collect();
                if let Some(kept) = kept {
                    kept.keep(&asked(chunk, arms), &answers.concat());
                }
                answers
            },
        )
        .collect();
    let values = values.concat();
    let failed = values
        .iter()
        .flatten()
        .filter(|o| o.iter().all(|v| v.is_nan()))
        .count();
    ProbeOutcomes { values, failed }
}

/// What a block asks for, in full.
fn asked(points: &[CustomFuture], arms: &[usize]) -> String {
    format!("{arms:?} {points:?}")
}

/// Answers of a block by point, arm and outcome, as they were kept.
fn kept_answers(
    kept: &KeptRuns,
    points: &[CustomFuture],
    arms: &[usize],
) -> Option<Vec<Vec<Vec<f64>>>> {
    let rows = kept.rows(
        &asked(points, arms),
        points.len() * arms.len(),
        OUTCOMES.len(),
    )?;
    Some(rows.chunks(arms.len()).map(<[_]>::to_vec).collect())
}

fn one(plan: &Plan, worker: &mut Worker, arm: usize, point: &CustomFuture) -> Vec<f64> {
    let b = &*plan.blueprint;
    let (calendar, future) = point.in_arm(plan, arm);
    let imbalance = worker.run(calendar, &future, b.months, false);
    if !is_balanced(imbalance) {
        return vec![f64::NAN; OUTCOMES.len()];
    }
    outcomes(&b.watch, worker.record(), plan.window)
}

/// Which parameters have a distribution, by their place in the list of all.
pub fn sampled(plan: &Plan) -> Vec<usize> {
    (0..plan.parameters.0.len())
        .filter(|at| plan.parameters.0[*at].prior.is_some())
        .collect()
}

/// The place of an outcome in [`OUTCOMES`].
pub fn outcome(name: &str) -> Option<usize> {
    OUTCOMES.iter().position(|o| o.name == name)
}

/// Draw `k` of a question of analysis (a shuffle, a resample), the same in every run of the program.
pub fn draw(plan: &Plan, what: &str) -> impl Fn(u64) -> f64 + use<> {
    let chance = Chance::of(plan.seed, u64::MAX);
    let who = stable_key(what);
    move |k| chance.uniform(Purpose::Bootstrap, who, k)
}

/// The arm against which effects are taken.
pub fn baseline(plan: &Plan) -> usize {
    let arms = &plan.study.arms;
    arms.iter()
        .position(|a| a.name() == plan.study.baseline)
        .unwrap_or(0)
}

/// The ordinary futures of a plan as a table: parameters beside what each arm answers.
pub struct EnsembleTable {
    /// Numbers of the futures in which no run failed.
    pub futures: Vec<u32>,
    /// Names of the parameters that vary, and their places in the list of all.
    pub factors: Vec<String>,
    pub places: Vec<usize>,
    /// `[future][factor]`
    pub x: Vec<Vec<f64>>,
    /// `[arm][outcome][future]`, arms in the order of the study.
    pub y: Vec<Vec<Vec<f64>>>,
    pub failed: usize,
}

impl EnsembleTable {
    /// Runs every future of the plan in every arm.
    pub fn run(plan: &Plan, done: &(dyn Fn() + Sync)) -> Self {
        let points: Vec<CustomFuture> = plan
            .futures
            .clone()
            .map(|n| CustomFuture::of(plan, n))
            .collect();
        let arms: Vec<usize> = (0..plan.regimes.len()).collect();
        let answers = evaluate(plan, &points, &arms, done);
        // Parameters that stress and variants change vary too.
        let mut varied = sampled(plan);
        varied.extend(plan.design.varied());
        varied.sort_unstable();
        varied.dedup();
        let good: Vec<usize> = (0..points.len())
            .filter(|p| answers.values[*p].iter().flatten().any(|v| v.is_finite()))
            .filter(|p| {
                let runs = &answers.values[*p];
                runs.iter().all(|o| o.iter().any(|v| v.is_finite()))
            })
            .collect();
        let names = &plan.parameters.0;
        Self {
            futures: good.iter().map(|p| points[*p].number).collect(),
            factors: varied.iter().map(|at| names[*at].id.clone()).collect(),
            places: varied.clone(),
            x: good
                .iter()
                .map(|p| {
                    let values = points[*p].parameters(plan);
                    varied.iter().map(|at| values[*at]).collect()
                })
                .collect(),
            y: arms
                .iter()
                .map(|arm| {
                    (0..OUTCOMES.len())
                        .map(|o| good.iter().map(|p| answers.values[*p][*arm][o]).collect())
                        .collect()
                })
                .collect(),
            failed: points.len() - good.len(),
        }
    }

    /// Effects of an arm on an outcome where both arms have a number: rows of the table, and the effects.
    pub fn effects(&self, arm: usize, baseline: usize, outcome: usize) -> (Vec<usize>, Vec<f64>) {
        let (a, b) = (&self.y[arm][outcome], &self.y[baseline][outcome]);
        (0..a.len())
            .map(|row| (row, a[row] - b[row]))
            .filter(|(_, e)| e.is_finite())
            .unzip()
    }

    pub fn column(&self, factor: usize, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|r| self.x[*r][factor]).collect()
    }
}
