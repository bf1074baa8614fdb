//! Verdicts on sales: the rules in force on a day that apply to a sale, after exceptions, carve-outs and supersession.
//!
//! The strictest remaining rule decides, separately for exporters and for the importer.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attribute::{Attribute, Attributes, Symbols};
use super::condition::{Condition, ThreeValued};
use super::instrument::{ControlledItem, Instrument};
use super::process::PolicyProcess;
use crate::foundation::calendar::Date;

/// What the law says of one sale, from loose to strict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Free,
    Notify,
    CaseByCase,
    Levied,
    Capped,
    Denied,
    /// An attribute that decides is missing.
    #[serde(skip)]
    #[schemars(skip)]
    Unknown(Attribute),
}

impl Verdict {
    /// Rank of strictness. An unknown verdict may be anything up to a denial, so only a denial ranks higher.
    const fn rank(self) -> u8 {
        match self {
            Self::Free => 0,
            Self::Notify => 1,
            Self::CaseByCase => 2,
            Self::Levied => 3,
            Self::Capped => 4,
            Self::Unknown(_) => 5,
            Self::Denied => 6,
        }
    }

    fn stricter(self, other: Self) -> Self {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Free => "free",
            Self::Notify => "notify",
            Self::CaseByCase => "case_by_case",
            Self::Levied => "levied",
            Self::Capped => "capped",
            Self::Denied => "denied",
            Self::Unknown(attribute) => return f.pad(&format!("unknown: {}", attribute.name())),
        };
        f.pad(text)
    }
}

/// A group of nations that a rule can name.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum NationGroup {
    /// One nation, by the code of its ISO3 name.
    Nation(f64),
    A1,
    A5,
    A6,
    D1,
    D4,
    D5,
    Tier(u8),
    World,
    /// Every nation but this one.
    AllBut(f64),
}

impl NationGroup {
    fn holds_destination(self, a: &Attributes) -> bool {
        match self {
            Self::Nation(code) => a.get(Attribute::Destination) == code,
            Self::A1 => a.is(Attribute::DestinationA1),
            Self::A5 => a.is(Attribute::DestinationA5),
            Self::A6 => a.is(Attribute::DestinationA6),
            Self::D1 => a.is(Attribute::DestinationD1),
            Self::D4 => a.is(Attribute::DestinationD4),
            Self::D5 => a.is(Attribute::DestinationD5),
            Self::Tier(tier) => a.get(Attribute::DestinationTier) == f64::from(tier),
            Self::World => true,
            Self::AllBut(code) => a.get(Attribute::Destination) != code,
        }
    }

    fn holds_headquarters(self, a: &Attributes) -> bool {
        match self {
            Self::Nation(code) => a.get(Attribute::Headquarters) == code,
            Self::D5 => a.is(Attribute::HeadquartersD5),
            Self::World => true,
            Self::AllBut(code) => a.get(Attribute::Headquarters) != code,
            _ => false,
        }
    }
}

/// Scope of a rule: designers, destinations and buyers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppliesTo {
    /// Headquarters of designers that are exempt, by ISO3 code; empty where none is.
    pub not_from: Option<f64>,
    /// Only goods of designers headquartered here.
    pub only_from: Option<f64>,
    pub destinations: Vec<NationGroup>,
    pub except: Vec<NationGroup>,
    /// Buyers with headquarters here are covered at any destination.
    pub headquarters: Vec<NationGroup>,
}

impl AppliesTo {
    fn covers(&self, a: &Attributes) -> bool {
        let from = a.get(Attribute::HqCountry);
        if self.not_from.is_some_and(|code| code == from)
            || self.only_from.is_some_and(|code| code != from)
        {
            return false;
        }
        self.covers_shipment(a)
    }

    /// Whether destination and buyer are covered, for goods of any designer.
    fn covers_shipment(&self, a: &Attributes) -> bool {
        let to = self.destinations.iter().any(|g| g.holds_destination(a))
            && !self.except.iter().any(|g| g.holds_destination(a));
        to || self.headquarters.iter().any(|g| g.holds_headquarters(a))
    }
}

/// An exception of a rule: where its condition holds, its licence policy applies instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    pub name: String,
    pub words: String,
    pub condition: Condition,
    pub licence: Verdict,
}

/// One compiled rule.
#[derive(Clone, Debug)]
pub struct Rule {
    pub id: String,
    pub title: String,
    pub issuer: String,
    pub issuer_code: f64,
    pub instrument: Instrument,
    pub words: String,
    pub citation: String,
    pub url: String,
    pub note: String,
    pub confidence: String,
    pub status: String,
    pub announced: Option<Date>,
    /// Days from its announcement to the publication of its text.
    pub text_lag_days: i32,
    pub compliance: Option<Date>,
    pub ended: Option<Date>,
    pub early: Vec<EarlyNotice>,
    pub enforced: bool,
    pub text: String,
    pub condition: Condition,
    pub licence: Verdict,
    pub exceptions: Vec<Exception>,
    pub applies_to: AppliesTo,
    /// Indices of rules that have no effect while this one is in force.
    pub supersedes: Vec<u16>,
    /// Indices of rules whose stricter verdict is replaced by this rule's where its condition holds.
    pub carves_out: Vec<u16>,
    pub responds_to: Vec<String>,
    pub levy_share: f64,
    pub cap_tpp: f64,
    /// Public support, USD a year: research, energy, build-out.
    pub support_usd: [f64; 3],
    /// Numbers of its text that the model does not read.
    pub facts: Vec<(String, f64)>,
}

