//! Evidence, scores and calibration: errors with their place, splits that do not leak, planted truths that are recovered,
//! calibrations that resume, posteriors that are reported as stale.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use assert_cmd::Command;
use chokepoint::agents::lab::{Lab, LabCompute};
use chokepoint::analysis::bands::quantile;
use chokepoint::analysis::emulator::{Emulator, Likelihood};
use chokepoint::analysis::slice::{RandomSource, step};
use chokepoint::capability::frontier::{FrontierGroup, FrontierHistory};
use chokepoint::config::beside::BesideFile;
use chokepoint::config::evidence::{Evidence, EvidenceClass};
use chokepoint::config::parameters::ParameterSet;
use chokepoint::config::posterior::Posterior;
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::splits::{self, InputHashes, Registration, SplitPart};
use chokepoint::evidence::calibration::{Calibration, CalibrationSettings};
use chokepoint::evidence::hindcast::Hindcast;
use chokepoint::evidence::patterns::pattern_names;
use chokepoint::foundation::bloc::Bloc;
use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::chance::{Chance, Purpose};
use chokepoint::foundation::channels::Channel;
use chokepoint::foundation::parameters::Parameters;
use chokepoint::study::{Plan, PlanSettings};
use serde_json::Value;

use crate::{golden, library, study_of};

fn shipped() -> Evidence {
    Evidence::read(&library().configs).unwrap()
}

#[test]
fn every_shipped_row_is_answered_or_says_why_not() {
    let evidence = shipped();
    assert!(evidence.rows.len() >= 670);
    let answered = evidence.rows.iter().filter(|r| r.link.is_ok()).count();
    assert!(answered >= 260, "{answered}");
    for row in &evidence.rows {
        if let Err(reason) = &row.link {
            assert!(
                !reason.contains("is mapped to") && !reason.contains("has no link"),
                "{}: {reason}",
                row.target_id
            );
        }
    }
    // Links find their columns: what is not answered for another reason than the map's is out of the run's months.
    let h = hindcast();
    for (row, silent) in h.evidence.rows.iter().zip(&h.silent) {
        if let (Ok(_), Some(reason)) = (&row.link, silent) {
            assert!(reason.contains("months"), "{}: {reason}", row.target_id);
        }
    }
}

/// Units of effort, of runs and of growth are such that the median run of recorded history has the recorded frontier of
/// 2020 to the break: else research would not grow as recorded. The bounds catch a model that has moved on.
#[test]
fn normalisations_are_what_the_model_measures() {
    let settings = PlanSettings {
        seed: 1,
        runs: 100,
        ..PlanSettings::default()
    };
    let plan = Plan::new(library(), study_of(&["history"]), settings).unwrap();
    let at = |year: i32, month: i32| (Month::of(year, month) - plan.study.first_month) as usize;
    let mut worker = chokepoint::study::Worker::new(&plan.blueprint);
    let mut measured: [Vec<f64>; 4] = Default::default();
    for number in 0..plan.runs {
        let (calendar, future) = plan.in_arm(0, number, &plan.draw(number));
        worker.stage.reset(calendar, &future, false);
        let (mut lead, mut released) = (Vec::new(), Vec::new());
        for _ in 0..=at(2025, 6) {
            worker.step();
            let world = &mut worker.stage.world;
            released.push(
                world.resource::<FrontierHistory>().released[FrontierGroup::Issuer as usize]
                    .latest(),
            );
            let mut labs = world.query::<(&Lab, &LabCompute)>();
            let own = labs.iter(world).filter(|(lab, _)| lab.bloc == Bloc::Issuer);
            lead.push(own.map(|(_, c)| c.effective_h100e).fold(0.0, f64::max));
        }
        let growth = lead[at(2025, 6)] / lead[at(2020, 6)];
        measured[0].push(growth.powf(0.2));
        measured[1].push(lead[at(2023, 3)]);
        measured[2].push((released[at(2024, 3)] - released[at(2020, 7)]) * 12.0 / 44.0);
        let plateau = &released[at(2023, 3)..=at(2023, 12)];
        measured[3].push(plateau.iter().sum::<f64>() / plateau.len() as f64);
    }
    let p = plan.parameters.central();
    // What the record says, or the unit, and how far the median may be from it.
    let expected = [
        (p.frontier_compute_growth, 0.2),
        (p.run_reference_h100e, 0.25 * p.run_reference_h100e),
        (p.frontier_points_per_year_before, 0.4),
        (126.2, 1.0),
    ];
    for (values, (expected, within)) in measured.iter_mut().zip(expected) {
        values.sort_by(f64::total_cmp);
        let middle = quantile(values, 0.5);
        assert!(
            (middle - expected).abs() < within,
            "measured {middle}, expected {expected}"
        );
    }
}

