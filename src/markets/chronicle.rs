//! What the law did to trade, for the event log, with what caused it. Nothing in the model reads what is written here,
//! so a run is the same whether its events are kept or not.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use super::chips::ChipMarket;
use super::terms::{
    AnnouncedClosures, CompiledCalendar, CurrentLaw, LawCalendar, PolicyState, terms_of,
};
use crate::controls::{Attribute, ControlledItem, Instrument, Ruling};
use crate::events::{Event, EventId, EventKind, EventLog};
use crate::foundation::run::SimulationClock;
use crate::technology::roadmap::{ChipTable, Roadmap, SlotKind};

/// The events that later ones point back to.
#[derive(Resource, Clone, Debug, Default)]
pub struct EventCauses {
    /// The set of rules that was told of last.
    told: Option<u16>,
    /// The last event of each rule.
    rule: Vec<Option<EventId>>,
    /// The closing in force, by market and chip slot.
    closed: Vec<Option<EventId>>,
    /// The refusal that stands, by chip slot.
    refused: Vec<Option<EventId>>,
    /// The last binding of a rule against the target.
    tightened: Option<EventId>,
    /// By market and chip slot: a denied order has been told of.
    denied: Vec<bool>,
    /// What last took a sale in the target from each maker, and what the sale was worth.
    loss: Vec<Option<(EventId, f64)>>,
    /// The last closing by market; before the first, the rule that put a chip there under licence or a cap.
    market: Vec<Option<EventId>>,
    /// The first of the closings in force in the target: since then there is something to smuggle.
    grey: Option<EventId>,
    slots: usize,
    target: usize,
}

/// What the target is denied: chips, tools, memory.
const DENIED: [ControlledItem; 3] = [
    ControlledItem::ChipSale,
    ControlledItem::Tool,
    ControlledItem::MemoryStack,
];

impl EventCauses {
    pub fn reset(&mut self, calendar: &CompiledCalendar, makers: usize) {
        fn empty<T: Clone>(column: &mut Vec<T>, length: usize, with: T) {
            column.clear();
            column.resize(length, with);
        }
        let (markets, slots) = (calendar.shipments.len(), calendar.chips.len());
        self.told = None;
        self.grey = None;
        self.tightened = None;
        self.slots = slots;
        self.target = calendar.target_market;
        empty(&mut self.rule, calendar.law.rules.len(), None);
        empty(&mut self.closed, markets * slots, None);
        empty(&mut self.refused, slots, None);
        empty(&mut self.denied, markets * slots, false);
        empty(&mut self.loss, makers, None);
        empty(&mut self.market, markets, None);
    }

    /// Why a maker looks for a variant of this part: the later of what keeps the part from the target and of what last took
    /// a sale there from the maker.
    pub fn of_variant(
        &self,
        c: &CompiledCalendar,
        known: u16,
        slot: usize,
        maker: usize,
    ) -> Option<EventId> {
        // Where no events are kept there is nothing to point to.
        self.told?;
        let barred = self.closed[self.target * self.slots + slot].or_else(|| {
            self.of_announced(c, known, slot).or_else(|| {
                let sale = c.sale(slot, self.target);
                self.of_ruling(
                    &c.sales(known)
                        .in_force
                        .judge(ControlledItem::ChipSale, &sale),
                )
            })
        });
        barred.max(self.loss[maker].map(|(id, _)| id))
    }

    /// What brokers live on.
    pub fn of_grey_trade(&self) -> Option<EventId> {
        self.grey
    }

    /// What the target answers when it has lately been denied more.
    pub fn of_tightening(&self) -> Option<EventId> {
        self.tightened
    }

    /// What last kept a chip from buyers of a market.
    pub fn of_denial(&self, market: usize) -> Option<EventId> {
        self.market[market]
    }

    /// The announced rule that will close the target to a part.
    fn of_announced(&self, c: &CompiledCalendar, known: u16, slot: usize) -> Option<EventId> {
        let announced = &c.sales(known).announced;
        self.of_ruling(&announced.judge(ControlledItem::ChipSale, &c.sale(slot, self.target)))
    }

    /// The last event of the rule that decides a ruling.
    fn of_ruling(&self, ruling: &Ruling) -> Option<EventId> {
        self.rule[usize::from(ruling.decided_by()?)]
    }

