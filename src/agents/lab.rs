//! An AI lab: its compute, research, learning from others, training runs and releases.

use bevy_ecs::component::Component;
use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Query, Res, ResMut};

use super::compute::{NationCompute, NationTotals};
use super::nation::Nation;
use crate::capability::algorithms::{
    effective_compute, knowledge_before_break, labs_share, post_training_share, research_by_models,
    research_points_per_month,
};
use crate::capability::diffusion::{
    LearningSource, catch_up_points, distilled_points, usable_share,
};
use crate::capability::efficiency::ScarcityEfficiency;
use crate::capability::frontier::{
    FrontierGroup, FrontierHistory, PublicKnowledge, knowledge_at_lag,
};
use crate::capability::training::{
    EndedRun, FinishedModel, TrainingRun, UnreleasedModels, final_run_h100e_months,
    finished_points, latent_points,
};
use crate::events::{Event, EventId, EventKind, EventLog};
use crate::foundation::bloc::Bloc;
use crate::foundation::chance::Purpose;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, RunMonth, SimulationClock};
use crate::markets::scarcity::Shortage;
use crate::policy::access::LegalAccess;
use crate::policy::compiled::LawCalendar;

/// A lab; fixed within a run.
#[derive(Component, Clone, Copy, Debug)]
pub struct Lab {
    /// Row in the table of labs; results are summed in this order.
    pub row: u32,
    /// Stable key of random draws.
    pub key: u64,
    /// Row of the home nation.
    pub nation: u32,
    pub bloc: Bloc,
    pub release: ReleaseChoice,
    /// Its share of the compute that the labs of its nation use.
    pub share_of_nation: f64,
    /// Lasting research skill, mean 1 within its bloc.
    pub skill: f64,
    /// One of many small labs: mean skill and no random score, so that their number does not move the frontier.
    pub synthetic: bool,
}

/// Whether a lab publishes its weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReleaseChoice {
    Open,
    Closed,
    /// The best model is served; with it the weights of the one before are published, as xAI did with Grok 1 and 2.5 and
    /// Google with Gemma beside Gemini.
    Mixed,
}

/// What a lab has released last, which the next release of a mixed lab opens.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct LastRelease(Option<ReleasedModel>);

/// A model as others see it: its score, with what it gained by distillation, and the knowledge behind it.
#[derive(Clone, Copy, Debug)]
pub struct ReleasedModel {
    pub score: f64,
    pub known: PublicKnowledge,
}

impl ReleaseChoice {
    /// The model whose weights are published when a lab releases `new`, having released `last` before it.
    pub fn opened_model(
        self,
        new: ReleasedModel,
        last: Option<ReleasedModel>,
    ) -> Option<ReleasedModel> {
        match self {
            Self::Open => Some(new),
            Self::Closed => None,
            Self::Mixed => last,
        }
    }
}

/// Knowledge of a lab beyond compute, in index points.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct Knowledge {
    pub points: f64,
}

/// Compute in use by the lab, H100-equivalents.
#[derive(Component, Clone, Copy, Debug, Default)]
pub struct LabCompute {
    pub training_h100e: f64,
    pub serving_h100e: f64,
    /// `training^(1-w) * serving^w`, with `w` the share of post-training.
    pub effective_h100e: f64,
}

