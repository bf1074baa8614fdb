//! The second half of a month of trade: quotas, rationing, deliveries, stocks, and the books that must balance.

use super::chips::{ChipMarket, MarketRules};
use super::rationing::fill_fractions;
use crate::technology::supply::POOLS;

impl ChipMarket {
    /// Makers bid for pools with the margin that their orders would bring; quotas follow bids with inertia.
    pub(super) fn set_quotas(
        &mut self,
        capacity: &[f64],
        pools: &[f64; POOLS],
        rules: &MarketRules,
    ) {
        let active = self.active.len();
        let work = &mut self.work;
        work.bids.iter_mut().for_each(|b| *b = [0.0; POOLS]);
        let mut sum = [0.0; POOLS];
        for a in 0..active {
            let offer = &self.offers[usize::from(self.active[a])];
            let units: f64 = (0..self.layout.customers.len())
                .map(|k| work.orders[k * active + a])
                .sum();
            // A bid counts as far as its maker could use what it asks for.
            let maker = usize::from(work.maker_of[a]);
            let able = if self.asked[maker] > capacity[maker] {
                capacity[maker] / self.asked[maker]
            } else {
                1.0
            };
            let margin = units * able * (offer.price_usd - offer.unit_cost_usd).max(0.0);
            for pool in 0..POOLS {
                if offer.uses[pool] > 0.0 {
                    work.bids[maker][pool] += margin;
                    sum[pool] += margin;
                }
            }
        }
        self.supply.pool_left = *pools;
        for maker in 0..self.layout.makers {
            self.supply.maker_left[maker] = capacity[maker];
            for pool in 0..POOLS {
                let bid = if sum[pool] > 0.0 {
                    work.bids[maker][pool] / sum[pool]
                } else {
                    0.0
                };
                let share = &mut self.quota_share[maker][pool];
                let fresh = *share == 0.0;
                *share = if fresh {
                    bid
                } else {
                    rules.quota_inertia * *share + (1.0 - rules.quota_inertia) * bid
                };
                self.supply.quota_left[maker][pool] = *share * pools[pool];
            }
        }
        // Shares of makers that entered at once can sum to more than one.
        for pool in 0..POOLS {
            let all: f64 = self.quota_share.iter().map(|q| q[pool]).sum();
            if all > 1.0 {
                self.supply
                    .quota_left
                    .iter_mut()
                    .for_each(|q| q[pool] /= all);
                self.quota_share.iter_mut().for_each(|q| q[pool] /= all);
            }
        }
    }

    /// By maker: how much of the target's first claim fits in the part of capacity that has always gone there.
    fn limit_relationship(&mut self, capacity: &[f64], first: f64, customary_share: f64) {
        let active = self.active.len();
        let mut claim = std::mem::take(&mut self.work.first_limit);
        claim.clear();
        claim.resize(self.layout.makers, 0.0);
        for k in 0..self.layout.customers.len() {
            if self.layout.customers[k].market == self.layout.target_market {
                let part = first * self.part_new(k);
                for a in 0..active {
                    let packages = self.work.orders[k * active + a] * part * self.work.size[a];
                    claim[usize::from(self.work.maker_of[a])] += packages;
                }
            }
        }
        for (claim, capacity) in claim.iter_mut().zip(capacity) {
            let room = customary_share * capacity;
            *claim = if *claim > room { room / *claim } else { 1.0 };
        }
        self.work.first_limit = claim;
    }

    /// Fills one part of the orders from what supply is left.
    pub(super) fn fill(&mut self, turn: Turn, capacity: &[f64], rules: &MarketRules) {
        let active = self.active.len();
        let first = rules.relationship_share_target.clamp(0.0, 1.0);
        if turn == Turn::RelationshipFirst {
            self.limit_relationship(capacity, first, rules.customary_share_target);
        }
        self.work.totals.iter_mut().for_each(|t| *t = 0.0);
        for k in 0..self.layout.customers.len() {
            // Old customers come first with what they order now, not with all that was ever left unserved.
            // Brokers pay more than the list says, and are served.
            let grey = self.layout.customers[k].grey;
            let target = self.layout.customers[k].market == self.layout.target_market;
            let at_once = if target {
                first * self.part_new(k)
            } else {
                0.0
            };
            for a in 0..active {
                let limit = self.work.first_limit[usize::from(self.work.maker_of[a])];
                let at_once = if grey { 1.0 } else { at_once * limit };
                let part = match turn {
                    Turn::RelationshipFirst => at_once,
                    Turn::TheRest => 1.0 - at_once,
                };
                let units = self.work.orders[k * active + a] * part;
                self.work.part[k * active + a] = units;
                self.work.totals[a] += units;
            }
        }
        self.deliver(rules);
    }

    /// Whether a chip's maker has capacity left and none of its pools is empty.
    fn can_still_be_made(&self, a: usize) -> bool {
        let maker = usize::from(self.work.maker_of[a]);
        let need = &self.work.uses[a];
        self.supply.maker_left[maker] > self.work.size[a]
            && (0..POOLS).all(|pool| need[pool] == 0.0 || self.supply.pool_left[pool] > need[pool])
    }

