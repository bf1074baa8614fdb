//! The issuer's government: it moves the rules along a ladder, driven by chance, the gap, lost revenue and elections.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};

use super::chipmaker::{Chipmaker, ChipmakerState};
use crate::capability::frontier::FrontierHistory;
use crate::capability::gap::LeaderRecord;
use crate::events::{Event, EventId, EventKind, EventLog};
use crate::foundation::bloc::Bloc;
use crate::foundation::chance::{Chance, Purpose, stable_key};
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::policy_path::{PolicyChange, PolicyChangeCause};
use crate::foundation::run::{Future, RunMonth};
use crate::markets::chip_market::ChipMarket;
use crate::markets::scarcity::Shortage;
use crate::policy::compiled::{LawCalendar, PolicyLadder, PolicyState};
use crate::technology::roadmap::{Roadmap, SlotKind};

/// Information of a government when it decides; observed with a lag.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GovernmentInformation {
    /// Change within a year of the 12-month mean of the latent gap, index points; negative where the follower comes nearer.
    pub gap_change_points: f64,
    /// Share of compliant variants in the target's purchases, by value.
    pub variant_share: f64,
    /// Lost revenue of the issuer's makers over their revenue.
    pub lost_revenue_share: f64,
    /// 1 in the first year of an administration.
    pub new_administration: f64,
}

/// Changes a year: tightening, loosening.
///
/// `tighten = base * (1 - s) * exp(-gap_response * change of the gap + variant_response * share of variants)`,
/// `loosen = base * s * exp(revenue_response * lost revenue / revenue + administration_response * first year)`, with `base` changes a
/// year and `s` the part of them that loosen, before and after the shift of 2025. Eleven changes in 45 months identify about two
/// numbers: the responses are judgement, to be swept and never fitted. A change is one rung; rules that leave the ladder
/// alone (on third countries, on tools) are counted in the base all the same, so the ladder moves faster than it did.
pub fn changes_per_year(year: f64, seen: &GovernmentInformation, p: &Parameters) -> [f64; 2] {
    let loosen = if year < p.policy_shift_year {
        p.policy_loosen_share_before
    } else {
        p.policy_loosen_share_after
    }
    .clamp(0.0, 1.0);
    let tightened = -p.policy_gap_response * seen.gap_change_points
        + p.policy_variant_response * seen.variant_share;
    let loosened = p.policy_revenue_response * seen.lost_revenue_share
        + p.policy_administration_response * seen.new_administration;
    [
        p.policy_events_per_year * (1.0 - loosen) * maths::exp(tightened),
        p.policy_events_per_year * loosen * maths::exp(loosened),
    ]
}

/// Change within a year of the 12-month mean of the gap between two records, as it is known `lag` months late, points.
pub fn gap_change_points(leader: &LeaderRecord, follower: &LeaderRecord, lag: usize) -> f64 {
    let mean = |from: usize| -> f64 {
        let year = from..from + 12;
        year.map(|ago| leader.lagged(ago) - follower.lagged(ago))
            .sum::<f64>()
            / 12.0
    };
    mean(lag) - mean(lag + 12)
}

/// Revenue that rules cost the issuer's makers, USD a month: denied spending in the target, less unmet demand elsewhere. While
/// other buyers wait, denied chips are sold to them and no revenue is lost.
pub fn lost_usd(denied_usd: f64, waiting_elsewhere_usd: f64) -> f64 {
    (denied_usd - waiting_elsewhere_usd).max(0.0)
}

/// Change of the rules by a new administration; none when it keeps them.
///
/// One uniform number, in this order: overturned (to the loosest rung), shrunk by one rung, kept, expanded by one rung. A reversal is
/// either of the first two. Sources: see the parameters.
pub fn new_administration(uniform: f64, p: &Parameters) -> Option<PolicyChangeCause> {
    let reversal = p.administration_reversal.clamp(0.0, 1.0);
    let overturned = reversal * p.administration_overturn_share;
    let expanded = (1.0 - reversal) * p.administration_expand_share;
    if uniform < overturned {
        Some(PolicyChangeCause::Overturned)
    } else if uniform < reversal {
        Some(PolicyChangeCause::Shrunk)
    } else if uniform >= 1.0 - expanded {
        Some(PolicyChangeCause::Expanded)
    } else {
        None
    }
}

/// The rung that a change leads to.
fn target_rung(cause: PolicyChangeCause, rung: usize, rungs: usize) -> usize {
    match cause {
        PolicyChangeCause::Tightened | PolicyChangeCause::Expanded => (rung + 1).min(rungs - 1),
        PolicyChangeCause::Loosened | PolicyChangeCause::Shrunk => rung.saturating_sub(1),
        PolicyChangeCause::Overturned => 0,
    }
}

