//! Parameter files: value, unit, distribution, source; and the draw of a future from them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::evidence::hex;
use super::source::{Configs, Source};
use crate::foundation::chance::{Chance, Purpose, stable_key};
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// One file under `configs/parameters`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The day on which the sources of this file were last looked at.
    #[serde(default)]
    date: String,
    parameter: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    #[schemars(with = "String")]
    id: Spanned<String>,
    words: String,
    unit: String,
    #[schemars(with = "f64")]
    value: Spanned<f64>,
    distribution: Option<Prior>,
    range: Option<[f64; 2]>,
    /// Another sampled parameter that it moves with.
    #[schemars(with = "Option<Follows>")]
    follows: Option<Spanned<Follows>>,
    #[schemars(with = "String")]
    source: Spanned<String>,
    #[serde(default)]
    url: String,
    grade: Grade,
}

/// A known correlation: of normal scores, so that each keeps its own distribution.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Follows {
    pub id: String,
    /// Correlation of the normal scores, between -1 and 1.
    pub correlation: f64,
}

/// How well a value is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Grade {
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
    /// The value below which a share `u` of the distribution lies.
    pub fn quantile(&self, u: f64) -> f64 {
        let standard = normal_score;
        match *self {
            Self::Uniform { low, high } => low + u * (high - low),
            Self::Triangular { low, mode, high } => {
                let split = (mode - low) / (high - low);
                if u < split {
                    low + (u * (high - low) * (mode - low)).sqrt()
                } else {
                    high - ((1.0 - u) * (high - low) * (high - mode)).sqrt()
                }
            }
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

/// Checks one file of parameters by its form.
///
/// # Errors
/// For what is not as the type says.
pub fn check(source: &Source) -> Result<(), Problems> {
    read_toml::<File>(source).map(|_| ())
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
    pub follows: Option<Follows>,
    pub source: String,
    pub url: String,
    pub grade: Grade,
    /// When its source was last looked at.
    pub date: String,
}

/// Every parameter, in the order of [`Parameters::NAMES`].
#[derive(Clone, Debug)]
pub struct ParameterSet(pub Vec<Parameter>);

impl ParameterSet {
    /// Reads every file under `configs/parameters`.
    ///
    /// # Errors
    /// For a name that is missing, unknown or twice, a value outside its distribution, or a missing source.
    pub fn read(configs: &Configs) -> Result<Self, Problems> {
        let mut found: Vec<Parameter> = Vec::new();
        let mut problems = Problems::default();
        let ids: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
        for path in configs.list("parameters", ".toml") {
            let source = configs.read(&path)?;
            let file: File = read_toml(&source)?;
            let mechanism = path
                .trim_start_matches("parameters/")
                .trim_end_matches(".toml")
                .to_string();
            for entry in file.parameter {
                let id = entry.id.get_ref().clone();
                let mut wrong = |range: std::ops::Range<usize>, message: String| {
                    problems
                        .0
                        .push(Diagnostic::at(&source, range, message).nearest(&id, &ids));
                };
                if !Parameters::NAMES
                    .iter()
                    .any(|(m, n)| *m == mechanism && *n == id)
                {
                    wrong(
                        entry.id.span(),
                        format!("found `{id}`, expected a parameter of `{mechanism}`"),
                    );
                }
                if found.iter().any(|p| p.id == id) {
                    wrong(entry.id.span(), format!("`{id}` is here twice"));
                }
                if entry.source.get_ref().trim().is_empty() {
                    wrong(
                        entry.source.span(),
                        format!("`{id}` has no source; judgement is a source if it says why"),
                    );
                }
                let value = *entry.value.get_ref();
                if let Some(prior) = &entry.distribution {
                    let (low, high) = (prior.quantile(1e-9), prior.quantile(1.0 - 1e-9));
                    let inside = value >= low && value <= high;
                    if !(low.is_finite() && high.is_finite() && low < high) {
                        wrong(
                            entry.value.span(),
                            format!("the distribution of `{id}` is empty or not finite"),
                        );
                    } else if !inside {
                        wrong(
                            entry.value.span(),
                            format!(
                                "found {value}, expected a value from {low:.4} to {high:.4}, the span of its distribution"
                            ),
                        );
                    }
                }
                found.push(Parameter {
                    id,
                    mechanism: mechanism.clone(),
                    words: entry.words,
                    unit: entry.unit,
                    value,
                    prior: entry.distribution,
                    range: entry.range,
                    follows: match entry.follows {
                        None => None,
                        Some(follows) => {
                            let span = follows.span();
                            let follows = follows.into_inner();
                            if follows.correlation.is_nan() || follows.correlation.abs() >= 1.0 {
                                problems.0.push(Diagnostic::at(
                                    &source,
                                    span.clone(),
                                    format!(
                                        "found {}, expected a correlation between -1 and 1",
                                        follows.correlation
                                    ),
                                ));
                            }
                            let known = Parameters::NAMES.iter().any(|(_, n)| *n == follows.id);
                            if !known {
                                problems.0.push(
                                    Diagnostic::at(
                                        &source,
                                        span,
                                        format!("found `{}`, expected a parameter", follows.id),
                                    )
                                    .nearest(&follows.id, &ids),
                                );
                            }
                            Some(follows)
                        }
                    },
                    source: entry.source.into_inner(),
                    url: entry.url,
                    date: file.date.clone(),
                    grade: entry.grade,
                });
            }
        }
        problems.check()?;
        let mut ordered = Vec::with_capacity(ids.len());
        for (mechanism, id) in Parameters::NAMES {
            match found.iter().position(|p| p.id == *id) {
                Some(at) => ordered.push(found.swap_remove(at)),
                None => {
                    let source = configs.read(&format!("parameters/{mechanism}.toml"))?;
                    let end = source.text.len();
                    return Err(Diagnostic::at(
                        &source,
                        end..end,
                        format!("the parameter `{id}` is missing"),
                    )
                    .into());
                }
            }
        }
        for (at, p) in ordered.iter().enumerate() {
            let leader = |f: &Follows| {
                let found = ordered[..at].iter().find(|q| q.id == f.id);
                found.is_some_and(|q| q.prior.is_some())
            };
            if let Some(follows) = &p.follows
                && !(p.prior.is_some() && leader(follows))
            {
                let source = configs.read(&format!("parameters/{}.toml", p.mechanism))?;
                return Err(Diagnostic::at_text(
                    &source,
                    source.text.find(&format!("\"{}\"", p.id)).unwrap_or(0),
                    "follows",
                    format!(
                        "`{}` follows `{}`: both must be sampled, the one that is followed first",
                        p.id, follows.id
                    ),
                )
                .into());
            }
        }
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
            hash.update(format!(
                "{} {} {:?} {:?}\n",
                p.id, p.value, p.prior, p.follows
            ));
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
