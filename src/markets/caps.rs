//! Caps: what each nation may still import of capped chips, and how a market's imports fall to its nations.

use super::chips::ChipMarket;

/// One nation's place in its market this month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NationImports {
    pub market: usize,
    /// What its buyers want this month, USD a year.
    pub wants_usd: f64,
    /// The cap that holds, as a place among those of the regime, and the processing performance that it may still import
    /// under it; infinite where no cap reaches it.
    cap: Option<u16>,
    pub left_tpp: f64,
    /// What it may import of this month's capped orders, and whether its cap leaves it less than it asked for.
    granted_tpp: f64,
    short: bool,
    /// Its part of what the market takes this month.
    pub part: f64,
}

/// What the nations of one market import this month.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MarketImports {
    wants_usd: f64,
    granted_tpp: f64,
    short: bool,
    capped_tpp: f64,
    /// Part of the imports that is under a cap; 0 where every cap leaves what was asked for.
    part_capped: f64,
}

impl NationImports {
    pub const fn of(market: usize) -> Self {
        Self {
            market,
            wants_usd: 0.0,
            cap: None,
            left_tpp: f64::INFINITY,
            granted_tpp: 0.0,
            short: false,
            part: 0.0,
        }
    }
}

impl ChipMarket {
    /// The caps of a regime, none of them in force yet. Each counts what a nation imports while it holds, and keeps its count
    /// while another holds.
    pub fn set_caps(&mut self, caps_tpp: &[f64]) {
        self.caps_left_tpp.clear();
        for cap_tpp in caps_tpp {
            let nations = self.nations.iter();
            self.caps_left_tpp.extend(nations.map(|_| *cap_tpp));
        }
    }

    /// Which cap holds from this month on, by market.
    pub fn hold_caps(&mut self, cap_of_market: impl Fn(usize) -> Option<u16>) {
        let nations = self.nations.len();
        for (row, nation) in self.nations.iter_mut().enumerate() {
            let cap = cap_of_market(nation.market);
            if cap == nation.cap {
                continue;
            }
            if let Some(before) = nation.cap {
                self.caps_left_tpp[usize::from(before) * nations + row] = nation.left_tpp;
            }
            nation.cap = cap;
            nation.left_tpp = cap.map_or(f64::INFINITY, |cap| {
                self.caps_left_tpp[usize::from(cap) * nations + row]
            });
        }
    }

    /// Orders of capped chips by the nations of a market, in proportion to what they want, each as far as its cap goes:
    /// `granted = min(asked * share of wants, what is left)`. Nobody's cap serves another. Returns what the market may order.
    fn grant(&mut self, market: usize, asked_tpp: f64) -> f64 {
        let wants: f64 = self.of_market(market).map(|n| n.wants_usd).sum();
        if wants <= 0.0 {
            return 0.0;
        }
        let mut allowed = 0.0;
        for nation in self.nations.iter_mut().filter(|n| n.market == market) {
            let room = (nation.left_tpp - nation.granted_tpp).max(0.0);
            let asked = asked_tpp * nation.wants_usd / wants;
            nation.short |= asked > room;
            nation.granted_tpp += asked.min(room);
            allowed += asked.min(room);
        }
        allowed
    }

    fn of_market(&self, market: usize) -> impl Iterator<Item = &NationImports> + '_ {
        self.nations.iter().filter(move |n| n.market == market)
    }

    /// Whether chips that this market orders may draw on a cap.
    fn has_cap(&self, market: usize) -> bool {
        !self.buyers.bounds[market].capped.is_empty()
            && self.of_market(market).any(|n| n.left_tpp.is_finite())
    }

    fn capped(&self, market: usize, a: usize, chips: usize) -> bool {
        self.terms[market * chips + usize::from(self.active[a])].capped
    }

    /// Bounds `work.orders`, or `work.part` when `spilled`, by what caps leave: orders of capped chips in a market that
    /// exceed it are cut in proportion.
    pub(super) fn bound_by_caps(&mut self, spilled: bool) {
        let (chips, active) = (self.chips(), self.active.len());
        for market in 0..self.layout.markets {
            if !self.has_cap(market) {
                continue;
            }
            let mut asked = 0.0;
            for (b, buyer) in self.buyers.list.iter().enumerate() {
                for a in (0..active).filter(|_| buyer.market == market) {
                    if self.capped(market, a, chips) {
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
            let allowed = self.grant(market, asked);
            if asked <= allowed * (1.0 + 1e-12) {
                continue;
            }
            for b in 0..self.buyers.list.len() {
                for a in (0..active).filter(|_| self.buyers.list[b].market == market) {
                    if !self.capped(market, a, chips) {
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

    /// What one buyer could not get is ordered once more among capped chips too, as far as caps go.
    pub(super) fn spill_under_caps(&mut self, b: usize, unmet_usd: f64) {
        let (chips, market) = (self.chips(), self.buyers.list[b].market);
        if !self.has_cap(market) {
            return;
        }
        for (a, at) in self.row(b).enumerate() {
            let terms = self.terms[market * chips + usize::from(self.active[a])];
            if terms.capped && !terms.licensed() {
                let units = unmet_usd * self.work.shares[a] * terms.open / self.work.paid[at];
                self.work.part[at] += units;
                self.work.totals[a] += units;
            }
        }
    }

    /// After the trade: caps are drawn down by what came, and every nation has its part of its market's imports.
    pub(super) fn settle_imports(&mut self) {
        let mut sums = std::mem::take(&mut self.work.imports);
        sums.clear();
        sums.resize(self.layout.markets, MarketImports::default());
        for nation in &self.nations {
            let here = &mut sums[nation.market];
            here.wants_usd += nation.wants_usd;
            here.granted_tpp += nation.granted_tpp;
            here.short |= nation.short;
        }
        for (market, here) in sums.iter_mut().enumerate() {
            if self.has_cap(market) {
                let (all, capped) = self.imported(market);
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
            let by_wants = nation.wants_usd / here.wants_usd.max(f64::MIN_POSITIVE);
            nation.part = by_wants;
            if here.granted_tpp > 0.0 {
                let by_cap = nation.granted_tpp / here.granted_tpp;
                if here.part_capped > 0.0 {
                    nation.part = (1.0 - here.part_capped) * by_wants + here.part_capped * by_cap;
                }
                nation.left_tpp -= here.capped_tpp * by_cap;
            }
            nation.granted_tpp = 0.0;
            nation.short = false;
        }
        self.work.imports = sums;
    }

    /// Processing performance that a market bought this month: of all chips, and of those under a cap.
    fn imported(&self, market: usize) -> (f64, f64) {
        let (chips, active) = (self.chips(), self.active.len());
        let (mut all, mut capped) = (0.0, 0.0);
        for (b, buyer) in self.buyers.list.iter().enumerate() {
            for a in (0..active).filter(|_| buyer.market == market) {
                let tpp = self.offers[usize::from(self.active[a])].tpp;
                let bought = self.buyers.bought[b * active + a] * tpp;
                all += bought;
                if self.capped(market, a, chips) {
                    capped += bought;
                }
            }
        }
        (all, capped)
    }
}
