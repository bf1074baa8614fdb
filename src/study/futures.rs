//! Defines how futures are drawn from the design, stresses and model variants, and what an arm changes in a shared
//! future.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::draws::FuturesTable;
use crate::config::futures::{FutureDesign, FuturesFile, WeightedAlternative};
use crate::config::parameters::ParameterSet;
use crate::config::posterior::Posterior;
use crate::config::study::Arm;
use crate::foundation::chance::{Chance, Purpose, permuted, sobol, stable_key};
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::parameters::Parameters;
use crate::foundation::run::ExpectationRule;

/// Parameters fixed, channels off, expectations formed otherwise; parameters by their place in the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Override {
    pub set: Vec<(usize, f64)>,
    pub off: Vec<Channel>,
    pub planning: Option<ExpectationRule>,
}

impl Override {
    fn of(set: &BTreeMap<String, f64>, off: &[String], planning: Option<&String>) -> Self {
        let place = |id: &str| Parameters::NAMES.iter().position(|(_, name)| *name == id);
        Self {
            set: set
                .iter()
                .filter_map(|(id, value)| Some((place(id)?, *value)))
                .collect(),
            off: off.iter().filter_map(|name| Channel::named(name)).collect(),
            planning: planning
                .and_then(|name| ExpectationRule::ALL.into_iter().find(|p| p.name() == name)),
        }
    }

    /// What a composed arm changes beside the law.
    pub fn of_arm(arm: &Arm) -> Self {
        match arm {
            Arm::Regime(_) => Self::default(),
            Arm::Composed(arm) => Self::of(&arm.set, &arm.off, arm.planning.as_ref()),
        }
    }

    /// What a stress, a model variant or a rival form changes.
    pub fn of_alternative(a: &WeightedAlternative) -> Self {
        Self::of(&a.set, &a.off, a.planning.as_ref())
    }
}

/// One kind of stress or one model variant.
#[derive(Clone, Debug)]
pub struct StressOrVariant {
    pub name: String,
    pub weight: f64,
    pub switch: Override,
}

/// The design of a study: everything that determines how a future is drawn.
#[derive(Clone, Debug)]
pub struct Futures {
    pub design: FutureDesign,
    pub stress: Vec<StressOrVariant>,
    pub variant: Vec<StressOrVariant>,
    levels: Vec<(usize, Vec<f64>)>,
    draws: Option<FuturesTable>,
    /// Futures that share one draw and differ in chance.
    pub chances: u64,
    /// Samples that parameters are taken from, in place of the priors.
    pub posterior: Option<Arc<Posterior>>,
}

/// A future before any arm changes it: its chance, its stress and model variant, and its parameters.
#[derive(Clone, Debug)]
pub struct FutureDraw {
    pub chance: Chance,
    pub stress: Option<usize>,
    pub variant: Option<usize>,
    pub parameters: Vec<f64>,
}

impl Futures {
    pub fn new(file: &FuturesFile, draws: Option<&FuturesTable>) -> Self {
        let kinds = |list: &[WeightedAlternative]| {
            list.iter()
                .map(|a| StressOrVariant {
                    name: a.name.clone(),
                    weight: a.weight,
                    switch: Override::of_alternative(a),
                })
                .collect()
        };
        let all: Vec<&str> = Parameters::NAMES.iter().map(|(_, id)| *id).collect();
        Self {
            design: file.design,
            stress: kinds(&file.stress),
            variant: kinds(&file.variant),
            levels: file
                .levels
                .iter()
                .filter_map(|(id, values)| {
                    Some((all.iter().position(|n| n == id)?, values.clone()))
                })
                .collect(),
            draws: draws.cloned(),
            chances: u64::from(file.chances.max(1)),
            posterior: None,
        }
    }

    /// Combinations of a factorial design; as many as can be counted where there are more.
    pub fn cells(&self) -> u64 {
        let levels = self.levels.iter().map(|(_, values)| values.len());
        let kinds = [self.stress.len().max(1), self.variant.len().max(1)];
        levels
            .chain(kinds)
            .fold(1, |cells: u64, n| cells.saturating_mul(n as u64))
    }

    /// Checks that the number of futures is a multiple of the combinations of a factorial design.
    ///
    /// # Errors
    /// With what was found, and how many futures would do.
    pub fn whole(&self, runs: u32) -> Result<(), (String, String)> {
        let cells = self.cells();
        let runs = u64::from(runs);
        if self.design != FutureDesign::Factorial || runs.is_multiple_of(cells) {
            return Ok(());
        }
        let most = u64::from(u32::MAX);
        if cells > most {
            let found = format!(
                "found a grid of more than {most} combinations, which no study can run through"
            );
            return Err((found, "name fewer levels, stresses or variants".into()));
        }
        let found = format!(
            "found {runs} futures for a grid of {cells} combinations, expected a multiple: combinations would have unequal weight"
        );
        let (below, above) = (runs / cells * cells, runs.div_ceil(cells) * cells);
        let help = if below == 0 {
            format!("ask for {above} futures")
        } else {
            format!("ask for {below} or {above} futures")
        };
        Err((found, help))
    }

