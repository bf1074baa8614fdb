//! The engine of the claims: arms shared by all tests that need them, one run each, read in as many ways as asked.

use std::collections::BTreeMap;

use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::channels::{Channel, Channels};
use chokepoint::study::{Plan, PlanSettings, Worker};
use rayon::prelude::*;

use super::arms::Arm;
use super::look::{Look, Seen};
use crate::study_of;

/// What a test says of its values, one a future.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Expect {
    /// Above zero in nine runs of ten, and the interval of the mean too.
    Plus,
    Minus,
    /// Bit for bit.
    Zero,
    /// Mean less than one per cent of the baseline's.
    Small,
    /// Mean less than this.
    Within(f64),
    /// Not above zero in nine runs of ten, and not zero in all of them: then nothing is compared.
    NotMore,
    NotLess,
    /// Mean at least, at most.
    AtLeast(f64),
    AtMost(f64),
    /// Above zero in this share of runs.
    Share(f64),
    /// Mean over the baseline's mean at least, at most.
    RatioAtLeast(f64),
    RatioAtMost(f64),
    /// Every run between these.
    Every(f64, f64),
}

/// How one number is read from a run.
#[derive(Clone, Copy)]
pub enum Read {
    Outcome(&'static str),
    As(&'static str, fn(&Look) -> f64),
}

impl Read {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Outcome(name) | Self::As(name, _) => name,
        }
    }
}

/// Months in which a test looks.
#[derive(Clone, Copy)]
pub enum Over {
    /// This many months from the first in which the arms may differ; from where their process begins, or
    /// October 2022, where rules do not differ.
    First(usize),
    /// From this month, for so many.
    From(Month, usize),
}

/// A sum of arms, each with a weight: `+1, -1` is an effect, `+1, -1, -1, +1` a difference of effects, `+1` a level.
pub struct Test {
    pub arms: Vec<(f64, Arm)>,
    pub read: Read,
    pub over: Over,
    pub expect: Expect,
}

pub fn outcome(name: &'static str) -> Read {
    Read::Outcome(name)
}

pub fn level(a: Arm) -> Test {
    Test {
        arms: vec![(1.0, a)],
        read: outcome("target_compute_h100e_end"),
        over: Over::First(48),
        expect: Expect::Plus,
    }
}

/// First minus second.
pub fn effect(a: Arm, b: Arm) -> Test {
    let mut test = level(a);
    test.arms.push((-1.0, b));
    test
}

/// The effect of the first pair less that of the second.
pub fn difference([a, b]: [Arm; 2], [c, d]: [Arm; 2]) -> Test {
    let mut test = effect(a, b);
    test.arms.push((-1.0, c));
    test.arms.push((1.0, d));
    test
}

impl Test {
    pub fn on(mut self, read: Read) -> Self {
        self.read = read;
        self
    }

    pub fn over(mut self, over: Over) -> Self {
        self.over = over;
        self
    }

    pub fn is(mut self, expect: Expect) -> Self {
        self.expect = expect;
        self
    }

    /// The arms in words.
    pub fn arms(&self) -> String {
        let mut text = String::new();
        for (at, (weight, arm)) in self.arms.iter().enumerate() {
            if at > 0 {
                text += if *weight > 0.0 { " + " } else { " - " };
            }
            text += &arm.label();
        }
        text
    }
}

/// A claim and what it must do when its condition is taken away.
pub struct Claim {
    pub name: &'static str,
    pub says: &'static str,
    pub test: Test,
    pub flips: Vec<(&'static str, Test)>,
}

pub fn claim(name: &'static str, says: &'static str, test: Test) -> Claim {
    Claim {
        name,
        says,
        test,
        flips: Vec::new(),
    }
}

impl Claim {
    pub fn flip(mut self, when: &'static str, test: Test) -> Self {
        self.flips.push((when, test));
        self
    }

    /// Names of its tests: the claim's own, then one a flip.
    pub fn names(&self) -> Vec<String> {
        let flips = self
            .flips
            .iter()
            .map(|(when, _)| format!("{}: {when}", self.name));
        std::iter::once(self.name.to_string())
            .chain(flips)
            .collect()
    }

    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        std::iter::once(&self.test).chain(self.flips.iter().map(|(_, test)| test))
    }
}

/// What came of a test.
#[derive(Clone, Debug)]
pub struct Found {
    pub mean: f64,
    pub p05: f64,
    pub p95: f64,
    pub above: f64,
    pub baseline: f64,
    pub runs: usize,
    pub expect: Expect,
    pub holds: bool,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "expected {:?}, mean {} from {} to {}, above 0 in {}, baseline {}",
            self.expect, self.mean, self.p05, self.p95, self.above, self.baseline
        )
    }
}