    /// What could not be filled is ordered once more among chips that can still be made; the rest is carried.
    pub(super) fn spill(&mut self, rules: &MarketRules) {
        let active = self.active.len();
        let (chips, customers) = (self.chips(), self.layout.customers.len());
        let mut unmet = std::mem::take(&mut self.work.unmet_usd);
        unmet.clear();
        unmet.resize(customers, 0.0);
        for k in 0..customers {
            let market = self.layout.customers[k].market;
            for a in 0..active {
                let chip = usize::from(self.active[a]);
                let short = self.work.orders[k * active + a] - self.delivered[k * chips + chip];
                unmet[k] += short.max(0.0) * self.paid_usd(market, chip, rules);
            }
        }
        self.work.totals.iter_mut().for_each(|t| *t = 0.0);
        let mut served = std::mem::take(&mut self.work.served);
        served.clear();
        served.extend((0..active).map(|a| self.can_still_be_made(a)));
        for k in 0..customers {
            let customer = self.layout.customers[k];
            self.share_budget(customer, |a| served[a]);
            for a in 0..active {
                let chip = usize::from(self.active[a]);
                let terms = self.terms[customer.market * chips + chip];
                let free = !terms.licensed() && !terms.capped;
                let share = if free {
                    self.work.shares[a] * terms.open
                } else {
                    0.0
                };
                let units = unmet[k] * share / self.paid_usd(customer.market, chip, rules).max(1.0);
                self.work.part[k * active + a] = units;
                self.work.totals[a] += units;
            }
        }
        self.work.unmet_usd = unmet;
        self.work.served = served;
        self.deliver(rules);
    }

    /// Hands out what `work.part` asks for, as far as supply goes; money, chips and licences move together.
    fn deliver(&mut self, rules: &MarketRules) {
        let (chips, active) = (self.chips(), self.active.len());
        let work = &mut self.work;
        fill_fractions(
            &work.totals,
            &work.maker_of,
            &work.uses,
            &work.size,
            &mut self.supply,
            &mut work.scratch,
            &mut work.fill,
        );
        for k in 0..self.layout.customers.len() {
            let market = self.layout.customers[k].market;
            for a in 0..active {
                let units = self.work.part[k * active + a] * self.work.fill[a];
                if units <= 0.0 {
                    continue;
                }
                let chip = usize::from(self.active[a]);
                let at = market * chips + chip;
                let paid = units * self.paid_usd(market, chip, rules);
                self.wallet_usd[k] -= paid;
                self.books.spent_usd += paid;
                self.books.levy_usd +=
                    units * self.offers[chip].price_usd * self.terms[at].levy_share;
                self.books.produced += units;
                self.delivered[k * chips + chip] += units;
                if self.terms[at].licensed() {
                    self.licences[at].use_up(units);
                }
                if self.terms[at].capped {
                    self.cap_tpp_left[market] -= units * self.offers[chip].tpp;
                }
            }
        }
    }

    /// Stocks take the deliveries, old chips retire, and the books are checked.
    pub(super) fn close(
        &mut self,
        opening_usd: f64,
        stock_before: f64,
        pools: &[f64; POOLS],
        rules: &MarketRules,
    ) {
        for (stock, &new) in self.stock.iter_mut().zip(&self.delivered) {
            let retired = *stock * rules.retirement_per_month;
            *stock += new - retired;
            self.books.delivered += new;
            self.books.retired += retired;
        }
        let mut overdrawn = 0.0_f64;
        for pool in 0..POOLS {
            let used: f64 = self
                .active
                .iter()
                .map(|&c| {
                    self.sum_delivered(usize::from(c)) * self.offers[usize::from(c)].uses[pool]
                })
                .sum();
            self.pool_used[pool] = used;
            if pools[pool].is_finite() && pools[pool] > 0.0 {
                overdrawn = overdrawn.max(used / pools[pool] - 1.0);
            }
        }
        let b = &self.books;
        let closing: f64 =
            self.wallet_usd.iter().sum::<f64>() - self.advance_usd.iter().sum::<f64>();
        let money = opening_usd + b.budget_usd - b.spent_usd - b.lapsed_usd - closing;
        let stock_now: f64 = self.stock.iter().sum();
        let stock = stock_before + b.delivered - b.retired - stock_now;
        let licences: f64 = self.licences.iter().map(|l| l.imbalance().abs()).sum();
        let granted: f64 = self.licences.iter().map(|l| l.applied_total).sum();
        self.books.imbalance = (money.abs() / (opening_usd.abs() + b.budget_usd + 1.0))
            .max(stock.abs() / (stock_now + 1.0))
            .max((b.produced - b.delivered).abs() / (b.produced + 1.0))
            .max(licences / (granted + 1.0))
            .max(overdrawn);
    }

    fn sum_delivered(&self, chip: usize) -> f64 {
        (0..self.layout.customers.len())
            .map(|k| self.delivered[k * self.chips() + chip])
            .sum()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    RelationshipFirst,
    TheRest,
}
