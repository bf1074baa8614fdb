//! Sale terms and input access: applies the rules of the month to every sale and to the inputs of the target's makers.
//!
//! Verdicts depend on the rules and on the chip, not on the run. They are judged once for every rule set and shared by all
//! runs; only variants, which a run designs, are judged within the run.

use std::sync::{Arc, OnceLock};

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use super::chips::{ChipMarket, SaleTerms};
use super::refusal::{HomeSupplyShare, ImportRefusals, open_share, refusal_chance};
use crate::controls::{Attribute, Attributes, ControlledItem, Law, RuleSet, Ruling, Verdict};
use crate::events::EventId;
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, SimulationClock};
use crate::measures::Bloc;
use crate::technology::chip::ChipSpec;
use crate::technology::design::{DesignCandidate, RedesignLimits, candidates};
use crate::technology::foundry::{ToolSupplier, tools_for_target};
use crate::technology::roadmap::{ChipTable, Roadmap, SlotKind};
use crate::technology::supply::InputAccessState;

/// The rules of one arm, compiled for every day of a run and a fixed blueprint.
#[derive(Clone, Debug)]
pub struct CompiledCalendar {
    pub law: Arc<Law>,
    /// Rule sets; a new one for each day on which something changes.
    pub rule_sets: Vec<DatedRuleSets>,
    /// By month: (fraction of the month, index of the rule set).
    pub months: Vec<Vec<(f64, u16)>>,
    /// Attributes of a shipment, by market.
    pub shipments: Vec<Attributes>,
    /// Attributes of a chip, by slot.
    pub chips: Vec<Attributes>,
    pub target_market: usize,
    pub target_region: usize,
    /// By rule set: index into `sales`. Many rule sets differ only in rules that are not about sales.
    pub sale_rules_of: Vec<u16>,
    pub sales: Vec<Arc<CompiledRules>>,
    /// By market: the first market that all compiled sale rules treat equally; the target has no equivalent.
    pub equivalent_market: Arc<[u16]>,
    /// By pair of compiled sale rules: indices into `CompiledRules::terms` where they differ; computed on first use.
    pub changes: Vec<OnceLock<Vec<u32>>>,
    /// Inputs of the target's makers, by rule set.
    pub inputs: Vec<InputAccess>,
    /// Suppliers of advanced tools, before any denial.
    pub tool_suppliers: Vec<ToolSupplier>,
    /// The share of tools denied under the recorded rules, by month.
    pub tools_denied_on_record: Vec<f64>,
    /// Total processing performance (TPP) that each nation may import, by cap of the regime, in force or not.
    pub caps_tpp: Vec<f64>,
    /// The policy process; none in a fixed regime.
    pub ladder: Option<PolicyLadder>,
}

/// The ladder of a policy process, with the rule set of every state that it can reach.
#[derive(Clone, Debug)]
pub struct PolicyLadder {
    pub reactive: bool,
    /// First month of the run that the process governs; it may lie outside the run.
    pub from: i32,
    pub start: usize,
    pub rungs: usize,
    /// Months of the run in which a new administration takes office.
    pub administrations: Vec<i32>,
    /// `[rung now][rung announced]`
    pub rule_sets: Vec<u16>,
}

impl PolicyLadder {
    /// The rule set while rung `now` is in force and rung `coming`, which may be the same, is announced.
    pub fn rule_set(&self, now: usize, coming: usize) -> u16 {
        self.rule_sets[now * self.rungs + coming]
    }
}

/// Rule set that the policy process has selected this month; empty while the calendar applies.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct PolicyState {
    pub rule_set: Option<u16>,
    /// Month of the run in which the announced change comes into force.
    pub binds: Option<i32>,
    /// Events of the announced change and of the last change that came into force.
    pub announced_by: Option<EventId>,
    pub bound_by: Option<EventId>,
}

