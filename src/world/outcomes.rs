//! Outcomes: one number for each run, computed from the recorded months of a window.

use super::Blueprint;
use crate::capability::gap::crossing_months;
use crate::foundation::maths;
use crate::measures::{MonthlyRecord, OUTCOMES};

/// Months of the run in which outcomes are taken: first and one past the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeWindow {
    pub from: usize,
    pub to: usize,
}

/// Every outcome of [`OUTCOMES`], in order.
pub fn outcomes(b: &Blueprint, record: &MonthlyRecord, window: OutcomeWindow) -> Vec<f64> {
    formulas(b)
        .iter()
        .map(|formula| formula.value(record, window))
        .collect()
}

/// Formula of an outcome over columns of the record; a missing column has no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// Mean over months with a value, summed over columns. Months in which a gap is censored are left out, so the mean can
    /// understate the gap.
    Mean(Vec<usize>),
    /// Mean of the last 12 months of the window.
    Year(usize),
    Last(usize),
    /// Summed over the window and over columns: a flow.
    Sum(Vec<usize>),
    /// Mean over levels of the months between the crossing by the first column and that by the second.
    Crossing(usize, usize),
    /// Growth of the first column over growth of the second.
    Added(usize, usize),
    /// Months above zero, that is, above the rung on which a policy process began. No value without a process.
    Above(usize),
    Nothing,
}

impl Formula {
    pub fn value(&self, record: &MonthlyRecord, window: OutcomeWindow) -> f64 {
        let mut value = [f64::NAN];
        self.values(record, window.from, &[window.to], &mut value);
        value[0]
    }

