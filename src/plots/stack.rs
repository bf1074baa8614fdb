//! Stack: mean shares of the largest makers over time, one panel a regime.

use super::canvas::Anchor;
use super::fan::{frame_panel, open_panel, spread};
use super::theme::{INK, OTHERS, SERIES, SMALL, in_unit};
use super::{Sheet, entity_name, unit_of};
use crate::config::figure::{Scale, Stack};
use crate::foundation::calendar::Month;
use crate::results::{BandRow, Results};

/// Draws the panels; answers what the figure says.
pub fn draw(sheet: &mut Sheet, results: &Results, stack: &Stack) -> String {
    let study = &results.manifest.study;
    let from = stack
        .from
        .as_ref()
        .and_then(|m| m.parse().ok())
        .unwrap_or(study.first_month.plus(12));
    let suffix = format!(":{}", stack.place);
    let mine: Vec<&BandRow> = results
        .bands
        .iter()
        .filter(|r| r.measure == stack.measure && r.entity.ends_with(&suffix) && r.month >= from)
        .collect();
    let order = largest(&mine, stack.top);
    let unit = unit_of(results, &stack.measure);
    let mut said = Vec::new();
    for arm in &study.arms {
        let panel = open_panel(
            sheet,
            arm,
            (from, study.last_month),
            (0.0, 1.0),
            Scale::Linear,
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
        let bands = order.iter().map(|m| Some(m.clone())).chain([None]);
        for (turn, maker) in bands.enumerate() {
            let (values, colour, name) = match &maker {
                Some(maker) => {
                    let key = maker.trim_end_matches(&suffix);
                    (
                        share(maker),
                        SERIES[turn % SERIES.len()],
                        entity_name(results, key),
                    )
                }
                None => (
                    floor.iter().map(|f| 1.0 - f).collect(),
                    OTHERS,
                    "others".to_string(),
                ),
            };
            let ceiling: Vec<f64> = floor
                .iter()
                .zip(&values)
                .map(|(f, v)| (f + v).min(1.0))
                .collect();
            let upper = months
                .iter()
                .zip(&ceiling)
                .map(|(m, v)| (panel.x(*m), panel.y(*v)));
            let lower = months
                .iter()
                .zip(&floor)
                .rev()
                .map(|(m, v)| (panel.x(*m), panel.y(*v)));
            sheet
                .canvas
                .area(upper.chain(lower).collect(), colour, 0.85);
            let last = values.last().copied().unwrap_or(0.0);
            if last > 0.02 {
                let middle = floor.last().copied().unwrap_or(0.0) + last / 2.0;
                labels.push((
                    panel.y(middle),
                    format!("{name} {}", in_unit((last * 100.0).round() / 100.0, &unit)),
                    colour,
                ));
            }
            if maker.is_some() && last > 0.02 {
                said.push(format!(
                    "under {} {name} ends with {}",
                    arm.name,
                    in_unit(last, &unit)
                ));
            }
            floor = ceiling;
        }
        frame_panel(sheet, &panel, arm, &unit);
        spread(&mut labels, panel.top + 4.0, panel.bottom - 4.0);
        for (y, name, colour) in labels {
            sheet.canvas.rect(
                (panel.right + 6.0, y - 4.0),
                (panel.right + 14.0, y + 4.0),
                colour,
                0.85,
            );
            sheet
                .canvas
                .text((panel.right + 18.0, y), name, SMALL, INK, Anchor::Left);
        }
        sheet.y = panel.bottom + 24.0;
    }
    sheet
        .caption
        .push("Mean over futures. Dotted uprights: rules bind.".into());
    said.join("; ")
}

/// The makers that hold most at any month of any regime.
fn largest(rows: &[&BandRow], top: usize) -> Vec<String> {
    let mut peak: Vec<(String, f64)> = Vec::new();
    for row in rows {
        match peak.iter_mut().find(|(entity, _)| *entity == row.entity) {
            Some((_, most)) => *most = most.max(row.band.mean),
            None => peak.push((row.entity.clone(), row.band.mean)),
        }
    }
    peak.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    peak.truncate(top);
    peak.into_iter().map(|(entity, _)| entity).collect()
}