/// Parent chips of designs, and the limits of a redesign.
#[derive(Clone, Debug, PartialEq)]
pub struct DesignBasis {
    /// The chip at the centre of its uncertainty, by slot.
    pub nominal: Vec<ChipSpec>,
    pub reach: RedesignLimits,
}

/// Sale terms under one rule set for every chip and market, shared by all regimes that contain it.
#[derive(Debug)]
pub struct CompiledRules {
    pub in_force: RuleSet,
    pub announced: RuleSet,
    pub parts: Arc<DesignBasis>,
    /// By parent slot: legal designs, computed on first use and shared by all runs and by rule sets that are equivalent in the
    /// target.
    designs: Arc<[OnceLock<LegalDesigns>]>,
    /// `[market][slot]`
    pub terms: Vec<SaleTerms>,
    /// `[market][slot]`: whether a sale needs no licence.
    pub free: Vec<bool>,
    /// By slot: denied in the target by rules that are announced and not yet in force.
    pub announced_bar: Vec<bool>,
}

/// Legal designs from one parent under one rule set: the rules that matter, and the designs that no other one dominates.
#[derive(Clone, Debug)]
pub struct LegalDesigns {
    in_force: RuleSet,
    announced: RuleSet,
    sale: Attributes,
    candidates: Vec<DesignCandidate>,
}

/// Rules in force on a day, and rules announced by then that come into force later.
#[derive(Clone, Debug)]
pub struct DatedRuleSets {
    pub in_force: RuleSet,
    pub announced: RuleSet,
    /// Whether the text of every announced rule on chip sales is published.
    pub is_text_published: bool,
    /// Month index in which the first of the announced rules comes into force.
    pub next_binds: Option<i32>,
    /// Whether the target has announced a rule of its own on imports or materials; from then on its responses are the recorded
    /// ones.
    pub replies_recorded: bool,
    /// By market: the country cap in force, as an index into `CompiledCalendar::caps_tpp`.
    pub cap_of_market: Vec<Option<u16>>,
}

/// Access to inputs under one rule set.
#[derive(Clone, Debug, Default)]
pub struct InputAccess {
    /// By maker: 1 where the leading foundry may make its dies.
    pub leading_foundry: Vec<f64>,
    pub memory_imports: f64,
    /// Share of foreign chips that the target's own rules deny to state-funded centres only.
    pub state_closed: f64,
    /// 1 where the target may query the issuer's models.
    pub model_access: f64,
    pub weights_open: Vec<f64>,
    /// By market: 1 where a host there may rent compute to the target.
    pub remote_open: Vec<f64>,
    /// Share of the target's materials that makers outside cannot get.
    pub inputs_denied: f64,
    /// By supplier of tools: 1 where its nation denies them to the target.
    pub tool_denials: Vec<f64>,
    pub support_usd: [f64; 3],
    /// Month of the run in which the next announced memory rule comes into force.
    pub memory_closes: Option<i32>,
}

/// The calendar, shared by all runs of an arm.
#[derive(Resource, Clone, Debug)]
pub struct LawCalendar(pub Arc<CompiledCalendar>);

/// The rules that apply in this run this month.
#[derive(Resource, Clone, Debug, Default)]
pub struct CurrentLaw {
    /// Index of the rule set at the end of the month.
    pub known: u16,
    /// Whether the model generates the target's responses, because the target has announced no rule of its own.
    pub replies_generated: bool,
    /// Compiled sale rules of this month and of the last: (fraction of the month, index into `CompiledCalendar::sales`).
    laws: Vec<(f64, u16)>,
    laws_before: Vec<(f64, u16)>,
    /// Terms of variant slots under `known`: `[market][slot]`, unused for other slots; and the rules that they were judged by.
    variant_terms: Vec<SaleTerms>,
    judged_by: Option<u16>,
    variant_bar: Vec<bool>,
    /// By maker: last month's sales in the target that rules have closed since, USD.
    pub closed_usd: Vec<f64>,
    slots: usize,
    sellable: Vec<bool>,
    refusals: ImportRefusals,
}

