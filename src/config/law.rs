//! Rule and regime files: the law as dated data, checked name by name.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::{Bound, Range};
use std::sync::Arc;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::chips::ChipRow;
use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::nations::NationRow;
use super::process::ProcessFile;
use super::source::{Configs, Source};
use super::world::WorldTables;
use crate::controls::{
    AppliesTo, Attribute, Condition, ConditionError, ConditionScope, ControlledItem, DatedRule,
    EarlyNotice, Exception, Expression, Instrument, LEVY_SHARE, Law, NameDomain, NationGroup,
    NumberNeed, Regime, Rule, SUPPORT, Symbols, TIER2_CAP_TPP, ThreeValued, Verdict,
};
use crate::foundation::calendar::Month;
use crate::foundation::name::Name;

/// A date as TOML writes it.
#[derive(Clone, Copy, Debug)]
pub struct TomlDate(pub Date);

impl<'de> Deserialize<'de> for TomlDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const DAY: &str = "expected a day without quotes, such as 2022-10-07";
        let stamp = toml::value::Datetime::deserialize(deserializer)
            .map_err(|e| serde::de::Error::custom(format!("{e}; {DAY}")))?;
        if stamp.time.is_some() {
            return Err(serde::de::Error::custom(format!("found {stamp}, {DAY}")));
        }
        let date = stamp.date.ok_or_else(|| serde::de::Error::custom(DAY))?;
        Date::new(date.year as i16, date.month as i8, date.day as i8)
            .map(TomlDate)
            .map_err(|_| serde::de::Error::custom("expected a day that exists, such as 2022-10-07"))
    }
}

impl JsonSchema for TomlDate {
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
    pub status: LegalStatus,
    /// Chips, firms and models that its conditions name and that stand in no table under `configs/world`: nothing that
    /// the model sells carries such a name, so a condition on it alone is never met.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub outside_names: Vec<Spanned<String>>,
    pub rule: Vec<RuleFile>,
}

/// Whether an act is law. Bills, drafts and hypothetical acts are never part of history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalStatus {
    Law,
    Bill,
    Draft,
    Hypothetical,
}

/// One rule of an act.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = numbers_by_instrument)]
pub struct RuleFile {
    #[serde(deserialize_with = "spanned_name")]
    #[schemars(with = "Name")]
    pub id: Spanned<String>,
    pub instrument: Instrument,
    pub words: String,
    /// The first day on which it was known. A letter can bind before others hear of it, by 31 days at most.
    #[schemars(with = "Option<TomlDate>")]
    pub announced: Option<Spanned<TomlDate>>,
    /// The first day on which the press had it; `announced` is not later.
    #[schemars(with = "Option<TomlDate>")]
    pub leaked: Option<Spanned<TomlDate>>,
    /// The day of its text: nobody designs a chip to fit a rule before. By default that on which it was announced.
    #[schemars(with = "Option<TomlDate>")]
    pub published: Option<Spanned<TomlDate>>,
    /// The first day on which it binds.
    #[schemars(with = "Option<TomlDate>")]
    pub compliance: Option<Spanned<TomlDate>>,
    /// The last day on which it binds; before `compliance` where it was dropped first, and was never enforced.
    #[schemars(with = "Option<TomlDate>")]
    pub ended: Option<Spanned<TomlDate>>,
    #[serde(default)]
    pub early: Vec<EarlyFile>,
    /// Whether it was ever enforced: `select = "enforced"` of a regime takes rules of status law that were.
    #[schemars(with = "bool")]
    pub enforced: Spanned<bool>,
    pub confidence: Confidence,
    #[serde(default)]
    pub note: String,
    #[schemars(with = "String")]
    pub condition: Spanned<String>,
    #[schemars(with = "Verdict")]
    pub licence: Spanned<Verdict>,
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
    /// What its instrument reads, and nothing else: `chokepoint list instruments`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, f64>")]
    pub numbers: BTreeMap<Spanned<String>, Spanned<f64>>,
    /// Further numbers of its text, under any names. The model does not read them.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, f64>")]
    pub facts: BTreeMap<Spanned<String>, Spanned<f64>>,
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
    /// A designer of chips or a foundry, as the tables under `configs/world` write it.
    #[schemars(with = "String")]
    pub vendor: Spanned<String>,
    /// From the announcement to `compliance`.
    #[schemars(with = "TomlDate")]
    pub on: Spanned<TomlDate>,
}

/// Whose goods, going where, bought by whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppliesToFile {
    /// `us` for what is under US reach (all designers but those of CHN), `any`, `foreign` (all but the issuer's),
    /// or the ISO3 code of the designers' headquarters.
    #[schemars(with = "String")]
    pub origin: Spanned<String>,
    #[schemars(with = "Vec<String>")]
    pub destinations: Vec<Spanned<String>>,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub except: Vec<Spanned<String>>,
    #[serde(default)]
    /// Homes of buyers' parents: nations, `D:5`, `world` or `foreign`.
    #[schemars(with = "Vec<String>")]
    pub headquarters: Vec<Spanned<String>>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionFile {
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    pub words: String,
    #[schemars(with = "String")]
    pub condition: Spanned<String>,
    #[schemars(with = "Verdict")]
    pub licence: Spanned<Verdict>,
}

/// A chip with a known answer: the case table of a rule, which `chokepoint check` holds against it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    #[schemars(with = "String")]
    pub chip: Spanned<String>,
    /// Whether the condition holds for a sale to China.
    #[schemars(with = "bool")]
    pub met: Spanned<bool>,
    /// What the rule says of that sale after its exceptions, other rules aside; left out where the condition does not hold.
    #[schemars(with = "Option<Verdict>")]
    pub outcome: Option<Spanned<Verdict>>,
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
    pub select: Option<RuleSelection>,
    /// Keeps only rules of these issuers among the selected.
    #[schemars(with = "Option<Vec<String>>")]
    pub issuers: Option<Vec<Spanned<String>>>,
    /// Keeps only rules announced by this day among the selected.
    #[schemars(with = "Option<TomlDate>")]
    pub announced_by: Option<Spanned<TomlDate>>,
    /// Takes rules from among the selected.
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
pub enum RuleSelection {
    Enforced,
}

