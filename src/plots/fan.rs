//! Fan charts: median with 50 and 90 % bands over time, in a panel for each regime or line, with the dates of rules.

use super::axis::{AxisScaleRange, PlotPanel, bounds, can_be_drawn, fan_bounds, months};
use super::canvas::{Canvas, TextAnchor};
use super::record::{LEGEND, RecordMark, draw_record, draw_record_end, record_of};
use super::theme::{
    Colour, INK, LABEL, SERIES, SMALL, SOFT, TINY, axis_unit, colour_of, fitted, in_unit, ink_of,
    month, width, wrap,
};
use super::{
    FigureLayout, answer_month, baseline_label, compared, entity_name, measure_unit, month_or,
    named,
};
use crate::config::figure::{AxisScale, FanLine, FanSpec, PanelDimension};
use crate::foundation::calendar::Month;
use crate::results::{ArmInfo, BandRow, Results};

const PANEL: f64 = 150.0;
/// Height of a panel that holds all regimes.
const TALL: f64 = 270.0;
pub const LEFT: f64 = 62.0;

/// One curve with its bands.
struct BandedCurve<'a> {
    name: String,
    colour: Colour,
    rows: Vec<&'a BandRow>,
    /// The same line under the baseline, dashed.
    base: Vec<&'a BandRow>,
}

/// What is drawn: lines of the study's arms from a month on.
struct FanChart<'a> {
    results: &'a Results,
    fan: &'a FanSpec,
    from: Month,
    unit: String,
}

/// Draws the panels below the sheet's head; returns a description of the figure for readers who cannot see it.
pub fn draw(sheet: &mut FigureLayout, results: &Results, fan: &FanSpec) -> Result<String, String> {
    let chart = FanChart {
        results,
        fan,
        from: month_or(&fan.from, results.manifest.study.first_month),
        unit: measure_unit(results, &fan.lines[0].measure),
    };
    let everything: Vec<&BandRow> = chart
        .arms()
        .iter()
        .flat_map(|arm| {
            fan.lines
                .iter()
                .flat_map(|line| chart.rows_of(&arm.name, line))
        })
        .collect();
    if everything.is_empty() {
        let said: Vec<String> = fan
            .lines
            .iter()
            .map(|l| format!("{} of {}", l.measure, l.entity))
            .collect();
        return Err(format!("no bands were kept of {}", said.join(", ")));
    }
    chart.list(sheet);
    let said = match fan.panels {
        PanelDimension::Regime => chart.draw_regimes(sheet, &everything),
        PanelDimension::Line => chart.draw_lines(sheet),
    };
    let uprights = match fan.panels {
        PanelDimension::Regime => " Dotted uprights: rules bind.",
        PanelDimension::Line => "",
    };
    sheet.caption.push(format!(
        "Line: median; dark band: 50 % of futures; light band: 90 %.{uprights}"
    ));
    if fan.lines.iter().any(|line| !chart.record(line).is_empty()) {
        sheet.caption.push(LEGEND.into());
    }
    Ok(said.join("; "))
}

/// The finding of a fan: its first line in the month of the answer.
pub fn finding(results: &Results, fan: &FanSpec) -> Option<String> {
    let line = fan.lines.first()?;
    let name = line.name.as_ref().map(|name| named(results, name));
    let subject = name.unwrap_or_else(|| entity_name(results, &line.entity));
    compared_median(results, &subject, &line.measure, &line.entity)
}

/// The median of a measure in the month of the answer, under the first answer's arm and the baseline.
pub fn compared_median(
    results: &Results,
    subject: &str,
    measure: &str,
    entity: &str,
) -> Option<String> {
    let when = answer_month(results);
    let unit = measure_unit(results, measure);
    compared(results, subject, &unit, |arm| {
        let row = results.bands.iter().find(|r| {
            r.regime == arm && r.measure == measure && r.entity == entity && r.month == when
        })?;
        Some(row.band.p50).filter(|v| can_be_drawn(*v))
    })
}

