//! Buyer groups: customers who face the same sale terms and value software alike are handled as one buyer.
//!
//! Orders, rationing and deliveries are linear in money, so the purchases of a group are divided among its customers in
//! proportion to their wallets. A market with a licence, a cap or a part-month closure forms its own groups. A group never
//! spans two blocs.

use std::sync::Arc;

use super::buyer_table::BuyerTable;
use super::money::CustomerMoney;
use super::state::{BudgetPurpose, Customer, CustomerKind, ForSale, MarketLayout};

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
    /// Money that licences, caps and closed days withheld from their orders, and the part of closed days, USD.
    pub withheld_usd: f64,
    pub closed_usd: f64,
    pub spent_usd: f64,
    /// Whether the group may buy any chip.
    pub has_offers: bool,
    /// Whether supply was too short for its orders in the first two allocation rounds.
    pub has_unmet_orders: bool,
}

/// What withheld money from orders.
#[derive(Clone, Copy)]
pub(super) enum WithheldBy {
    /// Licences and caps, or that nothing is on offer.
    Licences,
    ClosedDays,
}

impl BuyerGroup {
    /// Money of its orders that was withheld in one way, USD.
    pub(super) fn withheld_by(&self, by: WithheldBy) -> f64 {
        let closed_usd = self.closed_usd.min(self.withheld_usd);
        match by {
            WithheldBy::Licences => self.withheld_usd - closed_usd,
            WithheldBy::ClosedDays => closed_usd,
        }
    }

    /// Whether the market and the kind of customer leave both groups the same chips.
    pub(super) fn has_same_choice_set(&self, other: &Self) -> bool {
        self.market == other.market && self.kind == other.kind
    }

    /// The first of its customers.
    fn customer(&self) -> Customer {
        Customer {
            market: self.market,
            wallet: self.wallet,
            kind: self.kind,
        }
    }

    /// A group without money, for customers like this one.
    fn of(customer: &Customer) -> Self {
        Self {
            market: customer.market,
            wallet: customer.wallet,
            kind: customer.kind,
            money_usd: 0.0,
            new_part: 0.0,
            planned_part: 0.0,
            withheld_usd: 0.0,
            closed_usd: 0.0,
            spent_usd: 0.0,
            has_offers: false,
            has_unmet_orders: false,
        }
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
    /// Packages bought this month, by active chip and group.
    pub bought: BuyerTable,
    /// By market: whether a licence, a cap or a part-month closure applies.
    pub has_own_terms: Vec<bool>,
    pub restrictions: Vec<RestrictedChips>,
    pub customers_of_market: Vec<Vec<u16>>,
    /// By market: the first market with the same terms for every active chip.
    same_terms_as: Vec<u16>,
    /// By market: the first market that every rule set of this run treats equally; itself if there is none before it.
    pub equivalent_market: Arc<[u16]>,
    /// By market: the first market of its bloc with the same terms that values software alike this month.
    alike: Vec<u16>,
    stack_sum: Vec<f64>,
    /// By market and wallet: the group that ordinary customers of markets alike joined this month.
    joined: Vec<[Option<u16>; 2]>,
    /// The active chips for which `same_terms_as` was computed.
    compared_chips: Vec<u16>,
    stale: bool,
    /// Whom the groups stood for last month, and whether they stand for others now.
    stood_for: Vec<Customer>,
    pub(super) changed: bool,
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

    /// Lists the chips with such terms in a market; returns whether any of them limits volume.
    fn list(&mut self, sale: &ForSale, market: usize) -> bool {
        for list in [&mut self.part_time, &mut self.watched, &mut self.capped] {
            list.clear();
        }
        let mut has_own_terms = false;
        for a in 0..sale.active.len() {
            let t = sale.terms_in(market, a);
            let part_time = t.open > 0.0 && t.open < 1.0;
            for (list, here) in [
                (&mut self.part_time, part_time),
                (&mut self.watched, t.licensed() || t.levy_share > 0.0),
                (&mut self.capped, t.capped),
            ] {
                if here {
                    list.push(a as u16);
                }
            }
            has_own_terms |= t.licensed() || t.capped || part_time;
        }
        has_own_terms
    }
}

impl BuyerGroups {
    pub fn new(layout: &MarketLayout) -> Self {
        let (customers, markets) = (layout.customers.len(), layout.markets);
        let chips = layout.maker_of.len();
        let customers_of = |market| {
            let here = |k: &usize| layout.customers[*k].market == market;
            (0..customers).filter(here).map(|k| k as u16).collect()
        };
        Self {
            list: Vec::with_capacity(customers),
            group_of: vec![0; customers],
            share_of_group: vec![0.0; customers],
            bought: BuyerTable::with_capacity(chips, customers),
            has_own_terms: vec![false; markets],
            restrictions: (0..markets)
                .map(|_| RestrictedChips::with_capacity(chips))
                .collect(),
            customers_of_market: (0..markets).map(customers_of).collect(),
            same_terms_as: vec![0; markets],
            alike: vec![0; markets],
            stack_sum: vec![0.0; markets],
            joined: vec![[None; 2]; markets],
            equivalent_market: (0..markets as u16).collect(),
            compared_chips: Vec::with_capacity(chips),
            stale: true,
            stood_for: Vec::with_capacity(customers),
            changed: true,
        }
    }

