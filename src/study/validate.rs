//! The scorecard: scores the model's predictions of recorded points against simple benchmark forecasts.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::Serialize;

use super::Worker;
use super::hindcast::Hindcast;
use crate::analysis::coverage::{Z_90, bins, rank, wilson};
use crate::analysis::skill::{
    PointForecast, RecordedSeries, SkillVerdict, bootstrap, conditional_ratio, constant_mean,
    last_value, skill, trend,
};
use crate::analysis::{crps, quantile};
use crate::config::evidence::{ErrorScale, EvidenceClass};
use crate::config::posterior::Posterior;
use crate::config::splits::{ScoreSettings, Split, SplitPart};
use crate::foundation::chance::{Chance, Purpose, stable_key};
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::Future;

/// One recorded point and what was said of it.
#[derive(Clone, Debug, Serialize)]
pub struct PointScore {
    pub target_id: String,
    pub series: String,
    pub entity: String,
    pub period: String,
    pub class: EvidenceClass,
    pub first_month: String,
    pub last_month: String,
    pub unit: String,
    pub observed: f64,
    pub observed_low: f64,
    pub observed_high: f64,
    pub modelled: bool,
    pub reason: Option<String>,
    pub part: Option<SplitPart>,
    pub p05: Option<f64>,
    pub p25: Option<f64>,
    pub p50: Option<f64>,
    pub p75: Option<f64>,
    pub p95: Option<f64>,
    pub inside_50: Option<bool>,
    pub inside_90: Option<bool>,
    /// Strongest benchmark of its series, where the point is tested.
    pub benchmark: Option<String>,
    pub benchmark_p05: Option<f64>,
    pub benchmark_p50: Option<f64>,
    pub benchmark_p95: Option<f64>,
    pub crps: Option<f64>,
}

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

/// How often intervals held, by class.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    pub classes: String,
    pub points: usize,
    pub effective: usize,
    pub inside_50: f64,
    pub inside_90: f64,
    /// Wilson's 90 % interval of `inside_90` on the effective count.
    pub low: f64,
    pub high: f64,
    /// Median width of 90 % intervals: factors for positive series, else the series' own unit.
    pub width_factor: Option<f64>,
    pub width_own: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Scorecard {
    pub split: String,
    pub words: String,
    /// The samples that were scored; none: the prior.
    pub posterior: Option<String>,
    pub stale: Vec<String>,
    pub series: Vec<SeriesScore>,
    pub coverage: Vec<Coverage>,
    /// Ranks in five bins, where at least 30 effective points are there.
    pub ranks: Option<[usize; 5]>,
    /// Mean skill over scorable series that are not weak, with a 90 % interval over series.
    pub skill: Option<f64>,
    pub skill_low: Option<f64>,
    pub skill_high: Option<f64>,
    pub verdict: String,
    pub points: Vec<PointScore>,
}

impl Scorecard {
    /// Series that count: scorable and not weak.
    pub fn counted(&self) -> impl Iterator<Item = &SeriesScore> {
        self.series
            .iter()
            .filter(|s| s.skill.is_some() && s.weak.is_none())
    }

    pub fn with_skill(&self) -> usize {
        self.counted().filter(|s| s.skill > Some(0.0)).count()
    }

