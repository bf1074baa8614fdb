//! Chip tables as people have them: other separators, names of columns, units and marks than those of the shipped table.

use std::collections::BTreeMap;
use std::ops::Range;

use super::chip_cells::{
    DecimalMark, NumberRead, UnitScale, is_unknown, month, number, scale, shown_mark, truth,
    units_like, word,
};
use super::chip_columns::{ColumnChoice, column_of};
use super::chip_header::ChipColumn;
use super::chips::{ChipRow, OWN_CHIPS};
use super::countries::{self, NamedNation, nation_named};
use super::diagnostics::Source;
use super::diagnostics::{Diagnostic, Problems};
use super::separated::{ForeignHeader, PlacedRecord, records, separator_of};
use super::table::{
    CellType, ColumnSpec, KnownNames, NameKind, TEXT_LONGEST, cell_range_between, check_cell,
    shortened,
};

/// Faults of one table that are told.
const TOLD: usize = 50;
/// Lines that a message names beside the first.
const LINES: usize = 5;

/// A chip table that was read.
#[derive(Clone, Debug, Default)]
pub struct ForeignChipTable {
    pub rows: Vec<ChipRow>,
    /// What was read otherwise than as it stands, in sentences.
    pub notes: Vec<String>,
}

/// What is wrong with cells of one column in one way: one message, however many rows.
struct Fault {
    range: Range<usize>,
    message: String,
    help: String,
    /// Lines beside the first.
    lines: Vec<usize>,
    count: usize,
}

struct Reader<'a> {
    source: &'a Source,
    names: &'a KnownNames,
    separator: u8,
    decimal: DecimalMark,
    columns: Vec<Option<ChipColumn>>,
    header: ForeignHeader,
    /// Whether every quotation mark has its second, so that a text may run on over lines.
    quotes_close: bool,
    /// By column and kind, in the order of the file.
    faults: BTreeMap<(usize, String), Fault>,
    /// Texts of cells that name a nation, each looked up once.
    nations: BTreeMap<String, NamedNation>,
    /// What was read otherwise: the sentence, with how many cells.
    read_as: BTreeMap<String, usize>,
}

/// The table with what was noted; columns that the user chose come before those that are known by name.
///
/// # Errors
/// With one message for each fault: for columns without a meaning that are near to one, for cells that cannot be read or are
/// impossible, for names that stand twice.
pub fn read(
    source: &Source,
    names: &KnownNames,
    chosen: &[ColumnChoice],
) -> Result<ForeignChipTable, Problems> {
    let separator = separator_of(&source.text);
    let (header, records) = records(source, separator)?;
    let mut problems = Problems::default();
    let mut notes = Vec::new();
    let columns = header.columns(source, chosen, &mut notes, &mut problems);
    problems.check()?;
    let mut reader = Reader {
        source,
        names,
        separator,
        decimal: DecimalMark::Point,
        columns,
        header,
        quotes_close: source.text.matches('"').count().is_multiple_of(2),
        faults: BTreeMap::new(),
        nations: BTreeMap::new(),
        read_as: BTreeMap::new(),
    };
    reader.decide_decimals(&records)?;
    let rows = reader.rows(&records);
    if records.is_empty() {
        let end = source.text.len();
        let message = format!(
            "a table without rows, expected at least one: {}",
            OWN_CHIPS.row
        );
        return Err(Diagnostic::at(source, end..end, message).into());
    }
    notes.append(&mut reader.notes());
    reader.problems()?;
    Ok(ForeignChipTable { rows, notes })
}

/// Whether a text is a table of chips: a column of names, and another that chips have.
pub(super) fn is_chip_table(source: &Source) -> bool {
    let Ok((header, _)) = records(source, separator_of(&source.text)) else {
        return false;
    };
    let known = header.cells.iter().filter_map(|cell| column_of(cell));
    let known: Vec<ChipColumn> = known.collect();
    let named = known.iter().any(|c| c.is("chip"));
    named && (known.len() > 1 || header.cells.len() == 1)
}

