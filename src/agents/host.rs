//! A cloud host: compute that stands in one nation and is for rent, whom it may serve, and what it asks.

use bevy_ecs::component::Component;
use bevy_ecs::system::{Query, Res, ResMut};

use super::nation::{Nation, NationTotals};
use crate::foundation::channels::Channel;
use crate::foundation::maths;
use crate::foundation::run::Future;
use crate::markets::chips::ChipMarket;
use crate::markets::rental::{
    RentedCompute, attraction, next_rented_h100e, rent_usd, wanted_h100e,
};
use crate::markets::scarcity::Shortage;
use crate::measures::Bloc;
use crate::technology::roadmap::ChipTable;
use crate::technology::supply::InputAccessState;

/// A host: the firms of one nation that rent out compute, fixed within a run.
#[derive(Component, Clone, Copy, Debug)]
pub struct CloudHost {
    /// Row in the table of hosts; results are summed in this order.
    pub row: u32,
    /// The market whose law says whom it may serve.
    pub market: u32,
    /// The region whose purchases fill its halls: demand is recorded by region, and spread over nations by size alone.
    pub region: u32,
    /// Its part of what all hosts have for rent, and of what the hosts of its region have.
    pub share: f64,
    pub share_of_region: f64,
}

/// What a host has and does this month.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq)]
pub struct RentalCapacity {
    /// Compute for rent to the target's labs, H100-equivalents.
    pub for_rent_h100e: f64,
    pub rented_h100e: f64,
    /// What it asks, USD a month for an H100-equivalent.
    pub rent_usd: f64,
}

impl RentalCapacity {
    /// Part of what is for rent that is rented.
    fn full(&self) -> f64 {
        if self.for_rent_h100e > 0.0 {
            (self.rented_h100e / self.for_rent_h100e).min(1.0)
        } else {
            0.0
        }
    }
}

/// System: hosts set their rent, and rent to the target's labs what these miss, as far as the law of each place lets them.
///
/// What is rented is its users' by use and its owners' by ownership; it is taken from the region in which it stands, so
/// that the world's sum stays the same.
pub fn rent_out(
    future: Res<Future>,
    access: Res<InputAccessState>,
    shortage: Res<Shortage>,
    market: Res<ChipMarket>,
    chips: Res<ChipTable>,
    mut rental: ResMut<RentedCompute>,
    mut totals: ResMut<NationTotals>,
    nations: Query<&Nation>,
    mut hosts: Query<(&CloudHost, &mut RentalCapacity)>,
) {
    let p = &future.parameters;
    let (target, third) = (Bloc::Target as usize, Bloc::Third as usize);
    let (r, t) = (&mut *rental, &mut *totals);
    r.open_month();
    for nation in nations.iter().filter(|n| n.bloc != Bloc::Target) {
        r.stands_h100e[nation.region as usize] += t.training_h100e[nation.row as usize];
    }
    let allowed = future.channels.factor(Channel::RemoteAccess);
    let open = |host: &CloudHost| allowed * access.remote_open[host.market as usize];
    let owning_usd = cheapest_usd_per_h100e(&market, &chips, p.host_cost_usd);
    let mut on_offer = 0.0;
    for (host, mut letting) in &mut hosts {
        let there = r.stands_h100e[host.region as usize] * host.share_of_region;
        letting.for_rent_h100e =
            (host.share * p.rentable_share * t.training_by_bloc[third]).min(there);
        letting.rent_usd = rent_usd(owning_usd, letting.full(), p);
        on_offer += letting.for_rent_h100e * open(host);
    }
    // Scarcity is the log of what compute is worth over its list price: who rents for more than that is worse off.
    let missing = if maths::ln(1.0 + p.rent_markup) < shortage.scarcity[target] {
        shortage.missing_beyond(target, third)
    } else {
        0.0
    };
    let wanted = wanted_h100e(missing, p);
    for (host, mut letting) in &mut hosts {
        let here = letting.for_rent_h100e * open(host);
        let asked = if on_offer > 0.0 {
            wanted * here / on_offer * attraction(letting.full(), p)
        } else {
            0.0
        };
        letting.rented_h100e = next_rented_h100e(letting.rented_h100e, asked, here, p);
        if letting.rented_h100e > 0.0 {
            r.h100e += letting.rented_h100e;
            r.cost_usd += letting.rented_h100e * letting.rent_usd;
            r.rented_h100e[host.region as usize] += letting.rented_h100e;
        }
    }
    if r.h100e <= 0.0 {
        return;
    }
    let taken = r.h100e / t.training_by_bloc[target].max(f64::MIN_POSITIVE);
    for nation in &nations {
        let (row, region) = (nation.row as usize, nation.region as usize);
        let part = match nation.bloc {
            Bloc::Target => taken,
            _ if r.stands_h100e[region] > 0.0 => -r.rented_h100e[region] / r.stands_h100e[region],
            _ => 0.0,
        };
        let moved = part * t.training_h100e[row];
        t.training_h100e[row] += moved;
        t.all_h100e[row] += moved;
        t.training_by_bloc[nation.bloc as usize] += moved;
        t.all_by_bloc[nation.bloc as usize] += moved;
    }
}

/// What a useful H100-equivalent costs to own where it is cheapest, server included, USD; 0 before anything is on sale.
fn cheapest_usd_per_h100e(market: &ChipMarket, chips: &ChipTable, host_cost_usd: f64) -> f64 {
    let cheapest = market
        .active
        .iter()
        .map(|slot| usize::from(*slot))
        .filter(|slot| !market.layout.captive_chip[*slot])
        .map(|slot| (market.offers[slot].price_usd + host_cost_usd) / chips.useful_training[slot])
        .fold(f64::INFINITY, f64::min);
    if cheapest.is_finite() { cheapest } else { 0.0 }
}