/// Other dates for a rule in one regime, or `enforced = false` alone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeFile {
    #[schemars(with = "String")]
    pub rule: Spanned<String>,
    pub announced: Option<TomlDate>,
    pub compliance: Option<TomlDate>,
    /// A date, or `never`.
    pub ended: Option<EndDate>,
    /// `none` drops earlier dates of single firms.
    pub early: Option<NoneKeyword>,
    /// `false` takes the rule out; `true` is refused, since every rule that a regime holds is in force.
    #[schemars(with = "Option<bool>")]
    pub enforced: Option<Spanned<bool>>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoneKeyword {
    None,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a day or `never`")]
pub enum EndDate {
    On(TomlDate),
    Word(NeverKeyword),
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NeverKeyword {
    Never,
}

/// The case table of every rule: rule index, case, the file that it stands in.
pub type CaseTable = Vec<(u16, CaseFile, Arc<Source>)>;

/// Days before its announcement from which a rule can bind: a letter to single firms is heard of later.
const LETTER_DAYS: i32 = 31;

/// The years in which rules can be dated.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// Names that rules may point at.
#[derive(Clone, Debug, Default)]
pub struct WorldNames {
    nations: Vec<String>,
    chips: Vec<String>,
    designers: Vec<String>,
    buyers: Vec<String>,
    models: Vec<String>,
    /// What rules can respond to beside other rules.
    events: Vec<String>,
}

impl WorldNames {
    /// The names in the tables of the world and of events.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn read(
        configs: &Configs,
        nations: &[NationRow],
        chips: &[ChipRow],
        tables: &WorldTables,
    ) -> Result<Self, Problems> {
        let vendors = || chips.iter().map(|c| c.vendor.clone());
        let sellers = || tables.makers.iter().map(|m| m.chip_vendor.clone());
        let mut names = Self {
            nations: nations.iter().map(|n| n.iso3.clone()).collect(),
            chips: chips.iter().map(|c| c.chip.clone()).collect(),
            designers: vendors()
                .chain(sellers())
                .chain(column(configs, "world/foundries.csv", "name")?)
                .collect(),
            buyers: vendors()
                .chain(sellers())
                .chain(tables.labs.iter().map(|l| l.name.clone()))
                .collect(),
            models: column(configs, "world/models.csv", "model")?,
            events: column(configs, "rules/events.csv", "event")?,
        };
        for list in [&mut names.designers, &mut names.buyers, &mut names.models] {
            list.retain(|name| !name.is_empty());
            list.sort();
            list.dedup();
        }
        Ok(names)
    }

    fn of(&self, named: NameDomain) -> &[String] {
        match named {
            NameDomain::Chip => &self.chips,
            NameDomain::Designer => &self.designers,
            NameDomain::Buyer => &self.buyers,
            NameDomain::Nation => &self.nations,
            NameDomain::Model => &self.models,
        }
    }
}

/// The cells of one column of a table.
fn column(configs: &Configs, path: &str, name: &str) -> Result<Vec<String>, Problems> {
    let source = configs.read(path)?;
    let wrong = |message: String| Problems::from(Diagnostic::at(&source, 0..1, message));
    let mut reader = csv::Reader::from_reader(source.text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|e| wrong(format!("not a table: {e}")))?;
    let at = headers
        .iter()
        .position(|header| header == name)
        .ok_or_else(|| wrong(format!("no column `{name}`, expected one of this name")))?;
    let cells = reader
        .records()
        .map(|row| row.map(|row| row.get(at).unwrap_or("").to_string()));
    cells
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(format!("broken line: {e}")))
}

/// Reads every act under `configs/rules`, and the acts in `extra`. One of `extra` that is a file of the configuration, by its
/// path or by the ids of all its rules, stands in the place of it.
///
/// # Errors
/// For everything that names what does not exist, has no source, is out of order or of range, or is there twice.
pub fn read_law(
    configs: &Configs,
    extra: &[Source],
    names: &WorldNames,
) -> Result<(Law, CaseTable), Problems> {
    let mut acts: Vec<(Arc<Source>, ActFile)> = Vec::new();
    let mut problems = Problems::default();
    let mut read = |source: Source| match read_toml::<ActFile>(&source) {
        Ok(act) => Some((Arc::new(source), act)),
        Err(more) => {
            problems.0.extend(more.0);
            None
        }
    };
    // A file that stands in the place of another is read instead of it, so that a broken one can be mended.
    let shipped = configs.list("rules", ".toml");
    let mut own: Vec<Option<(Arc<Source>, ActFile)>> =
        extra.iter().map(|source| read(source.clone())).collect();
    for path in &shipped {
        match extra.iter().position(|source| is_file(&source.name, path)) {
            Some(at) => acts.extend(own[at].take()),
            None => acts.extend(read(configs.read(path)?)),
        }
    }
    problems.check()?;
    let ids = |act: &ActFile| -> BTreeSet<String> {
        act.rule.iter().map(|r| r.id.get_ref().clone()).collect()
    };
    let shipped_acts = acts.len();
    for (source, act) in own.into_iter().flatten() {
        let same = |(_, other): &(_, ActFile)| ids(other) == ids(&act);
        match acts[..shipped_acts].iter().position(same) {
            Some(at) => acts[at] = (source, act),
            None => acts.push((source, act)),
        }
    }
    let files: Vec<&RuleFile> = acts.iter().flat_map(|(_, act)| &act.rule).collect();
    if files.len() > usize::from(u16::MAX) {
        let (source, act) = &acts[acts.len() - 1];
        let message = format!("{} rules, expected at most {}", files.len(), u16::MAX);
        return Err(Diagnostic::at(source, act.issuer.span(), message).into());
    }
    let mut reader = LawReader {
        ids: files.iter().map(|r| r.id.get_ref().clone()).collect(),
        by_name: HashMap::new(),
        kinds: files.iter().map(|r| r.instrument).collect(),
        names,
        conditions: Vec::new(),
        outside: acts
            .iter()
            .map(|(_, act)| {
                let names = act.outside_names.iter();
                names
                    .map(|name| (name.get_ref().clone(), Cell::new(false)))
                    .collect()
            })
            .collect(),
        law: Law::default(),
        problems: Problems::default(),
    };
    reader.claim_names(&acts);
    reader.compile_all(&acts);
    let mut cases = CaseTable::new();
    for (number, (source, act)) in acts.iter().enumerate() {
        reader.act(source, act);
        for file in &act.rule {
            let index = reader.law.rules.len() as u16;
            reader.rule(source, (number, act), file);
            let of_rule = file.case.iter();
            cases.extend(of_rule.map(|c| (index, c.clone(), source.clone())));
        }
    }
    if reader.problems.0.is_empty() {
        reader.every_outside_name_is_needed(&acts);
    }
    reader.problems.check()?;
    Ok((reader.law, cases))
}

