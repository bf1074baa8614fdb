//! The market and research of every month equal a reference model: the same equations written again in plain loops.

pub mod learning;
pub mod market;
pub mod taken;

use bevy_ecs::resource::Resource;
use bevy_ecs::schedule::IntoScheduleConfigs;
use bevy_ecs::world::World;
use chokepoint::agents::broker::run_brokers;
use chokepoint::agents::chipmaker::trade;
use chokepoint::agents::lab::{Knowledge, Lab, do_research, learn_from_scarcity, steal};
use chokepoint::capability::frontier::FrontierHistory;
use chokepoint::foundation::run::{Future, SimulationClock};
use chokepoint::markets::chip_market::ChipMarket;
use chokepoint::markets::chip_market::state::MarketRules;
use chokepoint::month::month;
use chokepoint::policy::event_log::log_refused_licences;
use chokepoint::technology::supply::SupplyState;
use chokepoint::world::Simulation;

use crate::{plan_of, regime};
use learning::Learning;
use market::Market;

/// Largest difference that counts as none: of either number, or of what both are a remainder of.
const TOLERANCE: f64 = 1e-9;

/// The reference models of this month, and how often each branch of the market was taken so far.
#[derive(Resource, Default)]
struct ReferenceModels {
    market: Option<Market>,
    learning: Learning,
    seen: Seen,
}

/// Months in which something happened that a reference model could get wrong.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    licences_used: u32,
    levied: u32,
    bought_by_brokers: u32,
    ordered_once_more: u32,
    short_pools: u32,
    learned: u32,
}

#[test]
fn market_and_research_equal_their_reference_models_in_every_month() {
    // The rule of January 2026 on the H200 sets a cap, and the reference model of the market has none.
    let plan = plan_of(["none", "oct22", "free-2025-12"].map(regime).to_vec(), 3);
    let mut stage = Simulation::new(&plan.blueprint);
    stage.world.init_resource::<ReferenceModels>();
    let mut schedule = month();
    schedule.add_systems((
        trade_in_the_reference_model
            .after(run_brokers)
            .before(trade),
        compare_markets.after(trade).before(log_refused_licences),
        learn_in_the_reference_model
            .after(learn_from_scarcity)
            .before(do_research),
        compare_learning.after(do_research).before(steal),
    ));
    for number in 0..3 {
        let draw = plan.draw(number);
        for arm in 0..plan.regimes.len() {
            let (calendar, future) = plan.in_arm(arm, number, &draw);
            stage.reset(calendar, &future, false);
            for _ in 0..plan.blueprint.months {
                schedule.run(&mut stage.world);
            }
        }
    }
    let seen = stage.world.resource::<ReferenceModels>().seen;
    for (what, months) in [
        ("licences used", seen.licences_used),
        ("levies taken", seen.levied),
        ("brokers buying", seen.bought_by_brokers),
        ("orders made once more", seen.ordered_once_more),
        ("pools too small", seen.short_pools),
        ("labs learning", seen.learned),
    ] {
        assert!(
            months > 0,
            "no month with {what}: the reference model was not tried"
        );
    }
}

fn trade_in_the_reference_model(world: &mut World) {
    let (mut reference, capacity, pools) = taken::market(world);
    let rules = MarketRules::of(&world.resource::<Future>().parameters);
    reference.trade(&capacity, &pools, &rules);
    world.resource_mut::<ReferenceModels>().market = Some(reference);
}

