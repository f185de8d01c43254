//! Segments hold what they promise for any records, any size of segment, any cut and any flip.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use fluxo_lake::segment::{SegmentConfig, SegmentKind, SegmentReader, SegmentWriter};
use fluxo_lake::{Digest, Error};
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::{TempDir, tempdir};

const KIND: SegmentKind = SegmentKind::Frames;

fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let record = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        // Small numbers look like lengths.
        prop::collection::vec(0_u8..4, 0..40),
    ];
    prop::collection::vec(record, 1..30)
}

fn write(records: &[Vec<u8>], segment_bytes_max: u64) -> TempDir {
    let folder = tempdir().unwrap();
    let config = SegmentConfig { segment_bytes_max };
    let mut writer = SegmentWriter::create(folder.path(), KIND, config);
    records.iter().for_each(|record| writer.append(record).unwrap());
    writer.sync().unwrap();
    folder
}

fn read(folder: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let mut reader = SegmentReader::open(folder, KIND)?;
    let mut records = Vec::new();
    while let Some(entry) = reader.next_record()? {
        assert_eq!(entry.index, records.len() as u64);
        records.push(entry.payload.to_vec());
    }
    Ok(records)
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn records_come_back(records in records(), segment_bytes_max in 0_u64..500) {
        let folder = write(&records, segment_bytes_max);
        prop_assert_eq!(read(folder.path()).unwrap(), records);
    }

    #[test]
    fn a_cut_loses_only_what_is_behind_it(
        records in records(),
        segment_bytes_max in 0_u64..500,
        cut in any::<Index>(),
        more in records(),
    ) {
        let folder = write(&records, segment_bytes_max);
        let last = segments(folder.path()).pop().unwrap();
        let bytes = fs::read(&last).unwrap();
        let cut = 32 + cut.index(bytes.len() - 31);
        fs::write(&last, &bytes[..cut]).unwrap();
        let left = read(folder.path()).unwrap();
        prop_assert_eq!(&left[..], &records[..left.len()]);
        let lost: usize = records[left.len()..].iter().map(|record| 8 + record.len()).sum();
        prop_assert!(bytes.len() - cut <= lost, "no whole record before the cut is lost");
        // The next writer goes on behind what is left.
        let mut reader = SegmentReader::open(folder.path(), KIND).unwrap();
        while reader.next_record().unwrap().is_some() {}
        let config = SegmentConfig { segment_bytes_max };
        let mut writer = SegmentWriter::continue_after(&mut reader, KIND, config).unwrap();
        more.iter().for_each(|record| writer.append(record).unwrap());
        writer.sync().unwrap();
        prop_assert_eq!(read(folder.path()).unwrap(), [left, more].concat());
    }

    #[test]
    fn a_changed_byte_is_found(
        records in records(),
        segment_bytes_max in 0_u64..500,
        file in any::<Index>(),
        at in any::<Index>(),
        mask in 1_u8..,
    ) {
        let folder = write(&records, segment_bytes_max);
        let paths = segments(folder.path());
        let path = &paths[file.index(paths.len())];
        let mut bytes = fs::read(path).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        fs::write(path, &bytes).unwrap();
        let error = read(folder.path()).unwrap_err();
        prop_assert!(matches!(&error, Error::Damaged { path: named, .. } if named == path), "{error}");
    }

    #[test]
    fn a_digest_is_its_text(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let digest = Digest::of(&bytes);
        prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        let json = serde_json::to_string(&digest).unwrap();
        prop_assert_eq!(json.clone(), format!("\"{digest}\""));
        prop_assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    }
}
