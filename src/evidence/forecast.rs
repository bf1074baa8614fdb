//! Predicts the next values of every recorded series, under each branch of the law.

use std::collections::BTreeMap;

use super::hindcast::Hindcast;
use super::predictive::{PredictiveDraws, ensemble_of_arm};
use crate::analysis::bands::quantile;
use crate::analysis::certainty::{FutureDifference, VarianceParts, variance_parts};
use crate::config::diagnostics::Problems;
use crate::config::evidence::{Evidence, EvidenceClass, EvidenceRow, PeriodStatistic};
use crate::config::forecast::{Prediction, QUANTILES, scale_name};
use crate::config::splits;
use crate::config::study;
use crate::foundation::calendar::Month;
use crate::study::{Library, Plan, PlanSettings};

/// The study whose world, parameters and rival forms a forecast uses.
pub const FORECAST_STUDY: &str = "did-controls-work";

/// A forecast to make: the rows that the record may gain, read off runs under each branch.
pub struct ForecastRequest {
    pub hindcast: Hindcast,
    /// The row of the record that each predicted row follows, by row of the hindcast's evidence.
    after: BTreeMap<usize, usize>,
    dated: Month,
}

impl ForecastRequest {
    /// Periods of every recorded series from the first without a row to the last that ends by `to`, under these regimes.
    ///
    /// # Errors
    /// When a regime or the study cannot be read.
    pub fn new(
        library: &Library,
        evidence: &Evidence,
        regimes: &[String],
        (dated, to): (Month, Month),
        settings: PlanSettings,
    ) -> Result<Self, Problems> {
        let source = library.configs.find(FORECAST_STUDY, "studies")?;
        let mut file = study::read(&source, &library.configs)?;
        file.arms = regimes.iter().map(|r| r.as_str().into()).collect();
        file.baseline.clone_from(&regimes[0]);
        let plan = Plan::new(library, file, settings)?;
        let mut all = evidence.clone();
        let mut after = BTreeMap::new();
        for last in last_rows(evidence, dated) {
            for row in next_rows(evidence, last, to) {
                after.insert(all.rows.len(), last);
                all.rows.push(row);
            }
        }
        let discrepancy = splits::read(&library.configs)?.discrepancy;
        Ok(Self {
            hindcast: Hindcast::of_plan(library, plan, all, &discrepancy),
            after,
            dated,
        })
    }

    /// Runs that all branches take.
    pub fn runs(&self) -> u64 {
        u64::from(self.hindcast.plan.runs) * self.hindcast.plan.regimes.len() as u64
    }

    /// What is said under every branch, branch by branch in the order of the series on record.
    pub fn predictions(&self, done: &(dyn Fn(u64) + Sync)) -> Vec<Prediction> {
        let h = &self.hindcast;
        let mut all = Vec::new();
        for arm in 0..h.plan.regimes.len() {
            let said = ensemble_of_arm(h, arm, done);
            let predicted =
                (0..h.asked.len()).filter(|k| self.after.contains_key(&h.asked[*k].row));
            all.extend(predicted.filter_map(|k| self.prediction(arm, k, &said)));
        }
        all
    }

    /// What is said of one period; nothing where fewer than half of the futures have a number.
    fn prediction(&self, arm: usize, k: usize, said: &PredictiveDraws) -> Option<Prediction> {
        let h = &self.hindcast;
        let draws = said.point(k);
        if draws.len() < 2 || 2 * draws.len() < h.plan.runs as usize {
            return None;
        }
        let (row, link) = (h.row(k), h.link(k));
        let (series, entity) = h.series(k);
        let (low, high) = h.bounds(k);
        let at = |p: f64| six_digits(h.natural(k, quantile(&draws, p)).clamp(low, high));
        let parts = self.parts(k, said);
        let part = |of: fn(&VarianceParts) -> f64| parts.as_ref().map(|p| thousandths(of(p)));
        let middles = (0..QUANTILES).map(|i| at((i as f64 + 0.5) / QUANTILES as f64));
        let quantiles: Vec<String> = middles.map(|q| q.to_string()).collect();
        Some(Prediction {
            branch: h.plan.regimes[arm].name.clone(),
            series,
            entity,
            recorded_entity: row.entity.clone(),
            class: format!("{:?}", row.class),
            weak: link.weak.is_some(),
            unit: link.unit.clone(),
            scale: scale_name(link.scale).into(),
            first_month: row.first,
            last_month: row.last,
            was_over: row.last <= self.dated,
            after: h.evidence.rows[self.after[&h.asked[k].row]]
                .target_id
                .clone(),
            futures: draws.len() as u32,
            p05: at(0.05),
            p25: at(0.25),
            p50: at(0.5),
            p75: at(0.75),
            p95: at(0.95),
            parameters: part(|p| p.parameters),
            structure: part(|p| p.structure),
            chance: part(|p| p.chance),
            quantiles: format!("[{}]", quantiles.join(";")),
        })
    }

