//! The value of every outcome, computed from the monthly record of a run over a window.

use super::columns::OutputColumns;
use super::outcomes::{Formula, MakerGroup, OUTCOMES, OutcomeColumns, OutcomeStatistic};
use super::record::MonthlyRecord;
use crate::capability::gap::crossing_months;
use crate::foundation::bloc::Bloc;
use crate::foundation::maths;

/// Months of the run in which outcomes are taken: first and one past the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeWindow {
    pub from: usize,
    pub to: usize,
}

/// Every outcome of [`OUTCOMES`], in order.
pub fn outcomes(
    columns: &OutputColumns,
    record: &MonthlyRecord,
    window: OutcomeWindow,
) -> Vec<f64> {
    formulas(columns)
        .iter()
        .map(|formula| formula.value(record, window))
        .collect()
}

/// The formula of every outcome of [`OUTCOMES`], in order; names are resolved once, not in every run.
pub fn formulas(columns: &OutputColumns) -> Vec<ColumnFormula> {
    OUTCOMES
        .iter()
        .map(|outcome| ColumnFormula {
            statistic: outcome.formula.statistic,
            columns: resolve(outcome.formula, columns),
        })
        .collect()
}

/// Numbers of the columns that a formula reads. A test holds that every name has a column.
fn resolve(formula: Formula, known: &OutputColumns) -> Vec<usize> {
    match formula.of {
        OutcomeColumns::Of(series) => series
            .iter()
            .filter_map(|(measure, entity)| known.columns.find(measure, entity))
            .collect(),
        OutcomeColumns::OfMakers(makers, measure, place) => (0..known.maker_keys.len())
            .filter(|m| match makers {
                MakerGroup::Issuer => {
                    known.merchant[*m] && known.home_of_maker[*m] == Bloc::Issuer as usize
                }
                MakerGroup::Target => known.home_of_maker[*m] == Bloc::Target as usize,
            })
            .filter_map(|m| {
                let entity = format!("{}{place}", known.maker_keys[m]);
                known.columns.find(measure, &entity)
            })
            .collect(),
    }
}

/// A statistic over columns of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnFormula {
    statistic: OutcomeStatistic,
    columns: Vec<usize>,
}

impl ColumnFormula {
    pub fn value(&self, record: &MonthlyRecord, window: OutcomeWindow) -> f64 {
        let mut value = [f64::NAN];
        self.values(record, window.from, &[window.to], &mut value);
        value[0]
    }

    /// The outcome in several windows that begin in the same month; means and sums need one pass over the months. `ends` ascend;
    /// `into` has one element for each.
    pub fn values(&self, record: &MonthlyRecord, from: usize, ends: &[usize], into: &mut [f64]) {
        match self.statistic {
            OutcomeStatistic::Mean | OutcomeStatistic::Sum => {
                into.fill(0.0);
                for column in &self.columns {
                    let months = record.column(*column);
                    let (mut sum, mut count, mut at) = (0.0, 0.0, from);
                    for (value, to) in into.iter_mut().zip(ends) {
                        (sum, count) = if self.statistic == OutcomeStatistic::Mean {
                            add_known(&months[at..*to], sum, count)
                        } else {
                            (add(&months[at..*to], sum), 1.0)
                        };
                        *value += if count > 0.0 { sum / count } else { f64::NAN };
                        at = *to;
                    }
                }
            }
            _ => {
                for (value, to) in into.iter_mut().zip(ends) {
                    *value = self.at_end(record, OutcomeWindow { from, to: *to });
                }
            }
        }
    }

    fn at_end(&self, record: &MonthlyRecord, window: OutcomeWindow) -> f64 {
        let span = |column: usize| &record.column(column)[window.from..window.to];
        match (self.statistic, &*self.columns) {
            (OutcomeStatistic::LastYear, [c]) => {
                mean(&span(*c)[(window.to - window.from).saturating_sub(12)..])
            }
            (OutcomeStatistic::Last, [c]) => span(*c).last().copied().unwrap_or(f64::NAN),
            (OutcomeStatistic::Crossing, [ahead, behind]) => crossing_months(
                record.column(*ahead),
                record.column(*behind),
                window.from,
                window.to,
            ),
            (OutcomeStatistic::GrowthRatio, [a, b]) => {
                let added =
                    |c: usize| record.column(c)[window.to - 1] - record.column(c)[window.from];
                added(*a) / added(*b)
            }
            (OutcomeStatistic::MonthsAbove, [c]) if !span(*c).iter().all(|v| v.is_nan()) => {
                span(*c).iter().filter(|v| **v > 0.0).count() as f64
            }
            _ => f64::NAN,
        }
    }

    /// Whether it is a flow, which can be discounted.
    pub fn is_flow(&self) -> bool {
        self.statistic == OutcomeStatistic::Sum
    }

    /// A flow in present value: `sum over t of flow_t (1 + rate)^(-t / 12)`, t in months from the window's first.
    pub fn present_value(
        &self,
        record: &MonthlyRecord,
        window: OutcomeWindow,
        rate_per_year: f64,
    ) -> f64 {
        if !self.is_flow() {
            return f64::NAN;
        }
        let monthly = maths::pow(1.0 + rate_per_year, -1.0 / 12.0);
        let of = |c: &usize| {
            let start = (0.0, 1.0);
            let add = |(sum, factor): (f64, f64), v: &f64| (sum + v * factor, factor * monthly);
            let span = &record.column(*c)[window.from..window.to];
            span.iter().fold(start, add).0
        };
        self.columns.iter().map(of).sum()
    }
}

fn mean(values: &[f64]) -> f64 {
    let (sum, count) = add_known(values, 0.0, 0.0);
    if count > 0.0 { sum / count } else { f64::NAN }
}

/// Adds the months with a value to a sum and a count.
fn add_known(months: &[f64], sum: f64, count: f64) -> (f64, f64) {
    let known = months.iter().filter(|v| !v.is_nan());
    known.fold((sum, count), |(sum, count), v| (sum + v, count + 1.0))
}

fn add(months: &[f64], sum: f64) -> f64 {
    months.iter().fold(sum, |sum, v| sum + v)
}

#[cfg(test)]
mod tests {
    use super::super::columns::ColumnInputs;
    use super::*;

    /// The columns of a world with one merchant maker on either side.
    fn columns() -> OutputColumns {
        let makers = ["theirs".to_string(), "ours".to_string()];
        OutputColumns::new(ColumnInputs {
            slots: &[],
            makers: &makers,
            nations: &[],
            labs: &[],
            foundries: &[],
            hosts: &[],
            bloc_of_market: vec![],
            home_of_maker: vec![0, 1],
            merchant: vec![true, true],
        })
    }

    #[test]
    fn every_outcome_has_a_formula_that_finds_its_columns() {
        for (outcome, formula) in OUTCOMES.iter().zip(formulas(&columns())) {
            let wanted = match outcome.formula.of {
                OutcomeColumns::Of(series) => series.len(),
                OutcomeColumns::OfMakers(..) => 1,
            };
            assert_eq!(formula.columns.len(), wanted, "{}", outcome.name);
        }
    }
}
