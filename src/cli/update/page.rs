//! The page "which conclusions changed" and its tables.

use std::collections::BTreeMap;

use super::refit::PosteriorRow;
use super::sides::{
    BESIDE, BesideRow, CLAIMS, Conclusions, FUTURES, FutureEffectRow, VERSION, VersionRow,
};
use crate::cli::question::csv_table;
use crate::questions::conclusions::{ConclusionChange, ConclusionRow};
use crate::results::claims::ClaimRow;

/// Everything that the page says.
pub(super) struct UpdateAnswer {
    /// What the configuration is compared with.
    pub(super) against: String,
    /// Futures of each study, and runs in all.
    pub(super) runs: u32,
    pub(super) made: u64,
    pub(super) changed: Vec<String>,
    pub(super) posteriors: Vec<PosteriorRow>,
    /// Files of posteriors that were fitted anew, by path.
    pub(super) fitted: BTreeMap<String, String>,
    pub(super) rows: Vec<ConclusionRow>,
    pub(super) before: Conclusions,
    pub(super) after: Conclusions,
}

/// Rows of the page's table of headlines, at most; the rest is in `conclusions.csv`.
const SHOWN: usize = 60;

impl UpdateAnswer {
    fn count(&self, change: ConclusionChange) -> usize {
        let rows = self.rows.iter();
        rows.filter(|row| row.conclusion == change).count()
    }

    /// The whole page in a sentence.
    pub(super) fn sentence(&self) -> String {
        let parts: Vec<String> = ConclusionChange::ALL
            .into_iter()
            .map(|change| (self.count(change), change.words()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        let moved = self.verdicts().len();
        let claims = match self.after.claims.len() {
            0 => String::new(),
            all => format!(" Verdicts on {moved} of {all} claims changed."),
        };
        format!(
            "Of {} headline effects: {}.{claims}",
            self.rows.len(),
            if parts.is_empty() {
                "none".into()
            } else {
                parts.join(", ")
            }
        )
    }

    /// Claims whose verdict is another, with both rows; a claim of one side has one.
    fn verdicts(&self) -> Vec<(Option<&ClaimRow>, Option<&ClaimRow>)> {
        both(&self.before.claims, &self.after.claims, |c| &c.claim)
            .into_iter()
            .filter(|(old, new)| old.map(|c| &c.verdict) != new.map(|c| &c.verdict))
            .collect()
    }

    /// Published quantities that the model moved in or out of.
    fn crossings(&self) -> Vec<(Option<&BesideRow>, Option<&BesideRow>)> {
        both(&self.before.beside, &self.after.beside, |b| &b.quantity)
            .into_iter()
            .filter(|(old, new)| old.map(|b| &b.in_range) != new.map(|b| &b.in_range))
            .collect()
    }
}

/// Rows of two sides by their keys, in the order of the first side and then of what is new.
fn both<'a, T>(
    before: &'a [T],
    after: &'a [T],
    key: impl Fn(&T) -> &String,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let in_after = |old: &T| after.iter().find(|new| key(new) == key(old));
    let mut all: Vec<_> = before
        .iter()
        .map(|old| (Some(old), in_after(old)))
        .collect();
    let is_new = |new: &&T| !before.iter().any(|old| key(old) == key(new));
    all.extend(after.iter().filter(is_new).map(|new| (None, Some(new))));
    all
}

/// The page in Markdown.
pub(super) fn page(answer: &UpdateAnswer) -> String {
    let mut text = format!(
        "# Which conclusions changed\n\n{}\n\n\
         Compared with {}. {} futures of each study, the same draws before and after: a change is the mean over futures of the effect after less the effect \
         before, and a conclusion moves beyond Monte Carlo error where the change is more than two of its standard errors. \
         Effects are those of an arm against the baseline of its study.\n",
        answer.sentence(),
        answer.against,
        answer.runs,
    );
    text.push_str(&inputs(answer));
    text.push_str(&by_study(&answer.rows));
    text.push_str(&headlines(&answer.rows));
    text.push_str(&claims(answer));
    text.push_str(&beside(answer));
    text
}

/// Changed files and posteriors.
fn inputs(answer: &UpdateAnswer) -> String {
    let mut text = String::from("\n## What is new\n\n");
    for name in &answer.changed {
        text.push_str(&format!("- `{name}`\n"));
    }
    if answer.changed.is_empty() {
        text.push_str("- the program\n");
    }
    let stale: Vec<&PosteriorRow> = answer
        .posteriors
        .iter()
        .filter(|row| row.is_stale_now())
        .collect();
    if stale.is_empty() {
        text.push_str("\nThe change makes no posterior stale.\n");
        return text;
    }
    text.push_str("\nPosteriors that the change makes stale:\n\n| posterior | used by studies | why | fitted anew |\n|---|---|---|---|\n");
    for row in stale {
        text.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            row.posterior,
            yes(row.used),
            row.after,
            yes(row.refitted)
        ));
    }
    if !answer.fitted.is_empty() {
        text.push_str("\nSamples that were fitted anew are in `posterior`. A future takes another sample after than before, so changes have larger errors.\n");
    }
    text
}

