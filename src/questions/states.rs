//! Names the states that an audit looks for in each month of a run.

use bevy_ecs::world::World;

use crate::agents::broker::GreyMarket;
use crate::agents::chipmaker::ChipmakerState;
use crate::agents::compute::NationTotals;
use crate::agents::host::{CloudHost, RentalCapacity};
use crate::foundation::bloc::Bloc;
use crate::foundation::parameters::Parameters;
use crate::markets::chip_market::ChipMarket;
use crate::markets::rental::RentedCompute;
use crate::policy::access::LegalAccess;
use crate::technology::supply::{InputAccessState, POOLS, SupplyPool, SupplyState, TargetDenial};

/// Names of the states that do not belong to one agent, in the order in which [`reached`] finds them.
pub const STATES: &[&str] = &[
    "a price at the top of its band",
    "a price at the bottom of its band",
    "capacity of a maker idle after a market closed",
    "a shared pool empty",
    "home wafers empty",
    "home memory empty",
    "memory stockpile used",
    "die bank used",
    "home foundry at its ceiling",
    "a cap used up",
    "a levy paid",
    "a licence pending",
    "a licence lapsed",
    "all but a hundredth denied to the target",
    "money pulled forward",
    "premium at its ceiling",
    "brokers idle while compute is short",
    "power short: issuer",
    "power short: target",
    "power short: third",
    "compute rented",
    "materials short",
    "a foundry closed to designers of the target",
    "closed models barred somewhere",
];

/// Which of [`STATES`] the world is in, given what its stores were a month ago.
pub fn reached(world: &mut World, before: &StateSnapshot, p: &Parameters) -> Vec<bool> {
    let mut index = [0.0_f64, 1.0, 0.0];
    let mut makers = world.query::<&ChipmakerState>();
    for business in makers.iter(world) {
        index[0] = index[0].max(business.price_index);
        index[1] = index[1].min(business.price_index);
        index[2] = index[2].max(business.idle_share);
    }
    let market = world.resource::<ChipMarket>();
    let supply = world.resource::<SupplyState>();
    let denied_share = world.resource::<TargetDenial>().denied_share;
    let inputs = world.resource::<InputAccessState>();
    let access = world.resource::<LegalAccess>();
    let grey = world.resource::<GreyMarket>();
    let powered = world.resource::<NationTotals>().powered;
    let empty = |pool: usize| {
        supply.pools[pool] > 0.0 && market.deliveries.pool_used[pool] >= 0.999 * supply.pools[pool]
    };
    let at_home = |pool: usize| {
        pool == SupplyPool::LogicTarget as usize || pool == SupplyPool::HbmTarget as usize
    };
    let short = |bloc: Bloc| powered[bloc as usize] < 1.0;
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let cap_used = market
        .caps
        .nations
        .iter()
        .zip(&before.cap_tpp_left)
        .any(|(now, then)| now.remaining_tpp < *then && now.remaining_tpp < 1.0);
    let ceiling = p.smic_ceiling_wafers * p.smic_accelerator_share;
    vec![
        near(index[0], 1.0 + p.price_clip),
        near(index[1], 1.0 - p.price_clip),
        index[2] > 0.0,
        (0..POOLS).any(|pool| !at_home(pool) && empty(pool)),
        empty(SupplyPool::LogicTarget as usize),
        empty(SupplyPool::HbmTarget as usize),
        supply.hbm_bank_stacks < before.hbm_bank_stacks,
        supply.die_bank < before.die_bank,
        supply.wafers.iter().any(|wafers| near(*wafers, ceiling)),
        cap_used,
        market.accounts.levy_usd > 0.0,
        market.licences.queues.iter().any(|l| l.pending > 0.0),
        market.licences.queues.iter().any(|l| l.lapsed_total > 0.0),
        denied_share > 0.99,
        market.money.pulled_usd.iter().any(|v| *v > 0.0),
        near(grey.premium, p.grey_premium_max),
        denied_share > 0.0 && grey.reached_h100e == 0.0,
        short(Bloc::Issuer),
        short(Bloc::Target),
        short(Bloc::Third),
        world.resource::<RentedCompute>().h100e > 0.0,
        supply.input_loss_share > 0.0,
        inputs.leading_foundry.iter().any(|open| *open < 1.0),
        access.weights_open.iter().any(|open| *open < 1.0),
    ]
}

/// Rows of the hosts that rent anything out.
pub fn hosts_at_work(world: &mut World) -> Vec<u32> {
    let mut hosts = world.query::<(&CloudHost, &RentalCapacity)>();
    hosts
        .iter(world)
        .filter(|(_, letting)| letting.rented_h100e > 0.0)
        .map(|(host, _)| host.row)
        .collect()
}

/// Stores at the end of a month.
#[derive(Clone, Debug, Default)]
pub struct StateSnapshot {
    hbm_bank_stacks: f64,
    die_bank: f64,
    cap_tpp_left: Vec<f64>,
}

impl StateSnapshot {
    pub fn of(world: &World) -> Self {
        let supply = world.resource::<SupplyState>();
        Self {
            hbm_bank_stacks: supply.hbm_bank_stacks,
            die_bank: supply.die_bank,
            cap_tpp_left: world
                .resource::<ChipMarket>()
                .caps
                .nations
                .iter()
                .map(|nation| nation.remaining_tpp)
                .collect(),
        }
    }
}
