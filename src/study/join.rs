//! Joins runs into bands, paired effects, outcomes and failures, reading one column at a time.

use std::ops::Range;

use rayon::prelude::*;

use super::Plan;
use super::ensemble::{MemoryRunStore, RunStore};
use super::feedback::parts;
use super::layout::{OutcomeView, RunRecordLayout};
use super::manifest::manifest;
use super::run::{RunNarrative, RunRecord};
use crate::analysis::bands::band;
use crate::analysis::effects::{PairedEffect, effect};
use crate::config::figure::FOLLOWED_MEASURE;
use crate::outputs::outcomes::OUTCOMES;
use crate::results::{
    ALL, BandRow, EffectComponent, EffectRow, FailureRow, OutcomeRow, OutcomeTable, Results,
    ResultsError,
};

/// Bytes of one column of one arm that a thread holds at a time.
const COLUMN_BYTES: usize = 2 << 20;
/// Rows of outcomes that are held at a time.
const ROWS: usize = 1024;

/// Finished runs and how to read them.
pub struct JoinedRuns<'a> {
    pub plan: &'a Plan,
    pub layout: &'a RunRecordLayout,
    pub runs: &'a dyn RunStore,
    /// The futures that are there, and whether each failed under some arm.
    pub futures: Range<u32>,
    pub failed: Vec<bool>,
    /// Columns of the layout whose bands are asked for.
    pub columns: Vec<usize>,
}

/// Joins runs in memory into results.
pub fn join(plan: &Plan, records: Vec<RunRecord>, command: &str) -> Results {
    let layout = RunRecordLayout::new(plan);
    let runs = MemoryRunStore {
        records: &records,
        futures: plan.futures.len(),
        months: layout.months,
    };
    let told: Vec<RunNarrative> = records.iter().filter_map(|r| r.told.clone()).collect();
    let all = || -> Result<Results, ResultsError> {
        let joined = JoinedRuns::new(plan, &layout, &runs, plan.futures.clone())?;
        let mut results = joined.results(told, command)?;
        joined.outcomes(|row| {
            results.outcomes.rows.push(row);
            Ok(())
        })?;
        Ok(results)
    };
    all().unwrap_or_else(|_| unreachable!("memory can be read"))
}

impl<'a> JoinedRuns<'a> {
    /// # Errors
    /// When runs cannot be read.
    pub fn new(
        plan: &'a Plan,
        layout: &'a RunRecordLayout,
        runs: &'a dyn RunStore,
        futures: Range<u32>,
    ) -> Result<Self, ResultsError> {
        let mut failed = vec![false; futures.len()];
        for arm in 0..plan.regimes.len() {
            let of_arm = runs.numbers(arm, RunRecordLayout::FAILED, 0..futures.len())?;
            for (any, one) in failed.iter_mut().zip(of_arm) {
                *any |= one != 0.0;
            }
        }
        Ok(Self {
            plan,
            layout,
            runs,
            futures,
            failed,
            columns: (0..layout.columns.len()).collect(),
        })
    }

    /// Everything but the table of outcomes, which is streamed.
    ///
    /// # Errors
    /// When runs cannot be read.
    pub fn results(
        &self,
        mut told: Vec<RunNarrative>,
        command: &str,
    ) -> Result<Results, ResultsError> {
        let plan = self.plan;
        // A study that stopped early counts as a study of that many futures.
        let only = (plan.futures != (0..plan.runs)).then_some(plan.futures.start);
        let runs = only.map_or(self.futures.len() as u32, |_| plan.runs);
        let mut again = command.to_string();
        if runs != plan.study.runs {
            again.push_str(&format!(" --runs {runs}"));
        }
        let repeat = |run: u32| format!("{again} --only {run}");
        let failed = self.failed.iter().filter(|f| **f).count() as u32;
        let mut results = Results {
            manifest: manifest(
                plan,
                self.layout,
                self.futures.len() as u32,
                failed,
                &only.map_or_else(|| again.clone(), repeat),
            ),
            outcomes: OutcomeTable {
                parameters: self.parameter_names(),
                outcomes: OUTCOMES.iter().map(|o| o.name.to_string()).collect(),
                rows: Vec::new(),
            },
            bands: self.bands()?,
            effect_bands: self.effect_bands()?,
            effects: self.effects()?,
            certainty: self.certainty()?,
            ..Results::default()
        };
        told.sort_by_key(|t| (t.arm, t.run));
        for one in told {
            if let Some(reason) = one.failure {
                let hook = plan
                    .fail
                    .map_or(String::new(), |n| format!("CHOKEPOINT_FAIL={n} "));
                results.failures.push(FailureRow {
                    regime: plan.regimes[one.arm].name.clone(),
                    run: one.run,
                    reason,
                    command: format!("{hook}{}", repeat(one.run)),
                });
            }
            results.tape.extend(one.tape);
            results.events.extend(one.events);
        }
        Ok(results)
    }

