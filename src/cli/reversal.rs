//! `chokepoint reversal`: finds the smallest change that reverses an effect, with regret, value of information and the worst credible future.

use clap::{Args, ValueEnum};

use super::help::renamed_lucks;
use super::question::{QuestionArgs, csv_table, find_arm, find_outcome};
use super::{Answer, Format, say, say_json};
use crate::config::source::Configs;
use crate::questions::evaluate::EnsembleTable;
use crate::questions::reversal::{self, ReversalQuestion};

#[derive(Args)]
pub struct ReversalArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// Arm whose ranking against the baseline is to be reversed; the default is the last arm of the study.
    #[arg(long)]
    arm: Option<String>,
    /// Outcome by which arms are ranked (`chokepoint list outcomes`).
    #[arg(long, default_value = "latent_gap_points_mean")]
    outcome: String,
    /// Whether more or less of the outcome is better.
    #[arg(long, value_enum)]
    better: BetterDirection,
    /// Level of the outcome that is good enough; the share of futures that reach it is reported.
    #[arg(long, value_name = "LEVEL", allow_negative_numbers = true)]
    good_enough: Option<f64>,
    /// Number of futures over whose chance an effect is averaged at each point that is tried.
    #[arg(long, default_value_t = 8, value_parser = super::held)]
    replicates: u32,
    /// Old name of `--replicates`.
    #[arg(long = "lucks", hide = true, value_parser = renamed_lucks)]
    _lucks: Option<u32>,
    /// Number of parameters printed; the table holds all.
    #[arg(long, default_value_t = 8)]
    top: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BetterDirection {
    More,
    Less,
}

pub fn reversal(configs: Configs, args: &ReversalArgs) -> Answer {
    let q = &args.question;
    let outcome = find_outcome(&args.outcome)?;
    let (arm, more) = (&args.arm, args.better == BetterDirection::More);
    let (enough, replicates) = (args.good_enough, args.replicates);
    let words = format!("{arm:?} {} {more} {enough:?} {replicates}", args.outcome);
    let asked = q.prepare(
        configs,
        200,
        "reversal",
        &words,
        &["regret", "learning", "flip"],
    )?;
    let plan = &asked.plan;
    let question = ReversalQuestion {
        arm: find_arm(plan, args.arm.as_ref())?,
        outcome: (outcome, args.outcome.clone()),
        more_is_better: args.better == BetterDirection::More,
        good_enough: args.good_enough,
        replicates: args.replicates,
    };
    let runs =
        u64::from(plan.runs) * plan.regimes.len() as u64 + reversal::max_runs(args.replicates);
    let found = q.run_with_progress(&asked, runs, |done| {
        let ensemble = EnsembleTable::run(plan, done);
        reversal::analyse_reversal(plan, &ensemble, &question, done)
    })?;
    let found = q.accept(&asked, found)?;
    let texts = [
        ("regret", csv_table(&found.regrets)),
        ("learning", csv_table(&found.learning)),
        ("flip", csv_table(&found.reversals)),
    ];
    q.write_tables(&asked, &texts)?;
    print_answer(args, &found)?;
    q.finish(&asked);
    Ok(())
}

fn print_answer(args: &ReversalArgs, found: &reversal::ReversalAnalysis) -> Answer {
    let q = &args.question;
    match q.format {
        Format::Csv => q.show("", &found.reversals),
        Format::Json => say_json(&serde_json::json!({
            "sentence": found.sentence, "centre": found.centre, "excluded": found.excluded,
            "regret": found.regrets, "learning": found.learning, "flip": found.reversals, "worst": found.worst,
        })),
        Format::Table => {
            say(&format!("{}\n\n", found.sentence))?;
            q.show(
                "Regret: the distance of each arm from the best arm of the same future",
                &found.regrets,
            )?;
            let top = &found.learning[..args.top.min(found.learning.len())];
            q.show(
                "Value of information: what knowing a parameter before the choice is worth",
                top,
            )?;
            q.show(
                "Changes that reverse the effect, by the number of parameters that move together",
                &found.reversals,
            )?;
            match &found.worst {
                Some(w) => {
                    let because: Vec<String> = w
                        .because
                        .iter()
                        .map(|(name, below)| {
                            format!("{name} (above {:.0} % of futures)", 100.0 * below)
                        })
                        .collect();
                    say(&format!(
                        "The worst credible future of {}: number {}, regret {:.3}; unusual in {}\n  {}\n",
                        w.regime,
                        w.future,
                        w.regret,
                        because.join(", "),
                        w.repeat
                    ))
                }
                None => Ok(()),
            }
        }
    }
}
