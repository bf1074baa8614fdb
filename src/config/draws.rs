//! Reads tables of futures in CSV or Parquet, with one row for each future and columns for parameters, `stress` and
//! `variant`.

use std::collections::HashSet;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

use super::diagnostics::{Diagnostic, Problems};
use super::futures::{FuturesFile, WeightedAlternative};
use super::parameters::check_value;
use super::separated::separator_of;
use super::source::{Configs, Source};
use super::table::cell_range;
use crate::foundation::parameters::Parameters;

/// A table of futures, and its text, so that it can travel with a plan.
#[derive(Clone, Debug, Default)]
pub struct FuturesTable {
    pub source: Source,
    /// Parameters by their place in [`Parameters::NAMES`].
    pub columns: Vec<usize>,
    pub rows: Vec<FuturesTableRow>,
}

/// What a row fixes; what it does not name is drawn.
#[derive(Clone, Debug, Default)]
pub struct FuturesTableRow {
    pub values: Vec<f64>,
    pub stress: Option<usize>,
    pub variant: Option<usize>,
}

/// The path of a sealed table of futures.
pub fn sealed_path(path: &str) -> String {
    format!("draws/{path}")
}

/// Reads a table of futures that stands beside the study, or where the program was started.
///
/// # Errors
/// For a missing file, unknown columns, and cells that are no number or no name.
pub fn read(
    configs: &Configs,
    study: &Source,
    path: &str,
    futures: &FuturesFile,
) -> Result<FuturesTable, Problems> {
    let text = match configs.sealed_file(&sealed_path(path)) {
        Some(text) => text.clone(),
        None if configs.reads_disk() => {
            let beside = Path::new(&study.name).with_file_name(path);
            let file = if beside.exists() { beside } else { path.into() };
            let failed = |e: String| Diagnostic::at_text(study, 0, path, format!("{path}: {e}"));
            if path.ends_with(".parquet") {
                csv_of_parquet(&file).map_err(failed)?
            } else if file.exists() {
                Source::of_file(&file.display().to_string())?.text
            } else {
                return Err(failed("there is no file of this name".into()).into());
            }
        }
        None => {
            return Err(Diagnostic::at_text(study, 0, path, "the plan lacks this table").into());
        }
    };
    let source = Source {
        name: path.to_string(),
        text,
    };
    parse(source, futures)
}

/// Errors after which a table is read no further.
const MOST: usize = 50;

/// Checks a table of futures by itself: every stress and variant that it names is taken for one of its study's.
///
/// # Errors
/// With the place of what is wrong.
pub fn check(source: &Source) -> Result<(), Problems> {
    let mut futures = FuturesFile::default();
    let mut reader = csv::Reader::from_reader(source.text.as_bytes());
    let headers = reader.headers().cloned().unwrap_or_default();
    let mut seen = HashSet::new();
    for record in reader.records().flatten() {
        for (name, cell) in headers.iter().zip(&record) {
            let list = match name {
                "stress" => &mut futures.stress,
                "variant" => &mut futures.variant,
                _ => continue,
            };
            if !cell.is_empty() && seen.insert((name.to_string(), cell.to_string())) {
                list.push(WeightedAlternative::named(cell));
            }
        }
    }
    parse(source.clone(), &futures).map(|_| ())
}

/// As [`check`], of a file that may be Parquet.
///
/// # Errors
/// When it cannot be read, and as [`check`].
pub fn check_file(name: &str) -> Result<(), Problems> {
    let mut source = Source {
        name: name.into(),
        text: String::new(),
    };
    source.text = csv_of_parquet(Path::new(name))
        .map_err(|why| Problems::from(Diagnostic::at(&source, 0..0, why)))?;
    check(&source)
}

