//! Draws figures from results tables without the model, so that old results can be drawn again.

mod axis;
mod canvas;
mod drawn_data;
mod effect;
mod effect_path;
mod fan;
mod forest;
mod heat;
mod hindcast;
mod labels;
mod letters;
mod live;
mod multiples;
mod record;
mod reversal;
mod scorecard;
mod shares;
mod svg;
mod theme;
mod tiles;
mod timeline;
mod tornado;
mod track_record;
mod tradeoff;
mod waterfall;

use std::path::{Component, Path};

use rayon::prelude::*;

pub use canvas::PngSize;
use canvas::{Canvas, TextAnchor};
pub use drawn_data::DrawnData;
pub use effect_path::draw_effect_path;
pub use hindcast::hindcast_figure;
use labels::baseline_label;
pub use labels::{arm_colour, arm_label, asked, named, question, series_label, with_article};
pub use letters::{LETTERS, font_faces, lacking};
pub use live::InteractiveCharts;
pub use scorecard::{ScorecardPoint, draw_scorecard};
pub use svg::TextRendering;
use theme::{INK, SMALL, SOFT, TITLE, WORDS, capitalised, level, width, wrap};
pub use theme::{
    change_unit, colour_code, in_unit, in_words, month, number, rounded, signed, supported,
    two_digits,
};
pub use track_record::draw_track_record;

use crate::config::figure::{FigureFile, FigureKind};
use crate::foundation::calendar::Month;
use crate::results::tables::SideTable;
use crate::results::{ArmInfo, DRAWN, HEADLINE_OUTCOME, Results, ResultsError, files};

/// Half the width of a slide: a PNG at twice the size has 1,920 pixels.
const WIDTH: f64 = 960.0;
/// Sizes of a title: the first in which it fits one line.
const TITLES: [f64; 3] = [TITLE, 17.0, 15.5];
/// Months after the first difference in which titles state values, as the answer of the report does.
const MAIN_MONTHS: i32 = 48;

/// A figure that has been drawn.
#[derive(Clone, Debug)]
pub struct DrawnFigure {
    /// Unique name on a page, of letters, digits and hyphens.
    pub id: String,
    pub figure: FigureFile,
    pub caption: String,
    /// What the figure shows, for readers who cannot see it.
    pub description: String,
    /// For a page that carries the typeface.
    pub svg: String,
    /// The numbers that are drawn.
    pub data: DrawnData,
    /// The numbers behind it, for a page that draws them itself.
    pub live: Option<live::InteractiveCharts>,
}

/// Figures that have been drawn, and those that could not be, with the reason.
#[derive(Clone, Debug, Default)]
pub struct DrawnFigures {
    pub drawn: Vec<DrawnFigure>,
    pub left_out: Vec<(String, String)>,
}

/// How the files of figures are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileStyle {
    pub size: PngSize,
    /// Letters of the SVG.
    pub letters: TextRendering,
}

/// A figure in progress: the place of the next element, and the text of the caption.
struct FigureLayout {
    canvas: Canvas,
    y: f64,
    caption: Vec<String>,
    /// The numbers that are drawn.
    data: DrawnData,
}

/// A figure laid out, before it becomes a file.
pub struct ComposedFigure {
    canvas: Canvas,
    /// What it finds.
    pub title: String,
    /// What it shows and how to read it.
    pub about: String,
    pub caption: String,
    pub description: String,
    pub data: DrawnData,
}

impl ComposedFigure {
    /// Words that overlap, leave the sheet, are too small or lack a letter.
    pub fn faults(&self) -> Vec<String> {
        self.canvas.faults()
    }
}

/// Draws every figure into a folder as SVG and PNG; figures whose tables are missing are listed with the reason.
///
/// # Errors
/// When a file cannot be written.
pub fn draw_all(
    results: &Results,
    figures: &[FigureFile],
    folder: &Path,
) -> Result<DrawnFigures, ResultsError> {
    draw_styled(results, figures, folder, FileStyle::default())
}

