//! One file of a dataset: rows in, columns out, a row group at a time.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluxo_core::UnixNanos;
use fluxo_features::TARGET_COUNT;
use fluxo_lake::Digest;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;
use sha2::Digest as _;

use crate::columns::{Column, ColumnType, GROUP_ROWS, columns, message_type};
use crate::row::{Row, VALUES};
use crate::{AUX_COLUMNS, Error};

const ZSTD_LEVEL: i32 = 3;

/// What the rows of a file add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: u64,
    pub(crate) first: UnixNanos,
    pub(crate) last: UnixNanos,
    /// Whether the session of a row had been open before the stream began.
    pub(crate) is_partial: bool,
    /// Rows that training drops because their segment has just begun.
    pub(crate) cold: u64,
    /// Rows that are not there, because a later one is of the same moment.
    pub(crate) superseded: u64,
}

/// Writes one file; it is whole when [`PartWriter::close`] has returned.
pub(crate) struct PartWriter {
    path: PathBuf,
    file: SerializedFileWriter<HashedFile>,
    symbol: ByteArray,
    group: Group,
    tally: Option<Tally>,
}

impl PartWriter {
    pub(crate) fn create(path: &Path, symbol: &str) -> Result<Self, Error> {
        let file = File::create(path).map_err(Error::disk("create", path))?;
        let failed = Error::parquet(path);
        let open = || {
            let schema = Arc::new(parse_message_type(&message_type())?);
            SerializedFileWriter::new(HashedFile::new(file), schema, properties()?)
        };
        let file = open().map_err(failed)?;
        let group = Group::default();
        Ok(Self { path: path.to_owned(), file, symbol: symbol.into(), group, tally: None })
    }

    /// Adds a row; `seq` is its number in the dataset.
    pub(crate) fn push(&mut self, row: &Row, seq: i64) -> Result<(), Error> {
        let tally = self.tally.get_or_insert(Tally {
            rows: 0,
            first: row.ts,
            last: row.ts,
            is_partial: false,
            cold: 0,
            superseded: 0,
        });
        (tally.rows, tally.last) = (tally.rows + 1, row.ts);
        tally.is_partial |= row.is_partial_session;
        tally.cold += u64::from(!row.is_warm);
        tally.superseded += row.superseded;
        self.group.push(row, seq);
        if self.group.len() == GROUP_ROWS { self.flush() } else { Ok(()) }
    }

    /// What it holds so far; `None` without a row.
    pub(crate) const fn tally(&self) -> Option<Tally> {
        self.tally
    }

    /// Writes the rest, with facts about the file in the order given. Returns the hash of the file,
    /// when everything is on the medium.
    pub(crate) fn close(mut self, facts: Vec<(String, String)>) -> Result<Digest, Error> {
        self.flush()?;
        for (key, value) in facts {
            self.file.append_key_value_metadata(KeyValue::new(key, value));
        }
        let path = self.path;
        let file = self.file.into_inner().map_err(Error::parquet(&path))?;
        file.finish().map_err(Error::disk("write", &path))
    }

    fn flush(&mut self) -> Result<(), Error> {
        let (group, symbol) = (&self.group, &self.symbol);
        if group.len() == 0 {
            return Ok(());
        }
        let mut write = || {
            let mut writer = GroupWriter { group: self.file.next_row_group()? };
            group.write(symbol, &mut writer)?;
            writer.group.close().map(drop)
        };
        write().map_err(Error::parquet(&self.path))?;
        self.group.clear();
        Ok(())
    }
}

/// Floats have no dictionary: their values hardly repeat. Times and numbers are close to their
/// neighbours.
fn properties() -> Result<WriterPropertiesPtr, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(GROUP_ROWS));
    for Column { name, kind, .. } in columns() {
        let path = ColumnPath::from(name);
        properties = match kind {
            ColumnType::Timestamp | ColumnType::Int64 => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            ColumnType::Float | ColumnType::Double | ColumnType::Boolean => {
                properties.set_column_dictionary_enabled(path, false)
            }
            ColumnType::Int32 | ColumnType::Int8 | ColumnType::Text => properties,
        };
    }
    Ok(Arc::new(properties.build()))
}

/// Values of the rows that have one, and which those are.
#[derive(Default)]
struct Nullable<T> {
    values: Vec<T>,
    present: Vec<i16>,
}

