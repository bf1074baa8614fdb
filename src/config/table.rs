//! Tables of configuration, where one declaration of each column serves reading, `check` and the schemas.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::diagnostics::{Diagnostic, Problems, Source, nearest};
use crate::foundation::calendar::{Date, Month};

/// A table as people edit it.
#[derive(Debug)]
pub struct TableSpec {
    /// Path below `configs/`.
    pub path: &'static str,
    /// What a row is.
    pub row: &'static str,
    pub columns: &'static [ColumnSpec],
    /// Columns that together name a row; no two rows hold the same.
    pub key: &'static [&'static str],
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct ColumnSpec {
    pub name: &'static str,
    pub cell: CellType,
    /// Unit of a number; empty where it has none.
    pub unit: &'static str,
    /// Whether a cell may be empty.
    pub blank: bool,
    /// Whether a table may lack the column.
    pub absent: bool,
}

/// What a cell may hold.
#[derive(Clone, Copy, Debug)]
pub enum CellType {
    /// A key or name on one line.
    Name,
    /// Words for people.
    Text,
    /// Three capital letters.
    Iso3,
    Truth,
    Month,
    Date,
    Whole(i64, i64),
    /// From the first to the second, both included.
    Number(f64, f64),
    Word(&'static [&'static str]),
    /// Such words, joined by `;`.
    WordList(&'static [&'static str]),
    /// A name that another table holds.
    Known(NameKind),
    /// Such names, joined by `;`.
    KnownList(NameKind),
    /// Such names, joined by `/`.
    KnownSides(NameKind),
    /// Words of a sentence: each part between `/`, ` then ` and brackets holds such a name.
    KnownWithin(NameKind),
}

/// Names that stand in a column of another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameKind {
    Nation,
    /// A nation, the world, or all other nations.
    Place,
    /// A nation, or the others of a market.
    Supplier,
    /// A nation by its name.
    Country,
    Region,
    RegionOfDemand,
    /// The vendor of a chip, as makers name it.
    VendorOfMaker,
    /// The vendor of a chip, as chips name it.
    VendorOfChip,
    Pool,
    Maker,
    Lab,
    Foundry,
    /// A foundry by its name.
    FoundryName,
}

impl NameKind {
    pub(super) const ALL: [Self; 13] = [
        Self::Nation,
        Self::Place,
        Self::Supplier,
        Self::Country,
        Self::Region,
        Self::RegionOfDemand,
        Self::VendorOfMaker,
        Self::VendorOfChip,
        Self::Pool,
        Self::Maker,
        Self::Lab,
        Self::Foundry,
        Self::FoundryName,
    ];

    /// Where they stand, what is known besides, and what one of them is.
    pub(super) const fn origin(
        self,
    ) -> (
        &'static str,
        &'static str,
        &'static [&'static str],
        &'static str,
    ) {
        match self {
            Self::Nation => (
                "world/nations.csv",
                "iso3",
                &[],
                "the ISO3 code of a nation of nations.csv",
            ),
            Self::Place => (
                "world/nations.csv",
                "iso3",
                &["WLD", "OTH"],
                "the ISO3 code of a nation of nations.csv, WLD for the world or OTH for all others",
            ),
            Self::Supplier => (
                "world/nations.csv",
                "iso3",
                &["others"],
                "the ISO3 code of a nation of nations.csv, or `others`",
            ),
            Self::Country => (
                "world/nations.csv",
                "name",
                &["US", "UK", "UAE", "Korea", "Korea (Republic of)"],
                "the name of a nation of nations.csv",
            ),
            Self::Region => (
                "world/nations.csv",
                "region",
                &[],
                "a region of nations.csv",
            ),
            Self::RegionOfDemand => ("world/demand.csv", "region", &[], "a region of demand.csv"),
            Self::VendorOfMaker => (
                "world/chipmakers.csv",
                "chip_vendor",
                &[],
                "a `chip_vendor` of chipmakers.csv",
            ),
            Self::VendorOfChip => ("world/chips.csv", "vendor", &[], "a `vendor` of chips.csv"),
            Self::Pool => ("world/pools.csv", "pool", &[], "a pool of pools.csv"),
            Self::Maker => (
                "world/chipmakers.csv",
                "key",
                &[],
                "a key of chipmakers.csv",
            ),
            Self::Lab => ("world/labs.csv", "key", &[], "a key of labs.csv"),
            Self::Foundry => ("world/foundries.csv", "key", &[], "a key of foundries.csv"),
            Self::FoundryName => (
                "world/foundries.csv",
                "name",
                &["TSMC", "SMIC", "Samsung", "GlobalFoundries", "self"],
                "a foundry: a name of foundries.csv, TSMC, SMIC, Samsung, GlobalFoundries or self",
            ),
        }
    }

    const fn words(self) -> &'static str {
        self.origin().3
    }
}

