//! Reads one column of a table, without holding the rest of it to anything.

use super::diagnostics::{Diagnostic, Problems};
use super::source::Configs;

/// The cells of one column of a table of the configuration.
///
/// # Errors
/// When it cannot be read, and where it has no such column.
pub(super) fn cells_of(configs: &Configs, path: &str, name: &str) -> Result<Vec<String>, Problems> {
    let source = configs.read(path)?;
    let wrong = |message: String| Problems::from(Diagnostic::at(&source, 0..1, message));
    let mut reader = csv::Reader::from_reader(source.text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|e| wrong(format!("not a table: {e}")))?;
    let at = headers
        .iter()
        .position(|header| header == name)
        .ok_or_else(|| wrong(format!("no column `{name}`, expected one of this name")))?;
    let cells = reader
        .records()
        .map(|row| row.map(|row| row.get(at).unwrap_or("").to_string()));
    cells
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(format!("broken line: {e}")))
}
