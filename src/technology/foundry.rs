//! Foundries: yield with learning, capacity that follows orders with a lag, and denied tools and materials.

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// Good-die fraction after `cumulative_million_dies` of experience.
///
/// `yield = ceiling * (1 - exp(-(initial + cumulative) / scale))`, where `initial` is the experience at which the
/// yield was `start`. One experience curve: no further learning on cost.
pub fn experience_yield(
    ceiling: f64,
    start: f64,
    cumulative_million_dies: f64,
    scale_million_dies: f64,
) -> f64 {
    let start = start.min(0.99 * ceiling);
    let initial = -scale_million_dies * maths::ln(1.0 - start / ceiling);
    ceiling * (1.0 - maths::exp(-(initial + cumulative_million_dies) / scale_million_dies))
}

/// Next month's capacity: lagged partial adjustment toward orders.
///
/// `ln K' = ln K + clamp(speed * ln(wanted / K), -fall, rise)`. `wanted` is orders `lag` months ago plus a twelfth of
/// the backlog, over the target rate of use. With `speed * lag` under 0.37, as where suppliers
/// are full, the path does not overshoot.
pub fn adjusted_capacity(capacity: f64, wanted: f64, speed: f64, fall_per_month: f64) -> f64 {
    if capacity <= 0.0 || wanted <= 0.0 {
        return capacity.max(0.0) * (1.0 - fall_per_month);
    }
    capacity * maths::exp((speed * maths::ln(wanted / capacity)).clamp(-fall_per_month, 0.25))
}

/// Supply of advanced tools to the target in a month, as shares of the tools that it would buy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ToolSupply {
    /// Denied by rules and not replaced by other suppliers.
    pub denied: f64,
    /// Sold by the issuer and by its allies, including replacement of tools that others deny.
    pub sold: [f64; 2],
}

/// Suppliers of one nation in a month: their share of the world's advanced tools, the fraction of the month in which the
/// nation's rules deny them to the target, and the years of denial so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToolSupplier {
    pub share: f64,
    pub denies: f64,
    pub years_denied: f64,
    /// 0 the issuer's, 1 an ally's; none for the target's own.
    pub side: Option<usize>,
}

impl ToolSupplier {
    /// Advances one month with denial for the fraction `denies`; the first month of denial counts in the years.
    pub fn advance_month(&mut self, denies: f64) {
        self.denies = denies;
        self.years_denied = if denies > 0.0 {
            self.years_denied + denies / 12.0
        } else {
            0.0
        };
    }
}

/// Tools that the target cannot buy, and sales by the issuer and its allies.
///
/// ```text
/// denied = sum over suppliers of  share * denies * (1 - backfill) ^ years
/// sold   = share * (1 - advanced) + share * (1 - denies) * (1 + made good / open) * advanced
/// ```
///
/// Rules deny tools to advanced fabs. `advanced` is the part of the tools that these fabs buy: sales to all other fabs stay as
/// they are. Suppliers that do not deny replace the rest of the denied tools in proportion to their shares: an ally without a
/// rule gains the sales that others lose. Source: form of the expert review; see `tool_backfill_per_year` and
/// `tool_sales_advanced_share`.
pub fn tools_for_target(suppliers: &[ToolSupplier], p: &Parameters) -> ToolSupply {
    let DeniedTools {
        denied,
        made_good,
        open,
    } = denied_tools(suppliers, p.tool_backfill_per_year);
    let (mut sold, mut of_side) = ([0.0; 2], [0.0; 2]);
    for s in suppliers {
        if let Some(side) = s.side {
            of_side[side] += s.share;
            sold[side] += s.share - s.share * s.denies;
        }
    }
    let gain = if open > 0.0 {
        1.0 + made_good / open
    } else {
        1.0
    };
    ToolSupply {
        denied,
        sold: [0, 1].map(|side| {
            let advanced = p.tool_sales_advanced_share;
            of_side[side] * (1.0 - advanced) + sold[side] * gain * advanced
        }),
    }
}

/// Shares of the target's tools before any denial: denied and not replaced, denied and replaced, never denied.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DeniedTools {
    pub denied: f64,
    pub made_good: f64,
    pub open: f64,
}

/// Splits the tools of the suppliers; see [`tools_for_target`].
pub fn denied_tools(suppliers: &[ToolSupplier], backfill_per_year: f64) -> DeniedTools {
    let kept = (1.0 - backfill_per_year).clamp(0.0, 1.0);
    let mut tools = DeniedTools::default();
    for s in suppliers {
        let kept_back = s.share * s.denies;
        let left = maths::pow(kept, s.years_denied);
        tools.denied += kept_back * left;
        tools.made_good += kept_back * (1.0 - left);
        tools.open += s.share - kept_back;
    }
    tools.denied = tools.denied.clamp(0.0, 1.0);
    tools
}

/// What tools add to the target's output, in logs: to wafers, to memory stacks, and to the performance of chips made there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ToolGrowth {
    pub wafers: f64,
    pub memory: f64,
    pub performance: f64,
}

