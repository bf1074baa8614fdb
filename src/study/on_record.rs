//! The recorded points of the measures that a study keeps, in the units of those measures, for its figures.

use super::{Library, Plan};
use crate::config::diagnostics::Problems;
use crate::config::evidence::{
    ErrorScale, Evidence, EvidenceClass, EvidenceRow, PeriodStatistic, SeriesMapping,
};
use crate::config::splits::{self, SplitPart};
use crate::foundation::calendar::Month;
use crate::foundation::maths;
use crate::results::tables::SideTable;

/// Standard deviations of a normal distribution on each side of its middle that hold 90 %.
const NORMAL_90: f64 = 1.645;
/// The nations of the recorded series.
const RECORDED_TARGET: &str = "CHN";
const RECORDED_ISSUER: &str = "USA";
/// Months of the longest period of a flow that stands at its middle.
const LONGEST_FLOW_MONTHS: i32 = 12;
/// Months that a recorded share of revenue must cover to stand beside a share of the last 12 months.
const LEAST_SHARE_MONTHS: usize = 6;

/// One row a recorded point of a measure and entity that has bands: value and 90 % interval in the unit of the measure, a
/// month of it where the record counts a flow over a period, and whether the study's parameters were fitted to it.
///
/// # Errors
/// When the evidence cannot be read.
pub fn on_record(library: &Library, plan: &Plan) -> Result<SideTable, Problems> {
    let evidence = Evidence::read(&library.configs)?;
    let splits = splits::read(&library.configs)?;
    let posterior = plan.design.posterior.as_ref().map(|p| p.name.as_str());
    let split = splits
        .split
        .iter()
        .find(|s| Some(s.name.as_str()) == posterior);
    let mut table = SideTable {
        columns: [
            "measure",
            "entity",
            "first_month",
            "last_month",
            "value",
            "low",
            "high",
            "used",
            "series",
            "recorded_entity",
        ]
        .map(String::from)
        .to_vec(),
        rows: Vec::new(),
    };
    if plan.study.target != RECORDED_TARGET || plan.study.issuer != RECORDED_ISSUER {
        return Ok(table);
    }
    for row in &evidence.rows {
        let Some(link) = evidence.link(row) else {
            continue;
        };
        let Some((measure, entity)) = drawn_beside(link, row) else {
            continue;
        };
        let is_kept = plan.study.bands.iter().any(|b| b == measure)
            && plan.blueprint.watch.columns.find(measure, entity).is_some();
        let inside = row.first >= plan.study.first_month && row.last <= plan.study.last_month;
        let Some(of_measure) = inverse(library, &evidence, link, row).filter(|_| is_kept && inside)
        else {
            continue;
        };
        let [low, high] = interval(row, link.scale).map(&of_measure);
        let fitted = split.is_some_and(|s| s.part(row, link.block) == SplitPart::Fit);
        let used = match row.class {
            EvidenceClass::X => "given",
            class if fitted && class.scored() => "fitted",
            _ => "not fitted",
        };
        table.rows.push(vec![
            measure.to_string(),
            entity.to_string(),
            row.first.to_string(),
            row.last.to_string(),
            of_measure(row.value).to_string(),
            low.to_string(),
            high.to_string(),
            used.to_string(),
            row.series.clone(),
            row.entity.clone(),
        ]);
    }
    Ok(table)
}

/// The measure and entity that a recorded point stands beside, if one column answers it: a share of all makers' revenue is
/// that of `maker_share_value`.
fn drawn_beside<'a>(link: &'a SeriesMapping, row: &EvidenceRow) -> Option<(&'a str, &'a str)> {
    let [entity] = &link.entities[..] else {
        return None;
    };
    let is_group = entity.starts_with("all_makers") || entity.starts_with("target_makers");
    if is_group {
        return None;
    }
    if link.how == PeriodStatistic::Sum && row.last - row.first >= LONGEST_FLOW_MONTHS {
        return None;
    }
    let measure = link.measure.get_ref().as_str();
    match &link.over[..] {
        [] => Some((measure, entity)),
        [all] => {
            let (_, place) = entity.split_once(':')?;
            let whole = all.strip_prefix("all_makers:") == Some(place);
            let long = (row.last - row.first + 1) as usize >= LEAST_SHARE_MONTHS;
            (measure == "maker_revenue_usd" && whole && long)
                .then_some(("maker_share_value", entity))
        }
        _ => None,
    }
}

/// From the table's number to a month of the measure: `(value / factor - added) / times`, where both are summed over the
/// period for a flow, their mean for a mean, and those of the last month for a stock. None for growth and slopes.
fn inverse(
    library: &Library,
    evidence: &Evidence,
    link: &SeriesMapping,
    row: &EvidenceRow,
) -> Option<impl Fn(f64) -> f64 + use<>> {
    let months = || (0..=(row.last - row.first)).map(|t| row.first.plus(t));
    let count = months().count() as f64;
    let gathered = |of: &dyn Fn(Month) -> f64| match link.how {
        PeriodStatistic::Sum | PeriodStatistic::SumOfFiscalQuarters => {
            Some(months().map(of).sum::<f64>())
        }
        PeriodStatistic::Mean => Some(months().map(of).sum::<f64>() / count),
        PeriodStatistic::Last => Some(of(row.last)),
        _ => None,
    };
    let at = |name: &Option<String>, month: Month, otherwise: f64| {
        let name = name.as_ref();
        let found = name.and_then(|name| evidence.adjustments.at(name, month));
        found.map_or(otherwise, |a| a.value)
    };
    let is_share = !link.over.is_empty();
    if is_share && (link.added.is_some() || link.over_added.is_some()) {
        return None;
    }
    let prices = |month: Month| {
        if link.nominal {
            1.0 / library.tables.deflate(month)
        } else {
            1.0
        }
    };
    let times = gathered(&|month| at(&link.times, month, 1.0) * prices(month))?;
    let added = gathered(&|month| at(&link.added, month, 0.0) / 12.0)?;
    let factor = link.factor;
    Some(move |value: f64| {
        if is_share {
            value / factor
        } else {
            (value / factor - added) / times
        }
    })
}

/// Bounds that hold 90 % of the error of a recorded number.
fn interval(row: &EvidenceRow, scale: ErrorScale) -> [f64; 2] {
    let by = NORMAL_90 * row.error;
    match scale {
        ErrorScale::Log => [row.value * maths::exp(-by), row.value * maths::exp(by)],
        ErrorScale::Own => [row.value - by, row.value + by],
    }
}
