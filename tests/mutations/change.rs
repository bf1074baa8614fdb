//! Mutations of a file, each of which knows whether its result has to be refused.

use std::collections::BTreeSet;
use std::ops::Range;

use chokepoint::foundation::calendar::Date;
use proptest::sample::Index;

use super::fields::{DRAWS, Means, find, of_rule, of_unit};
use super::text::{Csv, Holds, Place, of_toml};

/// What chance has chosen, used up from the front.
pub struct Choices(pub Vec<Index>, pub usize);

impl Choices {
    /// A number below `n`.
    pub fn number(&mut self, n: usize) -> usize {
        self.1 += 1;
        self.0[(self.1 - 1) % self.0.len()].index(n)
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        (!of.is_empty()).then(|| &of[self.number(of.len())])
    }
}

/// What all mutations of a file start from.
pub struct Base<'a> {
    pub text: &'a str,
    /// The meaning of its fields.
    pub fields: &'static str,
    /// Every word of the configuration: a near miss is none of them.
    pub words: &'a BTreeSet<String>,
    /// Units of the parameters.
    pub units: &'a std::collections::BTreeMap<String, String>,
}

/// One mutation: what stands in a range is replaced.
#[derive(Clone, Debug)]
pub struct Change {
    pub mutation: &'static str,
    pub field: String,
    /// Whether the result has to be refused; else it may be, and must only not break the program.
    pub must: bool,
    /// Whether the result means the same as before: it has to be accepted.
    pub same: bool,
    pub at: Range<usize>,
    pub with: Vec<u8>,
}

type Mutation<T> = fn(&T, &mut Choices) -> Option<Change>;

/// A TOML file taken apart.
pub struct Toml<'a> {
    base: &'a Base<'a>,
    places: Vec<Place>,
}

fn change(
    mutation: &'static str,
    field: &str,
    must: bool,
    at: Range<usize>,
    with: impl Into<Vec<u8>>,
) -> Option<Change> {
    Some(Change {
        mutation,
        field: field.to_string(),
        must,
        same: false,
        at,
        with: with.into(),
    })
}

/// A change that means nothing.
fn harmless(mutation: &'static str, at: Range<usize>, with: impl Into<Vec<u8>>) -> Option<Change> {
    let same = |change| Change {
        same: true,
        ..change
    };
    change(mutation, "", false, at, with).map(same)
}

/// Whether the keys of this table are of the writer's own choice.
fn is_free(path: &str) -> bool {
    path.contains("only.") || path.contains("].facts.")
}

/// Whether two dates stand in order by more than a rule may bind before it is known, so that their exchange is wrong.
fn in_order(first: &str, second: &str) -> bool {
    match (first.parse::<Date>(), second.parse::<Date>()) {
        (Ok(first), Ok(second)) => first.until(second).is_ok_and(|span| span.get_days() > 31),
        _ => true,
    }
}

/// A word that is nearly this one, and no word of the configuration.
fn near_miss(word: &str, words: &BTreeSet<String>, c: &mut Choices) -> Option<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < 2 {
        return None;
    }
    for _ in 0..6 {
        let at = c.number(letters.len() - 1);
        let mut new = letters.clone();
        match c.number(4) {
            0 => new.swap(at, at + 1),
            1 => drop(new.remove(at)),
            2 => new.insert(at, letters[at]),
            _ => {
                let last = new.len() - 1;
                new[last] = if letters[last] == 'x' { 'q' } else { 'x' };
            }
        }
        let new: String = new.into_iter().collect();
        let plain = new
            .chars()
            .all(|l| l.is_alphanumeric() || "_-.: ".contains(l));
        let same = |w: &String| w.eq_ignore_ascii_case(&new);
        if plain && new.trim() == new && !words.iter().any(same) {
            return Some(new);
        }
    }
    None
}

