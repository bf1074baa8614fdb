//! Findings in words: the question, the answer with its interval and probability, at whose cost, who sees it how.

use serde::Serialize;

use crate::plots::{in_unit, month};
use crate::results::{EffectRow, Part, Results};

/// One sentence, and what it rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub heading: String,
    pub text: String,
}

/// What one kind of reader looks at.
#[derive(Clone, Debug, Serialize)]
pub struct Viewpoint {
    pub who: String,
    pub asks: String,
    pub points: Vec<String>,
}

/// To two significant digits.
pub fn two_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let power = 10_f64.powi(1 - value.abs().log10().floor() as i32);
    (value * power).round() / power
}

/// Two significant digits, and none finer than the Monte Carlo error supports, in the unit's own way.
pub fn rounded(value: f64, monte_carlo_error: f64, unit: &str) -> String {
    let finest = if monte_carlo_error > 0.0 {
        10_f64.powf(monte_carlo_error.log10().floor())
    } else {
        0.0
    };
    let digits = if value == 0.0 {
        0.0
    } else {
        10_f64.powf(value.abs().log10().floor() - 1.0)
    };
    let step = finest.max(digits);
    let text = in_unit(
        if step > 0.0 {
            two_digits((value / step).round() * step)
        } else {
            value
        },
        unit,
    );
    match unit {
        "months" | "H100e" | "USD" | "chips" => format!("{text} {unit}"),
        "index points" => format!("{text} points"),
        _ => text,
    }
}

fn effect<'a>(results: &'a Results, outcome: &str, arm: &str) -> Option<&'a EffectRow> {
    results
        .effects
        .iter()
        .find(|e| e.outcome == outcome && e.regime == arm && e.part == Part::Total)
}

fn unit(results: &Results, outcome: &str) -> String {
    results
        .manifest
        .outcomes
        .iter()
        .find(|o| o.name == outcome)
        .map_or(String::new(), |o| o.unit.clone())
}

/// How sure: in words that follow the probability.
fn sure(probability: f64) -> &'static str {
    match probability.max(1.0 - probability) {
        p if p >= 0.99 => "in practically every future",
        p if p >= 0.9 => "in nine futures of ten or more",
        p if p >= 0.66 => "in two futures of three or more",
        _ => "in about as many futures as not",
    }
}

/// "3.2 months more (90 % of futures: 0.4 to 7.1), in nine futures of ten or more": medians.
fn change(results: &Results, outcome: &str, arm: &str, more: &str, less: &str) -> Option<String> {
    let e = effect(results, outcome, arm)?;
    let unit = unit(results, outcome);
    if e.p05 == 0.0 && e.p95 == 0.0 {
        return Some("no different in any future".into());
    }
    let word = if e.p50 >= 0.0 { more } else { less };
    let size = |v: f64| match unit.as_str() {
        "fraction" => rounded(100.0 * v, 100.0 * e.monte_carlo_error, ""),
        "USD" => rounded(v, e.monte_carlo_error, "USD")
            .trim_end_matches(" USD")
            .to_string(),
        _ => rounded(v, e.monte_carlo_error, ""),
    };
    let unit = match unit.as_str() {
        "fraction" => "percentage points",
        "index points" => "points",
        other => other,
    };
    let positive = if e.p50 >= 0.0 {
        e.probability_positive
    } else {
        1.0 - e.probability_positive
    };
    let certainty = if positive < 0.5 {
        "in fewer than half of the futures"
    } else {
        sure(positive)
    };
    // One sign through: sizes alone; else each end says which way it goes.
    let (near, far) = if e.p50 >= 0.0 {
        (e.p05, e.p95)
    } else {
        (e.p95, e.p05)
    };
    let other = if e.p50 >= 0.0 { less } else { more };
    let range = if near * far >= 0.0 {
        format!("{} to {}", size(near.abs()), size(far.abs()))
    } else {
        format!("{} {other} to {} {word}", size(near.abs()), size(far.abs()))
    };
    Some(format!(
        "{} {unit} {word} (90 % of futures: {range}), {certainty}",
        size(e.p50.abs())
    ))
}

/// A nation's name within a sentence.
fn the(name: &str) -> String {
    if name.starts_with("United") || name.ends_with("Kingdom") || name.ends_with("s") {
        format!("the {name}")
    } else {
        name.to_string()
    }
}

