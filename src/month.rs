//! ONE MONTH, top to bottom.

use bevy_ecs::schedule::{
    IntoScheduleConfigs, LogLevel, Schedule, ScheduleBuildSettings, SingleThreadedExecutor,
};
use bevy_ecs::system::ResMut;

use crate::agents::chipmaker::{
    bring_generations, design_variants, make_offers, settle_makers, trade,
};
use crate::agents::lab::{
    assign_compute, do_research, learn_from_scarcity, steal, train_and_release,
};
use crate::agents::nation::{hold_compute, set_budgets};
use crate::foundation::run::Clock;
use crate::markets::scarcity::measure_shortage;
use crate::markets::terms::apply_law;
use crate::technology::roadmap::appraise_chips;
use crate::technology::supply::open_pools;
use crate::world::observe::{observe_sales, observe_state};

/// The month as a schedule: every line one step, in this order, for every run.
pub fn month() -> Schedule {
    let mut month = Schedule::default();
    month.set_executor(SingleThreadedExecutor::new());
    month.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        ..ScheduleBuildSettings::default()
    });
    month.add_systems(
        (
            // 1-2. Policy and licensing: what is in force, announced, open, under licence, barred.
            apply_law,
            // 3. Technology: what chips are worth in the formats of the day; pools, yield, stores.
            appraise_chips,
            open_pools,
            // 4. Chip design: variants come on sale; new ones are begun where a market has closed.
            design_variants,
            // 5. Demand: budgets of every market, and what an announced rule pulls forward.
            set_budgets,
            // 6. Market: offers, orders, rationing, deliveries; what that means for makers and for compute.
            bring_generations,
            make_offers,
            trade,
            settle_makers,
            measure_shortage,
            hold_compute,
            // 7. Research and training: labs use their compute, learn, finish runs, release.
            assign_compute,
            learn_from_scarcity,
            do_research,
            steal,
            train_and_release,
            // 8. Observation.
            observe_sales,
            observe_state,
            next_month,
        )
            .chain(),
    );
    month
}

fn next_month(mut clock: ResMut<Clock>) {
    *clock = Clock::at(clock.first, clock.t + 1);
}
