//! Dated forecasts are never edited and are scored as by hand; a change of rules or evidence changes conclusions where it must and nowhere else.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use chokepoint::config::evidence::Evidence;
use chokepoint::config::forecast::{
    Forecast, ForecastBranch, ForecastFile, Prediction, check_forecasts,
};
use chokepoint::config::source::Source;
use chokepoint::config::splits;
use chokepoint::evidence::hindcast::Hindcast;
use chokepoint::evidence::track_record::{
    PredictionStanding, ScoredPrediction, score_forecast, track_record,
};
use chokepoint::foundation::calendar::Month;
use chokepoint::results::Results;
use chokepoint::results::tables::SideTable;
use chokepoint::study::PlanSettings;

use crate::{golden, library};

fn chokepoint(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    let out = command.current_dir(folder).args(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // Messages are wrapped to the width of a terminal.
    let messages = text(&out.stderr).replace('│', " ");
    let messages: Vec<&str> = messages.split_whitespace().collect();
    (
        out.status.code().unwrap_or(-1),
        text(&out.stdout),
        messages.join(" "),
    )
}

/// Every forecast of the repository is as it was published; there may be none.
#[test]
fn no_forecast_on_record_was_edited() {
    let folder = golden::place("forecasts");
    let count = check_forecasts(&folder).unwrap_or_else(|e| panic!("{e}"));
    let folders = std::fs::read_dir(&folder).unwrap().flatten();
    let dated = folders.filter(|e| e.path().is_dir()).count();
    assert_eq!(dated, count, "every folder is in hashes.csv");
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

/// A prediction of a series: half of its quantiles at one number and half at another.
fn prediction(series: &str, entity: &str, period: [&str; 2], ends: [f64; 2]) -> Prediction {
    let quantiles: Vec<String> = (0..20).map(|i| ends[i / 10].to_string()).collect();
    let is_gap = series.starts_with("us_china_gap");
    let [low, high] = ends;
    Prediction {
        branch: "history".into(),
        series: series.into(),
        entity: entity.into(),
        recorded_entity: entity.into(),
        class: "E".into(),
        unit: "as recorded".into(),
        scale: if is_gap { "own" } else { "log" }.into(),
        first_month: month(period[0]),
        last_month: month(period[1]),
        after: "the last row".into(),
        futures: 20,
        p05: low,
        p25: low,
        p50: 0.5 * (low + high),
        p75: high,
        p95: high,
        quantiles: format!("[{}]", quantiles.join(";")),
        ..Prediction::default()
    }
}

fn branch(name: &str) -> ForecastBranch {
    ForecastBranch {
        name: name.into(),
        label: String::new(),
        description: String::new(),
        adds: Vec::new(),
    }
}

fn forecast(dated: &str, predictions: Vec<Prediction>) -> Forecast {
    Forecast {
        file: ForecastFile {
            dated: dated.parse().unwrap(),
            version: String::new(),
            source: String::new(),
            seed: 1,
            futures: 20,
            study: String::new(),
            last_month: month("2027-12"),
            series: 1,
            predictions: predictions.len(),
            posterior: String::new(),
            posterior_sha256: String::new(),
            evidence_sha256: String::new(),
            inputs_sha256: String::new(),
            predictions_sha256: String::new(),
            previous_sha256: String::new(),
            branch: vec![branch("history"), branch("truce-lapsed")],
        },
        predictions,
        sha256: String::new(),
    }
}

/// Rows that came, as a file of their own.
const CAME: &str = "\
target_id,series,entity,period,first_month,last_month,value,low,high,unit,class
new_gap,us_china_gap_months,ECI frontier lag,2026-12,2026-12,2026-12,9,6.5,11.5,months,E
new_trainium,h100e_shipped_year,Amazon Trainium,2026,2026-01,2026-12,714397,,,H100-equivalents,M
";

/// The shipped record and the rows that came.
fn hindcast() -> Hindcast {
    let source = Source {
        name: "came.csv".into(),
        text: CAME.into(),
    };
    let own = Evidence::of(&library().configs, &source).unwrap();
    let evidence = Evidence::read(&library().configs)
        .unwrap()
        .with_rows_of(own);
    let settings = PlanSettings {
        seed: 1,
        runs: 1,
        ..PlanSettings::default()
    };
    let file = splits::read(&library().configs).unwrap();
    Hindcast::new(
        library(),
        evidence,
        &file.discrepancy,
        &["history"],
        settings,
    )
    .unwrap()
}

const GAP: [&str; 2] = ["2026-12", "2026-12"];
const YEAR: [&str; 2] = ["2026-01", "2026-12"];

fn of<'a>(rows: &'a [ScoredPrediction], id: &str, branch: &str) -> &'a ScoredPrediction {
    let mut found = rows
        .iter()
        .filter(|r| r.target_id == id && r.branch == branch);
    found.next().unwrap_or_else(|| panic!("no {id}"))
}

