//! Pairs: a regime has no effect against itself, a rule has none before it is announced, threads and further agents change nothing.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use chokepoint::agents::lab::Lab;
use chokepoint::config::source::{Configs, Source};
use chokepoint::controls::DatedRule;
use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::chance::Purpose;
use chokepoint::results::Results;
use chokepoint::study::{Library, Plan, PlanSettings, Worker, join, run_all};

use crate::{library, plan_of, regime, study_of};

fn run(plan: &Plan, threads: usize) -> Results {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    let records = pool.install(|| run_all(plan, &|| {}, &AtomicBool::new(false)));
    join(plan, records, "chokepoint run")
}

#[test]
fn one_thread_and_two_write_the_same_bytes() {
    let plan = plan_of(vec![regime("none"), regime("history-free")], 9);
    let folder = tempfile::tempdir().unwrap();
    let mut bytes: Vec<BTreeMap<String, Vec<u8>>> = Vec::new();
    for threads in [1, 2] {
        let here = folder.path().join(threads.to_string());
        std::fs::create_dir(&here).unwrap();
        run(&plan, threads).write(&here).unwrap();
        let files = std::fs::read_dir(&here).unwrap().map(|f| {
            let f = f.unwrap();
            (
                f.file_name().to_string_lossy().into_owned(),
                std::fs::read(f.path()).unwrap(),
            )
        });
        bytes.push(files.collect());
    }
    assert!(bytes[0].len() >= 6);
    for (name, content) in &bytes[0] {
        assert!(content == &bytes[1][name], "{name} differs");
    }
}

#[test]
fn what_is_written_reads_back() {
    let plan = plan_of(vec![regime("none"), regime("oct22")], 3);
    let results = run(&plan, 2);
    let folder = tempfile::tempdir().unwrap();
    results.write(folder.path()).unwrap();
    let back = Results::read(folder.path()).unwrap();
    assert_eq!(back.manifest, results.manifest);
    assert_eq!(back.effects, results.effects);
    assert_eq!(back.events, results.events);
    assert_eq!(back.bands.len(), results.bands.len());
    assert_eq!(back.outcomes.rows.len(), 6);
}

#[test]
fn a_regime_against_a_copy_of_itself_has_no_effect_at_all() {
    let plan = plan_of(vec![regime("history-free"), regime("history-free")], 6);
    let effects = run(&plan, 2).effects;
    assert!(effects.len() >= 28, "{} effects", effects.len());
    for e in effects {
        let all = [
            e.mean,
            e.p05,
            e.p25,
            e.p50,
            e.p75,
            e.p95,
            e.monte_carlo_error,
            e.probability_positive,
        ];
        assert_eq!(all, [0.0; 8], "{}", e.outcome);
        assert_eq!(e.pairing_gain, None);
    }
}

#[test]
fn other_rules_do_have_effects() {
    let plan = plan_of(vec![regime("none"), regime("history-free")], 6);
    let effects = run(&plan, 2).effects;
    let compute = effects
        .iter()
        .find(|e| e.outcome == "target_compute_h100e_end")
        .unwrap();
    assert!(compute.p95 < 0.0, "{}", compute.p95);
    assert!(compute.pairing_gain.unwrap() > 1.0);
}

const RULE_OF_2028: &str = r#"
title = "A line for 2029, announced in 2028"
issuer = "USA"
citation = "made up for a test"
source = "made up for a test"
url = ""
status = "hypothetical"

[[rule]]
id = "test-2028"
instrument = "chip_threshold"
description = "Nothing above a TPP of 1,000."
announced = 2028-05-10
compliance = 2029-01-01
enforced = true
confidence = "low"
condition = "tpp >= 1000"
licence = "denied"
dates_source = "made up for a test"
applies_to = { origin = "us", destinations = ["CHN"] }
"#;

