//! Hashes the source, so that plans, blocks and results record the program that made them; finds the day of its release; and
//! lists the files that the program carries, samples of posteriors compressed.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
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

    println!("cargo:rerun-if-changed=configs");
    println!("cargo:rerun-if-changed=plots");
    let (packed, texts): (Vec<_>, Vec<_>) = below(&root.join("configs"))
        .into_iter()
        .partition(|(path, _)| path.starts_with("posterior/"));
    let figures = below(&root.join("plots"));
    let figures = figures
        .into_iter()
        .filter(|(path, _)| path.ends_with(".toml") && !path.contains('/'));
    let figures = figures.map(|(path, file)| (path.trim_end_matches(".toml").to_string(), file));
    let mut lists = list("TEXTS", "str", &texts);
    lists += &list("FIGURES", "str", &figures.collect::<Vec<_>>());
    lists += &list("PACKED", "[u8]", &compressed(packed, &out));
    write(&out.join("shipped.rs"), &lists);
    let page = below(&root.join("assets/explorer"));
    write(&out.join("page.rs"), &list("PAGE", "[u8]", &page));
}

/// The day in the heading of a version, `## 1.2.3 (2026-01-31)`; empty where it has none.
fn released<'a>(changes: &'a str, version: &str) -> &'a str {
    let heading = format!("## {version} (");
    let day = changes.lines().find_map(|line| line.strip_prefix(&heading));
    day.and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_default()
}

/// Every file below a folder with its path from there, sorted by path.
fn below(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    walk(folder, &mut files);
    let path = |file: &Path| {
        let below = file.strip_prefix(folder).unwrap_or(file);
        below.to_string_lossy().replace('\\', "/")
    };
    let mut found: Vec<_> = files.into_iter().map(|f| (path(&f), f)).collect();
    found.sort();
    found
}

/// Copies of files, compressed as `shipped` unpacks them.
fn compressed(files: Vec<(String, PathBuf)>, out: &Path) -> Vec<(String, PathBuf)> {
    let pack = |(at, (path, file)): (usize, (String, PathBuf))| {
        let text = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let packed = out.join(format!("{at}.packed"));
        let small = miniz_oxide::deflate::compress_to_vec(&text, 8);
        std::fs::write(&packed, small).unwrap_or_else(|e| panic!("{}: {e}", packed.display()));
        (path, packed)
    };
    files.into_iter().enumerate().map(pack).collect()
}

/// A static list of paths and contents, which the compiler reads from the files.
fn list(name: &str, kind: &str, files: &[(String, PathBuf)]) -> String {
    let include = if kind == "str" {
        "include_str"
    } else {
        "include_bytes"
    };
    let mut text = format!("pub static {name}: &[(&str, &{kind})] = &[\n");
    for (path, file) in files {
        let file = file.display().to_string();
        writeln!(text, "    ({path:?}, {include}!({file:?})),").expect("a string takes all");
    }
    text + "];\n"
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
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
