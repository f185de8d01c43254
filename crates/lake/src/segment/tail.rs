//! Tells what a kill left of a last record from a record that was changed later.

use super::format::{FRAME_BYTES, record_crc, u32_at};
use crate::Damage;

/// What is wrong with the bytes at the end of the last segment, which begin with a record that is
/// not valid; `None` when they are what a killed writer leaves: a part of one record, or zeros.
///
/// A writer appends whole records in order, so what it leaves is never followed by a valid record,
/// and never as long as its length says.
pub(super) fn damage_of(rest: &[u8], limit: usize) -> Option<Damage> {
    if rest.len() < FRAME_BYTES || rest.iter().all(|byte| *byte == 0) {
        return None;
    }
    let length = u32_at(rest, 0) as usize;
    if length > limit {
        return Some(Damage::RecordLength);
    }
    if FRAME_BYTES + length <= rest.len() {
        return Some(Damage::RecordChecksum);
    }
    let length_was_changed = is_record_of(rest, rest.len() - FRAME_BYTES);
    let others_follow = (1..rest.len()).any(|at| begins_with_record(&rest[at..]));
    (length_was_changed || others_follow).then_some(Damage::RecordLength)
}

fn begins_with_record(bytes: &[u8]) -> bool {
    bytes.len() > FRAME_BYTES && {
        let length = u32_at(bytes, 0) as usize;
        length > 0 && FRAME_BYTES + length <= bytes.len() && is_record_of(bytes, length)
    }
}

/// Whether `bytes` begin with a record of `length` bytes, whatever its own length says.
fn is_record_of(bytes: &[u8], length: usize) -> bool {
    let payload = &bytes[FRAME_BYTES..FRAME_BYTES + length];
    u32::try_from(length).is_ok_and(|length| record_crc(length, payload) == u32_at(bytes, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap();
        let crc = record_crc(length, payload);
        [&length.to_le_bytes()[..], &crc.to_le_bytes(), payload].concat()
    }

    #[test]
    fn every_cut_of_a_record_is_torn() {
        let whole = record(&[7; 300]);
        for end in 0..whole.len() {
            assert_eq!(damage_of(&whole[..end], 1000), None, "{end} bytes");
        }
        assert_eq!(damage_of(&[0; 5000], 1000), None);
    }

    #[test]
    fn every_flip_in_a_last_record_is_damage() {
        let whole = record(b"the last one");
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[at] ^= 1 << bit;
                assert!(damage_of(&flipped, 1 << 20).is_some(), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_valid_record_behind_an_invalid_one_is_damage() {
        let mut two = [record(b"first"), record(b"second")].concat();
        two[1] = 1; // The length of the first now reaches beyond the end.
        assert_eq!(damage_of(&two, 1 << 20), Some(Damage::RecordLength));
    }
}
