//! Computes what would change a ranking: regret, the value of information, the smallest change of parameters that
//! reverses an effect, and the worst credible future.

use serde::Serialize;

use super::evaluate::{CustomFuture, EnsembleTable, baseline, draw, evaluate};
use super::sensitivity::set_shares;
use crate::analysis::EstimatorError;
use crate::analysis::learning::{value_of_knowing_all, value_of_learning};
use crate::analysis::regret::{regrets, satisficing};
use crate::foundation::escape::{shell_argument, shell_option};
use crate::foundation::maths;
use crate::study::Plan;

/// What is asked.
#[derive(Clone, Debug)]
pub struct ReversalQuestion {
    pub arm: usize,
    pub outcome: (usize, String),
    pub more_is_better: bool,
    /// A level of the outcome that is good enough.
    pub good_enough: Option<f64>,
    /// Futures over whose chance an effect is averaged at each point that is tried.
    pub replicates: u32,
}

/// What choosing one arm may cost.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct RegretRow {
    pub regime: String,
    pub outcome: String,
    pub mean: f64,
    pub regret: f64,
    pub regret_error: f64,
    pub regret_p90: f64,
    pub worst_regret: f64,
    pub worst_future: u32,
    /// Share of futures in which no arm is better.
    pub best_share: f64,
    /// Share of futures in which the arm is good enough.
    pub good_enough: Option<f64>,
}

/// What knowing one parameter before choosing is worth, in units of the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct LearningRow {
    pub outcome: String,
    pub parameter: String,
    pub value: f64,
    pub error: f64,
    /// What knowing everything, chance too, is worth.
    pub of_all: f64,
}

/// One parameter of one change that reverses the effect.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct ReversalRow {
    pub regime: String,
    pub baseline: String,
    pub outcome: String,
    /// How many parameters move together in this change.
    pub together: usize,
    /// Length of the change in standard deviations of the parameters.
    pub distance: f64,
    pub parameter: String,
    pub from: f64,
    pub to: f64,
    /// Share of the parameter's distribution that lies below the new value.
    pub quantile: f64,
}

/// The future among the nine tenths nearest to the centre in which the arm that is best on average does worst.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstFuture {
    pub regime: String,
    pub outcome: String,
    pub future: u32,
    pub regret: f64,
    /// What is unusual in it: parameters and the share of futures with a lower value, those that push the effect there most first.
    pub because: Vec<(String, f64)>,
    pub repeat: String,
}

/// All of it.
pub struct ReversalAnalysis {
    pub regrets: Vec<RegretRow>,
    pub learning: Vec<LearningRow>,
    pub reversals: Vec<ReversalRow>,
    pub worst: Option<WorstFuture>,
    /// The effect at the centre of every parameter.
    pub centre: f64,
    pub sentence: String,
    pub excluded: usize,
}

/// How far a single parameter is moved: to its 2nd or 98th hundredth.
const REACH: f64 = 2.05;
/// How many parameters are tried together.
const TOGETHER: [usize; 6] = [1, 2, 3, 5, 8, 13];
/// Steps outwards, so that a reversal on the way is not passed over.
const STEPS: usize = 4;
/// Halvings of the step that reverses.
const HALVINGS: usize = 6;

/// The most runs that the search for a reversal makes.
pub fn max_runs(replicates: u32) -> u64 {
    (1 + TOGETHER.len() * (STEPS + HALVINGS)) as u64 * u64::from(replicates) * 2
}

