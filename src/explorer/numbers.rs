//! Numbers of a rule that a question may change: those that its instrument declares, and the lines of its condition.

use std::ops::{Bound, Range};

use serde::Serialize;

use crate::config::chips::ChipRow;
use crate::controls::{Attribute, Instrument, RuleNumber, Symbols};

/// How far beyond the largest chip a line may be set.
const BEYOND: f64 = 4.0;

/// A number of a rule with the values that it may have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeableNumber {
    pub name: String,
    pub label: String,
    pub unit: String,
    pub min: f64,
    pub max: Option<f64>,
    pub value: Option<f64>,
    /// Where it stands in the condition; nothing for a number of the instrument.
    #[serde(skip)]
    pub place: Option<Range<usize>>,
    #[serde(skip)]
    excludes_max: bool,
}

impl ChangeableNumber {
    fn declared(number: &RuleNumber, value: Option<f64>) -> Self {
        let (max, excludes_max) = match number.most {
            Bound::Included(most) => (Some(most), false),
            Bound::Excluded(most) => (Some(most), true),
            Bound::Unbounded => (None, false),
        };
        Self {
            name: number.name.into(),
            label: number.words.into(),
            unit: number.unit.into(),
            min: number.least,
            max,
            value,
            place: None,
            excludes_max,
        }
    }

    /// # Errors
    /// In words, when it may not have this value.
    pub fn accepts(&self, value: f64) -> Result<(), String> {
        let below = self
            .max
            .is_none_or(|max| value < max || value == max && !self.excludes_max);
        if value.is_finite() && value >= self.min && below {
            return Ok(());
        }
        let to = match self.max {
            Some(max) if self.excludes_max => format!("to less than {max}"),
            Some(max) => format!("to {max}"),
            None => "on".into(),
        };
        Err(format!(
            "found {value}, expected {} {to} ({})",
            self.min, self.unit
        ))
    }
}

/// The largest value of an attribute among the chips, from which the range of a line follows.
pub struct LargestOfChips(Vec<f64>);

impl LargestOfChips {
    pub fn of(chips: &[ChipRow], symbols: &Symbols) -> Self {
        let mut symbols = symbols.clone();
        let mut largest = vec![0.0_f64; Attribute::COUNT];
        for chip in chips {
            let attributes = chip.attributes(&mut symbols);
            for (at, attribute) in Attribute::ALL.iter().enumerate() {
                // `max` passes over what is not known.
                largest[at] = largest[at].max(attributes.get(*attribute));
            }
        }
        Self(largest)
    }
}

/// Every number of a rule that may be changed. `value` gives the value of a declared number.
pub fn changeable(
    instrument: Instrument,
    condition: &str,
    largest: &LargestOfChips,
    value: impl Fn(&str) -> Option<f64>,
) -> Vec<ChangeableNumber> {
    let declared = instrument.numbers().iter();
    let mut found: Vec<ChangeableNumber> = declared
        .map(|number| ChangeableNumber::declared(number, value(number.name)))
        .filter(|number| number.value.is_some())
        .collect();
    for line in lines(condition) {
        let (attribute, value) = (line.attribute, line.value);
        let name = attribute.name();
        let same = found
            .iter()
            .filter(|n| n.name == name || n.name.starts_with(&format!("{name}_line_")));
        let name = match same.count() {
            0 => name.to_string(),
            before => format!("{name}_line_{}", before + 1),
        };
        let [least, most] = attribute.range().unwrap_or([0.0, f64::INFINITY]);
        let largest = BEYOND * value.max(largest.0[attribute as usize]);
        found.push(ChangeableNumber {
            name,
            label: format!("{} {}", attribute.words(), line.comparison),
            unit: attribute.unit().into(),
            min: least,
            max: Some(largest.min(most)),
            value: Some(value),
            place: Some(line.place),
            excludes_max: false,
        });
    }
    found
}

/// A comparison of one attribute with a number in a condition.
struct ConditionLine<'a> {
    attribute: Attribute,
    comparison: &'a str,
    value: f64,
    place: Range<usize>,
}

/// The comparisons `ATTRIBUTE >= NUMBER` of a condition, sums and quotients aside.
fn lines(condition: &str) -> Vec<ConditionLine<'_>> {
    let words: Vec<Range<usize>> = words(condition);
    let text = |at: usize| words.get(at).map_or("", |word| &condition[word.clone()]);
    let mut found = Vec::new();
    for at in 1..words.len() {
        let comparison = text(at);
        let attribute = Attribute::ALL.iter().find(|a| a.name() == text(at - 1));
        let before = if at > 1 { text(at - 2) } else { "" };
        let after = text(at + 2);
        let arithmetic = |word: &str| ["+", "-", "*", "/"].contains(&word);
        let number = text(at + 1).parse::<f64>().ok();
        if let (Some(attribute), Some(value)) = (attribute, number)
            && [">=", ">", "<=", "<"].contains(&comparison)
            && !arithmetic(before)
            && !arithmetic(after)
            && !["bool", "name", "ISO3"].contains(&attribute.unit())
        {
            found.push(ConditionLine {
                attribute: *attribute,
                comparison,
                value,
                place: words[at + 1].clone(),
            });
        }
    }
    found
}

/// Words, numbers and signs of a condition.
fn words(condition: &str) -> Vec<Range<usize>> {
    let bytes = condition.as_bytes();
    let part_of_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
    let sign = |b: u8| b"<>=!&|".contains(&b);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let start = at;
        let kind: &dyn Fn(u8) -> bool = if part_of_word(bytes[at]) {
            &part_of_word
        } else if sign(bytes[at]) {
            &sign
        } else {
            &|_| false
        };
        at += 1;
        while at < bytes.len() && kind(bytes[at]) {
            at += 1;
        }
        if condition.is_char_boundary(start)
            && condition.is_char_boundary(at)
            && bytes[start] != b' '
        {
            found.push(start..at);
        }
    }
    found
}

/// The condition with other numbers on its lines.
pub fn rewritten(condition: &str, mut lines: Vec<(Range<usize>, f64)>) -> String {
    lines.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut text = condition.to_string();
    for (place, value) in lines {
        let number = if value == value.trunc() && value.abs() < 1e15 {
            format!("{value:.0}")
        } else {
            format!("{value}")
        };
        text.replace_range(place, &number);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_comparisons_of_one_attribute() {
        let condition = "(tpp >= 4800 || tpp >= 1600 && performance_density >= 3.2) && mem_bandwidth_tbs + (interconnect_gbps + host_link_gbps) / 1000 >= 1.7 && buyer == 'x'";
        let found = lines(condition);
        let said: Vec<(&str, f64)> = found
            .iter()
            .map(|l| (l.attribute.name(), l.value))
            .collect();
        assert_eq!(
            said,
            [
                ("tpp", 4800.0),
                ("tpp", 1600.0),
                ("performance_density", 3.2)
            ]
        );
        let changed = rewritten(
            condition,
            vec![
                (found[0].place.clone(), 2400.0),
                (found[2].place.clone(), 2.5),
            ],
        );
        assert!(changed.starts_with("(tpp >= 2400 || tpp >= 1600 && performance_density >= 2.5)"));
    }
}
