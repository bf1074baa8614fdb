//! Timelines: the events of one run in a lane for each kind, with names where there is room.

use super::axis::{AxisScaleRange, PlotPanel, months};
use super::canvas::{Canvas, TextAnchor};
use super::theme::{Colour, GRID, INK, SERIES, SMALL, SOFT, TINY, fitted, ink_of, month, width};
use super::{FigureLayout, arm_label, arm_of, month_or, named};
use crate::config::figure::TimelineSpec;
use crate::foundation::calendar::Month;
use crate::results::repeat::replay;
use crate::results::{ArmInfo, EventRow, Results};

/// Rows of labels in a lane, and their distance.
const ROWS: usize = 4;
const STEP: f64 = 13.0;
const LONGEST: f64 = 250.0;

/// Where lanes are drawn: the months across, and the run's events.
struct LaneLayout<'a> {
    results: &'a Results,
    arm: &'a ArmInfo,
    left: f64,
    right: f64,
    across: AxisScaleRange,
}

impl LaneLayout<'_> {
    /// An event in the words of its lane: a rule by its title.
    fn label(&self, event: &EventRow) -> String {
        let id = event.text.split(' ').next().unwrap_or_default();
        let rule = self.arm.rules.iter().find(|r| r.id == id);
        let text = rule.map_or(event.text.as_str(), |r| r.title.trim_end_matches('.'));
        named(self.results, text)
    }

    fn x(&self, event: &EventRow) -> f64 {
        self.across.at(f64::from(event.month.index()))
    }
}

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
    let events = events_of(results, timeline, &arm.name, (from, to));
    if events.is_empty() {
        return Err(format!(
            "no events of future {} under {} were kept",
            timeline.run,
            arm.label()
        ));
    }
    let mut kinds: Vec<&str> = Vec::new();
    for event in &events {
        if !kinds.contains(&event.kind.as_str()) {
            kinds.push(&event.kind);
        }
    }
    let names = kinds.iter().map(|k| width(&lane_name(k), SMALL, true));
    let left = names.fold(0.0, f64::max) + 30.0;
    let right = sheet.canvas.width - 16.0;
    let lanes = LaneLayout {
        results,
        arm,
        left,
        right,
        across: months(from, to, left, right),
    };
    let top = sheet.y + 6.0;
    let mut y = top;
    let (mut labelled, mut said) = (0, Vec::new());
    for (turn, kind) in kinds.iter().enumerate() {
        let colour = SERIES[turn % SERIES.len()];
        let lane: Vec<&EventRow> = events.iter().copied().filter(|e| e.kind == *kind).collect();
        let (high, labels) = lanes.draw(&mut sheet.canvas, &lane, y, colour);
        labelled += labels;
        said.push(format!(
            "{} of {}, the first in {}: {}",
            lane.len(),
            lane_name(kind),
            month(lane[0].month),
            lanes.label(lane[0])
        ));
        y += high + 8.0;
    }
    for event in &events {
        sheet.data.add(&[
            ("month", event.month.to_string()),
            ("kind", event.kind.clone()),
            ("actor", event.actor.clone()),
            ("text", event.text.clone()),
        ]);
    }
    let panel = PlotPanel::of_rows(lanes.across, top, y);
    sheet.canvas.line(vec![(left, y), (right, y)], SOFT, 0.9);
    panel.years(&mut sheet.canvas);
    sheet.y = y + 26.0;
    let caption = caption(results, timeline, &arm.name, events.len(), labelled);
    sheet.caption.push(caption);
    Ok(format!("under {}: {}", arm.label(), said.join("; ")))
}

/// The finding of a timeline: how much happened in its future.
pub fn finding(results: &Results, timeline: &TimelineSpec) -> Option<String> {
    let study = &results.manifest.study;
    let arm = arm_of(results, &timeline.regime).ok()?;
    let from = month_or(&timeline.from, study.first_month);
    let to = month_or(&timeline.to, study.last_month).min(study.last_month);
    let events = events_of(results, timeline, &arm.name, (from, to)).len();
    Some(format!(
        "One simulated future under {}: {events} events, {} to {}",
        arm.label(),
        month(from),
        month(to)
    ))
}

/// A kind of event for readers: what somebody else decides has that actor in it.
fn lane_name(kind: &str) -> String {
    match kind {
        "restricted" => "materials withheld".into(),
        "refused" => "importer refuses".into(),
        "stolen" => "simulated theft".into(),
        "variant_launched" => "redesigned chip".into(),
        _ => kind.replace('_', " "),
    }
}

/// The events of one run that the figure shows.
fn events_of<'a>(
    results: &'a Results,
    timeline: &TimelineSpec,
    arm: &str,
    (from, to): (Month, Month),
) -> Vec<&'a EventRow> {
    results
        .events
        .iter()
        .filter(|e| {
            e.regime == arm
                && e.run == timeline.run
                && e.month >= from
                && e.month <= to
                && !timeline.without.contains(&e.kind)
        })
        .collect()
}

/// What the figure shows, and the command that shows all of it.
fn caption(
    results: &Results,
    timeline: &TimelineSpec,
    name: &str,
    events: usize,
    named: usize,
) -> String {
    let left_out = if timeline.without.is_empty() {
        String::new()
    } else {
        format!(
            "; left out: {}",
            timeline.without.join(", ").replace('_', " ")
        )
    };
    let run = timeline.run;
    format!(
        "Future {run} under {}: {events} events, {named} of them named{left_out}. All of it: {}.",
        arm_label(results, name),
        replay(&results.manifest, name, run)
    )
}

impl LaneLayout<'_> {
    /// Labels of a lane with row and start, and the number of rows. Each begins at its dot, in the first row that is free
    /// there.
    fn labels(&self, lane: &[&EventRow]) -> (Vec<(usize, f64, String)>, usize) {
        let mut free: Vec<f64> = Vec::new();
        let mut placed: Vec<(usize, f64, String)> = Vec::new();
        for event in lane {
            let start = self.x(event) + 6.0;
            let label = fitted(&self.label(event), LONGEST.min(self.right - start), TINY);
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
        (placed, free.len())
    }

    /// A lane from `y` down: its line, name, labels and dots; answers its height and the number of labels.
    fn draw(
        &self,
        canvas: &mut Canvas,
        lane: &[&EventRow],
        y: f64,
        colour: Colour,
    ) -> (f64, usize) {
        let (placed, rows) = self.labels(lane);
        let high = 18.0 + STEP * rows as f64;
        let base = y + high - 6.0;
        canvas.line(vec![(self.left, base), (self.right, base)], GRID, 1.0);
        let name = lane_name(&lane[0].kind);
        let (at, ink) = ((10.0, base - 4.0), ink_of(colour));
        canvas.bold(at, name, SMALL, ink, TextAnchor::Left);
        let named = placed.len();
        for (row, start, label) in placed {
            let at = base - 12.0 - STEP * row as f64;
            let stem = vec![(start - 6.0, base), (start - 6.0, at), (start - 2.0, at)];
            canvas.line(stem, GRID, 0.9);
            canvas.text((start, at), label, TINY, INK, TextAnchor::Left);
        }
        for event in lane {
            canvas.dot((self.x(event), base), 3.4, colour, 1.0);
        }
        (high, named)
    }
}
