//! Questions put to a study: what drives an outcome, when an effect reverses, what is known least, what never acts.

pub mod audit;
pub mod claims;
pub mod conclusions;
pub mod decompose;
pub mod designs;
pub mod discover;
pub mod evaluate;
pub mod ledger;
pub mod reversal;
pub mod sensitivity;
mod states;
