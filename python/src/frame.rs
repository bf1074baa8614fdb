//! Tables: Arrow batches that cross to Python without being copied, and tables that come from there.

use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, RecordBatchIterator,
    RecordBatchReader, StringArray, UInt32Array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use chokepoint::results::parquet_columns::{ColumnValues, TableBatch};
use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use serde::Serialize;

/// Rows that a notebook shows.
const SHOWN: usize = 10;

/// An Arrow table in memory.
#[pyclass(frozen, module = "chokepoint")]
pub struct Table {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

/// A column as Arrow holds it.
fn arrow(column: ColumnValues) -> ArrayRef {
    match column {
        ColumnValues::Texts(values) => Arc::new(StringArray::from(values)),
        ColumnValues::Numbers(values) => Arc::new(Float64Array::from(values)),
        ColumnValues::Counts(values) => Arc::new(UInt32Array::from(values)),
        ColumnValues::CountsOrNone(values) => Arc::new(UInt32Array::from(values)),
        ColumnValues::Flags(values) => Arc::new(BooleanArray::from(values)),
    }
}

fn wrong(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

impl Table {
    pub fn new(batches: Vec<RecordBatch>) -> Self {
        let schema = batches
            .first()
            .map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        Self { schema, batches }
    }

    /// Groups of rows of a Parquet table.
    pub fn of_batches(batches: Vec<TableBatch>) -> PyResult<Self> {
        let of = |batch: TableBatch| {
            let columns = batch.columns.into_iter().map(|(name, column)| {
                let nullable = matches!(column, ColumnValues::CountsOrNone(_));
                (name, arrow(column), nullable)
            });
            RecordBatch::try_from_iter_with_nullable(columns).map_err(wrong)
        };
        batches
            .into_iter()
            .map(of)
            .collect::<PyResult<_>>()
            .map(Self::new)
    }

    /// Rows as they serialize, with the names and types of their columns.
    pub fn of<T: Serialize>(rows: &[T], columns: &[(&str, DataType)]) -> PyResult<Self> {
        let fields = columns
            .iter()
            .map(|(name, kind)| Field::new(*name, kind.clone(), true));
        Self::of_schema(rows, Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }

    fn of_schema<T: Serialize>(rows: &[T], schema: SchemaRef) -> PyResult<Self> {
        let mut decoder = arrow_json::ReaderBuilder::new(schema.clone())
            .with_batch_size(rows.len().max(1))
            .build_decoder()
            .map_err(wrong)?;
        decoder.serialize(rows).map_err(wrong)?;
        let batches = decoder.flush().map_err(wrong)?.into_iter().collect();
        Ok(Self { schema, batches })
    }

    fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    fn column(&self, name: &str) -> PyResult<usize> {
        self.schema
            .index_of(name)
            .map_err(|e| PyKeyError::new_err(e.to_string()))
    }

    /// Some rows as cells of text, with the header.
    fn text(&self, from: usize, count: usize) -> PyResult<Vec<Vec<String>>> {
        let mut cells = vec![self.column_names()];
        let mut before = 0;
        for batch in &self.batches {
            let (start, end) = (
                from.max(before),
                (from + count).min(before + batch.num_rows()),
            );
            if start < end {
                let mut bytes = Vec::new();
                let mut writer = arrow_csv::WriterBuilder::new()
                    .with_header(false)
                    .with_delimiter(b'\x1f')
                    .build(&mut bytes);
                let shown = batch.slice(start - before, end - start);
                writer.write(&shown).map_err(wrong)?;
                drop(writer);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                cells.extend(
                    text.lines()
                        .map(|l| l.split('\x1f').map(String::from).collect()),
                );
            }
            before += batch.num_rows();
        }
        Ok(cells)
    }
}

#[pymethods]
impl Table {
    fn __len__(&self) -> usize {
        self.rows()
    }

    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema
            .fields()
            .iter()
            .map(|f| f.name().clone())
            .collect()
    }

    fn __repr__(&self) -> String {
        let fields = self.schema.fields().iter();
        let columns: Vec<String> = fields
            .map(|f| format!("  {}: {}", f.name(), f.data_type()))
            .collect();
        format!("Table of {} rows\n{}", self.rows(), columns.join("\n"))
    }

    fn _repr_html_(&self) -> PyResult<String> {
        let escaped = |cell: &String| {
            let cell = cell.replace('&', "&amp;").replace('<', "&lt;");
            cell.replace('>', "&gt;")
        };
        let row = |tag: &str, cells: &Vec<String>| {
            let cells: Vec<String> = cells
                .iter()
                .map(|c| format!("<{tag}>{}</{tag}>", escaped(c)))
                .collect();
            format!("<tr>{}</tr>", cells.join(""))
        };
        let cells = self.text(0, SHOWN)?;
        let body: Vec<String> = cells[1..].iter().map(|c| row("td", c)).collect();
        Ok(format!(
            "<table><thead>{}</thead><tbody>{}</tbody></table><p>{} rows, {} columns</p>",
            row("th", &cells[0]),
            body.join(""),
            self.rows(),
            self.schema.fields().len()
        ))
    }

    /// Where the values of a column begin in memory, one address a batch.
    fn addresses(&self, column: &str) -> PyResult<Vec<usize>> {
        let at = self.column(column)?;
        let address = |batch: &RecordBatch| {
            let data = batch.column(at).to_data();
            data.buffers().last().map_or(0, |b| b.as_ptr() as usize)
        };
        Ok(self.batches.iter().map(address).collect())
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.schema.as_ref()).map_err(wrong)?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// Buffers are shared, so a schema that would need others is not answered: the protocol allows it.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batches: Vec<_> = self.batches.iter().cloned().map(Ok).collect();
        let reader = RecordBatchIterator::new(batches, self.schema.clone());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }
}

/// Rows that are given as a list of objects in JSON, with the types that their values have.
#[pyfunction]
pub fn table_of(rows: &str) -> PyResult<Table> {
    let rows: Vec<serde_json::Value> = serde_json::from_str(rows)
        .map_err(|e| PyValueError::new_err(format!("expected a list of rows: {e}")))?;
    let schema = arrow_json::reader::infer_json_schema_from_iterator(rows.iter().map(Ok));
    Table::of_schema(&rows, Arc::new(schema.map_err(wrong)?))
}

/// A table of Python's, of any library that speaks the Arrow interface, as comma-separated values.
pub fn csv_of(table: &Bound<'_, PyAny>) -> PyResult<String> {
    let Ok(export) = table.getattr("__arrow_c_stream__") else {
        let message = format!(
            "found {}, expected a path or a table with `__arrow_c_stream__` (pandas, polars, pyarrow)",
            table.get_type().name()?
        );
        return Err(PyTypeError::new_err(message));
    };
    let capsule = export.call0()?.cast_into::<PyCapsule>()?;
    let stream = capsule
        .pointer_checked(Some(c"arrow_array_stream"))?
        .cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds such a stream, which is moved out and marked as released.
    let reader = unsafe { RecordBatchStreamReader::from_raw(stream.as_ptr()) }.map_err(wrong)?;
    let names: Vec<String> = reader
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    let mut bytes = (names.join(",") + "\n").into_bytes();
    for batch in reader {
        let mut writer = arrow_csv::WriterBuilder::new()
            .with_header(false)
            .build(&mut bytes);
        writer.write(&batch.map_err(wrong)?).map_err(wrong)?;
    }
    String::from_utf8(bytes).map_err(|e| PyValueError::new_err(e.to_string()))
}
