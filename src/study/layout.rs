//! Which numbers of a run are kept, and where each stands.

use super::Plan;
use crate::outputs::formulas::{ColumnFormula, OutcomeWindow, formulas};
use crate::outputs::outcomes::OUTCOMES;
use crate::outputs::record::MonthlyRecord;

/// Horizons at which every outcome is also recorded, in months from the start of the window; the end of the study is another.
pub const HORIZONS: [usize; 3] = [12, 24, 48];

/// Discount rates for the present value of flows, per year; 0 is the outcome itself.
pub const DISCOUNTS: [f64; 2] = [0.03, 0.07];

/// An outcome: at the study's window or a horizon, as it is or in present value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutcomeView {
    /// Its place in [`OUTCOMES`].
    pub outcome: usize,
    /// None: the study's own window.
    pub horizon_months: Option<usize>,
    /// A rate a year; 0 for what is not discounted.
    pub discount: f64,
}

/// Which numbers of a run are kept, in order: kinds, parameters, outcomes, outcomes at other horizons and discount rates, series.
#[derive(Clone, Debug)]
pub struct RunRecordLayout {
    /// Parameters by their place in the names.
    pub parameters: Vec<usize>,
    /// The outcomes of [`OUTCOMES`] first, in order, then horizons and present values.
    pub angles: Vec<OutcomeView>,
    /// Whether outcomes are kept that the rules of the baseline's own process would have given.
    pub direct: bool,
    pub arms: usize,
    /// Columns of the record whose months are kept.
    pub columns: Vec<usize>,
    pub months: usize,
    formulas: Vec<ColumnFormula>,
    window: OutcomeWindow,
    /// Where the windows of an outcome end, in ascending order.
    ends: Vec<usize>,
    /// The place among the angles of the outcomes of each of these windows: the study's own first, then horizons.
    places: Vec<usize>,
}

impl RunRecordLayout {
    /// Where kinds stand: stress, model variant (NaN for none), and 1 where the run failed.
    pub const STRESS: usize = 0;
    pub const VARIANT: usize = 1;
    pub const FAILED: usize = 2;

    pub fn new(plan: &Plan) -> Self {
        let formulas = formulas(&plan.blueprint.watch);
        let angle = |outcome, horizon_months, discount| OutcomeView {
            outcome,
            horizon_months,
            discount,
        };
        let all = 0..OUTCOMES.len();
        let mut angles: Vec<OutcomeView> = all.clone().map(|o| angle(o, None, 0.0)).collect();
        let OutcomeWindow { from, to } = plan.window;
        // The last horizon is the end of the study.
        let whole = plan.blueprint.months - from;
        let own = to - from;
        let horizons: Vec<usize> = HORIZONS
            .into_iter()
            .filter(|h| *h < whole)
            .chain([whole])
            .filter(|h| *h != own)
            .collect();
        for &horizon in &horizons {
            angles.extend(all.clone().map(|o| angle(o, Some(horizon), 0.0)));
        }
        for outcome in all.filter(|o| formulas[*o].is_flow()) {
            angles.extend(DISCOUNTS.map(|rate| angle(outcome, None, rate)));
        }
        let mut lengths = horizons.clone();
        lengths.push(own);
        lengths.sort_unstable();
        let place = |length: &usize| {
            let horizon = horizons.iter().position(|h| h == length);
            horizon.map_or(0, |at| at + 1)
        };
        let places = lengths.iter().map(place).collect();
        Self {
            parameters: plan.recorded(),
            angles,
            direct: plan.study.direct,
            arms: plan.regimes.len(),
            columns: declared_columns(plan),
            months: plan.blueprint.months,
            formulas,
            window: plan.window,
            ends: lengths.iter().map(|length| from + length).collect(),
            places,
        }
    }

    /// Numbers of a run beside its series.
    pub fn numbers(&self) -> usize {
        self.of_direct(0) + if self.direct { OUTCOMES.len() } else { 0 }
    }

    pub fn parameter(&self, at: usize) -> usize {
        3 + at
    }

    pub fn angle(&self, at: usize) -> usize {
        3 + self.parameters.len() + at
    }

    /// An outcome under the rules of the baseline's own process in the same future.
    pub fn of_direct(&self, outcome: usize) -> usize {
        self.angle(self.angles.len()) + outcome
    }

    /// Every angle's number, in their order.
    pub(super) fn take_down(&self, record: &MonthlyRecord, into: &mut Vec<f64>) {
        let (start, outcomes) = (into.len(), self.formulas.len());
        into.resize(start + outcomes * self.ends.len(), f64::NAN);
        let mut at_ends = [f64::NAN; HORIZONS.len() + 2];
        let at_ends = &mut at_ends[..self.ends.len()];
        for (outcome, formula) in self.formulas.iter().enumerate() {
            formula.values(record, self.window.from, &self.ends, at_ends);
            for (place, value) in self.places.iter().zip(at_ends.iter()) {
                into[start + place * outcomes + outcome] = *value;
            }
        }
        for angle in &self.angles[outcomes * self.ends.len()..] {
            let formula = &self.formulas[angle.outcome];
            into.push(formula.present_value(record, self.window, angle.discount));
        }
    }

    /// Every outcome in the study's own window.
    pub(super) fn outcomes(&self, record: &MonthlyRecord, into: &mut Vec<f64>) {
        into.extend(self.formulas.iter().map(|f| f.value(record, self.window)));
    }
}

/// The columns whose bands a study declares.
pub fn declared_columns(plan: &Plan) -> Vec<usize> {
    let names = plan.blueprint.watch.columns.names();
    let blocs = ["issuer", "target", "third"];
    (0..names.len())
        .filter(|at| {
            let (measure, entity) = &names[*at];
            // Compute of single nations and labs is recorded in a run but not banded.
            plan.study.bands.iter().any(|b| b == measure)
                && (*measure != "compute_h100e" || blocs.contains(&entity.as_str()))
        })
        .collect()
}
