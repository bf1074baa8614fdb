//! Coverage: how often forecast intervals contained the observed value.

/// Wilson's interval of a share `p` seen in `n` trials, `n` not necessarily whole, at `z` standard deviations.
///
/// Source: Wilson 1927, <https://doi.org/10.1080/01621459.1927.10502953>.
pub fn wilson(p: f64, n: f64, z: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let square = z * z / n;
    let middle = (p + square / 2.0) / (1.0 + square);
    let half = z / (1.0 + square) * (p * (1.0 - p) / n + square / (4.0 * n)).sqrt();
    (middle - half, middle + half)
}

/// Standard deviations of a 90 % interval.
pub const Z_90: f64 = 1.6449;

/// The share of draws below the observed value, which is uniform if the forecast is calibrated.
pub fn rank(draws: &[f64], observed: f64) -> f64 {
    let below = draws.iter().filter(|x| **x < observed).count() as f64;
    let equal = draws.iter().filter(|x| **x == observed).count() as f64;
    (below + 0.5 * equal) / draws.len().max(1) as f64
}

/// Counts of ranks in five equal bins.
pub fn bins(ranks: &[f64]) -> [usize; 5] {
    let mut counts = [0; 5];
    for r in ranks {
        counts[((r * 5.0) as usize).min(4)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_as_published() {
        // 8 of 10 at 95 %: 0.490 to 0.943 (Newcombe 1998, method 3).
        let (low, high) = wilson(0.8, 10.0, 1.96);
        assert!((low - 0.490).abs() < 1e-3 && (high - 0.943).abs() < 1e-3);
        assert_eq!(wilson(0.5, 0.0, 1.96), (0.0, 1.0));
        assert!(wilson(1.0, 4.0, Z_90).0 < 1.0);
    }

    #[test]
    fn ranks_of_a_known_interval() {
        let draws: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(rank(&draws, 49.5), 0.5);
        assert_eq!(rank(&draws, -1.0), 0.0);
        assert_eq!(bins(&[0.0, 0.1, 0.5, 0.99, 1.0]), [2, 0, 1, 0, 2]);
    }
}
