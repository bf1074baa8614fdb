//! Splits total effects into direct effects and feedback, where governments react.
//!
//! The direct effect is that of an arm under the rule changes that its baseline's own government made. The rest runs
//! through its own government's reactions.

use crate::analysis::effects::{PairedEffect, effect};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::source::Source;
use crate::config::study::StudyFile;
use crate::controls::Regime;
use crate::results::EffectComponent;

/// Whether the tape of the baseline can be replayed in every arm that has a process: the same rungs by name, in order.
///
/// # Errors
/// When the study asks for direct effects and they cannot be had.
pub fn check(study: &StudyFile, regimes: &[Regime]) -> Result<(), Problems> {
    if !study.direct {
        return Ok(());
    }
    let rungs = |r: &Regime| -> Vec<String> {
        let ladder = r.process.iter().flat_map(|p| &p.ladder);
        ladder.map(|rung| rung.name.clone()).collect()
    };
    let baseline = study.arms.iter().position(|a| a.name() == study.baseline);
    let known = baseline.map_or(Vec::new(), |at| rungs(&regimes[at]));
    let other = regimes
        .iter()
        .find(|r| r.process.is_some() && rungs(r) != known);
    let message = if known.is_empty() {
        format!(
            "direct effects replay the rules of the baseline, and `{}` has no process",
            study.baseline
        )
    } else if let Some(other) = other {
        format!(
            "direct effects replay the rules of `{}`; the ladder of `{}` has other rungs",
            study.baseline, other.name
        )
    } else {
        return Ok(());
    };
    let named = Source {
        name: study.name.to_string(),
        text: "direct = true".into(),
    };
    Err(Diagnostic::at(&named, 0..named.text.len(), message).into())
}

/// Total, direct and feedback of one outcome of one arm; the last two add up to the first. All three are taken over the same
/// futures, so that they add up: one without a number in any part is left out.
pub fn parts(
    arm: &[f64],
    direct: &[f64],
    baseline: &[f64],
) -> Vec<(EffectComponent, PairedEffect)> {
    let whole: Vec<[f64; 3]> = (0..arm.len())
        .map(|i| [arm[i], direct[i], baseline[i]])
        .filter(|three| three.iter().all(|v| v.is_finite()))
        .collect();
    let column = |at: usize| -> Vec<f64> { whole.iter().map(|three| three[at]).collect() };
    let parts = [
        (EffectComponent::Total, 0, 2),
        (EffectComponent::Direct, 1, 2),
        (EffectComponent::Feedback, 0, 1),
    ];
    parts
        .into_iter()
        .filter_map(|(part, of, against)| Some((part, effect(&column(of), &column(against))?)))
        .collect()
}
