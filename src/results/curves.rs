//! Curves of a table of bands: the rows of one measure and entity under one regime, found without a search of the table.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use super::{BandRow, Results};
use crate::foundation::calendar::Month;

/// Where each curve lies in a table of bands; made at the first look-up, after which the table no longer changes.
#[derive(Clone, Debug, Default)]
pub struct CurveIndex(OnceLock<HashMap<[String; 3], Vec<Range<usize>>>>);

/// Two tables are equal if their rows are.
impl PartialEq for CurveIndex {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl CurveIndex {
    fn of(&self, rows: &[BandRow]) -> &HashMap<[String; 3], Vec<Range<usize>>> {
        self.0.get_or_init(|| {
            let mut curves: HashMap<[String; 3], Vec<Range<usize>>> = HashMap::new();
            let mut from = 0;
            for piece in rows.chunk_by(|a, b| key(a) == key(b)) {
                let until = from + piece.len();
                let curve = curves.entry(key(&piece[0]).map(String::from));
                curve.or_default().push(from..until);
                from = until;
            }
            curves
        })
    }
}

fn key(row: &BandRow) -> [&str; 3] {
    [&row.regime, &row.measure, &row.entity]
}

impl Results {
    /// Bands of one measure and entity under one regime, from a month on, in the order of the table.
    pub fn curve(&self, arm: &str, measure: &str, entity: &str, from: Month) -> Vec<&BandRow> {
        let curves = self.curves.of(&self.bands);
        let places = curves.get(&[arm, measure, entity].map(String::from));
        let rows = places.into_iter().flatten().cloned();
        rows.flat_map(|place| &self.bands[place])
            .filter(|row| row.month >= from)
            .collect()
    }
}
