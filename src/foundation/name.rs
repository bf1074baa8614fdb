//! Validated names of studies, figures, arms, rules, regimes and splits.
//!
//! Names become names of files, words of commands and cells of tables. They are checked at every input: in files, on the command
//! line, and in a manifest that is read back.

use std::fmt;
use std::ops::Deref;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Maximum length of a name in bytes; suffixes and prefixes must fit into the 255 bytes that file systems allow.
const LONGEST: usize = 100;
/// Permitted characters of a name besides letters, digits and the underscore.
const MARKS: &str = " -.,+()=%";
/// What a name may be, in words.
const EXPECTED: &str = "a name of letters, digits, spaces and `_-.,+()=%` that begins with a letter, a digit or `_` and does not \
                        end with a space or a dot";
/// The same as a regular expression for editors; letters beyond ASCII are not distinguished there.
const PATTERN: &str = "^[^\\u0000-\\u002f\\u003a-\\u0040\\u005b-\\u005e\\u0060\\u007b-\\u00bf]\
                       ([^\\u0000-\\u001f\\u0021-\\u0024\\u0026\\u0027\\u002a\\u002f\\u003a-\\u003c\\u003e-\\u0040\\u005b-\\u005e\\u0060\\u007b-\\u00bf]*\
                       [^\\u0000-\\u0024\\u0026\\u0027\\u002a\\u002e\\u002f\\u003a-\\u003c\\u003e-\\u0040\\u005b-\\u005e\\u0060\\u007b-\\u00bf])?$";

/// A name without path separators or characters that a shell or a page would interpret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// # Errors
    /// When the text is no name, with what was found and what was expected.
    pub fn new(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        let found = format!("found `{}`", text.escape_debug());
        if text.len() > LONGEST {
            return Err(format!(
                "found a name of {} bytes, expected {LONGEST} at most",
                text.len()
            ));
        }
        let inside = |c: char| c.is_alphanumeric() || c == '_' || MARKS.contains(c);
        let first = |c: char| c.is_alphanumeric() || c == '_';
        let good =
            text.starts_with(first) && text.chars().all(inside) && !text.ends_with([' ', '.']);
        if !good {
            return Err(format!("{found}, expected {EXPECTED}"));
        }
        let stem = text.split('.').next().unwrap_or_default().trim_end();
        if reserved(stem) {
            return Err(format!(
                "{found}, expected a name other than `{stem}`, which some systems keep for a device"
            ));
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether it is a device name, which Windows reserves with any file extension.
fn reserved(stem: &str) -> bool {
    let stem = stem.to_ascii_uppercase();
    let numbered = |start: &str| {
        let rest = stem.strip_prefix(start);
        rest.is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
    };
    ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

impl Default for Name {
    fn default() -> Self {
        Self("unnamed".into())
    }
}

impl Deref for Name {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<String> for Name {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl PartialEq<Name> for String {
    fn eq(&self, other: &Name) -> bool {
        *self == other.0
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Name {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Name".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": PATTERN })
    }
}

/// Deserialises a name as plain text, for tables that hold it beside other texts.
///
/// # Errors
/// As [`Name::new`].
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Name::deserialize(deserializer).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place() {
        let long = "x".repeat(LONGEST + 1);
        let wrong = [
            "",
            ".",
            "..",
            "../x",
            "/abs",
            "a/b",
            "a\\b",
            "a\0b",
            "a\nb",
            "a\tb",
            "-rf",
            ".hidden",
            " x",
            "x ",
            "x.",
            "a;b",
            "a\"b",
            "a<b",
            "a'b",
            "a`b",
            "$HOME",
            "a|b",
            "a*",
            "a?",
            "C:",
            "~",
            "a\u{202e}b",
            "\u{1b}[2J",
            "NUL",
            "con.toml",
            "lpt1",
            long.as_str(),
        ];
        for text in wrong {
            assert!(Name::new(text).is_err(), "{text:?}");
        }
        let right = [
            "did-controls-work",
            "C-2022-10",
            "central shared, fast at home",
            "b30a",
            "_x",
            "Été 2022",
            "中国",
            "100 %",
            "common",
            "a=b+c (d)",
        ];
        for text in right {
            assert_eq!(Name::new(text).unwrap(), *text);
        }
    }
}
