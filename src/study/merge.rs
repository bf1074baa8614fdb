//! Merges finished blocks into the tables of a results folder, with the same bytes for every division into blocks.

use std::ops::Range;
use std::path::Path;

use super::Plan;
use super::block::BlockStore;
use super::gate::gate;
use super::join::JoinedRuns;
use super::layout::RunRecordLayout;
use super::on_record::on_record;
use super::plan_file::{OpenedPlan, PlanFile};
use super::verdicts::verdicts;
use crate::outputs::outcomes::OUTCOMES;
use crate::results::{DRAWN, OutcomeWriter, RECORD_TABLE, Results, ResultsError, SeriesWriter};

/// Futures whose series are kept, where a study asks for them.
const SERIES: usize = 500;

/// Writes every table into a folder; answers what figures and page are drawn from. Outcomes are streamed.
///
/// # Errors
/// When a block is missing, or a table cannot be written.
pub fn merge(
    opened: &OpenedPlan,
    file: &PlanFile,
    blocks: &Path,
    futures: Range<u32>,
    into: &Path,
) -> Result<Results, ResultsError> {
    let plan = &opened.plan;
    let layout = RunRecordLayout::new(plan);
    let mut store = BlockStore::open(blocks, &file.hash, &layout, futures.clone())?;
    let told = store.take_narratives();
    let joined = JoinedRuns::new(plan, &layout, &store, futures.clone())?;
    let names: Vec<String> = OUTCOMES.iter().map(|o| o.name.to_string()).collect();
    let mut writer = OutcomeWriter::new(into, &joined.parameter_names(), &names)?;
    let mut drawn = Vec::new();
    joined.outcomes(|row| {
        if row.run < DRAWN {
            drawn.push(row.clone());
        }
        writer.push(row)
    })?;
    writer.finish()?;
    if !plan.study.series.is_empty() {
        series(plan, &joined, futures.start, into)?;
    }
    let mut results = joined.results(told, &file.command)?;
    results.outcomes.rows = drawn;
    results.manifest.study.figures.clone_from(&opened.figures);
    results.manifest.gate = gate(&opened.library, &joined)?;
    let verdicts = verdicts(&opened.library, plan).map_err(|e| ResultsError::Io {
        path: into.to_path_buf(),
        reason: e.to_string(),
    })?;
    results.tables.insert("verdicts".into(), verdicts);
    let record = on_record(&opened.library, plan).map_err(|e| ResultsError::Io {
        path: into.to_path_buf(),
        reason: e.to_string(),
    })?;
    results.tables.insert(RECORD_TABLE.into(), record);
    results.write_but_outcomes(into)?;
    Ok(results)
}

/// Every month of the asked measures in the first futures.
fn series(plan: &Plan, joined: &JoinedRuns, first: u32, into: &Path) -> Result<(), ResultsError> {
    let names = plan.blueprint.watch.columns.names();
    let mut writer = SeriesWriter::new(into);
    for (arm, regime) in plan.regimes.iter().enumerate() {
        for (c, column) in joined.layout.columns.iter().enumerate() {
            let (measure, entity) = &names[*column];
            if !plan.study.series.iter().any(|s| s == measure) {
                continue;
            }
            let mut rows = Vec::new();
            joined.each_month(arm, c, |t, values| {
                let month = plan.month_of(t);
                let runs = values.iter().enumerate().take(SERIES);
                let known = runs.filter(|(_, v)| !v.is_nan());
                rows.extend(known.map(|(place, v)| (first + place as u32, month, *v)));
                Ok(())
            })?;
            writer.write((&regime.name, measure, entity), &rows)?;
        }
    }
    writer.finish()
}
