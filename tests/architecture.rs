//! Arrows between modules run one way; each broken one is reported with the sentence of the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bevy_ecs::schedule::SystemSet;
use bevy_ecs::world::World;
use chokepoint::month::{Phase, month};

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
        "outputs::outcomes",
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
        ("outputs::outcomes", vec!["foundation", "outputs::measures"]),
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
                "events",
                "month",
                "outputs::measures",
                "outputs::outcomes",
                "foundation",
            ],
        ),
        (
            "explorer",
            vec![
                "explorer",
                "cli",
                "study",
                "report",
                "plots",
                "results",
                "config",
                "controls",
                "outputs::measures",
                "foundation",
            ],
        ),
        (
            "cli::explore",
            vec!["cli", "explorer", "config", "foundation"],
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

#[test]
fn the_phases_list_every_system_of_the_month_in_its_order() {
    let mut world = World::new();
    let mut schedule = month();
    schedule.initialize(&mut world).unwrap();
    let order: Vec<_> = schedule.systems().unwrap().map(|(key, _)| key).collect();
    let mut at = 0;
    for phase in Phase::ALL {
        let listed = phase.systems();
        let held = schedule.graph().systems_in_set(phase.intern()).unwrap();
        assert_eq!(held.len(), listed.len(), "{phase:?}");
        let here = &order[at..at + listed.len()];
        assert!(here.iter().all(|key| held.contains(key)), "{phase:?}");
        assert!(phase.sentence().ends_with('.'), "{phase:?}");
        at += listed.len();
    }
    assert_eq!(at, order.len());
}

#[test]
fn the_systems_that_the_phases_list_stand_in_the_files_that_they_name() {
    let sources = sources();
    for path in Phase::ALL.iter().flat_map(|phase| phase.systems()) {
        let (module, system) = path.rsplit_once("::").unwrap();
        let file = module.split("::").skip(1).collect::<Vec<_>>().join("/") + ".rs";
        let (_, text) = sources.iter().find(|(name, _)| *name == file).unwrap();
        assert!(text.contains(&format!("pub fn {system}(")), "{path}");
    }
}

/// The paths of a `use` tree such as `a::{b, c::{d, e}}`.
fn expand(tree: &str, before: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(at) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        found.push(format!("{before}{path}"));
        return;
    };
    let before = format!("{before}{}", &tree[..at]);
    let (mut depth, mut from) = (0, at + 1);
    for (i, c) in tree.char_indices().skip(at) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if (c == ',' && depth == 1) || (c == '}' && depth == 0) {
            if !tree[from..i].trim().is_empty() {
                expand(&tree[from..i], &before, found);
            }
            from = i + 1;
        }
    }
}

/// The module of a file as a path: `a::b`, also for `a/b/mod.rs`.
fn path_of(file: &str) -> String {
    let path = file.trim_end_matches(".rs").replace('/', "::");
    path.trim_end_matches("::mod").to_string()
}

/// Every path that a file names, from the root of the crate.
fn paths_in(file: &str, text: &str) -> Vec<String> {
    let (own, text) = (path_of(file), code(text));
    let parent = own.rsplit_once("::").map_or("", |(parent, _)| parent);
    let mut found = Vec::new();
    for (root, start) in [("", "crate::"), (parent, "super::"), (&own, "self::")] {
        let before = if root.is_empty() {
            String::new()
        } else {
            format!("{root}::")
        };
        for statement in text.split(&format!("use {start}")).skip(1) {
            let tree = statement.split(';').next().unwrap_or("");
            expand(tree, &before, &mut found);
        }
        for part in text.split(start).skip(1) {
            let is_path = |c: &char| c.is_alphanumeric() || "_:".contains(*c);
            let path: String = part.chars().take_while(is_path).collect();
            found.push(format!("{before}{path}"));
        }
    }
    found
}

/// The file that a path leads to, by the longest module that it begins with, or by the name that a module exports again.
fn file_at<'a>(path: &str, files: &'a BTreeMap<String, (String, String)>) -> Option<&'a String> {
    let mut module = path.trim_end_matches("::");
    loop {
        if let Some((file, text)) = files.get(module) {
            let name = path[module.len()..].trim_start_matches("::");
            let again = text.split("pub use ").skip(1).find_map(|statement| {
                let mut names = Vec::new();
                expand(statement.split(';').next()?, "", &mut names);
                let named = |n: &&String| n.rsplit("::").next() == Some(name) && n.contains("::");
                let below = names.iter().find(named)?.trim_start_matches("self::");
                let (from, _) = below.rsplit_once("::")?;
                files.get(&format!("{module}::{from}"))
            });
            return Some(again.map_or(file, |(file, _)| file));
        }
        module = module.rsplit_once("::")?.0;
    }
}

/// Files that can be reached from one along the arrows.
fn reached<'a>(
    from: &'a String,
    arrows: &'a BTreeMap<String, BTreeSet<String>>,
) -> BTreeSet<&'a String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&String> = arrows[from].iter().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(&arrows[file]);
        }
    }
    found
}

#[test]
fn a_tree_of_paths_is_taken_apart() {
    let mut found = Vec::new();
    expand("a::{self, b as c, d::{E, f}}", "", &mut found);
    assert_eq!(found, ["a::self", "a::b", "a::d::E", "a::d::f"]);
}

#[test]
fn no_files_need_one_another() {
    let files: BTreeMap<String, (String, String)> = sources()
        .into_iter()
        .map(|(file, text)| (path_of(&file), (file, text)))
        .collect();
    let arrows: BTreeMap<String, BTreeSet<String>> = files
        .values()
        .map(|(file, text)| {
            let mut to: BTreeSet<String> = paths_in(file, text)
                .iter()
                .filter_map(|path| file_at(path.trim_end_matches("::self"), &files))
                .cloned()
                .collect();
            // A folder's own page names what is in the folder.
            to.retain(|other| other != file && !other.ends_with("mod.rs") && other != "lib.rs");
            (file.clone(), to)
        })
        .collect();
    let ends: BTreeMap<&String, BTreeSet<&String>> = arrows
        .keys()
        .map(|file| (file, reached(file, &arrows)))
        .collect();
    let mut circles: BTreeSet<BTreeSet<&String>> = BTreeSet::new();
    for file in arrows.keys() {
        let back = |other: &&String| ends[other].contains(file);
        let circle: BTreeSet<&String> = ends[file].iter().copied().filter(back).collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    assert!(
        circles.is_empty(),
        "files that need one another: {circles:?}"
    );
}
