//! Rental: labs of the target use compute that stands abroad, where no rule forbids it.

use bevy_ecs::resource::Resource;

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// Compute that users of the target rent abroad, and what it costs.
#[derive(Resource, Clone, Debug, Default)]
pub struct RentedCompute {
    pub h100e: f64,
    /// USD a month, out of the target's training budget.
    pub cost_usd: f64,
    /// By region: training compute that stands there outside the target, and what of it the target rents.
    pub stands_h100e: Vec<f64>,
    pub rented_h100e: Vec<f64>,
}

impl RentedCompute {
    pub fn reset(&mut self, regions: usize) {
        for column in [&mut self.stands_h100e, &mut self.rented_h100e] {
            column.clear();
            column.resize(regions, 0.0);
        }
        self.open_month();
    }

    /// Sums of the month begin at nothing.
    pub fn open_month(&mut self) {
        self.h100e = 0.0;
        self.cost_usd = 0.0;
        self.stands_h100e.iter_mut().for_each(|v| *v = 0.0);
        self.rented_h100e.iter_mut().for_each(|v| *v = 0.0);
    }
}

/// Compute that the target's labs would rent where renting costs what owning does, H100-equivalents: a share of two years
/// of what they miss.
///
/// `missing_h100e` is what budgets would buy a month at home beyond what hosts miss as well: what is short everywhere
/// cannot be had abroad either. Source: see `remote_share`.
pub fn wanted_h100e(missing_h100e: f64, p: &Parameters) -> f64 {
    const MONTHS_SOUGHT: f64 = 24.0;
    p.remote_share * missing_h100e.max(0.0) * MONTHS_SOUGHT
}

/// What a host adds to the cost of owning: half of `rent_markup` in empty halls, all of it in full ones.
fn markup(full: f64, p: &Parameters) -> f64 {
    p.rent_markup * 0.5 * (1.0 + full)
}

/// What a host asks for an H100-equivalent, USD a month: the price of a chip and its server over its life, with a markup
/// that rises as its halls fill.
pub fn rent_usd(owning_usd: f64, full: f64, p: &Parameters) -> f64 {
    const LIFE_MONTHS: f64 = 48.0;
    owning_usd * (1.0 + markup(full, p)) / LIFE_MONTHS
}

/// Part of what labs would rent at the cost of owning that they rent at this host's price: `(1 + markup) ^ -slope`, the
/// slope of the choice between chips.
pub fn attraction(full: f64, p: &Parameters) -> f64 {
    maths::pow_of_positive(1.0 + markup(full, p), -p.choice_slope)
}

/// Next rented compute of a host: moves toward what is asked of it, as far as it has it and the law lets it.
///
/// `next = now + (min(asked, open) - now) / months`, where `open` is what it has and may rent out. A rule cuts at once;
/// contracts and data move slowly.
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
                next_rented_h100e(r, wanted_h100e(missing, &p), open, &p)
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
        assert!(attraction(1.0, &p) < attraction(0.0, &p) && attraction(0.0, &p) < 1.0);
    }
}
