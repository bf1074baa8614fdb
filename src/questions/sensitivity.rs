//! Sensitivity of outcomes and effects to parameters, by Sobol indices and elementary effects, with chance separated.
//!
//! Two factors are not parameters: the conditions of a future (its stress and model variant), and its chance.

use serde::Serialize;

use super::evaluate::{CustomFuture, baseline, draw, evaluate, sampled};
use crate::analysis::EstimatorError;
use crate::analysis::morris::{ElementaryEffect, STEP, Trajectory, of_effects, screen};
use crate::analysis::sobol::{SobolIndices, convergence};
use crate::config::diagnostics::nearest;
use crate::config::draws::FuturesTable;
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

/// A parameter that is a factor of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct ChosenFactor {
    /// Its place in the list of all parameters.
    pub place: usize,
    /// Values that a table of futures gives it; where there are none, its distribution is drawn from.
    pub values: Vec<f64>,
}

/// The parameters that are factors of their own: those named, those of a study's table of futures, or none where all are.
///
/// # Errors
/// For a name that is no parameter, and a parameter that nothing varies.
pub fn choose_factors(
    plan: &Plan,
    names: &[String],
    table: Option<&FuturesTable>,
) -> Result<Vec<ChosenFactor>, String> {
    let column = |place: usize| -> Vec<f64> {
        let at = table.and_then(|t| t.columns.iter().position(|c| *c == place));
        let rows = table.map_or(&[][..], |t| &t.rows);
        at.map_or(Vec::new(), |at| rows.iter().map(|r| r.values[at]).collect())
    };
    if names.is_empty() {
        let places = table.map_or(&[][..], |t| &t.columns);
        let factor = |place: &usize| ChosenFactor {
            place: *place,
            values: column(*place),
        };
        return Ok(places.iter().map(factor).collect());
    }
    let all: Vec<&str> = plan.parameters.0.iter().map(|p| p.id.as_str()).collect();
    let mut chosen: Vec<ChosenFactor> = Vec::new();
    for name in names {
        let Some(place) = all.iter().position(|id| id == name) else {
            let near =
                nearest(name, &all).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            return Err(format!("found `{name}`, expected a parameter{near}"));
        };
        let values = column(place);
        if values.is_empty() && plan.parameters.0[place].prior.is_none() {
            return Err(format!(
                "found `{name}`, which has no distribution and is in no table of the study"
            ));
        }
        if chosen.iter().all(|c| c.place != place) {
            chosen.push(ChosenFactor { place, values });
        }
    }
    Ok(chosen)
}

/// What parameters that are no factor of their own are called together.
pub const OTHERS: &str = "other parameters";

/// What can be exchanged between two points.
#[derive(Clone, Copy)]
enum ExchangedFactor {
    Parameter(usize),
    /// All parameters that were not chosen.
    Others,
    Conditions,
    Chance,
}

impl ExchangedFactor {
    fn name(self, plan: &Plan) -> String {
        match self {
            Self::Parameter(at) => plan.parameters.0[at].id.clone(),
            Self::Others => OTHERS.into(),
            Self::Conditions => "conditions".into(),
            Self::Chance => CHANCE.into(),
        }
    }

    /// Point `a` with this one factor of `b`.
    fn from(self, a: &CustomFuture, b: &CustomFuture, chosen: &[ChosenFactor]) -> CustomFuture {
        let mut point = a.clone();
        match self {
            Self::Others => {
                point.draw.parameters.clone_from(&b.draw.parameters);
                for c in chosen {
                    point.draw.parameters[c.place] = a.draw.parameters[c.place];
                }
            }
            Self::Parameter(at) => point.draw.parameters[at] = b.draw.parameters[at],
            Self::Conditions => {
                (point.draw.stress, point.draw.variant) = (b.draw.stress, b.draw.variant);
            }
            Self::Chance => point.draw.chance = b.draw.chance,
        }
        point
    }
}

/// Every sampled parameter, or the chosen ones and all others together; stress and variant where there are any; chance.
fn factors(plan: &Plan, chosen: &[ChosenFactor]) -> Vec<ExchangedFactor> {
    let kinds = plan.design.stress.len() + plan.design.variant.len();
    let conditions = (kinds > 0).then_some(ExchangedFactor::Conditions);
    let (own, others) = if chosen.is_empty() {
        (sampled(plan), None)
    } else {
        let own: Vec<usize> = chosen.iter().map(|c| c.place).collect();
        let left = sampled(plan).iter().any(|at| !own.contains(at));
        (own, left.then_some(ExchangedFactor::Others))
    };
    own.into_iter()
        .map(ExchangedFactor::Parameter)
        .chain(others)
        .chain(conditions)
        .chain([ExchangedFactor::Chance])
        .collect()
}

