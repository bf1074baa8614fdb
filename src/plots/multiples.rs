//! Small multiples on shared axes: a row for each measure and a column for each regime.

use super::axis::{AxisScaleRange, PlotPanel, bounds, months};
use super::canvas::TextAnchor;
use super::fan::{LEFT, band_rows, fan_of};
use super::theme::{INK, LABEL, SERIES, SMALL, SOFT, axis_unit, in_unit, month, width};
use super::{FigureLayout, measure_unit, month_or, two_digits};
use crate::config::figure::SmallMultiplesSpec;
use crate::results::{BandRow, Results};

const PANEL: f64 = 96.0;
const GAP: f64 = 16.0;

/// Draws the grid; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    multiples: &SmallMultiplesSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let from = month_or(&multiples.from, study.first_month);
    let columns = study.arms.len() as f64;
    let wide = (sheet.canvas.width - LEFT - 14.0 - GAP * (columns - 1.0)) / columns;
    let left = |column: usize| LEFT + column as f64 * (wide + GAP);
    sheet.y += 8.0;
    for (column, arm) in study.arms.iter().enumerate() {
        let at = (left(column), sheet.y);
        let name = arm.name.clone();
        sheet
            .canvas
            .bold(at, name, LABEL + 1.0, INK, TextAnchor::Left);
    }
    sheet.y += 10.0;
    let mut said = Vec::new();
    for row in &multiples.rows {
        let rows = |arm: &str| band_rows(results, arm, &row.measure, &row.entity, from);
        let all: Vec<&BandRow> = study.arms.iter().flat_map(|a| rows(&a.name)).collect();
        if all.is_empty() {
            return Err(format!(
                "no bands were kept of {} of {}",
                row.measure, row.entity
            ));
        }
        let unit = measure_unit(results, &row.measure);
        let ends = |r: &&BandRow| [r.band.p05, r.band.p95];
        let (low, high) = bounds(all.iter().flat_map(ends), row.scale);
        let head = sheet.y + 12.0;
        let name = row.name.clone();
        sheet
            .canvas
            .bold((10.0, head), name, SMALL, INK, TextAnchor::Left);
        let beside = 10.0 + width(&row.name, SMALL, true) + 8.0;
        let unit_words = axis_unit(&unit);
        sheet
            .canvas
            .text((beside, head), unit_words, SMALL, SOFT, TextAnchor::Left);
        let top = head + 16.0;
        for (column, arm) in study.arms.iter().enumerate() {
            let panel = PlotPanel {
                across: months(from, study.last_month, left(column), left(column) + wide),
                up: AxisScaleRange {
                    low,
                    high,
                    from: top + PANEL,
                    to: top,
                    scale: row.scale,
                },
            };
            panel.values(&mut sheet.canvas, &unit, column == 0);
            panel.years(&mut sheet.canvas);
            let here = rows(&arm.name);
            let base = if arm.name == study.baseline {
                Vec::new()
            } else {
                rows(&study.baseline)
            };
            let colour = SERIES[column % SERIES.len()];
            fan_of(&mut sheet.canvas, &panel, &here, &base, colour);
            if let Some(last) = here.last() {
                said.push(format!(
                    "{} under {} ends {} at {}",
                    row.name,
                    arm.name,
                    month(last.month),
                    in_unit(two_digits(last.band.p50), &unit)
                ));
            }
        }
        sheet.y = top + PANEL + 24.0;
    }
    let dashed = format!(
        "Line: median; dark band: 50 % of futures; light band: 90 %; dashed: median under {}.",
        study.baseline
    );
    sheet.caption.push(dashed);
    Ok(said.join("; "))
}
