//! Axes: where a value stands in a panel, and which values carry a tick.

use super::canvas::{Anchor, Canvas};
use super::theme::{GRID, SMALL, SOFT, in_unit};
use crate::config::figure::Scale;
use crate::foundation::calendar::Month;

/// A panel: a rectangle with months across and values upward.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    pub from: Month,
    pub to: Month,
    pub low: f64,
    pub high: f64,
    pub scale: Scale,
}

impl Panel {
    pub fn x(&self, month: Month) -> f64 {
        let part = f64::from(month - self.from) / f64::from((self.to - self.from).max(1));
        self.left + part * (self.right - self.left)
    }

    pub fn y(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
        };
        self.bottom - part.clamp(-0.02, 1.02) * (self.bottom - self.top)
    }

    /// Light grid, values on the left, years below.
    pub fn frame(&self, canvas: &mut Canvas, unit: &str, with_years: bool) {
        for value in ticks(self.low, self.high, self.scale) {
            let y = self.y(value);
            canvas.line(vec![(self.left, y), (self.right, y)], GRID, 0.8);
            canvas.text(
                (self.left - 6.0, y),
                in_unit(value, unit),
                SMALL,
                SOFT,
                Anchor::Right,
            );
        }
        let years = (self.to - self.from) / 12;
        let per_year = (self.right - self.left) / f64::from(years.max(1));
        let step = if per_year >= 34.0 { 1 } else { 2 };
        for year in self.from.year()..=self.to.year() {
            let month = Month::of(year, 1);
            if month < self.from || month > self.to || (year - self.from.year()) % step != 0 {
                continue;
            }
            let x = self.x(month);
            canvas.line(vec![(x, self.bottom), (x, self.bottom + 4.0)], SOFT, 0.8);
            if with_years {
                canvas.text(
                    (x, self.bottom + 12.0),
                    year.to_string(),
                    SMALL,
                    SOFT,
                    Anchor::Centre,
                );
            }
        }
        canvas.line(
            vec![(self.left, self.bottom), (self.right, self.bottom)],
            SOFT,
            0.9,
        );
        if self.scale == Scale::Linear && self.low < 0.0 {
            let y = self.y(0.0);
            canvas.line(vec![(self.left, y), (self.right, y)], SOFT, 0.9);
        }
    }
}

/// Round values between two bounds: about five on a linear scale, powers of ten on a logarithmic one.
pub fn ticks(low: f64, high: f64, scale: Scale) -> Vec<f64> {
    match scale {
        Scale::Linear => {
            let rough = (high - low) / 5.0;
            let power = 10_f64.powf(rough.log10().floor());
            let step = [1.0, 2.0, 2.5, 5.0, 10.0]
                .into_iter()
                .map(|m| m * power)
                .find(|s| *s >= rough)
                .unwrap_or(power);
            let first = (low / step).ceil() as i64;
            let last = (high / step + 1e-9).floor() as i64;
            (first..=last).map(|n| n as f64 * step).collect()
        }
        Scale::Log => {
            let (first, last) = (low.log10().ceil() as i32, high.log10().floor() as i32);
            let every = if last - first > 6 { 2 } else { 1 };
            (first..=last)
                .filter(|n| (n - first) % every == 0)
                .map(|n| 10_f64.powi(n))
                .collect()
        }
    }
}

/// Bounds that hold these values with round ends; zero is in a linear scale.
pub fn bounds(values: impl Iterator<Item = f64>, scale: Scale) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|v| v.is_finite() && (scale == Scale::Linear || *v > 0.0)) {
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        return if scale == Scale::Linear {
            (0.0, 1.0)
        } else {
            (1.0, 10.0)
        };
    }
    match scale {
        Scale::Log => (
            10_f64.powf(low.log10().floor()),
            10_f64.powf(high.log10().ceil().max(low.log10().floor() + 1.0)),
        ),
        Scale::Linear => {
            let (low, high) = (low.min(0.0), high.max(0.0));
            let pad = 0.04 * (high - low).max(1e-9);
            (if low < 0.0 { low - pad } else { 0.0 }, high + pad)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(
            ticks(0.0, 23.0, Scale::Linear),
            [0.0, 5.0, 10.0, 15.0, 20.0]
        );
        assert_eq!(ticks(1.0, 1e4, Scale::Log), [1.0, 10.0, 100.0, 1e3, 1e4]);
    }

    #[test]
    fn bounds_hold_zero_and_all_values() {
        let (low, high) = bounds([3.0, 10.0].into_iter(), Scale::Linear);
        assert!(low == 0.0 && high >= 10.0);
    }
}
