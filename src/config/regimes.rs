//! Regimes read from files and composed by arms: dated sets of rules.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use super::dates::{RuleDateOrder, YEARS, implausible, plausible_month};
use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::law::{ChangeFile, EndDate, LegalStatus, NeverKeyword, RegimeFile, RuleSelection};
use super::named_rules::{every_change_acts, every_named_rule_acts, every_statement_acts};
use super::source::{Configs, Source};
use crate::controls::{DatedRule, Law, PolicyProcess, Regime, Rule};
use crate::foundation::calendar::{Date, Month};

/// Reads a regime by name: shipped, `frozen-YYYY-MM`, or a file.
///
/// # Errors
/// For names of rules that do not exist, and for rules without the dates that a regime needs.
pub fn read_regime(configs: &Configs, law: &Law, name: &str) -> Result<Regime, Problems> {
    if let Some(month) = name.strip_prefix("frozen-") {
        let source = configs.find("history", "regimes")?;
        let month: Month = month.parse().map_err(|e: String| {
            let named = Source {
                name: name.to_string(),
                text: name.to_string(),
            };
            Problems::from(Diagnostic::at(&named, 7..name.len(), e))
        })?;
        plausible_month(month).map_err(|message| {
            let named = Source {
                name: name.to_string(),
                text: name.to_string(),
            };
            Problems::from(Diagnostic::at(&named, 7..name.len(), message))
        })?;
        let mut regime = regime_from(&source, law)?;
        let last = month.last_day();
        regime.entries.retain(|e| is_law_on(e, last));
        for entry in &mut regime.entries {
            end_by(entry, last);
        }
        regime.name = name.to_string();
        regime.label = format!("Actual rules to {month}");
        regime.words = format!("The recorded rules to {month}, nothing new after.");
        return Ok(regime);
    }
    let source = configs.find(name, "regimes")?;
    let regime = regime_from(&source, law)?;
    // An arm is called by the name in its file, and is asked for by that of the file.
    let stem = Path::new(&source.name).file_stem().unwrap_or_default();
    if *stem != *regime.name {
        let message = format!(
            "found `{}`, expected `{}` as the file is called",
            regime.name,
            stem.to_string_lossy()
        );
        return Err(Diagnostic::at_field(&source, "name", message).into());
    }
    Ok(regime)
}

/// Whether a rule was in force or published on a day. What was only reported by then was not law yet.
fn is_law_on(entry: &DatedRule, day: Date) -> bool {
    entry.text.min(entry.compliance) <= day
}

/// Takes away an end that comes after a day.
fn end_by(entry: &mut DatedRule, day: Date) {
    entry.ended = entry.ended.filter(|ended| *ended <= day);
}

/// Reads a regime from a file.
///
/// # Errors
/// As [`read_regime`].
pub fn regime_from(source: &Source, law: &Law) -> Result<Regime, Problems> {
    let file: RegimeFile = read_toml(source)?;
    let mut problems = Problems::default();
    choice_faults(&file, source, law, &mut problems);
    let chosen = chosen_rules(&file, source, law, &mut problems);
    let mut entries = chosen_entries(&file, source, law, &chosen, &mut problems);
    let process = file
        .process
        .as_ref()
        .and_then(|p| p.read(source, law, &mut problems));
    if let Some(process) = &process {
        every_change_acts(source, &file.change, process, &mut problems);
        every_exclusion_acts(source, law, &file.exclude, process, &mut problems);
    }
    problems.check()?;
    if let (Some(written), Some(process)) = (&file.process, &process) {
        process.freeze(&mut entries);
        written.every_rung_acts(source, law, process, &entries)?;
    }
    let regime = Regime {
        name: file.name.into_inner(),
        label: file.label,
        words: file.description,
        entries,
        process,
    };
    every_named_rule_acts(source, law, &file.include, &regime)?;
    Ok(regime)
}

