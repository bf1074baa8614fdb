//! Batches: blocks in any order, killed or resumed, give the same bytes; futures are made as the study says; effects add up.

use std::collections::BTreeMap;
use std::path::Path;

use assert_cmd::Command;
use chokepoint::config::futures::FutureDesign;
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::study::{self, StudyFile};
use chokepoint::foundation::parameters::Parameters;
use chokepoint::results::{EffectRow, Results};
use chokepoint::study::{Plan, PlanSettings, join, run_all};

use crate::library;

/// A short study: five years, a window of three.
pub const SHORT: [&str; 4] = [
    "--set",
    "study.last_month=2025-12",
    "--set",
    "study.window_months=36",
];

pub fn chokepoint(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    command.current_dir(folder);
    command
}

/// Runs the short main study; answers what was said on standard error.
pub fn run(folder: &Path, args: &[&str]) -> String {
    let mut all = vec!["run", "did-controls-work"];
    all.extend(SHORT);
    all.extend(args);
    let done = chokepoint(folder).args(all).assert().success();
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

/// Every file of a folder but the timing, by path.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "timing.json" {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

pub fn same(a: &Path, b: &Path) {
    let (a, b) = (bytes(a), bytes(b));
    assert!(a.len() > 5 && a.keys().eq(b.keys()));
    for (name, content) in &a {
        assert!(*content == b[name], "{name} differs");
    }
}

/// The shipped main study with this in place of its last lines, read.
pub fn with_futures(arms: &str, futures: &str) -> StudyFile {
    let source = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let baseline = arms.split('"').nth(1).unwrap();
    let fields = [
        ("arms", arms),
        ("baseline", baseline),
        ("last_month", "2025-12"),
        ("window_months", "24"),
        // These tests bring their own forms and designs.
        ("rival_structures", "false"),
    ];
    let fields = fields.map(|(f, v)| (f.to_string(), v.to_string()));
    let mut source = study::overridden(&source, &fields).unwrap();
    source.text.push_str(futures);
    let mut study = study::read(&source, &Configs::embedded()).unwrap_or_else(|e| panic!("{e}"));
    // Designs are of the priors; samples of a posterior would take the place of what they draw.
    study.posterior = None;
    study
}

pub fn plan(study: StudyFile, runs: u32) -> Plan {
    let settings = PlanSettings {
        seed: 1,
        runs,
        ..PlanSettings::default()
    };
    Plan::new(library(), study, settings).unwrap_or_else(|e| panic!("{e}"))
}

pub fn results(plan: &Plan) -> Results {
    let records = run_all(plan, &|| {}, &std::sync::atomic::AtomicBool::new(false));
    join(plan, records, "chokepoint run")
}

fn place(id: &str) -> usize {
    Parameters::NAMES
        .iter()
        .position(|(_, n)| *n == id)
        .unwrap()
}

#[test]
fn seven_blocks_in_any_order_by_two_processes_are_the_bytes_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, &["--runs", "9", "--out", "one"]);
    let mut args = vec!["plan", "did-controls-work", "--runs", "9", "--blocks", "7"];
    args.extend(SHORT);
    args.extend(["--out", "plan"]);
    chokepoint(here).args(args).assert().success();
    let blocks = |numbers: [&'static str; 4]| {
        let here = here.to_path_buf();
        std::thread::spawn(move || {
            for number in numbers {
                chokepoint(&here)
                    .args(["block", "plan", number])
                    .assert()
                    .success();
            }
        })
    };
    // Block 3 is run by both, at whatever moment.
    let (a, b) = (blocks(["5", "3", "0", "6"]), blocks(["3", "1", "4", "6"]));
    a.join().unwrap();
    b.join().unwrap();
    let early = chokepoint(here)
        .args(["merge", "plan", "--out", "early"])
        .assert()
        .code(2);
    let said = String::from_utf8(early.get_output().stderr.clone()).unwrap();
    assert!(said.contains("1 of 7 blocks are missing: 2"), "{said}");
    chokepoint(here)
        .args(["block", "plan/plan.json", "2"])
        .assert()
        .success();
    chokepoint(here)
        .args(["merge", "plan", "--out", "merged"])
        .assert()
        .success();
    same(&here.join("one"), &here.join("merged"));
    // A block that was cut off on its way is named, not merged.
    let broken = here.join("plan/blocks/block-0004.runs");
    let text = std::fs::read(&broken).unwrap();
    std::fs::write(&broken, &text[..text.len() / 2]).unwrap();
    let merge = chokepoint(here)
        .args(["merge", "plan", "--out", "merged"])
        .assert()
        .code(2);
    let said = String::from_utf8(merge.get_output().stderr.clone()).unwrap();
    assert!(
        said.contains("block-0004.runs: is not a whole block"),
        "{said}"
    );
    same(&here.join("one"), &here.join("merged"));
}

