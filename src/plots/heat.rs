//! Heat maps: table cells coloured by an order of words or by a number around zero.

use super::canvas::{Canvas, TextAnchor};
use super::fan::lines_of;
use super::theme::{
    BLUE, Colour, INK, LABEL, OTHERS, SMALL, SOFT, TINY, VERMILLION, axis_unit, between, fitted,
    in_unit, month, on, width,
};
use super::{FigureLayout, arm_of, table_of, two_digits};
use crate::config::figure::HeatmapSpec;
use crate::foundation::calendar::Month;
use crate::results::tables::SideTable;
use crate::results::{ArmInfo, Results};

const PALE: Colour = (247, 247, 247);
/// From no rule to denial, light to dark, so that the order is readable without colour.
const WEAK: Colour = (222, 239, 247);

/// What is drawn: the cells that fit, by row and column, and how a cell is coloured.
struct Grid<'a> {
    heat: &'a HeatmapSpec,
    table: &'a SideTable,
    cells: Vec<&'a [String]>,
    rows: Vec<String>,
    columns: Vec<String>,
    /// Whether cells hold numbers around zero, and the largest of them.
    numeric: bool,
    most: f64,
    /// Words in their order, where cells hold words.
    words: Vec<String>,
}

/// Where the grid is drawn.
struct GridLayout {
    left: f64,
    top: f64,
    /// Width and height of a cell.
    wide: f64,
    high: f64,
    /// Lines of each column's head.
    heads: Vec<Vec<String>>,
}

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
    let (wanted, arm) = wanted_rows(results, heat, table)?;
    let (grid, quiet) = Grid::of(heat, table, &wanted)?;
    sheet.caption.extend(quiet);
    let layout = grid.layout(sheet);
    layout.draw_heads(&mut sheet.canvas);
    grid.draw_cells(&mut sheet.canvas, &layout);
    grid.draw_legend(sheet, &layout);
    let is_drawn = |cell: &&&[String]| grid.rows.iter().any(|r| r == table.text(cell, &heat.rows));
    for cell in grid.cells.iter().filter(is_drawn) {
        let columns = [&heat.rows, &heat.columns, &heat.value];
        let row = columns.map(|c| (c.as_str(), table.text(cell, c).to_string()));
        sheet.data.add(&row);
    }
    let under = arm.map(|arm| format!("Under {}.", arm.label()));
    sheet.caption.extend(under);
    Ok(grid.describe())
}

/// Texts that columns of a drawn row must hold, and the arm that it is of.
type WantedRows<'a> = (Vec<(&'a str, &'a str)>, Option<&'a ArmInfo>);

fn wanted_rows<'a>(
    results: &'a Results,
    heat: &'a HeatmapSpec,
    table: &SideTable,
) -> Result<WantedRows<'a>, String> {
    let only = heat.only.iter();
    let mut wanted: Vec<(&str, &str)> = only.map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let mut arm = None;
    if table.column("regime").is_some() {
        let of = arm_of(results, &heat.regime)?;
        wanted.push(("regime", &of.name));
        arm = Some(of);
    }
    Ok((wanted, arm))
}

/// The finding of a grid: rows with the strongest word in the last column, or the largest number.
pub fn finding(results: &Results, heat: &HeatmapSpec) -> Option<String> {
    let table = table_of(results, &heat.table).ok()?;
    let (wanted, arm) = wanted_rows(results, heat, table).ok()?;
    let under = arm.map_or(String::new(), |arm| format!(" under {}", arm.label()));
    let cells = table.matching(&wanted);
    if let Some(strongest) = heat.order.last() {
        let last = table.text(cells.last()?, &heat.columns).to_string();
        // Rows without a verdict at the end, such as chips that are not on sale, do not count.
        let at_end: Vec<&str> = cells
            .iter()
            .filter(|c| table.text(c, &heat.columns) == last)
            .map(|c| table.text(c, &heat.value))
            .filter(|value| heat.order.iter().any(|word| word == value))
            .collect();
        let all = at_end.len();
        let held = at_end.iter().filter(|value| *value == strongest).count();
        let (rows, strongest) = (heat.rows.replace('_', " "), strongest.replace('_', " "));
        let when = last
            .parse()
            .map_or_else(|_| last.replace('_', " "), |m: Month| month(m));
        return Some(format!(
            "{held} of {all} {rows}s are {strongest}{under}, {when}"
        ));
    }
    let number = |c: &&[String]| table.number(c, &heat.value);
    let most = cells
        .iter()
        .filter_map(|c| Some((c, number(c)?)))
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    let words = |column: &str| table.text(most.0, column).replace('_', " ");
    Some(format!(
        "Largest{under}: {}, {}, with {} {}",
        words(&heat.rows),
        words(&heat.columns),
        in_unit(two_digits(most.1), &heat.unit),
        heat.unit.trim_start_matches("fraction")
    ))
}

