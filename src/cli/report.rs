//! `chokepoint report` and `chokepoint plot`: draw figures and the report page from results.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Answer, Failure, note, say};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::figure::{self, FigureFile};
use crate::config::source::{Configs, Source};
use crate::plots::{FileStyle, LETTERS, PngSize, TextRendering, hindcast_figure, lacking};
use crate::results::{HINDCAST_TABLE, Results, ResultsError, seal};

#[derive(Args)]
pub struct FolderArgs {
    /// A results folder.
    folder: PathBuf,
    #[command(flatten)]
    seal: SealArgs,
}

/// Whether results must be as they were written.
#[derive(Args, Default)]
pub struct SealArgs {
    /// Accept results whose tables were changed after the run, or that have no seal; the report and captions say so.
    #[arg(long)]
    pub unsealed: bool,
}

impl SealArgs {
    /// Checks that a folder is as it was written, or says what is not.
    pub fn check(&self, folder: &Path) -> Result<Vec<String>, Failure> {
        let faults = seal::check(folder, self.unsealed)?;
        for fault in &faults {
            note(&format!("note: {}: {fault}\n", folder.display()));
        }
        Ok(faults)
    }
}

#[derive(Args)]
pub struct PlotArgs {
    /// A results folder.
    folder: PathBuf,
    /// Figures to draw: your own files, or names from `chokepoint list figures`; the default is the figures of the study.
    #[arg(long = "figure", value_name = "FIGURE")]
    figures: Vec<String>,
    /// Folder for the files; the default is `plots` in the results folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Size of the PNG files.
    #[arg(long, value_enum, default_value = "screen")]
    size: PictureSize,
    /// Letters of the SVG files.
    #[arg(long, value_enum, default_value = "outlines")]
    letters: SvgLetters,
    #[command(flatten)]
    seal: SealArgs,
}

/// Sizes of PNG files.
#[derive(Clone, Copy, ValueEnum)]
enum PictureSize {
    /// 1,920 pixels wide and as high as the figure.
    Screen,
    /// A slide of 1,920 by 1,080 pixels.
    Slide,
    /// 3,840 pixels wide: 32 cm at 300 dots an inch.
    Print,
}

/// Letters of SVG files.
#[derive(Clone, Copy, ValueEnum)]
enum SvgLetters {
    /// The same on every machine.
    Outlines,
    /// Text that can be selected and edited, in the typeface of the viewer.
    Text,
}

/// Draws the figures and writes the report page again.
pub fn report(args: &FolderArgs) -> Answer {
    let folder = &args.folder;
    let results = read(folder, &args.seal)?;
    let figures = &figures_of(&results);
    let plots = folder.join("plots");
    std::fs::create_dir_all(&plots).map_err(|e| failed(&plots, &e))?;
    let mut paths = drawn_files("plots/", figures);
    paths.push("report.html".into());
    seal::may_write(folder, &paths)?;
    let gallery = crate::plots::draw_all(&results, figures, &plots)?;
    let page = folder.join("report.html");
    crate::report::write(&results, &gallery, &page)?;
    sealed(folder, &paths)?;
    note_missing_figures(&gallery);
    say(&format!("{}\n", page.display()))
}

/// The figures of the study, and one of each hindcast that lies in the folder.
fn figures_of(results: &Results) -> Vec<FigureFile> {
    let mut figures = results.manifest.study.figures.clone();
    let tables = results.tables.keys();
    for split in tables.filter_map(|name| name.strip_prefix(HINDCAST_TABLE)) {
        let figure = hindcast_figure(split);
        figures.extend(figure.filter(|f| figures.iter().all(|other| other.name != f.name)));
    }
    figures
}

/// Reads results for figures, after checking their seal unless the user accepts changes.
pub fn read(folder: &Path, seal: &SealArgs) -> Result<Results, Failure> {
    let unsealed = seal.check(folder)?;
    let mut results = Results::read_for_figures(folder)?;
    results.unsealed = unsealed;
    Ok(results)
}

/// Paths of the files of figures.
fn drawn_files(below: &str, figures: &[FigureFile]) -> Vec<String> {
    let both = |f: &FigureFile| ["svg", "png"].map(|end| format!("{below}{}.{end}", f.name));
    figures.iter().flat_map(both).collect()
}

/// Lists what was written, of these, in the seal of the folder.
fn sealed(folder: &Path, paths: &[String]) -> Answer {
    let there = paths.iter().filter(|p| folder.join(p).exists());
    let there: Vec<String> = there.cloned().collect();
    Ok(seal::add(folder, &there, "")?)
}

/// Where figures go that are drawn from a folder: below a results folder, whose seal then lists them, or elsewhere.
fn place(from: &Path, out: Option<&Path>) -> Result<(PathBuf, Option<String>), Failure> {
    let folder = out.map_or_else(|| from.join("plots"), Path::to_path_buf);
    std::fs::create_dir_all(&folder).map_err(|e| failed(&folder, &e))?;
    let real = |path: &Path| path.canonicalize().map_err(|e| failed(path, &e));
    let (inside, whole) = (real(&folder)?, real(from)?);
    let below = inside.strip_prefix(&whole).ok().map(|below| {
        let parts = below.components().map(|c| c.as_os_str().to_string_lossy());
        parts.map(|part| format!("{part}/")).collect()
    });
    Ok((folder, below))
}