#[test]
fn a_plan_that_was_changed_by_hand_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let args = [
        "plan",
        "did-controls-work",
        "--runs",
        "4",
        "--blocks",
        "2",
        "--out",
        "p",
    ];
    chokepoint(here).args(args).assert().success();
    let path = here.join("p/plan.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replace("\"seed\": 20221007", "\"seed\": 20221008"),
    )
    .unwrap();
    let block = chokepoint(here).args(["block", "p", "0"]).assert().code(2);
    let said = String::from_utf8(block.get_output().stderr.clone()).unwrap();
    assert!(said.contains("was changed after it was made"), "{said}");
    chokepoint(here).args(["block", "p", "2"]).assert().code(2);
}

#[test]
fn a_run_that_was_stopped_goes_on_and_other_work_is_not_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, &["--runs", "40", "--out", "whole"]);
    let mut args = vec!["run", "did-controls-work"];
    args.extend(SHORT);
    args.extend(["--runs", "40", "--out", "out"]);
    let program = assert_cmd::cargo::cargo_bin("chokepoint");
    let mut child = std::process::Command::new(program)
        .current_dir(here)
        .args(&args)
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let blocks = here.join(".out.unfinished/blocks");
    let done = || {
        let files = std::fs::read_dir(&blocks).into_iter().flatten().flatten();
        files
            .filter(|f| f.path().extension().is_some_and(|e| e == "runs"))
            .count()
    };
    while done() < 3 && child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // Ctrl-C.
    std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let stopped = child.wait_with_output().unwrap();
    let said = String::from_utf8(stopped.stderr).unwrap();
    assert_eq!(stopped.status.code(), Some(130), "{said}");
    assert!(
        said.contains("run the same command again to resume"),
        "{said}"
    );
    assert!(!here.join("out").exists());
    let other = chokepoint(here)
        .args(&args)
        .args(["--seed", "2"])
        .assert()
        .code(2);
    let said = String::from_utf8(other.get_output().stderr.clone()).unwrap();
    assert!(said.contains("finished blocks of another plan"), "{said}");
    assert!(said.contains("seed: 20221007, not 2"), "{said}");
    let said = run(here, &["--runs", "40", "--out", "out"]);
    assert!(said.contains("resuming: "), "{said}");
    same(&here.join("whole"), &here.join("out"));
    assert!(!here.join(".out.unfinished").exists());
}

#[test]
fn a_future_that_fails_is_recorded_excluded_counted_and_repeated_by_its_command() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut args = vec!["run", "did-controls-work", "--runs", "12", "--no-report"];
    args.extend(SHORT);
    let done = chokepoint(here)
        .env("CHOKEPOINT_FAIL", "7")
        .args(&args)
        .args(["--out", "planted"])
        .assert()
        .success();
    let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    assert!(
        said.contains("failed: none future 7: the run stopped"),
        "{said}"
    );
    let planted = Results::read(&here.join("planted")).unwrap();
    assert_eq!((planted.manifest.runs, planted.manifest.failed), (12, 1));
    assert_eq!(planted.failures.len(), 3);
    assert!(
        planted
            .main_effects()
            .all(|e| e.pairs + e.excluded == 12 && e.excluded >= 1)
    );
    assert!(
        planted
            .bands
            .iter()
            .all(|b| b.runs + b.excluded == 12 && b.excluded >= 1)
    );
    for row in &planted.outcomes.rows {
        assert_eq!(row.failed, row.run == 7);
        assert_eq!(row.outcomes.iter().all(|v| v.is_nan()), row.run == 7);
    }
    // The others are what they would have been.
    run(here, &["--runs", "12", "--no-report", "--out", "clean"]);
    let clean = Results::read(&here.join("clean")).unwrap();
    for (a, b) in planted.outcomes.rows.iter().zip(&clean.outcomes.rows) {
        let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert!(a.run == 7 || bits(&a.outcomes) == bits(&b.outcomes));
    }
    // The command that was recorded repeats the failure.
    let command = &planted.failures[0].command;
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[..2], ["CHOKEPOINT_FAIL=7", "chokepoint"]);
    let again = chokepoint(here)
        .env("CHOKEPOINT_FAIL", "7")
        .args(&words[2..])
        .args(["--out", "again", "--no-report"])
        .assert()
        .code(1);
    let said = String::from_utf8(again.get_output().stderr.clone()).unwrap();
    assert!(said.contains("future 7: the run stopped"), "{said}");
}

