//! Sobol indices: the share of an outcome's variance that each factor explains alone (first order) and with all others
//! (total).

use super::{Estimate, EstimatorError, finite, moments};
use crate::foundation::maths;

/// The two indices of one factor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SobolIndices {
    pub first: Estimate,
    pub total: Estimate,
}

/// Indices of every factor from answers at rows A, rows B, and rows A with one factor taken from B.
///
/// ```text
/// first[i] = mean(B * (AB[i] - A)) / variance          Saltelli and others 2010, table 2 b
/// total[i] = mean((A - AB[i])^2) / (2 * variance)      Jansen 1999
/// ```
///
/// Answers are centred first, which changes no index and steadies the first. Errors are standard deviations over
/// `resamples` draws of rows with replacement; `uniform(k)` is draw `k` of numbers in (0, 1). An answer that never
/// varies has indices 0. <https://doi.org/10.1016/j.cpc.2009.09.018>, <https://doi.org/10.1016/S0010-4655(98)00154-4>.
///
/// # Errors
/// When columns differ in length, have fewer than two rows, or hold a number that is not finite.
pub fn indices(
    a: &[f64],
    b: &[f64],
    ab: &[Vec<f64>],
    resamples: usize,
    uniform: &dyn Fn(u64) -> f64,
) -> Result<Vec<SobolIndices>, EstimatorError> {
    let n = a.len();
    if n < 2 || b.len() != n || ab.iter().any(|column| column.len() != n) {
        return Err(EstimatorError(format!(
            "indices need two rows at least, and as many in every column; found {n} and {}",
            b.len()
        )));
    }
    finite("answers at rows A", a)?;
    finite("answers at rows B", b)?;
    for (i, column) in ab.iter().enumerate() {
        finite(&format!("answers with factor {i} from rows B"), column)?;
    }
    let all: Vec<usize> = (0..n).collect();
    let draws: Vec<Vec<usize>> = (0..resamples)
        .map(|r| {
            (0..n)
                .map(|k| ((uniform((r * n + k) as u64) * n as f64) as usize).min(n - 1))
                .collect()
        })
        .collect();
    Ok(ab
        .iter()
        .map(|column| {
            let (first, total) = one(a, b, column, &all);
            let (firsts, totals): (Vec<f64>, Vec<f64>) =
                draws.iter().map(|rows| one(a, b, column, rows)).unzip();
            SobolIndices {
                first: Estimate {
                    value: first,
                    error: moments(&firsts).1.sqrt(),
                },
                total: Estimate {
                    value: total,
                    error: moments(&totals).1.sqrt(),
                },
            }
        })
        .collect())
}

/// First and total index of one factor over some rows.
fn one(a: &[f64], b: &[f64], ab: &[f64], rows: &[usize]) -> (f64, f64) {
    let n = rows.len() as f64;
    let mean = rows.iter().map(|&r| a[r] + b[r]).sum::<f64>() / (2.0 * n);
    let variance = rows
        .iter()
        .map(|&r| maths::square(a[r] - mean) + maths::square(b[r] - mean))
        .sum::<f64>()
        / (2.0 * n);
    if variance <= 0.0 {
        return (0.0, 0.0);
    }
    let first = rows
        .iter()
        .map(|&r| (b[r] - mean) * (ab[r] - a[r]))
        .sum::<f64>()
        / n;
    let total = rows
        .iter()
        .map(|&r| maths::square(a[r] - ab[r]))
        .sum::<f64>()
        / (2.0 * n);
    (first / variance, total / variance)
}

