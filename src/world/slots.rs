//! Slots for chips: catalogue, later generations and variants of every maker, sorted by maker.

use std::sync::Arc;

use super::participants::Sides;
use crate::config::chips::ChipRow;
use crate::config::world::{ChipUse, MakerRow, WorldTables};
use crate::foundation::calendar::Month;
use crate::foundation::chance::stable_key;
use crate::technology::chip::ChipSpec;
use crate::technology::roadmap::{ChipSlot, Roadmap, SlotKind};

/// Variants that one maker may design in a run.
const VARIANTS: u32 = 8;
/// Generations beyond the table that can fit before the last month, at the shortest cadence.
const SHORTEST_MONTHS: i32 = 12;

pub(super) struct SlotWithRow<'a> {
    pub(super) slot: ChipSlot,
    pub(super) row: Option<&'a ChipRow>,
}

/// The slots of all makers over the months of a study.
pub(super) fn build_slots<'a>(
    chips: &'a [ChipRow],
    makers: &[&MakerRow],
    tables: &WorldTables,
    (first, months): (Month, usize),
    sides: Sides,
) -> Vec<SlotWithRow<'a>> {
    let mut all = Vec::new();
    for (row, maker) in makers.iter().enumerate() {
        let of_maker = |c: &&ChipRow| c.vendor == maker.chip_vendor && c.in_roadmap();
        let listed: Vec<&ChipRow> = chips.iter().filter(of_maker).collect();
        if !maker.chip_vendor.is_empty() {
            let spec = |c: &ChipRow| c.spec(|month| tables.deflate(month));
            let maker = MakerSlots {
                row: row as u16,
                maker,
                sides,
            };
            maker.add(&listed, (first, months), spec, &mut all);
        }
    }
    all
}

/// A maker whose slots are built.
struct MakerSlots<'a> {
    row: u16,
    maker: &'a MakerRow,
    sides: Sides<'a>,
}

impl MakerSlots<'_> {
    fn add<'a>(
        &self,
        listed: &[&'a ChipRow],
        (first, months): (Month, usize),
        spec: impl Fn(&ChipRow) -> ChipSpec,
        all: &mut Vec<SlotWithRow<'a>>,
    ) {
        let (key, vendor) = (&self.maker.key, &self.maker.chip_vendor);
        let captive = self.maker.role == ChipUse::Captive;
        let mut last: Option<(&ChipRow, i32)> = None;
        for &chip in listed {
            let launch = chip.first_ship.map_or(0, |m| m - first);
            if last.is_none_or(|(_, l)| launch >= l) {
                last = Some((chip, launch));
            }
            let kind = SlotKind::Catalogue { launch };
            all.push(SlotWithRow {
                slot: self.slot(chip.key.clone(), chip.chip.clone(), kind, spec(chip)),
                row: Some(chip),
            });
        }
        let Some((newest, last_listed)) = last else {
            return;
        };
        let room = ((months as i32 - last_listed) / SHORTEST_MONTHS).max(0);
        let generations = (1..=room as u32).map(|ordinal| {
            let kind = SlotKind::Generation {
                ordinal,
                last_listed,
            };
            (kind, "generation", ordinal)
        });
        let designs = self.maker.home == self.sides.issuer && !captive;
        let variants = (1..=if designs { VARIANTS } else { 0 })
            .map(|ordinal| (SlotKind::Variant { ordinal }, "variant", ordinal));
        for (kind, what, ordinal) in generations.chain(variants) {
            let (key, name) = (
                format!("{key}-{what}-{ordinal}"),
                format!("{vendor} {what} {ordinal}"),
            );
            all.push(SlotWithRow {
                slot: self.slot(key, name, kind, spec(newest)),
                row: Some(newest),
            });
        }
    }

    fn slot(&self, key: String, name: String, kind: SlotKind, spec: ChipSpec) -> ChipSlot {
        ChipSlot {
            key,
            name,
            maker: self.row,
            captive: self.maker.role == ChipUse::Captive,
            kind,
            spec,
            target_made: self.maker.home == self.sides.target,
        }
    }
}

/// The roadmap of the slots.
pub(super) fn roadmap_of(slots: &[SlotWithRow], makers: &[&MakerRow]) -> Roadmap {
    Roadmap {
        slots: Arc::new(slots.iter().map(|s| s.slot.clone()).collect()),
        slot_keys: Arc::new(slots.iter().map(|s| stable_key(&s.slot.key)).collect()),
        maker_keys: Arc::new(makers.iter().map(|m| stable_key(&m.key)).collect()),
    }
}

/// Variant slots of each maker, ascending.
pub(super) fn variant_slots(roadmap: &Roadmap, makers: usize) -> Vec<Vec<usize>> {
    let of_maker = |maker: usize| {
        let of = |at: &usize| {
            let slot = &roadmap.slots[*at];
            usize::from(slot.maker) == maker && matches!(slot.kind, SlotKind::Variant { .. })
        };
        (0..roadmap.slots.len()).filter(of).collect()
    };
    (0..makers).map(of_maker).collect()
}

/// The oldest listed chip that anybody may buy.
pub(super) fn oldest_chip_slot(roadmap: &Roadmap) -> usize {
    let launch = |s: &ChipSlot| match s.kind {
        SlotKind::Catalogue { launch } if !s.captive => launch,
        _ => i32::MAX,
    };
    (0..roadmap.slots.len())
        .min_by_key(|at| launch(&roadmap.slots[*at]))
        .unwrap_or(0)
}
