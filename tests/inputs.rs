//! Nothing that a user hands in is passed over: every file of `--configs` acts or is refused with its path, every number has
//! a range, every name is resolved, every override changes something or says why it cannot.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chokepoint::config::parameters::{check_value, limits};
use chokepoint::config::posterior::Posterior;
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::study;
use chokepoint::foundation::parameters::Parameters;
use chokepoint::study::kept_parts::KeptParts;
use chokepoint::study::plan_file::PlanFile;
use chokepoint::study::{Library, Plan, PlanSettings, plan};

use crate::batch::chokepoint;
use crate::library;

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every file under `configs/` and `plots/` but the gallery, which holds results.
fn shipped() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join("configs"), &mut found);
    walk(&root.join("plots"), &mut found);
    found.retain(|path| !path.starts_with(root.join("plots/gallery")));
    found.sort();
    assert!(found.len() > 130, "{}", found.len());
    found
}

/// What a command says when it ends badly, with the line breaks of the drawing taken out.
fn refused(here: &Path, args: &[&str]) -> String {
    let answer = chokepoint(here).args(args).assert().failure();
    let said = String::from_utf8(answer.get_output().stderr.clone()).unwrap();
    assert!(!said.contains("panicked"), "{args:?}: {said}");
    let plain = said.replace(['\n', '│', '×', '╰', '─', '▶'], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_shipped_file_passes_the_check_by_its_place_and_by_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let files = shipped();
    let mut args = vec!["check".to_string()];
    args.extend(files.iter().map(|path| path.display().to_string()));
    chokepoint(here).args(&args).assert().success();
    // Copies that stand in no configuration are known by what they hold.
    let mut args = vec!["check".to_string()];
    for path in files {
        let text = path.to_string_lossy().replace('\\', "/");
        if text.ends_with(".json") {
            continue;
        }
        let name = text.rsplit('/').take(2).collect::<Vec<_>>().join("-of-");
        let name = if text.ends_with(".csv") && !text.contains("/world/") {
            format!("{name}.csv")
        } else {
            text.rsplit('/').next().unwrap().to_string()
        };
        std::fs::copy(&path, here.join(&name)).unwrap();
        args.push(name);
    }
    chokepoint(here).args(&args).assert().success();
}

#[test]
fn a_file_of_no_kind_is_told_which_kinds_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (name, text, word) in [
        ("a.toml", "colour = 1\n", "of no kind"),
        ("b.csv", "colour,shape\nred,round\n", "of no kind"),
        ("c.toml", "split = []\nrule = []\n", "of two kinds"),
        ("d.toml", "rule = [\n", "d.toml:"),
        (
            "e.toml",
            "[[parameter]]\nid = \"nothing\"\n",
            "no parameter that the model has",
        ),
    ] {
        std::fs::write(here.join(name), text).unwrap();
        let said = refused(here, &["check", name]);
        assert!(said.contains(word) && said.contains(name), "{name}: {said}");
    }
    let said = refused(here, &["check", "nowhere.toml"]);
    assert!(said.contains("nowhere.toml"), "{said}");
}

