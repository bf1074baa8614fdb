//! Computes what the model predicts for every recorded point from the months of one run.

use crate::config::diagnostics::Problems;
use crate::config::evidence::{
    self, ErrorScale, Evidence, EvidenceBlock, EvidenceRow, PeriodStatistic, SeriesMapping,
};
use crate::config::observation::as_recorded;
use crate::config::splits::Discrepancy;
use crate::config::study;
use crate::foundation::calendar::Month;
use crate::foundation::maths;
use crate::foundation::run::Future;
use crate::outputs::measures::measure;
use crate::outputs::record::MonthlyRecord;
use crate::study::{Library, Plan, PlanSettings, Worker};
use crate::technology::path::TimePath;

/// A plan over recorded history, and how each recorded point is read off a run.
pub struct Hindcast {
    pub plan: Plan,
    pub evidence: Evidence,
    /// Points that a measure answers.
    pub asked: Vec<HindcastPoint>,
    /// Why a row is not answered, by row of the evidence.
    pub silent: Vec<Option<String>>,
    /// Months that a run must reach.
    pub months: usize,
}

/// One recorded point and the columns of the model's number for it.
pub struct HindcastPoint {
    /// Row of the evidence.
    pub row: usize,
    pub link: usize,
    columns: Vec<usize>,
    over: Vec<usize>,
    from: usize,
    to: usize,
    /// What a month of the measure is multiplied by: dollars of the day for a dollar of 2024 where the record is nominal, and
    /// the adjustment of the map.
    times: Vec<f64>,
    /// What is added to each month of `columns` and of `over`, a year's amount.
    added: Vec<f64>,
    over_added: Vec<f64>,
    /// What has no logarithm is put here.
    pub floor: f64,
    /// The recorded path that the conditional ratio knows, over the same months.
    pub driver: Option<f64>,
    /// Standard deviation of what the model is expected to miss, on the point's scale.
    pub discrepancy: f64,
}

impl Hindcast {
    /// Recorded history under `regimes`, the first of them the baseline.
    ///
    /// # Errors
    /// When a regime or the study it is taken from cannot be read.
    pub fn new(
        library: &Library,
        evidence: Evidence,
        discrepancy: &Discrepancy,
        regimes: &[&str],
        settings: PlanSettings,
    ) -> Result<Self, Problems> {
        // A wrong entity would leave its series without an answer and without an error.
        evidence::check_shipped_map(&library.configs)?;
        let source = library.configs.find("did-controls-work", "studies")?;
        let mut file = study::read(&source, &library.configs)?.in_own_form();
        file.arms = regimes.iter().map(|r| (*r).into()).collect();
        file.baseline = regimes[0].to_string();
        // Posterior samples come from the settings, not from the study.
        file.posterior = None;
        let plan = Plan::new(library, file, settings)?;
        Ok(Self::of_plan(library, plan, evidence, discrepancy))
    }

    /// The rows of a table read off runs of this plan.
    pub fn of_plan(
        library: &Library,
        plan: Plan,
        evidence: Evidence,
        discrepancy: &Discrepancy,
    ) -> Self {
        let mut asked: Vec<HindcastPoint> = Vec::new();
        let mut silent = Vec::new();
        for (at, row) in evidence.rows.iter().enumerate() {
            let found = match &row.link {
                Err(reason) => Err(reason.clone()),
                Ok(link) => resolve_point(library, &plan, &evidence, discrepancy, at, row, *link),
            };
            silent.push(match found {
                Ok(one) => {
                    asked.push(one);
                    None
                }
                Err(reason) => Some(reason),
            });
        }
        let months = asked.iter().map(|a| a.to + 1).max().unwrap_or(1);
        Self {
            plan,
            evidence,
            asked,
            silent,
            months,
        }
    }

    pub fn row(&self, k: usize) -> &EvidenceRow {
        &self.evidence.rows[self.asked[k].row]
    }

    pub fn link(&self, k: usize) -> &SeriesMapping {
        &self.evidence.links[self.asked[k].link]
    }

    pub fn block(&self, k: usize) -> EvidenceBlock {
        self.link(k).block
    }

    /// Name of the series that a point belongs to: rows of one series and one link.
    pub fn series(&self, k: usize) -> (String, String) {
        (self.row(k).series.clone(), self.link(k).entity.clone())
    }

    /// A value on the scale of a point's errors and scores.
    pub fn scaled(&self, k: usize, value: f64) -> f64 {
        match self.link(k).scale {
            ErrorScale::Log if value.is_nan() => f64::NAN,
            ErrorScale::Log => maths::ln(value.max(self.asked[k].floor)),
            ErrorScale::Own => value,
        }
    }

