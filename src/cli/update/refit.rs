//! Says which posteriors a change makes stale, and fits those that studies use anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::sides::UpdateSide;
use crate::cli::Failure;
use crate::cli::calibrate::{CalibrateArgs, fit_posteriors};
use crate::config::acts::ids_of;
use crate::config::claim::claim_paths;
use crate::config::evidence::Evidence;
use crate::config::posterior::Posterior;
use crate::config::source::Configs;
use crate::config::study;
use crate::controls::DatedRule;
use crate::evidence::forecast::last_month_on_record;
use crate::foundation::calendar::Month;
use crate::study::Library;

/// A posterior before and after: a row of `posteriors.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct PosteriorRow {
    pub(super) posterior: String,
    /// Whether a study or a claim takes its parameters from it.
    pub(super) used: bool,
    /// Why it was stale, and why it is; empty where it is not.
    pub(super) before: String,
    pub(super) after: String,
    pub(super) refitted: bool,
}

impl PosteriorRow {
    /// Whether the change made it stale.
    pub(super) fn is_stale_now(&self) -> bool {
        !self.after.is_empty() && self.after != self.before
    }
}

/// How much a refit runs.
#[derive(Clone, Debug)]
pub(super) struct RefitEffort {
    bank: u32,
    waves: u32,
    wave: u32,
    samples: u32,
}

/// `BANK,WAVES,WAVE,SAMPLES` on the command line.
pub(super) fn effort(text: &str) -> Result<RefitEffort, String> {
    let parts: Vec<Option<u32>> = text.split(',').map(|p| p.trim().parse().ok()).collect();
    match parts[..] {
        [Some(bank), Some(waves), Some(wave), Some(samples)]
            if bank >= 100 && wave >= 100 && samples >= 50 =>
        {
            Ok(RefitEffort {
                bank,
                waves,
                wave,
                samples,
            })
        }
        _ => Err(
            "expected four whole numbers such as 4000,2,800,500: at least 100 runs in the bank and in a wave, and 50 samples".into(),
        ),
    }
}

/// What the runs of a fit rest on and no hash of a posterior holds: the world, and recorded history with the rules that act by
/// the last month of the record.
fn beneath(before: &Configs, after: &Configs, changed: &[String]) -> Result<Vec<String>, Failure> {
    let library = Library::read(after.clone(), &[])?;
    let last = last_month_on_record(&Evidence::read(after)?).map(Month::last_day);
    let history = library.regime("history")?;
    let acts_on_record = |id: &str| {
        let rule = |e: &&DatedRule| library.law.rules[usize::from(e.rule)].id == id;
        let entry = history.entries.iter().find(rule);
        entry.is_some_and(|e| last.is_none_or(|last| e.announced <= last))
    };
    let mut found = Vec::new();
    for name in changed {
        let path = name.trim_start_matches("configs/");
        let acts = match path.split('/').next().unwrap_or_default() {
            "world" => true,
            "regimes" => path == "regimes/history.toml",
            "rules" if path.ends_with(".toml") => {
                let mut ids = Vec::new();
                for configs in [before, after] {
                    if let Ok(source) = configs.read(path) {
                        ids.extend(ids_of(&[source])?);
                    }
                }
                // A rule that is no longer there acted, for all that is known.
                ids.iter()
                    .any(|id| acts_on_record(id) || library.law.find(id).is_none())
            }
            _ => false,
        };
        if acts {
            found.push(format!("`{name}` changed, which the fit runs"));
        }
    }
    Ok(found)
}

/// Every posterior of the configuration now, and why it is stale before and after.
pub(super) fn posterior_rows(
    before: &UpdateSide,
    after: &Configs,
    changed: &[String],
) -> Result<Vec<PosteriorRow>, Failure> {
    let now = stale(after)?;
    let old = match before {
        UpdateSide::Configuration(before) => stale(before)?,
        UpdateSide::Earlier(_) => BTreeMap::new(),
    };
    let used = used(after)?;
    let beneath = match before {
        UpdateSide::Configuration(before) => beneath(before, after, changed)?,
        UpdateSide::Earlier(_) => Vec::new(),
    };
    Ok(now
        .into_iter()
        .map(|(posterior, mut reasons)| {
            reasons.extend(beneath.clone());
            PosteriorRow {
                used: used.contains(&posterior),
                before: old.get(&posterior).map_or(String::new(), |r| r.join("; ")),
                after: reasons.join("; "),
                refitted: false,
                posterior,
            }
        })
        .collect())
}

/// Why each posterior of a configuration is stale.
fn stale(configs: &Configs) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let library = Library::read(configs.clone(), &[])?;
    let hashes = library.hashes()?;
    let mut found = BTreeMap::new();
    for path in configs.list("posterior", ".csv") {
        let name = path
            .trim_start_matches("posterior/")
            .trim_end_matches(".csv");
        if name.contains('/') {
            continue;
        }
        let posterior = Posterior::find(configs, name)?;
        let reasons = posterior.stale(&hashes, &library.parameters);
        found.insert(name.to_string(), reasons);
    }
    Ok(found)
}

/// Posteriors that studies and claims name.
fn used(configs: &Configs) -> Result<BTreeSet<String>, Failure> {
    let mut paths = configs.list("studies", ".toml");
    paths.extend(claim_paths(configs));
    let mut found = BTreeSet::new();
    for path in paths {
        let study = study::read(&configs.read(&path)?, configs)?;
        found.extend(study.posterior);
    }
    Ok(found)
}

/// Posteriors that were fitted anew: their names, and their files by path.
#[derive(Default)]
pub(super) struct Refit {
    pub(super) names: Vec<String>,
    pub(super) files: BTreeMap<String, String>,
}

/// Fits the posteriors that are used and stale now. Finished runs are kept in `work`.
pub(super) fn refitted(
    configs: &Configs,
    rows: &[PosteriorRow],
    effort: &RefitEffort,
    work: &Path,
    threads: Option<u16>,
) -> Result<Refit, Failure> {
    let stale = rows.iter().filter(|r| r.used && r.is_stale_now());
    let names: Vec<String> = stale.map(|r| r.posterior.clone()).collect();
    if names.is_empty() {
        return Ok(Refit::default());
    }
    let out = work.join("posterior");
    let args = CalibrateArgs {
        out: out.clone(),
        overwrite: true,
        work: work.join("runs"),
        split: names.clone(),
        bank: effort.bank,
        waves: effort.waves,
        wave: effort.wave,
        samples: effort.samples,
        seed: CalibrateArgs::SEED,
        synthetic: None,
        threads,
    };
    fit_posteriors(configs.clone(), &args)?;
    let mut files = BTreeMap::new();
    for name in &names {
        for below in ["", "informed/", "trades/"] {
            let path = format!("{below}{name}.csv");
            if let Ok(text) = std::fs::read_to_string(out.join(&path)) {
                files.insert(format!("posterior/{path}"), text);
            }
        }
    }
    Ok(Refit { names, files })
}
