//! Elementary effects (Morris), a cheap screen for influential factors.

use super::{Estimate, EstimatorError, finite};

/// What one factor does along many trajectories.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ElementaryEffect {
    /// Mean effect, with its sign.
    pub mu: Estimate,
    /// Mean of its absolute value: how much the factor matters.
    pub mu_star: Estimate,
    /// Standard deviation: how much its effect depends on the others, or bends.
    pub sigma: f64,
}

/// Levels of each factor: the middles of four equal parts of (0, 1), so that no end of a distribution is ever asked for.
const LEVELS: u64 = 4;
/// Two levels up or down: half of the range, so that every level is reached as often.
pub const STEP: f64 = 0.5;

/// One trajectory: where it starts, and which factor moves by [`STEP`] (with its sign) at each step.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectory {
    pub start: Vec<f64>,
    pub steps: Vec<(usize, f64)>,
}

impl Trajectory {
    /// A random one. Morris 1991, <https://doi.org/10.1080/00401706.1991.10484804>. `uniform(k)` is draw `k`.
    pub fn draw(factors: usize, uniform: &dyn Fn(u64) -> f64) -> Self {
        let start: Vec<f64> = (0..factors)
            .map(|i| {
                let level = ((uniform(i as u64) * LEVELS as f64) as u64).min(LEVELS - 1);
                (level as f64 + 0.5) / LEVELS as f64
            })
            .collect();
        let order = &super::shapley::antithetic_pair(factors, &|k| uniform(factors as u64 + k))[0];
        let steps = order
            .iter()
            .map(|&i| (i, if start[i] < 0.5 { STEP } else { -STEP }))
            .collect();
        Self { start, steps }
    }

    /// Every point that it visits, one more than there are steps.
    pub fn points(&self) -> Vec<Vec<f64>> {
        let mut at = self.start.clone();
        let mut points = vec![at.clone()];
        for &(factor, step) in &self.steps {
            at[factor] += step;
            points.push(at.clone());
        }
        points
    }
}

/// The screen of every factor, from answers at the points of each trajectory.
///
/// An effect is the change of the answer over the change of the factor, as a share of its distribution.
///
/// # Errors
/// When there is no trajectory, answers do not match the points, or one is not finite.
pub fn screen(
    factors: usize,
    trajectories: &[Trajectory],
    answers: &[Vec<f64>],
) -> Result<Vec<ElementaryEffect>, EstimatorError> {
    if trajectories.is_empty() || trajectories.len() != answers.len() {
        return Err(EstimatorError(format!(
            "{} trajectories and answers for {}",
            trajectories.len(),
            answers.len()
        )));
    }
    let mut effects: Vec<Vec<f64>> = vec![Vec::new(); factors];
    for (trajectory, y) in trajectories.iter().zip(answers) {
        finite("answers along a trajectory", y)?;
        if y.len() != trajectory.steps.len() + 1 {
            return Err(EstimatorError(format!(
                "a trajectory of {} steps needs one answer more, found {}",
                trajectory.steps.len(),
                y.len()
            )));
        }
        for (at, &(factor, step)) in trajectory.steps.iter().enumerate() {
            effects[factor].push((y[at + 1] - y[at]) / step);
        }
    }
    Ok(effects.iter().map(|e| of_effects(e)).collect())
}

/// The screen of one factor from its elementary effects.
pub fn of_effects(effects: &[f64]) -> ElementaryEffect {
    let sizes: Vec<f64> = effects.iter().map(|e| e.abs()).collect();
    let mu = Estimate::of(effects);
    ElementaryEffect {
        mu,
        mu_star: Estimate::of(&sizes),
        sigma: mu.error * (effects.len() as f64).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::uniform;
    use super::*;

    fn trajectories(factors: usize, count: u64) -> Vec<Trajectory> {
        (0..count)
            .map(|t| Trajectory::draw(factors, &|k| uniform(t * 97 + k)))
            .collect()
    }

    fn run(f: &dyn Fn(&[f64]) -> f64, factors: usize) -> Vec<ElementaryEffect> {
        let all = trajectories(factors, 60);
        let answers: Vec<Vec<f64>> = all
            .iter()
            .map(|t| t.points().iter().map(|x| f(x)).collect())
            .collect();
        screen(factors, &all, &answers).unwrap()
    }

    #[test]
    fn a_line_has_its_slopes_and_no_spread() {
        let found = run(&|x| 3.0 * x[0] - 5.0 * x[1] + 0.0 * x[2], 3);
        for (screen, slope) in found.iter().zip([3.0_f64, -5.0, 0.0]) {
            assert!((screen.mu.value - slope).abs() < 1e-9);
            assert!((screen.mu_star.value - slope.abs()).abs() < 1e-9);
            assert!(screen.sigma < 1e-9);
        }
    }

    #[test]
    fn an_interaction_shows_as_spread_and_an_inert_factor_as_nothing() {
        // The effect of x0 is 4 (x1 - 1/2): mean 0 over x1, never 0 itself.
        let found = run(&|x| 4.0 * (x[0] - 0.5) * (x[1] - 0.5), 3);
        assert!(found[0].mu.value.abs() < 4.0 * found[0].mu.error.max(0.05));
        assert!(found[0].mu_star.value > 0.5 && found[0].sigma > 0.5);
        assert_eq!(found[2], ElementaryEffect::default());
    }

    #[test]
    fn every_point_lies_inside_the_distribution_and_answers_must_be_numbers() {
        for t in trajectories(5, 50) {
            assert!(t.points().iter().flatten().all(|u| *u > 0.0 && *u < 1.0));
            assert_eq!(t.steps.len(), 5);
        }
        let one = trajectories(2, 1);
        assert!(screen(2, &one, &[vec![0.0, f64::NAN, 1.0]]).is_err());
        assert!(screen(2, &one, &[vec![0.0, 1.0]]).is_err());
    }
}
