//! `chokepoint calibrate`: draws posterior samples from priors and evidence for each split.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Args;

use super::execution::{pool, progress, stop_on_signal, threads};
use super::{Answer, Failure, note, say, table, wrong_word};
use crate::config::evidence::Evidence;
use crate::config::source::Configs;
use crate::config::splits::{self, InputHashes, Registration, Split, SplitsFile, short};
use crate::evidence::calibration::{
    Calibration, CalibrationSettings, NOT_INFORMED, ParameterInformation, ParameterTradeoff,
    SimulationBank, SplitFit, recovery,
};
use crate::evidence::hindcast::Hindcast;
use crate::evidence::patterns::{pattern_names, registered_hash};
use crate::foundation::digest::sha256;
use crate::results::files;
use crate::study::{Library, PlanSettings};

#[derive(Args)]
pub struct CalibrateArgs {
    /// Folder for the posterior samples: for each split one table of samples, of informed parameters and of correlations.
    #[arg(long, value_name = "DIR", default_value = "posterior")]
    pub out: PathBuf,
    /// Replace samples made from other inputs, with another seed or with other numbers of runs.
    #[arg(long)]
    pub overwrite: bool,
    /// Folder that keeps finished runs, so that a stopped calibration can resume.
    #[arg(long, value_name = "DIR", default_value = "results/calibration")]
    pub work: PathBuf,
    /// Calibrate only these splits; the default is all.
    #[arg(long, value_name = "NAME")]
    pub split: Vec<String>,
    /// Number of runs from the prior, shared by all splits.
    #[arg(long, default_value = "4000", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub bank: u32,
    /// Number of further waves, each with runs near the evidence of one split.
    #[arg(long, default_value = "2", value_parser = clap::value_parser!(u32).range(..=100))]
    pub waves: u32,
    /// Number of runs in each wave.
    #[arg(long, default_value = "800", value_parser = clap::value_parser!(u32).range(100..100_000))]
    pub wave: u32,
    /// Number of samples of each posterior.
    #[arg(long, default_value = "500", value_parser = clap::value_parser!(u32).range(50..))]
    pub samples: u32,
    /// Seed of every random draw.
    #[arg(long, default_value_t = CalibrateArgs::SEED)]
    pub seed: u64,
    /// Recovery test: fit this many histories that the model made, and count how often intervals contain the true values. No posterior is written.
    #[arg(long, value_name = "N")]
    pub synthetic: Option<u32>,
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = super::count::<u16>)]
    pub threads: Option<u16>,
}

pub fn calibrate(configs: Configs, args: &CalibrateArgs) -> Answer {
    say(&fit_posteriors(configs, args)?)
}

/// Fits and stores the posteriors, or tests the recovery of known parameters; answers with a description.
pub fn fit_posteriors(configs: Configs, args: &CalibrateArgs) -> Result<String, Failure> {
    let started = Instant::now();
    let library = Library::read(configs, &[])?;
    let evidence = Evidence::read(&library.configs)?;
    let settings = splits::read(&library.configs)?;
    let hashes = InputHashes::of(&library.configs, &library.parameters, &evidence)?;
    note_departures(&library.configs, &hashes)?;
    let wanted = wanted(&settings, args)?;
    let plan_settings = PlanSettings {
        seed: args.seed,
        runs: args.bank,
        ..PlanSettings::default()
    };
    let h = Hindcast::new(
        &library,
        evidence,
        &settings.discrepancy,
        &["history"],
        plan_settings,
    )?;
    let threads = threads(args.threads);
    let pool = pool(threads)?;
    if args.synthetic.is_none() && !args.overwrite {
        for (_, split) in &wanted {
            check_free(args, &split.name, &hashes)?;
        }
    }
    let total = most_runs(args, wanted.len());
    note(&format!(
        "{} parameters, {} points, {total} runs of {} months at most; work in {}\n",
        h.plan.parameters.sampled().len(),
        h.asked.len(),
        h.months,
        args.work.display()
    ));
    let (bar, stop) = (progress(total), stop_on_signal()?);
    let calibration = Calibration {
        hindcast: &h,
        effort: &args.effort(),
        folder: &args.work,
        key: &key(&hashes, args.seed),
        done: &|runs: u64| bar.inc(runs),
        stop: &stop,
    };
    let text = pool.install(|| {
        let bank = calibration.bank()?.ok_or_else(|| stopped(args))?;
        match args.synthetic {
            Some(truths) => {
                let split = synthetic_split(&settings, &wanted, args)?;
                recover(&h, &bank, split, truths as usize, args.seed)
            }
            None => fit_all(&calibration, &bank, &wanted, &hashes, args),
        }
    });
    bar.finish_and_clear();
    let text = text?;
    if args.synthetic.is_none() {
        note(&format!(
            "{:.1} s on {threads} threads\n",
            started.elapsed().as_secs_f64()
        ));
    }
    Ok(text)
}

