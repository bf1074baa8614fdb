//! The track record for readers: dated forecasts beside what came, in one figure and one sentence.

use serde::Serialize;

use crate::plots::{draw_track_record, series_label};
use crate::results::{Results, TRACK_RECORD_TABLE};

/// The sentence, and the figure where a value has come.
#[derive(Serialize)]
pub struct TrackRecordText {
    pub sentence: String,
    pub svg: Option<String>,
}

/// The track record of a results folder. Where nothing has been scored it says so.
pub fn track_record(results: &Results) -> TrackRecordText {
    let Some(table) = results.tables.get(TRACK_RECORD_TABLE) else {
        return TrackRecordText {
            sentence: "No dated forecast of this model has been scored for this page.".into(),
            svg: None,
        };
    };
    let mut dates: Vec<&str> = table.rows.iter().map(|r| table.text(r, "dated")).collect();
    dates.sort_unstable();
    dates.dedup();
    let of = |standing: &str| {
        let rows = table.rows.iter();
        let rows = rows.filter(|row| {
            table.text(row, "standing") == standing && table.text(row, "weak") != "true"
        });
        rows.collect::<Vec<_>>()
    };
    let (counted, waiting) = (of("counted"), of("waiting").len());
    let forecasts = format!(
        "{} of {}",
        if dates.len() == 1 {
            "The forecast"
        } else {
            "The forecasts"
        },
        dates.join(", ")
    );
    if counted.is_empty() {
        return TrackRecordText {
            sentence: format!(
                "{forecasts} cannot be scored yet: {waiting} predictions wait for their values."
            ),
            svg: None,
        };
    }
    let share = |column: &str| {
        let held = counted
            .iter()
            .filter(|row| table.text(row, column) == "true");
        format!("{:.0}", 100.0 * held.count() as f64 / counted.len() as f64)
    };
    TrackRecordText {
        sentence: format!(
            "{forecasts}: {} values came after the date, {} % of them within the 90 % interval and {} % within the 50 % interval; {waiting} predictions wait.",
            counted.len(),
            share("inside_90"),
            share("inside_50")
        ),
        svg: draw_track_record(table, &series_label),
    }
}
