//! Heat maps: table cells coloured by an order of words or by a number around zero.

use super::canvas::TextAnchor;
use super::fan::lines_of;
use super::theme::{
    BLUE, Colour, INK, LABEL, OTHERS, SMALL, SOFT, TINY, VERMILLION, axis_unit, between, fitted,
    in_unit, on, width,
};
use super::{FigureLayout, arm_of, table_of, two_digits};
use crate::config::figure::HeatmapSpec;
use crate::results::Results;

const PALE: Colour = (247, 247, 247);
/// From no rule to denial, light to dark, so that the order is readable without colour.
const WEAK: Colour = (222, 239, 247);

/// Draws the grid; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    heat: &HeatmapSpec,
) -> Result<String, String> {
    let table = table_of(results, &heat.table)?;
    for column in [&heat.rows, &heat.columns, &heat.value] {
        if table.column(column).is_none() {
            return Err(format!("{}.csv has no column `{column}`", heat.table));
        }
    }
    let mut wanted: Vec<(&str, &str)> = heat
        .only
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    let mut of = String::new();
    if table.column("regime").is_some() {
        let arm = arm_of(results, &heat.regime)?;
        wanted.push(("regime", &arm.name));
        of = format!("Under {}.", arm.label());
    }
    let cells = table.matching(&wanted);
    if cells.is_empty() {
        return Err(format!("{}.csv has no row that fits", heat.table));
    }
    let mut rows = table.distinct(&cells, &heat.rows);
    let all = rows.len();
    if let Some(weakest) = heat.order.first() {
        let stirs = |row: &String| {
            cells
                .iter()
                .any(|c| table.text(c, &heat.rows) == row && table.text(c, &heat.value) != weakest)
        };
        rows.retain(stirs);
        if all > rows.len() {
            let quiet = format!(
                "{} rows that are {weakest} throughout are left out.",
                all - rows.len()
            );
            sheet.caption.push(quiet);
        }
    }
    if rows.is_empty() {
        return Err(format!(
            "{}.csv: every row is {}",
            heat.table, heat.order[0]
        ));
    }
    let columns = table.distinct(&cells, &heat.columns);
    let numbers: Vec<f64> = cells
        .iter()
        .filter_map(|c| table.number(c, &heat.value))
        .collect();
    let numeric = heat.order.is_empty() && !numbers.is_empty();
    let most = numbers.iter().map(|v| v.abs()).fold(1e-12, f64::max);
    let words = if heat.order.is_empty() && !numeric {
        table.distinct(&cells, &heat.value)
    } else {
        heat.order.clone()
    };
    let colour_of = |text: &str| -> Colour {
        if numeric {
            let part = text.parse::<f64>().unwrap_or(0.0) / most;
            let end = if part >= 0.0 { BLUE } else { VERMILLION };
            return between(PALE, end, part.abs());
        }
        match words.iter().position(|w| w == text) {
            Some(0) => PALE,
            Some(at) => {
                let part = (at as f64 - 1.0) / (words.len() as f64 - 2.0).max(1.0);
                between(WEAK, (0, 70, 120), part)
            }
            None => OTHERS,
        }
    };
    let names = rows.iter().map(|r| width(r, SMALL, false));
    let left = (names.fold(0.0, f64::max) + 26.0).clamp(90.0, 250.0);
    let wide = ((sheet.canvas.width - left - 16.0) / columns.len() as f64).min(150.0);
    let high = if rows.len() > 20 { 15.5 } else { 26.0 };
    let heads: Vec<Vec<String>> = columns
        .iter()
        .map(|c| lines_of(&c.replace('_', " "), wide - 6.0, TINY, 3))
        .collect();
    let lines = heads.iter().map(Vec::len).max().unwrap_or(1);
    let top = sheet.y + 10.0 + 12.0 * lines as f64;
    let canvas = &mut sheet.canvas;
    for (n, head) in heads.iter().enumerate() {
        let x = left + (n as f64 + 0.5) * wide;
        for (line, text) in head.iter().enumerate() {
            let y = top - 8.0 - 12.0 * (head.len() - 1 - line) as f64;
            canvas.text((x, y), text.clone(), TINY, SOFT, TextAnchor::Centre);
        }
    }
    let shown = |text: &str| {
        let number = text.parse::<f64>().ok().filter(|_| numeric);
        number.map_or(text.replace('_', " "), |v| {
            in_unit(two_digits(v), &heat.unit)
        })
    };
    let size = if high > 20.0 { SMALL } else { TINY };
    for (r, row) in rows.iter().enumerate() {
        let y = top + r as f64 * high;
        let name = fitted(&row.replace('_', " "), left - 22.0, SMALL);
        let at = (left - 10.0, y + high / 2.0);
        canvas.text(at, name, SMALL, INK, TextAnchor::Right);
        for (c, column) in columns.iter().enumerate() {
            let cell = cells.iter().find(|x| {
                table.text(x, &heat.rows) == row && table.text(x, &heat.columns) == column
            });
            let Some(cell) = cell else { continue };
            let text = table.text(cell, &heat.value);
            let colour = colour_of(text);
            let x = left + c as f64 * wide;
            canvas.rect(
                (x + 0.5, y + 0.5),
                (x + wide - 0.5, y + high - 0.5),
                colour,
                1.0,
            );
            let words = shown(text);
            if width(&words, size, false) <= wide - 3.0 && (numeric || !words_are_legend(wide)) {
                let at = (x + wide / 2.0, y + high / 2.0);
                canvas.text(at, words, size, on(colour), TextAnchor::Centre);
            }
        }
    }
    let bottom = top + rows.len() as f64 * high;
    let foot = bottom + 20.0;
    if numeric {
        let unit = axis_unit(&heat.unit);
        let text = format!("blue: more {unit}; red: less; the stronger the colour, the larger");
        canvas.text((left, foot), text, SMALL, SOFT, TextAnchor::Left);
    } else {
        let mut x = left;
        let mut y = foot;
        for word in &words {
            let label = word.replace('_', " ");
            let step = 32.0 + width(&label, LABEL, false);
            if x + step > canvas.width {
                (x, y) = (left, y + 18.0);
            }
            canvas.rect((x, y - 6.0), (x + 14.0, y + 6.0), SOFT, 1.0);
            canvas.rect(
                (x + 0.6, y - 5.4),
                (x + 13.4, y + 5.4),
                colour_of(word),
                1.0,
            );
            canvas.text((x + 18.0, y), label, LABEL, INK, TextAnchor::Left);
            x += step;
        }
        sheet.y = y;
    }
    sheet.y = sheet.y.max(foot) + 14.0;
    if !of.is_empty() {
        sheet.caption.push(of);
    }
    let say = |row: &String| {
        let last = cells
            .iter()
            .rev()
            .find(|c| table.text(c, &heat.rows) == row);
        last.map(|c| {
            let column = table.text(c, &heat.columns).replace('_', " ");
            format!("{row}, {column}: {}", shown(table.text(c, &heat.value)))
        })
    };
    Ok(rows.iter().filter_map(say).collect::<Vec<_>>().join("; "))
}

/// Whether cells are too narrow for their words, so that only the legend explains them.
fn words_are_legend(wide: f64) -> bool {
    wide < 62.0
}
