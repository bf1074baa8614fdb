//! Regret and satisficing: how much worse each choice could be than the best, and how often it is good enough.

use super::bands::quantile;
use super::{Estimate, EstimatorError, finite};

/// What choosing one arm costs against the best arm of each future.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegretSummary {
    pub mean: Estimate,
    pub p90: f64,
    pub worst: f64,
    /// The future in which it is worst.
    pub worst_future: usize,
    /// Share of futures in which no arm is better.
    pub best_share: f64,
}

/// Regret of every arm: `|best arm's answer - own answer|`, future by future. Savage (1951), <https://doi.org/10.1080/01621459.1951.10500768>.
///
/// `answers[arm][future]`.
///
/// # Errors
/// When arms differ in their number of futures, there is none, or an answer is not finite.
pub fn regrets(
    answers: &[Vec<f64>],
    more_is_better: bool,
) -> Result<Vec<RegretSummary>, EstimatorError> {
    let futures = futures_of(answers)?;
    let sign = if more_is_better { 1.0 } else { -1.0 };
    let best: Vec<f64> = (0..futures)
        .map(|f| {
            answers
                .iter()
                .map(|a| sign * a[f])
                .fold(f64::NEG_INFINITY, f64::max)
        })
        .collect();
    Ok(answers
        .iter()
        .map(|own| {
            let regret: Vec<f64> = own.iter().zip(&best).map(|(y, b)| b - sign * y).collect();
            let (worst_future, worst) = regret.iter().copied().enumerate().fold(
                (0, f64::NEG_INFINITY),
                |(at, most), (f, r)| {
                    if r > most { (f, r) } else { (at, most) }
                },
            );
            let mut sorted = regret.clone();
            sorted.sort_by(f64::total_cmp);
            RegretSummary {
                mean: Estimate::of(&regret),
                p90: quantile(&sorted, 0.9),
                worst,
                worst_future,
                best_share: regret.iter().filter(|r| **r <= 0.0).count() as f64 / futures as f64,
            }
        })
        .collect())
}

/// Share of futures in which each arm meets a bar, with its binomial error.
///
/// # Errors
/// As [`regrets`].
pub fn satisficing(
    answers: &[Vec<f64>],
    bar: f64,
    more_is_better: bool,
) -> Result<Vec<Estimate>, EstimatorError> {
    let futures = futures_of(answers)? as f64;
    let meets = |y: &&f64| {
        if more_is_better {
            **y >= bar
        } else {
            **y <= bar
        }
    };
    Ok(answers
        .iter()
        .map(|own| {
            let value = own.iter().filter(meets).count() as f64 / futures;
            Estimate {
                value,
                error: (value * (1.0 - value) / futures).sqrt(),
            }
        })
        .collect())
}

pub(super) fn futures_of(answers: &[Vec<f64>]) -> Result<usize, EstimatorError> {
    let futures = answers.first().map_or(0, Vec::len);
    if futures == 0 || answers.iter().any(|a| a.len() != futures) {
        return Err(EstimatorError(
            "arms need answers in the same futures, one at least".into(),
        ));
    }
    for (arm, own) in answers.iter().enumerate() {
        finite(&format!("answers of arm {arm}"), own)?;
    }
    Ok(futures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regret_by_hand() {
        let answers = [vec![1.0, 5.0, 3.0], vec![2.0, 2.0, 3.0]];
        let more = regrets(&answers, true).unwrap();
        assert_eq!((more[0].mean.value, more[0].worst), (1.0 / 3.0, 1.0));
        assert_eq!((more[1].worst, more[1].worst_future), (3.0, 1));
        assert!((more[0].best_share - 2.0 / 3.0).abs() < 1e-12);
        let less = regrets(&answers, false).unwrap();
        assert_eq!((less[0].worst, less[0].worst_future), (3.0, 1));
        let meets = satisficing(&answers, 3.0, true).unwrap();
        assert!((meets[0].value - 2.0 / 3.0).abs() < 1e-12);
        assert!((meets[1].value - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn arms_of_other_futures_and_numbers_that_are_none_are_refused() {
        assert!(regrets(&[vec![1.0], vec![]], true).is_err());
        assert!(regrets(&[], true).is_err());
        let message = regrets(&[vec![1.0, f64::NAN]], true)
            .unwrap_err()
            .to_string();
        assert!(message.contains("arm 0"), "{message}");
    }
}
