//! Relations of labs, learning, luck and gaps.

use chokepoint::capability::gap::{LeaderRecord, gap_months};
use chokepoint::events::{EventKind, EventLog};
use chokepoint::foundation::channels::Channel;
use chokepoint::study::Worker;

use super::*;

/// How hard ideas are in a bloc is a mean over its labs weighted by their compute, which an embargo shifts among third nations:
/// what is left is below a twentieth of a point.
#[test]
fn r33_without_worth_of_compute_chip_rules_move_no_gap() {
    let set = [
        ("points_per_decade_of_compute", 0.0),
        ("research_compute_elasticity", 0.0),
        ("scale_dependence", 0.0),
        ("service_investment_elasticity", 0.0),
    ];
    let plan = plan_of(&["none", "embargo"], &set);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        // Effort that scarcity calls forth takes from research whatever compute is worth.
        let future = off(&[Channel::InducedEfficiency])(plan.future(number));
        let gaps = [0, 1].map(|arm| {
            worker.run(&plan.calendars[arm], &future, 192, false);
            series(&worker, &plan, "latent_gap_points", "target_vs_issuer")
        });
        for (t, (a, b)) in gaps[0].iter().zip(&gaps[1]).enumerate() {
            assert!((a - b).abs() < 0.05, "future {number}, month {t}: {a} {b}");
        }
    }
}

#[test]
fn r34_without_catching_up_diffusion_changes_nothing() {
    let plan = plan_of(
        &["history-free"],
        &[("catch_up_per_year", 0.0), ("distillation_share", 0.0)],
    );
    let none = off(&[Channel::Theft]);
    let nothing = off(&[
        Channel::Theft,
        Channel::OpenDiffusion,
        Channel::Distillation,
    ]);
    same_until(&plan, [&none, &nothing], [0, 0], plan.blueprint.months);
}

#[test]
fn r35_under_a_fixed_regime_lobbying_and_reaction_change_nothing() {
    let plan = plan_of(&["history-free"], &[]);
    let none = off(&[Channel::Lobbying, Channel::PolicyReaction]);
    same_until(&plan, [&same, &none], [0, 0], plan.blueprint.months);
}

/// Scores of every lab by ordinal where nothing grows: a constant and luck.
fn luck(plan: &Plan, worker: &mut Worker, future: &Future) -> Vec<(u32, u32, f64, i32)> {
    worker.run(&plan.calendars[0], future, 120, true);
    let log = worker.stage.world.resource::<EventLog>();
    let mut all: Vec<_> = log
        .events
        .iter()
        .filter(|e| e.kind == EventKind::ModelReleased)
        .map(|e| (e.actor, e.object, e.values[0], e.t))
        .collect();
    all.sort_by_key(|e| (e.0, e.1));
    all
}

#[test]
fn r39_a_run_a_month_later_has_the_same_luck() {
    let still = [
        ("points_per_decade_of_compute", 0.0),
        ("frontier_points_per_year_before", 0.0),
        ("frontier_points_per_year_after", 0.0),
        ("catch_up_per_year", 0.0),
        ("distillation_share", 0.0),
        ("theft_events_per_year", 0.0),
    ];
    let plan = plan_of(&["none"], &still);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let calm = off(&[Channel::InducedEfficiency])(plan.future(number));
        let slow = changed(&calm, |p| p.run_length_months *= 1.2);
        let (early, late) = (
            luck(&plan, &mut worker, &calm),
            luck(&plan, &mut worker, &slow),
        );
        let mut moved = 0;
        for (actor, ordinal, score, t) in &early {
            if let Some(same) = late.iter().find(|e| (e.0, e.1) == (*actor, *ordinal)) {
                assert_eq!(
                    score.to_bits(),
                    same.2.to_bits(),
                    "future {number}, lab {actor}, run {ordinal}"
                );
                moved += i32::from(same.3 != *t);
            }
        }
        assert!(moved > 50, "{moved}");
    }
}

