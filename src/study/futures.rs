//! How futures are made: design, stress, structural variant; what an arm changes in the future that it shares.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::draws::Draws;
use crate::config::parameters::ParameterSet;
use crate::config::posterior::Posterior;
use crate::config::study::{Alternative, Arm, Design, FuturesFile};
use crate::foundation::chance::{Chance, Purpose, permuted, sobol, stable_key};
use crate::foundation::channels::{Channel, Channels};
use crate::foundation::parameters::Parameters;
use crate::foundation::run::Planning;

/// Parameters fixed, channels off, expectations formed otherwise; parameters by their place in the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Switch {
    pub set: Vec<(usize, f64)>,
    pub off: Vec<Channel>,
    pub planning: Option<Planning>,
}

impl Switch {
    fn of(set: &BTreeMap<String, f64>, off: &[String], planning: Option<&String>) -> Self {
        let place = |id: &str| Parameters::NAMES.iter().position(|(_, name)| *name == id);
        Self {
            set: set
                .iter()
                .filter_map(|(id, value)| Some((place(id)?, *value)))
                .collect(),
            off: off.iter().filter_map(|name| Channel::named(name)).collect(),
            planning: planning
                .and_then(|name| Planning::ALL.into_iter().find(|p| p.name() == name)),
        }
    }

    /// What a composed arm changes beside the law.
    pub fn of_arm(arm: &Arm) -> Self {
        match arm {
            Arm::Regime(_) => Self::default(),
            Arm::Composed(arm) => Self::of(&arm.set, &arm.off, arm.planning.as_ref()),
        }
    }

    fn of_alternative(a: &Alternative) -> Self {
        Self::of(&a.set, &a.off, a.planning.as_ref())
    }
}

/// One kind of stress or one structural variant.
#[derive(Clone, Debug)]
pub struct Kind {
    pub name: String,
    pub weight: f64,
    pub switch: Switch,
}

/// Everything that says how a future is made.
#[derive(Clone, Debug)]
pub struct Futures {
    pub design: Design,
    pub stress: Vec<Kind>,
    pub variant: Vec<Kind>,
    levels: Vec<(usize, Vec<f64>)>,
    draws: Option<Draws>,
    /// Samples that parameters are taken from, in place of the priors.
    pub posterior: Option<Arc<Posterior>>,
}

/// What a future is, before any arm: its chance, its kinds, and what its parameters are.
#[derive(Clone, Debug)]
pub struct Draw {
    pub chance: Chance,
    pub stress: Option<usize>,
    pub variant: Option<usize>,
    pub parameters: Vec<f64>,
}

impl Futures {
    pub fn new(file: &FuturesFile, draws: Option<&Draws>) -> Self {
        let kinds = |list: &[Alternative]| {
            list.iter()
                .map(|a| Kind {
                    name: a.name.clone(),
                    weight: a.weight,
                    switch: Switch::of_alternative(a),
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
            posterior: None,
        }
    }

    /// Combinations of a factorial design.
    pub fn cells(&self) -> u64 {
        let levels: u64 = self.levels.iter().map(|(_, v)| v.len() as u64).product();
        levels * self.stress.len().max(1) as u64 * self.variant.len().max(1) as u64
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
            _ if self.design == Design::Sobol && runs > 65_536 => {
                Err("a Sobol design has at most 65,536 futures".into())
            }
            _ => Ok(()),
        }
    }

    /// One future of `runs`. It depends on its number, the seed and, for a Latin hypercube, on how many there are.
    pub fn draw(&self, seed: u64, number: u32, runs: u32, set: &ParameterSet) -> Draw {
        let cells = match self.design {
            Design::Factorial => self.cells(),
            _ => 1,
        };
        // Combinations of one replicate share its chance, so that they are pairs.
        let chance = Chance::of(seed, u64::from(number) / cells);
        let share = |key: &str, dimension: u32| match self.design {
            Design::LatinHypercube => {
                let places = u64::from(runs.max(1));
                let place = permuted(seed, stable_key(key), u64::from(number) % places, places);
                let within = chance.uniform(Purpose::Parameter, stable_key(key), 0);
                (place as f64 + within) / places as f64
            }
            Design::Sobol => sobol(number, dimension, seed),
            _ => chance.uniform(Purpose::Parameter, stable_key(key), 0),
        };
        let drawn = set.draw_by(|at, p| share(&p.id, 2 + at as u32));
        let mut parameters = drawn.values();
        if let Some(posterior) = &self.posterior {
            set.overwrite(&mut parameters, posterior.sample(u64::from(number)));
        }
        let mut stress = pick(&self.stress, || share("futures.stress", 0));
        let mut variant = pick(&self.variant, || share("futures.variant", 1));
        if self.design == Design::Factorial {
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
        Draw {
            chance,
            stress,
            variant,
            parameters,
        }
    }
}

/// The kind that a share of the summed weights falls on.
fn pick(kinds: &[Kind], share: impl Fn() -> f64) -> Option<usize> {
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
    planning: Planning,
    switches: &[&Switch],
) -> (Channels, Planning) {
    let off = switches.iter().flat_map(|s| &s.off);
    let planned = switches.iter().rev().find_map(|s| s.planning);
    (
        off.fold(channels, |all, channel| all.without(*channel)),
        planned.unwrap_or(planning),
    )
}
