//! Every command of the guide, of the examples and of two more pages runs: the `sh` pieces of a page one after the other, in one folder.
//!
//! A second word after `sh` names a tool that is not ours, or the exit code that the piece must end with (`exit=1`).

use std::path::{Path, PathBuf};
use std::process::Command;

/// A piece of a chapter: what stands after the backquotes, its first line, its text.
struct Piece {
    kind: String,
    line: usize,
    text: String,
}

fn pieces(chapter: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut open = false;
    for (at, line) in chapter.lines().enumerate() {
        if let Some(kind) = line.strip_prefix("```") {
            if !open {
                found.push(Piece {
                    kind: kind.to_string(),
                    line: at + 2,
                    text: String::new(),
                });
            }
            open = !open;
        } else if open && let Some(piece) = found.last_mut() {
            piece.text.push_str(&format!("{line}\n"));
        }
    }
    assert!(!open, "a piece is not closed");
    found
}

fn installed(tool: &str) -> bool {
    let found = Command::new("which").arg(tool).output();
    found.is_ok_and(|o| o.status.success())
}

/// The fewest futures with which a command answers.
fn fewest(command: &str) -> u32 {
    if command.contains("discover ") {
        40
    } else if command.contains("ledger ") {
        20
    } else {
        2
    }
}

/// The commands of an example with few futures: what they are tested for is that they run.
fn with_few_futures(commands: &str) -> String {
    let fewer = |line: &str| match line.split_once("--runs ") {
        Some((command, rest)) => {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{command}--runs {}{rest}", fewest(command))
        }
        None => line.to_string(),
    };
    commands.split_inclusive('\n').map(fewer).collect()
}

fn run_chapter(path: &Path, few: bool) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_chokepoint"));
    let own = program.parent().unwrap().display().to_string();
    let paths = format!("{own}:{}", std::env::var("PATH").unwrap());
    let mut ran = 0;
    for piece in pieces(&text) {
        let words: Vec<&str> = piece.kind.split_whitespace().collect();
        if let Some(file) = words.get(1).and_then(|w| w.strip_prefix("file=")) {
            std::fs::write(folder.path().join(file), &piece.text).unwrap();
        }
        if words.first() != Some(&"sh") {
            continue;
        }
        let code = words.get(1).and_then(|w| w.strip_prefix("exit="));
        let expected: i32 = code.map_or(0, |code| code.parse().unwrap());
        if code.is_none() && words.get(1).is_some_and(|tool| !installed(tool)) {
            continue;
        }
        let commands = if few {
            with_few_futures(&piece.text)
        } else {
            piece.text.clone()
        };
        let done = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &commands])
            .env("PATH", &paths)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(
            done.status.code(),
            Some(expected),
            "{}:{}: {}\n{}",
            path.display(),
            piece.line,
            piece.text,
            String::from_utf8_lossy(&done.stderr)
        );
        ran += 1;
    }
    ran
}

#[test]
fn every_command_of_the_guide_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/src");
    let summary = std::fs::read_to_string(folder.join("SUMMARY.md")).unwrap();
    let mut chapters = 0;
    let mut ran = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name != "SUMMARY.md" {
            assert!(
                summary.contains(&format!("({name})")),
                "{name} is not in the summary"
            );
            chapters += 1;
            ran += run_chapter(&path, false);
        }
    }
    assert_eq!(chapters, summary.matches(".md)").count());
    assert!(ran >= 21, "only {ran} pieces ran");
}

#[test]
fn every_command_of_the_examples_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut examples = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let page = entry.unwrap().path().join("README.md");
        if page.is_file() {
            let name = page.parent().unwrap().file_name().unwrap();
            let link = format!("({}/README.md)", name.to_string_lossy());
            assert!(index.contains(&link), "{link} is not in the index");
            assert!(run_chapter(&page, true) > 0);
            examples += 1;
        }
    }
    assert_eq!(examples, index.matches("/README.md)").count());
}

#[test]
fn every_command_of_the_pages_on_behaviours_and_on_r_runs() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for page in ["change-a-behaviour.md", "r-and-stata.md"] {
        assert!(run_chapter(&docs.join(page), true) > 0);
    }
}

#[test]
fn fewer_futures_are_asked_of_an_example_and_nothing_else_changes() {
    let commands = "chokepoint run a --runs 400 --only 3\nchokepoint discover b --runs 60\n";
    let few = "chokepoint run a --runs 2 --only 3\nchokepoint discover b --runs 40\n";
    assert_eq!(with_few_futures(commands), few);
    assert_eq!(
        with_few_futures("chokepoint list chips"),
        "chokepoint list chips"
    );
}