    pub fn parameter_names(&self) -> Vec<String> {
        let of = |at: &usize| self.plan.parameters.0[*at].id.clone();
        self.layout.parameters.iter().map(of).collect()
    }

    /// Bands of every declared column, exact: quantiles of all futures that did not fail.
    fn bands(&self) -> Result<Vec<BandRow>, ResultsError> {
        let columns = self.columns.len();
        let one = |at: usize| -> Result<Vec<BandRow>, ResultsError> {
            let (arm, c) = (at / columns, self.columns[at % columns]);
            let mut rows = Vec::with_capacity(self.layout.months);
            self.each_month(arm, c, |t, all| {
                let good = all.iter().zip(&self.failed).filter(|(_, failed)| !**failed);
                let values = good.map(|(v, _)| *v).collect();
                rows.extend(self.band_row(arm, c, t, values, all.len()));
                Ok(())
            })?;
            Ok(rows)
        };
        let all: Result<Vec<Vec<BandRow>>, ResultsError> = (0..self.plan.regimes.len() * columns)
            .into_par_iter()
            .map(one)
            .collect();
        Ok(all?.concat())
    }

    /// The band of one column of one arm in month `t`, over the values of the futures that count; `asked` futures were asked for.
    fn band_row(
        &self,
        arm: usize,
        column: usize,
        t: usize,
        mut values: Vec<f64>,
        asked: usize,
    ) -> Option<BandRow> {
        let (measure, entity) =
            &self.plan.blueprint.watch.columns.names()[self.layout.columns[column]];
        Some(BandRow {
            regime: self.plan.regimes[arm].name.clone(),
            month: self.plan.month_of(t),
            measure: (*measure).to_string(),
            entity: entity.clone(),
            band: band(&mut values)?,
            runs: values.len() as u32,
            excluded: (asked - values.len()) as u32,
        })
    }

    /// Bands of the difference to the baseline, future by future, of the followed measure under every other arm; exact.
    fn effect_bands(&self) -> Result<Vec<BandRow>, ResultsError> {
        let names = self.plan.blueprint.watch.columns.names();
        let baseline = self.plan.baseline();
        let followed = |c: &usize| names[self.layout.columns[*c]].0 == FOLLOWED_MEASURE;
        let columns: Vec<usize> = (0..self.layout.columns.len()).filter(followed).collect();
        let others = (0..self.plan.regimes.len()).filter(|arm| *arm != baseline);
        let all: Vec<(usize, usize)> = others
            .flat_map(|arm| columns.iter().map(move |c| (arm, *c)))
            .collect();
        let one = |(arm, c): (usize, usize)| -> Result<Vec<BandRow>, ResultsError> {
            let mut rows = Vec::with_capacity(self.layout.months);
            self.each_month_of([arm, baseline], c, |t, [arm_values, base_values]| {
                let pairs = arm_values.iter().zip(base_values).zip(&self.failed);
                let good = pairs.filter(|(_, failed)| !**failed);
                let values = good.map(|((arm, base), _)| arm - base).collect();
                rows.extend(self.band_row(arm, c, t, values, arm_values.len()));
                Ok(())
            })?;
            Ok(rows)
        };
        let all: Result<Vec<Vec<BandRow>>, ResultsError> = all.into_par_iter().map(one).collect();
        Ok(all?.concat())
    }

    /// The values of all futures, month by month, of one column of one arm; a few months are held at a time.
    ///
    /// # Errors
    /// When runs cannot be read, or by `seen`.
    pub fn each_month(
        &self,
        arm: usize,
        column: usize,
        mut seen: impl FnMut(usize, &[f64]) -> Result<(), ResultsError>,
    ) -> Result<(), ResultsError> {
        self.each_month_of([arm], column, |t, [values]| seen(t, values))
    }

    /// As [`Self::each_month`], of several arms side by side.
    fn each_month_of<const N: usize>(
        &self,
        arms: [usize; N],
        column: usize,
        mut seen: impl FnMut(usize, [&[f64]; N]) -> Result<(), ResultsError>,
    ) -> Result<(), ResultsError> {
        let n = self.futures.len().max(1);
        let step = (COLUMN_BYTES / 8 / n).clamp(1, self.layout.months);
        for from in (0..self.layout.months).step_by(step) {
            let to = (from + step).min(self.layout.months);
            let mut values: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
            for (values, arm) in values.iter_mut().zip(arms) {
                *values = self.runs.months(arm, column, from..to)?;
            }
            for (place, t) in (from..to).enumerate() {
                let month = place * n..(place + 1) * n;
                seen(t, values.each_ref().map(|v| &v[month.clone()]))?;
            }
        }
        Ok(())
    }