/// A whole file in another shape, text of any kind.
fn whole(base: &Base, c: &mut Choices) -> Option<Change> {
    let text = base.text;
    let all = 0..text.len();
    let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        let mut out = mark.to_vec();
        out.extend(text.encode_utf16().flat_map(bytes));
        out
    };
    match c.number(10) {
        7 => harmless("windows_line_ends", all, text.replace('\n', "\r\n")),
        8 => harmless("blank_line_at_the_end", text.len()..text.len(), "\n"),
        9 => harmless("byte_order_mark", 0..0, "\u{feff}"),
        0 => change("emptied_file", "", true, all, ""),
        1 => change(
            "utf16",
            "",
            true,
            all,
            utf16(&[0xff, 0xfe], u16::to_le_bytes),
        ),
        2 => change(
            "utf16_big_endian",
            "",
            true,
            all,
            utf16(&[0xfe, 0xff], u16::to_be_bytes),
        ),
        3 => {
            // A letter in the encoding of an old spreadsheet, in the middle of a word.
            let letters: Vec<usize> = text
                .char_indices()
                .filter(|(_, l)| l.is_ascii_lowercase())
                .map(|(at, _)| at)
                .collect();
            let at = *c.one(&letters)?;
            change("latin1", "", true, at..at + 1, [0xe9])
        }
        4 => {
            let at = c.number(text.len());
            let at = (at..text.len()).find(|at| text.is_char_boundary(*at))?;
            change("nul_byte", "", true, at..at, [0])
        }
        5 => {
            let at = c.number(text.len());
            let bit = 1 << c.number(8);
            let with = [text.as_bytes()[at] ^ bit];
            change("flipped_bit", "", false, at..at + 1, with)
        }
        _ => {
            let at = c.number(text.len());
            let at = (at..text.len()).find(|at| text.is_char_boundary(*at))?;
            change("cut_anywhere", "", false, at..text.len(), "")
        }
    }
}

/// Mutations of TOML files; those with more to go wrong stand there more than once.
fn of_toml_files<'a>() -> Vec<Mutation<Toml<'a>>> {
    vec![
        Toml::whole,
        Toml::cut_in_text,
        Toml::misspelt_key,
        Toml::misspelt_key,
        Toml::unknown_key,
        Toml::removed_key,
        Toml::duplicated_key,
        Toml::wrong_type,
        Toml::near_name,
        Toml::near_name,
        Toml::near_name,
        Toml::not_a_number,
        Toml::out_of_range,
        Toml::out_of_range,
        Toml::parameter_out_of_range,
        Toml::parameter_out_of_range,
        Toml::impossible_date,
        Toml::dates_out_of_order,
        Toml::swapped_pair,
        Toml::duplicated_element,
        Toml::duplicated_block,
        Toml::emptied_text,
        Toml::emptied_list,
        Toml::broken_condition,
        Toml::broken_condition,
        Toml::other_answer,
        Toml::other,
    ]
}

/// A mutation of a TOML file.
pub fn toml(base: &Base, c: &mut Choices) -> Change {
    let toml = Toml {
        base,
        places: of_toml(base.text),
    };
    pick(&toml, &of_toml_files(), c)
}

fn pick<T>(of: &T, all: &[Mutation<T>], c: &mut Choices) -> Change {
    for _ in 0..200 {
        let mutation = all[c.number(all.len())];
        if let Some(change) = mutation(of, c) {
            return change;
        }
    }
    panic!("no mutation applies to this file")
}

