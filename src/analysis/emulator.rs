//! A regression that approximates the simulator, and the parameter values that it rules out.
//!
//! Each output is a sum over parameters of a linear and a curved term, `y = c + sum a_j z_j + b_j (z_j^2 - 1) / sqrt 2`, in
//! standard normal scores `z`; only terms clearly above noise are kept.
//! The residuals, from chance and lack of fit together, give a covariance between outputs.
//! Source: history matching as in Craig et al. 1997 and Vernon et al. 2010, <https://doi.org/10.1214/10-BA524>.

use crate::foundation::maths;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Terms of a row of scores: one, then linear and curved of each.
pub fn terms(scores: &[f64]) -> Vec<f64> {
    let mut all = Vec::with_capacity(1 + 2 * scores.len());
    all.push(1.0);
    for z in scores {
        all.push(*z);
        all.push((z * z - 1.0) * std::f64::consts::FRAC_1_SQRT_2);
    }
    all
}

/// Coefficients of every output, and the covariance of the residuals.
#[derive(Clone, Debug)]
pub struct Emulator {
    /// Outputs by terms.
    pub coefficients: DMatrix<f64>,
    pub residual: DMatrix<f64>,
    /// Part of each output's variance that the terms explain.
    pub explained: Vec<f64>,
}

impl Emulator {
    /// Fits by least squares, then refits each output on its significant terms only, so that a parameter without effect has no
    /// coefficient. `local` are the rows whose residuals give the covariance. None when there are too few rows.
    pub fn fit(
        scores: &[Vec<f64>],
        outputs: &[Vec<f64>],
        local: std::ops::Range<usize>,
    ) -> Option<Self> {
        let (n, d) = (scores.len(), outputs.first()?.len());
        let t = 1 + 2 * scores.first()?.len();
        if n < t + 10 || local.len() < d + 10 {
            return None;
        }
        let x = DMatrix::from_row_iterator(n, t, scores.iter().flat_map(|s| terms(s)));
        let y = DMatrix::from_row_iterator(n, d, outputs.iter().flat_map(|o| o.iter().copied()));
        let mut gram = x.tr_mul(&x);
        for j in 1..t {
            gram[(j, j)] += RIDGE;
        }
        let xy = x.tr_mul(&y);
        let full = Cholesky::new(gram.clone())?;
        let spread = full.inverse();
        let mut beta = full.solve(&xy);
        let left = &y - &x * &beta;
        for k in 0..d {
            let noise = left.column(k).norm_squared() / (n - t) as f64;
            let kept: Vec<usize> = (0..t)
                .filter(|j| {
                    *j == 0
                        || maths::square(beta[(*j, k)]) > CLEAR * CLEAR * noise * spread[(*j, *j)]
                })
                .collect();
            let few = DMatrix::from_fn(kept.len(), kept.len(), |a, b| gram[(kept[a], kept[b])]);
            let right = DVector::from_fn(kept.len(), |a, _| xy[(kept[a], k)]);
            let solved = Cholesky::new(few)?.solve(&right);
            beta.column_mut(k).fill(0.0);
            for (a, j) in kept.iter().enumerate() {
                beta[(*j, k)] = solved[a];
            }
        }
        let left = &y - &x * &beta;
        let rows = left.rows(local.start, local.len());
        let kept = beta.iter().filter(|b| **b != 0.0).count() as f64 / d as f64;
        let free = (local.len() as f64 * (1.0 - kept / n as f64)).max(1.0);
        // Residuals of a region need not average to zero there: their mean counts as lack of fit.
        let residual = rows.tr_mul(&rows) / free;
        let explained = (0..d)
            .map(|k| {
                let all = y.column(k);
                let mean = all.mean();
                let total: f64 = all.iter().map(|v| maths::square(v - mean)).sum();
                let unexplained: f64 = left.column(k).iter().map(|v| v * v).sum();
                if total > 0.0 {
                    1.0 - unexplained / total
                } else {
                    0.0
                }
            })
            .collect();
        Some(Self {
            coefficients: beta.transpose(),
            residual,
            explained,
        })
    }

    pub fn predict(&self, scores: &[f64]) -> Vec<f64> {
        (&self.coefficients * DVector::from_vec(terms(scores)))
            .iter()
            .copied()
            .collect()
    }
}

