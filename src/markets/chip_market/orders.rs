//! Orders: every buyer spreads its money over the chips that it may buy; licences limit the volume.

use std::ops::Range;

use super::buyers::{BuyerGroup, BuyerGroups};
use super::choice::{MakerNest, budget_shares, find_nests};
use super::licences::{Licences, decided_share};
use super::money::CustomerMoney;
use super::state::{ForSale, MarketLayout, MarketRules};
use crate::foundation::maths;
use crate::technology::supply::POOLS;

/// The chips over which a buyer spreads its money.
#[derive(Clone, Copy)]
pub(super) enum ChoiceSet<'a> {
    All,
    /// Chips that need neither licence nor cap.
    Free,
    /// Chips whose maker and pools have supply left: by active chip, 1 for those and 0 for others.
    Served(&'a [f64]),
}

/// Orders of the month in dense columns by active chip, kept to avoid allocation.
#[derive(Clone, Debug, Default)]
pub struct OrderBook {
    /// Standard packages by which each maker plans capacity: new orders plus a twelfth of the backlog.
    pub wanted: Vec<f64>,
    /// Standard packages ordered by maker, backlog included.
    pub asked: Vec<f64>,
    /// Pool units that the month's orders would have needed.
    pub pool_asked: [f64; POOLS],
    /// Share of a market's money that licences, caps and closed days withheld from its orders this month.
    pub withheld_share: Vec<f64>,
    pub(super) nests: Vec<MakerNest>,
    pub(super) maker_of: Vec<u16>,
    pub(super) uses: Vec<[f64; POOLS]>,
    pub(super) size: Vec<f64>,
    unlevied_usd: Vec<f64>,
    /// By wallet: attraction, and attraction within the maker's nest (see [`budget_shares`]).
    attractions: [Vec<[f64; 2]>; 2],
    mask: Vec<f64>,
    pub(super) shares: Vec<f64>,
    /// Packages ordered by all buyers, and those by which makers plan capacity.
    pub(super) totals: Vec<f64>,
    planned: Vec<f64>,
    /// `[buyer][active chip]`: 1 where the chip can be bought, less under a levy; the fraction of the month in which neither
    /// licence nor cap applies; cost per package in use, USD; packages ordered.
    open: Vec<f64>,
    pub(super) free: Vec<f64>,
    pub(super) paid_usd: Vec<f64>,
    pub(super) units: Vec<f64>,
    /// Buyers of the market being processed.
    own: Vec<usize>,
}

impl OrderBook {
    pub fn new(layout: &MarketLayout) -> Self {
        let (customers, makers) = (layout.customers.len(), layout.makers);
        let chips = layout.maker_of.len();
        let row = || Vec::with_capacity(chips);
        let table = || Vec::with_capacity(customers * chips);
        Self {
            wanted: vec![0.0; makers],
            asked: vec![0.0; makers],
            pool_asked: [0.0; POOLS],
            withheld_share: vec![0.0; layout.markets],
            nests: Vec::with_capacity(makers),
            maker_of: Vec::with_capacity(chips),
            uses: Vec::with_capacity(chips),
            size: row(),
            unlevied_usd: row(),
            attractions: [Vec::with_capacity(chips), Vec::with_capacity(chips)],
            mask: row(),
            shares: row(),
            totals: row(),
            planned: row(),
            open: table(),
            free: table(),
            paid_usd: table(),
            units: table(),
            own: Vec::with_capacity(customers),
        }
    }

    pub fn reset(&mut self) {
        for column in [&mut self.wanted, &mut self.asked, &mut self.withheld_share] {
            column.fill(0.0);
        }
    }

    /// Spreads every wallet over the chips that it may buy.
    pub(super) fn place(&mut self, sale: &ForSale, buyers: &mut BuyerGroups) {
        self.tabulate_offers(sale, buyers.list.len());
        for b in 0..buyers.list.len() {
            self.tabulate_terms(sale, buyers, b);
            self.tabulate_prices(sale, buyers, b);
            let row = sale.row(b);
            let has_offers =
                self.compute_budget_shares(sale, &buyers.list[b], row.clone(), ChoiceSet::All);
            let buyer = &mut buyers.list[b];
            buyer.has_offers = has_offers;
            let orders = &mut self.units[row.clone()];
            let each = self.shares.iter().zip(&self.paid_usd[row]);
            for (order, (share, paid_usd)) in orders.iter_mut().zip(each) {
                *order = buyer.money_usd * share / paid_usd;
            }
            // A chip that is denied for a part of the month is bought in the rest of it.
            for &a in &buyers.restrictions[buyer.market].part_time {
                let a = usize::from(a);
                orders[a] *= sale.terms_in(buyer.market, a).open;
            }
        }
    }

