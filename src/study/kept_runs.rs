//! Finished runs in blocks on disk, from which an interrupted question or calibration resumes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::foundation::digest::sha256;
use crate::results::{ResultsError, files, io};

/// Why a folder of finished runs cannot be opened twice.
pub const BUSY: &str = "another process answers this question";

/// Finished runs of a question, kept until it is answered.
pub struct KeptRuns {
    folder: PathBuf,
    /// What the numbers rest on.
    key: String,
    /// Why a block could not be kept; the question continues without it.
    lost: Mutex<Option<ResultsError>>,
    _lock: File,
}

impl KeptRuns {
    /// # Errors
    /// When the folder cannot be made, or another process answers the same question there.
    pub fn open(folder: PathBuf, key: String) -> Result<Self, ResultsError> {
        fs::create_dir_all(&folder).map_err(|e| io(&folder, e))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(|e| io(&path, e))?;
        if lock.try_lock().is_err() {
            return Err(io(&folder, BUSY));
        }
        Ok(Self {
            folder,
            key,
            lost: Mutex::new(None),
            _lock: lock,
        })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Blocks that are there.
    pub fn blocks(&self) -> usize {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let whole = entries.filter(|e| e.path().extension().is_some_and(|x| x == "csv"));
        whole.count()
    }

    /// Why blocks could not be kept, the first time that it happened.
    pub fn lost(&self) -> Option<String> {
        let lost = self.lost.lock().ok()?;
        lost.as_ref().map(ToString::to_string)
    }

    /// The rows of a block that were kept; `what` says in full what was asked for.
    pub fn rows(&self, what: &str, rows: usize, columns: usize) -> Option<Vec<Vec<f64>>> {
        let (path, head) = self.place(what);
        read(&path, &head, rows, columns)
    }

    pub fn keep(&self, what: &str, rows: &[Vec<f64>]) {
        let (path, head) = self.place(what);
        if let Err(error) = write(&path, &head, rows)
            && let Ok(mut lost) = self.lost.lock()
        {
            lost.get_or_insert(error);
        }
    }

    fn place(&self, what: &str) -> (PathBuf, String) {
        let digest = sha256(what.as_bytes());
        let path = self.folder.join(format!("{}.csv", &digest[..32]));
        (path, format!("{} {digest}", self.key))
    }

    /// Removes what was kept: the question is answered.
    pub fn discard(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".csv") || name == "lock" || files::is_partial(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
        let _ = fs::remove_dir(&self.folder);
        // Made for it, if nothing else is in it.
        if let Some(parent) = self.folder.parent().filter(|p| p.ends_with("results")) {
            let _ = fs::remove_dir(parent);
        }
    }
}

/// A question that ends before its first block leaves no folder.
impl Drop for KeptRuns {
    fn drop(&mut self) {
        if self.blocks() == 0 {
            self.discard();
        }
    }
}

/// Writes a block whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, head: &str, points: &[Vec<f64>]) -> Result<(), ResultsError> {
    let mut text = String::new();
    for row in points {
        // The shortest text that reads back as the same number.
        let cells: Vec<String> = row.iter().map(f64::to_string).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    let sum = sha256(text.as_bytes());
    files::write(path, format!("# {head} {sum}\n{text}"))
}

/// A block as it was written; None when it is another's, or broken.
pub fn read(path: &Path, head: &str, rows: usize, columns: usize) -> Option<Vec<Vec<f64>>> {
    let text = fs::read_to_string(path).ok()?;
    let (first, rest) = text.split_once('\n')?;
    if first != format!("# {head} {}", sha256(rest.as_bytes())) {
        return None;
    }
    let points: Vec<Vec<f64>> = rest
        .lines()
        .map(|line| {
            let cells: Result<Vec<f64>, _> = line.split(',').map(str::parse).collect();
            cells.ok().filter(|c| c.len() == columns)
        })
        .collect::<Option<_>>()?;
    (points.len() == rows).then_some(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_reads_back_as_it_was_written_and_not_for_another_key() {
        let folder = std::env::temp_dir().join(format!("chokepoint-bank-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("block-00000.csv");
        let points = vec![vec![0.1 + 0.2, f64::NAN], vec![1e-300, 2.0]];
        write(&path, "key", &points).unwrap();
        let back = read(&path, "key", 2, 2).unwrap();
        assert_eq!(back[0][0], points[0][0]);
        assert!(back[0][1].is_nan());
        assert_eq!(back[1], points[1]);
        assert!(read(&path, "other", 2, 2).is_none());
        assert!(read(&path, "key", 3, 2).is_none());
        // A digit lost by a disk or a copy.
        let text = fs::read_to_string(&path).unwrap();
        fs::write(
            &path,
            text.replace("0.30000000000000004", "0.30000000000000005"),
        )
        .unwrap();
        assert!(read(&path, "key", 2, 2).is_none());
        fs::remove_dir_all(&folder).unwrap();
    }
}
