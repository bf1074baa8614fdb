//! Markets: the chip market with its choice rule, rationing and accounts, rental of compute, AI services, scarcity, and sale terms.

pub mod buyers;
pub mod caps;
pub mod chips;
pub mod choice;
mod delivery;
pub mod event_log;
pub mod licences;
pub mod rationing;
pub mod refusal;
pub mod rental;
pub mod scarcity;
pub mod services;
pub mod terms;
