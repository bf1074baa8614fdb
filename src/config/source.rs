//! Finds configuration text in a folder on disk or in the copy inside the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use super::diagnostics::Source;
use super::diagnostics::{Diagnostic, Problems, nearest};
use super::folder;
use super::kinds::FileKind;
use super::shipped::{self, display_path, figure_path};

impl Source {
    /// A file of the disk, as a user named it.
    ///
    /// # Errors
    /// When it cannot be read as text.
    pub fn of_file(name: &str) -> Result<Self, Problems> {
        folder::text(Path::new(name))
            .map(|text| Self {
                name: name.into(),
                text,
            })
            .map_err(|why| {
                let mut problem = missing(name, &why);
                if let Some(near) = near_file(Path::new(name)) {
                    problem.0[0].help = format!("did you mean `{near}`?");
                }
                problem
            })
    }
}

/// The file of the same folder whose name is nearest to one that is not there; of a name with an ending, one with that ending.
fn near_file(path: &Path) -> Option<String> {
    if path.symlink_metadata().is_ok() {
        return None;
    }
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let files = entries.flatten().map(|e| e.path()).filter(|p| p.is_file());
    let alike = files.filter(|p| path.extension().is_none() || p.extension() == path.extension());
    let mut names: Vec<String> = alike
        .filter_map(|p| Some(p.file_name()?.to_str()?.to_string()))
        .collect();
    // The order of a folder differs from machine to machine.
    names.sort();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let near = path.with_file_name(nearest(name, &names)?);
    Some(near.display().to_string())
}

/// A set of configuration files.
#[derive(Clone, Debug, Default)]
pub struct Configs {
    folder: Option<PathBuf>,
    /// Files by path that come before those of the program.
    files: Arc<BTreeMap<String, Source>>,
    /// What is wrong with the folder: whoever reads first is told.
    wrong: Arc<Problems>,
    /// Whether nothing is read from the disk.
    sealed: bool,
}

impl Configs {
    /// The files shipped inside the program.
    pub fn embedded() -> Self {
        Self::default()
    }

