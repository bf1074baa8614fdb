//! Pure statistics: quantiles, bands, paired effects, and the estimators behind the question commands.
//!
//! | question | file |
//! |---|---|
//! | what does each of several joint causes contribute | `shapley.rs` |
//! | which parameter influences an outcome most | `sobol.rs`, `morris.rs`, `learning.rs` |
//! | under which conditions does something happen | `prim.rs` |
//! | how wrong could a choice be, and what is more knowledge worth | `regret.rs`, `learning.rs` |
//! | how much can less compute alone explain | `accounting_bound.rs` |
//! | how good are the forecasts of an ensemble | `crps.rs`, `coverage.rs`, `skill.rs` |
//! | which parameters fit recorded history | `emulator.rs`, `slice.rs` |

use crate::foundation::maths;

pub mod coverage;
pub mod crps;
pub mod emulator;
pub mod skill;
pub mod slice;

pub mod accounting_bound;
pub mod learning;
pub mod morris;
pub mod prim;
pub mod regret;
pub mod shapley;
pub mod sobol;
pub mod terciles;

/// Why an estimator gives no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EstimatorError(pub String);

/// Refuses numbers that are not finite, because leaving them out silently would change the question.
///
/// # Errors
/// With how many there are and which comes first.
pub fn finite(what: &str, values: &[f64]) -> Result<(), EstimatorError> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(first) => {
            let bad = values.iter().filter(|v| !v.is_finite()).count();
            Err(EstimatorError(format!(
                "{what}: {bad} of {} values are not finite, the first of them number {first}",
                values.len()
            )))
        }
    }
}

/// A number and its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub error: f64,
}

impl Estimate {
    /// The mean of independent numbers; NaN of none, error 0 of one.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let value = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| maths::square(v - value)).sum();
        Self {
            value,
            error: (squares / (n - 1.0).max(1.0) / n).sqrt(),
        }
    }
}

/// Mean and variance (over n).
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (
        mean,
        values.iter().map(|v| maths::square(v - mean)).sum::<f64>() / n,
    )
}

/// Numbers in (0, 1) from a counter, for tests: the finaliser of splitmix64.
#[cfg(test)]
fn uniform(k: u64) -> f64 {
    let mut z = k.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// Mean and quantiles of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileBand {
    pub mean: f64,
    pub p05: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p95: f64,
}

/// The quantile `q` of sorted values, linear between them (type 7 of Hyndman and Fan).
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = q * last as f64;
    let (low, part) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(last);
    sorted[low] + part * (sorted[high] - sorted[low])
}

/// The band of a sample; values that are not numbers (a censored gap) are left out. None when nothing is left.
pub fn band(values: &mut Vec<f64>) -> Option<QuantileBand> {
    values.retain(|v| !v.is_nan());
    if values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let (first, last) = (values[0], values[values.len() - 1]);
    if first.to_bits() == last.to_bits() {
        return Some(QuantileBand {
            mean: first,
            p05: first,
            p25: first,
            p50: first,
            p75: first,
            p95: first,
        });
    }
    Some(QuantileBand {
        mean: values.iter().sum::<f64>() / values.len() as f64,
        p05: quantile(values, 0.05),
        p25: quantile(values, 0.25),
        p50: quantile(values, 0.50),
        p75: quantile(values, 0.75),
        p95: quantile(values, 0.95),
    })
}

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
    fn quantiles_of_one_to_five() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(quantile(&values, 0.5), 3.0);
        assert!((quantile(&values, 0.05) - 1.2).abs() < 1e-12);
        assert!(quantile(&[], 0.5).is_nan());
    }

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
