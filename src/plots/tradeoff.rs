//! Trade-off charts: two effects against each other, future by future, with the regret of each regime.

use super::axis::{AxisScaleRange, PlotPanel, bounds};
use super::canvas::{Canvas, TextAnchor};
use super::drawn_data::{DrawnData, digits};
use super::fan::{lines_of, spread};
use super::theme::{
    Colour, INK, LABEL, SERIES, SMALL, SOFT, axis_unit, change_unit, in_unit, in_words, ink_of,
    width,
};
use super::{
    FigureLayout, arm_label, baseline_label, headline_arm, named, outcome_words, two_digits,
};
use crate::analysis::bands::quantile;
use crate::config::figure::{AxisScale, GoalDirection, OutcomeGoal, TradeoffSpec};
use crate::results::Results;

/// Names of arms end before this, where the table of regret begins.
const FAR: f64 = 602.0;

/// What a regime costs in one outcome against the best regime of the same future.
struct RegimeRegret {
    mean: f64,
    /// In 95 % of futures it is no more than this.
    p95: f64,
    /// Share of futures in which it is best, ties shared by all of the best.
    best: f64,
}

/// One outcome of the chart: its words, its unit as drawn, and the factor to that unit.
struct DrawnOutcome<'a> {
    goal: &'a OutcomeGoal,
    words: String,
    unit: String,
    factor: f64,
}

impl<'a> DrawnOutcome<'a> {
    fn of(results: &Results, goal: &'a OutcomeGoal) -> Self {
        let (words, unit) = outcome_words(results, &goal.outcome);
        let (factor, unit) = change_unit(&unit);
        Self {
            goal,
            words,
            unit: unit.to_string(),
            factor,
        }
    }

    /// What an axis says.
    fn axis(&self) -> String {
        let better = match self.goal.better {
            GoalDirection::More => "more is better",
            GoalDirection::Less => "less is better",
        };
        format!(
            "change of {}, {} ({better})",
            self.words,
            axis_unit(&self.unit)
        )
    }
}

/// What is drawn: two outcomes, and the futures of each arm but the baseline.
struct Scatter<'a> {
    results: &'a Results,
    across: DrawnOutcome<'a>,
    up: DrawnOutcome<'a>,
    arms: Vec<&'a str>,
    baseline: &'a str,
    clouds: Vec<(&'a str, Vec<(f64, f64)>)>,
}

/// Draws the scatter and the table of regret; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    t: &TradeoffSpec,
) -> Result<String, String> {
    let scatter = Scatter::of(results, t)?;
    let panel = scatter.panel(sheet.y + 34.0);
    scatter.draw_panel(sheet, &panel);
    let mut said = scatter.draw_marks(&mut sheet.canvas, &panel);
    // Regret: against the best regime of the same future, in each outcome by itself.
    let mut y = panel.top() + 2.0;
    for outcome in [&scatter.up, &scatter.across] {
        scatter.draw_regret(&mut sheet.canvas, results, outcome, &mut y, &mut said);
    }
    sheet.y = y.max(panel.bottom() + 58.0);
    scatter.list(&mut sheet.data);
    sheet.caption.push(format!(
        "Differences to {} in the same futures. The loss (regret) is in one outcome alone: nothing weighs one against the other.",
        baseline_label(results)
    ));
    Ok(said.join("; "))
}

/// The finding of a trade-off: the medians of both outcomes under the first answer's arm, behind the figure's title.
pub fn finding(results: &Results, t: &TradeoffSpec, title: &str) -> Option<String> {
    let arm = headline_arm(results)?;
    let median = |goal: &OutcomeGoal| {
        let effect = results.effect(&goal.outcome, &arm.name)?;
        let (_, unit) = outcome_words(results, &goal.outcome);
        let (factor, unit) = change_unit(&unit);
        let text = in_words(two_digits(factor * effect.p50), unit);
        let sign = if effect.p50 > 0.0 { "+" } else { "" };
        Some(format!("{sign}{text} {unit}"))
    };
    Some(format!(
        "{}: {} and {} under {}",
        named(results, title),
        median(&t.up)?,
        median(&t.across)?,
        arm.label()
    ))
}

