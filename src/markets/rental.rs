//! Rental: labs of the target use compute that stands abroad, where no rule forbids it.

use bevy_ecs::resource::Resource;

use crate::foundation::parameters::Parameters;

/// Compute that users of the target rent abroad, and what it costs.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct Rental {
    pub h100e: f64,
    /// USD a month, out of the target's training budget.
    pub cost_usd: f64,
}

/// Next rented compute: moves toward a share of what the target's labs miss, as far as hosts have it and the law lets it.
///
/// ```text
/// wanted = share * missing a month * 24 months;   next = now + (min(wanted, rentable * hosts) * open - now) / months
/// ```
///
/// `missing_h100e` is what budgets would buy at home beyond what hosts miss as well: what is short everywhere cannot be
/// had abroad either. A rule cuts at once; contracts and data move slowly.
pub fn next_rented_h100e(
    now: f64,
    missing_h100e: f64,
    hosts_h100e: f64,
    open: f64,
    p: &Parameters,
) -> f64 {
    const MONTHS_SOUGHT: f64 = 24.0;
    let wanted = p.remote_share * missing_h100e.max(0.0) * MONTHS_SOUGHT;
    let there = p.rentable_share * hosts_h100e;
    let goal = wanted.min(there) * open;
    (now + (goal - now) / p.remote_switch_months.max(1.0)).min(there * open)
}

/// What rented compute costs a month: the price of a chip over its life, with a markup.
pub fn rent_usd(h100e: f64, price_usd_per_h100e: f64, p: &Parameters) -> f64 {
    const LIFE_MONTHS: f64 = 48.0;
    h100e * price_usd_per_h100e * (1.0 + p.rent_markup) / LIFE_MONTHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_rented_without_scarcity_or_against_a_rule() {
        let mut p = Parameters::from_values(&vec![0.0; Parameters::NAMES.len()]).unwrap();
        p.remote_share = 0.25;
        p.rentable_share = 0.2;
        p.remote_switch_months = 5.0;
        let after = |missing: f64, open: f64| {
            (0..60).fold(0.0, |r, _| next_rented_h100e(r, missing, 1e6, open, &p))
        };
        assert_eq!(after(0.0, 1.0), 0.0);
        assert_eq!(after(2.0, 0.0), 0.0);
        assert!(after(2.0, 1.0) > after(0.5, 1.0));
        // Hosts cannot rent out what they do not have.
        assert!(next_rented_h100e(0.0, 1e9, 10.0, 1.0, &p) <= 3.0);
    }
}
