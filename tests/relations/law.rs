//! Relations of rules: what does not bind does not act, and what binds acts as it says.

use chokepoint::config::source::Configs;
use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::channels::Channel;
use chokepoint::outputs::formulas::{OutcomeWindow, outcomes};
use chokepoint::study::{Library, Worker};

use super::*;

fn month(year: i32, month: i32) -> usize {
    (Month::of(year, month) - Month::of(2020, 1)) as usize
}

#[test]
fn r01_a_rule_that_is_never_met_changes_nothing() {
    let never = rule("test-never", "tpp < 0", "2023-01-20", "2023-02-11");
    same_arms(&plan_with(&[never], "oct22", &[&[], &["test-never"]], &[]));
}

#[test]
fn an_import_ban_on_the_targets_own_chips_leaves_it_the_answers_of_the_model() {
    // It is on foreign goods, so the chips of its condition are none of them, and it is no recorded answer.
    let mut ban = rule("test-ban", "vendor == 'Huawei'", "2023-01-01", "2023-02-01");
    for (from, to) in [
        ("issuer = \"USA\"", "issuer = \"CHN\""),
        ("\"chip_threshold\"", "\"import_ban\""),
        ("origin = \"us\"", "origin = \"foreign\""),
    ] {
        assert!(ban.text.contains(from), "no `{from}` in\n{}", ban.text);
        ban.text = ban.text.replace(from, to);
    }
    equal_arms(&plan_with(&[ban], "oct22", &[&[], &["test-ban"]], &[]));
}

#[test]
fn r02_a_rule_announced_after_the_horizon_changes_nothing() {
    let late = rule("test-late", "tpp >= 1", "2036-01-01", "2036-02-01");
    same_arms(&plan_with(&[late], "oct22", &[&[], &["test-late"]], &[]));
}

#[test]
fn r03_a_rule_a_year_later_is_the_same_until_it_was_announced() {
    let rules = [
        rule("test-soon", "tpp >= 2000", "2024-03-10", "2024-06-20"),
        rule("test-later", "tpp >= 2000", "2025-03-10", "2025-06-20"),
    ];
    let plan = plan_with(&rules, "oct22", &[&["test-soon"], &["test-later"]], &[]);
    same_until(&plan, [&same, &same], [0, 1], month(2024, 3));
    assert!(arms_differ(&plan, [0, 1]));
}

#[test]
fn r04_one_rule_written_as_two_is_the_same_rule() {
    let rules = [
        rule("test-whole", "tpp >= 2000", "2024-01-05", "2024-06-15"),
        rule(
            "test-small",
            "tpp >= 2000 && die_area_mm2 < 700",
            "2024-01-05",
            "2024-06-15",
        ),
        rule(
            "test-large",
            "tpp >= 2000 && !(die_area_mm2 < 700)",
            "2024-01-05",
            "2024-06-15",
        ),
    ];
    let plan = plan_with(
        &rules,
        "oct22",
        &[&["test-whole"], &["test-small", "test-large"], &[]],
        &[],
    );
    same_arms(&plan);
    assert!(arms_differ(&plan, [0, 2]), "the rule changes nothing");
}

#[test]
fn r17_a_rule_that_never_bound_may_be_taken_away() {
    // In force for ten years, and no chip of any run comes near it.
    let idle = rule("test-idle", "tpp >= 1e12", "2023-01-20", "2023-02-11");
    same_arms(&plan_with(
        &[idle],
        "history-free",
        &[&[], &["test-idle"]],
        &[],
    ));
}

#[test]
fn r18_a_line_that_nothing_approaches_may_be_tightened() {
    let rules = [
        rule("test-wide", "tpp >= 1e12", "2023-01-20", "2023-02-11"),
        rule("test-tighter", "tpp >= 1e11", "2023-01-20", "2023-02-11"),
    ];
    let plan = plan_with(&rules, "oct22", &[&["test-wide"], &["test-tighter"]], &[]);
    let calm = off(&[Channel::Stockpiling, Channel::Hedging]);
    same_until(&plan, [&calm, &calm], [0, 1], plan.blueprint.months);
}

