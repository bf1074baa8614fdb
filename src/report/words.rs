//! Words that the sections of the report share: arms, shares of futures, and how sure something is.

use crate::results::{ArmInfo, Results};

/// Arms that are compared with the baseline.
pub fn arms(results: &Results) -> impl Iterator<Item = &ArmInfo> {
    let study = &results.manifest.study;
    study.arms.iter().filter(|a| a.name != study.baseline)
}

/// The baseline's name for readers.
pub fn baseline_label(results: &Results) -> String {
    let study = &results.manifest.study;
    let arm = study.arms.iter().find(|a| a.name == study.baseline);
    arm.map_or_else(|| study.baseline.clone(), ArmInfo::label_with_id)
}

/// A share of futures as a whole number of per cent.
pub fn share(part: f64) -> String {
    format!("{:.0} %", 100.0 * part)
}

/// In how many futures something holds, as a phrase with the share.
pub fn sure(probability: f64) -> String {
    let words = match probability {
        p if p >= 0.99 => "in practically every future",
        p if p >= 0.9 => "in nine futures of ten or more",
        p if p >= 0.66 => "in two futures of three or more",
        p if p >= 0.5 => "in about as many futures as not",
        _ => "in fewer than half of the futures",
    };
    format!("{words} ({})", share(probability))
}
