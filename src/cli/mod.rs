//! The command line: it parses arguments, calls the library and prints answers.
//!
//! Exit codes: 0 success, 1 the answer is no, 2 wrong use or bad input, 130 stopped by a signal.

mod audit;
mod blocks;
mod calibrate;
mod check;
mod claims;
pub mod classify;
mod decompose;
mod design;
mod discover;
mod estimate;
pub mod execution;
mod explain;
mod explore;
pub mod folders;
mod forecast;
mod help;
pub mod job;
mod ledger;
mod new;
pub mod new_rule;
mod question;
mod reference;
pub mod replay;
pub mod report;
mod reversal;
mod rules;
pub mod run;
mod score;
mod sensitivity;
mod shell;
mod slurm;
mod update;
pub mod validate;
mod whatif;

pub use new::template;
pub use question::{find_arm, find_outcome};

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::config::acts::ids_of;
use crate::config::diagnostics::{Diagnostic, Problems, nearest};
use crate::config::named_rules::acts;
use crate::config::regimes::own_entry;
use crate::config::source::{Configs, Source};
use crate::config::table::YEARS;
use crate::controls::Regime;
use crate::foundation::calendar::Date;
use crate::foundation::escape::{csv_table, visible, visible_line};
use crate::results::ResultsError;
use crate::study::Library;

