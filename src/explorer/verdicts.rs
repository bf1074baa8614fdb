//! The verdicts of a day on a table of chips, under one regime or two side by side.

use serde::{Deserialize, Serialize};

use super::question::QuestionProblem;
use super::service::QuestionService;
use crate::cli::classify::{ChipVerdictRow, SaleQuery, rulings};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::source::Source;
use crate::foundation::calendar::Date;
use crate::study::Library;

/// Notes that are shown of one table.
const NOTES: usize = 50;
/// Rows that are shown of one table.
const ROWS: usize = 2000;

/// What is asked of the law.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictQuery {
    /// A table of chips; the program's own chips where there is none.
    #[serde(default)]
    pub text: String,
    pub date: String,
    pub destination: String,
    /// One or two.
    pub regimes: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
pub struct VerdictTable {
    /// Names of the regimes for readers.
    pub columns: Vec<String>,
    pub rows: Vec<VerdictsOnChip>,
    pub notes: Vec<String>,
    pub problems: Vec<QuestionProblem>,
}

#[derive(Debug, Serialize)]
pub struct VerdictsOnChip {
    pub chip: String,
    pub verdicts: Vec<ShownVerdict>,
}

#[derive(Debug, Serialize)]
pub struct ShownVerdict {
    pub verdict: String,
    pub importer: String,
    pub rule: String,
    pub because: String,
}

/// Verdicts on chips; what is wrong with a table is part of the answer.
///
/// # Errors
/// For a day, a nation or a regime that does not exist.
pub fn verdicts(
    service: &QuestionService,
    query: &VerdictQuery,
) -> Result<VerdictTable, Vec<QuestionProblem>> {
    let library = &service.base.library;
    let on: Date = query
        .date
        .parse()
        .map_err(|_| vec![super::rule_copies::not_a_day("date", &query.date)])?;
    if query.regimes.is_empty() || query.regimes.len() > 2 {
        let message = format!("found {} regimes, expected one or two", query.regimes.len());
        return Err(vec![QuestionProblem::at("regimes", message)]);
    }
    let nation = library
        .nation(&query.destination)
        .map_err(|p| QuestionProblem::all(&p, |_| "destination".into()))?;
    let table = Source {
        name: "table".into(),
        text: query.text.clone(),
    };
    let own = !query.text.trim().is_empty();
    let mut shown = VerdictTable::default();
    if own && let Err(problems) = library.own_chips(&table, &[]) {
        shown.problems = in_table(&problems);
        return Ok(shown);
    }
    for name in &query.regimes {
        let regime = regime(library, name)?;
        let sale = SaleQuery {
            on,
            to: &nation.iso3,
            buyer_hq: None,
        };
        let found = rulings(library, &regime, &sale, own.then_some((&table, &[][..])))
            .map_err(|failure| vec![QuestionProblem::at("text", failure.text())])?;
        shown.columns.push(if regime.label.is_empty() {
            regime.name
        } else {
            regime.label
        });
        for note in found.notes.into_iter().chain(found.warnings) {
            if shown.notes.len() < NOTES && !shown.notes.contains(&note) {
                shown.notes.push(note);
            }
        }
        for (at, row) in found.rows.into_iter().take(ROWS).enumerate() {
            if shown.rows.len() <= at {
                shown.rows.push(VerdictsOnChip {
                    chip: row.chip.clone(),
                    verdicts: Vec::new(),
                });
            }
            shown.rows[at].verdicts.push(shown_verdict(row));
        }
    }
    Ok(shown)
}

/// A shipped regime, or the rules of a month for ever. No file of the disk is read.
fn regime(library: &Library, name: &str) -> Result<crate::controls::Regime, Vec<QuestionProblem>> {
    let known = super::compose::names_in(library, "regimes");
    if !known.iter().any(|regime| regime == name) && !name.starts_with("frozen-") {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        return Err(vec![QuestionProblem::word(
            "regimes", name, "a regime", &known,
        )]);
    }
    library
        .regime(name)
        .map_err(|p| QuestionProblem::all(&p, |_| "regimes".into()))
}

fn shown_verdict(row: ChipVerdictRow) -> ShownVerdict {
    let rules = [row.rule, row.importer_rule];
    let rules: Vec<&str> = rules
        .iter()
        .map(String::as_str)
        .filter(|r| !r.is_empty())
        .collect();
    ShownVerdict {
        verdict: row.verdict.replace('_', " "),
        importer: row.importer_verdict.replace('_', " "),
        rule: rules.join(", "),
        because: row.reason,
    }
}

/// Problems of a pasted table, each with its line.
fn in_table(problems: &Problems) -> Vec<QuestionProblem> {
    let mut found = QuestionProblem::all(problems, |_| "text".into());
    let place = |d: &Diagnostic| format!("line {}, column {}: ", d.line, d.column);
    for (shown, d) in found.iter_mut().zip(&problems.0) {
        shown.message.insert_str(0, &place(d));
    }
    found
}
