//! Politics: a process moves rules along a ladder; what it reacts to, what it leaves alone, and how its tape is replayed.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chokepoint::agents::government::{
    Government, GovernmentInformation, changes_per_year, gap_change_points, lost_usd,
    new_administration,
};
use chokepoint::capability::gap::LeaderRecord;
use chokepoint::config::regimes::regime_from;
use chokepoint::config::source::Source;
use chokepoint::controls::Regime;
use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::channels::{Channel, Channels};
use chokepoint::foundation::policy_path::{PolicyChange, PolicyChangeCause};
use chokepoint::foundation::run::Future;
use chokepoint::outputs::outcomes::OUTCOMES;
use chokepoint::results::{EffectComponent, EffectRow, Results};
use chokepoint::study::{Plan, PlanSettings, Worker, join, run_all};

use crate::{library, plan_of, regime, study_of};

/// Every recorded value of a run, bit by bit, and the changes that its process made.
fn run(plan: &Plan, arm: usize, future: &Future) -> (Vec<u64>, Vec<PolicyChange>) {
    let mut worker = Worker::new(&plan.blueprint);
    worker.run(&plan.calendars[arm], future, plan.blueprint.months, false);
    let columns = plan.blueprint.watch.columns.names().len();
    let bits = (0..columns)
        .flat_map(|c| worker.record().column(c).iter().map(|v| v.to_bits()))
        .collect();
    let tape = worker
        .stage
        .world
        .resource::<Government>()
        .policy_path
        .clone();
    (bits, tape)
}

fn without(plan: &Plan, number: u32, off: &[Channel]) -> Future {
    let mut future = plan.future(number);
    future.channels = off.iter().fold(Channels::default(), |c, o| c.without(*o));
    future
}

/// A shipped regime with words of its file replaced.
fn changed(name: &str, changes: &[(&str, &str)]) -> Regime {
    let source = library().configs.find(name, "regimes").unwrap();
    let text = changes.iter().fold(source.text, |text, (from, to)| {
        assert!(text.contains(from), "{name} has no `{from}`");
        text.replace(from, to)
    });
    let name = source.name;
    regime_from(&Source { name, text }, &library().law).unwrap_or_else(|e| panic!("{e}"))
}

fn outcome(results: &Results, regime: &str, name: &str) -> Vec<f64> {
    let at = OUTCOMES.iter().position(|o| o.name == name).unwrap();
    let rows = results.outcomes.rows.iter();
    rows.filter(|r| r.regime == regime)
        .map(|r| r.outcomes[at])
        .collect()
}

fn results(plan: &Plan) -> Results {
    join(
        plan,
        run_all(plan, &|| {}, &AtomicBool::new(false)),
        "chokepoint run",
    )
}

#[test]
fn the_hazard_of_tightening_falls_with_the_gap_and_rises_with_variants() {
    let p = library().parameters.central();
    let tighten = |gap: f64, variants: f64| {
        let seen = GovernmentInformation {
            gap_change_points: gap,
            variant_share: variants,
            ..GovernmentInformation::default()
        };
        changes_per_year(2026.0, &seen, &p)
    };
    assert!(tighten(-2.0, 0.0)[0] > tighten(0.0, 0.0)[0]);
    assert!(tighten(0.0, 0.0)[0] > tighten(2.0, 0.0)[0]);
    assert!(tighten(0.0, 0.5)[0] > tighten(0.0, 0.0)[0]);
    // Loosening hears of neither.
    assert_eq!(tighten(-2.0, 0.5)[1], tighten(3.0, 0.0)[1]);
}

#[test]
fn the_hazard_of_loosening_rises_with_lost_revenue_and_in_a_first_year() {
    let p = library().parameters.central();
    let loosen = |lost: f64, first: f64| {
        let seen = GovernmentInformation {
            lost_revenue_share: lost,
            new_administration: first,
            ..GovernmentInformation::default()
        };
        changes_per_year(2026.0, &seen, &p)
    };
    let steps: Vec<f64> = [0.0, 0.05, 0.1, 0.2, 0.4].map(|l| loosen(l, 0.0)[1]).into();
    assert!(steps.windows(2).all(|w| w[0] < w[1]), "{steps:?}");
    assert!(loosen(0.0, 1.0)[1] > loosen(0.0, 0.0)[1]);
    assert_eq!(loosen(0.4, 1.0)[0], loosen(0.0, 0.0)[0]);
    // With nothing seen there are as many changes a year as on record, and hardly any loosens before 2025.
    let base = changes_per_year(2024.0, &GovernmentInformation::default(), &p);
    assert!((base[0] + base[1] - p.policy_events_per_year).abs() < 1e-12);
    assert!((base[1] / base[0] - 0.05 / 0.95).abs() < 1e-12);
}