fn hindcast() -> Hindcast {
    let file = splits::read(&library().configs).unwrap();
    Hindcast::new(
        library(),
        shipped(),
        &file.discrepancy,
        &["history"],
        PlanSettings {
            seed: 3,
            runs: 10,
            ..PlanSettings::default()
        },
    )
    .unwrap()
}

#[test]
fn errors_in_a_table_say_where_they_are() {
    let head = "target_id,series,entity,period,value,low,high,unit,class\n";
    let cases = [
        (
            "a,yield,SMIC 910C,2024-Q9,0.2,0.1,0.3,good-die fraction,J\n",
            2,
            19,
            "expected a period",
        ),
        (
            "a,yield,SMIC 910C,2024,much,0.1,0.3,good-die fraction,J\n",
            2,
            24,
            "column `value`",
        ),
        (
            "a,yield,SMIC 910C,2024,0.2,0.4,0.3,good-die fraction,J\n",
            2,
            28,
            "low 0.4 above high 0.3",
        ),
        (
            "a,yield,SMIC 910C,2024,0.2,0.1,0.3,good-die fraction,Q\n",
            2,
            54,
            "column `class`: found `Q`, expected one of M, E, J, X",
        ),
        (
            "a,yield,S,2024,0.2,0.1,0.3,good-die fraction,J\na,yield,S,2024,0.2,0.1,0.3,good-die fraction,J\n",
            3,
            1,
            "here twice",
        ),
        (
            "a,china_legal_nvidia_flow,China,2024-Q1,-5,,,H100e,E\n",
            2,
            41,
            "expected a positive number",
        ),
    ];
    for (rows, line, column, words) in cases {
        let source = Source {
            name: "mine.csv".into(),
            text: format!("{head}{rows}"),
        };
        let problems = Evidence::of(&library().configs, &source).unwrap_err();
        let p = &problems.0[0];
        assert!(p.message.contains(words), "{rows}: {}", p.message);
        assert_eq!((p.line, p.column), (line, column), "{rows}: {}", p.message);
    }
    let source = Source {
        name: "mine.csv".into(),
        text: "target_id,series,entity,perod,value\n".into(),
    };
    let problems = Evidence::of(&library().configs, &source).unwrap_err();
    assert_eq!(problems.0[0].help, "did you mean `period`?");
}

#[test]
fn a_split_never_fits_what_it_tests() {
    let h = hindcast();
    let file = splits::read(&library().configs).unwrap();
    for split in &file.split {
        let mut counts = [0; 2];
        for k in 0..h.asked.len() {
            let row = h.row(k);
            match split.part(row, h.block(k)) {
                SplitPart::Fit => {
                    counts[0] += 1;
                    if let (Some(from), Some(to)) = (split.test_from, split.test_to) {
                        assert!(row.last < from || row.first > to, "{}", row.target_id);
                    }
                    if let Some(end) = split.fit_to {
                        assert!(row.last <= end, "{}", row.target_id);
                    }
                }
                SplitPart::Test => counts[1] += 1,
                SplitPart::Neither => {}
            }
        }
        assert!(counts[0] > 0, "{} fits nothing", split.name);
    }
    // A fiscal year that ends in January is not in the fit of a split that ends in December.
    let b = file.split.iter().find(|s| s.name == "B").unwrap();
    let k = (0..h.asked.len())
        .find(|k| h.row(*k).target_id == "nvidia_china_share_of_dc_03")
        .unwrap();
    assert_eq!(b.part(h.row(k), h.block(k)), SplitPart::Neither);
}

