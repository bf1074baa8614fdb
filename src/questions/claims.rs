//! Measures the claims of the debate: runs the study of each and reads its verdict.

use std::sync::atomic::{AtomicBool, Ordering};

use super::evaluate::draw;
use crate::analysis::prim::{self, ScenarioBox};
use crate::analysis::verdict::{ExpectedSign, verdict};
use crate::config::claim::{ClaimFile, CounterReading, ExpectedEffect};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::study::StudyFile;
use crate::outputs::outcomes::OUTCOMES;
use crate::results::claims::{
    ClaimCondition, ClaimEffect, ClaimFinding, ConditionLimit, CounterEvidence, EffectSpread,
};
use crate::results::{ALL, EffectComponent, EffectRow, OutcomeRow, Results};
use crate::study::{Library, Plan, PlanSettings, join, run_all};

/// Resamples that tell how stable a condition is; the pages do not show it.
const RESAMPLES: usize = 0;

/// Fewest held-out futures under a condition from which a share is read.
const LEAST_FUTURES: usize = 10;

/// Runs the study of a claim and reads the verdict. None where `stop` ended it early.
///
/// # Errors
/// When the study states no claim, has no plan, or no future has a number for the outcome.
pub fn measure(
    library: &Library,
    study: StudyFile,
    settings: PlanSettings,
    done: &(dyn Fn() + Sync),
    stop: &AtomicBool,
) -> Result<Option<ClaimFinding>, Problems> {
    let source = study.source.clone();
    let wrong = |message: &str| Problems::from(Diagnostic::at(&source, 0..1, message));
    let Some(claim) = study.claim.clone() else {
        return Err(wrong("found no `[claim]`, expected a claim of the debate"));
    };
    let plan = Plan::new(library, study, settings)?;
    let records = run_all(&plan, done, stop);
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let command = format!("chokepoint run {}", claim.id);
    let results = join(&plan, records, &command);
    let found = finding(&plan, &results, claim);
    found
        .map(Some)
        .ok_or_else(|| wrong("no future has a number for the outcome of the claim"))
}

/// The finding of finished runs.
fn finding(plan: &Plan, results: &Results, claim: ClaimFile) -> Option<ClaimFinding> {
    let arm = plan.study.headline()?.to_string();
    let baseline = plan.study.baseline.clone();
    let name = claim.outcome.get_ref().clone();
    let (words, unit) = outcome_words(&name);
    let scale = EffectScale::of(&claim, unit);
    let main = results.main_effects();
    let main = main
        .into_iter()
        .find(|e| e.outcome == name && e.regime == arm)?;
    let bar = if claim.of_baseline {
        claim.size * main.baseline_mean.abs()
    } else {
        claim.size
    };
    let sign = sign_of(claim.expects);
    let pairs = paired(results, &name, &arm, &baseline);
    let n = pairs.len().max(1) as f64;
    let share = |holds: &dyn Fn(f64) -> bool| {
        pairs.iter().filter(|pair| holds(pair.effect)).count() as f64 / n
    };
    let supporting_share = share(&|e| sign.supports(e, bar));
    let opposing_share = share(&|e| sign.opposes(e, bar));
    let hit: Vec<bool> = pairs.iter().map(|p| sign.supports(p.effect, bar)).collect();
    let condition = condition(plan, results, &claim, &pairs, &hit);
    let contrary = pairs.iter().max_by(|a, b| {
        let of = |pair: &PairedRow| sign.contrariness(pair.effect);
        of(a).total_cmp(&of(b))
    })?;
    Some(ClaimFinding {
        question: plan.study.question.clone(),
        study: plan.study.name.to_string(),
        arm_label: label(results, &arm),
        baseline_label: label(results, &baseline),
        outcome: words.into(),
        unit: scale.unit.into(),
        size: if claim.of_baseline {
            100.0
        } else {
            scale.factor
        } * claim.size,
        effect: scale.effect(plan, main),
        path: path(plan, results, &claim, &arm, &scale),
        futures: pairs.len(),
        posterior: results.manifest.posterior.clone(),
        version: results.manifest.version.clone(),
        supporting_share,
        opposing_share,
        spread: spread(results, &name, &arm, scale.factor_at(main)),
        verdict: verdict(
            supporting_share,
            opposing_share,
            condition.as_ref().map(|c| c.share),
        ),
        condition,
        counter: strongest(plan, results, &claim, &arm),
        contrary_future: contrary.run,
        contrary_effect: scale.factor_at(main) * contrary.effect,
        arm,
        baseline,
        claim,
    })
}

