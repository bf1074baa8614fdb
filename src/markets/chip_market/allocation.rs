//! Allocation of scarce supply: makers hold quotas in shared pools, and orders are filled pro rata, in two rounds and once more.

use super::buyer_table::{BuyerTable, clear_column, new_column};
use super::buyers::BuyerGroups;
use super::caps::CountryCaps;
use super::choice::MakerNest;
use super::orders::OrderBook;
use super::state::{ForSale, MarketLayout};
use crate::technology::supply::{POOLS, SupplyPool};

/// Order in which supply is allocated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AllocationRound {
    RelationshipFirst,
    TheRest,
    /// Unmet orders, placed once more.
    Again,
}

/// Supply that is left this month.
#[derive(Clone, Debug, Default)]
pub struct AvailableSupply {
    /// Standard packages that each maker can still deliver.
    pub maker_left: Vec<f64>,
    /// Units left in each pool.
    pub pool_left: [f64; POOLS],
    /// Units of each pool that each maker may draw first.
    pub quota_left: Vec<[f64; POOLS]>,
}

/// Quotas of makers, the supply that is left, and the orders of the current round.
#[derive(Clone, Debug)]
pub struct Allocation {
    pub supply: AvailableSupply,
    /// Quota of each pool by maker, as a share.
    pub quota_share: Vec<[f64; POOLS]>,
    /// Orders of the current round by active chip and buyer, and their sums and filled fractions by active chip.
    pub(super) part: BuyerTable,
    totals: Vec<f64>,
    pub(super) fill: Vec<f64>,
    /// By active chip: whether its maker and pools have supply left.
    served: Vec<bool>,
    /// By maker: fraction of the target's relationship orders that is served first.
    first_limit: Vec<f64>,
    /// Buyers with orders in the first round, and all buyers.
    first: Vec<usize>,
    all: Vec<usize>,
    /// By buyer: cost of its unmet orders, USD.
    unmet_usd: Vec<f64>,
    bids: Vec<[f64; POOLS]>,
    claims: Vec<SupplyClaim>,
}

impl Allocation {
    pub fn new(layout: &MarketLayout) -> Self {
        let (makers, chips) = (layout.makers, layout.maker_of.len());
        let row = || Vec::with_capacity(chips);
        let list = || Vec::with_capacity(layout.customers.len());
        Self {
            supply: AvailableSupply {
                maker_left: vec![0.0; makers],
                pool_left: [0.0; POOLS],
                quota_left: vec![[0.0; POOLS]; makers],
            },
            quota_share: vec![[0.0; POOLS]; makers],
            part: BuyerTable::with_capacity(chips, layout.customers.len()),
            totals: row(),
            fill: row(),
            served: Vec::with_capacity(chips),
            first_limit: vec![0.0; makers],
            first: list(),
            all: list(),
            unmet_usd: new_column(layout.customers.len()),
            bids: vec![[0.0; POOLS]; makers],
            claims: Vec::with_capacity(makers),
        }
    }

    pub fn reset(&mut self) {
        self.quota_share.fill([0.0; POOLS]);
    }

