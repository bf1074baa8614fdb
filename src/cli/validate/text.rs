//! The scorecard in words, with the worst series first.

use std::collections::BTreeMap;

use super::answer::ValidationReport;
use super::tables::{Column, effect_rows, pattern_rows, rows, short_number};
use crate::cli::table;
use crate::config::splits::short;
use crate::evidence::headline::HeadlineEffect;
use crate::evidence::patterns::PatternScore;
use crate::evidence::scorecard::Scorecard;
use crate::evidence::series_score::SeriesScore;

pub(super) fn describe_report(answer: &ValidationReport) -> String {
    let mut text = String::new();
    if let Some(sentence) = signs(&answer.effects) {
        text.push_str(&format!("{sentence}\n\n"));
    }
    describe_registration(answer, &mut text);
    for miss in &answer.missed {
        text.push_str(&format!("MISSED: {miss}\n"));
    }
    for card in &answer.splits {
        describe_scorecard(card, &mut text);
    }
    describe_patterns(&answer.patterns, &mut text);
    if let Some(first) = answer.effects.first() {
        text.push_str("\nheadline effects\n");
        text.push_str(&table(&effect_rows(&answer.effects)));
        text.push_str(&format!(
            "channels without support: {}\n",
            first.unsupported.join(", ")
        ));
    }
    describe_silent(answer.lead(), &mut text);
    text
}

fn describe_registration(answer: &ValidationReport, text: &mut String) {
    let r = &answer.registration;
    text.push_str(&format!(
        "registered {}: priors {}, evidence {}, splits {}, patterns {}; {} looks at test periods on record, by {} versions of the model\n",
        r.date,
        short(&r.now.priors),
        short(&r.now.evidence),
        short(&r.now.splits),
        short(&r.patterns),
        r.looks,
        r.model_versions
    ));
    for departure in &r.departures {
        text.push_str(&format!("NOT AS REGISTERED: {departure}\n"));
    }
    text.push_str(&format!(
        "rows to {} were on view while mechanisms were chosen: later rows alone are a test\n",
        r.seen_to
    ));
    text.push_str(&format!("exposure of the priors: {}\n", r.exposure));
    for card in answer.splits.iter().filter(|c| !c.stale.is_empty()) {
        text.push_str(&format!(
            "WARNING: the posterior `{}` is STALE: {}\n",
            card.split,
            card.stale.join("; ")
        ));
    }
}

/// Patterns, failures first.
fn describe_patterns(patterns: &[PatternScore], text: &mut String) {
    if patterns.is_empty() {
        return;
    }
    text.push_str("\npatterns, failures first\n");
    let mut sorted: Vec<&PatternScore> = patterns.iter().collect();
    sorted.sort_by_key(|p| p.verdict == "passes");
    text.push_str(&table(&pattern_rows(sorted.iter().copied())));
    for p in sorted.iter().filter(|p| p.verdict != "passes") {
        text.push_str(&format!(
            "{} {}: weakens {}\n",
            p.pattern, p.verdict, p.claims
        ));
    }
}

/// Points that no measure answers, by series and reason.
fn describe_silent(card: &Scorecard, text: &mut String) {
    let mut silent: BTreeMap<(String, String), usize> = BTreeMap::new();
    for p in card.points.iter().filter(|p| !p.modelled) {
        let reason = p.reason.clone().unwrap_or_default();
        *silent.entry((p.series.clone(), reason)).or_default() += 1;
    }
    text.push_str("\nwhat no measure answers\n");
    let rows: Vec<Vec<String>> = silent
        .into_iter()
        .map(|((series, reason), n)| vec![series, n.to_string(), reason])
        .collect();
    text.push_str(&table(&rows));
}

/// The first sentence, if prior and posterior give effects of different signs.
fn signs(effects: &[HeadlineEffect]) -> Option<String> {
    let differ: Vec<String> = effects
        .iter()
        .filter(|e| e.signs_differ())
        .map(|e| format!("{} of {}", e.outcome, e.regime))
        .collect();
    (!differ.is_empty()).then(|| {
        format!(
            "Prior, posterior and posterior without unsupported channels DIFFER IN SIGN on {}.",
            differ.join("; ")
        )
    })
}

fn describe_scorecard(card: &Scorecard, text: &mut String) {
    let from = match &card.posterior {
        Some(name) => format!("samples of the posterior `{name}`"),
        None => "THE PRIOR: the program holds no posterior of this split".into(),
    };
    text.push_str(&format!(
        "\nsplit {}: {}; from {from}\n",
        card.split, card.words
    ));
    if let Some(skill) = card.skill {
        text.push_str(&format!(
            "mean skill {skill:+.2} ({} to {} over series, 90 %): {}; above zero on {} of {} series\n",
            short_number(card.skill_low),
            short_number(card.skill_high),
            card.verdict,
            card.with_skill(),
            card.counted().count()
        ));
    }
    for c in &card.coverage {
        text.push_str(&format!(
            "coverage {}: {:.0} % in 90 % ({:.0} to {:.0} on {} effective of {} points), {:.0} % in 50 %; median width {}{}\n",
            c.classes,
            100.0 * c.inside_90,
            100.0 * c.low,
            100.0 * c.high,
            c.effective,
            c.points,
            100.0 * c.inside_50,
            c.width_factor.map_or(String::new(), |w| format!("a factor of {w:.1} ")),
            c.width_own.map_or(String::new(), |w| format!("{w:.2} in own units"))
        ));
    }
    if let Some(ranks) = card.ranks {
        text.push_str(&format!("ranks in five bins: {ranks:?}\n"));
    }
    text.push_str(&table(&rows(SCORES, sorted_series(card))));
}

/// Series with a score, losers first.
fn sorted_series(card: &Scorecard) -> Vec<&SeriesScore> {
    let order = |s: &SeriesScore| match s.verdict.as_str() {
        "loses" => 0,
        "ties" => 1,
        "beats" => 3,
        _ => 2,
    };
    let mut sorted: Vec<&SeriesScore> = card
        .series
        .iter()
        .filter(|s| !(s.n == 0 && order(s) == 2))
        .collect();
    sorted.sort_by(|a, b| {
        order(a).cmp(&order(b)).then_with(|| {
            let skill = |s: &SeriesScore| s.skill.unwrap_or(0.0);
            skill(a).total_cmp(&skill(b))
        })
    });
    sorted
}

const SCORES: &[Column<SeriesScore>] = &[
    ("series", |s| s.series.clone()),
    ("entity", |s| s.entity.clone()),
    ("class", |s| format!("{:?}", s.class)),
    ("n", |s| s.n.to_string()),
    ("crps", |s| short_number(s.crps)),
    ("prior", |s| short_number(s.crps_prior)),
    ("benchmark", |s| s.naive.clone().unwrap_or_default()),
    ("its crps", |s| short_number(s.crps_naive)),
    ("skill", |s| short_number(s.skill)),
    ("verdict", |s| match &s.weak {
        Some(why) => format!("{} (weak: {why})", s.verdict),
        None => s.verdict.clone(),
    }),
];
