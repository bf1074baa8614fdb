//! `chokepoint decompose`: attributes each effect to the channels behind it.

use clap::Args;

use super::question::{QuestionArgs, csv_table, find_outcome};
use super::{Answer, Format, say_json};
use crate::config::source::Configs;
use crate::questions::decompose;

#[derive(Args)]
pub struct DecomposeArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// Outcome that is printed; the tables hold all.
    #[arg(long, default_value = "latent_gap_points_mean")]
    outcome: String,
    /// Pairs of random orders of channels (an order and its reverse) that are run to divide the effect among single channels; 0 divides it among groups of channels only.
    #[arg(long, default_value_t = 0)]
    pairs: u32,
}

pub fn decompose(configs: Configs, args: &DecomposeArgs) -> Answer {
    let q = &args.question;
    find_outcome(&args.outcome)?;
    let tables = ["shapley", "channels", "whole"];
    let words = format!("{}", args.pairs);
    let asked = q.prepare(configs, 100, "decompose", &words, &tables)?;
    let plan = &asked.plan;
    let runs = decompose::runs(plan, args.pairs as usize);
    let parts = q.run_with_progress(&asked, runs, |done| {
        decompose::decompose(plan, args.pairs as usize, done)
    })?;
    let parts = q.accept(&asked, parts)?;
    let texts = [
        ("shapley", csv_table(&parts.groups)),
        ("channels", csv_table(&parts.channels)),
        ("whole", csv_table(&parts.wholes)),
    ];
    q.write_tables(&asked, &texts)?;
    print_answer(args, &parts)?;
    q.finish(&asked);
    Ok(())
}

fn print_answer(args: &DecomposeArgs, parts: &decompose::Decomposition) -> Answer {
    let q = &args.question;
    let of = |rows: &[decompose::EffectShare]| -> Vec<decompose::EffectShare> {
        let own = |p: &&decompose::EffectShare| p.outcome == args.outcome;
        rows.iter().filter(own).cloned().collect()
    };
    let wholes: Vec<_> = parts
        .wholes
        .iter()
        .filter(|w| w.outcome == args.outcome)
        .collect();
    match q.format {
        Format::Json => say_json(&serde_json::json!({
            "groups": of(&parts.groups), "channels": of(&parts.channels), "whole": wholes,
        })),
        Format::Csv => q.show("", &of(&parts.groups)),
        Format::Table => {
            q.show(
                "The effect with every channel and with none, and what compute alone accounts for",
                &wholes,
            )?;
            q.show(
                "Groups of channels: Shapley values, exact in each future",
                &of(&parts.groups),
            )?;
            if args.pairs == 0 {
                return Ok(());
            }
            q.show(
                "Single channels: Shapley values by sampled orders",
                &of(&parts.channels),
            )
        }
    }
}