const fn sign_of(expects: ExpectedEffect) -> ExpectedSign {
    match expects {
        ExpectedEffect::More => ExpectedSign::Positive,
        ExpectedEffect::Less => ExpectedSign::Negative,
        ExpectedEffect::Nothing => ExpectedSign::Neither,
    }
}

/// The label of an arm for readers, or its name.
fn label(results: &Results, arm: &str) -> String {
    let arms = &results.manifest.study.arms;
    let found = arms.iter().find(|a| a.name == arm);
    found.map_or(arm, |a| a.label()).to_string()
}

/// The words and the unit of an outcome.
fn outcome_words(name: &str) -> (&'static str, &'static str) {
    let found = OUTCOMES.iter().find(|o| o.name == name);
    found.map_or(("", ""), |o| (o.words, o.unit))
}

/// How effects are shown: in the unit of the outcome, in percentage points, or in per cent of the baseline's mean.
struct EffectScale {
    factor: f64,
    of_baseline: bool,
    unit: &'static str,
}

impl EffectScale {
    fn of(claim: &ClaimFile, unit: &'static str) -> Self {
        let (factor, unit) = match unit {
            _ if claim.of_baseline => (100.0, "% of the baseline"),
            "fraction" => (100.0, "percentage points"),
            "-1 to 1" => (1.0, "on the scale from -1 to 1"),
            other => (1.0, other),
        };
        Self {
            factor,
            of_baseline: claim.of_baseline,
            unit,
        }
    }

    /// From the outcome's unit to that of the effect shown.
    fn factor_at(&self, e: &EffectRow) -> f64 {
        if self.of_baseline {
            self.factor / e.baseline_mean.abs()
        } else {
            self.factor
        }
    }

    fn effect(&self, plan: &Plan, e: &EffectRow) -> ClaimEffect {
        let factor = self.factor_at(e);
        let months = (e.horizon_months).unwrap_or((plan.window.to - plan.window.from) as u32);
        ClaimEffect {
            months,
            month: plan.month_of(plan.window.from + months as usize - 1),
            p05: factor * e.p05,
            p25: factor * e.p25,
            p50: factor * e.p50,
            p75: factor * e.p75,
            p95: factor * e.p95,
            monte_carlo_error: factor * e.monte_carlo_error,
            positive_share: e.probability_positive,
            baseline_mean: e.baseline_mean,
        }
    }
}

/// What the spread of the effect in the study's own window comes from, with effects multiplied by a factor.
fn spread(results: &Results, outcome: &str, arm: &str, factor: f64) -> Option<EffectSpread> {
    let mut rows = results.certainty.iter();
    let row =
        rows.find(|c| c.outcome == outcome && c.regime == arm && c.horizon_months.is_none())?;
    Some(EffectSpread {
        parameters: row.parameters,
        structure: row.structure,
        chance: row.chance,
        least_form: row.least_form.clone(),
        least_form_effect: factor * row.least_form_p50,
        least_form_share: row.least_form_same_sign,
    })
}

/// The effect at every horizon, the study's own window among them, in order.
fn path(
    plan: &Plan,
    results: &Results,
    claim: &ClaimFile,
    arm: &str,
    scale: &EffectScale,
) -> Vec<ClaimEffect> {
    let own = |e: &&EffectRow| {
        e.outcome == *claim.outcome.get_ref()
            && e.regime == arm
            && e.stratum == ALL
            && e.part == EffectComponent::Total
            && e.discount == 0.0
    };
    let rows = results.effects.iter().filter(own);
    let mut all: Vec<ClaimEffect> = rows
        .map(|e| scale.effect(plan, e))
        .filter(|e| e.p50.is_finite())
        .collect();
    all.sort_by_key(|e| e.months);
    all
}

/// A future with its effect and its row under the baseline.
struct PairedRow<'a> {
    run: u32,
    effect: f64,
    baseline: &'a OutcomeRow,
}

/// Futures of an arm, in order.
fn rows_of<'a>(results: &'a Results, arm: &str) -> Vec<&'a OutcomeRow> {
    let rows = results.outcomes.rows.iter();
    rows.filter(|row| row.regime == arm).collect()
}

