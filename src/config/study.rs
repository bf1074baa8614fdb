//! Reads study files, which name the arms, the futures, the months and the outputs of a study.

use super::answers;
use super::cells::cells_of;
use super::claim;
use super::diagnostics::{Diagnostic, Problems, read_toml, repeated};
use super::draws;
use super::futures::{FutureDesign, WEIGHT, WeightedAlternative};
use super::nations;
use super::overrides::OverriddenStudy;
use super::parameters::check_value;
use super::source::{Configs, Source};
use super::structure;
pub use super::study_file::{Arm, ComposedArm, SameAs, SizeThatMatters, StudyFile};
use crate::foundation::calendar::Month;
use crate::foundation::channels::Channel;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::ExpectationRule;
use crate::outputs::measures::measure;

/// The year that chips, shares and gaps at the start are recorded for: studies begin in it.
const START_YEAR: i32 = 2020;
/// Studies end in it at the latest.
const LAST_YEAR: i32 = 2100;
/// Labs without names, at most: a hundred thousand take a run of half a minute.
const SYNTHETIC_LABS: u32 = 100_000;
/// Futures of each draw of parameters and form where structure counts: two, which is the fewest that tell chance apart.
const CHANCES: u32 = 2;
/// Stresses, variants or arms of a study, at most: each of their combinations has its own law.
const COMBINATIONS: usize = 4096;

/// A study's text with some of its fields written over: `window_months`, `futures.design`.
///
/// # Errors
/// When the file is no TOML, or a path leads through what is no table.
pub fn overridden(source: &Source, fields: &[(String, String)]) -> Result<Source, Problems> {
    OverriddenStudy::of(source, fields).map(|all| all.source)
}

/// Reads a study.
///
/// # Errors
/// For unknown measures, regimes, parameters, channels or nations, numbers that are not finite, a span or window that is
/// empty, or a baseline that is no arm.
pub fn read(source: &Source, configs: &Configs) -> Result<StudyFile, Problems> {
    let mut study: StudyFile = read_toml(source)?;
    study.source = source.clone();
    let mut problems = Problems::default();
    let mut wrong = |text: &str, message: String, candidates: &[&str]| {
        problems.0.push(
            Diagnostic::at_text(source, 0, &format!("\"{text}\""), message)
                .nearest(text, candidates),
        );
    };
    for band in &study.bands {
        if measure(band).is_none() {
            let names: Vec<&str> = crate::outputs::measures::MEASURES
                .iter()
                .map(|m| m.name)
                .collect();
            wrong(band, format!("found `{band}`, expected a measure"), &names);
        }
    }
    for name in study.series.iter().filter(|s| !study.bands.contains(s)) {
        let bands: Vec<&str> = study.bands.iter().map(String::as_str).collect();
        let message = format!("found `{name}`, expected a measure of `bands`");
        wrong(name, message, &bands);
    }
    for (what, list) in [
        ("measure", &study.bands),
        ("measure", &study.series),
        ("figure", &study.figures),
    ] {
        for name in repeated(list) {
            wrong(name, format!("the {what} `{name}` is there twice"), &[]);
        }
    }
    let shipped = configs.list("regimes", ".toml");
    let regimes: Vec<&str> = shipped
        .iter()
        .map(|p| p.trim_start_matches("regimes/").trim_end_matches(".toml"))
        .collect();
    let mut names: Vec<&str> = Vec::new();
    for arm in &study.arms {
        let from = match arm {
            Arm::Regime(name) => name,
            Arm::Composed(arm) => arm.from.get_ref(),
        };
        if !regimes.contains(&from.as_str()) && !from.starts_with("frozen-") {
            wrong(from, format!("found `{from}`, expected a regime"), &regimes);
        }
        if names.contains(&arm.name()) {
            let message = format!("the arm `{}` is there twice", arm.name());
            wrong(arm.name(), message, &[]);
        }
        names.push(arm.name());
    }
    if !names.contains(&study.baseline.as_str()) {
        wrong(
            &study.baseline,
            format!("the baseline `{}` is not one of the arms", study.baseline),
            &names,
        );
    }
    problems.0.extend(limits(source, &study).0);
    problems.0.extend(parties(source, &study, configs)?.0);
    problems.0.extend(switches(source, &study).0);
    problems.0.extend(answers::faults(source, &study).0);
    let claim = study.claim.as_ref();
    problems
        .0
        .extend(claim.map_or(Vec::new(), |c| claim::faults(source, c, configs).0));
    if study.rival_structures
        && let Some(problem) = one_structure_alone(source, &study)
    {
        problems.0.push(problem);
    }
    problems.check()?;
    if study.rival_structures {
        study.futures.variant = structure::drawn(configs)?;
        study.futures.chances = CHANCES;
    }
    if let Some(path) = &study.futures.table {
        study.draws = Some(draws::read(configs, source, path, &study.futures)?);
    }
    Ok(study)
}

