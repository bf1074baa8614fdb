//! `chokepoint sensitivity`: measures how strongly each parameter influences an outcome.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::question::{PreparedQuestion, QuestionArgs, csv_table, find_outcome};
use super::{Answer, Failure, note};
use crate::config::source::Configs;
use crate::questions::sensitivity::{self, choose_factors};

#[derive(Args)]
pub struct SensitivityArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// Outcomes; indices are computed for every arm and for the effect of every arm.
    #[arg(long, default_value = "latent_gap_points_mean")]
    outcome: Vec<String>,
    /// Method: Sobol indices, or the cheaper elementary effects of Morris.
    #[arg(long, value_enum, default_value = "sobol")]
    method: SensitivityMethod,
    /// Parameters that are factors of their own, separated by commas; all others are one factor together. The default is the columns of the study's table of futures, or every parameter where it has none.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    parameters: Vec<String>,
    /// Number of parameters printed for each quantity; the table holds all.
    #[arg(long, default_value_t = 12)]
    top: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SensitivityMethod {
    /// Shares of variance: (parameters + 3) runs of each arm for each future.
    Sobol,
    /// Elementary effects, for screening: (parameters + 2) runs of each arm for each future.
    Morris,
}

pub fn sensitivity(configs: Configs, args: &SensitivityArgs) -> Answer {
    let q = &args.question;
    for name in &args.outcome {
        find_outcome(name)?;
    }
    let method = args.method == SensitivityMethod::Sobol;
    let mut words = format!("sobol {method} {:?}", args.outcome);
    if !args.parameters.is_empty() {
        words.push_str(&format!(" {:?}", args.parameters));
    }
    let choose = |asked: &PreparedQuestion| {
        let chosen = choose_factors(&asked.plan, &args.parameters, asked.table.as_ref());
        chosen.map_err(|why| {
            q.finish(asked);
            Failure::Input(format!("error: --parameters: {why}\n"))
        })
    };
    let refused = match args.method {
        SensitivityMethod::Sobol => {
            let tables = ["sobol", "sobol_convergence"];
            let asked = q.prepare(configs, 256, "sensitivity", &words, &tables)?;
            let (plan, chosen) = (&asked.plan, choose(&asked)?);
            let runs = sensitivity::sobol_runs(plan, &chosen);
            let found = q.run_with_progress(&asked, runs, |done| {
                sensitivity::sobol(plan, &args.outcome, &chosen, done)
            })?;
            let most = found.rows.iter().map(|r| r.rows).max().unwrap_or(0);
            let (last, _): (Vec<_>, Vec<_>) =
                found.rows.iter().cloned().partition(|r| r.rows == most);
            let texts = [
                ("sobol", csv_table(&last)),
                ("sobol_convergence", csv_table(&found.rows)),
            ];
            q.write_tables(&asked, &texts)?;
            let top = first_of(
                &last,
                args.top,
                |r| (&r.regime, &r.baseline, &r.outcome),
                |r| r.total,
            );
            q.show(
                "Share of variance that each factor explains alone (first) and with others (total)",
                &top,
            )?;
            if let Some(warning) = sensitivity::too_few_rows(&last) {
                note(&format!("warning: {warning}\n"));
            }
            q.finish(&asked);
            found.refused
        }
        SensitivityMethod::Morris => {
            let asked = q.prepare(configs, 50, "sensitivity", &words, &["morris"])?;
            let (plan, chosen) = (&asked.plan, choose(&asked)?);
            if let Some(table) = &asked.table {
                note(&format!(
                    "note: elementary effects step along distributions; of the study's table {} only the columns are used\n",
                    table.source.name
                ));
            }
            let runs = sensitivity::morris_runs(plan, &chosen);
            let found = q.run_with_progress(&asked, runs, |done| {
                sensitivity::morris(plan, &args.outcome, &chosen, done)
            })?;
            q.write_tables(&asked, &[("morris", csv_table(&found.rows))])?;
            let top = first_of(
                &found.rows,
                args.top,
                |r| (&r.regime, &r.baseline, &r.outcome),
                |r| r.mu_star,
            );
            q.show(
                "Change of the answer as a factor moves through its distribution",
                &top,
            )?;
            q.finish(&asked);
            found.refused
        }
    };
    if refused.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = refused
        .iter()
        .map(|r| format!("no answer: {r}\n"))
        .collect();
    Err(Failure::No(lines.concat()))
}

/// The rows with the largest values of each quantity, largest first.
fn first_of<'a, T: Clone + Serialize, K: PartialEq>(
    rows: &'a [T],
    top: usize,
    key: impl Fn(&'a T) -> K,
    size: impl Fn(&T) -> f64,
) -> Vec<T> {
    let mut keys: Vec<K> = Vec::new();
    for row in rows {
        if !keys.contains(&key(row)) {
            keys.push(key(row));
        }
    }
    keys.iter()
        .flat_map(|k| {
            let mut own: Vec<&T> = rows.iter().filter(|r| key(r) == *k).collect();
            own.sort_by(|a, b| size(b).total_cmp(&size(a)));
            own.into_iter().take(top).cloned().collect::<Vec<_>>()
        })
        .collect()
}
