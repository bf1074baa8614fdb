//! Questions about an ensemble: parts of an effect add up, parameters without effect explain nothing, and compute alone
//! accounts for the effect when every channel is off.

use std::collections::BTreeSet;

use chokepoint::config::draws::{FuturesTable, FuturesTableRow};
use chokepoint::config::study::StudyFile;
use chokepoint::foundation::channels::Channel;
use chokepoint::foundation::parameters::Parameters;
use chokepoint::questions::decompose::{accounting_points, decompose};
use chokepoint::questions::discover::{self, discover};
use chokepoint::questions::evaluate::{CustomFuture, EnsembleTable, evaluate, outcome};
use chokepoint::questions::ledger::ledger;
use chokepoint::questions::reversal::{self, analyse_reversal};
use chokepoint::questions::sensitivity::{CHANCE, OTHERS, SobolRow, choose_factors, morris, sobol};
use chokepoint::study::{Plan, PlanSettings, join, run_all};

use crate::{library, study_of};

/// Two arms over eight years, outcomes over three of them.
fn short(arms: &[&str]) -> StudyFile {
    let mut study = study_of(arms);
    study.last_month = "2027-12".parse().unwrap();
    study.window_months = 36;
    study
}

fn plan(arms: &[&str], runs: u32, set: &[(&str, f64)]) -> Plan {
    let settings = PlanSettings {
        seed: 5,
        runs,
        set: set.iter().map(|(id, v)| ((*id).to_string(), *v)).collect(),
        ..PlanSettings::default()
    };
    Plan::new(library(), short(arms), settings).unwrap()
}

/// A plan in which only these parameters are drawn.
fn only_drawn(free: &[&str], runs: u32) -> Plan {
    let values = library().parameters.central().values();
    let set: Vec<(&str, f64)> = Parameters::NAMES
        .iter()
        .zip(&values)
        .filter(|((_, id), _)| !free.contains(id))
        .map(|((_, id), v)| (*id, *v))
        .collect();
    plan(&["none", "embargo"], runs, &set)
}

#[test]
fn r37_shapley_values_over_groups_add_up_to_the_total_effect() {
    let plan = plan(&["none", "embargo"], 2, &[]);
    let parts = decompose(&plan, 1, &|| {}).unwrap();
    let results = join(
        &plan,
        run_all(&plan, &|| {}, &std::sync::atomic::AtomicBool::new(false)),
        "test",
    );
    let mut moved = 0;
    for whole in &parts.wholes {
        let effect = results
            .effects
            .iter()
            .find(|e| e.outcome == whole.outcome)
            .unwrap();
        if whole.excluded > 0 {
            continue;
        }
        let scale = whole.total.abs().max(whole.no_channel.abs()).max(1e-9);
        assert!(
            (whole.total - effect.mean).abs() <= 1e-12 * scale,
            "{whole:?}"
        );
        let sum = |rows: &[chokepoint::questions::decompose::EffectShare]| -> f64 {
            rows.iter()
                .filter(|p| p.outcome == whole.outcome)
                .map(|p| p.value)
                .sum()
        };
        let groups = whole.no_channel + sum(&parts.groups);
        assert!(
            (groups - whole.total).abs() <= 1e-9 * scale,
            "{groups} {whole:?}"
        );
        moved += usize::from(whole.total != whole.no_channel);
    }
    // Not empty: channels move most outcomes of an embargo.
    assert!(moved > 10, "{moved}");
    assert_eq!(
        parts
            .groups
            .iter()
            .filter(|p| p.outcome == "latent_gap_points_mean")
            .count(),
        7
    );
}

