//! Cells of chip tables as spreadsheets and public sources write them, read into numbers, months and truths.

use super::table::YEARS;
use crate::foundation::calendar::{Date, Month};

/// The mark before the decimals of the numbers of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DecimalMark {
    Point,
    Comma,
    /// Nothing in the file tells.
    Open,
}

/// What a cell of a number column is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NumberRead {
    /// The number and the unit behind it, empty where none is.
    Is(f64, String),
    /// A mark that may part thousands or decimals: the number as each.
    Either {
        decimals: f64,
        thousands: f64,
        unit: String,
    },
    NoNumber,
}

/// Cells that say that a value is not known.
pub(super) fn is_unknown(cell: &str) -> bool {
    const WORDS: [&str; 14] = [
        "n/a",
        "#n/a",
        "na",
        "n.a.",
        "-",
        "–",
        "—",
        "?",
        "unknown",
        "null",
        "none",
        "tbd",
        "tba",
        "not disclosed",
    ];
    WORDS.contains(&cell.to_lowercase().as_str())
}

/// Reads a number with its unit, by the decimal mark of the file. Thousands may be parted by spaces, apostrophes or the mark
/// that is not the decimal one.
pub(super) fn number(cell: &str, decimal: DecimalMark) -> NumberRead {
    let cell = cell.trim();
    let (cell, money) = match ["US$", "USD", "$"]
        .iter()
        .find_map(|m| cell.strip_prefix(m))
    {
        Some(rest) => (rest.trim_start(), "USD"),
        None => (cell, ""),
    };
    let (digits, exponent, unit) = parts(cell);
    let unit = if unit.is_empty() { money } else { unit };
    let value = |text: String| format!("{text}e{exponent}").parse::<f64>().ok();
    let is = |text: String| match value(text) {
        Some(x) => NumberRead::Is(x, unit.to_string()),
        None => NumberRead::NoNumber,
    };
    let Some(bare) = without_spaces(digits) else {
        return NumberRead::NoNumber;
    };
    match (bare.rfind('.'), bare.rfind(',')) {
        (None, None) => is(bare),
        (Some(point), Some(comma)) => {
            let (mark, group) = if point > comma {
                ('.', ',')
            } else {
                (',', '.')
            };
            match bare.split_once(mark) {
                Some((whole, decimals)) if is_grouped(whole, group) && !decimals.contains(mark) => {
                    is(format!("{}.{decimals}", whole.replace(group, "")))
                }
                _ => NumberRead::NoNumber,
            }
        }
        (point, _) => {
            let mark = if point.is_some() { '.' } else { ',' };
            let single = bare.matches(mark).count() == 1;
            let grouped = is_grouped(&bare, mark);
            let thousands = bare.replace(mark, "");
            let decimals = bare.replace(mark, ".");
            let own = match decimal {
                DecimalMark::Point => Some(mark == '.'),
                DecimalMark::Comma => Some(mark == ','),
                DecimalMark::Open => None,
            };
            match (single, grouped, own) {
                (false, true, _) | (true, true, Some(false)) => is(thousands),
                (true, false, _) | (true, true, Some(true)) => is(decimals),
                (true, true, None) => match (value(decimals), value(thousands)) {
                    (Some(decimals), Some(thousands)) => NumberRead::Either {
                        decimals,
                        thousands,
                        unit: unit.to_string(),
                    },
                    _ => NumberRead::NoNumber,
                },
                (false, false, _) => NumberRead::NoNumber,
            }
        }
    }
}

/// The decimal mark that a cell shows beyond doubt.
pub(super) fn shown_mark(cell: &str) -> Option<DecimalMark> {
    let (digits, ..) = parts(cell.trim());
    let bare = without_spaces(digits)?;
    let last = bare.rfind(['.', ','])?;
    let (mark, other) = match bare.as_bytes().get(last) {
        Some(b'.') => ('.', ','),
        _ => (',', '.'),
    };
    let of = |mark: char| match mark {
        '.' => DecimalMark::Point,
        _ => DecimalMark::Comma,
    };
    if bare.contains(other) {
        return Some(of(mark));
    }
    match (bare.matches(mark).count(), is_grouped(&bare, mark)) {
        (1, true) => None,
        (1, false) => Some(of(mark)),
        (_, true) => Some(of(other)),
        (_, false) => None,
    }
}