fn compare_markets(world: &mut World) {
    let t = world.resource::<SimulationClock>().t;
    let reference = world
        .resource_mut::<ReferenceModels>()
        .market
        .take()
        .unwrap();
    let model = world.resource::<ChipMarket>();
    let pools = world.resource::<SupplyState>().pools;
    let is = |what: &str, model: &[f64], reference: &[f64], of: &dyn Fn(usize) -> f64| {
        same(t, what, model, reference, of);
    };
    let alone = |_: usize| 0.0;
    let (chips, made): (usize, f64) = (reference.chips, reference.made.iter().sum());
    let money = |k: usize| reference.money_usd[k];
    is(
        "wallet_usd",
        &model.money.wallet_usd,
        &reference.wallet_usd,
        &money,
    );
    is(
        "advance_usd",
        &model.money.advance_usd,
        &reference.advance_usd,
        &money,
    );
    // Fewer packages than a millionth of what all chips of the month come to are what rounding left somewhere.
    let volume = |_: usize| 1e-6 * made;
    for k in 0..reference.customers {
        let bought: Vec<f64> = (0..chips).map(|chip| model.delivered(k, chip)).collect();
        let what = format!("packages of customer {k}");
        is(
            &what,
            &bought,
            &reference.bought[k * chips..][..chips],
            &volume,
        );
    }
    is("sold", &model.deliveries.sold, &reference.sold, &volume);
    is("stock", &model.deliveries.stock, &reference.stock, &volume);
    let brokers = (
        &model.deliveries.sold_to_brokers,
        &reference.sold_to_brokers,
    );
    is("sold_to_brokers", brokers.0, brokers.1, &volume);
    is(
        "levy_borne_usd",
        &model.deliveries.levy_borne_usd,
        &reference.levy_borne_usd,
        &alone,
    );
    is("wanted", &model.orders.wanted, &reference.wanted, &alone);
    is("asked", &model.orders.asked, &reference.asked, &alone);
    is(
        "withheld_share",
        &model.orders.withheld_share,
        &reference.withheld_share,
        &|_| 1.0,
    );
    is(
        "maker_left",
        &model.allocation.supply.maker_left,
        &reference.maker_left,
        &|m| reference.asked[m],
    );
    is(
        "pool_asked",
        &model.orders.pool_asked,
        &reference.pool_asked,
        &alone,
    );
    is(
        "pool_used",
        &model.deliveries.pool_used,
        &reference.pool_used,
        &alone,
    );
    is(
        "pool_left",
        &model.allocation.supply.pool_left,
        &reference.pool_left,
        &|p| pools[p],
    );
    for maker in 0..reference.makers {
        let quotas = (
            &model.allocation.quota_share[maker],
            &reference.quota_share[maker],
        );
        is("quota_share", quotas.0, quotas.1, &alone);
        let left = (
            &model.allocation.supply.quota_left[maker],
            &reference.quota_left[maker],
        );
        is("quota_left", left.0, left.1, &|p| pools[p]);
    }
    let queues =
        |of: fn(&chokepoint::markets::chip_market::licences::LicenceQueue) -> f64| -> Vec<f64> {
            model.licences.queues.iter().map(of).collect()
        };
    let applied = |at: usize| reference.applied[at];
    is(
        "licences pending",
        &queues(|q| q.pending),
        &reference.pending,
        &applied,
    );
    is(
        "authorised",
        &queues(|q| q.authorised),
        &reference.authorised,
        &applied,
    );
    is(
        "applied for",
        &queues(|q| q.applied_total),
        &reference.applied,
        &alone,
    );
    is(
        "granted",
        &queues(|q| q.granted_total),
        &reference.granted,
        &alone,
    );
    is(
        "refused",
        &queues(|q| q.refused_total),
        &reference.refused,
        &alone,
    );
    is("used", &queues(|q| q.used_total), &reference.used, &applied);
    let parts: Vec<f64> = model.caps.nations.iter().map(|n| n.part).collect();
    is("part of imports", &parts, &reference.nation_part, &alone);
    let books = &model.accounts;
    let sums = [
        books.spent_usd,
        books.lapsed_usd,
        books.repaid_usd,
        books.levy_usd,
        books.passed_on_usd,
        books.produced,
        books.delivered,
        books.retired,
    ];
    let references = [
        reference.spent_usd.iter().sum(),
        reference.lapsed_usd,
        reference.repaid_usd,
        reference.levy_borne_usd.iter().sum::<f64>() + reference.passed_on_usd,
        reference.passed_on_usd,
        made,
        made,
        reference.retired,
    ];
    is("books", &sums, &references, &alone);
    let levied = reference.passed_on_usd > 0.0;
    let (used, grey) = (
        reference.used.iter().sum::<f64>(),
        &reference.sold_to_brokers,
    );
    let by_brokers = grey.iter().sum::<f64>() > 0.0;
    let short = (0..6).any(|p| reference.pool_asked[p] > pools[p] && pools[p] > 0.0);
    let spilled = reference.spilled_usd > 0.0;
    let seen = &mut world.resource_mut::<ReferenceModels>().seen;
    seen.licences_used += u32::from(used > 0.0);
    seen.levied += u32::from(levied);
    seen.bought_by_brokers += u32::from(by_brokers);
    seen.ordered_once_more += u32::from(spilled);
    seen.short_pools += u32::from(short);
}

fn learn_in_the_reference_model(world: &mut World) {
    let mut reference = taken::learning(world);
    let before = reference.points.clone();
    let year = world.resource::<SimulationClock>().year;
    reference.month(year, &world.resource::<Future>().parameters);
    let learned = reference
        .points
        .iter()
        .zip(&before)
        .any(|(now, then)| now > then);
    let mut references = world.resource_mut::<ReferenceModels>();
    references.learning = reference;
    references.seen.learned += u32::from(learned);
}

fn compare_learning(world: &mut World) {
    let t = world.resource::<SimulationClock>().t;
    let mut labs = world.query::<(&Lab, &Knowledge)>();
    let points: Vec<f64> = labs.iter(world).map(|(_, k)| k.points).collect();
    let (frontier, reference) = (
        world.resource::<FrontierHistory>(),
        &world.resource::<ReferenceModels>().learning,
    );
    // Points are counted from a month of reference: a lab may stand at nothing.
    let is =
        |what: &str, model: &[f64], reference: &[f64]| same(t, what, model, reference, &|_| 1.0);
    is("knowledge", &points, &reference.points);
    is(
        "best by bloc",
        &frontier.bloc_points,
        &reference.best_points,
    );
    is(
        "mean by bloc",
        &frontier.bloc_mean_points,
        &reference.mean_points,
    );
    let (research, of_reference) = (&frontier.bloc_research_h100e, &reference.research_h100e);
    same(t, "research compute", research, of_reference, &|_| 0.0);
    let latent = [0, 1, 2].map(|bloc| frontier.latent[bloc].latest());
    is("latent", &latent, &reference.latent);
    let best = frontier.best_known.last().unwrap();
    let references = [
        reference.best_known.last(),
        reference.best_known_h100e.last(),
    ]
    .map(|x| *x.unwrap());
    is(
        "best known",
        &[best.points, best.compute_h100e],
        &references,
    );
}

/// Holds two columns together to [`TOLERANCE`] of the larger of the two, or of what they are a remainder of.
fn same(t: usize, what: &str, model: &[f64], reference: &[f64], of: &dyn Fn(usize) -> f64) {
    assert_eq!(model.len(), reference.len(), "{what}");
    for (at, (&a, &b)) in model.iter().zip(reference).enumerate() {
        if a == b || a.is_nan() && b.is_nan() {
            continue;
        }
        let scale = a.abs().max(b.abs()).max(of(at).abs());
        assert!(
            (a - b).abs() <= TOLERANCE * scale,
            "month {t}: {what} [{at}] is {a:e} in the model and {b:e} in the reference model"
        );
    }
}
