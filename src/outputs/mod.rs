//! Outputs: what a month and a run of the model put out, and how it is recorded.

pub mod columns;
pub mod formulas;
pub mod measures;
pub mod observe;
pub mod outcomes;
pub mod record;
pub mod sales;
