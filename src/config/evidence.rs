//! Reads the table of recorded series, and the map from a series and entity to a measure.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::cells::cells_of;
use super::demand::SERIES_NAMES;
use super::diagnostics::{Diagnostic, Problems, nearest, read_toml};
use super::evidence_units::{SHARE, base_of, in_unit, scale_of, span};
use super::observation::{Adjustment, Adjustments};
use super::source::{Configs, Source};
use super::table::{
    CONFIDENCE, CellType, KnownNames, NameKind, TableProblems, TableReading, TableSpec, YEARS,
    column,
};
use crate::foundation::calendar::Month;
use crate::foundation::digest::hex;
use crate::foundation::maths;
use crate::outputs::measures::{MEASURES, measure};

/// One recorded number with what is known of its error.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceRow {
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
    pub class: EvidenceClass,
    /// Standard deviation of what was observed, on the scale of its link.
    pub error: f64,
    /// The link that answers it, or why none does.
    pub link: Result<usize, String>,
}

/// How a series may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EvidenceClass {
    /// Measured: scored with its published error.
    M,
    /// Estimated: scored through its published interval.
    E,
    /// Judged or secondary: only whether intervals hold it.
    J,
    /// Given to the model: a comparison is by construction.
    X,
}

impl EvidenceClass {
    /// Whether points of this class are fitted and scored.
    pub const fn scored(self) -> bool {
        matches!(self, Self::M | Self::E)
    }
}

/// How the months of a row become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodStatistic {
    Sum,
    /// A calendar quarter that its publisher made from fiscal quarters, which end a month later: a third of the one that ends in
    /// its first month, and two thirds of the next.
    SumOfFiscalQuarters,
    Mean,
    Last,
    /// Last over first month, as a factor a year.
    GrowthPerYear,
    /// Last less first month, a year.
    SlopePerYear,
    /// Last less first month.
    Change,
}

/// Where errors and scores of a series live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorScale {
    /// Positive amounts: natural logarithm.
    Log,
    /// Points, shares, and what can be zero.
    Own,
}

/// What part of the model a series speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceBlock {
    Hardware,
    Capability,
}

/// From a series and entity to a measure.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesMapping {
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
    pub how: PeriodStatistic,
    /// Unit of the table's numbers, such as `USD bn`, `million cards` or `share`; a row in thousands, millions, billions or
    /// trillions of the same, or in percent of a share, is converted.
    pub unit: String,
    /// From the model's unit to the table's.
    #[serde(default = "one")]
    pub factor: f64,
    /// Adjustment that multiplies each month of the measure.
    pub times: Option<String>,
    /// Adjustment that is added to the sum of `entities`, and to that of `over`.
    pub added: Option<String>,
    pub over_added: Option<String>,
    /// The record is in dollars of its day, the model in those of 2024.
    #[serde(default)]
    pub nominal: bool,
    pub scale: ErrorScale,
    pub block: EvidenceBlock,
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
pub struct UnmappedSeries {
    series: String,
    /// Entity of the table; `*` stands for anything.
    #[serde(default = "anything")]
    entity: String,
    /// Units that its rows are in.
    units: Vec<String>,
    reason: String,
}

/// `configs/evidence/map.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceMapFile {
    series: Vec<SeriesMapping>,
    #[serde(default)]
    adjustment: Vec<Adjustment>,
    #[serde(default)]
    unanswered: Vec<UnmappedSeries>,
}

/// A map whose parts have been checked.
struct EvidenceMap {
    links: Vec<SeriesMapping>,
    silent: UnmappedList,
    adjustments: Adjustments,
}

/// The table and its map.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub rows: Vec<EvidenceRow>,
    pub links: Vec<SeriesMapping>,
    pub adjustments: Adjustments,
}

#[derive(Deserialize)]
struct RawEvidenceRow {
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
    class: Option<EvidenceClass>,
    #[serde(default)]
    error: Option<f64>,
    #[serde(default)]
    source: String,
}

