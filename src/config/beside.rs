//! Reads quantities that others have published, each with what the model reads for the same thing.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::evidence::{
    ErrorScale, Evidence, EvidenceBlock, EvidenceClass, EvidenceRow, PeriodStatistic,
    SeriesMapping, entities_of,
};
use super::observation::Adjustments;
use super::source::{Configs, Source};
use super::table::KnownNames;
use crate::foundation::calendar::Month;
use crate::outputs::measures::{MEASURES, measure};

/// `configs/evidence/beside_others.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BesideFile {
    /// Futures that the model's values are taken over.
    pub runs: u32,
    pub quantity: Vec<PublishedQuantity>,
}

/// A number that somebody published, and how the model's number for it is read.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedQuantity {
    pub name: String,
    pub description: String,
    pub publisher: String,
    /// When it was published, as far as is known: 2026-04, or 2026.
    pub date: String,
    pub definition: String,
    pub low: f64,
    pub value: f64,
    pub high: f64,
    pub range: RangeBasis,
    pub unit: String,
    pub source: String,
    pub url: String,
    /// The rules under which the model is read.
    pub regime: String,
    #[schemars(with = "String")]
    pub first: Month,
    #[schemars(with = "String")]
    pub last: Month,
    #[schemars(with = "String")]
    pub measure: Spanned<String>,
    pub entities: Vec<String>,
    #[serde(default)]
    pub over: Vec<String>,
    pub how: PeriodStatistic,
    /// From the model's unit to that of the quantity.
    #[serde(default = "one")]
    pub factor: f64,
    /// The number is in dollars of its day.
    #[serde(default)]
    pub nominal: bool,
    /// Adjustments of the map of the evidence.
    pub times: Option<String>,
    pub added: Option<String>,
    pub over_added: Option<String>,
    /// How the model's number differs in kind, where it does.
    #[serde(default)]
    pub differs: String,
}

/// Where the bounds of a published number come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RangeBasis {
    Published,
    /// Nothing was published: set from the method, or from what others say.
    Judged,
}

const fn one() -> f64 {
    1.0
}

/// Where the file stands below `configs/`.
const PATH: &str = "evidence/beside_others.toml";
/// More futures than a page needs.
const RUNS: u32 = 10_000;

impl BesideFile {
    /// # Errors
    /// With the place of what is wrong.
    pub fn read(configs: &Configs) -> Result<Self, Problems> {
        parse(&configs.read(PATH)?)
    }

    /// As [`Self::read`], with the names of adjustments resolved.
    ///
    /// # Errors
    /// With the place of what is wrong.
    pub fn check_names(configs: &Configs, adjustments: &Adjustments) -> Result<(), Problems> {
        let source = configs.read(PATH)?;
        check(configs, &source)?;
        let (multiples, amounts) = (adjustments.names(true), adjustments.names(false));
        let mut problems = Problems::default();
        for (number, q) in parse(&source)?.quantity.iter().enumerate() {
            for (field, name, known) in [
                ("times", &q.times, &multiples),
                ("added", &q.added, &amounts),
                ("over_added", &q.over_added, &amounts),
            ] {
                let Some(name) = name else { continue };
                if !known.contains(&name.as_str()) {
                    let message = format!(
                        "`{field}`: found `{name}`, expected an `[[adjustment]]` of the map"
                    );
                    let at = Diagnostic::at_entry(&source, "[[quantity]]", number, field, message);
                    problems.0.push(at.nearest(name, known));
                }
            }
        }
        problems.check()
    }

    /// The quantities read under one regime as rows of evidence, which the hindcast answers.
    pub fn evidence(&self, regime: &str, shipped: &Evidence) -> Evidence {
        let of_regime = || self.quantity.iter().filter(|q| q.regime == regime);
        Evidence {
            rows: of_regime().enumerate().map(|(at, q)| q.row(at)).collect(),
            links: of_regime().map(PublishedQuantity::mapping).collect(),
            adjustments: shipped.adjustments.clone(),
        }
    }

    /// Regimes that the quantities are read under, each once, in the order of the file.
    pub fn regimes(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for q in &self.quantity {
            if !found.contains(&q.regime.as_str()) {
                found.push(&q.regime);
            }
        }
        found
    }
}

