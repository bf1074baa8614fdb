//! What a shell is told: completions and man pages of every command, exit codes, silence.

use std::path::Path;

use crate::batch::chokepoint;

/// Exit code, standard output and standard error.
fn told(here: &Path, args: &[&str]) -> (i32, String, String) {
    let out = chokepoint(here).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        out.status.code().unwrap(),
        text(out.stdout),
        text(out.stderr),
    )
}

#[test]
fn completions_and_man_pages_hold_every_command() {
    let here = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, _) = told(here.path(), &["completions", shell]);
        assert_eq!(code, 0);
        for word in ["whatif", "decompose", "completions", "until-error"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    // Pages of the program are written over, a file of another is not.
    for (text, expected) in [(None, 0), (Some("years of work"), 2), (None, 0)] {
        let file = here.path().join("man1/chokepoint-run.1");
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let (code, _, error) = told(here.path(), &["man", "man1"]);
        assert_eq!(code, expected, "{error}");
        if let Some(text) = text {
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
            std::fs::remove_file(file).unwrap();
        }
    }
    let page = |name: &str| std::fs::read_to_string(here.path().join("man1").join(name)).unwrap();
    assert!(page("chokepoint.1").contains("Simulates export controls"));
    assert!(page("chokepoint-run.1").contains("chokepoint\\-run"));
    let pages = std::fs::read_dir(here.path().join("man1")).unwrap();
    let names = pages.map(|p| p.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = names.collect();
    assert!(names.len() > 25 && !names.contains(&"chokepoint-flip.1".to_string()));
}

/// 130 is tested where runs are stopped, in `tests/batch.rs`.
#[test]
fn every_exit_code_is_that_of_the_page() {
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("wrong.toml"), "title = \"not a rule\"\n").unwrap();
    for (expected, args) in [
        (0, &["list", "chips"][..]),
        (0, &["--help"]),
        (1, &["check", "wrong.toml"]),
        (2, &["run", "no-such-study"]),
        (2, &["run", "did-controls-work", "--no-such-option"]),
        (2, &["export", "no-such-folder", "effects"]),
        (2, &["completions", "no-such-shell"]),
        (2, &["man", "wrong.toml"]),
    ] {
        let (code, _, error) = told(here.path(), args);
        assert_eq!(code, expected, "{args:?}: {error}");
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/src/shell.md");
    let page = std::fs::read_to_string(page).unwrap();
    for code in ["| 0 |", "| 1 |", "| 2 |", "| 130 |"] {
        assert!(page.contains(code), "{code}");
    }
}

#[test]
fn quiet_leaves_answers_and_errors_alone() {
    let here = tempfile::tempdir().unwrap();
    let run = ["run", "did-controls-work", "--runs", "2", "--no-report"];
    let (code, path, notes) = told(here.path(), &[&run[..], &["--out", "loud"]].concat());
    assert_eq!((code, path.trim()), (0, "loud"));
    assert!(notes.contains("runs of"), "{notes}");
    let (code, path, notes) = told(
        here.path(),
        &[&["--quiet"], &run[..], &["--out", "still"]].concat(),
    );
    assert_eq!((code, path.trim(), notes.as_str()), (0, "still", ""));
    let (code, answer, error) = told(here.path(), &["-q", "run", "no-such-study"]);
    assert_eq!((code, answer.as_str()), (2, ""));
    assert!(
        error.contains("no-such-study") && !error.contains('\u{1b}'),
        "{error}"
    );
}
