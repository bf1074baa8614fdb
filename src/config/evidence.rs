//! Recorded series: the table of evidence, and the map from a series and entity to a measure.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::diagnostics::{Diagnostic, Problems, nearest, read_csv, read_toml};
use super::source::{Configs, Source};
use crate::foundation::calendar::Month;
use crate::foundation::maths;
use crate::measures::{MEASURES, measure};

/// One recorded number with what is known of its error.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub target_id: String,
    pub series: String,
    pub entity: String,
    pub period: String,
    pub first: Month,
    pub last: Month,
    pub value: f64,
    pub unit: String,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub class: Class,
    /// Standard deviation of what was observed, on the scale of its link.
    pub error: f64,
    /// The link that answers it, or why none does.
    pub link: Result<usize, String>,
}

/// How a series may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// Measured: scored with its published error.
    M,
    /// Estimated: scored through its published interval.
    E,
    /// Judged or secondary: only whether intervals hold it.
    J,
    /// Given to the model: a comparison is by construction.
    X,
}

impl Class {
    /// Whether points of this class are fitted and scored.
    pub const fn scored(self) -> bool {
        matches!(self, Self::M | Self::E)
    }
}

/// How the months of a row become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Sum,
    Mean,
    Last,
    /// Last over first month, as a factor a year.
    GrowthPerYear,
    /// Last less first month, a year.
    SlopePerYear,
}

/// Where errors and scores of a series live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Positive amounts: natural logarithm.
    Log,
    /// Points, shares, and what can be zero.
    Own,
}

/// What part of the model a series speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    Hardware,
    Capability,
}

/// From a series and entity to a measure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Name of the series; `*` stands for anything.
    pub series: String,
    /// Entity of the table; `*` stands for anything.
    #[serde(default = "anything")]
    pub entity: String,
    #[schemars(with = "String")]
    pub measure: Spanned<String>,
    /// Entities of the measure, added up.
    pub entities: Vec<String>,
    /// Entities whose sum it is divided by.
    #[serde(default)]
    pub over: Vec<String>,
    pub how: How,
    /// From the model's unit to the table's.
    #[serde(default = "one")]
    pub factor: f64,
    /// What the record holds beyond the measure, in the table's unit, and its standard deviation.
    #[serde(default)]
    pub plus: f64,
    #[serde(default)]
    pub plus_error: f64,
    /// The record is in dollars of its day, the model in those of 2024.
    #[serde(default)]
    pub nominal: bool,
    pub scale: Scale,
    pub block: Block,
    /// Periods are those of a fiscal year that ends in January, placed in the calendar period in which they end.
    #[serde(default)]
    pub fiscal: bool,
    /// A recorded path of demand that the benchmark of the conditional ratio knows.
    pub driver: Option<String>,
    /// Compared with a constant mean too: the gap was level for years.
    #[serde(default)]
    pub gap: bool,
    /// Why a good score would say little; such series are shown and left out of averages.
    pub weak: Option<String>,
}

fn anything() -> String {
    "*".into()
}

const fn one() -> f64 {
    1.0
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unanswered {
    series: String,
    reason: String,
}

/// `configs/evidence/map.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapFile {
    series: Vec<Link>,
    #[serde(default)]
    unanswered: Vec<Unanswered>,
}

/// The table and its map.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub rows: Vec<Row>,
    pub links: Vec<Link>,
}

#[derive(Deserialize)]
struct Raw {
    target_id: String,
    series: String,
    entity: String,
    period: String,
    #[serde(default)]
    first_month: Option<Month>,
    #[serde(default)]
    last_month: Option<Month>,
    value: f64,
    #[serde(default)]
    low: Option<f64>,
    #[serde(default)]
    high: Option<f64>,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    class: Option<Class>,
    #[serde(default)]
    error: Option<f64>,
    #[serde(default)]
    source: String,
}

const COLUMNS: &[&str] = &[
    "target_id",
    "series",
    "entity",
    "period",
    "first_month",
    "last_month",
    "value",
    "low",
    "high",
    "unit",
    "class",
    "error",
    "source",
    "source_url",
    "confidence",
];

/// Error of a number that was published without one, as a fraction.
const EXACT: f64 = 0.02;
/// Width of a 90 % interval in standard deviations of a normal distribution.
const INTERVAL_90: f64 = 3.29;

impl Evidence {
    /// The shipped table and map.
    ///
    /// # Errors
    /// With the place of what is wrong.
    pub fn read(configs: &Configs) -> Result<Self, Problems> {
        Self::of(configs, &configs.read("evidence/series.csv")?)
    }