/// Prior precision of a coefficient, in units of one row, which stabilises a fit on few rows.
const RIDGE: f64 = 1.0;
/// Standard errors from zero at which a term is significant; one in a thousand terms without effect passes.
const CLEAR: f64 = 3.3;

/// Coefficients of a least-squares fit of numbers on rows of terms. None when the rows do not determine them.
pub fn least_squares(rows: &[(Vec<f64>, f64)]) -> Option<Vec<f64>> {
    let t = rows.first()?.0.len();
    if rows.len() <= t {
        return None;
    }
    let x = DMatrix::from_row_iterator(rows.len(), t, rows.iter().flat_map(|r| r.0.clone()));
    let y = DVector::from_iterator(rows.len(), rows.iter().map(|r| r.1));
    let solved = Cholesky::new(x.tr_mul(&x))?.solve(&x.tr_mul(&y));
    Some(solved.iter().copied().collect())
}

/// Implausibility: the distance of a prediction from the observation, in standard deviations of all uncertainty.
pub fn implausibility(predicted: f64, observed: f64, variance: f64) -> f64 {
    (predicted - observed).abs() / variance.max(f64::MIN_POSITIVE).sqrt()
}

/// The likelihood of what was observed under an emulator, whitened so that one evaluation is one product.
pub struct Likelihood {
    observed: DVector<f64>,
    coefficients: DMatrix<f64>,
}

impl Likelihood {
    /// `variance` is that of observation and discrepancy, by output. None when the covariance cannot be inverted.
    pub fn new(emulator: &Emulator, observed: &[f64], variance: &[f64]) -> Option<Self> {
        let mut covariance = emulator.residual.clone();
        for (k, v) in variance.iter().enumerate() {
            covariance[(k, k)] += v;
        }
        let lower: DMatrix<f64> = Cholesky::<f64, Dyn>::new(covariance)?.l();
        let observed = lower.solve_lower_triangular(&DVector::from_column_slice(observed))?;
        let coefficients = lower.solve_lower_triangular(&emulator.coefficients)?;
        Some(Self {
            observed,
            coefficients,
        })
    }

    /// Log likelihood without its constant.
    pub fn log(&self, scores: &[f64]) -> f64 {
        let mut left = self.observed.clone();
        for (j, term) in terms(scores).into_iter().enumerate() {
            left.axpy(-term, &self.coefficients.column(j), 1.0);
        }
        -0.5 * left.norm_squared()
    }

    /// A normal approximation of the posterior: its mode, by damped Gauss-Newton steps, and the curvature there. In its
    /// coordinates a chain moves equally well along informed and uninformed directions.
    pub fn guide(&self) -> Option<ProposalDistribution> {
        let parameters = (self.coefficients.ncols() - 1) / 2;
        let mut mode = DVector::zeros(parameters);
        let density = |z: &DVector<f64>| self.log(z.as_slice()) - 0.5 * z.norm_squared();
        let mut best = density(&mode);
        let mut damping = 1.0;
        for _ in 0..50 {
            let (slopes, left) = self.linearised(&mode);
            let precision = slopes.tr_mul(&slopes) + DMatrix::identity(parameters, parameters);
            let uphill = slopes.tr_mul(&left) - &mode;
            let next = &mode + Cholesky::new(precision)?.solve(&uphill) * damping;
            let now = density(&next);
            if now > best {
                let gained = now - best;
                (mode, best, damping) = (next, now, (2.0_f64 * damping).min(1.0));
                if gained < 1e-6 {
                    break;
                }
            } else {
                damping *= 0.5;
            }
        }
        let (slopes, _) = self.linearised(&mode);
        let precision = slopes.tr_mul(&slopes) + DMatrix::identity(parameters, parameters);
        let spread = Cholesky::new(Cholesky::new(precision)?.inverse())?.l() * WIDER;
        Some(ProposalDistribution { mode, spread })
    }

    /// Slopes of the whitened predictions at a point, and the residuals there.
    fn linearised(&self, at: &DVector<f64>) -> (DMatrix<f64>, DVector<f64>) {
        let slopes = DMatrix::from_fn(self.observed.len(), at.len(), |k, j| {
            self.coefficients[(k, 1 + 2 * j)]
                + std::f64::consts::SQRT_2 * at[j] * self.coefficients[(k, 2 + 2 * j)]
        });
        let left = &self.observed - &self.coefficients * DVector::from_vec(terms(at.as_slice()));
        (slopes, left)
    }

