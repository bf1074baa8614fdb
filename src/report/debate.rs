//! The page "The debate": every claim with its verdict, its evidence, what speaks against it and what would turn it.

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::{environment, policy};
use crate::analysis::verdict::ClaimVerdict;
use crate::foundation::escape::shell_argument;
use crate::plots::{draw_effect_path, font_faces, in_unit, in_words, month, signed, supported};
use crate::results::claims::{ClaimCondition, ClaimEffect, ClaimFinding, ConditionLimit};

const TEMPLATE: &str = include_str!("../../assets/debate.html.j2");
const STYLE: &str = include_str!("../../assets/report.css");

/// A claim in words: what the page, the document and the terminal say of it.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimInWords {
    pub id: String,
    pub title: String,
    pub says: String,
    pub holder: String,
    pub source: String,
    pub question: String,
    pub verdict: &'static str,
    pub answer: String,
    pub certainty: String,
    pub size: String,
    pub condition: String,
    pub counter: String,
    pub flips: String,
    pub decides: String,
    pub studies: Vec<String>,
    pub commands: Vec<ClaimCommand>,
    /// The effect for a cell of the table: median and 90 %.
    pub effect: String,
    /// Share of futures that support the claim, and that oppose it.
    pub supporting: String,
    pub opposing: String,
    /// What decides, for a cell of the table.
    pub decided_by: String,
}

/// A command that a reader who doubts can give, and what it shows.
#[derive(Clone, Debug, Serialize)]
pub struct ClaimCommand {
    pub shows: &'static str,
    pub command: String,
}

/// What the findings rest on, in one sentence.
fn basis(findings: &[ClaimFinding]) -> String {
    let futures = findings.iter().map(|f| f.futures);
    let (least, most) = (futures.clone().min(), futures.max());
    let count = match (least.unwrap_or(0), most.unwrap_or(0)) {
        (a, b) if a == b => a.to_string(),
        (a, b) => format!("{a} to {b}"),
    };
    let first = findings.first();
    let posterior = first.and_then(|f| f.posterior.as_ref());
    let source = posterior.map_or("the priors".into(), |name| format!("the posterior {name}"));
    let version = first.map_or("", |f| f.version.as_str());
    format!(
        "{count} futures a claim, parameters from {source}; chokepoint {version}. Conditional on the assumptions of the model, not a forecast."
    )
}

