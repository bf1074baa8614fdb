//! Copies of shipped rules with other numbers, for one arm, and rules made from templates.
//!
//! A rule is known to others by its name: a copy stands wherever the rule stands, in conditions, suspensions and exceptions of
//! the rules of its arm. The shipped rule stays as it is for the other arms.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value};

use super::numbers::{ChangeableNumber, LargestOfChips, changeable, rewritten};
use super::question::{OwnRule, QuestionProblem};
use crate::cli::new_rule;
use crate::config::source::{Configs, Source};
use crate::controls::{Instrument, Law, Rule};
use crate::foundation::name::Name;

/// The folder of rules that a question makes.
const OWN: &str = "rules/own";

/// Files of rules, and the names of the copies by the rules that they stand for.
#[derive(Clone, Debug, Default)]
pub struct RuleCopies {
    pub files: BTreeMap<String, String>,
    pub named: BTreeMap<String, String>,
}

/// Numbers of a rule by name.
pub type NumbersOfRule = BTreeMap<String, f64>;

/// Numbers of a shipped rule that may be changed.
pub fn numbers_of(rule: &Rule, largest: &LargestOfChips) -> Vec<ChangeableNumber> {
    let value = |name: &str| match name {
        "levy_share" if rule.instrument == Instrument::Levy => Some(rule.levy_share),
        "tier2_cap_tpp" => Some(rule.cap_tpp).filter(|cap| cap.is_finite()),
        "home_volume_share" => rule.home_volume_share,
        "research_usd_per_year" => Some(rule.support_usd[0]),
        "energy_usd_per_year" => Some(rule.support_usd[1]),
        "build_out_usd_per_year" => Some(rule.support_usd[2]),
        "check_usd" => Some(rule.check_usd),
        "detection_multiple" => Some(rule.detection_multiple),
        _ => None,
    };
    changeable(rule.instrument, &rule.text, largest, value)
}

