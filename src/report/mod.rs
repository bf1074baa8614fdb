//! The report: one page that opens offline, in the order in which it is asked: did it work, at whose cost, through what, how
//! sure, what would change the answer.

mod appendix;
mod findings;

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use crate::config::figure::Part;
use crate::plots::{Gallery, Live, basis, font_faces};
use crate::results::{Results, ResultsError, files};

const TEMPLATE: &str = include_str!("../../assets/report.html.j2");
const SHORT: &str = include_str!("../../assets/short.html.j2");
const STYLE: &str = include_str!("../../assets/report.css");
const SCRIPT: &str = include_str!("../../assets/report.js");
const UPLOT: &str = include_str!("../../assets/uplot/uPlot.iife.min.js");
const UPLOT_STYLE: &str = include_str!("../../assets/uplot/uPlot.min.css");
const UPLOT_LICENCE: &str = include_str!("../../assets/uplot/LICENSE");

/// Kinds of event that happen so often that the page leaves them to `replay`.
const EVERYDAY: [&str; 7] = [
    "run_finished",
    "model_released",
    "variant_begun",
    "market_closed",
    "market_reopened",
    "order_denied",
    "generation_launched",
];

#[derive(Serialize)]
struct FigurePart {
    name: String,
    title: String,
    description: String,
    part: Part,
    svg: String,
    live: bool,
}

/// What the page's own charts are drawn from.
#[derive(Serialize)]
struct Data<'a> {
    arms: Vec<&'a str>,
    figures: Vec<&'a Live>,
}

/// Writes the page.
///
/// # Errors
/// When the template fails or the file cannot be written.
pub fn write(results: &Results, gallery: &Gallery, path: &Path) -> Result<(), ResultsError> {
    let failed = |reason: String| ResultsError::Io {
        path: path.to_path_buf(),
        reason,
    };
    let page = render(results, gallery).map_err(|e| failed(e.to_string()))?;
    files::write(path, page)
}

/// The answers in short as a piece of HTML, for pages of others.
///
/// # Errors
/// When the template fails.
pub fn short(results: &Results) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    environment.add_template("short", SHORT)?;
    environment.get_template("short")?.render(context! {
        m => Serde(&results.manifest),
        short => Serde(&findings::short(results)),
    })
}

fn render(results: &Results, gallery: &Gallery) -> Result<String, minijinja::Error> {
    let figures: Vec<FigurePart> = gallery
        .drawn
        .iter()
        .map(|d| FigurePart {
            name: d.figure.name.to_string(),
            title: d.figure.title.clone(),
            description: d.description.clone(),
            part: d.figure.part,
            svg: d.svg.clone(),
            live: d.live.is_some(),
        })
        .collect();
    let study = &results.manifest.study;
    let data = Data {
        arms: study.arms.iter().map(|a| a.name.as_str()).collect(),
        figures: gallery
            .drawn
            .iter()
            .filter_map(|d| d.live.as_ref())
            .collect(),
    };
    // Inside a script element only `</` could end the data early.
    let data = serde_json::to_string(&data)
        .map_err(|e| minijinja::Error::new(minijinja::ErrorKind::BadSerialization, e.to_string()))?
        .replace("</", "<\\/");
    let timeline: Vec<_> = results
        .events
        .iter()
        .filter(|e| e.run == 0 && !EVERYDAY.contains(&e.kind.as_str()))
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
    let side = |id, title, words| appendix::table(results, id, title, words);
    let ledger = side(
        "ledger",
        "Evidence ledger",
        "Every parameter with its source and how well it is known. Sort by any column: the weakest evidence with the most influence comes first on a research agenda.",
    );
    let scorecard = side(
        "scorecard",
        "Back-test scorecard",
        "How well the model tells recorded history that it was not fitted to, against simple benchmark forecasts. A skill below zero is a loss.",
    );
    let claims = side(
        "claims",
        "Claims",
        "What the model should do by what is known, what it does, and the condition under which it should stop doing it.",
    );
    let sobol = side(
        "sobol",
        "Shares of variance",
        "Which part of the variance of an outcome each parameter explains: alone (first) and with all that it interacts with (total).",
    );
    let boxes = side(
        "boxes",
        "Conditions of reversal",
        "Ranges of parameters that together hold most of the futures in which the sign turns.",
    );
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    environment.add_template("report", TEMPLATE)?;
    environment.get_template("report")?.render(context! {
        m => Serde(&results.manifest),
        basis => basis(results),
        style => format!("{}{UPLOT_STYLE}{STYLE}", font_faces()),
        uplot => UPLOT,
        uplot_licence => UPLOT_LICENCE,
        script => SCRIPT,
        data => data,
        short => Serde(&findings::short(results)),
        answers => Serde(&findings::answers(results)),
        viewpoints => Serde(&findings::viewpoints(results)),
        channels => Serde(&findings::channels(results)),
        certainty => Serde(&findings::certainty(results)),
        reversals => Serde(&findings::reversals(results)),
        figures => Serde(&figures),
        left_out => Serde(&gallery.left_out),
        effects => Serde(&appendix::effects(results)),
        replay => appendix::headline_replay(results),
        law => Serde(&appendix::law(results)),
        differences => Serde(&appendix::differences(results)),
        matrices => Serde(&appendix::matrices(results)),
        checklist => Serde(&appendix::checklist(results)),
        ledger => Serde(&ledger),
        scorecard => Serde(&scorecard),
        claims => Serde(&claims),
        sobol => Serde(&sobol),
        boxes => Serde(&boxes),
        failures => Serde(&results.failures),
        timeline => Serde(&timeline),
    })
}
