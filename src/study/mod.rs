//! A study: arms crossed with futures, run in parallel, joined into results.

pub mod audit;
pub mod designs;
pub mod reference;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bevy_ecs::schedule::Schedule;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::analysis::{band, effect};
use crate::config::chips::{self, ChipRow};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::law::{Cases, read_law, read_regime};
use crate::config::nations::{self, NationRow};
use crate::config::parameters::ParameterSet;
use crate::config::places::{self, Places};
use crate::config::source::{Configs, Source};
use crate::config::study::StudyFile;
use crate::config::world;
use crate::controls::{Law, Regime};
use crate::events::{Event, EventKind, EventLog};
use crate::foundation::calendar::Month;
use crate::foundation::chance::Chance;
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Anchor, Future, Planning};
use crate::markets::chips::ChipMarket;
use crate::markets::terms::Calendar;
use crate::measures::{MEASURES, OUTCOMES, Recorder};
use crate::month::month;
use crate::results::{
    ArmInfo, BandRow, EffectRow, EventRow, FailureRow, Manifest, Named, OutcomeRow, OutcomeTable,
    Results, RuleInfo, StudyInfo,
};
use crate::technology::roadmap::Chips;
use crate::world::outcomes::{Window, outcomes};
use crate::world::{Blueprint, Inputs, Stage};

/// The whole configuration, read and checked.
pub struct Library {
    pub configs: Configs,
    pub law: Law,
    pub cases: Cases,
    pub chips: Vec<ChipRow>,
    pub nations: Vec<NationRow>,
    pub tables: world::WorldTables,
    pub places: Places,
    pub parameters: ParameterSet,
}

impl Library {
    /// Reads everything; `extra` are rule files of the user's own.
    ///
    /// # Errors
    /// With every problem found.
    pub fn read(configs: Configs, extra: &[Source]) -> Result<Self, Problems> {
        let nations = nations::read(&configs)?;
        let codes: Vec<String> = nations.iter().map(|n| n.iso3.clone()).collect();
        let (law, cases) = read_law(&configs, extra, &codes)?;
        let chips = chips::read(&configs.read("world/chips.csv")?)?;
        let tables = world::read(&configs)?;
        let places = places::read(&configs, &codes)?;
        let parameters = ParameterSet::read(&configs)?;
        Ok(Self {
            configs,
            law,
            cases,
            chips,
            nations,
            tables,
            places,
            parameters,
        })
    }

    /// A nation by its ISO3 code.
    ///
    /// # Errors
    /// When there is none; the nearest is named.
    pub fn nation(&self, iso3: &str) -> Result<&NationRow, Problems> {
        self.nations.iter().find(|n| n.iso3 == iso3).ok_or_else(|| {
            let codes: Vec<&str> = self.nations.iter().map(|n| n.iso3.as_str()).collect();
            let word = Source {
                name: "command line".into(),
                text: iso3.into(),
            };
            let message = format!("found `{iso3}`, expected the ISO3 code of a nation");
            Diagnostic::at(&word, 0..iso3.len(), message)
                .nearest(iso3, &codes)
                .into()
        })
    }

    /// A chip of the table by its name or key.
    ///
    /// # Errors
    /// When there is none; the nearest is named.
    pub fn chip(&self, name: &str) -> Result<&ChipRow, Problems> {
        let same =
            |c: &&ChipRow| c.chip.eq_ignore_ascii_case(name) || c.key.eq_ignore_ascii_case(name);
        self.chips.iter().find(same).ok_or_else(|| {
            let names: Vec<&str> = self.chips.iter().map(|c| c.chip.as_str()).collect();
            let word = Source {
                name: "command line".into(),
                text: name.into(),
            };
            let message = format!("found `{name}`, expected a chip of the table");
            Diagnostic::at(&word, 0..name.len(), message)
                .nearest(name, &names)
                .into()
        })
    }

    pub fn regime(&self, name: &str) -> Result<Regime, Problems> {
        read_regime(&self.configs, &self.law, name)
    }

    /// The world that every arm of a study shares.
    ///
    /// # Errors
    /// When recorded history cannot be read.
    pub fn blueprint(&self, study: &StudyFile) -> Result<Arc<Blueprint>, Problems> {
        let record = self.regime("history")?;
        Ok(Arc::new(Blueprint::new(Inputs {
            law: self.law.clone(),
            chips: &self.chips,
            nations: &self.nations,
            tables: &self.tables,
            places: &self.places,
            record: &record,
            synthetic_labs: study.synthetic_labs,
            first: study.first_month,
            last: study.last_month,
            issuer: &study.issuer,
            target: &study.target,
        })))
    }
}

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
    inputs: BTreeMap<String, String>,
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
}