/// Sales that announced rules will close, and when.
#[derive(Resource, Clone, Debug, Default)]
pub struct AnnouncedClosures {
    /// By slot: open in the target now and denied by announced rules.
    pub closing: Vec<bool>,
    pub any: bool,
    /// Month of the run in which the first of the announced rules comes into force.
    pub binds: Option<i32>,
    pub market: usize,
}

impl LawCalendar {
    pub fn target_region(&self) -> usize {
        self.0.target_region
    }

    /// Designs from a parent, as specified in this run, that are legal under rules in force and announced.
    pub fn designs<'a>(
        &'a self,
        rule_set: u16,
        parent: usize,
        actual: &'a ChipSpec,
    ) -> impl Iterator<Item = ChipSpec> + 'a {
        let c = &*self.0;
        let law = c.sales(rule_set);
        let nominal = &law.parts.nominal[parent];
        let found = law.designs_from(parent, || {
            c.variant_attributes(parent, nominal, c.target_market)
        });
        found
            .candidates
            .iter()
            .map(|candidate| candidate.fit(nominal, actual, &law.parts.reach))
            .filter(move |design| nominal == actual || found.permits(design))
    }
}

impl CompiledCalendar {
    /// A variant of a parent as one sale.
    pub fn variant_attributes(
        &self,
        parent: usize,
        design: &ChipSpec,
        market: usize,
    ) -> Attributes {
        design_attributes(&self.sale(parent, market), design)
    }

    /// One sale: the attributes of the chip with those of the shipment.
    pub fn sale(&self, slot: usize, market: usize) -> Attributes {
        self.chips[slot].with_shipment(&self.shipments[market])
    }

    /// Indices at which the terms of two compiled sale rules differ.
    fn changed_terms(&self, from: u16, to: u16) -> &[u32] {
        let (a, b) = (&self.sales[usize::from(from)], &self.sales[usize::from(to)]);
        self.changes[usize::from(from) * self.sales.len() + usize::from(to)].get_or_init(|| {
            (0..a.terms.len() as u32)
                .filter(|at| a.terms[*at as usize] != b.terms[*at as usize])
                .collect()
        })
    }

    /// The compiled sale rules of a rule set.
    pub(super) fn sales(&self, rule_set: u16) -> &CompiledRules {
        &self.sales[usize::from(self.sale_rules_of[usize::from(rule_set)])]
    }
}

impl LegalDesigns {
    /// Whether a design may be sold in the target without licence, now and after all announced rules come into force.
    fn permits(&self, design: &ChipSpec) -> bool {
        let attributes = design_attributes(&self.sale, design);
        let free =
            |rule_set: &RuleSet| rule_set.permits_freely(ControlledItem::ChipSale, &attributes);
        free(&self.in_force) && free(&self.announced)
    }
}

impl CompiledRules {
    /// Judges every chip in every market; reuses results of `known` rule sets that hold the same rules.
    pub fn new(
        in_force: RuleSet,
        announced: RuleSet,
        equivalent_market: &[u16],
        target_market: usize,
        chips: &[Attributes],
        parts: Arc<DesignBasis>,
        shipments: &[Attributes],
        known: &[Arc<Self>],
    ) -> Self {
        let (markets, slots) = (equivalent_market.len(), chips.len());
        let mut terms = Vec::with_capacity(markets * slots);
        let mut free = Vec::with_capacity(markets * slots);
        let same = |a: &RuleSet, b: &RuleSet, to: usize| {
            a.is_equivalent_for(b, ControlledItem::ChipSale, &shipments[to])
        };
        for market in 0..markets {
            let first = usize::from(equivalent_market[market]) * slots;
            let own = market * slots..(market + 1) * slots;
            if first < own.start {
                terms.extend_from_within(first..first + slots);
                free.extend_from_within(first..first + slots);
            } else if let Some(law) = known.iter().find(|l| same(&l.in_force, &in_force, market)) {
                terms.extend_from_slice(&law.terms[own.clone()]);
                free.extend_from_slice(&law.free[own]);
            } else {
                for ruling in rulings(&in_force, chips, &shipments[market]) {
                    terms.push(terms_of(&ruling));
                    free.push(is_free(&ruling));
                }
            }
        }
        let coming = |law: &&Arc<Self>| same(&law.announced, &announced, target_market);
        let announced_bar = match known.iter().find(coming) {
            Some(law) => law.announced_bar.clone(),
            None => rulings(&announced, chips, &shipments[target_market])
                .map(|ruling| terms_of(&ruling).open == 0.0)
                .collect(),
        };
        let designs = known
            .iter()
            .filter(coming)
            .find(|law| same(&law.in_force, &in_force, target_market) && law.parts == parts)
            .map_or_else(
                || (0..slots).map(|_| OnceLock::new()).collect(),
                |law| law.designs.clone(),
            );
        Self {
            designs,
            parts,
            terms,
            free,
            announced_bar,
            in_force,
            announced,
        }
    }

