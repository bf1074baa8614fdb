//! Relations of supply, brokers, rental, designs and books.

use std::sync::atomic::AtomicBool;

use chokepoint::foundation::bloc::Bloc;
use chokepoint::foundation::channels::Channel;
use chokepoint::markets::chip_market::ChipMarket;
use chokepoint::markets::chip_market::state::{BudgetPurpose, stock_index};
use chokepoint::study::{Worker, run_all};

use super::*;

#[test]
fn r16_the_number_of_threads_means_nothing() {
    let plan = plan_of(&["none", "history-free"], &[]);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| run_all(&plan, &|| {}, &AtomicBool::new(false)))
    };
    let [one, two, three] = [1, 2, 3].map(with);
    for (a, b) in one.iter().zip(&two).chain(one.iter().zip(&three)) {
        assert_eq!((a.arm, a.run), (b.arm, b.run));
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&a.numbers), bits(&b.numbers));
        assert_eq!(bits(&a.series), bits(&b.series));
    }
}

#[test]
fn r22_endless_enforcement_leaves_brokers_idle() {
    let plan = plan_of(&["history-free"], &[("enforcement", 1e9)]);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        worker.run(&plan.calendars[0], &plan.future(number), 192, false);
        for measure in ["grey_h100e", "seized_h100e"] {
            assert!(
                series(&worker, &plan, measure, "target")
                    .iter()
                    .all(|v| *v == 0.0)
            );
        }
        let market = worker.stage.world.resource::<ChipMarket>();
        let idle = |k: usize| {
            !market.layout.customers[k].kind.is_broker() || market.money.wallet_usd[k] == 0.0
        };
        assert!((0..market.money.wallet_usd.len()).all(idle));
    }
}

#[test]
fn r23_an_endless_redesign_cost_is_design_around_off() {
    let plan = plan_of(&["oct22"], &[("redesign_cost_usd", 1e30)]);
    let off = off(&[Channel::DesignAround]);
    same_until(&plan, [&same, &off], [0, 0], plan.blueprint.months);
    let free = plan_of(&["oct22", "none"], &[]);
    assert!(arms_differ(&free, [0, 1]));
}

#[test]
fn r24_an_endless_rent_is_remote_access_off() {
    let plan = plan_of(&["history-free"], &[("rent_markup", 1e30)]);
    let off = off(&[Channel::RemoteAccess]);
    same_until(&plan, [&same, &off], [0, 0], plan.blueprint.months);
}

#[test]
fn r26_without_responses_an_embargo_leaves_retirement_and_home_output() {
    let plan = plan_of(&["embargo"], &[]);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let future = all_off(plan.future(number));
        let kept = 1.0 - future.parameters.retirement_per_year / 12.0;
        worker.stage.reset(&plan.calendars[0], &future, false);
        let mut before: Vec<f64> = Vec::new();
        for t in 0..120 {
            worker.step();
            let market = worker.stage.world.resource::<ChipMarket>();
            let chips = market.layout.maker_of.len();
            // A full month after the embargo nothing comes from abroad.
            for wallet in [BudgetPurpose::Training, BudgetPurpose::Serving] {
                for chip in (0..chips).filter(|_| t > 34) {
                    let at = stock_index(chip, Bloc::Target as usize, wallet);
                    let home = if market.layout.target_made[chip] {
                        market.deliveries.sold[at]
                    } else {
                        0.0
                    };
                    assert!(
                        near(market.deliveries.stock[at], before[at] * kept + home, 1e-9),
                        "month {t}"
                    );
                }
            }
            before.clone_from(&market.deliveries.stock);
        }
    }
}

#[test]
fn r27_rules_on_a_target_that_buys_nothing_change_nothing_elsewhere() {
    // The shipped rules reach other nations too; this one the target alone.
    let line = rule("test-line", "tpp >= 2000", "2022-09-12", "2022-10-21");
    let mut poor = Library::read(Configs::embedded(), &[line]).unwrap();
    poor.tables
        .demand
        .iter_mut()
        .filter(|d| d.series == "target_wants")
        .for_each(|d| d.value = 0.0);
    let arms = vec![
        with_rules(&poor, "none", &[]),
        with_rules(&poor, "none", &["test-line"]),
    ];
    let plan = plan(&poor, arms, &[("chips_at_start_target_share", 0.0)]);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let [a, b] =
            [0, 1].map(|arm| record(&mut worker, &plan.calendars[arm], &plan.future(number), 192));
        let mut parted: Vec<String> = Vec::new();
        for (at, (measure, entity)) in plan.blueprint.watch.columns.names().iter().enumerate() {
            let outside = ["issuer", "third", "world"].contains(&entity.as_str());
            let (x, y) = (a.column(at), b.column(at));
            let first = (0..192).find(|t| outside && x[*t].to_bits() != y[*t].to_bits());
            parted.extend(
                first.map(|t| format!("month {t:3}: {measure} of {entity}, {} and {}", x[t], y[t])),
            );
        }
        parted.sort();
        assert!(parted.is_empty(), "future {number}: {parted:#?}");
    }
}

