//! Nothing that is there is lost: only sealed folders are replaced, what is not the program's is kept, names cannot leave their
//! place; and results are what was written, or say that they are not.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chokepoint::config::figure;
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::study;

use crate::batch::{chokepoint, run, same};
use crate::library;

fn refused(folder: &Path, args: &[&str], code: i32) -> String {
    let done = chokepoint(folder).args(args).assert().code(code);
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

fn good(folder: &Path, args: &[&str]) -> String {
    let done = chokepoint(folder).args(args).assert().success();
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every name in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A study of one's own that is quick to run, in `mine.toml`.
fn small_study(here: &Path) {
    good(here, &["new", "study", "mine"]);
    let text = text(&here.join("mine.toml"));
    let text = text
        .replace("2035-12", "2023-12")
        .replace("window_months = 60", "window_months = 12");
    std::fs::write(here.join("mine.toml"), text).unwrap();
}

/// What the manifest of a folder says with one piece of text in place of another.
fn rewrite(path: &Path, old: &str, new: &str) {
    let before = text(path);
    assert!(before.contains(old), "{old}");
    std::fs::write(path, before.replacen(old, new, 1)).unwrap();
}

#[test]
fn only_a_sealed_folder_is_replaced_and_what_is_not_the_programs_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    small_study(here);
    // Any folder with a manifest, and one whose seal was changed.
    for (name, file) in [("work", "manifest.json"), ("other", "seal.json")] {
        std::fs::create_dir(here.join(name)).unwrap();
        std::fs::write(here.join(name).join(file), "{}").unwrap();
        std::fs::write(here.join(name).join("precious"), "years of work").unwrap();
    }
    good(
        here,
        &[
            "plan",
            "mine.toml",
            "--runs",
            "1",
            "--blocks",
            "1",
            "--out",
            "plan",
        ],
    );
    good(here, &["block", "plan", "0"]);
    let before = names(here);
    for name in ["work", "other"] {
        let run = ["run", "mine.toml", "--runs", "1", "--out", name];
        let validate = ["validate", "--runs", "2", "--patterns", "0", "--out", name];
        for args in [&run[..], &["merge", "plan", "--out", name], &validate] {
            for more in [&[][..], &["--overwrite"]] {
                let said = refused(here, &[args, more].concat(), 2);
                assert!(said.contains("results folder"), "{said}");
            }
        }
        assert_eq!(text(&here.join(name).join("precious")), "years of work");
    }
    assert_eq!(names(here), before, "something was left lying");
    // Notes of the user's, and tables that other commands have put beside the results.
    let args = ["run", "mine.toml", "--runs", "2", "--out", "out"];
    good(here, &args);
    let out = here.join("out");
    std::fs::create_dir_all(out.join("notes/deep")).unwrap();
    std::fs::write(out.join("notes/deep/one.md"), "a thought").unwrap();
    std::fs::write(out.join("plots/mine.svg"), "by hand").unwrap();
    std::os::unix::fs::symlink("nowhere", out.join("link")).unwrap();
    good(
        here,
        &[
            "sensitivity",
            "mine.toml",
            "--method",
            "morris",
            "--runs",
            "2",
            "--into",
            "out",
        ],
    );
    let morris = text(&out.join("morris.csv"));
    good(here, &args);
    for _ in 0..2 {
        assert_eq!(text(&out.join("notes/deep/one.md")), "a thought");
        assert_eq!(text(&out.join("plots/mine.svg")), "by hand");
        assert_eq!(
            std::fs::read_link(out.join("link")).unwrap(),
            Path::new("nowhere")
        );
        good(here, &["report", "out"]);
        // Notes stay when other results take the place; the answer to a question about the old ones goes with them.
        assert_eq!(
            out.join("morris.csv").exists(),
            text(&out.join("seal.json")).contains("morris")
        );
        if out.join("morris.csv").exists() {
            assert_eq!(text(&out.join("morris.csv")), morris);
            good(here, &[&args[..], &["--seed", "5", "--overwrite"]].concat());
            assert!(!out.join("morris.csv").exists());
        }
    }
    // A file of the user's where one of the results belongs.
    good(
        here,
        &[
            "run",
            "mine.toml",
            "--runs",
            "2",
            "--no-report",
            "--out",
            "bare",
        ],
    );
    std::fs::write(here.join("bare/report.html"), "by hand").unwrap();
    let said = refused(
        here,
        &["run", "mine.toml", "--runs", "2", "--out", "bare"],
        2,
    );
    assert!(
        said.contains("bare/report.html: is not the program's"),
        "{said}"
    );
    let said = refused(here, &["report", "bare"], 2);
    assert!(said.contains("was not written by this program"), "{said}");
    assert_eq!(text(&here.join("bare/report.html")), "by hand");
    std::fs::rename(here.join("bare/report.html"), here.join("bare/mine.html")).unwrap();
    let said = good(here, &["run", "mine.toml", "--runs", "2", "--out", "bare"]);
    assert!(said.contains("resuming"), "{said}");
    assert_eq!(text(&here.join("bare/mine.html")), "by hand");
}

#[test]
fn finished_results_of_another_plan_are_kept_unless_they_may_be_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, &["--runs", "3", "--no-report", "--out", "out"]);
    let before = std::fs::read(here.join("out/outcomes.parquet")).unwrap();
    let mut other = vec![
        "run",
        "did-controls-work",
        "--runs",
        "2",
        "--seed",
        "9",
        "--no-report",
        "--out",
        "out",
    ];
    let said = refused(here, &other, 2);
    for word in [
        "out holds finished results of another plan",
        "futures: 3 and 2",
        "seed: ",
        "add --overwrite to replace them, or choose another --out",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(!said.contains("arms in"), "refused after the work: {said}");
    // A run that may stop early ends where the old one did not.
    other.extend(["--until-error", "latent_gap_months_mean=500%"]);
    refused(here, &other, 2);
    assert_eq!(
        std::fs::read(here.join("out/outcomes.parquet")).unwrap(),
        before
    );
    // The same plan, and the same cut in blocks.
    run(here, &["--runs", "3", "--no-report", "--out", "out"]);
    run(here, &["--runs", "3", "--no-report", "--out", "again"]);
    same(&here.join("out"), &here.join("again"));
    // A table that was changed by hand is somebody's work.
    std::fs::write(here.join("out/effects.csv"), "mine").unwrap();
    let said = {
        let args = [
            "run",
            "did-controls-work",
            "--runs",
            "3",
            "--set",
            "study.last_month=2025-12",
            "--set",
        ];
        refused(
            here,
            &[
                &args[..],
                &["study.window_months=36", "--no-report", "--out", "out"],
            ]
            .concat(),
            2,
        )
    };
    assert!(
        said.contains("changed by hand:\n  effects.csv was changed"),
        "{said}"
    );
    run(
        here,
        &["--runs", "3", "--no-report", "--out", "out", "--overwrite"],
    );
    same(&here.join("out"), &here.join("again"));
    assert_eq!(names(here), ["again", "out"]);
}

