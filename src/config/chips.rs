//! Reads the table of chips, shipped or from a user, into attributes for the rules and specifications for the model.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::diagnostics::Problems;
use super::source::{Configs, Source};
use super::table::{
    CellType, ColumnSpec, KnownNames, NameKind, TableProblems, TableReading, TableSpec, column,
};
use crate::controls::{Attribute, Attributes, Symbols};
use crate::foundation::calendar::Month;
use crate::technology::chip::{ChipSpec, Packaging};

/// One row of a chip table. Everything but the name may be missing in a user's own table.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ChipRow {
    pub key: String,
    pub vendor: String,
    pub chip: String,
    pub hq_country: String,
    #[serde(deserialize_with = "month")]
    pub first_ship: Option<Month>,
    pub fp16_dense_tflops: Option<f64>,
    pub int8_dense_tops: Option<f64>,
    pub fp8_dense_tflops: Option<f64>,
    pub fp6_dense_tflops: Option<f64>,
    pub fp4_dense_tflops: Option<f64>,
    pub int4_dense_tops: Option<f64>,
    pub tpp: Option<f64>,
    pub tpp_format: String,
    pub die_area_mm2: Option<f64>,
    pub process_node_nm: Option<f64>,
    pub non_planar: Option<bool>,
    pub performance_density: Option<f64>,
    pub interconnect_gbps: Option<f64>,
    pub host_link_gbps: Option<f64>,
    /// For a user's table: all links and the host link together, GB/s, where they are not known apart.
    pub io: Option<f64>,
    pub mem_capacity_gb: Option<f64>,
    pub mem_bandwidth_tbs: Option<f64>,
    pub tdp_w: Option<f64>,
    pub list_price_usd: Option<f64>,
    pub china_specific: Option<bool>,
    pub datacenter_marketed: Option<bool>,
    pub status: String,
    pub source: String,
    pub source_url: String,
    pub confidence: String,
    pub background_fields: String,
    pub notes: String,
    pub packaging: String,
    pub packages_per_wafer: Option<f64>,
    pub hbm_stacks: Option<f64>,
    pub sold: String,
}

fn month<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Month>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

const RATE: CellType = CellType::Number(0.01, 6e5);
const LINK: CellType = CellType::Number(0.0, 1e5);
const FORMATS: &[&str] = &["FP16", "FP8", "FP6", "FP4", "INT8", "INT4"];
/// Parts of this status are no part of the roadmap.
const NEVER_SOLD: [&str; 3] = ["proposed_never_shipped", "never_volume", "uncertain"];
const STATUS: &[&str] = &[
    "shipping",
    "ramping",
    "announced",
    NEVER_SOLD[0],
    NEVER_SOLD[1],
    NEVER_SOLD[2],
];
const SURE: &[&str] = &["high", "med", "medium", "low"];
const VENDOR: usize = 1;
const NAME: usize = 2;
const HOST_LINK: usize = 18;

#[rustfmt::skip]
const COLUMNS: [ColumnSpec; 36] = [
    column("key", CellType::Name, ""),
    column("vendor", CellType::Known(NameKind::VendorOfMaker), ""),
    column("chip", CellType::Name, ""),
    column("hq_country", CellType::Known(NameKind::Nation), ""),
    column("first_ship", CellType::Month, ""),
    column("fp16_dense_tflops", RATE, "TFLOPS").or_blank(),
    column("int8_dense_tops", RATE, "TOPS").or_blank(),
    column("fp8_dense_tflops", RATE, "TFLOPS").or_blank(),
    column("fp6_dense_tflops", RATE, "TFLOPS").or_blank(),
    column("fp4_dense_tflops", RATE, "TFLOPS").or_blank(),
    column("int4_dense_tops", RATE, "TOPS").or_blank(),
    column("tpp", CellType::Number(0.1, 1e7), "TOPS x bit"),
    column("tpp_format", CellType::Word(FORMATS), "").or_blank(),
    column("die_area_mm2", CellType::Number(10.0, 1e5), "mm2"),
    column("process_node_nm", CellType::Number(1.0, 250.0), "nm"),
    column("non_planar", CellType::Truth, ""),
    column("performance_density", CellType::Number(0.0, 1e4), "TPP a mm2").or_blank(),
    column("interconnect_gbps", LINK, "GB/s"),
    column("host_link_gbps", CellType::Number(0.1, 1e5), "GB/s"),
    column("io", LINK, "GB/s").or_absent(),
    column("mem_capacity_gb", CellType::Number(0.01, 1e5), "GB"),
    column("mem_bandwidth_tbs", CellType::Number(0.001, 100.0), "TB/s"),
    column("tdp_w", CellType::Number(1.0, 1e5), "W"),
    column("list_price_usd", CellType::Number(1.0, 1e7), "USD").or_blank(),
    column("china_specific", CellType::Truth, ""),
    column("datacenter_marketed", CellType::Truth, ""),
    column("status", CellType::Word(STATUS), ""),
    column("source", CellType::Text, ""),
    column("source_url", CellType::Text, "").or_blank(),
    column("confidence", CellType::Word(SURE), ""),
    column("background_fields", CellType::Text, "").or_absent(),
    column("notes", CellType::Text, "").or_absent(),
    column("packaging", CellType::Word(&["cowos_s", "cowos_l", "china", "none"]), ""),
    column("packages_per_wafer", CellType::Number(0.1, 1e4), "packages"),
    column("hbm_stacks", CellType::Number(0.0, 100.0), "stacks"),
    column("sold", CellType::Word(&["market", "captive"]), ""),
];

