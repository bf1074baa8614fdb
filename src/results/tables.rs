//! Side tables: CSV files that other commands add to a results folder, read by name and column.

use std::collections::BTreeMap;
use std::path::Path;

use super::{ResultsError, files, io};
use crate::foundation::escape::{csv_cell, csv_plain};

/// A table as it is written: columns by name, cells as text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideTable {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl SideTable {
    /// Which column has this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == name)
    }

    pub fn text<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        self.column(column)
            .and_then(|at| row.get(at))
            .map_or("", String::as_str)
    }

    pub fn number(&self, row: &[String], column: &str) -> Option<f64> {
        let value: f64 = self.text(row, column).parse().ok()?;
        value.is_finite().then_some(value)
    }

    /// The table as CSV, with cells that a spreadsheet would run as formulas made harmless.
    ///
    /// # Errors
    /// When it is no text.
    pub fn to_csv(&self) -> Result<String, std::io::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| csv_cell(cell).into_owned()))?;
        }
        let bytes = writer
            .into_inner()
            .map_err(|e| std::io::Error::other(e.to_string()))?;
        String::from_utf8(bytes).map_err(std::io::Error::other)
    }

    /// Rows in which every named column that exists holds the given text.
    pub fn matching<'a>(&'a self, wanted: &[(&str, &str)]) -> Vec<&'a [String]> {
        let holds = |row: &[String]| {
            wanted
                .iter()
                .all(|(column, text)| self.column(column).is_none_or(|at| row[at] == *text))
        };
        self.rows
            .iter()
            .map(Vec::as_slice)
            .filter(|row| holds(row))
            .collect()
    }

    /// Every text of a column, once, in the order of the rows.
    pub fn distinct(&self, rows: &[&[String]], column: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for row in rows {
            let text = self.text(row, column);
            if !found.iter().any(|f| f == text) {
                found.push(text.to_string());
            }
        }
        found
    }
}

/// Every CSV file of a folder but those that a run writes itself, by name without ending.
///
/// # Errors
/// When a file is no CSV.
pub fn read(folder: &Path) -> Result<BTreeMap<String, SideTable>, ResultsError> {
    let mut tables = BTreeMap::new();
    let entries = std::fs::read_dir(folder).map_err(|e| io(folder, e))?;
    for entry in entries.flatten() {
        let path = entry.path();
        let name = path.file_stem().map(|n| n.to_string_lossy().into_owned());
        let Some(name) =
            name.filter(|n| !["effects", "certainty", "failures", "tape"].contains(&n.as_str()))
        else {
            continue;
        };
        if path.extension().is_none_or(|e| e != "csv") || !path.is_file() {
            continue;
        }
        let reader = csv::Reader::from_path(&path).map_err(|e| io(&path, e))?;
        tables.insert(name, of_reader(reader).map_err(|e| io(&path, e))?);
    }
    Ok(tables)
}

/// A table from its text.
///
/// # Errors
/// When the text is no CSV.
pub fn parse(text: &str) -> Result<SideTable, csv::Error> {
    of_reader(csv::Reader::from_reader(text.as_bytes()))
}

fn of_reader<R: std::io::Read>(mut reader: csv::Reader<R>) -> Result<SideTable, csv::Error> {
    let columns = reader.headers()?.iter().map(str::to_string).collect();
    let rows = reader
        .records()
        .map(|r| r.map(|r| r.iter().map(|cell| csv_plain(cell).to_string()).collect()))
        .collect::<Result<_, _>>()?;
    Ok(SideTable { columns, rows })
}

/// Writes the tables beside the others.
///
/// # Errors
/// When a file cannot be written.
pub fn write(tables: &BTreeMap<String, SideTable>, folder: &Path) -> Result<(), ResultsError> {
    for (name, table) in tables {
        let path = folder.join(format!("{name}.csv"));
        files::write(&path, table.to_csv().map_err(|e| io(&path, e))?)?;
    }
    Ok(())
}
