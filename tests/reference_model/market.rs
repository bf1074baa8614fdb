//! The chip market of one month written once more: flat arrays, customer by customer, chip by chip, in plain loops.
//!
//! No buyers are merged, nothing is laid out ahead, nothing is skipped that need not be; no question is put to chance.
//! It says what `ChipMarket::trade` says, and shares with it the numbers that go in and no arithmetic. Caps are left out:
//! no regime that it is held against has any, and [`Market::of`] stops where one does.

use chokepoint::markets::chip_market::ChipMarket;
use chokepoint::markets::chip_market::state::{CustomerKind, MarketRules};

/// Inputs that chips share: packaging, memory, logic.
const POOLS: usize = 6;

/// Money, orders and stocks: one flat array each, by customer, by chip, by maker, by market and chip.
#[derive(Clone, Debug)]
pub struct Market {
    pub customers: usize,
    pub markets: usize,
    pub makers: usize,
    pub chips: usize,
    target: usize,
    first_claimant: Option<usize>,
    // By customer.
    pub market_of: Vec<usize>,
    wallet_of: Vec<usize>,
    owns: Vec<Option<usize>>,
    pub grey: Vec<bool>,
    steered: Vec<bool>,
    target_made: Vec<bool>,
    pub wallet_usd: Vec<f64>,
    pub advance_usd: Vec<f64>,
    budget_usd: Vec<f64>,
    pulled_usd: Vec<f64>,
    /// Money at hand when orders are placed, and the part of it that came in this month.
    pub money_usd: Vec<f64>,
    new_part: Vec<f64>,
    withheld_usd: Vec<f64>,
    closed_usd: Vec<f64>,
    pub spent_usd: Vec<f64>,
    // By chip.
    maker_of: Vec<usize>,
    captive_chip: Vec<bool>,
    on_sale: Vec<bool>,
    price_usd: Vec<f64>,
    unit_cost_usd: Vec<f64>,
    size: Vec<f64>,
    pull: [Vec<f64>; 2],
    within: [Vec<f64>; 2],
    uses: Vec<[f64; POOLS]>,
    pub ordered: Vec<f64>,
    pub made: Vec<f64>,
    pub sold_to_brokers: Vec<f64>,
    // By bloc, wallet and chip: `(chip * 3 + bloc) * 2 + wallet`.
    pub sold: Vec<f64>,
    pub stock: Vec<f64>,
    bloc_of_market: Vec<usize>,
    // By market and chip.
    open: Vec<f64>,
    licensed: Vec<bool>,
    case_by_case: Vec<bool>,
    levy_share: Vec<f64>,
    pub pending: Vec<f64>,
    pub authorised: Vec<f64>,
    pub applied: Vec<f64>,
    pub granted: Vec<f64>,
    pub refused: Vec<f64>,
    pub used: Vec<f64>,
    // By market and maker.
    stack: Vec<f64>,
    // By customer and chip.
    paid: Vec<f64>,
    orders: Vec<f64>,
    part: Vec<f64>,
    pub bought: Vec<f64>,
    // By maker.
    /// Levies that makers bear, by maker, and that buyers bear.
    pub passed_on_usd: f64,
    pub levy_borne_usd: Vec<f64>,
    nest: f64,
    pass_through: f64,
    pub quota_share: Vec<[f64; POOLS]>,
    pub quota_left: Vec<[f64; POOLS]>,
    pub maker_left: Vec<f64>,
    pub wanted: Vec<f64>,
    pub asked: Vec<f64>,
    // By market, and by nation.
    pub withheld_share: Vec<f64>,
    market_of_nation: Vec<usize>,
    demand_usd: Vec<f64>,
    pub nation_part: Vec<f64>,
    // By pool.
    pub pool_asked: [f64; POOLS],
    pub pool_used: [f64; POOLS],
    pub pool_left: [f64; POOLS],
    /// What could not be had in the first place and was ordered once more, USD.
    pub spilled_usd: f64,
    pub lapsed_usd: f64,
    pub repaid_usd: f64,
    pub retired: f64,
    // Of one customer and of one fill, by chip.
    weight: Vec<f64>,
    share: Vec<f64>,
    fill: Vec<f64>,
}

