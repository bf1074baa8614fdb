//! Compares two results folders: which inputs differ, and by how much the tables differ.

use std::collections::BTreeMap;
use std::path::Path;

use super::export::{export, tables};
use super::{Manifest, ResultsError, io};

/// What two results share and what differs between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultsComparison {
    /// Causes: program, seed, settings, inputs.
    pub causes: Vec<String>,
    /// What is equal of program, seed, settings and inputs.
    pub shared: Vec<String>,
    pub tables: Vec<TableDifference>,
    /// Tables that are equal.
    pub equal_tables: Vec<String>,
}

/// How one table differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableDifference {
    pub table: String,
    /// Rows of one side alone.
    pub only_first: usize,
    pub only_second: usize,
    /// Rows of both sides, and how many of them are equal.
    pub shared: usize,
    pub equal: usize,
    /// Columns with cells that differ by more than the tolerance: how many cells, the largest difference, and where.
    pub columns: BTreeMap<String, (usize, f64, String)>,
}

impl TableDifference {
    pub fn is_empty(&self) -> bool {
        self.only_first + self.only_second == 0 && self.columns.is_empty()
    }
}

/// Compares two folders. Numbers within `tolerance`, relative to the larger of the two, are the same.
///
/// # Errors
/// When one of them is no results folder.
pub fn compare(a: &Path, b: &Path, tolerance: f64) -> Result<ResultsComparison, ResultsError> {
    let (first, second) = (Manifest::read(a)?, Manifest::read(b)?);
    let mut names = tables(a);
    names.extend(tables(b));
    names.sort();
    names.dedup();
    let mut found = ResultsComparison {
        causes: causes(&first, &second),
        shared: shared(&first, &second),
        ..ResultsComparison::default()
    };
    for name in names {
        let difference = table(a, b, &name, tolerance)?;
        if difference.is_empty() {
            found.equal_tables.push(name);
        } else {
            found.tables.push(difference);
        }
    }
    Ok(found)
}

/// Settings that may differ between two results, each with its name.
fn settings(m: &Manifest) -> Vec<(&'static str, String)> {
    let arms: Vec<&str> = m.study.arms.iter().map(|a| a.name.as_str()).collect();
    let set: Vec<String> = m.set.iter().map(|(k, v)| format!("{k}={v}")).collect();
    vec![
        ("version", m.version.clone()),
        ("source of the program", m.source.clone()),
        ("study", m.study.name.to_string()),
        ("arms", arms.join(", ")),
        ("seed", m.seed.to_string()),
        ("futures", m.runs.to_string()),
        ("failed", m.failed.to_string()),
        ("channels off", m.channels_off.join(" ")),
        ("planning", m.planning.clone()),
        (
            "window",
            format!("{} to {}", m.study.window_first, m.study.window_last),
        ),
        ("set", set.join(" ")),
    ]
}

/// What is equal of two results: settings, arms and input files.
fn shared(a: &Manifest, b: &Manifest) -> Vec<String> {
    let mut all: Vec<String> = settings(a)
        .into_iter()
        .zip(settings(b))
        .filter(|((_, x), (_, y))| x == y && !x.is_empty())
        .map(|((what, x), _)| format!("{what}: {x}"))
        .collect();
    let same_arms = |arm: &&super::ArmInfo| b.study.arms.contains(arm);
    let arms: Vec<&str> = a
        .study
        .arms
        .iter()
        .filter(same_arms)
        .map(|arm| arm.name.as_str())
        .collect();
    if !arms.is_empty() && arms.len() < a.study.arms.len().max(b.study.arms.len()) {
        all.push(format!("arms with the same rules: {}", arms.join(", ")));
    }
    let names = a.inputs.keys().chain(b.inputs.keys());
    let count = names.collect::<std::collections::BTreeSet<_>>().len();
    let same = a
        .inputs
        .iter()
        .filter(|(k, v)| b.inputs.get(*k) == Some(*v));
    all.push(format!("input files: {} of {count}", same.count()));
    all
}

