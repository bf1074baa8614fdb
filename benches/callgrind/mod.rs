//! Instruction counts of one run and of every system of its month, by callgrind: exact, whatever else the machine does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The part of the document that holds counts; it says so where callgrind is not installed.
pub fn section() -> String {
    let mut text = String::from("\n## Instructions\n\n");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let counts = count(folder, 1).zip(count(folder, 3));
    let Some((one, three)) = counts else {
        text += "Not counted: valgrind is not installed.\n\n";
        return text;
    };
    let each = |name: &str| {
        let of = |counts: &BTreeMap<String, u64>| counts.get(name).copied().unwrap_or(0);
        of(&three).saturating_sub(of(&one)) as f64 / 2.0
    };
    let all = each(ALL);
    let _ = writeln!(
        text,
        "Counted by callgrind: one run of the shipped world, its draw included, is half of what three runs take over one: \
         **{:.2} million instructions**. Systems with all that they call:\n",
        all / 1e6
    );
    text += "| system | thousand instructions a run | part |\n|---|---|---|\n";
    let mut systems: Vec<(f64, &String)> = three
        .keys()
        .filter(|name| *name != ALL)
        .map(|name| (each(name), name))
        .filter(|(count, _)| *count > 0.0)
        .collect();
    systems.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (count, name) in systems {
        let part = 100.0 * count / all;
        let _ = writeln!(text, "| `{name}` | {:.0} | {part:.1} % |", count / 1e3);
    }
    text += "\n";
    text
}

const ALL: &str = "all";

/// Inclusive counts of so many runs by system; nothing where valgrind is not installed.
fn count(folder: &Path, runs: u32) -> Option<BTreeMap<String, u64>> {
    let program = std::env::current_exe().ok()?;
    let out = folder.join(format!("callgrind.{runs}"));
    let ran = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(["runs", &runs.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    if !ran.success() {
        return None;
    }
    let said = Command::new("callgrind_annotate")
        .args(["--inclusive=yes", "--threshold=100"])
        .arg(&out)
        .output()
        .ok()?;
    Some(read(&String::from_utf8_lossy(&said.stdout)))
}

/// Reads `1,234 (5.6%)  file:function [object]` of every system, and the total.
fn read(said: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in said.lines() {
        let Some((count, rest)) = line.trim_start().split_once(' ') else {
            continue;
        };
        let Ok(count) = count.replace(',', "").parse::<u64>() else {
            continue;
        };
        if rest.contains("PROGRAM TOTALS") {
            counts.insert(ALL.to_string(), count);
        } else if let Some(name) = system(rest) {
            let so_far = counts.entry(name).or_insert(0);
            *so_far = count.max(*so_far);
        }
    }
    counts
}

/// The name of a system in a line of functions.
fn system(line: &str) -> Option<String> {
    let at = line.find("chokepoint::")?;
    let path = &line[at + "chokepoint::".len()..];
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')?;
    let name = path[..end].rsplit("::").next()?;
    systems().contains(&name).then(|| name.to_string())
}

/// The names in the schedule of a month, comments left out.
fn systems() -> Vec<&'static str> {
    let month = include_str!("../../src/month.rs");
    let (_, schedule) = month
        .split_once("add_systems(")
        .expect("a month has systems");
    schedule
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|name| !["", "chain", "month"].contains(name))
        .collect()
}
