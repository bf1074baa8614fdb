//! Outcomes: one number for each run, each an entry with its name, unit, description and formula.

/// The column of one measure and one entity.
pub type MeasureSeries = (&'static str, &'static str);

/// An outcome. A new one is one entry of [`OUTCOMES`].
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    pub name: &'static str,
    pub unit: &'static str,
    pub words: &'static str,
    pub formula: Formula,
}

/// A statistic over months of the window, and the columns that it is taken of.
#[derive(Clone, Copy, Debug)]
pub struct Formula {
    pub statistic: OutcomeStatistic,
    pub of: OutcomeColumns,
}

/// What is computed from the monthly values of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeStatistic {
    /// Mean over months with a value, summed over columns. Months in which a gap is censored are left out, so the mean can
    /// understate the gap.
    Mean,
    /// Mean of the last 12 months of the window.
    LastYear,
    Last,
    /// Summed over the window and over columns: a flow.
    Sum,
    /// Mean over levels of the months between the crossing by the first column and that by the second.
    Crossing,
    /// Growth of the first column over growth of the second.
    GrowthRatio,
    /// Months above zero, that is, above the rung on which a policy process began. No value without a process.
    MonthsAbove,
}

/// Columns of the monthly record that an outcome is computed from.
#[derive(Clone, Copy, Debug)]
pub enum OutcomeColumns {
    Of(&'static [MeasureSeries]),
    /// One column for each of these makers: the measure, and what follows the maker's key in the name of the entity.
    OfMakers(MakerGroup, &'static str, &'static str),
}

/// Groups of chipmakers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MakerGroup {
    /// Makers of the issuer that sell to others.
    Issuer,
    Target,
}

const fn outcome(
    name: &'static str,
    unit: &'static str,
    words: &'static str,
    formula: Formula,
) -> Outcome {
    Outcome {
        name,
        unit,
        words,
        formula,
    }
}

const fn formula(statistic: OutcomeStatistic, of: &'static [MeasureSeries]) -> Formula {
    Formula {
        statistic,
        of: OutcomeColumns::Of(of),
    }
}

const fn mean(of: &'static [MeasureSeries]) -> Formula {
    formula(OutcomeStatistic::Mean, of)
}

const fn last_year(of: &'static [MeasureSeries]) -> Formula {
    formula(OutcomeStatistic::LastYear, of)
}

const fn last(of: &'static [MeasureSeries]) -> Formula {
    formula(OutcomeStatistic::Last, of)
}

const fn sum(of: &'static [MeasureSeries]) -> Formula {
    formula(OutcomeStatistic::Sum, of)
}

const fn sum_of(makers: MakerGroup, measure: &'static str, place: &'static str) -> Formula {
    Formula {
        statistic: OutcomeStatistic::Sum,
        of: OutcomeColumns::OfMakers(makers, measure, place),
    }
}

const GAP: &str = "target_vs_issuer";

