//! Sensitivity of outcomes and effects to parameters, by Sobol indices and elementary effects, with chance separated.
//!
//! Two factors are not parameters: the conditions of a future (its stress and model variant), and its chance.

use serde::Serialize;

use super::evaluate::{CustomFuture, baseline, draw, evaluate, sampled};
use crate::analysis::EstimatorError;
use crate::analysis::morris::{ElementaryEffect, STEP, Trajectory, of_effects, screen};
use crate::analysis::sobol::{SobolIndices, convergence};
use crate::outputs::outcomes::OUTCOMES;
use crate::study::Plan;

/// What the factor that is no parameter is called.
pub const CHANCE: &str = "chance";

/// Indices of one factor from so many rows.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct SobolRow {
    pub regime: String,
    /// Empty for the outcome itself, else the arm against which the effect is taken.
    pub baseline: String,
    pub outcome: String,
    pub parameter: String,
    pub first: f64,
    pub first_error: f64,
    pub total: f64,
    pub total_error: f64,
    pub rows: usize,
}

/// Elementary effects of one factor.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct MorrisRow {
    pub regime: String,
    pub baseline: String,
    pub outcome: String,
    pub parameter: String,
    pub mu: f64,
    pub mu_error: f64,
    pub mu_star: f64,
    pub mu_star_error: f64,
    pub sigma: f64,
    pub trajectories: usize,
}

/// Rows of one method, and what it refused to answer.
pub struct Sensitivity<Row> {
    pub rows: Vec<Row>,
    pub refused: Vec<String>,
}

/// Resamples behind the error of an index.
const RESAMPLES: usize = 100;

/// The answers of one quantity, point by point: an outcome of an arm, or its effect.
struct AnswerQuantity {
    regime: String,
    baseline: String,
    outcome: String,
    values: Vec<f64>,
}

fn quantities(plan: &Plan, answers: &[Vec<Vec<f64>>], names: &[String]) -> Vec<AnswerQuantity> {
    let base = baseline(plan);
    let mut all = Vec::new();
    for (o, outcome) in OUTCOMES.iter().enumerate() {
        if !names.iter().any(|n| n == outcome.name) {
            continue;
        }
        for arm in 0..plan.regimes.len() {
            let mut add = |against: Option<usize>| {
                all.push(AnswerQuantity {
                    regime: plan.regimes[arm].name.clone(),
                    baseline: against.map_or(String::new(), |b| plan.regimes[b].name.clone()),
                    outcome: outcome.name.to_string(),
                    values: answers
                        .iter()
                        .map(|v| v[arm][o] - against.map_or(0.0, |b| v[b][o]))
                        .collect(),
                });
            };
            add(None);
            if arm != base {
                add(Some(base));
            }
        }
    }
    all
}

/// What can be exchanged between two points.
#[derive(Clone, Copy)]
enum ExchangedFactor {
    Parameter(usize),
    Conditions,
    Chance,
}

impl ExchangedFactor {
    fn name(self, plan: &Plan) -> String {
        match self {
            Self::Parameter(at) => plan.parameters.0[at].id.clone(),
            Self::Conditions => "conditions".into(),
            Self::Chance => CHANCE.into(),
        }
    }

    /// Point `a` with this one factor of `b`.
    fn from(self, a: &CustomFuture, b: &CustomFuture) -> CustomFuture {
        let mut point = a.clone();
        match self {
            Self::Parameter(at) => point.draw.parameters[at] = b.draw.parameters[at],
            Self::Conditions => {
                (point.draw.stress, point.draw.variant) = (b.draw.stress, b.draw.variant);
            }
            Self::Chance => point.draw.chance = b.draw.chance,
        }
        point
    }
}

/// Every sampled parameter; stress and variant where there are any; chance.
fn factors(plan: &Plan) -> Vec<ExchangedFactor> {
    let kinds = plan.design.stress.len() + plan.design.variant.len();
    let conditions = (kinds > 0).then_some(ExchangedFactor::Conditions);
    let parameters = sampled(plan).into_iter().map(ExchangedFactor::Parameter);
    parameters
        .chain(conditions)
        .chain([ExchangedFactor::Chance])
        .collect()
}

/// How many runs [`sobol`] makes.
pub fn sobol_runs(plan: &Plan) -> u64 {
    let rows = u64::from(plan.futures.end - plan.futures.start);
    rows * (factors(plan).len() as u64 + 2) * plan.regimes.len() as u64
}