    /// Sets the quota of each maker in each pool: makers bid with the margin of their orders, and quotas follow bids
    /// with inertia.
    ///
    /// ```text
    /// share' = inertia * share + (1 - inertia) * bid / all bids        just bid / all bids where the share was 0
    /// quota  = share' * pool / max(1, sum of share')
    /// ```
    ///
    /// Shares are fractions, quotas and pools are units of the pool a month, bids are USD (see `collect_bids`). In
    /// pools of the target its leading maker has at least `home_priority_share` (see [`grant_priority`]). In a pool for
    /// which nobody bids quotas shrink by the inertia alone. What is not in a quota is lent. Source: see
    /// `quota_inertia` and `home_priority_share`.
    pub(super) fn set_quotas(
        &mut self,
        sale: &ForSale,
        orders: &OrderBook,
        capacity: &[f64],
        pools: &[f64; POOLS],
    ) {
        let sum = self.collect_bids(sale, orders, capacity);
        let inertia = sale.rules.quota_inertia;
        self.supply.pool_left = *pools;
        let mut all = [0.0; POOLS];
        for (maker, capacity) in capacity.iter().enumerate() {
            self.supply.maker_left[maker] = *capacity;
            for pool in 0..POOLS {
                let bid = if sum[pool] > 0.0 {
                    self.bids[maker][pool] / sum[pool]
                } else {
                    0.0
                };
                let share = &mut self.quota_share[maker][pool];
                let fresh = *share == 0.0;
                *share = if fresh {
                    bid
                } else {
                    inertia * *share + (1.0 - inertia) * bid
                };
                all[pool] += *share;
                self.supply.quota_left[maker][pool] = *share * pools[pool];
            }
        }
        // Shares of makers that entered in the same month can sum to more than one.
        for pool in (0..POOLS).filter(|pool| all[*pool] > 1.0) {
            for maker in 0..sale.layout.makers {
                self.supply.quota_left[maker][pool] /= all[pool];
                self.quota_share[maker][pool] /= all[pool];
            }
        }
        if let Some(claimant) = sale.layout.first_claimant {
            for pool in HOME_POOLS {
                let least = sale.rules.home_priority_share * pools[pool];
                grant_priority(
                    &mut self.supply.quota_left,
                    claimant,
                    pool,
                    least,
                    pools[pool],
                );
            }
        }
    }

    /// Writes the bid of each maker for each pool, the margin of its orders, USD; returns the sums by pool.
    ///
    /// `bid = sum(orders * able * max(price - unit cost, 0) * claim)` over its chips that use the pool, however much of
    /// it they use. `able = min(1, capacity / asked)`; `claim` is `captive_claim` for captive makers and 1 for others.
    /// Source: see `captive_claim`.
    fn collect_bids(
        &mut self,
        sale: &ForSale,
        orders: &OrderBook,
        capacity: &[f64],
    ) -> [f64; POOLS] {
        self.bids.fill([0.0; POOLS]);
        let mut sum = [0.0; POOLS];
        for a in 0..sale.active.len() {
            let offer = &sale.offers[sale.slot(a)];
            // A bid counts only up to the maker's own capacity.
            let maker = usize::from(orders.maker_of[a]);
            let able = if orders.asked[maker] > capacity[maker] {
                capacity[maker] / orders.asked[maker]
            } else {
                1.0
            };
            // An owner that would have to buy elsewhere saves the margin of a merchant, which is above that of its own maker.
            let claim = if sale.layout.captive_maker[maker] {
                sale.rules.captive_claim
            } else {
                1.0
            };
            let earned = (offer.price_usd - offer.unit_cost_usd).max(0.0) * claim;
            let margin = orders.totals[a] * able * earned;
            for pool in (0..POOLS).filter(|pool| offer.uses[*pool] > 0.0) {
                self.bids[maker][pool] += margin;
                sum[pool] += margin;
            }
        }
        sum
    }

    /// Writes the orders of the first or the second allocation round, in packages.
    ///
    /// ```text
    /// first  = units                                       of brokers
    ///        = units * relationship * new part * limit     of the target's buyers
    ///        = 0                                           of all others
    /// second = units - first
    /// ```
    ///
    /// `relationship` is the share of the target's new orders that comes first, `limit` is by maker (see
    /// `limit_relationship_orders`). Orders of the first round that were not filled are not in the second; they are
    /// placed again in the third (see `ask_again`). Source: see `relationship_share_target`; that brokers come first is
    /// an assumption.
    pub(super) fn ask(
        &mut self,
        round: AllocationRound,
        sale: &ForSale,
        buyers: &BuyerGroups,
        orders: &OrderBook,
        capacity: &[f64],
    ) {
        if round == AllocationRound::RelationshipFirst {
            self.begin_rounds(sale, buyers);
            self.limit_relationship_orders(sale, buyers, orders, capacity);
        }
        // Priority covers new orders of long-standing customers, not the backlog. Brokers are served in the first round
        // as well: their users pay a premium, while makers receive the same price as from others.
        let relationship = relationship_share(sale);
        let at_once = |limit: f64, b: usize| {
            let buyer = &buyers.list[b];
            if buyer.kind.is_broker() {
                1.0
            } else {
                relationship * buyer.new_part * limit
            }
        };
        let count = buyers.list.len();
        for (a, &maker) in orders.maker_of.iter().enumerate() {
            let (part, units) = (self.part.row_mut(a), orders.units.row(a));
            let limit = self.first_limit[usize::from(maker)];
            if round == AllocationRound::RelationshipFirst {
                for &b in &self.first {
                    part[b] = units[b] * at_once(limit, b);
                }
                self.totals[a] = self.first.iter().map(|b| part[*b]).sum();
            } else {
                part.copy_from_slice(units);
                for &b in &self.first {
                    part[b] *= 1.0 - at_once(limit, b);
                }
                self.totals[a] = part[..count].iter().sum();
            }
        }
    }