/// Whether the name of a file that a user gave is that of a file of the configuration.
fn is_file(name: &str, path: &str) -> bool {
    let name = name.replace('\\', "/");
    name == *path || name.ends_with(&format!("/{path}"))
}

/// Ids of the rules in some acts that were read before.
///
/// # Errors
/// As [`read_law`] for files that are no acts.
pub fn ids_of(extra: &[Source]) -> Result<Vec<String>, Problems> {
    let mut ids = Vec::new();
    for source in extra {
        let act: ActFile = read_toml(source)?;
        ids.extend(act.rule.into_iter().map(|rule| rule.id.into_inner()));
    }
    Ok(ids)
}

/// Holds the case table of every rule against it.
///
/// # Errors
/// For chips that are in no table, and for answers that differ from what the rule says.
pub fn check_cases(
    law: &Law,
    cases: &CaseTable,
    chips: &[ChipRow],
    nations: &[NationRow],
) -> Result<(), Problems> {
    let Some(china) = nations.iter().find(|n| n.iso3 == "CHN") else {
        return Ok(());
    };
    let names: Vec<&str> = chips.iter().map(|c| c.chip.as_str()).collect();
    let mut symbols = law.symbols.clone();
    let china = china.groups(&mut symbols);
    let mut problems = Problems::default();
    for (at, case, source) in cases {
        let rule = &law.rules[usize::from(*at)];
        let name = case.chip.get_ref();
        let mut wrong = |span: Range<usize>, message: String| {
            problems.0.push(Diagnostic::at(source, span, message));
        };
        if !rule.instrument.judges(ControlledItem::ChipSale) {
            let message = format!(
                "a case of a chip, expected none: a rule of instrument `{}` judges {}",
                rule.instrument.name(),
                rule.instrument.judged()
            );
            wrong(case.chip.span(), message);
            continue;
        }
        let Some(chip) = chips.iter().find(|c| c.chip == *name) else {
            let message = format!("found `{name}`, expected a chip of configs/world/chips.csv");
            let problem = Diagnostic::at(source, case.chip.span(), message);
            problems.0.push(problem.nearest(name, &names));
            continue;
        };
        let mut sale = chip.attributes(&mut symbols);
        sale.ship_to(&china, &china);
        let met = match rule.condition.eval(&sale) {
            ThreeValued::Yes => true,
            ThreeValued::No => false,
            ThreeValued::Unknown => {
                let open = rule
                    .condition
                    .missing_attribute(&sale)
                    .unwrap_or(Attribute::Tpp);
                let message = format!(
                    "whether `{}` is met by `{name}` cannot be told: its `{}` is unknown",
                    rule.id,
                    open.name()
                );
                wrong(case.met.span(), message);
                continue;
            }
        };
        if met != *case.met.get_ref() {
            let message = format!(
                "found met = {}, but the condition of `{}` is {}met by `{name}`: {}",
                case.met.get_ref(),
                rule.id,
                if met { "" } else { "not " },
                rule.condition.with_values(&sale, &symbols)
            );
            wrong(case.met.span(), message);
        } else if let Some(outcome) = &case.outcome {
            let said = law.own_verdict(*at, ControlledItem::ChipSale, &sale);
            if said != Some(*outcome.get_ref()) {
                let said = said.map_or_else(|| "nothing".into(), |v| format!("`{v}`"));
                let message = format!(
                    "found outcome `{}`, but `{}` says {said} of a sale of `{name}` to CHN",
                    outcome.get_ref(),
                    rule.id
                );
                wrong(outcome.span(), message);
            }
        }
    }
    problems.check()
}

/// The dates of a rule, of its file or as a regime has it.
struct RuleDateOrder {
    announced: Option<Date>,
    leaked: Option<Date>,
    published: Option<Date>,
    compliance: Option<Date>,
    ended: Option<Date>,
    early: Vec<Date>,
    /// Whether it binds at some time.
    binds: bool,
}

impl RuleDateOrder {
    /// The first field that is out of order, and what is wrong with it.
    fn out_of_order(&self) -> Option<(&'static str, String)> {
        let fields = [
            ("announced", self.announced),
            ("leaked", self.leaked),
            ("published", self.published),
            ("compliance", self.compliance),
            ("ended", self.ended),
        ];
        let early = self.early.iter().map(|day| ("early", Some(*day)));
        for (name, day) in fields.into_iter().chain(early) {
            if let Some(day) = day.filter(|day| !YEARS.contains(&day.year())) {
                return Some((name, implausible(&day.to_string())));
            }
        }
        let days = |from: Date, to: Date| (to - from).get_days();
        if let Some(first) = self.announced {
            if let Some(leak) = self.leaked.filter(|leak| *leak < first) {
                let message = format!(
                    "leaked on {leak}, before it was announced on {first}; expected `announced` to be the first day on which it was known"
                );
                return Some(("leaked", message));
            }
            if let Some(text) = self.published.filter(|text| *text < first) {
                let message = format!(
                    "published on {text}, before it was announced on {first}; expected `announced` to be the first day on which it was known"
                );
                return Some(("published", message));
            }
            if let Some(day) = self
                .compliance
                .filter(|day| days(*day, first) > LETTER_DAYS)
            {
                let message = format!(
                    "binds on {day}, more than {LETTER_DAYS} days before it was announced on {first}"
                );
                return Some(("compliance", message));
            }
            if let Some(end) = self.ended.filter(|end| *end < first) {
                let message = format!("ends on {end}, before it was announced on {first}");
                return Some(("ended", message));
            }
        }
        if let (Some(leak), Some(text)) = (self.leaked, self.published)
            && text < leak
        {
            let message = format!("leaked on {leak}, after it was published on {text}");
            return Some(("leaked", message));
        }
        if let (Some(text), Some(day)) = (self.published, self.compliance)
            && days(day, text) > LETTER_DAYS
        {
            let message = format!(
                "published on {text}, more than {LETTER_DAYS} days after it binds on {day}"
            );
            return Some(("published", message));
        }
        if let (Some(day), Some(end)) = (self.compliance, self.ended)
            && self.binds
            && end < day
        {
            let message = format!("ends on {end}, before it binds on {day}");
            return Some(("ended", message));
        }
        for on in &self.early {
            let soon = self
                .announced
                .filter(|first| days(*on, *first) > LETTER_DAYS);
            if let Some(first) = soon {
                let message = format!(
                    "binds a firm on {on}, more than {LETTER_DAYS} days before it was announced on {first}"
                );
                return Some(("early", message));
            }
            if let Some(day) = self.compliance.filter(|day| day < on) {
                let message =
                    format!("binds a firm early on {on}, after it binds all others on {day}");
                return Some(("early", message));
            }
        }
        None
    }
}

