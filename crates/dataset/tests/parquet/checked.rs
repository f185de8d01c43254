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

fn lines(found: &DatasetCheck) -> Vec<String> {
    found.damages.iter().map(ToString::to_string).collect()
}

fn sorted(dataset: &Path) -> Vec<String> {
    let mut lines = lines(&check(dataset));
    lines.sort();
    lines
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
    doubles: Vec<Edit<'e, f64>>,
    longs: Vec<Edit<'e, i64>>,
    ints: Vec<Edit<'e, i32>>,
    /// Keys of the file's metadata, and what they say then.
    facts: Vec<(&'e str, &'e str)>,
    without: Option<&'e str>,
}

/// Writes the only part of a dataset anew with other values, and its manifest to go with it.
fn rewrite(dataset: &Path, edits: &Edits<'_>) {
    rewrite_part(&part_of(dataset), edits);
    seal(dataset);
}

fn rewrite_part(part: &Path, edits: &Edits<'_>) {
    let new = part.with_extension("new");
    let reader = SerializedFileReader::new(File::open(part).unwrap()).unwrap();
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
                Type::FLOAT => copy.run::<FloatType>(|values| apply(&edits.floats, name, values)),
                Type::INT64 => copy.run::<Int64Type>(|values| apply(&edits.longs, name, values)),
                Type::INT32 => copy.run::<Int32Type>(|values| apply(&edits.ints, name, values)),
                Type::DOUBLE => {
                    copy.run::<DoubleType>(|values| apply(&edits.doubles, name, values));
                }
                Type::BOOLEAN => copy.run::<BoolType>(|_| ()),
                Type::BYTE_ARRAY => copy.run::<ByteArrayType>(|_| ()),
                other => panic!("no column of a dataset is {other}"),
            }
        }
        to.close().unwrap();
    }
    let said = reader.metadata().file_metadata().key_value_metadata().unwrap();
    for mut said in said.iter().cloned() {
        if let Some((_, other)) = edits.facts.iter().find(|(key, _)| *key == said.key) {
            said.value = Some((*other).to_owned());
        }
        writer.append_key_value_metadata(said);
    }
    writer.close().unwrap();
    std::fs::rename(new, part).unwrap();
}

fn apply<T>(edits: &[Edit<'_, T>], name: &str, values: &mut [T]) {
    edits.iter().filter(|(of, _)| *of == name).for_each(|(_, edit)| edit(values));
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

/// Makes the manifest say the hashes that its parts have.
fn seal(dataset: &Path) {
    let path = dataset.join("dataset.json");
    let mut manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for part in parts_of(dataset) {
        let sha256 = fluxo_lake::Digest::of(&std::fs::read(&part).unwrap()).to_string();
        let name = part.file_name().unwrap().to_str().unwrap();
        manifest["files"][name]["sha256"] = sha256.into();
    }
    std::fs::write(path, serde_json::to_vec(&manifest).unwrap()).unwrap();
}

fn parts_of(dataset: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dataset).unwrap().map(|entry| entry.unwrap().path());
    let mut parts: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "parquet")).collect();
    parts.sort();
    parts
}

fn part_of(dataset: &Path) -> PathBuf {
    parts_of(dataset).remove(0)
}

#[test]
fn what_the_engine_wrote_is_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = dataset(folder.path());
    let found = check(&folder.path().join("out"));
    assert_eq!((found.path.as_path(), found.files, found.rows), (path.as_path(), 1, 240));
    assert_eq!(lines(&found), [""; 0]);
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
    let wanted = [
        "depth_imbalance in 2 rows, first in row 3: outside of -1 to 1",
        "imbalance in row 3: outside of -1 to 1",
        "spread_abs in row 0: infinite",
    ];
    assert_eq!(sorted(&path), wanted);
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
    let wanted = [
        "seq in row 7: ts and seq of the row before",
        "t1_fwd_ret_1s in row 0: not after its row",
        "ts in row 20: not after the row before in its segment",
    ];
    // A row at an earlier time ends too far away as well.
    let mut found = sorted(&path);
    found.retain(|line| !line.contains("looks ahead"));
    assert_eq!(found, wanted);
}

/// What was planted into one column is found there, and in what is made of it.
#[track_caller]
fn check_plant(dataset: &Path, edits: &Edits<'_>, wanted: &[&str]) {
    let whole = std::fs::read(part_of(dataset)).unwrap();
    rewrite(dataset, edits);
    assert_eq!(sorted(dataset), wanted);
    std::fs::write(part_of(dataset), whole).unwrap();
    seal(dataset);
}

fn floats<'e>(column: &'e str, edit: fn(&mut [f32])) -> Edits<'e> {
    Edits { floats: vec![(column, edit)], ..Edits::default() }
}

