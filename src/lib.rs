//! Chokepoint: a policy-impact agent-based model of export controls on AI chips.
//!
//! | question | where |
//! |---|---|
//! | what happens in one month, in which order | `src/month.rs` |
//! | what does a rule deny, such as the thresholds of October 2023 | `configs/rules/us/2023-10-17-advanced-computing.toml`, `src/controls/licensing.rs` |
//! | how do the labs and clouds of a nation decide how much and which chips to buy | `src/agents/nation.rs`, `src/agents/chipmaker.rs` (`make_offers`), `src/markets/choice.rs`, applied in `src/markets/chips.rs` |
//! | which variants, such as the H20, are legal and profitable | `src/technology/design.rs`, `src/markets/terms.rs` (`LegalDesigns`), `src/agents/chipmaker.rs` |
//! | who gets scarce chips | `src/markets/rationing.rs` |
//! | how does a lab learn, train and release | `src/agents/lab.rs`, `src/capability/diffusion.rs` |
//! | where is the gap in months computed | `src/capability/gap.rs` |
//! | how is a broker detected | `src/agents/broker.rs` |
//! | when does a government tighten or loosen its rules | `src/agents/government.rs`, `src/controls/process.rs` |
//! | who rents compute to the target | `src/agents/host.rs` |
//! | how does the target retaliate | `src/agents/counter_controls.rs`, `src/markets/refusal.rs` |
//! | how do third countries respond | `src/agents/users.rs` |
//! | how are arms paired and effects computed | `src/study/join.rs`, `src/analysis/mod.rs` |
//! | how is a future drawn, how do runs resume | `src/study/futures.rs`, `src/study/block.rs`, `src/study/batch.rs` |
//! | which responses can be switched off | `src/foundation/channels.rs` |
//! | does the model fit recorded history | `src/study/validate.rs`, `src/study/calibrate.rs` |
//! | which parameters, channels and rules are inactive | `src/study/audit.rs` |

// Print only through `cli::say` and `cli::note`, which tolerate a closed or full stream.
#![deny(clippy::print_stderr, clippy::print_stdout)]
// Tests may use the C library for expected values.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

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
