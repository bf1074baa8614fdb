//! A study: arms crossed with futures, run in parallel, joined into results.

pub mod audit;
pub mod designs;
mod ensemble;
mod feedback;
mod join;
mod library;
mod manifest;
mod plan;
pub mod reference;
mod states;
pub mod timeline;
pub mod verdicts;
mod worker;

pub use ensemble::{RunRecord, declared_columns, run_all};
pub use join::join;
pub use library::Library;
pub use plan::{Plan, Settings};
pub use worker::Worker;
