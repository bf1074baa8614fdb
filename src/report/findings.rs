//! Findings as sentences, one group for each question of the report.

use serde::Serialize;

use super::path;
use super::phrases::{arms, change, share, the, unit};
use crate::plots::{
    change_unit, headline_arm, in_words, month, number, parameter_words, question, rounded,
    supported, two_digits,
};
use crate::results::{ArmInfo, EffectRow, HEADLINE_OUTCOME, Results};

/// A question of the report and its answer in a sentence or two.
#[derive(Clone, Debug, Serialize)]
pub struct ShortAnswer {
    pub question: &'static str,
    pub answer: String,
    pub part: &'static str,
}

/// A heading and what is found below it.
#[derive(Clone, Debug, Serialize)]
pub struct ReportFinding {
    pub arm: String,
    pub heading: String,
    pub text: String,
}

/// A sentence about one arm.
#[derive(Clone, Debug, Serialize)]
pub struct FindingSentence {
    pub arm: String,
    pub text: String,
}

/// The five questions with one answer each, about the arm that the study names.
pub fn short(results: &Results) -> Vec<ShortAnswer> {
    let study = &results.manifest.study;
    let Some(first) = headline_arm(results) else {
        return Vec::new();
    };
    let (arm, label) = (&first.name, first.label());
    let worked = path::lead(results, first);
    let issuer_makers = format!("chipmakers of {} have", the(&study.issuer_name));
    let target_has = format!("{} uses", study.target_name);
    let target_rents = "it rents abroad";
    let treasury = format!(
        "the treasury of {} takes in levies",
        the(&study.issuer_name)
    );
    let costs = [
        (
            "us_maker_revenue_usd",
            issuer_makers.as_str(),
            "more revenue",
            "less revenue",
        ),
        (
            "target_compute_h100e_end",
            target_has.as_str(),
            "more compute",
            "less compute",
        ),
        ("target_rented_h100e_end", target_rents, "more", "less"),
        (
            "third_owned_h100e_end",
            "owners in third countries hold",
            "more compute",
            "less compute",
        ),
        (
            "third_price_usd_per_h100e_mean",
            "an H100e there costs",
            "more",
            "less",
        ),
        ("levy_revenue_usd", treasury.as_str(), "more", "less"),
    ];
    let cost: Vec<String> = costs
        .iter()
        .filter_map(|(outcome, who, more, less)| {
            let e = results.effect(outcome, arm)?;
            let shown = unit(results, outcome);
            if e.p05 == 0.0 && e.p95 == 0.0 {
                return None;
            }
            let size = rounded(e.p50.abs(), e.monte_carlo_error, &shown);
            let base = rounded(e.baseline_mean, 0.0, &shown);
            let way = if e.p50 >= 0.0 { more } else { less };
            let part = path::of_baseline(e).map_or(String::new(), |part| format!("{part} of "));
            Some(format!("{who} {size} {way} ({part}{base})"))
        })
        .collect();
    let cost = if cost.is_empty() {
        Some(format!(
            "Under {label}, neither revenue nor compute nor prices change."
        ))
    } else {
        Some(format!(
            "Under {label}, in the median future: {}. In brackets: part of the baseline's mean. Revenue and levies are summed from {} to {}; compute is at the end of that time.",
            cost.join("; "),
            month(study.window_first),
            month(study.window_last)
        ))
    };
    let sure = results.effect(HEADLINE_OUTCOME, arm).map(|e| {
        format!(
            "The effect has the same sign in {} of {} futures. The mean effect is {}; its standard error of {} comes only from the number of futures. The wider range above also covers uncertain assumptions.",
            share(e.probability_positive.max(1.0 - e.probability_positive)),
            number(e.pairs as f64),
            rounded(e.mean, e.monte_carlo_error, "months"),
            rounded(two_digits(e.monte_carlo_error), 0.0, "months"),
        )
    });
    let spread = path::sources_of_spread(results, first);
    let sure = sure.map(|text| {
        [Some(text), spread]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    });
    let channels = steps(results, arm)
        .map(|s| format!("Under {label}: {s}."))
        .or_else(|| moved(results, first));
    let influence = reversal(results, first).map(|f| f.text);
    [
        ("Did it work?", worked, "worked"),
        ("At whose cost?", cost, "cost"),
        ("Through what?", channels, "channels"),
        ("How sure is that?", sure, "certainty"),
        ("What would change the answer?", influence, "reversal"),
    ]
    .into_iter()
    .filter_map(|(question, answer, part)| {
        Some(ShortAnswer {
            question,
            answer: answer?,
            part,
        })
    })
    .collect()
}

