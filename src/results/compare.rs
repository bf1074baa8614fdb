//! Compares two results folders: which inputs differ, and by how much the tables differ.

use std::collections::BTreeMap;
use std::path::Path;

use super::export::{export, tables};
use super::{Manifest, ResultsError, io};

/// What differs between two results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultsComparison {
    /// Causes: program, seed, settings, inputs.
    pub causes: Vec<String>,
    pub tables: Vec<TableDifference>,
}

/// How one table differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableDifference {
    pub table: String,
    /// Rows of one side alone.
    pub only_first: usize,
    pub only_second: usize,
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
        tables: Vec::new(),
    };
    for name in names {
        let difference = table(a, b, &name, tolerance)?;
        if !difference.is_empty() {
            found.tables.push(difference);
        }
    }
    Ok(found)
}

/// Describes which inputs differ.
pub fn causes(a: &Manifest, b: &Manifest) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |what: &str, x: String, y: String| {
        if x != y {
            all.push(format!("{what}: {x} and {y}"));
        }
    };
    say("version", a.version.clone(), b.version.clone());
    say("source of the program", a.source.clone(), b.source.clone());
    say("study", a.study.name.to_string(), b.study.name.to_string());
    let arms = |m: &Manifest| -> String {
        let names: Vec<&str> = m.study.arms.iter().map(|a| a.name.as_str()).collect();
        names.join(", ")
    };
    say("arms", arms(a), arms(b));
    say("seed", a.seed.to_string(), b.seed.to_string());
    say("futures", a.runs.to_string(), b.runs.to_string());
    say("failed", a.failed.to_string(), b.failed.to_string());
    say(
        "channels off",
        a.channels_off.join(" "),
        b.channels_off.join(" "),
    );
    say("planning", a.planning.clone(), b.planning.clone());
    let window = |m: &Manifest| format!("{} to {}", m.study.window_first, m.study.window_last);
    say("window", window(a), window(b));
    let set = |m: &Manifest| -> String {
        let pairs: Vec<String> = m.set.iter().map(|(k, v)| format!("{k}={v}")).collect();
        pairs.join(" ")
    };
    say("set", set(a), set(b));
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
        for (column, cell) in columns.iter().zip(row) {
            let there = others.iter().position(|c| c == column).map(|at| &other[at]);
            let size = match (cell.parse::<f64>(), there.map(|t| t.parse::<f64>())) {
                _ if there == Some(cell) => continue,
                (Ok(x), Some(Ok(y))) => (x - y).abs() / x.abs().max(y.abs()),
                _ => f64::INFINITY,
            };
            if size > tolerance {
                let at = found.columns.entry(column.clone()).or_default();
                at.0 += 1;
                if size > at.1 {
                    (at.1, at.2) = (size, key.replace('\u{1f}', " ").trim().to_string());
                }
            }
        }
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
