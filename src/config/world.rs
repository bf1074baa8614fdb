//! Reads the tables of the world into typed rows, with every column named with its unit.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::chips::{CHIPS, ChipRow};
use super::demand::{DEMAND, DemandRow, POOLS, PROXY_POOL, PoolRow, read_demand, read_pools};
use super::diagnostics::{Diagnostic, Problems};
use super::evidence::Evidence;
use super::foreign_chips;
use super::nations::{self, NATIONS, NationRow};
use super::places::{self, FOUNDRIES, HOSTS, HUBS, MODELS, POWER, PlaceTables, TOOLS};
use super::shipped_chips;
use super::source::{Configs, Source};
use super::table::{
    CONFIDENCE, CellType, KnownNames, NameKind, TableProblems, TableReading, TableSpec,
    check_bounds, column, kept, or_nearest,
};
use crate::foundation::calendar::Month;
use crate::foundation::sampling::Triangular;
use crate::technology::path::TimePath;

/// `configs/world/chipmakers.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct MakerRow {
    pub key: String,
    pub name: String,
    pub home: String,
    /// Name in the column `vendor` of the chip table; empty where the maker has no chip there.
    pub chip_vendor: String,
    pub role: ChipUse,
    /// Maturity of the software stack, 0 to 1, in the first month; empty for other makers of the target, whose start is a
    /// parameter. Judgement: an owner's stack fits its own use; AMD's chips sold at about half the price of a slower
    /// H100; Intel's, cheap on paper, hardly sold. Huawei has a compiler and libraries of its own in wide use; programs
    /// for AMD chips run on Hygon's with few changes; Enflame and Moore Threads serve some outside customers.
    pub software_maturity: Option<f64>,
    /// Range of it, from which each future draws; both empty where it is fixed.
    #[serde(default)]
    pub software_maturity_low: Option<f64>,
    #[serde(default)]
    pub software_maturity_high: Option<f64>,
    /// What its owner spends on its chips, and the range that each future draws from: of a captive maker, part of the money
    /// for captive chips; of a merchant, part of the money of buyers at its home. Empty where no owner buys.
    #[serde(default)]
    pub owner_share: Option<f64>,
    #[serde(default)]
    pub owner_share_low: Option<f64>,
    #[serde(default)]
    pub owner_share_high: Option<f64>,
    pub source: String,
    pub confidence: String,
}

impl MakerRow {
    /// What is judged of its software in the first month; `None` where a parameter says it.
    pub fn maturity_range(&self) -> Option<Triangular> {
        let (low, high) = (self.software_maturity_low, self.software_maturity_high);
        judged(self.software_maturity, low, high)
    }

    /// What its owner spends on its chips; `None` without an owner who buys. Captive makers have one.
    pub fn owner_share_range(&self) -> Option<Triangular> {
        let captive = (self.role == ChipUse::Captive).then_some(1.0);
        let share = self.owner_share.or(captive);
        judged(share, self.owner_share_low, self.owner_share_high)
    }
}

/// A judgement: its value and its range, which is the value alone where it has no bounds.
fn judged(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> Option<Triangular> {
    value.map(|mode| Triangular {
        low: low.unwrap_or(mode),
        mode,
        high: high.unwrap_or(mode),
    })
}

/// What a maker does with its chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChipUse {
    /// Sells to all comers.
    Merchant,
    /// Makes for its owner.
    Captive,
    /// Makes other firms' chips.
    Foundry,
}

/// `configs/world/labs.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct LabRow {
    pub key: String,
    pub name: String,
    pub home: String,
    pub release_policy: LabReleasePolicy,
    pub compute_2025_h100e: Option<f64>,
    pub compute_2026_h100e: Option<f64>,
    #[serde(default)]
    pub compute_low_latest: Option<f64>,
    #[serde(default)]
    pub compute_high_latest: Option<f64>,
    pub source: String,
    pub confidence: String,
}

/// Whether a lab publishes weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabReleasePolicy {
    Open,
    Closed,
    Mixed,
}

/// Every table of the world that the model reads beside chips and nations.
#[derive(Clone, Debug, Default)]
pub struct WorldTables {
    pub demand: Vec<DemandRow>,
    pub pools: Vec<PoolRow>,
    pub makers: Vec<MakerRow>,
    pub labs: Vec<LabRow>,
}

