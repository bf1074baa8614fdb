//! Columns of Parquet tables: a batch of rows in memory, read from a file and written to one.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use super::files::AtomicFile;
use super::{ResultsError, io};

/// The values of one column, a row each.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnValues {
    Texts(Vec<String>),
    /// Not a number where there is none.
    Numbers(Vec<f64>),
    Counts(Vec<u32>),
    /// Counts, of which some may be missing.
    CountsOrNone(Vec<Option<u32>>),
    Flags(Vec<bool>),
}

impl ColumnValues {
    pub fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Texts(values.into_iter().map(str::to_string).collect())
    }

    pub fn numbers(values: impl IntoIterator<Item = f64>) -> Self {
        Self::Numbers(values.into_iter().collect())
    }

    pub fn counts(values: impl IntoIterator<Item = u32>) -> Self {
        Self::Counts(values.into_iter().collect())
    }

    fn rows(&self) -> usize {
        match self {
            Self::Texts(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Counts(values) => values.len(),
            Self::CountsOrNone(values) => values.len(),
            Self::Flags(values) => values.len(),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Texts(values) => values.clear(),
            Self::Numbers(values) => values.clear(),
            Self::Counts(values) => values.clear(),
            Self::CountsOrNone(values) => values.clear(),
            Self::Flags(values) => values.clear(),
        }
    }

    fn append(&mut self, more: Self) {
        match (self, more) {
            (Self::Texts(own), Self::Texts(more)) => own.extend(more),
            (Self::Numbers(own), Self::Numbers(more)) => own.extend(more),
            (Self::Counts(own), Self::Counts(more)) => own.extend(more),
            (Self::CountsOrNone(own), Self::CountsOrNone(more)) => own.extend(more),
            (Self::Flags(own), Self::Flags(more)) => own.extend(more),
            _ => debug_assert!(false, "a column keeps its type"),
        }
    }

    /// How a file declares it.
    fn declared(&self, name: &str) -> Result<Type> {
        let (physical, logical, repetition) = match self {
            Self::Texts(_) => (
                Physical::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            ),
            Self::Numbers(_) => (Physical::DOUBLE, None, Repetition::REQUIRED),
            Self::Counts(_) => (Physical::INT32, Some(count()), Repetition::REQUIRED),
            Self::CountsOrNone(_) => (Physical::INT32, Some(count()), Repetition::OPTIONAL),
            Self::Flags(_) => (Physical::BOOLEAN, None, Repetition::REQUIRED),
        };
        Type::primitive_type_builder(name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()
    }

    fn write(&self, group: &mut SerializedRowGroupWriter<'_, AtomicFile>) -> Result<()> {
        let Some(mut column) = group.next_column()? else {
            return Err(ParquetError::General(
                "more columns than the table has".into(),
            ));
        };
        match self {
            Self::Texts(values) => {
                let bytes: Vec<ByteArray> = values.iter().map(|v| v.as_str().into()).collect();
                let into = column.typed::<ByteArrayType>();
                into.write_batch(&bytes, None, None)?;
            }
            Self::Numbers(values) => {
                let into = column.typed::<DoubleType>();
                into.write_batch(values, None, None)?;
            }
            Self::Counts(values) => {
                let bits: Vec<i32> = values.iter().map(|v| v.cast_signed()).collect();
                column.typed::<Int32Type>().write_batch(&bits, None, None)?;
            }
            Self::CountsOrNone(values) => {
                let levels: Vec<i16> = values.iter().map(|v| i16::from(v.is_some())).collect();
                let bits: Vec<i32> = values.iter().flatten().map(|v| v.cast_signed()).collect();
                let into = column.typed::<Int32Type>();
                into.write_batch(&bits, Some(&levels), None)?;
            }
            Self::Flags(values) => {
                let into = column.typed::<BoolType>();
                into.write_batch(values, None, None)?;
            }
        }
        column.close()
    }
}

/// A count of 32 bits without a sign.
fn count() -> LogicalType {
    LogicalType::integer(32, false)
}

/// Some rows of a table, column by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableBatch {
    pub columns: Vec<(String, ColumnValues)>,
}

