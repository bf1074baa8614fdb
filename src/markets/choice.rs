//! How a buyer spreads a budget over the chips it may buy.

/// Writes the share of a budget that goes to each chip on offer: a nested logit, makers as nests.
///
/// ```text
/// pull(chip)  = (useful throughput / total cost)^slope * ramp
/// share(maker) = max pull of its chips * stack(maker) / the same sum over makers
/// share(chip | maker) = pull^(1/nest) / copies, normalised within the maker
/// ```
///
/// A maker pulls as its best chip does, so an extra variant or a second name for the same chip moves no share
/// between makers; `copies` counts identical chips, so a duplicate does not move compute either. Chips that cannot
/// be had carry a pull of 0 and are left out before the choice. `maker_of` must be sorted (chips of one maker adjacent).
pub fn budget_shares(
    pull: &[f64],
    within: &[f64],
    maker_of: &[u16],
    stack: &[f64],
    shares: &mut [f64],
) {
    let mut total = 0.0;
    let mut start = 0;
    while start < pull.len() {
        let maker = maker_of[start];
        let mut end = start;
        let (mut best, mut sum) = (0.0_f64, 0.0);
        while end < pull.len() && maker_of[end] == maker {
            if pull[end] > 0.0 {
                best = best.max(pull[end]);
                sum += within[end];
            }
            end += 1;
        }
        let attraction = best * stack[usize::from(maker)];
        total += attraction;
        for i in start..end {
            shares[i] = if pull[i] > 0.0 && sum > 0.0 {
                attraction * within[i] / sum
            } else {
                0.0
            };
        }
        start = end;
    }
    if total > 0.0 {
        shares.iter_mut().for_each(|share| *share /= total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duplicate_chip_moves_no_share_between_makers() {
        let stack = [1.0, 1.0];
        let mut one = [0.0; 2];
        budget_shares(&[2.0, 1.0], &[2.0, 1.0], &[0, 1], &stack, &mut one);
        let mut two = [0.0; 3];
        budget_shares(
            &[2.0, 2.0, 1.0],
            &[1.0, 1.0, 1.0],
            &[0, 0, 1],
            &stack,
            &mut two,
        );
        assert!((one[1] - two[2]).abs() < 1e-12);
        assert!((two[0] + two[1] - one[0]).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_had_is_left_out_and_shares_add_up() {
        let mut shares = [0.0; 3];
        budget_shares(
            &[0.0, 3.0, 1.0],
            &[0.0, 3.0, 1.0],
            &[0, 0, 1],
            &[1.0, 0.5],
            &mut shares,
        );
        assert_eq!(shares[0], 0.0);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        budget_shares(&[0.0; 3], &[0.0; 3], &[0, 0, 1], &[1.0, 1.0], &mut shares);
        assert_eq!(shares, [0.0; 3]);
    }
}