#[test]
fn a_registration_names_real_channels_and_parameters() {
    let registration = Registration::read(&library().configs, &pattern_names()).unwrap();
    assert!(!registration.support.is_empty());
    for support in &registration.support {
        assert!(
            Channel::named(&support.channel).is_some(),
            "{}",
            support.channel
        );
        for id in &support.parameters {
            assert!(Parameters::NAMES.iter().any(|(_, n)| n == id), "{id}");
        }
    }
}

#[test]
fn scores_give_the_draw_back_and_what_follows_moves_along() {
    let priors = &library().parameters;
    let chance = Chance::of(1, 2);
    let drawn = priors.draw(chance).values();
    let again = priors.from_scores(&priors.scores(chance)).values();
    for (a, b) in drawn.iter().zip(&again) {
        assert!((a - b).abs() <= 1e-7 * a.abs().max(1e-9), "{a} {b}");
    }
    for (at, p) in priors.0.iter().enumerate() {
        let Some(follows) = &p.follows else { continue };
        let leader = priors.0.iter().position(|q| q.id == follows.id).unwrap();
        let pairs: Vec<(f64, f64)> = (0..2000)
            .map(|n| {
                let v = priors.draw(Chance::of(9, n)).values();
                (v[leader], v[at])
            })
            .collect();
        let r = correlation(&pairs);
        assert!((r - follows.correlation).abs() < 0.1, "{}: {r}", p.id);
    }
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (a, b) = (
        pairs.iter().map(|p| p.0).sum::<f64>() / n,
        pairs.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let sum = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>();
    sum(&|p| (p.0 - a) * (p.1 - b))
        / (sum(&|p| (p.0 - a).powi(2)) * sum(&|p| (p.1 - b).powi(2))).sqrt()
}

struct Keyed(Chance, u64);

impl RandomSource for Keyed {
    fn uniform(&mut self) -> f64 {
        self.1 += 1;
        self.0.uniform(Purpose::PosteriorSample, 0, self.1)
    }
    fn normal(&mut self) -> f64 {
        self.1 += 1;
        self.0.normal(Purpose::PosteriorSample, 0, self.1)
    }
}

/// A noisy simulator of six parameters, four of which matter.
fn toy(z: &[f64], chance: Chance) -> Vec<f64> {
    let noise = |k: u64| 0.3 * chance.normal(Purpose::RunLuck, k, 0);
    vec![
        z[0] + 0.5 * z[1] + noise(0),
        z[0] - z[1] + 0.3 * z[1] * z[1] + noise(1),
        2.0 * z[2] + noise(2),
        z[3] + z[2] + noise(3),
    ]
}

#[test]
fn planted_truths_are_found_again_as_often_as_intervals_say() {
    let draw = |n: u64| -> Vec<f64> {
        let chance = Chance::of(7, n);
        (0..6)
            .map(|j| chance.normal(Purpose::Parameter, j, 0))
            .collect()
    };
    let scores: Vec<Vec<f64>> = (0..1000).map(draw).collect();
    let outputs: Vec<Vec<f64>> = (0..1000)
        .map(|n| toy(&scores[n as usize], Chance::of(7, n)))
        .collect();
    let emulator = Emulator::fit(&scores, &outputs, 0..1000).unwrap();
    let (mut held, mut informed) = (0, 0);
    for truth in 5000..5100 {
        let z = draw(truth);
        let chance = Chance::of(7, truth);
        let observed: Vec<f64> = toy(&z, chance)
            .iter()
            .enumerate()
            .map(|(k, y)| y + 0.2 * chance.normal(Purpose::ObservationError, k as u64, 0))
            .collect();
        let likelihood = Likelihood::new(&emulator, &observed, &[0.04; 4]).unwrap();
        let guide = likelihood.guide().unwrap();
        let log = |walk: &[f64]| likelihood.beside(&guide, walk);
        let mut draws = Keyed(chance, 0);
        let mut state = vec![0.0; 6];
        let mut now = log(&state);
        let mut kept: Vec<Vec<f64>> = vec![Vec::new(); 6];
        for i in 0..4200 {
            step(&mut state, &mut now, &log, &mut draws);
            if i >= 200 && i % 10 == 0 {
                let scores = guide.scores(&state);
                kept.iter_mut().zip(scores).for_each(|(k, s)| k.push(s));
            }
        }
        for j in 0..6 {
            let of = &mut kept[j];
            let mean = of.iter().sum::<f64>() / of.len() as f64;
            let ratio = of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / of.len() as f64;
            if ratio < 0.8 {
                assert!(j < 4, "a parameter without effect seems informed: {j}");
                of.sort_by(f64::total_cmp);
                informed += 1;
                held += usize::from((quantile(of, 0.05)..=quantile(of, 0.95)).contains(&z[j]));
            }
        }
    }
    let share = held as f64 / informed as f64;
    assert!(informed >= 350, "{informed}");
    assert!((0.82..=0.97).contains(&share), "{held} of {informed}");
}

/// A calibration of these runs in a folder.
fn calibration_in<'a>(
    hindcast: &'a Hindcast,
    effort: &'a CalibrationSettings,
    (folder, key): (&'a std::path::Path, &'a str),
    done: &'a (dyn Fn(u64) + Sync),
    stop: &'a AtomicBool,
) -> Calibration<'a> {
    Calibration {
        hindcast,
        effort,
        folder,
        key,
        done,
        stop,
    }
}

