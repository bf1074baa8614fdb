//! From configuration to an ECS world: the blueprint that all runs share, and the world that each worker keeps.

mod blueprint;
mod calendar;
pub mod observe;
pub mod outcomes;

use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_ecs::world::World;

pub use blueprint::{Blueprint, Inputs};

use crate::agents::broker::{GreyMarket, Trade};
use crate::agents::chipmaker::{Business, HomeMade, Studio};
use crate::agents::counter_controls::CounterControls;
use crate::agents::government::Government;
use crate::agents::host::Letting;
use crate::agents::lab::Theft;
use crate::agents::lab::{HeldBack, Knowledge, LabCompute, TrainingRun};
use crate::agents::nation::{DemandShocks, HeldCompute, NationCompute, NationTotals};
use crate::agents::users::{Services, Users};
use crate::capability::algorithms::{
    effective_compute, knowledge_before_break, labs_share, post_training_share,
};
use crate::capability::efficiency::Efficiency;
use crate::capability::frontier::Frontier;
use crate::capability::training::latent_points;
use crate::events::EventLog;
use crate::foundation::chance::Purpose;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Anchor, Clock, Future};
use crate::markets::chips::{ChipMarket, Wallet, place_of};
use crate::markets::chronicle::Causes;
use crate::markets::rental::Rental;
use crate::markets::scarcity::Shortage;
use crate::markets::terms::{Calendar, LawCalendar, LawNow, Outlook, Standing};
use crate::measures::{Bloc, Recorder};
use crate::technology::roadmap::{Chips, NEVER, Realised};
use crate::technology::supply::{Access, SupplyPaths, SupplyState};
use observe::{Trail, Watching};

/// Chips of the oldest listed kind that a bloc has when the run begins.
fn chips_at_start(bloc: usize, p: &Parameters) -> f64 {
    let (issuer, target) = (p.chips_at_start_issuer_share, p.chips_at_start_target_share);
    p.chips_at_start * [issuer, target, 1.0 - issuer - target][bloc]
}

/// One worker's world: built once, reset for every run.
pub struct Stage {
    pub world: World,
    blueprint: Arc<Blueprint>,
    labs: Vec<Entity>,
    makers: Vec<Entity>,
    nations: Vec<Entity>,
    brokers: Vec<Entity>,
    hosts: Vec<Entity>,
}

impl Stage {
    pub fn new(blueprint: &Arc<Blueprint>) -> Self {
        let b = &**blueprint;
        let mut world = World::new();
        world.insert_resource(Clock::at(b.first, 0));
        world.insert_resource(b.roadmap.clone());
        world.insert_resource(SupplyPaths(b.supply.clone()));
        world.insert_resource(b.demand.clone());
        world.insert_resource(Watching(b.watch.clone()));
        world.insert_resource(ChipMarket::new(b.layout.clone()));
        world.insert_resource(Recorder::new(b.watch.columns.names().len(), b.months));
        world.insert_resource(Studio::new(b.variant_slots.clone()));
        world.init_resource::<Chips>();
        world.init_resource::<SupplyState>();
        world.init_resource::<Access>();
        world.init_resource::<LawNow>();
        world.init_resource::<Shortage>();
        world.init_resource::<Efficiency>();
        world.init_resource::<Theft>();
        world.init_resource::<GreyMarket>();
        world.init_resource::<Rental>();
        world.init_resource::<CounterControls>();
        world.init_resource::<Services>();
        world.insert_resource(b.power.clone());
        world.init_resource::<Outlook>();
        world.init_resource::<Standing>();
        world.init_resource::<Government>();
        world.init_resource::<DemandShocks>();
        world.init_resource::<NationTotals>();
        world.init_resource::<HeldCompute>();
        world.init_resource::<Frontier>();
        world.init_resource::<EventLog>();
        world.init_resource::<Causes>();
        world.init_resource::<Trail>();
        world.init_resource::<Realised>();
        world.init_resource::<HomeMade>();
        let nations = b
            .nations
            .iter()
            .zip(&b.users)
            .map(|(n, u)| world.spawn((*n, *u, NationCompute::default())).id())
            .collect();
        let brokers = b
            .brokers
            .iter()
            .map(|k| world.spawn((*k, Trade::default())).id())
            .collect();
        let hosts = b
            .hosts
            .iter()
            .map(|h| world.spawn((*h, Letting::default())).id())
            .collect();
        let makers = b
            .makers
            .iter()
            .map(|m| world.spawn((*m, Business::default())).id())
            .collect();
        let labs = b
            .labs
            .iter()
            .map(|l| {
                world
                    .spawn((
                        *l,
                        LabCompute::default(),
                        Knowledge::default(),
                        TrainingRun::default(),
                        HeldBack::default(),
                    ))
                    .id()
            })
            .collect();
        Self {
            world,
            blueprint: blueprint.clone(),
            labs,
            makers,
            nations,
            brokers,
            hosts,
        }
    }

