//! Fields of a study that the command line replaces.
//!
//! The rest of the text stays unchanged, so that errors point to the file or to the setting that caused them.

use toml_edit::{DocumentMut, Item, Value};

use super::diagnostics::{Diagnostic, Problems, read_toml};
use super::source::Source;

/// A study's text with some of its fields written over.
#[derive(Clone, Debug)]
pub struct OverriddenStudy {
    /// As it is read.
    pub source: Source,
    original: Source,
    edits: Vec<TextEdit>,
}

/// One change of the text, in bytes of what it was before and of what it is after.
#[derive(Clone, Debug)]
struct TextEdit {
    start: usize,
    before: usize,
    after: usize,
    /// The setting that made it.
    said: String,
}

impl OverriddenStudy {
    /// Writes fields over: `window_months`, `futures.design`. A word that is no value of TOML is text.
    ///
    /// # Errors
    /// When the file is no TOML, or a path leads through what is no table.
    pub fn of(source: &Source, fields: &[(String, String)]) -> Result<Self, Problems> {
        let mut all = Self {
            source: source.clone(),
            original: source.clone(),
            edits: Vec::new(),
        };
        if fields.is_empty() {
            return Ok(all);
        }
        // Said with its place where it is no TOML.
        let _: toml::Table = read_toml(source)?;
        for (path, text) in fields {
            all.write(path, text)?;
        }
        Ok(all)
    }

    fn write(&mut self, path: &str, text: &str) -> Result<(), Problems> {
        let said = format!("study.{path}={text}");
        let setting = Source {
            name: "--set".into(),
            text: said.clone(),
        };
        let wrong =
            |message: String| Problems::from(Diagnostic::at(&setting, 0..said.len(), message));
        let old = &self.source.text;
        let mut document: DocumentMut = old.parse().map_err(|e| wrong(format!("{e}")))?;
        let mut value: Value = text.parse().unwrap_or_else(|_| text.into());
        let mut parts: Vec<&str> = path.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        if last.is_empty() || parts.iter().any(|part| part.is_empty()) {
            return Err(wrong("found no name of a field".into()));
        }
        let mut at = document.as_table_mut() as &mut dyn toml_edit::TableLike;
        for part in parts {
            let next = at.entry(part).or_insert_with(toml_edit::table);
            at = next
                .as_table_like_mut()
                .ok_or_else(|| wrong(format!("`{part}` holds no fields to set")))?;
        }
        match at.get_mut(last) {
            Some(Item::Value(old)) => {
                *value.decor_mut() = old.decor().clone();
                *old = value;
            }
            Some(other) => *other = Item::Value(value),
            None => {
                at.insert(last, Item::Value(value));
            }
        }
        // The headline is one of the arms that were.
        if matches!(path, "arms" | "baseline") {
            document.remove("headline");
        }
        let new = document.to_string();
        let (start, before, after) = difference(old, &new);
        if before + after > 0 {
            self.edits.push(TextEdit {
                start,
                before,
                after,
                said,
            });
        }
        self.source.text = new;
        Ok(())
    }

    /// What is wrong with the text as it is read, said of the setting that wrote it or of the file as it is.
    #[must_use]
    pub fn place(&self, problems: Problems) -> Problems {
        let moved = |d: Diagnostic| {
            if d.file != self.source.name || self.edits.is_empty() {
                return d;
            }
            let mut at = d.offset;
            for edit in self.edits.iter().rev() {
                if at >= edit.start + edit.after {
                    at = at - edit.after + edit.before;
                } else if at >= edit.start {
                    let setting = Source {
                        name: "--set".into(),
                        text: edit.said.clone(),
                    };
                    return Diagnostic::at(&setting, 0..edit.said.len(), d.message).help(d.help);
                }
            }
            let length = d.length();
            Diagnostic::at(&self.original, at..at + length, d.message).help(d.help)
        };
        Problems(problems.0.into_iter().map(moved).collect())
    }
}

/// Bytes of the lines with which two texts begin, or end, alike.
fn alike<'a>(one: impl Iterator<Item = &'a str>, other: impl Iterator<Item = &'a str>) -> usize {
    let same = one.zip(other).take_while(|(a, b)| a == b);
    same.map(|(line, _)| line.len()).sum()
}

/// Where two texts differ, in whole lines: from which byte, and how many bytes of each.
fn difference(old: &str, new: &str) -> (usize, usize, usize) {
    if old == new {
        return (0, 0, 0);
    }
    let start = alike(old.split_inclusive('\n'), new.split_inclusive('\n'));
    let (rest, newer) = (&old[start..], &new[start..]);
    let end = alike(
        rest.split_inclusive('\n').rev(),
        newer.split_inclusive('\n').rev(),
    );
    (start, rest.len() - end, newer.len() - end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_file_and_of_the_setting() {
        let source = Source {
            name: "s.toml".into(),
            text: "name = \"a\" # as it is\n\n[futures]\nstress = 1\n".into(),
        };
        let fields = [
            ("runs".to_string(), "5".to_string()),
            ("name".to_string(), "b c".to_string()),
            ("futures.design".to_string(), "sobol".to_string()),
        ];
        let edited = OverriddenStudy::of(&source, &fields).unwrap();
        let text = &edited.source.text;
        assert_eq!(
            text,
            "name = \"b c\" # as it is\nruns = 5\n\n[futures]\nstress = 1\ndesign = \"sobol\"\n"
        );
        let placed = |word: &str| {
            let wrong = Diagnostic::at_text(&edited.source, 0, word, "wrong");
            let d = edited.place(wrong.into()).0.remove(0);
            format!("{}:{}:{}", d.file, d.line, d.column)
        };
        assert_eq!(placed("stress"), "s.toml:4:1");
        assert_eq!(placed("[futures"), "s.toml:3:1");
        for word in ["runs", "b c", "design"] {
            assert_eq!(placed(word), "--set:1:1", "{word}");
        }
        let nowhere = [("name.first".to_string(), "1".to_string())];
        let said = OverriddenStudy::of(&source, &nowhere)
            .unwrap_err()
            .to_string();
        assert!(said.contains("`name` holds no fields to set"), "{said}");
    }
}
