//! Country caps: how much each nation may still import of capped chips, and how the imports of a market are divided among its nations.

use super::buyer_table::BuyerTable;
use super::buyers::BuyerGroups;
use super::state::{ForSale, MarketLayout};

/// A cap of a regime.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportCap {
    /// Total processing performance (TPP) that each nation may import from the start.
    pub tpp: f64,
    /// Part of the TPP sold in the issuer each month that is added to it.
    pub home_share: f64,
    /// By slot: whether sales in the issuer count.
    pub counts: Vec<bool>,
}

/// Imports of one nation this month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NationImports {
    pub market: usize,
    /// Demand of its buyers this month, USD a year.
    pub demand_usd: f64,
    /// The cap in force, as an index into the caps of the regime, and the remaining total processing performance (TPP) under
    /// it; infinite where no cap applies.
    cap: Option<u16>,
    pub remaining_tpp: f64,
    /// TPP granted of this month's capped orders, and whether the cap granted less than was ordered.
    granted_tpp: f64,
    short: bool,
    /// Its share of the market's imports this month.
    pub part: f64,
}

/// Imports of all nations of one market this month.
#[derive(Clone, Copy, Debug, Default)]
struct MarketImports {
    demand_usd: f64,
    granted_tpp: f64,
    short: bool,
    capped_tpp: f64,
    /// Share of the imports that is under a cap; 0 where no cap binds.
    part_capped: f64,
}

impl NationImports {
    pub const fn of(market: usize) -> Self {
        Self {
            market,
            demand_usd: 0.0,
            cap: None,
            remaining_tpp: f64::INFINITY,
            granted_tpp: 0.0,
            short: false,
            part: 0.0,
        }
    }
}

/// Caps of a regime, and imports by nation.
#[derive(Clone, Debug)]
pub struct CountryCaps {
    /// Remaining caps and shares of imports by nation.
    pub nations: Vec<NationImports>,
    caps: Vec<ImportCap>,
    /// Remaining TPP by `[cap][nation]`; up to date only for caps that are not in force.
    remaining_tpp: Vec<f64>,
    sums: Vec<MarketImports>,
}

impl CountryCaps {
    pub fn new(layout: &MarketLayout) -> Self {
        let nations = layout.market_of_nation.iter();
        Self {
            nations: nations.map(|m| NationImports::of(*m)).collect(),
            caps: Vec::new(),
            remaining_tpp: Vec::new(),
            sums: vec![MarketImports::default(); layout.markets],
        }
    }

    pub fn reset(&mut self) {
        for nation in &mut self.nations {
            *nation = NationImports::of(nation.market);
        }
        self.remaining_tpp.clear();
    }

    /// Sets the caps of a regime, none of them in force yet. A cap is drawn down only while it is in force; its remainder is
    /// kept while another cap is in force.
    pub fn set_caps(&mut self, caps: &[ImportCap]) {
        self.caps.clear();
        self.caps.extend_from_slice(caps);
        self.remaining_tpp.clear();
        for cap in caps {
            let nations = self.nations.iter();
            self.remaining_tpp.extend(nations.map(|_| cap.tpp));
        }
    }

    /// Raises the caps that follow sales in the issuer, in force or not: `remaining += home_share * TPP sold there` in the month
    /// before, of the chips that count; `sold_tpp` is the TPP of a chip slot sold there.
    pub fn raise_by_home_sales(&mut self, active: &[u16], sold_tpp: impl Fn(usize) -> f64) {
        let nations = self.nations.len();
        for (at, cap) in self.caps.iter().enumerate() {
            if cap.home_share <= 0.0 {
                continue;
            }
            let slots = active.iter().map(|slot| usize::from(*slot));
            let sold_tpp: f64 = slots.filter(|slot| cap.counts[*slot]).map(&sold_tpp).sum();
            let more = cap.home_share * sold_tpp;
            for (row, nation) in self.nations.iter_mut().enumerate() {
                if nation.cap == Some(at as u16) {
                    nation.remaining_tpp += more;
                } else {
                    self.remaining_tpp[at * nations + row] += more;
                }
            }
        }
    }