/// Futures in which both arms have a number.
fn paired<'a>(
    results: &'a Results,
    outcome: &str,
    arm: &str,
    baseline: &str,
) -> Vec<PairedRow<'a>> {
    let table = &results.outcomes;
    let Some(at) = table.outcomes.iter().position(|o| o == outcome) else {
        return Vec::new();
    };
    let (arms, baselines) = (rows_of(results, arm), rows_of(results, baseline));
    arms.into_iter()
        .zip(baselines)
        .filter(|(a, b)| !a.failed && !b.failed)
        .map(|(a, b)| PairedRow {
            run: a.run,
            effect: a.outcomes[at] - b.outcomes[at],
            baseline: b,
        })
        .filter(|pair| pair.effect.is_finite())
        .collect()
}

/// The first condition that holds on held-out futures, in the parameters that the claim names.
fn condition(
    plan: &Plan,
    results: &Results,
    claim: &ClaimFile,
    pairs: &[PairedRow],
    hit: &[bool],
) -> Option<ClaimCondition> {
    let names = &results.outcomes.parameters;
    let wanted = claim.conditions.iter().map(|name| name.get_ref());
    let places: Vec<usize> = wanted
        .filter_map(|name| names.iter().position(|n| n == name))
        .collect();
    let some = hit.iter().any(|h| *h) && hit.iter().any(|h| !*h);
    if !some || places.is_empty() {
        return None;
    }
    let values = |pair: &PairedRow| {
        places
            .iter()
            .map(|at| pair.baseline.parameters[*at])
            .collect()
    };
    let x: Vec<Vec<f64>> = pairs.iter().map(values).collect();
    // Futures of one draw share their parameters: both find a condition, or both test it.
    let uniform = draw(plan, &claim.id);
    let half = |row: u64| {
        let run = pairs
            .get(row as usize)
            .map_or(row, |pair| u64::from(pair.run));
        uniform(run / plan.design.chances)
    };
    let boxes = prim::discover(&x, hit, 1, RESAMPLES, &half).ok()?;
    let enough = |found: &ScenarioBox| found.held_out.rows >= LEAST_FUTURES;
    let found = boxes.into_iter().next().filter(enough)?;
    let limits = found.limits.iter().map(|limit| {
        let parameter = names[places[limit.factor]].clone();
        let named = results.manifest.parameters.iter();
        let words = named.into_iter().find(|p| p.name == parameter);
        ConditionLimit {
            words: words.map_or(String::new(), |p| p.words.clone()),
            unit: words.map_or(String::new(), |p| p.unit.clone()),
            parameter,
            low: limit.low,
            high: limit.high,
        }
    });
    Some(ClaimCondition {
        limits: limits.collect(),
        share: found.held_out.density,
        base_share: found.held_out.base,
        futures: found.held_out.rows,
    })
}

/// The reading that speaks against the claim in most futures, if one does in more than half.
fn strongest(
    plan: &Plan,
    results: &Results,
    claim: &ClaimFile,
    arm: &str,
) -> Option<CounterEvidence> {
    let evidence = |reading: &CounterReading| {
        let name = reading.outcome.get_ref();
        let mut rows = results.main_effects();
        let row = rows.find(|e| e.outcome == *name && e.regime == arm)?;
        let (words, unit) = outcome_words(name);
        let scale = EffectScale {
            factor: if unit == "fraction" { 100.0 } else { 1.0 },
            of_baseline: false,
            unit: if unit == "fraction" {
                "percentage points"
            } else {
                unit
            },
        };
        let pairs = paired(results, name, arm, &plan.study.baseline);
        let sign = sign_of(reading.against);
        let against = |pair: &&PairedRow| match sign {
            ExpectedSign::Neither => pair.effect == 0.0,
            signed => signed.contrariness(pair.effect) < 0.0,
        };
        Some(CounterEvidence {
            outcome: words.into(),
            unit: scale.unit.into(),
            means: reading.means.clone(),
            effect: scale.effect(plan, row),
            share: pairs.iter().filter(against).count() as f64 / pairs.len().max(1) as f64,
        })
    };
    let readings = claim.counter.iter().filter_map(evidence);
    let most = readings.max_by(|a, b| a.share.total_cmp(&b.share))?;
    (most.share > 0.5).then_some(most)
}