    /// The buyers with orders in a round.
    pub(super) fn asking(&self, round: AllocationRound) -> &[usize] {
        match round {
            AllocationRound::RelationshipFirst => &self.first,
            AllocationRound::TheRest | AllocationRound::Again => &self.all,
        }
    }

    /// By maker: fraction of the target's relationship orders that fits in the customary share of its capacity.
    ///
    /// `limit = min(1, customary * capacity / sum(units * relationship * new part * size))`, in standard packages; 1
    /// without such orders. Orders of brokers do not count. Source: see `customary_share_target`;
    /// `docs/decisions/0001-who-gets-scarce-packages.md`.
    fn limit_relationship_orders(
        &mut self,
        sale: &ForSale,
        buyers: &BuyerGroups,
        orders: &OrderBook,
        capacity: &[f64],
    ) {
        let first = relationship_share(sale);
        self.first_limit.fill(0.0);
        for (b, buyer) in buyers.list.iter().enumerate() {
            if buyer.market == sale.layout.target_market {
                let part = first * buyer.new_part;
                for (a, maker) in orders.maker_of.iter().enumerate() {
                    let claim = &mut self.first_limit[usize::from(*maker)];
                    *claim += orders.units.at(a, b) * part * orders.size[a];
                }
            }
        }
        for (claim, capacity) in self.first_limit.iter_mut().zip(capacity) {
            let room = sale.rules.customary_share_target * capacity;
            *claim = if *claim > room { room / *claim } else { 1.0 };
        }
    }

    /// Makes room for the month's orders, and lists the buyers with orders in the first round: those of the target, and
    /// brokers.
    fn begin_rounds(&mut self, sale: &ForSale, buyers: &BuyerGroups) {
        let (chips, list) = (sale.active.len(), &buyers.list);
        for column in [&mut self.totals, &mut self.fill] {
            column.resize(chips, 0.0);
        }
        self.part.resize(chips, list.len());
        self.all.clear();
        self.all.extend(0..list.len());
        let comes_first =
            |b: &usize| list[*b].market == sale.layout.target_market || list[*b].kind.is_broker();
        self.first.clear();
        self.first.extend((0..list.len()).filter(comes_first));
    }

    /// Fills the orders of the round as far as supply allows (see [`fill_fractions`]).
    pub(super) fn fill_orders(&mut self, orders: &OrderBook) {
        fill_fractions(
            &self.totals,
            &orders.nests,
            &orders.uses,
            &orders.size,
            &mut self.supply,
            &mut self.claims,
            &mut self.fill,
        );
    }