    pub fn blueprint(&self) -> &Arc<Blueprint> {
        &self.blueprint
    }

    /// Adds the month that has just passed to what deviations are measured against.
    pub fn record_anchor(&mut self, anchor: &mut Anchor) {
        anchor
            .denied_share
            .push(self.world.resource::<Access>().denied_share);
        anchor
            .home_share
            .push(self.world.resource::<Access>().home_share);
        anchor
            .service_usd
            .push(self.world.resource::<Services>().revenue_usd);
        for &maker in &self.makers {
            let stock = self
                .world
                .get::<Business>(maker)
                .map_or(0.0, |b| b.research_stock_usd);
            anchor.research_stock_usd.push(stock);
        }
    }

    /// Back to the first month, in this arm and this future.
    pub fn reset(&mut self, calendar: &Arc<Calendar>, future: &Future, keep_events: bool) {
        let b = self.blueprint.clone();
        let p = &future.parameters;
        let w = &mut self.world;
        w.insert_resource(future.clone());
        w.insert_resource(LawCalendar(calendar.clone()));
        *w.resource_mut::<Clock>() = Clock::at(b.first, 0);
        w.resource_mut::<Recorder>().reset();
        let mut market = w.resource_mut::<ChipMarket>();
        market.reset();
        market.buyers.alike = calendar.alike.clone();
        market.set_caps(&calendar.caps_tpp);
        w.resource_mut::<Chips>().reset(&b.roadmap, future);
        w.resource_mut::<SupplyState>()
            .reset(b.makers.len(), b.supply.foundries.len(), p);
        *w.resource_mut::<Access>() = Access {
            leading_foundry: vec![1.0; b.makers.len()],
            memory_imports: 1.0,
            tool_suppliers: calendar.tool_suppliers.clone(),
            model_access: 1.0,
            weights_open: vec![1.0; b.layout.markets],
            remote_open: vec![1.0; b.layout.markets],
            ..Access::default()
        };
        w.resource_mut::<LawNow>().reset(calendar, b.makers.len());
        w.resource_mut::<Causes>().reset(calendar, b.makers.len());
        *w.resource_mut::<Outlook>() = Outlook::default();
        *w.resource_mut::<Standing>() = Standing::default();
        w.resource_mut::<Government>()
            .reset(calendar.ladder.as_ref(), b.makers.len(), b.months);
        w.resource_mut::<Shortage>().reset(b.layout.markets);
        w.resource_mut::<Efficiency>().reset(b.months);
        *w.resource_mut::<Theft>() = Theft::default();
        *w.resource_mut::<GreyMarket>() = GreyMarket::default();
        w.resource_mut::<Rental>().reset(b.regions);
        *w.resource_mut::<CounterControls>() = CounterControls::default();
        *w.resource_mut::<Services>() = Services::default();
        *w.resource_mut::<DemandShocks>() = DemandShocks {
            log_deviation: vec![0.0; b.regions],
            wants_usd: vec![0.0; b.regions],
        };
        w.resource_mut::<NationTotals>()
            .reset(b.nations.len(), b.layout.markets);
        w.resource_mut::<HeldCompute>().reset(
            b.layout.markets,
            b.layout.customers.len(),
            b.roadmap.slots.len(),
        );
        w.resource_mut::<Trail>().reset(b.makers.len());
        let slots = b.roadmap.slots.len();
        w.insert_resource(Realised(vec![1.0; slots]));
        w.insert_resource(HomeMade(vec![0.0; slots]));
        w.resource_mut::<Studio>().reset();
        let mut log = w.resource_mut::<EventLog>();
        log.events.clear();
        log.on = keep_events;
        for (&entity, maker) in self.makers.iter().zip(&b.makers) {
            if let Some(mut business) = w.get_mut::<Business>(entity) {
                *business = Business::at_start(maker, p);
            }
        }
        for (&entity, users) in self.nations.iter().zip(&b.users) {
            if let Some(mut now) = self.world.get_mut::<Users>(entity) {
                *now = *users;
            }
        }
        for &broker in &self.brokers {
            if let Some(mut trade) = self.world.get_mut::<Trade>(broker) {
                *trade = Trade::default();
            }
        }
        for &host in &self.hosts {
            if let Some(mut letting) = self.world.get_mut::<Letting>(host) {
                *letting = Letting::default();
            }
        }
        self.stock_at_start(&b, future);
        self.labs_at_start(&b, future);
    }

