//! Runs every arm in every future, and defines what one run records.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::feedback::tape_rows;
use super::futures::FutureDraw;
use super::timeline::rows;
use super::{Plan, Worker};
use crate::agents::government::Government;
use crate::foundation::policy_path::PolicyChange;
use crate::measures::{MonthlyRecord, OUTCOMES};
use crate::results::{EventRow, PolicyChangeRow, ResultsError};
use crate::world::outcomes::{Formula, OutcomeWindow, formulas};

/// Futures whose events are kept in the results.
const TIMELINES: u32 = 5;

/// Horizons at which every outcome is also recorded, in months from the start of the window.
pub const HORIZONS: [usize; 3] = [12, 24, 48];

/// Discount rates for the present value of flows, per year; 0 is the outcome itself.
pub const DISCOUNTS: [f64; 2] = [0.03, 0.07];

/// An outcome: at the study's window or a horizon, as it is or in present value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutcomeView {
    /// Its place in [`OUTCOMES`].
    pub outcome: usize,
    /// None: the study's own window.
    pub horizon_months: Option<usize>,
    /// A rate a year; 0 for what is not discounted.
    pub discount: f64,
}

/// Which numbers of a run are kept, in order: kinds, parameters, outcomes, outcomes at other horizons and discount rates, series.
#[derive(Clone, Debug)]
pub struct RunRecordLayout {
    /// Parameters by their place in the names.
    pub parameters: Vec<usize>,
    /// The outcomes of [`OUTCOMES`] first, in order, then horizons and present values.
    pub angles: Vec<OutcomeView>,
    /// Whether outcomes are kept that the rules of the baseline's own process would have given.
    pub direct: bool,
    pub arms: usize,
    /// Columns of the record whose months are kept.
    pub columns: Vec<usize>,
    pub months: usize,
    formulas: Vec<Formula>,
    window: OutcomeWindow,
    /// Where the windows of an outcome end, in ascending order: horizons, then the study's own.
    ends: Vec<usize>,
}

impl RunRecordLayout {
    /// Where kinds stand: stress, model variant (NaN for none), and 1 where the run failed.
    pub const STRESS: usize = 0;
    pub const VARIANT: usize = 1;
    pub const FAILED: usize = 2;

    pub fn new(plan: &Plan) -> Self {
        let formulas = formulas(&plan.blueprint);
        let angle = |outcome, horizon_months, discount| OutcomeView {
            outcome,
            horizon_months,
            discount,
        };
        let all = 0..OUTCOMES.len();
        let mut angles: Vec<OutcomeView> = all.clone().map(|o| angle(o, None, 0.0)).collect();
        let OutcomeWindow { from, to } = plan.window;
        let horizons = HORIZONS.into_iter().filter(|h| from + *h < to);
        for horizon in horizons.clone() {
            angles.extend(all.clone().map(|o| angle(o, Some(horizon), 0.0)));
        }
        for outcome in all.filter(|o| formulas[*o].is_flow()) {
            angles.extend(DISCOUNTS.map(|rate| angle(outcome, None, rate)));
        }
        Self {
            parameters: plan.recorded(),
            angles,
            direct: plan.study.direct,
            arms: plan.regimes.len(),
            columns: declared_columns(plan),
            months: plan.blueprint.months,
            formulas,
            window: plan.window,
            ends: horizons.map(|h| from + h).chain([to]).collect(),
        }
    }

    /// Numbers of a run beside its series.
    pub fn numbers(&self) -> usize {
        self.of_direct(0) + if self.direct { OUTCOMES.len() } else { 0 }
    }

    pub fn parameter(&self, at: usize) -> usize {
        3 + at
    }

    pub fn angle(&self, at: usize) -> usize {
        3 + self.parameters.len() + at
    }

    /// An outcome under the rules of the baseline's own process in the same future.
    pub fn of_direct(&self, outcome: usize) -> usize {
        self.angle(self.angles.len()) + outcome
    }

    /// Every angle's number, in their order.
    fn take_down(&self, record: &MonthlyRecord, into: &mut Vec<f64>) {
        let (start, outcomes) = (into.len(), self.formulas.len());
        into.resize(start + outcomes * self.ends.len(), f64::NAN);
        let mut at_ends = [f64::NAN; HORIZONS.len() + 1];
        let at_ends = &mut at_ends[..self.ends.len()];
        for (outcome, formula) in self.formulas.iter().enumerate() {
            formula.values(record, self.window.from, &self.ends, at_ends);
            // The study's own window stands first among the angles and last among the ends.
            for (place, value) in at_ends.iter().enumerate() {
                let place = (place + 1) % at_ends.len();
                into[start + place * outcomes + outcome] = *value;
            }
        }
        for angle in &self.angles[outcomes * self.ends.len()..] {
            let formula = &self.formulas[angle.outcome];
            into.push(formula.present_value(record, self.window, angle.discount));
        }
    }

