//! What every other module stands on: the calendar, chance, and the names of the parameters.

pub mod calendar;
pub mod chance;
pub mod channels;
pub mod name;
pub mod parameters;
pub mod run;
pub mod tape;
