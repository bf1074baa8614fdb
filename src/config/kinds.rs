//! The kinds of configuration file, where each kind belongs, and how the kind of a file elsewhere follows from its
//! content.

use super::diagnostics::{Diagnostic, Problems, Source, nearest, read_toml};
use super::foreign_chips::is_chip_table;
use super::shipped;
use crate::foundation::parameters::Parameters;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    Act,
    /// Events that rules respond to.
    Events,
    Regime,
    Study,
    Figure,
    Parameters,
    /// A table under `world/`.
    World,
    /// Chips of one's own.
    Chips,
    /// A table of recorded numbers.
    Series,
    /// From series to measures.
    Map,
    /// What others have published.
    Beside,
    Splits,
    /// Rival forms of the model.
    Structure,
    Registration,
    Looks,
    Posterior,
    /// What trades off with what in a posterior.
    Trades,
    /// What a posterior is informed of.
    Informed,
    /// One row a future.
    Futures,
    Schema,
    /// Words for readers.
    Text,
}

/// Keys at the top of a TOML file that belong to one kind alone.
const KEYS: &[(FileKind, &[&str])] = &[
    (FileKind::Act, &["rule", "citation", "issuer", "status"]),
    (
        FileKind::Study,
        &["arms", "baseline", "question", "window_months"],
    ),
    (FileKind::Figure, &["draw", "part"]),
    (
        FileKind::Regime,
        &["include", "select", "exclude", "process", "change"],
    ),
    (FileKind::Parameters, &["parameter"]),
    (FileKind::Map, &["series", "adjustment", "unanswered"]),
    (FileKind::Beside, &["quantity"]),
    (FileKind::Splits, &["split", "score", "bars", "discrepancy"]),
    (FileKind::Structure, &["form"]),
    (FileKind::Registration, &["support", "model_versions"]),
];

impl FileKind {
    /// Folders of a configuration, below its root.
    pub const FOLDERS: &[&str] = &[
        "rules",
        "regimes",
        "studies",
        "claims",
        "plots",
        "parameters",
        "world",
        "evidence",
        "posterior",
        "posterior/trades",
        "posterior/informed",
        "schema",
    ];

    /// Where files stand, in words.
    pub const PLACES: &str = "rules/ISSUER/NAME.toml, regimes/NAME.toml, studies/NAME.toml, claims/NAME.toml, plots/NAME.toml, posterior/NAME.csv, and the names of the program's files under parameters/, world/ and evidence/";

    /// What can be checked, in words.
    pub const WORDS: &str = "an act (`[[rule]]`), a regime (`include` or `select`), a study (`arms`), a figure (`[draw]`), parameters (`[[parameter]]`), a map of evidence (`[[series]]`), quantities of others (`[[quantity]]`), splits (`[[split]]`), rival forms (`[[form]]`), a registration (`[[support]]`); tables (CSV) of chips, evidence, futures, posterior samples, or with the columns of one under world/";

    /// Whether a folder has a place in a configuration.
    pub fn is_folder(path: &str) -> bool {
        let issuer = path.strip_prefix("rules/");
        Self::FOLDERS.contains(&path) || issuer.is_some_and(|name| !name.contains('/'))
    }

    /// The kind of file that is looked for at a path below the root of a configuration.
    pub fn of_path(path: &str) -> Option<Self> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        if ending == "md" || ["README", "LICENSE", "NOTICE"].contains(&name) {
            return Some(Self::Text);
        }
        if stem.is_empty() {
            return None;
        }
        let shipped = || shipped::text(path).is_some();
        match (folder, ending) {
            ("rules", "csv") if shipped() => Some(Self::Events),
            ("regimes", "toml") => Some(Self::Regime),
            ("studies" | "claims", "toml") => Some(Self::Study),
            ("studies", "csv" | "parquet") => Some(Self::Futures),
            ("plots", "toml") => Some(Self::Figure),
            ("posterior", "csv") => Some(Self::Posterior),
            ("posterior/trades", "csv") => Some(Self::Trades),
            ("posterior/informed", "csv") => Some(Self::Informed),
            ("parameters", "toml") if shipped() => Some(Self::Parameters),
            ("world", "csv") if shipped() => Some(Self::World),
            ("schema", "json") if shipped() => Some(Self::Schema),
            ("evidence", _) if shipped() => match name {
                "series.csv" => Some(Self::Series),
                "looks.csv" => Some(Self::Looks),
                "map.toml" => Some(Self::Map),
                "beside_others.toml" => Some(Self::Beside),
                "splits.toml" => Some(Self::Splits),
                "structure.toml" => Some(Self::Structure),
                _ => Some(Self::Registration),
            },
            (rules, "toml") if rules == "rules" || rules.starts_with("rules/") => {
                Self::is_folder(rules).then_some(Self::Act)
            }
            _ => None,
        }
    }

    /// Whether a file of this kind changes what a run does by standing in its place. Tables of futures act where a study
    /// names them.
    pub fn acts(self) -> bool {
        !matches!(self, Self::Text | Self::Schema | Self::Futures)
    }
}

/// The part of a path below the root of a configuration, where it stands in a folder that has a place in one.
pub fn below_root(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split(['/', '\\']).collect();
    // The longest tail that has a place: `posterior/trades/A.csv` before `trades/A.csv`.
    (0..parts.len().saturating_sub(1))
        .map(|from| parts[from..].join("/"))
        .find(|tail| FileKind::of_path(tail).is_some_and(|kind| kind != FileKind::Text))
}

/// Whether a file at the top of a folder is a study.
pub fn is_study(source: &Source) -> bool {
    of_content(source).is_ok_and(|found| found.kind == FileKind::Study)
}

/// A kind, and the path below a configuration at which a file of it acts, where there is but one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileIdentity {
    pub kind: FileKind,
    pub path: Option<String>,
}