/// Sides of nations, as the tables of firms name them.
const BLOCS: &[&str] = &[
    "US",
    "China",
    "US-aligned",
    "EU",
    "Gulf",
    "Russia",
    "non-aligned",
];

/// The table of chipmakers.
#[rustfmt::skip]
pub static MAKERS: TableSpec = TableSpec {
    path: "world/chipmakers.csv",
    row: "a designer or foundry: home, role, software maturity",
    key: &["key"],
    columns: &[
        column("key", CellType::Name, ""),
        column("name", CellType::Name, ""),
        column("home", CellType::Known(NameKind::Nation), ""),
        column("chip_vendor", CellType::Known(NameKind::VendorOfChip), "").or_blank(),
        column("role", CellType::Word(&["merchant", "captive", "foundry"]), ""),
        column("hq_country", CellType::KnownSides(NameKind::Country), "").or_absent(),
        column("bloc", CellType::Word(BLOCS), "").or_absent(),
        column("fabless", CellType::Truth, "").or_absent(),
        column("foundry", CellType::KnownWithin(NameKind::FoundryName), "").or_absent(),
        column("foundry_country", CellType::KnownSides(NameKind::Country), "").or_absent(),
        column("rd_usd_bn_2021", CellType::Number(0.0, 1000.0), "USD bn").or_absent(),
        column("rd_usd_bn_2022", CellType::Number(0.0, 1000.0), "USD bn").or_absent(),
        column("rd_usd_bn_2023", CellType::Number(0.0, 1000.0), "USD bn").or_absent(),
        column("rd_usd_bn_2024", CellType::Number(0.0, 1000.0), "USD bn").or_absent(),
        column("rd_usd_bn_2025", CellType::Number(0.0, 1000.0), "USD bn").or_absent(),
        column("gross_margin_2024", CellType::Number(-1.0, 1.0), "share of revenue").or_absent(),
        column("china_revenue_share_2021", CellType::Number(0.0, 1.0), "share of revenue").or_absent(),
        column("china_revenue_share_2022", CellType::Number(0.0, 1.0), "share of revenue").or_absent(),
        column("china_revenue_share_2023", CellType::Number(0.0, 1.0), "share of revenue").or_absent(),
        column("china_revenue_share_2024", CellType::Number(0.0, 1.0), "share of revenue").or_absent(),
        column("units_2022", CellType::Number(0.0, 1e9), "chips").or_absent(),
        column("units_2023", CellType::Number(0.0, 1e9), "chips").or_absent(),
        column("units_2024", CellType::Number(0.0, 1e9), "chips").or_absent(),
        column("units_2025", CellType::Number(0.0, 1e9), "chips").or_absent(),
        column("cadence_months", CellType::Number(1.0, 240.0), "months").or_absent(),
        column("software_maturity", CellType::Number(0.0, 1.0), "0 none, 1 mature").or_blank(),
        column("software_maturity_low", CellType::Number(0.0, 1.0), "0 none, 1 mature").or_absent(),
        column("software_maturity_high", CellType::Number(0.0, 1.0), "0 none, 1 mature").or_absent(),
        column("owner_share", CellType::Number(0.0, 1.0), "fraction").or_absent(),
        column("owner_share_low", CellType::Number(0.0, 1.0), "fraction").or_absent(),
        column("owner_share_high", CellType::Number(0.0, 1.0), "fraction").or_absent(),
        column("notes", CellType::Text, "").or_absent(),
        column("source", CellType::Text, ""),
        column("confidence", CellType::Word(CONFIDENCE), ""),
        column("source_url", CellType::Text, "").or_blank(),
    ],
};