impl<'a> FanChart<'a> {
    fn arms(&self) -> &'a [ArmInfo] {
        &self.results.manifest.study.arms
    }

    fn rows(&self, arm: &ArmInfo, line: &FanLine) -> Vec<&'a BandRow> {
        self.rows_of(&arm.name, line)
    }

    fn rows_of(&self, arm: &str, line: &FanLine) -> Vec<&'a BandRow> {
        self.results
            .curve(arm, &line.measure, &line.entity, self.from)
    }

    fn record(&self, line: &FanLine) -> Vec<RecordMark> {
        record_of(self.results, &line.measure, &line.entity, self.from)
    }

    /// Lists the numbers that are drawn.
    fn list(&self, sheet: &mut FigureLayout) {
        for line in &self.fan.lines {
            let (name, unit) = (self.name_of(line), self.unit.as_str());
            for arm in self.arms() {
                let labels = [arm.label(), name.as_str(), unit];
                sheet.data.add_bands(labels, &self.rows(arm, line));
            }
            let labels = ["", name.as_str(), unit];
            sheet.data.add_record(labels, &self.record(line));
        }
    }

    fn name_of(&self, line: &FanLine) -> String {
        let name = line.name.as_ref().map(|name| named(self.results, name));
        name.unwrap_or_else(|| entity_name(self.results, &line.entity))
    }

    fn colour_of_line(&self, turn: usize, line: &FanLine) -> Colour {
        match (self.fan.lines.len(), &line.name) {
            (1, _) => SERIES[0],
            (_, Some(_)) => SERIES[turn % SERIES.len()],
            (_, None) => colour_of(&line.entity, turn),
        }
    }

    /// A panel for each regime, with the rules that bind in it and the baseline's median dashed.
    fn draw_regimes(&self, sheet: &mut FigureLayout, everything: &[&BandRow]) -> Vec<String> {
        let (study, fan) = (&self.results.manifest.study, self.fan);
        let ends = |r: &&BandRow| [r.band.p05, r.band.p95, r.band.p50];
        let range = bounds(everything.iter().flat_map(ends), fan.scale);
        let room = label_room(fan.lines.iter().map(|line| self.name_of(line)));
        let mut said = Vec::new();
        for arm in &study.arms {
            let span = (self.from, study.last_month);
            let panel = open_panel(sheet, &arm.rules_in(span), span, range, fan.scale, room);
            frame_panel(sheet, &panel, arm, &self.unit);
            let curves: Vec<BandedCurve> = fan
                .lines
                .iter()
                .enumerate()
                .map(|(turn, line)| BandedCurve {
                    name: self.name_of(line),
                    colour: self.colour_of_line(turn, line),
                    rows: self.rows(arm, line),
                    base: if arm.name == study.baseline {
                        Vec::new()
                    } else {
                        self.rows_of(&study.baseline, line)
                    },
                })
                .collect();
            let arm = Some(arm.label());
            said.extend(draw_curves(sheet, &panel, &curves, &self.unit, arm));
            for line in &fan.lines {
                draw_record(&mut sheet.canvas, &panel, &self.record(line));
            }
            draw_record_end(&mut sheet.canvas, &panel, self.results);
            sheet.y = panel.bottom() + 26.0;
        }
        if study.arms.len() > 1 {
            let dashed = format!("Dashed: median under {}.", baseline_label(self.results));
            sheet.caption.push(dashed);
        }
        said
    }

    /// A panel for each line, which holds all regimes.
    fn draw_lines(&self, sheet: &mut FigureLayout) -> Vec<String> {
        let (study, fan) = (&self.results.manifest.study, self.fan);
        let room = label_room(study.arms.iter().map(|a| a.label().to_string()));
        let mut said = Vec::new();
        for line in &fan.lines {
            let mine = study.arms.iter().flat_map(|a| self.rows(a, line));
            let ends = |r: &BandRow| [r.band.p05, r.band.p95, r.band.p50];
            let values: Vec<f64> = mine.flat_map(ends).collect();
            let range = fan_bounds(values.iter().copied(), fan.scale);
            let head = if fan.lines.len() > 1 {
                self.name_of(line)
            } else {
                String::new()
            };
            let right = sheet.canvas.width - room;
            let across = months(self.from, study.last_month, LEFT, right);
            let above = if head.is_empty() { 22.0 } else { 44.0 };
            let panel = panel_at(sheet.y + above, TALL, across, range, fan.scale);
            frame(sheet, &panel, &head, "", &self.unit);
            let curves: Vec<BandedCurve> = study
                .arms
                .iter()
                .enumerate()
                .map(|(turn, arm)| BandedCurve {
                    name: arm.label().to_string(),
                    colour: SERIES[turn % SERIES.len()],
                    rows: self.rows(arm, line),
                    base: Vec::new(),
                })
                .collect();
            said.extend(draw_curves(sheet, &panel, &curves, &self.unit, None));
            let (first, last) = (study.window_first, study.window_last);
            mark_window(&mut sheet.canvas, &panel, &self.unit, (first, last));
            draw_record(&mut sheet.canvas, &panel, &self.record(line));
            draw_record_end(&mut sheet.canvas, &panel, self.results);
            sheet.y = panel.bottom() + 26.0;
        }
        said
    }
}

