//! Every kind of entity and every channel matters: without one of them an outcome changes.

use chokepoint::config::source::Configs;
use chokepoint::controls::Regime;
use chokepoint::foundation::channels::Channel;
use chokepoint::outputs::formulas::{OutcomeWindow, outcomes};
use chokepoint::outputs::outcomes::OUTCOMES;
use chokepoint::study::{Library, Plan, PlanSettings, Worker};

use crate::{library, regime, study_of, with_table};

/// Reactive politics under these fixed regimes must move nothing; relation 35 tests it.
const POLITICS: [Channel; 2] = [Channel::Lobbying, Channel::PolicyReaction];

fn plan(library: &Library, regimes: Vec<Regime>) -> Plan {
    let names: Vec<&str> = regimes.iter().map(|r| r.name.as_str()).collect();
    let settings = PlanSettings {
        seed: 5,
        runs: 3,
        ..PlanSettings::default()
    };
    Plan::of(library, study_of(&names), regimes, settings).unwrap()
}

/// Home wafers over what the parameters say.
const WAFERS: f64 = 0.2;

/// Outcomes of an arm, from October 2022 to the last month, in one future with some channels off.
fn outcomes_of(
    plan: &Plan,
    worker: &mut Worker,
    arm: usize,
    number: u32,
    off: &[Channel],
) -> Vec<f64> {
    let mut future = plan.future(number);
    // Dies that come through proxies count where home wafers are short.
    future.parameters.smic_accelerator_share *= WAFERS;
    for channel in off {
        future.channels = future.channels.without(*channel);
    }
    let months = plan.blueprint.months;
    worker.run(&plan.calendars[arm], &future, months, false);
    outcomes(
        &plan.blueprint.watch,
        worker.record(),
        OutcomeWindow {
            from: 33,
            to: months,
        },
    )
}

/// Names of the outcomes that differ by more than rounding.
fn moved(a: &[f64], b: &[f64]) -> Vec<&'static str> {
    let differ =
        |a: f64, b: f64| a.is_nan() != b.is_nan() || (a - b).abs() > 1e-9 * (a.abs() + b.abs());
    (0..OUTCOMES.len())
        .filter(|at| differ(a[*at], b[*at]))
        .map(|at| OUTCOMES[at].name)
        .collect()
}

/// Outcomes of `history-free` in the first future, in a library.
fn in_world(library: &Library) -> Vec<f64> {
    let plan = plan(library, vec![library.regime("history-free").unwrap()]);
    outcomes_of(&plan, &mut Worker::new(&plan.blueprint), 0, 0, &[])
}

/// Tables without the rows that hold one of these words.
fn without_rows(tables: &[(&str, &[&str])]) -> Library {
    let folder = tempfile::tempdir().unwrap();
    for (path, words) in tables {
        let text = library().configs.read(path).unwrap().text;
        let keep = |line: &&str| !words.iter().any(|word| line.contains(word));
        let kept: Vec<&str> = text.lines().filter(keep).collect();
        assert!(
            kept.len() < text.lines().count(),
            "{path} holds none of {words:?}"
        );
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, kept.join("\n") + "\n").unwrap();
    }
    Library::read(Configs::folder(folder.path()), &[]).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn silencing_an_entity_moves_an_outcome_that_is_its_own() {
    let whole = in_world(library());
    let silenced: [(&str, Library, &str); 8] = [
        (
            "a nation",
            without_rows(&[("world/nations.csv", &["MEX,"])]),
            "third_alignment_mean_end",
        ),
        (
            "a chipmaker",
            without_rows(&[
                ("world/chipmakers.csv", &["amd,AMD"]),
                ("world/chips.csv", &["amd-instinct"]),
            ]),
            "world_hhi_end",
        ),
        (
            "a chip",
            without_rows(&[("world/chips.csv", &["nvidia-h100-sxm,"])]),
            "us_maker_revenue_usd",
        ),
        (
            "a foundry",
            without_rows(&[
                ("world/foundries.csv", &["smic,"]),
                ("world/pools.csv", &["smic_7nm,"]),
            ]),
            "target_self_sufficiency_fab_end",
        ),
        (
            "memory makers of the target",
            without_rows(&[
                ("world/foundries.csv", &["cxmt,"]),
                ("world/pools.csv", &["hbm_china_domestic,"]),
            ]),
            "target_self_sufficiency_end",
        ),
        (
            "labs",
            without_rows(&[("world/labs.csv", &["deepseek,", "alibaba"])]),
            "target_frontier_points_end",
        ),
        (
            "hosts",
            without_rows(&[("world/hosts.csv", &["rental_assumption,GPU"])]),
            "rented_h100e_mean",
        ),
        (
            "brokers",
            without_rows(&[("world/hubs.csv", &["share of diverted flow by last hub"])]),
            "grey_h100e_total",
        ),
    ];
    for (what, world, outcome) in &silenced {
        let changed = moved(&whole, &in_world(world));
        assert!(
            changed.contains(outcome),
            "{what}: {outcome} stays; {changed:?} move"
        );
    }
}

