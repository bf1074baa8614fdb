//! Budget shares: a nested logit choice over the chips that a buyer may buy.

use super::state::MAKERS_MAX;

/// Chips of one maker among those on sale, as a contiguous range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MakerNest {
    pub maker: u16,
    pub from: u16,
    pub to: u16,
}

/// Writes the range of each maker's chips; `maker_of` is sorted.
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
/// attraction(chip) = (useful throughput / total cost)^slope * ramp
/// share(maker) = max attraction of its chips * stack(maker) / the same sum over makers
/// share(chip | maker) = attraction^(1/nest) / copies, normalised within the maker
/// ```
///
/// A maker is as attractive as its best chip, so an extra variant or a second name for the same chip moves no share between
/// makers. `copies` counts identical chips, so a duplicate does not move compute either. `open` is 0 for chips that cannot be
/// bought, which leaves them out before the choice, and 1 for others, or less where a levy raises their price. `attractions`
/// holds attraction and attraction^(1/nest) over copies. Returns whether any chip can be bought.
pub fn budget_shares(
    attractions: &[[f64; 2]],
    open: &[f64],
    nests: &[MakerNest],
    stack: &[f64],
    shares: &mut [f64],
) -> bool {
    let mut maker_attraction = [0.0; MAKERS_MAX];
    let mut each = [0.0; MAKERS_MAX];
    let mut total = 0.0;
    for (n, nest) in nests.iter().enumerate() {
        let chips = usize::from(nest.from)..usize::from(nest.to);
        let (mut best, mut sum) = (0.0, 0.0);
        let places = attractions[chips.clone()].iter().zip(&open[chips.clone()]);
        for (share, ([attraction, attraction_in_nest], open)) in
            shares[chips].iter_mut().zip(places)
        {
            let attraction = attraction * open;
            if attraction > best {
                best = attraction;
            }
            *share = attraction_in_nest * open;
            sum += *share;
        }
        if sum > 0.0 {
            maker_attraction[n] = best * stack[usize::from(nest.maker)];
            each[n] = sum;
            total += maker_attraction[n];
        }
    }
    let some = total > 0.0;
    for (n, nest) in nests.iter().enumerate() {
        let own = &mut shares[usize::from(nest.from)..usize::from(nest.to)];
        if some && maker_attraction[n] > 0.0 {
            let part = maker_attraction[n] / (each[n] * total);
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

    fn shares(
        attraction: &[f64],
        attraction_in_nest: &[f64],
        open: &[f64],
        maker_of: &[u16],
    ) -> Vec<f64> {
        let (mut nests, mut shares) = (Vec::new(), vec![0.0; attraction.len()]);
        let attractions: Vec<[f64; 2]> = attraction
            .iter()
            .zip(attraction_in_nest)
            .map(|(p, w)| [*p, *w])
            .collect();
        find_nests(maker_of, &mut nests);
        let some = budget_shares(&attractions, open, &nests, &[1.0, 0.5], &mut shares);
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
