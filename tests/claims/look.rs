//! What tests see of a run: recorded measures inside a window, and a few things that no measure holds.

use chokepoint::foundation::bloc::Bloc;
use chokepoint::foundation::calendar::Month;
use chokepoint::foundation::parameters::Parameters;
use chokepoint::markets::chip_market::ChipMarket;
use chokepoint::markets::chip_market::state::{BudgetPurpose, stock_index};
use chokepoint::outputs::formulas::{OutcomeWindow, outcomes};
use chokepoint::outputs::record::MonthlyRecord;
use chokepoint::study::Worker;
use chokepoint::technology::chip::{ChipSpec, codesigned_throughput, training_throughput};
use chokepoint::technology::roadmap::{ChipTable, RealisedThroughput, SlotKind};
use chokepoint::world::Blueprint;

use super::engine::Read;

/// Months by the calendar, as months of a run that begins in January 2020.
pub fn at(year: i32, month: i32) -> usize {
    (Month::of(year, month) - Month::of(2020, 1)) as usize
}

/// What is noted month by month beside the measures.
#[derive(Default)]
pub struct Seen {
    /// Useful compute delivered in the target by chips that came on sale from October 2022 on.
    pub new_inflow_h100e: Vec<f64>,
    /// The same by serving throughput.
    pub new_inflow_serving_h100e: Vec<f64>,
    /// Sales in the target of variants that came on sale before November 2023 with the arithmetic that was then closed.
    pub old_variant_units: Vec<f64>,
    /// Stock of the same in the target that deliveries and retirement do not explain, as a share.
    pub unexplained: Vec<f64>,
    old_variant_stock: f64,
    /// Alignment of nations by row.
    pub alignment: Vec<Vec<f64>>,
}

impl Seen {
    pub fn note(&mut self, worker: &mut Worker) {
        let b = worker.stage.blueprint().clone();
        let retired = worker
            .stage
            .world
            .resource::<chokepoint::foundation::run::Future>()
            .parameters
            .retirement_per_year
            / 12.0;
        let world = &worker.stage.world;
        let (market, chips) = (
            world.resource::<ChipMarket>(),
            world.resource::<ChipTable>(),
        );
        let realised = &world.resource::<RealisedThroughput>().0;
        let slots = chips.spec.len();
        let (mut new, mut serving, mut old_sold, mut old_here, mut stock) =
            (0.0, 0.0, 0.0, 0.0, 0.0);
        for slot in 0..slots {
            let launch = chips.launch[slot];
            let is_new = launch >= at(2022, 10) as i32;
            let variant = matches!(b.roadmap.slots[slot].kind, SlotKind::Variant { .. });
            let old_variant =
                variant && launch < at(2023, 11) as i32 && chips.spec[slot].tpp >= 4800.0;
            if !is_new && !old_variant {
                continue;
            }
            let units = market.sold_in(Bloc::Target as usize, slot);
            if is_new {
                new += units * chips.useful_training[slot] * realised[slot];
                serving += units * chips.useful_serving[slot] * realised[slot];
            }
            if old_variant {
                old_sold += units;
                old_here += units + market.deliveries.diverted_units[slot];
                let at = stock_index(slot, Bloc::Target as usize, BudgetPurpose::Training);
                stock += market.deliveries.stock[at] + market.deliveries.stock[at + 1];
            }
        }
        let expected = self.old_variant_stock * (1.0 - retired) + old_here;
        self.unexplained
            .push((stock - expected).abs() / expected.max(1.0));
        self.old_variant_stock = stock;
        self.new_inflow_h100e.push(new);
        self.new_inflow_serving_h100e.push(serving);
        self.old_variant_units.push(old_sold);
        let mut alignment = vec![0.0; b.nations.len()];
        let mut query = worker.stage.world.query::<(
            &chokepoint::agents::nation::Nation,
            &chokepoint::agents::users::ServiceUsers,
        )>();
        for (nation, users) in query.iter(&worker.stage.world) {
            alignment[nation.row as usize] = users.alignment;
        }
        self.alignment.push(alignment);
    }
}

