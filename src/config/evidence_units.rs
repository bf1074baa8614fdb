//! Units and periods of recorded numbers, as the table of evidence writes them.

use crate::foundation::calendar::Month;

/// What `share`, `fraction` and percent are parts of.
pub(super) const SHARE: &str = "share";

/// The factor and what is counted: `million cards` is 1e6 and `cards`, `USD bn` is 1e9 and `USD`, `percent` 0.01 and `share`.
fn read_unit(unit: &str) -> (f64, Vec<&str>) {
    let mut scale = 1.0;
    let mut base = Vec::new();
    for (at, word) in unit.split_whitespace().enumerate() {
        let plain = word.trim_end_matches([',', ';', ':']);
        let times = match plain {
            "thousand" | "k" => 1e3,
            "million" | "mn" | "m" | "M" => 1e6,
            "billion" | "bn" => 1e9,
            "trillion" | "tn" => 1e12,
            _ => 1.0,
        };
        if at < 2 && times > 1.0 && scale == 1.0 {
            scale = times;
            continue;
        }
        match plain {
            "percent" | "%" if at == 0 => {
                scale = 0.01;
                base.push(SHARE);
            }
            "fraction" if at == 0 => base.push(SHARE),
            "H100e" => base.push("H100-equivalents"),
            _ => base.push(plain),
        }
        if plain != word {
            // What follows a comma is a remark.
            break;
        }
    }
    (scale, base)
}

/// The factor of a unit: a million for `USD mn`, one for a unit without such a word.
pub(super) fn scale_of(unit: &str) -> f64 {
    read_unit(unit).0
}

pub(super) fn base_of(unit: &str) -> Vec<&str> {
    read_unit(unit).1
}

/// What turns a number in `found` into one in `expected`; none where they count different things. Words after the unit are
/// remarks, but a rate must be that of the period.
pub(super) fn in_unit(found: &str, expected: &str, months: i32) -> Option<f64> {
    let ((from, base), (to, known)) = (read_unit(found), read_unit(expected));
    let rest = base.strip_prefix(&known[..])?;
    let rate_of_period = match rest {
        ["per" | "a", "year", ..] => months == 12,
        ["per" | "a", "half-year", ..] => months == 6,
        ["per" | "a", "quarter", ..] => months == 3,
        ["per" | "a", "month", ..] => months == 1,
        ["per" | "a", ..] => false,
        _ => true,
    };
    rate_of_period.then_some(from / to)
}

/// First and last month of `2024`, `2024-H1`, `2024-Q3`, `2024-11` or `2022/2024`. A fiscal quarter that ends in a month of the calendar
/// quarter began two months before it; a fiscal year began in February.
pub(super) fn span(period: &str, fiscal: bool) -> Option<(Month, Month)> {
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
    if let Some((year, half)) = period.split_once("-H") {
        let (year, half): (i32, i32) = (year.parse().ok()?, half.parse().ok()?);
        let good = (1900..=2200).contains(&year) && (1..=2).contains(&half);
        let first = Month::of(year, 6 * half - 5);
        return good.then_some((first, first.plus(5)));
    }
    if period.contains('-') {
        let month: Month = period.parse().ok()?;
        return Some((month, month));
    }
    let year: i32 = period.parse().ok().filter(|y| (1900..=2200).contains(y))?;
    let first = Month::of(year, 1).plus(i32::from(fiscal));
    Some((first, first.plus(11)))
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
        assert_eq!(span("2025-H2", false), Some((m("2025-07"), m("2025-12"))));
        for wrong in ["2024-Q5", "2024-H3", "soon", "2024-13", "", "24"] {
            assert_eq!(span(wrong, false), None, "{wrong}");
        }
    }

    #[test]
    fn units_are_converted_or_refused() {
        assert_eq!(in_unit("USD bn", "USD bn", 3), Some(1.0));
        assert_eq!(in_unit("USD mn", "USD bn", 3), Some(1e-3));
        assert_eq!(in_unit("USD million, restated", "USD bn", 3), Some(1e-3));
        assert_eq!(in_unit("k cards", "million cards", 12), Some(1e-3));
        assert_eq!(in_unit("percent", "share", 12), Some(0.01));
        assert_eq!(in_unit("share of sales (units)", "share", 12), Some(1.0));
        assert_eq!(
            in_unit("H100e per quarter", "H100-equivalents", 3),
            Some(1.0)
        );
        for (found, expected) in [
            ("CNY bn", "USD bn"),
            ("", "USD bn"),
            ("USD", "million cards"),
            ("ECI points per year", "ECI points"),
            ("percentage points", "share"),
            ("years", "months"),
        ] {
            assert_eq!(in_unit(found, expected, 1), None, "{found}, {expected}");
        }
    }
}
