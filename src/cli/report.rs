//! `chokepoint report` and `chokepoint plot`: figures and page from results alone.

use std::path::PathBuf;

use clap::Args;

use super::{Answer, Failure, say};
use crate::config::figure;
use crate::config::source::Configs;
use crate::results::Results;

#[derive(Args)]
pub struct FolderArgs {
    /// A results folder.
    folder: PathBuf,
}

#[derive(Args)]
pub struct PlotArgs {
    /// A results folder.
    folder: PathBuf,
    /// Only these figures: files of your own, or names of shipped ones; by default those of the study.
    #[arg(long = "figure", value_name = "FIGURE")]
    figures: Vec<String>,
    /// Where the files go; by default the folder's `plots`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Draws the figures again, and the page around them.
pub fn report(args: &FolderArgs) -> Answer {
    let results = Results::read_for_figures(&args.folder)?;
    let figures = &results.manifest.study.figures;
    let gallery = crate::plots::draw_all(&results, figures, &args.folder.join("plots"))?;
    let page = args.folder.join("report.html");
    crate::report::write(&results, &gallery, &page)?;
    say_left_out(&gallery);
    say(&format!("{}\n", page.display()))
}

/// Draws the figures again, or others from the same results.
pub fn plot(configs: &Configs, args: &PlotArgs) -> Answer {
    let results = Results::read_for_figures(&args.folder)?;
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| args.folder.join("plots"));
    std::fs::create_dir_all(&folder)
        .map_err(|e| Failure::Input(format!("error: {}: {e}\n", folder.display())))?;
    let figures = if args.figures.is_empty() {
        results.manifest.study.figures.clone()
    } else {
        figure::read_all(configs, &args.figures)?
    };
    let gallery = crate::plots::draw_all(&results, &figures, &folder)?;
    say_left_out(&gallery);
    let path = |d: &crate::plots::Drawn| folder.join(format!("{}.svg", d.figure.name));
    let paths = gallery
        .drawn
        .iter()
        .map(|d| format!("{}\n", path(d).display()));
    say(&paths.collect::<String>())?;
    if gallery.drawn.is_empty() {
        return Err(Failure::No("error: no figure could be drawn\n".into()));
    }
    Ok(())
}

/// Figures that these results cannot fill, on standard error.
pub fn say_left_out(gallery: &crate::plots::Gallery) {
    for (name, reason) in &gallery.left_out {
        eprintln!("note: figure {name} is left out: {reason}");
    }
}