/// What is wrong with how rules are chosen: fields that have no effect, an implausible day, an unknown issuer.
fn choice_faults(file: &RegimeFile, source: &Source, law: &Law, problems: &mut Problems) {
    if file.select.is_none() {
        let asked = [
            file.issuers.as_ref().map(|list| {
                let first = list.first().map_or(0..1, Spanned::span);
                ("issuers", first)
            }),
            file.as_of.as_ref().map(|d| ("as_of", d.span())),
            file.exclude.first().map(|name| ("exclude", name.span())),
        ];
        for (field, span) in asked.into_iter().flatten() {
            let message = format!(
                "`{field}` chooses among selected rules, expected `select = \"enforced\"` beside it"
            );
            problems.0.push(Diagnostic::at(source, span, message));
        }
    }
    if let Some(day) = &file.as_of
        && !YEARS.contains(&day.get_ref().0.year())
    {
        let message = implausible(&day.get_ref().0.to_string());
        problems.0.push(Diagnostic::at(source, day.span(), message));
    }
    let mut issuers: Vec<&str> = law.rules.iter().map(|r| r.issuer.as_str()).collect();
    issuers.sort_unstable();
    issuers.dedup();
    for issuer in file.issuers.iter().flatten() {
        if !issuers.contains(&issuer.get_ref().as_str()) {
            let message = format!(
                "found `{}`, expected an issuer of rules: {}",
                issuer.get_ref(),
                issuers.join(", ")
            );
            let problem = Diagnostic::at(source, issuer.span(), message);
            problems.0.push(problem.nearest(issuer.get_ref(), &issuers));
        }
    }
}

/// The rule of this name, or the error that there is none.
fn find_rule(
    name: &Spanned<String>,
    source: &Source,
    law: &Law,
    problems: &mut Problems,
) -> Option<u16> {
    let at = law.find(name.get_ref());
    if at.is_none() {
        let ids: Vec<&str> = law.rules.iter().map(|r| r.id.as_str()).collect();
        let message = format!("found `{}`, expected the id of a rule", name.get_ref());
        let problem = Diagnostic::at(source, name.span(), message);
        problems.0.push(problem.nearest(name.get_ref(), &ids));
    }
    at
}

