//! What every step of a run reads: the clock, and the future that the run lives in.

use bevy_ecs::resource::Resource;

use super::calendar::Month;
use super::chance::Chance;
use super::parameters::Parameters;

/// Where the run stands in time.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Clock {
    pub first: Month,
    /// Months since the first month.
    pub t: usize,
    pub month: Month,
    /// Decimal year at the middle of the month.
    pub year: f64,
}

impl Clock {
    pub fn at(first: Month, t: usize) -> Self {
        let month = first.plus(t as i32);
        Self {
            first,
            t,
            month,
            year: month.decimal_year(),
        }
    }
}

/// The draw of chance and parameters that all arms share.
#[derive(Resource, Clone, Debug)]
pub struct Future {
    pub number: u64,
    pub chance: Chance,
    pub parameters: Parameters,
}