#[test]
fn wrong_tables_of_every_kind_are_refused_by_check_alone() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let broken = |path: &str, from: &str, to: &str| {
        let text = library().configs.read(path).unwrap().text;
        assert!(text.contains(from), "{path}: {from}");
        let file = here.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text.replacen(from, to, 1)).unwrap();
        refused(here, &["check", path])
    };
    for (path, from, to, word) in [
        (
            "posterior/A.csv",
            "overlap_share",
            "overlap_shere",
            "did you mean `overlap_share`?",
        ),
        (
            "posterior/A.csv",
            "overlap_share,",
            "fp8_share_2026,",
            "there twice",
        ),
        (
            "posterior/trades/A.csv",
            "lock_in_log_value",
            "lock_in",
            "expected a parameter",
        ),
        (
            "posterior/informed/A.csv",
            ",not informed by data",
            ",unsure",
            "expected one of informed,",
        ),
        (
            "posterior/informed/A.csv",
            "parameter,prior_median,p05,p50,p95,",
            "parameter,prior_median,p95,p50,p05,",
            "above its high value",
        ),
        (
            "posterior/trades/A.csv",
            "lock_in_log_value,choice_slope,",
            "lock_in_log_value,choice_slope,0.5\nlock_in_log_value,choice_slope,",
            "is here twice",
        ),
        ("evidence/looks.csv", "2026-", "26-", "expected a date"),
        (
            "evidence/looks.csv",
            ",split,",
            ",splt,",
            "did you mean `split`?",
        ),
        (
            "rules/events.csv",
            "event,",
            "evnet,",
            "did you mean `event`?",
        ),
        (
            "rules/events.csv",
            "\na800-h800-variants,",
            "\n,",
            "found an empty cell",
        ),
        (
            "rules/events.csv",
            "\na800-h800-variants,",
            "\na800-h800-variants,again\na800-h800-variants,",
            "is here twice",
        ),
        (
            "evidence/structure.toml",
            "weight = 1.0",
            "weight = 1e300",
            "at most 1000000",
        ),
        (
            "parameters/market.toml",
            "quota_inertia\"",
            "quota_inertai\"",
            "quota_inertia",
        ),
        (
            "parameters/market.toml",
            "unit = \"elasticity\"",
            "unit = \"fraction\"",
            "in which the model reads",
        ),
        (
            "world/labs.csv",
            "release_policy",
            "release_polciy",
            "did you mean `release_policy`?",
        ),
        (
            "studies/s3-h20.toml",
            "posterior = \"final\"",
            "posterior = \"fnal\"",
            "did you mean `final`?",
        ),
        (
            "plots/compute-by-bloc.toml",
            "entity = \"third\"",
            "entity = \"thrid\"",
            "did you mean `third`?",
        ),
        (
            "plots/timeline.toml",
            "\"seized\"",
            "\"siezed\"",
            "did you mean `seized`?",
        ),
        (
            "plots/timeline.toml",
            "to = \"2028-12\"",
            "to = \"2021-12\"",
            "a month after 2022-01",
        ),
    ] {
        let said = broken(path, from, to);
        assert!(said.contains(word), "{path} with {to}: {said}");
    }
}

/// No run reads them: `check` of the folder does.
#[test]
fn a_folder_is_checked_with_the_tables_that_no_run_reads() {
    for (path, from, to) in [
        ("evidence/looks.csv", "2026-", "26-"),
        ("evidence/structure.toml", "weight = 1.0", "weight = 1e300"),
        ("rules/events.csv", "\na800-h800-variants,", "\n,"),
        ("posterior/informed/final.csv", ",informed", ",infromed"),
        ("posterior/trades/final.csv", ",-0.", ",-5."),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let text = library().configs.read(path).unwrap().text;
        assert!(text.contains(from), "{path}: {from}");
        std::fs::write(file, text.replacen(from, to, 1)).unwrap();
        let said = refused(folder.path(), &["--configs", "c", "check"]);
        assert!(said.contains(&format!("c/{path}:")), "{path}: {said}");
    }
}

