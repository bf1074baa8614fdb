//! Studies: arms crossed with futures, run in blocks and joined into results.

pub mod batch;
pub mod block;
mod ensemble;
mod feedback;
pub mod futures;
pub mod gate;
mod join;
pub mod kept_runs;
mod library;
mod manifest;
pub mod merge;
pub mod plan;
pub mod plan_file;
pub mod reference;
pub mod timeline;
pub mod verdicts;
mod worker;

pub use ensemble::{RunRecord, RunRecordLayout, RunStore, declared_columns, one_run, run_all};
pub use join::join;
pub use library::Library;
pub use manifest::{made_from, manifest};
pub use plan::{Plan, PlanSettings, hash};
pub use worker::Worker;