fn draw_curves(
    sheet: &mut FigureLayout,
    panel: &PlotPanel,
    curves: &[BandedCurve],
    unit: &str,
    arm: Option<&str>,
) -> Vec<String> {
    let mut labels = Vec::new();
    let mut said = Vec::new();
    for curve in curves {
        // Bands of several regimes in one panel are lighter, so that they stay distinguishable.
        let light = if arm.is_none() { 0.5 } else { 1.0 };
        let canvas = &mut sheet.canvas;
        bands(canvas, panel, &curve.rows, curve.colour, light);
    }
    for curve in curves {
        for piece in pieces(&curve.base) {
            let path = path(panel, piece);
            sheet.canvas.dashes(path, SOFT, 1.1, (5.0, 4.0));
        }
        for piece in pieces(&curve.rows) {
            sheet.canvas.line(path(panel, piece), curve.colour, 2.0);
        }
        if let Some(last) = curve.rows.last() {
            let value = |v: f64| in_unit(super::two_digits(v), unit);
            let where_to = arm.map_or(String::new(), |arm| format!("under {arm} "));
            said.push(format!(
                "{where_to}{} ends {} at {} ({} to {})",
                curve.name,
                month(last.month),
                value(last.band.p50),
                value(last.band.p05),
                value(last.band.p95)
            ));
            labels.push((panel.y(last.band.p50), curve.name.clone(), curve.colour));
        }
    }
    spread(&mut labels, panel.top() + 4.0, panel.bottom() - 4.0);
    for (y, name, colour) in labels {
        let room = sheet.canvas.width - panel.right() - 8.0;
        let name = fitted(&name, room / 1.06, SMALL);
        let at = (panel.right() + 6.0, y);
        sheet
            .canvas
            .bold(at, name, SMALL, ink_of(colour), TextAnchor::Left);
    }
    said
}

/// Room to the right of a panel for these labels.
pub fn label_room(names: impl Iterator<Item = String>) -> f64 {
    let widest = names.map(|n| width(&n, SMALL, true)).fold(0.0, f64::max);
    (widest + 14.0).clamp(60.0, 190.0)
}

/// The next panel down the sheet: its head, three rows of labels if rules begin to bind in it, the panel.
pub fn open_panel(
    sheet: &FigureLayout,
    marks: &[(Month, Vec<&str>)],
    (from, to): (Month, Month),
    (low, high): (f64, f64),
    scale: AxisScale,
    room: f64,
) -> PlotPanel {
    let right = sheet.canvas.width - room;
    let above = 40.0 + 12.0 * rows_of_marks(marks, from, to, right) as f64;
    panel_at(
        sheet.y + above,
        PANEL,
        months(from, to, LEFT, right),
        (low, high),
        scale,
    )
}

