//! Each mechanism moves results in the direction that its source states: medians over a few futures, or single runs.

use std::sync::atomic::AtomicBool;

use chokepoint::results::EffectRow;
use chokepoint::study::{Plan, PlanSettings, join, run_all};

use crate::{library, plan_of, regime, study_of};

fn effects(plan: &Plan) -> Vec<EffectRow> {
    let records = run_all(plan, &|| {}, &AtomicBool::new(false));
    join(plan, records, "chokepoint run").effects
}

fn of<'a>(effects: &'a [EffectRow], regime: &str, outcome: &str) -> &'a EffectRow {
    effects
        .iter()
        .find(|e| e.regime == regime && e.outcome == outcome)
        .unwrap()
}

#[test]
fn the_line_of_2023_costs_the_target_more_than_that_of_2022_and_an_embargo_costs_it_compute_too() {
    let plan = plan_of(
        vec![
            regime("none"),
            regime("oct22"),
            regime("oct23"),
            regime("embargo"),
        ],
        12,
    );
    let e = effects(&plan);
    let compute = |arm: &str| of(&e, arm, "target_compute_h100e_end").p50;
    assert!(0.0 > compute("oct22") && compute("oct22") > compute("oct23"));
    // An embargo on chips alone leaves foundries and memory open to home designers, so that the target need not have less
    // than under a line that keeps buyers on cut-down chips.
    assert!(0.0 > compute("embargo"));
    let gap = |arm: &str| of(&e, arm, "latent_gap_points_mean").p50;
    assert!(0.0 < gap("oct22") && gap("oct22") < gap("oct23") && 0.0 < gap("embargo"));
    // Sellers lose revenue in the target under the line of 2023, and more under an embargo.
    let sales = |arm: &str| of(&e, arm, "us_maker_revenue_target_usd").p50;
    assert!(0.0 > sales("oct23") && sales("oct23") > sales("embargo"));
    // Home makers serve the market that an embargo closes.
    assert!(of(&e, "embargo", "target_self_sufficiency_end").p05 > 0.0);
}

#[test]
fn rules_on_tools_slow_the_targets_fabs_and_allied_rules_slow_them_more() {
    let tools = plan_of(
        vec![regime("none"), regime("tools-us"), regime("tools-allied")],
        6,
    );
    let mut worker = chokepoint::study::Worker::new(&tools.blueprint);
    let column = tools
        .blueprint
        .watch
        .columns
        .find("wafer_capacity", "target")
        .unwrap();
    let future = tools.future(0);
    let capacity: Vec<f64> = tools
        .calendars
        .iter()
        .map(|calendar| {
            worker.run(calendar, &future, 120, false);
            worker.record().column(column)[119]
        })
        .collect();
    assert!(
        capacity[0] > capacity[1] && capacity[1] > capacity[2],
        "{capacity:?}"
    );
}

/// Wafers of the target's foundry after ten years, under the issuer's tool rules alone and with its allies'.
fn wafers(library: &chokepoint::study::Library, backfill: f64) -> [f64; 2] {
    let regimes = ["tools-us", "tools-allied"].map(|name| library.regime(name).unwrap());
    let settings = PlanSettings {
        seed: 1,
        runs: 1,
        set: [("tool_backfill_per_year".to_string(), backfill)].into(),
        ..PlanSettings::default()
    };
    let study = study_of(&["tools-us", "tools-allied"]);
    let plan = Plan::of(library, study, regimes.to_vec(), settings).unwrap();
    let mut worker = chokepoint::study::Worker::new(&plan.blueprint);
    let columns = &plan.blueprint.watch.columns;
    let column = columns.find("wafer_capacity", "target").unwrap();
    let future = plan.future(0);
    [0, 1].map(|arm| {
        worker.run(&plan.calendars[arm], &future, 120, false);
        worker.record().column(column)[119]
    })
}

#[test]
fn allies_change_nothing_where_they_supply_nothing_or_others_make_it_good() {
    let [us, allied] = wafers(library(), 0.0);
    assert!(allied < us, "{allied} {us}");
    let [us, allied] = wafers(library(), 1.0);
    assert_eq!(us, allied);
    let issuer_alone = crate::with_table("world/tool_supply.csv", |text| {
        let ally = |line: &&str| !(line.contains(",NLD,") || line.contains(",JPN,"));
        text.lines().filter(ally).collect::<Vec<_>>().join("\n") + "\n"
    });
    let [us, allied] = wafers(&issuer_alone, 0.0);
    assert_eq!(us, allied);
}

