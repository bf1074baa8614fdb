//! Chokepoint: a policy-impact agent-based model of export controls on AI chips.
//!
//! | question | where |
//! |---|---|
//! | what happens in one month, in which order | `src/month.rs` |
//! | what does a rule deny, such as the thresholds of October 2023 | `configs/rules/us/2023-10-17-advanced-computing.toml`, `src/controls/licensing.rs` |
//! | how do the labs and clouds of a nation decide how much and which chips to buy | `src/agents/nation.rs`, `src/agents/chipmaker.rs` (`make_offers`), `src/markets/chip_market/choice.rs`, applied in `src/markets/chip_market/orders.rs` |
//! | how does a chip's price fall with age, how is it set | `src/technology/roadmap.rs` (`list_price_usd`), `src/agents/chipmaker.rs` (`make_offers`) |
//! | where does a rule on memory act | `src/policy/access.rs`, `src/technology/supply.rs` |
//! | which variants, such as the H20, are legal and profitable | `src/technology/design.rs`, `src/policy/compiled.rs` (`LegalDesigns`), `src/agents/variants.rs` |
//! | who gets scarce chips | `src/markets/chip_market/allocation.rs` |
//! | how does a lab learn, train and release | `src/agents/lab.rs`, `src/capability/training.rs`, `src/capability/diffusion.rs` |
//! | where is the gap in months computed | `src/capability/gap.rs` |
//! | how is a broker detected | `src/agents/broker.rs` |
//! | when does a government tighten or loosen its rules | `src/agents/government.rs`, `src/controls/process.rs` |
//! | who rents compute to the target | `src/agents/host.rs` |
//! | how does the target retaliate | `src/agents/counter_controls.rs`, `src/markets/refusal.rs` |
//! | how do third countries respond | `src/agents/users.rs` |
//! | how are arms paired and effects computed | `src/study/join.rs`, `src/analysis/effects.rs` |
//! | where is the 90 % band computed | `src/analysis/bands.rs` |
//! | where is an outcome defined, where does a new one go | `src/outputs/outcomes.rs` |
//! | how is a future drawn | `src/study/futures.rs` |
//! | how do runs resume | `src/study/batch.rs`, `src/cli/job.rs`; of a question or a calibration: `src/study/kept_runs.rs` |
//! | which responses can be switched off | `src/foundation/channels.rs` |
//! | does the model fit recorded history | `src/evidence/scorecard.rs`, `src/evidence/calibration.rs` |
//! | how does the report pick its first sentence | `src/report/findings.rs` (`short`) |
//! | where does a new kind of figure go | one file in `src/plots/`, its definition in `src/config/figure.rs`, its line in `src/plots/mod.rs` (`compose`) |
//! | which parameters, channels and rules are inactive | `src/questions/audit.rs` |

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
pub mod evidence;
pub mod explorer;
pub mod foundation;
pub mod markets;
pub mod month;
pub mod outputs;
pub mod plots;
pub mod policy;
pub mod questions;
pub mod report;
pub mod results;
pub mod study;
pub mod technology;
pub mod world;
