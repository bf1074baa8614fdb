//! Discontinuation: makers end the sale of parts that newer ones have replaced.

use bevy_ecs::system::{Res, ResMut};

use crate::foundation::bloc::Bloc;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::RunMonth;
use crate::markets::chip_market::ChipMarket;
use crate::markets::chip_market::state::MAKERS_MAX;
use crate::technology::roadmap::{ChipTable, Roadmap, SlotKind};

/// Whether a maker ends the sale of a part: it was replaced at least `end_of_sale_months` ago, and it brought less than
/// `end_of_sale_share` of the maker's revenue last month.
///
/// A maker keeps a line open while it is asked for. Source: see the two parameters.
pub fn is_discontinued(months_replaced: i32, share_of_revenue: f64, p: &Parameters) -> bool {
    f64::from(months_replaced) >= p.end_of_sale_months && share_of_revenue < p.end_of_sale_share
}

/// System: every maker discontinues parts, for good and in all markets. What is denied and no longer sold anywhere is no loss.
pub fn discontinue_parts(
    run: RunMonth,
    roadmap: Res<Roadmap>,
    market: Res<ChipMarket>,
    mut chips: ResMut<ChipTable>,
) {
    let (p, t) = (&run.future.parameters, run.clock.t as i32);
    // What was not on sale brought nothing.
    let mut all_usd = [0.0; MAKERS_MAX];
    for slot in market.active.iter().map(|slot| usize::from(*slot)) {
        all_usd[usize::from(roadmap.slots[slot].maker)] += sales_usd(&market, slot);
    }
    for slot in 0..roadmap.slots.len() {
        if chips.discontinued[slot] || chips.launch[slot] > t {
            continue;
        }
        let all_usd = all_usd[usize::from(roadmap.slots[slot].maker)];
        let share = if all_usd > 0.0 {
            sales_usd(&market, slot) / all_usd
        } else {
            0.0
        };
        // A part that sells well stays, whatever came after it.
        if is_discontinued(i32::MAX, share, p)
            && let Some(months) = months_replaced(&roadmap, &chips, slot, t, p)
        {
            chips.discontinued[slot] = is_discontinued(months, share, p);
        }
    }
}

/// Months since the first later part of the maker that replaces a part on sale; none where nothing does, or for a young part.
///
/// A later part replaces one that trains no faster. A later variant replaces any variant: the law that asks for it has closed the
/// earlier one.
fn months_replaced(
    roadmap: &Roadmap,
    chips: &ChipTable,
    slot: usize,
    t: i32,
    p: &Parameters,
) -> Option<i32> {
    let launch = chips.launch[slot];
    if f64::from(t.saturating_sub(launch)) < p.end_of_sale_months {
        return None;
    }
    let is_variant = |slot: usize| matches!(roadmap.slots[slot].kind, SlotKind::Variant { .. });
    let variant = is_variant(slot);
    let replaces = |other: &usize| {
        let later = chips.launch[*other] > launch && chips.launch[*other] <= t;
        let faster = chips.useful_training[*other] >= chips.useful_training[slot];
        later && is_variant(*other) == variant && (variant || faster)
    };
    let slots = roadmap.slots_of(roadmap.slots[slot].maker);
    let first = slots.filter(replaces).map(|other| chips.launch[other]);
    first.min().map(|first| t - first)
}

/// Sales of a part in the last month of trade, USD.
fn sales_usd(market: &ChipMarket, slot: usize) -> f64 {
    let blocs = Bloc::ALL.map(|bloc| market.sold_in(bloc as usize, slot));
    let packages = blocs.iter().sum::<f64>() + market.deliveries.sold_to_brokers[slot];
    packages * market.offers[slot].price_usd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_goes_when_it_was_replaced_long_ago_and_hardly_sells() {
        let mut p = Parameters::zero();
        p.end_of_sale_months = 18.0;
        p.end_of_sale_share = 0.05;
        assert!(is_discontinued(18, 0.01, &p));
        assert!(!is_discontinued(17, 0.01, &p), "replaced too soon ago");
        assert!(!is_discontinued(60, 0.05, &p), "still asked for");
    }
}
