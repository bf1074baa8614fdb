//! Induced efficiency: scarcity directs research effort to saving compute and to co-design that hides communication and memory time.
//!
//! One measure of scarcity gives one effort, which has one cost.

use bevy_ecs::resource::Resource;

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// Share of research that is directed to saving compute: `1 - exp(-intensity * scarcity)`.
/// Source: elasticity of directed research to the shadow price (Popp 2002 and after), see `induced_intensity`.
pub fn effort(scarcity: f64, p: &Parameters) -> f64 {
    1.0 - maths::exp(-p.induced_intensity * scarcity.max(0.0))
}

/// A month of induced efficiency: (points gained by the bloc, points that become known to all).
///
/// ```text
/// gained = points_per_decade * log10(multiplier) * effort * (1 - u / max) / 12
/// spread = u / diffusion_months
/// ```
///
/// Efficiency invented under scarcity belongs to the bloc until it spreads; then it is common knowledge, so scarcity raises the
/// world's level more than the bloc's relative position.
pub fn monthly_induced_gain(induced_points: f64, effort: f64, p: &Parameters) -> (f64, f64) {
    let full =
        p.points_per_decade_of_compute * maths::log10(p.induced_multiplier_per_year) * effort;
    let room = (1.0 - induced_points / p.induced_max_points.max(1e-9)).max(0.0);
    (
        full * room / 12.0,
        induced_points / p.induced_diffusion_months.max(1.0),
    )
}

/// Skill of labs in hiding communication and memory time behind arithmetic, 0 to 1, after a cumulative effort in years.
pub fn codesign_skill(cumulative_effort_years: f64, p: &Parameters) -> f64 {
    1.0 - maths::exp(-cumulative_effort_years / p.codesign_scale_years.max(1e-9))
}

/// Effort by bloc and its results.
#[derive(Resource, Clone, Debug, Default)]
pub struct ScarcityEfficiency {
    /// Efforts of past months, latest last; results follow with a delay.
    efforts: Vec<[f64; 3]>,
    /// Points that a bloc has gained through scarcity and that have not spread yet.
    pub induced_points: [f64; 3],
    /// Years of full effort put into co-design.
    pub codesign_years: [f64; 3],
    /// Points that became known to all this month.
    pub spread_points: f64,
    /// Share of research that the effort takes from other work.
    pub cost_share: [f64; 3],
}

impl ScarcityEfficiency {
    pub fn reset(&mut self, months: usize) {
        self.efforts.clear();
        self.efforts.reserve(months);
        self.induced_points = [0.0; 3];
        self.codesign_years = [0.0; 3];
        self.spread_points = 0.0;
        self.cost_share = [0.0; 3];
    }

    /// Advances one month: effort follows scarcity, results follow past effort.
    pub fn advance_month(
        &mut self,
        scarcity: [f64; 3],
        induced: f64,
        codesign: f64,
        p: &Parameters,
    ) {
        let now = scarcity.map(|z| effort(z, p));
        self.efforts.push(now);
        let lag = p.induced_delay_months.round().max(0.0) as usize;
        let then = self
            .efforts
            .len()
            .checked_sub(1 + lag)
            .map_or([0.0; 3], |at| self.efforts[at]);
        self.spread_points = 0.0;
        for bloc in 0..3 {
            let into_codesign = codesign * p.codesign_share;
            let (gained, spread) = monthly_induced_gain(
                self.induced_points[bloc],
                then[bloc] * (1.0 - into_codesign),
                p,
            );
            self.induced_points[bloc] += induced * gained - spread;
            self.spread_points += spread;
            self.codesign_years[bloc] += into_codesign * now[bloc] / 12.0;
            self.cost_share[bloc] = induced * p.induced_research_cost * now[bloc];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p() -> Parameters {
        let mut p = Parameters::zero();
        p.points_per_decade_of_compute = 7.0;
        p.induced_intensity = 0.4;
        p.induced_multiplier_per_year = 1.25;
        p.induced_max_points = 2.0;
        p.induced_diffusion_months = 6.0;
        p.codesign_scale_years = 0.5;
        p
    }

    #[test]
    fn effort_is_concave_in_scarcity_and_zero_without_it() {
        let p = p();
        assert_eq!(effort(0.0, &p), 0.0);
        assert!(effort(2.0, &p) < 2.0 * effort(1.0, &p));
    }

    #[test]
    fn at_the_sourced_values_the_lasting_gain_is_small() {
        // About 0.05 decades of compute: the world's level rises more than the relative position of the bloc.
        let p = p();
        let mut e = ScarcityEfficiency::default();
        for _ in 0..240 {
            e.advance_month([0.0, 3.0, 0.0], 1.0, 0.0, &p);
        }
        assert!(
            e.induced_points[1] > 0.1 && e.induced_points[1] < 0.6,
            "{}",
            e.induced_points[1]
        );
        assert_eq!(e.induced_points[0], 0.0);
        assert!(e.spread_points > 0.0);
    }
}