/// The indices from the first eighth, quarter and half of the rows, and from all: do they still move?
///
/// # Errors
/// As [`indices`].
pub fn convergence(
    a: &[f64],
    b: &[f64],
    ab: &[Vec<f64>],
    resamples: usize,
    uniform: &dyn Fn(u64) -> f64,
) -> Result<Vec<(usize, Vec<SobolIndices>)>, EstimatorError> {
    [8, 4, 2, 1]
        .iter()
        .map(|part| a.len() / part)
        .filter(|n| *n >= 2)
        .map(|n| {
            let short: Vec<Vec<f64>> = ab.iter().map(|c| c[..n.min(c.len())].to_vec()).collect();
            Ok((
                n,
                indices(&a[..n], &b[..n.min(b.len())], &short, resamples, uniform)?,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::uniform;
    use super::*;
    use std::f64::consts::PI;

    fn answers(
        factors: usize,
        n: usize,
        f: &dyn Fn(&[f64]) -> f64,
    ) -> (Vec<f64>, Vec<f64>, Vec<Vec<f64>>) {
        let rows = |from: usize| -> Vec<Vec<f64>> {
            (0..n)
                .map(|r| {
                    (0..factors)
                        .map(|i| uniform(((from + r) * factors + i) as u64))
                        .collect()
                })
                .collect()
        };
        let (a, b) = (rows(0), rows(n));
        let ab = (0..factors)
            .map(|i| {
                (0..n)
                    .map(|r| {
                        let mut x = a[r].clone();
                        x[i] = b[r][i];
                        f(&x)
                    })
                    .collect()
            })
            .collect();
        (
            a.iter().map(|x| f(x)).collect(),
            b.iter().map(|x| f(x)).collect(),
            ab,
        )
    }

    fn close(found: Estimate, known: f64, what: &str) {
        assert!(
            (found.value - known).abs() < 4.0 * found.error + 1e-12 && found.error < 0.05,
            "{what}: {found:?}, known {known}"
        );
    }

    #[test]
    fn the_function_of_ishigami_and_homma_has_its_known_indices() {
        let (a, b) = (7.0, 0.1);
        let f = |x: &[f64]| {
            let x: Vec<f64> = x.iter().map(|u| -PI + 2.0 * PI * u).collect();
            x[0].sin() + a * x[1].sin().powi(2) + b * x[2].powi(4) * x[0].sin()
        };
        let v1 = 0.5 * (1.0 + b * PI.powi(4) / 5.0_f64).powi(2);
        let v2 = a * a / 8.0;
        let v13 = b * b * PI.powi(8) * (1.0 / 18.0 - 1.0 / 50.0);
        let v = v1 + v2 + v13;
        let (ya, yb, yab) = answers(3, 8192, &f);
        let found = indices(&ya, &yb, &yab, 100, &uniform).unwrap();
        for (i, (first, total)) in [(v1, v1 + v13), (v2, v2), (0.0, v13)].iter().enumerate() {
            close(found[i].first, first / v, "first");
            close(found[i].total, total / v, "total");
        }
    }

    #[test]
    fn inert_inputs_of_the_function_g_have_index_zero() {
        // Sobol's g: factors with a = 0, 1, 9 and two that do nothing.
        let importance = [0.0, 1.0, 9.0];
        let f = |x: &[f64]| -> f64 {
            importance
                .iter()
                .zip(x)
                .map(|(a, u)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a))
                .product()
        };
        let part: Vec<f64> = importance
            .iter()
            .map(|a| 1.0 / (3.0 * (1.0 + a) * (1.0 + a)))
            .collect();
        let v = part.iter().map(|p| 1.0 + p).product::<f64>() - 1.0;
        let (ya, yb, yab) = answers(5, 8192, &f);
        let found = indices(&ya, &yb, &yab, 100, &uniform).unwrap();
        for i in 0..3 {
            close(found[i].first, part[i] / v, "first");
            let others: f64 = (0..3).filter(|j| *j != i).map(|j| 1.0 + part[j]).product();
            close(found[i].total, part[i] * others / v, "total");
        }
        for inert in &found[3..] {
            assert_eq!((inert.first.value, inert.total.value), (0.0, 0.0));
        }
        let steps = convergence(&ya, &yb, &yab, 20, &uniform).unwrap();
        assert_eq!(
            steps.iter().map(|s| s.0).collect::<Vec<_>>(),
            [1024, 2048, 4096, 8192]
        );
    }

    #[test]
    fn a_constant_has_indices_zero_and_numbers_that_are_none_are_refused() {
        let same = vec![2.0; 16];
        let found = indices(&same, &same, std::slice::from_ref(&same), 10, &uniform).unwrap();
        assert_eq!(found[0], SobolIndices::default());
        let mut bad = same.clone();
        bad[3] = f64::NAN;
        let message = indices(&same, &same, &[bad], 10, &uniform)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("factor 0") && message.contains("number 3"),
            "{message}"
        );
        assert!(indices(&same, &same[..3], &[], 10, &uniform).is_err());
    }
}