const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// How many headlines of each study changed, and how.
fn by_study(rows: &[ConclusionRow]) -> String {
    let mut studies: BTreeMap<&str, BTreeMap<ConclusionChange, usize>> = BTreeMap::new();
    for row in rows {
        let study = studies.entry(&row.study).or_default();
        *study.entry(row.conclusion).or_default() += 1;
    }
    if studies.is_empty() {
        return String::new();
    }
    let head: Vec<&str> = ConclusionChange::ALL.iter().map(|c| c.words()).collect();
    let mut text = format!(
        "\n## Study by study\n\n| study | {} |\n|---|{}\n",
        head.join(" | "),
        "---|".repeat(head.len())
    );
    for (study, counts) in studies {
        let cells: Vec<String> = ConclusionChange::ALL
            .iter()
            .map(|c| counts.get(c).map_or(String::new(), usize::to_string))
            .collect();
        text.push_str(&format!("| {study} | {} |\n", cells.join(" | ")));
    }
    text
}

/// Every headline that is not the same, what turned first and the largest change in its errors next.
fn headlines(rows: &[ConclusionRow]) -> String {
    let mut moved: Vec<&ConclusionRow> = rows
        .iter()
        .filter(|row| row.conclusion != ConclusionChange::Same)
        .collect();
    if moved.is_empty() {
        return "\nEvery headline effect is the same number in every future.\n".into();
    }
    let errors = |row: &ConclusionRow| match (row.change, row.monte_carlo_error) {
        (Some(change), Some(error)) if error > 0.0 => change.abs() / error,
        (Some(change), _) if change != 0.0 => f64::INFINITY,
        _ => 0.0,
    };
    moved.sort_by(|a, b| {
        let by_kind = a.conclusion.cmp(&b.conclusion);
        by_kind.then_with(|| errors(b).total_cmp(&errors(a)))
    });
    let mut text = String::from(
        "\n## Headline by headline\n\n| study | arm | outcome | before: median (90 %) | after: median (90 %) | mean change (its error) | unit | |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in moved.iter().take(SHOWN) {
        let band = |p05, p50, p95| match (p05, p50, p95) {
            (Some(p05), Some(p50), Some(p95)) => {
                format!("{} ({} to {})", short(p50), short(p05), short(p95))
            }
            _ => "-".into(),
        };
        let change = match (row.change, row.monte_carlo_error) {
            (Some(change), Some(error)) => format!("{} ({})", short(change), short(error)),
            _ => "-".into(),
        };
        text.push_str(&format!(
            "| {} | {} | `{}` | {} | {} | {change} | {} | {} |\n",
            row.study,
            row.arm,
            row.outcome,
            band(row.before_p05, row.before_p50, row.before_p95),
            band(row.after_p05, row.after_p50, row.after_p95),
            row.unit,
            row.conclusion.words()
        ));
    }
    if moved.len() > SHOWN {
        let more = moved.len() - SHOWN;
        text.push_str(&format!("\n{more} more are in `conclusions.csv`.\n"));
    }
    text
}

