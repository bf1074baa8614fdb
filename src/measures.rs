//! Measures: the monthly outputs with their units, the outcomes, and the record that holds them.

use bevy_ecs::resource::Resource;

/// Blocs: the nation that controls, the nation that is controlled, and all other nations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(usize)]
pub enum Bloc {
    Issuer = 0,
    Target = 1,
    Third = 2,
}

impl Bloc {
    pub const ALL: [Self; 3] = [Self::Issuer, Self::Target, Self::Third];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Target => "target",
            Self::Third => "third",
        }
    }
}

/// A monthly output.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    pub name: &'static str,
    pub unit: &'static str,
    pub words: &'static str,
}

const fn m(name: &'static str, unit: &'static str, words: &'static str) -> Measure {
    Measure { name, unit, words }
}

/// Every monthly measure. Entities: `issuer`, `target`, `third`, `world`, ISO3 codes, keys of makers and labs,
/// `maker:target` and the like for a maker's sales in one market, `target_vs_issuer` and `open_vs_closed` for gaps.
pub const MEASURES: &[Measure] = &[
    m(
        "frontier_points",
        "index points",
        "best released model so far, on the capability index",
    ),
    m(
        "gap_points",
        "index points",
        "how far the follower's best released model is behind the leader's",
    ),
    m(
        "gap_months",
        "months",
        "how long ago the leader stood where the follower stands now",
    ),
    m(
        "latent_gap_points",
        "index points",
        "underlying gap in points: without random events and release dates",
    ),
    m(
        "latent_gap_months",
        "months",
        "underlying gap in months: without random events and release dates",
    ),
    m(
        "gap_trend_months",
        "months",
        "latent points over the leader's slope of the last 24 months",
    ),
    m(
        "compute_h100e",
        "H100e",
        "useful compute in use, training throughput, by user",
    ),
    m(
        "compute_owned_h100e",
        "H100e",
        "useful compute by the owner's home",
    ),
    m(
        "compute_serving_h100e",
        "H100e",
        "useful compute in use for serving, serving throughput",
    ),
    m(
        "compute_peak_h100e",
        "H100e (8-bit peak)",
        "compute on the 8-bit peak basis of recorded series",
    ),
    m(
        "compute_share",
        "fraction",
        "share of the world's useful compute, by owner's home",
    ),
    m("maker_revenue_usd", "USD a month", "deliveries by value"),
    m("maker_units", "chips a month", "deliveries by count"),
    m(
        "maker_tpp",
        "TPP a month",
        "deliveries by total processing performance",
    ),
    m(
        "maker_peak_h100e",
        "H100e (8-bit peak) a month",
        "deliveries on the 8-bit peak basis of recorded series",
    ),
    m(
        "maker_share_value",
        "fraction",
        "market share by value, trailing 12 months",
    ),
    m(
        "maker_share_units",
        "fraction",
        "market share by count, trailing 12 months",
    ),
    m(
        "us_maker_share",
        "fraction",
        "issuer's makers' share of processing performance delivered, trailing 12 months",
    ),
    m(
        "target_maker_share",
        "fraction",
        "target's makers' share of processing performance delivered, trailing 12 months",
    ),
    m(
        "variant_units",
        "chips a month",
        "sales of designs made to fit a rule",
    ),
    m(
        "self_sufficiency",
        "fraction",
        "home designers' share of processing performance delivered in the target, trailing 12 months",
    ),
    m(
        "self_sufficiency_fab",
        "fraction",
        "the same by dies made at home",
    ),
    m("maker_rd_usd", "USD a month", "R&D of each maker"),
    m(
        "price_usd_per_h100e",
        "USD",
        "mean price paid for a useful H100-equivalent of training throughput",
    ),
    m(
        "inflow_h100e",
        "H100e a month",
        "useful compute that reaches buyers in the target, training throughput, brokers' chips included",
    ),
    m(
        "inflow_serving_h100e",
        "H100e a month",
        "the same by serving throughput",
    ),
    m(
        "largest_run_h100e_months",
        "H100e months",
        "compute of the largest training run finished so far",
    ),
    m(
        "algorithmic_efficiency",
        "x",
        "output of the same compute relative to 2020-01",
    ),
    m("yield", "fraction", "good dies over all dies"),
    m(
        "wafer_capacity",
        "wafers a month",
        "capacity for accelerators, by foundry and of the target",
    ),
    m(
        "hbm_supply",
        "stacks a month",
        "high-bandwidth memory that a maker makes; for the target what its makers can draw on, stores included",
    ),
    m(
        "inputs_lost_share",
        "fraction",
        "part of supply outside the target that a want of its materials costs",
    ),
    m(
        "home_supply_share",
        "fraction",
        "what the target's makers deliver at home over what buyers there would spend, smoothed over a year",
    ),
    m(
        "hhi",
        "0 to 1",
        "concentration of makers by value, trailing 12 months",
    ),
    m(
        "licences_pending",
        "chips",
        "volume waiting for a licence decision",
    ),
    m(
        "licence_days",
        "days",
        "mean waiting time implied by the queue",
    ),
    m(
        "pool_use",
        "fraction",
        "use of a shared supply pool over its capacity",
    ),
    m(
        "supply_tight",
        "0 or 1",
        "a shared pool outside the target was asked for more than it had",
    ),
    m(
        "levy_usd",
        "USD a month",
        "what the issuer takes of sales under a levy",
    ),
    m(
        "backlog_usd",
        "USD",
        "money that could not be spent and is carried to the next month",
    ),
    m(
        "denied_share",
        "fraction",
        "part of what buyers would take that law keeps from them",
    ),
    m(
        "scarcity",
        "log units",
        "log of what budgets would buy at list price over what they get, smoothed over a year",
    ),
    m(
        "policy_rung",
        "rungs",
        "strictness of the rules on the issuer's ladder: rungs above where its process began",
    ),
    m(
        "supply_risk_belief",
        "fraction",
        "denial that buyers have come to expect",
    ),
    m(
        "grey_h100e",
        "H100e a month",
        "compute that brokers bring to users in the target",
    ),
    m(
        "grey_units",
        "chips a month",
        "chips that brokers bring to users in the target",
    ),
    m(
        "grey_peak_h100e",
        "H100e (8-bit peak) a month",
        "the same on the 8-bit peak basis of recorded series",
    ),
    m(
        "seized_h100e",
        "H100e a month",
        "compute seized from brokers",
    ),
    m(
        "grey_premium",
        "fraction",
        "premium over list price that users in the target pay to brokers",
    ),
    m(
        "rented_h100e",
        "H100e",
        "compute abroad that users in the target rent, and where it stands",
    ),
    m(
        "powered_share",
        "fraction",
        "part of installed compute that has power",
    ),
    m(
        "induced_efficiency",
        "x",
        "efficiency that scarcity taught and that has not spread, as a factor on compute",
    ),
    m(
        "codesign_skill",
        "fraction",
        "how far labs have learned to hide links and memory",
    ),
    m(
        "service_share",
        "fraction",
        "AI services used in third countries, by whose models",
    ),
    m(
        "service_price",
        "ratio",
        "price of the issuer's best closed model over the cost of serving the best open one",
    ),
    m(
        "service_revenue_usd",
        "USD a month",
        "what AI services earn above the cost of serving",
    ),
    m(
        "stack_share",
        "fraction",
        "part of what third countries build on, weighted by GDP",
    ),
    m(
        "issuer_stack",
        "fraction",
        "part of what users in a nation build on that is the issuer's",
    ),
    m(
        "alignment_mean",
        "-1 to 1",
        "third countries' alignment with the issuer, weighted by GDP",
    ),
    m(
        "allied_supplier_revenue_usd",
        "USD a month",
        "wafers, memory and tools sold by the issuer's allies",
    ),
    m(
        "issuer_tool_revenue_usd",
        "USD a month",
        "tools sold to the target by the issuer's suppliers",
    ),
    m(
        "distilled_points",
        "index points a month",
        "what distillation adds to the models that the target's labs release",
    ),
];

