//! The paired effect of one arm against another, future by future.

use super::bands::{QuantileBand, band};
use crate::foundation::maths;

/// The paired effect of one arm against another on one outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedEffect {
    pub band: QuantileBand,
    /// Pairs in which both arms have a number.
    pub pairs: usize,
    /// Share of pairs with a difference above zero.
    pub probability_positive: f64,
    /// Standard error of the mean difference.
    pub monte_carlo_error: f64,
    /// Variance of unpaired over variance of paired differences; NaN when pairs never differ.
    pub pairing_gain: f64,
    /// Mean of the baseline over the same pairs.
    pub baseline_mean: f64,
}

/// Effect of `arm` minus `baseline`, future by future. None when no future has both numbers.
pub fn effect(arm: &[f64], baseline: &[f64]) -> Option<PairedEffect> {
    let pairs: Vec<(f64, f64)> = arm
        .iter()
        .copied()
        .zip(baseline.iter().copied())
        .filter(|(a, b)| a.is_finite() && b.is_finite())
        .collect();
    let n = pairs.len();
    let mut differences: Vec<f64> = pairs.iter().map(|(a, b)| a - b).collect();
    let variance = |values: &dyn Fn(usize) -> f64| {
        let mean = (0..n).map(values).sum::<f64>() / n as f64;
        (0..n).map(|i| maths::square(values(i) - mean)).sum::<f64>() / (n.max(2) - 1) as f64
    };
    let paired = variance(&|i| pairs[i].0 - pairs[i].1);
    let unpaired = variance(&|i| pairs[i].0) + variance(&|i| pairs[i].1);
    let positive = differences.iter().filter(|d| **d > 0.0).count();
    Some(PairedEffect {
        band: band(&mut differences)?,
        pairs: n,
        probability_positive: positive as f64 / n as f64,
        monte_carlo_error: (paired / n as f64).sqrt(),
        pairing_gain: if paired > 0.0 {
            unpaired / paired
        } else {
            f64::NAN
        },
        baseline_mean: pairs.iter().map(|p| p.1).sum::<f64>() / n as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paired_effect_by_hand() {
        let e = effect(&[3.0, 5.0, 7.0], &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(e.band.mean, 3.0);
        assert_eq!(e.probability_positive, 1.0);
        assert!((e.monte_carlo_error - (1.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((e.pairing_gain - 5.0).abs() < 1e-12);
    }

    #[test]
    fn an_arm_against_itself_has_no_effect() {
        let e = effect(&[1.0, 2.0], &[1.0, 2.0]).unwrap();
        assert_eq!(
            (e.band.mean, e.probability_positive, e.monte_carlo_error),
            (0.0, 0.0, 0.0)
        );
        assert!(e.pairing_gain.is_nan());
    }
}
