//! Rental: labs of the target rent compute that is located abroad, where no rule denies it.

use bevy_ecs::resource::Resource;

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// Compute that users of the target rent abroad, and its cost.
#[derive(Resource, Clone, Debug, Default)]
pub struct RentedCompute {
    pub h100e: f64,
    /// USD a month, out of the target's budgets for training and for serving.
    pub cost_usd: f64,
    /// By region outside the target: training compute located there, and the part that the target rents.
    pub located_h100e: Vec<f64>,
    pub rented_h100e: Vec<f64>,
}

impl RentedCompute {
    pub fn reset(&mut self, regions: usize) {
        for column in [&mut self.located_h100e, &mut self.rented_h100e] {
            column.clear();
            column.resize(regions, 0.0);
        }
        self.begin_month();
    }

    /// Resets the sums of the month.
    pub fn begin_month(&mut self) {
        self.h100e = 0.0;
        self.cost_usd = 0.0;
        self.located_h100e.iter_mut().for_each(|v| *v = 0.0);
        self.rented_h100e.iter_mut().for_each(|v| *v = 0.0);
    }
}

/// Rental demand of the target's labs at the cost of owning, H100-equivalents: a share of two years of their shortfall.
///
/// `remote_share * max(0, missing) * 24`. `missing_h100e` is the monthly shortfall at home in excess of that of hosts:
/// compute that is short everywhere cannot be rented either. Source: see `remote_share`.
pub fn rental_demand_h100e(missing_h100e: f64, p: &Parameters) -> f64 {
    const MONTHS_SOUGHT: f64 = 24.0;
    p.remote_share * missing_h100e.max(0.0) * MONTHS_SOUGHT
}

/// Markup of a host on the cost of owning: half of `rent_markup` at utilisation 0, all of it at utilisation 1.
///
/// `rent_markup * (1 + utilisation) / 2`, a fraction. Source: see `rent_markup`; the slope in utilisation is an
/// assumption.
fn markup(utilisation: f64, p: &Parameters) -> f64 {
    p.rent_markup * 0.5 * (1.0 + utilisation)
}

/// Rent of an H100-equivalent, USD a month: the price of a chip and its server over its life, with a markup that rises
/// with utilisation.
///
/// `owning * (1 + markup) / 48`. Assumption: a life of 48 months.
pub fn rent_usd(owning_usd: f64, utilisation: f64, p: &Parameters) -> f64 {
    const LIFE_MONTHS: f64 = 48.0;
    owning_usd * (1.0 + markup(utilisation, p)) / LIFE_MONTHS
}

/// Share of the demand at the cost of owning that remains at this host's rent: `(1 + markup) ^ -choice_slope`, with the
/// slope of the choice between chips. Source: see `choice_slope`.
pub fn rental_attraction(utilisation: f64, p: &Parameters) -> f64 {
    maths::pow_of_positive(1.0 + markup(utilisation, p), -p.choice_slope)
}

/// Next rented compute of a host, H100-equivalents: partial adjustment toward demand, limited by what it has and may
/// rent out.
///
/// `next = min(now + (min(asked, open) - now) / remote_switch_months, open)`, where `open` is the compute that it has
/// and may rent out. A rule takes effect at once; contracts and data move slowly. Source: see `remote_switch_months`.
pub fn next_rented_h100e(now: f64, asked_h100e: f64, open_h100e: f64, p: &Parameters) -> f64 {
    let goal = asked_h100e.min(open_h100e);
    (now + (goal - now) / p.remote_switch_months.max(1.0)).min(open_h100e)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p() -> Parameters {
        let mut p = Parameters::zero();
        p.remote_share = 0.25;
        p.remote_switch_months = 5.0;
        p.rent_markup = 0.15;
        p.choice_slope = 2.5;
        p
    }

    #[test]
    fn nothing_is_rented_without_scarcity_or_against_a_rule() {
        let p = p();
        let after = |missing: f64, open: f64| {
            (0..60).fold(0.0, |r, _| {
                next_rented_h100e(r, rental_demand_h100e(missing, &p), open, &p)
            })
        };
        assert_eq!(after(0.0, 1e6), 0.0);
        assert_eq!(after(2.0, 0.0), 0.0);
        assert!(after(2.0, 1e6) > after(0.5, 1e6));
        // Hosts cannot rent out what they do not have.
        assert!(next_rented_h100e(0.0, 1e9, 3.0, &p) <= 3.0);
    }

    #[test]
    fn full_halls_ask_more_and_a_dear_host_is_asked_for_less() {
        let p = p();
        assert!(rent_usd(48.0, 1.0, &p) > rent_usd(48.0, 0.0, &p));
        assert!(
            rental_attraction(1.0, &p) < rental_attraction(0.0, &p)
                && rental_attraction(0.0, &p) < 1.0
        );
    }
}