/// What the model says of a claim, in words.
pub fn claim_in_words(finding: &ClaimFinding) -> ClaimInWords {
    let claim = &finding.claim;
    let condition = finding.condition.as_ref();
    ClaimInWords {
        id: claim.id.clone(),
        title: claim.title.clone(),
        says: claim.says.clone(),
        holder: claim.holder.clone(),
        source: claim.source.clone(),
        question: finding.question.clone(),
        verdict: finding.verdict.name(),
        answer: answer(finding),
        certainty: certainty(finding),
        size: format!(
            "An effect of {} matters here: {}.",
            sized(finding.size, &finding.unit),
            claim.size_reason.trim_end_matches('.')
        ),
        condition: condition.map_or(String::new(), condition_sentence),
        counter: counter(finding),
        flips: claim.flips.clone(),
        decides: claim.decides.clone(),
        studies: claim.studies.iter().map(|s| s.get_ref().clone()).collect(),
        commands: commands(finding),
        effect: short_effect(&finding.effect, &finding.unit),
        supporting: percent(finding.supporting_share),
        opposing: percent(finding.opposing_share),
        decided_by: match finding.verdict {
            ClaimVerdict::SupportedWhen => condition.map_or(String::new(), limits_in_words),
            ClaimVerdict::CannotBeTold => claim.decides.clone(),
            _ => "size and certainty".into(),
        },
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// The unit of an effect beside the baseline's mean; in a sentence it is a percentage.
const OF_BASELINE: &str = "% of the baseline";

/// A number with its unit behind it.
fn sized(value: f64, unit: &str) -> String {
    let text = in_words(value, unit);
    let unit = match unit {
        OF_BASELINE => "%",
        "months" if value == 1.0 => "month",
        "index points" => "points",
        unit => unit,
    };
    format!("{text} {unit}")
}

fn short_effect(e: &ClaimEffect, unit: &str) -> String {
    let error = e.monte_carlo_error;
    let end = |v: f64| in_unit(supported(v, error), unit);
    let median = signed(e.p50, error, unit);
    format!(
        "{} ({} to {}) {unit}",
        if median == "+0" { "0" } else { &median },
        end(e.p05),
        end(e.p95)
    )
}

/// The verdict in a sentence, and the effect behind it in another.
fn answer(f: &ClaimFinding) -> String {
    let e = &f.effect;
    let mut verdict = f.verdict.name().to_string();
    verdict[..1].make_ascii_uppercase();
    if f.verdict == ClaimVerdict::SupportedWhen {
        let condition = f.condition.as_ref().map_or(String::new(), limits_in_words);
        verdict = format!("{verdict} {condition}");
    }
    let end = |v: f64| in_words(supported(v, e.monte_carlo_error), &f.unit);
    let unit = if f.unit == OF_BASELINE { " %" } else { "" };
    let moved = if e.p50 == 0.0 {
        format!("does not differ between {} and", f.arm_label)
    } else {
        let way = if e.p50 > 0.0 { "higher" } else { "lower" };
        let size = sized(supported(e.p50.abs(), e.monte_carlo_error), &f.unit);
        format!("is {size} {way} under {} than under", f.arm_label)
    };
    format!(
        "{verdict}. In {}, after {} months, {} {moved} {}, in the median future (90 % of futures: {} to {}{unit}).",
        month(e.month),
        e.months,
        f.claim.reads,
        f.baseline_label,
        end(e.p05),
        end(e.p95),
    )
}

fn certainty(f: &ClaimFinding) -> String {
    let spread = f.spread.as_ref().map_or(String::new(), |s| {
        format!(
            " Of the spread of the effect, uncertain parameters make {}, rival forms of the model {} and chance {}; in the form that agrees least ({}) the median is {}.",
            percent(s.parameters),
            percent(s.structure),
            percent(s.chance),
            s.least_form,
            sized(supported(s.least_form_effect, 0.0), &f.unit)
        )
    });
    format!(
        "{} of {} futures support the claim with an effect of the size that matters; {} speak against it with one of that size.{spread}",
        percent(f.supporting_share),
        f.futures,
        percent(f.opposing_share)
    )
}

/// Words that begin a sentence, as they are within one: the first letter is small unless the word is a name in capitals.
fn within_sentence(words: &str) -> String {
    let mut letters = words.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(words.chars().skip(1)).collect()
        }
        _ => words.into(),
    }
}

/// A limit as "catch-up (catch_up_per_year) is at least 0.5 a year".
fn limit_in_words(l: &ConditionLimit) -> String {
    let words = within_sentence(l.words.trim_end_matches('.'));
    let name = format!("{words} (`{}`)", l.parameter);
    let value = |v: f64| in_words(supported(v, 0.0), &l.unit);
    match (l.low, l.high) {
        // Nothing is below it.
        (None, Some(high)) if l.unit == "fraction" && value(high) == value(0.0) => {
            format!("{name} is {}", value(0.0))
        }
        (Some(low), Some(high)) => format!("{name} is from {} to {}", value(low), value(high)),
        (Some(low), None) => format!("{name} is at least {}", value(low)),
        (None, Some(high)) => format!("{name} is at most {}", value(high)),
        (None, None) => name,
    }
}

fn limits_in_words(c: &ClaimCondition) -> String {
    let all: Vec<String> = c.limits.iter().map(limit_in_words).collect();
    all.join(" and ")
}

fn condition_sentence(c: &ClaimCondition) -> String {
    format!(
        "Where {}, {} of futures support the claim, against {} of all; counted on {} futures that had no part in finding it.",
        limits_in_words(c),
        percent(c.share),
        percent(c.base_share),
        c.futures
    )
}

/// The strongest counter-evidence, and the future that is most against the claim.
fn counter(f: &ClaimFinding) -> String {
    let reading = f.counter.as_ref().map(|c| {
        format!(
            "{} ({}: {}, this way in {} of futures). ",
            c.means.trim_end_matches('.'),
            c.outcome,
            short_effect(&c.effect, &c.unit),
            percent(c.share)
        )
    });
    format!(
        "{}The future most against it is number {}, with {}.",
        reading.unwrap_or_default(),
        f.contrary_future,
        sized(supported(f.contrary_effect, 0.0), &f.unit)
    )
}

