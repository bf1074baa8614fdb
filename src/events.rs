//! What happened in a run: kept as numbers in the month loop, put into words afterwards.

use bevy_ecs::resource::Resource;

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Month of the run.
    pub t: i32,
    pub kind: EventKind,
    /// Row of the lab or maker.
    pub actor: u32,
    /// Slot of the chip, ordinal of the run, or index of the set of rules.
    pub object: u32,
    /// Score, price or share, as the kind says.
    pub value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Rules changed; `object` is the set now in force.
    RulesChanged,
    /// A government announced a change of the rules; `actor` and `object` are the rungs, `value` the month in which it binds.
    PolicyAnnounced,
    /// A maker began to design a variant for a market that rules close; `object` is the chip slot.
    VariantBegun,
    /// A variant came on sale; `value` is its price in USD.
    VariantLaunched,
    /// The target discouraged a chip that its exporter had opened; `object` is the chip slot.
    Refused,
    /// The target kept back materials in answer to a tightening; `object` counts tightenings, `value` is months.
    Restricted,
    /// Unreleased work of the leader was stolen; `actor` is the lab that gained, `value` the points.
    Stolen,
    /// A broker was caught; `actor` is the broker, `value` the packages seized.
    Seized,
    /// A lab released a model; `value` is its score in index points.
    ModelReleased,
}

impl EventKind {
    pub const ALL: [Self; 9] = [
        Self::RulesChanged,
        Self::PolicyAnnounced,
        Self::VariantBegun,
        Self::VariantLaunched,
        Self::Refused,
        Self::Restricted,
        Self::Stolen,
        Self::Seized,
        Self::ModelReleased,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::RulesChanged => "rules_changed",
            Self::PolicyAnnounced => "policy_announced",
            Self::VariantBegun => "variant_begun",
            Self::VariantLaunched => "variant_launched",
            Self::Refused => "refused",
            Self::Restricted => "restricted",
            Self::Stolen => "stolen",
            Self::Seized => "seized",
            Self::ModelReleased => "model_released",
        }
    }
}

impl EventKind {
    pub const fn words(self) -> &'static str {
        match self {
            Self::RulesChanged => "rules bind, end or are announced",
            Self::PolicyAnnounced => {
                "a government announces a change of the rules along its ladder"
            }
            Self::VariantBegun => "a maker begins a design for a market that rules close",
            Self::VariantLaunched => "a variant comes on sale, with its specification",
            Self::Refused => "the target discourages a chip that its exporter has opened",
            Self::Restricted => "the target keeps back materials in answer to a tightening",
            Self::Stolen => "unreleased work of the leader is stolen",
            Self::Seized => "a broker is caught and its shipment seized",
            Self::ModelReleased => "a lab releases a model",
        }
    }
}

/// Events of one run, in order.
#[derive(Resource, Clone, Debug, Default)]
pub struct EventLog {
    pub events: Vec<Event>,
    /// Runs whose timeline nobody asked for keep no events.
    pub on: bool,
}

impl EventLog {
    pub fn push(&mut self, event: Event) {
        if self.on {
            self.events.push(event);
        }
    }
}
