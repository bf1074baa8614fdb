//! `chokepoint run`: runs a study, resumes one that was stopped, and writes its tables, figures and report.

use std::collections::BTreeMap;

use clap::Args;

use super::execution::{ExecutionArgs, progress, stop_on_signal};
use super::job::{Progress, StudyJob};
use super::report::report_failures;
use super::{Answer, Failure, count, note, wrong_word};
use crate::config::draws::FuturesTable;
use crate::config::overrides::OverriddenStudy;
use crate::config::parameters::check_value;
use crate::config::source::{Configs, Source};
use crate::config::study::{self, Arm, StudyFile};
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::escape::{shell_argument, shell_option};
use crate::foundation::parameters::Parameters;
use crate::study::Library;
use crate::study::comparisons::{idle_settings, idle_switches, repeated_switches};
use crate::study::kept_parts::KeptParts;
use crate::study::plan::{self, check};
use crate::study::plan_file::PlanFile;

#[derive(Args)]
pub struct RunArgs {
    /// A study file, or a name from `chokepoint list studies`.
    study: String,
    #[command(flatten)]
    choice: StudyOverrides,
    #[command(flatten)]
    how: ExecutionArgs,
}

/// Arguments that change results.
#[derive(Args, Default)]
pub struct StudyOverrides {
    /// Number of futures (possible worlds). Each future is simulated under every arm, so 3 arms make 3 simulations of each.
    #[arg(long, value_name = "FUTURES", value_parser = count::<u32>)]
    pub runs: Option<u32>,
    /// Seed of every random draw; the default is the seed in the study file. The same seed gives the same results.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Fix a parameter in every future, or replace a field of the study: `choice_slope=2`, `study.window_months=36`.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Switch a channel (a reaction to rules) off in every arm; names: `chokepoint list channels`.
    #[arg(long, value_name = "CHANNEL")]
    pub off: Vec<String>,
    /// What chipmakers and buyers expect. `naive`: nobody acts before a rule binds. `adaptive`: buyers also buy early before an announced rule. `foresight`: makers also plan at once without the sales that the rule will end.
    #[arg(long, value_name = "EXPECTATIONS", default_value = "adaptive", value_parser = ["naive", "adaptive", "foresight"])]
    pub planning: String,
    /// Simulate only the future with this number, counted from 0.
    #[arg(long, value_name = "FUTURE", value_parser = clap::value_parser!(u32).range(..i64::from(u32::MAX)))]
    pub only: Option<u32>,
    /// Write monthly values of every measure in `bands` for the first 500 futures (`series.parquet`).
    #[arg(long)]
    pub series: bool,
}

pub fn run(configs: Configs, args: &RunArgs) -> Answer {
    let source = configs.find(&args.study, "studies")?;
    let command = format!("chokepoint run {}", shell_argument(&args.study));
    let file = plan_file(&configs, source, Vec::new(), &args.choice, None, &command)?;
    execute(file, &args.how)
}

/// Builds the plan of a study with the overrides of the command line.
pub fn plan_file(
    configs: &Configs,
    source: Source,
    rules: Vec<Source>,
    choice: &StudyOverrides,
    blocks: Option<u32>,
    command: &str,
) -> Result<PlanFile, Failure> {
    let library = Library::read(configs.clone(), &rules)?;
    let (set, mut fields) = settings(&library, &choice.set)?;
    said_once(choice, &fields)?;
    if choice.series {
        let bands = study::read(&source, configs)?.bands;
        fields.push(("series".into(), format!("{bands:?}")));
    }
    let overridden = OverriddenStudy::of(&source, &fields)?;
    let source = overridden.source.clone();
    let placed = |problems| overridden.place(problems);
    let file = study::read(&source, configs).map_err(placed)?;
    let runs = choice.runs.unwrap_or(file.runs);
    if let Some(only) = choice.only.filter(|only| *only >= runs) {
        let last = runs.saturating_sub(1);
        let expected =
            format!("a future of the {runs} of this study, 0 to {last}; `--runs` asks for more");
        return Err(wrong_word("--only", &only.to_string(), &expected, &[]));
    }
    // Errors are reported at the place that the user wrote, before the plan is sealed.
    let kept = KeptParts::default();
    check(&library, &file, runs, choice.only, &kept).map_err(placed)?;
    held_by_the_study(&file, &set, &choice.planning)?;
    if choice.only.is_none() {
        for words in plan::notes(&library, &file, runs, &kept)? {
            note(&format!("note: {words}\n"));
        }
    }
    let channels = channels_without(&choice.off)?;
    repeated_switches(&file, channels).check()?;
    let regimes = library.arms(&file)?;
    idle_switches(&file, &regimes, channels).check()?;
    idle_settings(&file, &regimes, set.keys()).check()?;
    let mut said: BTreeMap<String, String> = set
        .iter()
        .map(|(k, v)| (k.clone(), v.to_string()))
        .collect();
    let of_study = fields
        .iter()
        .filter(|(k, _)| !(choice.series && k == "series"));
    said.extend(of_study.map(|(k, v)| (format!("study.{k}"), v.clone())));
    let plan = PlanFile {
        rules,
        seed: choice.seed.unwrap_or(file.seed),
        runs,
        only: choice.only,
        set,
        said,
        off: choice.off.clone(),
        planning: choice.planning.clone(),
        fail: std::env::var("CHOKEPOINT_FAIL")
            .ok()
            .and_then(|n| n.parse().ok()),
        command: command_line(command, configs, &file, choice),
        study: source,
        ..PlanFile::default()
    };
    Ok(plan.seal(configs, blocks)?)
}

