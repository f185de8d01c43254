//! What the files say of themselves, and how they are built.

use fluxo_dataset::{ColumnType, GROUP_ROWS, columns};
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::FileReader;
use serde_json::{Value, json};

use crate::support::{bytes_in, long_capture, open, write};

fn facts_of(reader: &impl FileReader) -> Vec<(String, Value)> {
    let facts = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let value = |text: &Option<String>| serde_json::from_str(text.as_deref().unwrap()).unwrap();
    facts.iter().map(|fact| (fact.key.clone(), value(&fact.value))).collect()
}

#[test]
fn every_file_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = write(&[long_capture(folder.path())], 500, folder.path()).unwrap();
    let (mut rows, mut names) = (0, Vec::new());
    for (name, file) in &dataset.manifest.files {
        let reader = open(&dataset.path.join(name));
        let facts = facts_of(&reader);
        let keys: Vec<&str> = facts.iter().map(|(key, _)| key.as_str()).collect();
        assert!(keys.is_sorted(), "{keys:?}");
        assert!(dataset.manifest.facts.keys().eq(keys.iter().copied()), "{keys:?}");
        let fact = |key: &str| &facts.iter().find(|(name, _)| name == key).unwrap().1;
        assert_eq!(fact("ds.rows"), &json!(file.rows));
        assert_eq!(fact("ds.t_start"), &json!(file.t_start));
        assert_eq!(fact("ds.mode"), "book_enhanced");
        assert_eq!(fact("ds.instrument")["fee_taker_bps"], json!(5.0));
        assert_eq!(fact("ds.clock")["step"], json!(500_000_000));
        assert_eq!(reader.metadata().file_metadata().num_rows().unsigned_abs(), file.rows);
        for (key, value) in &facts {
            let of_rows = ["ds.rows", "ds.rows_dropped", "ds.t_start", "ds.t_end"];
            if !of_rows.contains(&key.as_str()) && key != "ds.partial_session" {
                assert_eq!(dataset.manifest.facts.get(key), Some(value), "{key}");
            }
        }
        names.push(name.as_str());
        rows += file.rows;
    }
    assert_eq!(names, ["part-20240808.parquet", "part-20240809.parquet"]);
    assert_eq!(dataset.manifest.facts["ds.rows"], json!(rows));
    assert_eq!(dataset.manifest.facts["ds.rows_dropped"], json!({ "warmup": 600 }));
    assert_eq!(dataset.manifest.facts["ds.partial_session"], json!(true));
}

#[test]
fn row_groups_and_columns_are_built_as_promised() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 3_000);
    let dataset = write(&[capture], 1, folder.path()).unwrap();
    let reader = open(&dataset.path.join("part-20240808.parquet"));
    let groups = reader.metadata().row_groups();
    let full = i64::try_from(GROUP_ROWS).unwrap();
    let sizes: Vec<i64> = groups.iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(sizes, [full, 149_960 - full]);
    for group in groups {
        for (chunk, column) in group.columns().iter().zip(columns()) {
            assert_eq!(chunk.column_path().string(), column.name);
            assert!(matches!(chunk.compression(), Compression::ZSTD(_)), "{}", column.name);
            assert!(chunk.statistics().is_some(), "{}", column.name);
            let with_dictionary = chunk
                .encodings()
                .any(|e| matches!(e, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY));
            let is_float = matches!(column.kind, ColumnType::Float | ColumnType::Double);
            assert!(!(is_float && with_dictionary), "{}", column.name);
            assert_eq!(column.kind == ColumnType::Text, with_dictionary && column.name == "symbol");
        }
    }
}

#[test]
fn the_same_recording_has_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let capture = long_capture(folder.path());
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    let first = write(std::slice::from_ref(&capture), 500, &one).unwrap();
    // The name of a recording is not what it says.
    let renamed = folder.path().join("renamed.txt");
    std::fs::rename(capture, &renamed).unwrap();
    let second = write(std::slice::from_ref(&renamed), 500, &other).unwrap();
    assert_eq!(bytes_in(&first.path), bytes_in(&second.path));
    assert_eq!(first.manifest.sha256(), second.manifest.sha256());
    let third = write(&[renamed], 1_000, &folder.path().join("third")).unwrap();
    assert_ne!(first.manifest.sha256(), third.manifest.sha256());
}
