//! Calendar months, the time step of the model, and days, the time step of the rules.

use std::fmt;
use std::ops::Sub;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day in the civil calendar.
pub type Date = jiff::civil::Date;

/// A calendar month, written `2022-10`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Month(i32);

impl Month {
    /// The month with this year and number from 1 to 12.
    pub const fn of(year: i32, month_of_year: i32) -> Self {
        Self(year * 12 + month_of_year - 1)
    }

    pub fn from_date(date: Date) -> Self {
        Self::of(i32::from(date.year()), i32::from(date.month()))
    }

    /// Months since January of year 0; differences of two indices are months.
    pub const fn index(self) -> i32 {
        self.0
    }

    pub const fn from_index(index: i32) -> Self {
        Self(index)
    }

    pub const fn plus(self, months: i32) -> Self {
        Self(self.0 + months)
    }

    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// 1 for January.
    pub const fn month_of_year(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    /// The time in years at the middle of the month, 2020.042 for January 2020.
    pub fn decimal_year(self) -> f64 {
        (f64::from(self.0) + 0.5) / 12.0
    }

    pub fn first_day(self) -> Date {
        jiff::civil::date(self.year() as i16, self.month_of_year() as i8, 1)
    }

    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    pub fn days(self) -> i32 {
        i32::from(self.first_day().days_in_month())
    }
}

impl Sub for Month {
    type Output = i32;
    fn sub(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.year(), self.month_of_year()))
    }
}

impl FromStr for Month {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("found `{text}`, expected a month such as 2022-10");
        let (year, month) = text.trim().split_once('-').ok_or_else(wrong)?;
        let year: i32 = year.parse().map_err(|_| wrong())?;
        let month: i32 = month.parse().map_err(|_| wrong())?;
        if (1900..=2200).contains(&year) && (1..=12).contains(&month) {
            Ok(Self::of(year, month))
        } else {
            Err(wrong())
        }
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_reads_back_as_it_was_written() {
        for text in ["2020-01", "2022-10", "2035-12"] {
            assert_eq!(text.parse::<Month>().unwrap().to_string(), text);
        }
        assert!("2022-13".parse::<Month>().is_err());
    }

    #[test]
    fn months_subtract_to_a_count() {
        assert_eq!(Month::of(2023, 1) - Month::of(2022, 10), 3);
        assert_eq!(Month::of(2024, 2).days(), 29);
    }
}