/// Columns of a user's own table: everything but the name may be missing, and a vendor need not be a maker of the model.
const fn own_columns() -> [ColumnSpec; 36] {
    let mut own = COLUMNS;
    let mut at = 0;
    while at < own.len() {
        if at != NAME {
            own[at] = own[at].or_absent();
        }
        at += 1;
    }
    own[VENDOR].cell = CellType::Name;
    own[HOST_LINK].cell = LINK;
    own
}

/// The table of chips.
pub static CHIPS: TableSpec = TableSpec {
    path: "world/chips.csv",
    row: "an accelerator: rates by format, die, links, memory, power, price, packaging",
    key: &["chip"],
    columns: &COLUMNS,
};

/// A user's own table of chips.
pub static OWN_CHIPS: TableSpec = TableSpec {
    path: "chips of your own",
    row: "a chip by its name, with what is known of it",
    key: &["chip"],
    columns: &own_columns(),
};

/// Reads the chips of the configuration.
///
/// # Errors
/// For cells that are not as the columns say, and where processing performance or density differ from what the rates give.
pub fn read_shipped(configs: &Configs, names: &KnownNames) -> Result<Vec<ChipRow>, Problems> {
    let source = configs.read(CHIPS.path)?;
    let mut table: TableReading<'_, ChipRow> = TableReading::of(&source, &CHIPS, names)?;
    let mut keys = HashSet::new();
    table.check(|row, found| {
        if !keys.insert(row.key.clone()) {
            found.push(("key", format!("`{}` is here twice", row.key)));
        }
        if row.fp16_dense_tflops.or(row.int8_dense_tops).is_none() {
            let message =
                "found an empty cell here and for 8-bit integers, expected one of the rates";
            found.push(("fp16_dense_tflops", message.into()));
        }
    });
    table.check(check_derived);
    table.finish()
}

/// Reads a user's own table; `names` holds the codes of nations.
///
/// # Errors
/// As for the chips of the configuration, but everything except the name may be missing.
pub fn read(source: &Source, names: &KnownNames) -> Result<Vec<ChipRow>, Problems> {
    let mut table: TableReading<'_, ChipRow> = TableReading::of(source, &OWN_CHIPS, names)?;
    table.check(check_derived);
    table.finish()
}

/// Holds what follows from other columns against them.
fn check_derived(row: &ChipRow, found: &mut TableProblems) {
    if let (Some(stated), Some(computed)) = (row.tpp, row.computed_tpp())
        && (stated - computed).abs() > 0.2
    {
        let message =
            format!("tpp: found {stated}, expected {computed}, the largest rate times its bits");
        found.push(("tpp", message));
    }
    if let (Some(stated), Some(tpp), Some(area)) =
        (row.performance_density, row.tpp, row.die_area_mm2)
        && (stated - tpp / area).abs() > 0.01
    {
        let message = format!(
            "performance_density: found {stated}, expected {:.3}, tpp over die area",
            tpp / area
        );
        found.push(("performance_density", message));
    }
}

impl ChipRow {
    /// Whether its maker sells it in the model: parts for one market are designed there, and some were never sold.
    pub fn in_roadmap(&self) -> bool {
        self.china_specific != Some(true)
            && self.datacenter_marketed == Some(true)
            && !NEVER_SOLD.contains(&self.status.as_str())
    }