    /// A table of the same columns with the shipped map.
    ///
    /// # Errors
    /// With file, line and column of what is wrong.
    pub fn of(configs: &Configs, table: &Source) -> Result<Self, Problems> {
        let links = read_map(&configs.read("evidence/map.toml")?)?;
        let mut problems = Problems::default();
        let mut seen = BTreeSet::new();
        let mut rows = Vec::new();
        for located in read_csv::<Raw>(table, COLUMNS)? {
            let mut wrong = |text: &str, message: String| {
                problems.0.push(located.problem(table, text, message))
            };
            let raw = &located.row;
            if !seen.insert(raw.target_id.clone()) {
                wrong(&raw.target_id, format!("`{}` is here twice", raw.target_id));
            }
            let link = links.1.find(&links.0, &raw.series, &raw.entity);
            let used = link.as_ref().ok().map(|at| &links.0[*at]);
            let Some((first, last)) = span(&raw.period, used.is_some_and(|l| l.fiscal)) else {
                wrong(
                    &raw.period,
                    format!(
                        "found `{}`, expected a period: 2024, 2024-Q3, 2024-11, or two of them with / between",
                        raw.period
                    ),
                );
                continue;
            };
            let (first, last) = (
                raw.first_month.unwrap_or(first),
                raw.last_month.unwrap_or(last),
            );
            if first > last {
                wrong(
                    &first.to_string(),
                    format!("found first month {first} after last month {last}"),
                );
            }
            if !raw.value.is_finite() {
                wrong("", format!("`{}` has no value", raw.target_id));
            }
            if let (Some(low), Some(high)) = (raw.low, raw.high)
                && low > high
            {
                wrong("", format!("found low {low} above high {high}"));
            }
            let scale = used.map_or(Scale::Own, |l| l.scale);
            if scale == Scale::Log && raw.value <= 0.0 {
                wrong(
                    "",
                    format!(
                        "found {}, expected a positive number: `{}` is compared on the log scale",
                        raw.value, raw.series
                    ),
                );
            }
            if raw.error.is_some_and(|e| !(e > 0.0 && e.is_finite())) {
                wrong("", "found an error that is not above zero".into());
            }
            let published = raw.error.unwrap_or_else(|| error_of(raw, scale));
            let beyond = used.map_or(0.0, |l| match l.scale {
                Scale::Log => l.plus_error / raw.value,
                Scale::Own => l.plus_error,
            });
            let has_interval = raw.low.is_some() && raw.high.is_some() && raw.low != raw.high;
            rows.push(Row {
                target_id: raw.target_id.clone(),
                unit: raw.unit.clone(),
                series: raw.series.clone(),
                entity: raw.entity.clone(),
                period: raw.period.clone(),
                first,
                last,
                value: raw.value,
                low: raw.low,
                high: raw.high,
                class: raw
                    .class
                    .unwrap_or(if has_interval { Class::E } else { Class::M }),
                error: maths::hypot(published, beyond),
                link,
            });
        }
        problems.check()?;
        Ok(Self {
            rows,
            links: links.0,
        })
    }

    /// SHA-256 of everything in the table and map that a fit or a score can see.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for r in &self.rows {
            hash.update(format!(
                "{} {} {} {} {} {} {:?} {} {:?}\n",
                r.target_id, r.series, r.entity, r.first, r.last, r.value, r.class, r.error, r.link
            ));
        }
        for l in &self.links {
            hash.update(format!(
                "{} {} {} {:?} {:?} {:?} {} {} {} {:?} {:?} {:?} {:?}\n",
                l.series,
                l.entity,
                l.measure.get_ref(),
                l.entities,
                l.over,
                l.how,
                l.factor,
                l.plus,
                l.nominal,
                l.scale,
                l.driver,
                l.gap,
                l.weak
            ));
        }
        hex(&hash.finalize())
    }

    pub fn link(&self, row: &Row) -> Option<&Link> {
        row.link.as_ref().ok().map(|at| &self.links[*at])
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// `sd = ln(high/low)/3.29` on the log scale, `(high-low)/3.29` on its own; 2 % where no interval was published; twice
/// that for a number that was recalled and not looked up.
fn error_of(raw: &Raw, scale: Scale) -> f64 {
    let recalled = if raw.source.starts_with("background") {
        2.0
    } else {
        1.0
    };
    let sd = match (scale, raw.low, raw.high) {
        (Scale::Log, Some(low), Some(high)) if low > 0.0 && high > low => {
            (maths::ln(high / low) / INTERVAL_90).max(EXACT)
        }
        (Scale::Log, ..) => EXACT,
        (Scale::Own, Some(low), Some(high)) if high > low => (high - low) / INTERVAL_90,
        (Scale::Own, ..) => (EXACT * raw.value.abs()).max(1e-6),
    };
    recalled * sd
}

/// First and last month of `2024`, `2024-Q3`, `2024-11` or `2022/2024`. A fiscal quarter that ends in a month of the calendar
/// quarter began two months before it; a fiscal year began in February.
fn span(period: &str, fiscal: bool) -> Option<(Month, Month)> {
    if let Some((from, to)) = period.split_once('/') {
        return Some((span(from, fiscal)?.0, span(to, fiscal)?.1));
    }
    let period = period.trim();
    if let Some((year, quarter)) = period.split_once("-Q") {
        let (year, quarter): (i32, i32) = (year.parse().ok()?, quarter.parse().ok()?);
        let good = (1900..=2200).contains(&year) && (1..=4).contains(&quarter);
        let first = Month::of(year, 3 * quarter - 2).plus(if fiscal { -2 } else { 0 });
        return good.then_some((first, first.plus(2)));
    }
    if period.contains('-') {
        let month: Month = period.parse().ok()?;
        return Some((month, month));
    }
    let year: i32 = period.parse().ok().filter(|y| (1900..=2200).contains(y))?;
    let first = Month::of(year, 1).plus(i32::from(fiscal));
    Some((first, first.plus(11)))
}

struct Silent(Vec<Unanswered>);

impl Silent {
    /// The first link that matches, or the reason why there is none.
    fn find(&self, links: &[Link], series: &str, entity: &str) -> Result<usize, String> {
        let found = links
            .iter()
            .position(|l| matches(&l.series, series) && matches(&l.entity, entity));
        found.ok_or_else(
            || match self.0.iter().find(|u| matches(&u.series, series)) {
                Some(u) => u.reason.clone(),
                None => {
                    let names: Vec<&str> = links.iter().map(|l| l.series.as_str()).collect();
                    match nearest(series, &names) {
                        Some(near) if near != series => {
                            format!("no measure is mapped to `{series}`; did you mean `{near}`?")
                        }
                        Some(_) => format!("`{series}` has no link for the entity `{entity}`"),
                        None => format!("no measure is mapped to `{series}`"),
                    }
                }
            },
        )
    }
}

/// Whether a text is as a pattern says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|head| text.strip_prefix(head)) else {
        return false;
    };
    let mut rest = rest;
    let tail: Vec<&str> = parts.collect();
    let Some((last, middle)) = tail.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Checks a map by its form.
