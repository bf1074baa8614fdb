//! Study files: which regimes, how many futures, over which months, what to look at.

use schemars::JsonSchema;
use serde::Deserialize;

use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::source::{Configs, Source};
use crate::foundation::calendar::Month;
use crate::measures::{OUTCOMES, measure};

/// A study: arms crossed with futures.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyFile {
    pub name: String,
    /// What it asks, as a question.
    pub question: String,
    pub words: String,
    /// Names of regimes.
    pub arms: Vec<String>,
    pub baseline: String,
    /// Number of futures if the command line gives none.
    pub runs: u32,
    pub seed: u64,
    #[schemars(with = "String")]
    pub first_month: Month,
    #[schemars(with = "String")]
    pub last_month: Month,
    /// Months of the window in which outcomes are taken, from the first month in which arms may differ.
    pub window_months: u32,
    pub target: String,
    pub issuer: String,
    /// Measures whose bands are kept.
    pub bands: Vec<String>,
    /// Names of figures under `plots/`.
    pub figures: Vec<String>,
    /// Samples that futures take their parameters from: a name under `posterior/`, or a file. Without it, the priors.
    #[serde(default)]
    pub posterior: Option<String>,
    /// What this version leaves out, said in the report.
    pub limits: Vec<String>,
    /// Small labs without names, on compute that no named lab uses: for scale tests, without changing blocs.
    #[serde(default)]
    pub synthetic_labs: u32,
    /// Splits effects into a direct part, under the changes of rules of the baseline's own process, and a feedback through
    /// governments' reactions. Costs a run more for every arm with a process.
    #[serde(default)]
    pub direct: bool,
}

/// Reads a study.
///
/// # Errors
/// For unknown measures or regimes, an empty span, or a baseline that is no arm.
pub fn read(source: &Source, configs: &Configs) -> Result<StudyFile, Problems> {
    let study: StudyFile = read_toml(source)?;
    let mut problems = Problems::default();
    let mut wrong = |text: &str, message: String, candidates: &[&str]| {
        problems.0.push(
            Diagnostic::at_text(source, 0, &format!("\"{text}\""), message)
                .nearest(text, candidates),
        );
    };
    for band in &study.bands {
        if measure(band).is_none() {
            let names: Vec<&str> = crate::measures::MEASURES.iter().map(|m| m.name).collect();
            wrong(band, format!("found `{band}`, expected a measure"), &names);
        }
    }
    let shipped = configs.list("regimes", ".toml");
    let regimes: Vec<&str> = shipped
        .iter()
        .map(|p| p.trim_start_matches("regimes/").trim_end_matches(".toml"))
        .collect();
    for arm in &study.arms {
        if !regimes.contains(&arm.as_str()) && !arm.starts_with("frozen-") {
            wrong(arm, format!("found `{arm}`, expected a regime"), &regimes);
        }
    }
    if !study.arms.contains(&study.baseline) {
        let arms: Vec<&str> = study.arms.iter().map(String::as_str).collect();
        wrong(
            &study.baseline,
            format!("the baseline `{}` is not one of the arms", study.baseline),
            &arms,
        );
    }
    if study.last_month - study.first_month < 24 {
        wrong(
            "last_month",
            "found less than 24 months, expected at least two years".into(),
            &[],
        );
    }
    if study.runs == 0 || study.window_months == 0 {
        wrong(
            "runs",
            "runs and window_months must be at least 1".into(),
            &[],
        );
    }
    debug_assert!(!OUTCOMES.is_empty());
    problems.check()?;
    Ok(study)
}