    /// What the spread of a point comes from: futures of a draw share parameters and form.
    fn parts(&self, k: usize, said: &PredictiveDraws) -> Option<VarianceParts> {
        let plan = &self.hindcast.plan;
        let futures: Vec<FutureDifference> = said
            .of_draws(k)
            .zip(0_u32..)
            .filter(|(value, _)| value.is_finite())
            .map(|(difference, number)| FutureDifference {
                draw: u64::from(number) / plan.design.chances,
                form: plan.draw(number).variant.unwrap_or(0),
                difference,
            })
            .collect();
        variance_parts(&futures, plan.design.variant.len())
    }
}

/// The last month of a measured or estimated row that a measure answers: by default a forecast is dated then.
pub fn last_month_on_record(evidence: &Evidence) -> Option<Month> {
    let rows = evidence.rows.iter();
    let scored = rows.filter(|row| row.class.scored() && row.link.is_ok());
    scored.map(|row| row.last).max()
}

/// The last row of every series that ends by a month, inputs of the model left out; among equals the shortest period.
fn last_rows(evidence: &Evidence, dated: Month) -> Vec<usize> {
    let mut last: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    let later = |row: &EvidenceRow| (row.last, row.first);
    for (at, row) in evidence.rows.iter().enumerate() {
        let Ok(link) = row.link else { continue };
        if row.class == EvidenceClass::X || row.last > dated {
            continue;
        }
        let kept = last.entry((&row.series, link)).or_insert(at);
        if later(row) > later(&evidence.rows[*kept]) {
            *kept = at;
        }
    }
    let mut found: Vec<usize> = last.into_values().collect();
    found.sort_unstable();
    found
}

/// The rows that may follow a row of the record, to a month. What runs over more than a year since a fixed month is counted up
/// from that month again a year later; a rate over years has no next value.
fn next_rows(evidence: &Evidence, after: usize, to: Month) -> Vec<EvidenceRow> {
    let row = &evidence.rows[after];
    let Some(link) = evidence.link(row) else {
        return Vec::new();
    };
    let is_rate = matches!(
        link.how,
        PeriodStatistic::GrowthPerYear | PeriodStatistic::SlopePerYear | PeriodStatistic::Change
    );
    let months = row.last - row.first + 1;
    let is_cumulative = months > 12;
    if is_rate || is_cumulative && link.how != PeriodStatistic::Sum {
        return Vec::new();
    }
    let step = step_months(evidence, row, months);
    let moves = |n: i32| {
        let first = if is_cumulative { 0 } else { n * step };
        (row.first.plus(first), row.last.plus(n * step))
    };
    (1..)
        .map(moves)
        .take_while(|(_, last)| *last <= to)
        .map(|(first, last)| {
            let period = if first == last {
                first.to_string()
            } else {
                format!("{first}/{last}")
            };
            EvidenceRow {
                target_id: format!("{} {} {period}", row.series, link.entity),
                period,
                first,
                last,
                low: None,
                high: None,
                ..row.clone()
            }
        })
        .collect()
}

/// Months from one period of a series to the next: those of the period where it divides a year; for readings of one month those
/// since the reading before, a year at most; else a year.
fn step_months(evidence: &Evidence, row: &EvidenceRow, months: i32) -> i32 {
    if months == 1 {
        let readings = evidence.rows.iter().filter(|other| {
            other.link == row.link
                && other.series == row.series
                && other.first == other.last
                && other.last < row.last
                && other.class != EvidenceClass::X
        });
        let before = readings.map(|other| other.last).max();
        return before.map_or(12, |before| (row.last - before).min(12));
    }
    if months < 12 && 12 % months == 0 {
        months
    } else {
        12
    }
}

/// As tables keep numbers.
fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn thousandths(value: f64) -> f64 {
    format!("{value:.3}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Configs;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn periods_follow_the_last_row_of_a_series() {
        let evidence = Evidence::read(&Configs::embedded()).unwrap();
        let next = |series: &str| -> Vec<String> {
            let last = last_rows(&evidence, month("2026-11"));
            let mut of = last
                .iter()
                .filter(|at| evidence.rows[**at].series == series);
            let at = *of.next().unwrap();
            let rows = next_rows(&evidence, at, month("2027-12"));
            rows.iter().map(|r| r.period.clone()).collect()
        };
        // Quarters of a fiscal year; the last that ends in 2027.
        let revenue = next("nvidia_dc_revenue_quarter");
        assert_eq!(revenue[0], "2026-02/2026-04");
        assert_eq!(revenue.last().unwrap(), "2027-08/2027-10");
        // Readings every third month.
        assert_eq!(next("us_china_gap_months")[..2], ["2026-06", "2026-09"]);
        // Counted up since 2022.
        assert_eq!(
            next("china_legal_nvidia_units"),
            ["2022-01/2026-12", "2022-01/2027-12"]
        );
        // Nine months of a year are followed by those of the next.
        assert_eq!(next("vendor_revenue_nine_months")[0], "2026-01/2026-09");
        // A rate over years has no next value.
        assert!(next("compute_stock_growth").is_empty());
    }

    #[test]
    fn plans_and_inputs_are_no_record() {
        let evidence = Evidence::read(&Configs::embedded()).unwrap();
        for at in last_rows(&evidence, month("2026-11")) {
            let row = &evidence.rows[at];
            assert!(row.class != EvidenceClass::X && row.last <= month("2026-11"));
        }
        assert_eq!(last_month_on_record(&evidence), Some(month("2026-10")));
    }
}