    /// Writes the chips on sale as dense columns, the same for every buyer.
    fn tabulate_offers(&mut self, sale: &ForSale, buyers: usize) {
        let active = sale.active.len();
        self.maker_of.clear();
        self.uses.clear();
        self.size.clear();
        self.unlevied_usd.clear();
        self.attractions.iter_mut().for_each(Vec::clear);
        for &chip in sale.active {
            let offer = &sale.offers[usize::from(chip)];
            self.maker_of.push(sale.layout.maker_of[usize::from(chip)]);
            self.uses.push(offer.uses);
            self.size.push(offer.size);
            self.unlevied_usd
                .push(paid_usd(offer.price_usd, 0.0, sale.rules));
            for wallet in 0..2 {
                self.attractions[wallet]
                    .push([offer.attraction[wallet], offer.attraction_in_nest[wallet]]);
            }
        }
        find_nests(&self.maker_of, &mut self.nests);
        for column in [
            &mut self.shares,
            &mut self.totals,
            &mut self.planned,
            &mut self.mask,
        ] {
            column.resize(active, 0.0);
        }
        for table in [
            &mut self.open,
            &mut self.free,
            &mut self.paid_usd,
            &mut self.units,
        ] {
            table.resize(active * buyers, 0.0);
        }
    }

    /// Writes which chips one buyer may buy, and for which fraction of the month without licence or cap.
    fn tabulate_terms(&mut self, sale: &ForSale, buyers: &BuyerGroups, b: usize) {
        let (layout, row, buyer) = (sale.layout, sale.row(b), buyers.list[b]);
        if let Some(other) = buyers.list[..b]
            .iter()
            .position(|x| buyer.has_same_choice_set(x))
        {
            let other = sale.row(other);
            self.open.copy_within(other.clone(), row.start);
            self.free.copy_within(other, row.start);
            return;
        }
        let has_own_terms = buyers.has_own_terms[buyer.market];
        let (open, free) = (&mut self.open[row.clone()], &mut self.free[row]);
        for (a, (open, free)) in open.iter_mut().zip(free).enumerate() {
            let chip = sale.slot(a);
            let terms = sale.terms_in(buyer.market, a);
            let offered = terms.open > 0.0
                && layout.is_of_interest(buyer.kind, chip)
                // Brokers buy only what is closed in the target for most of the month.
                && (!buyer.kind.is_broker() || sale.terms_in(layout.target_market, a).open < 0.5);
            *open = f64::from(u8::from(offered));
            let bounded = has_own_terms && (terms.licensed() || terms.capped);
            *free = if offered && !bounded { terms.open } else { 0.0 };
        }
    }

    /// Writes the cost in use of each chip for one buyer. A levy counts in the choice as a higher price does.
    fn tabulate_prices(&mut self, sale: &ForSale, buyers: &BuyerGroups, b: usize) {
        let (row, market) = (sale.row(b), buyers.list[b].market);
        self.paid_usd[row.clone()].copy_from_slice(&self.unlevied_usd);
        for &a in &buyers.restrictions[market].watched {
            let a = usize::from(a);
            let levy_share = sale.terms_in(market, a).levy_share;
            if levy_share > 0.0 {
                let at = row.start + a;
                let dearer = paid_usd(sale.offers[sale.slot(a)].price_usd, levy_share, sale.rules);
                if self.open[at] > 0.0 {
                    self.open[at] =
                        maths::pow_of_positive(self.paid_usd[at] / dearer, sale.rules.choice_slope);
                }
                self.paid_usd[at] = dearer;
            }
        }
    }

    /// Writes `shares` of one buyer over a choice set; returns whether the set is not empty. `row` is the buyer's row.
    pub(super) fn compute_budget_shares(
        &mut self,
        sale: &ForSale,
        buyer: &BuyerGroup,
        row: Range<usize>,
        among: ChoiceSet,
    ) -> bool {
        let open = &self.open[row.clone()];
        let offered = match among {
            ChoiceSet::All => open,
            ChoiceSet::Free => {
                for (mask, free) in self.mask.iter_mut().zip(&self.free[row]) {
                    *mask = f64::from(u8::from(*free > 0.0));
                }
                &self.mask
            }
            ChoiceSet::Served(served) => {
                for ((mask, open), served) in self.mask.iter_mut().zip(open).zip(served) {
                    *mask = open * served;
                }
                &self.mask
            }
        };
        budget_shares(
            &self.attractions[buyer.wallet as usize],
            offered,
            &self.nests,
            sale.stack_in(buyer.market),
            &mut self.shares,
        )
    }

