//! Fan: median with 50 and 90 % bands over time, one panel a regime, rules marked on the day they bind.

use super::axis::{Panel, bounds};
use super::canvas::{Anchor, Canvas};
use super::theme::{INK, LABEL, SMALL, SOFT, axis_unit, colour_of, month, width, wrap};
use super::{Sheet, entity_name, unit_of};
use crate::config::figure::{Fan, Line, Scale};
use crate::foundation::calendar::Month;
use crate::results::{ArmInfo, BandRow, Results};

const PANEL: f64 = 150.0;

/// Draws the panels below the sheet's head; answers what the figure says, for readers who do not see it.
pub fn draw(sheet: &mut Sheet, results: &Results, fan: &Fan) -> String {
    let study = &results.manifest.study;
    let from = fan
        .from
        .as_ref()
        .and_then(|m| m.parse().ok())
        .unwrap_or(study.first_month);
    let rows = |arm: &str, line: &Line| -> Vec<&BandRow> {
        results
            .bands
            .iter()
            .filter(|r| {
                r.regime == arm
                    && r.measure == line.measure
                    && r.entity == line.entity
                    && r.month >= from
            })
            .collect()
    };
    let all = study
        .arms
        .iter()
        .flat_map(|arm| fan.lines.iter().flat_map(|line| rows(&arm.name, line)));
    let (low, high) = bounds(
        all.flat_map(|r| [r.band.p05, r.band.p95, r.band.p50]),
        fan.scale,
    );
    let unit = fan
        .lines
        .first()
        .map_or(String::new(), |l| unit_of(results, &l.measure));
    let mut said = Vec::new();
    for arm in &study.arms {
        let panel = open_panel(sheet, arm, (from, study.last_month), (low, high), fan.scale);
        frame_panel(sheet, &panel, arm, &unit);
        let mut labels: Vec<(f64, String, super::theme::Colour)> = Vec::new();
        for (turn, line) in fan.lines.iter().enumerate() {
            let colour = if fan.lines.len() == 1 {
                colour_of("issuer", 0)
            } else {
                colour_of(&line.entity, turn)
            };
            let colour = if line.name.is_some() && fan.lines.len() > 1 {
                colour_of("", turn)
            } else {
                colour
            };
            let here = rows(&arm.name, line);
            band(&mut sheet.canvas, &panel, &here, colour, 0.20, |r| {
                (r.band.p05, r.band.p95)
            });
            band(&mut sheet.canvas, &panel, &here, colour, 0.35, |r| {
                (r.band.p25, r.band.p75)
            });
            if arm.name != study.baseline {
                let base = path(&panel, &rows(&study.baseline, line));
                sheet.canvas.dashes(&base, SOFT, 1.1);
            }
            for piece in pieces(&here) {
                sheet.canvas.line(path(&panel, piece), colour, 2.0);
            }
            if let Some(last) = here.last() {
                let name = line
                    .name
                    .clone()
                    .unwrap_or_else(|| entity_name(results, &line.entity));
                said.push(format!(
                    "under {} {name} ends at {} ({} to {})",
                    arm.name,
                    super::theme::in_unit(last.band.p50, &unit),
                    super::theme::in_unit(last.band.p05, &unit),
                    super::theme::in_unit(last.band.p95, &unit)
                ));
                labels.push((panel.y(last.band.p50), name, colour));
            }
        }
        spread(&mut labels, panel.top + 4.0, panel.bottom - 4.0);
        for (y, name, colour) in labels {
            sheet.canvas.bold(
                (panel.right + 6.0, y),
                name,
                SMALL + 0.5,
                colour,
                Anchor::Left,
            );
        }
        sheet.y = panel.bottom + 24.0;
    }
    let dashed = if study.arms.len() > 1 {
        format!(" Dashed: median under {}.", study.baseline)
    } else {
        String::new()
    };
    sheet.caption.push(format!("Line: median; dark band: 50 % of futures; light band: 90 %.{dashed} Dotted uprights: rules bind."));
    said.join("; ")
}

