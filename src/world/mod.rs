//! Builds the entity-component-system (ECS) world of each worker from the blueprint that all runs share.

mod blueprint;
mod calendar;
pub mod observe;
pub mod outcomes;

use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_ecs::world::World;

pub use blueprint::{Blueprint, BlueprintInputs};

use crate::agents::broker::{BrokerState, GreyMarket};
use crate::agents::chipmaker::{ChipmakerState, DesignPipeline, HomeFabrication};
use crate::agents::counter_controls::CounterControls;
use crate::agents::government::Government;
use crate::agents::host::RentalCapacity;
use crate::agents::lab::TheftHazard;
use crate::agents::lab::{Knowledge, LabCompute, TrainingRun, UnreleasedModels};
use crate::agents::nation::{ComputeStock, DemandShocks, NationCompute, NationTotals};
use crate::agents::users::{ServiceTotals, ServiceUsers};
use crate::capability::algorithms::{
    effective_compute, knowledge_before_break, labs_share, post_training_share,
};
use crate::capability::efficiency::ScarcityEfficiency;
use crate::capability::frontier::FrontierHistory;
use crate::capability::training::latent_points;
use crate::events::EventLog;
use crate::foundation::chance::Purpose;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, ReferenceRun, SimulationClock};
use crate::markets::chips::{BudgetPurpose, ChipMarket, stock_index};
use crate::markets::event_log::EventCauses;
use crate::markets::rental::RentedCompute;
use crate::markets::scarcity::Shortage;
use crate::markets::terms::{
    AnnouncedClosures, CompiledCalendar, CurrentLaw, LawCalendar, PolicyState,
};
use crate::measures::{Bloc, MonthlyRecord};
use crate::technology::roadmap::{ChipTable, NEVER, RealisedThroughput};
use crate::technology::supply::{InputAccessState, SupplyPaths, SupplyState};
use observe::{OutputColumnsHandle, TrailingSales};

/// Chips of the oldest listed kind in a bloc at the start of a run.
fn initial_chips(bloc: usize, p: &Parameters) -> f64 {
    let (issuer, target) = (p.chips_at_start_issuer_share, p.chips_at_start_target_share);
    p.chips_at_start * [issuer, target, 1.0 - issuer - target][bloc]
}

/// One worker's world: built once, reset for every run.
pub struct Simulation {
    pub world: World,
    blueprint: Arc<Blueprint>,
    labs: Vec<Entity>,
    makers: Vec<Entity>,
    nations: Vec<Entity>,
    brokers: Vec<Entity>,
    hosts: Vec<Entity>,
}

