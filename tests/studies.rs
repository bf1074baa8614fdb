//! The shipped studies answer as they did when somebody last looked: the headline effects of each arm over forty futures.
//!
//! They stand in `tests/golden/study_effects.md`; `tests/golden.rs` says how a change is accepted.

use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

use chokepoint::analysis::bands::{QuantileBand, band};
use chokepoint::config::study;
use chokepoint::outputs::outcomes::OUTCOMES;
use chokepoint::questions::conclusions::HEADLINES;
use chokepoint::questions::evaluate::{EnsembleTable, baseline, outcome};
use chokepoint::study::gate::gate_in_memory;
use chokepoint::study::{Plan, PlanSettings, join, run_all};

use crate::{golden, library};

/// Futures of a study: enough for the 5th and the 95th percentile to be more than its extremes.
const FUTURES: u32 = 40;

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
        runs: FUTURES,
        ..PlanSettings::default()
    };
    Plan::new(library(), study, settings).unwrap_or_else(|e| panic!("{e}"))
}

/// One outcome of one arm: effects in every future, and what is made of them.
struct HeadlineEffect {
    effects: Vec<f64>,
    band: QuantileBand,
}

/// Headline effects of every arm against the baseline. Arms that have the same effects in every future share one entry.
fn effects(plan: &Plan, headlines: &[&str]) -> Vec<(String, Vec<HeadlineEffect>)> {
    let ensemble = EnsembleTable::run(plan, &|| {});
    assert_eq!(ensemble.failed, 0, "{}: failed runs", plan.study.name);
    let base = baseline(plan);
    let mut found: Vec<(String, Vec<HeadlineEffect>)> = Vec::new();
    for arm in (0..plan.regimes.len()).filter(|arm| *arm != base) {
        let effects: Vec<HeadlineEffect> = headlines
            .iter()
            .map(|name| {
                let (_, effects) = ensemble.effects(arm, base, outcome(name).unwrap());
                let band = band(&mut effects.clone());
                let band = band.unwrap_or_else(|| panic!("{}: no {name}", plan.study.name));
                HeadlineEffect { effects, band }
            })
            .collect();
        let name = &plan.regimes[arm].name;
        let equal = |other: &[HeadlineEffect]| {
            let mut pairs = other.iter().zip(&effects);
            pairs.all(|(a, b)| a.effects == b.effects)
        };
        match found.iter_mut().find(|(_, other)| equal(other)) {
            Some((names, _)) => *names += &format!(", {name}"),
            None => found.push((name.clone(), effects)),
        }
    }
    found
}

/// Four significant digits, with an exponent where the number is large or small.
fn four_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let exponent = format!("{value:.3e}");
    let power: i32 = exponent.split_once('e').unwrap().1.parse().unwrap();
    if (-3..5).contains(&power) {
        let decimals = (3 - power).max(0) as usize;
        format!("{value:.decimals$}")
    } else {
        exponent
    }
}

/// The table of one study in Markdown.
fn section(name: &str, headlines: &[&str]) -> String {
    let plan = plan(name);
    let mut text = format!(
        "\n## {name}\n\n{} Effects against `{}`.\n\n\
         | arm | outcome | unit | mean | 5th percentile | 95th percentile | futures above 0 |\n\
         |---|---|---|---|---|---|---|\n",
        plan.study.question, plan.study.baseline
    );
    for (arms, effects) in effects(&plan, headlines) {
        for (headline, HeadlineEffect { effects, band }) in headlines.iter().zip(effects) {
            let above = effects.iter().filter(|e| **e > 0.0).count();
            let _ = writeln!(
                text,
                "| {arms} | {headline} | {} | {} | {} | {} | {above} of {} |",
                OUTCOMES[outcome(headline).unwrap()].unit,
                four_digits(band.mean),
                four_digits(band.p05),
                four_digits(band.p95),
                effects.len(),
            );
        }
    }
    text
}