fn parse(source: Source, futures: &FuturesFile) -> Result<FuturesTable, Problems> {
    let broken = |message: String| Problems::from(Diagnostic::at(&source, 0..1, message));
    let unread = |error: csv::Error| {
        let at = error.position().map_or(0, |p| p.byte() as usize);
        Problems::from(Diagnostic::at(&source, at..at + 1, error.to_string()))
    };
    let mut reader = csv::Reader::from_reader(source.text.as_bytes());
    let headers = reader.headers().cloned().map_err(unread)?;
    let mut known: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
    known.extend(["stress", "variant"]);
    let mut columns = Vec::new();
    for (at, name) in headers.iter().enumerate() {
        if headers.iter().take(at).any(|before| before == name) {
            let message = format!("the column `{name}` is there twice");
            return Err(Diagnostic::at_text(&source, 0, name, message).into());
        }
        match known.iter().position(|k| *k == name) {
            Some(at) if at < Parameters::NAMES.len() => columns.push(at),
            Some(_) => {}
            None if separator_of(&source.text) != b',' => {
                let mark = char::from(separator_of(&source.text));
                let message = format!(
                    "found cells parted by {mark:?}, expected commas between cells and a point in numbers"
                );
                return Err(Diagnostic::at_text(&source, 0, name, message).into());
            }
            None => {
                let message = format!(
                    "found the column `{name}`, expected a parameter, `stress` or `variant`"
                );
                let wrong = Diagnostic::at_text(&source, 0, name, message);
                return Err(wrong.nearest(name, &known).into());
            }
        }
    }
    let mut rows = Vec::new();
    let mut problems = Problems::default();
    for record in reader.records() {
        let record = record.map_err(unread)?;
        let from = record.position().map_or(0, |p| p.byte() as usize);
        let mut row = FuturesTableRow::default();
        for (at, (name, cell)) in headers.iter().zip(&record).enumerate() {
            let mut wrong = |message: String, names: &[&str]| {
                let place = cell_range(&source.text, from, at);
                let wrong = Diagnostic::at(&source, place, message);
                problems.0.push(wrong.nearest(cell, names));
            };
            let list = match name {
                "stress" => &futures.stress,
                "variant" => &futures.variant,
                _ => {
                    let value: Option<f64> = cell.parse().ok();
                    match value.filter(|v| v.is_finite()) {
                        Some(value) => {
                            if let Err(why) = check_value(name, value) {
                                wrong(why, &[]);
                            }
                            row.values.push(value);
                        }
                        None => {
                            let message = format!(
                                "found `{cell}`, expected a number for the parameter `{name}`"
                            );
                            wrong(message, &[]);
                        }
                    }
                    continue;
                }
            };
            let found = list.iter().position(|a| a.name == cell);
            if found.is_none() {
                let names: Vec<&str> = list.iter().map(|a| a.name.as_str()).collect();
                wrong(
                    format!("found `{cell}`, expected a {name} of the study"),
                    &names,
                );
            }
            if name == "stress" {
                row.stress = found;
            } else {
                row.variant = found;
            }
        }
        if problems.0.len() >= MOST {
            break;
        }
        rows.push(row);
    }
    problems.check()?;
    if rows.is_empty() {
        return Err(broken("a table of futures without rows".into()));
    }
    Ok(FuturesTable {
        source,
        columns,
        rows,
    })
}

fn csv_of_parquet(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(|e| e.to_string())?;
    let rows = reader.get_row_iter(None).map_err(|e| e.to_string())?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (at, row) in rows.enumerate() {
        let row = row.map_err(|e| e.to_string())?;
        if at == 0 {
            let names = row.get_column_iter().map(|(name, _)| name);
            writer.write_record(names).map_err(|e| e.to_string())?;
        }
        let cells = row.get_column_iter().map(|(_, field)| match field {
            Field::Str(text) => text.clone(),
            Field::Double(v) => v.to_string(),
            Field::Float(v) => v.to_string(),
            other => other.to_string(),
        });
        writer.write_record(cells).map_err(|e| e.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|e| e.to_string())?;
    String::from_utf8(bytes).map_err(|e| e.to_string())
}