#[test]
fn silencing_a_rule_or_the_worlds_demand_moves_an_outcome() {
    let mut fewer = regime("history-free");
    let memory = library().law.find("us-2024-12-hbm").unwrap();
    fewer.entries.retain(|entry| entry.rule != memory);
    fewer.name = "without memory".into();
    let plan = plan(library(), vec![regime("history-free"), fewer]);
    let mut worker = Worker::new(&plan.blueprint);
    let whole = outcomes_of(&plan, &mut worker, 0, 0, &[]);
    let without = outcomes_of(&plan, &mut worker, 1, 0, &[]);
    assert!(moved(&whole, &without).contains(&"target_self_sufficiency_end"));
    let poorer = with_table("world/demand.csv", |text| {
        let nothing = |line: &str| match line.split(',').collect::<Vec<_>>()[..] {
            ["third_demand", "Europe", month, _, _, _, unit, ..] => {
                format!("third_demand,Europe,{month},0,0,0,{unit},background: a test,,low")
            }
            _ => line.to_string(),
        };
        text.lines().map(nothing).collect::<Vec<_>>().join("\n") + "\n"
    });
    assert!(moved(&whole, &in_world(&poorer)).contains(&"third_compute_h100e_end"));
}

#[test]
fn every_channel_that_is_off_moves_an_outcome_somewhere() {
    let regimes = ["history-free", "oct22", "embargo"].map(regime).to_vec();
    let plan = plan(library(), regimes);
    let mut worker = Worker::new(&plan.blueprint);
    let all: Vec<(usize, u32)> = (0..3)
        .flat_map(|n| (0..3).map(move |arm| (arm, n)))
        .collect();
    let base: Vec<Vec<f64>> = all
        .iter()
        .map(|&(arm, n)| outcomes_of(&plan, &mut worker, arm, n, &[]))
        .collect();
    for channel in Channel::ALL {
        let moves = all.iter().zip(&base).any(|(&(arm, n), whole)| {
            let off = outcomes_of(&plan, &mut worker, arm, n, &[*channel]);
            !moved(whole, &off).is_empty()
        });
        assert_eq!(moves, !POLITICS.contains(channel), "{}", channel.name());
    }
}

#[test]
fn a_host_that_law_bars_rents_nothing_and_hosts_add_up_to_what_the_target_rents() {
    let bill = |name: &str| {
        let mut all = regime("history-free");
        let at = library().law.find("bill-remote-access").unwrap();
        let law = &library().law.rules[usize::from(at)];
        all.entries.push(chokepoint::controls::DatedRule {
            rule: at,
            announced: law.announced.unwrap(),
            text: law.announced.unwrap(),
            compliance: law.announced.unwrap(),
            ended: None,
            early: Vec::new(),
        });
        all.name = name.into();
        all
    };
    let plan = plan(library(), vec![regime("history-free"), bill("bill")]);
    let mut worker = Worker::new(&plan.blueprint);
    let future = plan.future(0);
    let mut rented = |arm: usize, entity: &str, t: usize| {
        worker.run(&plan.calendars[arm], &future, t + 1, false);
        let columns = &plan.blueprint.watch.columns;
        let at = columns.find("rented_h100e", entity).unwrap();
        worker.record().column(at)[t]
    };
    // Two years later the bill has emptied the halls abroad. It says nothing of what stands in the issuer.
    let late = 90;
    assert!(rented(0, "MYS", late) > 0.0 && rented(0, "USA", late) > 0.0);
    assert_eq!(rented(1, "MYS", late), 0.0);
    assert!(rented(1, "USA", late) > 0.0);
    assert!(rented(1, "target", late) < rented(0, "target", late));
    let hosts: f64 = plan
        .blueprint
        .host_nations
        .iter()
        .map(|iso3| rented(0, iso3, late))
        .sum();
    assert!((hosts / rented(0, "target", late) - 1.0).abs() < 1e-12);
}
