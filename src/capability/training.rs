//! Training runs: the expected score of a model, and the score of a finished run.

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// Expected score, in index points, of a model with this compute and knowledge, without random score and release dates.
///
/// `score = reference + points_per_decade_of_compute * log10(compute / reference compute) + knowledge`
pub fn latent_points(effective_h100e: f64, knowledge_points: f64, p: &Parameters) -> f64 {
    // A lab without compute scores nine decades below the reference, which is finite and far from any frontier.
    let compute = (effective_h100e / p.run_reference_h100e).max(1e-9);
    p.frontier_points_reference
        + p.points_per_decade_of_compute * maths::log10(compute)
        + knowledge_points
}

/// Score of a finished run: its latent points plus one random draw.
pub fn finished_points(latent: f64, standard_draw: f64, p: &Parameters) -> f64 {
    latent + p.run_luck_points * standard_draw
}
