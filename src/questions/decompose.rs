//! Decomposes an effect into the parts of its channels, exactly for seven groups and by sampling for single channels.
//!
//! The worth of a set of channels is the effect of an arm with that set acting **in both arms** (a difference in differences):
//! a channel that is off changes the baseline too, and its effect without the rule is not part of the rule's effect.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::Serialize;

use super::evaluate::{CustomFuture, baseline, draw, evaluate};
use crate::agents::compute::NationTotals;
use crate::agents::lab::Lab;
use crate::analysis::accounting_bound::{self, AccountingMonth};
use crate::analysis::shapley::{along, antithetic_pair, exact, sampled};
use crate::analysis::{Estimate, EstimatorError};
use crate::capability::algorithms::{
    effective_compute, post_training_share, research_points_per_month,
};
use crate::capability::frontier::FrontierHistory;
use crate::foundation::bloc::Bloc;
use crate::foundation::calendar::Month as CalendarMonth;
use crate::foundation::channels::Channel;
use crate::outputs::outcomes::OUTCOMES;
use crate::study::{Plan, Worker};

/// The part of one group or channel in one effect.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct EffectShare {
    pub regime: String,
    pub baseline: String,
    pub outcome: String,
    pub channel: String,
    /// Shapley value.
    pub value: f64,
    pub error: f64,
    /// What the effect loses when only this is off.
    pub one_off: f64,
    pub one_off_error: f64,
    /// What the effect gains when only this is on.
    pub one_only: f64,
    pub one_only_error: f64,
    pub futures: usize,
}

/// An effect with all channels and with none, beside what compute alone accounts for.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct EffectBounds {
    pub regime: String,
    pub baseline: String,
    pub outcome: String,
    pub total: f64,
    pub total_error: f64,
    pub no_channel: f64,
    pub no_channel_error: f64,
    /// The accounting bound of either; empty for outcomes other than latent points.
    pub ceiling: Option<f64>,
    pub ceiling_error: Option<f64>,
    pub no_channel_ceiling: Option<f64>,
    pub no_channel_ceiling_error: Option<f64>,
    pub futures: usize,
    /// Futures left out because a run failed or has no number.
    pub excluded: usize,
}

/// Effects of every arm of the plan shared out.
#[derive(Default)]
pub struct Decomposition {
    pub groups: Vec<EffectShare>,
    pub channels: Vec<EffectShare>,
    pub wholes: Vec<EffectBounds>,
}

/// Players of one game: what each is called, and which channels it switches.
type GamePlayers = Vec<(String, Vec<Channel>)>;

/// The groups whose channels the plan leaves on.
fn groups(plan: &Plan) -> GamePlayers {
    let mut players: GamePlayers = Vec::new();
    for channel in Channel::ALL.iter().filter(|c| plan.channels.on(**c)) {
        match players.iter_mut().find(|(name, _)| name == channel.group()) {
            Some((_, own)) => own.push(*channel),
            None => players.push((channel.group().to_string(), vec![*channel])),
        }
    }
    players
}

fn singles(plan: &Plan) -> GamePlayers {
    Channel::ALL
        .iter()
        .filter(|c| plan.channels.on(**c))
        .map(|c| (c.name().to_string(), vec![*c]))
        .collect()
}

/// The point of a future with only a set of players acting.
fn with_set(plan: &Plan, players: &GamePlayers, future: u32, set: u64) -> CustomFuture {
    let silent = players
        .iter()
        .enumerate()
        .filter(|(i, _)| set & (1 << i) == 0);
    CustomFuture {
        off: silent.flat_map(|(_, (_, own))| own.clone()).collect(),
        ..CustomFuture::of(plan, future)
    }
}

/// How many runs [`decompose`] makes, except those of the accounting bound.
pub fn runs(plan: &Plan, pairs: usize) -> u64 {
    let futures = u64::from(plan.futures.end - plan.futures.start);
    let channels = singles(plan).len() as u64;
    let single = match pairs as u64 {
        0 => 0,
        pairs => pairs * 2 * channels.saturating_sub(1) + 2 * futures * channels,
    };
    (futures * (1 << groups(plan).len()) + single) * plan.regimes.len() as u64
}

