//! The main answer as a path: the effect on the gap 12, 24 and 48 months after arms first differ and at the end of the study.

use serde::Serialize;

use crate::config::study::SizeThatMatters;
use crate::foundation::calendar::Month;
use crate::plots::{in_unit, month, number, rounded, signed, supported};
use crate::results::{ALL, ArmInfo, EffectComponent, EffectRow, Results, RuleInfo, StudyInfo};

use super::phrases::{arms, baseline_label, forms, share, sure};

/// The outcome whose effect is followed: the gap in the last month of a window.
pub const OUTCOME: &str = "latent_gap_months_last";

/// Months after the first in which arms differ at which the effect is shown; the end of the study is added.
const SHOWN: [u32; 3] = [12, 24, 48];

/// The effects of every arm over time.
#[derive(Clone, Debug, Serialize)]
pub struct EffectPaths {
    pub columns: Vec<String>,
    pub arms: Vec<ArmPath>,
    /// What size matters, and why.
    pub matters: String,
}

/// One arm: its answer, and its effect in each column.
#[derive(Clone, Debug, Serialize)]
pub struct ArmPath {
    pub arm: String,
    pub label: String,
    pub headline: bool,
    pub answer: &'static str,
    pub cells: Vec<PathCell>,
}

/// An effect with its 90 % interval and its size beside the baseline.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PathCell {
    pub effect: String,
    pub range: String,
    pub of_baseline: String,
}

/// A time of the path: months after the first difference, and the month.
#[derive(Clone, Copy, Debug, PartialEq)]
struct PathTime {
    after: u32,
    month: Month,
    is_end: bool,
}

fn times(results: &Results) -> Vec<PathTime> {
    let study = &results.manifest.study;
    let whole = (study.last_month - study.window_first + 1).max(0) as u32;
    let shown = SHOWN.into_iter().filter(|after| *after < whole);
    shown
        .chain([whole])
        .map(|after| PathTime {
            after,
            month: study.window_first.plus(after as i32 - 1),
            is_end: after == whole,
        })
        .collect()
}

/// The effect of an arm on the gap after so many months.
fn effect_after<'a>(results: &'a Results, arm: &str, after: u32) -> Option<&'a EffectRow> {
    let study = &results.manifest.study;
    let own = (study.window_last - study.window_first + 1).max(0) as u32;
    results.effects.iter().find(|e| {
        e.outcome == OUTCOME
            && e.regime == arm
            && e.stratum == ALL
            && e.part == EffectComponent::Total
            && e.discount == 0.0
            && e.horizon_months.unwrap_or(own) == after
    })
}

/// The time that the answer is about: 48 months after arms first differ, or the end of a shorter study.
fn main_time(results: &Results) -> Option<PathTime> {
    let all = times(results);
    let long = all.iter().find(|t| t.after == SHOWN[2]);
    long.or(all.last()).copied()
}

/// Yes, no, or neither, by the size that matters: an answer needs 19 futures of 20, "probably" three of four. Without either, an
/// effect of one sign in 19 futures of 20 has a clear direction.
pub fn answer(e: &EffectRow, size: f64) -> &'static str {
    if e.p05 >= size {
        "Yes"
    } else if e.p95 <= -size {
        "The reverse"
    } else if e.p05 > -size && e.p95 < size {
        "No"
    } else if e.p25 >= size {
        "Probably"
    } else if e.p75 <= -size {
        "Probably the reverse"
    } else if e.p25 > -size && e.p75 < size {
        "Probably not"
    } else if e.p05 > 0.0 || e.p95 < 0.0 {
        "The direction is clear, the size is not"
    } else {
        "Not clear"
    }
}

/// A size in months with its direction: "2.1 months further behind".
fn behind(e: &EffectRow) -> String {
    let size = rounded(e.p50.abs(), e.monte_carlo_error, "months");
    if size.starts_with("0 ") {
        return "as far behind as without it".into();
    }
    let way = if e.p50 > 0.0 {
        "further behind"
    } else {
        "less far behind"
    };
    format!("{size} {way}")
}

fn range(e: &EffectRow) -> String {
    let end = |v: f64| in_unit(supported(v, e.monte_carlo_error), "months");
    format!("{} to {}", end(e.p05), end(e.p95))
}

/// An effect in per cent of the baseline's mean, or nothing where that is zero.
pub fn of_baseline(e: &EffectRow) -> Option<String> {
    let part = 100.0 * e.p50 / e.baseline_mean.abs();
    let error = 100.0 * e.monte_carlo_error / e.baseline_mean.abs();
    (part.is_finite() && error.is_finite()).then(|| format!("{} %", signed(part, error, "")))
}