fn panel_at(
    top: f64,
    tall: f64,
    across: AxisScaleRange,
    (low, high): (f64, f64),
    scale: AxisScale,
) -> PlotPanel {
    PlotPanel {
        across,
        up: AxisScaleRange {
            low,
            high,
            from: top + tall,
            to: top,
            scale,
        },
    }
}

/// Grid and axes of a regime's panel, its name and words above it, its rules.
pub fn frame_panel(sheet: &mut FigureLayout, panel: &PlotPanel, arm: &ArmInfo, unit: &str) {
    frame(sheet, panel, arm.label(), &arm.words, unit);
    let span = (
        Month::from_index(panel.across.low as i32),
        Month::from_index(panel.across.high as i32),
    );
    mark_rules(&mut sheet.canvas, panel, &arm.rules_in(span));
}

pub fn frame(sheet: &mut FigureLayout, panel: &PlotPanel, name: &str, words: &str, unit: &str) {
    let canvas = &mut sheet.canvas;
    panel.values(canvas, unit, true);
    panel.years(canvas);
    let (size, head) = (LABEL + 1.0, sheet.y + 10.0);
    if !name.is_empty() {
        canvas.bold((10.0, head), name, size, INK, TextAnchor::Left);
    }
    let beside = 10.0 + width(name, size, true) + 14.0;
    let words = fitted(words, canvas.width - beside - 10.0, SMALL);
    if !words.is_empty() {
        canvas.text((beside, head), words, SMALL, SOFT, TextAnchor::Left);
    }
    let at = (10.0, panel.top() - 12.0);
    canvas.text(at, axis_unit(unit), SMALL, SOFT, TextAnchor::Left);
}

