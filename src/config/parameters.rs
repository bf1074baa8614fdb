//! Reads parameter files with value, unit, distribution and source, and draws the parameters of a future.

use std::collections::HashMap;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::dates::YEARS;
use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::shipped;
use super::source::{Configs, Source};
use crate::foundation::calendar::Date;
use crate::foundation::chance::{Chance, Purpose, stable_key};
use crate::foundation::digest::hex;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::sampling::Triangular;

/// One file under `configs/parameters`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterFile {
    /// The day on which the sources of this file were last looked at.
    #[serde(default)]
    date: String,
    parameter: Vec<ParameterEntry>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterEntry {
    #[schemars(with = "String")]
    id: Spanned<String>,
    description: String,
    #[schemars(with = "String", extend("enum" = unit_names(), "description" = describe_units()))]
    unit: Spanned<String>,
    #[schemars(with = "f64")]
    value: Spanned<f64>,
    #[schemars(with = "Option<Prior>")]
    distribution: Option<Spanned<Prior>>,
    /// The smallest and the largest value that sources or judgement speak of.
    #[schemars(with = "Option<[f64; 2]>")]
    // A list, because an array of two would be read from a longer one without a word.
    range: Option<Spanned<Vec<f64>>>,
    /// Another sampled parameter that it moves with.
    #[schemars(with = "Option<PriorCorrelation>")]
    follows: Option<Spanned<PriorCorrelation>>,
    #[schemars(with = "String")]
    source: Spanned<String>,
    #[serde(default)]
    url: String,
    grade: EvidenceGrade,
}

/// A known correlation: of normal scores, so that each keeps its own distribution.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorCorrelation {
    pub id: String,
    /// Correlation of the normal scores, between -1 and 1.
    pub correlation: f64,
}

