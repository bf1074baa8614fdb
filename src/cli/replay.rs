//! `chokepoint replay`: one run of a study again, bit for bit, with its timeline; where two regimes first part.

use clap::Args;

use super::run::channels_without;
use super::{Answer, Format, say, say_json, table, wrong_word};
use crate::config::source::Configs;
use crate::config::study;
use crate::results::EventRow;
use crate::study::{Library, Plan, Settings, timeline};

#[derive(Args)]
pub struct ReplayArgs {
    /// A study file, or the name of a shipped study.
    study: String,
    /// The regime; one of the study's.
    #[arg(long)]
    regime: String,
    /// The number of the future.
    #[arg(long, default_value_t = 0)]
    run: u32,
    /// The first event in which this regime differs.
    #[arg(long, value_name = "REGIME")]
    against: Option<String>,
    #[arg(long)]
    seed: Option<u64>,
    /// Switch a channel off.
    #[arg(long, value_name = "CHANNEL")]
    off: Vec<String>,
    /// Leave out releases of models.
    #[arg(long)]
    no_models: bool,
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

pub fn replay(configs: Configs, args: &ReplayArgs) -> Answer {
    let library = Library::read(configs, &[])?;
    let source = library.configs.find(&args.study, "studies")?;
    let file = study::read(&source, &library.configs)?;
    let arms: Vec<String> = file.arms.iter().map(|a| a.name().to_string()).collect();
    let known: Vec<&str> = arms.iter().map(String::as_str).collect();
    let at = |name: &str, flag: &str| {
        let found = known.iter().position(|arm| *arm == name);
        found.ok_or_else(|| wrong_word(flag, name, "a regime of this study", &known))
    };
    let settings = Settings {
        seed: args.seed.unwrap_or(file.seed),
        runs: file.runs.max(args.run + 1),
        only: Some(args.run),
        channels: channels_without(&args.off)?,
        ..Settings::default()
    };
    let arm = at(&args.regime, "--regime")?;
    let other = args
        .against
        .as_ref()
        .map(|name| at(name, "--against"))
        .transpose()?;
    let plan = Plan::new(&library, file, settings)?;
    let events = |arm: usize| -> Vec<EventRow> {
        let all = timeline(&plan, arm, args.run);
        all.into_iter()
            .filter(|e| !args.no_models || e.kind != "model_released")
            .collect()
    };
    let here = events(arm);
    if let Some(other) = other {
        let there = events(other);
        let same = |a: &EventRow, b: &EventRow| {
            (a.month, &a.kind, &a.actor, &a.text) == (b.month, &b.kind, &b.actor, &b.text)
        };
        let first =
            (0..here.len().max(there.len())).find(|i| match (here.get(*i), there.get(*i)) {
                (Some(a), Some(b)) => !same(a, b),
                _ => true,
            });
        let line = |name: &str, e: Option<&EventRow>| match e {
            Some(e) => format!("{name}: {} {} {} {}\n", e.month, e.kind, e.actor, e.text),
            None => format!("{name}: nothing more\n"),
        };
        return say(&match first {
            Some(i) => format!(
                "the first {i} events are the same; then\n{}{}",
                line(&arms[arm], here.get(i)),
                line(&arms[other], there.get(i))
            ),
            None => "no event differs\n".to_string(),
        });
    }
    if args.format == Format::Json {
        return say_json(&here);
    }
    let mut lines = vec![
        ["month", "what", "who", "details", "because"]
            .map(String::from)
            .to_vec(),
    ];
    lines.extend(
        here.into_iter()
            .map(|e| vec![e.month.to_string(), e.kind, e.actor, e.text, e.cause]),
    );
    say(&if args.format == Format::Csv {
        super::csv_text(&lines)
    } else {
        table(&lines)
    })
}