#[test]
fn a_run_until_its_error_is_small_is_the_run_of_as_many_futures() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let arguments = [
        "--runs",
        "60",
        "--no-report",
        "--out",
        "until",
        "--until-error",
    ];
    let said = run(
        here,
        &[&arguments[..], &["latent_gap_months_mean=12%"]].concat(),
    );
    let until = Results::read(&here.join("until")).unwrap();
    let n = until.manifest.runs;
    assert!(
        n < 60 && said.contains(&format!("stopped after {n} futures")),
        "{said}"
    );
    let of = |r: &Results| -> Vec<EffectRow> {
        r.main_effects()
            .filter(|e| e.outcome == "latent_gap_months_mean")
            .cloned()
            .collect()
    };
    for e in of(&until) {
        assert!(e.monte_carlo_error <= 0.12 * e.mean.abs());
        assert_eq!(e.more_to_halve_error, 3 * e.pairs);
    }
    run(
        here,
        &["--runs", &n.to_string(), "--no-report", "--out", "fixed"],
    );
    let fixed = Results::read(&here.join("fixed")).unwrap();
    assert_eq!(until.effects, fixed.effects);
    // And its command is the one that makes it again.
    same(&here.join("until"), &here.join("fixed"));
}

#[test]
fn a_shorter_horizon_gives_the_effects_of_a_shorter_window_and_discounting_lowers_revenue() {
    let arms = "[\"none\", \"history-free\"]";
    let long = results(&plan(with_futures(arms, ""), 3));
    let mut study = with_futures(arms, "");
    study.window_months = 12;
    let short = results(&plan(study, 3));
    let mut compared = 0;
    for e in short.main_effects() {
        let same = long.effects.iter().find(|l| {
            l.outcome == e.outcome && l.regime == e.regime && l.horizon_months == Some(12)
        });
        let same = same.unwrap_or_else(|| panic!("{}", e.outcome));
        assert_eq!(same.mean, e.mean, "{}", e.outcome);
        compared += 1;
    }
    assert!(compared > 30);
    let revenue: Vec<f64> = [0.0, 0.03, 0.07]
        .iter()
        .map(|rate| {
            let mut rows = long.effects.iter();
            let row = rows.find(|e| {
                e.outcome == "us_maker_revenue_usd"
                    && e.horizon_months.is_none()
                    && e.discount == *rate
            });
            row.unwrap().baseline_mean
        })
        .collect();
    // Two years: a year's discount at most twice, at least not at all.
    for (rate, value) in [(1.03_f64, revenue[1]), (1.07, revenue[2])] {
        assert!(value < revenue[0] && value > revenue[0] / rate.powi(2));
    }
    assert!(
        !long
            .effects
            .iter()
            .any(|e| e.discount > 0.0 && e.outcome.ends_with("_share_end"))
    );
}

#[test]
fn an_arm_composed_of_nothing_new_is_the_regime_it_comes_from() {
    let arms = r#"["history-free", { name = "same", from = "history-free" },
        { name = "without", from = "history-free", remove = ["us-2022-10-3a090"] },
        { name = "oct22-again", from = "none", add = ["us-2022-08-nvda-amd-letters", "us-2022-10-3a090"],
          change = [{ rule = "us-2022-10-3a090", ended = "never" }] },
        "oct22",
        { name = "alone", from = "history-free", off = ["grey_market"], set = { choice_slope = 2.0 } }]"#;
    let plan = plan(with_futures(&arms.replace('\n', " "), ""), 2);
    let all = results(&plan);
    let of = |arm: &str| -> Vec<u64> {
        let rows = all.outcomes.rows.iter().filter(|r| r.regime == arm);
        rows.flat_map(|r| r.outcomes.iter().map(|v| v.to_bits()))
            .collect()
    };
    assert_eq!(of("history-free"), of("same"));
    assert_eq!(of("oct22"), of("oct22-again"));
    assert_ne!(of("history-free"), of("without"));
    assert_ne!(of("history-free"), of("alone"));
    let grey = all
        .outcomes
        .outcomes
        .iter()
        .position(|o| o == "grey_h100e_total")
        .unwrap();
    let slope = all
        .outcomes
        .parameters
        .iter()
        .position(|p| p == "choice_slope")
        .unwrap();
    for row in all.outcomes.rows.iter().filter(|r| r.regime == "alone") {
        assert_eq!((row.outcomes[grey], row.parameters[slope]), (0.0, 2.0));
    }
}

