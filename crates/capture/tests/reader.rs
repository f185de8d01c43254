//! Every line once, and a clear word about every fault.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use fluxo_capture::{CaptureReader, Error};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// All lines, with the fault at the end if there is one.
fn read(path: &Path) -> (Vec<(u64, u64, String)>, Option<Error>) {
    let mut reader = CaptureReader::open(path).unwrap();
    let mut lines = Vec::new();
    loop {
        match reader.next_line() {
            Ok(Some(line)) => {
                let text = String::from_utf8(line.bytes.to_vec()).unwrap();
                lines.push((line.number, line.offset, text));
            }
            Ok(None) => return (lines, None),
            Err(error) => return (lines, Some(error)),
        }
    }
}

fn read_bytes(bytes: &[u8]) -> (Vec<(u64, u64, String)>, Option<Error>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    read(file.path())
}

#[test]
fn plain_and_gzip_read_the_same() {
    let text = b"1 a\n\n2 bb\r\n3 ccc";
    let expected = vec![(1, 0, "1 a".into()), (3, 5, "2 bb".into()), (4, 11, "3 ccc".into())];
    for bytes in [text.to_vec(), gzip(text), [gzip(&text[..5]), gzip(&text[5..])].concat()] {
        let (lines, fault) = read_bytes(&bytes);
        assert!(fault.is_none(), "{fault:?}");
        assert_eq!(lines, expected);
    }
}

#[test]
fn an_empty_file_has_no_lines() {
    assert!(matches!(read_bytes(b""), (lines, None) if lines.is_empty()));
}

#[test]
fn a_cut_gzip_hands_out_whole_lines_and_says_where_it_ends() {
    let text: Vec<u8> = (0..20_000_u32)
        .flat_map(|i| format!("{i} {:x}\n", i.wrapping_mul(2_654_435_761)).into_bytes())
        .collect();
    let whole = gzip(&text);
    let (lines, fault) = read_bytes(&whole[..whole.len() / 2]);
    let Some(Error::Truncated { offset, .. }) = fault else { panic!("{fault:?}") };
    let handed_out: usize = lines.iter().map(|line| line.2.len() + 1).sum();
    assert_eq!(offset, handed_out as u64);
    assert!(!lines.is_empty());
    for (number, _, line) in &lines {
        assert!(line.starts_with(&format!("{} ", number - 1)));
    }
}

#[test]
fn a_damaged_gzip_is_not_a_short_one() {
    let text: Vec<u8> = (0..50_000_u32).flat_map(|i| format!("{i}\n").into_bytes()).collect();
    let mut bytes = gzip(&text);
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    let (_, fault) = read_bytes(&bytes);
    assert!(matches!(fault, Some(Error::Damaged { .. } | Error::Truncated { .. })), "{fault:?}");
}

#[test]
fn a_flipped_byte_in_packed_records_is_damage_wherever_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    let path = fluxo_test_data::mbo_file(folder.path(), 20_000);
    let whole = std::fs::read(&path).unwrap();
    let (lines, fault) = read(&path);
    assert!(fault.is_none() && lines.len() == 20_000, "{} {fault:?}", lines.len());
    // From behind the file's header to its checksum.
    for twentieth in 4..=20 {
        let mut bytes = whole.clone();
        let at = (whole.len() * twentieth / 20).min(whole.len() - 1);
        bytes[at] ^= 0x40;
        std::fs::write(&path, bytes).unwrap();
        let fault = read(&path).1;
        let is_damage = fault.as_ref().is_some_and(Error::is_damage);
        assert!(is_damage, "byte {at} of {}: {fault:?}", whole.len());
    }
}

#[test]
fn a_folder_is_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(CaptureReader::open(folder.path()), Err(Error::Open { .. })));
}

#[test]
fn every_line_of_every_capture_has_a_stamp_and_time_never_goes_back() {
    for run in fluxo_test_data::binance_runs() {
        let mut last = None;
        for file in &run.files {
            let mut reader = CaptureReader::open(file).unwrap();
            while let Some(line) = reader.next_line().unwrap() {
                let stamp =
                    line.stamp().unwrap_or_else(|| panic!("{}:{}", file.display(), line.number));
                assert!(Some(stamp.ts_recv) >= last, "{}:{}", file.display(), line.number);
                last = Some(stamp.ts_recv);
            }
        }
    }
}
