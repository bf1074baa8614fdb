//! Power, software and supply of home makers move the market in the direction that their sources state.

use chokepoint::foundation::run::Future;
use chokepoint::study::{Plan, PlanSettings, Worker};

use crate::{plan_of, regime};

/// Sum of a column over the months from one month to another, in the first futures of a plan, after a change of each future.
fn sum(
    plan: &Plan,
    (measure, entity): (&str, &str),
    months: std::ops::Range<usize>,
    change: impl Fn(&mut Future),
) -> f64 {
    let column = plan.blueprint.watch.columns.find(measure, entity).unwrap();
    let mut worker = Worker::new(&plan.blueprint);
    let mut total = 0.0;
    for number in 0..3 {
        let mut future = plan.future(number);
        change(&mut future);
        worker.run(&plan.calendars[0], &future, months.end, false);
        total += worker.record().column(column)[months.clone()]
            .iter()
            .filter(|v| v.is_finite())
            .sum::<f64>();
    }
    total
}

#[test]
fn less_power_slows_purchases_of_the_issuer_and_leaves_little_dark() {
    let plan = plan_of(vec![regime("none")], 3);
    let at = |factor: f64, what| {
        sum(&plan, what, 120..144, |f: &mut Future| {
            f.parameters.power_growth_factor = factor;
        })
    };
    let compute = ("compute_h100e", "issuer");
    assert!(at(0.92, compute) < 0.95 * at(1.05, compute));
    // Buyers wait for power, so that nearly all that they have bought is on.
    let powered = at(0.95, ("powered_share", "issuer")) / (3.0 * 24.0);
    assert!(powered > 0.9, "{powered}");
}

#[test]
fn a_priority_claim_on_scarce_home_wafers_helps_the_claimant_and_costs_other_home_makers() {
    let plan = plan_of(vec![regime("history-free")], 3);
    let units = |maker: &str, least: f64| {
        let what = format!("{maker}:target");
        sum(&plan, ("maker_units", &what), 48..84, |f: &mut Future| {
            f.parameters.home_priority_share = least;
            f.parameters.smic_accelerator_share = 0.05;
        })
    };
    assert!(units("huawei", 0.85) > units("huawei", 0.0));
    assert!(units("cambricon", 0.85) < units("cambricon", 0.0));
}

#[test]
fn phones_take_wafers_from_accelerators() {
    let plan = plan_of(vec![regime("history-free")], 3);
    // What lacks wafers is ordered elsewhere, in part from other home makers, so that they are counted together.
    let units = |share: f64| -> f64 {
        let each = ["huawei", "cambricon", "hygon", "metax", "biren"].map(|maker| {
            let what = format!("{maker}:target");
            sum(&plan, ("maker_units", &what), 60..84, |f: &mut Future| {
                f.parameters.smic_accelerator_share = share
            })
        });
        each.iter().sum()
    };
    assert!(units(0.03) < units(0.45));
}

#[test]
fn makers_draw_their_own_software_and_mature_stacks_sell_more() {
    let plan = plan_of(vec![regime("history-free")], 3);
    let begin = |number| {
        let mut worker = Worker::new(&plan.blueprint);
        worker.run(&plan.calendars[0], &plan.future(number), 1, false);
        let mut query = worker.stage.world.query::<(
            &chokepoint::agents::chipmaker::Chipmaker,
            &chokepoint::agents::chipmaker::ChipmakerState,
        )>();
        let keys = &plan.blueprint.maker_keys;
        let of = |name: &str| keys.iter().position(|k| k == name).unwrap() as u32;
        let rows = ["nvidia", "huawei", "amd"].map(of);
        rows.map(|row| {
            let found = query.iter(&worker.stage.world).find(|(m, _)| m.row == row);
            found.unwrap().1.maturity
        })
    };
    let (a, b) = (begin(0), begin(1));
    assert_eq!(a[0], 1.0);
    // A month of learning adds to what was drawn.
    assert!(
        (0.3..0.7).contains(&a[1]) && (0.15..0.45).contains(&a[2]),
        "{a:?}"
    );
    assert!(a[1] != b[1] && a[2] != b[2]);
}

/// Packages of a maker from 2025 on under the record, in three futures, with the table of makers rewritten.
fn units_with(maker: &str, rewrite: impl Fn(&str) -> String) -> f64 {
    let library = crate::with_table("world/chipmakers.csv", rewrite);
    let regimes = vec![library.regime("history-free").unwrap()];
    let settings = PlanSettings {
        seed: 1,
        runs: 3,
        ..PlanSettings::default()
    };
    let study = crate::study_of(&["history-free"]);
    let plan = Plan::of(&library, study, regimes, settings).unwrap();
    let what = format!("{maker}:target");
    sum(&plan, ("maker_units", &what), 60..84, |_| {})
}

#[test]
fn an_owner_who_buys_the_chips_of_its_maker_raises_their_number() {
    let with = units_with("alibaba-t-head", str::to_string);
    let without = units_with("alibaba-t-head", |text| {
        text.replace(",0.08,0.06,0.1,", ",,,,")
    });
    assert!(with > 1.5 * without, "{with} against {without}");
}

#[test]
fn claims_of_owners_on_shared_supply_bring_captive_chips() {
    let plan = plan_of(vec![regime("history-free")], 3);
    let units = |claim: f64| {
        sum(
            &plan,
            ("maker_units", "google-tpu:world"),
            36..72,
            |f: &mut Future| f.parameters.captive_claim = claim,
        )
    };
    assert!(units(3.0) > units(1.0));
}

#[test]
fn cheaper_home_chips_earn_less_a_card_and_never_less_than_they_cost() {
    let plan = plan_of(vec![regime("history-free")], 3);
    let price = |part: f64| {
        let of = |what| {
            sum(&plan, (what, "huawei:target"), 48..84, |f: &mut Future| {
                f.parameters.home_price_over_list = part;
            })
        };
        of("maker_revenue_usd") / of("maker_units")
    };
    let (half, full) = (price(0.5), price(1.0));
    assert!(half < 0.7 * full && half > 0.45 * full, "{half} {full}");
    let p = &plan.future(0).parameters;
    assert_eq!(
        chokepoint::agents::chipmaker::home_price_usd(1000.0, 5000.0, p),
        1000.0
    );
}