#[test]
fn r40_fixing_one_parameter_moves_no_other_draw() {
    let plan = plan_of(&["none"], &[]);
    for number in 0..FUTURES {
        let chance = plan.future(number).chance;
        let drawn = crate::library().parameters.draw(chance).values();
        for (at, p) in crate::library()
            .parameters
            .0
            .iter()
            .enumerate()
            .filter(|(_, p)| p.prior.is_some())
        {
            let mut fixed = crate::library().parameters.clone();
            fixed.set(&p.id, p.value + 1e-3);
            let again = fixed.draw(chance).values();
            assert!(
                (0..drawn.len()).all(|i| i == at || drawn[i] == again[i]),
                "{}",
                p.id
            );
        }
    }
}

#[test]
fn r41_less_compute_never_helps_within_a_year() {
    let plan = plan_of(&["none", "embargo"], &[]);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let future = plan.future(number);
        let [free, embargo] = [0, 1].map(|arm| {
            worker.run(&plan.calendars[arm], &future, 46, false);
            series(&worker, &plan, "latent_gap_points", "target_vs_issuer")
        });
        for t in 33..46 {
            assert!(
                embargo[t] >= free[t] - 1e-9,
                "future {number}, month {t}: {} {}",
                free[t],
                embargo[t]
            );
        }
    }
}

#[test]
fn r42_belief_falls_again_when_a_rule_ends_and_no_demand_piles_up() {
    let library = crate::library();
    let mut lifted = library.regime("embargo").unwrap();
    lifted.name = "lifted".into();
    let at = library.law.find("hypothetical-embargo").unwrap();
    for entry in lifted.entries.iter_mut().filter(|e| e.rule == at) {
        entry.ended = Some("2024-10-01".parse().unwrap());
    }
    let plan = plan(library, vec![lifted, library.regime("none").unwrap()], &[]);
    let mut worker = Worker::new(&plan.blueprint);
    for number in 0..FUTURES {
        let future = plan.future(number);
        worker.run(&plan.calendars[0], &future, 121, false);
        let belief = series(&worker, &plan, "supply_risk_belief", "target");
        assert!(
            belief[57] > 0.3 && belief[120] < 0.5 * belief[57],
            "{} {}",
            belief[57],
            belief[120]
        );
        // Who was denied spends no more afterwards than who never was, and what was carried.
        let carried = series(&worker, &plan, "backlog_usd", "target")[57];
        let spent = |worker: &Worker| -> f64 {
            let makers = plan.blueprint.maker_keys.iter();
            makers
                .map(|m| {
                    series(worker, &plan, "maker_revenue_usd", &format!("{m}:target"))[57..69]
                        .iter()
                        .sum::<f64>()
                })
                .sum()
        };
        let after = spent(&worker);
        worker.run(&plan.calendars[1], &future, 121, false);
        let never = spent(&worker);
        assert!(
            after <= never + carried,
            "future {number}: {after} {never} {carried}"
        );
    }
}

#[test]
fn r44_a_release_a_month_later_moves_the_gap_at_the_end_by_at_most_a_twelfth_of_its_jump() {
    // Twelve months, one of which the release decides; the leader gains a point a month.
    let end = |release: usize, jump: f64| {
        let (mut leader, mut follower) = (LeaderRecord::default(), LeaderRecord::default());
        leader.begin(100.0, 1.0, 72);
        follower.begin(90.0, 1.0, 72);
        let mut sum = 0.0;
        for t in 0..12 {
            leader.push(101.0 + t as f64);
            follower.push(if t >= release { 90.0 + jump } else { 90.0 });
            sum += gap_months(&leader, &follower);
        }
        sum / 12.0
    };
    for jump in [0.5, 3.0, 8.0, 14.0] {
        for release in 1..11 {
            let moved = (end(release + 1, jump) - end(release, jump)).abs();
            assert!(moved <= jump / 12.0 + 1e-9, "{jump} {release}: {moved}");
            assert!(moved > 0.0);
        }
    }
}
