//! A recorded time path: interpolation between knots and saturating growth after the last knot.

use crate::foundation::maths;

/// Knots: (decimal year, value), sorted by year.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimePath(pub Vec<(f64, f64)>);

impl TimePath {
    /// Value at a time: log-linear between positive knots, flat before the first, and after the last grown by
    /// `d ln x = growth * (1 - x / ceiling)` a year.
    pub fn at(&self, year: f64, growth: f64, ceiling: f64) -> f64 {
        let knots = &self.0;
        let (Some(first), Some(last)) = (knots.first(), knots.last()) else {
            return 0.0;
        };
        if year <= first.0 {
            return first.1;
        }
        if year >= last.0 {
            return saturating(last.1, year - last.0, growth, ceiling);
        }
        let after = knots.partition_point(|k| k.0 <= year);
        let ((t0, v0), (t1, v1)) = (knots[after - 1], knots[after]);
        let part = (year - t0) / (t1 - t0);
        if v0 > 0.0 && v1 > 0.0 {
            v0 * maths::pow_of_positive(v1 / v0, part)
        } else {
            v0 + (v1 - v0) * part
        }
    }
}

/// The solution of `d ln x / dt = growth * (1 - x / ceiling)` after `years`: a logistic, or an exponential without ceiling.
fn saturating(start: f64, years: f64, growth: f64, ceiling: f64) -> f64 {
    if start <= 0.0 || start >= ceiling {
        return start.max(0.0);
    }
    if ceiling.is_infinite() {
        return start * maths::exp(growth * years);
    }
    ceiling / (1.0 + (ceiling / start - 1.0) * maths::exp(-growth * years))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_log_linear_between_knots_and_saturates_after() {
        let path = TimePath(vec![(2020.0, 1.0), (2022.0, 4.0)]);
        assert!((path.at(2021.0, 0.3, 10.0) - 2.0).abs() < 1e-12);
        assert_eq!(path.at(2019.0, 0.3, 10.0), 1.0);
        assert!(path.at(2060.0, 0.3, 10.0) <= 10.0);
        assert!(path.at(2023.0, 0.3, 10.0) > 4.0);
        assert!((path.at(2024.0, 0.5, f64::INFINITY) - 4.0 * 1.0_f64.exp()).abs() < 1e-9);
    }
}
