//! The evidence ledger lists every parameter with its source, grade and year beside its share of an outcome's variance.
//!
//! Parameters that matter most and are known least come first, as a research agenda.

use serde::Serialize;

use super::evaluate::{CustomFuture, EnsembleTable, baseline, evaluate};
use crate::analysis::learning::{chance_share, variance_share};
use crate::analysis::{Estimate, EstimatorError};
use crate::config::parameters::{EvidenceGrade, Parameter};
use crate::study::Plan;

/// The evidence for a parameter and its influence.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct LedgerRow {
    pub regime: String,
    pub baseline: String,
    pub outcome: String,
    /// Place on the agenda, 1 first.
    pub rank: usize,
    pub parameter: String,
    pub words: String,
    /// Empty for chance.
    pub value: Option<f64>,
    pub unit: String,
    /// A measured, B estimated, C from a secondary source, D judgement; empty for chance.
    pub grade: String,
    /// The latest year that the source or its address names.
    pub year: Option<u32>,
    pub source: String,
    pub url: String,
    /// First-order share of the variance of the effect; empty where the parameter is fixed.
    pub share: Option<f64>,
    pub share_error: Option<f64>,
    /// The share is above zero by more than twice its error.
    pub matters: bool,
}

/// The ledger for the effect of one arm on one outcome.
///
/// # Errors
/// When there are too few futures.
pub fn ledger(
    plan: &Plan,
    ensemble: &EnsembleTable,
    arm: usize,
    (outcome, name): (usize, &str),
    done: &(dyn Fn() + Sync),
) -> Result<Vec<LedgerRow>, EstimatorError> {
    let base = baseline(plan);
    let (rows, effects) = ensemble.effects(arm, base, outcome);
    let shares: Vec<Estimate> = (0..ensemble.factors.len())
        .map(|f| variance_share(&ensemble.column(f, &rows), &effects))
        .collect::<Result<_, _>>()?;
    let chance = by_chance(plan, ensemble, arm, base, outcome, done)?;
    let effect = [
        &plan.regimes[arm].name,
        &plan.regimes[base].name,
        &name.to_string(),
    ];
    let parameters = plan.parameters.0.iter().enumerate();
    let mut ledger: Vec<LedgerRow> = parameters
        .map(|(at, p)| {
            let place = ensemble.places.iter().position(|s| *s == at);
            LedgerRow::of(effect, p, place.map(|f| shares[f]))
        })
        .collect();
    // Influential parameters with weak evidence come first, then other influential ones, then the rest, each by share of
    // variance. Fixed parameters have no share and come last.
    ledger.sort_by(|a, b| {
        let share = |r: &LedgerRow| r.share.unwrap_or(0.0);
        (a.tier().cmp(&b.tier())).then(share(b).total_cmp(&share(a)))
    });
    for (at, row) in ledger.iter_mut().enumerate() {
        row.rank = at + 1;
    }
    let last = ledger
        .first()
        .map(|r| r.of_chance(chance, ledger.len() + 1));
    ledger.extend(last);
    Ok(ledger)
}

impl LedgerRow {
    /// A parameter with its share of the variance of an effect: arm, baseline and outcome.
    fn of(effect: [&String; 3], p: &Parameter, share: Option<Estimate>) -> Self {
        let [regime, baseline, outcome] = effect.map(String::clone);
        Self {
            regime,
            baseline,
            outcome,
            rank: 0,
            parameter: p.id.clone(),
            words: p.words.clone(),
            value: Some(p.value),
            unit: p.unit.clone(),
            grade: format!("{:?}", p.grade),
            year: year_of(&p.source).max(year_of(&p.url)),
            source: p.source.clone(),
            url: p.url.clone(),
            share: share.map(|s| s.value),
            share_error: share.map(|s| s.error),
            matters: share.is_some_and(|s| s.value > 2.0 * s.error),
        }
    }

    /// Its place on a research agenda.
    fn tier(&self) -> u8 {
        let is_weak = [EvidenceGrade::C, EvidenceGrade::D].map(|g| format!("{g:?}"));
        match (self.matters, is_weak.contains(&self.grade), self.share) {
            (true, true, _) => 0,
            (true, false, _) => 1,
            (false, _, Some(_)) => 2,
            (false, _, None) => 3,
        }
    }

    /// The row of chance in the same ledger.
    fn of_chance(&self, share: Estimate, rank: usize) -> Self {
        Self {
            rank,
            parameter: super::sensitivity::CHANCE.into(),
            words: "The same parameters with other random events: no evidence reduces this".into(),
            value: None,
            unit: String::new(),
            grade: String::new(),
            year: None,
            source: String::new(),
            url: String::new(),
            share: Some(share.value),
            share_error: Some(share.error),
            matters: share.value > 2.0 * share.error,
            ..self.clone()
        }
    }
}

/// The share of chance, from running every future again with the same parameters and the chance of another future.
fn by_chance(
    plan: &Plan,
    ensemble: &EnsembleTable,
    arm: usize,
    base: usize,
    outcome: usize,
    done: &(dyn Fn() + Sync),
) -> Result<Estimate, EstimatorError> {
    let (rows, effects) = ensemble.effects(arm, base, outcome);
    let after = plan.futures.end;
    let points: Vec<CustomFuture> = rows
        .iter()
        .map(|r| {
            let number = ensemble.futures[*r];
            CustomFuture::of(plan, number).with_chance_of(&CustomFuture::of(plan, after + number))
        })
        .collect();
    let answers = evaluate(plan, &points, &[arm, base], done);
    let (first, again): (Vec<f64>, Vec<f64>) = answers
        .values
        .iter()
        .zip(&effects)
        .map(|(v, e)| (*e, v[0][outcome] - v[1][outcome]))
        .filter(|(_, again)| again.is_finite())
        .unzip();
    chance_share(&first, &again)
}

/// The latest year from 1990 on that a text names.
fn year_of(text: &str) -> Option<u32> {
    let bytes = text.as_bytes();
    (0..bytes.len().saturating_sub(3))
        .filter(|at| {
            let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
            (*at..at + 4).all(digit) && !digit(at + 4) && (*at == 0 || !digit(at - 1))
        })
        .filter_map(|at| text[at..at + 4].parse().ok())
        .filter(|year| (1990..2030).contains(year))
        .max()
}

#[cfg(test)]
mod tests {
    use super::year_of;

    #[test]
    fn a_source_names_its_year() {
        assert_eq!(year_of("Ho et al. 2024, as cited in 2023"), Some(2024));
        assert_eq!(year_of("https://arxiv.org/abs/2403.05812"), None);
        assert_eq!(year_of("judgement: 12345 units"), None);
    }
}
