//! Studies: arms crossed with futures, run in blocks and joined into results.

pub mod audit;
pub mod bank;
pub mod batch;
pub mod block;
pub mod calibrate;
pub mod decompose;
pub mod designs;
pub mod discover;
mod ensemble;
mod feedback;
pub mod futures;
pub mod headline;
pub mod hindcast;
mod join;
pub mod ledger;
mod library;
mod manifest;
pub mod merge;
pub mod patterns;
pub mod plan;
pub mod plan_file;
pub mod probe;
pub mod reference;
pub mod reversal;
pub mod sensitivity;
mod states;
pub mod timeline;
pub mod validate;
pub mod verdicts;
mod worker;

pub use ensemble::{RunRecord, RunRecordLayout, RunStore, declared_columns, one_run, run_all};
pub use join::join;
pub use library::Library;
pub use manifest::{made_from, manifest};
pub use plan::{Plan, PlanSettings, hash};
pub use worker::Worker;
