//! States for every effect what its spread comes from, and the form of the model that agrees least with its sign.

use super::join::JoinedRuns;
use super::layout::{OutcomeView, RunRecordLayout};
use crate::analysis::bands::band;
use crate::analysis::certainty::{FutureDifference, variance_parts};
use crate::outputs::outcomes::OUTCOMES;
use crate::results::{CertaintyRow, ResultsError};

impl JoinedRuns<'_> {
    /// One row for each outcome, horizon and arm but the baseline; nothing where the study has one form of the model.
    ///
    /// # Errors
    /// When runs cannot be read.
    pub(super) fn certainty(&self) -> Result<Vec<CertaintyRow>, ResultsError> {
        let (design, places) = (&self.plan.design, 0..self.futures.len());
        if design.variant.len() < 2 || design.chances < 2 {
            return Ok(Vec::new());
        }
        let form_of = self
            .runs
            .numbers(0, RunRecordLayout::VARIANT, places.clone())?;
        let baseline = self.plan.baseline();
        let mut rows = Vec::new();
        for (at, view) in self.layout.angles.iter().enumerate() {
            if view.discount != 0.0 {
                continue;
            }
            let number = self.layout.angle(at);
            let base = self.runs.numbers(baseline, number, places.clone())?;
            for arm in (0..self.plan.regimes.len()).filter(|arm| *arm != baseline) {
                let whole = self.runs.numbers(arm, number, places.clone())?;
                let mut kept = Vec::with_capacity(whole.len());
                for i in places.clone().filter(|i| !self.failed[*i]) {
                    let difference = whole[i] - base[i];
                    if difference.is_finite() && form_of[i] >= 0.0 {
                        kept.push(FutureDifference {
                            draw: (u64::from(self.futures.start) + i as u64) / design.chances,
                            form: form_of[i] as usize,
                            difference,
                        });
                    }
                }
                rows.extend(self.row(*view, arm, &kept));
            }
        }
        Ok(rows)
    }

    fn row(
        &self,
        view: OutcomeView,
        arm: usize,
        futures: &[FutureDifference],
    ) -> Option<CertaintyRow> {
        let forms = &self.plan.design.variant;
        let parts = variance_parts(futures, forms.len())?;
        let mut all: Vec<f64> = futures.iter().map(|f| f.difference).collect();
        let up = band(&mut all)?.p50 >= 0.0;
        let agrees = |value: f64| if up { value > 0.0 } else { value < 0.0 };
        let share = |values: &[f64]| {
            values.iter().filter(|v| agrees(**v)).count() as f64 / values.len() as f64
        };
        let mut by_form: Vec<FormEffect> = Vec::new();
        for form in 0..forms.len() {
            let mine = futures.iter().filter(|f| f.form == form);
            let mut values: Vec<f64> = mine.map(|f| f.difference).collect();
            if let Some(median) = band(&mut values).map(|b| b.p50) {
                by_form.push(FormEffect {
                    form,
                    futures: values.len(),
                    same_sign: share(&values),
                    size: if up { median } else { -median },
                });
            }
        }
        // The least share of the sign, and among equals the smallest effect.
        let least = by_form.iter().min_by(|a, b| {
            let by_sign = a.same_sign.total_cmp(&b.same_sign);
            by_sign.then(a.size.total_cmp(&b.size))
        })?;
        let own = by_form.iter().find(|of| of.form == 0);
        Some(CertaintyRow {
            outcome: OUTCOMES[view.outcome].name.to_string(),
            regime: self.plan.regimes[arm].name.clone(),
            baseline: self.plan.study.baseline.clone(),
            horizon_months: view.horizon_months.map(|h| h as u32),
            futures: futures.len(),
            same_sign: share(&all),
            parameters: parts.parameters,
            structure: parts.structure,
            chance: parts.chance,
            own_form_same_sign: own.map(|of| of.same_sign),
            least_form: forms[least.form].name.clone(),
            least_form_futures: least.futures,
            least_form_same_sign: least.same_sign,
            least_form_p50: if up { least.size } else { -least.size },
        })
    }
}

/// The effect in one form of the model: its futures, the share of them with the sign of the whole, and its median in that direction.
struct FormEffect {
    form: usize,
    futures: usize,
    same_sign: f64,
    size: f64,
}