impl TableBatch {
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.rows())
    }

    /// Adds rows whose columns have the names, the types and the order of those that are there.
    pub fn append(&mut self, columns: Vec<(String, ColumnValues)>) {
        if self.columns.is_empty() {
            self.columns = columns;
            return;
        }
        for ((_, own), (_, more)) in self.columns.iter_mut().zip(columns) {
            own.append(more);
        }
    }

    /// Drops the rows and keeps the columns.
    pub fn clear(&mut self) {
        for (_, column) in &mut self.columns {
            column.clear();
        }
    }

    fn column(&self, name: &str) -> Option<&ColumnValues> {
        let found = self.columns.iter().find(|(own, _)| own == name);
        found.map(|(_, column)| column)
    }

    /// # Errors
    /// When there is no such column of texts.
    pub fn texts(&self, name: &str, path: &Path) -> std::result::Result<&[String], ResultsError> {
        match self.column(name) {
            Some(ColumnValues::Texts(values)) => Ok(values),
            _ => Err(io(path, format!("no text column `{name}`"))),
        }
    }

    /// # Errors
    /// When there is no such column of numbers.
    pub fn numbers(&self, name: &str, path: &Path) -> std::result::Result<&[f64], ResultsError> {
        match self.column(name) {
            Some(ColumnValues::Numbers(values)) => Ok(values),
            _ => Err(io(path, format!("no number column `{name}`"))),
        }
    }

    /// # Errors
    /// When there is no such column of counts, each of them there.
    pub fn counts(&self, name: &str, path: &Path) -> std::result::Result<&[u32], ResultsError> {
        match self.column(name) {
            Some(ColumnValues::Counts(values)) => Ok(values),
            _ => Err(io(path, format!("no column of counts `{name}`"))),
        }
    }

    /// # Errors
    /// When there is no such column of counts.
    pub fn counts_or_none(
        &self,
        name: &str,
        path: &Path,
    ) -> std::result::Result<&[Option<u32>], ResultsError> {
        match self.column(name) {
            Some(ColumnValues::CountsOrNone(values)) => Ok(values),
            _ => Err(io(path, format!("no column of counts `{name}`"))),
        }
    }

    /// The column of flags of this name, if there is one.
    pub fn flags(&self, name: &str) -> Option<&[bool]> {
        match self.column(name) {
            Some(ColumnValues::Flags(values)) => Some(values),
            _ => None,
        }
    }
}

/// A table that is written group of rows by group of rows; the first declares its columns.
pub struct TableBatchWriter(SerializedFileWriter<AtomicFile>);

impl TableBatchWriter {
    /// # Errors
    /// When the file cannot be made.
    pub fn new(path: &Path, first: &TableBatch) -> std::result::Result<Self, ResultsError> {
        let file = AtomicFile::create(path).map_err(|e| io(path, e))?;
        let of = |(name, column): &(String, ColumnValues)| column.declared(name).map(Arc::new);
        let fields: Result<Vec<_>> = first.columns.iter().map(of).collect();
        let schema =
            fields.and_then(|fields| Type::group_type_builder("rows").with_fields(fields).build());
        let properties = WriterProperties::builder()
            .set_compression(Compression::LZ4_RAW)
            .build();
        schema
            .and_then(|s| SerializedFileWriter::new(file, Arc::new(s), Arc::new(properties)))
            .map(Self)
            .map_err(|e| io(path, e))
    }

    /// Writes a group of rows, if there are any; the columns are those of the first, in their order.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, batch: &TableBatch) -> Result<()> {
        if batch.rows() == 0 {
            return Ok(());
        }
        let mut group = self.0.next_row_group()?;
        for (_, column) in &batch.columns {
            column.write(&mut group)?;
        }
        group.close().map(|_| ())
    }

    /// The file, written to its end.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn into_inner(self) -> Result<AtomicFile> {
        self.0.into_inner()
    }
}

/// A table that is read group of rows by group of rows.
pub struct TableBatchReader {
    file: SerializedFileReader<File>,
    next: usize,
}

impl TableBatchReader {
    /// # Errors
    /// When the file is missing, is no such table, or has columns of columns.
    pub fn open(path: &Path) -> std::result::Result<Self, ResultsError> {
        let file = File::open(path).map_err(|e| io(path, e))?;
        let file = SerializedFileReader::new(file).map_err(|e| io(path, e))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let flat = |at| {
            schema.column(at).max_rep_level() == 0 && schema.column(at).path().parts().len() == 1
        };
        if !(0..schema.num_columns()).all(flat) {
            return Err(io(
                path,
                "found columns within columns, expected a plain table",
            ));
        }
        Ok(Self { file, next: 0 })
    }