    /// Largest dense rate times bit length, TOPS x bit; none where no rate is given.
    pub fn computed_tpp(&self) -> Option<f64> {
        [
            (self.fp16_dense_tflops, 16.0),
            (self.int8_dense_tops, 8.0),
            (self.fp8_dense_tflops, 8.0),
            (self.fp6_dense_tflops, 6.0),
            (self.fp4_dense_tflops, 4.0),
            (self.int4_dense_tops, 4.0),
        ]
        .into_iter()
        .filter_map(|(rate, bits)| rate.map(|r| r * bits))
        .reduce(f64::max)
    }

    /// The chip as the law sees it. A user's chip without headquarters is taken for a US design.
    pub fn attributes(&self, symbols: &mut Symbols) -> Attributes {
        let mut a = Attributes::default();
        let mut number =
            |attribute, value: Option<f64>| a.set(attribute, value.unwrap_or(f64::NAN));
        let tpp = self.tpp.or_else(|| self.computed_tpp());
        number(Attribute::Tpp, tpp);
        number(Attribute::DieAreaMm2, self.die_area_mm2);
        let planar = self.non_planar == Some(false);
        let density = tpp
            .zip(self.die_area_mm2)
            .map(|(t, area)| if planar { 0.0 } else { t / area });
        number(
            Attribute::PerformanceDensity,
            self.performance_density.or(density),
        );
        number(
            Attribute::InterconnectGbps,
            self.interconnect_gbps.or(self.io),
        );
        number(
            Attribute::HostLinkGbps,
            self.host_link_gbps.or(self.io.map(|_| 0.0)),
        );
        number(Attribute::MemBandwidthTbs, self.mem_bandwidth_tbs);
        number(Attribute::MemCapacityGb, self.mem_capacity_gb);
        number(Attribute::ProcessNodeNm, self.process_node_nm);
        let truth = |v: Option<bool>| v.map(|v| f64::from(u8::from(v)));
        number(Attribute::NonPlanar, truth(self.non_planar));
        number(
            Attribute::DatacenterMarketed,
            truth(self.datacenter_marketed),
        );
        number(
            Attribute::ChinaSpecific,
            truth(self.china_specific).or(Some(0.0)),
        );
        let home = if self.hq_country.is_empty() {
            "USA"
        } else {
            &self.hq_country
        };
        a.set(Attribute::Chip, symbols.code(&self.chip));
        a.set(Attribute::Vendor, symbols.code(&self.vendor));
        a.set(Attribute::HqCountry, symbols.code(home));
        let on_sale = home == "USA"
            && self.china_specific != Some(true)
            && self.status == "shipping"
            && self.first_ship.is_some_and(|m| m <= Month::of(2026, 1));
        a.flag(Attribute::OnSaleInUs20260115, on_sale);
        a
    }

    /// The chip as the model builds it. `deflate` turns its nominal list price into constant dollars.
    pub fn spec(&self, deflate: impl Fn(Month) -> f64) -> ChipSpec {
        let or = |value: Option<f64>, other: f64| value.unwrap_or(other);
        let fp16 = or(
            self.fp16_dense_tflops,
            self.int8_dense_tops.map_or(1.0, |i| i / 2.0),
        );
        let fp8 = or(self.fp8_dense_tflops, fp16).max(fp16);
        let launch = self.first_ship.unwrap_or(Month::of(2024, 1));
        ChipSpec {
            fp16_dense_tflops: fp16,
            fp8_dense_tflops: fp8,
            peak_8bit_tops: fp8.max(or(self.int8_dense_tops, 0.0)),
            tpp: or(self.tpp, or(self.computed_tpp(), 0.0)),
            die_area_mm2: or(self.die_area_mm2, 800.0),
            process_node_nm: or(self.process_node_nm, 7.0),
            interconnect_gbps: or(self.interconnect_gbps, 0.0),
            host_link_gbps: or(self.host_link_gbps, 64.0),
            mem_capacity_gb: or(self.mem_capacity_gb, 32.0),
            mem_bandwidth_tbs: or(self.mem_bandwidth_tbs, 0.5),
            tdp_w: or(self.tdp_w, 300.0),
            hbm_stacks: or(self.hbm_stacks, 0.0),
            packages_per_wafer: or(self.packages_per_wafer, 29.0),
            packaging: match self.packaging.as_str() {
                "cowos_s" => Packaging::CowosS,
                "cowos_l" => Packaging::CowosL,
                "china" => Packaging::China,
                _ => Packaging::None,
            },
            list_price_usd: or(self.list_price_usd, 10_000.0) * deflate(launch),
        }
    }
}