/// Why rival structures do not go with the futures of a study, if so.
fn one_structure_alone(source: &Source, study: &StudyFile) -> Option<Diagnostic> {
    let f = &study.futures;
    let (field, message) = if f.design != FutureDesign::Replicates {
        let message = "found another design beside `rival_structures`, which draws pairs of futures: expected `replicates`, or `rival_structures = false`";
        ("design", message)
    } else if !f.variant.is_empty() {
        let message = "found structural variants of this study beside `rival_structures`, expected one of the two";
        ("rival_structures", message)
    } else {
        return None;
    };
    Some(Diagnostic::at_field(source, field, message))
}

/// What is wrong with months and numbers of futures.
fn limits(source: &Source, study: &StudyFile) -> Problems {
    let mut problems = Problems::default();
    let mut wrong = |field: &str, message: String| {
        problems
            .0
            .push(Diagnostic::at_field(source, field, message));
    };
    if study.last_month - study.first_month < 24 {
        let message = "found less than 24 months, expected at least two years";
        wrong("last_month", message.into());
    }
    if study.first_month.year() != START_YEAR {
        let message = format!(
            "found {}, expected a month of {START_YEAR}, the year that stocks, shares and gaps at the start are recorded for",
            study.first_month
        );
        wrong("first_month", message);
    }
    if study.last_month.year() > LAST_YEAR {
        let message = format!(
            "found {}, expected a month to {LAST_YEAR}",
            study.last_month
        );
        wrong("last_month", message);
    }
    if study.synthetic_labs > SYNTHETIC_LABS {
        let found = study.synthetic_labs;
        let message = format!("found {found}, expected {SYNTHETIC_LABS} labs at most");
        wrong("synthetic_labs", message);
    }
    let kinds = study.futures.stress.len().max(1) * study.futures.variant.len().max(1);
    let combinations = kinds.saturating_mul(study.arms.len());
    if combinations > COMBINATIONS {
        let message = format!(
            "found {combinations} combinations of arms, stress and variants, expected {COMBINATIONS} at most"
        );
        wrong("arms", message);
    }
    if study.runs == 0 {
        wrong("runs", "found 0, expected at least 1".into());
    }
    if study.window_months == 0 {
        wrong("window_months", "found 0, expected at least 1".into());
    }
    let span = study.first_month..=study.last_month;
    if let Some(first) = study.window_first.filter(|m| !span.contains(m)) {
        let (from, to) = (study.first_month, study.last_month);
        let message = format!("found {first}, expected a month from {from} to {to}");
        wrong("window_first", message);
    } else if let Some(first) = study.window_first
        && study.window_months > 0
        && let Err(message) = window_end(study, first)
    {
        // A length that fits no start is wrong by itself.
        let fits = window_end(study, study.first_month).is_ok();
        let field = if fits {
            "window_first"
        } else {
            "window_months"
        };
        wrong(field, message);
    }
    problems
}

/// Holds the end of a window that begins in this month against that of the study.
///
/// # Errors
/// In words, when it is later.
pub fn window_end(study: &StudyFile, first: Month) -> Result<(), String> {
    let left = (study.last_month - first + 1).max(0);
    if i64::from(study.window_months) <= i64::from(left) {
        return Ok(());
    }
    Err(format!(
        "found a window of {} months from {first}, expected {left} at most: the study ends with {}",
        study.window_months, study.last_month
    ))
}

/// What is wrong with the target and the issuer.
fn parties(source: &Source, study: &StudyFile, configs: &Configs) -> Result<Problems, Problems> {
    // Columns alone: the tables were read and checked as a whole with the library.
    let nations = cells_of(configs, nations::NATIONS.path, "iso3")?;
    let homes = cells_of(configs, "world/labs.csv", "home")?;
    let codes: Vec<&str> = nations.iter().map(String::as_str).collect();
    let mut problems = Problems::default();
    for (field, iso3) in [("target", &study.target), ("issuer", &study.issuer)] {
        if !codes.contains(&iso3.as_str()) {
            let message = format!("found `{iso3}`, expected the ISO3 code of a nation");
            let wrong = Diagnostic::at_field(source, field, message);
            problems.0.push(wrong.nearest(iso3, &codes));
        }
    }
    let has_lab = |iso3: &str| homes.iter().any(|home| home == iso3);
    let possible: Vec<&str> = codes.iter().copied().filter(|c| has_lab(c)).collect();
    for (field, iso3) in [("target", &study.target), ("issuer", &study.issuer)] {
        if codes.contains(&iso3.as_str()) && !has_lab(iso3) {
            let message = format!(
                "labs.csv has no lab at home in {iso3}, so that the gap between target and issuer has no meaning"
            );
            let help = format!("nations with labs: {}", possible.join(", "));
            let wrong = Diagnostic::at_field(source, field, message);
            problems.0.push(wrong.help(help));
        }
    }
    if study.target == study.issuer {
        let message = "the target cannot be the issuer";
        problems
            .0
            .push(Diagnostic::at_field(source, "target", message));
    }
    Ok(problems)
}

