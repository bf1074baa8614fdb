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

/// Writes the file; one that is there is never written over.
pub fn new(args: &NewArgs) -> Answer {
    let text = match args.kind {
        Kind::Study => include_str!("../../assets/new/study.toml"),
        Kind::Rule => include_str!("../../assets/new/rule.toml"),
        Kind::Figure => include_str!("../../assets/new/figure.toml"),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if args.name.is_empty() || !args.name.chars().all(plain) {
        return Err(super::wrong_word(
            "new",
            &args.name,
            "a name of letters, digits and hyphens",
            &[],
        ));
    }
    let path = args.out.join(format!("{}.toml", args.name));
    let failed = |e: std::io::Error| Failure::Input(format!("error: {}: {e}\n", path.display()));
    let mut file = std::fs::File::create_new(&path).map_err(failed)?;
    file.write_all(text.replace("NAME", &args.name).as_bytes())
        .map_err(failed)?;
    say(&format!("{}\n", path.display()))
}
