//! The chip market: offers, orders, licences, caps, allocation of scarce supply, and deliveries.
//!
//! [`ChipMarket::trade`] is one month on one page. Each table has one owner, the file that declares and writes it.

pub mod allocation;
pub mod buyer_table;
pub mod buyers;
pub mod caps;
pub mod choice;
pub mod delivery;
pub mod licences;
pub mod money;
pub mod orders;
pub mod state;
mod trade;

use std::sync::Arc;

use bevy_ecs::resource::Resource;
use bevy_ecs::system::ResMut;

use crate::foundation::bloc::Bloc;
use allocation::Allocation;
use buyers::BuyerGroups;
use caps::CountryCaps;
use delivery::Deliveries;
use licences::Licences;
use money::CustomerMoney;
use orders::OrderBook;
use state::{BudgetPurpose, ChipOffer, MarketAccounts, MarketLayout, SaleTerms, stock_index};

/// System at the start of a run: empties the market.
pub fn begin_market(mut market: ResMut<ChipMarket>) {
    market.reset();
}

/// The chip market of a run.
#[derive(Resource, Clone, Debug)]
pub struct ChipMarket {
    pub layout: Arc<MarketLayout>,
    /// Chip slots on sale this month, ascending.
    pub active: Vec<u16>,
    /// By chip slot.
    pub offers: Vec<ChipOffer>,
    /// Terms by market and chip slot; written through [`ChipMarket::set_terms`].
    pub terms: Vec<SaleTerms>,
    /// Attraction of each maker's software by market and maker.
    pub stack: Vec<f64>,
    pub money: CustomerMoney,
    pub buyers: BuyerGroups,
    pub orders: OrderBook,
    pub licences: Licences,
    pub caps: CountryCaps,
    pub allocation: Allocation,
    pub deliveries: Deliveries,
    pub accounts: MarketAccounts,
}

impl ChipMarket {
    pub fn new(layout: Arc<MarketLayout>) -> Self {
        let (customers, markets, makers) = (layout.customers.len(), layout.markets, layout.makers);
        let chips = layout.maker_of.len();
        Self {
            active: Vec::with_capacity(chips),
            offers: vec![ChipOffer::default(); chips],
            terms: vec![SaleTerms::FREE; markets * chips],
            stack: vec![1.0; markets * makers],
            money: CustomerMoney::new(customers),
            buyers: BuyerGroups::new(&layout),
            orders: OrderBook::new(&layout),
            licences: Licences::new(markets * chips),
            caps: CountryCaps::new(&layout),
            allocation: Allocation::new(&layout),
            deliveries: Deliveries::new(&layout),
            accounts: MarketAccounts::default(),
            layout,
        }
    }

    /// Empties the market and keeps the allocated memory.
    fn reset(&mut self) {
        self.active.clear();
        self.offers.fill(ChipOffer::default());
        self.terms.fill(SaleTerms::FREE);
        self.stack.fill(1.0);
        self.money.reset();
        self.buyers.reset();
        self.orders.reset();
        self.licences.reset();
        self.caps.reset();
        self.allocation.reset();
        self.deliveries.reset();
        self.accounts = MarketAccounts::default();
    }

    /// Sets the terms of one chip in one market. If no licence is needed any more, pending and unused licences lapse.
    pub fn set_terms(&mut self, market: usize, chip: usize, terms: SaleTerms) {
        let at = market * self.layout.maker_of.len() + chip;
        let before = self.terms[at];
        if before != terms {
            if before.licensed() && !terms.licensed() {
                self.licences.queues[at].lapse();
            }
            self.terms[at] = terms;
            self.buyers.mark_stale();
            self.orders.forget_terms(chip);
        }
    }

    /// Packages delivered to users of a bloc this month, for training and serving together, by chip slot.
    pub fn sold_in(&self, bloc: usize, chip: usize) -> f64 {
        self.deliveries.sold_in(bloc, chip)
    }

    /// Packages delivered to one customer this month.
    pub fn delivered(&self, customer: usize, chip: usize) -> f64 {
        let at = self.active.iter().position(|c| usize::from(*c) == chip);
        at.map_or(0.0, |a| self.buyers.bought_by(customer, a))
    }

    /// Moves a broker's purchases to users in the target, less the share `seized`; the share `for_training` of what
    /// arrives trains, the rest serves. Calls `bought` with each chip slot and the packages bought.
    ///
    /// `stock += bought * (1 - seized) * part`, packages. Seized chips are lost to everybody. Without purchases nothing
    /// happens.
    pub fn divert_chips(
        &mut self,
        broker_customer: usize,
        seized: f64,
        for_training: f64,
        mut bought: impl FnMut(usize, f64),
    ) {
        let share = self.buyers.share_of_group[broker_customer];
        if share == 0.0 {
            return;
        }
        let buyer = usize::from(self.buyers.group_of[broker_customer]);
        for (a, &slot) in self.active.iter().enumerate() {
            let (slot, units) = (usize::from(slot), share * self.buyers.bought.at(a, buyer));
            let at = stock_index(slot, Bloc::Target as usize, BudgetPurpose::Training);
            let arrived = units * (1.0 - seized);
            self.deliveries.stock[at] += arrived * for_training;
            self.deliveries.stock[at + 1] += arrived * (1.0 - for_training);
            self.deliveries.diverted_units[slot] += arrived;
            bought(slot, units);
        }
    }
}
