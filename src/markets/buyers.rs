//! Who buys with whom: customers who face the same law and the same stacks spread their money alike, so they buy as one.
//!
//! Orders, rationing and deliveries are linear in money, so what a buyer gets is shared out among its customers by their
//! wallets. A market with a licence, a cap or a part-month of its own buys alone, and no buyer reaches beyond a bloc.

use std::sync::Arc;

use super::chips::{BudgetPurpose, ChipMarket};

/// Customers who buy as one this month.
#[derive(Clone, Copy, Debug)]
pub struct BuyerGroup {
    /// The market whose terms and stacks they face: the first of theirs.
    pub market: usize,
    pub wallet: BudgetPurpose,
    pub captive: bool,
    pub grey: bool,
    pub steered: bool,
    /// Their wallets, USD.
    pub money_usd: f64,
    /// Part of their money that came in this month.
    pub new_part: f64,
    /// Part of their orders that makers plan by: new ones, and a twelfth of the rest.
    pub planned_part: f64,
    /// What licences, caps and closed days kept from their orders, USD.
    pub kept_back_usd: f64,
    pub spent_usd: f64,
    /// Whether any chip is open to it.
    pub spread: bool,
    /// Whether it has anything in the part of the orders that is being filled.
    pub asks: bool,
}

impl BuyerGroup {
    /// Whether law and kind leave it the same chips as another.
    pub(super) fn may_what(&self, other: &Self) -> bool {
        let kind = |buyer: &Self| (buyer.captive, buyer.grey, buyer.steered);
        self.market == other.market && kind(self) == kind(other)
    }
}

/// Places among active chips where a market's terms do more than open or bar.
#[derive(Clone, Debug, Default)]
pub struct RestrictedChips {
    /// Open for a part of the month.
    pub part_time: Vec<u16>,
    /// Under licence or levy.
    pub watched: Vec<u16>,
    pub capped: Vec<u16>,
}

/// The buyers of the month.
#[derive(Clone, Debug, Default)]
pub struct BuyerGroups {
    pub list: Vec<BuyerGroup>,
    /// Buyer of each customer, and the customer's part of its money.
    pub of: Vec<u16>,
    pub part: Vec<f64>,
    /// Packages bought this month by buyer and place among active chips.
    pub bought: Vec<f64>,
    /// Markets with terms of their own.
    pub alone: Vec<bool>,
    pub bounds: Vec<RestrictedChips>,
    pub customers_of_market: Vec<Vec<u16>>,
    /// The first market with the same terms for every active chip.
    like: Vec<u16>,
    /// By market: one from which no law in this run tells it apart, itself if there is none before it.
    pub alike: Arc<[u16]>,
    /// The chips for which `like` was found; none when the law has changed since.
    found_for: Vec<u16>,
    stale: bool,
}

impl RestrictedChips {
    fn of(chips: usize) -> Self {
        let list = || Vec::with_capacity(chips);
        Self {
            part_time: list(),
            watched: list(),
            capped: list(),
        }
    }

    /// The same lists, in memory that is there already.
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
            of: vec![0; customers],
            part: vec![0.0; customers],
            bought: Vec::with_capacity(customers * chips),
            alone: vec![false; markets],
            bounds: (0..markets).map(|_| RestrictedChips::of(chips)).collect(),
            customers_of_market: Vec::new(),
            like: vec![0; markets],
            alike: (0..markets as u16).collect(),
            found_for: Vec::with_capacity(chips),
            stale: true,
        }
    }

    pub fn forget(&mut self) {
        self.list.clear();
        self.bought.clear();
        self.stale = true;
    }

    pub fn law_changed(&mut self) {
        self.stale = true;
    }
}

