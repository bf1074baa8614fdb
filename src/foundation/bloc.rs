//! Blocs: the three sides into which every study divides the nations.

/// Blocs: the nation that controls, the nation that is controlled, and all other nations.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(usize)]
pub enum Bloc {
    Issuer = 0,
    Target = 1,
    Third = 2,
}

impl Bloc {
    pub const ALL: [Self; 3] = [Self::Issuer, Self::Target, Self::Third];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Target => "target",
            Self::Third => "third",
        }
    }
}
