//! The working folder of a run, beside its target, kept until the results are complete so that a stopped run can
//! resume.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::seal::{SEAL, Seal, is_own, walk};
use super::{ResultsError, files, io};

/// A path without `.` and `..`, as far as its folders exist. A path through the folder that is replaced would lead nowhere while that
/// folder is moved.
fn without_dots(path: &Path) -> PathBuf {
    let dots = |part: Component| matches!(part, Component::CurDir | Component::ParentDir);
    if !path.components().any(dots) {
        // Without a trailing `/.`, which cannot be renamed.
        return path.components().collect();
    }
    let whole = || {
        let folder = path.parent()?.canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    path.canonicalize()
        .ok()
        .or_else(whole)
        .unwrap_or_else(|| path.to_path_buf())
}

/// Which finished results may be replaced.
#[derive(Clone, Debug, Default)]
pub struct FolderClaim {
    /// Hashes of the inputs: results with one of them are of the same plan. There are several where the number of futures is
    /// not known in advance.
    pub made_from: Vec<String>,
    /// Whether results of another plan, or changed ones, may be replaced.
    pub overwrite: bool,
}

/// A target and the working folder beside it. The target appears or changes in one step.
pub struct WorkingFolder {
    target: PathBuf,
    folder: PathBuf,
    _lock: File,
}

impl WorkingFolder {
    /// # Errors
    /// When the target may not be replaced, nothing can be written beside it, or another run works on it.
    pub fn open(target: &Path, claim: &FolderClaim) -> Result<Self, ResultsError> {
        // A broken link is not the program's.
        let foreign = || ResultsError::NotOurs(target.to_path_buf());
        let linked = fs::symlink_metadata(target).is_ok_and(|m| m.is_symlink());
        let target = if linked {
            fs::canonicalize(target).map_err(|_| foreign())?
        } else {
            without_dots(target)
        };
        let name = target.file_name().ok_or_else(foreign)?.to_owned();
        let mut own = std::ffi::OsString::from(".");
        own.push(name);
        own.push(".unfinished");
        let folder = target.with_file_name(own);
        if !folder.exists() {
            admit(&target, claim)?;
        }
        fs::create_dir_all(folder.join("blocks")).map_err(|e| io(&folder, e))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(|e| io(&path, e))?;
        if lock.try_lock().is_err() {
            return Err(io(&folder, "another run is writing these results"));
        }
        let working = Self {
            target,
            folder,
            _lock: lock,
        };
        working.recover()?;
        if let Err(refused) = admit(&working.target, claim) {
            let blocks = fs::read_dir(working.blocks());
            if blocks.is_ok_and(|mut b| b.next().is_none()) {
                working.discard();
            }
            return Err(refused);
        }
        Ok(working)
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    pub fn target(&self) -> &Path {
        &self.target
    }

    pub fn blocks(&self) -> PathBuf {
        self.folder.join("blocks")
    }

    fn old(&self) -> PathBuf {
        self.folder.join("old")
    }

    fn new_results(&self) -> PathBuf {
        self.folder.join("results")
    }

    /// Makes an empty folder for new tables and figures.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn fresh(&self) -> Result<PathBuf, ResultsError> {
        let results = self.new_results();
        let _ = fs::remove_dir_all(&results);
        fs::create_dir_all(results.join("plots")).map_err(|e| io(&results, e))?;
        Ok(results)
    }

    /// Seals the finished results, carries over files that must not be lost, replaces the old results, and removes the blocks.
    /// `claim` names the plan of the results.
    ///
    /// Files that the old seal does not list are carried over. If the old results are of the same plan, tables that other
    /// commands added are carried over too.
    ///
    /// # Errors
    /// When the target may no longer be replaced, a file of somebody else stands where one of the results belongs, or renaming
    /// fails; the old folder is then still there, or in the working folder as `old`, and the working folder too.
    pub fn finish(&self, claim: &FolderClaim) -> Result<PathBuf, ResultsError> {
        let (old, new) = (self.old(), self.new_results());
        let made_from = claim.made_from.first().map_or("", String::as_str);
        let mut seal = Seal::over(&new, made_from)?;
        if let Some(before) = admit(&self.target, claim)? {
            carry_over(&self.target, &before, &new, &mut seal)?;
        }
        seal.write(&new)?;
        files::sync_folder(&new.join("plots").join(SEAL));
        if self.target.exists() {
            // Commands that add to the old folder are waited for; where a folder cannot be locked they are not.
            let busy = File::open(&self.target).map_err(|e| io(&self.target, e))?;
            let _ = busy.lock();
            fs::rename(&self.target, &old).map_err(|e| io(&self.target, e))?;
        }
        if let Err(error) = fs::rename(&new, &self.target) {
            let _ = fs::rename(&old, &self.target);
            return Err(io(&self.target, error));
        }
        files::sync_folder(&self.target);
        self.discard();
        Ok(self.target.clone())
    }

    /// Completes a replacement that a killed process left: old results are restored if no new ones took their place, and
    /// removed otherwise.
    fn recover(&self) -> Result<(), ResultsError> {
        let old = self.old();
        if fs::symlink_metadata(&old).is_err() {
            return Ok(());
        }
        if fs::symlink_metadata(&self.target).is_err() {
            fs::rename(&old, &self.target).map_err(|e| io(&old, e))?;
            files::sync_folder(&self.target);
        } else if self.new_results().exists() {
            return Err(io(
                &old,
                format!(
                    "holds the results that were to be replaced, and something else now stands at {}; move one of them",
                    self.target.display()
                ),
            ));
        } else {
            self.remove_old();
            if old.exists() {
                return Err(io(
                    &old,
                    "holds files that are not the program's; move them",
                ));
            }
        }
        Ok(())
    }

    /// Removes replaced results: files that their seal lists, and files that the new folder holds too. Files added during the
    /// replacement are moved to the new folder.
    fn remove_old(&self) {
        let old = self.old();
        let listed = match Seal::read(&old) {
            Some(Ok(seal)) => seal.files,
            _ => std::collections::BTreeMap::new(),
        };
        let same = |path: &str| {
            let one = fs::symlink_metadata(old.join(path));
            let other = fs::symlink_metadata(self.target.join(path));
            let inode = |m: fs::Metadata| (m.dev(), m.ino());
            let linked = one.ok().map(inode) == other.ok().map(inode);
            let read = |folder: &Path| fs::read(folder.join(path)).ok();
            linked || read(&old).is_some() && read(&old) == read(&self.target)
        };
        for path in walk(&old).unwrap_or_default() {
            let (from, to) = (old.join(&path), self.target.join(&path));
            if listed.contains_key(&path) || is_own(&path) || same(&path) {
                let _ = fs::remove_file(&from);
            } else if fs::symlink_metadata(&to).is_err() {
                let _ = to.parent().map(fs::create_dir_all);
                let _ = fs::rename(&from, &to);
            }
        }
        remove_empty(&old);
    }

    /// Removes the working folder, blocks before the plan that identifies them. Replaced results are removed only after new
    /// ones are in place.
    pub fn discard(&self) {
        let _ = fs::remove_dir_all(self.blocks());
        let replaced = self.target.join(SEAL).exists() && !self.new_results().exists();
        if replaced && self.old().exists() {
            self.remove_old();
        }
        let _ = fs::remove_dir_all(self.new_results());
        for name in ["plan.json", ".plan.json.partial", "lock"] {
            let _ = fs::remove_file(self.folder.join(name));
        }
        // A folder with files of others is kept.
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Removes empty folders below a folder, and itself.
fn remove_empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            remove_empty(&entry.path());
        }
    }
    let _ = fs::remove_dir(folder);
}

