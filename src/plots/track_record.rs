//! The track record of dated forecasts: where in its interval each value came, series by series.

use std::collections::BTreeMap;

use super::axis::{AxisScaleRange, PlotPanel};
use super::canvas::{Canvas, TextAnchor};
use super::svg::{self, TextRendering};
use super::theme::{BLUE, GRID, INK, SKY, SMALL, SOFT, VERMILLION, width, wrap};
use crate::results::tables::SideTable;

const SHEET: f64 = 960.0;
const LEFT: f64 = 330.0;
const RIGHT: f64 = SHEET - 230.0;
const ROW: f64 = 17.0;
/// Half the width of the panel, in half widths of a 90 % interval.
const EDGE: f64 = 2.0;
/// Series that are drawn, at most.
const MOST: usize = 40;

/// A value that came, by its place in the interval: 0 at the median, -1 and 1 at the ends of 90 %.
struct CameValue {
    place: f64,
    inside_50: bool,
    inside_90: bool,
}

/// The values of one series.
#[derive(Default)]
struct CameSeries {
    values: Vec<CameValue>,
    crps: f64,
    crps_naive: f64,
}

/// The figure of a table `track_record` as SVG for a page that carries the typeface; None where no value has come, or a name
/// has a letter that the typeface lacks. `label` names a series and its entity for readers.
pub fn draw_track_record(
    table: &SideTable,
    label: &dyn Fn(&str, &str) -> String,
) -> Option<String> {
    let series = series_of(table, label);
    if series.is_empty() {
        return None;
    }
    let (canvas, said) = compose(&series);
    if canvas.without_glyph().is_some() {
        return None;
    }
    let title = "Dated forecasts beside what came";
    Some(svg::svg(
        &canvas,
        "figure-track-record",
        title,
        &said,
        TextRendering::Page,
    ))
}

/// The series that are not weak with values that count, by their names for readers.
fn series_of(
    table: &SideTable,
    label: &dyn Fn(&str, &str) -> String,
) -> BTreeMap<String, CameSeries> {
    let mut found: BTreeMap<String, CameSeries> = BTreeMap::new();
    for row in &table.rows {
        if table.text(row, "standing") != "counted" || table.text(row, "weak") == "true" {
            continue;
        }
        let number = |column: &str| table.number(row, column);
        let place = || {
            let observed = number("observed")?;
            let (middle, low, high) = (number("p50")?, number("p05")?, number("p95")?);
            let half = if observed < middle {
                middle - low
            } else {
                high - middle
            };
            Some(match (observed - middle, half) {
                (0.0, _) => 0.0,
                (off, half) if half > 0.0 => off / half,
                (off, _) => f64::INFINITY.copysign(off),
            })
        };
        let Some(place) = place() else { continue };
        let name = label(table.text(row, "series"), table.text(row, "entity"));
        let series = found.entry(name).or_default();
        series.values.push(CameValue {
            place,
            inside_50: table.text(row, "inside_50") == "true",
            inside_90: table.text(row, "inside_90") == "true",
        });
        if let (Some(mine), Some(naive)) = (number("crps"), number("crps_naive")) {
            series.crps += mine;
            series.crps_naive += naive;
        }
    }
    found
}

