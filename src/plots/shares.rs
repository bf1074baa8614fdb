//! Share charts: mean shares of the largest makers over time, stacked or as lines, with a panel for each regime.

use super::axis::PlotPanel;
use super::canvas::{Canvas, TextAnchor};
use super::drawn_data::digits;
use super::fan::{frame_panel, label_room, open_panel, spread};
use super::theme::{Colour, INK, OTHERS, SERIES, SMALL, in_unit, ink_of};
use super::{
    FigureLayout, answer_month, compared, entity_name, headline_arm, measure_unit, month_or,
    multiples,
};
use crate::config::figure::{
    AxisScale, SharesSpec, SharesStyle, SmallMultiplesRow, SmallMultiplesSpec,
};
use crate::foundation::calendar::Month;
use crate::results::{BandRow, Results};

/// What is drawn: shares of the makers that hold most, from a month on.
struct ShareChart<'a> {
    results: &'a Results,
    /// Rows of the bands of every maker in the place.
    mine: Vec<&'a BandRow>,
    from: Month,
    /// What follows a maker's key in the name of an entity.
    suffix: String,
    unit: String,
    stacked: bool,
    /// Entities of the largest makers, largest first.
    order: Vec<String>,
}

/// The share of one maker, or of all others, month by month.
struct ShareSeries {
    name: String,
    colour: Colour,
    values: Vec<f64>,
    is_others: bool,
}

impl ShareSeries {
    fn last(&self) -> f64 {
        self.values.last().copied().unwrap_or(0.0)
    }
}

/// A label: its height, its words and its colour.
type ShareLabel = (f64, String, Colour);

/// Draws the panels; returns a description of the figure.
pub fn draw(
    sheet: &mut FigureLayout,
    results: &Results,
    shares: &SharesSpec,
) -> Result<String, String> {
    let study = &results.manifest.study;
    let from = month_or(&shares.from, study.first_month.plus(12));
    if shares.style == SharesStyle::Bands {
        return multiples::draw(sheet, results, &by_maker(results, shares, from));
    }
    let chart = ShareChart {
        results,
        mine: rows_of(results, shares, from),
        from,
        suffix: format!(":{}", shares.place),
        unit: measure_unit(results, &shares.measure),
        stacked: shares.style == SharesStyle::Stacked,
        order: largest_makers(results, shares, from),
    };
    if chart.mine.is_empty() {
        return Err(format!(
            "no bands were kept of {} in {}",
            shares.measure, shares.place
        ));
    }
    let names = chart.order.iter().map(|m| chart.named(m));
    let room = label_room(names.map(|name| format!("{name} 100 %"))) + 12.0;
    let highest = chart.mine.iter().map(|r| r.band.mean).fold(0.0, f64::max);
    let high = if chart.stacked {
        1.0
    } else {
        (highest * 1.05).min(1.0)
    };
    let mut said = Vec::new();
    for arm in &study.arms {
        let span = (from, study.last_month);
        let rules = arm.rules_in(span);
        let panel = open_panel(sheet, &rules, span, (0.0, high), AxisScale::Linear, room);
        let series = chart.series(&arm.name);
        let labels = if chart.stacked {
            let labels = chart.draw_areas(&mut sheet.canvas, &panel, &series);
            frame_panel(sheet, &panel, arm, &chart.unit);
            labels
        } else {
            frame_panel(sheet, &panel, arm, &chart.unit);
            chart.draw_lines(&mut sheet.canvas, &panel, &series)
        };
        chart.draw_labels(&mut sheet.canvas, &panel, labels);
        for one in &series {
            for (month, value) in chart.months().iter().zip(&one.values) {
                sheet.data.add(&[
                    ("panel", arm.label().into()),
                    ("line", one.name.clone()),
                    ("unit", chart.unit.clone()),
                    ("month", month.to_string()),
                    ("mean", digits(*value)),
                ]);
            }
        }
        for one in series.iter().filter(|s| !s.is_others && s.last() > 0.02) {
            let end = chart.whole(one.last());
            said.push(format!(
                "under {} {} ends with {end}",
                arm.label(),
                one.name
            ));
        }
        sheet.y = panel.bottom() + 26.0;
    }
    sheet
        .caption
        .push("Mean over futures. Dotted uprights: rules bind.".into());
    Ok(said.join("; "))
}

/// The finding of shares: the maker whose share differs most between the first answer's arm and the baseline.
pub fn finding(results: &Results, shares: &SharesSpec) -> Option<String> {
    let study = &results.manifest.study;
    let from = month_or(&shares.from, study.first_month.plus(12));
    let when = answer_month(results);
    let is_median = shares.style == SharesStyle::Bands;
    let share = |maker: &str, arm: &str| {
        let row = results.bands.iter().find(|r| {
            r.regime == arm && r.measure == shares.measure && r.entity == maker && r.month == when
        })?;
        Some(if is_median {
            row.band.p50
        } else {
            row.band.mean
        })
    };
    let arm = headline_arm(results).map_or(study.baseline.as_str(), |a| a.name.as_str());
    let differs = |maker: &String| {
        let both = share(maker, arm).zip(share(maker, &study.baseline));
        both.map_or(0.0, |(mine, base)| (mine - base).abs())
    };
    let makers = largest_makers(results, shares, from);
    let most = makers
        .iter()
        .max_by(|a, b| differs(a).total_cmp(&differs(b)))?;
    let suffix = format!(":{}", shares.place);
    let name = entity_name(results, most.trim_end_matches(&suffix));
    let unit = measure_unit(results, &shares.measure);
    compared(results, &name, &unit, |arm| share(most, arm))
}

