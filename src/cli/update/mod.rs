//! `chokepoint update`: runs every shipped study before and after a change of rules or evidence, and says which conclusions
//! changed.

mod page;
mod refit;
mod sides;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use self::page::{UpdateAnswer, page, tables};
use self::refit::{PosteriorRow, posterior_rows, refitted};
use self::sides::{Conclusions, EarlierConclusions, SideRunner, UpdateSide, changed_files};
use super::execution::{pool, progress, threads};
use super::question::{stopped, stopped_by_signal};
use super::{Answer, Failure, count, note, say, wrong_word};
use crate::config::claim::claim_paths;
use crate::config::source::Configs;
use crate::foundation::digest::sha256;
use crate::questions::conclusions::compare_conclusions;
use crate::results::{FolderClaim, WorkingFolder, files, io};
use crate::study::Library;
use crate::study::plan::hashes;

#[derive(Args)]
pub struct UpdateArgs {
    /// What was before: a configuration laid out like `configs/`, or a folder that `update` of an earlier version wrote. The default is the configuration that the program carries. What is now comes from `--configs`, else from the program.
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// Number of futures (possible worlds) of each study and claim, the same before and after.
    #[arg(long, value_name = "FUTURES", default_value = "200", value_parser = crate::cli::held)]
    runs: u32,
    /// Only these studies and claims, by name or number; the default is every one.
    #[arg(long, value_name = "NAME")]
    study: Vec<String>,
    /// Fit the posteriors that studies use anew where the change makes them stale, before the second side is run.
    #[arg(long)]
    refit: bool,
    /// With `--refit`: runs from the prior, waves, runs in each wave and samples, as `chokepoint calibrate` takes them.
    #[arg(long, value_name = "BANK,WAVES,WAVE,SAMPLES", default_value = "4000,2,800,500", value_parser = refit::effort)]
    effort: refit::RefitEffort,
    /// Folder for the page and its tables.
    #[arg(long, value_name = "DIR", default_value = "results/update")]
    out: PathBuf,
    /// Replace the page of another change in that folder.
    #[arg(long)]
    overwrite: bool,
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = count::<u16>)]
    threads: Option<u16>,
}

pub fn update(configs: Configs, args: &UpdateArgs) -> Answer {
    let started = Instant::now();
    let (before, mut after) = args.sides(configs)?;
    let changed = match &before {
        UpdateSide::Earlier(_) => Vec::new(),
        UpdateSide::Configuration(before) => changed_files(before, &after),
    };
    if changed.is_empty() && matches!(before, UpdateSide::Configuration(_)) {
        return Err(Failure::Input(
            "error: both sides hold the same configuration; give what is new with --configs, or what was before with --against\n".into(),
        ));
    }
    let key = args.key(&before, &after);
    let claim = FolderClaim {
        made_from: vec![key.clone()],
        overwrite: args.overwrite,
    };
    let working = WorkingFolder::open(&args.out, &claim)?;
    let made = args
        .posteriors(&before, &mut after, &changed, &key)
        .and_then(|(posteriors, fitted)| {
            let answer = args.answer(&before, &after, &key)?;
            Ok(UpdateAnswer {
                changed: changed.clone(),
                posteriors,
                fitted,
                ..answer
            })
        });
    let stored = made.and_then(|answer| {
        let into = working.fresh()?;
        files::write(&into.join("conclusions.md"), page(&answer))?;
        for (name, text) in tables(&answer) {
            files::write(&into.join(name), text)?;
        }
        for (path, text) in &answer.fitted {
            let path = into.join(path);
            let folder = path.parent().unwrap_or(&into);
            std::fs::create_dir_all(folder).map_err(|e| io(folder, e))?;
            files::write(&path, text)?;
        }
        working.finish(&claim)?;
        Ok(answer)
    });
    if stored.is_err() {
        working.discard();
    }
    let answer = stored?;
    sides::discard(&args.kept_folder(&key));
    note(&format!(
        "{} runs, {:.1} s in all\n",
        answer.made,
        started.elapsed().as_secs_f64()
    ));
    say(&format!(
        "{}\n{}\n",
        answer.sentence(),
        args.out.join("conclusions.md").display()
    ))
}

impl UpdateArgs {
    /// What was before, and the configuration now.
    fn sides(&self, now: Configs) -> Result<(UpdateSide, Configs), Failure> {
        let before = match &self.against {
            None => UpdateSide::Configuration(Box::new(Configs::embedded())),
            Some(folder) if !folder.is_dir() => {
                let message = format!("error: --against {}: no such folder\n", folder.display());
                return Err(Failure::Input(message));
            }
            Some(folder) if EarlierConclusions::is_in(folder) => {
                UpdateSide::Earlier(EarlierConclusions::read(folder)?)
            }
            Some(folder) => UpdateSide::Configuration(Box::new(Configs::folder(folder))),
        };
        Ok((before, now))
    }

