//! Documents say what the code does: schemas, commands, modules, numbers, versions.

use std::collections::BTreeSet;
use std::path::Path;

use chokepoint::foundation::calendar::Date;
use chokepoint::month::Phase;

use crate::{claims, golden, library, relations};

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    for (kind, schema) in chokepoint::config::schemas() {
        let now = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        golden::compare_text(&format!("configs/schema/{kind}.json"), &now);
    }
}

#[test]
fn the_first_screen_of_the_readme_holds_its_two_commands() {
    let first: String = read("README.md")
        .lines()
        .take(40)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        first
            .contains("cargo run --release --locked -- run configs/studies/did-controls-work.toml")
    );
    assert!(first.contains("cargo test --release --locked"));
    // What the README and CI call the test command is one command.
    assert!(read(".ci/run").contains("cargo test --release --locked"));
}

#[test]
fn every_module_stands_in_the_page_on_architecture() {
    let page = read("ARCHITECTURE.md");
    let lib = read("src/lib.rs");
    for module in lib
        .lines()
        .filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';'))
    {
        assert!(
            page.contains(&format!("`{module}`")),
            "no `{module}` in ARCHITECTURE.md"
        );
    }
}

#[test]
fn every_table_of_the_world_is_described_and_epoch_ai_is_credited() {
    let readme = read("configs/world/README.md");
    for entry in
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/world")).unwrap()
    {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if name.ends_with(".csv") {
            assert!(
                readme.contains(&name),
                "no {name} in configs/world/README.md"
            );
        }
    }
    assert!(read("NOTICE").contains("Epoch AI") && read("NOTICE").contains("CC BY 4.0"));
}

#[test]
fn the_names_fixed_for_outcomes_are_all_there() {
    let outcomes: Vec<&str> = chokepoint::outputs::outcomes::OUTCOMES
        .iter()
        .map(|o| o.name)
        .collect();
    for name in [
        "latent_gap_months_mean",
        "latent_gap_points_mean",
        "gap_crossing_months",
        "gap_trend_months_mean",
        "gap_months_mean",
        "gap_months_end",
        "gap_points_mean",
        "gap_points_end",
        "open_closed_gap_months_mean",
        "target_compute_h100e_end",
        "target_compute_share_end",
        "target_self_sufficiency_end",
        "target_self_sufficiency_fab_end",
        "target_frontier_points_end",
        "issuer_frontier_points_end",
        "world_frontier_points_end",
        "third_compute_h100e_end",
        "supply_tight_share",
        "added_compute_ratio",
        "us_maker_revenue_usd",
        "us_maker_rd_usd",
        "us_maker_share_world_end",
        "us_maker_share_target_end",
        "us_maker_share_third_end",
        "target_maker_share_third_end",
        "world_hhi_end",
        "price_usd_per_h100e_mean",
        "levy_revenue_usd",
    ] {
        assert!(outcomes.contains(&name), "{name}");
    }
}

#[test]
fn the_page_of_the_odd_protocol_is_generated_and_names_every_system_and_component() {
    let page = read("docs/odd.md");
    let text = chokepoint::study::reference::markdown(library());
    let now = chokepoint::study::reference::replaced(&page, &text).unwrap();
    golden::compare_text("docs/odd.md", &now);
    for path in Phase::ALL.iter().flat_map(|phase| phase.systems()) {
        let system = path.rsplit("::").next().unwrap();
        assert!(
            page.contains(&format!("`{system}`")),
            "the system `{system}` is not in docs/odd.md"
        );
    }
    for file in [
        "nation",
        "compute",
        "chipmaker",
        "lab",
        "broker",
        "users",
        "host",
    ] {
        let source = read(&format!("src/agents/{file}.rs"));
        let mut derives = false;
        for line in source.lines() {
            derives =
                derives && line.starts_with("pub struct") || line.contains("#[derive(Component");
            if let Some(name) = line.strip_prefix("pub struct ").filter(|_| derives) {
                let name: String = name.chars().take_while(|c| c.is_alphanumeric()).collect();
                assert!(
                    page.contains(&format!("`{name}`")),
                    "the component `{name}` is not in docs/odd.md"
                );
                derives = false;
            }
        }
    }
}

#[test]
fn the_tour_leads_to_files_that_exist() {
    let tour = read("src/lib.rs");
    let paths: Vec<&str> = tour
        .split('`')
        .filter(|p| p.starts_with("src/") || p.starts_with("configs/"))
        .collect();
    assert!(paths.len() >= 8, "{paths:?}");
    for path in paths {
        assert!(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists(),
            "{path}"
        );
    }
}

/// Pages about the program as it is. The changelog and the decision records are about the program as it was.
fn pages() -> Vec<(String, String)> {
    let mut paths: Vec<String> = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "plots/README.md",
        "python/README.md",
        "configs/world/README.md",
    ]
    .map(String::from)
    .into();
    for folder in ["docs", "docs/guide/src"] {
        for entry in std::fs::read_dir(golden::place(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                paths.push(format!("{folder}/{name}"));
            }
        }
    }
    assert!(paths.len() > 15, "{paths:?}");
    paths.into_iter().map(|p| (p.clone(), read(&p))).collect()
}

