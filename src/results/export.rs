//! Exports tables of a results folder as comma-separated values, batch by batch.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

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
    let file = File::open(&path).map_err(|e| io(&path, e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| io(&path, e))?;
    let schema = builder.schema().clone();
    let names = schema.fields().iter().map(|f| f.name().as_str());
    writer.write_record(names).map_err(|e| io(&path, e))?;
    let mut left = limit;
    for batch in builder.build().map_err(|e| io(&path, e))? {
        let batch = batch.map_err(|e| io(&path, e))?;
        for row in 0..batch.num_rows().min(left) {
            let cells = (0..batch.num_columns()).map(|c| cell(&batch, c, row));
            writer.write_record(cells).map_err(|e| io(&path, e))?;
        }
        left = left.saturating_sub(batch.num_rows());
    }
    writer.flush().map_err(|e| io(&path, e))
}

/// A cell as text; empty where there is no number.
fn cell(batch: &RecordBatch, column: usize, row: usize) -> String {
    let array = batch.column(column);
    match array.data_type() {
        DataType::Utf8 => csv_cell(array.as_string::<i32>().value(row)).into_owned(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Float64 => match array.as_primitive::<Float64Type>().value(row) {
            v if v.is_nan() => String::new(),
            v => v.to_string(),
        },
        _ => String::new(),
    }
}
