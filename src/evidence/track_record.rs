//! Scores dated forecasts against the rows that came, beside naive forecasts and beside earlier forecasts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::hindcast::Hindcast;
use super::series_score::{benchmark_scores, benchmarks, mean, years};
use crate::analysis::coverage::{Z_90, wilson};
use crate::analysis::crps;
use crate::analysis::skill::{bootstrap, skill};
use crate::config::evidence::EvidenceClass;
use crate::config::forecast::{Forecast, Prediction};
use crate::config::splits::ScoreSettings;
use crate::foundation::calendar::Month;
use crate::foundation::chance::{Chance, Purpose, stable_key};
use crate::foundation::maths;

/// Whether a prediction counts in the track record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PredictionStanding {
    /// Its value came after the date of the forecast, under the branch that came.
    Counted,
    /// Its value came; its period was over when the forecast was dated.
    WasOver,
    /// Conditional on a branch that did not come.
    OtherBranch,
    /// No value yet.
    #[default]
    Waiting,
}

impl PredictionStanding {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::WasOver => "set apart: the period was over",
            Self::OtherBranch => "set apart: another branch came",
            Self::Waiting => "waiting",
        }
    }
}

/// One prediction beside what came; a row of `track_record.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScoredPrediction {
    pub dated: String,
    pub branch: String,
    pub standing: String,
    pub series: String,
    pub entity: String,
    pub class: String,
    pub weak: bool,
    pub unit: String,
    pub first_month: Month,
    pub last_month: Month,
    /// The row that came.
    pub target_id: String,
    pub observed: Option<f64>,
    pub p05: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p95: f64,
    pub inside_50: Option<bool>,
    pub inside_90: Option<bool>,
    /// Scores on the scale of the series, for measured and estimated rows.
    pub crps: Option<f64>,
    pub naive: String,
    pub crps_naive: Option<f64>,
}

/// What the predictions of one forecast under one branch are worth so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TrackRecord {
    pub dated: String,
    pub branch: String,
    pub standing: String,
    pub predictions: usize,
    /// Predictions with a value, of series that are not weak.
    pub came: usize,
    /// The same with values of one series and year counted once, since they share their errors.
    pub effective: usize,
    pub inside_50: Option<f64>,
    pub inside_90: Option<f64>,
    /// Wilson's 90 % interval of `inside_90`.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Series with a score and a naive forecast; the mean skill over them with its 90 % interval.
    pub series: usize,
    pub skill: Option<f64>,
    pub skill_low: Option<f64>,
    pub skill_high: Option<f64>,
    /// Skill against the forecast before, on the rows that both predicted.
    pub earlier: String,
    pub shared: usize,
    pub skill_on_earlier: Option<f64>,
}

/// A prediction and the point that answers it.
struct AnsweredPrediction<'a> {
    prediction: &'a Prediction,
    k: usize,
}

/// Scores every prediction of a forecast. `h` reads the whole record, later rows among it; `came` is the branch that came, where
/// that is known: without it no branch is set apart.
pub fn score_forecast(
    h: &Hindcast,
    forecast: &Forecast,
    came: Option<&str>,
) -> Vec<ScoredPrediction> {
    let mut naive: BTreeMap<usize, (String, f64)> = BTreeMap::new();
    let mut all = Vec::new();
    for branch in &forecast.file.branch {
        let of_branch = || {
            forecast
                .predictions
                .iter()
                .filter(|p| p.branch == branch.name)
        };
        let mut groups: BTreeMap<(&str, &str, bool), Vec<AnsweredPrediction>> = BTreeMap::new();
        for prediction in of_branch() {
            let key = (
                prediction.series.as_str(),
                prediction.entity.as_str(),
                prediction.was_over,
            );
            let points = answers(h, prediction).map(|k| AnsweredPrediction { prediction, k });
            groups.entry(key).or_default().extend(points);
        }
        for ((series, entity, _), answered) in &groups {
            let mut predicted = of_branch().filter(|p| p.series == *series && p.entity == *entity);
            let Some(start) = predicted.next().map(|p| p.last_month) else {
                continue;
            };
            for (k, score) in naive_scores(h, answered, start) {
                naive.entry(k).or_insert(score);
            }
        }
        for prediction in of_branch() {
            let apart = came.is_some_and(|came| came != branch.name);
            let points: Vec<usize> = answers(h, prediction).collect();
            if points.is_empty() {
                let standing = if apart {
                    PredictionStanding::OtherBranch
                } else {
                    PredictionStanding::Waiting
                };
                all.push(unanswered(forecast, prediction, standing));
            }
            for k in points {
                let standing = match (apart, prediction.was_over) {
                    (true, _) => PredictionStanding::OtherBranch,
                    (_, true) => PredictionStanding::WasOver,
                    _ => PredictionStanding::Counted,
                };
                let row = unanswered(forecast, prediction, standing);
                all.push(scored(h, prediction, k, naive.get(&k), row));
            }
        }
    }
    all
}