#[test]
fn chosen_parameters_are_factors_of_their_own_and_all_others_one() {
    let plan = only_drawn(
        &[
            "points_per_decade_of_compute",
            "refusal_probability",
            "catch_up_per_year",
        ],
        12,
    );
    let outcome = "latent_gap_points_mean".to_string();
    let named = ["points_per_decade_of_compute".to_string()];
    let chosen = choose_factors(&plan, &named, None).unwrap();
    let found = sobol(&plan, std::slice::from_ref(&outcome), &chosen, &|| {});
    let names: BTreeSet<&str> = found.rows.iter().map(|r| r.parameter.as_str()).collect();
    for name in [named[0].as_str(), OTHERS, CHANCE] {
        assert!(names.contains(name), "{names:?}");
    }
    assert!(!names.contains("catch_up_per_year"));

    // A table of futures names the factors, and gives their values.
    let place = chosen[0].place;
    let row = |value| FuturesTableRow {
        values: vec![value],
        ..FuturesTableRow::default()
    };
    let table = |values: &[f64]| FuturesTable {
        columns: vec![place],
        rows: values.iter().map(|v| row(*v)).collect(),
        ..FuturesTable::default()
    };
    let total = |values: &[f64]| {
        let chosen = choose_factors(&plan, &[], Some(&table(values))).unwrap();
        assert_eq!(chosen[0].values, values);
        let found = sobol(&plan, std::slice::from_ref(&outcome), &chosen, &|| {});
        let own = |r: &&SobolRow| r.parameter == named[0] && r.rows == 12 && !r.baseline.is_empty();
        found.rows.iter().find(own).unwrap().total
    };
    // One value has no variance to share; two far apart have much.
    assert_eq!(total(&[5.0, 5.0]), 0.0);
    assert!(total(&[1.0, 12.0]) > 0.3);

    for (name, why) in [
        (
            "points_per_decades_of_compute",
            "did you mean `points_per_decade_of_compute`?",
        ),
        ("lab_skill_sd", "no distribution"),
    ] {
        let refused = choose_factors(&plan, &[name.to_string()], None).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn with_every_channel_off_the_effect_is_what_compute_and_research_account_for() {
    // Nobody learns from anybody, ideas get no harder, labs of a bloc are equally able: what is left is arithmetic.
    let set = [
        ("catch_up_per_year", 0.0),
        ("research_saturation_per_year", 0.0),
        ("lab_skill_sd", 0.0),
    ];
    let o = outcome("latent_gap_points_mean").unwrap();
    for arm in ["embargo", "oct23"] {
        let plan = plan(&["none", arm], 4, &set);
        for number in 0..4 {
            let point = CustomFuture {
                off: Channel::ALL.to_vec(),
                ..CustomFuture::of(&plan, number)
            };
            let answers = evaluate(&plan, std::slice::from_ref(&point), &[0, 1], &|| {});
            let effect = answers.values[0][1][o] - answers.values[0][0][o];
            let ceiling = accounting_points(&plan, 1, 0, &point);
            assert!(
                effect > 0.5 && (effect / ceiling - 1.0).abs() < 0.02,
                "{arm} {number}: effect {effect}, arithmetic {ceiling}"
            );
        }
    }
}

#[test]
fn a_parameter_without_effect_has_index_zero_and_the_driver_is_first() {
    // Neither arm opens a chip under licence: how often the target refuses one can change nothing.
    let plan = only_drawn(&["points_per_decade_of_compute", "refusal_probability"], 24);
    let name = "latent_gap_points_mean".to_string();
    let found = sobol(&plan, std::slice::from_ref(&name), &[], &|| {});
    assert!(found.refused.is_empty(), "{:?}", found.refused);
    let of = |parameter: &str| {
        found
            .rows
            .iter()
            .find(|r| r.rows == 24 && r.parameter == parameter && !r.baseline.is_empty())
            .unwrap()
    };
    let (inert, driver, chance) = (
        of("refusal_probability"),
        of("points_per_decade_of_compute"),
        of(CHANCE),
    );
    assert_eq!((inert.first, inert.total), (0.0, 0.0));
    assert!(driver.total > 0.3, "{driver:?}");
    assert!(
        chance.total >= 0.0 && driver.total + chance.total > 0.7,
        "{driver:?} {chance:?}"
    );
    assert!(
        found.rows.iter().any(|r| r.rows == 3),
        "convergence is shown"
    );

    let screen = morris(&plan, std::slice::from_ref(&name), &[], &|| {});
    let star = |parameter: &str| {
        let row = screen
            .rows
            .iter()
            .find(|r| r.parameter == parameter && !r.baseline.is_empty());
        row.unwrap().mu_star
    };
    assert_eq!(star("refusal_probability"), 0.0);
    assert!(star("points_per_decade_of_compute") > 0.0);

    let ensemble = EnsembleTable::run(&plan, &|| {});
    let at = (outcome(&name).unwrap(), name.as_str());
    let agenda = ledger(&plan, &ensemble, 1, at, &|| {}).unwrap();
    assert_eq!(agenda.len(), Parameters::NAMES.len() + 1);
    assert_eq!(agenda[0].parameter, "points_per_decade_of_compute");
    assert!(!agenda[0].source.is_empty() && !agenda[0].grade.is_empty());
    let inert = agenda
        .iter()
        .find(|r| r.parameter == "refusal_probability")
        .unwrap();
    assert!(
        !inert.matters && inert.share.unwrap() < 3.0 * inert.share_error.unwrap(),
        "{inert:?}"
    );
    assert!(
        agenda.iter().any(|r| r.share.is_none()),
        "fixed parameters are listed"
    );
    assert_eq!(agenda.last().unwrap().parameter, CHANCE);
}

#[test]
fn an_effect_of_one_sign_needs_no_box_and_the_better_arm_has_the_smaller_regret() {
    let plan = plan(&["none", "oct22"], 40, &[]);
    let ensemble = EnsembleTable::run(&plan, &|| {});
    let name = "us_maker_revenue_target_usd".to_string();
    let question = discover::DiscoveryQuestion {
        arm: 1,
        outcome: (outcome(&name).unwrap(), name.clone()),
        bar: f64::MAX,
        below: true,
        boxes: 1,
        resamples: 0,
    };
    let always = discover(&plan, &ensemble, &question).unwrap();
    assert!(always.rows.is_empty() && always.sentences[0].starts_with("In all of 40 futures"));
    let question = reversal::ReversalQuestion {
        arm: 1,
        outcome: (outcome(&name).unwrap(), name),
        more_is_better: true,
        good_enough: Some(0.0),
        replicates: 1,
    };
    let found = analyse_reversal(&plan, &ensemble, &question, &|| {}).unwrap();
    assert_eq!(found.regrets.len(), 2);
    assert!(found.regrets.iter().all(|r| r.good_enough == Some(1.0)));
    // The arm that sells more at the centre has the smaller regret.
    let better = usize::from(found.centre > 0.0);
    assert!(found.regrets[better].regret < found.regrets[1 - better].regret);
    for row in &found.reversals {
        assert!(row.distance > 0.0 && row.quantile > 0.0 && row.quantile < 1.0);
    }
    let worst = found.worst.unwrap();
    assert_eq!(worst.regime, found.regrets[better].regime);
    assert!(worst.repeat.contains("--run"));
}
