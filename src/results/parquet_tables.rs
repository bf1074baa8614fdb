//! Reads and writes the Parquet tables of a results folder: outcomes, series, bands and events.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::files::AtomicFile;
use super::{BandRow, EventRow, OutcomeRow, OutcomeTable, Results, ResultsError, io};
use crate::analysis::bands::QuantileBand;
use crate::foundation::calendar::Month;

/// Rows to a batch, and batches to a group of rows: fixed, so that bytes do not depend on how runs were cut into blocks.
const BATCH: usize = 1024;
const GROUP: usize = 4;

const BANDS: &str = "bands.parquet";
const EFFECT_BANDS: &str = "effect_bands.parquet";

/// A table that is written as rows come, holding one batch at a time.
struct TableWriter {
    path: PathBuf,
    writer: Option<ArrowWriter<AtomicFile>>,
    batches: usize,
}

impl TableWriter {
    fn new(path: PathBuf) -> Self {
        Self {
            path,
            writer: None,
            batches: 0,
        }
    }

    fn write(&mut self, columns: Vec<(String, ArrayRef)>) -> Result<(), ResultsError> {
        let path = &self.path;
        let batch = batch_of(path, columns)?;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self.writer.insert(writer_of(path, &batch)?),
        };
        writer.write(&batch).map_err(|e| io(path, e))?;
        self.batches += 1;
        if self.batches.is_multiple_of(GROUP) {
            writer.flush().map_err(|e| io(path, e))?;
        }
        Ok(())
    }

    fn close(self) -> Result<(), ResultsError> {
        match self.writer {
            Some(writer) => {
                let file = writer.into_inner().map_err(|e| io(&self.path, e))?;
                file.finish().map_err(|e| io(&self.path, e))
            }
            None => Ok(()),
        }
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
            rows: Vec::with_capacity(BATCH),
        })
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn push(&mut self, row: OutcomeRow) -> Result<(), ResultsError> {
        self.rows.push(row);
        if self.rows.len() == BATCH {
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
        let runs = UInt32Array::from_iter_values(rows.iter().map(|r| r.run));
        let failed = BooleanArray::from_iter(rows.iter().map(|r| Some(r.failed)));
        let mut columns: Vec<(String, ArrayRef)> = vec![
            ("regime".into(), strings(rows.iter().map(|r| &*r.regime))),
            ("run".into(), Arc::new(runs)),
            ("stratum".into(), strings(rows.iter().map(|r| &*r.stratum))),
            ("variant".into(), strings(rows.iter().map(|r| &*r.variant))),
            ("failed".into(), Arc::new(failed)),
        ];
        for (at, name) in self.parameters.iter().enumerate() {
            let values = numbers(rows.iter().map(|r| r.parameters[at]));
            columns.push((name.clone(), values));
        }
        for (at, name) in self.outcomes.iter().enumerate() {
            let values = numbers(rows.iter().map(|r| r.outcomes[at]));
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
        let same = |text: &str| strings(std::iter::repeat_n(text, rows.len()));
        let runs = UInt32Array::from_iter_values(rows.iter().map(|r| r.0));
        self.0.write(vec![
            ("regime".into(), same(regime)),
            ("run".into(), Arc::new(runs)),
            ("month".into(), strings(months.iter().map(String::as_str))),
            ("measure".into(), same(measure)),
            ("entity".into(), same(entity)),
            ("value".into(), numbers(rows.iter().map(|r| r.2))),
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
    let months: Vec<String> = b.iter().map(|r| r.month.to_string()).collect();
    let band = |f: fn(&QuantileBand) -> f64| numbers(b.iter().map(move |r| f(&r.band)));
    store(
        path,
        vec![
            (
                "regime".into(),
                strings(b.iter().map(|r| r.regime.as_str())),
            ),
            ("month".into(), strings(months.iter().map(String::as_str))),
            (
                "measure".into(),
                strings(b.iter().map(|r| r.measure.as_str())),
            ),
            (
                "entity".into(),
                strings(b.iter().map(|r| r.entity.as_str())),
            ),
            ("mean".into(), band(|x| x.mean)),
            ("p05".into(), band(|x| x.p05)),
            ("p25".into(), band(|x| x.p25)),
            ("p50".into(), band(|x| x.p50)),
            ("p75".into(), band(|x| x.p75)),
            ("p95".into(), band(|x| x.p95)),
            ("runs".into(), counts(b.iter().map(|r| r.runs))),
            ("excluded".into(), counts(b.iter().map(|r| r.excluded))),
        ],
    )
}

pub fn write(results: &Results, folder: &Path) -> Result<(), ResultsError> {
    store_bands(&folder.join(BANDS), &results.bands)?;
    store_bands(&folder.join(EFFECT_BANDS), &results.effect_bands)?;
    let e = &results.events;
    let months: Vec<String> = e.iter().map(|r| r.month.to_string()).collect();
    store(
        &folder.join("events.parquet"),
        vec![
            (
                "regime".into(),
                strings(e.iter().map(|r| r.regime.as_str())),
            ),
            (
                "run".into(),
                Arc::new(UInt32Array::from_iter_values(e.iter().map(|r| r.run))),
            ),
            (
                "id".into(),
                Arc::new(UInt32Array::from_iter_values(e.iter().map(|r| r.id))),
            ),
            (
                "cause_id".into(),
                Arc::new(e.iter().map(|r| r.cause_id).collect::<UInt32Array>()),
            ),
            ("month".into(), strings(months.iter().map(String::as_str))),
            ("kind".into(), strings(e.iter().map(|r| r.kind.as_str()))),
            ("actor".into(), strings(e.iter().map(|r| r.actor.as_str()))),
            (
                "object".into(),
                strings(e.iter().map(|r| r.object.as_str())),
            ),
            ("cause".into(), strings(e.iter().map(|r| r.cause.as_str()))),
            ("text".into(), strings(e.iter().map(|r| r.text.as_str()))),
        ],
    )
}

fn strings<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn numbers(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

fn counts(values: impl Iterator<Item = u32>) -> ArrayRef {
    Arc::new(UInt32Array::from_iter_values(values))
}

fn batch_of(path: &Path, columns: Vec<(String, ArrayRef)>) -> Result<RecordBatch, ResultsError> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(name, column.data_type().clone(), column.is_nullable()))
        .collect();
    let arrays = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|e| io(path, e))
}

fn writer_of(path: &Path, batch: &RecordBatch) -> Result<ArrowWriter<AtomicFile>, ResultsError> {
    let file = AtomicFile::create(path).map_err(|e| io(path, e))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .build();
    ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(|e| io(path, e))
}

fn store(path: &Path, columns: Vec<(String, ArrayRef)>) -> Result<(), ResultsError> {
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
        let names: Vec<String> = batch
            .schema()
            .fields()
            .iter()
            .filter(|f| *f.data_type() == DataType::Float64)
            .map(|f| f.name().clone())
            .collect();
        let (parameters, outcomes): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|n| known.contains(n));
        let regime = text(&batch, "regime", &path)?;
        // Results from before strata and counts can be drawn again.
        let stratum = text(&batch, "stratum", &path).ok();
        let variant = text(&batch, "variant", &path).ok();
        let word = |column: Option<&StringArray>, row: usize| {
            column.map_or(String::new(), |c| c.value(row).to_string())
        };
        let failed = batch
            .column_by_name("failed")
            .and_then(|c| c.as_any().downcast_ref::<BooleanArray>());
        let run = batch
            .column_by_name("run")
            .and_then(|c| c.as_any().downcast_ref::<UInt32Array>())
            .ok_or_else(|| io(&path, "no column `run`"))?;
        let columns = |names: &[String]| -> Result<Vec<Float64Array>, ResultsError> {
            names
                .iter()
                .map(|n| float(&batch, n, &path).cloned())
                .collect()
        };
        let (p, o) = (columns(&parameters)?, columns(&outcomes)?);
        results.outcomes = OutcomeTable {
            parameters,
            outcomes,
            rows: std::mem::take(&mut results.outcomes.rows),
        };
        for row in (0..batch.num_rows()).filter(|row| run.value(*row) < below) {
            results.outcomes.rows.push(OutcomeRow {
                regime: regime.value(row).to_string(),
                run: run.value(row),
                stratum: word(stratum, row),
                variant: word(variant, row),
                failed: failed.is_some_and(|c| c.value(row)),
                parameters: p.iter().map(|c| c.value(row)).collect(),
                outcomes: o.iter().map(|c| c.value(row)).collect(),
            });
        }
    }
    Ok(())
}