/// A broker who is not caught early grows and can be caught with more later, so that less detection brings more in the mean and
/// none at all in every future.
#[test]
fn r28_without_detection_no_less_is_brought_and_with_less_of_it_more_in_the_mean() {
    let plan = plan_of(&["history-free"], &[]);
    let mut worker = Worker::new(&plan.blueprint);
    let mut brought = [0.0; 3];
    for number in 0..FUTURES {
        let future = plan.future(number);
        let grey = [1.0, 0.5, 0.0].map(|part| {
            let future = changed(&future, |p| p.detection_per_year *= part);
            worker.run(&plan.calendars[0], &future, 120, false);
            let months = series(&worker, &plan, "grey_h100e", "target");
            months[..120].iter().sum::<f64>()
        });
        assert!(
            grey[2] >= grey[0] * (1.0 - 1e-9),
            "future {number}: {grey:?}"
        );
        for (sum, one) in brought.iter_mut().zip(grey) {
            *sum += one;
        }
    }
    assert!(
        brought[0] < brought[1] && brought[1] < brought[2],
        "{brought:?}"
    );
}

#[test]
fn r30_more_capacity_at_home_more_self_sufficiency_and_less_to_deny() {
    let able = library_with(|l| {
        let home = ["smic_7nm", "hbm_china_domestic"];
        l.tables
            .pools
            .iter_mut()
            .filter(|p| home.contains(&p.pool.as_str()))
            .for_each(|p| p.value *= 2.0);
    });
    let both = |l: &chokepoint::study::Library| {
        plan(
            l,
            vec![l.regime("none").unwrap(), l.regime("history-free").unwrap()],
            // One draw a future decides whether the target refuses what its exporter reopens, and a small change of its chance can
            // turn the answer: foreign chips then come back, whatever is made at home. It refuses in all futures here.
            &[("refusal_probability", 1.0)],
        )
    };
    let (ours, theirs) = (both(crate::library()), both(&able));
    let mut workers = [Worker::new(&ours.blueprint), Worker::new(&theirs.blueprint)];
    let (mut lost, mut sums, mut fewer) = ([0.0; 2], [0.0; 2], 0);
    for number in 0..FUTURES {
        let mut share = [0.0; 2];
        for (side, plan) in [&ours, &theirs].into_iter().enumerate() {
            let future = plan.future(number);
            let free = value(
                &mut workers[side],
                plan,
                0,
                &future,
                ("compute_h100e", "target"),
                120,
            );
            let denied = value(
                &mut workers[side],
                plan,
                1,
                &future,
                ("compute_h100e", "target"),
                120,
            );
            // The last year: what is bought in one month may be all of one maker's.
            let months = &series(&workers[side], plan, "self_sufficiency", "target")[108..120];
            share[side] = months.iter().sum::<f64>() / 12.0;
            lost[side] += 1.0 - denied / free;
        }
        // Where nearly all is made at home already, the share has no more room: one per cent either way.
        let more = share[1] >= share[0] * (1.0 - 1e-2);
        fewer += usize::from(!more);
        sums[0] += share[0];
        sums[1] += share[1];
    }
    assert!(sums[1] > sums[0] && fewer == 0, "{sums:?}, {fewer}");
    assert!(lost[1] < lost[0], "{lost:?}");
}

/// Makers build what was ordered some months ago, so that what was built for the target serves others when it is denied: they
/// gain, but never more than it loses, and little beside what they have.
#[test]
fn r31_with_ample_supply_others_gain_little_and_less_than_the_target_is_denied() {
    let plan = plan_of(
        &["none", "embargo"],
        &[("supply_multiplier", 10.0), ("resale_friction", 0.0)],
    );
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        // What the issuer earns by services moves what it buys: a response, not a reallocation.
        let future = changed(&all_off(plan.future(number)), |p| {
            p.service_investment_elasticity = 0.0
        });
        let [free, embargo] = [0, 1].map(|arm| {
            worker.run(&plan.calendars[arm], &future, 81, false);
            ["issuer", "third", "target"].map(|e| series(&worker, &plan, "compute_h100e", e)[80])
        });
        let gain = (embargo[0] - free[0]) + (embargo[1] - free[1]);
        let (loss, others) = (free[2] - embargo[2], free[0] + free[1]);
        assert!(
            gain < loss && gain < 0.1 * others,
            "future {number}: gain {gain}, loss {loss}, others {others}"
        );
    }
}

#[test]
fn r38_every_chip_is_accounted_for_and_rented_ones_are_counted_once() {
    let plan = plan_of(&["history-free"], &[]);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let future = plan.future(number);
        let kept = 1.0 - future.parameters.retirement_per_year / 12.0;
        worker.stage.reset(&plan.calendars[0], &future, false);
        let mut stock = 0.0;
        for t in 0..150 {
            if t == 0 {
                stock = worker
                    .stage
                    .world
                    .resource::<ChipMarket>()
                    .deliveries
                    .stock
                    .iter()
                    .sum();
            }
            worker.step();
            let market = worker.stage.world.resource::<ChipMarket>();
            let grey: f64 = market.deliveries.sold_to_brokers.iter().sum();
            let seized = grey - market.deliveries.diverted_units.iter().sum::<f64>();
            assert!(seized >= -1e-6, "month {t}: {seized}");
            let now: f64 = market.deliveries.stock.iter().sum();
            let expected = stock * kept + market.accounts.produced - seized;
            assert!(
                near(now, expected, 1e-9),
                "future {number}, month {t}: {now} {expected}"
            );
            stock = now;
            let blocs = |m: &str| {
                ["issuer", "target", "third"]
                    .map(|e| series(&worker, &plan, m, e)[t])
                    .iter()
                    .sum::<f64>()
            };
            let (used, owned) = (blocs("compute_h100e"), blocs("compute_owned_h100e"));
            assert!(near(used, owned, 1e-9), "month {t}: {used} {owned}");
        }
        assert!(series(&worker, &plan, "rented_h100e", "target")[149] > 0.0);
    }
}
