//! The ways in which bytes on disk can differ from what was written.

/// What is wrong with a file, or with a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The first bytes of a segment are not those of a segment, or were changed.
    #[error("the segment's header is not valid")]
    SegmentHeader,
    /// A segment between others, or before them, is not there.
    #[error("the segment is missing")]
    SegmentMissing,
    /// A segment does not continue the one before it.
    #[error("the segment does not continue the one before it")]
    SegmentOrder,
    /// A record's length was changed.
    #[error("a record's length is not valid")]
    RecordLength,
    /// A record's length, checksum or content was changed.
    #[error("a record does not match its checksum")]
    RecordChecksum,
    /// A segment that others follow ends inside a record.
    #[error("the segment is cut, and others follow it")]
    SegmentCut,
    /// A record is whole and says nothing that we know.
    #[error("a record cannot be decoded")]
    Undecodable,
    /// A record stands where it may not: a second header, or anything behind the end.
    #[error("a record stands where none of its kind may stand")]
    Misplaced,
    /// The manifest was changed.
    #[error("it is not the manifest that was written")]
    Manifest,
}