    /// Paired effects: main rows first, then horizons and present values, then strata.
    fn effects(&self) -> Result<Vec<EffectRow>, ResultsError> {
        let mut rows = Vec::new();
        let everyone = vec![true; self.futures.len()];
        for at in 0..self.layout.angles.len() {
            self.effects_in(ALL, &everyone, at, &mut rows)?;
        }
        let places = 0..self.futures.len();
        let design = &self.plan.design;
        for (number, kinds) in [
            (RunRecordLayout::STRESS, &design.stress),
            (RunRecordLayout::VARIANT, &design.variant),
        ] {
            let kind_of = self.runs.numbers(0, number, places.clone())?;
            for (k, kind) in kinds.iter().enumerate() {
                let inside: Vec<bool> = kind_of.iter().map(|v| *v == k as f64).collect();
                for at in 0..OUTCOMES.len() {
                    self.effects_in(&kind.name, &inside, at, &mut rows)?;
                }
            }
        }
        Ok(rows)
    }

    fn effects_in(
        &self,
        stratum: &str,
        inside: &[bool],
        at: usize,
        rows: &mut Vec<EffectRow>,
    ) -> Result<(), ResultsError> {
        let OutcomeView {
            outcome,
            horizon_months,
            discount,
        } = self.layout.angles[at];
        let asked = inside.iter().filter(|i| **i).count();
        for (arm, part, e) in self.paired(inside, at)? {
            rows.push(EffectRow {
                outcome: OUTCOMES[outcome].name.to_string(),
                regime: self.plan.regimes[arm].name.clone(),
                baseline: self.plan.study.baseline.clone(),
                part,
                stratum: stratum.to_string(),
                horizon_months: horizon_months.map(|h| h as u32),
                discount,
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
                excluded: asked - e.pairs,
                more_to_halve_error: if e.monte_carlo_error > 0.0 {
                    3 * e.pairs
                } else {
                    0
                },
            });
        }
        Ok(())
    }

    /// The paired effect of every arm except the baseline on one outcome, over the futures in `inside` that did not fail, with
    /// its direct part and its feedback if the study asks for them.
    ///
    /// # Errors
    /// When runs cannot be read.
    pub fn paired(
        &self,
        inside: &[bool],
        at: usize,
    ) -> Result<Vec<(usize, EffectComponent, PairedEffect)>, ResultsError> {
        let values = |arm: usize, number: usize| -> Result<Vec<f64>, ResultsError> {
            let all = self.runs.numbers(arm, number, 0..self.futures.len())?;
            let kept = all.into_iter().zip(inside.iter().zip(&self.failed));
            Ok(kept
                .filter(|(_, (inside, failed))| **inside && !**failed)
                .map(|(v, _)| v)
                .collect())
        };
        let baseline = self.plan.baseline();
        let number = self.layout.angle(at);
        let base = values(baseline, number)?;
        let mut found = Vec::new();
        for arm in (0..self.plan.regimes.len()).filter(|arm| *arm != baseline) {
            let whole = values(arm, number)?;
            if self.plan.has_direct(arm) && at < OUTCOMES.len() {
                let direct = values(arm, self.layout.of_direct(at))?;
                let all = parts(&whole, &direct, &base).into_iter();
                found.extend(all.map(|(part, e)| (arm, part, e)));
            } else {
                found.extend(effect(&whole, &base).map(|e| (arm, EffectComponent::Total, e)));
            }
        }
        Ok(found)
    }

    /// Every row of the table of outcomes, arm after arm; about a thousand runs are held at a time.
    ///
    /// # Errors
    /// When runs cannot be read, or by `push`.
    pub fn outcomes(
        &self,
        mut push: impl FnMut(OutcomeRow) -> Result<(), ResultsError>,
    ) -> Result<(), ResultsError> {
        let (p, layout) = (self.layout.parameters.len(), self.layout);
        let name = |kinds: &[super::futures::StressOrVariant], at: f64| {
            let kind = (at >= 0.0).then(|| kinds.get(at as usize)).flatten();
            kind.map_or(String::new(), |k| k.name.clone())
        };
        for arm in 0..self.plan.regimes.len() {
            for from in (0..self.futures.len()).step_by(ROWS) {
                let to = (from + ROWS).min(self.futures.len());
                let wanted = 3 + p + OUTCOMES.len();
                let columns: Vec<Vec<f64>> = (0..wanted)
                    .map(|at| self.runs.numbers(arm, at, from..to))
                    .collect::<Result<_, _>>()?;
                for i in 0..to - from {
                    let some = |range: Range<usize>| columns[range].iter().map(|c| c[i]).collect();
                    push(OutcomeRow {
                        regime: self.plan.regimes[arm].name.clone(),
                        run: self.futures.start + (from + i) as u32,
                        stratum: name(
                            &self.plan.design.stress,
                            columns[RunRecordLayout::STRESS][i],
                        ),
                        variant: name(
                            &self.plan.design.variant,
                            columns[RunRecordLayout::VARIANT][i],
                        ),
                        failed: columns[RunRecordLayout::FAILED][i] != 0.0,
                        parameters: some(layout.parameter(0)..layout.angle(0)),
                        outcomes: some(layout.angle(0)..wanted),
                    })?;
                }
            }
        }
        Ok(())
    }
}