/// Longest key or name, characters.
const NAME_LONGEST: usize = 200;
/// Longest text of a cell, characters.
pub(super) const TEXT_LONGEST: usize = 4000;
/// First and last year that a date of a table may have.
pub const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;
/// Errors of one table that are told in full.
const TOLD: usize = 50;
/// Rows from which on a column that is wrong in all of them is told once.
const WHOLE_COLUMN: usize = 3;

/// How sure a source is.
pub const CONFIDENCE: &[&str] = &["high", "medium", "low"];

/// A column that every table has, with a value in every row.
pub const fn column(name: &'static str, cell: CellType, unit: &'static str) -> ColumnSpec {
    ColumnSpec {
        name,
        cell,
        unit,
        blank: false,
        absent: false,
    }
}

impl ColumnSpec {
    /// A cell may be empty.
    #[must_use]
    pub const fn or_blank(self) -> Self {
        Self {
            blank: true,
            ..self
        }
    }

    /// A table may lack the column, and a cell may be empty.
    #[must_use]
    pub const fn or_absent(self) -> Self {
        Self {
            blank: true,
            absent: true,
            ..self
        }
    }

    /// What a cell may hold, in words.
    pub fn expected(&self) -> String {
        let unit = |words: String| {
            if self.unit.is_empty() {
                words
            } else {
                format!("{words} ({})", self.unit)
            }
        };
        match self.cell {
            CellType::Name => format!("a name of at most {NAME_LONGEST} characters on one line"),
            CellType::Text => format!("words of at most {TEXT_LONGEST} characters on one line"),
            CellType::Iso3 => "an ISO3 code of three capital letters".into(),
            CellType::Truth => "`true` or `false`".into(),
            CellType::Month => format!(
                "a month such as 2022-10, from {} to {}",
                YEARS.start(),
                YEARS.end()
            ),
            CellType::Date => format!(
                "a date such as 2022-10-07, from {} to {}",
                YEARS.start(),
                YEARS.end()
            ),
            CellType::Whole(low, high) => unit(format!("a whole number from {low} to {high}")),
            CellType::Number(low, high) => {
                unit(format!("a number from {} to {}", plain(low), plain(high)))
            }
            CellType::Word(words) => format!("one of {}", words.join(", ")),
            CellType::WordList(words) => {
                format!("one of {}, or several joined by `;`", words.join(", "))
            }
            CellType::Known(names) => names.words().into(),
            CellType::KnownList(names) => format!("{}, or several joined by `;`", names.words()),
            CellType::KnownSides(names) => format!("{}, or several joined by `/`", names.words()),
            CellType::KnownWithin(names) => format!(
                "{}, or several joined by `/` or ` then ` or in brackets, each with a remark",
                names.words()
            ),
        }
    }
}

