//! Instruments: the kinds of rules, the items that each kind judges, and the numbers that it holds.

use std::ops::{Bound, RangeBounds};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attribute::Attribute;
use super::verdict::Verdict;

/// The kind of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// Chips above a line of performance need a licence.
    ChipThreshold,
    /// A part of what buyers pay goes to the issuer.
    Levy,
    /// A nation's imports of controlled chips draw on a cap.
    CountryCap,
    /// Named buyers need a licence.
    EntityList,
    /// The destination bars or discourages imports.
    ImportBan,
    /// Tools and services for advanced fabs.
    Equipment,
    /// High-bandwidth memory as loose stacks.
    Memory,
    /// Wafers that a foundry makes for designers it has not vetted.
    Foundry,
    /// Weights of trained models.
    ModelWeights,
    /// Use of models that their makers serve.
    ModelAccess,
    /// Rented compute.
    RemoteAccess,
    /// Materials that makers elsewhere need.
    InputRestriction,
    /// Public money for energy, research or build-out.
    Promotion,
    /// Chips report where they are.
    LocationCheck,
    /// Ends or suspends other rules.
    Rescission,
}

/// A number that the rules of an instrument hold under `numbers`: one declaration for reading, checks, schema and documents.
#[derive(Clone, Copy, Debug)]
pub struct RuleNumber {
    pub name: &'static str,
    pub unit: &'static str,
    /// What it does in the model.
    pub words: &'static str,
    pub need: NumberNeed,
    /// From this, which is never negative.
    pub least: f64,
    pub most: Bound<f64>,
}

/// The rules of an instrument that hold a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberNeed {
    /// Every rule.
    Always,
    /// Those that say `capped`, in the rule or in an exception, and no others.
    WhereCapped,
    /// Every rule has one or more of these.
    OneOfThem,
    /// A rule may hold it.
    Optional,
}

impl NumberNeed {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Always => "required",
            Self::WhereCapped => {
                "required where the rule or an exception says `capped`, else refused"
            }
            Self::OneOfThem => "one or more of these are required",
            Self::Optional => "optional",
        }
    }
}

impl RuleNumber {
    pub fn accepts(&self, value: f64) -> bool {
        (Bound::Included(self.least), self.most).contains(&value)
    }

    /// Its permitted range, in words with its unit.
    pub fn range(&self) -> String {
        let most = match self.most {
            Bound::Included(most) => format!("to {}", short(most)),
            Bound::Excluded(most) => format!("to less than {}", short(most)),
            Bound::Unbounded => "on".into(),
        };
        format!("from {} {most} ({})", short(self.least), self.unit)
    }
}

/// A round number in short notation.
fn short(x: f64) -> String {
    if x.abs() >= 1e6 {
        format!("{x:e}")
    } else {
        x.to_string()
    }
}

pub const LEVY_SHARE: RuleNumber = RuleNumber {
    name: "levy_share",
    unit: "part of the price",
    words: "part of what a buyer pays that goes to the issuer, above the price as far as buyers bear it (`levy_pass_through`); where two levies meet, the larger",
    need: NumberNeed::Always,
    least: 0.0,
    most: Bound::Excluded(1.0),
};

pub const TIER2_CAP_TPP: RuleNumber = RuleNumber {
    name: "tier2_cap_tpp",
    unit: "TOPS x bit",
    words: "processing performance that one nation may import under the cap, over all chips together",
    need: NumberNeed::WhereCapped,
    least: 0.0,
    most: Bound::Included(1e18),
};

pub const HOME_VOLUME_SHARE: RuleNumber = RuleNumber {
    name: "home_volume_share",
    unit: "part of what is sold in the issuer",
    words: "part of the processing performance sold in the issuer, over all chips that the rule lets through, that one nation may import under it",
    need: NumberNeed::Optional,
    least: 0.0,
    most: Bound::Included(10.0),
};

const fn support(name: &'static str, words: &'static str) -> RuleNumber {
    RuleNumber {
        name,
        unit: "USD a year",
        words,
        need: NumberNeed::OneOfThem,
        least: 0.0,
        // A third of the annual product of the largest economy.
        most: Bound::Included(1e13),
    }
}

