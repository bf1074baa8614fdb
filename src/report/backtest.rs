//! The back-test for readers: how the model fares on recorded series that it was not fitted to, losses first.

use serde::Serialize;

use crate::plots::{number, series_label, two_digits};
use crate::results::Results;

/// Rows that stand open on the page; the rest is folded.
const SHOWN: usize = 10;

/// The scorecard in a sentence, and its rows.
#[derive(Serialize)]
pub struct BacktestTable {
    pub sentence: String,
    pub shown: Vec<BacktestRow>,
    pub folded: Vec<BacktestRow>,
}

/// One recorded series: its name for readers and its score.
#[derive(Serialize)]
pub struct BacktestRow {
    pub series: String,
    pub split: String,
    pub points: String,
    pub skill: String,
    pub raw_skill: String,
    pub verdict: String,
    pub rival: String,
}

/// The rows of `scorecard.csv`, the worst skill first; nothing where the folder has none.
pub fn backtest(results: &Results) -> Option<BacktestTable> {
    let table = results.tables.get("scorecard")?;
    let mut rows: Vec<(f64, BacktestRow)> = table
        .rows
        .iter()
        .filter_map(|row| {
            let skill = table.number(row, "skill")?;
            let row = BacktestRow {
                series: series_label(table.text(row, "series"), table.text(row, "entity")),
                split: table.text(row, "split").to_string(),
                points: table.text(row, "n").to_string(),
                skill: number(two_digits(skill)),
                raw_skill: skill.to_string(),
                verdict: table.text(row, "verdict").to_string(),
                rival: table.text(row, "naive").to_string(),
            };
            Some((skill, row))
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let count = |verdict: &str| rows.iter().filter(|(_, r)| r.verdict == verdict).count();
    let (lost, won) = (count("loses"), count("beats"));
    let sentence = format!(
        "Of {} recorded series that the model was not fitted to, the model loses to a simple forecast in {lost}, beats it in {won}, and ties in {}, where the record is too short to tell. Skill is one less the model's error over that of the simple forecast: below zero the model is worse.",
        rows.len(),
        rows.len() - lost - won
    );
    let mut shown: Vec<BacktestRow> = rows.into_iter().map(|(_, row)| row).collect();
    let folded = shown.split_off(shown.len().min(SHOWN));
    Some(BacktestTable {
        sentence,
        shown,
        folded,
    })
}