impl CalibrateArgs {
    /// The seed of the shipped posteriors.
    pub const SEED: u64 = 20261124;

    fn effort(&self) -> CalibrationSettings {
        CalibrationSettings {
            bank: self.bank,
            waves: self.waves,
            wave: self.wave,
            samples: self.samples,
            seed: self.seed,
        }
    }
}

/// Says what no longer is as it was registered.
fn note_departures(configs: &Configs, hashes: &InputHashes) -> Result<(), Failure> {
    let registration = Registration::read(configs, &pattern_names())?;
    for departure in registration.departures(hashes, &registered_hash()) {
        note(&format!(
            "note: not as registered on {}: {departure}\n",
            registration.date
        ));
    }
    Ok(())
}

/// The splits that are asked for, each with its place among all.
fn wanted<'a>(
    settings: &'a SplitsFile,
    args: &CalibrateArgs,
) -> Result<Vec<(usize, &'a Split)>, Failure> {
    let names: Vec<&str> = settings.split.iter().map(|s| s.name.as_str()).collect();
    for wanted in &args.split {
        if !names.contains(&wanted.as_str()) {
            return Err(wrong_word("--split", wanted, "a split", &names));
        }
    }
    let all = settings.split.iter().enumerate();
    let asked = |s: &Split| args.split.is_empty() || args.split.contains(&s.name);
    Ok(all.filter(|(_, s)| asked(s)).collect())
}

/// Runs of the bank and of every wave.
fn most_runs(args: &CalibrateArgs, splits: usize) -> u64 {
    let waves = if args.synthetic.is_some() {
        0
    } else {
        splits as u64 * u64::from(args.waves * args.wave)
    };
    u64::from(args.bank) + waves
}

fn stopped(args: &CalibrateArgs) -> Failure {
    Failure::Stopped(format!(
        "stopped: finished runs are kept in {}; run the same command again to go on\n",
        args.work.display()
    ))
}

/// The split that synthetic histories are fitted on: the first that is asked for, else the final one.
fn synthetic_split<'a>(
    settings: &'a SplitsFile,
    wanted: &[(usize, &'a Split)],
    args: &CalibrateArgs,
) -> Result<&'a Split, Failure> {
    let all = settings.split.iter().find(|s| s.name == "final");
    let first = wanted.first().map(|w| w.1);
    first
        .filter(|_| !args.split.is_empty())
        .or(all)
        .ok_or_else(|| Failure::Input("error: no split to fit\n".into()))
}

/// How often intervals hold the parameters of synthetic histories, in words.
fn recover(
    h: &Hindcast,
    bank: &SimulationBank,
    split: &Split,
    truths: usize,
    seed: u64,
) -> Result<String, Failure> {
    let found = recovery(h, bank, split, truths, seed).ok_or_else(|| {
        let message = "error: the bank is too small for this many parameters; raise --bank\n";
        Failure::Input(message.into())
    })?;
    Ok(format!(
        "{} histories of known parameters: {} intervals of parameters with a variance ratio below {NOT_INFORMED}, {:.1} % hold the truth (90 % nominal)\n",
        found.truths,
        found.informed,
        100.0 * found.held as f64 / found.informed.max(1) as f64
    ))
}

/// Fits every split, stores each as it is finished, and describes them.
fn fit_all(
    calibration: &Calibration<'_>,
    bank: &SimulationBank,
    wanted: &[(usize, &Split)],
    hashes: &InputHashes,
    args: &CalibrateArgs,
) -> Result<String, Failure> {
    std::fs::create_dir_all(&args.out)
        .map_err(|e| Failure::Input(format!("error: {}: {e}\n", args.out.display())))?;
    let mut text = String::new();
    for (ordinal, split) in wanted {
        let found = calibration.fit(bank, split, *ordinal as u32, hashes)?;
        if calibration.stop.load(Ordering::Relaxed) {
            return Err(stopped(args));
        }
        let Some(found) = found else {
            return Err(Failure::Input(format!(
                "error: split {}: too few runs for an emulator of {} parameters; raise --bank and --wave\n",
                split.name,
                calibration.hindcast.plan.parameters.sampled().len()
            )));
        };
        store(args, &split.name, &found)?;
        text.push_str(&describe_fit(split, &found));
    }
    Ok(text)
}

/// What the runs of a bank rest on: inputs, seed and the program itself, so that none of another build is used again.
fn key(hashes: &InputHashes, seed: u64) -> String {
    let build = std::env::current_exe()
        .and_then(std::fs::read)
        .map(|bytes| sha256(&bytes))
        .unwrap_or_default();
    format!(
        "{} {} {} {seed} {}",
        short(&hashes.priors),
        short(&hashes.evidence),
        short(&hashes.splits),
        short(&build)
    )
}