fn compose(series: &BTreeMap<String, CameSeries>) -> (Canvas, String) {
    let mut canvas = Canvas::new(SHEET);
    let top = 34.0;
    let shown = series.len().min(MOST);
    let bottom = top + ROW * shown as f64 + 6.0;
    let across = AxisScaleRange::linear((-EDGE, EDGE), LEFT, RIGHT);
    let panel = PlotPanel::of_rows(across, top - 4.0, bottom);
    let band = |canvas: &mut Canvas, half: f64, colour, opacity| {
        let (from, to) = (panel.across.at(-half), panel.across.at(half));
        canvas.rect((from, panel.top()), (to, panel.bottom()), colour, opacity);
    };
    band(&mut canvas, 1.0, GRID, 0.8);
    let middle = panel.across.at(0.0);
    canvas.line(vec![(middle, panel.top()), (middle, bottom)], SOFT, 0.9);
    for (at, words) in [
        (-1.0, "5 %"),
        (0.0, "median"),
        (1.0, "95 % of the forecast"),
    ] {
        let at = (panel.across.at(at), top - 14.0);
        canvas.text(at, words, SMALL, SOFT, TextAnchor::Centre);
    }
    let head = (RIGHT + 14.0, top - 14.0);
    canvas.text(head, "in 90 %; skill", SMALL, SOFT, TextAnchor::Left);
    let mut said = Vec::new();
    for (turn, (name, series)) in series.iter().take(MOST).enumerate() {
        let y = top + 8.0 + ROW * turn as f64;
        said.push(draw_row(&mut canvas, &panel, name, series, y));
    }
    let mut y = bottom + 18.0;
    let left_out = match series.len() - shown {
        0 => String::new(),
        more => format!(" {more} more series are in the table."),
    };
    let foot = format!(
        "A dot is a value that came after the forecast was dated: blue within its 90 % interval (light blue within 50 %), red outside; a triangle is beyond the edge. Grey: the 90 % interval. Skill is one less the score of the model over that of the strongest simple forecast.{left_out}"
    );
    for line in wrap(&foot, SHEET - 20.0, SMALL) {
        canvas.text((10.0, y), line, SMALL, SOFT, TextAnchor::Left);
        y += 14.5;
    }
    canvas.height = y;
    (canvas, said.join("; "))
}

/// One series: its name, its values and its numbers; answers them in words.
fn draw_row(
    canvas: &mut Canvas,
    panel: &PlotPanel,
    name: &str,
    series: &CameSeries,
    y: f64,
) -> String {
    let mut shown = name.to_string();
    while width(&shown, SMALL, false) > LEFT - 24.0 && shown.pop().is_some() {}
    let at = (LEFT - 12.0, y);
    canvas.text(at, shown, SMALL, INK, TextAnchor::Right);
    for value in &series.values {
        let colour = match (value.inside_50, value.inside_90) {
            (true, _) => SKY,
            (_, true) => BLUE,
            _ => VERMILLION,
        };
        let x = panel.across.at(value.place.clamp(-EDGE, EDGE));
        if value.place.abs() > EDGE {
            let tip = x + 5.0_f64.copysign(value.place);
            canvas.area(vec![(tip, y), (x, y - 4.0), (x, y + 4.0)], colour, 1.0);
        } else {
            canvas.dot((x, y), 3.4, colour, 0.9);
        }
    }
    let held = series.values.iter().filter(|v| v.inside_90).count();
    let skill = if series.crps_naive > 0.0 {
        let skill = 1.0 - series.crps / series.crps_naive;
        format!("{skill:+.2}").replace('-', "\u{2013}")
    } else {
        "no rival".into()
    };
    let numbers = format!("{held} of {}; {skill}", series.values.len());
    let at = (RIGHT + 14.0, y);
    canvas.text(at, numbers.as_str(), SMALL, INK, TextAnchor::Left);
    format!("{name}: {numbers}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(places: &[f64]) -> CameSeries {
        let value = |place: &f64| CameValue {
            place: *place,
            inside_50: place.abs() < 0.4,
            inside_90: place.abs() <= 1.0,
        };
        CameSeries {
            values: places.iter().map(value).collect(),
            crps: 1.0,
            crps_naive: 2.0,
        }
    }

    #[test]
    fn words_neither_overlap_nor_leave_the_sheet() {
        let long = "home makers of the target: revenue of the first nine months of a year, all of it, as published";
        let all = BTreeMap::from([
            ("capability index frontier: US".into(), series(&[0.1, -0.7])),
            (long.into(), series(&[f64::INFINITY, -9.0, 1.4])),
        ]);
        let (canvas, said) = compose(&all);
        assert!(canvas.faults().is_empty(), "{:?}", canvas.faults());
        assert!(said.starts_with("capability index frontier: US: 2 of 2; +0.50"));
    }
}
