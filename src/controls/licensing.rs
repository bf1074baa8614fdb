//! Verdicts on sales: the rules in force on a day that apply to a sale, after exceptions, carve-outs and supersession.
//!
//! The strictest remaining rule decides, separately for exporters and for the importer.

use std::sync::Arc;

use serde::Serialize;

use super::attribute::{Attribute, Attributes, Symbols};
use super::condition::{Condition, ThreeValued};
use super::instrument::{ControlledItem, Instrument};
use super::reasons;
use super::rule::{DatedRule, NationGroup, Rule};
use super::verdict::Verdict;

/// Every rule that is known.
#[derive(Clone, Debug, Default)]
pub struct Law {
    pub rules: Vec<Arc<Rule>>,
    pub symbols: Symbols,
}

impl Law {
    /// Whether a rule names this nation: as a destination, as the home of buyers, or in a condition of its own or of an
    /// exception.
    pub fn names_nation(&self, iso3: &str) -> bool {
        let code = self.symbols.find(iso3);
        if code == 0.0 {
            return false;
        }
        let is_it = |group: &NationGroup| *group == NationGroup::Nation(code);
        self.rules.iter().any(|rule| {
            let to = &rule.applies_to;
            to.destinations
                .iter()
                .chain(&to.except)
                .chain(&to.headquarters)
                .any(is_it)
                || rule.condition.mentions_name(code)
                || rule
                    .exceptions
                    .iter()
                    .any(|e| e.condition.mentions_name(code))
        })
    }

    /// Verdict of one rule alone after its exceptions, on any day; none where it does not apply.
    pub fn own_verdict(
        &self,
        rule: u16,
        subject: ControlledItem,
        a: &Attributes,
    ) -> Option<Verdict> {
        let active = ActiveRule::of(rule, &self.rules[usize::from(rule)], Vec::new(), true);
        own_outcome(&active, subject, a.get(Attribute::Vendor), a).map(|(verdict, _)| verdict)
    }

    pub fn find(&self, id: &str) -> Option<u16> {
        self.rules
            .iter()
            .position(|rule| rule.id == id)
            .map(|at| at as u16)
    }
}

/// The rules that count on one day, without those that are superseded, by vendor.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    active: Vec<ActiveRule>,
}

#[derive(Clone, Debug)]
struct ActiveRule {
    index: u16,
    rule: Arc<Rule>,
    condition: Condition,
    exceptions: Vec<Condition>,
    /// Vendors for which the default of `by_default` does not hold.
    but: Vec<f64>,
    by_default: bool,
    /// Whether it is known to apply to every sale that will be judged.
    reaches: bool,
}

impl ActiveRule {
    fn of(index: u16, rule: &Arc<Rule>, but: Vec<f64>, by_default: bool) -> Self {
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
    fn identity(&self) -> (u16, bool, &[f64]) {
        (self.index, self.by_default, &self.but)
    }

    fn binds(&self, vendor: f64) -> bool {
        self.by_default != self.but.contains(&vendor)
    }

    fn applies_to(&self, subject: ControlledItem, vendor: f64, a: &Attributes) -> bool {
        self.reaches
            || self.rule.instrument.judges(subject)
                && self.binds(vendor)
                && self.rule.applies_to.covers(a)
    }
}

/// Ruling on one sale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ruling {
    pub exporter: Verdict,
    pub importer: Verdict,
    pub levy_share: f64,
    pub exporter_rule: Option<u16>,
    pub importer_rule: Option<u16>,
}

impl Ruling {
    /// The rule that restricts the sale, on the exporter's side first.
    pub fn decided_by(&self) -> Option<u16> {
        self.exporter_rule.or(self.importer_rule)
    }

    pub const fn free() -> Self {
        Self {
            exporter: Verdict::Free,
            importer: Verdict::Free,
            levy_share: 0.0,
            exporter_rule: None,
            importer_rule: None,
        }
    }
}