/// As [`draw_all`], with files of this style.
///
/// # Errors
/// When a file cannot be written.
pub fn draw_styled(
    results: &Results,
    figures: &[FigureFile],
    folder: &Path,
    style: FileStyle,
) -> Result<DrawnFigures, ResultsError> {
    // A foreign manifest can hold any name: one that is a path would write outside the folder.
    if let Some(figure) = figures.iter().find(|f| !is_file_name(&f.name)) {
        return Err(ResultsError::Io {
            path: folder.to_path_buf(),
            reason: format!(
                "found a figure named `{}`, expected a name without folders",
                figure.name
            ),
        });
    }
    let all: Vec<Result<DrawnFigure, (String, String)>> = figures
        .par_iter()
        .enumerate()
        .map(|(at, figure)| match compose(results, figure) {
            Ok(composed) => draw(results, figure, at, composed, folder, style).map(Ok),
            Err(reason) => Ok(Err((figure.name.to_string(), reason))),
        })
        .collect::<Result<_, ResultsError>>()?;
    let mut gallery = DrawnFigures::default();
    for one in all {
        match one {
            Ok(drawn) => gallery.drawn.push(drawn),
            Err(reason) => gallery.left_out.push(reason),
        }
    }
    Ok(gallery)
}

/// Whether a text can be the name of a file in a folder, and of nothing elsewhere.
fn is_file_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(Component::Normal(part)) if part == name)
        && parts.next().is_none()
        && !name.contains(['/', '\\', '\0'])
}

/// Lays a figure out.
///
/// # Errors
/// With the reason why these results cannot fill it.
pub fn compose(results: &Results, figure: &FigureFile) -> Result<ComposedFigure, String> {
    let mut sheet = FigureLayout {
        canvas: Canvas::new(WIDTH),
        y: 26.0,
        caption: Vec::new(),
        data: DrawnData::default(),
    };
    let subject = named(results, &figure.title);
    let finding = finding(results, figure).map(|text| capitalised(&text));
    let about = named(results, &figure.description);
    let (title, about) = match finding {
        Some(finding) => {
            let end = if subject.ends_with('?') { "" } else { "." };
            (finding, format!("{subject}{end} {about}"))
        }
        None => (subject, about),
    };
    let fits = |size: &f64| width(&title, *size, true) <= WIDTH - 20.0;
    let in_one = TITLES.into_iter().find(fits);
    let size = in_one.unwrap_or(TITLES[1]);
    let lines = match in_one {
        Some(_) => vec![title.clone()],
        // Lines are measured in plain letters; bold ones are up to a tenth wider.
        None => wrap(&title, (WIDTH - 20.0) / 1.1, size),
    };
    for line in lines {
        let at = (10.0, sheet.y);
        sheet.canvas.bold(at, line, size, INK, TextAnchor::Left);
        sheet.y += 25.0;
    }
    for line in wrap(&about, WIDTH - 30.0, WORDS) {
        let at = (10.0, sheet.y);
        sheet.canvas.text(at, line, WORDS, SOFT, TextAnchor::Left);
        sheet.y += 17.0;
    }
    sheet.y += 6.0;
    let description = match &figure.draw {
        FigureKind::Fan(f) => fan::draw(&mut sheet, results, f),
        FigureKind::Effect(f) => effect::draw(&mut sheet, results, f),
        FigureKind::Multiples(f) => multiples::draw(&mut sheet, results, f),
        FigureKind::Shares(f) => shares::draw(&mut sheet, results, f),
        FigureKind::Forest(f) => forest::draw(&mut sheet, results, f),
        FigureKind::Waterfall(f) => waterfall::draw(&mut sheet, results, f),
        FigureKind::Heat(f) => heat::draw(&mut sheet, results, f),
        FigureKind::Timeline(f) => timeline::draw(&mut sheet, results, f),
        FigureKind::Tornado(f) => tornado::draw(&mut sheet, results, f),
        FigureKind::Tradeoff(f) => tradeoff::draw(&mut sheet, results, f),
        FigureKind::Reversal(f) => reversal::draw(&mut sheet, results, f),
        FigureKind::Tiles(f) => tiles::draw(&mut sheet, results, f),
        FigureKind::Hindcast(f) => hindcast::draw(&mut sheet, results, f),
    }?;
    // A hindcast rests on runs of its own, and says so.
    if !matches!(figure.draw, FigureKind::Hindcast(_)) {
        sheet.caption.push(basis(results));
    }
    let caption = sheet.caption.join(" ");
    sheet.y += 12.0;
    for line in wrap(&caption, WIDTH - 20.0, SMALL) {
        let at = (10.0, sheet.y);
        sheet.canvas.text(at, line, SMALL, SOFT, TextAnchor::Left);
        sheet.y += 14.5;
    }
    sheet.canvas.height = (sheet.y + 4.0).ceil();
    if let Some(place) = sheet.canvas.without_glyph() {
        return Err(place);
    }
    Ok(ComposedFigure {
        canvas: sheet.canvas,
        title,
        about,
        caption,
        description,
        data: sheet.data,
    })
}

