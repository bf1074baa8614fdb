//! Verdicts of the law on one sale, from loose to strict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attribute::Attribute;

/// What the law says of one sale, from loose to strict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Free,
    Notify,
    CaseByCase,
    Levied,
    Capped,
    Denied,
    /// An attribute that decides is missing.
    #[serde(skip)]
    #[schemars(skip)]
    Unknown(Attribute),
}

impl Verdict {
    /// Rank of strictness. An unknown verdict may be anything up to a denial, so only a denial ranks higher.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::Free => 0,
            Self::Notify => 1,
            Self::CaseByCase => 2,
            Self::Levied => 3,
            Self::Capped => 4,
            Self::Unknown(_) => 5,
            Self::Denied => 6,
        }
    }

    pub(super) fn looser_of(self, other: Self) -> Self {
        if other.rank() < self.rank() {
            other
        } else {
            self
        }
    }

    pub(super) fn stricter_of(self, other: Self) -> Self {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Free => "free",
            Self::Notify => "notify",
            Self::CaseByCase => "case_by_case",
            Self::Levied => "levied",
            Self::Capped => "capped",
            Self::Denied => "denied",
            Self::Unknown(attribute) => return f.pad(&format!("unknown: {}", attribute.name())),
        };
        f.pad(text)
    }
}
