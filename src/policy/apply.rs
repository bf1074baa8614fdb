//! Terms of trade: applies the rules in force this month to every sale, and announces the sales that known rules will close.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut, SystemParam};

use super::access::LegalAccess;
use super::compiled::{CompiledCalendar, LawCalendar, PolicyState, monthly_mean, terms_of};
use crate::controls::{ControlledItem, RuleSet};
use crate::foundation::bloc::Bloc;
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, RunMonth};
use crate::markets::chip_market::ChipMarket;
use crate::markets::chip_market::state::SaleTerms;
use crate::markets::refusal::{ImportRefusals, open_share, refusal_chance};
use crate::technology::chip::ChipSpec;
use crate::technology::roadmap::{Catalogue, Roadmap, SlotKind};
use crate::technology::supply::TargetDenial;

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
    /// Share of a variant's sales in the target that its stance on imports leaves open.
    variant_open_share: f64,
    /// Part of the target's buyers that this month's rules bar because listed parties own them.
    affiliates_barred: f64,
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

/// System at the start of a run: no rule is known yet, and the market has the caps of the regime.
pub fn begin_law(
    calendar: Res<LawCalendar>,
    mut policy: ResMut<PolicyState>,
    mut now: ResMut<CurrentLaw>,
    mut closures: ResMut<AnnouncedClosures>,
    mut market: ResMut<ChipMarket>,
) {
    let c = &*calendar.0;
    *policy = PolicyState::default();
    *closures = AnnouncedClosures::default();
    now.reset(c, market.layout.makers);
    market.buyers.equivalent_market = c.equivalent_market.clone();
    market.caps.set_caps(&c.caps);
}

impl CurrentLaw {
    fn reset(&mut self, calendar: &CompiledCalendar, makers: usize) {
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
        self.variant_open_share = 1.0;
        self.affiliates_barred = 0.0;
    }

    /// Whether the target discourages a chip that is open under licence or up to a cap.
    pub fn is_refused(&self, slot: usize) -> bool {
        self.refusals.is_refused(slot)
    }

    /// Whether a slot can be sold in the target without licence now and under what is announced.
    pub fn sellable_in_target(&self, slot: usize) -> bool {
        self.sellable[slot]
    }

    /// Judges a variant, in every market but those of which `is_known` says that it was judged by the same rules. It is offered only
    /// where its parent may not be sold freely, since nobody buys the reduced chip where the full one is available. In the target a
    /// cap on the parent leaves it on offer: it serves what the cap does not.
    pub fn classify_variant(
        &mut self,
        calendar: &LawCalendar,
        slot: usize,
        parent: usize,
        spec: &ChipSpec,
        is_known: impl Fn(usize) -> bool,
    ) {
        let c = &*calendar.0;
        let law = c.sales(self.known);
        for market in (0..c.shipments.len()).filter(|market| !is_known(*market)) {
            let first = usize::from(c.equivalent_market[market]);
            if first < market {
                self.variant_terms[market * self.slots + slot] =
                    self.variant_terms[first * self.slots + slot];
                continue;
            }
            let whole = &law.terms[market * self.slots + parent];
            let in_target = market == c.target_market;
            let needed = whole.open <= 0.0 || whole.licensed() || whole.capped && in_target;
            let mut terms = SaleTerms::DENIED;
            if needed || in_target {
                let attributes = c.variant_attributes(parent, spec, market);
                let verdict =
                    |rules: &RuleSet| terms_of(&rules.judge(ControlledItem::ChipSale, &attributes));
                if needed {
                    terms = verdict(&law.in_force_there[market]);
                }
                if in_target {
                    self.variant_bar[slot] = verdict(&law.announced_in_target).open == 0.0;
                    let free = terms == SaleTerms::FREE;
                    self.sellable[slot] = needed && free && !self.variant_bar[slot];
                }
            }
            self.variant_terms[market * self.slots + slot] = terms;
        }
    }

    /// Sets the terms of a variant that has just been judged, in every market.
    pub fn offer_variant(&self, slot: usize, market: &mut ChipMarket) {
        for place in 0..market.layout.markets {
            let mut terms = self.variant_terms[place * self.slots + slot];
            if place == market.layout.target_market {
                terms = reduced(terms, self.variant_open_share);
            }
            market.set_terms(place, slot, terms);
        }
    }
}

/// What bars buyers in the target beside the rules on chips.
#[derive(SystemParam)]
pub struct TargetBuyers<'w> {
    denial: Res<'w, TargetDenial>,
    access: Res<'w, LegalAccess>,
}

