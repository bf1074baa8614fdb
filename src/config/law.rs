//! Rule and regime files: the law as dated data, checked name by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::diagnostics::{Diagnostic, Problems, nearest, read_toml};
use super::process::ProcessFile;
use super::source::{Configs, Source};
use crate::controls::{
    AppliesTo, Attribute, Condition, Early, Entry, Exception, Group, Instrument, Law, Regime, Rule,
    Verdict,
};
use crate::foundation::calendar::Month;
use crate::foundation::name::Name;

/// A date as TOML writes it.
#[derive(Clone, Copy, Debug)]
pub struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stamp = toml::value::Datetime::deserialize(deserializer)?;
        let date = stamp
            .date
            .ok_or_else(|| serde::de::Error::custom("expected a date such as 2022-10-07"))?;
        Date::new(date.year as i16, date.month as i8, date.day as i8)
            .map(Day)
            .map_err(|_| serde::de::Error::custom("expected a day that exists, such as 2022-10-07"))
    }
}

impl JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date" })
    }
}

/// A name and where it stands.
fn spanned_name<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Spanned<String>, D::Error> {
    let name = Spanned::<Name>::deserialize(from)?;
    Ok(Spanned::new(name.span(), name.into_inner().into()))
}

/// One legal act: a file under `configs/rules`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActFile {
    pub title: String,
    #[schemars(with = "String")]
    pub issuer: Spanned<String>,
    #[schemars(with = "String")]
    pub citation: Spanned<String>,
    #[schemars(with = "String")]
    pub source: Spanned<String>,
    pub url: String,
    pub status: Status,
    pub rule: Vec<RuleFile>,
}

/// Whether an act is law. Bills, drafts and hypothetical acts are never part of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Law,
    Bill,
    Draft,
    Hypothetical,
}

/// One rule of an act.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    #[serde(deserialize_with = "spanned_name")]
    #[schemars(with = "Name")]
    pub id: Spanned<String>,
    pub instrument: Instrument,
    pub words: String,
    #[schemars(with = "Option<Day>")]
    pub announced: Option<Spanned<Day>>,
    /// The first day on which the press had it; `announced` is not later.
    #[schemars(with = "Option<Day>")]
    pub leaked: Option<Spanned<Day>>,
    /// The day of its text: nobody designs a chip to fit a rule before. By default that on which it was announced.
    #[schemars(with = "Option<Day>")]
    pub published: Option<Spanned<Day>>,
    #[schemars(with = "Option<Day>")]
    pub compliance: Option<Spanned<Day>>,
    #[schemars(with = "Option<Day>")]
    pub ended: Option<Spanned<Day>>,
    #[serde(default)]
    pub early: Vec<EarlyFile>,
    pub enforced: bool,
    pub confidence: Confidence,
    #[serde(default)]
    pub note: String,
    #[schemars(with = "String")]
    pub condition: Spanned<String>,
    pub licence: Verdict,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub supersedes: Vec<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub carves_out: Vec<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub responds_to: Vec<Spanned<String>>,
    #[serde(default)]
    pub responds_to_basis: String,
    pub dates_source: String,
    pub applies_to: AppliesToFile,
    #[serde(default)]
    pub numbers: BTreeMap<String, f64>,
    #[serde(default)]
    pub exception: Vec<ExceptionFile>,
    #[serde(default)]
    pub case: Vec<CaseFile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    High,
    Medium,
    Low,
}

/// A firm that was bound before the others.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlyFile {
    pub vendor: String,
    pub on: Day,
}

/// Whose goods, going where, bought by whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliesToFile {
    /// `us` for what is under US reach (all designers but those of CHN), `any`, `foreign` (all but the issuer's),
    /// or the ISO3 code of the designers' headquarters.
    pub origin: String,
    #[schemars(with = "Vec<String>")]
    pub destinations: Vec<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub except: Vec<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub headquarters: Vec<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionFile {
    pub name: String,
    pub words: String,
    #[schemars(with = "String")]
    pub condition: Spanned<String>,
    pub licence: Verdict,
}