#[test]
fn stress_and_variants_are_drawn_by_weight_recorded_and_reported_apart() {
    let futures = r#"
        [[futures.stress]]
        name = "tight"
        set = { supply_multiplier = 0.6 }
        [[futures.stress]]
        name = "slack"
        weight = 3.0
        set = { supply_multiplier = 3.0 }
        [[futures.variant]]
        name = "plain"
        [[futures.variant]]
        name = "naive"
        planning = "naive"
    "#;
    let plan = plan(with_futures("[\"none\", \"history-free\"]", futures), 400);
    let draws: Vec<_> = (0..400).map(|n| plan.draw(n)).collect();
    let slack = draws.iter().filter(|d| d.stress == Some(1)).count();
    assert!(
        (270..330).contains(&slack),
        "{slack} of 400 with weight 3 of 4"
    );
    let mut few = plan;
    few.futures = 0..8;
    let all = results(&few);
    let at = all
        .outcomes
        .parameters
        .iter()
        .position(|p| p == "supply_multiplier")
        .unwrap();
    for row in &all.outcomes.rows {
        let draw = few.draw(row.run);
        assert_eq!(row.stratum, ["tight", "slack"][draw.stress.unwrap()]);
        assert_eq!(row.variant, ["plain", "naive"][draw.variant.unwrap()]);
        assert_eq!(row.parameters[at], [0.6, 3.0][draw.stress.unwrap()]);
    }
    let futures_in = |stratum: &str| {
        let rows = all.effects.iter();
        let mut of = rows.filter(|e| e.stratum == stratum && e.outcome == "us_maker_revenue_usd");
        of.next().map_or(0, |e| e.pairs)
    };
    assert_eq!(futures_in("tight") + futures_in("slack"), 8);
    assert_eq!(futures_in("plain") + futures_in("naive"), 8);
}

#[test]
fn a_hypercube_and_a_sobol_sequence_put_one_draw_in_each_cell_and_a_factorial_crosses_its_levels() {
    let arms = "[\"none\", \"history-free\"]";
    let slope = place("choice_slope");
    let prior = library().parameters.0[slope].prior.unwrap();
    let below = |value: f64| {
        // The share of the distribution below a value, by bisection of its quantile.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if prior.quantile(middle) < value {
                low = middle;
            } else {
                high = middle;
            }
        }
        low
    };
    let cells = |futures: &str, n: u32| -> Vec<u32> {
        let plan = plan(with_futures(arms, futures), n);
        let mut hits = vec![0; n as usize];
        for number in 0..n {
            let u = below(plan.draw(number).parameters[slope]);
            hits[((u * f64::from(n)) as usize).min(n as usize - 1)] += 1;
        }
        hits
    };
    assert!(
        cells("[futures]\ndesign = \"latin_hypercube\"", 50)
            .iter()
            .all(|h| *h == 1)
    );
    assert!(
        cells("[futures]\ndesign = \"sobol\"", 64)
            .iter()
            .all(|h| *h == 1)
    );
    assert!(cells("", 64).iter().any(|h| *h != 1));

    let crossed = "[futures]\ndesign = \"factorial\"\nlevels = { choice_slope = [1.0, 2.0], theft_events_per_year = [0.0, 1.0, 2.0] }";
    let plan = plan(with_futures(arms, crossed), 12);
    let theft = place("theft_events_per_year");
    let mut seen = BTreeMap::new();
    for number in 0..12 {
        let p = plan.draw(number).parameters;
        let cell = (p[slope].to_bits(), p[theft].to_bits());
        *seen.entry(cell).or_insert(0) += 1;
        // Combinations of one replicate share every other draw.
        let other = plan.draw(number / 6 * 6).parameters;
        for at in (0..p.len()).filter(|at| *at != slope && *at != theft) {
            assert_eq!(p[at], other[at]);
        }
    }
    assert!(seen.len() == 6 && seen.values().all(|n| *n == 2));
    assert_eq!(plan.design.design, FutureDesign::Factorial);
}

