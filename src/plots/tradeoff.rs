//! Trade-off charts: two effects against each other, future by future, with the regret of each regime.

use super::axis::{AxisScaleRange, PlotPanel, bounds};
use super::canvas::TextAnchor;
use super::fan::{lines_of, spread};
use super::theme::{INK, LABEL, SERIES, SMALL, SOFT, axis_unit, change_unit, in_unit, ink_of};
use super::{FigureLayout, outcome_words, two_digits};
use crate::analysis::quantile;
use crate::config::figure::{AxisScale, GoalDirection, OutcomeGoal, TradeoffSpec};
use crate::results::Results;

/// What a regime costs in one outcome against the best regime of the same future.
struct RegimeRegret {
    mean: f64,
    /// In 95 % of futures it is no more than this.
    p95: f64,
    /// Share of futures in which it is best, ties shared by all of the best.
    best: f64,
}

/// Draws the scatter and the table of regret; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    t: &TradeoffSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let (x_words, x_unit) = outcome_words(results, &t.across.outcome);
    let (y_words, y_unit) = outcome_words(results, &t.up.outcome);
    let ((x_by, x_unit), (y_by, y_unit)) = (change_unit(&x_unit), change_unit(&y_unit));
    let arms: Vec<&str> = study.arms.iter().map(|a| a.name.as_str()).collect();
    let colour = |arm: &str| {
        let at = arms.iter().position(|a| *a == arm).unwrap_or(0);
        SERIES[at % SERIES.len()]
    };
    let mut clouds: Vec<(&str, Vec<(f64, f64)>)> = Vec::new();
    for arm in arms.iter().filter(|a| **a != study.baseline) {
        let across = results.pairs(&t.across.outcome, arm);
        let up = results.pairs(&t.up.outcome, arm);
        let both = across.iter().filter_map(|a| {
            let same = up.iter().find(|u| u.run == a.run)?;
            Some((x_by * a.difference, y_by * same.difference))
        });
        clouds.push((arm, both.collect()));
    }
    if clouds.iter().all(|(_, cloud)| cloud.is_empty()) {
        return Err("no future has both outcomes".into());
    }
    let ends = |of: fn(&(f64, f64)) -> f64| {
        bounds(
            clouds.iter().flat_map(|(_, cloud)| cloud.iter().map(of)),
            AxisScale::Linear,
        )
    };
    let (x_low, x_high) = ends(|p| p.0);
    let (y_low, y_high) = ends(|p| p.1);
    let top = sheet.y + 34.0;
    let panel = PlotPanel {
        across: AxisScaleRange {
            low: x_low,
            high: x_high,
            from: 62.0,
            to: 560.0,
            scale: AxisScale::Linear,
        },
        up: AxisScaleRange {
            low: y_low,
            high: y_high,
            from: top + 360.0,
            to: top,
            scale: AxisScale::Linear,
        },
    };
    let canvas = &mut sheet.canvas;
    let more = |goal: &OutcomeGoal| match goal.better {
        GoalDirection::More => "more is better",
        GoalDirection::Less => "less is better",
    };
    let head = format!(
        "change of {y_words}, {} ({})",
        axis_unit(y_unit),
        more(&t.up)
    );
    for (n, line) in lines_of(&head, 550.0, SMALL, 2).into_iter().enumerate() {
        let at = (10.0, sheet.y + 4.0 + 13.0 * n as f64);
        canvas.text(at, line, SMALL, SOFT, TextAnchor::Left);
    }
    panel.values(canvas, y_unit, true);
    panel.values_below(canvas, x_unit);
    let foot = format!(
        "change of {x_words}, {} ({})",
        axis_unit(x_unit),
        more(&t.across)
    );
    for (n, line) in lines_of(&foot, 500.0, SMALL, 2).into_iter().enumerate() {
        let at = (panel.left(), panel.bottom() + 31.0 + 13.0 * n as f64);
        canvas.text(at, line, SMALL, SOFT, TextAnchor::Left);
    }
    for (arm, cloud) in &clouds {
        for p in cloud {
            canvas.dot((panel.across.at(p.0), panel.y(p.1)), 2.3, colour(arm), 0.35);
        }
    }
    let zero = (panel.across.at(0.0), panel.y(0.0));
    canvas.dot(zero, 5.0, colour(&study.baseline), 1.0);
    let mut labels = vec![(
        zero.1,
        study.baseline.clone(),
        (zero.0, colour(&study.baseline)),
    )];
    let mut said = Vec::new();
    for (arm, cloud) in clouds.iter().filter(|(_, c)| !c.is_empty()) {
        let (xs, ys) = (
            sorted(cloud.iter().map(|p| p.0)),
            sorted(cloud.iter().map(|p| p.1)),
        );
        let at = |q: f64| (panel.across.at(quantile(&xs, q)), panel.y(quantile(&ys, q)));
        let (low, middle, high) = (at(0.25), at(0.5), at(0.75));
        canvas.line(vec![(low.0, middle.1), (high.0, middle.1)], INK, 2.0);
        canvas.line(vec![(middle.0, low.1), (middle.0, high.1)], INK, 2.0);
        canvas.dot(middle, 5.0, colour(arm), 1.0);
        labels.push((middle.1, (*arm).to_string(), (high.0, colour(arm))));
        let median = |values: &[f64], unit: &str| in_unit(two_digits(quantile(values, 0.5)), unit);
        said.push(format!(
            "{arm}: {x_words} {} {x_unit}, {y_words} {} {y_unit}",
            median(&xs, x_unit),
            median(&ys, y_unit)
        ));
    }
    spread(&mut labels, panel.top() + 6.0, panel.bottom() - 6.0);
    for (y, name, (x, colour)) in labels {
        canvas.bold(
            (x + 9.0, y - 9.0),
            name,
            LABEL,
            ink_of(colour),
            TextAnchor::Left,
        );
    }
    // Regret: against the best regime of the same future, in each outcome by itself.
    let mut y = top + 2.0;
    for (goal, words, unit, factor) in [
        (&t.up, &y_words, y_unit, y_by),
        (&t.across, &x_words, x_unit, x_by),
    ] {
        canvas.bold(
            (610.0, y),
            "Regret against the best regime of each future",
            LABEL,
            INK,
            TextAnchor::Left,
        );
        for line in lines_of(&format!("{words}, {}", axis_unit(unit)), 350.0, SMALL, 2) {
            y += 15.0;
            canvas.text((610.0, y), line, SMALL, SOFT, TextAnchor::Left);
        }
        y += 21.0;
        for (at, head) in [(770.0, "mean"), (860.0, "95 % below"), (960.0, "best in")] {
            canvas.text((at, y), head, SMALL, SOFT, TextAnchor::Right);
        }
        let regrets: Vec<(&str, RegimeRegret)> = regrets(results, goal, &arms);
        let most = regrets.iter().map(|r| r.1.mean).fold(1e-12, f64::max);
        for (arm, regret) in regrets {
            y += 22.0;
            canvas.bold(
                (610.0, y),
                arm,
                SMALL,
                ink_of(colour(arm)),
                TextAnchor::Left,
            );
            let bar = 350.0 * regret.mean / most;
            canvas.rect((610.0, y + 8.0), (610.0 + bar, y + 11.0), colour(arm), 0.9);
            for (at, text) in [
                (770.0, in_unit(two_digits(factor * regret.mean), unit)),
                (860.0, in_unit(two_digits(factor * regret.p95), unit)),
                (960.0, in_unit(two_digits(regret.best), "fraction")),
            ] {
                canvas.text((at, y), text, SMALL, INK, TextAnchor::Right);
            }
            said.push(format!(
                "{arm} is best in {words} in {} of futures",
                in_unit(two_digits(regret.best), "fraction")
            ));
        }
        y += 36.0;
    }
    sheet.y = panel.bottom() + 58.0;
    sheet.caption.push(format!(
        "Differences to {} in the same futures. Regret is in one outcome alone: nothing weighs one against the other.",
        study.baseline
    ));
    Ok(said.join("; "))
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