#[test]
fn everything_in_a_folder_of_configuration_acts_or_is_refused_with_its_path() {
    let latin: &[u8] = b"name = \"caf\xe9\"\n";
    let utf16: &[u8] = b"\xff\xfen\0a\0m\0e\0";
    for (path, bytes, words) in [
        (
            "world/chip.csv",
            &b"a,b\n"[..],
            ["world/chip.csv", "did you mean `world/chips.csv`?"],
        ),
        (
            "worlds/chips.csv",
            b"a,b\n",
            ["worlds", "did you mean `world`?"],
        ),
        (
            "parameter/market.toml",
            b"",
            ["parameter", "did you mean `parameters`?"],
        ),
        (
            "parameters/markets.toml",
            b"",
            [
                "parameters/markets.toml",
                "did you mean `parameters/market.toml`?",
            ],
        ),
        (
            "chips.csv",
            b"a,b\n",
            ["chips.csv", "nothing reads this file"],
        ),
        (
            "market.toml",
            b"parameter = []\n",
            ["market.toml", "nothing reads this file"],
        ),
        (
            "rules/us/deep/x.toml",
            b"",
            ["rules/us/deep", "nothing reads this folder"],
        ),
        (
            "rules/us/x.tml",
            b"",
            ["rules/us/x.tml", "rules/ISSUER/NAME.toml"],
        ),
        ("world/chips.csv/x", b"", ["world/chips.csv", "is a folder"]),
        ("world/chips.csv", utf16, ["world/chips.csv", "UTF-16"]),
        (
            "regimes/mine.toml",
            latin,
            ["regimes/mine.toml", "which is not UTF-8"],
        ),
        (
            "configs/world/chips.csv",
            b"a,b\n",
            ["configs", "name it: --configs"],
        ),
        ("schema/study.json", b"{}", ["is not a schema", "schema"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let file = here.join("own").join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, bytes).unwrap();
        if path.starts_with("schema") {
            let said = refused(here, &["check", &format!("own/{path}")]);
            assert!(words.iter().all(|w| said.contains(w)), "{path}: {said}");
            continue;
        }
        for command in [
            &["check", "--configs", "own"][..],
            &[
                "run",
                "did-controls-work",
                "--runs",
                "1",
                "--configs",
                "own",
            ],
            &[
                "replay",
                "did-controls-work",
                "--regime",
                "none",
                "--configs",
                "own",
            ],
            &["validate", "--runs", "2", "--configs", "own"],
            &["list", "parameters", "--configs", "own"],
        ] {
            let said = refused(here, command);
            assert!(words.iter().all(|w| said.contains(w)), "{path}: {said}");
        }
        assert!(!here.join("results").exists());
    }
}

#[test]
fn a_folder_of_too_many_files_is_refused_before_it_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let rules = here.join("own/rules/us");
    std::fs::create_dir_all(&rules).unwrap();
    for number in 0..4_100 {
        std::fs::write(rules.join(format!("{number}.toml")), "").unwrap();
    }
    let said = refused(here, &["check", "--configs", "own"]);
    assert!(said.contains("holds more than 4096 files"), "{said}");
    std::fs::remove_dir_all(&rules).unwrap();
    std::fs::create_dir_all(&rules).unwrap();
    // Two that are too large together; neither holds a byte on the disk.
    for name in ["a.toml", "b.toml"] {
        let file = std::fs::File::create(rules.join(name)).unwrap();
        file.set_len(40 << 20).unwrap();
    }
    let said = refused(here, &["check", "--configs", "own"]);
    assert!(said.contains("holds more than 64 MiB"), "{said}");
}

#[cfg(unix)]
#[test]
fn links_and_pipes_in_a_folder_end_at_once() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let own = |name: &str| {
        let own = here.join(name);
        std::fs::create_dir_all(own.join("rules")).unwrap();
        own
    };
    let loops = own("loops");
    symlink(".", loops.join("a")).unwrap();
    symlink(".", loops.join("world")).unwrap();
    symlink("..", loops.join("rules/us")).unwrap();
    let said = refused(here, &["check", "--configs", "loops"]);
    assert!(said.contains("loops/a"), "{said}");
    let nowhere = own("nowhere");
    symlink("gone", nowhere.join("rules/x.toml")).unwrap();
    let said = refused(here, &["check", "--configs", "nowhere"]);
    assert!(said.contains("a link that leads to no file"), "{said}");
    let pipes = own("pipes");
    let made = std::process::Command::new("mkfifo")
        .arg(pipes.join("rules/x.toml"))
        .status()
        .unwrap();
    assert!(made.success());
    let said = refused(here, &["check", "--configs", "pipes"]);
    assert!(said.contains("is no regular file"), "{said}");
    // A link to a file is a file.
    let linked = own("linked");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let figure = root.join("plots/effects.toml");
    std::fs::create_dir(linked.join("plots")).unwrap();
    symlink(figure, linked.join("plots/effects.toml")).unwrap();
    std::fs::write(linked.join(".DS_Store"), [0xff, 0xfe]).unwrap();
    std::fs::write(linked.join("plots/effects.toml~"), "x").unwrap();
    std::fs::write(linked.join("README.md"), "words").unwrap();
    chokepoint(here)
        .args(["check", "--configs", "linked"])
        .assert()
        .success();
}