/// Copies of rules with other numbers, and of the rules of the arm that speak of them. `suffix` is the end of their names.
///
/// # Errors
/// For numbers that a rule does not have or may not have.
pub fn copies(
    configs: &Configs,
    law: &Law,
    largest: &LargestOfChips,
    asked: &BTreeMap<String, NumbersOfRule>,
    held: &BTreeSet<String>,
    suffix: &str,
) -> Result<RuleCopies, Vec<QuestionProblem>> {
    let mut problems = Vec::new();
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let copy = |id: &str| format!("{id}-{suffix}");
    for id in asked.keys() {
        named.insert(id.clone(), copy(id));
    }
    // Rules whose conditions speak of a copied rule, and those that speak of these.
    loop {
        let speaks = |rule: &Rule| {
            let texts = rule_texts(configs, rule);
            named
                .keys()
                .any(|id| texts.iter().any(|text| has_word(text, &variable(id))))
        };
        let more: Vec<String> = law
            .rules
            .iter()
            .filter(|rule| held.contains(&rule.id) && !named.contains_key(&rule.id))
            .filter(|rule| speaks(rule))
            .map(|rule| rule.id.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        for id in more {
            let name = copy(&id);
            named.insert(id, name);
        }
    }
    let mut files = BTreeMap::new();
    for path in configs.list("rules", ".toml") {
        let Ok(source) = configs.read(&path) else {
            continue;
        };
        let Ok(document) = source.text.parse::<DocumentMut>() else {
            continue;
        };
        if let Some(text) = with_references(&document, &named) {
            files.insert(path.clone(), text);
        }
        let edit = |id: &str, table: &mut Table| -> Result<(), QuestionProblem> {
            let Some(numbers) = asked.get(id) else {
                return Ok(());
            };
            let rule = law.find(id).map(|at| &law.rules[usize::from(at)]);
            let known = rule.map_or(Vec::new(), |rule| numbers_of(rule, largest));
            change_numbers(table, &known, numbers, &format!("rules.{id}"))
        };
        match copied_act(&document, &named, edit) {
            Ok(Some(text)) => {
                let stem = path
                    .rsplit('/')
                    .next()
                    .unwrap_or(&path)
                    .trim_end_matches(".toml");
                files.insert(format!("{OWN}/{stem}-{suffix}.toml"), text);
            }
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(RuleCopies { files, named })
    } else {
        Err(problems)
    }
}

/// A rule as conditions of others write it.
fn variable(id: &str) -> String {
    id.replace('-', "_")
}

/// The condition of a rule and those of its exceptions, as they are written.
fn rule_texts(configs: &Configs, rule: &Rule) -> Vec<String> {
    let mut texts = vec![rule.text.clone()];
    if !rule.exceptions.is_empty()
        && let Some((_, document)) = act_of(configs, &rule.id)
        && let Some(table) = rules_of(&document).find(|table| id_of(table) == Some(&rule.id))
    {
        let exceptions = table.get("exception").and_then(Item::as_array_of_tables);
        let conditions = exceptions.into_iter().flatten();
        texts.extend(conditions.filter_map(|e| Some(e.get("condition")?.as_str()?.to_string())));
    }
    texts
}

/// The file that holds a rule.
fn act_of(configs: &Configs, id: &str) -> Option<(Source, DocumentMut)> {
    let quoted = format!("\"{id}\"");
    configs.list("rules", ".toml").iter().find_map(|path| {
        let source = configs
            .read(path)
            .ok()
            .filter(|s| s.text.contains(&quoted))?;
        let document: DocumentMut = source.text.parse().ok()?;
        let holds = rules_of(&document).any(|table| id_of(table) == Some(id));
        holds.then_some((source, document))
    })
}

fn rules_of(document: &DocumentMut) -> impl Iterator<Item = &Table> {
    let rules = document.get("rule").and_then(Item::as_array_of_tables);
    rules.into_iter().flatten()
}

fn id_of(table: &Table) -> Option<&str> {
    table.get("id")?.as_str()
}

fn has_word(text: &str, word: &str) -> bool {
    replaced_word(text, word, "") != text
}

/// A text with a whole word in place of another.
fn replaced_word(text: &str, word: &str, by: &str) -> String {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let whole = !text[..at].ends_with(inside) && !text[at + word.len()..].starts_with(inside);
        if whole && at >= from {
            out.push_str(&text[from..at]);
            out.push_str(by);
            from = at + word.len();
        }
    }
    out.push_str(&text[from..]);
    out
}

/// The act with the copies beside the rules in the lists of others; nothing where none is named.
fn with_references(document: &DocumentMut, named: &BTreeMap<String, String>) -> Option<String> {
    let mut changed = document.clone();
    let rules = changed.get_mut("rule")?.as_array_of_tables_mut()?;
    let mut any = false;
    for table in rules.iter_mut() {
        if id_of(table).is_some_and(|id| named.contains_key(id)) {
            continue;
        }
        any |= add_references(table, named);
    }
    any.then(|| changed.to_string())
}

fn add_references(table: &mut Table, named: &BTreeMap<String, String>) -> bool {
    let mut any = false;
    for field in ["supersedes", "carves_out"] {
        let Some(list) = table.get_mut(field).and_then(Item::as_array_mut) else {
            continue;
        };
        let there: Vec<String> = list
            .iter()
            .filter_map(|v| v.as_str().map(String::from))
            .collect();
        for copy in there.iter().filter_map(|id| named.get(id)) {
            list.push(copy.as_str());
            any = true;
        }
    }
    any
}

/// The act with nothing but copies in it; nothing where it holds none of the rules.
fn copied_act(
    document: &DocumentMut,
    named: &BTreeMap<String, String>,
    edit: impl Fn(&str, &mut Table) -> Result<(), QuestionProblem>,
) -> Result<Option<String>, QuestionProblem> {
    let mut copied = document.clone();
    let mut kept = ArrayOfTables::new();
    for table in rules_of(document) {
        let Some((id, name)) = id_of(table).and_then(|id| named.get_key_value(id)) else {
            continue;
        };
        let mut table = table.clone();
        edit(id, &mut table)?;
        table.insert("id", Item::Value(name.as_str().into()));
        table.insert("enforced", Item::Value(false.into()));
        // Their answers are those of the shipped numbers.
        table.remove("case");
        add_references(&mut table, named);
        rename_conditions(&mut table, named);
        kept.push(table);
    }
    if kept.is_empty() {
        return Ok(None);
    }
    copied.insert("rule", Item::ArrayOfTables(kept));
    Ok(Some(copied.to_string()))
}

fn rename_conditions(table: &mut Table, named: &BTreeMap<String, String>) {
    let rename = |table: &mut Table| {
        let Some(text) = table.get("condition").and_then(Item::as_str) else {
            return;
        };
        let renamed = named.iter().fold(text.to_string(), |text, (id, copy)| {
            replaced_word(&text, &variable(id), &variable(copy))
        });
        table.insert("condition", Item::Value(renamed.into()));
    };
    rename(table);
    if let Some(exceptions) = table
        .get_mut("exception")
        .and_then(Item::as_array_of_tables_mut)
    {
        exceptions.iter_mut().for_each(rename);
    }
}

/// Writes other numbers into a rule: those that its instrument declares, and those on the lines of its condition.
fn change_numbers(
    table: &mut Table,
    known: &[ChangeableNumber],
    numbers: &NumbersOfRule,
    field: &str,
) -> Result<(), QuestionProblem> {
    let names: Vec<&str> = known.iter().map(|n| n.name.as_str()).collect();
    let mut lines = Vec::new();
    for (name, value) in numbers {
        let field = format!("{field}.{name}");
        let Some(number) = known.iter().find(|n| n.name == *name) else {
            return Err(QuestionProblem::word(
                field,
                name,
                "a number of the rule",
                &names,
            ));
        };
        number
            .accepts(*value)
            .map_err(|why| QuestionProblem::at(field, why))?;
        match &number.place {
            Some(place) => lines.push((place.clone(), *value)),
            None => {
                let held = table.entry("numbers").or_insert_with(toml_edit::table);
                if let Some(held) = held.as_table_like_mut() {
                    held.insert(name, Item::Value((*value).into()));
                }
            }
        }
    }
    let condition = table
        .get("condition")
        .and_then(Item::as_str)
        .unwrap_or_default();
    let condition = rewritten(condition, lines);
    table.insert("condition", Item::Value(condition.into()));
    Ok(())
}

/// The template of an instrument as a rule, with the numbers that may be changed.
pub struct OwnTemplate {
    document: DocumentMut,
    pub numbers: Vec<ChangeableNumber>,
    pub destinations: Vec<String>,
}

impl OwnTemplate {
    /// The template of an instrument, with a rule of this name.
    pub fn of(instrument: Instrument, name: &str, largest: &LargestOfChips) -> Option<Self> {
        let document: DocumentMut = new_rule::text(instrument, name).parse().ok()?;
        let rule = rules_of(&document).next()?;
        let given = rule.get("numbers").and_then(Item::as_table_like);
        let number = |item: &Item| item.as_float().or(item.as_integer().map(|i| i as f64));
        let value = |name: &str| number(given?.get(name)?);
        let condition = rule.get("condition").and_then(Item::as_str)?;
        let numbers = changeable(instrument, condition, largest, value);
        let applies = rule.get("applies_to").and_then(Item::as_table_like)?;
        let list = applies.get("destinations").and_then(Item::as_array)?;
        let destinations = list.iter().filter_map(|v| v.as_str().map(String::from));
        Some(Self {
            numbers,
            destinations: destinations.collect(),
            document,
        })
    }

    fn rule(&self) -> Option<&Table> {
        rules_of(&self.document).next()
    }

    /// What it says of itself.
    pub fn words(&self, field: &str) -> String {
        let text = self.rule().and_then(|rule| rule.get(field)?.as_str());
        text.unwrap_or_default().to_string()
    }

    /// A day of the template.
    pub fn day(&self, field: &str) -> String {
        let day = self.rule().and_then(|rule| rule.get(field)?.as_datetime());
        day.map_or(String::new(), ToString::to_string)
    }

    /// The file of a rule that is asked for.
    ///
    /// # Errors
    /// For days, numbers and nations that it may not have.
    pub fn filled(
        mut self,
        own: &OwnRule,
        nations: &[&str],
    ) -> Result<String, Vec<QuestionProblem>> {
        let field = |name: &str| format!("own_rules.{}.{name}", own.name);
        let mut problems = Vec::new();
        let rules = self
            .document
            .get_mut("rule")
            .and_then(Item::as_array_of_tables_mut);
        let Some(table) = rules.and_then(|rules| rules.get_mut(0)) else {
            return Err(vec![QuestionProblem::at(
                field("template"),
                "the template holds no rule",
            )]);
        };
        for (key, at, text) in [
            ("announced", "announced", &own.announced),
            ("compliance", "in_force", &own.in_force),
        ] {
            match day(text) {
                Some(day) => {
                    table.insert(key, Item::Value(day.into()));
                }
                None => problems.push(not_a_day(field(at), text)),
            }
        }
        if let Err(problem) = change_numbers(
            table,
            &self.numbers,
            &own.numbers,
            &format!("own_rules.{}", own.name),
        ) {
            problems.push(problem);
        }
        for code in own
            .destinations
            .iter()
            .filter(|code| !nations.contains(&code.as_str()) && !self.destinations.contains(code))
        {
            problems.push(QuestionProblem::word(
                field("destinations"),
                code,
                "the ISO3 code of a nation",
                nations,
            ));
        }
        if !own.destinations.is_empty()
            && let Some(applies) = table
                .get_mut("applies_to")
                .and_then(Item::as_table_like_mut)
        {
            let list: Array = own.destinations.iter().map(String::as_str).collect();
            applies.insert("destinations", Item::Value(Value::Array(list)));
        }
        if problems.is_empty() {
            Ok(self.document.to_string())
        } else {
            Err(problems)
        }
    }
}

/// The file of a rule of one's own: its path below a configuration and its text.
///
/// # Errors
/// For a name that is none, an instrument that does not exist, and what the template may not have.
pub fn own_file(
    own: &OwnRule,
    largest: &LargestOfChips,
    nations: &[&str],
) -> Result<(String, String), Vec<QuestionProblem>> {
    let wrong = |field: &str, message: String| {
        vec![QuestionProblem::at(
            format!("own_rules.{}.{field}", own.name),
            message,
        )]
    };
    let name = Name::new(own.name.as_str()).map_err(|why| wrong("name", why))?;
    let names = Instrument::ALL.map(Instrument::name);
    let Some(instrument) = Instrument::ALL
        .into_iter()
        .find(|i| i.name() == own.template)
    else {
        let field = format!("own_rules.{name}.template");
        return Err(vec![QuestionProblem::word(
            field,
            &own.template,
            "an instrument",
            &names,
        )]);
    };
    let template = OwnTemplate::of(instrument, &name, largest)
        .ok_or_else(|| wrong("template", "the template cannot be read".into()))?;
    let text = template.filled(own, nations)?;
    Ok((format!("{OWN}/{name}.toml"), text))
}

/// A day as TOML writes it.
pub fn day(text: &str) -> Option<toml_edit::Datetime> {
    let day: crate::foundation::calendar::Date = text.parse().ok()?;
    day.to_string().parse().ok()
}

pub fn not_a_day(field: impl Into<String>, found: &str) -> QuestionProblem {
    QuestionProblem::at(
        field,
        format!(
            "found `{found}`, expected a day that exists, as year-month-day, such as 2023-12-01"
        ),
    )
}
