//! The answer to a question after some of its futures, as the page draws it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::question::QuestionProblem;
use crate::config::figure::FOLLOWED_MEASURE;
use crate::foundation::calendar::Month;
use crate::plots::{arm_colour, colour_code, with_article};
use crate::report::path::{OUTCOME, lead_sentences, main_effect};
use crate::report::viewpoints::{ViewpointEffect, viewpoint_effects};
use crate::results::tables::SideTable;
use crate::results::{BandRow, Results, ResultsError};
use crate::study::gate::equal_to_baseline;
use crate::study::growing::GrowingRuns;

/// The gap that the page draws.
const GAP: &str = "target_vs_issuer";
/// The gap between released models, which recorded points measure.
const MEASURED_GAP: &str = "gap_months";
/// Median share of a maker below which it is not drawn.
const LEAST_SHARE: f64 = 0.01;

/// A line of the stream that answers a question.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AnswerLine {
    Refused { problems: Vec<QuestionProblem> },
    Answer(Box<ExplorerAnswer>),
    Done,
    Cancelled,
}

/// Quantiles by month; nothing where no future has a value.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MonthlyBand {
    pub p05: Vec<Option<f64>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub p25: Vec<Option<f64>>,
    pub p50: Vec<Option<f64>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub p75: Vec<Option<f64>>,
    pub p95: Vec<Option<f64>>,
}

/// A band of one arm: of whom, and where.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ArmBand {
    pub arm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(flatten)]
    pub band: MonthlyBand,
}

#[derive(Clone, Debug, Serialize)]
pub struct AnswerArm {
    pub name: String,
    pub label: String,
    pub colour: String,
    pub baseline: bool,
}

/// The first sentences of the answer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AnswerSentence {
    pub finding: String,
    pub size: String,
    pub certainty: String,
    pub baseline: String,
}

/// A day on which a rule of an arm comes into force, or ends, and the baseline's does not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuleDate {
    pub date: String,
    pub label: String,
    pub arm: String,
}

/// A recorded point of the gap, with its 90 % interval.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedGap {
    pub date: String,
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// What is known after some futures.
#[derive(Clone, Debug, Serialize)]
pub struct ExplorerAnswer {
    pub done: u32,
    pub of: u32,
    pub failed: u32,
    pub seconds: f64,
    pub sentence: AnswerSentence,
    /// Why nothing is changed, where that is so.
    pub nothing: Option<String>,
    /// What the reader is to know of the samples.
    pub warnings: Vec<String>,
    pub monte_carlo_error: Option<f64>,
    pub months: Vec<Month>,
    pub evidence_end: Option<String>,
    pub rule_dates: Vec<RuleDate>,
    pub arms: Vec<AnswerArm>,
    /// The underlying gap.
    pub gap: Vec<ArmBand>,
    /// The gap between released models, beside which the recorded points stand.
    pub gap_measured: Vec<ArmBand>,
    pub gap_record: Vec<RecordedGap>,
    pub effect: Vec<ArmBand>,
    pub shares: Vec<ArmBand>,
    pub compute: Vec<ArmBand>,
    pub costs: Vec<ViewpointEffect>,
    pub futures: Vec<u32>,
    /// The effect of the first arm in each future, in the month of the sentence.
    pub future_effects: Vec<Option<f64>>,
}

/// What is the same for all answers to one question.
pub struct AnswerFrame {
    /// Names of the arms, the baseline first.
    pub arms: Vec<String>,
    pub record: SideTable,
    /// What own rules reach, where that is nothing.
    pub reach: String,
    pub warnings: Vec<String>,
}

/// The answer from the futures that are done.
///
/// # Errors
/// Never: memory can be read.
pub fn answer(
    frame: &AnswerFrame,
    runs: &GrowingRuns<'_>,
    results: &Results,
    seconds: f64,
) -> Result<ExplorerAnswer, ResultsError> {
    let plan = runs.plan;
    let months: Vec<Month> = (0..plan.blueprint.months)
        .map(|t| plan.month_of(t))
        .collect();
    let bands = BandsByColumn::of(&results.bands, months[0], months.len());
    let effects = BandsByColumn::of(&results.effect_bands, months[0], months.len());
    let study = &results.manifest.study;
    let info = |name: &String| study.arms.iter().find(|arm| arm.name == *name);
    let arms = frame.arms.iter().filter_map(info).map(|arm| AnswerArm {
        name: arm.name.clone(),
        label: arm.label().to_string(),
        colour: colour_code(arm_colour(results, &arm.name)),
        baseline: arm.name == study.baseline,
    });
    let all = || frame.arms.iter();
    let gap = all().filter_map(|arm| bands.line(arm, FOLLOWED_MEASURE, GAP));
    let measured = all().filter_map(|arm| bands.line(arm, MEASURED_GAP, GAP));
    let effect = all().filter_map(|arm| effects.line(arm, FOLLOWED_MEASURE, GAP));
    let first = frame.arms.get(1).map_or("", String::as_str);
    Ok(ExplorerAnswer {
        done: runs.done(),
        of: plan.runs,
        failed: results.manifest.failed,
        seconds,
        sentence: sentence(results, first),
        nothing: nothing(frame, runs, results)?,
        monte_carlo_error: main_effect(results, first)
            .map(|(_, e)| e.monte_carlo_error)
            .filter(|error| error.is_finite()),
        warnings: frame.warnings.clone(),
        evidence_end: evidence_end(&frame.record),
        rule_dates: rule_dates(results, &frame.arms),
        gap: gap.collect(),
        gap_measured: measured.collect(),
        gap_record: recorded_gap(&frame.record),
        effect: effect.collect(),
        shares: shares(results, &bands, &frame.arms),
        compute: compute(results, &bands, &frame.arms),
        costs: viewpoint_effects(results),
        futures: (0..runs.done()).collect(),
        future_effects: future_effects(runs, results, first)?,
        arms: arms.collect(),
        months,
    })
}

