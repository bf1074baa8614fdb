//! The folder of a scorecard: its tables and a page of figures for each split.

use std::collections::BTreeMap;
use std::path::Path;

use super::answer::ValidationReport;
use super::tables::{POINTS, coverage_rows, effect_rows, pattern_rows, rows, series_rows};
use crate::cli::{Answer, Failure, csv_text};
use crate::config::splits::SplitPart;
use crate::evidence::scorecard::{PointScore, Scorecard};
use crate::evidence::series_score::SeriesScore;
use crate::plots::{ScorecardPoint, draw_scorecard};
use crate::results::{FolderClaim, WorkingFolder, files};

/// Series and beginnings of entities that a reader looks at first: the gap, both frontiers, revenue, shares, cards, compute.
const KEY_SERIES: [(&str, &str); 12] = [
    ("us_china_gap_months", ""),
    ("us_china_gap_eci", ""),
    ("eci_frontier", "China"),
    ("eci_frontier", "US"),
    ("nvidia_dc_revenue_quarter", ""),
    ("nvidia_china_revenue_quarter", ""),
    ("china_market_share", "NVIDIA"),
    ("china_card_share", "Domestic"),
    ("china_cards_shipped_total", ""),
    ("h100e_shipped_year", "NVIDIA"),
    ("china_compute_stock", ""),
    ("smuggled_units", ""),
];

/// Every table in a folder, atomically.
pub(super) fn store(
    working: &WorkingFolder,
    claim: &FolderClaim,
    answer: &ValidationReport,
) -> Answer {
    let into = working.fresh()?;
    for (name, text) in tables(answer) {
        files::write(&into.join(name), text)?;
    }
    for card in &answer.splits {
        draw(&into.join("plots"), answer, card)?;
    }
    working.finish(claim)?;
    Ok(())
}

/// Texts of the tables by the names of their files.
fn tables(answer: &ValidationReport) -> BTreeMap<String, String> {
    let points = answer.splits.iter().map(|card| {
        let name = format!("points-{}.csv", card.split);
        (name, csv_text(&rows(POINTS, &card.points)))
    });
    let registration = serde_json::to_string_pretty(&answer.registration).unwrap_or_default();
    points
        .chain([
            ("series.csv".into(), csv_text(&series_rows(&answer.splits))),
            (
                "coverage.csv".into(),
                csv_text(&coverage_rows(&answer.splits)),
            ),
            (
                "patterns.csv".into(),
                csv_text(&pattern_rows(&answer.patterns)),
            ),
            (
                "effects.csv".into(),
                csv_text(&effect_rows(&answer.effects)),
            ),
            ("manifest.json".into(), registration + "\n"),
        ])
        .collect()
}

/// The page of figures of one split.
fn draw(into: &Path, answer: &ValidationReport, card: &Scorecard) -> Answer {
    let samples = card.posterior.as_ref().map_or_else(
        || "from the prior".to_string(),
        |name| format!("from samples of the posterior `{name}`"),
    );
    let title = format!("Held against the record: split {}", card.split);
    let basis = format!(
        "{}; {samples}, {} draws under the recorded rules. Classes: M measured, E estimated, J judged, X an input. {} looks at test \
         periods are on record. Conditional on these assumptions, not a forecast.",
        card.words, answer.draws, answer.registration.looks
    );
    let name = format!("scorecard-{}", card.split);
    let failed = |e| Failure::Input(format!("error: {e}\n"));
    let points = held(card);
    draw_scorecard(&title, &basis, &points, into, &name).map_err(failed)?;
    let title = format!("The most important series: split {}", card.split);
    let is_key = |p: &&ScorecardPoint| {
        let mut all = KEY_SERIES.iter();
        all.any(|(series, entity)| p.series == *series && p.entity.starts_with(entity))
    };
    let points: Vec<ScorecardPoint> = points.iter().filter(is_key).cloned().collect();
    let name = format!("hindcast-{}", card.split);
    draw_scorecard(&title, &basis, &points, into, &name).map_err(failed)
}

/// The entities that a point is scored with.
fn entity_of(card: &Scorecard, p: &PointScore) -> String {
    let takes = |s: &&SeriesScore| {
        let all = s.entity.strip_suffix('*');
        let named = all.map_or(s.entity == p.entity, |start| p.entity.starts_with(start));
        s.series == p.series && named
    };
    let named = card.series.iter().find(takes).map(|s| s.entity.as_str());
    match named.unwrap_or(&p.entity).trim_end_matches(['*', ':']) {
        "" => "all of it".into(),
        some => some.into(),
    }
}

/// What the page of figures shows: every point that the model answers.
fn held(card: &Scorecard) -> Vec<ScorecardPoint> {
    let of = |p: &PointScore| {
        Some(ScorecardPoint {
            series: p.series.clone(),
            entity: entity_of(card, p),
            class: format!("{:?}", p.class),
            unit: p.unit.clone(),
            first: p.first_month.parse().ok()?,
            last: p.last_month.parse().ok()?,
            observed: [p.observed, p.observed_low, p.observed_high],
            modelled: [p.p05?, p.p25?, p.p50?, p.p75?, p.p95?],
            benchmark: p
                .benchmark_p05
                .zip(p.benchmark_p50)
                .zip(p.benchmark_p95)
                .map(|((low, middle), high)| [low, middle, high]),
            tested: p.part == Some(SplitPart::Test),
        })
    };
    card.points.iter().filter_map(of).collect()
}