/// The number that a word or a row of digits says.
fn number_of(word: &str) -> Option<usize> {
    const WORDS: [&str; 21] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let lower = word.to_lowercase();
    let spelt = WORDS.iter().position(|w| *w == lower);
    spelt.or_else(|| word.replace(',', "").parse().ok())
}

/// Every number that stands directly before these words.
fn quoted(text: &str, words: &str) -> Vec<usize> {
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    plain
        .match_indices(&format!(" {words}"))
        .filter(|(at, found)| !plain[at + found.len()..].starts_with(char::is_alphanumeric))
        .filter_map(|(at, _)| number_of(plain[..at].rsplit(' ').next()?))
        .collect()
}

#[test]
fn numbers_are_found_in_digits_and_in_words() {
    let text =
        "Ten studies, of 1,000\nfutures; (42 relations), some studies and two studiesque words.";
    assert_eq!(quoted(text, "studies"), [10]);
    assert_eq!(quoted(text, "futures"), [1000]);
    assert_eq!(quoted(text, "relations"), [42]);
}

#[test]
fn numbers_that_documents_quote_are_those_of_the_code() {
    let configs = &library().configs;
    // S9 is asked by two files.
    let studies: BTreeSet<String> = configs
        .list("studies", ".toml")
        .iter()
        .filter_map(|path| path.strip_prefix("studies/s"))
        .map(|name| name.chars().take_while(char::is_ascii_digit).collect())
        .filter(|number: &String| !number.is_empty())
        .collect();
    let parameters = &library().parameters.0;
    let sampled = parameters.iter().filter(|p| p.prior.is_some()).count();
    let splits: toml::Table = read("configs/evidence/splits.toml").parse().unwrap();
    let kinds: BTreeSet<&str> = splits["split"]
        .as_array()
        .unwrap()
        .iter()
        .map(|split| split["name"].as_str().unwrap())
        // The final fit uses every row and tests nothing.
        .filter(|name| *name != "final")
        .map(|name| name.split('-').next().unwrap())
        .collect();
    let tutorials = std::fs::read_dir(golden::place("python/tutorials")).unwrap();
    let tutorials = tutorials
        .filter(|e| e.as_ref().unwrap().path().extension() == Some("ipynb".as_ref()))
        .count();
    let counts = [
        ("studies", studies.len()),
        ("sampled parameters", sampled),
        ("parameters are sampled", sampled),
        ("kinds of split", kinds.len()),
        ("tutorials", tutorials),
        ("relations", relations::tested()),
    ];
    let mut checked = 0;
    for (path, text) in pages() {
        for (words, count) in counts {
            for number in quoted(&text, words) {
                assert_eq!(number, count, "{path}: {number} {words}");
                checked += 1;
            }
        }
    }
    assert!(checked >= 2, "{checked} numbers were found");
}

#[test]
fn the_number_of_claims_that_hold_is_counted_from_the_table_and_the_code() {
    let page = read("docs/claims.md");
    let table = page.split("<!-- begin").nth(1).unwrap();
    let table = table.split("<!-- end -->").next().unwrap();
    let rows: Vec<&str> = table.lines().filter(|l| l.starts_with("| C")).collect();
    let fail = rows.iter().filter(|l| l.contains("| **no** |")).count();
    assert_eq!(
        rows.len(),
        claims::test_names().len(),
        "docs/claims.md is old: run `just claims`"
    );
    let sentence = format!("{} of {} tests hold", rows.len() - fail, rows.len());
    assert!(table.contains(&sentence), "{sentence}");
    for (path, text) in pages() {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            quoted(&text, "tests hold").len(),
            plain.matches(&sentence).count(),
            "{path} quotes another number than {sentence}"
        );
    }
}

/// Keys of the Citation File Format 1.2.0 at the top of a file.
const CITATION_KEYS: [&str; 21] = [
    "abstract",
    "authors",
    "cff-version",
    "commit",
    "contact",
    "date-released",
    "doi",
    "identifiers",
    "keywords",
    "license",
    "license-url",
    "message",
    "preferred-citation",
    "references",
    "repository",
    "repository-artifact",
    "repository-code",
    "title",
    "type",
    "url",
    "version",
];