/// Digits with their marks, the exponent, and what follows.
fn parts(cell: &str) -> (&str, i32, &str) {
    let in_number = |c: char| c.is_ascii_digit() || ".,'’_".contains(c) || is_space(c);
    let sign = usize::from(cell.starts_with(['-', '+']));
    let end = cell[sign..]
        .find(|c| !in_number(c))
        .map_or(cell.len(), |at| sign + at);
    let (digits, rest) = cell.split_at(end);
    let digits = digits.trim_end();
    let behind = rest.strip_prefix(['e', 'E']).unwrap_or("");
    let sign = usize::from(behind.starts_with(['-', '+']));
    let length = behind[sign..]
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(behind.len() - sign);
    match behind[..sign + length].parse::<i32>() {
        Ok(exponent) if length > 0 => (digits, exponent, behind[sign + length..].trim()),
        _ => (digits, 0, rest.trim()),
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{202f}' || c == '\u{a0}'
}

/// The digits without spaces and apostrophes, where these part thousands.
fn without_spaces(digits: &str) -> Option<String> {
    let parts_thousands = |c: char| is_space(c) || "'’_".contains(c);
    let joined: String = digits.chars().filter(|c| !parts_thousands(*c)).collect();
    if joined.len() == digits.len() {
        return Some(joined);
    }
    let even: String = digits
        .chars()
        .map(|c| if parts_thousands(c) { ' ' } else { c })
        .collect();
    let whole = even.split(['.', ',']).next().unwrap_or("");
    is_grouped(whole, ' ').then_some(joined)
}

/// Whether a mark parts groups of three digits.
fn is_grouped(text: &str, mark: char) -> bool {
    let text = text.trim_start_matches(['-', '+']);
    let all = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    let mut groups = text.split(mark);
    let first = groups.next().unwrap_or("");
    let (mut rest, mut good) = (0, true);
    for group in groups {
        rest += 1;
        good &= group.len() == 3 && all(group);
    }
    let starts = (1..=3).contains(&first.len()) && all(first) && !first.starts_with('0');
    good && (rest == 0 && all(first) || starts)
}

/// A unit in those of a column: what a number is multiplied with and divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct UnitScale {
    pub times: f64,
    pub over: f64,
}

impl UnitScale {
    pub const ONE: Self = Self {
        times: 1.0,
        over: 1.0,
    };

    pub fn of(self, x: f64) -> f64 {
        x * self.times / self.over
    }

    pub fn then(self, next: Self) -> Self {
        Self {
            times: self.times * next.times,
            over: self.over * next.over,
        }
    }

    /// A power of ten; a negative one divides, so that 3.35e12 in units of 1e12 is 3.35.
    fn ten(power: i32) -> Self {
        let of = |n: i32| (0..n).fold(1.0, |p: f64, _| p * 10.0);
        Self {
            times: of(power),
            over: of(-power),
        }
    }
}

/// Units of each column unit that are known, for messages.
pub(super) fn units_like(unit: &str) -> &'static str {
    match unit {
        "TFLOPS" | "TOPS" => "FLOP/s, GFLOPS, TFLOPS, TOPS, PFLOPS",
        "TOPS x bit" => "TOPS x bit, bit-OP/s",
        "TB/s" | "GB/s" => "byte/s, MB/s, GB/s, TB/s, Gbit/s, Tbit/s",
        "GB" => "bytes, MB, GB, GiB, TB",
        "mm2" => "mm2, cm2",
        "nm" => "nm",
        "W" => "W, kW",
        "USD" => "USD, $",
        _ => "no unit",
    }
}

