//! Runs joined into results: bands, paired effects, failures.

use super::ensemble::RunRecord;
use super::feedback::{effect_rows, tape_rows};
use super::manifest::manifest;
use super::{Plan, declared_columns};
use crate::analysis::band;
use crate::measures::OUTCOMES;
use crate::results::{BandRow, FailureRow, OutcomeRow, OutcomeTable, Results};

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
    let of_arm = |arm: usize| -> Vec<&RunRecord> {
        let good = |r: &&RunRecord| r.arm == arm && !failed.contains(&r.run);
        records.iter().filter(good).collect()
    };
    let baseline = of_arm(plan.baseline());
    for outcome in 0..OUTCOMES.len() {
        for arm in (0..arms).filter(|arm| *arm != plan.baseline()) {
            let rows = effect_rows(plan, outcome, &of_arm(arm), &baseline);
            results.effects.extend(rows);
        }
    }
    results.manifest = manifest(plan, &sampled, failed.len() as u32, command);
    for record in records {
        let regime = plan.regimes[record.arm].name.clone();
        let tape = tape_rows(plan, &record);
        if let Some(reason) = record.failure {
            let command = format!("{command} --only {}", record.run);
            results.failures.push(FailureRow {
                regime: regime.clone(),
                run: record.run,
                reason,
                command,
            });
        }
        results.tape.extend(tape);
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
