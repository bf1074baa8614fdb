//! Configuration: reads files that people edit into typed values and reports errors with their place.

mod act_conditions;
pub mod acts;
mod answers;
pub mod beside;
pub mod cases;
mod cells;
mod chip_cells;
pub mod chip_columns;
mod chip_header;
pub mod chips;
pub mod claim;
pub mod countries;
mod dates;
pub mod demand;
pub mod diagnostics;
pub mod draws;
pub mod evidence;
mod evidence_units;
pub mod figure;
mod folder;
pub mod forecast;
pub mod foreign_chips;
pub mod futures;
pub mod kinds;
pub mod known_chips;
mod known_names;
pub mod law;
pub mod named_rules;
pub mod nations;
pub mod observation;
pub mod overrides;
pub mod parameters;
pub mod places;
pub mod posterior;
pub mod process;
mod rate_columns;
pub mod regimes;
mod separated;
pub mod shipped;
pub mod shipped_chips;
pub mod source;
pub mod splits;
pub mod structure;
pub mod study;
mod study_file;
pub mod table;
pub mod world;
pub mod world_names;

/// JSON Schemas of the files that people write, by kind; that of a table is of one of its rows.
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    let mut all = vec![
        ("act", schemars::schema_for!(law::ActFile)),
        ("regime", schemars::schema_for!(law::RegimeFile)),
        (
            "parameters",
            schemars::schema_for!(parameters::ParameterFile),
        ),
        ("study", schemars::schema_for!(study::StudyFile)),
        ("figure", schemars::schema_for!(figure::FigureFile)),
        ("evidence", schemars::schema_for!(evidence::EvidenceMapFile)),
        ("beside_others", schemars::schema_for!(beside::BesideFile)),
        ("structure", schemars::schema_for!(structure::StructureFile)),
        ("splits", schemars::schema_for!(splits::SplitsFile)),
        ("registration", schemars::schema_for!(splits::Registration)),
        ("series", table::row_schema(&evidence::EVIDENCE)),
        ("own_chips", table::row_schema(&chips::OWN_CHIPS)),
    ];
    for spec in world::TABLES {
        let name = spec
            .path
            .trim_start_matches("world/")
            .trim_end_matches(".csv");
        all.push((name, table::row_schema(spec)));
    }
    all
}
