//! Brokers: traders in a hub buy chips that are denied to the target and divert them at a premium, until they are detected.

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

use super::nation::training_share;
use crate::events::{Event, EventKind};
use crate::foundation::bloc::Bloc;
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, RunMonth};
use crate::markets::chip_market::ChipMarket;
use crate::markets::scarcity::Shortage;
use crate::policy::access::LegalAccess;
use crate::policy::event_log::CausedEvents;
use crate::technology::roadmap::{ChipTable, RealisedThroughput};

/// A broker; fixed within a run.
#[derive(Component, Clone, Copy, Debug)]
pub struct Broker {
    pub row: u32,
    /// Stable key of random draws.
    pub key: u64,
    /// Index of the customer of the chip market that buys for brokers of this hub.
    pub customer: u32,
    /// Its share of the flow in the recorded cases.
    pub share: f64,
}

/// State of a broker.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct BrokerState {
    /// Capacity, packages a month.
    pub capacity: f64,
    /// Number of detections so far; it keys the draw of the next threshold.
    ordinal: u64,
    /// Cumulative hazard of detection since the last one.
    hazard: f64,
}

/// The grey market of the month.
#[derive(Resource, Clone, Debug, Default)]
pub struct GreyMarket {
    /// Premium over list price that users in the target pay, as a fraction.
    pub premium: f64,
    pub reached_h100e: f64,
    pub seized_h100e: f64,
    /// Strength of enforcement: that of the parameters, times what chips that report their place add.
    pub enforcement: f64,
}

/// System at the start of a run: brokers have no capacity, and none has been detected.
pub fn begin_brokers(mut grey: ResMut<GreyMarket>, mut brokers: Query<&mut BrokerState>) {
    *grey = GreyMarket::default();
    for mut trade in &mut brokers {
        *trade = BrokerState::default();
    }
}

/// Premium over list price, as a fraction: `min(grey_premium_per_scarcity * scarcity, grey_premium_max)`.
///
/// `scarcity` is that of the target in log units (see `markets::scarcity::scarcity`). Source: see
/// `grey_premium_per_scarcity` and `grey_premium_max`.
pub fn grey_premium(scarcity: f64, p: &Parameters) -> f64 {
    (p.grey_premium_per_scarcity * scarcity).min(p.grey_premium_max)
}

/// Whether diversion is profitable: `premium * (1 - caught) > caught * penalty_multiple`.
///
/// `caught = 1 - exp(-detection_per_year * enforcement)` is the probability of detection in a year; premium and penalty
/// are multiples of the value of a shipment. It is the same for every broker, whatever its volume. Source: see
/// `detection_per_year` and `penalty_multiple`.
pub fn is_diversion_profitable(premium: f64, enforcement: f64, p: &Parameters) -> bool {
    let caught = 1.0 - maths::exp(-p.detection_per_year * enforcement);
    premium * (1.0 - caught) > caught * p.penalty_multiple
}

/// Next capacity of a broker, packages a month: logistic growth toward its share of the world's sales that can leak, or
/// decline.
///
/// `c' = c * exp(clamp(broker_growth_per_month * (1 - c / limit), -1, 1))` while diversion is profitable, else
/// `c' = c / 2`.
///
/// While it is profitable, capacity and limit are at least `start`. Source: see `broker_growth_per_month`,
/// `broker_start_packages` and `leak_share`; halving is an assumption.
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

/// Monthly hazard of detection: it rises with volume and with enforcement.
///
/// `detection_per_year / 12 * enforcement * (1 + capacity / detection_volume_packages)`, capacity in packages a month.
/// Source: see `detection_per_year`, `enforcement` and `detection_volume_packages`.
pub fn detection_hazard(capacity: f64, enforcement: f64, p: &Parameters) -> f64 {
    p.detection_per_year / 12.0 * enforcement * (1.0 + capacity / p.detection_volume_packages)
}

/// Upper bound on the share of the target's carried money that brokers take in a month; the rest is kept for legal
/// purchases. Assumption; no source is recorded.
const PAID_SHARE_MAX: f64 = 0.5;

