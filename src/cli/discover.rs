//! `chokepoint discover`: finds the conditions under which a policy has the opposite effect.

use clap::Args;

use super::question::{QuestionArgs, csv_table, find_arm, find_outcome};
use super::{Answer, Format, say, say_json};
use crate::config::source::Configs;
use crate::questions::discover::{self, DiscoveryQuestion};
use crate::questions::evaluate::EnsembleTable;

#[derive(Args)]
pub struct DiscoverArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// Arm whose effect is examined; the default is the last arm of the study.
    #[arg(long)]
    arm: Option<String>,
    /// Outcome whose effect is examined (`chokepoint list outcomes`).
    #[arg(long, default_value = "latent_gap_points_mean")]
    outcome: String,
    /// Look for futures in which the effect is below this (default: below 0).
    #[arg(
        long,
        value_name = "EFFECT",
        conflicts_with = "above",
        allow_negative_numbers = true
    )]
    below: Option<f64>,
    /// Look for futures in which the effect is above this.
    #[arg(long, value_name = "EFFECT", allow_negative_numbers = true)]
    above: Option<f64>,
    /// Largest number of answers. Each is a set of bounds on parameters (a scenario box).
    #[arg(long, default_value_t = 3)]
    boxes: usize,
    /// Number of random halves of the futures on which each bound is found again, to see whether it is stable.
    #[arg(long, default_value_t = 50)]
    resamples: usize,
}

pub fn discover(configs: Configs, args: &DiscoverArgs) -> Answer {
    let q = &args.question;
    let outcome = find_outcome(&args.outcome)?;
    let (arm, below, above) = (&args.arm, args.below, args.above);
    let (boxes, resamples) = (args.boxes, args.resamples);
    let words = format!(
        "{arm:?} {} {below:?} {above:?} {boxes} {resamples}",
        args.outcome
    );
    let asked = q.prepare(configs, 400, "discover", &words, &["boxes"])?;
    let plan = &asked.plan;
    let question = DiscoveryQuestion {
        arm: find_arm(plan, args.arm.as_ref())?,
        outcome: (outcome, args.outcome.clone()),
        bar: args.above.or(args.below).unwrap_or(0.0),
        below: args.above.is_none(),
        boxes: args.boxes,
        resamples: args.resamples,
    };
    let runs = u64::from(plan.runs) * plan.regimes.len() as u64;
    let ensemble = q.run_with_progress(&asked, runs, |done| EnsembleTable::run(plan, done))?;
    let found = q.accept(&asked, discover::discover(plan, &ensemble, &question))?;
    q.write_tables(&asked, &[("boxes", csv_table(&found.rows))])?;
    print_answer(q, &found)?;
    q.finish(&asked);
    Ok(())
}

fn print_answer(q: &QuestionArgs, found: &discover::Discovery) -> Answer {
    match q.format {
        Format::Csv => q.show("", &found.rows),
        Format::Json => say_json(&serde_json::json!({
            "share": found.share, "futures": found.futures, "excluded": found.excluded,
            "sentences": found.sentences, "limits": found.rows,
        })),
        Format::Table => say(&format!(
            "{}\n{} futures, {} left out\n",
            found.sentences.join("\n"),
            found.futures,
            found.excluded
        )),
    }
}
