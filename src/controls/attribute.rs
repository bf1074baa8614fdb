//! Attributes that conditions can read: those of chips, shipments and other goods, in one flat vector.

use std::collections::HashMap;

macro_rules! attributes {
    ($( $variant:ident $name:literal $unit:literal $words:literal; )*) => {
        /// An attribute that a condition can name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(usize)]
        pub enum Attribute { $( $variant, )* }

        impl Attribute {
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];
            pub const COUNT: usize = Self::ALL.len();

            /// The name used in conditions and tables.
            pub const fn name(self) -> &'static str { match self { $( Self::$variant => $name, )* } }
            pub const fn unit(self) -> &'static str { match self { $( Self::$variant => $unit, )* } }
            pub const fn words(self) -> &'static str { match self { $( Self::$variant => $words, )* } }
        }
    };
}

attributes! {
    Chip "chip" "name" "name of the chip";
    Vendor "vendor" "name" "designer";
    HqCountry "hq_country" "ISO3" "where the designer has its headquarters";
    Tpp "tpp" "TOPS x bit" "total processing performance: largest dense rate times bit length";
    DieAreaMm2 "die_area_mm2" "mm2" "area of all logic dies made on a non-planar process";
    PerformanceDensity "performance_density" "TOPS x bit / mm2" "tpp over die_area_mm2";
    InterconnectGbps "interconnect_gbps" "GB/s" "chip-to-chip links, both directions";
    HostLinkGbps "host_link_gbps" "GB/s" "link to the host, both directions";
    MemBandwidthTbs "mem_bandwidth_tbs" "TB/s" "memory bandwidth";
    MemCapacityGb "mem_capacity_gb" "GB" "memory capacity";
    ProcessNodeNm "process_node_nm" "nm" "marketing node of the main die";
    NonPlanar "non_planar" "bool" "FinFET or gate-all-around transistors";
    DatacenterMarketed "datacenter_marketed" "bool" "designed or marketed for data centres";
    FirstShip "first_ship" "year" "first month on sale, as a year with twelfths";
    Status "status" "name" "whether it is sold: shipping, ramping, announced or not";
    ChinaSpecific "china_specific" "bool" "made for China under a rule";
    OnSaleInUs20260115 "on_sale_in_us_2026_01_15" "bool" "commercially available in the US on 2026-01-15";
    Destination "destination" "ISO3" "where the goods go";
    Headquarters "headquarters" "ISO3" "headquarters of the buyer or its ultimate parent";
    DestinationA1 "destination_a1" "bool" "destination in country group A:1";
    DestinationA5 "destination_a5" "bool" "destination in country group A:5";
    DestinationA6 "destination_a6" "bool" "destination in country group A:6";
    DestinationD1 "destination_d1" "bool" "destination in country group D:1";
    DestinationD4 "destination_d4" "bool" "destination in country group D:4";
    DestinationD5 "destination_d5" "bool" "destination in country group D:5";
    DestinationMacau "destination_macau" "bool" "destination Macau";
    DestinationTier "destination_tier" "1 to 3" "tier of the diffusion rule";
    HeadquartersD5 "headquarters_d5" "bool" "buyer's headquarters in country group D:5";
    HeadquartersMacau "headquarters_macau" "bool" "buyer's headquarters in Macau";
    Buyer "buyer" "name" "the buyer, or the designer who orders wafers";
    BuyerListed "buyer_listed" "bool" "the buyer is on the Entity List";
    BuyerStateFunded "buyer_state_funded" "bool" "a state-funded data centre";
    BuyerCiiOperator "buyer_cii_operator" "bool" "operator of critical information infrastructure";
    ListedOwnershipShare "listed_ownership_share" "fraction" "part of the buyer owned by listed parties";
    ToolType "tool_type" "name" "process step that a tool is for";
    FabNodeNm "fab_node_nm" "nm" "node of the fab that a tool is for";
    FabNonPlanar "fab_non_planar" "bool" "the fab makes non-planar transistors";
    HbmBandwidthDensity "hbm_bandwidth_density_gbs_mm2" "GB/s/mm2" "memory stack's bandwidth over its area";
    DesignerApproved "designer_approved" "bool" "the chip designer is an approved one";
    TransistorsBn "transistors_bn" "billion" "transistors on the package";
    PackagedAbroad "packaged_abroad" "bool" "packaged by a trusted firm outside D:5 and Macau";
    TrainingFlop "training_flop" "FLOP" "operations used to train a model";
    OpenWeights "open_weights" "bool" "the model's weights are published";
    Model "model" "name" "name of a model";
    RareEarthValueShare "rare_earth_value_share" "fraction" "controlled rare earths in the value of a good";
}

