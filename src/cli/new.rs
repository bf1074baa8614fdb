//! `chokepoint new`: writes a commented file to start from, for a study, a rule or a figure.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Answer, Failure, say};
use crate::foundation::name::Name;
use crate::results::files;

#[derive(Args)]
pub struct NewArgs {
    /// Kind of file.
    kind: TemplateKind,
    /// Name; the file is NAME.toml.
    name: String,
    /// Folder for the file.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum TemplateKind {
    Study,
    Rule,
    Figure,
}

/// The text of a file of this name.
fn text(kind: TemplateKind, name: &str) -> Result<String, Failure> {
    let text = match kind {
        TemplateKind::Study => include_str!("../../assets/new/study.toml"),
        TemplateKind::Rule => include_str!("../../assets/new/rule.toml"),
        TemplateKind::Figure => include_str!("../../assets/new/figure.toml"),
    };
    let name = Name::new(name).map_err(|wrong| Failure::Input(format!("error: new: {wrong}\n")))?;
    Ok(text.replace("NAME", &name))
}

/// The commented file of a kind that is given as a word.
///
/// # Errors
/// When there is no such kind, or the name is none.
pub fn template(kind: &str, name: &str) -> Result<String, Failure> {
    let kinds = ["study", "rule", "figure"];
    let wrong = |_| super::wrong_word("new", kind, "study, rule or figure", &kinds);
    text(TemplateKind::from_str(kind, false).map_err(wrong)?, name)
}

/// Writes the file; an existing file is never overwritten.
pub fn new(args: &NewArgs) -> Answer {
    let text = text(args.kind, &args.name)?;
    let path = args.out.join(format!("{}.toml", args.name));
    files::write_new(&path, text)?;
    say(&format!("{}\n", path.display()))
}
