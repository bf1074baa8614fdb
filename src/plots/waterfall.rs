//! Waterfall charts: from the effect without any response to the full effect, one step for each group of responses.

use super::axis::{AxisScaleRange, PlotPanel, bounds};
use super::canvas::{Canvas, TextAnchor};
use super::drawn_data::{DrawnData, digits};
use super::fan::lines_of;
use super::theme::{
    BLUE, INK, LABEL, SMALL, SOFT, VERMILLION, axis_unit, change_unit, in_unit, signed, supported,
};
use super::{FigureLayout, arm_of, outcome_words, table_of};
use crate::config::figure::{AxisScale, WaterfallSpec};
use crate::results::{ArmInfo, Results};

const ROW: f64 = 27.0;
const NO_RESPONSE: &str = "no response at all";
const EVERY_RESPONSE: &str = "every response";

/// One step: its name, its part of the effect, and the standard error.
type Step = (String, f64, f64);

/// What is drawn: the effect without any response, the steps, and the full effect.
struct Cascade {
    name: String,
    unit: String,
    steps: Vec<Step>,
    direct: f64,
    mean: f64,
    mean_error: f64,
    /// The futures that the steps are means over, in words.
    futures: String,
}

/// Draws the steps, largest first; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    w: &WaterfallSpec,
) -> Result<String, String> {
    let arm = arm_of(results, &w.regime)?;
    let cascade = Cascade::of(results, w, arm)?;
    let top = sheet.y + 26.0;
    let panel = cascade.panel(sheet.canvas.width, top);
    let canvas = &mut sheet.canvas;
    let (name, unit) = (&cascade.name, &cascade.unit);
    let head = format!("{name}: change under {}, {}", arm.label(), axis_unit(unit));
    let at = (panel.left(), top - 12.0);
    canvas.text(at, head, SMALL, SOFT, TextAnchor::Left);
    panel.values_below(canvas, unit);
    cascade.draw_bars(canvas, &panel);
    cascade.list(&mut sheet.data);
    sheet.y = panel.bottom() + 28.0;
    sheet.caption.push(format!(
        "Mean over {}; each group's part averaged over every order in which responses can be added. Blue adds to the change, orange takes from it; thin lines: two standard errors.",
        cascade.futures
    ));
    let say = |(label, value, error): &Step| format!("{label} {}", signed(*value, *error, unit));
    Ok(format!(
        "{name} under {}: {} without any response, {} with all; {}",
        arm.label(),
        signed(cascade.direct, cascade.mean_error, unit),
        signed(cascade.mean, cascade.mean_error, unit),
        cascade.steps.iter().map(say).collect::<Vec<_>>().join(", ")
    ))
}

/// The finding of a decomposition: what adds most to the effect and what takes most from it.
pub fn finding(results: &Results, w: &WaterfallSpec) -> Option<String> {
    let arm = arm_of(results, &w.regime).ok()?;
    let cascade = Cascade::of(results, w, arm).ok()?;
    let size = |(_, value, error): &Step| {
        let text = in_unit(supported(value.abs(), *error), &cascade.unit);
        format!("{text} {}", cascade.unit)
    };
    let mut steps = cascade.steps.iter();
    let adds = steps.clone().find(|s| supported(s.1, s.2) > 0.0);
    let takes = steps.find(|s| supported(s.1, s.2) < 0.0);
    let said: Vec<String> = [(adds, "adds"), (takes, "takes away")]
        .into_iter()
        .filter_map(|(step, verb)| step.map(|s| format!("{} {verb} {}", s.0, size(s))))
        .collect();
    (!said.is_empty()).then(|| format!("{}: {}", arm.label(), said.join(", ")))
}

