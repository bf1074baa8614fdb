//! Importer refusal: the target discourages imports of chips that the issuer has licensed or capped.

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// State of home supply and denial in the target, relative to the record.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HomeSupplyShare {
    /// Deliveries of the target's makers at home over the spending of buyers there, less the same ratio on record.
    pub home_above_record: f64,
    /// Recent share denied to the target, less the same share on record.
    pub denied_above_record: f64,
}

/// Probability that the target discourages a chip that is open under licence or up to a cap.
///
/// ```text
/// logit(probability) = logit(refusal_probability) + home_slope * home_above_record + denial_slope * denied_above_record
/// ```
///
/// On the recorded path it equals `refusal_probability`; both products that were opened were discouraged. Home supply and past
/// denial raise it, because they lower the willingness to depend on the seller again. 0 and 1 stay 0 and 1.
/// Source: form of the expert review.
pub fn refusal_chance(known: HomeSupplyShare, p: &Parameters) -> f64 {
    let likely = p.refusal_probability.clamp(0.0, 1.0);
    let pushed = p.refusal_home_slope * known.home_above_record
        + p.refusal_denial_slope * known.denied_above_record;
    // Equal to the logistic of the sum, but finite where the probability is 0 or 1.
    let odds = maths::exp(pushed.clamp(-50.0, 50.0));
    likely * odds / (likely * odds + 1.0 - likely)
}

/// Share of a discouraged chip's sales that stays open: the target sets a share, not a ban.
pub fn open_share(p: &Parameters) -> f64 {
    (1.0 - p.refusal_share).clamp(0.0, 1.0)
}

/// Decisions of the target on every chip. All reviews of a chip use one draw, so a higher probability never delays a refusal.
/// A decision is kept for some months, so that it does not flicker around the threshold.
#[derive(Clone, Debug, Default)]
pub struct ImportRefusals {
    is_refused: Vec<bool>,
    /// Month of the next review of a chip that is open under licence or up to a cap.
    review: Vec<Option<i32>>,
}

impl ImportRefusals {
    pub fn reset(&mut self, chips: usize) {
        self.is_refused.clear();
        self.is_refused.resize(chips, false);
        self.review.clear();
        self.review.resize(chips, None);
    }

    /// Whether any review is due.
    pub fn is_review_due(&self, t: i32) -> bool {
        self.review.iter().flatten().any(|at| *at <= t)
    }

    /// Whether a chip is discouraged.
    pub fn is_refused(&self, chip: usize) -> bool {
        self.is_refused[chip]
    }

    /// Reviews a chip if its review is due; returns whether it is discouraged this month.
    pub fn review_chip(
        &mut self,
        chip: usize,
        t: i32,
        draw: f64,
        chance: f64,
        p: &Parameters,
    ) -> bool {
        if self.review[chip].is_none_or(|at| at <= t) {
            self.is_refused[chip] = draw < chance;
            self.review[chip] = Some(t + p.refusal_review_months.round().max(1.0) as i32);
        }
        self.is_refused[chip]
    }

    /// Clears the decision on a chip that is no longer open under licence or cap, so that the next opening is decided anew.
    pub fn clear(&mut self, chip: usize) {
        self.is_refused[chip] = false;
        self.review[chip] = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(likely: f64) -> Parameters {
        let mut p = Parameters::zero();
        p.refusal_probability = likely;
        p.refusal_home_slope = 3.0;
        p.refusal_denial_slope = 1.5;
        p.refusal_review_months = 6.0;
        p
    }

    fn known(home: f64, denied: f64) -> HomeSupplyShare {
        HomeSupplyShare {
            home_above_record: home,
            denied_above_record: denied,
        }
    }

    #[test]
    fn on_record_the_chance_is_the_recorded_one_and_it_rises_with_home_supply_and_denial() {
        assert!((refusal_chance(known(0.0, 0.0), &p(0.7)) - 0.7).abs() < 1e-12);
        assert!(refusal_chance(known(0.3, 0.0), &p(0.7)) > 0.8);
        assert!(refusal_chance(known(0.0, -0.5), &p(0.7)) < 0.6);
        for certain in [0.0, 1.0] {
            assert_eq!(refusal_chance(known(0.5, -0.5), &p(certain)), certain);
        }
    }

    #[test]
    fn a_decision_stands_until_its_review() {
        let p = p(0.7);
        let mut refusals = ImportRefusals::default();
        refusals.reset(1);
        assert!(refusals.review_chip(0, 10, 0.5, 0.7, &p) && refusals.is_refused(0));
        // The probability has fallen below the draw; the decision changes only at the next review.
        assert!(refusals.review_chip(0, 15, 0.5, 0.2, &p));
        assert!(!refusals.is_review_due(15) && refusals.is_review_due(16));
        assert!(!refusals.review_chip(0, 16, 0.5, 0.2, &p));
    }
}
