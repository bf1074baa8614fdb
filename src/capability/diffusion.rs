//! How knowledge spreads: sources are substitutes under one catch-up rate, so closing one exposes the next best.

use crate::foundation::parameters::Parameters;

/// A source that a lab can learn from: what was known there `lag` months ago, and with how much compute.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Source {
    pub knowledge_points: f64,
    pub compute_h100e: f64,
    /// Share of the difference that this kind of source can carry across.
    pub carries: f64,
}

/// Points a month that a lab gains by learning from others.
///
/// ```text
/// reach = max over sources of  carries * ((1 - scale) + scale * min(1, own compute / source compute)) * max(0, source - own)
/// gain  = catch_up_per_year * reach / 12
/// ```
///
/// `scale_dependence` is the part of a method that only works at the scale of its inventor.
pub fn catch_up_points(own_points: f64, own_h100e: f64, sources: &[Source], p: &Parameters) -> f64 {
    let reach = sources
        .iter()
        .map(|source| {
            let ahead = (source.knowledge_points - own_points).max(0.0);
            let scale = if source.compute_h100e > 0.0 {
                (own_h100e / source.compute_h100e).min(1.0)
            } else {
                1.0
            };
            source.carries * ((1.0 - p.scale_dependence) + p.scale_dependence * scale) * ahead
        })
        .fold(0.0, f64::max);
    p.catch_up_per_year * reach / 12.0
}

/// Points that distillation adds to a model at release: a share of its distance to the best model that could be
/// queried some months before. It can close a part of the gap and never passes it.
pub fn distilled_points(own_score: f64, best_rival_score: f64, p: &Parameters) -> f64 {
    p.distillation_share * (best_rival_score - own_score).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_source_counts_and_no_two_add_up() {
        let mut p = Parameters::from_values(&vec![0.0; Parameters::NAMES.len()]).unwrap();
        p.catch_up_per_year = 1.2;
        let near = Source {
            knowledge_points: 5.0,
            compute_h100e: 0.0,
            carries: 1.0,
        };
        let far = Source {
            knowledge_points: 10.0,
            compute_h100e: 0.0,
            carries: 1.0,
        };
        let one = catch_up_points(0.0, 1.0, &[far], &p);
        assert!((one - 1.0).abs() < 1e-12);
        assert_eq!(catch_up_points(0.0, 1.0, &[near, far], &p), one);
        assert_eq!(catch_up_points(11.0, 1.0, &[near, far], &p), 0.0);
    }
}
