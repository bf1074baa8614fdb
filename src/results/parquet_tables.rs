//! Reads and writes the Parquet tables of a results folder: outcomes, series, bands and events.

use std::path::{Path, PathBuf};

use super::parquet_columns::{ColumnValues, TableBatch, TableBatchReader, TableBatchWriter};
use super::{BandRow, EventRow, OutcomeRow, OutcomeTable, Results, ResultsError, io};
use crate::analysis::bands::QuantileBand;
use crate::foundation::calendar::Month;

/// Rows of a group: fixed, so that bytes do not depend on how runs were cut into blocks.
const GROUP: usize = 4096;

const BANDS: &str = "bands.parquet";
const EFFECT_BANDS: &str = "effect_bands.parquet";

/// A table that is written as rows come, holding one group of rows at a time.
struct TableWriter {
    path: PathBuf,
    writer: Option<TableBatchWriter>,
    held: TableBatch,
}

impl TableWriter {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            writer: None,
            held: TableBatch::default(),
        }
    }

    fn write(&mut self, columns: Vec<(String, ColumnValues)>) -> Result<(), ResultsError> {
        self.held.append(columns);
        if self.held.rows() >= GROUP {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ResultsError> {
        let path = &self.path;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let new = TableBatchWriter::new(path, &self.held);
                self.writer.insert(new?)
            }
        };
        writer.write(&self.held).map_err(|e| io(path, e))?;
        self.held.clear();
        Ok(())
    }

    fn close(mut self) -> Result<(), ResultsError> {
        if self.held.rows() > 0 || self.writer.is_none() {
            self.flush()?;
        }
        let Some(writer) = self.writer else {
            return Ok(());
        };
        let file = writer.into_inner().map_err(|e| io(&self.path, e))?;
        file.finish().map_err(|e| io(&self.path, e))
    }
}

/// Writes `outcomes.parquet` row by row.
pub struct OutcomeWriter {
    stream: TableWriter,
    parameters: Vec<String>,
    outcomes: Vec<String>,
    rows: Vec<OutcomeRow>,
}

impl OutcomeWriter {
    /// # Errors
    /// When the file cannot be made.
    pub fn new(
        folder: &Path,
        parameters: &[String],
        outcomes: &[String],
    ) -> Result<Self, ResultsError> {
        Ok(Self {
            stream: TableWriter::new(folder.join("outcomes.parquet")),
            parameters: parameters.to_vec(),
            outcomes: outcomes.to_vec(),
            rows: Vec::with_capacity(GROUP),
        })
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, row: OutcomeRow) -> Result<(), ResultsError> {
        self.rows.push(row);
        if self.rows.len() == GROUP {
            self.write()?;
        }
        Ok(())
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<(), ResultsError> {
        self.write()?;
        self.stream.close()
    }

    fn write(&mut self) -> Result<(), ResultsError> {
        if self.rows.is_empty() && self.stream.writer.is_some() {
            return Ok(());
        }
        let rows = &self.rows;
        let mut columns = vec![
            (
                "regime".into(),
                ColumnValues::texts(rows.iter().map(|r| &*r.regime)),
            ),
            (
                "run".into(),
                ColumnValues::counts(rows.iter().map(|r| r.run)),
            ),
            (
                "stratum".into(),
                ColumnValues::texts(rows.iter().map(|r| &*r.stratum)),
            ),
            (
                "variant".into(),
                ColumnValues::texts(rows.iter().map(|r| &*r.variant)),
            ),
            (
                "failed".into(),
                ColumnValues::Flags(rows.iter().map(|r| r.failed).collect()),
            ),
        ];
        for (at, name) in self.parameters.iter().enumerate() {
            let values = ColumnValues::numbers(rows.iter().map(|r| r.parameters[at]));
            columns.push((name.clone(), values));
        }
        for (at, name) in self.outcomes.iter().enumerate() {
            let values = ColumnValues::numbers(rows.iter().map(|r| r.outcomes[at]));
            columns.push((name.clone(), values));
        }
        self.stream.write(columns)?;
        self.rows.clear();
        Ok(())
    }
}

/// Writes `series.parquet`, one measure of one entity under one regime at a time.
pub struct SeriesWriter(TableWriter);

impl SeriesWriter {
    pub fn new(folder: &Path) -> Self {
        Self(TableWriter::new(folder.join("series.parquet")))
    }

