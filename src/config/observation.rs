//! Dated adjustments that make a measure of the model count what a published record counts.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::diagnostics::{Diagnostic, Problems};
use super::parameters::EvidenceGrade;
use super::source::Source;
use super::table::YEARS;
use crate::foundation::calendar::Month;
use crate::foundation::maths;

/// What a record holds beyond a measure, or a multiple of it, from a month until the next row of the same name. The first
/// row of a name holds before its month too.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    pub name: String,
    #[schemars(with = "String")]
    pub from: Month,
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// `x` for a multiple; otherwise an amount a year in the unit of the measure, in money of the day.
    pub unit: String,
    pub source: String,
    pub grade: EvidenceGrade,
}

/// Every adjustment of the map, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Adjustments(pub Vec<Adjustment>);

/// Unit of an adjustment that is a multiple.
const MULTIPLE: &str = "x";
/// Width of a 90 % interval in standard deviations of a normal distribution.
const INTERVAL_90: f64 = 3.29;

/// A month of a measure as the record counts it: `measure * times + added_per_year / 12`.
pub fn as_recorded(measure: f64, times: f64, added_per_year: f64) -> f64 {
    measure * times + added_per_year / 12.0
}

impl Adjustments {
    /// The row of a name that holds in a month.
    pub fn at(&self, name: &str, month: Month) -> Option<&Adjustment> {
        let named = || self.0.iter().filter(|a| a.name == name);
        named()
            .filter(|a| a.from <= month)
            .max_by_key(|a| a.from)
            .or_else(|| named().min_by_key(|a| a.from))
    }

    /// Names of multiples, or of amounts.
    pub fn names(&self, multiples: bool) -> Vec<&str> {
        let of_kind = |a: &&Adjustment| (a.unit == MULTIPLE) == multiples;
        let found = self.0.iter().filter(of_kind);
        found.map(|a| a.name.as_str()).collect()
    }

    /// The values of a name in each of `months`; none where nothing has the name.
    pub fn path(&self, name: &str, months: impl Iterator<Item = Month>) -> Option<Vec<f64>> {
        months.map(|m| Some(self.at(name, m)?.value)).collect()
    }

    /// Standard deviation of what a name adds to a sum over `months`, as one error common to all of them.
    pub fn added_sd(&self, name: &str, months: impl Iterator<Item = Month>) -> f64 {
        let widths = months.filter_map(|m| self.at(name, m).map(|a| a.high - a.low));
        widths.sum::<f64>() / 12.0 / INTERVAL_90
    }

    /// Standard deviation of the logarithm of a multiple, its mean over `months`.
    pub fn times_sd(&self, name: &str, months: impl Iterator<Item = Month>) -> f64 {
        let widths: Vec<f64> = months
            .filter_map(|m| self.at(name, m).map(|a| maths::ln(a.high / a.low)))
            .collect();
        widths.iter().sum::<f64>() / INTERVAL_90 / widths.len().max(1) as f64
    }

    /// Checks the rows of a map.
    ///
    /// # Errors
    /// With the place of what is wrong.
    pub fn check(&self, source: &Source) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let mut seen = BTreeSet::new();
        for (number, a) in self.0.iter().enumerate() {
            let mut wrong = |field: &str, message: String| {
                let place = Diagnostic::at_entry(source, "[[adjustment]]", number, field, message);
                problems.0.push(place);
            };
            if a.name.trim().is_empty() {
                wrong("name", "found an empty name, expected a name".into());
            }
            if !seen.insert((&a.name, a.from)) {
                wrong(
                    "from",
                    format!("`{}` is here twice from {}", a.name, a.from),
                );
            }
            if !YEARS.contains(&a.from.year()) {
                let message = format!(
                    "found {}, expected a month from {} to {}",
                    a.from,
                    YEARS.start(),
                    YEARS.end()
                );
                wrong("from", message);
            }
            let is_multiple = a.unit == MULTIPLE;
            let lowest = if is_multiple { f64::MIN_POSITIVE } else { 0.0 };
            for (field, value) in [("value", a.value), ("low", a.low), ("high", a.high)] {
                if !(value.is_finite() && value >= lowest) {
                    let message = format!("`{field}`: found {value}, expected a number above 0");
                    wrong(field, message);
                }
            }
            if !(a.low <= a.value && a.value <= a.high) {
                let message = format!(
                    "found {}, expected a value from {} to {}, its own bounds",
                    a.value, a.low, a.high
                );
                wrong("value", message);
            }
            if !is_multiple && !a.unit.ends_with(" a year") {
                let message = format!(
                    "found `{}`, expected `x` or an amount such as `cards a year`",
                    a.unit
                );
                wrong("unit", message);
            }
            if a.source.trim().is_empty() {
                wrong(
                    "source",
                    "found no source, expected where it is from".into(),
                );
            }
        }
        problems.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(from: &str, value: f64) -> Adjustment {
        Adjustment {
            name: "cards".into(),
            from: from.parse().unwrap(),
            value,
            low: 0.5 * value,
            high: 1.5 * value,
            unit: "cards a year".into(),
            source: "a test".into(),
            grade: EvidenceGrade::D,
        }
    }

    #[test]
    fn a_row_holds_until_the_next_and_the_first_before_it_too() {
        let steps = Adjustments(vec![step("2024-01", 12.0), step("2023-01", 24.0)]);
        for (month, value) in [
            ("2020-01", 24.0),
            ("2023-12", 24.0),
            ("2024-01", 12.0),
            ("2030-01", 12.0),
        ] {
            let month = month.parse().unwrap();
            assert_eq!(steps.at("cards", month).unwrap().value, value, "{month}");
        }
        assert!(steps.at("chips", "2024-01".parse().unwrap()).is_none());
    }

    #[test]
    fn a_year_of_an_amount_adds_the_amount_and_its_error() {
        let steps = Adjustments(vec![step("2024-01", 12.0)]);
        let first: Month = "2024-01".parse().unwrap();
        let months = || (0..12).map(|t| first.plus(t));
        let path = steps.path("cards", months()).unwrap();
        let sum: f64 = path.iter().map(|a| as_recorded(2.0, 1.5, *a)).sum();
        assert!((sum - (36.0 + 12.0)).abs() < 1e-12);
        assert!((steps.added_sd("cards", months()) - 12.0 / INTERVAL_90).abs() < 1e-12);
        let log_width = 3.0_f64.ln() / INTERVAL_90;
        assert!((steps.times_sd("cards", months()) - log_width).abs() < 1e-12);
    }
}
