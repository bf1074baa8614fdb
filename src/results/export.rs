//! Exports tables of a results folder as comma-separated values, batch by batch.

use std::io::Write;
use std::path::Path;

use super::parquet_columns::{ColumnValues, TableBatchReader};
use super::{ResultsError, io};
use crate::foundation::escape::{csv_cell, csv_plain};

/// Names of the tables that a folder holds.
pub fn tables(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|e| {
            let path = e.path();
            if !path.is_file() {
                return None;
            }
            let table = path
                .extension()
                .is_some_and(|x| x == "parquet" || x == "csv");
            table.then(|| path.file_stem().map(|s| s.to_string_lossy().into_owned()))?
        })
        .collect();
    names.sort();
    names
}

/// Writes a table, its header and at most so many rows.
///
/// # Errors
/// When it is not there, or cannot be written.
pub fn export(
    folder: &Path,
    table: &str,
    limit: usize,
    into: &mut dyn Write,
) -> Result<(), ResultsError> {
    let mut writer = csv::Writer::from_writer(into);
    let text = folder.join(format!("{table}.csv"));
    if text.exists() {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_path(&text)
            .map_err(|e| io(&text, e))?;
        for record in reader.records().take(limit.saturating_add(1)) {
            let record = record.map_err(|e| io(&text, e))?;
            let cells = record
                .iter()
                .map(|cell| csv_cell(csv_plain(cell)).into_owned());
            writer.write_record(cells).map_err(|e| io(&text, e))?;
        }
        return writer.flush().map_err(|e| io(&text, e));
    }
    let path = folder.join(format!("{table}.parquet"));
    let batches = TableBatchReader::open(&path)?;
    let names = batches.names();
    writer.write_record(names).map_err(|e| io(&path, e))?;
    let mut left = limit;
    for batch in batches {
        let batch = batch.map_err(|e| io(&path, e))?;
        for row in 0..batch.rows().min(left) {
            let cells = batch.columns.iter().map(|(_, column)| cell(column, row));
            writer.write_record(cells).map_err(|e| io(&path, e))?;
        }
        left = left.saturating_sub(batch.rows());
    }
    writer.flush().map_err(|e| io(&path, e))
}

/// A cell as text; empty where there is no number.
fn cell(column: &ColumnValues, row: usize) -> String {
    match column {
        ColumnValues::Texts(values) => csv_cell(&values[row]).into_owned(),
        ColumnValues::Numbers(values) if values[row].is_nan() => String::new(),
        ColumnValues::Numbers(values) => values[row].to_string(),
        ColumnValues::Counts(values) => values[row].to_string(),
        ColumnValues::CountsOrNone(values) => values[row].map_or(String::new(), |v| v.to_string()),
        ColumnValues::Flags(values) => values[row].to_string(),
    }
}