/// System: brokers collect money of users in the target before the trade and budget it in their hubs.
///
/// ```text
/// each    = (mean price of chips closed in the target + host_cost_usd) * (1 + premium)      USD a package
/// taken   = min(sum of capacity * each, half of the carried money)                          USD
/// budget += taken * share of the broker in the sum / (1 + premium)                          USD, of the hub's brokers
/// limit   = leak_share * share of the broker * last month's sales outside the target        packages
/// ```
///
/// A chip is closed where it is open for less than half of the month. The premium follows last month's scarcity. The
/// rest of what is taken is the brokers' margin and buys nothing. Capacity is 0 where no chip is closed or the channel
/// `grey_market` is off. Where diversion does not pay, what is left of it still trades.
pub fn run_brokers(
    future: Res<Future>,
    shortage: Res<Shortage>,
    access: Res<LegalAccess>,
    chips: Res<ChipTable>,
    mut grey: ResMut<GreyMarket>,
    mut market: ResMut<ChipMarket>,
    mut brokers: Query<(&Broker, &mut BrokerState)>,
) {
    let p = &future.parameters;
    let m = &mut *market;
    m.money.begin_diversion();
    grey.premium = 0.0;
    grey.enforcement = p.enforcement * access.detection_multiple;
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
    let pays = is_diversion_profitable(grey.premium, grey.enforcement, p);
    // Last month's deliveries outside the target.
    let elsewhere = |slot: &u16| {
        m.sold_in(Bloc::Issuer as usize, usize::from(*slot))
            + m.sold_in(Bloc::Third as usize, usize::from(*slot))
    };
    let sold: f64 = m.deliveries.in_use.iter().map(elsewhere).sum();
    let mut wanted_usd = 0.0;
    for (broker, mut trade) in &mut brokers {
        let limit = p.leak_share * broker.share * sold;
        let start = p.broker_start_packages * broker.share;
        trade.capacity = next_broker_capacity(trade.capacity, start, limit, pays, p);
        wanted_usd += trade.capacity * each;
    }
    if wanted_usd > 0.0 {
        let paid = m
            .money
            .collect_payment(&m.layout, wanted_usd, PAID_SHARE_MAX);
        for (broker, trade) in &brokers {
            let of_broker = paid * trade.capacity * each / wanted_usd;
            m.money.budget_usd[broker.customer as usize] += of_broker / (1.0 + grey.premium);
        }
    }
}

/// System: delivers the brokers' purchases to users in the target, less seizures, and refunds unspent money. Users
/// train and serve with diverted chips in the proportion in which they spend on both.
///
/// `seized = capacity of brokers detected this month / capacity of all brokers of the hub`, the share of the hub's
/// purchases that is lost. A broker is detected when its cumulative hazard passes an exponential draw; its capacity and
/// hazard then begin again. The refund is that of `CustomerMoney::refund_unspent`. Source: see [`detection_hazard`].
pub fn settle_brokers(
    run: RunMonth,
    chips: Res<ChipTable>,
    realised: Res<RealisedThroughput>,
    mut grey: ResMut<GreyMarket>,
    mut market: ResMut<ChipMarket>,
    mut log: CausedEvents,
    mut brokers: Query<(&Broker, &mut BrokerState)>,
) {
    let (future, p) = (&*run.future, &run.future.parameters);
    let m = &mut *market;
    let for_training = training_share(run.clock.year, p);
    grey.reached_h100e = 0.0;
    grey.seized_h100e = 0.0;
    m.deliveries
        .diverted_units
        .iter_mut()
        .for_each(|h| *h = 0.0);
    for customer in 0..m.layout.customers.len() {
        if !m.layout.customers[customer].kind.is_broker() {
            continue;
        }
        let (mut all, mut caught) = (0.0, 0.0);
        for (broker, mut trade) in &mut brokers {
            if broker.customer as usize != customer {
                continue;
            }
            all += trade.capacity;
            // The hazard accumulates from the first month on, also before there is a trade to detect.
            trade.hazard += detection_hazard(trade.capacity, grey.enforcement, p);
            if trade.capacity > 0.0
                && trade.hazard
                    > future
                        .chance
                        .exponential(Purpose::Detection, broker.key, trade.ordinal)
            {
                caught += trade.capacity;
                log.events.push(Event {
                    actor: broker.row,
                    values: [trade.capacity, 0.0, 0.0, 0.0],
                    cause: log.causes.grey_trade_cause(),
                    ..Event::new(run.clock.t as i32, EventKind::Seized)
                });
                *trade = BrokerState {
                    capacity: 0.0,
                    ordinal: trade.ordinal + 1,
                    hazard: 0.0,
                };
            }
        }
        let seized = if all > 0.0 { caught / all } else { 0.0 };
        m.divert_chips(customer, seized, for_training, |slot, bought| {
            let h100e = bought * chips.useful_training[slot] * realised.0[slot];
            grey.reached_h100e += h100e * (1.0 - seized);
            grey.seized_h100e += h100e * seized;
        });
        m.money.refund_unspent(customer, grey.premium);
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
        assert!(is_diversion_profitable(0.5, 1.0, &p()));
        assert!(!is_diversion_profitable(0.05, 1.0, &p()));
        assert!(!is_diversion_profitable(1e3, 1e6, &p()));
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
        assert!(detection_hazard(6000.0, 1.0, &p()) > 2.0 * detection_hazard(0.0, 1.0, &p()));
        assert!(detection_hazard(6000.0, 3.0, &p()) > 2.0 * detection_hazard(6000.0, 1.0, &p()));
    }
}
