//! The law: what a rule says, which rules are in force, what they say of one sale. Knows no agent: it sees a shipment
//! and answers with a verdict.

mod attribute;
mod condition;
mod instrument;
mod licensing;
mod process;

pub use attribute::{Attribute, Attributes, Named, NationGroups, Symbols};
pub use condition::{Condition, ConditionError, Expression, Scope, Truth};
pub use instrument::{Instrument, LEVY_SHARE, Need, RuleNumber, SUPPORT, Subject, TIER2_CAP_TPP};
pub use licensing::{
    AppliesTo, Book, Early, Entry, Exception, Group, Law, Reason, Regime, Rule, Ruling, Verdict,
};
pub use process::{Process, Rung};