impl Toml<'_> {
    fn means(&self, place: &Place) -> Option<Means> {
        let means = find(self.base.fields, &place.path)?.means;
        let key = place.path.rsplit('.').next().unwrap_or("");
        Some(match means {
            Means::OfParameter => of_unit(self.base.units.get(key).map_or("", String::as_str)),
            Means::OfRule => of_rule(key),
            Means::OfUnit => {
                // The unit stands in the table of the parameter, which may be one level up.
                let before = &self.places[..self.index(place)];
                let unit = before.iter().rev().find(|p| p.path == "parameter[].unit");
                of_unit(unit.map_or("", |p| p.says.as_str()))
            }
            other => other,
        })
    }

    fn index(&self, place: &Place) -> usize {
        let same = |p: &Place| p.value == place.value;
        self.places.iter().position(same).unwrap_or(0)
    }

    fn some(&self, c: &mut Choices, which: impl Fn(&Place) -> bool) -> Option<&Place> {
        let found: Vec<&Place> = self.places.iter().filter(|p| which(p)).collect();
        // Fields that are rare are as likely as those that stand in every table.
        let paths: BTreeSet<&str> = found.iter().map(|p| p.path.as_str()).collect();
        let paths: Vec<&str> = paths.into_iter().collect();
        let path = *c.one(&paths)?;
        let of_path: Vec<&Place> = found.into_iter().filter(|p| p.path == path).collect();
        c.one(&of_path).copied()
    }

    /// The lines of a key that begins a line, with its value.
    fn lines(&self, place: &Place) -> Option<Range<usize>> {
        let text = self.base.text;
        let key = place.key.clone()?;
        let start = text[..key.start].rfind('\n').map_or(0, |at| at + 1);
        if !text[start..key.start].trim().is_empty() || place.holds == Holds::Table {
            return None;
        }
        // Tables whose headers follow are no value of a line.
        if !text[key.end..place.value.start.max(key.end)].contains('=') {
            return None;
        }
        let end = text[place.value.end..].find('\n');
        Some(start..end.map_or(text.len(), |at| place.value.end + at + 1))
    }

    fn whole(&self, c: &mut Choices) -> Option<Change> {
        whole(self.base, c)
    }

    fn cut_in_text(&self, c: &mut Choices) -> Option<Change> {
        let long = |p: &Place| p.holds == Holds::Text && p.value.len() > 4;
        let place = self.some(c, long)?;
        let mut at = place.value.start + 2;
        while !self.base.text.is_char_boundary(at) {
            at += 1;
        }
        change(
            "cut_in_text",
            &place.path,
            true,
            at..self.base.text.len(),
            "",
        )
    }

    fn misspelt_key(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| p.key.is_some() && !is_free(&p.path))?;
        let key = place.key.clone()?;
        let new = near_miss(&self.base.text[key.clone()], self.base.words, c)?;
        let plain = new.chars().all(|l| l.is_alphanumeric() || l == '_');
        plain.then(|| change("misspelt_key", &place.path, true, key, new))?
    }

    fn unknown_key(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| p.key.is_some() && !is_free(&p.path))?;
        let key = place.key.clone()?;
        if self.lines(place).is_some() {
            return change(
                "unknown_key",
                &place.path,
                true,
                key.start..key.start,
                "surplus = 1\n",
            );
        }
        let before = self.base.text[..key.start].trim_end();
        let inline = before.ends_with('{') || before.ends_with(',');
        inline.then(|| {
            change(
                "unknown_key",
                &place.path,
                true,
                key.start..key.start,
                "surplus = 1, ",
            )
        })?
    }

    fn removed_key(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| self.lines(p).is_some())?;
        let lines = self.lines(place)?;
        let required = find(self.base.fields, &place.path).is_some_and(|f| f.required);
        change("removed_key", &place.path, required, lines, "")
    }

    fn duplicated_key(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| self.lines(p).is_some())?;
        let lines = self.lines(place)?;
        let copy = self.base.text[lines.clone()].to_string();
        change(
            "duplicated_key",
            &place.path,
            true,
            lines.start..lines.start,
            copy,
        )
    }

    fn wrong_type(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| find(self.base.fields, &p.path).is_some())?;
        let says = &self.base.text[place.value.clone()];
        let quoted = format!("\"{}\"", place.says);
        let with = match (place.holds, c.number(2)) {
            (Holds::Table, _) => return None,
            (Holds::Text, 0) => "7".to_string(),
            (Holds::Text, _) => format!("[{says}]"),
            (Holds::Number | Holds::Flag | Holds::Day, 0) => quoted,
            (Holds::Number, _) => "true".into(),
            (Holds::Flag, _) => "1".into(),
            (Holds::Day, _) => "20221007".into(),
            (Holds::List, _) => "7".into(),
        };
        change("wrong_type", &place.path, true, place.value.clone(), with)
    }

    fn near_name(&self, c: &mut Choices) -> Option<Change> {
        let named = |p: &Place| {
            let name = self.means(p) == Some(Means::Name) && p.holds == Holds::Text;
            name && !p.says.starts_with("event:") && !p.says.contains('*')
        };
        let place = self.some(c, named)?;
        let new = near_miss(&place.says, self.base.words, c)?;
        change(
            "near_name",
            &place.path,
            true,
            place.value.clone(),
            format!("\"{new}\""),
        )
    }

    fn not_a_number(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| {
            p.holds == Holds::Number && find(self.base.fields, &p.path).is_some()
        })?;
        let (mutation, with) = [("nan", "nan"), ("inf", "inf"), ("inf", "-inf")][c.number(3)];
        change(mutation, &place.path, true, place.value.clone(), with)
    }

    fn out_of_range(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| p.holds == Holds::Number && self.means(p).is_some())?;
        let (mutation, with, must) = beyond(self.means(place)?, &place.says, c)?;
        change(mutation, &place.path, must, place.value.clone(), with)
    }

    /// A parameter that an arm or a stress fixes outside what its unit allows.
    fn parameter_out_of_range(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| {
            find(self.base.fields, &p.path).is_some_and(|f| f.means == Means::OfParameter)
        })?;
        let (mutation, with, must) = beyond(self.means(place)?, &place.says, c)?;
        change(mutation, &place.path, must, place.value.clone(), with)
    }

    fn impossible_date(&self, c: &mut Choices) -> Option<Change> {
        let dated = |p: &Place| matches!(self.means(p), Some(Means::Day | Means::Month));
        let place = self.some(c, dated)?;
        let (mutation, with) = no_date(place, c)?;
        let with = match place.holds {
            Holds::Text => format!("\"{with}\""),
            _ => with,
        };
        change(mutation, &place.path, true, place.value.clone(), with)
    }

    /// A year mistyped by ten or twenty, so that one day stands before another that it follows.
    fn dates_out_of_order(&self, c: &mut Choices) -> Option<Change> {
        const ORDER: &[(&str, &str, bool)] = &[
            // (moved, beside it, backwards)
            ("compliance", "announced", true),
            ("published", "announced", true),
            ("leaked", "announced", true),
            ("ended", "compliance", true),
            ("announced", "compliance", false),
            ("leaked", "published", false),
            ("announced", "published", false),
            ("test_to", "test_from", true),
            ("last_month", "first_month", true),
            ("window_first", "last_month", false),
        ];
        let (moved, beside, back) = *c.one(ORDER)?;
        let last = |p: &Place| p.path.rsplit('.').next().unwrap_or("").to_string();
        let has = |p: &Place| {
            self.places
                .iter()
                .any(|q| q.table == p.table && last(q) == beside && q.says != "never")
        };
        let place = self.some(c, |p| last(p) == moved && p.says != "never" && has(p))?;
        let year: i32 = place.says.get(..4)?.parse().ok()?;
        let year = year + if back { -30 } else { 30 };
        let with = format!("{year}{}", &place.says[4..]);
        let with = match place.holds {
            Holds::Text => format!("\"{with}\""),
            _ => with,
        };
        change(
            "dates_out_of_order",
            &place.path,
            true,
            place.value.clone(),
            with,
        )
    }

    /// Two values of a table, of which one is never above the other, in each other's place.
    fn swapped_pair(&self, c: &mut Choices) -> Option<Change> {
        const PAIRS: &[(&str, &str)] = &[
            ("announced", "compliance"),
            ("compliance", "ended"),
            ("test_from", "test_to"),
            ("first_month", "last_month"),
            ("from", "to"),
            ("low", "high"),
            ("mode", "high"),
            ("low", "mode"),
            ("min", "max"),
            ("coverage_low", "coverage_high"),
        ];
        let last = |p: &Place| p.path.rsplit('.').next().unwrap_or("").to_string();
        let pairs: Vec<(&Place, &Place)> = self
            .places
            .iter()
            .flat_map(|p| self.places.iter().map(move |q| (p, q)))
            .filter(|(p, q)| p.table == q.table && p.holds == q.holds && p.says != q.says)
            .filter(|(p, q)| PAIRS.iter().any(|(a, b)| last(p) == *a && last(q) == *b))
            .filter(|(p, _)| !p.path.contains("tiles"))
            .collect();
        let (p, q) = *c.one(&pairs)?;
        let (first, second) = if p.value.start < q.value.start {
            (p, q)
        } else {
            (q, p)
        };
        let text = self.base.text;
        let with = format!(
            "{}{}{}",
            &text[second.value.clone()],
            &text[first.value.end..second.value.start],
            &text[first.value.clone()]
        );
        let must = in_order(&p.says, &q.says);
        let at = first.value.start..second.value.end;
        change("swapped_pair", &p.path, must, at, with)
    }

    fn duplicated_element(&self, c: &mut Choices) -> Option<Change> {
        const TWICE: &[&str] = &[
            "include[]",
            "arms[]",
            "arms[].add[]",
            "change[]",
            "arms[].change[]",
            "process.administrations[]",
        ];
        let text = self.base.text;
        // Tables with headers of their own are no elements of a list in brackets.
        let inside = |p: &Place| {
            let before = text[..p.value.start].trim_end();
            before.ends_with(['[', ',']) && !text[p.value.clone()].starts_with('[')
        };
        let place = self.some(c, |p| {
            p.key.is_none() && p.path.ends_with("[]") && inside(p)
        })?;
        let with = format!(", {}", &text[place.value.clone()]);
        let must = TWICE.contains(&place.path.as_str());
        let end = place.value.end;
        change("duplicated_element", &place.path, must, end..end, with)
    }

    fn duplicated_block(&self, c: &mut Choices) -> Option<Change> {
        const TWICE: &[&str] = &[
            "[[parameter]]",
            "[[split]]",
            "[[process.ladder]]",
            "[[futures.stress]]",
            "[[futures.variant]]",
            "[[rule]]",
            "[[rule.exception]]",
            "[[series]]",
            "[[adjustment]]",
            "[[unanswered]]",
            "[[quantity]]",
            "[[support]]",
            "[[range]]",
            "[[form]]",
        ];
        let text = self.base.text;
        let mut starts: Vec<usize> = text.match_indices("\n[[").map(|(at, _)| at + 1).collect();
        starts.push(text.len());
        let at = c.number(starts.len().checked_sub(1).filter(|n| *n > 0)?);
        let header = text[starts[at]..].lines().next()?;
        let block = format!("\n{}", &text[starts[at]..starts[at + 1]]);
        let must = TWICE.contains(&header);
        let end = starts[at + 1];
        change("duplicated_block", header, must, end..end, block)
    }

    fn emptied_text(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| {
            matches!(self.means(p), Some(Means::Filled | Means::Id | Means::Name))
                && p.holds == Holds::Text
        })?;
        change(
            "emptied_text",
            &place.path,
            true,
            place.value.clone(),
            "\"\"",
        )
    }

    fn emptied_list(&self, c: &mut Choices) -> Option<Change> {
        const NEVER: &[&str] = &[
            "arms",
            "rule[].applies_to.destinations",
            "draw.forest.outcomes",
            "draw.fan.lines",
            "draw.multiples.rows",
            "series[].entities",
        ];
        let place = self.some(c, |p| p.holds == Holds::List && self.lines(p).is_some())?;
        let must = NEVER.contains(&place.path.as_str());
        change("emptied_list", &place.path, must, place.value.clone(), "[]")
    }

    fn broken_condition(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| self.means(p) == Some(Means::Condition))?;
        let text = self.base.text;
        let inside = place.value.start + 1..place.value.end - 1;
        let says = &text[inside.clone()];
        if place.says == "true" || place.says == "false" || place.says.contains('\\') {
            return None;
        }
        let words: Vec<Range<usize>> = words(says)
            .into_iter()
            .map(|r| inside.start + r.start..inside.start + r.end)
            .collect();
        let field = &place.path;
        match c.number(6) {
            0 | 1 => {
                let word = c.one(&words)?.clone();
                let quoted = text[..word.start].ends_with(['\'', '"']);
                let new = near_miss(&text[word.clone()], self.base.words, c)?;
                let name = new.chars().all(|l| l.is_alphanumeric() || l == '_');
                let mutation = if quoted {
                    "near_literal"
                } else {
                    "near_attribute"
                };
                (name && !new.starts_with(|l: char| l.is_ascii_digit()))
                    .then(|| change(mutation, field, true, word, new))?
            }
            2 => {
                let at = says.find("&&").or_else(|| says.find("||"))?;
                let at = inside.start + at;
                change("operator_twice", field, true, at..at, "&& ")
            }
            3 => {
                // A number is compared with text.
                let at = says.find(">= ").or_else(|| says.find("< "))?;
                let at = inside.start + at + says[at..].find(' ')? + 1;
                let number: String = text[at..]
                    .chars()
                    .take_while(|l| l.is_ascii_digit() || *l == '.')
                    .collect();
                if number.is_empty() {
                    return None;
                }
                change(
                    "text_for_number",
                    field,
                    true,
                    at..at + number.len(),
                    format!("'{number}'"),
                )
            }
            4 => change("no_truth", field, true, inside, "tpp"),
            _ => change(
                "unclosed_bracket",
                field,
                true,
                inside.start..inside.start,
                "(",
            ),
        }
    }

    fn other_answer(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| {
            self.means(p) == Some(Means::Answer) || p.path == "rule[].case[].outcome"
        })?;
        let with = match place.says.as_str() {
            "true" => "false",
            "false" => "true",
            "denied" => "\"free\"",
            _ => "\"denied\"",
        };
        change("other_answer", &place.path, true, place.value.clone(), with)
    }

    /// What one kind of file alone can get wrong.
    fn other(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| {
            [
                "select",
                "target",
                "window_months",
                "runs",
                "last_month",
                "process.start",
                "parameter[].distribution",
            ]
            .contains(&p.path.as_str())
                || self.means(p) == Some(Means::Hash)
        })?;
        let at = place.value.clone();
        let field = &place.path;
        match field.as_str() {
            // Issuers say which of the selected rules are kept.
            "select" if self.base.text.contains("\nissuers") => change(
                "issuers_without_select",
                field,
                true,
                self.lines(place)?,
                "",
            ),
            "target" => {
                let with = ["\"IRN\"", "\"SGP\"", "\"ARG\""][c.number(3)];
                change("target_without_labs", field, true, at, with)
            }
            "window_months" => change("window_past_the_end", field, true, at, "600"),
            "runs" => change("too_many_runs", field, true, at, "4294967296"),
            "last_month" => change("last_month_far_off", field, true, at, "\"9999-12\""),
            "parameter[].distribution" => change(
                "distribution_elsewhere",
                field,
                true,
                at,
                "{ kind = \"uniform\", low = 1e7, high = 2e7 }",
            ),
            _ if self.means(place) == Some(Means::Hash) => {
                change("no_hash", field, true, at, "\"3f0e6f\"")
            }
            _ => None,
        }
    }
}

