//! The tables of claims in Markdown: tests that fail first, then in the order of the claims; then what was decided.

use std::fmt::Write as _;

use serde::Deserialize;

use super::engine::{Claim, Expect, Found};
use crate::golden;

/// Draws of the table in `docs/claims.md`.
pub const RUNS: u32 = 200;

const BEGIN: &str = "<!-- begin: written by `just claims` -->";
const END: &str = "<!-- end -->";

/// What became of a test that failed or passed falsely.
#[derive(Deserialize)]
pub struct Decision {
    pub test: String,
    /// `mended test`, `stated condition`, `mended model` or `finding`.
    pub decision: String,
    /// The test that asks it now, or the claim that measures it.
    pub now: String,
    pub reason: String,
}

/// Decisions in the order of their file, which holds the false passes first.
pub fn decisions() -> Vec<Decision> {
    let mut reader = csv::Reader::from_reader(include_str!("decisions.csv").as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

pub fn markdown(claims: &[Claim], results: &[Vec<Found>], runs: u32) -> String {
    let mut order: Vec<usize> = (0..claims.len()).collect();
    let fails = |at: usize| results[at].iter().any(|r| !r.holds);
    order.sort_by_key(|at| (!fails(*at), *at));
    let tests = results.iter().map(Vec::len).sum::<usize>();
    let held = results.iter().flatten().filter(|r| r.holds).count();
    let mut text = format!("{runs} draws; {held} of {tests} tests hold.\n\n");
    text += "| claim | says | arms | outcome | effect (90 %) | expected | holds | flip condition | flip result |\n|---|---|---|---|---|---|---|---|---|\n";
    for at in order {
        let (claim, found) = (&claims[at], &results[at]);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | | |",
            claim.name,
            claim.says,
            claim.test.arms(),
            claim.test.read.name(),
            number(&found[0]),
            words(claim.test.expect),
            yes(found[0].holds),
        );
        for ((when, test), result) in claim.flips.iter().zip(&found[1..]) {
            let _ = writeln!(
                text,
                "| {} | | {} | {} | | {} | {} | {when} | {} |",
                claim.name,
                test.arms(),
                test.read.name(),
                words(test.expect),
                yes(result.holds),
                number(result),
            );
        }
    }
    text += "\nWhat was decided of each test that failed or passed falsely:\n\n";
    text += "| decision | test | asked now by | reason |\n|---|---|---|---|\n";
    for d in decisions() {
        let now = match d.decision.as_str() {
            "finding" => format!("finding [{}](debate.md#{})", d.now, d.now.to_lowercase()),
            _ if d.now == d.test => "the same".into(),
            _ => d.now.clone(),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {now} | {} |",
            d.decision, d.test, d.reason
        );
    }
    text
}

/// Compares the table with that between the marks of `docs/claims.md`, or accepts it.
pub fn compare(text: &str) {
    let path = "docs/claims.md";
    let whole = std::fs::read_to_string(golden::place(path)).unwrap();
    let (before, rest) = whole.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    golden::compare_text(path, &format!("{before}{BEGIN}\n{text}{END}{after}"));
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "**no**" }
}

fn number(found: &Found) -> String {
    if found.runs == 0 {
        return "no number".into();
    }
    if found.mean == 0.0 && found.p05 == 0.0 && found.p95 == 0.0 {
        return "0".into();
    }
    let short = |v: f64| {
        let size = v.abs();
        if size >= 1e5 || (size > 0.0 && size < 1e-3) {
            format!("{v:.2e}")
        } else {
            format!("{v:.3}")
        }
    };
    format!(
        "{} ({} to {}), above 0 in {:.2}",
        short(found.mean),
        short(found.p05),
        short(found.p95),
        found.above
    )
}

fn words(expect: Expect) -> String {
    match expect {
        Expect::Plus => "+".into(),
        Expect::Minus => "-".into(),
        Expect::Zero => "=0".into(),
        Expect::Small => "0".into(),
        Expect::Within(b) => format!("within {b}"),
        Expect::NotMore => "never +".into(),
        Expect::NotLess => "never -".into(),
        Expect::AtLeast(b) => format!("mean >= {b}"),
        Expect::AtMost(b) => format!("mean <= {b}"),
        Expect::Share(s) => format!("+ in {:.0} % of runs", 100.0 * s),
        Expect::RatioAtLeast(b) => format!(">= {:.0} % of baseline", 100.0 * b),
        Expect::RatioAtMost(b) => format!("<= {:.0} % of baseline", 100.0 * b),
        Expect::Every(low, high) if high >= 1e9 => format!("every run >= {low}"),
        Expect::Every(low, high) => format!("every run {low} to {high}"),
    }
}
