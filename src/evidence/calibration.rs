//! Calibration: simulates a bank of runs, rules out poor fits, and draws a posterior for each split of the evidence.
//!
//! The prior is standard normal in the scores of the sampled parameters. An emulator of the recorded points is fitted to the
//! bank, and draws that it rules out are dropped. Further waves of runs are made near the evidence of the split. The last
//! emulator supplies the likelihood of elliptical slice sampling. A split uses only the rows of its fit part.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rayon::prelude::*;
use serde::Serialize;

use super::hindcast::Hindcast;
use super::simulations::{TrainingDraw, simulate};
use crate::analysis::bands::quantile;
use crate::analysis::emulator::{Emulator, Likelihood, ProposalDistribution, implausibility};
use crate::analysis::slice::{RandomSource, split_r_hat, step};
use crate::config::posterior::Posterior;
use crate::config::splits::{InputHashes, Split, SplitPart};
use crate::foundation::chance::{Chance, Purpose, stable_key};
use crate::foundation::maths;
use crate::results::ResultsError;

/// How much work a calibration does.
#[derive(Clone, Debug)]
pub struct CalibrationSettings {
    /// Runs from the prior, shared by all splits.
    pub bank: u32,
    /// Waves of further runs a split, and runs a wave.
    pub waves: u32,
    pub wave: u32,
    /// Samples shipped.
    pub samples: u32,
    pub seed: u64,
}

/// The result of fitting one split.
pub struct SplitFit {
    pub posterior: Posterior,
    pub informed: Vec<ParameterInformation>,
    pub trades: Vec<ParameterTradeoff>,
    /// Share of the bank that the evidence rules out.
    pub ruled_out: f64,
    /// The largest over parameters.
    pub r_hat: f64,
    /// Part of each point's variance over the prior that parameters explain; the rest is chance.
    pub explained: Vec<(String, f64)>,
    pub points: usize,
}

/// How far the evidence informs one parameter.
#[derive(Clone, Debug, Serialize)]
pub struct ParameterInformation {
    pub parameter: String,
    pub prior_median: f64,
    pub p05: f64,
    pub p50: f64,
    pub p95: f64,
    /// Variance of its score, posterior over prior.
    pub variance_ratio: f64,
    pub verdict: String,
}

/// Two parameters that the evidence determines only jointly.
#[derive(Clone, Debug, Serialize)]
pub struct ParameterTradeoff {
    pub one: String,
    pub other: String,
    pub correlation: f64,
}

/// Above this ratio of variances a parameter is not informed by data.
pub const NOT_INFORMED: f64 = 0.8;
/// A draw is ruled out when its second worst point is further than this many standard deviations.
const RULED_OUT: f64 = 3.0;
/// Number of chains, steps of burn-in, and steps between kept samples.
const CHAINS: u64 = 4;
const FORGOTTEN: usize = 500;
const BETWEEN: usize = 20;
/// Smallest correlation of posterior scores that is reported.
const TRADE: f64 = 0.3;

/// The target of a fit: points of a hindcast, observed values, and their variances.
#[derive(Clone, Debug)]
pub struct FitTarget {
    /// Points by their row in `asked`.
    pub points: Vec<usize>,
    pub observed: Vec<f64>,
    pub variance: Vec<f64>,
}

/// The points that a split fits: classes M and E whose months are in its fit part.
///
/// Points of a series in one year share their error: each has the variance times their number, so that a year counts once.
pub fn fit_target(h: &Hindcast, split: &Split, discrepancy: f64) -> FitTarget {
    let points: Vec<usize> = (0..h.asked.len())
        .filter(|k| {
            h.row(*k).class.scored() && split.part(h.row(*k), h.block(*k)) == SplitPart::Fit
        })
        .collect();
    let mut in_year: BTreeMap<((String, String), i32), f64> = BTreeMap::new();
    let year = |k: usize| (h.series(k), h.row(k).last.year());
    for k in &points {
        *in_year.entry(year(*k)).or_default() += 1.0;
    }
    let variance = points
        .iter()
        .map(|k| {
            let error = maths::square(h.row(*k).error);
            let miss = maths::square(discrepancy * h.asked[*k].discrepancy);
            in_year[&year(*k)] * (error + miss)
        })
        .collect();
    FitTarget {
        observed: points
            .iter()
            .map(|k| h.scaled(*k, h.row(*k).value))
            .collect(),
        points,
        variance,
    }
}

/// Share of the bank that counts as the best of the prior.
const BEST: f64 = 0.05;

