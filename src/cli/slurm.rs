//! `chokepoint slurm submit`: runs a study as a Slurm array of blocks, with a merge that waits for all of them.
//!
//! Nodes need the program and the folder, at the same paths. A task whose node is lost is queued again: a block is a pure
//! function of the plan and its number, and its file is there atomically.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, Subcommand};

use super::blocks::write_plan;
use super::run::StudyOverrides;
use super::{Answer, Failure, note, say};
use crate::config::source::Configs;
use crate::foundation::escape::{shell_bytes, shell_option, shell_word};
use crate::results::files;
use crate::study::plan_file::BLOCKS;

#[derive(Args)]
pub struct SlurmArgs {
    #[command(subcommand)]
    command: SlurmCommand,
}

#[derive(Subcommand)]
enum SlurmCommand {
    /// Write the plan and two scripts into a folder, submit them with `sbatch`, and print the two job numbers.
    Submit(SubmitArgs),
}

#[derive(Args)]
struct SubmitArgs {
    /// A study file, or a name from `chokepoint list studies`.
    study: String,
    #[command(flatten)]
    choice: StudyOverrides,
    /// Number of blocks; the default puts 32 futures in a block.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(BLOCKS)))]
    blocks: Option<u32>,
    /// Folder for plan, scripts, logs and blocks; every node must see it.
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Folder for the results; the default is `results` in that folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the scripts and print the commands without submitting them.
    #[arg(long)]
    dry_run: bool,
    /// Options for `sbatch`, such as `-- --partition=long --time=2:00:00`.
    #[arg(last = true)]
    sbatch: Vec<String>,
}

