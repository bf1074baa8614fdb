//! Means of an outcome in the lowest and highest third of a parameter, from an existing ensemble.

use crate::foundation::maths;

/// Means of an outcome in the lowest and in the highest third of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terciles {
    pub low: f64,
    pub high: f64,
    /// Standard error of the difference if the parameter did nothing.
    pub error: f64,
}

impl Terciles {
    pub fn swing(&self) -> f64 {
        (self.high - self.low).abs()
    }

    /// Whether the difference is more than chance gives the largest of so many parameters in nineteen of twenty ensembles
    /// (Bonferroni): among 85 that do nothing, two standard errors are passed by four.
    pub fn beyond_chance(&self, among: usize) -> bool {
        let share = 1.0 - 0.025 / among.max(1) as f64;
        self.swing() > maths::normal_quantile(share) * self.error
    }
}

/// None below nine pairs, or when the parameter never moves.
pub fn terciles(parameter: &[f64], outcome: &[f64]) -> Option<Terciles> {
    let mut pairs: Vec<(f64, f64)> = parameter
        .iter()
        .copied()
        .zip(outcome.iter().copied())
        .filter(|(p, o)| p.is_finite() && o.is_finite())
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (n, third) = (pairs.len(), pairs.len() / 3);
    if third < 3 || pairs[0].0 == pairs[n - 1].0 {
        return None;
    }
    let mean = |part: &[(f64, f64)]| part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64;
    let all = mean(&pairs);
    let variance = pairs.iter().map(|p| maths::square(p.1 - all)).sum::<f64>() / (n - 1) as f64;
    Some(Terciles {
        low: mean(&pairs[..third]),
        high: mean(&pairs[n - third..]),
        error: (2.0 * variance / third as f64).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_straight_line() {
        let x: Vec<f64> = (0..9).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|v| 2.0 * v).collect();
        let t = terciles(&x, &y).unwrap();
        assert_eq!((t.low, t.high, t.swing()), (2.0, 14.0, 12.0));
        assert!(t.beyond_chance(1) && !t.beyond_chance(1000));
        assert_eq!(terciles(&[1.0; 9], &y), None);
        assert_eq!(terciles(&x[..8], &y[..8]), None);
    }
}
