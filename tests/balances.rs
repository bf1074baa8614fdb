//! Money, chips, licences and pools balance in every month, recounted from the stores themselves.

use chokepoint::agents::nation::training_share;
use chokepoint::foundation::bloc::Bloc;
use chokepoint::markets::chip_market::ChipMarket;
use chokepoint::markets::chip_market::state::{BudgetPurpose, ROWS, stock_index};
use chokepoint::study::Worker;
use chokepoint::technology::supply::{POOLS, SupplyState};

use crate::{library, plan_of, regime};

#[test]
fn everything_balances_in_every_month_of_twenty_runs() {
    let plan = plan_of(vec![regime("none"), regime("history")], 10);
    let b = plan.blueprint.clone();
    let mut worker = Worker::new(&b);
    for number in 0..10 {
        let future = plan.future(number);
        let p = future.parameters.clone();
        for calendar in &plan.calendars {
            worker.stage.reset(calendar, &future, false);
            for t in 0..b.months {
                let before = worker.stage.world.resource::<ChipMarket>().clone();
                let imbalance = worker.step();
                let market = worker.stage.world.resource::<ChipMarket>();
                let supply = worker.stage.world.resource::<SupplyState>();
                assert!(
                    imbalance < 1e-9,
                    "month {t}: the model's own check finds {imbalance:e}"
                );
                let trains = training_share(b.first.plus(t as i32).decimal_year(), &p);
                recount(&before, market, supply, &p, t, trains);
            }
        }
    }
}

