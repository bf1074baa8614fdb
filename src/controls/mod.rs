//! Controls: rules, regimes, and the verdicts of rules in force on a sale.
//!
//! This module does not depend on agents: it maps a shipment to a verdict.

mod attribute;
mod condition;
mod expression;
mod instrument;
mod licensing;
mod outcome;
mod process;
mod reach;
mod reasons;
mod regime;
mod rule;
mod verdict;

pub use attribute::{Attribute, Attributes, NameDomain, NationGroups, Symbols};
pub use condition::{Condition, ThreeValued};
pub use expression::{ConditionError, ConditionScope, Expression};
pub use instrument::{
    CHECK_USD, ControlledItem, DETECTION_MULTIPLE, HOME_VOLUME_SHARE, Instrument, LEVY_SHARE,
    NumberNeed, RuleNumber, SUPPORT, TIER2_CAP_TPP,
};
pub use licensing::{Law, RuleSet, Ruling, VerdictReason};
pub use process::{PolicyProcess, PolicyStep};
pub use reach::{RuleReach, SaleVerdictChange, SalesInQuestion};
pub use regime::Regime;
pub use rule::{AppliesTo, DatedRule, EarlyNotice, Exception, NationGroup, Rule};
pub use verdict::Verdict;
