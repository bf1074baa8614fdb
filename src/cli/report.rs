//! `chokepoint report` and `chokepoint plot`: figures and page from results alone.

use std::path::PathBuf;

use clap::Args;

use super::{Answer, say};
use crate::results::Results;

#[derive(Args)]
pub struct FolderArgs {
    /// A results folder.
    folder: PathBuf,
}

/// Draws the figures again, and the page around them.
pub fn report(args: &FolderArgs) -> Answer {
    let results = Results::read(&args.folder)?;
    let drawn = crate::plots::draw_all(
        &results,
        &results.manifest.study.figures,
        &args.folder.join("plots"),
    )?;
    let page = args.folder.join("report.html");
    crate::report::write(&results, &drawn, &page)?;
    say(&format!("{}\n", page.display()))
}

/// Draws the figures again.
pub fn plot(args: &FolderArgs) -> Answer {
    let results = Results::read(&args.folder)?;
    let folder = args.folder.join("plots");
    let drawn = crate::plots::draw_all(&results, &results.manifest.study.figures, &folder)?;
    let paths = drawn
        .iter()
        .map(|d| format!("{}\n", folder.join(format!("{}.svg", d.name)).display()));
    say(&paths.collect::<String>())
}
