//! Data for the interactive charts of the report page.

use serde::Serialize;

use super::axis::can_be_drawn;
use super::effect::{default_start, differing_rules, effect_rows};
use super::headline_arm;
use super::record::{RecordFit, record_end, record_of};
use super::shares::{by_maker, largest_makers};
use super::theme::{SERIES, colour_code};
use super::{entity_name, measure_unit, month_or, named};
use crate::config::figure::{
    AxisScale, EffectPathSpec, FigureFile, FigureKind, SharesSpec, SharesStyle, SmallMultiplesRow,
    SmallMultiplesSpec,
};
use crate::foundation::calendar::Month;
use crate::foundation::escape::visible;
use crate::foundation::maths;
use crate::results::{ArmInfo, BandRow, Results};

/// The charts of one figure; they share their months.
#[derive(Clone, Debug, Serialize)]
pub struct InteractiveCharts {
    /// Id of the static figure that it replaces.
    id: String,
    /// Name of the figure's file.
    name: String,
    /// What it shows and how to read it.
    about: String,
    /// Year and month of the first value, and how many there are.
    first: (i32, i32),
    months: usize,
    /// Months after the first in which the record ends, if it ends among them.
    record_end: Option<i32>,
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
    /// Months after the first in which rules bind, and what they are.
    rules: Vec<(i32, String)>,
    /// Recorded points: month after the first; value, lower and upper bound; whether the model was fitted to it or given it.
    record: Vec<(i32, [Option<f64>; 3], bool)>,
}

#[derive(Clone, Debug, Serialize)]
struct InteractiveSeries {
    name: String,
    arm: Option<String>,
    colour: String,
    /// Whether it is the baseline, in a chart of several regimes.
    dashed: bool,
    middle: Vec<Option<f64>>,
    /// 5, 25, 75 and 95 %.
    bands: Option<[Vec<Option<f64>>; 4]>,
}

/// One measure of one entity under every regime.
struct ChartedMeasure<'a> {
    measure: &'a str,
    entity: &'a str,
    name: String,
    scale: AxisScale,
}

/// The charts of a figure, if it is one over time.
pub fn live(
    results: &Results,
    figure: &FigureFile,
    id: String,
    about: &str,
) -> Option<InteractiveCharts> {
    let study = &results.manifest.study;
    let (from, charts): (Month, Vec<InteractiveChart>) = match &figure.draw {
        FigureKind::Fan(fan) => {
            let from = month_or(&fan.from, study.first_month);
            let charts = fan.lines.iter().map(|line| {
                let name = line.name.as_ref().map(|name| named(results, name));
                let charted = ChartedMeasure {
                    measure: &line.measure,
                    entity: &line.entity,
                    name: name.unwrap_or_else(|| entity_name(results, &line.entity)),
                    scale: fan.scale,
                };
                measure_chart(results, &charted, from)
            });
            (from, charts.collect())
        }
        FigureKind::Effect(spec) => {
            let from = month_or(&spec.from, default_start(results));
            (from, effect_charts(results, spec, from))
        }
        FigureKind::Multiples(multiples) => {
            let from = month_or(&multiples.from, study.first_month);
            (from, row_charts(results, multiples, from))
        }
        FigureKind::Shares(shares) => {
            let from = month_or(&shares.from, study.first_month.plus(12));
            if shares.style == SharesStyle::Bands {
                let rows = by_maker(results, shares, from);
                (from, row_charts(results, &rows, from))
            } else {
                (from, share_charts(results, shares, from))
            }
        }
        _ => return None,
    };
    let months = study.last_month - from + 1;
    Some(InteractiveCharts {
        id,
        name: visible(&figure.name).into_owned(),
        about: visible(about).into_owned(),
        first: (from.year(), from.month_of_year()),
        months: months.max(0) as usize,
        record_end: record_end(results)
            .map(|end| end - from)
            .filter(|end| (0..months).contains(end)),
        charts,
    })
}

fn row_charts(
    results: &Results,
    multiples: &SmallMultiplesSpec,
    from: Month,
) -> Vec<InteractiveChart> {
    let chart = |row: &SmallMultiplesRow| {
        let charted = ChartedMeasure {
            measure: &row.measure,
            entity: &row.entity,
            name: named(results, &row.name),
            scale: row.scale,
        };
        measure_chart(results, &charted, from)
    };
    multiples.rows.iter().map(chart).collect()
}

