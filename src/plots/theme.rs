//! The common look of figures: colours, sizes, and formats of numbers and months.

pub use super::letters::width;
use crate::foundation::calendar::Month;
use crate::foundation::maths;

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

/// A colour as a page writes it: `#0072b2`.
pub fn colour_code((red, green, blue): Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// A colour dark enough for letters on white: contrast at least 4.5 to 1 (WCAG 2.1, 1.4.3).
pub fn ink_of(colour: Colour) -> Colour {
    let mut ink = colour;
    while 1.05 / (luminance(ink) + 0.05) < 4.6 {
        let darker = |c: u8| (f64::from(c) * 0.94) as u8;
        ink = (darker(ink.0), darker(ink.1), darker(ink.2));
    }
    ink
}

/// Relative luminance as WCAG 2.1 defines it.
fn luminance(colour: Colour) -> f64 {
    let part = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            maths::pow((c + 0.055) / 1.055, 2.4)
        }
    };
    0.2126 * part(colour.0) + 0.7152 * part(colour.1) + 0.0722 * part(colour.2)
}

/// Letters that stay readable on a filled cell.
pub fn on(colour: Colour) -> Colour {
    if luminance(colour) > 0.25 {
        INK
    } else {
        (255, 255, 255)
    }
}

/// A colour between two others.
pub fn between(a: Colour, b: Colour, part: f64) -> Colour {
    let mix = |a: u8, b: u8| {
        (f64::from(a) + part.clamp(0.0, 1.0) * (f64::from(b) - f64::from(a))).round() as u8
    };
    (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Sizes of text in pixels of the figure as seen.
pub const TITLE: f64 = 19.0;
pub const WORDS: f64 = 12.5;
pub const LABEL: f64 = 11.5;
pub const SMALL: f64 = 10.5;
pub const TINY: f64 = 9.5;

/// A number of at most three digits, as a figure has room for it: 1.23 m (million), 450 k (thousand), 2,500, 0.35.
pub fn number(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        v if v >= 0.9995e12 => (value / 1e12, " tn"),
        v if v >= 0.9995e9 => (value / 1e9, " bn"),
        v if v >= 0.9995e6 => (value / 1e6, " m"),
        v if v >= 9995.0 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    format!("{}{suffix}", plain(scaled)).replace('-', "\u{2013}")
}

/// As [`in_unit`], as a sentence says it: 1.23 million, 450,000.
pub fn in_words(value: f64, unit: &str) -> String {
    let text = in_unit(value, unit);
    let Some((digits, suffix)) = text.rsplit_once(' ') else {
        return text;
    };
    let word = match suffix {
        "tn" => "trillion",
        "bn" => "billion",
        "m" => "million",
        "k" => {
            let thousands = digits.trim_start_matches('\u{2013}').parse::<f64>();
            let sign = if value < 0.0 { "\u{2013}" } else { "" };
            return thousands.map_or(text.clone(), |t| {
                let whole = (t * 1000.0).round() as i64;
                format!("{sign}{},{:03}", whole / 1000, whole % 1000)
            });
        }
        _ => return text,
    };
    format!("{digits} {word}")
}

fn plain(value: f64) -> String {
    let magnitude = value.abs();
    let text = if value == 0.0 {
        "0".to_string()
    } else if magnitude >= 999.5 {
        let whole = value.round() as i64;
        let sign = if whole < 0 { "-" } else { "" };
        format!("{sign}{},{:03}", whole.abs() / 1000, whole.abs() % 1000)
    } else if magnitude >= 100.0 || (magnitude.fract() == 0.0 && magnitude >= 1.0) {
        format!("{value:.0}")
    } else if magnitude >= 10.0 {
        format!("{value:.1}")
    } else if magnitude >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    };
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text
    };
    // A small negative number that rounds to zero has no sign.
    if text == "-0" { "0".into() } else { text }
}

/// As [`number`], in the unit's own way: fractions as per cent.
pub fn in_unit(value: f64, unit: &str) -> String {
    if unit == "fraction" {
        format!("{} %", number((value * 1000.0).round() / 10.0))
    } else {
        number(value)
    }
}

/// To two significant digits.
pub fn two_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let power = maths::powi(10_f64, 1 - maths::log10(value.abs()).floor() as i32);
    (value * power).round() / power
}

