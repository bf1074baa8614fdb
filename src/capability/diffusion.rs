//! Diffusion of knowledge: sources are substitutes under one catch-up rate, so a closed source is replaced by the next best.

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// A source of learning: its lagged knowledge, and the compute behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LearningSource {
    pub knowledge_points: f64,
    pub compute_h100e: f64,
    /// Share of the difference in knowledge that this kind of source transfers.
    pub carries: f64,
}

/// Points a month that a lab gains by learning from others.
///
/// ```text
/// reach = max over sources of  carries * usable_share(own compute, source compute) * max(0, source - own)
/// gain  = (1 - exp(-catch_up_per_year / 12)) * reach
/// ```
pub fn catch_up_points(
    own_points: f64,
    own_h100e: f64,
    sources: &[LearningSource],
    p: &Parameters,
) -> f64 {
    let reach = sources
        .iter()
        .map(|source| {
            let ahead = source.knowledge_points - own_points;
            if ahead <= 0.0 {
                return 0.0;
            }
            source.carries * usable_share(own_h100e, source.compute_h100e, p) * ahead
        })
        .fold(0.0, f64::max);
    (1.0 - maths::exp(-p.catch_up_per_year / 12.0)) * reach
}

/// Share of knowledge found with more compute that is usable with less.
///
/// `1 - scale_dependence * min(1, log10(source compute / own compute) / scale_span_decades)`, and 1 with as much compute or more.
///
/// Points are logs of efficiency. The gain from a method grows as a power of compute between the scale of experiments and that
/// of the frontier, `scale_span_decades` above. A follower loses the gain between its own scale and the inventor's.
/// Source: Gundlach et al. 2025, <https://arxiv.org/abs/2511.21622>.
pub fn usable_share(own_h100e: f64, source_h100e: f64, p: &Parameters) -> f64 {
    if source_h100e <= own_h100e {
        return 1.0;
    }
    // A lab without compute can use the part that does not depend on scale.
    let below = maths::log10(source_h100e / own_h100e) / p.scale_span_decades;
    1.0 - p.scale_dependence * below.clamp(0.0, 1.0)
}

/// Points that distillation adds to a model at release: a share of its distance to the best model that could be queried some
/// months before. It never exceeds the distance.
pub fn distilled_points(own_score: f64, best_rival_score: f64, p: &Parameters) -> f64 {
    p.distillation_share * (best_rival_score - own_score).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_compute_makes_less_of_a_method_and_never_nothing() {
        let mut p = Parameters::zero();
        p.scale_dependence = 0.6;
        p.scale_span_decades = 8.0;
        assert_eq!(usable_share(2.0, 1.0, &p), 1.0);
        assert!((usable_share(1e3, 1e4, &p) - (1.0 - 0.6 / 8.0)).abs() < 1e-12);
        assert!(usable_share(1e2, 1e4, &p) < usable_share(1e3, 1e4, &p));
        assert!((usable_share(0.0, 1e4, &p) - 0.4).abs() < 1e-12);
    }

    #[test]
    fn the_best_source_counts_and_no_two_add_up() {
        let mut p = Parameters::zero();
        p.catch_up_per_year = 1.2;
        let near = LearningSource {
            knowledge_points: 5.0,
            compute_h100e: 0.0,
            carries: 1.0,
        };
        let far = LearningSource {
            knowledge_points: 10.0,
            compute_h100e: 0.0,
            carries: 1.0,
        };
        let one = catch_up_points(0.0, 1.0, &[far], &p);
        assert!((one - 10.0 * (1.0 - (-0.1_f64).exp())).abs() < 1e-12);
        assert_eq!(catch_up_points(0.0, 1.0, &[near, far], &p), one);
        assert_eq!(catch_up_points(11.0, 1.0, &[near, far], &p), 0.0);
    }
}
