//! Compliant variants: chips that makers design around the rules for the target, from the decision to the first sale.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};

use super::chipmaker::Chipmaker;
use super::nation::{DemandShocks, training_share};
use crate::events::{Event, EventId, EventKind, EventLog};
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, RunMonth};
use crate::markets::chip_market::ChipMarket;
use crate::policy::apply::CurrentLaw;
use crate::policy::compiled::LawCalendar;
use crate::policy::event_log::CausedEvents;
use crate::technology::chip::ChipSpec;
use crate::technology::design::{CutKind, blended_value, profit_per_unit_usd};
use crate::technology::roadmap::{ChipTable, NEVER, Roadmap, SlotKind};

/// Whether a better variant is worth its redesign: the gain in profit over the believed life of the rule exceeds the cost.
///
/// `packages a year * (profit new - profit old) * life > cost`, with the packages that the market's budget buys.
pub fn is_redesign_profitable(
    budget_usd_per_year: f64,
    new: DesignProspect,
    old: Option<DesignProspect>,
    p: &Parameters,
) -> bool {
    let yearly = |prospect: DesignProspect| {
        budget_usd_per_year * prospect.profit_usd / prospect.price_usd.max(1.0)
    };
    let gain = yearly(new) - old.map_or(0.0, yearly).max(0.0);
    gain * p.believed_rule_life_months / 12.0 > p.redesign_cost_usd
}

/// Price and profit of one package of a design, USD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DesignProspect {
    pub price_usd: f64,
    pub profit_usd: f64,
}

/// A variant project that is not finished.
#[derive(Clone, Copy, Debug)]
struct VariantProject {
    maker: u16,
    slot: usize,
    parent: usize,
    first_sale: i32,
    spec: ChipSpec,
    /// Index of the rule set for which it is designed.
    known: u16,
    begun: Option<EventId>,
}

/// Variant projects of all makers.
#[derive(Resource, Clone, Debug, Default)]
pub struct DesignPipeline {
    /// Variant slots of each maker, ascending.
    pub slots: Vec<Vec<usize>>,
    /// By maker: number of slots used.
    used: Vec<usize>,
    projects: Vec<VariantProject>,
    /// By maker: rule set and catalogue at its last search for a variant.
    last_search: Vec<Option<(u16, usize)>>,
}

impl DesignPipeline {
    pub fn new(slots: Vec<Vec<usize>>) -> Self {
        Self {
            slots,
            ..Self::default()
        }
    }

    /// Parent and specification of a variant that is not on sale yet.
    pub fn under_way(&self, slot: usize) -> Option<(usize, &ChipSpec)> {
        let project = self.projects.iter().find(|p| p.slot == slot)?;
        Some((project.parent, &project.spec))
    }

    /// Removes and returns a project of a maker whose chip comes on sale.
    fn take_finished(&mut self, maker: u32, t: i32) -> Option<VariantProject> {
        let ready = |p: &VariantProject| u32::from(p.maker) == maker && p.first_sale <= t;
        let at = self.projects.iter().position(ready)?;
        Some(self.projects.remove(at))
    }

    /// Whether a maker that has a slot left searches: it has not seen this rule set and catalogue.
    fn begins_search(&mut self, maker: usize, seen: (u16, usize)) -> bool {
        let begins =
            self.used[maker] < self.slots[maker].len() && self.last_search[maker] != Some(seen);
        if begins {
            self.last_search[maker] = Some(seen);
        }
        begins
    }

    fn reset(&mut self) {
        let makers = self.slots.len();
        self.used.clear();
        self.used.resize(makers, 0);
        self.projects.clear();
        self.projects.reserve(self.slots.iter().map(Vec::len).sum());
        self.last_search.clear();
        self.last_search.resize(makers, None);
    }
}

/// System at the start of a run: no variant is designed.
pub fn begin_variants(mut pipeline: ResMut<DesignPipeline>) {
    pipeline.reset();
}

/// What makers read when they design a variant, and what a launch changes.
#[derive(SystemParam)]
pub struct DesignOffice<'w> {
    calendar: Res<'w, LawCalendar>,
    roadmap: Res<'w, Roadmap>,
    now: ResMut<'w, CurrentLaw>,
    chips: ResMut<'w, ChipTable>,
    market: ResMut<'w, ChipMarket>,
}

