//! Errors in configuration, with file, line, column, what was found, what was expected and the nearest right name.

use std::collections::BTreeMap;
use std::ops::Range;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError,
    MietteSpanContents, Report, SourceCode, SourceSpan, SpanContents,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file's name and text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// One error in one file. Lines and columns count from 1.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Diagnostic {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub help: String,
    /// Bytes of the file before it.
    #[serde(skip)]
    pub offset: usize,
    #[serde(skip)]
    excerpt: Excerpt,
}

/// Text before and after a place that is drawn with an error, bytes.
const AROUND_BYTES: usize = 400;
/// Errors of one file that are drawn.
const DRAWN: usize = 50;

/// The lines around a place. An error keeps these and not the file, so that many errors of a large file stay small.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Excerpt {
    file: String,
    text: String,
    /// Lines of the file before the text.
    lines_before: usize,
    /// Characters of the first line before the text.
    columns_before: usize,
    offset: usize,
    length: usize,
}

impl Excerpt {
    /// The line of a place with its neighbours; long lines are cut. `line` counts from 0.
    fn of(source: &Source, offset: usize, length: usize, line: usize) -> Self {
        let text = &source.text;
        let offset = floor_char(text, offset);
        let start_of_line = |at: usize| text[..at].rfind('\n').map_or(0, |end| end + 1);
        let end_of_line = |at: usize| text[at..].find('\n').map_or(text.len(), |end| at + end);
        let this = start_of_line(offset);
        let cut = floor_char(text, offset.saturating_sub(AROUND_BYTES));
        let start = start_of_line(this.saturating_sub(1)).max(cut);
        let length = length.clamp(1, AROUND_BYTES);
        let next = (end_of_line(offset) + 1).min(text.len());
        let end = end_of_line(floor_char(text, next));
        let end = end.min(floor_char(
            text,
            (offset + length + AROUND_BYTES).min(text.len()),
        ));
        Self {
            file: source.name.clone(),
            lines_before: line - newlines(&text[start..offset]),
            columns_before: text[start_of_line(start)..start].chars().count(),
            offset: offset - start,
            length,
            text: text[start..end].to_string(),
        }
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, lines_before, lines_after)?;
        let column = match found.line() {
            0 => found.column() + self.columns_before,
            _ => found.column(),
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.file.clone(),
            found.data(),
            *found.span(),
            found.line() + self.lines_before,
            column,
            found.line_count(),
        )))
    }
}

/// Ends of lines in a text.
fn newlines(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}

impl Diagnostic {
    /// An error at a byte range of a file.
    pub fn at(source: &Source, range: std::ops::Range<usize>, message: impl Into<String>) -> Self {
        let offset = floor_char(&source.text, range.start.min(source.text.len()));
        let before = &source.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = newlines(before);
        let length = range.end.saturating_sub(range.start);
        Self {
            file: source.name.clone(),
            line: line + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
            help: String::new(),
            offset,
            excerpt: Excerpt::of(source, offset, length, line),
        }
    }

    /// An error where a text first occurs after `from`, or at `from` if it does not.
    pub fn at_text(source: &Source, from: usize, text: &str, message: impl Into<String>) -> Self {
        let start = source.text[floor_char(&source.text, from.min(source.text.len()))..]
            .find(text)
            .map_or(from, |at| from + at);
        Self::at(source, start..start + text.len(), message)
    }

    /// An error at the name of a field that is given a value, comments aside, or at the beginning where none is.
    pub fn at_field(source: &Source, field: &str, message: impl Into<String>) -> Self {
        let named = |at: &usize| {
            let line = source.text[..*at].rfind('\n').map_or(0, |end| end + 1);
            let before = &source.text[line..*at];
            let after = source.text[at + field.len()..].trim_start_matches(' ');
            let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            after.starts_with('=') && !before.contains('#') && !before.ends_with(inside)
        };
        let places = source.text.match_indices(field).map(|(at, _)| at);
        let start = places.into_iter().find(named).unwrap_or(0);
        Self::at(source, start..start + field.len(), message)
    }