#[test]
fn a_calibration_that_was_stopped_goes_on_to_the_same_bytes() {
    let h = hindcast();
    let file = splits::read(&library().configs).unwrap();
    let split = file.split.iter().find(|s| s.name == "D-hardware").unwrap();
    let hashes = library().hashes().unwrap();
    let terms = 1 + 2 * h.plan.parameters.sampled().len() as u32;
    let effort = CalibrationSettings {
        bank: terms + 20,
        waves: 1,
        wave: 100,
        samples: 60,
        seed: 3,
    };
    let whole = tempfile::tempdir().unwrap();
    let parts = tempfile::tempdir().unwrap();
    let go = AtomicBool::new(false);
    let made = |folder: &std::path::Path| -> String {
        let calibration = calibration_in(&h, &effort, (folder, "key"), &|_| {}, &go);
        let bank = calibration.bank().unwrap().unwrap();
        let found = calibration.fit(&bank, split, 8, &hashes);
        found.unwrap().unwrap().posterior.text()
    };
    let text = made(whole.path());
    let (stop, runs) = (AtomicBool::new(false), AtomicU64::new(0));
    let count = |n: u64| {
        if runs.fetch_add(n, Ordering::Relaxed) + n >= 70 {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let stopped = calibration_in(&h, &effort, (parts.path(), "key"), &count, &stop)
        .bank()
        .unwrap();
    assert!(stopped.is_none());
    let blocks = std::fs::read_dir(parts.path().join("bank"))
        .unwrap()
        .count();
    assert!(blocks >= 1, "nothing was kept");
    assert!(made(parts.path()) == text, "not the same bytes");
    // Made again from what is there, without a run.
    let stop_at_once = AtomicBool::new(true);
    let again = |key| {
        let calibration = calibration_in(&h, &effort, (parts.path(), key), &|_| {}, &stop_at_once);
        calibration.bank().unwrap().is_some()
    };
    assert!(again("key"));
    assert!(!again("other"));
}

fn sample_of(priors: &ParameterSet, hashes: &InputHashes) -> Posterior {
    let sampled = priors.sampled();
    let rows = (0..3)
        .map(|n| {
            let values = priors.draw(Chance::of(77, n)).values();
            sampled.iter().map(|at| values[*at]).collect()
        })
        .collect();
    let head = [
        ("priors", hashes.priors.as_str()),
        ("evidence", hashes.evidence.as_str()),
        ("splits", hashes.splits.as_str()),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    Posterior {
        name: "mine".into(),
        head: head
            .into_iter()
            .map(|(k, v)| (k.to_string(), v.to_string()))
            .collect(),
        parameters: sampled.iter().map(|at| priors.0[*at].id.clone()).collect(),
        rows,
    }
}

#[test]
fn one_changed_row_or_prior_makes_a_posterior_stale() {
    let library = library();
    let now = library.hashes().unwrap();
    let posterior = sample_of(&library.parameters, &now);
    assert!(posterior.stale(&now, &library.parameters).is_empty());
    let folder = tempfile::tempdir().unwrap();
    let changed = |path: &str, from: &str, to: &str| {
        let text = library.configs.read(path).unwrap().text;
        assert!(text.contains(from), "{path}");
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        let configs = Configs::folder(folder.path());
        let priors = ParameterSet::read(&configs).unwrap();
        let evidence = Evidence::read(&configs).unwrap();
        let hashes = InputHashes::of(&configs, &priors, &evidence).unwrap();
        std::fs::remove_file(file).unwrap();
        posterior.stale(&hashes, &priors)
    };
    let said = changed("evidence/series.csv", ",10060,6518,", ",10061,6518,");
    assert!(
        said.len() == 1 && said[0].starts_with("evidence"),
        "{said:?}"
    );
    let said = changed("parameters/market.toml", "sd_log = 0.35", "sd_log = 0.36");
    assert!(said.len() == 1 && said[0].starts_with("priors"), "{said:?}");
    let said = changed("evidence/splits.toml", "log = 0.15", "log = 0.16");
    assert!(said.len() == 1 && said[0].starts_with("splits"), "{said:?}");
}

#[test]
fn a_study_takes_its_parameters_from_the_samples_that_it_names() {
    let library = library();
    let posterior = sample_of(&library.parameters, &library.hashes().unwrap());
    let plan = Plan::new(
        library,
        study_of(&["none"]),
        PlanSettings {
            seed: 5,
            runs: 4,
            posterior: Some(Arc::new(posterior.clone())),
            ..PlanSettings::default()
        },
    )
    .unwrap();
    let sampled = plan.parameters.sampled();
    // Whole samples, each once before the first comes again.
    let taken: Vec<usize> = (0..4)
        .map(|number| {
            let values = plan.future(number).parameters.values();
            let is_row = |row: &Vec<f64>| sampled.iter().zip(row).all(|(at, v)| values[*at] == *v);
            posterior.rows.iter().position(is_row).unwrap()
        })
        .collect();
    let mut once = taken[..3].to_vec();
    once.sort_unstable();
    assert_eq!((once, taken[3]), (vec![0, 1, 2], taken[0]));
    assert!(plan.stale_warning().is_none());
}

#[test]
fn an_old_posterior_is_said_aloud_and_kept_in_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let library = library();
    let mut hashes = library.hashes().unwrap();
    hashes.evidence = "0".repeat(64);
    let samples = folder.path().join("old.csv");
    std::fs::write(&samples, sample_of(&library.parameters, &hashes).text()).unwrap();
    let study = library
        .configs
        .read("studies/did-controls-work.toml")
        .unwrap();
    let text = study.text.replacen(
        "posterior = \"final\"",
        &format!("posterior = {:?}", samples.to_str().unwrap()),
        1,
    );
    let file = folder.path().join("study.toml");
    std::fs::write(&file, text).unwrap();
    let out = folder.path().join("out");
    let run = Command::cargo_bin("chokepoint")
        .unwrap()
        .args([
            "run",
            file.to_str().unwrap(),
            "--runs",
            "1",
            "--no-report",
            "--out",
        ])
        .arg(&out)
        .assert()
        .success();
    let said = String::from_utf8(run.get_output().stderr.clone()).unwrap();
    assert!(said.contains("WARNING") && said.contains("STALE"), "{said}");
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["posterior"], "old");
    assert!(
        manifest["posterior_stale"][0]
            .as_str()
            .unwrap()
            .starts_with("evidence")
    );
}

#[test]
fn a_table_of_ones_own_is_scored_and_nothing_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("mine.csv");
    std::fs::write(
        &table,
        "target_id,series,entity,period,value,low,high,unit\n\
         a1,china_legal_nvidia_flow,China,2024-Q1,20000,15000,27000,H100e\n\
         a2,china_legal_nvidia_flow,China,2024-Q2,33000,25000,43000,H100e\n\
         a3,china_legal_nvidia_flow,China,2024-Q3,40000,31000,53000,H100e\n\
         a4,china_legal_nvidia_flow,China,2025-Q1,54000,41000,70000,H100e\n\
         b1,unicorns,China,2024,5,,,unicorns\n\
         c1,us_china_gap_months,Average,2041,7,4,14,months\n",
    )
    .unwrap();
    let out = Command::cargo_bin("chokepoint")
        .unwrap()
        .args([
            "validate",
            "--runs",
            "4",
            "--patterns",
            "0",
            "--format",
            "json",
        ])
        .args(["--split", "B", "--evidence", table.to_str().unwrap()])
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let answer: Value = serde_json::from_slice(&out).unwrap();
    let points = answer["points"].as_array().unwrap();
    assert_eq!(points.len(), 6);
    for point in points {
        for field in [
            "target_id",
            "series",
            "entity",
            "period",
            "observed",
            "modelled",
        ] {
            assert!(!point[field].is_null(), "{field}");
        }
    }
    assert!(points[0]["p05"].as_f64().unwrap() <= points[0]["p95"].as_f64().unwrap());
    assert!(points[0]["inside_90"].is_boolean());
    for (at, words) in [(4, "unicorns"), (5, "months")] {
        assert_eq!(points[at]["modelled"], false);
        assert!(points[at]["reason"].as_str().unwrap().contains(words));
    }
    let series = answer["series"].as_array().unwrap();
    let flow = series
        .iter()
        .find(|s| s["series"] == "china_legal_nvidia_flow")
        .unwrap();
    assert_eq!(flow["n"], 1);
    let (crps, naive) = (
        flow["crps"].as_f64().unwrap(),
        flow["crps_naive"].as_f64().unwrap(),
    );
    assert!((flow["skill"].as_f64().unwrap() - (1.0 - crps / naive)).abs() < 1e-12);
    assert!(flow["naive"].is_string());
}

