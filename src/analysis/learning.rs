//! Estimates from an existing ensemble the share of variance of each parameter and the value of knowing it.

use super::regret::futures_of;
use super::{Estimate, EstimatorError, finite, moments};
use crate::foundation::maths;

/// Bins for so many rows: about 25 in each, 3 to 12 of them.
fn bins_for(rows: usize) -> usize {
    (rows / 25).clamp(3, 12)
}

/// The bin of each row: as many rows in each, by rank.
fn bins_of(x: &[f64]) -> (Vec<usize>, usize) {
    let count = bins_for(x.len());
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]).then(a.cmp(b)));
    let mut bins = vec![0; x.len()];
    for (rank, row) in order.into_iter().enumerate() {
        bins[row] = rank * count / x.len();
    }
    (bins, count)
}

/// First-order share of the variance of `y` that `x` explains, from given data.
///
/// ```text
/// share = 1 - (1 - between / total) * (n - 1) / (n - bins)
/// ```
///
/// between the means of bins of `x` by rank, less what bins of as many rows of noise would show. The error is that of
/// a correlation ratio, `sqrt(4 r (1 - r)^2 / n + 2 (bins - 1) / n^2)`. The idea is Pearson's (1905); as a sensitivity index Plischke and others
/// 2013, <https://doi.org/10.1016/j.ejor.2012.11.047>.
///
/// # Errors
/// When lengths differ, there are fewer than 20 rows, or a number is not finite.
pub fn variance_share(x: &[f64], y: &[f64]) -> Result<Estimate, EstimatorError> {
    rows_of(x, y)?;
    let n = y.len() as f64;
    let (mean, total) = moments(y);
    if total <= 0.0 {
        return Ok(Estimate::default());
    }
    let (bins, count) = bins_of(x);
    let between: f64 = (0..count)
        .map(|bin| {
            let own: Vec<f64> = (0..y.len())
                .filter(|r| bins[*r] == bin)
                .map(|r| y[r])
                .collect();
            own.len() as f64 * maths::square(moments(&own).0 - mean)
        })
        .sum::<f64>()
        / n;
    let value = 1.0 - (1.0 - between / total) * (n - 1.0) / (n - count as f64);
    let ratio = value.clamp(0.0, 1.0);
    Ok(Estimate {
        value,
        error: (4.0 * ratio * maths::square(1.0 - ratio) / n + 2.0 * (count - 1) as f64 / (n * n))
            .sqrt(),
    })
}

/// Share of the variance that is chance: half the mean square difference of two answers with the same parameters and
/// other draws, over the variance.
///
/// # Errors
/// As [`variance_share`].
pub fn chance_share(y: &[f64], again: &[f64]) -> Result<Estimate, EstimatorError> {
    rows_of(y, again)?;
    let variance = (moments(y).1 + moments(again).1) / 2.0;
    if variance <= 0.0 {
        return Ok(Estimate::default());
    }
    let parts: Vec<f64> = y
        .iter()
        .zip(again)
        .map(|(a, b)| maths::square(a - b) / 2.0 / variance)
        .collect();
    Ok(Estimate::of(&parts))
}

fn rows_of(x: &[f64], y: &[f64]) -> Result<(), EstimatorError> {
    if x.len() != y.len() || x.len() < 20 {
        return Err(EstimatorError(format!(
            "a share of variance needs 20 futures at least; found {} and {}",
            x.len(),
            y.len()
        )));
    }
    finite("values of a parameter", x)?;
    finite("answers", y)
}

/// The value of learning one parameter before choosing an arm, in units of the outcome.
///
/// ```text
/// value = mean over x of max over arms of E(answer | x)  -  max over arms of E(answer)
/// ```
///
/// by bins of `x`, less the mean of the same over `shuffles` shuffled columns (the best of noisy means is too good);
/// their spread is the error. The expected value of partial perfect information: Strong and others 2014,
/// <https://doi.org/10.1177/0272989X13505910>. `answers[arm][future]`, more is better.
///
/// # Errors
/// When arms differ in their futures or a number is not finite.
pub fn value_of_learning(
    x: &[f64],
    answers: &[Vec<f64>],
    shuffles: usize,
    uniform: &dyn Fn(u64) -> f64,
) -> Result<Estimate, EstimatorError> {
    let futures = futures_of(answers)?;
    if futures != x.len() {
        return Err(EstimatorError(format!(
            "{futures} futures, and values of the parameter for {}",
            x.len()
        )));
    }
    finite("values of a parameter", x)?;
    let (bins, count) = bins_of(x);
    let raw = best_by_bin(&bins, count, answers);
    let noise: Vec<f64> = (0..shuffles)
        .map(|s| {
            let order =
                &super::shapley::antithetic_pair(futures, &|k| uniform((s * futures) as u64 + k))
                    [0];
            let shuffled: Vec<usize> = order.iter().map(|r| bins[*r]).collect();
            best_by_bin(&shuffled, count, answers)
        })
        .collect();
    let (bias, spread) = moments(&noise);
    let best = answers
        .iter()
        .map(|a| moments(a).0)
        .fold(f64::NEG_INFINITY, f64::max);
    let bias = if shuffles > 0 { bias } else { best };
    Ok(Estimate {
        value: (raw - bias).max(0.0),
        error: spread.sqrt(),
    })
}

