//! Research: growth of a bloc's knowledge, in index points.

use crate::foundation::bloc::Bloc;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// The month in which the leading lab reached the reference score.
const REFERENCE_YEAR: f64 = 2023.2;

/// Points a month that a bloc's own research adds to the knowledge of a lab of mean skill.
///
/// ```text
/// growth = base(regime) * (research compute / reference)^elasticity * exp(-saturation * years known beyond the break) / 12
/// ```
///
/// `base` is the recorded growth of the frontier less what growth of compute explains in this model
/// (`points_per_decade_of_compute * log10(frontier_compute_growth)`), before or after the break behind the reasoning models of
/// 2024. The rate is that of a bloc and does not depend on its number of labs. Ideas get harder to
/// find as knowledge grows (semi-endogenous form); without this, growth is explosive. Knowledge is measured in years of recorded
/// progress, so the faster regime does not by itself make ideas harder to find.
pub fn research_points_per_month(
    year: f64,
    bloc_research_h100e: f64,
    mean_knowledge_points: f64,
    p: &Parameters,
) -> f64 {
    let total = if year < p.regime_break_year {
        p.frontier_points_per_year_before
    } else {
        p.frontier_points_per_year_after
    };
    let effort = maths::pow(
        (bloc_research_h100e / p.research_reference_h100e).max(0.0),
        p.research_compute_elasticity,
    );
    let known_years = years_beyond_break(mean_knowledge_points, p);
    let harder = maths::exp(-p.research_saturation_per_year * known_years);
    research_base(total, p) * effort * harder / 12.0
}

/// Points a year of a recorded growth that compute does not explain.
fn research_base(total_points_per_year: f64, p: &Parameters) -> f64 {
    (total_points_per_year - compute_points_per_year(p)).max(0.0)
}

/// Knowledge relative to that at the break, in years of recorded progress on that side of the break.
fn years_beyond_break(knowledge_points: f64, p: &Parameters) -> f64 {
    let beyond = knowledge_points - knowledge_before_break(p.regime_break_year, p);
    let pace = if beyond < 0.0 {
        p.frontier_points_per_year_before
    } else {
        p.frontier_points_per_year_after
    };
    // Where compute explains nearly all growth, the remainder would make every point infinitely hard to find. Research is
    // therefore assumed to explain at least a quarter of recorded growth.
    beyond / research_base(pace, p).max(0.25 * pace)
}

/// Factor by which a bloc's own models raise its research: `exp(per_point * max(0, score - trend's score at the start of 2026))`.
///
/// A model variant, off by default; it compounds any lead. Source: see `ai_research_per_point`.
pub fn research_by_models(best_latent_points: f64, p: &Parameters) -> f64 {
    const FROM_YEAR: f64 = 2026.0;
    let before = p.frontier_points_per_year_before * (p.regime_break_year - REFERENCE_YEAR);
    let after = p.frontier_points_per_year_after * (FROM_YEAR - p.regime_break_year);
    let from = p.frontier_points_reference + before + after;
    // At most a factor of a hundred, beyond which the equation is not valid.
    maths::exp(p.ai_research_per_point * (best_latent_points - from).max(0.0)).min(100.0)
}

/// Points a year that growth of the leading lab's compute explains in this model.
pub fn compute_points_per_year(p: &Parameters) -> f64 {
    p.points_per_decade_of_compute * maths::log10(p.frontier_compute_growth)
}

/// Knowledge of the frontier at a time before the break, index points relative to the reference month 2023-03.
pub fn knowledge_before_break(year: f64, p: &Parameters) -> f64 {
    (p.frontier_points_per_year_before - compute_points_per_year(p)) * (year - REFERENCE_YEAR)
}

/// Share of a model's effective compute that is post-training, on serving throughput.
///
/// A logistic from 0.05 around 2023 to its value in 2027 (reinforcement learning is near parity with pre-training by then).
pub fn post_training_share(year: f64, p: &Parameters) -> f64 {
    0.05 + (p.post_training_share_2027 - 0.05) / (1.0 + maths::exp(-(year - 2025.0) / 0.5))
}

/// Share of a nation's useful compute that its labs train with:
/// `lab_share_of_compute * growth^min(0, year - lab_share_stands_year)`, 1 at most; a growth below 1 counts as 1.
///
/// Frontier training runs grew twice as fast as the stock of chips. The target's labs have their own growth rate.
pub fn labs_share(year: f64, bloc: Bloc, p: &Parameters) -> f64 {
    let growth = match bloc {
        Bloc::Target => p.lab_share_growth_target,
        Bloc::Issuer | Bloc::Third => p.lab_share_growth,
    };
    let early = maths::pow(growth.max(1.0), (year - p.lab_share_stands_year).min(0.0));
    (p.lab_share_of_compute * early).min(1.0)
}

/// Effective compute of a model, H100-equivalents: `training^(1-w) * serving^w`.
pub fn effective_compute(training_h100e: f64, serving_h100e: f64, post_training: f64) -> f64 {
    if training_h100e <= 0.0 || serving_h100e <= 0.0 {
        return 0.0;
    }
    maths::exp(
        (1.0 - post_training) * maths::ln(training_h100e)
            + post_training * maths::ln(serving_h100e),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labs_take_more_of_the_compute_until_2025_each_bloc_at_its_own_pace() {
        let mut p = Parameters::zero();
        p.lab_share_of_compute = 0.6;
        p.lab_share_growth = 2.0;
        p.lab_share_growth_target = 3.0;
        p.lab_share_stands_year = 2025.0;
        assert!((labs_share(2024.0, Bloc::Issuer, &p) - 0.3).abs() < 1e-12);
        assert!((labs_share(2024.0, Bloc::Target, &p) - 0.2).abs() < 1e-12);
        for bloc in Bloc::ALL {
            assert_eq!(labs_share(2025.0, bloc, &p), 0.6);
            assert_eq!(labs_share(2030.0, bloc, &p), 0.6);
        }
    }
}
