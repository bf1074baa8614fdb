//! Scarcity of compute, and the belief of buyers that supply may be cut again.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use super::chip_market::ChipMarket;
use crate::foundation::bloc::Bloc;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::RunMonth;
use crate::technology::roadmap::{ChipTable, RealisedThroughput};
use crate::technology::supply::TargetDenial;

/// Scarcity of compute: the log of what new budgets would buy of the best chip on sale over what was obtained, never
/// below 0.
///
/// `max(0, ln(would buy / obtained))`, both in H100-equivalents a month. 0 without budgets; at most `ln(1e9)` where
/// nothing was obtained. Assumption; no source is recorded.
pub fn scarcity(would_buy_h100e: f64, obtained_h100e: f64) -> f64 {
    if would_buy_h100e <= 0.0 {
        return 0.0;
    }
    maths::ln(would_buy_h100e / obtained_h100e.max(1e-9 * would_buy_h100e)).max(0.0)
}

/// Next belief that supply will be cut: `h' = h + (denied - h) / supply_risk_memory_months`; it falls again when denial
/// ends.
///
/// `h` and `denied` are fractions of desired purchases. Source: see `supply_risk_memory_months`.
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
    /// Slots on sale to all, and how attractive each is.
    attraction: Vec<(usize, f64)>,
}

impl Shortage {
    /// Monthly shortfall of a bloc in excess of another bloc's, H100-equivalents:
    /// `would buy * (1 - exp(-max(0, scarcity - other scarcity)))`.
    pub fn excess_shortage_h100e(&self, bloc: usize, other: usize) -> f64 {
        let beyond = (self.scarcity[bloc] - self.scarcity[other]).max(0.0);
        self.would_buy[bloc] * (1.0 - maths::exp(-beyond))
    }

