//! Buyer groups: customers who face the same sale terms and value software alike are handled as one buyer.
//!
//! Orders, rationing and deliveries are linear in money, so the purchases of a group are divided among its customers in
//! proportion to their wallets. A market with a licence, a cap or a part-month closure forms its own groups. A group never
//! spans two blocs.

use std::sync::Arc;

use super::chips::{BudgetPurpose, ChipMarket, CustomerKind};

/// Customers who are handled as one buyer this month.
#[derive(Clone, Copy, Debug)]
pub struct BuyerGroup {
    /// The market whose terms and software values they face: the first of their markets.
    pub market: usize,
    pub wallet: BudgetPurpose,
    pub kind: CustomerKind,
    /// Sum of their wallets, USD.
    pub money_usd: f64,
    /// Share of the money that came in this month.
    pub new_part: f64,
    /// Share of the orders that makers plan capacity by: all new orders and a twelfth of the backlog.
    pub planned_part: f64,
    /// Money that licences, caps and closed days withheld from their orders, USD.
    pub withheld_usd: f64,
    pub spent_usd: f64,
    /// Whether the group may buy any chip.
    pub has_offers: bool,
    /// Whether the group has orders in the current allocation round.
    pub has_orders: bool,
}

impl BuyerGroup {
    /// Whether the market and the kind of customer leave both groups the same chips.
    pub(super) fn has_same_choice_set(&self, other: &Self) -> bool {
        self.market == other.market && self.kind == other.kind
    }
}

/// Positions among the active chips for which a market's terms do more than allow or deny.
#[derive(Clone, Debug, Default)]
pub struct RestrictedChips {
    /// Chips that are open for a part of the month.
    pub part_time: Vec<u16>,
    /// Chips under licence or levy.
    pub watched: Vec<u16>,
    pub capped: Vec<u16>,
}

/// The buyer groups of the month.
#[derive(Clone, Debug, Default)]
pub struct BuyerGroups {
    pub list: Vec<BuyerGroup>,
    /// By customer: its group, and its share of the group's money.
    pub group_of: Vec<u16>,
    pub share_of_group: Vec<f64>,
    /// Packages bought this month: `[group][active chip]`.
    pub bought: Vec<f64>,
    /// By market: whether a licence, a cap or a part-month closure applies.
    pub has_own_terms: Vec<bool>,
    pub restrictions: Vec<RestrictedChips>,
    pub customers_of_market: Vec<Vec<u16>>,
    /// By market: the first market with the same terms for every active chip.
    same_terms_as: Vec<u16>,
    /// By market: the first market that every rule set of this run treats equally; itself if there is none before it.
    pub equivalent_market: Arc<[u16]>,
    /// The active chips for which `same_terms_as` was computed.
    compared_chips: Vec<u16>,
    stale: bool,
}

impl RestrictedChips {
    fn with_capacity(chips: usize) -> Self {
        let list = || Vec::with_capacity(chips);
        Self {
            part_time: list(),
            watched: list(),
            capped: list(),
        }
    }

    /// Copies the lists and reuses the allocated memory.
    fn copy(&mut self, other: &Self) {
        self.part_time.clone_from(&other.part_time);
        self.watched.clone_from(&other.watched);
        self.capped.clone_from(&other.capped);
    }
}

impl BuyerGroups {
    pub fn new(customers: usize, markets: usize, chips: usize) -> Self {
        Self {
            list: Vec::with_capacity(customers),
            group_of: vec![0; customers],
            share_of_group: vec![0.0; customers],
            bought: Vec::with_capacity(customers * chips),
            has_own_terms: vec![false; markets],
            restrictions: (0..markets)
                .map(|_| RestrictedChips::with_capacity(chips))
                .collect(),
            customers_of_market: Vec::new(),
            same_terms_as: vec![0; markets],
            equivalent_market: (0..markets as u16).collect(),
            compared_chips: Vec::with_capacity(chips),
            stale: true,
        }
    }

    pub fn clear(&mut self) {
        self.list.clear();
        self.bought.clear();
        self.stale = true;
    }

    pub fn mark_stale(&mut self) {
        self.stale = true;
    }
}

