//! Text without sense never stops a parser: chip tables, rules, regimes, studies, figures, evidence, plans.

use chokepoint::cli::classify::{SaleQuery, rulings};
use chokepoint::config::evidence::Evidence;
use chokepoint::config::parameters::ParameterSet;
use chokepoint::config::source::{Configs, Source};
use chokepoint::config::splits::{self, Registration};
use chokepoint::config::{figure, study};
use chokepoint::evidence::patterns::pattern_names;
use chokepoint::study::Library;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// What TOML files of all kinds are made of.
const OF_TOML: &[&str] = &[
    "[[rule]]\n",
    "[rule]\n",
    "[[rule.case]]\n",
    "[[parameter]]\n",
    "[futures]\n",
    "[[futures.stress]]\n",
    "[draw.fan]\n",
    "[process]\n",
    "[[process.ladder]]\n",
    "[[series]]\n",
    "[[split]]\n",
    "[score]\n",
    "title = ",
    "name = ",
    "issuer = ",
    "citation = ",
    "source = ",
    "url = ",
    "status = ",
    "id = ",
    "instrument = ",
    "condition = ",
    "announced = ",
    "compliance = ",
    "early = ",
    "applies_to = ",
    "numbers = ",
    "value = ",
    "unit = ",
    "distribution = ",
    "arms = ",
    "baseline = ",
    "levels = ",
    "draw.fan.lines = ",
    "from = ",
    "\"USA\"",
    "\"tpp >= 4800 && vendor == 'NVIDIA'\"",
    "\"((((\"",
    "\"law\"",
    "\"\"",
    "2022-10-07",
    "2022-13-45",
    "\"2022-10\"",
    "nan",
    "-inf",
    "1e400",
    "0xff",
    "-1",
    "0.5",
    "99999999999999999999",
    "true",
    "[",
    "]",
    "{",
    "}",
    ", ",
    " = ",
    "\n",
    "\n",
    "\"",
    "'''",
    "# ",
    "\u{feff}",
    "\0",
    "\u{202e}",
    "ключ",
    "[]",
    "{}",
    "[[]]",
    "a.b.c = ",
    "{ kind = \"uniform\", low = 1, high = 0 }",
];

/// What CSV tables are made of.
const OF_CSV: &[&str] = &[
    "chip",
    "vendor",
    "tpp",
    "die_area_mm2",
    "performance_density",
    "first_ship",
    "hq_country",
    "non_planar",
    "io",
    ",",
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    "\"",
    "\"\"",
    ";",
    "\t",
    "1",
    "-1",
    "4800",
    "1e308",
    "1e999",
    "nan",
    "inf",
    "0",
    "true",
    "2023-10",
    "2023-13",
    "0000-00",
    "-2023-1",
    "99999999-01",
    "\u{feff}",
    "\0",
    "é",
    "\u{1f600}",
    " ",
    "# a: b\n",
    "choice_slope",
    "target_id",
    "series",
    "period",
    "2024-Q9",
    "2024/2023",
    "-Q",
    "/",
];

fn soup(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    let some = proptest::collection::vec(select(of), 0..60).prop_map(|all| all.concat());
    prop_oneof![4 => some, 1 => any::<String>()]
}

/// The same texts each time, so that a failure is one of the code; fresh ones with `FUZZ_TRIES`.
fn tried(cases: u32, of: &'static [&'static str], read: impl Fn(&Source)) {
    let fresh = std::env::var("FUZZ_TRIES")
        .ok()
        .and_then(|n| n.parse().ok());
    let config = ProptestConfig {
        cases: fresh.unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = match fresh {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let outcome = runner.run(&soup(of), |text| {
        let source = Source {
            name: "noise".into(),
            text,
        };
        read(&source);
        Ok(())
    });
    outcome.unwrap_or_else(|e| panic!("{e}"));
}

#[test]
fn chip_tables_of_noise() {
    let regime = crate::regime("none");
    tried(2000, OF_CSV, |source| {
        let sale = SaleQuery {
            on: "2024-06-01".parse().unwrap(),
            to: "CHN",
            buyer_hq: None,
        };
        let _ = rulings(crate::library(), &regime, &sale, Some((source, &[])));
    });
}

#[test]
fn tables_of_evidence_of_noise() {
    let configs = Configs::embedded();
    tried(300, OF_CSV, |source| {
        let _ = Evidence::of(&configs, source);
    });
}

#[test]
fn studies_and_figures_of_noise() {
    let configs = Configs::embedded();
    tried(300, OF_TOML, |source| {
        let _ = study::read(source, &configs);
        let _ = figure::read(source, "noise");
    });
}

/// Files that are read from their place: noise stands there.
#[test]
fn parameters_map_splits_and_registration_of_noise() {
    tried(150, OF_TOML, |source| {
        let with = |path: &str| {
            let file = (path.to_string(), source.text.clone());
            Configs::embedded().with([file].into())
        };
        let _ = ParameterSet::read(&with("parameters/market.toml"));
        let _ = Evidence::read(&with("evidence/map.toml"));
        let _ = splits::read(&with("evidence/splits.toml"));
        let _ = Registration::read(&with("evidence/registration.toml"), &pattern_names());
    });
}

#[test]
fn rules_of_noise() {
    tried(100, OF_TOML, |source| {
        let _ = Library::read(Configs::embedded(), std::slice::from_ref(source));
    });
}

/// A shipped rule whose condition is noise: whatever it says, the reader answers.
#[test]
fn conditions_of_noise_inside_a_whole_rule() {
    const WORDS: &[&str] = &[
        "tpp",
        "vendor",
        "'NVIDIA'",
        "4800",
        "1e26",
        " && ",
        " || ",
        "!",
        "(",
        ")",
        " >= ",
        " < ",
        " == ",
        " + ",
        " - ",
        "true",
        "us_2022_10_3a090",
        "[",
        "]",
        ".",
        "?",
        ":",
        "in",
        "size(",
        "'",
        "null",
        "-",
        " ",
    ];
    let rule = super::shipped("rules/hypothetical/embargo.toml");
    let line = rule.lines().find(|l| l.starts_with("condition")).unwrap();
    let id = rule.lines().find(|l| l.starts_with("id")).unwrap();
    tried(150, WORDS, |source| {
        let condition = format!("condition = {}", toml::Value::from(source.text.as_str()));
        let text = rule.replace(line, &condition).replace(id, "id = \"noise\"");
        let source = Source {
            name: "noise.toml".into(),
            text,
        };
        let _ = Library::read(Configs::embedded(), std::slice::from_ref(&source));
    });
}
