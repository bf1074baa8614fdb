//! Phrases that sentences of the report share: sizes, shares, directions, names.

use crate::plots::{change_unit, in_words, supported};
use crate::results::{ArmInfo, Results};

pub(super) fn unit(results: &Results, outcome: &str) -> String {
    let outcomes = &results.manifest.outcomes;
    let found = outcomes.iter().find(|o| o.name == outcome);
    found.map_or(String::new(), |o| o.unit.clone())
}

pub(super) fn arms(results: &Results) -> impl Iterator<Item = &ArmInfo> {
    let study = &results.manifest.study;
    study.arms.iter().filter(|a| a.name != study.baseline)
}

/// The baseline's name for readers.
pub(super) fn baseline_label(results: &Results) -> String {
    let study = &results.manifest.study;
    let arm = study.arms.iter().find(|a| a.name == study.baseline);
    arm.map_or_else(|| study.baseline.clone(), |arm| arm.label().to_string())
}

/// A share of futures as a whole number of per cent.
pub(super) fn share(part: f64) -> String {
    format!("{:.0} %", 100.0 * part)
}

/// In how many of the compared futures something holds: "in all 200 futures", "in 187 of 200 futures".
pub(super) fn sure(probability: f64, futures: usize) -> String {
    let holds = (probability * futures as f64).round() as usize;
    if holds == futures {
        format!("in all {futures} futures")
    } else {
        format!("in {holds} of {futures} futures")
    }
}

/// Whether futures draw rival forms of the model, for the end of a sentence on certainty.
pub(super) fn forms(results: &Results) -> &'static str {
    if results.certainty.is_empty() {
        ", all of one form of the model"
    } else {
        ", over rival forms of the model"
    }
}

/// "3.2 months more (90 % of futures: 0.4 to 7.1), in 187 of 200 futures": medians.
pub(super) fn change(
    results: &Results,
    outcome: &str,
    arm: &str,
    more: &str,
    less: &str,
) -> Option<String> {
    let e = results.effect(outcome, arm)?;
    if e.p05 == 0.0 && e.p95 == 0.0 {
        return Some("no different in nearly every future".into());
    }
    let own = unit(results, outcome);
    let (factor, unit) = change_unit(&own);
    let shown = if unit == "index points" {
        "points"
    } else {
        unit
    };
    let error = factor * e.monte_carlo_error;
    let size = |v: f64| in_words(supported(factor * v.abs(), error), unit);
    let up = e.p50 >= 0.0;
    let (word, other) = if up { (more, less) } else { (less, more) };
    let positive = if up {
        e.probability_positive
    } else {
        1.0 - e.probability_positive
    };
    // With one sign in all futures sizes are enough; otherwise each end needs its direction.
    let (near, far) = if up { (e.p05, e.p95) } else { (e.p95, e.p05) };
    let range = if near * far >= 0.0 {
        format!("{} to {}", size(near), size(far))
    } else {
        format!("{} {other} to {} {word}", size(near), size(far))
    };
    let (median, sure) = (size(e.p50), sure(positive, e.pairs));
    Some(format!(
        "{median} {shown} {word} (90 % of futures: {range}), {sure}"
    ))
}

/// A nation's name within a sentence.
pub(super) use crate::plots::with_article as the;