    /// Names of the columns.
    pub fn names(&self) -> Vec<String> {
        let schema = self.file.metadata().file_metadata().schema_descr();
        schema
            .columns()
            .iter()
            .map(|c| c.name().to_string())
            .collect()
    }

    fn group(&self, at: usize) -> Result<TableBatch> {
        let group = self.file.get_row_group(at)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
        let mut columns = Vec::new();
        for at in 0..group.num_columns() {
            let declared = group.metadata().column(at).column_descr();
            let column = read(
                group.get_column_reader(at)?,
                rows,
                declared.max_def_level() > 0,
                declared.converted_type() == ConvertedType::UINT_32,
            )?;
            columns.push((declared.name().to_string(), column));
        }
        Ok(TableBatch { columns })
    }
}

impl Iterator for TableBatchReader {
    type Item = Result<TableBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.next;
        self.next += 1;
        (at < self.file.num_row_groups()).then(|| self.group(at))
    }
}

/// The values of a column of a group; `optional` where some may be missing.
fn read(column: ColumnReader, rows: usize, optional: bool, counts: bool) -> Result<ColumnValues> {
    let number = |found: Option<f64>| found.unwrap_or(f64::NAN);
    Ok(match column {
        ColumnReader::Int32ColumnReader(from) if counts => {
            let values = values(from, rows, optional)?.into_iter();
            let of = |v: i32| v.cast_unsigned();
            if optional {
                ColumnValues::CountsOrNone(values.map(|v| v.map(of)).collect())
            } else {
                ColumnValues::Counts(values.flatten().map(of).collect())
            }
        }
        ColumnReader::Int32ColumnReader(from) => {
            let values = values(from, rows, optional)?.into_iter();
            ColumnValues::Numbers(values.map(|v| number(v.map(f64::from))).collect())
        }
        ColumnReader::Int64ColumnReader(from) => {
            let values = values(from, rows, optional)?.into_iter();
            ColumnValues::Numbers(values.map(|v| number(v.map(|v| v as f64))).collect())
        }
        ColumnReader::FloatColumnReader(from) => {
            let values = values(from, rows, optional)?.into_iter();
            ColumnValues::Numbers(values.map(|v| number(v.map(f64::from))).collect())
        }
        ColumnReader::DoubleColumnReader(from) => {
            let values = values(from, rows, optional)?.into_iter();
            ColumnValues::Numbers(values.map(number).collect())
        }
        ColumnReader::BoolColumnReader(from) => {
            let values = values(from, rows, optional)?.into_iter();
            ColumnValues::Flags(values.map(Option::unwrap_or_default).collect())
        }
        ColumnReader::ByteArrayColumnReader(from) => {
            let mut texts = Vec::with_capacity(rows);
            for value in values(from, rows, optional)? {
                let text = match &value {
                    Some(bytes) => bytes.as_utf8()?,
                    None => "",
                };
                texts.push(text.to_string());
            }
            ColumnValues::Texts(texts)
        }
        ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
            let message = "found a column of another type, expected texts, numbers or flags";
            return Err(ParquetError::NYI(message.into()));
        }
    })
}

/// Every value of a column of a group; none where it is missing.
fn values<T: DataType>(
    mut column: ColumnReaderImpl<T>,
    rows: usize,
    optional: bool,
) -> Result<Vec<Option<T::T>>> {
    let (mut found, mut levels) = (Vec::new(), Vec::new());
    let mut read = 0;
    while read < rows {
        let levels = optional.then_some(&mut levels);
        let (more, ..) = column.read_records(rows - read, levels, None, &mut found)?;
        if more == 0 {
            return Err(ParquetError::EOF(format!(
                "found {read} rows, expected {rows}"
            )));
        }
        read += more;
    }
    if !optional {
        return Ok(found.into_iter().map(Some).collect());
    }
    let mut found = found.into_iter();
    let of = |level: i16| if level > 0 { found.next() } else { None };
    Ok(levels.into_iter().map(of).collect())
}
