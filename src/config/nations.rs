//! The table of nations: country groups, tier, region, size.

use serde::Deserialize;

use super::diagnostics::{Located, Problems, read_csv};
use super::source::Configs;
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

/// Columns of the table.
pub const COLUMNS: &[&str] = &[
    "iso3",
    "name",
    "diffusion_tier",
    "group_a1_approx",
    "group_a5",
    "group_a6",
    "group_d1",
    "group_d4",
    "group_d5",
    "bloc_alignment",
    "alignment_unga",
    "alignment_judgement",
    "gdp_usd_2024",
    "gdp_usd_2023_worldbank",
    "ai_compute_stock_share_2025",
    "ai_compute_stock_share_2025_strict",
    "ai_compute_h100e_2025",
    "domestic_chip_design",
    "leading_edge_fab",
    "sme_supplier",
    "hbm_supplier",
    "transshipment_hub",
    "region",
    "source",
    "confidence",
];

/// Reads the nations.
///
/// # Errors
/// For rows that are not as the columns say, and for codes that stand twice.
pub fn read(configs: &Configs) -> Result<Vec<NationRow>, Problems> {
    let source = configs.read("world/nations.csv")?;
    let rows: Vec<Located<NationRow>> = read_csv(&source, COLUMNS)?;
    let mut problems = Problems::default();
    for (at, row) in rows.iter().enumerate() {
        let iso3 = &row.row.iso3;
        if rows[..at].iter().any(|other| other.row.iso3 == *iso3) {
            problems
                .0
                .push(row.problem(&source, iso3, format!("`{iso3}` is here twice")));
        }
        if row.row.gdp_usd_2024.is_nan() || row.row.gdp_usd_2024 < 0.0 {
            problems
                .0
                .push(row.problem(&source, iso3, "gdp_usd_2024 must not be negative"));
        }
    }
    problems.check()?;
    Ok(rows.into_iter().map(|r| r.row).collect())
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