/// The table of labs.
#[rustfmt::skip]
pub static LABS: TableSpec = TableSpec {
    path: "world/labs.csv",
    row: "an AI lab: home, release policy, compute",
    key: &["key"],
    columns: &[
        column("key", CellType::Name, ""),
        column("name", CellType::Name, ""),
        column("home", CellType::Known(NameKind::Nation), ""),
        column("release_policy", CellType::Word(&["open", "closed", "mixed"]), ""),
        column("hq_country", CellType::KnownSides(NameKind::Country), "").or_absent(),
        column("bloc", CellType::Word(BLOCS), "").or_absent(),
        column("open_weights_policy", CellType::Text, "").or_absent(),
        column("compute_2023_h100e", CellType::Number(0.0, 1e9), "H100-equivalents").or_absent(),
        column("compute_2024_h100e", CellType::Number(0.0, 1e9), "H100-equivalents").or_absent(),
        column("compute_2025_h100e", CellType::Number(0.0, 1e9), "H100-equivalents").or_blank(),
        column("compute_2026_h100e", CellType::Number(0.0, 1e9), "H100-equivalents").or_blank(),
        column("compute_low_latest", CellType::Number(0.0, 1e9), "H100-equivalents").or_absent(),
        column("compute_high_latest", CellType::Number(0.0, 1e9), "H100-equivalents").or_absent(),
        column("best_models", CellType::Text, "").or_absent(),
        column("best_model_training_flop", CellType::Text, "").or_absent(),
        column("best_eci_by_aug2025", CellType::Number(0.0, 1000.0), "index points").or_absent(),
        column("funding_type", CellType::Text, "").or_absent(),
        column("primary_chips", CellType::Text, "").or_absent(),
        column("source", CellType::Text, ""),
        column("source_url", CellType::Text, "").or_blank(),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ],
};

/// Every table of the world.
pub static TABLES: [&TableSpec; 12] = [
    &CHIPS, &NATIONS, &MAKERS, &LABS, &DEMAND, &POOLS, &TOOLS, &FOUNDRIES, &MODELS, &POWER, &HOSTS,
    &HUBS,
];

/// What the tables of the world say, checked row by row and against each other.
#[derive(Clone, Debug, Default)]
pub struct RecordedWorld {
    pub chips: Vec<ChipRow>,
    pub nations: Vec<NationRow>,
    pub tables: WorldTables,
    pub places: PlaceTables,
}

impl RecordedWorld {
    /// Reads every table.
    ///
    /// # Errors
    /// With what is wrong in all of them.
    pub fn read(configs: &Configs) -> Result<Self, Problems> {
        let names = &KnownNames::read(configs);
        let mut problems = Problems::default();
        let world = Self {
            nations: kept(nations::read_known(configs, names), &mut problems),
            chips: kept(shipped_chips::read(configs, names), &mut problems),
            tables: WorldTables {
                demand: kept(read_demand(configs, names), &mut problems),
                pools: kept(read_pools(configs, names), &mut problems),
                makers: kept(read_makers(configs, names), &mut problems),
                labs: kept(read_labs(configs, names), &mut problems),
            },
            places: places::read(configs, names, &mut problems),
        };
        problems.check()?;
        world.check_across(configs)?;
        Ok(world)
    }

    /// What one table says of another, beyond names.
    fn check_across(&self, configs: &Configs) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let mut wrong = |path: &str, text: &str, message: String| -> Result<(), Problems> {
            let source = configs.read(path)?;
            problems
                .0
                .push(Diagnostic::at_text(&source, 0, text, message));
            Ok(())
        };
        for maker in self
            .tables
            .makers
            .iter()
            .filter(|m| !m.chip_vendor.is_empty())
        {
            for chip in self.chips.iter().filter(|c| c.vendor == maker.chip_vendor) {
                if chip.hq_country != maker.home {
                    let message = format!(
                        "column `hq_country`: found `{}`, expected `{}`, the home of `{}` in chipmakers.csv",
                        chip.hq_country, maker.home, maker.key
                    );
                    wrong(CHIPS.path, &chip.key, message)?;
                }
                let captive = maker.role == ChipUse::Captive;
                if (chip.sold == "captive") != captive {
                    let expected = if captive { "captive" } else { "market" };
                    let message = format!(
                        "column `sold`: found `{}`, expected `{expected}`, as the role of `{}` in chipmakers.csv",
                        chip.sold, maker.key
                    );
                    wrong(CHIPS.path, &chip.key, message)?;
                }
            }
        }
        let filled = |pool: &str| {
            let mut foundries = self.places.foundries.iter();
            foundries.any(|f| f.pools.split(';').any(|name| name == pool))
        };
        let mut pools: Vec<&str> = self.tables.pools.iter().map(|p| p.pool.as_str()).collect();
        pools.sort_unstable();
        pools.dedup();
        for pool in pools {
            if pool != PROXY_POOL && !filled(pool) {
                let names: Vec<String> = self
                    .places
                    .foundries
                    .iter()
                    .flat_map(|f| f.pools.split(';').map(String::from))
                    .collect();
                let message = format!(
                    "column `pool`: found `{pool}`, expected a pool that a row of foundries.csv fills, or {PROXY_POOL}{}",
                    or_nearest(pool, &names)
                );
                wrong(POOLS.path, pool, message)?;
            }
        }
        let on_sale = |c: &ChipRow| {
            let makers = &self.tables.makers;
            let mut merchants = makers.iter().filter(|m| m.role == ChipUse::Merchant);
            c.in_roadmap() && merchants.any(|m| m.chip_vendor == c.vendor)
        };
        if !self.chips.iter().any(on_sale) {
            let message = "no chip is `datacenter_marketed`, shipping and of a merchant of chipmakers.csv, expected at least one";
            wrong(CHIPS.path, "key", message.into())?;
        }
        problems.check()
    }
}

