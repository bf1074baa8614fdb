//! Names that rules may point at: nations, chips, firms, models and events of the tables.

use serde::Deserialize;

use super::cells::cells_of;
use super::chips::{ChipRow, STATUS};
use super::diagnostics::Problems;
use super::nations::NationRow;
use super::source::Configs;
use super::table::{CellType, KnownNames, TableReading, TableSpec, column};
use super::world::WorldTables;
use crate::controls::NameDomain;

/// The table of events that rules respond to.
#[rustfmt::skip]
static EVENTS: TableSpec = TableSpec {
    path: "rules/events.csv",
    row: "an event that rules respond to",
    key: &["event"],
    columns: &[
        column("event", CellType::Name, ""),
        column("words", CellType::Text, ""),
    ],
};

#[derive(Deserialize)]
struct ExternalEventRow {
    event: String,
}

fn read_events(configs: &Configs) -> Result<Vec<String>, Problems> {
    let source = configs.read(EVENTS.path)?;
    let names = KnownNames::default();
    let table: TableReading<'_, ExternalEventRow> = TableReading::of(&source, &EVENTS, &names)?;
    Ok(table.finish()?.into_iter().map(|row| row.event).collect())
}

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
            let mut names = cells_of(configs, path, name)?;
            names.extend(cells_of(&shipped, path, name)?);
            Ok(names)
        };
        let mut sellers: Vec<String> = chips.iter().map(|c| c.vendor.clone()).collect();
        sellers.extend(tables.makers.iter().map(|m| m.chip_vendor.clone()));
        sellers.extend(cells_of(&shipped, "world/chips.csv", "vendor")?);
        sellers.extend(cells_of(&shipped, "world/chipmakers.csv", "chip_vendor")?);
        let mut names = Self {
            nations: nations.iter().map(|n| n.iso3.clone()).collect(),
            chips: both("world/chips.csv", "chip")?,
            designers: [sellers.clone(), both("world/foundries.csv", "name")?].concat(),
            buyers: [sellers, both("world/labs.csv", "name")?].concat(),
            models: both("world/models.csv", "model")?,
            tool_types: both("world/tool_supply.csv", "process_step")?,
            statuses: STATUS.iter().map(|status| (*status).to_string()).collect(),
            events: [read_events(configs)?, read_events(&shipped)?].concat(),
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
