//! Parts of plans that stay the same from one question to the next, of one library: worlds, samples, recorded history, law.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::config::posterior::Posterior;
use crate::config::study::StudyFile;
use crate::controls::{DatedRule, PolicyProcess, Regime};
use crate::foundation::calendar::Month;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::ReferenceRun;
use crate::policy::compiled::{CalendarParameters, CompiledCalendar};
use crate::world::Blueprint;

/// Worlds, samples and histories that are kept.
const WORLDS: usize = 4;
/// Compiled calendars that are kept: those of the arms, stresses and forms of a few questions.
const CALENDARS: usize = 192;

/// Values by key; the oldest go first.
struct RecentValues<K, V>(Mutex<Vec<(K, V)>>);

impl<K, V> Default for RecentValues<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: PartialEq, V: Clone> RecentValues<K, V> {
    /// The value of a key, made if it is not there. Two threads may make the same value at once; both are equal.
    fn get<E>(&self, most: usize, key: K, make: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        let lock = || self.0.lock().unwrap_or_else(|e| e.into_inner());
        let mut kept = lock();
        if let Some(at) = kept.iter().position(|(k, _)| *k == key) {
            let found = kept.remove(at);
            let value = found.1.clone();
            kept.push(found);
            return Ok(value);
        }
        drop(kept);
        let value = make()?;
        let mut kept = lock();
        if kept.len() >= most {
            kept.remove(0);
        }
        kept.push((key, value.clone()));
        Ok(value)
    }
}

/// What a world is built from beside the library.
#[derive(PartialEq)]
struct BlueprintKey {
    months: [Month; 2],
    parties: [String; 2],
    synthetic_labs: u32,
}

/// What recorded history, or the law of an arm, is compiled from beside the library.
struct LawKey<P> {
    blueprint: Arc<Blueprint>,
    entries: Vec<DatedRule>,
    process: Option<PolicyProcess>,
    parameters: P,
}

impl<P: PartialEq> PartialEq for LawKey<P> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.blueprint, &other.blueprint)
            && self.parameters == other.parameters
            && self.entries == other.entries
            && self.process == other.process
    }
}

impl<P> LawKey<P> {
    fn of(blueprint: &Arc<Blueprint>, regime: &Regime, parameters: P) -> Self {
        Self {
            blueprint: blueprint.clone(),
            entries: regime.entries.clone(),
            process: regime.process.clone(),
            parameters,
        }
    }
}

/// Parts that plans of one library share.
#[derive(Default)]
pub struct KeptParts {
    blueprints: RecentValues<BlueprintKey, Arc<Blueprint>>,
    posteriors: RecentValues<String, Arc<Posterior>>,
    histories: RecentValues<LawKey<Vec<f64>>, Arc<ReferenceRun>>,
    calendars: RecentValues<LawKey<CalendarParameters>, Arc<CompiledCalendar>>,
}

impl fmt::Debug for KeptParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptParts")
    }
}

impl KeptParts {
    pub(super) fn blueprint<E>(
        &self,
        study: &StudyFile,
        make: impl FnOnce() -> Result<Arc<Blueprint>, E>,
    ) -> Result<Arc<Blueprint>, E> {
        let key = BlueprintKey {
            months: [study.first_month, study.last_month],
            parties: [study.issuer.clone(), study.target.clone()],
            synthetic_labs: study.synthetic_labs,
        };
        self.blueprints.get(WORLDS, key, make)
    }

    /// Samples by the name that a study gives.
    pub(super) fn posterior<E>(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<Arc<Posterior>, E>,
    ) -> Result<Arc<Posterior>, E> {
        self.posteriors.get(WORLDS, name.to_string(), make)
    }

    pub(super) fn history<E>(
        &self,
        blueprint: &Arc<Blueprint>,
        history: &Regime,
        centre: &Parameters,
        make: impl FnOnce() -> Result<Arc<ReferenceRun>, E>,
    ) -> Result<Arc<ReferenceRun>, E> {
        let key = LawKey::of(blueprint, history, centre.values());
        self.histories.get(WORLDS, key, make)
    }

    pub(super) fn calendar(
        &self,
        blueprint: &Arc<Blueprint>,
        regime: &Regime,
        parameters: &CalendarParameters,
    ) -> Arc<CompiledCalendar> {
        let key = LawKey::of(blueprint, regime, parameters.clone());
        let make = || Ok::<_, ()>(blueprint.subjects.compile_calendar(regime, parameters));
        let made = self.calendars.get(CALENDARS, key, make);
        made.unwrap_or_else(|()| unreachable!("compiling does not fail"))
    }
}
