//! Deliveries: chips, levies and licences of each round, stocks of users, and what the accounts check.

use super::allocation::{Allocation, AllocationRound};
use super::buyer_table::{clear_column, row_length};
use super::buyers::BuyerGroups;
use super::licences::Licences;
use super::orders::{OrderBook, levy_borne, levy_passed_on};
use super::state::{
    BudgetPurpose, ForSale, MarketAccounts, MarketLayout, MarketRules, ROWS, stock_index,
};
use crate::technology::supply::POOLS;

/// Deliveries of the month, and packages in use.
#[derive(Clone, Debug)]
pub struct Deliveries {
    /// Packages delivered to users this month, by [`stock_index`].
    pub sold: Vec<f64>,
    /// Packages delivered to brokers this month, by chip slot.
    pub sold_to_brokers: Vec<f64>,
    /// Packages that brokers diverted to users in the target this month, by chip slot.
    pub diverted_units: Vec<f64>,
    /// Packages in use, by [`stock_index`].
    pub stock: Vec<f64>,
    /// Slots that have ever been on sale, in order of launch.
    pub in_use: Vec<u16>,
    was_used: Vec<bool>,
    /// Levies of this month that makers bear, by maker, USD; buyers pay the rest above the price.
    pub levy_borne_usd: Vec<f64>,
    /// Pool units that the month's deliveries used.
    pub pool_used: [f64; POOLS],
    /// Packages delivered, by active chip.
    totals: Vec<f64>,
    /// By buyer: what it spends in the current round, USD; its row in tables by bloc and wallet, and the next one for brokers.
    spent_usd: Vec<f64>,
    row_of: Vec<usize>,
}

/// Packages in use before the month and after it, and their changes.
pub struct StockChange {
    before: f64,
    delivered: f64,
    retired: f64,
    after: f64,
}

impl StockChange {
    /// Packages that are not accounted for over packages in use.
    pub fn imbalance(&self) -> f64 {
        let lost = self.before + self.delivered - self.retired - self.after;
        lost.abs() / (self.after + 1.0)
    }
}

impl Deliveries {
    /// Packages delivered to users of a bloc this month, for training and serving together, by chip slot.
    pub fn sold_in(&self, bloc: usize, chip: usize) -> f64 {
        let at = stock_index(chip, bloc, BudgetPurpose::Training);
        self.sold[at] + self.sold[at + 1]
    }

    pub fn new(layout: &MarketLayout) -> Self {
        let chips = layout.maker_of.len();
        Self {
            sold: vec![0.0; ROWS * chips],
            sold_to_brokers: vec![0.0; chips],
            diverted_units: vec![0.0; chips],
            stock: vec![0.0; ROWS * chips],
            in_use: Vec::with_capacity(chips),
            was_used: vec![false; chips],
            levy_borne_usd: vec![0.0; layout.makers],
            pool_used: [0.0; POOLS],
            totals: Vec::with_capacity(chips),
            spent_usd: Vec::with_capacity(row_length(layout.customers.len())),
            row_of: Vec::with_capacity(layout.customers.len()),
        }
    }

    pub fn reset(&mut self) {
        for column in [
            &mut self.sold,
            &mut self.sold_to_brokers,
            &mut self.diverted_units,
            &mut self.stock,
            &mut self.levy_borne_usd,
        ] {
            column.fill(0.0);
        }
        self.in_use.clear();
        self.was_used.fill(false);
    }

    /// Records that packages of a chip can be in use from now on.
    pub fn mark_in_use(&mut self, chip: usize) {
        if !self.was_used[chip] {
            self.was_used[chip] = true;
            self.in_use.push(chip as u16);
        }
    }

    /// Resets the levies of the month, which the rounds add up.
    pub(super) fn begin_month(&mut self) {
        self.levy_borne_usd.fill(0.0);
    }

    /// Delivers the filled orders of a round: money, chips, levies and licences together.
    ///
    /// ```text
    /// bought'    = bought + part * fill                                packages
    /// spent'     = spent + part * fill * paid                          USD
    /// levy borne = part * fill * price * (1 - pass) * levy_share       USD, by the maker; buyers pay the rest
    /// ```
    ///
    /// Licensed chips use up licences (see `LicenceQueue::draw_down`). Source: see `levy_pass_through`.
    pub(super) fn deliver(
        &mut self,
        round: AllocationRound,
        sale: &ForSale,
        buyers: &mut BuyerGroups,
        orders: &OrderBook,
        allocation: &Allocation,
        licences: &mut Licences,
        accounts: &mut MarketAccounts,
    ) {
        clear_column(&mut self.spent_usd, buyers.list.len());
        let (asking, spent_usd) = (allocation.asking(round), &mut self.spent_usd[..]);
        for (a, fill) in allocation.fill.iter().enumerate() {
            let (part, paid_usd) = (allocation.part.row(a), orders.paid_usd.row(a));
            let bought = buyers.bought.row_mut(a);
            if asking.len() == buyers.list.len() {
                hand_over((part, *fill), paid_usd, bought, spent_usd);
            } else {
                for &b in asking {
                    let units = part[b] * fill;
                    bought[b] += units;
                    spent_usd[b] += units * paid_usd[b];
                }
            }
        }
        for &b in asking {
            let buyer = &mut buyers.list[b];
            buyer.spent_usd += self.spent_usd[b];
            for &a in &buyers.restrictions[buyer.market].watched {
                let a = usize::from(a);
                let units = allocation.part.at(a, b) * allocation.fill[a];
                if units <= 0.0 {
                    continue;
                }
                let terms = sale.terms_in(buyer.market, a);
                let price_usd = sale.offers[sale.slot(a)].price_usd;
                let borne = units * price_usd * levy_borne(terms.levy_share, sale.rules);
                let passed_on = units * price_usd * levy_passed_on(terms.levy_share, sale.rules);
                accounts.levy_usd += borne + passed_on;
                accounts.passed_on_usd += passed_on;
                self.levy_borne_usd[usize::from(orders.maker_of[a])] += borne;
                if terms.licensed() {
                    licences.queues[sale.terms_index(buyer.market, a)].draw_down(units);
                }
            }
        }
    }