#[test]
fn a_file_that_the_command_names_is_never_replaced_by_a_shipped_one() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let path = "configs/studies/s1-october-2022.toml";
    std::fs::create_dir_all(here.join("configs/studies")).unwrap();
    std::fs::write(here.join(path), b"\xff\xfea\0").unwrap();
    let said = refused(here, &["run", path, "--runs", "1"]);
    assert!(said.contains("UTF-16") && said.contains(path), "{said}");
    std::fs::remove_file(here.join(path)).unwrap();
    std::fs::create_dir(here.join(path)).unwrap();
    let said = refused(here, &["run", path, "--runs", "1"]);
    assert!(said.contains("is a folder"), "{said}");
}

#[test]
fn a_plan_carries_posterior_evidence_and_figures_of_the_folder_as_replay_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path();
    let write = |path: &str, text: &str| {
        let file = own.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    let shipped = |path: &str| library().configs.read(path).unwrap().text;
    write("posterior/mine.csv", "choice_slope\n9\n9.5\n");
    let series = shipped("evidence/series.csv");
    write(
        "evidence/series.csv",
        &series.replacen(",10060,6518,", ",10061,6518,", 1),
    );
    let figure = shipped("plots/effects.toml");
    write(
        "plots/effects.toml",
        &figure.replacen("title = \"", "title = \"My ", 1),
    );
    let text = shipped("studies/did-controls-work.toml")
        .replace("posterior = \"final\"", "posterior = \"mine\"");
    write("studies/mine.toml", &text);
    let configs = Configs::folder(own);
    let source = configs.find("mine", "studies").unwrap();
    let file = PlanFile {
        study: source.clone(),
        seed: 1,
        runs: 2,
        planning: "adaptive".into(),
        ..PlanFile::default()
    };
    let sealed = file.seal(&configs, None).unwrap();
    for path in [
        "posterior/mine.csv",
        "evidence/series.csv",
        "plots/effects.toml",
    ] {
        assert!(sealed.files.contains_key(path), "{path}");
    }
    let plain = Configs::embedded();
    assert_ne!(
        sealed.inputs["configs/evidence/series.csv"],
        plan::hashes(&plain)["configs/evidence/series.csv"]
    );
    let opened = sealed.open().unwrap();
    let titles: Vec<&str> = opened.figures.iter().map(|f| f.title.as_str()).collect();
    assert!(titles.iter().any(|t| t.starts_with("My ")), "{titles:?}");
    // As `replay` builds it: from the folder itself.
    let read = Library::read(configs, &[]).unwrap();
    let study = study::read(&source, &read.configs).unwrap();
    let settings = PlanSettings {
        seed: 1,
        runs: 2,
        ..PlanSettings::default()
    };
    let replayed = Plan::new(&read, study, settings).unwrap();
    for number in 0..2 {
        let (a, b) = (opened.plan.draw(number), replayed.draw(number));
        assert_eq!(a.parameters, b.parameters);
    }
    let slope = Parameters::NAMES
        .iter()
        .position(|(_, id)| *id == "choice_slope")
        .unwrap();
    // Both futures of a pair share a sample.
    let mut slopes = [0, 2].map(|number| replayed.draw(number).parameters[slope]);
    slopes.sort_by(f64::total_cmp);
    assert_eq!(slopes, [9.0, 9.5]);
    assert_eq!(replayed.stale, opened.plan.stale);
}

