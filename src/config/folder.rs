//! Reads a folder given with `--configs`, once and completely.
//!
//! Every file in it replaces a shipped file, adds one of a known kind, or is an error.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::Read;
use std::path::Path;

use super::diagnostics::{Diagnostic, Problems, Source, nearest};
use super::kinds::{FileKind, is_study};
use super::shipped;

/// Files of a folder, at most.
const FILES: usize = 4096;
/// Bytes of a file, and of all files of a folder together, at most.
const BYTES: u64 = 64 << 20;

/// The files of a folder by path, and what is wrong with it.
pub fn read(root: &Path) -> (BTreeMap<String, Source>, Problems) {
    let mut reader = FolderReader {
        root,
        files: BTreeMap::new(),
        problems: Problems::default(),
        bytes: 0,
        seen: 0,
        studies: 0,
    };
    reader.walk("");
    let nothing = reader.files.is_empty() && reader.studies == 0;
    if nothing && reader.problems.0.is_empty() {
        let help = format!("it is laid out like `configs/`: {}", FileKind::PLACES);
        reader.wrong("", "holds no file that the program reads", help);
    }
    (reader.files, reader.problems)
}

struct FolderReader<'a> {
    root: &'a Path,
    files: BTreeMap<String, Source>,
    problems: Problems,
    bytes: u64,
    seen: usize,
    /// Studies at the top.
    studies: usize,
}

impl FolderReader<'_> {
    fn wrong(&mut self, path: &str, message: &str, help: String) {
        let problem = at(&self.root.join(path).display().to_string(), message);
        self.problems.0.push(problem.help(help));
    }

    /// Reads a folder by its path below the root. Only folders that have a place are entered, so that no link can lead
    /// round in a circle.
    fn walk(&mut self, below: &str) {
        let folder = self.root.join(below);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) => return self.wrong(below, &e.to_string(), String::new()),
        };
        let mut names = Vec::new();
        for entry in entries {
            if names.len() > FILES {
                break;
            }
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(e) => return self.wrong(below, &e.to_string(), String::new()),
            }
        }
        names.sort();
        for name in names {
            let Some(name) = name.to_str() else {
                let path = joined(below, &name.to_string_lossy());
                self.wrong(&path, "its name is not UTF-8", String::new());
                continue;
            };
            if passed_over(name) {
                continue;
            }
            self.seen += 1;
            if self.seen == FILES + 1 {
                let message = format!("holds more than {FILES} files and folders");
                self.wrong("", &message, String::new());
            }
            if self.seen > FILES {
                return;
            }
            self.entry(&joined(below, name));
        }
    }

    fn entry(&mut self, path: &str) {
        let file = self.root.join(path);
        let metadata = match file.metadata() {
            Ok(metadata) => metadata,
            Err(_) if file.is_symlink() => {
                let message = "is a link that leads to no file";
                return self.wrong(path, message, String::new());
            }
            Err(e) => return self.wrong(path, &e.to_string(), String::new()),
        };
        if metadata.is_dir() {
            if FileKind::is_folder(path) {
                return self.walk(path);
            }
            if FileKind::of_path(path).is_some() {
                return self.wrong(path, "is a folder, expected a file", String::new());
            }
            let help = match path {
                "configs" => format!("name it: --configs {}", file.display()),
                _ => nearest(path, FileKind::FOLDERS).map_or_else(
                    || format!("there are: {}", FileKind::FOLDERS.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                ),
            };
            return self.wrong(path, "nothing reads this folder", help);
        }
        // A study may stand at the top: it acts when the command names it, and not before.
        let at_top = !path.contains('/') && path.ends_with(".toml");
        if !at_top && let Some(problem) = unknown(path) {
            let name = file.display().to_string();
            let placed = at(&name, &problem.message).help(problem.help);
            self.problems.0.push(placed);
            return;
        }
        let text = match regular(&metadata).and_then(|()| {
            self.bytes += metadata.len();
            self.room()?;
            text_or_table(&file)
        }) {
            Ok(text) => text,
            Err(why) => return self.wrong(path, &why, String::new()),
        };
        let source = Source {
            name: file.display().to_string(),
            text,
        };
        if at_top {
            match unknown(path).filter(|_| !is_study(&source)) {
                Some(problem) => self.wrong(path, &problem.message, problem.help),
                None => self.studies += 1,
            }
            return;
        }
        self.files.insert(path.to_string(), source);
    }

    fn room(&self) -> Result<(), String> {
        let most = BYTES >> 20;
        if self.bytes > BYTES {
            return Err(format!("with it the folder holds more than {most} MiB"));
        }
        Ok(())
    }
}

