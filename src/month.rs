//! One month of a run: every system in the order in which it acts.

use bevy_ecs::schedule::{
    IntoScheduleConfigs, LogLevel, Schedule, ScheduleBuildSettings, SingleThreadedExecutor,
};

use crate::agents::broker::{run_brokers, settle_brokers};
use crate::agents::chipmaker::{
    design_variants, launch_generations, make_offers, settle_makers, trade,
};
use crate::agents::counter_controls::restrict_inputs;
use crate::agents::government::govern;
use crate::agents::host::rent_out;
use crate::agents::lab::{
    assign_compute, do_research, learn_from_scarcity, steal, train_and_release,
};
use crate::agents::nation::{set_budgets, update_compute};
use crate::agents::users::use_services;
use crate::foundation::run::next_month;
use crate::markets::event_log::{log_refused_licences, log_rule_events};
use crate::markets::scarcity::measure_shortage;
use crate::markets::terms::apply_law;
use crate::technology::{roadmap::appraise_chips, supply::update_pools};
use crate::world::observe::{observe_responses, observe_sales, observe_state};

/// The schedule of a month: the same steps in the same order for every run.
pub fn month() -> Schedule {
    let mut month = Schedule::default();
    month.set_executor(SingleThreadedExecutor::new());
    month.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        ..ScheduleBuildSettings::default()
    });
    month.add_systems(
        (
            (
                // 1-2. Policy and licensing: rules in force and announced, sale terms, importer refusal, retaliation.
                (govern, apply_law, log_rule_events, restrict_inputs).chain(),
                // 3. Technology: throughput of chips in current number formats; supply pools, yield, stores.
                appraise_chips,
                update_pools,
                // 4. Chip design: launches of variants, new projects where a market has closed, later generations.
                design_variants,
                launch_generations,
                // 5. Demand: budgets of every market, and purchases pulled forward before an announced rule.
                set_budgets,
            )
                .chain(),
            (
                // 6. Chip market: offers, orders, rationing, deliveries; revenue and prices of makers.
                make_offers,
                run_brokers,
                trade,
                log_refused_licences,
                settle_makers,
                // 7. Access to compute: diversion by brokers, scarcity, useful compute of nations, rental.
                settle_brokers,
                measure_shortage,
                update_compute,
                rent_out,
            )
                .chain(),
            (
                // 8. Research and training: compute of labs, learning, theft, training runs, releases.
                assign_compute,
                learn_from_scarcity,
                do_research,
                steal,
                train_and_release,
                // 9-10. AI services in every nation; stacks and alignment of third countries.
                use_services,
            )
                .chain(),
            // 11. Observation.
            (observe_sales, observe_state, observe_responses, next_month).chain(),
        )
            .chain(),
    );
    month
}