/// Refuses an option and `--set` of the field that it stands for: one of the two values would be lost without a word.
fn said_once(choice: &StudyOverrides, fields: &[(String, String)]) -> Answer {
    let options = [("runs", choice.runs.map(u64::from)), ("seed", choice.seed)];
    for (field, value) in options {
        let set = fields.iter().find(|(path, _)| path == field);
        if let (Some(value), Some((_, text))) = (value, set) {
            return Err(Failure::Input(format!(
                "error: --{field}: found {value}, and {text} in `--set study.{field}`, expected one of the two\n"
            )));
        }
    }
    Ok(())
}

/// Runs a plan with a progress bar until it is finished or a signal stops it.
pub fn execute(file: PlanFile, how: &ExecutionArgs) -> Answer {
    let bar = progress(0);
    let stop = stop_on_signal()?;
    let watch = Progress {
        say: &|text| bar.suspend(|| note(text)),
        begun: &|runs| bar.set_length(runs),
        done: &|runs| bar.inc(runs),
        stop: &stop,
    };
    let made = StudyJob::open(file, how)?.carry_out(&watch);
    bar.finish_and_clear();
    let (results, folder) = made?;
    report_failures(&results, &folder, !how.no_report)
}

/// Refuses to fix what the study varies or fixes itself. The command line would win, and levels, conditions and arms would no longer be
/// what their names say.
pub fn held_by_the_study(file: &StudyFile, set: &BTreeMap<String, f64>, planning: &str) -> Answer {
    let futures = &file.futures;
    let arms = || {
        file.arms.iter().filter_map(|arm| match arm {
            Arm::Composed(arm) => Some(arm),
            Arm::Regime(_) => None,
        })
    };
    let refused = |option: String, held: String| {
        let why = "change the study instead, or leave the option out";
        Err(Failure::Input(format!("error: {option}: {held}; {why}\n")))
    };
    for id in set.keys() {
        let column = |table: &FuturesTable| {
            let mut names = table.columns.iter().map(|at| Parameters::NAMES[*at].1);
            names.any(|name| name == id)
        };
        let alternative = futures.stress.iter().chain(&futures.variant);
        let alternative = alternative.filter(|a| a.set.contains_key(id));
        let names: Vec<&str> = alternative.map(|a| a.name.as_str()).collect();
        let arm = arms().find(|arm| arm.set.contains_key(id));
        let held = if futures.levels.contains_key(id) {
            "it has levels in the design of the study".to_string()
        } else if file.draws.as_ref().is_some_and(column) {
            "it is a column of the study's table of futures".to_string()
        } else if let Some(arm) = arm {
            format!("the arm `{}` sets it", arm.name)
        } else if names.is_empty() {
            continue;
        } else if file.rival_structures {
            let forms = names.join("`, `");
            note(&format!(
                "note: --set {id}: holds in the rival forms `{forms}` too, which set it otherwise\n"
            ));
            continue;
        } else {
            format!("`{}` sets it", names.join("`, `"))
        };
        return refused(format!("--set {id}"), held);
    }
    let variants = futures.stress.iter().chain(&futures.variant);
    let mut names = variants
        .filter(|a| a.planning.is_some())
        .map(|a| a.name.as_str())
        .chain(arms().filter(|a| a.planning.is_some()).map(|a| &*a.name));
    match names.next().filter(|_| planning != "adaptive") {
        Some(name) => refused(
            "--planning".into(),
            format!("`{name}` sets the expectations"),
        ),
        None => Ok(()),
    }
}

