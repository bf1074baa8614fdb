//! Scarcity of compute, and the belief of buyers that supply may be cut again.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use super::chips::ChipMarket;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, SimulationClock};
use crate::measures::Bloc;
use crate::technology::roadmap::{ChipTable, RealisedThroughput};
use crate::technology::supply::InputAccessState;

/// Scarcity of compute: the log of what the budget would buy at list price over what was obtained, never below 0.
pub fn scarcity(would_buy_h100e: f64, obtained_h100e: f64) -> f64 {
    if would_buy_h100e <= 0.0 {
        return 0.0;
    }
    maths::ln(would_buy_h100e / obtained_h100e.max(1e-9 * would_buy_h100e)).max(0.0)
}

/// Next belief that supply will be cut: `h' = h + (denied - h) / memory`; it falls again when denial ends.
pub fn next_belief(belief: f64, denied_share: f64, p: &Parameters) -> f64 {
    belief + (denied_share - belief) / p.supply_risk_memory_months.max(1.0)
}

/// Scarcity by bloc; denial and belief by market.
#[derive(Resource, Clone, Debug, Default)]
pub struct Shortage {
    /// Smoothed over a year: compute that budgets would buy, and compute obtained, H100-equivalents a month.
    would_buy: [f64; 3],
    obtained: [f64; 3],
    pub scarcity: [f64; 3],
    /// By market: share of desired purchases that rules deny this month.
    pub denied: Vec<f64>,
    /// By market: share of desired purchases that rules close, before licences and caps.
    closed: Vec<f64>,
    pub belief: Vec<f64>,
    /// Share denied in the target over the past year, by which its state plans the next budget.
    pub denied_year: f64,
}

impl Shortage {
    /// Monthly shortfall of a bloc in excess of another bloc's, H100-equivalents.
    pub fn excess_shortage_h100e(&self, bloc: usize, other: usize) -> f64 {
        let beyond = (self.scarcity[bloc] - self.scarcity[other]).max(0.0);
        self.would_buy[bloc] * (1.0 - maths::exp(-beyond))
    }

    pub fn reset(&mut self, markets: usize) {
        self.would_buy = [0.0; 3];
        self.obtained = [0.0; 3];
        self.scarcity = [0.0; 3];
        self.denied_year = 0.0;
        for column in [&mut self.closed, &mut self.denied, &mut self.belief] {
            column.clear();
            column.resize(markets, 0.0);
        }
    }
}

/// System: updates denial and belief by market, and scarcity by bloc.
pub fn measure_shortage(
    future: Res<Future>,
    chips: Res<ChipTable>,
    realised: Res<RealisedThroughput>,
    market: Res<ChipMarket>,
    clock: Res<SimulationClock>,
    mut access: ResMut<InputAccessState>,
    mut shortage: ResMut<Shortage>,
) {
    let p = &future.parameters;
    let layout = &market.layout;
    let slots = layout.maker_of.len();
    for place in 0..layout.markets {
        let first = usize::from(market.buyers.equivalent_market[place]);
        let closed = if first < place {
            shortage.closed[first]
        } else {
            let (mut all, mut open) = (0.0, 0.0);
            for &slot in &market.active {
                let slot = usize::from(slot);
                if !layout.captive_chip[slot] {
                    let attraction = market.offers[slot].attraction[0] / chips.copies[slot];
                    all += attraction;
                    open += attraction * market.terms[place * slots + slot].open;
                }
            }
            if all > 0.0 { 1.0 - open / all } else { 0.0 }
        };
        shortage.closed[place] = closed;
        shortage.denied[place] = closed + (1.0 - closed) * market.withheld_share[place];
        shortage.belief[place] = next_belief(shortage.belief[place], shortage.denied[place], p);
    }
    // A market without spending is denied nothing.
    let spends = market.buyers.customers_of_market[layout.target_market]
        .iter()
        .any(|k| market.budget_usd[usize::from(*k)] > 0.0);
    access.denied_share = if spends {
        shortage.denied[layout.target_market]
    } else {
        0.0
    };
    shortage.denied_year += (access.denied_share - shortage.denied_year) / 12.0;
    access.denied_share_on_record = future.reference_run.denied(clock.t, access.denied_share);
    access.home_share += (home_share(&market, p) - access.home_share) / 12.0;
    access.home_share_on_record = future.reference_run.home(clock.t, access.home_share);
    // Useful compute per USD at list price of the best chip.
    let going = market
        .active
        .iter()
        .map(|&slot| usize::from(slot))
        .filter(|&slot| !layout.captive_chip[slot])
        .map(|slot| {
            chips.useful_training[slot] * realised.0[slot]
                / (market.offers[slot].price_usd + p.host_cost_usd)
        })
        .fold(0.0, f64::max);
    let (mut would_buy, mut obtained) = ([0.0; 3], [0.0; 3]);
    for (k, customer) in layout.customers.iter().enumerate() {
        if customer.kind.is_captive() || customer.kind.is_broker() {
            continue;
        }
        let bloc = layout.bloc_of_market[customer.market];
        would_buy[bloc] += market.budget_usd[k] * going;
    }
    for &slot in &market.active {
        let slot = usize::from(slot);
        let useful = chips.useful_training[slot] * realised.0[slot];
        if !layout.captive_chip[slot] {
            for (bloc, obtained) in obtained.iter_mut().enumerate() {
                *obtained += market.sold_in(bloc, slot) * useful;
            }
        }
        obtained[1] += market.diverted_units[slot] * useful;
    }
    for bloc in 0..3 {
        shortage.would_buy[bloc] += (would_buy[bloc] - shortage.would_buy[bloc]) / 12.0;
        shortage.obtained[bloc] += (obtained[bloc] - shortage.obtained[bloc]) / 12.0;
        shortage.scarcity[bloc] = scarcity(shortage.would_buy[bloc], shortage.obtained[bloc]);
    }
}

/// Deliveries of the target's makers at home this month over the spending of buyers there, servers included.
fn home_share(market: &ChipMarket, p: &Parameters) -> f64 {
    let layout = &market.layout;
    let at_home = |k: &usize| {
        layout.customers[*k].market == layout.target_market
            && !layout.customers[*k].kind.is_broker()
    };
    let all: f64 = (0..layout.customers.len())
        .filter(at_home)
        .map(|k| market.budget_usd[k])
        .sum();
    let made = market.active.iter().map(|&slot| usize::from(slot));
    let home: f64 = made
        .filter(|&slot| layout.target_made[slot])
        .map(|slot| {
            let paid_usd = market.offers[slot].price_usd + p.host_cost_usd;
            market.sold_in(Bloc::Target as usize, slot) * paid_usd
        })
        .sum();
    if all > 0.0 { home / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scarcity_is_zero_when_the_budget_is_served() {
        assert_eq!(scarcity(10.0, 12.0), 0.0);
        assert!((scarcity(10.0, 5.0) - 2.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn belief_rises_with_denial_and_falls_when_it_ends() {
        let mut p = Parameters::zero();
        p.supply_risk_memory_months = 33.0;
        let high = (0..60).fold(0.0, |h, _| next_belief(h, 1.0, &p));
        let low = (0..60).fold(high, |h, _| next_belief(h, 0.0, &p));
        assert!(high > 0.8 && low < 0.2);
    }
}