/// The domain of names that an attribute takes its values from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameDomain {
    Chip,
    /// Designers of chips, and the foundries that make wafers.
    Designer,
    /// Firms that buy chips or order wafers.
    Buyer,
    /// ISO3 codes.
    Nation,
    Model,
    /// Process steps of the table of tools.
    ToolType,
    Status,
}

impl NameDomain {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Chip => "a chip of configs/world/chips.csv",
            Self::Designer => "a designer or foundry of the tables under configs/world",
            Self::Buyer => "a chipmaker or lab of the tables under configs/world",
            Self::Nation => "the ISO3 code of a nation of configs/world/nations.csv",
            Self::Model => "a model of configs/world/models.csv",
            Self::ToolType => "a process step of configs/world/tool_supply.csv",
            Self::Status => "a status of configs/world/chips.csv",
        }
    }

    /// Whether values of both domains can be equal.
    pub fn can_equal(self, other: Self) -> bool {
        let firm = |n| matches!(n, Self::Designer | Self::Buyer);
        self == other || firm(self) && firm(other)
    }
}

/// Other names that people use for attributes, in small letters with `_` between words.
const SYNONYMS: &[(&str, &[&str])] = &[
    (
        "chip",
        &[
            "name",
            "chip_name",
            "hardware_name",
            "model_name",
            "accelerator",
            "gpu",
            "product",
        ],
    ),
    (
        "vendor",
        &[
            "manufacturer",
            "maker",
            "designer",
            "company",
            "brand",
            "chipmaker",
        ],
    ),
    (
        "hq_country",
        &[
            "headquarters_country",
            "hq",
            "vendor_country",
            "country",
            "origin",
            "home",
        ],
    ),
    (
        "tpp",
        &["total_processing_performance", "processing_performance"],
    ),
    (
        "die_area_mm2",
        &["die_area", "die_size", "die", "applicable_die_area", "area"],
    ),
    ("performance_density", &["density", "pd"]),
    (
        "interconnect_gbps",
        &[
            "interconnect",
            "interconnect_bandwidth",
            "nvlink",
            "nvlink_bandwidth",
            "intranode_bandwidth",
            "chip_to_chip_bandwidth",
            "link_bandwidth",
            "io_bandwidth",
        ],
    ),
    (
        "host_link_gbps",
        &["host_link", "pcie", "pcie_bandwidth", "host_bandwidth"],
    ),
    (
        "mem_bandwidth_tbs",
        &[
            "memory_bandwidth",
            "mem_bandwidth",
            "bandwidth",
            "hbm_bandwidth",
            "dram_bandwidth",
            "memory_bw",
            "mem_bw",
        ],
    ),
    (
        "mem_capacity_gb",
        &[
            "memory",
            "memory_capacity",
            "mem_capacity",
            "memory_size",
            "vram",
            "hbm",
            "hbm_capacity",
        ],
    ),
    (
        "process_node_nm",
        &[
            "process_node",
            "node",
            "process",
            "process_size",
            "technology_node",
        ],
    ),
    ("non_planar", &["finfet", "nonplanar"]),
    (
        "datacenter_marketed",
        &[
            "datacenter",
            "data_center",
            "data_centre",
            "datacentre_marketed",
            "is_datacenter",
        ],
    ),
    (
        "china_specific",
        &["for_china", "china_variant", "china_only"],
    ),
    (
        "destination",
        &[
            "to",
            "importer",
            "country_of_destination",
            "destination_country",
            "end_user_country",
        ],
    ),
    (
        "headquarters",
        &[
            "buyer_hq",
            "parent",
            "buyer_headquarters",
            "ultimate_parent",
        ],
    ),
    ("destination_tier", &["tier"]),
    ("buyer", &["customer", "end_user", "purchaser"]),
    (
        "buyer_listed",
        &["entity_list", "listed", "entity_listed", "on_entity_list"],
    ),
    ("fab_node_nm", &["fab_node", "fab_nm"]),
    (
        "hbm_bandwidth_density_gbs_mm2",
        &["hbm_bandwidth_density", "memory_bandwidth_density"],
    ),
    ("transistors_bn", &["transistors", "transistor_count"]),
    (
        "training_flop",
        &["flop", "flops", "training_compute", "training_flops"],
    ),
    (
        "open_weights",
        &["open_weight", "open_source", "weights_published"],
    ),
    (
        "rare_earth_value_share",
        &["rare_earth_share", "rare_earths"],
    ),
];