/// Widens the variance of a series that even the best draws of the prior miss by more than expected. Otherwise a series that
/// the model cannot reach would push parameters to the ends of their ranges.
pub fn widen_variance(h: &Hindcast, bank: &SimulationBank, target: &FitTarget) -> FitTarget {
    let mut widened = target.clone();
    let mut series: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (at, k) in target.points.iter().enumerate() {
        series.entry(h.series(*k)).or_default().push(at);
    }
    for members in series.values() {
        let mut misses: Vec<f64> = bank
            .points
            .iter()
            .map(|row| {
                let squares = members.iter().map(|at| {
                    maths::square(row[target.points[*at]] - target.observed[*at])
                        / target.variance[*at]
                });
                squares.sum::<f64>() / members.len() as f64
            })
            .filter(|m| m.is_finite())
            .collect();
        misses.sort_by(f64::total_cmp);
        let times = quantile(&misses, BEST);
        if times > 1.0 {
            for at in members {
                widened.variance[*at] *= times;
            }
        }
    }
    widened
}

/// A bank: scores, and every point on its scale with what is missing put at the mean.
pub struct SimulationBank {
    pub scores: Vec<Vec<f64>>,
    pub points: Vec<Vec<f64>>,
}

impl SimulationBank {
    fn columns(&self, points: &[usize], rows: &[usize]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let scores = rows.iter().map(|r| self.scores[*r].clone()).collect();
        let mut outputs: Vec<Vec<f64>> = rows
            .iter()
            .map(|r| points.iter().map(|k| self.points[*r][*k]).collect())
            .collect();
        for at in 0..points.len() {
            let known: Vec<f64> = outputs
                .iter()
                .map(|o: &Vec<f64>| o[at])
                .filter(|v| v.is_finite())
                .collect();
            let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
            for o in &mut outputs {
                if !o[at].is_finite() {
                    o[at] = if known.is_empty() { 0.0 } else { mean };
                }
            }
        }
        (scores, outputs)
    }

    /// Finished runs, with every point on its scale.
    fn of(h: &Hindcast, draws: Vec<TrainingDraw>, points: Vec<Vec<f64>>) -> Self {
        let scaled = |row: Vec<f64>| {
            let values = row.iter().enumerate();
            values.map(|(k, v)| h.scaled(k, *v)).collect()
        };
        Self {
            scores: draws.into_iter().map(|d| d.scores).collect(),
            points: points.into_iter().map(scaled).collect(),
        }
    }
}

/// A calibration that is carried out: what is simulated, with which effort, and where finished blocks are kept.
pub struct Calibration<'a> {
    pub hindcast: &'a Hindcast,
    pub effort: &'a CalibrationSettings,
    pub folder: &'a Path,
    /// What the runs rest on: blocks with another key are run again.
    pub key: &'a str,
    pub done: &'a (dyn Fn(u64) + Sync),
    pub stop: &'a AtomicBool,
}

