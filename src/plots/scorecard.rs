//! The scorecard page, and its panels: a series with its record, the model's prediction and the strongest simple forecast.

use std::path::Path;

use super::WIDTH;
use super::axis::{AxisScaleRange, PlotPanel, bounds, fan_bounds, months};
use super::canvas::{Canvas, PngSize, TextAnchor};
use super::svg;
use super::theme::{BLUE, Colour, INK, SMALL, SOFT, TITLE, VERMILLION, WORDS, fitted, width, wrap};
use crate::config::figure::AxisScale;
use crate::foundation::calendar::Month;
use crate::foundation::maths;
use crate::results::files;

/// One recorded point and what is said of it.
#[derive(Clone, Debug)]
pub struct ScorecardPoint {
    /// The series for readers: points of one have one panel.
    pub label: String,
    /// What stands below the label.
    pub words: String,
    /// The unit of the axis.
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
/// Half the width of the model's bars.
const HALF: f64 = 4.0;

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
    let words = "Every recorded series, what the model says of it under the rules as they were, and the strongest simple forecast.";
    for line in wrap(words, WIDTH - 30.0, WORDS) {
        canvas.text((10.0, y), line, WORDS, SOFT, TextAnchor::Left);
        y += 17.0;
    }
    y = draw_key(&mut canvas, y + 8.0, false);
    y = draw_panels(&mut canvas, points, y, None) + 6.0;
    for line in wrap(basis, WIDTH - 20.0, SMALL) {
        canvas.text((10.0, y), line, SMALL, SOFT, TextAnchor::Left);
        y += 14.5;
    }
    canvas.height = (y + 4.0).ceil();
    canvas
}

/// What each mark is, in one line; answers the height below it.
pub fn draw_key(canvas: &mut Canvas, y: f64, is_split: bool) -> f64 {
    let mut x = 14.0;
    let mut say = |canvas: &mut Canvas, words: &str, wide: f64| {
        let at = (x + wide, y);
        canvas.text(at, words, SMALL, INK, TextAnchor::Left);
        let from = x;
        x += wide + width(words, SMALL, false) + 24.0;
        from
    };
    let at = say(canvas, "record, the model was fitted to it", 10.0);
    draw_record_dot(canvas, (at + 2.0, y), [y - 7.0, y + 7.0], false);
    let at = say(canvas, "record, not fitted", 10.0);
    draw_record_dot(canvas, (at + 2.0, y), [y - 7.0, y + 7.0], true);
    let at = say(canvas, "the model: median, 50 and 90 %", 14.0) + 4.0;
    draw_bands(canvas, at, [y + 8.0, y + 4.0, y, y - 4.0, y - 8.0]);
    let at = say(canvas, "strongest simple forecast, 90 %", 12.0) + 3.0;
    draw_rival(canvas, at, [y + 7.0, y, y - 7.0]);
    if is_split {
        let at = say(canvas, "the split", 10.0) + 2.0;
        draw_split(canvas, at, y - 8.0, y + 8.0);
    }
    y + 20.0
}

/// Draws a panel for each series; answers the height below them. `split` is the first month of the test.
pub fn draw_panels(
    canvas: &mut Canvas,
    points: &[ScorecardPoint],
    y: f64,
    split: Option<Month>,
) -> f64 {
    let panels = by_series(points);
    let wide = (WIDTH - 20.0) / COLUMNS as f64;
    for (at, list) in panels.iter().enumerate() {
        let left = 10.0 + wide * (at % COLUMNS) as f64;
        let top = y + ROW * (at / COLUMNS) as f64;
        draw_panel(canvas, list, (left, top), wide, split);
    }
    y + ROW * panels.len().div_ceil(COLUMNS) as f64
}

/// The points of each series, in the order of their first.
pub fn by_series(points: &[ScorecardPoint]) -> Vec<Vec<&ScorecardPoint>> {
    let mut panels: Vec<Vec<&ScorecardPoint>> = Vec::new();
    for point in points {
        match panels.iter_mut().find(|list| list[0].label == point.label) {
            Some(list) => list.push(point),
            None => panels.push(vec![point]),
        }
    }
    panels
}