    /// The log posterior in the coordinates of a guide, relative to their standard normal prior.
    pub fn beside(&self, guide: &ProposalDistribution, walk: &[f64]) -> f64 {
        let scores = guide.scores(walk);
        let square = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>();
        self.log(&scores) - 0.5 * square(&scores) + 0.5 * square(walk)
    }
}

/// A normal distribution near a posterior.
pub struct ProposalDistribution {
    mode: DVector<f64>,
    spread: DMatrix<f64>,
}

/// How much wider the guide is than the curvature says, so that tails are reached.
const WIDER: f64 = 1.1;

impl ProposalDistribution {
    /// Scores at a place in standard normal coordinates.
    pub fn scores(&self, walk: &[f64]) -> Vec<f64> {
        let moved = &self.mode + &self.spread * DVector::from_column_slice(walk);
        moved.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::skill::normal_quantiles;

    /// Scores that cover the plane without a generator.
    fn cloud(n: usize, parameters: usize) -> Vec<Vec<f64>> {
        let q = normal_quantiles(0.0, 1.0, 997);
        (0..n)
            .map(|i| {
                (0..parameters)
                    .map(|j| q[(i * (131 + 2 * j * j) + 17 * j) % 997])
                    .collect()
            })
            .collect()
    }

    #[test]
    fn a_quadratic_simulator_is_learned() {
        let scores = cloud(600, 3);
        let f = |z: &[f64]| vec![2.0 + z[0] - 0.5 * z[1] * z[1], 3.0 * z[2]];
        let outputs: Vec<Vec<f64>> = scores.iter().map(|z| f(z)).collect();
        let e = Emulator::fit(&scores, &outputs, 0..600).unwrap();
        let z = [0.5, -1.0, 0.3];
        for (a, b) in e.predict(&z).iter().zip(f(&z)) {
            assert!((a - b).abs() < 0.1, "{a} {b}");
        }
        // What does not move an output has no term.
        assert_eq!(e.coefficients[(1, 1)], 0.0);
        assert!(e.explained.iter().all(|x| *x > 0.99));
        assert!(Emulator::fit(&scores[..5], &outputs[..5], 0..5).is_none());
    }

    #[test]
    fn a_plane_is_found_by_least_squares() {
        let rows: Vec<(Vec<f64>, f64)> = (0..6)
            .map(|i| {
                let (a, b) = (f64::from(i), f64::from(i * i % 4));
                (vec![1.0, a, b], 2.0 - a + 0.5 * b)
            })
            .collect();
        let found = least_squares(&rows).unwrap();
        for (f, true_value) in found.iter().zip([2.0, -1.0, 0.5]) {
            assert!((f - true_value).abs() < 1e-9);
        }
        assert!(least_squares(&rows[..2]).is_none());
    }

    #[test]
    fn the_likelihood_is_that_of_a_normal_distribution() {
        let e = Emulator {
            coefficients: DMatrix::from_row_slice(1, 3, &[1.0, 2.0, 0.0]),
            residual: DMatrix::from_element(1, 1, 0.75),
            explained: vec![1.0],
        };
        let l = Likelihood::new(&e, &[4.0], &[0.25]).unwrap();
        assert!((l.log(&[1.0]) + 0.5).abs() < 1e-12);
        assert!((implausibility(1.0, 4.0, 9.0) - 1.0).abs() < 1e-12);
        // The guide of a linear simulator is its posterior: 4 = 1 + 2 z with variance 1 gives mean 1.2, variance 1/5.
        let guide = l.guide().unwrap();
        assert!((guide.scores(&[0.0])[0] - 1.2).abs() < 1e-6);
        let sd = guide.scores(&[1.0])[0] - 1.2;
        assert!((sd - WIDER * (0.2_f64).sqrt()).abs() < 1e-6);
        // Beside a guide that is exact but for its width, little is left.
        let left = l.beside(&guide, &[1.0]) - l.beside(&guide, &[0.0]);
        assert!((left - 0.5 * (1.0 - WIDER * WIDER)).abs() < 1e-6);
    }
}
