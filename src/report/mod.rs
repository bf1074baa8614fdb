//! The report: one page that opens offline and answers five questions.
//!
//! Did it work, at whose cost, through what, how sure is that, what would change the answer.

mod appendix;
mod backtest;
pub mod debate;
mod findings;
pub mod path;
mod phrases;
mod track_record;
pub mod viewpoints;

pub use findings::short as short_answers;

use std::borrow::Cow;
use std::path::Path;

use base64::Engine;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context, escape_formatter};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::config::figure::{FigureKind, ReportQuestion};
use crate::foundation::citation::citation_of;
use crate::foundation::escape::{json_in_script, markup, visible};
use crate::plots::headline_arm;
use crate::plots::{DrawnFigures, InteractiveCharts, basis, basis_in_short, font_faces};
use crate::results::{FailureRow, Results, ResultsError, files, repeat};

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
struct ReportFigure {
    id: String,
    title: String,
    description: String,
    part: ReportQuestion,
    svg: String,
    live: bool,
    /// Whether it stands beside the back-test.
    hindcast: bool,
}

/// An arm that the page can show or hide.
#[derive(Serialize)]
struct ArmToggle<'a> {
    id: Cow<'a, str>,
    label: Cow<'a, str>,
}

/// What the page's own charts are drawn from.
#[derive(Serialize)]
struct ChartData<'a> {
    arms: Vec<ArmToggle<'a>>,
    figures: Vec<&'a InteractiveCharts>,
    tables: Vec<FigureNumbers<'a>>,
}

/// The numbers of a figure that has no chart of the page's own.
#[derive(Serialize)]
struct FigureNumbers<'a> {
    id: &'a str,
    name: Cow<'a, str>,
    /// None where there are too many for a page; `export --figure` prints them.
    csv: Option<String>,
}

/// Rows of numbers of a figure that the page carries.
const CARRIED_ROWS: usize = 2_000;

/// Writes the page.
///
/// # Errors
/// When the template fails or the file cannot be written.
pub fn write(results: &Results, gallery: &DrawnFigures, path: &Path) -> Result<(), ResultsError> {
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
    let mut environment = environment();
    environment.add_template("short", SHORT)?;
    environment.get_template("short")?.render(context! {
        m => Serde(&results.manifest),
        baseline => phrases::baseline_label(results),
        short => Serde(&findings::short(results)),
        paths => Serde(&path::paths(results, headline_arm(results))),
    })
}

/// Templates whose every value is text of the page, but what is marked as safe.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => Ok(out.write_str(&markup(text))?),
        _ => escape_formatter(out, state, value),
    });
    environment.add_filter("prose", prose);
    environment
}

/// A sentence of the program as HTML: what stands between backticks is set as code, all else is text.
fn prose(text: &str) -> Value {
    let parts = text.split('`').map(markup).collect::<Vec<_>>();
    let mut out = String::new();
    for (number, part) in parts.iter().enumerate() {
        let last = number + 1 == parts.len();
        out.push_str(&match number % 2 {
            0 => part.clone(),
            // A backtick without its fellow.
            _ if last => format!("`{part}"),
            _ => format!("<code>{part}</code>"),
        });
    }
    Value::from_safe_string(out)
}

/// What a browser lets the page do: its own styles and scripts, by their hashes, and the typeface that it carries.
fn policy(style: &str) -> String {
    let hash = |text: &str| {
        let sum = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
        format!("'sha256-{sum}'")
    };
    format!(
        "default-src 'none'; style-src {}; script-src {} {}; font-src data:; img-src data:; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(UPLOT),
        hash(SCRIPT)
    )
}

/// The figures as the template shows them.
fn report_figures(gallery: &DrawnFigures) -> Vec<ReportFigure> {
    gallery
        .drawn
        .iter()
        .map(|d| ReportFigure {
            id: d.id.clone(),
            title: d.figure.title.clone(),
            description: d.description.clone(),
            part: d.figure.part,
            svg: d.svg.clone(),
            live: d.live.is_some(),
            hindcast: matches!(d.figure.draw, FigureKind::Hindcast(_)),
        })
        .collect()
}

/// What the page's own charts are drawn from, and the numbers of the other figures.
fn chart_data<'a>(results: &'a Results, gallery: &'a DrawnFigures) -> ChartData<'a> {
    let study = &results.manifest.study;
    ChartData {
        arms: study
            .arms
            .iter()
            .map(|a| ArmToggle {
                id: visible(&a.name),
                label: visible(a.label()),
            })
            .collect(),
        figures: gallery
            .drawn
            .iter()
            .filter_map(|d| d.live.as_ref())
            .collect(),
        tables: gallery
            .drawn
            .iter()
            .filter(|d| d.live.is_none())
            .map(|d| FigureNumbers {
                id: &d.id,
                name: visible(&d.figure.name),
                csv: Some(&d.data.0)
                    .filter(|table| table.rows.len() <= CARRIED_ROWS)
                    .and_then(|table| table.to_csv().ok()),
            })
            .collect(),
    }
}

fn render(results: &Results, gallery: &DrawnFigures) -> Result<String, minijinja::Error> {
    let figures = report_figures(gallery);
    let data = chart_data(results, gallery);
    let data = serde_json::to_string(&data).map_err(|e| {
        minijinja::Error::new(minijinja::ErrorKind::BadSerialization, e.to_string())
    })?;
    let style = format!("{}{UPLOT_STYLE}{STYLE}", font_faces());
    let failures: Vec<FailureRow> = results
        .failures
        .iter()
        .map(|f| FailureRow {
            command: repeat::command(&f.command),
            ..f.clone()
        })
        .collect();
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
    let mut environment = environment();
    environment.add_template("report", TEMPLATE)?;
    environment.get_template("report")?.render(context! {
        m => Serde(&results.manifest),
        citation => citation_of(&results.manifest.version, &results.manifest.source),
        baseline => phrases::baseline_label(results),
        basis => basis(results),
        basis_in_short => basis_in_short(results),
        policy => policy(&style),
        style => style,
        uplot => UPLOT,
        uplot_licence => UPLOT_LICENCE,
        script => SCRIPT,
        data => json_in_script(&visible(&data)),
        short => Serde(&findings::short(results)),
        paths => Serde(&path::paths(results, headline_arm(results))),
        faults => Serde(&results.manifest.faults().collect::<Vec<_>>()),
        declared => Serde(&results.manifest.gate.iter().filter(|f| f.declared).collect::<Vec<_>>()),
        answers => Serde(&findings::answers(results)),
        viewpoints => Serde(&viewpoints::viewpoints(results)),
        channels => Serde(&findings::channels(results)),
        certainty => Serde(&findings::certainty(results)),
        reversals => Serde(&findings::reversals(results)),
        figures => Serde(&figures),
        hindcasts => Serde(&figures.iter().filter(|f| f.hindcast).collect::<Vec<_>>()),
        left_out => Serde(&gallery.left_out),
        effects => Serde(&appendix::effects(results)),
        replay => appendix::headline_replay(results),
        law => Serde(&appendix::law(results)),
        differences => Serde(&appendix::differences(results)),
        matrices => Serde(&appendix::matrices(results)),
        checklist => Serde(&appendix::checklist(results)),
        ledger => Serde(&ledger),
        backtest => Serde(&backtest::backtest(results)),
        track_record => Serde(&track_record::track_record(results)),
        headline => headline_arm(results).map(|a| a.name.clone()),
        sobol => Serde(&sobol),
        boxes => Serde(&boxes),
        failures => Serde(&failures),
        command => repeat::command(&results.manifest.command),
        timeline => Serde(&timeline),
    })
}
