//! The chip market of one month: budgets, orders, limits by licences and caps, and the accounts that must balance.
//!
//! Orders do not queue. Money that a buyer could not spend stays in its wallet, is ordered again next month among the chips
//! then on offer, and lapses slowly. The backlog is this carried money.

use bevy_ecs::resource::Resource;

use super::buyers::BuyerGroups;
use super::caps::{MarketImports, NationImports};
use super::choice::{MakerNest, budget_shares, find_nests};
use super::delivery::AllocationRound;
use super::licences::{LicenceQueue, decided_share};
use super::rationing::{AvailableSupply, SupplyClaim};
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::technology::supply::POOLS;

/// Rows of tables by bloc and wallet.
pub const ROWS: usize = 6;

/// Upper bound on the number of makers; fixed arrays keep the month loop free of allocation.
pub const MAKERS_MAX: usize = 64;

/// What a budget buys compute for; each customer has one purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum BudgetPurpose {
    Training = 0,
    Serving = 1,
}

/// Index of a chip slot, bloc and wallet in tables of packages: `[chip slot][bloc][wallet]`.
pub const fn stock_index(chip: usize, bloc: usize, wallet: BudgetPurpose) -> usize {
    chip * ROWS + 2 * bloc + wallet as usize
}

/// Kind of a customer; it decides which chips the customer may buy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CustomerKind {
    /// Buys any chip that is for sale in its market.
    Ordinary,
    /// Owns captive chips and buys only these.
    CaptiveOwner,
    /// Demand that the target's state directs to chips made at home.
    StateProcurement,
    /// Brokers of a hub, who buy for users in the target.
    Broker,
}

impl CustomerKind {
    pub fn is_captive(self) -> bool {
        self == Self::CaptiveOwner
    }

    pub fn is_state_procurement(self) -> bool {
        self == Self::StateProcurement
    }

    pub fn is_broker(self) -> bool {
        self == Self::Broker
    }
}

/// One budget: a market's training or serving wallet, or that of owners of captive chips, of the target's state, or of the
/// brokers of a hub.
#[derive(Clone, Copy, Debug)]
pub struct Customer {
    pub market: usize,
    pub wallet: BudgetPurpose,
    pub kind: CustomerKind,
}

/// Structure of the market; fixed within a run.
#[derive(Clone, Debug)]
pub struct MarketLayout {
    pub customers: Vec<Customer>,
    pub markets: usize,
    pub makers: usize,
    /// Maker of each chip slot; slots of one maker are adjacent.
    pub maker_of: Vec<u16>,
    /// Chip slots that only captive customers may buy.
    pub captive_chip: Vec<bool>,
    /// The market of the target nation: its orders carry the relationship weight.
    pub target_market: usize,
    /// Chips of makers of the target.
    pub target_made: Vec<bool>,
    /// Index of the bloc that each market belongs to.
    pub bloc_of_market: Vec<usize>,
    /// The market that each nation buys in, by row.
    pub market_of_nation: Vec<usize>,
}

/// Sale terms of one chip in one market this month, as the rules set them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SaleTerms {
    /// Fraction of the month in which a sale is not denied.
    pub open: f64,
    /// Volume is limited by notifications that the issuer may refuse.
    pub notify: bool,
    /// Volume is limited by licences that are decided case by case.
    pub case_by_case: bool,
    /// Volume draws on a cap of total processing performance.
    pub capped: bool,
    /// Share of the price that the issuer takes.
    pub levy_share: f64,
}

impl SaleTerms {
    pub const FREE: Self = Self {
        open: 1.0,
        notify: false,
        case_by_case: false,
        capped: false,
        levy_share: 0.0,
    };
    pub const DENIED: Self = Self {
        open: 0.0,
        ..Self::FREE
    };

    /// Whether the issuer has to decide on volume.
    pub fn licensed(&self) -> bool {
        self.notify || self.case_by_case
    }
}

/// Offer of one chip this month, the same in every market.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChipOffer {
    pub price_usd: f64,
    pub unit_cost_usd: f64,
    /// Standard packages of the maker's capacity that one package takes: its cost over that of the reference chip.
    pub size: f64,
    pub tpp: f64,
    /// Attraction of the chip for training and for serving, and the same within its maker's nest (see [`budget_shares`]).
    pub attraction: [f64; 2],
    pub attraction_in_nest: [f64; 2],
    /// Pool units a package.
    pub uses: [f64; POOLS],
}

/// Market rules from the parameters.
#[derive(Clone, Copy, Debug)]
pub struct MarketRules {
    pub relationship_share_target: f64,
    pub customary_share_target: f64,
    pub host_cost_usd: f64,
    pub choice_slope: f64,
    pub wallet_decay_per_month: f64,
    pub levy_pass_through: f64,
    pub quota_inertia: f64,
    pub approval_case_by_case_target: f64,
    pub approval_notify_target: f64,
    pub approval_elsewhere: f64,
    pub licence_days_target: f64,
    pub licence_days_elsewhere: f64,
    pub retirement_per_month: f64,
    pub advance_repay_per_month: f64,
}