#[test]
fn old_results_come_back_when_the_process_that_replaced_them_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    small_study(here);
    good(
        here,
        &[
            "run",
            "mine.toml",
            "--runs",
            "1",
            "--no-report",
            "--out",
            "out",
        ],
    );
    good(
        here,
        &[
            "plan",
            "mine.toml",
            "--runs",
            "2",
            "--blocks",
            "1",
            "--out",
            "plan",
        ],
    );
    // Between the two renames: the old results are in the working folder, and so are the new ones.
    std::fs::create_dir_all(here.join(".out.unfinished/results")).unwrap();
    std::fs::rename(here.join("out"), here.join(".out.unfinished/old")).unwrap();
    good(here, &["block", "plan", "0"]);
    let said = refused(here, &["merge", "plan", "--out", "out"], 2);
    assert!(said.contains("finished results of another plan"), "{said}");
    assert_eq!(names(here), ["mine.toml", "out", "plan"]);
    good(here, &["export", "out", "effects"]);
    // After them: what is not the program's goes over, and is not removed with the old ones.
    std::fs::create_dir_all(here.join(".out.unfinished/old")).unwrap();
    for file in ["seal.json", "effects.csv"] {
        std::fs::copy(
            here.join("out").join(file),
            here.join(".out.unfinished/old").join(file),
        )
        .unwrap();
    }
    std::fs::write(here.join(".out.unfinished/old/notes.txt"), "a thought").unwrap();
    std::fs::write(here.join("out/notes.txt"), "another thought").unwrap();
    let merge = ["merge", "plan", "--out", "out", "--overwrite"];
    let said = refused(here, &merge, 2);
    assert!(
        said.contains("old: holds files that are not the program's"),
        "{said}"
    );
    let kept = [".out.unfinished/old/notes.txt", "out/notes.txt"].map(|p| text(&here.join(p)));
    assert_eq!(kept, ["a thought", "another thought"]);
    std::fs::remove_file(here.join("out/notes.txt")).unwrap();
    good(here, &merge);
    assert_eq!(names(here), ["mine.toml", "out", "plan"]);
    assert_eq!(text(&here.join("out/notes.txt")), "a thought");
}

