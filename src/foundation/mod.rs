//! What every other module stands on: the calendar, chance, portable maths, and the names of the parameters.

pub mod calendar;
pub mod chance;
pub mod channels;
pub mod maths;
pub mod parameters;
pub mod run;
pub mod sampling;
pub mod tape;
