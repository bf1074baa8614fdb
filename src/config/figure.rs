//! Figure definitions: what to draw, without a line of Rust.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::source::{Configs, Source};
use crate::measures::{MEASURES, OUTCOMES, measure};

/// A figure: a file under `plots/`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FigureFile {
    /// The subject, as a sentence without a full stop.
    pub title: String,
    /// How to read it, in one sentence.
    pub words: String,
    pub draw: FigureKind,
    /// File name without its ending; filled in when read.
    #[serde(default)]
    #[schemars(skip)]
    pub name: String,
}

/// The kinds of figure.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum FigureKind {
    /// Median with 50 and 90 % bands over time, one panel a regime.
    Fan(Fan),
    /// Mean shares stacked over time, one panel a regime.
    Stack(Stack),
    /// Paired effects with their intervals.
    Forest(Forest),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Fan {
    /// What is drawn in each panel, all in one unit.
    pub lines: Vec<Line>,
    #[serde(default)]
    pub scale: Scale,
    /// First month drawn; by default that of the study.
    #[serde(default)]
    pub from: Option<String>,
}

/// One line with its bands.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub measure: String,
    pub entity: String,
    /// What stands beside it; by default the entity's name.
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Stack {
    pub measure: String,
    /// Entities `maker:place` of this place.
    pub place: String,
    /// How many are drawn by name; the rest are one band.
    pub top: usize,
    #[serde(default)]
    pub from: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Forest {
    pub outcomes: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    #[default]
    Linear,
    Log,
}

/// Reads figure definitions by name.
///
/// # Errors
/// For files that do not exist and for measures and outcomes that are none.
pub fn read_all(configs: &Configs, names: &[String]) -> Result<Vec<FigureFile>, Problems> {
    names
        .iter()
        .map(|name| read(&configs.find_figure(name)?, name))
        .collect()
}

/// Reads one figure definition.
///
/// # Errors
/// As [`read_all`].
pub fn read(source: &Source, name: &str) -> Result<FigureFile, Problems> {
    let mut figure: FigureFile = read_toml(source)?;
    let last = name.rsplit('/').next().unwrap_or(name);
    figure.name = last.trim_end_matches(".toml").to_string();
    let mut problems = Problems::default();
    let mut wrong = |found: &str, expected: &str, names: &[&str]| {
        let message = format!("found `{found}`, expected {expected}");
        problems.0.push(
            Diagnostic::at_text(source, 0, &format!("\"{found}\""), message).nearest(found, names),
        );
    };
    let measures: Vec<&str> = match &figure.draw {
        FigureKind::Fan(fan) => fan.lines.iter().map(|l| l.measure.as_str()).collect(),
        FigureKind::Stack(stack) => vec![&stack.measure],
        FigureKind::Forest(_) => Vec::new(),
    };
    for name in measures.into_iter().filter(|m| measure(m).is_none()) {
        wrong(
            name,
            "a measure",
            &MEASURES.iter().map(|m| m.name).collect::<Vec<_>>(),
        );
    }
    if let FigureKind::Forest(forest) = &figure.draw {
        let known: Vec<&str> = OUTCOMES.iter().map(|o| o.name).collect();
        for outcome in forest
            .outcomes
            .iter()
            .filter(|o| !known.contains(&o.as_str()))
        {
            wrong(outcome, "an outcome", &known);
        }
    }
    problems.check()?;
    Ok(figure)
}
