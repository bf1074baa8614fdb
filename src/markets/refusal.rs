//! Importer refusal: the target keeps out chips that the issuer has reopened under licence or up to a cap, and variants with them.

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// Probability that the target refuses what its exporter reopens.
///
/// ```text
/// logit(probability) = logit(refusal_probability) + home_slope * home_above_record
/// ```
///
/// `home_above_record`: deliveries of the target's makers at home over the spending of buyers there, less the same ratio on record.
/// On the recorded path the probability equals `refusal_probability`; all three products that were opened were discouraged. Home
/// supply raises it, because it lowers the need of the seller. 0 and 1 stay 0 and 1. Source: form of the expert review.
pub fn refusal_chance(home_above_record: f64, p: &Parameters) -> f64 {
    let likely = p.refusal_probability.clamp(0.0, 1.0);
    let pushed = p.refusal_home_slope * home_above_record;
    // Equal to the logistic of the sum, but finite where the probability is 0 or 1.
    let odds = maths::exp(pushed.clamp(-50.0, 50.0));
    likely * odds / (likely * odds + 1.0 - likely)
}

/// Share of the sales that a refusing target leaves open: `1 - refusal_share`. Few cleared buyers still import. Source:
/// see `refusal_share`.
pub fn open_share(p: &Parameters) -> f64 {
    (1.0 - p.refusal_share).clamp(0.0, 1.0)
}

/// The stance of the target toward what its exporter opens: one for a whole run, taken when the first denied chip is reopened.
///
/// A refusing target keeps out, from then on, chips that are open under licence or up to a cap and variants of denied chips. The
/// refusals of the H20 (July 2025), the RTX PRO 6000D (September 2025) and the H200 (January 2026) are one policy, not three draws.
#[derive(Clone, Debug, Default)]
pub struct ImportRefusals {
    /// Whether the target refuses; none before the first reopening.
    refuses: Option<bool>,
    /// By chip: denied by the law when it was last applied.
    denied: Vec<bool>,
    /// By chip: open under licence or up to a cap.
    opened: Vec<bool>,
}

impl ImportRefusals {
    pub fn reset(&mut self, chips: usize) {
        self.refuses = None;
        for column in [&mut self.denied, &mut self.opened] {
            column.clear();
            column.resize(chips, false);
        }
    }

    /// Whether the target keeps out what its exporter opens.
    pub fn refuses(&self) -> bool {
        self.refuses == Some(true)
    }

    /// Whether a chip is discouraged that is open under licence or up to a cap.
    pub fn is_refused(&self, chip: usize) -> bool {
        self.refuses() && self.opened[chip]
    }

    /// Notes what the law says of a chip; returns whether it is reopened: denied before, and open now under licence or up to a cap.
    pub fn note_law(&mut self, chip: usize, denied: bool, opened: bool) -> bool {
        let reopened = self.denied[chip] && opened && !denied;
        self.denied[chip] = denied;
        self.opened[chip] = opened;
        reopened
    }

    /// Takes the stance, unless it is taken already. One draw a future decides, so a higher probability never ends a refusal.
    pub fn decide(&mut self, draw: f64, chance: f64) {
        self.refuses.get_or_insert(draw < chance);
    }

    /// Sets the stance that the target's own recorded rules show, or none.
    pub fn set_recorded(&mut self, refuses: bool) {
        self.refuses = refuses.then_some(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(likely: f64) -> Parameters {
        let mut p = Parameters::zero();
        p.refusal_probability = likely;
        p.refusal_home_slope = 3.0;
        p
    }

    #[test]
    fn on_record_the_chance_is_the_recorded_one_and_it_rises_with_home_supply() {
        assert!((refusal_chance(0.0, &p(0.7)) - 0.7).abs() < 1e-12);
        assert!(refusal_chance(0.3, &p(0.7)) > 0.8);
        assert!(refusal_chance(-0.3, &p(0.7)) < 0.6);
        for certain in [0.0, 1.0] {
            assert_eq!(refusal_chance(0.5, &p(certain)), certain);
        }
    }

    #[test]
    fn the_first_reopening_decides_for_all_chips_and_for_good() {
        let mut refusals = ImportRefusals::default();
        refusals.reset(2);
        // What was never denied is not reopened, and a chip that is still denied is not either.
        assert!(!refusals.note_law(0, false, true) && !refusals.note_law(1, true, false));
        assert!(!refusals.refuses() && !refusals.is_refused(0));
        assert!(refusals.note_law(1, false, true));
        refusals.decide(0.5, 0.7);
        assert!(refusals.is_refused(0) && refusals.is_refused(1));
        // A later and smaller chance changes nothing.
        refusals.decide(0.5, 0.2);
        assert!(refusals.refuses());
        refusals.note_law(1, true, false);
        assert!(!refusals.is_refused(1) && refusals.is_refused(0));
        refusals.set_recorded(false);
        assert!(!refusals.refuses());
    }
}