/// The main answer about one arm, sentence by sentence.
#[derive(Clone, Debug, Serialize)]
pub struct LeadSentences {
    /// Yes, no, or neither; how much, when, in which range, and which part of the baseline.
    pub finding: String,
    /// In how many futures the effect has its sign.
    pub certainty: String,
    /// The effect at other times; empty where there is none.
    pub path: String,
}

/// What is known, how much, until when and how sure, in one sentence; then the path, and what size matters.
pub fn lead(results: &Results, arm: &ArmInfo) -> Option<String> {
    let LeadSentences {
        finding,
        certainty,
        path,
    } = lead_sentences(results, arm)?;
    let mut text = format!("{finding} {certainty}");
    if !path.is_empty() {
        text.push_str(&format!(" {path}"));
    }
    Some(text)
}

/// The effect that the main answer is about, with the months after which it is taken.
pub fn main_effect<'a>(results: &'a Results, arm: &str) -> Option<(u32, &'a EffectRow)> {
    let at = main_time(results)?;
    Some((at.after, effect_after(results, arm, at.after)?))
}

/// The month of the study in which the rules of its arms first differ, as far as a results folder holds them: it has no
/// processes.
fn law_differs_from(study: &StudyInfo) -> Option<Month> {
    let arms = &study.arms;
    let first_day = |rule: &RuleInfo| {
        if arms.iter().all(|arm| arm.rules.contains(rule)) {
            return None;
        }
        // A rule that all arms share but end on different days separates them when it first ends.
        let begins_alike = |other: &RuleInfo| {
            (&other.id, other.announced, other.compliance)
                == (&rule.id, rule.announced, rule.compliance)
        };
        if arms.iter().all(|arm| arm.rules.iter().any(begins_alike)) {
            rule.ended
        } else {
            Some(rule.announced.min(rule.compliance))
        }
    };
    let days = arms.iter().flat_map(|arm| &arm.rules).filter_map(first_day);
    let first = days.min().map(Month::from_date)?;
    Some(first.max(study.first_month))
}

/// The sentences of [`lead`].
pub fn lead_sentences(results: &Results, arm: &ArmInfo) -> Option<LeadSentences> {
    let study = &results.manifest.study;
    let at = main_time(results)?;
    let e = effect_after(results, &arm.name, at.after)?;
    let size = study.matters.gap_months;
    let part = of_baseline(e).map_or(String::new(), |part| {
        let base = rounded(e.baseline_mean, e.monte_carlo_error, "months");
        format!(", {part} of the {base} under {}", baseline_label(results))
    });
    let positive = if e.p50 >= 0.0 {
        e.probability_positive
    } else {
        1.0 - e.probability_positive
    };
    let when = if at.is_end {
        format!("at the end of the study, in {}", month(at.month))
    } else {
        let why = if law_differs_from(study) == Some(study.window_first) {
            "when the arms first differ in what is announced or in force"
        } else {
            "the first month of the window"
        };
        format!(
            "in {}, {} months from {}, {why}",
            month(at.month),
            at.after,
            month(study.window_first)
        )
    };
    let others = times(results).into_iter().filter(|t| *t != at);
    let said: Vec<String> = others
        .filter_map(|t| {
            let e = effect_after(results, &arm.name, t.after)?;
            let when = if t.is_end {
                format!("at the end of the study, in {}", month(t.month))
            } else {
                format!("after {} months", t.after)
            };
            Some(format!("{} {when} ({})", behind(e), range(e)))
        })
        .collect();
    let path = if said.is_empty() {
        String::new()
    } else {
        format!("The path: {}.", said.join("; "))
    };
    Some(LeadSentences {
        finding: format!(
            "{}: under {}, {} is {} {when}, in the median future (90 % of futures: {}){part}.",
            answer(e, size),
            arm.label(),
            study.target_name,
            behind(e),
            range(e),
        ),
        certainty: format!(
            "The effect has this sign {}{}.",
            sure(positive, e.pairs),
            forms(results)
        ),
        path,
    })
}