/// Question and answer for each regime.
pub fn answers(results: &Results) -> Vec<Finding> {
    let study = &results.manifest.study;
    let target = &study.target_name;
    let mut found = Vec::new();
    for arm in study.arms.iter().filter(|a| a.name != study.baseline) {
        let name = &arm.name;
        let mut text = Vec::new();
        if let Some(c) = change(
            results,
            "latent_gap_months_mean",
            name,
            "further behind",
            "less far behind",
        ) {
            text.push(format!(
                "Under {name} {target} is {c}, on average from {} to {}.",
                month(study.window_first),
                month(study.window_last)
            ));
        }
        if let Some(c) = change(
            results,
            "latent_gap_points_mean",
            name,
            "more distance",
            "less distance",
        ) {
            text.push(format!("On the capability index that is {c}."));
        }
        if let Some(c) = change(results, "target_compute_h100e_end", name, "more", "less") {
            text.push(format!(
                "{target}'s useful compute at the end of that time: {c}."
            ));
        }
        if let Some(e) = effect(results, "target_frontier_points_end", name) {
            let own = rounded(e.p50, e.monte_carlo_error, "index points");
            if let Some(lead) = effect(results, "issuer_frontier_points_end", name) {
                let other = rounded(lead.p50, lead.monte_carlo_error, "index points");
                text.push(format!(
                    "{target}'s best model changes by {own}, that of {} by {other}: a gap also moves when the leader slows.",
                    the(&study.issuer_name)
                ));
            }
        }
        found.push(Finding {
            heading: format!("{name}: {}", lower_first(&arm.words)),
            text: text.join(" "),
        });
    }
    found
}

fn lower_first(text: &str) -> String {
    let trimmed = text.trim_end_matches('.');
    trimmed.to_string()
}

/// Four readers of the same runs.
pub fn viewpoints(results: &Results) -> Vec<Viewpoint> {
    let study = &results.manifest.study;
    let (issuer, target) = (&study.issuer_name, &study.target_name);
    let arms: Vec<&str> = study
        .arms
        .iter()
        .map(|a| a.name.as_str())
        .filter(|a| *a != study.baseline)
        .collect();
    let points = |list: &[(&str, &str, &str, &str)]| -> Vec<String> {
        list.iter()
            .flat_map(|(outcome, subject, more, less)| {
                arms.iter().filter_map(move |arm| {
                    change(results, outcome, arm, more, less)
                        .map(|c| format!("{arm}: {subject} {c}."))
                })
            })
            .collect()
    };
    vec![
        Viewpoint {
            who: format!("Security of {}", the(issuer)),
            asks: "Is the target kept behind, and in compute?".into(),
            points: points(&[
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
            ]),
        },
        Viewpoint {
            who: format!("Industry of {}", the(issuer)),
            asks: "What does it cost those who sell?".into(),
            points: points(&[
                (
                    "us_maker_revenue_usd",
                    "revenue over the window is",
                    "more",
                    "less",
                ),
                ("us_maker_rd_usd", "R&D over the window is", "more", "less"),
                (
                    "us_maker_share_target_end",
                    "their share of the target is",
                    "larger",
                    "smaller",
                ),
            ]),
        },
        Viewpoint {
            who: format!("Labs and makers of {target}"),
            asks: "What is left to train with, and who makes it?".into(),
            points: points(&[
                (
                    "target_compute_h100e_end",
                    "useful compute at the end is",
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
            ]),
        },
        Viewpoint {
            who: "Third countries".into(),
            asks: "Do they gain what the target cannot buy, and at which price?".into(),
            points: points(&[
                (
                    "third_compute_h100e_end",
                    "useful compute at the end is",
                    "more",
                    "less",
                ),
                (
                    "price_usd_per_h100e_mean",
                    "a useful H100-equivalent costs",
                    "more",
                    "less",
                ),
            ]),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_claims_more_than_its_error_supports() {
        assert_eq!(rounded(3.456, 0.004, "months"), "3.5 months");
        assert_eq!(rounded(3.456, 1.2, "months"), "3 months");
        assert_eq!(rounded(0.2345, 0.001, "fraction"), "23 %");
        assert_eq!(rounded(123_456.0, 0.0, "USD"), "120 k USD");
    }
}
