//! The command line: exit codes, shapes of answers, a whole study from any folder, nothing half written.

use assert_cmd::Command;
use serde_json::Value;

fn chokepoint() -> Command {
    Command::cargo_bin("chokepoint").unwrap()
}

fn json(args: &[&str]) -> Value {
    let out = chokepoint()
        .args(args)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn classify_answers_in_the_documented_shape() {
    let all = json(&[
        "classify",
        "--on",
        "2023-12-01",
        "--to",
        "CHN",
        "--format",
        "json",
    ]);
    let rows = all.as_array().unwrap();
    assert_eq!(rows.len(), crate::library().chips.len());
    for row in rows {
        for field in ["chip", "verdict", "importer_verdict", "rule", "because"] {
            assert!(row[field].is_string(), "{field}");
        }
        assert!(row["eligible_exceptions"].is_array());
    }
}

#[test]
fn a_missing_attribute_in_a_table_of_chips_is_named_in_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("mine.csv");
    std::fs::write(
        &table,
        "chip,hq_country,tpp,io,non_planar,datacenter_marketed\nmine,USA,4799,700,true,true\n",
    )
    .unwrap();
    let path = table.to_str().unwrap();
    let row = &json(&[
        "classify",
        path,
        "--on",
        "2023-12-01",
        "--to",
        "CHN",
        "--format",
        "json",
    ])[0];
    assert_eq!(row["verdict"], "unknown: die_area_mm2");
    assert!(
        row["because"]
            .as_str()
            .unwrap()
            .contains("performance_density [unknown]")
    );
}

#[test]
fn a_study_runs_from_any_folder_and_its_figures_can_be_drawn_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = chokepoint()
        .current_dir(folder.path())
        .args([
            "run",
            "configs/studies/did-controls-work.toml",
            "--runs",
            "3",
            "--out",
            "out",
        ])
        .assert()
        .success();
    let said = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    assert_eq!(said.trim(), "out/report.html");
    let out = folder.path().join("out");
    for file in [
        "manifest.json",
        "outcomes.parquet",
        "bands.parquet",
        "effects.csv",
        "events.parquet",
        "failures.csv",
    ] {
        assert!(out.join(file).exists(), "{file}");
    }
    let figures = std::fs::read_dir(out.join("plots")).unwrap().count();
    assert!(figures >= 12, "{figures} files of figures");
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(
        !page.contains("src=\"http"),
        "the page asks for something outside"
    );
    for part in [
        "Did it work?",
        "At whose cost?",
        "What is left out",
        "Repeat it",
        "not a forecast",
        "<svg",
    ] {
        assert!(page.contains(part), "no `{part}` in the report");
    }
    let before = std::fs::read(out.join("plots/effects.svg")).unwrap();
    chokepoint()
        .current_dir(folder.path())
        .args(["plot", "out"])
        .assert()
        .success();
    assert!(before == std::fs::read(out.join("plots/effects.svg")).unwrap());
    chokepoint()
        .current_dir(folder.path())
        .args(["report", "out"])
        .assert()
        .success();
    let beside: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    assert_eq!(beside, ["out"], "something was left lying");
}

#[test]
fn a_folder_that_is_not_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let out = folder.path().to_str().unwrap();
    let run = chokepoint()
        .args(["run", "did-controls-work", "--runs", "1", "--out", out])
        .assert()
        .code(2);
    let said = String::from_utf8(run.get_output().stderr.clone()).unwrap();
    assert!(said.contains("is not a results folder"), "{said}");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("thesis.txt")).unwrap(),
        "years of work"
    );
}