    /// Legal designs from the nominal parent; `sale` gives its attributes when sold in the target.
    fn designs_from(&self, parent: usize, sale: impl FnOnce() -> Attributes) -> &LegalDesigns {
        self.designs[parent].get_or_init(|| {
            let sale = sale();
            let about = |rule_set: &RuleSet| {
                rule_set.specialise_to_sale(ControlledItem::ChipSale, &sale, DESIGNED)
            };
            let mut found = LegalDesigns {
                in_force: about(&self.in_force),
                announced: about(&self.announced),
                sale,
                candidates: Vec::new(),
            };
            let nominal = &self.parts.nominal[parent];
            found.candidates =
                candidates(nominal, &self.parts.reach, |design| found.permits(design));
            found
        })
    }
}

/// Rulings of a rule set on every chip in one market.
fn rulings(
    rule_set: &RuleSet,
    chips: &[Attributes],
    shipment: &Attributes,
) -> impl Iterator<Item = Ruling> {
    let here = rule_set.specialise_to_shipment(ControlledItem::ChipSale, shipment);
    chips.iter().map(move |chip| {
        if here.is_empty() {
            return Ruling::free();
        }
        here.judge(ControlledItem::ChipSale, &chip.with_shipment(shipment))
    })
}

/// Attributes that a redesign can change.
const DESIGNED: &[Attribute] = &[
    Attribute::Tpp,
    Attribute::DieAreaMm2,
    Attribute::PerformanceDensity,
    Attribute::InterconnectGbps,
    Attribute::HostLinkGbps,
    Attribute::MemBandwidthTbs,
    Attribute::MemCapacityGb,
];

/// Attributes of a design: maker, kind and shipment of its parent, its own numbers, never on sale before.
pub fn design_attributes(parent: &Attributes, design: &ChipSpec) -> Attributes {
    let mut a = *parent;
    a.set(Attribute::Tpp, design.tpp);
    a.set(Attribute::DieAreaMm2, design.die_area_mm2);
    a.set(
        Attribute::PerformanceDensity,
        design.tpp / design.die_area_mm2,
    );
    a.set(Attribute::InterconnectGbps, design.interconnect_gbps);
    a.set(Attribute::HostLinkGbps, design.host_link_gbps);
    a.set(Attribute::MemBandwidthTbs, design.mem_bandwidth_tbs);
    a.set(Attribute::MemCapacityGb, design.mem_capacity_gb);
    a.set(Attribute::ChinaSpecific, 1.0);
    a.set(Attribute::OnSaleInUs20260115, 0.0);
    // A name that no rule and no table holds.
    a.set(Attribute::Chip, f64::from(u32::MAX));
    a
}