#[test]
fn fixing_one_parameter_moves_no_other_draw_whatever_the_design() {
    for design in ["replicates", "latin_hypercube", "sobol"] {
        let futures = format!("[futures]\ndesign = \"{design}\"");
        let study = || with_futures("[\"none\", \"history-free\"]", &futures);
        let free = plan(study(), 20);
        let settings = PlanSettings {
            seed: 1,
            runs: 20,
            set: BTreeMap::from([("choice_slope".to_string(), 1.5)]),
            ..PlanSettings::default()
        };
        let fixed = Plan::new(library(), study(), settings).unwrap();
        for number in 0..20 {
            let (a, b) = (free.future(number), fixed.future(number));
            for (at, (_, id)) in Parameters::NAMES.iter().enumerate() {
                if *id != "choice_slope" {
                    let (x, y) = (a.parameters.values()[at], b.parameters.values()[at]);
                    assert_eq!(x.to_bits(), y.to_bits(), "{design}: {id}");
                }
            }
            assert_eq!(b.parameters.choice_slope, 1.5);
        }
    }
}

fn write_parquet(path: &Path) {
    use chokepoint::results::parquet_columns::{ColumnValues, TableBatch, TableBatchWriter};
    let batch = TableBatch {
        columns: vec![
            (
                "choice_slope".into(),
                ColumnValues::numbers([1.25, 1.5, 0.1]),
            ),
            (
                "stress".into(),
                ColumnValues::texts(["tight", "slack", "tight"]),
            ),
        ],
    };
    let mut writer = TableBatchWriter::new(path, &batch).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap().finish().unwrap();
}

#[test]
fn futures_come_from_a_table_and_wrong_tables_say_where() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    chokepoint(here)
        .args(["new", "study", "mine"])
        .assert()
        .success();
    let text = std::fs::read_to_string(here.join("mine.toml")).unwrap();
    let text = text
        .replace(
            "design = \"replicates\"",
            "design = \"list\"\ntable = \"futures.csv\"",
        )
        .replace("runs = 100", "runs = 3")
        .replace("last_month = \"2035-12\"", "last_month = \"2025-12\"")
        .replace("window_months = 60", "window_months = 36");
    std::fs::write(here.join("mine.toml"), &text).unwrap();
    let rows = "choice_slope,stress\n1.25,tight\n1.5,slack\n0.1,tight\n";
    std::fs::write(here.join("futures.csv"), rows).unwrap();
    chokepoint(here)
        .args(["run", "mine.toml", "--no-report", "--out", "csv"])
        .assert()
        .success();
    let results = Results::read(&here.join("csv")).unwrap();
    let at = results
        .outcomes
        .parameters
        .iter()
        .position(|p| p == "choice_slope")
        .unwrap();
    let first: Vec<(f64, &str)> = results.outcomes.rows[..3]
        .iter()
        .map(|r| (r.parameters[at], r.stratum.as_str()))
        .collect();
    assert_eq!(first, [(1.25, "tight"), (1.5, "slack"), (0.1, "tight")]);
    // The same table as Parquet gives the same futures.
    write_parquet(&here.join("futures.parquet"));
    let text = text.replace("futures.csv", "futures.parquet");
    std::fs::write(here.join("mine-too.toml"), &text).unwrap();
    chokepoint(here)
        .args(["run", "mine-too.toml", "--no-report", "--out", "parquet"])
        .assert()
        .success();
    let outcomes = |name: &str| std::fs::read(here.join(name).join("outcomes.parquet")).unwrap();
    assert!(outcomes("csv") == outcomes("parquet"));
    chokepoint(here)
        .args(["run", "mine.toml", "--runs", "4", "--no-report"])
        .assert()
        .code(2);
    std::fs::write(here.join("futures.csv"), "choise_slope\n1\n").unwrap();
    let wrong = chokepoint(here)
        .args(["check", "mine.toml"])
        .assert()
        .code(1);
    let said = String::from_utf8(wrong.get_output().stderr.clone()).unwrap();
    assert!(said.contains("did you mean `choice_slope`?"), "{said}");
}

