//! Documents say what the code does: schemas, commands, the table of arrows.

use std::path::Path;

use crate::golden;

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
    let outcomes: Vec<&str> = chokepoint::measures::OUTCOMES
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
    let text = chokepoint::study::reference::markdown(crate::library());
    let now = chokepoint::study::reference::replaced(&page, &text).unwrap();
    golden::compare_text("docs/odd.md", &now);
    let month = read("src/month.rs");
    let body = month
        .split("month.add_systems(")
        .nth(1)
        .unwrap()
        .split(".chain()")
        .collect::<String>();
    let code: String = body
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join(" ");
    let systems: Vec<&str> = code
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|w| w.contains('_') || *w == "trade" || *w == "steal")
        .filter(|w| month.contains(&format!("{w},")) || month.contains(&format!("{w})")))
        .filter(|w| !["resource_mut", "mut_clock"].contains(w))
        .collect();
    assert!(systems.len() >= 22, "{systems:?}");
    for system in systems {
        assert!(
            page.contains(&format!("`{system}`")),
            "the system `{system}` is not in docs/odd.md"
        );
    }
    for file in ["nation", "chipmaker", "lab", "broker", "users", "host"] {
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
