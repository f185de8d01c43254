//! Writes datasets, and reads them back.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use fluxo_dataset::{Dataset, Error, write_dataset};
use fluxo_session::{EngineFile, Inputs, Instruments, Selection};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

/// The shipped configuration with a row every so many milliseconds.
pub(crate) fn engine(every_ms: u64) -> EngineFile {
    clocked(&format!("time:{every_ms}"))
}

/// The shipped configuration with another clock.
pub(crate) fn clocked(clock: &str) -> EngineFile {
    EngineFile::load(None, &[format!("rows.clock={clock}")]).unwrap()
}

pub(crate) fn inputs(files: &[PathBuf]) -> Inputs {
    Inputs::find(files, &Selection::default()).unwrap()
}

pub(crate) fn write(files: &[PathBuf], every_ms: u64, out: &Path) -> Result<Dataset, Error> {
    let instruments = Instruments::load(None).unwrap();
    write_dataset(&inputs(files), &instruments, &engine(every_ms), out, &mut |_| ())
}

/// Cells of one row by the names of their columns.
pub(crate) type Cells = BTreeMap<String, Field>;

/// Every row of every file, in order.
pub(crate) fn rows(dataset: &Dataset) -> Vec<Cells> {
    let files = dataset.manifest.files.keys().map(|name| dataset.path.join(name));
    files.flat_map(|file| rows_of(&file)).collect()
}

fn rows_of(file: &Path) -> Vec<Cells> {
    let reader = open(file);
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let row = row.unwrap();
        row.get_column_iter().map(|(name, field)| (name.clone(), field.clone())).collect()
    });
    rows.collect()
}

pub(crate) fn open(file: &Path) -> SerializedFileReader<File> {
    SerializedFileReader::new(File::open(file).unwrap()).unwrap()
}

/// Twelve and a half minutes around midnight: directions get warm, and there are two days.
pub(crate) fn long_capture(folder: &Path) -> PathBuf {
    fluxo_test_data::synthetic_capture(folder, "BTCUSDT", 15_000)
}

/// The files of a folder with their bytes.
pub(crate) fn bytes_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}