    /// Sets the cap in force from this month on, by market.
    pub fn set_in_force(&mut self, cap_of_market: impl Fn(usize) -> Option<u16>) {
        let nations = self.nations.len();
        for (row, nation) in self.nations.iter_mut().enumerate() {
            let cap = cap_of_market(nation.market);
            if cap == nation.cap {
                continue;
            }
            if let Some(before) = nation.cap {
                self.remaining_tpp[usize::from(before) * nations + row] = nation.remaining_tpp;
            }
            nation.cap = cap;
            nation.remaining_tpp = cap.map_or(f64::INFINITY, |cap| {
                self.remaining_tpp[usize::from(cap) * nations + row]
            });
        }
    }

    /// Divides a market's orders of capped chips among its nations by demand, each up to its cap:
    /// `granted = min(asked * demand share, remaining cap)`. Unused caps are not transferred. Returns what the market
    /// may order.
    ///
    /// All in total processing performance (TPP). Orders count when they are granted; before orders are repeated,
    /// `release_undelivered` frees what was not delivered. A market without demand is granted nothing. Source: the cap of
    /// the rule (`ImportCap`); division by demand is an assumption.
    fn grant_imports(&mut self, market: usize, asked_tpp: f64) -> f64 {
        let demand_usd: f64 = self.nations_of_market(market).map(|n| n.demand_usd).sum();
        if demand_usd <= 0.0 {
            return 0.0;
        }
        let mut allowed = 0.0;
        for nation in self.nations.iter_mut().filter(|n| n.market == market) {
            let room = (nation.remaining_tpp - nation.granted_tpp).max(0.0);
            let asked = asked_tpp * nation.demand_usd / demand_usd;
            nation.short |= asked > room;
            nation.granted_tpp += asked.min(room);
            allowed += asked.min(room);
        }
        allowed
    }