/// How well a value is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum EvidenceGrade {
    /// Measured.
    A,
    /// Estimated.
    B,
    /// From a secondary source.
    C,
    /// Judgement.
    D,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Prior {
    Triangular {
        low: f64,
        mode: f64,
        high: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    Normal {
        mean: f64,
        sd: f64,
        min: Option<f64>,
        max: Option<f64>,
    },
    Lognormal {
        median: f64,
        sd_log: f64,
        min: Option<f64>,
        max: Option<f64>,
    },
}

impl Prior {
    /// The distribution in words, with its bounds.
    pub fn in_words(&self) -> String {
        let bounds = |min: Option<f64>, max: Option<f64>| match (min, max) {
            (Some(min), Some(max)) => format!(", between {min} and {max}"),
            (Some(min), None) => format!(", not below {min}"),
            (None, Some(max)) => format!(", not above {max}"),
            (None, None) => String::new(),
        };
        match *self {
            Self::Triangular { low, mode, high } => {
                format!("triangular, {low} to {high}, most likely {mode}")
            }
            Self::Uniform { low, high } => format!("uniform, {low} to {high}"),
            Self::Normal { mean, sd, min, max } => format!(
                "normal, mean {mean}, standard deviation {sd}{}",
                bounds(min, max)
            ),
            Self::Lognormal {
                median,
                sd_log,
                min,
                max,
            } => format!(
                "lognormal, median {median}, standard deviation of the logarithm {sd_log}{}",
                bounds(min, max)
            ),
        }
    }

    /// What is wrong with its numbers, in words.
    fn wrong(&self, id: &str) -> Option<String> {
        let (numbers, ordered, expected) = match *self {
            Self::Uniform { low, high } => (vec![low, high], low < high, "low below high"),
            Self::Triangular { low, mode, high } => (
                vec![low, mode, high],
                low <= mode && mode <= high && low < high,
                "low, mode and high in this order",
            ),
            Self::Normal { mean, sd, min, max } => (
                [Some(mean), Some(sd), min, max]
                    .into_iter()
                    .flatten()
                    .collect(),
                sd > 0.0 && min.unwrap_or(f64::MIN) < max.unwrap_or(f64::MAX),
                "sd above zero and min below max",
            ),
            Self::Lognormal {
                median,
                sd_log,
                min,
                max,
            } => (
                [Some(median), Some(sd_log), min, max]
                    .into_iter()
                    .flatten()
                    .collect(),
                median > 0.0 && sd_log > 0.0 && min.unwrap_or(f64::MIN) < max.unwrap_or(f64::MAX),
                "median and sd_log above zero and min below max",
            ),
        };
        if let Some(found) = numbers.iter().find(|n| !n.is_finite()) {
            return Some(format!("found {found}, expected a finite number"));
        }
        if !ordered {
            return Some(format!(
                "found a distribution of `{id}` that is empty, expected {expected}"
            ));
        }
        // One draw in a million may lie beyond: tails have no end.
        let beyond = [1e-6, 1.0 - 1e-6]
            .iter()
            .find_map(|u| check_value(id, self.quantile(*u)).err())
            .map(|why| format!("{why}: its distribution goes beyond"));
        beyond.or_else(|| {
            let mut bounds = self.bounds().into_iter().flatten();
            let wrong = bounds.find_map(|bound| check_value(id, bound).err())?;
            Some(format!("{wrong}, or no bound"))
        })
    }

    /// Where its tails are cut, least and most.
    fn bounds(&self) -> [Option<f64>; 2] {
        match *self {
            Self::Normal { min, max, .. } | Self::Lognormal { min, max, .. } => [min, max],
            Self::Triangular { .. } | Self::Uniform { .. } => [None; 2],
        }
    }

    /// The value below which a share `u` of the distribution lies.
    pub fn quantile(&self, u: f64) -> f64 {
        let standard = normal_score;
        match *self {
            Self::Uniform { low, high } => low + u * (high - low),
            Self::Triangular { low, mode, high } => Triangular { low, mode, high }.quantile(u),
            Self::Normal { mean, sd, min, max } => bounded(mean + sd * standard(u), min, max),
            Self::Lognormal {
                median,
                sd_log,
                min,
                max,
            } => bounded(median * maths::exp(sd_log * standard(u)), min, max),
        }
    }
}

/// The standard normal number below which a share `u` lies.
pub fn normal_score(u: f64) -> f64 {
    maths::normal_quantile(u)
}

fn bounded(x: f64, min: Option<f64>, max: Option<f64>) -> f64 {
    x.max(min.unwrap_or(f64::NEG_INFINITY))
        .min(max.unwrap_or(f64::INFINITY))
}

fn share_below(score: f64) -> f64 {
    maths::normal_cdf(score).clamp(1e-12, 1.0 - 1e-12)
}

/// A unit of a parameter, and the values that have a meaning in it.
struct ParameterUnit {
    name: &'static str,
    low: f64,
    high: f64,
}

const fn unit(name: &'static str, low: f64, high: f64) -> ParameterUnit {
    ParameterUnit { name, low, high }
}

/// Every unit that a parameter may have. Amounts end a thousand times or more beyond what is recorded, months and years at
/// a length that a study can hold.
#[rustfmt::skip]
const UNITS: &[ParameterUnit] = &[
    unit("fraction", 0.0, 1.0), unit("probability", 0.0, 1.0), unit("fraction/month", 0.0, 1.0),
    unit("ratio", 0.0, 1e3), unit("elasticity", 0.0, 100.0), unit("power", 0.1, 100.0), unit("shape", 0.1, 1e3),
    unit("log units", 0.0, 20.0), unit("log odds", 0.0, 50.0), unit("decades", 0.1, 100.0),
    unit("months", 0.0, 600.0), unit("years", 0.0, 50.0), unit("days", 0.0, 3650.0), unit("year", 2000.0, 2100.0),
    unit("1/year", 0.0, 100.0), unit("1/month", 0.0, 1.0), unit("x/year", 0.1, 100.0), unit("events/year", 0.0, 365.0),
    unit("index points", 0.0, 1e3), unit("index points/year", 0.0, 1e3), unit("1/index point", 0.0, 10.0),
    unit("USD", 0.0, 1e13), unit("USD/year", 0.0, 1e16), unit("USD/GB", 0.0, 1e6),
    unit("H100e", 1.0, 1e12), unit("chips", 0.0, 1e10), unit("chips/month", 0.0, 1e9), unit("TB/s", 0.0, 1e3),
    unit("million dies", 1e-3, 1e6), unit("wafers/month", 0.0, 1e9), unit("stacks", 0.0, 1e12),
    unit("stacks/month", 0.0, 1e12),
];

/// Parameters whose equations ask for more than their unit does: id, low, high.
const NARROWER: &[(&str, f64, f64)] = &[
    // Divisors: chips come from wafers, orders from capacity, a nest of its own from the choice in it.
    ("die_yield", 0.01, 1.0),
    ("capacity_use_target", 0.01, 1.0),
    ("choice_nest", 0.1, 1.0),
    // Beyond it exponents of prices leave the range of numbers.
    ("choice_slope", 0.01, 50.0),
    ("rd_elasticity_quality", 0.0, 10.0),
    // Something is left for chips, and for other blocs.
    ("networking_share", 0.0, 0.99),
    ("chips_at_start_issuer_share", 0.0, 0.99),
    ("chips_at_start_target_share", 0.0, 0.99),
];

fn unit_names() -> Vec<&'static str> {
    UNITS.iter().map(|unit| unit.name).collect()
}

