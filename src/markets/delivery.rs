//! The second half of a month of trade: pool quotas, allocation rounds, deliveries, stocks, and the check of the accounts.

use super::chips::{ChipMarket, ChoiceSet, MarketRules, ROWS, stock_index};
use super::rationing::fill_fractions;
use crate::technology::supply::POOLS;

impl ChipMarket {
    /// Sets the pool quotas: makers bid with the margin of their orders, and quotas follow bids with inertia.
    pub(super) fn set_quotas(
        &mut self,
        capacity: &[f64],
        pools: &[f64; POOLS],
        rules: &MarketRules,
    ) {
        let work = &mut self.work;
        work.bids.fill([0.0; POOLS]);
        let mut sum = [0.0; POOLS];
        for (a, &chip) in self.active.iter().enumerate() {
            let offer = &self.offers[usize::from(chip)];
            // A bid counts only up to the maker's own capacity.
            let maker = usize::from(work.maker_of[a]);
            let able = if self.asked[maker] > capacity[maker] {
                capacity[maker] / self.asked[maker]
            } else {
                1.0
            };
            let margin = work.totals[a] * able * (offer.price_usd - offer.unit_cost_usd).max(0.0);
            for pool in 0..POOLS {
                if offer.uses[pool] > 0.0 {
                    work.bids[maker][pool] += margin;
                    sum[pool] += margin;
                }
            }
        }
        self.supply.pool_left = *pools;
        let mut all = [0.0; POOLS];
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
                all[pool] += *share;
                self.supply.quota_left[maker][pool] = *share * pools[pool];
            }
        }
        // Shares of makers that entered in the same month can sum to more than one.
        for pool in 0..POOLS {
            if all[pool] > 1.0 {
                for maker in 0..self.layout.makers {
                    self.supply.quota_left[maker][pool] /= all[pool];
                    self.quota_share[maker][pool] /= all[pool];
                }
            }
        }
    }

    /// By maker: fraction of the target's relationship orders that fits in the customary share of capacity.
    fn limit_relationship_orders(&mut self, capacity: &[f64], first: f64, customary_share: f64) {
        let active = self.active.len();
        let work = &mut self.work;
        work.first_limit.clear();
        work.first_limit.resize(self.layout.makers, 0.0);
        for (b, buyer) in self.buyers.list.iter().enumerate() {
            if buyer.market == self.layout.target_market {
                let part = first * buyer.new_part;
                for a in 0..active {
                    let packages = work.orders[b * active + a] * part * work.size[a];
                    work.first_limit[usize::from(work.maker_of[a])] += packages;
                }
            }
        }
        for (claim, capacity) in work.first_limit.iter_mut().zip(capacity) {
            let room = customary_share * capacity;
            *claim = if *claim > room { room / *claim } else { 1.0 };
        }
    }

    /// Fills the orders of one allocation round from the remaining supply.
    pub(super) fn allocate_round(
        &mut self,
        round: AllocationRound,
        capacity: &[f64],
        rules: &MarketRules,
    ) {
        let active = self.active.len();
        let first = rules.relationship_share_target.clamp(0.0, 1.0);
        if round == AllocationRound::RelationshipFirst {
            self.limit_relationship_orders(capacity, first, rules.customary_share_target);
        }
        let work = &mut self.work;
        work.totals.fill(0.0);
        for (b, buyer) in self.buyers.list.iter_mut().enumerate() {
            let target = buyer.market == self.layout.target_market;
            // Priority covers new orders of long-standing customers, not the backlog. Brokers pay more than list price and
            // are served in the first round as well.
            buyer.has_orders = match round {
                AllocationRound::RelationshipFirst => target || buyer.kind.is_broker(),
                AllocationRound::TheRest => !buyer.kind.is_broker(),
            };
            let row = b * active..(b + 1) * active;
            let (orders, part) = (&work.orders[row.clone()], &mut work.part[row]);
            if !buyer.has_orders {
                part.fill(0.0);
                continue;
            }
            part.copy_from_slice(orders);
            if target && !buyer.kind.is_broker() {
                for (part, maker) in part.iter_mut().zip(&work.maker_of) {
                    let at_once = first * buyer.new_part * work.first_limit[usize::from(*maker)];
                    *part *= match round {
                        AllocationRound::RelationshipFirst => at_once,
                        AllocationRound::TheRest => 1.0 - at_once,
                    };
                }
            }
            for (total, units) in work.totals.iter_mut().zip(&*part) {
                *total += units;
            }
        }
        self.deliver();
    }

    /// Whether a chip's maker has capacity left and none of its pools is empty, up to rounding.
    fn has_supply_left(&self, a: usize) -> bool {
        let maker = usize::from(self.work.maker_of[a]);
        let need = &self.work.uses[a];
        self.supply.maker_left[maker] > 1e-9 * self.asked[maker]
            && (0..POOLS).all(|pool| {
                need[pool] == 0.0 || self.supply.pool_left[pool] > 1e-9 * self.pool_asked[pool]
            })
    }

    /// Orders unmet demand once more among chips that still have supply; the rest is carried to the next month.
    pub(super) fn reorder_unmet(&mut self) {
        self.work.totals.fill(0.0);
        for a in 0..self.active.len() {
            self.work.served[a] = f64::from(u8::from(self.has_supply_left(a)));
        }
        for b in 0..self.buyers.list.len() {
            let row = self.row(b);
            let unmet_usd: f64 = self.work.orders[row.clone()]
                .iter()
                .zip(&self.buyers.bought[row.clone()])
                .zip(&self.work.paid_usd[row.clone()])
                .map(|((ordered, bought), paid_usd)| (ordered - bought).max(0.0) * paid_usd)
                .sum();
            // Differences from rounding do not count as unmet demand.
            let unmet = unmet_usd > 1e-9 * self.buyers.list[b].money_usd;
            self.buyers.list[b].has_orders = unmet;
            if !unmet {
                self.work.part[row].fill(0.0);
                continue;
            }
            self.compute_budget_shares(b, ChoiceSet::Served);
            let work = &mut self.work;
            let asked = work.part[row.clone()].iter_mut().zip(&mut work.totals);
            let each = work
                .shares
                .iter()
                .zip(&work.free[row.clone()])
                .zip(&work.paid_usd[row.clone()]);
            for ((part, total), ((share, free), paid_usd)) in asked.zip(each) {
                *part = unmet_usd * share * free / paid_usd;
                *total += *part;
            }
            self.reorder_under_caps(b, unmet_usd);
        }
        self.apply_cap_limits(true);
        self.deliver();
    }

    /// Fills `work.part` as far as supply allows, and records money, chips, levies and licences together.
    fn deliver(&mut self) {
        let (chips, active) = (self.chips(), self.active.len());
        let work = &mut self.work;
        fill_fractions(
            &work.totals,
            &work.nests,
            &work.uses,
            &work.size,
            &mut self.supply,
            &mut work.claims,
            &mut work.fill,
        );
        for (b, buyer) in self.buyers.list.iter_mut().enumerate() {
            if !buyer.has_orders {
                continue;
            }
            let row = b * active..(b + 1) * active;
            let part = &work.part[row.clone()];
            let asked = part.iter().zip(&work.fill).zip(&work.paid_usd[row.clone()]);
            let mut spent = 0.0;
            for (bought, ((part, fill), paid_usd)) in self.buyers.bought[row].iter_mut().zip(asked)
            {
                let units = part * fill;
                *bought += units;
                spent += units * paid_usd;
            }
            buyer.spent_usd += spent;
            for &a in &self.buyers.restrictions[buyer.market].watched {
                let a = usize::from(a);
                let chip = usize::from(self.active[a]);
                let at = buyer.market * chips + chip;
                let terms = &self.terms[at];
                let units = part[a] * work.fill[a];
                if units <= 0.0 {
                    continue;
                }
                let levy = units * self.offers[chip].price_usd * terms.levy_share;
                self.accounts.levy_usd += levy;
                self.levy_usd[usize::from(work.maker_of[a])] += levy;
                if terms.licensed() {
                    self.licences[at].draw_down(units);
                }
            }
        }
    }

    /// Updates stocks and wallets, retires old chips, and checks that the accounts balance.
    pub(super) fn close(&mut self, opening_usd: f64, pools: &[f64; POOLS], rules: &MarketRules) {
        self.distribute_purchases();
        let (mut stock_before, mut stock_now, mut to_users) = (0.0, 0.0, 0.0);
        let mut to_brokers = 0.0;
        for &chip in &self.in_use {
            let rows = usize::from(chip) * ROWS..(usize::from(chip) + 1) * ROWS;
            for (stock, &new) in self.stock[rows.clone()].iter_mut().zip(&self.sold[rows]) {
                let retired = *stock * rules.retirement_per_month;
                stock_before += *stock;
                *stock += new - retired;
                to_users += new;
                self.accounts.retired += retired;
                stock_now += *stock;
            }
            to_brokers += self.sold_to_brokers[usize::from(chip)];
        }
        self.accounts.delivered = to_users + to_brokers;
        self.pool_used = [0.0; POOLS];
        for (a, &units) in self.work.totals.iter().enumerate() {
            self.accounts.produced += units;
            for pool in 0..POOLS {
                self.pool_used[pool] += units * self.work.uses[a][pool];
            }
        }
        let mut overdrawn = 0.0_f64;
        for pool in 0..POOLS {
            if pools[pool].is_finite() && pools[pool] > 0.0 {
                overdrawn = overdrawn.max(self.pool_used[pool] / pools[pool] - 1.0);
            }
        }
        let b = &self.accounts;
        let closing: f64 =
            self.wallet_usd.iter().sum::<f64>() - self.advance_usd.iter().sum::<f64>();
        let money = opening_usd + b.budget_usd - b.spent_usd - b.lapsed_usd - closing;
        let stock = stock_before + to_users - b.retired - stock_now;
        let (mut licences, mut granted) = (0.0, 0.0);
        for &at in &self.asked_for_licence {
            let queue = &self.licences[at as usize];
            licences += queue.imbalance().abs();
            granted += queue.applied_total;
        }
        self.accounts.imbalance = (money.abs() / (opening_usd.abs() + b.budget_usd + 1.0))
            .max(stock.abs() / (stock_now + 1.0))
            .max((b.produced - b.delivered).abs() / (b.produced + 1.0))
            .max(licences / (granted + 1.0))
            .max(overdrawn);
    }

    /// Assigns purchases of buyer groups to customers: chips into the tables by bloc and wallet, expenses to the wallets.
    fn distribute_purchases(&mut self) {
        let active = self.active.len();
        for at in 0..active {
            self.mark_in_use(usize::from(self.active[at]));
        }
        for &chip in &self.in_use {
            self.sold[usize::from(chip) * ROWS..][..ROWS].fill(0.0);
            self.sold_to_brokers[usize::from(chip)] = 0.0;
        }
        let work = &mut self.work;
        work.totals.fill(0.0);
        work.by_row.clear();
        work.by_row.resize((ROWS + 1) * active, 0.0);
        for (b, buyer) in self.buyers.list.iter().enumerate() {
            let bought = &self.buyers.bought[b * active..(b + 1) * active];
            let row = if buyer.kind.is_broker() {
                ROWS
            } else {
                stock_index(0, self.layout.bloc_of_market[buyer.market], buyer.wallet)
            };
            let sums = &mut work.by_row[row * active..(row + 1) * active];
            for ((total, sum), units) in work.totals.iter_mut().zip(sums).zip(bought) {
                *total += units;
                *sum += units;
            }
            self.accounts.spent_usd += buyer.spent_usd;
        }
        for (row, sums) in work.by_row.chunks_exact(active.max(1)).enumerate() {
            for (units, &chip) in sums.iter().zip(&self.active) {
                let chip = usize::from(chip);
                if row == ROWS {
                    self.sold_to_brokers[chip] = *units;
                } else {
                    self.sold[chip * ROWS + row] = *units;
                }
            }
        }
        for (k, wallet) in self.wallet_usd.iter_mut().enumerate() {
            let buyer = &self.buyers.list[usize::from(self.buyers.group_of[k])];
            *wallet -= buyer.spent_usd * self.buyers.share_of_group[k];
        }
    }
}

/// Order in which supply is allocated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AllocationRound {
    RelationshipFirst,
    TheRest,
}