/// Checks one table of the world with all others as the configuration has them.
///
/// # Errors
/// With what is wrong in it, and in what others say of it.
pub fn check_table(configs: &Configs, table: &TableSpec, source: &Source) -> Result<(), Problems> {
    let own = BTreeMap::from([(table.path.to_string(), source.text.clone())]);
    let name = format!("configs/{}", table.path);
    RecordedWorld::read(&configs.clone().with(own))
        .map(|_| ())
        .map_err(|mut problems| {
            for problem in problems.0.iter_mut().filter(|p| p.file == name) {
                problem.rename(&source.name);
            }
            problems
        })
}

/// The table of the world that a file is, by its name or by its columns.
pub fn find_table(source: &Source) -> Option<&'static TableSpec> {
    let file = source.name.rsplit(['/', '\\']).next().unwrap_or("");
    let by_name = |t: &&&TableSpec| t.path.strip_prefix("world/") == Some(file);
    if let Some(table) = TABLES.iter().find(by_name) {
        return Some(table);
    }
    let header = source.text.trim_start_matches('\u{feff}').lines().next()?;
    let names: Vec<&str> = header.split(',').map(|h| h.trim_matches('"')).collect();
    let shared = |t: &&&TableSpec| {
        let known = |name: &&&str| t.columns.iter().any(|c| c.name == **name);
        names.iter().filter(known).count()
    };
    TABLES
        .iter()
        .max_by_key(shared)
        .filter(|best| 2 * shared(best) > names.len())
        .copied()
}

/// Checks a table by what it is: one of the world, evidence, or chips of one's own.
///
/// # Errors
/// With what is wrong, and for a table that is none of these.
pub fn check_csv(configs: &Configs, source: &Source) -> Result<(), Problems> {
    if source
        .text
        .trim_start_matches('\u{feff}')
        .starts_with("target_id")
    {
        return Evidence::of(configs, source).map(|_| ());
    }
    match find_table(source) {
        // A copy of the shipped table has its key; a table of one's own need not have it.
        Some(table) if table.path == CHIPS.path && !source.name.ends_with(CHIPS.path) => {
            let names = KnownNames::read(configs).nations();
            foreign_chips::read(source, &names, &[]).map(|_| ())
        }
        Some(table) => check_table(configs, table, source),
        None => {
            let message = format!(
                "found a table of no known columns, expected evidence, chips, or a table as {}",
                TABLES.map(|t| t.path).join(", ")
            );
            Err(Diagnostic::at(source, 0..1, message).into())
        }
    }
}