/// The rules of a regime in their order: those selected but for those excluded, and those included.
fn chosen_rules(
    file: &RegimeFile,
    source: &Source,
    law: &Law,
    problems: &mut Problems,
) -> Vec<u16> {
    let mut chosen: Vec<u16> = Vec::new();
    if file.select == Some(RuleSelection::Enforced) {
        chosen = enforced_rules(file, law);
        if chosen.is_empty() && problems.0.is_empty() {
            let message = "selects no rule, expected other `issuers` or a later `as_of`";
            let problem = Diagnostic::at_field(source, "select", message);
            problems.0.push(problem);
        }
        for name in &file.exclude {
            let Some(at) = find_rule(name, source, law, problems) else {
                continue;
            };
            let before = chosen.len();
            chosen.retain(|other| *other != at);
            if chosen.len() == before {
                let message = format!(
                    "found `{}`, expected a rule that is selected, once",
                    name.get_ref()
                );
                let problem = Diagnostic::at(source, name.span(), message);
                problems.0.push(problem);
            }
        }
    }
    for name in &file.include {
        let Some(at) = find_rule(name, source, law, problems) else {
            continue;
        };
        if chosen.contains(&at) {
            let message = format!("`{}` is in this regime already", name.get_ref());
            let problem = Diagnostic::at(source, name.span(), message);
            problems.0.push(problem);
        } else {
            chosen.push(at);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Rules that are enforced law of the issuers asked for, on the day asked for.
fn enforced_rules(file: &RegimeFile, law: &Law) -> Vec<u16> {
    let as_of = file.as_of.as_ref().map(|day| day.get_ref().0);
    let mut found = Vec::new();
    for (at, rule) in law.rules.iter().enumerate() {
        let issuer = file
            .issuers
            .as_ref()
            .is_none_or(|list| list.iter().any(|i| *i.get_ref() == rule.issuer));
        let known = as_of
            .is_none_or(|day| own_entry(law, at as u16).is_ok_and(|entry| is_law_on(&entry, day)));
        if rule.status == LegalStatus::Law.name() && rule.enforced && issuer && known {
            found.push(at as u16);
        }
    }
    found
}

/// The entries of the chosen rules, with the changes of the file.
fn chosen_entries(
    file: &RegimeFile,
    source: &Source,
    law: &Law,
    chosen: &[u16],
    problems: &mut Problems,
) -> Vec<DatedRule> {
    let as_of = file.as_of.as_ref().map(|day| day.get_ref().0);
    let changes = changes_by_rule(source, law, &file.change, problems);
    for change in &file.change {
        let at = law.find(change.rule.get_ref());
        if at.is_some_and(|at| !chosen.contains(&at)) {
            let message = format!(
                "found `{}`, expected a rule that this regime selects or includes",
                change.rule.get_ref()
            );
            let problem = Diagnostic::at(source, change.rule.span(), message);
            problems.0.push(problem);
        }
    }
    let mut entries = Vec::with_capacity(chosen.len());
    for &at in chosen {
        let change = changes.get(&at).copied();
        match entry(law, at, change) {
            Ok(mut found) => {
                let id = &law.rules[usize::from(at)].id;
                let selected = !file.include.iter().any(|name| name.get_ref() == id);
                let dated = change.is_some_and(|c| c.ended.is_some());
                if let (Some(found), Some(day), true) = (&mut found, as_of, selected && !dated) {
                    end_by(found, day);
                }
                if let Some(change) = change {
                    // What the regime would hold without the change.
                    let mut own = own_entry(law, at).ok();
                    if let (Some(own), Some(day), true) = (&mut own, as_of, selected) {
                        end_by(own, day);
                    }
                    if found == own {
                        let message = format!(
                            "the change of `{id}` says what it has without it, expected other days"
                        );
                        let problem = Diagnostic::at(source, change.rule.span(), message);
                        problems.0.push(problem);
                    }
                }
                entries.extend(found);
            }
            Err(message) => {
                let id = &law.rules[usize::from(at)].id;
                problems.0.push(match change {
                    Some(change) => Diagnostic::at(source, change.rule.span(), message),
                    None => Diagnostic::at_text(source, 0, id, message),
                });
            }
        }
    }
    entries
}

/// Changes by the rule that they change, each checked by itself; a rule has one at most.
fn changes_by_rule<'a>(
    source: &Source,
    law: &Law,
    changes: &'a [ChangeFile],
    problems: &mut Problems,
) -> HashMap<u16, &'a ChangeFile> {
    let ids: Vec<&str> = law.rules.iter().map(|r| r.id.as_str()).collect();
    let mut found = HashMap::new();
    for change in changes {
        let id = change.rule.get_ref();
        let span = change.rule.span();
        let Some(at) = law.find(id) else {
            let message = format!("found `{id}`, expected the id of a rule");
            problems
                .0
                .push(Diagnostic::at(source, span, message).nearest(id, &ids));
            continue;
        };
        let mut wrong = |span: Range<usize>, message: String| {
            problems.0.push(Diagnostic::at(source, span, message));
        };
        let dated = change.announced.is_some()
            || change.compliance.is_some()
            || change.ended.is_some()
            || change.early.is_some();
        match &change.enforced {
            Some(enforced) if *enforced.get_ref() => wrong(
                enforced.span(),
                format!(
                    "found `enforced = true`, expected none: every rule that is held here is in force, `{id}` too"
                ),
            ),
            Some(enforced) if dated => wrong(
                enforced.span(),
                format!("`{id}` is taken out, expected no other dates for it"),
            ),
            None if !dated => wrong(
                span.clone(),
                format!(
                    "the change of `{id}` says nothing, expected `announced`, `compliance`, `ended`, `early` or `enforced`"
                ),
            ),
            _ => {}
        }
        if found.insert(at, change).is_some() {
            wrong(
                span,
                format!("a second change of `{id}`, expected one that says it all"),
            );
        }
    }
    found
}

/// A rule with its own dates or those of a change; none where the change takes it out of force.
fn entry(law: &Law, at: u16, change: Option<&ChangeFile>) -> Result<Option<DatedRule>, String> {
    let rule = &law.rules[usize::from(at)];
    if change.is_some_and(ChangeFile::takes_out) {
        return Ok(None);
    }
    let (Some(announced), Some(compliance)) = (
        change
            .and_then(|c| c.announced.map(|d| d.0))
            .or(rule.announced),
        change
            .and_then(|c| c.compliance.map(|d| d.0))
            .or(rule.compliance),
    ) else {
        return Err(format!(
            "`{}` has no dates; give `announced` and `compliance` under `change`",
            rule.id
        ));
    };
    let own = DatedRule {
        rule: at,
        announced,
        text: announced,
        compliance,
        ended: rule.ended,
        early: rule.early.clone(),
    };
    redated(rule, own, change).map(Some)
}

/// An entry of a rule with the dates of a change, in order.
fn redated(rule: &Rule, own: DatedRule, change: Option<&ChangeFile>) -> Result<DatedRule, String> {
    let announced = change.and_then(|c| c.announced.map(|d| d.0));
    let compliance = change.and_then(|c| c.compliance.map(|d| d.0));
    let end = change.and_then(|c| c.ended.as_ref());
    // A rule that was dropped before it bound may be added as it was; other dates have to make it bind.
    let binds = compliance.is_some() || end.is_some();
    let mut entry = DatedRule {
        announced: announced.unwrap_or(own.announced),
        compliance: compliance.unwrap_or(own.compliance),
        ended: match end {
            Some(EndDate::Word(NeverKeyword::Never)) => None,
            Some(EndDate::On(day)) => Some(day.0),
            None => own.ended,
        },
        ..own
    };
    if change.is_some_and(|c| c.early.is_some()) {
        entry.early.clear();
    }
    let dates = RuleDateOrder {
        announced: Some(entry.announced),
        leaked: None,
        published: None,
        compliance: Some(entry.compliance),
        ended: entry.ended,
        early: entry.early.iter().map(|e| e.on).collect(),
        binds,
        recorded: announced.is_none() && compliance.is_none(),
    };
    if let Some((field, message)) = dates.out_of_order() {
        let hint = if field == "early" {
            "; expected `early = \"none\"`, or dates around that day"
        } else {
            ""
        };
        return Err(format!("`{}` {message}{hint}", rule.id));
    }
    // Those whom a recorded letter bound knew of it before others heard of it.
    entry.announced = entry.announced.min(entry.compliance);
    entry.text = rule.text_from(entry.announced);
    Ok(entry)
}

/// A rule with its own dates, as a regime takes it up.
///
/// # Errors
/// In words, for a rule without dates.
pub fn own_entry(law: &Law, at: u16) -> Result<DatedRule, String> {
    match entry(law, at, None)? {
        Some(entry) => Ok(entry),
        None => Err("a rule that is taken out".into()),
    }
}

/// Rules that are kept out of a regime that would not hold them either: they come when the process has begun.
fn every_exclusion_acts(
    source: &Source,
    law: &Law,
    names: &[Spanned<String>],
    process: &PolicyProcess,
    problems: &mut Problems,
) {
    let begins = process.from.first_day();
    for id in names {
        let own = law
            .find(id.get_ref())
            .and_then(|at| own_entry(law, at).ok());
        if own.is_some_and(|e| e.announced >= begins && e.compliance > begins) {
            let message = format!(
                "`{}` would bind after the process begins on {begins}, when the calendar stands still, and is left out without it; expected a rule that comes before",
                id.get_ref()
            );
            problems.0.push(Diagnostic::at(source, id.span(), message));
        }
    }
}

/// A regime with rules added, taken out, and dated anew.
///
/// # Errors
/// For names of rules that do not exist or are not in the regime, for rules that it holds already, and for rules without
/// dates or with dates out of order.
pub fn compose(
    source: &Source,
    law: &Law,
    base: Regime,
    add: &[Spanned<String>],
    remove: &[Spanned<String>],
    change: &[ChangeFile],
) -> Result<Regime, Problems> {
    let before = base.entries.clone();
    let mut regime = base;
    let mut problems = Problems::default();
    let all: Vec<&str> = law.rules.iter().map(|r| r.id.as_str()).collect();
    let wrong = |name: &Spanned<String>, expected: String, known: &[&str]| {
        let message = format!("found `{}`, expected {expected}", name.get_ref());
        Diagnostic::at(source, name.span(), message).nearest(name.get_ref(), known)
    };
    let changes = changes_by_rule(source, law, change, &mut problems);
    for name in remove {
        let at = law.find(name.get_ref());
        let before = regime.entries.len();
        regime.entries.retain(|e| Some(e.rule) != at);
        if regime.entries.len() == before {
            let held: Vec<&str> = regime
                .entries
                .iter()
                .map(|e| all[usize::from(e.rule)])
                .collect();
            let expected = format!("the id of a rule that `{}` holds", regime.name);
            problems.0.push(wrong(name, expected, &held));
        }
    }
    let mut added = Vec::with_capacity(add.len());
    for name in add {
        let Some(at) = law.find(name.get_ref()) else {
            problems
                .0
                .push(wrong(name, "the id of a rule".into(), &all));
            continue;
        };
        if regime.entries.iter().any(|e| e.rule == at) {
            let expected = format!(
                "a rule that `{}` does not hold already; other dates go under `change`",
                regime.name
            );
            problems.0.push(wrong(name, expected, &[]));
            continue;
        }
        let change = changes.get(&at).copied();
        match entry(law, at, change) {
            Ok(Some(new)) if change.is_some() && own_entry(law, at).as_ref() == Ok(&new) => {
                let message = format!(
                    "the change of `{}` says what it has without it, expected other days",
                    name.get_ref()
                );
                let at = change.map_or(name.span(), |c| c.rule.span());
                problems.0.push(Diagnostic::at(source, at, message));
            }
            Ok(new) => {
                added.push(at);
                regime.entries.extend(new);
            }
            Err(message) => problems
                .0
                .push(Diagnostic::at(source, name.span(), message)),
        }
    }
    for one in change {
        let Some(at) = law.find(one.rule.get_ref()) else {
            continue;
        };
        let Some(place) = regime.entries.iter().position(|e| e.rule == at) else {
            // What could not be added has been told.
            if !add.iter().any(|name| name.get_ref() == one.rule.get_ref()) {
                let expected = "the id of a rule that this arm holds".into();
                problems.0.push(wrong(&one.rule, expected, &all));
            } else if one.takes_out() {
                let expected = "a rule that this arm does not add".into();
                problems.0.push(wrong(&one.rule, expected, &[]));
            }
            continue;
        };
        if added.contains(&at) {
            continue;
        }
        if one.takes_out() {
            regime.entries.remove(place);
            continue;
        }
        let rule = &law.rules[usize::from(at)];
        match redated(rule, regime.entries[place].clone(), Some(one)) {
            Ok(entry) => regime.entries[place] = entry,
            Err(message) => problems
                .0
                .push(Diagnostic::at(source, one.rule.span(), message)),
        }
    }
    if let Some(process) = &regime.process {
        every_change_acts(source, change, process, &mut problems);
    }
    problems.check()?;
    if let Some(process) = &regime.process {
        process.freeze(&mut regime.entries);
    }
    every_named_rule_acts(source, law, add, &regime)?;
    every_statement_acts(source, law, (remove, change), &before, &regime)?;
    regime.entries.sort_by_key(|e| e.rule);
    Ok(regime)
}