impl Simulation {
    pub fn new(blueprint: &Arc<Blueprint>) -> Self {
        let b = &**blueprint;
        let mut world = World::new();
        world.insert_resource(SimulationClock::at(b.first, 0));
        world.insert_resource(b.roadmap.clone());
        world.insert_resource(SupplyPaths(b.supply.clone()));
        world.insert_resource(b.demand.clone());
        world.insert_resource(OutputColumnsHandle(b.watch.clone()));
        world.insert_resource(ChipMarket::new(b.layout.clone()));
        world.insert_resource(MonthlyRecord::new(b.watch.columns.names().len(), b.months));
        world.insert_resource(DesignPipeline::new(b.variant_slots.clone()));
        world.init_resource::<ChipTable>();
        world.init_resource::<SupplyState>();
        world.init_resource::<InputAccessState>();
        world.init_resource::<CurrentLaw>();
        world.init_resource::<Shortage>();
        world.init_resource::<ScarcityEfficiency>();
        world.init_resource::<TheftHazard>();
        world.init_resource::<GreyMarket>();
        world.init_resource::<RentedCompute>();
        world.init_resource::<CounterControls>();
        world.init_resource::<ServiceTotals>();
        world.insert_resource(b.power.clone());
        world.init_resource::<AnnouncedClosures>();
        world.init_resource::<PolicyState>();
        world.init_resource::<Government>();
        world.init_resource::<DemandShocks>();
        world.init_resource::<NationTotals>();
        world.init_resource::<ComputeStock>();
        world.init_resource::<FrontierHistory>();
        world.init_resource::<EventLog>();
        world.init_resource::<EventCauses>();
        world.init_resource::<TrailingSales>();
        world.init_resource::<RealisedThroughput>();
        world.init_resource::<HomeFabrication>();
        let nations = b
            .nations
            .iter()
            .zip(&b.users)
            .map(|(n, u)| world.spawn((*n, *u, NationCompute::default())).id())
            .collect();
        let brokers = b
            .brokers
            .iter()
            .map(|k| world.spawn((*k, BrokerState::default())).id())
            .collect();
        let hosts = b
            .hosts
            .iter()
            .map(|h| world.spawn((*h, RentalCapacity::default())).id())
            .collect();
        let makers = b
            .makers
            .iter()
            .map(|m| world.spawn((*m, ChipmakerState::default())).id())
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
                        UnreleasedModels::default(),
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

    /// Adds the last month to the reference run.
    pub fn record_reference_month(&mut self, reference_run: &mut ReferenceRun) {
        reference_run
            .denied_share
            .push(self.world.resource::<InputAccessState>().denied_share);
        reference_run
            .home_share
            .push(self.world.resource::<InputAccessState>().home_share);
        reference_run
            .service_usd
            .push(self.world.resource::<ServiceTotals>().revenue_usd);
        for &maker in &self.makers {
            let stock = self
                .world
                .get::<ChipmakerState>(maker)
                .map_or(0.0, |b| b.research_stock_usd);
            reference_run.research_stock_usd.push(stock);
        }
    }

    /// Resets the world to the first month of an arm and a future.
    pub fn reset(&mut self, calendar: &Arc<CompiledCalendar>, future: &Future, keep_events: bool) {
        let b = self.blueprint.clone();
        let p = &future.parameters;
        let w = &mut self.world;
        w.insert_resource(future.clone());
        w.insert_resource(LawCalendar(calendar.clone()));
        *w.resource_mut::<SimulationClock>() = SimulationClock::at(b.first, 0);
        w.resource_mut::<MonthlyRecord>().reset();
        let mut market = w.resource_mut::<ChipMarket>();
        market.reset();
        market.buyers.equivalent_market = calendar.equivalent_market.clone();
        market.set_caps(&calendar.caps_tpp);
        w.resource_mut::<ChipTable>().reset(&b.roadmap, future);
        w.resource_mut::<SupplyState>()
            .reset(b.makers.len(), b.supply.foundries.len(), p);
        *w.resource_mut::<InputAccessState>() = InputAccessState {
            leading_foundry: vec![1.0; b.makers.len()],
            memory_imports: 1.0,
            tool_suppliers: calendar.tool_suppliers.clone(),
            model_access: 1.0,
            weights_open: vec![1.0; b.layout.markets],
            remote_open: vec![1.0; b.layout.markets],
            ..InputAccessState::default()
        };
        w.resource_mut::<CurrentLaw>()
            .reset(calendar, b.makers.len());
        w.resource_mut::<EventCauses>()
            .reset(calendar, b.makers.len());
        *w.resource_mut::<AnnouncedClosures>() = AnnouncedClosures::default();
        *w.resource_mut::<PolicyState>() = PolicyState::default();
        w.resource_mut::<Government>()
            .reset(calendar.ladder.as_ref(), b.makers.len(), b.months);
        w.resource_mut::<Shortage>().reset(b.layout.markets);
        w.resource_mut::<ScarcityEfficiency>().reset(b.months);
        *w.resource_mut::<TheftHazard>() = TheftHazard::default();
        *w.resource_mut::<GreyMarket>() = GreyMarket::default();
        w.resource_mut::<RentedCompute>().reset(b.regions);
        *w.resource_mut::<CounterControls>() = CounterControls::default();
        *w.resource_mut::<ServiceTotals>() = ServiceTotals::default();
        *w.resource_mut::<DemandShocks>() = DemandShocks {
            log_deviation: vec![0.0; b.regions],
            demand_usd: vec![0.0; b.regions],
        };
        w.resource_mut::<NationTotals>()
            .reset(b.nations.len(), b.layout.markets);
        w.resource_mut::<ComputeStock>().reset(
            b.layout.markets,
            b.layout.customers.len(),
            b.roadmap.slots.len(),
        );
        w.resource_mut::<TrailingSales>().reset(b.makers.len());
        let slots = b.roadmap.slots.len();
        w.insert_resource(RealisedThroughput(vec![1.0; slots]));
        w.insert_resource(HomeFabrication(vec![0.0; slots]));
        w.resource_mut::<DesignPipeline>().reset();
        let mut log = w.resource_mut::<EventLog>();
        log.events.clear();
        log.on = keep_events;
        for (&entity, maker) in self.makers.iter().zip(&b.makers) {
            if let Some(mut business) = w.get_mut::<ChipmakerState>(entity) {
                *business = ChipmakerState::initial(maker, p);
            }
        }
        for (&entity, users) in self.nations.iter().zip(&b.users) {
            if let Some(mut now) = self.world.get_mut::<ServiceUsers>(entity) {
                *now = *users;
            }
        }
        for &broker in &self.brokers {
            if let Some(mut trade) = self.world.get_mut::<BrokerState>(broker) {
                *trade = BrokerState::default();
            }
        }
        for &host in &self.hosts {
            if let Some(mut letting) = self.world.get_mut::<RentalCapacity>(host) {
                *letting = RentalCapacity::default();
            }
        }
        self.set_initial_stock(&b, future);
        self.set_initial_labs(&b, future);
    }

    /// Sets the stock before the first month: the oldest listed chip, by the recorded distribution of compute.
    fn set_initial_stock(&mut self, b: &Blueprint, future: &Future) {
        let w = &mut self.world;
        w.resource_scope(|w, mut market: bevy_ecs::world::Mut<'_, ChipMarket>| {
            market.mark_in_use(b.oldest_chip);
            let share = crate::agents::nation::training_share(
                SimulationClock::at(b.first, 0).year,
                &future.parameters,
            );
            for customer in &b.layout.customers {
                if customer.kind.is_captive()
                    || customer.kind.is_broker()
                    || customer.kind.is_state_procurement()
                {
                    continue;
                }
                let part = if customer.wallet == BudgetPurpose::Training {
                    share
                } else {
                    1.0 - share
                };
                let bloc = b.layout.bloc_of_market[customer.market];
                market.stock[stock_index(b.oldest_chip, bloc, customer.wallet)] +=
                    initial_chips(bloc, &future.parameters) * b.start_part[customer.market] * part;
            }
            let _ = w;
        });
        let mut chips = self.world.resource_mut::<ChipTable>();
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
        let share = crate::agents::nation::training_share(
            SimulationClock::at(b.first, 0).year,
            &future.parameters,
        );
        for (&entity, nation) in self.nations.iter().zip(&b.nations) {
            let chips = initial_chips(nation.bloc as usize, &future.parameters)
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

    /// Sets the labs at the recorded frontier, each with its own research skill and its first training run.
    fn set_initial_labs(&mut self, b: &Blueprint, future: &Future) {
        let p = &future.parameters;
        let year = SimulationClock::at(b.first, 0).year;
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
            if let Some(mut held) = w.get_mut::<UnreleasedModels>(entity) {
                held.draw_delay(blueprint, future);
            }
            if let Some(mut run) = w.get_mut::<TrainingRun>(entity) {
                *run = TrainingRun::start(0, blueprint.key, future);
            }
        }
        let mut frontier = w.resource_mut::<FrontierHistory>();
        frontier.reset(best, b.months, p);
        frontier.bloc_points = [
            start,
            start - p.target_knowledge_gap_2020,
            start - p.third_knowledge_gap_2020,
        ];
        frontier.bloc_mean_points = frontier.bloc_points;
    }
}
