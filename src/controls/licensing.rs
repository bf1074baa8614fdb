//! Verdicts on sales: the rules in force on a day that apply to a sale, after exceptions, carve-outs and supersession.
//!
//! The strictest remaining rule decides, separately for exporters and for the importer.

use std::sync::Arc;

use serde::Serialize;

use super::attribute::{Attribute, Attributes, Symbols};
use super::condition::{Condition, ThreeValued};
use super::instrument::{ControlledItem, Instrument};
use super::outcome::{ActiveRule, RuleOutcome, SideOfSale, own_outcome};
use super::reasons;
use super::rule::{DatedRule, NationGroup, Reach, Rule};
use super::verdict::Verdict;

/// Every rule that is known.
#[derive(Clone, Debug, Default)]
pub struct Law {
    pub rules: Vec<Arc<Rule>>,
    pub symbols: Symbols,
}

impl Law {
    /// Nations of this list that a rule names: as a destination, as the home of buyers, or in a condition of its own or of
    /// an exception.
    pub fn named_nations<'a>(&self, iso3: impl Iterator<Item = &'a str>) -> Vec<bool> {
        let mut codes: Vec<f64> = Vec::new();
        for rule in &self.rules {
            let to = &rule.applies_to;
            let groups = [&to.destinations, &to.except, &to.headquarters];
            codes.extend(
                groups
                    .into_iter()
                    .flatten()
                    .filter_map(|group| match group {
                        NationGroup::Nation(code) => Some(*code),
                        _ => None,
                    }),
            );
            rule.condition.each_name(&mut |code| codes.push(code));
            for exception in &rule.exceptions {
                exception.condition.each_name(&mut |code| codes.push(code));
            }
        }
        codes.sort_by(f64::total_cmp);
        codes.dedup();
        let is_named = |iso3| {
            let code = self.symbols.find(iso3);
            code != 0.0 && codes.binary_search_by(|own| own.total_cmp(&code)).is_ok()
        };
        iso3.map(is_named).collect()
    }

    /// Verdict of one rule alone after its exceptions, on any day; none where it does not apply.
    pub fn own_verdict(
        &self,
        rule: u16,
        subject: ControlledItem,
        a: &Attributes,
    ) -> Option<Verdict> {
        let active = ActiveRule::of(rule, &self.rules[usize::from(rule)], Vec::new(), true);
        own_outcome(&active, subject, a.get(Attribute::Vendor), a).map(|own| own.verdict())
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

/// Ruling on one sale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ruling {
    pub exporter: Verdict,
    pub importer: Verdict,
    /// The largest levy on the sale; levies do not add up.
    pub levy_share: f64,
    /// Whether a rule that lets the sale through limits its volume.
    pub volume_limited: bool,
    /// Whether a rule asks for a licence, or for a notice, in a sale that another rule caps: the cap does not lift it.
    pub case_by_case: bool,
    pub notify: bool,
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
            volume_limited: false,
            case_by_case: false,
            notify: false,
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
/// The verdict of a rule in whose place a carve-out decides.
const CARVED_OUT: &str = "carved out";

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
        let supersedes = |entry: &DatedRule| &law.rules[usize::from(entry.rule)].supersedes;
        let superseding: Vec<&DatedRule> = entries
            .iter()
            .filter(|entry| !supersedes(entry).is_empty())
            .collect();
        let effective = |entry: &DatedRule, vendor: f64| {
            counts(entry, vendor)
                && !superseding
                    .iter()
                    .any(|other| supersedes(other).contains(&entry.rule) && counts(other, vendor))
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

    /// The rules of several sets, each once; for what does not depend on the firms for which a rule counts.
    pub fn union<'a>(sets: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut all = Self::default();
        for active in sets.into_iter().flat_map(|set| &set.active) {
            if !all.contains(active.index) {
                all.active.push(active.clone());
            }
        }
        all
    }

    /// Those of its rules that are listed.
    #[must_use]
    pub fn only(&self, rules: &[u16]) -> Self {
        let listed = |active: &&ActiveRule| rules.contains(&active.index);
        Self {
            active: self.active.iter().filter(listed).cloned().collect(),
        }
    }

    /// Whether a condition or an exception of a rule asks about an attribute.
    pub fn reads_attribute(&self, attribute: Attribute) -> bool {
        let mut conditions = self
            .active
            .iter()
            .flat_map(|active| active.exceptions.iter().chain([&active.condition]));
        conditions.any(|condition| condition.reads_attribute(attribute))
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
            let reach = active.reach(subject, vendor, sale);
            let matters = reach != Reach::No && condition.constant() != Some(ThreeValued::No);
            matters.then(|| ActiveRule {
                condition,
                exceptions: active
                    .exceptions
                    .iter()
                    .map(|e| e.fold(sale, free))
                    .collect(),
                reaches: reach == Reach::Yes,
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
        let (mut exporter, mut importer) = (SideOfSale::FREE, SideOfSale::FREE);
        let (mut levy_share, mut volume_limited) = (0.0_f64, false);
        let (mut licensed, mut notified) = (false, false);
        for (at, active) in self.active.iter().enumerate() {
            let Some(outcome) = self.outcome(at, subject, vendor, a) else {
                continue;
            };
            let of_importer = active.rule.issuer_code == a.get(Attribute::Destination)
                && active.rule.instrument == Instrument::ImportBan;
            if of_importer {
                importer.add(&outcome, active.index);
                continue;
            }
            exporter.add(&outcome, active.index);
            volume_limited |= active.rule.home_volume_share.is_some();
            licensed |= outcome.most == Verdict::CaseByCase;
            notified |= outcome.most == Verdict::Notify;
            if outcome.most == Verdict::Levied {
                levy_share = levy_share.max(active.rule.levy_share);
            }
        }
        let ((exporter, exporter_rule), (importer, importer_rule)) =
            (exporter.decide(), importer.decide());
        let sold = matches!(
            exporter,
            Verdict::CaseByCase | Verdict::Levied | Verdict::Capped
        );
        Ruling {
            exporter,
            importer,
            levy_share: if sold { levy_share } else { 0.0 },
            volume_limited: sold && volume_limited,
            case_by_case: exporter == Verdict::Capped && licensed,
            notify: exporter == Verdict::Capped && notified,
            exporter_rule,
            importer_rule,
        }
    }

    /// Whether `judge` would return a free verdict on both sides; stops at the first rule that restricts the sale.
    pub fn permits_freely(&self, subject: ControlledItem, a: &Attributes) -> bool {
        let vendor = a.get(Attribute::Vendor);
        let says = |at: usize| self.outcome(at, subject, vendor, a);
        (0..self.active.len())
            .all(|at| says(at).is_none_or(|outcome| outcome.most == Verdict::Free))
    }

    /// What one rule adds to a verdict, after its exceptions and the carve-outs of others; none where it adds nothing.
    ///
    /// A carve-out decides in the place of every rule that it relaxes, and says nothing where it relaxes none.
    fn outcome(
        &self,
        at: usize,
        subject: ControlledItem,
        vendor: f64,
        a: &Attributes,
    ) -> Option<RuleOutcome> {
        let active = &self.active[at];
        let own = own_outcome(active, subject, vendor, a)?;
        if active.rule.carves_out.is_empty() {
            self.after_carve_outs(active, own, subject, vendor, a)
        } else {
            self.as_carve_out(active, own, subject, vendor, a)
        }
    }

    /// What a rule says where carve-outs may decide in its place.
    fn after_carve_outs(
        &self,
        active: &ActiveRule,
        mut own: RuleOutcome,
        subject: ControlledItem,
        vendor: f64,
        a: &Attributes,
    ) -> Option<RuleOutcome> {
        for other in &self.active {
            if !other.rule.carves_out.contains(&active.index) {
                continue;
            }
            let Some(softer) = own_outcome(other, subject, vendor, a) else {
                continue;
            };
            if softer.applies && softer.most.rank() < own.least.rank() {
                return None;
            }
            if softer.least.rank() < own.most.rank() {
                own = own.or_nothing(softer.missing);
                if softer.applies {
                    own.most = own.most.looser_of(softer.most);
                }
            }
        }
        Some(own)
    }

    /// What a carve-out says: its verdict where it relaxes a rule.
    fn as_carve_out(
        &self,
        active: &ActiveRule,
        own: RuleOutcome,
        subject: ControlledItem,
        vendor: f64,
        a: &Attributes,
    ) -> Option<RuleOutcome> {
        let mut possible = None;
        for other in &self.active {
            if !active.rule.carves_out.contains(&other.index) {
                continue;
            }
            let Some(stricter) = own_outcome(other, subject, vendor, a) else {
                continue;
            };
            if stricter.least.rank() > own.most.rank() {
                return Some(own);
            }
            if stricter.most.rank() > own.least.rank() {
                possible = Some(own.or_nothing(stricter.missing));
            }
        }
        possible
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
        let mut said: Vec<(i16, VerdictReason)> = Vec::new();
        for (at, active) in self.active.iter().enumerate() {
            let rule = &active.rule;
            if active.reach(subject, vendor, a) == Reach::No {
                continue;
            }
            let added = self.outcome(at, subject, vendor, a);
            let exception = added.and_then(|outcome| outcome.exception);
            let in_words = |outcome: Option<RuleOutcome>| {
                let (by, verdict) = (
                    outcome.and_then(|o| o.exception),
                    outcome.map(|o| o.verdict()),
                );
                reasons::sentence(rule, by, verdict, a, symbols)
            };
            let alone = own_outcome(active, subject, vendor, a);
            let (rank, verdict, words) = match &added {
                Some(outcome) => {
                    let verdict = outcome.verdict();
                    let rank = i16::from(verdict.rank());
                    (rank, verdict.to_string(), in_words(added))
                }
                None if rule.carves_out.is_empty() && alone.is_some() => {
                    let words = format!("{}; a carve-out decides in its place", in_words(alone));
                    (-1, CARVED_OUT.to_string(), words)
                }
                None => (-2, NOT_MET.to_string(), in_words(None)),
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
