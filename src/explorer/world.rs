//! What the page may choose from: presets, regimes, rules with their numbers, templates, parameters, responses, nations.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::compose::{MAIN_STUDY, names_in, study_source};
use super::numbers::ChangeableNumber;
use super::question::{ExplorerQuestion, QuestionProblem};
use super::rule_copies::{OwnTemplate, numbers_of};
use super::service::QuestionService;
use crate::config::diagnostics::read_toml;
use crate::config::figure;
use crate::config::parameters::{Parameter, limits};
use crate::config::posterior::Posterior;
use crate::config::study::StudyFile;
use crate::controls::{DatedRule, Instrument, Regime, Rule};
use crate::foundation::channels::Channel;
use crate::foundation::citation::citation;
use crate::outputs::measures::MEASURES;
use crate::plots::asked;
use crate::study::Library;

/// Parameters by their share of the variance of the effect on the gap; the first lines say of which.
const INFLUENCE: &str = include_str!("../../assets/influence.csv");
/// Samples of the shipped studies.
const POSTERIOR: &str = "final";
/// Arms of a preset beside its baseline: more lines cannot be told apart.
const PRESET_ARMS: usize = 3;
/// Futures of a preset.
const PRESET_FUTURES: u32 = 100;
/// Bars of a density, and points that it is counted from.
const BARS: usize = 32;
const POINTS: usize = 1024;

#[derive(Serialize)]
struct ArmChoice {
    name: String,
    label: String,
    description: String,
    rules: Vec<String>,
}

impl ArmChoice {
    fn of(library: &Library, regime: &Regime) -> Self {
        let id = |e: &DatedRule| library.law.rules[usize::from(e.rule)].id.clone();
        let label = if regime.label.is_empty() {
            &regime.name
        } else {
            &regime.label
        };
        Self {
            name: regime.name.clone(),
            label: label.clone(),
            description: regime.words.clone(),
            rules: regime.entries.iter().map(id).collect(),
        }
    }
}

#[derive(Serialize)]
struct StudyPreset {
    name: String,
    label: String,
    question_text: String,
    question: ExplorerQuestion,
    arms: Vec<ArmChoice>,
}

#[derive(Serialize)]
struct RuleChoice {
    name: String,
    label: String,
    description: String,
    issuer: String,
    instrument: &'static str,
    announced: Option<String>,
    in_force: Option<String>,
    lapses: Option<String>,
    citation: String,
    url: String,
    status: String,
    numbers: Vec<ChangeableNumber>,
}

#[derive(Serialize)]
struct ParameterChoice {
    name: String,
    label: String,
    /// What it asks, which a search looks through too.
    asks: &'static str,
    unit: String,
    rank: Option<usize>,
    min: f64,
    max: f64,
    value: f64,
    source: String,
    prior: FiveQuantiles,
    posterior: Option<FiveQuantiles>,
    density: Vec<(f64, f64, Option<f64>)>,
}

#[derive(Clone, Copy, Serialize)]
struct FiveQuantiles {
    q05: f64,
    q25: f64,
    q50: f64,
    q75: f64,
    q95: f64,
}

impl FiveQuantiles {
    /// Of a function of the share below.
    fn of(at: impl Fn(f64) -> f64) -> Self {
        Self {
            q05: at(0.05),
            q25: at(0.25),
            q50: at(0.5),
            q75: at(0.75),
            q95: at(0.95),
        }
    }
}

/// The question with which a study opens.
///
/// # Errors
/// When there is no such study.
pub fn preset(
    service: &QuestionService,
    study: &str,
) -> Result<ExplorerQuestion, Vec<QuestionProblem>> {
    let source = study_source(service.parts(), study)?;
    let file: StudyFile = read_toml(&source)
        .map_err(|problems| QuestionProblem::all(&problems, |_| "study".into()))?;
    let headline = file.headline().unwrap_or_default().to_string();
    let names = file.arms.iter().map(|arm| arm.name().to_string());
    let others: Vec<String> = names
        .filter(|name| *name != file.baseline && *name != headline)
        .collect();
    let more = if others.len() < PRESET_ARMS {
        others
    } else {
        Vec::new()
    };
    Ok(ExplorerQuestion {
        study: study.to_string(),
        baseline: file.baseline.clone(),
        arms: std::iter::once(headline).chain(more).collect(),
        off: file.futures.off.clone(),
        end: file.last_month.to_string(),
        futures: PRESET_FUTURES.min(file.runs),
        seed: file.seed,
        ..ExplorerQuestion::default()
    })
}