/// System at the start of a run: labs at the recorded frontier, each with its own research skill and its first training run.
pub fn begin_labs(
    run: RunMonth,
    calendar: Res<LawCalendar>,
    mut frontier: ResMut<FrontierHistory>,
    mut efficiency: ResMut<ScarcityEfficiency>,
    mut theft: ResMut<TheftHazard>,
    nations: Query<(&Nation, &NationCompute)>,
    mut labs: Query<(
        &mut Lab,
        &mut LabCompute,
        &mut Knowledge,
        &mut TrainingRun,
        &mut UnreleasedModels,
        &mut LastRelease,
    )>,
) {
    let (future, p, year) = (&*run.future, &run.future.parameters, run.clock.year);
    let start = knowledge_before_break(year, p);
    // Issuer, target, third countries.
    let behind = [0.0, p.target_knowledge_gap_2020, p.third_knowledge_gap_2020];
    let mut held = vec![NationCompute::default(); nations.iter().count()];
    for (nation, compute) in &nations {
        held[nation.row as usize] = *compute;
    }
    let mut best = [f64::NEG_INFINITY; 3];
    for (mut lab, mut compute, mut knowledge, mut training, mut models, mut last) in &mut labs {
        let held = held[lab.nation as usize];
        let share = labs_share(year, lab.bloc, p) * lab.share_of_nation;
        let effective = effective_compute(
            share * held.training_h100e,
            share * held.serving_h100e,
            post_training_share(year, p),
        );
        knowledge.points = start - behind[lab.bloc as usize];
        let latent = latent_points(effective, knowledge.points, p);
        best[lab.bloc as usize] = best[lab.bloc as usize].max(latent);
        let skill = if lab.synthetic {
            0.0
        } else {
            future.chance.normal(Purpose::LabSkill, lab.key, 0)
        };
        // Mean 1 over labs: a lognormal draw divided by its mean.
        lab.skill = maths::exp(p.lab_skill_sd * skill - 0.5 * p.lab_skill_sd * p.lab_skill_sd);
        *compute = LabCompute::default();
        models.draw_delay(lab.key, lab.synthetic, future);
        *training = TrainingRun::start(0, lab.key, future);
        *last = LastRelease::default();
    }
    let months = calendar.0.months.len();
    frontier.reset(best, months, p);
    frontier.bloc_points = behind.map(|behind| start - behind);
    frontier.bloc_mean_points = frontier.bloc_points;
    efficiency.reset(months);
    *theft = TheftHazard::default();
}

/// System: assigns each lab its share of its nation's compute.
pub fn assign_compute(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    nations: Res<NationTotals>,
    mut labs: Query<(&Lab, &mut LabCompute)>,
) {
    let p = &future.parameters;
    let post_training = post_training_share(clock.year, p);
    let shares = Bloc::ALL.map(|bloc| labs_share(clock.year, bloc, p));
    for (lab, mut compute) in &mut labs {
        let share = shares[lab.bloc as usize] * lab.share_of_nation;
        let nation = lab.nation as usize;
        compute.training_h100e = share * nations.training_h100e[nation];
        compute.serving_h100e = share * nations.serving_h100e[nation];
        compute.effective_h100e =
            effective_compute(compute.training_h100e, compute.serving_h100e, post_training);
    }
}

/// System: induced efficiency and co-design skill from scarcity, by bloc.
pub fn learn_from_scarcity(
    future: Res<Future>,
    shortage: Res<Shortage>,
    mut efficiency: ResMut<ScarcityEfficiency>,
) {
    let channels = &future.channels;
    let induced = channels.factor(Channel::InducedEfficiency);
    let codesign = channels.factor(Channel::CoDesign);
    efficiency.advance_month(shortage.scarcity, induced, codesign, &future.parameters);
}

/// Theft succeeds when the cumulative hazard passes a threshold that is drawn by ordinal, so a higher hazard never delays it.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct TheftHazard {
    ordinal: u64,
    hazard: f64,
}

/// Points gained by a theft: a share of the distance, limited by the thief's compute.
pub fn stolen_points(
    own_points: f64,
    own_h100e: f64,
    victim: PublicKnowledge,
    p: &Parameters,
) -> f64 {
    let usable = usable_share(own_h100e, victim.compute_h100e, p);
    p.theft_share * usable * (victim.points - own_points).max(0.0)
}

