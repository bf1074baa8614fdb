//! The folder that results are made in: beside the target, kept until they are whole, taken up again after a crash.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::{ResultsError, io};

/// A target and the working folder beside it. The target appears, or changes, at once and whole.
pub struct Working {
    target: PathBuf,
    folder: PathBuf,
    _lock: File,
}

impl Working {
    /// # Errors
    /// When the target exists and is not a results folder, nothing can be written beside it, or another run works on it.
    pub fn open(target: &Path) -> Result<Self, ResultsError> {
        // `.` and `..` cannot be put in place at once; a link that leads nowhere is not ours.
        let ours = target.file_name().is_some();
        if !ours || fs::symlink_metadata(target).is_ok() && !target.join("manifest.json").exists() {
            let empty = fs::read_dir(target).is_ok_and(|mut d| d.next().is_none());
            if !ours || !empty {
                return Err(ResultsError::NotOurs(target.to_path_buf()));
            }
        }
        let name = target
            .file_name()
            .map_or_else(|| "results".into(), |n| n.to_string_lossy().into_owned());
        let folder = target.with_file_name(format!(".{name}.unfinished"));
        fs::create_dir_all(folder.join("blocks")).map_err(|e| io(&folder, e))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(|e| io(&path, e))?;
        if lock.try_lock().is_err() {
            return Err(io(&folder, "another run is writing these results"));
        }
        Ok(Self {
            target: target.to_path_buf(),
            folder,
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    pub fn blocks(&self) -> PathBuf {
        self.folder.join("blocks")
    }

    /// An empty folder for the tables and figures under way.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn fresh(&self) -> Result<PathBuf, ResultsError> {
        let results = self.folder.join("results");
        let _ = fs::remove_dir_all(&results);
        fs::create_dir_all(results.join("plots")).map_err(|e| io(&results, e))?;
        Ok(results)
    }

    /// Puts the finished results in place of the old ones, and removes what they were made from.
    ///
    /// # Errors
    /// When renaming fails; the old folder is then still there, or in the working folder as `old`, and the working folder too.
    pub fn finish(&self) -> Result<PathBuf, ResultsError> {
        let (old, new) = (self.folder.join("old"), self.folder.join("results"));
        if self.target.exists() {
            let _ = fs::remove_dir_all(&old);
            fs::rename(&self.target, &old).map_err(|e| io(&self.target, e))?;
        }
        if let Err(error) = fs::rename(&new, &self.target) {
            let _ = fs::rename(&old, &self.target);
            return Err(io(&self.target, error));
        }
        let target = self.target.clone();
        self.discard();
        Ok(target)
    }

    /// Removes the working folder: blocks before the plan that says whose they are.
    pub fn discard(&self) {
        let _ = fs::remove_dir_all(self.blocks());
        let _ = fs::remove_dir_all(&self.folder);
    }
}