#[test]
fn every_table_that_was_changed_is_missing_or_was_added_is_named_by_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    small_study(here);
    let set = ["--set", "study.series=[\"gap_months\"]"];
    let args = ["run", "mine.toml", "--runs", "2", "--out", "out"];
    good(here, &[&args[..], &set].concat());
    good(
        here,
        &[
            "sensitivity",
            "mine.toml",
            "--method",
            "morris",
            "--runs",
            "2",
            "--into",
            "out",
        ],
    );
    good(here, &[&args[..4], &["--out", "copy"], &set].concat());
    let out = here.join("out");
    let tables: Vec<String> = names(&out)
        .into_iter()
        .filter(|n| {
            n.ends_with(".csv")
                || n.ends_with(".parquet")
                || n == "manifest.json"
                || n == "seal.json"
        })
        .collect();
    assert_eq!(tables.len(), 14, "{tables:?}");
    let into = [
        "sensitivity",
        "mine.toml",
        "--method",
        "morris",
        "--runs",
        "2",
        "--into",
        "out",
    ];
    let readers: [&[&str]; 6] = [
        &["export", "out", "effects", "--csv"],
        &["report", "out"],
        &["plot", "out"],
        &["diff", "out", "copy"],
        &["diff", "copy", "out"],
        &into,
    ];
    for table in &tables {
        let path = out.join(table);
        let whole = std::fs::read(&path).unwrap();
        for at in [0, whole.len() / 3, whole.len() / 2, whole.len() - 2] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let said = refused(here, readers[0], 2);
            assert!(
                said.contains(&format!("{table} was changed")),
                "{table}: {said}"
            );
        }
        for reader in readers {
            let said = refused(here, reader, 2);
            assert!(
                said.contains(&format!("{table} was changed")),
                "{reader:?}: {said}"
            );
        }
        std::fs::write(&path, "").unwrap();
        assert!(refused(here, &["report", "out"], 2).contains(&format!("{table} was changed")));
        std::fs::remove_file(&path).unwrap();
        let said = refused(here, &["report", "out"], 2);
        assert!(said.contains(&format!("{table} is missing")), "{said}");
        if let Some((stem, "csv" | "parquet")) = table.split_once('.') {
            let said = refused(here, &["export", "out", stem], 2);
            assert!(said.contains(&format!("{table} is missing")), "{said}");
        }
        std::fs::write(&path, &whole).unwrap();
        good(here, readers[0]);
    }
    std::fs::write(out.join("boxes.csv"), "regime\n").unwrap();
    let said = refused(here, &["report", "out"], 2);
    assert!(said.contains("boxes.csv was added"), "{said}");
    std::fs::remove_file(out.join("boxes.csv")).unwrap();
    // A table may be used as it is, and then page and captions say so.
    rewrite(&out.join("failures.csv"), "reason", "reaso");
    let said = refused(here, &["report", "out"], 2);
    assert!(said.contains("add --unsealed to use it as it is"), "{said}");
    rewrite(&out.join("failures.csv"), "reaso", "reason");
    let effects = text(&out.join("effects.csv"));
    let header = effects.lines().next().unwrap();
    std::fs::write(out.join("effects.csv"), format!("{header}\n")).unwrap();
    good(here, &["report", "out", "--unsealed"]);
    let warned = "NOT AS THE RUN WROTE IT: effects.csv was changed.";
    assert!(text(&out.join("report.html")).contains(warned));
    let figure = text(&out.join("plots/capability-gap-months.svg"));
    assert!(figure.contains(warned));
    // Using it does not make it whole.
    assert!(refused(here, &["report", "out"], 2).contains("effects.csv was changed"));
    std::fs::write(out.join("effects.csv"), &effects).unwrap();
    good(here, &["report", "out"]);
    assert!(!text(&out.join("report.html")).contains("NOT AS THE RUN WROTE IT"));
    // Results of before there were seals.
    std::fs::remove_file(here.join("copy/seal.json")).unwrap();
    for reader in [
        &["report", "copy"][..],
        &["plot", "copy"],
        &["export", "copy", "bands"],
        &["diff", "out", "copy"],
    ] {
        let said = refused(here, reader, 2);
        assert!(
            said.contains("seal.json is missing") && said.contains("--unsealed"),
            "{said}"
        );
        let run = chokepoint(here).args(reader).arg("--unsealed").assert();
        assert!(
            matches!(run.get_output().status.code(), Some(0 | 1)),
            "{reader:?}"
        );
    }
}

