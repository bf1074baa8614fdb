//! A plan: a study made ready to run, and the futures that it asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Library, Worker, feedback};
use crate::config::diagnostics::Problems;
use crate::config::parameters::ParameterSet;
use crate::config::posterior::Posterior;
use crate::config::study::StudyFile;
use crate::controls::Regime;
use crate::foundation::calendar::Month;
use crate::foundation::chance::Chance;
use crate::foundation::channels::Channels;
use crate::foundation::run::{Anchor, Future, Planning};
use crate::markets::terms::Calendar;
use crate::world::Blueprint;
use crate::world::outcomes::Window;

/// A study ready to run.
pub struct Plan {
    pub study: StudyFile,
    pub blueprint: Arc<Blueprint>,
    pub parameters: ParameterSet,
    pub regimes: Vec<Regime>,
    pub calendars: Vec<Arc<Calendar>>,
    pub window: Window,
    pub channels: Channels,
    pub planning: Planning,
    pub anchor: Arc<Anchor>,
    pub seed: u64,
    pub runs: u32,
    /// Numbers of the futures that are run.
    pub futures: std::ops::Range<u32>,
    /// Fixed on the command line.
    pub set: BTreeMap<String, f64>,
    /// Samples that futures take their parameters from, in place of the prior.
    pub posterior: Option<Arc<Posterior>>,
    /// What has changed since the samples were drawn.
    pub stale: Vec<String>,
    pub(super) inputs: BTreeMap<String, String>,
}

/// What a plan is run with, beside its study.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub seed: u64,
    pub runs: u32,
    /// Parameters that are fixed in every future.
    pub set: BTreeMap<String, f64>,
    /// Only this future.
    pub only: Option<u32>,
    pub channels: Channels,
    pub planning: Planning,
    /// Samples in place of the prior; by default those that the study names.
    pub posterior: Option<Arc<Posterior>>,
}

impl Plan {
    /// # Errors
    /// When an arm's regime cannot be read.
    pub fn new(library: &Library, study: StudyFile, settings: Settings) -> Result<Self, Problems> {
        let regimes = study
            .arms
            .iter()
            .map(|arm| library.regime(arm))
            .collect::<Result<_, _>>()?;
        Self::of(library, study, regimes, settings)
    }

    /// A plan with regimes at hand, one for each arm of the study.
    ///
    /// # Errors
    /// When the recorded regime cannot be read.
    pub fn of(
        library: &Library,
        study: StudyFile,
        regimes: Vec<Regime>,
        settings: Settings,
    ) -> Result<Self, Problems> {
        let Settings {
            seed,
            runs,
            set,
            only,
            channels,
            planning,
            posterior,
        } = settings;
        feedback::check(&study, &regimes)?;
        let posterior = match (posterior, &study.posterior) {
            (None, Some(name)) => Some(Arc::new(Posterior::find(&library.configs, name)?)),
            (given, _) => given,
        };
        let stale = match &posterior {
            Some(p) => p.stale(&library.hashes()?, &library.parameters),
            None => Vec::new(),
        };
        let blueprint = library.blueprint(&study)?;
        let mut parameters = library.parameters.clone();
        for (id, value) in &set {
            parameters.set(id, *value);
        }
        let central = parameters.central();
        let calendars = regimes
            .iter()
            .map(|r| blueprint.calendar(r, &central))
            .collect();
        let from = blueprint
            .first_difference(&regimes)
            .unwrap_or(study.first_month)
            - study.first_month;
        let from = (from.max(0) as usize).min(blueprint.months - 1);
        let window = Window {
            from,
            to: (from + study.window_months as usize).min(blueprint.months),
        };
        let inputs = library
            .configs
            .all()
            .iter()
            .map(|s| (s.name.clone(), hex(&Sha256::digest(s.text.as_bytes()))))
            .collect();
        let futures = only.map_or(0..runs, |one| one..one + 1);
        let anchor =
            Arc::new(Worker::new(&blueprint).anchor(&library.regime("history")?, &central));
        Ok(Self {
            study,
            channels,
            planning,
            anchor,
            blueprint,
            parameters,
            regimes,
            calendars,
            window,
            seed,
            runs,
            futures,
            set,
            posterior,
            stale,
            inputs,
        })
    }

    pub fn future(&self, number: u32) -> Future {
        let chance = Chance::of(self.seed, u64::from(number));
        Future {
            number: u64::from(number),
            chance,
            parameters: match &self.posterior {
                Some(posterior) => self
                    .parameters
                    .draw_with(chance, posterior.sample(u64::from(number))),
                None => self.parameters.draw(chance),
            },
            channels: self.channels,
            planning: self.planning,
            anchor: self.anchor.clone(),
            tape: None,
        }
    }

    /// The arm that the others are compared with.
    pub fn baseline(&self) -> usize {
        let named = |arm: &String| *arm == self.study.baseline;
        self.study.arms.iter().position(named).unwrap_or(0)
    }

    /// Said loudly where samples are used that no longer belong to the evidence, the priors or the model.
    pub fn stale_warning(&self) -> Option<String> {
        let name = &self.posterior.as_ref()?.name;
        (!self.stale.is_empty()).then(|| {
            format!(
                "WARNING: the posterior `{name}` is STALE; fit it again with `chokepoint calibrate`\n  {}\n",
                self.stale.join("\n  ")
            )
        })
    }

    pub fn month_of(&self, t: usize) -> Month {
        self.blueprint.first.plus(t as i32)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
