//! Reads the table of nations, with country groups, tier, region and size.

use std::collections::HashSet;

use serde::Deserialize;

use super::diagnostics::Problems;
use super::source::Configs;
use super::table::{CONFIDENCE, CellType, KnownNames, NameKind, TableReading, TableSpec, column};
use crate::controls::{NationGroups, Symbols};

/// One row of `configs/world/nations.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct NationRow {
    pub iso3: String,
    pub name: String,
    pub diffusion_tier: u8,
    pub group_a1_approx: bool,
    pub group_a5: bool,
    pub group_a6: bool,
    pub group_d1: bool,
    pub group_d4: bool,
    pub group_d5: bool,
    /// -1 the target's side, 1 the issuer's.
    pub bloc_alignment: f64,
    pub gdp_usd_2024: f64,
    pub region: String,
    pub source: String,
    pub confidence: String,
}

/// The table of nations.
#[rustfmt::skip]
pub static NATIONS: TableSpec = TableSpec {
    path: "world/nations.csv",
    row: "a nation: country groups, tier, region, GDP",
    key: &["iso3"],
    columns: &[
        column("iso3", CellType::Iso3, ""),
        column("name", CellType::Name, ""),
        column("diffusion_tier", CellType::Whole(1, 3), ""),
        column("group_a1_approx", CellType::Truth, ""),
        column("group_a5", CellType::Truth, ""),
        column("group_a6", CellType::Truth, ""),
        column("group_d1", CellType::Truth, ""),
        column("group_d4", CellType::Truth, ""),
        column("group_d5", CellType::Truth, ""),
        column("bloc_alignment", CellType::Number(-1.0, 1.0), "-1 the target's side, 1 the issuer's"),
        column("alignment_unga", CellType::Number(-1.0, 1.0), "-1 the target's side, 1 the issuer's").or_absent(),
        column("alignment_judgement", CellType::Number(-1.0, 1.0), "-1 the target's side, 1 the issuer's").or_absent(),
        column("gdp_usd_2024", CellType::Number(1e7, 1e15), "USD of 2024"),
        column("gdp_usd_2023_worldbank", CellType::Number(1e7, 1e15), "USD of 2023").or_absent(),
        column("ai_compute_stock_share_2025", CellType::Number(0.0, 1.0), "share of the world's").or_absent(),
        column("ai_compute_stock_share_2025_strict", CellType::Number(0.0, 1.0), "share of the world's").or_absent(),
        column("ai_compute_h100e_2025", CellType::Number(0.0, 1e9), "H100-equivalents").or_absent(),
        column("domestic_chip_design", CellType::Truth, "").or_absent(),
        column("leading_edge_fab", CellType::Truth, "").or_absent(),
        column("sme_supplier", CellType::Truth, "").or_absent(),
        column("hbm_supplier", CellType::Truth, "").or_absent(),
        column("transshipment_hub", CellType::Truth, "").or_absent(),
        column("region", CellType::Known(NameKind::RegionOfDemand), ""),
        column("source", CellType::Text, ""),
        column("confidence", CellType::Word(CONFIDENCE), ""),
    ],
};

pub(super) fn read_known(
    configs: &Configs,
    names: &KnownNames,
) -> Result<Vec<NationRow>, Problems> {
    let source = configs.read(NATIONS.path)?;
    let mut table: TableReading<'_, NationRow> = TableReading::of(&source, &NATIONS, names)?;
    let mut seen = HashSet::new();
    table.check(|row, found| {
        if !seen.insert(row.name.clone()) {
            found.push(("name", format!("`{}` is here twice", row.name)));
        }
    });
    table.finish()
}

impl NationRow {
    /// What the law needs to know of it.
    pub fn groups(&self, symbols: &mut Symbols) -> NationGroups {
        NationGroups {
            iso3: symbols.code(&self.iso3),
            a1: self.group_a1_approx,
            a5: self.group_a5,
            a6: self.group_a6,
            d1: self.group_d1,
            d4: self.group_d4,
            d5: self.group_d5,
            macau: self.iso3 == "MAC",
            tier: f64::from(self.diffusion_tier),
        }
    }
}
