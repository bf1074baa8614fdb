//! Recorded points beside what the model says, with their errors, and the month in which the record ends.

use super::axis::PlotPanel;
use super::canvas::{Canvas, TextAnchor};
use super::theme::{INK, SOFT, TINY, month, width};
use crate::foundation::calendar::Month;
use crate::results::{RECORD_TABLE, Results};

/// Says below a figure what its dots are.
pub const LEGEND: &str = "Dots: the record, under the rules as they were, with 90 % of its error; open: the model was fitted to it or given it; filled: neither.";

/// Whether the model was fitted to a recorded point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFit {
    Fitted,
    /// An input of the model.
    Given,
    Unfitted,
}

impl RecordFit {
    pub fn label(self) -> &'static str {
        match self {
            Self::Fitted => "fitted",
            Self::Given => "given to the model",
            Self::Unfitted => "not fitted",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "fitted" => Self::Fitted,
            "given" => Self::Given,
            _ => Self::Unfitted,
        }
    }
}

/// A recorded value of a measure over a period, in the unit of the measure.
#[derive(Clone, Copy, Debug)]
pub struct RecordMark {
    pub first: Month,
    pub last: Month,
    pub value: f64,
    pub low: f64,
    pub high: f64,
    pub fit: RecordFit,
}

impl RecordMark {
    /// The month in which it is drawn: the middle of its period.
    pub fn at(&self) -> Month {
        self.first.plus((self.last - self.first) / 2)
    }
}

/// The recorded points of a measure of an entity from a month on; none where the folder holds no record.
pub fn record_of(results: &Results, measure: &str, entity: &str, from: Month) -> Vec<RecordMark> {
    let Some(table) = results.tables.get(RECORD_TABLE) else {
        return Vec::new();
    };
    let to = results.manifest.study.last_month;
    let point = |row: &[String]| {
        Some(RecordMark {
            first: table.text(row, "first_month").parse().ok()?,
            last: table.text(row, "last_month").parse().ok()?,
            value: table.number(row, "value")?,
            low: table.number(row, "low")?,
            high: table.number(row, "high")?,
            fit: RecordFit::of(table.text(row, "used")),
        })
    };
    let rows = table.matching(&[("measure", measure), ("entity", entity)]);
    let all = rows.into_iter().filter_map(point);
    all.filter(|p| p.first <= p.last && p.at() >= from && p.at() <= to)
        .collect()
}

/// The last month of any recorded point, but none after the last month of the study's sources.
pub fn record_end(results: &Results) -> Option<Month> {
    let table = results.tables.get(RECORD_TABLE)?;
    let vintage = &results.manifest.study.data_vintage;
    let sources_end: Option<Month> = vintage.rsplit(' ').next().and_then(|m| m.parse().ok());
    let months = table.rows.iter();
    let last = months
        .filter_map(|row| table.text(row, "last_month").parse().ok())
        .max()?;
    Some(sources_end.map_or(last, |end| last.min(end)))
}

/// Draws points with error bars; what lies beyond the panel ends at its edge.
pub fn draw_record(canvas: &mut Canvas, panel: &PlotPanel, points: &[RecordMark]) {
    let (top, bottom) = (panel.top(), panel.bottom());
    for point in points {
        let x = panel.x(point.at());
        let y = |v: f64| panel.y(v).clamp(top, bottom);
        canvas.line(vec![(x, y(point.low)), (x, y(point.high))], INK, 0.9);
        let at = (x, y(point.value));
        canvas.dot(at, 2.6, INK, 1.0);
        if point.fit != RecordFit::Unfitted {
            canvas.dot(at, 1.6, (255, 255, 255), 1.0);
        }
    }
}

/// Draws the upright between what was and what may be.
pub fn draw_record_end(canvas: &mut Canvas, panel: &PlotPanel, results: &Results) {
    let Some(end) = record_end(results) else {
        return;
    };
    let x = panel.x(end);
    if x <= panel.left() || x >= panel.right() {
        return;
    }
    canvas.line(vec![(x, panel.top()), (x, panel.bottom())], SOFT, 1.1);
    let words = format!("record ends {}", month(end));
    let left = x + 4.0;
    if left + width(&words, TINY, false) < panel.right() {
        let at = (left, panel.top() + 6.0);
        canvas.text(at, words, TINY, SOFT, TextAnchor::Left);
    }
}