impl Found {
    /// `values` by future, and those of the last arm.
    fn of(expect: Expect, values: &[f64], baseline: &[f64]) -> Self {
        let (mut kept, mut base) = (Vec::new(), Vec::new());
        for (v, b) in values.iter().zip(baseline) {
            if v.is_finite() {
                kept.push(*v);
                base.push(*b);
            }
        }
        let n = kept.len().max(1) as f64;
        let zeros = vec![0.0; kept.len()];
        let Some(e) = chokepoint::analysis::effects::effect(&kept, &zeros) else {
            return Self {
                mean: f64::NAN,
                p05: f64::NAN,
                p95: f64::NAN,
                above: f64::NAN,
                baseline: f64::NAN,
                runs: 0,
                expect,
                holds: false,
            };
        };
        let mean = e.band.mean;
        let baseline = base.iter().sum::<f64>() / n;
        let beyond = 1.645 * e.monte_carlo_error;
        let below = kept.iter().filter(|v| **v < 0.0).count() as f64 / n;
        let above = e.probability_positive;
        let acts = kept.iter().any(|v| *v != 0.0);
        let holds = match expect {
            Expect::Plus => above >= 0.9 && mean > beyond,
            Expect::Minus => below >= 0.9 && mean < -beyond,
            Expect::Zero => kept.iter().all(|v| *v == 0.0),
            Expect::Small => mean.abs() < 0.01 * baseline.abs(),
            Expect::Within(bound) => mean.abs() <= bound,
            Expect::NotMore => acts && above <= 0.1,
            Expect::NotLess => acts && below <= 0.1,
            Expect::AtLeast(bound) => mean >= bound,
            Expect::AtMost(bound) => mean <= bound,
            Expect::Share(share) => above >= share,
            Expect::RatioAtLeast(bound) => mean >= bound * baseline,
            Expect::RatioAtMost(bound) => mean <= bound * baseline,
            Expect::Every(low, high) => kept.iter().all(|v| (low..=high).contains(v)),
        };
        Self {
            mean,
            p05: e.band.p05,
            p95: e.band.p95,
            above,
            baseline,
            runs: kept.len(),
            expect,
            holds,
        }
    }
}

/// One arm that is run, and every reading that some test takes of it.
struct Shared<'a> {
    arm: &'a Arm,
    /// (test, place in the test, reading, months)
    readings: Vec<(usize, usize, Read, (usize, usize))>,
}

/// Runs every arm once in every future and measures all claims.
pub fn measure(claims: &[Claim], runs: u32) -> Vec<Vec<Found>> {
    let tests: Vec<&Test> = claims.iter().flat_map(Claim::tests).collect();
    // Arms by world and parameters, which share a plan; then by rules and channels, which share a run.
    let mut groups: BTreeMap<String, BTreeMap<String, Shared<'_>>> = BTreeMap::new();
    for (t, test) in tests.iter().enumerate() {
        let months = months_of(test);
        for (place, (_, arm)) in test.arms.iter().enumerate() {
            groups
                .entry(arm.plan_key())
                .or_default()
                .entry(arm.run_key())
                .or_insert_with(|| Shared {
                    arm,
                    readings: Vec::new(),
                })
                .readings
                .push((t, place, test.read, months));
        }
    }
    let mut values: Vec<Vec<Vec<f64>>> = tests
        .iter()
        .map(|test| vec![vec![f64::NAN; runs as usize]; test.arms.len()])
        .collect();
    for group in groups.values() {
        let shared: Vec<&Shared<'_>> = group.values().collect();
        for (run, found) in run_group(&shared, runs).into_iter().enumerate() {
            for (t, place, value) in found {
                values[t][place][run] = value;
            }
        }
    }
    let mut found = tests.iter().zip(&values).map(|(test, by_arm)| {
        let sums: Vec<f64> = (0..runs as usize)
            .map(|run| {
                let parts = test.arms.iter().zip(by_arm);
                parts.map(|((weight, _), v)| weight * v[run]).sum()
            })
            .collect();
        Found::of(test.expect, &sums, &by_arm[by_arm.len() - 1])
    });
    claims
        .iter()
        .map(|claim| found.by_ref().take(1 + claim.flips.len()).collect())
        .collect()
}

/// First month of a test's window and one past the last.
fn months_of(test: &Test) -> (usize, usize) {
    let first = Month::of(2020, 1);
    let (from, months) = match test.over {
        Over::From(month, months) => ((month - first) as usize, months),
        Over::First(months) => {
            let regimes: Vec<_> = test.arms.iter().map(|(_, a)| a.regime.clone()).collect();
            let from = test.arms[0]
                .1
                .blueprint()
                .subjects
                .first_difference(&regimes)
                .or(regimes[0].process.as_ref().map(|p| p.from))
                .map_or(33, |m| (m - first).max(0) as usize);
            (from, months)
        }
    };
    (from, (from + months).min(192))
}

type Reading = (usize, usize, f64);

fn run_group(shared: &[&Shared<'_>], runs: u32) -> Vec<Vec<Reading>> {
    let regimes: Vec<_> = shared.iter().map(|s| s.arm.regime.clone()).collect();
    let names: Vec<&str> = regimes.iter().map(|r| r.name.as_str()).collect();
    let settings = PlanSettings {
        seed: 11,
        runs,
        set: shared[0]
            .arm
            .set
            .iter()
            .map(|(id, v)| ((*id).to_string(), *v))
            .collect(),
        ..PlanSettings::default()
    };
    let study = study_of(&names);
    let plan = Plan::of(shared[0].arm.library(), study, regimes.clone(), settings).unwrap();
    (0..runs)
        .into_par_iter()
        .map_init(
            || Worker::new(&plan.blueprint),
            |worker, run| {
                let mut found = Vec::new();
                for (at, arm) in shared.iter().enumerate() {
                    let mut future = plan.future(run);
                    future.channels = without(&arm.arm.off);
                    let months = arm.readings.iter().map(|r| r.3.1).max().unwrap_or(0);
                    worker.stage.reset(&plan.calendars[at], &future, false);
                    let mut seen = Seen::default();
                    for _ in 0..months {
                        worker.step();
                        seen.note(worker);
                    }
                    for (test, place, read, (from, to)) in &arm.readings {
                        let look = Look {
                            b: &plan.blueprint,
                            record: worker.record(),
                            chips: worker.stage.world.resource(),
                            p: &future.parameters,
                            seen: &seen,
                            from: *from,
                            to: *to,
                        };
                        found.push((*test, *place, look.read(read)));
                    }
                }
                found
            },
        )
        .collect()
}

pub fn without(off: &[Channel]) -> Channels {
    off.iter()
        .fold(Channels::default(), |c, off| c.without(*off))
}