#[test]
fn headline_effects_of_the_ten_studies_are_those_that_were_last_accepted() {
    let mut shipped = names();
    let of_ten = |name: &&str| shipped.iter().any(|s| s == name);
    let names = HEADLINES.iter().map(|(name, _)| *name);
    let mut listed: Vec<String> = names.filter(of_ten).map(String::from).collect();
    shipped.sort();
    listed.sort();
    assert_eq!(shipped, listed, "every study has its headline outcomes");
    let mut text = format!(
        "# Headline effects of the ten studies\n\n\
         Over {FUTURES} futures of each study's own seed and posterior. Arms in one row have the same effects in every future. \
         Written and held by `tests/studies.rs`; `reasons.csv` says why they changed.\n"
    );
    let is_listed = |(name, _): &(&str, _)| listed.iter().any(|l| l == name);
    for (name, headlines) in HEADLINES.into_iter().filter(is_listed) {
        text += &section(name, headlines);
    }
    golden::compare_text("tests/golden/study_effects.md", &text);
}

#[test]
fn no_shipped_study_compares_nothing_and_each_names_its_headline() {
    for path in library().configs.list("studies", ".toml") {
        let source = library().configs.read(&path).unwrap();
        let study = study::read(&source, &library().configs).unwrap_or_else(|e| panic!("{e}"));
        assert!(study.headline.is_some(), "{path}");
        // A target that refuses in most futures and one that refuses in all are the same in a few.
        let settings = PlanSettings {
            seed: study.seed,
            runs: 32,
            ..PlanSettings::default()
        };
        let plan = Plan::new(library(), study, settings).unwrap_or_else(|e| panic!("{e}"));
        let records = run_all(&plan, &|| {}, &AtomicBool::new(false));
        let faults = gate_in_memory(library(), &plan, &records);
        assert!(faults.is_empty(), "{path}: {faults:?}");
    }
}

#[test]
fn a_regime_as_of_a_day_holds_what_was_law_on_that_day() {
    let law = &library().law;
    let held = |regime: &str, id: &str| {
        let rule = law.find(id).unwrap();
        let entries = library().regime(regime).unwrap().entries;
        entries.into_iter().find(|e| e.rule == rule)
    };
    // Reported in November 2025, published in January 2026.
    assert_eq!(held("free-2025-12", "us-2026-01-h200"), None);
    assert!(held("history-free", "us-2026-01-h200").is_some());
    // What ended in January 2026 had not ended.
    let share = held("free-2025-12", "us-2025-08-h20-share").unwrap();
    assert_eq!(share.ended, None);
    // Reported in May 2025, published in September.
    for regime in ["frozen-2025-05", "frozen-2025-06", "diffusion"] {
        assert_eq!(held(regime, "us-2025-09-affiliates"), None, "{regime}");
    }
}

#[test]
fn a_cap_on_a_chip_leaves_its_variants_on_sale() {
    let mut study = plan("s4-h200").study;
    let kept = ["deny", "cap-tenth-accepted"];
    study.arms.retain(|arm| kept.contains(&arm.name()));
    let settings = PlanSettings {
        seed: study.seed,
        runs: 3,
        ..PlanSettings::default()
    };
    let plan = Plan::new(library(), study, settings).unwrap();
    let records = run_all(&plan, &|| {}, &AtomicBool::new(false));
    let results = join(&plan, records, "chokepoint run s4-h200");
    let units = results.effect("variant_units_total", kept[1]).unwrap();
    assert!(units.mean > -0.3 * units.baseline_mean, "{units:?}");
}

#[test]
fn numbers_are_written_with_four_significant_digits() {
    let numbers = [
        0.0, 0.62870, -2.35470, 1234.56, -3.47585e6, 0.99996, 9.27e-5,
    ];
    assert_eq!(
        numbers.map(four_digits),
        [
            "0", "0.6287", "-2.355", "1235", "-3.476e6", "1.000", "9.270e-5"
        ]
    );
}

#[test]
fn every_study_also_has_strata_where_supply_is_tight_and_where_it_is_slack() {
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