/// A bound as people write it.
fn plain(value: f64) -> String {
    if value != 0.0 && (value.abs() >= 1e7 || value.abs() < 1e-4) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

/// Names that cells may point at, by where they stand.
#[derive(Clone, Debug, Default)]
pub struct KnownNames(pub(super) HashMap<NameKind, Vec<String>>);

impl KnownNames {
    /// Codes of nations alone, for tables that point at nothing else.
    pub fn of_nations(codes: impl IntoIterator<Item = String>) -> Self {
        Self(HashMap::from([(
            NameKind::Nation,
            codes.into_iter().collect(),
        )]))
    }

    /// Codes of nations alone.
    #[must_use]
    pub fn nations(&self) -> Self {
        Self::of_nations(self.list(NameKind::Nation).iter().cloned())
    }

    /// Every name of a kind; empty where they are not known.
    pub fn list(&self, names: NameKind) -> &[String] {
        self.0.get(&names).map_or(&[], Vec::as_slice)
    }

    fn holds(&self, names: NameKind, text: &str) -> bool {
        let list = self.list(names);
        list.is_empty() || list.iter().any(|n| n == text)
    }
}

/// What helps with a wrong cell; the nearest name is looked for only when the error is told.
#[derive(Clone, Debug)]
pub(super) enum CellHint {
    None,
    Nearest(String, Vec<&'static str>),
    NearestKnown(String, NameKind),
    Words(&'static str),
}

impl CellHint {
    /// The help of a message; empty where there is none.
    pub fn words(&self, names: &KnownNames) -> String {
        let mean = |found: &str, list: &[&str]| {
            nearest(found, list).map_or_else(String::new, |name| format!("did you mean `{name}`?"))
        };
        match self {
            Self::None => String::new(),
            Self::Words(words) => (*words).to_string(),
            Self::Nearest(found, list) => mean(found, list),
            Self::NearestKnown(found, kind) => {
                let known: Vec<&str> = names.list(*kind).iter().map(String::as_str).collect();
                mean(found, &known)
            }
        }
    }
}

#[derive(Clone, Debug)]
struct RowFault {
    column: Option<usize>,
    range: Range<usize>,
    message: String,
    hint: CellHint,
}

/// A row and where it begins.
#[derive(Clone, Debug)]
struct PlacedRow<T> {
    row: T,
    start: usize,
}

/// A table that is being read: rows that are as their columns say, and what is wrong with the others.
pub struct TableReading<'a, T> {
    source: &'a Source,
    names: &'a KnownNames,
    headers: Vec<String>,
    rows: Vec<PlacedRow<T>>,
    faults: Vec<RowFault>,
    /// Rows of the table, wrong ones among them.
    count: usize,
}

/// What a rule over rows finds: the column, and a message.
pub type TableProblems = Vec<(&'static str, String)>;

impl<'a, T: DeserializeOwned> TableReading<'a, T> {
    /// Reads a table and holds every cell to its column.
    ///
    /// # Errors
    /// For a header that is not as declared.
    pub fn of(
        source: &'a Source,
        spec: &'a TableSpec,
        names: &'a KnownNames,
    ) -> Result<Self, Problems> {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(source.text.as_bytes());
        let header = reader
            .headers()
            .cloned()
            .map_err(|e| Diagnostic::at(source, 0..1, format!("not a table: {e}")))?;
        let headers: Vec<String> = header.iter().map(String::from).collect();
        check_header(source, spec, &headers)?;
        let specs: Vec<&ColumnSpec> = headers
            .iter()
            .filter_map(|h| spec.columns.iter().find(|c| c.name == h))
            .collect();
        let mut reading = Self {
            source,
            names,
            headers,
            rows: Vec::new(),
            faults: Vec::new(),
            count: 0,
        };
        let key: Vec<usize> = spec
            .key
            .iter()
            .filter_map(|k| specs.iter().position(|c| c.name == *k))
            .collect();
        let mut seen: HashSet<Vec<String>> = HashSet::new();
        let mut record = csv::StringRecord::new();
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) => {
                    let at = e.position().map_or(0, |p| p.byte() as usize);
                    reading.fault(
                        None,
                        at..at + 1,
                        format!("broken line: {e}"),
                        CellHint::None,
                    );
                    break;
                }
            }
            reading.count += 1;
            let start = record.position().map_or(0, |p| p.byte() as usize);
            let before = reading.faults.len();
            reading.check_row(&specs, &record, start);
            if reading.faults.len() > before {
                continue;
            }
            let named: Vec<String> = key
                .iter()
                .filter_map(|at| record.get(*at))
                .map(String::from)
                .collect();
            if !named.is_empty()
                && named.iter().any(|n| !n.is_empty())
                && !seen.insert(named.clone())
            {
                let message = format!("`{}` is here twice", shortened(&named.join(", ")));
                let at = key.first().copied().unwrap_or(0);
                reading.fault(None, reading.cell(start, at), message, CellHint::None);
                continue;
            }
            match record.deserialize(Some(&header)) {
                Ok(row) => reading.rows.push(PlacedRow { row, start }),
                Err(e) => {
                    let message = format!("this row cannot be read: {e}");
                    reading.fault(None, reading.cell(start, 0), message, CellHint::None);
                }
            }
        }
        if reading.count == 0 {
            let end = source.text.len();
            let message = format!("a table without rows, expected at least one: {}", spec.row);
            reading.fault(None, end..end, message, CellHint::None);
        }
        Ok(reading)
    }

    /// Holds every row to a rule.
    pub fn check(&mut self, mut rule: impl FnMut(&T, &mut TableProblems)) {
        let mut found = TableProblems::new();
        let mut faults = Vec::new();
        for placed in &self.rows {
            rule(&placed.row, &mut found);
            for (column, message) in found.drain(..) {
                let at = self.headers.iter().position(|h| h == column);
                let message = format!("column `{column}`: {message}");
                faults.push(RowFault {
                    column: at,
                    range: self.cell(placed.start, at.unwrap_or(0)),
                    message,
                    hint: CellHint::None,
                });
            }
        }
        self.faults.append(&mut faults);
    }

    /// Says that the table as a whole lacks something.
    pub fn lacks(&mut self, message: String) {
        let end = self.source.text.len();
        self.fault(None, end..end, message, CellHint::None);
    }

    /// Whether anything is wrong so far.
    pub fn is_wrong(&self) -> bool {
        !self.faults.is_empty()
    }

    /// The rows that were read so far.
    pub fn rows(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().map(|p| &p.row)
    }

    /// The rows, when nothing is wrong.
    ///
    /// # Errors
    /// With every place; a column that is wrong in every row is told once, and of very many errors the first ones.
    pub fn finish(mut self) -> Result<Vec<T>, Problems> {
        if self.faults.is_empty() {
            return Ok(self.rows.into_iter().map(|p| p.row).collect());
        }
        self.faults.sort_by_key(|f| f.range.start);
        let mut per_column = vec![0; self.headers.len()];
        for fault in &self.faults {
            if let Some(at) = fault.column {
                per_column[at] += 1;
            }
        }
        let whole = |at: &usize| self.count >= WHOLE_COLUMN && per_column[*at] >= self.count;
        let mut told: HashSet<usize> = HashSet::new();
        let mut problems = Problems::default();
        let mut left = 0;
        for fault in &self.faults {
            let whole = fault.column.filter(whole);
            if whole.is_some_and(|at| !told.insert(at)) {
                continue;
            }
            if problems.0.len() >= TOLD {
                left += 1;
                continue;
            }
            let message = if whole.is_some() {
                format!("{}; so it is in all {} rows", fault.message, self.count)
            } else {
                fault.message.clone()
            };
            let diagnostic = Diagnostic::at(self.source, fault.range.clone(), message);
            problems
                .0
                .push(diagnostic.help(fault.hint.words(self.names)));
        }
        if left > 0 {
            let end = self.source.text.len();
            let message = format!("and {left} more errors in this table");
            problems
                .0
                .push(Diagnostic::at(self.source, end..end, message));
        }
        Err(problems)
    }

    fn fault(
        &mut self,
        column: Option<usize>,
        range: Range<usize>,
        message: String,
        hint: CellHint,
    ) {
        self.faults.push(RowFault {
            column,
            range,
            message,
            hint,
        });
    }

    fn cell(&self, start: usize, at: usize) -> Range<usize> {
        cell_range(&self.source.text, start, at)
    }

    fn check_row(&mut self, specs: &[&ColumnSpec], record: &csv::StringRecord, start: usize) {
        if let Some(at) = record.iter().position(|cell| cell.contains(['\n', '\r'])) {
            let message = "found a cell that runs on over lines, expected a closing quotation mark";
            self.fault(None, self.cell(start, at), message.into(), CellHint::None);
            return;
        }
        if record.len() != specs.len() {
            let message = format!(
                "found {} cells, expected {}, one for each column",
                record.len(),
                specs.len()
            );
            let at = record.len().min(specs.len()).saturating_sub(1);
            let help = "a text that holds a comma stands between quotation marks";
            self.fault(None, self.cell(start, at), message, CellHint::Words(help));
            return;
        }
        if record.iter().all(str::is_empty) {
            let message = "found a row without a value, expected values or no row".into();
            self.fault(None, self.cell(start, 0), message, CellHint::None);
            return;
        }
        for (at, (cell, spec)) in record.iter().zip(specs).enumerate() {
            if let Err((found, hint)) = check_cell(cell, spec, self.names) {
                let message = format!(
                    "column `{}`: {found}, expected {}",
                    spec.name,
                    spec.expected()
                );
                self.fault(Some(at), self.cell(start, at), message, hint);
            }
        }
    }
}

