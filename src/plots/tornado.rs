//! Tornado charts: the effect where a parameter is low and where it is high, most influential first.

use super::axis::{AxisScaleRange, PlotPanel, around};
use super::canvas::TextAnchor;
use super::fan::lines_of;
use super::theme::{
    BLUE, GRID, INK, LABEL, ORANGE, SMALL, SOFT, axis_unit, change_unit, in_unit, ink_of,
};
use super::{FigureLayout, arm_of, outcome_words, parameter_words, two_digits};
use crate::config::figure::{AxisScale, TornadoSpec};
use crate::results::Results;

const ROW: f64 = 32.0;

/// Draws the bars; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    tornado: &TornadoSpec,
) -> Result<String, String> {
    let arm = arm_of(results, &tornado.regime)?;
    let mut found = results.influence(&tornado.outcome, &arm.name);
    let of = found.len();
    found.truncate(tornado.top);
    if found.is_empty() {
        return Err("at least nine futures are needed to tell low from high".into());
    }
    let pairs = results.pairs(&tornado.outcome, &arm.name);
    let (name, unit) = outcome_words(results, &tornado.outcome);
    let (factor, unit) = change_unit(&unit);
    for (_, t) in &mut found {
        (t.low, t.high, t.error) = (factor * t.low, factor * t.high, factor * t.error);
    }
    let middle = factor * pairs.iter().map(|p| p.difference).sum::<f64>() / pairs.len() as f64;
    let chance = found[0].1.error;
    let ends = found.iter().flat_map(|(_, t)| [t.low, t.high]);
    let (low, high) = around(ends.chain([middle - chance, middle + chance]));
    let top = sheet.y + 44.0;
    let panel = PlotPanel {
        across: AxisScaleRange {
            low,
            high,
            from: 330.0,
            to: sheet.canvas.width - 70.0,
            scale: AxisScale::Linear,
        },
        up: AxisScaleRange {
            low: 0.0,
            high: 1.0,
            from: top + ROW * found.len() as f64,
            to: top,
            scale: AxisScale::Linear,
        },
    };
    let x = |v: f64| panel.across.at(v);
    let canvas = &mut sheet.canvas;
    let unit_words = axis_unit(unit);
    let head = format!("change of {name} under {}, {unit_words}", arm.label());
    for (n, line) in lines_of(&head, 560.0, SMALL, 2).into_iter().enumerate() {
        let at = (panel.left(), sheet.y + 4.0 + 13.0 * n as f64);
        canvas.text(at, line, SMALL, SOFT, TextAnchor::Left);
    }
    // Ends inside this strip differ no more than two random thirds of the futures would.
    let strip = (x(middle - chance), x(middle + chance));
    canvas.rect((strip.0, top), (strip.1, panel.bottom()), GRID, 0.8);
    panel.values_below(canvas, unit);
    canvas.line(
        vec![(x(middle), top - 6.0), (x(middle), panel.bottom())],
        SOFT,
        1.2,
    );
    let mean = format!("mean {}", in_unit(two_digits(middle), unit));
    canvas.text(
        (x(middle), top - 13.0),
        mean,
        SMALL,
        INK,
        TextAnchor::Centre,
    );
    let mut said = Vec::new();
    for (n, (parameter, t)) in found.iter().enumerate() {
        let y = top + ROW * (n as f64 + 0.5);
        let (words, _) = parameter_words(results, parameter);
        let id = parameter.replace('_', " ");
        canvas.bold((10.0, y - 6.5), id.clone(), SMALL, INK, TextAnchor::Left);
        let words = super::theme::fitted(&words, panel.left() - 34.0, SMALL);
        canvas.text((10.0, y + 7.0), words, SMALL, SOFT, TextAnchor::Left);
        let (a, b) = (x(t.low), x(t.high));
        canvas.line(vec![(a, y), (b, y)], SOFT, 1.2);
        let left_is_low = a <= b;
        for (at, value, colour, is_left) in [
            (a, t.low, BLUE, left_is_low),
            (b, t.high, ORANGE, !left_is_low),
        ] {
            canvas.dot((at, y), 5.0, colour, 1.0);
            let (beside, anchor) = if is_left {
                (at - 9.0, TextAnchor::Right)
            } else {
                (at + 9.0, TextAnchor::Left)
            };
            let text = in_unit(two_digits(value), unit);
            canvas.text((beside, y), text, SMALL, ink_of(colour), anchor);
        }
        said.push(format!(
            "{id}: {} where it is low, {} where it is high",
            in_unit(two_digits(t.low), unit),
            in_unit(two_digits(t.high), unit)
        ));
    }
    let foot = panel.bottom() + 34.0;
    canvas.dot((panel.left() + 6.0, foot), 5.0, BLUE, 1.0);
    canvas.text(
        (panel.left() + 16.0, foot),
        "lowest third",
        LABEL,
        INK,
        TextAnchor::Left,
    );
    canvas.dot((panel.left() + 126.0, foot), 5.0, ORANGE, 1.0);
    canvas.text(
        (panel.left() + 136.0, foot),
        "highest third",
        LABEL,
        INK,
        TextAnchor::Left,
    );
    canvas.rect(
        (panel.left() + 246.0, foot - 6.0),
        (panel.left() + 266.0, foot + 6.0),
        GRID,
        1.0,
    );
    let words = "a difference this small could be chance";
    canvas.text(
        (panel.left() + 272.0, foot),
        words,
        LABEL,
        INK,
        TextAnchor::Left,
    );
    sheet.y = foot + 14.0;
    sheet.caption.push(format!(
        "The {} of {of} sampled parameters to which the effect is most sensitive; all others vary too. With so many parameters the largest differences are partly chance.",
        found.len()
    ));
    Ok(format!(
        "change of {name} under {}; {}",
        arm.label(),
        said.join("; ")
    ))
}