#[test]
fn sellers_lose_only_what_no_other_buyer_takes() {
    assert_eq!(lost_usd(3.0, 5.0), 0.0);
    assert_eq!(lost_usd(5.0, 3.0), 2.0);
}

#[test]
fn the_gap_is_seen_late_and_as_a_mean_of_a_year() {
    let (mut leader, mut follower) = (LeaderRecord::default(), LeaderRecord::default());
    leader.begin(100.0, 1.0, 40);
    follower.begin(90.0, 1.0, 40);
    assert!(gap_change_points(&leader, &follower, 3).abs() < 1e-9);
    for month in 1..=12 {
        leader.push(100.0 + f64::from(month));
        follower.push(90.0 + 2.0 * f64::from(month));
    }
    // Twelve months of narrowing by one point a month: the means of the two years differ by 12 * 13 / 2 / 12 points.
    assert!((gap_change_points(&leader, &follower, 0) + 6.5).abs() < 1e-9);
    assert!(gap_change_points(&leader, &follower, 6) > -6.5 / 3.0);
}

#[test]
fn a_new_administration_takes_back_keeps_or_expands_in_the_stated_proportions() {
    let p = library().parameters.central();
    let n = 10_000;
    let share = |cause: Option<PolicyChangeCause>| {
        let hits = (0..n)
            .filter(|i| new_administration((f64::from(*i) + 0.5) / f64::from(n), &p) == cause);
        hits.count() as f64 / f64::from(n)
    };
    let reversal =
        share(Some(PolicyChangeCause::Shrunk)) + share(Some(PolicyChangeCause::Overturned));
    assert!((reversal - p.administration_reversal).abs() < 1e-3);
    let overturned = p.administration_reversal * p.administration_overturn_share;
    assert!((share(Some(PolicyChangeCause::Overturned)) - overturned).abs() < 1e-3);
    assert!(
        (share(None) - 0.2).abs() < 1e-3
            && (share(Some(PolicyChangeCause::Expanded)) - 0.2).abs() < 1e-3
    );
}

#[test]
fn a_process_without_changes_is_the_calendar_that_it_began_with() {
    // Its first rung is what history holds: with no event and no administration nothing differs, bit for bit.
    let still = changed(
        "stochastic",
        &[("administrations = [\"2029-01\", \"2033-01\"]", "")],
    );
    let mut plan = plan_of(vec![regime("history-free"), still], 1);
    plan.parameters.set("policy_events_per_year", 0.0);
    let future = plan.future(0);
    let (a, b) = (run(&plan, 0, &future), run(&plan, 1, &future));
    assert_eq!(b.1, []);
    let rung = plan.blueprint.watch.columns.find("policy_rung", "issuer");
    let months = plan.blueprint.months;
    let column = rung.unwrap() * months..(rung.unwrap() + 1) * months;
    for at in (0..a.0.len()).filter(|at| !column.contains(at)) {
        let name = &plan.blueprint.watch.columns.names()[at / months];
        assert_eq!(a.0[at], b.0[at], "{name:?} in month {}", at % months);
    }
}

#[test]
fn a_process_that_begins_after_the_horizon_changes_nothing() {
    let late = changed(
        "reactive",
        &[
            ("from = \"2026-11\"", "from = \"2040-01\""),
            ("administrations = [\"2029-01\", \"2033-01\"]", ""),
        ],
    );
    let plan = plan_of(vec![regime("history-free"), late], 1);
    let future = plan.future(0);
    assert!(run(&plan, 0, &future) == run(&plan, 1, &future));
}

#[test]
fn changes_come_one_at_a_time_after_their_notice_and_inside_the_ladder() {
    let plan = plan_of(vec![regime("stochastic"), regime("reactive-2022")], 8);
    for arm in 0..2 {
        let process = plan.regimes[arm].process.as_ref().unwrap();
        for number in 0..8 {
            let future = plan.future(number);
            let notice = future.parameters.policy_notice_months.round() as i32;
            let (_, tape) = run(&plan, arm, &future);
            assert!(!tape.is_empty());
            let mut rung = process.start as u16;
            let mut free = process.from - plan.blueprint.first;
            for change in tape {
                assert_eq!(change.from, rung);
                assert_ne!(change.to, rung);
                assert!(usize::from(change.to) < process.ladder.len());
                assert!(change.announced >= free);
                assert_eq!(change.binds, change.announced + notice);
                (rung, free) = (change.to, change.binds);
            }
        }
    }
}