#[test]
fn wrong_use_ends_with_2_and_a_hint() {
    let cases: [(&[&str], &str); 8] = [
        (
            &["run", "did-control-work"],
            "did you mean `did-controls-work`?",
        ),
        (
            &["run", "did-controls-work", "--set", "choise_slope=2"],
            "did you mean `choice_slope`?",
        ),
        (
            &["run", "did-controls-work", "--set", "choice_slope=two"],
            "expected a number",
        ),
        (&["classify", "--on", "2023-02-30"], "expected a day"),
        (
            &["classify", "--on", "2023-02-20", "--to", "CNH"],
            "did you mean `CHN`?",
        ),
        (&["explain", "oct2"], "did you mean `oct22`?"),
        (
            &["flip", "s1-october-2022", "--better", "more"],
            "`flip` is now `reversal`",
        ),
        (
            &[
                "reversal",
                "s1-october-2022",
                "--better",
                "more",
                "--lucks",
                "3",
            ],
            "`--lucks` is now `--replicates`",
        ),
    ];
    for (args, hint) in cases {
        let run = chokepoint().args(args).assert().code(2);
        let said = String::from_utf8(run.get_output().stderr.clone()).unwrap();
        assert!(said.contains(hint), "{args:?}: {said}");
    }
}

#[test]
fn check_ends_with_1_when_a_file_is_wrong_and_says_where() {
    chokepoint().arg("check").assert().success();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, "name = \"x\"\ndescription = \"y\"\ninclud = []\n").unwrap();
    let run = chokepoint()
        .args(["check", file.to_str().unwrap(), "--format", "json"])
        .assert()
        .code(1);
    let all: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(
        (all[0]["line"].as_u64(), all[0]["column"].as_u64()),
        (Some(3), Some(1))
    );
    assert!(all[0]["help"].as_str().unwrap().contains("include"));
}

#[test]
fn an_old_key_is_an_error_that_names_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let regime = "name = \"x\"\nwords = \"y\"\ninclude = []\n";
    let figure = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("plots/effects.toml"),
    )
    .unwrap()
    .replace("\ndescription = ", "\nwords = ");
    for (name, text) in [("regime.toml", regime), ("figure.toml", figure.as_str())] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let run = chokepoint()
            .args(["check", file.to_str().unwrap()])
            .assert()
            .code(1);
        let said = String::from_utf8(run.get_output().stdout.clone()).unwrap()
            + &String::from_utf8(run.get_output().stderr.clone()).unwrap();
        assert!(said.contains("`words` is now `description`"), "{said}");
    }
}

