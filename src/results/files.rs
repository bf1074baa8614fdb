//! Writes files atomically: to a temporary name, flushed to the disk, then renamed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::ResultsError;

/// Ending of the name of a partial file.
const PARTIAL: &str = ".partial";

/// A partial file beside its target. If it is dropped before it is finished, it is removed and the target stays as it was.
///
/// The partial file has a fixed name and is locked while it is written. The next process overwrites what a killed process
/// left, and two processes that write the same target use different partial files.
pub struct AtomicFile {
    path: PathBuf,
    partial: PathBuf,
    file: Option<File>,
}

impl AtomicFile {
    /// # Errors
    /// When nothing can be written beside the target.
    pub fn create(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        for number in 0_u32.. {
            let mut own = std::ffi::OsString::from(".");
            own.push(name);
            own.push(PARTIAL);
            if number > 0 {
                own.push(format!("-{number}"));
            }
            let partial = path.with_file_name(own);
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .open(&partial)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                // A file system without locks: process id and time distinguish writers.
                Err(TryLockError::Error(_)) if number == 0 => {
                    drop(file);
                    let _ = fs::remove_file(&partial);
                    return Self::unlocked(path, &partial);
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Another process may have renamed the file between opening and locking.
            let (here, there) = (file.metadata()?, fs::metadata(&partial));
            if there.is_ok_and(|m| m.ino() == here.ino() && m.dev() == here.dev()) {
                file.set_len(0)?;
                return Ok(Self {
                    path: path.to_path_buf(),
                    partial,
                    file: Some(file),
                });
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn unlocked(path: &Path, partial: &Path) -> io::Result<Self> {
        let stamp = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |d| d.subsec_nanos());
        let mut own = partial.as_os_str().to_os_string();
        own.push(format!("-{}-{stamp}", std::process::id()));
        let partial = PathBuf::from(own);
        let file = File::create(&partial)?;
        Ok(Self {
            path: path.to_path_buf(),
            partial,
            file: Some(file),
        })
    }

    /// The path of the partial file.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Flushes the file to the disk and renames it to its target, replacing an existing file.
    ///
    /// # Errors
    /// When it cannot be flushed or renamed; an existing file is then unchanged.
    pub fn finish(mut self) -> io::Result<()> {
        self.synced()?;
        fs::rename(&self.partial, &self.path)?;
        self.file = None;
        sync_folder(&self.path);
        Ok(())
    }

    /// Flushes the file to the disk and links it to its target, which must not exist.
    ///
    /// # Errors
    /// As [`AtomicFile::finish`], and when the target exists.
    pub fn finish_new(self) -> io::Result<()> {
        self.synced()?;
        fs::hard_link(&self.partial, &self.path)?;
        sync_folder(&self.path);
        Ok(())
    }

    fn synced(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_all)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let file = self.file.as_mut();
        file.map_or(Err(io::ErrorKind::NotConnected.into()), |f| f.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Writes a file atomically.
///
/// # Errors
/// When it cannot be written; an existing file is then unchanged.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), ResultsError> {
    let whole = || -> io::Result<()> {
        let mut file = AtomicFile::create(path)?;
        file.write_all(bytes.as_ref())?;
        file.finish()
    };
    whole().map_err(|e| super::io(path, e))
}

/// Writes a new file atomically.
///
/// # Errors
/// When it cannot be written, or when the file exists.
pub fn write_new(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), ResultsError> {
    let whole = || -> io::Result<()> {
        let mut file = AtomicFile::create(path)?;
        file.write_all(bytes.as_ref())?;
        file.finish_new()
    };
    whole().map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => super::io(
            path,
            "the file exists and is not overwritten; choose another name or folder",
        ),
        _ => super::io(path, e),
    })
}

/// Whether a name is that of a partial file, which a killed process may leave.
pub fn is_partial(name: &str) -> bool {
    let Some((before, after)) = name.rsplit_once(PARTIAL) else {
        return false;
    };
    // PNG files are encoded beside the partial file.
    let after = after.strip_suffix(".png").unwrap_or(after);
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    before.len() > 1
        && before.starts_with('.')
        && (after.is_empty() || after.strip_prefix('-').is_some_and(number))
}

/// Flushes the folder of a file, so that the name of the file is on the disk.
pub fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    // Some file systems cannot flush a folder; the rename has been done either way.
    let _ = File::open(folder).and_then(|f| f.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_under_way_is_written_over_and_never_met() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        fs::write(&path, "old").unwrap();
        fs::write(
            folder.path().join(".table.csv.partial"),
            "left by a killed process",
        )
        .unwrap();
        let mut first = AtomicFile::create(&path).unwrap();
        let mut second = AtomicFile::create(&path).unwrap();
        assert_ne!(first.partial(), second.partial());
        first.write_all(b"first").unwrap();
        second.write_all(b"second").unwrap();
        first.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        drop(second);
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_new(&path, "third").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(is_partial(".table.csv.partial") && is_partial(".table.csv.partial-2"));
        assert!(
            !is_partial("table.csv.partial")
                && !is_partial(".partial")
                && !is_partial(".x.partial notes")
        );
    }
}
