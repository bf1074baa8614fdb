//! The scorecard: scores the model's predictions of recorded points against simple benchmark forecasts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::hindcast::Hindcast;
use super::predictive::PredictiveDraws;
use super::series_score::{Scoring, SeriesScore, years};
use crate::analysis::bands::quantile;
use crate::analysis::coverage::{Z_90, bins, rank, wilson};
use crate::analysis::crps;
use crate::analysis::skill::{SkillVerdict, bootstrap};
use crate::config::evidence::{ErrorScale, EvidenceClass};
use crate::config::splits::{ScoreSettings, Split, SplitPart};
use crate::foundation::chance::{Chance, Purpose, stable_key};
use crate::foundation::maths;

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
    /// First month of the test, where months divide the record.
    pub test_from: Option<String>,
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

/// Scores one split: `said` from the samples of its fit, `prior` from the prior.
pub fn score(
    h: &Hindcast,
    split: &Split,
    settings: &ScoreSettings,
    said: &PredictiveDraws,
    prior: &PredictiveDraws,
    seed: u64,
) -> Scorecard {
    let scoring = Scoring {
        h,
        split,
        settings,
        said,
        prior,
        seed,
    };
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for k in 0..h.asked.len() {
        groups.entry(h.series(k)).or_default().push(k);
    }
    let mut series = Vec::new();
    let mut benchmark_of: BTreeMap<usize, (String, Vec<f64>)> = BTreeMap::new();
    let mut effective = 0;
    for points in groups.values() {
        let tested: Vec<usize> = points
            .iter()
            .copied()
            .filter(|k| scoring.is_tested(*k))
            .collect();
        effective += years(h, &tested);
        series.push(match scoring.series(points, &tested) {
            Ok((score, forecasts)) => {
                for (k, quantiles) in tested.iter().zip(forecasts) {
                    benchmark_of.insert(*k, (score.naive.clone().unwrap_or_default(), quantiles));
                }
                score
            }
            Err(reason) => scoring.without_benchmark(points, &tested, &reason),
        });
    }
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
        test_from: split.test_from.map(|month| month.to_string()),
        posterior: None,
        stale: Vec::new(),
        series,
        coverage: coverage(h, split, said),
        ranks: (effective >= 30).then(|| ranks(&scoring)),
        skill: (!skills.is_empty()).then(|| skills.iter().sum::<f64>() / skills.len() as f64),
        skill_low: interval.map(|i| i.0),
        skill_high: interval.map(|i| i.1),
        verdict: interval
            .map_or("ties", |(a, b)| SkillVerdict::of(a, b).name())
            .into(),
        points: point_scores(h, split, said, &benchmark_of),
    }
}

/// Ranks of tested points among the draws, in five bins.
fn ranks(scoring: &Scoring<'_>) -> [usize; 5] {
    let h = scoring.h;
    let all: Vec<f64> = (0..h.asked.len())
        .filter(|k| scoring.is_tested(*k))
        .map(|k| rank(&scoring.said.point(k), h.scaled(k, h.row(k).value)))
        .collect();
    bins(&all)
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
                point.part = Some(split.part(row, h.block(k)));
                describe_draws(h, k, &draws, benchmarks.get(&k), &mut point);
            }
        }
        all.push(point);
    }
    all
}

/// Quantiles of the draws of a point, of its benchmark, and whether its intervals hold.
fn describe_draws(
    h: &Hindcast,
    k: usize,
    draws: &[f64],
    benchmark: Option<&(String, Vec<f64>)>,
    point: &mut PointScore,
) {
    let row = h.row(k);
    let q = |p: f64| quantile(draws, p);
    let out = |p: f64| Some(h.natural(k, q(p)));
    let observed = h.scaled(k, row.value);
    point.modelled = true;
    (point.p05, point.p25, point.p50, point.p75, point.p95) =
        (out(0.05), out(0.25), out(0.5), out(0.75), out(0.95));
    point.inside_50 = Some((q(0.25)..=q(0.75)).contains(&observed));
    point.inside_90 = Some((q(0.05)..=q(0.95)).contains(&observed));
    point.crps = row
        .class
        .scored()
        .then(|| crps::fair(draws, observed))
        .filter(|c| c.is_finite());
    if let Some((name, quantiles)) = benchmark {
        let b = |p: f64| Some(h.natural(k, quantile(quantiles, p)));
        point.benchmark = Some(name.clone());
        (
            point.benchmark_p05,
            point.benchmark_p50,
            point.benchmark_p95,
        ) = (b(0.05), b(0.5), b(0.95));
    }
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
