//! Faults around a batch are reported, destroy no finished work, and never change a number silently.

use std::collections::BTreeMap;
use std::path::Path;

use chokepoint::config::source::{Configs, Source};
use chokepoint::config::study;
use chokepoint::results::Results;
use chokepoint::study::kept_parts::KeptParts;
use chokepoint::study::{Plan, PlanSettings, plan};

use crate::batch::{SHORT, chokepoint, results, run, same, with_futures};
use crate::library;

/// What a command that ends with this code says on standard error.
fn refused(folder: &Path, args: &[&str], code: i32) -> String {
    let done = chokepoint(folder).args(args).assert().code(code);
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

/// Plans the short main study and runs all its blocks.
fn planned(folder: &Path, runs: &str, blocks: u32, out: &str) {
    let number = blocks.to_string();
    let mut args = vec!["plan", "did-controls-work", "--runs", runs];
    args.extend(SHORT);
    args.extend(["--blocks", &number, "--out", out]);
    chokepoint(folder).args(args).assert().success();
    for block in 0..blocks {
        let args = ["block", out, &block.to_string()];
        chokepoint(folder).args(args).assert().success();
    }
}

/// Turns one bit in the middle of a file.
fn turn_a_bit(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 0x40;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn a_block_that_lost_a_bit_is_refused_by_merge_and_run_again_by_run() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, &["--runs", "4", "--out", "one"]);
    planned(here, "4", 4, "plan");
    // A copy under another name does no harm.
    let block = here.join("plan/blocks/block-0002.runs");
    std::fs::copy(&block, here.join("plan/blocks/block-0002 (1).runs")).unwrap();
    let merge = ["merge", "plan", "--out", "merged"];
    chokepoint(here).args(merge).assert().success();
    same(&here.join("one"), &here.join("merged"));
    turn_a_bit(&block);
    let said = refused(here, &merge, 2);
    assert!(
        said.contains("block-0002.runs: is not a whole block"),
        "{said}"
    );
    // The same blocks as the unfinished work of a run, which cuts four futures in four.
    std::fs::remove_file(here.join("plan/blocks/block-0002 (1).runs")).unwrap();
    std::fs::rename(here.join("plan"), here.join(".two.unfinished")).unwrap();
    let said = run(here, &["--runs", "4", "--out", "two"]);
    assert!(
        said.contains("block-0002.runs is corrupted and is run again"),
        "{said}"
    );
    assert!(said.contains("resuming: 3 of 4"), "{said}");
    same(&here.join("one"), &here.join("two"));
}

#[test]
fn merge_and_plan_throw_no_finished_work_away() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    planned(here, "2", 2, "plan");
    let others = here.join(".out.unfinished/blocks/block-0000.runs");
    std::fs::create_dir_all(others.parent().unwrap()).unwrap();
    std::fs::write(&others, "work of an interrupted run").unwrap();
    let said = refused(here, &["merge", "plan", "--out", "out"], 2);
    assert!(
        said.contains("1 finished blocks of a stopped run"),
        "{said}"
    );
    assert!(others.exists());
    let mut again = vec!["plan", "did-controls-work", "--runs", "2"];
    again.extend(SHORT);
    again.extend(["--out", "plan", "--blocks", "1"]);
    let said = refused(here, &again, 2);
    assert!(
        said.contains("is divided into 2 blocks, of which 2 are finished"),
        "{said}"
    );
    let path = here.join("plan/plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"blocks\": 2", "\"blocks\": 0")).unwrap();
    let said = refused(here, &["block", "plan", "0"], 2);
    assert!(said.contains("holds 0 blocks, expected 1 to 2"), "{said}");
}