    /// The outcome in several windows that begin in the same month; means and sums need one pass over the months. `ends` ascend;
    /// `into` has one element for each.
    pub fn values(&self, record: &MonthlyRecord, from: usize, ends: &[usize], into: &mut [f64]) {
        match self {
            Self::Mean(columns) | Self::Sum(columns) => {
                into.fill(0.0);
                for column in columns {
                    let months = record.column(*column);
                    let (mut sum, mut count, mut at) = (0.0, 0.0, from);
                    for (value, to) in into.iter_mut().zip(ends) {
                        (sum, count) = if matches!(self, Self::Mean(_)) {
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
        match self {
            Self::Year(c) => mean(&span(*c)[(window.to - window.from).saturating_sub(12)..]),
            Self::Last(c) => span(*c).last().copied().unwrap_or(f64::NAN),
            Self::Crossing(ahead, behind) => crossing_months(
                record.column(*ahead),
                record.column(*behind),
                window.from,
                window.to,
            ),
            Self::Added(a, b) => {
                let added =
                    |c: usize| record.column(c)[window.to - 1] - record.column(c)[window.from];
                added(*a) / added(*b)
            }
            Self::Above(c) if span(*c).iter().all(|v| v.is_nan()) => f64::NAN,
            Self::Above(c) => span(*c).iter().filter(|v| **v > 0.0).count() as f64,
            Self::Mean(_) | Self::Sum(_) | Self::Nothing => f64::NAN,
        }
    }

    /// Whether it is a flow, which can be discounted.
    pub fn is_flow(&self) -> bool {
        matches!(self, Self::Sum(_))
    }

    /// A flow in present value: `sum over t of flow_t (1 + rate)^(-t / 12)`, t in months from the window's first.
    pub fn present_value(
        &self,
        record: &MonthlyRecord,
        window: OutcomeWindow,
        rate_per_year: f64,
    ) -> f64 {
        let Self::Sum(columns) = self else {
            return f64::NAN;
        };
        let monthly = maths::pow(1.0 + rate_per_year, -1.0 / 12.0);
        let of = |c: &usize| {
            let start = (0.0, 1.0);
            let add = |(sum, factor): (f64, f64), v: &f64| (sum + v * factor, factor * monthly);
            let span = &record.column(*c)[window.from..window.to];
            span.iter().fold(start, add).0
        };
        columns.iter().map(of).sum()
    }
}

/// The formula of every outcome of [`OUTCOMES`], in order; names are resolved once, not in every run.
pub fn formulas(b: &Blueprint) -> Vec<Formula> {
    let look = RecordView { b };
    let us: Vec<&str> = (0..b.maker_keys.len())
        .filter(|m| b.watch.merchant[*m] && b.watch.home_of_maker[*m] == 0)
        .map(|m| b.maker_keys[m].as_str())
        .collect();
    let home: Vec<&str> = (0..b.maker_keys.len())
        .filter(|m| b.watch.home_of_maker[*m] == 1)
        .map(|m| b.maker_keys[m].as_str())
        .collect();
    let sum_us = |measure: &str, place: &str| -> Formula {
        let entity = |m: &&str| match place {
            "" => (*m).to_string(),
            _ => format!("{m}:{place}"),
        };
        let names: Vec<_> = us.iter().map(|m| (measure, entity(m))).collect();
        Formula::Sum(look.column_numbers(&names))
    };
    let gap = "target_vs_issuer";
    OUTCOMES
        .iter()
        .map(|outcome| match outcome.name {
            "latent_gap_months_mean" => look.mean("latent_gap_months", gap),
            "latent_gap_points_mean" => look.mean("latent_gap_points", gap),
            "gap_crossing_months" => look.of_two_columns(
                Formula::Crossing,
                ("frontier_points", "issuer"),
                ("frontier_points", "target"),
            ),
            "gap_trend_months_mean" => look.mean("gap_trend_months", gap),
            "gap_months_mean" => look.mean("gap_months", gap),
            "gap_months_end" => look.year("gap_months", gap),
            "gap_points_mean" => look.mean("gap_points", gap),
            "gap_points_end" => look.year("gap_points", gap),
            "open_closed_gap_months_mean" => look.mean("gap_months", "open_vs_closed"),
            "target_compute_h100e_end" => look.last("compute_h100e", "target"),
            "target_compute_share_end" => look.last("compute_share", "target"),
            "target_serving_h100e_end" => look.last("compute_serving_h100e", "target"),
            "target_self_sufficiency_end" => look.last("self_sufficiency", "target"),
            "target_self_sufficiency_fab_end" => look.last("self_sufficiency_fab", "target"),
            "target_frontier_points_end" => look.year("frontier_points", "target"),
            "issuer_frontier_points_end" => look.year("frontier_points", "issuer"),
            "world_frontier_points_end" => look.year("frontier_points", "world"),
            "third_compute_h100e_end" => look.last("compute_h100e", "third"),
            "issuer_compute_h100e_end" => look.last("compute_h100e", "issuer"),
            "supply_tight_share" => look.mean("supply_tight", "world"),
            "added_compute_ratio" => look.of_two_columns(
                Formula::Added,
                ("compute_h100e", "issuer"),
                ("compute_h100e", "target"),
            ),
            "us_maker_revenue_usd" => sum_us("maker_revenue_usd", "world"),
            "us_maker_revenue_target_usd" => sum_us("maker_revenue_usd", "target"),
            "us_maker_rd_usd" => sum_us("maker_rd_usd", ""),
            "us_maker_share_world_end" => look.last("us_maker_share", "world"),
            "us_maker_share_target_end" => look.last("us_maker_share", "target"),
            "us_maker_share_third_end" => look.last("us_maker_share", "third"),
            "target_maker_share_third_end" => look.last("target_maker_share", "third"),
            "world_hhi_end" => look.last("hhi", "world"),
            "price_usd_per_h100e_mean" => look.mean("price_usd_per_h100e", "world"),
            "levy_revenue_usd" => look.sum("levy_usd", "issuer"),
            "grey_h100e_total" => look.sum("grey_h100e", "target"),
            "seized_h100e_total" => look.sum("seized_h100e", "target"),
            "rented_h100e_mean" => look.mean("rented_h100e", "target"),
            "induced_efficiency_end" => look.last("induced_efficiency", "target"),
            "service_price_end" => look.year("service_price", "issuer"),
            "third_service_use_mean" => {
                let shares = ["issuer", "target", "open"].map(|who| ("service_share", who.into()));
                Formula::Mean(look.column_numbers(&shares))
            }
            "target_service_use_third_end" => look.last("service_share", "target"),
            "third_issuer_stack_share_end" => look.last("stack_share", "issuer"),
            "third_alignment_mean_end" => look.last("alignment_mean", "third"),
            "allied_supplier_revenue_usd" => look.sum("allied_supplier_revenue_usd", "third"),
            "target_inflow_h100e" => look.sum("inflow_h100e", "target"),
            "target_inflow_serving_h100e" => look.sum("inflow_serving_h100e", "target"),
            "target_home_tpp" => {
                let makers = home.iter().map(|m| ("maker_tpp", format!("{m}:world")));
                Formula::Sum(look.column_numbers(&makers.collect::<Vec<_>>()))
            }
            "issuer_tool_revenue_usd" => look.sum("issuer_tool_revenue_usd", "issuer"),
            "distilled_points_total" => look.sum("distilled_points", "target"),
            "issuer_service_revenue_usd" => look.sum("service_revenue_usd", "issuer"),
            "strict_months_total" => look.of_column("policy_rung", "issuer", Formula::Above),
            "policy_rung_mean" => look.mean("policy_rung", "issuer"),
            "variant_units_total" => look.sum("variant_units", "world"),
            _ => Formula::Nothing,
        })
        .collect()
}

struct RecordView<'a> {
    b: &'a Blueprint,
}

impl RecordView<'_> {
    fn column_numbers(&self, names: &[(&str, String)]) -> Vec<usize> {
        names
            .iter()
            .filter_map(|(measure, entity)| self.b.watch.columns.find(measure, entity))
            .collect()
    }

    fn of_column(
        &self,
        measure: &str,
        entity: &str,
        formula: impl Fn(usize) -> Formula,
    ) -> Formula {
        let found = self.b.watch.columns.find(measure, entity);
        found.map_or(Formula::Nothing, formula)
    }

    fn of_two_columns(
        &self,
        formula: impl Fn(usize, usize) -> Formula,
        first: (&str, &str),
        second: (&str, &str),
    ) -> Formula {
        self.of_column(first.0, first.1, |a| {
            self.of_column(second.0, second.1, |b| formula(a, b))
        })
    }

    fn mean(&self, measure: &str, entity: &str) -> Formula {
        self.of_column(measure, entity, |c| Formula::Mean(vec![c]))
    }

    fn sum(&self, measure: &str, entity: &str) -> Formula {
        self.of_column(measure, entity, |c| Formula::Sum(vec![c]))
    }

    fn last(&self, measure: &str, entity: &str) -> Formula {
        self.of_column(measure, entity, Formula::Last)
    }

    fn year(&self, measure: &str, entity: &str) -> Formula {
        self.of_column(measure, entity, Formula::Year)
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
