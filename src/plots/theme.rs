//! One look for every figure: colours, sizes, and how numbers and months are written.

use crate::foundation::calendar::Month;

/// Red, green, blue.
pub type Colour = (u8, u8, u8);

/// The palette of Okabe and Ito, which readers with colour blindness can tell apart (<https://jfly.uni-koeln.de/color/>).
pub const BLUE: Colour = (0, 114, 178);
pub const VERMILLION: Colour = (213, 94, 0);
pub const GREEN: Colour = (0, 158, 115);
pub const ORANGE: Colour = (230, 159, 0);
pub const SKY: Colour = (86, 180, 233);
pub const PURPLE: Colour = (204, 121, 167);
pub const YELLOW: Colour = (240, 228, 66);
pub const INK: Colour = (34, 34, 34);
pub const SOFT: Colour = (96, 96, 96);
pub const GRID: Colour = (225, 225, 225);
pub const OTHERS: Colour = (190, 190, 190);

/// Colours of a list, in order.
pub const SERIES: [Colour; 7] = [BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, YELLOW];

/// The colour of a side, the same in every figure; others take their turn in the list.
pub fn colour_of(entity: &str, turn: usize) -> Colour {
    match entity {
        "issuer" => BLUE,
        "target" | "target_vs_issuer" => VERMILLION,
        "third" => GREEN,
        _ => SERIES[turn % SERIES.len()],
    }
}

/// Sizes of text in pixels of the figure as seen.
pub const TITLE: f64 = 19.0;
pub const WORDS: f64 = 12.5;
pub const LABEL: f64 = 11.5;
pub const SMALL: f64 = 10.0;

/// Rough width of a text in pixels: this typeface runs at about 0.55 of its size a letter.
pub fn width(text: &str, size: f64) -> f64 {
    0.55 * size * text.chars().count() as f64
}

/// A number with an SI prefix and at most three digits: 1.2 M, 450 k, 0.35.
pub fn number(value: f64) -> String {
    let (scaled, prefix) = match value.abs() {
        v if v >= 0.9995e12 => (value / 1e12, " T"),
        v if v >= 0.9995e9 => (value / 1e9, " G"),
        v if v >= 0.9995e6 => (value / 1e6, " M"),
        v if v >= 9995.0 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    format!("{}{prefix}", plain(scaled)).replace('-', "\u{2013}")
}

fn plain(value: f64) -> String {
    let magnitude = value.abs();
    let text = if value == 0.0 {
        "0".to_string()
    } else if magnitude >= 100.0 || (magnitude.fract() == 0.0 && magnitude >= 1.0) {
        format!("{value:.0}")
    } else if magnitude >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    };
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text
    }
}

/// As [`number`], in the unit's own way: fractions as per cent, money in millions and billions.
pub fn in_unit(value: f64, unit: &str) -> String {
    if unit == "fraction" {
        format!("{} %", number((value * 1000.0).round() / 10.0))
    } else if unit.starts_with("USD") {
        number(value).replace(" G", " bn").replace(" T", " tn")
    } else {
        number(value)
    }
}

/// The unit as it stands beside an axis.
pub fn axis_unit(unit: &str) -> &str {
    if unit == "fraction" { "per cent" } else { unit }
}

/// A month in letters: Oct 2022.
pub fn month(month: Month) -> String {
    const NAMES: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    format!(
        "{} {}",
        NAMES[(month.month_of_year() - 1) as usize],
        month.year()
    )
}

/// Words broken into lines of at most this many letters.
pub fn wrap(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= letters => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_carry_prefixes() {
        assert_eq!(number(1_234_567.0), "1.23 M");
        assert_eq!(number(450_000.0), "450 k");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(-12.34), "\u{2013}12.3");
        assert_eq!(in_unit(0.254, "fraction"), "25.4 %");
        assert_eq!(number(2500.0), "2500");
    }
}
