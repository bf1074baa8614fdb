//! Every claim, channel and instrument is in some test; rules that cannot act change nothing.

use chokepoint::controls::Instrument;
use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::channels::{Channel, Channels};
use chokepoint::study::{Plan, PlanSettings, Worker};

use super::arms::{Arm, KINDS, World, arm, change, entry, index};
use super::engine::Claim;
use crate::{regime, study_of};

#[test]
fn every_claim_from_c1_to_c19_has_a_test() {
    let names: Vec<&str> = super::all().iter().map(|c| c.name).collect();
    for number in 1..=19 {
        let id = format!("C{number}");
        let is_it = |name: &&str| {
            name.strip_prefix(&id)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        assert!(names.iter().any(is_it), "{id}");
    }
}

#[test]
fn every_channel_is_switched_off_in_some_claim() {
    let claims = super::all();
    let used: Vec<Channel> = claims
        .iter()
        .flat_map(Claim::tests)
        .flat_map(|t| t.arms.iter().flat_map(|(_, a)| a.off.clone()))
        .collect();
    let missing: Vec<&str> = Channel::ALL
        .iter()
        .filter(|c| !used.contains(c))
        .map(|c| c.name())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// In the arms of a claim, or in the rules of every kind below.
#[test]
fn every_instrument_is_in_the_arms_of_a_claim_or_among_the_kinds_of_rules() {
    let law = &World::Shipped.library().law;
    let mut used: Vec<Instrument> = Vec::new();
    for test in super::all().iter().flat_map(Claim::tests) {
        for (_, a) in &test.arms {
            used.extend(
                a.regime
                    .entries
                    .iter()
                    .map(|e| law.rules[usize::from(e.rule)].instrument),
            );
        }
    }
    used.extend(
        KINDS.map(|(kind, ..)| law.rules[usize::from(index(&format!("biting-{kind}")))].instrument),
    );
    for instrument in Instrument::ALL {
        assert!(used.contains(&instrument), "{instrument:?}");
    }
}

/// First month in which two arms differ in anything recorded, over some futures; none if they never do.
fn first_difference(a: &Arm, b: &Arm) -> Option<usize> {
    let settings = PlanSettings {
        seed: 11,
        runs: 3,
        ..PlanSettings::default()
    };
    let mut study = study_of(&[&a.regime.name, &b.regime.name]);
    // Arms that differ after the end of the study have no window of their own.
    study.window_first = Some(Month::of(2022, 10));
    let plan = Plan::of(
        a.library(),
        study,
        vec![a.regime.clone(), b.regime.clone()],
        settings,
    )
    .unwrap();
    let mut worker = Worker::new(&plan.blueprint);
    let columns = plan.blueprint.watch.columns.names().len();
    let mut first: Option<usize> = None;
    for number in 0..3 {
        let [x, y] = [0, 1].map(|side| {
            worker.run(&plan.calendars[side], &plan.future(number), 120, false);
            worker.record().clone()
        });
        for c in 0..columns {
            let differs = |t: &usize| x.column(c)[*t].to_bits() != y.column(c)[*t].to_bits();
            first = first.into_iter().chain((0..120).find(differs)).min();
        }
    }
    first
}

#[test]
fn a_rule_of_any_kind_that_is_never_met_or_comes_too_late_changes_nothing_and_no_rule_acts_before_it_is_known()
 {
    let base = || arm(regime_of("oct23", &[]));
    let announced = super::look::at(2024, 1);
    for (kind, ..) in KINDS {
        let never = format!("never-{kind}");
        let biting = format!("biting-{kind}");
        let with = |id: &str, announced: &str, compliance: &str| {
            arm(regime_of("oct23", &[entry(id, announced, compliance)]))
        };
        assert_eq!(
            first_difference(&with(&never, "2024-01-15", "2024-06-15"), &base()),
            None,
            "{never}"
        );
        assert_eq!(
            first_difference(&with(&biting, "2036-01-15", "2036-06-15"), &base()),
            None,
            "{biting} after the horizon"
        );
        let first = first_difference(&with(&biting, "2024-01-15", "2024-06-15"), &base());
        assert!(
            first.is_none_or(|t| t >= announced),
            "{biting} acts in month {first:?}"
        );
        // What a rescission ends has ended under `oct23`.
        assert!(
            kind == "rescission" || first.is_some(),
            "{biting} changes nothing at all"
        );
    }
}

fn regime_of(base: &str, more: &[chokepoint::controls::DatedRule]) -> chokepoint::controls::Regime {
    change(base, &format!("{base} and {} more", more.len()), |e| {
        e.extend(more.iter().cloned())
    })
}

#[test]
fn every_channel_changes_a_recorded_measure_and_political_ones_only_where_governments_move_rules() {
    let plan = crate::plan_of(vec![regime("history-free"), regime("reactive-2022")], 1);
    let mut worker = Worker::new(&plan.blueprint);
    let months = plan.blueprint.months;
    let mut tape = |arm: usize, number: u32, channels: Channels| -> Vec<u64> {
        let mut future = plan.future(number);
        future.channels = channels;
        worker.run(&plan.calendars[arm], &future, months, false);
        let columns = plan.blueprint.watch.columns.names().len();
        (0..columns)
            .flat_map(|c| {
                worker
                    .record()
                    .column(c)
                    .iter()
                    .map(|v| v.to_bits())
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    // What teaches best is learned from, so that a source can be idle in a future where another is better in every month.
    const FUTURES: u32 = 10;
    let mut acts = |arm: usize, channel: Channel| {
        (0..FUTURES).any(|n| {
            tape(arm, n, Channels::default().without(channel)) != tape(arm, n, Channels::default())
        })
    };
    for &channel in Channel::ALL {
        // Politics needs a regime that governments move; under a fixed one it changes nothing.
        let politics = matches!(channel, Channel::Lobbying | Channel::PolicyReaction);
        assert_eq!(acts(0, channel), !politics, "{}", channel.name());
        assert!(!politics || acts(1, channel), "{}", channel.name());
    }
}