/// System: at random times the target's best lab obtains unreleased work of the leader.
pub fn steal(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    mut theft: ResMut<TheftHazard>,
    mut events: ResMut<EventLog>,
    mut labs: Query<(&Lab, &LabCompute, &mut Knowledge)>,
) {
    let p = &future.parameters;
    if !future.channels.on(Channel::Theft) {
        return;
    }
    theft.hazard += p.theft_events_per_year * (1.0 - p.lab_security) / 12.0;
    if theft.hazard < future.chance.exponential(Purpose::Theft, 0, theft.ordinal) {
        return;
    }
    theft.ordinal += 1;
    theft.hazard = 0.0;
    let mut victim = PublicKnowledge::NOTHING;
    let mut thief: Option<(u32, f64)> = None;
    for (lab, compute, knowledge) in labs.iter() {
        if compute.effective_h100e <= 0.0 {
            continue;
        }
        if lab.bloc != Bloc::Target && knowledge.points > victim.points {
            victim = PublicKnowledge {
                points: knowledge.points,
                compute_h100e: compute.effective_h100e,
            };
        }
        if lab.bloc == Bloc::Target && thief.is_none_or(|(_, best)| knowledge.points > best) {
            thief = Some((lab.row, knowledge.points));
        }
    }
    let Some((row, _)) = thief else { return };
    for (lab, compute, mut knowledge) in &mut labs {
        if lab.row == row {
            let gained = stolen_points(knowledge.points, compute.effective_h100e, victim, p);
            knowledge.points += gained;
            events.push(Event {
                actor: row,
                values: [gained, 0.0, 0.0, 0.0],
                ..Event::new(clock.t as i32, EventKind::Stolen)
            });
        }
    }
}

/// System: one month of research in every lab and of learning from others.
pub fn do_research(
    run: RunMonth,
    nations: Res<NationTotals>,
    efficiency: Res<ScarcityEfficiency>,
    access: Res<LegalAccess>,
    mut frontier: ResMut<FrontierHistory>,
    mut labs: Query<(&Lab, &LabCompute, &mut Knowledge)>,
) {
    let (clock, future, p) = (&*run.clock, &*run.future, &run.future.parameters);
    // Research depends on the compute of a whole bloc, not on that of its largest labs.
    for bloc in Bloc::ALL {
        frontier.bloc_research_h100e[bloc as usize] =
            p.lab_share_of_compute * nations.training_by_bloc[bloc as usize];
    }
    // Compute of public research is all for research; the labs' share of it is counted already.
    frontier.bloc_research_h100e[Bloc::Issuer as usize] +=
        (1.0 - p.lab_share_of_compute) * nations.public_research_h100e;
    let mut rate = Bloc::ALL.map(|bloc| {
        let b = bloc as usize;
        let best = frontier.latent[b].latest();
        research_points_per_month(
            clock.year,
            frontier.bloc_research_h100e[b],
            frontier.bloc_mean_points[b],
            p,
        ) * research_by_models(best, p)
    });
    // Talent flows move a share of the rate from the issuer to the target.
    let moved = p.talent_share * rate[Bloc::Issuer as usize];
    rate[Bloc::Issuer as usize] -= moved;
    rate[Bloc::Target as usize] += moved;
    let sources = learning_sources(&frontier, future);
    // Labs that may not query the leader's models cannot use the last source.
    let unqueried = &sources[..sources.len() - 1];
    for (lab, compute, mut knowledge) in &mut labs {
        let own =
            rate[lab.bloc as usize] * lab.skill * (1.0 - efficiency.cost_share[lab.bloc as usize]);
        let open_to = if may_query(lab, &access) {
            &sources[..]
        } else {
            unqueried
        };
        let learned = catch_up_points(knowledge.points, compute.effective_h100e, open_to, p);
        // Induced efficiency of one bloc becomes common knowledge as it spreads.
        knowledge.points += own + learned + efficiency.spread_points;
    }
    record_knowledge(&mut frontier, &mut labs, &efficiency, p);
}

/// Whether rules allow a lab to query the models that the leader serves.
fn may_query(lab: &Lab, access: &LegalAccess) -> bool {
    lab.bloc != Bloc::Target || access.model_access >= 0.5
}

/// Sources of learning: publications (lagged knowledge of the best lab), open weights (knowledge behind the best open model),
/// and, last, served models (knowledge behind the best model, as far as its answers reveal it).
fn learning_sources(frontier: &FrontierHistory, future: &Future) -> [LearningSource; 3] {
    let p = &future.parameters;
    let open = p.open_share * future.channels.factor(Channel::OpenDiffusion);
    let served = p.served_share * future.channels.factor(Channel::Distillation);
    [
        (
            &frontier.best_known,
            p.publication_lag_months,
            p.publication_share,
        ),
        (&frontier.open_known, p.open_lag_months, open),
        (&frontier.served_known, p.distillation_lag_months, served),
    ]
    .map(|(record, lag, carries)| {
        let known = knowledge_at_lag(record, lag);
        LearningSource {
            knowledge_points: known.points,
            compute_h100e: known.compute_h100e,
            carries,
        }
    })
}