fn draw_panel(
    canvas: &mut Canvas,
    list: &[&ScorecardPoint],
    (left, top): (f64, f64),
    wide: f64,
    split: Option<Month>,
) {
    // Training runs are beyond every prefix.
    let most = list.iter().map(|p| p.observed[2]).fold(0.0, f64::max);
    let factor = if most > 1e15 {
        maths::pow(10_f64, maths::log10(most).floor())
    } else {
        1.0
    };
    let (name, below) = (&list[0].label, &list[0].words);
    let below = if factor > 1.0 {
        format!("{below}, in {factor:.0e}")
    } else {
        below.clone()
    };
    let (head, below) = (
        fitted(name, (wide - 24.0) / 1.06, SMALL),
        fitted(&below, wide - 24.0, SMALL),
    );
    canvas.bold((left, top + 10.0), head, SMALL, INK, TextAnchor::Left);
    canvas.text((left, top + 24.0), below, SMALL, SOFT, TextAnchor::Left);
    let values: Vec<f64> = list
        .iter()
        .flat_map(|p| {
            let benchmark = p.benchmark.unwrap_or([p.observed[0]; 3]);
            p.observed.into_iter().chain(p.modelled).chain(benchmark)
        })
        .map(|v| v / factor)
        .collect();
    let all = || values.iter().copied();
    let recorded = || list.iter().map(|p| p.observed[0]);
    let ratio = recorded().fold(0.0, f64::max) / recorded().fold(f64::INFINITY, f64::min);
    let is_share = list[0].unit == "fraction";
    let scale = if !is_share && all().all(|v| v > 0.0) && ratio > 5.0 {
        AxisScale::Log
    } else {
        AxisScale::Linear
    };
    let (low, high) = if is_share {
        bounds(all(), scale)
    } else {
        fan_bounds(all(), scale)
    };
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
    panel.values(canvas, &list[0].unit, true);
    panel.years(canvas);
    if let Some(split) = split {
        draw_split(canvas, panel.x(split), panel.top(), panel.bottom());
    }
    for point in list {
        draw_point(canvas, &panel, point, factor);
    }
}

/// The day of the split.
fn draw_split(canvas: &mut Canvas, x: f64, top: f64, bottom: f64) {
    canvas.dashes(vec![(x, top), (x, bottom)], INK, 1.0, (4.0, 3.0));
}

/// The model's 90 and 50 % as a bar, its median as a stroke; pixels from the lowest to the highest.
fn draw_bands(canvas: &mut Canvas, middle: f64, [p05, p25, p50, p75, p95]: [f64; 5]) {
    let mut band = |low: f64, high: f64, opacity: f64| {
        canvas.rect((middle - HALF, high), (middle + HALF, low), BLUE, opacity);
    };
    band(p05, p95, 0.22);
    band(p25, p75, 0.45);
    let across = vec![(middle - HALF, p50), (middle + HALF, p50)];
    canvas.line(across, BLUE, 1.8);
}

/// A simple forecast: a cross, and its 90 %.
fn draw_rival(canvas: &mut Canvas, x: f64, [low, value, high]: [f64; 3]) {
    canvas.line(vec![(x, low), (x, high)], VERMILLION, 0.9);
    for rise in [3.0, -3.0] {
        let stroke = vec![(x - 3.0, value - rise), (x + 3.0, value + rise)];
        canvas.line(stroke, VERMILLION, 1.4);
    }
}

/// A recorded value with its interval: open in grey where the model was fitted to it, filled where not.
fn draw_record_dot(canvas: &mut Canvas, at: (f64, f64), [low, high]: [f64; 2], is_test: bool) {
    let colour: Colour = if is_test { INK } else { SOFT };
    canvas.line(vec![(at.0, low), (at.0, high)], colour, 1.0);
    canvas.dot(at, 2.6, colour, 1.0);
    if !is_test {
        canvas.dot(at, 1.5, (255, 255, 255), 1.0);
    }
}

/// The model's bands, the simple forecast, and the recorded value with its interval.
fn draw_point(canvas: &mut Canvas, panel: &PlotPanel, point: &ScorecardPoint, factor: f64) {
    let y = |value: f64| panel.y(value / factor);
    let middle = 0.5 * (panel.x(point.first) + panel.x(point.last));
    draw_bands(canvas, middle, point.modelled.map(y));
    if let Some(rival) = point.benchmark {
        draw_rival(canvas, middle + 7.0, rival.map(y));
    }
    let [value, low, high] = point.observed.map(y);
    draw_record_dot(canvas, (middle, value), [low, high], point.tested);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_every_series_and_its_words_fit() {
        let held = |series: &str, value: f64| ScorecardPoint {
            label: series.into(),
            words: "measured, billion USD".into(),
            unit: "USD bn".into(),
            first: Month::of(2024, 1),
            last: Month::of(2024, 3),
            observed: [value, 0.9 * value, 1.1 * value],
            modelled: [0.5, 0.8, 1.0, 1.2, 1.5].map(|x| x * value),
            benchmark: Some([0.4, 1.0, 2.5].map(|x| x * value)),
            tested: true,
        };
        let points = [
            held("NVIDIA data centre revenue", 20.0),
            held("best models", 130.0),
            held("NVIDIA data centre revenue", 200.0),
            held("largest training run", 1e26),
        ];
        let canvas = page("Held against the record", "500 draws.", &points);
        let heads = [
            "NVIDIA data centre revenue",
            "best models",
            "largest training run",
        ];
        for head in heads {
            assert_eq!(canvas.texts().filter(|t| t.text == head).count(), 1);
        }
        assert_eq!(canvas.faults(), Vec::<String>::new());
    }
}