/// Answers for one outcome.
///
/// # Errors
/// When an arm lacks a number in too many futures, or there are too few.
pub fn analyse_reversal(
    plan: &Plan,
    ensemble: &EnsembleTable,
    q: &ReversalQuestion,
    done: &(dyn Fn() + Sync),
) -> Result<ReversalAnalysis, EstimatorError> {
    let o = q.outcome.0;
    // Futures in which every arm has a number.
    let rows: Vec<usize> = (0..ensemble.futures.len())
        .filter(|r| ensemble.y.iter().all(|arm| arm[o][*r].is_finite()))
        .collect();
    let answers: Vec<Vec<f64>> = ensemble
        .y
        .iter()
        .map(|arm| rows.iter().map(|r| arm[o][*r]).collect())
        .collect();
    let regrets = regret_rows(plan, ensemble, &rows, &answers, q)?;
    let sign = if q.more_is_better { 1.0 } else { -1.0 };
    let gains: Vec<Vec<f64>> = answers
        .iter()
        .map(|a| a.iter().map(|y| sign * y).collect())
        .collect();
    let of_all = value_of_knowing_all(&gains)?;
    let mut learning: Vec<LearningRow> = (0..ensemble.factors.len())
        .map(|f| {
            let x = ensemble.column(f, &rows);
            value_of_learning(&x, &gains, 20, &draw(plan, "shuffle")).map(|v| LearningRow {
                outcome: q.outcome.1.clone(),
                parameter: ensemble.factors[f].clone(),
                value: v.value,
                error: v.error,
                of_all,
            })
        })
        .collect::<Result<_, _>>()?;
    learning.sort_by(|a, b| b.value.total_cmp(&a.value));
    let search = ReversalSearch::new(plan, ensemble, q, done);
    let (centre, reversals) = search.smallest();
    let worst = search.worst(&rows, &regrets, &answers);
    let sentence = sentence(plan, q, centre, &reversals);
    Ok(ReversalAnalysis {
        regrets,
        learning,
        reversals,
        worst,
        centre,
        sentence,
        excluded: ensemble.failed + ensemble.futures.len() - rows.len(),
    })
}

fn regret_rows(
    plan: &Plan,
    ensemble: &EnsembleTable,
    rows: &[usize],
    answers: &[Vec<f64>],
    q: &ReversalQuestion,
) -> Result<Vec<RegretRow>, EstimatorError> {
    let enough = q
        .good_enough
        .map(|bar| satisficing(answers, bar, q.more_is_better))
        .transpose()?;
    Ok(regrets(answers, q.more_is_better)?
        .iter()
        .enumerate()
        .map(|(arm, r)| RegretRow {
            regime: plan.regimes[arm].name.clone(),
            outcome: q.outcome.1.clone(),
            mean: answers[arm].iter().sum::<f64>() / rows.len() as f64,
            regret: r.mean.value,
            regret_error: r.mean.error,
            regret_p90: r.p90,
            worst_regret: r.worst,
            worst_future: ensemble.futures[rows[r.worst_future]],
            best_share: r.best_share,
            good_enough: enough.as_ref().map(|e| e[arm].value),
        })
        .collect())
}

fn sentence(plan: &Plan, q: &ReversalQuestion, centre: f64, reversals: &[ReversalRow]) -> String {
    let what = format!(
        "At the centre of every parameter the effect of {} against {} on {} is {centre:.3}",
        plan.regimes[q.arm].name, plan.study.baseline, q.outcome.1
    );
    let Some(shortest) = reversals
        .iter()
        .min_by(|a, b| a.distance.total_cmp(&b.distance))
    else {
        return format!(
            "{what}; no change of up to {} parameters within their distributions was found that reverses it.",
            TOGETHER[TOGETHER.len() - 1]
        );
    };
    let parts: Vec<String> = reversals
        .iter()
        .filter(|f| f.together == shortest.together)
        .map(|f| format!("{} from {:.3} to {:.3}", f.parameter, f.from, f.to))
        .collect();
    format!(
        "{what}; the smallest change found that reverses it is {:.1} standard deviations long: {}.",
        shortest.distance,
        parts.join(", ")
    )
}

struct ReversalSearch<'a> {
    plan: &'a Plan,
    ensemble: &'a EnsembleTable,
    q: &'a ReversalQuestion,
    done: &'a (dyn Fn() + Sync),
    places: Vec<usize>,
    /// Of each parameter: how the effect moves with one standard deviation of it.
    slopes: Vec<f64>,
    /// Of each future, each parameter as a standard normal number by its rank.
    z: Vec<Vec<f64>>,
}

impl<'a> ReversalSearch<'a> {
    fn new(
        plan: &'a Plan,
        ensemble: &'a EnsembleTable,
        q: &'a ReversalQuestion,
        done: &'a (dyn Fn() + Sync),
    ) -> Self {
        let z = scores(&ensemble.x);
        let (rows, effects) = ensemble.effects(q.arm, baseline(plan), q.outcome.0);
        let mean = effects.iter().sum::<f64>() / effects.len().max(1) as f64;
        let slopes = (0..ensemble.factors.len())
            .map(|f| {
                let with: f64 = rows
                    .iter()
                    .zip(&effects)
                    .map(|(r, e)| z[*r][f] * (e - mean))
                    .sum();
                with / rows.len().max(1) as f64
            })
            .collect();
        Self {
            plan,
            ensemble,
            q,
            done,
            places: ensemble.places.clone(),
            slopes,
            z,
        }
    }

