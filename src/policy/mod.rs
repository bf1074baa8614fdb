//! Policy: the law in force in a run, and what it allows to be sold, supplied and used.

pub mod access;
pub mod apply;
mod calendar;
pub mod compiled;
pub mod event_log;
pub mod subjects;