fn measure_chart(results: &Results, charted: &ChartedMeasure<'_>, from: Month) -> InteractiveChart {
    let study = &results.manifest.study;
    let ChartedMeasure {
        measure, entity, ..
    } = *charted;
    let series = study.arms.iter().enumerate().map(|(turn, arm)| {
        let rows = results.curve(&arm.name, measure, entity, from);
        InteractiveSeries {
            dashed: study.arms.len() > 1 && arm.name == study.baseline,
            ..banded(results, arm, turn, &rows, from)
        }
    });
    let record = record_of(results, measure, entity, from).into_iter();
    InteractiveChart {
        title: charted.name.clone(),
        unit: measure_unit(results, measure),
        log: charted.scale == AxisScale::Log,
        arm: None,
        series: series.collect(),
        rules: headline_arm(results).map_or_else(Vec::new, |arm| rules(results, arm, from)),
        record: record
            .map(|p| {
                let numbers = [p.value, p.low, p.high].map(four_digits);
                (p.at() - from, numbers, p.fit != RecordFit::Unfitted)
            })
            .collect(),
    }
}

/// A median with its bands under one arm.
fn banded(
    results: &Results,
    arm: &ArmInfo,
    turn: usize,
    rows: &[&BandRow],
    from: Month,
) -> InteractiveSeries {
    let months = (results.manifest.study.last_month - from + 1).max(0) as usize;
    let mut columns = [(); 5].map(|()| vec![None; months]);
    for row in rows {
        let b = &row.band;
        for (column, value) in columns.iter_mut().zip([b.p50, b.p05, b.p25, b.p75, b.p95]) {
            put(column, row.month - from, value);
        }
    }
    let [middle, p05, p25, p75, p95] = columns;
    InteractiveSeries {
        name: visible(arm.label()).into_owned(),
        arm: Some(visible(&arm.name).into_owned()),
        colour: colour(turn),
        dashed: false,
        middle,
        bands: Some([p05, p25, p75, p95]),
    }
}

/// A chart for each arm but the baseline.
fn effect_charts(results: &Results, spec: &EffectPathSpec, from: Month) -> Vec<InteractiveChart> {
    let study = &results.manifest.study;
    let all = study.arms.iter().enumerate();
    let chart = |(turn, arm): (usize, &ArmInfo)| {
        let rows = effect_rows(results, spec, &arm.name, from);
        InteractiveChart {
            title: visible(arm.label()).into_owned(),
            unit: measure_unit(results, &spec.measure),
            log: false,
            arm: Some(visible(&arm.name).into_owned()),
            series: vec![banded(results, arm, turn, &rows, from)],
            rules: rules(results, arm, from),
            record: Vec::new(),
        }
    };
    all.filter(|(_, a)| a.name != study.baseline)
        .map(chart)
        .collect()
}

/// Months after the first in which rules bind that the baseline does not have.
fn rules(results: &Results, arm: &ArmInfo, from: Month) -> Vec<(i32, String)> {
    let span = (from, results.manifest.study.last_month);
    let found = differing_rules(results, arm, span).into_iter();
    found
        .map(|(when, texts)| (when - from, visible(&texts.join(", ")).into_owned()))
        .collect()
}

fn share_charts(results: &Results, shares: &SharesSpec, from: Month) -> Vec<InteractiveChart> {
    let study = &results.manifest.study;
    let months = (study.last_month - from + 1).max(0) as usize;
    let makers = largest_makers(results, shares, from);
    let suffix = format!(":{}", shares.place);
    let chart = |arm: &ArmInfo| {
        let series = makers.iter().enumerate().map(|(turn, maker)| {
            let mut middle = vec![None; months];
            for row in results.curve(&arm.name, &shares.measure, maker, from) {
                put(&mut middle, row.month - from, row.band.mean);
            }
            InteractiveSeries {
                name: entity_name(results, maker.trim_end_matches(&suffix)),
                arm: None,
                colour: colour(turn),
                dashed: false,
                middle,
                bands: None,
            }
        });
        InteractiveChart {
            title: arm.label().to_string(),
            unit: measure_unit(results, &shares.measure),
            log: false,
            arm: Some(visible(&arm.name).into_owned()),
            series: series.collect(),
            rules: rules(results, arm, from),
            record: Vec::new(),
        }
    };
    study.arms.iter().map(chart).collect()
}

fn colour(turn: usize) -> String {
    colour_code(SERIES[turn % SERIES.len()])
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
