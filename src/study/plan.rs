//! A plan: a study that is ready to run, with the futures that it asks for.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use super::futures::{FutureDraw, Futures, Override, StressOrVariant, switched};
use super::kept_parts::KeptParts;
use super::kept_runs::KeptRuns;
use super::worker::{Worker, reason};
use super::{Library, feedback};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::figure;
use crate::config::futures::FutureDesign;
use crate::config::parameters::ParameterSet;
use crate::config::posterior::{PRIOR, Posterior};
use crate::config::source::Configs;
use crate::config::study::{self, StudyFile};
use crate::controls::Regime;
use crate::events::EventKind;
use crate::foundation::calendar::Month;
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::digest::sha256;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{ExpectationRule, Future, ReferenceRun};
use crate::outputs::formulas::OutcomeWindow;
use crate::policy::compiled::{CalendarParameters, CompiledCalendar};
use crate::world::Blueprint;

/// A study ready to run.
pub struct Plan {
    pub study: StudyFile,
    pub blueprint: Arc<Blueprint>,
    pub parameters: ParameterSet,
    pub regimes: Vec<Regime>,
    /// One a regime, at the centre of the parameters.
    pub calendars: Vec<Arc<CompiledCalendar>>,
    /// One an arm, kind of stress and model variant.
    kinds: Vec<Arc<CompiledCalendar>>,
    /// What each arm changes beside the law.
    pub arms: Vec<Override>,
    pub design: Futures,
    pub window: OutcomeWindow,
    pub channels: Channels,
    pub planning: ExpectationRule,
    pub reference_run: Arc<ReferenceRun>,
    pub seed: u64,
    pub runs: u32,
    /// Numbers of the futures that are run.
    pub futures: std::ops::Range<u32>,
    /// Fixed on the command line.
    pub set: BTreeMap<String, f64>,
    /// Every setting on the command line as text: parameters, and fields of the study.
    pub said: BTreeMap<String, String>,
    /// A future that is made to fail: a hook for tests, set by `CHOKEPOINT_FAIL`.
    pub fail: Option<u32>,
    /// What has changed since the samples of the posterior were drawn.
    pub stale: Vec<String>,
    /// Hashes of the inputs, computed when they are first asked for.
    pub(super) inputs: OnceLock<BTreeMap<String, String>>,
    configs: Configs,
    /// The store where questions keep their finished runs.
    pub kept: Option<Arc<KeptRuns>>,
}

/// Calendars of the law, compiled at the centre of the parameters.
struct CompiledLaw {
    /// One a regime.
    calendars: Vec<Arc<CompiledCalendar>>,
    /// One an arm, kind of stress and model variant.
    kinds: Vec<Arc<CompiledCalendar>>,
}

impl CompiledLaw {
    fn of(
        regimes: &[Regime],
        arms: &[Override],
        design: &Futures,
        at_centre: impl Fn(&[&Override]) -> CalendarParameters,
        compile: impl Fn(&Regime, &CalendarParameters) -> Arc<CompiledCalendar>,
    ) -> Self {
        let calendars: Vec<Arc<CompiledCalendar>> = regimes
            .iter()
            .zip(arms)
            .map(|(regime, arm)| compile(regime, &at_centre(&[arm])))
            .collect();
        let switches = |kinds: &[StressOrVariant]| -> Vec<Override> {
            let all: Vec<Override> = kinds.iter().map(|k| k.switch.clone()).collect();
            if all.is_empty() {
                vec![Override::default()]
            } else {
                all
            }
        };
        let mut kinds = Vec::new();
        for ((regime, arm), calendar) in regimes.iter().zip(arms).zip(&calendars) {
            let mut of_arm = vec![calendar.clone()];
            for stress in &switches(&design.stress) {
                for variant in &switches(&design.variant) {
                    let parameters = at_centre(&[stress, variant, arm]);
                    let known = of_arm.iter().find(|known| known.parameters == parameters);
                    let found = known.cloned().unwrap_or_else(|| {
                        of_arm.push(compile(regime, &parameters));
                        of_arm[of_arm.len() - 1].clone()
                    });
                    kinds.push(found);
                }
            }
        }
        Self { calendars, kinds }
    }
}

