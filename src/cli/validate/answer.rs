//! What `chokepoint validate` answers: a scorecard for each split, patterns and headline effects.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::cli::execution::{pool, threads};
use crate::cli::job::Progress;
use crate::cli::{Failure, wrong_word};
use crate::config::diagnostics::Problems;
use crate::config::evidence::Evidence;
use crate::config::posterior::{Posterior, informed};
use crate::config::source::{Configs, Source};
use crate::config::splits::{self, InputHashes, Registration, Split, SplitsFile};
use crate::config::structure;
use crate::evidence::headline::{HeadlineEffect, headline_effects, unsupported};
use crate::evidence::hindcast::Hindcast;
use crate::evidence::patterns::{PatternScore, pattern_names, patterns, registered_hash};
use crate::evidence::predictive::ensemble;
use crate::evidence::scorecard::{Scorecard, score};
use crate::evidence::series_score::SeriesScore;
use crate::foundation::channels::Channels;
use crate::foundation::parameters::Parameters;
use crate::study::futures::Override;
use crate::study::kept_runs::KeptRuns;
use crate::study::{Library, PlanSettings};

/// What to score, with which effort.
#[derive(Args, Default)]
pub struct ValidationRequest {
    /// Evidence table of your own; `chokepoint schema series` lists its columns.
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<String>,
    /// Score only this split; the default is every split that has a test part.
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Score this form of `evidence/structure.toml` in place of the model's own, with the same samples: it is not fitted anew.
    #[arg(long, value_name = "NAME")]
    pub form: Option<String>,
    /// Number of draws in each ensemble; the default is the registered number.
    #[arg(long, value_parser = crate::cli::spread)]
    pub runs: Option<u32>,
    /// Seed of every random draw.
    #[arg(long, default_value = "1")]
    pub seed: u64,
    /// Number of draws for patterns and headline effects; 0 leaves them out.
    #[arg(long, default_value = "100")]
    pub patterns: u32,
    /// Number of threads; the default is one for each processor core.
    #[arg(long, value_parser = crate::cli::count::<u16>)]
    pub threads: Option<u16>,
    /// Store of finished runs, so that a stopped scorecard can resume.
    #[arg(skip)]
    pub kept: Option<Arc<KeptRuns>>,
}

/// The split that an answer leads with, where it is scored.
pub(super) const LEAD: &str = "B";

/// The scorecard as it is printed, in order.
#[derive(Serialize)]
pub struct ValidationReport {
    pub(super) registration: RegistrationStatus,
    /// Draws of each ensemble.
    pub(super) draws: u32,
    /// What misses a bar, worst first.
    pub(super) missed: Vec<String>,
    pub(super) effects: Vec<HeadlineEffect>,
    /// Points and series of the split that the answer leads with.
    pub(super) split: String,
    pub(super) points: Vec<serde_json::Value>,
    pub(super) series: Vec<SeriesScore>,
    pub(super) patterns: Vec<PatternScore>,
    pub(super) splits: Vec<Scorecard>,
}

impl ValidationReport {
    /// The split that the answer leads with.
    pub(super) fn lead(&self) -> &Scorecard {
        let named = self.splits.iter().find(|c| c.split == self.split);
        named.unwrap_or(&self.splits[0])
    }
}

#[derive(Serialize)]
pub(super) struct RegistrationStatus {
    pub(super) date: String,
    pub(super) now: InputHashes,
    /// What no longer is as registered.
    pub(super) departures: Vec<String>,
    /// SHA-256 of the patterns as they are.
    pub(super) patterns: String,
    /// Last month of the record that was on view while mechanisms were chosen.
    pub(super) seen_to: String,
    pub(super) model_versions: u32,
    pub(super) exposure: String,
    pub(super) looks: usize,
}