    /// An error at a field of the entry with this number under a heading that stands once for each, or at the heading.
    pub fn at_entry(
        source: &Source,
        heading: &str,
        number: usize,
        field: &str,
        message: impl Into<String>,
    ) -> Self {
        let headings = source.text.match_indices(heading).map(|(at, _)| at);
        let mut headings = headings.filter(|at| *at == 0 || source.text[..*at].ends_with('\n'));
        let start = headings.nth(number).unwrap_or(0);
        let rest = &source.text[start..];
        let end = rest.find("\n[").map_or(rest.len(), |at| at + 1);
        let place = rest[..end]
            .match_indices(field)
            .map(|(at, _)| at)
            .find(|at| rest[..*at].ends_with('\n'))
            .map_or(start, |at| start + at);
        Self::at(source, place..place + field.len(), message)
    }

    /// The same error in a file by the name that its reader knows.
    pub fn rename(&mut self, file: &str) {
        self.file = file.to_string();
        self.excerpt.file = file.to_string();
    }

    /// An error at a field that is given this number, among all fields of that name.
    pub fn at_number(
        source: &Source,
        field: &str,
        number: f64,
        message: impl Into<String>,
    ) -> Self {
        let given = |after: &str| {
            let value = after.trim_start_matches(' ').strip_prefix('=')?;
            let end = value.find(['\n', '}', '#']).unwrap_or(value.len());
            let words = value[..end].split([',', '[', ']', ' ']);
            let same = |n: f64| n == number || n.is_nan() && number.is_nan();
            let word = |w: &str| w.replace('_', "").parse().is_ok_and(same);
            words.into_iter().any(word).then_some(())
        };
        let mut places = source.text.match_indices(field).map(|(at, _)| at);
        match places.find(|at| given(&source.text[at + field.len()..]).is_some()) {
            Some(at) => Self::at(source, at..at + field.len(), message),
            None => Self::at_field(source, field, message),
        }
    }