/// Futures whose events are kept in the results.
const TIMELINES: u32 = 5;

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
        } = settings;
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
            inputs,
        })
    }

    pub fn future(&self, number: u32) -> Future {
        let chance = Chance::of(self.seed, u64::from(number));
        Future {
            number: u64::from(number),
            chance,
            parameters: self.parameters.draw(chance),
            channels: self.channels,
            planning: self.planning,
            anchor: self.anchor.clone(),
        }
    }

    pub fn month_of(&self, t: usize) -> Month {
        self.blueprint.first.plus(t as i32)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A worker: one world, one schedule.
pub struct Worker {
    pub stage: Stage,
    month: Schedule,
}

impl Worker {
    pub fn new(blueprint: &Arc<Blueprint>) -> Self {
        Self {
            stage: Stage::new(blueprint),
            month: month(),
        }
    }

    /// One run from the first month to the last; the largest imbalance of the books in any month.
    pub fn run(
        &mut self,
        calendar: &Arc<Calendar>,
        future: &Future,
        months: usize,
        keep_events: bool,
    ) -> f64 {
        self.stage.reset(calendar, future, keep_events);
        (0..months).map(|_| self.step()).fold(0.0, f64::max)
    }

    /// Runs recorded history at the centre of the parameters and keeps what deviations are measured against.
    fn anchor(&mut self, history: &Regime, central: &Parameters) -> Anchor {
        let b = self.stage.blueprint().clone();
        let calendar = b.calendar(history, central);
        let future = Future {
            number: 0,
            chance: Chance::of(0, 0),
            parameters: central.clone(),
            channels: Channels::default(),
            planning: Planning::default(),
            anchor: Arc::default(),
        };
        self.stage.reset(&calendar, &future, false);
        let mut anchor = Anchor {
            makers: b.makers.len(),
            ..Anchor::default()
        };
        for _ in 0..b.months {
            self.step();
            self.stage.record_anchor(&mut anchor);
        }
        anchor
    }

    /// One month; how far its books are from balancing.
    pub fn step(&mut self) -> f64 {
        self.month.run(&mut self.stage.world);
        self.stage.world.resource::<ChipMarket>().books.imbalance
    }

    pub fn record(&self) -> &Recorder {
        self.stage.world.resource::<Recorder>()
    }
}

/// What one run leaves behind.
pub struct RunRecord {
    pub arm: usize,
    pub run: u32,
    pub parameters: Vec<f64>,
    pub outcomes: Vec<f64>,
    /// Monthly values of the declared measures, column after column.
    pub series: Vec<f64>,
    pub events: Vec<EventRow>,
    pub failure: Option<String>,
}

/// The columns whose bands a study declares.
pub fn declared_columns(plan: &Plan) -> Vec<usize> {
    let names = plan.blueprint.watch.columns.names();
    let blocs = ["issuer", "target", "third"];
    (0..names.len())
        .filter(|at| {
            let (measure, entity) = &names[*at];
            // Compute of single nations and labs is recorded in a run but not banded.
            plan.study.bands.iter().any(|b| b == measure)
                && (*measure != "compute_h100e" || blocs.contains(&entity.as_str()))
        })
        .collect()
}

/// Runs every arm in every future. `done` is called after each run; `stop` ends early.
pub fn run_all(plan: &Plan, done: &(dyn Fn() + Sync), stop: &AtomicBool) -> Vec<RunRecord> {
    let columns = declared_columns(plan);
    let sampled: Vec<usize> = (0..plan.parameters.0.len())
        .filter(|at| plan.parameters.0[*at].prior.is_some())
        .collect();
    let pieces = rayon::current_num_threads() * 4;
    let runs: Vec<u32> = plan.futures.clone().collect();
    let size = runs.len().div_ceil(pieces).max(1);
    let mut all: Vec<RunRecord> = runs
        .par_chunks(size)
        .flat_map_iter(|futures| {
            let mut worker = Worker::new(&plan.blueprint);
            let mut records = Vec::with_capacity(futures.len() * plan.regimes.len());
            for &number in futures {
                let future = plan.future(number);
                let values = future.parameters.values();
                let parameters: Vec<f64> = sampled.iter().map(|at| values[*at]).collect();
                for arm in 0..plan.regimes.len() {
                    if stop.load(Ordering::Relaxed) {
                        return records;
                    }
                    records.push(one_run(
                        plan,
                        &mut worker,
                        arm,
                        number,
                        &future,
                        &parameters,
                        &columns,
                    ));
                    done();
                }
            }
            records
        })
        .collect();
    all.sort_by_key(|r| (r.arm, r.run));
    all
}

fn one_run(
    plan: &Plan,
    worker: &mut Worker,
    arm: usize,
    run: u32,
    future: &Future,
    parameters: &[f64],
    columns: &[usize],
) -> RunRecord {
    let b = &*plan.blueprint;
    let keep = run < TIMELINES;
    let imbalance = worker.run(&plan.calendars[arm], future, b.months, keep);
    let record = worker.record();
    let outcomes = outcomes(b, record, plan.window);
    let series: Vec<f64> = columns
        .iter()
        .flat_map(|c| record.column(*c).iter().copied())
        .collect();
    // A gap can be censored, and a ratio undefined where nothing is sold; infinity is never an answer.
    let infinite = outcomes
        .iter()
        .zip(OUTCOMES)
        .find(|(v, _)| v.is_infinite())
        .map(|(_, o)| o.name);
    let compute = outcomes[OUTCOMES
        .iter()
        .position(|o| o.name == "target_compute_h100e_end")
        .unwrap_or(0)];
    let failure = if let Some(name) = infinite {
        Some(format!("the outcome {name} is infinite"))
    } else if !compute.is_finite() {
        Some("the run lost its numbers: compute is not finite".to_string())
    } else if imbalance > 1e-6 {
        Some(format!(
            "the books do not balance: {imbalance:e} of a month's volume"
        ))
    } else {
        None
    };
    let events = if keep {
        events(plan, worker, arm, run)
    } else {
        Vec::new()
    };
    RunRecord {
        arm,
        run,
        parameters: parameters.to_vec(),
        outcomes,
        series,
        events,
        failure,
    }
}

/// The events of the run that has just ended, in words.
fn events(plan: &Plan, worker: &Worker, arm: usize, run: u32) -> Vec<EventRow> {
    let b = &*plan.blueprint;
    let chips = worker.stage.world.resource::<Chips>();
    let log = worker.stage.world.resource::<EventLog>();
    let in_words = |(at, e): (usize, &Event)| {
        let object = e.object as usize;
        let (actor, object, cause, text) = match e.kind {
            EventKind::RulesChanged => {
                let ids = |book: &crate::controls::Book| -> Vec<String> {
                    book.rules()
                        .map(|r| b.law.rules[usize::from(r)].id.clone())
                        .collect()
                };
                let now = &plan.calendars[arm].books[object];
                let before = log.events[..at]
                    .iter()
                    .rev()
                    .find(|o| o.kind == EventKind::RulesChanged)
                    .map(|o| &plan.calendars[arm].books[o.object as usize]);
                let (had, had_announced) = before.map_or((Vec::new(), Vec::new()), |o| {
                    (ids(&o.in_force), ids(&o.announced))
                });
                let (has, announced) = (ids(&now.in_force), ids(&now.announced));
                let new = |a: &[String], b: &[String]| -> String {
                    a.iter()
                        .filter(|id| !b.contains(id))
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                let parts = [
                    ("binds", new(&has, &had)),
                    ("ends", new(&had, &has)),
                    ("announced", new(&announced, &had_announced)),
                ];
                let said: Vec<String> = parts
                    .iter()
                    .filter(|(_, l)| !l.is_empty())
                    .map(|(w, l)| format!("{w}: {l}"))
                    .collect();
                let text = if said.is_empty() {
                    "dates of single firms".to_string()
                } else {
                    said.join("; ")
                };
                (
                    String::new(),
                    format!("rules {object}"),
                    plan.regimes[arm].name.clone(),
                    text,
                )
            }
            EventKind::VariantBegun | EventKind::VariantLaunched => {
                let slot = &b.roadmap.slots[object];
                let parent = &b.roadmap.slots[chips.parent[object]];
                let spec = &chips.spec[object];
                let text = if e.kind == EventKind::VariantLaunched {
                    format!(
                        "{} from {}: TPP {:.0}, links {:.0} GB/s, memory {:.2} TB/s, die {:.0} mm2, USD {:.0}",
                        slot.name,
                        parent.name,
                        spec.tpp,
                        spec.interconnect_gbps,
                        spec.mem_bandwidth_tbs,
                        spec.die_area_mm2,
                        e.value
                    )
                } else {
                    format!("{} is begun", slot.name)
                };
                (
                    b.maker_names[e.actor as usize].clone(),
                    slot.key.clone(),
                    "a market closed by rules".into(),
                    text,
                )
            }
            EventKind::Refused => {
                let slot = &b.roadmap.slots[object];
                let text = format!(
                    "{} is discouraged, though its exporter has opened it",
                    slot.name
                );
                (
                    String::new(),
                    slot.key.clone(),
                    "a licence was opened".into(),
                    text,
                )
            }
            EventKind::Stolen => {
                let lab = b.lab_names[e.actor as usize].clone();
                let text = format!("{lab} obtains unreleased work worth {:.2} points", e.value);
                (
                    lab,
                    String::new(),
                    "the hazard of theft passed its threshold".into(),
                    text,
                )
            }
            EventKind::Seized => {
                let broker = b.broker_names[e.actor as usize].clone();
                let text = format!("{broker} is caught; {:.0} packages are seized", e.value);
                (
                    broker,
                    String::new(),
                    "the hazard of detection passed its threshold".into(),
                    text,
                )
            }
            EventKind::ModelReleased => {
                let lab = b.lab_names[e.actor as usize].clone();
                let text = format!(
                    "{lab} releases model {} at {:.1} points",
                    e.object + 1,
                    e.value
                );
                (
                    lab,
                    format!("model {}", e.object + 1),
                    "a training run ended".into(),
                    text,
                )
            }
        };
        EventRow {
            regime: plan.regimes[arm].name.clone(),
            run,
            month: b.first.plus(e.t),
            kind: e.kind.name().to_string(),
            actor,
            object,
            cause,
            text,
        }
    };
    log.events.iter().enumerate().map(in_words).collect()
}

/// The events of one run of the plan, run again for them.
pub fn timeline(plan: &Plan, arm: usize, number: u32) -> Vec<EventRow> {
    let mut worker = Worker::new(&plan.blueprint);
    let future = plan.future(number);
    worker.run(&plan.calendars[arm], &future, plan.blueprint.months, true);
    events(plan, &worker, arm, number)
}

/// Joins runs into results: bands, paired effects, failures with the command that repeats them.
pub fn join(plan: &Plan, records: Vec<RunRecord>, command: &str) -> Results {
    let columns = declared_columns(plan);
    let names = plan.blueprint.watch.columns.names();
    let arms = plan.regimes.len();
    let failed: Vec<u32> = {
        let mut runs: Vec<u32> = records
            .iter()
            .filter(|r| r.failure.is_some())
            .map(|r| r.run)
            .collect();
        runs.sort_unstable();
        runs.dedup();
        runs
    };
    let sampled: Vec<&crate::config::parameters::Parameter> = plan
        .parameters
        .0
        .iter()
        .filter(|p| p.prior.is_some())
        .collect();
    let mut results = Results {
        outcomes: OutcomeTable {
            parameters: sampled.iter().map(|p| p.id.clone()).collect(),
            outcomes: OUTCOMES.iter().map(|o| o.name.to_string()).collect(),
            rows: Vec::new(),
        },
        ..Results::default()
    };
    let months = plan.blueprint.months;
    for arm in 0..arms {
        // A future that failed in one arm is left out of all: pairs stay pairs.
        let good: Vec<&RunRecord> = records
            .iter()
            .filter(|r| r.arm == arm && !failed.contains(&r.run))
            .collect();
        for (c, column) in columns.iter().enumerate() {
            let (measure, entity) = &names[*column];
            for t in 0..months {
                let mut values: Vec<f64> = good.iter().map(|r| r.series[c * months + t]).collect();
                if let Some(band) = band(&mut values) {
                    results.bands.push(BandRow {
                        regime: plan.regimes[arm].name.clone(),
                        month: plan.month_of(t),
                        measure: (*measure).to_string(),
                        entity: entity.clone(),
                        band,
                    });
                }
            }
        }
    }
    let baseline = plan
        .study
        .arms
        .iter()
        .position(|a| *a == plan.study.baseline)
        .unwrap_or(0);
    for (o, outcome) in OUTCOMES.iter().enumerate() {
        let values = |arm: usize| -> Vec<f64> {
            records
                .iter()
                .filter(|r| r.arm == arm && !failed.contains(&r.run))
                .map(|r| r.outcomes[o])
                .collect()
        };
        for arm in (0..arms).filter(|arm| *arm != baseline) {
            if let Some(e) = effect(&values(arm), &values(baseline)) {
                results.effects.push(EffectRow {
                    outcome: outcome.name.to_string(),
                    regime: plan.regimes[arm].name.clone(),
                    baseline: plan.study.baseline.clone(),
                    mean: e.band.mean,
                    p05: e.band.p05,
                    p25: e.band.p25,
                    p50: e.band.p50,
                    p75: e.band.p75,
                    p95: e.band.p95,
                    probability_positive: e.probability_positive,
                    monte_carlo_error: e.monte_carlo_error,
                    pairing_gain: e.pairing_gain.is_finite().then_some(e.pairing_gain),
                    baseline_mean: e.baseline_mean,
                    pairs: e.pairs,
                });
            }
        }
    }
    results.manifest = manifest(plan, &sampled, failed.len() as u32, command);
    for record in records {
        let regime = plan.regimes[record.arm].name.clone();
        if let Some(reason) = record.failure {
            let command = format!("{command} --only {}", record.run);
            results.failures.push(FailureRow {
                regime: regime.clone(),
                run: record.run,
                reason,
                command,
            });
        }
        results.events.extend(record.events);
        results.outcomes.rows.push(OutcomeRow {
            regime,
            run: record.run,
            parameters: record.parameters,
            outcomes: record.outcomes,
        });
    }
    results
}

fn manifest(
    plan: &Plan,
    sampled: &[&crate::config::parameters::Parameter],
    failed: u32,
    command: &str,
) -> Manifest {
    let law = &plan.blueprint.law;
    let named = |name: &str, unit: &str, words: &str| Named {
        name: name.to_string(),
        unit: unit.to_string(),
        words: words.to_string(),
    };
    let arm = |regime: &Regime| ArmInfo {
        name: regime.name.clone(),
        words: regime.words.clone(),
        rules: regime
            .entries
            .iter()
            .map(|e| {
                let rule = &law.rules[usize::from(e.rule)];
                RuleInfo {
                    id: rule.id.clone(),
                    title: rule.title.clone(),
                    instrument: rule.instrument.short().into(),
                    words: rule.words.clone(),
                    citation: rule.citation.clone(),
                    announced: e.announced,
                    compliance: e.compliance,
                    ended: e.ended,
                }
            })
            .collect(),
    };
    let s = &plan.study;
    let name_of = |iso3: &str| {
        let row = plan.blueprint.nation_rows.iter().find(|n| n.iso3 == iso3);
        row.map_or(iso3.to_string(), |n| n.name.clone())
    };
    Manifest {
        program: "chokepoint".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        study: StudyInfo {
            name: s.name.clone(),
            question: s.question.clone(),
            words: s.words.clone(),
            arms: plan.regimes.iter().map(arm).collect(),
            baseline: s.baseline.clone(),
            target: s.target.clone(),
            issuer: s.issuer.clone(),
            first_month: s.first_month,
            last_month: s.last_month,
            window_first: plan.month_of(plan.window.from),
            window_last: plan.month_of(plan.window.to - 1),
            figures: Vec::new(),
            target_name: name_of(&s.target),
            issuer_name: name_of(&s.issuer),
            limits: s.limits.clone(),
            data_vintage: "sources to 2026-11".into(),
        },
        seed: plan.seed,
        runs: plan.runs,
        failed,
        channels_off: Channel::ALL
            .iter()
            .filter(|c| !plan.channels.on(**c))
            .map(|c| c.name().to_string())
            .collect(),
        planning: plan.planning.name().to_string(),
        set: plan.set.clone(),
        inputs: plan.inputs.clone(),
        measures: MEASURES
            .iter()
            .map(|m| named(m.name, m.unit, m.words))
            .collect(),
        outcomes: OUTCOMES
            .iter()
            .map(|m| named(m.name, m.unit, m.words))
            .collect(),
        parameters: sampled
            .iter()
            .map(|p| named(&p.id, &p.unit, &p.words))
            .collect(),
        names: plan
            .blueprint
            .maker_keys
            .iter()
            .cloned()
            .zip(plan.blueprint.maker_names.iter().cloned())
            .collect(),
        command: command.to_string(),
        wall_seconds: 0.0,
        threads: 0,
        runs_per_second: 0.0,
    }
}