    /// Rows of (run, month, value); months without a value are left out.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(
        &mut self,
        (regime, measure, entity): (&str, &str, &str),
        rows: &[(u32, Month, f64)],
    ) -> Result<(), ResultsError> {
        let months: Vec<String> = rows.iter().map(|r| r.1.to_string()).collect();
        let same = |text: &str| ColumnValues::texts(std::iter::repeat_n(text, rows.len()));
        self.0.write(vec![
            ("regime".into(), same(regime)),
            ("run".into(), ColumnValues::counts(rows.iter().map(|r| r.0))),
            ("month".into(), ColumnValues::Texts(months)),
            ("measure".into(), same(measure)),
            ("entity".into(), same(entity)),
            (
                "value".into(),
                ColumnValues::numbers(rows.iter().map(|r| r.2)),
            ),
        ])
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self) -> Result<(), ResultsError> {
        self.0.close()
    }
}

/// Writes bands as a table of one row a regime, month, measure and entity.
fn store_bands(path: &Path, b: &[BandRow]) -> Result<(), ResultsError> {
    let months = b.iter().map(|r| r.month.to_string()).collect();
    let text = |f: fn(&BandRow) -> &str| ColumnValues::texts(b.iter().map(f));
    let band = |f: fn(&QuantileBand) -> f64| ColumnValues::numbers(b.iter().map(|r| f(&r.band)));
    store(
        path,
        vec![
            ("regime".into(), text(|r| &r.regime)),
            ("month".into(), ColumnValues::Texts(months)),
            ("measure".into(), text(|r| &r.measure)),
            ("entity".into(), text(|r| &r.entity)),
            ("mean".into(), band(|x| x.mean)),
            ("p05".into(), band(|x| x.p05)),
            ("p25".into(), band(|x| x.p25)),
            ("p50".into(), band(|x| x.p50)),
            ("p75".into(), band(|x| x.p75)),
            ("p95".into(), band(|x| x.p95)),
            (
                "runs".into(),
                ColumnValues::counts(b.iter().map(|r| r.runs)),
            ),
            (
                "excluded".into(),
                ColumnValues::counts(b.iter().map(|r| r.excluded)),
            ),
        ],
    )
}

pub fn write(results: &Results, folder: &Path) -> Result<(), ResultsError> {
    store_bands(&folder.join(BANDS), &results.bands)?;
    store_bands(&folder.join(EFFECT_BANDS), &results.effect_bands)?;
    let e = &results.events;
    let months = e.iter().map(|r| r.month.to_string()).collect();
    let text = |f: fn(&EventRow) -> &str| ColumnValues::texts(e.iter().map(f));
    let causes = e.iter().map(|r| r.cause_id).collect();
    store(
        &folder.join("events.parquet"),
        vec![
            ("regime".into(), text(|r| &r.regime)),
            ("run".into(), ColumnValues::counts(e.iter().map(|r| r.run))),
            ("id".into(), ColumnValues::counts(e.iter().map(|r| r.id))),
            ("cause_id".into(), ColumnValues::CountsOrNone(causes)),
            ("month".into(), ColumnValues::Texts(months)),
            ("kind".into(), text(|r| &r.kind)),
            ("actor".into(), text(|r| &r.actor)),
            ("object".into(), text(|r| &r.object)),
            ("cause".into(), text(|r| &r.cause)),
            ("text".into(), text(|r| &r.text)),
        ],
    )
}

fn store(path: &Path, columns: Vec<(String, ColumnValues)>) -> Result<(), ResultsError> {
    let mut stream = TableWriter::new(path.to_path_buf());
    stream.write(columns)?;
    stream.close()
}