/// Sale terms that follow from one ruling.
pub fn terms_of(ruling: &Ruling) -> SaleTerms {
    let mut terms = SaleTerms::FREE;
    for verdict in [ruling.exporter, ruling.importer] {
        match verdict {
            Verdict::Free => {}
            Verdict::Notify => terms.notify = true,
            Verdict::CaseByCase => terms.case_by_case = true,
            Verdict::Levied => {
                terms.case_by_case = true;
                terms.levy_share = ruling.levy_share;
            }
            Verdict::Capped => terms.capped = true,
            // An unknown verdict counts as a denial: no maker ships a chip that the rules may deny.
            Verdict::Denied | Verdict::Unknown(_) => return SaleTerms::DENIED,
        }
    }
    terms
}

impl CurrentLaw {
    pub fn reset(&mut self, calendar: &CompiledCalendar, makers: usize) {
        let (markets, slots) = (calendar.shipments.len(), calendar.chips.len());
        self.known = 0;
        self.replies_generated = true;
        let segments = calendar.months.iter().map(Vec::len).max().unwrap_or(0);
        for laws in [&mut self.laws, &mut self.laws_before] {
            laws.clear();
            laws.reserve(segments.max(1));
        }
        self.judged_by = None;
        self.variant_terms.clear();
        self.variant_terms.resize(markets * slots, SaleTerms::FREE);
        self.variant_bar.clear();
        self.variant_bar.resize(slots, false);
        self.closed_usd.clear();
        self.closed_usd.resize(makers, 0.0);
        self.slots = slots;
        self.sellable.clear();
        self.sellable.resize(slots, false);
        self.refusals.reset(slots);
    }

    /// Whether the target discourages a chip that is open under licence or up to a cap.
    pub fn is_refused(&self, slot: usize) -> bool {
        self.refusals.is_refused(slot)
    }

    /// Whether a slot can be sold in the target without licence now and under what is announced.
    pub fn sellable_in_target(&self, slot: usize) -> bool {
        self.sellable[slot]
    }

    /// Judges a variant that has just been launched. It is offered only where its parent may not be sold freely, since nobody
    /// buys the reduced chip where the full one is available.
    pub fn classify_variant(
        &mut self,
        calendar: &LawCalendar,
        slot: usize,
        parent: usize,
        spec: &ChipSpec,
    ) {
        let c = &*calendar.0;
        let law = c.sales(self.known);
        for market in 0..c.shipments.len() {
            let first = usize::from(c.equivalent_market[market]);
            if first < market {
                self.variant_terms[market * self.slots + slot] =
                    self.variant_terms[first * self.slots + slot];
                continue;
            }
            // Up to a cap the parent is available as well.
            let whole = &law.terms[market * self.slots + parent];
            let needed = whole.open <= 0.0 || whole.licensed();
            let mut terms = SaleTerms::DENIED;
            if needed {
                let attributes = c.variant_attributes(parent, spec, market);
                terms = terms_of(&law.in_force.judge(ControlledItem::ChipSale, &attributes));
            }
            self.variant_terms[market * self.slots + slot] = terms;
            if market == c.target_market {
                let attributes = c.variant_attributes(parent, spec, market);
                let later = law.announced.judge(ControlledItem::ChipSale, &attributes);
                self.variant_bar[slot] = terms_of(&later).open == 0.0;
                let free = terms == SaleTerms::FREE;
                self.sellable[slot] = needed && free && !self.variant_bar[slot];
            }
        }
    }
}

impl ChipMarket {
    /// Sets the terms of a variant that has just been judged, in every market.
    pub fn set_variant_terms(&mut self, now: &CurrentLaw, slot: usize) {
        for market in 0..self.layout.markets {
            self.set_terms(market, slot, now.variant_terms[market * now.slots + slot]);
        }
    }
}

fn is_free(ruling: &Ruling) -> bool {
    ruling.exporter == Verdict::Free && ruling.importer == Verdict::Free
}