impl<'a> Scatter<'a> {
    fn of(results: &'a Results, t: &'a TradeoffSpec) -> Result<Self, String> {
        let study = &results.manifest.study;
        let across = DrawnOutcome::of(results, &t.across);
        let up = DrawnOutcome::of(results, &t.up);
        let arms: Vec<&str> = study.arms.iter().map(|a| a.name.as_str()).collect();
        let mut clouds: Vec<(&str, Vec<(f64, f64)>)> = Vec::new();
        for arm in arms.iter().filter(|a| **a != study.baseline) {
            let (xs, ys) = (
                results.pairs(&t.across.outcome, arm),
                results.pairs(&t.up.outcome, arm),
            );
            let both = xs.iter().filter_map(|a| {
                let same = ys.iter().find(|u| u.run == a.run)?;
                Some((across.factor * a.difference, up.factor * same.difference))
            });
            clouds.push((arm, both.collect()));
        }
        if clouds.iter().all(|(_, cloud)| cloud.is_empty()) {
            return Err("no future has both outcomes".into());
        }
        Ok(Self {
            results,
            across,
            up,
            arms,
            baseline: &study.baseline,
            clouds,
        })
    }

    /// Lists the futures that are drawn.
    fn list(&self, data: &mut DrawnData) {
        for (arm, cloud) in &self.clouds {
            for (across, up) in cloud {
                data.add(&[
                    ("regime", arm_label(self.results, arm).into()),
                    (&self.across.axis(), digits(*across)),
                    (&self.up.axis(), digits(*up)),
                ]);
            }
        }
    }

    fn colour(&self, arm: &str) -> Colour {
        let at = self.arms.iter().position(|a| *a == arm).unwrap_or(0);
        SERIES[at % SERIES.len()]
    }

    fn panel(&self, top: f64) -> PlotPanel {
        let ends = |of: fn(&(f64, f64)) -> f64| {
            bounds(
                self.clouds
                    .iter()
                    .flat_map(|(_, cloud)| cloud.iter().map(of)),
                AxisScale::Linear,
            )
        };
        PlotPanel {
            across: AxisScaleRange::linear(ends(|p| p.0), 62.0, 560.0),
            up: AxisScaleRange::linear(ends(|p| p.1), top + 360.0, top),
        }
    }

    /// Axes with their words.
    fn draw_panel(&self, sheet: &mut FigureLayout, panel: &PlotPanel) {
        let canvas = &mut sheet.canvas;
        for (n, line) in lines_of(&self.up.axis(), 550.0, SMALL, 2)
            .into_iter()
            .enumerate()
        {
            let at = (10.0, sheet.y + 4.0 + 13.0 * n as f64);
            canvas.text(at, line, SMALL, SOFT, TextAnchor::Left);
        }
        panel.values(canvas, &self.up.unit, true);
        panel.values_below(canvas, &self.across.unit);
        for (n, line) in lines_of(&self.across.axis(), 500.0, SMALL, 2)
            .into_iter()
            .enumerate()
        {
            let at = (panel.left(), panel.bottom() + 31.0 + 13.0 * n as f64);
            canvas.text(at, line, SMALL, SOFT, TextAnchor::Left);
        }
    }

    /// A dot for each future, a cross of quartiles for each arm, and the arms' names; answers the medians in words.
    fn draw_marks(&self, canvas: &mut Canvas, panel: &PlotPanel) -> Vec<String> {
        for (arm, cloud) in &self.clouds {
            for p in cloud {
                let at = (panel.across.at(p.0), panel.y(p.1));
                canvas.dot(at, 2.3, self.colour(arm), 0.35);
            }
        }
        let zero = (panel.across.at(0.0), panel.y(0.0));
        let own = self.colour(self.baseline);
        canvas.dot(zero, 5.0, own, 1.0);
        let name = |arm: &str| arm_label(self.results, arm).to_string();
        let mut labels = vec![(zero.1, name(self.baseline), (zero.0, own))];
        let mut said = Vec::new();
        for (arm, cloud) in self.clouds.iter().filter(|(_, c)| !c.is_empty()) {
            let (xs, ys) = (
                sorted(cloud.iter().map(|p| p.0)),
                sorted(cloud.iter().map(|p| p.1)),
            );
            let at = |q: f64| (panel.across.at(quantile(&xs, q)), panel.y(quantile(&ys, q)));
            let (low, middle, high) = (at(0.25), at(0.5), at(0.75));
            canvas.line(vec![(low.0, middle.1), (high.0, middle.1)], INK, 2.0);
            canvas.line(vec![(middle.0, low.1), (middle.0, high.1)], INK, 2.0);
            canvas.dot(middle, 5.0, self.colour(arm), 1.0);
            labels.push((middle.1, name(arm), (high.0, self.colour(arm))));
            let (across, up) = (&self.across, &self.up);
            let median =
                |values: &[f64], unit: &str| in_unit(two_digits(quantile(values, 0.5)), unit);
            said.push(format!(
                "{}: {} {} {}, {} {} {}",
                name(arm),
                across.words,
                median(&xs, &across.unit),
                across.unit,
                up.words,
                median(&ys, &up.unit),
                up.unit
            ));
        }
        spread(&mut labels, panel.top() + 6.0, panel.bottom() - 6.0);
        for (y, name, (x, colour)) in labels {
            let wide = width(&name, LABEL, true);
            let at = ((x + 9.0).min(FAR - wide).max(4.0), y - 9.0);
            canvas.bold(at, name, LABEL, ink_of(colour), TextAnchor::Left);
        }
        said
    }

