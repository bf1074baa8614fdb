//! Waterfall charts: from the effect without any response to the full effect, one step for each group of responses.

use super::axis::{AxisScaleRange, PlotPanel, bounds};
use super::canvas::TextAnchor;
use super::fan::lines_of;
use super::theme::{
    BLUE, INK, LABEL, SMALL, SOFT, VERMILLION, axis_unit, change_unit, in_unit, signed, supported,
};
use super::{FigureLayout, arm_of, outcome_words, table_of};
use crate::config::figure::{AxisScale, WaterfallSpec};
use crate::results::Results;

const ROW: f64 = 27.0;

/// Draws the steps, largest first; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    w: &WaterfallSpec,
) -> Result<String, String> {
    let arm = arm_of(results, &w.regime)?;
    let table = table_of(results, &w.table)?;
    let wanted = [
        ("regime", arm.name.as_str()),
        ("outcome", w.outcome.as_str()),
    ];
    let mut steps: Vec<(String, f64, f64)> = Vec::new();
    for row in table.matching(&wanted) {
        let value = table
            .number(row, &w.value)
            .ok_or_else(|| format!("{}.csv: no number in a column `{}`", w.table, w.value))?;
        let name = table.text(row, &w.step).replace('_', " ");
        steps.push((name, value, table.number(row, &w.error).unwrap_or(0.0)));
    }
    let total = results
        .effect(&w.outcome, &arm.name)
        .ok_or_else(|| format!("no effect of {} on {}", arm.name, w.outcome))?;
    // Parts add up to the effect in the futures of the decomposition, which can be fewer than those of the study.
    let whole = results.tables.get("whole");
    let taken = whole.and_then(|t| {
        let row = t.matching(&wanted).first().copied()?;
        Some((t.number(row, "total")?, t.number(row, "total_error")?))
    });
    let apart = table.matching(&wanted);
    let futures = apart
        .first()
        .and_then(|row| table.number(row, "futures"))
        .map_or_else(|| "futures".into(), |n| format!("{n} futures"));
    if steps.is_empty() {
        return Err(format!(
            "{}.csv has no row for {} and {}",
            w.table, arm.name, w.outcome
        ));
    }
    steps.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    let (name, unit) = outcome_words(results, &w.outcome);
    let (factor, unit) = change_unit(&unit);
    steps
        .iter_mut()
        .for_each(|s| (s.1, s.2) = (factor * s.1, factor * s.2));
    let (mean, mean_error) = taken.unwrap_or((total.mean, total.monte_carlo_error));
    let (mean, mean_error) = (factor * mean, factor * mean_error);
    let direct = mean - steps.iter().map(|s| s.1).sum::<f64>();
    let mut level = direct;
    let mut ends = vec![direct, mean];
    for step in &steps {
        level += step.1;
        ends.push(level);
    }
    let (low, high) = bounds(ends.into_iter(), AxisScale::Linear);
    let count = steps.len() as f64 + 2.0;
    let top = sheet.y + 26.0;
    let panel = PlotPanel {
        across: AxisScaleRange {
            low,
            high,
            from: 250.0,
            to: sheet.canvas.width - 110.0,
            scale: AxisScale::Linear,
        },
        up: AxisScaleRange {
            low: 0.0,
            high: 1.0,
            from: top + count * ROW,
            to: top,
            scale: AxisScale::Linear,
        },
    };
    let canvas = &mut sheet.canvas;
    let head = format!("{name}: change under {}, {}", arm.name, axis_unit(unit));
    canvas.text(
        (panel.left(), top - 12.0),
        head,
        SMALL,
        SOFT,
        TextAnchor::Left,
    );
    panel.values_below(canvas, unit);
    let mut level = 0.0;
    let mut y = top + ROW / 2.0;
    let mut bar = |label: &str, from: f64, to: f64, error: f64, whole: bool| {
        let (a, b) = (panel.across.at(from), panel.across.at(to));
        let colour = match (whole, to >= from) {
            (true, _) => SOFT,
            (false, true) => BLUE,
            (false, false) => VERMILLION,
        };
        canvas.rect((a.min(b), y - 8.0), (a.max(b), y + 8.0), colour, 0.9);
        if error > 0.0 {
            let (l, r) = (
                panel.across.at(to - 2.0 * error),
                panel.across.at(to + 2.0 * error),
            );
            canvas.line(vec![(l, y), (r, y)], INK, 1.2);
        }
        if y + ROW < panel.bottom() {
            canvas.line(vec![(b, y + 8.0), (b, y + ROW - 8.0)], SOFT, 0.8);
        }
        for (n, line) in lines_of(label, panel.left() - 30.0, SMALL, 1)
            .into_iter()
            .enumerate()
        {
            let at = (panel.left() - 14.0, y + 12.0 * n as f64);
            if whole {
                canvas.bold(at, line, SMALL, INK, TextAnchor::Right);
            } else {
                canvas.text(at, line, SMALL, INK, TextAnchor::Right);
            }
        }
        let text = if whole {
            in_unit(supported(to, error), unit)
        } else {
            signed(to - from, error, unit)
        };
        let right = panel.across.at(to.max(from) + 2.0 * error) + 8.0;
        canvas.text((right, y), text, LABEL, INK, TextAnchor::Left);
        y += ROW;
    };
    bar("no response at all", 0.0, direct, 0.0, true);
    level += direct;
    for (label, value, error) in &steps {
        bar(label, level, level + value, *error, false);
        level += value;
    }
    bar("every response", 0.0, mean, 0.0, true);
    sheet.y = panel.bottom() + 28.0;
    sheet
        .caption
        .push(format!("Mean over {futures}; each group's part averaged over every order in which responses can be added. Blue adds to the change, orange takes from it; thin lines: two standard errors."));
    let say = |(label, value, error): &(String, f64, f64)| {
        format!("{label} {}", signed(*value, *error, unit))
    };
    Ok(format!(
        "{name} under {}: {} without any response, {} with all; {}",
        arm.label(),
        signed(direct, mean_error, unit),
        signed(mean, mean_error, unit),
        steps.iter().map(say).collect::<Vec<_>>().join(", ")
    ))
}
