//! `chokepoint run`: a study from its file to its report, taken up again where it was stopped.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Answer, Failure, say, shell_word, wrong_word};
use crate::config::source::{Configs, Source};
use crate::config::study::{self, StudyFile};
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::parameters::Parameters;
use crate::measures::OUTCOMES;
use crate::results::{Results, ResultsError, Timing, Working};
use crate::study::batch::{Batch, Until};
use crate::study::block;
use crate::study::merge::merge;
use crate::study::plan_file::PlanFile;
use crate::study::{Layout, Library, Plan, RunRecord, Worker, one_run};

#[derive(Args)]
pub struct RunArgs {
    /// A study file, or the name of a shipped study.
    study: String,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    how: How,
}

/// What is run: everything that changes results.
#[derive(Args, Default)]
pub struct Choice {
    /// Number of futures; each is run under every arm of the study.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: Option<u32>,
    #[arg(long)]
    pub seed: Option<u64>,
    /// Fix a parameter in every future, or write over a field of the study: `choice_slope=2`, `study.window_months=36`.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Switch a channel off in every arm (`chokepoint list channels`).
    #[arg(long, value_name = "CHANNEL")]
    pub off: Vec<String>,
    /// How makers and buyers form expectations.
    #[arg(long, value_name = "RULE", default_value = "adaptive", value_parser = ["naive", "adaptive", "foresight"])]
    pub planning: String,
    /// Only this future: repeats one run of the study.
    #[arg(long, value_name = "FUTURE", value_parser = clap::value_parser!(u32).range(..i64::from(u32::MAX)))]
    pub only: Option<u32>,
    /// Keep the months of every banded measure in the first 500 futures (`series.parquet`).
    #[arg(long)]
    pub series: bool,
}

/// How it is run: nothing here changes a byte of the results, but where they stop.
#[derive(Args)]
pub struct How {
    /// Threads; by default one a core.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Where results go; by default `results/<name of the study>`, and for one future `results/<name>-future-<number>`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Stop when the Monte Carlo error of this outcome's effects is small: `gap_months_mean=0.1`, or `=5%` of the effect.
    #[arg(long, value_name = "OUTCOME=ERROR")]
    pub until_error: Option<String>,
    /// Throw away unfinished work of another plan.
    #[arg(long)]
    pub restart: bool,
    /// Tables alone, without figures and page.
    #[arg(long)]
    pub no_report: bool,
}

pub fn run(configs: Configs, args: &RunArgs) -> Answer {
    let source = configs.find(&args.study, "studies")?;
    let command = format!("chokepoint run {}", shell_word(&args.study));
    let file = plan_file(&configs, source, Vec::new(), &args.choice, None, &command)?;
    execute(&file, &args.how)
}

