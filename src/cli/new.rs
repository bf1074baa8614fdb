//! `chokepoint new`: writes a commented file to start from, for a study, a rule or a figure.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Answer, Failure, new_rule, say};
use crate::config::diagnostics::nearest;
use crate::controls::Instrument;
use crate::foundation::name::Name;
use crate::results::files;

#[derive(Args)]
pub struct NewArgs {
    /// Kind of file.
    kind: TemplateKind,
    /// Name; the file is NAME.toml.
    name: String,
    /// Instrument of a rule (`chokepoint list instruments`); the default is `chip_threshold`.
    #[arg(long, value_name = "INSTRUMENT", value_parser = instrument)]
    instrument: Option<Instrument>,
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

/// An instrument by its name, in any case and with `-` for `_`.
fn instrument(text: &str) -> Result<Instrument, String> {
    let names = Instrument::ALL.map(Instrument::name);
    let asked = text.trim().to_lowercase().replace(['-', ' '], "_");
    let found = Instrument::ALL.into_iter().find(|i| i.name() == asked);
    found.ok_or_else(|| {
        let near = nearest(&asked, &names);
        let near = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
        format!("expected one of {}{near}", names.join(", "))
    })
}

/// The text of a file of this name; the instrument is that of a rule.
fn text(kind: TemplateKind, name: &str, instrument: Option<Instrument>) -> Result<String, Failure> {
    let wrong = |message: String| Failure::Input(format!("error: new: {message}\n"));
    let name = Name::new(name).map_err(|e| wrong(e.to_string()))?;
    let text = match kind {
        TemplateKind::Rule => {
            let instrument = instrument.unwrap_or(Instrument::ChipThreshold);
            return Ok(new_rule::text(instrument, &name));
        }
        TemplateKind::Study => include_str!("../../assets/new/study.toml"),
        TemplateKind::Figure => include_str!("../../assets/new/figure.toml"),
    };
    if instrument.is_some() {
        return Err(wrong(
            "--instrument: found it for a file that is no rule, expected `new rule`".into(),
        ));
    }
    Ok(text.replace("NAME", &name))
}

/// The commented file of a kind that is given as a word.
///
/// # Errors
/// When there is no such kind, or the name is none.
pub fn template(kind: &str, name: &str) -> Result<String, Failure> {
    let kinds = ["study", "rule", "figure"];
    let wrong = |_| super::wrong_word("new", kind, "study, rule or figure", &kinds);
    text(
        TemplateKind::from_str(kind, false).map_err(wrong)?,
        name,
        None,
    )
}

/// Writes the file; an existing file is never overwritten.
pub fn new(args: &NewArgs) -> Answer {
    let text = text(args.kind, &args.name, args.instrument)?;
    let path = args.out.join(format!("{}.toml", args.name));
    files::write_new(&path, text)?;
    say(&format!("{}\n", path.display()))
}