impl Calibration<'_> {
    fn simulate(
        &self,
        draws: &[TrainingDraw],
        name: &str,
    ) -> Result<Option<Vec<Vec<f64>>>, ResultsError> {
        let folder = self.folder.join(name);
        simulate(
            self.hindcast,
            draws,
            &folder,
            self.key,
            self.done,
            self.stop,
        )
    }

    /// Runs the shared bank. None when stopped.
    ///
    /// # Errors
    /// When a block cannot be written.
    pub fn bank(&self) -> Result<Option<SimulationBank>, ResultsError> {
        let (h, effort) = (self.hindcast, self.effort);
        let draws: Vec<TrainingDraw> = (0..effort.bank)
            .map(|number| TrainingDraw {
                number,
                scores: h
                    .plan
                    .parameters
                    .scores(Chance::of(effort.seed, u64::from(number))),
            })
            .collect();
        let Some(points) = self.simulate(&draws, "bank")? else {
            return Ok(None);
        };
        Ok(Some(SimulationBank::of(h, draws, points)))
    }

    /// Fits one split: rules out, runs its waves, samples. None when stopped or when the bank is too small for an emulator.
    /// `ordinal` is the place of the split among all.
    ///
    /// # Errors
    /// When a block cannot be written.
    pub fn fit(
        &self,
        bank: &SimulationBank,
        split: &Split,
        ordinal: u32,
        hashes: &InputHashes,
    ) -> Result<Option<SplitFit>, ResultsError> {
        let (h, effort) = (self.hindcast, self.effort);
        let target = fit_target(h, split, 1.0);
        if target.points.is_empty() {
            return Ok(None);
        }
        let target = widen_variance(h, bank, &target);
        let all: Vec<usize> = (0..bank.scores.len()).collect();
        let (scores, outputs) = bank.columns(&target.points, &all);
        let Some(first) = Emulator::fit(&scores, &outputs, 0..scores.len()) else {
            return Ok(None);
        };
        let plausible: Vec<usize> = all
            .iter()
            .copied()
            .filter(|r| !ruled_out(&first, &scores[*r], &target))
            .collect();
        let ruled_out = 1.0 - plausible.len() as f64 / all.len() as f64;
        let terms = 1 + 2 * scores[0].len();
        let kept = if plausible.len() > 2 * terms {
            plausible
        } else {
            all
        };
        let near = bank.columns(&target.points, &kept);
        let walk = Walk {
            target: &target,
            half: terms / 2,
            seed: effort.seed,
            stream: stable_key(&split.name),
        };
        let Some(emulator) = self.waves(&walk, split, ordinal, first.clone(), near)? else {
            return Ok(None);
        };
        let Some(chains) = walk.chains(&emulator, effort.samples, 0) else {
            return Ok(None);
        };
        let samples = thinned(&chains, effort.samples as usize);
        let explained = target
            .points
            .iter()
            .zip(&first.explained)
            .map(|(k, e)| (h.row(*k).target_id.clone(), *e))
            .collect();
        Ok(Some(SplitFit {
            posterior: posterior(h, split, &samples, effort, hashes, target.points.len()),
            informed: informed(h, &samples),
            trades: trades(h, &samples),
            ruled_out,
            r_hat: worst_r_hat(&chains, walk.half),
            explained,
            points: target.points.len(),
        }))
    }

    /// The emulator after further waves of runs near the evidence of a split, fitted to them and to the near runs of the bank.
    fn waves(
        &self,
        walk: &Walk<'_>,
        split: &Split,
        ordinal: u32,
        mut emulator: Emulator,
        (mut near_scores, mut near_outputs): (Vec<Vec<f64>>, Vec<Vec<f64>>),
    ) -> Result<Option<Emulator>, ResultsError> {
        let effort = self.effort;
        for wave in 0..effort.waves {
            let Some(chains) = walk.chains(&emulator, effort.wave, u64::from(wave + 1)) else {
                return Ok(None);
            };
            let draws: Vec<TrainingDraw> = thinned(&chains, effort.wave as usize)
                .into_iter()
                .enumerate()
                .map(|(i, scores)| TrainingDraw {
                    // Numbers of futures that no other wave of any split has.
                    number: 1_000_000 * (1 + ordinal) + 100_000 * wave + i as u32,
                    scores,
                })
                .collect();
            let name = format!("{}-{}", split.name, wave + 1);
            let Some(points) = self.simulate(&draws, &name)? else {
                return Ok(None);
            };
            let more = SimulationBank::of(self.hindcast, draws, points);
            let rows: Vec<usize> = (0..more.scores.len()).collect();
            let (s, o) = more.columns(&walk.target.points, &rows);
            let from = near_scores.len();
            near_scores.extend(s);
            near_outputs.extend(o);
            let near = from..near_scores.len();
            if let Some(better) = Emulator::fit(&near_scores, &near_outputs, near) {
                emulator = better;
            }
        }
        Ok(Some(emulator))
    }
}

/// How samples of a split are walked to.
struct Walk<'a> {
    target: &'a FitTarget,
    /// Half the terms of the emulator.
    half: usize,
    seed: u64,
    stream: u64,
}

impl Walk<'_> {
    /// Chains by an emulator; `wave` counts from 1, and 0 is the last walk.
    fn chains(&self, emulator: &Emulator, samples: u32, wave: u64) -> Option<Vec<Vec<Vec<f64>>>> {
        let target = self.target;
        let likelihood = Likelihood::new(emulator, &target.observed, &target.variance)?;
        let guide = likelihood.guide()?;
        let stream = self.stream ^ wave;
        Some(chains(
            &likelihood,
            &guide,
            self.half,
            samples,
            self.seed,
            stream,
        ))
    }
}

/// The largest potential scale reduction over parameters.
fn worst_r_hat(chains: &[Vec<Vec<f64>>], parameters: usize) -> f64 {
    (0..parameters)
        .map(|j| {
            let of: Vec<Vec<f64>> = chains
                .iter()
                .map(|c| c.iter().map(|z| z[j]).collect())
                .collect();
            split_r_hat(&of)
        })
        .fold(0.0, f64::max)
}