/// The plan of a study with what the command line says.
pub fn plan_file(
    configs: &Configs,
    source: Source,
    rules: Vec<Source>,
    choice: &Choice,
    blocks: Option<u32>,
    command: &str,
) -> Result<PlanFile, Failure> {
    let library = Library::read(configs.clone(), &rules)?;
    let (set, mut fields) = settings(&library, &choice.set)?;
    if choice.series {
        let bands = study::read(&source, configs)?.bands;
        fields.push(("series".into(), format!("{bands:?}")));
    }
    let source = study::overridden(&source, &fields)?;
    let file = study::read(&source, configs)?;
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
        runs: choice.runs.unwrap_or(file.runs),
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

/// Runs a plan to its results, beside which blocks are kept until all is done.
pub fn execute(file: &PlanFile, how: &How) -> Answer {
    let started = Instant::now();
    let opened = file.open()?;
    let plan = &opened.plan;
    let figures = if how.no_report {
        Vec::new()
    } else {
        opened.figures.clone()
    };
    if let Some(warning) = plan.stale_warning() {
        eprint!("{warning}");
    }
    let until = until(how.until_error.as_deref(), plan)?;
    let out = results_folder(how.out.as_deref(), file, plan);
    let threads = threads(how.threads);
    let pool = pool(threads)?;
    // Fails early, before the work: the folder can be written, and is ours.
    let working = Working::open(&out)?;
    let kept = take_up(&working, file, how.restart)?;
    if kept > 0 {
        eprintln!("resuming: {kept} of {} blocks are done", file.blocks);
    }
    let total = plan.futures.len() as u64 * plan.regimes.len() as u64;
    eprintln!("{}", estimate(plan, total, threads, until.is_some()));
    let bar = progress(total);
    let stop = stop_on_signal()?;
    let clock = Instant::now();
    let batch = Batch {
        plan,
        file,
        folder: &working.blocks(),
        threads,
        done: &|| bar.inc(1),
        stop: &stop,
    };
    let ran = batch.run(until);
    bar.finish_and_clear();
    let futures = match ran {
        Ok(Some(futures)) => futures,
        Ok(None) => return Err(stopped(&working, file)),
        Err(error) => return Err(kept_after(&working, file, &error)),
    };
    let seconds = clock.elapsed().as_secs_f64();
    let made = futures.len() * plan.regimes.len();
    let timing = Timing {
        wall_seconds: seconds,
        threads,
        runs_per_second: made as f64 / seconds,
    };
    let report = !how.no_report;
    let joined = working.fresh().and_then(|into| {
        let results = pool.install(|| {
            merge(
                &opened,
                file,
                &working.blocks(),
                futures.clone(),
                &figures,
                &into,
            )
        })?;
        let path = into.join("timing.json");
        let text = serde_json::to_string_pretty(&timing).unwrap_or_default() + "\n";
        std::fs::write(&path, text).map_err(|e| ResultsError::Io {
            path,
            reason: e.to_string(),
        })?;
        pool.install(|| dressed(&results, &into, report))?;
        Ok(results)
    });
    let results = match joined {
        Ok(results) => results,
        Err(error) => return Err(kept_after(&working, file, &error)),
    };
    let folder = match working.finish() {
        Ok(folder) => folder,
        Err(error) => return Err(kept_after(&working, file, &error)),
    };
    if until.is_some() {
        eprintln!("stopped after {} futures", futures.len());
    }
    eprintln!(
        "{made} runs in {seconds:.1} s ({:.0} a second on {threads} threads), {:.1} s in all; {} failed",
        timing.runs_per_second,
        started.elapsed().as_secs_f64(),
        results.failures.len()
    );
    told(&results, &folder, report)
}

/// Where results go. One future is not the study, and does not take the place of its results.
pub fn results_folder(asked: Option<&Path>, file: &PlanFile, plan: &Plan) -> PathBuf {
    let name = &plan.study.name;
    let folder = match file.only {
        Some(one) => format!("{name}-future-{one}"),
        None => name.clone(),
    };
    asked.map_or_else(|| Path::new("results").join(folder), Path::to_path_buf)
}

/// Figures and page of results, into their folder.
pub fn dressed(results: &Results, into: &Path, report: bool) -> Result<(), ResultsError> {
    if !report {
        return Ok(());
    }
    let figures = &results.manifest.study.figures;
    let gallery = crate::plots::draw_all(results, figures, &into.join("plots"))?;
    crate::report::write(results, &gallery, &into.join("report.html"))?;
    super::report::say_left_out(&gallery);
    Ok(())
}

/// Says what failed and where the results are.
pub fn told(results: &Results, folder: &Path, report: bool) -> Answer {
    for failure in &results.failures {
        eprintln!(
            "failed: {} future {}: {}\n  repeat: {}",
            failure.regime, failure.run, failure.reason, failure.command
        );
    }
    let made = if report {
        folder.join("report.html")
    } else {
        folder.to_path_buf()
    };
    say(&format!("{}\n", made.display()))?;
    if results.manifest.failed == results.manifest.runs {
        return Err(Failure::No(
            "error: no future is without a failed run\n".into(),
        ));
    }
    Ok(())
}

/// Makes a working folder ready: blocks of the same plan are kept, those of another are not thrown away unasked.
fn take_up(working: &Working, file: &PlanFile, restart: bool) -> Result<usize, Failure> {
    let path = working.path().join("plan.json");
    let (mut blocks, mut halves) = block_files(&working.blocks());
    let old = PlanFile::peek(&path);
    let same = old.as_ref().is_some_and(|old| old.hash == file.hash);
    if !same && !blocks.is_empty() && !restart {
        let why = old.map_or(vec!["another plan".into()], |old| old.differences(file));
        return Err(Failure::Input(format!(
            "error: {} holds {} finished blocks of another plan:\n  {}\n\
             run that plan again to finish it, add --restart to throw its blocks away, or choose another --out\n",
            working.path().display(),
            blocks.len(),
            why.join("\n  ")
        )));
    }
    if same {
        let (whole, broken): (Vec<_>, Vec<_>) = blocks
            .into_iter()
            .partition(|path| block::is_whole(path, &file.hash));
        for path in &broken {
            eprintln!("{} is broken, and is run again", path.display());
        }
        halves.extend(broken);
        blocks = whole;
    }
    let worthless = if same { &[][..] } else { &blocks[..] };
    for half in halves.iter().chain(worthless) {
        let _ = std::fs::remove_file(half);
    }
    file.write(&path)?;
    Ok(if same { blocks.len() } else { 0 })
}

/// Finished blocks of a folder, and what was left of unfinished ones.
pub fn block_files(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|e| e.path())
        .partition(|p| p.extension().is_some_and(|e| e == "runs"))
}