#[test]
fn a_table_that_is_wrong_ends_with_2_and_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("mine.csv");
    std::fs::write(
        &table,
        "target_id,series,entity,period,value\na,yield,SMIC 910C,someday,0.2\n",
    )
    .unwrap();
    let run = Command::cargo_bin("chokepoint")
        .unwrap()
        .args(["validate", "--evidence", table.to_str().unwrap()])
        .assert()
        .code(2);
    let said = String::from_utf8(run.get_output().stderr.clone()).unwrap();
    assert!(
        said.contains("mine.csv:2:19") && said.contains("someday"),
        "{said}"
    );
}

#[test]
fn classes_that_are_judged_or_given_are_never_scored() {
    assert!(EvidenceClass::M.scored() && EvidenceClass::E.scored());
    assert!(!EvidenceClass::J.scored() && !EvidenceClass::X.scored());
    let evidence = shipped();
    for id in [
        "china_market_size_02",
        "eci_growth_01",
        "compute_advantage_01",
    ] {
        let row = evidence.rows.iter().find(|r| r.target_id == id).unwrap();
        assert_eq!(row.class, EvidenceClass::X, "{id}: a forecast or an input");
    }
}

#[test]
fn the_page_of_the_evidence_is_generated_from_it() {
    let page = std::fs::read_to_string(golden::place("docs/evidence.md")).unwrap();
    let text = chokepoint::study::reference::evidence_markdown(library()).unwrap();
    let now = chokepoint::study::reference::replaced(&page, &text).unwrap();
    golden::compare_text("docs/evidence.md", &now);
}

