//! Makers design the chips that were sold under each rule, from profit and the verdicts of the law alone.

use chokepoint::questions::designs::{DesignOption, designs};

use crate::{library, regime};

fn best(parent: &str, law: &str, on: &str) -> Vec<DesignOption> {
    let chip = library().chip(parent).unwrap();
    designs(library(), chip, &regime(law), on.parse().unwrap(), "CHN").unwrap()
}

fn io(design: &DesignOption) -> f64 {
    design.spec.interconnect_gbps + design.spec.host_link_gbps
}

#[test]
fn under_the_first_line_an_h100_loses_links_and_keeps_its_compute() {
    let found = best("H100 SXM", "oct22", "2022-12-01");
    assert!(io(&found[0]) < 600.0, "io {}", io(&found[0]));
    assert!(found[0].tpp >= 0.95 * 15832.0, "TPP {}", found[0].tpp);
}

#[test]
fn under_the_second_line_an_h100_loses_compute_and_keeps_links_and_memory() {
    let found = best("H100 SXM", "oct23", "2024-01-01");
    assert!(
        found[0].tpp < 2400.0 && found[0].tpp > 0.97 * 2400.0,
        "TPP {}",
        found[0].tpp
    );
    assert!(found[0].interconnect_gbps > 0.99 * 900.0);
    assert!(found[0].mem_bandwidth_tbs >= 3.35);
}

#[test]
fn under_the_letter_of_april_2025_a_cheap_single_die_stays_below_both_memory_lines() {
    let found = best("RTX PRO 6000 Blackwell", "history-free", "2025-05-01");
    assert!(
        found[0].mem_bandwidth_tbs < 1.4,
        "memory {}",
        found[0].mem_bandwidth_tbs
    );
    assert!(found[0].mem_bandwidth_tbs + io(&found[0]) / 1000.0 < 1.7);
    let dear = best("H100 SXM", "history-free", "2025-05-01");
    assert!(
        found[0].profit_usd > dear[0].profit_usd,
        "cheap {} against {}",
        found[0].profit_usd,
        dear[0].profit_usd
    );
}

#[test]
fn under_the_first_line_an_a100_has_two_ways_out_of_nearly_the_same_worth() {
    for parent in ["A100 40GB SXM", "A100 80GB SXM"] {
        let found = best(parent, "oct22", "2022-12-01");
        assert_eq!(
            (found[0].cut.as_str(), found[1].cut.as_str()),
            ("links", "compute")
        );
        let difference = (found[0].value - found[1].value).abs() / found[0].value;
        assert!(difference < 0.02, "{parent}: {difference}");
    }
}

#[test]
fn a_large_die_is_a_way_round_density_and_carries_its_cost() {
    let found = best("Instinct MI300X", "oct23", "2024-01-01");
    assert!(found[0].tpp > 2400.0, "TPP {}", found[0].tpp);
    assert!(found[0].spec.tpp / found[0].spec.die_area_mm2 < 1.6);
}

#[test]
fn after_january_2026_no_design_is_made_for_the_line_of_chips_on_sale_in_the_issuer() {
    // The case-by-case line holds only for chips on sale by 2026-01-15, so a new design gains nothing from it.
    let found = best("H200 SXM", "history-free", "2026-02-01");
    assert!(found.iter().all(|d| d.tpp < 2400.0));
}

#[test]
fn without_a_rule_nobody_redesigns() {
    let found = best("H100 SXM", "none", "2024-01-01");
    assert_eq!(found[0].cut, "nothing");
}