impl MarketRules {
    pub fn of(p: &Parameters) -> Self {
        Self {
            relationship_share_target: p.relationship_share_target,
            customary_share_target: p.customary_share_target,
            host_cost_usd: p.host_cost_usd,
            choice_slope: p.choice_slope,
            wallet_decay_per_month: p.wallet_decay_per_month,
            levy_pass_through: p.levy_pass_through,
            quota_inertia: p.quota_inertia,
            approval_case_by_case_target: p.approval_case_by_case_target,
            approval_notify_target: p.approval_notify_target,
            approval_elsewhere: p.approval_elsewhere,
            licence_days_target: p.licence_days_target,
            licence_days_elsewhere: p.licence_days_elsewhere,
            retirement_per_month: p.retirement_per_year / 12.0,
            advance_repay_per_month: 1.0 / p.frontload_repay_months.max(1.0),
        }
    }
}

/// Money, orders and stocks of the chip market.
#[derive(Resource, Clone, Debug)]
pub struct ChipMarket {
    pub layout: std::sync::Arc<MarketLayout>,
    /// Money at hand by customer, USD.
    pub wallet_usd: Vec<f64>,
    /// Money advanced from later budgets by customer, USD.
    pub advance_usd: Vec<f64>,
    /// New money this month by customer, before repayment of advances.
    pub budget_usd: Vec<f64>,
    /// Money advanced this month by customer, USD.
    pub pulled_usd: Vec<f64>,
    /// Chip slots on sale this month, ascending.
    pub active: Vec<u16>,
    pub offers: Vec<ChipOffer>,
    /// Terms by market and chip slot; written through [`ChipMarket::set_terms`].
    pub terms: Vec<SaleTerms>,
    /// Attraction of each maker's software by market and maker.
    pub stack: Vec<f64>,
    /// Licences by market and chip slot.
    pub licences: Vec<LicenceQueue>,
    /// Indices into `licences` for which a licence was ever applied for.
    pub asked_for_licence: Vec<u32>,
    was_asked: Vec<bool>,
    /// Money that brokers took from each wallet before the trade, and returned after it, USD.
    pub taken_usd: Vec<f64>,
    pub returned_usd: Vec<f64>,
    /// Packages that brokers diverted to users in the target this month, by chip slot.
    pub diverted_units: Vec<f64>,
    /// Share of a market's money that licences, caps and closed days withheld from its orders this month.
    pub withheld_share: Vec<f64>,
    /// Remaining caps and shares of imports by nation.
    pub nations: Vec<NationImports>,
    /// Remaining TPP by `[cap][nation]`; up to date only for caps that are not in force.
    pub(super) caps_remaining_tpp: Vec<f64>,
    /// Packages delivered to users this month, by [`stock_index`].
    pub sold: Vec<f64>,
    /// Packages delivered to brokers this month, by chip slot.
    pub sold_to_brokers: Vec<f64>,
    /// Packages in use, by [`stock_index`].
    pub stock: Vec<f64>,
    /// Slots that have ever been on sale, in order of launch.
    pub in_use: Vec<u16>,
    was_used: Vec<bool>,
    /// Levies taken this month by maker, USD.
    pub levy_usd: Vec<f64>,
    /// Quota of each pool by maker, as a share.
    pub quota_share: Vec<[f64; POOLS]>,
    /// Standard packages by which each maker plans capacity: new orders plus a twelfth of the backlog.
    pub wanted: Vec<f64>,
    /// Standard packages ordered by maker, backlog included.
    pub asked: Vec<f64>,
    /// Pool units that the month's orders would have needed, and those that were used.
    pub pool_asked: [f64; POOLS],
    pub pool_used: [f64; POOLS],
    pub supply: AvailableSupply,
    pub accounts: MarketAccounts,
    /// Buyer groups of this month.
    pub buyers: BuyerGroups,
    pub(super) work: MonthWorkspace,
}

/// Sums of the month and their largest imbalance.
#[derive(Clone, Copy, Debug, Default)]
pub struct MarketAccounts {
    pub budget_usd: f64,
    pub advanced_usd: f64,
    pub repaid_usd: f64,
    pub spent_usd: f64,
    pub lapsed_usd: f64,
    pub levy_usd: f64,
    pub produced: f64,
    pub delivered: f64,
    pub retired: f64,
    /// Largest imbalance of money, chips, licences or pools this month, relative to the month's volume.
    pub imbalance: f64,
}

