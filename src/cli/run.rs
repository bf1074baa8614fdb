//! `chokepoint run`: runs a study, resumes one that was stopped, and writes its tables, figures and report.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::job::{Progress, StudyJob};
use super::{Answer, Failure, note, say, wrong_word};
use crate::config::overrides::OverriddenStudy;
use crate::config::parameters::check_value;
use crate::config::source::{Configs, Source};
use crate::config::study::{self, StudyFile};
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::escape::{shell_argument, shell_option};
use crate::foundation::parameters::Parameters;
use crate::measures::OUTCOMES;
use crate::results::{Results, ResultsError};
use crate::study::batch::StoppingRule;
use crate::study::plan::check;
use crate::study::plan_file::PlanFile;
use crate::study::{Library, Plan};

#[derive(Args)]
pub struct RunArgs {
    /// A study file, or the name of a shipped study.
    study: String,
    #[command(flatten)]
    choice: StudyOverrides,
    #[command(flatten)]
    how: ExecutionArgs,
}

/// Arguments that change results.
#[derive(Args, Default)]
pub struct StudyOverrides {
    /// Number of futures; each future is run under every arm of the study.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: Option<u32>,
    /// Seed of every random draw; the default is the seed in the study file. The same seed gives the same results.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Fix a parameter in every future, or replace a field of the study: `choice_slope=2`, `study.window_months=36`.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Switch a channel off in every arm (`chokepoint list channels`).
    #[arg(long, value_name = "CHANNEL")]
    pub off: Vec<String>,
    /// How chipmakers and buyers form expectations.
    #[arg(long, value_name = "RULE", default_value = "adaptive", value_parser = ["naive", "adaptive", "foresight"])]
    pub planning: String,
    /// Run this future only, to repeat one run of the study.
    #[arg(long, value_name = "FUTURE", value_parser = clap::value_parser!(u32).range(..i64::from(u32::MAX)))]
    pub only: Option<u32>,
    /// Write monthly values of every measure in `bands` for the first 500 futures (`series.parquet`).
    #[arg(long)]
    pub series: bool,
}

/// Arguments that change how a study is run. Only `--until-error` changes results, by the number of futures.
#[derive(Args, Default)]
pub struct ExecutionArgs {
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Folder for the results; the default is `results/<name of the study>`, and for one future `results/<name>-future-<number>`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Stop when the Monte Carlo error of this outcome's effects is small: `gap_months_mean=0.1`, or `=5%` of the effect.
    #[arg(long, value_name = "OUTCOME=ERROR")]
    pub until_error: Option<String>,
    /// Discard unfinished work of another plan and start again.
    #[arg(long)]
    pub restart: bool,
    /// Replace finished results of another plan, or results that were changed by hand.
    #[arg(long)]
    pub overwrite: bool,
    /// Write tables only, without figures and the report page.
    #[arg(long)]
    pub no_report: bool,
}

pub fn run(configs: Configs, args: &RunArgs) -> Answer {
    let source = configs.find(&args.study, "studies")?;
    let command = format!("chokepoint run {}", shell_argument(&args.study));
    let file = plan_file(&configs, source, Vec::new(), &args.choice, None, &command)?;
    execute(file, &args.how)
}

/// Builds the plan of a study with the overrides of the command line.
pub fn plan_file(
    configs: &Configs,
    source: Source,
    rules: Vec<Source>,
    choice: &StudyOverrides,
    blocks: Option<u32>,
    command: &str,
) -> Result<PlanFile, Failure> {
    let library = Library::read(configs.clone(), &rules)?;
    let (set, mut fields) = settings(&library, &choice.set)?;
    if choice.series {
        let bands = study::read(&source, configs)?.bands;
        fields.push(("series".into(), format!("{bands:?}")));
    }
    let overridden = OverriddenStudy::of(&source, &fields)?;
    let source = overridden.source.clone();
    let placed = |problems| overridden.place(problems);
    let file = study::read(&source, configs).map_err(placed)?;
    let runs = choice.runs.unwrap_or(file.runs);
    // Errors are reported at the place that the user wrote, before the plan is sealed.
    check(&library, &file, runs, choice.only).map_err(placed)?;
    channels_without(&choice.off)?;
    let mut said: BTreeMap<String, String> = set
        .iter()
        .map(|(k, v)| (k.clone(), v.to_string()))
        .collect();
    let of_study = fields
        .iter()
        .filter(|(k, _)| !(choice.series && k == "series"));
    said.extend(of_study.map(|(k, v)| (format!("study.{k}"), v.clone())));
    let plan = PlanFile {
        rules,
        seed: choice.seed.unwrap_or(file.seed),
        runs,
        only: choice.only,
        set,
        said,
        off: choice.off.clone(),
        planning: choice.planning.clone(),
        fail: std::env::var("CHOKEPOINT_FAIL")
            .ok()
            .and_then(|n| n.parse().ok()),
        command: command_line(command, configs, &file, choice),
        study: source,
        ..PlanFile::default()
    };
    Ok(plan.seal(configs, blocks)?)
}