impl<'a> Grid<'a> {
    /// The grid, and a sentence on the rows that it leaves out.
    fn of(
        heat: &'a HeatmapSpec,
        table: &'a SideTable,
        wanted: &[(&str, &str)],
    ) -> Result<(Self, Option<String>), String> {
        let cells = table.matching(wanted);
        if cells.is_empty() {
            return Err(format!("{}.csv has no row that fits", heat.table));
        }
        let mut rows = table.distinct(&cells, &heat.rows);
        let all = rows.len();
        let mut quiet = None;
        if let [weakest, stronger @ ..] = heat.order.as_slice() {
            let is_stronger = |text: &str| stronger.iter().any(|word| word == text);
            let stirs = |row: &String| {
                cells.iter().any(|c| {
                    table.text(c, &heat.rows) == row && is_stronger(table.text(c, &heat.value))
                })
            };
            rows.retain(stirs);
            quiet = (all > rows.len()).then(|| {
                format!(
                    "{} rows that are {weakest} wherever they have a verdict are left out.",
                    all - rows.len()
                )
            });
        }
        if rows.is_empty() {
            return Err(format!(
                "{}.csv: every row is {}",
                heat.table, heat.order[0]
            ));
        }
        let numbers: Vec<f64> = cells
            .iter()
            .filter_map(|c| table.number(c, &heat.value))
            .collect();
        let numeric = heat.order.is_empty() && !numbers.is_empty();
        let words = if heat.order.is_empty() && !numeric {
            table.distinct(&cells, &heat.value)
        } else {
            heat.order.clone()
        };
        let grid = Self {
            heat,
            table,
            rows,
            columns: table.distinct(&cells, &heat.columns),
            numeric,
            most: numbers.iter().map(|v| v.abs()).fold(1e-12, f64::max),
            words,
            cells,
        };
        Ok((grid, quiet))
    }

    fn colour_of(&self, text: &str) -> Colour {
        if self.numeric {
            let part = text.parse::<f64>().unwrap_or(0.0) / self.most;
            let end = if part >= 0.0 { BLUE } else { VERMILLION };
            return between(PALE, end, part.abs());
        }
        match self.words.iter().position(|w| w == text) {
            Some(0) => PALE,
            Some(at) => {
                let part = (at as f64 - 1.0) / (self.words.len() as f64 - 2.0).max(1.0);
                between(WEAK, (0, 70, 120), part)
            }
            None => OTHERS,
        }
    }

    fn shown(&self, text: &str) -> String {
        let number = text.parse::<f64>().ok().filter(|_| self.numeric);
        number.map_or(text.replace('_', " "), |v| {
            in_unit(two_digits(v), &self.heat.unit)
        })
    }

    fn layout(&self, sheet: &FigureLayout) -> GridLayout {
        let names = self.rows.iter().map(|r| width(r, SMALL, false));
        let left = (names.fold(0.0, f64::max) + 26.0).clamp(90.0, 250.0);
        let wide = ((sheet.canvas.width - left - 16.0) / self.columns.len() as f64).min(150.0);
        let heads: Vec<Vec<String>> = self
            .columns
            .iter()
            .map(|c| lines_of(&c.replace('_', " "), wide - 6.0, TINY, 3))
            .collect();
        let lines = heads.iter().map(Vec::len).max().unwrap_or(1);
        GridLayout {
            left,
            top: sheet.y + 10.0 + 12.0 * lines as f64,
            wide,
            high: if self.rows.len() > 20 { 15.5 } else { 26.0 },
            heads,
        }
    }