/// Rows of the record that answer a prediction: of its series and period, inputs of the model left out.
fn answers<'a>(h: &'a Hindcast, p: &'a Prediction) -> impl Iterator<Item = usize> + 'a {
    (0..h.asked.len()).filter(move |k| {
        let row = h.row(*k);
        row.series == p.series
            && h.link(*k).entity == p.entity
            && (row.first, row.last) == (p.first_month, p.last_month)
            && row.class != EvidenceClass::X
    })
}

/// The strongest naive forecast of the rows that came, fitted to the rows that end before the first predicted period, and its
/// score of each.
fn naive_scores(
    h: &Hindcast,
    answered: &[AnsweredPrediction],
    start: Month,
) -> Vec<(usize, (String, f64))> {
    let tested: Vec<usize> = answered
        .iter()
        .map(|a| a.k)
        .filter(|k| h.row(*k).class.scored())
        .collect();
    let Some(first) = answered.first() else {
        return Vec::new();
    };
    let (series, entity) = (&first.prediction.series, &first.prediction.entity);
    let train: Vec<usize> = (0..h.asked.len())
        .filter(|k| {
            let row = h.row(*k);
            row.series == *series
                && h.link(*k).entity == *entity
                && row.class.scored()
                && row.last < start
        })
        .collect();
    if tested.is_empty() {
        return Vec::new();
    }
    let scores = benchmark_scores(h, &tested, benchmarks(h, &train, &tested));
    let strongest = scores.into_iter().min_by(|a, b| a.1.0.total_cmp(&b.1.0));
    let Some((name, (_, each, _))) = strongest else {
        return Vec::new();
    };
    let named = each.into_iter().map(|score| (name.clone(), score));
    tested.into_iter().zip(named).collect()
}

fn unanswered(
    forecast: &Forecast,
    p: &Prediction,
    standing: PredictionStanding,
) -> ScoredPrediction {
    ScoredPrediction {
        dated: forecast.file.dated.to_string(),
        branch: p.branch.clone(),
        standing: standing.name().into(),
        series: p.series.clone(),
        entity: p.entity.clone(),
        class: p.class.clone(),
        weak: p.weak,
        unit: p.unit.clone(),
        first_month: p.first_month,
        last_month: p.last_month,
        p05: p.p05,
        p25: p.p25,
        p50: p.p50,
        p75: p.p75,
        p95: p.p95,
        ..ScoredPrediction::default()
    }
}

/// A prediction beside the row that came.
fn scored(
    h: &Hindcast,
    p: &Prediction,
    k: usize,
    naive: Option<&(String, f64)>,
    row: ScoredPrediction,
) -> ScoredPrediction {
    let came = h.row(k);
    let scaled = |v: f64| if p.is_log() { maths::ln(v) } else { v };
    let quantiles: Vec<f64> = p.distribution().into_iter().map(scaled).collect();
    let score = crps::of_quantiles(&quantiles, scaled(came.value));
    ScoredPrediction {
        class: format!("{:?}", came.class),
        target_id: came.target_id.clone(),
        observed: Some(came.value),
        inside_50: Some((p.p25..=p.p75).contains(&came.value)),
        inside_90: Some((p.p05..=p.p95).contains(&came.value)),
        crps: (came.class.scored() && score.is_finite()).then_some(score),
        naive: naive.map_or_else(String::new, |n| n.0.clone()),
        crps_naive: naive.map(|n| n.1),
        ..row
    }
}

