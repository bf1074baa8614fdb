//! Whether mutations come to everything that ships: every field of every kind of file, and every file.

use std::collections::BTreeSet;

use super::fields::find;
use super::text::{Csv, Holds, of_toml};
use super::{Origin, kinds, units};

/// Paths of the fields of a file without a meaning.
fn without_meaning(origin: &Origin) -> BTreeSet<String> {
    let places = if origin.path.ends_with(".toml") {
        of_toml(&origin.text)
    } else {
        Csv::of(&origin.text).cells(&origin.text)
    };
    let tables = [Holds::Table, Holds::List];
    let known = |path: &str| find(origin.fields, path).is_some() || units().contains_key(path);
    let unknown = |path: &String| !known(path);
    let fields = places.into_iter().filter(|p| !tables.contains(&p.holds));
    fields.map(|p| p.path).filter(unknown).collect()
}

/// Of a field without a meaning no mutation knows whether it has to be refused.
#[test]
fn every_field_that_ships_has_a_meaning() {
    let mut without = BTreeSet::new();
    for kind in kinds() {
        for origin in &kind.origins {
            let paths = without_meaning(origin).into_iter();
            without.extend(paths.map(|path| format!("{}: {path}", kind.name)));
        }
    }
    assert!(
        without.is_empty(),
        "in tests/mutations/fields.rs: {without:#?}"
    );
}

/// A kind of file that no mutation starts from is one whose faults nobody looks for.
#[test]
fn every_file_that_ships_is_of_a_kind() {
    let of_kinds: BTreeSet<&str> = kinds()
        .iter()
        .flat_map(|kind| kind.origins.iter().map(|origin| origin.path.as_str()))
        .collect();
    // Of tables of one folder that are alike, one stands for all.
    let alike = ["posterior/", "schema/"];
    let stands = |path: &str| of_kinds.contains(path) || alike.iter().any(|a| path.starts_with(a));
    let left: Vec<String> = ["toml", "csv"]
        .iter()
        .flat_map(|ending| super::files("", ending))
        .filter(|path| !stands(path))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}