/// A chip with a known answer: the case table of a rule.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    #[schemars(with = "String")]
    pub chip: Spanned<String>,
    /// Whether the condition holds.
    pub met: bool,
    /// What the rule says after its exceptions, for a sale to the target.
    pub outcome: Option<Verdict>,
    pub source: String,
}

/// A regime: a file under `configs/regimes`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegimeFile {
    #[serde(deserialize_with = "spanned_name")]
    #[schemars(with = "Name")]
    pub name: Spanned<String>,
    pub words: String,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub include: Vec<Spanned<String>>,
    /// `enforced`: every rule of status law that was enforced.
    pub select: Option<Select>,
    /// Keeps only rules of these issuers among the selected.
    pub issuers: Option<Vec<String>>,
    /// Keeps only rules announced by this day among the selected.
    pub announced_by: Option<Day>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Spanned<String>>,
    #[serde(default)]
    pub change: Vec<ChangeFile>,
    /// What moves the rules from a month on; a regime without it is fixed.
    pub process: Option<ProcessFile>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Select {
    Enforced,
}

/// Other dates for a rule in one regime.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeFile {
    #[schemars(with = "String")]
    pub rule: Spanned<String>,
    pub announced: Option<Day>,
    pub compliance: Option<Day>,
    /// A date, or `never`.
    pub ended: Option<End>,
    /// `none` drops earlier dates of single firms.
    pub early: Option<NoEarly>,
    pub enforced: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoEarly {
    None,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a day or `never`")]
pub enum End {
    On(Day),
    Word(Never),
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Never {
    Never,
}

/// The case table of every rule: (rule index, case).
pub type Cases = Vec<(u16, CaseFile)>;

/// Reads every act under `configs/rules`, and the acts in `extra`.
///
/// # Errors
/// For everything that names what does not exist, has no source, ends before it begins, or is there twice.
pub fn read_law(
    configs: &Configs,
    extra: &[Source],
    nations: &[String],
) -> Result<(Law, Cases), Problems> {
    let mut acts: Vec<(Source, ActFile)> = Vec::new();
    let mut problems = Problems::default();
    let shipped = configs.list("rules", ".toml");
    for source in shipped
        .iter()
        .map(|p| configs.read(p))
        .chain(extra.iter().cloned().map(Ok))
    {
        let source = source?;
        match read_toml::<ActFile>(&source) {
            Ok(act) => acts.push((source, act)),
            Err(more) => problems.0.extend(more.0),
        }
    }
    problems.check()?;
    let ids: Vec<String> = acts
        .iter()
        .flat_map(|(_, act)| act.rule.iter().map(|r| r.id.get_ref().clone()))
        .collect();
    let mut reader = Reader {
        ids,
        nations,
        law: Law::default(),
        problems: Problems::default(),
        follow: Vec::new(),
    };
    let texts: Vec<String> = acts
        .iter()
        .flat_map(|(_, act)| act.rule.iter().map(|r| r.condition.get_ref().clone()))
        .collect();
    let mut cases = Cases::new();
    for (source, act) in &acts {
        for file in &act.rule {
            let index = reader.law.rules.len() as u16;
            reader.rule(source, act, file, &texts);
            cases.extend(file.case.iter().map(|c| (index, c.clone())));
        }
    }
    let Reader {
        law,
        mut problems,
        follow,
        ..
    } = reader;
    problems.0.extend(follow);
    problems.check()?;
    Ok((law, cases))
}

struct Reader<'a> {
    ids: Vec<String>,
    nations: &'a [String],
    law: Law,
    problems: Problems,
    /// Conditions that name a rule whose own condition cannot be read: told after what they follow from.
    follow: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn rule(&mut self, source: &Source, act: &ActFile, file: &RuleFile, texts: &[String]) {
        let id = file.id.get_ref();
        let twice = self.ids.iter().filter(|other| *other == id).count() > 1;
        if twice {
            self.wrong(
                source,
                &file.id,
                format!("the id `{id}` is used twice"),
                &[],
            );
        }
        for cited in [&act.source, &act.citation] {
            if cited.get_ref().trim().is_empty() {
                self.wrong(
                    source,
                    cited,
                    "found nothing, expected where the text can be read".into(),
                    &[],
                );
            }
        }
        if !self.nations.contains(act.issuer.get_ref()) {
            let message = format!(
                "found `{}`, expected the ISO3 code of a nation",
                act.issuer.get_ref()
            );
            let names: Vec<String> = self.nations.to_vec();
            self.wrong(source, &act.issuer, message, &names);
        }
        let announced = file.announced.as_ref().map(|d| d.get_ref().0);
        let compliance = file.compliance.as_ref().map(|d| d.get_ref().0);
        let ended = file.ended.as_ref().map(|d| d.get_ref().0);
        if let (Some(end), Some(begin), Some(span)) = (ended, announced, file.ended.as_ref())
            && end < begin
        {
            let message = format!("ends on {end}, before it was announced on {begin}");
            self.problems
                .0
                .push(Diagnostic::at(source, span.span(), message));
        }
        if let (Some(first), Some(leak)) = (announced, file.leaked.as_ref())
            && leak.get_ref().0 < first
        {
            let message = format!(
                "leaked on {}, before it was announced on {first}; expected `announced` to be the first day on which it was known",
                leak.get_ref().0
            );
            self.problems
                .0
                .push(Diagnostic::at(source, leak.span(), message));
        }
        if act.status == Status::Law
            && file.enforced
            && (announced.is_none() || compliance.is_none())
        {
            let message =
                format!("`{id}` is enforced law and needs the dates `announced` and `compliance`");
            self.wrong(source, &file.id, message, &[]);
        }
        let condition = self.condition(source, &file.condition, texts, 0);
        let exceptions = file
            .exception
            .iter()
            .map(|e| Exception {
                name: e.name.clone(),
                words: e.words.clone(),
                condition: self.condition(source, &e.condition, texts, 0),
                licence: e.licence,
            })
            .collect();
        for cause in &file.responds_to {
            if !cause.get_ref().starts_with("event:") {
                self.index(source, cause);
            }
        }
        let issuer_code = self.law.symbols.code(act.issuer.get_ref());
        let rule = Rule {
            id: id.clone(),
            title: act.title.clone(),
            issuer: act.issuer.get_ref().clone(),
            issuer_code,
            instrument: file.instrument,
            words: file.words.clone(),
            citation: act.citation.get_ref().clone(),
            url: act.url.clone(),
            note: file.note.clone(),
            confidence: format!("{:?}", file.confidence).to_lowercase(),
            status: format!("{:?}", act.status).to_lowercase(),
            announced,
            text_lag_days: match (announced, file.published.as_ref()) {
                (Some(first), Some(text)) => (text.get_ref().0 - first).get_days().max(0),
                _ => 0,
            },
            compliance,
            ended,
            early: file
                .early
                .iter()
                .map(|e| Early {
                    vendor: self.law.symbols.code(&e.vendor),
                    on: e.on.0,
                })
                .collect(),
            enforced: file.enforced,
            text: file.condition.get_ref().clone(),
            condition,
            licence: file.licence,
            exceptions,
            applies_to: self.applies_to(source, &file.applies_to, act.issuer.get_ref()),
            supersedes: file
                .supersedes
                .iter()
                .filter_map(|name| self.index(source, name))
                .collect(),
            carves_out: file
                .carves_out
                .iter()
                .filter_map(|name| self.index(source, name))
                .collect(),
            responds_to: file
                .responds_to
                .iter()
                .map(|r| r.get_ref().clone())
                .collect(),
            levy_share: file.numbers.get("levy_share").copied().unwrap_or(0.0),
            cap_tpp: file
                .numbers
                .get("tier2_cap_tpp")
                .copied()
                .unwrap_or(f64::INFINITY),
            support_usd: [
                "research_usd_per_year",
                "energy_usd_per_year",
                "build_out_usd_per_year",
            ]
            .map(|name| file.numbers.get(name).copied().unwrap_or(0.0)),
        };
        self.law.rules.push(Arc::new(rule));
    }

    fn condition(
        &mut self,
        source: &Source,
        text: &Spanned<String>,
        texts: &[String],
        depth: u8,
    ) -> Condition {
        let ids = self.ids.clone();
        // Conditions may name other rules; those are compiled in place, to a depth that no honest rule reaches.
        let mut symbols = std::mem::take(&mut self.law.symbols);
        let result = compile(text.get_ref(), &mut symbols, &ids, texts, depth);
        self.law.symbols = symbols;
        result.unwrap_or_else(|error| {
            let start = text.span().start + 1 + error.offset.unwrap_or(0);
            let end = start + error.found.len().max(1);
            let rule_names: Vec<String> = ids.iter().map(|id| id.replace('-', "_")).collect();
            let mut names: Vec<&str> = Attribute::ALL.iter().map(|a| a.name()).collect();
            names.extend(rule_names.iter().map(String::as_str));
            let problem = Diagnostic::at(source, start..end, error.message.clone());
            let names_a_rule = rule_names.contains(&error.found);
            let list = if names_a_rule {
                &mut self.follow
            } else {
                &mut self.problems.0
            };
            list.push(match nearest(&error.found, &names) {
                Some(name) if !error.found.is_empty() => {
                    problem.help(format!("did you mean `{name}`?"))
                }
                _ => problem,
            });
            let never = Condition::compile("false", &mut self.law.symbols, &|_| None);
            never.unwrap_or_else(|_| unreachable!("`false` is an expression"))
        })
    }

    fn index(&mut self, source: &Source, name: &Spanned<String>) -> Option<u16> {
        let at = self.ids.iter().position(|id| id == name.get_ref());
        if at.is_none() {
            let message = format!("found `{}`, expected the id of a rule", name.get_ref());
            let ids = self.ids.clone();
            self.wrong(source, name, message, &ids);
        }
        at.map(|at| at as u16)
    }

    fn applies_to(&mut self, source: &Source, file: &AppliesToFile, issuer: &str) -> AppliesTo {
        let china = self.law.symbols.code("CHN");
        let own = self.law.symbols.code(issuer);
        let (not_from, only_from) = match file.origin.as_str() {
            "us" => (Some(china), None),
            "any" => (None, None),
            "foreign" => (Some(own), None),
            nation => (None, Some(self.law.symbols.code(nation))),
        };
        let mut groups = |list: &[Spanned<String>]| -> Vec<Group> {
            list.iter()
                .filter_map(|name| self.group(source, name, own))
                .collect()
        };
        AppliesTo {
            destinations: groups(&file.destinations),
            except: groups(&file.except),
            headquarters: groups(&file.headquarters),
            not_from,
            only_from,
        }
    }

    fn group(&mut self, source: &Source, name: &Spanned<String>, issuer: f64) -> Option<Group> {
        Some(match name.get_ref().as_str() {
            "world" => Group::World,
            "foreign" => Group::AllBut(issuer),
            "A:1" => Group::A1,
            "A:5" => Group::A5,
            "A:6" => Group::A6,
            "D:1" => Group::D1,
            "D:4" => Group::D4,
            "D:5" => Group::D5,
            "tier:1" => Group::Tier(1),
            "tier:2" => Group::Tier(2),
            "tier:3" => Group::Tier(3),
            nation if self.nations.iter().any(|n| n == nation) => {
                Group::Nation(self.law.symbols.code(nation))
            }
            other => {
                let mut names: Vec<String> = self.nations.to_vec();
                names.extend(
                    [
                        "world", "foreign", "A:1", "A:5", "A:6", "D:1", "D:4", "D:5", "tier:1",
                        "tier:2", "tier:3",
                    ]
                    .map(String::from),
                );
                let message = format!(
                    "found `{other}`, expected a nation (ISO3), a country group such as D:5, or a tier"
                );
                self.wrong(source, name, message, &names);
                return None;
            }
        })
    }

    fn wrong(
        &mut self,
        source: &Source,
        at: &Spanned<String>,
        message: String,
        candidates: &[String],
    ) {
        let names: Vec<&str> = candidates.iter().map(String::as_str).collect();
        let problem = Diagnostic::at(source, at.span(), message);
        self.problems.0.push(problem.nearest(at.get_ref(), &names));
    }
}

fn compile(
    text: &str,
    symbols: &mut crate::controls::Symbols,
    ids: &[String],
    texts: &[String],
    depth: u8,
) -> Result<Condition, crate::controls::ConditionError> {
    // Names of other rules are known by then, so their codes may be looked up in a copy and merged back.
    let known = std::cell::RefCell::new(std::mem::take(symbols));
    let other = |name: &str| {
        let at = ids.iter().position(|id| id.replace('-', "_") == name)?;
        if depth > 4 {
            return None;
        }
        let mut inner = known.borrow().clone();
        let condition = compile(&texts[at], &mut inner, ids, texts, depth + 1).ok();
        *known.borrow_mut() = inner;
        condition
    };
    // The outer text's own names go to a copy that starts from what is known; rules it names add theirs first.
    for (id, _) in ids
        .iter()
        .zip(texts)
        .filter(|(id, _)| text.contains(&id.replace('-', "_")))
    {
        other(&id.replace('-', "_"));
    }
    let mut outer = known.borrow().clone();
    let result = Condition::compile(text, &mut outer, &other);
    *symbols = outer;
    result
}

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
        let mut regime = regime_from(&source, law)?;
        let last = month.last_day();
        regime.entries.retain(|e| e.announced <= last);
        for entry in &mut regime.entries {
            if entry.ended.is_some_and(|ended| ended > last) {
                entry.ended = None;
            }
        }
        regime.name = name.to_string();
        regime.words = format!("The recorded rules to {month}, nothing new after.");
        return Ok(regime);
    }
    regime_from(&configs.find(name, "regimes")?, law)
}

