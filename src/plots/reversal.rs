//! Reversal charts: one parameter against the effect, future by future, with the conditions under which the sign
//! changes.

use super::axis::{AxisScaleRange, PlotPanel, around, bounds};
use super::canvas::TextAnchor;
use super::fan::lines_of;
use super::theme::{
    BLUE, INK, LABEL, ORANGE, SMALL, SOFT, VERMILLION, axis_unit, change_unit, in_unit,
};
use super::{FigureLayout, arm_of, outcome_words, parameter_words, two_digits};
use crate::config::figure::{AxisScale, ReversalSpec};
use crate::results::Results;
use crate::results::pairs::PairedOutcome;

/// A range of one parameter.
struct ParameterRange {
    parameter: String,
    low: f64,
    high: f64,
}

/// Draws the dots, the median in fifths of the parameter, and the box; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    r: &ReversalSpec,
) -> Result<String, String> {
    let arm = arm_of(results, &r.regime)?;
    let mut pairs = results.pairs(&r.outcome, &arm.name);
    let found = first_box(results, &r.outcome, &arm.name);
    let most = || Some(results.influence(&r.outcome, &arm.name).first()?.0.clone());
    let boxed = || Some(found.first()?.parameter.clone());
    let parameter = r.parameter.clone().or_else(boxed).or_else(most);
    let parameter = parameter.ok_or("at least nine futures are needed to choose a parameter")?;
    let values = results
        .parameter(&parameter, &pairs)
        .ok_or_else(|| format!("`{parameter}` is not sampled in these results"))?;
    if pairs.is_empty() {
        return Err("no future has the outcome under both regimes".into());
    }
    let (words, unit) = outcome_words(results, &r.outcome);
    let (factor, unit) = change_unit(&unit);
    pairs.iter_mut().for_each(|p| p.difference *= factor);
    let (meaning, parameter_unit) = parameter_words(results, &parameter);
    let (x_low, x_high) = around(values.iter().copied());
    let (y_low, y_high) = bounds(pairs.iter().map(|p| p.difference), AxisScale::Linear);
    let top = sheet.y + 28.0;
    let panel = PlotPanel {
        across: AxisScaleRange {
            low: x_low,
            high: x_high,
            from: 70.0,
            to: sheet.canvas.width - 30.0,
            scale: AxisScale::Linear,
        },
        up: AxisScaleRange {
            low: y_low,
            high: y_high,
            from: top + 320.0,
            to: top,
            scale: AxisScale::Linear,
        },
    };
    let canvas = &mut sheet.canvas;
    let head = format!(
        "change of {words} under {}, {}",
        arm.label(),
        axis_unit(unit)
    );
    for line in lines_of(&head, 900.0, SMALL, 1) {
        canvas.text((10.0, sheet.y + 6.0), line, SMALL, SOFT, TextAnchor::Left);
    }
    let side = found.iter().find(|s| s.parameter == parameter);
    if let Some(side) = side {
        let x = |v: f64| panel.across.at(v.clamp(x_low, x_high));
        let (from, to) = ((x(side.low), panel.top()), (x(side.high), panel.bottom()));
        canvas.rect(from, to, ORANGE, 0.22);
    }
    panel.values(canvas, unit, true);
    panel.values_below(canvas, &parameter_unit);
    let foot = format!(
        "{}: {meaning}, {parameter_unit}",
        parameter.replace('_', " ")
    );
    for line in lines_of(&foot, 880.0, SMALL, 1) {
        let at = (panel.left(), panel.bottom() + 31.0);
        canvas.text(at, line, SMALL, INK, TextAnchor::Left);
    }
    let inside = |pair: &PairedOutcome| {
        let holds = |s: &ParameterRange| {
            let value = results.parameter(&s.parameter, std::slice::from_ref(pair));
            value.is_some_and(|v| v[0] >= s.low && v[0] <= s.high)
        };
        !found.is_empty() && found.iter().all(holds)
    };
    for (pair, value) in pairs.iter().zip(&values) {
        let at = (panel.across.at(*value), panel.y(pair.difference));
        let (colour, opacity) = if inside(pair) {
            (VERMILLION, 0.9)
        } else {
            (BLUE, 0.45)
        };
        canvas.dot(at, 3.0, colour, opacity);
    }
    // The median in each fifth of the futures, by the parameter.
    let mut order: Vec<(f64, f64)> = values
        .iter()
        .copied()
        .zip(pairs.iter().map(|p| p.difference))
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let fifth = order.len().div_ceil(5).max(1);
    let middle = |mut v: Vec<f64>| {
        v.sort_by(f64::total_cmp);
        crate::analysis::quantile(&v, 0.5)
    };
    let steps: Vec<(f64, f64)> = order
        .chunks(fifth)
        .map(|c| {
            let x = middle(c.iter().map(|p| p.0).collect());
            let y = middle(c.iter().map(|p| p.1).collect());
            (panel.across.at(x), panel.y(y))
        })
        .collect();
    canvas.line(steps.clone(), INK, 1.8);
    for at in steps {
        canvas.dot(at, 4.0, INK, 1.0);
    }
    let below = pairs.iter().filter(|p| p.difference < 0.0).count();
    let share = below as f64 / pairs.len() as f64;
    let end = if found.is_empty() {
        "No table boxes.csv in the folder: the conditions have not been looked for.".to_string()
    } else {
        let side = |s: &ParameterRange| {
            let unit = parameter_words(results, &s.parameter).1;
            let value = |v: f64| in_unit(two_digits(v), &unit);
            format!(
                "{} from {} to {}",
                s.parameter.replace('_', " "),
                value(s.low),
                value(s.high)
            )
        };
        let sides: Vec<String> = found.iter().map(side).collect();
        format!(
            "Red dots and shade, the conditions found: {}.",
            sides.join("; ")
        )
    };
    let mut key = panel.left();
    let foot = panel.bottom() + 52.0;
    let mut legend = |colour, text: &str, room: f64| {
        canvas.dot((key + 4.0, foot), 4.0, colour, 1.0);
        canvas.text((key + 13.0, foot), text, LABEL, INK, TextAnchor::Left);
        key += room;
    };
    legend(BLUE, "one future", 110.0);
    legend(INK, "median of a fifth of them", 200.0);
    if !found.is_empty() {
        legend(VERMILLION, "all conditions hold", 0.0);
    }
    sheet.y = foot + 14.0;
    sheet.caption.push(end.clone());
    let said = format!(
        "under {} the effect on {words} is below zero in {} of futures. {end}",
        arm.label(),
        in_unit(two_digits(share), "fraction")
    );
    Ok(said.trim_end_matches('.').to_string())
}

/// The first box of `boxes.csv` for this outcome and regime: a row a parameter, with `low` and `high`.
fn first_box(results: &Results, outcome: &str, arm: &str) -> Vec<ParameterRange> {
    let Some(table) = results.tables.get("boxes") else {
        return Vec::new();
    };
    let rows = table.matching(&[("outcome", outcome), ("regime", arm)]);
    let first = rows.first().map(|r| table.text(r, "box").to_string());
    rows.iter()
        .filter(|row| Some(table.text(row, "box")) == first.as_deref())
        .map(|row| ParameterRange {
            parameter: table.text(row, "parameter").to_string(),
            low: table.number(row, "low").unwrap_or(f64::MIN),
            high: table.number(row, "high").unwrap_or(f64::MAX),
        })
        .collect()
}
