//! Lines of a table, whatever mark parts their cells: the header, and the records that hold anything.

use super::diagnostics::Source;
use super::diagnostics::{Diagnostic, Problems};

/// A record of the file and the byte at which it begins.
pub(super) struct PlacedRecord {
    pub cells: csv::StringRecord,
    pub start: usize,
}

/// The first line of a file.
pub(super) struct ForeignHeader {
    pub cells: Vec<String>,
    pub start: usize,
    pub separator: u8,
}

/// The mark that parts the cells of the first line; a line `sep=;` of a spreadsheet says it.
pub(super) fn separator_of(text: &str) -> u8 {
    let mut first = text.trim_start_matches('\u{feff}').lines();
    let first = first.find(|l| !l.trim().is_empty()).unwrap_or("");
    if let Some(mark) = first.strip_prefix("sep=").and_then(|m| m.bytes().next()) {
        return mark;
    }
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        for (mark, count) in &mut counts {
            *count += usize::from(!quoted && byte == *mark);
        }
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(mark, count)| if *count == 0 { b',' } else { *mark })
}

/// The header and the rows that hold anything.
pub(super) fn records(
    source: &Source,
    separator: u8,
) -> Result<(ForeignHeader, Vec<PlacedRecord>), Problems> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .delimiter(separator)
        .from_reader(source.text.as_bytes());
    let mut header: Option<ForeignHeader> = None;
    let mut found = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                let at = e.position().map_or(0, |p| p.byte() as usize);
                let message = format!("broken line: {e}");
                return Err(Diagnostic::at(source, at..at + 1, message).into());
            }
        }
        let start = record.position().map_or(0, |p| p.byte() as usize);
        let says_separator = record.get(0).is_some_and(|c| c.starts_with("sep="));
        if record.iter().all(|cell| cell.trim().is_empty()) || header.is_none() && says_separator {
            continue;
        }
        match &header {
            None => {
                let cells = record
                    .iter()
                    .map(|c| c.trim_start_matches('\u{feff}').trim());
                header = Some(ForeignHeader {
                    cells: cells.map(String::from).collect(),
                    start,
                    separator,
                });
            }
            Some(_) => found.push(PlacedRecord {
                cells: record.clone(),
                start,
            }),
        }
    }
    let nothing = || Problems::from(Diagnostic::at(source, 0..1, "not a table: it has no line"));
    Ok((header.ok_or_else(nothing)?, found))
}