/// Dense tables of the month, kept to avoid allocation.
#[derive(Clone, Debug, Default)]
pub(super) struct MonthWorkspace {
    pub(super) nests: Vec<MakerNest>,
    pub(super) maker_of: Vec<u16>,
    pub(super) uses: Vec<[f64; POOLS]>,
    pub(super) size: Vec<f64>,
    /// By wallet: attraction, and attraction within the maker's nest (see [`budget_shares`]).
    pub(super) attractions: [Vec<[f64; 2]>; 2],
    pub(super) unlevied_usd: Vec<f64>,
    pub(super) mask: Vec<f64>,
    pub(super) shares: Vec<f64>,
    /// `[buyer][active chip]`: 1 where the chip can be bought, less under a levy; the fraction of the month in which neither
    /// licence nor cap applies; cost per package in use, USD; packages ordered; orders of the current round.
    pub(super) open: Vec<f64>,
    pub(super) free: Vec<f64>,
    pub(super) paid_usd: Vec<f64>,
    pub(super) orders: Vec<f64>,
    pub(super) part: Vec<f64>,
    pub(super) totals: Vec<f64>,
    pub(super) fill: Vec<f64>,
    pub(super) first_limit: Vec<f64>,
    pub(super) served: Vec<f64>,
    /// Packages bought: `[row of stock_index][active chip]`; the last row holds brokers.
    pub(super) by_row: Vec<f64>,
    pub(super) claims: Vec<SupplyClaim>,
    pub(super) bids: Vec<[f64; POOLS]>,
    pub(super) imports: Vec<MarketImports>,
    /// Buyers of the market being processed.
    pub(super) own: Vec<usize>,
}

impl MonthWorkspace {
    fn new(customers: usize, makers: usize, chips: usize) -> Self {
        let row = || Vec::with_capacity(chips);
        let table = || Vec::with_capacity(customers * chips);
        Self {
            nests: Vec::with_capacity(makers),
            maker_of: Vec::with_capacity(chips),
            uses: Vec::with_capacity(chips),
            size: row(),
            attractions: [Vec::with_capacity(chips), Vec::with_capacity(chips)],
            unlevied_usd: row(),
            mask: row(),
            shares: row(),
            open: table(),
            free: table(),
            paid_usd: table(),
            orders: table(),
            part: table(),
            totals: row(),
            fill: row(),
            first_limit: Vec::with_capacity(makers),
            served: row(),
            by_row: Vec::with_capacity((ROWS + 1) * chips),
            claims: Vec::with_capacity(makers),
            bids: vec![[0.0; POOLS]; makers],
            imports: Vec::new(),
            own: Vec::with_capacity(customers),
        }
    }
}

impl ChipMarket {
    pub fn new(layout: std::sync::Arc<MarketLayout>) -> Self {
        let (customers, markets, makers) = (layout.customers.len(), layout.markets, layout.makers);
        let chips = layout.maker_of.len();
        Self {
            wallet_usd: vec![0.0; customers],
            advance_usd: vec![0.0; customers],
            budget_usd: vec![0.0; customers],
            pulled_usd: vec![0.0; customers],
            active: Vec::with_capacity(chips),
            offers: vec![ChipOffer::default(); chips],
            terms: vec![SaleTerms::FREE; markets * chips],
            stack: vec![1.0; markets * makers],
            licences: vec![LicenceQueue::default(); markets * chips],
            asked_for_licence: Vec::with_capacity(markets * chips),
            was_asked: vec![false; markets * chips],
            taken_usd: vec![0.0; customers],
            returned_usd: vec![0.0; customers],
            diverted_units: vec![0.0; chips],
            withheld_share: vec![0.0; markets],
            nations: layout
                .market_of_nation
                .iter()
                .map(|m| NationImports::of(*m))
                .collect(),
            caps_remaining_tpp: Vec::new(),
            sold: vec![0.0; ROWS * chips],
            sold_to_brokers: vec![0.0; chips],
            stock: vec![0.0; ROWS * chips],
            in_use: Vec::with_capacity(chips),
            was_used: vec![false; chips],
            levy_usd: vec![0.0; makers],
            quota_share: vec![[0.0; POOLS]; makers],
            wanted: vec![0.0; makers],
            asked: vec![0.0; makers],
            pool_asked: [0.0; POOLS],
            pool_used: [0.0; POOLS],
            supply: AvailableSupply {
                maker_left: vec![0.0; makers],
                pool_left: [0.0; POOLS],
                quota_left: vec![[0.0; POOLS]; makers],
            },
            accounts: MarketAccounts::default(),
            buyers: BuyerGroups::new(customers, markets, chips),
            work: MonthWorkspace::new(customers, makers, chips),
            layout,
        }
    }