    /// Files of a folder laid out like `configs/`; what it lacks is taken from the program. The folder is read once, here;
    /// what is wrong with it is the error of the first read.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        let folder = path.into();
        let (files, wrong) = folder::read(&folder);
        Self {
            folder: Some(folder),
            files: Arc::new(files),
            wrong: Arc::new(wrong),
            sealed: false,
        }
    }

    /// The shipped files and these, by path; the disk is never read.
    pub fn sealed(files: BTreeMap<String, String>) -> Self {
        let named = |(path, text): (String, String)| {
            let name = display_path(&path);
            (path, Source { name, text })
        };
        Self {
            files: Arc::new(files.into_iter().map(named).collect()),
            sealed: true,
            ..Self::default()
        }
    }

    /// These files, by path, before all others.
    #[must_use]
    pub fn with(mut self, files: BTreeMap<String, String>) -> Self {
        for (path, text) in files {
            let name = display_path(&path);
            self = self.with_source(&path, Source { name, text });
        }
        self
    }

    /// A file at this path, before all others.
    #[must_use]
    pub fn with_source(mut self, path: &str, source: Source) -> Self {
        if let Some(wrong) = folder::unknown(path) {
            Arc::make_mut(&mut self.wrong).0.push(wrong);
        }
        Arc::make_mut(&mut self.files).insert(path.to_string(), source);
        self
    }

    /// The text of a file that comes before all others, if there is one.
    pub fn sealed_file(&self, path: &str) -> Option<&String> {
        self.files.get(path).map(|source| &source.text)
    }

    /// The folder that stands before the program's own files, if there is one.
    pub fn own_folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Whether files of the disk may be read.
    pub fn reads_disk(&self) -> bool {
        !self.sealed
    }

    /// A file of the disk by the name that a user gave: a path, or a name with an ending. A name alone is that of a
    /// shipped file, whatever lies in the folder in which the program was started.
    ///
    /// # Errors
    /// When it is there and cannot be read: no other file takes its place.
    pub fn on_disk(&self, name: &str) -> Result<Option<Source>, Problems> {
        let path = Path::new(name);
        let is_path = name.contains('/') || path.extension().is_some();
        if self.sealed || !is_path || path.symlink_metadata().is_err() {
            return Ok(None);
        }
        Source::of_file(name).map(Some)
    }

    /// Files that are not as the program carries them: what has to travel with a plan.
    pub fn own(&self) -> BTreeMap<String, String> {
        self.files
            .iter()
            .filter(|(path, source)| {
                FileKind::of_path(path).is_none_or(FileKind::acts)
                    && shipped::text(path) != Some(source.text.as_str())
            })
            .map(|(path, source)| (path.clone(), source.text.clone()))
            .collect()
    }

    fn holds(&self, path: &str) -> bool {
        self.files.contains_key(path) || shipped::text(path).is_some()
    }

    /// A file by its path below `configs/`.
    ///
    /// # Errors
    /// When there is no such file, or the folder of one's own is not as it should be.
    pub fn read(&self, path: &str) -> Result<Source, Problems> {
        Problems::clone(&self.wrong).check()?;
        if let Some(source) = self.files.get(path) {
            return Ok(source.clone());
        }
        match shipped::text(path) {
            Some(text) => Ok(Source {
                name: display_path(path),
                text: text.to_string(),
            }),
            None => Err(missing(path, "no such file in the configuration")),
        }
    }

    /// Paths of the files with this ending below a folder of `configs/`, sorted.
    pub fn list(&self, folder: &str, ending: &str) -> Vec<String> {
        let below = format!("{folder}/");
        let mut found = shipped::paths();
        found.extend(self.files.keys().cloned());
        found.retain(|path| path.starts_with(&below) && path.ends_with(ending));
        found.sort();
        found.dedup();
        found
    }

    /// A file that a user named: a path on disk wins; else a shipped file of that path or of that name in `folder`.
    ///
    /// # Errors
    /// When neither exists, with the nearest shipped name.
    pub fn find(&self, name: &str, folder: &str) -> Result<Source, Problems> {
        Problems::clone(&self.wrong).check()?;
        if let Some(source) = self.on_disk(name)? {
            return Ok(source);
        }
        let below = name.trim_start_matches("./").trim_start_matches("configs/");
        let candidates = [
            below.to_string(),
            format!("{folder}/{below}"),
            format!("{folder}/{below}.toml"),
        ];
        // A claim of the debate is a study, found by its number.
        let claim = (folder == "studies").then(|| format!("claims/{}.toml", below.to_lowercase()));
        let mut candidates = candidates.iter().chain(&claim);
        if let Some(path) = candidates.find(|path| self.holds(path)) {
            return self.read(path);
        }
        let shipped = self.list(folder, ".toml");
        let names: Vec<&str> = shipped
            .iter()
            .filter_map(|p| {
                p.strip_prefix(folder)?
                    .strip_prefix('/')?
                    .strip_suffix(".toml")
            })
            .collect();
        let mut problem = missing(
            name,
            &format!(
                "no file of this name here, and none in the list of `chokepoint list {folder}`"
            ),
        );
        if let Some(near) = nearest(
            below
                .trim_start_matches(folder)
                .trim_start_matches('/')
                .trim_end_matches(".toml"),
            &names,
        ) {
            problem.0[0].help = format!("did you mean `{near}`?");
        }
        Err(problem)
    }

    /// A figure definition: a path on disk wins; else that of the folder, else a shipped one of that name.
    ///
    /// # Errors
    /// When neither exists, with the nearest shipped name.
    pub fn find_figure(&self, name: &str) -> Result<Source, Problems> {
        if let Some(source) = self.on_disk(name)? {
            return Ok(source);
        }
        let file = figure_path(name);
        if self.holds(&file) {
            return self.read(&file);
        }
        let message =
            "no figure of this name here, and none in the list of `chokepoint list figures`";
        let mut problem = missing(name, message);
        let names = self.figure_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(near) = nearest(name, &names) {
            problem.0[0].help = format!("did you mean `{near}`?");
        }
        Err(problem)
    }

    /// Names of the figures that ship or stand in the folder.
    pub fn figure_names(&self) -> Vec<String> {
        let plain = |path: &String| {
            let name = path.trim_start_matches("plots/");
            name.trim_end_matches(".toml").to_string()
        };
        self.list("plots", ".toml").iter().map(plain).collect()
    }

    /// Names (paths below `configs/`) and texts of every file that may shape a run, for hashing. Figures are hashed by
    /// who draws them.
    pub fn all(&self) -> Vec<Source> {
        let mut found = shipped::paths();
        found.extend(self.own().into_keys());
        found.retain(|path| !path.starts_with("plots/"));
        found.sort();
        found.dedup();
        let named = |path: String| {
            self.read(&path).ok().map(|source| Source {
                name: display_path(&path),
                ..source
            })
        };
        found.into_iter().filter_map(named).collect()
    }
}

fn missing(name: &str, message: &str) -> Problems {
    let nothing = Source {
        name: name.to_string(),
        text: String::new(),
    };
    Problems::from(Diagnostic::at(&nothing, 0..0, message))
}
