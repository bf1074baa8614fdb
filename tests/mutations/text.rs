//! TOML and CSV taken apart into places that a mutation can write over, with the text around them left as it is.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// What stands in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Text,
    Number,
    Flag,
    Day,
    List,
    Table,
}

/// A value of a file.
#[derive(Clone, Debug)]
pub struct Place {
    /// Keys from the root, `[]` for an element of a list; or the column.
    pub path: String,
    /// Where its key stands, if it has one.
    pub key: Option<Range<usize>>,
    pub value: Range<usize>,
    pub holds: Holds,
    /// The table, or the row, that it stands in.
    pub table: usize,
    /// The value as text.
    pub says: String,
}

/// Every value of a TOML file.
pub fn of_toml(text: &str) -> Vec<Place> {
    let root = DeTable::parse(text).unwrap_or_else(|e| panic!("a shipped file is no TOML: {e}"));
    let mut all = Vec::new();
    let mut tables = 0;
    table(text, root.get_ref(), "", &mut tables, &mut all);
    all.sort_by_key(|p| p.key.clone().unwrap_or(p.value.clone()).start);
    all
}

fn table(text: &str, of: &DeTable, path: &str, tables: &mut usize, all: &mut Vec<Place>) {
    *tables += 1;
    let mine = *tables;
    for (key, value) in of.iter() {
        let path = match path {
            "" => key.get_ref().to_string(),
            _ => format!("{path}.{}", key.get_ref()),
        };
        let at = (Some(key.span()), value.span());
        one(text, value.get_ref(), at, &path, mine, tables, all);
    }
}

fn one(
    text: &str,
    value: &DeValue,
    at: (Option<Range<usize>>, Range<usize>),
    path: &str,
    mine: usize,
    tables: &mut usize,
    all: &mut Vec<Place>,
) {
    let holds = match value {
        DeValue::String(_) => Holds::Text,
        DeValue::Integer(_) | DeValue::Float(_) => Holds::Number,
        DeValue::Boolean(_) => Holds::Flag,
        DeValue::Datetime(_) => Holds::Day,
        DeValue::Array(_) => Holds::List,
        DeValue::Table(_) => Holds::Table,
    };
    let says = match value {
        DeValue::String(s) => s.to_string(),
        _ => text[at.1.clone()].to_string(),
    };
    all.push(Place {
        path: path.to_string(),
        key: at.0,
        value: at.1,
        holds,
        table: mine,
        says,
    });
    match value {
        DeValue::Table(inner) => table(text, inner, path, tables, all),
        DeValue::Array(list) => {
            for element in list.iter() {
                let at = (None, element.span());
                let path = format!("{path}[]");
                one(text, element.get_ref(), at, &path, mine, tables, all);
            }
        }
        _ => {}
    }
}

/// A CSV file: its rows, header first, as the byte ranges of their cells; comment lines are left out.
#[derive(Clone, Debug)]
pub struct Csv {
    pub rows: Vec<Vec<Range<usize>>>,
}

impl Csv {
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut rows = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'#' {
                at += text[at..].find('\n').map_or(text.len() - at, |n| n + 1);
                continue;
            }
            let mut row = Vec::new();
            let mut from = at;
            let mut quoted = false;
            loop {
                match bytes.get(at) {
                    Some(b'"') => quoted = !quoted,
                    Some(b',') if !quoted => {
                        row.push(from..at);
                        from = at + 1;
                    }
                    Some(b'\n') if !quoted => break,
                    None => break,
                    _ => {}
                }
                at += 1;
            }
            // A line may end as on Windows.
            let windows = at > from && bytes[at - 1] == b'\r';
            row.push(from..at - usize::from(windows));
            at += 1;
            rows.push(row);
        }
        Self { rows }
    }

    /// Every cell below the header.
    pub fn cells(&self, text: &str) -> Vec<Place> {
        let header = &self.rows[0];
        let rows = self.rows.iter().enumerate().skip(1);
        rows.flat_map(|(number, row)| {
            row.iter().zip(header).map(move |(cell, column)| {
                let says = text[cell.clone()].trim_matches('"').to_string();
                Place {
                    path: text[column.clone()].to_string(),
                    key: None,
                    value: cell.clone(),
                    holds: if says.parse::<f64>().is_ok() {
                        Holds::Number
                    } else if says == "true" || says == "false" {
                        Holds::Flag
                    } else {
                        Holds::Text
                    },
                    table: number,
                    says,
                }
            })
        })
        .collect()
    }

    /// The range of a row with its line break.
    pub fn line(&self, text: &str, row: usize) -> Range<usize> {
        let cells = &self.rows[row];
        let end = cells[cells.len() - 1].end;
        let after = text[end..].find('\n').map_or(text.len(), |n| end + n + 1);
        cells[0].start..after
    }
}
