//! The order of a rule's dates, of its file or as a regime has it.

use jiff::civil::Date;

use crate::foundation::calendar::Month;

/// Days before its announcement from which recorded law can bind: a letter to single firms is heard of later.
const LETTER_DAYS: i32 = 31;

/// The years in which rules can be dated.
pub(super) const YEARS: std::ops::RangeInclusive<i16> = 1990..=2100;

/// The dates of a rule, of its file or as a regime has it.
pub(super) struct RuleDateOrder {
    pub announced: Option<Date>,
    pub leaked: Option<Date>,
    pub published: Option<Date>,
    pub compliance: Option<Date>,
    pub ended: Option<Date>,
    pub early: Vec<Date>,
    /// Whether it binds at some time.
    pub binds: bool,
    /// Whether the days are on record. Only then can a letter have bound before others heard of it; a rule that is made up, or a
    /// day that is, would be known before its announcement.
    pub recorded: bool,
}

impl RuleDateOrder {
    /// The first field that is out of order, and what is wrong with it.
    pub fn out_of_order(&self) -> Option<(&'static str, String)> {
        let fields = [
            ("announced", self.announced),
            ("leaked", self.leaked),
            ("published", self.published),
            ("compliance", self.compliance),
            ("ended", self.ended),
        ];
        let early = self.early.iter().map(|day| ("early", Some(*day)));
        for (name, day) in fields.into_iter().chain(early) {
            if let Some(day) = day.filter(|day| !YEARS.contains(&day.year())) {
                return Some((name, implausible(&day.to_string())));
            }
        }
        let days = |from: Date, to: Date| (to - from).get_days();
        let before = if self.recorded { LETTER_DAYS } else { 0 };
        let margin = if self.recorded {
            format!("more than {LETTER_DAYS} days ")
        } else {
            String::new()
        };
        if let Some(first) = self.announced {
            if let Some(leak) = self.leaked.filter(|leak| *leak < first) {
                let message = format!(
                    "leaked on {leak}, before it was announced on {first}; expected `announced` to be the first day on which it was known"
                );
                return Some(("leaked", message));
            }
            if let Some(text) = self.published.filter(|text| *text < first) {
                let message = format!(
                    "published on {text}, before it was announced on {first}; expected `announced` to be the first day on which it was known"
                );
                return Some(("published", message));
            }
            if let Some(day) = self.compliance.filter(|day| days(*day, first) > before) {
                let message = format!(
                    "binds on {day}, {margin}before it was announced on {first}; expected a day from then on"
                );
                return Some(("compliance", message));
            }
            if let Some(end) = self.ended.filter(|end| *end < first) {
                let message = format!("ends on {end}, before it was announced on {first}");
                return Some(("ended", message));
            }
        }
        if let (Some(leak), Some(text)) = (self.leaked, self.published)
            && text < leak
        {
            let message = format!("leaked on {leak}, after it was published on {text}");
            return Some(("leaked", message));
        }
        if let (Some(text), Some(day)) = (self.published, self.compliance)
            && days(day, text) > LETTER_DAYS
        {
            let message = format!(
                "published on {text}, more than {LETTER_DAYS} days after it binds on {day}"
            );
            return Some(("published", message));
        }
        if let (Some(day), Some(end)) = (self.compliance, self.ended)
            && self.binds
            && end < day
        {
            let message = format!("ends on {end}, before it binds on {day}");
            return Some(("ended", message));
        }
        for on in &self.early {
            let soon = self.announced.filter(|first| days(*on, *first) > before);
            if let Some(first) = soon {
                let message =
                    format!("binds a firm on {on}, {margin}before it was announced on {first}");
                return Some(("early", message));
            }
            if let Some(day) = self.compliance.filter(|day| day < on) {
                let message =
                    format!("binds a firm early on {on}, after it binds all others on {day}");
                return Some(("early", message));
            }
        }
        None
    }
}

pub(super) fn implausible(found: &str) -> String {
    format!(
        "found {found}, expected a year from {} to {}",
        YEARS.start(),
        YEARS.end()
    )
}

/// A month in which rules can be dated.
///
/// # Errors
/// In words, for a month of another year.
pub(super) fn plausible_month(month: Month) -> Result<(), String> {
    let year = i16::try_from(month.year()).unwrap_or(0);
    let plausible = YEARS.contains(&year);
    plausible
        .then_some(())
        .ok_or_else(|| implausible(&month.to_string()))
}
