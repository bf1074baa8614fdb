//! Orders: every buyer spreads its money over the chips that it may buy; licences limit the volume.

use super::choice::{budget_shares, find_nests};
use super::licences::decided_share;
use super::state::{ChipMarket, MarketRules};
use crate::foundation::maths;
use crate::technology::supply::POOLS;

impl ChipMarket {
    /// Spreads every wallet over the chips that it may buy; licences and caps limit the volume.
    pub(super) fn place_orders(&mut self, rules: &MarketRules) {
        self.tabulate_offers(rules);
        for b in 0..self.buyers.list.len() {
            self.tabulate_terms(b);
            self.tabulate_prices(b, rules);
            let row = self.row(b);
            let has_offers = self.compute_budget_shares(b, ChoiceSet::All);
            let buyer = &mut self.buyers.list[b];
            buyer.has_offers = has_offers;
            let work = &mut self.work;
            let orders = &mut work.orders[row.clone()];
            let each = work.shares.iter().zip(&work.paid_usd[row]);
            for (order, (share, paid_usd)) in orders.iter_mut().zip(each) {
                *order = buyer.money_usd * share / paid_usd;
            }
            // A chip that is denied for a part of the month is bought in the rest of it.
            let first = buyer.market * self.layout.maker_of.len();
            for &a in &self.buyers.restrictions[buyer.market].part_time {
                let a = usize::from(a);
                orders[a] *= self.terms[first + usize::from(self.active[a])].open;
            }
        }
        self.apply_licence_limits(rules);
        self.apply_cap_limits(false);
        self.redirect_withheld_money();
    }

    /// Writes the chips on sale as dense columns, the same for every buyer.
    fn tabulate_offers(&mut self, rules: &MarketRules) {
        let (active, buyers) = (self.active.len(), self.buyers.list.len());
        let work = &mut self.work;
        work.maker_of.clear();
        work.uses.clear();
        work.size.clear();
        work.unlevied_usd.clear();
        work.attractions.iter_mut().for_each(Vec::clear);
        for &chip in &self.active {
            let offer = &self.offers[usize::from(chip)];
            work.maker_of.push(self.layout.maker_of[usize::from(chip)]);
            work.uses.push(offer.uses);
            work.size.push(offer.size);
            work.unlevied_usd
                .push(paid_usd(offer.price_usd, 0.0, rules));
            for wallet in 0..2 {
                work.attractions[wallet]
                    .push([offer.attraction[wallet], offer.attraction_in_nest[wallet]]);
            }
        }
        find_nests(&work.maker_of, &mut work.nests);
        for column in [
            &mut work.shares,
            &mut work.totals,
            &mut work.fill,
            &mut work.served,
            &mut work.mask,
        ] {
            column.resize(active, 0.0);
        }
        for table in [
            &mut work.open,
            &mut work.free,
            &mut work.paid_usd,
            &mut work.orders,
            &mut work.part,
        ] {
            table.resize(active * buyers, 0.0);
        }
    }

    /// Writes which chips one buyer may buy, and for which fraction of the month without licence or cap.
    fn tabulate_terms(&mut self, b: usize) {
        let (chips, row, buyer) = (self.chips(), self.row(b), self.buyers.list[b]);
        if let Some(other) = self.buyers.list[..b]
            .iter()
            .position(|x| buyer.has_same_choice_set(x))
        {
            let other = self.row(other);
            self.work.open.copy_within(other.clone(), row.start);
            self.work.free.copy_within(other, row.start);
            return;
        }
        let has_own_terms = self.buyers.has_own_terms[buyer.market];
        let terms_in = |market: usize| &self.terms[market * chips..(market + 1) * chips];
        let (here, target) = (terms_in(buyer.market), terms_in(self.layout.target_market));
        let work = &mut self.work;
        let (open, free) = (&mut work.open[row.clone()], &mut work.free[row]);
        for ((open, free), &chip) in open.iter_mut().zip(free).zip(&self.active) {
            let chip = usize::from(chip);
            let terms = &here[chip];
            let offered = terms.open > 0.0
                && self.layout.captive_chip[chip] == buyer.kind.is_captive()
                // Brokers buy only what is closed in the target for most of the month.
                && (!buyer.kind.is_broker() || target[chip].open < 0.5)
                && (!buyer.kind.is_state_procurement() || self.layout.target_made[chip]);
            *open = f64::from(u8::from(offered));
            let bounded = has_own_terms && (terms.licensed() || terms.capped);
            *free = if offered && !bounded { terms.open } else { 0.0 };
        }
    }

