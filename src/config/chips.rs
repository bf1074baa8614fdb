//! Reads the table of chips, shipped or from a user, into attributes for the rules and specifications for the model.

use serde::{Deserialize, Serialize};

use super::table::{CellType, ColumnSpec, NameKind, TableSpec, column};
use crate::controls::{Attribute, Attributes, Symbols};
use crate::foundation::calendar::{Date, Month};
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
pub(super) const STATUS: &[&str] = &[
    "shipping",
    "ramping",
    "announced",
    NEVER_SOLD[0],
    NEVER_SOLD[1],
    NEVER_SOLD[2],
];
const SURE: &[&str] = &["high", "med", "medium", "low"];
/// What of a chip may rest on background knowledge rather than on the source of its row.
const BACKGROUND: &[&str] = &[
    "first_ship",
    "fp16",
    "int8",
    "fp8",
    "fp6",
    "fp4",
    "int4",
    "die_area",
    "process",
    "interconnect",
    "pcie",
    "memory",
    "mem_bandwidth",
    "memory_bandwidth",
    "tdp",
    "price",
    "packaging",
    "packages_per_wafer",
    "hbm_stacks",
    "sold",
    "all",
    "all except price, memory",
    "all except ship date and doubling",
];
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
    column("background_fields", CellType::WordList(BACKGROUND), "").or_absent(),
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

    /// The chip as the law sees it. What the table does not say is unknown.
    pub fn attributes(&self, symbols: &mut Symbols) -> Attributes {
        let mut a = Attributes::default();
        for (attribute, value) in self.numbers() {
            a.set(attribute, value.unwrap_or(f64::NAN));
        }
        for (attribute, value) in [
            (Attribute::NonPlanar, self.non_planar),
            (Attribute::DatacenterMarketed, self.datacenter_marketed),
            (Attribute::ChinaSpecific, self.china_specific),
            (
                Attribute::OnSaleInUs20260115,
                self.on_sale_in_us_2026_01_15(),
            ),
        ] {
            let value = value.map(|v| f64::from(u8::from(v)));
            a.set(attribute, value.unwrap_or(f64::NAN));
        }
        for (attribute, name) in [
            (Attribute::Chip, &self.chip),
            (Attribute::Vendor, &self.vendor),
            (Attribute::HqCountry, &self.hq_country),
            (Attribute::Status, &self.status),
        ] {
            if !name.is_empty() {
                a.set(attribute, symbols.code(name));
            }
        }
        a
    }

    /// Numbers of the chip as the law counts them.
    fn numbers(&self) -> [(Attribute, Option<f64>); 9] {
        let tpp = self.tpp.or_else(|| self.computed_tpp());
        // A figure for all links stands for those that are not known apart.
        let (links, host) = match (self.interconnect_gbps, self.host_link_gbps, self.io) {
            (None, None, Some(all)) => (Some(all), Some(0.0)),
            (Some(links), None, Some(all)) => (Some(links), Some((all - links).max(0.0))),
            (None, Some(host), Some(all)) => (Some((all - host).max(0.0)), Some(host)),
            (links, host, _) => (links, host),
        };
        [
            (Attribute::Tpp, tpp),
            (Attribute::DieAreaMm2, self.die_area_mm2),
            (Attribute::PerformanceDensity, self.density(tpp)),
            (Attribute::InterconnectGbps, links),
            (Attribute::HostLinkGbps, host),
            (Attribute::MemBandwidthTbs, self.mem_bandwidth_tbs),
            (Attribute::MemCapacityGb, self.mem_capacity_gb),
            (Attribute::ProcessNodeNm, self.process_node_nm),
            (
                Attribute::FirstShip,
                self.first_ship.map(Month::decimal_year),
            ),
        ]
    }

    /// Performance density: as stated, or processing performance over the area of dies on a non-planar process. Logic on a node
    /// of 16 nm or below is non-planar, and logic above 22 nm is planar.
    fn density(&self, tpp: Option<f64>) -> Option<f64> {
        let by_node = |nm: f64| match nm {
            nm if nm <= 16.0 => Some(true),
            nm if nm > 22.0 => Some(false),
            _ => None,
        };
        let computed = match self
            .non_planar
            .or_else(|| self.process_node_nm.and_then(by_node))
        {
            Some(true) => tpp.zip(self.die_area_mm2).map(|(tpp, area)| tpp / area),
            Some(false) => Some(0.0),
            None => None,
        };
        self.performance_density.or(computed)
    }

    /// The first month on sale, where a day comes before it: no rule judges a sale that nobody can make.
    pub fn not_on_sale_before(&self, on: Date) -> Option<Month> {
        self.first_ship.filter(|first| on < first.first_day())
    }

    /// Whether US customers could buy the chip on 2026-01-15: a US design for every market, shipping by then. One `no` settles
    /// it; without one, a missing cell leaves it open.
    fn on_sale_in_us_2026_01_15(&self) -> Option<bool> {
        let named = |name: &str, is: &str| (!name.is_empty()).then(|| name == is);
        let parts = [
            named(&self.hq_country, "USA"),
            self.china_specific.map(|only_china| !only_china),
            named(&self.status, "shipping"),
            self.first_ship.map(|month| month <= Month::of(2026, 1)),
        ];
        if parts.contains(&Some(false)) {
            Some(false)
        } else if parts.contains(&None) {
            None
        } else {
            Some(true)
        }
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
