//! Relations without a number: a world used again, many small labs, other rules of behaviour.

use chokepoint::foundation::run::{ExpectationRule, Future};
use chokepoint::study::{Plan, PlanSettings, Worker};

use crate::{library, plan_of, regime, study_of};

#[test]
fn the_same_run_twice_in_one_world_is_the_same_run() {
    let plan = plan_of(vec![regime("history-free")], 1);
    let future = plan.future(0);
    let mut worker = Worker::new(&plan.blueprint);
    let column = plan
        .blueprint
        .watch
        .columns
        .find("compute_h100e", "target")
        .unwrap();
    let mut once = |parameters: Future| {
        worker.run(
            &plan.calendars[0],
            &parameters,
            plan.blueprint.months,
            false,
        );
        worker.record().column(column).to_vec()
    };
    let first = once(future.clone());
    // Another future in between leaves nothing behind.
    let other = once(plan.future(9));
    assert!(first != other);
    assert!(first == once(future));
}

#[test]
fn ten_thousand_small_labs_leave_the_blocs_as_they_are() {
    let run = |labs: u32| {
        let mut study = study_of(&["history-free"]);
        study.synthetic_labs = labs;
        let regimes = vec![regime("history-free")];
        let plan = Plan::of(
            library(),
            study,
            regimes,
            PlanSettings {
                seed: 3,
                runs: 1,
                ..PlanSettings::default()
            },
        )
        .unwrap();
        let future = plan.future(0);
        let mut worker = Worker::new(&plan.blueprint);
        worker.run(&plan.calendars[0], &future, plan.blueprint.months, false);
        let at = |measure: &str, entity: &str| {
            plan.blueprint.watch.columns.find(measure, entity).unwrap()
        };
        let last = |c: usize| worker.record().column(c)[191];
        (
            last(at("compute_h100e", "target")),
            last(at("latent_gap_points", "target_vs_issuer")),
            last(at("frontier_points", "issuer")),
        )
    };
    let (without, with) = (run(0), run(10_000));
    assert_eq!(without, with);
}

#[test]
fn the_ranking_of_regimes_survives_other_rules_of_behaviour() {
    let mut tapes = Vec::new();
    for planning in ExpectationRule::ALL {
        let regimes = vec![regime("none"), regime("oct22"), regime("history-free")];
        let names = ["none", "oct22", "history-free"];
        let settings = PlanSettings {
            seed: 3,
            runs: 6,
            planning,
            ..PlanSettings::default()
        };
        let plan = Plan::of(library(), study_of(&names), regimes, settings).unwrap();
        let records =
            chokepoint::study::run_all(&plan, &|| {}, &std::sync::atomic::AtomicBool::new(false));
        let results = chokepoint::study::join(&plan, records, "test");
        let effect = |arm: &str| {
            results
                .effects
                .iter()
                .find(|e| e.regime == arm && e.outcome == "latent_gap_points_mean")
                .unwrap()
                .p50
        };
        assert!(
            0.0 < effect("oct22") && effect("oct22") < effect("history-free"),
            "{}: oct22 {:.3}, history-free {:.3} points",
            planning.name(),
            effect("oct22"),
            effect("history-free")
        );
        tapes.push((effect("oct22"), effect("history-free")));
    }
    assert!(
        tapes[0] != tapes[1] && tapes[1] != tapes[2],
        "the rules of behaviour do not differ"
    );
}