/// One number for each run.
pub const OUTCOMES: &[Measure] = &[
    m(
        "latent_gap_months_mean",
        "months",
        "underlying gap of the target in months, mean over the window",
    ),
    m(
        "latent_gap_points_mean",
        "index points",
        "underlying gap of the target in points, mean over the window",
    ),
    m(
        "gap_crossing_months",
        "months",
        "mean time between the two sides reaching the same level inside the window",
    ),
    m(
        "gap_trend_months_mean",
        "months",
        "latent points over the leader's slope of 24 months, mean over the window",
    ),
    m(
        "gap_months_mean",
        "months",
        "months between best released models, mean over the window",
    ),
    m(
        "gap_months_end",
        "months",
        "months between best released models, mean of the last 12 months",
    ),
    m(
        "gap_points_mean",
        "index points",
        "points between best released models, mean over the window",
    ),
    m(
        "gap_points_end",
        "index points",
        "points between best released models, mean of the last 12 months",
    ),
    m(
        "open_closed_gap_months_mean",
        "months",
        "best open weights behind the best closed model, mean over the window",
    ),
    m(
        "target_compute_h100e_end",
        "H100e",
        "useful compute in the target at the end of the window",
    ),
    m(
        "target_compute_share_end",
        "fraction",
        "the target's share of the world's useful compute at the end",
    ),
    m(
        "target_serving_h100e_end",
        "H100e",
        "useful serving compute in the target at the end of the window",
    ),
    m(
        "target_self_sufficiency_end",
        "fraction",
        "home designers' share of what the target takes, last 12 months",
    ),
    m(
        "target_self_sufficiency_fab_end",
        "fraction",
        "share of what the target takes whose dies are made at home, last 12 months",
    ),
    m(
        "target_frontier_points_end",
        "index points",
        "the target's best released model, mean of the last 12 months",
    ),
    m(
        "issuer_frontier_points_end",
        "index points",
        "the issuer's best released model, mean of the last 12 months",
    ),
    m(
        "world_frontier_points_end",
        "index points",
        "the world's best released model, mean of the last 12 months",
    ),
    m(
        "third_compute_h100e_end",
        "H100e",
        "useful compute in third countries at the end of the window",
    ),
    m(
        "issuer_compute_h100e_end",
        "H100e",
        "useful compute in the issuer at the end of the window",
    ),
    m(
        "supply_tight_share",
        "fraction",
        "share of the window in which a shared pool binds",
    ),
    m(
        "added_compute_ratio",
        "x",
        "compute added in the window: issuer over target",
    ),
    m(
        "us_maker_revenue_usd",
        "USD",
        "revenue of the issuer's merchant makers over the window",
    ),
    m(
        "us_maker_revenue_target_usd",
        "USD",
        "revenue of the issuer's merchant makers in the target over the window",
    ),
    m(
        "us_maker_rd_usd",
        "USD",
        "R&D of the issuer's merchant makers over the window",
    ),
    m(
        "us_maker_share_world_end",
        "fraction",
        "issuer's makers' share of the world by processing performance, last 12 months",
    ),
    m(
        "us_maker_share_target_end",
        "fraction",
        "issuer's makers' share of the target by processing performance, last 12 months",
    ),
    m(
        "us_maker_share_third_end",
        "fraction",
        "issuer's makers' share of third countries by processing performance, last 12 months",
    ),
    m(
        "target_maker_share_third_end",
        "fraction",
        "the target's makers' share of third countries, last 12 months",
    ),
    m(
        "world_hhi_end",
        "0 to 1",
        "concentration of makers in the world by value, last 12 months",
    ),
    m(
        "price_usd_per_h100e_mean",
        "USD",
        "mean price paid in the world for a useful H100-equivalent",
    ),
    m(
        "levy_revenue_usd",
        "USD",
        "levies taken by the issuer over the window",
    ),
    m(
        "variant_units_total",
        "chips",
        "chips made to fit a rule, sold over the window",
    ),
    m(
        "grey_h100e_total",
        "H100e",
        "compute that brokers brought to users in the target over the window",
    ),
    m(
        "seized_h100e_total",
        "H100e",
        "compute seized from brokers over the window",
    ),
    m(
        "rented_h100e_mean",
        "H100e",
        "compute abroad that users in the target rent, mean over the window",
    ),
    m(
        "induced_efficiency_end",
        "x",
        "efficiency that scarcity taught the target, as a factor on compute, at the end of the window",
    ),
    m(
        "service_price_end",
        "ratio",
        "price of the issuer's best closed model over the cost of serving the best open one, last 12 months",
    ),
    m(
        "third_service_use_mean",
        "fraction",
        "users in third countries who use AI services, mean over the window",
    ),
    m(
        "target_service_use_third_end",
        "fraction",
        "users in third countries who use the target's models, at the end of the window",
    ),
    m(
        "third_issuer_stack_share_end",
        "fraction",
        "part of what third countries build on that is the issuer's, at the end of the window",
    ),
    m(
        "third_alignment_mean_end",
        "-1 to 1",
        "third countries' alignment with the issuer at the end of the window",
    ),
    m(
        "allied_supplier_revenue_usd",
        "USD",
        "wafers, memory and tools sold by the issuer's allies over the window",
    ),
    m(
        "strict_months_total",
        "months",
        "months of the window in which rules stand above the rung on which the process began",
    ),
    m(
        "policy_rung_mean",
        "rungs",
        "rungs above where the process began, mean over the months of the window that it governs",
    ),
    m(
        "target_inflow_h100e",
        "H100e",
        "useful compute that reached buyers in the target over the window, training throughput",
    ),
    m(
        "target_inflow_serving_h100e",
        "H100e",
        "the same by serving throughput",
    ),
    m(
        "target_home_tpp",
        "TPP",
        "processing performance that the target's makers delivered anywhere over the window",
    ),
    m(
        "issuer_tool_revenue_usd",
        "USD",
        "tools sold to the target by the issuer's suppliers over the window",
    ),
    m(
        "distilled_points_total",
        "index points",
        "what distillation added to the models of the target's labs, release by release, over the window",
    ),
    m(
        "issuer_service_revenue_usd",
        "USD",
        "what AI services earn the issuer above the cost of serving, over the window",
    ),
];

