//! Reads the columns of one file, a row group after the other.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use parquet::basic::Type;
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::DataType;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use super::CheckError;

/// An open file.
pub(super) struct Part<'p> {
    path: &'p Path,
    reader: SerializedFileReader<File>,
    places: BTreeMap<String, Place>,
}

/// Where a column of a name stands, and what it holds.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    physical: Type,
    is_nullable: bool,
}

impl<'p> Part<'p> {
    pub(super) fn open(path: &'p Path) -> Result<Self, CheckError> {
        let file = File::open(path).map_err(CheckError::disk(path))?;
        let reader = SerializedFileReader::new(file).map_err(CheckError::parquet(path))?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let places = schema.columns().iter().enumerate();
        let places = places
            .map(|(at, column)| {
                let is_nullable = column.max_def_level() > 0;
                let physical = column.physical_type();
                (column.name().to_owned(), Place { at, physical, is_nullable })
            })
            .collect();
        Ok(Self { path, reader, places })
    }

    /// What the file says of itself, by key.
    pub(super) fn says(&self) -> BTreeMap<&str, &str> {
        let said = self.reader.metadata().file_metadata().key_value_metadata();
        let said = said.into_iter().flatten();
        said.filter_map(|said| Some((said.key.as_str(), said.value.as_deref()?))).collect()
    }

    pub(super) fn groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    pub(super) fn group(&self, number: usize) -> Result<Group<'_>, CheckError> {
        let reader = self.reader.get_row_group(number).map_err(CheckError::parquet(self.path))?;
        let rows = usize::try_from(reader.metadata().num_rows()).unwrap_or(0);
        Ok(Group { path: self.path, places: &self.places, reader, rows })
    }
}

/// The rows of one group.
pub(super) struct Group<'p> {
    path: &'p Path,
    places: &'p BTreeMap<String, Place>,
    reader: Box<dyn RowGroupReader + 'p>,
    pub(super) rows: usize,
}

impl Group<'_> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The values of a column, one for each row; none where it is null.
    pub(super) fn column<T: DataType>(&self, name: &str) -> Result<Vec<Option<T::T>>, CheckError> {
        let fits = |place: &&Place| place.physical == T::get_physical_type();
        let Some(place) = self.places.get(name).filter(fits) else {
            return Err(CheckError::Column { path: self.path.to_owned(), name: name.to_owned() });
        };
        let failed = CheckError::parquet(self.path);
        let column = self.reader.get_column_reader(place.at).map_err(&failed)?;
        let mut column = get_typed_column_reader::<T>(column);
        let (mut values, mut present) = (Vec::with_capacity(self.rows), Vec::new());
        loop {
            let levels = place.is_nullable.then_some(&mut present);
            let (rows, ..) =
                column.read_records(self.rows, levels, None, &mut values).map_err(&failed)?;
            if rows == 0 {
                break;
            }
        }
        let found = if place.is_nullable { present.len() } else { values.len() };
        if found != self.rows {
            let (stated, found) = (self.rows as u64, found as u64);
            return Err(CheckError::Rows { path: self.path.to_owned(), stated, found });
        }
        if !place.is_nullable {
            return Ok(values.into_iter().map(Some).collect());
        }
        let mut values = values.into_iter();
        Ok(present.into_iter().map(|level| if level > 0 { values.next() } else { None }).collect())
    }
}
