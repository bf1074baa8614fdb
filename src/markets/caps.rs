//! Country caps: how much each nation may still import of capped chips, and how the imports of a market are divided among its nations.

use super::chips::ChipMarket;

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
pub(super) struct MarketImports {
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

impl ChipMarket {
    /// Sets the caps of a regime, none of them in force yet. A cap is drawn down only while it is in force; its remainder is
    /// kept while another cap is in force.
    pub fn set_caps(&mut self, caps_tpp: &[f64]) {
        self.caps_remaining_tpp.clear();
        for cap_tpp in caps_tpp {
            let nations = self.nations.iter();
            self.caps_remaining_tpp.extend(nations.map(|_| *cap_tpp));
        }
    }

    /// Sets the cap in force from this month on, by market.
    pub fn set_caps_in_force(&mut self, cap_of_market: impl Fn(usize) -> Option<u16>) {
        let nations = self.nations.len();
        for (row, nation) in self.nations.iter_mut().enumerate() {
            let cap = cap_of_market(nation.market);
            if cap == nation.cap {
                continue;
            }
            if let Some(before) = nation.cap {
                self.caps_remaining_tpp[usize::from(before) * nations + row] = nation.remaining_tpp;
            }
            nation.cap = cap;
            nation.remaining_tpp = cap.map_or(f64::INFINITY, |cap| {
                self.caps_remaining_tpp[usize::from(cap) * nations + row]
            });
        }
    }

    /// Divides a market's orders of capped chips among its nations by demand, each up to its cap:
    /// `granted = min(asked * demand share, remaining cap)`. Unused caps are not transferred. Returns what the market may order.
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
    fn has_cap(&self, market: usize) -> bool {
        !self.buyers.restrictions[market].capped.is_empty()
            && self
                .nations_of_market(market)
                .any(|n| n.remaining_tpp.is_finite())
    }

    fn is_capped(&self, market: usize, a: usize, chips: usize) -> bool {
        self.terms[market * chips + usize::from(self.active[a])].capped
    }

    /// Limits `work.orders`, or `work.part` when `spilled`, to the remaining caps: excess orders of capped chips in a market are
    /// reduced in proportion.
    pub(super) fn apply_cap_limits(&mut self, spilled: bool) {
        let (chips, active) = (self.chips(), self.active.len());
        for market in 0..self.layout.markets {
            if !self.has_cap(market) {
                continue;
            }
            let mut asked = 0.0;
            for (b, buyer) in self.buyers.list.iter().enumerate() {
                for a in (0..active).filter(|_| buyer.market == market) {
                    if self.is_capped(market, a, chips) {
                        let orders = if spilled {
                            &self.work.part
                        } else {
                            &self.work.orders
                        };
                        let tpp = self.offers[usize::from(self.active[a])].tpp;
                        asked += orders[b * active + a] * tpp;
                    }
                }
            }
            let allowed = self.grant_imports(market, asked);
            if asked <= allowed * (1.0 + 1e-12) {
                continue;
            }
            for b in 0..self.buyers.list.len() {
                for a in (0..active).filter(|_| self.buyers.list[b].market == market) {
                    if !self.is_capped(market, a, chips) {
                        continue;
                    }
                    let work = &mut self.work;
                    if spilled {
                        let lost = work.part[b * active + a] * (1.0 - allowed / asked);
                        work.part[b * active + a] -= lost;
                        work.totals[a] -= lost;
                    } else {
                        work.orders[b * active + a] *= allowed / asked;
                    }
                }
            }
        }
    }

    /// Adds a buyer's unmet demand to its orders of capped chips.
    pub(super) fn reorder_under_caps(&mut self, b: usize, unmet_usd: f64) {
        let (chips, market) = (self.chips(), self.buyers.list[b].market);
        if !self.has_cap(market) {
            return;
        }
        for (a, at) in self.row(b).enumerate() {
            let terms = self.terms[market * chips + usize::from(self.active[a])];
            if terms.capped && !terms.licensed() {
                let units = unmet_usd * self.work.shares[a] * terms.open / self.work.paid_usd[at];
                self.work.part[at] += units;
                self.work.totals[a] += units;
            }
        }
    }

    /// After the trade: draws down the caps by deliveries and sets each nation's share of its market's imports.
    pub(super) fn settle_imports(&mut self) {
        let mut sums = std::mem::take(&mut self.work.imports);
        sums.clear();
        sums.resize(self.layout.markets, MarketImports::default());
        for nation in &self.nations {
            let here = &mut sums[nation.market];
            here.demand_usd += nation.demand_usd;
            here.granted_tpp += nation.granted_tpp;
            here.short |= nation.short;
        }
        for (market, here) in sums.iter_mut().enumerate() {
            if self.has_cap(market) {
                let (all, capped) = self.imported_tpp(market);
                here.capped_tpp = capped;
                here.part_capped = if all > 0.0 && here.short {
                    capped / all
                } else {
                    0.0
                };
            }
        }
        for nation in &mut self.nations {
            let here = &sums[nation.market];
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
        self.work.imports = sums;
    }

    /// TPP that a market bought this month: of all chips, and of chips under a cap.
    fn imported_tpp(&self, market: usize) -> (f64, f64) {
        let (chips, active) = (self.chips(), self.active.len());
        let (mut all, mut capped) = (0.0, 0.0);
        for (b, buyer) in self.buyers.list.iter().enumerate() {
            for a in (0..active).filter(|_| buyer.market == market) {
                let tpp = self.offers[usize::from(self.active[a])].tpp;
                let bought = self.buyers.bought[b * active + a] * tpp;
                all += bought;
                if self.is_capped(market, a, chips) {
                    capped += bought;
                }
            }
        }
        (all, capped)
    }
}
