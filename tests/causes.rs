//! Events and their causes: every kind happens, every cause lies earlier and is honest, a replay is the run of the study.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use assert_cmd::Command;
use chokepoint::events::EventKind;
use chokepoint::results::{EventRow, Results};
use chokepoint::study::timeline::{chain, timeline};
use chokepoint::study::{Plan, PlanSettings, Worker, join, run_all};

use crate::{library, plan_of, regime, study_of};

const RULE_EVENTS: [&str; 3] = ["rule_announced", "rule_binds", "rule_ends"];

fn events(regime_name: &str, run: u32) -> Vec<EventRow> {
    timeline(&plan_of(vec![regime(regime_name)], run + 1), 0, run)
}

fn of_kind<'a>(rows: &'a [EventRow], kind: &'a str) -> impl Iterator<Item = &'a EventRow> {
    rows.iter().filter(move |e| e.kind == kind)
}

#[test]
fn every_kind_of_event_happens_under_a_shipped_regime() {
    let seen: BTreeSet<String> = ["oct22", "history-free", "diffusion", "reactive"]
        .iter()
        .flat_map(|name| events(name, 0))
        .map(|e| e.kind)
        .collect();
    let all: BTreeSet<String> = EventKind::names().into_iter().map(String::from).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_cause_lies_earlier_in_the_log_and_is_told_with_its_month() {
    for name in ["oct22", "history-free", "diffusion", "reactive-2022"] {
        let rows = events(name, 1);
        assert!(rows.iter().enumerate().all(|(at, e)| e.id == at as u32));
        let mut with_cause = 0;
        for e in &rows {
            if let Some(id) = e.cause_id {
                let cause = &rows[id as usize];
                assert!(id < e.id && cause.month <= e.month, "{name}: {e:?}");
                assert!(e.cause.ends_with(&format!("({})", cause.month)), "{e:?}");
                with_cause += 1;
            }
        }
        assert!(with_cause > rows.len() / 3, "{name}: {with_cause}");
    }
}

#[test]
fn behind_every_variant_stands_a_rule() {
    for name in ["oct22", "oct23", "history-free"] {
        let rows = events(name, 0);
        let launched: Vec<&EventRow> = of_kind(&rows, "variant_launched").collect();
        assert!(!launched.is_empty(), "{name}");
        for e in launched {
            let led = chain(&rows, e.id);
            assert_eq!(led[1].kind, "variant_begun");
            let root = led.last().unwrap();
            assert!(
                RULE_EVENTS.contains(&root.kind.as_str()),
                "{name}: {root:?}"
            );
        }
    }
}

#[test]
fn a_market_closes_because_a_rule_binds_a_carve_out_ends_or_the_target_refuses() {
    for name in [
        "oct22",
        "history-free",
        "diffusion",
        "embargo",
        "stochastic",
    ] {
        let rows = events(name, 0);
        assert!(of_kind(&rows, "market_closed").count() > 0, "{name}");
        for e in of_kind(&rows, "market_closed") {
            let cause = &rows[e.cause_id.unwrap() as usize];
            let honest = match cause.kind.as_str() {
                "rule_binds" | "refused" => true,
                "rule_ends" => {
                    let at = library().law.find(&cause.object).unwrap();
                    !library().law.rules[usize::from(at)].carves_out.is_empty()
                }
                _ => false,
            };
            assert!(honest, "{name}: {e:?} because {cause:?}");
        }
    }
}

#[test]
fn a_variant_says_which_line_it_sits_under_and_what_it_gave_up() {
    let why = |name: &str| -> String {
        let rows = events(name, 0);
        let from = |e: &&EventRow| e.text.contains(" from H100 SXM");
        let found = of_kind(&rows, "variant_begun").filter(from).last();
        found.unwrap().text.clone()
    };
    let oct22 = why("oct22");
    assert!(oct22.contains("cuts links,"), "{oct22}");
    assert!(
        oct22.contains(">= 600` of us-2022-10-3a090") && oct22.contains("interconnect_gbps ["),
        "{oct22}"
    );
    assert!(oct22.contains("cutting compute instead: USD "), "{oct22}");
    let oct23 = why("oct23");
    assert!(oct23.contains("cuts compute,"), "{oct23}");
    assert!(
        oct23.contains("just under `tpp [2") && oct23.contains(">= 2400` of us-2023-10-3a090b"),
        "{oct23}"
    );
}

#[test]
fn without_rules_no_market_closes_and_nothing_is_denied_seized_or_designed_around() {
    let rows = events("none", 0);
    for kind in ["refused", "variant_begun", "seized"] {
        assert_eq!(of_kind(&rows, kind).count(), 0, "{kind}");
    }
    // Sanctions stand under every regime.
    let sanctioned = [
        "RUS",
        "BLR",
        "IRN",
        "PRK",
        "Russia",
        "Belarus",
        "Iran",
        "North Korea",
    ];
    for kind in ["market_closed", "order_denied"] {
        for e in of_kind(&rows, kind) {
            assert!(sanctioned.iter().any(|s| e.text.contains(s)), "{e:?}");
        }
    }
    assert!(of_kind(&rows, "model_released").count() > 100);
}

#[test]
fn a_rule_that_binds_was_announced_or_stood_when_the_run_began() {
    let rows = events("history-free", 0);
    assert!(of_kind(&rows, "rule_binds").count() > 10);
    for e in of_kind(&rows, "rule_binds") {
        match e.cause_id {
            Some(id) => {
                let cause = &rows[id as usize];
                assert_eq!(
                    (&cause.kind[..], &cause.object),
                    ("rule_announced", &e.object)
                );
            }
            None => assert!(e.text.ends_with("in force when the run begins"), "{e:?}"),
        }
    }
}

#[test]
fn what_a_government_decides_stands_behind_the_rules_that_it_moves() {
    let rows = events("reactive-2022", 0);
    let decided = of_kind(&rows, "policy_announced").count();
    assert!(decided > 3, "{decided}");
    let moved: BTreeSet<&str> = rows
        .iter()
        .filter(|e| {
            e.cause_id
                .is_some_and(|id| rows[id as usize].kind == "policy_announced")
        })
        .map(|e| e.kind.as_str())
        .collect();
    assert_eq!(moved, BTreeSet::from(["rule_announced", "rule_ends"]));
}

#[test]
fn every_model_is_released_because_its_run_finished() {
    let rows = events("oct22", 0);
    assert!(of_kind(&rows, "model_released").count() > 100);
    for e in of_kind(&rows, "model_released") {
        let cause = &rows[e.cause_id.unwrap() as usize];
        assert_eq!((&cause.kind[..], &cause.actor), ("run_finished", &e.actor));
        let ways = ["(open)", "(closed)", "(closed, and opens the one before)"];
        assert!(ways.iter().any(|way| e.text.contains(way)), "{}", e.text);
    }
}

#[test]
fn keeping_events_changes_no_recorded_value() {
    let plan = plan_of(vec![regime("history-free"), regime("diffusion")], 1);
    let future = plan.future(0);
    let mut worker = Worker::new(&plan.blueprint);
    for calendar in &plan.calendars {
        let mut tape = |keep: bool| -> Vec<u64> {
            worker.run(calendar, &future, plan.blueprint.months, keep);
            (0..plan.blueprint.watch.columns.names().len())
                .flat_map(|c| worker.record().column(c).to_vec())
                .map(f64::to_bits)
                .collect()
        };
        let (off, on, again) = (tape(false), tape(true), tape(false));
        assert!(off == on && off == again);
    }
}

#[test]
fn a_replay_is_the_run_of_the_study_event_by_event() {
    let plan = plan_of(vec![regime("none"), regime("history-free")], 3);
    let results = join(
        &plan,
        run_all(&plan, &|| {}, &AtomicBool::new(false)),
        "test",
    );
    let folder = tempfile::tempdir().unwrap();
    results.write(folder.path()).unwrap();
    let stored = Results::read(folder.path()).unwrap().events;
    let alone = Plan::of(
        library(),
        study_of(&["none", "history-free"]),
        vec![regime("none"), regime("history-free")],
        PlanSettings {
            seed: 1,
            runs: 3,
            only: Some(2),
            ..PlanSettings::default()
        },
    )
    .unwrap();
    for (arm, name) in ["none", "history-free"].iter().enumerate() {
        let of_run: Vec<EventRow> = stored
            .iter()
            .filter(|e| e.regime == *name && e.run == 2)
            .cloned()
            .collect();
        assert!(of_run.len() > 1000);
        assert!(of_run == timeline(&alone, arm, 2), "{name}");
    }
}

fn json(args: &[&str]) -> serde_json::Value {
    let out = Command::cargo_bin("chokepoint")
        .unwrap()
        .args(["replay", "did-controls-work", "--format", "json"])
        .args(args)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn two_arms_part_where_the_first_rule_is_announced() {
    let parted = json(&["--regime", "oct22", "--against", "none"]);
    assert_eq!(parted["oct22"][0]["kind"], "rule_announced");
    assert_eq!(parted["oct22"][0]["object"], "us-2022-08-nvda-amd-letters");
    assert!(parted["same"].as_u64().unwrap() > 100);
}

#[test]
fn the_command_line_walks_from_an_event_to_its_root_and_filters_by_kind() {
    let begun = json(&["--regime", "oct22", "--kind", "variant_begun"]);
    let begun = begun.as_array().unwrap();
    assert!(begun.iter().all(|e| e["kind"] == "variant_begun") && begun.len() > 3);
    let id = begun[0]["id"].to_string();
    let led = json(&["--regime", "oct22", "--why", &id]);
    let led = led.as_array().unwrap();
    assert_eq!(led[0], begun[0]);
    assert!(
        led.windows(2)
            .all(|pair| pair[0]["cause_id"] == pair[1]["id"])
    );
    assert_eq!(led.last().unwrap()["kind"], "rule_announced");
    let wrong = Command::cargo_bin("chokepoint")
        .unwrap()
        .args(["replay", "did-controls-work", "--regime", "oct22"])
        .args(["--kind", "variant_begin"])
        .assert()
        .failure();
    let said = String::from_utf8_lossy(&wrong.get_output().stderr).into_owned();
    assert!(said.contains("did you mean `variant_begun`?"), "{said}");
}