/// From the claim to its futures, and to the log of the one that is most against it.
fn commands(f: &ClaimFinding) -> Vec<ClaimCommand> {
    let id = shell_argument(&f.claim.id);
    let (arm, baseline) = (shell_argument(&f.arm), shell_argument(&f.baseline));
    let future = f.contrary_future;
    vec![
        ClaimCommand {
            shows: "this verdict again",
            command: format!("chokepoint claims {id}"),
        },
        ClaimCommand {
            shows: "every outcome and every future",
            command: format!("chokepoint run {id}"),
        },
        ClaimCommand {
            shows: "the log of the future most against it, and where its arms part",
            command: format!(
                "chokepoint replay {id} --regime {arm} --against {baseline} --run {future}"
            ),
        },
    ]
}

/// The page as Markdown, between the heading of the document and its end; figures are below `figures`.
pub fn debate_markdown(findings: &[ClaimFinding], figures: &str) -> String {
    let words: Vec<ClaimInWords> = findings.iter().map(claim_in_words).collect();
    let mut out = format!(
        "\n{}\n\n| claim | | verdict | effect (90 %) | for | against | decided by |\n|---|---|---|---|---|---|---|\n",
        basis(findings)
    );
    for w in &words {
        out.push_str(&format!(
            "| [{}](#{}) | {} | {} | {} | {} | {} | {} |\n",
            w.id,
            w.id.to_lowercase(),
            w.title,
            w.verdict,
            w.effect,
            w.supporting,
            w.opposing,
            w.decided_by
        ));
    }
    for w in &words {
        out.push_str(&format!("\n<a id=\"{}\"></a>\n", w.id.to_lowercase()));
        out.push_str(&format!("## {}: {}\n\n> {}\n>\n", w.id, w.title, w.says));
        out.push_str(&format!("> {} ({})\n\n", w.holder, w.source));
        out.push_str(&format!("*{}* **{}**\n\n", w.question, w.answer));
        out.push_str(&format!("![{}]({figures}/{}.svg)\n\n", w.title, w.id));
        out.push_str(&format!("- {} {}\n", w.certainty, w.size));
        if !w.condition.is_empty() {
            out.push_str(&format!("- {}\n", w.condition));
        }
        out.push_str(&format!("- Strongest evidence against: {}\n", w.counter));
        out.push_str(&format!("- What flips it: {}\n", w.flips));
        out.push_str(&format!("- What would decide: {}\n", w.decides));
        let studies: Vec<String> = w.studies.iter().map(|s| format!("`{s}`")).collect();
        out.push_str(&format!("- Studies: {}.", studies.join(", ")));
        let commands = w
            .commands
            .iter()
            .map(|c| format!(" `{}`: {}.", c.command, c.shows));
        out.push_str(&commands.collect::<String>());
        out.push('\n');
    }
    out
}

/// The page as HTML, which opens offline.
///
/// # Errors
/// When the template fails.
pub fn debate_page(findings: &[ClaimFinding]) -> Result<String, minijinja::Error> {
    let rows: Vec<(ClaimInWords, String)> = findings
        .iter()
        .map(|f| (claim_in_words(f), draw_effect_path(f, false)))
        .collect();
    let style = format!("{}{STYLE}", font_faces());
    let mut environment = environment();
    environment.add_template("debate", TEMPLATE)?;
    environment.get_template("debate")?.render(context! {
        policy => policy(&style),
        style => style,
        basis => basis(findings),
        rows => Serde(&rows),
    })
}

/// One claim for a terminal.
pub fn claim_text(finding: &ClaimFinding) -> String {
    let w = claim_in_words(finding);
    let mut out = format!("{}: {}\n{}\n{}\n\n", w.id, w.title, w.says, w.holder);
    out.push_str(&format!("{}\n{}\n\n", w.question, w.answer));
    for e in &finding.path {
        let mark = if e.months == finding.effect.months {
            "*"
        } else {
            " "
        };
        let when = format!("{} months, {}", e.months, month(e.month));
        let effect = short_effect(e, &finding.unit);
        out.push_str(&format!("{mark} {when:<24} {effect}\n"));
    }
    out.push_str(&format!("\n{}\n{}\n", w.certainty, w.size));
    if !w.condition.is_empty() {
        out.push_str(&format!("{}\n", w.condition));
    }
    out.push_str(&format!("Against: {}\n", w.counter));
    out.push_str(&format!("What flips it: {}\n", w.flips));
    out.push_str(&format!("What would decide: {}\n", w.decides));
    out.push_str(&format!("Studies: {}\n", w.studies.join(", ")));
    for c in &w.commands {
        out.push_str(&format!("  {}  # {}\n", c.command, c.shows));
    }
    out
}