impl Rule {
    /// Day on which the text is published, for a given day of announcement.
    pub fn text_from(&self, announced: Date) -> Date {
        let days = jiff::Span::new().days(self.text_lag_days);
        announced.checked_add(days).unwrap_or(announced)
    }
}

/// A firm that a rule bound before all others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarlyNotice {
    pub vendor: f64,
    pub on: Date,
}

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

/// A dated set of rules.
#[derive(Clone, Debug, Default)]
pub struct Regime {
    pub name: String,
    /// Name for readers; empty where a file gives none.
    pub label: String,
    pub words: String,
    pub entries: Vec<DatedRule>,
    /// The policy process that moves its rules after the end of the calendar; none in a fixed regime.
    pub process: Option<PolicyProcess>,
}

/// A rule with its dates in a regime.
#[derive(Clone, Debug, PartialEq)]
pub struct DatedRule {
    pub rule: u16,
    pub announced: Date,
    /// Day on which its text is published.
    pub text: Date,
    pub compliance: Date,
    pub ended: Option<Date>,
    pub early: Vec<EarlyNotice>,
}

impl DatedRule {
    /// Day from which it binds a firm; never before its announcement.
    fn binds_from(&self, vendor: f64) -> Date {
        self.early
            .iter()
            .find(|e| e.vendor == vendor)
            .map_or(self.compliance, |e| {
                e.on.max(self.announced).min(self.compliance)
            })
    }

    fn in_force(&self, on: Date, vendor: f64) -> bool {
        on >= self.binds_from(vendor) && self.ended.is_none_or(|ended| on <= ended)
    }
}

impl Regime {
    /// Every rule of its calendar or its ladder.
    pub fn rules(&self) -> impl Iterator<Item = u16> + '_ {
        let ladder = self.process.iter().flat_map(|p| &p.ladder);
        let rungs = ladder.flat_map(|rung| rung.rules.iter().copied());
        self.entries.iter().map(|e| e.rule).chain(rungs)
    }

    /// Days on which rules in force or announced change, ascending.
    pub fn breakpoints(&self) -> Vec<Date> {
        let mut days: Vec<Date> = Vec::new();
        for entry in &self.entries {
            days.push(entry.announced);
            days.push(entry.text.min(entry.compliance));
            days.push(entry.compliance);
            days.extend(entry.early.iter().map(|e| entry.binds_from(e.vendor)));
            days.extend(entry.ended.and_then(|ended| ended.tomorrow().ok()));
        }
        days.sort();
        days.dedup();
        days
    }

    /// The rules in force on a day.
    pub fn rules_in_force(&self, law: &Law, on: Date) -> RuleSet {
        RuleSet::of(self, law, |entry, vendor| entry.in_force(on, vendor))
    }

    /// The rules announced by a day that are not in force for any firm and have not been withdrawn.
    pub fn announced(&self, law: &Law, on: Date) -> RuleSet {
        RuleSet::of(self, law, |entry, vendor| {
            let ahead = entry.announced <= on && on < entry.binds_from(vendor);
            ahead && entry.ended.is_none_or(|ended| on <= ended)
        })
    }

    /// Whether the text of every announced rule on chip sales is published. Makers do not design before that.
    pub fn is_text_published(&self, law: &Law, on: Date) -> bool {
        !self.entries.iter().any(|e| {
            let rumour = e.announced <= on && on < e.text && on < e.compliance;
            rumour
                && law.rules[usize::from(e.rule)]
                    .instrument
                    .judges(ControlledItem::ChipSale)
        })
    }

    /// The first day after `on` on which an announced rule comes into force.
    pub fn next_binds(&self, on: Date) -> Option<Date> {
        let ahead = |e: &&DatedRule| {
            e.announced <= on && on < e.compliance && e.ended.is_none_or(|ended| on <= ended)
        };
        self.entries
            .iter()
            .filter(ahead)
            .map(|e| e.compliance)
            .min()
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
    /// The exception that gave the verdict.
    pub exception: Option<String>,
    /// Whether it is a rule of the importer.
    pub importer: bool,
}

/// The verdict of a rule that covers a sale but whose condition does not hold.
const NOT_MET: &str = "not met";

impl RuleSet {
    fn of(regime: &Regime, law: &Law, counts: impl Fn(&DatedRule, f64) -> bool) -> Self {
        let mut vendors: Vec<f64> = regime
            .entries
            .iter()
            .flat_map(|e| e.early.iter().map(|x| x.vendor))
            .collect();
        vendors.sort_by(f64::total_cmp);
        vendors.dedup();
        let effective = |entry: &DatedRule, vendor: f64| {
            counts(entry, vendor)
                && !regime.entries.iter().any(|other| {
                    law.rules[usize::from(other.rule)]
                        .supersedes
                        .contains(&entry.rule)
                        && counts(other, vendor)
                })
        };
        let active = regime
            .entries
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
                exception: exception.map(|e| rule.exceptions[e].name.clone()),
                importer: rule.issuer_code == a.get(Attribute::Destination)
                    && rule.instrument == Instrument::ImportBan,
            };
            said.push((rank, reason));
        }
        said.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
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