impl<T> Nullable<T> {
    fn push(&mut self, value: Option<T>) {
        self.present.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    fn clear(&mut self) {
        self.values.clear();
        self.present.clear();
    }
}

/// Rows that wait to be written, column by column.
#[derive(Default)]
struct Group {
    ts: Vec<i64>,
    seq: Vec<i64>,
    session: Vec<i32>,
    segment: Vec<i32>,
    warm: Vec<bool>,
    regime: Vec<i32>,
    values: Vec<Vec<f32>>,
    targets: [Nullable<f32>; TARGET_COUNT],
    ends: [Nullable<i64>; TARGET_COUNT],
    weights: [Nullable<f32>; TARGET_COUNT],
    aux: [Nullable<f64>; AUX_COLUMNS.len()],
}

impl Group {
    fn len(&self) -> usize {
        self.ts.len()
    }

    fn push(&mut self, row: &Row, seq: i64) {
        self.ts.push(row.ts.get());
        self.seq.push(seq);
        self.session.push(row.session);
        self.segment.push(i32::try_from(row.segment).expect("segments of a recording"));
        self.warm.push(row.is_warm);
        self.regime.push(i32::from(row.regime));
        self.values.resize_with(VALUES, Vec::new);
        for (column, value) in self.values.iter_mut().zip(row.values) {
            column.push(value);
        }
        for (target, label) in row.labels.into_iter().map(Result::ok).enumerate() {
            self.targets[target].push(label.map(|label| label.value));
            self.ends[target].push(label.map(|label| label.t1));
            self.weights[target].push(label.and_then(|label| label.uniqueness));
        }
        let touch = row.touch;
        let aux = touch.map(|touch| [touch.bid, touch.ask, touch.mid, touch.half_spread_bps]);
        for (at, column) in self.aux.iter_mut().enumerate() {
            column.push(aux.map(|aux| aux[at]));
        }
    }

    fn clear(&mut self) {
        [&mut self.ts, &mut self.seq].into_iter().for_each(Vec::clear);
        [&mut self.session, &mut self.segment, &mut self.regime].into_iter().for_each(Vec::clear);
        self.warm.clear();
        self.values.iter_mut().for_each(Vec::clear);
        self.targets.iter_mut().chain(&mut self.weights).for_each(Nullable::clear);
        self.ends.iter_mut().for_each(Nullable::clear);
        self.aux.iter_mut().for_each(Nullable::clear);
    }

    /// The columns in the order of [`columns`].
    fn write(&self, symbol: &ByteArray, to: &mut GroupWriter<'_>) -> Result<(), ParquetError> {
        to.column::<Int64Type>(&self.ts, None)?;
        to.column::<Int64Type>(&self.seq, None)?;
        to.column::<ByteArrayType>(&vec![symbol.clone(); self.len()], None)?;
        to.column::<Int32Type>(&self.session, None)?;
        to.column::<Int32Type>(&self.segment, None)?;
        to.column::<BoolType>(&self.warm, None)?;
        to.column::<Int32Type>(&self.regime, None)?;
        self.values.iter().try_for_each(|column| to.column::<FloatType>(column, None))?;
        self.targets.iter().try_for_each(|column| to.nullable::<FloatType>(column))?;
        self.ends.iter().try_for_each(|column| to.nullable::<Int64Type>(column))?;
        self.weights.iter().try_for_each(|column| to.nullable::<FloatType>(column))?;
        self.aux.iter().try_for_each(|column| to.nullable::<DoubleType>(column))
    }
}

struct GroupWriter<'a> {
    group: SerializedRowGroupWriter<'a, HashedFile>,
}

impl GroupWriter<'_> {
    fn nullable<T: DataType>(&mut self, column: &Nullable<T::T>) -> Result<(), ParquetError> {
        self.column::<T>(&column.values, Some(&column.present))
    }

    fn column<T: DataType>(
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

/// A file, and the hash of what was written to it.
struct HashedFile {
    file: BufWriter<File>,
    hash: sha2::Sha256,
}

impl HashedFile {
    fn new(file: File) -> Self {
        Self { file: BufWriter::with_capacity(1 << 20, file), hash: sha2::Sha256::new() }
    }

    fn finish(self) -> io::Result<Digest> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(Digest::new(self.hash.finalize().into()))
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
