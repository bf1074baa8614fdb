//! Reversal charts: one parameter against the effect, future by future, with the conditions under which the sign
//! changes.

use super::axis::{AxisScaleRange, PlotPanel, around, bounds};
use super::canvas::{Canvas, TextAnchor};
use super::drawn_data::digits;
use super::fan::lines_of;
use super::theme::{
    BLUE, INK, LABEL, ORANGE, SMALL, SOFT, VERMILLION, axis_unit, change_unit, in_unit,
};
use super::{FigureLayout, arm_of, outcome_words, parameter_words, question, two_digits};
use crate::analysis::bands::quantile;
use crate::config::figure::{AxisScale, ReversalSpec};
use crate::results::Results;
use crate::results::pairs::PairedOutcome;

/// A range of one parameter.
struct ParameterRange {
    parameter: String,
    low: f64,
    high: f64,
}

/// What is drawn: the effect of one arm in each future, by one parameter, and the conditions found.
struct ReversalChart<'a> {
    results: &'a Results,
    /// Name of the arm for readers.
    label: &'a str,
    words: String,
    unit: String,
    parameter: String,
    pairs: Vec<PairedOutcome>,
    /// The parameter in each pair.
    values: Vec<f64>,
    found: Vec<ParameterRange>,
}

/// Draws the dots, the median in fifths of the parameter, and the box; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    r: &ReversalSpec,
) -> Result<String, String> {
    let chart = ReversalChart::of(results, r)?;
    let top = sheet.y + 28.0;
    let panel = PlotPanel {
        across: AxisScaleRange::linear(
            around(chart.values.iter().copied()),
            70.0,
            sheet.canvas.width - 30.0,
        ),
        up: AxisScaleRange::linear(
            bounds(chart.pairs.iter().map(|p| p.difference), AxisScale::Linear),
            top + 320.0,
            top,
        ),
    };
    chart.draw_panel(sheet, &panel);
    chart.draw_marks(&mut sheet.canvas, &panel);
    chart.draw_legend(sheet, &panel);
    for (pair, value) in chart.pairs.iter().zip(&chart.values) {
        sheet.data.add(&[
            (&chart.parameter, digits(*value)),
            (&chart.words, digits(pair.difference)),
            ("unit", chart.unit.clone()),
            ("future", pair.run.to_string()),
        ]);
    }
    let end = chart.conditions();
    let said = chart.describe(&end);
    sheet.caption.push(end);
    Ok(said)
}

/// The finding of a reversal: in how many futures the effect has the other sign.
pub fn finding(results: &Results, r: &ReversalSpec) -> Option<String> {
    let arm = arm_of(results, &r.regime).ok()?;
    let pairs = results.pairs(&r.outcome, &arm.name);
    let below = pairs.iter().filter(|p| p.difference < 0.0).count();
    let (of, label) = (pairs.len(), arm.label());
    (of > 0).then(|| {
        if below == 0 {
            format!("The effect of {label} is below zero in none of {of} futures")
        } else {
            format!("The effect of {label} is below zero in {below} of {of} futures")
        }
    })
}

impl<'a> ReversalChart<'a> {
    fn of(results: &'a Results, r: &ReversalSpec) -> Result<Self, String> {
        let arm = arm_of(results, &r.regime)?;
        let mut pairs = results.pairs(&r.outcome, &arm.name);
        let found = first_box(results, &r.outcome, &arm.name);
        let most = || Some(results.influence(&r.outcome, &arm.name).first()?.0.clone());
        let boxed = || Some(found.first()?.parameter.clone());
        let parameter = r.parameter.clone().or_else(boxed).or_else(most);
        let parameter =
            parameter.ok_or("at least nine futures are needed to choose a parameter")?;
        let values = results
            .parameter(&parameter, &pairs)
            .ok_or_else(|| format!("`{parameter}` is not sampled in these results"))?;
        if pairs.is_empty() {
            return Err("no future has the outcome under both regimes".into());
        }
        let (words, unit) = outcome_words(results, &r.outcome);
        let (factor, unit) = change_unit(&unit);
        pairs.iter_mut().for_each(|p| p.difference *= factor);
        Ok(Self {
            results,
            label: arm.label(),
            words,
            unit: unit.to_string(),
            parameter,
            pairs,
            values,
            found,
        })
    }