/// Runs a plan with a progress bar until it is finished or a signal stops it.
pub fn execute(file: PlanFile, how: &ExecutionArgs) -> Answer {
    let bar = progress(0);
    let stop = stop_on_signal()?;
    let watch = Progress {
        say: &|text| bar.suspend(|| note(text)),
        begun: &|runs| bar.set_length(runs),
        done: &|runs| bar.inc(runs),
        stop: &stop,
    };
    let made = StudyJob::open(file, how)?.carry_out(&watch);
    bar.finish_and_clear();
    let (results, folder) = made?;
    report_failures(&results, &folder, !how.no_report)
}

/// Draws the figures and writes the report page of results into their folder.
pub fn write_report(results: &Results, into: &Path, report: bool) -> Result<(), ResultsError> {
    if !report {
        return Ok(());
    }
    let figures = &results.manifest.study.figures;
    let gallery = crate::plots::draw_all(results, figures, &into.join("plots"))?;
    crate::report::write(results, &gallery, &into.join("report.html"))?;
    super::report::note_missing_figures(&gallery);
    Ok(())
}

/// Reports failed runs and prints the path of the results.
pub fn report_failures(results: &Results, folder: &Path, report: bool) -> Answer {
    for failure in &results.failures {
        note(&format!(
            "failed: {} future {}: {}\n  repeat: {}\n",
            failure.regime, failure.run, failure.reason, failure.command
        ));
    }
    let made = if report {
        folder.join("report.html")
    } else {
        folder.to_path_buf()
    };
    say(&format!("{}\n", made.display()))?;
    if results.manifest.failed == results.manifest.runs {
        return Err(Failure::No("error: every future has a failed run\n".into()));
    }
    Ok(())
}

/// Largest number of threads for each core: more threads are not faster, and each holds a world in memory.
const THREADS_PER_CORE: usize = 4;

/// The number of threads: as requested, up to a limit for this machine; the default is one for each core.
pub fn threads(asked: Option<u16>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = cores * THREADS_PER_CORE;
    match asked.map_or(0, usize::from) {
        0 => cores,
        many if many > most => {
            note(&format!(
                "note: {many} threads were requested; this machine has {cores} cores, and {most} threads are used\n"
            ));
            most
        }
        some => some,
    }
}

pub fn pool(threads: usize) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Failure::Input(format!("error: {e}\n")))
}

/// A flag that a signal sets to stop the program; a second signal ends it at once.
pub fn stop_on_signal() -> Result<Arc<AtomicBool>, Failure> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let code = i32::from(super::STOPPED);
        signal_hook::flag::register_conditional_shutdown(signal, code, stop.clone())
            .and_then(|_| signal_hook::flag::register(signal, stop.clone()))
            .map_err(|e| Failure::Input(format!("error: {e}\n")))?;
    }
    Ok(stop)
}

/// All channels but these.
pub fn channels_without(names: &[String]) -> Result<Channels, Failure> {
    let known: Vec<&str> = Channel::ALL.iter().map(|c| c.name()).collect();
    names
        .iter()
        .try_fold(Channels::default(), |channels, name| {
            match Channel::named(name) {
                Some(channel) => Ok(channels.without(channel)),
                None => Err(wrong_word("--off", name, "a channel", &known)),
            }
        })
}