#[test]
fn a_fixed_regime_hears_neither_lobbying_nor_the_gap_and_leaves_no_tape() {
    let plan = plan_of(vec![regime("history-free"), regime("stochastic")], 1);
    for arm in 0..2 {
        let base = run(&plan, arm, &plan.future(0));
        for off in [Channel::Lobbying, Channel::PolicyReaction] {
            assert!(base == run(&plan, arm, &without(&plan, 0, &[off])));
        }
        assert_eq!(base.1.is_empty(), arm == 0);
    }
}

#[test]
fn a_stochastic_process_makes_the_same_changes_whatever_happens() {
    // Another law around the ladder and another world: the same tape.
    let plan = plan_of(vec![regime("stochastic"), without_tools()], 4);
    for number in 0..4 {
        let future = plan.future(number);
        let mut poor = future.clone();
        poor.parameters.supply_multiplier = 0.5;
        let (bits, tape) = run(&plan, 0, &future);
        let (other_bits, other_tape) = run(&plan, 1, &poor);
        assert_eq!(tape, other_tape);
        assert!(bits != other_bits);
    }
}

/// The stochastic regime with American rules alone.
fn without_tools() -> Regime {
    changed(
        "stochastic",
        &[
            ("name = \"stochastic\"", "name = \"stochastic-alone\""),
            ("[\"USA\", \"JPN\", \"NLD\"]", "[\"USA\"]"),
        ],
    )
}

#[test]
fn r36_the_baselines_tape_replayed_in_the_baseline_is_the_baseline() {
    let plan = plan_of(vec![regime("reactive"), regime("reactive-2022")], 3);
    for arm in 0..2 {
        for number in 0..3 {
            let future = plan.future(number);
            let own = run(&plan, arm, &future);
            let replayed = Future {
                policy_path: Some(Arc::from(own.1.clone())),
                ..future
            };
            assert!(own == run(&plan, arm, &replayed));
        }
    }
}

#[test]
fn a_replayed_tape_rules_in_place_of_draws_and_what_is_pinned_stays() {
    let plan = plan_of(vec![regime("reactive-2022")], 1);
    let change = |announced, binds, from, to| PolicyChange {
        announced,
        binds,
        from,
        to,
        cause: PolicyChangeCause::Overturned,
    };
    let future = Future {
        policy_path: Some(Arc::from(vec![change(60, 63, 1, 0)])),
        ..plan.future(0)
    };
    let mut worker = Worker::new(&plan.blueprint);
    worker.run(&plan.calendars[0], &future, plan.blueprint.months, false);
    let columns = &plan.blueprint.watch.columns;
    let rung = worker
        .record()
        .column(columns.find("policy_rung", "issuer").unwrap());
    assert!(rung[..33].iter().all(|v| v.is_nan()));
    assert!(rung[33..63].iter().all(|v| *v == 0.0));
    assert!(rung[63..].iter().all(|v| *v == -1.0));
    // The listing of 2019 is on no rung: the loosest one holds it all the same.
    let ladder = plan.calendars[0].ladder.as_ref().unwrap();
    let listed = library().law.find("us-2019-05-huawei-entity").unwrap();
    for rung in 0..ladder.rungs {
        let book = &plan.calendars[0].rule_sets[usize::from(ladder.rule_set(rung, rung))];
        assert!(book.in_force.rules().any(|rule| rule == listed));
    }
}

#[test]
fn a_tightening_announced_half_a_year_ahead_leaves_the_target_with_more_compute_before_it_binds() {
    let plan = plan_of(vec![regime("reactive-2022")], 1);
    let t = Month::of(2024, 1) - plan.blueprint.first;
    let compute_before = |announced: i32| {
        let embargo = PolicyChange {
            announced,
            binds: t,
            from: 1,
            to: 2,
            cause: PolicyChangeCause::Tightened,
        };
        let future = Future {
            policy_path: Some(Arc::from(vec![embargo])),
            ..plan.future(0)
        };
        let mut worker = Worker::new(&plan.blueprint);
        worker.run(&plan.calendars[0], &future, t as usize, false);
        let compute = plan.blueprint.watch.columns.find("compute_h100e", "target");
        worker.record().column(compute.unwrap())[t as usize - 1]
    };
    assert!(
        compute_before(t - 6) > compute_before(t),
        "nothing was pulled forward"
    );
}