/// Where the words of a condition stand, numbers left out.
fn words(text: &str) -> Vec<Range<usize>> {
    let inside = |l: char| l.is_alphanumeric() || l == '_' || l == '.';
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let from = text[at..].find(inside).map_or(text.len(), |n| at + n);
        let to = text[from..]
            .find(|l| !inside(l))
            .map_or(text.len(), |n| from + n);
        let word = &text[from..to];
        if word.len() > 2 && word.starts_with(|l: char| l.is_alphabetic()) && word != "true" {
            found.push(from..to);
        }
        at = to.max(at + 1);
    }
    found
}

/// A number outside what its field may hold, or one that only might be.
fn beyond(means: Means, says: &str, c: &mut Choices) -> Option<(&'static str, String, bool)> {
    let value: f64 = says.replace('_', "").parse().ok()?;
    let ranged = match means {
        Means::Share
        | Means::Percent
        | Means::Positive
        | Means::Amount
        | Means::Count
        | Means::Some => true,
        Means::Signed | Means::Number => false,
        _ => return None,
    };
    let whole = matches!(means, Means::Count | Means::Some);
    let above = |limit: f64| value.abs() * 1000.0 > limit;
    let thousand = format!("{}", value * 1000.0);
    Some(match c.number(5) {
        0 if value != 0.0 => ("negative", format!("{}", -value.abs()), ranged),
        1 => match means {
            Means::Share | Means::Signed if above(1.0) => ("thousandfold", thousand, true),
            Means::Percent if above(100.0) => ("thousandfold", thousand, true),
            _ if whole => ("half", format!("{}.5", value as i64), true),
            _ => ("thousandfold", thousand, false),
        },
        2 => match means {
            Means::Positive | Means::Some => {
                ("zero", if whole { "0".into() } else { "0.0".into() }, true)
            }
            _ => return None,
        },
        3 => match means {
            Means::Share | Means::Signed | Means::Percent => ("huge", "1e300".into(), true),
            _ if whole => ("huge", "99999999999999999999".into(), true),
            _ => ("huge", "1e300".into(), false),
        },
        _ => match means {
            // 15 for 0.15.
            Means::Share if value > 0.01 => (
                "percent_for_share",
                format!("{}", value * 100.0),
                value > 0.0101,
            ),
            _ => return None,
        },
    })
}

