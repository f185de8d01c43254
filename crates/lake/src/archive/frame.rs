//! One received frame, and its bytes while it waits to be sealed.

use fluxo_core::UnixNanos;

/// A line of a source, as it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// When it was received. A line that does not say carries the time of the line before it (the
    /// first lines: of the first one that says).
    pub(super) ts_recv: UnixNanos,
    /// Its number in the source, from 1.
    pub(super) line: u64,
    /// Where it begins in the uncompressed source, in bytes.
    pub(super) offset: u64,
    /// The whole line, receive time included, without its end of line; also when it is malformed.
    pub(super) bytes: &'a [u8],
}

const HEADER_BYTES: usize = 24;

impl<'a> Frame<'a> {
    /// Replaces the content of `buffer` by the frame's record.
    pub(super) fn encode(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.ts_recv.get().to_le_bytes());
        buffer.extend_from_slice(&self.line.to_le_bytes());
        buffer.extend_from_slice(&self.offset.to_le_bytes());
        buffer.extend_from_slice(self.bytes);
    }

    /// The frame of a record; `None` when it is too short to be one.
    pub(super) fn decode(payload: &'a [u8]) -> Option<Self> {
        let (header, bytes) = payload.split_at_checked(HEADER_BYTES)?;
        let word = |at: usize| header[at..at + 8].try_into().expect("8 bytes");
        Some(Self {
            ts_recv: UnixNanos::new(i64::from_le_bytes(word(0))),
            line: u64::from_le_bytes(word(8)),
            offset: u64::from_le_bytes(word(16)),
            bytes,
        })
    }

    /// What the recorder received: the line behind its receive time. `None` when the line does not
    /// begin with one.
    pub(super) fn payload(&self) -> Option<&'a [u8]> {
        let line =
            fluxo_capture::Line { number: self.line, offset: self.offset, bytes: self.bytes };
        line.stamp().map(|stamp| stamp.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back() {
        let bytes = b"1723161255 {}";
        let frame = Frame { ts_recv: UnixNanos::new(-3), line: 7, offset: 1 << 40, bytes };
        let mut buffer = Vec::new();
        frame.encode(&mut buffer);
        assert_eq!(Frame::decode(&buffer), Some(frame));
        assert_eq!(Frame::decode(&buffer[..23]), None);
        assert_eq!(frame.payload(), Some(&b"{}"[..]));
    }
}
