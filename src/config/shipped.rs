//! The configuration and the figures that the program carries.

use include_dir::{Dir, include_dir};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/configs");

/// The shipped figures: name and text of each file under `plots/`.
pub const FIGURES: &[(&str, &str)] = &[
    (
        "capability-by-side",
        include_str!("../../plots/capability-by-side.toml"),
    ),
    (
        "capability-gap-months",
        include_str!("../../plots/capability-gap-months.toml"),
    ),
    (
        "capability-gap-points",
        include_str!("../../plots/capability-gap-points.toml"),
    ),
    (
        "cards-shipped",
        include_str!("../../plots/cards-shipped.toml"),
    ),
    ("channels", include_str!("../../plots/channels.toml")),
    (
        "compute-by-bloc",
        include_str!("../../plots/compute-by-bloc.toml"),
    ),
    (
        "effect-on-gap",
        include_str!("../../plots/effect-on-gap.toml"),
    ),
    ("effects", include_str!("../../plots/effects.toml")),
    (
        "gap-by-regime",
        include_str!("../../plots/gap-by-regime.toml"),
    ),
    ("hindcast-B", include_str!("../../plots/hindcast-B.toml")),
    ("influence", include_str!("../../plots/influence.toml")),
    (
        "maker-revenue",
        include_str!("../../plots/maker-revenue.toml"),
    ),
    ("nations", include_str!("../../plots/nations.toml")),
    ("overview", include_str!("../../plots/overview.toml")),
    ("reversal", include_str!("../../plots/reversal.toml")),
    (
        "self-sufficiency",
        include_str!("../../plots/self-sufficiency.toml"),
    ),
    ("timeline", include_str!("../../plots/timeline.toml")),
    ("trade-off", include_str!("../../plots/trade-off.toml")),
    (
        "variants-sold",
        include_str!("../../plots/variants-sold.toml"),
    ),
    (
        "vendor-shares-lines",
        include_str!("../../plots/vendor-shares-lines.toml"),
    ),
    (
        "vendor-shares-target",
        include_str!("../../plots/vendor-shares-target.toml"),
    ),
    (
        "vendor-shares-world",
        include_str!("../../plots/vendor-shares-world.toml"),
    ),
    ("verdicts", include_str!("../../plots/verdicts.toml")),
];

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
        let name = name.strip_suffix(".toml")?;
        return FIGURES.iter().find(|(n, _)| *n == name).map(|(_, t)| *t);
    }
    EMBEDDED.get_file(path)?.contents_utf8()
}

/// Paths of all shipped files.
pub(super) fn paths() -> Vec<String> {
    let mut found = Vec::new();
    walk_embedded(&EMBEDDED, &mut found);
    found.extend(FIGURES.iter().map(|(name, _)| figure_path(name)));
    found
}

fn walk_embedded(dir: &Dir<'_>, found: &mut Vec<String>) {
    found.extend(dir.files().map(|f| f.path().display().to_string()));
    dir.dirs().for_each(|d| walk_embedded(d, found));
}