/// Studies in the order of their numbers; the main one first.
fn studies(service: &QuestionService) -> Vec<String> {
    let mut names = names_in(&service.base.library, "studies");
    names.extend(service.studies.keys().cloned());
    let number = |name: &String| -> u32 {
        let digits = name
            .strip_prefix('s')
            .and_then(|rest| rest.split('-').next());
        digits.and_then(|d| d.parse().ok()).unwrap_or(u32::MAX)
    };
    names.sort_by_key(|name| (name != MAIN_STUDY, number(name), name.clone()));
    names.dedup();
    names
}

/// Everything that the page may choose from, as JSON.
pub fn world(service: &QuestionService, start: &ExplorerQuestion) -> String {
    let library = &service.base.library;
    let regimes = names_in(library, "regimes");
    let regimes = regimes.iter().filter_map(|name| library.regime(name).ok());
    let regimes: Vec<ArmChoice> = regimes.map(|r| ArmChoice::of(library, &r)).collect();
    let presets = studies(service);
    let presets: Vec<StudyPreset> = presets
        .iter()
        .filter_map(|name| study_preset(service, name))
        .collect();
    let nations: Vec<Json> = library
        .nations
        .iter()
        .map(|n| json!({ "code": n.iso3, "label": n.name }))
        .collect();
    let measures: Vec<Json> = MEASURES
        .iter()
        .map(|m| json!({ "name": m.name, "label": m.words, "unit": m.unit }))
        .collect();
    let responses: Vec<Json> = Channel::ALL
        .iter()
        .map(|c| {
            let label = c.name().replace('_', " ");
            json!({ "name": c.name(), "label": label, "group": c.group(), "description": format!("Off: {}.", c.off()) })
        })
        .collect();
    let all = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "citation": citation(),
        "threads": service.threads,
        "months": { "first": "2020-01", "last": "2040-12" },
        "presets": presets,
        "regimes": regimes,
        "rules": rules(service),
        "templates": templates(service),
        "parameters": parameters(library),
        "responses": responses,
        "destinations": nations,
        "chip_columns_help": CHIP_COLUMNS,
        "measures": measures,
        "figures": figures(library),
        "start": start,
    });
    all.to_string()
}

/// How a table of chips is read.
const CHIP_COLUMNS: &str = "A table with a column of names (`chip`) and what is known of each chip: tpp, die_area_mm2, mem_bandwidth_tbs, interconnect_gbps and so on, under these names, those of the Epoch AI hardware table, or common names with a unit. A name alone is looked up among the known chips. Separators: comma, semicolon or tab.";

fn study_preset(service: &QuestionService, name: &str) -> Option<StudyPreset> {
    let library = &service.base.library;
    let source = study_source(service.parts(), name).ok()?;
    let file: StudyFile = read_toml(&source).ok()?;
    let arms = library.arms(&file).ok()?;
    Some(StudyPreset {
        name: name.to_string(),
        label: file.question.clone(),
        question_text: file.description.clone(),
        question: preset(service, name).ok()?,
        arms: arms.iter().map(|arm| ArmChoice::of(library, arm)).collect(),
    })
}

fn rules(service: &QuestionService) -> Vec<RuleChoice> {
    let law = &service.base.library.law;
    let same_title = |rule: &Rule| law.rules.iter().filter(|r| r.title == rule.title).count() > 1;
    let one = |rule: &Rule| RuleChoice {
        name: rule.id.clone(),
        label: if same_title(rule) {
            format!("{} ({})", rule.title, rule.id)
        } else {
            rule.title.clone()
        },
        description: rule.words.clone(),
        issuer: rule.issuer.clone(),
        instrument: rule.instrument.name(),
        announced: rule.announced.map(|d| d.to_string()),
        in_force: rule.compliance.map(|d| d.to_string()),
        lapses: rule.ended.map(|d| d.to_string()),
        citation: rule.citation.clone(),
        url: rule.url.clone(),
        status: rule.status.clone(),
        numbers: numbers_of(rule, &service.largest),
    };
    law.rules.iter().map(|rule| one(rule)).collect()
}

