//! The command line: parse, call, print. Exit codes: 0 well, 1 the answer is no, 2 wrong use or bad input, 130 stopped.

mod audit;
mod blocks;
mod calibrate;
mod check;
pub mod classify;
mod decompose;
mod design;
mod discover;
mod explain;
mod flip;
mod folders;
pub mod job;
mod ledger;
mod new;
mod question;
mod reference;
mod replay;
mod report;
mod rules;
pub mod run;
mod sensitivity;
mod slurm;
pub mod validate;
mod whatif;

pub use new::template;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::acts::ids_of;
use crate::config::diagnostics::{Diagnostic, Problems, nearest};
use crate::config::regimes::own_entry;
use crate::config::source::{Configs, Source};
use crate::controls::Regime;
use crate::foundation::calendar::Date;
use crate::foundation::escape::{csv_table, visible, visible_line};
use crate::results::ResultsError;
use crate::study::Library;

/// What export controls on AI chips do: to whom, through which channel, at whose cost, and how sure we are.
#[derive(Parser)]
#[command(name = "chokepoint", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// A folder laid out like the shipped `configs/`; what it lacks is taken from the program.
    #[arg(long, global = true, value_name = "DIR")]
    configs: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Run a study: every regime in every future; tables, figures and a report.
    Run(run::RunArgs),
    /// What one rule of your own would change: the main study with and without it.
    Whatif(whatif::WhatifArgs),
    /// A commented file to start from: a study, a rule or a figure.
    New(new::NewArgs),
    /// A study cut in blocks: one file that holds all they need.
    Plan(blocks::PlanArgs),
    /// One block of a plan, on any machine, in any order.
    Block(blocks::BlockArgs),
    /// Finished blocks joined into results: the same bytes as `run`.
    Merge(blocks::MergeArgs),
    /// A study on a cluster: an array of blocks, and the merge that waits for it.
    Slurm(slurm::SlurmArgs),
    /// A table of a results folder as comma-separated values.
    Export(folders::ExportArgs),
    /// What differs between two results folders, and why.
    Diff(folders::DiffArgs),
    /// Draw the report of a results folder again.
    Report(report::FolderArgs),
    /// Draw the figures of a results folder again.
    Plot(report::PlotArgs),
    /// One run of a study again, bit for bit, with its timeline; or where two regimes first part.
    Replay(replay::ReplayArgs),
    /// Through which responses each effect comes: Shapley values of groups and single channels.
    Decompose(decompose::DecomposeArgs),
    /// Which parameter moves the answer: Sobol indices or elementary effects, chance apart.
    Sensitivity(sensitivity::SensitivityArgs),
    /// When does a policy backfire: conditions that hold on held-out futures, in a sentence.
    Discover(discover::DiscoverArgs),
    /// What would change a ranking: regret, what to learn first, the smallest change that reverses an effect.
    Flip(flip::FlipArgs),
    /// Every parameter with source, grade and share of the variance: high influence with weak evidence first.
    Ledger(ledger::LedgerArgs),
    /// The hindcast scorecard against recorded series and simple forecasts, losses first.
    Validate(validate::ValidateArgs),
    /// Posterior samples from priors and evidence, one set a split, and what the evidence does not inform.
    Calibrate(calibrate::CalibrateArgs),
    /// What balances, and what is there without acting.
    Audit(audit::AuditArgs),
    /// What the law says of chips on a day, and why.
    Classify(classify::ClassifyArgs),
    /// The rules in force on a day; `rules diff A B` compares two regimes or two days.
    Rules(rules::RulesArgs),
    /// The chip that a maker would sell under a regime, made from a parent, and why.
    Design(design::DesignArgs),
    /// What ships: chips, rules, regimes, studies, parameters, measures, nations, figures.
    List(explain::ListArgs),
    /// Any rule, regime, parameter, measure, chip or nation in words, with its source.
    Explain(explain::ExplainArgs),
    /// Every parameter, measure, outcome, channel and event as tables.
    Reference(reference::ReferenceArgs),
    /// Check configuration files; errors with file, line, column and hint.
    Check(check::CheckArgs),
    /// JSON Schemas of the configuration files.
    Schema(check::SchemaArgs),
}