fn no_date(place: &Place, c: &mut Choices) -> Option<(&'static str, String)> {
    if place.says.len() < 7 {
        return None;
    }
    let rest = &place.says[4..];
    Some(match c.number(4) {
        0 if place.says.len() == 7 => ("thirteenth_month", format!("{}-13", &place.says[..4])),
        0 => ("day_that_is_none", format!("{}-02-30", &place.says[..4])),
        1 => ("year_0203", format!("0203{rest}")),
        2 => ("year_2203", format!("2203{rest}")),
        _ => ("year_9999", format!("9999{rest}")),
    })
}

/// A CSV file taken apart.
pub struct Table<'a> {
    base: &'a Base<'a>,
    csv: Csv,
    cells: Vec<Place>,
}

/// Mutations of CSV files.
fn of_csv_files<'a>() -> Vec<Mutation<Table<'a>>> {
    vec![
        Table::whole,
        Table::other_shape,
        Table::header,
        Table::header,
        Table::rows,
        Table::rows,
        Table::wrong_cell,
        Table::wrong_cell,
        Table::near_name,
        Table::near_name,
        Table::out_of_range,
        Table::out_of_range,
        Table::not_a_number,
        Table::impossible_date,
        Table::emptied_cell,
        Table::swapped_pair,
        Table::outside_its_bounds,
    ]
}