/// What a figure finds, in one line; nothing where these results have no number for it.
fn finding(results: &Results, figure: &FigureFile) -> Option<String> {
    match &figure.draw {
        FigureKind::Fan(f) => fan::finding(results, f),
        FigureKind::Effect(f) => effect::finding(results, f),
        FigureKind::Multiples(f) => multiples::finding(results, f),
        FigureKind::Shares(f) => shares::finding(results, f),
        FigureKind::Forest(f) => forest::finding(results, f),
        FigureKind::Waterfall(f) => waterfall::finding(results, f),
        FigureKind::Heat(f) => heat::finding(results, f),
        FigureKind::Timeline(f) => timeline::finding(results, f),
        FigureKind::Tornado(f) => tornado::finding(results, f),
        FigureKind::Tradeoff(f) => tradeoff::finding(results, f, &figure.title),
        FigureKind::Reversal(f) => reversal::finding(results, f),
        FigureKind::Tiles(f) => tiles::finding(results, f),
        FigureKind::Hindcast(f) => hindcast::finding(results, f),
    }
}

/// The month of the first answer: that of the effect in the report's first sentence.
fn answer_month(results: &Results) -> Month {
    let study = &results.manifest.study;
    let month = study.window_first.plus(MAIN_MONTHS - 1);
    month.min(study.last_month)
}

/// A value in the month of the answer under the first answer's arm beside the baseline's: "China's gap: 9 months under ..., 8
/// months under ..., Jun 2026".
fn compared(
    results: &Results,
    subject: &str,
    unit: &str,
    value: impl Fn(&str) -> Option<f64>,
) -> Option<String> {
    let study = &results.manifest.study;
    let said = |arm: &str| value(arm).map(|v| level(v, unit));
    let base = said(&study.baseline)?;
    let (when, baseline) = (month(answer_month(results)), baseline_label(results));
    let Some(arm) = headline_arm(results) else {
        return Some(format!("{subject}: {base} in {when}"));
    };
    let (mine, label) = (said(&arm.name)?, arm.label());
    Some(if mine == base {
        format!("{subject}: {mine} under {label} and {baseline} alike, {when}")
    } else {
        format!("{subject}: {mine} under {label}, {base} under {baseline}, {when}")
    })
}

fn draw(
    results: &Results,
    figure: &FigureFile,
    at: usize,
    composed: ComposedFigure,
    folder: &Path,
    style: FileStyle,
) -> Result<DrawnFigure, ResultsError> {
    // The name is not used, because it can hold any text and occur twice.
    let id = format!("figure-{}", at + 1);
    let path = folder.join(format!("{}.svg", figure.name));
    let failed = |reason: String| ResultsError::Io {
        path: path.clone(),
        reason,
    };
    let (title, canvas) = (&composed.title, &composed.canvas);
    let said = format!("{}. {}", composed.description, composed.caption);
    let alone = svg::svg(canvas, "figure", title, &said, style.letters);
    files::write(&path, alone)?;
    canvas
        .png(&folder.join(format!("{}.png", figure.name)), style.size)
        .map_err(failed)?;
    let said = &composed.description;
    Ok(DrawnFigure {
        id: id.clone(),
        figure: FigureFile {
            title: composed.title.clone(),
            ..figure.clone()
        },
        caption: composed.caption.clone(),
        description: said.clone(),
        svg: svg::svg(canvas, &id, title, said, TextRendering::Page),
        live: live::live(results, figure, id, &composed.about),
        data: composed.data,
    })
}

/// The text of every caption: number of runs, months, data, the most influential parameters, and that it is not a forecast.
pub fn basis(results: &Results) -> String {
    let moved = movers(results).map_or(String::new(), |(outcome, names)| {
        format!(" {outcome} turns most on: {}", names.join(" "))
    });
    basis_with(results, &moved)
}

/// As [`basis`], without the parameters, for a page that names them elsewhere.
pub fn basis_in_short(results: &Results) -> String {
    basis_with(results, "")
}

