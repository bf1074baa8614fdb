//! The program as its users start it: what it answers to a broken input, within bounds of time and memory.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Processor time in seconds: more than any honest answer takes, however busy the machine is.
const PROCESSOR: u32 = 20;
/// For what waits and uses no processor.
const BOUND: Duration = Duration::from_secs(180);
/// The signal that ends a process beyond its processor time.
const SIGXCPU: i32 = 24;
/// Address space in KiB: 30 times what the largest honest answer takes.
const MEMORY: u32 = 6_000_000;

/// What the program did with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Accepted,
    Refused {
        /// The message has file, line and column.
        placed: bool,
        /// It names what was probably meant.
        hinted: bool,
    },
    Panicked,
    Hung,
}

/// An answer and what was said.
#[derive(Clone, Debug)]
pub struct Said {
    pub answer: Answer,
    pub out: Vec<u8>,
    /// Standard error, or the problems that were found.
    pub words: String,
}

/// The program under test: that of this build, or the one that `CHOKEPOINT` names.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("CHOKEPOINT") {
        Some(path) => path.into(),
        None => assert_cmd::cargo::cargo_bin("chokepoint"),
    })
}

/// Starts the program in a folder; `file` is the name of the file whose place an error has to give.
pub fn ask(folder: &Path, args: &[&str], file: &str) -> Said {
    let began = Instant::now();
    let limited = format!("ulimit -v {MEMORY}; ulimit -S -t {PROCESSOR}; exec \"$0\" \"$@\"");
    let output = assert_cmd::Command::new("sh")
        .arg("-c")
        .arg(limited)
        .arg(program())
        .args(args)
        .current_dir(folder)
        .env("RAYON_NUM_THREADS", "2")
        .timeout(BOUND)
        .output()
        .unwrap_or_else(|e| panic!("the program cannot be started: {e}"));
    let hung = began.elapsed() >= BOUND || output.status.signal() == Some(SIGXCPU);
    said(&output, hung, file)
}

fn said(output: &Output, hung: bool, file: &str) -> Said {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let (mut placed, mut hinted) = (placed_in(&errors, file), errors.contains("did you mean"));
    let mut words = errors;
    if let Ok(serde_json::Value::Array(found)) = serde_json::from_slice(&output.stdout) {
        for problem in &found {
            let text = |key: &str| problem[key].as_str().unwrap_or("").to_string();
            let number = |key: &str| problem[key].as_u64().unwrap_or(0);
            let (line, column) = (number("line"), number("column"));
            placed |= text("file").ends_with(file) && line > 0 && column > 0;
            hinted |=
                text("help").contains("did you mean") || text("message").contains("did you mean");
            words += &format!(
                "{}:{line}:{column}: {} {}\n",
                text("file"),
                text("message"),
                text("help")
            );
        }
    }
    let answer = match output.status.code() {
        _ if hung => Answer::Hung,
        _ if words.contains("panicked at") => Answer::Panicked,
        Some(0) => Answer::Accepted,
        // A panic, or a signal: memory, stack.
        Some(101) | None => Answer::Panicked,
        Some(_) => Answer::Refused { placed, hinted },
    };
    Said {
        answer,
        out: output.stdout.clone(),
        words,
    }
}

/// Whether a text holds the name of a file followed by line and column.
fn placed_in(text: &str, file: &str) -> bool {
    text.match_indices(file).any(|(at, _)| {
        let mut parts = text[at + file.len()..].splitn(4, ':');
        let number = |part: Option<&str>| part.is_some_and(|p| p.parse::<u32>().is_ok());
        parts.next() == Some("") && number(parts.next()) && number(parts.next())
    })
}