fn read_bands(path: &Path) -> Result<Vec<BandRow>, ResultsError> {
    let mut bands = Vec::new();
    for batch in batches(path)? {
        let column = |name| text(&batch, name, path);
        let (regime, month) = (column("regime")?, column("month")?);
        let (measure, entity) = (column("measure")?, column("entity")?);
        let value = |name| float(&batch, name, path);
        let (mean, p05, p25) = (value("mean")?, value("p05")?, value("p25")?);
        let (p50, p75, p95) = (value("p50")?, value("p75")?, value("p95")?);
        let count = |name: &str| {
            let column = batch.column_by_name(name);
            column.and_then(|c| c.as_any().downcast_ref::<UInt32Array>())
        };
        let (runs, excluded) = (count("runs"), count("excluded"));
        for row in 0..batch.num_rows() {
            bands.push(BandRow {
                regime: regime.value(row).to_string(),
                month: month.value(row).parse().map_err(|e: String| io(path, e))?,
                measure: measure.value(row).to_string(),
                entity: entity.value(row).to_string(),
                band: QuantileBand {
                    mean: mean.value(row),
                    p05: p05.value(row),
                    p25: p25.value(row),
                    p50: p50.value(row),
                    p75: p75.value(row),
                    p95: p95.value(row),
                },
                runs: runs.map_or(0, |c| c.value(row)),
                excluded: excluded.map_or(0, |c| c.value(row)),
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
        let column = |name| text(&batch, name, &path);
        let whole = |name: &str| {
            batch
                .column_by_name(name)
                .and_then(|c| c.as_any().downcast_ref::<UInt32Array>())
                .ok_or_else(|| io(&path, format!("no column `{name}`")))
        };
        let (run, id, cause_id) = (whole("run")?, whole("id")?, whole("cause_id")?);
        let texts: Vec<StringArray> = [
            "regime", "month", "kind", "actor", "object", "cause", "text",
        ]
        .into_iter()
        .map(|n| column(n).cloned())
        .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let at = |c: usize| texts[c].value(row).to_string();
            results.events.push(EventRow {
                regime: at(0),
                run: run.value(row),
                id: id.value(row),
                cause_id: cause_id.is_valid(row).then(|| cause_id.value(row)),
                month: at(1).parse().map_err(|e: String| io(&path, e))?,
                kind: at(2),
                actor: at(3),
                object: at(4),
                cause: at(5),
                text: at(6),
            });
        }
    }
    Ok(())
}

/// Every batch of a Parquet table.
///
/// # Errors
/// When it is missing or is no such table.
pub fn batches(path: &Path) -> Result<Vec<RecordBatch>, ResultsError> {
    let file = File::open(path).map_err(|e| io(path, e))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|e| io(path, e))?;
    reader.collect::<Result<_, _>>().map_err(|e| io(path, e))
}

fn text<'a>(
    batch: &'a RecordBatch,
    name: &str,
    path: &Path,
) -> Result<&'a StringArray, ResultsError> {
    batch
        .column_by_name(name)
        .filter(|c| *c.data_type() == DataType::Utf8)
        .and_then(|c| c.as_any().downcast_ref())
        .ok_or_else(|| io(path, format!("no text column `{name}`")))
}

fn float<'a>(
    batch: &'a RecordBatch,
    name: &str,
    path: &Path,
) -> Result<&'a Float64Array, ResultsError> {
    batch
        .column_by_name(name)
        .and_then(|c| c.as_any().downcast_ref())
        .ok_or_else(|| io(path, format!("no number column `{name}`")))
}
