//! The claims of the debate as findings: every claim is there, its contrast compares something, and its verdict is printed and written.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use assert_cmd::Command;
use chokepoint::config::claim::claim_paths;
use chokepoint::config::study::{self, StudyFile};
use chokepoint::questions::claims::measure;
use chokepoint::results::claims::ClaimFinding;
use chokepoint::study::PlanSettings;

use crate::{golden, library};

fn chokepoint() -> Command {
    Command::cargo_bin("chokepoint").unwrap()
}

fn studies() -> Vec<StudyFile> {
    let configs = &library().configs;
    let read = |path: &String| study::read(&configs.read(path).unwrap(), configs).unwrap();
    claim_paths(configs).iter().map(read).collect()
}

fn found(study: StudyFile, runs: u32) -> ClaimFinding {
    let settings = PlanSettings {
        seed: study.seed,
        runs,
        ..PlanSettings::default()
    };
    let done = || {};
    let stop = AtomicBool::new(false);
    measure(library(), study, settings, &done, &stop)
        .unwrap()
        .unwrap()
}

#[test]
fn the_nineteen_claims_are_there_in_order_each_with_two_arms() {
    let all = studies();
    let ids: Vec<&str> = all
        .iter()
        .map(|s| s.claim.as_ref().unwrap().id.as_str())
        .collect();
    let mut expected: Vec<String> = (1..=18).map(|n| format!("C{n}")).collect();
    // The last claim has two halves.
    expected.extend(["C19a".into(), "C19b".into()]);
    assert_eq!(ids, expected);
    for study in &all {
        assert_eq!(study.arms.len(), 2, "{}", study.name);
        assert_eq!(
            study.name.to_string(),
            study.claim.as_ref().unwrap().id.to_lowercase()
        );
    }
}

#[test]
fn every_claim_compares_something_and_its_finding_is_whole() {
    for study in studies() {
        let f = found(study, 3);
        let id = &f.claim.id;
        assert_eq!(f.futures, 3, "{id}");
        assert!(
            f.path.len() >= 3 && f.path.iter().any(|e| e.months == f.effect.months),
            "{id}"
        );
        assert!(f.supporting_share + f.opposing_share <= 1.0 + 1e-12, "{id}");
        assert!(f.contrary_future < 3 && f.size > 0.0, "{id}");
        // Theft and lobbying can be idle in a few futures.
        let idle = ["C17", "C18"].contains(&id.as_str());
        assert!(
            idle || f.path.iter().any(|e| e.p05 != 0.0 || e.p95 != 0.0),
            "{id} compares nothing"
        );
    }
}

#[test]
fn a_claim_is_a_study_that_other_commands_find_by_its_number() {
    let source = library().configs.find("C11", "studies").unwrap();
    assert!(source.name.ends_with("claims/c11.toml"));
    chokepoint()
        .args([
            "replay",
            "C11",
            "--regime",
            "history-free",
            "--against",
            "no-induced-efficiency",
        ])
        .assert()
        .success();
}

#[test]
fn verdicts_are_printed_and_written_as_pages() {
    let folder = tempfile::tempdir().unwrap();
    let (page, document) = (
        folder.path().join("debate.html"),
        folder.path().join("debate.md"),
    );
    std::fs::write(
        &document,
        "# Mine\n<!-- generated: chokepoint claims -->\n<!-- end of generated part -->\nkept\n",
    )
    .unwrap();
    let made = chokepoint()
        .args([
            "claims",
            "c5",
            "--runs",
            "2",
            "--posterior",
            "prior",
            "--page",
        ])
        .arg(&page)
        .arg("--page")
        .arg(&document)
        .assert()
        .success();
    let said = String::from_utf8(made.get_output().stdout.clone()).unwrap();
    for words in [
        "C5: ",
        "90 % of futures",
        "What would decide",
        "chokepoint replay C5",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.contains("<svg") && html.contains("the priors") && html.contains("id=\"C5\""));
    let text = std::fs::read_to_string(&document).unwrap();
    assert!(text.starts_with("# Mine") && text.ends_with("kept\n") && text.contains("## C5: "));
    assert!(folder.path().join("debate/C5.svg").exists());
    let rows = chokepoint()
        .args(["claims", "C5", "--runs", "2", "--format", "csv"])
        .assert()
        .success();
    let csv = String::from_utf8(rows.get_output().stdout.clone()).unwrap();
    assert!(
        csv.starts_with("claim,title,verdict,") && csv.lines().count() == 2,
        "{csv}"
    );
}

#[test]
fn what_is_no_claim_and_a_page_of_somebody_else_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let said = |args: &[&str]| {
        let refused = chokepoint()
            .current_dir(folder.path())
            .args(args)
            .assert()
            .failure()
            .code(2);
        String::from_utf8(refused.get_output().stderr.clone()).unwrap()
    };
    assert!(said(&["claims", "C20"]).contains("expected a claim of the debate"));
    std::fs::write(folder.path().join("mine.html"), "<p>mine</p>").unwrap();
    assert!(
        said(&["claims", "C5", "--page", "mine.html"]).contains("was not written by this program")
    );
    assert!(said(&["claims", "C5", "--page", "mine.txt"]).contains(".html or .md"));
    let text = library().configs.find("C5", "studies").unwrap().text;
    let wrong = text.replace("\"target_inflow_h100e\"", "\"target_inflow_h100\"");
    std::fs::write(folder.path().join("c5.toml"), wrong).unwrap();
    let refused = chokepoint()
        .current_dir(folder.path())
        .args(["check", "c5.toml"])
        .assert()
        .failure();
    let said = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(
        said.contains("c5.toml:") && said.contains("did you mean `target_inflow_h100e`?"),
        "{said}"
    );
}

#[test]
fn the_page_holds_every_claim_in_the_words_of_its_file() {
    let page = std::fs::read_to_string(golden::place("docs/debate.md")).unwrap();
    for study in studies() {
        let claim = study.claim.unwrap();
        for words in [
            &claim.says,
            &claim.holder,
            &claim.decides,
            &claim.flips,
            &study.question,
        ] {
            assert!(
                page.contains(words.as_str()),
                "{}: run `just debate`",
                claim.id
            );
        }
        let figure = golden::place(&format!("docs/debate/{}.svg", claim.id));
        assert!(
            Path::new(&figure).exists(),
            "{}: run `just debate`",
            claim.id
        );
    }
}
