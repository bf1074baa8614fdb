//! `chokepoint new`: a commented file to start from, for a study, a rule or a figure.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Answer, Failure, say};

#[derive(Args)]
pub struct NewArgs {
    kind: Kind,
    /// Its name; the file is NAME.toml.
    name: String,
    /// The folder that it goes to.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Study,
    Rule,
    Figure,
}

/// The text of a file of this name.
fn text(kind: Kind, name: &str) -> Result<String, Failure> {
    let text = match kind {
        Kind::Study => include_str!("../../assets/new/study.toml"),
        Kind::Rule => include_str!("../../assets/new/rule.toml"),
        Kind::Figure => include_str!("../../assets/new/figure.toml"),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        let expected = "a name of letters, digits and hyphens";
        return Err(super::wrong_word("new", name, expected, &[]));
    }
    Ok(text.replace("NAME", name))
}

/// The commented file of a kind that is given as a word.
///
/// # Errors
/// When there is no such kind, or the name is none.
pub fn template(kind: &str, name: &str) -> Result<String, Failure> {
    let kinds = ["study", "rule", "figure"];
    let wrong = |_| super::wrong_word("new", kind, "study, rule or figure", &kinds);
    text(Kind::from_str(kind, false).map_err(wrong)?, name)
}

/// Writes the file; one that is there is never written over.
pub fn new(args: &NewArgs) -> Answer {
    let text = text(args.kind, &args.name)?;
    let path = args.out.join(format!("{}.toml", args.name));
    let failed = |e: std::io::Error| Failure::Input(format!("error: {}: {e}\n", path.display()));
    let mut file = std::fs::File::create_new(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    say(&format!("{}\n", path.display()))
}