/// A table of evidence.
#[rustfmt::skip]
pub static EVIDENCE: TableSpec = TableSpec {
    path: "evidence/series.csv",
    row: "a recorded number of a series, for an entity and a period",
    key: &["target_id"],
    columns: &[
        column("target_id", CellType::Name, ""),
        column("series", CellType::Name, ""),
        column("entity", CellType::Name, ""),
        column("period", CellType::Name, ""),
        column("first_month", CellType::Month, "").or_absent(),
        column("last_month", CellType::Month, "").or_absent(),
        column("value", CellType::Number(-1e40, 1e40), "as `unit` says"),
        column("low", CellType::Number(-1e40, 1e40), "as `unit` says").or_absent(),
        column("high", CellType::Number(-1e40, 1e40), "as `unit` says").or_absent(),
        column("unit", CellType::Name, "").or_absent(),
        column("class", CellType::Word(&["M", "E", "J", "X"]), "").or_absent(),
        column("error", CellType::Number(1e-12, 1e40), "standard deviation: a part of the value on the log scale, else as `unit` says").or_absent(),
        column("source", CellType::Text, "").or_absent(),
        column("source_url", CellType::Text, "").or_absent(),
        column("confidence", CellType::Word(CONFIDENCE), "").or_absent(),
        column("scope", CellType::Text, "what is counted: cards, dies or packages; value or units; which parts").or_absent(),
    ],
};

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
        let map = read_map(&configs.read(MAP)?)?;
        let names = KnownNames::default();
        let mut reading: TableReading<'_, RawEvidenceRow> =
            TableReading::of(table, &EVIDENCE, &names)?;
        let mut rows = Vec::new();
        reading.check(|raw, found| {
            if let Some(row) = checked(raw, &map, found) {
                rows.push(row);
            }
        });
        reading.finish()?;
        Ok(Self {
            rows,
            links: map.links,
            adjustments: map.adjustments,
        })
    }

    /// SHA-256 of everything in the table and map that a fit or a score can see.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for r in &self.rows {
            // Errors come from logarithms: their last digits are not part of the record.
            hash.update(format!(
                "{} {} {} {} {} {} {:?} {:.9e} {:?}\n",
                r.target_id, r.series, r.entity, r.first, r.last, r.value, r.class, r.error, r.link
            ));
        }
        for l in &self.links {
            hash.update(format!(
                "{} {} {} {:?} {:?} {:?} {} {:?} {:?} {:?} {} {:?} {:?} {:?} {:?}\n",
                l.series,
                l.entity,
                l.measure.get_ref(),
                l.entities,
                l.over,
                l.how,
                l.factor,
                l.times,
                l.added,
                l.over_added,
                l.nominal,
                l.scale,
                l.driver,
                l.gap,
                l.weak
            ));
        }
        for a in &self.adjustments.0 {
            hash.update(format!(
                "{} {} {} {} {}\n",
                a.name, a.from, a.value, a.low, a.high
            ));
        }
        hex(&hash.finalize())
    }

    /// This record with the rows of another table under the same map: a row of the same name takes the other's place.
    #[must_use]
    pub fn with_rows_of(mut self, other: Self) -> Self {
        let named = |row: &EvidenceRow| other.rows.iter().any(|o| o.target_id == row.target_id);
        self.rows.retain(|row| !named(row));
        self.rows.extend(other.rows);
        self
    }

    pub fn link(&self, row: &EvidenceRow) -> Option<&SeriesMapping> {
        row.link.as_ref().ok().map(|at| &self.links[*at])
    }
}

/// Names on record of a column, `series` or `unit`.
fn on_record(column: &str) -> &'static BTreeSet<String> {
    static ALL: OnceLock<[BTreeSet<String>; 2]> = OnceLock::new();
    let read = |name: &str| {
        let cells = cells_of(&Configs::embedded(), EVIDENCE.path, name);
        cells.unwrap_or_default().into_iter().collect()
    };
    let all = ALL.get_or_init(|| ["series", "unit"].map(read));
    &all[usize::from(column == "unit")]
}

/// Says where a name is one letter, and no digit, away from a name on record: a new name would be another word.
fn misspelt(column: &'static str, name: &str) -> Option<(&'static str, String)> {
    let known = on_record(column);
    if known.contains(name) {
        return None;
    }
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    // `USD mn` is no misspelt `USD bn`.
    let scale = if column == "unit" {
        scale_of(name)
    } else {
        1.0
    };
    let is_near = |k: &&String| {
        strsim::damerau_levenshtein(k, name) == 1
            && digits(k) == digits(name)
            && (scale == 1.0 || scale == scale_of(k))
    };
    let near = known.iter().find(is_near)?;
    let message =
        format!("found `{name}`, a letter away from a {column} on record; did you mean `{near}`?");
    Some((column, message))
}