fn templates(service: &QuestionService) -> Vec<Json> {
    let one = |instrument: Instrument| {
        let template = OwnTemplate::of(instrument, "own", &service.largest)?;
        Some(json!({
            "name": instrument.name(),
            "label": instrument.words(),
            "description": template.words("description"),
            "numbers": template.numbers,
            "dates": { "announced": template.day("announced"), "in_force": template.day("compliance") },
            "destinations": template.destinations,
        }))
    };
    Instrument::ALL.into_iter().filter_map(one).collect()
}

fn figures(library: &Library) -> Vec<Json> {
    let names = library.configs.figure_names();
    let one = |name: &String| {
        let source = library.configs.find_figure(name).ok()?;
        let figure = figure::read(&source, name).ok()?;
        Some(json!({ "name": name, "label": figure.title }))
    };
    names.iter().filter_map(one).collect()
}

/// Names by influence, the most influential first.
fn influential() -> Vec<&'static str> {
    let rows = INFLUENCE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1);
    rows.filter_map(|line| line.split(',').next()).collect()
}

fn parameters(library: &Library) -> Vec<ParameterChoice> {
    let posterior = Posterior::if_shipped(&library.configs, POSTERIOR)
        .ok()
        .flatten();
    let samples: BTreeMap<&str, Vec<f64>> = posterior.as_ref().map_or_else(BTreeMap::new, |p| {
        let column = |at: usize| {
            let mut values: Vec<f64> = p.rows.iter().map(|row| row[at]).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        p.parameters
            .iter()
            .enumerate()
            .map(|(at, id)| (id.as_str(), column(at)))
            .collect()
    });
    let ranks = influential();
    let one = |p: &Parameter| {
        let rank = ranks.iter().position(|id| *id == p.id).map(|at| at + 1);
        parameter(p, rank, samples.get(p.id.as_str()))
    };
    library.parameters.0.iter().map(one).collect()
}

fn parameter(p: &Parameter, rank: Option<usize>, samples: Option<&Vec<f64>>) -> ParameterChoice {
    let prior = |share: f64| {
        p.prior
            .as_ref()
            .map_or(p.value, |prior| prior.quantile(share))
    };
    let within = |value: f64| match limits(&p.id) {
        Some((_, low, high)) => value.clamp(low, high),
        None => value,
    };
    let [low, high] = p.range.unwrap_or([prior(0.001), prior(0.999)]);
    let sampled = samples.and_then(|s| Some((*s.first()?, *s.last()?)));
    let (least, most) = sampled.unwrap_or((p.value, p.value));
    let (min, max) = (
        within(low.min(prior(0.001)).min(least)),
        within(high.max(prior(0.999)).max(most)),
    );
    let quantile = |sorted: &Vec<f64>, share: f64| {
        sorted[((sorted.len() - 1) as f64 * share).round() as usize]
    };
    let prior_points: Vec<f64> = (0..POINTS)
        .map(|i| prior((i as f64 + 0.5) / POINTS as f64))
        .collect();
    let is_varied = p.prior.is_some() && max > min;
    ParameterChoice {
        name: p.id.clone(),
        asks: asked(&p.id).unwrap_or_default(),
        label: p.words.clone(),
        unit: p.unit.clone(),
        rank: rank.filter(|_| is_varied),
        min,
        max,
        value: p.value,
        source: p.source.clone(),
        prior: FiveQuantiles::of(prior),
        posterior: samples
            .filter(|s| !s.is_empty())
            .map(|s| FiveQuantiles::of(|share| quantile(s, share))),
        density: if is_varied {
            density(min, max, &prior_points, samples)
        } else {
            Vec::new()
        },
    }
}

/// Heights of bars between two ends, the highest of each at 1.
fn density(
    min: f64,
    max: f64,
    prior: &[f64],
    posterior: Option<&Vec<f64>>,
) -> Vec<(f64, f64, Option<f64>)> {
    let heights = |values: &[f64]| {
        let mut bars = [0.0_f64; BARS];
        for value in values {
            let at = (value - min) / (max - min) * BARS as f64;
            bars[(at as usize).min(BARS - 1)] += 1.0;
        }
        let highest = bars.iter().copied().fold(1.0, f64::max);
        bars.map(|bar| bar / highest)
    };
    let prior = heights(prior);
    let posterior = posterior.map(|values| heights(values));
    let middle = |bar: usize| min + (max - min) * (bar as f64 + 0.5) / BARS as f64;
    (0..BARS)
        .map(|bar| (middle(bar), prior[bar], posterior.map(|p| p[bar])))
        .collect()
}