    /// Limits orders of chips under licence to what is authorised; the buyers of a market apply together.
    pub(super) fn limit_by_licences(
        &mut self,
        sale: &ForSale,
        buyers: &BuyerGroups,
        licences: &mut Licences,
    ) {
        let rules = sale.rules;
        let mut own = std::mem::take(&mut self.own);
        for market in (0..sale.layout.markets).filter(|m| buyers.has_own_terms[*m]) {
            own.clear();
            let list = buyers.list.iter().enumerate();
            own.extend(list.filter(|(_, x)| x.market == market).map(|(b, _)| b));
            let in_target = market == sale.layout.target_market;
            let days = if in_target {
                rules.licence_days_target
            } else {
                rules.licence_days_elsewhere
            };
            let decided_share = decided_share(days);
            for &a in &buyers.restrictions[market].watched {
                let a = usize::from(a);
                let terms = sale.terms_in(market, a);
                if !terms.licensed() {
                    continue;
                }
                let approval = match (in_target, terms.case_by_case) {
                    (false, _) => rules.approval_elsewhere,
                    (true, true) => rules.approval_case_by_case_target,
                    (true, false) => rules.approval_notify_target,
                };
                let at = |b: usize| sale.row(b).start + a;
                let wanted: f64 = own.iter().map(|b| self.units[at(*b)]).sum();
                let queue = sale.terms_index(market, a);
                let allowed = licences.decide(queue, wanted, approval, decided_share);
                if wanted > allowed {
                    for b in &own {
                        self.units[at(*b)] *= allowed / wanted;
                    }
                }
            }
        }
        self.own = own;
    }

    /// Spends money that licences, caps or closed days withheld on chips that need neither licence nor cap: buyers do not wait
    /// for a licence with unspent money. Brokers do not redirect.
    pub(super) fn redirect_withheld_money(
        &mut self,
        sale: &ForSale,
        buyers: &mut BuyerGroups,
        money: &CustomerMoney,
    ) {
        for b in 0..buyers.list.len() {
            if !buyers.list[b].kind.is_broker() {
                let rest = self.unordered_usd(sale, buyers, b);
                buyers.list[b].withheld_usd = rest;
                self.order_unrestricted(sale, &buyers.list[b], sale.row(b), rest);
            }
        }
        for (market, withheld) in self.withheld_share.iter_mut().enumerate() {
            let (mut usd, mut kept_back) = (0.0, 0.0);
            for &k in &buyers.customers_of_market[market] {
                let k = usize::from(k);
                let buyer = &buyers.list[usize::from(buyers.group_of[k])];
                if !buyer.kind.is_broker() && !buyer.kind.is_state_procurement() {
                    usd += money.wallet_usd[k].max(0.0);
                    kept_back += buyer.withheld_usd * buyers.share_of_group[k];
                }
            }
            *withheld = if usd > 0.0 {
                (kept_back / usd).clamp(0.0, 1.0)
            } else {
                0.0
            };
        }
    }

    /// Money of a buyer that is in no order, USD.
    fn unordered_usd(&self, sale: &ForSale, buyers: &BuyerGroups, b: usize) -> f64 {
        let (row, buyer) = (sale.row(b), &buyers.list[b]);
        let money = buyer.money_usd;
        if !buyers.has_own_terms[buyer.market] {
            // Nothing limits its orders.
            return if buyer.has_offers { 0.0 } else { money };
        }
        let ordered: f64 = self.units[row.clone()]
            .iter()
            .zip(&self.paid_usd[row])
            .map(|(units, paid_usd)| units * paid_usd)
            .sum();
        let rest = money - ordered;
        if rest > 1e-6 * money { rest } else { 0.0 }
    }

    /// Orders `usd` among chips that need neither licence nor cap.
    fn order_unrestricted(
        &mut self,
        sale: &ForSale,
        buyer: &BuyerGroup,
        row: Range<usize>,
        usd: f64,
    ) {
        if usd <= 0.0 {
            return;
        }
        self.compute_budget_shares(sale, buyer, row.clone(), ChoiceSet::Free);
        let each = self
            .shares
            .iter()
            .zip(&self.free[row.clone()])
            .zip(&self.paid_usd[row.clone()]);
        for (order, ((share, free), paid_usd)) in self.units[row].iter_mut().zip(each) {
            *order += usd * share * free / paid_usd;
        }
    }

    /// Records orders by maker and pool, and the orders that makers plan capacity by: new ones and a twelfth of the backlog.
    pub(super) fn record(&mut self, sale: &ForSale, buyers: &BuyerGroups) {
        self.wanted.fill(0.0);
        self.asked.fill(0.0);
        self.pool_asked = [0.0; POOLS];
        self.totals.fill(0.0);
        self.planned.fill(0.0);
        for (b, buyer) in buyers.list.iter().enumerate() {
            let orders = &self.units[sale.row(b)];
            let sums = self.totals.iter_mut().zip(&mut self.planned);
            for (units, (total, plan)) in orders.iter().zip(sums) {
                *total += units;
                *plan += units * buyer.planned_part;
            }
        }
        for a in 0..sale.active.len() {
            let maker = usize::from(self.maker_of[a]);
            self.wanted[maker] += self.planned[a] * self.size[a];
            self.asked[maker] += self.totals[a] * self.size[a];
            for (asked, uses) in self.pool_asked.iter_mut().zip(&self.uses[a]) {
                *asked += self.totals[a] * uses;
            }
        }
    }
}

/// Cost of a chip in use, USD: its price, the part of a levy that is passed on, and the server around it.
fn paid_usd(price_usd: f64, levy_share: f64, rules: &MarketRules) -> f64 {
    price_usd * (1.0 + rules.levy_pass_through * levy_share / (1.0 - levy_share).max(1e-9))
        + rules.host_cost_usd
}
