//! A rule: whom and what it covers, its exceptions, its licence policy, and its dates.

use super::attribute::{Attribute, Attributes};
use super::condition::Condition;
use super::instrument::Instrument;
use super::verdict::Verdict;
use crate::foundation::calendar::Date;

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

/// Whether a rule reaches a sale, or the missing attribute on which that depends.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Reach {
    No,
    Yes,
    Open(Attribute),
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
    /// Buyers with headquarters here are covered at any destination but the issuer, where a sale is no export.
    pub headquarters: Vec<NationGroup>,
    pub issuer: f64,
}

impl AppliesTo {
    pub(super) fn covers(&self, a: &Attributes) -> Reach {
        if !self.covers_shipment(a) {
            return Reach::No;
        }
        let from = a.get(Attribute::HqCountry);
        if from.is_nan() && (self.not_from.is_some() || self.only_from.is_some()) {
            return Reach::Open(Attribute::HqCountry);
        }
        if self.not_from.is_some_and(|code| code == from)
            || self.only_from.is_some_and(|code| code != from)
        {
            Reach::No
        } else {
            Reach::Yes
        }
    }

    /// Whether destination and buyer are covered, for goods of any designer.
    pub(super) fn covers_shipment(&self, a: &Attributes) -> bool {
        let to = self.destinations.iter().any(|g| g.holds_destination(a))
            && !self.except.iter().any(|g| g.holds_destination(a));
        to || a.get(Attribute::Destination) != self.issuer
            && self.headquarters.iter().any(|g| g.holds_headquarters(a))
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
    /// Part of the processing performance sold in the issuer that one nation may import under the rule; none without a volume
    /// condition.
    pub home_volume_share: Option<f64>,
    /// Public support, USD a year: research, energy, build-out.
    pub support_usd: [f64; 3],
    /// What a chip that reports its place costs more, USD, and by how much brokers are detected more often.
    pub check_usd: f64,
    pub detection_multiple: f64,
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
    pub(super) fn binds_from(&self, vendor: f64) -> Date {
        self.early
            .iter()
            .find(|e| e.vendor == vendor)
            .map_or(self.compliance, |e| {
                e.on.max(self.announced).min(self.compliance)
            })
    }

    pub(super) fn in_force(&self, on: Date, vendor: f64) -> bool {
        on >= self.binds_from(vendor) && self.ended.is_none_or(|ended| on <= ended)
    }
}