///
/// # Errors
/// With the place of what is wrong.
pub fn check_map(source: &Source) -> Result<(), Problems> {
    read_map(source).map(|_| ())
}

fn read_map(source: &Source) -> Result<(Vec<Link>, Silent), Problems> {
    let file: MapFile = read_toml(source)?;
    let mut problems = Problems::default();
    let names: Vec<&str> = MEASURES.iter().map(|m| m.name).collect();
    for link in &file.series {
        let name = link.measure.get_ref();
        if measure(name).is_none() {
            problems.0.push(
                Diagnostic::at(
                    source,
                    link.measure.span(),
                    format!("found `{name}`, expected a measure"),
                )
                .nearest(name, &names),
            );
        }
        if link.entities.is_empty() {
            problems.0.push(Diagnostic::at(
                source,
                link.measure.span(),
                format!("`{}` names no entity of the measure", link.series),
            ));
        }
    }
    problems.check()?;
    Ok((file.series, Silent(file.unanswered)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_become_months_and_fiscal_ones_are_moved() {
        let m = |t: &str| t.parse::<Month>().unwrap();
        assert_eq!(span("2024-Q4", true), Some((m("2024-08"), m("2024-10"))));
        assert_eq!(span("2024-Q4", false), Some((m("2024-10"), m("2024-12"))));
        assert_eq!(span("2024", true), Some((m("2024-02"), m("2025-01"))));
        assert_eq!(span("2022/2024", false), Some((m("2022-01"), m("2024-12"))));
        assert_eq!(span("2024-11", false), Some((m("2024-11"), m("2024-11"))));
        for wrong in ["2024-Q5", "soon", "2024-13", "", "24"] {
            assert_eq!(span(wrong, false), None, "{wrong}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(
            matches("*", "x") && matches("US:*", "US: GPT-3") && matches("*910C", "Ascend 910C")
        );
        assert!(matches("a*c*e", "abcde") && !matches("a*c", "abcd") && !matches("a", "ab"));
        assert!(!matches("h100e_shipped_*", "h100e_stock"));
    }

    #[test]
    fn shipped_errors_are_those_of_the_rule() {
        let configs = Configs::embedded();
        let table = configs.read("evidence/series.csv").unwrap();
        let shipped = Evidence::read(&configs).unwrap();
        for located in read_csv::<Raw>(&table, COLUMNS).unwrap() {
            let raw = located.row;
            let row = shipped.rows.iter().find(|r| r.target_id == raw.target_id);
            let link = row.and_then(|r| shipped.link(r));
            // Points of the index and revenue that can be zero carry errors of their own.
            if let Some(link) = link
                && !["eci_frontier", "nvidia_h20_revenue"].contains(&raw.series.as_str())
            {
                let (by_rule, stated) = (error_of(&raw, link.scale), raw.error.unwrap());
                assert!(
                    (by_rule / stated - 1.0).abs() < 0.01,
                    "{}: {by_rule} against {stated}",
                    raw.target_id
                );
            }
        }
    }
}