    /// Places unmet orders of all buyers once more, among the chips that have supply left; the rest is carried to the
    /// next month.
    ///
    /// ```text
    /// unmet = sum(max(units - bought, 0) * paid)
    /// again = unmet * share among served chips * free / paid
    /// ```
    ///
    /// `unmet` is USD, `again` is packages. Three things are refused again: chips under licence get no second order,
    /// capped chips get one within what is left of the cap, and closed days take their part once more. The money of
    /// what is refused stays in the wallet. Brokers take part as all others do. Assumption: buyers take what is left
    /// rather than wait; no source is recorded.
    pub(super) fn ask_again(
        &mut self,
        sale: &ForSale,
        buyers: &mut BuyerGroups,
        orders: &mut OrderBook,
        caps: &mut CountryCaps,
    ) {
        self.served.clear();
        for a in 0..sale.active.len() {
            self.served.push(self.has_supply_left(orders, a));
        }
        self.find_unmet_orders(sale, buyers, orders);
        orders.order_served(sale, &self.served, &self.unmet_usd, &mut self.part);
        for b in 0..buyers.list.len() {
            if buyers.list[b].has_unmet_orders && caps.has_cap(buyers, buyers.list[b].market) {
                self.ask_again_under_caps(sale, buyers, b, orders);
            }
        }
        for (a, total) in self.totals.iter_mut().enumerate() {
            *total = self.part.row(a)[..buyers.list.len()].iter().sum();
        }
        caps.limit_repeated_orders(sale, buyers, &mut self.part, &mut self.totals);
    }

    /// Writes what the orders cost that were not filled, USD: `unmet = sum(max(units - bought, 0) * paid)`, 0 below
    /// 1e-9 of the money.
    fn find_unmet_orders(&mut self, sale: &ForSale, buyers: &mut BuyerGroups, orders: &OrderBook) {
        clear_column(&mut self.unmet_usd, buyers.list.len());
        for a in 0..sale.active.len() {
            let filled = (orders.units.row(a), buyers.bought.row(a));
            add_unmet(filled, orders.paid_usd.row(a), &mut self.unmet_usd);
        }
        for (buyer, unmet_usd) in buyers.list.iter_mut().zip(&mut self.unmet_usd) {
            // Differences from rounding do not count as unmet demand.
            buyer.has_unmet_orders = *unmet_usd > 1e-9 * buyer.money_usd;
            if !buyer.has_unmet_orders {
                *unmet_usd = 0.0;
            }
        }
    }

    /// Adds a buyer's unmet demand to its orders of capped chips that need no licence:
    /// `part += unmet * share * open / paid`, packages.
    fn ask_again_under_caps(
        &mut self,
        sale: &ForSale,
        buyers: &BuyerGroups,
        b: usize,
        orders: &OrderBook,
    ) {
        let market = buyers.list[b].market;
        for &a in &buyers.restrictions[market].capped {
            let a = usize::from(a);
            let terms = sale.terms_in(market, a);
            if !terms.licensed() {
                let usd = self.unmet_usd[b] * orders.share(a, b) * terms.open;
                *self.part.at_mut(a, b) += usd / orders.paid_usd.at(a, b);
            }
        }
    }

    /// Whether the maker and the pools of the `a`-th active chip have supply left: more than 1e-9 of what the month's
    /// orders asked of them.
    fn has_supply_left(&self, orders: &OrderBook, a: usize) -> bool {
        let (maker, need) = (usize::from(orders.maker_of[a]), &orders.uses[a]);
        self.supply.maker_left[maker] > 1e-9 * orders.asked[maker]
            && (0..POOLS).all(|pool| {
                need[pool] == 0.0 || self.supply.pool_left[pool] > 1e-9 * orders.pool_asked[pool]
            })
    }
}

/// Adds the cost of orders that were not filled: `max(ordered - bought, 0) * paid`.
fn add_unmet((ordered, bought): (&[f64], &[f64]), paid_usd: &[f64], unmet_usd: &mut [f64]) {
    let each = ordered.iter().zip(bought).zip(paid_usd);
    for (unmet_usd, ((ordered, bought), paid_usd)) in unmet_usd.iter_mut().zip(each) {
        *unmet_usd += (ordered - bought).max(0.0) * paid_usd;
    }
}

/// Pools of wafers and memory made in the target.
const HOME_POOLS: [usize; 2] = [
    SupplyPool::HbmTarget as usize,
    SupplyPool::LogicTarget as usize,
];

