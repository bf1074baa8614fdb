//! The scorecard page: every series with its record, the model's prediction and the benchmark.

use std::path::Path;

use super::WIDTH;
use super::axis::{AxisScaleRange, PlotPanel, bounds, months};
use super::canvas::{Canvas, PngSize, TextAnchor};
use super::svg;
use super::theme::{BLUE, INK, SMALL, SOFT, TITLE, VERMILLION, WORDS, fitted, wrap};
use crate::config::figure::AxisScale;
use crate::foundation::calendar::Month;
use crate::foundation::maths;
use crate::results::files;

/// One recorded point and what is said of it, in the unit of its table.
#[derive(Clone, Debug)]
pub struct ScorecardPoint {
    pub series: String,
    pub entity: String,
    /// Class of evidence.
    pub class: String,
    pub unit: String,
    pub first: Month,
    pub last: Month,
    /// Recorded value, and the ends of its interval.
    pub observed: [f64; 3],
    /// Quantiles of the model at 5, 25, 50, 75 and 95 %.
    pub modelled: [f64; 5],
    /// The strongest benchmark's at 5, 50 and 95 %.
    pub benchmark: Option<[f64; 3]>,
    /// In the test and not in the fit.
    pub tested: bool,
}

const COLUMNS: usize = 3;
const LEFT: f64 = 62.0;
const PANEL: f64 = 92.0;
const ROW: f64 = PANEL + 68.0;

/// Draws the page as `NAME.svg` and `NAME.png`.
///
/// # Errors
/// When a file cannot be written.
pub fn draw_scorecard(
    title: &str,
    basis: &str,
    points: &[ScorecardPoint],
    folder: &Path,
    name: &str,
) -> Result<(), String> {
    let canvas = page(title, basis, points);
    let said = format!("{title}. {basis}");
    let drawn = svg::svg(&canvas, name, title, &said, svg::TextRendering::Outlines);
    let path = folder.join(format!("{name}.svg"));
    files::write(&path, drawn).map_err(|e| e.to_string())?;
    canvas.png(&folder.join(format!("{name}.png")), PngSize::Screen)
}

fn page(title: &str, basis: &str, points: &[ScorecardPoint]) -> Canvas {
    let mut canvas = Canvas::new(WIDTH);
    let mut y = 26.0;
    for line in wrap(title, WIDTH - 60.0, TITLE) {
        canvas.bold((10.0, y), line, TITLE, INK, TextAnchor::Left);
        y += 25.0;
    }
    let words = "Dots: recorded, with their intervals; open in grey: fitted, black: tested. Blue: the model, median, 50 and 90 %. \
                 Red crosses: the strongest simple forecast.";
    for line in wrap(words, WIDTH - 30.0, WORDS) {
        canvas.text((10.0, y), line, WORDS, SOFT, TextAnchor::Left);
        y += 17.0;
    }
    y += 8.0;
    let mut panels: Vec<Vec<&ScorecardPoint>> = Vec::new();
    for point in points {
        let of = |p: &ScorecardPoint| (p.series.clone(), p.entity.clone());
        match panels.iter_mut().find(|list| of(list[0]) == of(point)) {
            Some(list) => list.push(point),
            None => panels.push(vec![point]),
        }
    }
    let wide = (WIDTH - 20.0) / COLUMNS as f64;
    for (at, list) in panels.iter().enumerate() {
        let left = 10.0 + wide * (at % COLUMNS) as f64;
        let top = y + ROW * (at / COLUMNS) as f64;
        draw_panel(&mut canvas, list, left, top, wide);
    }
    y += ROW * panels.len().div_ceil(COLUMNS) as f64 + 6.0;
    for line in wrap(basis, WIDTH - 20.0, SMALL) {
        canvas.text((10.0, y), line, SMALL, SOFT, TextAnchor::Left);
        y += 14.5;
    }
    canvas.height = (y + 4.0).ceil();
    canvas
}