    /// Coverage of classes M and E together.
    pub fn pooled(&self) -> Option<&Coverage> {
        self.coverage.iter().find(|c| c.classes == "M and E")
    }
}

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
    fn point(&self, k: usize) -> Vec<f64> {
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

/// Scores one split: `said` from the samples of its fit, `prior` from the prior.
pub fn score(
    h: &Hindcast,
    split: &Split,
    settings: &ScoreSettings,
    said: &PredictiveDraws,
    prior: &PredictiveDraws,
    seed: u64,
) -> Scorecard {
    let part = |k: usize| split.part(h.row(k), h.block(k));
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for k in 0..h.asked.len() {
        groups.entry(h.series(k)).or_default().push(k);
    }
    let mut series = Vec::new();
    let mut benchmark_of: BTreeMap<usize, (String, Vec<f64>)> = BTreeMap::new();
    for ((name, entity), points) in &groups {
        let tested: Vec<usize> = points
            .iter()
            .copied()
            .filter(|k| part(*k) == SplitPart::Test && h.row(*k).class.scored())
            .collect();
        let class = h.row(points[0]).class;
        let found = series_score(h, split, settings, points, &tested, said, prior, seed);
        series.push(match found {
            Ok((score, forecasts)) => {
                for (k, quantiles) in tested.iter().zip(forecasts) {
                    benchmark_of.insert(*k, (score.naive.clone().unwrap_or_default(), quantiles));
                }
                score
            }
            // Without a benchmark the scores themselves still say what the fit gained on the prior.
            Err(reason) => SeriesScore {
                series: name.clone(),
                entity: entity.clone(),
                class,
                weak: h.link(points[0]).weak.clone(),
                n: tested.len(),
                n_effective: years(h, &tested),
                crps: mean_score(h, &tested, said),
                crps_prior: mean_score(h, &tested, prior),
                crps_naive: None,
                naive: None,
                skill: None,
                skill_low: None,
                skill_high: None,
                benchmarks: BTreeMap::new(),
                verdict: format!("not scorable: {reason}"),
            },
        });
    }
    let points = point_scores(h, split, said, &benchmark_of);
    let coverage = coverage(h, split, said);
    let tested: Vec<usize> = (0..h.asked.len())
        .filter(|k| part(*k) == SplitPart::Test && h.row(*k).class.scored())
        .collect();
    let effective: usize = groups
        .values()
        .map(|g| {
            let mine: Vec<usize> = g.iter().copied().filter(|k| tested.contains(k)).collect();
            years(h, &mine)
        })
        .sum();
    let ranks = (effective >= 30).then(|| {
        let all: Vec<f64> = tested
            .iter()
            .map(|k| rank(&said.point(*k), h.scaled(*k, h.row(*k).value)))
            .collect();
        bins(&all)
    });
    let skills: Vec<f64> = series
        .iter()
        .filter(|s| s.weak.is_none())
        .filter_map(|s| s.skill)
        .collect();
    let mean = |at: &[usize]| at.iter().map(|i| skills[*i]).sum::<f64>() / at.len() as f64;
    let chance = Chance::of(seed, 0);
    let interval = bootstrap(skills.len(), settings.bootstrap, mean, |i| {
        chance.uniform(Purpose::Bootstrap, stable_key(&split.name), i)
    });
    Scorecard {
        split: split.name.clone(),
        words: split.words.clone(),
        posterior: None,
        stale: Vec::new(),
        series,
        coverage,
        ranks,
        skill: (!skills.is_empty()).then(|| skills.iter().sum::<f64>() / skills.len() as f64),
        skill_low: interval.map(|i| i.0),
        skill_high: interval.map(|i| i.1),
        verdict: interval
            .map_or("ties", |(a, b)| SkillVerdict::of(a, b).name())
            .into(),
        points,
    }
}

/// Calendar years that points cover: errors within a year are shared.
fn years(h: &Hindcast, points: &[usize]) -> usize {
    let mut all: Vec<i32> = points.iter().map(|k| h.row(*k).last.year()).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// Quantiles that stand for a benchmark's distribution.
const QUANTILES: usize = 199;

/// A benchmark's score of a series: its mean, that of each point, and what it said of each.
type BenchmarkScore = (f64, Vec<f64>, Vec<Vec<f64>>);

/// The score of a series, and the quantiles of its strongest benchmark at every tested point.
fn series_score(
    h: &Hindcast,
    split: &Split,
    settings: &ScoreSettings,
    points: &[usize],
    tested: &[usize],
    said: &PredictiveDraws,
    prior: &PredictiveDraws,
    seed: u64,
) -> Result<(SeriesScore, Vec<Vec<f64>>), String> {
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
        .filter(|k| split.part(h.row(*k), h.block(*k)) == SplitPart::Fit)
        .filter(|k| h.row(*k).class.scored())
        .collect();
    let forecasts = benchmarks(h, &train, tested);
    if forecasts.is_empty() {
        return Err(format!("{} points to fit a benchmark on", train.len()));
    }
    let observed = |k: usize| h.scaled(k, h.row(k).value);
    let mine = each_score(h, tested, said);
    if mine.iter().any(|c| !c.is_finite()) {
        return Err("the model gives no number there".into());
    }
    let mut scores: BTreeMap<String, BenchmarkScore> = BTreeMap::new();
    for (name, all) in forecasts {
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
            .map(|(k, q)| crps::of_quantiles(q, observed(*k)))
            .collect();
        scores.insert(name.to_string(), (mean(&each), each, quantiles));
    }
    let strongest = scores
        .iter()
        .min_by(|a, b| a.1.0.total_cmp(&b.1.0))
        .map(|(name, s)| (name.clone(), s.clone()));
    let Some((naive, (crps_naive, each, quantiles))) = strongest else {
        return Err("no benchmark".into());
    };
    // Resampled by year: points of a year share their errors.
    let mut by_year: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    for (at, k) in tested.iter().enumerate() {
        by_year.entry(h.row(*k).last.year()).or_default().push(at);
    }
    let blocks: Vec<&Vec<usize>> = by_year.values().collect();
    let (name, entity) = h.series(tested[0]);
    let chance = Chance::of(seed, 1);
    let who = stable_key(&format!("{} {name} {entity}", split.name));
    let interval = bootstrap(
        blocks.len(),
        settings.bootstrap,
        |sample| {
            let at = || sample.iter().flat_map(|b| blocks[*b].iter());
            let sum = |v: &[f64]| at().map(|i| v[*i]).sum::<f64>();
            skill(sum(&mine), sum(&each))
        },
        |i| chance.uniform(Purpose::Bootstrap, who, i),
    );
    let my_skill = skill(mean(&mine), crps_naive);
    let score = SeriesScore {
        series: name,
        entity,
        class: h.row(tested[0]).class,
        weak: h.link(tested[0]).weak.clone(),
        n: tested.len(),
        n_effective: blocks.len(),
        crps: Some(mean(&mine)),
        crps_prior: mean_score(h, tested, prior),
        crps_naive: Some(crps_naive),
        naive: Some(naive),
        skill: Some(my_skill),
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

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn decimal_year(h: &Hindcast, k: usize) -> f64 {
    0.5 * (h.row(k).first.decimal_year() + h.row(k).last.decimal_year())
}

/// Every benchmark that the training part allows, with its forecast of every tested point.
fn benchmarks(
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

fn point_scores(
    h: &Hindcast,
    split: &Split,
    said: &PredictiveDraws,
    benchmarks: &BTreeMap<usize, (String, Vec<f64>)>,
) -> Vec<PointScore> {
    let mut all = Vec::new();
    for (row_at, row) in h.evidence.rows.iter().enumerate() {
        let mut point = PointScore {
            target_id: row.target_id.clone(),
            series: row.series.clone(),
            entity: row.entity.clone(),
            period: row.period.clone(),
            class: row.class,
            first_month: row.first.to_string(),
            last_month: row.last.to_string(),
            unit: row.unit.clone(),
            observed: row.value,
            observed_low: row.low.unwrap_or(row.value),
            observed_high: row.high.unwrap_or(row.value),
            modelled: false,
            reason: h.silent[row_at].clone(),
            part: None,
            p05: None,
            p25: None,
            p50: None,
            p75: None,
            p95: None,
            inside_50: None,
            inside_90: None,
            benchmark: None,
            benchmark_p05: None,
            benchmark_p50: None,
            benchmark_p95: None,
            crps: None,
        };
        if let Some(k) = h.asked.iter().position(|a| a.row == row_at) {
            let draws = said.point(k);
            if draws.is_empty() {
                point.reason = Some("the model gives no number there".into());
            } else {
                let q = |p: f64| quantile(&draws, p);
                let out = |p: f64| Some(h.natural(k, q(p)));
                let observed = h.scaled(k, row.value);
                point.modelled = true;
                point.part = Some(split.part(row, h.block(k)));
                (point.p05, point.p25, point.p50, point.p75, point.p95) =
                    (out(0.05), out(0.25), out(0.5), out(0.75), out(0.95));
                point.inside_50 = Some((q(0.25)..=q(0.75)).contains(&observed));
                point.inside_90 = Some((q(0.05)..=q(0.95)).contains(&observed));
                point.crps = row
                    .class
                    .scored()
                    .then(|| crps::fair(&draws, observed))
                    .filter(|c| c.is_finite());
                if let Some((name, quantiles)) = benchmarks.get(&k) {
                    let b = |p: f64| Some(h.natural(k, quantile(quantiles, p)));
                    point.benchmark = Some(name.clone());
                    (
                        point.benchmark_p05,
                        point.benchmark_p50,
                        point.benchmark_p95,
                    ) = (b(0.05), b(0.5), b(0.95));
                }
            }
        }
        all.push(point);
    }
    all
}

fn coverage(h: &Hindcast, split: &Split, said: &PredictiveDraws) -> Vec<Coverage> {
    let groups: [(&str, &[EvidenceClass]); 5] = [
        ("M and E", &[EvidenceClass::M, EvidenceClass::E]),
        ("M", &[EvidenceClass::M]),
        ("E", &[EvidenceClass::E]),
        ("J", &[EvidenceClass::J]),
        ("X, by construction", &[EvidenceClass::X]),
    ];
    let mut all = Vec::new();
    for (name, classes) in groups {
        let points: Vec<usize> = (0..h.asked.len())
            .filter(|k| {
                classes.contains(&h.row(*k).class)
                    && split.part(h.row(*k), h.block(*k)) == SplitPart::Test
                    && h.link(*k).weak.is_none()
            })
            .filter(|k| !said.point(*k).is_empty())
            .collect();
        if points.is_empty() {
            continue;
        }
        let mut series: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
        for k in &points {
            series.entry(h.series(*k)).or_default().push(*k);
        }
        let effective: usize = series.values().map(|s| years(h, s)).sum();
        let inside = |low: f64, high: f64| {
            let held = points.iter().filter(|k| {
                let draws = said.point(**k);
                let observed = h.scaled(**k, h.row(**k).value);
                (quantile(&draws, low)..=quantile(&draws, high)).contains(&observed)
            });
            held.count() as f64 / points.len() as f64
        };
        let widths = |scale: ErrorScale| {
            let mut all: Vec<f64> = points
                .iter()
                .filter(|k| h.link(**k).scale == scale)
                .map(|k| {
                    let draws = said.point(*k);
                    quantile(&draws, 0.95) - quantile(&draws, 0.05)
                })
                .collect();
            all.sort_by(f64::total_cmp);
            (!all.is_empty()).then(|| quantile(&all, 0.5))
        };
        let held = inside(0.05, 0.95);
        let (low, high) = wilson(held, effective as f64, Z_90);
        all.push(Coverage {
            classes: name.into(),
            points: points.len(),
            effective,
            inside_50: inside(0.25, 0.75),
            inside_90: held,
            low,
            high,
            width_factor: widths(ErrorScale::Log).map(maths::exp),
            width_own: widths(ErrorScale::Own),
        });
    }
    all
}