/// How many runs [`sobol`] makes.
pub fn sobol_runs(plan: &Plan, chosen: &[ChosenFactor]) -> u64 {
    let rows = u64::from(plan.futures.end - plan.futures.start);
    rows * (factors(plan, chosen).len() as u64 + 2) * plan.regimes.len() as u64
}

/// A future in which every chosen parameter of a table has one of its values there, drawn apart from the others.
fn with_values(plan: &Plan, chosen: &[ChosenFactor], number: u32) -> CustomFuture {
    let mut future = CustomFuture::of(plan, number);
    for c in chosen.iter().filter(|c| !c.values.is_empty()) {
        let share = draw(plan, &format!("table {}", plan.parameters.0[c.place].id))(number.into());
        let at = (share * c.values.len() as f64) as usize;
        future.draw.parameters[c.place] = c.values[at.min(c.values.len() - 1)];
    }
    future
}

/// Sobol indices of these outcomes in every arm, and of effects. Row `n` of A is future `n` of the plan, row `n` of B the
/// future that comes as many later as there are rows: parameters are independent draws of their distributions, or of the values
/// that a table gives them.
pub fn sobol(
    plan: &Plan,
    names: &[String],
    chosen: &[ChosenFactor],
    done: &(dyn Fn() + Sync),
) -> Sensitivity<SobolRow> {
    let n = plan.futures.end - plan.futures.start;
    let factors = factors(plan, chosen);
    let mut points: Vec<CustomFuture> = Vec::new();
    for row in plan.futures.clone() {
        let [a, b] = [row, row + n].map(|number| with_values(plan, chosen, number));
        points.extend(factors.iter().map(|f| f.from(&a, &b, chosen)));
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

/// By how much an index has to be impossible for a warning: what some hundred rows leave to chance.
const NOISE: f64 = 0.05;

/// By how much a pair of indices misses `0 <= first <= total <= 1`: what a parameter explains alone is a part of what it explains
/// with others, and that a part of the whole.
fn impossible_by(r: &SobolRow) -> f64 {
    (r.first - r.total).max(r.total - 1.0).max(-r.first)
}

/// The warning for indices that cannot be so.
pub fn too_few_rows(rows: &[SobolRow]) -> Option<String> {
    let above = |r: &&SobolRow| impossible_by(r) > NOISE;
    let worst = rows
        .iter()
        .filter(above)
        .max_by(|a, b| impossible_by(a).total_cmp(&impossible_by(b)))?;
    Some(format!(
        "from {} rows, {} of {} pairs of indices miss 0 <= first <= total <= 1 by more than {NOISE}, which true ones never do (`{}`: first {:.2}, total {:.2}); more futures are needed",
        worst.rows,
        rows.iter().filter(above).count(),
        rows.len(),
        worst.parameter,
        worst.first,
        worst.total
    ))
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
pub fn morris_runs(plan: &Plan, chosen: &[ChosenFactor]) -> u64 {
    let trajectories = u64::from(plan.futures.end - plan.futures.start);
    trajectories * (stepped(plan, chosen).len() as u64 + 2) * plan.regimes.len() as u64
}

/// The parameters that trajectories step along: they have a distribution.
fn stepped(plan: &Plan, chosen: &[ChosenFactor]) -> Vec<usize> {
    let wanted = |at: &usize| chosen.is_empty() || chosen.iter().any(|c| c.place == *at);
    sampled(plan).into_iter().filter(wanted).collect()
}

/// Elementary effects; each trajectory keeps the chance of one future and changes it in its last step. Values of a table are not
/// used: a step is a share of a distribution.
pub fn morris(
    plan: &Plan,
    names: &[String],
    chosen: &[ChosenFactor],
    done: &(dyn Fn() + Sync),
) -> Sensitivity<MorrisRow> {
    let n = plan.futures.end - plan.futures.start;
    let places = stepped(plan, chosen);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_index_above_its_total_is_told() {
        let row = |parameter: &str, first, total| SobolRow {
            parameter: parameter.into(),
            first,
            total,
            rows: 8,
            ..SobolRow::default()
        };
        assert_eq!(
            too_few_rows(&[row("a", 0.3, 0.28), row("b", 0.1, 0.5)]),
            None
        );
        let told = too_few_rows(&[row("a", 0.67, 0.29), row("b", 0.1, 0.5), row("c", 0.2, 0.1)]);
        let told = told.unwrap();
        assert!(
            told.starts_with("from 8 rows, 2 of 3") && told.contains("`a`: first 0.67, total 0.29"),
            "{told}"
        );
        for impossible in [row("a", 0.9, 1.2), row("a", -0.13, 0.2)] {
            assert!(too_few_rows(&[impossible]).is_some());
        }
    }
}
