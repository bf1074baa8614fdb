//! Rationing of scarce supply: makers hold quotas in shared pools, and orders are filled pro rata.

use super::choice::MakerNest;
use crate::technology::supply::POOLS;

/// Supply that is left this month.
#[derive(Clone, Debug, Default)]
pub struct AvailableSupply {
    /// Standard packages that each maker can still deliver.
    pub maker_left: Vec<f64>,
    /// Units left in each pool.
    pub pool_left: [f64; POOLS],
    /// Units of each pool that each maker may draw first.
    pub quota_left: Vec<[f64; POOLS]>,
}

/// Writes the fraction of each chip's orders that can be filled, and draws down supply by that amount.
///
/// A maker draws on its quota of a pool first. Unused quota is shared among makers pro rata to unmet need. The fill of a chip
/// is the minimum over its maker's capacity and its pools, in real numbers, without lottery or first-come order. `orders[i]` are packages of chip `i`, `uses[i]` its pool units a package, `size[i]` how many standard
/// packages of its maker's capacity one takes; `nests` holds the range of each maker's chips.
pub fn fill_fractions(
    orders: &[f64],
    nests: &[MakerNest],
    uses: &[[f64; POOLS]],
    size: &[f64],
    supply: &mut AvailableSupply,
    scratch: &mut Vec<SupplyClaim>,
    fill: &mut [f64],
) {
    scratch.clear();
    let mut unclaimed = supply.pool_left;
    let mut unmet = [0.0; POOLS];
    for nest in nests {
        let (maker, from, to) = (
            usize::from(nest.maker),
            usize::from(nest.from),
            usize::from(nest.to),
        );
        let mut asked = 0.0;
        let mut claim = SupplyClaim::default();
        for i in from..to {
            asked += orders[i] * size[i];
            for pool in 0..POOLS {
                claim.need[pool] += orders[i] * uses[i][pool];
            }
        }
        // Claims are limited to what the maker's capacity can use.
        claim.able = ratio(supply.maker_left[maker], asked);
        for pool in 0..POOLS {
            claim.need[pool] *= claim.able;
            claim.given[pool] = claim.need[pool]
                .min(supply.quota_left[maker][pool])
                .min(unclaimed[pool].max(0.0));
            unclaimed[pool] -= claim.given[pool];
            unmet[pool] += claim.need[pool] - claim.given[pool];
        }
        scratch.push(claim);
    }
    let mut lent = [0.0; POOLS];
    for pool in 0..POOLS {
        if unmet[pool] > 0.0 {
            lent[pool] = (unclaimed[pool].max(0.0) / unmet[pool]).min(1.0);
        }
    }
    for (nest, claim) in nests.iter().zip(scratch.iter_mut()) {
        let (maker, from, to) = (
            usize::from(nest.maker),
            usize::from(nest.from),
            usize::from(nest.to),
        );
        let mut part = [1.0; POOLS];
        for pool in 0..POOLS {
            let short = claim.need[pool] - claim.given[pool];
            part[pool] = ratio(claim.given[pool] + short * lent[pool], claim.need[pool]);
        }
        for i in from..to {
            let mut least = 1.0_f64;
            for pool in 0..POOLS {
                if uses[i][pool] > 0.0 {
                    least = least.min(part[pool]);
                }
            }
            fill[i] = least * claim.able;
            let made = orders[i] * fill[i];
            supply.maker_left[maker] = (supply.maker_left[maker] - made * size[i]).max(0.0);
            let quota = &mut supply.quota_left[maker];
            for pool in 0..POOLS {
                let drawn = made * uses[i][pool];
                supply.pool_left[pool] = (supply.pool_left[pool] - drawn).max(0.0);
                quota[pool] = (quota[pool] - drawn).max(0.0);
            }
        }
    }
}

fn ratio(have: f64, need: f64) -> f64 {
    if need > 0.0 {
        (have / need).clamp(0.0, 1.0)
    } else {
        1.0
    }
}

/// Units of every pool that one maker needs and receives.
#[derive(Clone, Copy, Debug, Default)]
pub struct SupplyClaim {
    able: f64,
    need: [f64; POOLS],
    given: [f64; POOLS],
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTS: [MakerNest; 2] = [
        MakerNest {
            maker: 0,
            from: 0,
            to: 1,
        },
        MakerNest {
            maker: 1,
            from: 1,
            to: 2,
        },
    ];

    fn one_pool(capacity: f64, quota: [f64; 2]) -> AvailableSupply {
        let mut supply = AvailableSupply {
            maker_left: vec![1e9; 2],
            pool_left: [f64::INFINITY; POOLS],
            quota_left: vec![[0.0; POOLS]; 2],
        };
        supply.pool_left[0] = capacity;
        supply.quota_left[0][0] = quota[0];
        supply.quota_left[1][0] = quota[1];
        supply
    }

    #[test]
    fn nothing_is_handed_out_twice_and_idle_quota_is_lent() {
        let uses = [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]; 2];
        let mut supply = one_pool(100.0, [50.0, 50.0]);
        let mut fill = [0.0; 2];
        fill_fractions(
            &[10.0, 200.0],
            &NESTS,
            &uses,
            &[1.0; 2],
            &mut supply,
            &mut Vec::new(),
            &mut fill,
        );
        assert!((fill[0] - 1.0).abs() < 1e-12);
        assert!((fill[1] * 200.0 - 90.0).abs() < 1e-9);
        assert!(supply.pool_left[0].abs() < 1e-9);
    }

    #[test]
    fn when_supply_is_ample_every_order_is_filled() {
        let uses = [[1.0, 0.0, 2.0, 0.0, 0.0, 0.0]; 2];
        let mut supply = one_pool(1e6, [0.0, 0.0]);
        let mut fill = [0.0; 2];
        fill_fractions(
            &[10.0, 20.0],
            &NESTS,
            &uses,
            &[1.0; 2],
            &mut supply,
            &mut Vec::new(),
            &mut fill,
        );
        assert_eq!(fill, [1.0, 1.0]);
    }
}