impl Market {
    /// The market as the model has it before the month's trade.
    pub fn of(m: &ChipMarket) -> Self {
        let layout = &m.layout;
        let (customers, markets, makers) = (layout.customers.len(), layout.markets, layout.makers);
        let chips = layout.maker_of.len();
        assert!(
            m.terms.iter().all(|t| !t.capped),
            "the reference model of the market has no caps"
        );
        let mut on_sale = vec![false; chips];
        for &chip in &m.active {
            on_sale[usize::from(chip)] = true;
        }
        Self {
            customers,
            markets,
            makers,
            chips,
            target: layout.target_market,
            first_claimant: layout.first_claimant,
            market_of: layout.customers.iter().map(|c| c.market).collect(),
            wallet_of: layout.customers.iter().map(|c| c.wallet as usize).collect(),
            owns: layout
                .customers
                .iter()
                .map(|c| match c.kind {
                    CustomerKind::Owner(maker) => Some(usize::from(maker)),
                    _ => None,
                })
                .collect(),
            grey: layout
                .customers
                .iter()
                .map(|c| c.kind.is_broker())
                .collect(),
            steered: layout
                .customers
                .iter()
                .map(|c| c.kind.is_state_procurement())
                .collect(),
            target_made: layout.target_made.clone(),
            wallet_usd: m.money.wallet_usd.clone(),
            advance_usd: m.money.advance_usd.clone(),
            budget_usd: m.money.budget_usd.clone(),
            pulled_usd: m.money.pulled_usd.clone(),
            money_usd: vec![0.0; customers],
            new_part: vec![0.0; customers],
            withheld_usd: vec![0.0; customers],
            closed_usd: vec![0.0; customers],
            spent_usd: vec![0.0; customers],
            maker_of: layout.maker_of.iter().map(|m| usize::from(*m)).collect(),
            captive_chip: layout.captive_chip.clone(),
            on_sale,
            price_usd: m.offers.iter().map(|o| o.price_usd).collect(),
            unit_cost_usd: m.offers.iter().map(|o| o.unit_cost_usd).collect(),
            size: m.offers.iter().map(|o| o.size).collect(),
            pull: [0, 1].map(|w| m.offers.iter().map(|o| o.attraction[w]).collect()),
            within: [0, 1].map(|w| m.offers.iter().map(|o| o.attraction_in_nest[w]).collect()),
            uses: m.offers.iter().map(|o| o.uses).collect(),
            ordered: vec![0.0; chips],
            made: vec![0.0; chips],
            sold_to_brokers: vec![0.0; chips],
            sold: vec![0.0; chips * 6],
            stock: m.deliveries.stock.clone(),
            bloc_of_market: layout.bloc_of_market.clone(),
            open: m.terms.iter().map(|t| t.open).collect(),
            licensed: m.terms.iter().map(|t| t.licensed()).collect(),
            case_by_case: m.terms.iter().map(|t| t.case_by_case).collect(),
            levy_share: m.terms.iter().map(|t| t.levy_share).collect(),
            pending: m.licences.queues.iter().map(|q| q.pending).collect(),
            authorised: m.licences.queues.iter().map(|q| q.authorised).collect(),
            applied: m.licences.queues.iter().map(|q| q.applied_total).collect(),
            granted: m.licences.queues.iter().map(|q| q.granted_total).collect(),
            refused: m.licences.queues.iter().map(|q| q.refused_total).collect(),
            used: m.licences.queues.iter().map(|q| q.used_total).collect(),
            stack: m.stack.clone(),
            paid: vec![0.0; customers * chips],
            orders: vec![0.0; customers * chips],
            part: vec![0.0; customers * chips],
            bought: vec![0.0; customers * chips],
            levy_borne_usd: vec![0.0; makers],
            passed_on_usd: 0.0,
            nest: 1.0,
            pass_through: 0.0,
            quota_share: m.allocation.quota_share.clone(),
            quota_left: vec![[0.0; POOLS]; makers],
            maker_left: vec![0.0; makers],
            wanted: vec![0.0; makers],
            asked: vec![0.0; makers],
            withheld_share: vec![0.0; markets],
            market_of_nation: m.caps.nations.iter().map(|n| n.market).collect(),
            demand_usd: m.caps.nations.iter().map(|n| n.demand_usd).collect(),
            nation_part: vec![0.0; m.caps.nations.len()],
            pool_asked: [0.0; POOLS],
            pool_used: [0.0; POOLS],
            pool_left: [0.0; POOLS],
            spilled_usd: 0.0,
            lapsed_usd: 0.0,
            repaid_usd: 0.0,
            retired: 0.0,
            weight: vec![0.0; chips],
            share: vec![0.0; chips],
            fill: vec![0.0; chips],
        }
    }