/// The value of perfect information: `E(max over arms) - max over arms of E`.
///
/// # Errors
/// As [`value_of_learning`].
pub fn value_of_knowing_all(answers: &[Vec<f64>]) -> Result<f64, EstimatorError> {
    let futures = futures_of(answers)?;
    let each: f64 = (0..futures)
        .map(|f| {
            answers
                .iter()
                .map(|a| a[f])
                .fold(f64::NEG_INFINITY, f64::max)
        })
        .sum();
    let best = answers
        .iter()
        .map(|a| moments(a).0)
        .fold(f64::NEG_INFINITY, f64::max);
    Ok(each / futures as f64 - best)
}

fn best_by_bin(bins: &[usize], count: usize, answers: &[Vec<f64>]) -> f64 {
    (0..count)
        .map(|bin| {
            answers
                .iter()
                .map(|a| {
                    bins.iter()
                        .zip(a)
                        .filter(|(b, _)| **b == bin)
                        .map(|(_, y)| *y)
                        .sum::<f64>()
                })
                .fold(f64::NEG_INFINITY, f64::max)
        })
        .sum::<f64>()
        / bins.len() as f64
}

#[cfg(test)]
mod tests {
    use super::super::uniform;
    use super::*;

    fn column(from: u64, n: u64) -> Vec<f64> {
        (0..n).map(|k| uniform(from * 100_000 + k)).collect()
    }

    #[test]
    fn shares_of_a_sum_are_those_of_its_parts_and_an_inert_parameter_has_none() {
        let (a, b, inert) = (column(1, 2000), column(2, 2000), column(3, 2000));
        // Variances 9/12 and 1/12: shares 0.9 and 0.1.
        let y: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 3.0 * a + b).collect();
        for (x, known) in [(&a, 0.9), (&b, 0.1), (&inert, 0.0)] {
            let found = variance_share(x, &y).unwrap();
            // Twelve bins of a line miss 1/144 of its variance.
            assert!(
                (found.value - known).abs() < 3.0 * found.error + 0.01,
                "{found:?}, {known}"
            );
        }
    }

    #[test]
    fn a_parameter_that_bends_is_seen_where_a_correlation_is_nought() {
        let x = column(4, 1000);
        let y: Vec<f64> = x.iter().map(|x| (x - 0.5).powi(2)).collect();
        assert!(variance_share(&x, &y).unwrap().value > 0.9);
    }

    #[test]
    fn chance_is_told_apart_from_parameters() {
        let (x, e, f) = (column(5, 4000), column(6, 4000), column(7, 4000));
        // Variance of x and of chance alike: half is chance.
        let y: Vec<f64> = x.iter().zip(&e).map(|(x, e)| x + e).collect();
        let again: Vec<f64> = x.iter().zip(&f).map(|(x, f)| x + f).collect();
        let found = chance_share(&y, &again).unwrap();
        assert!((found.value - 0.5).abs() < 3.0 * found.error, "{found:?}");
        assert_eq!(chance_share(&y, &y).unwrap().value, 0.0);
    }

    #[test]
    fn learning_what_decides_is_worth_its_analytic_value_and_the_rest_nothing() {
        let (x, other) = (column(8, 4000), column(9, 4000));
        // Arm 0 pays x - 1/2, arm 1 pays nothing: knowing x is worth E max(x - 1/2, 0) = 1/8.
        let answers = [x.iter().map(|x| x - 0.5).collect(), vec![0.0; 4000]];
        let found = value_of_learning(&x, &answers, 20, &uniform).unwrap();
        assert!((found.value - 0.125).abs() < 0.01, "{found:?}");
        let nothing = value_of_learning(&other, &answers, 20, &uniform).unwrap();
        assert!(nothing.value < 3.0 * nothing.error + 1e-3, "{nothing:?}");
        let all = value_of_knowing_all(&answers).unwrap();
        assert!((all - 0.125).abs() < 0.01);
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        let x = column(10, 100);
        let mut y = x.clone();
        y[7] = f64::NAN;
        let message = variance_share(&x, &y).unwrap_err().to_string();
        assert!(message.contains("number 7"), "{message}");
        assert!(chance_share(&x, &y).is_err());
        assert!(value_of_learning(&x, &[y], 2, &uniform).is_err());
        assert!(variance_share(&x[..5], &x[..5]).is_err());
    }
}