    /// What of this month's law closed a sale: the rule that bars it begins to bind, or something that was carved out of it
    /// ends. Where neither happened this month the chip is new, or its firm was given longer: the rule stands behind it.
    fn of_closing(
        &self,
        c: &CompiledCalendar,
        after: &Ruling,
        t: i32,
        events: &EventLog,
    ) -> Option<EventId> {
        let rule = after.decided_by()?;
        self.this_month(rule, EventKind::RuleBinds, t, events)
            .or_else(|| self.of_carving(c, rule, EventKind::RuleEnds, t, events))
            .or(self.rule[usize::from(rule)])
    }

    /// What of this month's law opened a sale: the rule that barred it ends, or something is carved out of it.
    fn of_opening(
        &self,
        c: &CompiledCalendar,
        before: &Ruling,
        after: &Ruling,
        t: i32,
        events: &EventLog,
    ) -> Option<EventId> {
        let barred = before.decided_by().and_then(|rule| {
            self.this_month(rule, EventKind::RuleEnds, t, events)
                .or_else(|| self.of_carving(c, rule, EventKind::RuleBinds, t, events))
        });
        barred
            .or_else(|| self.of_ruling(after))
            .or_else(|| self.of_ruling(before))
    }

    /// The event of a rule if it is of this month and kind.
    fn this_month(&self, rule: u16, kind: EventKind, t: i32, events: &EventLog) -> Option<EventId> {
        self.rule[usize::from(rule)].filter(|id| {
            let e = events.get(*id);
            (e.t, e.kind) == (t, kind)
        })
    }

    /// This month's event of a rule that carves something out of another.
    fn of_carving(
        &self,
        c: &CompiledCalendar,
        carved: u16,
        kind: EventKind,
        t: i32,
        events: &EventLog,
    ) -> Option<EventId> {
        (0..c.law.rules.len() as u16)
            .filter(|rule| c.law.rules[usize::from(*rule)].carves_out.contains(&carved))
            .find_map(|rule| self.this_month(rule, kind, t, events))
    }

    /// Rules that were announced, bind or end since the set of rules that was told of last.
    fn tell_rules(
        &mut self,
        c: &CompiledCalendar,
        standing: &PolicyState,
        known: u16,
        t: i32,
        events: &mut EventLog,
    ) {
        let now = &c.books[usize::from(known)];
        let before = self.told.map(|told| &c.books[usize::from(told)]);
        let had = |rule: u16| before.is_some_and(|b| b.in_force.holds(rule));
        let knew = |rule: u16| before.is_some_and(|b| b.announced.holds(rule));
        for at in 0..c.law.rules.len() as u16 {
            let (binds, announced) = (now.in_force.holds(at), now.announced.holds(at));
            let event = |kind: EventKind, first: bool, cause: Option<EventId>| Event {
                object: u32::from(at),
                values: [f64::from(u8::from(first)), 0.0, 0.0, 0.0],
                cause,
                ..Event::new(t, kind)
            };
            let from_start = binds && self.told.is_none();
            if (binds || announced) && !had(at) && !knew(at) && !from_start {
                let decided = if binds {
                    standing.bound_by
                } else {
                    standing.announced_by
                };
                let answered = decided.or_else(|| self.answered_by(c, at));
                self.rule[usize::from(at)] =
                    events.push(event(EventKind::RuleAnnounced, false, answered));
            }
            if binds && !had(at) {
                let cause = self.rule[usize::from(at)];
                self.rule[usize::from(at)] =
                    events.push(event(EventKind::RuleBinds, from_start, cause));
                let rule = &c.law.rules[usize::from(at)];
                let home = c.shipments[self.target].get(Attribute::Destination);
                if rule.issuer_code != home && DENIED.iter().any(|s| rule.instrument.judges(*s)) {
                    self.tightened = self.rule[usize::from(at)];
                }
            }
        }
        for at in 0..c.law.rules.len() as u16 {
            let gone = !now.in_force.holds(at) && !now.announced.holds(at);
            if gone && (had(at) || knew(at)) {
                let cause = self.ended_by(c, at, known).or(standing.bound_by);
                let never_bound = f64::from(u8::from(!had(at)));
                self.rule[usize::from(at)] = events.push(Event {
                    object: u32::from(at),
                    values: [never_bound, 0.0, 0.0, 0.0],
                    cause,
                    ..Event::new(t, EventKind::RuleEnds)
                });
            }
        }
        self.told = Some(known);
    }

