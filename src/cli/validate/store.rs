//! The folder of a scorecard: its tables and its figures for each split.

use std::collections::BTreeMap;
use std::path::Path;

use super::answer::ValidationReport;
use super::tables::{
    HindcastRow, POINTS, coverage_rows, effect_rows, hindcast_columns, pattern_rows, rows,
    series_rows,
};
use crate::cli::{Answer, Failure, csv_text};
use crate::config::evidence::EvidenceClass;
use crate::config::figure::FigureFile;
use crate::config::splits::SplitPart;
use crate::evidence::scorecard::{PointScore, Scorecard};
use crate::evidence::series_score::SeriesScore;
use crate::plots::{ScorecardPoint, draw_all, draw_scorecard, hindcast_figure, series_label};
use crate::results::{FolderClaim, HINDCAST_TABLE, Results, WorkingFolder, files, tables};

/// A series that a reader looks at first.
struct KeySeries {
    series: &'static str,
    /// How the names of its entities begin.
    entity: &'static str,
    label: &'static str,
    unit: &'static str,
}

const fn key(
    series: &'static str,
    entity: &'static str,
    label: &'static str,
    unit: &'static str,
) -> KeySeries {
    KeySeries {
        series,
        entity,
        label,
        unit,
    }
}

/// The gap, both frontiers, revenue, shares, cards, compute, smuggling: in the order in which they are drawn.
const KEY_SERIES: [KeySeries; 12] = [
    key(
        "us_china_gap_months",
        "",
        "China behind the United States",
        "months",
    ),
    key(
        "us_china_gap_eci",
        "",
        "China behind the US, capability",
        "index points",
    ),
    key(
        "eci_frontier",
        "China",
        "Best Chinese model",
        "index points",
    ),
    key("eci_frontier", "US", "Best US model", "index points"),
    key(
        "nvidia_dc_revenue_quarter",
        "",
        "NVIDIA, data centres",
        "bn USD a quarter",
    ),
    key(
        "nvidia_china_revenue_quarter",
        "",
        "NVIDIA in China",
        "bn USD a quarter",
    ),
    key(
        "china_market_share",
        "NVIDIA",
        "NVIDIA's share of China's market",
        "per cent",
    ),
    key(
        "china_card_share",
        "Domestic",
        "Chinese makers' share of cards",
        "per cent of cards",
    ),
    key(
        "china_cards_shipped_total",
        "",
        "Cards shipped in China",
        "million cards",
    ),
    key(
        "h100e_shipped_year",
        "NVIDIA",
        "Compute that NVIDIA ships",
        "H100e a year",
    ),
    key("china_compute_stock", "", "Compute in China", "H100e"),
    key(
        "smuggled_units",
        "",
        "Chips smuggled into China",
        "chips a year",
    ),
];

/// Every table in a folder, atomically.
pub(super) fn store(
    working: &WorkingFolder,
    claim: &FolderClaim,
    answer: &ValidationReport,
) -> Answer {
    let into = working.fresh()?;
    for (name, text) in texts(answer) {
        files::write(&into.join(name), text)?;
    }
    for card in &answer.splits {
        draw(&into.join("plots"), answer, card)?;
    }
    working.finish(claim)?;
    Ok(())
}

/// Tables of the split that leads, which the report of a results folder shows: its scored series, and its hindcast.
pub(super) fn tables_of_report(answer: &ValidationReport) -> [(String, String); 2] {
    let card = answer.lead();
    let scored = series_rows(std::slice::from_ref(card), |s| s.skill.is_some());
    [
        ("scorecard.csv".into(), csv_text(&scored)),
        hindcast_table(answer, card),
    ]
}

/// The table that the hindcast of a split is drawn from, by the name of its file.
fn hindcast_table(answer: &ValidationReport, card: &Scorecard) -> (String, String) {
    let basis = basis(answer, card);
    let points: Vec<HindcastRow<'_>> = KEY_SERIES
        .iter()
        .flat_map(|key| {
            let is_its = |p: &&PointScore| {
                p.series == key.series && p.entity.starts_with(key.entity) && p.p50.is_some()
            };
            card.points.iter().filter(is_its).map(|point| HindcastRow {
                point,
                label: key.label,
                unit: key.unit,
                test_from: card.test_from.as_deref().unwrap_or_default(),
                basis: &basis,
            })
        })
        .collect();
    let text = csv_text(&rows(&hindcast_columns(), &points));
    (format!("{HINDCAST_TABLE}{}.csv", card.split), text)
}

/// What a figure of a split rests on.
fn basis(answer: &ValidationReport, card: &Scorecard) -> String {
    let samples = card.posterior.as_ref().map_or_else(
        || "from the prior".to_string(),
        |name| format!("from samples of the posterior {name}"),
    );
    format!(
        "Split {}, {}; {samples}, {} draws under the recorded rules; {} looks at test periods are on record; chokepoint {}.",
        card.split,
        card.words,
        answer.draws,
        answer.registration.looks,
        env!("CARGO_PKG_VERSION")
    )
}

/// Texts of the tables by the names of their files.
fn texts(answer: &ValidationReport) -> BTreeMap<String, String> {
    let points = answer.splits.iter().flat_map(|card| {
        let name = format!("points-{}.csv", card.split);
        let points = (name, csv_text(&rows(POINTS, &card.points)));
        [points, hindcast_table(answer, card)]
    });
    let registration = serde_json::to_string_pretty(&answer.registration).unwrap_or_default();
    points
        .chain([
            (
                "series.csv".into(),
                csv_text(&series_rows(&answer.splits, |_| true)),
            ),
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

/// The figures of one split: every series, and the most important ones.
fn draw(into: &Path, answer: &ValidationReport, card: &Scorecard) -> Answer {
    let title = format!("Held against the record: split {}", card.split);
    let basis = format!(
        "{} Conditional on these assumptions, not a forecast.",
        basis(answer, card)
    );
    let name = format!("scorecard-{}", card.split);
    let failed = |e| Failure::Input(format!("error: {e}\n"));
    draw_scorecard(&title, &basis, &held(card), into, &name).map_err(failed)?;
    let (path, text) = hindcast_table(answer, card);
    let mut results = Results::default();
    let table = tables::parse(&text).map_err(|e| failed(format!("{path}: {e}")))?;
    let name = path.trim_end_matches(".csv").to_string();
    results.tables.insert(name, table);
    let figures: Vec<FigureFile> = hindcast_figure(&card.split).into_iter().collect();
    draw_all(&results, &figures, into)?;
    Ok(())
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
        "" => String::new(),
        some => some.into(),
    }
}

/// What the page of figures shows: every point that the model answers.
fn held(card: &Scorecard) -> Vec<ScorecardPoint> {
    let of = |p: &PointScore| {
        let class = match p.class {
            EvidenceClass::M => "measured",
            EvidenceClass::E => "estimated",
            EvidenceClass::J => "judged",
            EvidenceClass::X => "an input",
        };
        let is_share = p.unit.starts_with("share");
        Some(ScorecardPoint {
            label: series_label(&p.series, &entity_of(card, p)),
            words: format!("{class}, {}", p.unit),
            unit: if is_share { "fraction" } else { "" }.into(),
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