impl Attribute {
    /// Other names that people use for it.
    pub fn synonyms(self) -> &'static [&'static str] {
        let own = SYNONYMS.iter().find(|(name, _)| *name == self.name());
        own.map_or(&[], |(_, others)| others)
    }

    /// The attribute that is meant by a name, as it is or as people call it.
    pub fn meant_by(text: &str) -> Option<Self> {
        let word = |c: char| {
            if c.is_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        };
        let text: String = text.trim().chars().map(word).collect();
        Self::named(&text).or_else(|| {
            let meant = SYNONYMS
                .iter()
                .find(|(_, others)| others.contains(&text.as_str()));
            meant.and_then(|(name, _)| Self::named(name))
        })
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|a| a.name() == name)
    }

    /// The attributes that this one follows from, where it is not stated itself.
    const fn derived_from(self) -> &'static [Self] {
        match self {
            Self::PerformanceDensity => &[Self::Tpp, Self::DieAreaMm2, Self::NonPlanar],
            Self::OnSaleInUs20260115 => &[
                Self::HqCountry,
                Self::ChinaSpecific,
                Self::Status,
                Self::FirstShip,
            ],
            _ => &[],
        }
    }

    /// Whether it is an attribute of the destination or of the buyer.
    pub fn is_of_shipment(self) -> bool {
        (Self::Destination as usize..=Self::HeadquartersMacau as usize).contains(&(self as usize))
    }

    /// Whether it is an attribute of a chip on sale or of its designer.
    pub fn is_of_chip(self) -> bool {
        (Self::Chip as usize..=Self::OnSaleInUs20260115 as usize).contains(&(self as usize))
    }

    /// Whether it is an attribute of the buyer.
    pub fn is_of_buyer(self) -> bool {
        (Self::Buyer as usize..=Self::ListedOwnershipShare as usize).contains(&(self as usize))
    }

    /// The domain of its names; none where values are numbers or booleans. Names are coded by [`Symbols`].
    pub const fn names(self) -> Option<NameDomain> {
        Some(match self {
            Self::Chip => NameDomain::Chip,
            Self::Vendor => NameDomain::Designer,
            Self::Buyer => NameDomain::Buyer,
            Self::HqCountry | Self::Destination | Self::Headquarters => NameDomain::Nation,
            Self::Model => NameDomain::Model,
            Self::ToolType => NameDomain::ToolType,
            Self::Status => NameDomain::Status,
            _ => return None,
        })
    }

    /// Whether its values are names.
    pub const fn is_name(self) -> bool {
        self.names().is_some()
    }

    /// The least and the largest number that it can have; none where values are names or booleans.
    pub fn range(self) -> Option<[f64; 2]> {
        match self {
            _ if self.is_name() || self.is_truth() => None,
            Self::DestinationTier => Some([1.0, 3.0]),
            Self::FirstShip => Some([1990.0, 2101.0]),
            _ if self.unit() == "fraction" => Some([0.0, 1.0]),
            _ => Some([0.0, f64::INFINITY]),
        }
    }

    /// Whether its values are booleans.
    pub fn is_truth(self) -> bool {
        self.unit() == "bool"
    }
}

/// One value for every attribute. NaN is unknown, names are codes of [`Symbols`], booleans are 1 or 0.
#[derive(Clone, Copy, Debug)]
pub struct Attributes([f64; Attribute::COUNT]);

impl Default for Attributes {
    /// All attributes unknown, except those of an ordinary buyer.
    fn default() -> Self {
        let mut a = Self([f64::NAN; Attribute::COUNT]);
        for plain in [
            Attribute::Buyer,
            Attribute::BuyerListed,
            Attribute::BuyerStateFunded,
            Attribute::BuyerCiiOperator,
            Attribute::ListedOwnershipShare,
        ] {
            a.set(plain, 0.0);
        }
        a
    }
}

impl Attributes {
    pub fn get(&self, attribute: Attribute) -> f64 {
        self.0[attribute as usize]
    }