/// System: sets the sale terms of this month in every market, input access, and announced closures.
pub fn apply_law(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    calendar: Res<LawCalendar>,
    policy: Res<PolicyState>,
    roadmap: Res<Roadmap>,
    chips: Res<ChipTable>,
    mut now: ResMut<CurrentLaw>,
    mut closures: ResMut<AnnouncedClosures>,
    mut access: ResMut<InputAccessState>,
    mut market: ResMut<ChipMarket>,
) {
    let c = &*calendar.0;
    let governed = policy.rule_set.map(|rule_set| [(1.0, rule_set)]);
    let segments: &[(f64, u16)] = match &governed {
        Some(whole) => whole,
        None => &c.months[clock.t],
    };
    set_access(c, segments, clock.t, &future.parameters, &mut access);
    if access.memory_closes_in_months.is_finite()
        && let Some(binds) = policy.binds
    {
        access.memory_closes_in_months = f64::from((binds - clock.t as i32).max(1));
    }
    now.closed_usd.iter_mut().for_each(|v| *v = 0.0);
    now.known = segments.last().map_or(0, |segment| segment.1);
    closures.binds = policy
        .binds
        .or(c.rule_sets[usize::from(now.known)].next_binds);
    set_caps_in_force(c, segments, &mut market);
    now.load_month(c, segments);
    let generated = now.replies_generated && !c.rule_sets[usize::from(now.known)].replies_recorded;
    let same_replies = generated == now.replies_generated;
    now.replies_generated = generated;
    let stands = same_replies && now.laws.len() == 1 && now.laws == now.laws_before;
    if stands && !now.refusals.is_review_due(clock.t as i32) {
        return;
    }
    let home = HomeSupplyShare {
        home_above_record: access.home_share - access.home_share_on_record,
        denied_above_record: access.denied_share - access.denied_share_on_record,
    };
    let judged_by = now.laws.last().map(|law| law.1);
    let variants = roadmap.slots.iter().enumerate().filter(|(slot, place)| {
        matches!(place.kind, SlotKind::Variant { .. }) && chips.launch[*slot] <= clock.t as i32
    });
    if now.judged_by != judged_by {
        for (slot, _) in variants.clone() {
            now.classify_variant(&calendar, slot, chips.parent[slot], &chips.spec[slot]);
        }
        now.judged_by = judged_by;
    }
    set_terms(c, &now, &roadmap, &mut market);
    for (slot, _) in variants {
        for place in (0..c.shipments.len()).filter(|place| *place != c.target_market) {
            market.set_terms(place, slot, now.variant_terms[place * now.slots + slot]);
        }
    }
    set_target_terms(c, &roadmap, &future, home, &mut now, &mut market, clock.t);
    set_announced_closures(c, &roadmap, &mut now, &mut closures, &market);
}

impl CurrentLaw {
    /// Loads the compiled sale rules of a month; merges consecutive segments with the same sale rules.
    fn load_month(&mut self, c: &CompiledCalendar, segments: &[(f64, u16)]) {
        std::mem::swap(&mut self.laws, &mut self.laws_before);
        self.laws.clear();
        for (part, rule_set) in segments {
            let law = c.sale_rules_of[usize::from(*rule_set)];
            match self.laws.last_mut() {
                Some(last) if last.1 == law => last.0 += part,
                _ => self.laws.push((*part, law)),
            }
        }
        if let [only] = &mut self.laws[..] {
            only.0 = 1.0;
        }
    }
}

/// Sets the cap in force in every market this month: the tightest of its days, as in [`combine_terms`].
fn set_caps_in_force(c: &CompiledCalendar, segments: &[(f64, u16)], market: &mut ChipMarket) {
    if c.caps_tpp.is_empty() {
        return;
    }
    let cap_tpp = |cap: &u16| c.caps_tpp[usize::from(*cap)];
    market.set_caps_in_force(|place| {
        let of_days = segments
            .iter()
            .filter_map(|(_, rule_set)| c.rule_sets[usize::from(*rule_set)].cap_of_market[place]);
        of_days.min_by(|a, b| cap_tpp(a).total_cmp(&cap_tpp(b)))
    });
}