fn implausible(found: &str) -> String {
    format!(
        "found {found}, expected a year from {} to {}",
        YEARS.start(),
        YEARS.end()
    )
}

/// A month in which rules can be dated.
///
/// # Errors
/// In words, for a month of another year.
pub(super) fn plausible_month(month: Month) -> Result<(), String> {
    let year = i16::try_from(month.year()).unwrap_or(0);
    let plausible = YEARS.contains(&year);
    plausible
        .then_some(())
        .ok_or_else(|| implausible(&month.to_string()))
}

/// Ties what `numbers` may hold to the instrument of the rule.
fn numbers_by_instrument(schema: &mut schemars::Schema) {
    let cases: Vec<serde_json::Value> = Instrument::ALL
        .iter()
        .map(|instrument| {
            let declared = instrument.numbers();
            let mut numbers = serde_json::json!({
                "type": "object",
                "additionalProperties": false,
                "properties": {},
            });
            for number in declared {
                let mut property = serde_json::json!({
                    "type": "number",
                    "minimum": number.least,
                    "description": format!("{} ({}); {}.", number.words, number.unit, number.need.words()),
                });
                match number.most {
                    Bound::Included(most) => property["maximum"] = most.into(),
                    Bound::Excluded(most) => property["exclusiveMaximum"] = most.into(),
                    Bound::Unbounded => {}
                }
                numbers["properties"][number.name] = property;
            }
            let needed = |need| declared.iter().any(|number| number.need == need);
            let mut then = serde_json::json!({});
            if needed(NumberNeed::Always) {
                let always = declared.iter().filter(|n| n.need == NumberNeed::Always);
                numbers["required"] = always.map(|n| n.name).collect::<Vec<_>>().into();
                then["required"] = serde_json::json!(["numbers"]);
            }
            if needed(NumberNeed::OneOfThem) {
                numbers["minProperties"] = 1.into();
                then["required"] = serde_json::json!(["numbers"]);
            }
            then["properties"] = serde_json::json!({ "numbers": numbers });
            serde_json::json!({
                "if": { "properties": { "instrument": { "const": instrument.name() } } },
                "then": then,
            })
        })
        .collect();
    schema.insert("allOf".into(), cases.into());
}

struct LawReader<'a> {
    /// By index of the rule.
    ids: Vec<String>,
    /// Rules by their ids as conditions write them.
    by_name: HashMap<String, usize>,
    kinds: Vec<Instrument>,
    names: &'a WorldNames,
    /// By index of the rule; those that could not be compiled never hold.
    conditions: Vec<Condition>,
    /// By act: names that stand in no table, and whether a condition needs them.
    outside: Vec<Vec<(String, Cell<bool>)>>,
    law: Law,
    problems: Problems,
}

/// An id as conditions write it.
fn in_conditions(id: &str) -> String {
    id.replace('-', "_")
}

