//! `chokepoint whatif`: compares the main study with and without one new rule.

use std::path::Path;

use clap::Args;

use super::execution::ExecutionArgs;
use super::run::{StudyOverrides, execute, plan_file};
use super::{Answer, Failure, law_with, note};
use crate::config::acts::ids_of;
use crate::config::diagnostics::read_toml;
use crate::config::law::ActFile;
use crate::config::source::{Configs, Source};
use crate::config::study::{self, overridden};
use crate::foundation::escape::{shell_argument, shell_option};
use crate::foundation::name::Name;
use crate::study::reach::reach_in_words;

#[derive(Args)]
pub struct WhatifArgs {
    /// A rule file (`chokepoint new rule NAME` writes one).
    rule: String,
    /// Study that supplies the months, futures and figures; its arms are replaced by two, with the rule and without it.
    #[arg(long, default_value = "did-controls-work")]
    study: String,
    /// Regime that the rule is added to and compared with (`chokepoint list regimes`).
    #[arg(long, default_value = "history-free", value_name = "REGIME")]
    against: String,
    #[command(flatten)]
    choice: StudyOverrides,
    #[command(flatten)]
    how: ExecutionArgs,
}

pub fn whatif(configs: Configs, args: &WhatifArgs) -> Answer {
    let rule = Source::of_file(&args.rule)?;
    // Said of the word that the user gave, and not of the study that is made from it.
    if !args.against.starts_with("frozen-") {
        configs.find(&args.against, "regimes")?;
    }
    let act: ActFile = read_toml(&rule)?;
    let stem = Path::new(&args.rule).file_stem().unwrap_or_default();
    let name = Name::new(stem.to_string_lossy()).map_err(|wrong| {
        Failure::Input(format!(
            "error: {}: the name of the file: {wrong}\n",
            args.rule
        ))
    })?;
    let ids: Vec<&str> = act.rule.iter().map(|r| r.id.get_ref().as_str()).collect();
    let ids = toml::Value::from(ids);
    let words = act.rule.iter().map(|r| r.description.as_str());
    let words = words.collect::<Vec<_>>().join(" ");
    let quoted = |text: &str| toml::Value::String(text.to_string()).to_string();
    let against = &args.against;
    let arms = format!(
        "[{from}, {{ name = {}, from = {from}, add = {ids}, description = {} }}]",
        quoted(&name),
        quoted(&format!("`{against}`, and: {words}")),
        from = quoted(against)
    );
    let title = act.title.get_ref().trim_end_matches('.');
    let fields = [
        ("name", quoted(&format!("whatif-{name}"))),
        (
            "question",
            quoted(&format!("What would this change: {title}?")),
        ),
        ("description", quoted(&words)),
        ("arms", arms),
        ("baseline", quoted(against)),
        ("headline", quoted(&name)),
    ]
    .map(|(field, value)| (field.to_string(), value));
    let source = configs.find(&args.study, "studies")?;
    let source = overridden(&source, &fields)?;
    let mut command = format!("chokepoint whatif {}", shell_argument(&args.rule));
    if args.study != "did-controls-work" {
        command.push_str(&format!(" {}", shell_option("--study", &args.study)));
    }
    if against != "history-free" {
        command.push_str(&format!(" {}", shell_option("--against", against)));
    }
    // Before the study is planned, so that what is wrong with the rule is said of its own file.
    let nothing = note_on_reach(configs.clone(), &args.against, &rule, &source)?;
    let file = plan_file(
        &configs,
        source.clone(),
        vec![rule.clone()],
        &args.choice,
        None,
        &command,
    )?;
    execute(file, &args.how)?;
    note(&nothing);
    Ok(())
}

/// Says before the run what the rules of a file reach in the regime; what is to be said again after it, where that is nothing.
fn note_on_reach(
    configs: Configs,
    against: &str,
    rule: &Source,
    study: &Source,
) -> Result<String, Failure> {
    let file = study::read(study, &configs)?;
    let months = [file.first_month, file.last_month];
    let (library, regime) = law_with(configs, against, std::slice::from_ref(rule))?;
    let ids = ids_of(std::slice::from_ref(rule))?;
    let rules: Vec<u16> = ids.iter().filter_map(|id| library.law.find(id)).collect();
    let reached = reach_in_words(&library, &regime, &rules, months);
    for one in &reached {
        note(&format!("note: {}\n", one.words));
    }
    if reached.iter().all(|one| one.reach.is_nothing()) {
        let words: Vec<&str> = reached.iter().map(|one| one.words.as_str()).collect();
        return Ok(format!("nothing was changed: {}\n", words.join("; ")));
    }
    Ok(String::new())
}
