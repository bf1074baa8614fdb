//! AI services: shares of use by supplier, prices, spending, and the slow response of stacks and alignment.

use bevy_ecs::resource::Resource;

use crate::foundation::maths;
use crate::foundation::parameters::Parameters;

/// Suppliers among which users choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(usize)]
pub enum ServiceSupplier {
    /// The issuer's best closed model.
    Issuer = 0,
    /// The target's best model.
    Target = 1,
    /// The best open weights, which any host serves at cost.
    Open = 2,
}

pub const OFFERERS: usize = 3;

/// AI services of the month, added up.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct ServiceTotals {
    /// Revenue by bloc, USD a month; open models earn no revenue.
    pub revenue_usd: [f64; 3],
    /// Price of the best closed model over the cost of serving the best open one.
    pub closed_price: f64,
    /// Use in third countries by supplier, weighted by GDP.
    pub third_use: [f64; OFFERERS],
    pub third_issuer_stack: f64,
    pub third_alignment: f64,
}

/// One offer to the users of a nation.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceOffer {
    pub points: f64,
    /// Log of the price relative to the cost of serving the best open model.
    pub log_price: f64,
    /// Alignment of the nation with the supplier's side, -1 to 1.
    pub affinity: f64,
    /// Fraction of the month in which rules allow the model; 0 where they deny it.
    pub open: f64,
}

/// Shares of use by a logit on quality, price and affinity, with not using AI as the outside option.
///
/// ```text
/// attraction = open * exp(quality * (points - reference) - price_slope * log_price + affinity_weight * affinity)
/// share      = attraction / (1 + sum of attractions)
/// ```
///
/// Points are of the capability index. The exponent is kept within 50 of 0, and a supplier without a model or barred by
/// rules has no share. Source: see `service_quality_per_point`, `service_price_slope` and `service_affinity_weight`.
pub fn use_shares(
    offers: &[ServiceOffer; OFFERERS],
    reference_points: f64,
    p: &Parameters,
) -> [f64; OFFERERS] {
    let attraction = offers.map(|o| {
        if o.open <= 0.0 || !o.points.is_finite() {
            return 0.0;
        }
        let quality = p.service_quality_per_point * (o.points - reference_points);
        let dear = p.service_price_slope * o.log_price;
        o.open
            * maths::exp(
                (quality - dear + p.service_affinity_weight * o.affinity).clamp(-50.0, 50.0),
            )
    });
    let all: f64 = 1.0 + attraction.iter().sum::<f64>();
    attraction.map(|x| x / all)
}

/// Price of a closed model over the cost of serving the best open one; the markup rises with its lead in points.
///
/// `1 + service_markup_max * (1 - exp(-lead / service_markup_scale_points))`; without a lead the markup is 0. Source:
/// see `service_markup_max` and `service_markup_scale_points`.
pub fn closed_price(lead_points: f64, p: &Parameters) -> f64 {
    1.0 + p.service_markup_max
        * (1.0 - maths::exp(-lead_points.max(0.0) / p.service_markup_scale_points))
}

/// Share of a nation's GDP spent on AI services in a month: a logistic in time.
///
/// `service_gdp_share_2035 / (1 + exp(-(year - 2029) / 1.5)) / 12`. Source: see `service_gdp_share_2035`; midpoint and
/// width are assumptions.
pub fn spending_share(year: f64, p: &Parameters) -> f64 {
    p.service_gdp_share_2035 / (1.0 + maths::exp(-(year - 2029.0) / 1.5)) / 12.0
}

/// Next share of a nation's applications on the issuer's stack: partial adjustment toward the share of use.
///
/// `stack' = stack + (use - stack) * stack_adjustment_per_year / 12`, fractions. Source: see
/// `stack_adjustment_per_year`.
pub fn next_stack(stack: f64, issuer_part: f64, p: &Parameters) -> f64 {
    stack + (issuer_part - stack) * p.stack_adjustment_per_year / 12.0
}

/// Next alignment of a third nation, -1 (the target) to 1 (the issuer): it moves away from the side that denies it, as
/// far as the other side can deliver, and returns toward its start otherwise.
///
/// `a' = a - drift * denied * delivers / 12 + return * (start - a) / 12`, kept within -1 and 1; `denied` and `delivers`
/// are fractions. Source: see `alignment_drift_per_year` and `alignment_return_per_year`.
pub fn next_alignment(
    now: f64,
    start: f64,
    denied_share: f64,
    other_side_delivers: f64,
    p: &Parameters,
) -> f64 {
    let away = p.alignment_drift_per_year * denied_share * other_side_delivers / 12.0;
    let back = p.alignment_return_per_year * (start - now) / 12.0;
    (now - away + back).clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p() -> Parameters {
        let mut p = Parameters::zero();
        p.service_quality_per_point = 0.15;
        p.service_price_slope = 1.0;
        p.service_markup_max = 9.0;
        p.service_markup_scale_points = 6.0;
        p.alignment_drift_per_year = 0.04;
        p
    }

    #[test]
    fn a_model_that_law_keeps_away_is_not_used_and_others_gain() {
        let offer = ServiceOffer {
            points: 150.0,
            log_price: 0.0,
            affinity: 0.0,
            open: 1.0,
        };
        let all = use_shares(&[offer; 3], 150.0, &p());
        let without = use_shares(
            &[ServiceOffer { open: 0.0, ..offer }, offer, offer],
            150.0,
            &p(),
        );
        assert_eq!(without[0], 0.0);
        assert!(without[1] > all[1] && without.iter().sum::<f64>() < all.iter().sum::<f64>());
    }

    #[test]
    fn a_lead_carries_a_price_and_no_lead_carries_none() {
        assert_eq!(closed_price(0.0, &p()), 1.0);
        assert!(closed_price(10.0, &p()) > closed_price(3.0, &p()));
    }

    #[test]
    fn nobody_drifts_to_a_side_that_cannot_deliver() {
        assert_eq!(next_alignment(0.2, 0.2, 1.0, 0.0, &p()), 0.2);
        assert!(next_alignment(0.2, 0.2, 1.0, 1.0, &p()) < 0.2);
    }
}