/// A unit as a source writes it, in that of a column; none where it is not known or not plain.
pub(super) fn scale(unit: &str, column: &str) -> Option<UnitScale> {
    let text: String = unit
        .replace('²', "2")
        .replace('^', "")
        .chars()
        .filter(|c| !is_space(*c))
        .collect();
    let small = text.to_lowercase();
    if text.is_empty() {
        return None;
    }
    match column {
        "TFLOPS" | "TOPS" => rate(&small),
        "TOPS x bit" => match small.as_str() {
            "topsxbit" | "tops*bit" | "tops·bit" | "tops×bit" | "tops-bit" | "bittops" | "tpp" => {
                Some(UnitScale::ONE)
            }
            "bit-op/s" | "bitop/s" | "op/sxbit" | "bit-ops" => Some(UnitScale::ten(-12)),
            _ => None,
        },
        "TB/s" => bandwidth(&text).map(|s| s.then(UnitScale::ten(-12))),
        "GB/s" => bandwidth(&text).map(|s| s.then(UnitScale::ten(-9))),
        "GB" => match small.as_str() {
            "gib" => Some(UnitScale {
                times: 1_073_741_824.0,
                over: 1e9,
            }),
            "b" | "byte" | "bytes" => Some(UnitScale::ten(-9)),
            "mb" => Some(UnitScale::ten(-3)),
            "gb" | "gbyte" | "gbytes" => Some(UnitScale::ONE),
            "tb" => Some(UnitScale::ten(3)),
            _ => None,
        },
        "mm2" => match small.as_str() {
            "mm2" | "sqmm" | "squaremm" | "mmsq" => Some(UnitScale::ONE),
            "cm2" | "sqcm" => Some(UnitScale::ten(2)),
            _ => None,
        },
        "nm" => (small == "nm").then_some(UnitScale::ONE),
        "W" => match small.as_str() {
            "w" | "watt" | "watts" => Some(UnitScale::ONE),
            "kw" => Some(UnitScale::ten(3)),
            _ => None,
        },
        "USD" => match small.as_str() {
            "usd" | "$" | "us$" => Some(UnitScale::ONE),
            "kusd" | "k$" => Some(UnitScale::ten(3)),
            _ => None,
        },
        _ => None,
    }
}

/// A unit of operations, in 1e12 a second.
fn rate(small: &str) -> Option<UnitScale> {
    let ends = [
        "flop/s", "flops/s", "flop/sec", "flops", "flop", "ops/s", "op/s", "ops", "op", "f",
    ];
    let prefix = ends.iter().find_map(|end| small.strip_suffix(end))?;
    Some(UnitScale::ten(match prefix {
        "" if small != "f" => -12,
        "m" | "mega" => -6,
        "g" | "giga" => -3,
        "t" | "tera" => 0,
        "p" | "peta" => 3,
        "e" | "exa" => 6,
        _ => return None,
    }))
}

