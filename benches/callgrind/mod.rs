//! Instruction counts of one run and of every system of its month, by callgrind: exact, whatever else the machine does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::cases;

/// How often each step is repeated where it is counted.
pub const TIMES: u64 = 50;

/// How many runs are taken down where that is counted.
pub const RECORDED: u64 = 2;

/// A step of the model and its reference model, and how often each is called where a case is done once.
const STEPS: [([&str; 2], u64); 2] = [
    (["trade_in_model", "trade_in_reference_model"], 1),
    (
        ["learn_in_model", "learn_in_reference_model"],
        cases::MONTHS_OF_RESEARCH,
    ),
];

/// The part of the document that holds counts, and what taking a run down takes as a part of the run; it says so where
/// callgrind is not installed.
pub fn section() -> (String, Option<f64>) {
    let mut text = String::from("\n## Instructions\n\n");
    let counts = count(&["runs", "1"])
        .zip(count(&["runs", "3"]))
        .zip(count(&["steps"]));
    let Some(((one, three), steps)) = counts else {
        text += "Not counted: valgrind is not installed.\n\n";
        return (text, None);
    };
    let each = |name: &str| (of(&three, name) - of(&one, name)) / 2.0;
    let all = each(ALL);
    let _ = writeln!(
        text,
        "Counted by callgrind: one run of the shipped world, its draw included, is half of what three runs take over one: \
         **{:.2} million instructions**. Process start to first finished run: {:.0} million. Systems with all that they \
         call:\n",
        all / 1e6,
        of(&one, ALL) / 1e6,
    );
    text += "| system | thousand instructions a run | part |\n|---|---|---|\n";
    let mut systems: Vec<(f64, &str)> = systems()
        .into_iter()
        .map(|name| (each(name), name))
        .filter(|(count, _)| *count > 0.0)
        .collect();
    systems.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (count, name) in systems {
        let part = 100.0 * count / all;
        let _ = writeln!(text, "| `{name}` | {:.0} | {part:.1} % |", count / 1e3);
    }
    text += "\nA system that is not named became a part of what calls it.\n\n\
             Steps of the model, schedule and world included, and their reference models:\n\n\
             | step | instructions | reference model | reference model over model |\n|---|---|---|---|\n";
    for ([model, reference_model], each) in STEPS {
        let [a, b] =
            [model, reference_model].map(|name| certain(&steps, name) / (TIMES * each) as f64);
        let _ = writeln!(text, "| `{model}` | {a:.0} | {b:.0} | {:.2} |", b / a);
    }
    let taken = (certain(&steps, "one_run") - certain(&steps, "bare_run")) / RECORDED as f64;
    let _ = writeln!(
        text,
        "\nTaking down what a run leaves behind, its draw not included: {:.0} thousand instructions.\n",
        taken / 1e3
    );
    (text, Some(taken / all))
}

/// The count of what is a function of its own.
fn certain(counts: &BTreeMap<String, u64>, name: &str) -> f64 {
    let count = of(counts, name);
    assert!(count > 0.0, "`{name}` is in no line of callgrind_annotate");
    count
}

fn of(counts: &BTreeMap<String, u64>, name: &str) -> f64 {
    counts.get(name).copied().unwrap_or(0) as f64
}

const ALL: &str = "all";

/// Inclusive counts by name; nothing where valgrind is not installed.
fn count(arguments: &[&str]) -> Option<BTreeMap<String, u64>> {
    let program = std::env::current_exe().ok()?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let out = folder.join(format!("callgrind.{}", arguments.join(".")));
    let ran = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(arguments)
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

/// Reads `1,234 (5.6%)  file:function [object]` of every function that has a name here, and the total.
fn read(said: &str) -> BTreeMap<String, u64> {
    let mut names = systems();
    names.extend(STEPS.iter().flat_map(|(pair, _)| pair));
    names.extend(["one_run", "bare_run"]);
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
        } else if let Some(name) = function(rest).filter(|name| names.contains(name)) {
            let so_far = counts.entry(name.to_string()).or_insert(0);
            *so_far = count.max(*so_far);
        }
    }
    counts
}

/// The name of a system, of a run or of a step that is counted; not that of a method.
fn function(line: &str) -> Option<&str> {
    let prefixes = [
        "chokepoint::study::run::",
        "chokepoint::agents::",
        "chokepoint::markets::",
        "chokepoint::technology::",
        "chokepoint::policy::",
        "chokepoint::outputs::",
        "chokepoint::foundation::",
        "table::",
    ];
    let at = prefixes
        .into_iter()
        .find_map(|prefix| line.find(prefix).map(|at| at + prefix.len()))?;
    let path = &line[at..];
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')?;
    let plain = !path[..end].contains(char::is_uppercase);
    path[..end].rsplit("::").next().filter(|_| plain)
}

/// The names of the systems in the schedule of a month.
fn systems() -> Vec<&'static str> {
    let month = include_str!("../../src/month.rs");
    let phases = month
        .split_once("phases! {")
        .and_then(|(_, rest)| rest.split_once("\n}"))
        .map(|(phases, _)| phases)
        .expect("a month has phases");
    phases
        .lines()
        // A phase begins with its name and what happens in it.
        .filter(|line| !line.contains('"'))
        .flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|name| !name.is_empty())
        .collect()
}