    fn draw_cells(&self, canvas: &mut Canvas, at: &GridLayout) {
        let (table, heat) = (self.table, self.heat);
        let GridLayout {
            left, wide, high, ..
        } = *at;
        let size = if high > 20.0 { SMALL } else { TINY };
        for (r, row) in self.rows.iter().enumerate() {
            let y = at.top + r as f64 * high;
            let name = fitted(&row.replace('_', " "), left - 22.0, SMALL);
            let place = (left - 10.0, y + high / 2.0);
            canvas.text(place, name, SMALL, INK, TextAnchor::Right);
            for (c, column) in self.columns.iter().enumerate() {
                let cell = self.cells.iter().find(|x| {
                    table.text(x, &heat.rows) == row && table.text(x, &heat.columns) == column
                });
                let Some(cell) = cell else { continue };
                let text = table.text(cell, &heat.value);
                let colour = self.colour_of(text);
                let x = left + c as f64 * wide;
                let corner = (x + wide - 0.5, y + high - 0.5);
                canvas.rect((x + 0.5, y + 0.5), corner, colour, 1.0);
                let words = self.shown(text);
                let fits = width(&words, size, false) <= wide - 3.0;
                if fits && (self.numeric || !words_are_legend(wide)) {
                    let place = (x + wide / 2.0, y + high / 2.0);
                    canvas.text(place, words, size, on(colour), TextAnchor::Centre);
                }
            }
        }
    }

    /// What the colours mean.
    fn draw_legend(&self, sheet: &mut FigureLayout, at: &GridLayout) {
        let canvas = &mut sheet.canvas;
        let left = at.left;
        let bottom = at.top + self.rows.len() as f64 * at.high;
        let foot = bottom + 20.0;
        if self.numeric {
            let unit = axis_unit(&self.heat.unit);
            let text = format!("blue: more {unit}; red: less; the stronger the colour, the larger");
            canvas.text((left, foot), text, SMALL, SOFT, TextAnchor::Left);
        } else {
            let (mut x, mut y) = (left, foot);
            let is_drawn = |c: &&&[String]| {
                self.rows
                    .iter()
                    .any(|r| r == self.table.text(c, &self.heat.rows))
            };
            let drawn: Vec<&[String]> = self.cells.iter().filter(is_drawn).copied().collect();
            let mut words = self.table.distinct(&drawn, &self.heat.value);
            words.retain(|word| !word.is_empty() && !self.words.contains(word));
            for word in self.words.iter().chain(&words) {
                let label = word.replace('_', " ");
                let step = 32.0 + width(&label, LABEL, false);
                if x + step > canvas.width {
                    (x, y) = (left, y + 18.0);
                }
                canvas.rect((x, y - 6.0), (x + 14.0, y + 6.0), SOFT, 1.0);
                let colour = self.colour_of(word);
                canvas.rect((x + 0.6, y - 5.4), (x + 13.4, y + 5.4), colour, 1.0);
                canvas.text((x + 18.0, y), label, LABEL, INK, TextAnchor::Left);
                x += step;
            }
            sheet.y = y;
        }
        sheet.y = sheet.y.max(foot) + 14.0;
    }

    /// The last cell of every row.
    fn describe(&self) -> String {
        let (table, heat) = (self.table, self.heat);
        let say = |row: &String| {
            let mut cells = self.cells.iter().rev();
            let last = cells.find(|c| table.text(c, &heat.rows) == row)?;
            let column = table.text(last, &heat.columns).replace('_', " ");
            let value = self.shown(table.text(last, &heat.value));
            Some(format!("{row}, {column}: {value}"))
        };
        let all: Vec<String> = self.rows.iter().filter_map(say).collect();
        all.join("; ")
    }
}

impl GridLayout {
    fn draw_heads(&self, canvas: &mut Canvas) {
        for (n, head) in self.heads.iter().enumerate() {
            let x = self.left + (n as f64 + 0.5) * self.wide;
            for (line, text) in head.iter().enumerate() {
                let y = self.top - 8.0 - 12.0 * (head.len() - 1 - line) as f64;
                canvas.text((x, y), text.clone(), TINY, SOFT, TextAnchor::Centre);
            }
        }
    }
}

/// Whether cells are too narrow for their words, so that only the legend explains them.
fn words_are_legend(wide: f64) -> bool {
    wide < 62.0
}