/// A unit of bytes or bits a second, in bytes. A small `b` after a large letter is a bit; `gb/s` may be either and is none.
fn bandwidth(text: &str) -> Option<UnitScale> {
    let ends = ["/s", "/sec", "/second", "ps", "/S", "PS"];
    let what = ends.iter().find_map(|end| text.strip_suffix(end))?;
    let small = what.to_lowercase();
    let words = [("bytes", 1.0), ("byte", 1.0), ("bits", 8.0), ("bit", 8.0)];
    let (prefix, bits) = match words
        .iter()
        .find_map(|(w, bits)| Some((small.strip_suffix(w)?, *bits)))
    {
        Some(found) => found,
        None if what.ends_with('B') => (small.strip_suffix('b')?, 1.0),
        None if what.ends_with('b') && what.starts_with(|c: char| c.is_uppercase()) => {
            (small.strip_suffix('b')?, 8.0)
        }
        None => return None,
    };
    let power = match prefix {
        "" => 0,
        "k" | "kilo" => 3,
        "m" | "mega" => 6,
        "g" | "giga" => 9,
        "t" | "tera" => 12,
        "p" | "peta" => 15,
        _ => return None,
    };
    let ten = UnitScale::ten(power);
    Some(UnitScale {
        times: ten.times,
        over: bits,
    })
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A month that a cell holds in one of the usual ways, and whether a spreadsheet made it of `2020-05`.
pub(super) fn month(cell: &str) -> Option<(Month, bool)> {
    let plain = cell.parse::<Month>().ok();
    let plain = plain.filter(|m| m.to_string() == cell);
    let read = plain.map(|m| (m, false)).or_else(|| {
        let day = cell.split(['T', ' ']).next().unwrap_or("");
        let day = day.replace(['/', '.'], "-");
        let date = day.parse::<Date>().ok().filter(|d| d.to_string() == day);
        date.map(|d| (Month::from_date(d), false))
            .or_else(|| of_words(cell))
    });
    read.filter(|(m, _)| YEARS.contains(&m.year()))
}

/// `May-20`, `May 2020`, `14 May 2020`, `May 14, 2020`, `14.05.2020` and `2020/5`.
fn of_words(cell: &str) -> Option<(Month, bool)> {
    let small = cell.to_lowercase();
    let words: Vec<&str> = small
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect();
    let named = |word: &str| {
        let at = MONTHS
            .iter()
            .position(|full| word.len() >= 3 && full.starts_with(word));
        at.map(|at| at as i32 + 1)
    };
    let year = |word: &str| {
        (word.len() == 4)
            .then(|| word.parse::<i32>().ok())
            .flatten()
    };
    let small_number = |word: &str, most: i32| {
        let n = (word.len() <= 2)
            .then(|| word.parse::<i32>().ok())
            .flatten();
        n.filter(|n| (1..=most).contains(n))
    };
    let of = |year: i32, month: i32| Some(Month::of(year, month));
    match words[..] {
        // A spreadsheet shows the month 2020-05 as `May-20`.
        [name, short] if cell.contains('-') && short.len() == 2 && named(name).is_some() => {
            Some((of(2000 + short.parse::<i32>().ok()?, named(name)?)?, true))
        }
        [name, last] if named(name).is_some() => Some((of(year(last)?, named(name)?)?, false)),
        [first, name] if named(name).is_some() => Some((of(year(first)?, named(name)?)?, false)),
        [a, b] if year(a).is_some() => Some((of(year(a)?, small_number(b, 12)?)?, false)),
        [a, b] => Some((of(year(b)?, small_number(a, 12)?)?, false)),
        [name, day, last] if named(name).is_some() => {
            small_number(day, 31)?;
            Some((of(year(last)?, named(name)?)?, false))
        }
        [day, name, last] if named(name).is_some() => {
            small_number(day, 31)?;
            let year = year(last).or_else(|| small_number(last, 99).map(|y| 2000 + y))?;
            Some((of(year, named(name)?)?, false))
        }
        // Day and month in either order, where one of them can be no month, or both are one.
        [a, b, last] => {
            let (one, other) = (small_number(a, 31)?, small_number(b, 31)?);
            let month = match (one > 12, other > 12) {
                (true, false) => other,
                (false, true) => one,
                (false, false) if one == other || cell.contains('.') => other,
                _ => return None,
            };
            Some((of(year(last)?, month)?, false))
        }
        _ => None,
    }
}

/// True or false in the words of spreadsheets.
pub(super) fn truth(cell: &str) -> Option<bool> {
    Some(match cell.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "wahr" | "vrai" => true,
        "false" | "no" | "n" | "0" | "falsch" | "faux" => false,
        _ => return None,
    })
}

