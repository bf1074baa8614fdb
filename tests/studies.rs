//! The shipped studies answer as they did when somebody last looked: headline effects of a few futures, kept under
//! `tests/expected`, each change of them with its reason. They are no inputs, so they stand apart from `configs`.
//!
//! `EXPECTED_WHY="what changed and why" just expected` writes them anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chokepoint::analysis::band;
use chokepoint::config::study;
use chokepoint::study::probe::{EnsembleTable, baseline, outcome};
use chokepoint::study::{Plan, PlanSettings};
use serde::Deserialize;

use crate::library;

/// Issuer, target, third countries, world: what a headline says.
const HEADLINES: [&str; 7] = [
    "latent_gap_points_mean",
    "gap_months_end",
    "target_compute_h100e_end",
    "target_self_sufficiency_fab_end",
    "us_maker_revenue_usd",
    "third_compute_h100e_end",
    "world_frontier_points_end",
];

const RUNS: u32 = 2;

/// Arm, outcome, mean, least and largest effect.
type Row = (String, String, f64, f64, f64);

#[derive(Deserialize)]
struct Expected {
    runs: u32,
    change: Vec<Change>,
    effects: Vec<Row>,
}

#[derive(Deserialize)]
struct Change {
    version: String,
    why: String,
}

/// Names of the files of the ten studies; one of them has two.
fn names() -> Vec<String> {
    let all = library().configs.list("studies", ".toml");
    let ten = all.iter().filter_map(|p| {
        let name = p.strip_prefix("studies/")?.strip_suffix(".toml")?;
        let number: String = name
            .strip_prefix('s')?
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        (!number.is_empty()).then(|| name.to_string())
    });
    ten.collect()
}

fn plan(name: &str) -> Plan {
    let source = library().configs.find(name, "studies").unwrap();
    let study = study::read(&source, &library().configs).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(study.name, name, "a study is called as its file");
    let settings = PlanSettings {
        seed: study.seed,
        runs: RUNS,
        ..PlanSettings::default()
    };
    Plan::new(library(), study, settings).unwrap_or_else(|e| panic!("{e}"))
}

fn effects(plan: &Plan) -> Vec<Row> {
    let ensemble = EnsembleTable::run(plan, &|| {});
    assert_eq!(ensemble.failed, 0, "{}: failed runs", plan.study.name);
    let base = baseline(plan);
    let arms = (0..plan.regimes.len()).filter(|arm| *arm != base);
    arms.flat_map(|arm| HEADLINES.iter().map(move |name| (arm, *name)))
        .filter_map(|(arm, name)| {
            let (_, mut effects) = ensemble.effects(arm, base, outcome(name).unwrap());
            let of = band(&mut effects)?;
            let (low, high) = (effects[0], effects[effects.len() - 1]);
            Some((
                plan.regimes[arm].name.clone(),
                name.to_string(),
                of.mean,
                low,
                high,
            ))
        })
        .collect()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/expected/{name}.toml"))
}

/// How far two effects may be apart: the last digits of other processors, not another answer.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 + 1e-3 * a.abs().max(b.abs())
}

#[test]
fn headline_effects_of_the_ten_studies_are_those_that_were_last_looked_at() {
    let why = std::env::var("EXPECTED_WHY").ok();
    let names = names();
    assert_eq!(names.len(), 11, "{names:?}");
    let mut wrong = Vec::new();
    for name in &names {
        let now = effects(&plan(name));
        let old: Option<Expected> = std::fs::read_to_string(path(name))
            .ok()
            .map(|text| toml::from_str(&text).unwrap());
        let differs = match &old {
            Some(old) => {
                assert_eq!(old.runs, RUNS);
                assert!(
                    old.change.iter().all(|c| !c.why.trim().is_empty()),
                    "{name}"
                );
                let apart = |(a, b): (&Row, &Row)| {
                    let equal = (&a.0, &a.1) == (&b.0, &b.1)
                        && same(a.2, b.2)
                        && same(a.3, b.3)
                        && same(a.4, b.4);
                    (!equal)
                        .then(|| format!("{name}: {} {}: {} now, {} expected", b.0, b.1, b.2, a.2))
                };
                let mut apart: Vec<String> =
                    old.effects.iter().zip(&now).filter_map(apart).collect();
                if old.effects.len() != now.len() {
                    apart.push(format!(
                        "{name}: {} effects, {} expected",
                        now.len(),
                        old.effects.len()
                    ));
                }
                apart
            }
            None => vec![format!("{name}: nothing is expected yet")],
        };
        if let (Some(why), false) = (&why, differs.is_empty()) {
            write(name, old, &now, why);
        }
        wrong.extend(differs);
    }
    assert!(wrong.is_empty() || why.is_some(), "{}", wrong.join("\n"));
}

fn write(name: &str, old: Option<Expected>, now: &[Row], why: &str) {
    let mut changes = old.map_or(Vec::new(), |o| o.change);
    changes.push(Change {
        version: env!("CARGO_PKG_VERSION").into(),
        why: why.into(),
    });
    let mut text = format!(
        "runs = {RUNS}\n# Arm, outcome, mean, least and largest effect against the baseline.\neffects = [\n"
    );
    for (arm, outcome, mean, low, high) in now {
        let _ = writeln!(
            text,
            "  [{arm:?}, {outcome:?}, {mean:.5e}, {low:.5e}, {high:.5e}],"
        );
    }
    text.push_str("]\n");
    for c in changes {
        let _ = write!(
            text,
            "\n[[change]]\nversion = {:?}\nwhy = {:?}\n",
            c.version, c.why
        );
    }
    std::fs::create_dir_all(path(name).parent().unwrap()).unwrap();
    std::fs::write(path(name), text).unwrap();
}

#[test]
fn every_study_is_also_answered_where_supply_is_tight_and_where_it_is_slack() {
    for name in names() {
        let plan = plan(&name);
        let kinds: Vec<&str> = plan.design.stress.iter().map(|k| k.name.as_str()).collect();
        for kind in ["tight", "slack"] {
            assert!(
                kinds.iter().any(|k| k.starts_with(kind)),
                "{name}: {kinds:?}"
            );
        }
    }
}
