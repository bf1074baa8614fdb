//! How a buyer spreads a budget over the chips it may buy.

use super::chips::MAKERS_MAX;

/// Chips of one maker among those on sale: they stand side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MakerNest {
    pub maker: u16,
    pub from: u16,
    pub to: u16,
}

/// Writes where each maker's chips stand; `maker_of` is sorted.
pub fn find_nests(maker_of: &[u16], nests: &mut Vec<MakerNest>) {
    nests.clear();
    for (at, &maker) in maker_of.iter().enumerate() {
        match nests.last_mut() {
            Some(nest) if nest.maker == maker => nest.to = at as u16 + 1,
            _ => nests.push(MakerNest {
                maker,
                from: at as u16,
                to: at as u16 + 1,
            }),
        }
    }
}

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
/// be had have `open` 0, so that they are left out before the choice; others 1, or less as far as a levy makes them dearer.
/// `worth` holds pull and pull^(1/nest) over copies. Returns whether anything can be had.
pub fn budget_shares(
    worth: &[[f64; 2]],
    open: &[f64],
    nests: &[MakerNest],
    stack: &[f64],
    shares: &mut [f64],
) -> bool {
    let mut attraction = [0.0; MAKERS_MAX];
    let mut each = [0.0; MAKERS_MAX];
    let mut total = 0.0;
    for (n, nest) in nests.iter().enumerate() {
        let chips = usize::from(nest.from)..usize::from(nest.to);
        let (mut best, mut sum) = (0.0, 0.0);
        let places = worth[chips.clone()].iter().zip(&open[chips.clone()]);
        for (share, ([pull, within], open)) in shares[chips].iter_mut().zip(places) {
            let pull = pull * open;
            if pull > best {
                best = pull;
            }
            *share = within * open;
            sum += *share;
        }
        if sum > 0.0 {
            attraction[n] = best * stack[usize::from(nest.maker)];
            each[n] = sum;
            total += attraction[n];
        }
    }
    let some = total > 0.0;
    for (n, nest) in nests.iter().enumerate() {
        let own = &mut shares[usize::from(nest.from)..usize::from(nest.to)];
        if some && attraction[n] > 0.0 {
            let part = attraction[n] / (each[n] * total);
            own.iter_mut().for_each(|share| *share *= part);
        } else {
            own.fill(0.0);
        }
    }
    some
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(pull: &[f64], within: &[f64], open: &[f64], maker_of: &[u16]) -> Vec<f64> {
        let (mut nests, mut shares) = (Vec::new(), vec![0.0; pull.len()]);
        let worth: Vec<[f64; 2]> = pull.iter().zip(within).map(|(p, w)| [*p, *w]).collect();
        find_nests(maker_of, &mut nests);
        let some = budget_shares(&worth, open, &nests, &[1.0, 0.5], &mut shares);
        assert_eq!(some, shares.iter().any(|share| *share > 0.0));
        shares
    }

    #[test]
    fn a_duplicate_chip_moves_no_share_between_makers() {
        let one = shares(&[2.0, 1.0], &[2.0, 1.0], &[1.0; 2], &[0, 1]);
        let two = shares(&[2.0, 2.0, 1.0], &[1.0; 3], &[1.0; 3], &[0, 0, 1]);
        assert!((one[1] - two[2]).abs() < 1e-12);
        assert!((two[0] + two[1] - one[0]).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_had_is_left_out_and_shares_add_up() {
        let some = shares(
            &[9.0, 3.0, 1.0],
            &[9.0, 3.0, 1.0],
            &[0.0, 1.0, 1.0],
            &[0, 0, 1],
        );
        assert_eq!(some[0], 0.0);
        assert!((some.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let none = shares(&[1.0; 3], &[1.0; 3], &[0.0; 3], &[0, 0, 1]);
        assert_eq!(none, [0.0; 3]);
    }
}
