//! `chokepoint ledger`: lists every parameter with its evidence and its influence.

use clap::Args;

use super::question::{QuestionArgs, csv_table, find_arm, find_outcome};
use super::{Answer, Format};
use crate::config::source::Configs;
use crate::questions::evaluate::EnsembleTable;
use crate::questions::ledger;

#[derive(Args)]
pub struct LedgerArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// Arm whose effect is examined; the default is the last arm of the study.
    #[arg(long)]
    arm: Option<String>,
    /// Outcomes; each gets its own list of priorities.
    #[arg(long, default_value = "latent_gap_points_mean")]
    outcome: Vec<String>,
    /// Number of parameters printed for each outcome; the table holds all.
    #[arg(long, default_value_t = 15)]
    top: usize,
}

/// One printed line: what a reader needs first.
#[derive(serde::Serialize)]
struct LedgerLine<'a> {
    rank: usize,
    parameter: &'a str,
    share: Option<f64>,
    error: Option<f64>,
    grade: &'a str,
    year: Option<u32>,
    source: &'a str,
}

pub fn ledger(configs: Configs, args: &LedgerArgs) -> Answer {
    let q = &args.question;
    let outcomes = args
        .outcome
        .iter()
        .map(|name| find_outcome(name).map(|at| (at, name.as_str())))
        .collect::<Result<Vec<_>, _>>()?;
    let words = format!("{:?} {:?}", args.arm, args.outcome);
    let asked = q.prepare(configs, 400, "ledger", &words, &["ledger"])?;
    let plan = &asked.plan;
    let arm = find_arm(plan, args.arm.as_ref())?;
    let futures = u64::from(plan.runs);
    let runs = futures * (plan.regimes.len() + 2 * outcomes.len()) as u64;
    let rows = q.run_with_progress(&asked, runs, |done| {
        let ensemble = EnsembleTable::run(plan, done);
        outcomes
            .iter()
            .map(|outcome| ledger::ledger(plan, &ensemble, arm, *outcome, done))
            .collect::<Result<Vec<_>, _>>()
    })?;
    let rows = q.accept(&asked, rows)?;
    q.write_tables(&asked, &[("ledger", csv_table(&rows.concat()))])?;
    q.finish(&asked);
    if q.format != Format::Table {
        return q.show("", &rows.concat());
    }
    for ((_, name), own) in outcomes.iter().zip(&rows) {
        let lines: Vec<LedgerLine> = own
            .iter()
            .enumerate()
            .filter(|(at, _)| *at < args.top || *at + 1 == own.len())
            .map(|(_, r)| LedgerLine {
                rank: r.rank,
                parameter: &r.parameter,
                share: r.share,
                error: r.share_error,
                grade: &r.grade,
                year: r.year,
                source: &r.source,
            })
            .collect();
        q.show(
            &format!(
                "What the effect of {} on {name} rests on: weak evidence that matters first",
                plan.regimes[arm].name
            ),
            &lines,
        )?;
    }
    Ok(())
}