/// Public money, in the order of `Rule::support_usd`.
pub const SUPPORT: [RuleNumber; 3] = [
    support(
        "research_usd_per_year",
        "buys compute for training at the issuer's labs",
    ),
    support(
        "energy_usd_per_year",
        "adds power for the issuer's data centres, year after year",
    ),
    support(
        "build_out_usd_per_year",
        "adds to what buyers in the issuer spend on chips",
    ),
];

pub const CHECK_USD: RuleNumber = RuleNumber {
    name: "check_usd",
    unit: "USD a chip",
    words: "what a chip that reports its place costs more, wherever it is sold",
    need: NumberNeed::Always,
    least: 0.0,
    most: Bound::Included(1e6),
};

pub const DETECTION_MULTIPLE: RuleNumber = RuleNumber {
    name: "detection_multiple",
    unit: "x",
    words: "multiple of the hazard with which brokers are detected",
    need: NumberNeed::Always,
    least: 1.0,
    most: Bound::Included(1e6),
};

impl Instrument {
    /// The numbers that its rules hold; any other is an error.
    pub const fn numbers(self) -> &'static [RuleNumber] {
        match self {
            Self::ChipThreshold => &[HOME_VOLUME_SHARE],
            Self::Levy => &[LEVY_SHARE],
            Self::CountryCap => &[TIER2_CAP_TPP],
            Self::Promotion => &SUPPORT,
            Self::LocationCheck => &[CHECK_USD, DETECTION_MULTIPLE],
            _ => &[],
        }
    }

    /// Whether an attribute is defined for the items that its rules judge; conditions on other attributes would never be decided.
    pub fn knows(self, attribute: Attribute) -> bool {
        use Attribute as A;
        let deal = attribute.is_of_shipment() || attribute.is_of_buyer();
        match self {
            Self::ChipThreshold
            | Self::Levy
            | Self::CountryCap
            | Self::ImportBan
            | Self::EntityList => deal || attribute.is_of_chip(),
            Self::Equipment => {
                deal || matches!(
                    attribute,
                    A::HqCountry | A::ToolType | A::FabNodeNm | A::FabNonPlanar
                )
            }
            Self::Memory => deal || attribute == A::HbmBandwidthDensity,
            Self::Foundry => {
                deal || matches!(
                    attribute,
                    A::Vendor
                        | A::HqCountry
                        | A::ProcessNodeNm
                        | A::NonPlanar
                        | A::DesignerApproved
                        | A::TransistorsBn
                        | A::PackagedAbroad
                )
            }
            Self::ModelWeights => deal || matches!(attribute, A::TrainingFlop | A::OpenWeights),
            Self::ModelAccess => {
                deal || matches!(attribute, A::TrainingFlop | A::OpenWeights | A::Model)
            }
            Self::RemoteAccess => deal,
            Self::InputRestriction => deal || attribute == A::RareEarthValueShare,
            Self::Promotion | Self::LocationCheck | Self::Rescission => false,
        }
    }

    /// Whether the items that its rules judge have a designer with known headquarters.
    pub fn has_designer(self) -> bool {
        self.knows(Attribute::HqCountry)
    }

    /// The licence policies that its rules can set.
    pub const fn licences(self) -> &'static [Verdict] {
        use Verdict::{Capped, CaseByCase, Denied, Free, Levied, Notify};
        match self {
            Self::Levy => &[Levied],
            Self::CountryCap => &[Free, Notify, CaseByCase, Capped, Denied],
            Self::Promotion | Self::LocationCheck | Self::Rescission => &[Free],
            _ => &[Free, Notify, CaseByCase, Denied],
        }
    }

    /// The licence policies that an exception of its rules can set.
    pub const fn licences_of_exceptions(self) -> &'static [Verdict] {
        use Verdict::{CaseByCase, Denied, Free, Levied, Notify};
        match self {
            Self::Levy => &[Free, Notify, CaseByCase, Levied, Denied],
            _ => self.licences(),
        }
    }

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChipThreshold => "chip_threshold",
            Self::Levy => "levy",
            Self::CountryCap => "country_cap",
            Self::EntityList => "entity_list",
            Self::ImportBan => "import_ban",
            Self::Equipment => "equipment",
            Self::Memory => "memory",
            Self::Foundry => "foundry",
            Self::ModelWeights => "model_weights",
            Self::ModelAccess => "model_access",
            Self::RemoteAccess => "remote_access",
            Self::InputRestriction => "input_restriction",
            Self::Promotion => "promotion",
            Self::LocationCheck => "location_check",
            Self::Rescission => "rescission",
        }
    }

    /// What its rules judge, in words.
    pub const fn judged(self) -> &'static str {
        match self {
            Self::ChipThreshold
            | Self::Levy
            | Self::CountryCap
            | Self::EntityList
            | Self::ImportBan => "a sale of chips",
            Self::Equipment => "a sale of fab tools",
            Self::Memory => "a sale of memory stacks",
            Self::Foundry => "an order of wafers",
            Self::ModelWeights => "a model",
            Self::ModelAccess => "use of a model",
            Self::RemoteAccess => "a lease of compute",
            Self::InputRestriction => "a sale of materials",
            Self::Promotion => "public money",
            Self::LocationCheck => "chips in use",
            Self::Rescission => "the end of a rule",
        }
    }

    pub const ALL: [Self; 15] = [
        Self::ChipThreshold,
        Self::Levy,
        Self::CountryCap,
        Self::EntityList,
        Self::ImportBan,
        Self::Equipment,
        Self::Memory,
        Self::Foundry,
        Self::ModelWeights,
        Self::ModelAccess,
        Self::RemoteAccess,
        Self::InputRestriction,
        Self::Promotion,
        Self::LocationCheck,
        Self::Rescission,
    ];

    /// Whether rules of this kind judge such items.
    pub const fn judges(self, subject: ControlledItem) -> bool {
        match subject {
            ControlledItem::ChipSale => matches!(
                self,
                Self::ChipThreshold
                    | Self::Levy
                    | Self::CountryCap
                    | Self::EntityList
                    | Self::ImportBan
            ),
            ControlledItem::Tool => matches!(self, Self::Equipment),
            ControlledItem::MemoryStack => matches!(self, Self::Memory),
            ControlledItem::Wafer => matches!(self, Self::Foundry | Self::EntityList),
            ControlledItem::Model => matches!(self, Self::ModelWeights),
            ControlledItem::Rental => matches!(self, Self::RemoteAccess),
            ControlledItem::Input => matches!(self, Self::InputRestriction),
        }
    }

    /// Whether rules of both kinds judge a common item.
    pub fn overlaps(self, other: Self) -> bool {
        ControlledItem::ALL
            .iter()
            .any(|subject| self.judges(*subject) && other.judges(*subject))
    }

    /// One or two words, for labels in figures.
    pub const fn short(self) -> &'static str {
        match self {
            Self::ChipThreshold => "chips",
            Self::Levy => "levy",
            Self::CountryCap => "caps",
            Self::EntityList => "listing",
            Self::ImportBan => "import ban",
            Self::Equipment => "tools",
            Self::Memory => "memory",
            Self::Foundry => "foundries",
            Self::ModelWeights => "weights",
            Self::ModelAccess => "model access",
            Self::RemoteAccess => "rental",
            Self::InputRestriction => "inputs",
            Self::Promotion => "promotion",
            Self::LocationCheck => "location",
            Self::Rescission => "rescission",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::ChipThreshold => "chips above a line of performance need a licence",
            Self::Levy => {
                "a part of what buyers pay goes to the issuer; a chip that was free needs a licence then"
            }
            Self::CountryCap => "a nation's imports of controlled chips draw on a cap",
            Self::EntityList => "named buyers need a licence",
            Self::ImportBan => "the destination bars or discourages imports",
            Self::Equipment => "tools and services for advanced fabs",
            Self::Memory => "high-bandwidth memory as loose stacks",
            Self::Foundry => "wafers that a foundry makes for designers it has not vetted",
            Self::ModelWeights => "weights of trained models",
            Self::ModelAccess => "use of models that their makers serve",
            Self::RemoteAccess => "rented compute",
            Self::InputRestriction => "materials that makers elsewhere need",
            Self::Promotion => "public money for energy, research or build-out",
            Self::LocationCheck => "chips report where they are",
            Self::Rescission => "ends or suspends other rules",
        }
    }
}

/// The item that is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ControlledItem {
    ChipSale,
    Tool,
    MemoryStack,
    Wafer,
    Model,
    Rental,
    Input,
}

impl ControlledItem {
    pub const ALL: [Self; 7] = [
        Self::ChipSale,
        Self::Tool,
        Self::MemoryStack,
        Self::Wafer,
        Self::Model,
        Self::Rental,
        Self::Input,
    ];
}
