//! Names that cells of tables may point at, as the tables of the world hold them.

use std::collections::{HashMap, HashSet};

use super::source::Configs;
use super::table::{KnownNames, NameKind};

impl KnownNames {
    /// The names that the tables of the world hold. A table that cannot be read gives none; its own reader says why.
    pub fn read(configs: &Configs) -> Self {
        let mut columns: HashMap<(&str, &str), Vec<String>> = HashMap::new();
        for names in NameKind::ALL {
            let (path, name, ..) = names.origin();
            columns
                .entry((path, name))
                .or_insert_with(|| different_cells(configs, path, name));
        }
        let of = |names: NameKind| {
            let (path, name, besides, _) = names.origin();
            let mut found = columns.get(&(path, name)).cloned().unwrap_or_default();
            if !found.is_empty() {
                found.extend(besides.iter().map(|b| (*b).to_string()));
            }
            (names, found)
        };
        Self(NameKind::ALL.into_iter().map(of).collect())
    }
}

/// The different cells of a column that are not empty.
fn different_cells(configs: &Configs, path: &str, name: &str) -> Vec<String> {
    let Ok(source) = configs.read(path) else {
        return Vec::new();
    };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(source.text.as_bytes());
    let at = reader
        .headers()
        .ok()
        .and_then(|h| h.iter().position(|header| header == name));
    let Some(at) = at else {
        return Vec::new();
    };
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for record in reader.records().map_while(Result::ok) {
        if let Some(cell) = record.get(at).filter(|c| !c.is_empty())
            && seen.insert(cell.to_string())
        {
            found.push(cell.to_string());
        }
    }
    found
}