/// What the spread of the main effect comes from, and the form of the model that agrees least; nothing where there is one form.
pub fn sources_of_spread(results: &Results, arm: &ArmInfo) -> Option<String> {
    let at = main_time(results)?;
    let study = &results.manifest.study;
    let own = (study.window_last - study.window_first + 1).max(0) as u32;
    let row = results.certainty.iter().find(|c| {
        c.outcome == OUTCOME && c.regime == arm.name && c.horizon_months.unwrap_or(own) == at.after
    })?;
    let least = if row.least_form_p50 >= 0.0 {
        "further behind"
    } else {
        "less far behind"
    };
    Some(format!(
        "Of the spread of the effect of {}, uncertain parameters make {}, rival forms of the model {} and chance {}. In the form that agrees least ({}), {} of its {} futures have the sign of the whole, and the median is {} {least}.",
        month(at.month),
        share(row.parameters),
        share(row.structure),
        share(row.chance),
        row.least_form,
        share(row.least_form_same_sign),
        row.least_form_futures,
        rounded(row.least_form_p50.abs(), 0.05, "months"),
    ))
}

/// The effect of every arm over time; nothing where the results hold no path.
pub fn paths(results: &Results, headline: Option<&ArmInfo>) -> Option<EffectPaths> {
    let study = &results.manifest.study;
    let times = times(results);
    let main = main_time(results)?;
    let rows: Vec<ArmPath> = arms(results)
        .filter_map(|arm| {
            let e = effect_after(results, &arm.name, main.after)?;
            Some(ArmPath {
                arm: arm.name.clone(),
                label: arm.label().to_string(),
                headline: headline.is_some_and(|h| h.name == arm.name),
                answer: answer(e, study.matters.gap_months),
                cells: times.iter().map(|t| cell(results, arm, *t)).collect(),
            })
        })
        .collect();
    let column = |t: &PathTime| {
        let name = if t.is_end {
            "end".to_string()
        } else {
            format!("{} months", t.after)
        };
        format!("{name}: {}", month(t.month))
    };
    let SizeThatMatters { gap_months, reason } = &study.matters;
    let months = if *gap_months == 1.0 {
        "month"
    } else {
        "months"
    };
    (!rows.is_empty()).then(|| EffectPaths {
        columns: times.iter().map(column).collect(),
        arms: rows,
        matters: format!(
            "An effect of {} {months} or more matters here: {}. The answer is that of {}.",
            number(*gap_months),
            reason.trim_end_matches('.'),
            month(main.month)
        ),
    })
}

fn cell(results: &Results, arm: &ArmInfo, at: PathTime) -> PathCell {
    effect_after(results, &arm.name, at.after).map_or_else(PathCell::default, |e| PathCell {
        effect: signed(e.p50, e.monte_carlo_error, "months"),
        range: range(e),
        of_baseline: of_baseline(e).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(quantiles: [f64; 5]) -> EffectRow {
        let [p05, p25, p50, p75, p95] = quantiles;
        EffectRow {
            p05,
            p25,
            p50,
            p75,
            p95,
            baseline_mean: 8.0,
            monte_carlo_error: 0.01,
            ..EffectRow::default()
        }
    }

    #[test]
    fn an_answer_needs_a_size_as_well_as_a_sign() {
        let of = |quantiles| answer(&effect(quantiles), 1.0);
        assert_eq!(of([1.1, 1.5, 2.0, 2.5, 3.0]), "Yes");
        // 44 minutes, always with one sign.
        assert_eq!(of([0.0005, 0.0008, 0.001, 0.002, 0.003]), "No");
        assert_eq!(of([0.0, 1.2, 2.0, 2.5, 3.0]), "Probably");
        assert_eq!(of([-0.2, 0.1, 0.4, 0.8, 1.6]), "Probably not");
        assert_eq!(of([-0.2, 0.1, 1.4, 1.8, 2.6]), "Not clear");
        let direction = "The direction is clear, the size is not";
        assert_eq!(of([0.1, 0.5, 0.8, 1.2, 1.6]), direction);
        assert_eq!(of([-1.6, -1.2, -0.8, -0.5, -0.1]), direction);
        assert_eq!(of([-3.0, -2.5, -2.0, -1.5, -1.1]), "The reverse");
        assert_eq!(of([-3.0, -2.5, -2.0, -1.5, 0.1]), "Probably the reverse");
    }

    #[test]
    fn a_part_of_the_baseline_has_a_sign_and_none_of_nothing() {
        let mut e = effect([1.0, 1.5, 2.0, 2.5, 3.0]);
        assert_eq!(of_baseline(&e).as_deref(), Some("+25 %"));
        e.baseline_mean = 0.0;
        assert_eq!(of_baseline(&e), None);
    }
}