#[test]
fn every_parameter_has_a_unit_and_a_range_that_holds_what_ships() {
    for p in &library().parameters.0 {
        let (unit, low, high) = limits(&p.id).unwrap_or_else(|| panic!("{} has no unit", p.id));
        assert_eq!(unit, p.unit);
        check_value(&p.id, p.value).unwrap();
        for wrong in [f64::NAN, f64::INFINITY, -1.0, low - 1.0, high * 1.01 + 1.0] {
            let why = check_value(&p.id, wrong).unwrap_err();
            assert!(why.contains("expected"), "{why}");
        }
    }
    for path in library().configs.list("posterior", ".csv") {
        if path.matches('/').count() == 1 {
            Posterior::check(&library().configs.read(&path).unwrap()).unwrap();
        }
    }
}

#[test]
fn numbers_beyond_their_range_are_refused_wherever_they_are_given() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for set in [
        "quota_inertia=90",
        "leak_share=-1",
        "capacity_lag_months=1e12",
        "choice_slope=nan",
        "wants_jump_year=20232",
    ] {
        let said = refused(
            here,
            &["run", "did-controls-work", "--runs", "1", "--set", set],
        );
        assert!(
            said.contains("expected") && said.contains(set),
            "{set}: {said}"
        );
    }
    let main = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let with = |from: &str, to: &str| {
        let mut text = main.text.replacen(from, to, 1);
        if from.is_empty() {
            text = format!("{}\n{to}\n", main.text);
        }
        let source = Source {
            name: "mine.toml".into(),
            text,
        };
        let read = study::read(&source, &library().configs);
        let checked =
            read.and_then(|s| plan::check(library(), &s, s.runs, None, &KeptParts::default()));
        let problem = checked.expect_err(to).0.remove(0);
        assert_eq!(problem.file, "mine.toml", "{to}");
        (
            problem.line,
            format!("{} {}", problem.message, problem.help),
        )
    };
    let last = main.text.lines().count() + 2;
    let arm = "[\"none\", { name = \"x\", from = \"oct22\", set = { quota_inertia = 90 } }]";
    let arms = "[\"none\", \"oct22\", \"history-free\"]";
    for (from, to, line, words) in [
        (arms, arm, 5, "from 0 to 1 (fraction/month)"),
        (
            "",
            "[futures]\nstress = [{ name = \"a\", set = { leak_share = 0.1 } }, { name = \"b\", set = { leak_share = -3 } }]",
            last + 1,
            "found -3",
        ),
        (
            "",
            "[futures]\ndesign = \"factorial\"\nlevels = { leak_share = [0.1, 2] }",
            last + 2,
            "found 2,",
        ),
        (
            "window_months = 60",
            "window_months = 240",
            12,
            "the study ends with 2035-12",
        ),
        (
            "window_months = 60",
            "window_first = \"2034-01\"\nwindow_months = 25",
            12,
            "expected 24 at most",
        ),
        (
            "first_month = \"2020-01\"",
            "first_month = \"2030-01\"",
            10,
            "expected a month of 2020",
        ),
        (
            "last_month = \"2035-12\"",
            "last_month = \"2150-12\"",
            11,
            "expected a month to 2100",
        ),
        (
            "target = \"CHN\"",
            "target = \"TWN\"",
            13,
            "nations with labs: ",
        ),
        (
            "issuer = \"USA\"",
            "issuer = \"NLD\"",
            14,
            "nations with labs: ",
        ),
        (
            "runs = 300",
            "runs = 300\nsynthetic_labs = 4294967295",
            9,
            "100000 labs at most",
        ),
        (
            "\"gap_points\", ",
            "\"gap_points\", \"gap_points\", ",
            18,
            "there twice",
        ),
        (
            "\"effects\",",
            "\"effects\", \"effects\",",
            25,
            "there twice",
        ),
        (
            "posterior = \"final\"",
            "posterior = \"finale\"",
            15,
            "did you mean `final`?",
        ),
    ] {
        let (at, said) = with(from, to);
        assert!(said.contains(words), "{to}: {said}");
        assert_eq!(at, line, "{to}: {said}");
    }
}