/// What is wrong with names and numbers in the futures and in composed arms.
fn switches(source: &Source, study: &StudyFile) -> Problems {
    let mut problems = Problems::default();
    let f = &study.futures;
    let parameters: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    let channels: Vec<&str> = Channel::ALL.iter().map(|c| c.name()).collect();
    let plannings: Vec<&str> = ExpectationRule::ALL.iter().map(|p| p.name()).collect();
    // Names are looked for after the table that speaks of futures or arms, not in the measures before it.
    let mut known = |found: &str, expected: &str, list: &[&str]| {
        if !list.contains(&found) {
            let message = format!("found `{found}`, expected {expected}");
            problems
                .0
                .push(Diagnostic::at_text(source, 0, found, message).nearest(found, list));
        }
    };
    let composed: Vec<&ComposedArm> = study
        .arms
        .iter()
        .filter_map(|a| match a {
            Arm::Composed(arm) => Some(arm.as_ref()),
            Arm::Regime(_) => None,
        })
        .collect();
    let alternatives = || f.stress.iter().chain(&f.variant);
    let sets = alternatives().map(|a| &a.set);
    for set in sets.chain(composed.iter().map(|a| &a.set)) {
        set.keys()
            .for_each(|id| known(id, "a parameter", &parameters));
    }
    f.levels
        .keys()
        .for_each(|id| known(id, "a parameter", &parameters));
    let offs = alternatives().map(|a| &a.off).chain([&f.off]);
    for off in offs.chain(composed.iter().map(|a| &a.off)) {
        off.iter()
            .for_each(|name| known(name, "a channel", &channels));
    }
    let planned = alternatives().filter_map(|a| a.planning.as_ref());
    for planning in planned.chain(composed.iter().filter_map(|a| a.planning.as_ref())) {
        known(planning, "a rule of behaviour", &plannings);
    }
    let sets = alternatives()
        .map(|a| &a.set)
        .chain(composed.iter().map(|a| &a.set));
    let numbers = sets.flatten().map(|(id, value)| (id, *value));
    let levels = f.levels.iter();
    let levels = levels.flat_map(|(id, values)| values.iter().map(move |v| (id, *v)));
    for (id, value) in numbers.chain(levels) {
        if let Err(why) = check_value(id, value) {
            problems
                .0
                .push(Diagnostic::at_number(source, id, value, why));
        }
    }
    let mut wrong = |text: &str, message: &str| {
        problems
            .0
            .push(Diagnostic::at_text(source, 0, text, message));
    };
    for alternative in alternatives() {
        let name = format!("\"{}\"", alternative.name);
        if !(alternative.weight > 0.0 && alternative.weight <= WEIGHT) {
            let found = alternative.weight;
            let message = format!("found the weight {found}, expected one above zero, to {WEIGHT}");
            wrong(&name, &message);
        }
        if alternatives()
            .filter(|a| a.name == alternative.name)
            .count()
            > 1
            || ["all", ""].contains(&alternative.name.as_str())
        {
            wrong(
                &name,
                "each stress and variant needs a name of its own, and not `all`",
            );
        }
    }
    for list in [&f.stress, &f.variant] {
        for (at, later) in list.iter().enumerate() {
            let changes =
                !later.set.is_empty() || !later.off.is_empty() || later.planning.is_some();
            let same = |a: &&WeightedAlternative| {
                a.name != later.name
                    && (&a.set, &a.off, &a.planning) == (&later.set, &later.off, &later.planning)
            };
            if let Some(earlier) = list[..at].iter().find(same).filter(|_| changes) {
                let message = format!(
                    "found `{}`, which changes what `{}` changes, expected one of the two, with the weights of both",
                    later.name, earlier.name
                );
                wrong(&format!("\"{}\"", later.name), &message);
            }
        }
    }
    let mut wrong = |field: &str, message: &str| {
        problems
            .0
            .push(Diagnostic::at_field(source, field, message));
    };
    match (f.design, f.levels.is_empty(), &f.table) {
        (FutureDesign::List, _, None) => wrong("design", "the design `list` needs a `table`"),
        (FutureDesign::Factorial, true, _) if alternatives().next().is_none() => {
            wrong(
                "design",
                "the design `factorial` needs `levels`, `stress` or `variant`",
            );
        }
        (d, false, _) if d != FutureDesign::Factorial => {
            wrong("levels", "`levels` belong to the design `factorial`");
        }
        (d, _, Some(_)) if d != FutureDesign::List => {
            wrong("table", "a `table` belongs to the design `list`");
        }
        _ if f.levels.values().any(Vec::is_empty) => wrong("levels", "a parameter without levels"),
        _ => {}
    }
    for (id, values) in &f.levels {
        let twice = |at: &usize| values[..*at].contains(&values[*at]);
        if let Some(at) = (0..values.len()).find(twice) {
            wrong(id, &format!("the level {} is there twice", values[at]));
        }
    }
    problems
}
