//! One month of trade: every step in the order in which it happens.
//!
//! Orders do not queue. Money that a buyer could not spend stays in its wallet, is ordered again next month among the chips
//! then on offer, and lapses slowly. The backlog is this carried money.

use super::ChipMarket;
use super::allocation::AllocationRound;
use super::state::{ForSale, MarketAccounts, MarketRules};
use crate::technology::supply::POOLS;

impl ChipMarket {
    /// Runs one month of trade. `capacity` is in standard packages by maker, `pools` in units by pool.
    pub fn trade(&mut self, capacity: &[f64], pools: &[f64; POOLS], rules: &MarketRules) {
        let sale = &ForSale {
            layout: &self.layout,
            active: &self.active,
            offers: &self.offers,
            terms: &self.terms,
            stack: &self.stack,
            rules,
        };
        let (orders, buyers, licences) = (&mut self.orders, &mut self.buyers, &mut self.licences);
        let (money, caps, accounts) = (&mut self.money, &mut self.caps, &mut self.accounts);
        let (allocation, deliveries) = (&mut self.allocation, &mut self.deliveries);
        *accounts = MarketAccounts::default();
        let opening_usd = money.net_usd();

        // 1. Money: budgets and advances come in, carried money lapses in part, advances are repaid.
        money.receive_budgets(rules, accounts);

        // 2. Buyers: customers who face the same terms and value software alike act as one.
        buyers.group(sale, money);

        // 3. Orders: money is spread over the chips on sale, within licences and caps; withheld money goes to free chips.
        orders.place(sale, buyers);
        orders.limit_by_licences(sale, buyers, licences);
        caps.limit_orders(sale, buyers, &mut orders.units);
        orders.redirect_withheld_money(sale, buyers, money);
        orders.record(sale, buyers);

        // 4. Allocation: quotas in shared pools; long-standing customers and brokers come first, then all others.
        allocation.set_quotas(sale, orders, capacity, pools);
        deliveries.begin_month();
        for round in [AllocationRound::RelationshipFirst, AllocationRound::TheRest] {
            allocation.ask(round, sale, buyers, orders, capacity);
            allocation.fill_orders(orders);
            deliveries.deliver(round, sale, buyers, orders, allocation, licences, accounts);
        }

        // 5. Unmet orders are placed once more, on chips that have supply left.
        allocation.ask_again(sale, buyers, orders, caps);
        allocation.fill_orders(orders);
        let round = AllocationRound::Again;
        deliveries.deliver(round, sale, buyers, orders, allocation, licences, accounts);

        // 6. Settlement: caps are drawn down, chips go to users and brokers, wallets pay; the accounts must balance.
        caps.settle(sale, buyers);
        deliveries.distribute(sale, buyers, orders, accounts);
        buyers.pay(money);
        let stock = deliveries.renew_stock(rules, accounts);
        accounts.imbalance = accounts
            .lost_usd(opening_usd, money.net_usd())
            .max(accounts.unreceived_usd())
            .max(stock.imbalance())
            .max(accounts.lost_packages())
            .max(licences.imbalance())
            .max(deliveries.overdrawn(pools));
    }
}
