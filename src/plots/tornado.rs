//! Tornado charts: the effect where a parameter is low and where it is high, most influential first.

use super::axis::{AxisScaleRange, PlotPanel, around};
use super::canvas::{Canvas, TextAnchor};
use super::drawn_data::digits;
use super::fan::lines_of;
use super::theme::{
    BLUE, GRID, INK, LABEL, ORANGE, SMALL, SOFT, axis_unit, change_unit, in_unit, in_words, ink_of,
};
use super::{FigureLayout, arm_of, outcome_words, question, two_digits};
use crate::analysis::terciles::Terciles;
use crate::config::figure::TornadoSpec;
use crate::results::Results;

const ROW: f64 = 32.0;

/// What is drawn: the effect where each parameter is low and high, in the unit of the axis.
struct TornadoChart<'a> {
    results: &'a Results,
    name: String,
    unit: String,
    found: Vec<(String, Terciles)>,
    middle: f64,
    chance: f64,
}

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
    let chart = TornadoChart::of(results, &tornado.outcome, &arm.name, found);
    let ends = chart.found.iter().flat_map(|(_, t)| [t.low, t.high]);
    let (middle, chance) = (chart.middle, chart.chance);
    let ends = around(ends.chain([middle - chance, middle + chance]));
    let top = sheet.y + 44.0;
    let across = AxisScaleRange::linear(ends, 330.0, sheet.canvas.width - 70.0);
    let panel = PlotPanel::of_rows(across, top, top + ROW * chart.found.len() as f64);
    let unit_words = axis_unit(&chart.unit);
    let head = format!(
        "change of {} under {}, {unit_words}",
        chart.name,
        arm.label()
    );
    for (n, line) in lines_of(&head, 560.0, SMALL, 2).into_iter().enumerate() {
        let at = (panel.left(), sheet.y + 4.0 + 13.0 * n as f64);
        sheet.canvas.text(at, line, SMALL, SOFT, TextAnchor::Left);
    }
    chart.draw_panel(&mut sheet.canvas, &panel);
    let said = chart.draw_bars(&mut sheet.canvas, &panel);
    draw_legend(sheet, &panel);
    for (parameter, t) in &chart.found {
        sheet.data.add(&[
            ("parameter", parameter.clone()),
            ("question", question(results, parameter)),
            ("outcome", chart.name.clone()),
            ("unit", chart.unit.clone()),
            ("lowest_third", digits(t.low)),
            ("highest_third", digits(t.high)),
            ("difference_by_chance", digits(t.error)),
        ]);
    }
    sheet.caption.push(format!(
        "The {} of {of} sampled parameters to which the effect is most sensitive; all others vary too. With so many parameters the largest differences are partly chance.",
        chart.found.len()
    ));
    Ok(format!(
        "change of {} under {}; {}",
        chart.name,
        arm.label(),
        said.join("; ")
    ))
}

/// The finding of a tornado: the question on which the effect turns most.
pub fn finding(results: &Results, tornado: &TornadoSpec) -> Option<String> {
    let arm = arm_of(results, &tornado.regime).ok()?;
    let found = results.influence(&tornado.outcome, &arm.name);
    let (parameter, t) = found.first()?;
    if !t.beyond_chance(found.len()) {
        return Some("No assumption moves the effect by more than chance could".into());
    }
    let (_, unit) = outcome_words(results, &tornado.outcome);
    let (factor, unit) = change_unit(&unit);
    let value = |v: f64| in_words(two_digits(factor * v), unit);
    Some(format!(
        "{} Effect: {} {unit} if low, {} if high",
        question(results, parameter),
        value(t.low),
        value(t.high)
    ))
}

impl<'a> TornadoChart<'a> {
    fn of(
        results: &'a Results,
        outcome: &str,
        arm: &str,
        mut found: Vec<(String, Terciles)>,
    ) -> Self {
        let pairs = results.pairs(outcome, arm);
        let (name, unit) = outcome_words(results, outcome);
        let (factor, unit) = change_unit(&unit);
        for (_, t) in &mut found {
            (t.low, t.high, t.error) = (factor * t.low, factor * t.high, factor * t.error);
        }
        let sum = pairs.iter().map(|p| p.difference).sum::<f64>();
        Self {
            results,
            name,
            unit: unit.to_string(),
            middle: factor * sum / pairs.len() as f64,
            chance: found[0].1.error,
            found,
        }
    }

    /// The axis, the mean, and the strip inside which ends differ no more than two random thirds of the futures would.
    fn draw_panel(&self, canvas: &mut Canvas, panel: &PlotPanel) {
        let x = |v: f64| panel.across.at(v);
        let top = panel.top();
        let strip = (x(self.middle - self.chance), x(self.middle + self.chance));
        canvas.rect((strip.0, top), (strip.1, panel.bottom()), GRID, 0.8);
        panel.values_below(canvas, &self.unit);
        let middle = x(self.middle);
        let upright = vec![(middle, top - 6.0), (middle, panel.bottom())];
        canvas.line(upright, SOFT, 1.2);
        let mean = format!("mean {}", in_unit(two_digits(self.middle), &self.unit));
        let at = (middle, top - 13.0);
        canvas.text(at, mean, SMALL, INK, TextAnchor::Centre);
    }

    /// A bar for each parameter; answers them in words.
    fn draw_bars(&self, canvas: &mut Canvas, panel: &PlotPanel) -> Vec<String> {
        let x = |v: f64| panel.across.at(v);
        let shown = |v: f64| in_unit(two_digits(v), &self.unit);
        let mut said = Vec::new();
        for (n, (parameter, t)) in self.found.iter().enumerate() {
            let y = panel.top() + ROW * (n as f64 + 0.5);
            let asked = question(self.results, parameter);
            let lines = lines_of(&asked, panel.left() - 60.0, SMALL, 2);
            let first = y - 6.75 * (lines.len() as f64 - 1.0);
            for (n, line) in lines.into_iter().enumerate() {
                let at = (10.0, first + 13.5 * n as f64);
                canvas.text(at, line, SMALL, INK, TextAnchor::Left);
            }
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
                canvas.text((beside, y), shown(value), SMALL, ink_of(colour), anchor);
            }
            said.push(format!(
                "{asked} {} where it is low, {} where it is high",
                shown(t.low),
                shown(t.high)
            ));
        }
        said
    }
}

fn draw_legend(sheet: &mut FigureLayout, panel: &PlotPanel) {
    let canvas = &mut sheet.canvas;
    let (left, foot) = (panel.left(), panel.bottom() + 34.0);
    for (at, colour, words) in [
        (left + 6.0, BLUE, "lowest third"),
        (left + 126.0, ORANGE, "highest third"),
    ] {
        canvas.dot((at, foot), 5.0, colour, 1.0);
        canvas.text((at + 10.0, foot), words, LABEL, INK, TextAnchor::Left);
    }
    let (from, to) = ((left + 246.0, foot - 6.0), (left + 266.0, foot + 6.0));
    canvas.rect(from, to, GRID, 1.0);
    let words = "a difference this small could be chance";
    canvas.text((left + 272.0, foot), words, LABEL, INK, TextAnchor::Left);
    sheet.y = foot + 14.0;
}