    /// Every outcome in the study's own window.
    fn outcomes(&self, record: &MonthlyRecord, into: &mut Vec<f64>) {
        into.extend(self.formulas.iter().map(|f| f.value(record, self.window)));
    }
}

/// Events, policy changes and failure of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunNarrative {
    pub arm: usize,
    pub run: u32,
    pub events: Vec<EventRow>,
    /// Changes of the rules that a process made.
    pub tape: Vec<PolicyChangeRow>,
    pub failure: Option<String>,
}

/// The record of one run.
#[derive(Clone, Debug, Default)]
pub struct RunRecord {
    pub arm: usize,
    pub run: u32,
    /// Numbers in the order of the layout.
    pub numbers: Vec<f64>,
    /// Monthly values of the declared measures, column after column.
    pub series: Vec<f64>,
    pub told: Option<RunNarrative>,
    /// Changes of the rules that a process made, for other arms to be given.
    pub tape: Vec<PolicyChange>,
}

/// Numbers of finished runs, in memory or on disk, future after future.
pub trait RunStore: Sync {
    /// One number of the layout under an arm, over these places in the list of futures.
    ///
    /// # Errors
    /// When it cannot be read.
    fn numbers(
        &self,
        arm: usize,
        at: usize,
        places: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError>;

    /// Months of a series under an arm: month after month, each over all futures.
    ///
    /// # Errors
    /// When it cannot be read.
    fn months(
        &self,
        arm: usize,
        column: usize,
        months: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError>;
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
    let layout = RunRecordLayout::new(plan);
    let pieces = rayon::current_num_threads() * 4;
    let runs: Vec<u32> = plan.futures.clone().collect();
    let size = runs.len().div_ceil(pieces).max(1);
    let mut all: Vec<RunRecord> = runs
        .par_chunks(size)
        .flat_map_iter(|futures| {
            let mut worker = Worker::new(&plan.blueprint);
            let mut records = Vec::with_capacity(futures.len() * plan.regimes.len());
            for &number in futures {
                let draw = plan.draw(number);
                let mut tape = None;
                for arm in plan.order() {
                    if stop.load(Ordering::Relaxed) {
                        return records;
                    }
                    let mut record = RunRecord::default();
                    let given = tape.as_ref();
                    one_run(
                        plan,
                        &layout,
                        &mut worker,
                        arm,
                        number,
                        &draw,
                        given,
                        &mut record,
                    );
                    tape.get_or_insert_with(|| Arc::from(record.tape.as_slice()));
                    records.push(record);
                    done();
                }
            }
            records
        })
        .collect();
    all.sort_by_key(|r| (r.arm, r.run));
    all
}

/// Runs one arm in one future into a record, whose memory is reused. `given` are the policy changes of the baseline's run. A
/// run that panics counts as a failed run.
pub fn one_run(
    plan: &Plan,
    layout: &RunRecordLayout,
    worker: &mut Worker,
    arm: usize,
    run: u32,
    draw: &FutureDraw,
    given: Option<&Arc<[PolicyChange]>>,
    record: &mut RunRecord,
) {
    (record.arm, record.run) = (arm, run);
    record.tape.clear();
    record.numbers.clear();
    record.series.clear();
    let place = |kind: Option<usize>| kind.map_or(f64::NAN, |at| at as f64);
    let kinds = [place(draw.stress), place(draw.variant), 0.0];
    record.numbers.reserve(layout.numbers());
    record.numbers.extend(kinds);
    let mut told = RunNarrative {
        arm,
        run,
        ..RunNarrative::default()
    };
    let ran = catch_unwind(AssertUnwindSafe(|| {
        simulate(plan, layout, worker, draw, given, record, &mut told)
    }));
    told.failure = ran.unwrap_or_else(|cause| {
        *worker = Worker::new(&plan.blueprint);
        record.numbers.truncate(kinds.len());
        record.numbers.resize(layout.numbers(), f64::NAN);
        record.series.clear();
        let length = layout.columns.len() * layout.months;
        record.series.resize(length, f64::NAN);
        (told.events, told.tape) = (Vec::new(), Vec::new());
        Some(format!("the run stopped: {}", reason(cause.as_ref())))
    });
    record.numbers[RunRecordLayout::FAILED] = f64::from(u8::from(told.failure.is_some()));
    let silent = told.failure.is_none() && told.events.is_empty() && told.tape.is_empty();
    record.told = (!silent).then_some(told);
}

/// The message of a run that panicked.
pub(super) fn reason(cause: &(dyn Any + Send)) -> &str {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no reason")
}

/// Simulates a run and records what the layout asks for; returns why the run failed, if it did.
fn simulate(
    plan: &Plan,
    layout: &RunRecordLayout,
    worker: &mut Worker,
    draw: &FutureDraw,
    given: Option<&Arc<[PolicyChange]>>,
    record: &mut RunRecord,
    told: &mut RunNarrative,
) -> Option<String> {
    let (arm, run) = (record.arm, record.run);
    let keep = run < TIMELINES;
    let (calendar, mut future) = plan.in_arm(arm, run, draw);
    let imbalance = worker.run(calendar, &future, layout.months, keep);
    // The hook for tests: see `Plan::fail`.
    assert!(plan.fail != Some(run), "made to fail by CHOKEPOINT_FAIL");
    let values = future.parameters.values();
    let parameters = layout.parameters.iter().map(|at| values[*at]);
    record.numbers.extend(parameters);
    layout.take_down(worker.record(), &mut record.numbers);
    record.series.reserve(layout.columns.len() * layout.months);
    let months = worker.record();
    for column in &layout.columns {
        record.series.extend_from_slice(months.column(*column));
    }
    let tape = &worker.stage.world.resource::<Government>().policy_path;
    record.tape.extend_from_slice(tape);
    told.tape = tape_rows(plan, arm, run, tape);
    if keep {
        told.events = rows(plan, worker, calendar, arm, run);
    }
    if layout.direct {
        if let Some(given) = given.filter(|_| plan.has_direct(arm)) {
            future.policy_path = Some(given.clone());
            worker.run(calendar, &future, layout.months, false);
            layout.outcomes(worker.record(), &mut record.numbers);
        } else {
            record.numbers.resize(layout.numbers(), f64::NAN);
        }
    }
    failure(&record.numbers[layout.angle(0)..], imbalance)
}

/// Why a run failed, from its outcomes and its accounts.
fn failure(outcomes: &[f64], imbalance: f64) -> Option<String> {
    // A gap can be censored, and a ratio undefined where nothing is sold; infinity is never an answer.
    let infinite = outcomes
        .iter()
        .zip(OUTCOMES)
        .find(|(v, _)| v.is_infinite())
        .map(|(_, o)| o.name);
    let compute = OUTCOMES
        .iter()
        .position(|o| o.name == "target_compute_h100e_end")
        .map_or(f64::NAN, |at| outcomes[at]);
    if let Some(name) = infinite {
        Some(format!("the outcome {name} is infinite"))
    } else if !compute.is_finite() {
        Some("the run lost its numbers: compute is not finite".to_string())
    } else if imbalance.is_nan() || imbalance > 1e-6 {
        Some(format!(
            "the books do not balance: {imbalance:e} of a month's volume"
        ))
    } else {
        None
    }
}

/// Runs in memory, arm after arm.
pub struct MemoryRunStore<'a> {
    pub records: &'a [RunRecord],
    pub futures: usize,
    pub months: usize,
}

impl MemoryRunStore<'_> {
    fn of(&self, arm: usize, places: Range<usize>) -> &[RunRecord] {
        &self.records[arm * self.futures + places.start..arm * self.futures + places.end]
    }
}

impl RunStore for MemoryRunStore<'_> {
    fn numbers(
        &self,
        arm: usize,
        at: usize,
        places: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError> {
        let records = self.of(arm, places).iter();
        Ok(records.map(|r| r.numbers[at]).collect())
    }

    fn months(
        &self,
        arm: usize,
        column: usize,
        months: Range<usize>,
    ) -> Result<Vec<f64>, ResultsError> {
        let records = self.of(arm, 0..self.futures);
        let of = |t: usize| {
            records
                .iter()
                .map(move |r| r.series[column * self.months + t])
        };
        Ok(months.flat_map(of).collect())
    }
}
