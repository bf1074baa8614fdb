//! All tests in one binary: the library is linked once. Each file says in its first line what it holds to be true.

// The library's portable functions are held against those of the C library.
#![allow(clippy::disallowed_methods)]

mod allocation;
mod architecture;
mod balances;
mod batch;
mod batch_faults;
mod broken_configurations;
mod causes;
mod chance;
mod chips;
mod claims;
mod cli;
mod debate;
mod design;
mod documents;
mod early;
mod entities;
mod evidence;
mod explorer;
mod figures;
mod forecasts;
mod foreign_chips;
mod gallery;
mod golden;
mod guide;
mod hostile;
mod inputs;
mod law;
mod law_files;
mod market_on_record;
mod mutations;
mod naming;
mod new_rules;
mod pairing;
mod politics;
mod questions;
mod reference_model;
mod relations;
mod report;
mod rules;
mod sealed;
mod shell;
mod signs;
mod studies;
mod tables;
mod two_sided;

use std::sync::OnceLock;

use chokepoint::config::source::Configs;
use chokepoint::config::study::{self, StudyFile};
use chokepoint::controls::Regime;
use chokepoint::study::{Library, Plan, PlanSettings};

/// The shipped configuration, read once.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY
        .get_or_init(|| Library::read(Configs::embedded(), &[]).unwrap_or_else(|e| panic!("{e}")))
}

/// The main study with other arms.
fn study_of(arms: &[&str]) -> StudyFile {
    let library = library();
    let source = library
        .configs
        .find("did-controls-work", "studies")
        .unwrap();
    let mut study = study::read(&source, &library.configs)
        .unwrap()
        .in_own_form();
    study.arms = arms.iter().map(|a| (*a).into()).collect();
    study.baseline = arms[0].to_string();
    // Tests hold over the priors.
    study.posterior = None;
    study
}

/// A plan over regimes at hand, the first of them the baseline.
fn plan_of(regimes: Vec<Regime>, runs: u32) -> Plan {
    let names: Vec<&str> = regimes.iter().map(|r| r.name.as_str()).collect();
    let study = study_of(&names);
    Plan::of(
        library(),
        study,
        regimes,
        PlanSettings {
            seed: 1,
            runs,
            ..PlanSettings::default()
        },
    )
    .unwrap()
}

fn regime(name: &str) -> Regime {
    library().regime(name).unwrap_or_else(|e| panic!("{e}"))
}

/// The library with one table rewritten.
fn with_table(path: &str, rewrite: impl Fn(&str) -> String) -> Library {
    let folder = tempfile::tempdir().unwrap();
    let source = library().configs.read(path).unwrap();
    let file = folder.path().join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, rewrite(&source.text)).unwrap();
    Library::read(Configs::folder(folder.path()), &[]).unwrap()
}
