//! The records of a journal and their bytes: postcard's wire format, in the order of the fields.

use std::collections::BTreeMap;

use fluxo_core::{Action, Forecast, InstrumentSpec, Stamped, StrategyKind};
use serde::{Deserialize, Serialize};

use crate::Digest;

/// The format of the records. It changes whenever their bytes do.
///
/// 2: forecasts, and the forecast in the reason of an action. 4: classes of size in the specification.
pub const JOURNAL_FORMAT: u32 = 4;

/// One record of a journal. The first is the header; the last of a finished one is the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// How the run was set up.
    Header(Box<Header>),
    /// What the engine was given.
    Event(Stamped),
    /// What the engine did on the event before, when it did anything.
    Actions {
        /// The sequence of that event.
        sequence: u64,
        /// What it did, in order.
        actions: Vec<Action>,
    },
    /// The run came to its end.
    End(End),
    /// What the models said of the rows that the event before completed, when there are models. It
    /// stands before the actions.
    Forecasts {
        /// The sequence of that event.
        sequence: u64,
        /// One for each row, in the order of time.
        forecasts: Vec<Forecast>,
    },
}

/// All that a replay needs besides the events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`JOURNAL_FORMAT`] of the writer.
    pub format: u32,
    /// The program that ran, with its version: `paper-trader 0.1.0`.
    pub program: String,
    /// The whole configuration, as text.
    pub config: String,
    /// Its SHA-256.
    pub config_sha256: Digest,
    /// The rule that decided.
    pub strategy: StrategyKind,
    /// The specifications at the start, in the order of the instrument ids.
    pub specs: Vec<InstrumentSpec>,
    /// What was replayed, in order; empty for a live session.
    pub sources: Vec<SourceFile>,
    /// The model bundle, when there is one.
    pub bundle_sha256: Option<Digest>,
    /// Whatever else the run began with, by name: a starting state, a speed.
    pub facts: BTreeMap<String, String>,
}

/// A recording that a run replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// The name of the file, without its folder.
    pub name: String,
    /// The size of the file.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Digest,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How many events the engine was given.
    pub events: u64,
    /// How many actions it decided.
    pub actions: u64,
    /// The engine's hash chain over its actions.
    pub actions_sha256: Digest,
    /// Whatever else is worth keeping about the end, by name.
    pub facts: BTreeMap<String, String>,
}

impl Header {
    /// A header for `config`, with no specification, source, bundle or further fact yet.
    #[must_use]
    pub fn new(program: String, config: String, strategy: StrategyKind) -> Self {
        Self {
            format: JOURNAL_FORMAT,
            program,
            config_sha256: Digest::of(config.as_bytes()),
            config,
            strategy,
            specs: Vec::new(),
            sources: Vec::new(),
            bundle_sha256: None,
            facts: BTreeMap::new(),
        }
    }
}

/// A [`Record`] that borrows: it has the same bytes, and writing it copies nothing.
#[derive(Serialize)]
pub(super) enum RecordRef<'a> {
    Header(&'a Header),
    Event(&'a Stamped),
    Actions { sequence: u64, actions: &'a [Action] },
    End(&'a End),
    Forecasts { sequence: u64, forecasts: &'a [Forecast] },
}

impl RecordRef<'_> {
    /// Replaces the content of `buffer` by the record's bytes.
    pub(super) fn encode(&self, buffer: &mut Vec<u8>) -> Result<(), postcard::Error> {
        buffer.clear();
        postcard::serialize_with_flavor(self, Into(buffer))
    }
}

impl Record {
    /// The record with those bytes; `None` when there is none, or bytes are left over.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        match postcard::take_from_bytes(payload) {
            Ok((record, [])) => Some(record),
            _ => None,
        }
    }
}

/// The format that a header states: in every format it comes first, whatever follows.
pub(super) fn format_of(payload: &[u8]) -> Option<u32> {
    const HEADER: u32 = 0;
    let ((record, format), _) = postcard::take_from_bytes::<(u32, u32)>(payload).ok()?;
    (record == HEADER).then_some(format)
}

/// Lets postcard write into a buffer that is reused.
struct Into<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Into<'_> {
    type Output = ();

    fn try_extend(&mut self, data: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn try_push(&mut self, data: u8) -> postcard::Result<()> {
        self.0.push(data);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxo_core::{Event, TimerId, UnixNanos};

    #[test]
    fn a_header_of_any_format_states_it() {
        let header = Header {
            format: 300,
            ..Header::new(String::new(), String::new(), StrategyKind::Imbalance)
        };
        let mut bytes = Vec::new();
        RecordRef::Header(&header).encode(&mut bytes).unwrap();
        assert_eq!(format_of(&bytes), Some(300));
        // The kind of the record and the number take three bytes; what follows may be anything.
        assert_eq!((Record::decode(&bytes[..3]), format_of(&bytes[..3])), (None, Some(300)));
        assert_eq!(format_of(&bytes[..2]), None);
        RecordRef::End(&End::default()).encode(&mut bytes).unwrap();
        assert_eq!(format_of(&bytes), None);
    }

    #[test]
    fn what_borrows_has_the_bytes_of_what_owns() {
        let stamped = Stamped {
            ts_recv: UnixNanos::new(-5),
            sequence: 300,
            event: Event::Timer(TimerId::RowClock),
        };
        let header =
            Header::new("test 1".to_owned(), "[engine]".to_owned(), StrategyKind::Imbalance);
        let end = End { events: 3, ..End::default() };
        let pairs = [
            (RecordRef::Header(&header), Record::Header(Box::new(header.clone()))),
            (RecordRef::Event(&stamped), Record::Event(stamped.clone())),
            (
                RecordRef::Actions { sequence: 7, actions: &[] },
                Record::Actions { sequence: 7, actions: Vec::new() },
            ),
            (RecordRef::End(&end), Record::End(end.clone())),
            (
                RecordRef::Forecasts { sequence: 8, forecasts: &[] },
                Record::Forecasts { sequence: 8, forecasts: Vec::new() },
            ),
        ];
        let mut buffer = Vec::new();
        for (borrowed, owned) in pairs {
            borrowed.encode(&mut buffer).unwrap();
            assert_eq!(buffer, postcard::to_stdvec(&owned).unwrap());
            assert_eq!(Record::decode(&buffer), Some(owned));
            buffer.push(0);
            assert_eq!(Record::decode(&buffer), None, "a byte is left over");
        }
    }
}