#[test]
fn a_tightening_is_answered_and_costs_supply_elsewhere_for_a_while() {
    let plan = plan_of(vec![regime("history-free")], 1);
    let mut worker = chokepoint::study::Worker::new(&plan.blueprint);
    let lost = plan
        .blueprint
        .watch
        .columns
        .find("inputs_lost_share", "world")
        .unwrap();
    let mut months = |probability: f64| -> Vec<f64> {
        let mut future = plan.future(0);
        future.parameters.retaliation_probability = probability;
        worker.run(&plan.calendars[0], &future, plan.blueprint.months, true);
        worker.record().column(lost).to_vec()
    };
    assert!(months(0.0).iter().all(|v| *v == 0.0));
    let answered = months(1.0);
    let first = answered.iter().position(|v| *v > 0.0).unwrap();
    // Not before the first rule, and fading while it lasts.
    assert!(first >= 31, "{first}");
    assert!(answered[first + 1] < answered[first]);
    assert_eq!(answered[plan.blueprint.months - 1], 0.0);
}

#[test]
fn recorded_restrictions_on_materials_act_in_history() {
    let plan = plan_of(vec![regime("history")], 1);
    let mut worker = chokepoint::study::Worker::new(&plan.blueprint);
    worker.run(
        &plan.calendars[0],
        &plan.future(0).on_record(),
        plan.blueprint.months,
        false,
    );
    let lost = plan
        .blueprint
        .watch
        .columns
        .find("inputs_lost_share", "world")
        .unwrap();
    let at = |year, month| {
        let t = chokepoint::foundation::calendar::Month::of(year, month) - plan.blueprint.first;
        worker.record().column(lost)[t as usize]
    };
    assert_eq!(at(2023, 7), 0.0);
    // The licences of 2023, then the ban of December 2024.
    assert!(at(2023, 8) > 0.0 && at(2024, 12) > at(2024, 11));
}

#[test]
fn variants_are_sold_only_where_a_rule_asks_for_them() {
    let plan = plan_of(vec![regime("none"), regime("oct22")], 6);
    let records = run_all(&plan, &|| {}, &AtomicBool::new(false));
    let results = join(&plan, records, "chokepoint run");
    let at = results
        .outcomes
        .outcomes
        .iter()
        .position(|o| o == "variant_units_total")
        .unwrap();
    for row in &results.outcomes.rows {
        let sold = row.outcomes[at];
        assert!(
            if row.regime == "none" {
                sold == 0.0
            } else {
                sold > 1e5
            },
            "{} {sold}",
            row.regime
        );
    }
}

/// The change of an outcome of `history-free` against `none` when one parameter is set low and high.
fn at_two_values(id: &str, low: f64, high: f64, outcome: &str) -> (f64, f64) {
    at_two_values_beside(&[], id, low, high, outcome)
}

/// The same beside parameters that are fixed.
fn at_two_values_beside(
    fixed: &[(&str, f64)],
    id: &str,
    low: f64,
    high: f64,
    outcome: &str,
) -> (f64, f64) {
    let effect = |value: f64| {
        let study = study_of(&["none", "history-free"]);
        let all = fixed.iter().copied().chain([(id, value)]);
        let set = all.map(|(id, value)| (id.to_string(), value)).collect();
        let regimes = vec![regime("none"), regime("history-free")];
        let plan = Plan::of(
            library(),
            study,
            regimes,
            PlanSettings {
                seed: 1,
                runs: 6,
                set,
                ..PlanSettings::default()
            },
        )
        .unwrap();
        of(&effects(&plan), "history-free", outcome).p50
    };
    (effect(low), effect(high))
}

#[test]
fn the_more_points_a_decade_of_compute_is_worth_the_more_a_rule_widens_the_gap() {
    let (low, high) = at_two_values(
        "points_per_decade_of_compute",
        3.0,
        10.0,
        "latent_gap_points_mean",
    );
    assert!(0.0 < low && low < high, "{low} {high}");
}

#[test]
fn catching_up_makes_the_gap_smaller() {
    let (slow, fast) = at_two_values("catch_up_per_year", 0.3, 2.5, "latent_gap_points_mean");
    assert!(slow > fast, "{slow} {fast}");
}

#[test]
fn friction_of_resale_makes_sellers_lose_more() {
    let (free, stuck) = at_two_values("resale_friction", 0.0, 1.0, "us_maker_revenue_usd");
    assert!(stuck < free, "{stuck} {free}");
}

#[test]
fn tight_licences_leave_the_target_less() {
    // A target that refuses what is reopened buys next to nothing under licence, however many are granted.
    let (few, many) = at_two_values_beside(
        &[("refusal_probability", 0.0)],
        "approval_case_by_case_target",
        0.05,
        0.95,
        "target_compute_h100e_end",
    );
    assert!(few < many, "{few} {many}");
}

#[test]
fn every_parameter_changes_some_measure() {
    // A field that users can edit and that does nothing is a defect.
    let arms = [
        "history-free",
        "oct22",
        "promote",
        "history",
        "reactive-2022",
    ];
    let plan = plan_of(arms.iter().map(|arm| regime(arm)).collect(), 1);
    let inert =
        chokepoint::questions::audit::inert_parameters(library(), &plan, &[0, 1, 2, 3, 4], |_| {
            true
        });
    assert!(inert.is_empty(), "{inert:?}");
}
