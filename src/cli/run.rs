//! `chokepoint run`: a study from its file to its report.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Answer, Failure, say, wrong_word};
use crate::config::source::Configs;
use crate::config::study::{self, StudyFile};
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::parameters::Parameters;
use crate::foundation::run::Planning;
use crate::results::Pending;
use crate::study::{Library, Plan, Settings, Worker, declared_columns, join, run_all};

#[derive(Args)]
pub struct RunArgs {
    /// A study file, or the name of a shipped study.
    study: String,
    /// Number of futures; each is run under every regime of the study.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
    #[arg(long)]
    seed: Option<u64>,
    /// Threads; by default one a core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Where results go; by default `results/<name of the study>`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Fix a parameter in every future, by name or as `mechanism.name`.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Switch a channel off in every arm (`chokepoint list channels`).
    #[arg(long, value_name = "CHANNEL")]
    off: Vec<String>,
    /// How makers and buyers form expectations.
    #[arg(long, value_name = "RULE", default_value = "adaptive", value_parser = ["naive", "adaptive", "foresight"])]
    planning: String,
    /// Only this future: repeats one run of the study.
    #[arg(long, value_name = "FUTURE")]
    only: Option<u32>,
    /// Tables alone, without figures and page.
    #[arg(long)]
    no_report: bool,
}

pub fn run(configs: Configs, args: &RunArgs) -> Answer {
    let started = Instant::now();
    let library = Library::read(configs, &[])?;
    let source = library.configs.find(&args.study, "studies")?;
    let file = study::read(&source, &library.configs)?;
    let set = settings(&library, &args.set)?;
    let runs = args.runs.unwrap_or(file.runs);
    let seed = args.seed.unwrap_or(file.seed);
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new("results").join(&file.name));
    let figures = if args.no_report {
        Vec::new()
    } else {
        crate::config::figure::read_all(&library.configs, &file.figures)?
    };
    let command = command_line(&args.study, &file, args, runs, seed);
    let channels = channels_without(&args.off)?;
    let settings = Settings {
        seed,
        runs,
        set,
        only: args.only,
        channels,
        planning: planning_named(&args.planning),
        posterior: None,
    };
    let plan = Plan::new(&library, file, settings)?;
    if let Some(warning) = plan.stale_warning() {
        eprint!("{warning}");
    }
    let threads = args
        .threads
        .map(usize::from)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Failure::Input(format!("error: {e}\n")))?;
    // Fails early, before the work: the folder can be written, and is ours.
    let pending = Pending::new(&out)?;
    let total = u64::from(plan.futures.end - plan.futures.start) * plan.regimes.len() as u64;
    eprintln!("{}", estimate(&plan, total, threads));
    let bar = progress(total);
    let stop = AtomicBool::new(false);
    let clock = Instant::now();
    let records = pool.install(|| run_all(&plan, &|| bar.inc(1), &stop));
    let seconds = clock.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let mut results = join(&plan, records, &command);
    results.manifest.wall_seconds = seconds;
    results.manifest.threads = threads;
    results.manifest.runs_per_second = total as f64 / seconds;
    results.manifest.study.figures.clone_from(&figures);
    let verdicts = crate::study::verdicts::verdicts(&library, &plan)?;
    results.tables.insert("verdicts".into(), verdicts);
    results.write(pending.path())?;
    if !args.no_report {
        let gallery = crate::plots::draw_all(&results, &figures, &pending.path().join("plots"))?;
        crate::report::write(&results, &gallery, &pending.path().join("report.html"))?;
        super::report::say_left_out(&gallery);
    }
    let folder = pending.finish()?;
    eprintln!(
        "{total} runs in {seconds:.1} s ({:.0} a second on {threads} threads), {:.1} s in all; {} failed",
        total as f64 / seconds,
        started.elapsed().as_secs_f64(),
        results.failures.len()
    );
    for failure in &results.failures {
        eprintln!(
            "failed: {} future {}: {}\n  repeat: {}",
            failure.regime, failure.run, failure.reason, failure.command
        );
    }
    let made = if args.no_report {
        folder
    } else {
        folder.join("report.html")
    };
    say(&format!("{}\n", made.display()))?;
    if results.failures.len() as u64 == total {
        return Err(Failure::No("error: every run failed\n".into()));
    }
    Ok(())
}

/// A rule of behaviour by name; the parser has let no other through.
pub fn planning_named(name: &str) -> Planning {
    Planning::ALL
        .into_iter()
        .find(|p| p.name() == name)
        .unwrap_or_default()
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

/// `NAME=VALUE` on the command line, checked against the parameters.
fn settings(library: &Library, set: &[String]) -> Result<BTreeMap<String, f64>, Failure> {
    let names: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    let mut parameters = library.parameters.clone();
    let mut all = BTreeMap::new();
    for text in set {
        let Some((path, value)) = text.split_once('=') else {
            return Err(wrong_word("--set", text, "NAME=VALUE", &[]));
        };
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
                "the name of a parameter (`chokepoint list parameters`)",
                &names,
            ));
        }
        let number: f64 = value
            .parse()
            .ok()
            .filter(|v: &f64| v.is_finite())
            .ok_or_else(|| wrong_word("--set", value, "a number", &[]))?;
        if let Some((low, high)) = parameters
            .range(id)
            .filter(|(low, high)| number < *low || number > *high)
        {
            eprintln!("note: {id} = {number} is outside its recorded range, {low} to {high}");
        }
        parameters.set(id, number);
        all.insert(id.to_string(), number);
    }
    Ok(all)
}

/// What repeats these results.
fn command_line(name: &str, file: &StudyFile, args: &RunArgs, runs: u32, seed: u64) -> String {
    let mut text = format!("chokepoint run {name}");
    if runs != file.runs {
        text.push_str(&format!(" --runs {runs}"));
    }
    if seed != file.seed {
        text.push_str(&format!(" --seed {seed}"));
    }
    if args.planning != "adaptive" {
        text.push_str(&format!(" --planning {}", args.planning));
    }
    for off in &args.off {
        text.push_str(&format!(" --off {off}"));
    }
    for set in &args.set {
        text.push_str(&format!(" --set {set}"));
    }
    text
}

/// Runs, seconds and bytes, from one run measured.
fn estimate(plan: &Plan, total: u64, threads: usize) -> String {
    let mut worker = Worker::new(&plan.blueprint);
    let future = plan.future(plan.futures.start);
    let arm = plan.calendars.len() - 1;
    worker.run(&plan.calendars[arm], &future, plan.blueprint.months, false);
    let clock = Instant::now();
    worker.run(&plan.calendars[arm], &future, plan.blueprint.months, false);
    let seconds = clock.elapsed().as_secs_f64() * total as f64 / threads as f64;
    let bands = declared_columns(plan).len() * plan.blueprint.months * plan.regimes.len() * 60;
    let bytes = total as f64 * 8.0 * 120.0 + bands as f64;
    format!(
        "{}: {} regimes in {} futures, {} months each; about {seconds:.0} s on {threads} threads, {:.0} MB",
        plan.study.name,
        plan.regimes.len(),
        plan.futures.end - plan.futures.start,
        plan.blueprint.months,
        bytes / 1e6
    )
}

/// A bar with the time left where somebody watches; nothing elsewhere.
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
