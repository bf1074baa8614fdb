//! Relations of tables: order, names, empty rows, splits, units.

use chokepoint::config::world::LabRow;
use chokepoint::study::{Library, Worker};

use super::*;

/// Every measure that two worlds share agrees, bit for bit or to within a part.
fn agree(
    ours: &Plan,
    theirs: &Plan,
    relative: f64,
    scale: impl Fn(&str) -> f64,
    months: usize,
    only: impl Fn(&str, &str) -> bool,
) {
    let mut a = Worker::new(&ours.blueprint);
    let mut b = Worker::new(&theirs.blueprint);
    for number in 0..FUTURES {
        a.run(&ours.calendars[0], &ours.future(number), months, false);
        b.run(&theirs.calendars[0], &theirs.future(number), months, false);
        let (x, y) = (a.record(), b.record());
        for (at, (measure, entity)) in ours.blueprint.watch.columns.names().iter().enumerate() {
            let Some(other) = theirs.blueprint.watch.columns.find(measure, entity) else {
                continue;
            };
            if !only(measure, entity) {
                continue;
            }
            let largest = x.column(at)[..months]
                .iter()
                .copied()
                .filter(|v| v.is_finite())
                .fold(1.0, f64::max);
            for t in 0..months {
                let (mine, yours) = (x.column(at)[t] * scale(measure), y.column(other)[t]);
                let exact = mine.to_bits() == yours.to_bits() || (mine.is_nan() && yours.is_nan());
                let same = exact || (mine - yours).abs() < relative * largest * scale(measure);
                assert!(
                    same,
                    "future {number}, month {t}, {measure} of {entity}: {mine} {yours}"
                );
            }
        }
    }
}

fn everything(_: &str, _: &str) -> bool {
    true
}

fn once(_: &str) -> f64 {
    1.0
}

fn history(library: &Library) -> Plan {
    plan(library, vec![library.regime("history-free").unwrap()], &[])
}

#[test]
fn r05_the_order_of_lines_means_nothing() {
    let turned = library_with(|l| {
        l.nations.reverse();
        l.chips.reverse();
        l.tables.makers.reverse();
        l.tables.labs.reverse();
        l.tables.pools.reverse();
        l.tables.demand.reverse();
        l.places.power.reverse();
        l.places.hubs.reverse();
    });
    let (ours, theirs) = (history(crate::library()), history(&turned));
    agree(&ours, &theirs, 0.0, once, ours.blueprint.months, everything);
}

#[test]
fn r06_a_display_name_means_nothing() {
    let renamed = library_with(|l| {
        l.nations
            .iter_mut()
            .for_each(|n| n.name = format!("Land {}", n.iso3));
        l.tables
            .labs
            .iter_mut()
            .for_each(|n| n.name = format!("Lab {}", n.key));
        l.tables
            .makers
            .iter_mut()
            .for_each(|n| n.name = format!("Maker {}", n.key));
    });
    let (ours, theirs) = (history(crate::library()), history(&renamed));
    assert!(
        theirs
            .blueprint
            .lab_names
            .iter()
            .any(|n| n == "Lab deepseek")
    );
    agree(&ours, &theirs, 0.0, once, ours.blueprint.months, everything);
}

#[test]
fn r07_a_nation_with_nothing_changes_nothing_for_others() {
    let more = library_with(|l| {
        let mut nation = l.nations.iter().find(|n| n.iso3 == "KEN").unwrap().clone();
        nation.iso3 = "ZZZ".into();
        nation.gdp_usd_2024 = 0.0;
        l.nations.push(nation);
    });
    let (ours, theirs) = (history(crate::library()), history(&more));
    agree(&ours, &theirs, 0.0, once, ours.blueprint.months, everything);
}

#[test]
fn r08_a_lab_with_nothing_changes_nothing_for_others() {
    let more = library_with(|l| {
        let mut lab = l.tables.labs[0].clone();
        lab.key = "zzz-nothing".into();
        lab.compute_2025_h100e = Some(0.0);
        l.tables.labs.push(lab);
    });
    let (ours, theirs) = (history(crate::library()), history(&more));
    agree(&ours, &theirs, 0.0, once, ours.blueprint.months, everything);
}

/// Every lab of the issuer as two of half its size.
fn halved(labs: &mut Vec<LabRow>) {
    let mut all = Vec::new();
    for lab in labs.drain(..) {
        if lab.home != "USA" {
            all.push(lab);
            continue;
        }
        for half in ["a", "b"] {
            let mut part = lab.clone();
            part.key = format!("{}-{half}", lab.key);
            part.compute_2025_h100e = part.compute_2025_h100e.map(|c| c / 2.0);
            part.compute_2026_h100e = part.compute_2026_h100e.map(|c| c / 2.0);
            all.push(part);
        }
    }
    *labs = all;
}

