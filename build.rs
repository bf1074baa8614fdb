//! Hashes the source, so that plans, blocks and results record the program that made them, and finds the day of its release.

use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    for folder in ["src", "assets"] {
        walk(&root.join(folder), &mut files);
        println!("cargo:rerun-if-changed={folder}");
    }
    files.sort();
    // The 64-bit FNV-1a hash of every path and text.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy();
        let text = std::fs::read(&file).unwrap_or_default();
        for byte in name.bytes().chain(text) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    println!("cargo:rustc-env=CHOKEPOINT_SOURCE={hash:016x}");
    println!("cargo:rerun-if-changed=CHANGELOG.md");
    let changes = std::fs::read_to_string(root.join("CHANGELOG.md")).unwrap_or_default();
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!(
        "cargo:rustc-env=CHOKEPOINT_RELEASED={}",
        released(&changes, &version)
    );
}

/// The day in the heading of a version, `## 1.2.3 (2026-01-31)`; empty where it has none.
fn released<'a>(changes: &'a str, version: &str) -> &'a str {
    let heading = format!("## {version} (");
    let day = changes.lines().find_map(|line| line.strip_prefix(&heading));
    day.and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_default()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}
