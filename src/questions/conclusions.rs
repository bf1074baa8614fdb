//! Compares the conclusions of studies under two configurations: headline by headline, in the same futures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::evaluate::{EnsembleTable, baseline, outcome};
use crate::analysis::bands::{QuantileBand, band};
use crate::analysis::effects::effect;
use crate::config::study::StudyFile;
use crate::outputs::outcomes::OUTCOMES;
use crate::study::Plan;

/// What each shipped study is about, in outcomes: one where it has many arms, two or three where it has few.
pub const HEADLINES: [(&str, &[&str]); 13] = [
    (
        "did-controls-work",
        &[
            "latent_gap_points_mean",
            "gap_months_end",
            "us_maker_revenue_usd",
        ],
    ),
    (
        "s1-october-2022",
        &["latent_gap_points_mean", "gap_months_end"],
    ),
    (
        "s2-october-2023",
        &["latent_gap_points_mean", "target_self_sufficiency_fab_end"],
    ),
    ("s3-h20", &["us_maker_revenue_usd"]),
    ("s4-h200", &["latent_gap_points_mean"]),
    (
        "s5-country-tiers",
        &["third_compute_h100e_end", "us_maker_revenue_usd"],
    ),
    ("s6-chokepoint", &["target_compute_h100e_end"]),
    ("s7-leaks", &["target_compute_h100e_end"]),
    (
        "s8-protect-or-promote",
        &["latent_gap_points_mean", "world_frontier_points_end"],
    ),
    (
        "s9-politics",
        &["latent_gap_points_mean", "us_maker_revenue_usd"],
    ),
    (
        "s9-unpredictability",
        &["latent_gap_points_mean", "us_maker_revenue_usd"],
    ),
    ("s10-november-2026", &["latent_gap_points_mean"]),
    (
        "tight-and-slack",
        &["latent_gap_points_mean", "us_maker_revenue_usd"],
    ),
];

/// The headline of a study that is not in the list.
const HEADLINE: &[&str] = &["latent_gap_points_mean"];

/// Monte Carlo errors that a mean change must exceed to be more than chance.
const ERRORS: f64 = 2.0;

/// The outcomes that a study's conclusions are about.
pub fn headlines(study: &StudyFile) -> Vec<String> {
    if let Some(claim) = &study.claim {
        return vec![claim.outcome.get_ref().clone()];
    }
    let known = HEADLINES
        .iter()
        .find(|(name, _)| study.name.as_str() == *name);
    let outcomes = known.map_or(HEADLINE, |(_, outcomes)| outcomes);
    outcomes.iter().map(|name| (*name).to_string()).collect()
}

/// The effect of an arm on a headline in every future.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConclusionEffects {
    pub study: String,
    pub arm: String,
    pub baseline: String,
    pub outcome: String,
    /// Effects by the number of the future.
    pub effects: BTreeMap<u32, f64>,
}

/// Runs a plan and takes the effects of every arm but the baseline on the study's headlines.
pub fn conclusion_effects(plan: &Plan, done: &(dyn Fn() + Sync)) -> Vec<ConclusionEffects> {
    let ensemble = EnsembleTable::run(plan, done);
    let base = baseline(plan);
    let mut all = Vec::new();
    for arm in (0..plan.regimes.len()).filter(|arm| *arm != base) {
        for name in headlines(&plan.study) {
            let Some(at) = outcome(&name) else { continue };
            let (rows, effects) = ensemble.effects(arm, base, at);
            let numbers = rows.into_iter().map(|row| ensemble.futures[row]);
            all.push(ConclusionEffects {
                study: plan.study.name.to_string(),
                arm: plan.regimes[arm].name.clone(),
                baseline: plan.study.baseline.clone(),
                outcome: name,
                effects: numbers.zip(effects).collect(),
            });
        }
    }
    all
}

/// What became of a conclusion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConclusionChange {
    /// The median has the other sign, beyond Monte Carlo error.
    Turned,
    /// The mean change is more than two Monte Carlo errors.
    Beyond,
    /// It is not.
    Within,
    /// Only in the second configuration.
    New,
    /// Only in the first.
    Gone,
    /// The same number in every future.
    #[default]
    Same,
}

impl ConclusionChange {
    pub const ALL: [Self; 6] = [
        Self::Turned,
        Self::Beyond,
        Self::Within,
        Self::New,
        Self::Gone,
        Self::Same,
    ];

    pub const fn words(self) -> &'static str {
        match self {
            Self::Turned => "turned",
            Self::Beyond => "moved beyond Monte Carlo error",
            Self::Within => "moved within Monte Carlo error",
            Self::New => "new",
            Self::Gone => "gone",
            Self::Same => "the same in every future",
        }
    }
}

/// A headline before and after: a row of `conclusions.csv`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ConclusionRow {
    pub study: String,
    pub arm: String,
    pub baseline: String,
    pub outcome: String,
    pub unit: String,
    /// Futures with an effect on both sides.
    pub futures: usize,
    pub before_p05: Option<f64>,
    pub before_p50: Option<f64>,
    pub before_p95: Option<f64>,
    pub after_p05: Option<f64>,
    pub after_p50: Option<f64>,
    pub after_p95: Option<f64>,
    /// Mean change of the effect in the same future, and its standard error.
    pub change: Option<f64>,
    pub monte_carlo_error: Option<f64>,
    pub conclusion: ConclusionChange,
}