/// System: sets the sale terms of this month in every market, and announced closures.
pub fn apply_law(
    run: RunMonth,
    calendar: Res<LawCalendar>,
    policy: Res<PolicyState>,
    catalogue: Catalogue,
    buyers: TargetBuyers,
    mut now: ResMut<CurrentLaw>,
    mut closures: ResMut<AnnouncedClosures>,
    mut market: ResMut<ChipMarket>,
) {
    let (c, t) = (&*calendar.0, run.clock.t);
    let (roadmap, chips) = (&*catalogue.roadmap, &*catalogue.chips);
    let whole = policy.whole_month();
    let segments = whole.as_ref().map_or(&c.months[t][..], |whole| &whole[..]);
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
    let affiliates =
        buyers.access.affiliates_closed * run.future.parameters.affiliated_buyers_share;
    let same_buyers = affiliates == now.affiliates_barred;
    now.affiliates_barred = affiliates;
    let stands = same_replies && same_buyers && now.laws.len() == 1 && now.laws == now.laws_before;
    if stands {
        return;
    }
    let denial = &buyers.denial;
    let home_above_record = denial.home_share - denial.home_share_on_record;
    let judged_by = now.laws.last().map(|law| law.1);
    let variants = roadmap.slots.iter().enumerate().filter(|(slot, place)| {
        matches!(place.kind, SlotKind::Variant { .. }) && chips.launch[*slot] <= t as i32
    });
    if now.judged_by != judged_by {
        let before = now.judged_by.zip(judged_by);
        let change = before.map(|(before, after)| c.change(before, after));
        let is_known = |market: usize| change.is_some_and(|change| change.same_rules[market]);
        for (slot, _) in variants.clone() {
            let (parent, spec) = (chips.parent[slot], &chips.spec[slot]);
            now.classify_variant(&calendar, slot, parent, spec, is_known);
        }
        now.judged_by = judged_by;
    }
    set_terms(c, &now, roadmap, &mut market);
    for (slot, _) in variants {
        for place in (0..c.shipments.len()).filter(|place| *place != c.target_market) {
            market.set_terms(place, slot, now.variant_terms[place * now.slots + slot]);
        }
    }
    take_stance(
        c,
        &catalogue,
        &run.future,
        home_above_record,
        &mut now,
        t as i32,
    );
    set_target_terms(c, roadmap, &run.future, &mut now, &mut market);
    set_announced_closures(c, roadmap, &mut now, &mut closures, &market);
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
    if c.caps.is_empty() {
        return;
    }
    let cap_tpp = |cap: &u16| c.caps[usize::from(*cap)].tpp;
    let ChipMarket {
        caps,
        deliveries,
        offers,
        active,
        ..
    } = market;
    caps.raise_by_home_sales(active, |slot| {
        deliveries.sold_in(Bloc::Issuer as usize, slot) * offers[slot].tpp
    });
    caps.set_in_force(|place| {
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
            c.change(from, to)
                .terms
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
    now: &mut CurrentLaw,
    market: &mut ChipMarket,
) {
    let over_complied = over_complied(c, &now.laws, &future.parameters);
    let (slots, place) = (c.chips.len(), c.target_market);
    for slot in 0..slots {
        let at = place * slots + slot;
        let mut terms = law_in_target(c, roadmap, now, slot);
        if !terms.licensed() && !market.layout.target_made[slot] {
            terms.open *= 1.0 - over_complied;
        }
        if !market.layout.target_made[slot] {
            terms.open *= 1.0 - now.affiliates_barred;
        }
        if matches!(roadmap.slots[slot].kind, SlotKind::Variant { .. }) {
            terms = reduced(terms, now.variant_open_share);
        } else if now.refusals.is_refused(slot) {
            terms = reduced(terms, open_share(&future.parameters));
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

/// Terms with only a share of the sales left open; denied where none is.
fn reduced(mut terms: SaleTerms, open_share: f64) -> SaleTerms {
    terms.open *= open_share;
    if terms.open <= 0.0 {
        return SaleTerms::DENIED;
    }
    terms
}

/// What the law of this month says of the sale of a chip in the target.
fn law_in_target(
    c: &CompiledCalendar,
    roadmap: &Roadmap,
    now: &CurrentLaw,
    slot: usize,
) -> SaleTerms {
    let at = c.target_market * c.chips.len() + slot;
    match roadmap.slots[slot].kind {
        SlotKind::Variant { .. } => now.variant_terms[at],
        _ => combine_terms(&now.laws, |law| c.sales[usize::from(law)].terms[at]),
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

/// Takes the target's stance on imports in the month in which a denied chip that had been launched is reopened. A variant whose
/// parent may be sold freely is off the list and not denied. Where the target's replies are recorded, an import ban of its own that
/// is in force shows that it refuses.
fn take_stance(
    c: &CompiledCalendar,
    catalogue: &Catalogue,
    future: &Future,
    home_above_record: f64,
    now: &mut CurrentLaw,
    t: i32,
) {
    let (roadmap, chips, p) = (&*catalogue.roadmap, &*catalogue.chips, &future.parameters);
    let mut reopened = false;
    for slot in 0..c.chips.len() {
        let terms = law_in_target(c, roadmap, now, slot);
        let opened = terms.case_by_case || terms.capped;
        let whole = law_in_target(c, roadmap, now, chips.parent[slot]);
        let denied = terms.open <= 0.0 && whole != SaleTerms::FREE;
        reopened |= now.refusals.note_law(slot, denied, opened) && chips.launch[slot] < t;
    }
    if !future.channels.on(Channel::CounterMeasures) {
        return;
    }
    if !now.replies_generated {
        let rule_set = &c.rule_sets[usize::from(now.known)];
        now.refusals.set_recorded(rule_set.imports_refused);
    } else if reopened {
        let draw = future.chance.uniform(Purpose::Refusal, 0, 0);
        now.refusals
            .decide(draw, refusal_chance(home_above_record, p));
    }
    now.variant_open_share = if now.refusals.refuses() {
        open_share(p)
    } else {
        1.0
    };
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