fn cap(id: &str, tpp: &str) -> Source {
    rule_with(
        id,
        "tpp >= 4800",
        "2023-05-10",
        "2023-08-20",
        "country_cap",
        "capped",
        "\"tier:2\"",
        &format!("numbers = {{ tier2_cap_tpp = {tpp} }}"),
    )
}

#[test]
fn r19_a_cap_above_every_demand_is_no_cap() {
    let plan = plan_with(
        &[cap("test-wide", "1e18"), cap("test-narrow", "1e8")],
        "none",
        &[&[], &["test-wide"], &["test-narrow"]],
        &[],
    );
    // A market under a cap buys alone, so that sums are taken in another order.
    equal_arms(&plan);
    assert!(arms_differ(&plan, [0, 2]));
}

#[test]
fn r20_a_levy_of_nothing_is_a_licence_without_doubt_or_delay() {
    let rules = [
        rule_with(
            "test-levy",
            "tpp >= 4000",
            "2023-05-10",
            "2023-08-20",
            "levy",
            "levied",
            "\"CHN\"",
            "numbers = { levy_share = 0.0 }",
        ),
        rule_with(
            "test-licence",
            "tpp >= 4000",
            "2023-05-10",
            "2023-08-20",
            "chip_threshold",
            "case_by_case",
            "\"CHN\"",
            "",
        ),
    ];
    let sure = [
        ("approval_case_by_case_target", 1.0),
        ("licence_days_target", 1.0),
    ];
    same_arms(&plan_with(
        &rules,
        "none",
        &[&["test-levy"], &["test-licence"]],
        &sure,
    ));
}

#[test]
fn r21_a_levy_beyond_every_price_sells_as_little_as_denial() {
    let rules = [
        rule_with(
            "test-levy",
            "tpp >= 100",
            "2023-08-20",
            "2023-08-20",
            "levy",
            "levied",
            "\"CHN\"",
            "numbers = { levy_share = 0.9999999 }",
        ),
        rule_with(
            "test-denied",
            "tpp >= 100",
            "2023-08-20",
            "2023-08-20",
            "chip_threshold",
            "denied",
            "\"CHN\"",
            "",
        ),
    ];
    let plan = plan_with(
        &rules,
        "none",
        &[&["test-levy"], &["test-denied"], &[]],
        &[],
    );
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let future = off(&[Channel::CounterMeasures, Channel::DesignAround])(plan.future(number));
        let sold = [0, 1, 2].map(|arm| {
            value(
                &mut worker,
                &plan,
                arm,
                &future,
                ("maker_units", "nvidia:target"),
                100,
            )
        });
        assert!(
            sold[0] < 1e-3 * sold[2] && sold[1] < 1e-3 * sold[2],
            "{sold:?}"
        );
    }
}

#[test]
fn r25_where_the_target_refuses_everything_opened_permission_sells_nothing() {
    let opened = rule_with(
        "test-opened",
        "tpp < 21000 && on_sale_in_us_2026_01_15",
        "2026-01-15",
        "2026-01-15",
        "chip_threshold",
        "case_by_case",
        "\"CHN\"",
        "carves_out = [\"us-2023-10-3a090a\", \"us-2025-04-h20\"]",
    );
    let plan = plan_with(
        &[opened],
        "oct23",
        &[&[], &["test-opened"]],
        &[("refusal_probability", 1.0), ("refusal_share", 1.0)],
    );
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let sold = [0, 1].map(|arm| {
            worker.run(&plan.calendars[arm], &plan.future(number), 130, false);
            series(&worker, &plan, "maker_units", "nvidia:target")[month(2026, 1)..130]
                .iter()
                .sum::<f64>()
        });
        // Less than without permission, since a target that refuses keeps variants out as well.
        assert!(
            sold[1] <= sold[0] * (1.0 + 1e-9),
            "future {number}: {sold:?}"
        );
    }
}

