//! Arrows between modules run one way; each broken one is reported with the sentence of the rule.

use std::collections::BTreeMap;
use std::path::Path;

/// What each module may use: `ARCHITECTURE.md` has the same table in words.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    let config = vec!["config", "controls", "technology", "measures", "foundation"];
    let model = [
        "agents",
        "markets",
        "capability",
        "controls",
        "measures",
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
    BTreeMap::from([
        ("foundation", vec!["foundation"]),
        ("technology", vec!["technology", "foundation"]),
        ("measures", vec!["measures", "foundation"]),
        ("events", vec!["events", "foundation"]),
        ("controls", vec!["controls", "foundation"]),
        (
            "capability",
            vec![
                "capability",
                "controls",
                "technology",
                "measures",
                "events",
                "foundation",
            ],
        ),
        ("markets", from("markets")),
        ("agents", from("agents")),
        ("month", join(&["month", "world"], &model)),
        ("world", join(&["world", "config"], &model)),
        ("config", config),
        ("analysis", vec!["analysis", "foundation"]),
        (
            "results",
            vec!["results", "analysis", "config", "foundation"],
        ),
        (
            "study",
            join(
                &["study", "analysis", "results", "world", "month", "config"],
                &model,
            ),
        ),
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
            join(
                &[
                    "cli", "report", "plots", "study", "results", "analysis", "config",
                ],
                &["controls", "foundation", "measures"],
            ),
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

fn module_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
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
        let module = module_of(&file);
        let may = allowed
            .get(module)
            .unwrap_or_else(|| panic!("{file}: no rule for the module `{module}`"));
        let text = code(&text);
        for part in text.split("crate::").skip(1) {
            let used: String = part
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            if !used.is_empty() && !may.contains(&used.as_str()) {
                broken.push(format!(
                    "{file}: `{module}` may use {}, not `{used}`",
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
