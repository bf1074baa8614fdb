//! Measures and outcomes: what a month and a run of the model put out, each with its unit.

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
        "how long ago the leader was at the level of the follower today",
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
        "underlying gap in points, divided by the leader's progress a month over the last 24 months",
    ),
    m(
        "compute_h100e",
        "H100e",
        "computing power in use, in NVIDIA H100 chips that would do the same training work, by user",
    ),
    m(
        "compute_owned_h100e",
        "H100e",
        "computing power by the home country of its owner",
    ),
    m(
        "compute_serving_h100e",
        "H100e",
        "computing power in use for serving, in NVIDIA H100 chips that would serve as much",
    ),
    m(
        "compute_peak_h100e",
        "H100e (8-bit peak)",
        "compute on the 8-bit peak basis of recorded series",
    ),
    m(
        "compute_share",
        "fraction",
        "share of the world's computing power, by home country of the owner",
    ),
    m("maker_revenue_usd", "USD a month", "deliveries by value"),
    m("maker_units", "chips a month", "deliveries by count"),
    m(
        "maker_hbm_units",
        "chips a month",
        "deliveries by count of chips with high-bandwidth memory",
    ),
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
        "share of chips delivered to the target that its own firms design, by processing performance, trailing 12 months",
    ),
    m(
        "self_sufficiency_fab",
        "fraction",
        "share of chips delivered to the target whose silicon is made in the target, by processing performance, trailing 12 months",
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
        "computing power of the chips that reach buyers in the target, for training, brokers' chips included",
    ),
    m(
        "inflow_serving_h100e",
        "H100e a month",
        "computing power of the chips that reach buyers in the target, for serving, brokers' chips included",
    ),
    m(
        "largest_run_h100e_months",
        "H100e months",
        "compute of the largest final training run of a released model",
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
        "part of supply outside the target that is lost because the target withholds materials",
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
        "part of what buyers would order that rules forbid",
    ),
    m(
        "scarcity",
        "log units",
        "log of what budgets would buy at list price over what they get, smoothed over a year",
    ),
    m(
        "policy_rung",
        "rungs",
        "strictness of the rules, in steps above those with which the simulated government began",
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
        "compute that brokers bring to users in the target, on the 8-bit peak basis of recorded series",
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
        "how much more work labs get from the same computing power because scarcity made them economise, as a factor; what all labs know by now does not count",
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
        "share of AI applications in third countries that build on the models, software and hosts of one side, weighted by gross domestic product (GDP)",
    ),
    m(
        "issuer_stack",
        "fraction",
        "share of AI applications in a nation that build on the issuer's models, software and hosts",
    ),
    m(
        "alignment_mean",
        "-1 to 1",
        "how close third countries stand to one side in language, trust and politics, weighted by gross domestic product: -1 the target, 1 the issuer",
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

/// The definition of a measure by name.
pub fn measure(name: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|m| m.name == name)
}
