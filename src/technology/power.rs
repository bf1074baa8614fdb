//! Power: what the data centres of each bloc can supply to chips, what the chips draw, and how far purchases wait for it.

use std::sync::Arc;

use bevy_ecs::resource::Resource;

use super::path::TimePath;
use crate::foundation::bloc::Bloc;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// Power that data centres of each bloc can draw, GW.
#[derive(Resource, Clone, Debug, Default)]
pub struct PowerPaths(pub Arc<[TimePath; 3]>);

/// Year from which a future's power deviates from the recorded path.
const POWER_KNOWN_TO: f64 = 2022.0;

impl PowerPaths {
    /// Power of data centres of a bloc, GW: `path * factor ^ (year - 2022)`.
    ///
    /// The bounds that sources give for 2025 to 2030 widen with time as an unknown rate of growth does.
    pub fn capacity_gw(&self, bloc: Bloc, year: f64, p: &Parameters) -> f64 {
        let factor = match bloc {
            Bloc::Target => p.power_growth_factor_target,
            Bloc::Issuer | Bloc::Third => p.power_growth_factor,
        };
        self.0[bloc as usize].at(year, p.power_growth_late, f64::INFINITY)
            * maths::pow(factor, (year - POWER_KNOWN_TO).max(0.0))
    }
}

/// Power and chips by bloc.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct PowerUse {
    /// Power that public money has added, GW.
    pub public_gw: [f64; 3],
    /// Power for accelerators, and what those in use draw, W.
    pub limit_w: [f64; 3],
    pub chips_w: [f64; 3],
    /// Power of the chips bought for a dollar, servers included: mean of about half a year, W/USD.
    pub watts_per_usd: [f64; 3],
}

/// Months over which buyers fill free power, and over which they average what a dollar buys.
const PLANNING_MONTHS: f64 = 6.0;

/// Least share of a budget that is spent where power is short: old servers are replaced.
const GATE_MIN: f64 = 0.02;

impl PowerUse {
    /// Adds a month of public money for power, USD a year, and sets the power for accelerators from that of data centres.
    pub fn set_limit(&mut self, bloc: Bloc, capacity_gw: f64, public_usd: f64, p: &Parameters) {
        let b = bloc as usize;
        self.public_gw[b] += public_usd / 12.0 / p.power_usd_per_gw;
        self.limit_w[b] = power_for_chips_w(capacity_gw + self.public_gw[b], p);
    }

    /// Notes what the purchases of a month draw and cost.
    pub fn record_purchases(&mut self, bloc: usize, bought_w: f64, spent_usd: f64) {
        if bought_w <= 0.0 || spent_usd <= 0.0 {
            return;
        }
        let (mean, now) = (&mut self.watts_per_usd[bloc], bought_w / spent_usd);
        if *mean == 0.0 {
            *mean = now;
        } else {
            *mean += (now - *mean) / PLANNING_MONTHS;
        }
    }

    /// Share of a bloc's new money, USD a month, that is spent on chips this month.
    ///
    /// `((limit - chips) / 6 + retirement * chips) / (watts per dollar * budget)`, between 0.02 and 1: purchases fill free
    /// power in half a year and replace what retires. Money that waits for power buys no chips. Source: judgement on
    /// statements of cloud firms in 2025 that chips wait for powered buildings.
    pub fn purchase_gate(&self, bloc: usize, budget_usd: f64, p: &Parameters) -> f64 {
        let wanted_w = self.watts_per_usd[bloc] * budget_usd;
        let (limit_w, chips_w) = (self.limit_w[bloc], self.chips_w[bloc]);
        if wanted_w <= 0.0 || limit_w <= 0.0 {
            return 1.0;
        }
        let room_w = (limit_w - chips_w) / PLANNING_MONTHS + p.retirement_per_year / 12.0 * chips_w;
        (room_w / wanted_w).clamp(GATE_MIN, 1.0)
    }
}

/// Power for accelerators, W: `share of data centres * capacity / overhead`, the overhead being cooling, servers and network.
pub fn power_for_chips_w(capacity_gw: f64, p: &Parameters) -> f64 {
    p.ai_share_of_power_max * capacity_gw * 1e9 / p.power_overhead
}

/// Share of chips that are on, given what they draw and the power that is left, W; draws the power down.
pub fn switch_on(chips_w: f64, left_w: &mut f64) -> f64 {
    if chips_w <= 0.0 {
        return 1.0;
    }
    let on = (*left_w / chips_w).clamp(0.0, 1.0);
    *left_w -= on * chips_w;
    on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters() -> Parameters {
        Parameters {
            ai_share_of_power_max: 0.5,
            power_overhead: 2.0,
            power_usd_per_gw: 1e10,
            retirement_per_year: 0.12,
            ..Parameters::zero()
        }
    }

    #[test]
    fn power_goes_to_the_first_chips_until_it_is_used() {
        let mut left = 100.0;
        assert_eq!(switch_on(60.0, &mut left), 1.0);
        assert_eq!(switch_on(80.0, &mut left), 0.5);
        assert_eq!(switch_on(10.0, &mut left), 0.0);
        assert_eq!(switch_on(0.0, &mut left), 1.0);
    }

    #[test]
    fn purchases_stop_as_power_runs_out() {
        let p = parameters();
        let mut power = PowerUse::default();
        assert_eq!(power.purchase_gate(0, 1e9, &p), 1.0);
        power.set_limit(Bloc::Issuer, 40.0, 0.0, &p);
        assert!((power.limit_w[0] - 1e10).abs() < 1.0);
        power.record_purchases(0, 1e8, 1e9);
        // A tenth of a watt a dollar: 1e9 USD want 1e8 W.
        power.chips_w[0] = 5e9;
        assert_eq!(power.purchase_gate(0, 1e9, &p), 1.0);
        // Full: a hundredth of 1e10 W retires each month, which is all that is wanted.
        power.chips_w[0] = 1e10;
        assert!((power.purchase_gate(0, 2e9, &p) - 0.5).abs() < 1e-9);
        power.chips_w[0] = 2e10;
        assert_eq!(power.purchase_gate(0, 2e9, &p), GATE_MIN);
    }

    #[test]
    fn public_money_adds_power_month_by_month_at_its_price() {
        let p = parameters();
        let mut power = PowerUse::default();
        for _ in 0..12 {
            power.set_limit(Bloc::Issuer, 40.0, 5e10, &p);
        }
        assert!((power.public_gw[0] - 5.0).abs() < 1e-9);
        assert!((power.limit_w[0] - 1.125e10).abs() < 1.0);
    }

    #[test]
    fn power_deviates_from_its_path_after_it_is_known() {
        let p = Parameters {
            power_growth_factor: 1.03,
            power_growth_factor_target: 0.95,
            ..parameters()
        };
        let flat = TimePath(vec![(2020.0, 10.0), (2040.0, 10.0)]);
        let paths = PowerPaths(Arc::new([flat.clone(), flat.clone(), flat]));
        assert_eq!(paths.capacity_gw(Bloc::Issuer, 2021.0, &p), 10.0);
        assert!(paths.capacity_gw(Bloc::Issuer, 2030.0, &p) > 12.0);
        assert!(paths.capacity_gw(Bloc::Target, 2030.0, &p) < 7.0);
    }
}
