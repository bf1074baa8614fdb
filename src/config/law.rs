//! Files of rules and regimes as people write them.

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::process::ProcessFile;
use crate::controls::{Instrument, NumberNeed, Verdict};
use crate::foundation::name::Name;

/// A date as TOML writes it.
#[derive(Clone, Copy, Debug)]
pub struct TomlDate(pub Date);

impl<'de> Deserialize<'de> for TomlDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const DAY: &str = "expected a day without quotes, such as 2022-10-07";
        let stamp = toml::value::Datetime::deserialize(deserializer).map_err(|e| {
            let found = e.to_string();
            let found = found.split(", expected").next().unwrap_or_default();
            serde::de::Error::custom(format!("{}, {DAY}", found.trim_end()))
        })?;
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
    #[schemars(with = "String")]
    pub title: Spanned<String>,
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
    pub description: String,
    /// The first day on which it was known. A letter of the status `law` can bind before others hear of it, by 31 days at most.
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
    pub description: String,
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
    /// Name for readers, in reports.
    #[serde(default)]
    pub label: String,
    pub description: String,
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub include: Vec<Spanned<String>>,
    /// `enforced`: every rule of status law that was enforced.
    pub select: Option<RuleSelection>,
    /// Keeps only rules of these issuers among the selected.
    #[schemars(with = "Option<Vec<String>>")]
    pub issuers: Option<Vec<Spanned<String>>>,
    /// Keeps only rules in force or published on this day among the selected; what they end later, they do not end here.
    #[schemars(with = "Option<TomlDate>")]
    pub as_of: Option<Spanned<TomlDate>>,
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

impl ChangeFile {
    pub(super) fn takes_out(&self) -> bool {
        self.enforced.as_ref().is_some_and(|e| !*e.get_ref())
    }
}

impl LegalStatus {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Bill => "bill",
            Self::Draft => "draft",
            Self::Hypothetical => "hypothetical",
        }
    }
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
