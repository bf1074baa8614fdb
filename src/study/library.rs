//! Reads and checks the whole configuration and builds the world that it describes.

use std::sync::Arc;

use crate::config::acts::read_law;
use crate::config::cases::{CaseTable, check_cases};
use crate::config::chip_columns::ColumnChoice;
use crate::config::chips::ChipRow;
use crate::config::countries::{EXPECTED, NamedNation, nation_named, nearest_code};
use crate::config::diagnostics::{Diagnostic, Problems};
use crate::config::evidence::Evidence;
use crate::config::foreign_chips::{self, ForeignChipTable};
use crate::config::known_chips;
use crate::config::nations::NationRow;
use crate::config::parameters::ParameterSet;
use crate::config::places::PlaceTables;
use crate::config::regimes::{compose, read_regime};
use crate::config::source::{Configs, Source};
use crate::config::splits::InputHashes;
use crate::config::study::{Arm, StudyFile};
use crate::config::table::KnownNames;
use crate::config::world::{RecordedWorld, WorldTables};
use crate::config::world_names::WorldNames;
use crate::controls::{Law, Regime};
use crate::world::{Blueprint, BlueprintInputs};

/// The whole configuration, read and checked.
pub struct Library {
    pub configs: Configs,
    pub law: Law,
    pub cases: CaseTable,
    pub chips: Vec<ChipRow>,
    pub nations: Vec<NationRow>,
    pub tables: WorldTables,
    pub places: PlaceTables,
    pub parameters: ParameterSet,
}

impl Library {
    /// Reads everything; `extra` are rule files of the user's own.
    ///
    /// # Errors
    /// With every problem found.
    pub fn read(configs: Configs, extra: &[Source]) -> Result<Self, Problems> {
        let world_and_law = || {
            let world = RecordedWorld::read(&configs)?;
            let names = WorldNames::read(&configs, &world.nations, &world.chips, &world.tables)?;
            let law = read_law(&configs, extra, &names)?;
            Ok::<_, Problems>((world, law))
        };
        let (read, parameters) = rayon::join(world_and_law, || ParameterSet::read(&configs));
        let (world, (law, cases)) = read?;
        let RecordedWorld {
            chips,
            nations,
            tables,
            places,
        } = world;
        let parameters = parameters?;
        Ok(Self {
            configs,
            law,
            cases,
            chips,
            nations,
            tables,
            places,
            parameters,
        })
    }

    /// Checks every rule against its case table.
    ///
    /// # Errors
    /// For chips that do not exist and for answers that differ.
    pub fn check_cases(&self) -> Result<(), Problems> {
        check_cases(&self.law, &self.cases, &self.chips, &self.nations)
    }

    /// A user's own table of chips, completed from the known chips.
    ///
    /// # Errors
    /// For cells that cannot be read or are impossible.
    pub fn own_chips(
        &self,
        source: &Source,
        columns: &[ColumnChoice],
    ) -> Result<ForeignChipTable, Problems> {
        let mut table = foreign_chips::read(source, &self.nation_codes(), columns)?;
        known_chips::complete(&mut table, &self.chips);
        Ok(table)
    }

    /// What a user's own table of chips may point at.
    pub fn nation_codes(&self) -> KnownNames {
        KnownNames::of_nations(self.nations.iter().map(|n| n.iso3.clone()))
    }

    /// A nation by its code of two or three letters or its name, in any case.
    ///
    /// # Errors
    /// When there is none in the table. A nation outside it is named; a code that is nobody's has the one a letter away as a hint.
    pub fn nation(&self, name: &str) -> Result<&NationRow, Problems> {
        let codes: Vec<&str> = self.nations.iter().map(|n| n.iso3.as_str()).collect();
        let word = Source {
            name: "command line".into(),
            text: name.into(),
        };
        let wrong = |message: String| Diagnostic::at(&word, 0..name.len(), message);
        match nation_named(name, codes.iter().copied()) {
            NamedNation::InTable(code) => self
                .nations
                .iter()
                .find(|n| n.iso3 == code)
                .ok_or_else(|| wrong(format!("found `{name}`")).into()),
            NamedNation::Outside(nation) => {
                let message = format!(
                    "{nation} is not in the table of nations: found `{name}`, expected a nation of it"
                );
                let help = format!(
                    "the table has {} nations: `chokepoint list nations`",
                    codes.len()
                );
                Err(wrong(message).help(help).into())
            }
            NamedNation::None => {
                let message = format!("found `{name}`, expected {EXPECTED}");
                let near = nearest_code(name, &codes);
                let help = near.map_or(String::new(), |code| format!("did you mean `{code}`?"));
                Err(wrong(message).help(help).into())
            }
        }
    }

    /// A chip of the table by its name or key.
    ///
    /// # Errors
    /// When there is none; the nearest is named.
    pub fn chip(&self, name: &str) -> Result<&ChipRow, Problems> {
        let same =
            |c: &&ChipRow| c.chip.eq_ignore_ascii_case(name) || c.key.eq_ignore_ascii_case(name);
        self.chips.iter().find(same).ok_or_else(|| {
            let names: Vec<&str> = self.chips.iter().map(|c| c.chip.as_str()).collect();
            let word = Source {
                name: "command line".into(),
                text: name.into(),
            };
            let message = format!("found `{name}`, expected a chip of the table");
            Diagnostic::at(&word, 0..name.len(), message)
                .nearest(name, &names)
                .into()
        })
    }

    pub fn regime(&self, name: &str) -> Result<Regime, Problems> {
        read_regime(&self.configs, &self.law, name)
    }

    /// The regimes of a study's arms, composed where they differ from another.
    ///
    /// # Errors
    /// For regimes and rules that do not exist.
    pub fn arms(&self, study: &StudyFile) -> Result<Vec<Regime>, Problems> {
        let one = |arm: &Arm| match arm {
            Arm::Regime(name) => self.regime(name),
            Arm::Composed(arm) => {
                let base = self.regime(arm.from.get_ref())?;
                let (add, remove) = (&arm.add, &arm.remove);
                let source = &study.source;
                let mut regime = compose(source, &self.law, base, add, remove, &arm.change)?;
                regime.name = arm.name.to_string();
                regime.label.clone_from(&arm.label);
                if !arm.description.is_empty() {
                    regime.words.clone_from(&arm.description);
                }
                Ok(regime)
            }
        };
        study.arms.iter().map(one).collect()
    }

    /// Hashes of the inputs of a fit, as they are now.
    ///
    /// # Errors
    /// When the evidence cannot be read.
    pub fn hashes(&self) -> Result<InputHashes, Problems> {
        let evidence = Evidence::read(&self.configs)?;
        InputHashes::of(&self.configs, &self.parameters, &evidence)
    }

    /// The world that every arm of a study shares.
    ///
    /// # Errors
    /// When recorded history cannot be read.
    pub fn blueprint(&self, study: &StudyFile) -> Result<Arc<Blueprint>, Problems> {
        let record = self.regime("history")?;
        Ok(Arc::new(Blueprint::new(BlueprintInputs {
            law: self.law.clone(),
            chips: &self.chips,
            nations: &self.nations,
            tables: &self.tables,
            places: &self.places,
            record: &record,
            synthetic_labs: study.synthetic_labs,
            first: study.first_month,
            last: study.last_month,
            issuer: &study.issuer,
            target: &study.target,
        })))
    }
}