#[test]
fn scores_of_rows_that_came_are_those_by_hand() {
    let h = hindcast();
    let e = std::f64::consts::E;
    let made = forecast(
        "2026-11-28",
        vec![
            // Half at 8 and half at 10, and 9 came: mean distance 1, less half the mean distance of two draws, 0.5.
            prediction("us_china_gap_months", "*", GAP, [8.0, 10.0]),
            // A point forecast that is a factor of e too high.
            prediction(
                "h100e_shipped_year",
                "Amazon Trainium",
                YEAR,
                [e * 714_397.0; 2],
            ),
            // Nothing came.
            prediction(
                "us_china_gap_months",
                "*",
                ["2027-03", "2027-03"],
                [8.0, 10.0],
            ),
        ],
    );
    let rows = score_forecast(&h, &made, Some("history"));
    assert_eq!(rows.len(), 3);
    let (gap, chips) = (
        of(&rows, "new_gap", "history"),
        of(&rows, "new_trainium", "history"),
    );
    assert!((gap.crps.unwrap() - 0.5).abs() < 1e-12);
    assert_eq!((gap.inside_50, gap.inside_90), (Some(true), Some(true)));
    assert!((chips.crps.unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(
        (chips.inside_50, chips.inside_90),
        (Some(false), Some(false))
    );
    // Two years on record, 306330 and 714397: only the last value can be a rival, and it is right. The score of a normal
    // forecast at its mean is 0.23369 of its standard deviation (Gneiting and Raftery 2007, equation 21).
    assert_eq!(chips.naive, "last value");
    let sd = (714_397.0_f64 / 306_330.0).ln().hypot(0.02);
    assert!((chips.crps_naive.unwrap() / (0.233_69 * sd) - 1.0).abs() < 0.02);
    assert_eq!(rows[2].standing, PredictionStanding::Waiting.name());
    let settings = splits::read(&library().configs).unwrap().score;
    let records = track_record(&h, &settings, &rows, None);
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(
        (record.predictions, record.came, record.effective),
        (3, 2, 2)
    );
    assert_eq!((record.inside_50, record.inside_90), (Some(0.5), Some(0.5)));
    // Mean over both series of one less the score over that of the rival.
    let skill = |r: &ScoredPrediction| 1.0 - r.crps.unwrap() / r.crps_naive.unwrap();
    let expected = 0.5 * (skill(gap) + skill(chips));
    assert!((record.skill.unwrap() - expected).abs() < 1e-12);
    assert_eq!(record.series, 2);
}

#[test]
fn what_was_over_or_rests_on_another_branch_is_set_apart() {
    let h = hindcast();
    let gap = prediction("us_china_gap_months", "*", GAP, [8.0, 10.0]);
    let over = Prediction {
        was_over: true,
        ..prediction("h100e_shipped_year", "Amazon Trainium", YEAR, [7e5, 8e5])
    };
    let other = Prediction {
        branch: "truce-lapsed".into(),
        ..gap.clone()
    };
    let made = forecast("2026-11-28", vec![gap, over, other]);
    let rows = score_forecast(&h, &made, Some("history"));
    let standing = |id, branch| of(&rows, id, branch).standing.clone();
    let counted = PredictionStanding::Counted.name();
    assert_eq!(standing("new_gap", "history"), counted);
    let was_over = PredictionStanding::WasOver.name();
    assert_eq!(standing("new_trainium", "history"), was_over);
    let apart = PredictionStanding::OtherBranch.name();
    assert_eq!(standing("new_gap", "truce-lapsed"), apart);
    let settings = splits::read(&library().configs).unwrap().score;
    let records = track_record(&h, &settings, &rows, None);
    let of_record = |standing: &str| records.iter().find(|r| r.standing == standing).unwrap();
    assert_eq!(of_record(counted).came, 1);
    assert_eq!(of_record(was_over).came, 1);
    assert_eq!(of_record(apart).branch, "truce-lapsed");
    // While the branch is not known none is set apart.
    let rows = score_forecast(&h, &made, None);
    assert_eq!(of(&rows, "new_gap", "truce-lapsed").standing, counted);
}

#[test]
fn an_earlier_forecast_is_a_rival_on_the_rows_that_both_predicted() {
    let h = hindcast();
    let score = |dated, ends| {
        let made = forecast(
            dated,
            vec![prediction("us_china_gap_months", "*", GAP, ends)],
        );
        score_forecast(&h, &made, Some("history"))
    };
    let (before, now) = (
        score("2026-10-31", [5.0, 9.0]),
        score("2026-11-28", [8.0, 10.0]),
    );
    // Distances 4 and 0, mean 2, less 1: a score of 1.
    assert!((before[0].crps.unwrap() - 1.0).abs() < 1e-12);
    let settings = splits::read(&library().configs).unwrap().score;
    let record = &track_record(&h, &settings, &now, Some(&before))[0];
    assert_eq!((record.earlier.as_str(), record.shared), ("2026-10-31", 1));
    assert!((record.skill_on_earlier.unwrap() - 0.5).abs() < 1e-12);
}

#[test]
fn the_report_shows_the_track_record_or_says_that_there_is_none() {
    let folder = golden::place("plots/gallery/tables");
    let mut results = Results::read(&folder).unwrap();
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("report.html");
    let page = |results: &Results| {
        chokepoint::report::write(results, &Default::default(), &path).unwrap();
        std::fs::read_to_string(&path).unwrap()
    };
    assert!(page(&results).contains("No dated forecast of this model has been scored"));
    let columns = [
        "dated",
        "standing",
        "series",
        "entity",
        "observed",
        "p05",
        "p50",
        "p95",
        "inside_50",
        "inside_90",
        "crps",
        "crps_naive",
    ];
    let row = |standing: &str, observed: &str, held: &str| -> Vec<String> {
        let cells = [
            "2026-11-28",
            standing,
            "eci_frontier",
            "US",
            observed,
            "8",
            "9",
            "11",
            "false",
            held,
            "0.5",
            "1",
        ];
        cells.map(String::from).to_vec()
    };
    let waiting = SideTable {
        columns: columns.map(String::from).to_vec(),
        rows: vec![row("waiting", "", "")],
    };
    results
        .tables
        .insert("track_record".into(), waiting.clone());
    let text = page(&results);
    assert!(text.contains("The forecast of 2026-11-28 cannot be scored yet: 1 predictions wait"));
    assert!(!text.contains("figure-track-record"));
    let mut scored = waiting;
    scored.rows.push(row("counted", "10", "true"));
    scored.rows.push(row("counted", "90", "false"));
    results.tables.insert("track_record".into(), scored);
    let text = page(&results);
    assert!(text.contains("2 values came after the date, 50 % of them within the 90 % interval"));
    assert!(text.contains("figure-track-record") && text.contains("1 of 2; +0.50"));
}

/// The whole way: made, refused a second time, edited and found out, scored with rows that cannot be read and with rows that can.
#[test]
fn a_forecast_is_written_once_and_an_edit_is_found() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let make = [
        "forecast",
        "--dated",
        "2026-11-28",
        "--to",
        "2026-12",
        "--runs",
        "2",
    ];
    let (code, out, err) = chokepoint(folder, &make);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("SHA-256 "), "{out}");
    let made = folder.join("forecasts/2026-11-28");
    assert_eq!(check_forecasts(&folder.join("forecasts")).unwrap(), 1);
    let forecast = Forecast::read(&made).unwrap();
    assert!(forecast.file.series >= 40, "{}", forecast.file.series);
    for branch in ["history", "truce-lapsed"] {
        let of = |p: &&Prediction| p.branch == branch;
        let count = forecast.predictions.iter().filter(of).count();
        assert_eq!(2 * count, forecast.file.predictions, "{branch}");
    }
    // Nothing is left beside it, and it is never written over.
    let left: Vec<String> = std::fs::read_dir(folder.join("forecasts"))
        .unwrap()
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let (code, _, err) = chokepoint(folder, &make);
    assert!(
        code == 2 && err.contains("a forecast is never edited"),
        "{err}"
    );
    let (code, _, err) = chokepoint(folder, &["forecast", "--dated", "2026-11-01"]);
    assert!(
        code == 2 && err.contains("a date after that of the last forecast"),
        "{err}"
    );

    let (code, _, err) = chokepoint(folder, &["forecast", "--dated", "2025-06-30"]);
    assert!(
        code == 2 && err.contains("a date in 2026-10 or later"),
        "{err}"
    );

    std::fs::write(folder.join("came.csv"), CAME).unwrap();
    let score = [
        "score",
        "forecasts/2026-11-28",
        "--evidence",
        "came.csv",
        "--came",
        "history",
    ];
    let (code, out, err) = chokepoint(folder, &score);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("forecast of 2026-11-28, history: "), "{out}");
    assert!(out.contains("set apart: another branch came"), "{out}");
    let wrong = CAME.replace(",9,6.5,", ",nine,6.5,");
    std::fs::write(folder.join("wrong.csv"), wrong).unwrap();
    let with = |evidence: &str, came: &str| {
        let words = [
            "score",
            "forecasts/2026-11-28",
            "--evidence",
            evidence,
            "--came",
            came,
        ];
        let (code, _, err) = chokepoint(folder, &words);
        assert_eq!(code, 2, "{err}");
        err
    };
    let err = with("wrong.csv", "history");
    assert!(
        err.contains("wrong.csv:2:") && err.contains("`nine`"),
        "{err}"
    );
    let err = with("came.csv", "histery");
    assert!(err.contains("did you mean `history`?"), "{err}");

    let table = made.join("predictions.csv");
    let text = std::fs::read_to_string(&table).unwrap();
    std::fs::write(&table, text.replacen("history,", "history ,", 1)).unwrap();
    let (code, _, err) = chokepoint(folder, &score);
    assert!(
        code == 2 && err.contains("a forecast is never edited"),
        "{err}"
    );
    assert!(check_forecasts(&folder.join("forecasts")).is_err());
    std::fs::write(&table, text).unwrap();
    let file = made.join("forecast.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("seed = 1", "seed = 2")).unwrap();
    let (code, _, err) = chokepoint(folder, &score);
    assert!(code == 2 && err.contains("as hashes.csv states"), "{err}");
    // Nor is one that the list no longer holds, whether its line or the whole of the list was lost.
    for lost in ["dated,sha256\n", ""] {
        std::fs::write(folder.join("forecasts/hashes.csv"), lost).unwrap();
        let (code, _, err) = chokepoint(folder, &["score", "forecasts/2026-11-28"]);
        assert!(code == 2 && err.contains("hashes.csv"), "{err}");
    }
}