/// Reads a regime from a file.
///
/// # Errors
/// As [`read_regime`].
pub fn regime_from(source: &Source, law: &Law) -> Result<Regime, Problems> {
    let file: RegimeFile = read_toml(source)?;
    let ids: Vec<&str> = law.rules.iter().map(|r| r.id.as_str()).collect();
    let mut problems = Problems::default();
    let mut find = |name: &Spanned<String>| {
        let at = law.find(name.get_ref());
        if at.is_none() {
            let message = format!("found `{}`, expected the id of a rule", name.get_ref());
            problems
                .0
                .push(Diagnostic::at(source, name.span(), message).nearest(name.get_ref(), &ids));
        }
        at
    };
    let excluded: Vec<u16> = file.exclude.iter().filter_map(&mut find).collect();
    let mut chosen: Vec<u16> = Vec::new();
    if file.select == Some(Select::Enforced) {
        for (at, rule) in law.rules.iter().enumerate() {
            let issuer = file
                .issuers
                .as_ref()
                .is_none_or(|list| list.contains(&rule.issuer));
            let known = file
                .announced_by
                .is_none_or(|day| rule.announced.is_some_and(|a| a <= day.0));
            if rule.status == "law" && rule.enforced && issuer && known {
                chosen.push(at as u16);
            }
        }
    }
    chosen.extend(file.include.iter().filter_map(&mut find));
    let changes: Vec<(u16, &ChangeFile)> = file
        .change
        .iter()
        .filter_map(|c| find(&c.rule).map(|at| (at, c)))
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen.retain(|at| !excluded.contains(at));
    let mut entries = Vec::with_capacity(chosen.len());
    for at in chosen {
        let change = changes
            .iter()
            .find(|(index, _)| *index == at)
            .map(|(_, c)| *c);
        match entry(law, at, change) {
            Ok(entry) => entries.extend(entry),
            Err(message) => {
                let id = &law.rules[usize::from(at)].id;
                problems.0.push(Diagnostic::at_text(source, 0, id, message));
            }
        }
    }
    let process = file
        .process
        .as_ref()
        .and_then(|p| p.read(source, law, &mut problems));
    problems.check()?;
    if let Some(process) = &process {
        process.settle(&mut entries);
    }
    let regime = Regime {
        name: file.name.into_inner(),
        words: file.words,
        entries,
        process,
    };
    super::process::every_included_rule_acts(source, law, &file.include, &regime)?;
    Ok(regime)
}

