//! The roadmap: chips and their launch dates, from the recorded catalogue, later generations, and empty slots for variants.

use std::sync::Arc;

use bevy_ecs::resource::Resource;
use bevy_ecs::system::{Res, ResMut, SystemParam};

use super::chip::{ChipSpec, H100Times, peak_h100e, unit_cost_usd};
use crate::foundation::chance::Purpose;
use crate::foundation::maths;
use crate::foundation::parameters::Parameters;
use crate::foundation::run::{Future, SimulationClock};

/// A row of the chip table. All slots exist from the start, so that the identity of a chip does not depend on the run.
#[derive(Clone, Debug)]
pub struct ChipSlot {
    pub key: String,
    pub name: String,
    /// Row of the maker; slots are sorted by it.
    pub maker: u16,
    pub captive: bool,
    pub kind: SlotKind,
    /// The chip as listed; unused for variants.
    pub spec: ChipSpec,
    /// Made by a maker of the target nation.
    pub target_made: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum SlotKind {
    /// In the chip table, first shipped in this month of the run (may be negative).
    Catalogue { launch: i32 },
    /// Beyond the chip table: the maker's n-th generation after its last listed one.
    Generation { ordinal: u32, last_listed: i32 },
    /// A compliant variant that the maker may design.
    Variant { ordinal: u32 },
}

/// Launch month of an empty slot.
pub const NEVER: i32 = i32::MAX;

/// The slots, shared by all runs.
#[derive(Resource, Clone, Debug)]
pub struct Roadmap {
    pub slots: Arc<Vec<ChipSlot>>,
    /// Stable keys of slots.
    pub slot_keys: Arc<Vec<u64>>,
    /// Stable keys of makers, by row.
    pub maker_keys: Arc<Vec<u64>>,
}

impl Roadmap {
    /// The slots of a maker, a contiguous range.
    pub fn slots_of(&self, maker: u16) -> std::ops::Range<usize> {
        let from = self.slots.partition_point(|slot| slot.maker < maker);
        from..self.slots.partition_point(|slot| slot.maker <= maker)
    }
}

/// The chips of one run by slot.
#[derive(Resource, Clone, Debug, Default)]
pub struct ChipTable {
    pub spec: Vec<ChipSpec>,
    /// First month of sale; [`NEVER`] for an empty slot.
    pub launch: Vec<i32>,
    /// The slot that a variant was designed from; the slot itself otherwise.
    pub parent: Vec<usize>,
    pub useful_training: Vec<f64>,
    /// Training throughput in the most skilled hands, relative to an H100 in ordinary ones.
    pub useful_codesigned: Vec<f64>,
    pub useful_serving: Vec<f64>,
    pub peak_h100e: Vec<f64>,
    pub unit_cost_usd: Vec<f64>,
    /// Whether the maker has ended the sale of the chip, for good.
    pub discontinued: Vec<bool>,
    /// Number of the maker's slots with the same chip; duplicates share one weight in the choice.
    pub copies: Vec<f64>,
    /// Share of training arithmetic in 8 bits for which the columns were computed.
    pub fp8_share: f64,
    /// What throughput is relative to.
    pub h100: H100Times,
}

/// Share of training arithmetic done in 8 bits: 0 before 2023, rising to its 2026 value in yearly steps.
pub fn fp8_share(year: f64, p: &Parameters) -> f64 {
    p.fp8_share_2026 * ((year.floor() - 2022.0) / 4.0).clamp(0.0, 1.0)
}

/// Specification of the n-th generation after the last listed part.
///
/// Useful throughput per dollar grows by `generation_gain` a year (recorded: 1.37 for accelerators); price grows 10 % a
/// year with it, memory bandwidth and links grow with compute. Makers without access to leading nodes
/// get the share `generation_gain_target_share` of the logarithmic gain.
pub fn generation(last: &ChipSpec, years: f64, held_back: bool, p: &Parameters) -> ChipSpec {
    const PRICE_GROWTH: f64 = 1.10;
    let share = if held_back {
        p.generation_gain_target_share
    } else {
        1.0
    };
    let dearer = maths::pow_of_positive(PRICE_GROWTH, years * share);
    let faster = maths::pow_of_positive(p.generation_gain * PRICE_GROWTH, years * share);
    ChipSpec {
        fp16_dense_tflops: last.fp16_dense_tflops * faster,
        fp8_dense_tflops: last.fp8_dense_tflops * faster,
        peak_8bit_tops: last.peak_8bit_tops * faster,
        tpp: last.tpp * faster,
        interconnect_gbps: last.interconnect_gbps * faster,
        host_link_gbps: last.host_link_gbps * faster,
        mem_bandwidth_tbs: last.mem_bandwidth_tbs * faster,
        mem_capacity_gb: last.mem_capacity_gb * faster.sqrt(),
        list_price_usd: last.list_price_usd * dearer,
        ..*last
    }
}

impl Roadmap {
    /// The chip in a slot under these parameters, and its launch month without slips.
    pub fn nominal(&self, slot: usize, p: &Parameters) -> (ChipSpec, i32) {
        let slot = &self.slots[slot];
        match slot.kind {
            SlotKind::Catalogue { launch } => (slot.spec, launch),
            SlotKind::Variant { .. } => (slot.spec, NEVER),
            SlotKind::Generation {
                ordinal,
                last_listed,
            } => {
                let planned = f64::from(ordinal) * p.generation_months;
                let spec = generation(&slot.spec, planned / 12.0, slot.target_made, p);
                (spec, last_listed + planned.round() as i32)
            }
        }
    }
}

impl ChipTable {
    /// List price of a chip this month, constant USD: `price at launch * exp(-price_fall_per_year * age / 12)`, never less
    /// than it costs to make, or than it was launched at where that was less.
    pub fn list_price_usd(&self, slot: usize, t: i32, p: &Parameters) -> f64 {
        let age_years = f64::from((t - self.launch[slot]).max(0)) / 12.0;
        let first_usd = self.spec[slot].list_price_usd;
        let least_usd = self.unit_cost_usd[slot].min(first_usd);
        (first_usd * maths::exp(-p.price_fall_per_year * age_years)).max(least_usd)
    }

