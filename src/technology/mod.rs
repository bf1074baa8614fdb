//! Chips and how they are made: attributes, useful throughput, cost, yield, capacity, the roadmap.

pub mod chip;
pub mod design;
pub mod foundry;
pub mod path;
pub mod power;
pub mod roadmap;
pub mod supply;
