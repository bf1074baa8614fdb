//! Tables of the scorecard: each column's name stands beside what its cells hold.

use crate::config::splits::SplitPart;
use crate::evidence::headline::{HeadlineColumn, HeadlineEffect};
use crate::evidence::patterns::{PatternScore, Statistic};
use crate::evidence::scorecard::{Coverage, PointScore, Scorecard};
use crate::evidence::series_score::SeriesScore;

/// A column: its name, and the cell of a row.
pub(super) type Column<T> = (&'static str, fn(&T) -> String);

/// The header and a row for each item.
pub(super) fn rows<'a, T: 'a>(
    columns: &[Column<T>],
    items: impl IntoIterator<Item = &'a T>,
) -> Vec<Vec<String>> {
    let header = columns.iter().map(|(name, _)| (*name).to_string());
    let row = |item: &T| columns.iter().map(|(_, cell)| cell(item)).collect();
    std::iter::once(header.collect())
        .chain(items.into_iter().map(row))
        .collect()
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |v| format!("{v:.6}"))
}

/// A number with three digits after the point; `-` for none.
pub(super) fn short_number(value: Option<f64>) -> String {
    value.map_or("-".into(), |v| {
        if v != 0.0 && (v.abs() >= 1e5 || v.abs() < 1e-3) {
            format!("{v:.2e}")
        } else {
            format!("{v:.3}")
        }
    })
}

/// Every digit of a number or a flag; an empty cell for none.
fn plain<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |v| v.to_string())
}

const fn part_name(part: Option<SplitPart>) -> &'static str {
    match part {
        Some(SplitPart::Fit) => "fit",
        Some(SplitPart::Test) => "test",
        Some(SplitPart::Neither) => "neither",
        None => "",
    }
}

pub(super) const POINTS: &[Column<PointScore>] = &[
    ("target_id", |p| p.target_id.clone()),
    ("series", |p| p.series.clone()),
    ("entity", |p| p.entity.clone()),
    ("period", |p| p.period.clone()),
    ("class", |p| format!("{:?}", p.class)),
    ("first_month", |p| p.first_month.clone()),
    ("last_month", |p| p.last_month.clone()),
    ("observed", |p| p.observed.to_string()),
    ("observed_low", |p| p.observed_low.to_string()),
    ("observed_high", |p| p.observed_high.to_string()),
    ("modelled", |p| p.modelled.to_string()),
    ("reason", |p| p.reason.clone().unwrap_or_default()),
    ("part", |p| part_name(p.part).into()),
    ("p05", |p| plain(p.p05)),
    ("p25", |p| plain(p.p25)),
    ("p50", |p| plain(p.p50)),
    ("p75", |p| plain(p.p75)),
    ("p95", |p| plain(p.p95)),
    ("inside_50", |p| plain(p.inside_50)),
    ("inside_90", |p| plain(p.inside_90)),
    ("benchmark", |p| p.benchmark.clone().unwrap_or_default()),
    ("benchmark_p05", |p| plain(p.benchmark_p05)),
    ("benchmark_p50", |p| plain(p.benchmark_p50)),
    ("benchmark_p95", |p| plain(p.benchmark_p95)),
    ("crps", |p| number(p.crps)),
];

/// A recorded value of one of the most important series, as the hindcast draws it.
pub(super) struct HindcastRow<'a> {
    pub(super) point: &'a PointScore,
    pub(super) label: &'static str,
    pub(super) unit: &'static str,
    pub(super) test_from: &'a str,
    pub(super) basis: &'a str,
}

pub(super) fn hindcast_columns<'a>() -> [Column<HindcastRow<'a>>; 22] {
    [
        ("series", |r| r.point.series.clone()),
        ("entity", |r| r.point.entity.clone()),
        ("label", |r| r.label.into()),
        ("unit", |r| r.unit.into()),
        ("axis_unit", |r| {
            let is_share = r.unit.starts_with("per cent");
            if is_share { "fraction" } else { "" }.into()
        }),
        ("first_month", |r| r.point.first_month.clone()),
        ("last_month", |r| r.point.last_month.clone()),
        ("observed", |r| r.point.observed.to_string()),
        ("observed_low", |r| r.point.observed_low.to_string()),
        ("observed_high", |r| r.point.observed_high.to_string()),
        ("part", |r| part_name(r.point.part).into()),
        ("p05", |r| plain(r.point.p05)),
        ("p25", |r| plain(r.point.p25)),
        ("p50", |r| plain(r.point.p50)),
        ("p75", |r| plain(r.point.p75)),
        ("p95", |r| plain(r.point.p95)),
        ("benchmark", |r| {
            r.point.benchmark.clone().unwrap_or_default()
        }),
        ("benchmark_p05", |r| plain(r.point.benchmark_p05)),
        ("benchmark_p50", |r| plain(r.point.benchmark_p50)),
        ("benchmark_p95", |r| plain(r.point.benchmark_p95)),
        ("test_from", |r| r.test_from.into()),
        ("basis", |r| r.basis.into()),
    ]
}

