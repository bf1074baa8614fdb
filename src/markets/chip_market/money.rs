//! Money of customers: budgets, wallets that carry unspent money, advances, and what brokers take and return.

use super::state::{CustomerKind, MarketAccounts, MarketLayout, MarketRules};

/// Money by customer, USD.
#[derive(Clone, Debug)]
pub struct CustomerMoney {
    /// Money at hand.
    pub wallet_usd: Vec<f64>,
    /// Money advanced from later budgets.
    pub advance_usd: Vec<f64>,
    /// New money this month, before repayment of advances.
    pub budget_usd: Vec<f64>,
    /// Money advanced this month.
    pub pulled_usd: Vec<f64>,
    /// Money that brokers took from each wallet before the trade, and returned after it.
    pub taken_usd: Vec<f64>,
    pub returned_usd: Vec<f64>,
}

impl CustomerMoney {
    pub fn new(customers: usize) -> Self {
        let column = || vec![0.0; customers];
        Self {
            wallet_usd: column(),
            advance_usd: column(),
            budget_usd: column(),
            pulled_usd: column(),
            taken_usd: column(),
            returned_usd: column(),
        }
    }

    pub fn reset(&mut self) {
        for column in [
            &mut self.wallet_usd,
            &mut self.advance_usd,
            &mut self.budget_usd,
            &mut self.pulled_usd,
            &mut self.taken_usd,
            &mut self.returned_usd,
        ] {
            column.fill(0.0);
        }
    }

    /// Money at hand less advances, of all customers.
    pub fn net_usd(&self) -> f64 {
        self.wallet_usd.iter().sum::<f64>() - self.advance_usd.iter().sum::<f64>()
    }

    /// Adds the new money of the month to every wallet, lets a part of carried money lapse, and repays advances.
    ///
    /// ```text
    /// wallet'  = wallet * (1 - wallet_decay_per_month) + budget + pulled - repaid
    /// advance' = advance + pulled - repaid
    /// repaid   = min(advance / max(frontload_repay_months, 1), budget)
    /// ```
    ///
    /// All in USD, for one customer: `budget` is new money of the month, `pulled` is money advanced from later budgets.
    /// The sums go to the accounts. Carried money lapses before new money arrives. A repayment never exceeds the
    /// budget, so carried money repays nothing. Source: see `wallet_decay_per_month` and `frontload_repay_months`.
    pub(super) fn receive_budgets(&mut self, rules: &MarketRules, accounts: &mut MarketAccounts) {
        for customer in 0..self.wallet_usd.len() {
            let lapsed = self.wallet_usd[customer] * rules.wallet_decay_per_month;
            let repaid = (self.advance_usd[customer] * rules.advance_repay_per_month)
                .min(self.budget_usd[customer]);
            self.wallet_usd[customer] +=
                self.budget_usd[customer] - repaid + self.pulled_usd[customer] - lapsed;
            self.advance_usd[customer] += self.pulled_usd[customer] - repaid;
            accounts.budget_usd += self.budget_usd[customer];
            accounts.advanced_usd += self.pulled_usd[customer];
            accounts.repaid_usd += repaid;
            accounts.lapsed_usd += lapsed;
        }
    }

    /// Forgets what brokers took and returned last month.
    pub fn begin_diversion(&mut self) {
        self.taken_usd.fill(0.0);
        self.returned_usd.fill(0.0);
    }

    /// Takes money for brokers from the wallets of the target's ordinary buyers, for training and for serving; returns
    /// the amount, USD.
    ///
    /// `taken = max(0, min(usd, part_at_most * there))`, where `there` is the sum of these wallets. Each pays in
    /// proportion to its wallet. It acts before the budgets of the month arrive, so it takes carried money alone. Source:
    /// see `PAID_SHARE_MAX` in `src/agents/broker.rs`.
    pub fn collect_payment(&mut self, layout: &MarketLayout, usd: f64, part_at_most: f64) -> f64 {
        let pays = |k: usize| {
            let c = &layout.customers[k];
            c.market == layout.target_market && c.kind == CustomerKind::Ordinary
        };
        let there: f64 = (0..self.wallet_usd.len())
            .filter(|k| pays(*k))
            .map(|k| self.wallet_usd[k].max(0.0))
            .sum();
        let taken = usd.min(part_at_most * there).max(0.0);
        if taken > 0.0 {
            for k in (0..self.wallet_usd.len()).filter(|k| pays(*k)) {
                let part = taken * self.wallet_usd[k].max(0.0) / there;
                self.wallet_usd[k] -= part;
                self.taken_usd[k] += part;
            }
        }
        taken
    }

    /// Returns what brokers of a hub did not spend, with the premium that was paid on it, to those who paid, in proportion
    /// to what they paid: `wallet(user) += wallet(broker) * (1 + premium) * taken / all taken`, USD.
    pub fn refund_unspent(&mut self, broker_customer: usize, premium: f64) {
        let left = std::mem::take(&mut self.wallet_usd[broker_customer]);
        self.returned_usd[broker_customer] -= left;
        let taken_usd: f64 = self.taken_usd.iter().sum();
        if taken_usd > 0.0 {
            for (k, taken) in self.taken_usd.iter().enumerate() {
                let part = left * (1.0 + premium) * taken / taken_usd;
                self.wallet_usd[k] += part;
                self.returned_usd[k] += part;
            }
        }
    }
}