/// Sets the terms of listed chips outside the target where rules changed since last month or change within this one.
fn set_terms(c: &CompiledCalendar, now: &CurrentLaw, roadmap: &Roadmap, market: &mut ChipMarket) {
    let slots = c.chips.len();
    let mut set = |at: usize| {
        let (place, slot) = (at / slots, at % slots);
        let variant = matches!(roadmap.slots[slot].kind, SlotKind::Variant { .. });
        if place != c.target_market && !variant {
            let terms = combine_terms(&now.laws, |law| c.sales[usize::from(law)].terms[at]);
            market.set_terms(place, slot, terms);
        }
    };
    if now.laws_before.is_empty() {
        (0..c.shipments.len() * slots).for_each(&mut set);
    }
    let mut chain = now.laws_before.iter().chain(&now.laws).map(|law| law.1);
    let mut from = chain.next();
    for to in chain {
        if let Some(from) = from.filter(|from| *from != to) {
            c.changed_terms(from, to)
                .iter()
                .for_each(|at| set(*at as usize));
        }
        from = Some(to);
    }
}

/// Sets the terms in the target, including over-compliance of sellers and importer refusal. Partial months count in
/// proportion: a sale is open for the days on which no rule denies it.
fn set_target_terms(
    c: &CompiledCalendar,
    roadmap: &Roadmap,
    future: &Future,
    home: HomeSupplyShare,
    now: &mut CurrentLaw,
    market: &mut ChipMarket,
    t: usize,
) {
    let over_complied = over_complied(c, &now.laws, &future.parameters);
    let (slots, place) = (c.chips.len(), c.target_market);
    for slot in 0..slots {
        let at = place * slots + slot;
        let mut terms = match roadmap.slots[slot].kind {
            SlotKind::Variant { .. } => now.variant_terms[at],
            _ => combine_terms(&now.laws, |law| c.sales[usize::from(law)].terms[at]),
        };
        if !terms.licensed() && !market.layout.target_made[slot] {
            terms.open *= 1.0 - over_complied;
        }
        if !now.replies_generated || (!terms.case_by_case && !terms.capped) {
            now.refusals.clear(slot);
        } else if decide_refusal(roadmap, future, home, now, slot, t) {
            terms.open *= open_share(&future.parameters);
            if terms.open <= 0.0 {
                terms = SaleTerms::DENIED;
            }
        }
        let closed = (market.terms[at].open - terms.open).max(0.0);
        if closed > 0.0 {
            let sold = market.sold_in(Bloc::Target as usize, slot);
            let maker = usize::from(market.layout.maker_of[slot]);
            now.closed_usd[maker] += closed * sold * market.offers[slot].price_usd;
        }
        market.set_terms(place, slot, terms);
    }
}

/// Combines the terms of a month in which rules change: open for the days on which no rule denies the sale, otherwise as
/// strict as the strictest day.
fn combine_terms(segments: &[(f64, u16)], of: impl Fn(u16) -> SaleTerms) -> SaleTerms {
    let first = of(segments[0].1);
    if segments[1..].iter().all(|segment| of(segment.1) == first) {
        return first;
    }
    let none = SaleTerms {
        open: 0.0,
        ..SaleTerms::FREE
    };
    let open = monthly_mean(segments, |rule_set| of(rule_set).open);
    segments
        .iter()
        .fold(SaleTerms { open, ..none }, |mut terms, &(_, rule_set)| {
            let segment = of(rule_set);
            terms.notify |= segment.notify;
            terms.case_by_case |= segment.case_by_case;
            terms.capped |= segment.capped;
            terms.levy_share = terms.levy_share.max(segment.levy_share);
            terms
        })
}

/// Share of legal sales to the target that makers give up; 0 while no rule restricts any sale there.
fn over_complied(c: &CompiledCalendar, laws: &[(f64, u16)], p: &Parameters) -> f64 {
    let barring = |&(part, law): &(f64, u16)| {
        let here = c.target_market * c.chips.len();
        let bars = c.sales[usize::from(law)].free[here..here + c.chips.len()].contains(&false);
        if bars { part } else { 0.0 }
    };
    if p.over_compliance_share > 0.0 {
        p.over_compliance_share.min(1.0) * laws.iter().map(barring).sum::<f64>()
    } else {
        0.0
    }
}