#[test]
fn the_recorded_command_repeats_one_future_from_any_path_and_leaves_the_study_alone() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir_all(here.join("own files/parameters")).unwrap();
    let new = ["new", "study", "mine", "--out", "own files"];
    chokepoint(here).args(new).assert().success();
    let study = here.join("own files/mine.toml");
    let text = std::fs::read_to_string(&study).unwrap();
    let text = text
        .replace("2035-12", "2024-12")
        .replace("window_months = 60", "window_months = 24");
    std::fs::write(&study, text).unwrap();
    let args = ["run", "own files/mine.toml", "--configs", "own files"];
    let with = |more: &[&str]| chokepoint(here).args(args).args(more).assert().success();
    with(&["--runs", "3", "--no-report"]);
    with(&["--runs", "3", "--only", "1", "--no-report"]);
    let read = |name: &str| Results::read(&here.join("results").join(name)).unwrap();
    assert_eq!(read("mine").manifest.runs, 3);
    let one = read("mine-future-1");
    let command = &one.manifest.command;
    assert_eq!(
        command,
        "chokepoint run 'own files/mine.toml' --configs 'own files' --runs 3 --only 1"
    );
    let program = assert_cmd::cargo::cargo_bin("chokepoint");
    let shell = std::process::Command::new("/bin/sh")
        .current_dir(here)
        .arg("-c")
        .arg(format!("{command} --no-report --out again"))
        .env("PATH", program.parent().unwrap())
        .status()
        .unwrap();
    assert!(shell.success());
    same(&here.join("results/mine-future-1"), &here.join("again"));
}

#[test]
fn a_place_that_cannot_hold_results_is_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::os::unix::fs::symlink("nowhere", here.join("link")).unwrap();
    for out in [".", "link"] {
        let args = ["run", "did-controls-work", "--runs", "1", "--out", out];
        let said = refused(here, &args, 2);
        assert!(said.contains("is not a results folder"), "{said}");
        assert!(!said.contains("arms in"), "{said}");
    }
    assert_eq!(std::fs::read_dir(here).unwrap().count(), 1);
}