impl Reader<'_> {
    /// Finds the decimal mark that the numbers of the file show.
    fn decide_decimals(&mut self, records: &[PlacedRecord]) -> Result<(), Problems> {
        let mut shown: [Option<(usize, usize)>; 2] = [None, None];
        for (row, record) in records.iter().enumerate() {
            for (at, column) in self.columns.iter().enumerate() {
                if column.as_ref().is_some_and(ChipColumn::is_number)
                    && let Some(mark) = record.cells.get(at).and_then(shown_mark)
                {
                    let side = usize::from(mark == DecimalMark::Comma);
                    shown[side].get_or_insert((row, at));
                }
            }
        }
        self.decimal = match shown {
            [Some(point), Some(comma)] if self.separator != b',' => {
                let text =
                    |(row, at): (usize, usize)| records[row].cells.get(at).unwrap_or("").trim();
                let message = format!(
                    "found `{}` here and `{}` elsewhere, expected one decimal mark in the whole table",
                    text(comma),
                    text(point)
                );
                let range = self.cell(records[comma.0].start, comma.1);
                return Err(Diagnostic::at(self.source, range, message).into());
            }
            [Some(_), _] => DecimalMark::Point,
            [None, Some(_)] => DecimalMark::Comma,
            [None, None] if self.separator == b',' => DecimalMark::Point,
            [None, None] => DecimalMark::Open,
        };
        Ok(())
    }

    fn rows(&mut self, records: &[PlacedRecord]) -> Vec<ChipRow> {
        let used: Vec<(usize, ChipColumn)> = self
            .columns
            .iter()
            .enumerate()
            .filter_map(|(at, column)| Some((at, column.clone()?)))
            .collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut rows = Vec::with_capacity(records.len());
        for record in records {
            if !self.has_its_cells(record, &used) {
                continue;
            }
            let mut values: Vec<(&'static str, String)> = Vec::with_capacity(used.len());
            let mut extra = 0.0_f64;
            for (at, column) in &used {
                let cell = record.cells.get(*at).unwrap_or("").trim();
                let Some(value) = self.value(record.start, *at, column, cell) else {
                    continue;
                };
                match column.extra_bits {
                    // A format that the shipped table lacks.
                    Some(bits) => extra = extra.max(bits * value.parse::<f64>().unwrap_or(0.0)),
                    None => keep(&mut values, column.spec().name, value),
                }
            }
            let name = values.iter().find(|(n, _)| *n == "chip");
            let name = name.map_or(String::new(), |(_, name)| name.clone());
            if !name.is_empty() && seen.insert(name.clone(), record.start).is_some() {
                let at = used
                    .iter()
                    .find(|(_, c)| c.is("chip"))
                    .map_or(0, |(at, _)| *at);
                let message = format!("`{}` is here twice", shortened(&name));
                self.fault(at, "twice", record.start, message, "");
                continue;
            }
            match row_of(&values) {
                Ok(row) => {
                    let row = self.with_its_density(with_extra(row, extra), record.start, &used);
                    rows.extend(row);
                }
                Err(e) => self.fault(
                    0,
                    "row",
                    record.start,
                    format!("this row cannot be read: {e}"),
                    "",
                ),
            }
        }
        rows
    }

    /// Whether a record has a cell for every column and none runs on over lines.
    fn has_its_cells(&mut self, record: &PlacedRecord, used: &[(usize, ChipColumn)]) -> bool {
        let (found, expected) = (record.cells.len(), self.header.cells.len());
        let runs = |at: &usize| {
            record
                .cells
                .get(*at)
                .is_some_and(|c| c.contains(['\n', '\r']))
        };
        let text = |column: &ChipColumn| matches!(column.spec().cell, CellType::Text);
        let in_used = used.iter().filter(|(_, column)| !text(column));
        let in_used = in_used.map(|(at, _)| *at).find(runs);
        let open = found != expected || !self.quotes_close;
        let in_any = || (0..found).find(runs).filter(|_| open);
        if let Some(at) = in_used.or_else(in_any) {
            let message = "found a cell that runs on over lines, expected a closing quotation mark";
            self.fault(at, "lines", record.start, message.into(), "");
            return false;
        }
        let more_are_empty = || {
            record
                .cells
                .iter()
                .skip(expected)
                .all(|c| c.trim().is_empty())
        };
        if found == expected || found > expected && more_are_empty() {
            return true;
        }
        let at = found.min(expected).saturating_sub(1);
        let message = format!("found {found} cells, expected {expected}, one for each column");
        let help = "a text that holds the mark between cells stands between quotation marks";
        self.fault(at, "cells", record.start, message, help);
        false
    }

    /// The row, where its performance density follows from its total and its area. One that is rounded gives way to what follows.
    fn with_its_density(
        &mut self,
        mut row: ChipRow,
        start: usize,
        used: &[(usize, ChipColumn)],
    ) -> Option<ChipRow> {
        let total = row.tpp.or_else(|| row.computed_tpp());
        let (Some(stated), Some(total), Some(area)) =
            (row.performance_density, total, row.die_area_mm2)
        else {
            return Some(row);
        };
        let follows = total / area;
        let off = (stated - follows).abs();
        if off <= 0.01 || stated == 0.0 && row.non_planar == Some(false) {
            return Some(row);
        }
        if off <= (0.01 * follows).max(0.05) {
            row.performance_density = None;
            self.noted("a rounded performance density gives way to tpp over die area".into());
            return Some(row);
        }
        let at = used.iter().find(|(_, c)| c.is("performance_density"));
        let message = format!(
            "column `performance_density`: performance_density: found {stated}, expected {follows:.3}, tpp over die area"
        );
        self.fault(at.map_or(0, |(at, _)| *at), "density", start, message, "");
        None
    }

    /// The cell as the shipped table would write it; none where it is wrong.
    fn value(
        &mut self,
        start: usize,
        at: usize,
        column: &ChipColumn,
        cell: &str,
    ) -> Option<String> {
        let spec = column.spec();
        if cell.is_empty() {
            return self.checked(start, at, column, cell, String::new());
        }
        // A word of the column's own, such as `none` of packaging, is known.
        let own_word = matches!(spec.cell, CellType::Word(words) if words.contains(&cell));
        if !column.is("chip") && !own_word && is_unknown(cell) {
            self.noted(format!("`{}` is read as not known", shortened(cell)));
            return Some(String::new());
        }
        let value = match spec.cell {
            CellType::Number(..) => return self.number(start, at, column, cell),
            CellType::Month => match month(cell) {
                Some((month, made)) => {
                    if made {
                        self.noted(format!(
                            "months such as `{}`, which a spreadsheet made, are read as {month}",
                            shortened(cell)
                        ));
                    }
                    month.to_string()
                }
                None => cell.to_string(),
            },
            CellType::Truth => truth(cell).map_or_else(|| cell.to_string(), |t| t.to_string()),
            CellType::Word(words) => word(cell, words),
            CellType::Known(NameKind::Nation) => return self.nation(start, at, column, cell),
            CellType::Text => {
                let line = cell.split_whitespace().collect::<Vec<_>>().join(" ");
                line.chars().take(TEXT_LONGEST).collect()
            }
            _ => cell.to_string(),
        };
        self.checked(start, at, column, cell, value)
    }

    fn number(
        &mut self,
        start: usize,
        at: usize,
        column: &ChipColumn,
        cell: &str,
    ) -> Option<String> {
        let spec = column.spec();
        let (x, unit) = match number(cell, self.decimal) {
            NumberRead::Is(x, unit) => (x, unit),
            NumberRead::NoNumber => return self.checked(start, at, column, cell, cell.to_string()),
            NumberRead::Either {
                decimals,
                thousands,
                unit,
            } => {
                let fits = |x: f64| check_cell(&x.to_string(), spec, self.names).is_ok();
                match (fits(decimals), fits(thousands)) {
                    (true, true) => {
                        let message = format!(
                            "column `{}`: found `{cell}`, expected a number that is either {decimals} or {thousands}",
                            self.header.cells[at]
                        );
                        let help = "no other number of the table shows which mark parts thousands: write it without";
                        self.fault(at, "mark", start, message, help);
                        return None;
                    }
                    (true, false) => (decimals, unit),
                    _ => (thousands, unit),
                }
            }
        };
        let by_cell = match unit.as_str() {
            "" => None,
            // A unit that the column has already, as in `815 GB` under GB.
            unit => match scale(unit, spec.unit) {
                Some(scale) => Some(scale),
                None => {
                    let message = format!(
                        "column `{}`: found `{}` with the unit `{unit}`, expected {}",
                        self.header.cells[at],
                        shortened(cell),
                        units_like(spec.unit)
                    );
                    self.fault(at, &format!("unit {unit}"), start, message, "");
                    return None;
                }
            },
        };
        let Some(scale) = by_cell.or(column.scale) else {
            let message = format!(
                "unknown column `{}`: found `{}` without a unit",
                self.header.cells[at],
                shortened(cell)
            );
            let help = format!(
                "did you mean `{}`? Its unit is {}; another unit can stand in the header, such as `{} (UNIT)`, or in the cells: {}",
                spec.name,
                spec.unit,
                self.header.cells[at],
                units_like(spec.unit)
            );
            let header = self.cell(self.header.start, at);
            self.fault_at(at, "no unit", header, message, &help);
            return None;
        };
        let dense = if column.sparse { 0.5 } else { 1.0 };
        let x = column.factor * dense * scale.of(x);
        let same = scale == UnitScale::ONE && column.factor == 1.0 && !column.sparse;
        let value = match cell.parse::<f64>() {
            Ok(_) if same && by_cell.is_none() && self.decimal == DecimalMark::Point => {
                cell.to_string()
            }
            _ => x.to_string(),
        };
        self.checked(start, at, column, cell, value)
    }

    fn nation(
        &mut self,
        start: usize,
        at: usize,
        column: &ChipColumn,
        cell: &str,
    ) -> Option<String> {
        let table = self.names.list(NameKind::Nation).iter().map(String::as_str);
        let table: Vec<&str> = table.collect();
        let known = self.nations.get(cell).cloned();
        let named = known.unwrap_or_else(|| nation_named(cell, table.iter().copied()));
        self.nations.insert(cell.to_string(), named.clone());
        match named {
            NamedNation::InTable(code) => Some(code),
            NamedNation::Outside(name) => {
                let message = format!(
                    "column `{}`: found `{}`, and {name} is not in the table of nations, expected a nation that is",
                    self.header.cells[at],
                    shortened(cell)
                );
                let help = "`chokepoint list nations`; leave the cell empty where the nation does not matter";
                self.fault(at, name, start, message, help);
                None
            }
            NamedNation::None if table.is_empty() => Some(cell.to_string()),
            NamedNation::None => {
                let message = format!(
                    "column `{}`: found `{}`, expected {}",
                    column.spec().name,
                    shortened(cell),
                    countries::EXPECTED
                );
                let near = countries::nearest_code(cell, &table);
                let help = near.map_or(String::new(), |code| format!("did you mean `{code}`?"));
                self.fault(at, cell, start, message, &help);
                None
            }
        }
    }

    /// The value, where it is as its column says.
    fn checked(
        &mut self,
        start: usize,
        at: usize,
        column: &ChipColumn,
        cell: &str,
        value: String,
    ) -> Option<String> {
        let spec: &ColumnSpec = column.spec();
        match check_cell(&value, spec, self.names) {
            Ok(()) => Some(value),
            Err((found, hint)) => {
                let header = &self.header.cells[at];
                // What was converted is said as it stands and as it was read.
                let found = match (value == cell, cell.is_empty()) {
                    (true, _) | (_, true) => found,
                    _ => format!(
                        "found `{}`, which is {}",
                        shortened(cell),
                        shortened(&value)
                    ),
                };
                let message = format!("column `{header}`: {found}, expected {}", spec.expected());
                let help = hint.words(self.names);
                self.fault(at, &format!("{help} wrong"), start, message, &help);
                None
            }
        }
    }

    fn noted(&mut self, words: String) {
        *self.read_as.entry(words).or_default() += 1;
    }

    fn notes(&mut self) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        if self.decimal == DecimalMark::Comma {
            notes.push("numbers are read with a decimal comma".into());
        }
        let read = std::mem::take(&mut self.read_as);
        // Months differ from cell to cell; one sentence stands for all of them.
        let mut months = 0;
        for (words, count) in read {
            let is_month = words.starts_with("months such as");
            months += usize::from(is_month);
            if !is_month || months == 1 {
                let cells = if count == 1 { "cell" } else { "cells" };
                let more = if is_month {
                    String::new()
                } else {
                    format!(" in {count} {cells}")
                };
                notes.push(format!("{words}{more}"));
            }
        }
        notes
    }

    fn cell(&self, start: usize, at: usize) -> Range<usize> {
        cell_range_between(&self.source.text, start, at, self.separator)
    }

    /// A fault of a cell; others of its column and kind are counted with it.
    fn fault(&mut self, at: usize, kind: &str, start: usize, message: String, help: &str) {
        match self.faults.get_mut(&(at, kind.to_string())) {
            Some(first) => {
                first.count += 1;
                if first.lines.len() < LINES {
                    let line = line_of(&self.source.text, start);
                    first.lines.push(line);
                }
            }
            None => {
                let range = self.cell(start, at);
                self.fault_at(at, kind, range, message, help);
            }
        }
    }

    fn fault_at(
        &mut self,
        at: usize,
        kind: &str,
        range: Range<usize>,
        message: String,
        help: &str,
    ) {
        let key = (at, kind.to_string());
        let fault = self.faults.entry(key).or_insert_with(|| Fault {
            range,
            message,
            help: help.to_string(),
            lines: Vec::new(),
            count: 0,
        });
        fault.count += 1;
    }

    fn problems(&self) -> Result<(), Problems> {
        let mut faults: Vec<&Fault> = self.faults.values().collect();
        faults.sort_by_key(|f| f.range.start);
        let mut problems = Problems::default();
        for fault in faults.iter().take(TOLD) {
            let mut message = fault.message.clone();
            if !fault.lines.is_empty() {
                let lines: Vec<String> = fault.lines.iter().map(usize::to_string).collect();
                let left = fault.count - 1 - fault.lines.len();
                let left = if left > 0 {
                    format!(" and {left} more")
                } else {
                    String::new()
                };
                let word = if fault.count == 2 { "line" } else { "lines" };
                message.push_str(&format!("; so it is in {word} {}{left}", lines.join(", ")));
            }
            let diagnostic = Diagnostic::at(self.source, fault.range.clone(), message);
            problems.0.push(diagnostic.help(fault.help.clone()));
        }
        if faults.len() > TOLD {
            let end = self.source.text.len();
            let message = format!("and {} more errors in this table", faults.len() - TOLD);
            problems
                .0
                .push(Diagnostic::at(self.source, end..end, message));
        }
        problems.check()
    }
}

