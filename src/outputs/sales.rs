//! Sales by maker and place, of the month and of the trailing year.

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut};

use super::columns::{OutputColumns, OutputColumnsHandle};
use super::record::{MonthlyRecord, ratio};
use crate::agents::chipmaker::HomeFabrication;
use crate::foundation::bloc::Bloc;
use crate::foundation::run::SimulationClock;
use crate::markets::chip_market::ChipMarket;
use crate::technology::roadmap::{ChipTable, RealisedThroughput};

/// Sales of the last twelve months: value, units and total processing performance (TPP) by `[place][maker]`, and by place the
/// TPP whose dies were made in the target.
#[derive(Resource, Clone, Debug, Default)]
pub struct TrailingSales {
    months: Vec<MonthlySales>,
    sum: MonthlySales,
}

/// Quantities of sales by maker and place. The last two are of a month only; they are not summed over the year.
#[derive(Clone, Copy)]
enum SalesQuantity {
    Value,
    Units,
    Tpp,
    /// Units with high-bandwidth memory (HBM).
    WithHbm,
    /// 8-bit peak compute.
    Peak,
}

impl SalesQuantity {
    const ALL: usize = 5;
    const SUMMED: usize = 3;
}

#[derive(Clone, Debug, Default)]
struct MonthlySales {
    makers: usize,
    /// `[quantity][place][maker]`
    cells: Vec<f64>,
    fab_tpp: f64,
    /// In the world, in the target, and by users in third countries.
    paid_usd: [f64; 3],
    h100e: [f64; 3],
}

impl MonthlySales {
    fn clear(&mut self, makers: usize) {
        self.makers = makers;
        self.cells.clear();
        self.cells.resize(SalesQuantity::ALL * 3 * makers, 0.0);
        self.fab_tpp = 0.0;
        self.paid_usd = [0.0; 3];
        self.h100e = [0.0; 3];
    }

    /// A quantity in a place, by maker.
    fn of(&self, quantity: SalesQuantity, place: usize) -> &[f64] {
        &self.cells[(quantity as usize * 3 + place) * self.makers..][..self.makers]
    }

    fn add(&mut self, quantity: SalesQuantity, place: usize, maker: usize, sold: f64) {
        self.cells[(quantity as usize * 3 + place) * self.makers + maker] += sold;
    }
}

impl TrailingSales {
    fn reset(&mut self, makers: usize) {
        self.months.resize(12, MonthlySales::default());
        self.months.iter_mut().for_each(|m| m.clear(makers));
        self.sum.clear(makers);
    }

    /// Sums the twelve months anew, oldest first, so that no rounding error accumulates. `next` is the place of the oldest.
    fn sum_trailing_year(&mut self, makers: usize, next: usize) {
        self.sum.clear(makers);
        let summed = SalesQuantity::SUMMED * 3 * makers;
        let (latest, oldest) = self.months.split_at(next);
        for month in oldest.iter().chain(latest) {
            let cells = self.sum.cells[..summed].iter_mut();
            for (sum, value) in cells.zip(&month.cells[..summed]) {
                *sum += value;
            }
            self.sum.fab_tpp += month.fab_tpp;
        }
    }
}

/// System at the start of a run: no measure is recorded.
pub fn begin_record(
    watching: Res<OutputColumnsHandle>,
    mut trail: ResMut<TrailingSales>,
    mut record: ResMut<MonthlyRecord>,
) {
    trail.reset(watching.0.makers.len());
    record.reset();
}

/// System: records sales by maker and place.
pub fn observe_sales(
    clock: Res<SimulationClock>,
    watching: Res<OutputColumnsHandle>,
    market: Res<ChipMarket>,
    chips: Res<ChipTable>,
    realised: Res<RealisedThroughput>,
    home_made: Res<HomeFabrication>,
    mut trail: ResMut<TrailingSales>,
    mut record: ResMut<MonthlyRecord>,
) {
    let (watch, t) = (&watching.0, clock.t);
    let makers = watch.makers.len();
    let at = t % trail.months.len().max(1);
    let Some(month) = trail.months.get_mut(at) else {
        return;
    };
    let mut inflow = sum_sales(month, makers, &market, &chips, &realised, &home_made);
    let (mut packages, mut peak) = (0.0, 0.0);
    for &slot in &market.active {
        let slot = usize::from(slot);
        let diverted_units = market.deliveries.diverted_units[slot];
        inflow[0] += diverted_units * chips.useful_training[slot] * realised.0[slot];
        inflow[1] += diverted_units * chips.useful_serving[slot] * realised.0[slot];
        packages += diverted_units;
        peak += diverted_units * chips.peak_h100e[slot];
    }
    record.set_all(&watch.inflow, t, inflow);
    let price = [0, 1, 2].map(|place| ratio(month.paid_usd[place], month.h100e[place]));
    record.set_all(&watch.price, t, price);
    for place in 0..3 {
        let of = |quantity| month.of(quantity, place);
        let (values, units) = (of(SalesQuantity::Value), of(SalesQuantity::Units));
        let (tpp, peak) = (of(SalesQuantity::Tpp), of(SalesQuantity::Peak));
        let with_hbm = of(SalesQuantity::WithHbm);
        for (maker, columns) in watch.makers.iter().enumerate() {
            record.set(columns.revenue[place], t, values[maker]);
            record.set(columns.units[place], t, units[maker]);
            record.set(columns.with_hbm[place], t, with_hbm[maker]);
            record.set(columns.tpp[place], t, tpp[maker]);
            record.set(columns.peak[place], t, peak[maker]);
        }
    }
    record.set_all(&watch.responses.grey_counts, t, [packages, peak]);
    trail.sum_trailing_year(makers, at + 1);
    observe_shares(watch, &trail.sum, t, &mut record);
    observe_variants(watch, &market, t, &mut record);
}

