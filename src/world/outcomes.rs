//! Outcomes: one number a run, taken from the recorded months inside the window.

use super::Blueprint;
use crate::capability::gap::crossing_months;
use crate::measures::{OUTCOMES, Recorder};

/// Months of the run in which outcomes are taken: first and one past the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: usize,
    pub to: usize,
}

/// Every outcome of [`OUTCOMES`], in order, and whether any run-time value behind them was not finite where it must be.
pub fn outcomes(b: &Blueprint, record: &Recorder, window: Window) -> Vec<f64> {
    let look = Look { b, record, window };
    let us: Vec<&str> = (0..b.maker_keys.len())
        .filter(|m| b.watch.merchant[*m] && b.watch.home_of_maker[*m] == 0)
        .map(|m| b.maker_keys[m].as_str())
        .collect();
    let home: Vec<&str> = (0..b.maker_keys.len())
        .filter(|m| b.watch.home_of_maker[*m] == 1)
        .map(|m| b.maker_keys[m].as_str())
        .collect();
    let sum_us = |measure: &str, place: &str| -> f64 {
        us.iter()
            .map(|m| {
                look.sum(
                    measure,
                    &if place.is_empty() {
                        (*m).to_string()
                    } else {
                        format!("{m}:{place}")
                    },
                )
            })
            .sum()
    };
    let gap = "target_vs_issuer";
    OUTCOMES
        .iter()
        .map(|outcome| match outcome.name {
            "latent_gap_months_mean" => look.mean("latent_gap_months", gap),
            "latent_gap_points_mean" => look.mean("latent_gap_points", gap),
            "gap_crossing_months" => crossing_months(
                look.column("frontier_points", "issuer"),
                look.column("frontier_points", "target"),
                window.from,
                window.to,
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
            "added_compute_ratio" => look.added("issuer") / look.added("target"),
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
            "third_service_use_mean" => ["issuer", "target", "open"]
                .iter()
                .map(|who| look.mean("service_share", who))
                .sum(),
            "target_service_use_third_end" => look.last("service_share", "target"),
            "third_issuer_stack_share_end" => look.last("stack_share", "issuer"),
            "third_alignment_mean_end" => look.last("alignment_mean", "third"),
            "allied_supplier_revenue_usd" => look.sum("allied_supplier_revenue_usd", "third"),
            "target_inflow_h100e" => look.sum("inflow_h100e", "target"),
            "target_inflow_serving_h100e" => look.sum("inflow_serving_h100e", "target"),
            "target_home_tpp" => home
                .iter()
                .map(|m| look.sum("maker_tpp", &format!("{m}:world")))
                .sum(),
            "issuer_tool_revenue_usd" => look.sum("issuer_tool_revenue_usd", "issuer"),
            "distilled_points_total" => look.sum("distilled_points", "target"),
            "issuer_service_revenue_usd" => look.sum("service_revenue_usd", "issuer"),
            "strict_months_total" => look.strict_months(),
            "policy_rung_mean" => look.mean("policy_rung", "issuer"),
            "variant_units_total" => look.sum("variant_units", "world"),
            _ => f64::NAN,
        })
        .collect()
}

struct Look<'a> {
    b: &'a Blueprint,
    record: &'a Recorder,
    window: Window,
}

impl Look<'_> {
    fn column(&self, measure: &str, entity: &str) -> &[f64] {
        self.b
            .watch
            .columns
            .find(measure, entity)
            .map_or(&[], |at| self.record.column(at))
    }

    fn span(&self, measure: &str, entity: &str) -> &[f64] {
        self.column(measure, entity)
            .get(self.window.from..self.window.to)
            .unwrap_or(&[])
    }

    /// Mean over months that have a value: a gap may be censored in some.
    fn mean(&self, measure: &str, entity: &str) -> f64 {
        mean(self.span(measure, entity))
    }

    fn sum(&self, measure: &str, entity: &str) -> f64 {
        self.span(measure, entity).iter().sum()
    }

    /// Months above the rung on which a process began; not a number where none governs.
    fn strict_months(&self) -> f64 {
        let rungs = self.span("policy_rung", "issuer");
        if rungs.iter().all(|v| v.is_nan()) {
            return f64::NAN;
        }
        rungs.iter().filter(|rung| **rung > 0.0).count() as f64
    }

    fn last(&self, measure: &str, entity: &str) -> f64 {
        self.span(measure, entity)
            .last()
            .copied()
            .unwrap_or(f64::NAN)
    }

    /// Mean of the last 12 months of the window.
    fn year(&self, measure: &str, entity: &str) -> f64 {
        let span = self.span(measure, entity);
        mean(&span[span.len().saturating_sub(12)..])
    }

    fn added(&self, bloc: &str) -> f64 {
        let column = self.column("compute_h100e", bloc);
        let before = column.get(self.window.from).copied().unwrap_or(f64::NAN);
        column.get(self.window.to - 1).copied().unwrap_or(f64::NAN) - before
    }
}

fn mean(values: &[f64]) -> f64 {
    let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    if known.is_empty() {
        f64::NAN
    } else {
        known.iter().sum::<f64>() / known.len() as f64
    }
}
