//! What the model says of the claims of the debate, as pages and tables show it.

use serde::{Deserialize, Serialize};

use crate::analysis::verdict::ClaimVerdict;
use crate::config::claim::ClaimFile;
use crate::foundation::calendar::Month;

/// The verdict on one claim and its evidence. Effects are those of the arm against the baseline, in the unit of the outcome, or
/// in per cent of the baseline's mean.
#[derive(Clone, Debug)]
pub struct ClaimFinding {
    pub claim: ClaimFile,
    pub question: String,
    /// Name of the study that measures it, as commands take it.
    pub study: String,
    pub arm: String,
    pub baseline: String,
    /// Labels of the arms for readers.
    pub arm_label: String,
    pub baseline_label: String,
    /// The outcome in words, and the unit of its effect.
    pub outcome: String,
    pub unit: String,
    /// The size that matters, in that unit.
    pub size: f64,
    pub effect: ClaimEffect,
    /// The same after 12, 24 and 48 months and at the end of the study, in order.
    pub path: Vec<ClaimEffect>,
    pub futures: usize,
    /// Where the parameters came from, and the version of the program.
    pub posterior: Option<String>,
    pub version: String,
    /// Shares of futures with an effect of the size that matters, for the claim and against it.
    pub supporting_share: f64,
    pub opposing_share: f64,
    /// What the spread of the effect comes from; none where the model has one form.
    pub spread: Option<EffectSpread>,
    pub verdict: ClaimVerdict,
    pub condition: Option<ClaimCondition>,
    pub counter: Option<CounterEvidence>,
    /// The future that speaks most against the claim, and its effect.
    pub contrary_future: u32,
    pub contrary_effect: f64,
}

/// An effect over futures at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ClaimEffect {
    /// Months from the first in which the arms may differ.
    pub months: u32,
    pub month: Month,
    pub p05: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p95: f64,
    pub monte_carlo_error: f64,
    /// Share of futures with an effect above zero.
    pub positive_share: f64,
    /// Mean of the outcome under the baseline, in its own unit.
    pub baseline_mean: f64,
}

/// Parts of the variance of an effect, and the form of the model that agrees least with its sign.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EffectSpread {
    pub parameters: f64,
    pub structure: f64,
    pub chance: f64,
    pub least_form: String,
    /// The median effect in that form, and the share of its futures with the sign of the whole.
    pub least_form_effect: f64,
    pub least_form_share: f64,
}

/// A condition under which a claim holds, counted on futures that had no part in finding it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimCondition {
    pub limits: Vec<ConditionLimit>,
    /// Share of futures that support the claim under the condition, and among all held-out futures.
    pub share: f64,
    pub base_share: f64,
    /// Held-out futures under the condition.
    pub futures: usize,
}

/// A bound on a parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionLimit {
    pub parameter: String,
    pub words: String,
    pub unit: String,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// Another outcome of the same runs that speaks against a claim in most futures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CounterEvidence {
    /// The outcome in words, its unit, and what its effect would mean.
    pub outcome: String,
    pub unit: String,
    pub means: String,
    pub effect: ClaimEffect,
    /// Share of futures in which it moves against the claim.
    pub share: f64,
}

/// A finding as a row of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClaimRow {
    pub claim: String,
    pub title: String,
    pub verdict: String,
    pub arm: String,
    pub baseline: String,
    pub outcome: String,
    pub unit: String,
    pub size_that_matters: f64,
    pub p05: f64,
    pub p50: f64,
    pub p95: f64,
    pub supporting_share: f64,
    pub opposing_share: f64,
    pub futures: usize,
    /// Parts of the variance; empty where the model has one form.
    pub parameters: Option<f64>,
    pub structure: Option<f64>,
    pub chance: Option<f64>,
    pub condition: String,
    pub condition_share: Option<f64>,
    pub contrary_future: u32,
}

impl ClaimFinding {
    pub fn row(&self) -> ClaimRow {
        let condition = self.condition.as_ref();
        let limits = condition.map_or(String::new(), ClaimCondition::formula);
        ClaimRow {
            claim: self.claim.id.clone(),
            title: self.claim.title.clone(),
            verdict: self.verdict.name().into(),
            arm: self.arm.clone(),
            baseline: self.baseline.clone(),
            outcome: self.claim.outcome.get_ref().clone(),
            unit: self.unit.clone(),
            size_that_matters: self.size,
            p05: self.effect.p05,
            p50: self.effect.p50,
            p95: self.effect.p95,
            supporting_share: self.supporting_share,
            opposing_share: self.opposing_share,
            futures: self.futures,
            parameters: self.spread.as_ref().map(|s| s.parameters),
            structure: self.spread.as_ref().map(|s| s.structure),
            chance: self.spread.as_ref().map(|s| s.chance),
            condition: limits,
            condition_share: condition.map(|c| c.share),
            contrary_future: self.contrary_future,
        }
    }
}

impl ClaimCondition {
    /// Its limits as `name >= number`.
    pub fn formula(&self) -> String {
        let one = |l: &ConditionLimit| {
            let low = l.low.map(|v| format!("{} >= {}", l.parameter, digits(v)));
            let high = l.high.map(|v| format!("{} <= {}", l.parameter, digits(v)));
            let both: Vec<String> = low.into_iter().chain(high).collect();
            both.join(" and ")
        };
        let all: Vec<String> = self.limits.iter().map(one).collect();
        all.join(" and ")
    }
}

/// A number to three significant digits.
fn digits(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 || size == 0.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}
