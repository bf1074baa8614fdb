//! The same runs from the viewpoints of five kinds of readers, in sentences and as effects.

use serde::Serialize;

use super::findings::{FindingSentence, is_nil};
use super::phrases::{arms, change, the};
use crate::plots::{change_unit, named};
use crate::results::Results;

/// What one kind of reader looks at.
#[derive(Clone, Debug, Serialize)]
pub struct ReaderViewpoint {
    pub who: String,
    pub asks: String,
    pub points: Vec<FindingSentence>,
}

/// What a viewpoint looks at: outcome, subject, more, less.
type ViewpointOutcome = (&'static str, &'static str, &'static str, &'static str);

const SECURITY_OUTCOMES: &[ViewpointOutcome] = &[
    (
        "latent_gap_points_mean",
        "the distance is",
        "larger",
        "smaller",
    ),
    (
        "target_compute_share_end",
        "the target's share of the world's compute is",
        "larger",
        "smaller",
    ),
];

const INDUSTRY_OUTCOMES: &[ViewpointOutcome] = &[
    (
        "us_maker_revenue_usd",
        "revenue over the window is",
        "more",
        "less",
    ),
    (
        "us_maker_rd_usd",
        "research and development over the window is",
        "more",
        "less",
    ),
    (
        "us_maker_share_target_end",
        "their share of the target is",
        "larger",
        "smaller",
    ),
];

const TREASURY_OUTCOMES: &[ViewpointOutcome] = &[(
    "levy_revenue_usd",
    "levies over the window are",
    "more",
    "less",
)];

const TARGET_OUTCOMES: &[ViewpointOutcome] = &[
    (
        "target_compute_h100e_end",
        "useful compute at the end, owned and rented, is",
        "more",
        "less",
    ),
    ("target_owned_h100e_end", "of this it owns", "more", "less"),
    (
        "target_rented_h100e_end",
        "of this it rents abroad",
        "more",
        "less",
    ),
    (
        "grey_h100e_total",
        "brokers bring over the window",
        "more",
        "less",
    ),
    (
        "target_self_sufficiency_fab_end",
        "the share made at home is",
        "larger",
        "smaller",
    ),
    (
        "target_frontier_points_end",
        "the best model stands",
        "higher",
        "lower",
    ),
];

const THIRD_OUTCOMES: &[ViewpointOutcome] = &[
    (
        "third_owned_h100e_end",
        "useful compute that they own at the end is",
        "more",
        "less",
    ),
    (
        "third_price_usd_per_h100e_mean",
        "the computing power of one H100, which newer chips supply ever more cheaply, costs there",
        "more",
        "less",
    ),
];

/// The same runs from the viewpoints of five kinds of readers.
pub fn viewpoints(results: &Results) -> Vec<ReaderViewpoint> {
    let study = &results.manifest.study;
    let (issuer, target) = (&study.issuer_name, &study.target_name);
    let points = |list: &[ViewpointOutcome]| -> Vec<FindingSentence> {
        list.iter()
            .flat_map(|(outcome, subject, more, less)| {
                arms(results).filter_map(move |arm| {
                    if is_nil(results, outcome, &arm.name) {
                        return None;
                    }
                    let c = change(results, outcome, &arm.name, more, less)?;
                    let subject = named(results, subject);
                    Some(FindingSentence {
                        arm: arm.name.clone(),
                        text: format!("{}: {subject} {c}.", arm.label()),
                    })
                })
            })
            .collect()
    };
    vec![
        ReaderViewpoint {
            who: format!("Security of {}", the(issuer)),
            asks: format!("Does {target} fall behind, in models and in compute?"),
            points: points(SECURITY_OUTCOMES),
        },
        ReaderViewpoint {
            who: format!("Industry of {}", the(issuer)),
            asks: "What does it cost those who sell?".into(),
            points: points(INDUSTRY_OUTCOMES),
        },
        ReaderViewpoint {
            who: format!("Treasury of {}", the(issuer)),
            asks: "What does it take?".into(),
            points: points(TREASURY_OUTCOMES),
        },
        ReaderViewpoint {
            who: format!("Labs and makers of {target}"),
            asks: "What is left to train with, and who makes it?".into(),
            points: points(TARGET_OUTCOMES),
        },
        ReaderViewpoint {
            who: "Third countries".into(),
            asks: format!("Do they gain what {target} cannot buy, and at which price?"),
            points: points(THIRD_OUTCOMES),
        },
    ]
}

/// An effect from one viewpoint, in the unit of its outcome.
#[derive(Clone, Debug, Serialize)]
pub struct ViewpointEffect {
    pub viewpoint: String,
    pub label: String,
    pub arm: String,
    pub unit: String,
    pub p05: f64,
    pub p50: f64,
    pub p95: f64,
}

/// The effects that each viewpoint looks at, arm after arm; the sentences are those of [`viewpoints`].
pub fn viewpoint_effects(results: &Results) -> Vec<ViewpointEffect> {
    let lists = [
        SECURITY_OUTCOMES,
        INDUSTRY_OUTCOMES,
        TREASURY_OUTCOMES,
        TARGET_OUTCOMES,
        THIRD_OUTCOMES,
    ];
    let whose = viewpoints(results).into_iter().map(|v| v.who);
    let mut found = Vec::new();
    for (viewpoint, list) in whose.zip(lists) {
        for (outcome, ..) in list {
            let words = results
                .manifest
                .outcomes
                .iter()
                .find(|o| o.name == *outcome);
            let Some(words) = words else {
                continue;
            };
            for arm in arms(results) {
                let Some(e) = results.effect(outcome, &arm.name) else {
                    continue;
                };
                let (factor, unit) = change_unit(&words.unit);
                found.push(ViewpointEffect {
                    viewpoint: viewpoint.clone(),
                    label: named(results, &words.words),
                    arm: arm.name.clone(),
                    unit: unit.to_string(),
                    p05: factor * e.p05,
                    p50: factor * e.p50,
                    p95: factor * e.p95,
                });
            }
        }
    }
    found
}