/// Gives one maker a quota of at least `least` units of a pool of `all`; others share what is left in proportion to
/// theirs.
///
/// `quota(claimant) = least` and `quota(other) *= min(1, (all - least) / sum of others)`; nothing changes if it has
/// more already.
///
/// What it does not use is lent to others, as every idle quota is. Source: judgement; SemiAnalysis on dies of 2024, of
/// which Huawei had most, before makers with higher margins.
pub fn grant_priority(
    quotas: &mut [[f64; POOLS]],
    claimant: usize,
    pool: usize,
    least: f64,
    all: f64,
) {
    if !(least > quotas[claimant][pool] && all.is_finite()) {
        return;
    }
    let others: f64 = quotas.iter().map(|q| q[pool]).sum::<f64>() - quotas[claimant][pool];
    let kept = ratio(all - least, others);
    for quota in quotas.iter_mut() {
        quota[pool] *= kept;
    }
    quotas[claimant][pool] = least;
}

/// Share of new orders from the target that long-standing relations let come first, 0 to 1. Source: see
/// `relationship_share_target`.
fn relationship_share(sale: &ForSale) -> f64 {
    sale.rules.relationship_share_target.clamp(0.0, 1.0)
}

/// Writes the fraction of each chip's orders that can be filled, and draws down supply by that amount.
///
/// ```text
/// able(maker)       = min(1, maker_left / sum(orders * size))
/// need(maker, pool) = able * sum(orders * uses)
/// given             = min(need, quota_left) * min(1, left of the pool / sum of the same over makers)
/// lent(pool)        = min(1, left of the pool after all given / sum(need - given))
/// fill(chip)        = able * min over its pools of (given + (need - given) * lent) / need
/// ```
///
/// `orders[i]` are packages of chip `i`, `uses[i]` its pool units a package, `size[i]` how many standard packages of
/// its maker's capacity one takes; `nests` holds the range of each maker's chips. All buyers of a chip get the same
/// fraction, without lottery. What is lent is not taken off the lender's quota, so quotas left after the first round can
/// sum to more than the pool; makers then share it in proportion to what they may draw. Source: see `quota_inertia`;
/// lending is an assumption.
pub fn fill_fractions(
    orders: &[f64],
    nests: &[MakerNest],
    uses: &[[f64; POOLS]],
    size: &[f64],
    supply: &mut AvailableSupply,
    scratch: &mut Vec<SupplyClaim>,
    fill: &mut [f64],
) {
    let lent = claim_supply(orders, nests, uses, size, supply, scratch);
    for (nest, claim) in nests.iter().zip(scratch.iter()) {
        let maker = usize::from(nest.maker);
        let part: [f64; POOLS] = std::array::from_fn(|pool| {
            let short = claim.need[pool] - claim.given[pool];
            ratio(claim.given[pool] + short * lent[pool], claim.need[pool])
        });
        for i in usize::from(nest.from)..usize::from(nest.to) {
            let mut least = 1.0_f64;
            for (part, uses) in part.iter().zip(&uses[i]) {
                if *uses > 0.0 {
                    least = least.min(*part);
                }
            }
            fill[i] = least * claim.able;
            let made = orders[i] * fill[i];
            supply.maker_left[maker] = (supply.maker_left[maker] - made * size[i]).max(0.0);
            for (pool, quota) in supply.quota_left[maker].iter_mut().enumerate() {
                let drawn = made * uses[i][pool];
                supply.pool_left[pool] = (supply.pool_left[pool] - drawn).max(0.0);
                *quota = (*quota - drawn).max(0.0);
            }
        }
    }
}

