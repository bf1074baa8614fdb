//! A cloud host: compute in one nation that is for rent, the customers that rules allow, and the rent.

use bevy_ecs::component::Component;
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};

use super::compute::NationTotals;
use super::nation::{DemandPaths, Nation, training_share};
use crate::foundation::bloc::Bloc;
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::run::RunMonth;
use crate::markets::chip_market::ChipMarket;
use crate::markets::rental::{
    RentedCompute, next_rented_h100e, rent_usd, rental_attraction, rental_demand_h100e,
};
use crate::markets::scarcity::Shortage;
use crate::policy::access::LegalAccess;
use crate::technology::roadmap::ChipTable;

/// A host: the firms of one nation that rent out compute, fixed within a run.
#[derive(Component, Clone, Copy, Debug)]
pub struct CloudHost {
    /// Row in the table of hosts; results are summed in this order.
    pub row: u32,
    /// The market whose rules decide on its customers.
    pub market: u32,
    /// The region whose purchases it draws on: demand is recorded by region and spread over nations by size.
    pub region: u32,
    /// Its share of all compute for rent, and of compute for rent in its region.
    pub share: f64,
    pub share_of_region: f64,
}

/// State of a host.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct RentalCapacity {
    /// Compute for rent to the target's labs, H100-equivalents.
    pub for_rent_h100e: f64,
    pub rented_h100e: f64,
    /// Rent, USD a month for an H100-equivalent.
    pub rent_usd: f64,
}

impl RentalCapacity {
    /// Rented share of the compute for rent.
    fn utilisation(&self) -> f64 {
        if self.for_rent_h100e > 0.0 {
            (self.rented_h100e / self.for_rent_h100e).min(1.0)
        } else {
            0.0
        }
    }
}

/// System at the start of a run: nothing is for rent.
pub fn begin_rental(
    demand: Res<DemandPaths>,
    mut rental: ResMut<RentedCompute>,
    mut hosts: Query<&mut RentalCapacity>,
) {
    rental.reset(demand.0.region_keys.len());
    for mut capacity in &mut hosts {
        *capacity = RentalCapacity::default();
    }
}

/// System: hosts set their rents and rent compute to the target's labs, as far as demand and rules allow.
///
/// Rented compute counts for its users by use and for its owners by ownership. It is subtracted from the region in which it
/// is located, so the world's sum does not change.
pub fn rent_out(
    run: RunMonth,
    access: Res<LegalAccess>,
    shortage: Res<Shortage>,
    sale: OwnedCompute,
    mut rental: ResMut<RentedCompute>,
    mut totals: ResMut<NationTotals>,
    nations: Query<&Nation>,
    mut hosts: Query<(&CloudHost, &mut RentalCapacity)>,
) {
    let (future, p) = (&*run.future, &run.future.parameters);
    let (target, third) = (Bloc::Target as usize, Bloc::Third as usize);
    let (r, t) = (&mut *rental, &mut *totals);
    r.begin_month();
    for nation in nations.iter().filter(|n| n.bloc != Bloc::Target) {
        r.located_h100e[nation.region as usize] += t.training_h100e[nation.row as usize];
    }
    let allowed = future.channels.factor(Channel::RemoteAccess);
    let open = |host: &CloudHost| allowed * access.remote_open[host.market as usize];
    let owning_usd = sale.cheapest_usd_per_h100e(p.host_cost_usd);
    let mut on_offer = 0.0;
    for (host, mut capacity) in &mut hosts {
        let there = r.located_h100e[host.region as usize] * host.share_of_region;
        capacity.for_rent_h100e =
            (host.share * p.rentable_share * t.training_by_bloc[third]).min(there);
        capacity.rent_usd = rent_usd(owning_usd, capacity.utilisation(), p);
        on_offer += capacity.for_rent_h100e * open(host);
    }
    // Scarcity is the log of the value of compute over its list price: renting at a higher markup does not pay.
    let missing = if maths::ln(1.0 + p.rent_markup) < shortage.scarcity[target] {
        shortage.excess_shortage_h100e(target, third)
    } else {
        0.0
    };
    let wanted = rental_demand_h100e(missing, p);
    for (host, mut capacity) in &mut hosts {
        let here = capacity.for_rent_h100e * open(host);
        let asked = if on_offer > 0.0 {
            wanted * here / on_offer * rental_attraction(capacity.utilisation(), p)
        } else {
            0.0
        };
        capacity.rented_h100e = next_rented_h100e(capacity.rented_h100e, asked, here, p);
        if capacity.rented_h100e > 0.0 {
            r.h100e += capacity.rented_h100e;
            r.cost_usd += capacity.rented_h100e * capacity.rent_usd;
            r.rented_h100e[host.region as usize] += capacity.rented_h100e;
        }
    }
    if r.h100e > 0.0 {
        move_compute(r, t, &nations, training_share(run.clock.year, p));
    }
}

/// Moves rented compute from the regions in which it is located to its users, who train with the share `for_training` of it and
/// serve with the rest. Hosts rent out training compute, and an H100-equivalent of it serves as an H100 does.
fn move_compute(
    r: &RentedCompute,
    t: &mut NationTotals,
    nations: &Query<&Nation>,
    for_training: f64,
) {
    let target = Bloc::Target as usize;
    let taken = r.h100e / t.training_by_bloc[target].max(f64::MIN_POSITIVE);
    for nation in nations {
        let (row, region) = (nation.row as usize, nation.region as usize);
        let (part, trains) = match nation.bloc {
            Bloc::Target => (taken, for_training),
            _ if r.located_h100e[region] > 0.0 => {
                (-r.rented_h100e[region] / r.located_h100e[region], 1.0)
            }
            _ => (0.0, 1.0),
        };
        let moved = part * t.training_h100e[row];
        let (training, serving) = (trains * moved, (1.0 - trains) * moved);
        t.training_h100e[row] += training;
        t.serving_h100e[row] += serving;
        t.all_h100e[row] += moved;
        t.training_by_bloc[nation.bloc as usize] += training;
        t.serving_by_bloc[nation.bloc as usize] += serving;
        t.all_by_bloc[nation.bloc as usize] += moved;
    }
}

/// Chips for sale: what owning compute costs.
#[derive(SystemParam)]
pub struct OwnedCompute<'w> {
    market: Res<'w, ChipMarket>,
    chips: Res<'w, ChipTable>,
}

impl OwnedCompute<'_> {
    /// Lowest cost of owning a useful H100-equivalent, server included, USD; 0 before any chip is on sale.
    fn cheapest_usd_per_h100e(&self, host_cost_usd: f64) -> f64 {
        let (market, chips) = (&*self.market, &*self.chips);
        let cheapest = market
            .active
            .iter()
            .map(|slot| usize::from(*slot))
            .filter(|slot| !market.layout.captive_chip[*slot])
            .map(|slot| {
                (market.offers[slot].price_usd + host_cost_usd) / chips.useful_training[slot]
            })
            .fold(f64::INFINITY, f64::min);
        if cheapest.is_finite() { cheapest } else { 0.0 }
    }
}
