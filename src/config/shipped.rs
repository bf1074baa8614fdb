//! The configuration and the figures that the program carries.

use std::sync::OnceLock;

use miniz_oxide::inflate::decompress_to_vec;

// `TEXTS` and `PACKED`, by path below `configs/`, and `FIGURES`, by name: written by build.rs, sorted.
include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// Tables that are carried compressed, unpacked when they are first read.
static UNPACKED: [OnceLock<String>; PACKED.len()] = [const { OnceLock::new() }; PACKED.len()];

/// What stands in a sorted list under a path.
fn found<T: ?Sized>(
    list: &'static [(&str, &'static T)],
    path: &str,
) -> Option<(usize, &'static T)> {
    let at = list.binary_search_by(|(own, _)| (*own).cmp(path)).ok()?;
    Some((at, list[at].1))
}

/// Names of the shipped figures.
pub fn figure_names() -> Vec<String> {
    FIGURES
        .iter()
        .map(|(name, _)| (*name).to_string())
        .collect()
}

/// The path of a figure below `configs/`, by the name that a study gives.
pub fn figure_path(name: &str) -> String {
    let plain = name.trim_start_matches("plots/").trim_end_matches(".toml");
    format!("plots/{plain}.toml")
}

/// What a shipped file is called: its path in the repository.
pub(super) fn display_path(path: &str) -> String {
    if path.starts_with("plots/") {
        path.to_string()
    } else {
        format!("configs/{path}")
    }
}

/// The text of a shipped file by its path below `configs/`; figures stand beside it.
pub(super) fn text(path: &str) -> Option<&'static str> {
    if let Some(name) = path.strip_prefix("plots/") {
        return found(FIGURES, name.strip_suffix(".toml")?).map(|(_, text)| text);
    }
    let packed = || {
        let (at, bytes) = found(PACKED, path)?;
        let unpack = || {
            let text = decompress_to_vec(bytes).map(String::from_utf8);
            text.ok().and_then(Result::ok).unwrap_or_default()
        };
        Some(UNPACKED[at].get_or_init(unpack).as_str())
    };
    found(TEXTS, path).map(|(_, text)| text).or_else(packed)
}

/// Paths of all shipped files.
pub(super) fn paths() -> Vec<String> {
    let texts = TEXTS.iter().map(|(path, _)| (*path).to_string());
    let packed = PACKED.iter().map(|(path, _)| (*path).to_string());
    let figures = FIGURES.iter().map(|(name, _)| figure_path(name));
    texts.chain(packed).chain(figures).collect()
}
