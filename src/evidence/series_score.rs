//! The score of one series against its strongest benchmark.

use std::collections::BTreeMap;

use serde::Serialize;

use super::hindcast::Hindcast;
use super::predictive::PredictiveDraws;
use crate::analysis::crps;
use crate::analysis::skill::{
    PointForecast, RecordedSeries, SkillVerdict, bootstrap, conditional_ratio, constant_mean,
    last_value, skill, trend,
};
use crate::config::evidence::{ErrorScale, EvidenceClass};
use crate::config::splits::{ScoreSettings, Split, SplitPart};
use crate::foundation::chance::{Chance, Purpose, stable_key};

/// One series in one split.
#[derive(Clone, Debug, Serialize)]
pub struct SeriesScore {
    pub series: String,
    pub entity: String,
    pub class: EvidenceClass,
    pub weak: Option<String>,
    /// Points tested, and years that they cover.
    pub n: usize,
    pub n_effective: usize,
    pub crps: Option<f64>,
    /// The same from the prior.
    pub crps_prior: Option<f64>,
    pub crps_naive: Option<f64>,
    pub naive: Option<String>,
    pub skill: Option<f64>,
    pub skill_low: Option<f64>,
    pub skill_high: Option<f64>,
    /// Score of every benchmark that the training part allows.
    pub benchmarks: BTreeMap<String, f64>,
    pub verdict: String,
}

/// Quantiles that stand for a benchmark's distribution.
const QUANTILES: usize = 199;

/// A benchmark's score of a series: its mean, that of each point, and what it said of each.
pub(super) type BenchmarkScore = (f64, Vec<f64>, Vec<Vec<f64>>);

/// A split to score: what the samples of its fit said, and what the prior said.
pub(super) struct Scoring<'a> {
    pub(super) h: &'a Hindcast,
    pub(super) split: &'a Split,
    pub(super) settings: &'a ScoreSettings,
    pub(super) said: &'a PredictiveDraws,
    pub(super) prior: &'a PredictiveDraws,
    pub(super) seed: u64,
}

impl Scoring<'_> {
    pub(super) fn part(&self, k: usize) -> SplitPart {
        self.split.part(self.h.row(k), self.h.block(k))
    }

    /// Whether a point counts in the test.
    pub(super) fn is_tested(&self, k: usize) -> bool {
        self.part(k) == SplitPart::Test && self.h.row(k).class.scored()
    }

    /// The score of a series, and the quantiles of its strongest benchmark at every tested point.
    pub(super) fn series(
        &self,
        points: &[usize],
        tested: &[usize],
    ) -> Result<(SeriesScore, Vec<Vec<f64>>), String> {
        let (h, said) = (self.h, self.said);
        if tested.is_empty() {
            let scored = points.iter().any(|k| h.row(*k).class.scored());
            return Err(if scored {
                "no point in the test".into()
            } else {
                "judged or given, not scored".into()
            });
        }
        let train: Vec<usize> = points
            .iter()
            .copied()
            .filter(|k| self.part(*k) == SplitPart::Fit && h.row(*k).class.scored())
            .collect();
        let forecasts = benchmarks(h, &train, tested);
        if forecasts.is_empty() {
            return Err(format!("{} points to fit a benchmark on", train.len()));
        }
        let mine = each_score(h, tested, said);
        if mine.iter().any(|c| !c.is_finite()) {
            return Err("the model gives no number there".into());
        }
        let scores = benchmark_scores(h, tested, forecasts);
        let strongest = scores
            .iter()
            .min_by(|a, b| a.1.0.total_cmp(&b.1.0))
            .map(|(name, s)| (name.clone(), s.clone()));
        let Some((naive, (crps_naive, each, quantiles))) = strongest else {
            return Err("no benchmark".into());
        };
        let (interval, years) = self.skill_interval(tested, &mine, &each);
        let (name, entity) = h.series(tested[0]);
        let score = SeriesScore {
            series: name,
            entity,
            class: h.row(tested[0]).class,
            weak: h.link(tested[0]).weak.clone(),
            n: tested.len(),
            n_effective: years,
            crps: Some(mean(&mine)),
            crps_prior: mean_score(h, tested, self.prior),
            crps_naive: Some(crps_naive),
            naive: Some(naive),
            skill: Some(skill(mean(&mine), crps_naive)),
            skill_low: interval.map(|i| i.0),
            skill_high: interval.map(|i| i.1),
            benchmarks: scores.iter().map(|(n, s)| (n.clone(), s.0)).collect(),
            // Within one year there is nothing to resample: no more than a tie can be said.
            verdict: interval
                .map_or("ties", |(a, b)| SkillVerdict::of(a, b).name())
                .into(),
        };
        Ok((score, quantiles))
    }

    /// A series without a benchmark: the scores themselves still say what the fit gained on the prior.
    pub(super) fn without_benchmark(
        &self,
        points: &[usize],
        tested: &[usize],
        reason: &str,
    ) -> SeriesScore {
        let h = self.h;
        let (series, entity) = h.series(points[0]);
        SeriesScore {
            series,
            entity,
            class: h.row(points[0]).class,
            weak: h.link(points[0]).weak.clone(),
            n: tested.len(),
            n_effective: years(h, tested),
            crps: mean_score(h, tested, self.said),
            crps_prior: mean_score(h, tested, self.prior),
            crps_naive: None,
            naive: None,
            skill: None,
            skill_low: None,
            skill_high: None,
            benchmarks: BTreeMap::new(),
            verdict: format!("not scorable: {reason}"),
        }
    }

    /// The interval of the skill over resampled years, since points of a year share their errors, and the number of years.
    fn skill_interval(
        &self,
        tested: &[usize],
        mine: &[f64],
        each: &[f64],
    ) -> (Option<(f64, f64)>, usize) {
        let mut by_year: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for (at, k) in tested.iter().enumerate() {
            let year = self.h.row(*k).last.year();
            by_year.entry(year).or_default().push(at);
        }
        let blocks: Vec<&Vec<usize>> = by_year.values().collect();
        let (name, entity) = self.h.series(tested[0]);
        let chance = Chance::of(self.seed, 1);
        let who = stable_key(&format!("{} {name} {entity}", self.split.name));
        let interval = bootstrap(
            blocks.len(),
            self.settings.bootstrap,
            |sample| {
                let at = || sample.iter().flat_map(|b| blocks[*b].iter());
                let sum = |v: &[f64]| at().map(|i| v[*i]).sum::<f64>();
                skill(sum(mine), sum(each))
            },
            |i| chance.uniform(Purpose::Bootstrap, who, i),
        );
        (interval, blocks.len())
    }
}

