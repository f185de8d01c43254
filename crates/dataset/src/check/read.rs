//! Reads the columns of one file, a row group after the other.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use fluxo_features::catalogue::TARGETS;
use parquet::basic::Type;
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{DataType, FloatType, Int32Type, Int64Type};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use super::CheckError;
use super::tally::{Key, Tally};

/// Values that are read at once.
const BATCH: usize = 8_192;

/// Shows the tally every value of a file; `on_rows` is told of the rows of each group.
pub(super) fn file(
    path: &Path,
    tally: &mut Tally,
    on_rows: &mut dyn FnMut(u64),
) -> Result<(), CheckError> {
    let failed = CheckError::parquet(path);
    let file = File::open(path).map_err(CheckError::disk(path))?;
    let reader = SerializedFileReader::new(file).map_err(&failed)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let places = schema.columns().iter().enumerate();
    let places = places
        .map(|(at, column)| {
            let is_nullable = column.max_def_level() > 0;
            (column.name().to_owned(), Place { at, physical: column.physical_type(), is_nullable })
        })
        .collect();
    for group in 0..reader.num_row_groups() {
        let reader = reader.get_row_group(group).map_err(&failed)?;
        let rows = Group { path, places: &places, reader: &*reader }.show(tally)?;
        on_rows(rows);
    }
    Ok(())
}

/// Where a column of a name stands, and what it holds.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    physical: Type,
    is_nullable: bool,
}

struct Group<'g> {
    path: &'g Path,
    places: &'g BTreeMap<String, Place>,
    reader: &'g dyn RowGroupReader,
}

impl Group<'_> {
    /// Returns how many rows it has.
    fn show(&self, tally: &mut Tally) -> Result<u64, CheckError> {
        let mut times = Vec::new();
        self.each::<Int64Type>("ts", |_, ts| times.extend_from_slice(ts))?;
        let mut numbers = Vec::new();
        self.each::<Int64Type>("seq", |_, seq| numbers.extend_from_slice(seq))?;
        let mut segments = Vec::new();
        self.each::<Int32Type>("segment_id", |_, id| segments.extend_from_slice(id))?;
        self.same_rows(times.len(), numbers.len())?;
        self.same_rows(times.len(), segments.len())?;
        for ((ts, seq), segment) in times.iter().zip(numbers).zip(segments) {
            tally.key(Key { ts: *ts, seq, segment });
        }
        for target in &TARGETS {
            self.label_ends(&format!("t1_{}", target.name), &times, tally)?;
        }
        for column in &mut tally.columns {
            if column.described.is_optional && !self.places.contains_key(&column.described.name) {
                continue;
            }
            column.found();
            let (name, mut rows) = (column.described.name.clone(), 0);
            self.each::<FloatType>(&name, |_, values| {
                rows += values.len();
                column.values(values);
            })?;
            self.same_rows(times.len(), rows)?;
        }
        Ok(times.len() as u64)
    }

    fn label_ends(&self, name: &str, times: &[i64], tally: &mut Tally) -> Result<(), CheckError> {
        let mut rows = 0;
        self.each::<Int64Type>(name, |present, ends| {
            let of_batch = times.get(rows..).unwrap_or_default();
            let labelled = of_batch.iter().zip(present).filter(|(_, present)| **present > 0);
            for ((ts, _), t1) in labelled.zip(ends) {
                tally.label_end(*ts, *t1);
            }
            rows += present.len();
        })?;
        self.same_rows(times.len(), rows)
    }

    /// The values of a column, batch by batch, with a level per row for one that may be null: 1 where
    /// there is a value.
    fn each<T: DataType>(
        &self,
        name: &str,
        mut on_batch: impl FnMut(&[i16], &[T::T]),
    ) -> Result<(), CheckError> {
        let fits = |place: &&Place| place.physical == T::get_physical_type();
        let Some(place) = self.places.get(name).filter(fits) else {
            return Err(CheckError::Column { path: self.path.to_owned(), name: name.to_owned() });
        };
        let failed = CheckError::parquet(self.path);
        let column = self.reader.get_column_reader(place.at).map_err(&failed)?;
        let mut column = get_typed_column_reader::<T>(column);
        let (mut values, mut present) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        loop {
            values.clear();
            present.clear();
            let levels = place.is_nullable.then_some(&mut present);
            let (rows, ..) =
                column.read_records(BATCH, levels, None, &mut values).map_err(&failed)?;
            if rows == 0 {
                return Ok(());
            }
            on_batch(&present, &values);
        }
    }

    fn same_rows(&self, stated: usize, found: usize) -> Result<(), CheckError> {
        if stated == found {
            return Ok(());
        }
        let (stated, found) = (stated as u64, found as u64);
        Err(CheckError::Rows { path: self.path.to_owned(), stated, found })
    }
}