    pub fn reset(&mut self) {
        self.list.clear();
        self.bought.clear();
        self.stood_for.clear();
        self.stale = true;
    }

    /// Notes that terms have changed since the markets were compared.
    pub fn mark_stale(&mut self) {
        self.stale = true;
    }

    /// The first market with the same terms for every active chip; itself if there is none before it.
    pub fn same_terms_as(&self, market: usize) -> usize {
        usize::from(self.same_terms_as[market])
    }

    /// Packages of the `a`-th active chip that a customer bought this month: `share of group * bought by the group`.
    pub fn bought_by(&self, customer: usize, a: usize) -> f64 {
        match self.share_of_group[customer] {
            0.0 => 0.0,
            share => share * self.bought.at(a, usize::from(self.group_of[customer])),
        }
    }

    /// Assigns customers to groups, and adds up the money of each group and its parts.
    ///
    /// ```text
    /// money        = sum of wallets, USD
    /// new part     = min(1, (budget + pulled) / wallet)        of a customer; of a group, the mean weighted by wallets
    /// planned part = new part + (1 - new part) / 12            the same
    /// share of group = wallet / money
    /// ```
    ///
    /// Only ordinary customers join others: those of one bloc and purpose who face the same terms and value software
    /// alike. A customer without money has a share of 0 and stands in the first group. `budget` is before the repayment
    /// of advances, hence the limit of 1. Assumption: makers plan the backlog over a year; no source is recorded.
    pub(super) fn group(&mut self, sale: &ForSale, money: &CustomerMoney) {
        if self.stale || self.compared_chips != sale.active {
            self.compare_terms(sale);
        }
        self.find_markets_alike(sale);
        self.list.clear();
        for (k, customer) in sale.layout.customers.iter().enumerate() {
            let wallet_usd = money.wallet_usd[k].max(0.0);
            self.group_of[k] = 0;
            if wallet_usd == 0.0 {
                // A customer without money stays in the first group with a share of 0.
                continue;
            }
            let new_part = ((money.budget_usd[k] + money.pulled_usd[k]) / wallet_usd).min(1.0);
            let planned_part = new_part + (1.0 - new_part) / 12.0;
            let b = self.group_to_join(customer);
            if b == self.list.len() {
                self.list.push(BuyerGroup::of(customer));
            }
            let buyer = &mut self.list[b];
            buyer.money_usd += wallet_usd;
            buyer.new_part += wallet_usd * new_part;
            buyer.planned_part += wallet_usd * planned_part;
            self.group_of[k] = b as u16;
        }
        for buyer in &mut self.list {
            if buyer.money_usd > 0.0 {
                buyer.new_part /= buyer.money_usd;
                buyer.planned_part /= buyer.money_usd;
            }
        }
        for (k, part) in self.share_of_group.iter_mut().enumerate() {
            let buyer = self.list.get(usize::from(self.group_of[k]));
            *part = buyer.map_or(0.0, |b| money.wallet_usd[k].max(0.0) / b.money_usd);
        }
        let stand_for = self.list.iter().map(BuyerGroup::customer);
        self.changed = !stand_for.clone().eq(self.stood_for.iter().copied());
        self.stood_for.clear();
        self.stood_for.extend(stand_for);
        self.bought.resize(sale.active.len(), self.list.len());
        self.bought.clear_cells();
    }