impl Cascade {
    fn of(results: &Results, w: &WaterfallSpec, arm: &ArmInfo) -> Result<Self, String> {
        let table = table_of(results, &w.table)?;
        let wanted = [
            ("regime", arm.name.as_str()),
            ("outcome", w.outcome.as_str()),
        ];
        let rows = table.matching(&wanted);
        let mut steps: Vec<Step> = Vec::new();
        for row in &rows {
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
        let futures = rows
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
        for (_, value, error) in &mut steps {
            (*value, *error) = (factor * *value, factor * *error);
        }
        let (mean, mean_error) = taken.unwrap_or((total.mean, total.monte_carlo_error));
        let (mean, mean_error) = (factor * mean, factor * mean_error);
        Ok(Self {
            name,
            unit: unit.to_string(),
            direct: mean - steps.iter().map(|s| s.1).sum::<f64>(),
            steps,
            mean,
            mean_error,
            futures,
        })
    }

    /// Lists the steps between the two ends.
    fn list(&self, data: &mut DrawnData) {
        let mut add = |step: &str, value: f64, error: f64| {
            data.add(&[
                ("step", step.into()),
                ("outcome", self.name.clone()),
                ("unit", self.unit.clone()),
                ("value", digits(value)),
                ("error", digits(error)),
            ]);
        };
        add(NO_RESPONSE, self.direct, 0.0);
        for (step, value, error) in &self.steps {
            add(step, *value, *error);
        }
        add(EVERY_RESPONSE, self.mean, self.mean_error);
    }

    fn panel(&self, width: f64, top: f64) -> PlotPanel {
        let mut level = self.direct;
        let mut ends = vec![self.direct, self.mean];
        for step in &self.steps {
            level += step.1;
            ends.push(level);
        }
        let ends = bounds(ends.into_iter(), AxisScale::Linear);
        let count = self.steps.len() as f64 + 2.0;
        let across = AxisScaleRange::linear(ends, 250.0, width - 110.0);
        PlotPanel::of_rows(across, top, top + count * ROW)
    }

    /// A bar for either end and one for each step.
    fn draw_bars(&self, canvas: &mut Canvas, panel: &PlotPanel) {
        let mut y = panel.top() + ROW / 2.0;
        let mut draw = |bar: Bar<'_>| {
            bar.draw(canvas, panel, y, &self.unit);
            y += ROW;
        };
        draw(Bar::whole(NO_RESPONSE, self.direct));
        let mut level = self.direct;
        for (label, value, error) in &self.steps {
            draw(Bar {
                label,
                from: level,
                to: level + value,
                error: *error,
                is_whole: false,
            });
            level += value;
        }
        draw(Bar::whole(EVERY_RESPONSE, self.mean));
    }
}

/// A bar from one value to another, with its standard error.
struct Bar<'a> {
    label: &'a str,
    from: f64,
    to: f64,
    error: f64,
    /// Whether it stands for an effect and not for a part of one.
    is_whole: bool,
}

impl<'a> Bar<'a> {
    fn whole(label: &'a str, to: f64) -> Self {
        Self {
            label,
            from: 0.0,
            to,
            error: 0.0,
            is_whole: true,
        }
    }

    fn draw(&self, canvas: &mut Canvas, panel: &PlotPanel, y: f64, unit: &str) {
        let Self {
            from, to, error, ..
        } = *self;
        let (a, b) = (panel.across.at(from), panel.across.at(to));
        let colour = match (self.is_whole, to >= from) {
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
        for (n, line) in lines_of(self.label, panel.left() - 30.0, SMALL, 1)
            .into_iter()
            .enumerate()
        {
            let at = (panel.left() - 14.0, y + 12.0 * n as f64);
            if self.is_whole {
                canvas.bold(at, line, SMALL, INK, TextAnchor::Right);
            } else {
                canvas.text(at, line, SMALL, INK, TextAnchor::Right);
            }
        }
        let text = if self.is_whole {
            in_unit(supported(to, error), unit)
        } else {
            signed(to - from, error, unit)
        };
        let right = panel.across.at(to.max(from) + 2.0 * error) + 8.0;
        canvas.text((right, y), text, LABEL, INK, TextAnchor::Left);
    }
}