/// Writes what each maker needs and draws on its quotas; returns, by pool, the fraction of unmet need that is lent
/// (equations in [`fill_fractions`]).
fn claim_supply(
    orders: &[f64],
    nests: &[MakerNest],
    uses: &[[f64; POOLS]],
    size: &[f64],
    supply: &AvailableSupply,
    claims: &mut Vec<SupplyClaim>,
) -> [f64; POOLS] {
    claims.clear();
    let mut drawn = [0.0; POOLS];
    for nest in nests {
        let maker = usize::from(nest.maker);
        let mut asked = 0.0;
        let mut claim = SupplyClaim::default();
        for i in usize::from(nest.from)..usize::from(nest.to) {
            asked += orders[i] * size[i];
            for (need, each) in claim.need.iter_mut().zip(&uses[i]) {
                *need += orders[i] * each;
            }
        }
        // Claims are limited to what the maker's capacity can use.
        claim.able = ratio(supply.maker_left[maker], asked);
        for pool in 0..POOLS {
            claim.need[pool] *= claim.able;
            claim.given[pool] = claim.need[pool].min(supply.quota_left[maker][pool]);
            drawn[pool] += claim.given[pool];
        }
        claims.push(claim);
    }
    let (mut unmet, mut lent) = ([0.0; POOLS], [0.0; POOLS]);
    for pool in 0..POOLS {
        let left = supply.pool_left[pool];
        let kept = ratio(left, drawn[pool]);
        for claim in claims.iter_mut() {
            claim.given[pool] *= kept;
            unmet[pool] += claim.need[pool] - claim.given[pool];
        }
        if unmet[pool] > 0.0 {
            lent[pool] = ((left - kept * drawn[pool]).max(0.0) / unmet[pool]).min(1.0);
        }
    }
    lent
}

/// Part of a need that can be met, 0 to 1; 1 where nothing is needed.
fn ratio(have: f64, need: f64) -> f64 {
    if need > 0.0 {
        (have / need).clamp(0.0, 1.0)
    } else {
        1.0
    }
}

/// Units of every pool that one maker needs and receives.
#[derive(Clone, Copy, Debug, Default)]
pub struct SupplyClaim {
    able: f64,
    need: [f64; POOLS],
    given: [f64; POOLS],
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTS: [MakerNest; 2] = [
        MakerNest {
            maker: 0,
            from: 0,
            to: 1,
        },
        MakerNest {
            maker: 1,
            from: 1,
            to: 2,
        },
    ];

    #[test]
    fn a_priority_claim_leaves_the_rest_to_others_in_proportion() {
        let mut quotas = vec![[0.0; POOLS]; 3];
        for (quota, units) in quotas.iter_mut().zip([10.0, 60.0, 30.0]) {
            quota[5] = units;
        }
        grant_priority(&mut quotas, 0, 5, 70.0, 100.0);
        let left: Vec<f64> = quotas.iter().map(|q| q[5]).collect();
        assert!((left[0] - 70.0).abs() < 1e-9);
        assert!((left[1] - 20.0).abs() < 1e-9 && (left[2] - 10.0).abs() < 1e-9);
        // A maker that has more keeps it.
        grant_priority(&mut quotas, 0, 5, 50.0, 100.0);
        assert!((quotas[0][5] - 70.0).abs() < 1e-9);
    }

    fn one_pool(capacity: f64, quota: [f64; 2]) -> AvailableSupply {
        let mut supply = AvailableSupply {
            maker_left: vec![1e9; 2],
            pool_left: [f64::INFINITY; POOLS],
            quota_left: vec![[0.0; POOLS]; 2],
        };
        supply.pool_left[0] = capacity;
        supply.quota_left[0][0] = quota[0];
        supply.quota_left[1][0] = quota[1];
        supply
    }

    #[test]
    fn nothing_is_handed_out_twice_and_idle_quota_is_lent() {
        let uses = [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]; 2];
        let mut supply = one_pool(100.0, [50.0, 50.0]);
        let mut fill = [0.0; 2];
        fill_fractions(
            &[10.0, 200.0],
            &NESTS,
            &uses,
            &[1.0; 2],
            &mut supply,
            &mut Vec::new(),
            &mut fill,
        );
        assert!((fill[0] - 1.0).abs() < 1e-12);
        assert!((fill[1] * 200.0 - 90.0).abs() < 1e-9);
        assert!(supply.pool_left[0].abs() < 1e-9);
    }

    #[test]
    fn when_supply_is_ample_every_order_is_filled() {
        let uses = [[1.0, 0.0, 2.0, 0.0, 0.0, 0.0]; 2];
        let mut supply = one_pool(1e6, [0.0, 0.0]);
        let mut fill = [0.0; 2];
        fill_fractions(
            &[10.0, 20.0],
            &NESTS,
            &uses,
            &[1.0; 2],
            &mut supply,
            &mut Vec::new(),
            &mut fill,
        );
        assert_eq!(fill, [1.0, 1.0]);
    }
}