/// The recorded number of a row, or none where its period is no period; what is wrong goes to `found`.
fn checked(
    raw: &RawEvidenceRow,
    map: &EvidenceMap,
    found: &mut TableProblems,
) -> Option<EvidenceRow> {
    found.extend(misspelt("series", &raw.series));
    found.extend(misspelt("unit", &raw.unit));
    let EvidenceMap { links, silent, .. } = map;
    let link = silent.find(links, &raw.series, &raw.entity, found);
    let used = link.as_ref().ok().map(|at| &links[*at]);
    let Some(period) = span(&raw.period, used.is_some_and(|l| l.fiscal)) else {
        let message = format!(
            "found `{}`, expected a period: 2024, 2024-H1, 2024-Q3, 2024-11, or two of them with / between",
            raw.period
        );
        found.push(("period", message));
        return None;
    };
    if period.0 > period.1 || !YEARS.contains(&period.0.year()) || !YEARS.contains(&period.1.year())
    {
        let message = format!(
            "found `{}`, expected a beginning before its end, both from {} to {}",
            raw.period,
            YEARS.start(),
            YEARS.end()
        );
        found.push(("period", message));
    }
    let first = raw.first_month.unwrap_or(period.0);
    let last = raw.last_month.unwrap_or(period.1);
    if first > last {
        let message = format!("found first month {first} after last month {last}");
        found.push(("first_month", message));
    }
    if used.is_some_and(|l| l.how == PeriodStatistic::SumOfFiscalQuarters) && last - first != 2 {
        let message = format!(
            "found {}, expected a quarter: `{}` is made from fiscal quarters",
            raw.period, raw.series
        );
        found.push(("period", message));
    }
    let calendar = span(&raw.period, false).unwrap_or(period);
    if last < calendar.0.plus(-FISCAL_MONTHS) || last > calendar.1.plus(FISCAL_MONTHS) {
        let message = format!(
            "found {last}, expected a month of the period {}",
            raw.period
        );
        found.push(("last_month", message));
    }
    if first < calendar.0.plus(-CUMULATIVE_MONTHS) {
        let message = format!(
            "found {first}, expected a month near the period {}",
            raw.period
        );
        found.push(("first_month", message));
    }
    let units: Vec<&str> = match (used, silent.entry(&raw.series, &raw.entity)) {
        (Some(link), _) => vec![&link.unit],
        (None, Some(entry)) => entry.units.iter().map(String::as_str).collect(),
        // A series that the map does not know is shown as it is.
        (None, None) => Vec::new(),
    };
    let months = period.1 - period.0 + 1;
    let converted = units
        .iter()
        .find_map(|unit| in_unit(&raw.unit, unit, months));
    if !units.is_empty() && converted.is_none() {
        let message = format!(
            "found {}, expected `{}`, or the same in thousand, million (mn), billion (bn) or trillion (tn)",
            if raw.unit.is_empty() {
                "no unit".into()
            } else {
                format!("`{}`", raw.unit)
            },
            units.join("` or `")
        );
        found.push(("unit", message));
    }
    let by = converted.unwrap_or(1.0);
    let times = |value: f64| if by == 1.0 { value } else { value * by };
    let value = times(raw.value);
    let (low, high) = (raw.low.map(times), raw.high.map(times));
    if let (Some(low), Some(high)) = (raw.low, raw.high)
        && low > high
    {
        found.push(("low", format!("found low {low} above high {high}")));
    } else if raw.low.is_some_and(|low| low > raw.value)
        || raw.high.is_some_and(|high| high < raw.value)
    {
        let bound = |bound: Option<f64>| bound.map_or("its low".into(), |b| b.to_string());
        let message = format!(
            "found {}, expected a value from {} to {}, its own bounds",
            raw.value,
            bound(raw.low),
            raw.high.map_or("its high".into(), |b| b.to_string())
        );
        found.push(("value", message));
    }
    let scale = used.map_or(ErrorScale::Own, |l| l.scale);
    if scale == ErrorScale::Log && value <= 0.0 {
        let message = format!(
            "found {value}, expected a positive number: `{}` is compared on the log scale",
            raw.series
        );
        found.push(("value", message));
    }
    let is_share = used.is_some_and(|l| base_of(&l.unit) == [SHARE]);
    if is_share && !(0.0..=1.0).contains(&value) {
        let message = format!(
            "found {}, expected a share from 0 to 1, or percent with that unit",
            raw.value
        );
        found.push(("value", message));
    }
    let published = raw.error.map_or_else(
        || error_of(value, low, high, &raw.source, scale),
        |error| match scale {
            ErrorScale::Log => error,
            ErrorScale::Own => times(error),
        },
    );
    let beyond = used.map_or(0.0, |l| {
        adjusted_sd(l, &map.adjustments, value, first, last)
    });
    let has_interval = low.is_some() && high.is_some() && low != high;
    Some(EvidenceRow {
        target_id: raw.target_id.clone(),
        unit: match used {
            Some(link) if by != 1.0 => link.unit.clone(),
            _ => raw.unit.clone(),
        },
        series: raw.series.clone(),
        entity: raw.entity.clone(),
        period: raw.period.clone(),
        first,
        last,
        value,
        low,
        high,
        class: raw.class.unwrap_or(if has_interval {
            EvidenceClass::E
        } else {
            EvidenceClass::M
        }),
        error: maths::hypot(published, beyond),
        link,
    })
}

