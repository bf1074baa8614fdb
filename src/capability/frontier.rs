//! The frontier: monthly records of knowledge and released models, from which followers learn.

use bevy_ecs::resource::Resource;

use super::gap::LeaderRecord;
use crate::foundation::parameters::Parameters;

/// Groups of labs whose best model a record follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum FrontierGroup {
    Issuer = 0,
    Target = 1,
    Third = 2,
    Open = 3,
    Closed = 4,
    World = 5,
}

impl FrontierGroup {
    pub const ALL: [Self; 6] = [
        Self::Issuer,
        Self::Target,
        Self::Third,
        Self::Open,
        Self::Closed,
        Self::World,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Target => "target",
            Self::Third => "third",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::World => "world",
        }
    }
}

/// Knowledge that others could learn from in one month.
#[derive(Clone, Copy, Debug, Default)]
pub struct PublicKnowledge {
    pub points: f64,
    pub compute_h100e: f64,
}

impl PublicKnowledge {
    /// A lower bound on all knowledge.
    pub const NOTHING: Self = Self {
        points: f64::NEG_INFINITY,
        compute_h100e: 0.0,
    };
}

/// Records of capability and knowledge.
#[derive(Resource, Clone, Debug, Default)]
pub struct FrontierHistory {
    /// Best released score so far by [`FrontierGroup`].
    pub released: [LeaderRecord; 6],
    /// Best latent score by bloc: issuer, target, third.
    pub latent: [LeaderRecord; 3],
    /// Best knowledge anywhere, and with how much compute, by month.
    pub best_known: Vec<PublicKnowledge>,
    /// Knowledge behind the best open release so far, by month.
    pub open_known: Vec<PublicKnowledge>,
    /// The same behind the best release of any kind.
    pub served_known: Vec<PublicKnowledge>,
    /// Points from distillation in the target's models released this month.
    pub distilled_points: f64,
    /// Best knowledge by bloc now.
    pub bloc_points: [f64; 3],
    /// Mean knowledge of a bloc's labs, weighted by compute; it sets how hard ideas are to find there.
    pub bloc_mean_points: [f64; 3],
    /// Research compute by bloc now, H100-equivalents.
    pub bloc_research_h100e: [f64; 3],
    /// Compute of the largest final run of a released model, by bloc; for observation only.
    pub largest_run_h100e_months: [f64; 3],
}

/// Months of history before the first month of a run: enough for a follower three years behind at the start.
pub const MONTHS_BEFORE: usize = 72;

impl FrontierHistory {
    /// Starts the records: the history of each side ends at `now` and has the slope of the recorded frontier.
    pub fn reset(&mut self, now: [f64; 3], months: usize, p: &Parameters) {
        let slope = p.frontier_points_per_year_before / 12.0;
        let world = now.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // At the start no frontier model had open weights, so open models start two years behind.
        let start = [now[0], now[1], now[2], world - 24.0 * slope, world, world];
        for (record, now) in self.released.iter_mut().zip(start) {
            record.begin(now, slope, MONTHS_BEFORE);
            record.reserve(months);
        }
        for (record, now) in self.latent.iter_mut().zip(now) {
            record.begin(now, slope, MONTHS_BEFORE);
            record.reserve(months);
        }
        self.distilled_points = 0.0;
        self.largest_run_h100e_months = [0.0; 3];
        self.best_known.clear();
        self.best_known.reserve(months);
        self.open_known.clear();
        self.open_known.reserve(months);
        self.served_known.clear();
        self.served_known.reserve(months);
    }
}

/// Value of a record of knowledge `months` ago; the lower bound before the start of the run.
pub fn knowledge_at_lag(record: &[PublicKnowledge], months: f64) -> PublicKnowledge {
    let at = record.len().checked_sub(1 + months.round() as usize);
    at.map_or(PublicKnowledge::NOTHING, |at| record[at])
}
