//! Reads the `[process]` table of a regime file, which states what changes its rules in a run.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::dates::plausible_month;
use super::diagnostics::{Diagnostic, Problems};
use super::source::Source;
use crate::controls::{DatedRule, Instrument, Law, PolicyProcess, PolicyStep, Regime};
use crate::foundation::calendar::Month;

/// A process: from a month on, rules move along a ladder.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessFile {
    pub kind: ProcessKind,
    /// The first month that it governs. What is in force then and on no rung stays for ever.
    #[schemars(with = "String")]
    pub from: Spanned<Month>,
    /// The rung that it begins on.
    #[schemars(with = "String")]
    pub start: Spanned<String>,
    /// Months in which a new administration takes office, in order.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub administrations: Vec<Spanned<Month>>,
    /// From loose to strict.
    pub ladder: Vec<RungFile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProcessKind {
    /// Chance and administrations.
    Stochastic,
    /// Those, and the gap, variants and lost revenue.
    Reactive,
}

/// One rung of a ladder.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RungFile {
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Rules in force on it, beside those on no rung.
    #[schemars(with = "Vec<String>")]
    pub rules: Vec<Spanned<String>>,
}

impl ProcessFile {
    /// The process, names resolved; every problem is noted.
    pub fn read(
        &self,
        source: &Source,
        law: &Law,
        problems: &mut Problems,
    ) -> Option<PolicyProcess> {
        self.months_in_order(source, problems);
        let ids: Vec<&str> = law.rules.iter().map(|r| r.id.as_str()).collect();
        let names: Vec<&str> = self
            .ladder
            .iter()
            .map(|r| r.name.get_ref().as_str())
            .collect();
        let mut wrong = |at: &Spanned<String>, message: String, candidates: &[&str]| {
            let problem = Diagnostic::at(source, at.span(), message);
            problems.0.push(problem.nearest(at.get_ref(), candidates));
        };
        let mut ladder = Vec::with_capacity(self.ladder.len());
        for (at, rung) in self.ladder.iter().enumerate() {
            let name = rung.name.get_ref();
            if names[..at].contains(&name.as_str()) {
                wrong(
                    &rung.name,
                    format!("found `{name}` twice, expected a name for each rung"),
                    &[],
                );
            }
            if name.trim().is_empty() {
                wrong(
                    &rung.name,
                    "found no name, expected one for each rung".into(),
                    &[],
                );
            }
            let mut rules = Vec::with_capacity(rung.rules.len());
            for id in &rung.rules {
                match law.find(id.get_ref()) {
                    Some(rule) if rules.contains(&rule) => {
                        let message = format!("`{}` is on this rung twice", id.get_ref());
                        wrong(id, message, &[]);
                    }
                    Some(rule) => rules.push(rule),
                    None => {
                        let message =
                            format!("found `{}`, expected the id of a rule", id.get_ref());
                        wrong(id, message, &ids);
                    }
                }
            }
            ladder.push(PolicyStep {
                name: name.clone(),
                rules,
            });
        }
        let start = names.iter().position(|n| n == self.start.get_ref());
        if start.is_none() || ladder.len() < 2 {
            let message = format!(
                "found `{}`, expected one of the ladder's rungs, two or more",
                self.start.get_ref()
            );
            wrong(&self.start, message, &names);
        }
        Some(PolicyProcess {
            reactive: self.kind == ProcessKind::Reactive,
            from: *self.from.get_ref(),
            ladder,
            start: start?,
            administrations: self.administrations.iter().map(|m| *m.get_ref()).collect(),
        })
    }

    fn months_in_order(&self, source: &Source, problems: &mut Problems) {
        let mut before: Option<Month> = None;
        let mut check = |month: &Spanned<Month>, before: Option<Month>| {
            let now = *month.get_ref();
            let found = plausible_month(now).and_then(|()| match before {
                Some(last) if now <= last => {
                    Err(format!("found {now} after {last}, expected a later month"))
                }
                _ => Ok(()),
            });
            if let Err(message) = found {
                problems
                    .0
                    .push(Diagnostic::at(source, month.span(), message));
            }
        };
        check(&self.from, None);
        for month in &self.administrations {
            check(month, before);
            before = Some(*month.get_ref());
        }
        let from = *self.from.get_ref();
        for month in &self.administrations {
            if *month.get_ref() <= from.plus(-12) {
                let message = format!(
                    "found {}, expected a month from {} on: the first year of an administration passes before the process begins in {from}",
                    month.get_ref(),
                    from.plus(-11)
                );
                problems
                    .0
                    .push(Diagnostic::at(source, month.span(), message));
            }
        }
    }

    /// Whether every rung, and every rule on it, changes what is in force from the first day of the process on.
    ///
    /// # Errors
    /// For rungs with the rules of another, rules that another supersedes, rescissions of nothing, and rules that no step moves.
    pub fn every_rung_acts(
        &self,
        source: &Source,
        law: &Law,
        process: &PolicyProcess,
        calendar: &[DatedRule],
    ) -> Result<(), Problems> {
        let day = process.from.first_day();
        let mut problems = Problems::default();
        let mut wrong = |at: &Spanned<String>, message: String| {
            problems.0.push(Diagnostic::at(source, at.span(), message));
        };
        let mut in_force: Vec<BTreeSet<u16>> = Vec::with_capacity(self.ladder.len());
        for (at, rung) in self.ladder.iter().enumerate() {
            let regime = Regime {
                entries: process.rules_on_rung(calendar, at, at),
                ..Regime::default()
            };
            let there: BTreeSet<u16> = regime.rules_in_force(law, day).rules().collect();
            let name = rung.name.get_ref();
            for (id, &rule) in rung.rules.iter().zip(&process.ladder[at].rules) {
                let supersedes = |other: u16| &law.rules[usize::from(other)].supersedes;
                if !there.contains(&rule) {
                    let by = there
                        .iter()
                        .find(|other| supersedes(**other).contains(&rule));
                    let by = by.map_or("another rule", |by| &law.rules[usize::from(*by)].id);
                    let message = format!(
                        "`{}` is never in force on the rung `{name}`, where `{by}` supersedes it; expected one of them",
                        id.get_ref()
                    );
                    wrong(id, message);
                } else if law.rules[usize::from(rule)].instrument == Instrument::Rescission
                    && !regime
                        .rules()
                        .any(|other| supersedes(rule).contains(&other))
                {
                    let message = format!(
                        "`{}` ends no rule on the rung `{name}`, expected a rule that it supersedes beside it",
                        id.get_ref()
                    );
                    wrong(id, message);
                }
                let stays =
                    |e: &DatedRule| e.rule == rule && e.ended.is_none() && e.announced < day;
                let everywhere = process.ladder.iter().all(|rung| rung.rules.contains(&rule));
                if at == 0 && everywhere && calendar.iter().any(stays) {
                    let message = format!(
                        "`{}` is in force when the process begins and on every rung, so that no step moves it; expected it on none: it stays without it",
                        id.get_ref()
                    );
                    wrong(id, message);
                }
            }
            if let Some(other) = in_force.iter().position(|other| *other == there) {
                let message = format!(
                    "the rung `{name}` has the rules of `{}`, so that a step between them changes nothing; expected other rules",
                    process.ladder[other].name
                );
                wrong(&rung.name, message);
            }
            in_force.push(there);
        }
        problems.check()
    }
}
