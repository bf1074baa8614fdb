//! Data for the interactive charts of the report page.

use serde::Serialize;

use super::axis::can_be_drawn;
use super::fan::band_rows;
use super::shares::largest_makers;
use super::theme::SERIES;
use super::{entity_name, measure_unit, month_or};
use crate::config::figure::{AxisScale, FanLine, FigureFile, FigureKind, SharesSpec};
use crate::foundation::calendar::Month;
use crate::foundation::escape::visible;
use crate::foundation::maths;
use crate::results::{ArmInfo, Results};

/// The charts of one figure; they share their months.
#[derive(Clone, Debug, Serialize)]
pub struct InteractiveCharts {
    /// Id of the static figure that it replaces.
    id: String,
    /// Year and month of the first value, and how many there are.
    first: (i32, i32),
    months: usize,
    charts: Vec<InteractiveChart>,
}

#[derive(Clone, Debug, Serialize)]
struct InteractiveChart {
    title: String,
    unit: String,
    log: bool,
    /// The regime that the whole chart belongs to, if it does, as the page writes it.
    arm: Option<String>,
    series: Vec<InteractiveSeries>,
}

#[derive(Clone, Debug, Serialize)]
struct InteractiveSeries {
    name: String,
    arm: Option<String>,
    colour: String,
    middle: Vec<Option<f64>>,
    /// 5, 25, 75 and 95 %.
    bands: Option<[Vec<Option<f64>>; 4]>,
}

/// The charts of a figure, if it is one over time.
pub fn live(results: &Results, figure: &FigureFile, id: String) -> Option<InteractiveCharts> {
    let study = &results.manifest.study;
    let (from, charts) = match &figure.draw {
        FigureKind::Fan(fan) => {
            let from = month_or(&fan.from, study.first_month);
            let chart = |line: &FanLine| fan_chart(results, line, fan.scale, from);
            (from, fan.lines.iter().map(chart).collect())
        }
        FigureKind::Shares(shares) => {
            let from = month_or(&shares.from, study.first_month.plus(12));
            (from, share_charts(results, shares, from))
        }
        _ => return None,
    };
    Some(InteractiveCharts {
        id,
        first: (from.year(), from.month_of_year()),
        months: (study.last_month - from + 1).max(0) as usize,
        charts,
    })
}

fn fan_chart(results: &Results, line: &FanLine, scale: AxisScale, from: Month) -> InteractiveChart {
    let study = &results.manifest.study;
    let months = (study.last_month - from + 1).max(0) as usize;
    let series = study.arms.iter().enumerate().map(|(turn, arm)| {
        let mut columns = [(); 5].map(|()| vec![None; months]);
        for row in band_rows(results, &arm.name, &line.measure, &line.entity, from) {
            let b = &row.band;
            for (column, value) in columns.iter_mut().zip([b.p50, b.p05, b.p25, b.p75, b.p95]) {
                put(column, row.month - from, value);
            }
        }
        let [middle, p05, p25, p75, p95] = columns;
        InteractiveSeries {
            name: arm.name.clone(),
            arm: Some(visible(&arm.name).into_owned()),
            colour: colour(turn),
            middle,
            bands: Some([p05, p25, p75, p95]),
        }
    });
    let name = line.name.clone();
    let unit = measure_unit(results, &line.measure);
    InteractiveChart {
        title: name.unwrap_or_else(|| entity_name(results, &line.entity)),
        unit: unit.clone(),
        log: scale == AxisScale::Log,
        arm: None,
        series: series.collect(),
    }
}

fn share_charts(results: &Results, shares: &SharesSpec, from: Month) -> Vec<InteractiveChart> {
    let study = &results.manifest.study;
    let months = (study.last_month - from + 1).max(0) as usize;
    let makers = largest_makers(results, shares, from);
    let suffix = format!(":{}", shares.place);
    let chart = |arm: &ArmInfo| {
        let series = makers.iter().enumerate().map(|(turn, maker)| {
            let mut middle = vec![None; months];
            for row in band_rows(results, &arm.name, &shares.measure, maker, from) {
                put(&mut middle, row.month - from, row.band.mean);
            }
            InteractiveSeries {
                name: entity_name(results, maker.trim_end_matches(&suffix)),
                arm: None,
                colour: colour(turn),
                middle,
                bands: None,
            }
        });
        InteractiveChart {
            title: arm.name.clone(),
            unit: measure_unit(results, &shares.measure),
            log: false,
            arm: Some(visible(&arm.name).into_owned()),
            series: series.collect(),
        }
    };
    study.arms.iter().map(chart).collect()
}

fn colour(turn: usize) -> String {
    let (r, g, b) = SERIES[turn % SERIES.len()];
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Puts a value in its month. A foreign table can hold months outside the study.
fn put(column: &mut [Option<f64>], month: i32, value: f64) {
    let place = usize::try_from(month).ok();
    if let Some(place) = place.and_then(|at| column.get_mut(at)) {
        *place = four_digits(value);
    }
}

/// To four significant digits, as a screen shows no more; nothing where no axis can hold it.
fn four_digits(value: f64) -> Option<f64> {
    if !can_be_drawn(value) {
        return None;
    }
    if value == 0.0 {
        return Some(0.0);
    }
    let digits = 3 - maths::log10(value.abs()).floor() as i32;
    let text = if digits >= 0 {
        format!("{value:.*}", digits as usize)
    } else {
        let power = maths::powi(10_f64, -digits);
        format!("{}", (value / power).round() * power)
    };
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::four_digits;

    #[test]
    fn four_digits_are_kept() {
        assert_eq!(four_digits(1234567.0), Some(1235000.0));
        assert_eq!(four_digits(0.000123456), Some(0.0001235));
        assert_eq!(four_digits(f64::NAN), None);
        assert_eq!(four_digits(5e-324), None);
    }
}