    /// What was in use before the first month: the oldest listed chip, by the recorded distribution of compute.
    fn stock_at_start(&mut self, b: &Blueprint, future: &Future) {
        let w = &mut self.world;
        w.resource_scope(|w, mut market: bevy_ecs::world::Mut<'_, ChipMarket>| {
            market.take_into_use(b.oldest_chip);
            let share = crate::agents::nation::training_share(
                Clock::at(b.first, 0).year,
                &future.parameters,
            );
            for customer in &b.layout.customers {
                if customer.captive || customer.grey || customer.steered {
                    continue;
                }
                let part = if customer.wallet == Wallet::Training {
                    share
                } else {
                    1.0 - share
                };
                let bloc = b.layout.bloc_of_market[customer.market];
                market.stock[place_of(b.oldest_chip, bloc, customer.wallet)] +=
                    chips_at_start(bloc, &future.parameters) * b.start_part[customer.market] * part;
            }
            let _ = w;
        });
        let mut chips = self.world.resource_mut::<Chips>();
        chips.fp8_share = crate::technology::roadmap::fp8_share(2020.0, &future.parameters);
        chips.appraise(b.oldest_chip, &future.parameters);
        let (train, serve) = (
            chips.useful_training[b.oldest_chip],
            chips.useful_serving[b.oldest_chip],
        );
        chips.fp8_share = -1.0;
        debug_assert_eq!(
            chips.launch.iter().filter(|l| **l == NEVER).count() > 0,
            !b.variant_slots.is_empty()
        );
        let share =
            crate::agents::nation::training_share(Clock::at(b.first, 0).year, &future.parameters);
        for (&entity, nation) in self.nations.iter().zip(&b.nations) {
            let chips = chips_at_start(nation.bloc as usize, &future.parameters)
                * b.start_part[nation.market as usize]
                * b.start_share[nation.row as usize];
            if let Some(mut compute) = self.world.get_mut::<NationCompute>(entity) {
                *compute = NationCompute {
                    training_h100e: chips * share * train,
                    serving_h100e: chips * (1.0 - share) * serve,
                    all_h100e: chips * train,
                };
            }
        }
    }

    /// Labs begin where the recorded frontier stood, each with its own lasting skill and its first run.
    fn labs_at_start(&mut self, b: &Blueprint, future: &Future) {
        let p = &future.parameters;
        let year = Clock::at(b.first, 0).year;
        let start = knowledge_before_break(year, p);
        let mut best = [f64::NEG_INFINITY; 3];
        let w = &mut self.world;
        for (&entity, blueprint) in self.labs.iter().zip(&b.labs) {
            let gap = match blueprint.bloc {
                Bloc::Issuer => 0.0,
                Bloc::Target => p.target_knowledge_gap_2020,
                Bloc::Third => p.third_knowledge_gap_2020,
            };
            let skill = future.chance.normal(Purpose::LabSkill, blueprint.key, 0);
            let nation = self.nations[blueprint.nation as usize];
            let held = w.get::<NationCompute>(nation).copied().unwrap_or_default();
            let share = labs_share(year, blueprint.bloc, p) * blueprint.share_of_nation;
            let effective = effective_compute(
                share * held.training_h100e,
                share * held.serving_h100e,
                post_training_share(year, p),
            );
            let points = start - gap;
            let latent = latent_points(effective, points, p);
            best[blueprint.bloc as usize] = best[blueprint.bloc as usize].max(latent);
            let skill = if blueprint.synthetic { 0.0 } else { skill };
            if let Some(mut lab) = w.get_mut::<crate::agents::lab::Lab>(entity) {
                // Mean 1 over labs: a lognormal draw divided by its mean.
                lab.skill =
                    maths::exp(p.lab_skill_sd * skill - 0.5 * p.lab_skill_sd * p.lab_skill_sd);
            }
            if let Some(mut knowledge) = w.get_mut::<Knowledge>(entity) {
                knowledge.points = points;
            }
            if let Some(mut compute) = w.get_mut::<LabCompute>(entity) {
                *compute = LabCompute::default();
            }
            if let Some(mut held) = w.get_mut::<HeldBack>(entity) {
                held.restart(blueprint, future);
            }
            if let Some(mut run) = w.get_mut::<TrainingRun>(entity) {
                *run = TrainingRun::start(0, blueprint.key, future);
            }
        }
        let mut frontier = w.resource_mut::<Frontier>();
        frontier.reset(best, b.months, p);
        frontier.bloc_points = [
            start,
            start - p.target_knowledge_gap_2020,
            start - p.third_knowledge_gap_2020,
        ];
        frontier.bloc_mean_points = frontier.bloc_points;
    }
}