#[test]
fn a_field_of_the_study_can_be_set_and_stands_in_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(
        here,
        &[
            "--runs",
            "2",
            "--no-report",
            "--out",
            "a",
            "--set",
            "choice_slope=1.5",
        ],
    );
    let manifest = Results::read(&here.join("a")).unwrap().manifest;
    assert_eq!(manifest.set["study.window_months"], "36");
    assert_eq!(manifest.set["choice_slope"], "1.5");
    let months = manifest.study.window_last - manifest.study.window_first;
    assert_eq!(months, 35);
    assert!(manifest.command.contains("--set study.window_months=36"));
    let wrong = chokepoint(here)
        .args(["run", "did-controls-work", "--set", "study.window_month=36"])
        .assert()
        .code(2);
    let said = String::from_utf8(wrong.get_output().stderr.clone()).unwrap();
    assert!(said.contains("did you mean `window_months`?"), "{said}");
}

#[test]
fn what_is_new_passes_the_check_and_a_rule_from_it_answers_what_if() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for kind in ["rule", "study", "figure"] {
        let name = format!("my-{kind}");
        chokepoint(here)
            .args(["new", kind, &name])
            .assert()
            .success();
        chokepoint(here)
            .args(["check", &format!("{name}.toml")])
            .assert()
            .success();
        chokepoint(here).args(["new", kind, &name]).assert().code(2);
    }
    let rule = std::fs::read_to_string(here.join("my-rule.toml")).unwrap();
    assert!(rule.lines().count() < 20);
    let mut args = vec!["whatif", "my-rule.toml", "--runs", "12", "--out", "what"];
    args.extend(["--set", "study.last_month=2029-12"]);
    args.extend(["--set", "study.window_months=42"]);
    // Of a target that refuses what is reopened the line takes little: it buys none of it anyway.
    args.extend(["--set", "refusal_probability=0"]);
    chokepoint(here).args(args).assert().success();
    assert!(here.join("what/report.html").exists());
    let results = Results::read(&here.join("what")).unwrap();
    let arms: Vec<&str> = results
        .manifest
        .study
        .arms
        .iter()
        .map(|a| a.name.as_str())
        .collect();
    assert_eq!(arms, ["history-free", "my-rule"]);
    assert!(
        results.manifest.study.arms[1]
            .rules
            .iter()
            .any(|r| r.id == "my-rule")
    );
    let mut effects = results.main_effects();
    let compute = effects
        .find(|e| e.outcome == "target_compute_h100e_end")
        .unwrap();
    assert!(
        compute.mean < -2.0 * compute.monte_carlo_error,
        "on average a line at half the present one takes compute away"
    );
    let study = std::fs::read_to_string(here.join("my-study.toml")).unwrap();
    let broken = study.replace("us-2022-10-3a090\"]", "us-2022-10-3a09\"]");
    std::fs::write(here.join("broken.toml"), broken).unwrap();
    let wrong = chokepoint(here)
        .args(["check", "broken.toml"])
        .assert()
        .code(1);
    let said = String::from_utf8(wrong.get_output().stderr.clone()).unwrap();
    assert!(
        said.contains("expected the id of a rule that `history-free` holds"),
        "{said}"
    );
}

#[test]
fn diff_says_what_went_in_and_what_came_out() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(
        here,
        &["--runs", "2", "--no-report", "--series", "--out", "a"],
    );
    run(
        here,
        &["--runs", "2", "--no-report", "--series", "--out", "b"],
    );
    run(
        here,
        &["--runs", "2", "--no-report", "--seed", "5", "--out", "c"],
    );
    chokepoint(here).args(["diff", "a", "b"]).assert().success();
    let apart = chokepoint(here).args(["diff", "a", "c"]).assert().code(1);
    let said = String::from_utf8(apart.get_output().stdout.clone()).unwrap();
    assert!(said.contains("inputs: seed: 20221007 and 5"), "{said}");
    assert!(said.contains("results: outcomes"), "{said}");
    chokepoint(here)
        .args(["diff", "a", "nothing"])
        .assert()
        .code(2);
    // Tables for spreadsheets: as many rows as the table has, and a header.
    let table = chokepoint(here)
        .args(["export", "a", "series", "--csv"])
        .assert()
        .success();
    let text = String::from_utf8(table.get_output().stdout.clone()).unwrap();
    assert!(text.starts_with("regime,run,month,measure,entity,value\n"));
    let gap = text
        .lines()
        .filter(|l| l.contains(",frontier_points,issuer,"))
        .count();
    assert_eq!(gap, 3 * 2 * 72);
    chokepoint(here)
        .args(["export", "a", "serie"])
        .assert()
        .code(2);
}