    /// Axes with their words, and the range of the parameter in which the conditions hold.
    fn draw_panel(&self, sheet: &mut FigureLayout, panel: &PlotPanel) {
        let canvas = &mut sheet.canvas;
        let head = format!(
            "change of {} under {}, {}",
            self.words,
            self.label,
            axis_unit(&self.unit)
        );
        for line in lines_of(&head, 900.0, SMALL, 1) {
            canvas.text((10.0, sheet.y + 6.0), line, SMALL, SOFT, TextAnchor::Left);
        }
        if let Some(side) = self.found.iter().find(|s| s.parameter == self.parameter) {
            let AxisScaleRange { low, high, .. } = panel.across;
            let x = |v: f64| panel.across.at(v.clamp(low, high));
            let (from, to) = ((x(side.low), panel.top()), (x(side.high), panel.bottom()));
            canvas.rect(from, to, ORANGE, 0.22);
        }
        let (_, parameter_unit) = parameter_words(self.results, &self.parameter);
        panel.values(canvas, &self.unit, true);
        panel.values_below(canvas, &parameter_unit);
        let asked = question(self.results, &self.parameter);
        let foot = format!("{asked} ({})", axis_unit(&parameter_unit));
        for line in lines_of(&foot, 880.0, SMALL, 1) {
            let at = (panel.left(), panel.bottom() + 31.0);
            canvas.text(at, line, SMALL, INK, TextAnchor::Left);
        }
    }

    /// Whether every condition found holds in a future.
    fn is_inside(&self, pair: &PairedOutcome) -> bool {
        let holds = |s: &ParameterRange| {
            let one = std::slice::from_ref(pair);
            let value = self.results.parameter(&s.parameter, one);
            value.is_some_and(|v| v[0] >= s.low && v[0] <= s.high)
        };
        !self.found.is_empty() && self.found.iter().all(holds)
    }

    /// A dot for each future, and the median in each fifth of the futures, by the parameter.
    fn draw_marks(&self, canvas: &mut Canvas, panel: &PlotPanel) {
        for (pair, value) in self.pairs.iter().zip(&self.values) {
            let at = (panel.across.at(*value), panel.y(pair.difference));
            let (colour, opacity) = if self.is_inside(pair) {
                (VERMILLION, 0.9)
            } else {
                (BLUE, 0.45)
            };
            canvas.dot(at, 3.0, colour, opacity);
        }
        let differences = self.pairs.iter().map(|p| p.difference);
        let mut order: Vec<(f64, f64)> = self.values.iter().copied().zip(differences).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        let fifth = order.len().div_ceil(5).max(1);
        let middle = |mut v: Vec<f64>| {
            v.sort_by(f64::total_cmp);
            quantile(&v, 0.5)
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
    }

    fn draw_legend(&self, sheet: &mut FigureLayout, panel: &PlotPanel) {
        let canvas = &mut sheet.canvas;
        let mut key = panel.left();
        let foot = panel.bottom() + 52.0;
        let mut legend = |colour, text: &str, room: f64| {
            canvas.dot((key + 4.0, foot), 4.0, colour, 1.0);
            canvas.text((key + 13.0, foot), text, LABEL, INK, TextAnchor::Left);
            key += room;
        };
        legend(BLUE, "one future", 110.0);
        legend(INK, "median of a fifth of them", 200.0);
        if !self.found.is_empty() {
            legend(VERMILLION, "all conditions hold", 0.0);
        }
        sheet.y = foot + 14.0;
    }

    /// The conditions in words.
    fn conditions(&self) -> String {
        if self.found.is_empty() {
            return "No table boxes.csv in the folder: the conditions have not been looked for."
                .to_string();
        }
        let side = |s: &ParameterRange| {
            let unit = parameter_words(self.results, &s.parameter).1;
            let value = |v: f64| in_unit(two_digits(v), &unit);
            let behind = match unit.as_str() {
                "fraction" => String::new(),
                unit => format!(" {unit}"),
            };
            format!(
                "{} {} to {}{behind}",
                question(self.results, &s.parameter),
                value(s.low),
                value(s.high)
            )
        };
        let sides: Vec<String> = self.found.iter().map(side).collect();
        format!(
            "Red dots and shade, the conditions found: {}.",
            sides.join("; ")
        )
    }

    fn describe(&self, end: &str) -> String {
        let below = self.pairs.iter().filter(|p| p.difference < 0.0).count();
        let share = below as f64 / self.pairs.len() as f64;
        let said = format!(
            "under {} the effect on {} is below zero in {} of futures. {end}",
            self.label,
            self.words,
            in_unit(two_digits(share), "fraction")
        );
        said.trim_end_matches('.').to_string()
    }
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
