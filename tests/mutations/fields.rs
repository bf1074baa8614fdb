//! What each field of each kind of file means, written down apart from the program: from this follows what must be refused.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// Words that nothing reads.
    Text,
    /// Words that may not be missing: a source, a name.
    Filled,
    /// A name of its own, which no other row of the file has.
    Id,
    /// The name of something that exists elsewhere, or one of the words that the field may hold.
    Name,
    Flag,
    /// Between 0 and 1.
    Share,
    /// Between -1 and 1.
    Signed,
    /// Between 0 and 100.
    Percent,
    /// Above zero.
    Positive,
    /// Zero or above.
    Amount,
    /// Any number that is one.
    Number,
    /// A whole number, zero or above.
    Count,
    /// A whole number, one or above.
    Some,
    /// A number whose key is a parameter: its unit is that of the parameter.
    OfParameter,
    /// A number whose unit stands in the field `unit` beside it.
    OfUnit,
    /// A number of a rule: its unit follows from its name.
    OfRule,
    Day,
    Month,
    Year,
    /// 2024, 2024-Q3, 2024-11, or two of them.
    Period,
    Condition,
    /// SHA-256 in hexadecimal digits.
    Hash,
    /// A known answer: the other answer is wrong.
    Answer,
}

/// A field, by its path from the root of the file (`[]` is an element of a list, `*` any key), or by its column.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub path: &'static str,
    pub means: Means,
    pub required: bool,
}

/// The field of this path.
pub fn find(table: &'static str, path: &str) -> Option<Field> {
    let (parent, _) = path.rsplit_once('.').unwrap_or(("", path));
    let any = format!("{parent}.*");
    let mut rows = table.lines().filter_map(read);
    rows.rfind(|f| f.path == path || f.path == any)
}

fn read(line: &'static str) -> Option<Field> {
    let (path, word) = line.trim().split_once(' ')?;
    let word = word.trim();
    let means = match word.trim_end_matches('!') {
        "text" => Means::Text,
        "filled" => Means::Filled,
        "id" => Means::Id,
        "name" => Means::Name,
        "flag" => Means::Flag,
        "share" => Means::Share,
        "signed" => Means::Signed,
        "percent" => Means::Percent,
        "positive" => Means::Positive,
        "amount" => Means::Amount,
        "number" => Means::Number,
        "count" => Means::Count,
        "some" => Means::Some,
        "of_parameter" => Means::OfParameter,
        "of_unit" => Means::OfUnit,
        "of_rule" => Means::OfRule,
        "day" => Means::Day,
        "month" => Means::Month,
        "year" => Means::Year,
        "period" => Means::Period,
        "condition" => Means::Condition,
        "hash" => Means::Hash,
        "answer" => Means::Answer,
        other => panic!("no field means `{other}`"),
    };
    Some(Field {
        path,
        means,
        required: word.ends_with('!'),
    })
}

/// What a number in this unit may be.
pub fn of_unit(unit: &str) -> Means {
    match unit {
        "fraction" | "probability" => Means::Share,
        "USD" | "USD/GB" | "USD/year" | "H100e" | "TB/s" | "chips" | "chips/month" | "days"
        | "months" | "events/year" | "million dies" | "stacks" | "stacks/month"
        | "wafers/month" | "x/year" | "ratio" | "years" => Means::Amount,
        _ => Means::Number,
    }
}

/// What a number of a rule with this name may be.
pub fn of_rule(name: &str) -> Means {
    if name.contains("share") || name == "ownership_min" || name == "completion_cutoff" {
        Means::Share
    } else {
        Means::Amount
    }
}

pub const RULES: &str = "
title filled!
issuer name!
citation filled!
source filled!
url text!
status name!
outside_names[] name
rule[].id id!
rule[].instrument name!
rule[].description text!
rule[].announced day
rule[].leaked day
rule[].published day
rule[].compliance day
rule[].ended day
rule[].early[].vendor name!
rule[].early[].on day!
rule[].enforced flag!
rule[].confidence name!
rule[].note text
rule[].condition condition!
rule[].licence name!
rule[].supersedes[] name
rule[].carves_out[] name
rule[].responds_to[] name
rule[].responds_to_basis text
rule[].dates_source text!
rule[].applies_to.origin name!
rule[].applies_to.destinations text!
rule[].applies_to.destinations[] name
rule[].applies_to.except[] name
rule[].applies_to.headquarters[] name
rule[].numbers.* of_rule
rule[].facts.* text
rule[].exception[].name text!
rule[].exception[].description text!
rule[].exception[].condition condition!
rule[].exception[].licence name!
rule[].case[].chip name!
rule[].case[].met answer!
rule[].case[].outcome name
rule[].case[].source text!
";

