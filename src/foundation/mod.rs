//! Foundations of all other modules: calendar, random draws, portable maths, parameters, channels, names, and escaping of text.

pub mod bloc;
pub mod calendar;
pub mod chance;
pub mod channels;
pub mod citation;
pub mod digest;
pub mod escape;
pub mod maths;
pub mod name;
pub mod parameters;
pub mod phases;
pub mod policy_path;
pub mod run;
pub mod sampling;
