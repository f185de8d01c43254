//! A recording, line by line, with the SHA-256 of everything up to each of them.

use fluxo_capture::{CaptureReader, Error, Line};

use super::origin::Origin;
use crate::Digest;
use crate::digest::Hasher;

/// A place between two lines of the uncompressed source.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// How many lines with content lie before it.
    pub(super) lines: u64,
    /// How many bytes lie before it.
    pub(super) bytes: u64,
    hasher: Hasher,
}

impl Place {
    /// The SHA-256 of the bytes before it.
    pub(super) fn sha256(&self) -> Digest {
        self.hasher.digest()
    }
}

/// Reads a source and hashes its text on the way.
///
/// The reader below hands out lines without their ends. A text with blank lines of both kinds of
/// line ends in one stretch hashes as if its `\r\n` came first there; any other text hashes to the
/// SHA-256 of its bytes.
#[derive(Debug)]
pub(super) struct SourceReader {
    lines: CaptureReader,
    /// Behind the line before the one at hand, with its end of line.
    before: Place,
    /// Behind the text of the line at hand.
    hasher: Hasher,
    text_end: u64,
    number: u64,
    /// Lines with content, the one at hand included.
    count: u64,
}

impl SourceReader {
    pub(super) fn open(origin: Origin<'_>) -> Result<Self, Error> {
        Ok(Self {
            lines: origin.lines()?,
            before: Place::default(),
            hasher: Hasher::default(),
            text_end: 0,
            number: 0,
            count: 0,
        })
    }

    /// The next line with content, and the place behind the line before it.
    pub(super) fn next_line(&mut self) -> Result<Option<(Line<'_>, &Place)>, Error> {
        // Behind the last line the reader has skipped blank ones: they belong to no frame.
        if self.count > self.before.lines {
            let end = self.lines.offset();
            self.hasher.update(line_end(end - self.text_end));
            self.before = Place { lines: self.count, bytes: end, hasher: self.hasher.clone() };
        }
        let Some(line) = self.lines.next_line()? else { return Ok(None) };
        let blank_lines = line.number - self.number - 1;
        let blank_bytes = line.offset - self.before.bytes;
        for blank in 0..blank_lines {
            self.hasher.update(line_end(1 + u64::from(blank < blank_bytes - blank_lines)));
        }
        self.hasher.update(line.bytes);
        self.text_end = line.offset + line.bytes.len() as u64;
        self.number = line.number;
        self.count += 1;
        Ok(Some((line, &self.before)))
    }

    /// The place behind the line before the one at hand; behind the last line once there is no more.
    pub(super) const fn before(&self) -> &Place {
        &self.before
    }

    /// Behind the text of the line at hand: how many bytes, and their SHA-256.
    pub(super) fn text_end(&self) -> (u64, Digest) {
        (self.text_end, self.hasher.digest())
    }
}

/// The bytes of an end of line of that length.
fn line_end(length: u64) -> &'static [u8] {
    match length {
        0 => b"",
        1 => b"\n",
        _ => b"\r\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_the_digest_of_the_bytes_before_it() {
        for text in [
            "1 a\n2 b\n3 c\n",
            "1 a\r\n2 b\r\n",
            "1 a\n\n\n2 b\n",
            "\r\n\r\n1 a\r\n\r\n2",
            "1 a",
            "",
        ] {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), text).unwrap();
            let mut reader = SourceReader::open(Origin::File(file.path())).unwrap();
            let mut lines = 0;
            loop {
                let more = reader.next_line().unwrap().is_some();
                let place = reader.before();
                let bytes = usize::try_from(place.bytes).unwrap();
                assert_eq!(place.lines, lines, "{text:?}");
                assert_eq!(
                    place.sha256(),
                    Digest::of(&text.as_bytes()[..bytes]),
                    "{text:?} {bytes}"
                );
                if !more {
                    break;
                }
                lines += 1;
                let (end, sha256) = reader.text_end();
                let end = usize::try_from(end).unwrap();
                assert_eq!(sha256, Digest::of(&text.as_bytes()[..end]), "{text:?} {end}");
            }
            assert_eq!(text.trim_end().is_empty(), lines == 0);
        }
    }
}