/// Every headline of both sides, in the order of the first and then of what is new.
pub fn compare_conclusions(
    before: &[ConclusionEffects],
    after: &[ConclusionEffects],
) -> Vec<ConclusionRow> {
    let is_same = |a: &ConclusionEffects, b: &ConclusionEffects| {
        (&a.study, &a.arm, &a.outcome) == (&b.study, &b.arm, &b.outcome)
    };
    let mut rows: Vec<ConclusionRow> = before
        .iter()
        .map(|old| row(Some(old), after.iter().find(|new| is_same(old, new))))
        .collect();
    let new = after
        .iter()
        .filter(|new| !before.iter().any(|old| is_same(old, new)));
    rows.extend(new.map(|new| row(None, Some(new))));
    rows
}

fn row(before: Option<&ConclusionEffects>, after: Option<&ConclusionEffects>) -> ConclusionRow {
    let Some(known) = after.or(before) else {
        return ConclusionRow::default();
    };
    let whole = |side: Option<&ConclusionEffects>| -> Option<QuantileBand> {
        band(&mut side?.effects.values().copied().collect())
    };
    let (old, new) = (whole(before), whole(after));
    let mut pairs: Vec<(f64, f64)> = Vec::new();
    if let (Some(before), Some(after)) = (before, after) {
        let both = |(number, old): (&u32, &f64)| Some((*after.effects.get(number)?, *old));
        pairs.extend(before.effects.iter().filter_map(both));
    }
    let (changed, earlier): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let difference = effect(&changed, &earlier);
    let is_equal = before.map(|b| &b.effects) == after.map(|a| &a.effects);
    let conclusion = match (&old, &new, &difference) {
        _ if before.is_none() => ConclusionChange::New,
        _ if after.is_none() => ConclusionChange::Gone,
        _ if is_equal => ConclusionChange::Same,
        (Some(old), Some(new), Some(d)) if d.band.mean.abs() > ERRORS * d.monte_carlo_error => {
            if old.p50 * new.p50 < 0.0 {
                ConclusionChange::Turned
            } else {
                ConclusionChange::Beyond
            }
        }
        _ => ConclusionChange::Within,
    };
    let unit = OUTCOMES.iter().find(|o| o.name == known.outcome);
    ConclusionRow {
        study: known.study.clone(),
        arm: known.arm.clone(),
        baseline: known.baseline.clone(),
        outcome: known.outcome.clone(),
        unit: unit.map_or_else(String::new, |o| o.unit.to_string()),
        futures: pairs.len(),
        before_p05: old.map(|b| b.p05),
        before_p50: old.map(|b| b.p50),
        before_p95: old.map(|b| b.p95),
        after_p05: new.map(|b| b.p05),
        after_p50: new.map(|b| b.p50),
        after_p95: new.map(|b| b.p95),
        change: difference.map(|d| d.band.mean),
        monte_carlo_error: difference.map(|d| d.monte_carlo_error),
        conclusion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(arm: &str, effects: &[f64]) -> ConclusionEffects {
        ConclusionEffects {
            study: "s".into(),
            arm: arm.into(),
            baseline: "none".into(),
            outcome: "latent_gap_points_mean".into(),
            effects: (0..).zip(effects.iter().copied()).collect(),
        }
    }

    fn change(before: &[f64], after: &[f64]) -> ConclusionChange {
        compare_conclusions(&[side("a", before)], &[side("a", after)])[0].conclusion
    }

    #[test]
    fn a_conclusion_moves_when_the_same_futures_move_together() {
        assert_eq!(
            change(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]),
            ConclusionChange::Same
        );
        // Changes 1, 1, 1: no error at all.
        assert_eq!(
            change(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]),
            ConclusionChange::Beyond
        );
        // Changes -1, 0, 1.3: mean 0.1, standard deviation 1.15 over the root of 3.
        assert_eq!(
            change(&[1.0, 2.0, 3.0], &[0.0, 2.0, 4.3]),
            ConclusionChange::Within
        );
        assert_eq!(
            change(&[1.0, 2.0, 3.0], &[-3.0, -2.0, -1.0]),
            ConclusionChange::Turned
        );
    }

    #[test]
    fn the_change_and_its_error_by_hand() {
        let (old, new) = (side("a", &[1.0, 2.0, 3.0]), side("a", &[3.0, 5.0, 7.0]));
        let rows = compare_conclusions(&[old], &[new]);
        // Changes 2, 3, 4: mean 3, variance 1.
        assert_eq!(rows[0].change, Some(3.0));
        assert!((rows[0].monte_carlo_error.unwrap() - (1.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(
            (rows[0].before_p50, rows[0].after_p50),
            (Some(2.0), Some(5.0))
        );
    }

    #[test]
    fn arms_of_one_side_are_new_or_gone() {
        let rows = compare_conclusions(&[side("a", &[1.0])], &[side("b", &[1.0])]);
        let found: Vec<ConclusionChange> = rows.iter().map(|r| r.conclusion).collect();
        assert_eq!(found, [ConclusionChange::Gone, ConclusionChange::New]);
        assert_eq!((rows[0].after_p50, rows[0].futures), (None, 0));
    }
}