impl LawReader<'_> {
    fn at(&mut self, source: &Source, span: Range<usize>, message: impl Into<String>) {
        self.problems.0.push(Diagnostic::at(source, span, message));
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

    /// Gives each rule its name in conditions; two rules cannot have the same.
    fn claim_names(&mut self, acts: &[(Arc<Source>, ActFile)]) {
        let mut owner: Vec<&Source> = Vec::with_capacity(self.ids.len());
        let rules = acts
            .iter()
            .flat_map(|(source, act)| act.rule.iter().map(move |rule| (source, rule)));
        for (at, (source, rule)) in rules.enumerate() {
            owner.push(source);
            let id = rule.id.get_ref();
            let name = in_conditions(id);
            if Attribute::named(&name).is_some() {
                let message = format!(
                    "the id `{id}` is the name of an attribute in conditions, expected another"
                );
                self.at(source, rule.id.span(), message);
            }
            if let Some(&first) = self.by_name.get(&name) {
                let message = format!(
                    "the id `{id}` is used twice: `{}` of {} has the same name in conditions; expected an id of its own",
                    self.ids[first], owner[first].name
                );
                self.at(source, rule.id.span(), message);
            } else {
                self.by_name.insert(name, at);
            }
        }
    }

    /// Compiles the condition of every rule, those that others name first.
    fn compile_all(&mut self, acts: &[(Arc<Source>, ActFile)]) {
        let rules: Vec<(&Source, usize, &RuleFile)> = acts
            .iter()
            .enumerate()
            .flat_map(|(number, (source, act))| {
                act.rule.iter().map(move |rule| (&**source, number, rule))
            })
            .collect();
        let mut texts = Vec::with_capacity(rules.len());
        let mut named: Vec<Vec<(usize, Range<usize>)>> = Vec::with_capacity(rules.len());
        for (source, _, rule) in &rules {
            match Expression::read(rule.condition.get_ref()) {
                Ok(text) => {
                    let others = text.names().into_iter();
                    let others =
                        others.filter_map(|(name, place)| Some((*self.by_name.get(&name)?, place)));
                    named.push(others.collect());
                    texts.push(Some(text));
                }
                Err(error) => {
                    self.in_condition(source, &rule.condition, error);
                    named.push(Vec::new());
                    texts.push(None);
                }
            }
        }
        let (order, cycles) = in_order(&named);
        let mut broken: Vec<bool> = texts.iter().map(Option::is_none).collect();
        for cycle in cycles {
            let path: Vec<String> = cycle
                .rules
                .iter()
                .chain(cycle.rules.first())
                .map(|at| format!("`{}`", self.ids[*at]))
                .collect();
            let (source, _, rule) = rules[cycle.closes];
            let message = format!(
                "conditions that name each other in a circle: {}; expected one of them to name no other",
                path.join(" -> ")
            );
            self.in_condition_at(source, &rule.condition, cycle.place, message);
            cycle.rules.iter().for_each(|at| broken[*at] = true);
        }
        self.conditions = vec![Condition::never(); rules.len()];
        for at in order {
            let (source, act, rule) = rules[at];
            // What follows from a condition that cannot be read is not told again.
            broken[at] |= named[at].iter().any(|(other, _)| broken[*other]);
            let Some(text) = texts[at].take().filter(|_| !broken[at]) else {
                continue;
            };
            match self.compile(act, rule.instrument, &text) {
                Ok(condition) => self.conditions[at] = condition,
                Err(error) => {
                    self.in_condition(source, &rule.condition, error);
                    broken[at] = true;
                }
            }
        }
    }

    fn compile(
        &mut self,
        act: usize,
        instrument: Instrument,
        text: &Expression,
    ) -> Result<Condition, ConditionError> {
        let mut symbols: Symbols = std::mem::take(&mut self.law.symbols);
        let result = {
            let (names, outside) = (self.names, &self.outside[act]);
            let (by_name, conditions) = (&self.by_name, &self.conditions);
            Condition::compile(
                text,
                &mut symbols,
                &ConditionScope {
                    instrument,
                    rule: &|name| by_name.get(name).map(|at| conditions[*at].clone()),
                    rules: &|| by_name.keys().cloned().collect(),
                    not_among: &|named, text| {
                        let known = names.of(named);
                        if known.iter().any(|name| name == text) {
                            return None;
                        }
                        let own = outside.iter().find(|(name, _)| name == text);
                        if let Some((_, used)) = own.filter(|_| named != NameDomain::Nation) {
                            used.set(true);
                            return None;
                        }
                        Some(known.to_vec())
                    },
                },
            )
        };
        self.law.symbols = symbols;
        result
    }

    fn in_condition(&mut self, source: &Source, text: &Spanned<String>, error: ConditionError) {
        self.in_condition_at(source, text, error.place, error.message);
        if let Some(last) = self.problems.0.pop() {
            let mut expected: Vec<&str> = error.expected.iter().map(String::as_str).collect();
            expected.sort_unstable();
            let problem = if error.found.is_empty() {
                last
            } else {
                last.nearest(&error.found, &expected)
            };
            self.problems.0.push(problem);
        }
    }

    /// An error at some bytes of a condition, where the file writes it as it is read; else at the whole.
    fn in_condition_at(
        &mut self,
        source: &Source,
        text: &Spanned<String>,
        place: Range<usize>,
        message: String,
    ) {
        let span = text.span();
        let raw = source.text.get(span.clone()).unwrap_or("");
        let same = raw.find(text.get_ref().as_str());
        let range = match same.filter(|_| !text.get_ref().is_empty()) {
            Some(start) => span.start + start + place.start..span.start + start + place.end,
            None => span,
        };
        self.at(source, range, message);
    }

    /// What an act says beside its rules.
    fn act(&mut self, source: &Source, act: &ActFile) {
        for cited in [&act.source, &act.citation] {
            if cited.get_ref().trim().is_empty() {
                let message = "found nothing, expected where the text can be read";
                self.at(source, cited.span(), message);
            }
        }
        if !self.names.nations.contains(act.issuer.get_ref()) {
            let message = format!(
                "found `{}`, expected the ISO3 code of a nation",
                act.issuer.get_ref()
            );
            self.wrong(source, &act.issuer, message, &self.names.nations.clone());
        }
        if act.rule.is_empty() {
            let message = "an act without a rule, expected [[rule]]";
            self.at(source, act.issuer.span(), message);
        }
    }

    fn every_outside_name_is_needed(&mut self, acts: &[(Arc<Source>, ActFile)]) {
        for (number, (source, act)) in acts.iter().enumerate() {
            for (nth, name) in act.outside_names.iter().enumerate() {
                if !self.outside[number][nth].1.get() {
                    let message = format!(
                        "found `{}`, expected a name that a condition of this act holds and no table does, once",
                        name.get_ref()
                    );
                    self.at(source, name.span(), message);
                }
            }
        }
    }

    fn rule(&mut self, source: &Source, (number, act): (usize, &ActFile), file: &RuleFile) {
        let at = self.law.rules.len();
        let id = file.id.get_ref();
        let announced = file.announced.as_ref().map(|d| d.get_ref().0);
        let compliance = file.compliance.as_ref().map(|d| d.get_ref().0);
        let ended = file.ended.as_ref().map(|d| d.get_ref().0);
        self.dates(source, file);
        let status = act.status;
        let enforced = *file.enforced.get_ref();
        if status == LegalStatus::Law && enforced && (announced.is_none() || compliance.is_none()) {
            let message =
                format!("`{id}` is enforced law and needs the dates `announced` and `compliance`");
            self.at(source, file.id.span(), message);
        }
        if enforced && matches!(status, LegalStatus::Bill | LegalStatus::Draft) {
            let message = format!(
                "found `enforced = true` in an act of status `{}`, expected `false`, or the status `law` or `hypothetical`",
                status.name()
            );
            self.at(source, file.enforced.span(), message);
        }
        let licence = |reader: &mut Self, found: &Spanned<Verdict>, expected: &[Verdict]| {
            if !expected.contains(found.get_ref()) {
                let expected: Vec<String> = expected.iter().map(|v| format!("`{v}`")).collect();
                let message = format!(
                    "found `{}`, expected what a rule of instrument `{}` can say: {}",
                    found.get_ref(),
                    file.instrument.name(),
                    expected.join(", ")
                );
                reader.at(source, found.span(), message);
            }
        };
        licence(self, &file.licence, file.instrument.licences());
        let mut exceptions = Vec::with_capacity(file.exception.len());
        for (nth, exception) in file.exception.iter().enumerate() {
            let name = exception.name.get_ref();
            if file.exception[..nth]
                .iter()
                .any(|e| e.name.get_ref() == name)
            {
                let message = format!("the exception `{name}` is here twice");
                self.at(source, exception.name.span(), message);
            }
            let expected = file.instrument.licences_of_exceptions();
            licence(self, &exception.licence, expected);
            let text = Expression::read(exception.condition.get_ref());
            let condition = text.and_then(|text| self.compile(number, file.instrument, &text));
            exceptions.push(Exception {
                name: name.clone(),
                words: exception.words.clone(),
                condition: condition.unwrap_or_else(|error| {
                    self.in_condition(source, &exception.condition, error);
                    Condition::never()
                }),
                licence: *exception.licence.get_ref(),
            });
        }
        for cause in &file.responds_to {
            self.cause(source, id, cause);
        }
        let numbers = self.numbers(source, file);
        let number = |name: &str| numbers.get(name).copied();
        let facts = self.facts(source, file);
        let early = self.early(source, file);
        let issuer_code = self.law.symbols.code(act.issuer.get_ref());
        if file.instrument == Instrument::Rescission && file.supersedes.is_empty() {
            let message = format!(
                "`{id}` is a rescission that ends nothing, expected the ids of rules under `supersedes`"
            );
            self.at(source, file.id.span(), message);
        }
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
            status: status.name().into(),
            announced,
            text_lag_days: match (announced, file.published.as_ref()) {
                (Some(first), Some(text)) => (text.get_ref().0 - first).get_days().max(0),
                _ => 0,
            },
            compliance,
            ended,
            early,
            enforced,
            text: file.condition.get_ref().clone(),
            condition: self.conditions[at].clone(),
            licence: *file.licence.get_ref(),
            exceptions,
            applies_to: self.applies_to(source, file, act.issuer.get_ref()),
            supersedes: self.others(source, file, &file.supersedes, false),
            carves_out: self.others(source, file, &file.carves_out, true),
            responds_to: file
                .responds_to
                .iter()
                .map(|r| r.get_ref().clone())
                .collect(),
            levy_share: number(LEVY_SHARE.name).unwrap_or(0.0),
            cap_tpp: number(TIER2_CAP_TPP.name).unwrap_or(f64::INFINITY),
            support_usd: SUPPORT.map(|kind| number(kind.name).unwrap_or(0.0)),
            facts,
        };
        self.law.rules.push(Arc::new(rule));
    }

    fn dates(&mut self, source: &Source, file: &RuleFile) {
        let day = |d: &Option<Spanned<TomlDate>>| d.as_ref().map(|d| d.get_ref().0);
        let dates = RuleDateOrder {
            announced: day(&file.announced),
            leaked: day(&file.leaked),
            published: day(&file.published),
            compliance: day(&file.compliance),
            ended: day(&file.ended),
            early: file.early.iter().map(|e| e.on.get_ref().0).collect(),
            binds: *file.enforced.get_ref(),
        };
        let Some((field, message)) = dates.out_of_order() else {
            return;
        };
        let span = match field {
            "announced" => file.announced.as_ref().map(Spanned::span),
            "leaked" => file.leaked.as_ref().map(Spanned::span),
            "published" => file.published.as_ref().map(Spanned::span),
            "compliance" => file.compliance.as_ref().map(Spanned::span),
            "ended" => file.ended.as_ref().map(Spanned::span),
            _ => {
                let one = file.early.iter().find(|e| {
                    let alone = RuleDateOrder {
                        early: vec![e.on.get_ref().0],
                        ..dates
                    };
                    alone.out_of_order().is_some()
                });
                one.map(|e| e.on.span())
            }
        };
        self.at(source, span.unwrap_or_else(|| file.id.span()), message);
    }

    fn early(&mut self, source: &Source, file: &RuleFile) -> Vec<EarlyNotice> {
        let mut early = Vec::with_capacity(file.early.len());
        for (nth, one) in file.early.iter().enumerate() {
            let vendor = one.vendor.get_ref();
            if file.early[..nth]
                .iter()
                .any(|e| e.vendor.get_ref() == vendor)
            {
                let message = format!("`{vendor}` is here twice, expected one day for each firm");
                self.at(source, one.vendor.span(), message);
            }
            let known = self.names.of(NameDomain::Designer);
            if !known.contains(vendor) {
                let message = format!(
                    "found `{vendor}`, expected {}",
                    NameDomain::Designer.words()
                );
                self.wrong(source, &one.vendor, message, &known.to_vec());
            }
            early.push(EarlyNotice {
                vendor: self.law.symbols.code(vendor),
                on: one.on.get_ref().0,
            });
        }
        early
    }

    /// The numbers that the instrument reads.
    fn numbers(&mut self, source: &Source, file: &RuleFile) -> HashMap<&'static str, f64> {
        let declared = file.instrument.numbers();
        let kind = file.instrument.name();
        let says_capped = *file.licence.get_ref() == Verdict::Capped
            || file
                .exception
                .iter()
                .any(|e| *e.licence.get_ref() == Verdict::Capped);
        let mut found = HashMap::new();
        for (key, value) in &file.numbers {
            let name = key.get_ref();
            let Some(number) = declared.iter().find(|n| n.name == name) else {
                let list: Vec<String> = declared.iter().map(|n| n.name.to_string()).collect();
                let held = if list.is_empty() {
                    "none".to_string()
                } else {
                    format!("`{}`", list.join("`, `"))
                };
                let message = format!(
                    "found `{name}`, expected the numbers that a rule of instrument `{kind}` holds: {held}; what the model does not read goes under `facts`"
                );
                self.wrong(source, key, message, &list);
                continue;
            };
            if number.need == NumberNeed::WhereCapped && !says_capped {
                let message = format!(
                    "found `{name}` in a rule that never says `capped`, expected none: nothing would read it"
                );
                self.at(source, key.span(), message);
            }
            if number.accepts(*value.get_ref()) {
                found.insert(number.name, *value.get_ref());
            } else {
                let message = format!(
                    "`{name}`: found {}, expected a number {}",
                    value.get_ref(),
                    number.range()
                );
                self.at(source, value.span(), message);
            }
        }
        let given = |name: &str| file.numbers.keys().any(|key| key.get_ref() == name);
        // A misspelt name has been told, and is most often the one that is missing.
        let strange = |key: &Spanned<String>| declared.iter().all(|n| n.name != key.get_ref());
        let declared = if file.numbers.keys().any(strange) {
            &[]
        } else {
            declared
        };
        for number in declared {
            let missing = match number.need {
                NumberNeed::Always => !given(number.name),
                NumberNeed::WhereCapped => says_capped && !given(number.name),
                NumberNeed::OneOfThem => {
                    number.name == declared[0].name && !declared.iter().any(|n| given(n.name))
                }
            };
            if missing {
                let names: Vec<&str> = match number.need {
                    NumberNeed::OneOfThem => declared.iter().map(|n| n.name).collect(),
                    _ => vec![number.name],
                };
                let message = format!(
                    "`{}` needs the number `{}` under `numbers`, {}",
                    file.id.get_ref(),
                    names.join("` or `"),
                    number.range()
                );
                self.at(source, file.id.span(), message);
            }
        }
        found
    }

    /// Numbers of the text that nothing reads; what an instrument reads cannot hide among them.
    fn facts(&mut self, source: &Source, file: &RuleFile) -> Vec<(String, f64)> {
        for (key, value) in &file.facts {
            let name = key.get_ref();
            let read = |i: &&Instrument| i.numbers().iter().any(|n| n.name == name);
            if let Some(instrument) = Instrument::ALL.iter().find(read) {
                let message = format!(
                    "found `{name}` under `facts`, which the model does not read; expected it under `numbers` of a rule of instrument `{}`",
                    instrument.name()
                );
                self.at(source, key.span(), message);
            }
            if !value.get_ref().is_finite() {
                let message = format!(
                    "`{name}`: found {}, expected a finite number",
                    value.get_ref()
                );
                self.at(source, value.span(), message);
            }
        }
        let facts = file.facts.iter();
        facts
            .map(|(key, value)| (key.get_ref().clone(), *value.get_ref()))
            .collect()
    }

    /// Something that a rule responds to: another rule, or an event of the table.
    fn cause(&mut self, source: &Source, id: &str, cause: &Spanned<String>) {
        let Some(event) = cause.get_ref().strip_prefix("event:") else {
            if cause.get_ref() == id {
                let message = format!("`{id}` responds to itself, expected another rule");
                self.at(source, cause.span(), message);
            }
            self.index(source, cause);
            return;
        };
        if !self.names.events.iter().any(|known| known == event) {
            let known = self.names.events.iter();
            let known: Vec<String> = known.map(|e| format!("event:{e}")).collect();
            let message = format!(
                "found `{}`, expected the id of a rule or `event:` with an event of configs/rules/events.csv",
                cause.get_ref()
            );
            self.wrong(source, cause, message, &known);
        }
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

    /// Rules that a rule voids, or carves out of.
    fn others(
        &mut self,
        source: &Source,
        file: &RuleFile,
        names: &[Spanned<String>],
        carved: bool,
    ) -> Vec<u16> {
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let Some(at) = self.index(source, name) else {
                continue;
            };
            let other = self.kinds[usize::from(at)];
            if name.get_ref() == file.id.get_ref() {
                self.at(source, name.span(), "found itself, expected another rule");
            } else if found.contains(&at) {
                let message = format!("`{}` is here twice", name.get_ref());
                self.at(source, name.span(), message);
            } else if carved && !file.instrument.overlaps(other) {
                let message = format!(
                    "found `{}`, expected a rule on {}: that one judges {}",
                    name.get_ref(),
                    file.instrument.judged(),
                    other.judged()
                );
                self.at(source, name.span(), message);
            }
            found.push(at);
        }
        found
    }

    fn applies_to(&mut self, source: &Source, file: &RuleFile, issuer: &str) -> AppliesTo {
        let to = &file.applies_to;
        let china = self.law.symbols.code("CHN");
        let own = self.law.symbols.code(issuer);
        let (not_from, only_from) = match to.origin.get_ref().as_str() {
            "us" => (Some(china), None),
            "any" => (None, None),
            "foreign" => (Some(own), None),
            nation => {
                let words = ["us", "any", "foreign"];
                let mut names: Vec<String> = words.map(String::from).to_vec();
                let designed = file.instrument.has_designer();
                let home = self.names.nations.iter().any(|n| n == nation);
                if !home || !designed {
                    let expected = if designed {
                        names.extend(self.names.nations.iter().cloned());
                        "`us`, `any`, `foreign` or the ISO3 code of a nation".to_string()
                    } else {
                        format!(
                            "`us`, `any` or `foreign`: the model knows no designer of {}",
                            file.instrument.judged()
                        )
                    };
                    let message = format!("found `{nation}`, expected {expected}");
                    self.wrong(source, &to.origin, message, &names);
                }
                (None, Some(self.law.symbols.code(nation)))
            }
        };
        if to.destinations.is_empty() && to.headquarters.is_empty() {
            let message = format!(
                "`{}` reaches nobody, expected `destinations` or `headquarters`",
                file.id.get_ref()
            );
            self.at(source, to.origin.span(), message);
        }
        let mut groups = |list: &[Spanned<String>], of_buyers: bool| -> Vec<NationGroup> {
            list.iter()
                .filter_map(|name| self.group(source, name, own, of_buyers))
                .collect()
        };
        AppliesTo {
            destinations: groups(&to.destinations, false),
            except: groups(&to.except, false),
            headquarters: groups(&to.headquarters, true),
            not_from,
            only_from,
        }
    }

    fn group(
        &mut self,
        source: &Source,
        name: &Spanned<String>,
        issuer: f64,
        of_buyers: bool,
    ) -> Option<NationGroup> {
        let group = match name.get_ref().as_str() {
            "world" => Some(NationGroup::World),
            "foreign" => Some(NationGroup::AllBut(issuer)),
            "D:5" => Some(NationGroup::D5),
            nation if self.names.nations.iter().any(|n| n == nation) => {
                Some(NationGroup::Nation(self.law.symbols.code(nation)))
            }
            _ if of_buyers => None,
            "A:1" => Some(NationGroup::A1),
            "A:5" => Some(NationGroup::A5),
            "A:6" => Some(NationGroup::A6),
            "D:1" => Some(NationGroup::D1),
            "D:4" => Some(NationGroup::D4),
            "tier:1" => Some(NationGroup::Tier(1)),
            "tier:2" => Some(NationGroup::Tier(2)),
            "tier:3" => Some(NationGroup::Tier(3)),
            _ => None,
        };
        if group.is_none() {
            let mut names: Vec<String> = self.names.nations.clone();
            let words: &[&str] = if of_buyers {
                &["world", "foreign", "D:5"]
            } else {
                &[
                    "world", "foreign", "A:1", "A:5", "A:6", "D:1", "D:4", "D:5", "tier:1",
                    "tier:2", "tier:3",
                ]
            };
            names.extend(words.iter().map(|word| (*word).to_string()));
            let expected = if of_buyers {
                "the home of buyers: a nation (ISO3), D:5, world or foreign"
            } else {
                "a nation (ISO3), a country group such as D:5, or a tier"
            };
            let message = format!("found `{}`, expected {expected}", name.get_ref());
            self.wrong(source, name, message, &names);
        }
        group
    }
}