/// A mutation of a CSV file.
pub fn csv(base: &Base, c: &mut Choices) -> Change {
    let csv = Csv::of(base.text);
    let cells = csv.cells(base.text);
    pick(&Table { base, csv, cells }, &of_csv_files(), c)
}

impl Table<'_> {
    fn means(&self, column: &str) -> Option<Means> {
        match find(self.base.fields, column) {
            Some(field) => Some(field.means),
            None => self.base.units.get(column).map(|unit| of_unit(unit)),
        }
    }

    fn some(&self, c: &mut Choices, which: impl Fn(&Place) -> bool) -> Option<&Place> {
        let found: Vec<&Place> = self.cells.iter().filter(|p| which(p)).collect();
        let columns: BTreeSet<&str> = found.iter().map(|p| p.path.as_str()).collect();
        let columns: Vec<&str> = columns.into_iter().collect();
        let column = *c.one(&columns)?;
        let of_column: Vec<&Place> = found.into_iter().filter(|p| p.path == column).collect();
        c.one(&of_column).copied()
    }

    fn number(&self, place: &Place) -> bool {
        use Means::{Amount, Count, Number, Percent, Positive, Share, Signed, Some as One, Year};
        let means = self.means(&place.path);
        place.holds == Holds::Number
            && means.is_some_and(|m| {
                [
                    Share, Signed, Percent, Positive, Amount, Number, Count, One, Year,
                ]
                .contains(&m)
            })
    }

    fn whole(&self, c: &mut Choices) -> Option<Change> {
        whole(self.base, c)
    }

    /// The whole table saved by another program, or cut.
    fn other_shape(&self, c: &mut Choices) -> Option<Change> {
        let text = self.base.text;
        let all = 0..text.len();
        let separated = |by: &str| {
            let row = |row: &Vec<Range<usize>>| {
                let cells: Vec<&str> = row.iter().map(|cell| &text[cell.clone()]).collect();
                cells.join(by)
            };
            let rows: Vec<String> = self.csv.rows.iter().map(row).collect();
            rows.join("\n")
        };
        match c.number(4) {
            0 => change("semicolons", "", true, all, separated(";")),
            1 => change("tabs", "", true, all, separated("\t")),
            2 => {
                let end = self.csv.line(text, 0).end;
                change("header_alone", "", true, end..text.len(), "")
            }
            _ => {
                // The last row ends before its last column.
                let row = 1 + c.number(self.csv.rows.len() - 1);
                let cells = &self.csv.rows[row];
                let at = c.number(cells.len().checked_sub(1).filter(|n| *n > 0)?);
                change("cut_in_row", "", true, cells[at].end..text.len(), "\n")
            }
        }
    }

    fn header(&self, c: &mut Choices) -> Option<Change> {
        let text = self.base.text;
        let header = &self.csv.rows[0];
        let at = c.number(header.len());
        let cell = header[at].clone();
        let column = text[cell.clone()].to_string();
        match c.number(4) {
            0 => {
                let new = near_miss(&column, self.base.words, c)?;
                change("misspelt_column", &column, true, cell, new)
            }
            1 => {
                let with = self.rebuilt(|number, cells| {
                    cells.push(if number == 0 {
                        "surplus".into()
                    } else {
                        "1".into()
                    });
                });
                change(
                    "unknown_column",
                    "",
                    true,
                    header[0].start..text.len(),
                    with,
                )
            }
            2 => {
                let required = find(self.base.fields, &column).is_some_and(|f| f.required);
                let with = self.rebuilt(|_, cells| {
                    cells.remove(at);
                });
                change(
                    "removed_column",
                    &column,
                    required,
                    header[0].start..text.len(),
                    with,
                )
            }
            _ => {
                let with = self.rebuilt(|_, cells| cells.push(cells[at].clone()));
                change(
                    "duplicated_column",
                    &column,
                    true,
                    header[0].start..text.len(),
                    with,
                )
            }
        }
    }

    fn rebuilt(&self, rewrite: impl Fn(usize, &mut Vec<String>)) -> String {
        let text = self.base.text;
        let mut out = String::new();
        for (number, row) in self.csv.rows.iter().enumerate() {
            let mut cells: Vec<String> = row.iter().map(|r| text[r.clone()].to_string()).collect();
            rewrite(number, &mut cells);
            out.push_str(&cells.join(","));
            out.push('\n');
        }
        out
    }

    fn rows(&self, c: &mut Choices) -> Option<Change> {
        let text = self.base.text;
        let row = 1 + c.number(self.csv.rows.len() - 1);
        let line = self.csv.line(text, row);
        let cells = &self.csv.rows[row];
        let last = cells[cells.len() - 1].clone();
        // Samples and futures may be drawn twice; a fact is recorded once.
        let unique = self.base.fields != DRAWS;
        match c.number(5) {
            0 => change("lengthened_row", "", true, last.end..last.end, ",surplus"),
            1 if cells.len() > 1 => change("shortened_row", "", true, last.start - 1..last.end, ""),
            2 => change(
                "duplicated_row",
                "",
                unique,
                line.start..line.start,
                &text[line],
            ),
            3 => change("removed_row", "", false, line, ""),
            _ => change(
                "unclosed_quote",
                "",
                true,
                cells[0].start..cells[0].start,
                "\"",
            ),
        }
    }

    fn wrong_cell(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| {
            self.number(p) || self.means(&p.path) == Some(Means::Flag)
        })?;
        let says = &place.says;
        let (mutation, with) = match (self.number(place), c.number(6)) {
            (true, 0) => ("word_for_number", "n/a".to_string()),
            (true, 1) => (
                "decimal_comma",
                format!("\"{},5\"", says.split('.').next()?),
            ),
            (true, 2) => ("unit_in_cell", format!("{says} USD")),
            (true, 3) => ("percent_sign", format!("{says}%")),
            (true, 4) => ("about", format!("~{says}")),
            (true, _) => ("flag_for_number", "true".into()),
            (false, 0) => ("word_for_flag", "maybe".into()),
            (false, _) => ("number_for_flag", "7".into()),
        };
        change(mutation, &place.path, true, place.value.clone(), with)
    }

    fn near_name(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| {
            self.means(&p.path) == Some(Means::Name) && !p.says.is_empty() && !p.says.contains(',')
        })?;
        let new = near_miss(&place.says, self.base.words, c)?;
        change("near_name", &place.path, true, place.value.clone(), new)
    }

    fn out_of_range(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| self.number(p))?;
        let (mutation, with, must) = beyond(self.means(&place.path)?, &place.says, c)?;
        change(mutation, &place.path, must, place.value.clone(), with)
    }

    fn not_a_number(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| self.number(p))?;
        let (mutation, with) = [
            ("nan", "NaN"),
            ("inf", "inf"),
            ("inf", "-inf"),
            ("inf", "1e999"),
        ][c.number(4)];
        change(mutation, &place.path, true, place.value.clone(), with)
    }

    fn impossible_date(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| {
            matches!(
                self.means(&p.path),
                Some(Means::Day | Means::Month | Means::Year)
            ) && !p.says.is_empty()
        })?;
        let (mutation, with) = match self.means(&place.path) {
            Some(Means::Year) => ("year_203", "203".to_string()),
            _ if c.number(4) == 0 => ("month_in_words", "October 2022".into()),
            _ => no_date(place, c)?,
        };
        change(mutation, &place.path, true, place.value.clone(), with)
    }

    fn emptied_cell(&self, c: &mut Choices) -> Option<Change> {
        let place = self.some(c, |p| !p.says.is_empty() && self.means(&p.path).is_some())?;
        let field = find(self.base.fields, &place.path);
        let words = field.is_some_and(|f| f.means == Means::Text);
        let required = field.is_none_or(|f| f.required) && !words;
        change(
            "emptied_cell",
            &place.path,
            required,
            place.value.clone(),
            "",
        )
    }

    fn swapped_pair(&self, c: &mut Choices) -> Option<Change> {
        const PAIRS: &[(&str, &str)] = &[
            ("low", "high"),
            ("first_month", "last_month"),
            ("period_start", "period_end"),
            ("dc_capacity_low_gw", "dc_capacity_high_gw"),
            ("low_percent", "high_percent"),
            ("p05", "p95"),
            ("training_flop_low", "training_flop_high"),
            ("compute_low_latest", "compute_high_latest"),
        ];
        let pairs: Vec<(&Place, &Place)> = self
            .cells
            .iter()
            .enumerate()
            .flat_map(|(at, p)| self.cells[at..].iter().take(30).map(move |q| (p, q)))
            .filter(|(p, q)| {
                p.table == q.table && PAIRS.contains(&(p.path.as_str(), q.path.as_str()))
            })
            .filter(|(p, q)| !p.says.is_empty() && !q.says.is_empty() && p.says != q.says)
            .collect();
        let (p, q) = *c.one(&pairs)?;
        let text = self.base.text;
        let with = format!("{}{}{}", q.says, &text[p.value.end..q.value.start], p.says);
        change(
            "swapped_pair",
            &p.path,
            true,
            p.value.start..q.value.end,
            with,
        )
    }

    /// A value above its own upper bound.
    fn outside_its_bounds(&self, c: &mut Choices) -> Option<Change> {
        const BOUNDS: &[(&str, &str)] = &[
            ("value", "high"),
            ("dc_capacity_gw", "dc_capacity_high_gw"),
            ("supplier_share_percent", "high_percent"),
            ("training_flop", "training_flop_high"),
            ("ai_capacity_gw", "dc_capacity_gw"),
        ];
        let above = |p: &Place| {
            let bound = BOUNDS.iter().find(|(value, _)| *value == p.path)?.1;
            let same = |q: &&Place| q.table == p.table && q.path == bound;
            self.cells.iter().find(same)?.says.parse::<f64>().ok()
        };
        let place = self.some(c, |p| self.number(p) && above(p).is_some())?;
        let high = above(place)?;
        let with = format!("{}", high.abs() * 1.5 + 1.0);
        change(
            "above_its_bound",
            &place.path,
            true,
            place.value.clone(),
            with,
        )
    }
}
