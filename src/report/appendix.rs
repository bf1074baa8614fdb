//! The appendix of the report: effects with commands that repeat them, the rules, differences between arms, and the
//! checklist.

use serde::Serialize;

use crate::plots::{
    arm_label, headline_arm, in_unit, named, number, question, rounded, two_digits,
};
use crate::results::repeat::{command, replay};
use crate::results::tables::SideTable;
use crate::results::{EffectComponent, EffectRow, HEADLINE_OUTCOME, Results, RuleInfo};

#[derive(Serialize)]
pub struct EffectTable {
    pub outcome: String,
    pub name: String,
    pub regime: String,
    /// The regime's name for readers.
    pub label: String,
    pub baseline_mean: String,
    pub median: String,
    pub inner: String,
    pub outer: String,
    pub probability: String,
    pub error: String,
    pub pairing: String,
    /// Futures at the 5 %, the median and the 95 % of the effect, and the command for the median.
    pub futures: Vec<u32>,
    pub replay: String,
}

/// Every effect, rounded as far as its error supports.
pub fn effects(results: &Results) -> Vec<EffectTable> {
    results.main_effects().map(|e| effect(results, e)).collect()
}

fn effect(results: &Results, e: &EffectRow) -> EffectTable {
    let outcomes = &results.manifest.outcomes;
    let about = outcomes.iter().find(|o| o.name == e.outcome);
    let unit = about.map_or(String::new(), |o| o.unit.clone());
    let value = |v: f64| rounded(v, e.monte_carlo_error, &unit);
    let mut name = about.map_or(e.outcome.clone(), |o| named(results, &o.words));
    if e.part != EffectComponent::Total {
        name.push_str(&format!(" ({})", e.part.name()));
    }
    // Only a whole effect is the difference of two runs.
    let whole = e.part == EffectComponent::Total;
    let future = |v: f64| {
        results
            .future_at(&e.outcome, &e.regime, v)
            .filter(|_| whole)
    };
    let futures: Vec<u32> = [e.p05, e.p50, e.p95]
        .into_iter()
        .filter_map(future)
        .collect();
    EffectTable {
        outcome: e.outcome.clone(),
        name,
        regime: e.regime.clone(),
        label: arm_label(results, &e.regime).to_string(),
        baseline_mean: value(e.baseline_mean),
        median: value(e.p50),
        inner: format!("{} to {}", value(e.p25), value(e.p75)),
        outer: format!("{} to {}", value(e.p05), value(e.p95)),
        probability: format!("{:.0} %", 100.0 * e.probability_positive),
        error: in_unit(two_digits(e.monte_carlo_error), &unit),
        pairing: e
            .pairing_gain
            .map_or("pairs never differ".into(), |g| number(two_digits(g))),
        replay: futures.get(1).map_or(String::new(), |run| {
            replay(&results.manifest, &e.regime, *run)
        }),
        futures,
    }
}

/// The command behind the median of the headline.
pub fn headline_replay(results: &Results) -> Option<String> {
    let arm = headline_arm(results)?;
    let e = results.effect(HEADLINE_OUTCOME, &arm.name)?;
    let run = results.future_at(HEADLINE_OUTCOME, &arm.name, e.p50)?;
    Some(replay(&results.manifest, &arm.name, run))
}

/// A description of a regime, with its rules.
#[derive(Serialize)]
pub struct RegimeSummary {
    pub name: String,
    pub summary: String,
    pub rules: Vec<RuleInfo>,
}

pub fn law(results: &Results) -> Vec<RegimeSummary> {
    let arms = &results.manifest.study.arms;
    let part = |arm: &crate::results::ArmInfo| {
        let mut rules = arm.rules.clone();
        rules.sort_by(|a, b| (a.compliance, &a.id).cmp(&(b.compliance, &b.id)));
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for rule in &rules {
            match kinds.iter_mut().find(|(k, _)| *k == rule.instrument) {
                Some((_, n)) => *n += 1,
                None => kinds.push((rule.instrument.clone(), 1)),
            }
        }
        let counted: Vec<String> = kinds.iter().map(|(k, n)| format!("{k} {n}")).collect();
        let ended = rules.iter().filter(|r| r.ended.is_some()).count();
        let count = match rules.len() {
            0 => "No rule at all.".to_string(),
            1 => format!("One rule ({}).", kinds[0].0),
            n => format!(
                "{n} rules ({}); the first binds on {}, the last on {}; {ended} of them end again.",
                counted.join(", "),
                rules[0].compliance,
                rules[n - 1].compliance
            ),
        };
        RegimeSummary {
            name: arm.label_with_id(),
            summary: format!("{} {count}", arm.words),
            rules,
        }
    };
    arms.iter().map(part).collect()
}

