//! Fabs and shared supply: yield that learns, capacity that follows orders with a lag.

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
    let initial = -scale_million_dies * (1.0 - start / ceiling).ln();
    ceiling * (1.0 - (-(initial + cumulative_million_dies) / scale_million_dies).exp())
}

/// Next month's capacity: lagged partial adjustment toward what orders ask for.
///
/// `ln K' = ln K + clamp(speed * ln(wanted / K), -fall, rise)`. `wanted` is orders `lag` months ago plus a twelfth of
/// the backlog, over the target rate of use. With `speed * lag` under 0.37 the path does not overshoot.
pub fn adjusted_capacity(capacity: f64, wanted: f64, speed: f64, fall_per_month: f64) -> f64 {
    if capacity <= 0.0 || wanted <= 0.0 {
        return capacity.max(0.0) * (1.0 - fall_per_month);
    }
    capacity
        * (speed * (wanted / capacity).ln())
            .clamp(-fall_per_month, 0.25)
            .exp()
}

/// Advanced tools under export rules, as shares of what the target would buy without any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tools {
    /// What it goes without.
    pub denied: f64,
    /// What it buys from the issuer, and from the issuer's allies.
    pub sold: [f64; 2],
}

/// Who sells tools when some deny: those who do not comply fill a part of the hole.
///
/// `filled = min(denied, backfill * (1 - denied))`, shared by what each of the others sells. `suppliers` are the issuer
/// first, then its allies: (share of supply, denies). Source: shares of suppliers that comply, less backfill by the rest,
/// after the case for allied rules; see `tool_backfill_share`.
pub fn tools_bought<const N: usize>(suppliers: [(f64, bool); N], backfill: f64) -> Tools {
    let denied: f64 = suppliers
        .iter()
        .filter(|(_, denies)| *denies)
        .map(|(share, _)| share)
        .sum::<f64>()
        .clamp(0.0, 1.0);
    let open = 1.0 - denied;
    let filled = denied.min(backfill * open);
    let more = if open > 0.0 { 1.0 + filled / open } else { 1.0 };
    let sold = suppliers.map(|(share, denies)| if denies { 0.0 } else { share * more });
    Tools {
        denied: denied - filled,
        sold: [sold[0], sold[1..].iter().sum()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yield_starts_where_it_was_recorded_and_approaches_its_ceiling() {
        assert!((experience_yield(0.6, 0.2, 0.0, 1.5) - 0.2).abs() < 1e-12);
        assert!((experience_yield(0.6, 0.2, 1e3, 1.5) - 0.6).abs() < 1e-9);
    }

    #[test]
    fn those_who_do_not_comply_fill_a_part_of_the_hole() {
        let alone = tools_bought([(0.4, true), (0.3, false), (0.2, false)], 0.5);
        assert!((alone.denied - 0.1).abs() < 1e-12 && alone.sold[0] == 0.0);
        assert!((alone.sold[1] - 0.75).abs() < 1e-12);
        let together = tools_bought([(0.4, true), (0.3, true), (0.2, true)], 0.5);
        assert!((together.denied - 0.85).abs() < 1e-12 && together.sold == [0.0, 0.0]);
    }

    #[test]
    fn capacity_rises_toward_orders_and_falls_slowly() {
        assert!(adjusted_capacity(100.0, 200.0, 0.08, 0.03) > 100.0);
        assert!(adjusted_capacity(100.0, 1.0, 0.08, 0.03) >= 97.0);
        assert_eq!(adjusted_capacity(100.0, 100.0, 0.08, 0.03), 100.0);
    }
}