    /// Writes the cost in use of each chip for one buyer. A levy counts in the choice as a higher price does.
    fn tabulate_prices(&mut self, b: usize, rules: &MarketRules) {
        let (row, market) = (self.row(b), self.buyers.list[b].market);
        let work = &mut self.work;
        work.paid_usd[row.clone()].copy_from_slice(&work.unlevied_usd);
        for &a in &self.buyers.restrictions[market].watched {
            let chip = usize::from(self.active[usize::from(a)]);
            let levy_share = self.terms[market * self.layout.maker_of.len() + chip].levy_share;
            if levy_share > 0.0 {
                let at = row.start + usize::from(a);
                let dearer = paid_usd(self.offers[chip].price_usd, levy_share, rules);
                if work.open[at] > 0.0 {
                    work.open[at] =
                        maths::pow_of_positive(work.paid_usd[at] / dearer, rules.choice_slope);
                }
                work.paid_usd[at] = dearer;
            }
        }
    }

    /// Spends money that licences, caps or closed days withheld on chips that need neither licence nor cap: buyers do not wait
    /// for a licence with unspent money. Brokers do not redirect.
    fn redirect_withheld_money(&mut self) {
        for b in 0..self.buyers.list.len() {
            if !self.buyers.list[b].kind.is_broker() {
                let rest = self.unordered_usd(b);
                self.buyers.list[b].withheld_usd = rest;
                self.order_unrestricted(b, rest);
            }
        }
        for market in 0..self.layout.markets {
            let (mut money, mut kept_back) = (0.0, 0.0);
            for &k in &self.buyers.customers_of_market[market] {
                let k = usize::from(k);
                let buyer = &self.buyers.list[usize::from(self.buyers.group_of[k])];
                if !buyer.kind.is_broker() && !buyer.kind.is_state_procurement() {
                    money += self.wallet_usd[k].max(0.0);
                    kept_back += buyer.withheld_usd * self.buyers.share_of_group[k];
                }
            }
            self.withheld_share[market] = if money > 0.0 {
                (kept_back / money).clamp(0.0, 1.0)
            } else {
                0.0
            };
        }
    }

    /// Money of a buyer that is in no order, USD.
    fn unordered_usd(&self, b: usize) -> f64 {
        let row = self.row(b);
        let buyer = &self.buyers.list[b];
        let money = buyer.money_usd;
        if !self.buyers.has_own_terms[buyer.market] {
            // Nothing limits its orders.
            return if buyer.has_offers { 0.0 } else { money };
        }
        let orders = &self.work.orders[row.clone()];
        let ordered: f64 = orders
            .iter()
            .zip(&self.work.paid_usd[row])
            .map(|(units, paid_usd)| units * paid_usd)
            .sum();
        let rest = money - ordered;
        if rest > 1e-6 * money { rest } else { 0.0 }
    }

    /// Orders `usd` among chips that need neither licence nor cap.
    fn order_unrestricted(&mut self, b: usize, usd: f64) {
        if usd <= 0.0 {
            return;
        }
        self.compute_budget_shares(b, ChoiceSet::Free);
        let row = self.row(b);
        let work = &mut self.work;
        let each = work
            .shares
            .iter()
            .zip(&work.free[row.clone()])
            .zip(&work.paid_usd[row.clone()]);
        for (order, ((share, free), paid_usd)) in work.orders[row].iter_mut().zip(each) {
            *order += usd * share * free / paid_usd;
        }
    }