/// A rule that the arms do not share: when it binds and ends in each of them.
#[derive(Serialize)]
pub struct RuleDates {
    pub rule: String,
    pub title: String,
    pub cells: Vec<String>,
}

/// Rules that are not the same in every arm.
pub fn differences(results: &Results) -> Vec<RuleDates> {
    let arms = &results.manifest.study.arms;
    let mut ids: Vec<&RuleInfo> = Vec::new();
    for rule in arms.iter().flat_map(|a| &a.rules) {
        if !ids.iter().any(|r| r.id == rule.id) {
            ids.push(rule);
        }
    }
    ids.sort_by(|a, b| (a.compliance, &a.id).cmp(&(b.compliance, &b.id)));
    let cell = |arm: &crate::results::ArmInfo, id: &str| {
        let rule = arm.rules.iter().find(|r| r.id == id);
        rule.map_or("not in it".to_string(), |r| match r.ended {
            Some(end) => format!("{} to {end}", r.compliance),
            None => format!("from {}", r.compliance),
        })
    };
    ids.into_iter()
        .filter_map(|rule| {
            let cells: Vec<String> = arms.iter().map(|a| cell(a, &rule.id)).collect();
            let same = cells.windows(2).all(|pair| pair[0] == pair[1]);
            (!same).then(|| RuleDates {
                rule: rule.id.clone(),
                title: rule.title.clone(),
                cells,
            })
        })
        .collect()
}

/// The law of one arm on each chip.
#[derive(Serialize)]
pub struct VerdictMatrix {
    pub arm: String,
    pub months: Vec<String>,
    pub rows: Vec<VerdictMatrixRow>,
    pub free: usize,
}

#[derive(Serialize)]
pub struct VerdictMatrixRow {
    pub chip: String,
    pub verdicts: Vec<VerdictCell>,
    /// The rule that decides at the end.
    pub rule: String,
}

#[derive(Serialize)]
pub struct VerdictCell {
    pub verdict: String,
    pub importer: String,
}

pub fn matrices(results: &Results) -> Vec<VerdictMatrix> {
    let Some(table) = results.tables.get("verdicts") else {
        return Vec::new();
    };
    let matrix = |arm: &crate::results::ArmInfo| {
        let rows = table.matching(&[("regime", &arm.name)]);
        let months = table.distinct(&rows, "month");
        let chips = table.distinct(&rows, "chip");
        let mut lines: Vec<VerdictMatrixRow> = chips
            .iter()
            .map(|chip| {
                let mine: Vec<&&[String]> = rows
                    .iter()
                    .filter(|r| table.text(r, "chip") == chip)
                    .collect();
                let cell = |row: &&&[String]| VerdictCell {
                    verdict: table.text(row, "verdict").replace('_', " "),
                    importer: table.text(row, "importer_verdict").replace('_', " "),
                };
                VerdictMatrixRow {
                    chip: chip.clone(),
                    verdicts: mine.iter().map(cell).collect(),
                    rule: mine
                        .last()
                        .map_or(String::new(), |r| table.text(r, "rule").into()),
                }
            })
            .collect();
        let idle = |verdict: &str| matches!(verdict, "free" | "not on sale");
        let all = lines.len();
        lines.retain(|l| {
            l.verdicts
                .iter()
                .any(|c| !idle(&c.verdict) || !idle(&c.importer))
        });
        VerdictMatrix {
            arm: arm.name.clone(),
            months,
            free: all - lines.len(),
            rows: lines,
        }
    };
    let arms = &results.manifest.study.arms;
    arms.iter()
        .map(matrix)
        .filter(|m| !m.rows.is_empty())
        .collect()
}

/// A side table as it stands, numbers cut to three digits.
#[derive(Serialize)]
pub struct DisplayTable {
    pub id: &'static str,
    pub title: &'static str,
    pub words: &'static str,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<DisplayCell>>,
}

#[derive(Serialize)]
pub struct DisplayCell {
    pub text: String,
    /// The id behind a text, if it has one.
    pub id: String,
    pub number: bool,
    /// What it is sorted by.
    pub raw: String,
}