/// Reads `outcomes.parquet`, futures with numbers below this.
pub fn read_outcomes(results: &mut Results, folder: &Path, below: u32) -> Result<(), ResultsError> {
    let path = folder.join("outcomes.parquet");
    let known: Vec<String> = results
        .manifest
        .parameters
        .iter()
        .map(|p| p.name.clone())
        .collect();
    for batch in batches(&path)? {
        let of_numbers = |(name, column): &(String, ColumnValues)| {
            matches!(column, ColumnValues::Numbers(_)).then(|| name.clone())
        };
        let names = batch.columns.iter().filter_map(of_numbers);
        let (parameters, outcomes): (Vec<_>, Vec<_>) = names.partition(|n| known.contains(n));
        let regime = batch.texts("regime", &path)?;
        let run = batch.counts("run", &path)?;
        // Results from before strata and counts can be drawn again.
        let stratum = batch.texts("stratum", &path).ok();
        let variant = batch.texts("variant", &path).ok();
        let word = |column: Option<&[String]>, row: usize| {
            column.map_or(String::new(), |c| c[row].clone())
        };
        let failed = batch.flags("failed");
        let columns = |names: &[String]| -> Result<Vec<&[f64]>, ResultsError> {
            names.iter().map(|n| batch.numbers(n, &path)).collect()
        };
        let (p, o) = (columns(&parameters)?, columns(&outcomes)?);
        results.outcomes = OutcomeTable {
            parameters,
            outcomes,
            rows: std::mem::take(&mut results.outcomes.rows),
        };
        for row in (0..batch.rows()).filter(|row| run[*row] < below) {
            results.outcomes.rows.push(OutcomeRow {
                regime: regime[row].clone(),
                run: run[row],
                stratum: word(stratum, row),
                variant: word(variant, row),
                failed: failed.is_some_and(|c| c[row]),
                parameters: p.iter().map(|c| c[row]).collect(),
                outcomes: o.iter().map(|c| c[row]).collect(),
            });
        }
    }
    Ok(())
}

fn read_bands(path: &Path) -> Result<Vec<BandRow>, ResultsError> {
    let mut bands = Vec::new();
    for batch in batches(path)? {
        let column = |name| batch.texts(name, path);
        let (regime, month) = (column("regime")?, column("month")?);
        let (measure, entity) = (column("measure")?, column("entity")?);
        let value = |name| batch.numbers(name, path);
        let (mean, p05, p25) = (value("mean")?, value("p05")?, value("p25")?);
        let (p50, p75, p95) = (value("p50")?, value("p75")?, value("p95")?);
        let count = |name| batch.counts(name, path).ok();
        let (runs, excluded) = (count("runs"), count("excluded"));
        for row in 0..batch.rows() {
            bands.push(BandRow {
                regime: regime[row].clone(),
                month: month[row].parse().map_err(|e: String| io(path, e))?,
                measure: measure[row].clone(),
                entity: entity[row].clone(),
                band: QuantileBand {
                    mean: mean[row],
                    p05: p05[row],
                    p25: p25[row],
                    p50: p50[row],
                    p75: p75[row],
                    p95: p95[row],
                },
                runs: runs.map_or(0, |c| c[row]),
                excluded: excluded.map_or(0, |c| c[row]),
            });
        }
    }
    Ok(bands)
}

pub fn read(results: &mut Results, folder: &Path) -> Result<(), ResultsError> {
    results.bands = read_bands(&folder.join(BANDS))?;
    let path = folder.join(EFFECT_BANDS);
    if path.exists() {
        results.effect_bands = read_bands(&path)?;
    }
    let path = folder.join("events.parquet");
    for batch in batches(&path)? {
        let column = |name| batch.texts(name, &path);
        let (run, id) = (batch.counts("run", &path)?, batch.counts("id", &path)?);
        let cause_id = batch.counts_or_none("cause_id", &path)?;
        let (regime, month, kind) = (column("regime")?, column("month")?, column("kind")?);
        let (actor, object) = (column("actor")?, column("object")?);
        let (cause, text) = (column("cause")?, column("text")?);
        for row in 0..batch.rows() {
            results.events.push(EventRow {
                regime: regime[row].clone(),
                run: run[row],
                id: id[row],
                cause_id: cause_id[row],
                month: month[row].parse().map_err(|e: String| io(&path, e))?,
                kind: kind[row].clone(),
                actor: actor[row].clone(),
                object: object[row].clone(),
                cause: cause[row].clone(),
                text: text[row].clone(),
            });
        }
    }
    Ok(())
}

/// Every group of rows of a Parquet table.
///
/// # Errors
/// When it is missing or is no such table.
pub fn batches(path: &Path) -> Result<Vec<TableBatch>, ResultsError> {
    let read = TableBatchReader::open(path)?;
    read.collect::<Result<_, _>>().map_err(|e| io(path, e))
}