/// Whether results may be written to a target: it does not exist, holds results of the same plan, or the user allowed it.
/// Returns the seal of the existing results.
fn admit(target: &Path, claim: &FolderClaim) -> Result<Option<Seal>, ResultsError> {
    if fs::symlink_metadata(target).is_err() {
        return Ok(None);
    }
    if fs::read_dir(target).is_ok_and(|mut d| d.next().is_none()) {
        return Ok(None);
    }
    let seal = match Seal::read(target) {
        Some(Ok(seal)) => seal,
        Some(Err(fault)) => {
            return Err(io(
                target,
                format!("{fault}, so it is not known for a results folder; choose another --out"),
            ));
        }
        None => return Err(ResultsError::NotOurs(target.to_path_buf())),
    };
    // Everything in it can be named, and so be kept.
    walk(target)?;
    if !claim.overwrite {
        if !claim.made_from.contains(&seal.made_from) {
            return Err(ResultsError::Finished(target.to_path_buf()));
        }
        let changed = seal.changed(target);
        if !changed.is_empty() {
            return Err(io(
                target,
                format!(
                    "holds results that were changed by hand:\n  {}\nadd --overwrite to replace them, or choose another --out",
                    changed.join("\n  ")
                ),
            ));
        }
    }
    Ok(Some(seal))
}

/// Carries over files that the new results lack: those that the old seal does not list, and, for the same plan, those that
/// it lists.
fn carry_over(from: &Path, before: &Seal, to: &Path, seal: &mut Seal) -> Result<(), ResultsError> {
    let same_plan = before.made_from == seal.made_from;
    for path in walk(from)? {
        if is_own(&path) {
            continue;
        }
        let listed = before.files.get(&path);
        let there = fs::symlink_metadata(to.join(&path)).is_ok();
        match listed {
            Some(_) if there || !same_plan => continue,
            Some(sealed) => {
                seal.files.insert(path.clone(), sealed.clone());
            }
            None if there => {
                return Err(io(
                    &from.join(&path),
                    "is not the program's and stands where a file of the results belongs; move it, and run the same command again",
                ));
            }
            None => {}
        }
        let (one, other) = (from.join(&path), to.join(&path));
        if let Some(parent) = other.parent() {
            fs::create_dir_all(parent).map_err(|e| io(parent, e))?;
        }
        // A second name for the same file; a copy where the file system has no such thing.
        fs::hard_link(&one, &other)
            .or_else(|_| fs::copy(&one, &other).map(|_| ()))
            .map_err(|e| io(&one, e))?;
    }
    Ok(())
}
