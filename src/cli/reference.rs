//! `chokepoint reference`: prints tables of the model, of its evidence or of what others have published, or puts them
//! into a document.

use std::path::PathBuf;

use clap::Args;

use super::{Answer, Failure, say};
use crate::config::source::Configs;
use crate::evidence::beside::beside_markdown;
use crate::results::files;
use crate::study::Library;
use crate::study::reference::{BEGIN, END, evidence_markdown, markdown, replaced};

#[derive(Args)]
pub struct ReferenceArgs {
    /// Document whose part between the markers is replaced.
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    /// Print the tables of the evidence instead of those of the model.
    #[arg(long)]
    evidence: bool,
    /// Print what others have published beside the model's values, which takes some hundred runs.
    #[arg(long, conflicts_with = "evidence")]
    beside: bool,
}

pub fn reference(configs: Configs, args: &ReferenceArgs) -> Answer {
    let library = Library::read(configs, &[])?;
    let text = if args.beside {
        beside_markdown(&library)?
    } else if args.evidence {
        evidence_markdown(&library)?
    } else {
        markdown(&library)
    };
    let Some(path) = &args.into else {
        return say(&text);
    };
    let failed =
        |e: &dyn std::fmt::Display| Failure::Input(format!("error: {}: {e}\n", path.display()));
    let document = std::fs::read_to_string(path).map_err(|e| failed(&e))?;
    let new = replaced(&document, &text)
        .ok_or_else(|| failed(&format!("no `{BEGIN}` and `{END}` in it")))?;
    Ok(files::write(path, new)?)
}