/// System: launches finished variants; makers start a project where a better variant pays.
pub fn design_variants(
    run: RunMonth,
    demand: Res<DemandShocks>,
    mut office: DesignOffice,
    mut log: CausedEvents,
    mut pipeline: ResMut<DesignPipeline>,
    makers: Query<&Chipmaker>,
) {
    let (future, t) = (&*run.future, run.clock.t as i32);
    for maker in &makers {
        let m = maker.row as usize;
        while let Some(project) = pipeline.take_finished(maker.row, t) {
            office.launch(&project, t, future, &mut log.events);
        }
        let (calendar, known) = (&*office.calendar, office.now.known);
        let listed = &office.chips.launch[office.roadmap.slots_of(m as u16)];
        let on_list = listed.iter().filter(|launch| **launch <= t).count();
        // A maker searches only when the rules, its own list or the year has changed.
        if !pipeline.begins_search(m, (known, on_list + 1000 * (t as usize / 12))) {
            continue;
        }
        if !future.channels.on(Channel::DesignAround) || !calendar.is_text_published(known) {
            continue;
        }
        let search = DesignSearch {
            maker: m as u16,
            t,
            for_training: training_share(run.clock.year, &future.parameters),
            demand_usd: demand.demand_usd[calendar.target_region()],
            roadmap: &office.roadmap,
            chips: &office.chips,
            p: &future.parameters,
        };
        let Some(choice) = search.choose_variant(calendar, &office.now, &pipeline.projects) else {
            continue;
        };
        let slot = pipeline.slots[m][pipeline.used[m]];
        pipeline.used[m] += 1;
        let lag = redesign_lag_months(future, maker.key, pipeline.used[m] as u64);
        let cause = log
            .causes
            .variant_cause(&calendar.0, known, choice.parent, m);
        let begun = log.events.push(Event {
            actor: maker.row,
            object: slot as u32,
            place: u32::from(known),
            values: choice.event_values(),
            cause,
            ..Event::new(t, EventKind::VariantBegun)
        });
        pipeline.projects.push(VariantProject {
            maker: m as u16,
            slot,
            parent: choice.parent,
            first_sale: t + lag,
            spec: choice.spec,
            known,
            begun,
        });
    }
}

impl DesignOffice<'_> {
    /// Puts a finished variant on sale, where the law allows it.
    fn launch(&mut self, project: &VariantProject, t: i32, future: &Future, events: &mut EventLog) {
        let (slot, chips) = (project.slot, &mut *self.chips);
        chips.spec[slot] = project.spec;
        chips.launch[slot] = t;
        chips.parent[slot] = project.parent;
        chips.appraise(slot, &future.parameters);
        chips.count_copies(&self.roadmap, project.maker, NEVER - 1);
        events.push(Event {
            actor: u32::from(project.maker),
            object: slot as u32,
            place: u32::from(project.known),
            values: [project.spec.list_price_usd, 0.0, 0.0, 0.0],
            cause: project.begun,
            ..Event::new(t, EventKind::VariantLaunched)
        });
        let now = &mut *self.now;
        now.classify_variant(&self.calendar, slot, project.parent, &project.spec, |_| {
            false
        });
        now.offer_variant(slot, &mut self.market);
    }
}

/// Months from the decision to first sale: a triangular draw keyed by the slot, not by when the decision falls.
fn redesign_lag_months(future: &Future, maker_key: u64, ordinal: u64) -> i32 {
    let p = &future.parameters;
    let u = future
        .chance
        .uniform(Purpose::RedesignLag, maker_key, ordinal);
    let (low, mode, high) = (
        p.redesign_lag_low_months,
        p.redesign_lag_mode_months,
        p.redesign_lag_high_months,
    );
    let split = (mode - low) / (high - low);
    let lag = if u < split {
        low + (u * (high - low) * (mode - low)).sqrt()
    } else {
        high - ((1.0 - u) * (high - low) * (high - mode)).sqrt()
    };
    lag.round().max(1.0) as i32
}

/// The design that a maker chooses, and the best profit from each kind of cut.
struct DesignChoice {
    parent: usize,
    spec: ChipSpec,
    cut: CutKind,
    profit_usd: [f64; CutKind::KINDS],
}

impl DesignChoice {
    /// Values of the event: profit, profit of the next best kind of cut, this kind, that kind (this kind where there is no other).
    fn event_values(&self) -> [f64; 4] {
        let own = self.cut.code();
        let next = (0..CutKind::KINDS)
            .filter(|kind| *kind != own)
            .max_by(|a, b| self.profit_usd[*a].total_cmp(&self.profit_usd[*b]))
            .filter(|kind| self.profit_usd[*kind].is_finite())
            .unwrap_or(own);
        let profit = |kind: usize| self.profit_usd[kind];
        [profit(own), profit(next), own as f64, next as f64]
    }
}