impl Command {
    /// Why this command has no use for a folder of configuration, if it has none.
    const fn without_configs(&self) -> Option<&'static str> {
        match self {
            Self::Block(_) | Self::Merge(_) => {
                Some("a plan holds the configuration that it was made with")
            }
            Self::Export(_) | Self::Diff(_) | Self::Report(_) => {
                Some("results hold what they were made from")
            }
            Self::New(_) | Self::Schema(_) => Some("this command reads no configuration"),
            _ => None,
        }
    }
}

/// How an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

/// A regime and a day.
#[derive(Args)]
struct LawArgs {
    /// A shipped regime, `frozen-YYYY-MM`, or a regime file.
    #[arg(long, default_value = "history")]
    regime: String,
    /// Rule files of your own, added to the shipped ones and to the regime.
    #[arg(long, value_name = "FILE")]
    with: Vec<String>,
}

/// Why a command ended badly.
#[derive(Debug)]
pub enum Failure {
    /// Bad input: what is wrong, drawn.
    Input(String),
    /// The answer is no.
    No(String),
    /// Somebody stopped it.
    Stopped(String),
    /// Nobody reads what is printed.
    Closed,
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Input(problems.to_string())
    }
}

impl From<ResultsError> for Failure {
    fn from(error: ResultsError) -> Self {
        Self::Input(format!("error: {error}\n"))
    }
}

impl Failure {
    /// What went wrong, in words.
    pub fn text(&self) -> &str {
        match self {
            Self::Input(text) | Self::No(text) | Self::Stopped(text) => text,
            Self::Closed => "nobody reads what is printed",
        }
    }
}

type Answer = Result<(), Failure>;

/// The exit code of a run that somebody stopped, as shells have it.
const STOPPED: u8 = 130;

/// Runs the command line that the process was started with.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return usage(&answer),
    };
    if cli.configs.is_some()
        && let Some(why) = cli.command.without_configs()
    {
        note(&format!("error: --configs: {why}\n"));
        return ExitCode::from(2);
    }
    let configs = match &cli.configs {
        Some(folder) if !folder.is_dir() => {
            note(&format!(
                "error: --configs {}: no such folder\n",
                folder.display()
            ));
            return ExitCode::from(2);
        }
        Some(folder) => Configs::folder(folder),
        None => Configs::embedded(),
    };
    let answer = match cli.command {
        Command::Run(args) => run::run(configs, &args),
        Command::Whatif(args) => whatif::whatif(configs, &args),
        Command::New(args) => new::new(&args),
        Command::Plan(args) => blocks::plan(configs, &args),
        Command::Block(args) => blocks::block(&args),
        Command::Merge(args) => blocks::merge(&args),
        Command::Slurm(args) => slurm::slurm(configs, &args),
        Command::Export(args) => folders::export(&args),
        Command::Diff(args) => folders::diff(&args),
        Command::Report(args) => report::report(&args),
        Command::Plot(args) => report::plot(&configs, &args),
        Command::Replay(args) => replay::replay(configs, &args),
        Command::Decompose(args) => decompose::decompose(configs, &args),
        Command::Sensitivity(args) => sensitivity::sensitivity(configs, &args),
        Command::Discover(args) => discover::discover(configs, &args),
        Command::Flip(args) => flip::flip(configs, &args),
        Command::Ledger(args) => ledger::ledger(configs, &args),
        Command::Validate(args) => validate::validate(configs, args),
        Command::Calibrate(args) => calibrate::calibrate(configs, &args),
        Command::Audit(args) => audit::audit(configs, &args),
        Command::Classify(args) => classify::classify(configs, &args),
        Command::Rules(args) => rules::rules(configs, &args),
        Command::Design(args) => design::design(configs, &args),
        Command::List(args) => explain::list(configs, &args),
        Command::Explain(args) => explain::explain(configs, &args),
        Command::Reference(args) => reference::reference(configs, &args),
        Command::Check(args) => check::check(configs, &args),
        Command::Schema(args) => check::schema(&args),
    };
    match answer {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::No(text)) => {
            note(&text);
            ExitCode::from(1)
        }
        Err(Failure::Stopped(text)) => {
            note(&text);
            ExitCode::from(STOPPED)
        }
        Err(Failure::Input(text)) => {
            note(&text);
            ExitCode::from(2)
        }
    }
}

