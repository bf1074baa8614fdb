//! What the reference models are given: the numbers of a world as it stands before a step, and nothing that the step works out.

use bevy_ecs::world::World;
use chokepoint::agents::chipmaker::{Chipmaker, ChipmakerState};
use chokepoint::agents::compute::NationTotals;
use chokepoint::agents::lab::{Knowledge, Lab, LabCompute};
use chokepoint::capability::efficiency::ScarcityEfficiency;
use chokepoint::capability::frontier::FrontierHistory;
use chokepoint::foundation::channels::Channel;
use chokepoint::foundation::run::Future;
use chokepoint::markets::chip_market::ChipMarket;
use chokepoint::policy::access::LegalAccess;
use chokepoint::technology::supply::{InputAccessState, SupplyPaths, SupplyPool, SupplyState};

use super::learning::Learning;
use super::market::Market;

/// The market before a trade, what makers can deliver in standard packages and what pools hold.
pub fn market(world: &mut World) -> (Market, Vec<f64>, [f64; 6]) {
    let market = Market::of(world.resource::<ChipMarket>());
    let mut idle = vec![0.0; market.makers];
    let mut makers = world.query::<(&Chipmaker, &ChipmakerState)>();
    for (maker, business) in makers.iter(world) {
        idle[maker.row as usize] = business.idle_share;
    }
    let (supply, access) = (
        world.resource::<SupplyState>(),
        world.resource::<InputAccessState>(),
    );
    let p = &world.resource::<Future>().parameters;
    let mut capacity = vec![f64::INFINITY; market.makers];
    if supply.capacity.iter().any(|c| *c > 0.0) {
        for maker in 0..market.makers {
            capacity[maker] = supply.capacity[maker] * (1.0 - idle[maker]);
        }
    }
    let mut pools = supply.pools;
    if let Some(maker) = world.resource::<SupplyPaths>().0.proxy_maker
        && access.leading_foundry[usize::from(maker)] < 0.5
    {
        // Dies of 665 mm2 from 84 % of a 300 mm wafer, as many as are good at home.
        let per_wafer = 70_686.0 * 0.84 / 665.0 * supply.yield_target;
        pools[SupplyPool::LogicTarget as usize] +=
            supply.die_bank * p.die_bank_draw / f64::max(per_wafer, 1.0);
    }
    (market, capacity, pools)
}

/// Labs, and what they can learn from, before a month of research.
pub fn learning(world: &mut World) -> Learning {
    let mut taken = Learning::default();
    let mut labs = world.query::<(&Lab, &LabCompute, &Knowledge)>();
    for (lab, compute, knowledge) in labs.iter(world) {
        assert_eq!(lab.row as usize, taken.points.len(), "labs stand by row");
        taken.bloc.push(lab.bloc as usize);
        taken.skill.push(lab.skill);
        taken.synthetic.push(lab.synthetic);
        taken.compute_h100e.push(compute.effective_h100e);
        taken.points.push(knowledge.points);
    }
    let frontier = world.resource::<FrontierHistory>();
    for known in &frontier.best_known {
        taken.best_known.push(known.points);
        taken.best_known_h100e.push(known.compute_h100e);
    }
    for known in &frontier.open_known {
        taken.open_known.push(known.points);
        taken.open_known_h100e.push(known.compute_h100e);
    }
    for known in &frontier.served_known {
        taken.served_known.push(known.points);
        taken.served_known_h100e.push(known.compute_h100e);
    }
    taken.mean_points = frontier.bloc_mean_points;
    taken.latent = [0, 1, 2].map(|bloc| frontier.latent[bloc].latest());
    let efficiency = world.resource::<ScarcityEfficiency>();
    taken.induced_points = efficiency.induced_points;
    taken.cost_share = efficiency.cost_share;
    taken.spread_points = efficiency.spread_points;
    taken.training_h100e = world.resource::<NationTotals>().training_by_bloc;
    taken.public_h100e = world.resource::<NationTotals>().public_research_h100e;
    let channels = world.resource::<Future>().channels;
    taken.open_diffusion = channels.factor(Channel::OpenDiffusion);
    taken.distillation = channels.factor(Channel::Distillation);
    taken.model_access = world.resource::<LegalAccess>().model_access;
    taken
}