/// Scores of every benchmark at the tested points.
pub(super) fn benchmark_scores(
    h: &Hindcast,
    tested: &[usize],
    forecasts: Vec<(&'static str, Vec<PointForecast>)>,
) -> BTreeMap<String, BenchmarkScore> {
    let score = |(name, all): (&str, Vec<PointForecast>)| {
        let quantiles: Vec<Vec<f64>> = tested
            .iter()
            .zip(&all)
            .map(|(k, f)| {
                let log = h.link(*k).scale == ErrorScale::Log;
                f.quantiles(QUANTILES, log, h.row(*k).error, h.asked[*k].floor)
            })
            .collect();
        let each: Vec<f64> = tested
            .iter()
            .zip(&quantiles)
            .map(|(k, q)| crps::of_quantiles(q, h.scaled(*k, h.row(*k).value)))
            .collect();
        (name.to_string(), (mean(&each), each, quantiles))
    };
    forecasts.into_iter().map(score).collect()
}

fn each_score(h: &Hindcast, points: &[usize], said: &PredictiveDraws) -> Vec<f64> {
    points
        .iter()
        .map(|k| crps::fair(&said.point(*k), h.scaled(*k, h.row(*k).value)))
        .collect()
}

fn mean_score(h: &Hindcast, points: &[usize], said: &PredictiveDraws) -> Option<f64> {
    let score = mean(&each_score(h, points, said));
    score.is_finite().then_some(score)
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn decimal_year(h: &Hindcast, k: usize) -> f64 {
    0.5 * (h.row(k).first.decimal_year() + h.row(k).last.decimal_year())
}

/// Every benchmark that the training part allows, with its forecast of every tested point.
pub(super) fn benchmarks(
    h: &Hindcast,
    train: &[usize],
    tested: &[usize],
) -> Vec<(&'static str, Vec<PointForecast>)> {
    let mut order = train.to_vec();
    order.sort_by(|a, b| decimal_year(h, *a).total_cmp(&decimal_year(h, *b)));
    let series = RecordedSeries {
        years: order.iter().map(|k| decimal_year(h, *k)).collect(),
        values: order.iter().map(|k| h.row(*k).value).collect(),
    };
    let drivers: Option<Vec<f64>> = order.iter().map(|k| h.asked[*k].driver).collect();
    let positive = tested
        .first()
        .is_some_and(|k| h.link(*k).scale == ErrorScale::Log);
    let is_gap = tested.first().is_some_and(|k| h.link(*k).gap);
    let all = |f: &dyn Fn(usize) -> Option<PointForecast>| -> Option<Vec<PointForecast>> {
        tested.iter().map(|k| f(*k)).collect()
    };
    let year = |k: usize| decimal_year(h, k);
    [
        (
            "last value",
            all(&|k| last_value(&series, year(k), positive)),
        ),
        ("linear trend", all(&|k| trend(&series, year(k), false))),
        (
            "log-linear trend",
            all(&|k| trend(&series, year(k), true).filter(|_| positive)),
        ),
        (
            "conditional ratio",
            all(&|k| {
                let known = drivers.as_deref()?;
                conditional_ratio(&series, known, h.asked[k].driver?, year(k))
            }),
        ),
        (
            "constant mean",
            all(&|_| constant_mean(&series).filter(|_| is_gap)),
        ),
    ]
    .into_iter()
    .filter_map(|(name, forecasts)| Some((name, forecasts?)))
    .collect()
}

/// Calendar years that points cover: errors within a year are shared.
pub(super) fn years(h: &Hindcast, points: &[usize]) -> usize {
    let mut all: Vec<i32> = points.iter().map(|k| h.row(*k).last.year()).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}