pub const REGIMES: &str = "
name filled!
label text
description text!
select name
issuers[] name
as_of day
include[] name
exclude[] name
change[].rule name!
change[].announced day
change[].compliance day
change[].ended day
change[].early name
change[].enforced flag
process.kind name!
process.from month!
process.start name!
process.administrations[] month
process.ladder[].name id!
process.ladder[].rules text!
process.ladder[].rules[] name
";

pub const STUDIES: &str = "
name filled!
question text!
description text!
arms text!
arms[] name
arms[].name id!
arms[].from name!
arms[].label text
arms[].description text
arms[].add[] name
arms[].remove[] name
arms[].change[].rule name!
arms[].change[].announced day
arms[].change[].compliance day
arms[].change[].ended day
arms[].set.* of_parameter
arms[].off[] name
arms[].planning name
arms[].same_as.arm name!
arms[].same_as.reason filled!
baseline name!
headline name
matters.gap_months positive!
matters.reason filled!
claim.id filled!
claim.title filled!
claim.says filled!
claim.holder filled!
claim.source filled!
claim.outcome name!
claim.reads filled!
claim.expects name!
claim.size positive!
claim.of_baseline flag
claim.size_reason filled!
claim.counter[].outcome name!
claim.counter[].against name!
claim.counter[].means text!
claim.conditions text!
claim.conditions[] name
claim.flips filled!
claim.decides filled!
claim.studies text!
claim.studies[] name
runs some!
seed count!
first_month month!
last_month month!
window_months some!
window_first month
target name!
issuer name!
bands text!
bands[] name
series[] name
figures text!
figures[] name
posterior name
limits text!
limits[] text
synthetic_labs count
direct flag
rival_structures flag
futures.design name
futures.levels.* text
futures.levels.*[] number
futures.table name
futures.off[] name
futures.stress[].name id!
futures.stress[].description text
futures.stress[].weight positive
futures.stress[].set.* of_parameter
futures.stress[].off[] name
futures.stress[].planning name
futures.variant[].name id!
futures.variant[].description text
futures.variant[].weight positive
futures.variant[].set.* of_parameter
futures.variant[].off[] name
futures.variant[].planning name
";

pub const FIGURES: &str = "
title text!
description text
part name
draw.fan.lines text!
draw.fan.lines[].measure name!
draw.fan.lines[].entity name!
draw.fan.lines[].name text
draw.fan.scale name
draw.fan.panels name
draw.fan.from month
draw.effect.measure name!
draw.effect.entity name!
draw.effect.from month
draw.multiples.rows text!
draw.multiples.rows[].measure name!
draw.multiples.rows[].entity name!
draw.multiples.rows[].name text!
draw.multiples.rows[].scale name
draw.multiples.from month
draw.shares.measure name!
draw.shares.place name!
draw.shares.top count!
draw.shares.style name
draw.shares.from month
draw.forest.outcomes text!
draw.forest.outcomes[] name
draw.waterfall.outcome name!
draw.waterfall.regime text
draw.waterfall.table text
draw.waterfall.step text
draw.waterfall.value text
draw.waterfall.error text
draw.heat.table text!
draw.heat.rows text!
draw.heat.columns text!
draw.heat.value text!
draw.heat.unit text
draw.heat.order[] text
draw.heat.regime text
draw.heat.only.* text
draw.hindcast.split text!
draw.timeline.regime text
draw.timeline.run count
draw.timeline.without[] name
draw.timeline.from month
draw.timeline.to month
draw.tornado.outcome name!
draw.tornado.regime text
draw.tornado.top count!
draw.tradeoff.across.outcome name!
draw.tradeoff.across.better name!
draw.tradeoff.up.outcome name!
draw.tradeoff.up.better name!
draw.reversal.outcome name!
draw.reversal.regime text
draw.reversal.parameter name
draw.tiles.measure name!
draw.tiles.low text!
draw.tiles.high text!
draw.tiles.regime text
";