/// Checks that the files of a split take the place of nothing but samples of the same plan.
fn check_free(args: &CalibrateArgs, name: &str, hashes: &InputHashes) -> Answer {
    let waves = format!("bank {}, {} waves of {},", args.bank, args.waves, args.wave);
    let seed = args.seed.to_string();
    let head = [
        ("priors", hashes.priors.as_str()),
        ("evidence", hashes.evidence.as_str()),
        ("splits", hashes.splits.as_str()),
        ("version", env!("CARGO_PKG_VERSION")),
        ("seed", seed.as_str()),
        ("effort", waves.as_str()),
    ];
    let [samples, others @ ..] =
        ["", "informed/", "trades/"].map(|below| args.out.join(format!("{below}{name}.csv")));
    let text = std::fs::read_to_string(&samples).unwrap_or_default();
    let said = |key: &str, value: &str| {
        let start = format!("# {key}: {value}");
        text.lines().any(|line| line.starts_with(&start))
    };
    let same = head.iter().all(|(key, value)| said(key, value));
    match [samples].iter().chain(&others).find(|p| p.exists()) {
        Some(path) if !same => Err(Failure::Input(format!(
            "error: {} exists and was made from other inputs, another seed or other numbers of runs; add --overwrite to replace it, or choose another --out\n",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Samples, what they inform and what trades off, atomically.
fn store(args: &CalibrateArgs, name: &str, fit: &SplitFit) -> Answer {
    let informed: Vec<Vec<String>> = fit
        .informed
        .iter()
        .map(|i: &ParameterInformation| {
            vec![
                i.parameter.clone(),
                i.prior_median.to_string(),
                i.p05.to_string(),
                i.p50.to_string(),
                i.p95.to_string(),
                format!("{:.3}", i.variance_ratio),
                i.verdict.clone(),
            ]
        })
        .collect();
    let trades: Vec<Vec<String>> = fit
        .trades
        .iter()
        .map(|t: &ParameterTradeoff| {
            vec![
                t.one.clone(),
                t.other.clone(),
                format!("{:.2}", t.correlation),
            ]
        })
        .collect();
    let with_head = |head: &[&str], rows: Vec<Vec<String>>| {
        let mut all = vec![head.iter().map(|h| (*h).to_string()).collect()];
        all.extend(rows);
        super::csv_text(&all)
    };
    let informed_head = [
        "parameter",
        "prior_median",
        "p05",
        "p50",
        "p95",
        "variance_ratio",
        "verdict",
    ];
    let files = [
        (format!("{name}.csv"), fit.posterior.text()),
        (
            format!("informed/{name}.csv"),
            with_head(&informed_head, informed),
        ),
        (
            format!("trades/{name}.csv"),
            with_head(&["one", "other", "correlation"], trades),
        ),
    ];
    for (file, text) in files {
        let path = args.out.join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(&path))
            .map_err(|e| Failure::Input(format!("error: {}: {e}\n", path.display())))?;
        files::write(&path, text)?;
    }
    Ok(())
}

fn describe_fit(split: &Split, fit: &SplitFit) -> String {
    let mut informed: Vec<&ParameterInformation> = fit
        .informed
        .iter()
        .filter(|i| i.variance_ratio <= NOT_INFORMED)
        .collect();
    informed.sort_by(|a, b| a.variance_ratio.total_cmp(&b.variance_ratio));
    let silent: Vec<&str> = fit
        .informed
        .iter()
        .filter(|i| i.variance_ratio > NOT_INFORMED)
        .map(|i| i.parameter.as_str())
        .collect();
    let mut rows = vec![
        [
            "parameter",
            "prior median",
            "5 %",
            "50 %",
            "95 %",
            "variance ratio",
        ]
        .map(str::to_string)
        .to_vec(),
    ];
    rows.extend(informed.iter().map(|i| {
        vec![
            i.parameter.clone(),
            format!("{:.4}", i.prior_median),
            format!("{:.4}", i.p05),
            format!("{:.4}", i.p50),
            format!("{:.4}", i.p95),
            format!("{:.2}", i.variance_ratio),
        ]
    }));
    let trades: Vec<String> = fit
        .trades
        .iter()
        .take(8)
        .map(|t| format!("{} with {} ({:+.2})", t.one, t.other, t.correlation))
        .collect();
    let explained = fit.explained.iter().map(|e| e.1).sum::<f64>() / fit.explained.len() as f64;
    format!(
        "\n{}: {}\n{} points; {:.0} % of the bank ruled out; parameters explain {:.0} % of the variance of the points over the prior; \
         chains agree to {:.3}\n{}not informed by data ({} of {}): {}\ntrade off: {}\n",
        split.name,
        split.words,
        fit.points,
        100.0 * fit.ruled_out,
        100.0 * explained,
        fit.r_hat,
        table(&rows),
        silent.len(),
        fit.informed.len(),
        silent.join(", "),
        if trades.is_empty() {
            "nothing above 0.3".into()
        } else {
            trades.join("; ")
        }
    )
}
