//! Controls: rules, regimes, and the verdicts of rules in force on a sale.
//!
//! This module does not depend on agents: it maps a shipment to a verdict.

mod attribute;
mod condition;
mod expression;
mod instrument;
mod licensing;
mod process;

pub use attribute::{Attribute, Attributes, NameDomain, NationGroups, Symbols};
pub use condition::{Condition, ThreeValued};
pub use expression::{ConditionError, ConditionScope, Expression};
pub use instrument::{
    ControlledItem, Instrument, LEVY_SHARE, NumberNeed, RuleNumber, SUPPORT, TIER2_CAP_TPP,
};
pub use licensing::{
    AppliesTo, DatedRule, EarlyNotice, Exception, Law, NationGroup, Regime, Rule, RuleSet, Ruling,
    Verdict, VerdictReason,
};
pub use process::{PolicyProcess, PolicyStep};