/// Two significant digits, and none finer than the Monte Carlo error supports.
pub fn supported(value: f64, monte_carlo_error: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let finest = if monte_carlo_error > 0.0 {
        maths::pow(10_f64, maths::log10(monte_carlo_error).floor())
    } else {
        0.0
    };
    let step = finest.max(maths::pow(10_f64, maths::log10(value.abs()).floor() - 1.0));
    two_digits((value / step).round() * step)
}

/// [`supported`] as a sentence says it, the unit behind it.
pub fn rounded(value: f64, monte_carlo_error: f64, unit: &str) -> String {
    with_unit(&in_words(supported(value, monte_carlo_error), unit), unit)
}

/// A number with its unit behind it, where the unit is a word of sentences.
fn with_unit(text: &str, unit: &str) -> String {
    let words = ["months", "H100e", "USD", "chips"];
    match words.iter().find(|word| unit.starts_with(**word)) {
        Some(word) => format!("{text} {word}"),
        None if unit == "index points" => format!("{text} points"),
        None => text.to_string(),
    }
}

/// A level as a sentence says it: two digits, whole numbers in the hundreds.
pub fn level(value: f64, unit: &str) -> String {
    let shown = if (100.0..1000.0).contains(&value.abs()) {
        value.round()
    } else {
        two_digits(value)
    };
    with_unit(&in_words(shown, unit), unit)
}

/// As [`rounded`], without its unit and with its sign.
pub fn signed(value: f64, monte_carlo_error: f64, unit: &str) -> String {
    let text = in_unit(supported(value, monte_carlo_error), unit);
    if supported(value, monte_carlo_error) > 0.0 {
        format!("+{text}")
    } else {
        text
    }
}

/// A difference: its factor and its unit; shares differ in percentage points.
pub fn change_unit(unit: &str) -> (f64, &str) {
    match unit {
        "fraction" => (100.0, "percentage points"),
        other => (1.0, other),
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

/// A text with a capital at its start.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// Words broken into lines that fit a width in pixels.
pub fn wrap(text: &str, pixels: f64, size: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, false) <= pixels => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

/// As much of a text as fits a width in pixels, cut between words and marked with dots.
pub fn fitted(text: &str, pixels: f64, size: f64) -> String {
    if width(text, size, false) <= pixels {
        return text.to_string();
    }
    let mut kept = String::new();
    for word in text.split_whitespace() {
        let longer = if kept.is_empty() {
            word.to_string()
        } else {
            format!("{kept} {word}")
        };
        if width(&format!("{longer}..."), size, false) > pixels {
            break;
        }
        kept = longer;
    }
    let end = kept.trim_end_matches([',', ':', ';', '.']).len();
    kept.truncate(end);
    if kept.is_empty() { kept } else { kept + "..." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_claims_more_than_its_error_supports() {
        assert_eq!(rounded(3.456, 0.004, "months"), "3.5 months");
        assert_eq!(rounded(3.456, 1.2, "months"), "3 months");
        assert_eq!(rounded(0.2345, 0.001, "fraction"), "23 %");
        assert_eq!(rounded(123_456.0, 0.0, "USD"), "120,000 USD");
        assert_eq!(rounded(-3.81e10, 0.0, "USD"), "\u{2013}38 billion USD");
    }

    #[test]
    fn letters_in_any_colour_stand_out_on_white() {
        for colour in SERIES {
            assert!(1.05 / (luminance(ink_of(colour)) + 0.05) >= 4.5);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        assert_eq!(fitted("one two", 500.0, 10.0), "one two");
        assert_eq!(fitted("one, two three", 35.0, 10.0), "one...");
    }

    #[test]
    fn a_million_is_written_one_way_in_figures_and_one_way_in_sentences() {
        assert_eq!(number(1_234_567.0), "1.23 m");
        assert_eq!(number(450_000.0), "450 k");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(-12.34), "\u{2013}12.3");
        assert_eq!(in_unit(0.254, "fraction"), "25.4 %");
        assert_eq!(in_unit(2.5e9, "H100e"), "2.5 bn");
        assert_eq!(in_unit(2.5e6, "chips"), "2.5 m");
        assert_eq!(in_words(1_234_567.0, "USD"), "1.23 million");
        assert_eq!(in_words(-43_200.0, "H100e"), "\u{2013}43,200");
        assert_eq!(in_words(0.254, "fraction"), "25.4 %");
        assert_eq!(number(2500.0), "2,500");
        assert_eq!(number(0.05), "0.05");
    }
}
