//! Pure statistics: bands, paired effects, and the estimators behind the question commands.
//!
//! | question | file |
//! |---|---|
//! | where are the mean, the quartiles and the 90 % band of a sample computed | `bands.rs` |
//! | what is the paired effect of an arm, with its error | `effects.rs` |
//! | what does each of several joint causes contribute | `shapley.rs` |
//! | which parameter influences an outcome most | `sobol.rs`, `morris.rs`, `learning.rs` |
//! | under which conditions does something happen | `prim.rs` |
//! | how wrong could a choice be, and what is more knowledge worth | `regret.rs`, `learning.rs` |
//! | what does the model say of a claim | `verdict.rs` |
//! | how much can less compute alone explain | `accounting_bound.rs` |
//! | how good are the forecasts of an ensemble | `crps.rs`, `coverage.rs`, `skill.rs` |
//! | which parameters fit recorded history | `emulator.rs`, `slice.rs` |

use crate::foundation::maths;

pub mod bands;
pub mod certainty;
pub mod coverage;
pub mod crps;
pub mod effects;
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
pub mod verdict;

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