    /// One month. `capacity` is standard packages by maker, `pools` units by pool.
    pub fn trade(&mut self, capacity: &[f64], pools: &[f64; POOLS], rules: &MarketRules) {
        self.nest = rules.choice_nest;
        self.pass_through = rules.levy_pass_through;
        self.take_in(rules);
        for k in 0..self.customers {
            self.order(k, rules);
        }
        self.ask_for_licences(rules);
        self.turn_to_what_is_free(rules);
        self.add_up_orders();
        self.bid(capacity, pools, rules);
        self.hand_out_in_turn(capacity, rules);
        self.order_once_more(rules);
        self.close(rules);
    }

    /// `wallet += budget - repaid + pulled - lapsed`.
    fn take_in(&mut self, rules: &MarketRules) {
        self.lapsed_usd = 0.0;
        self.repaid_usd = 0.0;
        for k in 0..self.customers {
            let lapsed = rules.wallet_decay_per_month * self.wallet_usd[k];
            let repaid = f64::min(
                rules.advance_repay_per_month * self.advance_usd[k],
                self.budget_usd[k],
            );
            let new = self.budget_usd[k] + self.pulled_usd[k];
            self.wallet_usd[k] += new - repaid - lapsed;
            self.advance_usd[k] += self.pulled_usd[k] - repaid;
            self.money_usd[k] = f64::max(self.wallet_usd[k], 0.0);
            self.new_part[k] = if self.money_usd[k] > 0.0 {
                f64::min(new / self.money_usd[k], 1.0)
            } else {
                0.0
            };
            self.withheld_usd[k] = 0.0;
            self.closed_usd[k] = 0.0;
            self.spent_usd[k] = 0.0;
            self.lapsed_usd += lapsed;
            self.repaid_usd += repaid;
        }
        self.bought.fill(0.0);
        self.levy_borne_usd.fill(0.0);
        self.passed_on_usd = 0.0;
    }

    /// Whether the law and the kind of customer and chip leave a sale at all.
    fn is_offered(&self, k: usize, chip: usize) -> bool {
        self.on_sale[chip]
            && self.open[self.market_of[k] * self.chips + chip] > 0.0
            && match self.owns[k] {
                Some(maker) => self.maker_of[chip] == maker,
                None => !self.captive_chip[chip],
            }
            && (!self.grey[k] || self.open[self.target * self.chips + chip] < 0.5)
            && (!self.steered[k] || self.target_made[chip])
    }

    /// The part of the month in which a sale needs no licence.
    fn is_free(&self, k: usize, chip: usize) -> f64 {
        let at = self.market_of[k] * self.chips + chip;
        if self.is_offered(k, chip) && !self.licensed[at] {
            self.open[at]
        } else {
            0.0
        }
    }

    /// What a levy takes from the pull of a chip: `(paid without / paid with) ^ slope`.
    fn dearer(&self, k: usize, chip: usize, rules: &MarketRules) -> f64 {
        let levy = self.levy_share[self.market_of[k] * self.chips + chip];
        if levy > 0.0 {
            let without = self.price_usd[chip] + rules.host_cost_usd;
            f64::powf(
                without / self.paid[k * self.chips + chip],
                rules.choice_slope,
            )
        } else {
            1.0
        }
    }