    /// The table of regret in one outcome, from `y` down.
    fn draw_regret(
        &self,
        canvas: &mut Canvas,
        results: &Results,
        outcome: &DrawnOutcome<'_>,
        y: &mut f64,
        said: &mut Vec<String>,
    ) {
        let (words, unit) = (&outcome.words, outcome.unit.as_str());
        let title = "Loss against the best regime of each future";
        canvas.bold((610.0, *y), title, LABEL, INK, TextAnchor::Left);
        for line in lines_of(&format!("{words}, {}", axis_unit(unit)), 336.0, SMALL, 2) {
            *y += 15.0;
            canvas.text((610.0, *y), line, SMALL, SOFT, TextAnchor::Left);
        }
        *y += 21.0;
        for (at, head) in [
            (746.0, "mean"),
            (836.0, "19 of 20 below"),
            (936.0, "best in"),
        ] {
            canvas.text((at, *y), head, SMALL, SOFT, TextAnchor::Right);
        }
        let regrets: Vec<(&str, RegimeRegret)> = regrets(results, outcome.goal, &self.arms);
        let most = regrets.iter().map(|r| r.1.mean).fold(1e-12, f64::max);
        for (arm, regret) in regrets {
            *y += 20.0;
            let colour = self.colour(arm);
            let ink = ink_of(colour);
            let label = arm_label(results, arm);
            canvas.bold((610.0, *y), label, SMALL, ink, TextAnchor::Left);
            *y += 14.0;
            let bar = 326.0 * regret.mean / most;
            canvas.rect((610.0, *y + 8.0), (610.0 + bar, *y + 11.0), colour, 0.9);
            let best = in_unit(two_digits(regret.best), "fraction");
            for (at, text) in [
                (
                    746.0,
                    in_unit(two_digits(outcome.factor * regret.mean), unit),
                ),
                (
                    836.0,
                    in_unit(two_digits(outcome.factor * regret.p95), unit),
                ),
                (936.0, best.clone()),
            ] {
                canvas.text((at, *y), text, SMALL, INK, TextAnchor::Right);
            }
            said.push(format!("{label} is best in {words} in {best} of futures"));
        }
        *y += 36.0;
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The regret of each regime, over the futures in which all have the outcome.
fn regrets<'a>(
    results: &Results,
    goal: &OutcomeGoal,
    arms: &[&'a str],
) -> Vec<(&'a str, RegimeRegret)> {
    let sign = if goal.better == GoalDirection::More {
        1.0
    } else {
        -1.0
    };
    let values: Vec<std::collections::BTreeMap<u32, f64>> = arms
        .iter()
        .map(|arm| {
            let rows = results.values(&goal.outcome, arm);
            rows.into_iter()
                .map(|(run, _, v)| (run, sign * v))
                .collect()
        })
        .collect();
    let runs: Vec<u32> = values
        .first()
        .map(|first| first.keys().copied().collect())
        .unwrap_or_default();
    let runs: Vec<u32> = runs
        .into_iter()
        .filter(|run| values.iter().all(|v| v.contains_key(run)))
        .collect();
    let of = |at: usize| {
        let lost = |run: &u32| {
            let best = values.iter().map(|v| v[run]).fold(f64::MIN, f64::max);
            best - values[at][run]
        };
        let all = sorted(runs.iter().map(lost));
        let count = (all.len() as f64).max(1.0);
        RegimeRegret {
            mean: all.iter().sum::<f64>() / count,
            p95: quantile(&all, 0.95),
            best: all.iter().filter(|r| **r == 0.0).count() as f64 / count,
        }
    };
    arms.iter()
        .enumerate()
        .map(|(at, arm)| (*arm, of(at)))
        .collect()
}