/// Pieces of a series without a missing month between them.
fn pieces<'a>(rows: &'a [&'a BandRow]) -> Vec<&'a [&'a BandRow]> {
    rows.chunk_by(|a, b| b.month - a.month == 1).collect()
}

fn path(panel: &PlotPanel, rows: &[&BandRow]) -> Vec<(f64, f64)> {
    let at = |r: &&BandRow| (panel.x(r.month), panel.y(r.band.p50));
    rows.iter().map(at).collect()
}

/// The light and the dark band, at a part of their usual strength.
fn bands(canvas: &mut Canvas, panel: &PlotPanel, rows: &[&BandRow], colour: Colour, part: f64) {
    for (outer, opacity) in [(true, 0.20 * part), (false, 0.30 * part)] {
        let of = |r: &BandRow| {
            if outer {
                (r.band.p05, r.band.p95)
            } else {
                (r.band.p25, r.band.p75)
            }
        };
        for piece in pieces(rows) {
            let upper = piece.iter().map(|r| (panel.x(r.month), panel.y(of(r).1)));
            let lower = piece
                .iter()
                .rev()
                .map(|r| (panel.x(r.month), panel.y(of(r).0)));
            let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
            if outline.len() > 3 {
                canvas.area(outline, colour, opacity);
            }
        }
    }
}

/// A median with its bands, and the dashed median of a baseline.
pub fn fan_of(
    canvas: &mut Canvas,
    panel: &PlotPanel,
    rows: &[&BandRow],
    base: &[&BandRow],
    colour: Colour,
) {
    bands(canvas, panel, rows, colour, 1.0);
    for piece in pieces(base) {
        canvas.dashes(path(panel, piece), SOFT, 1.0, (4.0, 3.0));
    }
    for piece in pieces(rows) {
        canvas.line(path(panel, piece), colour, 1.8);
    }
}

/// Draws a bar along the foot for the months of the outcome window.
fn mark_window(canvas: &mut Canvas, panel: &PlotPanel, unit: &str, (first, last): (Month, Month)) {
    let (left, right) = (panel.x(first).max(panel.left()), panel.x(last));
    if right > left {
        canvas.line(
            vec![(left, panel.top() - 4.0), (right, panel.top() - 4.0)],
            INK,
            1.6,
        );
        let words = "outcomes are taken in these months";
        let after_unit = 20.0 + width(axis_unit(unit), SMALL, false);
        let at = (left.max(after_unit), panel.top() - 12.0);
        canvas.text(at, words, TINY, SOFT, TextAnchor::Left);
    }
}

impl ArmInfo {
    /// Months of a span in which rules begin to bind, with their kinds.
    pub(super) fn rules_in(&self, (from, to): (Month, Month)) -> Vec<(Month, Vec<&str>)> {
        let mut dates: Vec<(Month, Vec<&str>)> = Vec::new();
        for rule in &self.rules {
            let month = Month::from_date(rule.compliance);
            if month < from || month > to {
                continue;
            }
            let what = rule.instrument.as_str();
            match dates.iter_mut().find(|(m, _)| *m == month) {
                Some((_, kinds)) if !kinds.contains(&what) => kinds.push(what),
                Some(_) => {}
                None => dates.push((month, vec![what])),
            }
        }
        dates.sort();
        dates
    }
}

/// Places labels of marks: row, left end, text. Rules on chips come first; a label that fits in none of four rows is omitted.
fn places(marks: &[(Month, Vec<&str>)], across: &AxisScaleRange) -> Vec<(usize, f64, String)> {
    let mut order: Vec<&(Month, Vec<&str>)> = marks.iter().collect();
    order.sort_by_key(|(when, kinds)| (!kinds.contains(&"chips"), *when));
    let mut taken: [Vec<(f64, f64)>; 4] = Default::default();
    let mut placed = Vec::new();
    for (when, kinds) in order {
        let label = format!("{}: {}", month(*when), kinds.join(", "));
        let wide = width(&label, TINY, false);
        let x = across.at(f64::from(when.index()));
        let start = (x - 2.0).min(across.to + 40.0 - wide);
        let end = start + wide + 8.0;
        let free = |row: &Vec<(f64, f64)>| row.iter().all(|(l, r)| end <= *l || start >= *r);
        if let Some(row) = taken.iter().position(free) {
            taken[row].push((start, end));
            placed.push((row, start, label));
        }
    }
    placed
}

fn rows_of_marks(marks: &[(Month, Vec<&str>)], from: Month, to: Month, right: f64) -> usize {
    let places = places(marks, &months(from, to, LEFT, right));
    places.iter().map(|p| p.0 + 1).max().unwrap_or(0)
}

/// Draws a vertical line for every month in which a rule begins to bind, with a label where there is room.
pub fn mark_rules(canvas: &mut Canvas, panel: &PlotPanel, marks: &[(Month, Vec<&str>)]) {
    for (when, _) in marks {
        let x = panel.x(*when);
        let upright = vec![(x, panel.top()), (x, panel.bottom())];
        canvas.dashes(upright, SOFT, 0.8, (1.6, 2.6));
    }
    for (row, start, label) in places(marks, &panel.across) {
        let at = (start, panel.top() - 25.0 - 12.0 * row as f64);
        canvas.text(at, label, TINY, SOFT, TextAnchor::Left);
    }
}

/// Moves labels apart, keeping their order.
pub fn spread<T>(labels: &mut [(f64, String, T)], top: f64, bottom: f64) {
    const APART: f64 = 13.0;
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    for i in 0..labels.len() {
        let least = if i == 0 { top } else { labels[i - 1].0 + APART };
        labels[i].0 = labels[i].0.max(least);
    }
    let mut most = bottom;
    for label in labels.iter_mut().rev() {
        label.0 = label.0.min(most);
        most = label.0 - APART;
    }
}

/// Lines of a text that fit a width, at most this many; what does not fit is cut.
pub fn lines_of(text: &str, pixels: f64, size: f64, most: usize) -> Vec<String> {
    let mut lines = wrap(text, pixels, size);
    if lines.len() > most {
        let rest = lines[most - 1..].join(" ");
        lines.truncate(most - 1);
        lines.push(fitted(&rest, pixels, size));
    }
    lines
}