fn check_header(source: &Source, spec: &TableSpec, headers: &[String]) -> Result<(), Problems> {
    let known: Vec<&str> = spec.columns.iter().map(|c| c.name).collect();
    let mut problems = Problems::default();
    let mut more = |at: usize, message: String, near: &str| {
        if problems.0.len() < TOLD {
            let range = cell_range(&source.text, 0, at);
            problems
                .0
                .push(Diagnostic::at(source, range, message).nearest(near, &known));
        }
    };
    let mut meant: HashSet<&str> = HashSet::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for (at, header) in headers.iter().enumerate() {
        if !known.contains(&header.as_str()) {
            let message = format!(
                "unknown column `{}`, expected one of `{}`",
                shortened(header),
                known.join("`, `")
            );
            meant.extend(nearest(header, &known));
            more(at, message, header);
        } else if !seen.insert(header) {
            more(at, format!("the column `{header}` is here twice"), "");
        }
    }
    for lacking in spec.columns.iter().filter(|c| !c.absent) {
        if !seen.contains(lacking.name) {
            let message = format!(
                "the column `{}` is missing, expected {}",
                lacking.name,
                lacking.expected()
            );
            // An unknown column that is nearest to this one is most likely this one misspelt.
            if !meant.contains(lacking.name) {
                problems.0.push(
                    Diagnostic::at(source, cell_range(&source.text, 0, 0), message)
                        .help(format!("add the column `{}` to the header", lacking.name)),
                );
            }
        }
    }
    problems.check()
}

