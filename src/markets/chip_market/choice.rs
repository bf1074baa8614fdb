//! Budget shares: a nested logit choice of all buyers over chips on offer, in which a maker counts as its best chip.

use super::buyer_table::{BuyerTable, clear_column, new_column};

/// Chips of one maker among those on sale, as a contiguous range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MakerNest {
    pub maker: u16,
    pub from: u16,
    pub to: u16,
}

impl MakerNest {
    /// Its chips among those on sale.
    pub fn chips(&self) -> std::ops::Range<usize> {
        usize::from(self.from)..usize::from(self.to)
    }
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

/// How attractive a chip is for training and for serving, as a whole and within its maker's nest.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChipAttraction {
    pub whole: [f64; 2],
    pub in_nest: [f64; 2],
}

/// The choice of all buyers among chips.
///
/// ```text
/// attraction(chip) = (useful throughput / total cost)^slope * ramp
/// share(maker) = max attraction of its chips * stack(maker) / the same sum over makers
/// share(chip | maker) = attraction^(1/nest) / copies, normalised within the maker
/// ```
///
/// Shares are fractions of a budget. Between makers this is a logit of their best chips. The textbook nested logit has
/// `(sum of attraction^(1/nest))^nest` in place of `max`; the two agree where each maker has one chip on offer. Here an
/// extra variant or a second name for the same chip moves no share between makers, and a maker of `n` equal chips has
/// odds lower by `n^nest` than there. `copies` counts identical chips, so a duplicate does not move compute either.
///
/// The share of a chip is its weight times the part of its nest (see [`BudgetChoice::find_parts`]); all are 0 where
/// nothing is on offer. Source: see `choice_slope`, `choice_nest` and `new_part_ramp_months`.
#[derive(Clone, Debug, Default)]
pub struct BudgetChoice {
    /// By buyer: 1 where it buys for serving, 0 where it buys for training.
    pub serves: Vec<f64>,
    /// By nest and buyer: attraction of the maker's software.
    pub stack: BuyerTable,
    /// By chip and buyer: attraction within the nest, as far as the chip can be bought.
    pub weight: BuyerTable,
    /// By nest and buyer: attraction of the maker, and the sum of weights.
    maker: BuyerTable,
    sum: BuyerTable,
    /// By nest and buyer: share of the budget for each unit of weight.
    pub part: BuyerTable,
    /// By buyer: sum of the attractions of makers; 0 where there is nothing to choose.
    pub total: Vec<f64>,
}

impl BudgetChoice {
    pub fn new(chips: usize, makers: usize, buyers: usize) -> Self {
        let by_maker = || BuyerTable::with_capacity(makers, buyers);
        Self {
            serves: new_column(buyers),
            stack: by_maker(),
            weight: BuyerTable::with_capacity(chips, buyers),
            maker: by_maker(),
            sum: by_maker(),
            part: by_maker(),
            total: new_column(buyers),
        }
    }

    /// Makes room for so many chips, nests and buyers.
    pub fn resize(&mut self, chips: usize, makers: usize, buyers: usize) {
        self.weight.resize(chips, buyers);
        for table in [
            &mut self.stack,
            &mut self.maker,
            &mut self.sum,
            &mut self.part,
        ] {
            table.resize(makers, buyers);
        }
        for column in [&mut self.serves, &mut self.total] {
            clear_column(column, buyers);
        }
    }

    /// Weighs the `a`-th chip, in the `n`-th nest. `open`, among makers and within the nest, is 0 for buyers that cannot buy it, and 1 for
    /// others, or less where a levy raises its price.
    pub fn weigh_chip(
        &mut self,
        n: usize,
        a: usize,
        (open, open_in_nest): (&[f64], &[f64]),
        chip: &ChipAttraction,
    ) {
        let sums = self.maker.row_mut(n).iter_mut().zip(self.sum.row_mut(n));
        let weights = self.weight.row_mut(a).iter_mut().zip(sums);
        let buyers = open.iter().zip(open_in_nest).zip(&self.serves);
        let of_buyer = |by_wallet: [f64; 2], serves: f64| {
            by_wallet[0] * (1.0 - serves) + by_wallet[1] * serves
        };
        for ((weight, (best, sum)), ((open, open_in_nest), serves)) in weights.zip(buyers) {
            let whole = of_buyer(chip.whole, *serves) * open;
            *best = if whole > *best { whole } else { *best };
            *weight = of_buyer(chip.in_nest, *serves) * open_in_nest;
            *sum += *weight;
        }
    }

    /// Forgets what the `n`-th nest was weighed at.
    pub fn begin_nest(&mut self, n: usize) {
        self.maker.row_mut(n).fill(0.0);
        self.sum.row_mut(n).fill(0.0);
    }

    /// Ends the `n`-th nest: its maker is as attractive as its best chip, times its software.
    pub fn end_nest(&mut self, n: usize) {
        let (sum, stack) = (self.sum.row(n), self.stack.row(n));
        let makers = self.maker.row_mut(n).iter_mut().zip(sum).zip(stack);
        for ((maker, sum), stack) in makers {
            let whole = *maker * stack;
            *maker = if *sum > 0.0 { whole } else { 0.0 };
        }
    }

    /// Writes the share of the budget for each unit of weight in a nest: `maker / (sum of weights * total)`, with the total over
    /// all makers.
    pub fn find_parts(&mut self, nests: usize) {
        self.total.fill(0.0);
        for n in 0..nests {
            for (total, maker) in self.total.iter_mut().zip(self.maker.row(n)) {
                *total += maker;
            }
        }
        for n in 0..nests {
            let makers = self.maker.row(n).iter().zip(self.sum.row(n));
            let parts = self.part.row_mut(n).iter_mut().zip(&self.total);
            for ((part, total), (maker, sum)) in parts.zip(makers) {
                let each = maker / (sum * total);
                *part = if *maker > 0.0 { each } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares of one buyer.
    fn shares(
        attraction: &[f64],
        attraction_in_nest: &[f64],
        open: &[f64],
        maker_of: &[u16],
    ) -> Vec<f64> {
        let chips = attraction.len();
        let mut nests = Vec::new();
        find_nests(maker_of, &mut nests);
        let mut choice = BudgetChoice::new(chips, nests.len(), 1);
        choice.resize(chips, nests.len(), 1);
        for (n, nest) in nests.iter().enumerate() {
            *choice.stack.at_mut(n, 0) = [1.0, 0.5][n];
            choice.begin_nest(n);
            for a in nest.chips() {
                let chip = ChipAttraction {
                    whole: [attraction[a]; 2],
                    in_nest: [attraction_in_nest[a]; 2],
                };
                choice.weigh_chip(n, a, (&[open[a]; 8], &[open[a]; 8]), &chip);
            }
            choice.end_nest(n);
        }
        choice.find_parts(nests.len());
        let share = |(n, a): (usize, usize)| choice.weight.at(a, 0) * choice.part.at(n, 0);
        let places = nests.iter().enumerate();
        let places = places.flat_map(|(n, nest)| nest.chips().map(move |a| (n, a)));
        let shares: Vec<f64> = places.map(share).collect();
        let some = choice.total[0] > 0.0;
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