    /// Writes `work.shares` of one buyer over a choice set; returns whether the set is not empty.
    pub(super) fn compute_budget_shares(&mut self, b: usize, among: ChoiceSet) -> bool {
        let row = self.row(b);
        let buyer = &self.buyers.list[b];
        let work = &mut self.work;
        let open = &work.open[row.clone()];
        let offered = match among {
            ChoiceSet::All => open,
            ChoiceSet::Free => {
                for (mask, free) in work.mask.iter_mut().zip(&work.free[row]) {
                    *mask = f64::from(u8::from(*free > 0.0));
                }
                &work.mask
            }
            ChoiceSet::Served => {
                for ((mask, open), served) in work.mask.iter_mut().zip(open).zip(&work.served) {
                    *mask = open * served;
                }
                &work.mask
            }
        };
        let makers = self.layout.makers;
        budget_shares(
            &work.attractions[buyer.wallet as usize],
            offered,
            &work.nests,
            &self.stack[buyer.market * makers..(buyer.market + 1) * makers],
            &mut work.shares,
        )
    }

    fn apply_licence_limits(&mut self, rules: &MarketRules) {
        let (chips, active) = (self.chips(), self.active.len());
        let mut own = std::mem::take(&mut self.work.own);
        for market in 0..self.layout.markets {
            if !self.buyers.has_own_terms[market] {
                continue;
            }
            own.clear();
            let buyers = self.buyers.list.iter().enumerate();
            own.extend(buyers.filter(|(_, x)| x.market == market).map(|(b, _)| b));
            let in_target = market == self.layout.target_market;
            let days = if in_target {
                rules.licence_days_target
            } else {
                rules.licence_days_elsewhere
            };
            let decided_share = decided_share(days);
            for &a in &self.buyers.restrictions[market].watched {
                let a = usize::from(a);
                let at = market * chips + usize::from(self.active[a]);
                let terms = &self.terms[at];
                if !terms.licensed() {
                    continue;
                }
                let approval = match (in_target, terms.case_by_case) {
                    (false, _) => rules.approval_elsewhere,
                    (true, true) => rules.approval_case_by_case_target,
                    (true, false) => rules.approval_notify_target,
                };
                let orders = &mut self.work.orders;
                let wanted: f64 = own.iter().map(|b| orders[b * active + a]).sum();
                if !self.was_asked[at] {
                    self.was_asked[at] = true;
                    self.asked_for_licence.push(at as u32);
                }
                self.licences[at].decide(wanted, approval, decided_share);
                let allowed = self.licences[at].authorised;
                if wanted > allowed {
                    for b in &own {
                        orders[b * active + a] *= allowed / wanted;
                    }
                }
            }
        }
        self.work.own = own;
    }

    /// Records orders by maker and pool, and the orders that makers plan capacity by: new ones and a twelfth of the backlog.
    pub(super) fn record_orders(&mut self) {
        let active = self.active.len();
        self.wanted.fill(0.0);
        self.asked.fill(0.0);
        self.pool_asked = [0.0; POOLS];
        self.work.totals.fill(0.0);
        let mut planned = std::mem::take(&mut self.work.fill);
        planned.fill(0.0);
        for (b, buyer) in self.buyers.list.iter().enumerate() {
            let orders = &self.work.orders[b * active..(b + 1) * active];
            for ((units, total), plan) in orders.iter().zip(&mut self.work.totals).zip(&mut planned)
            {
                *total += units;
                *plan += units * buyer.planned_part;
            }
        }
        for a in 0..active {
            let maker = usize::from(self.work.maker_of[a]);
            self.wanted[maker] += planned[a] * self.work.size[a];
            self.asked[maker] += self.work.totals[a] * self.work.size[a];
            for pool in 0..POOLS {
                self.pool_asked[pool] += self.work.totals[a] * self.work.uses[a][pool];
            }
        }
        self.work.fill = planned;
    }
}

/// The chips over which a buyer spreads its money.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ChoiceSet {
    All,
    /// Chips that need neither licence nor cap.
    Free,
    /// Chips whose maker and pools have supply left.
    Served,
}

/// Cost of a chip in use, USD: its price, the part of a levy that is passed on, and the server around it.
pub fn paid_usd(price_usd: f64, levy_share: f64, rules: &MarketRules) -> f64 {
    price_usd * (1.0 + rules.levy_pass_through * levy_share / (1.0 - levy_share).max(1e-9))
        + rules.host_cost_usd
}