#[test]
fn r09_halved_labs_leave_the_bloc_as_it_is_and_shrink_its_largest_run() {
    let split = library_with(|l| halved(&mut l.tables.labs));
    // No luck of their own, no difference in skill or in the length of runs, nothing that turns on the scale of a lab.
    let set = [
        ("run_luck_points", 0.0),
        ("lab_skill_sd", 0.0),
        ("run_length_shape", 1e9),
        ("release_delay_max_months", 0.0),
        ("scale_dependence", 0.0),
        ("service_investment_elasticity", 0.0),
    ];
    let of = |l: &Library| plan(l, vec![l.regime("none").unwrap()], &set);
    let (ours, theirs) = (of(crate::library()), of(&split));
    agree(&ours, &theirs, 1e-9, once, 120, |m, e| {
        m == "compute_h100e" && ["issuer", "target", "third"].contains(&e)
    });
    agree(&ours, &theirs, 1e-6, once, 120, |m, e| {
        m == "algorithmic_efficiency" && e == "issuer"
    });
    let mut workers = [Worker::new(&ours.blueprint), Worker::new(&theirs.blueprint)];
    for number in 0..FUTURES {
        let future = ours.future(number);
        let whole = value(
            &mut workers[0],
            &ours,
            0,
            &future,
            ("frontier_points", "issuer"),
            120,
        );
        let halves = value(
            &mut workers[1],
            &theirs,
            0,
            &theirs.future(number),
            ("frontier_points", "issuer"),
            120,
        );
        let less = future.parameters.points_per_decade_of_compute * 2_f64.log10();
        // Distillation gives back a part of what is missing against the best rival.
        assert!(
            (whole - halves - less).abs() < 0.05 * less,
            "future {number}: {} {less}",
            whole - halves
        );
    }
}

#[test]
fn r10_a_chip_listed_twice_is_one_chip() {
    let twice = library_with(|l| {
        let mut again = l
            .chips
            .iter()
            .find(|c| c.chip == "H100 SXM")
            .unwrap()
            .clone();
        again.key += "-again";
        again.chip += " again";
        l.chips.push(again);
    });
    // A maker ends each line by its own sales, so two lines end sooner than one.
    let of = |l: &Library| {
        plan(
            l,
            vec![l.regime("history-free").unwrap()],
            &[("end_of_sale_share", 0.0)],
        )
    };
    let (ours, theirs) = (of(crate::library()), of(&twice));
    let same =
        |m: &str, _: &str| ["maker_share_value", "compute_h100e", "maker_revenue_usd"].contains(&m);
    agree(&ours, &theirs, 1e-9, once, ours.blueprint.months, same);
}

#[test]
fn r11_a_nation_in_two_parts_leaves_world_and_blocs_as_they_are() {
    let split = library_with(|l| {
        let whole = l.nations.iter_mut().find(|n| n.iso3 == "DEU").unwrap();
        whole.gdp_usd_2024 /= 2.0;
        let mut part = whole.clone();
        part.iso3 = "DEX".into();
        l.nations.push(part);
        // Its labs stay together in one part: they use a share of what a nation holds.
        l.tables.labs.retain(|lab| lab.home != "DEU");
    });
    let ours = history(&library_with(|l| {
        l.tables.labs.retain(|lab| lab.home != "DEU")
    }));
    let theirs = history(&split);
    let blocs =
        |_: &str, e: &str| ["world", "issuer", "target", "third", "target_vs_issuer"].contains(&e);
    agree(&ours, &theirs, 1e-9, once, ours.blueprint.months, blocs);
}

/// Parameters that are amounts: of money, chips, compute, wafers.
const EXTENSIVE: &[&str] = &[
    "chips_at_start",
    "capex_ceiling_usd",
    "target_wants_ceiling_usd",
    "redesign_cost_usd",
    "smic_learning_million_dies",
    "smic_ceiling_wafers",
    "hbm_domestic_ceiling_stacks",
    "hbm_stockpile_stacks",
    "tool_sales_target_usd_per_year",
    "research_reference_h100e",
    "run_reference_h100e",
    "detection_volume_packages",
    "broker_start_packages",
];