impl PublishedQuantity {
    /// Whether a number of the model is within the published bounds.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    fn row(&self, link: usize) -> EvidenceRow {
        EvidenceRow {
            target_id: self.name.clone(),
            series: self.name.clone(),
            entity: self.publisher.clone(),
            period: format!("{}/{}", self.first, self.last),
            first: self.first,
            last: self.last,
            value: self.value,
            unit: self.unit.clone(),
            low: Some(self.low),
            high: Some(self.high),
            class: EvidenceClass::J,
            error: 0.0,
            link: Ok(link),
        }
    }

    fn mapping(&self) -> SeriesMapping {
        SeriesMapping {
            series: self.name.clone(),
            entity: "*".into(),
            measure: self.measure.clone(),
            entities: self.entities.clone(),
            over: self.over.clone(),
            how: self.how,
            unit: self.unit.clone(),
            factor: self.factor,
            times: self.times.clone(),
            added: self.added.clone(),
            over_added: self.over_added.clone(),
            nominal: self.nominal,
            scale: ErrorScale::Own,
            block: EvidenceBlock::Hardware,
            fiscal: false,
            driver: None,
            gap: false,
            weak: None,
        }
    }
}

/// Checks a file of published quantities.
///
/// # Errors
/// With the place of what is wrong.
pub fn check(configs: &Configs, source: &Source) -> Result<(), Problems> {
    let names = KnownNames::read(configs);
    let regimes = configs.list("regimes", ".toml");
    let name = |path: &'_ String| {
        path.trim_start_matches("regimes/")
            .trim_end_matches(".toml")
            .to_string()
    };
    let regimes: Vec<String> = regimes.iter().map(name).collect();
    let regimes: Vec<&str> = regimes.iter().map(String::as_str).collect();
    let mut problems = Problems::default();
    for (number, q) in parse(source)?.quantity.iter().enumerate() {
        if !regimes.contains(&q.regime.as_str()) {
            let message = format!("found `{}`, expected a regime", q.regime);
            let at = Diagnostic::at_entry(source, "[[quantity]]", number, "regime", message);
            problems.0.push(at.nearest(&q.regime, &regimes));
        }
        let known = entities_of(q.measure.get_ref(), &names);
        let list: Vec<&str> = known.iter().map(String::as_str).collect();
        for (field, entities) in [("entities", &q.entities), ("over", &q.over)] {
            for entity in entities.iter().filter(|entity| !known.contains(entity)) {
                let message = format!(
                    "found `{entity}`, expected an entity of `{}`",
                    q.measure.get_ref()
                );
                let at = Diagnostic::at_entry(source, "[[quantity]]", number, field, message);
                problems.0.push(at.nearest(entity, &list));
            }
        }
    }
    problems.check()
}

fn parse(source: &Source) -> Result<BesideFile, Problems> {
    let file: BesideFile = read_toml(source)?;
    let mut problems = Problems::default();
    if !(1..=RUNS).contains(&file.runs) {
        let message = format!("`runs`: found {}, expected 1 to {RUNS}", file.runs);
        problems
            .0
            .push(Diagnostic::at_field(source, "runs", message));
    }
    let measures: Vec<&str> = MEASURES.iter().map(|m| m.name).collect();
    let mut seen = BTreeSet::new();
    for (number, q) in file.quantity.iter().enumerate() {
        let mut wrong = |field: &str, message: String, near: (&str, &[&str])| {
            let place = Diagnostic::at_entry(source, "[[quantity]]", number, field, message);
            problems.0.push(place.nearest(near.0, near.1));
        };
        let nothing: (&str, &[&str]) = ("", &[]);
        if !seen.insert(&q.name) {
            wrong("name", format!("`{}` is here twice", q.name), nothing);
        }
        let name = q.measure.get_ref();
        if measure(name).is_none() {
            let message = format!("found `{name}`, expected a measure");
            wrong("measure", message, (name, &measures));
        }
        if q.entities.is_empty() {
            wrong("entities", "names no entity of the measure".into(), nothing);
        }
        if q.first > q.last {
            let message = format!("found first {} after last {}", q.first, q.last);
            wrong("first", message, nothing);
        }
        let bounds_end = [q.low, q.value, q.high].iter().all(|v| v.is_finite());
        if !(bounds_end && q.low <= q.value && q.value <= q.high) {
            let message = format!(
                "found {}, expected a value from {} to {}, its own bounds",
                q.value, q.low, q.high
            );
            wrong("value", message, nothing);
        }
        if !(q.factor.is_finite() && q.factor > 0.0) {
            let message = format!("`factor`: found {}, expected a number above 0", q.factor);
            wrong("factor", message, nothing);
        }
        let texts = [
            ("name", &q.name),
            ("description", &q.description),
            ("publisher", &q.publisher),
            ("date", &q.date),
            ("definition", &q.definition),
            ("unit", &q.unit),
            ("source", &q.source),
            ("regime", &q.regime),
        ];
        for (field, text) in texts {
            if text.trim().is_empty() {
                wrong(
                    field,
                    format!("found no `{field}`, expected words"),
                    nothing,
                );
            }
        }
    }
    problems.check()?;
    Ok(file)
}
