//! Deliveries: chips, levies and licences of each round, stocks of users, and what the accounts check.

use super::allocation::Allocation;
use super::buyers::BuyerGroups;
use super::licences::Licences;
use super::orders::OrderBook;
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
    /// Levies taken this month by maker, USD.
    pub levy_usd: Vec<f64>,
    /// Pool units that the month's deliveries used.
    pub pool_used: [f64; POOLS],
    /// Packages delivered, by active chip; and `[row of stock_index][active chip]`, the last row of brokers.
    totals: Vec<f64>,
    by_row: Vec<f64>,
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
            levy_usd: vec![0.0; layout.makers],
            pool_used: [0.0; POOLS],
            totals: Vec::with_capacity(chips),
            by_row: Vec::with_capacity((ROWS + 1) * chips),
        }
    }

    pub fn reset(&mut self) {
        for column in [
            &mut self.sold,
            &mut self.sold_to_brokers,
            &mut self.diverted_units,
            &mut self.stock,
            &mut self.levy_usd,
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

    pub(super) fn begin_month(&mut self) {
        self.levy_usd.fill(0.0);
    }

    /// Delivers the filled orders of a round: money, chips, levies and licences together.
    pub(super) fn deliver(
        &mut self,
        sale: &ForSale,
        buyers: &mut BuyerGroups,
        orders: &OrderBook,
        allocation: &Allocation,
        licences: &mut Licences,
        accounts: &mut MarketAccounts,
    ) {
        for (b, buyer) in buyers.list.iter_mut().enumerate() {
            if !buyer.has_orders {
                continue;
            }
            let row = sale.row(b);
            let part = &allocation.part[row.clone()];
            let asked = part
                .iter()
                .zip(&allocation.fill)
                .zip(&orders.paid_usd[row.clone()]);
            let mut spent = 0.0;
            for (bought, ((part, fill), paid_usd)) in buyers.bought[row].iter_mut().zip(asked) {
                let units = part * fill;
                *bought += units;
                spent += units * paid_usd;
            }
            buyer.spent_usd += spent;
            for &a in &buyers.restrictions[buyer.market].watched {
                let a = usize::from(a);
                let terms = sale.terms_in(buyer.market, a);
                let units = part[a] * allocation.fill[a];
                if units <= 0.0 {
                    continue;
                }
                let levy = units * sale.offers[sale.slot(a)].price_usd * terms.levy_share;
                accounts.levy_usd += levy;
                self.levy_usd[usize::from(orders.maker_of[a])] += levy;
                if terms.licensed() {
                    licences.queues[sale.terms_index(buyer.market, a)].draw_down(units);
                }
            }
        }
    }

    /// Adds up the purchases of buyer groups by bloc and wallet of the user, and the pool units that they used.
    pub(super) fn distribute(
        &mut self,
        sale: &ForSale,
        buyers: &BuyerGroups,
        orders: &OrderBook,
        accounts: &mut MarketAccounts,
    ) {
        let active = sale.active.len();
        for a in 0..active {
            self.mark_in_use(sale.slot(a));
        }
        for &chip in &self.in_use {
            self.sold[usize::from(chip) * ROWS..][..ROWS].fill(0.0);
            self.sold_to_brokers[usize::from(chip)] = 0.0;
        }
        self.totals.clear();
        self.totals.resize(active, 0.0);
        self.by_row.clear();
        self.by_row.resize((ROWS + 1) * active, 0.0);
        for (b, buyer) in buyers.list.iter().enumerate() {
            let row = if buyer.kind.is_broker() {
                ROWS
            } else {
                stock_index(0, sale.layout.bloc_of_market[buyer.market], buyer.wallet)
            };
            let sums = &mut self.by_row[row * active..(row + 1) * active];
            let bought = &buyers.bought[sale.row(b)];
            for ((total, sum), units) in self.totals.iter_mut().zip(sums).zip(bought) {
                *total += units;
                *sum += units;
            }
            accounts.spent_usd += buyer.spent_usd;
        }
        for (row, sums) in self.by_row.chunks_exact(active.max(1)).enumerate() {
            for (units, &chip) in sums.iter().zip(sale.active) {
                let chip = usize::from(chip);
                if row == ROWS {
                    self.sold_to_brokers[chip] = *units;
                } else {
                    self.sold[chip * ROWS + row] = *units;
                }
            }
        }
        self.pool_used = [0.0; POOLS];
        for (units, uses) in self.totals.iter().zip(&orders.uses) {
            accounts.produced += units;
            for (used, each) in self.pool_used.iter_mut().zip(uses) {
                *used += units * each;
            }
        }
    }

    /// Adds deliveries to stocks and retires old chips.
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