/// Standard deviation that the adjustments of a link bring to a row, on the scale of the link. What is added to a denominator
/// is left out: its share of the error is small beside that of the numerator.
fn adjusted_sd(
    link: &SeriesMapping,
    adjustments: &Adjustments,
    value: f64,
    first: Month,
    last: Month,
) -> f64 {
    let months = || (0..=(last - first).max(0)).map(|t| first.plus(t));
    let of_times = |name: &String| adjustments.times_sd(name, months());
    let of_added = |name: &String| link.factor * adjustments.added_sd(name, months());
    let times = link.times.as_ref().map_or(0.0, of_times);
    let added = match &link.over[..] {
        [] => link.added.as_ref().map_or(0.0, of_added),
        _ => 0.0,
    };
    match link.scale {
        ErrorScale::Log => maths::hypot(times, added / value),
        ErrorScale::Own => maths::hypot(times * value, added),
    }
}

/// Fiscal years end up to two months before or after the calendar's.
const FISCAL_MONTHS: i32 = 2;
/// What is counted up to a month may have begun ten years before it.
const CUMULATIVE_MONTHS: i32 = 120;
/// `sd = ln(high/low)/3.29` on the log scale, `(high-low)/3.29` on its own; 2 % where no interval was published; twice
/// that for a number that was recalled and not looked up.
fn error_of(
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
    source: &str,
    scale: ErrorScale,
) -> f64 {
    let recalled = if source.starts_with("background") {
        2.0
    } else {
        1.0
    };
    let sd = match (scale, low, high) {
        (ErrorScale::Log, Some(low), Some(high)) if low > 0.0 && high > low => {
            (maths::ln(high / low) / INTERVAL_90).max(EXACT)
        }
        (ErrorScale::Log, ..) => EXACT,
        (ErrorScale::Own, Some(low), Some(high)) if high > low => (high - low) / INTERVAL_90,
        (ErrorScale::Own, ..) => (EXACT * value.abs()).max(1e-6),
    };
    recalled * sd
}

struct UnmappedList(Vec<UnmappedSeries>);

impl UnmappedList {
    /// The first link that matches, or the reason why there is none. A series that is known by a near name only is misspelt.
    fn find(
        &self,
        links: &[SeriesMapping],
        series: &str,
        entity: &str,
        found: &mut TableProblems,
    ) -> Result<usize, String> {
        let link = links
            .iter()
            .position(|l| matches(&l.series, series) && matches(&l.entity, entity));
        link.ok_or_else(|| {
            if let Some(entry) = self.entry(series, entity) {
                return entry.reason.clone();
            }
            let of_series: Vec<&str> = links
                .iter()
                .filter(|l| matches(&l.series, series))
                .map(|l| l.entity.as_str())
                .collect();
            if !of_series.is_empty() {
                let message = format!(
                    "found `{entity}`, expected an entity of `{series}`: {}, as map.toml names them",
                    of_series.join(", ")
                );
                found.push(("entity", message));
            }
            let names: Vec<&str> = links
                .iter()
                .map(|l| l.series.as_str())
                .chain(self.0.iter().map(|u| u.series.as_str()))
                .collect();
            if of_series.is_empty()
                && let Some(near) = nearest(series, &names)
            {
                let message =
                    format!("no measure is mapped to `{series}`; did you mean `{near}`?");
                found.push(("series", message));
            }
            format!("no measure is mapped to `{series}`")
        })
    }