    /// Takes the expenses of the groups out of the wallets of their customers:
    /// `wallet' = wallet - spent * share of group`, USD.
    pub(super) fn pay(&self, money: &mut CustomerMoney) {
        for (k, wallet_usd) in money.wallet_usd.iter_mut().enumerate() {
            if let Some(buyer) = self.list.get(usize::from(self.group_of[k])) {
                *wallet_usd -= buyer.spent_usd * self.share_of_group[k];
            }
        }
    }

    /// The group that a customer joins, the next one where there is none yet. Only ordinary customers form groups.
    fn group_to_join(&mut self, customer: &Customer) -> usize {
        let next = self.list.len();
        if customer.kind != CustomerKind::Ordinary {
            return next;
        }
        let market = usize::from(self.alike[customer.market]);
        let group = self.joined[market][customer.wallet as usize].get_or_insert(next as u16);
        usize::from(*group)
    }

    /// Finds the markets whose ordinary customers choose alike this month.
    fn find_markets_alike(&mut self, sale: &ForSale) {
        let bloc = &sale.layout.bloc_of_market;
        // Equal values have equal sums; unequal ones seldom have.
        for (market, sum) in self.stack_sum.iter_mut().enumerate() {
            *sum = sale.stack_in(market).iter().sum();
        }
        for market in 0..sale.layout.markets {
            let same = |other: &usize| {
                bloc[*other] == bloc[market]
                    && self.same_terms_as[*other] == self.same_terms_as[market]
                    && self.stack_sum[*other] == self.stack_sum[market]
                    && sale.stack_in(*other) == sale.stack_in(market)
            };
            self.alike[market] = (0..market).find(same).unwrap_or(market) as u16;
            self.joined[market] = [None; 2];
        }
    }

    /// Finds the markets with the same terms for every active chip, and those whose terms limit volume.
    fn compare_terms(&mut self, sale: &ForSale) {
        for market in 0..sale.layout.markets {
            let first = usize::from(self.equivalent_market[market]);
            if first < market {
                self.has_own_terms[market] = self.has_own_terms[first];
                let (head, tail) = self.restrictions.split_at_mut(market);
                tail[0].copy(&head[first]);
                // A market that forms its own groups does so even if the rules treat others equally.
                self.same_terms_as[market] = if self.has_own_terms[first] {
                    market as u16
                } else {
                    self.same_terms_as[first]
                };
                continue;
            }
            self.has_own_terms[market] = self.restrictions[market].list(sale, market);
            let same = |other: &usize| {
                usize::from(self.same_terms_as[*other]) == *other
                    && (0..sale.active.len())
                        .all(|a| sale.terms_in(*other, a) == sale.terms_in(market, a))
            };
            let first = if self.has_own_terms[market] {
                None
            } else {
                (0..market).find(same)
            };
            self.same_terms_as[market] = first.unwrap_or(market) as u16;
        }
        self.compared_chips.clear();
        self.compared_chips.extend_from_slice(sale.active);
        self.stale = false;
    }
}
