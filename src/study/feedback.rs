//! TOTAL = DIRECT + FEEDBACK where governments react: what an arm does under the changes of rules that its baseline's own
//! government made, and what is left over, which runs through its government's own reactions.

use super::{Plan, RunRecord, Worker};
use crate::analysis::effect;
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::source::Source;
use crate::config::study::StudyFile;
use crate::controls::Regime;
use crate::foundation::run::Future;
use crate::measures::OUTCOMES;
use crate::results::{EffectRow, Part, TapeRow};
use crate::world::outcomes::outcomes;

/// Whether the tape of the baseline can be replayed in every arm that has a process: the same rungs by name, in order.
///
/// # Errors
/// When the study asks for direct effects and they cannot be had.
pub fn check(study: &StudyFile, regimes: &[Regime]) -> Result<(), Problems> {
    if !study.direct {
        return Ok(());
    }
    let rungs = |r: &Regime| -> Vec<String> {
        let ladder = r.process.iter().flat_map(|p| &p.ladder);
        ladder.map(|rung| rung.name.clone()).collect()
    };
    let baseline = study.arms.iter().position(|a| *a == study.baseline);
    let known = baseline.map_or(Vec::new(), |at| rungs(&regimes[at]));
    let other = regimes
        .iter()
        .find(|r| r.process.is_some() && rungs(r) != known);
    let message = if known.is_empty() {
        format!(
            "direct effects replay the rules of the baseline, and `{}` has no process",
            study.baseline
        )
    } else if let Some(other) = other {
        format!(
            "direct effects replay the rules of `{}`; the ladder of `{}` has other rungs",
            study.baseline, other.name
        )
    } else {
        return Ok(());
    };
    let named = Source {
        name: study.name.clone(),
        text: "direct = true".into(),
    };
    Err(Diagnostic::at(&named, 0..named.text.len(), message).into())
}

/// Runs every other arm with a process again, under the tape of the baseline's run of the same future.
pub fn add_direct(
    plan: &Plan,
    worker: &mut Worker,
    future: &Future,
    of_this_future: &mut [RunRecord],
) {
    let baseline = plan.baseline();
    let tape = of_this_future
        .iter()
        .find(|r| r.arm == baseline)
        .map(|r| r.tape.clone());
    let background = Future {
        tape: tape.map(Into::into),
        ..future.clone()
    };
    for record in of_this_future {
        if record.arm != baseline && plan.regimes[record.arm].process.is_some() {
            let b = &plan.blueprint;
            worker.run(&plan.calendars[record.arm], &background, b.months, false);
            record.direct = Some(outcomes(b, worker.record(), plan.window));
        }
    }
}

/// The rows of one outcome of one arm: total, direct, feedback; the last two add up to the first. `arm` and `baseline` are
/// records of the same futures in the same order. Without direct runs there is the total alone.
pub fn effect_rows(
    plan: &Plan,
    outcome: usize,
    arm: &[&RunRecord],
    baseline: &[&RunRecord],
) -> Vec<EffectRow> {
    // All three are taken over the same futures, so that they add up: one without a number in any part is left out.
    let part = |r: &RunRecord| {
        r.direct
            .as_ref()
            .map_or(r.outcomes[outcome], |d| d[outcome])
    };
    let whole: Vec<[f64; 3]> = arm
        .iter()
        .zip(baseline)
        .map(|(a, b)| [a.outcomes[outcome], part(a), b.outcomes[outcome]])
        .filter(|three| three.iter().all(|v| v.is_finite()))
        .collect();
    let column = |at: usize| -> Vec<f64> { whole.iter().map(|three| three[at]).collect() };
    let parts = [
        (Part::Total, 0, 2),
        (Part::Direct, 1, 2),
        (Part::Feedback, 0, 1),
    ];
    let direct = arm.iter().any(|r| r.direct.is_some());
    parts
        .into_iter()
        .take(if direct { 3 } else { 1 })
        .filter_map(|(part, of, against)| {
            let e = effect(&column(of), &column(against))?;
            Some(EffectRow {
                outcome: OUTCOMES[outcome].name.to_string(),
                regime: plan.regimes[arm[0].arm].name.clone(),
                baseline: plan.study.baseline.clone(),
                part,
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
            })
        })
        .collect()
}

/// The changes of rules of one run, in words.
pub fn tape_rows(plan: &Plan, record: &RunRecord) -> Vec<TapeRow> {
    let regime = &plan.regimes[record.arm];
    let Some(process) = &regime.process else {
        return Vec::new();
    };
    let rung = |at: u16| process.ladder[usize::from(at)].name.clone();
    record
        .tape
        .iter()
        .map(|change| TapeRow {
            regime: regime.name.clone(),
            run: record.run,
            announced: plan.blueprint.first.plus(change.announced),
            binds: plan.blueprint.first.plus(change.binds),
            from: rung(change.from),
            to: rung(change.to),
            cause: change.cause.words().to_string(),
        })
        .collect()
}