/// Every unit with the values that have a meaning in it.
pub fn describe_units() -> String {
    let one = |u: &ParameterUnit| format!("{} {} to {}", u.name, u.low, u.high);
    let all: Vec<String> = UNITS.iter().map(one).collect();
    format!("What a value may be, by unit: {}.", all.join("; "))
}

/// The unit in which the model reads each parameter: that of the shipped file.
fn unit_of(id: &str) -> Option<&'static ParameterUnit> {
    static OF_ID: OnceLock<HashMap<String, &'static ParameterUnit>> = OnceLock::new();
    let read = || {
        let mut found = HashMap::new();
        let mut mechanisms: Vec<&str> = Parameters::NAMES.iter().map(|(m, _)| *m).collect();
        mechanisms.dedup();
        for mechanism in mechanisms {
            let text = shipped::text(&format!("parameters/{mechanism}.toml")).unwrap_or_default();
            let entries =
                toml::from_str::<ParameterFile>(text).map_or(Vec::new(), |file| file.parameter);
            for entry in entries {
                let named = UNITS.iter().find(|u| u.name == entry.unit.get_ref());
                if let Some(unit) = named {
                    found.insert(entry.id.into_inner(), unit);
                }
            }
        }
        found
    };
    OF_ID.get_or_init(read).get(id).copied()
}

/// The unit of a parameter, and the smallest and largest value that have a meaning.
pub fn limits(id: &str) -> Option<(&'static str, f64, f64)> {
    let unit = unit_of(id)?;
    let narrower = NARROWER.iter().find(|(name, ..)| *name == id);
    let (low, high) = narrower.map_or((unit.low, unit.high), |(_, low, high)| (*low, *high));
    Some((unit.name, low, high))
}

/// Holds a value of a parameter against its unit, wherever the value comes from: a file, the command line, an arm, a level,
/// a table, a sample.
///
/// # Errors
/// In words: what was found, and what the unit allows. A name that is no parameter's is the error of who reads names.
pub fn check_value(id: &str, value: f64) -> Result<(), String> {
    if !value.is_finite() {
        return Err(format!("found {value}, expected a finite number"));
    }
    match limits(id) {
        Some((unit, low, high)) if !(low..=high).contains(&value) => Err(format!(
            "found {value}, expected a value of `{id}` from {low} to {high} ({unit})"
        )),
        _ => Ok(()),
    }
}

/// A parameter with everything that is known of it.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    pub id: String,
    pub mechanism: String,
    pub words: String,
    pub unit: String,
    pub value: f64,
    pub prior: Option<Prior>,
    pub range: Option<[f64; 2]>,
    pub follows: Option<PriorCorrelation>,
    pub source: String,
    pub url: String,
    pub grade: EvidenceGrade,
    /// When its source was last looked at.
    pub date: String,
}

/// Names of all parameters, for errors.
fn known_ids() -> Vec<&'static str> {
    Parameters::NAMES.iter().map(|(_, id)| *id).collect()
}

