//! Arrows between modules run one way; each broken one is reported with the sentence of the rule.

use std::collections::BTreeMap;
use std::path::Path;

/// What each module may use: `ARCHITECTURE.md` has the same table in words. A file with a row of its own is not bound by its
/// folder's row, and a folder in a row stands for all its files.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    let model = [
        "agents",
        "policy",
        "markets",
        "capability",
        "controls",
        "events",
        "technology",
        "foundation",
    ];
    let from = |name: &str| -> Vec<&'static str> {
        let at = model.iter().position(|m| *m == name).unwrap();
        model[at..].to_vec()
    };
    let join =
        |a: &[&'static str], b: &[&'static str]| a.iter().chain(b).copied().collect::<Vec<_>>();
    let config = [
        "config",
        "controls",
        "technology",
        "outputs::measures",
        "outputs::record",
        "foundation",
    ];
    let study = join(
        &[
            "study", "analysis", "results", "world", "month", "outputs", "config",
        ],
        &model,
    );
    BTreeMap::from([
        ("foundation", vec!["foundation"]),
        ("technology", vec!["technology", "foundation"]),
        ("events", vec!["events", "foundation"]),
        ("controls", vec!["controls", "foundation"]),
        (
            "capability",
            vec![
                "capability",
                "controls",
                "technology",
                "events",
                "foundation",
            ],
        ),
        ("markets", from("markets")),
        ("policy", from("policy")),
        ("agents", from("agents")),
        ("outputs::measures", vec!["foundation"]),
        ("outputs::record", vec!["foundation"]),
        ("outputs", join(&["outputs"], &model)),
        ("month", join(&["month", "outputs"], &model)),
        ("world", join(&["world", "outputs", "config"], &model)),
        ("config", config.to_vec()),
        ("analysis", vec!["analysis", "foundation"]),
        (
            "results",
            vec!["results", "analysis", "config", "foundation"],
        ),
        ("questions", join(&["questions"], &study)),
        ("evidence", join(&["evidence"], &study)),
        ("study", study),
        (
            "plots",
            vec!["plots", "analysis", "results", "config", "foundation"],
        ),
        (
            "report",
            vec![
                "report",
                "plots",
                "analysis",
                "results",
                "config",
                "foundation",
            ],
        ),
        (
            "cli",
            vec![
                "cli",
                "questions",
                "evidence",
                "study",
                "report",
                "plots",
                "results",
                "analysis",
                "config",
                "controls",
                "outputs::measures",
                "foundation",
            ],
        ),
        ("main", vec!["cli"]),
        ("lib", vec![]),
    ])
}

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        let mut entries: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path
                    .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
                    .unwrap();
                found.push((
                    name.display().to_string(),
                    std::fs::read_to_string(&path).unwrap(),
                ));
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found
}

/// The module of a file: its folder or its own name.
fn module_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// The row of a file: its own if there is one, else that of its folder.
fn row_of(file: &str, allowed: &BTreeMap<&'static str, Vec<&'static str>>) -> String {
    let own = file.trim_end_matches(".rs").replace('/', "::");
    if allowed.contains_key(own.as_str()) {
        own
    } else {
        module_of(file).to_string()
    }
}

/// Whether a path such as `outputs::measures::OUTCOMES` is below one that a row names.
fn is_allowed(path: &str, may: &[&str]) -> bool {
    may.iter().any(|m| {
        path == *m
            || path
                .strip_prefix(m)
                .is_some_and(|rest| rest.starts_with("::"))
    })
}

/// Code without its tests and comments.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]").next().unwrap();
    before_tests
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn arrows_between_modules_run_one_way() {
    let allowed = allowed();
    let mut broken = Vec::new();
    for (file, text) in sources() {
        let row = row_of(&file, &allowed);
        let may = allowed
            .get(row.as_str())
            .unwrap_or_else(|| panic!("{file}: no rule for the module `{row}`"));
        let text = code(&text);
        for part in text.split("crate::").skip(1) {
            let used: String = part
                .chars()
                .take_while(|c| c.is_alphanumeric() || "_:".contains(*c))
                .collect();
            if !used.is_empty() && !is_allowed(&used, may) {
                broken.push(format!(
                    "{file}: `{row}` may use {}, not `{used}`",
                    may.join(", ")
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_model_touches_no_files_threads_tables_plots_or_clock() {
    let forbidden = [
        "std::fs",
        "std::thread",
        "rayon",
        "arrow",
        "parquet",
        "plotters",
        "std::time",
        "println!",
        "eprintln!",
    ];
    for (file, text) in sources() {
        if [
            "month",
            "agents",
            "policy",
            "markets",
            "capability",
            "controls",
            "technology",
            "foundation",
        ]
        .contains(&module_of(&file))
        {
            for word in forbidden {
                assert!(
                    !code(&text).contains(word),
                    "{file}: the model never touches `{word}`"
                );
            }
        }
    }
}

#[test]
fn only_chance_names_a_generator() {
    for (file, text) in sources() {
        if file != "foundation/chance.rs" {
            for word in ["rand::", "rand_distr", "rand_philox"] {
                assert!(
                    !code(&text).contains(word),
                    "{file}: only foundation::chance names a generator"
                );
            }
        }
    }
}

#[test]
fn only_the_command_line_prints() {
    for (file, text) in sources() {
        if !["cli", "main"].contains(&module_of(&file)) {
            for word in ["println!", "print!", "eprintln!", "eprint!"] {
                assert!(
                    !code(&text).contains(word),
                    "{file}: only cli and main print"
                );
            }
        }
    }
}

#[test]
fn a_file_stays_short_enough_for_its_first_sentence() {
    for (file, text) in sources() {
        assert!(
            text.len() < 32 * 1024,
            "{file} has {} bytes; recut it",
            text.len()
        );
        assert!(
            text.starts_with("//!") || text.starts_with("#!["),
            "{file} does not say what it holds"
        );
    }
}

#[test]
fn a_month_reads_on_one_page() {
    let (_, month) = sources()
        .into_iter()
        .find(|(file, _)| file == "month.rs")
        .unwrap();
    assert!(month.lines().count() <= 80);
}
