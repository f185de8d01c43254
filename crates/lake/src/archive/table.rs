//! Columns of Parquet files, in and out: the part of that format that this crate uses.
//!
//! Files are built and read in memory, a part at a time; a part has limits, so a file has too. The
//! bytes of a file depend on its rows alone.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use crate::Error;

/// A balance of size and speed: a stronger level saves a tenth and takes twice as long.
const ZSTD_LEVEL: i32 = 3;

/// Builds one file in memory.
pub(super) struct TableWriter {
    path: PathBuf,
    file: SerializedFileWriter<Vec<u8>>,
}

/// A row group that is being written, column by column.
pub(super) struct GroupWriter<'a> {
    group: SerializedRowGroupWriter<'a, Vec<u8>>,
}

/// What a file says besides its rows, in the order in which it is written.
pub(super) type Facts<'a> = &'a [(&'static str, String)];

impl TableWriter {
    /// A table of that schema. `deltas` names the columns whose neighbours are close to each other.
    pub(super) fn new(
        path: &Path,
        schema: &str,
        deltas: &[&str],
        facts: Facts<'_>,
    ) -> Result<Self, Error> {
        let failed = |source| Error::parquet(path, source);
        let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(failed)?;
        let facts =
            facts.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone()));
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_key_value_metadata(Some(facts.collect()));
        for column in deltas {
            let column = ColumnPath::from(*column);
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
        }
        let schema = Arc::new(parse_message_type(schema).map_err(failed)?);
        let file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()));
        Ok(Self { path: path.to_owned(), file: file.map_err(failed)? })
    }

    /// Adds a row group, whose columns `write` gives in the order of the schema.
    pub(super) fn group(
        &mut self,
        write: impl FnOnce(&mut GroupWriter<'_>) -> Result<(), ParquetError>,
    ) -> Result<(), Error> {
        let path = &self.path;
        let add = || {
            let mut group = GroupWriter { group: self.file.next_row_group()? };
            write(&mut group)?;
            group.group.close().map(drop)
        };
        add().map_err(|source| Error::parquet(path, source))
    }

    /// The bytes of the file.
    pub(super) fn finish(self) -> Result<Vec<u8>, Error> {
        self.file.into_inner().map_err(|source| Error::parquet(&self.path, source))
    }
}

impl GroupWriter<'_> {
    /// The next column. `present` has a 1 for every row with a value and a 0 for every other, or is
    /// `None` for a column that has a value in every row.
    pub(super) fn column<T: DataType>(
        &mut self,
        values: &[T::T],
        present: Option<&[i16]>,
    ) -> Result<(), ParquetError> {
        let column = self.group.next_column()?;
        let mut column = column.expect("the schema has a column for all that is written");
        column.typed::<T>().write_batch(values, present, None)?;
        column.close()
    }
}

/// A file that is read from memory.
pub(super) struct TableReader {
    path: PathBuf,
    file: SerializedFileReader<Bytes>,
}

impl TableReader {
    /// The table in `bytes`, which are the content of the file at `path`.
    pub(super) fn new(path: &Path, bytes: Bytes) -> Result<Self, Error> {
        let file = SerializedFileReader::new(bytes);
        let file = file.map_err(|source| Error::parquet(path, source))?;
        Ok(Self { path: path.to_owned(), file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> u64 {
        u64::try_from(self.file.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// What the file says besides its rows.
    pub(super) fn fact(&self, key: &str) -> Option<&str> {
        let facts = self.file.metadata().file_metadata().key_value_metadata()?;
        facts.iter().find(|fact| fact.key == key)?.value.as_deref()
    }

    /// A column, by its place in the schema, which has to be of type `T`.
    pub(super) fn column<T: DataType>(&self, place: usize) -> Result<Column<T>, Error> {
        let columns = self.file.metadata().file_metadata().schema_descr().columns();
        let matches =
            columns.get(place).is_some_and(|c| c.physical_type() == T::get_physical_type());
        if !matches {
            let message = format!("column {place} has another type than we write");
            return Err(Error::parquet(&self.path, ParquetError::General(message)));
        }
        Ok(Column { place, next_group: 0, reader: None, values: Vec::new(), present: Vec::new() })
    }
}

/// A column that is read in batches, across row groups.
pub(super) struct Column<T: DataType> {
    place: usize,
    next_group: usize,
    reader: Option<ColumnReaderImpl<T>>,
    values: Vec<T::T>,
    present: Vec<i16>,
}

impl<T: DataType> Column<T> {
    /// Replaces the batch by the next `rows` rows of the column.
    pub(super) fn read(&mut self, table: &TableReader, rows: usize) -> Result<(), Error> {
        self.values.clear();
        self.present.clear();
        let mut left = rows;
        let mut fill = || {
            while left > 0 {
                let Some(reader) = &mut self.reader else {
                    if self.next_group == table.file.num_row_groups() {
                        return Err(ParquetError::EOF(format!("{left} rows are missing")));
                    }
                    let group = table.file.get_row_group(self.next_group)?;
                    let column = group.get_column_reader(self.place)?;
                    self.reader = Some(get_typed_column_reader(column));
                    self.next_group += 1;
                    continue;
                };
                let (read, ..) =
                    reader.read_records(left, Some(&mut self.present), None, &mut self.values)?;
                if read == 0 {
                    self.reader = None;
                }
                left -= read;
            }
            Ok(())
        };
        fill().map_err(|source| Error::parquet(&table.path, source))
    }

    /// The values of the batch: of every row, or of every row that has one.
    pub(super) fn values(&self) -> &[T::T] {
        &self.values
    }
}

impl<T: DataType> Column<T>
where
    T::T: Copy + Default,
{
    /// Moves the values of a column with gaps to the places of their rows; a gap has the default.
    pub(super) fn spread(&mut self) {
        let (rows, mut next) = (self.present.len(), self.values.len());
        if next == rows {
            return;
        }
        self.values.resize(rows, T::T::default());
        if next == 0 {
            return;
        }
        for row in (0..rows).rev() {
            self.values[row] = if self.present[row] == 1 {
                next -= 1;
                self.values[next]
            } else {
                T::T::default()
            };
        }
    }

    /// The value of a row of the batch, after [`Self::spread`]; `None` where there is none.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<T::T> {
        (self.present[row] == 1).then(|| self.values[row])
    }
}