/// The line, from 1, of the row that begins at a byte.
fn line_of(text: &str, start: usize) -> usize {
    let begins = text.as_bytes()[start.min(text.len())..].iter();
    let blank = begins.take_while(|b| matches!(b, b'\n' | b'\r')).count();
    let before = &text.as_bytes()[..(start + blank).min(text.len())];
    before.iter().filter(|b| **b == b'\n').count() + 1
}

/// Keeps a value; of two numbers for one column, such as a rate with and without tensor cores, the larger.
fn keep(values: &mut Vec<(&'static str, String)>, name: &'static str, value: String) {
    match values.iter_mut().find(|(n, _)| *n == name) {
        None => values.push((name, value)),
        Some((_, held)) => {
            let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NEG_INFINITY);
            if number(&value) > number(held) {
                *held = value;
            }
        }
    }
}

fn row_of(values: &[(&'static str, String)]) -> Result<ChipRow, csv::Error> {
    let header: csv::StringRecord = values.iter().map(|(name, _)| *name).collect();
    let record: csv::StringRecord = values.iter().map(|(_, value)| value.as_str()).collect();
    record.deserialize(Some(&header))
}

/// The row with its total raised to that of a format that the table of the model lacks. Where no tensor format is given, such a
/// rate is no total: others are likely higher.
fn with_extra(mut row: ChipRow, extra: f64) -> ChipRow {
    if let (None, Some(total)) = (row.tpp, row.computed_tpp())
        && extra > total
    {
        row.tpp = Some(extra);
    }
    row
}