/// Checks of one entry of a file.
struct EntryCheck<'a> {
    source: &'a Source,
    problems: &'a mut Problems,
}

impl EntryCheck<'_> {
    fn wrong(&mut self, range: std::ops::Range<usize>, message: impl Into<String>) {
        let problem = Diagnostic::at(self.source, range, message);
        self.problems.0.push(problem);
    }

    /// With the name nearest to what was found.
    fn wrong_name(&mut self, range: std::ops::Range<usize>, name: &str, message: String) {
        let problem = Diagnostic::at(self.source, range, message);
        self.problems.0.push(problem.nearest(name, &known_ids()));
    }

    /// Its name, its source and its unit.
    fn name(&mut self, entry: &ParameterEntry, mechanism: &str, found: &[Parameter]) {
        let id = entry.id.get_ref();
        let is_known = |(m, n): &(&str, &str)| *m == mechanism && n == id;
        if !Parameters::NAMES.iter().any(is_known) {
            let message = format!("found `{id}`, expected a parameter of `{mechanism}`");
            self.wrong_name(entry.id.span(), id, message);
        }
        if found.iter().any(|p| p.id == *id) {
            self.wrong_name(entry.id.span(), id, format!("`{id}` is here twice"));
        }
        if entry.source.get_ref().trim().is_empty() {
            let message = format!("`{id}` has no source; judgement is a source if it says why");
            self.wrong_name(entry.source.span(), id, message);
        }
        let unit = entry.unit.get_ref();
        if let Some((expected, ..)) = limits(id).filter(|(name, ..)| name != unit) {
            let message = format!(
                "found the unit `{unit}`, expected `{expected}`, in which the model reads `{id}`"
            );
            self.wrong(entry.unit.span(), message);
        }
    }

    /// Its value, distribution and range.
    fn values(&mut self, entry: &ParameterEntry) {
        let (id, value) = (entry.id.get_ref(), *entry.value.get_ref());
        if let Err(why) = check_value(id, value) {
            self.wrong(entry.value.span(), why);
        } else if let Some(prior) = &entry.distribution {
            let (span, prior) = (prior.span(), prior.get_ref());
            if let Some(why) = prior.wrong(id) {
                self.wrong(span, why);
            } else {
                let (low, high) = (prior.quantile(1e-9), prior.quantile(1.0 - 1e-9));
                if !(value >= low && value <= high) {
                    let message = format!(
                        "found {value}, expected a value from {low:.4} to {high:.4}, the span of its distribution"
                    );
                    self.wrong(entry.value.span(), message);
                }
            }
        }
        if let Some(range) = &entry.range {
            let [low, high] = range.get_ref()[..] else {
                let message = format!(
                    "found {} numbers, expected two, the smallest and the largest value of `{id}`",
                    range.get_ref().len()
                );
                self.wrong(range.span(), message);
                return;
            };
            let ends = [low, high].map(|end| check_value(id, end));
            if let Some(why) = ends.into_iter().find_map(Result::err) {
                self.wrong(range.span(), why);
            } else if !(low <= value && value <= high) {
                let message =
                    format!("found {value}, expected a value from {low} to {high}, its own range");
                self.wrong(entry.value.span(), message);
            }
        }
    }

    /// The parameter that it follows.
    fn follows(&mut self, entry: &ParameterEntry) {
        let Some(follows) = &entry.follows else {
            return;
        };
        let (span, follows) = (follows.span(), follows.get_ref());
        let correlation = follows.correlation;
        if correlation.is_nan() || correlation.abs() >= 1.0 {
            let message = format!("found {correlation}, expected a correlation between -1 and 1");
            self.wrong(span.clone(), message);
        }
        if !Parameters::NAMES.iter().any(|(_, n)| *n == follows.id) {
            let message = format!("found `{}`, expected a parameter", follows.id);
            self.wrong_name(span, &follows.id, message);
        }
    }
}