/// Bands of results by arm, measure and entity, month by month.
struct BandsByColumn<'a> {
    rows: BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a BandRow>>,
    first: Month,
    months: usize,
}

impl<'a> BandsByColumn<'a> {
    fn of(rows: &'a [BandRow], first: Month, months: usize) -> Self {
        let mut found: BTreeMap<_, Vec<&BandRow>> = BTreeMap::new();
        for row in rows {
            let key = (
                row.regime.as_str(),
                row.measure.as_str(),
                row.entity.as_str(),
            );
            found.entry(key).or_default().push(row);
        }
        Self {
            rows: found,
            first,
            months,
        }
    }

    fn line(&self, arm: &str, measure: &str, entity: &str) -> Option<ArmBand> {
        let rows = self.rows.get(&(arm, measure, entity))?;
        let empty = || vec![None; self.months];
        let [mut p05, mut p25, mut p50, mut p75, mut p95] =
            [empty(), empty(), empty(), empty(), empty()];
        for row in rows {
            let at = (row.month - self.first) as usize;
            let known = |value: f64| Some(value).filter(|v| v.is_finite());
            p05[at] = known(row.band.p05);
            p25[at] = known(row.band.p25);
            p50[at] = known(row.band.p50);
            p75[at] = known(row.band.p75);
            p95[at] = known(row.band.p95);
        }
        Some(ArmBand {
            arm: arm.to_string(),
            band: MonthlyBand {
                p05,
                p25,
                p50,
                p75,
                p95,
            },
            ..ArmBand::default()
        })
    }
}

/// Who sells in the target and in the world: the share in value of each maker that matters somewhere, without quartiles.
fn shares(results: &Results, bands: &BandsByColumn<'_>, arms: &[String]) -> Vec<ArmBand> {
    let mut found = Vec::new();
    for (place, entity) in [("china", "target"), ("world", "world")] {
        for (key, label) in &results.manifest.names {
            let column = format!("{key}:{entity}");
            let of_arm = |arm: &String| bands.line(arm, "maker_share_value", &column);
            let lines: Vec<ArmBand> = arms.iter().filter_map(of_arm).collect();
            let largest =
                |line: &ArmBand| line.band.p50.iter().flatten().copied().fold(0.0, f64::max);
            if lines.iter().all(|line| largest(line) < LEAST_SHARE) {
                continue;
            }
            found.extend(lines.into_iter().map(|line| ArmBand {
                place: Some(place),
                maker: Some(key.clone()),
                label: Some(label.clone()),
                band: MonthlyBand {
                    p25: Vec::new(),
                    p75: Vec::new(),
                    ..line.band
                },
                ..line
            }));
        }
    }
    found
}

/// The target's compute: owned, rented abroad, and brought by brokers month by month.
fn compute(results: &Results, bands: &BandsByColumn<'_>, arms: &[String]) -> Vec<ArmBand> {
    let kinds = [
        ("owned", "compute_owned_h100e"),
        ("rented", "rented_h100e"),
        ("brokered", "grey_h100e"),
    ];
    let mut found = Vec::new();
    for (kind, measure) in kinds {
        let named = results.manifest.measures.iter().find(|m| m.name == measure);
        for arm in arms {
            let line = bands.line(arm, measure, "target");
            found.extend(line.map(|line| ArmBand {
                kind: Some(kind),
                unit: named.map(|m| m.unit.clone()),
                ..line
            }));
        }
    }
    found
}

fn sentence(results: &Results, arm: &str) -> AnswerSentence {
    let study = &results.manifest.study;
    let baseline = study.arms.iter().find(|a| a.name == study.baseline);
    let words = baseline.map_or(String::new(), |a| a.words.clone());
    let label = baseline.map_or(study.baseline.clone(), |a| a.label().to_string());
    let found = study.arms.iter().find(|a| a.name == arm);
    let lead = found.and_then(|arm| lead_sentences(results, arm));
    let Some(lead) = lead else {
        return AnswerSentence {
            finding: "No future has a value for this gap.".into(),
            ..AnswerSentence::default()
        };
    };
    let issuer = with_article(&study.issuer_name);
    AnswerSentence {
        finding: lead.finding,
        size: lead.path,
        certainty: lead.certainty,
        baseline: format!(
            "Compared with {label}: {words} The gap is the time by which {} is behind {issuer}.",
            study.target_name
        ),
    }
}

