//! Brokers: those of one hub buy what the target may not buy, for a premium; when a shipment is seized they begin again, small.

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

use crate::events::{Event, EventKind, EventLog};
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, SimulationClock};
use crate::markets::chips::{BudgetPurpose, ChipMarket, place_of};
use crate::markets::chronicle::EventCauses;
use crate::markets::scarcity::Shortage;
use crate::measures::Bloc;
use crate::technology::roadmap::{ChipTable, RealisedThroughput};

/// What a broker is: fixed within a run.
#[derive(Component, Clone, Copy, Debug)]
pub struct Broker {
    pub row: u32,
    /// Stable key for chance.
    pub key: u64,
    /// The customer of the chip market that buys for brokers of this hub.
    pub customer: u32,
    /// Its part of the flow in the recorded cases.
    pub share: f64,
}

/// What changes from month to month.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct BrokerState {
    /// Packages a month that it can move.
    pub capacity: f64,
    /// How often it has been caught; the next threshold is drawn by this.
    ordinal: u64,
    /// Hazard of detection added up since it was last caught.
    hazard: f64,
}

/// The grey market of the month.
#[derive(Resource, Clone, Debug, Default)]
pub struct GreyMarket {
    /// Price over list price that users in the target pay, as a fraction.
    pub premium: f64,
    pub reached_h100e: f64,
    pub seized_h100e: f64,
}

/// Premium over list price that scarcity brings: `slope * scarcity`, up to a ceiling.
pub fn grey_premium(scarcity: f64, p: &Parameters) -> f64 {
    (p.grey_premium_per_scarcity * scarcity).min(p.grey_premium_max)
}

/// Whether the trade pays: `premium * (1 - detection) > detection * penalty`, with the chance of detection in a year.
pub fn trade_pays(premium: f64, p: &Parameters) -> bool {
    let caught = 1.0 - maths::exp(-p.detection_per_year * p.enforcement);
    premium * (1.0 - caught) > caught * p.penalty_multiple
}

/// Next capacity of a broker: grows by a rate a month toward its share of what can leak of the world's sales, or withers.
///
/// `c' = c * exp(growth * (1 - c / limit))` while the trade pays, else `c' = c / 2`.
pub fn next_broker_capacity(
    capacity: f64,
    start: f64,
    limit: f64,
    pays: bool,
    p: &Parameters,
) -> f64 {
    if !pays {
        return 0.5 * capacity;
    }
    let capacity = capacity.max(start);
    let room = 1.0 - capacity / limit.max(start);
    capacity * maths::exp((p.broker_growth_per_month * room).clamp(-1.0, 1.0))
}

/// Hazard of detection in a month: convex in volume, for a large trade is seen sooner.
pub fn detection_hazard(capacity: f64, p: &Parameters) -> f64 {
    p.detection_per_year / 12.0 * p.enforcement * (1.0 + capacity / p.detection_volume_packages)
}

/// Part of the target's wallets that brokers are paid from at most: the rest waits for what can be bought openly.
const WALLETS_AT_MOST: f64 = 0.5;

/// System: brokers take money of users in the target into the hubs, before the trade.
pub fn run_brokers(
    future: Res<Future>,
    shortage: Res<Shortage>,
    chips: Res<ChipTable>,
    mut grey: ResMut<GreyMarket>,
    mut market: ResMut<ChipMarket>,
    mut brokers: Query<(&Broker, &mut BrokerState)>,
) {
    let p = &future.parameters;
    let m = &mut *market;
    m.taken_usd.iter_mut().for_each(|v| *v = 0.0);
    m.returned_usd.iter_mut().for_each(|v| *v = 0.0);
    grey.premium = 0.0;
    let slots = m.layout.maker_of.len();
    let barred = |m: &ChipMarket, slot: usize| {
        !m.layout.captive_chip[slot] && m.terms[m.layout.target_market * slots + slot].open < 0.5
    };
    let (mut price, mut kinds) = (0.0_f64, 0.0);
    for &slot in &m.active {
        let slot = usize::from(slot);
        if barred(m, slot) && m.offers[slot].price_usd > 0.0 {
            price += m.offers[slot].price_usd / chips.copies[slot];
            kinds += 1.0 / chips.copies[slot];
        }
    }
    if kinds == 0.0 || !future.channels.on(Channel::GreyMarket) {
        for (_, mut trade) in &mut brokers {
            trade.capacity = 0.0;
        }
        return;
    }
    let each = (price / kinds + p.host_cost_usd)
        * (1.0 + grey_premium(shortage.scarcity[Bloc::Target as usize], p));
    grey.premium = grey_premium(shortage.scarcity[Bloc::Target as usize], p);
    let pays = trade_pays(grey.premium, p);
    // Last month's deliveries: of parts that were on sale then.
    let elsewhere = |slot: &u16| {
        m.sold_in(Bloc::Issuer as usize, usize::from(*slot))
            + m.sold_in(Bloc::Third as usize, usize::from(*slot))
    };
    let sold: f64 = m.in_use.iter().map(elsewhere).sum();
    for (broker, mut trade) in &mut brokers {
        let limit = p.leak_share * broker.share * sold;
        let start = p.broker_start_packages * broker.share;
        trade.capacity = next_broker_capacity(trade.capacity, start, limit, pays, p);
        let wanted = trade.capacity * each;
        let paid = m.take_from_target(wanted, WALLETS_AT_MOST);
        m.budget_usd[broker.customer as usize] += paid / (1.0 + grey.premium);
    }
}