impl ParameterEntry {
    fn parameter(self, mechanism: &str, date: &str) -> Parameter {
        Parameter {
            id: self.id.into_inner(),
            mechanism: mechanism.to_string(),
            words: self.description,
            unit: self.unit.into_inner(),
            value: self.value.into_inner(),
            prior: self.distribution.map(Spanned::into_inner),
            range: self.range.and_then(|r| r.into_inner().try_into().ok()),
            follows: self.follows.map(Spanned::into_inner),
            source: self.source.into_inner(),
            url: self.url,
            date: date.to_string(),
            grade: self.grade,
        }
    }
}

/// The parameters in the order of their names.
fn in_order(configs: &Configs, mut found: Vec<Parameter>) -> Result<Vec<Parameter>, Problems> {
    let mut ordered = Vec::with_capacity(found.len());
    for (mechanism, id) in Parameters::NAMES {
        let Some(at) = found.iter().position(|p| p.id == *id) else {
            let source = configs.read(&format!("parameters/{mechanism}.toml"))?;
            let end = source.text.len();
            let message = format!("the parameter `{id}` is missing");
            return Err(Diagnostic::at(&source, end..end, message).into());
        };
        ordered.push(found.swap_remove(at));
    }
    Ok(ordered)
}

/// A parameter that follows another is sampled after it.
fn check_leaders(configs: &Configs, ordered: &[Parameter]) -> Result<(), Problems> {
    for (at, p) in ordered.iter().enumerate() {
        let leader = |f: &PriorCorrelation| {
            let found = ordered[..at].iter().find(|q| q.id == f.id);
            found.is_some_and(|q| q.prior.is_some())
        };
        if let Some(follows) = &p.follows
            && !(p.prior.is_some() && leader(follows))
        {
            let source = configs.read(&format!("parameters/{}.toml", p.mechanism))?;
            let from = source.text.find(&format!("\"{}\"", p.id)).unwrap_or(0);
            let message = format!(
                "`{}` follows `{}`: both must be sampled, the one that is followed first",
                p.id, follows.id
            );
            return Err(Diagnostic::at_text(&source, from, "follows", message).into());
        }
    }
    Ok(())
}

/// Every parameter, in the order of [`Parameters::NAMES`].
#[derive(Clone, Debug)]
pub struct ParameterSet(pub Vec<Parameter>);

impl ParameterSet {
    /// Reads every file under `configs/parameters`.
    ///
    /// # Errors
    /// For a name that is missing, unknown or twice, a value outside its distribution, a missing source, or a date that does
    /// not exist.
    pub fn read(configs: &Configs) -> Result<Self, Problems> {
        let mut found: Vec<Parameter> = Vec::new();
        let mut problems = Problems::default();
        for path in configs.list("parameters", ".toml") {
            let source = configs.read(&path)?;
            let file: ParameterFile = read_toml(&source)?;
            let day = file.date.parse::<Date>().ok();
            let known = day.is_some_and(|day| YEARS.contains(&day.year()));
            if !file.date.is_empty() && !known {
                let message = format!(
                    "found `{}`, expected a day that exists, as year-month-day, such as 2023-12-01",
                    file.date
                );
                problems
                    .0
                    .push(Diagnostic::at_field(&source, "date", message));
            }
            let mechanism = path
                .trim_start_matches("parameters/")
                .trim_end_matches(".toml");
            for entry in file.parameter {
                let mut check = EntryCheck {
                    source: &source,
                    problems: &mut problems,
                };
                check.name(&entry, mechanism, &found);
                check.values(&entry);
                check.follows(&entry);
                found.push(entry.parameter(mechanism, &file.date));
            }
        }
        problems.check()?;
        let ordered = in_order(configs, found)?;
        check_leaders(configs, &ordered)?;
        Ok(Self(ordered))
    }

    /// The value of every parameter at the centre of its distribution.
    pub fn central(&self) -> Parameters {
        self.build(|p| p.value)
    }

    /// One future: each sampled parameter is one draw, keyed by its own name.
    pub fn draw(&self, chance: Chance) -> Parameters {
        self.draw_by(|_, p| chance.uniform(Purpose::Parameter, stable_key(&p.id), 0))
    }

