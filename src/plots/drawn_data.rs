//! The numbers that a figure draws, as a table that a spreadsheet opens.

use super::record::RecordMark;
use crate::foundation::maths;
use crate::results::BandRow;
use crate::results::tables::SideTable;

/// Rows of what has been drawn; a column appears with the first row that has it.
#[derive(Clone, Debug, Default)]
pub struct DrawnData(pub SideTable);

impl DrawnData {
    /// Adds a row of cells by the names of their columns.
    pub fn add(&mut self, cells: &[(&str, String)]) {
        let table = &mut self.0;
        let mut row = vec![String::new(); table.columns.len()];
        for (column, text) in cells {
            let at = table.column(column).unwrap_or_else(|| {
                table.columns.push((*column).to_string());
                table.rows.iter_mut().for_each(|r| r.push(String::new()));
                row.push(String::new());
                table.columns.len() - 1
            });
            row[at].clone_from(text);
        }
        table.rows.push(row);
    }

    /// Adds a curve with its bands, month by month.
    pub fn add_bands(&mut self, [panel, line, unit]: [&str; 3], rows: &[&BandRow]) {
        for row in rows {
            let b = &row.band;
            self.add(&[
                ("panel", panel.into()),
                ("line", line.into()),
                ("unit", unit.into()),
                ("month", row.month.to_string()),
                ("median", digits(b.p50)),
                ("p05", digits(b.p05)),
                ("p25", digits(b.p25)),
                ("p75", digits(b.p75)),
                ("p95", digits(b.p95)),
                ("mean", digits(b.mean)),
                ("futures", row.runs.to_string()),
            ]);
        }
    }

    /// Adds the points of the record; their bounds hold 90 %.
    pub fn add_record(&mut self, [panel, line, unit]: [&str; 3], points: &[RecordMark]) {
        for point in points {
            self.add(&[
                ("panel", panel.into()),
                ("line", format!("{line}, record ({})", point.fit.label())),
                ("unit", unit.into()),
                ("month", point.last.to_string()),
                ("median", digits(point.value)),
                ("p05", digits(point.low)),
                ("p95", digits(point.high)),
            ]);
        }
    }
}

/// A number to six significant digits.
pub fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 {
            "0".into()
        } else {
            String::new()
        };
    }
    let places = 5 - maths::log10(value.abs()).floor() as i32;
    if places < 0 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.*}", places.min(12) as usize);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_other_columns_share_one_table() {
        let mut data = DrawnData::default();
        data.add(&[("a", "1".into())]);
        data.add(&[("b", "2".into()), ("a", "3".into())]);
        assert_eq!(data.0.columns, ["a", "b"]);
        assert_eq!(data.0.rows, [["1", ""], ["3", "2"]]);
    }

    #[test]
    fn six_digits_are_kept() {
        assert_eq!(digits(1.0 / 3.0), "0.333333");
        assert_eq!(digits(1_234_567.8), "1234568");
        assert_eq!(digits(-2.5), "-2.5");
        assert_eq!(digits(f64::NAN), "");
    }
}