/// What has changed since the samples of the posterior were drawn.
fn changed_since_fit(library: &Library, design: &Futures) -> Result<Vec<String>, Problems> {
    match &design.posterior {
        Some(p) => Ok(p.stale(&library.hashes()?, &library.parameters)),
        None => Ok(Vec::new()),
    }
}

/// Runs recorded history, against which deviations are measured.
fn record_history(
    library: &Library,
    study: &StudyFile,
    blueprint: &Arc<Blueprint>,
    central: &Parameters,
    parts: Option<&KeptParts>,
) -> Result<Arc<ReferenceRun>, Problems> {
    let history = library.regime("history")?;
    let recorded = || Arc::new(Worker::new(blueprint).reference_run(&history, central));
    let wrong = |why: &str| {
        let message = format!(
            "recorded history does not run with the months, parameters and tables of this study: {why}"
        );
        Diagnostic::at(&study.source, 0..1, message)
    };
    let make = || -> Result<Arc<ReferenceRun>, Problems> {
        let run = catch_unwind(AssertUnwindSafe(recorded))
            .map_err(|cause| wrong(reason(cause.as_ref())))?;
        if !run.is_finite() {
            return Err(wrong("it lost its numbers").into());
        }
        Ok(run)
    };
    match parts {
        Some(parts) => parts.history(blueprint, &history, central, make),
        None => make(),
    }
}

/// The world of a study, built or kept.
pub fn blueprint(
    library: &Library,
    study: &StudyFile,
    parts: Option<&KeptParts>,
) -> Result<Arc<Blueprint>, Problems> {
    match parts {
        Some(parts) => parts.blueprint(study, || library.blueprint(study)),
        None => library.blueprint(study),
    }
}

/// Settings of a plan besides its study.
#[derive(Clone, Debug, Default)]
pub struct PlanSettings {
    pub seed: u64,
    pub runs: u32,
    /// Parameters that are fixed in every future.
    pub set: BTreeMap<String, f64>,
    /// Only this future.
    pub only: Option<u32>,
    pub channels: Channels,
    pub planning: ExpectationRule,
    /// Samples in place of the prior; by default those that the study names.
    pub posterior: Option<Arc<Posterior>>,
    /// Parts that are kept from one plan of the library to the next.
    pub parts: Option<Arc<KeptParts>>,
}

impl Plan {
    /// # Errors
    /// When an arm's regime cannot be read or composed.
    pub fn new(
        library: &Library,
        study: StudyFile,
        settings: PlanSettings,
    ) -> Result<Self, Problems> {
        let regimes = library.arms(&study)?;
        Self::of(library, study, regimes, settings)
    }

    /// A plan with regimes at hand, one for each arm of the study.
    ///
    /// # Errors
    /// When the recorded regime cannot be read or run, the design does not suit the futures that are asked for or changes
    /// nothing in them, or the window ends after the study.
    pub fn of(
        library: &Library,
        study: StudyFile,
        regimes: Vec<Regime>,
        settings: PlanSettings,
    ) -> Result<Self, Problems> {
        let PlanSettings {
            seed,
            runs,
            set,
            only,
            channels,
            planning,
            posterior,
            parts,
        } = settings;
        let parts = parts.as_deref();
        let blueprint = blueprint(library, &study, parts)?;
        let futures = only.map_or(0..runs, |one| one..one + 1);
        let channels = study
            .futures
            .off
            .iter()
            .filter_map(|name| Channel::named(name))
            .fold(channels, Channels::without);
        let mut parameters = library.parameters.clone();
        for (id, value) in &set {
            parameters.set(id, *value);
        }
        let central = parameters.central();
        let arms: Vec<Override> = (0..regimes.len())
            .map(|arm| {
                study
                    .arms
                    .get(arm)
                    .map_or_else(Override::default, Override::of_arm)
            })
            .collect();
        let at_centre = |switches: &[&Override]| {
            let centre = fixed(&central.values(), switches, &set);
            blueprint.subjects.calendar_parameters(&centre)
        };
        let compile = |regime: &Regime, parameters: &CalendarParameters| match parts {
            Some(parts) => parts.calendar(&blueprint, regime, parameters),
            None => blueprint.subjects.compile_calendar(regime, parameters),
        };
        let prepare = || {
            let posterior = match posterior {
                Some(given) => Some(given),
                None => samples(library, &study, parts)?,
            };
            let resolved =
                check_settings(library, &study, &regimes, &blueprint, posterior, runs, only)?;
            let law = CompiledLaw::of(&regimes, &arms, &resolved.design, at_centre, compile);
            let stale = changed_since_fit(library, &resolved.design)?;
            Ok::<_, Problems>((resolved, law, stale))
        };
        // Recorded history runs while samples are read and the law of the arms is compiled.
        let (prepared, reference_run) = rayon::join(prepare, || {
            record_history(library, &study, &blueprint, &central, parts)
        });
        let (ResolvedStudy { design, window }, compiled, stale) = prepared?;
        let reference_run = reference_run?;
        Ok(Self {
            inputs: OnceLock::new(),
            configs: library.configs.clone(),
            kept: None,
            study,
            channels,
            planning,
            reference_run,
            blueprint,
            parameters,
            regimes,
            calendars: compiled.calendars,
            kinds: compiled.kinds,
            arms,
            design,
            window,
            seed,
            runs,
            futures,
            said: set
                .iter()
                .map(|(k, v)| (k.clone(), v.to_string()))
                .collect(),
            set,
            fail: None,
            stale,
        })
    }