/// Simulates export controls on AI chips: their effects, the reactions behind them, their costs, and how certain each number is.
#[derive(Parser)]
#[command(name = "chokepoint", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Folder with files that replace the program's own, such as `regimes/mine.toml`; `chokepoint check --help` says more.
    #[arg(long, global = true, value_name = "DIR")]
    configs: Option<PathBuf>,
    /// Print answers and errors only: no notes, no estimates, no progress.
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Run a study and write tables, figures and a report.
    ///
    /// Every arm (policy scenario) of the study is simulated in every future (possible world). A stopped run resumes when the same command is given again.
    Run(run::RunArgs),
    /// Show what a rule of your own would change.
    ///
    /// The main study is run with the rule and without it, in the same futures.
    Whatif(whatif::WhatifArgs),
    /// Open a page on this machine that asks questions of the model by hand.
    ///
    /// Rules, dates, numbers and parameters are changed in the browser, and the answer grows future by future. Nothing leaves the machine.
    Explore(explore::ExploreArgs),
    /// Write a commented file to start from: a study, a rule or a figure.
    New(new::NewArgs),
    /// Divide a study into blocks that any machine can run.
    ///
    /// One file holds everything that the blocks need.
    Plan(blocks::PlanArgs),
    /// Run one block of a plan, on any machine and in any order.
    Block(blocks::BlockArgs),
    /// Join finished blocks into results.
    ///
    /// The results are identical to those of `run`.
    Merge(blocks::MergeArgs),
    /// Run a study on a Slurm cluster.
    ///
    /// An array of blocks is submitted, with a merge that waits for it.
    Slurm(slurm::SlurmArgs),
    /// Print a table of a results folder, as text or CSV.
    Export(folders::ExportArgs),
    /// Compare the inputs and numbers of two results folders.
    Diff(folders::DiffArgs),
    /// Write the report of a results folder again.
    Report(report::FolderArgs),
    /// Draw the figures of a results folder again.
    Plot(report::PlotArgs),
    /// Repeat one run of a study and print its timeline.
    ///
    /// With `--against`, the first event in which two arms differ is printed with its causes.
    Replay(replay::ReplayArgs),
    /// Measure how much of an effect comes from each reaction to the rules.
    ///
    /// Reactions are called channels: design-around, the grey market, efficiency gains and so on. The effect is divided among them by Shapley values, which average what a channel adds over all orders in which channels can be switched on.
    Decompose(decompose::DecomposeArgs),
    /// Measure how strongly each parameter influences an outcome.
    ///
    /// Sobol indices state the share of the variance that each parameter causes. Elementary effects state how far the outcome moves when one parameter moves.
    Sensitivity(sensitivity::SensitivityArgs),
    /// Find conditions under which a policy has the opposite effect.
    ///
    /// The conditions are tested on futures that were not used to find them.
    Discover(discover::DiscoverArgs),
    /// Find the smallest change of parameters that reverses an effect.
    ///
    /// It also reports regret (what an arm costs against the best arm of each future), the value of learning each parameter, and the worst futures that the evidence allows.
    Reversal(reversal::ReversalArgs),
    /// Old name of `reversal`.
    #[command(hide = true, disable_help_flag = true)]
    Flip(help::RenamedArgs),
    /// List the parameters that are most worth measuring.
    ///
    /// Every parameter is listed with its evidence and its influence. Parameters with strong influence and weak evidence come first.
    Ledger(ledger::LedgerArgs),
    /// Score the model against recorded history.
    ///
    /// Simple forecasts serve as benchmarks. The worst series come first.
    Validate(validate::ValidateArgs),
    /// Predict the next values of every recorded series and put them on record.
    ///
    /// A dated folder with a hash is written once and never edited. Predictions are conditional on branches of the law.
    Forecast(forecast::ForecastArgs),
    /// Score a dated forecast against the values that came.
    ///
    /// Naive forecasts and earlier forecasts stand beside it.
    Score(score::ScoreArgs),
    /// Fit parameters to the evidence and write sets of values that fit (posterior samples).
    ///
    /// Each split of the evidence into a part for the fit and a part for the test gets its own samples.
    Calibrate(calibrate::CalibrateArgs),
    /// Measure the claims of the public debate and print a verdict on each.
    ///
    /// Every claim is a study of two arms. The verdict follows from the size of its effect, the share of futures that have it, and conditions tested on other futures.
    Claims(claims::ClaimsArgs),
    /// Say which conclusions a change of rules or evidence changes.
    ///
    /// Every shipped study and claim is run before and after, in the same futures. One page lists what changed, beyond Monte Carlo error or not.
    Update(update::UpdateArgs),
    /// Check that chips, money and compute add up, and list settings that change no result.
    ///
    /// The settings are parameters, channels and rules.
    Audit(audit::AuditArgs),
    /// Show how the rules of a day treat chips, and why.
    Classify(classify::ClassifyArgs),
    /// List the rules in force on a day.
    ///
    /// `chokepoint rules diff A B` compares two regimes or two days.
    Rules(rules::RulesArgs),
    /// Show the compliant chip that a maker would derive from a chip.
    ///
    /// The design follows from the rules of the regime on the given day.
    Design(design::DesignArgs),
    /// List what the program contains, such as chips, rules, regimes and studies.
    List(explain::ListArgs),
    /// Describe anything that `chokepoint list` names, with its source.
    ///
    /// Rules, instruments, attributes, regimes, studies, chips, nations, parameters, measures and outcomes have names.
    Explain(explain::ExplainArgs),
    /// Print tables of parameters, measures, outcomes and events.
    Reference(reference::ReferenceArgs),
    /// Check configuration files; errors give file, line, column and a hint.
    ///
    /// A folder for `--configs` has the folders of the program's configuration: `rules/ISSUER`, `regimes`, `parameters`, `world`, `studies`, `plots`. It needs to hold only the files that differ; the program supplies the others.
    Check(check::CheckArgs),
    /// Print JSON Schemas of the configuration files.
    Schema(check::SchemaArgs),
    /// Print a script with which a shell completes commands and options.
    Completions(shell::CompletionsArgs),
    /// Write man pages, one for each command.
    Man(shell::ManArgs),
}

impl Command {
    /// Why this command does not use `--configs`, if it does not.
    const fn without_configs(&self) -> Option<&'static str> {
        match self {
            Self::Block(_) | Self::Merge(_) => {
                Some("a plan holds the configuration that it was made with")
            }
            Self::Export(_) | Self::Diff(_) | Self::Report(_) => {
                Some("results hold what they were made from")
            }
            Self::New(_) | Self::Schema(_) | Self::Completions(_) | Self::Man(_) => {
                Some("this command reads no configuration")
            }
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
    /// Regime (dated set of rules): a name from `chokepoint list regimes`, a regime file, or `frozen-YYYY-MM`, which keeps the rules of that month in force for ever. `history` holds every recorded rule and China's recorded replies; `history-free` leaves the replies out.
    #[arg(long, default_value = "history")]
    regime: String,
    /// Rule file of your own, added to the regime; may be given more than once.
    #[arg(long, value_name = "FILE")]
    with: Vec<String>,
}

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// Bad input, with the rendered message.
    Input(String),
    /// The answer is no, such as a failed check.
    No(String),
    /// A signal stopped it.
    Stopped(String),
    /// Standard output was closed.
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
    /// The message.
    pub fn text(&self) -> &str {
        match self {
            Self::Input(text) | Self::No(text) | Self::Stopped(text) => text,
            Self::Closed => "standard output is closed",
        }
    }
}