impl ShareChart<'_> {
    /// A share in whole per cent.
    fn whole(&self, v: f64) -> String {
        in_unit((v * 100.0).round() / 100.0, &self.unit)
    }

    fn named(&self, maker: &str) -> String {
        entity_name(self.results, maker.trim_end_matches(&self.suffix))
    }

    fn months(&self) -> Vec<Month> {
        let last = self.results.manifest.study.last_month;
        (0..=(last - self.from))
            .map(|t| self.from.plus(t))
            .collect()
    }

    /// The shares under one arm, those of all others last where they are stacked.
    fn series(&self, arm: &str) -> Vec<ShareSeries> {
        let length = self.months().len();
        let mut floor = vec![0.0; length];
        let mut all = Vec::new();
        for (turn, maker) in self.order.iter().enumerate() {
            let mut values = vec![0.0; length];
            let own = self
                .mine
                .iter()
                .filter(|r| r.regime == arm && r.entity == *maker);
            for row in own {
                values[(row.month - self.from) as usize] = row.band.mean;
            }
            floor = ceiling(&floor, &values);
            all.push(ShareSeries {
                name: self.named(maker),
                colour: SERIES[turn % SERIES.len()],
                values,
                is_others: false,
            });
        }
        if self.stacked {
            all.push(ShareSeries {
                name: "others".to_string(),
                colour: OTHERS,
                values: floor.iter().map(|f| 1.0 - f).collect(),
                is_others: true,
            });
        }
        all
    }

    fn draw_areas(
        &self,
        canvas: &mut Canvas,
        panel: &PlotPanel,
        series: &[ShareSeries],
    ) -> Vec<ShareLabel> {
        let months = self.months();
        let point = |(m, v): (&Month, &f64)| (panel.x(*m), panel.y(*v));
        let mut floor = vec![0.0; months.len()];
        let mut labels = Vec::new();
        for one in series {
            let ceiling = ceiling(&floor, &one.values);
            let upper = months.iter().zip(&ceiling).map(point);
            let lower = months.iter().zip(&floor).rev().map(point);
            canvas.area(upper.chain(lower).collect(), one.colour, 0.85);
            let last = one.last();
            if last > 0.02 {
                let middle = floor.last().copied().unwrap_or(0.0) + last / 2.0;
                let words = format!("{} {}", one.name, self.whole(last));
                labels.push((panel.y(middle), words, one.colour));
            }
            floor = ceiling;
        }
        labels
    }

    fn draw_lines(
        &self,
        canvas: &mut Canvas,
        panel: &PlotPanel,
        series: &[ShareSeries],
    ) -> Vec<ShareLabel> {
        let months = self.months();
        let mut labels = Vec::new();
        for one in series {
            let path = months
                .iter()
                .zip(&one.values)
                .map(|(m, v)| (panel.x(*m), panel.y(*v)))
                .collect();
            canvas.line(path, one.colour, 2.0);
            let words = format!("{} {}", one.name, self.whole(one.last()));
            labels.push((panel.y(one.last()), words, one.colour));
        }
        labels
    }

    /// Names beside the ends of areas or lines.
    fn draw_labels(&self, canvas: &mut Canvas, panel: &PlotPanel, mut labels: Vec<ShareLabel>) {
        spread(&mut labels, panel.top() + 4.0, panel.bottom() - 4.0);
        for (y, name, colour) in labels {
            let x = panel.right() + 6.0;
            if self.stacked {
                canvas.rect((x, y - 4.0), (x + 8.0, y + 4.0), colour, 0.85);
                canvas.text((x + 12.0, y), name, SMALL, INK, TextAnchor::Left);
            } else {
                canvas.bold((x, y), name, SMALL, ink_of(colour), TextAnchor::Left);
            }
        }
    }
}

/// What shares reach on top of those below them.
fn ceiling(floor: &[f64], values: &[f64]) -> Vec<f64> {
    floor
        .iter()
        .zip(values)
        .map(|(f, v)| (f + v).min(1.0))
        .collect()
}

fn rows_of<'a>(results: &'a Results, shares: &SharesSpec, from: Month) -> Vec<&'a BandRow> {
    let suffix = format!(":{}", shares.place);
    let here = |r: &&BandRow| {
        r.measure == shares.measure && r.entity.ends_with(&suffix) && r.month >= from
    };
    results.bands.iter().filter(here).collect()
}

/// A row of small panels for each of the largest makers.
pub fn by_maker(results: &Results, shares: &SharesSpec, from: Month) -> SmallMultiplesSpec {
    let suffix = format!(":{}", shares.place);
    let row = |entity: String| SmallMultiplesRow {
        name: entity_name(results, entity.trim_end_matches(&suffix)),
        measure: shares.measure.clone(),
        entity,
        scale: AxisScale::Linear,
    };
    let makers = largest_makers(results, shares, from);
    SmallMultiplesSpec {
        rows: makers.into_iter().map(row).collect(),
        from: Some(from.to_string()),
    }
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
