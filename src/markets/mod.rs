//! Where money meets supply: the chip market, its choice rule, its rationing, its books.

pub mod buyers;
pub mod caps;
pub mod chips;
pub mod choice;
pub mod chronicle;
mod delivery;
pub mod licences;
pub mod rationing;
pub mod refusal;
pub mod rental;
pub mod scarcity;
pub mod services;
pub mod terms;
