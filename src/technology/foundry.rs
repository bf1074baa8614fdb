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

/// Share of advanced tools that cannot be had: the shares of those suppliers that comply.
pub fn effective_denial(shares_of_complying_suppliers: impl IntoIterator<Item = f64>) -> f64 {
    shares_of_complying_suppliers
        .into_iter()
        .sum::<f64>()
        .clamp(0.0, 1.0)
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
    fn capacity_rises_toward_orders_and_falls_slowly() {
        assert!(adjusted_capacity(100.0, 200.0, 0.08, 0.03) > 100.0);
        assert!(adjusted_capacity(100.0, 1.0, 0.08, 0.03) >= 97.0);
        assert_eq!(adjusted_capacity(100.0, 100.0, 0.08, 0.03), 100.0);
    }
}
