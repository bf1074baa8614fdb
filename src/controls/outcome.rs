//! What one rule says of one sale, with a missing attribute kept as a range of verdicts, and how rules add up.

use std::sync::Arc;

use super::attribute::{Attribute, Attributes};
use super::condition::{Condition, ThreeValued};
use super::instrument::ControlledItem;
use super::rule::{Reach, Rule};
use super::verdict::Verdict;

#[derive(Clone, Debug)]
pub(super) struct ActiveRule {
    pub(super) index: u16,
    pub(super) rule: Arc<Rule>,
    pub(super) condition: Condition,
    pub(super) exceptions: Vec<Condition>,
    /// Vendors for which the default of `by_default` does not hold.
    pub(super) but: Vec<f64>,
    pub(super) by_default: bool,
    /// Whether it is known to apply to every sale that will be judged.
    pub(super) reaches: bool,
}

impl ActiveRule {
    pub(super) fn of(index: u16, rule: &Arc<Rule>, but: Vec<f64>, by_default: bool) -> Self {
        let exceptions = rule.exceptions.iter().map(|e| e.condition.clone());
        Self {
            index,
            rule: rule.clone(),
            condition: rule.condition.clone(),
            exceptions: exceptions.collect(),
            but,
            by_default,
            reaches: false,
        }
    }

    /// The rule and the vendors for which it counts.
    pub(super) fn identity(&self) -> (u16, bool, &[f64]) {
        (self.index, self.by_default, &self.but)
    }

    pub(super) fn binds(&self, vendor: f64) -> bool {
        self.by_default != self.but.contains(&vendor)
    }

    pub(super) fn reach(&self, subject: ControlledItem, vendor: f64, a: &Attributes) -> Reach {
        if self.reaches {
            return Reach::Yes;
        }
        if !self.rule.instrument.judges(subject) {
            return Reach::No;
        }
        if vendor.is_nan() && !self.but.is_empty() {
            return match self.rule.applies_to.covers(a) {
                Reach::No => Reach::No,
                _ => Reach::Open(Attribute::Vendor),
            };
        }
        if self.binds(vendor) {
            self.rule.applies_to.covers(a)
        } else {
            Reach::No
        }
    }
}

/// What a rule says of a sale: one verdict, or anything from `least` to `most` while an attribute is missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleOutcome {
    pub(super) least: Verdict,
    pub(super) most: Verdict,
    /// Whether the rule applies for certain.
    pub(super) applies: bool,
    pub(super) missing: Option<Attribute>,
    /// The first exception that gave the verdict, or that may give it.
    pub(super) exception: Option<usize>,
}

impl RuleOutcome {
    pub(super) fn verdict(&self) -> Verdict {
        if self.least.rank() == self.most.rank() {
            self.least
        } else {
            Verdict::Unknown(self.missing.unwrap_or(Attribute::Tpp))
        }
    }

    fn widen(&mut self, verdict: Verdict) {
        self.least = self.least.looser_of(verdict);
        self.most = self.most.stricter_of(verdict);
    }

    /// The same outcome of a rule that may not count at all.
    pub(super) fn or_nothing(mut self, missing: Option<Attribute>) -> Self {
        self.least = Verdict::Free;
        self.applies = false;
        self.missing = self.missing.or(missing);
        self
    }
}

/// The verdict of one side as rules are added: the strictest that is certain, and the strictest that is possible.
#[derive(Clone, Copy)]
pub(super) struct SideOfSale {
    certain: (Verdict, Option<u16>),
    possible: (Verdict, Option<u16>),
    missing: Option<Attribute>,
}

impl SideOfSale {
    pub(super) const FREE: Self = Self {
        certain: (Verdict::Free, None),
        possible: (Verdict::Free, None),
        missing: None,
    };

    pub(super) fn add(&mut self, outcome: &RuleOutcome, rule: u16) {
        if outcome.least.rank() > self.certain.0.rank() {
            self.certain = (outcome.least, Some(rule));
        }
        if outcome.most.rank() > self.possible.0.rank() {
            self.possible = (outcome.most, Some(rule));
            self.missing = outcome.missing;
        }
    }

    pub(super) fn decide(&self) -> (Verdict, Option<u16>) {
        if self.certain.0.rank() == self.possible.0.rank() {
            return self.certain;
        }
        let missing = self.missing.unwrap_or(Attribute::Tpp);
        (Verdict::Unknown(missing), self.possible.1)
    }
}

/// What a rule says alone; none where it certainly does not apply.
pub(super) fn own_outcome(
    active: &ActiveRule,
    subject: ControlledItem,
    vendor: f64,
    a: &Attributes,
) -> Option<RuleOutcome> {
    let open = |condition: &Condition| condition.missing_attribute(a).unwrap_or(Attribute::Tpp);
    let mut missing = match active.reach(subject, vendor, a) {
        Reach::No => return None,
        Reach::Yes => None,
        Reach::Open(attribute) => Some(attribute),
    };
    match active.condition.eval(a) {
        ThreeValued::No => return None,
        ThreeValued::Unknown => missing = missing.or_else(|| Some(open(&active.condition))),
        ThreeValued::Yes => {}
    }
    let rule = &active.rule;
    let applies = missing.is_none();
    let (mut exception, mut said): (Option<usize>, Option<RuleOutcome>) = (None, None);
    let mut say = |verdict: Verdict| {
        let first = RuleOutcome {
            least: verdict,
            most: verdict,
            applies,
            missing: None,
            exception: None,
        };
        said.get_or_insert(first).widen(verdict);
    };
    let mut decided = false;
    for (at, condition) in active.exceptions.iter().enumerate() {
        let holds = condition.eval(a);
        if holds == ThreeValued::No {
            continue;
        }
        exception = exception.or(Some(at));
        say(rule.exceptions[at].licence);
        if holds == ThreeValued::Yes {
            decided = true;
            break;
        }
        missing = missing.or_else(|| Some(open(condition)));
    }
    if !decided {
        say(rule.licence);
    }
    if !applies {
        say(Verdict::Free);
    }
    said.map(|said| RuleOutcome {
        missing,
        exception,
        ..said
    })
}