    fn nations_of_market(&self, market: usize) -> impl Iterator<Item = &NationImports> + '_ {
        self.nations.iter().filter(move |n| n.market == market)
    }

    /// Whether any order of this market may draw on a cap.
    pub(super) fn has_cap(&self, buyers: &BuyerGroups, market: usize) -> bool {
        !buyers.restrictions[market].capped.is_empty()
            && self
                .nations_of_market(market)
                .any(|n| n.remaining_tpp.is_finite())
    }

    /// Limits the month's orders to the remaining caps: `units' = units * min(1, granted / asked)` for capped chips in
    /// a market, in TPP.
    pub(super) fn limit_orders(
        &mut self,
        sale: &ForSale,
        buyers: &BuyerGroups,
        orders: &mut BuyerTable,
    ) {
        for market in 0..sale.layout.markets {
            if let Some(allowed) = self.allowed_share(sale, buyers, market, orders) {
                for_capped_orders(buyers, market, |a, b| *orders.at_mut(a, b) *= allowed);
            }
        }
    }

    /// Limits the orders that are placed once more in the same way; `totals` are their sums by chip.
    pub(super) fn limit_repeated_orders(
        &mut self,
        sale: &ForSale,
        buyers: &BuyerGroups,
        orders: &mut BuyerTable,
        totals: &mut [f64],
    ) {
        for market in 0..sale.layout.markets {
            self.release_undelivered(sale, buyers, market);
            if let Some(allowed) = self.allowed_share(sale, buyers, market, orders) {
                for_capped_orders(buyers, market, |a, b| {
                    let lost = orders.at(a, b) * (1.0 - allowed);
                    *orders.at_mut(a, b) -= lost;
                    totals[a] -= lost;
                });
            }
        }
    }

    /// Frees the part of the caps that first orders were granted and did not use:
    /// `granted' = granted * min(1, delivered in the market / granted in the market)`, in TPP.
    fn release_undelivered(&mut self, sale: &ForSale, buyers: &BuyerGroups, market: usize) {
        if !self.has_cap(buyers, market) {
            return;
        }
        let granted: f64 = self.nations_of_market(market).map(|n| n.granted_tpp).sum();
        let (_, delivered) = imported_tpp(sale, buyers, market);
        if granted > delivered {
            for nation in self.nations.iter_mut().filter(|n| n.market == market) {
                nation.granted_tpp *= delivered / granted;
            }
        }
    }

    /// Share of a market's orders of capped chips that the caps allow; none where they allow all.
    fn allowed_share(
        &mut self,
        sale: &ForSale,
        buyers: &BuyerGroups,
        market: usize,
        orders: &BuyerTable,
    ) -> Option<f64> {
        if !self.has_cap(buyers, market) {
            return None;
        }
        let mut asked = 0.0;
        for_capped_orders(buyers, market, |a, b| {
            asked += orders.at(a, b) * sale.offers[sale.slot(a)].tpp;
        });
        let allowed = self.grant_imports(market, asked);
        (asked > allowed * (1.0 + 1e-12)).then(|| allowed / asked)
    }

    /// After the trade: draws down the caps by deliveries and sets each nation's share of its market's imports.
    ///
    /// ```text
    /// remaining' = remaining - capped imports * granted by the nation / granted in the market
    /// part       = (1 - capped part) * demand share + capped part * granted share
    /// ```
    ///
    /// TPP and fractions. `capped part` is the share of the market's imports that is under a cap, 0 where no cap
    /// granted less than was asked.
    pub(super) fn settle(&mut self, sale: &ForSale, buyers: &BuyerGroups) {
        self.sums.fill(MarketImports::default());
        for nation in &self.nations {
            let here = &mut self.sums[nation.market];
            here.demand_usd += nation.demand_usd;
            here.granted_tpp += nation.granted_tpp;
            here.short |= nation.short;
        }
        for market in 0..self.sums.len() {
            if self.has_cap(buyers, market) {
                let (all, capped) = imported_tpp(sale, buyers, market);
                let here = &mut self.sums[market];
                here.capped_tpp = capped;
                here.part_capped = if all > 0.0 && here.short {
                    capped / all
                } else {
                    0.0
                };
            }
        }
        for nation in &mut self.nations {
            let here = &self.sums[nation.market];
            let by_demand = nation.demand_usd / here.demand_usd.max(f64::MIN_POSITIVE);
            nation.part = by_demand;
            if here.granted_tpp > 0.0 {
                let by_cap = nation.granted_tpp / here.granted_tpp;
                if here.part_capped > 0.0 {
                    nation.part = (1.0 - here.part_capped) * by_demand + here.part_capped * by_cap;
                }
                nation.remaining_tpp -= here.capped_tpp * by_cap;
            }
            nation.granted_tpp = 0.0;
            nation.short = false;
        }
    }
}

/// Calls `visit` with the place among the active chips and the buyer for every capped chip and every buyer of a market.
fn for_capped_orders(buyers: &BuyerGroups, market: usize, mut visit: impl FnMut(usize, usize)) {
    for (b, _) in buyers
        .list
        .iter()
        .enumerate()
        .filter(|(_, x)| x.market == market)
    {
        for &a in &buyers.restrictions[market].capped {
            visit(usize::from(a), b);
        }
    }
}

/// TPP that a market bought this month: of all chips, and of chips under a cap.
fn imported_tpp(sale: &ForSale, buyers: &BuyerGroups, market: usize) -> (f64, f64) {
    let (mut all, mut capped) = (0.0, 0.0);
    for (b, _) in buyers
        .list
        .iter()
        .enumerate()
        .filter(|(_, x)| x.market == market)
    {
        for a in 0..sale.active.len() {
            let bought = buyers.bought.at(a, b) * sale.offers[sale.slot(a)].tpp;
            all += bought;
            if sale.terms_in(market, a).capped {
                capped += bought;
            }
        }
    }
    (all, capped)
}
