//! A question as a study: the text that is run, offered and repeated, and the files of rules beside it.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Array, DocumentMut, InlineTable, Value};

use super::arms::{ArmInProgress, RuleEditor, list_of};
use super::numbers::LargestOfChips;
use super::question::{ExplorerQuestion, OwnRule, QuestionProblem, RefusedQuestion, RuleEdit};
use super::rule_copies::{self, NumbersOfRule, RuleCopies};
use crate::config::diagnostics::{Problems, read_toml};
use crate::config::parameters::check_value;
use crate::config::source::Source;
use crate::config::study::{StudyFile, overridden};
use crate::controls::{DatedRule, Regime};
use crate::foundation::calendar::Month;
use crate::foundation::channels::Channel;
use crate::foundation::parameters::Parameters;
use crate::study::Library;

/// The study of a question that names none.
pub const MAIN_STUDY: &str = "did-controls-work";

/// The last year of a question: later months are those of no source.
const LAST_YEAR: i32 = 2040;

/// Measures that the page draws: they have bands in every study of a question.
pub const DRAWN_MEASURES: [&str; 6] = [
    "latent_gap_months",
    "gap_months",
    "maker_share_value",
    "compute_owned_h100e",
    "rented_h100e",
    "grey_h100e",
];

/// A question as it is run.
#[derive(Clone, Debug, PartialEq)]
pub struct ComposedQuestion {
    pub source: Source,
    /// Files that lie under `--configs`, by path.
    pub files: BTreeMap<String, String>,
    /// Names of the arms in the study: the baseline, then the others in their order.
    pub arms: Vec<String>,
}

/// What a question is put together from.
#[derive(Clone, Copy)]
pub struct QuestionParts<'a> {
    pub library: &'a Library,
    pub largest: &'a LargestOfChips,
    /// Studies of the user's own, by name.
    pub studies: &'a BTreeMap<String, Source>,
}

fn refused(field: &str, problems: &Problems) -> RefusedQuestion {
    QuestionProblem::all(problems, |_| field.to_string())
}

/// Names of the shipped files of a folder.
pub fn names_in(library: &Library, folder: &str) -> Vec<String> {
    let below = format!("{folder}/");
    let paths = library.configs.list(folder, ".toml");
    let plain = |path: &String| {
        let name = path.trim_start_matches(&below);
        name.trim_end_matches(".toml").to_string()
    };
    paths.iter().map(plain).collect()
}

/// The file of a study by its name. No file of the disk is read.
///
/// # Errors
/// When there is none.
pub fn study_source(parts: QuestionParts<'_>, name: &str) -> Result<Source, RefusedQuestion> {
    let library = parts.library;
    if let Some(source) = parts.studies.get(name) {
        return Ok(source.clone());
    }
    let name = if name.is_empty() { MAIN_STUDY } else { name };
    let studies = names_in(library, "studies");
    if !studies.iter().any(|study| study == name) {
        let known: Vec<&str> = studies.iter().map(String::as_str).collect();
        let problem = QuestionProblem::word("study", name, "a study of the program", &known);
        return Err(vec![problem]);
    }
    let read = library.configs.read(&format!("studies/{name}.toml"));
    read.map_err(|problems| refused("study", &problems))
}

/// The arms of a study file as they are written, by name.
fn written_arms(source: &Source) -> BTreeMap<String, InlineTable> {
    let document: DocumentMut = source.text.parse().unwrap_or_default();
    let arms = document.get("arms").and_then(|arms| arms.as_array());
    let mut found = BTreeMap::new();
    for arm in arms.into_iter().flatten() {
        if let Some(table) = arm.as_inline_table() {
            let name = table.get("name").and_then(Value::as_str);
            found.insert(name.unwrap_or_default().to_string(), table.clone());
        }
    }
    found
}