    /// Checks that a space-filling design has priors to fill. Posterior samples are used as whole rows, because separate
    /// quantiles of each parameter would lose their correlations.
    ///
    /// # Errors
    /// With why it would change nothing, and what to do.
    pub fn acts(&self, set: &ParameterSet) -> Result<(), (String, String)> {
        let name = match self.design {
            FutureDesign::LatinHypercube => "latin_hypercube",
            FutureDesign::Sobol => "sobol",
            _ => return Ok(()),
        };
        let Some(posterior) = &self.posterior else {
            return Ok(());
        };
        let free = |at: &usize| !posterior.parameters.contains(&set.0[*at].id);
        let spread = self.stress.len() > 1 || self.variant.len() > 1;
        if spread || set.sampled().iter().any(free) {
            return Ok(());
        }
        Err((
            format!(
                "the design `{name}` would change nothing: every sampled parameter comes from the posterior `{}`, whose samples are taken whole so that what moves together stays together",
                posterior.name
            ),
            "use the design `replicates`, or draw from the priors: `posterior = \"prior\"` in the study, or --set study.posterior=prior".into(),
        ))
    }

    /// Parameters whose value differs between futures or arms though their own file fixes them.
    pub fn varied(&self) -> Vec<usize> {
        let kinds = self.stress.iter().chain(&self.variant);
        let mut all: Vec<usize> = kinds
            .flat_map(|k| k.switch.set.iter().map(|(at, _)| *at))
            .chain(self.levels.iter().map(|(at, _)| *at))
            .chain(self.draws.iter().flat_map(|d| d.columns.iter().copied()))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Why this many futures cannot be made.
    ///
    /// # Errors
    /// When the table has fewer rows, or a Sobol sequence fewer points.
    pub fn enough(&self, runs: u32) -> Result<(), String> {
        match &self.draws {
            Some(d) if d.rows.len() < runs as usize => Err(format!(
                "{runs} futures are asked for, and the table {} has {} rows",
                d.source.name,
                d.rows.len()
            )),
            _ if self.design == FutureDesign::Sobol && runs > 65_536 => {
                Err("a Sobol design has at most 65,536 futures".into())
            }
            _ => Ok(()),
        }
    }

    /// One future of `runs`. It depends on its number, the seed and, for a Latin hypercube, on how many there are.
    pub fn draw(&self, seed: u64, number: u32, runs: u32, set: &ParameterSet) -> FutureDraw {
        let cells = match self.design {
            FutureDesign::Factorial => self.cells(),
            _ => 1,
        };
        // Combinations of one replicate share its chance, so that they can be compared in pairs.
        let chance = Chance::of(seed, u64::from(number) / cells);
        let drawn_by = u64::from(number) / cells / self.chances;
        let draw_chance = Chance::of(seed, drawn_by);
        let share = |key: &str, dimension: u32| match self.design {
            FutureDesign::LatinHypercube => {
                let places = u64::from(runs.max(1));
                let place = permuted(seed, stable_key(key), u64::from(number) % places, places);
                let within = draw_chance.uniform(Purpose::Parameter, stable_key(key), 0);
                (place as f64 + within) / places as f64
            }
            FutureDesign::Sobol => sobol(number, dimension, seed),
            _ => draw_chance.uniform(Purpose::Parameter, stable_key(key), 0),
        };
        let drawn = set.draw_by(|at, p| share(&p.id, 2 + at as u32));
        let mut parameters = drawn.values();
        if let Some(posterior) = &self.posterior {
            // Combinations of one replicate share its sample too.
            set.overwrite(&mut parameters, posterior.sample(seed, drawn_by));
        }
        let mut stress = pick(&self.stress, || share("futures.stress", 0));
        let mut variant = pick(&self.variant, || share("futures.variant", 1));
        if self.design == FutureDesign::Factorial {
            let mut cell = u64::from(number) % cells;
            let mut digit = |base: usize| {
                let base = base.max(1) as u64;
                let now = (cell % base) as usize;
                cell /= base;
                now
            };
            stress = Some(digit(self.stress.len())).filter(|_| !self.stress.is_empty());
            variant = Some(digit(self.variant.len())).filter(|_| !self.variant.is_empty());
            for (at, values) in &self.levels {
                parameters[*at] = values[digit(values.len())];
            }
        }
        if let Some(draws) = &self.draws
            && let Some(row) = draws.rows.get(number as usize)
        {
            stress = row.stress.or(stress);
            variant = row.variant.or(variant);
            for (at, value) in draws.columns.iter().zip(&row.values) {
                parameters[*at] = *value;
            }
        }
        FutureDraw {
            chance,
            stress,
            variant,
            parameters,
        }
    }
}

/// The kind that a share of the summed weights falls on.
fn pick(kinds: &[StressOrVariant], share: impl Fn() -> f64) -> Option<usize> {
    let last = kinds.len().checked_sub(1)?;
    let mut left = share() * kinds.iter().map(|k| k.weight).sum::<f64>();
    for (at, kind) in kinds.iter().enumerate() {
        left -= kind.weight;
        if left < 0.0 {
            return Some(at);
        }
    }
    Some(last)
}

/// Channels and planning after these switches, the last one first in rank.
pub fn switched(
    channels: Channels,
    planning: ExpectationRule,
    switches: &[&Override],
) -> (Channels, ExpectationRule) {
    let off = switches.iter().flat_map(|s| &s.off);
    let planned = switches.iter().rev().find_map(|s| s.planning);
    (
        off.fold(channels, |all, channel| all.without(*channel)),
        planned.unwrap_or(planning),
    )
}
