//! Axes: positions of values in a panel, and ticks.

use super::canvas::{Canvas, TextAnchor};
use super::theme::{GRID, SMALL, SOFT, TINY, in_unit, width};
use crate::config::figure::AxisScale;
use crate::foundation::calendar::Month;
use crate::foundation::maths;

/// Maps a range of values to a range of pixels.
#[derive(Clone, Copy, Debug)]
pub struct AxisScaleRange {
    pub low: f64,
    pub high: f64,
    pub from: f64,
    pub to: f64,
    pub scale: AxisScale,
}

impl AxisScaleRange {
    /// A linear range of values between two pixels.
    pub fn linear((low, high): (f64, f64), from: f64, to: f64) -> Self {
        Self {
            low,
            high,
            from,
            to,
            scale: AxisScale::Linear,
        }
    }

    pub fn at(&self, value: f64) -> f64 {
        let part = match self.scale {
            AxisScale::Linear => (value - self.low) / (self.high - self.low),
            AxisScale::Log => {
                maths::ln(value.max(self.low) / self.low) / maths::ln(self.high / self.low)
            }
        };
        self.from + part.clamp(-0.02, 1.02) * (self.to - self.from)
    }

    pub fn ticks(&self) -> Vec<f64> {
        ticks(self.low, self.high, self.scale)
    }
}

/// Months as values of an axis.
pub fn months(from: Month, to: Month, left: f64, right: f64) -> AxisScaleRange {
    let last = to.index().max(from.index() + 1);
    AxisScaleRange::linear((f64::from(from.index()), f64::from(last)), left, right)
}

/// A rectangle with a horizontal axis and a vertical axis of values.
#[derive(Clone, Copy, Debug)]
pub struct PlotPanel {
    pub across: AxisScaleRange,
    pub up: AxisScaleRange,
}

impl PlotPanel {
    /// A panel of rows: values across, and nothing measured upwards.
    pub fn of_rows(across: AxisScaleRange, top: f64, bottom: f64) -> Self {
        Self {
            across,
            up: AxisScaleRange::linear((0.0, 1.0), bottom, top),
        }
    }

    pub fn left(&self) -> f64 {
        self.across.from
    }

    pub fn right(&self) -> f64 {
        self.across.to
    }

    pub fn top(&self) -> f64 {
        self.up.to
    }

    pub fn bottom(&self) -> f64 {
        self.up.from
    }

    pub fn x(&self, month: Month) -> f64 {
        self.across.at(f64::from(month.index()))
    }

    pub fn y(&self, value: f64) -> f64 {
        self.up.at(value)
    }

    /// Draws the grid, values on the left, and lines at the foot and at zero.
    pub fn values(&self, canvas: &mut Canvas, unit: &str, labelled: bool) {
        for value in self.up.ticks() {
            let y = self.y(value);
            canvas.line(vec![(self.left(), y), (self.right(), y)], GRID, 0.8);
            if labelled {
                let at = (self.left() - 6.0, y);
                canvas.text(at, in_unit(value, unit), SMALL, SOFT, TextAnchor::Right);
            }
        }
        let foot = vec![(self.left(), self.bottom()), (self.right(), self.bottom())];
        canvas.line(foot, SOFT, 0.9);
        if self.up.scale == AxisScale::Linear && self.up.low < 0.0 && self.up.high > 0.0 {
            let y = self.y(0.0);
            canvas.line(vec![(self.left(), y), (self.right(), y)], SOFT, 0.9);
        }
    }

    /// Years below, quarters where there is room for them.
    pub fn years(&self, canvas: &mut Canvas) {
        let (from, to) = (self.across.low as i32, self.across.high as i32);
        let per_year = (self.right() - self.left()) * 12.0 / f64::from((to - from).max(1));
        let every = (34.0 / per_year).ceil().max(1.0) as i32;
        let room = width("2026", SMALL, false) / 2.0;
        for index in from..=to {
            let month = Month::from_index(index);
            let (x, part) = (self.x(month), month.month_of_year() - 1);
            let foot = self.bottom();
            if part == 0 && month.year() % every == 0 {
                canvas.line(vec![(x, foot), (x, foot + 5.0)], SOFT, 0.9);
                let year = month.year().to_string();
                canvas.text(
                    (x.max(room + 1.0), foot + 13.0),
                    year,
                    SMALL,
                    SOFT,
                    TextAnchor::Centre,
                );
            } else if part % 3 == 0 && per_year >= 48.0 {
                canvas.line(vec![(x, foot), (x, foot + 3.0)], SOFT, 0.7);
                if part > 0 && per_year >= 150.0 {
                    let quarter = format!("Q{}", part / 3 + 1);
                    canvas.text((x, foot + 12.0), quarter, TINY, SOFT, TextAnchor::Centre);
                }
            }
        }
    }