impl ChipMarket {
    /// Finds who buys with whom, and adds up their money.
    pub(super) fn gather_buyers(&mut self) {
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
        if self.buyers.stale || self.buyers.found_for != self.active {
            self.compare_terms();
        }
        let makers = self.layout.makers;
        let bloc = &self.layout.bloc_of_market;
        let buyers = &mut self.buyers;
        buyers.list.clear();
        for (k, customer) in self.layout.customers.iter().enumerate() {
            let money = self.wallet_usd[k].max(0.0);
            buyers.of[k] = 0;
            if money == 0.0 {
                // Nobody to buy for: part of the first buyer, with nothing of its own.
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
                    && !(buyer.captive || customer.captive || buyer.grey || customer.grey)
                    && !(buyer.steered || customer.steered)
                    && bloc[buyer.market] == bloc[customer.market]
                    && buyers.like[buyer.market] == buyers.like[customer.market]
                    && stack(buyer.market) == stack(customer.market)
            };
            match buyers.list.iter().position(joins) {
                Some(b) => {
                    let buyer = &mut buyers.list[b];
                    buyer.money_usd += money;
                    buyer.new_part += money * new_part;
                    buyer.planned_part += money * planned;
                    buyers.of[k] = b as u16;
                }
                None => {
                    buyers.of[k] = buyers.list.len() as u16;
                    buyers.list.push(BuyerGroup {
                        market: customer.market,
                        wallet: customer.wallet,
                        captive: customer.captive,
                        grey: customer.grey,
                        steered: customer.steered,
                        money_usd: money,
                        new_part: money * new_part,
                        planned_part: money * planned,
                        kept_back_usd: 0.0,
                        spent_usd: 0.0,
                        spread: false,
                        asks: true,
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
        for (k, part) in buyers.part.iter_mut().enumerate() {
            let buyer = buyers.list.get(usize::from(buyers.of[k]));
            *part = buyer.map_or(0.0, |buyer| self.wallet_usd[k].max(0.0) / buyer.money_usd);
        }
        buyers.bought.clear();
        buyers
            .bought
            .resize(buyers.list.len() * self.active.len(), 0.0);
    }

    /// Markets with the same terms for every active chip, and those with terms that bound volume.
    fn compare_terms(&mut self) {
        let chips = self.chips();
        let buyers = &mut self.buyers;
        let terms = |market: usize, chip: u16| &self.terms[market * chips + usize::from(chip)];
        for market in 0..self.layout.markets {
            let first = usize::from(buyers.alike[market]);
            if first < market {
                buyers.alone[market] = buyers.alone[first];
                let (head, tail) = buyers.bounds.split_at_mut(market);
                tail[0].copy(&head[first]);
                // One that buys alone does so apart from those that the law treats alike.
                buyers.like[market] = if buyers.alone[first] {
                    market as u16
                } else {
                    buyers.like[first]
                };
                continue;
            }
            let bounds = &mut buyers.bounds[market];
            for list in [
                &mut bounds.part_time,
                &mut bounds.watched,
                &mut bounds.capped,
            ] {
                list.clear();
            }
            let mut alone = false;
            for (a, &chip) in self.active.iter().enumerate() {
                let t = terms(market, chip);
                let part_time = t.open > 0.0 && t.open < 1.0;
                for (list, here) in [
                    (&mut bounds.part_time, part_time),
                    (&mut bounds.watched, t.licensed() || t.levy_share > 0.0),
                    (&mut bounds.capped, t.capped),
                ] {
                    if here {
                        list.push(a as u16);
                    }
                }
                alone |= t.licensed() || t.capped || part_time;
            }
            buyers.alone[market] = alone;
            let same = |other: &usize| {
                usize::from(buyers.like[*other]) == *other
                    && self
                        .active
                        .iter()
                        .all(|&chip| terms(*other, chip) == terms(market, chip))
            };
            let first = if buyers.alone[market] {
                None
            } else {
                (0..market).find(same)
            };
            buyers.like[market] = first.unwrap_or(market) as u16;
        }
        buyers.found_for.clear();
        buyers.found_for.extend_from_slice(&self.active);
        buyers.stale = false;
    }
}
