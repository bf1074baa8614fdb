//! The mechanisms behind the claims of the debate as tests: switches, exact zeros, and signs that follow from the equations under a
//! stated condition. What the model says of a claim is measured elsewhere (`configs/claims/`, `docs/debate.md`). 20 draws here; with
//! CLAIMS_RUNS=200 the table is held against `docs/claims.md`.

mod arms;
mod chips;
mod coverage;
mod engine;
mod look;
mod models;

mod table;

use chokepoint::config::claim::claim_paths;
use chokepoint::config::study;
use engine::{Claim, measure};

fn all() -> Vec<Claim> {
    chips::claims()
        .into_iter()
        .chain(models::claims())
        .collect()
}

/// The name of every test of a claim or of its flip.
pub fn test_names() -> Vec<String> {
    all().iter().flat_map(Claim::names).collect()
}

fn runs() -> u32 {
    std::env::var("CLAIMS_RUNS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(20)
}

#[test]
fn every_claim_holds_and_flips() {
    let only = std::env::var("CLAIMS_ONLY").unwrap_or_default();
    let claims: Vec<Claim> = all()
        .into_iter()
        .filter(|c| c.name.starts_with(&only))
        .collect();
    let results = measure(&claims, runs());
    let text = table::markdown(&claims, &results, runs());
    println!("{text}");
    if runs() == table::RUNS && only.is_empty() {
        table::compare(&text);
    }
    let named = claims.iter().flat_map(Claim::names);
    let wrong: Vec<String> = named
        .zip(results.iter().flatten())
        .filter(|(_, result)| !result.holds)
        .map(|(name, result)| format!("{name}: {result}"))
        .collect();
    // Tests are stated at twenty draws, the page at two hundred; other numbers only print the table.
    assert!(runs() != 20 || wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_tests_have_one_name() {
    let mut names = test_names();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn every_test_that_failed_or_passed_falsely_is_decided_with_a_reason() {
    let (names, ids) = (test_names(), finding_ids());
    let decisions = table::decisions();
    for (at, d) in decisions.iter().enumerate() {
        let place = match d.decision.as_str() {
            "finding" => &ids,
            "mended test" | "stated condition" | "mended model" => &names,
            other => panic!("{}: no decision `{other}`", d.test),
        };
        assert!(place.contains(&d.now), "{}: no `{}`", d.test, d.now);
        assert!(!d.reason.is_empty(), "{}", d.test);
        assert!(
            decisions[..at].iter().all(|e| e.test != d.test),
            "{}",
            d.test
        );
    }
}

/// Numbers of the claims that are measured.
fn finding_ids() -> Vec<String> {
    let configs = &crate::library().configs;
    claim_paths(configs)
        .iter()
        .map(|path| study::read(&configs.read(path).unwrap(), configs).unwrap())
        .map(|study| study.claim.unwrap().id)
        .collect()
}