/// `OUTCOME=ERROR` on the command line: in the outcome's unit, or in per cent of the effect.
pub(super) fn until(text: Option<&str>, plan: &Plan) -> Result<Option<StoppingRule>, Failure> {
    use crate::config::study::FutureDesign;
    let Some(text) = text else {
        return Ok(None);
    };
    if !matches!(
        plan.design.design,
        FutureDesign::Replicates | FutureDesign::Sobol
    ) || plan.futures.start > 0
    {
        return Err(Failure::Input(
            "error: --until-error needs the design `replicates` or `sobol`, because the other designs must be complete\n".into(),
        ));
    }
    let (name, number) = text
        .split_once('=')
        .ok_or_else(|| wrong_word("--until-error", text, "OUTCOME=ERROR", &[]))?;
    let names: Vec<&str> = OUTCOMES.iter().map(|o| o.name).collect();
    let outcome = names
        .iter()
        .position(|n| *n == name)
        .ok_or_else(|| wrong_word("--until-error", name, "an outcome", &names))?;
    let relative = number.ends_with('%');
    let error = number
        .trim_end_matches('%')
        .parse()
        .ok()
        .filter(|e: &f64| *e > 0.0 && e.is_finite())
        .ok_or_else(|| {
            wrong_word(
                "--until-error",
                number,
                "a number above zero, or per cent",
                &[],
            )
        })?;
    Ok(Some(StoppingRule {
        outcome,
        error: if relative { error / 100.0 } else { error },
        relative,
    }))
}

/// Parameters by name, and fields of the study with their values.
pub type ParsedOverrides = (BTreeMap<String, f64>, Vec<(String, String)>);

/// `PATH=VALUE` on the command line: parameters, checked against their names, and fields of the study.
pub fn settings(library: &Library, set: &[String]) -> Result<ParsedOverrides, Failure> {
    let names: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    let mut parameters = library.parameters.clone();
    let mut all = BTreeMap::new();
    let mut fields = Vec::new();
    for text in set {
        let Some((path, value)) = text.split_once('=') else {
            return Err(wrong_word("--set", text, "PATH=VALUE", &[]));
        };
        if let Some(field) = path.strip_prefix("study.") {
            fields.push((field.to_string(), value.to_string()));
            continue;
        }
        let (mechanism, id) = path
            .split_once('.')
            .map_or((None, path), |(m, id)| (Some(m), id));
        let known = Parameters::NAMES
            .iter()
            .any(|(m, n)| *n == id && mechanism.is_none_or(|x| x == *m));
        if !known {
            return Err(wrong_word(
                "--set",
                path,
                "the name of a parameter (`chokepoint list parameters`) or `study.FIELD`",
                &names,
            ));
        }
        let number: f64 = value
            .parse()
            .map_err(|_| wrong_word("--set", value, "a number", &[]))?;
        check_value(id, number)
            .map_err(|why| Failure::Input(format!("error: --set {text}: {why}\n")))?;
        if let Some((low, high)) = parameters
            .range(id)
            .filter(|(low, high)| number < *low || number > *high)
        {
            note(&format!(
                "note: {id} = {number} is outside its recorded range, {low} to {high}\n"
            ));
        }
        parameters.set(id, number);
        all.insert(id.to_string(), number);
    }
    Ok((all, fields))
}

/// The command that repeats these results, without the number of futures.
fn command_line(
    command: &str,
    configs: &Configs,
    file: &StudyFile,
    choice: &StudyOverrides,
) -> String {
    let mut text = command.to_string();
    if let Some(folder) = configs.own_folder() {
        let folder = folder.to_string_lossy();
        text.push_str(&format!(" {}", shell_option("--configs", &folder)));
    }
    if let Some(seed) = choice.seed.filter(|s| *s != file.seed) {
        text.push_str(&format!(" --seed {seed}"));
    }
    if choice.planning != "adaptive" {
        text.push_str(&format!(
            " {}",
            shell_option("--planning", &choice.planning)
        ));
    }
    for off in &choice.off {
        text.push_str(&format!(" {}", shell_option("--off", off)));
    }
    for set in &choice.set {
        text.push_str(&format!(" {}", shell_option("--set", set)));
    }
    if choice.series {
        text.push_str(" --series");
    }
    text
}

/// A progress bar with the remaining time on a terminal; hidden elsewhere.
pub fn progress(total: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} runs, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}
