//! The seal of a results folder lists the files that this program wrote, with the SHA-256 of each.
//!
//! A folder without a seal is never replaced, and files that the seal does not list are never replaced or removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::foundation::digest::{hex, sha256};

use super::{ResultsError, files, io};

/// The name of the file.
pub const SEAL: &str = "seal.json";
/// The file of timings, which differ between machines and are not listed in the seal; it belongs to the program.
pub const TIMING: &str = "timing.json";
const PROGRAM: &str = "chokepoint";
/// Bytes of a seal or a manifest at most.
pub const LONGEST: u64 = 64 << 20;

/// Which files of a folder are the program's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    pub program: String,
    pub version: String,
    /// Hash of the inputs: folders with the same hash are results of the same plan.
    pub made_from: String,
    /// Files by path below the folder.
    pub files: BTreeMap<String, SealedFile>,
    /// Hash of all of the above.
    pub seal: String,
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SealedFile {
    pub sha256: String,
    /// Hash of the question that it answers, for a table that another command put beside the results.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub made_from: String,
}

impl Seal {
    /// A seal over every file of a folder.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn over(folder: &Path, made_from: &str) -> Result<Self, ResultsError> {
        let mut seal = Self {
            program: PROGRAM.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            made_from: made_from.into(),
            ..Self::default()
        };
        for path in walk(folder)? {
            if !is_own(&path) {
                seal.put(folder, &path, "")?;
            }
        }
        Ok(seal)
    }

    /// Adds a file with its present hash.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn put(&mut self, folder: &Path, path: &str, made_from: &str) -> Result<(), ResultsError> {
        let sealed = SealedFile {
            sha256: hash_of(&folder.join(path))?,
            made_from: made_from.into(),
        };
        self.files.insert(path.into(), sealed);
        Ok(())
    }

    fn hashed(&self) -> String {
        let plain = Self {
            seal: String::new(),
            ..self.clone()
        };
        let text = serde_json::to_vec(&plain).unwrap_or_default();
        sha256(&text)
    }

    /// Writes it into its folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(mut self, folder: &Path) -> Result<(), ResultsError> {
        self.seal = self.hashed();
        let text = serde_json::to_string_pretty(&self).unwrap_or_default() + "\n";
        files::write(&folder.join(SEAL), text)
    }

    /// The seal of a folder; None where there is none, and `Err` with the reason where it is not as it was written.
    pub fn read(folder: &Path) -> Option<Result<Self, String>> {
        let text = match text_of(&folder.join(SEAL)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => return Some(Err(format!("{SEAL} cannot be read: {error}"))),
        };
        let changed = || format!("{SEAL} was changed");
        let seal: Self = match serde_json::from_str(&text) {
            Ok(seal) => seal,
            Err(_) => return Some(Err(changed())),
        };
        let whole = seal.program == PROGRAM
            && seal.seal == seal.hashed()
            && seal.files.keys().all(|path| stays_below(path));
        Some(if whole { Ok(seal) } else { Err(changed()) })
    }

    /// What happened to files listed that are not as they were written, in words. Files that are gone are told only with
    /// `missing`.
    fn faults(&self, folder: &Path, only: impl Fn(&str) -> bool, missing: bool) -> Vec<String> {
        let listed = self.files.iter().filter(|(path, _)| only(path));
        listed
            .filter_map(|(path, sealed)| {
                let there = fs::symlink_metadata(folder.join(path)).is_ok();
                match hash_of(&folder.join(path)) {
                    Ok(hash) if hash == sealed.sha256 => None,
                    Ok(_) => Some(format!("{path} was changed")),
                    Err(ResultsError::Io { reason, .. }) if there => {
                        Some(format!("{path} cannot be read: {reason}"))
                    }
                    Err(_) => missing.then(|| format!("{path} is missing")),
                }
            })
            .collect()
    }

    /// Files that somebody changed after they were written.
    pub fn changed(&self, folder: &Path) -> Vec<String> {
        self.faults(folder, |_| true, false)
    }
}