#[test]
fn a_manifest_that_no_study_can_have_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    small_study(here);
    good(
        here,
        &[
            "run",
            "mine.toml",
            "--runs",
            "1",
            "--no-report",
            "--out",
            "out",
        ],
    );
    let path = here.join("out/manifest.json");
    let whole = text(&path);
    let cases = [
        (
            "\"last_month\": \"2023-12\"",
            "\"last_month\": \"1999-12\"",
            "study: found 2020-01 to 1999-12",
        ),
        (
            "\"first_month\": \"2020-01\"",
            "\"first_month\": \"1900-01\"",
            "",
        ),
        (
            "\"window_last\": \"2023-",
            "\"window_last\": \"2093-",
            "window: found",
        ),
        (
            "\"failed\": 0",
            "\"failed\": 4294967295",
            "failed: found 4294967295",
        ),
        (
            "\"failed\": 0",
            "\"failed\": -1",
            "manifest.json: invalid value",
        ),
        (
            "\"baseline\": \"none\"",
            "\"baseline\": \"nobody\"",
            "study.baseline: found `nobody`",
        ),
        (
            "\"name\": \"no-first-line\"",
            "\"name\": \"none\"",
            "the arm `none` is there twice",
        ),
        (
            "\"name\": \"no-first-line\"",
            "\"name\": \"<!--<script\"",
            "expected a name",
        ),
        (
            "\"name\": \"mine\"",
            "\"name\": \"../../x\"",
            "expected a name",
        ),
        (
            "\"name\": \"effects\"",
            "\"name\": \"/tmp/effects\"",
            "expected a name",
        ),
        (
            "\"name\": \"effects\"",
            "\"name\": \"x\\\" onload=\\\"y\"",
            "expected a name",
        ),
        (
            "\"id\": \"us-2022-10-3a090\"",
            "\"id\": \"a\\u0000b\"",
            "expected a name",
        ),
    ];
    good(here, &["run", "mine.toml", "--runs", "1", "--out", "out"]);
    let with_figures = text(&path);
    for (old, new, expected) in cases {
        std::fs::write(&path, &with_figures).unwrap();
        rewrite(&path, old, new);
        for command in ["report", "plot"] {
            let done = chokepoint(here)
                .args([command, "out", "--unsealed"])
                .assert();
            let output = done.get_output();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if expected.is_empty() {
                assert_eq!(output.status.code(), Some(0), "{new}: {said}");
            } else {
                assert_eq!(output.status.code(), Some(2), "{new}: {said}");
                assert!(said.contains(expected), "{new}: {said}");
            }
        }
    }
    // Results without a report keep the figures of their study.
    assert!(whole.contains("\"name\": \"effects\""));
    std::fs::write(&path, &with_figures).unwrap();
    good(
        here,
        &[
            "run",
            "mine.toml",
            "--runs",
            "2",
            "--no-report",
            "--out",
            "bare",
        ],
    );
    good(here, &["plot", "bare"]);
    assert!(here.join("bare/plots/effects.png").exists());
    // A question puts its answer only beside results that it asks about.
    let elsewhere = |args: &[&str], words: &str| {
        let done = chokepoint(here)
            .args(["sensitivity", "--runs", "2", "--into", "bare"])
            .args(args)
            .assert()
            .code(2);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert!(said.contains(words), "{said}");
    };
    elsewhere(&["did-controls-work"], "found results of the study `mine`");
    elsewhere(&["mine.toml", "--seed", "77"], "expected those of seed 77");
    elsewhere(
        &["mine.toml", "--set", "enforcement=2"],
        "expected those of --set enforcement=2",
    );
    elsewhere(
        &["mine.toml", "--off", "theft"],
        "expected those of --off theft",
    );
}

