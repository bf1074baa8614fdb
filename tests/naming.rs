//! The rules of `docs/naming.md`: no type name twice, a glossary that names types that exist, one sentence for each module.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rust files below `src/`, sorted.
fn sources() -> Vec<PathBuf> {
    rust_files("src")
}

/// Rust files below a folder of the repository, sorted.
fn rust_files(folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        &mut found,
    );
    found.sort();
    found
}

/// Every type that a file declares outside its tests: structs, enums, traits and aliases.
fn declared_types(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip_while(|w| w.starts_with("pub"));
            let keyword = words.next()?;
            // An associated type is indented and belongs to its trait.
            let alias = keyword == "type" && !line.starts_with(' ');
            if !["struct", "enum", "trait"].contains(&keyword) && !alias {
                return None;
            }
            let name: String = words
                .next()?
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            name.starts_with(|c: char| c.is_uppercase()).then_some(name)
        })
        .collect()
}

/// Where each type is declared.
fn types() -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        for name in declared_types(&text) {
            found
                .entry(name)
                .or_default()
                .push(path.display().to_string());
        }
    }
    found
}

#[test]
fn declarations_are_found() {
    let text = "pub struct Gap {\n    type Output = f64;\npub(super) enum Kind<T> {\n// struct No\ntype Rows = u8;\n#[cfg(test)]\nmod tests { struct Test; }";
    assert_eq!(declared_types(text), ["Gap", "Kind", "Rows"]);
    assert!(types().len() > 300);
}

#[test]
fn no_type_name_stands_twice() {
    let twice: Vec<String> = types()
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect();
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}

/// Rows of the glossary: term, meaning, type, field.
fn glossary() -> Vec<[String; 4]> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/naming.md");
    let text = std::fs::read_to_string(page).unwrap();
    let section = text.split("## Glossary").nth(1).expect("a glossary");
    let section = section.split("\n## ").next().unwrap_or(section);
    section
        .lines()
        .filter(|l| l.starts_with("| ") && !l.starts_with("| term"))
        .map(|line| {
            let cells: Vec<String> = line
                .trim_matches('|')
                .split(" | ")
                .map(|c| c.trim().to_string())
                .collect();
            cells
                .try_into()
                .unwrap_or_else(|_| panic!("four cells expected: {line}"))
        })
        .collect()
}

#[test]
fn types_of_the_glossary_exist() {
    let (types, rows) = (types(), glossary());
    assert!(rows.len() >= 60, "{} terms", rows.len());
    for [term, meaning, holder, field] in &rows {
        assert!(
            !meaning.is_empty() && !field.is_empty(),
            "{term} says nothing"
        );
        for name in holder.split('`').skip(1).step_by(2) {
            assert!(types.contains_key(name), "{term}: no type `{name}` in src/");
        }
    }
    let mut terms: Vec<&String> = rows.iter().map(|[term, ..]| term).collect();
    let all = terms.len();
    terms.sort();
    terms.dedup();
    assert_eq!(terms.len(), all, "a term stands twice");
}

#[test]
fn the_glossary_of_the_guide_has_the_same_words() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/src/glossary.md");
    let text = std::fs::read_to_string(page).unwrap();
    let meanings: BTreeMap<String, String> = glossary()
        .into_iter()
        .map(|[term, meaning, ..]| (term, meaning))
        .collect();
    let rows: Vec<(&str, &str)> = text
        .lines()
        .filter(|l| l.starts_with("| ") && !l.starts_with("| term"))
        .filter_map(|l| l.trim_matches('|').split_once(" | "))
        .map(|(term, meaning)| (term.trim(), meaning.trim()))
        .collect();
    assert!(rows.len() >= 20, "{} terms", rows.len());
    for (term, meaning) in rows {
        let expected = meanings.get(term).map(String::as_str);
        assert_eq!(expected, Some(meaning), "{term}");
    }
}

#[test]
fn a_module_begins_with_one_sentence() {
    let mut wrong = Vec::new();
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        let first: Vec<&str> = text
            .lines()
            .map_while(|l| l.strip_prefix("//!"))
            .map(str::trim)
            .take_while(|l| !l.is_empty())
            .collect();
        let sentence = first.join(" ");
        let ends = sentence.matches(". ").count() - sentence.matches("e.g. ").count();
        if sentence.is_empty() || !sentence.ends_with('.') || ends > 0 {
            wrong.push(format!("{}: {sentence}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "the first paragraph of a module is one sentence:\n{}",
        wrong.join("\n")
    );
}

/// Names of the tests in a file that run without being asked for.
fn tests_of(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in text.lines().map(str::trim) {
        if line == "#[test]" || line == "#[rstest]" {
            marked = true;
        } else if line.starts_with("#[ignore") {
            marked = false;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| marked) {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            names.push(rest[..end.unwrap_or(rest.len())].to_string());
            marked = false;
        }
    }
    names
}

#[test]
fn the_name_of_a_test_has_three_words_at_least_and_stands_once() {
    let mut all: Vec<String> = rust_files("tests")
        .iter()
        .flat_map(|path| tests_of(&std::fs::read_to_string(path).unwrap()))
        .collect();
    assert!(all.len() > 250, "{} tests were found", all.len());
    for name in &all {
        assert!(name.split('_').count() >= 3, "{name} is no sentence");
    }
    all.sort();
    let twice: Vec<&[String]> = all.windows(2).filter(|w| w[0] == w[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// The table of claims and that of mutations are printed for whoever asks for them.
#[test]
fn no_test_prints_instead_of_asserting() {
    let prints = concat!("println", "!(");
    for path in rust_files("tests") {
        let name = path.display().to_string();
        let table = name.ends_with("tests/claims/mod.rs") || name.contains("tests/mutations/");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(table || !text.contains(prints), "{name} prints");
    }
}