    /// Hash of all that the page is made from.
    fn key(&self, before: &UpdateSide, after: &Configs) -> String {
        let before = match before {
            UpdateSide::Configuration(configs) => format!("{:?}", hashes(configs)),
            UpdateSide::Earlier(earlier) => earlier.sha256.clone(),
        };
        let parts = (
            (env!("CARGO_PKG_VERSION"), env!("CHOKEPOINT_SOURCE")),
            (before, hashes(after)),
            (self.runs, &self.study, self.refit, &self.effort),
        );
        sha256(format!("update {parts:?}").as_bytes())
    }

    /// Where finished runs are kept until the page is written.
    fn kept_folder(&self, key: &str) -> PathBuf {
        Path::new("results").join(format!(".update-{}.unfinished", &key[..12]))
    }

    /// What became of every posterior; with `--refit`, `after` takes samples that are fitted anew, whose files are answered too.
    fn posteriors(
        &self,
        before: &UpdateSide,
        after: &mut Configs,
        changed: &[String],
        key: &str,
    ) -> Result<(Vec<PosteriorRow>, BTreeMap<String, String>), Failure> {
        let mut rows = posterior_rows(before, after, changed)?;
        for row in rows.iter().filter(|r| r.is_stale_now()) {
            note(&format!(
                "the posterior `{}` is stale: {}{}\n",
                row.posterior,
                row.after,
                if self.refit || !row.used {
                    ""
                } else {
                    "; --refit fits it again"
                }
            ));
        }
        if self.refit {
            let work = self.kept_folder(key).join("refit");
            let fit = refitted(after, &rows, &self.effort, &work, self.threads)?;
            for row in rows.iter_mut().filter(|r| fit.names.contains(&r.posterior)) {
                row.refitted = true;
            }
            *after = after.clone().with(fit.files.clone());
            return Ok((rows, fit.files));
        }
        Ok((rows, BTreeMap::new()))
    }

    /// Runs both sides with a progress bar.
    fn answer(
        &self,
        before: &UpdateSide,
        after: &Configs,
        key: &str,
    ) -> Result<UpdateAnswer, Failure> {
        let pool = pool(threads(self.threads))?;
        let folder = self.kept_folder(key);
        let libraries: Vec<(&str, Library)> = match before {
            UpdateSide::Configuration(before) => vec![
                ("before", Library::read((**before).clone(), &[])?),
                ("after", Library::read(after.clone(), &[])?),
            ],
            UpdateSide::Earlier(_) => vec![("after", Library::read(after.clone(), &[])?)],
        };
        let mut runners = Vec::new();
        for (name, library) in &libraries {
            runners.push(SideRunner::new(
                name,
                library,
                &self.asked(library)?,
                self.runs,
                &folder,
            )?);
        }
        let total: u64 = runners.iter().map(SideRunner::runs).sum();
        note(&format!("{total} runs\n"));
        let bar = progress(total);
        let found = stopped_by_signal(|stop| {
            let done = || {
                bar.inc(1);
                stop();
            };
            let say = |text: &str| bar.suspend(|| note(text));
            let sides = runners.iter().map(|r| r.run(&pool, &done, &say));
            sides.collect::<Result<Vec<Conclusions>, Failure>>()
        });
        bar.finish_and_clear();
        let Some(sides) = found? else {
            let kept = folder.exists();
            return Err(if kept {
                Failure::Stopped(format!(
                    "stopped: finished runs are kept in {}; run the same command again to resume\n",
                    folder.display()
                ))
            } else {
                stopped(None)
            });
        };
        let mut sides = sides?.into_iter();
        let first = match before {
            UpdateSide::Earlier(earlier) => Some(earlier.conclusions.clone()),
            UpdateSide::Configuration(_) => sides.next(),
        };
        let (first, second) = (first.unwrap_or_default(), sides.next().unwrap_or_default());
        let against = match before {
            UpdateSide::Earlier(earlier) => format!("version {}", earlier.version),
            UpdateSide::Configuration(before) => before.own_folder().map_or_else(
                || "the configuration that the program carries".into(),
                |folder| folder.display().to_string(),
            ),
        };
        Ok(UpdateAnswer {
            against,
            runs: self.runs,
            made: total,
            rows: compare_conclusions(&first.effects, &second.effects),
            before: first,
            after: second,
            changed: Vec::new(),
            posteriors: Vec::new(),
            fitted: BTreeMap::new(),
        })
    }

    /// Paths of the studies and claims that are asked for, of those of a side.
    fn asked(&self, library: &Library) -> Result<Vec<String>, Failure> {
        let configs = &library.configs;
        let mut paths = configs.list("studies", ".toml");
        paths.extend(claim_paths(configs));
        if self.study.is_empty() {
            return Ok(paths);
        }
        let stem = |path: &str| -> String {
            let name = path.rsplit('/').next().unwrap_or(path);
            name.trim_end_matches(".toml").to_string()
        };
        let names: Vec<String> = paths.iter().map(|p| stem(p)).collect();
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        for name in &self.study {
            if !known.iter().any(|k| k.eq_ignore_ascii_case(name)) {
                let expected = "a study or a claim (`chokepoint list studies`)";
                return Err(wrong_word("--study", name, expected, &known));
            }
        }
        let asked = |path: &String| {
            let stem = stem(path);
            self.study.iter().any(|s| s.eq_ignore_ascii_case(&stem))
        };
        Ok(paths.into_iter().filter(asked).collect())
    }
}