pub(super) type WrongCell = (String, CellHint);

/// Holds one cell to its column.
pub(super) fn check_cell(
    cell: &str,
    spec: &ColumnSpec,
    names: &KnownNames,
) -> Result<(), WrongCell> {
    let found = || format!("found `{}`", shortened(cell));
    let wrong = |hint: CellHint| Err((found(), hint));
    if cell.is_empty() {
        return if spec.blank {
            Ok(())
        } else {
            Err(("found an empty cell".into(), CellHint::None))
        };
    }
    let known = |text: &str, kind: NameKind| {
        if names.holds(kind, text) {
            Ok(())
        } else {
            Err((
                format!("found `{}`", shortened(text)),
                CellHint::NearestKnown(shortened(text), kind),
            ))
        }
    };
    let good = match spec.cell {
        CellType::Name | CellType::Text => {
            let longest = match spec.cell {
                CellType::Name => NAME_LONGEST,
                _ => TEXT_LONGEST,
            };
            let length = cell.chars().count();
            if length > longest {
                return Err((format!("found {length} characters"), CellHint::None));
            }
            let padded = matches!(spec.cell, CellType::Name) && cell.trim() != cell;
            if padded {
                return wrong(CellHint::Words("a space stands before or after it"));
            }
            !cell.chars().any(char::is_control) && !cell.trim().is_empty()
        }
        CellType::Iso3 => cell.len() == 3 && cell.bytes().all(|b| b.is_ascii_uppercase()),
        CellType::Truth => {
            if !matches!(cell, "true" | "false") {
                let list = vec!["true", "false"];
                return wrong(CellHint::Nearest(shortened(cell), list));
            }
            true
        }
        CellType::Month => cell
            .parse::<Month>()
            .is_ok_and(|m| m.to_string() == cell && YEARS.contains(&m.year())),
        CellType::Date => cell
            .parse::<Date>()
            .is_ok_and(|d| d.to_string() == cell && YEARS.contains(&i32::from(d.year()))),
        CellType::Whole(low, high) => cell.parse::<i64>().is_ok_and(|v| (low..=high).contains(&v)),
        CellType::Number(low, high) => match cell.parse::<f64>() {
            Ok(v) if v == 0.0 && low > 0.0 => {
                return wrong(if spec.blank {
                    CellHint::Words("leave the cell empty where the number is not known")
                } else {
                    CellHint::None
                });
            }
            Ok(v) => v >= low && v <= high,
            Err(_) => false,
        },
        CellType::Word(words) => {
            if !words.contains(&cell) {
                return wrong(CellHint::Nearest(shortened(cell), words.to_vec()));
            }
            true
        }
        CellType::Known(kind) => return known(cell, kind),
        CellType::KnownList(kind) => {
            return cell.split(';').try_for_each(|part| known(part, kind));
        }
        CellType::KnownSides(kind) => {
            return cell.split('/').try_for_each(|part| known(part, kind));
        }
        CellType::WordList(words) => {
            let strange = cell.split(';').find(|part| !words.contains(part));
            return match strange {
                None => Ok(()),
                Some(part) => Err((
                    format!("found `{}`", shortened(part)),
                    CellHint::Nearest(shortened(part), words.to_vec()),
                )),
            };
        }
        CellType::KnownWithin(kind) => {
            let parts = cell.split(['/', '(', ')']).flat_map(|p| p.split(" then "));
            let mut parts = parts.map(str::trim).filter(|part| !part.is_empty());
            let strange = |part: &&str| !part.split(' ').any(|word| names.holds(kind, word));
            if let Some(part) = parts.find(strange) {
                return known(part.split(' ').next().unwrap_or(part), kind);
            }
            !cell.chars().any(char::is_control) && cell.contains(char::is_alphanumeric)
        }
    };
    if good { Ok(()) } else { wrong(CellHint::None) }
}