#[test]
fn a_table_that_cannot_be_read_or_written_whole_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, &["--runs", "2", "--no-report", "--out", "a"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let program = assert_cmd::cargo::cargo_bin("chokepoint");
    let export = std::process::Command::new(program)
        .current_dir(here)
        .args(["export", "a", "bands", "--csv"])
        .stdout(full.unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(export.stderr).unwrap();
    assert_eq!(export.status.code(), Some(2));
    assert!(
        said.contains("standard output: No space left on device"),
        "{said}"
    );
    let bands = std::fs::read(here.join("a/bands.parquet")).unwrap();
    std::fs::write(here.join("a/bands.parquet"), &bands[..bands.len() / 2]).unwrap();
    let said = refused(here, &["export", "a", "bands", "--csv"], 2);
    assert!(said.contains("bands.parquet"), "{said}");
    for tolerance in ["nan", "-1"] {
        let said = refused(here, &["diff", "a", "a", "--tolerance", tolerance], 2);
        assert!(said.contains("expected a number, zero or above"), "{said}");
    }
    let said = refused(here, &["export", "nowhere", "effects"], 2);
    assert!(said.contains("nowhere is not a results folder"), "{said}");
}

/// What is said of the main study with one piece of text in place of another.
fn said_of(old: &str, new: &str) -> String {
    let shipped = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    assert!(shipped.text.contains(old), "{old}");
    let wrong = Source {
        name: "wrong.toml".into(),
        text: shipped.text.replacen(old, new, 1),
    };
    let read = study::read(&wrong, &Configs::embedded()).and_then(|s| library().arms(&s));
    read.map_or_else(|e| e.to_string(), |_| "nothing".into())
}

#[test]
fn wrong_parties_months_and_dates_are_named_where_they_stand() {
    let composed = |change: &str| {
        format!(
            "\"oct22\", {{ name = \"a\", from = \"history-free\", change = [{{ rule = \"us-2022-10-3a090\", {change} }}] }},"
        )
    };
    let (early, never) = (composed("ended = 2021-01-01"), composed("ended = \"nver\""));
    let nan = "{ name = \"a\", from = \"oct22\", set = { choice_slope = nan } }, \"oct22\",";
    let cases = [
        (
            "target = \"CHN\"",
            "target = \"CHX\"",
            "wrong.toml:13:1: found `CHX`",
        ),
        (
            "target = \"CHN\"",
            "target = \"USA\"",
            "13:1: the target cannot be the issuer",
        ),
        (
            "window_months = 60",
            "window_months = 0",
            "12:1: found 0, expected at least 1",
        ),
        (
            "window_months = 60",
            "window_months = 60\nwindow_first = \"2036-01\"",
            "13:1: found 2036-01, expected a month from 2020-01 to 2035-12",
        ),
        (
            "runs = 300",
            "runs = 0",
            "8:1: found 0, expected at least 1",
        ),
        (
            "last_month = \"2035-12\"",
            "last_month = \"2021-12\"",
            "11:1: found less than 24 months",
        ),
        (
            "\"oct22\",",
            &early,
            "`us-2022-10-3a090` ends on 2021-01-01, before it was announced on 2022-09-12",
        ),
        ("\"oct22\",", &never, "expected a day or `never`"),
        ("\"oct22\",", nan, "found NaN, expected a finite number"),
    ];
    for (old, new, expected) in cases {
        let said = said_of(old, new);
        assert!(said.contains(expected), "{new}: {said}");
    }
}

#[test]
fn a_world_that_loses_its_numbers_is_a_failed_run_and_not_the_end_of_the_study() {
    let plan = |id: &str, value: f64| {
        let settings = PlanSettings {
            seed: 1,
            runs: 1,
            set: BTreeMap::from([(id.to_string(), value)]),
            ..PlanSettings::default()
        };
        let study = with_futures("[\"none\", \"history-free\"]", "");
        Plan::new(library(), study, settings)
    };
    // Stocks below zero; a frontier that runs away.
    for (id, value) in [
        ("chips_at_start_target_share", -1.0),
        ("third_knowledge_gap_2020", 1e12),
    ] {
        let all = results(&plan(id, value).unwrap());
        assert_eq!(all.failures.len(), 2, "{id}");
        assert!(all.effects.is_empty() && all.manifest.failed == 1, "{id}");
        for failure in &all.failures {
            let reason = &failure.reason;
            assert!(!reason.contains("the run stopped"), "{id}: {reason}");
        }
    }
    // What stops even recorded history is said before any run: nothing can be made.
    let said = plan("die_yield", 0.0).err().map(|e| e.to_string());
    let said = said.unwrap_or_default();
    assert!(said.contains("recorded history does not run"), "{said}");
    // Months before the first chip and the first budget trade nothing and stop nothing.
    let mut study = with_futures("[\"none\", \"history-free\"]", "");
    study.first_month = "2018-01".parse().unwrap();
    let settings = PlanSettings {
        runs: 1,
        ..PlanSettings::default()
    };
    let all = results(&Plan::new(library(), study, settings).unwrap());
    assert!(
        all.failures.is_empty() && !all.effects.is_empty(),
        "{:?}",
        all.failures
    );
}

#[test]
fn a_table_of_futures_says_each_thing_once_and_wrong_rows_have_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let new = ["new", "study", "mine"];
    chokepoint(here).args(new).assert().success();
    let text = std::fs::read_to_string(here.join("mine.toml")).unwrap();
    let list = "design = \"list\"\ntable = \"futures.csv\"";
    let text = text.replace("design = \"replicates\"", list);
    std::fs::write(here.join("mine.toml"), text).unwrap();
    let cases = [
        (
            "choice_slope,choice_slope\n1,2\n",
            "the column `choice_slope` is there twice",
        ),
        (
            "choice_slope,stress\n1,tight\n1\n",
            "futures.csv:3:1: CSV error",
        ),
        (
            "choice_slope\n1\nnan\n",
            "futures.csv:3:1: found `nan`, expected a number",
        ),
    ];
    for (table, expected) in cases {
        std::fs::write(here.join("futures.csv"), table).unwrap();
        let said = refused(here, &["check", "mine.toml"], 1);
        assert!(said.contains(expected), "{table}: {said}");
    }
    // A table in another encoding is said of the table, one that is not there of the study.
    std::fs::write(here.join("futures.csv"), b"choice_slop\xe9\n1\n").unwrap();
    let said = refused(here, &["check", "mine.toml"], 1);
    assert!(
        said.contains("futures.csv:1:1: line 1 holds the byte 0xe9"),
        "{said}"
    );
    std::fs::remove_file(here.join("futures.csv")).unwrap();
    let said = refused(here, &["check", "mine.toml"], 1);
    assert!(
        said.contains("mine.toml:") && said.contains("there is no file"),
        "{said}"
    );
}

