//! Studies: arms crossed with futures, run in blocks and joined into results.

pub mod batch;
pub mod block;
mod certainty;
pub mod comparisons;
mod ensemble;
mod feedback;
pub mod futures;
pub mod gate;
pub mod growing;
mod join;
pub mod kept_parts;
pub mod kept_runs;
mod layout;
mod library;
pub mod manifest;
pub mod merge;
pub mod on_record;
pub mod plan;
pub mod plan_file;
pub mod reach;
pub mod reference;
mod run;
pub mod timeline;
pub mod verdicts;
mod worker;

pub use ensemble::{RunStore, run_all};
pub use join::{JoinedRuns, join};
pub use layout::{RunRecordLayout, declared_columns};
pub use library::Library;
pub use manifest::{made_from, manifest};
pub use plan::{Plan, PlanSettings};
pub use run::{RunRecord, RunRequest, TIMELINES, one_run};
pub use worker::{Worker, is_balanced};
