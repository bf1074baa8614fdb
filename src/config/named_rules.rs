//! Whether what a regime or an arm says of its rules acts: the calendar of a process stands still once it has begun.

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

/// Whether a rule is ever in force in a regime that names it, by its own dates: a rung needs no other place to name its rules.
///
/// # Errors
/// In words, for one that would bind when the process has begun.
pub fn acts(law: &Law, at: u16, regime: &Regime) -> Result<(), String> {
    let begins = regime.process.as_ref().map(|p| p.from.first_day());
    let mut ladder = regime.process.iter().flat_map(|p| &p.ladder);
    let on_rung = ladder.any(|rung| rung.rules.contains(&at));
    let early = |e: &DatedRule, day| {
        if on_rung {
            e.announced < day
        } else {
            e.compliance <= day
        }
    };
    let binds = |e: &DatedRule| e.rule == at && begins.is_none_or(|day| early(e, day));
    if regime.entries.iter().any(binds) {
        return Ok(());
    }
    let id = &law.rules[usize::from(at)].id;
    Err(if on_rung {
        format!(
            "`{id}` is on a rung and would be announced after the process begins, when its rungs alone move it; expected an earlier `announced` under [[change]], or no such rule"
        )
    } else {
        format!(
            "`{id}` would bind after the process begins, when the calendar stands still; expected an earlier `compliance` under [[change]], or a rung"
        )
    })
}

/// Rules that an arm takes out or dates anew and that it holds as the regime that it is made from does.
///
/// # Errors
/// For each such rule.
pub fn every_statement_acts(
    source: &Source,
    law: &Law,
    (remove, change): (&[Spanned<String>], &[ChangeFile]),
    before: &[DatedRule],
    regime: &Regime,
) -> Result<(), Problems> {
    let is_as_before = |name: &&Spanned<String>| {
        let at = law.find(name.get_ref());
        let of = |entries: &[DatedRule]| -> Vec<DatedRule> {
            let own = entries.iter().filter(|e| Some(e.rule) == at);
            own.cloned().collect()
        };
        of(before) == of(&regime.entries)
    };
    let mut problems = Problems::default();
    let mut wrong = |name: &Spanned<String>, message: String| {
        problems
            .0
            .push(Diagnostic::at(source, name.span(), message));
    };
    let changed = change.iter().map(|change| &change.rule);
    for name in changed.filter(is_as_before) {
        let id = name.get_ref();
        wrong(
            name,
            format!("the change of `{id}` says what it has without it, expected other days"),
        );
    }
    for name in remove.iter().filter(is_as_before) {
        let id = name.get_ref();
        wrong(
            name,
            format!(
                "`{id}` is taken out, and `{}` holds it all the same as before; expected a rule that it can do without, or other dates under `change`",
                regime.name
            ),
        );
    }
    problems.check()
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