/// The track record of a forecast, branch by branch and standing by standing. `before` holds the scores of the forecast
/// before it.
pub fn track_record(
    h: &Hindcast,
    settings: &ScoreSettings,
    rows: &[ScoredPrediction],
    before: Option<&[ScoredPrediction]>,
) -> Vec<TrackRecord> {
    let mut groups: BTreeMap<(&str, &str, bool), Vec<&ScoredPrediction>> = BTreeMap::new();
    let was_over = PredictionStanding::WasOver.name();
    for row in rows {
        let key = (
            row.dated.as_str(),
            row.branch.as_str(),
            row.standing == was_over,
        );
        groups.entry(key).or_default().push(row);
    }
    let records = groups.into_iter();
    records
        .map(|((dated, branch, over), rows)| {
            let came: Vec<&ScoredPrediction> = rows
                .iter()
                .copied()
                .filter(|r| r.observed.is_some() && !r.weak)
                .collect();
            let standing = match came.first() {
                Some(first) => first.standing.clone(),
                None if over => was_over.into(),
                None => rows[0].standing.clone(),
            };
            let mut record = TrackRecord {
                dated: dated.into(),
                branch: branch.into(),
                standing,
                predictions: rows.len(),
                came: came.len(),
                ..TrackRecord::default()
            };
            if !came.is_empty() {
                coverage(h, &came, &mut record);
                skills(settings, &came, &mut record);
            }
            if let Some(before) = before {
                against(before, &came, &mut record);
            }
            record
        })
        .collect()
}

/// How often intervals held.
fn coverage(h: &Hindcast, came: &[&ScoredPrediction], record: &mut TrackRecord) {
    let share = |of: fn(&ScoredPrediction) -> Option<bool>| {
        let held = came.iter().filter(|r| of(r) == Some(true)).count();
        held as f64 / came.len() as f64
    };
    let mut series: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for row in came {
        let point = (0..h.asked.len()).find(|k| h.row(*k).target_id == row.target_id);
        let points = series.entry((&row.series, &row.entity)).or_default();
        points.extend(point);
    }
    record.effective = series.values().map(|points| years(h, points)).sum();
    let held = share(|r| r.inside_90);
    let (low, high) = wilson(held, record.effective as f64, Z_90);
    record.inside_50 = Some(share(|r| r.inside_50));
    record.inside_90 = Some(held);
    (record.low, record.high) = (Some(low), Some(high));
}

/// Mean skill over series, with its interval over resampled series.
fn skills(settings: &ScoreSettings, came: &[&ScoredPrediction], record: &mut TrackRecord) {
    let mut series: BTreeMap<(&str, &str), Vec<(f64, f64)>> = BTreeMap::new();
    for row in came {
        if let (Some(mine), Some(naive)) = (row.crps, row.crps_naive) {
            let scores = series.entry((&row.series, &row.entity)).or_default();
            scores.push((mine, naive));
        }
    }
    let all: Vec<f64> = series.values().map(|scores| skill_of(scores)).collect();
    let all: Vec<f64> = all.into_iter().filter(|s| s.is_finite()).collect();
    record.series = all.len();
    record.skill = (!all.is_empty()).then(|| mean(&all));
    let who = stable_key(&format!("{} {}", record.dated, record.branch));
    let interval = bootstrap(
        all.len(),
        settings.bootstrap,
        |sample| sample.iter().map(|i| all[*i]).sum::<f64>() / sample.len() as f64,
        |i| Chance::of(1, 0).uniform(Purpose::Bootstrap, who, i),
    );
    (record.skill_low, record.skill_high) = (interval.map(|i| i.0), interval.map(|i| i.1));
}

/// Skill on the forecast before, over the rows that both predicted under the same branch.
fn against(before: &[ScoredPrediction], came: &[&ScoredPrediction], record: &mut TrackRecord) {
    let shared: Vec<(f64, f64)> = came
        .iter()
        .filter_map(|row| {
            let same =
                |b: &&ScoredPrediction| b.target_id == row.target_id && b.branch == row.branch;
            Some((row.crps?, before.iter().find(same)?.crps?))
        })
        .collect();
    record.earlier = before.first().map_or_else(String::new, |b| b.dated.clone());
    record.shared = shared.len();
    record.skill_on_earlier = (!shared.is_empty()).then(|| skill_of(&shared));
}

/// Skill of summed scores, each with that of its rival.
fn skill_of(scores: &[(f64, f64)]) -> f64 {
    let (mine, rival): (Vec<f64>, Vec<f64>) = scores.iter().copied().unzip();
    skill(mean(&mine), mean(&rival))
}
