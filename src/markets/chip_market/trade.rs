//! One month of trade: every step in the order in which it happens.
//!
//! Orders do not queue. Money that a buyer could not spend stays in its wallet, is ordered again next month among the chips
//! then on offer, and lapses slowly. The backlog is this carried money.

use super::allocation::AllocationRound;
use super::state::{ChipMarket, MarketAccounts, MarketRules};
use crate::technology::supply::POOLS;

impl ChipMarket {
    /// Runs one month of trade. `capacity` is in standard packages by maker, `pools` in units by pool.
    pub fn trade(&mut self, capacity: &[f64], pools: &[f64; POOLS], rules: &MarketRules) {
        let opening: f64 =
            self.wallet_usd.iter().sum::<f64>() - self.advance_usd.iter().sum::<f64>();
        self.accounts = MarketAccounts::default();
        self.levy_usd.fill(0.0);
        self.receive_budgets(rules);
        self.group_buyers();
        self.place_orders(rules);
        self.record_orders();
        self.set_quotas(capacity, pools, rules);
        self.allocate_round(AllocationRound::RelationshipFirst, capacity, rules);
        self.allocate_round(AllocationRound::TheRest, capacity, rules);
        self.reorder_unmet();
        self.settle_imports();
        self.close(opening, pools, rules);
    }

    /// Adds new money and advances, lets a share of carried money lapse, and repays advances.
    fn receive_budgets(&mut self, rules: &MarketRules) {
        for customer in 0..self.wallet_usd.len() {
            let lapsed = self.wallet_usd[customer] * rules.wallet_decay_per_month;
            let repaid = (self.advance_usd[customer] * rules.advance_repay_per_month)
                .min(self.budget_usd[customer]);
            self.wallet_usd[customer] +=
                self.budget_usd[customer] - repaid + self.pulled_usd[customer] - lapsed;
            self.advance_usd[customer] += self.pulled_usd[customer] - repaid;
            self.accounts.budget_usd += self.budget_usd[customer];
            self.accounts.advanced_usd += self.pulled_usd[customer];
            self.accounts.repaid_usd += repaid;
            self.accounts.lapsed_usd += lapsed;
        }
    }
}