    pub fn set(&mut self, attribute: Attribute, value: f64) {
        self.0[attribute as usize] = value;
    }

    pub fn flag(&mut self, attribute: Attribute, value: bool) {
        self.set(attribute, f64::from(u8::from(value)));
    }

    /// Whether an attribute has no value.
    pub fn lacks(&self, attribute: Attribute) -> bool {
        self.get(attribute).is_nan()
    }

    /// The attribute to ask for where one has no value: one that it follows from and that is missing too, or itself.
    pub fn missing_source(&self, attribute: Attribute) -> Attribute {
        let from = attribute.derived_from().iter().copied();
        let mut missing = from.filter(|source| self.lacks(*source));
        missing.next().unwrap_or(attribute)
    }

    pub fn is(&self, attribute: Attribute) -> bool {
        self.get(attribute) == 1.0
    }

    /// These attributes of a chip, with destination and headquarters of a shipment.
    pub fn with_shipment(&self, shipment: &Self) -> Self {
        let mut all = *self;
        for attribute in Attribute::ALL.iter().filter(|a| a.is_of_shipment()) {
            all.0[*attribute as usize] = shipment.0[*attribute as usize];
        }
        all
    }

    /// The same shipment, used by someone whose headquarters are those of `user`.
    #[must_use]
    pub fn used_from(mut self, user: &Self) -> Self {
        for attribute in [
            Attribute::Headquarters,
            Attribute::HeadquartersD5,
            Attribute::HeadquartersMacau,
        ] {
            self.set(attribute, user.get(attribute));
        }
        self
    }

    /// Writes the destination and the buyer's headquarters.
    pub fn ship_to(&mut self, destination: &NationGroups, headquarters: &NationGroups) {
        self.set(Attribute::Destination, destination.iso3);
        self.set(Attribute::Headquarters, headquarters.iso3);
        self.flag(Attribute::DestinationA1, destination.a1);
        self.flag(Attribute::DestinationA5, destination.a5);
        self.flag(Attribute::DestinationA6, destination.a6);
        self.flag(Attribute::DestinationD1, destination.d1);
        self.flag(Attribute::DestinationD4, destination.d4);
        self.flag(Attribute::DestinationD5, destination.d5);
        self.flag(Attribute::DestinationMacau, destination.macau);
        self.set(Attribute::DestinationTier, destination.tier);
        self.flag(Attribute::HeadquartersD5, headquarters.d5);
        self.flag(Attribute::HeadquartersMacau, headquarters.macau);
    }
}

/// A nation and the groups that rules assign it to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NationGroups {
    /// Code of the ISO3 name.
    pub iso3: f64,
    pub a1: bool,
    pub a5: bool,
    pub a6: bool,
    pub d1: bool,
    pub d4: bool,
    pub d5: bool,
    pub macau: bool,
    pub tier: f64,
}

/// Codes of names, so that conditions compare numbers. Code 0 is a name that no rule and no table contains.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    names: Vec<String>,
    codes: HashMap<String, usize>,
}

impl Symbols {
    pub fn code(&mut self, name: &str) -> f64 {
        if let Some(&code) = self.codes.get(name) {
            return code as f64;
        }
        self.names.push(name.to_string());
        self.codes.insert(name.to_string(), self.names.len());
        self.names.len() as f64
    }

    /// The code of a known name; 0 otherwise.
    pub fn find(&self, name: &str) -> f64 {
        self.codes.get(name).map_or(0.0, |code| *code as f64)
    }

    pub fn name(&self, code: f64) -> &str {
        let at = code as usize;
        if at == 0 {
            ""
        } else {
            self.names.get(at - 1).map_or("", String::as_str)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_synonym_means_one_attribute_that_is_there_and_is_the_name_of_none() {
        let mut seen = HashSet::new();
        for (name, others) in SYNONYMS {
            let meant = Attribute::named(name).unwrap();
            for other in *others {
                assert!(seen.insert(other), "{other} stands twice");
                assert!(Attribute::named(other).is_none(), "{other} is a name");
                assert_eq!(Attribute::meant_by(other), Some(meant));
            }
        }
        assert_eq!(
            Attribute::meant_by("Memory Bandwidth"),
            Some(Attribute::MemBandwidthTbs)
        );
        assert_eq!(Attribute::meant_by("horsepower"), None);
    }
}
