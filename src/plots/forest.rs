//! Forest plots: paired effects with 50 and 90 % intervals, relative to the baseline's mean.

use super::axis::{AxisScaleRange, PlotPanel};
use super::canvas::{Canvas, TextAnchor};
use super::drawn_data::{DrawnData, digits};
use super::fan::lines_of;
use super::theme::{
    Colour, INK, LABEL, SMALL, SOFT, change_unit, in_unit, ink_of, signed, supported, width,
};
use super::{FigureLayout, arm_colour, arm_label, baseline_label, headline_arm, outcome_words};
use crate::config::figure::ForestSpec;
use crate::results::{EffectRow, Results};

const ROW: f64 = 17.0;

/// What is drawn: the effects of every arm but the baseline.
struct Forest<'a> {
    results: &'a Results,
    outcomes: &'a [String],
    arms: Vec<&'a str>,
}

/// Draws one row for each outcome and regime; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    forest: &ForestSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let names = study.arms.iter().map(|a| a.name.as_str());
    let forest = Forest {
        results,
        outcomes: &forest.outcomes,
        arms: names.filter(|a| *a != study.baseline).collect(),
    };
    if forest.arms.is_empty() {
        return Err("the study has no arm but its baseline".into());
    }
    let top = sheet.y + 30.0;
    let panel = forest.panel(sheet.canvas.width, top);
    forest.draw_panel(&mut sheet.canvas, &panel, top);
    let said = forest.draw_rows(&mut sheet.canvas, &panel, top);
    forest.list(&mut sheet.data);
    forest.draw_legend(sheet, &panel);
    sheet.caption.push(format!(
        "Differences to {} in the same futures, over its mean; shares in percentage points. Thick: 50 % of futures; thin: 90 %; arrows: beyond the edge.",
        baseline_label(results)
    ));
    Ok(said.join("; "))
}

/// The finding of effects: how many of them have a sign in 19 of 20 futures under the first answer's arm.
pub fn finding(results: &Results, forest: &ForestSpec) -> Option<String> {
    let arm = headline_arm(results)?;
    let effects = forest.outcomes.iter();
    let effects: Vec<&EffectRow> = effects
        .filter_map(|o| results.effect(o, &arm.name))
        .collect();
    let up = effects.iter().filter(|e| e.p05 > 0.0).count();
    let down = effects.iter().filter(|e| e.p95 < 0.0).count();
    (!effects.is_empty()).then(|| {
        format!(
            "{}: of {} outcomes, {up} rise and {down} fall in at least 19 of 20 futures",
            arm.label(),
            effects.len()
        )
    })
}