    /// Nested logit over the chips with a weight, makers as nests: writes `share`.
    fn choose(&mut self, k: usize) {
        let (pull, within) = (
            &self.pull[self.wallet_of[k]],
            &self.within[self.wallet_of[k]],
        );
        let mut all = 0.0;
        let mut first = 0;
        while first < self.chips {
            let maker = self.maker_of[first];
            let mut best: f64 = 0.0;
            let mut sum = 0.0;
            let mut end = first;
            while end < self.chips && self.maker_of[end] == maker {
                best = f64::max(best, pull[end] * self.weight[end]);
                sum += within[end] * f64::powf(self.weight[end], 1.0 / self.nest);
                end += 1;
            }
            let attraction = best * self.stack[self.market_of[k] * self.makers + maker];
            for chip in first..end {
                self.share[chip] = if best > 0.0 && sum > 0.0 {
                    attraction * within[chip] * f64::powf(self.weight[chip], 1.0 / self.nest) / sum
                } else {
                    0.0
                };
            }
            if best > 0.0 && sum > 0.0 {
                all += attraction;
            }
            first = end;
        }
        if all > 0.0 {
            for chip in 0..self.chips {
                self.share[chip] /= all;
            }
        }
    }

    /// `orders = money * share * open / paid`.
    fn order(&mut self, k: usize, rules: &MarketRules) {
        for chip in 0..self.chips {
            let levy = self.levy_share[self.market_of[k] * self.chips + chip];
            let passed_on = rules.levy_pass_through * levy / f64::max(1.0 - levy, 1e-9);
            self.paid[k * self.chips + chip] =
                self.price_usd[chip] * (1.0 + passed_on) + rules.host_cost_usd;
            self.weight[chip] = if self.is_offered(k, chip) {
                self.dearer(k, chip, rules)
            } else {
                0.0
            };
        }
        self.choose(k);
        for chip in 0..self.chips {
            let at = k * self.chips + chip;
            let open = self.open[self.market_of[k] * self.chips + chip];
            let usd = self.money_usd[k] * self.share[chip];
            self.closed_usd[k] += usd * (1.0 - open);
            self.orders[at] = usd / self.paid[at] * open;
        }
    }

    /// `applied = wanted - pending - authorised; decided = (pending + applied) * (1 - exp(-30.4 / days))`.
    fn ask_for_licences(&mut self, rules: &MarketRules) {
        for market in 0..self.markets {
            let here = market == self.target;
            let days = if here {
                rules.licence_days_target
            } else {
                rules.licence_days_elsewhere
            };
            for chip in 0..self.chips {
                let at = market * self.chips + chip;
                if !self.on_sale[chip] || !self.licensed[at] {
                    continue;
                }
                let approval = if !here {
                    rules.approval_elsewhere
                } else if self.case_by_case[at] {
                    rules.approval_case_by_case_target
                } else {
                    rules.approval_notify_target
                };
                let mut wanted = 0.0;
                for k in 0..self.customers {
                    if self.market_of[k] == market {
                        wanted += self.orders[k * self.chips + chip];
                    }
                }
                let applied = f64::max(wanted - self.pending[at] - self.authorised[at], 0.0);
                let decided =
                    (self.pending[at] + applied) * (1.0 - f64::exp(-30.4 / f64::max(days, 1.0)));
                self.applied[at] += applied;
                self.granted[at] += decided * approval;
                self.refused[at] += decided * (1.0 - approval);
                self.pending[at] += applied - decided;
                self.authorised[at] += decided * approval;
                if wanted > self.authorised[at] {
                    for k in 0..self.customers {
                        if self.market_of[k] == market {
                            self.orders[k * self.chips + chip] *= self.authorised[at] / wanted;
                        }
                    }
                }
            }
        }
    }

    /// Money that licences and closed days kept from its orders is ordered among what needs none.
    fn turn_to_what_is_free(&mut self, rules: &MarketRules) {
        let (mut money, mut kept_back) = (vec![0.0; self.markets], vec![0.0; self.markets]);
        for k in 0..self.customers {
            if self.grey[k] {
                continue;
            }
            // An owner without a chip on sale is denied nothing.
            let own = |chip: usize| self.owns[k].is_none_or(|maker| self.maker_of[chip] == maker);
            if (0..self.chips).all(|chip| !self.on_sale[chip] || !own(chip)) {
                continue;
            }
            let mut rest = self.money_usd[k];
            for at in k * self.chips..(k + 1) * self.chips {
                rest -= self.orders[at] * self.paid[at];
            }
            if rest > 1e-6 * self.money_usd[k] {
                self.withheld_usd[k] = rest;
                let closed = f64::min(self.closed_usd[k], rest);
                self.order_what_is_free(k, rest - closed, 1e-300, rules);
                self.order_what_is_free(k, closed, 1.0, rules);
            }
            if !self.steered[k] {
                money[self.market_of[k]] += self.money_usd[k];
                kept_back[self.market_of[k]] += self.withheld_usd[k];
            }
        }
        for market in 0..self.markets {
            self.withheld_share[market] = if money[market] > 0.0 {
                f64::clamp(kept_back[market] / money[market], 0.0, 1.0)
            } else {
                0.0
            };
        }
    }