    /// Bytes that are marked.
    pub(super) fn length(&self) -> usize {
        self.excerpt.length
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Adds "did you mean" when a candidate is near.
    #[must_use]
    pub fn nearest(self, found: &str, candidates: &[&str]) -> Self {
        match nearest(found, candidates) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Drawn with the line it speaks of.
    pub fn render(&self) -> String {
        let mut drawn = MietteDiagnostic::new(format!(
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        ))
        .with_label(LabeledSpan::at(
            self.excerpt.offset..self.excerpt.offset + self.excerpt.length,
            "here",
        ));
        if !self.help.is_empty() {
            drawn = drawn.with_help(self.help.clone());
        }
        let report = Report::new(drawn).with_source_code(self.excerpt.clone());
        let mut out = String::new();
        let handler =
            GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
        if handler.render_report(&mut out, report.as_ref()).is_err() {
            out = format!(
                "{}:{}:{}: {} {}\n",
                self.file, self.line, self.column, self.message, self.help
            );
        }
        out
    }
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// All errors found in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Diagnostic>);

impl Problems {
    pub fn check(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<Diagnostic> for Problems {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

impl std::fmt::Display for Problems {
    /// Every error of a file up to a number, then how many more there are.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut files: BTreeMap<&str, usize> = BTreeMap::new();
        for d in &self.0 {
            let count = files.entry(&d.file).or_default();
            *count += 1;
            if *count <= DRAWN {
                f.write_str(&d.render())?;
            }
        }
        files
            .iter()
            .filter(|(_, count)| **count > DRAWN)
            .try_for_each(|(file, count)| writeln!(f, "{file}: and {} more errors", count - DRAWN))
    }
}

impl std::error::Error for Problems {}

/// The candidate nearest to what was written, if any is near: the shortest that begins with it, or else holds it, or else the
/// one with the fewest letters to change. Case and the signs between words do not count in the first two.
pub fn nearest<'a>(found: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let letters = |text: &str| -> String {
        let small = text.to_lowercase();
        small.chars().filter(|c| !"_-. ".contains(*c)).collect()
    };
    let plain = letters(found);
    let shortest = |least: usize, holds: fn(&str, &str) -> bool| {
        candidates
            .iter()
            .filter(|c| plain.len() >= least && holds(&letters(c), &plain))
            .min_by_key(|c| c.len())
            .copied()
    };
    let found = found.to_lowercase();
    let fewest = || {
        candidates
            .iter()
            .map(|c| (strsim::damerau_levenshtein(&found, &c.to_lowercase()), *c))
            .filter(|(distance, c)| *distance <= (c.len() / 3).max(2))
            .min()
            .map(|(_, c)| c)
    };
    shortest(2, |c, found| c.starts_with(found))
        .or_else(|| shortest(4, |c, found| c.contains(found)))
        .or_else(fewest)
}

/// Reads a TOML file into a type.
///
/// # Errors
/// With the place of the first thing that is not as the type says.
pub fn read_toml<T: DeserializeOwned>(source: &Source) -> Result<T, Problems> {
    toml::from_str(&source.text).map_err(|e| toml_problem(source, &e))
}

/// The path of the smallest value of a TOML text that a place lies in, such as `arms[1].add`; empty for the whole text and
/// for a text that is no TOML.
fn path_of(text: &str, place: &Range<usize>) -> String {
    let Ok(table) = DeTable::parse(text) else {
        return String::new();
    };
    let mut smallest = (usize::MAX, String::new());
    let whole = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    let mut open = vec![(String::new(), whole)];
    while let Some((path, value)) = open.pop() {
        let span = value.span();
        if span.start <= place.start && place.end <= span.end && span.len() <= smallest.0 {
            smallest = (span.len(), path.clone());
        }
        match value.into_inner() {
            DeValue::Table(table) => {
                let below = |name: &str| match &path[..] {
                    "" => name.to_string(),
                    path => format!("{path}.{name}"),
                };
                open.extend(
                    table
                        .into_iter()
                        .map(|(name, v)| (below(name.get_ref()), v)),
                );
            }
            DeValue::Array(all) => {
                let at = |(at, v)| (format!("{path}[{at}]"), v);
                open.extend(all.into_iter().enumerate().map(at));
            }
            _ => {}
        }
    }
    smallest.1
}

fn toml_problem(source: &Source, error: &toml::de::Error) -> Problems {
    let range = error.span().unwrap_or(0..1);
    let path = path_of(&source.text, &range);
    // The parser's words are those of a programming language.
    let mut plain = error
        .message()
        .replacen("unknown variant", "unknown value", 1);
    for (types, words) in [
        (&["f64"][..], "a number"),
        (
            &["u8", "u16", "u32", "u64", "usize", "i32", "i64"],
            "a whole number",
        ),
    ] {
        for kind in types {
            let (found, expected) = (format!("expected {kind}"), format!("expected {words}"));
            if plain.ends_with(&found) {
                plain = plain.replace(&found, &expected);
            }
        }
    }
    let mut message = plain.clone();
    if !path.is_empty() {
        message = format!("{message} (in `{path}`)");
    }
    let found = plain.split('`').nth(1).unwrap_or("").to_string();
    let expected: Vec<&str> = match plain.split_once("expected") {
        Some((_, list)) => list.split('`').skip(1).step_by(2).collect(),
        None => Vec::new(),
    };
    if plain.starts_with("unknown field")
        && let Some(renamed) = renamed_key(&found)
    {
        return Diagnostic::at(source, range, renamed).into();
    }
    // Only where names are expected is one of them near what was found.
    let name = nearest(&found, &expected).filter(|_| plain.starts_with("unknown"));
    let meant = name
        .map(String::from)
        .or_else(|| value_as_toml_writes_it(&source.text, range.start));
    let near = meant.map(|meant| format!("did you mean `{meant}`?"));
    let diagnostic = Diagnostic::at(source, range, message.clone());
    Problems(vec![diagnostic.help(near.unwrap_or_default())])
}

/// What a number with a comma, or a day written as day.month.year, is meant to be in TOML, on the line of an error.
fn value_as_toml_writes_it(text: &str, at: usize) -> Option<String> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next()?;
    let (_, value) = line.split_once('=')?;
    // The commas of a list part its values.
    if value.contains('[') {
        return None;
    }
    let words = value.split(|c: char| c.is_whitespace() || "{}=#\"".contains(c));
    words
        .map(|word| word.trim_end_matches(','))
        .find_map(|word| {
            let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            let parts: Vec<&str> = word.split(['.', ',']).collect();
            if !parts.iter().all(digits) {
                return None;
            }
            match &parts[..] {
                [day, month, year] if year.len() == 4 && day.len() < 3 && month.len() < 3 => {
                    Some(format!("{year}-{month:0>2}-{day:0>2}"))
                }
                [first, rest @ ..] if word.contains(',') && !word.contains('.') => {
                    let thousands =
                        first.len() < 4 && *first != "0" && rest.iter().all(|p| p.len() == 3);
                    match (thousands, rest) {
                        (true, _) => Some(parts.concat()),
                        (false, [decimals]) => Some(format!("{first}.{decimals}")),
                        _ => None,
                    }
                }
                _ => None,
            }
        })
}

/// Old keys of configuration files and their new names.
const RENAMED_KEYS: [(&str, &str); 2] = [("words", "description"), ("announced_by", "as_of")];

/// The error for an old key: it names the new one.
pub(super) fn renamed_key(key: &str) -> Option<String> {
    let (old, new) = RENAMED_KEYS.iter().find(|(old, _)| *old == key)?;
    Some(format!("`{old}` is now `{new}`"))
}

/// Errors of one table that are reported; a table of another kind has one in every cell.
pub const MOST_ERRORS: usize = 100;

/// Words that a list holds more than once.
pub(super) fn repeated(list: &[String]) -> impl Iterator<Item = &String> {
    let twice = |(at, word): &(usize, &String)| list[..*at].contains(word);
    list.iter().enumerate().filter(twice).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        #[allow(dead_code)]
        tpp: u32,
    }

    #[derive(Debug, Deserialize)]
    struct Lines {
        #[allow(dead_code)]
        lines: Vec<Line>,
    }

    #[test]
    fn the_nearest_name_begins_with_what_was_written_or_holds_it_or_is_nearly_it() {
        let chips = ["B200", "H200 SXM", "H200 NVL2"];
        assert_eq!(nearest("h200", &chips), Some("H200 SXM"));
        assert_eq!(nearest("US", &["AUS", "USA"]), Some("USA"));
        assert_eq!(
            nearest("halving", &["yield_halving_time"]),
            Some("yield_halving_time")
        );
        assert_eq!(nearest("tppp", &["tops", "tpp"]), Some("tpp"));
        assert_eq!(nearest("memory", &["tpp"]), None);
    }

    #[test]
    fn an_error_names_the_path_of_the_value() {
        let said = |text: &str| {
            let source = Source {
                name: "lines.toml".into(),
                text: text.into(),
            };
            let problems = read_toml::<Lines>(&source).expect_err("refused");
            problems.0[0].message.clone()
        };
        for (text, path) in [
            (
                "lines = [{ tpp = 1 }, { tpp = \"x\" }]",
                "(in `lines[1].tpp`)",
            ),
            (
                "[[lines]]\ntpp = 1\n[[lines]]\ntpp = 1.5",
                "(in `lines[1].tpp`)",
            ),
            ("[[lines]]\ntpp = 1\n[[lines]]\n", "(in `lines[1]`)"),
        ] {
            assert!(said(text).ends_with(path), "{}", said(text));
        }
        assert!(!said("line = 1").contains("(in "), "{}", said("line = 1"));
    }

    #[test]
    fn a_comma_in_a_number_and_a_day_with_points_are_told_as_toml_writes_them() {
        let help = |text: &str| {
            let source = Source {
                name: "lines.toml".into(),
                text: text.into(),
            };
            let problems = read_toml::<Lines>(&source).expect_err("refused");
            problems.0[0].help.clone()
        };
        for (text, meant) in [
            ("lines = 1\nshare = 0,3", "`0.3`"),
            ("numbers = { share = 0,3 }", "`0.3`"),
            ("numbers = { cap = 50,000 }", "`50000`"),
            ("cap = 1,250,000", "`1250000`"),
            ("effective = 01.03.2026", "`2026-03-01`"),
        ] {
            assert!(help(text).contains(meant), "{text}: {}", help(text));
        }
        for text in ["lines = [1,2] x", "share = 3.", "cap = 1,25,0"] {
            assert_eq!(help(text), "", "{text}");
        }
    }
}