#[test]
fn the_citation_file_has_the_required_keys_and_the_version_and_licence_of_the_package() {
    let text = read("CITATION.cff");
    assert!(!text.contains('\t'), "YAML is indented by spaces");
    let top: Vec<(&str, &str)> = text
        .lines()
        .filter(|l| !l.starts_with([' ', '#']) && !l.trim().is_empty())
        .map(|l| l.split_once(':').unwrap_or_else(|| panic!("no key: {l}")))
        .map(|(key, value)| (key, value.trim().trim_matches('"')))
        .collect();
    for (at, (key, _)) in top.iter().enumerate() {
        assert!(CITATION_KEYS.contains(key), "{key} is no key of the format");
        assert!(
            top[..at].iter().all(|(k, _)| k != key),
            "{key} stands twice"
        );
    }
    let value = |key: &str| {
        let found = top.iter().find(|(k, _)| *k == key);
        found
            .unwrap_or_else(|| panic!("CITATION.cff lacks {key}"))
            .1
    };
    assert_eq!(value("cff-version"), "1.2.0");
    assert!(!value("message").is_empty() && !value("title").is_empty());
    assert_eq!(value("type"), "software");
    assert_eq!(value("version"), env!("CARGO_PKG_VERSION"));
    let items = |key: &str| -> Vec<&str> {
        let lines = text
            .lines()
            .skip_while(|l| !l.starts_with(&format!("{key}:")));
        lines
            .skip(1)
            .take_while(|l| l.starts_with(' '))
            .filter_map(|l| l.trim_start().strip_prefix("- "))
            .collect()
    };
    let authors = items("authors");
    assert!(!authors.is_empty(), "CITATION.cff lacks an author");
    for author in authors {
        let keys = ["name:", "family-names:", "given-names:", "alias:"];
        assert!(keys.iter().any(|k| author.starts_with(k)), "{author}");
    }
    assert_eq!(items("license").join(" OR "), env!("CARGO_PKG_LICENSE"));
}

/// The citation file, from what `Cargo.toml` states.
fn citation() -> String {
    let authors = env!("CARGO_PKG_AUTHORS").split(':');
    let authors: String = authors
        .map(|author| match author.split_once(", ") {
            Some((family, given)) => {
                format!("  - family-names: \"{family}\"\n    given-names: \"{given}\"\n")
            }
            None => format!("  - name: \"{author}\"\n"),
        })
        .collect();
    let licences: String = env!("CARGO_PKG_LICENSE")
        .split(" OR ")
        .map(|licence| format!("  - {licence}\n"))
        .collect();
    let address = match env!("CARGO_PKG_REPOSITORY") {
        "" => String::new(),
        address => format!("repository-code: \"{address}\"\n"),
    };
    let released = match env!("CHOKEPOINT_RELEASED") {
        "" => String::new(),
        day => format!("date-released: \"{day}\"\n"),
    };
    let subject = env!("CARGO_PKG_DESCRIPTION").trim_start_matches("A ");
    format!(
        "cff-version: 1.2.0\n\
         message: \"If you use this software, please cite it, and the hash of its source from `manifest.json`.\"\n\
         title: \"Chokepoint: a {subject}\"\n\
         type: software\n\
         version: {}\n\
         {released}{address}license:\n{licences}authors:\n{authors}keywords:\n  - agent-based model\n  - export controls\n  \
         - policy simulation\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[test]
fn the_citation_file_states_what_the_package_states() {
    golden::compare_text("CITATION.cff", &citation());
}

#[test]
fn version_authors_and_address_stand_in_one_file() {
    let python = read("python/Cargo.toml");
    for key in ["version", "authors", "repository", "license"] {
        let inherited = format!("\n{key}.workspace = true\n");
        assert!(python.contains(&inherited), "python/Cargo.toml: {key}");
        assert!(read("Cargo.toml").contains(&inherited), "Cargo.toml: {key}");
    }
    let wheel = read("python/pyproject.toml");
    assert!(wheel.contains("dynamic = [\"version\", \"authors\", \"urls\"]"));
    for (key, value) in [
        ("description", env!("CARGO_PKG_DESCRIPTION")),
        ("license", env!("CARGO_PKG_LICENSE")),
    ] {
        let line = format!("\n{key} = \"{value}\"\n");
        assert!(wheel.contains(&line), "python/pyproject.toml: {key}");
    }
    // What is read from there needs no line of its own.
    let stated = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
    for path in [
        "docs/site/conf.py",
        "release/make.sh",
        "python/chokepoint/__init__.py",
    ] {
        assert!(!read(path).contains(&stated), "{path} repeats the version");
    }
}

#[test]
fn the_changelog_has_a_dated_section_for_the_current_version_and_newer_ones_first() {
    let text = read("CHANGELOG.md");
    let sections: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("## ")).collect();
    let versions: Vec<([u32; 3], Date)> = sections
        .iter()
        .filter(|s| **s != "Unreleased")
        .map(|s| {
            let (version, date) = s
                .strip_suffix(')')
                .and_then(|s| s.split_once(" ("))
                .unwrap_or_else(|| panic!("a version and its date expected: {s}"));
            let parts: Vec<u32> = version.split('.').map(|p| p.parse().unwrap()).collect();
            let date = date
                .parse()
                .unwrap_or_else(|_| panic!("a date expected: {s}"));
            (parts.try_into().unwrap(), date)
        })
        .collect();
    for pair in versions.windows(2) {
        assert!(
            pair[0].0 > pair[1].0 && pair[0].1 >= pair[1].1,
            "{:?} stands above {:?}",
            pair[0].0,
            pair[1].0
        );
    }
    let current = format!("{} (", env!("CARGO_PKG_VERSION"));
    let first = sections.iter().find(|s| **s != "Unreleased").unwrap();
    assert!(
        first.starts_with(&current),
        "the newest section is {first}, the package {current}"
    );
}