    /// Money among chips that are free for at least so much of the month.
    fn order_what_is_free(&mut self, k: usize, usd: f64, least: f64, rules: &MarketRules) {
        if usd <= 1e-6 * self.money_usd[k] {
            return;
        }
        for chip in 0..self.chips {
            self.weight[chip] = if self.is_free(k, chip) >= least {
                self.dearer(k, chip, rules)
            } else {
                0.0
            };
        }
        self.choose(k);
        for chip in 0..self.chips {
            let at = k * self.chips + chip;
            self.orders[at] += usd * self.share[chip] * self.is_free(k, chip) / self.paid[at];
        }
    }

    /// What makers are asked for, and what they plan by: new orders and a twelfth of what is carried.
    fn add_up_orders(&mut self) {
        self.wanted.fill(0.0);
        self.asked.fill(0.0);
        self.ordered.fill(0.0);
        self.pool_asked = [0.0; POOLS];
        for k in 0..self.customers {
            let planned = self.new_part[k] + (1.0 - self.new_part[k]) / 12.0;
            for chip in 0..self.chips {
                let units = self.orders[k * self.chips + chip];
                self.ordered[chip] += units;
                self.asked[self.maker_of[chip]] += units * self.size[chip];
                self.wanted[self.maker_of[chip]] += units * planned * self.size[chip];
                for pool in 0..POOLS {
                    self.pool_asked[pool] += units * self.uses[chip][pool];
                }
            }
        }
    }

    /// Quotas follow bids: margins of orders as far as capacity could fill them.
    fn bid(&mut self, capacity: &[f64], pools: &[f64; POOLS], rules: &MarketRules) {
        let mut bids = vec![[0.0; POOLS]; self.makers];
        let mut all_bids = [0.0; POOLS];
        for chip in 0..self.chips {
            let maker = self.maker_of[chip];
            let able = if self.asked[maker] > capacity[maker] {
                capacity[maker] / self.asked[maker]
            } else {
                1.0
            };
            let mut earned = f64::max(self.price_usd[chip] - self.unit_cost_usd[chip], 0.0);
            if self.captive_chip[chip] {
                earned *= rules.captive_claim;
            }
            for pool in 0..POOLS {
                if self.on_sale[chip] && self.uses[chip][pool] > 0.0 {
                    bids[maker][pool] += self.ordered[chip] * able * earned;
                    all_bids[pool] += self.ordered[chip] * able * earned;
                }
            }
        }
        let mut all = [0.0; POOLS];
        for maker in 0..self.makers {
            for pool in 0..POOLS {
                let bid = if all_bids[pool] > 0.0 {
                    bids[maker][pool] / all_bids[pool]
                } else {
                    0.0
                };
                let before = self.quota_share[maker][pool];
                self.quota_share[maker][pool] = if before == 0.0 {
                    bid
                } else {
                    rules.quota_inertia * before + (1.0 - rules.quota_inertia) * bid
                };
                all[pool] += self.quota_share[maker][pool];
            }
        }
        for maker in 0..self.makers {
            self.maker_left[maker] = capacity[maker];
            for pool in 0..POOLS {
                let mut left = self.quota_share[maker][pool] * pools[pool];
                if all[pool] > 1.0 {
                    left /= all[pool];
                    self.quota_share[maker][pool] /= all[pool];
                }
                self.quota_left[maker][pool] = left;
            }
        }
        // Pools 3 and 5 are memory and wafers made in the target.
        for pool in [3, 5] {
            let Some(first) = self.first_claimant else {
                continue;
            };
            let least = rules.home_priority_share * pools[pool];
            if self.quota_left[first][pool] >= least {
                continue;
            }
            let mut others = 0.0;
            for maker in (0..self.makers).filter(|m| *m != first) {
                others += self.quota_left[maker][pool];
            }
            for maker in (0..self.makers).filter(|m| *m != first) {
                self.quota_left[maker][pool] *= part_of(pools[pool] - least, others);
            }
            self.quota_left[first][pool] = least;
        }
        self.pool_left = *pools;
    }

