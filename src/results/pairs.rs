//! Pairs of runs: one outcome under two regimes in the same future, and the future closest to a given effect.

use super::{EffectComponent, EffectRow, Results};

/// One future: its row under the arm, and how far the arm's outcome is from the baseline's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedOutcome {
    pub run: u32,
    /// Row of the arm in the table of outcomes.
    pub row: usize,
    pub difference: f64,
}

impl Results {
    /// The whole effect of an arm on an outcome.
    pub fn effect(&self, outcome: &str, arm: &str) -> Option<&EffectRow> {
        let mine = |e: &&EffectRow| {
            e.outcome == outcome && e.regime == arm && e.part == EffectComponent::Total
        };
        self.main_effects().find(mine)
    }

    /// An outcome of an arm, by future; futures that failed anywhere and values that are no numbers are left out.
    pub fn values(&self, outcome: &str, arm: &str) -> Vec<(u32, usize, f64)> {
        let Some(at) = self.outcomes.outcomes.iter().position(|o| o == outcome) else {
            return Vec::new();
        };
        let failed = |run: u32| self.failures.iter().any(|f| f.run == run);
        let rows = self.outcomes.rows.iter().enumerate();
        rows.filter(|(_, r)| r.regime == arm && r.outcomes[at].is_finite() && !failed(r.run))
            .map(|(row, r)| (r.run, row, r.outcomes[at]))
            .collect()
    }

    /// Arm minus baseline, future by future.
    pub fn pairs(&self, outcome: &str, arm: &str) -> Vec<PairedOutcome> {
        let base: std::collections::BTreeMap<u32, f64> = self
            .values(outcome, &self.manifest.study.baseline)
            .into_iter()
            .map(|(run, _, value)| (run, value))
            .collect();
        self.values(outcome, arm)
            .into_iter()
            .filter_map(|(run, row, value)| {
                Some(PairedOutcome {
                    run,
                    row,
                    difference: value - base.get(&run)?,
                })
            })
            .collect()
    }

    /// The future whose difference is nearest to a number.
    pub fn future_at(&self, outcome: &str, arm: &str, difference: f64) -> Option<u32> {
        self.pairs(outcome, arm)
            .into_iter()
            .min_by(|a, b| {
                let far = |p: &PairedOutcome| (p.difference - difference).abs();
                far(a).total_cmp(&far(b)).then(a.run.cmp(&b.run))
            })
            .map(|p| p.run)
    }

    /// A sampled parameter in the futures of these pairs.
    pub fn parameter(&self, name: &str, pairs: &[PairedOutcome]) -> Option<Vec<f64>> {
        let at = self.outcomes.parameters.iter().position(|p| p == name)?;
        let value = |p: &PairedOutcome| self.outcomes.rows[p.row].parameters[at];
        Some(pairs.iter().map(value).collect())
    }

    /// Parameters by how much the effect moves between their lowest and their highest third, most first.
    pub fn influence(
        &self,
        outcome: &str,
        arm: &str,
    ) -> Vec<(String, crate::analysis::terciles::Terciles)> {
        let pairs = self.pairs(outcome, arm);
        let differences: Vec<f64> = pairs.iter().map(|p| p.difference).collect();
        let mut found: Vec<_> = self
            .outcomes
            .parameters
            .iter()
            .filter_map(|name| {
                let values = self.parameter(name, &pairs)?;
                let terciles = crate::analysis::terciles::terciles(&values, &differences)?;
                Some((name.clone(), terciles))
            })
            .collect();
        found.sort_by(|a, b| b.1.swing().total_cmp(&a.1.swing()).then(a.0.cmp(&b.0)));
        found
    }

    /// Those of [`Self::influence`] that move an outcome by more than chance does.
    pub fn movers(
        &self,
        outcome: &str,
        arm: &str,
    ) -> Vec<(String, crate::analysis::terciles::Terciles)> {
        let mut found = self.influence(outcome, arm);
        let among = found.len();
        found.retain(|(_, terciles)| terciles.beyond_chance(among));
        found
    }
}