/// The scorecard of each split that is asked for.
///
/// # Errors
/// When configuration, evidence or the name of a split is not as it should be.
pub fn answered(
    configs: Configs,
    args: &ValidationRequest,
    watch: &Progress,
) -> Result<ValidationReport, Failure> {
    let library = Library::read(configs, &[])?;
    let shipped = Evidence::read(&library.configs)?;
    let file = splits::read(&library.configs)?;
    let registration = Registration::read(&library.configs, &pattern_names())?;
    let hashes = InputHashes::of(&library.configs, &library.parameters, &shipped)?;
    let own = match &args.evidence {
        None => None,
        Some(path) => Some(Evidence::of(&library.configs, &Source::of_file(path)?)?),
    };
    let wanted = wanted(&file, args)?;
    let form = match &args.form {
        None => Override::default(),
        Some(name) => form(&library.configs, name)?,
    };
    let names = &Parameters::NAMES;
    let settings = PlanSettings {
        seed: args.seed,
        runs: args.runs.unwrap_or(file.score.draws),
        set: form
            .set
            .iter()
            .map(|(at, v)| (names[*at].1.to_string(), *v))
            .collect(),
        channels: form
            .off
            .iter()
            .fold(Channels::default(), |all, c| all.without(*c)),
        ..PlanSettings::default()
    };
    let mut h = Hindcast::new(
        &library,
        own.unwrap_or(shipped),
        &file.discrepancy,
        &["history"],
        settings,
    )?;
    h.plan.kept.clone_from(&args.kept);
    let held = HeldAgainst {
        library: &library,
        hindcast: &h,
        file: &file,
        hashes: &hashes,
        seed: args.seed,
    };
    let pool = pool(threads(args.threads))?;
    let posteriors = wanted
        .iter()
        .map(|s| held.samples(&s.name))
        .collect::<Result<Vec<_>, _>>()?;
    let last = held.samples("final")?;
    let fitted = posteriors.iter().flatten().count() as u64;
    (watch.begun)((1 + fitted) * u64::from(h.plan.runs));
    let cards = pool.install(|| held.cards(&wanted, &posteriors, watch.done));
    let (found, effects) = if args.patterns == 0 {
        (Vec::new(), Vec::new())
    } else {
        pool.install(|| held.patterns_and_effects(args.patterns, last.as_ref(), &registration))?
    };
    let lead = cards.iter().position(|c| c.split == LEAD).unwrap_or(0);
    Ok(ValidationReport {
        draws: h.plan.runs,
        registration: status(&library.configs, &registration, hashes.clone())?,
        missed: missed(&cards[lead], &found, &file),
        effects,
        split: cards[lead].split.clone(),
        points: points(&cards[lead]),
        series: cards[lead].series.clone(),
        patterns: found,
        splits: cards,
    })
}

/// A rival form by name.
fn form(configs: &Configs, name: &str) -> Result<Override, Failure> {
    let forms = structure::variants(configs)?;
    let found = forms.iter().find(|form| form.name == name);
    let names: Vec<&str> = forms.iter().map(|form| form.name.as_str()).collect();
    found.map(Override::of_alternative).ok_or_else(|| {
        Failure::Input(format!(
            "error: found the form `{name}`, expected one of: {}\n",
            names.join(", ")
        ))
    })
}

/// What the model is held against, and with what.
struct HeldAgainst<'a> {
    library: &'a Library,
    hindcast: &'a Hindcast,
    file: &'a SplitsFile,
    hashes: &'a InputHashes,
    seed: u64,
}

