//! The beginning of a run: the system of every agent and market that sets its first state, in order.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule, SingleThreadedExecutor};

use crate::agents::broker::begin_brokers;
use crate::agents::chipmaker::begin_makers;
use crate::agents::compute::begin_compute;
use crate::agents::counter_controls::begin_counter_controls;
use crate::agents::government::begin_government;
use crate::agents::host::begin_rental;
use crate::agents::lab::begin_labs;
use crate::agents::nation::begin_demand;
use crate::agents::users::begin_users;
use crate::agents::variants::begin_variants;
use crate::foundation::run::begin_clock;
use crate::markets::chip_market::begin_market;
use crate::markets::scarcity::begin_shortage;
use crate::outputs::sales::begin_record;
use crate::policy::access::begin_access;
use crate::policy::apply::begin_law;
use crate::policy::event_log::begin_causes;
use crate::technology::roadmap::begin_chips;
use crate::technology::supply::begin_supply;

/// The schedule that begins a run.
pub fn beginning() -> Schedule {
    let mut beginning = Schedule::default();
    beginning.set_executor(SingleThreadedExecutor::new());
    beginning.add_systems(
        (
            begin_clock,
            (begin_chips, begin_supply).chain(),
            (begin_market, begin_shortage).chain(),
            (begin_law, begin_access, begin_causes).chain(),
            (begin_government, begin_counter_controls).chain(),
            (begin_demand, begin_makers, begin_variants).chain(),
            (begin_brokers, begin_rental, begin_users).chain(),
            // Labs begin with the compute of their nations.
            (begin_compute, begin_labs).chain(),
            begin_record,
        )
            .chain(),
    );
    beginning
}