/// What is said of the main study with one piece of text in place of another.
fn said_of(kind: &str, old: &str, new: &str) -> String {
    let shipped = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    assert!(shipped.text.contains(old), "{kind} {old}");
    let wrong = Source {
        name: "wrong.toml".into(),
        text: shipped.text.replacen(old, new, 1),
    };
    let read = study::read(&wrong, &Configs::embedded());
    read.map_or_else(|e| e.to_string(), |_| "nothing".into())
}

#[test]
fn names_cannot_leave_their_place_and_say_where_they_stand() {
    for name in [
        "",
        ".",
        "..",
        "../../x",
        "/abs",
        "a\\\\b",
        "-rf",
        ".hid",
        "a\\u0000b",
        "a\\nb",
        "x;touch y",
        "con",
    ] {
        let said = said_of(
            "study",
            "name = \"did-controls-work\"",
            &format!("name = \"{name}\""),
        );
        assert!(said.contains("wrong.toml:2:8: found `"), "{name}: {said}");
        let arm = format!("{{ name = \"{name}\", from = \"oct22\" }},");
        let said = said_of("arm", "\"oct22\",", &arm);
        assert!(said.contains("expected a name"), "{name}: {said}");
        assert!(!said.contains("wrong.toml:1:1:"), "{name}: {said}");
    }
    let figure = library().configs.find_figure("effects").unwrap();
    for name in ["f\" onload=\"x", "..", "a'b.toml", " .toml"] {
        assert!(figure::read(&figure, name).is_err(), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for kind in ["study", "rule", "figure"] {
        for name in ["", "..", "../x", "/abs", "a b/c", "nul"] {
            let said = refused(here, &["new", kind, "--", name], 2);
            assert!(said.contains("expected a name"), "{name}: {said}");
        }
    }
    good(here, &["new", "rule", "mine"]);
    rewrite(&here.join("mine.toml"), "id = \"mine\"", "id = \"../mine\"");
    let said = refused(here, &["check", "mine.toml"], 1);
    assert!(
        said.contains("mine.toml:") && said.contains("found `../mine`"),
        "{said}"
    );
    rewrite(&here.join("mine.toml"), "id = \"../mine\"", "id = \"mine\"");
    std::fs::rename(here.join("mine.toml"), here.join("a;b.toml")).unwrap();
    let said = refused(here, &["whatif", "a;b.toml", "--runs", "1"], 2);
    assert!(said.contains("the name of the file: found `a;b`"), "{said}");
    assert_eq!(names(here), ["a;b.toml"]);
}

#[test]
fn what_commands_write_outside_results_takes_the_place_of_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    small_study(here);
    good(here, &["run", "mine.toml", "--runs", "1", "--out", "out"]);
    // Figures over figures that this program drew, and over nothing else.
    good(
        here,
        &["plot", "out", "--figure", "effects", "--out", "figures"],
    );
    good(
        here,
        &["plot", "out", "--figure", "effects", "--out", "figures"],
    );
    std::fs::write(here.join("figures/effects.svg"), "by hand").unwrap();
    let said = refused(
        here,
        &["plot", "out", "--figure", "effects", "--out", "figures"],
        2,
    );
    assert!(
        said.contains("figures/effects.svg: is there and was not drawn"),
        "{said}"
    );
    assert_eq!(text(&here.join("figures/effects.svg")), "by hand");
    // Figures of one's own, drawn into the folder, are the program's from then on.
    good(here, &["plot", "out", "--figure", "verdicts"]);
    assert!(text(&here.join("out/seal.json")).contains("plots/verdicts.svg"));
    // Schemas, plans, blocks, files to start from.
    for (place, args) in [
        ("schema/study.json", &["schema", "--out", "schema"][..]),
        (
            "plan/plan.json",
            &["plan", "mine.toml", "--blocks", "1", "--out", "plan"],
        ),
        (
            "blocks/block-0000.runs",
            &["block", "good", "0", "--out", "blocks"],
        ),
        ("mine.toml", &["new", "study", "mine"]),
    ] {
        if !here.join("good").exists() {
            good(
                here,
                &[
                    "plan",
                    "mine.toml",
                    "--runs",
                    "1",
                    "--blocks",
                    "1",
                    "--out",
                    "good",
                ],
            );
        }
        let path = here.join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "years of work").unwrap();
        refused(here, args, 2);
        assert_eq!(text(&path), "years of work", "{place}");
        if place == "mine.toml" {
            break;
        }
    }
    // A block of another plan is somebody's work.
    std::fs::remove_file(here.join("mine.toml")).unwrap();
    small_study(here);
    std::fs::remove_file(here.join("blocks/block-0000.runs")).unwrap();
    good(here, &["block", "good", "0", "--out", "blocks"]);
    good(
        here,
        &[
            "plan",
            "mine.toml",
            "--runs",
            "2",
            "--blocks",
            "1",
            "--out",
            "next",
        ],
    );
    let said = refused(here, &["block", "next", "0", "--out", "blocks"], 2);
    assert!(said.contains("is a block of another plan"), "{said}");
    good(here, &["block", "good", "0", "--out", "blocks"]);
}