/// System: what brokers bought reaches users in the target, less what is seized; money that bought nothing goes back.
pub fn settle_brokers(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    chips: Res<ChipTable>,
    realised: Res<RealisedThroughput>,
    causes: Res<EventCauses>,
    mut grey: ResMut<GreyMarket>,
    mut market: ResMut<ChipMarket>,
    mut events: ResMut<EventLog>,
    mut brokers: Query<(&Broker, &mut BrokerState)>,
) {
    let p = &future.parameters;
    let m = &mut *market;
    grey.reached_h100e = 0.0;
    grey.seized_h100e = 0.0;
    m.handed.iter_mut().for_each(|h| *h = 0.0);
    for customer in 0..m.layout.customers.len() {
        if !m.layout.customers[customer].grey {
            continue;
        }
        let (mut all, mut caught) = (0.0, 0.0);
        for (broker, mut trade) in &mut brokers {
            if broker.customer as usize != customer {
                continue;
            }
            all += trade.capacity;
            // The watch on a hub does not begin with the rules: it adds up before there is anything to smuggle.
            trade.hazard += detection_hazard(trade.capacity, p);
            if trade.capacity > 0.0
                && trade.hazard
                    > future
                        .chance
                        .exponential(Purpose::Detection, broker.key, trade.ordinal)
            {
                caught += trade.capacity;
                events.push(Event {
                    actor: broker.row,
                    values: [trade.capacity, 0.0, 0.0, 0.0],
                    cause: causes.of_grey_trade(),
                    ..Event::new(clock.t as i32, EventKind::Seized)
                });
                *trade = BrokerState {
                    capacity: 0.0,
                    ordinal: trade.ordinal + 1,
                    hazard: 0.0,
                };
            }
        }
        let seized = if all > 0.0 { caught / all } else { 0.0 };
        for a in 0..m.active.len() {
            let slot = usize::from(m.active[a]);
            let bought = m.hand_over(customer, a, seized);
            let h100e = bought * chips.useful_training[slot] * realised.0[slot];
            grey.reached_h100e += h100e * (1.0 - seized);
            grey.seized_h100e += h100e * seized;
        }
        m.give_back(customer);
    }
}

impl ChipMarket {
    /// The customer that uses in the target what brokers bring.
    pub fn user_in_target(&self) -> usize {
        let is_user = |k: &usize| {
            let c = self.layout.customers[*k];
            c.market == self.layout.target_market
                && c.wallet == BudgetPurpose::Training
                && !c.captive
                && !c.grey
                && !c.steered
        };
        (0..self.layout.customers.len()).find(is_user).unwrap_or(0)
    }

    /// Takes up to `usd`, and no more than a part of what is there, out of the wallets of the target's buyers.
    fn take_from_target(&mut self, usd: f64, part_at_most: f64) -> f64 {
        let mine = |m: &Self, k: usize| {
            let c = &m.layout.customers[k];
            c.market == m.layout.target_market && !c.grey && !c.steered
        };
        let there: f64 = (0..self.wallet_usd.len())
            .filter(|k| mine(self, *k))
            .map(|k| self.wallet_usd[k].max(0.0))
            .sum();
        let taken = usd.min(part_at_most * there).max(0.0);
        if taken > 0.0 {
            for k in 0..self.wallet_usd.len() {
                if mine(self, k) {
                    let part = taken * self.wallet_usd[k].max(0.0) / there;
                    self.wallet_usd[k] -= part;
                    self.taken_usd[k] += part;
                }
            }
        }
        taken
    }

    /// Moves a broker's chips of one kind, the a-th on sale, to users in the target, less the part that is seized;
    /// packages bought.
    fn hand_over(&mut self, broker_customer: usize, a: usize, seized: f64) -> f64 {
        let slot = usize::from(self.active[a]);
        let buyer = usize::from(self.buyers.of[broker_customer]);
        let bought =
            self.buyers.part[broker_customer] * self.buyers.bought[buyer * self.active.len() + a];
        let at = place_of(slot, Bloc::Target as usize, BudgetPurpose::Training);
        self.stock[at] += bought * (1.0 - seized);
        self.handed[slot] += bought * (1.0 - seized);
        bought
    }

    /// Money of a broker that bought nothing goes back to users in the target.
    fn give_back(&mut self, broker_customer: usize) {
        let left = std::mem::take(&mut self.wallet_usd[broker_customer]);
        let user = self.user_in_target();
        self.wallet_usd[user] += left;
        self.returned_usd[user] += left;
        self.returned_usd[broker_customer] -= left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p() -> Parameters {
        let mut p = Parameters::zero();
        p.detection_per_year = 0.1;
        p.enforcement = 1.0;
        p.penalty_multiple = 1.5;
        p.broker_growth_per_month = 0.2;
        p.detection_volume_packages = 3000.0;
        p
    }

    #[test]
    fn the_trade_pays_where_scarcity_is_worth_more_than_the_risk() {
        assert!(trade_pays(0.5, &p()));
        assert!(!trade_pays(0.05, &p()));
        let mut strict = p();
        strict.enforcement = 1e6;
        assert!(!trade_pays(1e3, &strict));
    }

    #[test]
    fn a_broker_grows_to_its_limit_and_withers_without_profit() {
        let p = p();
        let grown = (0..120).fold(0.0, |c, _| next_broker_capacity(c, 50.0, 2000.0, true, &p));
        assert!((grown - 2000.0).abs() < 100.0, "{grown}");
        assert!(
            (0..20).fold(grown, |c, _| next_broker_capacity(
                c, 50.0, 2000.0, false, &p
            )) < 0.01
        );
    }

    #[test]
    fn a_large_trade_is_seen_sooner() {
        assert!(detection_hazard(6000.0, &p()) > 2.0 * detection_hazard(0.0, &p()));
    }
}