    /// Adds up the purchases of buyer groups by bloc and wallet of the user, in packages, and the pool units that they
    /// used: `pool_used = sum(bought * uses)`. What brokers bought is kept apart until `settle_brokers`.
    pub(super) fn distribute(
        &mut self,
        sale: &ForSale,
        buyers: &BuyerGroups,
        orders: &OrderBook,
        accounts: &mut MarketAccounts,
    ) {
        for a in 0..sale.active.len() {
            self.mark_in_use(sale.slot(a));
        }
        for &chip in &self.in_use {
            self.sold[usize::from(chip) * ROWS..][..ROWS].fill(0.0);
            self.sold_to_brokers[usize::from(chip)] = 0.0;
        }
        self.row_of.clear();
        for buyer in &buyers.list {
            let bloc = sale.layout.bloc_of_market[buyer.market];
            let row = stock_index(0, bloc, buyer.wallet);
            self.row_of
                .push(if buyer.kind.is_broker() { ROWS } else { row });
            accounts.spent_usd += buyer.spent_usd;
        }
        self.totals.clear();
        for (a, &chip) in sale.active.iter().enumerate() {
            let (mut total, mut sums) = (0.0, [0.0; ROWS + 1]);
            for (units, row) in buyers.bought.row(a).iter().zip(&self.row_of) {
                total += units;
                sums[*row] += units;
            }
            let chip = usize::from(chip);
            self.totals.push(total);
            self.sold[chip * ROWS..][..ROWS].copy_from_slice(&sums[..ROWS]);
            self.sold_to_brokers[chip] = sums[ROWS];
        }
        let sold = self.totals.iter().zip(sale.active);
        let at_price = sold.map(|(units, &chip)| {
            units * (sale.offers[usize::from(chip)].price_usd + sale.rules.host_cost_usd)
        });
        accounts.at_price_usd = at_price.sum();
        self.pool_used = [0.0; POOLS];
        for (units, uses) in self.totals.iter().zip(&orders.uses) {
            accounts.produced += units;
            for (used, each) in self.pool_used.iter_mut().zip(uses) {
                *used += units * each;
            }
        }
    }

    /// Adds deliveries to stocks and retires old chips: `stock' = stock * (1 - retirement_per_year / 12) + sold`,
    /// packages.
    ///
    /// The same share of every kind of chip retires, whatever its age. Chips of brokers enter stocks later, in
    /// [`super::ChipMarket::divert_chips`]. Source: see `retirement_per_year`.
    pub(super) fn renew_stock(
        &mut self,
        rules: &MarketRules,
        accounts: &mut MarketAccounts,
    ) -> StockChange {
        let (mut before, mut after, mut to_users, mut to_brokers) = (0.0, 0.0, 0.0, 0.0);
        for &chip in &self.in_use {
            let rows = usize::from(chip) * ROWS..(usize::from(chip) + 1) * ROWS;
            for (stock, &new) in self.stock[rows.clone()].iter_mut().zip(&self.sold[rows]) {
                let retired = *stock * rules.retirement_per_month;
                before += *stock;
                *stock += new - retired;
                to_users += new;
                accounts.retired += retired;
                after += *stock;
            }
            to_brokers += self.sold_to_brokers[usize::from(chip)];
        }
        accounts.delivered = to_users + to_brokers;
        StockChange {
            before,
            delivered: to_users,
            retired: accounts.retired,
            after,
        }
    }

    /// Pool units used beyond what a pool had, as a share of it.
    pub(super) fn overdrawn(&self, pools: &[f64; POOLS]) -> f64 {
        let mut overdrawn = 0.0_f64;
        for (used, pool) in self.pool_used.iter().zip(pools) {
            if pool.is_finite() && *pool > 0.0 {
                overdrawn = overdrawn.max(used / pool - 1.0);
            }
        }
        overdrawn
    }
}

/// Hands over what is filled of a chip's orders: `bought += part * fill`, and adds what it costs.
fn hand_over(
    (part, fill): (&[f64], f64),
    paid_usd: &[f64],
    bought: &mut [f64],
    spent_usd: &mut [f64],
) {
    let sums = bought.iter_mut().zip(spent_usd);
    for ((bought, spent_usd), (part, paid_usd)) in sums.zip(part.iter().zip(paid_usd)) {
        let units = part * fill;
        *bought += units;
        *spent_usd += units * paid_usd;
    }
}