impl ChipMarket {
    /// Assigns customers to groups and adds up their money.
    pub(super) fn group_buyers(&mut self) {
        if self.buyers.customers_of_market.is_empty() {
            let of = |market| {
                let here = |k: &usize| self.layout.customers[*k].market == market;
                (0..self.layout.customers.len())
                    .filter(here)
                    .map(|k| k as u16)
                    .collect()
            };
            self.buyers.customers_of_market = (0..self.layout.markets).map(of).collect();
        }
        if self.buyers.stale || self.buyers.compared_chips != self.active {
            self.compare_terms();
        }
        let makers = self.layout.makers;
        let bloc = &self.layout.bloc_of_market;
        let buyers = &mut self.buyers;
        buyers.list.clear();
        for (k, customer) in self.layout.customers.iter().enumerate() {
            let money = self.wallet_usd[k].max(0.0);
            buyers.group_of[k] = 0;
            if money == 0.0 {
                // A customer without money stays in the first group with a share of 0.
                continue;
            }
            let new = self.budget_usd[k] + self.pulled_usd[k];
            let new_part = if money > 0.0 {
                (new / money).min(1.0)
            } else {
                0.0
            };
            let planned = new_part + (1.0 - new_part) / 12.0;
            let stack = |market: usize| &self.stack[market * makers..(market + 1) * makers];
            let joins = |buyer: &BuyerGroup| {
                buyer.wallet == customer.wallet
                    && !(buyer.kind.is_captive()
                        || customer.kind.is_captive()
                        || buyer.kind.is_broker()
                        || customer.kind.is_broker())
                    && !(buyer.kind.is_state_procurement() || customer.kind.is_state_procurement())
                    && bloc[buyer.market] == bloc[customer.market]
                    && buyers.same_terms_as[buyer.market] == buyers.same_terms_as[customer.market]
                    && stack(buyer.market) == stack(customer.market)
            };
            match buyers.list.iter().position(joins) {
                Some(b) => {
                    let buyer = &mut buyers.list[b];
                    buyer.money_usd += money;
                    buyer.new_part += money * new_part;
                    buyer.planned_part += money * planned;
                    buyers.group_of[k] = b as u16;
                }
                None => {
                    buyers.group_of[k] = buyers.list.len() as u16;
                    buyers.list.push(BuyerGroup {
                        market: customer.market,
                        wallet: customer.wallet,
                        kind: customer.kind,
                        money_usd: money,
                        new_part: money * new_part,
                        planned_part: money * planned,
                        withheld_usd: 0.0,
                        spent_usd: 0.0,
                        has_offers: false,
                        has_orders: true,
                    });
                }
            }
        }
        for buyer in &mut buyers.list {
            if buyer.money_usd > 0.0 {
                buyer.new_part /= buyer.money_usd;
                buyer.planned_part /= buyer.money_usd;
            }
        }
        for (k, part) in buyers.share_of_group.iter_mut().enumerate() {
            let buyer = buyers.list.get(usize::from(buyers.group_of[k]));
            *part = buyer.map_or(0.0, |buyer| self.wallet_usd[k].max(0.0) / buyer.money_usd);
        }
        buyers.bought.clear();
        buyers
            .bought
            .resize(buyers.list.len() * self.active.len(), 0.0);
    }

    /// Finds the markets with the same terms for every active chip, and those whose terms limit volume.
    fn compare_terms(&mut self) {
        let chips = self.chips();
        let buyers = &mut self.buyers;
        let terms = |market: usize, chip: u16| &self.terms[market * chips + usize::from(chip)];
        for market in 0..self.layout.markets {
            let first = usize::from(buyers.equivalent_market[market]);
            if first < market {
                buyers.has_own_terms[market] = buyers.has_own_terms[first];
                let (head, tail) = buyers.restrictions.split_at_mut(market);
                tail[0].copy(&head[first]);
                // A market that forms its own groups does so even if the rules treat others equally.
                buyers.same_terms_as[market] = if buyers.has_own_terms[first] {
                    market as u16
                } else {
                    buyers.same_terms_as[first]
                };
                continue;
            }
            let restrictions = &mut buyers.restrictions[market];
            for list in [
                &mut restrictions.part_time,
                &mut restrictions.watched,
                &mut restrictions.capped,
            ] {
                list.clear();
            }
            let mut has_own_terms = false;
            for (a, &chip) in self.active.iter().enumerate() {
                let t = terms(market, chip);
                let part_time = t.open > 0.0 && t.open < 1.0;
                for (list, here) in [
                    (&mut restrictions.part_time, part_time),
                    (
                        &mut restrictions.watched,
                        t.licensed() || t.levy_share > 0.0,
                    ),
                    (&mut restrictions.capped, t.capped),
                ] {
                    if here {
                        list.push(a as u16);
                    }
                }
                has_own_terms |= t.licensed() || t.capped || part_time;
            }
            buyers.has_own_terms[market] = has_own_terms;
            let same = |other: &usize| {
                usize::from(buyers.same_terms_as[*other]) == *other
                    && self
                        .active
                        .iter()
                        .all(|&chip| terms(*other, chip) == terms(market, chip))
            };
            let first = if buyers.has_own_terms[market] {
                None
            } else {
                (0..market).find(same)
            };
            buyers.same_terms_as[market] = first.unwrap_or(market) as u16;
        }
        buyers.compared_chips.clear();
        buyers.compared_chips.extend_from_slice(&self.active);
        buyers.stale = false;
    }
}
