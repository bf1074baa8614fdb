//! Technology: chips with useful throughput and cost, compliant designs, foundries, supply pools, power, and the roadmap.

pub mod chip;
pub mod design;
pub mod foundry;
pub mod path;
pub mod power;
pub mod roadmap;
pub mod supply;
