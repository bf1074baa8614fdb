//! One month of trade: every step in the order in which it happens.
//!
//! Orders do not queue. Money that a buyer could not spend stays in its wallet, is ordered again next month among the chips
//! then on offer, and lapses slowly. The backlog is this carried money.

use super::ChipMarket;
use super::allocation::AllocationRound;
use super::state::{ForSale, MarketAccounts, MarketRules};
use crate::technology::supply::POOLS;

impl ChipMarket {
    /// Runs one month of trade: money becomes orders, orders become deliveries, and wallets pay.
    ///
    /// `capacity` is in standard packages by maker, `pools` in units by pool. Money is in USD, chips are in packages,
    /// both a month. Before it, `set_budgets` sets budgets, `make_offers` and `value_stacks` set prices and
    /// attractions, and `run_brokers` moves carried money of the target to brokers. After it, `settle_makers` books
    /// revenue, `settle_brokers` diverts chips and returns money, and `measure_shortage` measures denial. The doc
    /// comment of each function below has its equation and source.
    ///
    /// 1. Money. `receive_budgets`: `wallet' = wallet * (1 - decay) + budget + pulled - repaid`.
    /// 2. Buyers. `group`: customers who face the same terms and value software alike act as one,
    ///    `money = sum of wallets`.
    /// 3. Orders. `place`: `units = money * share * open / paid`.
    ///    - `limit_by_licences`: `units * min(1, authorised / wanted)`. `limit_orders`:
    ///      `units * min(1, granted / asked)` for capped chips.
    ///    - `redirect_withheld_money`: `units + withheld * free share * free / paid`; not for brokers.
    ///    - `record`: `asked = sum(units * size)`, `wanted = sum(units * planned part * size)`, by maker.
    /// 4. Allocation. `set_quotas`: `share' = inertia * share + (1 - inertia) * bid / all bids`,
    ///    `quota = share' * pool`. Then two rounds, each with `ask`, `fill_orders`
    ///    (`fill = able * min over pools of supply / need`) and `deliver` (`bought + part * fill`).
    ///    - First round: all orders of brokers, and `units * relationship * new part * limit` of the target's buyers.
    ///    - Second round: all orders that were not in the first.
    /// 5. Order again. `ask_again`: `unmet * share among served chips * free / paid`, filled and delivered as before.
    ///    It is a third round for what the first two left unfilled; under a cap it has the room that they did not use.
    /// 6. Settlement. `settle`: caps are drawn down. `distribute`: purchases by bloc and wallet. `pay`:
    ///    `wallet - spent * share of group`. `renew_stock`: `stock * (1 - retirement) + sold`.
    ///
    /// Where these words are approximate:
    ///
    /// - "Nested logit" holds between the best chips of makers only: a maker counts as its best chip, not as the sum
    ///   over its chips that the textbook form has (see [`BudgetChoice`](super::choice::BudgetChoice)).
    /// - An order that the first round does not fill is not in the second round. It waits for step 5. Step 5 refuses
    ///   again what licences, caps and closed days withhold.
    /// - A chip that is open for part of a month counts in full in the choice; the money of its closed days goes to chips
    ///   that have none.
    /// - What makers are lent in the first round stays in the quota of the lender.
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