/// Checks that figures replace nothing but figures that this program drew: all of them say which version did.
fn only_drawn(folder: &Path, figures: &[FigureFile]) -> Answer {
    for figure in figures {
        let svg = folder.join(format!("{}.svg", figure.name));
        let png = folder.join(format!("{}.png", figure.name));
        let ours = || {
            let text = seal::text_of(&svg).unwrap_or_default();
            text.contains("; chokepoint ")
        };
        for path in [&svg, &png] {
            if path.exists() && !ours() {
                let why =
                    "is there and was not drawn by this program; move it, or choose another --out";
                return Err(failed(path, &why));
            }
        }
    }
    Ok(())
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Input(format!("error: {}: {error}\n", path.display()))
}

/// Draws the figures again, or others from the same results.
pub fn plot(configs: &Configs, args: &PlotArgs) -> Answer {
    let results = read(&args.folder, &args.seal)?;
    let (folder, below) = place(&args.folder, args.out.as_deref())?;
    let figures = if args.figures.is_empty() {
        figures_of(&results)
    } else {
        args.figures
            .iter()
            .map(|name| figure_named(configs, name))
            .collect::<Result<_, Failure>>()?
    };
    let paths = drawn_files(below.as_deref().unwrap_or_default(), &figures);
    match &below {
        Some(_) => seal::may_write(&args.folder, &paths)?,
        None => only_drawn(&folder, &figures)?,
    }
    let style = FileStyle {
        size: match args.size {
            PictureSize::Screen => PngSize::Screen,
            PictureSize::Slide => PngSize::Slide,
            PictureSize::Print => PngSize::Print,
        },
        letters: match args.letters {
            SvgLetters::Outlines => TextRendering::Outlines,
            SvgLetters::Text => TextRendering::Text,
        },
    };
    let gallery = crate::plots::draw_styled(&results, &figures, &folder, style)?;
    if below.is_some() {
        sealed(&args.folder, &paths)?;
    }
    note_missing_figures(&gallery);
    let drawn = gallery.drawn.iter();
    let paths = drawn.flat_map(|d| ["svg", "png"].map(|end| format!("{}.{end}", d.figure.name)));
    let lines = paths.map(|path| format!("{}\n", folder.join(path).display()));
    say(&lines.collect::<String>())?;
    if gallery.drawn.is_empty() {
        return Err(Failure::No("error: no figure could be drawn\n".into()));
    }
    Ok(())
}

/// A figure definition by its path or name, whose words can all be drawn.
pub fn figure_named(configs: &Configs, name: &str) -> Result<FigureFile, Failure> {
    let source = configs.find_figure(name)?;
    let figure = figure::read(&source, name)?;
    legible(&source, &figure)?;
    Ok(figure)
}

/// Refuses words with letters that the typeface lacks.
///
/// # Errors
/// With the place of each of them.
pub fn legible(source: &Source, figure: &FigureFile) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for text in figure.texts() {
        if let Some(letter) = lacking(text, true).first() {
            let message = format!(
                "found `{letter}` (U+{:04X}), which the typeface of the figures does not have; expected {LETTERS}",
                *letter as u32
            );
            problems
                .0
                .push(Diagnostic::at_text(source, 0, text, message));
        }
    }
    problems.check()
}

/// Reports figures that these results cannot fill, on standard error.
pub fn note_missing_figures(gallery: &crate::plots::DrawnFigures) {
    for (name, reason) in &gallery.left_out {
        note(&format!("note: figure {name} is left out: {reason}\n"));
    }
}

/// Draws the figures and writes the report page of results into their folder.
pub fn write_report(results: &Results, into: &Path, report: bool) -> Result<(), ResultsError> {
    if !report {
        return Ok(());
    }
    let figures = figures_of(results);
    let gallery = crate::plots::draw_all(results, &figures, &into.join("plots"))?;
    crate::report::write(results, &gallery, &into.join("report.html"))?;
    note_missing_figures(&gallery);
    Ok(())
}

/// Reports failed runs and prints the path of the results.
pub fn report_failures(results: &Results, folder: &Path, report: bool) -> Answer {
    for failure in &results.failures {
        note(&format!(
            "failed: {} future {}: {}\n  repeat: {}\n",
            failure.regime, failure.run, failure.reason, failure.command
        ));
    }
    let made = if report {
        folder.join("report.html")
    } else {
        folder.to_path_buf()
    };
    say(&format!("{}\n", made.display()))?;
    if results.manifest.failed == results.manifest.runs {
        return Err(Failure::No("error: every future has a failed run\n".into()));
    }
    let faults: Vec<String> = results
        .manifest
        .faults()
        .map(|fault| format!("error: {}\n", fault.text))
        .collect();
    if !faults.is_empty() {
        return Err(Failure::No(faults.concat()));
    }
    // The report's first sentence, for those who read no page.
    if let Some(first) = crate::report::short_answers(results)
        .first()
        .filter(|_| report)
    {
        note(&format!("answer: {}\n", first.answer));
    }
    Ok(())
}
