//! Metamorphic relations: what must not change when something that cannot matter changes, and which way things go when it does.

use chokepoint::config::source::{Configs, Source};
use chokepoint::controls::{Entry, Regime};
use chokepoint::foundation::channels::{Channel, Channels};
use chokepoint::foundation::run::{Future, Planning};
use chokepoint::study::{Library, Plan, Settings, Worker};

use crate::{library, plan_of, regime, study_of};

/// Every recorded value of one run, as bits.
fn tape(plan: &Plan, arm: usize, future: &Future) -> Vec<u64> {
    let mut worker = Worker::new(&plan.blueprint);
    worker.run(&plan.calendars[arm], future, plan.blueprint.months, false);
    let columns = plan.blueprint.watch.columns.names().len();
    (0..columns)
        .flat_map(|c| {
            worker
                .record()
                .column(c)
                .iter()
                .map(|v| v.to_bits())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn value(plan: &Plan, arm: usize, future: &Future, measure: &str, entity: &str, t: usize) -> f64 {
    let mut worker = Worker::new(&plan.blueprint);
    worker.run(&plan.calendars[arm], future, plan.blueprint.months, false);
    let at = plan.blueprint.watch.columns.find(measure, entity).unwrap();
    worker.record().column(at)[t]
}

/// The text of a rule on chips for China, with this condition and these dates.
fn rule(id: &str, condition: &str, announced: &str, compliance: &str) -> Source {
    let text = format!(
        "title = \"test\"\nissuer = \"USA\"\ncitation = \"made up for a test\"\nsource = \"made up for a test\"\nurl = \"\"\n\
         status = \"hypothetical\"\n[[rule]]\nid = \"{id}\"\ninstrument = \"chip_threshold\"\nwords = \"test\"\n\
         announced = {announced}\ncompliance = {compliance}\nenforced = true\nconfidence = \"low\"\n\
         condition = \"{condition}\"\nlicence = \"denied\"\ndates_source = \"made up for a test\"\n\
         applies_to = {{ origin = \"us\", destinations = [\"CHN\"] }}\n"
    );
    Source {
        name: format!("{id}.toml"),
        text,
    }
}

/// `oct22` plus rules by id, under another name.
fn with_rules(library: &Library, name: &str, ids: &[&str]) -> Regime {
    let mut all = library.regime("oct22").unwrap();
    all.name = name.into();
    for id in ids {
        let at = library.law.find(id).unwrap();
        let rule = &library.law.rules[usize::from(at)];
        all.entries.push(Entry {
            rule: at,
            announced: rule.announced.unwrap(),
            compliance: rule.compliance.unwrap(),
            ended: None,
            early: Vec::new(),
        });
    }
    all
}

/// Tapes of `oct22` and of `oct22` with these rules.
fn tapes_with(rules: Vec<Source>, sets: &[&[&str]]) -> Vec<Vec<u64>> {
    let library = Library::read(Configs::embedded(), &rules).unwrap();
    let regimes: Vec<Regime> = sets
        .iter()
        .enumerate()
        .map(|(n, ids)| with_rules(&library, &format!("arm {n}"), ids))
        .collect();
    let names: Vec<String> = regimes.iter().map(|r| r.name.clone()).collect();
    let study = study_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let plan = Plan::of(
        &library,
        study,
        regimes,
        Settings {
            seed: 3,
            runs: 1,
            ..Settings::default()
        },
    )
    .unwrap();
    let future = plan.future(0);
    (0..sets.len())
        .map(|arm| tape(&plan, arm, &future))
        .collect()
}

#[test]
fn r1_a_rule_that_is_never_met_changes_nothing() {
    let never = rule("test-never", "tpp < 0", "2023-01-01", "2023-02-01");
    let tapes = tapes_with(vec![never], &[&[], &["test-never"]]);
    assert!(tapes[0] == tapes[1]);
}

#[test]
fn r2_a_rule_announced_after_the_horizon_changes_nothing() {
    let late = rule("test-late", "tpp >= 1", "2036-01-01", "2036-02-01");
    let tapes = tapes_with(vec![late], &[&[], &["test-late"]]);
    assert!(tapes[0] == tapes[1]);
}

#[test]
fn r4_one_rule_written_as_two_is_the_same_rule() {
    let rules = vec![
        rule("test-whole", "tpp >= 2000", "2024-01-01", "2024-06-01"),
        rule(
            "test-small-dies",
            "tpp >= 2000 && die_area_mm2 < 700",
            "2024-01-01",
            "2024-06-01",
        ),
        rule(
            "test-large-dies",
            "tpp >= 2000 && !(die_area_mm2 < 700)",
            "2024-01-01",
            "2024-06-01",
        ),
    ];
    let tapes = tapes_with(
        rules,
        &[&["test-whole"], &["test-small-dies", "test-large-dies"]],
    );
    assert!(tapes[0] == tapes[1]);
}

/// The library with one table rewritten.
fn with_table(path: &str, rewrite: impl Fn(&str) -> String) -> Library {
    let folder = tempfile::tempdir().unwrap();
    let source = library().configs.read(path).unwrap();
    let file = folder.path().join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, rewrite(&source.text)).unwrap();
    Library::read(Configs::folder(folder.path()), &[]).unwrap()
}

fn plan_in(library: &Library, name: &str) -> Plan {
    let regimes = vec![library.regime(name).unwrap()];
    Plan::of(
        library,
        study_of(&[name]),
        regimes,
        Settings {
            seed: 3,
            runs: 1,
            ..Settings::default()
        },
    )
    .unwrap()
}

#[test]
fn r6_a_display_name_means_nothing() {
    let renamed = with_table("world/labs.csv", |text| {
        text.replace(",DeepSeek,", ",Profound Search,")
    });
    let (a, b) = (
        plan_in(library(), "history-free"),
        plan_in(&renamed, "history-free"),
    );
    assert!(b.blueprint.lab_names.iter().any(|n| n == "Profound Search"));
    assert!(tape(&a, 0, &a.future(0)) == tape(&b, 0, &b.future(0)));
}

#[test]
fn r10_a_chip_listed_twice_is_one_chip() {
    let twice = with_table("world/chips.csv", |text| {
        let row = text.lines().find(|l| l.contains(",H100 SXM,")).unwrap();
        let copy = row.replacen(",H100 SXM,", ",H100 SXM again,", 1).replacen(
            "nvidia-h100-sxm",
            "nvidia-h100-sxm-again",
            1,
        );
        format!("{text}{copy}\n")
    });
    let (a, b) = (plan_in(library(), "none"), plan_in(&twice, "none"));
    let t = 60;
    for (measure, entity) in [
        ("maker_revenue_usd", "nvidia:world"),
        ("maker_share_value", "nvidia:target"),
        ("compute_h100e", "target"),
    ] {
        let (x, y) = (
            value(&a, 0, &a.future(0), measure, entity, t),
            value(&b, 0, &b.future(0), measure, entity, t),
        );
        assert!((x / y - 1.0).abs() < 1e-6, "{measure} {entity}: {x} {y}");
    }
}

/// The first future of a plan with some parameters set.
fn future_with(plan: &Plan, set: &[(&str, f64)]) -> Future {
    let mut parameters = library().parameters.clone();
    for (id, v) in set {
        parameters.set(id, *v);
    }
    Future {
        parameters: parameters.central(),
        ..plan.future(0)
    }
}

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
fn r22_endless_enforcement_leaves_brokers_idle() {
    let plan = plan_of(vec![regime("history-free")], 1);
    let future = future_with(&plan, &[("enforcement", 1e9)]);
    for t in [40, 80, 120, 180] {
        assert_eq!(value(&plan, 0, &future, "grey_h100e", "target", t), 0.0);
    }
}

#[test]
fn r23_an_endless_redesign_cost_is_design_around_off() {
    let plan = plan_of(vec![regime("oct22")], 1);
    let dear = future_with(&plan, &[("redesign_cost_usd", 1e30)]);
    let mut off = future_with(&plan, &[("redesign_cost_usd", 1e30)]);
    off.channels = Channels::default().without(Channel::DesignAround);
    assert!(tape(&plan, 0, &dear) == tape(&plan, 0, &off));
    assert!(tape(&plan, 0, &dear) != tape(&plan, 0, &future_with(&plan, &[])));
}

#[test]
fn r24_nothing_rentable_is_remote_access_off() {
    let plan = plan_of(vec![regime("history-free")], 1);
    let none = future_with(&plan, &[("rentable_share", 0.0)]);
    let mut off = none.clone();
    off.channels = Channels::default().without(Channel::RemoteAccess);
    assert!(tape(&plan, 0, &none) == tape(&plan, 0, &off));
}

#[test]
fn r31_with_ample_supply_nobody_gains_what_the_target_is_denied() {
    let plan = plan_of(vec![regime("none"), regime("embargo")], 1);
    let ample = future_with(&plan, &[("supply_multiplier", 1000.0)]);
    let scarce = future_with(&plan, &[("supply_multiplier", 0.5)]);
    let gain = |future: &Future| {
        value(&plan, 1, future, "compute_h100e", "issuer", 90)
            / value(&plan, 0, future, "compute_h100e", "issuer", 90)
            - 1.0
    };
    assert!(
        gain(&ample).abs() < gain(&scarce).abs() + 0.05,
        "{} {}",
        gain(&ample),
        gain(&scarce)
    );
}

#[test]
fn r33_without_worth_of_compute_chip_rules_move_no_gap() {
    let plan = plan_of(vec![regime("none"), regime("embargo")], 1);
    let mut future = future_with(
        &plan,
        &[
            ("points_per_decade_of_compute", 0.0),
            ("research_compute_elasticity", 0.0),
            ("scale_dependence", 0.0),
        ],
    );
    // Scarcity would still teach efficiency that is worth nothing, and theft depends on scale.
    future.channels = Channels::default().without(Channel::InducedEfficiency);
    for t in [60, 120, 190] {
        let gap = |arm| {
            value(
                &plan,
                arm,
                &future,
                "latent_gap_points",
                "target_vs_issuer",
                t,
            )
        };
        assert!((gap(0) - gap(1)).abs() < 1e-9, "{} {}", gap(0), gap(1));
    }
}

#[test]
fn r35_under_a_fixed_regime_lobbying_and_reaction_change_nothing() {
    let plan = plan_of(vec![regime("history-free")], 1);
    let future = plan.future(0);
    let mut off = future.clone();
    off.channels = Channels::default()
        .without(Channel::Lobbying)
        .without(Channel::PolicyReaction);
    assert!(tape(&plan, 0, &future) == tape(&plan, 0, &off));
}

#[test]
fn r40_fixing_one_parameter_moves_no_other_draw() {
    let plan = plan_of(vec![regime("none")], 1);
    let mut fixed = library().parameters.clone();
    fixed.set("choice_slope", 2.0);
    let chance = plan.future(5).chance;
    let (a, b) = (
        library().parameters.draw(chance).values(),
        fixed.draw(chance).values(),
    );
    let differ: Vec<usize> = (0..a.len()).filter(|i| a[*i] != b[*i]).collect();
    assert_eq!(differ.len(), 1);
}

#[test]
fn r41_less_compute_never_helps_a_lab_within_a_year() {
    // Induced effort never lifts those who are short above those who are not, in any of twenty draws.
    let plan = plan_of(vec![regime("none"), regime("embargo")], 20);
    for number in 0..20 {
        let future = plan.future(number);
        let t =
            (chokepoint::foundation::calendar::Month::of(2023, 10) - plan.blueprint.first) as usize;
        let mut worker = Worker::new(&plan.blueprint);
        let at = plan
            .blueprint
            .watch
            .columns
            .find("latent_gap_points", "target_vs_issuer")
            .unwrap();
        let mut gap = |arm: usize| {
            worker.run(&plan.calendars[arm], &future, t + 1, false);
            worker.record().column(at)[t]
        };
        let (none, embargo) = (gap(0), gap(1));
        assert!(embargo >= none - 0.25, "future {number}: {none} {embargo}");
    }
}

#[test]
fn r42_belief_falls_again_when_a_rule_ends() {
    let mut lifted = regime("embargo");
    lifted.name = "lifted".into();
    let until = "2024-10-01".parse().unwrap();
    for entry in &mut lifted.entries {
        if library().law.rules[usize::from(entry.rule)].id == "hypothetical-embargo" {
            entry.ended = Some(until);
        }
    }
    let plan = plan_of(vec![lifted], 1);
    let future = plan.future(0);
    let belief = |t| value(&plan, 0, &future, "supply_risk_belief", "target", t);
    assert!(
        belief(57) > 0.3 && belief(120) < 0.5 * belief(57),
        "{} {}",
        belief(57),
        belief(120)
    );
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
            Settings {
                seed: 3,
                runs: 1,
                ..Settings::default()
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
    for planning in Planning::ALL {
        let regimes = vec![regime("none"), regime("oct22"), regime("history-free")];
        let names = ["none", "oct22", "history-free"];
        let settings = Settings {
            seed: 3,
            runs: 6,
            planning,
            ..Settings::default()
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
        println!(
            "{}: oct22 {:.3}, history-free {:.3} points",
            planning.name(),
            effect("oct22"),
            effect("history-free")
        );
        assert!(
            0.0 < effect("oct22") && effect("oct22") < effect("history-free"),
            "{}",
            planning.name()
        );
        tapes.push((effect("oct22"), effect("history-free")));
    }
    assert!(
        tapes[0] != tapes[1] && tapes[1] != tapes[2],
        "the rules of behaviour do not differ"
    );
}
