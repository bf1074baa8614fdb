//! Markets: the chip market, rental of compute, AI services, and what buyers learn from scarcity and refusal.

pub mod chip_market;
pub mod refusal;
pub mod rental;
pub mod scarcity;
pub mod services;