    /// First the target's customary part of new orders and what brokers ask, then the rest.
    fn hand_out_in_turn(&mut self, capacity: &[f64], rules: &MarketRules) {
        let first = f64::clamp(rules.relationship_share_target, 0.0, 1.0);
        let mut limit = vec![0.0; self.makers];
        for k in 0..self.customers {
            if self.market_of[k] == self.target {
                for chip in 0..self.chips {
                    let units = self.orders[k * self.chips + chip] * first * self.new_part[k];
                    limit[self.maker_of[chip]] += units * self.size[chip];
                }
            }
        }
        for maker in 0..self.makers {
            let room = rules.customary_share_target * capacity[maker];
            limit[maker] = if limit[maker] > room {
                room / limit[maker]
            } else {
                1.0
            };
        }
        for turn in 0..2 {
            for k in 0..self.customers {
                for chip in 0..self.chips {
                    let at_once = if self.grey[k] {
                        1.0
                    } else if self.market_of[k] == self.target {
                        first * self.new_part[k] * limit[self.maker_of[chip]]
                    } else {
                        0.0
                    };
                    let at = k * self.chips + chip;
                    self.part[at] =
                        self.orders[at] * if turn == 0 { at_once } else { 1.0 - at_once };
                }
            }
            self.deliver();
        }
    }

    /// What was not to be had is ordered once more among chips that can still be made.
    fn order_once_more(&mut self, rules: &MarketRules) {
        let mut can_be_made = vec![false; self.chips];
        for chip in 0..self.chips {
            let maker = self.maker_of[chip];
            can_be_made[chip] = self.maker_left[maker] > 1e-9 * self.asked[maker];
            for pool in 0..POOLS {
                let empty = self.pool_left[pool] <= 1e-9 * self.pool_asked[pool];
                can_be_made[chip] &= self.uses[chip][pool] == 0.0 || !empty;
            }
        }
        self.spilled_usd = 0.0;
        for k in 0..self.customers {
            let mut unmet = 0.0;
            for at in k * self.chips..(k + 1) * self.chips {
                unmet += f64::max(self.orders[at] - self.bought[at], 0.0) * self.paid[at];
            }
            if unmet <= 1e-9 * self.money_usd[k] {
                unmet = 0.0;
            }
            self.spilled_usd += unmet;
            for chip in 0..self.chips {
                self.weight[chip] = if can_be_made[chip] && self.is_offered(k, chip) {
                    self.dearer(k, chip, rules)
                } else {
                    0.0
                };
            }
            self.choose(k);
            for chip in 0..self.chips {
                let at = k * self.chips + chip;
                self.part[at] = unmet * self.share[chip] * self.is_free(k, chip) / self.paid[at];
            }
        }
        self.deliver();
    }

    /// Hands out `part` as far as supply goes: a maker draws on its quota of a pool, then on what others leave of theirs.
    fn deliver(&mut self) {
        let mut asked = vec![0.0; self.chips];
        for k in 0..self.customers {
            for chip in 0..self.chips {
                asked[chip] += self.part[k * self.chips + chip];
            }
        }
        self.find_fill(&asked);
        for k in 0..self.customers {
            for chip in 0..self.chips {
                let (at, law) = (k * self.chips + chip, self.market_of[k] * self.chips + chip);
                let units = self.part[at] * self.fill[chip];
                self.bought[at] += units;
                self.spent_usd[k] += units * self.paid[at];
                let levy = self.levy_share[law];
                let passed_on = self.pass_through * levy / f64::max(1.0 - levy, 1e-9);
                self.passed_on_usd += units * self.price_usd[chip] * passed_on;
                self.levy_borne_usd[self.maker_of[chip]] +=
                    units * self.price_usd[chip] * levy * (1.0 - self.pass_through);
                if self.licensed[law] {
                    let used = f64::min(units, self.authorised[law]);
                    self.authorised[law] -= used;
                    self.used[law] += used;
                }
            }
        }
    }