pub const PARAMETERS: &str = "
date day
parameter[].id id!
parameter[].description text!
parameter[].unit name!
parameter[].value of_unit!
parameter[].distribution.kind name!
parameter[].distribution.low of_unit!
parameter[].distribution.mode of_unit!
parameter[].distribution.high of_unit!
parameter[].distribution.mean of_unit!
parameter[].distribution.sd positive!
parameter[].distribution.median of_unit!
parameter[].distribution.sd_log positive!
parameter[].distribution.min of_unit
parameter[].distribution.max of_unit
parameter[].range[] of_unit
parameter[].follows.id name!
parameter[].follows.correlation signed!
parameter[].source filled!
parameter[].url text
parameter[].grade name!
";

pub const MAP: &str = "
series[].series name!
series[].unit filled!
series[].entity name
series[].measure name!
series[].entities text!
series[].entities[] name
series[].over[] name
series[].how name!
series[].factor number
series[].times name
series[].added name
series[].over_added name
series[].nominal flag
series[].scale name!
series[].block name!
series[].fiscal flag
series[].driver name
series[].gap flag
series[].weak text
adjustment[].name name!
adjustment[].from month!
adjustment[].value amount!
adjustment[].low amount!
adjustment[].high amount!
adjustment[].unit name!
adjustment[].source filled!
adjustment[].grade name!
unanswered[].series name!
unanswered[].entity name
unanswered[].units text!
unanswered[].units[] filled
unanswered[].reason text!
";

pub const SPLITS: &str = "
split[].name id!
split[].words text!
split[].fit_to month
split[].test_from month
split[].test_to month
split[].test_block name
score.draws some!
score.bootstrap some!
discrepancy.log amount!
discrepancy.fraction share!
discrepancy.points amount!
discrepancy.months amount!
bars.coverage_low share!
bars.coverage_high share!
bars.series_with_skill share!
bars.patterns count!
";

pub const REGISTRATION: &str = "
date text!
priors hash!
evidence hash!
splits hash!
patterns hash!
seen_to month!
model_versions count!
exposure text!
support[].channel name!
support[].patterns[] name
support[].parameters[] name
range[].name id!
range[].low number!
range[].value number!
range[].high number!
range[].unit filled!
range[].grade name!
range[].rows_to month
range[].source filled!
";

pub const SERIES: &str = "
target_id id!
series name!
entity text!
period period!
first_month month
last_month month
value number!
low number
high number
unit name
class name
error positive
source text
source_url text
confidence name
scope text
";

pub const BESIDE: &str = "
runs some!
quantity[].name id!
quantity[].description filled!
quantity[].publisher filled!
quantity[].date filled!
quantity[].definition filled!
quantity[].low number!
quantity[].value number!
quantity[].high number!
quantity[].range name!
quantity[].unit filled!
quantity[].source filled!
quantity[].url text!
quantity[].regime name!
quantity[].first month!
quantity[].last month!
quantity[].measure name!
quantity[].entities text!
quantity[].entities[] name
quantity[].over[] name
quantity[].how name!
quantity[].factor number
quantity[].nominal flag
quantity[].times name
quantity[].over_added name
quantity[].differs text
";

pub const STRUCTURE: &str = "
form[].name id!
form[].description filled!
form[].weight amount!
form[].set.* of_parameter
form[].off[] name
form[].source filled!
form[].grade name!
";

pub const LOOKS: &str = "
date day!
version filled!
split filled!
what filled!
why filled!
";

pub const EVENTS: &str = "
event id!
words filled!
";

pub const TRADES: &str = "
one name!
other name!
correlation signed!
";

pub const INFORMED: &str = "
parameter name!
prior_median number!
p05 number!
p50 number!
p95 number!
variance_ratio amount!
verdict name!
";

pub const CHIPMAKERS: &str = "
key id!
name text!
home name!
chip_vendor name
role name!
rd_usd_bn_2021 amount
rd_usd_bn_2022 amount
rd_usd_bn_2023 amount
rd_usd_bn_2024 amount
rd_usd_bn_2025 amount
fabless flag
gross_margin_2024 share
china_revenue_share_2021 share
china_revenue_share_2022 share
china_revenue_share_2023 share
china_revenue_share_2024 share
units_2022 amount
units_2023 amount
units_2024 amount
units_2025 amount
cadence_months positive
software_maturity share
software_maturity_low share
software_maturity_high share
owner_share share
owner_share_low share
owner_share_high share
source filled!
confidence name!
hq_country text
bloc text
foundry text
foundry_country text
notes text
source_url text
";