fn ruled_out(emulator: &Emulator, scores: &[f64], target: &FitTarget) -> bool {
    let predicted = emulator.predict(scores);
    let mut worst: Vec<f64> = predicted
        .iter()
        .zip(&target.observed)
        .zip(&target.variance)
        .enumerate()
        .map(|(k, ((p, o), v))| implausibility(*p, *o, v + emulator.residual[(k, k)]))
        .collect();
    worst.sort_by(|a, b| b.total_cmp(a));
    worst
        .get(1)
        .or(worst.first())
        .is_some_and(|w| *w > RULED_OUT)
}

struct KeyedRandom {
    chance: Chance,
    who: u64,
    ordinal: u64,
}

impl RandomSource for KeyedRandom {
    fn uniform(&mut self) -> f64 {
        self.ordinal += 1;
        self.chance
            .uniform(Purpose::PosteriorSample, self.who, self.ordinal)
    }
    fn normal(&mut self) -> f64 {
        self.ordinal += 1;
        self.chance
            .normal(Purpose::PosteriorSample, self.who, self.ordinal)
    }
}

/// Chains in the coordinates of a guide, thinned; `wanted` samples of all together at least.
fn chains(
    likelihood: &Likelihood,
    guide: &ProposalDistribution,
    parameters: usize,
    wanted: u32,
    seed: u64,
    stream: u64,
) -> Vec<Vec<Vec<f64>>> {
    let each = (wanted as usize).div_ceil(CHAINS as usize).max(50);
    (0..CHAINS)
        .into_par_iter()
        .map(|chain| {
            let mut draws = KeyedRandom {
                chance: Chance::of(seed, chain),
                who: stream,
                ordinal: 0,
            };
            let mut state: Vec<f64> = (0..parameters).map(|_| draws.normal()).collect();
            let beside = |walk: &[f64]| likelihood.beside(guide, walk);
            let mut log = beside(&state);
            let mut kept = Vec::with_capacity(each);
            for i in 0..FORGOTTEN + each * BETWEEN {
                step(&mut state, &mut log, &beside, &mut draws);
                if i >= FORGOTTEN && (i - FORGOTTEN).is_multiple_of(BETWEEN) {
                    kept.push(guide.scores(&state));
                }
            }
            kept
        })
        .collect()
}

/// The first samples of all chains, taken in turn.
fn thinned(chains: &[Vec<Vec<f64>>], wanted: usize) -> Vec<Vec<f64>> {
    let each = chains.first().map_or(0, Vec::len);
    (0..each)
        .flat_map(|i| chains.iter().map(move |c| c[i].clone()))
        .take(wanted)
        .collect()
}

fn posterior(
    h: &Hindcast,
    split: &Split,
    samples: &[Vec<f64>],
    effort: &CalibrationSettings,
    hashes: &InputHashes,
    points: usize,
) -> Posterior {
    let priors = &h.plan.parameters;
    let sampled = priors.sampled();
    let head = [
        ("split", split.words.clone()),
        ("priors", hashes.priors.clone()),
        ("evidence", hashes.evidence.clone()),
        ("splits", hashes.splits.clone()),
        ("version", env!("CARGO_PKG_VERSION").to_string()),
        ("seed", effort.seed.to_string()),
        (
            "effort",
            format!(
                "bank {}, {} waves of {}, {points} points",
                effort.bank, effort.waves, effort.wave
            ),
        ),
    ];
    Posterior {
        name: split.name.clone(),
        head: head.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        parameters: sampled.iter().map(|at| priors.0[*at].id.clone()).collect(),
        rows: samples
            .iter()
            .map(|z| {
                let values = priors.from_scores(z).values();
                sampled.iter().map(|at| values[*at]).collect()
            })
            .collect(),
    }
}

