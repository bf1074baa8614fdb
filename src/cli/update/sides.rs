//! One side of an update: its studies, claims and numbers beside others, run so that a stopped update resumes, or as an earlier
//! version wrote them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rayon::ThreadPool;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cli::Failure;
use crate::config::diagnostics::{Diagnostic, Problems, Source};
use crate::config::source::Configs;
use crate::config::study::{self, StudyFile};
use crate::evidence::beside;
use crate::foundation::digest::sha256;
use crate::questions::claims::measure;
use crate::questions::conclusions::{ConclusionEffects, conclusion_effects};
use crate::results::claims::ClaimRow;
use crate::results::files;
use crate::study::kept_runs::KeptRuns;
use crate::study::plan::hashes;
use crate::study::{Library, Plan, PlanSettings, made_from};

/// The file of effects by future, from which a later version compares.
pub(super) const FUTURES: &str = "futures.csv";
pub(super) const CLAIMS: &str = "claims.csv";
pub(super) const BESIDE: &str = "beside.csv";
/// The file that says which version wrote a folder.
pub(super) const VERSION: &str = "version.csv";

/// What was before.
pub(super) enum UpdateSide {
    Configuration(Box<Configs>),
    Earlier(EarlierConclusions),
}

/// What one side concludes.
#[derive(Clone, Debug, Default)]
pub(super) struct Conclusions {
    pub(super) effects: Vec<ConclusionEffects>,
    pub(super) claims: Vec<ClaimRow>,
    pub(super) beside: Vec<BesideRow>,
}

/// A published quantity and the model's number for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct BesideRow {
    pub(super) quantity: String,
    pub(super) description: String,
    pub(super) unit: String,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) median: f64,
    pub(super) p05: f64,
    pub(super) p95: f64,
    pub(super) in_range: String,
}

/// An effect in one future.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct FutureEffectRow {
    pub(super) study: String,
    pub(super) arm: String,
    pub(super) baseline: String,
    pub(super) outcome: String,
    pub(super) future: u32,
    pub(super) effect: f64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct VersionRow {
    pub(super) version: String,
    pub(super) source: String,
    pub(super) futures: u32,
}

/// Conclusions that an earlier version wrote.
pub(super) struct EarlierConclusions {
    pub(super) version: String,
    pub(super) conclusions: Conclusions,
    /// Hash of its files.
    pub(super) sha256: String,
}

impl EarlierConclusions {
    /// Whether a folder is one that `update` wrote.
    pub(super) fn is_in(folder: &Path) -> bool {
        folder.join(FUTURES).exists() && folder.join(VERSION).exists()
    }

    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let mut all = String::new();
        let mut text = |name: &str| -> Result<Source, Failure> {
            let source = Source::of_file(&folder.join(name).display().to_string())?;
            all.push_str(&source.text);
            Ok(source)
        };
        let version: Vec<VersionRow> = rows(&text(VERSION)?)?;
        let futures: Vec<FutureEffectRow> = rows(&text(FUTURES)?)?;
        let claims: Vec<ClaimRow> = rows(&text(CLAIMS)?)?;
        let beside: Vec<BesideRow> = rows(&text(BESIDE)?)?;
        let mut effects: Vec<ConclusionEffects> = Vec::new();
        for row in futures {
            let is_same = |e: &ConclusionEffects| {
                (&e.study, &e.arm, &e.outcome) == (&row.study, &row.arm, &row.outcome)
            };
            if !effects.last().is_some_and(is_same) {
                effects.push(ConclusionEffects {
                    study: row.study,
                    arm: row.arm,
                    baseline: row.baseline,
                    outcome: row.outcome,
                    effects: BTreeMap::new(),
                });
            }
            if let Some(last) = effects.last_mut() {
                last.effects.insert(row.future, row.effect);
            }
        }
        let version = version.first().map_or("", |v| v.version.as_str());
        Ok(Self {
            version: version.to_string(),
            conclusions: Conclusions {
                effects,
                claims,
                beside,
            },
            sha256: sha256(all.as_bytes()),
        })
    }
}

/// The rows of a table that `update` wrote.
fn rows<T: DeserializeOwned>(source: &Source) -> Result<Vec<T>, Failure> {
    let mut reader = csv::Reader::from_reader(source.text.as_bytes());
    let read = reader.deserialize().collect::<Result<Vec<T>, _>>();
    Ok(read.map_err(|e| {
        let at = e.position().map_or(0, |p| p.byte() as usize);
        let message = format!("this row cannot be read: {e}");
        Problems::from(Diagnostic::at(source, at..at + 1, message))
    })?)
}

/// Names of configuration files whose text differs.
pub(super) fn changed_files(before: &Configs, after: &Configs) -> Vec<String> {
    let (old, new) = (hashes(before), hashes(after));
    let mut names: Vec<String> = old.keys().chain(new.keys()).cloned().collect();
    names.sort();
    names.dedup();
    names.retain(|name| old.get(name) != new.get(name));
    names
}

/// A study or claim of a side, ready to run.
struct SideStudy {
    name: String,
    study: StudyFile,
    runs: u64,
}