/// The beginning of a text that may be long.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// Bytes of the cell with this number in the row that begins at `start`, without its quotation marks.
pub fn cell_range(text: &str, start: usize, cell: usize) -> Range<usize> {
    cell_range_between(text, start, cell, b',')
}

/// The same where this byte parts the cells.
pub(super) fn cell_range_between(
    text: &str,
    start: usize,
    cell: usize,
    separator: u8,
) -> Range<usize> {
    let bytes = text.as_bytes();
    let mut at = start.min(bytes.len());
    while bytes.get(at).is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        at += 1;
    }
    if at == 0 && text.starts_with('\u{feff}') {
        at = '\u{feff}'.len_utf8();
    }
    for number in 0.. {
        let quoted = bytes.get(at) == Some(&b'"');
        let begin = if quoted { at + 1 } else { at };
        let mut end = begin;
        let mut after = begin;
        let mut open = quoted;
        while let Some(b) = bytes.get(after) {
            match b {
                b'"' if open && bytes.get(after + 1) == Some(&b'"') => after += 1,
                b'"' if open => {
                    open = false;
                    end = after;
                    after += 1;
                    continue;
                }
                b'\n' | b'\r' if !open => break,
                b if *b == separator && !open => break,
                _ => {}
            }
            after += 1;
            if open || !quoted {
                end = after;
            }
        }
        if number == cell || bytes.get(after) != Some(&separator) {
            return begin..end;
        }
        at = after + 1;
    }
    at..at
}