/// Records the best knowledge and the latent score of each bloc. Maxima do not depend on the order of labs; ties keep the
/// lower row.
fn record_knowledge(
    frontier: &mut FrontierHistory,
    labs: &mut Query<(&Lab, &LabCompute, &mut Knowledge)>,
    efficiency: &ScarcityEfficiency,
    p: &Parameters,
) {
    let mut best = PublicKnowledge::NOTHING;
    let mut points = [f64::NEG_INFINITY; 3];
    let (mut mean, mut weight) = ([0.0; 3], [0.0; 3]);
    let mut latent = [f64::NEG_INFINITY; 3];
    let mut leads = [PublicKnowledge::default(); 3];
    // Labs without compute do not count.
    let counts = |lab: &Lab, compute: &LabCompute| !lab.synthetic && compute.effective_h100e > 0.0;
    for (lab, compute, knowledge) in labs.iter().filter(|(lab, compute, _)| counts(lab, compute)) {
        let bloc = lab.bloc as usize;
        points[bloc] = points[bloc].max(knowledge.points);
        mean[bloc] += compute.effective_h100e * knowledge.points;
        weight[bloc] += compute.effective_h100e;
        // A lab with less of both cannot lead; this skips the logarithm for most labs.
        let lead = &mut leads[bloc];
        if compute.effective_h100e > lead.compute_h100e || knowledge.points > lead.points {
            let induced = efficiency.induced_points[bloc];
            let score = latent_points(compute.effective_h100e, knowledge.points + induced, p);
            if score > latent[bloc] {
                latent[bloc] = score;
                *lead = PublicKnowledge {
                    points: knowledge.points,
                    compute_h100e: compute.effective_h100e,
                };
            }
        }
        if knowledge.points > best.points {
            best = PublicKnowledge {
                points: knowledge.points,
                compute_h100e: compute.effective_h100e,
            };
        }
    }
    frontier.bloc_points = points;
    for bloc in 0..3 {
        if weight[bloc] > 0.0 {
            frontier.bloc_mean_points[bloc] = mean[bloc] / weight[bloc];
        }
    }
    for (record, latent) in frontier.latent.iter_mut().zip(latent) {
        record.push(latent);
    }
    frontier.best_known.push(best);
}

/// System: advances training runs and releases finished models, with random score and distillation, open or closed.
pub fn train_and_release(
    run: RunMonth,
    efficiency: Res<ScarcityEfficiency>,
    access: Res<LegalAccess>,
    mut frontier: ResMut<FrontierHistory>,
    mut events: ResMut<EventLog>,
    mut labs: Query<(
        &Lab,
        &LabCompute,
        &Knowledge,
        &mut TrainingRun,
        &mut UnreleasedModels,
        &mut LastRelease,
    )>,
) {
    let (future, p, t) = (&*run.future, &run.future.parameters, run.clock.t);
    let lag = p.distillation_lag_months.round() as usize;
    let best_of = |side: FrontierGroup| frontier.released[side as usize].lagged(lag.max(1) - 1);
    let (best_rival, best_open) = (best_of(FrontierGroup::World), best_of(FrontierGroup::Open));
    let distils = future.channels.factor(Channel::Distillation);
    let mut releases = Releases::before(&frontier);
    for (lab, compute, knowledge, mut training, mut held, mut last) in &mut labs {
        let ended = if compute.effective_h100e > 0.0 {
            training.advance_month(compute.effective_h100e, lab.key, future)
        } else {
            None
        };
        let finished = ended.map(|ended| {
            let known = knowledge.points + efficiency.induced_points[lab.bloc as usize];
            let mut model = lab.score(&ended, knowledge.points, known, future);
            model.logged = log_finished_run(lab, &model, t, &mut events);
            model
        });
        let Some(model) = held.release_due(t, finished) else {
            continue;
        };
        // A run is known when its model is released.
        let largest = &mut frontier.largest_run_h100e_months[lab.bloc as usize];
        *largest = largest.max(model.final_run_h100e_months);
        // Labs that may not query the leader's models can distil from open ones.
        let rival = if may_query(lab, &access) {
            best_rival
        } else {
            best_open
        };
        let distilled = distils * distilled_points(model.score, rival, p);
        let released = ReleasedModel {
            score: model.score + distilled,
            known: model.known,
        };
        let opened = lab.release.opened_model(released, last.0.replace(released));
        if lab.bloc == Bloc::Target {
            releases.gained += distilled;
        }
        releases.add(lab, released, opened);
        // Synthetic labs do not move the frontier.
        if !lab.synthetic {
            events.push(Event {
                actor: lab.row,
                object: model.ordinal as u32,
                values: [model.score + distilled, distilled, 0.0, 0.0],
                cause: model.logged,
                ..Event::new(t as i32, EventKind::ModelReleased)
            });
        }
    }
    releases.record(&mut frontier);
}