    /// Values below, in their unit, with light uprights.
    pub fn values_below(&self, canvas: &mut Canvas, unit: &str) {
        for value in self.across.ticks() {
            let x = self.across.at(value);
            canvas.line(vec![(x, self.top()), (x, self.bottom())], GRID, 0.8);
            let at = (x, self.bottom() + 13.0);
            canvas.text(at, in_unit(value, unit), SMALL, SOFT, TextAnchor::Centre);
        }
        if self.across.low < 0.0 && self.across.high > 0.0 {
            let x = self.across.at(0.0);
            canvas.line(vec![(x, self.top()), (x, self.bottom())], SOFT, 0.9);
        }
    }
}

/// Whether an axis can show a value. No quantity of the model is near these sizes. Foreign tables can hold any number, and
/// powers and differences of larger numbers would overflow.
pub fn can_be_drawn(value: f64) -> bool {
    value == 0.0 || (1e-100..=1e100).contains(&value.abs())
}

/// Round values between two bounds: about five on a linear scale, powers of ten on a logarithmic one.
pub fn ticks(low: f64, high: f64, scale: AxisScale) -> Vec<f64> {
    match scale {
        AxisScale::Linear => {
            let rough = (high - low) / 5.0;
            let power = maths::pow(10_f64, maths::log10(rough).floor());
            let step = [1.0, 2.0, 2.5, 5.0, 10.0]
                .into_iter()
                .map(|m| m * power)
                .find(|s| *s >= rough)
                .unwrap_or(power);
            let first = (low / step).ceil() as i64;
            let last = (high / step + 1e-9).floor() as i64;
            (first..=last).map(|n| n as f64 * step).collect()
        }
        AxisScale::Log => {
            let (first, last) = (
                maths::log10(low).ceil() as i32,
                maths::log10(high).floor() as i32,
            );
            let every = if last - first > 6 { 2 } else { 1 };
            (first..=last)
                .filter(|n| (n - first) % every == 0)
                .map(|n| maths::powi(10_f64, n))
                .collect()
        }
    }
}

/// Bounds that hold these values with round ends; zero is in a linear scale.
pub fn bounds(values: impl Iterator<Item = f64>, scale: AxisScale) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|v| can_be_drawn(*v) && (scale == AxisScale::Linear || *v > 0.0)) {
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        return if scale == AxisScale::Linear {
            (0.0, 1.0)
        } else {
            (1.0, 10.0)
        };
    }
    match scale {
        AxisScale::Log => (
            maths::pow(10_f64, maths::log10(low).floor()),
            maths::pow(
                10_f64,
                maths::log10(high)
                    .ceil()
                    .max(maths::log10(low).floor() + 1.0),
            ),
        ),
        AxisScale::Linear => {
            let (low, high) = (low.min(0.0), high.max(0.0));
            let pad = 0.04 * (high - low).max(1e-9);
            (
                if low < 0.0 { low - pad } else { 0.0 },
                if high > 0.0 { high + pad } else { 0.0 },
            )
        }
    }
}

/// Bounds of what a fan shows: zero is in a linear scale, unless all values lie far above it.
pub fn fan_bounds(values: impl Iterator<Item = f64> + Clone, scale: AxisScale) -> (f64, f64) {
    let drawn = values.clone().filter(|v| can_be_drawn(*v));
    let (low, high) = drawn.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    if scale == AxisScale::Linear && low > FAR_FROM_ZERO * high {
        around(values)
    } else {
        bounds(values, scale)
    }
}

/// Part of the largest value above which the smallest is far from zero.
const FAR_FROM_ZERO: f64 = 0.3;

/// Bounds just around these values, zero in or not.
pub fn around(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|v| can_be_drawn(*v)) {
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        return (0.0, 1.0);
    }
    let pad = 0.04 * (high - low).max(1e-9 * high.abs().max(1.0));
    (low - pad, high + pad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(
            ticks(0.0, 23.0, AxisScale::Linear),
            [0.0, 5.0, 10.0, 15.0, 20.0]
        );
        assert_eq!(
            ticks(1.0, 1e4, AxisScale::Log),
            [1.0, 10.0, 100.0, 1e3, 1e4]
        );
    }

    #[test]
    fn bounds_hold_zero_and_all_values() {
        let (low, high) = bounds([3.0, 10.0].into_iter(), AxisScale::Linear);
        assert!(low == 0.0 && high >= 10.0);
        let (low, high) = around([3.0, 10.0].into_iter());
        assert!(low > 2.0 && low < 3.0 && high > 10.0);
    }

    #[test]
    fn any_numbers_give_an_axis_with_few_ticks() {
        let numbers = [
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            f64::MAX,
            f64::MIN,
            5e-324,
            -5e-324,
            1e100,
            1e-100,
            -1e100,
            0.0,
            1.0,
        ];
        for a in numbers {
            for b in numbers {
                for scale in [AxisScale::Linear, AxisScale::Log] {
                    for (low, high) in [
                        bounds([a, b].into_iter(), scale),
                        bounds([a].into_iter(), scale),
                    ] {
                        assert!(low.is_finite() && high.is_finite() && low <= high);
                        assert!(ticks(low, high, scale).len() < 250, "{a} {b}");
                    }
                }
                let (low, high) = around([a, b].into_iter());
                assert!(ticks(low, high, AxisScale::Linear).len() < 250, "{a} {b}");
            }
        }
    }
}