/// Verdicts that changed.
fn claims(answer: &UpdateAnswer) -> String {
    if answer.after.claims.is_empty() && answer.before.claims.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n## Claims of the debate\n\n");
    let moved = answer.verdicts();
    if moved.is_empty() {
        let all = answer.after.claims.len();
        text.push_str(&format!(
            "The verdict on each of {all} claims is the same.\n"
        ));
        return text;
    }
    text.push_str("| claim | | before | after | effect before (90 %) | effect after (90 %) | unit |\n|---|---|---|---|---|---|---|\n");
    for (old, new) in moved {
        let Some(known) = new.or(old) else { continue };
        let verdict = |c: Option<&ClaimRow>| c.map_or("-".to_string(), |c| c.verdict.clone());
        let effect = |c: Option<&ClaimRow>| {
            c.map_or("-".to_string(), |c| {
                format!("{} ({} to {})", short(c.p50), short(c.p05), short(c.p95))
            })
        };
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            known.claim,
            known.title,
            verdict(old),
            verdict(new),
            effect(old),
            effect(new),
            known.unit
        ));
    }
    text
}

/// What moved in or out of the range of what others have published.
fn beside(answer: &UpdateAnswer) -> String {
    let held = |rows: &[BesideRow]| rows.iter().filter(|r| r.in_range == "yes").count();
    let (old, new) = (&answer.before.beside, &answer.after.beside);
    let mut text = format!(
        "\n## Beside others\n\nThe model's median lies in the range of {} of {} published quantities; before, of {} of {}.\n",
        held(new),
        new.len(),
        held(old),
        old.len()
    );
    let moved = answer.crossings();
    if moved.is_empty() {
        let differs = both(old, new, |b| &b.quantity);
        let differs = differs.iter().filter(|(a, b)| a != b).count();
        text.push_str(&format!(
            "Nothing moves in or out of range; the model's number differs for {differs}.\n"
        ));
        return text;
    }
    text.push_str("\n| quantity | range | model before (90 %) | model after (90 %) | unit | in range before | in range after |\n|---|---|---|---|---|---|---|\n");
    for (old, new) in moved {
        let Some(known) = new.or(old) else { continue };
        let model = |b: Option<&BesideRow>| {
            b.map_or("-".to_string(), |b| {
                format!("{} ({} to {})", short(b.median), short(b.p05), short(b.p95))
            })
        };
        let standing = |b: Option<&BesideRow>| b.map_or("-".to_string(), |b| b.in_range.clone());
        text.push_str(&format!(
            "| {} | {} to {} | {} | {} | {} | {} | {} |\n",
            known.description,
            short(known.low),
            short(known.high),
            model(old),
            model(new),
            known.unit,
            standing(old),
            standing(new)
        ));
    }
    text
}

/// Three digits.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        v if !v.is_finite() => "-".into(),
        v if !(1e-3..1e6).contains(&v) => format!("{value:.2e}"),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// Texts of the tables by the names of their files.
pub(super) fn tables(answer: &UpdateAnswer) -> Vec<(&'static str, String)> {
    let futures: Vec<FutureEffectRow> = answer
        .after
        .effects
        .iter()
        .flat_map(|e| {
            e.effects.iter().map(|(future, effect)| FutureEffectRow {
                study: e.study.clone(),
                arm: e.arm.clone(),
                baseline: e.baseline.clone(),
                outcome: e.outcome.clone(),
                future: *future,
                effect: *effect,
            })
        })
        .collect();
    let version = VersionRow {
        version: env!("CARGO_PKG_VERSION").into(),
        source: env!("CHOKEPOINT_SOURCE").into(),
        futures: answer.runs,
    };
    vec![
        ("conclusions.csv", csv_table(&answer.rows)),
        ("posteriors.csv", csv_table(&answer.posteriors)),
        (FUTURES, csv_table(&futures)),
        (CLAIMS, csv_table(&answer.after.claims)),
        (BESIDE, csv_table(&answer.after.beside)),
        (VERSION, csv_table(&[version])),
    ]
}
