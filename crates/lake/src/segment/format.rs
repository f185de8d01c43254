//! The bytes of a segment's header and of a record's frame.

use std::path::{Path, PathBuf};

use crate::{Damage, Error};

pub(super) const HEADER_BYTES: usize = 32;
pub(super) const FRAME_BYTES: usize = 8;
pub(super) const EXTENSION: &str = "seg";

const MAGIC: [u8; 8] = *b"FLUXOSEG";
const VERSION: u16 = 1;

/// What the records of a folder are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// What an engine was given and what it did.
    Journal = 1,
    /// Received frames that are not sealed yet.
    Frames = 2,
}

/// The first bytes of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: SegmentKind,
    /// The number in its name, from 1.
    pub(super) number: u32,
    /// How many records the segments before it hold.
    pub(super) first_record: u64,
    /// The checksum of the record before its first; zero when there is none.
    pub(super) previous_crc: u32,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[10..12].copy_from_slice(&(self.kind as u16).to_le_bytes());
        bytes[12..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_record.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.previous_crc.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8; HEADER_BYTES], path: &Path) -> Result<Self, Error> {
        let damaged = || Error::damaged(path, 0, Damage::SegmentHeader);
        if bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..28]) != u32_at(bytes, 28) {
            return Err(damaged());
        }
        let version = u16_at(bytes, 8);
        if version != VERSION {
            return Err(Error::UnknownFormat {
                path: path.to_owned(),
                found: u32::from(version),
                known: u32::from(VERSION),
            });
        }
        let kind = match u16_at(bytes, 10) {
            1 => SegmentKind::Journal,
            2 => SegmentKind::Frames,
            _ => return Err(damaged()),
        };
        let (low, high) = (u32_at(bytes, 16), u32_at(bytes, 20));
        Ok(Self {
            kind,
            number: u32_at(bytes, 12),
            first_record: u64::from(high) << 32 | u64::from(low),
            previous_crc: u32_at(bytes, 24),
        })
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The checksum of a record: its length is covered too.
pub(super) fn record_crc(length: u32, payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length.to_le_bytes()), payload)
}

/// The file of segment `number`.
pub(super) fn segment_path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:08}.{EXTENSION}"))
}

/// The number in a segment's name, or `None` for another file.
pub(super) fn segment_number(path: &Path) -> Option<u32> {
    let digits = path.file_name()?.to_str()?.strip_suffix(EXTENSION)?.strip_suffix('.')?;
    let number = digits.parse().ok()?;
    (segment_path(Path::new(""), number).file_name() == path.file_name()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header =
        Header { kind: SegmentKind::Frames, number: 7, first_record: 1 << 33, previous_crc: 9 };

    #[test]
    fn a_header_comes_back_and_every_flip_in_it_is_found() {
        let path = Path::new("x");
        let bytes = HEADER.encode();
        assert_eq!(Header::decode(&bytes, path).unwrap(), HEADER);
        for at in 0..bytes.len() {
            let mut flipped = bytes;
            flipped[at] ^= 0x10;
            assert!(Header::decode(&flipped, path).unwrap_err().is_damage(), "byte {at}");
        }
    }

    #[test]
    fn only_our_own_names_are_segments() {
        assert_eq!(segment_number(Path::new("a/00000012.seg")), Some(12));
        for other in ["a/12.seg", "a/00000012.seg.tmp", "a/lock", "a/x.seg", "a/+0000012.seg"] {
            assert_eq!(segment_number(Path::new(other)), None, "{other}");
        }
    }
}