fn kept_after(working: &Working, file: &PlanFile, error: &ResultsError) -> Failure {
    let mut text = format!("error: {error}\n");
    let kept = block_files(&working.blocks()).0.len();
    if kept == 0 {
        working.discard();
    } else {
        text.push_str(&format!(
            "{kept} of {} blocks are kept in {}; run the same command again to go on\n",
            file.blocks,
            working.path().display()
        ));
    }
    Failure::Input(text)
}

fn stopped(working: &Working, file: &PlanFile) -> Failure {
    let kept = block_files(&working.blocks()).0.len();
    if kept == 0 {
        working.discard();
        return Failure::Stopped(
            "stopped before the first block was done; nothing is kept\n".into(),
        );
    }
    Failure::Stopped(format!(
        "stopped: {kept} of {} blocks are kept in {}; run the same command again to go on\n",
        file.blocks,
        working.path().display()
    ))
}

pub fn threads(asked: Option<u16>) -> usize {
    asked
        .map(usize::from)
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

pub fn pool(threads: usize) -> Result<rayon::ThreadPool, Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Failure::Input(format!("error: {e}\n")))
}

/// Set when somebody asks the program to stop; a second time it ends at once.
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
fn until(text: Option<&str>, plan: &Plan) -> Result<Option<Until>, Failure> {
    use crate::config::study::Design;
    let Some(text) = text else {
        return Ok(None);
    };
    if !matches!(plan.design.design, Design::Replicates | Design::Sobol) || plan.futures.start > 0 {
        return Err(Failure::Input(
            "error: --until-error needs the design `replicates` or `sobol`, for the others are whole or nothing\n".into(),
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
    Ok(Some(Until {
        outcome,
        error: if relative { error / 100.0 } else { error },
        relative,
    }))
}

/// Parameters by name, and fields of the study with their values.
pub type Overrides = (BTreeMap<String, f64>, Vec<(String, String)>);

/// `PATH=VALUE` on the command line: parameters, checked against their names, and fields of the study.
pub fn settings(library: &Library, set: &[String]) -> Result<Overrides, Failure> {
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
    Ok((all, fields))
}

/// What repeats these results, but for the number of futures.
fn command_line(command: &str, configs: &Configs, file: &StudyFile, choice: &Choice) -> String {
    let mut text = command.to_string();
    if let Some(folder) = configs.own_folder() {
        text.push_str(&format!(
            " --configs {}",
            shell_word(&folder.to_string_lossy())
        ));
    }
    if let Some(seed) = choice.seed.filter(|s| *s != file.seed) {
        text.push_str(&format!(" --seed {seed}"));
    }
    if choice.planning != "adaptive" {
        text.push_str(&format!(" --planning {}", choice.planning));
    }
    for off in &choice.off {
        text.push_str(&format!(" --off {off}"));
    }
    for set in &choice.set {
        text.push_str(&format!(" --set {}", shell_word(set)));
    }
    if choice.series {
        text.push_str(" --series");
    }
    text
}

/// Runs, minutes and bytes, from one run measured.
fn estimate(plan: &Plan, total: u64, threads: usize, most: bool) -> String {
    let mut worker = Worker::new(&plan.blueprint);
    let arm = plan.calendars.len() - 1;
    let number = plan.futures.start;
    let layout = Layout::new(plan);
    let (draw, mut record) = (plan.draw(number), RunRecord::default());
    // As it is run later: one that stops is no reason to stop before the others.
    let mut once = || {
        one_run(
            plan,
            &layout,
            &mut worker,
            arm,
            number,
            &draw,
            None,
            &mut record,
        )
    };
    once();
    let clock = Instant::now();
    once();
    let seconds = clock.elapsed().as_secs_f64() * total as f64 / threads as f64;
    let series = layout.columns.len() * layout.months;
    // Half of the monthly values are the same in all futures of a chunk and are kept once; tables are compressed.
    let working = total as f64 * 8.0 * (layout.numbers() as f64 + 0.55 * series as f64);
    let bands = series * plan.regimes.len() * 60;
    let results =
        total as f64 * 8.0 * (layout.parameters.len() + OUTCOMES.len()) as f64 + bands as f64;
    let time = if seconds < 90.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} minutes", seconds / 60.0)
    };
    format!(
        "{}: {} arms in {}{} futures, {total} runs of {} months; about {time} on {threads} threads, \
         {:.0} MB while it runs, {:.0} MB of results",
        plan.study.name,
        plan.regimes.len(),
        if most { "at most " } else { "" },
        plan.futures.len(),
        plan.blueprint.months,
        working / 1e6,
        results / 1e6
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