#[test]
fn a_rule_announced_in_2028_changes_nothing_before() {
    let extra = Source {
        name: "rule-of-2028.toml".into(),
        text: RULE_OF_2028.into(),
    };
    let library = Library::read(Configs::embedded(), &[extra]).unwrap();
    let without = library.regime("oct22").unwrap();
    let mut with = without.clone();
    with.name = "with".into();
    let at = library.law.find("test-2028").unwrap();
    let rule = &library.law.rules[usize::from(at)];
    with.entries.push(DatedRule {
        rule: at,
        announced: rule.announced.unwrap(),
        text: rule.announced.unwrap(),
        compliance: rule.compliance.unwrap(),
        ended: None,
        early: Vec::new(),
    });
    let study = study_of(&["oct22", "with"]);
    let plan = Plan::of(
        &library,
        study,
        vec![without, with],
        PlanSettings {
            seed: 5,
            runs: 3,
            ..PlanSettings::default()
        },
    )
    .unwrap();
    assert_eq!(plan.month_of(plan.window.from), Month::of(2028, 5));
    let announced = (Month::of(2028, 5) - plan.blueprint.first) as usize;
    let mut worker = Worker::new(&plan.blueprint);
    let months = plan.blueprint.months;
    for number in 0..3 {
        let future = plan.future(number);
        let mut tapes: Vec<Vec<f64>> = Vec::new();
        for calendar in &plan.calendars {
            worker.run(calendar, &future, months, false);
            let columns = plan.blueprint.watch.columns.names().len();
            tapes.push(
                (0..columns)
                    .flat_map(|c| worker.record().column(c).to_vec())
                    .collect(),
            );
        }
        let differs = |t: usize| {
            (t..tapes[0].len())
                .step_by(months)
                .any(|i| tapes[0][i].to_bits() != tapes[1][i].to_bits())
        };
        let first = (0..months).find(|t| differs(*t)).unwrap_or(months);
        assert!(
            first >= announced,
            "future {number}: month {first} differs, announced in {announced}"
        );
        assert!(
            first < months,
            "future {number}: the rule changes nothing at all"
        );
        // What is announced is acted upon before it binds.
        assert!(
            first < announced + 8,
            "future {number}: nobody reacts before the rule binds ({first})"
        );
    }
}

/// What a future draws for every lab, by the stable key of the lab: its skill and the luck of its first runs, bit by bit.
fn draws_of_labs(plan: &Plan, number: u32) -> BTreeMap<u64, Vec<u64>> {
    let (calendar, future) = plan.in_arm(0, number, &plan.draw(number));
    let mut worker = Worker::new(&plan.blueprint);
    worker.stage.reset(calendar, &future, false);
    let world = &mut worker.stage.world;
    let mut labs = world.query::<&Lab>();
    labs.iter(world)
        .map(|lab| {
            let luck = (0..12).map(|run| future.chance.normal(Purpose::RunLuck, lab.key, run));
            let draws = std::iter::once(lab.skill).chain(luck);
            (lab.key, draws.map(f64::to_bits).collect())
        })
        .collect()
}

#[test]
fn a_lab_more_and_a_table_in_another_order_move_no_draw() {
    let mut changed = Library::read(Configs::embedded(), &[]).unwrap();
    let mut more = changed.tables.labs[0].clone();
    more.key = "aaa-one-more".into();
    changed.tables.labs.insert(0, more);
    changed.tables.labs.reverse();
    let plan = |library: &Library| {
        let settings = PlanSettings {
            seed: 5,
            runs: 3,
            ..PlanSettings::default()
        };
        let regimes = vec![library.regime("none").unwrap()];
        Plan::of(library, study_of(&["none"]), regimes, settings).unwrap()
    };
    let (before, after) = (plan(library()), plan(&changed));
    for number in 0..3 {
        assert_eq!(
            before.future(number).parameters.values(),
            after.future(number).parameters.values()
        );
        let (fewer, more) = (
            draws_of_labs(&before, number),
            draws_of_labs(&after, number),
        );
        assert_eq!(more.len(), fewer.len() + 1);
        for (lab, draws) in &fewer {
            assert_eq!(more.get(lab), Some(draws), "future {number}");
        }
        let different: std::collections::BTreeSet<_> = fewer.values().collect();
        assert_eq!(different.len(), fewer.len(), "two labs have the same draws");
    }
}