/// All channels but these.
pub fn channels_without(names: &[String]) -> Result<Channels, Failure> {
    let known: Vec<&str> = Channel::ALL.iter().map(|c| c.name()).collect();
    names
        .iter()
        .try_fold(Channels::default(), |channels, name| {
            match Channel::named(name) {
                Some(channel) => Ok(channels.without(channel)),
                None => Err(unknown_channel(name, &known)),
            }
        })
}

/// The failure for a name that is no channel; the name of a group is answered with the channels in it.
fn unknown_channel(name: &str, known: &[&str]) -> Failure {
    let group = Channel::ALL.iter().filter(|c| c.group() == name);
    let group: Vec<&str> = group.map(|c| c.name()).collect();
    let what = "a channel (`chokepoint list channels`)";
    if group.is_empty() {
        return wrong_word("--off", name, what, known);
    }
    let channels = group.join("`, `");
    let expected = format!("{what}; `{name}` is the group of `{channels}`");
    wrong_word("--off", name, &expected, &[])
}

/// Names of the fields of a study file.
fn study_fields() -> Vec<String> {
    let schemas = crate::config::schemas();
    let of_study = schemas.iter().find(|(kind, _)| *kind == "study");
    let properties = of_study.and_then(|(_, schema)| schema.get("properties")?.as_object());
    properties.map_or(Vec::new(), |fields| fields.keys().cloned().collect())
}

/// Parameters by name, and fields of the study with their values.
pub type ParsedOverrides = (BTreeMap<String, f64>, Vec<(String, String)>);

/// `PATH=VALUE` on the command line: parameters, checked against their names, and fields of the study.
pub fn settings(library: &Library, set: &[String]) -> Result<ParsedOverrides, Failure> {
    let names: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    let mut parameters = library.parameters.clone();
    let mut all = BTreeMap::new();
    let mut fields = Vec::new();
    for text in set {
        let Some((path, value)) = text.split_once('=') else {
            return Err(wrong_word("--set", text, "PATH=VALUE", &[]));
        };
        let twice = || wrong_word("--set", path, "each parameter or field once", &[]);
        if let Some(field) = path.strip_prefix("study.") {
            if fields.iter().any(|(other, _)| other == field) {
                return Err(twice());
            }
            fields.push((field.to_string(), value.to_string()));
            continue;
        }
        let (mechanism, id) = path
            .split_once('.')
            .map_or((None, path), |(m, id)| (Some(m), id));
        let known = Parameters::NAMES
            .iter()
            .any(|(m, n)| *n == id && mechanism.is_none_or(|x| x == *m));
        if !known {
            let expected =
                "the name of a parameter (`chokepoint list parameters`) or `study.FIELD`";
            if study_fields().iter().any(|field| field == path) {
                let expected = format!("{expected}; the field of the study is `study.{path}`");
                return Err(wrong_word("--set", path, &expected, &[]));
            }
            return Err(wrong_word("--set", path, expected, &names));
        }
        let number: f64 = value
            .parse()
            .map_err(|_| wrong_word("--set", value, "a number", &[]))?;
        check_value(id, number)
            .map_err(|why| Failure::Input(format!("error: --set {text}: {why}\n")))?;
        if let Some((low, high)) = parameters
            .range(id)
            .filter(|(low, high)| number < *low || number > *high)
        {
            note(&format!(
                "note: {id} = {number} is outside its recorded range, {low} to {high}\n"
            ));
        }
        parameters.set(id, number);
        if all.insert(id.to_string(), number).is_some() {
            return Err(twice());
        }
    }
    Ok((all, fields))
}

/// The command that repeats these results, without the number of futures.
fn command_line(
    command: &str,
    configs: &Configs,
    file: &StudyFile,
    choice: &StudyOverrides,
) -> String {
    let mut text = command.to_string();
    if let Some(folder) = configs.own_folder() {
        let folder = folder.to_string_lossy();
        text.push_str(&format!(" {}", shell_option("--configs", &folder)));
    }
    if let Some(seed) = choice.seed.filter(|s| *s != file.seed) {
        text.push_str(&format!(" --seed {seed}"));
    }
    if choice.planning != "adaptive" {
        text.push_str(&format!(
            " {}",
            shell_option("--planning", &choice.planning)
        ));
    }
    for off in &choice.off {
        text.push_str(&format!(" {}", shell_option("--off", off)));
    }
    for set in &choice.set {
        text.push_str(&format!(" {}", shell_option("--set", set)));
    }
    if choice.series {
        text.push_str(" --series");
    }
    text
}