/// A word of a list in any case, with spaces or hyphens for `_`.
pub(super) fn word(cell: &str, words: &[&str]) -> String {
    let plain = |text: &str| text.to_lowercase().replace([' ', '-'], "_");
    let is = |w: &&&str| plain(w) == plain(cell);
    words
        .iter()
        .find(is)
        .map_or_else(|| cell.to_string(), |w| (*w).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(cell: &str, decimal: DecimalMark) -> f64 {
        match number(cell, decimal) {
            NumberRead::Is(x, _) => x,
            _ => f64::NAN,
        }
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let point = DecimalMark::Point;
        for (cell, x, unit) in [
            ("15832", 15832.0, ""),
            ("15,832", 15832.0, ""),
            ("1,583,200", 1_583_200.0, ""),
            ("15 832", 15832.0, ""),
            ("15\u{a0}832", 15832.0, ""),
            ("15'832", 15832.0, ""),
            ("15.832,5", 15832.5, ""),
            ("3,35", 3.35, ""),
            ("3.35 TB/s", 3.35, "TB/s"),
            ("814 mm²", 814.0, "mm²"),
            ("700W", 700.0, "W"),
            ("8.0E+14", 8e14, ""),
            ("9.894e14 FLOP/s", 9.894e14, "FLOP/s"),
            ("$30,000", 30000.0, "USD"),
            ("-5000", -5000.0, ""),
        ] {
            assert_eq!(
                number(cell, point),
                NumberRead::Is(x, unit.into()),
                "{cell}"
            );
        }
        for cell in [
            "", "many", "10-20", "1,58,32", "1.2.3,4", "inf", "NaN", "~800", "3..5",
        ] {
            let read = number(cell, point);
            let bad = match &read {
                NumberRead::Is(_, unit) => !unit.is_empty(),
                NumberRead::Either { .. } => false,
                NumberRead::NoNumber => true,
            };
            assert!(bad, "{cell}: {read:?}");
        }
        assert_eq!(is("15.832", DecimalMark::Comma), 15832.0);
        assert_eq!(is("15.832", point), 15.832);
        assert_eq!(is("0.864", DecimalMark::Open), 0.864);
        let open = number("15.832", DecimalMark::Open);
        assert!(matches!(
            open,
            NumberRead::Either {
                thousands: 15832.0,
                ..
            }
        ));
    }

    #[test]
    fn a_decimal_mark_shows_itself_where_it_can_be_no_other() {
        for (cell, mark) in [
            ("3,35", Some(DecimalMark::Comma)),
            ("3.35", Some(DecimalMark::Point)),
            ("0.864", Some(DecimalMark::Point)),
            ("15,832", None),
            ("1,583,200", Some(DecimalMark::Point)),
            ("1.583,2", Some(DecimalMark::Comma)),
            ("814", None),
        ] {
            assert_eq!(shown_mark(cell), mark, "{cell}");
        }
    }

    #[test]
    fn units_are_scaled_to_those_of_the_column() {
        for (x, unit, column, y) in [
            (989.4e12, "FLOP/s", "TFLOPS", 989.4),
            (1.979, "PFLOPS", "TFLOPS", 1979.0),
            (1979.0, "TOPS", "TOPS", 1979.0),
            (3.35e12, "byte/s", "TB/s", 3.35),
            (3350.0, "GB/s", "TB/s", 3.35),
            (900e9, "byte/s", "GB/s", 900.0),
            (400.0, "Gb/s", "GB/s", 50.0),
            (400.0, "Gbit/s", "GB/s", 50.0),
            (80e9, "bytes", "GB", 80.0),
            (8.14, "cm²", "mm2", 814.0),
            (1.5832e16, "bit-OP/s", "TOPS x bit", 15832.0),
            (0.7, "kW", "W", 700.0),
        ] {
            let got = scale(unit, column).unwrap().of(x);
            assert!((got - y).abs() < 1e-9 * y, "{x} {unit}: {got}");
        }
        for (unit, column) in [
            ("gb/s", "GB/s"),
            ("furlongs", "nm"),
            ("EUR", "USD"),
            ("GB/s", "GB"),
        ] {
            assert_eq!(scale(unit, column), None, "{unit}");
        }
        assert_eq!(scale("byte/s", "TB/s").unwrap().of(3.35e12), 3.35);
    }

    #[test]
    fn months_are_read_as_spreadsheets_and_sources_write_them() {
        for (cell, month_of, made) in [
            ("2020-05", "2020-05", false),
            ("2020-05-14", "2020-05", false),
            ("2020-05-14 22:42:47+00:00", "2020-05", false),
            ("2020-05-14T00:00:00", "2020-05", false),
            ("May-20", "2020-05", true),
            ("Nov-20", "2020-11", true),
            ("May 2020", "2020-05", false),
            ("14 May 2020", "2020-05", false),
            ("May 14, 2020", "2020-05", false),
            ("14.05.2020", "2020-05", false),
            ("05/14/2020", "2020-05", false),
            ("2020/05/14", "2020-05", false),
            ("Sept 2022", "2022-09", false),
        ] {
            assert_eq!(
                month(cell),
                Some((month_of.parse().unwrap(), made)),
                "{cell}"
            );
        }
        for cell in [
            "2020",
            "Q2 2020",
            "20-May",
            "05/06/2020",
            "0001-01",
            "2020-13",
            "soon",
            "3020-01",
        ] {
            assert_eq!(month(cell), None, "{cell}");
        }
    }
}
