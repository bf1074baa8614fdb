//! A study: arms crossed with futures, run in parallel, joined into results.

pub mod audit;
pub mod bank;
pub mod calibrate;
pub mod designs;
mod ensemble;
mod feedback;
pub mod headline;
pub mod hindcast;
mod join;
mod library;
mod manifest;
pub mod patterns;
mod plan;
pub mod reference;
mod states;
mod timeline;
pub mod validate;
pub mod verdicts;
mod worker;

pub use ensemble::{RunRecord, declared_columns, run_all};
pub use join::join;
pub use library::Library;
pub use plan::{Plan, Settings};
pub use timeline::timeline;
pub use worker::Worker;
