//! Whether the rules that a regime with a process names are ever in force: its calendar stands still once the process has begun.

use toml::Spanned;

use super::diagnostics::{Diagnostic, Problems};
use super::law::{ChangeFile, EndDate, TomlDate};
use super::source::Source;
use crate::controls::{DatedRule, Law, PolicyProcess, Regime};

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