    /// One future from the share of each sampled parameter's distribution that lies below its value, by row; for one that
    /// follows another, of what is its own in it.
    pub fn draw_by(&self, share: impl Fn(usize, &Parameter) -> f64) -> Parameters {
        let own = |at: usize| normal_score(share(at, &self.0[at]));
        let mut at = 0;
        self.build(|p| {
            at += 1;
            match (&p.prior, &p.follows) {
                (Some(prior), None) => prior.quantile(share(at - 1, p)),
                (Some(prior), Some(_)) => prior.quantile(share_below(self.moved(at - 1, &own))),
                (None, _) => p.value,
            }
        })
    }

    /// The parameters that are sampled, by row.
    pub fn sampled(&self) -> Vec<usize> {
        (0..self.0.len())
            .filter(|at| self.0[*at].prior.is_some())
            .collect()
    }

    /// Independent standard normal numbers behind one future's draw, one for each sampled parameter.
    pub fn scores(&self, chance: Chance) -> Vec<f64> {
        let own = |at: usize| chance.uniform(Purpose::Parameter, stable_key(&self.0[at].id), 0);
        self.sampled()
            .into_iter()
            .map(|at| normal_score(own(at)))
            .collect()
    }

    /// Parameters from independent standard normal numbers, one for each sampled parameter.
    pub fn from_scores(&self, scores: &[f64]) -> Parameters {
        let mut moved = self.moved_scores(scores).into_iter();
        self.build(|p| match &p.prior {
            Some(prior) => prior.quantile(share_below(moved.next().unwrap_or(0.0))),
            None => p.value,
        })
    }

    /// The scores of the sampled parameters themselves, moved by what they follow, from independent ones.
    pub fn moved_scores(&self, scores: &[f64]) -> Vec<f64> {
        let sampled = self.sampled();
        let own = |at: usize| {
            let place = sampled.iter().position(|other| *other == at);
            place
                .and_then(|place| scores.get(place))
                .map_or(0.0, |z| *z)
        };
        sampled.iter().map(|at| self.moved(*at, &own)).collect()
    }

    /// The score of a parameter, by row: its own, moved by that of the one it follows.
    fn moved(&self, at: usize, own: &dyn Fn(usize) -> f64) -> f64 {
        let leader = self.0[at].follows.as_ref().and_then(|f| {
            let leader = self.0.iter().position(|q| q.id == f.id)?;
            Some((leader, f.correlation))
        });
        match leader {
            Some((leader, r)) => r * self.moved(leader, own) + (1.0 - r * r).sqrt() * own(at),
            None => own(at),
        }
    }

    /// SHA-256 of what is believed before the evidence: values, distributions, what follows what.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for p in &self.0 {
            // Written out: a hash that is on record must not change with the name of a type.
            let follows = match &p.follows {
                Some(PriorCorrelation { id, correlation }) => {
                    format!("Some(Follows {{ id: {id:?}, correlation: {correlation:?} }})")
                }
                None => "None".into(),
            };
            hash.update(format!("{} {} {:?} {follows}\n", p.id, p.value, p.prior));
        }
        hex(&hash.finalize())
    }

    /// Writes values from elsewhere, such as a sample of a posterior, over those of parameters that are sampled: what the
    /// command line fixed stays fixed.
    pub fn overwrite<'a>(&self, values: &mut [f64], given: impl Iterator<Item = (&'a str, f64)>) {
        for (id, value) in given {
            if let Some(at) = self.0.iter().position(|p| p.id == id && p.prior.is_some()) {
                values[at] = value;
            }
        }
    }

    fn build(&self, value: impl FnMut(&Parameter) -> f64) -> Parameters {
        let values: Vec<f64> = self.0.iter().map(value).collect();
        Parameters::from_values(&values)
            .unwrap_or_else(|| unreachable!("read in the order of the names"))
    }

    /// Puts another value in place, fixed.
    pub fn set(&mut self, id: &str, value: f64) {
        if let Some(parameter) = self.0.iter_mut().find(|p| p.id == id) {
            parameter.value = value;
            parameter.prior = None;
        }
    }

    /// The smallest and largest value that a parameter may have, where its file says.
    pub fn range(&self, id: &str) -> Option<(f64, f64)> {
        self.0
            .iter()
            .find(|p| p.id == id)?
            .range
            .map(|[low, high]| (low, high))
    }
}
