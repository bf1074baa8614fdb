//! Blocks, plans and results folders: a changed byte is refused, or the answer has the same bytes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Attempt;
use super::change::Choices;
use super::program::{Answer, Said, ask};

/// A short study of two futures.
const SHORT: &[&str] = &[
    "did-controls-work",
    "--runs",
    "2",
    "--set",
    "study.last_month=2022-12",
    "--set",
    "study.window_months=6",
];

/// A plan with its block, what they merge to, and results, made once.
fn made() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let good = |args: &[&str]| {
            let said = ask(&folder, args, "");
            assert!(said.answer == Answer::Accepted, "{args:?}: {}", said.words);
        };
        let with = |first: &str, more: &[&str]| {
            let mut all = vec![first];
            all.extend(SHORT);
            all.extend(more);
            good(&all);
        };
        with("plan", &["--blocks", "1", "--out", "plan"]);
        good(&["block", "plan", "0"]);
        good(&["merge", "plan", "--out", "merged", "--no-report"]);
        with("run", &["--out", "results"]);
        folder
    })
}

/// Every file of a folder but the timing.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|e| e.path())
        .filter(|p| p.is_file() && p.file_name().unwrap() != "timing.json")
        .map(|p| (p.file_name().unwrap().into(), std::fs::read(p).unwrap()))
        .collect()
}

/// Changes a file byte by byte.
fn damaged(old: &[u8], c: &mut Choices) -> (&'static str, Vec<u8>, usize) {
    let mut new = old.to_vec();
    let at = c.number(old.len());
    let name = match c.number(9) {
        0 => {
            new.truncate(at);
            "cut"
        }
        1 => {
            new.clear();
            "emptied"
        }
        2 => {
            let to = (at + 512).min(new.len());
            new[at..to].fill(0);
            "zeroed_sector"
        }
        3 => {
            new.insert(at, b'0');
            "byte_more"
        }
        4 => {
            new.remove(at);
            "byte_less"
        }
        5 => {
            new.extend_from_slice(&old[at..]);
            "tail_twice"
        }
        _ => {
            new[at] ^= 1 << c.number(8);
            "flipped_bit"
        }
    };
    (name, new, at)
}

