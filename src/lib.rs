//! Chokepoint: a policy-impact agent-based model of export controls on AI chips.

pub mod foundation;
pub mod measures;
pub mod events;
pub mod technology;
pub mod controls;
pub mod agents;
pub mod markets;
pub mod capability;
pub mod config;
pub mod study;
pub mod results;
pub mod analysis;
pub mod plots;
pub mod report;
pub mod cli;
