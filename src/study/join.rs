//! Runs joined into results: bands, paired effects, failures.

use super::ensemble::RunRecord;
use super::manifest::manifest;
use super::{Plan, declared_columns};
use crate::analysis::{band, effect};
use crate::measures::OUTCOMES;
use crate::results::{BandRow, EffectRow, FailureRow, OutcomeRow, OutcomeTable, Results};

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