    /// Empties the market and keeps the allocated memory.
    pub fn reset(&mut self) {
        for column in [
            &mut self.wallet_usd,
            &mut self.advance_usd,
            &mut self.budget_usd,
            &mut self.pulled_usd,
            &mut self.taken_usd,
            &mut self.returned_usd,
            &mut self.diverted_units,
            &mut self.withheld_share,
            &mut self.sold,
            &mut self.sold_to_brokers,
            &mut self.stock,
            &mut self.levy_usd,
            &mut self.wanted,
            &mut self.asked,
        ] {
            column.fill(0.0);
        }
        self.active.clear();
        self.in_use.clear();
        self.was_used.fill(false);
        self.offers.fill(ChipOffer::default());
        self.terms.fill(SaleTerms::FREE);
        self.stack.fill(1.0);
        for at in self.asked_for_licence.drain(..) {
            self.licences[at as usize] = LicenceQueue::default();
            self.was_asked[at as usize] = false;
        }
        for nation in &mut self.nations {
            *nation = NationImports::of(nation.market);
        }
        self.quota_share.fill([0.0; POOLS]);
        self.accounts = MarketAccounts::default();
        self.buyers.clear();
    }

    pub(super) fn chips(&self) -> usize {
        self.layout.maker_of.len()
    }

    /// Packages delivered to users of a bloc this month, for training and serving together, by chip slot.
    pub fn sold_in(&self, bloc: usize, chip: usize) -> f64 {
        let at = stock_index(chip, bloc, BudgetPurpose::Training);
        self.sold[at] + self.sold[at + 1]
    }

    /// Records that packages of a chip can be in use from now on.
    pub fn mark_in_use(&mut self, chip: usize) {
        if !self.was_used[chip] {
            self.was_used[chip] = true;
            self.in_use.push(chip as u16);
        }
    }

    /// Packages delivered to one customer this month.
    pub fn delivered(&self, customer: usize, chip: usize) -> f64 {
        let at = self.active.iter().position(|c| usize::from(*c) == chip);
        at.map_or(0.0, |a| {
            let buyer = usize::from(self.buyers.group_of[customer]);
            self.buyers.share_of_group[customer] * self.buyers.bought[buyer * self.active.len() + a]
        })
    }

    /// Sets the terms of one chip in one market. If no licence is needed any more, pending and unused licences lapse.
    pub fn set_terms(&mut self, market: usize, chip: usize, terms: SaleTerms) {
        let at = market * self.chips() + chip;
        let before = self.terms[at];
        if before != terms {
            if before.licensed() && !terms.licensed() {
                self.licences[at].lapse();
            }
            self.terms[at] = terms;
            self.buyers.mark_stale();
        }
    }

    /// Runs one month of trade. `capacity` is in standard packages by maker, `pools` in units by pool.
    pub fn trade(&mut self, capacity: &[f64], pools: &[f64; POOLS], rules: &MarketRules) {
        let opening: f64 =
            self.wallet_usd.iter().sum::<f64>() - self.advance_usd.iter().sum::<f64>();
        self.accounts = MarketAccounts::default();
        self.levy_usd.fill(0.0);
        self.receive_budgets(rules);
        self.group_buyers();
        self.place_orders(rules);
        self.record_orders();
        self.set_quotas(capacity, pools, rules);
        self.allocate_round(AllocationRound::RelationshipFirst, capacity, rules);
        self.allocate_round(AllocationRound::TheRest, capacity, rules);
        self.reorder_unmet();
        self.settle_imports();
        self.close(opening, pools, rules);
    }

    /// Adds new money and advances, lets a share of carried money lapse, and repays advances.
    fn receive_budgets(&mut self, rules: &MarketRules) {
        for customer in 0..self.wallet_usd.len() {
            let lapsed = self.wallet_usd[customer] * rules.wallet_decay_per_month;
            let repaid = (self.advance_usd[customer] * rules.advance_repay_per_month)
                .min(self.budget_usd[customer]);
            self.wallet_usd[customer] +=
                self.budget_usd[customer] - repaid + self.pulled_usd[customer] - lapsed;
            self.advance_usd[customer] += self.pulled_usd[customer] - repaid;
            self.accounts.budget_usd += self.budget_usd[customer];
            self.accounts.advanced_usd += self.pulled_usd[customer];
            self.accounts.repaid_usd += repaid;
            self.accounts.lapsed_usd += lapsed;
        }
    }

    /// Spreads every wallet over the chips that it may buy; licences and caps limit the volume.
    fn place_orders(&mut self, rules: &MarketRules) {
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

    /// Range of a buyer's row in tables by buyer and active chip.
    pub(super) fn row(&self, b: usize) -> std::ops::Range<usize> {
        let active = self.active.len();
        b * active..(b + 1) * active
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
    fn record_orders(&mut self) {
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