impl ToolGrowth {
    /// One month later, with `eased`: the share of tools denied on record less the share denied now.
    ///
    /// ```text
    /// d log wafers = growth effect * eased,  d log memory = memory effect * eased,  d log performance = process effect * eased
    /// ```
    ///
    /// a year. Fabs of memory buy the same tools for deposition, etching and inspection as fabs of logic, and a process that is
    /// refined without them advances more slowly. Source: form of the expert review; see `equipment_growth_effect`,
    /// `equipment_memory_effect` and `equipment_process_effect`.
    #[must_use]
    pub fn after_month(self, eased: f64, p: &Parameters) -> Self {
        Self {
            wafers: self.wafers + p.equipment_growth_effect * eased / 12.0,
            memory: self.memory + p.equipment_memory_effect * eased / 12.0,
            performance: self.performance + p.equipment_process_effect * eased / 12.0,
        }
    }
}

/// Share of supply outside the target that is lost to a shortage of its materials.
///
/// `lost = input_share_lost * max(0, denied - substituted)`: rare earths, gallium and germanium are inputs to tools, magnets,
/// optics and test, and bind only as far as they are not substituted. Source: see `input_share_lost`.
pub fn input_loss_share(denied: f64, substituted: f64, p: &Parameters) -> f64 {
    (p.input_share_lost * (denied - substituted).max(0.0)).clamp(0.0, 1.0)
}

/// Next substituted share of the materials: `s' = s + (denied - s) / months`; it falls when denial ends.
pub fn next_substitution(substituted: f64, denied: f64, p: &Parameters) -> f64 {
    substituted + (denied - substituted) / p.input_substitution_months.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yield_starts_where_it_was_recorded_and_approaches_its_ceiling() {
        assert!((experience_yield(0.6, 0.2, 0.0, 1.5) - 0.2).abs() < 1e-12);
        assert!((experience_yield(0.6, 0.2, 1e3, 1.5) - 0.6).abs() < 1e-9);
    }

    fn supplier(share: f64, denies: f64, years_denied: f64) -> ToolSupplier {
        ToolSupplier {
            share,
            denies,
            years_denied,
            side: Some(1),
        }
    }

    #[test]
    fn what_is_made_good_is_no_longer_denied_and_is_sold_by_those_outside() {
        let mut p = Parameters::zero();
        p.tool_backfill_per_year = 0.3;
        p.tool_sales_advanced_share = 1.0;
        let pair = |years| [supplier(0.5, 1.0, years), supplier(0.25, 0.0, 0.0)];
        let (first, later) = (
            tools_for_target(&pair(0.0), &p),
            tools_for_target(&pair(2.0), &p),
        );
        assert!((first.denied - 0.5).abs() < 1e-12 && (later.denied - 0.5 * 0.49).abs() < 1e-12);
        assert!((first.sold[1] - 0.25).abs() < 1e-12);
        assert!((later.sold[1] - 0.505).abs() < 1e-12);
        // Replaced at once, or not denied by any supplier: nothing is denied.
        p.tool_backfill_per_year = 1.0;
        assert_eq!(tools_for_target(&pair(1.0 / 12.0), &p).denied, 0.0);
        p.tool_backfill_per_year = 0.3;
        assert_eq!(tools_for_target(&[supplier(0.0, 1.0, 1.0)], &p).denied, 0.0);
    }

    #[test]
    fn sales_fall_only_as_far_as_advanced_fabs_buy() {
        let mut p = Parameters::zero();
        p.tool_sales_advanced_share = 0.2;
        let both = [supplier(0.5, 1.0, 0.0), supplier(0.25, 0.0, 0.0)];
        let supply = tools_for_target(&both, &p);
        assert!((supply.denied - 0.5).abs() < 1e-12);
        assert!((supply.sold[1] - (0.75 - 0.2 * 0.5)).abs() < 1e-12);
    }

    #[test]
    fn denied_tools_slow_wafers_memory_and_process_and_the_recorded_denial_moves_nothing() {
        let mut p = Parameters::zero();
        p.equipment_growth_effect = 0.4;
        p.equipment_memory_effect = 0.3;
        p.equipment_process_effect = 0.08;
        let year = |eased| (0..12).fold(ToolGrowth::default(), |g, _| g.after_month(eased, &p));
        assert_eq!(year(0.0), ToolGrowth::default());
        let slowed = year(-0.5);
        assert!((slowed.wafers + 0.2).abs() < 1e-12 && (slowed.memory + 0.15).abs() < 1e-12);
        assert!((slowed.performance + 0.04).abs() < 1e-12);
    }

    #[test]
    fn a_want_of_materials_fades_as_makers_replace_them() {
        let mut p = Parameters::zero();
        p.input_share_lost = 0.04;
        p.input_substitution_months = 9.0;
        let mut replaced = 0.0;
        let lost: Vec<f64> = (0..24)
            .map(|_| {
                let now = input_loss_share(1.0, replaced, &p);
                replaced = next_substitution(replaced, 1.0, &p);
                now
            })
            .collect();
        assert_eq!(lost[0], 0.04);
        assert!(lost.windows(2).all(|w| w[1] < w[0]) && lost[23] < 0.004);
        assert_eq!(input_loss_share(0.0, replaced, &p), 0.0);
    }

    #[test]
    fn capacity_rises_toward_orders_and_falls_slowly() {
        assert!(adjusted_capacity(100.0, 200.0, 0.08, 0.03) > 100.0);
        assert!(adjusted_capacity(100.0, 1.0, 0.08, 0.03) >= 97.0);
        assert_eq!(adjusted_capacity(100.0, 100.0, 0.08, 0.03), 100.0);
    }
}