    /// Mean effects over a few futures at each of these points (standard deviations from the centre).
    fn effects(&self, at: &[Vec<f64>]) -> Vec<f64> {
        let central = self.plan.parameters.central().values();
        let replicates: Vec<u32> = self
            .plan
            .futures
            .clone()
            .take(self.q.replicates as usize)
            .collect();
        let points: Vec<CustomFuture> = at
            .iter()
            .flat_map(|z| {
                replicates
                    .iter()
                    .map(|number| self.point(&central, *number, z))
            })
            .collect();
        let arms = [self.q.arm, baseline(self.plan)];
        let answers = evaluate(self.plan, &points, &arms, self.done);
        answers
            .values
            .chunks(replicates.len().max(1))
            .map(|own| {
                let o = self.q.outcome.0;
                own.iter().map(|v| v[0][o] - v[1][o]).sum::<f64>() / own.len() as f64
            })
            .collect()
    }

    /// The chance of a future at the centre of every parameter, without stress or variant, moved by `z`. What does not move
    /// stays at its recorded value, not at the middle of its distribution.
    fn point(&self, central: &[f64], number: u32, z: &[f64]) -> CustomFuture {
        let mut point = CustomFuture::of(self.plan, number);
        (point.draw.stress, point.draw.variant) = (None, None);
        point.draw.parameters = central.to_vec();
        let (places, shares): (Vec<usize>, Vec<f64>) = self
            .places
            .iter()
            .zip(z)
            .filter(|(_, z)| **z != 0.0)
            .map(|(at, z)| (*at, maths::normal_cdf(*z)))
            .unzip();
        set_shares(self.plan, &mut point, &places, &shares);
        point
    }

    /// For each number of parameters, those with most influence moved together against the effect, as far as needed.
    fn smallest(&self) -> (f64, Vec<ReversalRow>) {
        let none = vec![0.0; self.places.len()];
        let centre = self.effects(std::slice::from_ref(&none))[0];
        // What only stress varies has no distribution to move along.
        let movable = |f: &usize| self.plan.parameters.0[self.places[*f]].prior.is_some();
        let mut order: Vec<usize> = (0..self.slopes.len()).filter(movable).collect();
        order.sort_by(|a, b| self.slopes[*b].abs().total_cmp(&self.slopes[*a].abs()));
        // Directions of length 1: downhill for the effect, over the first few parameters.
        let directions: Vec<Vec<f64>> = TOGETHER
            .iter()
            .filter(|n| **n <= order.len())
            .map(|n| {
                let mut d = none.clone();
                for f in &order[..*n] {
                    d[*f] = -centre.signum() * self.slopes[*f];
                }
                let length = d.iter().map(|v| v * v).sum::<f64>().sqrt();
                d.iter().map(|v| v / length.max(1e-300)).collect()
            })
            .collect();
        let far: Vec<f64> = directions
            .iter()
            .map(|d| REACH / d.iter().fold(1e-9, |m: f64, v| m.max(v.abs())))
            .collect();
        let at = |k: usize, s: f64| -> Vec<f64> { directions[k].iter().map(|v| v * s).collect() };
        let tries: Vec<(usize, f64)> = (0..directions.len())
            .flat_map(|k| (1..=STEPS).map(move |s| (k, s as f64 / STEPS as f64)))
            .map(|(k, share)| (k, share * far[k]))
            .collect();
        let found = self.effects(&tries.iter().map(|(k, s)| at(*k, *s)).collect::<Vec<_>>());
        let reversed = |e: f64| e.is_finite() && e * centre < 0.0;
        let mut brackets: Vec<(usize, f64, f64)> = (0..directions.len())
            .filter_map(|k| {
                let first = tries
                    .iter()
                    .zip(&found)
                    .find(|((own, _), e)| *own == k && reversed(**e))?;
                let high = first.0.1;
                Some((k, high - far[k] / STEPS as f64, high))
            })
            .collect();
        for _ in 0..HALVINGS {
            if brackets.is_empty() {
                break;
            }
            let middle: Vec<Vec<f64>> = brackets
                .iter()
                .map(|(k, l, h)| at(*k, (l + h) / 2.0))
                .collect();
            for (bracket, e) in brackets.iter_mut().zip(self.effects(&middle)) {
                let half = (bracket.1 + bracket.2) / 2.0;
                if reversed(e) {
                    bracket.2 = half;
                } else {
                    bracket.1 = half;
                }
            }
        }
        let rows = brackets
            .iter()
            .flat_map(|(k, _, high)| self.rows(&at(*k, *high)))
            .collect();
        (centre, rows)
    }

