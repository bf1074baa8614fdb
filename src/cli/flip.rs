//! `chokepoint flip`: regret, what to learn first, what reverses a ranking, and the worst credible future.

use clap::{Args, ValueEnum};

use super::question::{QuestionArgs, arm_of, csv_table, outcome_of};
use super::{Answer, Format, say, say_json};
use crate::config::source::Configs;
use crate::study::flip::{self, ReversalQuestion};
use crate::study::probe::EnsembleTable;

#[derive(Args)]
pub struct FlipArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// The arm whose ranking against the baseline is to be reversed; by default the study's last.
    #[arg(long)]
    arm: Option<String>,
    #[arg(long, default_value = "latent_gap_points_mean")]
    outcome: String,
    /// Which way is better, for whoever asks.
    #[arg(long, value_enum)]
    better: BetterDirection,
    /// A level of the outcome that is good enough: the share of futures that reach it is counted.
    #[arg(long, value_name = "LEVEL", allow_negative_numbers = true)]
    good_enough: Option<f64>,
    /// Futures of luck over which an effect is averaged at every point that is tried.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    lucks: u32,
    /// How many parameters are printed; the table holds all.
    #[arg(long, default_value_t = 8)]
    top: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BetterDirection {
    More,
    Less,
}

pub fn flip(configs: Configs, args: &FlipArgs) -> Answer {
    let q = &args.question;
    let outcome = outcome_of(&args.outcome)?;
    let (arm, more) = (&args.arm, args.better == BetterDirection::More);
    let (enough, lucks) = (args.good_enough, args.lucks);
    let words = format!("{arm:?} {} {more} {enough:?} {lucks}", args.outcome);
    let asked = q.ask(
        configs,
        200,
        "flip",
        &words,
        &["regret", "learning", "flip"],
    )?;
    let plan = &asked.plan;
    let question = ReversalQuestion {
        arm: arm_of(plan, args.arm.as_ref())?,
        outcome: (outcome, args.outcome.clone()),
        more_is_better: args.better == BetterDirection::More,
        good_enough: args.good_enough,
        lucks: args.lucks,
    };
    let runs = u64::from(plan.runs) * plan.regimes.len() as u64 + flip::most_runs(args.lucks);
    let found = q.work(&asked, runs, |done| {
        let ensemble = EnsembleTable::run(plan, done);
        flip::flip(plan, &ensemble, &question, done)
    })?;
    let found = q.settled(&asked, found)?;
    let texts = [
        ("regret", csv_table(&found.regrets)),
        ("learning", csv_table(&found.learning)),
        ("flip", csv_table(&found.flips)),
    ];
    q.put(&asked, &texts)?;
    shown(args, &found)?;
    q.finish(&asked);
    Ok(())
}

fn shown(args: &FlipArgs, found: &flip::ReversalAnalysis) -> Answer {
    let q = &args.question;
    match q.format {
        Format::Csv => q.show("", &found.flips),
        Format::Json => say_json(&serde_json::json!({
            "sentence": found.sentence, "centre": found.centre, "excluded": found.excluded,
            "regret": found.regrets, "learning": found.learning, "flip": found.flips, "worst": found.worst,
        })),
        Format::Table => {
            say(&format!("{}\n\n", found.sentence))?;
            q.show(
                "Regret: how far each arm is from the best of its future",
                &found.regrets,
            )?;
            let top = &found.learning[..args.top.min(found.learning.len())];
            q.show("What it is worth to know before choosing", top)?;
            q.show(
                "Changes that reverse the effect, by how many parameters move together",
                &found.flips,
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