/// A changed configuration in a folder.
fn changed(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join("changed").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn update(folder: &Path, words: &[&str]) -> (PathBuf, String) {
    let all = [&["--configs", "changed", "update", "--runs", "2"], words].concat();
    let (code, out, err) = chokepoint(folder, &all);
    assert_eq!(code, 0, "{err}");
    assert!(out.ends_with("results/update/conclusions.md\n"), "{out}");
    let page = folder.join("results/update/conclusions.md");
    (
        folder.join("results/update"),
        std::fs::read_to_string(page).unwrap(),
    )
}

/// Rows of a table that a command wrote, by its columns.
fn table(path: &Path) -> SideTable {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let columns = reader.headers().unwrap().iter().map(String::from).collect();
    let cells = |r: csv::StringRecord| r.iter().map(String::from).collect();
    let rows = reader.records().map(|r| cells(r.unwrap())).collect();
    SideTable { columns, rows }
}

const RULE: &str = "\
title = \"A low line\"
issuer = \"USA\"
citation = \"made up\"
source = \"made up\"
url = \"\"
status = \"hypothetical\"

[[rule]]
id = \"hypothetical-low-line\"
instrument = \"chip_threshold\"
description = \"Accelerators above a low line are denied to China.\"
announced = 2023-01-04
compliance = 2023-02-01
enforced = false
confidence = \"low\"
condition = \"tpp >= 500\"
licence = \"denied\"
dates_source = \"made up\"
applies_to = { origin = \"any\", destinations = [\"CHN\", \"HKG\", \"MAC\"] }
";

/// A new rule joins one regime: the arms with that regime change in every future, the others in none.
#[test]
fn update_with_a_rule_changes_the_arms_that_hold_it_and_no_other() {
    let regime = library().configs.read("regimes/oct22.toml").unwrap().text;
    let first = "include = [";
    let joined = regime.replacen(first, "include = [\n  \"hypothetical-low-line\",", 1);
    let folder = changed(&[
        ("rules/hypothetical/low-line.toml", RULE.into()),
        ("regimes/oct22.toml", joined),
    ]);
    let (into, page) = update(folder.path(), &["--study", "s1-october-2022"]);
    let rows = table(&into.join("conclusions.csv"));
    assert!(rows.rows.len() >= 6);
    for row in &rows.rows {
        let holds = rows.text(row, "arm") != "oct23-early";
        let same = rows.text(row, "conclusion") == "same";
        assert_eq!(same, !holds, "{row:?}");
        if same {
            assert_eq!(rows.number(row, "change"), Some(0.0));
        }
    }
    assert!(
        page.contains("- `configs/rules/hypothetical/low-line.toml`"),
        "{page}"
    );
    assert!(
        page.contains("The change makes no posterior stale."),
        "{page}"
    );
    assert!(page.contains("## Beside others"), "{page}");
    // The results of one version are what the next is compared with.
    let words = [
        "update",
        "--against",
        "results/update",
        "--runs",
        "2",
        "--study",
        "s1-october-2022",
        "--out",
        "back",
    ];
    let (code, out, err) = chokepoint(folder.path(), &words);
    assert_eq!(code, 0, "{err}");
    let back = table(&folder.path().join("back/conclusions.csv"));
    for (there, here) in rows.rows.iter().zip(&back.rows) {
        let (there, here) = (rows.number(there, "change"), back.number(here, "change"));
        assert_eq!(there.map(|c| -c), here, "{out}");
    }
}

/// New rows of evidence make posteriors stale and change no conclusion until they are fitted again.
#[test]
fn update_with_three_rows_of_evidence_says_that_posteriors_are_stale() {
    let shipped = library().configs.read("evidence/series.csv").unwrap().text;
    let rows = "\
new_gap,us_china_gap_months,ECI frontier lag,2026-06,2026-06,2026-06,9,6.5,11.5,months,E,1.52,made up,,low,
new_us,eci_frontier,US,2026-06,2026-06,2026-06,161,159.5,162.5,ECI points (Apr 2026 scale),E,1.5,made up,,low,
new_china,eci_frontier,China,2026-06,2026-06,2026-06,150,148.5,151.5,ECI points (Apr 2026 scale),E,1.5,made up,,low,
";
    let folder = changed(&[("evidence/series.csv", format!("{shipped}{rows}"))]);
    let (into, page) = update(folder.path(), &["--study", "tight-and-slack"]);
    let conclusions = table(&into.join("conclusions.csv"));
    for row in &conclusions.rows {
        assert_eq!(conclusions.text(row, "conclusion"), "same", "{row:?}");
    }
    assert!(
        page.contains("Every headline effect is the same number in every future."),
        "{page}"
    );
    assert!(
        page.contains("| `final` | yes | evidence changed"),
        "{page}"
    );
    let posteriors = table(&into.join("posteriors.csv"));
    let stale = |row: &Vec<String>| !posteriors.text(row, "after").is_empty();
    assert!(posteriors.rows.iter().all(stale));
}

#[test]
fn update_refuses_what_it_cannot_compare() {
    let folder = changed(&[("rules/us/low-line.toml", RULE.replace("tpp >=", "tpp >>"))]);
    let refused = |words: &[&str], expected: &[&str]| {
        let (code, _, err) = chokepoint(folder.path(), words);
        assert_eq!(code, 2, "{err}");
        for words in expected {
            assert!(err.contains(words), "{err}");
        }
    };
    refused(&["update"], &["both sides hold the same configuration"]);
    refused(&["update", "--against", "nowhere"], &["no such folder"]);
    let wrong = ["--configs", "changed", "update"];
    refused(&wrong, &["low-line.toml:16:", "tpp >> 500"]);
    let effort = ["update", "--refit", "--effort", "few"];
    refused(&effort, &["four whole numbers"]);
}