/// Describes which inputs differ.
pub fn causes(a: &Manifest, b: &Manifest) -> Vec<String> {
    let mut all: Vec<String> = settings(a)
        .into_iter()
        .zip(settings(b))
        .filter(|((_, x), (_, y))| x != y)
        .map(|((what, x), (_, y))| format!("{what}: {x} and {y}"))
        .collect();
    let mut names: Vec<&String> = a.inputs.keys().chain(b.inputs.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        match (a.inputs.get(name), b.inputs.get(name)) {
            (Some(x), Some(y)) if x == y => {}
            (Some(_), Some(_)) => all.push(format!("input {name}: its text")),
            (Some(_), None) => all.push(format!("input {name}: only in the first")),
            (None, _) => all.push(format!("input {name}: in the second alone")),
        }
    }
    all
}

/// Columns that say what a row is about.
const KEYS: &[&str] = &[
    "outcome",
    "regime",
    "baseline",
    "run",
    "month",
    "measure",
    "entity",
    "stratum",
    "variant",
    "horizon_months",
    "discount",
    "kind",
    "actor",
    "object",
    "cause",
];

type KeyedRows = BTreeMap<String, Vec<String>>;

fn table(a: &Path, b: &Path, name: &str, tolerance: f64) -> Result<TableDifference, ResultsError> {
    let (columns, first) = rows(a, name)?;
    let (others, second) = rows(b, name)?;
    let mut found = TableDifference {
        table: name.to_string(),
        only_second: second.keys().filter(|k| !first.contains_key(*k)).count(),
        ..TableDifference::default()
    };
    for (key, row) in &first {
        let Some(other) = second.get(key) else {
            found.only_first += 1;
            continue;
        };
        found.shared += 1;
        let mut equal = true;
        for (column, cell) in columns.iter().zip(row) {
            let there = others.iter().position(|c| c == column).map(|at| &other[at]);
            let size = match (cell.parse::<f64>(), there.map(|t| t.parse::<f64>())) {
                _ if there == Some(cell) => continue,
                (Ok(x), Some(Ok(y))) => (x - y).abs() / x.abs().max(y.abs()),
                _ => f64::INFINITY,
            };
            if size > tolerance {
                equal = false;
                let at = found.columns.entry(column.clone()).or_default();
                at.0 += 1;
                if size > at.1 {
                    (at.1, at.2) = (size, key.replace('\u{1f}', " ").trim().to_string());
                }
            }
        }
        found.equal += usize::from(equal);
    }
    Ok(found)
}

/// The cells of a table by what each row is about, and the names of its columns.
fn rows(folder: &Path, name: &str) -> Result<(Vec<String>, KeyedRows), ResultsError> {
    if !tables(folder).iter().any(|t| t == name) {
        return Ok((Vec::new(), KeyedRows::new()));
    }
    let mut text = Vec::new();
    export(folder, name, usize::MAX, &mut text)?;
    let path = folder.join(name);
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let columns: Vec<String> = reader
        .headers()
        .map_err(|e| io(&path, e))?
        .iter()
        .map(String::from)
        .collect();
    let mut all = KeyedRows::new();
    for record in reader.records() {
        let record = record.map_err(|e| io(&path, e))?;
        let cells: Vec<String> = record.iter().map(String::from).collect();
        let about = columns.iter().zip(&cells);
        let about = about.filter(|(c, _)| KEYS.contains(&c.as_str()));
        let key: Vec<&str> = about.map(|(_, cell)| cell.as_str()).collect();
        let key = key.join("\u{1f}");
        // Rows about the same thing (two events of a month) are told apart by their order.
        let twin = (0..).map(|n| format!("{key}\u{1f}{n}"));
        let free = twin.take(1 + all.len()).find(|k| !all.contains_key(k));
        all.insert(free.unwrap_or(key), cells);
    }
    Ok((columns, all))
}
