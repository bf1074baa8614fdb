//! Refusal: the target discourages chips that their exporter has opened. Permission is not sale.

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// What the target knows when it looks at a chip, now and on record.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HomeSupplyShare {
    /// What makers of the target deliver at home over what buyers there would spend, less the same on record.
    pub home_above_record: f64,
    /// What law has lately denied the target, less the same on record.
    pub denied_above_record: f64,
}

/// Chance that the target discourages a chip that has been opened under licence or up to a cap.
///
/// ```text
/// logit(chance) = logit(refusal_probability) + home_slope * home_above_record + denial_slope * denied_above_record
/// ```
///
/// At what is on record it is `refusal_probability`: both products that were opened were discouraged. The more a nation
/// can make itself, and the more it was denied, the less it wants to depend on a seller again. 0 and 1 stay 0 and 1.
/// Source: form of the expert review.
pub fn refusal_chance(known: HomeSupplyShare, p: &Parameters) -> f64 {
    let likely = p.refusal_probability.clamp(0.0, 1.0);
    let pushed = p.refusal_home_slope * known.home_above_record
        + p.refusal_denial_slope * known.denied_above_record;
    // The same as the logistic of the sum, without the infinities of a certain answer.
    let odds = maths::exp(pushed.clamp(-50.0, 50.0));
    likely * odds / (likely * odds + 1.0 - likely)
}

/// Part of a discouraged chip's sales that stays open: a share rule, not a ban.
pub fn open_share(p: &Parameters) -> f64 {
    (1.0 - p.refusal_share).clamp(0.0, 1.0)
}

/// What the target has decided of every chip. One draw a chip answers every review of it, so that a chip is refused the
/// sooner the higher the chance; a decision stands for some months, so that no threshold chatters.
#[derive(Clone, Debug, Default)]
pub struct ImportRefusals {
    stands: Vec<bool>,
    /// Month of the next look at a chip that is so open.
    review: Vec<Option<i32>>,
}

impl ImportRefusals {
    pub fn reset(&mut self, chips: usize) {
        self.stands.clear();
        self.stands.resize(chips, false);
        self.review.clear();
        self.review.resize(chips, None);
    }

    /// Whether a decision is due.
    pub fn due(&self, t: i32) -> bool {
        self.review.iter().flatten().any(|at| *at <= t)
    }

    /// Whether a chip is discouraged.
    pub fn stands(&self, chip: usize) -> bool {
        self.stands[chip]
    }

    /// Whether a chip that is so open is discouraged this month.
    pub fn answer(&mut self, chip: usize, t: i32, draw: f64, chance: f64, p: &Parameters) -> bool {
        if self.review[chip].is_none_or(|at| at <= t) {
            self.stands[chip] = draw < chance;
            self.review[chip] = Some(t + p.refusal_review_months.round().max(1.0) as i32);
        }
        self.stands[chip]
    }

    /// The chip is no longer so open: the next opening is looked at afresh.
    pub fn forget(&mut self, chip: usize) {
        self.stands[chip] = false;
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
        assert!(refusals.answer(0, 10, 0.5, 0.7, &p) && refusals.stands(0));
        // The chance has fallen below the draw; the answer changes at the review and not before.
        assert!(refusals.answer(0, 15, 0.5, 0.2, &p));
        assert!(!refusals.due(15) && refusals.due(16));
        assert!(!refusals.answer(0, 16, 0.5, 0.2, &p));
    }
}