/// The definition of a measure by name.
pub fn measure(name: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|m| m.name == name)
}

/// Monthly values of one run: one column for each (measure, entity), in order of registration.
#[derive(Resource, Clone, Debug, Default)]
pub struct MonthlyRecord {
    months: usize,
    columns: Vec<f64>,
}

impl MonthlyRecord {
    pub fn new(columns: usize, months: usize) -> Self {
        Self {
            months,
            columns: vec![f64::NAN; columns * months],
        }
    }

    pub fn reset(&mut self) {
        self.columns.iter_mut().for_each(|v| *v = f64::NAN);
    }

    pub fn set(&mut self, column: usize, month: usize, value: f64) {
        self.columns[column * self.months + month] = value;
    }

    pub fn column(&self, column: usize) -> &[f64] {
        &self.columns[column * self.months..(column + 1) * self.months]
    }
}

/// Names of the columns: (measure, entity) to column number.
#[derive(Clone, Debug, Default)]
pub struct ColumnIndex {
    names: Vec<(&'static str, String)>,
    index: std::collections::HashMap<(&'static str, String), usize>,
}

impl ColumnIndex {
    /// Registers a column; the same name always gives the same number.
    pub fn add(&mut self, measure: &'static str, entity: impl Into<String>) -> usize {
        let key = (measure, entity.into());
        if let Some(&at) = self.index.get(&key) {
            return at;
        }
        self.names.push(key.clone());
        self.index.insert(key, self.names.len() - 1);
        self.names.len() - 1
    }

    pub fn find(&self, measure: &str, entity: &str) -> Option<usize> {
        let known = self
            .names
            .iter()
            .position(|(m, e)| *m == measure && e == entity)?;
        Some(known)
    }

    pub fn names(&self) -> &[(&'static str, String)] {
        &self.names
    }
}
