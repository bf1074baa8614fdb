//! `chokepoint replay`: repeats one run of a study with its timeline, or finds the first event in which two regimes
//! differ.

use clap::Args;

use super::run::channels_without;
use super::{Answer, Format, say, say_data, say_json, table, wrong_word};
use crate::config::source::Configs;
use crate::config::study;
use crate::events::EventKind;
use crate::results::EventRow;
use crate::study::comparisons::{idle_switches, repeated_switches};
use crate::study::timeline::{chain, first_difference, timeline};
use crate::study::{Library, Plan, PlanSettings};

#[derive(Args)]
pub struct ReplayArgs {
    /// A study file, or a name from `chokepoint list studies`.
    study: String,
    /// Arm of the study that is simulated again.
    #[arg(long)]
    regime: String,
    /// The number of the future, counted from 0; any that `run --runs` could make.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..i64::from(u32::MAX)))]
    run: u32,
    /// Show the first event that differs from this arm, with its causes in both runs.
    #[arg(long, value_name = "REGIME", conflicts_with = "why")]
    against: Option<String>,
    /// Show the event with this id and its causes.
    #[arg(long, value_name = "ID")]
    why: Option<u32>,
    /// Show only events of this kind; may be given more than once.
    #[arg(long, conflicts_with = "why")]
    kind: Vec<String>,
    /// Seed of every random draw; the default is the seed in the study file. The same seed gives the same results.
    #[arg(long)]
    seed: Option<u64>,
    /// Switch a channel (a reaction to rules) off; names: `chokepoint list channels`.
    #[arg(long, value_name = "CHANNEL")]
    off: Vec<String>,
    /// Leave out training runs and releases of models.
    #[arg(long)]
    no_models: bool,
    /// How the answer is printed.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Kinds of event that `--no-models` leaves out.
const MODELS: [&str; 2] = ["run_finished", "model_released"];

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
    let channels = channels_without(&args.off)?;
    repeated_switches(&file, channels).check()?;
    let settings = PlanSettings {
        seed: args.seed.unwrap_or(file.seed),
        runs: file.runs.max(args.run + 1),
        only: Some(args.run),
        channels,
        ..PlanSettings::default()
    };
    let arm = at(&args.regime, "--regime")?;
    let other = args
        .against
        .as_ref()
        .map(|name| at(name, "--against"))
        .transpose()?;
    let kinds = EventKind::names();
    for kind in &args.kind {
        if !kinds.contains(&kind.as_str()) {
            return Err(wrong_word("--kind", kind, "a kind of event", &kinds));
        }
    }
    let is_model = |kind: &String| MODELS.contains(&kind.as_str());
    if let Some(kind) = args
        .kind
        .iter()
        .find(|kind| args.no_models && is_model(kind))
    {
        let expected = "a kind of event that --no-models does not leave out";
        return Err(wrong_word("--kind", kind, expected, &[]));
    }
    let plan = Plan::new(&library, file, settings)?;
    idle_switches(&plan.study, &plan.regimes, channels).check()?;
    let here = timeline(&plan, arm, args.run);
    if let Some(id) = args.why {
        return why(&here, id, args.format);
    }
    if let Some(other) = other {
        let there = timeline(&plan, other, args.run);
        return against(args, [&arms[arm], &arms[other]], [&here, &there]);
    }
    let chosen: Vec<&EventRow> = here.iter().filter(|e| args.wants(e)).collect();
    if args.format == Format::Json {
        return say_json(&chosen);
    }
    let mut lines = vec![
        ["id", "month", "what", "who", "details", "because"]
            .map(String::from)
            .to_vec(),
    ];
    lines.extend(chosen.into_iter().map(|e| {
        let words = [&e.kind, &e.actor, &e.text, &e.cause].map(String::clone);
        [vec![e.id.to_string(), e.month.to_string()], words.to_vec()].concat()
    }));
    if args.format == Format::Csv {
        say_data(&super::csv_text(&lines))
    } else {
        say(&table(&lines))
    }
}

impl ReplayArgs {
    /// Whether an event is asked for.
    fn wants(&self, e: &EventRow) -> bool {
        let model = MODELS.contains(&e.kind.as_str());
        !(self.no_models && model) && (self.kind.is_empty() || self.kind.contains(&e.kind))
    }
}

/// One event and the events that led to it.
fn why(here: &[EventRow], id: u32, format: Format) -> Answer {
    let led = chain(here, id);
    if led.is_empty() {
        let last = here.len().saturating_sub(1).to_string();
        let expected = format!("the id of an event, 0 to {last}");
        return Err(wrong_word("--why", &id.to_string(), &expected, &[&last]));
    }
    if format == Format::Json {
        say_json(&led)
    } else {
        say(&indented(&led))
    }
}

/// The first events in which the runs of two arms differ.
fn against(args: &ReplayArgs, arms: [&String; 2], runs: [&[EventRow]; 2]) -> Answer {
    let [here, there] = runs;
    let parted = first_difference(here, there, |e| args.wants(e));
    if args.format == Format::Json {
        let sides = parted.map(|(same, a, b)| {
            serde_json::json!({
                "same": same,
                (arms[0].as_str()): led_to(here, a),
                (arms[1].as_str()): led_to(there, b),
            })
        });
        return say_json(&sides);
    }
    let side = |name: &str, rows: &[EventRow], e: Option<&EventRow>| match e {
        Some(_) => format!("{name}:\n{}", indented(&led_to(rows, e))),
        None => format!("{name}: nothing more\n"),
    };
    say(&match parted {
        Some((same, a, b)) => format!(
            "the first {same} events are the same; then\n{}{}",
            side(arms[0], here, a),
            side(arms[1], there, b)
        ),
        None => "no event differs\n".to_string(),
    })
}

fn led_to<'a>(rows: &'a [EventRow], e: Option<&EventRow>) -> Vec<&'a EventRow> {
    e.map_or(Vec::new(), |e| chain(rows, e.id))
}

/// A chain of causes, each indented below its effect, ending with the root cause.
fn indented(led: &[&EventRow]) -> String {
    let mut text = String::new();
    for (depth, e) in led.iter().enumerate() {
        let because = if depth == 0 { "" } else { "because " };
        text.push_str(&format!(
            "{:indent$}{because}{} #{} {} {} {}\n",
            "",
            e.month,
            e.id,
            e.kind,
            e.actor,
            e.text,
            indent = 2 * (depth + 1)
        ));
    }
    if let Some(root) = led.last() {
        let indent = 2 * (led.len() + 1);
        text.push_str(&format!("{:indent$}because {}\n", "", root.cause));
    }
    text
}
