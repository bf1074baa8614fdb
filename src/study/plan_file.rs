//! A plan as one file, with everything that it is made from, so that any machine can run any of its blocks.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::plan::hashes;
use super::{Library, Plan, PlanSettings};
use crate::config::diagnostics::Problems;
use crate::config::draws::sealed_path;
use crate::config::figure::{self, FigureFile};
use crate::config::posterior::{self, Posterior};
use crate::config::shipped::figure_path;
use crate::config::source::{Configs, Source};
use crate::config::study;
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::digest::sha256;
use crate::foundation::run::ExpectationRule;
use crate::results::{ResultsError, files};

/// Futures of a block, if nobody says otherwise.
const BLOCK: u32 = 32;
/// Blocks of a plan at most: each is an open file when they are joined.
pub const BLOCKS: u32 = 512;

/// What a plan is made from. Its hash covers all but the number of blocks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    pub version: String,
    /// Hash of the source that the program was built from.
    pub source: String,
    /// The study as it is run, with what the command line changed in it.
    pub study: Source,
    /// Rule files of the user's own.
    pub rules: Vec<Source>,
    /// Configuration that is not as the program carries it: texts by path.
    pub files: BTreeMap<String, String>,
    /// SHA-256 of every input.
    pub inputs: BTreeMap<String, String>,
    pub seed: u64,
    pub runs: u32,
    pub only: Option<u32>,
    /// Parameters fixed in every future, and every setting as text.
    pub set: BTreeMap<String, f64>,
    pub said: BTreeMap<String, String>,
    pub off: Vec<String>,
    pub planning: String,
    /// A future that is made to fail: the hook for tests, `CHOKEPOINT_FAIL`.
    pub fail: Option<u32>,
    /// What makes these results again, but for the number of futures and `--only`.
    pub command: String,
    pub blocks: u32,
    pub hash: String,
}

/// A plan ready to run, with the figures that its study asks for.
pub struct OpenedPlan {
    pub library: Library,
    pub plan: Plan,
    pub figures: Vec<FigureFile>,
}

impl PlanFile {
    /// Fills in what the rest follows from: own files, hashes, the number of blocks.
    ///
    /// # Errors
    /// When the study or a figure cannot be read.
    pub fn seal(mut self, configs: &Configs, blocks: Option<u32>) -> Result<Self, Problems> {
        self.version = env!("CARGO_PKG_VERSION").into();
        self.source = env!("CHOKEPOINT_SOURCE").into();
        self.files = configs.own();
        let study = study::read(&self.study, configs)?;
        if let (Some(path), Some(draws)) = (&study.futures.table, &study.draws) {
            self.files
                .insert(sealed_path(path), draws.source.text.clone());
        }
        if let Some(name) = &study.posterior
            && let Some(table) = Posterior::on_disk(configs, name)?
        {
            self.files.insert(posterior::sealed_path(name), table.text);
        }
        figure::check_names(configs, &self.study, &study.figures)?;
        let mut figures = BTreeMap::new();
        for name in &study.figures {
            let source = configs.find_figure(name)?;
            let path = figure_path(name);
            figures.insert(path.clone(), sha256(source.text.as_bytes()));
            if source.name != path {
                self.files.insert(path, source.text);
            }
        }
        self.inputs = hashes(&Configs::sealed(self.files.clone()));
        self.inputs.extend(figures);
        for rule in &self.rules {
            let name = format!("rule {}", rule.name);
            self.inputs.insert(name, sha256(rule.text.as_bytes()));
        }
        // As it is run: with what the command line changed in it.
        let study = sha256(self.study.text.as_bytes());
        self.inputs.insert("study".into(), study);
        let n = self.futures().len() as u32;
        let size = (n / BLOCK).clamp(1, BLOCK).max(n.div_ceil(BLOCKS));
        self.blocks = blocks.unwrap_or(n.div_ceil(size)).min(n).max(1);
        self.hash = self.hashed();
        Ok(self)
    }

    fn hashed(&self) -> String {
        let plain = Self {
            blocks: 0,
            hash: String::new(),
            ..self.clone()
        };
        sha256(&serde_json::to_vec(&plain).unwrap_or_default())
    }

    /// The plan that this file describes, built from nothing but it and the program.
    ///
    /// # Errors
    /// With what is wrong in the study or its files.
    pub fn open(&self) -> Result<OpenedPlan, Problems> {
        let library = Library::read(Configs::sealed(self.files.clone()), &self.rules)?;
        let study = study::read(&self.study, &library.configs)?;
        let figures = figure::read_all(&library.configs, &study.figures)?;
        let mut plan = Plan::new(&library, study, self.settings())?;
        plan.said.clone_from(&self.said);
        plan.fail = self.fail;
        plan.inputs = OnceLock::from(self.inputs.clone());
        Ok(OpenedPlan {
            library,
            plan,
            figures,
        })
    }