/// Question and answer for each regime.
pub fn answers(results: &Results) -> Vec<ReportFinding> {
    let study = &results.manifest.study;
    let target = &study.target_name;
    let about = |arm: &ArmInfo| {
        let (name, label) = (&arm.name, arm.label());
        let mut text: Vec<String> = path::lead(results, arm).into_iter().collect();
        if let Some(c) = change(
            results,
            HEADLINE_OUTCOME,
            name,
            "further behind",
            "less far behind",
        ) {
            text.push(format!(
                "Under {label}, {target} is {c}, on average from {} to {}.",
                month(study.window_first),
                month(study.window_last)
            ));
        }
        let points = change(
            results,
            "latent_gap_points_mean",
            name,
            "more distance",
            "less distance",
        );
        if let Some(c) = points {
            text.push(format!("On the capability index that is {c}."));
        }
        if let Some(c) = change(results, "target_compute_h100e_end", name, "more", "less") {
            text.push(format!(
                "{target}'s useful compute at the end of that time: {c}."
            ));
        }
        let own = results.effect("target_frontier_points_end", name);
        let lead = results.effect("issuer_frontier_points_end", name);
        if let (Some(own), Some(lead)) = (own, lead) {
            let moved = |e: &EffectRow| rounded(e.p50, e.monte_carlo_error, "index points");
            text.push(format!(
                "The score of {target}'s best model changes by {}, that of {} by {}.",
                moved(own),
                the(&study.issuer_name),
                moved(lead)
            ));
        }
        ReportFinding {
            arm: name.clone(),
            heading: format!("{}: {}", arm.label(), arm.words.trim_end_matches('.')),
            text: text.join(" "),
        }
    };
    arms(results).map(about).collect()
}

