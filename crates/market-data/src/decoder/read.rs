//! Walks one frame: the bare form of an event, or the envelope of a combined stream around it.

use super::field::{Field, Kind, plain};
use super::fields::{Fields, Stores};
use crate::Error;
use crate::json::Cursor;

/// A frame, read and not yet understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame<'a> {
    pub(super) fields: Fields<'a>,
    /// The name of the combined stream, between its quotes.
    pub(super) stream: Option<&'a [u8]>,
    /// Whether the fields are those of an envelope's `data`.
    pub(super) enveloped: bool,
}

/// How deep in the frame an object stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// It may be an envelope.
    Top,
    /// It is the `data` of an envelope.
    Data,
}

/// Reads a whole frame. What is no object holds nothing of use, and is checked all the same.
pub(super) fn read_frame<'a>(
    payload: &'a [u8],
    frame: &mut Frame<'a>,
    stores: &mut Stores<'_>,
) -> Result<(), Error> {
    let mut cursor = Cursor::new(payload);
    stores.levels.clear();
    if cursor.peek() == Some(b'{') {
        frame.read_object(Level::Top, &mut cursor, stores)?;
    } else {
        cursor.skip_value()?;
    }
    cursor.finish()
}

impl<'a> Frame<'a> {
    fn read_object(
        &mut self,
        level: Level,
        cursor: &mut Cursor<'a>,
        stores: &mut Stores<'_>,
    ) -> Result<(), Error> {
        let mut more = cursor.open(b'{', b'}')?;
        while more {
            self.read_any_entry(level, cursor, stores)?;
            // Fields named by one letter follow each other without white space, as a rule.
            while let [b',', b'"', letter, b'"', b':', ..] = *cursor.rest()
                && letter.is_ascii_alphabetic()
                && self.keeps(level)
            {
                cursor.advance(5);
                self.fields.read_letter(letter, cursor, stores)?;
            }
            more = cursor.next_entry(b'}')?;
        }
        if self.keeps(level) {
            self.fields.end = cursor.at();
        }
        Ok(())
    }

    /// Whether the fields of an object are those of the event: an envelope's own are not.
    const fn keeps(&self, level: Level) -> bool {
        matches!(level, Level::Data) || !self.enveloped
    }

    fn read_any_entry(
        &mut self,
        level: Level,
        cursor: &mut Cursor<'a>,
        stores: &mut Stores<'_>,
    ) -> Result<(), Error> {
        let key = cursor.text()?;
        cursor.expect(b':')?;
        if key.escaped {
            self.read_entry(level, &plain(key.bytes), cursor, stores)
        } else {
            self.read_entry(level, key.bytes, cursor, stores)
        }
    }

    fn read_entry(
        &mut self,
        level: Level,
        key: &[u8],
        cursor: &mut Cursor<'a>,
        stores: &mut Stores<'_>,
    ) -> Result<(), Error> {
        match (level, key) {
            (Level::Top, b"stream") => self.read_stream(cursor),
            (Level::Top, b"data") if cursor.peek() == Some(b'{') => {
                self.fields = Fields::default();
                stores.levels.clear();
                self.enveloped = true;
                self.read_object(Level::Data, cursor, stores)
            }
            _ if self.keeps(level) => self.fields.read_word(key, cursor, stores),
            _ => cursor.skip_value(),
        }
    }

    fn read_stream(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Error> {
        if cursor.peek() == Some(b'"') {
            self.stream = Some(cursor.text()?.bytes);
            return Ok(());
        }
        cursor.skip_value()
    }

    pub(super) const fn kind(&self) -> Field<Kind> {
        self.fields.kind
    }
}
