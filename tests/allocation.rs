//! A month after the first allocates no memory: all that a run needs is allocated when it begins.

use chokepoint::study::Worker;

use crate::{plan_of, regime};

#[test]
fn no_month_after_the_first_allocates_memory() {
    let plan = plan_of(["history-free", "stochastic"].map(regime).to_vec(), 4);
    for arm in 0..plan.regimes.len() {
        // The first run is that of a worker whose columns have never grown.
        let mut worker = Worker::new(&plan.blueprint);
        for number in 0..4 {
            let (calendar, future) = plan.in_arm(arm, number, &plan.draw(number));
            // What all runs of an arm share is found once, when first asked for: designs under a law, and where two laws differ.
            Worker::new(&plan.blueprint).run(calendar, &future, plan.blueprint.months, false);
            worker.stage.reset(calendar, &future, false);
            worker.step();
            for t in 1..plan.blueprint.months {
                let counted = allocation_counter::measure(|| {
                    worker.step();
                });
                assert_eq!(
                    counted.count_total, 0,
                    "{}, future {number}, month {t}: {} bytes",
                    plan.regimes[arm].name, counted.bytes_total
                );
            }
        }
    }
    let grown = allocation_counter::measure(|| drop(std::hint::black_box(vec![1_u8])));
    assert_eq!(grown.count_total, 1, "the counter counts");
}