    /// The other way.
    pub fn natural(&self, k: usize, scaled: f64) -> f64 {
        match self.link(k).scale {
            ErrorScale::Log => maths::exp(scaled),
            ErrorScale::Own => scaled,
        }
    }

    /// What a published number of a point can be: a share from 0 to 1, an amount from 0; points and months of a gap are free.
    pub fn bounds(&self, k: usize) -> (f64, f64) {
        let link = self.link(k);
        let unit = measure(link.measure.get_ref()).map_or("", |m| m.unit);
        match link.scale {
            ErrorScale::Own if !link.over.is_empty() || unit == "fraction" => (0.0, 1.0),
            ErrorScale::Own if unit == "months" || unit == "index points" => {
                (f64::NEG_INFINITY, f64::INFINITY)
            }
            _ => (0.0, f64::INFINITY),
        }
    }

    /// Runs one arm and reads every point, in the units of the table.
    pub fn run(&self, worker: &mut Worker, arm: usize, future: &Future) -> Vec<f64> {
        let recorded = future.clone().on_record();
        worker.run(&self.plan.calendars[arm], &recorded, self.months, false);
        self.read(worker.record())
    }

    /// The number for every point, from the months of a run.
    pub fn read(&self, record: &MonthlyRecord) -> Vec<f64> {
        self.asked
            .iter()
            .map(|a| predicted(a, &self.evidence.links[a.link], record))
            .collect()
    }

    pub fn worker(&self) -> Worker {
        Worker::new(&self.plan.blueprint)
    }
}

/// The columns and months of a point, or why there are none.
fn resolve_point(
    library: &Library,
    plan: &Plan,
    evidence: &Evidence,
    discrepancy: &Discrepancy,
    at: usize,
    row: &EvidenceRow,
    link_at: usize,
) -> Result<HindcastPoint, String> {
    let link = &evidence.links[link_at];
    let b = &*plan.blueprint;
    let first = plan.study.first_month;
    let (begins, ends) = months_read(link.how, row.first, row.last);
    if begins < first || ends > plan.study.last_month {
        return Err(format!(
            "its months are not all within {first} to {}",
            plan.study.last_month
        ));
    }
    let columns = |names: &[String]| -> Result<Vec<usize>, String> {
        let mut found = Vec::new();
        for name in names {
            let makers: Vec<String> = match name.split_once(':') {
                Some(("all_makers", place)) => b
                    .maker_keys
                    .iter()
                    .map(|m| format!("{m}:{place}"))
                    .collect(),
                Some(("target_makers", place)) => (0..b.maker_keys.len())
                    .filter(|m| b.watch.home_of_maker[*m] == 1)
                    .map(|m| format!("{}:{place}", b.maker_keys[m]))
                    .collect(),
                _ => vec![name.clone()],
            };
            for entity in makers {
                let measure = link.measure.get_ref();
                found.push(
                    b.watch
                        .columns
                        .find(measure, &entity)
                        .ok_or_else(|| format!("`{measure}` has no entity `{entity}`"))?,
                );
            }
        }
        Ok(found)
    };
    let (from, to) = ((begins - first) as usize, (ends - first) as usize);
    let months = || (from..=to).map(|t| first.plus(t as i32));
    let adjusted = |name: Option<&String>, otherwise: f64| {
        name.and_then(|name| evidence.adjustments.path(name, months()))
            .unwrap_or_else(|| vec![otherwise; to - from + 1])
    };
    let mut times = adjusted(link.times.as_ref(), 1.0);
    if link.nominal {
        for (times, month) in times.iter_mut().zip(months()) {
            *times /= library.tables.deflate(month);
        }
    }
    let driver = link.driver.as_ref().map(|name| {
        let path: TimePath = library.tables.demand_path(name, "", 1.0);
        let years = months().map(|m| m.decimal_year());
        let values: Vec<f64> = years.map(|y| path.at(y, 0.0, f64::INFINITY)).collect();
        let sum: f64 = values.iter().sum();
        match link.how {
            PeriodStatistic::Sum => sum / 12.0,
            PeriodStatistic::SumOfFiscalQuarters => gathered(&values, link.how) / 12.0,
            _ => sum / values.len() as f64,
        }
    });
    let smallest = evidence
        .rows
        .iter()
        .filter(|r| r.link == row.link && r.series == row.series && r.value > 0.0)
        .map(|r| r.value)
        .fold(f64::INFINITY, f64::min);
    let unit = measure(link.measure.get_ref()).map_or("", |m| m.unit);
    let expected_miss = match link.scale {
        ErrorScale::Log => discrepancy.log,
        ErrorScale::Own if !link.over.is_empty() || unit == "fraction" => discrepancy.fraction,
        ErrorScale::Own if unit == "months" => discrepancy.months,
        ErrorScale::Own if unit == "index points" => discrepancy.points,
        // Money that can be zero: as on the log scale, of the largest value on record.
        ErrorScale::Own => {
            let largest = evidence
                .rows
                .iter()
                .filter(|r| r.link == row.link && r.series == row.series)
                .map(|r| r.value.abs())
                .fold(0.0, f64::max);
            discrepancy.log * largest
        }
    };
    Ok(HindcastPoint {
        row: at,
        link: link_at,
        columns: columns(&link.entities)?,
        over: columns(&link.over)?,
        from,
        to,
        times,
        added: adjusted(link.added.as_ref(), 0.0),
        over_added: adjusted(link.over_added.as_ref(), 0.0),
        floor: 0.01 * smallest,
        driver,
        discrepancy: expected_miss,
    })
}

