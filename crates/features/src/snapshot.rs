//! The whole state of an engine as one value that a later run goes on from.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Changes whenever the bytes of the same state do.
const VERSION: u32 = 3;
const MAGIC: [u8; 8] = *b"fluxoFE\0";
const SCHEMA_BYTES: usize = 32;
/// Magic, version, schema.
const HEAD_BYTES: usize = MAGIC.len() + size_of::<u32>() + SCHEMA_BYTES;

/// Why a snapshot cannot be gone on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It is none, or not whole.
    #[error("not a whole snapshot: its checksum does not agree")]
    Damaged,
    /// Another version of the program wrote it.
    #[error("a snapshot of version {found}, this program reads version {VERSION}")]
    Version {
        /// The version of the snapshot.
        found: u32,
    },
    /// The features, their configuration or the units of the instrument differ.
    #[error("a snapshot of other features, another configuration or another instrument")]
    OtherSchema,
}

/// The SHA-256 of the text that says what a state means.
pub(crate) type Schema = [u8; SCHEMA_BYTES];

/// Magic, version, schema, the state, and the CRC-32C of all of that.
pub(crate) fn write(schema: &Schema, state: &impl Serialize) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(schema);
    let mut bytes = postcard::to_extend(state, bytes).expect("plain data has bytes");
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// The state in a snapshot that [`write()`] made for the same schema.
///
/// # Errors
/// Everything else.
pub(crate) fn read<T: DeserializeOwned>(schema: &Schema, bytes: &[u8]) -> Result<T, SnapshotError> {
    let (body, checksum) = bytes.split_last_chunk().ok_or(SnapshotError::Damaged)?;
    if body.len() < HEAD_BYTES
        || !body.starts_with(&MAGIC)
        || crc32c::crc32c(body) != u32::from_le_bytes(*checksum)
    {
        return Err(SnapshotError::Damaged);
    }
    let (version, rest) = body[MAGIC.len()..].split_first_chunk().ok_or(SnapshotError::Damaged)?;
    let found = u32::from_le_bytes(*version);
    if found != VERSION {
        return Err(SnapshotError::Version { found });
    }
    let (hash, state) = rest.split_at(SCHEMA_BYTES);
    if hash != schema {
        return Err(SnapshotError::OtherSchema);
    }
    let (state, left) = postcard::take_from_bytes(state).map_err(|_| SnapshotError::Damaged)?;
    if left.is_empty() { Ok(state) } else { Err(SnapshotError::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A_SCHEMA: Schema = [7; 32];

    #[test]
    fn a_snapshot_is_read_as_it_was_written_or_not_at_all() {
        let state = (vec![0.1_f64, f64::MIN_POSITIVE, -0.0], -7_i128, Some(3_u8));
        let bytes = write(&A_SCHEMA, &state);
        let read_back: (Vec<f64>, i128, Option<u8>) = read(&A_SCHEMA, &bytes).unwrap();
        assert_eq!(read_back, state);
        assert!(read_back.0[2].is_sign_negative());
        type State = (Vec<f64>, i128, Option<u8>);
        assert_eq!(read::<State>(&[8; 32], &bytes), Err(SnapshotError::OtherSchema));
        for cut in 0..bytes.len() {
            assert_eq!(read::<State>(&A_SCHEMA, &bytes[..cut]), Err(SnapshotError::Damaged));
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert_eq!(read::<State>(&A_SCHEMA, &flipped), Err(SnapshotError::Damaged), "{at}");
        }
        let mut other = bytes;
        other[MAGIC.len()] = 9;
        let end = other.len() - 4;
        let checksum = crc32c::crc32c(&other[..end]).to_le_bytes();
        other[end..].copy_from_slice(&checksum);
        assert_eq!(read::<State>(&A_SCHEMA, &other), Err(SnapshotError::Version { found: 9 }));
    }
}