/// The page is as the program writes it, and every quantity is read from the model; the numbers of others are those of the
/// record where both hold them.
#[test]
fn the_page_beside_others_is_generated_and_its_rows_resolve() {
    let file = BesideFile::read(&library().configs).unwrap();
    assert!(file.quantity.len() >= 20, "{}", file.quantity.len());
    let evidence = shipped();
    for (name, id) in [
        ("gap_mean", "us_china_gap_months_01"),
        ("growth_world", "compute_stock_growth_01"),
        ("home_share_cards_2025", "china_card_share_2026_04"),
    ] {
        let quantity = file.quantity.iter().find(|q| q.name == name).unwrap();
        let row = evidence.rows.iter().find(|r| r.target_id == id).unwrap();
        let bounds = (Some(quantity.low), quantity.value, Some(quantity.high));
        assert_eq!(bounds, (row.low, row.value, row.high), "{name}");
    }
    let page = std::fs::read_to_string(golden::place("docs/beside-others.md")).unwrap();
    let text = chokepoint::evidence::beside::beside_markdown(library()).unwrap();
    let now = chokepoint::study::reference::replaced(&page, &text).unwrap();
    golden::compare_text("docs/beside-others.md", &now);
}

/// A card, a die and a package are not one count: rows in one of these units are never read as another.
#[test]
fn counts_of_different_scope_are_not_mixed() {
    let evidence = shipped();
    for row in &evidence.rows {
        let Some(link) = evidence.link(row) else {
            continue;
        };
        let unit = &link.unit;
        for (word, others) in [
            ("cards", ["dies", "packages"]),
            ("dies", ["cards", "packages"]),
            ("packages", ["cards", "dies"]),
        ] {
            let mixed = row.unit.starts_with(word) && others.iter().any(|o| unit.contains(o));
            assert!(!mixed, "{}: {} read as {unit}", row.target_id, row.unit);
        }
        // Workstation cards are in what IDC counts as cards of all makers, and in nothing else.
        let idc = ["china_cards_shipped_total", "china_card_share"].contains(&row.series.as_str());
        let with_workstation = [&link.added, &link.over_added]
            .iter()
            .any(|a| a.as_deref() == Some("workstation_cards_in_the_target"));
        let of_nvidia = row.series == "china_units_by_vendor" && row.entity == "NVIDIA";
        assert_eq!(with_workstation, idc || of_nvidia, "{}", row.target_id);
    }
}

