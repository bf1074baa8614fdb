//! Checks what a study says of its own answer: the size of an effect that matters, and arms that are known to be the same.

use std::ops::Range;

use super::diagnostics::{Diagnostic, Problems};
use super::source::Source;
use super::study_file::{Arm, ComposedArm, StudyFile};
use crate::foundation::channels::Channel;
use crate::foundation::parameters::Parameters;

/// What is wrong with the headline, the size that matters, and arms that are declared the same; and arms that are seen to
/// change nothing without running them.
pub(super) fn faults(source: &Source, study: &StudyFile) -> Problems {
    let mut problems = Problems::default();
    let mut wrong = |at: Range<usize>, message: String, word: &str, names: &[&str]| {
        let problem = Diagnostic::at(source, at, message);
        problems.0.push(problem.nearest(word, names));
    };
    let names: Vec<&str> = study.arms.iter().map(Arm::name).collect();
    if let Some(headline) = &study.headline {
        let (name, span) = (headline.get_ref().as_str(), headline.span());
        if !names.contains(&name) {
            let message = format!("found `{name}`, expected one of the arms");
            wrong(span, message, name, &names);
        } else if name == study.baseline {
            let message =
                format!("found the baseline `{name}`, expected an arm to compare with it");
            wrong(span, message, "", &[]);
        }
    }
    for arm in study.composed() {
        let Some(same) = &arm.same_as else {
            continue;
        };
        let other = same.arm.get_ref().as_str();
        if *other == *arm.name || !names.contains(&other) {
            let message = format!("found `{other}`, expected another arm of the study");
            wrong(same.arm.span(), message, other, &names);
        }
        if same.reason.get_ref().trim().is_empty() {
            let message = "found no reason, expected why the arms are the same";
            wrong(same.reason.span(), message.into(), "", &[]);
        }
    }
    let matters = study.matters.as_ref();
    if let Some(size) = matters.map(|m| m.gap_months)
        && !(size > 0.0 && size.is_finite())
    {
        let message = format!("found {size}, expected a number of months above zero");
        problems
            .0
            .push(Diagnostic::at_field(source, "gap_months", message));
    }
    if matters.is_some_and(|m| m.reason.trim().is_empty()) {
        let message = "found no reason, expected why smaller effects do not matter";
        problems
            .0
            .push(Diagnostic::at_field(source, "matters", message));
    }
    problems.0.extend(idle_settings(source, study).0);
    problems
}

/// Channels that an arm switches off although every future has them off, and settings that an arm says twice over.
fn idle_settings(source: &Source, study: &StudyFile) -> Problems {
    let mut problems = Problems::default();
    let mut wrong = |arm: &ComposedArm, what: String| {
        let message = format!("the arm `{}` {what}", arm.name);
        let name = format!("\"{}\"", arm.name);
        problems
            .0
            .push(Diagnostic::at_text(source, 0, &name, message));
    };
    let all_off = &study.futures.off;
    for arm in study.composed() {
        for channel in arm.off.iter().filter(|c| all_off.contains(c)) {
            let known = Channel::named(channel).is_some();
            if known {
                wrong(
                    arm,
                    format!("switches off `{channel}`, which every future of this study has off"),
                );
            }
        }
        // A stress or variant that sets a parameter comes before the arm, so that the arm decides.
        let fixed = |id: &str| Parameters::NAMES.iter().any(|(_, name)| *name == id);
        let everywhere = |id: &str, value: f64| {
            let f = &study.futures;
            let same = |list: &[super::futures::WeightedAlternative]| {
                !list.is_empty() && list.iter().all(|a| a.set.get(id) == Some(&value))
            };
            same(&f.stress) || same(&f.variant)
        };
        for (id, value) in arm.set.iter().filter(|(id, _)| fixed(id)) {
            if everywhere(id, *value) {
                wrong(
                    arm,
                    format!("sets {id} to {value}, as every future of this study does"),
                );
            }
        }
    }
    problems
}