pub fn slurm(configs: Configs, args: &SlurmArgs) -> Answer {
    let SlurmCommand::Submit(args) = &args.command;
    let (file, plan) = write_plan(
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
    let last = file.blocks - 1;
    let blocks = [
        "--job-name=chokepoint-block".to_string(),
        format!("--array=0-{last}"),
        "--requeue".into(),
        "--open-mode=append".into(),
    ];
    let words: [&OsStr; 3] = [program.as_ref(), "block".as_ref(), folder.as_ref()];
    let first = folder.join("block.sh");
    write_script(&first, &blocks, &words, " \"$SLURM_ARRAY_TASK_ID\"")?;
    let merge = [
        "--job-name=chokepoint-merge".to_string(),
        "--kill-on-invalid-dep=yes".into(),
        "--requeue".into(),
    ];
    let words: [&OsStr; 5] = [
        program.as_ref(),
        "merge".as_ref(),
        folder.as_ref(),
        "--out".as_ref(),
        out.as_ref(),
    ];
    let second = folder.join("merge.sh");
    write_script(&second, &merge, &words, "")?;
    let array = submit_job(args, &logs.join("block-%a.log"), None, &first)?;
    let merged = submit_job(args, &logs.join("merge.log"), Some(&array), &second)
        .map_err(|failure| array_without_merge(failure, &array))?;
    say(&format!("{}\n{}\n", array.number, merged.number))
}

/// Writes a script: fixed options for `sbatch`, and one command whose words are quoted for the shell.
///
/// Text of the user appears only in the command, after the options: there `sbatch` reads no option and the quoted shell text
/// starts no second command.
fn write_script(
    path: &Path,
    options: &[String],
    words: &[&OsStr],
    rest: &str,
) -> Result<(), Failure> {
    let mut text = b"#!/bin/sh\n".to_vec();
    for option in options {
        text.extend_from_slice(format!("#SBATCH {option}\n").as_bytes());
    }
    text.extend_from_slice(b"exec");
    for word in words {
        text.push(b' ');
        text.extend(shell_bytes(word.as_bytes()));
    }
    text.extend_from_slice(rest.as_bytes());
    text.push(b'\n');
    let there = std::fs::read(path);
    if path.exists() && there.is_ok_and(|old| old != text) {
        return Err(Failure::Input(format!(
            "error: {}: exists and is a different script; move it, or choose another --folder\n",
            path.display()
        )));
    }
    files::write(path, text)?;
    Ok(())
}

/// A job as `sbatch` names it.
struct SubmittedJob {
    number: String,
    /// Where there are several clusters.
    cluster: Option<String>,
}

/// Submits a script with `sbatch`; the user's own options come last and take precedence.
fn submit_job(
    args: &SubmitArgs,
    log: &Path,
    after: Option<&SubmittedJob>,
    script: &Path,
) -> Result<SubmittedJob, Failure> {
    let mut command = Command::new("sbatch");
    command.arg("--parsable").arg(log_option(log));
    if let Some(array) = after {
        command.arg(format!("--dependency=afterok:{}", array.number));
    }
    command.args(&args.sbatch).arg(script);
    if args.dry_run {
        let words = command.get_args().map(|a| shell_word(&a.to_string_lossy()));
        let line: Vec<_> = words.collect();
        note(&format!("sbatch {}\n", line.join(" ")));
        return Ok(SubmittedJob {
            number: "JOB".into(),
            cluster: None,
        });
    }
    let output = command
        .output()
        .map_err(|e| failed("sbatch, which Slurm installs where jobs are submitted", &e))?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let said = format!("{}\n{}", out.trim_end(), err.trim_end());
    let said = said.trim();
    if !output.status.success() {
        return Err(Failure::Input(format!("error: sbatch failed: {said}\n")));
    }
    // Warnings of `sbatch` are passed on to the user.
    note(&err);
    parse_job(&out).ok_or_else(|| {
        Failure::Input(format!(
            "error: found no job number in what sbatch said, expected a line such as `519605`: {said}\n\
             the job may be submitted all the same: `squeue --me` shows it\n"
        ))
    })
}

/// Where a job writes, as an option: `%a` in the name of the file is the task, and `%` in its folder is itself.
fn log_option(log: &Path) -> OsString {
    let folder = log.parent().unwrap_or(Path::new("")).as_os_str();
    let mut option = b"--output=".to_vec();
    for byte in folder.as_bytes() {
        option.push(*byte);
        if *byte == b'%' {
            option.push(b'%');
        }
    }
    option.push(b'/');
    option.extend_from_slice(log.file_name().unwrap_or_default().as_bytes());
    OsString::from_vec(option)
}

/// The job in what `sbatch --parsable` said: the number, and the cluster after a semicolon where there are several. A site's
/// own `sbatch` can say more before it, and after.
fn parse_job(said: &str) -> Option<SubmittedJob> {
    said.lines().rev().find_map(|line| {
        let (number, cluster) = match line.trim().split_once(';') {
            Some((number, cluster)) => (number, Some(cluster.to_string())),
            None => (line.trim(), None),
        };
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| SubmittedJob {
            number: number.into(),
            cluster,
        })
    })
}

/// The failure for an array that was submitted without its merge, with the command that cancels it.
fn array_without_merge(failure: Failure, array: &SubmittedJob) -> Failure {
    let number = &array.number;
    let cluster = array.cluster.as_ref().map_or(String::new(), |c| {
        format!(" {}", shell_option("--clusters", c))
    });
    Failure::Input(format!(
        "{}the array {number} is submitted and no merge waits for it; cancel it with: scancel{cluster} {number}\n",
        failure.text()
    ))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|e| failed(&path.display().to_string(), &e))
}

fn failed(what: &str, error: &std::io::Error) -> Failure {
    Failure::Input(format!("error: {what}: {error}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_job_is_the_last_line_that_is_a_number() {
        let number = |said: &str| parse_job(said).map(|job| job.number);
        assert_eq!(number("519605\n").unwrap(), "519605");
        assert_eq!(number("--> host...OK\n519605;big\n").unwrap(), "519605");
        assert_eq!(
            number("2 nodes are free\n519605\nhave fun\n").unwrap(),
            "519605"
        );
        assert_eq!(number("Submitted batch job\n"), None);
        assert_eq!(parse_job("7;big").unwrap().cluster.unwrap(), "big");
    }

    #[test]
    fn a_folder_with_a_percent_sign_is_no_pattern() {
        let option = log_option(Path::new("/a%b/logs/block-%a.log"));
        assert_eq!(option, "--output=/a%%b/logs/block-%a.log");
    }
}
