//! The band of a sample: its mean, its quartiles, and the 90 % band between its quantiles at 0.05 and 0.95.

/// Mean and quantiles of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileBand {
    pub mean: f64,
    pub p05: f64,
    pub p25: f64,
    pub p50: f64,
    pub p75: f64,
    pub p95: f64,
}

/// The quantile `q` of sorted values, linear between them (type 7 of Hyndman and Fan).
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = q * last as f64;
    let (low, part) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(last);
    sorted[low] + part * (sorted[high] - sorted[low])
}

/// The band of a sample; values that are not numbers (a censored gap) are left out. None when nothing is left.
pub fn band(values: &mut Vec<f64>) -> Option<QuantileBand> {
    values.retain(|v| !v.is_nan());
    if values.is_empty() {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    let (first, last) = (values[0], values[values.len() - 1]);
    if first.to_bits() == last.to_bits() {
        return Some(QuantileBand {
            mean: first,
            p05: first,
            p25: first,
            p50: first,
            p75: first,
            p95: first,
        });
    }
    Some(QuantileBand {
        mean: values.iter().sum::<f64>() / values.len() as f64,
        p05: quantile(values, 0.05),
        p25: quantile(values, 0.25),
        p50: quantile(values, 0.50),
        p75: quantile(values, 0.75),
        p95: quantile(values, 0.95),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_one_to_five() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(quantile(&values, 0.5), 3.0);
        assert!((quantile(&values, 0.05) - 1.2).abs() < 1e-12);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