    /// Sets the roadmap of a future: draws slips, specifies later generations, and empties variant slots.
    fn reset(&mut self, roadmap: &Roadmap, future: &Future) {
        let p = &future.parameters;
        let slots = &roadmap.slots;
        let n = slots.len();
        for column in [
            &mut self.useful_training,
            &mut self.useful_codesigned,
            &mut self.useful_serving,
            &mut self.peak_h100e,
            &mut self.unit_cost_usd,
            &mut self.copies,
        ] {
            column.clear();
            column.resize(n, 0.0);
        }
        self.spec.clear();
        self.launch.clear();
        for (at, slot) in slots.iter().enumerate() {
            let (spec, mut launch) = roadmap.nominal(at, p);
            if let SlotKind::Generation { ordinal, .. } = slot.kind {
                let who = roadmap.maker_keys[usize::from(slot.maker)];
                let slip_draw =
                    future
                        .chance
                        .exponential(Purpose::GenerationSlip, who, u64::from(ordinal));
                launch += (p.generation_slip_months * slip_draw).min(12.0).round() as i32;
            }
            self.spec.push(spec);
            self.launch.push(launch);
        }
        self.parent.clear();
        self.parent.extend(0..n);
        self.discontinued.clear();
        self.discontinued.resize(n, false);
        self.fp8_share = -1.0;
        self.h100 = H100Times::of(p);
    }

    /// Recomputes the columns of one slot that depend on parameters and number formats.
    pub fn appraise(&mut self, slot: usize, p: &Parameters) {
        let spec = self.spec[slot];
        self.useful_training[slot] = self.h100.training_throughput(&spec, self.fp8_share, p);
        self.useful_codesigned[slot] = self.h100.codesigned_throughput(&spec, self.fp8_share, p);
        self.useful_serving[slot] = self.h100.serving_throughput(&spec, p);
        self.peak_h100e[slot] = peak_h100e(&spec);
        self.unit_cost_usd[slot] = unit_cost_usd(&spec, p);
    }

    /// Counts identical parts of one maker among its slots that have launched by `t`.
    pub fn count_copies(&mut self, roadmap: &Roadmap, maker: u16, t: i32) {
        let slots = roadmap.slots_of(maker);
        for i in slots.clone() {
            let same = |j: &usize| self.launch[*j] <= t && self.spec[*j] == self.spec[i];
            self.copies[i] = slots.clone().filter(same).count().max(1) as f64;
        }
    }
}

/// Slots of chips, and the chips in them.
#[derive(SystemParam)]
pub struct Catalogue<'w> {
    pub roadmap: Res<'w, Roadmap>,
    pub chips: Res<'w, ChipTable>,
}

/// System at the start of a run: the roadmap of this future, with empty slots for variants.
pub fn begin_chips(
    future: Res<Future>,
    roadmap: Res<Roadmap>,
    mut chips: ResMut<ChipTable>,
    mut realised: ResMut<RealisedThroughput>,
) {
    chips.reset(&roadmap, &future);
    realised.0.clear();
    realised.0.resize(roadmap.slots.len(), 1.0);
}

/// System: recomputes the throughput of every chip at the start and once a year, as number formats change.
pub fn appraise_chips(
    clock: Res<SimulationClock>,
    future: Res<Future>,
    roadmap: Res<Roadmap>,
    mut chips: ResMut<ChipTable>,
) {
    let share = fp8_share(clock.year, &future.parameters);
    if share != chips.fp8_share {
        chips.fp8_share = share;
        for slot in 0..roadmap.slots.len() {
            chips.appraise(slot, &future.parameters);
        }
    }
    if clock.t == 0 {
        for maker in 0..roadmap.maker_keys.len() {
            chips.count_copies(&roadmap, maker as u16, NEVER - 1);
        }
    }
}

/// Realised over paper throughput of each slot: 1, or less where software is immature.
#[derive(Resource, Clone, Debug, Default)]
pub struct RealisedThroughput(pub Vec<f64>);

/// Realised share of paper throughput of a chip whose maker's software has this maturity; the leader and owners of their chips set 1.
pub fn realised_share(maturity: f64, p: &Parameters) -> f64 {
    (p.realised_share_base + p.realised_share_per_maturity * maturity).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_listed_at_less_the_older_it_is_and_at_full_price_before_it_is_sold() {
        let mut p = Parameters::zero();
        p.price_fall_per_year = 0.17;
        let chips = ChipTable {
            spec: vec![crate::technology::chip::H100],
            launch: vec![33],
            unit_cost_usd: vec![5_000.0],
            ..ChipTable::default()
        };
        let full = crate::technology::chip::H100.list_price_usd;
        assert_eq!(chips.list_price_usd(0, 20, &p), full);
        assert_eq!(chips.list_price_usd(0, 33, &p), full);
        let after = chips.list_price_usd(0, 57, &p);
        assert!((after / full - (-0.34_f64).exp()).abs() < 1e-12);
        assert_eq!(chips.list_price_usd(0, 333, &p), 5_000.0);
    }
}
