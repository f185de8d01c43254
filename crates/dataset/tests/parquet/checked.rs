//! What is wrong with a dataset is found, and what is right is left alone.

use std::fs::File;
use std::path::{Path, PathBuf};

use fluxo_dataset::{CheckError, DatasetCheck, check_dataset};
use fluxo_report::Exit;
use parquet::basic::Type;
use parquet::column::reader::{ColumnReader, get_typed_column_reader};
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};

use crate::support::write;

/// A dataset of one day: two minutes, a row each 500 ms.
fn dataset(folder: &Path) -> PathBuf {
    let capture = fluxo_test_data::synthetic_capture(folder, "BTCUSDT", 2_400);
    write(&[capture], 500, &folder.join("out")).unwrap().path
}

fn check(dataset: &Path) -> DatasetCheck {
    check_dataset(dataset, &mut |_| ()).unwrap()
}

fn refused(dataset: &Path) -> CheckError {
    check_dataset(dataset, &mut |_| ()).unwrap_err()
}

/// A column, and what is done to its values.
type Edit<'e, T> = (&'e str, fn(&mut [T]));

/// Columns whose values a test changes, each with what is done to them.
#[derive(Default)]
struct Edits<'e> {
    floats: Vec<Edit<'e, f32>>,
    longs: Vec<Edit<'e, i64>>,
    without: Option<&'e str>,
}

/// Writes the only part of a dataset anew with other values, and its manifest to go with it.
fn rewrite(dataset: &Path, edits: &Edits<'_>) {
    let part = part_of(dataset);
    let new = part.with_extension("new");
    let reader = SerializedFileReader::new(File::open(&part).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let mut fields = schema.get_fields().to_vec();
    fields.retain(|field| Some(field.name()) != edits.without);
    let schema = parquet::schema::types::Type::group_type_builder("dataset")
        .with_fields(fields)
        .build()
        .unwrap();
    let properties = WriterProperties::builder().build();
    let file = File::create(&new).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema.into(), properties.into()).unwrap();
    for group in 0..reader.num_row_groups() {
        let from = reader.get_row_group(group).unwrap();
        let mut to = writer.next_row_group().unwrap();
        for at in 0..from.num_columns() {
            let description = from.metadata().column(at).column_descr_ptr();
            let (name, nullable) = (description.name(), description.max_def_level() > 0);
            if Some(name) == edits.without {
                continue;
            }
            let column = from.get_column_reader(at).unwrap();
            let to = to.next_column().unwrap().unwrap();
            let copy = Copy { column, to, nullable };
            match description.physical_type() {
                Type::FLOAT => copy.run::<FloatType>(|values| {
                    edits.floats.iter().filter(|(of, _)| *of == name).for_each(|(_, e)| e(values));
                }),
                Type::INT64 => copy.run::<Int64Type>(|values| {
                    edits.longs.iter().filter(|(of, _)| *of == name).for_each(|(_, e)| e(values));
                }),
                Type::INT32 => copy.run::<Int32Type>(|_| ()),
                Type::DOUBLE => copy.run::<DoubleType>(|_| ()),
                Type::BOOLEAN => copy.run::<BoolType>(|_| ()),
                Type::BYTE_ARRAY => copy.run::<ByteArrayType>(|_| ()),
                other => panic!("no column of a dataset is {other}"),
            }
        }
        to.close().unwrap();
    }
    writer.close().unwrap();
    std::fs::rename(new, &part).unwrap();
    seal(dataset);
}

struct Copy<'w> {
    column: ColumnReader,
    to: SerializedColumnWriter<'w>,
    nullable: bool,
}

impl Copy<'_> {
    fn run<T: DataType>(mut self, edit: impl Fn(&mut [T::T])) {
        let mut column = get_typed_column_reader::<T>(self.column);
        let (mut values, mut present) = (Vec::new(), Vec::new());
        let levels = self.nullable.then_some(&mut present);
        column.read_records(1 << 20, levels, None, &mut values).unwrap();
        edit(&mut values);
        let levels = self.nullable.then_some(present.as_slice());
        self.to.typed::<T>().write_batch(&values, levels, None).unwrap();
        self.to.close().unwrap();
    }
}

