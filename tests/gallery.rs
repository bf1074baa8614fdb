//! The gallery: every kind of figure from small committed tables, byte for byte.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chokepoint::config::figure::{self, FigureFile};
use chokepoint::config::shipped::figure_names;
use chokepoint::config::study;
use chokepoint::plots::{compose, draw_all};
use chokepoint::results::Results;
use chokepoint::results::seal::Seal;
use chokepoint::results::tables;
use chokepoint::study::verdicts::verdicts;
use chokepoint::study::{join, run_all};
use sha2::{Digest, Sha256};

use crate::{golden, library, plan_of, regime};

fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plots/gallery")
}

pub fn shipped() -> Vec<FigureFile> {
    figure::read_all(&library().configs, &figure_names()).unwrap()
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

fn seal(folder: &Path) {
    Seal::over(folder, "gallery")
        .unwrap()
        .write(folder)
        .unwrap();
}

fn tables() -> Results {
    Results::read(&gallery().join("tables")).unwrap()
}

/// Tables that commands left beside the main study, and that a figure or the report shows.
const SIDE: [&str; 7] = [
    "boxes",
    "hindcast-B",
    "ledger",
    "record",
    "scorecard",
    "shapley",
    "sobol",
];

/// Runs 24 futures and writes what the shipped figures draw: the largest makers, months to 2030, one timeline, and the side
/// tables of `results/did-controls-work`.
fn write_tables(folder: &Path) {
    let mut plan = plan_of(
        vec![regime("none"), regime("oct22"), regime("history-free")],
        24,
    );
    plan.study.bands.push("issuer_stack".into());
    let records = run_all(&plan, &|| {}, &AtomicBool::new(false));
    let mut results = join(
        &plan,
        records,
        "chokepoint run did-controls-work --runs 24 --seed 1",
    );
    let last = "2030-12".parse().unwrap();
    results.manifest.study.last_month = last;
    let makers = ["nvidia", "amd", "huawei", "google", "cambricon", "intel"];
    let places = ["target", "third", "world"];
    let drawn: BTreeSet<&str> = BTreeSet::from([
        "latent_gap_months",
        "gap_months",
        "gap_points",
        "compute_h100e",
        "self_sufficiency",
        "self_sufficiency_fab",
        "price_usd_per_h100e",
        "variant_units",
        "maker_share_value",
        "issuer_stack",
        "frontier_points",
        "compute_peak_h100e",
        "maker_units",
        "maker_revenue_usd",
    ]);
    let window_last = results.manifest.study.window_last;
    results.bands.retain(|b| {
        let entity = b.entity.as_str();
        let kept = match b.measure.as_str() {
            "maker_share_value" | "maker_units" | "maker_revenue_usd" => entity
                .split_once(':')
                .is_some_and(|(maker, place)| makers.contains(&maker) && places.contains(&place)),
            "variant_units" | "price_usd_per_h100e" => entity == "world",
            "gap_months" | "gap_points" | "latent_gap_months" => entity == "target_vs_issuer",
            "frontier_points" => ["target", "issuer"].contains(&entity),
            "issuer_stack" => b.month == window_last,
            _ => true,
        };
        kept && b.month <= last && drawn.contains(b.measure.as_str())
    });
    let four = |v: f64| format!("{v:.4e}").parse::<f64>().unwrap();
    results.effect_bands.retain(|b| b.month <= last);
    for row in results.bands.iter_mut().chain(&mut results.effect_bands) {
        let b = &mut row.band;
        for v in [
            &mut b.mean,
            &mut b.p05,
            &mut b.p25,
            &mut b.p50,
            &mut b.p75,
            &mut b.p95,
        ] {
            *v = four(*v);
        }
    }
    let told = ["rule", "variant", "refused", "restricted", "stolen"];
    results.events.retain(|e| {
        let shown = told.iter().any(|kind| e.kind.starts_with(kind));
        e.run == 0 && e.regime == "history-free" && shown
    });
    results.tables = tables::read(&golden::place("results/did-controls-work")).unwrap();
    results
        .tables
        .retain(|name, _| SIDE.contains(&name.as_str()));
    assert_eq!(
        results.tables.len(),
        SIDE.len(),
        "`just gallery` writes them"
    );
    let law = verdicts(library(), &plan).unwrap();
    results.tables.insert("verdicts".into(), law);
    results.write(folder).unwrap();
}

/// Where the tables of the gallery are kept, below the repository.
const TABLES: &str = "plots/gallery/tables";

#[test]
#[ignore = "makes the tables of the gallery anew from 24 futures; needs ACCEPT"]
fn new_tables_of_the_gallery_fill_every_shipped_figure() {
    let reason = golden::reason_to_accept().expect("ACCEPT=\"what changed and why\"");
    write_tables(&golden::place(TABLES));
    seal(&golden::place(TABLES));
    hold_the_shipped_definitions();
    golden::record(TABLES, &reason);
    let folder = tempfile::tempdir().unwrap();
    let gallery = draw_all(&tables(), &shipped(), folder.path()).unwrap();
    assert!(gallery.left_out.is_empty(), "{:?}", gallery.left_out);
}

/// Writes the definitions of the shipped figures, and the headline of the main study, into the manifest of the tables.
fn hold_the_shipped_definitions() {
    let (folder, mut results) = (golden::place(TABLES), tables());
    results.manifest.study.figures = shipped();
    let main = library()
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let main = study::read(&main, &library().configs).unwrap();
    results.manifest.study.headline = main.headline().unwrap().to_string();
    results.write(&folder).unwrap();
    seal(&folder);
}

#[test]
fn the_gallery_is_what_its_tables_draw() {
    if let Some(reason) = golden::reason_to_accept()
        && tables().manifest.study.figures != shipped()
    {
        hold_the_shipped_definitions();
        golden::record(TABLES, &reason);
    }
    let results = tables();
    let folder = tempfile::tempdir().unwrap();
    assert!(
        results.manifest.study.figures == shipped(),
        "{TABLES} holds other definitions of the figures than plots/; ACCEPT=\"why\" on this test writes them"
    );
    let gallery = draw_all(&results, &shipped(), folder.path()).unwrap();
    assert!(gallery.left_out.is_empty(), "{:?}", gallery.left_out);
    let mut sums = String::new();
    for d in &gallery.drawn {
        let drawn = |ending: &str| {
            let name = format!("{}.{ending}", d.figure.name);
            std::fs::read(folder.path().join(name)).unwrap()
        };
        let name = &d.figure.name;
        golden::compare_bytes(&format!("plots/gallery/{name}.svg"), &drawn("svg"));
        sums += &format!("{}  {name}.png\n", sum(&drawn("png")));
    }
    golden::compare_text("plots/gallery/png.sha256", &sums);
}

#[test]
fn the_same_bytes_are_drawn_where_there_is_no_font_and_no_environment() {
    let folder = tempfile::tempdir().unwrap();
    assert_cmd::Command::cargo_bin("chokepoint")
        .unwrap()
        .env_clear()
        .env("FONTCONFIG_FILE", "/dev/null")
        .env("HOME", folder.path())
        .arg("plot")
        .arg(gallery().join("tables"))
        .arg("--out")
        .arg(folder.path().join("drawn"))
        .assert()
        .success();
    let mut sums = String::new();
    for figure in shipped() {
        let at = |ending: &str| {
            let name = format!("{}.{ending}", figure.name);
            std::fs::read(folder.path().join("drawn").join(name)).unwrap()
        };
        let committed = std::fs::read(gallery().join(format!("{}.svg", figure.name))).unwrap();
        assert!(at("svg") == committed, "{}", figure.name);
        sums += &format!("{}  {}.png\n", sum(&at("png")), figure.name);
    }
    assert_eq!(
        std::fs::read_to_string(gallery().join("png.sha256")).unwrap(),
        sums
    );
}

#[test]
fn no_words_of_a_gallery_figure_overlap_or_leave_the_sheet_or_are_small() {
    let results = tables();
    for figure in shipped() {
        let composed = compose(&results, &figure).unwrap();
        assert_eq!(composed.faults(), Vec::<String>::new(), "{}", figure.name);
        assert!(
            composed.description.len() > 40,
            "{} says nothing",
            figure.name
        );
    }
}

/// One figure of each of the ten studies.
const OF_STUDIES: [(&str, &str); 11] = [
    ("s1-october-2022", "effects"),
    ("s2-october-2023", "gap-by-regime"),
    ("s3-h20", "effects"),
    ("s4-h200", "effects"),
    ("s5-country-tiers", "effects"),
    ("s6-chokepoint", "effects"),
    ("s7-leaks", "effects"),
    ("s8-protect-or-promote", "self-sufficiency"),
    ("s9-politics", "gap-by-regime"),
    ("s9-unpredictability", "effects"),
    ("s10-november-2026", "effects"),
];

/// What one figure draws of the results of a study, and nothing else.
fn cut(from: &Path, study: &str, figure: &FigureFile) -> Results {
    let mut results = Results::read(&from.join(study)).unwrap();
    let text = format!("{figure:?}");
    results.bands.retain(|b| {
        text.contains(&format!("{:?}", b.measure)) && text.contains(&format!("{:?}", b.entity))
    });
    results
        .effects
        .retain(|e| e.stratum == "all" && e.horizon_months.is_none() && e.discount == 0.0);
    results.outcomes.rows.clear();
    results.events.clear();
    results.tape.clear();
    let drawn = |name: &String| figure.name == "channels" && name == "shapley";
    results.tables.retain(|name, _| drawn(name));
    results.manifest.study.figures = vec![figure.clone()];
    results
}

#[test]
#[ignore = "cuts the tables of the ten studies anew from results/STUDY; needs ACCEPT"]
fn new_tables_of_the_ten_studies_fill_their_figures() {
    let reason = golden::reason_to_accept().expect("ACCEPT=\"what changed and why\"");
    for (study, name) in OF_STUDIES {
        let path = format!("plots/gallery/{study}");
        let written = golden::place(&path);
        let shipped = shipped();
        let figure = shipped.iter().find(|f| f.name == name).unwrap();
        let results = cut(&golden::place("results"), study, figure);
        std::fs::create_dir_all(&written).unwrap();
        results.write(&written).unwrap();
        golden::record(&path, &reason);
        let read = Results::read(&written).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let drawn = draw_all(&read, std::slice::from_ref(figure), folder.path()).unwrap();
        assert!(drawn.left_out.is_empty(), "{study}: {:?}", drawn.left_out);
    }
}

#[test]
fn each_of_the_ten_studies_has_a_figure_that_its_tables_draw() {
    for (study, name) in OF_STUDIES {
        let shipped = shipped();
        let figure = shipped.iter().find(|f| f.name == name).unwrap();
        let results = Results::read(&gallery().join(study)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let drawn = draw_all(&results, std::slice::from_ref(figure), folder.path()).unwrap();
        assert!(drawn.left_out.is_empty(), "{study}: {:?}", drawn.left_out);
        let svg = std::fs::read(folder.path().join(format!("{name}.svg"))).unwrap();
        let png = std::fs::read(folder.path().join(format!("{name}.png"))).unwrap();
        golden::compare_bytes(&format!("plots/gallery/{study}/{name}.svg"), &svg);
        golden::compare_text(&format!("plots/gallery/{study}/png.sha256"), &sum(&png));
        let faults = compose(&results, figure).unwrap().faults();
        assert_eq!(faults, Vec::<String>::new(), "{study}");
    }
}
