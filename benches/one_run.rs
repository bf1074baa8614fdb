//! Runs the shipped world a few times for instruction counts with `callgrind`: `one_run [RUNS]`.

#![allow(clippy::disallowed_methods)]

use chokepoint::config::source::Configs;
use chokepoint::config::study;
use chokepoint::study::{Library, Plan, PlanSettings, Worker};

pub fn main() {
    let runs = std::env::args().filter_map(|a| a.parse().ok()).next();
    let configs = Configs::embedded();
    let library = Library::read(configs.clone(), &[]).expect("the shipped configuration is sound");
    let source = configs
        .find("did-controls-work", "studies")
        .expect("the main study ships");
    let study = study::read(&source, &configs).expect("the main study is sound");
    let plan = Plan::new(
        &library,
        study,
        PlanSettings {
            seed: 1,
            runs: 100,
            ..PlanSettings::default()
        },
    )
    .expect("the main study is sound");
    let arm = plan.regimes.len() - 1;
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..runs.unwrap_or(1_u32) {
        let (calendar, future) = plan.in_arm(arm, number, &plan.draw(number));
        let imbalance = worker.run(calendar, &future, plan.blueprint.months, false);
        assert!(imbalance < 1e-9);
    }
}