/// What a file is: by where it stands, else by what it holds.
///
/// # Errors
/// When it is of no kind, or of two.
pub fn kind_of(source: &Source) -> Result<FileIdentity, Problems> {
    if let Some(path) = below_root(&source.name)
        && let Some(kind) = FileKind::of_path(&path)
    {
        return Ok(FileIdentity {
            kind,
            path: Some(path),
        });
    }
    if FileKind::of_path(&source.name.replace('\\', "/")) == Some(FileKind::Text) {
        return Ok(FileIdentity {
            kind: FileKind::Text,
            path: None,
        });
    }
    of_content(source)
}

fn of_content(source: &Source) -> Result<FileIdentity, Problems> {
    let plain = |kind| FileIdentity { kind, path: None };
    let unknown = |message: String| {
        let kinds = format!("expected {}", FileKind::WORDS);
        Problems::from(Diagnostic::at(source, 0..1, message).help(kinds))
    };
    let ends = |ending: &&str| source.name.to_lowercase().ends_with(*ending);
    let csv = [".csv", ".tsv", ".tab", ".parquet"].iter().any(ends);
    if !csv {
        let table: toml::Table = read_toml(source)?;
        let mut found: Vec<(usize, FileKind)> = KEYS
            .iter()
            .map(|(kind, keys)| {
                let held = keys.iter().filter(|key| table.contains_key(**key));
                (held.count(), *kind)
            })
            .filter(|(held, _)| *held > 0)
            .collect();
        found.sort_by_key(|(held, _)| std::cmp::Reverse(*held));
        if found.is_empty() {
            // A misspelt key says what is meant; the reader of that kind says where it is wrong.
            let near = |keys: &&[&str]| table.keys().any(|key| nearest(key, keys).is_some());
            found.extend(
                KEYS.iter()
                    .filter(|(_, keys)| near(keys))
                    .map(|(kind, _)| (1, *kind)),
            );
        }
        return match found[..] {
            [] => Err(unknown("the keys of this file are of no kind".into())),
            [(a, one), (b, other), ..] if a == b => Err(unknown(format!(
                "the keys of this file are of two kinds, {one:?} and {other:?}"
            ))),
            [(_, FileKind::Parameters), ..] => Ok(FileIdentity {
                kind: FileKind::Parameters,
                path: mechanism(&table).map(|name| format!("parameters/{name}.toml")),
            }),
            [(_, kind), ..] => Ok(plain(kind)),
        };
    }
    let samples = source.text.starts_with('#');
    let mut lines = source.text.lines();
    let head = lines.find(|line| !line.starts_with('#')).unwrap_or("");
    let columns: Vec<&str> = head
        .split(',')
        .map(|c| c.trim().trim_matches('"'))
        .collect();
    let draws = |c: &&&str| {
        ["stress", "variant"].contains(*c) || Parameters::NAMES.iter().any(|(_, id)| id == *c)
    };
    let drawn = columns.iter().filter(draws).count();
    if 2 * drawn >= columns.len() {
        return Ok(plain(if samples {
            FileKind::Posterior
        } else {
            FileKind::Futures
        }));
    }
    // The shipped table with most of the columns of both.
    let tables = shipped::paths().into_iter().filter(|p| p.ends_with(".csv"));
    let mut near: Vec<(usize, String)> = tables
        .filter(|path| FileKind::of_path(path) != Some(FileKind::Posterior))
        .filter_map(|path| {
            let head = shipped::text(&path)?.lines().next()?;
            let of_it: Vec<&str> = head.split(',').collect();
            let shared = columns.iter().filter(|c| of_it.contains(c)).count();
            let all = columns.len() + of_it.len() - shared;
            // Half of them, or what a table of chips of one's own needs.
            let chips = path == "world/chips.csv" && columns.contains(&"chip");
            (2 * shared >= all || chips && 2 * shared >= columns.len())
                .then_some((1000 * shared / all.max(1), path))
        })
        .collect();
    near.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let Some((best, path)) = near.first() else {
        if is_chip_table(source) {
            return Ok(plain(FileKind::Chips));
        }
        return Err(unknown("the columns of this table are of no kind".into()));
    };
    let kind = FileKind::of_path(path).unwrap_or(FileKind::World);
    if kind == FileKind::World {
        if path == "world/chips.csv" {
            return Ok(plain(FileKind::Chips));
        }
        let same: Vec<&String> = near
            .iter()
            .filter(|(share, p)| share == best && FileKind::of_path(p) == Some(FileKind::World))
            .map(|(_, p)| p)
            .collect();
        let named = |p: &&&String| source.name.ends_with(p.trim_start_matches("world/"));
        let path = match (&same[..], same.iter().find(named)) {
            ([one], _) | (_, Some(one)) => (*one).clone(),
            _ => {
                return Err(unknown(format!(
                    "its columns are those of {}: give it that name",
                    same.iter()
                        .map(|p| p.as_str())
                        .collect::<Vec<_>>()
                        .join(" and ")
                )));
            }
        };
        return Ok(FileIdentity {
            kind,
            path: Some(path),
        });
    }
    let path = ["evidence/", "posterior/"]
        .iter()
        .all(|folder| !path.starts_with(folder))
        .then(|| path.clone());
    Ok(FileIdentity { kind, path })
}

/// The mechanism of the first known parameter of a file.
fn mechanism(table: &toml::Table) -> Option<&'static str> {
    let entries = table.get("parameter")?.as_array()?;
    let ids = entries.iter().filter_map(|e| e.get("id")?.as_str());
    ids.into_iter()
        .find_map(|id| Parameters::NAMES.iter().find(|(_, name)| *name == id))
        .map(|(mechanism, _)| *mechanism)
}
