//! Orders: every buyer spreads its money over the chips that it may buy; licences limit the volume.

use super::buyer_table::{BuyerTable, clear_column, new_column};
use super::buyers::{BuyerGroups, WithheldBy};
use super::choice::{BudgetChoice, ChipAttraction, MakerNest, find_nests};
use super::licences::{Licences, decided_share};
use super::money::CustomerMoney;
use super::state::{BudgetPurpose, ForSale, MarketLayout, MarketRules};
use crate::foundation::maths;
use crate::technology::supply::POOLS;

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
    attractions: Vec<ChipAttraction>,
    /// Packages ordered by all buyers, and those by which makers plan capacity.
    pub(super) totals: Vec<f64>,
    planned: Vec<f64>,
    /// By chip slot and buyer: 1 where the chip can be bought, less under a levy; the fraction of the month in which neither
    /// licence nor cap applies. Rows are kept as long as buyers and the terms of the chip stay.
    open: BuyerTable,
    free: BuyerTable,
    /// By active chip and buyer: the same as `open` among the chips of a maker, where buyers mind the price more.
    open_in_nest: BuyerTable,
    tabulated: Vec<bool>,
    /// By active chip and buyer: cost per package in use, USD; packages ordered.
    pub(super) paid_usd: BuyerTable,
    pub(super) units: BuyerTable,
    /// By buyer: its money, what is ordered of it, USD; the first buyer with the same choice set.
    money_usd: Vec<f64>,
    ordered_usd: Vec<f64>,
    same_choice_set: Vec<usize>,
    choice: BudgetChoice,
    /// Buyers with withheld money, and their choice among free chips.
    waiting: Vec<usize>,
    waiting_usd: Vec<f64>,
    open_to_waiting: Vec<f64>,
    open_to_waiting_in_nest: Vec<f64>,
    free_choice: BudgetChoice,
    /// Buyers of the market being processed.
    own: Vec<usize>,
}