/// What a question changes in parameters and responses, and its months.
fn settings(q: &ExplorerQuestion) -> (Option<Month>, RefusedQuestion) {
    let mut problems = q.limits();
    let names: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    for (id, value) in &q.parameters {
        let field = format!("parameters.{id}");
        if !names.contains(&id.as_str()) {
            problems.push(QuestionProblem::word(field, id, "a parameter", &names));
        } else if let Err(why) = check_value(id, *value) {
            problems.push(QuestionProblem::at(field, why));
        }
    }
    let channels: Vec<&str> = Channel::ALL.iter().map(|c| c.name()).collect();
    for name in &q.off {
        if Channel::named(name).is_none() {
            problems.push(QuestionProblem::word("off", name, "a response", &channels));
        }
    }
    let end: Result<Month, String> = q.end.parse();
    match end {
        Ok(end) => (Some(end), problems),
        Err(why) => {
            problems.push(QuestionProblem::at("end", why));
            (None, problems)
        }
    }
}

/// Makes the study of a question.
///
/// # Errors
/// With everything that is wrong, each at its field.
pub fn compose(
    parts: QuestionParts<'_>,
    q: &ExplorerQuestion,
) -> Result<ComposedQuestion, RefusedQuestion> {
    let (library, largest) = (parts.library, parts.largest);
    let (end, mut problems) = settings(q);
    let source = study_source(parts, &q.study)?;
    let arms: BTreeSet<&str> = q.arms.iter().map(String::as_str).collect();
    let of_rules = q
        .rules
        .iter()
        .map(|r| (format!("rules.{}.arm", r.name), &r.arm));
    let of_own = q
        .own_rules
        .iter()
        .map(|r| (format!("own_rules.{}.arm", r.name), &r.arm));
    for (field, arm) in of_rules.chain(of_own) {
        if !arms.contains(arm.as_str()) {
            let known: Vec<&str> = arms.iter().copied().collect();
            problems.push(QuestionProblem::word(
                field,
                arm,
                "an arm of the question",
                &known,
            ));
        }
    }
    let Some(end) = end.filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    let mut chosen = chosen_arms(library, &source, q)?;
    let mut files = BTreeMap::new();
    for at in 1..chosen.len() {
        edit_arm(library, largest, q, at, &mut chosen, &mut files)?;
    }
    let fields = fields(q, end, &source, &mut chosen)?;
    let mut source = overridden(&source, &fields).map_err(|p| refused("study", &p))?;
    let name = format!(
        "explore-{}",
        if q.study.is_empty() {
            MAIN_STUDY
        } else {
            &q.study
        }
    );
    source.name = format!("{name}.toml");
    Ok(ComposedQuestion {
        source,
        files,
        arms: chosen.into_iter().map(|arm| arm.name).collect(),
    })
}

/// The arms that are asked for, as they ship: the baseline first.
fn chosen_arms(
    library: &Library,
    source: &Source,
    q: &ExplorerQuestion,
) -> Result<Vec<ArmInProgress>, RefusedQuestion> {
    let written = written_arms(source);
    let regimes = names_in(library, "regimes");
    let file: StudyFile = read_toml(source).map_err(|p| refused("study", &p))?;
    let mut known: Vec<&str> = regimes.iter().map(String::as_str).collect();
    known.extend(written.keys().map(String::as_str));
    let baseline = ("baseline", &q.baseline);
    let all = std::iter::once(baseline).chain(q.arms.iter().map(|arm| ("arms", arm)));
    let mut chosen: Vec<ArmInProgress> = Vec::new();
    for (field, arm) in all {
        let table = written.get(arm).cloned();
        let frozen = arm.starts_with("frozen-");
        if table.is_none() && !frozen && !regimes.contains(arm) {
            let expected = "a regime, or an arm of the study";
            return Err(vec![QuestionProblem::word(field, arm, expected, &known)]);
        }
        let regime = if table.is_some() {
            let mut only = file.clone();
            only.arms.retain(|a| a.name() == arm);
            library.arms(&only).map(|mut all| all.remove(0))
        } else {
            library.regime(arm)
        };
        // A copy of the baseline that the question changes.
        let name = if chosen.first().is_some_and(|first| first.name == *arm) {
            format!("{arm}-changed")
        } else {
            arm.clone()
        };
        let mut one = ArmInProgress {
            table,
            regime: regime.map_err(|p| refused(field, &p))?,
            changes: Vec::new(),
            name,
        };
        if one.name != *arm {
            let name = one.name.clone();
            one.table(arm).insert("name", name.into());
        }
        chosen.push(one);
    }
    Ok(chosen)
}