fn recount(
    before: &ChipMarket,
    after: &ChipMarket,
    supply: &SupplyState,
    p: &chokepoint::foundation::parameters::Parameters,
    t: usize,
    trains: f64,
) {
    let layout = &after.layout;
    let chips = layout.maker_of.len();
    // Money: what came in and was neither spent, lapsed nor repaid is still there, wallet by wallet.
    for (k, customer) in layout.customers.iter().enumerate() {
        let spent: f64 = (0..chips)
            .map(|c| {
                let levy = after.terms[customer.market * chips + c].levy_share;
                let price =
                    after.offers[c].price_usd * (1.0 + p.levy_pass_through * levy / (1.0 - levy));
                after.delivered(k, c) * (price + p.host_cost_usd)
            })
            .sum();
        let repaid =
            before.money.advance_usd[k] + after.money.pulled_usd[k] - after.money.advance_usd[k];
        let carried = before.money.wallet_usd[k] - after.money.taken_usd[k];
        let expected = carried * (1.0 - p.wallet_decay_per_month)
            + after.money.returned_usd[k]
            + after.money.budget_usd[k]
            + after.money.pulled_usd[k]
            - repaid
            - spent;
        let scale = expected.abs().max(spent).max(1.0);
        let off = (after.money.wallet_usd[k] - expected).abs() / scale;
        assert!(off < 1e-9, "month {t}: wallet {k} is off by {off:e}");
        assert!(
            after.money.wallet_usd[k] > -1e-6 * scale,
            "month {t}: wallet {k} is overdrawn"
        );
        assert!(repaid >= -1e-6 && after.money.advance_usd[k] >= -1e-6);
    }
    // Chips: stocks change by deliveries and retirement alone, recounted customer by customer.
    let mut sold = vec![0.0; after.deliveries.stock.len()];
    let mut brought = vec![0.0; chips];
    for (k, customer) in layout.customers.iter().enumerate() {
        let bloc = layout.bloc_of_market[customer.market];
        for c in 0..chips {
            if customer.kind.is_broker() {
                brought[c] += after.delivered(k, c);
            } else {
                sold[stock_index(c, bloc, customer.wallet)] += after.delivered(k, c);
            }
        }
    }
    for at in 0..after.deliveries.stock.len() {
        let kept = before.deliveries.stock[at] * (1.0 - p.retirement_per_year / 12.0);
        // What a broker buys goes to users in the target, less what is seized, as they train and serve.
        let chip = at / ROWS;
        let parts = [
            (BudgetPurpose::Training, trains),
            (BudgetPurpose::Serving, 1.0 - trains),
        ];
        let diverted: f64 = parts
            .iter()
            .filter(|(wallet, _)| at == stock_index(chip, Bloc::Target as usize, *wallet))
            .map(|(_, part)| part * after.deliveries.diverted_units[chip])
            .sum();
        let expected = kept + sold[at] + diverted;
        assert!(
            (after.deliveries.stock[at] - expected).abs() <= 1e-9 * expected.max(1.0),
            "month {t}: stock {at}"
        );
    }
    for c in 0..chips {
        assert!(
            after.deliveries.diverted_units[c] <= brought[c] * (1.0 + 1e-9),
            "month {t}: brokers hand over more than they bought"
        );
    }
    // Brokers spend what they took, less their margin.
    let taken: f64 = after.money.taken_usd.iter().sum();
    let theirs: f64 = (0..layout.customers.len())
        .filter(|k| layout.customers[*k].kind.is_broker())
        .map(|k| after.money.budget_usd[k])
        .sum();
    assert!(
        theirs <= taken * (1.0 + 1e-9),
        "month {t}: brokers spend {theirs}, took {taken}"
    );
    let returned: f64 = after
        .money
        .returned_usd
        .iter()
        .map(|usd| usd.max(0.0))
        .sum();
    assert!(
        returned <= taken * (1.0 + 1e-9),
        "month {t}: brokers return {returned}, took {taken}"
    );
    // Caps: no nation imports more than is left of its cap. Stores: no more dies are drawn than there are.
    for (nation, had) in after.caps.nations.iter().zip(&before.caps.nations) {
        let least = -1e-9 * had.remaining_tpp.min(1e30).abs().max(1.0);
        assert!(
            nation.remaining_tpp >= least,
            "month {t}: {} beyond a cap",
            nation.remaining_tpp
        );
    }
    assert!(supply.die_bank >= 0.0, "month {t}: {}", supply.die_bank);
    // Pools: no pool gives more than it has.
    for pool in 0..POOLS {
        let used: f64 = (0..layout.customers.len())
            .flat_map(|k| (0..chips).map(move |c| (k, c)))
            .map(|(k, c)| after.delivered(k, c) * after.offers[c].uses[pool])
            .sum();
        assert!(
            used <= supply.pools[pool] * (1.0 + 1e-9) + 1e-9,
            "month {t}: pool {pool}, {used}"
        );
    }
    // Law: nothing goes where it is barred, and licensed volume is bounded by what was granted.
    for market in 0..layout.markets {
        for c in 0..chips {
            let sold: f64 = (0..layout.customers.len())
                .filter(|k| layout.customers[*k].market == market)
                .map(|k| after.delivered(k, c))
                .sum();
            let terms = after.terms[market * chips + c];
            if terms.open == 0.0 {
                assert!(
                    sold == 0.0,
                    "month {t}: {sold} of chip {c} in market {market}, which is closed"
                );
            }
            let queue = &after.licences.queues[market * chips + c];
            assert!(
                queue.imbalance().abs() < 1e-6 * (1.0 + queue.applied_total),
                "month {t}: licences"
            );
            assert!(queue.authorised >= -1e-6 && queue.pending >= -1e-6);
        }
    }
    // Captive chips stay with their owners.
    for (k, customer) in layout.customers.iter().enumerate() {
        for c in 0..chips {
            if after.delivered(k, c) > 0.0 {
                assert!(layout.is_of_interest(customer.kind, c), "month {t}");
            }
        }
    }
}

#[test]
fn nations_add_up_to_all_compute_held_and_so_do_blocs() {
    let plan = plan_of(vec![regime("history")], 1);
    let mut worker = Worker::new(&plan.blueprint);
    worker.run(&plan.calendars[0], &plan.future(0), 90, false);
    let held = worker
        .stage
        .world
        .resource::<chokepoint::agents::compute::ComputeStock>();
    let nations = worker
        .stage
        .world
        .resource::<chokepoint::agents::compute::NationTotals>();
    let held: f64 = held.stock.iter().map(|s| s[2]).sum();
    let all: f64 = nations.all_h100e.iter().sum();
    assert!((held - all).abs() < 1e-9 * held, "{held} against {all}");
    let by_bloc: f64 = nations.all_by_bloc.iter().sum();
    assert!((by_bloc - all).abs() < 1e-9 * all);
    assert!(library().nations.len() == nations.all_h100e.len());
}