/// A rule with its own dates or those of a change; none where the change takes it out of force.
fn entry(law: &Law, at: u16, change: Option<&ChangeFile>) -> Result<Option<Entry>, String> {
    let rule = &law.rules[usize::from(at)];
    if change.and_then(|c| c.enforced) == Some(false) {
        return Ok(None);
    }
    let announced = change.and_then(|c| c.announced.map(|d| d.0));
    let compliance = change.and_then(|c| c.compliance.map(|d| d.0));
    let (Some(announced), Some(compliance)) =
        (announced.or(rule.announced), compliance.or(rule.compliance))
    else {
        return Err(format!(
            "`{}` has no dates; give `announced` and `compliance` under `change`",
            rule.id
        ));
    };
    // A letter can bind before anybody else hears of it.
    let announced = announced.min(compliance);
    let entry = Entry {
        rule: at,
        announced,
        text: rule.text_from(announced),
        compliance,
        ended: match change.and_then(|c| c.ended.as_ref()) {
            Some(End::Word(Never::Never)) => None,
            Some(End::On(day)) => Some(day.0),
            None => rule.ended,
        },
        early: if change.is_some_and(|c| c.early.is_some()) {
            Vec::new()
        } else {
            rule.early.clone()
        },
    };
    ends_after_it_begins(rule, &entry).map(|()| Some(entry))
}

