//! Timelines: the events of one run in a lane for each kind, with names where there is room.

use super::axis::{AxisScaleRange, PlotPanel, months};
use super::canvas::TextAnchor;
use super::theme::{GRID, INK, SERIES, SMALL, SOFT, TINY, fitted, ink_of, month, width};
use super::{FigureLayout, arm_of, month_or};
use crate::config::figure::{AxisScale, TimelineSpec};
use crate::foundation::escape::{shell_argument, shell_option};
use crate::results::{EventRow, Results};

/// Rows of labels in a lane, and their distance.
const ROWS: usize = 4;
const STEP: f64 = 13.0;
const LONGEST: f64 = 250.0;

/// Draws the lanes; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    timeline: &TimelineSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let arm = arm_of(results, &timeline.regime)?;
    let from = month_or(&timeline.from, study.first_month);
    let to = month_or(&timeline.to, study.last_month).min(study.last_month);
    let events: Vec<&EventRow> = results
        .events
        .iter()
        .filter(|e| {
            e.regime == arm.name
                && e.run == timeline.run
                && e.month >= from
                && e.month <= to
                && !timeline.without.contains(&e.kind)
        })
        .collect();
    if events.is_empty() {
        return Err(format!(
            "no events of future {} under {} were kept",
            timeline.run, arm.name
        ));
    }
    let mut kinds: Vec<&str> = Vec::new();
    for event in &events {
        if !kinds.contains(&event.kind.as_str()) {
            kinds.push(&event.kind);
        }
    }
    let names = kinds
        .iter()
        .map(|k| width(&k.replace('_', " "), SMALL, true));
    let left = names.fold(0.0, f64::max) + 30.0;
    let right = sheet.canvas.width - 16.0;
    let across = months(from, to, left, right);
    let x = |e: &EventRow| across.at(f64::from(e.month.index()));
    let top = sheet.y + 6.0;
    let mut y = top;
    let (mut named, mut said) = (0, Vec::new());
    for (turn, kind) in kinds.iter().enumerate() {
        let colour = SERIES[turn % SERIES.len()];
        let lane: Vec<&&EventRow> = events.iter().filter(|e| e.kind == *kind).collect();
        // Each label begins at its dot, in the first row that is free there.
        let mut free: Vec<f64> = Vec::new();
        let mut placed: Vec<(usize, f64, String)> = Vec::new();
        for event in &lane {
            let start = x(event) + 6.0;
            let label = fitted(&event.text, LONGEST.min(right - start), TINY);
            if label.is_empty() {
                continue;
            }
            let row = match free.iter().position(|taken| *taken <= start) {
                Some(row) => row,
                None if free.len() < ROWS => {
                    free.push(0.0);
                    free.len() - 1
                }
                None => continue,
            };
            free[row] = start + width(&label, TINY, false) + 8.0;
            placed.push((row, start, label));
        }
        let high = 18.0 + STEP * free.len() as f64;
        let base = y + high - 6.0;
        let canvas = &mut sheet.canvas;
        canvas.line(vec![(left, base), (right, base)], GRID, 1.0);
        let name = kind.replace('_', " ");
        canvas.bold(
            (10.0, base - 4.0),
            name,
            SMALL,
            ink_of(colour),
            TextAnchor::Left,
        );
        for (row, start, label) in placed {
            let at = base - 12.0 - STEP * row as f64;
            let stem = vec![(start - 6.0, base), (start - 6.0, at), (start - 2.0, at)];
            canvas.line(stem, GRID, 0.9);
            canvas.text((start, at), label, TINY, INK, TextAnchor::Left);
            named += 1;
        }
        for event in &lane {
            canvas.dot((x(event), base), 3.4, colour, 1.0);
        }
        let first = lane[0];
        said.push(format!(
            "{} of {}, the first in {}: {}",
            lane.len(),
            kind.replace('_', " "),
            month(first.month),
            first.text
        ));
        y += high + 8.0;
    }
    let panel = PlotPanel {
        across,
        up: AxisScaleRange {
            low: 0.0,
            high: 1.0,
            from: y,
            to: top,
            scale: AxisScale::Linear,
        },
    };
    sheet.canvas.line(vec![(left, y), (right, y)], SOFT, 0.9);
    panel.years(&mut sheet.canvas);
    sheet.y = y + 26.0;
    let left_out = if timeline.without.is_empty() {
        String::new()
    } else {
        format!(
            "; left out: {}",
            timeline.without.join(", ").replace('_', " ")
        )
    };
    let (run, name) = (timeline.run, &arm.name);
    sheet.caption.push(format!(
        "Future {run} under {name}: {} events, {named} of them named{left_out}. All of it: chokepoint replay {} {} --run {run} --seed {}.",
        events.len(),
        shell_argument(&study.name),
        shell_option("--regime", name),
        results.manifest.seed
    ));
    Ok(format!("under {}: {}", arm.label(), said.join("; ")))
}