/// Shares out the effect of every arm against the baseline; `pairs` orders and their mirror images for single channels.
///
/// # Errors
/// When a plan has a single arm or no channel.
pub fn decompose(
    plan: &Plan,
    pairs: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Decomposition, EstimatorError> {
    let base = baseline(plan);
    if plan.regimes.len() < 2 || groups(plan).is_empty() {
        return Err(EstimatorError(
            "an effect needs two arms, and its parts a channel that is on".into(),
        ));
    }
    let mut all = Decomposition::default();
    by_group(plan, base, &mut all, done)?;
    by_channel(plan, base, pairs, &mut all, done)?;
    Ok(all)
}

/// One effect that is shared out: an arm against the baseline on one outcome.
#[derive(Clone, Copy)]
struct SharedEffect<'a> {
    plan: &'a Plan,
    arm: usize,
    base: usize,
    /// Its place in [`OUTCOMES`].
    outcome: usize,
}

impl SharedEffect<'_> {
    /// The worth of a set of channels, from what each arm answers.
    fn worth(&self, by_arm: &[Vec<f64>]) -> f64 {
        by_arm[self.arm][self.outcome] - by_arm[self.base][self.outcome]
    }

    fn share(
        &self,
        channel: &str,
        [value, off, only]: [Estimate; 3],
        futures: usize,
    ) -> EffectShare {
        EffectShare {
            regime: self.plan.regimes[self.arm].name.clone(),
            baseline: self.plan.regimes[self.base].name.clone(),
            outcome: OUTCOMES[self.outcome].name.to_string(),
            channel: channel.to_string(),
            value: value.value,
            error: value.error,
            one_off: off.value,
            one_off_error: off.error,
            one_only: only.value,
            one_only_error: only.error,
            futures,
        }
    }
}

fn by_group(
    plan: &Plan,
    base: usize,
    all: &mut Decomposition,
    done: &(dyn Fn() + Sync),
) -> Result<(), EstimatorError> {
    let players = groups(plan);
    let sets = 1_u64 << players.len();
    let numbers: Vec<u32> = plan.futures.clone().collect();
    let points: Vec<CustomFuture> = numbers
        .iter()
        .flat_map(|f| (0..sets).map(|set| with_set(plan, &players, *f, set)))
        .collect();
    let arms: Vec<usize> = (0..plan.regimes.len()).collect();
    let answers = evaluate(plan, &points, &arms, done);
    for arm in arms.iter().copied().filter(|a| *a != base) {
        let ceiling = |set: u64| -> Estimate {
            let points: Vec<f64> = numbers
                .par_iter()
                .map(|f| accounting_points(plan, arm, base, &with_set(plan, &players, *f, set)))
                .collect();
            Estimate::of(&points)
        };
        let ceilings = [ceiling(sets - 1), ceiling(0)];
        for outcome in 0..OUTCOMES.len() {
            let effect = SharedEffect {
                plan,
                arm,
                base,
                outcome,
            };
            // By future: the worth of every set; futures without a number somewhere are left out and counted.
            let worths: Vec<Vec<f64>> = answers
                .values
                .chunks(sets as usize)
                .map(|own| own.iter().map(|v| effect.worth(v)).collect::<Vec<f64>>())
                .filter(|w| w.iter().all(|v| v.is_finite()))
                .collect();
            if !worths.is_empty() {
                share_among_groups(&effect, &players, &worths, ceilings, all)?;
            }
        }
    }
    Ok(())
}