#[test]
fn a_table_of_futures_is_held_to_the_range_of_each_parameter() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (text, words) in [
        (
            "choice_slope,leak_share\n2,0.1\n2,90\n",
            "futures.csv:3:3: found 90, expected",
        ),
        (
            "choice_slope,stress\n2,tight\n-2,\n",
            "found -2, expected a value",
        ),
    ] {
        std::fs::write(here.join("futures.csv"), text).unwrap();
        let said = refused(here, &["check", "futures.csv"]);
        assert!(said.contains(words), "{said}");
    }
    std::fs::write(here.join("futures.csv"), "choice_slope,stress\n2,tight\n").unwrap();
    chokepoint(here)
        .args(["check", "futures.csv"])
        .assert()
        .success();
}

#[test]
fn designs_change_something_or_are_refused() {
    let main = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let held = |futures: &str, runs: u32| {
        let source = Source {
            name: "mine.toml".into(),
            text: format!("{}\n{futures}\n", in_own_form(&main.text)),
        };
        let study = study::read(&source, &library().configs).unwrap_or_else(|e| panic!("{e}"));
        plan::check(library(), &study, runs, None, &KeptParts::default())
    };
    let said = |futures: &str, runs: u32| {
        let problem = held(futures, runs).unwrap_err().0.remove(0);
        format!("{} {}", problem.message, problem.help)
    };
    for design in ["sobol", "latin_hypercube"] {
        let said = said(&format!("[futures]\ndesign = \"{design}\""), 8);
        assert!(said.contains("would change nothing"), "{said}");
        assert!(said.contains("study.posterior=prior"), "{said}");
    }
    // It spreads what the samples do not hold.
    let spread = "[futures]\ndesign = \"sobol\"\nstress = [{ name = \"a\" }, { name = \"b\" }]";
    held(spread, 8).unwrap();
    let grid = "[futures]\ndesign = \"factorial\"\nlevels = { leak_share = [0.1, 0.2], die_yield = [0.7, 0.8, 0.9] }";
    held(grid, 12).unwrap();
    assert!(said(grid, 5).contains("ask for 6 futures"));
    assert!(said(grid, 15).contains("ask for 12 or 18 futures"));
    let many: Vec<String> = Parameters::NAMES
        .iter()
        .filter_map(|(_, id)| {
            let (_, low, high) = limits(id)?;
            Some(format!("{id} = [{low}, {high}]"))
        })
        .take(64)
        .collect();
    let many = format!(
        "[futures]\ndesign = \"factorial\"\n[futures.levels]\n{}",
        many.join("\n")
    );
    assert!(said(&many, 300).contains("grid of more than"));
}

#[test]
fn a_process_and_levels_of_it_act_in_the_study_or_are_refused() {
    let configs = &library().configs;
    let main = configs.find("s9-politics", "studies").unwrap();
    let check = |library: &Library, from: &str, to: &str| {
        assert!(main.text.contains(from), "{from}");
        let source = Source {
            name: "mine.toml".into(),
            text: main.text.replacen(from, to, 1),
        };
        let study = study::read(&source, &library.configs).unwrap_or_else(|e| panic!("{e}"));
        plan::check(library, &study, study.runs, None, &KeptParts::default())
    };
    check(library(), "", "").unwrap();
    // A process that begins when the study has ended.
    let late = configs.find("reactive", "regimes").unwrap();
    let late = late
        .text
        .replacen("from = \"2026-11\"", "from = \"2032-01\"", 1);
    let own = BTreeMap::from([(
        "regimes/reactive.toml".to_string(),
        late.replacen("[\"2029-01\", ", "[", 1),
    )]);
    let own = Library::read(configs.clone().with(own), &[]).unwrap();
    let problems = check(&own, "", "").unwrap_err();
    let words = "the process of the arm `reactive` begins in 2032-01, after the study";
    assert!(problems.to_string().contains(words), "{problems}");
    assert_eq!(problems.0[0].line, 10, "{problems}");
    // Levels of what no process reads.
    let main = configs.find("did-controls-work", "studies").unwrap();
    let source = Source {
        name: "mine.toml".into(),
        text: format!(
            "{}\n[futures]\ndesign = \"factorial\"\nlevels = {{ policy_gap_response = [0.1, 0.2] }}\n",
            in_own_form(&main.text)
        ),
    };
    let study = study::read(&source, configs).unwrap();
    let problems = plan::check(library(), &study, 2, None, &KeptParts::default()).unwrap_err();
    let words = "no arm of `did-controls-work` has a process that reads it";
    assert!(problems.0[0].message.contains(words), "{problems}");
}