    /// Hashes of the inputs by name.
    pub fn inputs(&self) -> &BTreeMap<String, String> {
        self.inputs.get_or_init(|| hashes(&self.configs))
    }

    pub fn draw(&self, number: u32) -> FutureDraw {
        self.design
            .draw(self.seed, number, self.runs, &self.parameters)
    }

    /// A future as all arms share it.
    pub fn future(&self, number: u32) -> Future {
        self.shared(number, &self.draw(number))
    }

    /// What all arms share of a future that is given as a draw.
    pub fn shared(&self, number: u32, draw: &FutureDraw) -> Future {
        self.made(number, draw, &Override::default())
    }

    /// A future under one arm, with the calendar of rules of that arm.
    pub fn in_arm(
        &self,
        arm: usize,
        number: u32,
        draw: &FutureDraw,
    ) -> (&Arc<CompiledCalendar>, Future) {
        let (stresses, variants) = (
            self.design.stress.len().max(1),
            self.design.variant.len().max(1),
        );
        let at = (arm * stresses + draw.stress.unwrap_or(0)) * variants + draw.variant.unwrap_or(0);
        (&self.kinds[at], self.made(number, draw, &self.arms[arm]))
    }

    /// A future under rules and settings that need not be those of an arm, with their calendar.
    pub fn under(
        &self,
        regime: &Regime,
        switch: &Override,
        number: u32,
        draw: &FutureDraw,
    ) -> (Arc<CompiledCalendar>, Future) {
        let kind = |at: Option<usize>, list: &[super::futures::StressOrVariant]| {
            at.map_or_else(Override::default, |at| list[at].switch.clone())
        };
        let stress = kind(draw.stress, &self.design.stress);
        let variant = kind(draw.variant, &self.design.variant);
        let central = self.parameters.central().values();
        let centre = fixed(&central, &[&stress, &variant, switch], &self.set);
        let subjects = &self.blueprint.subjects;
        let calendar = subjects.compile_calendar(regime, &subjects.calendar_parameters(&centre));
        (calendar, self.made(number, draw, switch))
    }

    fn made(&self, number: u32, draw: &FutureDraw, arm: &Override) -> Future {
        let kind = |at: Option<usize>, list: &[StressOrVariant]| {
            at.map_or_else(Override::default, |at| list[at].switch.clone())
        };
        let (stress, variant) = (
            kind(draw.stress, &self.design.stress),
            kind(draw.variant, &self.design.variant),
        );
        let switches = [&stress, &variant, arm];
        let (channels, planning) = switched(self.channels, self.planning, &switches);
        Future {
            number: u64::from(number),
            chance: draw.chance,
            parameters: fixed(&draw.parameters, &switches, &self.set),
            channels,
            planning,
            reference_run: self.reference_run.clone(),
            policy_path: None,
        }
    }

