//! The continuous ranked probability score, the distance between a forecast distribution and the observed value.

/// Fair form for draws: `mean |x - y| - sum_ij |x_i - x_j| / (2 m (m - 1))`; unbiased for any number of draws.
///
/// Source: Ferro 2014, Fair scores for ensemble forecasts, <https://doi.org/10.1002/qj.2270>. NaN for fewer than two draws.
pub fn fair(draws: &[f64], observed: f64) -> f64 {
    score(draws, observed, (draws.len().max(1) - 1) as f64)
}

/// The same for quantiles at `(i + 1/2) / m`, which are the distribution and no sample of it.
pub fn of_quantiles(quantiles: &[f64], observed: f64) -> f64 {
    score(quantiles, observed, quantiles.len() as f64)
}

fn score(values: &[f64], observed: f64, less: f64) -> f64 {
    let m = values.len() as f64;
    if less <= 0.0 {
        return f64::NAN;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let far = sorted.iter().map(|x| (x - observed).abs()).sum::<f64>() / m;
    // Sum of differences of all pairs, from the order alone.
    let pairs: f64 = sorted
        .iter()
        .enumerate()
        .map(|(i, x)| (2.0 * i as f64 + 1.0 - m) * x)
        .sum();
    far - pairs / (m * less)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::skill::normal_quantiles;
    use crate::foundation::maths;

    /// Gneiting and Raftery 2007, equation 21, of a standard normal at y.
    fn of_normal(y: f64) -> f64 {
        let density = (-0.5 * y * y).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let below = maths::normal_cdf(y);
        y * (2.0 * below - 1.0) + 2.0 * density - 1.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn of_a_normal_ensemble_is_the_known_value() {
        let many = normal_quantiles(0.0, 1.0, 4000);
        for y in [-2.0, 0.0, 0.7, 3.0] {
            assert!((of_quantiles(&many, y) - of_normal(y)).abs() < 2e-3, "{y}");
        }
    }

    #[test]
    fn of_one_point_forecast_is_the_distance() {
        assert_eq!(of_quantiles(&[2.0], 5.0), 3.0);
        assert!(fair(&[2.0], 5.0).is_nan());
    }

    #[test]
    fn the_fair_form_is_unbiased_in_small_ensembles() {
        // All pairs drawn from {0, 1} with equal chance: mean over pairs of the fair score is that of the distribution.
        let mean = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
            .iter()
            .map(|pair| fair(pair, 0.0))
            .sum::<f64>()
            / 4.0;
        assert!((mean - 0.25).abs() < 1e-12);
    }
}