#[test]
fn labels_ends_and_weights_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = dataset(folder.path());
    let infinite = floats("fwd_ret_1s", |values| values[9] = f32::INFINITY);
    check_plant(&path, &infinite, &["fwd_ret_1s in row 9: infinite"]);
    let nan = floats("fwd_ret_1s", |values| (values[9], values[11]) = (f32::NAN, f32::NAN));
    let wanted = "fwd_ret_1s in 2 rows, first in row 9: NaN, where no value is null";
    check_plant(&path, &nan, &[wanted]);
    let below = floats("fut_rv_30s", |values| values[0] = -1.0);
    check_plant(&path, &below, &["fut_rv_30s in row 0: below 0"]);
    let weight = floats("u_fwd_ret_1s", |values| values[5] = -1.0);
    check_plant(&path, &weight, &["u_fwd_ret_1s in row 5: not above 0 and at most 1"]);
    let far: fn(&mut [i64]) = |ends| ends[5] += 1;
    let far = Edits { longs: vec![("t1_fwd_ret_1s", far)], ..Edits::default() };
    check_plant(&path, &far, &["t1_fwd_ret_1s in row 5: later than the target looks ahead"]);
}

#[test]
fn keys_and_prices_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = dataset(folder.path());
    let trend = Edits { ints: vec![("regime", |values| values[5] = 7)], ..Edits::default() };
    check_plant(&path, &trend, &["regime in row 5: none of -1, 0, 1, 2"]);
    let day = Edits { ints: vec![("session_id", |days| days[5] += 1)], ..Edits::default() };
    check_plant(&path, &day, &["session_id in row 5: not the UTC day of ts"]);
    let wanted = [
        "bid in row 5: not below ask",
        "half_spread_bps in row 5: not half of what bid and ask are apart",
        "mid in row 5: not halfway between bid and ask",
        "spread_bps in row 5: not what bid and ask are apart",
    ];
    let bid = Edits { doubles: vec![("bid", |values| values[5] = 1e9)], ..Edits::default() };
    check_plant(&path, &bid, &wanted);
    let wanted = [
        "mid in row 5: NaN, where no value is null",
        "mid in row 5: not halfway between bid and ask",
    ];
    let mid = Edits { doubles: vec![("mid", |values| values[5] = f64::NAN)], ..Edits::default() };
    check_plant(&path, &mid, &wanted);
    let undefined = floats("spread_abs", |values| values[5..8].fill(f32::NAN));
    let wanted = "spread_abs in 3 rows, first in row 5: NaN, though bid and ask have values";
    check_plant(&path, &undefined, &[wanted]);
}

#[test]
fn what_a_dataset_says_of_itself_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = dataset(folder.path());
    let part = part_of(&path).file_name().unwrap().to_str().unwrap().to_owned();
    let facts = |key, said| Edits { facts: vec![(key, said)], ..Edits::default() };
    let wanted = format!("{part} ds.rows: says 5, the rows say 240");
    check_plant(&path, &facts("ds.rows", "5"), &[&wanted]);
    let wanted = format!("{part} ds.clock: not what dataset.json says");
    check_plant(&path, &facts("ds.clock", "{}"), &[&wanted]);
    let manifest = path.join("dataset.json");
    let text = std::fs::read(&manifest).unwrap();
    let mut said: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let labelled = said["labels"]["fwd_ret_1s"]["labelled"].take();
    said["ds.rows"] = 7.into();
    said["files"][&part]["rows"] = 8.into();
    said["labels"]["fwd_ret_1s"]["labelled"] = 9.into();
    std::fs::write(&manifest, said.to_string()).unwrap();
    let wanted = [
        format!("dataset.json files {part} rows: says 8, the rows say 240"),
        "dataset.json ds.rows: says 7, the rows say 240".to_owned(),
        format!("fwd_ret_1s: {labelled} labels, dataset.json says 9"),
    ];
    let mut found = sorted(&path);
    found.retain(|line| !line.contains("ds.rows: not what"));
    let mut wanted = wanted.to_vec();
    wanted.sort();
    assert_eq!(found, wanted);
}

#[test]
fn a_feature_without_a_value_is_asked_whether_it_had_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 15_000);
    let path = write(&[capture], 1_000, &folder.path().join("out")).unwrap().path;
    let whole: Vec<(PathBuf, Vec<u8>)> = parts_of(&path)
        .into_iter()
        .map(|part| (part.clone(), std::fs::read(part).unwrap()))
        .collect();
    let found = |column: &str| {
        for (part, bytes) in &whole {
            std::fs::write(part, bytes).unwrap();
            rewrite_part(part, &floats(column, |values| values.fill(f32::NAN)));
        }
        seal(&path);
        sorted(&path)
    };
    for column in ["depth_imbalance", "ofi_5m", "rv_60s", "cum_delta", "trade_intensity_10s"] {
        let wanted = format!("{column}: NaN in every row, though what it needs is there");
        assert_eq!(found(column), [wanted]);
    }
    // An hour of order flow is not there, and nothing tells of the buckets of VPIN.
    for column in ["ofi_60m", "vpin"] {
        assert_eq!(found(column), [""; 0]);
    }
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
