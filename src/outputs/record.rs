//! The record of one run: a column of monthly values for each measure and entity, and the index that finds it.

use bevy_ecs::resource::Resource;

/// Monthly values of one run: one column for each (measure, entity), in order of registration.
#[derive(Resource, Clone, Debug, Default)]
pub struct MonthlyRecord {
    months: usize,
    columns: Vec<f64>,
}

impl MonthlyRecord {
    pub fn new(columns: usize, months: usize) -> Self {
        Self {
            months,
            columns: vec![f64::NAN; columns * months],
        }
    }

    pub fn reset(&mut self) {
        self.columns.iter_mut().for_each(|v| *v = f64::NAN);
    }

    pub fn set(&mut self, column: usize, month: usize, value: f64) {
        self.columns[column * self.months + month] = value;
    }

    /// Sets columns side by side.
    pub fn set_all<const N: usize>(
        &mut self,
        columns: &[usize; N],
        month: usize,
        values: [f64; N],
    ) {
        for (column, value) in columns.iter().zip(values) {
            self.set(*column, month, value);
        }
    }

    pub fn column(&self, column: usize) -> &[f64] {
        &self.columns[column * self.months..(column + 1) * self.months]
    }
}

/// A part over a whole; no value where the whole is nothing.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { f64::NAN }
}

/// Names of the columns: (measure, entity) to column number.
#[derive(Clone, Debug, Default)]
pub struct ColumnIndex {
    names: Vec<(&'static str, String)>,
    index: std::collections::HashMap<(&'static str, String), usize>,
}

impl ColumnIndex {
    /// Registers a column; the same name always gives the same number.
    pub fn add(&mut self, measure: &'static str, entity: impl Into<String>) -> usize {
        let key = (measure, entity.into());
        if let Some(&at) = self.index.get(&key) {
            return at;
        }
        self.names.push(key.clone());
        self.index.insert(key, self.names.len() - 1);
        self.names.len() - 1
    }

    pub fn find(&self, measure: &str, entity: &str) -> Option<usize> {
        let known = self
            .names
            .iter()
            .position(|(m, e)| *m == measure && e == entity)?;
        Some(known)
    }

    pub fn names(&self) -> &[(&'static str, String)] {
        &self.names
    }
}