type Answer = Result<(), Failure>;

/// Exit code of a run stopped by a signal, by the convention of shells.
const STOPPED: u8 = 130;

/// Runs the command line that the process was started with.
pub fn main() -> ExitCode {
    let parsed = help::command_line()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(answer) => return usage(&answer),
    };
    QUIET.store(cli.quiet, Ordering::Relaxed);
    if cli.configs.is_some()
        && let Some(why) = cli.command.without_configs()
    {
        complain(&format!("error: --configs: {why}\n"));
        return ExitCode::from(2);
    }
    let configs = match &cli.configs {
        Some(folder) if !folder.is_dir() => {
            complain(&format!(
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
        Command::Explore(args) => explore::explore(configs, &args),
        Command::New(args) => new::new(&args),
        Command::Plan(args) => blocks::plan(configs, &args),
        Command::Block(args) => blocks::block(&args),
        Command::Merge(args) => blocks::merge(&args),
        Command::Slurm(args) => slurm::slurm(configs, &args),
        Command::Export(args) => folders::export(&configs, &args),
        Command::Diff(args) => folders::diff(&args),
        Command::Report(args) => report::report(&args),
        Command::Plot(args) => report::plot(&configs, &args),
        Command::Replay(args) => replay::replay(configs, &args),
        Command::Decompose(args) => decompose::decompose(configs, &args),
        Command::Sensitivity(args) => sensitivity::sensitivity(configs, &args),
        Command::Discover(args) => discover::discover(configs, &args),
        Command::Reversal(args) => reversal::reversal(configs, &args),
        Command::Flip(_) => Err(help::renamed("flip", "reversal")),
        Command::Ledger(args) => ledger::ledger(configs, &args),
        Command::Validate(args) => validate::validate(configs, args),
        Command::Forecast(args) => forecast::forecast(configs, &args),
        Command::Score(args) => score::score(configs, &args),
        Command::Calibrate(args) => calibrate::calibrate(configs, &args),
        Command::Update(args) => update::update(configs, &args),
        Command::Audit(args) => audit::audit(configs, &args),
        Command::Claims(args) => claims::claims(configs, &args),
        Command::Classify(args) => classify::classify(configs, &args),
        Command::Rules(args) => rules::rules(configs, &args),
        Command::Design(args) => design::design(configs, &args),
        Command::List(args) => explain::list(configs, &args),
        Command::Explain(args) => explain::explain(configs, &args),
        Command::Reference(args) => reference::reference(configs, &args),
        Command::Check(args) => check::check(configs, &args),
        Command::Schema(args) => check::schema(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::man(&args),
    };
    match answer {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::No(text)) => {
            complain(&text);
            ExitCode::from(1)
        }
        Err(Failure::Stopped(text)) => {
            complain(&text);
            ExitCode::from(STOPPED)
        }
        Err(Failure::Input(text)) => {
            complain(&text);
            ExitCode::from(2)
        }
    }
}

/// Prints help and versions on standard output, and errors of the command line on standard error with control characters made visible.
fn usage(answer: &clap::Error) -> ExitCode {
    if answer.use_stderr() {
        complain(&answer.render().to_string());
    } else {
        // A closed output is no error.
        let _ = answer.print();
    }
    ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2))
}

/// Whether notes and progress are left out.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Whether only answers and errors were asked for.
fn quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Writes a note to standard error, unless only errors were asked for.
pub fn note(text: &str) {
    if !quiet() {
        complain(text);
    }
}

/// Writes a message to standard error, in colour on a terminal unless `NO_COLOR` is set. A stream that is closed or full is no
/// error, so that work does not depend on a reader.
fn complain(text: &str) {
    use std::io::{IsTerminal, Write};
    let mut stream = std::io::stderr();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let mut text = visible(text).to_string();
    if stream.is_terminal() && !plain {
        text = in_colour(&text);
    }
    let _ = stream.write_all(text.as_bytes());
}

