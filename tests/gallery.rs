//! The gallery: every kind of figure from small committed tables, byte for byte.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use chokepoint::config::figure::{self, FigureFile};
use chokepoint::config::source::figure_names;
use chokepoint::plots::{compose, draw_all};
use chokepoint::results::Results;
use chokepoint::results::seal::Seal;
use chokepoint::results::tables;
use chokepoint::study::verdicts::verdicts;
use chokepoint::study::{join, run_all};
use sha2::{Digest, Sha256};

use crate::{library, plan_of, regime};

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

/// Runs 24 futures and keeps what the shipped figures draw: the largest makers, months to 2030, one timeline.
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
    ]);
    let window_last = results.manifest.study.window_last;
    results.bands.retain(|b| {
        let entity = b.entity.as_str();
        let kept = match b.measure.as_str() {
            "maker_share_value" => entity
                .split_once(':')
                .is_some_and(|(maker, place)| makers.contains(&maker) && places.contains(&place)),
            "variant_units" | "price_usd_per_h100e" => entity == "world",
            "gap_months" | "gap_points" | "latent_gap_months" => entity == "target_vs_issuer",
            "issuer_stack" => b.month == window_last,
            _ => true,
        };
        kept && b.month <= last && drawn.contains(b.measure.as_str())
    });
    let four = |v: f64| format!("{v:.4e}").parse::<f64>().unwrap();
    for row in &mut results.bands {
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
    results.tables = tables::read(folder).unwrap();
    let law = verdicts(library(), &plan).unwrap();
    results.tables.insert("verdicts".into(), law);
    results.write(folder).unwrap();
}

#[test]
fn the_gallery_is_what_its_tables_draw() {
    let written = gallery();
    let wanted = std::env::var("GALLERY").unwrap_or_default();
    if wanted == "tables" {
        write_tables(&written.join("tables"));
        seal(&written.join("tables"));
    }
    let mut results = tables();
    if !wanted.is_empty() {
        results.manifest.study.figures = shipped();
        results.write(&written.join("tables")).unwrap();
        seal(&written.join("tables"));
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        results.manifest.study.figures,
        shipped(),
        "the tables carry other definitions; GALLERY=figures writes them"
    );
    let gallery = draw_all(&results, &shipped(), folder.path()).unwrap();
    assert!(gallery.left_out.is_empty(), "{:?}", gallery.left_out);
    let sums: String = gallery
        .drawn
        .iter()
        .map(|d| {
            let name = format!("{}.png", d.figure.name);
            let bytes = std::fs::read(folder.path().join(&name)).unwrap();
            format!("{}  {name}\n", sum(&bytes))
        })
        .collect();
    if !wanted.is_empty() {
        for d in &gallery.drawn {
            let name = format!("{}.svg", d.figure.name);
            std::fs::copy(folder.path().join(&name), written.join(&name)).unwrap();
        }
        std::fs::write(written.join("png.sha256"), &sums).unwrap();
    }
    for d in &gallery.drawn {
        let name = format!("{}.svg", d.figure.name);
        let committed = std::fs::read(written.join(&name)).unwrap_or_default();
        let drawn = std::fs::read(folder.path().join(&name)).unwrap();
        assert!(
            committed == drawn,
            "plots/gallery/{name} is not what its tables draw; GALLERY=figures writes it"
        );
    }
    assert_eq!(
        std::fs::read_to_string(written.join("png.sha256")).unwrap_or_default(),
        sums
    );
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

/// One figure of each of the ten studies; its tables are cut from results by `GALLERY_FROM=results`.
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
fn each_of_the_ten_studies_has_a_figure_that_its_tables_draw() {
    for (study, name) in OF_STUDIES {
        let written = gallery().join(study);
        let shipped = shipped();
        let figure = shipped.iter().find(|f| f.name == name).unwrap();
        let from = std::env::var("GALLERY_FROM").ok();
        if let Some(from) = &from {
            let results = cut(Path::new(from), study, figure);
            std::fs::create_dir_all(&written).unwrap();
            results.write(&written).unwrap();
        }
        let results = Results::read(&written).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let drawn = draw_all(&results, std::slice::from_ref(figure), folder.path()).unwrap();
        assert!(drawn.left_out.is_empty(), "{study}: {:?}", drawn.left_out);
        let svg = std::fs::read(folder.path().join(format!("{name}.svg"))).unwrap();
        let png = std::fs::read(folder.path().join(format!("{name}.png"))).unwrap();
        let (at, sums) = (
            written.join(format!("{name}.svg")),
            written.join("png.sha256"),
        );
        if from.is_some() {
            std::fs::write(&at, &svg).unwrap();
            std::fs::write(&sums, sum(&png)).unwrap();
        }
        assert!(std::fs::read(&at).unwrap() == svg, "{study}: {name}.svg");
        assert_eq!(
            std::fs::read_to_string(&sums).unwrap(),
            sum(&png),
            "{study}"
        );
        let faults = compose(&results, figure).unwrap().faults();
        assert_eq!(faults, Vec::<String>::new(), "{study}");
    }
}