/// The contribution of one rule to a verdict, in words.
#[derive(Clone, Debug, Serialize)]
pub struct VerdictReason {
    pub rule: String,
    pub instrument: Instrument,
    pub citation: String,
    pub verdict: String,
    /// The condition with the values of this case.
    pub because: String,
    /// What decides, in words.
    pub words: String,
    /// The exception that gave the verdict.
    pub exception: Option<String>,
    /// Whether it is a rule of the importer.
    pub importer: bool,
}

/// The verdict of a rule that covers a sale but whose condition does not hold.
const NOT_MET: &str = "not met";

impl RuleSet {
    pub(super) fn of(
        entries: &[DatedRule],
        law: &Law,
        counts: impl Fn(&DatedRule, f64) -> bool,
    ) -> Self {
        let mut vendors: Vec<f64> = entries
            .iter()
            .flat_map(|e| e.early.iter().map(|x| x.vendor))
            .collect();
        vendors.sort_by(f64::total_cmp);
        vendors.dedup();
        let effective = |entry: &DatedRule, vendor: f64| {
            counts(entry, vendor)
                && !entries.iter().any(|other| {
                    law.rules[usize::from(other.rule)]
                        .supersedes
                        .contains(&entry.rule)
                        && counts(other, vendor)
                })
        };
        let active = entries
            .iter()
            .filter_map(|entry| {
                // Code 0 stands for every firm without dates of its own.
                let by_default = effective(entry, 0.0);
                let but: Vec<f64> = vendors
                    .iter()
                    .copied()
                    .filter(|v| effective(entry, *v) != by_default)
                    .collect();
                (by_default || !but.is_empty()).then(|| {
                    let rule = &law.rules[usize::from(entry.rule)];
                    ActiveRule::of(entry.rule, rule, but, by_default)
                })
            })
            .collect();
        Self { active }
    }

