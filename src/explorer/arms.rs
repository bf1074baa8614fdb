//! Arms in the making: rules on, off, dated anew and replaced by copies, as a study writes them.

use std::collections::BTreeSet;

use toml_edit::{Array, InlineTable, Value};

use super::question::{QuestionProblem, RuleEdit};
use super::rule_copies::{RuleCopies, day, not_a_day};
use crate::config::regimes::own_entry;
use crate::controls::{DatedRule, Regime};
use crate::foundation::calendar::Date;
use crate::study::Library;

/// One arm in the making.
pub struct ArmInProgress {
    /// Its name in the study.
    pub name: String,
    /// As the study writes it; nothing for a regime as it ships.
    pub table: Option<InlineTable>,
    pub regime: Regime,
    /// What the question changes in its rules, in words.
    pub changes: Vec<String>,
}

impl ArmInProgress {
    /// The table of the arm; one is made of a regime.
    pub fn table(&mut self, from: &str) -> &mut InlineTable {
        let regime = &self.regime;
        let name = &self.name;
        self.table.get_or_insert_with(|| {
            let mut table = InlineTable::new();
            table.insert("name", name.as_str().into());
            table.insert("from", from.into());
            table.insert("label", regime.label.as_str().into());
            table.insert("description", regime.words.as_str().into());
            table
        })
    }
}

/// A list of an arm, which is made where there is none.
pub fn list_of<'a>(table: &'a mut InlineTable, field: &str) -> Option<&'a mut Array> {
    let list = table.entry(field).or_insert_with(|| Array::new().into());
    list.as_array_mut()
}

/// Takes a word out of a list of an arm, and says whether it was there.
fn take_from(table: &mut InlineTable, field: &str, word: &str) -> bool {
    let Some(list) = table.get_mut(field).and_then(Value::as_array_mut) else {
        return false;
    };
    let before = list.len();
    list.retain(|value| value.as_str() != Some(word));
    let found = list.len() < before;
    if list.is_empty() {
        table.remove(field);
    }
    found
}

/// The change of a rule in an arm, taken out of its list.
fn take_change(table: &mut InlineTable, rule: &str) -> Option<InlineTable> {
    let list = table.get_mut("change").and_then(Value::as_array_mut)?;
    let is_it = |value: &Value| {
        let change = value.as_inline_table();
        change.is_some_and(|c| c.get("rule").and_then(Value::as_str) == Some(rule))
    };
    let at = list.iter().position(is_it)?;
    let found = list.remove(at);
    if list.is_empty() {
        table.remove("change");
    }
    found.as_inline_table().cloned()
}

/// Puts rules and days of an edit into an arm.
pub struct RuleEditor<'a> {
    pub library: &'a Library,
    pub copies: &'a RuleCopies,
    /// What the arm is made from, as the question names it.
    pub from: String,
    pub problems: Vec<QuestionProblem>,
}

