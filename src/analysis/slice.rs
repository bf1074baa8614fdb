//! Elliptical slice sampling, a Markov chain for posteriors with a standard normal prior and no step size to tune.
//!
//! Source: Murray, Adams and MacKay 2010, <https://proceedings.mlr.press/v9/murray10a.html>.

use crate::foundation::maths;

/// What a chain asks chance for.
pub trait RandomSource {
    /// In (0, 1).
    fn uniform(&mut self) -> f64;
    fn normal(&mut self) -> f64;
}

/// One step from `state`, whose log likelihood is `log`; both are replaced.
///
/// A fresh draw of the prior spans an ellipse with the state; an angle on it is shrunk toward the state until the likelihood
/// passes a threshold that was drawn first.
pub fn step(
    state: &mut [f64],
    log: &mut f64,
    likelihood: &dyn Fn(&[f64]) -> f64,
    draws: &mut dyn RandomSource,
) {
    let fresh: Vec<f64> = state.iter().map(|_| draws.normal()).collect();
    let threshold = *log + maths::ln(draws.uniform());
    let mut angle = draws.uniform() * std::f64::consts::TAU;
    let (mut low, mut high) = (angle - std::f64::consts::TAU, angle);
    let mut next = state.to_vec();
    // The bracket shrinks by a third or so each time; a hundred times is nothing left.
    for _ in 0..100 {
        let (sin, cos) = maths::sin_cos(angle);
        for ((n, s), f) in next.iter_mut().zip(state.iter()).zip(&fresh) {
            *n = s * cos + f * sin;
        }
        let now = likelihood(&next);
        if now > threshold {
            state.copy_from_slice(&next);
            *log = now;
            return;
        }
        if angle < 0.0 {
            low = angle;
        } else {
            high = angle;
        }
        angle = low + draws.uniform() * (high - low);
    }
}

/// Gelman and Rubin's ratio of one parameter over chains of equal length, each cut in two: near 1 when they agree.
pub fn split_r_hat(chains: &[Vec<f64>]) -> f64 {
    let halves: Vec<&[f64]> = chains
        .iter()
        .flat_map(|c| {
            let (a, b) = c.split_at(c.len() / 2);
            [a, &b[..a.len()]]
        })
        .collect();
    let n = halves.first().map_or(0, |h| h.len()) as f64;
    let m = halves.len() as f64;
    if n < 2.0 || m < 2.0 {
        return f64::NAN;
    }
    let means: Vec<f64> = halves.iter().map(|h| h.iter().sum::<f64>() / n).collect();
    let all = means.iter().sum::<f64>() / m;
    let between = n * means.iter().map(|x| maths::square(x - all)).sum::<f64>() / (m - 1.0);
    let within = halves
        .iter()
        .zip(&means)
        .map(|(h, mean)| h.iter().map(|x| maths::square(x - mean)).sum::<f64>() / (n - 1.0))
        .sum::<f64>()
        / m;
    if within > 0.0 {
        (((n - 1.0) * within + between) / (n * within)).sqrt()
    } else {
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::skill::normal_quantiles;

    struct Weyl(u64, Vec<f64>);

    impl RandomSource for Weyl {
        fn uniform(&mut self) -> f64 {
            // A mixed counter is random enough for moments.
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (((z ^ (z >> 31)) >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
        }
        fn normal(&mut self) -> f64 {
            let at = (self.uniform() * self.1.len() as f64) as usize;
            self.1[at.min(self.1.len() - 1)]
        }
    }

    #[test]
    fn a_normal_posterior_has_its_known_mean_and_variance() {
        // Prior N(0, 1), one observation 2 with variance 0.5: posterior mean 4/3, variance 1/3.
        let likelihood = |z: &[f64]| -(z[0] - 2.0).powi(2);
        let mut draws = Weyl(1, normal_quantiles(0.0, 1.0, 4001));
        let mut chains = Vec::new();
        for _ in 0..2 {
            let (mut z, mut chain) = (vec![0.0, 0.0], Vec::new());
            let mut log = likelihood(&z);
            for i in 0..6000 {
                step(&mut z, &mut log, &likelihood, &mut draws);
                if i >= 1000 {
                    chain.push(z[0]);
                }
            }
            chains.push(chain);
        }
        let all: Vec<f64> = chains.concat();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.len() as f64;
        assert!((mean - 4.0 / 3.0).abs() < 0.05, "{mean}");
        assert!((variance - 1.0 / 3.0).abs() < 0.03, "{variance}");
        let r = split_r_hat(&chains);
        assert!((0.99..1.05).contains(&r), "{r}");
        assert!(split_r_hat(&[vec![0.0, 0.1, 0.0, 0.1], vec![5.0, 5.1, 5.0, 5.1]]) > 2.0);
    }
}