/// Rules whose conditions name each other in a circle.
struct ConditionCycle {
    /// From the rule that is named to the one that names it.
    rules: Vec<usize>,
    /// The rule whose condition closes the circle, and where.
    closes: usize,
    place: Range<usize>,
}

/// Every rule after those that it names, and the circles, one of those that hang together.
fn in_order(named: &[Vec<(usize, Range<usize>)>]) -> (Vec<usize>, Vec<ConditionCycle>) {
    #[derive(Clone, Copy, PartialEq)]
    enum VisitState {
        New,
        Open,
        Done,
    }
    let mut mark = vec![VisitState::New; named.len()];
    let mut told = vec![false; named.len()];
    let mut order = Vec::with_capacity(named.len());
    let mut circles = Vec::new();
    for root in 0..named.len() {
        if mark[root] != VisitState::New {
            continue;
        }
        mark[root] = VisitState::Open;
        // A path with how far each rule on it has been followed: no recursion, however long a chain is.
        let mut path: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((rule, next)) = path.last_mut() {
            let rule = *rule;
            let Some((other, place)) = named[rule].get(*next) else {
                mark[rule] = VisitState::Done;
                order.push(rule);
                path.pop();
                continue;
            };
            *next += 1;
            match mark[*other] {
                VisitState::New => {
                    mark[*other] = VisitState::Open;
                    path.push((*other, 0));
                }
                VisitState::Done => {}
                VisitState::Open => {
                    let from = path.iter().position(|(r, _)| r == other).unwrap_or(0);
                    let rules: Vec<usize> = path[from..].iter().map(|(r, _)| *r).collect();
                    // Of circles that hang together one is told.
                    if !path.iter().any(|(r, _)| told[*r]) {
                        rules.iter().for_each(|r| told[*r] = true);
                        circles.push(ConditionCycle {
                            rules,
                            closes: rule,
                            place: place.clone(),
                        });
                    }
                }
            }
        }
    }
    (order, circles)
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
        plausible_month(month).map_err(|message| {
            let named = Source {
                name: name.to_string(),
                text: name.to_string(),
            };
            Problems::from(Diagnostic::at(&named, 7..name.len(), message))
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
    let mut wrong = |span: Range<usize>, message: String| {
        problems.0.push(Diagnostic::at(source, span, message));
    };
    if file.select.is_none() {
        let asked = [
            file.issuers.as_ref().map(|list| {
                let first = list.first().map_or(0..1, Spanned::span);
                ("issuers", first)
            }),
            file.announced_by
                .as_ref()
                .map(|d| ("announced_by", d.span())),
            file.exclude.first().map(|name| ("exclude", name.span())),
        ];
        for (field, span) in asked.into_iter().flatten() {
            let message = format!(
                "`{field}` chooses among selected rules, expected `select = \"enforced\"` beside it"
            );
            wrong(span, message);
        }
    }
    if let Some(day) = &file.announced_by
        && !YEARS.contains(&day.get_ref().0.year())
    {
        wrong(day.span(), implausible(&day.get_ref().0.to_string()));
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
    let find = |problems: &mut Problems, name: &Spanned<String>| {
        let at = law.find(name.get_ref());
        if at.is_none() {
            let message = format!("found `{}`, expected the id of a rule", name.get_ref());
            problems
                .0
                .push(Diagnostic::at(source, name.span(), message).nearest(name.get_ref(), &ids));
        }
        at
    };
    let mut chosen: Vec<u16> = Vec::new();
    if file.select == Some(RuleSelection::Enforced) {
        for (at, rule) in law.rules.iter().enumerate() {
            let issuer = file
                .issuers
                .as_ref()
                .is_none_or(|list| list.iter().any(|i| *i.get_ref() == rule.issuer));
            let known = file
                .announced_by
                .as_ref()
                .is_none_or(|day| rule.announced.is_some_and(|a| a <= day.get_ref().0));
            if rule.status == LegalStatus::Law.name() && rule.enforced && issuer && known {
                chosen.push(at as u16);
            }
        }
        if chosen.is_empty() && problems.0.is_empty() {
            let message = "selects no rule, expected other `issuers` or a later `announced_by`";
            problems
                .0
                .push(Diagnostic::at_field(source, "select", message));
        }
        for name in &file.exclude {
            let Some(at) = find(&mut problems, name) else {
                continue;
            };
            let before = chosen.len();
            chosen.retain(|other| *other != at);
            if chosen.len() == before {
                let message = format!(
                    "found `{}`, expected a rule that is selected, once",
                    name.get_ref()
                );
                problems
                    .0
                    .push(Diagnostic::at(source, name.span(), message));
            }
        }
    }
    for name in &file.include {
        let Some(at) = find(&mut problems, name) else {
            continue;
        };
        if chosen.contains(&at) {
            let message = format!("`{}` is in this regime already", name.get_ref());
            problems
                .0
                .push(Diagnostic::at(source, name.span(), message));
        } else {
            chosen.push(at);
        }
    }
    chosen.sort_unstable();
    let changes = changes_by_rule(source, law, &file.change, &mut problems);
    for change in &file.change {
        let at = law.find(change.rule.get_ref());
        if at.is_some_and(|at| !chosen.contains(&at)) {
            let message = format!(
                "found `{}`, expected a rule that this regime selects or includes",
                change.rule.get_ref()
            );
            problems
                .0
                .push(Diagnostic::at(source, change.rule.span(), message));
        }
    }
    let mut entries = Vec::with_capacity(chosen.len());
    for at in chosen {
        let change = changes.get(&at).copied();
        match entry(law, at, change) {
            Ok(entry) => entries.extend(entry),
            Err(message) => {
                let id = &law.rules[usize::from(at)].id;
                problems.0.push(match change {
                    Some(change) => Diagnostic::at(source, change.rule.span(), message),
                    None => Diagnostic::at_text(source, 0, id, message),
                });
            }
        }
    }
    let process = file
        .process
        .as_ref()
        .and_then(|p| p.read(source, law, &mut problems));
    problems.check()?;
    if let Some(process) = &process {
        process.freeze(&mut entries);
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
    };
    if let Some((field, message)) = dates.out_of_order() {
        let hint = if field == "early" {
            "; expected `early = \"none\"`, or dates around that day"
        } else {
            ""
        };
        return Err(format!("`{}` {message}{hint}", rule.id));
    }
    // A letter can bind before anybody else hears of it.
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
        match entry(law, at, changes.get(&at).copied()) {
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
    problems.check()?;
    if let Some(process) = &regime.process {
        process.freeze(&mut regime.entries);
    }
    regime.entries.sort_by_key(|e| e.rule);
    Ok(regime)
}

impl ChangeFile {
    fn takes_out(&self) -> bool {
        self.enforced.as_ref().is_some_and(|e| !*e.get_ref())
    }
}

impl LegalStatus {
    const fn name(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Bill => "bill",
            Self::Draft => "draft",
            Self::Hypothetical => "hypothetical",
        }
    }
}
