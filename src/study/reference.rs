//! Reference tables in Markdown for parameters, channels, events, measures, outcomes, series and splits of the
//! evidence.

use std::collections::BTreeMap;

use super::Library;
use crate::config::diagnostics::Problems;
use crate::config::evidence::{Evidence, EvidenceClass};
use crate::config::parameters::describe_units;
use crate::config::splits;
use crate::events::EventKind;
use crate::foundation::channels::Channel;
use crate::outputs::measures::MEASURES;
use crate::outputs::outcomes::OUTCOMES;

/// Marks of the generated part of a document.
pub const BEGIN: &str = "<!-- generated: chokepoint reference -->";
pub const END: &str = "<!-- end of generated part -->";

/// The document with its generated part replaced; none where the marks are missing.
pub fn replaced(document: &str, text: &str) -> Option<String> {
    replaced_after(document, BEGIN, text)
}

/// The document with what stands between this mark and [`END`] replaced; none where the marks are missing.
pub fn replaced_after(document: &str, begin: &str, text: &str) -> Option<String> {
    let from = document.find(begin)? + begin.len();
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
    out.push_str(&format!("\n{}\n", describe_units()));
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
    let measures = MEASURES.iter().map(|m| (m.name, m.words, m.unit));
    push_quantities(&mut out, "Monthly measures", measures);
    let outcomes = OUTCOMES.iter().map(|o| (o.name, o.words, o.unit));
    push_quantities(&mut out, "Outcomes, one number a run", outcomes);
    out
}

/// A table of names with their meanings and units.
fn push_quantities<'a>(
    out: &mut String,
    title: &str,
    list: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
) {
    out.push_str(&format!(
        "\n### {title}\n\n| name | what it is | unit |\n|---|---|---|\n"
    ));
    for (name, words, unit) in list {
        out.push_str(&format!("| `{name}` | {words} | {unit} |\n"));
    }
}

/// The series of the evidence with what answers them, and the splits.
///
/// # Errors
/// When the evidence cannot be read.
pub fn evidence_markdown(library: &Library) -> Result<String, Problems> {
    let evidence = Evidence::read(&library.configs)?;
    let mut answered: BTreeMap<(String, usize), (Vec<EvidenceClass>, usize)> = BTreeMap::new();
    let mut silent: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in &evidence.rows {
        match &row.link {
            Ok(link) => {
                let entry = answered.entry((row.series.clone(), *link)).or_default();
                entry.0.push(row.class);
                entry.1 += 1;
            }
            Err(reason) => {
                *silent
                    .entry((row.series.clone(), reason.clone()))
                    .or_default() += 1;
            }
        }
    }
    let mut out = String::from(
        "\n### Series that a measure answers\n\n| series | entity | classes | rows | measure | how | scale | note |\n|---|---|---|---|---|---|---|---|\n",
    );
    for ((series, link), (mut classes, rows)) in answered {
        let link = &evidence.links[link];
        classes.sort_unstable();
        classes.dedup();
        let classes: Vec<String> = classes.iter().map(|c| format!("{c:?}")).collect();
        let over = if link.over.is_empty() {
            String::new()
        } else {
            format!(" over {}", link.over.join(", "))
        };
        out.push_str(&format!(
            "| `{series}` | {} | {} | {rows} | `{}` of {}{over} | {:?} | {:?} | {} |\n",
            link.entity,
            classes.join(", "),
            link.measure.get_ref(),
            link.entities.join(", "),
            link.how,
            link.scale,
            link.weak
                .as_ref()
                .map_or(String::new(), |w| format!("weak: {w}")),
        ));
    }
    out.push_str("\n### Series that none answers\n\n| series | rows | why |\n|---|---|---|\n");
    for ((series, reason), rows) in silent {
        out.push_str(&format!("| `{series}` | {rows} | {reason} |\n"));
    }
    out.push_str("\n### Splits\n\n| split | what |\n|---|---|\n");
    for split in splits::read(&library.configs)?.split {
        out.push_str(&format!("| {} | {} |\n", split.name, split.words));
    }
    Ok(out)
}