    /// The entry of a series that no measure answers.
    fn entry(&self, series: &str, entity: &str) -> Option<&UnmappedSeries> {
        let is_of = |u: &&UnmappedSeries| matches(&u.series, series) && matches(&u.entity, entity);
        self.0.iter().find(is_of)
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

/// Where the map stands below `configs/`.
const MAP: &str = "evidence/map.toml";

/// Checks a map, with the makers, labs, foundries and nations that it may name.
///
/// # Errors
/// With the place of what is wrong.
pub fn check_map(configs: &Configs, source: &Source) -> Result<(), Problems> {
    let links = read_map(source)?.links;
    let names = KnownNames::read(configs);
    let mut problems = Problems::default();
    for link in &links {
        let known = entities_of(link.measure.get_ref(), &names);
        for entity in link.entities.iter().chain(&link.over) {
            if !known.contains(entity) {
                let list: Vec<&str> = known.iter().map(String::as_str).collect();
                let message = format!(
                    "found `{entity}`, expected an entity of `{}`",
                    link.measure.get_ref()
                );
                let quoted = format!("\"{entity}\"");
                let place =
                    Diagnostic::at_text(source, link.measure.span().start, &quoted, message);
                problems.0.push(place.nearest(entity, &list));
            }
        }
    }
    problems.check()
}

/// Checks the map of the configuration.
///
/// # Errors
/// With the place of what is wrong.
pub fn check_shipped_map(configs: &Configs) -> Result<(), Problems> {
    check_map(configs, &configs.read(MAP)?)
}

/// Entities that a measure may have: firms in a place, sides, pairs of sides, nations, labs, foundries.
pub(super) fn entities_of(measure: &str, names: &KnownNames) -> Vec<String> {
    let makers = || {
        let groups = ["all_makers", "target_makers"].map(String::from);
        names.list(NameKind::Maker).iter().cloned().chain(groups)
    };
    if measure == "maker_rd_usd" {
        return makers().collect();
    }
    if measure.starts_with("maker_") {
        let places = ["world", "target", "third"];
        return makers()
            .flat_map(|maker| places.map(|place| format!("{maker}:{place}")))
            .collect();
    }
    let sides: &[&str] = if measure.contains("gap_") {
        &["target_vs_issuer", "open_vs_closed"]
    } else {
        &[
            "issuer", "target", "third", "world", "open", "closed", "allied",
        ]
    };
    let mut found: Vec<String> = sides.iter().map(|s| (*s).to_string()).collect();
    if !measure.contains("gap_") {
        for kind in [NameKind::Nation, NameKind::Lab, NameKind::Foundry] {
            found.extend(names.list(kind).iter().cloned());
        }
    }
    found
}

fn read_map(source: &Source) -> Result<EvidenceMap, Problems> {
    let file: EvidenceMapFile = read_toml(source)?;
    let adjustments = Adjustments(file.adjustment);
    adjustments.check(source)?;
    let (multiples, amounts) = (adjustments.names(true), adjustments.names(false));
    let mut problems = Problems::default();
    let names: Vec<&str> = MEASURES.iter().map(|m| m.name).collect();
    let mut seen = BTreeSet::new();
    for (number, link) in file.series.iter().enumerate() {
        let name = link.measure.get_ref();
        let mut wrong = |field: &str, message: String, near: (&str, &[&str])| {
            let place = Diagnostic::at_entry(source, "[[series]]", number, field, message);
            problems.0.push(place.nearest(near.0, near.1));
        };
        let nothing: (&str, &[&str]) = ("", &[]);
        let series = &link.series;
        if measure(name).is_none() {
            let message = format!("found `{name}`, expected a measure");
            wrong("measure", message, (name, &names));
        }
        if link.entities.is_empty() {
            let message = format!("`{series}` names no entity of the measure");
            wrong("entities", message, nothing);
        }
        if series.trim().is_empty() || link.entity.trim().is_empty() {
            let message = "found an empty name, expected a series and an entity, or *";
            wrong("series", message.into(), nothing);
        }
        if !seen.insert((series.clone(), link.entity.clone())) {
            let message = format!("`{series}` is here twice for `{}`", link.entity);
            wrong("series", message, nothing);
        }
        if let Some(driver) = &link.driver
            && !SERIES_NAMES.contains(&driver.as_str())
        {
            let message = format!("`driver`: found `{driver}`, expected a series of demand.csv");
            wrong("driver", message, (driver, SERIES_NAMES));
        }
        if !(link.factor.is_finite() && link.factor > 0.0) {
            let message = format!("`factor`: found {}, expected a number above 0", link.factor);
            wrong("factor", message, nothing);
        }
        for (field, name, known) in [
            ("times", &link.times, &multiples),
            ("added", &link.added, &amounts),
            ("over_added", &link.over_added, &amounts),
        ] {
            if let Some(name) = name
                && !known.contains(&name.as_str())
            {
                let message =
                    format!("`{field}`: found `{name}`, expected an `[[adjustment]]` of its kind");
                wrong(field, message, (name, known));
            }
        }
        if link.added.is_some() && link.how != PeriodStatistic::Sum {
            let message = "found `added` to what is no sum over months, expected `how = \"sum\"`";
            wrong("added", message.into(), nothing);
        }
        if base_of(&link.unit).is_empty() {
            let message = format!(
                "`unit`: found `{}`, expected a unit such as USD bn",
                link.unit
            );
            wrong("unit", message, nothing);
        }
    }
    let read =
        |link: &SeriesMapping| [&link.times, &link.added, &link.over_added].map(Clone::clone);
    let read: BTreeSet<String> = file.series.iter().flat_map(read).flatten().collect();
    let known: Vec<&str> = read.iter().map(String::as_str).collect();
    for (number, one) in adjustments.0.iter().enumerate() {
        if !read.contains(&one.name) {
            let message = format!(
                "no series uses `{}`, expected the name of an adjustment that one uses",
                one.name
            );
            let at = Diagnostic::at_entry(source, "[[adjustment]]", number, "name", message);
            problems.0.push(at.nearest(&one.name, &known));
        }
    }
    let mut seen = BTreeSet::new();
    for entry in &file.unanswered {
        let mut wrong = |message: String| {
            let quoted = format!("\"{}\"", entry.series);
            let from = source.text.find("[[unanswered]]").unwrap_or(0);
            problems
                .0
                .push(Diagnostic::at_text(source, from, &quoted, message));
        };
        if !seen.insert((&entry.series, &entry.entity)) {
            wrong(format!("`{}` is here twice", entry.series));
        }
        if entry.reason.trim().is_empty() {
            wrong(format!(
                "`{}` has no reason, expected why no measure answers it",
                entry.series
            ));
        }
        if entry.series.trim().is_empty() || entry.entity.trim().is_empty() {
            wrong("found an empty name, expected a series and an entity, or *".into());
        }
        let no_unit = |unit: &String| base_of(unit).is_empty();
        if entry.units.is_empty() || entry.units.iter().any(no_unit) {
            wrong(format!(
                "`{}` has no unit, expected those of its rows",
                entry.series
            ));
        }
    }
    problems.check()?;
    Ok(EvidenceMap {
        links: file.series,
        silent: UnmappedList(file.unanswered),
        adjustments,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(
            matches("*", "x") && matches("US:*", "US: GPT-3") && matches("*910C", "Ascend 910C")
        );
        assert!(matches("a*c*e", "abcde") && !matches("a*c", "abcd") && !matches("a", "ab"));
        assert!(!matches("h100e_shipped_*", "h100e_stock"));
    }

    /// Points of the index, and revenue that can be zero.
    const OWN_ERRORS: &[&str] = &[
        "eci_frontier",
        "nvidia_h20_revenue",
        "nvidia_h20_licensed_revenue",
    ];

    #[test]
    fn shipped_errors_are_those_of_the_rule() {
        let configs = Configs::embedded();
        let table = configs.read("evidence/series.csv").unwrap();
        let shipped = Evidence::read(&configs).unwrap();
        let names = KnownNames::default();
        let reading: TableReading<'_, RawEvidenceRow> =
            TableReading::of(&table, &EVIDENCE, &names).unwrap();
        for raw in reading.finish().unwrap() {
            let row = shipped.rows.iter().find(|r| r.target_id == raw.target_id);
            let link = row.and_then(|r| shipped.link(r));
            if let Some(link) = link
                && !OWN_ERRORS.contains(&raw.series.as_str())
            {
                let (by_rule, stated) = (
                    error_of(raw.value, raw.low, raw.high, &raw.source, link.scale),
                    raw.error.unwrap(),
                );
                assert!(
                    (by_rule / stated - 1.0).abs() < 0.01,
                    "{}: {by_rule} against {stated}",
                    raw.target_id
                );
            }
        }
    }
}
