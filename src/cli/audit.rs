//! `chokepoint audit`: checks accounting balances and lists inactive parameters, channels and rules.

use clap::Args;
use serde::Serialize;

use super::{Answer, Failure, Format, csv_text, say, say_data, say_json};
use crate::config::source::Configs;
use crate::config::study::{self, StudyFile};
use crate::questions::audit::{InactiveElement, KINDS, NOT_ASKED, audit as run_audit};
use crate::study::Library;

#[derive(Args)]
pub struct AuditArgs {
    /// Studies to audit; the default is every study of `chokepoint list studies`.
    studies: Vec<String>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

#[derive(Serialize)]
struct AuditRunner<'a> {
    runs: usize,
    worst_imbalance: f64,
    unexplained: usize,
    findings: &'a [InactiveElement],
}

/// Largest imbalance of a month's accounts that is rounding.
const ROUNDING: f64 = 1e-6;

pub fn audit(configs: Configs, args: &AuditArgs) -> Answer {
    let library = Library::read(configs, &[])?;
    let mut names = args.studies.clone();
    if names.is_empty() {
        names = library.configs.list("studies", ".toml");
    }
    let mut studies: Vec<StudyFile> = Vec::new();
    for name in &names {
        let name = name
            .trim_start_matches("studies/")
            .trim_end_matches(".toml");
        let source = library.configs.find(name, "studies")?;
        studies.push(study::read(&source, &library.configs)?);
    }
    let found = run_audit(&library, &studies)?;
    let unexplained = found.findings.iter().filter(|f| f.known.is_empty()).count()
        + usize::from(found.worst_imbalance > ROUNDING);
    match args.format {
        Format::Json => say_json(&AuditRunner {
            runs: found.runs,
            worst_imbalance: found.worst_imbalance,
            unexplained,
            findings: &found.findings,
        })?,
        Format::Csv => {
            let rows = found
                .findings
                .iter()
                .map(|f| [f.kind, &f.name, &f.known].map(String::from).to_vec());
            let head = ["kind", "name", "known"].map(String::from).to_vec();
            let all: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
            say_data(&csv_text(&all))?;
        }
        Format::Table => say(&text(&found.findings, found.runs, found.worst_imbalance))?,
    }
    if unexplained > 0 {
        return Err(Failure::No(format!(
            "{unexplained} findings without an explanation\n"
        )));
    }
    Ok(())
}

fn text(findings: &[InactiveElement], runs: usize, worst: f64) -> String {
    let mut text =
        format!("accounts: largest imbalance {worst:.1e} of a month's volume in {runs} runs\n");
    for kind in KINDS {
        let mut none = true;
        for f in findings.iter().filter(|f| f.kind == *kind) {
            none = false;
            let known = if f.known.is_empty() {
                String::new()
            } else {
                format!(" (known: {})", f.known)
            };
            text.push_str(&format!("{kind}: {}{known}\n", f.name));
        }
        if none {
            text.push_str(&format!("{kind}: none\n"));
        }
    }
    for (kind, why) in NOT_ASKED {
        text.push_str(&format!("not examined: {} ({why})\n", kind.short()));
    }
    text
}
