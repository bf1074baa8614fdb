//! A claim of the public debate, as the study that measures it states it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::diagnostics::{Diagnostic, Problems};
use super::source::{Configs, Source};
use crate::foundation::parameters::Parameters;
use crate::outputs::outcomes::OUTCOMES;

/// What a claim says and what would support it: the table `[claim]` of a study. The claim is about the effect of the study's
/// headline arm against its baseline.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimFile {
    /// Its number in the debate, such as C11.
    pub id: String,
    /// A few words that name it.
    pub title: String,
    /// The claim in the words of this program.
    pub says: String,
    /// Who holds the view, as reported.
    pub holder: String,
    /// Where that is reported.
    pub source: String,
    /// The outcome that decides.
    #[schemars(with = "String")]
    pub outcome: Spanned<String>,
    /// What it is, in a few words that can stand in a sentence.
    pub reads: String,
    /// The effect that the claim expects.
    pub expects: ExpectedEffect,
    /// The smallest effect that matters, in the unit of the outcome, or as a share of the baseline's mean.
    pub size: f64,
    /// Whether the size is a share of the baseline's mean.
    #[serde(default)]
    pub of_baseline: bool,
    /// Why smaller effects do not matter.
    pub size_reason: String,
    /// Other outcomes of the same runs that would speak against the claim.
    #[serde(default)]
    pub counter: Vec<CounterReading>,
    /// Parameters that a condition may be stated in.
    #[schemars(with = "Vec<String>")]
    pub conditions: Vec<Spanned<String>>,
    /// What reverses or ends the effect by the equations of the model, as the tests of the claim hold it.
    pub flips: String,
    /// A fact that could be observed and would decide where the model cannot.
    pub decides: String,
    /// Studies behind it.
    #[schemars(with = "Vec<String>")]
    pub studies: Vec<Spanned<String>>,
}

/// The effect that a claim expects of the headline arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedEffect {
    More,
    Less,
    /// No effect of the size that matters.
    Nothing,
}

/// An outcome that speaks against a claim if it moves this way.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CounterReading {
    #[schemars(with = "String")]
    pub outcome: Spanned<String>,
    /// The effect that speaks against the claim.
    pub against: ExpectedEffect,
    /// What that would mean.
    pub means: String,
}

/// What is wrong with the claim of a study.
pub(super) fn faults(source: &Source, claim: &ClaimFile, configs: &Configs) -> Problems {
    let mut problems = Problems::default();
    let mut unknown = |name: &Spanned<String>, expected: &str, known: &[&str]| {
        let found = name.get_ref();
        if !known.contains(&found.as_str()) {
            let message = format!("found `{found}`, expected {expected}");
            let problem = Diagnostic::at(source, name.span(), message);
            problems.0.push(problem.nearest(found, known));
        }
    };
    let outcomes: Vec<&str> = OUTCOMES.iter().map(|o| o.name).collect();
    let readings = claim.counter.iter().map(|reading| &reading.outcome);
    for name in [&claim.outcome].into_iter().chain(readings) {
        unknown(name, "an outcome", &outcomes);
    }
    let parameters: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    for name in &claim.conditions {
        unknown(name, "a parameter", &parameters);
    }
    let shipped = configs.list("studies", ".toml");
    let studies: Vec<&str> = shipped
        .iter()
        .map(|p| p.trim_start_matches("studies/").trim_end_matches(".toml"))
        .collect();
    for name in &claim.studies {
        unknown(name, "a study", &studies);
    }
    let mut wrong = |field: &str, message: String| {
        let problem = Diagnostic::at_field(source, field, message);
        problems.0.push(problem);
    };
    if !(claim.size > 0.0 && claim.size.is_finite()) {
        let message = format!("found {}, expected a size above zero", claim.size);
        wrong("size", message);
    }
    if claim.conditions.is_empty() {
        let message = "found no parameter, expected those that a condition may be stated in";
        wrong("conditions", message.into());
    }
    for (field, text) in [
        ("id", &claim.id),
        ("title", &claim.title),
        ("says", &claim.says),
        ("holder", &claim.holder),
        ("source", &claim.source),
        ("reads", &claim.reads),
        ("size_reason", &claim.size_reason),
        ("flips", &claim.flips),
        ("decides", &claim.decides),
    ] {
        if text.trim().is_empty() {
            wrong(field, format!("found no `{field}`, expected words"));
        }
    }
    problems
}

/// Paths of the claims of a configuration, in the order of the debate.
pub fn claim_paths(configs: &Configs) -> Vec<String> {
    let mut paths = configs.list("claims", ".toml");
    let number = |path: &String| -> u32 {
        let digits = path.chars().filter(char::is_ascii_digit);
        digits.collect::<String>().parse().unwrap_or(u32::MAX)
    };
    paths.sort_by_key(|path| (number(path), path.clone()));
    paths
}
