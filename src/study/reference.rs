//! Reference tables in Markdown: parameters, channels, events, measures, outcomes.

use super::Library;
use crate::events::EventKind;
use crate::foundation::channels::Channel;
use crate::measures::{MEASURES, OUTCOMES};

/// Marks of the generated part of a document.
pub const BEGIN: &str = "<!-- generated: chokepoint reference -->";
pub const END: &str = "<!-- end of generated part -->";

/// The document with its generated part replaced; none where the marks are missing.
pub fn replaced(document: &str, text: &str) -> Option<String> {
    let from = document.find(BEGIN)? + BEGIN.len();
    let to = from + document[from..].find(END)?;
    Some(format!("{}\n{text}{}", &document[..from], &document[to..]))
}

/// The tables.
pub fn markdown(library: &Library) -> String {
    let mut out = String::from(
        "\n### Parameters\n\n| name | what it is | unit | value | distribution | grade |\n|---|---|---|---|---|---|\n",
    );
    for p in &library.parameters.0 {
        let prior = p.prior.as_ref().and_then(|d| serde_json::to_string(d).ok());
        let prior = prior.map_or("fixed".to_string(), |d| {
            d.replace(['{', '}', '"'], "")
                .replace(',', ", ")
                .replace(':', " ")
        });
        out.push_str(&format!(
            "| `{}` | {} | {} | {} | {prior} | {:?} |\n",
            p.id, p.words, p.unit, p.value, p.grade
        ));
    }
    out.push_str("\n### Channels\n\n| channel | group | when off |\n|---|---|---|\n");
    for c in Channel::ALL {
        out.push_str(&format!(
            "| `{}` | {} | {} |\n",
            c.name(),
            c.group(),
            c.off()
        ));
    }
    out.push_str("\n### Events\n\n| event | what happened |\n|---|---|\n");
    for e in EventKind::ALL {
        out.push_str(&format!("| `{}` | {} |\n", e.name(), e.words()));
    }
    for (title, list) in [
        ("Monthly measures", MEASURES),
        ("Outcomes, one number a run", OUTCOMES),
    ] {
        out.push_str(&format!(
            "\n### {title}\n\n| name | what it is | unit |\n|---|---|---|\n"
        ));
        for m in list {
            out.push_str(&format!("| `{}` | {} | {} |\n", m.name, m.words, m.unit));
        }
    }
    out
}
