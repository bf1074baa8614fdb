//! Golden files: output that somebody has looked at and accepted, compared byte for byte with what the program makes now.
//!
//! `ACCEPT="what changed and why" cargo test --release --locked --test all NAME` writes the files that the tests called
//! NAME compare, and adds one row for each file that changed to `tests/golden/reasons.csv`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Accepted changes: version of the program, file below the repository, reason.
const REASONS: &str = "tests/golden/reasons.csv";

/// The reason for a change that is to be accepted; none where files are compared only.
pub fn reason_to_accept() -> Option<String> {
    let reason = std::env::var("ACCEPT").ok()?;
    assert!(
        reason.split_whitespace().count() >= 3,
        "ACCEPT holds the reason for the change, in words"
    );
    Some(reason)
}

/// Where a file of the repository is.
pub fn place(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a text with the golden file at `path` below the repository, or accepts it.
pub fn compare_text(path: &str, made: &str) {
    let accepted = std::fs::read_to_string(place(path)).unwrap_or_default();
    if accepted == made || accept(path, made.as_bytes()) {
        return;
    }
    let (mut old, mut new) = (accepted.lines(), made.lines());
    let (mut line, mut difference) = (0, (None, None));
    while difference.0 == difference.1 && line <= accepted.lines().count() {
        difference = (old.next(), new.next());
        line += 1;
    }
    panic!(
        "{path} is not what the program makes; line {line} is\n  {}\nand would be\n  {}\n{}",
        difference.0.unwrap_or("missing"),
        difference.1.unwrap_or("missing"),
        how_to_accept()
    );
}

/// Compares bytes with the golden file at `path` below the repository, or accepts them.
pub fn compare_bytes(path: &str, made: &[u8]) {
    let accepted = std::fs::read(place(path)).unwrap_or_default();
    assert!(
        accepted == made || accept(path, made),
        "{path} is not what the program makes. {}",
        how_to_accept()
    );
}

/// Adds a row with the reason for a new golden file or folder.
pub fn record(path: &str, reason: &str) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _held = ONE_AT_A_TIME.lock().unwrap();
    let row = [env!("CARGO_PKG_VERSION"), path, reason];
    let mut rows = reasons();
    if rows.iter().any(|r| r[..] == row) {
        return;
    }
    rows.push(row.map(String::from));
    let mut writer = csv::Writer::from_path(place(REASONS)).unwrap();
    writer.write_record(["version", "file", "reason"]).unwrap();
    rows.iter().for_each(|r| writer.write_record(r).unwrap());
    writer.flush().unwrap();
}

/// Writes the file and the reason where there is one; says whether it did.
fn accept(path: &str, made: &[u8]) -> bool {
    let Some(reason) = reason_to_accept() else {
        return false;
    };
    let file = place(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, made).unwrap();
    record(path, &reason);
    true
}

fn how_to_accept() -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    let name = name.rsplit("::").next().unwrap_or_default();
    format!(
        "Look at the change; to accept it: ACCEPT=\"what changed and why\" cargo test --release --locked --test all {name}"
    )
}

fn reasons() -> Vec<[String; 3]> {
    let mut reader = csv::Reader::from_path(place(REASONS)).unwrap();
    assert_eq!(
        reader.headers().unwrap(),
        ["version", "file", "reason"].as_slice()
    );
    let rows = reader.records().map(|r| {
        let r = r.unwrap();
        [r[0].to_string(), r[1].to_string(), r[2].to_string()]
    });
    rows.collect()
}

#[test]
fn every_accepted_change_names_a_file_that_exists_and_gives_its_reason_once() {
    let rows = reasons();
    assert!(!rows.is_empty());
    for [version, file, reason] in &rows {
        assert_eq!(version.split('.').count(), 3, "{version}");
        assert!(place(file).exists(), "{file} is gone: take its rows out");
        assert!(
            reason.split_whitespace().count() >= 3,
            "{version}, {file}: {reason:?} is no reason"
        );
    }
    let mut once = rows.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), rows.len(), "a row stands twice");
}