/// One run, and the months in which to look.
pub struct Look<'a> {
    pub b: &'a Blueprint,
    pub record: &'a MonthlyRecord,
    pub chips: &'a ChipTable,
    pub p: &'a Parameters,
    pub seen: &'a Seen,
    pub from: usize,
    pub to: usize,
}

impl Look<'_> {
    pub fn read(&self, read: &Read) -> f64 {
        match read {
            Read::As(_, of) => of(self),
            Read::Outcome(name) => {
                let window = OutcomeWindow {
                    from: self.from,
                    to: self.to,
                };
                let place = chokepoint::outputs::outcomes::OUTCOMES
                    .iter()
                    .position(|o| o.name == *name)
                    .unwrap_or_else(|| panic!("no outcome {name}"));
                outcomes(&self.b.watch, self.record, window)[place]
            }
        }
    }

    pub fn column(&self, measure: &str, entity: &str) -> &[f64] {
        let at = self.b.watch.columns.find(measure, entity);
        self.record
            .column(at.unwrap_or_else(|| panic!("no {measure} of {entity}")))
    }

    /// The months of the window.
    pub fn span(&self, measure: &str, entity: &str) -> &[f64] {
        &self.column(measure, entity)[self.from..self.to]
    }

    pub fn last(&self, measure: &str, entity: &str) -> f64 {
        self.column(measure, entity)[self.to - 1]
    }

    pub fn mean(&self, measure: &str, entity: &str) -> f64 {
        mean(self.span(measure, entity))
    }

    /// Variants on sale by the end of the window: the variant, its parent, and when it came on sale.
    pub fn variants(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        (0..self.chips.spec.len())
            .filter(|slot| {
                matches!(self.b.roadmap.slots[*slot].kind, SlotKind::Variant { .. })
                    && self.chips.launch[*slot] < self.to as i32
            })
            .map(|slot| {
                let launch = self.chips.launch[slot].max(0) as usize;
                (slot, self.chips.parent[slot], launch)
            })
    }

    pub fn spec(&self, slot: usize) -> &ChipSpec {
        &self.chips.spec[slot]
    }

    /// Useful training throughput of a part in hands of this skill.
    pub fn useful(&self, spec: &ChipSpec, skill: f64, fp8_share: f64) -> f64 {
        let plain = training_throughput(spec, self.p.overlap_share, fp8_share, self.p);
        plain + skill * (codesigned_throughput(spec, fp8_share, self.p) - plain)
    }

    /// Mean alignment, at the end of the window, of the nations that `which` chooses.
    pub fn alignment(&self, which: fn(&chokepoint::config::nations::NationRow) -> bool) -> f64 {
        let rows = self.b.nation_rows.iter().enumerate();
        let now = &self.seen.alignment[self.to - 1];
        let chosen: Vec<f64> = rows
            .filter(|(_, n)| which(n))
            .map(|(r, _)| now[r])
            .collect();
        mean(&chosen)
    }

    /// Compute of the nations that `which` chooses at the end of the window.
    pub fn compute_of(&self, which: fn(&chokepoint::config::nations::NationRow) -> bool) -> f64 {
        self.b
            .nation_rows
            .iter()
            .filter(|n| which(n))
            .map(|n| self.last("compute_h100e", &n.iso3))
            .sum()
    }
}

pub fn mean(values: &[f64]) -> f64 {
    let known: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    known.iter().sum::<f64>() / known.len() as f64
}

/// Slope of a line through the values, per step.
pub fn slope(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let level = mean(values);
    let (mut up, mut down) = (0.0, 0.0);
    for (i, v) in values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        let x = i as f64 - middle;
        up += x * (v - level);
        down += x * x;
    }
    up / down
}
