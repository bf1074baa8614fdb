//! The Parquet tables of a results folder: outcomes, bands, events.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::{BandRow, EventRow, OutcomeRow, OutcomeTable, Results, ResultsError, io};
use crate::analysis::Band;

pub fn write(results: &Results, folder: &Path) -> Result<(), ResultsError> {
    let table = &results.outcomes;
    let mut columns: Vec<(String, ArrayRef)> = vec![
        (
            "regime".into(),
            strings(table.rows.iter().map(|r| r.regime.as_str())),
        ),
        (
            "run".into(),
            Arc::new(UInt32Array::from_iter_values(
                table.rows.iter().map(|r| r.run),
            )),
        ),
    ];
    for (at, name) in table.parameters.iter().enumerate() {
        columns.push((
            name.clone(),
            numbers(table.rows.iter().map(|r| r.parameters[at])),
        ));
    }
    for (at, name) in table.outcomes.iter().enumerate() {
        columns.push((
            name.clone(),
            numbers(table.rows.iter().map(|r| r.outcomes[at])),
        ));
    }
    store(&folder.join("outcomes.parquet"), columns)?;
    let b = &results.bands;
    let months: Vec<String> = b.iter().map(|r| r.month.to_string()).collect();
    let band = |f: fn(&Band) -> f64| numbers(b.iter().map(move |r| f(&r.band)));
    store(
        &folder.join("bands.parquet"),
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
        ],
    )?;
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

fn store(path: &Path, columns: Vec<(String, ArrayRef)>) -> Result<(), ResultsError> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| Field::new(name, column.data_type().clone(), column.is_nullable()))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, column)| column).collect();
    let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(|e| io(path, e))?;
    let file = File::create(path).map_err(|e| io(path, e))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .build();
    let mut writer =
        ArrowWriter::try_new(file, schema, Some(properties)).map_err(|e| io(path, e))?;
    writer.write(&batch).map_err(|e| io(path, e))?;
    writer.close().map_err(|e| io(path, e))?;
    Ok(())
}

pub fn read(results: &mut Results, folder: &Path) -> Result<(), ResultsError> {
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
            .skip(2)
            .map(|f| f.name().clone())
            .collect();
        let (parameters, outcomes): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|n| known.contains(n));
        let regime = text(&batch, "regime", &path)?;
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
        for row in 0..batch.num_rows() {
            results.outcomes.rows.push(OutcomeRow {
                regime: regime.value(row).to_string(),
                run: run.value(row),
                parameters: p.iter().map(|c| c.value(row)).collect(),
                outcomes: o.iter().map(|c| c.value(row)).collect(),
            });
        }
    }
    let path = folder.join("bands.parquet");
    for batch in batches(&path)? {
        let column = |name| text(&batch, name, &path);
        let (regime, month) = (column("regime")?, column("month")?);
        let (measure, entity) = (column("measure")?, column("entity")?);
        let value = |name| float(&batch, name, &path);
        let (mean, p05, p25) = (value("mean")?, value("p05")?, value("p25")?);
        let (p50, p75, p95) = (value("p50")?, value("p75")?, value("p95")?);
        for row in 0..batch.num_rows() {
            results.bands.push(BandRow {
                regime: regime.value(row).to_string(),
                month: month.value(row).parse().map_err(|e: String| io(&path, e))?,
                measure: measure.value(row).to_string(),
                entity: entity.value(row).to_string(),
                band: Band {
                    mean: mean.value(row),
                    p05: p05.value(row),
                    p25: p25.value(row),
                    p50: p50.value(row),
                    p75: p75.value(row),
                    p95: p95.value(row),
                },
            });
        }
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

fn batches(path: &Path) -> Result<Vec<RecordBatch>, ResultsError> {
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
