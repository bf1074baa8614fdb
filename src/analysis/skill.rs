//! Benchmark forecasts, and the skill of the model against them.

use crate::foundation::maths;

/// A recorded series: decimal years, values, standard deviations of what was observed.
#[derive(Clone, Debug, Default)]
pub struct RecordedSeries {
    pub years: Vec<f64>,
    pub values: Vec<f64>,
}

/// A forecast of one point, normal on the log scale or its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PointForecast {
    pub mean: f64,
    pub sd: f64,
    /// Mean and standard deviation are those of the logarithm.
    pub log: bool,
}

impl PointForecast {
    /// Quantiles at `(i + 1/2) / m` with an error of observation added, on the log scale or not; what has no logarithm is
    /// put at `floor`.
    pub fn quantiles(&self, m: usize, to_log: bool, error: f64, floor: f64) -> Vec<f64> {
        match (self.log, to_log) {
            (true, true) | (false, false) => {
                normal_quantiles(self.mean, maths::hypot(self.sd, error), m)
            }
            (false, true) => {
                let sd = maths::hypot(self.sd, error * self.mean.abs());
                normal_quantiles(self.mean, sd, m)
                    .into_iter()
                    .map(|x| maths::ln(x.max(floor)))
                    .collect()
            }
            (true, false) => {
                let error = error / maths::exp(self.mean).max(floor);
                normal_quantiles(self.mean, maths::hypot(self.sd, error), m)
                    .into_iter()
                    .map(maths::exp)
                    .collect()
            }
        }
    }
}

/// Quantiles of a normal distribution at `(i + 1/2) / m`.
pub fn normal_quantiles(mean: f64, sd: f64, m: usize) -> Vec<f64> {
    (0..m)
        .map(|i| mean + sd * maths::normal_quantile((i as f64 + 0.5) / m as f64))
        .collect()
}

/// The last value before the point, with independent steps as large as those of the training part:
/// `sd = sqrt(mean(step^2 / years)) * sqrt(years ahead)`.
pub fn last_value(train: &RecordedSeries, year: f64, log: bool) -> Option<PointForecast> {
    let points = scaled(train, log)?;
    let sd_year = step_sd(&points)?;
    let last = points.iter().rev().find(|p| p.0 < year)?;
    Some(PointForecast {
        mean: last.1,
        sd: sd_year * (year - last.0).sqrt(),
        log,
    })
}