#[test]
fn a_run_can_be_repeated_alone() {
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let args = |extra: &[&str], to: String| {
        let mut all = vec![
            "run",
            "did-controls-work",
            "--runs",
            "4",
            "--no-report",
            "--out",
        ];
        let to: &'static str = Box::leak(to.into_boxed_str());
        all.push(to);
        all.extend(
            extra
                .iter()
                .map(|e| -> &'static str { Box::leak((*e).to_string().into_boxed_str()) }),
        );
        all
    };
    chokepoint().args(args(&[], out("all"))).assert().success();
    chokepoint()
        .args(args(&["--only", "2"], out("one")))
        .assert()
        .success();
    let read = |name: &str| chokepoint::results::Results::read(&folder.path().join(name)).unwrap();
    let (all, one) = (read("all"), read("one"));
    assert_eq!(one.outcomes.rows.len(), 3);
    for row in &one.outcomes.rows {
        let same = all
            .outcomes
            .rows
            .iter()
            .find(|r| r.run == 2 && r.regime == row.regime)
            .unwrap();
        let bits = |r: &chokepoint::results::OutcomeRow| {
            r.outcomes.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(bits(same), bits(row));
    }
}

#[test]
fn list_prints_fifteen_kinds_and_explain_answers_for_a_name_of_twelve_of_them() {
    let kinds = String::from_utf8(
        chokepoint()
            .arg("list")
            .assert()
            .success()
            .get_output()
            .stdout
            .clone(),
    )
    .unwrap();
    assert_eq!(kinds.lines().count(), 15);
    for name in [
        "us-2023-10-3a090a",
        "country_cap",
        "mem_bandwidth_tbs",
        "history-free",
        "C11",
        "H20 96GB",
        "CHN",
        "huawei",
        "deepseek",
        "choice_slope",
        "gap_months",
        "effects",
    ] {
        chokepoint().args(["explain", name]).assert().success();
    }
}

/// What a command that ends with 2 says on standard error, in one line.
fn refused(folder: &std::path::Path, args: &[&str]) -> String {
    let done = chokepoint().current_dir(folder).args(args).assert().code(2);
    let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    // The drawing breaks a long message with a bar.
    let words = said.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn options_that_would_change_nothing_or_lose_another_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let study = "did-controls-work";
    let configs = chokepoint::config::source::Configs::embedded();
    let text = configs.find(study, "studies").unwrap().text;
    let text = text + "[futures]\noff = [\"theft\"]\n";
    std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    let cases: [(&[&str], &[&str]); 18] = [
        (
            &["run", study, "--off", "policy_reaction"],
            &["`policy_reaction`", "has a process that reacts"],
        ),
        (
            &[
                "plan", study, "--off", "lobbying", "--out", "p", "--blocks", "1",
            ],
            &["`lobbying`", "has a process that reacts"],
        ),
        (
            &["replay", study, "--regime", "oct22", "--off", "lobbying"],
            &["`lobbying`", "has a process that reacts"],
        ),
        (
            &["decompose", study, "--runs", "2", "--off", "lobbying"],
            &["`lobbying`", "has a process that reacts"],
        ),
        (
            &["ledger", study, "--runs", "2", "--off", "lobbying"],
            &["`lobbying`", "has a process that reacts"],
        ),
        (
            &["run", study, "--set", "policy_events_per_year=2"],
            &["`policy_events_per_year`", "has a process that reads it"],
        ),
        (
            &[
                "ledger",
                study,
                "--set",
                "policy.administration_reversal=0.5",
            ],
            &["`administration_reversal`", "has a process that reads it"],
        ),
        (
            &["claims", "C1", "--runs", "2", "--off", "lobbying"],
            &["`lobbying`", "has a process that reacts"],
        ),
        (
            &["decompose", "mine.toml", "--runs", "2", "--off", "theft"],
            &["`theft`", "switches off too"],
        ),
        (
            &[
                "run",
                study,
                "--set",
                "study.futures.off=[\"theft\"]",
                "--off",
                "theft",
            ],
            &["`theft`"],
        ),
        (
            &["run", study, "--runs", "2", "--only", "7"],
            &["--only: found `7`", "0 to 1"],
        ),
        (
            &["run", study, "--runs", "4", "--set", "study.runs=3"],
            &["--runs: found 4", "study.runs"],
        ),
        (
            &["run", study, "--seed", "4", "--set", "study.seed=3"],
            &["--seed: found 4", "study.seed"],
        ),
        (
            &[
                "run",
                study,
                "--runs",
                "2",
                "--only",
                "0",
                "--until-error",
                "gap_months_mean=5%",
            ],
            &["--until-error", "--only"],
        ),
        (
            &[
                "run",
                study,
                "--runs",
                "2",
                "--until-error",
                "gap_months_mean=5%%",
            ],
            &["found `5%%`"],
        ),
        (
            &["classify", "--on", "2023-12-01", "--chip", "H101 SXM"],
            &["found `H101 SXM`", "did you mean"],
        ),
        (
            &[
                "replay",
                study,
                "--regime",
                "oct22",
                "--no-models",
                "--kind",
                "model_released",
            ],
            &["`model_released`", "--no-models"],
        ),
        (
            &[
                "replay",
                study,
                "--regime",
                "oct22",
                "--why",
                "3",
                "--kind",
                "rule_binds",
            ],
            &["--why", "--kind"],
        ),
    ];
    for (args, words) in cases {
        let said = refused(folder.path(), args);
        for word in words {
            assert!(said.contains(word), "{args:?}: {said}");
        }
    }
}