impl Lab {
    /// The model that a run yields. `known` are the points of knowledge that it is trained with, those of induced efficiency
    /// included.
    fn score(
        &self,
        ended: &EndedRun,
        own_points: f64,
        known: f64,
        future: &Future,
    ) -> FinishedModel {
        let p = &future.parameters;
        let score_draw = if self.synthetic {
            0.0
        } else {
            future
                .chance
                .normal(Purpose::RunLuck, self.key, ended.ordinal)
        };
        let latent = latent_points(ended.mean_compute_h100e, known, p);
        FinishedModel {
            score: finished_points(latent, score_draw, p),
            ordinal: ended.ordinal,
            known: PublicKnowledge {
                points: own_points,
                compute_h100e: ended.mean_compute_h100e,
            },
            final_run_h100e_months: final_run_h100e_months(
                ended.compute_h100e_months,
                self.bloc,
                p,
            ),
            logged: None,
        }
    }
}

/// Releases of the month.
struct Releases {
    /// Best score by [`FrontierGroup`].
    best: [f64; 6],
    /// Points that the target's labs gained by distillation.
    gained: f64,
    /// Knowledge behind the best model so far: with open weights, and of any kind.
    open: PublicKnowledge,
    served: PublicKnowledge,
}

impl Releases {
    fn before(frontier: &FrontierHistory) -> Self {
        Self {
            best: [f64::NEG_INFINITY; 6],
            gained: 0.0,
            open: knowledge_at_lag(&frontier.open_known, 0.0),
            served: knowledge_at_lag(&frontier.served_known, 0.0),
        }
    }

    /// Counts a release of a lab, and what it opens with it: the new model itself, or the one before it.
    fn add(&mut self, lab: &Lab, new: ReleasedModel, opened: Option<ReleasedModel>) {
        let mut best = |group: usize, score: f64| self.best[group] = self.best[group].max(score);
        best(lab.bloc as usize, new.score);
        best(FrontierGroup::World as usize, new.score);
        if lab.release != ReleaseChoice::Open {
            best(FrontierGroup::Closed as usize, new.score);
        }
        if let Some(opened) = opened {
            best(FrontierGroup::Open as usize, opened.score);
        }
        // Nobody learns from synthetic labs.
        if lab.synthetic {
            return;
        }
        if let Some(opened) = opened
            && opened.known.points > self.open.points
        {
            self.open = opened.known;
        }
        if new.known.points > self.served.points {
            self.served = new.known;
        }
    }

    fn record(self, frontier: &mut FrontierHistory) {
        for (record, best) in frontier.released.iter_mut().zip(self.best) {
            record.push(best);
        }
        frontier.open_known.push(self.open);
        frontier.served_known.push(self.served);
        frontier.distilled_points = self.gained;
    }
}

fn log_finished_run(
    lab: &Lab,
    model: &FinishedModel,
    t: usize,
    events: &mut EventLog,
) -> Option<EventId> {
    if lab.synthetic {
        return None;
    }
    events.push(Event {
        actor: lab.row,
        object: model.ordinal as u32,
        values: [model.score, model.known.compute_h100e, 0.0, 0.0],
        ..Event::new(t as i32, EventKind::RunFinished)
    })
}
