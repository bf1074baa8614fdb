//! Figures from tables: knows results, not the model, so that old results can be drawn again.

mod axis;
mod canvas;
mod fan;
mod forest;
mod stack;
mod theme;

use std::path::Path;

use rayon::prelude::*;

pub use canvas::font_faces;
use canvas::{Anchor, Canvas};
use theme::{INK, SMALL, SOFT, TITLE, WORDS};
pub use theme::{in_unit, month, number};

use crate::config::figure::{FigureFile, FigureKind};
use crate::results::{Results, ResultsError};

const WIDTH: f64 = 980.0;

/// A figure that has been drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub name: String,
    pub title: String,
    pub caption: String,
    /// What the figure shows, for readers who do not see it.
    pub description: String,
    pub svg: String,
}

/// A sheet under way: where the next thing goes, and what the caption will say.
struct Sheet {
    canvas: Canvas,
    y: f64,
    caption: Vec<String>,
}

/// Draws every figure into a folder as SVG and PNG.
///
/// # Errors
/// When a file cannot be written.
pub fn draw_all(
    results: &Results,
    figures: &[FigureFile],
    folder: &Path,
) -> Result<Vec<Drawn>, ResultsError> {
    figures
        .par_iter()
        .map(|figure| draw(results, figure, folder))
        .collect()
}

fn draw(results: &Results, figure: &FigureFile, folder: &Path) -> Result<Drawn, ResultsError> {
    let failed = |reason: String| ResultsError::Io {
        path: folder.join(&figure.name),
        reason,
    };
    let study = &results.manifest.study;
    let panels = |from: &Option<String>, default| {
        let from = from
            .as_ref()
            .and_then(|m| m.parse().ok())
            .unwrap_or(default);
        fan::height(&study.arms, from, study.last_month)
    };
    let body = match &figure.draw {
        FigureKind::Fan(f) => panels(&f.from, study.first_month),
        FigureKind::Stack(f) => panels(&f.from, study.first_month.plus(12)),
        FigureKind::Forest(f) => {
            forest::height(f.outcomes.len(), study.arms.len().saturating_sub(1))
        }
    };
    let mut sheet = Sheet {
        canvas: Canvas::new(WIDTH, body + 126.0),
        y: 62.0,
        caption: Vec::new(),
    };
    sheet
        .canvas
        .bold((10.0, 20.0), figure.title.clone(), TITLE, INK, Anchor::Left);
    sheet.canvas.text(
        (10.0, 44.0),
        figure.words.clone(),
        WORDS,
        SOFT,
        Anchor::Left,
    );
    let description = match &figure.draw {
        FigureKind::Fan(fan) => fan::draw(&mut sheet, results, fan),
        FigureKind::Stack(stack) => stack::draw(&mut sheet, results, stack),
        FigureKind::Forest(forest) => forest::draw(&mut sheet, results, forest),
    };
    sheet.caption.push(basis(results));
    let caption = sheet.caption.join(" ");
    for (n, line) in fan::lines_of(&caption, WIDTH - 20.0, SMALL)
        .iter()
        .enumerate()
    {
        sheet.canvas.text(
            (10.0, sheet.y + 14.0 + 14.0 * n as f64),
            line.clone(),
            SMALL,
            SOFT,
            Anchor::Left,
        );
    }
    let svg = sheet
        .canvas
        .svg(&figure.title, &description)
        .map_err(failed)?;
    std::fs::write(folder.join(format!("{}.svg", figure.name)), &svg)
        .map_err(|e| failed(e.to_string()))?;
    sheet
        .canvas
        .png(&folder.join(format!("{}.png", figure.name)))
        .map_err(failed)?;
    Ok(Drawn {
        name: figure.name.clone(),
        title: figure.title.clone(),
        caption,
        description,
        svg,
    })
}

/// What every caption says: how many runs, over which months, from which data, and that it is no forecast.
pub fn basis(results: &Results) -> String {
    let m = &results.manifest;
    let s = &m.study;
    let excluded = match m.failed {
        0 => "none excluded".to_string(),
        n => format!("{n} excluded"),
    };
    format!(
        "{} futures under each of {} regimes, {excluded}; outcomes from {} to {}; {}; chokepoint {}, seed {}. \
         Conditional on these assumptions, not a forecast.",
        m.runs,
        s.arms.len(),
        month(s.window_first),
        month(s.window_last),
        s.data_vintage,
        m.version,
        m.seed
    )
}

/// An entity in words.
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

fn unit_of(results: &Results, measure: &str) -> String {
    results
        .manifest
        .measures
        .iter()
        .find(|m| m.name == measure)
        .map_or(String::new(), |m| m.unit.clone())
}

fn outcome_words(results: &Results, outcome: &str) -> (String, String) {
    results
        .manifest
        .outcomes
        .iter()
        .find(|o| o.name == outcome)
        .map_or((outcome.to_string(), String::new()), |o| {
            (o.words.clone(), o.unit.clone())
        })
}