/// Why nothing is changed: arms that are the baseline again in every outcome of every future.
fn nothing(
    frame: &AnswerFrame,
    runs: &GrowingRuns<'_>,
    results: &Results,
) -> Result<Option<String>, ResultsError> {
    let equal = equal_to_baseline(&runs.joined()?)?;
    if equal.is_empty() {
        return Ok(None);
    }
    let label = |name: &str| {
        let arm = results.manifest.study.arms.iter().find(|a| a.name == name);
        arm.map_or(name.to_string(), |a| a.label().to_string())
    };
    let names = equal.iter().map(|arm| label(&runs.plan.regimes[*arm].name));
    let names: Vec<String> = names.collect();
    let because = if frame.reach.is_empty() {
        format!(
            "it is the same as {} in every outcome of all {} futures",
            label(&results.manifest.study.baseline),
            runs.done()
        )
    } else {
        frame.reach.clone()
    };
    Ok(Some(format!(
        "{} changes nothing: {because}.",
        names.join(", ")
    )))
}

/// Rules that come into force or end in an arm, and not in the baseline on the same day.
fn rule_dates(results: &Results, arms: &[String]) -> Vec<RuleDate> {
    let study = &results.manifest.study;
    let of = |name: &str| study.arms.iter().find(|arm| arm.name == name);
    let baseline = of(&study.baseline).map_or(&[][..], |arm| &arm.rules);
    let mut found: Vec<RuleDate> = Vec::new();
    for arm in arms.iter().filter_map(|name| of(name)) {
        for rule in &arm.rules {
            let other = baseline.iter().find(|other| other.id == rule.id);
            let begins = other.is_none_or(|other| other.compliance != rule.compliance);
            let ends = other.is_none_or(|other| other.ended != rule.ended);
            let mut add = |date: String, label: String| {
                found.push(RuleDate {
                    date,
                    label,
                    arm: arm.name.clone(),
                });
            };
            if begins {
                add(rule.compliance.to_string(), rule.title.clone());
            }
            if let Some(ended) = rule.ended.filter(|_| ends) {
                add(ended.to_string(), format!("{}: end", rule.title));
            }
        }
    }
    let study_months =
        study.first_month.first_day().to_string()..=study.last_month.last_day().to_string();
    found.retain(|rule| study_months.contains(&rule.date));
    // One act can hold several rules.
    found.sort_by(|a, b| (&a.arm, &a.date, &a.label).cmp(&(&b.arm, &b.date, &b.label)));
    found.dedup();
    found
}

fn recorded_gap(record: &SideTable) -> Vec<RecordedGap> {
    let rows = record.matching(&[("measure", MEASURED_GAP), ("entity", GAP)]);
    let point = |row: &&[String]| {
        let middle = || {
            let first: Month = record.text(row, "first_month").parse().ok()?;
            let last: Month = record.text(row, "last_month").parse().ok()?;
            Some(first.plus((last - first) / 2))
        };
        let finite = |column| record.number(row, column).filter(|v: &f64| v.is_finite());
        Some(RecordedGap {
            date: middle()?.to_string(),
            value: finite("value")?,
            low: finite("low"),
            high: finite("high"),
        })
    };
    rows.iter().filter_map(point).collect()
}

/// The last month that any recorded point covers.
fn evidence_end(record: &SideTable) -> Option<String> {
    let last = record
        .rows
        .iter()
        .map(|row| record.text(row, "last_month").to_string());
    last.max()
}

/// The effect of an arm in each future that is done, in the month of the sentence.
fn future_effects(
    runs: &GrowingRuns<'_>,
    results: &Results,
    arm: &str,
) -> Result<Vec<Option<f64>>, ResultsError> {
    let joined = runs.joined()?;
    let study = &results.manifest.study;
    let own = (study.window_last - study.window_first + 1) as u32;
    let Some((after, _)) = main_effect(results, arm) else {
        return Ok(Vec::new());
    };
    let names = &results.manifest.outcomes;
    let view = runs.layout.angles.iter().position(|view| {
        let horizon = view.horizon_months.map_or(own, |h| h as u32);
        names[view.outcome].name == OUTCOME && view.discount == 0.0 && horizon == after
    });
    let at = runs
        .plan
        .regimes
        .iter()
        .position(|regime| regime.name == arm);
    let (Some(view), Some(at)) = (view, at) else {
        return Ok(Vec::new());
    };
    let number = runs.layout.angle(view);
    let all = 0..joined.futures.len();
    let mine = joined.runs.numbers(at, number, all.clone())?;
    let base = joined.runs.numbers(runs.plan.baseline(), number, all)?;
    let pairs = mine.iter().zip(base).zip(&joined.failed);
    Ok(pairs
        .map(|((mine, base), failed)| Some(mine - base).filter(|e| e.is_finite() && !failed))
        .collect())
}
