//! Share charts: mean shares of the largest makers over time, stacked or as lines, with a panel for each regime.

use super::canvas::TextAnchor;
use super::fan::{frame_panel, label_room, open_panel, spread};
use super::theme::{INK, OTHERS, SERIES, SMALL, in_unit, ink_of};
use super::{FigureLayout, entity_name, measure_unit, month_or};
use crate::config::figure::{AxisScale, SharesSpec, SharesStyle};
use crate::foundation::calendar::Month;
use crate::results::{BandRow, Results};

/// Draws the panels; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    shares: &SharesSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let from = month_or(&shares.from, study.first_month.plus(12));
    let suffix = format!(":{}", shares.place);
    let mine = rows_of(results, shares, from);
    if mine.is_empty() {
        return Err(format!(
            "no bands were kept of {} in {}",
            shares.measure, shares.place
        ));
    }
    let order = largest_makers(results, shares, from);
    let unit = measure_unit(results, &shares.measure);
    let stacked = shares.style == SharesStyle::Stacked;
    let whole = |v: f64| in_unit((v * 100.0).round() / 100.0, &unit);
    let named = |maker: &str| entity_name(results, maker.trim_end_matches(&suffix));
    let room = label_room(order.iter().map(|m| format!("{} 100 %", named(m)))) + 12.0;
    let highest = mine.iter().map(|r| r.band.mean).fold(0.0, f64::max);
    let high = if stacked {
        1.0
    } else {
        (highest * 1.05).min(1.0)
    };
    let mut said = Vec::new();
    for arm in &study.arms {
        let span = (from, study.last_month);
        let panel = open_panel(
            sheet,
            &arm.rules_in(span),
            span,
            (0.0, high),
            AxisScale::Linear,
            room,
        );
        let months: Vec<Month> = (0..=(study.last_month - from))
            .map(|t| from.plus(t))
            .collect();
        let share = |maker: &str| -> Vec<f64> {
            let mut values = vec![0.0; months.len()];
            for row in mine
                .iter()
                .filter(|r| r.regime == arm.name && r.entity == maker)
            {
                values[(row.month - from) as usize] = row.band.mean;
            }
            values
        };
        let mut floor = vec![0.0; months.len()];
        let mut labels = Vec::new();
        let mut lines = Vec::new();
        let others = stacked.then_some(None);
        for (turn, maker) in order.iter().map(Some).chain(others).enumerate() {
            let (values, colour, name) = match maker {
                Some(maker) => (share(maker), SERIES[turn % SERIES.len()], named(maker)),
                None => (
                    floor.iter().map(|f| 1.0 - f).collect(),
                    OTHERS,
                    "others".to_string(),
                ),
            };
            let last = values.last().copied().unwrap_or(0.0);
            if stacked {
                let ceiling: Vec<f64> = floor
                    .iter()
                    .zip(&values)
                    .map(|(f, v)| (f + v).min(1.0))
                    .collect();
                let point = |(m, v): (&Month, &f64)| (panel.x(*m), panel.y(*v));
                let upper = months.iter().zip(&ceiling).map(point);
                let lower = months.iter().zip(&floor).rev().map(point);
                let outline = upper.chain(lower).collect();
                sheet.canvas.area(outline, colour, 0.85);
                if last > 0.02 {
                    let middle = floor.last().copied().unwrap_or(0.0) + last / 2.0;
                    labels.push((panel.y(middle), format!("{name} {}", whole(last)), colour));
                }
                floor = ceiling;
            } else {
                let path = months
                    .iter()
                    .zip(&values)
                    .map(|(m, v)| (panel.x(*m), panel.y(*v)))
                    .collect();
                lines.push((path, colour));
                labels.push((panel.y(last), format!("{name} {}", whole(last)), colour));
            }
            if maker.is_some() && last > 0.02 {
                said.push(format!(
                    "under {} {name} ends with {}",
                    arm.name,
                    whole(last)
                ));
            }
        }
        frame_panel(sheet, &panel, arm, &unit);
        for (path, colour) in lines {
            sheet.canvas.line(path, colour, 2.0);
        }
        spread(&mut labels, panel.top() + 4.0, panel.bottom() - 4.0);
        for (y, name, colour) in labels {
            let x = panel.right() + 6.0;
            if stacked {
                sheet
                    .canvas
                    .rect((x, y - 4.0), (x + 8.0, y + 4.0), colour, 0.85);
                let at = (x + 12.0, y);
                sheet.canvas.text(at, name, SMALL, INK, TextAnchor::Left);
            } else {
                sheet
                    .canvas
                    .bold((x, y), name, SMALL, ink_of(colour), TextAnchor::Left);
            }
        }
        sheet.y = panel.bottom() + 26.0;
    }
    sheet
        .caption
        .push("Mean over futures. Dotted uprights: rules bind.".into());
    Ok(said.join("; "))
}

fn rows_of<'a>(results: &'a Results, shares: &SharesSpec, from: Month) -> Vec<&'a BandRow> {
    let suffix = format!(":{}", shares.place);
    let here = |r: &&BandRow| {
        r.measure == shares.measure && r.entity.ends_with(&suffix) && r.month >= from
    };
    results.bands.iter().filter(here).collect()
}

/// The makers that hold most at any month of any regime.
pub fn largest_makers(results: &Results, shares: &SharesSpec, from: Month) -> Vec<String> {
    let mut peak: Vec<(String, f64)> = Vec::new();
    for row in rows_of(results, shares, from) {
        match peak.iter_mut().find(|(entity, _)| *entity == row.entity) {
            Some((_, most)) => *most = most.max(row.band.mean),
            None => peak.push((row.entity.clone(), row.band.mean)),
        }
    }
    peak.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    peak.truncate(shares.top);
    peak.into_iter().map(|(entity, _)| entity).collect()
}