#[test]
fn what_a_study_varies_or_fixes_is_not_fixed_once_more() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let study = library().configs.read("studies/did-controls-work.toml");
    let study = study.unwrap().text;
    let said = |more: &str, arm: &str, option: &[&str]| {
        let text = study
            .replace("rival_structures = true", "rival_structures = false")
            .replace("arms = [", &format!("arms = [{arm}"));
        std::fs::write(here.join("mine.toml"), text + more).unwrap();
        refused(
            here,
            &[&["run", "mine.toml", "--runs", "2"], option].concat(),
            2,
        )
    };
    let stress = "\n[[futures.stress]]\nname = \"tight\"\nset = { supply_multiplier = 0.6 }\n";
    let variant = "\n[[futures.variant]]\nname = \"n\"\nplanning = \"naive\"\n";
    let arm = "{ name = \"a\", from = \"none\", set = { choice_slope = 2.0 } }, ";
    for (more, arm, option, words) in [
        (
            stress,
            "",
            ["--set", "supply_multiplier=1"],
            "`tight` sets it",
        ),
        (
            variant,
            "",
            ["--planning", "foresight"],
            "`n` sets the expectations",
        ),
        ("", arm, ["--set", "choice_slope=3"], "the arm `a` sets it"),
    ] {
        let said = said(more, arm, &option);
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn results_are_replaced_by_a_path_that_leads_through_them() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, &["--runs", "1", "--no-report", "--out", "res"]);
    let inside = here.join("res");
    for out in ["../res", ".", "../res/."] {
        chokepoint(&inside)
            .args(["run", "did-controls-work", "--runs", "1", "--no-report"])
            .args(SHORT)
            .args(["--out", out])
            .assert()
            .success();
        assert!(inside.join("seal.json").exists(), "{out}");
    }
    let left: Vec<_> = std::fs::read_dir(here).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn stresses_rows_and_windows_that_no_future_uses_are_noted() {
    let notes = |study: &study::StudyFile, runs: u32| {
        plan::notes(library(), study, runs, &KeptParts::default())
            .unwrap()
            .join("\n")
    };
    let stress = r#"
        [[futures.stress]]
        name = "tight"
        set = { supply_multiplier = 0.6 }
        [[futures.stress]]
        name = "slack"
        set = { supply_multiplier = 3.0 }
    "#;
    let mut study = with_futures("[\"none\", \"oct22\"]", stress);
    assert_eq!(notes(&study, 2), "");
    assert!(notes(&study, 1).contains("some stresses are never drawn"));
    study.window_first = Some("2020-01".parse().unwrap());
    study.window_months = 12;
    assert!(notes(&study, 2).contains("every effect in it is zero"));
    study.window_months = 48;
    assert_eq!(notes(&study, 2), "");
}

#[test]
fn two_stresses_that_change_the_same_are_refused() {
    let main = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let stress = "[futures]\nstress = [{ name = \"a\", set = { supply_multiplier = 2.0 } }, { name = \"b\", set = { supply_multiplier = 2.0 } }]\n";
    let source = Source {
        name: "mine.toml".into(),
        text: format!("{}\n{stress}", main.text),
    };
    let said = study::read(&source, &Configs::embedded())
        .unwrap_err()
        .to_string();
    assert!(said.contains("`a`") && said.contains("`b`"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_made_and_a_table_with_semicolons_are_answered_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::write(here.join("file"), "text").unwrap();
    let args = ["run", "did-controls-work", "--runs", "1", "--out"];
    let said = refused(here, &[&args[..], &["file/results"]].concat(), 2);
    assert!(said.contains("choose another place with --out"), "{said}");
    let table = Source {
        name: "f.csv".into(),
        text: "choice_slope;leak_share\n2,0;0,1\n".into(),
    };
    let said = chokepoint::config::draws::check(&table)
        .unwrap_err()
        .to_string();
    assert!(said.contains("expected commas"), "{said}");
}

#[test]
fn the_nearest_file_is_named_for_one_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("my-cap.toml"), "text").unwrap();
    for name in ["my-capp.toml", "my-cap"] {
        let said = refused(folder.path(), &["whatif", name], 2);
        assert!(said.contains("did you mean `my-cap.toml`?"), "{said}");
    }
}