/// Help and versions on standard output; what is wrong with the command line, with its words made visible.
fn usage(answer: &clap::Error) -> ExitCode {
    if answer.use_stderr() {
        note(&answer.render().to_string());
    } else {
        // As with all that is printed: nobody has to read it.
        let _ = answer.print();
    }
    ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2))
}

/// Says something on standard error, in whole lines. Work does not depend on a reader: a stream that is closed or full is
/// no error.
pub fn note(text: &str) {
    use std::io::Write;
    let _ = std::io::stderr().write_all(visible(text).as_bytes());
}

/// Prints words to standard output; a closed pipe ends the command quietly.
fn say(text: &str) -> Answer {
    write_out(&visible(text))
}

/// Prints CSV or JSON: as it is for other programs, made visible where a terminal would show it.
fn say_data(text: &str) -> Answer {
    use std::io::IsTerminal;
    if std::io::stdout().is_terminal() {
        say(text)
    } else {
        write_out(text)
    }
}

fn write_out(text: &str) -> Answer {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| unsaid(&e))
}

/// Why nothing more can be printed: nobody reads, or what was to hold it cannot.
fn unsaid(error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        Failure::Closed
    } else {
        Failure::Input(format!("error: standard output: {error}\n"))
    }
}

fn say_json(value: &impl serde::Serialize) -> Answer {
    let text =
        serde_json::to_string_pretty(value).map_err(|e| Failure::Input(format!("error: {e}\n")))?;
    say_data(&(text + "\n"))
}

/// Something wrong with one word of the command line.
fn wrong_word(what: &str, found: &str, expected: &str, candidates: &[&str]) -> Failure {
    let near = nearest(found, candidates)
        .map(|n| format!("; did you mean `{n}`?"))
        .unwrap_or_default();
    Failure::Input(format!(
        "error: {what}: found `{found}`, expected {expected}{near}\n"
    ))
}

fn date(what: &str, text: &str) -> Result<Date, Failure> {
    text.parse()
        .map_err(|_| wrong_word(what, text, "a day such as 2023-12-01", &[]))
}

fn law(configs: Configs, args: &LawArgs) -> Result<(Library, Regime), Failure> {
    let mut extra = Vec::new();
    for file in &args.with {
        extra.push(Source::of_file(file)?);
    }
    law_with(configs, &args.regime, &extra)
}

/// The library with the user's own rules read in, and the regime with those rules added.
///
/// # Errors
/// When a rule or the regime cannot be read, or a rule lacks the dates that it needs to be added.
pub fn law_with(
    configs: Configs,
    regime: &str,
    extra: &[Source],
) -> Result<(Library, Regime), Failure> {
    let library = Library::read(configs, extra)?;
    let mut regime = library.regime(regime)?;
    for source in extra {
        for id in ids_of(std::slice::from_ref(source))? {
            let wrong = |message| Problems::from(Diagnostic::at_text(source, 0, &id, message));
            let Some(at) = library.law.find(&id) else {
                continue;
            };
            if regime.entries.iter().any(|entry| entry.rule == at) {
                let message = format!(
                    "`{id}` is a rule that `{}` holds already; expected another regime, or another id",
                    regime.name
                );
                return Err(wrong(message).into());
            }
            let entry = own_entry(&library.law, at).map_err(wrong)?;
            regime.entries.push(entry);
        }
    }
    Ok((library, regime))
}

/// Columns padded to the widest cell, two spaces apart; cells longer than their share of the line are left whole.
fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<_>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| visible_line(cell)).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width: Vec<usize> = (0..columns)
        .map(|c| {
            rows.iter()
                .filter_map(|r| r.get(c))
                .map(|s| s.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (c, cell) in row.iter().enumerate() {
            if c + 1 == row.len() {
                line.push_str(cell);
            } else {
                line.push_str(&format!("{cell:<width$}  ", width = width[c]));
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn csv_text(rows: &[Vec<String>]) -> String {
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory cannot fail.
        let _ = writer.write_record(row);
    }
    csv_written(writer)
}

/// What a writer of CSV holds, as a text whose cells no spreadsheet runs.
fn csv_written(writer: csv::Writer<Vec<u8>>) -> String {
    // Memory can be written, and what was written can be read.
    let bytes = writer.into_inner().unwrap_or_default();
    let bytes = csv_table(bytes).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
