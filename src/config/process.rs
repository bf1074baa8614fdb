//! Reads the `[process]` table of a regime file, which states what changes its rules in a run.

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::dates::plausible_month;
use super::diagnostics::{Diagnostic, Problems};
use super::law::{ChangeFile, EndDate, TomlDate};
use super::source::Source;
use crate::controls::{DatedRule, Law, PolicyProcess, PolicyStep, Regime};
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
    }
}

/// Rules that a user names, each of which has to be in force at some time: one that would bind only when the process of the
/// regime has begun never is.
///
/// # Errors
/// For each such rule.
pub fn every_named_rule_acts(
    source: &Source,
    law: &Law,
    names: &[Spanned<String>],
    regime: &Regime,
) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for id in names {
        let acts = law
            .find(id.get_ref())
            .map_or(Ok(()), |at| acts(law, at, regime));
        if let Err(message) = acts {
            problems.0.push(Diagnostic::at(source, id.span(), message));
        }
    }
    problems.check()
}

/// Whether a rule is ever in force in a regime that names it.
///
/// # Errors
/// In words, for one that would bind when the process has begun.
pub fn acts(law: &Law, at: u16, regime: &Regime) -> Result<(), String> {
    let begins = regime.process.as_ref().map(|p| p.from.first_day());
    let binds = |e: &DatedRule| e.rule == at && begins.is_none_or(|day| e.compliance <= day);
    let mut ladder = regime.process.iter().flat_map(|p| &p.ladder);
    if regime.entries.iter().any(binds) || ladder.any(|rung| rung.rules.contains(&at)) {
        return Ok(());
    }
    Err(format!(
        "`{}` would bind after the process begins, when the calendar stands still; expected an earlier `compliance` under [[change]], or a rung",
        law.rules[usize::from(at)].id
    ))
}

/// Changes whose days come when the process has begun: the calendar stands still then, and they would be dropped.
pub fn every_change_acts(
    source: &Source,
    changes: &[ChangeFile],
    process: &PolicyProcess,
    problems: &mut Problems,
) {
    let begins = process.from.first_day();
    for change in changes {
        let day = |found: Option<TomlDate>| found.map(|day| day.0);
        let bound = day(change.announced).max(day(change.compliance));
        let ended = match &change.ended {
            Some(EndDate::On(day)) => Some(day.0),
            _ => None,
        };
        let id = change.rule.get_ref();
        let message = if let Some(day) = bound.filter(|day| *day > begins) {
            format!(
                "`{id}` is dated {day} and would bind after the process begins on {begins}, when the calendar stands still; expected an earlier day, or a rung"
            )
        } else if let Some(day) = ended.filter(|day| *day >= begins) {
            format!(
                "`{id}` is dated to end on {day}, when the process has begun on {begins} and the calendar stands still; expected an earlier day, or a rung"
            )
        } else {
            continue;
        };
        problems
            .0
            .push(Diagnostic::at(source, change.rule.span(), message));
    }
}
