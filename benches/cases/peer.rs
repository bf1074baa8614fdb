//! The market of one month as JSON, for the same month of trade in numpy (`benches/peer.py`).

use chokepoint::markets::chip_market::ChipMarket;
use chokepoint::markets::chip_market::state::{ChipOffer, CustomerKind, MarketRules, SaleTerms};
use serde_json::{Value, json};

/// The market before its trade. `capacity` is in standard packages by maker, `pools` in units by pool.
pub fn market(m: &ChipMarket, capacity: &[f64], pools: &[f64; 6], rules: &MarketRules) -> String {
    let (layout, customers) = (&*m.layout, &m.layout.customers);
    let slots = layout.maker_of.len();
    let active: Vec<usize> = m.active.iter().map(|slot| usize::from(*slot)).collect();
    let offers = || active.iter().map(|slot| &m.offers[*slot]);
    let by_market = |of: &dyn Fn(usize) -> Value| -> Vec<Value> {
        let row = |market: usize| {
            active
                .iter()
                .map(|slot| of(market * slots + slot))
                .collect()
        };
        (0..layout.markets).map(row).collect()
    };
    let terms = |of: fn(&SaleTerms) -> Value| by_market(&|at| of(&m.terms[at]));
    let by_wallet = |of: &dyn Fn(&ChipOffer, usize) -> f64| -> Vec<Vec<f64>> {
        let row = |wallet| offers().map(|o| of(o, wallet)).collect();
        (0..2).map(row).collect()
    };
    let owner = |kind: CustomerKind| match kind {
        CustomerKind::Owner(maker) => i64::from(maker),
        _ => -1,
    };
    let stack: Vec<&[f64]> = m.stack.chunks(layout.makers).collect();
    let rules_of_month = json!({
        "relationship_share_target": rules.relationship_share_target,
        "customary_share_target": rules.customary_share_target,
        "host_cost_usd": rules.host_cost_usd,
        "choice_slope": rules.choice_slope,
        "choice_nest": rules.choice_nest,
        "wallet_decay_per_month": rules.wallet_decay_per_month,
        "advance_repay_per_month": rules.advance_repay_per_month,
        "levy_pass_through": rules.levy_pass_through,
        "quota_inertia": rules.quota_inertia,
        "home_priority_share": rules.home_priority_share,
        "captive_claim": rules.captive_claim,
        "approval_case_by_case_target": rules.approval_case_by_case_target,
        "approval_notify_target": rules.approval_notify_target,
        "approval_elsewhere": rules.approval_elsewhere,
        "licence_days_target": rules.licence_days_target,
        "licence_days_elsewhere": rules.licence_days_elsewhere,
    });
    json!({
        "target": layout.target_market,
        "first_claimant": layout.first_claimant.map_or(-1, |maker| maker as i64),
        "captive_maker": layout.captive_maker,
        "market_of": customers.iter().map(|c| c.market).collect::<Vec<_>>(),
        "wallet": customers.iter().map(|c| c.wallet as usize).collect::<Vec<_>>(),
        "owner_of": customers.iter().map(|c| owner(c.kind)).collect::<Vec<_>>(),
        "broker": customers.iter().map(|c| c.kind.is_broker()).collect::<Vec<_>>(),
        "steered": customers.iter().map(|c| c.kind.is_state_procurement()).collect::<Vec<_>>(),
        "wallet_usd": m.money.wallet_usd,
        "advance_usd": m.money.advance_usd,
        "budget_usd": m.money.budget_usd,
        "pulled_usd": m.money.pulled_usd,
        "maker_of": active.iter().map(|slot| layout.maker_of[*slot]).collect::<Vec<_>>(),
        "captive": active.iter().map(|slot| layout.captive_chip[*slot]).collect::<Vec<_>>(),
        "target_made": active.iter().map(|slot| layout.target_made[*slot]).collect::<Vec<_>>(),
        "price_usd": offers().map(|o| o.price_usd).collect::<Vec<_>>(),
        "unit_cost_usd": offers().map(|o| o.unit_cost_usd).collect::<Vec<_>>(),
        "size": offers().map(|o| o.size).collect::<Vec<_>>(),
        "uses": offers().map(|o| o.uses).collect::<Vec<_>>(),
        "whole": by_wallet(&|o, w| o.attraction[w]),
        "in_nest": by_wallet(&|o, w| o.attraction_in_nest[w]),
        "stack": stack,
        "open": terms(|t| t.open.into()),
        "licensed": terms(|t| t.licensed().into()),
        "case_by_case": terms(|t| t.case_by_case.into()),
        "levy_share": terms(|t| t.levy_share.into()),
        "pending": by_market(&|at| m.licences.queues[at].pending.into()),
        "authorised": by_market(&|at| m.licences.queues[at].authorised.into()),
        "quota_share": m.allocation.quota_share,
        "capacity": capacity,
        "pools": pools,
        "rules": rules_of_month,
    })
    .to_string()
}