/// Makes the manifest say the hash that its part has.
fn seal(dataset: &Path) {
    let path = dataset.join("dataset.json");
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let part = part_of(dataset);
    let sha256 = fluxo_lake::Digest::of(&std::fs::read(&part).unwrap()).to_string();
    let name = part.file_name().unwrap().to_str().unwrap();
    manifest["files"][name]["sha256"] = sha256.into();
    std::fs::write(path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

fn part_of(dataset: &Path) -> PathBuf {
    let entries = std::fs::read_dir(dataset).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.extension().is_some_and(|e| e == "parquet")).unwrap()
}

#[test]
fn what_the_engine_wrote_is_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = dataset(folder.path());
    let found = check(&folder.path().join("out"));
    assert_eq!((found.path.as_path(), found.files, found.rows), (path.as_path(), 1, 240));
    assert_eq!(found.fault(), None);
    let column = |name: &str| found.columns.iter().find(|column| column.name == name).unwrap();
    let imbalance = column("imbalance");
    assert_eq!((imbalance.valid, imbalance.is_constant, imbalance.is_built), (240, false, true));
    assert!(imbalance.min.unwrap() >= -1.0 && imbalance.max.unwrap() <= 1.0, "{imbalance:?}");
    // The best prices of the synthetic market are always a tick apart.
    assert!(column("spread_abs").is_constant);
    let hour = column("ofi_60m");
    assert_eq!((hour.valid, hour.min, hour.is_constant), (0, None, false));
    // A copy of it says the same through a rewriting that changes nothing.
    rewrite(&path, &Edits::default());
    assert_eq!(check(&path), found);
}

#[test]
fn values_that_no_feature_has_are_faults() {
    let folder = tempfile::tempdir().unwrap();
    let path = dataset(folder.path());
    rewrite(
        &path,
        &Edits {
            floats: vec![
                ("imbalance", |values| values[3] = 1.25),
                ("depth_imbalance", |values| (values[3], values[5]) = (-7.0, -7.0)),
                ("spread_abs", |values| values[0] = f32::INFINITY),
            ],
            ..Edits::default()
        },
    );
    let found = check(&path);
    assert_eq!(
        found.fault().unwrap(),
        "1 values of spread_abs are infinite; 3 values of imbalance and 1 more are out of range"
    );
}

#[test]
fn rows_and_labels_out_of_order_are_faults() {
    let folder = tempfile::tempdir().unwrap();
    let path = dataset(folder.path());
    rewrite(
        &path,
        &Edits {
            longs: vec![
                ("ts", |ts| (ts[7], ts[20]) = (ts[6], ts[3])),
                ("seq", |seq| seq[7] = seq[6]),
                ("t1_fwd_ret_1s", |ends| ends[0] = 0),
            ],
            ..Edits::default()
        },
    );
    let found = check(&path).order;
    assert_eq!((found.twice, found.rows_not_after), (1, 1));
    assert_eq!((found.seq_not_after, found.labels_not_after), (0, 1));
}

#[test]
fn what_is_no_whole_dataset_is_refused_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let empty = refused(folder.path());
    assert!(matches!(empty, CheckError::None { .. }), "{empty}");
    assert_eq!(empty.into_failure().exit(), Exit::Usage);
    let path = dataset(folder.path());
    let damaged = |what: &dyn Fn(CheckError) -> bool| {
        let error = refused(&path);
        let shown = error.to_string();
        assert!(what(error), "{shown}");
        assert_eq!(refused(&path).into_failure().exit(), Exit::Damaged, "{shown}");
    };
    let part = part_of(&path);
    let whole = std::fs::read(&part).unwrap();
    std::fs::write(path.join("part-19990101.parquet"), "").unwrap();
    damaged(&|error| matches!(error, CheckError::Unlisted { .. }));
    std::fs::remove_file(path.join("part-19990101.parquet")).unwrap();
    std::fs::write(&part, &whole[..whole.len() - 1]).unwrap();
    damaged(&|error| matches!(error, CheckError::Changed { .. }));
    seal(&path);
    damaged(&|error| matches!(error, CheckError::Parquet { .. }));
    std::fs::write(&part, &whole).unwrap();
    rewrite(&path, &Edits { without: Some("ofi_1s"), ..Edits::default() });
    damaged(&|error| matches!(error, CheckError::Column { .. }));
    std::fs::remove_file(&part).unwrap();
    damaged(&|error| matches!(error, CheckError::Missing { .. }));
    std::fs::write(path.join("dataset.json"), "{}").unwrap();
    damaged(&|error| matches!(error, CheckError::Manifest { .. }));
}

#[test]
fn several_datasets_are_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let path = dataset(folder.path());
    let other = path.with_file_name("OTHER");
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(path.join("dataset.json"), other.join("dataset.json")).unwrap();
    let several = refused(&folder.path().join("out"));
    assert!(several.to_string().contains("several datasets"), "{several}");
    assert_eq!(several.into_failure().exit(), Exit::Usage);
}