/// What an adjustment says of 2022 and of 2025, in the figures of the company's own reports.
#[test]
fn networking_and_other_segments_are_those_of_the_reports() {
    let evidence = shipped();
    let at = |name: &str, month: &str| {
        let month = month.parse::<Month>().unwrap();
        evidence.adjustments.at(name, month).unwrap().value
    };
    let (year, networking) = (41.096, 7.252);
    let found = at("networking_in_data_centre_revenue", "2025-06");
    assert!(
        (found - year / (year - networking)).abs() < 0.002,
        "{found}"
    );
    let (year, networking) = (51.215, 8.187);
    let found = at("networking_in_data_centre_revenue", "2025-09");
    assert!(
        (found - year / (year - networking)).abs() < 0.002,
        "{found}"
    );
    // The quarter to 2025-07, in which no H20 was sold in China.
    let row = evidence
        .rows
        .iter()
        .find(|r| r.series == "nvidia_china_revenue_quarter" && r.period == "2025-Q3")
        .unwrap();
    assert_eq!(row.class, EvidenceClass::X);
    let quarter = at("other_segments_in_the_target", "2025-06") / 4e9;
    assert!((quarter / row.value - 1.0).abs() < 0.001, "{quarter}");
}

/// One row an outcome and a regime: a study also has effects by stratum and horizon, which are no headlines.
#[test]
fn a_headline_effect_stands_once() {
    let found =
        chokepoint::evidence::headline::headline_effects(library(), 8, 5, None, &[]).unwrap();
    let mut names: Vec<(&str, &str)> = found
        .iter()
        .map(|e| (e.outcome.as_str(), e.regime.as_str()))
        .collect();
    assert_eq!(names.len(), 12);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 12);
}
