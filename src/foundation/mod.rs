//! What every other module stands on: the calendar, chance, portable maths, the names of the parameters, text from elsewhere made harmless.

pub mod calendar;
pub mod chance;
pub mod channels;
pub mod escape;
pub mod maths;
pub mod name;
pub mod parameters;
pub mod policy_path;
pub mod run;
pub mod sampling;
