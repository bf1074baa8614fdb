//! One month of a run: every system in the order in which it acts, by phase.

use bevy_ecs::schedule::{LogLevel, Schedule, ScheduleBuildSettings, SingleThreadedExecutor};

use crate::agents::broker::{run_brokers, settle_brokers};
use crate::agents::chipmaker::{
    launch_generations, make_offers, settle_makers, trade, value_stacks,
};
use crate::agents::compute::update_compute;
use crate::agents::counter_controls::restrict_inputs;
use crate::agents::discontinuation::discontinue_parts;
use crate::agents::government::govern;
use crate::agents::host::rent_out;
use crate::agents::lab::{
    assign_compute, do_research, learn_from_scarcity, steal, train_and_release,
};
use crate::agents::nation::set_budgets;
use crate::agents::users::use_services;
use crate::agents::variants::design_variants;
use crate::foundation::phases::phases;
use crate::foundation::run::next_month;
use crate::markets::scarcity::measure_shortage;
use crate::outputs::observe::{
    observe_access, observe_capability, observe_compute, observe_policy, observe_services,
    observe_supply,
};
use crate::outputs::sales::observe_sales;
use crate::policy::access::set_access;
use crate::policy::apply::apply_law;
use crate::policy::event_log::{log_refused_licences, log_rule_events};
use crate::technology::{roadmap::appraise_chips, supply::update_pools};

phases! {
    Policy "The government acts; the law of the month sets access and terms of sale; the target retaliates.":
        govern, set_access, apply_law, log_rule_events, restrict_inputs;
    Technology "Throughput of chips in current number formats; supply pools, yield and stores.":
        appraise_chips, update_pools;
    Design "Variants come on sale, makers begin new ones where a market has closed, later generations launch, and old parts go.":
        design_variants, launch_generations, discontinue_parts;
    Demand "Every market gets its budgets; purchases are pulled forward before an announced rule.":
        set_budgets;
    ChipMarket "Makers offer chips, buyers order them, scarce supply is rationed; revenue and prices follow.":
        make_offers, value_stacks, run_brokers, trade, log_refused_licences, settle_makers;
    Compute "Brokers divert chips; scarcity is measured; nations have useful compute and rent some of it out.":
        settle_brokers, measure_shortage, update_compute, rent_out;
    Research "Labs share out compute, learn, steal, train and release models.":
        assign_compute, learn_from_scarcity, do_research, steal, train_and_release;
    Services "Users in every nation choose AI services; stacks and alignment of third countries move.":
        use_services;
    Observation "The measures of the month are recorded, and the clock moves on.":
        observe_sales, observe_supply, observe_policy, observe_access, observe_compute,
        observe_capability, observe_services, next_month;
}

/// The schedule of a month: the same steps in the same order for every run.
pub fn month() -> Schedule {
    let mut month = Schedule::default();
    month.set_executor(SingleThreadedExecutor::new());
    month.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        ..ScheduleBuildSettings::default()
    });
    add_phases(&mut month);
    month
}