impl OrderBook {
    pub fn new(layout: &MarketLayout) -> Self {
        let (customers, makers) = (layout.customers.len(), layout.makers);
        let chips = layout.maker_of.len();
        let row = || Vec::with_capacity(chips);
        let table = || BuyerTable::with_capacity(chips, customers);
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
            attractions: Vec::with_capacity(chips),
            totals: row(),
            planned: row(),
            open: table(),
            free: table(),
            open_in_nest: table(),
            tabulated: vec![false; chips],
            paid_usd: table(),
            units: table(),
            money_usd: new_column(customers),
            ordered_usd: new_column(customers),
            same_choice_set: Vec::with_capacity(customers),
            choice: BudgetChoice::new(chips, makers, customers),
            waiting: Vec::with_capacity(customers),
            waiting_usd: Vec::with_capacity(customers),
            open_to_waiting: new_column(customers),
            open_to_waiting_in_nest: new_column(customers),
            free_choice: BudgetChoice::new(chips, makers, customers),
            own: Vec::with_capacity(customers),
        }
    }

    pub fn reset(&mut self) {
        for column in [&mut self.wanted, &mut self.asked, &mut self.withheld_share] {
            column.fill(0.0);
        }
        self.tabulated.fill(false);
    }

    /// Notes that the terms of a chip have changed.
    pub(super) fn forget_terms(&mut self, chip: usize) {
        self.tabulated[chip] = false;
    }

    /// Spreads every wallet over the chips that it may buy: `units = money * share * open / paid`.
    ///
    /// `units` are packages, `money` and `paid` (the cost of a chip in use) are USD. `share` is that of
    /// [`BudgetChoice`]. `open` is the fraction of the month in which no rule denies the sale. A chip that is open for
    /// any part of the month counts in full in the choice; the money of its closed days is withheld (see
    /// `redirect_withheld_money`). A buyer without a chip on offer orders nothing. Source: see `choice_slope`,
    /// `choice_nest` and `host_cost_usd`.
    pub(super) fn place(&mut self, sale: &ForSale, buyers: &mut BuyerGroups) {
        self.tabulate_offers(sale, buyers.list.len());
        self.tabulate_buyers(sale, buyers);
        for a in 0..sale.active.len() {
            self.tabulate_terms(sale, buyers, a);
        }
        self.tabulate_prices(sale, buyers);
        for (n, nest) in self.nests.iter().enumerate() {
            self.choice.begin_nest(n);
            for a in nest.chips() {
                let open = (self.open.row(sale.slot(a)), self.open_in_nest.row(a));
                self.choice.weigh_chip(n, a, open, &self.attractions[a]);
            }
            self.choice.end_nest(n);
        }
        self.choice.find_parts(self.nests.len());
        for (n, nest) in self.nests.iter().enumerate() {
            for a in nest.chips() {
                let share = (self.choice.weight.row(a), self.choice.part.row(n));
                let units = self.units.row_mut(a);
                spend(&self.money_usd, share, self.paid_usd.row(a), units);
            }
        }
        for (b, buyer) in buyers.list.iter_mut().enumerate() {
            buyer.has_offers = self.choice.total[b] > 0.0;
            // A chip that is denied for a part of the month is bought in the rest of it.
            for &a in &buyers.restrictions[buyer.market].part_time {
                let a = usize::from(a);
                let open = sale.terms_in(buyer.market, a).open;
                let units = self.units.at_mut(a, b);
                buyer.closed_usd += *units * (1.0 - open) * self.paid_usd.at(a, b);
                *units *= open;
            }
        }
    }

    /// Writes the chips on sale as dense columns, the same for every buyer.
    fn tabulate_offers(&mut self, sale: &ForSale, buyers: usize) {
        let chips = sale.active.len();
        self.maker_of.clear();
        self.uses.clear();
        self.size.clear();
        self.unlevied_usd.clear();
        self.attractions.clear();
        for &chip in sale.active {
            let offer = &sale.offers[usize::from(chip)];
            self.maker_of.push(sale.layout.maker_of[usize::from(chip)]);
            self.uses.push(offer.uses);
            self.size.push(offer.size);
            self.unlevied_usd
                .push(paid_usd(offer.price_usd, 0.0, sale.rules));
            self.attractions.push(ChipAttraction {
                whole: offer.attraction,
                in_nest: offer.attraction_in_nest,
            });
        }
        find_nests(&self.maker_of, &mut self.nests);
        for column in [&mut self.totals, &mut self.planned] {
            column.resize(chips, 0.0);
        }
        for table in [&mut self.paid_usd, &mut self.units, &mut self.open_in_nest] {
            table.resize(chips, buyers);
        }
        for column in [&mut self.money_usd, &mut self.ordered_usd] {
            clear_column(column, buyers);
        }
        self.choice.resize(chips, self.nests.len(), buyers);
    }

    /// Writes the money and the purpose of every buyer, and how it values the software of makers.
    fn tabulate_buyers(&mut self, sale: &ForSale, buyers: &BuyerGroups) {
        let list = &buyers.list;
        for (b, buyer) in list.iter().enumerate() {
            self.money_usd[b] = buyer.money_usd;
            self.choice.serves[b] = f64::from(u8::from(buyer.wallet == BudgetPurpose::Serving));
        }
        for (n, nest) in self.nests.iter().enumerate() {
            let stacks = self.choice.stack.row_mut(n).iter_mut();
            for (stack, buyer) in stacks.zip(list) {
                *stack = sale.stack_in(buyer.market)[usize::from(nest.maker)];
            }
        }
        if buyers.changed {
            self.tabulated.fill(false);
            for table in [&mut self.open, &mut self.free] {
                table.resize(sale.layout.maker_of.len(), list.len());
            }
            self.same_choice_set.clear();
            self.same_choice_set
                .extend(list.iter().enumerate().map(|(b, buyer)| {
                    let same = list[..b].iter().position(|x| buyer.has_same_choice_set(x));
                    same.unwrap_or(b)
                }));
        }
    }

    /// Writes which buyers may buy the `a`-th active chip (`open`, 0 or 1), and for which fraction of the month without
    /// licence or cap (`free`).
    ///
    /// `free = terms.open` where the chip is offered to the buyer and needs neither licence nor cap, else 0. Brokers
    /// are offered what is closed in the target for more than half of the month. Assumption; no source is recorded for
    /// the half.
    fn tabulate_terms(&mut self, sale: &ForSale, buyers: &BuyerGroups, a: usize) {
        let (layout, chip) = (sale.layout, sale.slot(a));
        if std::mem::replace(&mut self.tabulated[chip], true) {
            return;
        }
        let (open, free) = (self.open.row_mut(chip), self.free.row_mut(chip));
        for (b, buyer) in buyers.list.iter().enumerate() {
            let other = self.same_choice_set[b];
            if other < b {
                (open[b], free[b]) = (open[other], free[other]);
                continue;
            }
            let terms = sale.terms_in(buyer.market, a);
            let offered = terms.open > 0.0
                && layout.is_of_interest(buyer.kind, chip)
                // Brokers buy only what is closed in the target for most of the month.
                && (!buyer.kind.is_broker() || sale.terms_in(layout.target_market, a).open < 0.5);
            let bounded = terms.licensed() || terms.capped;
            open[b] = f64::from(u8::from(offered));
            free[b] = if offered && !bounded { terms.open } else { 0.0 };
        }
    }

    /// Writes the cost in use of each chip for every buyer, USD a package (see `paid_usd`). A levy counts in the choice
    /// as a higher price does: it takes `(paid without / paid with) ^ slope` among makers, and the same to the power of
    /// `slope / nest` among the chips of one.
    fn tabulate_prices(&mut self, sale: &ForSale, buyers: &BuyerGroups) {
        for (a, paid_usd) in self.unlevied_usd.iter().enumerate() {
            self.paid_usd.row_mut(a).fill(*paid_usd);
            let open = self.open.row(sale.slot(a));
            self.open_in_nest.row_mut(a).copy_from_slice(open);
        }
        for (b, buyer) in buyers.list.iter().enumerate() {
            for &a in &buyers.restrictions[buyer.market].watched {
                let a = usize::from(a);
                let levy_share = sale.terms_in(buyer.market, a).levy_share;
                if levy_share > 0.0 {
                    let price_usd = sale.offers[sale.slot(a)].price_usd;
                    let dearer = paid_usd(price_usd, levy_share, sale.rules);
                    let open = self.open.at_mut(sale.slot(a), b);
                    if *open > 0.0 {
                        let ratio = self.unlevied_usd[a] / dearer;
                        let slope = sale.rules.choice_slope;
                        *open = maths::pow_of_positive(ratio, slope);
                        let in_nest = maths::pow_of_positive(ratio, slope / sale.rules.choice_nest);
                        *self.open_in_nest.at_mut(a, b) = in_nest;
                    }
                    *self.paid_usd.at_mut(a, b) = dearer;
                }
            }
        }
    }

    /// Limits orders of chips under licence to what is authorised: `units' = units * min(1, authorised / wanted)`.
    ///
    /// `wanted` are the packages of one chip that all buyers of a market would order; they apply together (see
    /// [`Licences`] and `LicenceQueue::decide`), and each loses the same fraction. In the target a chip under both
    /// kinds of licence is decided case by case. Source: see `licence_days_target`, `licence_days_elsewhere`,
    /// `approval_case_by_case_target`, `approval_notify_target` and `approval_elsewhere`.
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
                let wanted: f64 = own.iter().map(|b| self.units.at(a, *b)).sum();
                let queue = sale.terms_index(market, a);
                let allowed = licences.decide(queue, wanted, approval, decided_share);
                if wanted > allowed {
                    for b in &own {
                        *self.units.at_mut(a, *b) *= allowed / wanted;
                    }
                }
            }
        }
        self.own = own;
    }

    /// Orders once more with money that licences, caps or closed days withheld, among chips that are free: those that
    /// need neither licence nor cap.
    ///
    /// ```text
    /// withheld = money - sum(units * paid)                      counted where it is more than 1e-6 of the money
    /// closed   = sum(units before * (1 - open) * paid)          the part of closed days
    /// units'   = units + closed * share among chips that are free all month / paid
    ///                  + (withheld - closed) * share among free chips * free / paid
    /// withheld share of a market = sum of withheld / sum of wallets
    /// ```
    ///
    /// USD and packages; `free` is the fraction of the month. Chips with closed days share these days, so their money
    /// goes to chips that have none. Brokers do not redirect. Money that finds no free chip, or closed days once more,
    /// stays in the wallet. All withheld money counts in the share of the market, redirected or not, except that of
    /// brokers, of state procurement, and of owners without a chip on sale, who are denied nothing; any other buyer with
    /// no chip on offer withholds all of its money. Assumption: buyers do not wait for a licence with unspent money; no
    /// source is recorded.
    pub(super) fn redirect_withheld_money(
        &mut self,
        sale: &ForSale,
        buyers: &mut BuyerGroups,
        money: &CustomerMoney,
    ) {
        self.add_up_orders(sale);
        for (b, buyer) in buyers.list.iter_mut().enumerate() {
            let money_usd = buyer.money_usd;
            let unordered_usd = match buyers.has_own_terms[buyer.market] {
                _ if buyer.kind.owns_none_of(&self.maker_of) => 0.0,
                true => money_usd - self.ordered_usd[b],
                // Nothing limits its orders.
                false if buyer.has_offers => 0.0,
                false => money_usd,
            };
            if !buyer.kind.is_broker() && unordered_usd > 1e-6 * money_usd {
                buyer.withheld_usd = unordered_usd;
            }
        }
        for by in [WithheldBy::Licences, WithheldBy::ClosedDays] {
            self.waiting.clear();
            self.waiting_usd.clear();
            for (b, buyer) in buyers.list.iter().enumerate() {
                let usd = buyer.withheld_by(by);
                if usd > 1e-6 * buyer.money_usd {
                    self.waiting.push(b);
                    self.waiting_usd.push(usd);
                }
            }
            if !self.waiting.is_empty() {
                self.order_unrestricted(sale, by);
            }
        }
        for (market, withheld) in self.withheld_share.iter_mut().enumerate() {
            let (mut usd, mut kept_back) = (0.0, 0.0);
            for &k in &buyers.customers_of_market[market] {
                let k = usize::from(k);
                let Some(buyer) = buyers.list.get(usize::from(buyers.group_of[k])) else {
                    continue;
                };
                let counts = !buyer.kind.is_broker()
                    && !buyer.kind.is_state_procurement()
                    && !buyer.kind.owns_none_of(&self.maker_of);
                if counts {
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

    /// Writes what the orders of every buyer cost, USD: `ordered = sum(units * paid)`.
    fn add_up_orders(&mut self, sale: &ForSale) {
        self.ordered_usd.fill(0.0);
        for a in 0..sale.active.len() {
            let (units, paid_usd) = (self.units.row(a), self.paid_usd.row(a));
            add_spending(units, paid_usd, &mut self.ordered_usd);
        }
    }

    /// Orders withheld money of one kind among the chips that take it: `units += usd * weight * part * free / paid`.
    fn order_unrestricted(&mut self, sale: &ForSale, by: WithheldBy) {
        // Money of closed days turns to chips that have none.
        let least = match by {
            WithheldBy::Licences => f64::MIN_POSITIVE,
            WithheldBy::ClosedDays => 1.0,
        };
        let (choice, waiting) = (&mut self.free_choice, &self.waiting);
        choice.resize(sale.active.len(), self.nests.len(), waiting.len());
        for column in [&mut self.open_to_waiting, &mut self.open_to_waiting_in_nest] {
            clear_column(column, waiting.len());
        }
        for (i, &b) in waiting.iter().enumerate() {
            choice.serves[i] = self.choice.serves[b];
        }
        for (n, nest) in self.nests.iter().enumerate() {
            choice.begin_nest(n);
            let stacks = self.choice.stack.row(n);
            for (stack, &b) in choice.stack.row_mut(n).iter_mut().zip(waiting) {
                *stack = stacks[b];
            }
            for a in nest.chips() {
                let free = self.free.row(sale.slot(a));
                let (all, nest) = (self.open.row(sale.slot(a)), self.open_in_nest.row(a));
                let open = self.open_to_waiting.iter_mut();
                for ((open, in_nest), &b) in
                    open.zip(&mut self.open_to_waiting_in_nest).zip(waiting)
                {
                    (*open, *in_nest) = if free[b] < least {
                        (0.0, 0.0)
                    } else {
                        (all[b], nest[b])
                    };
                }
                let open = (&self.open_to_waiting[..], &self.open_to_waiting_in_nest[..]);
                choice.weigh_chip(n, a, open, &self.attractions[a]);
            }
            choice.end_nest(n);
        }
        choice.find_parts(self.nests.len());
        for (n, nest) in self.nests.iter().enumerate() {
            for a in nest.chips() {
                let (free, paid_usd) = (self.free.row(sale.slot(a)), self.paid_usd.row(a));
                let units = self.units.row_mut(a);
                let shares = choice.weight.row(a).iter().zip(choice.part.row(n));
                let waiting = waiting.iter().zip(&self.waiting_usd);
                for ((&b, usd), (weight, part)) in waiting.zip(shares) {
                    units[b] += usd * (weight * part) * free[b] / paid_usd[b];
                }
            }
        }
    }

    /// Writes into `part` the orders that `usd` of every buyer is worth where chips are `served`:
    /// `part = usd * share * free / paid`, packages.
    ///
    /// `share` is the choice among all served chips that are on offer, those under licence or a cap included. `free` is
    /// 0 for these, so their share of the money is not ordered here.
    pub(super) fn order_served(
        &mut self,
        sale: &ForSale,
        served: &[bool],
        usd: &[f64],
        part: &mut BuyerTable,
    ) {
        for (n, nest) in self.nests.iter().enumerate() {
            let made = nest.chips().filter(|a| served[*a]).count();
            // What was weighed when orders were placed holds where all chips of a maker are served.
            if made == nest.chips().len() {
                continue;
            }
            self.choice.begin_nest(n);
            for a in nest.chips() {
                let open = (self.open.row(sale.slot(a)), self.open_in_nest.row(a));
                if served[a] {
                    self.choice.weigh_chip(n, a, open, &self.attractions[a]);
                } else {
                    self.choice.weight.row_mut(a).fill(0.0);
                }
            }
            self.choice.end_nest(n);
        }
        self.choice.find_parts(self.nests.len());
        for (n, nest) in self.nests.iter().enumerate() {
            for a in nest.chips() {
                if !served[a] {
                    part.row_mut(a).fill(0.0);
                    continue;
                }
                let share = (self.choice.weight.row(a), self.choice.part.row(n));
                let free = self.free.row(sale.slot(a));
                spend_freely(usd, share, free, self.paid_usd.row(a), part.row_mut(a));
            }
        }
    }

    /// Share of its money that a buyer spends on the `a`-th active chip, as last computed.
    pub(super) fn share(&self, a: usize, b: usize) -> f64 {
        let of_maker = |nest: &MakerNest| nest.chips().contains(&a);
        let nest = self.nests.iter().position(of_maker);
        nest.map_or(0.0, |n| {
            self.choice.weight.at(a, b) * self.choice.part.at(n, b)
        })
    }

    /// Adds up orders by maker and pool, after licences, caps and redirection.
    ///
    /// ```text
    /// asked(maker)     = sum(units * size)
    /// wanted(maker)    = sum(units * planned part * size)
    /// pool_asked(pool) = sum(units * uses)
    /// ```
    ///
    /// `size` is in standard packages, `uses` in pool units a package. Makers plan capacity by `wanted`: new orders and
    /// a twelfth of the backlog (see `BuyerGroups::group`). Prices follow `asked`. Assumption; no source is recorded
    /// for the twelfth.
    pub(super) fn record(&mut self, sale: &ForSale, buyers: &BuyerGroups) {
        self.wanted.fill(0.0);
        self.asked.fill(0.0);
        self.pool_asked = [0.0; POOLS];
        for a in 0..sale.active.len() {
            let (mut total, mut planned) = (0.0, 0.0);
            for (units, buyer) in self.units.row(a).iter().zip(&buyers.list) {
                total += units;
                planned += units * buyer.planned_part;
            }
            (self.totals[a], self.planned[a]) = (total, planned);
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

/// Packages that money buys: `units = money * share / paid`, the share being weight times part.
fn spend(money: &[f64], (weights, parts): (&[f64], &[f64]), paid: &[f64], units: &mut [f64]) {
    let each = money.iter().zip(weights.iter().zip(parts)).zip(paid);
    for (units, ((money, (weight, part)), paid)) in units.iter_mut().zip(each) {
        *units = money * (weight * part) / paid;
    }
}

/// The same in the part of a month in which neither licence nor cap applies: `units = usd * share * free / paid`.
fn spend_freely(
    usd: &[f64],
    (weights, parts): (&[f64], &[f64]),
    free: &[f64],
    paid: &[f64],
    units: &mut [f64],
) {
    let shares = weights.iter().zip(parts);
    let each = usd.iter().zip(shares).zip(free).zip(paid);
    for (units, (((usd, (weight, part)), free), paid)) in units.iter_mut().zip(each) {
        *units = usd * (weight * part) * free / paid;
    }
}

/// Adds what packages cost.
pub(super) fn add_spending(units: &[f64], paid_usd: &[f64], spent_usd: &mut [f64]) {
    for ((spent_usd, units), paid_usd) in spent_usd.iter_mut().zip(units).zip(paid_usd) {
        *spent_usd += units * paid_usd;
    }
}

/// What buyers pay above the price of a chip under a levy, as a part of the price. The levy is a part of what is paid.
/// A maker that passes all of it on receives its price, and one that passes nothing on receives the price less the levy
/// on it:
///
/// ```text
/// paid = price * (1 + levy_pass_through * levy_share / (1 - levy_share))
/// levy = levy_share * paid
/// received = paid - levy = price * (1 - (1 - levy_pass_through) * levy_share)
/// ```
///
/// A `levy_share` of 1 is treated as the largest below it. Source: see `levy_pass_through`.
pub(super) fn levy_passed_on(levy_share: f64, rules: &MarketRules) -> f64 {
    rules.levy_pass_through * levy_share / (1.0 - levy_share).max(1e-9)
}

/// What the maker of a chip under a levy receives less than its price, as a part of the price:
/// `(1 - levy_pass_through) * levy_share` (see [`levy_passed_on`]).
pub(super) fn levy_borne(levy_share: f64, rules: &MarketRules) -> f64 {
    (1.0 - rules.levy_pass_through) * levy_share
}

/// Cost of a chip in use, USD: what is paid for it, and the server around it,
/// `price * (1 + levy passed on) + host_cost_usd`.
fn paid_usd(price_usd: f64, levy_share: f64, rules: &MarketRules) -> f64 {
    price_usd * (1.0 + levy_passed_on(levy_share, rules)) + rules.host_cost_usd
}