/// The table of this name, if the folder has it.
pub fn table(
    results: &Results,
    id: &'static str,
    title: &'static str,
    words: &'static str,
) -> Option<DisplayTable> {
    let table: &SideTable = results.tables.get(id)?;
    let cell = |(text, column): (&String, &String)| match text.parse::<f64>() {
        Ok(value) if value.is_finite() => DisplayCell {
            // A year has no thousands.
            text: if column == "year" {
                text.clone()
            } else {
                number(value)
            },
            id: String::new(),
            number: true,
            raw: text.clone(),
        },
        _ => {
            let (shown, id) = match column.as_str() {
                "parameter" => (question(results, text), text.clone()),
                "regime" | "baseline" => (arm_label(results, text).to_string(), String::new()),
                _ => (text.clone(), String::new()),
            };
            DisplayCell {
                text: shown,
                id,
                number: false,
                raw: String::new(),
            }
        }
    };
    Some(DisplayTable {
        id,
        title,
        words,
        columns: table.columns.iter().map(|c| c.replace('_', " ")).collect(),
        rows: table
            .rows
            .iter()
            .map(|row| row.iter().zip(&table.columns).map(cell).collect())
            .collect(),
    })
}

/// An item of the checklist for the reporting of agent-based simulations.
#[derive(Serialize)]
pub struct ChecklistItem {
    pub section: &'static str,
    pub item: &'static str,
    pub answer: String,
}

/// STRESS-ABS (Monks and others, 2019, Journal of Simulation 13(1), 55-67), filled from the manifest.
pub fn checklist(results: &Results) -> Vec<ChecklistItem> {
    let m = &results.manifest;
    let s = &m.study;
    let names: Vec<&str> = s.arms.iter().map(|a| a.name.as_str()).collect();
    let off = if m.channels_off.is_empty() {
        "every channel on".to_string()
    } else {
        format!("channels off: {}", m.channels_off.join(", "))
    };
    let set: Vec<String> = m.set.iter().map(|(k, v)| format!("{k} = {v}")).collect();
    let fixed = if set.is_empty() {
        "none fixed by hand".to_string()
    } else {
        format!("fixed by hand: {}", set.join(", "))
    };
    let item = |section, item, answer: String| ChecklistItem {
        section,
        item,
        answer,
    };
    vec![
        item("Objectives", "1.1 Purpose", format!("{} {}", s.question, s.words)),
        item("Objectives", "1.2 Outputs", format!("{} outcomes a run and {} monthly measures, defined under Effects and in docs/odd.md.", m.outcomes.len(), m.measures.len())),
        item("Objectives", "1.3 Aims of the runs", format!("Arms {} in the same futures; baseline {}; outcomes from {} to {}.", names.join(", "), s.baseline, s.window_first, s.window_last)),
        item("Logic", "2.1 Overview", "ARCHITECTURE.md; one month on one page in src/month.rs.".into()),
        item("Logic", "2.2 Logic of the base model", "docs/odd.md, part 7: submodels with equations, units and sources.".into()),
        item("Logic", "2.3 Logic of the arms", format!("Each arm is a dated set of rules; this page lists them. Nothing else differs except what the description of an arm names; {off}; expectations: {}.", m.planning)),
        item("Logic", "2.4 Algorithms", "docs/odd.md, part 7; pure functions beside each system.".into()),
        item("Logic", "2.5 Components", "Nations, chipmakers, labs, brokers, users of services; chip market, rental, services; no entry or exit of agents within a run; docs/odd.md, part 2.".into()),
        item("Data", "3.1 Sources", format!("{} input files with SHA-256 in manifest.json; {}; each row names its source.", m.inputs.len(), s.data_vintage)),
        item("Data", "3.2 Preparation", "Money in constant 2024 USD; chips checked against their own arithmetic on reading.".into()),
        item("Data", "3.3 Parameters", format!("{} sampled from stated distributions, {fixed}.", m.parameters.len())),
        item("Data", "3.4 Assumptions", s.limits.join(" ")),
        item("Runs", "4.1 Start", format!("{}, from recorded stocks; no warm-up is discarded.", s.first_month)),
        item("Runs", "4.2 Length", format!("{} months, to {}.", s.last_month - s.first_month + 1, s.last_month)),
        item("Runs", "4.3 Estimation", format!("{} futures under each of {} regimes, paired; quantiles and Monte Carlo errors given; {} futures left out.", m.runs, s.arms.len(), m.failed)),
        item("Program", "5.1 Software", format!("{} {}, Rust, bevy_ecs.", m.program, m.version)),
        item("Program", "5.2 Chance", format!("Philox, keyed by seed {}, future, purpose, actor and ordinal: all arms of a future share its random events.", m.seed)),
        item("Program", "5.3 Execution", "Monthly steps, one schedule; runs in blocks on any number of threads and machines, which does not change results.".into()),
        item("Program", "5.4 Time", "Only timings differ between machines; they are in timing.json.".into()),
        item("Code", "6.1 Access", format!("Source and data under MIT or Apache-2.0 and the licences of NOTICE. Repeat with: {}", command(&m.command))),
    ]
}