/// Puts what the question changes into an arm, and the files of rules that this takes.
fn edit_arm(
    library: &Library,
    largest: &LargestOfChips,
    q: &ExplorerQuestion,
    at: usize,
    chosen: &mut [ArmInProgress],
    files: &mut BTreeMap<String, String>,
) -> Result<(), RefusedQuestion> {
    let asked = &q.arms[at - 1];
    let edits: Vec<&RuleEdit> = q.rules.iter().filter(|edit| edit.arm == *asked).collect();
    let own: Vec<&OwnRule> = q.own_rules.iter().filter(|own| own.arm == *asked).collect();
    if edits.is_empty() && own.is_empty() {
        return Ok(());
    }
    let arm = &mut chosen[at];
    let with_numbers: BTreeMap<String, NumbersOfRule> = edits
        .iter()
        .filter(|edit| edit.on != Some(false) && !edit.numbers.is_empty())
        .map(|edit| (edit.name.clone(), edit.numbers.clone()))
        .collect();
    let held = held_rules(library, &arm.regime);
    // The second arm that changes numbers has copies of its own.
    let suffix = if at == 1 {
        "changed".to_string()
    } else {
        format!("changed-{at}")
    };
    let copies = if with_numbers.is_empty() {
        RuleCopies::default()
    } else {
        let configs = library.configs.clone().with(files.clone());
        rule_copies::copies(
            &configs,
            &library.law,
            largest,
            &with_numbers,
            &held,
            &suffix,
        )?
    };
    let mut editor = RuleEditor {
        library,
        copies: &copies,
        from: asked.clone(),
        problems: Vec::new(),
    };
    edits.iter().for_each(|edit| editor.apply(arm, edit));
    let edited: BTreeSet<&str> = edits.iter().map(|edit| edit.name.as_str()).collect();
    editor.followers(arm, &edited);
    if !editor.problems.is_empty() {
        return Err(editor.problems);
    }
    files.extend(copies.files);
    let nations: Vec<&str> = library.nations.iter().map(|n| n.iso3.as_str()).collect();
    for rule in own {
        let (path, text) = rule_copies::own_file(rule, largest, &nations)?;
        let field = format!("own_rules.{}.name", rule.name);
        if library.law.find(&rule.name).is_some() {
            let message = format!(
                "found `{}`, the name of a shipped rule; expected another",
                rule.name
            );
            return Err(vec![QuestionProblem::at(field, message)]);
        }
        if files.get(&path).is_some_and(|there| *there != text) {
            let message = format!(
                "two rules of the name `{}` differ; expected two names",
                rule.name
            );
            return Err(vec![QuestionProblem::at(field, message)]);
        }
        files.insert(path, text);
        if let Some(list) = list_of(arm.table(asked), "add") {
            list.push(rule.name.as_str());
        }
        let (from, until) = (&rule.announced, &rule.in_force);
        let words = format!("{} added (announced {from}, in force {until})", rule.name);
        arm.changes.push(words);
    }
    Ok(())
}

fn held_rules(library: &Library, regime: &Regime) -> BTreeSet<String> {
    let id = |e: &DatedRule| library.law.rules[usize::from(e.rule)].id.clone();
    regime.entries.iter().map(id).collect()
}

