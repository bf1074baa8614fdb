//! How a study is run: threads, signals, progress, and when to stop.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{AN_OUTCOME, Failure, count, note, quiet, wrong_word};
use crate::config::futures::FutureDesign;
use crate::outputs::outcomes::OUTCOMES;
use crate::study::Plan;
use crate::study::batch::StoppingRule;

/// Arguments that change how a study is run. Only `--until-error` changes results, by the number of futures.
#[derive(Args, Default)]
pub struct ExecutionArgs {
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = count::<u16>)]
    pub threads: Option<u16>,
    /// Folder for the results; the default is `results/NAME` with the name of the study (`whatif-` and the name of the rule file for `whatif`), and `results/NAME-future-3` with `--only 3`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Stop before `--runs` futures are done, as soon as the effect of every arm on this outcome has at most this Monte Carlo error (the error that more futures reduce): `gap_months_mean=0.1` in the outcome's unit, or `gap_months_mean=5%` of the effect.
    #[arg(long, value_name = "OUTCOME=ERROR")]
    pub until_error: Option<String>,
    /// Discard unfinished work of another plan (another study, or other settings) and start again.
    #[arg(long)]
    pub restart: bool,
    /// Replace finished results of another plan (another study, or other settings), or results that were changed by hand.
    #[arg(long)]
    pub overwrite: bool,
    /// Write tables only, without figures and the report page.
    #[arg(long)]
    pub no_report: bool,
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

/// What is expected of `--until-error`.
const UNTIL: &str = "OUTCOME=ERROR, such as gap_months_mean=0.1 (`chokepoint list outcomes`)";

/// `OUTCOME=ERROR` on the command line: in the outcome's unit, or in per cent of the effect.
pub(super) fn until(text: Option<&str>, plan: &Plan) -> Result<Option<StoppingRule>, Failure> {
    let Some(text) = text else {
        return Ok(None);
    };
    if plan.futures != (0..plan.runs) {
        return Err(Failure::Input(
            "error: --until-error: found it with --only, expected one of the two: a single future has no Monte Carlo error\n".into(),
        ));
    }
    if !matches!(
        plan.design.design,
        FutureDesign::Replicates | FutureDesign::Sobol
    ) {
        return Err(Failure::Input(
            "error: --until-error needs the design `replicates` or `sobol`, because the other designs must be complete\n".into(),
        ));
    }
    let (name, number) = text
        .split_once('=')
        .ok_or_else(|| wrong_word("--until-error", text, UNTIL, &[]))?;
    let names: Vec<&str> = OUTCOMES.iter().map(|o| o.name).collect();
    let outcome = names
        .iter()
        .position(|n| *n == name)
        .ok_or_else(|| wrong_word("--until-error", name, AN_OUTCOME, &names))?;
    let per_cent = number.strip_suffix('%');
    let relative = per_cent.is_some();
    let error = per_cent
        .unwrap_or(number)
        .parse()
        .ok()
        .filter(|e: &f64| *e > 0.0 && e.is_finite())
        .ok_or_else(|| {
            wrong_word(
                "--until-error",
                number,
                "a number above zero, or per cent such as 5%",
                &[],
            )
        })?;
    Ok(Some(StoppingRule {
        outcome,
        error: if relative { error / 100.0 } else { error },
        relative,
    }))
}

/// A progress bar with the remaining time on a terminal; hidden elsewhere.
pub fn progress(total: u64) -> ProgressBar {
    if quiet() || !std::io::stderr().is_terminal() {
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
