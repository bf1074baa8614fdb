//! Useful throughput agrees with what users of real chips report, and the table of chips is complete.

use chokepoint::technology::chip::{
    peak_h100e, serving_throughput, training_throughput, unit_cost_usd,
};

use crate::library;

/// Training and serving throughput relative to an H100, at the centre of the parameters, arithmetic in 16 bits.
fn useful(name: &str) -> (f64, f64) {
    let p = library().parameters.central();
    let spec = library().chip(name).unwrap().spec(|_| 1.0);
    (
        training_throughput(&spec, p.overlap_share, 0.0, &p),
        serving_throughput(&spec, &p),
    )
}

#[test]
fn a_cut_of_links_costs_little_and_a_cut_of_compute_costs_much() {
    let training = |name| useful(name).0;
    // An A800 is an A100 with 400 of 600 GB/s; reports of its loss lie between 0 and 10 %.
    let a800 = training("A800 80GB SXM") / training("A100 80GB SXM");
    assert!(a800 > 0.90 && a800 < 1.0, "A800/A100 {a800}");
    // An H800 loses more, for its compute waits more for its links.
    let h800 = training("H800 SXM");
    assert!(h800 > 0.75 && h800 < 0.97, "H800/H100 {h800}");
    assert!(h800 < a800);
    // An H20 has 15 % of the compute.
    let h20 = training("H20 96GB");
    assert!(h20 > 0.13 && h20 < 0.25, "H20/H100 training {h20}");
}

#[test]
fn serving_values_memory() {
    let (training, serving) = useful("H20 96GB");
    assert!(
        serving > 3.0 * training && serving > 0.6 && serving < 1.2,
        "H20 serving {serving}"
    );
    assert!(useful("H200 SXM").1 > 1.2);
}

#[test]
fn an_h100_is_one_of_everything() {
    let (training, serving) = useful("H100 SXM");
    assert!((training - 1.0).abs() < 0.01 && (serving - 1.0).abs() < 0.01);
    assert!((peak_h100e(&library().chip("H100 SXM").unwrap().spec(|_| 1.0)) - 1.0).abs() < 0.01);
}

#[test]
fn skill_raises_the_worth_of_what_is_left_under_a_link_rule_and_lowers_it_under_a_compute_rule() {
    // Against an equally skilled user of an H100: overlap hides links and memory, never arithmetic.
    let p = library().parameters.central();
    let at = |name: &str, overlap: f64| {
        training_throughput(
            &library().chip(name).unwrap().spec(|_| 1.0),
            overlap,
            0.0,
            &p,
        )
    };
    assert!(at("H800 SXM", 0.8) > at("H800 SXM", 0.0));
    assert!(at("H20 96GB", 0.8) < at("H20 96GB", 0.0));
}

#[test]
fn an_h100_costs_2000_to_6000_usd_to_make_and_a_workstation_card_under_six_tenths_of_that() {
    let p = library().parameters.central();
    let cost = |name: &str| unit_cost_usd(&library().chip(name).unwrap().spec(|_| 1.0), &p);
    assert!(
        cost("H100 SXM") > 2000.0 && cost("H100 SXM") < 6000.0,
        "{}",
        cost("H100 SXM")
    );
    assert!(cost("RTX PRO 6000 Blackwell") < 0.6 * cost("H100 SXM"));
}

#[test]
fn the_table_holds_every_chip_with_known_verdicts_and_each_chip_has_a_source() {
    let (_, matrix) = crate::rules::matrix();
    assert_eq!(matrix.len(), 68);
    for row in &matrix {
        assert!(
            library().chips.iter().any(|chip| chip.chip == row[0]),
            "{} has known verdicts and no row in the table",
            row[0]
        );
    }
    for chip in &library().chips {
        assert!(!chip.source.is_empty(), "{}", chip.chip);
        assert!(!chip.confidence.is_empty(), "{}", chip.chip);
    }
}
