//! Finds conditions under which an effect passes a bar, states them in a sentence, and tests them on held-out futures.

use serde::Serialize;

use super::evaluate::{EnsembleTable, baseline, draw};
use crate::analysis::EstimatorError;
use crate::analysis::prim::{self, BoxLimit, ScenarioBox};
use crate::study::Plan;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct DiscoveryQuestion {
    pub arm: usize,
    /// Place in the list of outcomes, and its name.
    pub outcome: (usize, String),
    /// The effect is below this, or above it.
    pub bar: f64,
    pub below: bool,
    /// How many boxes at most, each among the futures that earlier ones leave.
    pub boxes: usize,
    pub resamples: usize,
}

/// One limit of one box.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct BoxRow {
    pub regime: String,
    pub baseline: String,
    pub outcome: String,
    pub when: String,
    #[serde(rename = "box")]
    pub number: usize,
    pub parameter: String,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Share of resampled halves whose box limits the same parameter on the same side.
    pub stability: f64,
    pub support: f64,
    pub coverage: f64,
    pub density: f64,
    pub held_out_rows: usize,
    pub held_out_coverage: f64,
    pub held_out_density: f64,
    pub held_out_base: f64,
    pub held_out_error: f64,
    pub sentence: String,
}

/// Scenario boxes, and a sentence that summarises them.
pub struct Discovery {
    pub boxes: Vec<ScenarioBox>,
    pub rows: Vec<BoxRow>,
    pub sentences: Vec<String>,
    /// Share of futures in which it happens.
    pub share: f64,
    pub futures: usize,
    pub excluded: usize,
}

/// Looks for the conditions in an ensemble.
///
/// # Errors
/// When there are too few futures.
pub fn discover(
    plan: &Plan,
    ensemble: &EnsembleTable,
    q: &DiscoveryQuestion,
) -> Result<Discovery, EstimatorError> {
    let base = baseline(plan);
    let (rows, effects) = ensemble.effects(q.arm, base, q.outcome.0);
    let hit: Vec<bool> = effects
        .iter()
        .map(|e| if q.below { *e < q.bar } else { *e > q.bar })
        .collect();
    let x: Vec<Vec<f64>> = rows.iter().map(|r| ensemble.x[*r].clone()).collect();
    let boxes = prim::discover(&x, &hit, q.boxes, q.resamples, &draw(plan, "boxes"))?;
    let hits = hit.iter().filter(|h| **h).count();
    let words = EffectWords::of(plan, base, q);
    let share = hits as f64 / hit.len() as f64;
    let mut found = Discovery {
        rows: Vec::new(),
        sentences: Vec::new(),
        share,
        futures: hit.len(),
        excluded: ensemble.failed + ensemble.futures.len() - hit.len(),
        boxes,
    };
    let what = &words.what;
    if hits == 0 || hits == hit.len() {
        // The rule of three: what is never seen in n futures is rarer than 3/n with 95 % confidence.
        let word = if hits == 0 { "none" } else { "all" };
        found.sentences.push(format!(
            "In {word} of {n} futures {what}: the other way is rarer than {} of futures.",
            percent(3.0 / hit.len() as f64),
            n = hit.len(),
        ));
        return Ok(found);
    }
    if found.boxes.is_empty() {
        found.sentences.push(format!(
            "In {} of {} futures {what}, and no conditions on parameters were found that hold on held-out futures.",
            percent(share),
            hit.len()
        ));
    }
    for (at, b) in found.boxes.iter().enumerate() {
        let sentence = words.sentence(b, &ensemble.factors);
        let row = |limit| words.row(at + 1, b, limit, &ensemble.factors, &sentence);
        found.rows.extend(b.limits.iter().map(row));
        found.sentences.push(sentence);
    }
    Ok(found)
}

fn percent(v: f64) -> String {
    format!("{:.0} %", 100.0 * v)
}

/// The effect that is asked about, in words.
struct EffectWords {
    arm: String,
    against: String,
    outcome: String,
    /// "effect below 0".
    when: String,
    /// What happens in a future that counts.
    what: String,
}

impl EffectWords {
    fn of(plan: &Plan, base: usize, q: &DiscoveryQuestion) -> Self {
        let (arm, against) = (&plan.regimes[q.arm].name, &plan.regimes[base].name);
        let sign = if q.below { "below" } else { "above" };
        Self {
            arm: arm.clone(),
            against: against.clone(),
            outcome: q.outcome.1.clone(),
            when: format!("effect {sign} {}", q.bar),
            what: format!(
                "the effect of {arm} against {against} on {} is {sign} {}",
                q.outcome.1, q.bar
            ),
        }
    }

    /// The conditions of a box, and how well they hold on held-out futures.
    fn sentence(&self, b: &ScenarioBox, factors: &[String]) -> String {
        let limits: Vec<String> = b
            .limits
            .iter()
            .map(|l| {
                let name = &factors[l.factor];
                match (l.low, l.high) {
                    (Some(low), Some(high)) => format!("{name} from {low:.3} to {high:.3}"),
                    (Some(low), None) => format!("{name} is at least {low:.3}"),
                    (None, Some(high)) => format!("{name} is at most {high:.3}"),
                    (None, None) => name.clone(),
                }
            })
            .collect();
        let stable: Vec<String> = b.limits.iter().map(|l| percent(l.stability)).collect();
        let s = b.held_out;
        format!(
            "Where {}, {} in {} of futures (error {}), against {} of all; this holds {} of such futures. \
             Counted on {} futures that had no part in finding it; in resamples its limits come back in {}.",
            limits.join(" and "),
            self.what,
            percent(s.density),
            percent(b.held_out_error),
            percent(s.base),
            percent(s.coverage),
            s.rows,
            stable.join(", "),
        )
    }

    fn row(
        &self,
        number: usize,
        b: &ScenarioBox,
        limit: &BoxLimit,
        factors: &[String],
        sentence: &str,
    ) -> BoxRow {
        let s = b.held_out;
        BoxRow {
            regime: self.arm.clone(),
            baseline: self.against.clone(),
            outcome: self.outcome.clone(),
            when: self.when.clone(),
            number,
            parameter: factors[limit.factor].clone(),
            low: limit.low,
            high: limit.high,
            stability: limit.stability,
            support: b.training.support,
            coverage: b.training.coverage,
            density: b.training.density,
            held_out_rows: s.rows,
            held_out_coverage: s.coverage,
            held_out_density: s.density,
            held_out_base: s.base,
            held_out_error: b.held_out_error,
            sentence: sentence.to_string(),
        }
    }
}
