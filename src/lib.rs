//! Chokepoint: a policy-impact agent-based model of export controls on AI chips.

pub mod agents;
pub mod analysis;
pub mod capability;
pub mod cli;
pub mod config;
pub mod controls;
pub mod events;
pub mod foundation;
pub mod markets;
pub mod measures;
pub mod month;
pub mod plots;
pub mod report;
pub mod results;
pub mod study;
pub mod technology;
pub mod world;
