//! Logs how rules changed trade, with the cause of each event.
//!
//! Nothing in the model reads these records, so a run is the same with and without events.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut, SystemParam};

use super::apply::{AnnouncedClosures, CurrentLaw};
use super::compiled::{CompiledCalendar, LawCalendar, PolicyState, terms_of};
use crate::controls::{Attribute, ControlledItem, Instrument, Ruling};
use crate::events::{Event, EventId, EventKind, EventLog};
use crate::foundation::run::SimulationClock;
use crate::markets::chip_market::ChipMarket;
use crate::technology::roadmap::{Catalogue, SlotKind};

/// Events that later events name as their cause.
#[derive(Resource, Clone, Debug, Default)]
pub struct EventCauses {
    /// The rule set that was logged last.
    logged: Option<u16>,
    /// The last event of each rule.
    rule: Vec<Option<EventId>>,
    /// By market and chip slot: the closure in force.
    closed: Vec<Option<EventId>>,
    /// By chip slot: the importer refusal in force.
    refused: Vec<Option<EventId>>,
    /// The last event in which a rule against the target came into force.
    tightened: Option<EventId>,
    /// By market and chip slot: whether a denied order was logged.
    denied: Vec<bool>,
    /// By maker: the event that last removed sales in the target, and the value of the sales, USD.
    loss: Vec<Option<(EventId, f64)>>,
    /// By market: the last closure; before the first closure, the rule that put a chip under licence or a cap.
    market: Vec<Option<EventId>>,
    /// The first of the closures in force in the target, which is the cause of diversion.
    grey: Option<EventId>,
    slots: usize,
    target: usize,
}

/// The log, and the causes that its next events can name.
#[derive(SystemParam)]
pub struct CausedEvents<'w> {
    pub causes: Res<'w, EventCauses>,
    pub events: ResMut<'w, EventLog>,
}

/// System at the start of a run: no event has happened.
pub fn begin_causes(
    calendar: Res<LawCalendar>,
    market: Res<ChipMarket>,
    mut causes: ResMut<EventCauses>,
) {
    causes.reset(&calendar.0, market.layout.makers);
}

/// Items whose denial counts as a tightening against the target.
const DENIED: [ControlledItem; 3] = [
    ControlledItem::ChipSale,
    ControlledItem::Tool,
    ControlledItem::MemoryStack,
];

