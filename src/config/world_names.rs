//! Names that rules may point at: nations, chips, firms, models and events of the tables.

use super::chips::{ChipRow, STATUS};
use super::diagnostics::{Diagnostic, Problems};
use super::nations::NationRow;
use super::source::Configs;
use super::world::WorldTables;
use crate::controls::NameDomain;

/// Names that rules may point at.
#[derive(Clone, Debug, Default)]
pub struct WorldNames {
    pub(super) nations: Vec<String>,
    chips: Vec<String>,
    designers: Vec<String>,
    buyers: Vec<String>,
    models: Vec<String>,
    tool_types: Vec<String>,
    statuses: Vec<String>,
    /// What rules can respond to beside other rules.
    pub(super) events: Vec<String>,
}

impl WorldNames {
    /// The names in the tables of the world and of events. A name of the shipped tables is known even where a table of one's own
    /// leaves it out: a rule may name a firm that this world does not have.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub fn read(
        configs: &Configs,
        nations: &[NationRow],
        chips: &[ChipRow],
        tables: &WorldTables,
    ) -> Result<Self, Problems> {
        let shipped = Configs::embedded();
        let both = |path: &str, name: &str| -> Result<Vec<String>, Problems> {
            let mut names = column(configs, path, name)?;
            names.extend(column(&shipped, path, name)?);
            Ok(names)
        };
        let mut sellers: Vec<String> = chips.iter().map(|c| c.vendor.clone()).collect();
        sellers.extend(tables.makers.iter().map(|m| m.chip_vendor.clone()));
        sellers.extend(column(&shipped, "world/chips.csv", "vendor")?);
        sellers.extend(column(&shipped, "world/chipmakers.csv", "chip_vendor")?);
        let mut names = Self {
            nations: nations.iter().map(|n| n.iso3.clone()).collect(),
            chips: both("world/chips.csv", "chip")?,
            designers: [sellers.clone(), both("world/foundries.csv", "name")?].concat(),
            buyers: [sellers, both("world/labs.csv", "name")?].concat(),
            models: both("world/models.csv", "model")?,
            tool_types: both("world/tool_supply.csv", "process_step")?,
            statuses: STATUS.iter().map(|status| (*status).to_string()).collect(),
            events: both("rules/events.csv", "event")?,
        };
        for list in [
            &mut names.chips,
            &mut names.designers,
            &mut names.buyers,
            &mut names.models,
            &mut names.tool_types,
            &mut names.events,
        ] {
            list.retain(|name| !name.is_empty());
            list.sort();
            list.dedup();
        }
        Ok(names)
    }

    pub(super) fn of(&self, named: NameDomain) -> &[String] {
        match named {
            NameDomain::Chip => &self.chips,
            NameDomain::Designer => &self.designers,
            NameDomain::Buyer => &self.buyers,
            NameDomain::Nation => &self.nations,
            NameDomain::Model => &self.models,
            NameDomain::ToolType => &self.tool_types,
            NameDomain::Status => &self.statuses,
        }
    }
}

/// The cells of one column of a table.
fn column(configs: &Configs, path: &str, name: &str) -> Result<Vec<String>, Problems> {
    let source = configs.read(path)?;
    let wrong = |message: String| Problems::from(Diagnostic::at(&source, 0..1, message));
    let mut reader = csv::Reader::from_reader(source.text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|e| wrong(format!("not a table: {e}")))?;
    let at = headers
        .iter()
        .position(|header| header == name)
        .ok_or_else(|| wrong(format!("no column `{name}`, expected one of this name")))?;
    let cells = reader
        .records()
        .map(|row| row.map(|row| row.get(at).unwrap_or("").to_string()));
    cells
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(format!("broken line: {e}")))
}
