//! Training runs: their length, the expected score of a model, the score of a finished run, and models that wait for release.

use bevy_ecs::component::Component;

use super::frontier::PublicKnowledge;
use crate::events::EventId;
use crate::foundation::bloc::Bloc;
use crate::foundation::chance::Purpose;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::Future;

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

/// Compute of a final training run, H100e-months: `part * compute-months of the lab since its last run`.
///
/// The rest goes into trials, post-training and research. The part is that of disclosed runs of each side; labs of third
/// countries are taken to be like the issuer's. Source: Epoch AI on the spending of OpenAI in 2024; disclosed runs to 2024.
pub fn final_run_h100e_months(lab_h100e_months: f64, bloc: Bloc, p: &Parameters) -> f64 {
    let part = match bloc {
        Bloc::Target => p.final_run_share_target,
        Bloc::Issuer | Bloc::Third => p.final_run_share_issuer,
    };
    part * lab_h100e_months
}

/// The training run under way.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct TrainingRun {
    /// Number of the lab's run; it keys the draws of score and length.
    pub ordinal: u64,
    pub months_left: f64,
    pub months_run: f64,
    /// Sum over months of effective compute.
    pub compute_h100e_months: f64,
}

/// A run that has ended, and the effective compute of its lab: mean and sum over its months.
#[derive(Clone, Copy, Debug)]
pub struct EndedRun {
    pub ordinal: u64,
    pub mean_compute_h100e: f64,
    pub compute_h100e_months: f64,
}

/// Finished models that the lab has not released.
#[derive(Component, Clone, Debug, Default)]
pub struct UnreleasedModels {
    /// Months between the end of a run and its release.
    pub delay_months: usize,
    /// Ring buffer of delay + 1 slots, by the month in which a run ends: a lab finishes at most one run a month. Empty without a
    /// delay.
    models: Vec<Option<FinishedModel>>,
}

/// Upper bound on the delay, months.
const DELAY_MAX_MONTHS: f64 = 15.0;

/// A finished model, released or not.
#[derive(Clone, Copy, Debug)]
pub struct FinishedModel {
    pub score: f64,
    pub ordinal: u64,
    /// Knowledge of its makers, and the compute of its training run.
    pub known: PublicKnowledge,
    /// Compute of the final run alone.
    pub final_run_h100e_months: f64,
    /// The logged event of its training run.
    pub logged: Option<EventId>,
}

impl UnreleasedModels {
    /// Draws the lab's delay once as a fraction of the maximum. The latent gap counts unreleased models, the released gap does not.
    pub fn draw_delay(&mut self, lab_key: u64, synthetic: bool, future: &Future) {
        let longest = future.parameters.release_delay_max_months;
        let part = future.chance.uniform(Purpose::ReleaseDelay, lab_key, 0);
        let delay = (longest * part).round().clamp(0.0, DELAY_MAX_MONTHS) as usize;
        // Synthetic labs release at once.
        self.delay_months = if synthetic { 0 } else { delay };
        self.models.clear();
        if self.delay_months > 0 {
            self.models.resize(self.delay_months + 1, None);
        }
    }

    /// Stores a model that is finished this month, if any, and returns the one that is due for release.
    pub fn release_due(
        &mut self,
        t: usize,
        finished: Option<FinishedModel>,
    ) -> Option<FinishedModel> {
        let places = self.models.len();
        if places == 0 {
            return finished;
        }
        self.models[t % places] = finished;
        self.models[(t + 1) % places].take()
    }
}

impl TrainingRun {
    /// The run with this ordinal; its length does not depend on the month in which it starts.
    pub fn start(ordinal: u64, lab_key: u64, future: &Future) -> Self {
        let p = &future.parameters;
        let length = future.chance.gamma_of_mean_one(
            Purpose::RunLength,
            lab_key,
            ordinal,
            p.run_length_shape,
        );
        Self {
            ordinal,
            months_left: (p.run_length_months * length).max(1.0),
            ..Self::default()
        }
    }

    /// Adds a month of compute; when the run ends, returns it and starts the next one.
    pub fn advance_month(
        &mut self,
        effective_h100e: f64,
        lab_key: u64,
        future: &Future,
    ) -> Option<EndedRun> {
        self.compute_h100e_months += effective_h100e;
        self.months_run += 1.0;
        self.months_left -= 1.0;
        if self.months_left > 0.0 {
            return None;
        }
        let ended = EndedRun {
            ordinal: self.ordinal,
            mean_compute_h100e: self.compute_h100e_months / self.months_run,
            compute_h100e_months: self.compute_h100e_months,
        };
        *self = Self::start(self.ordinal + 1, lab_key, future);
        Some(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_run_is_a_part_of_the_compute_of_its_lab() {
        let p = Parameters {
            final_run_share_issuer: 0.1,
            final_run_share_target: 0.05,
            ..Parameters::zero()
        };
        let run = |bloc| final_run_h100e_months(2000.0, bloc, &p);
        assert!((run(Bloc::Issuer) - 200.0).abs() < 1e-9);
        assert!((run(Bloc::Target) - 100.0).abs() < 1e-9);
        assert_eq!(run(Bloc::Third), run(Bloc::Issuer));
    }
}