#[test]
fn combinations_of_a_grid_share_the_sample_of_their_replicate() {
    let main = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let source = Source {
        name: "mine.toml".into(),
        text: format!(
            "{}\n[futures]\ndesign = \"factorial\"\nlevels = {{ leak_share = [0.1, 0.2] }}\n",
            in_own_form(&main.text)
        ),
    };
    let study = study::read(&source, &library().configs).unwrap();
    let settings = PlanSettings {
        seed: 1,
        runs: 4,
        set: BTreeMap::new(),
        ..PlanSettings::default()
    };
    let plan = Plan::new(library(), study, settings).unwrap();
    let draws: Vec<Vec<f64>> = (0..4).map(|n| plan.draw(n).parameters).collect();
    let differ = |a: usize, b: usize| {
        (0..draws[0].len())
            .filter(|at| draws[a][*at] != draws[b][*at])
            .count()
    };
    assert_eq!(differ(0, 1), 1);
    assert_eq!(differ(2, 3), 1);
    assert!(differ(0, 2) > 50);
}

#[test]
fn what_the_command_line_sets_wrongly_is_said_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = |sets: &[&str]| {
        let mut args = vec!["run", "did-controls-work", "--runs", "2"];
        args.extend(sets.iter().flat_map(|set| ["--set", set]));
        refused(here, &args)
    };
    for (sets, words) in [
        (
            &["study.window_months=240"][..],
            "--set:1:1: found a window of 240 months",
        ),
        (
            &["study.window_month=24"],
            "--set:1:1: unknown field `window_month`",
        ),
        (&["study.target=TWN"], "--set:1:1: labs.csv has no lab"),
        (
            &["study.futures.design=sobol"],
            "--set:1:1: found another design beside `rival_structures`",
        ),
        (
            &["study.posterior=fnal"],
            "--set:1:1: `fnal`: no such posterior",
        ),
        // The fault stands in the file, below a line that was added and one that was taken away.
        (
            &["study.synthetic_labs=1", "study.last_month=2026-12"],
            "did-controls-work.toml:12:1: found a window of 60 months",
        ),
        (&["study.name.x=1"], "`name` holds no fields to set"),
        // The one of two that is not taken would be lost without a word.
        (
            &["choice_slope=2", "market.choice_slope=3"],
            "found `market.choice_slope`, expected each parameter or field once",
        ),
        (
            &["study.target=CHN", "study.target=RUS"],
            "found `study.target`, expected each parameter or field once",
        ),
    ] {
        let said = run(sets);
        assert!(said.contains(words), "{sets:?}: {said}");
    }
    for (command, words) in [
        (
            &["rules", "--on", "0203-12-01"][..],
            "found `0203-12-01`, expected a day that exists",
        ),
        (
            &[
                "decompose",
                "did-controls-work",
                "--runs",
                "1",
                "--pairs",
                "4294967295",
            ],
            "expected at most 10000000",
        ),
        (
            &["discover", "c11", "--runs", "4294967295"],
            "at most 10000000",
        ),
        (
            &["block", "p", "0", "--configs", "."],
            "a plan holds the configuration",
        ),
        (
            &["diff", "a", "b", "--configs", "."],
            "results hold what they were made from",
        ),
    ] {
        let said = refused(here, command);
        assert!(said.contains(words), "{said}");
    }
}

/// The text of the main study without rival forms, which go with the design `replicates` alone.
fn in_own_form(study: &str) -> String {
    let text = study.replace("rival_structures = true\n", "");
    assert!(text != study);
    text
}