/// The state of a political process in one run; idle under a fixed regime.
#[derive(Resource, Clone, Debug, Default)]
pub struct Government {
    rung: usize,
    /// A change that is announced and not yet in force. There is at most one; further changes wait.
    coming: Option<PolicyChange>,
    /// Events of the announced change and of the last change that came into force.
    announced_by: Option<EventId>,
    bound_by: Option<EventId>,
    /// Cumulative hazards of tightening and of loosening since their last change, and the numbers of changes so far.
    hazard: [f64; 2],
    changes_made: [u64; 2],
    /// Decision of a new administration that is not announced yet.
    decided: Option<PolicyChangeCause>,
    /// Smoothed over a year, USD a month: the target's purchases, variants among them, and lost and earned revenue of the issuer's
    /// makers.
    bought_usd: f64,
    variants_usd: f64,
    lost_usd: f64,
    earned_usd: f64,
    revenue_by_maker: Vec<f64>,
    /// Rungs above where the process began; not a number while no process governs.
    pub strictness: f64,
    /// Every change so far.
    pub policy_path: Vec<PolicyChange>,
    /// Number of replayed changes of a given policy path.
    replayed: usize,
}

/// System at the start of a run: the government stands on the rung on which its process begins.
pub fn begin_government(
    calendar: Res<LawCalendar>,
    market: Res<ChipMarket>,
    mut government: ResMut<Government>,
) {
    let (c, makers) = (&*calendar.0, market.layout.makers);
    government.reset(c.ladder.as_ref(), makers, c.months.len());
}

impl Government {
    fn reset(&mut self, ladder: Option<&PolicyLadder>, makers: usize, months: usize) {
        let mut policy_path = std::mem::take(&mut self.policy_path);
        let mut revenue_by_maker = std::mem::take(&mut self.revenue_by_maker);
        policy_path.clear();
        // One change a month at most.
        policy_path.reserve(ladder.map_or(0, |_| months));
        revenue_by_maker.clear();
        revenue_by_maker.resize(makers, 0.0);
        *self = Self {
            rung: ladder.map_or(0, |l| l.start),
            strictness: f64::NAN,
            policy_path,
            revenue_by_maker,
            ..Self::default()
        };
    }

    /// Brings the announced change into force when its month has come.
    fn bind(&mut self, t: i32) {
        if let Some(change) = self.coming.filter(|change| change.binds <= t) {
            self.rung = usize::from(change.to);
            self.coming = None;
            self.bound_by = self.announced_by.take();
        }
    }

    fn announce(&mut self, change: PolicyChange, events: &mut EventLog) {
        self.coming = Some(change);
        self.policy_path.push(change);
        self.announced_by = events.push(Event {
            place: u32::from(change.from),
            object: u32::from(change.to),
            values: [f64::from(change.binds), 0.0, 0.0, 0.0],
            ..Event::new(change.announced, EventKind::PolicyAnnounced)
        });
    }

    /// Adds one month of hazard in each direction in which the ladder has a rung beyond the announced one.
    fn accumulate_hazard(&mut self, per_year: [f64; 2], rungs: usize) {
        let ahead = self.coming.map_or(self.rung, |c| usize::from(c.to));
        let room = [ahead + 1 < rungs, ahead > 0];
        for side in 0..2 {
            if room[side] {
                self.hazard[side] += per_year[side] / 12.0;
            }
        }
    }

    /// The next change that is due: an administration's decision first, then tightening, then loosening. Hazard in excess of the
    /// threshold is carried over.
    fn due(&mut self, rungs: usize, chance: Chance) -> Option<PolicyChangeCause> {
        if let Some(cause) = self.decided.take()
            && target_rung(cause, self.rung, rungs) != self.rung
        {
            return Some(cause);
        }
        let sides = [
            (PolicyChangeCause::Tightened, stable_key("tighten")),
            (PolicyChangeCause::Loosened, stable_key("loosen")),
        ];
        for (side, (cause, key)) in sides.into_iter().enumerate() {
            let threshold = chance.exponential(Purpose::Politics, key, self.changes_made[side]);
            if self.hazard[side] >= threshold && target_rung(cause, self.rung, rungs) != self.rung {
                self.hazard[side] -= threshold;
                self.changes_made[side] += 1;
                return Some(cause);
            }
        }
        None
    }
}