/// Whether the model's target discourages a chip that is open under licence or up to a cap.
fn decide_refusal(
    roadmap: &Roadmap,
    future: &Future,
    home: HomeSupplyShare,
    now: &mut CurrentLaw,
    slot: usize,
    t: usize,
) -> bool {
    if !future.channels.on(Channel::CounterMeasures) {
        return false;
    }
    let p = &future.parameters;
    let draw = future
        .chance
        .uniform(Purpose::Refusal, roadmap.slot_keys[slot], 0);
    let chance = refusal_chance(home, p);
    now.refusals.review_chip(slot, t as i32, draw, chance, p)
}

fn set_announced_closures(
    c: &CompiledCalendar,
    roadmap: &Roadmap,
    now: &mut CurrentLaw,
    closures: &mut AnnouncedClosures,
    market: &ChipMarket,
) {
    let slots = c.chips.len();
    let law = c.sales(now.known);
    closures.market = c.target_market;
    closures.any = false;
    closures.closing.clear();
    closures.closing.resize(slots, false);
    for slot in 0..slots {
        let variant = matches!(roadmap.slots[slot].kind, SlotKind::Variant { .. });
        let barred = if variant {
            now.variant_bar[slot]
        } else {
            law.announced_bar[slot]
        };
        let open = market.terms[c.target_market * slots + slot].open > 0.0;
        closures.closing[slot] = open && barred;
        closures.any |= open && barred;
        if !variant {
            now.sellable[slot] = law.free[c.target_market * slots + slot] && !barred;
        }
    }
}

/// Mean of a value over the segments of a month; exactly the value where it is constant, so that a rule without effect does
/// not change the last digit.
fn monthly_mean(segments: &[(f64, u16)], value: impl Fn(u16) -> f64) -> f64 {
    let first = segments
        .first()
        .map_or(0.0, |(_, rule_set)| value(*rule_set));
    if segments
        .iter()
        .all(|(_, rule_set)| value(*rule_set) == first)
    {
        return first;
    }
    segments
        .iter()
        .map(|(part, rule_set)| part * value(*rule_set))
        .sum()
}

fn set_access(
    c: &CompiledCalendar,
    segments: &[(f64, u16)],
    t: usize,
    p: &Parameters,
    access: &mut InputAccessState,
) {
    let inputs = |rule_set: u16| &c.inputs[usize::from(rule_set)];
    let over = |value: &dyn Fn(&InputAccess) -> f64| {
        monthly_mean(segments, |rule_set| value(inputs(rule_set)))
    };
    for (maker, open) in access.leading_foundry.iter_mut().enumerate() {
        *open = over(&|i| i.leading_foundry[maker]);
    }
    for (market, open) in access.weights_open.iter_mut().enumerate() {
        *open = over(&|i| i.weights_open[market]);
    }
    for (market, open) in access.remote_open.iter_mut().enumerate() {
        *open = over(&|i| i.remote_open[market]);
    }
    for (kind, sum) in access.support_usd.iter_mut().enumerate() {
        *sum = over(&|i| i.support_usd[kind]);
    }
    access.memory_imports = over(&|i| i.memory_imports);
    access.state_closed = over(&|i| i.state_closed);
    access.model_access = over(&|i| i.model_access);
    access.inputs_denied = over(&|i| i.inputs_denied);
    for (row, supplier) in access.tool_suppliers.iter_mut().enumerate() {
        supplier.advance_month(over(&|i| i.tool_denials[row]));
    }
    access.tools = tools_for_target(&access.tool_suppliers, p);
    access.tools_denied_on_record = c.tools_denied_on_record[t];
    access.memory_closes_in_months = f64::INFINITY;
    for &(_, rule_set) in segments {
        if let Some(closes) = inputs(rule_set).memory_closes {
            access.memory_closes_in_months = f64::from((closes - t as i32).max(1));
        }
    }
}