/// The next panel down the sheet, for one regime.
pub fn open_panel(
    sheet: &Sheet,
    arm: &ArmInfo,
    (from, to): (Month, Month),
    (low, high): (f64, f64),
    scale: Scale,
) -> Panel {
    let top = sheet.y + above(arm, from, to);
    Panel {
        left: 62.0,
        right: sheet.canvas.width - 150.0,
        top,
        bottom: top + PANEL,
        from,
        to,
        low,
        high,
        scale,
    }
}

/// Grid and axes of a panel, the regime's name and words above it, its rules.
pub fn frame_panel(sheet: &mut Sheet, panel: &Panel, arm: &ArmInfo, unit: &str) {
    panel.frame(&mut sheet.canvas, unit, true);
    let head = sheet.y + 14.0;
    let size = LABEL + 1.0;
    let beside = panel.left + width(&arm.name, size) + 18.0;
    let canvas = &mut sheet.canvas;
    canvas.bold(
        (panel.left, head),
        arm.name.clone(),
        size,
        INK,
        Anchor::Left,
    );
    canvas.text((beside, head), arm.words.clone(), SMALL, SOFT, Anchor::Left);
    canvas.text(
        (panel.right, head),
        axis_unit(unit),
        SMALL,
        SOFT,
        Anchor::Right,
    );
    mark_rules(canvas, panel, arm);
}

/// Pieces of a series without a missing month between them.
fn pieces<'a>(rows: &'a [&'a BandRow]) -> Vec<&'a [&'a BandRow]> {
    rows.chunk_by(|a, b| b.month - a.month == 1).collect()
}

fn path(panel: &Panel, rows: &[&BandRow]) -> Vec<(f64, f64)> {
    rows.iter()
        .map(|r| (panel.x(r.month), panel.y(r.band.p50)))
        .collect()
}

fn band(
    canvas: &mut Canvas,
    panel: &Panel,
    rows: &[&BandRow],
    colour: super::theme::Colour,
    opacity: f64,
    of: impl Fn(&BandRow) -> (f64, f64),
) {
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

/// An upright for every month in which a rule of the regime begins to bind, named where there is room.
fn mark_rules(canvas: &mut Canvas, panel: &Panel, arm: &ArmInfo) {
    let mut dates: Vec<(Month, Vec<&str>)> = Vec::new();
    for rule in &arm.rules {
        let month = Month::from_date(rule.compliance);
        if month < panel.from || month > panel.to {
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
    // Three rows of labels; one that fits in none is left to its upright.
    let mut free = [panel.left; 3];
    for (when, kinds) in dates {
        let x = panel.x(when);
        let mut y = panel.top;
        while y < panel.bottom {
            canvas.line(vec![(x, y), (x, (y + 1.6).min(panel.bottom))], SOFT, 0.8);
            y += 4.2;
        }
        let label = format!("{}, {}", month(when), kinds.join(", "));
        let wide = width(&label, SMALL - 1.5);
        let start = (x - 2.0).min(panel.right + 120.0 - wide);
        if let Some(row) = (0..free.len()).find(|row| free[*row] <= start) {
            canvas.text(
                (start, panel.top - 28.0 + 11.0 * row as f64),
                label,
                SMALL - 1.5,
                SOFT,
                Anchor::Left,
            );
            free[row] = start + wide + 6.0;
        }
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

/// Room above a panel: its name, and rows of labels where rules begin to bind in it.
fn above(arm: &ArmInfo, from: Month, to: Month) -> f64 {
    let marked = arm
        .rules
        .iter()
        .map(|r| Month::from_date(r.compliance))
        .any(|m| m >= from && m <= to);
    if marked { 64.0 } else { 32.0 }
}

/// Height of the panels of all regimes.
pub fn height(arms: &[ArmInfo], from: Month, to: Month) -> f64 {
    arms.iter()
        .map(|arm| above(arm, from, to) + PANEL + 24.0)
        .sum()
}

/// Lines of a text that fit a width.
pub fn lines_of(text: &str, pixels: f64, size: f64) -> Vec<String> {
    wrap(text, (pixels / (0.52 * size)) as usize)
}