impl RuleEditor<'_> {
    fn wrong(&mut self, rule: &str, field: &str, message: impl Into<String>) {
        let problem = QuestionProblem::at(format!("rules.{rule}.{field}"), message);
        self.problems.push(problem);
    }

    fn day(
        &mut self,
        rule: &str,
        field: &str,
        text: Option<&String>,
    ) -> Option<toml_edit::Datetime> {
        let text = text?;
        let found = day(text);
        if found.is_none() {
            self.problems
                .push(not_a_day(format!("rules.{rule}.{field}"), text));
        }
        found
    }

    pub fn apply(&mut self, arm: &mut ArmInProgress, edit: &RuleEdit) {
        let (id, law) = (&edit.name, &self.library.law);
        let Some(at) = law.find(id) else {
            let known: Vec<&str> = law.rules.iter().map(|r| r.id.as_str()).collect();
            let field = format!("rules.{id}.name");
            self.problems
                .push(QuestionProblem::word(field, id, "the id of a rule", &known));
            return;
        };
        let held = arm.regime.entries.iter().find(|e| e.rule == at).cloned();
        let from = self.from.clone();
        if edit.on == Some(false) {
            if held.is_some() {
                let table = arm.table(&from);
                take_change(table, id);
                if !take_from(table, "add", id)
                    && let Some(list) = list_of(table, "remove")
                {
                    list.push(id.as_str());
                }
                arm.changes.push(format!("{id} off"));
            }
            return;
        }
        if held.is_none() && edit.on.is_none() {
            self.wrong(
                id,
                "on",
                format!("the arm `{}` does not hold `{id}`, expected `on`", edit.arm),
            );
            return;
        }
        self.put(arm, edit, at, held);
    }

    /// Adds a rule, or dates one anew; a copy takes the place of a rule with other numbers.
    fn put(&mut self, arm: &mut ArmInProgress, edit: &RuleEdit, at: u16, held: Option<DatedRule>) {
        let (id, from) = (&edit.name, self.from.clone());
        let days = [
            (
                "announced",
                self.day(id, "announced", edit.announced.as_ref()),
            ),
            (
                "compliance",
                self.day(id, "in_force", edit.in_force.as_ref()),
            ),
        ];
        let never = edit.lapses.as_deref() == Some("never");
        let ended = if never {
            None
        } else {
            self.day(id, "lapses", edit.lapses.as_ref())
        };
        let copy = self
            .copies
            .named
            .get(id)
            .filter(|_| !edit.numbers.is_empty())
            .cloned();
        let rule = &self.library.law.rules[usize::from(at)];
        let dated = days.iter().any(|(_, day)| day.is_some()) || ended.is_some() || never;
        if held.is_some() && copy.is_none() && !dated {
            return;
        }
        let table = arm.table(&from);
        let name = copy.as_deref().unwrap_or(id);
        let mut change = change_of(name, take_change(table, id));
        if copy.is_some() {
            in_place_of(table, id, name, held.is_some());
            dates_of(&mut change, held.as_ref());
        } else if held.is_none() && take_from(table, "remove", id) {
            dates_of(&mut change, own_entry(&self.library.law, at).ok().as_ref());
        } else if held.is_none()
            && let Some(list) = list_of(table, "add")
        {
            list.push(name);
        }
        for (field, day) in days {
            if let Some(day) = day {
                change.insert(field, day.into());
            }
        }
        if let Some(day) = ended {
            change.insert("ended", day.into());
        } else if never {
            change.insert("ended", "never".into());
        }
        // Firms that were told first were told on days around the shipped ones.
        if dated && !rule.early.is_empty() {
            change.insert("early", "none".into());
        }
        self.write_change(table, change, at, copy.is_some());
        arm.changes.push(in_words(edit, held.is_some()));
    }

    /// Writes the change of a rule, or of its copy, unless it says what the rule has without it.
    fn write_change(&self, table: &mut InlineTable, change: InlineTable, at: u16, copied: bool) {
        let from = table.get("from").and_then(Value::as_str);
        let base = from.filter(|_| !copied);
        let base = base.and_then(|name| self.library.regime(name).ok());
        let held = base.and_then(|base| base.entries.into_iter().find(|e| e.rule == at));
        let own = held.or_else(|| own_entry(&self.library.law, at).ok());
        if !own.is_some_and(|own| says_nothing_new(&change, &own))
            && let Some(list) = list_of(table, "change")
        {
            list.push(Value::InlineTable(change));
        }
    }

    /// Copies of rules of the arm that speak of a rule with other numbers.
    pub fn followers(&mut self, arm: &mut ArmInProgress, edited: &BTreeSet<&str>) {
        let from = self.from.clone();
        for (id, name) in &self.copies.named {
            let at = self.library.law.find(id);
            let held = arm
                .regime
                .entries
                .iter()
                .find(|e| Some(e.rule) == at)
                .cloned();
            if edited.contains(id.as_str()) || held.is_none() {
                continue;
            }
            let table = arm.table(&from);
            let mut change = change_of(name, take_change(table, id));
            in_place_of(table, id, name, true);
            dates_of(&mut change, held.as_ref());
            if let Some(at) = at {
                self.write_change(table, change, at, true);
            }
        }
    }
}

/// An edit of a rule, for the description of its arm.
fn in_words(edit: &RuleEdit, held: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !held {
        parts.push("on".into());
    }
    let days = [
        ("announced", &edit.announced),
        ("in force", &edit.in_force),
        ("lapses", &edit.lapses),
    ];
    parts.extend(
        days.iter()
            .filter_map(|(word, day)| Some(format!("{word} {}", day.as_ref()?))),
    );
    parts.extend(
        edit.numbers
            .iter()
            .map(|(name, value)| format!("{name} {value}")),
    );
    format!("{} {}", edit.name, parts.join(", "))
}

/// The change of a rule, which keeps what the arm said of the rule that it stands for.
fn change_of(rule: &str, before: Option<InlineTable>) -> InlineTable {
    let mut change = InlineTable::new();
    change.insert("rule", rule.into());
    for (field, value) in before.iter().flat_map(InlineTable::iter) {
        if field != "rule" {
            change.insert(field, value.clone());
        }
    }
    change
}

/// A copy of a rule in the place of the rule.
fn in_place_of(table: &mut InlineTable, id: &str, copy: &str, held: bool) {
    if !take_from(table, "add", id)
        && held
        && let Some(list) = list_of(table, "remove")
    {
        list.push(id);
    }
    if let Some(list) = list_of(table, "add") {
        list.push(copy);
    }
}

/// Whether a change of a rule gives it the days that it has.
fn says_nothing_new(change: &InlineTable, own: &DatedRule) -> bool {
    let same = |field: &str, day: Option<Date>| {
        change.get(field).is_none_or(|said| {
            let said = said.as_datetime().map(ToString::to_string);
            said == day.map(|day| day.to_string())
        })
    };
    same("announced", Some(own.announced))
        && same("compliance", Some(own.compliance))
        && same("ended", own.ended)
        && (change.get("early").is_none() || own.early.is_empty())
}

/// The days on which the arm holds a rule, for its copy.
fn dates_of(change: &mut InlineTable, held: Option<&DatedRule>) {
    let Some(held) = held else {
        return;
    };
    let parse = |date: Date| day(&date.to_string());
    for (field, date) in [
        ("announced", held.announced),
        ("compliance", held.compliance),
    ] {
        if let Some(day) = parse(date) {
            change.insert(field, day.into());
        }
    }
    match held.ended.and_then(parse) {
        Some(day) => change.insert("ended", day.into()),
        None => change.insert("ended", "never".into()),
    };
}
