//! Where configuration comes from: a folder on disk, or the copy inside the program, so that it runs anywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

use super::diagnostics::{Diagnostic, Problems, nearest};
use super::figure::SHIPPED;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/configs");

/// A file's name and text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// A set of configuration files.
#[derive(Clone, Debug, Default)]
pub struct Configs {
    folder: Option<PathBuf>,
    /// Files by path that come before those of the folder and of the program.
    files: Arc<BTreeMap<String, String>>,
    /// Whether nothing is read from the disk.
    sealed: bool,
}

impl Configs {
    /// The files shipped inside the program.
    pub fn embedded() -> Self {
        Self::default()
    }

    /// Files of a folder laid out like `configs/`; what it lacks is taken from the program.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self {
            folder: Some(path.into()),
            ..Self::default()
        }
    }

    /// The shipped files and these, by path; the disk is never read.
    pub fn sealed(files: BTreeMap<String, String>) -> Self {
        Self {
            folder: None,
            files: Arc::new(files),
            sealed: true,
        }
    }

    /// These files, by path, before all others.
    #[must_use]
    pub fn with(mut self, files: BTreeMap<String, String>) -> Self {
        Arc::make_mut(&mut self.files).extend(files);
        self
    }

    /// The text of a file that comes before all others, if there is one.
    pub fn sealed_file(&self, path: &str) -> Option<&String> {
        self.files.get(path)
    }

    /// The folder that stands before the program's own files, if there is one.
    pub fn own_folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Whether files of the disk may be read.
    pub fn reads_disk(&self) -> bool {
        !self.sealed
    }

    /// A file of the disk by the name that a user gave.
    pub fn on_disk(&self, name: &str) -> Option<String> {
        if self.sealed {
            return None;
        }
        std::fs::read_to_string(name).ok()
    }

    /// Files that are not as the program carries them: what has to travel with a plan.
    pub fn own(&self) -> BTreeMap<String, String> {
        ["parameters", "regimes", "rules", "studies", "world"]
            .iter()
            .flat_map(|folder| self.list(folder, ""))
            .filter_map(|path| Some((path.clone(), self.read(&path).ok()?.text)))
            .filter(|(path, text)| {
                EMBEDDED.get_file(path).and_then(|f| f.contents_utf8()) != Some(text)
            })
            .collect()
    }

    /// A file by its path below `configs/`.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn read(&self, path: &str) -> Result<Source, Problems> {
        if let Some(text) = self.sealed_file(path) {
            return Ok(Source {
                name: format!("configs/{path}"),
                text: text.clone(),
            });
        }
        if let Some(folder) = &self.folder
            && let Ok(text) = std::fs::read_to_string(folder.join(path))
        {
            return Ok(Source {
                name: folder.join(path).display().to_string(),
                text,
            });
        }
        match EMBEDDED.get_file(path).and_then(|f| f.contents_utf8()) {
            Some(text) => Ok(Source {
                name: format!("configs/{path}"),
                text: text.to_string(),
            }),
            None => Err(missing(path, "no such file in the configuration")),
        }
    }

    /// Paths of the files with this ending below a folder of `configs/`, sorted.
    pub fn list(&self, folder: &str, ending: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        if let Some(dir) = EMBEDDED.get_dir(folder) {
            walk_embedded(dir, &mut found);
        }
        if let Some(root) = &self.folder {
            walk_disk(&root.join(folder), root, &mut found);
        }
        let below = format!("{folder}/");
        let first = self.files.keys().filter(|p| p.starts_with(&below));
        found.extend(first.cloned());
        found.retain(|path| path.ends_with(ending));
        found.sort();
        found.dedup();
        found
    }

    /// A file that a user named: a path on disk wins; else a shipped file of that path or of that name in `folder`.
    ///
    /// # Errors
    /// When neither exists, with the nearest shipped name.
    pub fn find(&self, name: &str, folder: &str) -> Result<Source, Problems> {
        if let Some(text) = self.on_disk(name) {
            return Ok(Source {
                name: name.to_string(),
                text,
            });
        }
        let below = name.trim_start_matches("./").trim_start_matches("configs/");
        let candidates = [
            below.to_string(),
            format!("{folder}/{below}"),
            format!("{folder}/{below}.toml"),
        ];
        for candidate in &candidates {
            if let Ok(source) = self.read(candidate) {
                return Ok(source);
            }
        }
        let shipped = self.list(folder, ".toml");
        let names: Vec<&str> = shipped
            .iter()
            .filter_map(|p| p.strip_prefix(folder)?.strip_prefix('/'))
            .collect();
        let mut problem = missing(
            name,
            &format!("no such file here, and none of this name ships under {folder}/"),
        );
        if let Some(near) = nearest(
            below.trim_start_matches(folder).trim_start_matches('/'),
            &names,
        ) {
            problem.0[0].help = format!("did you mean `{near}`?");
        }
        Err(problem)
    }

    /// A figure definition: a path on disk wins; else a shipped one of that name.
    ///
    /// # Errors
    /// When neither exists, with the nearest shipped name.
    pub fn find_figure(&self, name: &str) -> Result<Source, Problems> {
        if let Some(text) = self.on_disk(name) {
            return Ok(Source {
                name: name.to_string(),
                text,
            });
        }
        let plain = name.trim_start_matches("plots/").trim_end_matches(".toml");
        let file = format!("plots/{plain}.toml");
        if let Some(text) = self.sealed_file(&file) {
            return Ok(Source {
                name: file,
                text: text.clone(),
            });
        }
        match SHIPPED.iter().find(|(shipped, _)| *shipped == plain) {
            Some((_, text)) => Ok(Source {
                name: file,
                text: (*text).to_string(),
            }),
            None => {
                let mut problem = missing(
                    name,
                    "no such figure here, and none of this name ships under plots/",
                );
                if let Some(near) = nearest(
                    name,
                    &figure_names()
                        .iter()
                        .map(String::as_str)
                        .collect::<Vec<_>>(),
                ) {
                    problem.0[0].help = format!("did you mean `{near}`?");
                }
                Err(problem)
            }
        }
    }

    /// Names (paths below `configs/`) and texts of every file that may shape a run, for hashing.
    pub fn all(&self) -> Vec<Source> {
        let mut found = Vec::new();
        walk_embedded(&EMBEDDED, &mut found);
        found.extend(self.own().into_keys());
        found.sort();
        found.dedup();
        let named = |path: String| {
            self.read(&path).ok().map(|source| Source {
                name: format!("configs/{path}"),
                ..source
            })
        };
        found.into_iter().filter_map(named).collect()
    }
}

/// Names of the shipped figures.
pub fn figure_names() -> Vec<String> {
    SHIPPED
        .iter()
        .map(|(name, _)| (*name).to_string())
        .collect()
}

fn missing(name: &str, message: &str) -> Problems {
    let nothing = Source {
        name: name.to_string(),
        text: String::new(),
    };
    Problems::from(Diagnostic::at(&nothing, 0..0, message))
}

fn walk_embedded(dir: &Dir<'_>, found: &mut Vec<String>) {
    found.extend(dir.files().map(|f| f.path().display().to_string()));
    dir.dirs().for_each(|d| walk_embedded(d, found));
}

fn walk_disk(dir: &Path, root: &Path, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk_disk(&path, root, found);
        } else if let Ok(below) = path.strip_prefix(root) {
            found.push(below.display().to_string());
        }
    }
}
