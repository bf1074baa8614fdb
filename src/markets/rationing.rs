//! Who gets scarce supply: makers hold quotas in shared pools, orders are filled pro rata.

use crate::technology::supply::POOLS;

/// What is left to hand out this month.
#[derive(Clone, Debug, Default)]
pub struct Supply {
    /// Standard packages that each maker can still deliver.
    pub maker_left: Vec<f64>,
    /// Units left in each pool.
    pub pool_left: [f64; POOLS],
    /// Units of each pool that each maker may draw first.
    pub quota_left: Vec<[f64; POOLS]>,
}

/// Fractions of each chip's orders that can be filled; supply is drawn down by what is filled.
///
/// A maker draws on its quota of a pool first; what others leave of theirs is shared pro rata to what is still
/// unmet. A chip is filled to the least of its maker's capacity and its pools, in real numbers: no lottery, no
/// first-come order. `orders[i]` are packages of chip `i`, `uses[i]` its pool units a package, `size[i]` how many standard
/// packages of its maker's capacity one takes.
pub fn fill_fractions(
    orders: &[f64],
    maker_of: &[u16],
    uses: &[[f64; POOLS]],
    size: &[f64],
    supply: &mut Supply,
    scratch: &mut Scratch,
    fill: &mut [f64],
) {
    let makers = supply.maker_left.len();
    scratch.reset(makers);
    for (i, &units) in orders.iter().enumerate() {
        scratch.maker_need[usize::from(maker_of[i])] += units * size[i];
    }
    for maker in 0..makers {
        scratch.able[maker] = ratio(supply.maker_left[maker], scratch.maker_need[maker]);
    }
    for (i, &units) in orders.iter().enumerate() {
        let maker = usize::from(maker_of[i]);
        for pool in 0..POOLS {
            // Nobody claims materials for more than it can make.
            scratch.need[maker][pool] += units * scratch.able[maker] * uses[i][pool];
        }
    }
    let mut unclaimed = supply.pool_left;
    let mut unmet = [0.0; POOLS];
    for maker in 0..makers {
        for pool in 0..POOLS {
            let need = scratch.need[maker][pool];
            let given = need
                .min(supply.quota_left[maker][pool])
                .min(unclaimed[pool].max(0.0));
            scratch.given[maker][pool] = given;
            unclaimed[pool] -= given;
            unmet[pool] += need - given;
        }
    }
    for maker in 0..makers {
        for pool in 0..POOLS {
            let short = scratch.need[maker][pool] - scratch.given[maker][pool];
            if short > 0.0 {
                let extra = short * (unclaimed[pool].max(0.0) / unmet[pool]).min(1.0);
                scratch.given[maker][pool] += extra;
            }
        }
    }
    for i in 0..orders.len() {
        let maker = usize::from(maker_of[i]);
        let mut part = 1.0_f64;
        for pool in 0..POOLS {
            if uses[i][pool] > 0.0 {
                part = part.min(ratio(scratch.given[maker][pool], scratch.need[maker][pool]));
            }
        }
        fill[i] = part * scratch.able[maker];
    }
    for (i, &units) in orders.iter().enumerate() {
        let maker = usize::from(maker_of[i]);
        let made = units * fill[i];
        supply.maker_left[maker] = (supply.maker_left[maker] - made * size[i]).max(0.0);
        for pool in 0..POOLS {
            let drawn = made * uses[i][pool];
            supply.pool_left[pool] = (supply.pool_left[pool] - drawn).max(0.0);
            supply.quota_left[maker][pool] = (supply.quota_left[maker][pool] - drawn).max(0.0);
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

/// Working memory of [`fill_fractions`], kept between calls so that none is allocated.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    maker_need: Vec<f64>,
    able: Vec<f64>,
    need: Vec<[f64; POOLS]>,
    given: Vec<[f64; POOLS]>,
}

impl Scratch {
    pub fn for_makers(makers: usize) -> Self {
        let mut scratch = Self::default();
        scratch.reset(makers);
        scratch
    }

    fn reset(&mut self, makers: usize) {
        self.maker_need.clear();
        self.maker_need.resize(makers, 0.0);
        self.able.clear();
        self.able.resize(makers, 1.0);
        self.need.clear();
        self.need.resize(makers, [0.0; POOLS]);
        self.given.clear();
        self.given.resize(makers, [0.0; POOLS]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_pool(capacity: f64, quota: [f64; 2]) -> Supply {
        let mut supply = Supply {
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
            &[0, 1],
            &uses,
            &[1.0; 2],
            &mut supply,
            &mut Scratch::default(),
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
            &[0, 1],
            &uses,
            &[1.0; 2],
            &mut supply,
            &mut Scratch::default(),
            &mut fill,
        );
        assert_eq!(fill, [1.0, 1.0]);
    }
}