/// A maker's search for a design for the target this month.
struct DesignSearch<'a> {
    maker: u16,
    t: i32,
    /// Share of the target's spending that is meant for training.
    for_training: f64,
    /// Spending of the target's buyers, USD a year.
    demand_usd: f64,
    roadmap: &'a Roadmap,
    chips: &'a ChipTable,
    p: &'a Parameters,
}

impl DesignSearch<'_> {
    /// The most profitable legal design of the maker for the target, if its gain over what the maker can already sell there
    /// pays for the redesign. Legality covers rules in force and rules announced.
    fn choose_variant(
        &self,
        calendar: &LawCalendar,
        now: &CurrentLaw,
        under_way: &[VariantProject],
    ) -> Option<DesignChoice> {
        let (chips, p) = (self.chips, self.p);
        let usd_per_h100e = self.market_price_usd()?;
        let prospect = |spec: &ChipSpec| self.prospect(spec, usd_per_h100e);
        // Projects that are not finished count as available: a second project must pay for itself.
        let mut old: Option<DesignProspect> = under_way
            .iter()
            .filter(|p| p.maker == self.maker)
            .map(|p| prospect(&p.spec))
            .max_by(|a, b| a.profit_usd.total_cmp(&b.profit_usd));
        let mut new: Option<(DesignProspect, usize, ChipSpec)> = None;
        let mut profit_usd = [f64::NEG_INFINITY; CutKind::KINDS];
        for slot in self.roadmap.slots_of(self.maker) {
            let place = &self.roadmap.slots[slot];
            if chips.launch[slot] > self.t {
                continue;
            }
            if now.sellable_in_target(slot) {
                let this = prospect(&chips.spec[slot]);
                if old.is_none_or(|best| this.profit_usd > best.profit_usd) {
                    old = Some(this);
                }
            } else if !matches!(place.kind, SlotKind::Variant { .. }) {
                for spec in calendar.designs(now.known, slot, &chips.spec[slot]) {
                    let this = prospect(&spec);
                    let best_of_kind =
                        &mut profit_usd[CutKind::of(&spec, &chips.spec[slot]).code()];
                    *best_of_kind = best_of_kind.max(this.profit_usd);
                    if new.is_none_or(|(best, ..)| this.profit_usd > best.profit_usd) {
                        let list_price_usd = this.price_usd;
                        new = Some((
                            this,
                            slot,
                            ChipSpec {
                                list_price_usd,
                                ..spec
                            },
                        ));
                    }
                }
            }
        }
        let (best, parent, spec) = new?;
        is_redesign_profitable(self.demand_usd, best, old, p).then(|| DesignChoice {
            parent,
            spec,
            cut: CutKind::of(&spec, &chips.spec[parent]),
            profit_usd,
        })
    }

    fn prospect(&self, spec: &ChipSpec, usd_per_h100e: f64) -> DesignProspect {
        let (share, fp8) = (self.for_training, self.chips.fp8_share);
        let value = blended_value(spec, share, fp8, &self.chips.h100, self.p);
        DesignProspect {
            price_usd: value * usd_per_h100e,
            profit_usd: profit_per_unit_usd(spec, value, usd_per_h100e, self.p),
        }
    }

    /// Market price of useful compute without rules: price per unit of blended value of the maker's chip with the lowest total
    /// cost per value, server included.
    fn market_price_usd(&self) -> Option<f64> {
        let (chips, p) = (self.chips, self.p);
        let kind = |slot: usize| self.roadmap.slots[slot].kind;
        self.roadmap
            .slots_of(self.maker)
            .filter(|slot| chips.launch[*slot] <= self.t)
            .filter(|slot| !matches!(kind(*slot), SlotKind::Variant { .. }))
            .map(|slot| {
                let spec = &chips.spec[slot];
                let value = blended_value(spec, self.for_training, chips.fp8_share, &chips.h100, p);
                let list_price_usd = chips.list_price_usd(slot, self.t, p);
                (
                    (list_price_usd + p.host_cost_usd) / value,
                    list_price_usd / value,
                )
            })
            .filter(|(whole, _)| whole.is_finite())
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, price)| price)
    }
}