/// Checks that manifest and tables of a results folder are those that were written. Answers what is not, in words, where
/// `unsealed` lets such a folder be used; a folder without a seal is one of them.
///
/// # Errors
/// When the folder holds no results, or is not as it was written and `unsealed` is not given.
pub fn check(folder: &Path, unsealed: bool) -> Result<Vec<String>, ResultsError> {
    let is_table = |path: &str| {
        let top = !path.contains('/');
        top && (path.ends_with(".csv") || path.ends_with(".parquet"))
    };
    let faults = match Seal::read(folder) {
        None if !folder.join("manifest.json").exists() => {
            return Err(io(folder, "is not a results folder"));
        }
        None => vec![format!(
            "{SEAL} is missing: results of version 0.4.0 and before have none, and nobody can tell whether they were changed"
        )],
        Some(Err(fault)) => vec![fault],
        Some(Ok(seal)) => {
            let mut faults = seal.faults(folder, |p| is_table(p) || p == "manifest.json", true);
            let entries = fs::read_dir(folder).map_err(|e| io(folder, e))?;
            let names: BTreeSet<String> = entries
                .flatten()
                .map(|e| e.file_name().to_string_lossy().into_owned())
                .collect();
            let added = names.iter().filter(|n| is_table(n));
            let added = added.filter(|n| !seal.files.contains_key(*n));
            faults.extend(added.map(|n| format!("{n} was added")));
            faults
        }
    };
    if faults.is_empty() || unsealed {
        Ok(faults)
    } else {
        Err(ResultsError::Broken {
            folder: folder.to_path_buf(),
            faults,
        })
    }
}

/// Checks that files of a folder may be written: what a seal does not list is somebody else's. In a folder without a
/// whole seal every file is taken for the program's, since only `--unsealed` leads there.
///
/// # Errors
/// With the first file that is not the program's.
pub fn may_write(folder: &Path, paths: &[String]) -> Result<(), ResultsError> {
    let Some(Ok(seal)) = Seal::read(folder) else {
        return Ok(());
    };
    let foreign = |path: &&String| {
        fs::symlink_metadata(folder.join(path)).is_ok() && !seal.files.contains_key(*path)
    };
    match paths.iter().find(foreign) {
        Some(path) => Err(io(
            &folder.join(path),
            "is there and was not written by this program; move it, or choose another place",
        )),
        None => Ok(()),
    }
}

/// Lists files that a command has written into a results folder. A folder without a whole seal stays without one.
///
/// # Errors
/// When a file cannot be read, or the seal cannot be written.
pub fn add(folder: &Path, paths: &[String], made_from: &str) -> Result<(), ResultsError> {
    // Two commands that add at the same time wait for each other; where a folder cannot be locked they do not.
    let lock = File::open(folder).map_err(|e| io(folder, e))?;
    let _ = lock.lock();
    let Some(Ok(mut seal)) = Seal::read(folder) else {
        return Ok(());
    };
    let before = seal.clone();
    for path in paths {
        seal.put(folder, path, made_from)?;
    }
    if seal == before {
        return Ok(());
    }
    seal.write(folder)
}

/// The text of a file of a bounded length that is a plain file.
///
/// # Errors
/// When it is no such file, or cannot be read.
pub fn text_of(path: &Path) -> std::io::Result<String> {
    let wrong = |reason: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, reason);
    if !fs::metadata(path)?.is_file() {
        return Err(wrong("is no plain file"));
    }
    let mut text = String::new();
    File::open(path)?
        .take(LONGEST + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(wrong("is longer than any file of its kind"));
    }
    Ok(text)
}

/// SHA-256 of a plain file, a megabyte at a time.
fn hash_of(path: &Path) -> Result<String, ResultsError> {
    if !fs::metadata(path).map_err(|e| io(path, e))?.is_file() {
        return Err(io(path, "is no plain file"));
    }
    let mut file = File::open(path).map_err(|e| io(path, e))?;
    let (mut sum, mut bytes) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut bytes).map_err(|e| io(path, e))? {
            0 => return Ok(hex(&sum.finalize())),
            n => sum.update(&bytes[..n]),
        }
    }
}

/// Whether a path leads to a file below the folder that it is listed in.
fn stays_below(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Whether a path of a results folder is the program's without being listed: the seal, the times, a file under way.
pub fn is_own(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    path == SEAL || path == TIMING || files::is_partial(name)
}

/// Every file below a folder, by path, sorted; links are not followed. A path that is no text is an error: it cannot be listed.
///
/// # Errors
/// When a folder cannot be read.
pub fn walk(folder: &Path) -> Result<Vec<String>, ResultsError> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let here = folder.join(&below);
        for entry in fs::read_dir(&here).map_err(|e| io(&here, e))? {
            let entry = entry.map_err(|e| io(&here, e))?;
            let name = entry.file_name();
            let name = name
                .to_str()
                .ok_or_else(|| io(&entry.path(), "has a name that is no text"))?;
            let path = if below.is_empty() {
                name.to_string()
            } else {
                format!("{below}/{name}")
            };
            if entry.file_type().map_err(|e| io(&here, e))?.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
