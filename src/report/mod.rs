//! The report: one page that opens offline, with findings in words, figures, law, limits and the command that repeats it.

mod findings;

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use crate::plots::{Drawn, basis, font_faces, in_unit};
use crate::results::{Part, Results, ResultsError};
use findings::{Finding, Viewpoint};

const TEMPLATE: &str = include_str!("../../assets/report.html.j2");

#[derive(Serialize)]
struct FigurePart {
    name: String,
    title: String,
    description: String,
    svg: String,
}

#[derive(Serialize)]
struct EffectPart {
    outcome: String,
    name: String,
    unit: String,
    regime: String,
    baseline_mean: String,
    median: String,
    inner: String,
    outer: String,
    probability: String,
    error: String,
    pairing: String,
}

/// Writes the page.
///
/// # Errors
/// When the template fails or the file cannot be written.
pub fn write(results: &Results, drawn: &[Drawn], path: &Path) -> Result<(), ResultsError> {
    let failed = |reason: String| ResultsError::Io {
        path: path.to_path_buf(),
        reason,
    };
    let page = render(results, drawn).map_err(|e| failed(e.to_string()))?;
    std::fs::write(path, page).map_err(|e| failed(e.to_string()))
}

fn render(results: &Results, drawn: &[Drawn]) -> Result<String, minijinja::Error> {
    let figures: Vec<FigurePart> = drawn
        .iter()
        .map(|d| FigurePart {
            name: d.name.clone(),
            title: d.title.clone(),
            description: d.description.clone(),
            svg: without_fonts(&d.svg),
        })
        .collect();
    let effects: Vec<EffectPart> = results
        .effects
        .iter()
        .map(|e| effect_part(results, e))
        .collect();
    let answers: Vec<Finding> = findings::answers(results);
    let viewpoints: Vec<Viewpoint> = findings::viewpoints(results);
    let timeline: Vec<_> = results
        .events
        .iter()
        .filter(|e| e.run == 0 && e.kind != "model_released" && e.kind != "variant_begun")
        .map(|e| {
            (
                e.regime.clone(),
                e.month.to_string(),
                e.kind.replace('_', " "),
                e.actor.clone(),
                e.text.clone(),
            )
        })
        .collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    environment.add_template("report", TEMPLATE)?;
    environment.get_template("report")?.render(context! {
        m => Serde(&results.manifest),
        basis => basis(results),
        fonts => font_faces(),
        answers => Serde(&answers),
        viewpoints => Serde(&viewpoints),
        figures => Serde(&figures),
        effects => Serde(&effects),
        failures => Serde(&results.failures),
        timeline => Serde(&timeline),
    })
}

fn effect_part(results: &Results, e: &crate::results::EffectRow) -> EffectPart {
    let about = results
        .manifest
        .outcomes
        .iter()
        .find(|o| o.name == e.outcome);
    let unit = about.map_or(String::new(), |o| o.unit.clone());
    let value = |v: f64| findings::rounded(v, e.monte_carlo_error, &unit);
    let mut name = about.map_or(e.outcome.clone(), |o| o.words.clone());
    if e.part != Part::Total {
        name.push_str(&format!(" ({})", e.part.name()));
    }
    EffectPart {
        outcome: e.outcome.clone(),
        name,
        regime: e.regime.clone(),
        baseline_mean: value(e.baseline_mean),
        median: value(e.p50),
        inner: format!("{} to {}", value(e.p25), value(e.p75)),
        outer: format!("{} to {}", value(e.p05), value(e.p95)),
        probability: format!("{:.0} %", 100.0 * e.probability_positive),
        error: in_unit(findings::two_digits(e.monte_carlo_error), &unit),
        pairing: e
            .pairing_gain
            .map_or("pairs never differ".into(), |g| format!("{g:.1}")),
        unit,
    }
}

/// The page carries the typeface once.
fn without_fonts(svg: &str) -> String {
    match (svg.find("<style>"), svg.find("</style>")) {
        (Some(from), Some(to)) => format!("{}{}", &svg[..from], &svg[to + 8..]),
        _ => svg.to_string(),
    }
}
