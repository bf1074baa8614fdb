//! The policy path: the changes of rules by a policy process in one run, which another run can replay.

/// One change of the rules along a ladder, from its announcement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PolicyChange {
    /// Months of the run.
    pub announced: i32,
    pub binds: i32,
    /// Rungs of the ladder, 0 the loosest.
    pub from: u16,
    pub to: u16,
    pub cause: PolicyChangeCause,
}

/// Why rules changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PolicyChangeCause {
    Tightened,
    Loosened,
    Shrunk,
    Expanded,
    Overturned,
}

impl PolicyChangeCause {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Tightened => "the hazard of tightening passed its threshold",
            Self::Loosened => "the hazard of loosening passed its threshold",
            Self::Shrunk => "a new administration shrinks the rules",
            Self::Expanded => "a new administration expands the rules",
            Self::Overturned => "a new administration overturns the rules",
        }
    }
}
