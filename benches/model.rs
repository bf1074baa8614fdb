//! Benchmarks of the model with criterion.
//!
//! The model is the shipped world under the last regime of the main study, with all channels on and every measure recorded.
//! The numbers of agents and chips are printed first and are listed in `docs/performance.md`.
//!
//! Beside it stand a plain loop of a reference market, which every time is to be divided by, and reference models of the market
//! and of a month of research.

#![allow(clippy::disallowed_methods)]

mod cases;

use std::time::Duration;

use cases::{Case, Shipped};
use criterion::{Criterion, Throughput};

fn measure(criterion: &mut Criterion, group: &str, id: &str, each: u64, case: &mut Case) {
    println!("{}: {}", case.name, case.what);
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(each));
    group.bench_function(id, |b| b.iter_custom(|times| (case.run)(times)));
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let shipped = Shipped::new();
    println!("{}\n", shipped.declaration());
    let mut reference = cases::reference_loop();
    measure(&mut criterion, "model", "reference", 1, &mut reference);
    for mut case in cases::runs(&shipped) {
        measure(&mut criterion, "model", case.name, 1, &mut case);
    }
    for mut case in cases::steps(&shipped).into_iter().flatten() {
        measure(&mut criterion, "step", case.name, 1, &mut case);
    }
    let mut few = criterion.sample_size(10);
    for labs in [1_000_u32, 10_000, 100_000, 1_000_000] {
        let mut case = cases::crowd(&shipped, labs);
        let id = labs.to_string();
        measure(&mut few, "labs", &id, u64::from(labs), &mut case);
    }
    let plan = cases::plan(&shipped.library, 8);
    let runs = 8 * plan.regimes.len() as u64;
    for threads in [1, 2] {
        let mut case = Case::of(
            "ensemble",
            format!("{runs} runs on {threads} threads"),
            |times| (0..times).map(|_| cases::ensemble(&plan, threads).0).sum(),
        );
        let id = threads.to_string();
        measure(&mut few, "threads", &id, runs, &mut case);
    }
    few.final_summary();
}