#[test]
fn wrong_futures_are_named_with_their_line() {
    let source = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let cases = [
        ("[futures]\ndesign = \"sobool\"", "did you mean `sobol`?"),
        ("[futures]\ndesign = \"list\"", "needs a `table`"),
        (
            "[futures]\nlevels = { choice_slope = [1.0] }",
            "belong to the design `factorial`",
        ),
        ("[futures]\noff = [\"thefft\"]", "did you mean `theft`?"),
        (
            "[[futures.stress]]\nname = \"a\"\nset = { choise_slope = 1.0 }",
            "did you mean `choice_slope`?",
        ),
        (
            "[[futures.variant]]\nname = \"a\"\nplanning = \"naif\"",
            "did you mean `naive`?",
        ),
        (
            "[[futures.variant]]\nname = \"a\"\nweight = -1.0",
            "above zero",
        ),
        (
            "[[futures.stress]]\nname = \"a\"\nset = { choice_slope = nan }",
            "found NaN, expected a finite number",
        ),
        (
            "[futures]\ndesign = \"factorial\"\nlevels = { choice_slope = [1.0, inf] }",
            "found inf, expected a finite number",
        ),
    ];
    for (text, hint) in cases {
        let wrong = Source {
            name: "wrong.toml".into(),
            text: format!("{}\n{text}\n", source.text),
        };
        let said = study::read(&wrong, &Configs::embedded())
            .unwrap_err()
            .to_string();
        assert!(said.contains(hint), "{text}: {said}");
    }
}

#[test]
fn both_futures_of_a_pair_share_parameters_and_form_and_differ_in_chance() {
    let source = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let study = study::read(&source, &Configs::embedded()).unwrap();
    assert!(study.rival_structures);
    let forms = study.futures.variant.len();
    let plan = plan(study, 40);
    let mut seen = vec![0; forms];
    for draw in 0..20 {
        let pair = [2 * draw, 2 * draw + 1].map(|number| plan.draw(number));
        assert_eq!(pair[0].parameters, pair[1].parameters);
        assert_eq!(pair[0].variant, pair[1].variant);
        let chance = |at: usize| {
            let purpose = chokepoint::foundation::chance::Purpose::Refusal;
            pair[at].chance.uniform(purpose, 0, 0)
        };
        assert!(chance(0) != chance(1));
        seen[pair[0].variant.unwrap()] += 1;
    }
    // The model's own form has the largest weight.
    assert!(seen[0] >= *seen[1..].iter().max().unwrap(), "{seen:?}");
    let next = plan.draw(2).parameters;
    assert!(next != plan.draw(0).parameters);
}

#[test]
fn a_study_with_rival_forms_says_what_the_spread_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    run(here, &["--runs", "16", "--no-report", "--out", "rivals"]);
    let results = Results::read(&here.join("rivals")).unwrap();
    assert!(!results.certainty.is_empty());
    for row in &results.certainty {
        let parts = row.parameters + row.structure + row.chance;
        assert!((parts - 1.0).abs() < 1e-9, "{row:?}");
        assert!(row.least_form_same_sign <= row.same_sign + 1e-12, "{row:?}");
    }
    let strata: std::collections::BTreeSet<&str> =
        results.effects.iter().map(|e| e.stratum.as_str()).collect();
    assert!(strata.contains("own form") && strata.contains("all"));
    let alone = ["--runs", "16", "--no-report", "--out", "alone"];
    let alone: Vec<&str> = alone
        .iter()
        .copied()
        .chain(["--set", "study.rival_structures=false"])
        .collect();
    run(here, &alone);
    let alone = Results::read(&here.join("alone")).unwrap();
    assert!(alone.certainty.is_empty() && alone.effects.iter().all(|e| e.stratum == "all"));
}
