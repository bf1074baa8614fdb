//! Builds the entity-component-system (ECS) world of each worker from the blueprint that all runs share.

mod beginning;
mod blueprint;
mod participants;
mod recorded;
mod slots;

use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_ecs::schedule::Schedule;
use bevy_ecs::world::World;

use beginning::beginning;
pub use blueprint::{Blueprint, BlueprintInputs};

use crate::agents::broker::{BrokerState, GreyMarket};
use crate::agents::chipmaker::{ChipmakerState, HomeFabrication};
use crate::agents::compute::{ComputeStock, NationCompute, NationTotals};
use crate::agents::counter_controls::CounterControls;
use crate::agents::government::Government;
use crate::agents::host::RentalCapacity;
use crate::agents::lab::{Knowledge, LabCompute, LastRelease, TheftHazard};
use crate::agents::nation::DemandShocks;
use crate::agents::variants::DesignPipeline;
use crate::capability::efficiency::ScarcityEfficiency;
use crate::capability::frontier::FrontierHistory;
use crate::capability::training::{TrainingRun, UnreleasedModels};
use crate::events::EventLog;
use crate::foundation::run::{Future, ReferenceRun, SimulationClock};
use crate::markets::chip_market::ChipMarket;
use crate::markets::rental::RentedCompute;
use crate::markets::scarcity::Shortage;
use crate::markets::services::ServiceTotals;
use crate::outputs::columns::OutputColumnsHandle;
use crate::outputs::record::MonthlyRecord;
use crate::outputs::sales::TrailingSales;
use crate::policy::access::LegalAccess;
use crate::policy::apply::{AnnouncedClosures, CurrentLaw};
use crate::policy::compiled::{CompiledCalendar, LawCalendar, PolicyState};
use crate::policy::event_log::EventCauses;
use crate::technology::power::PowerUse;
use crate::technology::roadmap::{ChipTable, RealisedThroughput};
use crate::technology::supply::{
    InputAccessState, Retaliation, SupplyPaths, SupplyState, TargetDenial,
};

/// One worker's world: built once, reset for every run.
pub struct Simulation {
    pub world: World,
    blueprint: Arc<Blueprint>,
    makers: Vec<Entity>,
    beginning: Schedule,
}

impl Simulation {
    pub fn new(blueprint: &Arc<Blueprint>) -> Self {
        let mut world = World::new();
        insert_resources(&mut world, blueprint);
        let makers = spawn_agents(&mut world, blueprint);
        Self {
            world,
            blueprint: blueprint.clone(),
            makers,
            beginning: beginning(),
        }
    }

    pub fn blueprint(&self) -> &Arc<Blueprint> {
        &self.blueprint
    }

    /// Adds the last month to the reference run.
    pub fn record_reference_month(&mut self, reference_run: &mut ReferenceRun) {
        let denial = self.world.resource::<TargetDenial>();
        reference_run.denied_share.push(denial.denied_share);
        reference_run.home_share.push(denial.home_share);
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

    /// Resets the world to the first month of an arm and a future; each agent and market begins in a system of its own.
    pub fn reset(&mut self, calendar: &Arc<CompiledCalendar>, future: &Future, keep_events: bool) {
        let w = &mut self.world;
        w.insert_resource(future.clone());
        w.insert_resource(LawCalendar(calendar.clone()));
        w.resource_mut::<EventLog>().begin(keep_events);
        self.beginning.run(w);
    }
}

/// Inserts the recorded paths that all runs share, and the empty state of agents and markets.
fn insert_resources(world: &mut World, b: &Blueprint) {
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
    world.init_resource::<LegalAccess>();
    world.init_resource::<TargetDenial>();
    world.init_resource::<Retaliation>();
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
    world.init_resource::<PowerUse>();
    world.init_resource::<FrontierHistory>();
    world.init_resource::<EventLog>();
    world.init_resource::<EventCauses>();
    world.init_resource::<TrailingSales>();
    world.init_resource::<RealisedThroughput>();
    world.init_resource::<HomeFabrication>();
    world.insert_resource(b.initial_stock.clone());
}

/// Spawns every agent in the order of its row; returns the makers.
fn spawn_agents(world: &mut World, b: &Blueprint) -> Vec<Entity> {
    for (nation, users) in b.nations.iter().zip(&b.users) {
        world.spawn((*nation, *users, NationCompute::default()));
    }
    for broker in &b.brokers {
        world.spawn((*broker, BrokerState::default()));
    }
    for host in &b.hosts {
        world.spawn((*host, RentalCapacity::default()));
    }
    let makers = b.makers.iter();
    let makers = makers.map(|m| world.spawn((*m, ChipmakerState::default())).id());
    let makers = makers.collect();
    for lab in &b.labs {
        world.spawn((
            *lab,
            LabCompute::default(),
            Knowledge::default(),
            TrainingRun::default(),
            UnreleasedModels::default(),
            LastRelease::default(),
        ));
    }
    makers
}