impl HeldAgainst<'_> {
    /// Samples of the posterior of a split, if they ship.
    fn samples(&self, name: &str) -> Result<Option<Arc<Posterior>>, Problems> {
        Ok(Posterior::if_shipped(&self.library.configs, name)?.map(Arc::new))
    }

    /// The scorecard of each split, by its own posterior where there is one.
    fn cards(
        &self,
        wanted: &[&Split],
        posteriors: &[Option<Arc<Posterior>>],
        done: &(dyn Fn(u64) + Sync),
    ) -> Vec<Scorecard> {
        let (h, draws) = (self.hindcast, self.hindcast.plan.runs);
        let prior = ensemble(h, draws, None, done);
        wanted
            .iter()
            .zip(posteriors)
            .map(|(split, posterior)| {
                let fitted = posterior
                    .as_ref()
                    .map(|p| ensemble(h, draws, Some(p), done));
                let said = fitted.as_ref().unwrap_or(&prior);
                let mut card = score(h, split, &self.file.score, said, &prior, self.seed);
                if let Some(p) = posterior {
                    card.posterior = Some(p.name.clone());
                    card.stale = p.stale(self.hashes, &self.library.parameters);
                }
                card
            })
            .collect()
    }

    fn patterns_and_effects(
        &self,
        draws: u32,
        posterior: Option<&Arc<Posterior>>,
        registration: &Registration,
    ) -> Result<(Vec<PatternScore>, Vec<HeadlineEffect>), Failure> {
        let found = patterns(self.library, self.hindcast, draws, posterior)?;
        let table = self.library.configs.read("posterior/informed/final.csv")?;
        let off = unsupported(registration, &found, &informed(&table)?);
        let effects = headline_effects(self.library, draws, self.seed, posterior, &off)?;
        Ok((found, effects))
    }
}

/// What was registered, and what no longer is so.
fn status(
    configs: &Configs,
    registration: &Registration,
    hashes: InputHashes,
) -> Result<RegistrationStatus, Problems> {
    let looks = splits::looks(&configs.read("evidence/looks.csv")?)?;
    Ok(RegistrationStatus {
        date: registration.date.clone(),
        departures: registration.departures(&hashes, &registered_hash()),
        now: hashes,
        patterns: registered_hash(),
        seen_to: registration.seen_to.to_string(),
        model_versions: registration.model_versions,
        exposure: registration.exposure.clone(),
        looks,
    })
}

fn wanted<'a>(file: &'a SplitsFile, args: &ValidationRequest) -> Result<Vec<&'a Split>, Failure> {
    let tested: Vec<&Split> = file
        .split
        .iter()
        .filter(|s| s.test_from.is_some() || s.test_block.is_some())
        .collect();
    match &args.split {
        None => Ok(tested),
        Some(name) => {
            let names: Vec<&str> = tested.iter().map(|s| s.name.as_str()).collect();
            let found = tested.iter().find(|s| s.name == *name);
            found
                .map(|s| vec![*s])
                .ok_or_else(|| wrong_word("--split", name, "a split with a test", &names))
        }
    }
}

/// Registered bars that the leading split or the patterns miss.
fn missed(card: &Scorecard, patterns: &[PatternScore], file: &SplitsFile) -> Vec<String> {
    let bars = &file.bars;
    let mut all = Vec::new();
    match card.pooled() {
        Some(c) if c.inside_90 < bars.coverage_low || c.inside_90 > bars.coverage_high => {
            all.push(format!(
                "split {}: 90 % intervals hold {:.0} % of the points of classes M and E; the bar is {:.0} to {:.0} %",
                card.split,
                100.0 * c.inside_90,
                100.0 * bars.coverage_low,
                100.0 * bars.coverage_high
            ));
        }
        _ => {}
    }
    let (counted, good) = (card.counted().count(), card.with_skill());
    if (good as f64) < bars.series_with_skill * counted as f64 {
        all.push(format!(
            "split {}: skill above zero on {good} of {counted} series; the bar is half",
            card.split
        ));
    }
    let passed = patterns.iter().filter(|p| p.verdict == "passes").count();
    if !patterns.is_empty() && (passed as u32) < bars.patterns {
        all.push(format!(
            "{passed} of {} patterns pass where their nulls fail; the bar is {}",
            patterns.len(),
            bars.patterns
        ));
    }
    all
}

/// Points in the documented shape: observed values and predictions.
fn points(card: &Scorecard) -> Vec<serde_json::Value> {
    card.points
        .iter()
        .filter_map(|p| serde_json::to_value(p).ok())
        .collect()
}