/// Sums the sales of a month by maker and place; answers the useful compute that makers sold in the target, for training and
/// for serving.
fn sum_sales(
    month: &mut MonthlySales,
    makers: usize,
    market: &ChipMarket,
    chips: &ChipTable,
    realised: &RealisedThroughput,
    home_made: &HomeFabrication,
) -> [f64; 2] {
    month.clear(makers);
    let mut inflow = [0.0; 2];
    for &slot in &market.active {
        let slot = usize::from(slot);
        let maker = usize::from(market.layout.maker_of[slot]);
        let (price, tpp) = (market.offers[slot].price_usd, chips.spec[slot].tpp);
        let useful = chips.useful_training[slot] * realised.0[slot];
        // Brokers buy in third countries.
        let in_target = market.sold_in(Bloc::Target as usize, slot);
        let third =
            market.sold_in(Bloc::Third as usize, slot) + market.deliveries.sold_to_brokers[slot];
        let world = market.sold_in(Bloc::Issuer as usize, slot) + in_target + third;
        let with_hbm = f64::from(u8::from(chips.spec[slot].hbm_stacks > 0.0));
        let each = [
            (SalesQuantity::Value, price),
            (SalesQuantity::Units, 1.0),
            (SalesQuantity::Tpp, tpp),
            (SalesQuantity::WithHbm, with_hbm),
            (SalesQuantity::Peak, chips.peak_h100e[slot]),
        ];
        for (place, units) in [world, in_target, third].into_iter().enumerate() {
            for (quantity, each) in each {
                month.add(quantity, place, maker, units * each);
            }
        }
        // What brokers buy is used in the target.
        let used = [
            world,
            in_target,
            third - market.deliveries.sold_to_brokers[slot],
        ];
        for (place, units) in used.into_iter().enumerate() {
            month.paid_usd[place] += units * price;
            month.h100e[place] += units * useful;
        }
        inflow[0] += in_target * useful;
        inflow[1] += in_target * chips.useful_serving[slot] * realised.0[slot];
        month.fab_tpp += in_target * tpp * home_made.0[slot];
    }
    inflow
}

fn observe_variants(
    watch: &OutputColumns,
    market: &ChipMarket,
    t: usize,
    record: &mut MonthlyRecord,
) {
    let mut all = 0.0;
    for &(slot, column) in &watch.variants {
        let units = (0..3).map(|bloc| market.sold_in(bloc, slot)).sum::<f64>()
            + market.deliveries.sold_to_brokers[slot];
        record.set(column, t, units);
        all += units;
    }
    record.set(watch.all_variants, t, all);
}

fn observe_shares(
    watch: &OutputColumns,
    year: &MonthlySales,
    t: usize,
    record: &mut MonthlyRecord,
) {
    for place in 0..3 {
        let of = |quantity| year.of(quantity, place);
        let (values, packages) = (of(SalesQuantity::Value), of(SalesQuantity::Units));
        let made_tpp = of(SalesQuantity::Tpp);
        let value: f64 = values.iter().sum();
        let units: f64 = packages.iter().sum();
        let tpp: f64 = made_tpp.iter().sum();
        let mut hhi = 0.0;
        let mut by_home = [0.0; 3];
        for (maker, columns) in watch.makers.iter().enumerate() {
            let share = ratio(values[maker], value);
            record.set(columns.share_value[place], t, share);
            record.set(columns.share_units[place], t, ratio(packages[maker], units));
            hhi += share * share;
            by_home[watch.home_of_maker[maker]] += made_tpp[maker];
        }
        let columns = &watch.places[place];
        record.set(columns.hhi, t, hhi);
        record.set(
            columns.us_share,
            t,
            ratio(by_home[Bloc::Issuer as usize], tpp),
        );
        record.set(
            columns.target_share,
            t,
            ratio(by_home[Bloc::Target as usize], tpp),
        );
        if place == Bloc::Target as usize {
            record.set(
                watch.self_sufficiency,
                t,
                ratio(by_home[Bloc::Target as usize], tpp),
            );
            record.set(watch.self_sufficiency_fab, t, ratio(year.fab_tpp, tpp));
        }
    }
}
