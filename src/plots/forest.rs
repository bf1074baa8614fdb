//! Forest: paired effects with 50 and 90 % intervals, relative to the baseline's mean.

use super::canvas::Anchor;
use super::theme::{GRID, INK, LABEL, SERIES, SMALL, SOFT, in_unit};
use super::{Sheet, outcome_words};
use crate::config::figure::{Forest, Scale};
use crate::results::{EffectRow, Part, Results};

const ROW: f64 = 17.0;

/// Draws one row for each outcome and regime; answers what the figure says.
pub fn draw(sheet: &mut Sheet, results: &Results, forest: &Forest) -> String {
    let study = &results.manifest.study;
    let arms: Vec<&str> = study
        .arms
        .iter()
        .map(|a| a.name.as_str())
        .filter(|a| *a != study.baseline)
        .collect();
    let row = |outcome: &str, arm: &str| {
        results.effects.iter().find(|e| {
            e.outcome == outcome
                && e.regime == arm
                && e.part == Part::Total
                && e.baseline_mean.abs() > 0.0
        })
    };
    // Shares differ in percentage points; everything else relative to the baseline's mean.
    let relative = |e: &EffectRow, v: f64| {
        let share = outcome_words(results, &e.outcome).1 == "fraction";
        100.0 * if share { v } else { v / e.baseline_mean.abs() }
    };
    let all = forest
        .outcomes
        .iter()
        .flat_map(|o| arms.iter().filter_map(|a| row(o, a)));
    let (mut low, mut high) = (-10.0_f64, 10.0_f64);
    for e in all {
        low = low.min(relative(e, e.p05));
        high = high.max(relative(e, e.p95));
    }
    // A few long intervals would flatten the rest: they are cut at the edge, with an arrow, and stand in figures beside.
    let (low, high) = (low.max(-120.0), high.min(160.0));
    let (left, right) = (310.0, sheet.canvas.width - 240.0);
    let x = |percent: f64| left + (percent.clamp(low, high) - low) / (high - low) * (right - left);
    let top = sheet.y + 30.0;
    let bottom = top + forest.outcomes.len() as f64 * (ROW * arms.len() as f64 + 9.0);
    for value in super::axis::ticks(low, high, Scale::Linear) {
        let colour = if value == 0.0 { SOFT } else { GRID };
        sheet
            .canvas
            .line(vec![(x(value), top - 6.0), (x(value), bottom)], colour, 0.9);
        let text = super::theme::number(value);
        sheet.canvas.text(
            (x(value), top - 14.0),
            format!("{text} %"),
            SMALL,
            SOFT,
            Anchor::Centre,
        );
    }
    sheet.canvas.text(
        (right + 12.0, top - 14.0),
        "median (90 % of futures)",
        SMALL,
        SOFT,
        Anchor::Left,
    );
    let mut said = Vec::new();
    let mut y = top + 6.0;
    for outcome in &forest.outcomes {
        let (name, unit) = outcome_words(results, outcome);
        let middle = y + ROW * (arms.len() as f64 - 1.0) / 2.0;
        let lines = super::theme::wrap(&name, 48);
        let first = middle - 6.0 * (lines.len() as f64 - 1.0);
        for (n, line) in lines.iter().take(2).enumerate() {
            let at = (left - 14.0, first + 12.0 * n as f64);
            sheet
                .canvas
                .text(at, line.clone(), SMALL, INK, Anchor::Right);
        }
        for (turn, arm) in arms.iter().enumerate() {
            let colour = SERIES[turn % SERIES.len()];
            if let Some(e) = row(outcome, arm) {
                let at = |v: f64| x(relative(e, v));
                sheet
                    .canvas
                    .line(vec![(at(e.p05), y), (at(e.p95), y)], colour, 1.4);
                sheet
                    .canvas
                    .line(vec![(at(e.p25), y), (at(e.p75), y)], colour, 5.0);
                for (value, edge, step) in [(e.p05, left, 5.0), (e.p95, right, -5.0)] {
                    let outside = relative(e, value) < low || relative(e, value) > high;
                    if outside {
                        let tip = edge - step;
                        sheet.canvas.area(
                            vec![(tip, y), (edge, y - 4.0), (edge, y + 4.0)],
                            colour,
                            1.0,
                        );
                    }
                }
                let dot = at(e.p50);
                sheet
                    .canvas
                    .rect((dot - 1.3, y - 5.5), (dot + 1.3, y + 5.5), INK, 1.0);
                let plain = if unit == "fraction" {
                    String::new()
                } else {
                    format!(" {unit}")
                };
                let text = format!(
                    "{} ({} to {}){plain}",
                    signed(e.p50, &unit),
                    in_unit(e.p05, &unit),
                    in_unit(e.p95, &unit)
                );
                sheet.canvas.text(
                    (right + 12.0, y),
                    text,
                    SMALL,
                    colour_text(colour),
                    Anchor::Left,
                );
                said.push(format!(
                    "{name} under {arm}: {} {unit}",
                    signed(e.p50, &unit)
                ));
            } else {
                sheet.canvas.text(
                    (right + 12.0, y),
                    "no baseline to compare with",
                    SMALL,
                    SOFT,
                    Anchor::Left,
                );
            }
            y += ROW;
        }
        y += 9.0;
    }
    let mut across = left;
    for (turn, arm) in arms.iter().enumerate() {
        let colour = SERIES[turn % SERIES.len()];
        sheet.canvas.line(
            vec![(across, bottom + 14.0), (across + 22.0, bottom + 14.0)],
            colour,
            5.0,
        );
        sheet.canvas.bold(
            (across + 28.0, bottom + 14.0),
            (*arm).to_string(),
            LABEL,
            INK,
            Anchor::Left,
        );
        across += 60.0 + super::theme::width(arm, LABEL);
    }
    sheet.y = bottom + 30.0;
    sheet.caption.push(format!(
        "Differences to {} in the same futures, over its mean; shares in percentage points. Thick: 50 % of futures; thin: 90 %; arrows: beyond the edge.",
        study.baseline
    ));
    said.join("; ")
}

fn signed(value: f64, unit: &str) -> String {
    let text = in_unit(value, unit);
    if value > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

fn colour_text(colour: super::theme::Colour) -> super::theme::Colour {
    let dark = |c: u8| (u16::from(c) * 7 / 10) as u8;
    (dark(colour.0), dark(colour.1), dark(colour.2))
}

/// Height of a forest of this many outcomes and regimes.
pub fn height(outcomes: usize, arms: usize) -> f64 {
    30.0 + outcomes as f64 * (ROW * arms as f64 + 9.0) + 30.0
}