    /// The last event of the rules that a rule answers, as recorded with it.
    fn answered_by(&self, c: &CompiledCalendar, rule: u16) -> Option<EventId> {
        let answers = &c.law.rules[usize::from(rule)].responds_to;
        answers
            .iter()
            .filter_map(|id| self.rule[usize::from(c.law.find(id)?)])
            .max()
    }

    /// The rule in force that voids another, by superseding or by rescinding it.
    fn ended_by(&self, c: &CompiledCalendar, rule: u16, known: u16) -> Option<EventId> {
        let id = &c.law.rules[usize::from(rule)].id;
        let now = &c.books[usize::from(known)].in_force;
        (0..c.law.rules.len() as u16)
            .filter(|other| now.holds(*other))
            .filter(|other| {
                let other = &c.law.rules[usize::from(*other)];
                other.supersedes.contains(&rule)
                    || (other.instrument == Instrument::Rescission
                        && other.responds_to.contains(id))
            })
            .filter_map(|other| self.rule[usize::from(other)])
            .max()
    }

    /// Remembers the dearest of a month's losses of a maker in the target; what it never sold there is no loss.
    fn lose(&mut self, maker: usize, id: Option<EventId>, usd: f64, events: &EventLog) {
        let Some(id) = id.filter(|_| usd > 0.0) else {
            return;
        };
        let t = events.get(id).t;
        let dearer = self.loss[maker].is_none_or(|(old, was)| events.get(old).t < t || usd > was);
        if dearer {
            self.loss[maker] = Some((id, usd));
        }
    }
}

/// System: tells which rules were announced, bind or end, and which sales they close, open or see refused.
pub fn tell_law(
    clock: Res<SimulationClock>,
    calendar: Res<LawCalendar>,
    standing: Res<PolicyState>,
    roadmap: Res<Roadmap>,
    chips: Res<ChipTable>,
    now: Res<CurrentLaw>,
    outlook: Res<AnnouncedClosures>,
    market: Res<ChipMarket>,
    mut causes: ResMut<EventCauses>,
    mut events: ResMut<EventLog>,
) {
    if !events.on {
        return;
    }
    let (c, t, known) = (&*calendar.0, clock.t as i32, now.known);
    let changed = causes.told != Some(known);
    let before = causes.told.unwrap_or(known);
    if changed {
        causes.tell_rules(c, &standing, known, t, &mut events);
    }
    let slots = causes.slots;
    for place in 0..c.shipments.len() {
        for slot in 0..slots {
            // A variant is judged the month after it came on sale; any other part in the month in which it does.
            let age = t.saturating_sub(chips.launch[slot]);
            let fresh = (0..=1).contains(&age);
            let listed = fresh || t == 0 || market.active.binary_search(&(slot as u16)).is_ok();
            let here = place == causes.target;
            let reviewed = here && causes.refused[slot].is_some() != now.is_refused(slot);
            let quiet = !(changed || fresh || reviewed);
            if market.layout.captive_chip[slot] || age < 0 || quiet {
                continue;
            }
            let ruling = ruling_of(c, known, place, slot, &roadmap, &chips);
            let of_opening = |causes: &EventCauses, events: &EventLog| {
                let before = ruling_of(c, before, place, slot, &roadmap, &chips);
                causes.of_opening(c, &before, &ruling, t, events)
            };
            let terms = terms_of(&ruling);
            if !listed {
                if terms.open > 0.0 {
                    causes.closed[place * slots + slot] = None;
                }
                continue;
            }
            let refused = here && (terms.case_by_case || terms.capped) && now.is_refused(slot);
            if here && !refused {
                causes.refused[slot] = None;
            }
            if refused && causes.refused[slot].is_none() {
                let cause = of_opening(&causes, &events);
                causes.refused[slot] = events.push(Event {
                    object: slot as u32,
                    cause,
                    ..Event::new(t, EventKind::Refused)
                });
            }
            let (at, maker) = (place * slots + slot, usize::from(roadmap.slots[slot].maker));
            let packages = sold_to(&market, place, slot);
            let usd = packages * market.offers[slot].price_usd;
            let event = |kind: EventKind, values: [f64; 2], cause: Option<EventId>| Event {
                actor: maker as u32,
                object: slot as u32,
                place: place as u32,
                values: [values[0], values[1], 0.0, 0.0],
                cause,
                ..Event::new(t, kind)
            };
            // A refusal may leave a share open.
            let closed = terms.open == 0.0 || (refused && market.terms[at].open == 0.0);
            if !closed && (terms.licensed() || terms.capped) && causes.market[place].is_none() {
                causes.market[place] = causes.of_ruling(&ruling);
            }
            if closed && causes.closed[at].is_none() {
                let cause = if refused {
                    causes.refused[slot]
                } else {
                    causes.of_closing(c, &ruling, t, &events)
                };
                let id = events.push(event(EventKind::MarketClosed, [usd, 0.0], cause));
                causes.closed[at] = id;
                causes.market[place] = id;
                if here {
                    causes.grey = causes.grey.or(id);
                    causes.lose(maker, id, usd, &events);
                }
                if packages > 0.0 && !causes.denied[at] {
                    causes.denied[at] = true;
                    events.push(event(EventKind::OrderDenied, [packages, 1.0], id));
                }
            } else if !closed && causes.closed[at].is_some() {
                // Where no rule changed, the target looked again at what it had refused.
                let cause = of_opening(&causes, &events).filter(|_| changed);
                events.push(event(EventKind::MarketReopened, [0.0; 2], cause));
                causes.closed[at] = None;
            } else if here && changed && outlook.closing[slot] {
                let announced = causes.of_announced(c, known, slot);
                let new = announced.filter(|id| events.get(*id).t == t);
                causes.lose(maker, new, usd, &events);
            }
        }
    }
    let target = causes.target * slots;
    if causes.closed[target..target + slots]
        .iter()
        .all(Option::is_none)
    {
        causes.grey = None;
    }
}

