//! Reads the chips of the configuration.

use std::collections::HashSet;

use super::chips::{CHIPS, ChipRow};
use super::diagnostics::Problems;
use super::source::Configs;
use super::table::{KnownNames, TableProblems, TableReading};

/// Reads the chips of the configuration.
///
/// # Errors
/// For cells that are not as the columns say, and where processing performance or density differ from what the rates give.
pub fn read(configs: &Configs, names: &KnownNames) -> Result<Vec<ChipRow>, Problems> {
    let source = configs.read(CHIPS.path)?;
    let mut table: TableReading<'_, ChipRow> = TableReading::of(&source, &CHIPS, names)?;
    let mut keys = HashSet::new();
    table.check(|row, found| {
        if !keys.insert(row.key.clone()) {
            found.push(("key", format!("`{}` is here twice", row.key)));
        }
        if row.fp16_dense_tflops.or(row.int8_dense_tops).is_none() {
            let message =
                "found an empty cell here and for 8-bit integers, expected one of the rates";
            found.push(("fp16_dense_tflops", message.into()));
        }
    });
    table.check(check_derived);
    table.finish()
}

/// Holds what follows from other columns against them.
fn check_derived(row: &ChipRow, found: &mut TableProblems) {
    if let (Some(stated), Some(computed)) = (row.tpp, row.computed_tpp())
        && (stated - computed).abs() > 0.2
    {
        let message =
            format!("tpp: found {stated}, expected {computed}, the largest rate times its bits");
        found.push(("tpp", message));
    }
    if let (Some(stated), Some(tpp), Some(area)) =
        (row.performance_density, row.tpp, row.die_area_mm2)
        && (stated - tpp / area).abs() > 0.01
    {
        let message = format!(
            "performance_density: found {stated}, expected {:.3}, tpp over die area",
            tpp / area
        );
        found.push(("performance_density", message));
    }
}