#[test]
fn a_total_effect_is_the_sum_of_its_direct_and_its_feedback_part() {
    // A rule on memory pinned beside the same ladder; and the same law moved by chance alone.
    let memory = changed(
        "reactive-2022",
        &[
            ("name = \"reactive-2022\"", "name = \"with-memory\""),
            (
                "  \"us-2022-03-belarus\",\n]",
                "  \"us-2022-03-belarus\",\n  \"us-2024-12-hbm\",\n]\nchange = [{ rule = \"us-2024-12-hbm\", announced = 2022-09-01, compliance = 2022-09-01 }]",
            ),
        ],
    );
    let chance = changed(
        "reactive-2022",
        &[
            ("name = \"reactive-2022\"", "name = \"by-chance\""),
            ("kind = \"reactive\"", "kind = \"stochastic\""),
        ],
    );
    let mut study = study_of(&["reactive-2022", "with-memory", "by-chance"]);
    study.direct = true;
    let settings = PlanSettings {
        seed: 1,
        runs: 6,
        ..PlanSettings::default()
    };
    let regimes = vec![regime("reactive-2022"), memory, chance];
    let plan = Plan::of(library(), study, regimes, settings).unwrap();
    let results = results(&plan);
    let (mut direct_moves, mut feedback_moves) = (0, 0);
    for arm in ["with-memory", "by-chance"] {
        for outcome in OUTCOMES {
            let mean = |part: EffectComponent| {
                let same =
                    |e: &&EffectRow| e.outcome == outcome.name && e.regime == arm && e.part == part;
                results.effects.iter().find(same).map(|e| e.mean)
            };
            let Some(total) = mean(EffectComponent::Total) else {
                continue;
            };
            let (direct, back) = (
                mean(EffectComponent::Direct).unwrap(),
                mean(EffectComponent::Feedback).unwrap(),
            );
            let size = total.abs() + direct.abs() + back.abs();
            assert!(
                (total - direct - back).abs() <= 1e-12 * size,
                "{arm} {}: {total} {direct} {back}",
                outcome.name
            );
            if arm == "by-chance" {
                assert_eq!(direct, 0.0, "{}", outcome.name);
                feedback_moves += usize::from(back != 0.0);
            } else {
                direct_moves += usize::from(direct != 0.0);
            }
        }
    }
    assert!(
        direct_moves > 20 && feedback_moves > 20,
        "{direct_moves} {feedback_moves}"
    );
    // The table of changes holds every arm's own.
    for arm in &plan.regimes {
        assert!(results.tape.iter().any(|row| row.regime == arm.name));
    }
    let folder = tempfile::tempdir().unwrap();
    results.write(folder.path()).unwrap();
    let back = Results::read(folder.path()).unwrap();
    assert_eq!(back.tape, results.tape);
    assert_eq!(back.effects, results.effects);
}

#[test]
fn studies_without_a_process_have_total_effects_only_and_cannot_ask_for_direct_ones() {
    let plan = plan_of(vec![regime("none"), regime("oct22")], 2);
    let results = results(&plan);
    assert!(
        results
            .effects
            .iter()
            .all(|e| e.part == EffectComponent::Total)
    );
    assert_eq!(results.tape, []);
    let mut study = study_of(&["none", "reactive"]);
    study.direct = true;
    let Err(problems) = Plan::new(library(), study, PlanSettings::default()) else {
        panic!("a tape without a process was accepted");
    };
    assert!(
        problems.to_string().contains("has no process"),
        "{problems}"
    );
}