impl EventCauses {
    fn reset(&mut self, calendar: &CompiledCalendar, makers: usize) {
        fn empty<T: Clone>(column: &mut Vec<T>, length: usize, with: T) {
            column.clear();
            column.resize(length, with);
        }
        let (markets, slots) = (calendar.shipments.len(), calendar.chips.len());
        self.logged = None;
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

    /// Cause of a variant project: the later of the event that closed the target to this part and the maker's last loss of
    /// sales there.
    pub fn variant_cause(
        &self,
        c: &CompiledCalendar,
        known: u16,
        slot: usize,
        maker: usize,
    ) -> Option<EventId> {
        // Without a log there is no cause to name.
        self.logged?;
        let barred = self.closed[self.target * self.slots + slot].or_else(|| {
            self.announced_cause(c, known, slot).or_else(|| {
                let sale = c.sale(slot, self.target);
                self.ruling_cause(
                    &c.sales(known)
                        .in_force
                        .judge(ControlledItem::ChipSale, &sale),
                )
            })
        });
        barred.max(self.loss[maker].map(|(id, _)| id))
    }

    /// Cause of diversion by brokers.
    pub fn grey_trade_cause(&self) -> Option<EventId> {
        self.grey
    }

    /// Cause of retaliation by the target.
    pub fn tightening_cause(&self) -> Option<EventId> {
        self.tightened
    }

    /// The event that last denied a chip to buyers of a market.
    pub fn denial_cause(&self, market: usize) -> Option<EventId> {
        self.market[market]
    }

    /// Last event of the announced rule that will close the target to a part.
    fn announced_cause(&self, c: &CompiledCalendar, known: u16, slot: usize) -> Option<EventId> {
        let announced = &c.sales(known).announced;
        self.ruling_cause(&announced.judge(ControlledItem::ChipSale, &c.sale(slot, self.target)))
    }

    /// Last event of the rule that decides a ruling.
    fn ruling_cause(&self, ruling: &Ruling) -> Option<EventId> {
        self.rule[usize::from(ruling.decided_by()?)]
    }

    /// Cause of a closure: the rule that denies the sale came into force this month, or a carve-out from it ended. If neither
    /// happened, the chip is new or its firm had a longer transition period, and the rule itself is the cause.
    fn closing_cause(
        &self,
        c: &CompiledCalendar,
        after: &Ruling,
        t: i32,
        events: &EventLog,
    ) -> Option<EventId> {
        let rule = after.decided_by()?;
        self.event_this_month(rule, EventKind::RuleBinds, t, events)
            .or_else(|| self.carve_out_cause(c, rule, EventKind::RuleEnds, t, events))
            .or(self.rule[usize::from(rule)])
    }

    /// Cause of a reopening: the rule that denied the sale ended this month, or a carve-out from it came into force.
    fn opening_cause(
        &self,
        c: &CompiledCalendar,
        before: &Ruling,
        after: &Ruling,
        t: i32,
        events: &EventLog,
    ) -> Option<EventId> {
        let barred = before.decided_by().and_then(|rule| {
            self.event_this_month(rule, EventKind::RuleEnds, t, events)
                .or_else(|| self.carve_out_cause(c, rule, EventKind::RuleBinds, t, events))
        });
        barred
            .or_else(|| self.ruling_cause(after))
            .or_else(|| self.ruling_cause(before))
    }

    /// The last event of a rule, if it is of this month and of this kind.
    fn event_this_month(
        &self,
        rule: u16,
        kind: EventKind,
        t: i32,
        events: &EventLog,
    ) -> Option<EventId> {
        self.rule[usize::from(rule)].filter(|id| {
            let e = events.get(*id);
            (e.t, e.kind) == (t, kind)
        })
    }

    /// This month's event of a rule that is a carve-out from another.
    fn carve_out_cause(
        &self,
        c: &CompiledCalendar,
        carved: u16,
        kind: EventKind,
        t: i32,
        events: &EventLog,
    ) -> Option<EventId> {
        (0..c.law.rules.len() as u16)
            .filter(|rule| c.law.rules[usize::from(*rule)].carves_out.contains(&carved))
            .find_map(|rule| self.event_this_month(rule, kind, t, events))
    }

    /// Logs the rules that were announced, came into force or ended since the rule set that was logged last.
    fn log_rules(
        &mut self,
        c: &CompiledCalendar,
        policy: &PolicyState,
        known: u16,
        t: i32,
        events: &mut EventLog,
    ) {
        let now = &c.rule_sets[usize::from(known)];
        let before = self.logged.map(|logged| &c.rule_sets[usize::from(logged)]);
        let had = |rule: u16| before.is_some_and(|b| b.in_force.contains(rule));
        let knew = |rule: u16| before.is_some_and(|b| b.announced.contains(rule));
        for at in 0..c.law.rules.len() as u16 {
            let (binds, announced) = (now.in_force.contains(at), now.announced.contains(at));
            let event = |kind: EventKind, first: bool, cause: Option<EventId>| Event {
                object: u32::from(at),
                values: [f64::from(u8::from(first)), 0.0, 0.0, 0.0],
                cause,
                ..Event::new(t, kind)
            };
            let from_start = binds && self.logged.is_none();
            if (binds || announced) && !had(at) && !knew(at) && !from_start {
                let decided = if binds {
                    policy.bound_by
                } else {
                    policy.announced_by
                };
                let answered = decided.or_else(|| self.answered_cause(c, at));
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
            let gone = !now.in_force.contains(at) && !now.announced.contains(at);
            if gone && (had(at) || knew(at)) {
                let cause = self.ending_cause(c, at, known).or(policy.bound_by);
                let never_bound = f64::from(u8::from(!had(at)));
                self.rule[usize::from(at)] = events.push(Event {
                    object: u32::from(at),
                    values: [never_bound, 0.0, 0.0, 0.0],
                    cause,
                    ..Event::new(t, EventKind::RuleEnds)
                });
            }
        }
        self.logged = Some(known);
    }

    /// The last event of the rules to which a rule responds, as recorded in its file.
    fn answered_cause(&self, c: &CompiledCalendar, rule: u16) -> Option<EventId> {
        let answers = &c.law.rules[usize::from(rule)].responds_to;
        answers
            .iter()
            .filter_map(|id| self.rule[usize::from(c.law.find(id)?)])
            .max()
    }

    /// The last event of a rule in force that supersedes or rescinds another.
    fn ending_cause(&self, c: &CompiledCalendar, rule: u16, known: u16) -> Option<EventId> {
        let id = &c.law.rules[usize::from(rule)].id;
        let now = &c.rule_sets[usize::from(known)].in_force;
        (0..c.law.rules.len() as u16)
            .filter(|other| now.contains(*other))
            .filter(|other| {
                let other = &c.law.rules[usize::from(*other)];
                other.supersedes.contains(&rule)
                    || (other.instrument == Instrument::Rescission
                        && other.responds_to.contains(id))
            })
            .filter_map(|other| self.rule[usize::from(other)])
            .max()
    }

    /// Keeps the largest of a maker's losses of a month in the target. A chip that was never sold there is no loss.
    fn record_loss(&mut self, maker: usize, id: Option<EventId>, usd: f64, events: &EventLog) {
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

/// The law of the month, and how the market stands under it.
#[derive(SystemParam)]
pub struct LawAndMarket<'w> {
    clock: Res<'w, SimulationClock>,
    calendar: Res<'w, LawCalendar>,
    now: Res<'w, CurrentLaw>,
    closures: Res<'w, AnnouncedClosures>,
    market: Res<'w, ChipMarket>,
    catalogue: Catalogue<'w>,
}

/// System: logs rules that are announced, come into force or end, and the sales that they close, reopen or see refused.
pub fn log_rule_events(
    seen: LawAndMarket,
    policy: Res<PolicyState>,
    mut causes: ResMut<EventCauses>,
    mut events: ResMut<EventLog>,
) {
    if !events.on {
        return;
    }
    let (c, t, known) = (&*seen.calendar.0, seen.clock.t as i32, seen.now.known);
    let changed = causes.logged != Some(known);
    let rules_of = |rule_set: u16| c.sale_rules_of[usize::from(rule_set)];
    let rules = causes
        .logged
        .map(|before| c.change(rules_of(before), rules_of(known)));
    let before = causes.logged.unwrap_or(known);
    if changed {
        causes.log_rules(c, &policy, known, t, &mut events);
    }
    let change = LawChange {
        seen: &seen,
        before,
        changed,
    };
    for place in 0..c.shipments.len() {
        // Outside the target nothing but the rules on sales there closes or opens a chip that was judged before.
        let same_rules = rules.is_some_and(|rules| rules.same_rules[place]);
        let known_here = same_rules && place != causes.target;
        for slot in 0..causes.slots {
            change.log_sale((place, known_here), slot, &mut causes, &mut events);
        }
    }
    let target = causes.target * causes.slots;
    if causes.closed[target..target + causes.slots]
        .iter()
        .all(Option::is_none)
    {
        causes.grey = None;
    }
}

/// The law of the month against the rule set that was logged before.
struct LawChange<'a> {
    seen: &'a LawAndMarket<'a>,
    before: u16,
    changed: bool,
}

impl LawChange<'_> {
    /// Logs how the sale of a chip in a market was closed, reopened or refused since the last month. `known_here` says that the
    /// market's rules on sales are those that were logged last.
    fn log_sale(
        &self,
        (place, known_here): (usize, bool),
        slot: usize,
        causes: &mut EventCauses,
        events: &mut EventLog,
    ) {
        let (c, t) = (&*self.seen.calendar.0, self.seen.clock.t as i32);
        let (now, market) = (&*self.seen.now, &*self.seen.market);
        // A variant is judged in the month after its launch, any other chip in the month of its launch.
        let age = t.saturating_sub(self.seen.catalogue.chips.launch[slot]);
        let fresh = (0..=1).contains(&age);
        let listed = fresh || t == 0 || market.active.binary_search(&(slot as u16)).is_ok();
        let here = place == causes.target;
        let reviewed = here && causes.refused[slot].is_some() != now.is_refused(slot);
        let changed = self.changed && !known_here;
        let quiet = !(changed || fresh || reviewed);
        if market.layout.captive_chip[slot] || age < 0 || quiet {
            return;
        }
        let at = place * causes.slots + slot;
        let ruling = ruling_of(c, now.known, place, slot, &self.seen.catalogue);
        let terms = terms_of(&ruling);
        if !listed {
            if terms.open > 0.0 {
                causes.closed[at] = None;
            }
            return;
        }
        let refused = here && (terms.case_by_case || terms.capped) && now.is_refused(slot);
        if here {
            self.log_refusal(refused, place, slot, &ruling, causes, events);
        }
        // A refusal may leave a share of sales open.
        let closed = terms.open == 0.0 || (refused && market.terms[at].open == 0.0);
        if !closed && (terms.licensed() || terms.capped) && causes.market[place].is_none() {
            causes.market[place] = causes.ruling_cause(&ruling);
        }
        if closed && causes.closed[at].is_none() {
            let cause = if refused {
                causes.refused[slot]
            } else {
                causes.closing_cause(c, &ruling, t, events)
            };
            self.log_closure(place, slot, cause, causes, events);
        } else if !closed && causes.closed[at].is_some() {
            // If no rule changed, the target reviewed its refusal.
            let cause = self
                .opening_cause(place, slot, &ruling, causes, events)
                .filter(|_| self.changed);
            events.push(self.sale_event(EventKind::MarketReopened, place, slot, [0.0; 2], cause));
            causes.closed[at] = None;
        } else if here && self.changed && self.seen.closures.closing[slot] {
            let announced = causes.announced_cause(c, now.known, slot);
            let new = announced.filter(|id| events.get(*id).t == t);
            let (maker, usd) = self.last_sales(place, slot);
            causes.record_loss(maker, new, usd, events);
        }
    }

    /// Logs that the target refuses a chip, and forgets a refusal that has ended.
    fn log_refusal(
        &self,
        refused: bool,
        place: usize,
        slot: usize,
        ruling: &Ruling,
        causes: &mut EventCauses,
        events: &mut EventLog,
    ) {
        if !refused {
            causes.refused[slot] = None;
        } else if causes.refused[slot].is_none() {
            let cause = self.opening_cause(place, slot, ruling, causes, events);
            causes.refused[slot] = events.push(Event {
                object: slot as u32,
                cause,
                ..Event::new(self.seen.clock.t as i32, EventKind::Refused)
            });
        }
    }

    /// Logs that a sale has closed, and the orders that it denies.
    fn log_closure(
        &self,
        place: usize,
        slot: usize,
        cause: Option<EventId>,
        causes: &mut EventCauses,
        events: &mut EventLog,
    ) {
        let at = place * causes.slots + slot;
        let (maker, usd) = self.last_sales(place, slot);
        let id =
            events.push(self.sale_event(EventKind::MarketClosed, place, slot, [usd, 0.0], cause));
        causes.closed[at] = id;
        causes.market[place] = id;
        if place == causes.target {
            causes.grey = causes.grey.or(id);
            causes.record_loss(maker, id, usd, events);
        }
        let packages = delivered_to_market(&self.seen.market, place, slot);
        if packages > 0.0 && !causes.denied[at] {
            causes.denied[at] = true;
            let denied = [packages, 1.0];
            events.push(self.sale_event(EventKind::OrderDenied, place, slot, denied, id));
        }
    }

    fn opening_cause(
        &self,
        place: usize,
        slot: usize,
        after: &Ruling,
        causes: &EventCauses,
        events: &EventLog,
    ) -> Option<EventId> {
        let c = &*self.seen.calendar.0;
        let before = ruling_of(c, self.before, place, slot, &self.seen.catalogue);
        causes.opening_cause(c, &before, after, self.seen.clock.t as i32, events)
    }

    /// The maker of a chip, and its sales of the chip in a market in the last month of trade, USD.
    fn last_sales(&self, place: usize, slot: usize) -> (usize, f64) {
        let maker = usize::from(self.seen.catalogue.roadmap.slots[slot].maker);
        let packages = delivered_to_market(&self.seen.market, place, slot);
        (maker, packages * self.seen.market.offers[slot].price_usd)
    }

    /// An event about a chip in a market.
    fn sale_event(
        &self,
        kind: EventKind,
        place: usize,
        slot: usize,
        values: [f64; 2],
        cause: Option<EventId>,
    ) -> Event {
        Event {
            actor: u32::from(self.seen.catalogue.roadmap.slots[slot].maker),
            object: slot as u32,
            place: place as u32,
            values: [values[0], values[1], 0.0, 0.0],
            cause,
            ..Event::new(self.seen.clock.t as i32, kind)
        }
    }
}

/// System: logs the first refused licences of a chip in a market.
pub fn log_refused_licences(
    seen: LawAndMarket,
    mut causes: ResMut<EventCauses>,
    mut events: ResMut<EventLog>,
) {
    if !events.on {
        return;
    }
    let (c, slots) = (&*seen.calendar.0, causes.slots);
    for &at in &seen.market.licences.asked {
        let at = at as usize;
        let (place, slot) = (at / slots, at % slots);
        let queue = &seen.market.licences.queues[at];
        if queue.refused_total <= 0.0 || causes.denied[at] {
            continue;
        }
        causes.denied[at] = true;
        let ruling = ruling_of(c, seen.now.known, place, slot, &seen.catalogue);
        let decided = queue.refused_total + queue.granted_total;
        events.push(Event {
            actor: u32::from(seen.catalogue.roadmap.slots[slot].maker),
            object: slot as u32,
            place: place as u32,
            values: [queue.refused_total, queue.refused_total / decided, 0.0, 0.0],
            cause: causes.ruling_cause(&ruling),
            ..Event::new(seen.clock.t as i32, EventKind::OrderDenied)
        });
    }
}

/// Ruling on a chip with its specification in this run.
fn ruling_of(
    c: &CompiledCalendar,
    known: u16,
    place: usize,
    slot: usize,
    catalogue: &Catalogue,
) -> Ruling {
    let (roadmap, chips) = (&*catalogue.roadmap, &*catalogue.chips);
    let sale = if let SlotKind::Variant { .. } = roadmap.slots[slot].kind {
        c.variant_attributes(chips.parent[slot], &chips.spec[slot], place)
    } else {
        c.sale(slot, place)
    };
    c.sales(known)
        .in_force
        .judge(ControlledItem::ChipSale, &sale)
}

/// Packages of a chip delivered to a market in the last month of trade.
fn delivered_to_market(market: &ChipMarket, place: usize, slot: usize) -> f64 {
    let here = |k: &usize| market.layout.customers[*k].market == place;
    (0..market.layout.customers.len())
        .filter(here)
        .map(|k| market.delivered(k, slot))
        .sum()
}