pub const LABS: &str = "
key id!
name text!
home name!
release_policy name!
compute_2023_h100e amount
compute_2024_h100e amount
compute_2025_h100e amount
compute_2026_h100e amount
compute_low_latest amount
compute_high_latest amount
best_eci_by_aug2025 amount
source filled!
confidence name!
hq_country text
bloc text
open_weights_policy text
best_models text
best_model_training_flop text
funding_type text
primary_chips text
source_url text
";

pub const NATIONS: &str = "
iso3 id!
name text!
diffusion_tier some!
group_a1_approx flag!
group_a5 flag!
group_a6 flag!
group_d1 flag!
group_d4 flag!
group_d5 flag!
bloc_alignment signed!
alignment_unga signed
alignment_judgement signed
gdp_usd_2024 positive!
gdp_usd_2023_worldbank positive
ai_compute_stock_share_2025 share
ai_compute_stock_share_2025_strict share
ai_compute_h100e_2025 amount
domestic_chip_design flag
leading_edge_fab flag
sme_supplier flag
hbm_supplier flag
transshipment_hub flag
region name!
source filled!
confidence name!
";

pub const DEMAND: &str = "
series name!
region name
period_start month!
value positive!
low amount
high amount
unit name
source filled!
confidence name!
source_url text
";

pub const POOLS: &str = "
pool name!
period_start month!
value amount!
low amount
high amount
unit name
source filled!
confidence name!
source_url text
";

pub const TOOLS: &str = "
process_step name!
country name!
year year!
supplier_share_percent percent!
low_percent percent!
high_percent percent!
advanced_tool flag!
source filled!
confidence name!
main_suppliers text
chip_relevance text
source_url text
";

pub const FOUNDRIES: &str = "
key id!
name text!
home name!
pools name!
source filled!
confidence name!
source_url text
";

pub const MODELS: &str = "
model id!
lab text!
country text!
release_date day!
training_flop positive
training_flop_low positive
training_flop_high positive
open_weights flag!
score_eci amount
source filled!
confidence name!
score_other text
source_url text
";

pub const POWER: &str = "
iso3 name!
year year!
dc_capacity_gw positive!
dc_capacity_low_gw positive!
dc_capacity_high_gw positive!
ai_capacity_gw amount
dc_electricity_twh amount
growth_share_per_year share
planned_gw amount
reserve_margin_share share
slack_index share
electricity_price_usd_kwh positive
source filled!
confidence name!
capacity_basis text
planned_basis text
source_url text
";

pub const ROUTES: &str = "
hub_iso3 name!
kind name!
item text!
destination_iso3 name
period_start month!
period_end month
disclosed day
value amount!
low amount
high amount
unit name!
source filled!
confidence name!
detail text
source_url text
";

pub const CHIPS: &str = "
key id
vendor name
chip id!
hq_country name
first_ship month
fp16_dense_tflops positive
int8_dense_tops positive
fp8_dense_tflops positive
fp6_dense_tflops positive
fp4_dense_tflops positive
int4_dense_tops positive
tpp positive
tpp_format name
die_area_mm2 positive
process_node_nm positive
non_planar flag
performance_density positive
interconnect_gbps amount
host_link_gbps amount
mem_capacity_gb positive
mem_bandwidth_tbs positive
tdp_w positive
list_price_usd positive
china_specific flag
datacenter_marketed flag
status name
packaging name
packages_per_wafer positive
hbm_stacks amount
sold name
confidence name
source text
source_url text
background_fields text
notes text
";

/// A chip table of the user's own: any vendor, and no more than a name is needed.
pub const OWN_CHIPS: &str = "
chip id!
vendor text
hq_country name
first_ship month
fp16_dense_tflops positive
int8_dense_tops positive
tpp positive
die_area_mm2 positive
performance_density positive
interconnect_gbps amount
host_link_gbps amount
mem_bandwidth_tbs positive
non_planar flag
china_specific flag
status name
key text
fp8_dense_tflops positive
fp6_dense_tflops positive
fp4_dense_tflops positive
int4_dense_tops positive
tpp_format name
process_node_nm positive
mem_capacity_gb positive
tdp_w positive
list_price_usd positive
datacenter_marketed flag
packaging text
packages_per_wafer positive
hbm_stacks amount
sold text
confidence text
source text
source_url text
background_fields text
notes text
";

/// Columns that are parameters: their numbers are held to the unit of the parameter.
pub const DRAWS: &str = "
stress name
variant name
";
