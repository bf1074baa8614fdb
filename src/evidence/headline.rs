//! Headline effects of the main study in three columns: prior, posterior, and posterior with unsupported channels off.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::patterns::PatternScore;
use crate::config::diagnostics::Problems;
use crate::config::posterior::Posterior;
use crate::config::splits::{ChannelSupport, Registration};
use crate::config::study;
use crate::foundation::channels::{Channel, Channels};
use crate::results::EffectRow;
use crate::study::{Library, Plan, PlanSettings, join, run_all};

/// Outcomes that a headline rests on.
const OUTCOMES: [&str; 6] = [
    "latent_gap_months_mean",
    "latent_gap_points_mean",
    "target_compute_h100e_end",
    "target_self_sufficiency_end",
    "us_maker_revenue_usd",
    "us_maker_revenue_target_usd",
];

#[derive(Clone, Debug, Serialize)]
pub struct HeadlineEffect {
    pub outcome: String,
    pub regime: String,
    pub prior: Option<HeadlineColumn>,
    pub posterior: Option<HeadlineColumn>,
    pub supported: Option<HeadlineColumn>,
    /// Channels that are off in the last column.
    pub unsupported: Vec<String>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct HeadlineColumn {
    pub mean: f64,
    pub p05: f64,
    pub p95: f64,
    pub probability_positive: f64,
}

impl HeadlineEffect {
    /// Whether the mean effect has different signs in two columns.
    pub fn signs_differ(&self) -> bool {
        let means = [self.prior, self.posterior, self.supported]
            .into_iter()
            .flatten()
            .map(|c| c.mean);
        let (low, high) = means.fold((0.0_f64, 0.0_f64), |(a, b), m| (a.min(m), b.max(m)));
        low < 0.0 && high > 0.0
    }
}

/// Channels that no pattern which passes and no informed parameter supports.
pub fn unsupported(
    registration: &Registration,
    patterns: &[PatternScore],
    informed: &[String],
) -> Vec<Channel> {
    let supported = |s: &ChannelSupport| {
        let passes = |name: &String| {
            patterns
                .iter()
                .any(|p| p.pattern == *name && p.verdict == "passes")
        };
        s.patterns.iter().any(passes) || s.parameters.iter().any(|p| informed.contains(p))
    };
    Channel::ALL
        .iter()
        .copied()
        .filter(|c| {
            let entry = registration.support.iter().find(|s| s.channel == c.name());
            !entry.is_some_and(supported)
        })
        .collect()
}

/// The main study's effects, `draws` futures a column.
///
/// # Errors
/// When the study cannot be read.
pub fn headline_effects(
    library: &Library,
    draws: u32,
    seed: u64,
    posterior: Option<&Arc<Posterior>>,
    off: &[Channel],
) -> Result<Vec<HeadlineEffect>, Problems> {
    let column = |posterior: Option<&Arc<Posterior>>, off: &[Channel]| {
        let source = library.configs.find("did-controls-work", "studies")?;
        let mut file = study::read(&source, &library.configs)?.in_own_form();
        file.posterior = None;
        file.bands.clear();
        let channels = off
            .iter()
            .fold(Channels::default(), |all, c| all.without(*c));
        let settings = PlanSettings {
            seed,
            runs: draws,
            channels,
            posterior: posterior.cloned(),
            ..PlanSettings::default()
        };
        let plan = Plan::new(library, file, settings)?;
        let records = run_all(&plan, &|| {}, &AtomicBool::new(false));
        let results = join(&plan, records, "chokepoint validate");
        Ok::<Vec<EffectRow>, Problems>(results.main_effects().cloned().collect())
    };
    let prior = column(None, &[])?;
    let (fitted, supported) = match posterior {
        Some(_) => (column(posterior, &[])?, column(posterior, off)?),
        None => (Vec::new(), Vec::new()),
    };
    let pick = |rows: &[EffectRow], one: &EffectRow| {
        let same = |r: &&EffectRow| r.outcome == one.outcome && r.regime == one.regime;
        rows.iter().find(same).map(|r| HeadlineColumn {
            mean: r.mean,
            p05: r.p05,
            p95: r.p95,
            probability_positive: r.probability_positive,
        })
    };
    Ok(prior
        .iter()
        .filter(|e| OUTCOMES.contains(&e.outcome.as_str()))
        .map(|e| HeadlineEffect {
            outcome: e.outcome.clone(),
            regime: e.regime.clone(),
            prior: pick(&prior, e),
            posterior: pick(&fitted, e),
            supported: pick(&supported, e),
            unsupported: off.iter().map(|c| c.name().to_string()).collect(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_two_signs_are_seen() {
        let column = |mean| {
            Some(HeadlineColumn {
                mean,
                p05: 0.0,
                p95: 0.0,
                probability_positive: 0.5,
            })
        };
        let mut e = HeadlineEffect {
            outcome: "x".into(),
            regime: "y".into(),
            prior: column(1.0),
            posterior: column(0.5),
            supported: None,
            unsupported: Vec::new(),
        };
        assert!(!e.signs_differ());
        e.supported = column(-0.1);
        assert!(e.signs_differ());
    }

    #[test]
    fn a_channel_is_supported_by_a_pattern_that_passes_or_a_parameter_that_is_informed() {
        let mut registration: Registration = toml::from_str(
            "date = \"\"\npriors = \"\"\nevidence = \"\"\nsplits = \"\"\npatterns = \"\"\nseen_to = \"2020-01\"\nmodel_versions = 1\nexposure = \"\"\n\
             [[support]]\nchannel = \"design_around\"\npatterns = [\"P1\"]\n\
             [[support]]\nchannel = \"theft\"\nparameters = [\"theft_share\"]\n",
        )
        .unwrap();
        let none = unsupported(&registration, &[], &[]);
        assert_eq!(none.len(), Channel::ALL.len());
        let with = unsupported(&registration, &[], &["theft_share".into()]);
        assert!(!with.contains(&Channel::Theft) && with.contains(&Channel::DesignAround));
        registration.support.clear();
        assert!(unsupported(&registration, &[], &["theft_share".into()]).contains(&Channel::Theft));
    }
}