/// Says where a judgement lies outside its bounds, or has bounds and no value.
fn check_judgement(
    [low, value, high]: [Option<f64>; 3],
    columns: [&'static str; 3],
    found: &mut TableProblems,
) {
    match value {
        Some(value) => check_bounds(
            [low.unwrap_or(value), value, high.unwrap_or(value)],
            0.0,
            columns,
            found,
        ),
        None if low.or(high).is_some() => {
            let message = "found nothing, expected a value between its bounds".to_string();
            found.push((columns[1], message));
        }
        None => {}
    }
}

fn read_makers(configs: &Configs, names: &KnownNames) -> Result<Vec<MakerRow>, Problems> {
    let source = configs.read(MAKERS.path)?;
    let mut table: TableReading<'_, MakerRow> = TableReading::of(&source, &MAKERS, names)?;
    let (mut vendors, mut firms) = (BTreeSet::new(), BTreeSet::new());
    table.check(|row, found| {
        if !firms.insert(row.name.clone()) {
            found.push(("name", format!("`{}` is here twice", row.name)));
        }
        if !row.chip_vendor.is_empty() && !vendors.insert(row.chip_vendor.clone()) {
            let message = format!(
                "`{}` is here twice: its chips have one maker",
                row.chip_vendor
            );
            found.push(("chip_vendor", message));
        }
        let maturity = [
            row.software_maturity_low,
            row.software_maturity,
            row.software_maturity_high,
        ];
        let names = [
            "software_maturity_low",
            "software_maturity",
            "software_maturity_high",
        ];
        check_judgement(maturity, names, found);
        let share = [row.owner_share_low, row.owner_share, row.owner_share_high];
        check_judgement(
            share,
            ["owner_share_low", "owner_share", "owner_share_high"],
            found,
        );
    });
    table.finish()
}

fn read_labs(configs: &Configs, names: &KnownNames) -> Result<Vec<LabRow>, Problems> {
    let source = configs.read(LABS.path)?;
    let mut table: TableReading<'_, LabRow> = TableReading::of(&source, &LABS, names)?;
    let mut labs = BTreeSet::new();
    let compute = |row: &LabRow| row.compute_2025_h100e.or(row.compute_2026_h100e);
    let busy: BTreeSet<String> = table
        .rows()
        .filter(|row| compute(row).is_some_and(|h100e| h100e > 0.0))
        .map(|row| row.home.clone())
        .collect();
    table.check(|row, found| {
        if !busy.contains(&row.home) {
            let message = format!(
                "no lab of `{}` has compute, expected some in one of them",
                row.home
            );
            found.push(("compute_2025_h100e", message));
        }
        if !labs.insert(row.name.clone()) {
            found.push(("name", format!("`{}` is here twice", row.name)));
        }
        if compute(row).is_none() {
            let message =
                "found an empty cell here and for 2026, expected one of them, H100-equivalents";
            found.push(("compute_2025_h100e", message.into()));
        }
        if let (Some(low), Some(high)) = (row.compute_low_latest, row.compute_high_latest)
            && low > high
        {
            let message = format!("found {low} above its high value {high}");
            found.push(("compute_low_latest", message));
        }
    });
    table.finish()
}

impl WorldTables {
    /// A demand series of a region as a path in decimal years, times `scale`.
    pub fn demand_path(&self, series: &str, region: &str, scale: f64) -> TimePath {
        sorted(
            self.demand
                .iter()
                .filter(|r| r.series == series && (region.is_empty() || r.region == region))
                .map(|r| (r.period_start.decimal_year(), r.value * scale)),
        )
    }

    /// The capacity of a pool as a path in decimal years, times `scale`.
    pub fn pool_path(&self, pool: &str, scale: f64) -> TimePath {
        sorted(
            self.pools
                .iter()
                .filter(|r| r.pool == pool)
                .map(|r| (r.period_start.decimal_year(), r.value * scale)),
        )
    }

    /// Constant 2024 dollars for a nominal dollar of this month.
    pub fn deflate(&self, month: Month) -> f64 {
        let prices =
            self.demand_path("deflator", "", 1.0)
                .at(month.decimal_year(), 0.0, f64::INFINITY);
        if prices > 0.0 { 1.0 / prices } else { 1.0 }
    }
}

fn sorted(knots: impl Iterator<Item = (f64, f64)>) -> TimePath {
    let mut knots: Vec<(f64, f64)> = knots.collect();
    knots.sort_by(|a, b| a.0.total_cmp(&b.0));
    TimePath(knots)
}
