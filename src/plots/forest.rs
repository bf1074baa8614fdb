//! Forest plots: paired effects with 50 and 90 % intervals, relative to the baseline's mean.

use super::axis::{AxisScaleRange, PlotPanel};
use super::canvas::TextAnchor;
use super::fan::lines_of;
use super::theme::{
    INK, LABEL, SERIES, SMALL, SOFT, change_unit, in_unit, ink_of, signed, supported, width,
};
use super::{FigureLayout, outcome_words};
use crate::config::figure::{AxisScale, ForestSpec};
use crate::results::{EffectRow, Results};

const ROW: f64 = 17.0;

/// Draws one row for each outcome and regime; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    forest: &ForestSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let arms: Vec<&str> = study
        .arms
        .iter()
        .map(|a| a.name.as_str())
        .filter(|a| *a != study.baseline)
        .collect();
    if arms.is_empty() {
        return Err("the study has no arm but its baseline".into());
    }
    let row = |outcome: &str, arm: &str| {
        let effect = results.effect(outcome, arm);
        effect.filter(|e| e.baseline_mean.abs() > 0.0)
    };
    // Shares differ in percentage points; everything else relative to the baseline's mean.
    let relative = |e: &EffectRow, v: f64| {
        let share = outcome_words(results, &e.outcome).1 == "fraction";
        if share { v } else { v / e.baseline_mean.abs() }
    };
    let all = forest
        .outcomes
        .iter()
        .flat_map(|o| arms.iter().filter_map(|a| row(o, a)));
    let (mut low, mut high) = (-0.1_f64, 0.1_f64);
    for e in all {
        low = low.min(relative(e, e.p05));
        high = high.max(relative(e, e.p95));
    }
    let top = sheet.y + 30.0;
    // Long intervals are cut at the edge and marked with an arrow, with their numbers beside, so that the others stay readable.
    let panel = PlotPanel {
        across: AxisScaleRange {
            low: low.max(-1.2),
            high: high.min(1.6),
            from: 310.0,
            to: sheet.canvas.width - 250.0,
            scale: AxisScale::Linear,
        },
        up: AxisScaleRange {
            low: 0.0,
            high: 1.0,
            from: top + forest.outcomes.len() as f64 * (ROW * arms.len() as f64 + 10.0),
            to: top - 6.0,
            scale: AxisScale::Linear,
        },
    };
    let (left, right, bottom) = (panel.left(), panel.right(), panel.bottom());
    let x = |v: f64| {
        panel
            .across
            .at(v.clamp(panel.across.low, panel.across.high))
    };
    panel.values_below(&mut sheet.canvas, "fraction");
    let head = (right + 14.0, top - 14.0);
    let canvas = &mut sheet.canvas;
    canvas.text(
        head,
        "median (90 % of futures)",
        SMALL,
        SOFT,
        TextAnchor::Left,
    );
    let axis = format!("change against {}", study.baseline);
    canvas.text((left, top - 14.0), axis, SMALL, SOFT, TextAnchor::Left);
    let mut said = Vec::new();
    let mut y = top + 6.0;
    for outcome in &forest.outcomes {
        let (name, unit) = outcome_words(results, outcome);
        let middle = y + ROW * (arms.len() as f64 - 1.0) / 2.0;
        let lines = lines_of(&name, left - 26.0, SMALL, arms.len().clamp(1, 2));
        let first = middle - 6.25 * (lines.len() as f64 - 1.0);
        for (n, line) in lines.into_iter().enumerate() {
            let at = (left - 14.0, first + 12.5 * n as f64);
            canvas.text(at, line, SMALL, INK, TextAnchor::Right);
        }
        for (turn, arm) in arms.iter().enumerate() {
            let colour = SERIES[turn % SERIES.len()];
            let beside = (right + 14.0, y);
            if let Some(e) = row(outcome, arm) {
                let at = |v: f64| x(relative(e, v));
                canvas.line(vec![(at(e.p05), y), (at(e.p95), y)], colour, 1.4);
                canvas.line(vec![(at(e.p25), y), (at(e.p75), y)], colour, 5.0);
                for (value, edge, step) in [(e.p05, left, 5.0), (e.p95, right, -5.0)] {
                    let v = relative(e, value);
                    if v < panel.across.low || v > panel.across.high {
                        let tip = edge - step;
                        let arrow = vec![(tip, y), (edge, y - 4.0), (edge, y + 4.0)];
                        canvas.area(arrow, colour, 1.0);
                    }
                }
                let dot = at(e.p50);
                canvas.rect((dot - 1.3, y - 5.5), (dot + 1.3, y + 5.5), INK, 1.0);
                let (factor, unit) = change_unit(&unit);
                let error = factor * e.monte_carlo_error;
                let median = signed(factor * e.p50, error, unit);
                let end = |v: f64| in_unit(supported(factor * v, error), unit);
                let text = format!("{median} ({} to {}) {unit}", end(e.p05), end(e.p95));
                canvas.text(beside, text, SMALL, ink_of(colour), TextAnchor::Left);
                said.push(format!("{name} under {arm}: {median} {unit}"));
            } else {
                let nothing = "no baseline to compare with";
                canvas.text(beside, nothing, SMALL, SOFT, TextAnchor::Left);
            }
            y += ROW;
        }
        y += 10.0;
    }
    let (mut across, mut foot) = (left, bottom + 34.0);
    for (turn, arm) in arms.iter().enumerate() {
        let wide = 28.0 + width(arm, LABEL, true);
        // Many arms take several lines.
        if across > left && across + wide > canvas.width - 16.0 {
            (across, foot) = (left, foot + 20.0);
        }
        let colour = SERIES[turn % SERIES.len()];
        canvas.line(vec![(across, foot), (across + 22.0, foot)], colour, 5.0);
        let at = (across + 28.0, foot);
        canvas.bold(at, (*arm).to_string(), LABEL, INK, TextAnchor::Left);
        across += wide + 22.0;
    }
    sheet.y = foot + 12.0;
    sheet.caption.push(format!(
        "Differences to {} in the same futures, over its mean; shares in percentage points. Thick: 50 % of futures; thin: 90 %; arrows: beyond the edge.",
        study.baseline
    ));
    Ok(said.join("; "))
}