/// Shares one effect among groups, from the worth of every set of them in each future.
fn share_among_groups(
    effect: &SharedEffect<'_>,
    players: &GamePlayers,
    worths: &[Vec<f64>],
    [ceiling, none_ceiling]: [Estimate; 2],
    all: &mut Decomposition,
) -> Result<(), EstimatorError> {
    let full = (1_usize << players.len()) - 1;
    let shares = worths
        .iter()
        .map(|w| exact(players.len(), w))
        .collect::<Result<Vec<_>, _>>()?;
    let over =
        |f: &dyn Fn(&Vec<f64>) -> f64| Estimate::of(&worths.iter().map(f).collect::<Vec<f64>>());
    for (i, (name, _)) in players.iter().enumerate() {
        let value = Estimate::of(&shares.iter().map(|s| s[i]).collect::<Vec<f64>>());
        let off = over(&|w| w[full] - w[full & !(1 << i)]);
        let only = over(&|w| w[1 << i] - w[0]);
        let three = [value, off, only];
        all.groups.push(effect.share(name, three, worths.len()));
    }
    let (plan, outcome) = (effect.plan, OUTCOMES[effect.outcome].name);
    let (total, none) = (over(&|w| w[full]), over(&|w| w[0]));
    let shown = |c: f64| (outcome == "latent_gap_points_mean").then_some(c);
    all.wholes.push(EffectBounds {
        regime: plan.regimes[effect.arm].name.clone(),
        baseline: plan.study.baseline.clone(),
        outcome: outcome.to_string(),
        total: total.value,
        total_error: total.error,
        no_channel: none.value,
        no_channel_error: none.error,
        ceiling: shown(ceiling.value),
        ceiling_error: shown(ceiling.error),
        no_channel_ceiling: shown(none_ceiling.value),
        no_channel_ceiling_error: shown(none_ceiling.error),
        futures: worths.len(),
        excluded: plan.futures.len() - worths.len(),
    });
    Ok(())
}

/// Every set of channels that is asked for, once.
struct AskedSets<'a> {
    plan: &'a Plan,
    players: &'a GamePlayers,
    place: HashMap<(u32, u64), usize>,
    points: Vec<CustomFuture>,
}

impl AskedSets<'_> {
    fn want(&mut self, future: u32, set: u64) {
        self.place.entry((future, set)).or_insert_with(|| {
            self.points
                .push(with_set(self.plan, self.players, future, set));
            self.points.len() - 1
        });
    }
}

fn by_channel(
    plan: &Plan,
    base: usize,
    pairs: usize,
    all: &mut Decomposition,
    done: &(dyn Fn() + Sync),
) -> Result<(), EstimatorError> {
    let players = singles(plan);
    if pairs == 0 {
        return Ok(());
    }
    let numbers: Vec<u32> = plan.futures.clone().collect();
    let full = (1_u64 << players.len()) - 1;
    let orders: Vec<(u32, [Vec<usize>; 2])> = (0..pairs)
        .map(|p| {
            let draw = draw(plan, &format!("order {p}"));
            (
                numbers[p % numbers.len()],
                antithetic_pair(players.len(), &draw),
            )
        })
        .collect();
    let mut asked = AskedSets {
        plan,
        players: &players,
        place: HashMap::new(),
        points: Vec::new(),
    };
    for (future, pair) in &orders {
        for order in pair {
            along(order, &mut |set| {
                asked.want(*future, set);
                0.0
            });
        }
    }
    for future in &numbers {
        for i in 0..players.len() {
            for set in [0, full, full & !(1 << i), 1 << i] {
                asked.want(*future, set);
            }
        }
    }
    let arms: Vec<usize> = (0..plan.regimes.len()).collect();
    let answers = evaluate(plan, &asked.points, &arms, done);
    for arm in arms.iter().copied().filter(|a| *a != base) {
        for outcome in 0..OUTCOMES.len() {
            let effect = SharedEffect {
                plan,
                arm,
                base,
                outcome,
            };
            let worth =
                |future: u32, set: u64| effect.worth(&answers.values[asked.place[&(future, set)]]);
            all.channels
                .extend(share_among_channels(&effect, &players, &orders, worth)?);
        }
    }
    Ok(())
}