/// Parameters in money.
fn money() -> Vec<&'static str> {
    chokepoint::foundation::parameters::Parameters::NAMES
        .iter()
        .map(|(_, id)| *id)
        .filter(|id| id.contains("_usd") && !id.contains("log_value"))
        .collect()
}

/// The central value of these parameters times a factor; everything else is drawn.
fn fixed<'a>(ids: &[&'a str], factor: f64) -> Vec<(&'a str, f64)> {
    ids.iter()
        .map(|id| {
            let p = crate::library()
                .parameters
                .0
                .iter()
                .find(|p| p.id == *id)
                .unwrap();
            (*id, factor * p.value)
        })
        .collect()
}

/// Measures that are amounts.
fn doubles(measure: &str) -> f64 {
    const AMOUNTS: &[&str] = &[
        "compute_h100e",
        "compute_owned_h100e",
        "compute_serving_h100e",
        "compute_peak_h100e",
        "maker_revenue_usd",
        "maker_units",
        "maker_hbm_units",
        "maker_peak_h100e",
        "grey_units",
        "grey_peak_h100e",
        "largest_run_h100e_months",
        "maker_tpp",
        "variant_units",
        "maker_rd_usd",
        "wafer_capacity",
        "hbm_supply",
        "licences_pending",
        "levy_usd",
        "backlog_usd",
        "grey_h100e",
        "seized_h100e",
        "rented_h100e",
        "service_revenue_usd",
        "allied_supplier_revenue_usd",
        "issuer_tool_revenue_usd",
        "inflow_h100e",
        "inflow_serving_h100e",
    ];
    if AMOUNTS.contains(&measure) { 2.0 } else { 1.0 }
}

#[test]
fn r12_a_world_twice_as_large_has_the_same_prices_shares_and_gaps() {
    let large = library_with(|l| {
        l.nations.iter_mut().for_each(|n| n.gdp_usd_2024 *= 2.0);
        l.tables.pools.iter_mut().for_each(|p| p.value *= 2.0);
        l.places
            .power
            .iter_mut()
            .for_each(|p| p.dc_capacity_gw *= 2.0);
        let amounts = ["hyperscaler_capex", "target_wants", "third_demand"];
        l.tables
            .demand
            .iter_mut()
            .filter(|d| amounts.contains(&d.series.as_str()))
            .for_each(|d| d.value *= 2.0);
    });
    let of = |l: &Library, times: f64| {
        plan(
            l,
            vec![l.regime("history-free").unwrap()],
            &fixed(EXTENSIVE, times),
        )
    };
    let (ours, theirs) = (of(crate::library(), 1.0), of(&large, 2.0));
    agree(
        &ours,
        &theirs,
        1e-9,
        doubles,
        ours.blueprint.months,
        everything,
    );
}

#[test]
fn r13_another_currency_changes_no_quantity() {
    const RATE: f64 = 7.1;
    let other = library_with(|l| {
        l.nations.iter_mut().for_each(|n| n.gdp_usd_2024 *= RATE);
        l.chips
            .iter_mut()
            .for_each(|c| c.list_price_usd = c.list_price_usd.map(|p| p * RATE));
        let amounts = ["hyperscaler_capex", "target_wants", "third_demand"];
        l.tables
            .demand
            .iter_mut()
            .filter(|d| amounts.contains(&d.series.as_str()))
            .for_each(|d| d.value *= RATE);
    });
    let of = |l: &Library, times: f64| {
        plan(
            l,
            vec![l.regime("history-free").unwrap()],
            &fixed(&money(), times),
        )
    };
    let (ours, theirs) = (of(crate::library(), 1.0), of(&other, RATE));
    let quantity = |m: &str, _: &str| !m.contains("usd");
    agree(&ours, &theirs, 1e-9, once, ours.blueprint.months, quantity);
}

#[test]
fn r15_a_clock_that_runs_longer_shows_the_same_months() {
    let library = crate::library();
    let mut study = study_of(&["history-free"]);
    let long = Plan::of(
        library,
        study.clone(),
        vec![library.regime("history-free").unwrap()],
        PlanSettings {
            seed: 3,
            runs: FUTURES,
            ..PlanSettings::default()
        },
    )
    .unwrap();
    study.last_month = "2030-12".parse().unwrap();
    let short = Plan::of(
        library,
        study,
        vec![library.regime("history-free").unwrap()],
        PlanSettings {
            seed: 3,
            runs: FUTURES,
            ..PlanSettings::default()
        },
    )
    .unwrap();
    agree(
        &short,
        &long,
        1e-9,
        once,
        short.blueprint.months,
        everything,
    );
}