impl<'a> Forest<'a> {
    fn row(&self, outcome: &str, arm: &str) -> Option<&'a EffectRow> {
        let effect = self.results.effect(outcome, arm);
        effect.filter(|e| e.baseline_mean.abs() > 0.0)
    }

    /// Lists the effects that are drawn, in the unit of each outcome.
    fn list(&self, data: &mut DrawnData) {
        for outcome in self.outcomes {
            let (name, unit) = outcome_words(self.results, outcome);
            let (factor, unit) = change_unit(&unit);
            for e in self.arms.iter().filter_map(|arm| self.row(outcome, arm)) {
                let value = |v: f64| digits(factor * v);
                data.add(&[
                    ("outcome", name.clone()),
                    ("regime", arm_label(self.results, &e.regime).into()),
                    ("unit", unit.into()),
                    ("median", value(e.p50)),
                    ("p05", value(e.p05)),
                    ("p25", value(e.p25)),
                    ("p75", value(e.p75)),
                    ("p95", value(e.p95)),
                    ("mean", value(e.mean)),
                    ("baseline_mean", value(e.baseline_mean)),
                    ("relative_median", digits(e.p50 / e.baseline_mean.abs())),
                    ("futures", e.pairs.to_string()),
                ]);
            }
        }
    }

    /// Shares differ in percentage points; everything else relative to the baseline's mean.
    fn relative(&self, e: &EffectRow, v: f64) -> f64 {
        let share = outcome_words(self.results, &e.outcome).1 == "fraction";
        if share { v } else { v / e.baseline_mean.abs() }
    }

    /// Long intervals are cut at the edge and marked with an arrow, with their numbers beside, so that the others stay
    /// readable.
    fn panel(&self, width: f64, top: f64) -> PlotPanel {
        let all = self
            .outcomes
            .iter()
            .flat_map(|o| self.arms.iter().filter_map(|a| self.row(o, a)));
        let (mut low, mut high) = (-0.1_f64, 0.1_f64);
        for e in all {
            low = low.min(self.relative(e, e.p05));
            high = high.max(self.relative(e, e.p95));
        }
        let ends = (low.max(-1.2), high.min(1.6));
        let across = AxisScaleRange::linear(ends, 310.0, width - 250.0);
        let bottom = top + self.outcomes.len() as f64 * (ROW * self.arms.len() as f64 + 10.0);
        PlotPanel::of_rows(across, top - 6.0, bottom)
    }

    fn draw_panel(&self, canvas: &mut Canvas, panel: &PlotPanel, top: f64) {
        panel.values_below(canvas, "fraction");
        let head = (panel.right() + 14.0, top - 14.0);
        let words = "median (90 % of futures)";
        canvas.text(head, words, SMALL, SOFT, TextAnchor::Left);
        let baseline = baseline_label(self.results);
        let axis = format!("change against {baseline}");
        let at = (panel.left(), top - 14.0);
        canvas.text(at, axis, SMALL, SOFT, TextAnchor::Left);
    }

    /// The rows of every outcome; answers the medians in words.
    fn draw_rows(&self, canvas: &mut Canvas, panel: &PlotPanel, top: f64) -> Vec<String> {
        let left = panel.left();
        let mut said = Vec::new();
        let mut y = top + 6.0;
        for outcome in self.outcomes {
            let (name, unit) = outcome_words(self.results, outcome);
            let middle = y + ROW * (self.arms.len() as f64 - 1.0) / 2.0;
            let lines = lines_of(&name, left - 26.0, SMALL, self.arms.len().clamp(1, 2));
            let first = middle - 6.25 * (lines.len() as f64 - 1.0);
            for (n, line) in lines.into_iter().enumerate() {
                let at = (left - 14.0, first + 12.5 * n as f64);
                canvas.text(at, line, SMALL, INK, TextAnchor::Right);
            }
            for arm in &self.arms {
                let beside = (panel.right() + 14.0, y);
                if let Some(e) = self.row(outcome, arm) {
                    let colour = arm_colour(self.results, arm);
                    self.draw_interval(canvas, panel, e, y, colour);
                    let (factor, unit) = change_unit(&unit);
                    let error = factor * e.monte_carlo_error;
                    let median = signed(factor * e.p50, error, unit);
                    let end = |v: f64| in_unit(supported(factor * v, error), unit);
                    let text = format!("{median} ({} to {}) {unit}", end(e.p05), end(e.p95));
                    canvas.text(beside, text, SMALL, ink_of(colour), TextAnchor::Left);
                    let label = arm_label(self.results, arm);
                    said.push(format!("{name} under {label}: {median} {unit}"));
                } else {
                    let nothing = "no baseline to compare with";
                    canvas.text(beside, nothing, SMALL, SOFT, TextAnchor::Left);
                }
                y += ROW;
            }
            y += 10.0;
        }
        said
    }

    /// Intervals of 90 and 50 %, arrows beyond the edge, and the median.
    fn draw_interval(
        &self,
        canvas: &mut Canvas,
        panel: &PlotPanel,
        e: &EffectRow,
        y: f64,
        colour: Colour,
    ) {
        let AxisScaleRange { low, high, .. } = panel.across;
        let at = |v: f64| panel.across.at(self.relative(e, v).clamp(low, high));
        canvas.line(vec![(at(e.p05), y), (at(e.p95), y)], colour, 1.4);
        canvas.line(vec![(at(e.p25), y), (at(e.p75), y)], colour, 5.0);
        for (value, edge, step) in [(e.p05, panel.left(), 5.0), (e.p95, panel.right(), -5.0)] {
            let v = self.relative(e, value);
            if v < low || v > high {
                let tip = edge - step;
                let arrow = vec![(tip, y), (edge, y - 4.0), (edge, y + 4.0)];
                canvas.area(arrow, colour, 1.0);
            }
        }
        let dot = at(e.p50);
        canvas.rect((dot - 1.3, y - 5.5), (dot + 1.3, y + 5.5), INK, 1.0);
    }

    /// The arms; many arms take several lines.
    fn draw_legend(&self, sheet: &mut FigureLayout, panel: &PlotPanel) {
        let canvas = &mut sheet.canvas;
        let left = panel.left();
        let (mut across, mut foot) = (left, panel.bottom() + 34.0);
        for arm in &self.arms {
            let colour = arm_colour(self.results, arm);
            let arm = arm_label(self.results, arm);
            let wide = 28.0 + width(arm, LABEL, true);
            if across > left && across + wide > canvas.width - 16.0 {
                (across, foot) = (left, foot + 20.0);
            }
            canvas.line(vec![(across, foot), (across + 22.0, foot)], colour, 5.0);
            let at = (across + 28.0, foot);
            canvas.bold(at, arm, LABEL, INK, TextAnchor::Left);
            across += wide + 22.0;
        }
        sheet.y = foot + 12.0;
    }
}