    fn rows(&self, z: &[f64]) -> Vec<ReversalRow> {
        let distance = z.iter().map(|v| v * v).sum::<f64>().sqrt();
        let moved: Vec<usize> = (0..z.len()).filter(|f| z[*f] != 0.0).collect();
        moved
            .iter()
            .map(|f| {
                let parameter = &self.plan.parameters.0[self.places[*f]];
                let quantile = maths::normal_cdf(z[*f]);
                ReversalRow {
                    regime: self.plan.regimes[self.q.arm].name.clone(),
                    baseline: self.plan.study.baseline.clone(),
                    outcome: self.q.outcome.1.clone(),
                    together: moved.len(),
                    distance,
                    parameter: parameter.id.clone(),
                    from: parameter.value,
                    to: parameter
                        .prior
                        .as_ref()
                        .map_or(parameter.value, |p| p.quantile(quantile)),
                    quantile,
                }
            })
            .collect()
    }

    fn worst(
        &self,
        rows: &[usize],
        regrets: &[RegretRow],
        answers: &[Vec<f64>],
    ) -> Option<WorstFuture> {
        let best =
            (0..regrets.len()).min_by(|a, b| regrets[*a].regret.total_cmp(&regrets[*b].regret))?;
        let length = |r: &usize| self.z[*r].iter().map(|v| v * v).sum::<f64>();
        let mut near: Vec<usize> = (0..rows.len()).collect();
        near.sort_by(|a, b| length(&rows[*a]).total_cmp(&length(&rows[*b])));
        near.truncate((rows.len() * 9).div_ceil(10));
        let sign = if self.q.more_is_better { 1.0 } else { -1.0 };
        let regret = |at: usize| {
            let top = answers
                .iter()
                .map(|a| sign * a[at])
                .fold(f64::NEG_INFINITY, f64::max);
            top - sign * answers[best][at]
        };
        let at = near
            .into_iter()
            .max_by(|a, b| regret(*a).total_cmp(&regret(*b)))?;
        let row = rows[at];
        let n = self.z.len() as f64;
        let mut because: Vec<(f64, String, f64)> = (0..self.slopes.len())
            .map(|f| {
                let push = (self.slopes[f] * self.z[row][f]).abs();
                let below = self
                    .ensemble
                    .x
                    .iter()
                    .filter(|x| x[f] < self.ensemble.x[row][f])
                    .count();
                (push, self.ensemble.factors[f].clone(), below as f64 / n)
            })
            .collect();
        because.sort_by(|a, b| b.0.total_cmp(&a.0));
        let future = self.ensemble.futures[row];
        Some(WorstFuture {
            regime: regrets[best].regime.clone(),
            outcome: self.q.outcome.1.clone(),
            future,
            regret: regret(at),
            because: because
                .into_iter()
                .take(5)
                .map(|(_, name, below)| (name, below))
                .collect(),
            repeat: format!(
                "chokepoint replay {} --seed {} {} --run {future}",
                shell_argument(&self.plan.study.name),
                self.plan.seed,
                shell_option("--regime", &regrets[best].regime)
            ),
        })
    }
}

/// Each column as standard normal numbers by rank, so that any distribution is measured in its own standard deviations.
fn scores(x: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let factors = x.first().map_or(0, Vec::len);
    let mut z = vec![vec![0.0; factors]; x.len()];
    for f in 0..factors {
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by(|a, b| x[*a][f].total_cmp(&x[*b][f]));
        for (rank, row) in order.into_iter().enumerate() {
            z[row][f] = maths::normal_quantile((rank as f64 + 0.5) / x.len() as f64);
        }
    }
    z
}