fn series_columns<'a>() -> [Column<(&'a Scorecard, &'a SeriesScore)>; 15] {
    [
        ("split", |(card, _)| card.split.clone()),
        ("series", |(_, s)| s.series.clone()),
        ("entity", |(_, s)| s.entity.clone()),
        ("class", |(_, s)| format!("{:?}", s.class)),
        ("weak", |(_, s)| s.weak.clone().unwrap_or_default()),
        ("n", |(_, s)| s.n.to_string()),
        ("n_effective", |(_, s)| s.n_effective.to_string()),
        ("crps", |(_, s)| number(s.crps)),
        ("crps_prior", |(_, s)| number(s.crps_prior)),
        ("crps_naive", |(_, s)| number(s.crps_naive)),
        ("naive", |(_, s)| s.naive.clone().unwrap_or_default()),
        ("skill", |(_, s)| number(s.skill)),
        ("skill_low", |(_, s)| number(s.skill_low)),
        ("skill_high", |(_, s)| number(s.skill_high)),
        ("verdict", |(_, s)| s.verdict.clone()),
    ]
}

/// The series of each split that are kept.
pub(super) fn series_rows(
    cards: &[Scorecard],
    keep: impl Fn(&SeriesScore) -> bool,
) -> Vec<Vec<String>> {
    let all: Vec<_> = cards
        .iter()
        .flat_map(|card| card.series.iter().map(move |s| (card, s)))
        .filter(|(_, s)| keep(s))
        .collect();
    rows(&series_columns(), &all)
}

fn coverage_columns<'a>() -> [Column<(&'a Scorecard, &'a Coverage)>; 10] {
    [
        ("split", |(card, _)| card.split.clone()),
        ("classes", |(_, c)| c.classes.clone()),
        ("points", |(_, c)| c.points.to_string()),
        ("effective", |(_, c)| c.effective.to_string()),
        ("inside_50", |(_, c)| format!("{:.3}", c.inside_50)),
        ("inside_90", |(_, c)| format!("{:.3}", c.inside_90)),
        ("low", |(_, c)| format!("{:.3}", c.low)),
        ("high", |(_, c)| format!("{:.3}", c.high)),
        ("width_factor", |(_, c)| short_number(c.width_factor)),
        ("width_own", |(_, c)| short_number(c.width_own)),
    ]
}

pub(super) fn coverage_rows(cards: &[Scorecard]) -> Vec<Vec<String>> {
    let all: Vec<_> = cards
        .iter()
        .flat_map(|card| card.coverage.iter().map(move |c| (card, c)))
        .collect();
    rows(&coverage_columns(), &all)
}

fn pattern_columns<'a>() -> [Column<(&'a PatternScore, &'a Statistic)>; 10] {
    [
        ("pattern", |(p, _)| p.pattern.clone()),
        ("statistic", |(_, s)| s.words.clone()),
        ("low", |(_, s)| short_number(s.low)),
        ("high", |(_, s)| short_number(s.high)),
        ("median", |(_, s)| short_number(s.median)),
        ("share_inside", |(_, s)| format!("{:.2}", s.share_inside)),
        ("null", |(p, _)| p.null.clone()),
        ("null_median", |(_, s)| short_number(s.null_median)),
        ("null_share_inside", |(_, s)| {
            format!("{:.2}", s.null_share_inside)
        }),
        ("verdict", |(p, _)| p.verdict.clone()),
    ]
}

pub(super) fn pattern_rows<'a>(
    patterns: impl IntoIterator<Item = &'a PatternScore>,
) -> Vec<Vec<String>> {
    let all: Vec<_> = patterns
        .into_iter()
        .flat_map(|p| p.statistics.iter().map(move |s| (p, s)))
        .collect();
    rows(&pattern_columns(), &all)
}

/// An effect under one set of parameters.
struct EffectCell<'a> {
    effect: &'a HeadlineEffect,
    column: &'static str,
    found: &'a HeadlineColumn,
}

fn effect_columns<'a>() -> [Column<EffectCell<'a>>; 7] {
    [
        ("outcome", |e| e.effect.outcome.clone()),
        ("regime", |e| e.effect.regime.clone()),
        ("column", |e| e.column.into()),
        ("mean", |e| short_number(Some(e.found.mean))),
        ("p05", |e| short_number(Some(e.found.p05))),
        ("p95", |e| short_number(Some(e.found.p95))),
        ("probability_positive", |e| {
            format!("{:.2}", e.found.probability_positive)
        }),
    ]
}

pub(super) fn effect_rows(effects: &[HeadlineEffect]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for effect in effects {
        for (column, found) in [
            ("prior", &effect.prior),
            ("posterior", &effect.posterior),
            ("posterior, unsupported channels off", &effect.supported),
        ] {
            all.extend(found.as_ref().map(|found| EffectCell {
                effect,
                column,
                found,
            }));
        }
    }
    rows(&effect_columns(), &all)
}