/// What is wrong with a path at which nothing is looked for.
pub fn unknown(path: &str) -> Option<Diagnostic> {
    if FileKind::of_path(path).is_some() {
        return None;
    }
    let shipped = shipped::paths();
    let shipped: Vec<&str> = shipped.iter().map(String::as_str).collect();
    let help = nearest(path, &shipped).map_or_else(
        || format!("files are: {}", FileKind::PLACES),
        |near| format!("did you mean `{near}`?"),
    );
    let message = "nothing reads this file: it neither replaces a file of the program nor adds one";
    Some(at(path, message).help(help))
}

/// What systems and editors leave behind: names that begin with a dot, copies that end with `~`, locks between `#`.
fn passed_over(name: &str) -> bool {
    name.starts_with(['.', '#'])
        || name.ends_with('~')
        || ["Thumbs.db", "desktop.ini"].contains(&name)
}

fn joined(below: &str, name: &str) -> String {
    if below.is_empty() {
        name.to_string()
    } else {
        format!("{below}/{name}")
    }
}

fn at(name: &str, message: &str) -> Diagnostic {
    let nothing = Source {
        name: name.into(),
        text: String::new(),
    };
    Diagnostic::at(&nothing, 0..0, message)
}

fn regular(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err("is no regular file".into())
    }
}

/// The text of a file; a Parquet table of futures is read by who asks for it, and stays on the disk.
fn text_or_table(file: &Path) -> Result<String, String> {
    if file.extension().is_some_and(|e| e == "parquet") {
        return Ok(String::new());
    }
    text(file)
}

/// The text of a file of the disk: UTF-8, without the mark that some editors put before it.
///
/// # Errors
/// In words, without the name of the file: it cannot be read, is too large, or is in another encoding.
pub fn text(file: &Path) -> Result<String, String> {
    let metadata = file.metadata().map_err(|e| {
        if file.is_symlink() {
            "is a link that leads to no file".to_string()
        } else if e.kind() == std::io::ErrorKind::NotFound {
            "there is no file of this name".to_string()
        } else {
            e.to_string()
        }
    })?;
    if metadata.is_dir() {
        return Err("is a folder, expected a file".into());
    }
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(|e| e.to_string())?;
    let read = opened.take(BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|e| e.to_string())?;
    if bytes.len() as u64 > BYTES {
        return Err(format!("is larger than {} MiB", BYTES >> 20));
    }
    decoded(bytes)
}

fn decoded(mut bytes: Vec<u8>) -> Result<String, String> {
    const SAVE: &str = "save it as UTF-8";
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(format!("is in UTF-16, expected UTF-8: {SAVE}"));
    }
    let line = |bytes: &[u8]| bytes.iter().filter(|b| **b == b'\n').count() + 1;
    if let Some(at) = bytes.iter().position(|b| *b == 0) {
        let line = line(&bytes[..at]);
        return Err(format!(
            "line {line} holds a zero byte, as in UTF-16, expected UTF-8: {SAVE}"
        ));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let line = line(&e.as_bytes()[..at]);
        let byte = e.as_bytes()[at];
        format!("line {line} holds the byte {byte:#04x}, which is not UTF-8: {SAVE}")
    })
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn text_is_utf8_or_an_error_that_says_which_encoding() {
        assert_eq!(decoded(b"\xef\xbb\xbfa = 1".to_vec()).unwrap(), "a = 1");
        for (bytes, word) in [
            (&b"\xff\xfea\0"[..], "UTF-16"),
            (b"\xfe\xff\0a", "UTF-16"),
            (b"a\0\n\0", "line 1 holds a zero byte"),
            (b"a\nb = \"caf\xe9\"", "line 2 holds the byte 0xe9"),
        ] {
            let why = decoded(bytes.to_vec()).unwrap_err();
            assert!(why.contains(word), "{why}");
        }
    }
}