/// A side that is run.
pub(super) struct SideRunner<'a> {
    name: &'a str,
    library: &'a Library,
    studies: Vec<SideStudy>,
    futures: u32,
    folder: &'a Path,
    beside_runs: u64,
}

impl<'a> SideRunner<'a> {
    pub(super) fn new(
        name: &'a str,
        library: &'a Library,
        paths: &[String],
        futures: u32,
        folder: &'a Path,
    ) -> Result<Self, Failure> {
        let mut studies = Vec::new();
        for path in paths {
            let study = study::read(&library.configs.read(path)?, &library.configs)?;
            let name = study
                .claim
                .as_ref()
                .map_or_else(|| study.name.to_string(), |claim| claim.id.clone());
            let runs = u64::from(futures) * study.arms.len() as u64;
            studies.push(SideStudy { name, study, runs });
        }
        let file = crate::config::beside::BesideFile::read(&library.configs)?;
        let regimes = file.regimes().len() as u64;
        Ok(Self {
            name,
            library,
            studies,
            futures,
            folder,
            beside_runs: u64::from(file.runs.min(futures)) * regimes,
        })
    }

    /// Runs of all its studies and claims, and of the numbers beside others.
    pub(super) fn runs(&self) -> u64 {
        self.studies.iter().map(|s| s.runs).sum::<u64>() + self.beside_runs
    }

    /// Runs what is not kept from before.
    pub(super) fn run(
        &self,
        pool: &ThreadPool,
        done: &(dyn Fn() + Sync),
        say: &dyn Fn(&str),
    ) -> Result<Conclusions, Failure> {
        let mut found = Conclusions::default();
        let all = self.studies.len();
        for (turn, study) in self.studies.iter().enumerate() {
            say(&format!(
                "{}: {} ({} of {all})\n",
                self.name,
                study.name,
                turn + 1
            ));
            let settings = PlanSettings {
                seed: study.study.seed,
                runs: self.futures,
                ..PlanSettings::default()
            };
            if study.study.claim.is_some() {
                found.claims.push(self.claim(study, settings, pool, done)?);
            } else {
                let effects = self.study(study, settings, pool, done)?;
                found.effects.extend(effects);
            }
        }
        say(&format!("{}: beside others\n", self.name));
        let quantities = pool.install(|| beside::compare(self.library, self.futures, done))?;
        found.beside = quantities
            .into_iter()
            .map(|c| BesideRow {
                in_range: c.standing().trim_matches('*').to_string(),
                quantity: c.quantity.name.clone(),
                description: c.quantity.description.clone(),
                unit: c.quantity.unit.clone(),
                low: c.quantity.low,
                high: c.quantity.high,
                median: c.median,
                p05: c.p05,
                p95: c.p95,
            })
            .collect();
        Ok(found)
    }

    fn study(
        &self,
        study: &SideStudy,
        settings: PlanSettings,
        pool: &ThreadPool,
        done: &(dyn Fn() + Sync),
    ) -> Result<Vec<ConclusionEffects>, Failure> {
        let mut plan = Plan::new(self.library, study.study.clone(), settings)?;
        let folder = self.folder.join(format!("{}-{}", self.name, study.name));
        // Where runs cannot be kept the update is still made.
        let key = made_from(&plan, &plan.futures);
        plan.kept = KeptRuns::open(folder, key).ok().map(Arc::new);
        Ok(pool.install(|| conclusion_effects(&plan, done)))
    }

    /// A claim is measured whole and its row is kept.
    fn claim(
        &self,
        study: &SideStudy,
        settings: PlanSettings,
        pool: &ThreadPool,
        done: &(dyn Fn() + Sync),
    ) -> Result<ClaimRow, Failure> {
        let path = self
            .folder
            .join(format!("{}-{}.json", self.name, study.name));
        let kept = std::fs::read_to_string(&path).ok();
        if let Some(row) = kept.and_then(|text| serde_json::from_str(&text).ok()) {
            (0..study.runs).for_each(|_| done());
            return Ok(row);
        }
        // Signals unwind out of `done`; nothing else stops it.
        let never = AtomicBool::new(false);
        let measured =
            pool.install(|| measure(self.library, study.study.clone(), settings, done, &never))?;
        let row = measured.map_or_else(ClaimRow::default, |finding| finding.row());
        let text = serde_json::to_string(&row).unwrap_or_default();
        let _ = std::fs::create_dir_all(self.folder);
        let _ = files::write(&path, text);
        Ok(row)
    }
}

/// Removes what was kept: the page is written.
pub(super) fn discard(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let own: Vec<PathBuf> = entries.map(|e| e.path()).collect();
    for path in own {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let is_own = ["before-", "after-", "refit"]
            .iter()
            .any(|start| name.starts_with(start));
        if is_own && path.is_dir() {
            let _ = std::fs::remove_dir_all(&path);
        } else if is_own {
            let _ = std::fs::remove_file(&path);
        }
    }
    let _ = std::fs::remove_dir(folder);
}
