//! `chokepoint slurm submit`: a study as a Slurm array over its blocks, and a merge that waits for all of them.
//!
//! Nodes need the program and the folder, at the same paths. A task whose node is lost is queued again: a block is a pure
//! function of the plan and its number, and its file is there whole or not at all.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, Subcommand};

use super::blocks::laid;
use super::run::Choice;
use super::{Answer, Failure, say};
use crate::config::source::Configs;
use crate::results::files;
use crate::study::plan_file::BLOCKS;

#[derive(Args)]
pub struct SlurmArgs {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Writes the plan and two scripts into a folder and hands them to `sbatch`; prints the numbers of the two jobs.
    Submit(SubmitArgs),
}

#[derive(Args)]
struct SubmitArgs {
    /// A study file, or the name of a shipped study.
    study: String,
    #[command(flatten)]
    choice: Choice,
    /// Number of blocks; by default 32 futures to a block.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(BLOCKS)))]
    blocks: Option<u32>,
    /// Where plan, scripts, logs and blocks go: a folder that every node sees.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Where results go; by default `results` in that folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Writes the scripts and prints what would be submitted.
    #[arg(long)]
    dry_run: bool,
    /// Options for `sbatch`, such as `-- --partition=long --time=2:00:00`.
    #[arg(last = true)]
    sbatch: Vec<String>,
}

pub fn slurm(configs: Configs, args: &SlurmArgs) -> Answer {
    let Verb::Submit(args) = &args.command;
    let (file, plan) = laid(
        &configs,
        &args.study,
        &args.choice,
        args.blocks,
        &args.folder,
    )?;
    let folder = absolute(plan.parent().unwrap_or(Path::new(".")))?;
    let out = match &args.out {
        Some(out) => absolute(out)?,
        None => folder.join("results"),
    };
    let program = std::env::current_exe().map_err(|e| failed("this program", &e))?;
    let logs = folder.join("logs");
    std::fs::create_dir_all(&logs).map_err(|e| failed(&logs.display().to_string(), &e))?;
    let [program, folder_word, out_word] =
        [&program, &folder, &out].map(|p| quoted(&p.display().to_string()));
    let last = file.blocks - 1;
    let blocks = [
        ("--job-name", "chokepoint-block".to_string()),
        ("--array", format!("0-{last}")),
        ("--requeue", String::new()),
        ("--open-mode", "append".into()),
        ("--output", logs.join("block-%a.log").display().to_string()),
    ];
    let each = format!("exec {program} block {folder_word} \"$SLURM_ARRAY_TASK_ID\"");
    let first = script(&folder.join("block.sh"), &blocks, &each)?;
    let merge = [
        ("--job-name", "chokepoint-merge".to_string()),
        ("--kill-on-invalid-dep", "yes".into()),
        ("--requeue", String::new()),
        ("--output", logs.join("merge.log").display().to_string()),
    ];
    let all = format!("exec {program} merge {folder_word} --out {out_word}");
    let second = script(&folder.join("merge.sh"), &merge, &all)?;
    let array = submitted(args, &[], &first)?;
    let after = format!("--dependency=afterok:{array}");
    let merged = submitted(args, &[after], &second)?;
    say(&format!("{array}\n{merged}\n"))
}

/// Writes a script with its options for `sbatch`.
fn script(path: &Path, options: &[(&str, String)], line: &str) -> Result<PathBuf, Failure> {
    let mut text = "#!/bin/sh\n".to_string();
    for (option, value) in options {
        let value = if value.is_empty() {
            String::new()
        } else {
            format!("={}", quoted(value))
        };
        text.push_str(&format!("#SBATCH {option}{value}\n"));
    }
    text.push_str(&format!("{line}\n"));
    let there = std::fs::read_to_string(path);
    if path.exists() && there.is_ok_and(|old| old != text) {
        return Err(Failure::Input(format!(
            "error: {}: is there and is another script; move it, or choose another --folder\n",
            path.display()
        )));
    }
    files::write(path, text)?;
    Ok(path.to_path_buf())
}

/// Hands a script to `sbatch`; the number of its job.
fn submitted(args: &SubmitArgs, more: &[String], script: &Path) -> Result<String, Failure> {
    let mut command = Command::new("sbatch");
    command.arg("--parsable").args(&args.sbatch).args(more);
    command.arg(script);
    if args.dry_run {
        let words = command.get_args().map(|a| a.to_string_lossy());
        let line: Vec<_> = words.collect();
        eprintln!("sbatch {}", line.join(" "));
        return Ok("JOB".into());
    }
    let output = command
        .output()
        .map_err(|e| failed("sbatch, which Slurm installs where jobs are submitted", &e))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::Input(format!("error: {said}")));
    }
    // `--parsable` prints the number, and the cluster after a semicolon where there are several.
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(said.trim().split(';').next().unwrap_or("").to_string())
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|e| failed(&path.display().to_string(), &e))
}

/// A word as the shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "._=-+%/,:".contains(c);
    if word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::Input(format!("error: {what}: {error}\n"))
}