/// The model's number for a point.
fn predicted(a: &HindcastPoint, link: &SeriesMapping, record: &MonthlyRecord) -> f64 {
    let of = |columns: &[usize], added: &[f64]| -> f64 {
        let adjustments = a.times.iter().zip(added);
        let months: Vec<f64> = (a.from..=a.to)
            .zip(adjustments)
            .map(|(t, (times, added))| {
                let measure = columns.iter().map(|c| record.column(*c)[t]).sum::<f64>();
                as_recorded(measure, *times, *added)
            })
            .collect();
        gathered(&months, link.how)
    };
    let value = of(&a.columns, &a.added);
    let value = if a.over.is_empty() {
        value
    } else {
        value / of(&a.over, &a.over_added)
    };
    value * link.factor
}

/// Months of a fiscal quarter.
const FISCAL_QUARTER_MONTHS: usize = 3;

/// First and last month that a row reads: its own, or those of the two fiscal quarters that a calendar quarter was made from.
fn months_read(how: PeriodStatistic, first: Month, last: Month) -> (Month, Month) {
    match how {
        PeriodStatistic::SumOfFiscalQuarters => (first.plus(-2), last.plus(1)),
        _ => (first, last),
    }
}

/// One number from the months of a period. A gap may be censored in some months; they are left out of a mean.
fn gathered(months: &[f64], how: PeriodStatistic) -> f64 {
    let (first, last) = (months[0], months[months.len() - 1]);
    let years = (months.len() as f64 - 1.0) / 12.0;
    match how {
        PeriodStatistic::Sum => months.iter().sum(),
        PeriodStatistic::SumOfFiscalQuarters => {
            let (ends, next) = months.split_at(FISCAL_QUARTER_MONTHS);
            (ends.iter().sum::<f64>() + 2.0 * next.iter().sum::<f64>()) / 3.0
        }
        PeriodStatistic::Mean => {
            let known: Vec<f64> = months.iter().copied().filter(|v| !v.is_nan()).collect();
            known.iter().sum::<f64>() / known.len() as f64
        }
        PeriodStatistic::Last => last,
        PeriodStatistic::GrowthPerYear => maths::pow(last / first, 1.0 / years),
        PeriodStatistic::SlopePerYear => (last - first) / years,
        PeriodStatistic::Change => last - first,
    }
}

/// Parameters of a future that are given and not drawn.
pub fn future_with(plan: &Plan, number: u32, scores: &[f64]) -> Future {
    Future {
        parameters: plan.parameters.from_scores(scores),
        ..plan.future(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_become_one_number_as_the_map_says() {
        let months: Vec<f64> = (0..13)
            .map(|t| 100.0 * 2_f64.powf(f64::from(t) / 12.0))
            .collect();
        assert!((gathered(&months, PeriodStatistic::GrowthPerYear) - 2.0).abs() < 1e-12);
        assert!((gathered(&months, PeriodStatistic::SlopePerYear) - 100.0).abs() < 1e-9);
        assert!((gathered(&months, PeriodStatistic::Change) - 100.0).abs() < 1e-9);
        assert_eq!(gathered(&[1.0, f64::NAN, 3.0], PeriodStatistic::Mean), 2.0);
        assert_eq!(gathered(&[1.0, 2.0, 3.0], PeriodStatistic::Sum), 6.0);
        // Sales of 9 a quarter that stop: a third of them is left in the calendar quarter of the stop.
        let stopped = [3.0, 3.0, 3.0, 0.0, 0.0, 0.0];
        assert_eq!(
            gathered(&stopped, PeriodStatistic::SumOfFiscalQuarters),
            3.0
        );
        let spring = (Month::of(2025, 4), Month::of(2025, 6));
        assert_eq!(
            months_read(PeriodStatistic::SumOfFiscalQuarters, spring.0, spring.1),
            (Month::of(2025, 2), Month::of(2025, 7))
        );
        assert_eq!(gathered(&[1.0, 2.0, 3.0], PeriodStatistic::Last), 3.0);
    }
}