fn draw_panel(canvas: &mut Canvas, list: &[&ScorecardPoint], left: f64, top: f64, wide: f64) {
    // Training runs are beyond every prefix.
    let most = list.iter().map(|p| p.observed[2]).fold(0.0, f64::max);
    let factor = if most > 1e15 {
        maths::pow(10_f64, maths::log10(most).floor())
    } else {
        1.0
    };
    draw_head(canvas, list[0], factor, (left, top), wide);
    let all = || {
        list.iter().flat_map(|p| {
            let benchmark = p.benchmark.unwrap_or([p.observed[0]; 3]);
            let all = p.observed.into_iter().chain(p.modelled).chain(benchmark);
            all.map(|v| v / factor)
        })
    };
    let spread = all().fold(0.0, f64::max) / all().fold(f64::INFINITY, f64::min);
    let scale = if all().all(|v| v > 0.0) && spread > 5.0 {
        AxisScale::Log
    } else {
        AxisScale::Linear
    };
    let (low, high) = bounds(all(), scale);
    let (from, to) = (Month::of(2020, 1), list.iter().map(|p| p.last).max());
    let to = to.unwrap_or(from).max(Month::of(2026, 12));
    let foot = top + 40.0 + PANEL;
    let panel = PlotPanel {
        across: months(from, to, left + LEFT, left + wide - 16.0),
        up: AxisScaleRange {
            low,
            high,
            from: foot,
            to: top + 40.0,
            scale,
        },
    };
    panel.values(canvas, "", true);
    panel.years(canvas);
    for point in list {
        draw_point(canvas, &panel, point, factor);
    }
}

/// The series, its entity, its class and its unit above a panel.
fn draw_head(
    canvas: &mut Canvas,
    first: &ScorecardPoint,
    factor: f64,
    (left, top): (f64, f64),
    wide: f64,
) {
    let name = first.series.replace('_', " ");
    let head = fitted(&name, wide - 24.0, SMALL);
    canvas.bold((left, top + 10.0), head, SMALL, INK, TextAnchor::Left);
    let unit = if factor > 1.0 {
        format!("{factor:.0e} {}", first.unit)
    } else {
        first.unit.clone()
    };
    let below = format!("{} ({}), {unit}", first.entity, first.class);
    let below = fitted(&below, wide - 24.0, SMALL);
    canvas.text((left, top + 24.0), below, SMALL, SOFT, TextAnchor::Left);
}

/// The model's bands, the benchmark's cross, and the recorded value with its interval.
fn draw_point(canvas: &mut Canvas, panel: &PlotPanel, point: &ScorecardPoint, factor: f64) {
    let y = |value: f64| panel.y(value / factor);
    let middle = 0.5 * (panel.x(point.first) + panel.x(point.last));
    let band = |canvas: &mut Canvas, low: f64, high: f64, opacity: f64| {
        let (low, high) = (y(low), y(high));
        canvas.rect((middle - 4.0, high), (middle + 4.0, low), BLUE, opacity);
    };
    let m = point.modelled;
    band(canvas, m[0], m[4], 0.22);
    band(canvas, m[1], m[3], 0.45);
    let median = y(m[2]);
    let across = vec![(middle - 4.0, median), (middle + 4.0, median)];
    canvas.line(across, BLUE, 1.8);
    if let Some([low, value, high]) = point.benchmark {
        let x = middle + 7.0;
        let upright = vec![(x, y(low)), (x, y(high))];
        canvas.line(upright, VERMILLION, 0.9);
        let value = y(value);
        for rise in [3.0, -3.0] {
            let stroke = vec![(x - 3.0, value - rise), (x + 3.0, value + rise)];
            canvas.line(stroke, VERMILLION, 1.4);
        }
    }
    let colour = if point.tested { INK } else { SOFT };
    let [value, low, high] = point.observed.map(y);
    canvas.line(vec![(middle, low), (middle, high)], colour, 1.0);
    canvas.dot((middle, value), 2.6, colour, 1.0);
    if !point.tested {
        canvas.dot((middle, value), 1.5, (255, 255, 255), 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_every_series_and_its_words_fit() {
        let held = |series: &str, value: f64| ScorecardPoint {
            series: series.into(),
            entity: "*".into(),
            class: "M".into(),
            unit: "USD bn".into(),
            first: Month::of(2024, 1),
            last: Month::of(2024, 3),
            observed: [value, 0.9 * value, 1.1 * value],
            modelled: [0.5, 0.8, 1.0, 1.2, 1.5].map(|x| x * value),
            benchmark: Some([0.4, 1.0, 2.5].map(|x| x * value)),
            tested: true,
        };
        let points = [
            held("nvidia_dc_revenue_quarter", 20.0),
            held("eci_frontier", 130.0),
            held("nvidia_dc_revenue_quarter", 200.0),
            held("largest_training_run", 1e26),
        ];
        let canvas = page("Held against the record", "500 draws.", &points);
        let heads = [
            "nvidia dc revenue quarter",
            "eci frontier",
            "largest training run",
        ];
        for head in heads {
            assert_eq!(canvas.texts().filter(|t| t.text == head).count(), 1);
        }
        assert_eq!(canvas.faults(), Vec::<String>::new());
    }
}
