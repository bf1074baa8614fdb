//! `chokepoint claims`: measures the claims of the debate and prints the verdict on each, or writes the page.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::execution::{pool, progress, stop_on_signal, threads};
use super::question::csv_table;
use super::run::{channels_without, settings};
use super::{Answer, Failure, Format, count, say, say_data, say_json, table, wrong_word};
use crate::analysis::verdict::ClaimVerdict;
use crate::config::claim::claim_paths;
use crate::config::diagnostics::Problems;
use crate::config::source::Configs;
use crate::config::study::{self, StudyFile};
use crate::plots::draw_effect_path;
use crate::questions::claims::measure;
use crate::report::debate::{claim_in_words, claim_text, debate_markdown, debate_page};
use crate::results::claims::{ClaimCondition, ClaimFinding, ClaimRow};
use crate::results::files;
use crate::study::comparisons::{idle_settings, idle_switches, repeated_switches};
use crate::study::reference::{END, replaced_after};
use crate::study::{Library, PlanSettings};

/// Begins the part of a document that the command writes.
const BEGIN: &str = "<!-- generated: chokepoint claims -->";

#[derive(Args)]
pub struct ClaimsArgs {
    /// Claims by number, such as C11; the default is every claim.
    claims: Vec<String>,
    /// Number of futures (possible worlds) of each claim; the default is that of its study file.
    #[arg(long, value_name = "FUTURES", value_parser = super::held)]
    runs: Option<u32>,
    /// Seed of every random draw; the default is the seed in the study file.
    #[arg(long)]
    seed: Option<u64>,
    /// Where parameters come from: `prior`, or the name of posterior samples; the default is what the study file names.
    #[arg(long, value_name = "NAME")]
    posterior: Option<String>,
    /// Take the model's own form alone, without its rivals.
    #[arg(long)]
    own_form: bool,
    /// Fix a parameter in every future, by name or as `mechanism.name`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Switch a channel (a reaction to rules) off in every arm; names: `chokepoint list channels`.
    #[arg(long, value_name = "CHANNEL")]
    off: Vec<String>,
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = count::<u16>)]
    threads: Option<u16>,
    /// Write the page of the debate: `NAME.html`, or `NAME.md` between its markers with figures in a folder beside it; may be given more than once.
    #[arg(long, value_name = "FILE")]
    page: Vec<PathBuf>,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub fn claims(configs: Configs, args: &ClaimsArgs) -> Answer {
    let library = Library::read(configs, &[])?;
    let studies = args.studies(&library)?;
    for page in &args.page {
        check_page(page)?;
    }
    let findings = args.measure(&library, studies)?;
    for page in &args.page {
        write_page(page, &findings)?;
    }
    let rows: Vec<ClaimRow> = findings.iter().map(ClaimFinding::row).collect();
    match args.format {
        Format::Json => say_json(&rows),
        Format::Csv => say_data(&csv_table(&rows)),
        Format::Table if args.claims.is_empty() => say(&overview(&findings)),
        Format::Table => {
            let texts: Vec<String> = findings.iter().map(claim_text).collect();
            say(&texts.join("\n"))
        }
    }
}

impl ClaimsArgs {
    /// The studies of the claims that are asked for, as they are run.
    fn studies(&self, library: &Library) -> Result<Vec<StudyFile>, Failure> {
        let all: Vec<StudyFile> = claim_paths(&library.configs)
            .iter()
            .map(|path| study::read(&library.configs.read(path)?, &library.configs))
            .collect::<Result<_, _>>()?;
        let id = |study: &StudyFile| {
            study
                .claim
                .as_ref()
                .map_or("", |c| c.id.as_str())
                .to_string()
        };
        let ids: Vec<String> = all.iter().map(id).collect();
        let known: Vec<&str> = ids.iter().map(String::as_str).collect();
        for name in &self.claims {
            if !known.iter().any(|k| k.eq_ignore_ascii_case(name)) {
                let expected = "a claim of the debate, such as C11";
                return Err(wrong_word("claims", name, expected, &known));
            }
        }
        let asked = |id: &str| self.claims.iter().any(|name| name.eq_ignore_ascii_case(id));
        let chosen = all.into_iter().zip(&ids);
        let chosen = chosen.filter(|(_, id)| self.claims.is_empty() || asked(id));
        Ok(chosen.map(|(study, _)| self.switched(study)).collect())
    }