/// System: the government observes, announces changes and brings them into force, from the first month of the process.
pub fn govern(
    run: RunMonth,
    calendar: Res<LawCalendar>,
    sources: GovernmentSources,
    mut government: ResMut<Government>,
    mut policy: ResMut<PolicyState>,
    mut events: ResMut<EventLog>,
) {
    let Some(ladder) = &calendar.0.ladder else {
        return;
    };
    let (future, year) = (&*run.future, run.clock.year);
    let (g, p, t) = (&mut *government, &future.parameters, run.clock.t as i32);
    sources.observe(g);
    if t < ladder.from {
        return;
    }
    g.bind(t);
    if let Some(policy_path) = &future.policy_path {
        while let Some(change) = policy_path.get(g.replayed).filter(|c| c.announced <= t) {
            g.replayed += 1;
            g.announce(*change, &mut events);
            g.bind(t);
        }
    } else {
        let seen = government_information(g, t, future, ladder, &sources.frontier);
        g.accumulate_hazard(changes_per_year(year, &seen, p), ladder.rungs);
        if let Some(ordinal) = ladder.administrations.iter().position(|month| *month == t) {
            let key = stable_key("administration");
            let draw = future
                .chance
                .uniform(Purpose::Politics, key, ordinal as u64);
            g.decided = new_administration(draw, p);
        }
        if g.coming.is_none()
            && let Some(cause) = g.due(ladder.rungs, future.chance)
        {
            let change = PolicyChange {
                announced: t,
                binds: t + p.policy_notice_months.round() as i32,
                from: g.rung as u16,
                to: target_rung(cause, g.rung, ladder.rungs) as u16,
                cause,
            };
            g.announce(change, &mut events);
            g.bind(t);
        }
    }
    let coming = g.coming.map_or(g.rung, |change| usize::from(change.to));
    g.strictness = g.rung as f64 - ladder.start as f64;
    *policy = PolicyState {
        rule_set: Some(ladder.rule_set(g.rung, coming)),
        binds: g.coming.map(|change| change.binds),
        announced_by: g.announced_by,
        bound_by: g.bound_by,
    };
}

/// What the government observes.
#[derive(SystemParam)]
pub struct GovernmentSources<'w, 's> {
    roadmap: Res<'w, Roadmap>,
    frontier: Res<'w, FrontierHistory>,
    shortage: Res<'w, Shortage>,
    market: Res<'w, ChipMarket>,
    makers: Query<'w, 's, (&'static Chipmaker, &'static ChipmakerState)>,
}

impl GovernmentSources<'_, '_> {
    /// Updates one-year means of sales, denied spending, unmet demand and revenue.
    fn observe(&self, g: &mut Government) {
        for (maker, business) in &self.makers {
            let counts = maker.home == Bloc::Issuer && !maker.captive;
            g.revenue_by_maker[maker.row as usize] =
                if counts { business.revenue_usd } else { 0.0 };
        }
        let (market, layout) = (&*self.market, &self.market.layout);
        let (mut bought, mut variants, mut budget, mut waiting) = (0.0, 0.0, 0.0, 0.0);
        for (k, customer) in layout.customers.iter().enumerate() {
            if layout.owns_captive(customer.kind) || customer.kind.is_broker() {
                continue;
            }
            if customer.market == layout.target_market {
                budget += market.money.budget_usd[k];
            } else {
                waiting += market.money.wallet_usd[k].max(0.0);
            }
        }
        for &slot in &market.active {
            let slot = usize::from(slot);
            let usd = market.sold_in(Bloc::Target as usize, slot) * market.offers[slot].price_usd;
            bought += usd;
            if matches!(self.roadmap.slots[slot].kind, SlotKind::Variant { .. }) {
                variants += usd;
            }
        }
        let denied = self.shortage.denied[layout.target_market] * budget;
        let earned: f64 = g.revenue_by_maker.iter().sum();
        for (mean, now) in [
            (&mut g.bought_usd, bought),
            (&mut g.variants_usd, variants),
            (&mut g.lost_usd, lost_usd(denied, waiting)),
            (&mut g.earned_usd, earned),
        ] {
            *mean += (now - *mean) / 12.0;
        }
    }
}

/// Information that drives the hazards; under a process that does not react it is the age of the administration alone.
fn government_information(
    g: &Government,
    t: i32,
    future: &Future,
    ladder: &PolicyLadder,
    frontier: &FrontierHistory,
) -> GovernmentInformation {
    let first_year = |month: &i32| *month <= t && t < *month + 12;
    let mut seen = GovernmentInformation {
        new_administration: f64::from(u8::from(ladder.administrations.iter().any(first_year))),
        ..GovernmentInformation::default()
    };
    let reacts = |channel| ladder.reactive && future.channels.on(channel);
    if reacts(Channel::PolicyReaction) {
        let [leader, follower, _] = &frontier.latent;
        let lag = future.parameters.policy_observation_months.round().max(0.0) as usize;
        seen.gap_change_points = gap_change_points(leader, follower, lag);
        seen.variant_share = share(g.variants_usd, g.bought_usd);
    }
    if reacts(Channel::Lobbying) {
        seen.lost_revenue_share = share(g.lost_usd, g.earned_usd);
    }
    seen
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