    /// What the plan is run with, beside its study.
    pub fn settings(&self) -> PlanSettings {
        let off = self.off.iter().filter_map(|name| Channel::named(name));
        let planning = ExpectationRule::ALL
            .into_iter()
            .find(|p| p.name() == self.planning);
        PlanSettings {
            seed: self.seed,
            runs: self.runs,
            set: self.set.clone(),
            only: self.only,
            channels: off.fold(Channels::default(), Channels::without),
            planning: planning.unwrap_or_default(),
            posterior: None,
            parts: None,
        }
    }

    /// Numbers of the futures that are run.
    pub fn futures(&self) -> Range<u32> {
        self.only
            .map_or(0..self.runs, |one| one..one.saturating_add(1))
    }

    /// The futures of a block.
    pub fn block(&self, number: u32) -> Range<u32> {
        let all = self.futures();
        let n = u64::from(all.end - all.start);
        let cut = |k: u32| all.start + (n * u64::from(k) / u64::from(self.blocks)) as u32;
        cut(number)..cut(number + 1)
    }

    /// Reads a plan, and checks that this program would run it as it was meant.
    ///
    /// # Errors
    /// When it is no plan, was changed by hand, or is of another program.
    pub fn read(path: &Path) -> Result<Self, ResultsError> {
        let text = std::fs::read_to_string(path).map_err(|e| ResultsError::Io {
            path: path.to_path_buf(),
            reason: e.to_string(),
        })?;
        Self::of_text(&text, path)
    }

    /// As [`PlanFile::read`], of the text of the file; `path` is what errors call it.
    ///
    /// # Errors
    /// As [`PlanFile::read`].
    pub fn of_text(text: &str, path: &Path) -> Result<Self, ResultsError> {
        let failed = |reason: String| ResultsError::Io {
            path: path.to_path_buf(),
            reason,
        };
        let file: Self =
            serde_json::from_str(text).map_err(|e| failed(format!("is no plan: {e}")))?;
        if file.source != env!("CHOKEPOINT_SOURCE") || file.version != env!("CARGO_PKG_VERSION") {
            return Err(failed(format!(
                "was made by version {} (source {}), this is {} ({}): plan and blocks need the same program",
                file.version,
                file.source,
                env!("CARGO_PKG_VERSION"),
                env!("CHOKEPOINT_SOURCE")
            )));
        }
        let now = hashes(&Configs::sealed(file.files.clone()));
        if let Some((name, _)) = now
            .iter()
            .find(|(name, hash)| file.inputs.get(*name) != Some(hash))
        {
            return Err(failed(format!(
                "{name} is not what it was when the plan was made"
            )));
        }
        // A key that is not of a plan is in no hash.
        let whole: Option<serde_json::Value> = serde_json::from_str(text).ok();
        if file.hash != file.hashed() || whole != serde_json::to_value(&file).ok() {
            return Err(failed("was changed after it was made".into()));
        }
        let most = (file.futures().len() as u32).min(BLOCKS);
        if !(1..=most).contains(&file.blocks) {
            return Err(failed(format!(
                "holds {} blocks, expected 1 to {most}",
                file.blocks
            )));
        }
        Ok(file)
    }

    /// Reads a plan as it stands, to say how it differs; None when there is none.
    pub fn peek(path: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Writes the plan, atomically.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ResultsError> {
        files::write(path, self.text())
    }

    /// Describes how another plan differs from this one.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut all = Vec::new();
        let mut say = |what: &str, a: String, b: String| {
            if a != b {
                all.push(format!("{what}: {a}, not {b}"));
            }
        };
        say("version", self.version.clone(), other.version.clone());
        say("source", self.source.clone(), other.source.clone());
        say("seed", self.seed.to_string(), other.seed.to_string());
        say("futures", self.runs.to_string(), other.runs.to_string());
        let only = |p: &Self| {
            p.only
                .map_or("all futures".into(), |one| format!("future {one}"))
        };
        say("only", only(self), only(other));
        say(
            "set",
            format!("{:?}", self.said),
            format!("{:?}", other.said),
        );
        say("off", self.off.join(" "), other.off.join(" "));
        say("planning", self.planning.clone(), other.planning.clone());
        say("command", self.command.clone(), other.command.clone());
        let mut names: Vec<&String> = self.inputs.keys().chain(other.inputs.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            if self.inputs.get(name) != other.inputs.get(name) {
                all.push(format!("input {name}"));
            }
        }
        all
    }
}
