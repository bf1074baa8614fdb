//! The accounting bound: the capability lost if less compute were the only change and nobody responded.
//!
//! A simulated effect above the bound needs an explanation.

use crate::foundation::maths;

/// Points that a run loses when this share of its compute is denied: `points_per_decade * log10(1 / (1 - share))`.
///
/// At 7 points a decade, nine tenths denied are 7 points. A negative share (more compute) gains. Infinite at 1.
pub fn run_points(points_per_decade_of_compute: f64, share_denied: f64) -> f64 {
    points_per_decade_of_compute * maths::log10(1.0 / (1.0 - share_denied))
}

/// Points of research that a month loses: `points * (1 - (1 - share)^elasticity)`, with `points` what research adds
/// without denial.
pub fn research_points(points_per_month: f64, share_denied: f64, elasticity: f64) -> f64 {
    points_per_month * (1.0 - maths::pow((1.0 - share_denied).max(0.0), elasticity))
}

/// One month of two arms: what research adds in the baseline, and the shares of compute denied to runs and research.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccountingMonth {
    pub research_points_per_month: f64,
    pub run_share_denied: f64,
    pub research_share_denied: f64,
}

/// Points lost by each month: the run's part of that month and research lost up to it.
pub fn path(
    months: &[AccountingMonth],
    points_per_decade_of_compute: f64,
    elasticity: f64,
) -> Vec<f64> {
    let mut lost = 0.0;
    months
        .iter()
        .map(|m| {
            lost += research_points(
                m.research_points_per_month,
                m.research_share_denied,
                elasticity,
            );
            run_points(points_per_decade_of_compute, m.run_share_denied) + lost
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_tenths_denied_cost_one_decade_of_compute() {
        assert!((run_points(9.6, 0.9) - 9.6).abs() < 1e-12);
        assert_eq!(run_points(9.6, 0.0), 0.0);
        assert!((run_points(7.0, -9.0) + 7.0).abs() < 1e-12);
        assert!(run_points(7.0, 1.0).is_infinite());
    }

    #[test]
    fn research_lost_adds_up_month_by_month() {
        assert!((research_points(1.0, 0.75, 0.5) - 0.5).abs() < 1e-12);
        assert_eq!(research_points(1.0, 0.75, 0.0), 0.0);
        let month = AccountingMonth {
            research_points_per_month: 1.0,
            run_share_denied: 0.0,
            research_share_denied: 0.75,
        };
        assert_eq!(path(&[month; 3], 7.0, 0.5), [0.5, 1.0, 1.5]);
    }
}
