//! Small multiples on shared axes: a row for each measure and a column for each regime.

use super::axis::{AxisScaleRange, PlotPanel, bounds, months};
use super::canvas::TextAnchor;
use super::fan::{LEFT, compared_median, fan_of};
use super::record::{LEGEND, draw_record, record_of};
use super::theme::{INK, LABEL, SERIES, SMALL, SOFT, axis_unit, fitted, in_unit, month, width};
use super::{FigureLayout, baseline_label, measure_unit, month_or, named, two_digits};
use crate::config::figure::{SmallMultiplesRow, SmallMultiplesSpec};
use crate::foundation::calendar::Month;
use crate::results::{BandRow, Results};

const PANEL: f64 = 96.0;
const GAP: f64 = 16.0;

/// Where the grid's columns are drawn.
struct ColumnLayout {
    from: Month,
    wide: f64,
}

impl ColumnLayout {
    fn left(&self, column: usize) -> f64 {
        LEFT + column as f64 * (self.wide + GAP)
    }
}

/// Draws the grid; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    multiples: &SmallMultiplesSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let columns = study.arms.len() as f64;
    let layout = ColumnLayout {
        from: month_or(&multiples.from, study.first_month),
        wide: (sheet.canvas.width - LEFT - 14.0 - GAP * (columns - 1.0)) / columns,
    };
    sheet.y += 8.0;
    for (column, arm) in study.arms.iter().enumerate() {
        let (at, size) = ((layout.left(column), sheet.y), LABEL + 1.0);
        let name = fitted(arm.label(), layout.wide / 1.06, size);
        sheet.canvas.bold(at, name, size, INK, TextAnchor::Left);
    }
    sheet.y += 10.0;
    let mut said = Vec::new();
    for row in &multiples.rows {
        said.extend(draw_row(sheet, results, row, &layout)?);
    }
    let dashed = format!(
        "Line: median; dark band: 50 % of futures; light band: 90 %; dashed: median under {}.",
        baseline_label(results)
    );
    sheet.caption.push(dashed);
    let has_record = |row: &SmallMultiplesRow| {
        !record_of(results, &row.measure, &row.entity, layout.from).is_empty()
    };
    if multiples.rows.iter().any(has_record) {
        sheet.caption.push(LEGEND.into());
    }
    Ok(said.join("; "))
}

/// The finding of small panels: their first row in the month of the answer.
pub fn finding(results: &Results, multiples: &SmallMultiplesSpec) -> Option<String> {
    let row = multiples.rows.first()?;
    let subject = named(results, &row.name);
    compared_median(results, &subject, &row.measure, &row.entity)
}

/// One row of panels; answers where each ends.
fn draw_row(
    sheet: &mut FigureLayout,
    results: &Results,
    row: &SmallMultiplesRow,
    layout: &ColumnLayout,
) -> Result<Vec<String>, String> {
    let study = &results.manifest.study;
    let rows = |arm: &str| results.curve(arm, &row.measure, &row.entity, layout.from);
    let all: Vec<&BandRow> = study.arms.iter().flat_map(|a| rows(&a.name)).collect();
    if all.is_empty() {
        return Err(format!(
            "no bands were kept of {} of {}",
            row.measure, row.entity
        ));
    }
    let unit = measure_unit(results, &row.measure);
    let points = record_of(results, &row.measure, &row.entity, layout.from);
    let ends = |r: &&BandRow| [r.band.p05, r.band.p95];
    let (low, high) = bounds(all.iter().flat_map(ends), row.scale);
    let head = sheet.y + 12.0;
    let canvas = &mut sheet.canvas;
    let name = named(results, &row.name);
    canvas.bold((10.0, head), name.as_str(), SMALL, INK, TextAnchor::Left);
    let beside = (10.0 + width(&name, SMALL, true) + 8.0, head);
    canvas.text(beside, axis_unit(&unit), SMALL, SOFT, TextAnchor::Left);
    let top = head + 16.0;
    let mut said = Vec::new();
    for (column, arm) in study.arms.iter().enumerate() {
        let left = layout.left(column);
        let panel = PlotPanel {
            across: months(layout.from, study.last_month, left, left + layout.wide),
            up: AxisScaleRange {
                low,
                high,
                from: top + PANEL,
                to: top,
                scale: row.scale,
            },
        };
        let here = rows(&arm.name);
        let base = if arm.name == study.baseline {
            Vec::new()
        } else {
            rows(&study.baseline)
        };
        let colour = SERIES[column % SERIES.len()];
        let canvas = &mut sheet.canvas;
        panel.values(canvas, &unit, column == 0);
        panel.years(canvas);
        fan_of(canvas, &panel, &here, &base, colour);
        draw_record(canvas, &panel, &points);
        let labels = [arm.label(), name.as_str(), unit.as_str()];
        sheet.data.add_bands(labels, &here);
        if let Some(last) = here.last() {
            said.push(format!(
                "{} under {} ends {} at {}",
                name,
                arm.label(),
                month(last.month),
                in_unit(two_digits(last.band.p50), &unit)
            ));
        }
    }
    let labels = ["", name.as_str(), unit.as_str()];
    sheet.data.add_record(labels, &points);
    sheet.y = top + PANEL + 24.0;
    Ok(said)
}