/// A line on arithmetic is no order of what a dollar buys: in later years buyers who may not have a part can turn to one that does
/// more for a dollar. In the four years after the rule the larger denial leaves less in every month, but for the first
/// year, in which money kept from denied parts buys allowed ones: up to three and a half per cent more.
#[test]
fn r29_the_more_is_denied_the_less_the_target_has_when_nobody_responds() {
    let lines = ["16000", "8000", "4000"];
    let ids = ["test-16000", "test-8000", "test-4000"];
    let rules: Vec<Source> = ids
        .iter()
        .zip(lines)
        .map(|(id, tpp)| rule(id, &format!("tpp >= {tpp}"), "2022-10-07", "2022-10-07"))
        .collect();
    let arms: Vec<&[&str]> = ids.chunks(1).collect();
    let plan = plan_with(&rules, "none", &arms, &[]);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let future = all_off(plan.future(number));
        let compute: Vec<Vec<f64>> = (0..arms.len())
            .map(|arm| {
                worker.run(&plan.calendars[arm], &future, month(2026, 10), false);
                series(&worker, &plan, "compute_h100e", "target")
            })
            .collect();
        for t in 0..month(2026, 10) {
            for n in 1..arms.len() {
                let (wide, narrow) = (compute[n - 1][t], compute[n][t]);
                let more = if t < month(2023, 10) { 3.5e-2 } else { 1e-9 };
                assert!(
                    narrow <= wide * (1.0 + more),
                    "future {number}, month {t}, {}: {wide} {narrow}",
                    lines[n]
                );
            }
        }
    }
}

#[test]
fn r43_before_arms_differ_every_effect_is_nothing() {
    let plan = plan_of(&["none", "history-free"], &[]);
    let first = plan
        .blueprint
        .subjects
        .first_difference(&plan.regimes)
        .unwrap()
        - plan.blueprint.first;
    let window = OutcomeWindow {
        from: 0,
        to: first as usize,
    };
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let future = plan.future(number);
        let [a, b] = [0, 1].map(|arm| {
            worker.run(&plan.calendars[arm], &future, first as usize, false);
            outcomes(&plan.blueprint.watch, worker.record(), window)
        });
        for (at, (x, y)) in a.iter().zip(&b).enumerate() {
            assert!(
                x.to_bits() == y.to_bits(),
                "{}",
                chokepoint::outputs::outcomes::OUTCOMES[at].name
            );
        }
    }
}

#[test]
fn a_rule_on_one_nation_closes_its_market_and_leaves_its_neighbour_nine_tenths_at_least() {
    // A nation that a rule names is a market of its own, whoever writes the rule.
    let rules = [rule_with(
        "test-one",
        "tpp >= 100",
        "2023-01-10",
        "2023-01-10",
        "chip_threshold",
        "denied",
        "\"BRA\"",
        "",
    )];
    let library = Library::read(Configs::embedded(), &rules).unwrap();
    let plan = plan(
        &library,
        vec![
            with_rules(&library, "none", &[]),
            with_rules(&library, "none", &["test-one"]),
        ],
        &[],
    );
    let mut worker = Worker::new(&plan.blueprint);
    let compute = |worker: &mut Worker, arm, nation| {
        value(
            worker,
            &plan,
            arm,
            &plan.future(0),
            ("compute_h100e", nation),
            80,
        )
    };
    assert!(compute(&mut worker, 1, "BRA") < 0.5 * compute(&mut worker, 0, "BRA"));
    assert!(compute(&mut worker, 1, "ARG") > 0.9 * compute(&mut worker, 0, "ARG"));
}

#[test]
fn a_volume_condition_far_above_the_home_market_is_none_and_one_at_nothing_closes() {
    let licence = |id: &str, more: &str| {
        let (announced, compliance) = ("2023-05-10", "2023-08-20");
        let (instrument, verdict) = ("chip_threshold", "case_by_case");
        rule_with(
            id,
            "tpp >= 4000",
            announced,
            compliance,
            instrument,
            verdict,
            "\"CHN\"",
            more,
        )
    };
    let plan = plan_with(
        &[
            licence("test-licence", ""),
            licence("test-wide", "numbers = { home_volume_share = 10.0 }"),
            licence("test-none", "numbers = { home_volume_share = 0.0 }"),
        ],
        "none",
        &[&["test-licence"], &["test-wide"], &["test-none"]],
        &[],
    );
    equal_arms(&plan);
    assert!(arms_differ(&plan, [0, 2]));
}