/// What each group of responses adds or removes, if the results hold a decomposition.
fn steps(results: &Results, arm: &str) -> Option<String> {
    let table = results.tables.get("shapley")?;
    let rows = table.matching(&[("regime", arm), ("outcome", HEADLINE_OUTCOME)]);
    let mut parts: Vec<(String, f64, f64)> = rows
        .iter()
        .filter_map(|row| {
            let name = table.text(row, "channel").replace('_', " ");
            let error = table.number(row, "error").unwrap_or(0.0);
            Some((name, table.number(row, "value")?, error))
        })
        .collect();
    parts.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let say = |(name, value, error): &(String, f64, f64)| {
        let way = if *value >= 0.0 { "adds" } else { "removes" };
        format!("{name} {way} {}", rounded(value.abs(), *error, "months"))
    };
    let said: Vec<String> = parts.iter().take(4).map(say).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// Intermediate outcomes between rules and gap: outcome, subject, more, less.
const WAYS: [(&str, &str, &str, &str); 5] = [
    (
        "variant_units_total",
        "compliant chips sold",
        "more",
        "fewer",
    ),
    (
        "target_self_sufficiency_fab_end",
        "the share of chips made at home",
        "more",
        "less",
    ),
    (
        "grey_h100e_total",
        "compute bought through brokers",
        "more",
        "less",
    ),
    ("rented_h100e_mean", "compute rented abroad", "more", "less"),
    (
        "induced_efficiency_end",
        "work that its labs get from the same computing power because scarcity made them economise, as a factor of which 1 is no change",
        "more",
        "less",
    ),
];

/// The changes of intermediate outcomes in one sentence, as medians.
fn moved(results: &Results, arm: &ArmInfo) -> Option<String> {
    let say = |(outcome, subject, more, less): &(&str, &str, &str, &str)| {
        let e = results.effect(outcome, &arm.name)?;
        if e.p50 == 0.0 {
            return None;
        }
        let own = unit(results, outcome);
        let (factor, unit) = change_unit(&own);
        let size = in_words(
            supported(factor * e.p50.abs(), factor * e.monte_carlo_error),
            unit,
        );
        let way = if e.p50 >= 0.0 { more } else { less };
        let unit = if unit == "x" { "" } else { unit };
        Some(format!(
            "{subject}: {} {way}",
            format!("{size} {unit}").trim_end()
        ))
    };
    let said: Vec<String> = WAYS.iter().filter_map(say).collect();
    // `decompose` takes a study, and `whatif` makes one that has no file.
    let how = if results.manifest.command.starts_with("chokepoint whatif ") {
        "`chokepoint decompose` computes it for a study with the rule in one of its arms (Writing a rule, in the guide, makes one)"
    } else {
        "`chokepoint decompose STUDY --into FOLDER` computes it, and `chokepoint report FOLDER` adds it here"
    };
    (!said.is_empty()).then(|| {
        format!("Under {}, in the median future, {}. How much of the effect each reaction causes is not computed yet: {how}.", arm.label(), said.join("; "))
    })
}

/// Whether an effect is zero in nearly every future.
pub(super) fn is_nil(results: &Results, outcome: &str, arm: &str) -> bool {
    let effect = results.effect(outcome, arm);
    effect.is_some_and(|e| e.p05 == 0.0 && e.p95 == 0.0)
}

/// How intermediate outcomes change under an arm.
fn through(results: &Results, arm: &ArmInfo) -> Vec<FindingSentence> {
    let point = |(outcome, subject, more, less): &(&str, &str, &str, &str)| {
        if is_nil(results, outcome, &arm.name) {
            return None;
        }
        let c = change(results, outcome, &arm.name, more, less)?.replacen(" x ", " ", 1);
        Some(FindingSentence {
            arm: arm.name.clone(),
            text: format!("Under {}, {subject}: {c}.", arm.label()),
        })
    };
    WAYS.iter().filter_map(point).collect()
}

/// The channels through which each regime works.
pub fn channels(results: &Results) -> Vec<FindingSentence> {
    let of = |arm: &ArmInfo| {
        let name = &arm.name;
        let said = steps(results, name).map(|s| FindingSentence {
            arm: name.clone(),
            text: format!("Of the effect of {} on the gap: {s}.", arm.label()),
        });
        said.into_iter()
            .chain(through(results, arm))
            .collect::<Vec<_>>()
    };
    arms(results).flat_map(of).collect()
}

/// How often an effect changes sign, which parameters it is most sensitive to, and under which conditions it changes sign.
fn reversal(results: &Results, arm: &ArmInfo) -> Option<ReportFinding> {
    let name = &arm.name;
    let e = results.effect(HEADLINE_OUTCOME, name)?;
    let against = 1.0 - e.probability_positive.max(1.0 - e.probability_positive);
    let mut text = vec![if against == 0.0 {
        format!(
            "The effect changes sign in none of {} futures.",
            number(e.pairs as f64)
        )
    } else {
        format!("The effect changes sign in {} of futures.", share(against))
    }];
    let moved: Vec<String> = results
        .movers(HEADLINE_OUTCOME, name)
        .into_iter()
        .take(2)
        .map(|(parameter, t)| {
            let value = |v: f64| in_words(two_digits(v), "months");
            format!(
                "{} The effect is {} months if low, {} if high.",
                question(results, &parameter),
                value(t.low),
                value(t.high)
            )
        })
        .collect();
    text.push(if moved.is_empty() {
        "No parameter changes it by more than could be chance with this number of futures.".into()
    } else {
        format!("The answer turns most on: {}", moved.join(" "))
    });
    if let Some(table) = results.tables.get("boxes") {
        let rows = table.matching(&[("regime", name), ("outcome", HEADLINE_OUTCOME)]);
        let side = |row: &&[String]| {
            let parameter = table.text(row, "parameter");
            let (_, unit) = parameter_words(results, parameter);
            let value = |column| {
                let found = table.number(row, column)?;
                Some(in_words(two_digits(found), &unit))
            };
            let unit = if unit == "fraction" { "" } else { &unit };
            let (low, high) = (value("low")?, value("high")?);
            let asked = question(results, parameter);
            Some(
                format!("{asked} {low} to {high} {unit}")
                    .trim_end()
                    .to_string(),
            )
        };
        let sides: Vec<String> = rows.iter().filter_map(side).collect();
        if !sides.is_empty() {
            text.push(format!(
                "It changes sign most often where the answers are: {}.",
                sides.join("; ")
            ));
        }
    }
    Some(ReportFinding {
        arm: name.clone(),
        heading: format!("{}: when the effect changes sign", arm.label()),
        text: text.join(" "),
    })
}

/// What would change the answer, for each regime.
pub fn reversals(results: &Results) -> Vec<ReportFinding> {
    arms(results).filter_map(|a| reversal(results, a)).collect()
}

/// How certain the numbers are.
pub fn certainty(results: &Results) -> Vec<String> {
    let m = &results.manifest;
    let mut said = vec![format!(
        "{} futures, each run under every regime with the same parameters and the same random events; {} left out because a run failed.",
        number(f64::from(m.runs)),
        if m.failed == 0 {
            "none".to_string()
        } else {
            m.failed.to_string()
        }
    )];
    for arm in arms(results) {
        let Some(e) = results.effect(HEADLINE_OUTCOME, &arm.name) else {
            continue;
        };
        if let Some(gain) = e.pairing_gain {
            said.push(format!(
                "{}: each pair of runs in the same future is worth {} independent runs for the effect on the gap, because what both runs share cancels. Four times as many futures would halve the error of {}.",
                arm.label(),
                number(two_digits(gain)),
                rounded(two_digits(e.monte_carlo_error), 0.0, "months")
            ));
        }
    }
    if let Some(ledger) = results.tables.get("ledger") {
        let judged = ledger.matching(&[("grade", "D")]).len();
        said.push(format!(
            "{judged} of the {} parameters in the evidence ledger rest on judgement only (grade D).",
            ledger.rows.len()
        ));
    }
    if !results.tables.contains_key("scorecard") {
        said.push("These results hold no scorecard against recorded history; `chokepoint validate` computes one.".into());
    }
    said
}