fn informed(h: &Hindcast, samples: &[Vec<f64>]) -> Vec<ParameterInformation> {
    let priors = &h.plan.parameters;
    let sampled = priors.sampled();
    let moved: Vec<Vec<f64>> = samples.iter().map(|z| priors.moved_scores(z)).collect();
    let values: Vec<Vec<f64>> = samples
        .iter()
        .map(|z| priors.from_scores(z).values())
        .collect();
    let middle = priors.from_scores(&vec![0.0; sampled.len()]).values();
    sampled
        .iter()
        .enumerate()
        .map(|(j, at)| {
            let mut of: Vec<f64> = values.iter().map(|v| v[*at]).collect();
            of.sort_by(f64::total_cmp);
            let variance_ratio = variance(moved.iter().map(|m| m[j]));
            ParameterInformation {
                parameter: priors.0[*at].id.clone(),
                prior_median: middle[*at],
                p05: quantile(&of, 0.05),
                p50: quantile(&of, 0.5),
                p95: quantile(&of, 0.95),
                variance_ratio,
                verdict: if variance_ratio > NOT_INFORMED {
                    "not informed by data".into()
                } else {
                    "informed".into()
                },
            }
        })
        .collect()
}

fn trades(h: &Hindcast, samples: &[Vec<f64>]) -> Vec<ParameterTradeoff> {
    let priors = &h.plan.parameters;
    let names: Vec<&str> = priors
        .sampled()
        .into_iter()
        .map(|at| priors.0[at].id.as_str())
        .collect();
    let mean = |j: usize| samples.iter().map(|z| z[j]).sum::<f64>() / samples.len() as f64;
    let means: Vec<f64> = (0..names.len()).map(mean).collect();
    let product = |i: usize, j: usize| -> f64 {
        samples
            .iter()
            .map(|z| (z[i] - means[i]) * (z[j] - means[j]))
            .sum()
    };
    let squares: Vec<f64> = (0..names.len()).map(|j| product(j, j)).collect();
    let mut all = Vec::new();
    for i in 0..names.len() {
        for j in i + 1..names.len() {
            let r = product(i, j) / (squares[i] * squares[j]).sqrt();
            if r.abs() > TRADE {
                all.push(ParameterTradeoff {
                    one: names[i].into(),
                    other: names[j].into(),
                    correlation: r,
                });
            }
        }
    }
    all.sort_by(|a, b| b.correlation.abs().total_cmp(&a.correlation.abs()));
    all
}

fn variance(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    values.map(|v| maths::square(v - mean)).sum::<f64>() / (n - 1.0)
}

/// How often 90 % intervals hold the truth when the truth is known.
#[derive(Clone, Debug, Serialize)]
pub struct SyntheticRecovery {
    pub truths: usize,
    /// Parameters and truths with a variance ratio below the bar, and how many intervals held.
    pub informed: usize,
    pub held: usize,
}

/// Fits histories that the model itself made: the first `truths` rows of the bank are held out, each in turn is taken for
/// what happened, observed with the errors of the record, and fitted with an emulator that never saw it.
pub fn recovery(
    h: &Hindcast,
    bank: &SimulationBank,
    split: &Split,
    truths: usize,
    seed: u64,
) -> Option<SyntheticRecovery> {
    let target = fit_target(h, split, 0.0);
    let rest: Vec<usize> = (truths..bank.scores.len()).collect();
    let (scores, outputs) = bank.columns(&target.points, &rest);
    let emulator = Emulator::fit(&scores, &outputs, 0..rest.len())?;
    let (_, made) = bank.columns(&target.points, &(0..truths).collect::<Vec<_>>());
    let parameters = scores.first()?.len();
    let counts: Vec<(usize, usize)> = (0..truths)
        .map(|truth| {
            let observed: Vec<f64> = made[truth]
                .iter()
                .zip(&target.variance)
                .enumerate()
                .map(|(k, (y, v))| {
                    let chance = Chance::of(seed, truth as u64);
                    y + v.sqrt() * chance.normal(Purpose::ObservationError, k as u64, u64::MAX)
                })
                .collect();
            let likelihood = Likelihood::new(&emulator, &observed, &target.variance)?;
            let guide = likelihood.guide()?;
            let found = chains(&likelihood, &guide, parameters, 400, seed, truth as u64).concat();
            let mut count = (0, 0);
            for j in 0..parameters {
                let mut of: Vec<f64> = found.iter().map(|z| z[j]).collect();
                if variance(of.iter().copied()) < NOT_INFORMED {
                    of.sort_by(f64::total_cmp);
                    let inside = (quantile(&of, 0.05)..=quantile(&of, 0.95))
                        .contains(&bank.scores[truth][j]);
                    count = (count.0 + 1, count.1 + usize::from(inside));
                }
            }
            Some(count)
        })
        .collect::<Option<_>>()?;
    Some(SyntheticRecovery {
        truths,
        informed: counts.iter().map(|c| c.0).sum(),
        held: counts.iter().map(|c| c.1).sum(),
    })
}