/// A straight line through the training part, with the variance of its residuals and of its estimate:
/// `s^2 (1 + 1/n + (t - mean t)^2 / sum (t - mean t)^2)`.
pub fn trend(train: &RecordedSeries, year: f64, log: bool) -> Option<PointForecast> {
    let points = scaled(train, log)?;
    let n = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (t, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let spread: f64 = points.iter().map(|p| maths::square(p.0 - t)).sum();
    if spread <= 0.0 {
        return None;
    }
    let slope = points.iter().map(|p| (p.0 - t) * (p.1 - y)).sum::<f64>() / spread;
    let residual: f64 = points
        .iter()
        .map(|p| maths::square(p.1 - y - slope * (p.0 - t)))
        .sum::<f64>()
        / (n - 2.0);
    Some(PointForecast {
        mean: y + slope * (year - t),
        sd: (residual * (1.0 + 1.0 / n + maths::square(year - t) / spread)).sqrt(),
        log,
    })
}

/// The last ratio to a known driver times the driver: `driver` has the value at each training point and at the end that of
/// the point to forecast.
pub fn conditional_ratio(
    train: &RecordedSeries,
    driver: &[f64],
    ahead: f64,
    year: f64,
) -> Option<PointForecast> {
    if driver.len() != train.values.len() || driver.iter().any(|d| *d <= 0.0) || ahead <= 0.0 {
        return None;
    }
    let ratio = RecordedSeries {
        years: train.years.clone(),
        values: train
            .values
            .iter()
            .zip(driver)
            .map(|(v, d)| v / d)
            .collect(),
    };
    let forecast = last_value(&ratio, year, true)?;
    Some(PointForecast {
        mean: forecast.mean + maths::ln(ahead),
        ..forecast
    })
}

/// The mean of the training part with its variance.
pub fn constant_mean(train: &RecordedSeries) -> Option<PointForecast> {
    let n = train.values.len() as f64;
    if train.values.len() < 3 {
        return None;
    }
    let mean = train.values.iter().sum::<f64>() / n;
    let variance = train
        .values
        .iter()
        .map(|v| maths::square(v - mean))
        .sum::<f64>()
        / (n - 1.0);
    Some(PointForecast {
        mean,
        sd: (variance * (1.0 + 1.0 / n)).sqrt(),
        log: false,
    })
}

fn scaled(train: &RecordedSeries, log: bool) -> Option<Vec<(f64, f64)>> {
    if log && train.values.iter().any(|v| *v <= 0.0) {
        return None;
    }
    let to = |v: f64| if log { maths::ln(v) } else { v };
    let mut points: Vec<(f64, f64)> = train
        .years
        .iter()
        .copied()
        .zip(train.values.iter().map(|v| to(*v)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(points)
}

fn step_sd(points: &[(f64, f64)]) -> Option<f64> {
    let steps: Vec<f64> = points
        .windows(2)
        .filter(|w| w[1].0 > w[0].0)
        .map(|w| maths::square(w[1].1 - w[0].1) / (w[1].0 - w[0].0))
        .collect();
    (!steps.is_empty()).then(|| (steps.iter().sum::<f64>() / steps.len() as f64).sqrt())
}

/// `1 - score / score of the benchmark`: above zero is better than the benchmark, one is perfect.
pub fn skill(score: f64, benchmark: f64) -> f64 {
    1.0 - score / benchmark
}

/// How a skill stands against chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkillVerdict {
    Loses,
    Ties,
    Beats,
}

impl SkillVerdict {
    /// By whether an interval lies beside zero.
    pub fn of(low: f64, high: f64) -> Self {
        if low > 0.0 {
            Self::Beats
        } else if high < 0.0 {
            Self::Loses
        } else {
            Self::Ties
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Loses => "loses",
            Self::Ties => "ties",
            Self::Beats => "beats",
        }
    }
}

/// 90 % interval of a statistic of groups under resampling of the groups. `pick` answers with a number in (0, 1).
pub fn bootstrap(
    groups: usize,
    resamples: u32,
    statistic: impl Fn(&[usize]) -> f64,
    mut pick: impl FnMut(u64) -> f64,
) -> Option<(f64, f64)> {
    if groups < 2 {
        return None;
    }
    let mut found: Vec<f64> = (0..u64::from(resamples))
        .map(|resample| {
            let sample: Vec<usize> = (0..groups)
                .map(|i| {
                    let u = pick(resample * groups as u64 + i as u64);
                    ((u * groups as f64) as usize).min(groups - 1)
                })
                .collect();
            statistic(&sample)
        })
        .filter(|v| v.is_finite())
        .collect();
    found.sort_by(f64::total_cmp);
    Some((
        super::bands::quantile(&found, 0.05),
        super::bands::quantile(&found, 0.95),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> RecordedSeries {
        RecordedSeries {
            years: vec![2020.0, 2021.0, 2022.0, 2023.0],
            values: vec![1.0, 3.0, 5.0, 7.0],
        }
    }

    #[test]
    fn a_trend_of_a_straight_line_goes_on_without_error() {
        let f = trend(&line(), 2025.0, false).unwrap();
        assert!((f.mean - 11.0).abs() < 1e-9 && f.sd < 1e-9);
        let growth = RecordedSeries {
            years: line().years,
            values: vec![1.0, 2.0, 4.0, 8.0],
        };
        let f = trend(&growth, 2024.0, true).unwrap();
        assert!((f.mean.exp() - 16.0).abs() < 1e-9);
        assert!(
            trend(
                &RecordedSeries {
                    years: vec![1.0, 2.0],
                    values: vec![1.0, 2.0]
                },
                3.0,
                false
            )
            .is_none()
        );
    }

    #[test]
    fn a_trend_is_as_unsure_as_least_squares_says() {
        // Residuals 1, -2, 1 around a level line: s^2 = 6, and at the mean of t plus 3: 1 + 1/3 + 9/2.
        let bent = RecordedSeries {
            years: vec![0.0, 1.0, 2.0],
            values: vec![1.0, -2.0, 1.0],
        };
        let f = trend(&bent, 4.0, false).unwrap();
        assert!((f.sd.powi(2) - 6.0 * (1.0 + 1.0 / 3.0 + 4.5)).abs() < 1e-9);
        assert!(f.mean.abs() < 1e-9);
    }

    #[test]
    fn the_last_value_walks_with_the_steps_that_were_seen() {
        let f = last_value(&line(), 2027.0, false).unwrap();
        assert_eq!((f.mean, f.sd), (7.0, 4.0));
        // Only what lies before the point is the last value; later points still say how large steps are.
        assert_eq!(last_value(&line(), 2021.5, false).unwrap().mean, 3.0);
    }

    #[test]
    fn a_ratio_that_stayed_follows_its_driver() {
        let series = RecordedSeries {
            years: vec![2020.0, 2021.0, 2022.0],
            values: vec![2.0, 4.0, 8.0],
        };
        let f = conditional_ratio(&series, &[1.0, 2.0, 4.0], 10.0, 2023.0).unwrap();
        assert!((f.mean.exp() - 20.0).abs() < 1e-9 && f.sd < 1e-9);
        assert!(conditional_ratio(&series, &[1.0], 10.0, 2023.0).is_none());
    }

    #[test]
    fn a_bootstrap_of_equal_groups_has_no_width() {
        let mut at = 0.0;
        let found = bootstrap(
            5,
            50,
            |s| s.len() as f64,
            |_| {
                at = (at + 0.37) % 1.0;
                at
            },
        );
        assert_eq!(found, Some((5.0, 5.0)));
        assert_eq!(bootstrap(1, 50, |_| 0.0, |_| 0.5), None);
        assert_eq!(SkillVerdict::of(0.1, 0.2), SkillVerdict::Beats);
        assert_eq!(SkillVerdict::of(-0.1, 0.2), SkillVerdict::Ties);
        assert_eq!(SkillVerdict::of(-0.3, -0.1), SkillVerdict::Loses);
    }
}