/// System: tells of the first licences that are refused for a chip in a market.
pub fn tell_refused_licences(
    clock: Res<SimulationClock>,
    calendar: Res<LawCalendar>,
    roadmap: Res<Roadmap>,
    chips: Res<ChipTable>,
    now: Res<CurrentLaw>,
    market: Res<ChipMarket>,
    mut causes: ResMut<EventCauses>,
    mut events: ResMut<EventLog>,
) {
    if !events.on {
        return;
    }
    let (c, slots) = (&*calendar.0, causes.slots);
    for &at in &market.asked_for_licence {
        let at = at as usize;
        let (place, slot) = (at / slots, at % slots);
        let queue = &market.licences[at];
        if queue.refused_total <= 0.0 || causes.denied[at] {
            continue;
        }
        causes.denied[at] = true;
        let ruling = ruling_of(c, now.known, place, slot, &roadmap, &chips);
        let decided = queue.refused_total + queue.granted_total;
        events.push(Event {
            actor: u32::from(roadmap.slots[slot].maker),
            object: slot as u32,
            place: place as u32,
            values: [queue.refused_total, queue.refused_total / decided, 0.0, 0.0],
            cause: causes.of_ruling(&ruling),
            ..Event::new(clock.t as i32, EventKind::OrderDenied)
        });
    }
}

/// What rules say of a part as this run has it.
fn ruling_of(
    c: &CompiledCalendar,
    known: u16,
    place: usize,
    slot: usize,
    roadmap: &Roadmap,
    chips: &ChipTable,
) -> Ruling {
    let sale = if let SlotKind::Variant { .. } = roadmap.slots[slot].kind {
        c.variant_attributes(chips.parent[slot], &chips.spec[slot], place)
    } else {
        c.sale(slot, place)
    };
    c.sales(known)
        .in_force
        .judge(ControlledItem::ChipSale, &sale)
}

/// Packages of a chip that came to a market in the last month of trade.
fn sold_to(market: &ChipMarket, place: usize, slot: usize) -> f64 {
    let here = |k: &usize| market.layout.customers[*k].market == place;
    (0..market.layout.customers.len())
        .filter(here)
        .map(|k| market.delivered(k, slot))
        .sum()
}