/// The schema of one row of a table, every cell as its text or number.
pub fn row_schema(spec: &TableSpec) -> schemars::Schema {
    let mut properties = Map::new();
    for column in spec.columns {
        let mut words = column.expected();
        if column.blank {
            words.push_str("; may be empty");
        }
        let mut entry = match column.cell {
            CellType::Truth => json!({"type": "boolean"}),
            CellType::Whole(low, high) => {
                json!({"type": "integer", "minimum": low, "maximum": high})
            }
            CellType::Number(low, high) => {
                json!({"type": "number", "minimum": low, "maximum": high})
            }
            CellType::Word(list) => json!({"enum": list}),
            _ => json!({"type": "string"}),
        };
        entry["description"] = Value::String(words);
        if !column.unit.is_empty() {
            entry["unit"] = Value::String(column.unit.into());
        }
        properties.insert(column.name.into(), entry);
    }
    let required: Vec<&str> = spec
        .columns
        .iter()
        .filter(|c| !c.absent)
        .map(|c| c.name)
        .collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": spec.path,
        "description": format!("A row is {}", spec.row),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "key": spec.key,
    });
    schemars::Schema::try_from(schema).unwrap_or_default()
}

/// The rows of a table, or none where something is wrong, which goes to `problems`.
pub fn kept<T>(read: Result<Vec<T>, Problems>, problems: &mut Problems) -> Vec<T> {
    read.unwrap_or_else(|more| {
        problems.0.extend(more.0);
        Vec::new()
    })
}

/// The nearest of some names, for messages of rules over rows.
pub fn or_nearest(found: &str, names: &[String]) -> String {
    let list: Vec<&str> = names.iter().map(String::as_str).collect();
    nearest(found, &list).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// Says where a value lies outside its own bounds, widened by a part of each.
pub fn check_bounds(
    [low, value, high]: [f64; 3],
    part: f64,
    columns: [&'static str; 3],
    found: &mut TableProblems,
) {
    if low > high {
        found.push((
            columns[0],
            format!("found {low} above its high value {high}"),
        ));
    } else if value < low * (1.0 - part) || value > high * (1.0 + part) {
        let message =
            format!("found {value}, expected a value from {low} to {high}, its own bounds");
        found.push((columns[1], message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_found_behind_quotation_marks_and_byte_order_marks() {
        let text = "\u{feff}a,\"b,\"\"c\"\"\",d\r\n1,,\"x\"\r\n";
        let cell = |start: usize, at: usize| &text[cell_range(text, start, at)];
        assert_eq!(cell(0, 0), "a");
        assert_eq!(cell(0, 1), "b,\"\"c\"\"");
        assert_eq!(cell(0, 2), "d");
        let second = text.find("1,,").unwrap();
        assert_eq!(cell(second - 1, 0), "1");
        assert_eq!(cell(second, 1), "");
        assert_eq!(cell(second, 2), "x");
        assert_eq!(cell(second, 9), "x");
    }
}