fn attempted(
    name: &str,
    field: &str,
    at: usize,
    must: bool,
    mut said: Said,
    file: &str,
) -> Attempt {
    // These are no texts: their place is the file.
    if let Answer::Refused { placed, .. } = &mut said.answer {
        *placed = said.words.contains(file);
    }
    Attempt {
        mutation: name.into(),
        field: field.into(),
        must,
        same: false,
        difference: format!("{field} at byte {at}"),
        said,
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for (name, content) in bytes(from) {
        std::fs::write(to.join(name), content).unwrap();
    }
}

/// A block that is not as it was written, and its merge.
pub fn block(c: &mut Choices, folder: &Path) -> Attempt {
    let plan = folder.join("plan");
    copy(&made().join("plan"), &plan);
    copy(&made().join("plan/blocks"), &plan.join("blocks"));
    let file = plan.join("blocks/block-0000.runs");
    let old = std::fs::read(&file).unwrap();
    let (name, new, at) = if c.number(4) == 0 {
        crafted(&old, c)
    } else {
        damaged(&old, c)
    };
    std::fs::write(&file, &new).unwrap();
    let said = ask(
        folder,
        &["merge", "plan", "--out", "merged", "--no-report"],
        "",
    );
    let same = bytes(&folder.join("merged")) == bytes(&made().join("merged"));
    // Nothing tells a block that was made up with a checksum of its own from one that was run.
    let must = !(same || name == "crafted_tail");
    attempted(name, "block-0000.runs", at, must, said, "block-0000.runs")
}

/// A block whose tail was written anew, with a checksum that fits.
fn crafted(old: &[u8], c: &mut Choices) -> (&'static str, Vec<u8>, usize) {
    let end = old.len() - 24;
    let at = u64::from_le_bytes(old[end..end + 8].try_into().unwrap()) as usize;
    let mut tail: serde_json::Value = serde_json::from_slice(&old[at..end]).unwrap();
    let fields = [
        "first", "count", "arms", "numbers", "columns", "months", "starts", "told",
    ];
    let field = fields[c.number(fields.len())];
    let number = [0, 1, 33, u64::from(u32::MAX), u64::MAX][c.number(5)];
    tail[field] = match field {
        "starts" if c.number(2) == 0 => serde_json::json!([]),
        "starts" => serde_json::json!(vec![number; tail["starts"].as_array().unwrap().len()]),
        "told" => serde_json::json!([{ "arm": number, "run": number }]),
        _ => serde_json::json!(number),
    };
    let mut new = old[..at].to_vec();
    new.extend(serde_json::to_vec(&tail).unwrap());
    new.extend((at as u64).to_le_bytes());
    let sum = u64::from(crc32fast::hash(&new));
    new.extend(sum.to_le_bytes());
    new.extend(&old[old.len() - 8..]);
    ("crafted_tail", new, at)
}

/// A plan that is not as it was made; what it makes, if anything, has the same bytes.
pub fn plan(c: &mut Choices, folder: &Path) -> Attempt {
    let plan = folder.join("plan");
    copy(&made().join("plan"), &plan);
    let file = plan.join("plan.json");
    let old = std::fs::read(&file).unwrap();
    let (name, field, new, at) = if c.number(2) == 0 {
        rewritten(&old, c)
    } else {
        let (name, new, at) = damaged(&old, c);
        (name, "plan.json".to_string(), new, at)
    };
    std::fs::write(&file, &new).unwrap();
    let mut said = ask(folder, &["block", "plan", "0"], "");
    let mut same = false;
    if said.answer == Answer::Accepted {
        said = ask(
            folder,
            &["merge", "plan", "--out", "merged", "--no-report"],
            "",
        );
        same = bytes(&plan.join("blocks")) == bytes(&made().join("plan/blocks"))
            && bytes(&folder.join("merged")) == bytes(&made().join("merged"));
    }
    // A key that nothing reads is refused as well.
    attempted(
        name,
        &field,
        at,
        !same || name == "unknown_key",
        said,
        "plan.json",
    )
}

/// A plan with one field of another value.
fn rewritten(old: &[u8], c: &mut Choices) -> (&'static str, String, Vec<u8>, usize) {
    let mut plan: serde_json::Value = serde_json::from_slice(old).unwrap();
    let table = plan.as_object_mut().unwrap();
    let keys: Vec<String> = table.keys().cloned().collect();
    let key = keys[c.number(keys.len())].clone();
    let name = match c.number(3) {
        0 => {
            table.remove(&key);
            "removed_key"
        }
        1 => {
            let value = &table[&key];
            let other = match value {
                serde_json::Value::String(s) => serde_json::json!(format!("{s} ")),
                serde_json::Value::Number(n) => serde_json::json!(n.as_u64().unwrap_or(0) + 1),
                serde_json::Value::Null => serde_json::json!(1),
                serde_json::Value::Array(_) => serde_json::json!(["design_around"]),
                _ => serde_json::json!({ "choice_slope": 9.0 }),
            };
            table.insert(key.clone(), other);
            "other_value"
        }
        _ => {
            table.insert("surplus".into(), serde_json::json!(1));
            "unknown_key"
        }
    };
    let text = serde_json::to_string_pretty(&plan).unwrap() + "\n";
    (name, key, text.into_bytes(), 0)
}

/// A results folder with one table changed, and what reads it.
pub fn results(c: &mut Choices, folder: &Path) -> Attempt {
    let here = folder.join("results");
    copy(&made().join("results"), &here);
    let _ = std::fs::remove_file(here.join("report.html"));
    let names: Vec<PathBuf> = bytes(&here).into_keys().collect();
    let name = names[c.number(names.len())].display().to_string();
    let file = here.join(&name);
    let old = std::fs::read(&file).unwrap();
    let (mutation, new, at) = match c.number(10) {
        0 => ("removed_table", None, 0),
        1 if name.ends_with(".csv") => {
            let end = old.iter().position(|b| *b == b'\n').unwrap() + 1;
            ("header_alone", Some(old[..end].to_vec()), end)
        }
        _ => {
            let (mutation, new, at) = damaged(&old, c);
            (mutation, Some(new), at)
        }
    };
    // A table of a header alone is one without rows.
    let must = new.as_ref() != Some(&old);
    match new {
        Some(new) => std::fs::write(&file, new).unwrap(),
        None => std::fs::remove_file(&file).unwrap(),
    }
    let table = name.split('.').next().unwrap().to_string();
    let other = made().join("results").display().to_string();
    let choice = c.number(20);
    let args: Vec<&str> = match choice {
        0 => vec!["report", "results"],
        1..4 => vec!["diff", "results", &other],
        _ if table == "manifest" => vec!["diff", "results", &other],
        _ => vec!["export", "results", &table, "--csv"],
    };
    let mut said = ask(folder, &args, "");
    if said.answer != Answer::Panicked && args[0] == "diff" {
        let words = String::from_utf8_lossy(&said.out).into_owned();
        // `diff` ends with 1 when results differ: it read the table as if it were right.
        if said.words.is_empty() && (words.contains("results: ") || words.contains("inputs: ")) {
            said.answer = Answer::Accepted;
        }
    }
    let field = format!("{} {name}", args[0]);
    attempted(mutation, &field, at, must, said, &name)
}