#[test]
fn mistakes_in_a_process_are_answered_with_the_nearest_name() {
    for (from, to, words) in [
        (
            "start = \"line of 2022\"",
            "start = \"line of 2021\"",
            ["line of 2021", "line of 2022"],
        ),
        (
            "rules = [\"us-2022-10-3a090\"]",
            "rules = [\"us-2022-10-3a09\"]",
            ["us-2022-10-3a09", "us-2022-10-3a090"],
        ),
        (
            "name = \"embargo\"",
            "name = \"open\"",
            ["twice", "a name for each rung"],
        ),
        (
            "kind = \"reactive\"",
            "kind = \"reactiv\"",
            ["reactiv", "reactive"],
        ),
        (
            "\"us-2019-05-huawei-entity\"",
            "\"us-2022-10-sme\"",
            ["us-2022-10-sme", "after the process begins"],
        ),
    ] {
        let source = library().configs.find("reactive-2022", "regimes").unwrap();
        assert!(source.text.contains(from));
        let text = source.text.replacen(from, to, 1);
        let wrong = Source {
            name: source.name,
            text,
        };
        let problems = regime_from(&wrong, &library().law).unwrap_err().to_string();
        for word in words {
            assert!(problems.contains(word), "{word}: {problems}");
        }
        assert!(problems.contains("reactive-2022.toml:"), "{problems}");
    }
}

/// Outcomes of a regime in twenty futures with parameters set, over five years from when its process begins.
fn outcomes_of(name: &str, channels: Channels, set: &[(&str, f64)]) -> Results {
    let settings = PlanSettings {
        seed: 11,
        runs: 20,
        set: set.iter().map(|(id, v)| ((*id).to_string(), *v)).collect(),
        channels,
        ..PlanSettings::default()
    };
    let mut plan = Plan::of(library(), study_of(&[name]), vec![regime(name)], settings).unwrap();
    let from = plan.regimes[0].process.as_ref().unwrap().from;
    plan.window.from = (from - plan.blueprint.first) as usize;
    plan.window.to = plan.window.from + 60;
    results(&plan)
}

fn mean(results: &Results, regime: &str, name: &str) -> f64 {
    let values = outcome(results, regime, name);
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn c17_lobbying_shortens_strict_rules_in_the_mean_where_revenue_is_lost_and_does_nothing_where_none_is()
 {
    let silent = Channels::default().without(Channel::Lobbying);
    // Slack is pools and makers' own capacity alike.
    let slack = [
        ("supply_multiplier", 3.0),
        ("capacity_speed", 1.0),
        ("resale_friction", 0.0),
    ];
    let on = outcomes_of("reactive", Channels::default(), &slack);
    let off = outcomes_of("reactive", silent, &slack);
    let months = |r: &Results| outcome(r, "reactive", "strict_months_total");
    // A rule that was loosened early can be tightened once more, so that strict months are longer in a few futures.
    let (on_months, off_months) = (months(&on), months(&off));
    let pairs = || on_months.iter().zip(&off_months);
    let longer = pairs().filter(|(on, off)| on > off).count();
    let shorter = pairs().filter(|(on, off)| on < off).count();
    assert!(
        longer < shorter,
        "longer in {longer} of 20 futures, shorter in {shorter}"
    );
    assert!(
        mean(&on, "reactive", "strict_months_total")
            < mean(&off, "reactive", "strict_months_total")
    );
    // While others wait for what the target is denied, nothing is lost, bit for bit.
    // Chips are what is short here, not the power for them.
    let tight = [
        ("supply_multiplier", 0.1),
        ("resale_friction", 0.0),
        ("power_overhead", 0.1),
    ];
    let on = outcomes_of("reactive", Channels::default(), &tight);
    let off = outcomes_of("reactive", silent, &tight);
    for (a, b) in on.outcomes.rows.iter().zip(&off.outcomes.rows) {
        let bits = |row: &[f64]| row.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&a.outcomes), bits(&b.outcomes));
    }
}

#[test]
fn reaction_to_the_gap_and_to_variants_keeps_rules_stricter() {
    let deaf = Channels::default().without(Channel::PolicyReaction);
    let name = "reactive-2022";
    let on = outcomes_of(name, Channels::default(), &[]);
    let off = outcomes_of(name, deaf, &[]);
    assert!(mean(&on, name, "policy_rung_mean") > mean(&off, name, "policy_rung_mean"));
    assert!(
        mean(&on, name, "us_maker_revenue_target_usd")
            < mean(&off, name, "us_maker_revenue_target_usd")
    );
}

#[test]
fn a_first_difference_is_where_a_process_begins_or_a_rule_ends() {
    let b = library().blueprint(&study_of(&["none"])).unwrap();
    let first = |a: &str, c: &str| b.subjects.first_difference(&[regime(a), regime(c)]);
    assert_eq!(first("reactive", "stochastic"), Some(Month::of(2026, 11)));
    assert_eq!(first("reactive", "history-free"), Some(Month::of(2026, 11)));
    assert_eq!(first("reactive", "reactive"), None);
}
