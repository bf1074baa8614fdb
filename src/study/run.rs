//! One run: what is asked for, how it is made, and its record.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Plan;
use super::futures::FutureDraw;
use super::layout::RunRecordLayout;
use super::timeline::{rows, tape_rows};
use super::worker::{Worker, is_balanced, reason};
use crate::agents::government::Government;
use crate::foundation::policy_path::PolicyChange;
use crate::outputs::outcomes::OUTCOMES;
use crate::results::{EventRow, PolicyChangeRow};

/// Futures whose events are kept in the results.
pub const TIMELINES: u32 = 5;

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

/// One run to make: an arm in a future.
#[derive(Clone, Copy)]
pub struct RunRequest<'a> {
    pub arm: usize,
    /// Number of the future.
    pub run: u32,
    pub draw: &'a FutureDraw,
    /// Changes of the rules in the baseline's run of the same future.
    pub baseline_path: Option<&'a Arc<[PolicyChange]>>,
    /// Whether its events are written down; its numbers are the same without.
    pub keep_events: bool,
}

/// Makes a run into a record, whose memory is reused. A run that panics counts as a failed run.
pub fn one_run(
    plan: &Plan,
    layout: &RunRecordLayout,
    worker: &mut Worker,
    request: &RunRequest<'_>,
    record: &mut RunRecord,
) {
    let RunRequest { arm, run, draw, .. } = *request;
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
        simulate(plan, layout, worker, request, record, &mut told)
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

/// Simulates a run and records what the layout asks for; returns why the run failed, if it did.
fn simulate(
    plan: &Plan,
    layout: &RunRecordLayout,
    worker: &mut Worker,
    request: &RunRequest<'_>,
    record: &mut RunRecord,
    told: &mut RunNarrative,
) -> Option<String> {
    let RunRequest { arm, run, draw, .. } = *request;
    let keep = request.keep_events;
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
        if let Some(path) = request.baseline_path.filter(|_| plan.has_direct(arm)) {
            future.policy_path = Some(path.clone());
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
    } else if !is_balanced(imbalance) {
        Some(format!(
            "the books do not balance: {imbalance:e} of a month's volume"
        ))
    } else {
        None
    }
}
