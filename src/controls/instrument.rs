//! Instruments: what kinds of rule there are, and what each kind speaks of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Instrument {
    /// Chips above a line of performance need a licence.
    ChipThreshold,
    /// A part of the price goes to the issuer.
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
    /// Weights of trained models, or access to them.
    ModelWeights,
    /// Rented compute.
    RemoteAccess,
    /// Materials that makers elsewhere need.
    InputRestriction,
    /// Public money for energy, research or build-out.
    Promotion,
    /// Ends or suspends other rules.
    Rescission,
}

impl Instrument {
    pub const ALL: [Self; 13] = [
        Self::ChipThreshold,
        Self::Levy,
        Self::CountryCap,
        Self::EntityList,
        Self::ImportBan,
        Self::Equipment,
        Self::Memory,
        Self::Foundry,
        Self::ModelWeights,
        Self::RemoteAccess,
        Self::InputRestriction,
        Self::Promotion,
        Self::Rescission,
    ];

    /// Whether rules of this kind speak of such goods.
    pub const fn judges(self, subject: Subject) -> bool {
        match subject {
            Subject::ChipSale => matches!(
                self,
                Self::ChipThreshold
                    | Self::Levy
                    | Self::CountryCap
                    | Self::EntityList
                    | Self::ImportBan
            ),
            Subject::Tool => matches!(self, Self::Equipment),
            Subject::MemoryStack => matches!(self, Self::Memory),
            Subject::Wafer => matches!(self, Self::Foundry | Self::EntityList),
            Subject::Model => matches!(self, Self::ModelWeights),
            Subject::Rental => matches!(self, Self::RemoteAccess),
            Subject::Input => matches!(self, Self::InputRestriction),
        }
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
            Self::RemoteAccess => "rental",
            Self::InputRestriction => "inputs",
            Self::Promotion => "promotion",
            Self::Rescission => "rescission",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::ChipThreshold => "chips above a line of performance need a licence",
            Self::Levy => "a part of the price goes to the issuer",
            Self::CountryCap => "a nation's imports of controlled chips draw on a cap",
            Self::EntityList => "named buyers need a licence",
            Self::ImportBan => "the destination bars or discourages imports",
            Self::Equipment => "tools and services for advanced fabs",
            Self::Memory => "high-bandwidth memory as loose stacks",
            Self::Foundry => "wafers that a foundry makes for designers it has not vetted",
            Self::ModelWeights => "weights of trained models, or access to them",
            Self::RemoteAccess => "rented compute",
            Self::InputRestriction => "materials that makers elsewhere need",
            Self::Promotion => "public money for energy, research or build-out",
            Self::Rescission => "ends or suspends other rules",
        }
    }
}

/// What is being judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    ChipSale,
    Tool,
    MemoryStack,
    Wafer,
    Model,
    Rental,
    Input,
}