/// The fields of the study that the question writes over.
fn fields(
    q: &ExplorerQuestion,
    end: Month,
    source: &Source,
    chosen: &mut [ArmInProgress],
) -> Result<Vec<(String, String)>, RefusedQuestion> {
    let file: StudyFile = read_toml(source).map_err(|p| refused("study", &p))?;
    let (first, last) = (file.first_month.plus(24), Month::of(LAST_YEAR, 12));
    if !(first..=last).contains(&end) {
        let message = format!("found {end}, expected a month from {first} to {last}");
        return Err(vec![QuestionProblem::at("end", message)]);
    }
    let quoted = |text: &str| Value::from(text).to_string().trim().to_string();
    let names: Vec<String> = chosen.iter().map(|arm| arm.name.clone()).collect();
    let mut arms = Array::new();
    let all_asked: Vec<&String> = std::iter::once(&q.baseline).chain(&q.arms).collect();
    for (arm, asked) in chosen.iter_mut().zip(all_asked) {
        if !q.parameters.is_empty() {
            let set = arm
                .table(asked)
                .entry("set")
                .or_insert_with(|| InlineTable::new().into());
            if let Some(set) = set.as_inline_table_mut() {
                for (id, value) in &q.parameters {
                    set.insert(id, (*value).into());
                }
            }
        }
        if !arm.changes.is_empty() {
            let label = if arm.regime.label.is_empty() {
                asked.as_str()
            } else {
                &arm.regime.label
            };
            let label = format!("{label}, changed");
            let words = arm.regime.words.trim_end_matches('.');
            let words = format!("{words}. Changed: {}.", arm.changes.join("; "));
            let table = arm.table(asked);
            table.insert("label", label.into());
            table.insert("description", words.into());
        }
        let mut value = match &arm.table {
            Some(table) => Value::InlineTable(plain(table, &names)),
            None => Value::from(arm.name.as_str()),
        };
        *value.decor_mut() = toml_edit::Decor::new("\n  ", "");
        arms.push_formatted(value);
    }
    arms.set_trailing("\n");
    let mut bands = file.bands.clone();
    bands.extend(
        DRAWN_MEASURES
            .iter()
            .filter(|m| !file.bands.iter().any(|b| b == *m))
            .map(|m| (*m).to_string()),
    );
    let study = if q.study.is_empty() {
        MAIN_STUDY
    } else {
        &q.study
    };
    let words = |list: &[String]| {
        list.iter()
            .map(String::as_str)
            .collect::<Array>()
            .to_string()
    };
    let mut fields = vec![
        ("name", quoted(&format!("explore-{study}"))),
        (
            "description",
            quoted(&format!("Asked in the explorer, from the study `{study}`.")),
        ),
        ("arms", arms.to_string()),
        ("baseline", quoted(&names[0])),
        ("headline", quoted(&names[1])),
        ("runs", q.futures.to_string()),
        ("seed", q.seed.to_string()),
        ("last_month", quoted(&end.to_string())),
    ];
    if bands.len() > file.bands.len() {
        fields.push(("bands", words(&bands)));
    }
    if file.futures.off != q.off {
        fields.push(("futures.off", words(&q.off)));
    }
    // Direct effects replay the process of the baseline.
    if file.direct && chosen[0].regime.process.is_none() {
        fields.push(("direct", "false".into()));
    }
    Ok(fields
        .into_iter()
        .map(|(field, value)| (field.to_string(), value))
        .collect())
}

/// An arm on one line, without what it says of arms that are not asked for.
fn plain(table: &InlineTable, names: &[String]) -> InlineTable {
    let mut plain = table.clone();
    let other = plain.get("same_as").and_then(|same| {
        same.as_inline_table()?
            .get("arm")?
            .as_str()
            .map(String::from)
    });
    if other.is_some_and(|other| !names.contains(&other)) {
        plain.remove("same_as");
    }
    plain.fmt();
    plain
}