/// Lines that begin with what kind of message they are, with that word in colour: errors red, warnings yellow, notes bold.
fn in_colour(text: &str) -> String {
    const KINDS: [(&str, &str); 4] = [
        ("error:", "1;31"),
        // How an error in a file begins.
        ("  ×", "1;31"),
        ("warning:", "1;33"),
        ("note:", "1"),
    ];
    let line = |line: &str| {
        let kind = KINDS.iter().find(|(kind, _)| line.starts_with(kind));
        kind.map_or(line.to_string(), |(kind, colour)| {
            format!("\u{1b}[{colour}m{kind}\u{1b}[0m{}", &line[kind.len()..])
        })
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Prints text to standard output; a closed pipe ends the command quietly.
fn say(text: &str) -> Answer {
    write_out(&visible(text))
}

/// Prints CSV or JSON: unchanged for other programs, with control characters made visible on a terminal.
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
        .map_err(|e| output_failure(&e))
}

/// The failure for an error of standard output: a closed pipe, or a device that cannot be written.
fn output_failure(error: &std::io::Error) -> Failure {
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

/// The failure for one wrong word of the command line, with the nearest right one.
fn wrong_word(what: &str, found: &str, expected: &str, candidates: &[&str]) -> Failure {
    let near = nearest(found, candidates)
        .map(|n| format!("; did you mean `{n}`?"))
        .unwrap_or_default();
    Failure::Input(format!(
        "error: {what}: found `{found}`, expected {expected}{near}\n"
    ))
}

fn date(what: &str, text: &str) -> Result<Date, Failure> {
    let (first, last) = (YEARS.start(), YEARS.end());
    let expected =
        format!("a day that exists, as year-month-day, such as 2023-12-01, from {first} to {last}");
    let day = text.parse().ok();
    day.filter(|day: &Date| YEARS.contains(&i32::from(day.year())))
        .ok_or_else(|| wrong_word(what, text, &expected, &[]))
}

/// What is expected where an outcome is named.
const AN_OUTCOME: &str = "an outcome (`chokepoint list outcomes`)";

/// A number on the command line that counts things, from 1.
fn count<T: std::str::FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number = text.parse().ok();
    number
        .filter(|number: &T| *number >= T::from(1))
        .ok_or_else(|| expected_count("1 or more", text))
}

/// The most futures, or draws, of a command that holds the paths of all of them until it answers: some 20 KB each.
const MOST_HELD: u32 = 100_000;

/// A number of futures, from 1, that a command holds in memory.
fn held(text: &str) -> Result<u32, String> {
    number_held(text, 1)
}

/// A number of futures or draws whose spread is looked at, from 2, that a command holds in memory.
fn spread(text: &str) -> Result<u32, String> {
    number_held(text, 2)
}

fn number_held(text: &str, least: u32) -> Result<u32, String> {
    let number = text.parse().ok();
    number
        .filter(|number| (least..=MOST_HELD).contains(number))
        .ok_or_else(|| expected_count(&format!("from {least} to {MOST_HELD}"), text))
}

/// What is expected where something is counted; digits with separators are read back without them.
fn expected_count(bounds: &str, text: &str) -> String {
    let groups: Vec<&str> = text.split([',', '_', ' ', '\u{a0}', '\'']).collect();
    let all_digits = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let thousands = groups.len() > 1
        && groups.iter().all(all_digits)
        && groups[1..].iter().all(|group| group.len() == 3);
    if thousands {
        let digits = groups.concat();
        format!("expected a whole number, {bounds}; did you mean {digits}?")
    } else {
        format!("expected a whole number, {bounds}")
    }
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
            if let Some(process) = &regime.process {
                process.freeze(&mut regime.entries);
            }
            acts(&library.law, at, &regime).map_err(wrong)?;
        }
    }
    Ok((library, regime))
}

/// Formats rows as columns padded to the widest cell and two spaces apart.
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

/// The text of a CSV writer, with cells escaped that a spreadsheet would run as formulas.
fn csv_written(writer: csv::Writer<Vec<u8>>) -> String {
    // Memory can be written, and what was written can be read.
    let bytes = writer.into_inner().unwrap_or_default();
    let bytes = csv_table(bytes).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_kind_of_a_message_is_coloured() {
        let text = "error: a.toml\n  an error: here\nnote: b\n";
        assert_eq!(
            in_colour(text),
            "\u{1b}[1;31merror:\u{1b}[0m a.toml\n  an error: here\n\u{1b}[1mnote:\u{1b}[0m b\n"
        );
        assert_eq!(in_colour("240 runs"), "240 runs");
    }
}