/// Shares one effect among single channels, from the worth of the sets along sampled orders.
fn share_among_channels(
    effect: &SharedEffect<'_>,
    players: &GamePlayers,
    orders: &[(u32, [Vec<usize>; 2])],
    worth: impl Fn(u32, u64) -> f64,
) -> Result<Vec<EffectShare>, EstimatorError> {
    let tried: Vec<[Vec<f64>; 2]> = orders
        .iter()
        .map(|(future, pair)| [0, 1].map(|k| along(&pair[k], &mut |set| worth(*future, set))))
        .filter(|pair| pair.iter().flatten().all(|v| v.is_finite()))
        .collect();
    if tried.is_empty() {
        return Ok(Vec::new());
    }
    let full = (1_u64 << players.len()) - 1;
    let over = |a: u64, b: u64| {
        let differences: Vec<f64> = effect
            .plan
            .futures
            .clone()
            .map(|f| worth(f, a) - worth(f, b))
            .filter(|v| v.is_finite())
            .collect();
        Estimate::of(&differences)
    };
    let values = sampled(&tried)?;
    let share = |(i, (name, _)): (usize, &(String, Vec<Channel>))| {
        let three = [values[i], over(full, full & !(1 << i)), over(1 << i, 0)];
        effect.share(name, three, tried.len())
    };
    Ok(players.iter().enumerate().map(share).collect())
}

/// What a month of an arm says about compute and research of both sides.
struct MonthlyCompute {
    run_h100e: [f64; 2],
    research_h100e: [f64; 2],
    research_points: [f64; 2],
}

/// The accounting bound of an effect on the latent gap, points, mean over the window: what the target's loss of compute and the
/// issuer's (or its gain) account for if nobody learned from anybody and knowing less made no idea easier.
///
/// Research is that of the ablest lab of each bloc, in the baseline of the same future.
pub fn accounting_points(plan: &Plan, arm: usize, base: usize, point: &CustomFuture) -> f64 {
    let (without, with) = (seen(plan, base, point), seen(plan, arm, point));
    let p = &point.in_arm(plan, base).1.parameters;
    let side = |b: usize| -> Vec<f64> {
        let denied = |with: f64, without: f64| 1.0 - with / without;
        let months: Vec<AccountingMonth> = without
            .iter()
            .zip(&with)
            .map(|(o, w)| AccountingMonth {
                research_points_per_month: o.research_points[b],
                run_share_denied: denied(w.run_h100e[b], o.run_h100e[b]),
                research_share_denied: denied(w.research_h100e[b], o.research_h100e[b]),
            })
            .collect();
        accounting_bound::path(
            &months,
            p.points_per_decade_of_compute,
            p.research_compute_elasticity,
        )
    };
    let (issuer, target) = (side(Bloc::Issuer as usize), side(Bloc::Target as usize));
    let window = plan.window.from..plan.window.to;
    let lost: Vec<f64> = window.clone().map(|t| target[t] - issuer[t]).collect();
    lost.iter().sum::<f64>() / lost.len().max(1) as f64
}

fn seen(plan: &Plan, arm: usize, point: &CustomFuture) -> Vec<MonthlyCompute> {
    let mut worker = Worker::new(&plan.blueprint);
    let (calendar, future) = point.in_arm(plan, arm);
    worker.stage.reset(calendar, &future, false);
    let p = &future.parameters;
    let mut skill = [0.0_f64; 2];
    let mut labs = worker.stage.world.query::<&Lab>();
    for lab in labs.iter(&worker.stage.world).filter(|l| !l.synthetic) {
        if let Some(best) = skill.get_mut(lab.bloc as usize) {
            *best = best.max(lab.skill);
        }
    }
    (0..plan.window.to)
        .map(|t| {
            worker.step();
            let nations = worker.stage.world.resource::<NationTotals>();
            let frontier = worker.stage.world.resource::<FrontierHistory>();
            let month: CalendarMonth = plan.month_of(t);
            let year = month.decimal_year();
            let post_training = post_training_share(year, p);
            MonthlyCompute {
                run_h100e: [0, 1].map(|b| {
                    effective_compute(
                        nations.training_by_bloc[b],
                        nations.serving_by_bloc[b],
                        post_training,
                    )
                }),
                research_h100e: [0, 1].map(|b| frontier.bloc_research_h100e[b]),
                research_points: [0, 1].map(|b| {
                    let research = frontier.bloc_research_h100e[b];
                    let known = frontier.bloc_mean_points[b];
                    skill[b] * research_points_per_month(year, research, known, p)
                }),
            }
        })
        .collect()
}