    fn reset(&mut self, markets: usize, chips: usize) {
        self.attraction.clear();
        self.attraction.reserve(chips);
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

/// System at the start of a run: nothing is scarce yet.
pub fn begin_shortage(market: Res<ChipMarket>, mut shortage: ResMut<Shortage>) {
    shortage.reset(market.layout.markets, market.layout.maker_of.len());
}

/// System: updates denial and belief by market, and scarcity by bloc.
///
/// Denial of the past year, home supply and the two sides of scarcity are smoothed: `mean' = mean + (now - mean) / 12`.
/// A target without new money is denied nothing.
pub fn measure_shortage(
    run: RunMonth,
    chips: Res<ChipTable>,
    realised: Res<RealisedThroughput>,
    market: Res<ChipMarket>,
    mut denial: ResMut<TargetDenial>,
    mut shortage: ResMut<Shortage>,
) {
    let (t, p) = (run.clock.t, &run.future.parameters);
    shortage.measure_denial(&market, &chips, p);
    let target = market.layout.target_market;
    // A market without spending is denied nothing.
    let spends = market.buyers.customers_of_market[target]
        .iter()
        .any(|k| market.money.budget_usd[usize::from(*k)] > 0.0);
    denial.denied_share = if spends { shortage.denied[target] } else { 0.0 };
    shortage.denied_year += (denial.denied_share - shortage.denied_year) / 12.0;
    let record = &run.future.reference_run;
    denial.denied_share_on_record = record.denied(t, denial.denied_share);
    denial.home_share += (home_share(&market, p) - denial.home_share) / 12.0;
    denial.home_share_on_record = record.home(t, denial.home_share);
    let useful = |slot: usize| chips.useful_training[slot] * realised.0[slot];
    let (would_buy, obtained) = (
        would_buy_h100e(&market, useful, p),
        obtained_h100e(&market, useful),
    );
    for bloc in 0..3 {
        shortage.would_buy[bloc] += (would_buy[bloc] - shortage.would_buy[bloc]) / 12.0;
        shortage.obtained[bloc] += (obtained[bloc] - shortage.obtained[bloc]) / 12.0;
        shortage.scarcity[bloc] = scarcity(shortage.would_buy[bloc], shortage.obtained[bloc]);
    }
}

impl Shortage {
    /// Measures by market the share of desired purchases that rules deny, and updates the belief in further denial.
    ///
    /// ```text
    /// closed = 1 - sum(attraction of open chips) / sum(attraction)       over chips on sale that are not captive
    /// denied = closed + (1 - closed) * withheld share
    /// ```
    ///
    /// Fractions. `attraction` is that for training over `copies`, without software and without nests. A chip is open
    /// where it may be sold for any part of the month; the withheld share, which is of money (see
    /// `redirect_withheld_money`) and counts money that was redirected, holds its closed days. Assumption; no source is
    /// recorded.
    fn measure_denial(&mut self, market: &ChipMarket, chips: &ChipTable, p: &Parameters) {
        let layout = &market.layout;
        let slots = layout.maker_of.len();
        let mut all = 0.0;
        self.attraction.clear();
        for &slot in &market.active {
            let slot = usize::from(slot);
            if !layout.captive_chip[slot] {
                let attraction = market.offers[slot].attraction[0] / chips.copies[slot];
                all += attraction;
                self.attraction.push((slot, attraction));
            }
        }
        for place in 0..layout.markets {
            let equivalent = usize::from(market.buyers.equivalent_market[place]);
            let first = equivalent.min(market.buyers.same_terms_as(place));
            let closed = if first < place {
                self.closed[first]
            } else {
                let terms = &market.terms[place * slots..][..slots];
                let chips = self.attraction.iter();
                let open = chips.filter(|(slot, _)| terms[*slot].open > 0.0);
                let open: f64 = open.map(|(_, attraction)| attraction).sum();
                if all > 0.0 { 1.0 - open / all } else { 0.0 }
            };
            self.closed[place] = closed;
            self.denied[place] = closed + (1.0 - closed) * market.orders.withheld_share[place];
            self.belief[place] = next_belief(self.belief[place], self.denied[place], p);
        }
    }
}

/// Compute that the new budgets of the month would buy at the price of the best chip on sale, by bloc,
/// H100-equivalents.
///
/// `sum of budgets * max over chips of useful / (price + host_cost_usd)`, without captive chips, their owners and
/// brokers. Chips that rules close count as well.
fn would_buy_h100e(market: &ChipMarket, useful: impl Fn(usize) -> f64, p: &Parameters) -> [f64; 3] {
    let layout = &market.layout;
    // Useful compute per USD of the best chip, at its price of this month.
    let going = market
        .active
        .iter()
        .map(|&slot| usize::from(slot))
        .filter(|&slot| !layout.captive_chip[slot])
        .map(|slot| useful(slot) / (market.offers[slot].price_usd + p.host_cost_usd))
        .fold(0.0, f64::max);
    let mut would_buy = [0.0; 3];
    for (k, customer) in layout.customers.iter().enumerate() {
        if !layout.owns_captive(customer.kind) && !customer.kind.is_broker() {
            let bloc = layout.bloc_of_market[customer.market];
            would_buy[bloc] += market.money.budget_usd[k] * going;
        }
    }
    would_buy
}

/// Compute delivered this month to all but owners of captive chips, and diverted to the target, by bloc:
/// `sum(units * useful)`, H100-equivalents.
fn obtained_h100e(market: &ChipMarket, useful: impl Fn(usize) -> f64) -> [f64; 3] {
    let mut obtained = [0.0; 3];
    for &slot in &market.active {
        let slot = usize::from(slot);
        let useful = useful(slot);
        if !market.layout.captive_chip[slot] {
            for (bloc, obtained) in obtained.iter_mut().enumerate() {
                *obtained += market.sold_in(bloc, slot) * useful;
            }
        }
        obtained[Bloc::Target as usize] += market.deliveries.diverted_units[slot] * useful;
    }
    obtained
}

/// Deliveries of the target's makers at home this month over the new budgets of buyers there, servers included.
///
/// `sum(units * (price + host_cost_usd)) / sum of budgets`; above 1 where carried money is spent, and 0 without
/// budgets.
fn home_share(market: &ChipMarket, p: &Parameters) -> f64 {
    let layout = &market.layout;
    let at_home = |k: &usize| {
        layout.customers[*k].market == layout.target_market
            && !layout.customers[*k].kind.is_broker()
    };
    let all: f64 = (0..layout.customers.len())
        .filter(at_home)
        .map(|k| market.money.budget_usd[k])
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