/// Every outcome, in the order of the tables.
pub const OUTCOMES: &[Outcome] = &[
    outcome(
        "latent_gap_months_mean",
        "months",
        "underlying gap of the target in months, mean over the window",
        mean(&[("latent_gap_months", GAP)]),
    ),
    outcome(
        "latent_gap_months_last",
        "months",
        "underlying gap of the target in months, in the last month of the window",
        last(&[("latent_gap_months", GAP)]),
    ),
    outcome(
        "latent_gap_points_mean",
        "index points",
        "underlying gap of the target in points, mean over the window",
        mean(&[("latent_gap_points", GAP)]),
    ),
    outcome(
        "gap_crossing_months",
        "months",
        "mean time between the two sides reaching the same level inside the window",
        formula(
            OutcomeStatistic::Crossing,
            &[("frontier_points", "issuer"), ("frontier_points", "target")],
        ),
    ),
    outcome(
        "gap_trend_months_mean",
        "months",
        "underlying gap in points, divided by the leader's progress a month over 24 months, mean over the window",
        mean(&[("gap_trend_months", GAP)]),
    ),
    outcome(
        "gap_months_mean",
        "months",
        "months between best released models, mean over the window",
        mean(&[("gap_months", GAP)]),
    ),
    outcome(
        "gap_months_end",
        "months",
        "months between best released models, mean of the last 12 months",
        last_year(&[("gap_months", GAP)]),
    ),
    outcome(
        "gap_points_mean",
        "index points",
        "points between best released models, mean over the window",
        mean(&[("gap_points", GAP)]),
    ),
    outcome(
        "gap_points_end",
        "index points",
        "points between best released models, mean of the last 12 months",
        last_year(&[("gap_points", GAP)]),
    ),
    outcome(
        "open_closed_gap_months_mean",
        "months",
        "best open weights behind the best closed model, mean over the window",
        mean(&[("gap_months", "open_vs_closed")]),
    ),
    outcome(
        "target_compute_h100e_end",
        "H100e",
        "computing power in the target for training, at the end of the window",
        last(&[("compute_h100e", "target")]),
    ),
    outcome(
        "target_owned_h100e_end",
        "H100e",
        "useful compute that owners in the target hold at the end of the window, what brokers brought included",
        last(&[("compute_owned_h100e", "target")]),
    ),
    outcome(
        "third_owned_h100e_end",
        "H100e",
        "useful compute that owners in third countries hold at the end of the window, what the target rents of it included",
        last(&[("compute_owned_h100e", "third")]),
    ),
    outcome(
        "target_rented_h100e_end",
        "H100e",
        "useful compute abroad that users in the target rent at the end of the window",
        last(&[("rented_h100e", "target")]),
    ),
    outcome(
        "target_compute_share_end",
        "fraction",
        "the target's share of the world's computing power, at the end of the window",
        last(&[("compute_share", "target")]),
    ),
    outcome(
        "target_serving_h100e_end",
        "H100e",
        "computing power in the target for serving, at the end of the window",
        last(&[("compute_serving_h100e", "target")]),
    ),
    outcome(
        "target_self_sufficiency_end",
        "fraction",
        "share of chips delivered to the target that its own firms design, last 12 months",
        last(&[("self_sufficiency", "target")]),
    ),
    outcome(
        "target_self_sufficiency_fab_end",
        "fraction",
        "share of chips delivered to the target with silicon made there, last 12 months",
        last(&[("self_sufficiency_fab", "target")]),
    ),
    outcome(
        "target_frontier_points_end",
        "index points",
        "the target's best released model, mean of the last 12 months",
        last_year(&[("frontier_points", "target")]),
    ),
    outcome(
        "issuer_frontier_points_end",
        "index points",
        "the issuer's best released model, mean of the last 12 months",
        last_year(&[("frontier_points", "issuer")]),
    ),
    outcome(
        "world_frontier_points_end",
        "index points",
        "the world's best released model, mean of the last 12 months",
        last_year(&[("frontier_points", "world")]),
    ),
    outcome(
        "third_compute_h100e_end",
        "H100e",
        "computing power in third countries at the end of the window",
        last(&[("compute_h100e", "third")]),
    ),
    outcome(
        "issuer_compute_h100e_end",
        "H100e",
        "computing power in the issuer at the end of the window",
        last(&[("compute_h100e", "issuer")]),
    ),
    outcome(
        "supply_tight_share",
        "fraction",
        "share of the window in which demand for wafers, packaging or memory exceeds supply",
        mean(&[("supply_tight", "world")]),
    ),
    outcome(
        "added_compute_ratio",
        "x",
        "computing power added in the window: the issuer's divided by the target's",
        formula(
            OutcomeStatistic::GrowthRatio,
            &[("compute_h100e", "issuer"), ("compute_h100e", "target")],
        ),
    ),
    outcome(
        "us_maker_revenue_usd",
        "USD",
        "revenue of the issuer's firms that sell chips to others, over the window",
        sum_of(MakerGroup::Issuer, "maker_revenue_usd", ":world"),
    ),
    outcome(
        "us_maker_revenue_target_usd",
        "USD",
        "revenue in the target of the issuer's firms that sell chips to others, over the window",
        sum_of(MakerGroup::Issuer, "maker_revenue_usd", ":target"),
    ),
    outcome(
        "us_maker_rd_usd",
        "USD",
        "R&D of the issuer's firms that sell chips to others, over the window",
        sum_of(MakerGroup::Issuer, "maker_rd_usd", ""),
    ),
    outcome(
        "us_maker_share_world_end",
        "fraction",
        "issuer's makers' share of the world by processing performance, last 12 months",
        last(&[("us_maker_share", "world")]),
    ),
    outcome(
        "us_maker_share_target_end",
        "fraction",
        "issuer's makers' share of the target by processing performance, last 12 months",
        last(&[("us_maker_share", "target")]),
    ),
    outcome(
        "us_maker_share_third_end",
        "fraction",
        "issuer's makers' share of third countries by processing performance, last 12 months",
        last(&[("us_maker_share", "third")]),
    ),
    outcome(
        "target_maker_share_third_end",
        "fraction",
        "the target's makers' share of third countries, last 12 months",
        last(&[("target_maker_share", "third")]),
    ),
    outcome(
        "world_hhi_end",
        "0 to 1",
        "concentration of makers in the world by value, last 12 months",
        last(&[("hhi", "world")]),
    ),
    outcome(
        "price_usd_per_h100e_mean",
        "USD",
        "mean price paid in the world for a useful H100-equivalent",
        mean(&[("price_usd_per_h100e", "world")]),
    ),
    outcome(
        "third_price_usd_per_h100e_mean",
        "USD",
        "mean price that users in third countries pay for a useful H100-equivalent",
        mean(&[("price_usd_per_h100e", "third")]),
    ),
    outcome(
        "levy_revenue_usd",
        "USD",
        "levies taken by the issuer over the window",
        sum(&[("levy_usd", "issuer")]),
    ),
    outcome(
        "variant_units_total",
        "chips",
        "chips made to fit a rule, sold over the window",
        sum(&[("variant_units", "world")]),
    ),
    outcome(
        "grey_h100e_total",
        "H100e",
        "compute that brokers brought to users in the target over the window",
        sum(&[("grey_h100e", "target")]),
    ),
    outcome(
        "seized_h100e_total",
        "H100e",
        "compute seized from brokers over the window",
        sum(&[("seized_h100e", "target")]),
    ),
    outcome(
        "rented_h100e_mean",
        "H100e",
        "compute abroad that users in the target rent, mean over the window",
        mean(&[("rented_h100e", "target")]),
    ),
    outcome(
        "induced_efficiency_end",
        "x",
        "how much more work the target's labs get from the same computing power because scarcity made them economise, as a factor, at the end of the window",
        last(&[("induced_efficiency", "target")]),
    ),
    outcome(
        "service_price_end",
        "ratio",
        "price of the issuer's best closed model over the cost of serving the best open one, last 12 months",
        last_year(&[("service_price", "issuer")]),
    ),
    outcome(
        "third_service_use_mean",
        "fraction",
        "users in third countries who use AI services, mean over the window",
        mean(&[
            ("service_share", "issuer"),
            ("service_share", "target"),
            ("service_share", "open"),
        ]),
    ),
    outcome(
        "target_service_use_third_end",
        "fraction",
        "users in third countries who use the target's models, at the end of the window",
        last(&[("service_share", "target")]),
    ),
    outcome(
        "third_issuer_stack_share_end",
        "fraction",
        "share of AI applications in third countries that build on the issuer's models, software and hosts, at the end of the window",
        last(&[("stack_share", "issuer")]),
    ),
    outcome(
        "third_alignment_mean_end",
        "-1 to 1",
        "how close third countries stand to one side in language, trust and politics, at the end of the window: -1 the target, 1 the issuer",
        last(&[("alignment_mean", "third")]),
    ),
    outcome(
        "allied_supplier_revenue_usd",
        "USD",
        "wafers, memory and tools sold by the issuer's allies over the window",
        sum(&[("allied_supplier_revenue_usd", "third")]),
    ),
    outcome(
        "strict_months_total",
        "months",
        "months of the window in which rules are stricter than those with which the simulated government began",
        formula(OutcomeStatistic::MonthsAbove, &[("policy_rung", "issuer")]),
    ),
    outcome(
        "policy_rung_mean",
        "rungs",
        "strictness of the rules, in steps above those with which the simulated government began, mean over the months of the window in which it decides",
        mean(&[("policy_rung", "issuer")]),
    ),
    outcome(
        "target_inflow_h100e",
        "H100e",
        "computing power of the chips that reached buyers in the target over the window, for training",
        sum(&[("inflow_h100e", "target")]),
    ),
    outcome(
        "target_inflow_serving_h100e",
        "H100e",
        "computing power of the chips that reached buyers in the target over the window, for serving",
        sum(&[("inflow_serving_h100e", "target")]),
    ),
    outcome(
        "target_home_tpp",
        "TPP",
        "processing performance that the target's makers delivered anywhere over the window",
        sum_of(MakerGroup::Target, "maker_tpp", ":world"),
    ),
    outcome(
        "issuer_tool_revenue_usd",
        "USD",
        "tools sold to the target by the issuer's suppliers over the window",
        sum(&[("issuer_tool_revenue_usd", "issuer")]),
    ),
    outcome(
        "distilled_points_total",
        "index points",
        "what distillation added to the models of the target's labs, release by release, over the window",
        sum(&[("distilled_points", "target")]),
    ),
    outcome(
        "issuer_service_revenue_usd",
        "USD",
        "what AI services earn the issuer above the cost of serving, over the window",
        sum(&[("service_revenue_usd", "issuer")]),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::measures::measure;

    #[test]
    fn every_formula_is_of_measures_that_exist() {
        for outcome in OUTCOMES {
            let measures: Vec<&str> = match outcome.formula.of {
                OutcomeColumns::Of(series) => series.iter().map(|(measure, _)| *measure).collect(),
                OutcomeColumns::OfMakers(_, measure, _) => vec![measure],
            };
            for name in measures {
                assert!(
                    measure(name).is_some(),
                    "{}: no measure {name}",
                    outcome.name
                );
            }
        }
    }

    #[test]
    fn every_statistic_has_as_many_columns_as_it_reads() {
        for outcome in OUTCOMES {
            let count = match outcome.formula.of {
                OutcomeColumns::Of(series) => series.len(),
                OutcomeColumns::OfMakers(..) => usize::MAX,
            };
            let right = match outcome.formula.statistic {
                OutcomeStatistic::Mean | OutcomeStatistic::Sum => count > 0,
                OutcomeStatistic::Crossing | OutcomeStatistic::GrowthRatio => count == 2,
                OutcomeStatistic::LastYear
                | OutcomeStatistic::Last
                | OutcomeStatistic::MonthsAbove => count == 1,
            };
            assert!(right, "{}: {count} columns", outcome.name);
        }
    }
}
