//! Events of a run with their causes: recorded as numbers in the month loop, and worded afterwards.

use bevy_ecs::resource::Resource;

/// One event. The meaning of `object`, `place` and `values` is documented at its kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Month of the run.
    pub t: i32,
    pub kind: EventKind,
    /// Row of the lab, maker, broker or nation that acted or was acted on.
    pub actor: u32,
    pub object: u32,
    pub place: u32,
    pub values: [f64; 4],
    /// The event that caused this one; none where the cause is exogenous.
    pub cause: Option<EventId>,
}

impl Event {
    /// An empty event, to be completed as in `Event { actor, ..Event::new(t, kind) }`.
    pub const fn new(t: i32, kind: EventKind) -> Self {
        Self {
            t,
            kind,
            actor: 0,
            object: 0,
            place: 0,
            values: [0.0; 4],
            cause: None,
        }
    }
}

/// Index of an event in the log of its run; later events have larger indices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(pub u32);

/// One line for each kind: name, description, and exogenous cause.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal $words:literal $root:literal;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// Names of all kinds, in order.
            pub fn names() -> Vec<&'static str> {
                Self::ALL.iter().map(|kind| kind.name()).collect()
            }

            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            pub const fn words(self) -> &'static str {
                match self { $(Self::$kind => $words,)* }
            }

            /// The exogenous cause, where no event is the cause.
            pub const fn root(self) -> &'static str {
                match self { $(Self::$kind => $root,)* }
            }
        }
    };
}

kinds! {
    /// `place` and `object` are the rungs that it leaves and comes to, `values[0]` the month in which it comes into force.
    PolicyAnnounced "policy_announced" "a government announces a change of the rules along its ladder" "the political process";
    /// `object` is the rule.
    RuleAnnounced "rule_announced" "a rule becomes known" "the regime";
    /// `object` is the rule; `values[0]` is 1 where it was in force when the run began.
    RuleBinds "rule_binds" "a rule binds the first sale that it speaks of" "the regime";
    /// `object` is the rule; `values[0]` is 1 where it ends before it came into force.
    RuleEnds "rule_ends" "a rule ends, is superseded or is withdrawn" "the regime";
    /// `actor` the maker, `object` the chip slot, `place` the market, `values[0]` its sales of the month before, USD.
    MarketClosed "market_closed" "a chip that is on sale may no longer, or may never, be sold in a market" "the law";
    /// As for a closure, without sales.
    MarketReopened "market_reopened" "a chip whose sale was barred may be sold again" "the target looked at the chip again";
    /// `actor` the maker, `object` the chip slot, `place` the market, `values` the packages a month and the share that is denied.
    OrderDenied "order_denied" "the first month in which orders for a chip are barred, or refused a licence, in a market" "the law";
    /// `object` is the chip slot.
    Refused "refused" "the target discourages a chip that its exporter has opened" "the law";
    /// `values[0]` is the duration in months.
    Restricted "restricted" "the target keeps back materials in answer to a tightening" "the law";
    /// `object` is the chip slot, `place` the rule set; `values`: profit per package in USD, that of the best design with
    /// another kind of cut, this kind of cut, that other kind of cut (codes of `technology::design::CutKind`).
    VariantBegun "variant_begun" "a maker begins a design for a market that rules close" "the law";
    /// `object` is the chip slot, `place` the rule set when it was begun, `values[0]` its price in USD.
    VariantLaunched "variant_launched" "a variant comes on sale, with its specification" "the law";
    /// `object` is the chip slot, `values[0]` its performance over plan.
    GenerationLaunched "generation_launched" "a generation beyond the chip table comes on sale" "the maker's roadmap";
    /// `actor` is the broker, `values[0]` the packages seized.
    Seized "seized" "a broker is caught and its shipment seized" "the hazard of detection";
    /// `actor` is the lab that gained, `values[0]` the points.
    Stolen "stolen" "unreleased work of the leader is stolen" "the hazard of theft";
    /// `actor` is the lab, `object` the ordinal of the run, `values`: score without distillation, effective H100-equivalents.
    RunFinished "run_finished" "a training run ends" "the length of the run, drawn when it began";
    /// `actor` is the lab, `object` the ordinal of the run, `values`: score in index points, points from distillation.
    ModelReleased "model_released" "a lab releases a model, open or closed" "a training run";
    /// `actor` is the nation, `values`: alignment now, alignment when it was last logged.
    AlignmentMoved "alignment_moved" "a third nation has moved by 0.05 toward one side since it was last noted" "its drift";
}

/// Events of one run, in order.
#[derive(Resource, Clone, Debug, Default)]
pub struct EventLog {
    pub events: Vec<Event>,
    /// Whether events are kept; off for runs without a timeline.
    pub on: bool,
}

impl EventLog {
    /// Begins a run without events.
    pub fn begin(&mut self, on: bool) {
        self.events.clear();
        self.on = on;
    }

    /// Appends an event and returns its identifier for later causes; none where events are not kept.
    pub fn push(&mut self, event: Event) -> Option<EventId> {
        if !self.on {
            return None;
        }
        self.events.push(event);
        Some(EventId(self.events.len() as u32 - 1))
    }

    pub fn get(&self, id: EventId) -> &Event {
        &self.events[id.0 as usize]
    }
}
