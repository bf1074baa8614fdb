//! The folder of `--configs`: names that replace nothing, links, pipes, folders in place of files.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::change::Choices;
use super::program::ask;
use super::{Attempt, shipped};

const FILES: &[&str] = &[
    "world/chips.csv",
    "world/labs.csv",
    "world/power.csv",
    "evidence/map.toml",
    "evidence/series.csv",
    "evidence/splits.toml",
    "parameters/market.toml",
    "regimes/oct22.toml",
    "rules/us/2022-08-31-nvidia-amd-letters.toml",
    "rules/hypothetical/embargo.toml",
    "studies/s3-h20.toml",
    "posterior/final.csv",
    "plots/effects.toml",
];

fn text_of(path: &str) -> String {
    match path.strip_prefix("plots/") {
        Some(figure) => std::fs::read_to_string(super::root().join("plots").join(figure)).unwrap(),
        None => shipped(path),
    }
}

/// A word with two letters in each other's place.
fn turned(word: &str, c: &mut Choices) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let pairs: Vec<usize> = (1..letters.len() - 1)
        .filter(|at| letters[*at] != letters[*at + 1])
        .collect();
    let at = pairs[c.number(pairs.len())];
    letters.swap(at, at + 1);
    letters.into_iter().collect()
}

/// A folder of `--configs` that is not laid out as the shipped one, checked as a whole.
pub fn attempt(c: &mut Choices, folder: &Path) -> Attempt {
    let path = FILES[c.number(FILES.len())];
    let (parent, name) = path.rsplit_once('/').unwrap();
    let (stem, ending) = name.rsplit_once('.').unwrap();
    let own = folder.join("c");
    std::fs::create_dir_all(own.join(parent)).unwrap();
    let text = text_of(path);
    let put = |path: String, bytes: &[u8]| {
        let file = own.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    };
    let here = own.join(path);
    // A new name is a new rule, regime, study, posterior or figure; tables and evidence have names that are given.
    let given = ["world", "evidence"].contains(&parent);
    let (mutation, must) = match c.number(17) {
        0 => {
            put(
                format!("{parent}/{}.{ending}", turned(stem, c)),
                text.as_bytes(),
            );
            ("misspelt_file", given)
        }
        1 => {
            let top = parent.split('/').next().unwrap();
            std::fs::remove_dir_all(own.join(top)).unwrap();
            put(format!("{}/{name}", turned(top, c)), text.as_bytes());
            ("misspelt_folder", true)
        }
        2 => {
            put(name.to_string(), text.as_bytes());
            ("file_at_the_root", true)
        }
        3 => {
            std::fs::create_dir_all(&here).unwrap();
            ("folder_for_file", true)
        }
        4 => {
            symlink("nowhere", &here).unwrap();
            ("dangling_link", true)
        }
        5 => {
            symlink(name, &here).unwrap();
            ("link_to_itself", true)
        }
        6 => {
            let made = std::process::Command::new("mkfifo").arg(&here).status();
            assert!(made.is_ok_and(|s| s.success()));
            ("pipe", true)
        }
        7 => {
            symlink("/dev/zero", &here).unwrap();
            ("endless_file", true)
        }
        8 => {
            symlink(".", own.join(parent).join("a")).unwrap();
            symlink(".", own.join(parent).join("b")).unwrap();
            ("folders_in_a_circle", false)
        }
        9 => {
            put(
                format!("{parent}/{stem}.{}", ending.to_uppercase()),
                text.as_bytes(),
            );
            ("ending_in_capitals", true)
        }
        10 => {
            std::fs::remove_dir_all(own.join(path.split('/').next().unwrap())).unwrap();
            put(path.split('/').next().unwrap().to_string(), text.as_bytes());
            ("file_for_folder", true)
        }
        11 => {
            put(format!("configs/{path}"), text.as_bytes());
            ("folder_too_deep", true)
        }
        12 => {
            put(format!("{path}.bak"), text.as_bytes());
            ("copy_of_an_editor", true)
        }
        13 => {
            let mut bytes = vec![0xff, 0xfe];
            bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
            put(path.to_string(), &bytes);
            ("utf16", true)
        }
        14 => {
            let at = text.find(|l: char| l.is_ascii_lowercase()).unwrap();
            let mut bytes = text.clone().into_bytes();
            bytes[at] = 0xe9;
            put(path.to_string(), &bytes);
            ("latin1", true)
        }
        15 => {
            put(path.to_string(), b"");
            ("emptied_file", true)
        }
        _ => {
            std::fs::remove_dir_all(&own).unwrap();
            std::fs::write(&own, text.as_bytes()).unwrap();
            ("file_for_the_whole", true)
        }
    };
    let mut said = ask(folder, &["--configs", "c", "check", "--format", "json"], "");
    // A path has no line: its place is its name.
    if let super::program::Answer::Refused { placed, .. } = &mut said.answer {
        *placed = said.words.contains("c/") || said.words.contains("--configs c");
    }
    Attempt {
        mutation: mutation.into(),
        field: path.into(),
        must,
        same: false,
        difference: format!("{mutation}: {path}"),
        said,
    }
}