fn basis_with(results: &Results, moved: &str) -> String {
    let m = &results.manifest;
    let s = &m.study;
    let excluded = match m.failed {
        0 => "none excluded".to_string(),
        n => format!("{n} excluded"),
    };
    let shown = if m.runs > DRAWN {
        format!(" Single futures: the first {}.", number(f64::from(DRAWN)))
    } else {
        String::new()
    };
    let unsealed = unsealed(results);
    format!(
        "{unsealed}{} futures under each of {} regimes, {excluded}; outcomes from {} to {}; {}; chokepoint {}, seed {}.{moved}{shown} \
         Conditional on these assumptions, not a forecast.",
        number(f64::from(m.runs)),
        s.arms.len(),
        month(s.window_first),
        month(s.window_last),
        s.data_vintage,
        m.version,
        m.seed
    )
}

/// What is said where tables were changed after the run.
fn unsealed(results: &Results) -> String {
    if results.unsealed.is_empty() {
        return String::new();
    }
    format!("NOT AS THE RUN WROTE IT: {}. ", results.unsealed.join("; "))
}

/// The two questions that the headline effect of the first answer's arm turns on most, if that is unlikely to be chance.
fn movers(results: &Results) -> Option<(&'static str, Vec<String>)> {
    let arm = headline_arm(results)?;
    let found: Vec<String> = results
        .movers(HEADLINE_OUTCOME, &arm.name)
        .into_iter()
        .take(2)
        .map(|(name, _)| question(results, &name))
        .collect();
    (!found.is_empty()).then_some(("The gap", found))
}

/// The arm that the study names for its first answer, or the first that is not the baseline.
pub fn headline_arm(results: &Results) -> Option<&ArmInfo> {
    let study = &results.manifest.study;
    let mut others = study.arms.iter().filter(|a| a.name != study.baseline);
    let first = others.clone().next();
    others.find(|a| a.name == study.headline).or(first)
}

/// The arm of this name, or that of the first answer.
fn arm_of<'a>(results: &'a Results, name: &Option<String>) -> Result<&'a ArmInfo, String> {
    let arms = &results.manifest.study.arms;
    match name {
        Some(name) => arms.iter().find(|a| a.name == *name).ok_or_else(|| {
            let names: Vec<&str> = arms.iter().map(|a| a.name.as_str()).collect();
            format!(
                "there is no arm `{name}`; the arms are {}",
                names.join(", ")
            )
        }),
        None => headline_arm(results).ok_or_else(|| "the study has no arm but its baseline".into()),
    }
}

/// A side table by name.
fn table_of<'a>(results: &'a Results, name: &str) -> Result<&'a SideTable, String> {
    let table = results.tables.get(name);
    let made = match name {
        "shapley" | "channels" => "; `chokepoint decompose` with `--into` makes it",
        _ => "",
    };
    table.ok_or_else(|| format!("there is no table {name}.csv in the results folder{made}"))
}

/// A month that a figure names, or another.
fn month_or(text: &Option<String>, other: Month) -> Month {
    text.as_ref().and_then(|m| m.parse().ok()).unwrap_or(other)
}

/// The name of an entity for readers.
fn entity_name(results: &Results, entity: &str) -> String {
    let m = &results.manifest;
    match entity {
        "issuer" => m.study.issuer_name.clone(),
        "target" => m.study.target_name.clone(),
        "third" => "third countries".to_string(),
        other => {
            // Names carry remarks in brackets; a figure has room for the name.
            let name = m.names.get(other).map_or(other, String::as_str);
            name.split(" (").next().unwrap_or(name).to_string()
        }
    }
}

fn measure_unit(results: &Results, measure: &str) -> String {
    let measures = &results.manifest.measures;
    let found = measures.iter().find(|m| m.name == measure);
    found.map_or(String::new(), |m| m.unit.clone())
}

/// The description of an outcome and its unit.
fn outcome_words(results: &Results, outcome: &str) -> (String, String) {
    let outcomes = &results.manifest.outcomes;
    let found = outcomes.iter().find(|o| o.name == outcome);
    found.map_or((outcome.to_string(), String::new()), |o| {
        (named(results, &o.words), o.unit.clone())
    })
}

/// The description of a parameter and its unit.
pub fn parameter_words(results: &Results, parameter: &str) -> (String, String) {
    let parameters = &results.manifest.parameters;
    let found = parameters.iter().find(|p| p.name == parameter);
    found.map_or((parameter.replace('_', " "), String::new()), |p| {
        (p.words.clone(), p.unit.clone())
    })
}