    /// Indices of the rules that count for firms without dates of their own.
    pub fn rules(&self) -> impl Iterator<Item = u16> + '_ {
        self.active.iter().filter(|a| a.by_default).map(|a| a.index)
    }

    /// The rules that judge such items.
    #[must_use]
    pub fn for_item(&self, subject: ControlledItem) -> Self {
        let speaks = |active: &&ActiveRule| active.rule.instrument.judges(subject);
        Self {
            active: self.active.iter().filter(speaks).cloned().collect(),
        }
    }

    /// Whether two rule sets contain the same rules for the same firms, and so give the same verdict on every sale.
    pub fn is_equivalent(&self, other: &Self) -> bool {
        let (own, others) = (self.active.iter(), other.active.iter());
        own.map(ActiveRule::identity)
            .eq(others.map(ActiveRule::identity))
    }

    /// Whether two rule sets contain the same rules for one item and one shipment.
    pub fn is_equivalent_for(
        &self,
        other: &Self,
        subject: ControlledItem,
        shipment: &Attributes,
    ) -> bool {
        let there = |active: &&ActiveRule| {
            active.rule.instrument.judges(subject)
                && active.rule.applies_to.covers_shipment(shipment)
        };
        let (own, others) = (self.active.iter(), other.active.iter());
        let (own, others) = (own.filter(there), others.filter(there));
        own.map(ActiveRule::identity)
            .eq(others.map(ActiveRule::identity))
    }

    /// The rule set specialised to sales that differ from this one only in the `free` attributes, which exclude vendor and
    /// destination. Rules that cannot matter are dropped, and conditions are folded to the free attributes.
    #[must_use]
    pub fn specialise_to_sale(
        &self,
        subject: ControlledItem,
        sale: &Attributes,
        free: &[Attribute],
    ) -> Self {
        let vendor = sale.get(Attribute::Vendor);
        let free = |attribute| free.contains(&attribute);
        let left = |active: &ActiveRule| {
            let condition = active.condition.fold(sale, free);
            let matters = active.applies_to(subject, vendor, sale)
                && condition.constant() != Some(ThreeValued::No);
            matters.then(|| ActiveRule {
                condition,
                exceptions: active
                    .exceptions
                    .iter()
                    .map(|e| e.fold(sale, free))
                    .collect(),
                reaches: true,
                ..active.clone()
            })
        };
        Self {
            active: self.active.iter().filter_map(left).collect(),
        }
    }

    /// The rule set specialised to one item and one shipment, for goods of any designer.
    #[must_use]
    pub fn specialise_to_shipment(&self, subject: ControlledItem, shipment: &Attributes) -> Self {
        let left = |active: &ActiveRule| {
            let speaks = active.rule.instrument.judges(subject)
                && active.rule.applies_to.covers_shipment(shipment);
            let condition = speaks.then(|| active.condition.fold_shipment(shipment))?;
            (condition.constant() != Some(ThreeValued::No)).then(|| ActiveRule {
                condition,
                exceptions: active
                    .exceptions
                    .iter()
                    .map(|e| e.fold_shipment(shipment))
                    .collect(),
                ..active.clone()
            })
        };
        Self {
            active: self.active.iter().filter_map(left).collect(),
        }
    }

    /// Whether it contains no rule.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    /// Whether every rule treats two shipments equally, for any goods of any designer.
    pub fn treats_equally(&self, one: &Attributes, other: &Attributes) -> bool {
        let same = |c: &Condition| c.fold_shipment(one) == c.fold_shipment(other);
        self.active.iter().all(|active| {
            let rule = &active.rule;
            let home = |a: &Attributes| {
                rule.instrument == Instrument::ImportBan
                    && rule.issuer_code == a.get(Attribute::Destination)
            };
            let reaches = rule.applies_to.covers_shipment(one);
            reaches == rule.applies_to.covers_shipment(other)
                && home(one) == home(other)
                && (!reaches || same(&active.condition) && active.exceptions.iter().all(same))
        })
    }

    /// Whether a rule counts for at least one firm.
    pub fn contains(&self, rule: u16) -> bool {
        self.active.iter().any(|a| a.index == rule)
    }

    /// The ruling on one sale; it does not allocate.
    pub fn judge(&self, subject: ControlledItem, a: &Attributes) -> Ruling {
        let vendor = a.get(Attribute::Vendor);
        let mut ruling = Ruling::free();
        for (at, active) in self.active.iter().enumerate() {
            let Some((verdict, _)) = self.outcome(at, subject, vendor, a) else {
                continue;
            };
            let importer = active.rule.issuer_code == a.get(Attribute::Destination)
                && active.rule.instrument == Instrument::ImportBan;
            let (side, rule) = if importer {
                (&mut ruling.importer, &mut ruling.importer_rule)
            } else {
                (&mut ruling.exporter, &mut ruling.exporter_rule)
            };
            let strictest = side.stricter(verdict);
            if strictest != *side {
                *side = strictest;
                *rule = Some(active.index);
            }
            if verdict == Verdict::Levied {
                ruling.levy_share = ruling.levy_share.max(active.rule.levy_share);
            }
        }
        if !matches!(ruling.exporter, Verdict::Levied) {
            ruling.levy_share = 0.0;
        }
        ruling
    }

    /// Whether `judge` would return a free verdict on both sides; stops at the first rule that restricts the sale.
    pub fn permits_freely(&self, subject: ControlledItem, a: &Attributes) -> bool {
        let vendor = a.get(Attribute::Vendor);
        let says = |at: usize| self.outcome(at, subject, vendor, a);
        (0..self.active.len())
            .all(|at| says(at).is_none_or(|(verdict, _)| verdict == Verdict::Free))
    }

    /// Verdict of one rule after its exceptions and the carve-outs of others; none where it does not apply.
    fn outcome(
        &self,
        at: usize,
        subject: ControlledItem,
        vendor: f64,
        a: &Attributes,
    ) -> Option<(Verdict, Option<usize>)> {
        let active = &self.active[at];
        let (verdict, exception) = own_outcome(active, subject, vendor, a)?;
        if !active.rule.carves_out.is_empty() {
            // A carve-out only relaxes other rules; it has a verdict, and a levy, where it does so.
            return self
                .has_effective_carve_out(at, subject, vendor, a)
                .then_some((verdict, exception));
        }
        let mut relaxed = verdict;
        for other in &self.active {
            if other.rule.carves_out.contains(&active.index)
                && let Some((softer, _)) = own_outcome(other, subject, vendor, a)
                && softer.rank() < relaxed.rank()
            {
                relaxed = softer;
            }
        }
        Some((relaxed, exception))
    }

    /// Whether the carve-out relaxes the verdict of at least one other rule.
    fn has_effective_carve_out(
        &self,
        at: usize,
        subject: ControlledItem,
        vendor: f64,
        a: &Attributes,
    ) -> bool {
        let carver = &self.active[at];
        let Some((own, _)) = own_outcome(carver, subject, vendor, a) else {
            return false;
        };
        self.active.iter().any(|other| {
            carver.rule.carves_out.contains(&other.index)
                && own_outcome(other, subject, vendor, a)
                    .is_some_and(|(v, _)| v.rank() > own.rank())
        })
    }

    /// Every rule that covers this sale, strictest first, with the reason in words; rules whose conditions do not hold come
    /// last.
    pub fn explain(
        &self,
        subject: ControlledItem,
        a: &Attributes,
        symbols: &Symbols,
    ) -> Vec<VerdictReason> {
        let vendor = a.get(Attribute::Vendor);
        let mut said: Vec<(Option<u8>, VerdictReason)> = Vec::new();
        for (at, active) in self.active.iter().enumerate() {
            let rule = &active.rule;
            if !active.applies_to(subject, vendor, a) {
                continue;
            }
            let outcome = self.outcome(at, subject, vendor, a);
            let (said_of_it, by) = outcome.map_or((None, None), |(v, by)| (Some(v), by));
            let words = reasons::sentence(rule, by, said_of_it, a, symbols);
            let (rank, verdict, exception) = match outcome {
                Some((verdict, exception)) => {
                    (Some(verdict.rank()), verdict.to_string(), exception)
                }
                None => (None, NOT_MET.to_string(), None),
            };
            let reason = VerdictReason {
                rule: rule.id.clone(),
                instrument: rule.instrument,
                citation: rule.citation.clone(),
                verdict,
                because: rule.condition.with_values(a, symbols),
                words,
                exception: exception.map(|e| rule.exceptions[e].name.clone()),
                importer: rule.issuer_code == a.get(Attribute::Destination)
                    && rule.instrument == Instrument::ImportBan,
            };
            said.push((rank, reason));
        }
        // Of levies on one sale the largest counts.
        said.sort_by(|(a, one), (b, other)| {
            let share = |reason: &VerdictReason| {
                let levied = self.active.iter().find(|x| x.rule.id == reason.rule);
                levied.map_or(0.0, |x| x.rule.levy_share)
            };
            b.cmp(a).then(share(other).total_cmp(&share(one)))
        });
        said.into_iter().map(|(_, reason)| reason).collect()
    }
}

/// Verdict of a rule alone.
fn own_outcome(
    active: &ActiveRule,
    subject: ControlledItem,
    vendor: f64,
    a: &Attributes,
) -> Option<(Verdict, Option<usize>)> {
    if !active.applies_to(subject, vendor, a) {
        return None;
    }
    let rule = &active.rule;
    match active.condition.eval(a) {
        ThreeValued::No => None,
        ThreeValued::Unknown => {
            let missing = active
                .condition
                .missing_attribute(a)
                .unwrap_or(Attribute::Tpp);
            Some((Verdict::Unknown(missing), None))
        }
        ThreeValued::Yes => {
            for (at, exception) in active.exceptions.iter().enumerate() {
                match exception.eval(a) {
                    ThreeValued::No => {}
                    ThreeValued::Yes => return Some((rule.exceptions[at].licence, Some(at))),
                    ThreeValued::Unknown => {
                        let missing = exception.missing_attribute(a).unwrap_or(Attribute::Tpp);
                        return Some((Verdict::Unknown(missing), Some(at)));
                    }
                }
            }
            Some((rule.licence, None))
        }
    }
}
