//! The verdict on a claim: whether an effect of the size that matters is there, in how many futures, and when.

/// Share of futures that makes an effect certain: nine of ten, as in the tests of claims.
pub const CERTAIN_SHARE: f64 = 0.9;
/// Share of held-out futures under a condition that makes the claim hold there: four of five. The condition names one or two of
/// more than a hundred parameters, so that the others go on to vary.
pub const CONDITION_SHARE: f64 = 0.8;

/// What the model says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimVerdict {
    Supported,
    SupportedWhen,
    NotSupported,
    Against,
    CannotBeTold,
}

impl ClaimVerdict {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::SupportedWhen => "supported when",
            Self::NotSupported => "not supported",
            Self::Against => "against",
            Self::CannotBeTold => "cannot be told",
        }
    }
}

/// The effect that a claim expects: its sign, or none of the size that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedSign {
    Positive,
    Negative,
    Neither,
}

impl ExpectedSign {
    /// Whether an effect is at least as large as the size that matters in the direction of the claim, or for
    /// [`Self::Neither`] smaller than that size in both.
    pub fn supports(self, effect: f64, size: f64) -> bool {
        match self {
            Self::Positive => effect >= size,
            Self::Negative => effect <= -size,
            Self::Neither => effect.abs() < size,
        }
    }

    /// Whether an effect is at least as large as that size against the claim.
    pub fn opposes(self, effect: f64, size: f64) -> bool {
        match self {
            Self::Positive => effect <= -size,
            Self::Negative => effect >= size,
            Self::Neither => effect.abs() >= size,
        }
    }

    /// How far an effect speaks against the claim: the larger, the more.
    pub fn contrariness(self, effect: f64) -> f64 {
        match self {
            Self::Positive => -effect,
            Self::Negative => effect,
            Self::Neither => effect.abs(),
        }
    }
}

/// The verdict that follows from the share of futures that support a claim, the share that oppose it, and the share that
/// support it among held-out futures under a condition, if one was found.
///
/// `supported` and `against`: nine futures of ten. `not supported`: an effect of that size and direction is in at most one of
/// ten. Otherwise `supported when` a condition makes it four of five, or it `cannot be told`.
pub fn verdict(supporting: f64, opposing: f64, under_condition: Option<f64>) -> ClaimVerdict {
    if supporting >= CERTAIN_SHARE {
        ClaimVerdict::Supported
    } else if opposing >= CERTAIN_SHARE {
        ClaimVerdict::Against
    } else if supporting <= 1.0 - CERTAIN_SHARE {
        ClaimVerdict::NotSupported
    } else if under_condition.is_some_and(|share| share >= CONDITION_SHARE) {
        ClaimVerdict::SupportedWhen
    } else {
        ClaimVerdict::CannotBeTold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_follows_from_size_certainty_and_condition() {
        assert_eq!(verdict(0.95, 0.0, None), ClaimVerdict::Supported);
        assert_eq!(verdict(0.0, 0.92, Some(1.0)), ClaimVerdict::Against);
        assert_eq!(verdict(0.06, 0.3, Some(0.9)), ClaimVerdict::NotSupported);
        assert_eq!(verdict(0.6, 0.1, Some(0.85)), ClaimVerdict::SupportedWhen);
        assert_eq!(verdict(0.6, 0.1, Some(0.75)), ClaimVerdict::CannotBeTold);
        assert_eq!(verdict(0.6, 0.1, None), ClaimVerdict::CannotBeTold);
    }

    #[test]
    fn an_effect_of_the_right_sign_that_is_too_small_supports_nothing() {
        let sign = ExpectedSign::Negative;
        assert!(sign.supports(-1.0, 1.0) && !sign.supports(-0.9, 1.0));
        assert!(sign.opposes(1.0, 1.0) && !sign.opposes(0.9, 1.0));
        assert!(ExpectedSign::Positive.supports(2.0, 1.0));
        assert!(ExpectedSign::Neither.supports(-0.9, 1.0));
        assert!(ExpectedSign::Neither.opposes(-1.0, 1.0));
        assert!(sign.contrariness(0.4) > sign.contrariness(-0.4));
    }
}