/// Sobol indices of these outcomes in every arm, and of effects. Row `n` of A is future `n` of the plan, row `n` of B the
/// future that comes as many later as there are rows: parameters are independent draws of their distributions.
pub fn sobol(plan: &Plan, names: &[String], done: &(dyn Fn() + Sync)) -> Sensitivity<SobolRow> {
    let n = plan.futures.end - plan.futures.start;
    let factors = factors(plan);
    let mut points: Vec<CustomFuture> = Vec::new();
    for row in plan.futures.clone() {
        let (a, b) = (CustomFuture::of(plan, row), CustomFuture::of(plan, row + n));
        points.extend(factors.iter().map(|f| f.from(&a, &b)));
        points.extend([a, b]);
    }
    let arms: Vec<usize> = (0..plan.regimes.len()).collect();
    let answers = evaluate(plan, &points, &arms, done);
    let names_of: Vec<String> = factors.iter().map(|f| f.name(plan)).collect();
    let width = names_of.len() + 2;
    let mut found = Sensitivity {
        rows: Vec::new(),
        refused: Vec::new(),
    };
    for q in quantities(plan, &answers.values, names) {
        let column = |c: usize| -> Vec<f64> { q.values.chunks(width).map(|r| r[c]).collect() };
        let ab: Vec<Vec<f64>> = (0..names_of.len()).map(column).collect();
        let (a, b) = (column(width - 2), column(width - 1));
        match convergence(&a, &b, &ab, RESAMPLES, &draw(plan, "rows")) {
            Ok(steps) => {
                for (rows, indices) in steps {
                    for (parameter, i) in names_of.iter().zip(indices) {
                        found.rows.push(sobol_row(&q, parameter, i, rows));
                    }
                }
            }
            Err(why) => found.refused.push(refusal(&q, &why)),
        }
    }
    found
}

fn sobol_row(q: &AnswerQuantity, parameter: &str, i: SobolIndices, rows: usize) -> SobolRow {
    SobolRow {
        regime: q.regime.clone(),
        baseline: q.baseline.clone(),
        outcome: q.outcome.clone(),
        parameter: parameter.to_string(),
        first: i.first.value,
        first_error: i.first.error,
        total: i.total.value,
        total_error: i.total.error,
        rows,
    }
}

fn refusal(q: &AnswerQuantity, why: &EstimatorError) -> String {
    let effect = if q.baseline.is_empty() {
        String::new()
    } else {
        format!(" against {}", q.baseline)
    };
    format!("{} under {}{effect}: {why}", q.outcome, q.regime)
}

/// How many runs [`morris`] makes.
pub fn morris_runs(plan: &Plan) -> u64 {
    let trajectories = u64::from(plan.futures.end - plan.futures.start);
    trajectories * (sampled(plan).len() as u64 + 2) * plan.regimes.len() as u64
}

/// Elementary effects; each trajectory keeps the chance of one future and changes it in its last step.
pub fn morris(plan: &Plan, names: &[String], done: &(dyn Fn() + Sync)) -> Sensitivity<MorrisRow> {
    let n = plan.futures.end - plan.futures.start;
    let places = sampled(plan);
    let trajectories: Vec<Trajectory> = plan
        .futures
        .clone()
        .map(|t| Trajectory::draw(places.len(), &draw(plan, &format!("trajectory {t}"))))
        .collect();
    let mut points: Vec<CustomFuture> = Vec::new();
    for (trajectory, number) in trajectories.iter().zip(plan.futures.clone()) {
        let own = CustomFuture::of(plan, number);
        for shares in trajectory.points() {
            let mut point = own.clone();
            set_shares(plan, &mut point, &places, &shares);
            points.push(point);
        }
        if let Some(last) = points.last().cloned() {
            points.push(last.with_chance_of(&CustomFuture::of(plan, number + n)));
        }
    }
    let arms: Vec<usize> = (0..plan.regimes.len()).collect();
    let answers = evaluate(plan, &points, &arms, done);
    let parameters = places.iter().map(|at| plan.parameters.0[*at].id.clone());
    let names_of: Vec<String> = parameters.chain([CHANCE.to_string()]).collect();
    let width = places.len() + 2;
    let mut found = Sensitivity {
        rows: Vec::new(),
        refused: Vec::new(),
    };
    for q in quantities(plan, &answers.values, names) {
        let runs: Vec<&[f64]> = q.values.chunks(width).collect();
        let along: Vec<Vec<f64>> = runs.iter().map(|r| r[..width - 1].to_vec()).collect();
        match screen(places.len(), &trajectories, &along) {
            Ok(mut screens) => {
                // Chance takes a step as long as a parameter's, so that both are read on one scale.
                let chance: Vec<f64> = runs
                    .iter()
                    .map(|r| (r[width - 1] - r[width - 2]) / STEP)
                    .collect();
                screens.push(of_effects(&chance));
                for (parameter, s) in names_of.iter().zip(screens) {
                    found
                        .rows
                        .push(morris_row(&q, parameter, &s, trajectories.len()));
                }
            }
            Err(why) => found.refused.push(refusal(&q, &why)),
        }
    }
    found
}

fn morris_row(
    q: &AnswerQuantity,
    parameter: &str,
    s: &ElementaryEffect,
    trajectories: usize,
) -> MorrisRow {
    MorrisRow {
        regime: q.regime.clone(),
        baseline: q.baseline.clone(),
        outcome: q.outcome.clone(),
        parameter: parameter.to_string(),
        mu: s.mu.value,
        mu_error: s.mu.error,
        mu_star: s.mu_star.value,
        mu_star_error: s.mu_star.error,
        sigma: s.sigma,
        trajectories,
    }
}

/// Puts sampled parameters at these shares of their distributions.
pub fn set_shares(plan: &Plan, point: &mut CustomFuture, places: &[usize], shares: &[f64]) {
    for (at, share) in places.iter().zip(shares) {
        if let Some(prior) = &plan.parameters.0[*at].prior {
            point.draw.parameters[*at] = prior.quantile(*share);
        }
    }
}