    /// A claim's study with the switches of the command line: the one place where they are set.
    fn switched(&self, mut study: StudyFile) -> StudyFile {
        if let Some(posterior) = &self.posterior {
            study.posterior = Some(posterior.clone());
        }
        if self.own_form {
            return study.in_own_form();
        }
        study
    }

    fn measure(
        &self,
        library: &Library,
        studies: Vec<StudyFile>,
    ) -> Result<Vec<ClaimFinding>, Failure> {
        let (set, fields) = settings(library, &self.set)?;
        if let Some((path, _)) = fields.first() {
            return Err(wrong_word("--set", path, "a parameter", &[]));
        }
        let channels = channels_without(&self.off)?;
        // What one claim does not read may be what another asks about.
        let mut idle = Vec::with_capacity(studies.len());
        for study in &studies {
            let mut found = repeated_switches(study, channels);
            let regimes = library.arms(study)?;
            found.0.extend(idle_switches(study, &regimes, channels).0);
            found.0.extend(idle_settings(study, &regimes, set.keys()).0);
            idle.push(found);
        }
        if idle.iter().all(|found| !found.0.is_empty()) {
            idle.into_iter().try_for_each(Problems::check)?;
        }
        let runs = |study: &StudyFile| self.runs.unwrap_or(study.runs);
        let total = studies
            .iter()
            .map(|s| u64::from(runs(s)) * s.arms.len() as u64);
        let bar = progress(total.sum());
        let stop: Arc<_> = stop_on_signal()?;
        let pool = pool(threads(self.threads))?;
        let mut findings = Vec::new();
        for study in studies {
            let settings = PlanSettings {
                seed: self.seed.unwrap_or(study.seed),
                runs: runs(&study),
                set: set.clone(),
                channels,
                ..PlanSettings::default()
            };
            let done = || bar.inc(1);
            let found = pool.install(|| measure(library, study, settings, &done, &stop))?;
            match found {
                Some(finding) => findings.push(finding),
                None => {
                    let message = "stopped: claims are measured whole, so that nothing is kept\n";
                    return Err(Failure::Stopped(message.into()));
                }
            }
        }
        bar.finish_and_clear();
        Ok(findings)
    }
}

/// Every claim on one screen.
fn overview(findings: &[ClaimFinding]) -> String {
    let head = [
        "claim",
        "",
        "verdict",
        "effect (90 %)",
        "for",
        "against",
        "when",
    ];
    let mut lines = vec![head.map(String::from).to_vec()];
    lines.extend(findings.iter().map(|finding| {
        let words = claim_in_words(finding);
        let condition = finding.condition.as_ref();
        let condition = condition.filter(|_| finding.verdict == ClaimVerdict::SupportedWhen);
        let when = condition.map_or(String::new(), ClaimCondition::formula);
        vec![
            words.id,
            words.title,
            words.verdict.to_string(),
            words.effect,
            words.supporting,
            words.opposing,
            when,
        ]
    }));
    table(&lines)
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Input(format!("error: {}: {error}\n", path.display()))
}

/// Checks before the runs that a page can be written.
fn check_page(path: &Path) -> Answer {
    let old = std::fs::read_to_string(path).unwrap_or_default();
    match path.extension().and_then(|e| e.to_str()) {
        Some("html") if !path.exists() || old.contains("The debate · chokepoint") => Ok(()),
        Some("html") => Err(failed(
            path,
            &"is there and was not written by this program; move it, or name another file",
        )),
        Some("md") if old.contains(BEGIN) && old.contains(END) => Ok(()),
        Some("md") => Err(failed(path, &format!("no `{BEGIN}` and `{END}` in it"))),
        _ => Err(failed(path, &"expected a name that ends in .html or .md")),
    }
}

/// Writes a page, and the figures of a document beside it.
fn write_page(path: &Path, findings: &[ClaimFinding]) -> Answer {
    if path.extension().is_some_and(|e| e == "html") {
        let page = debate_page(findings).map_err(|e| failed(path, &e))?;
        return Ok(files::write(path, page)?);
    }
    let stem = path.file_stem().unwrap_or_default();
    let figures = path.with_file_name(stem);
    std::fs::create_dir_all(&figures).map_err(|e| failed(&figures, &e))?;
    for finding in findings {
        let file = figures.join(format!("{}.svg", finding.claim.id));
        files::write(&file, draw_effect_path(finding, true))?;
    }
    let text = debate_markdown(findings, &stem.to_string_lossy());
    let document = std::fs::read_to_string(path).map_err(|e| failed(path, &e))?;
    let new = replaced_after(&document, BEGIN, &text).unwrap_or(document);
    Ok(files::write(path, new)?)
}