#[test]
fn the_answer_of_another_question_is_kept_unless_it_may_be_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    small_study(here);
    good(
        here,
        &[
            "run",
            "mine.toml",
            "--runs",
            "1",
            "--no-report",
            "--out",
            "out",
        ],
    );
    let ask = |runs: &'static str| {
        [
            "sensitivity",
            "mine.toml",
            "--method",
            "morris",
            "--into",
            "out",
            "--runs",
            runs,
        ]
    };
    good(here, &ask("2"));
    let before = text(&here.join("out/morris.csv"));
    good(here, &ask("2"));
    let said = refused(here, &ask("3"), 2);
    assert!(
        said.contains("out/morris.csv holds the answer of another question"),
        "{said}"
    );
    assert_eq!(text(&here.join("out/morris.csv")), before);
    good(here, &[&ask("3")[..], &["--overwrite"]].concat());
    assert_ne!(text(&here.join("out/morris.csv")), before);
    std::fs::write(here.join("out/boxes.csv"), "mine").unwrap();
    let args = [
        "discover",
        "mine.toml",
        "--runs",
        "2",
        "--into",
        "out",
        "--overwrite",
        "--unsealed",
    ];
    let said = refused(here, &args, 2);
    assert!(said.contains("was not written by this program"), "{said}");
    assert_eq!(names(here), ["mine.toml", "out"]);
}

#[test]
fn a_question_that_was_stopped_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    small_study(here);
    let args = [
        "sensitivity",
        "mine.toml",
        "--method",
        "morris",
        "--runs",
        "4",
        "--format",
        "csv",
        "--threads",
        "1",
    ];
    let whole = chokepoint(here)
        .args(args)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let program = assert_cmd::cargo::cargo_bin("chokepoint");
    for signal in ["-INT", "-KILL"] {
        let mut child = Command::new(&program)
            .current_dir(here)
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let kept = |child: &mut std::process::Child| {
            let folders = std::fs::read_dir(here.join("results"))
                .into_iter()
                .flatten();
            let blocks = folders
                .flatten()
                .flat_map(|f| std::fs::read_dir(f.path()).unwrap());
            let count = blocks
                .filter(|b| {
                    b.as_ref()
                        .is_ok_and(|b| b.path().extension().is_some_and(|x| x == "csv"))
                })
                .count();
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended before it could be stopped"
            );
            count
        };
        let begun = Instant::now();
        while kept(&mut child) < 2 {
            assert!(begun.elapsed() < Duration::from_secs(120));
            std::thread::sleep(Duration::from_millis(5));
        }
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        if signal == "-INT" {
            assert_eq!(ended.status.code(), Some(130), "{said}");
            assert!(
                said.contains("finished blocks are kept in results/.mine.sensitivity-"),
                "{said}"
            );
        }
        // Another number of threads, another question in between: what is kept is found again.
        good(
            here,
            &[
                "sensitivity",
                "mine.toml",
                "--method",
                "morris",
                "--runs",
                "2",
            ],
        );
        let again: Vec<&str> = args
            .iter()
            .copied()
            .filter(|a| *a != "--threads" && *a != "1")
            .collect();
        let done = chokepoint(here).args(again).assert().success();
        let output = done.get_output();
        assert!(String::from_utf8_lossy(&output.stderr).contains("resuming: "));
        assert_eq!(output.stdout, whole);
        assert_eq!(names(here), ["mine.toml"], "something was left lying");
    }
}