fn ends_after_it_begins(rule: &Rule, entry: &Entry) -> Result<(), String> {
    match entry.ended.filter(|end| *end < entry.announced) {
        None => Ok(()),
        Some(end) => Err(format!(
            "`{}` ends on {end}, before it is announced on {}",
            rule.id, entry.announced
        )),
    }
}

/// A regime with rules added, taken out, and dated anew.
///
/// # Errors
/// For names of rules that do not exist or are not in the regime, and for rules without dates or that end before they begin.
pub fn compose(
    source: &Source,
    law: &Law,
    base: Regime,
    add: &[Spanned<String>],
    remove: &[Spanned<String>],
    change: &[ChangeFile],
) -> Result<Regime, Problems> {
    let mut regime = base;
    let mut problems = Problems::default();
    let all: Vec<&str> = law.rules.iter().map(|r| r.id.as_str()).collect();
    let wrong = |name: &Spanned<String>, expected: String, known: &[&str]| {
        let message = format!("found `{}`, expected {expected}", name.get_ref());
        Diagnostic::at(source, name.span(), message).nearest(name.get_ref(), known)
    };
    let changed = |at: u16| {
        change
            .iter()
            .find(|c| law.find(c.rule.get_ref()) == Some(at))
    };
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
    for name in add {
        match law.find(name.get_ref()) {
            Some(at) => match entry(law, at, changed(at)) {
                Ok(new) => {
                    regime.entries.retain(|e| e.rule != at);
                    regime.entries.extend(new);
                }
                Err(message) => problems
                    .0
                    .push(Diagnostic::at(source, name.span(), message)),
            },
            None => problems
                .0
                .push(wrong(name, "the id of a rule".into(), &all)),
        }
    }
    for one in change {
        let at = law.find(one.rule.get_ref());
        match at.and_then(|at| regime.entries.iter().position(|e| e.rule == at)) {
            None => {
                let expected = "the id of a rule that this arm holds".into();
                problems.0.push(wrong(&one.rule, expected, &all));
            }
            Some(_) if one.enforced == Some(false) => {
                regime.entries.retain(|e| Some(e.rule) != at);
            }
            Some(place) => {
                let e = &mut regime.entries[place];
                e.announced = one.announced.map_or(e.announced, |d| d.0);
                e.compliance = one.compliance.map_or(e.compliance, |d| d.0);
                e.announced = e.announced.min(e.compliance);
                e.text = law.rules[usize::from(e.rule)].text_from(e.announced);
                match &one.ended {
                    Some(End::Word(Never::Never)) => e.ended = None,
                    Some(End::On(day)) => e.ended = Some(day.0),
                    None => {}
                }
                if one.early.is_some() {
                    e.early.clear();
                }
                if let Err(message) = ends_after_it_begins(&law.rules[usize::from(e.rule)], e) {
                    problems
                        .0
                        .push(Diagnostic::at(source, one.rule.span(), message));
                }
            }
        }
    }
    problems.check()?;
    if let Some(process) = &regime.process {
        process.settle(&mut regime.entries);
    }
    regime.entries.sort_by_key(|e| e.rule);
    Ok(regime)
}