    /// The arm that the others are compared with.
    pub fn baseline(&self) -> usize {
        let mut arms = self.study.arms.iter();
        arms.position(|arm| arm.name() == self.study.baseline)
            .unwrap_or(0)
    }

    /// Parameters that are recorded with each run, by their place in the names: all that may differ.
    pub fn recorded(&self) -> Vec<usize> {
        let varied = self.design.varied();
        let of_arms = |at: usize| {
            self.arms
                .iter()
                .any(|a| a.set.iter().any(|(s, _)| *s == at))
        };
        (0..self.parameters.0.len())
            .filter(|at| {
                self.parameters.0[*at].prior.is_some() || varied.contains(at) || of_arms(*at)
            })
            .collect()
    }

    /// The arms in the order in which they are run: the baseline first, whose changes of rules others can be given.
    pub fn order(&self) -> Vec<usize> {
        let baseline = self.baseline();
        let others = (0..self.regimes.len()).filter(|arm| *arm != baseline);
        [baseline].into_iter().chain(others).collect()
    }

    /// Whether an arm is also run under the changes of rules of the baseline's own process.
    pub fn has_direct(&self, arm: usize) -> bool {
        self.study.direct && arm != self.baseline() && self.regimes[arm].process.is_some()
    }

    /// A warning if the posterior samples do not match the present evidence, priors or model.
    pub fn stale_warning(&self) -> Option<String> {
        let name = &self.design.posterior.as_ref()?.name;
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

/// What follows from a study before any run.
struct ResolvedStudy {
    design: Futures,
    window: OutcomeWindow,
}

/// The samples that a study names.
fn samples(
    library: &Library,
    study: &StudyFile,
    parts: Option<&KeptParts>,
) -> Result<Option<Arc<Posterior>>, Problems> {
    let Some(name) = study.posterior.as_deref().filter(|name| *name != PRIOR) else {
        return Ok(None);
    };
    let make = || {
        let found = Posterior::of_study(&library.configs, &study.source, Some(name))?;
        Ok(Arc::new(found.unwrap_or_default()))
    };
    let found = match parts {
        Some(parts) => parts.posterior(name, make),
        None => make(),
    };
    found.map(Some)
}

/// Checks the policy process, the futures and the window of a study.
fn check_settings(
    library: &Library,
    study: &StudyFile,
    regimes: &[Regime],
    blueprint: &Blueprint,
    posterior: Option<Arc<Posterior>>,
    runs: u32,
    only: Option<u32>,
) -> Result<ResolvedStudy, Problems> {
    feedback::check(study, regimes)?;
    let mut design = Futures::new(&study.futures, study.draws.as_ref());
    design.posterior = posterior;
    let last = only.map_or(runs, |one| runs.max(one + 1));
    design
        .enough(last)
        .map_err(|why| Diagnostic::at_text(&study.source, 0, "[futures", why))?;
    // A single future is part of a complete grid.
    if only.is_none() {
        design
            .whole(runs)
            .map_err(|(why, help)| Diagnostic::at_field(&study.source, "runs", why).help(help))?;
    }
    design
        .acts(&library.parameters)
        .map_err(|(why, help)| Diagnostic::at_field(&study.source, "design", why).help(help))?;
    let first = window_first(study, regimes, blueprint);
    study::window_end(study, first).map_err(|why| {
        Diagnostic::at_field(&study.source, "window_months", why)
            .help("without `window_first` it begins where the law of the arms first differs")
    })?;
    let from = (first - study.first_month) as usize;
    Ok(ResolvedStudy {
        design,
        window: OutcomeWindow {
            from,
            to: from + study.window_months as usize,
        },
    })
}

/// Checks a study against the library, as a run with this number of futures would, without running it. Parts are kept
/// for the next study of the library.
///
/// # Errors
/// With everything that would stop the run before its first future, and names in figures that this study does not have.
pub fn check(
    library: &Library,
    study: &StudyFile,
    runs: u32,
    only: Option<u32>,
    parts: &KeptParts,
) -> Result<(), Problems> {
    let regimes = library.arms(study)?;
    let blueprint = blueprint(library, study, Some(parts))?;
    let posterior = samples(library, study, Some(parts))?;
    check_settings(library, study, &regimes, &blueprint, posterior, runs, only)?;
    super::comparisons::seen(study, &regimes, &blueprint).check()?;
    let arms: Vec<&str> = study.arms.iter().map(|arm| arm.name()).collect();
    let known = figure::KnownEntities {
        columns: &blueprint.watch.columns,
        events: &EventKind::names(),
        arms: &arms,
    };
    let mut problems = Problems::default();
    for name in &study.figures {
        let read = library
            .configs
            .find_figure(name)
            .and_then(|source| figure::read(&source, name).map(|read| (source, read)));
        match read {
            Ok((source, read)) => problems.0.extend(figure::unknown(&source, &read, &known).0),
            Err(more) => problems.0.extend(more.0),
        }
    }
    problems.check()
}

/// What is to be said of a study that can run: a window whose effects are zero by construction, and parts of its futures
/// that no run draws.
///
/// # Errors
/// When an arm cannot be read.
pub fn notes(
    library: &Library,
    study: &StudyFile,
    runs: u32,
    parts: &KeptParts,
) -> Result<Vec<String>, Problems> {
    let mut said = Vec::new();
    let by_law_alone = study
        .arms
        .iter()
        .all(|arm| Override::of_arm(arm) == Override::default());
    if let Some(first) = study.window_first.filter(|_| by_law_alone) {
        let last = first.plus(study.window_months as i32 - 1);
        let law = &blueprint(library, study, Some(parts))?.subjects;
        let differs = law.first_difference(&library.arms(study)?);
        if let Some(differs) = differs.filter(|month| last < *month) {
            said.push(format!(
                "the window, {first} to {last}, ends before {differs}, when the law of the arms first differs: every effect in it is zero"
            ));
        }
    }
    if let Some(table) = &study.draws
        && table.rows.len() > runs as usize
    {
        said.push(format!(
            "the table {} has {} rows, and {runs} futures are asked for: the rows after these are not used",
            table.source.name,
            table.rows.len()
        ));
    }
    let f = &study.futures;
    // Rival forms come from a file of the program, for studies of many futures.
    let variants = if study.rival_structures {
        0
    } else {
        f.variant.len()
    };
    for (what, count) in [("stresses", f.stress.len()), ("variants", variants)] {
        if count > runs as usize && f.design != FutureDesign::Factorial {
            said.push(format!(
                "the study has {count} {what}, and {runs} futures are asked for: some {what} are never drawn"
            ));
        }
    }
    Ok(said)
}

/// Months from the first that counts to the last of a study: its window may not be longer.
///
/// # Errors
/// When an arm cannot be read.
pub fn most_window_months(
    library: &Library,
    study: &StudyFile,
    parts: &KeptParts,
) -> Result<u32, Problems> {
    let regimes = library.arms(study)?;
    let blueprint = blueprint(library, study, Some(parts))?;
    let first = window_first(study, &regimes, &blueprint);
    Ok((study.last_month - first + 1).max(0) as u32)
}

/// The first month of the window of a study.
fn window_first(study: &StudyFile, regimes: &[Regime], blueprint: &Blueprint) -> Month {
    // Arms that part after the end are equal throughout this study.
    let differs = blueprint.subjects.first_difference(regimes);
    let differs = differs.filter(|first| *first <= study.last_month);
    let first = study.window_first.or(differs).unwrap_or(study.first_month);
    first.max(study.first_month)
}

/// Parameters with those of each switch in turn, and those of the command line last.
fn fixed(values: &[f64], switches: &[&Override], set: &BTreeMap<String, f64>) -> Parameters {
    let mut values = values.to_vec();
    for (at, value) in switches.iter().flat_map(|s| &s.set) {
        values[*at] = *value;
    }
    for (id, value) in set {
        if let Some(at) = Parameters::NAMES.iter().position(|(_, name)| name == id) {
            values[at] = *value;
        }
    }
    Parameters::from_values(&values).unwrap_or_else(|| unreachable!("one value a name"))
}

/// SHA-256 of every configuration file.
pub fn hashes(configs: &Configs) -> BTreeMap<String, String> {
    let all = configs.all().into_iter();
    all.map(|s| (s.name, sha256(s.text.as_bytes()))).collect()
}