    /// The part of each chip's orders that is filled: the least of its maker's capacity and its pools.
    fn find_fill(&mut self, asked: &[f64]) {
        let mut of_maker = vec![0.0; self.makers];
        let mut need = vec![[0.0; POOLS]; self.makers];
        let mut given = vec![[0.0; POOLS]; self.makers];
        for chip in 0..self.chips {
            let maker = self.maker_of[chip];
            of_maker[maker] += asked[chip] * self.size[chip];
            for pool in 0..POOLS {
                need[maker][pool] += asked[chip] * self.uses[chip][pool];
            }
        }
        let mut able = vec![1.0; self.makers];
        let mut lent = [0.0; POOLS];
        for maker in 0..self.makers {
            able[maker] = part_of(self.maker_left[maker], of_maker[maker]);
        }
        for pool in 0..POOLS {
            let (mut drawn, mut unmet) = (0.0, 0.0);
            for maker in 0..self.makers {
                need[maker][pool] *= able[maker];
                given[maker][pool] = f64::min(need[maker][pool], self.quota_left[maker][pool]);
                drawn += given[maker][pool];
            }
            let kept = part_of(self.pool_left[pool], drawn);
            for maker in 0..self.makers {
                given[maker][pool] *= kept;
                unmet += need[maker][pool] - given[maker][pool];
            }
            if unmet > 0.0 {
                let left = f64::max(self.pool_left[pool] - kept * drawn, 0.0);
                lent[pool] = f64::min(left / unmet, 1.0);
            }
        }
        for chip in 0..self.chips {
            let maker = self.maker_of[chip];
            let mut least: f64 = 1.0;
            for pool in 0..POOLS {
                if self.uses[chip][pool] > 0.0 {
                    let short = need[maker][pool] - given[maker][pool];
                    let has = given[maker][pool] + short * lent[pool];
                    least = f64::min(least, part_of(has, need[maker][pool]));
                }
            }
            self.fill[chip] = least * able[maker];
            let made = asked[chip] * self.fill[chip];
            self.maker_left[maker] = f64::max(self.maker_left[maker] - made * self.size[chip], 0.0);
            for pool in 0..POOLS {
                let drawn = made * self.uses[chip][pool];
                self.pool_left[pool] = f64::max(self.pool_left[pool] - drawn, 0.0);
                self.quota_left[maker][pool] = f64::max(self.quota_left[maker][pool] - drawn, 0.0);
            }
        }
    }

    /// Chips go into use, old ones retire, wallets pay, nations have their part of what their market imports.
    fn close(&mut self, rules: &MarketRules) {
        self.sold.fill(0.0);
        self.sold_to_brokers.fill(0.0);
        self.made.fill(0.0);
        self.pool_used = [0.0; POOLS];
        self.retired = 0.0;
        for k in 0..self.customers {
            let bloc = self.bloc_of_market[self.market_of[k]];
            for chip in 0..self.chips {
                let units = self.bought[k * self.chips + chip];
                self.made[chip] += units;
                for pool in 0..POOLS {
                    self.pool_used[pool] += units * self.uses[chip][pool];
                }
                if self.grey[k] {
                    self.sold_to_brokers[chip] += units;
                } else {
                    self.sold[(chip * 3 + bloc) * 2 + self.wallet_of[k]] += units;
                }
            }
            self.wallet_usd[k] -= self.spent_usd[k];
        }
        for at in 0..self.stock.len() {
            let retired = self.stock[at] * rules.retirement_per_month;
            self.stock[at] += self.sold[at] - retired;
            self.retired += retired;
        }
        let mut wants = vec![0.0; self.markets];
        for nation in 0..self.demand_usd.len() {
            wants[self.market_of_nation[nation]] += self.demand_usd[nation];
        }
        for nation in 0..self.demand_usd.len() {
            let all = wants[self.market_of_nation[nation]];
            self.nation_part[nation] = self.demand_usd[nation] / f64::max(all, f64::MIN_POSITIVE);
        }
    }
}

/// The part of a need that can be met; all of none.
fn part_of(have: f64, need: f64) -> f64 {
    if need > 0.0 {
        f64::clamp(have / need, 0.0, 1.0)
    } else {
        1.0
    }
}
