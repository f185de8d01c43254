//! A first look at a file, from its first byte to its last: what it is a recording of, how far it
//! can be read, and which places in it the lake knows already.

use std::collections::BTreeMap;

use fluxo_core::{Market, UnixNanos};

use super::decode::FrameDecoder;
use super::frame::Frame;
use super::layout::Instrument;
use super::manifest::Manifest;
use super::origin::Origin;
use super::report::UnfinishedLine;
use super::source::{Place, SourceReader};
use crate::{Digest, Error};

/// How many lines may pass before one of them has told market and symbol.
pub const INSTRUMENT_LINES_MAX: u64 = 100_000;

/// What was seen.
#[derive(Debug)]
pub(super) struct Survey<'a> {
    pub(super) origin: Origin<'a>,
    /// The name of the file, without its folder.
    pub(super) name: String,
    pub(super) instrument: Instrument,
    pub(super) first_line_sha256: Digest,
    /// The first receive time in the file.
    pub(super) first_ts_recv: UnixNanos,
    /// Behind the last line that can be used.
    pub(super) end: Place,
    /// The digests of the source up to places where parts of the lake end.
    pub(super) known: BTreeMap<u64, Digest>,
    pub(super) unfinished_line: Option<UnfinishedLine>,
    pub(super) fault: Option<fluxo_capture::Error>,
}

/// Reads a file once.
pub(super) fn survey<'a>(origin: Origin<'a>, manifest: &Manifest) -> Result<Survey<'a>, Error> {
    let mut reader = SourceReader::open(origin)?;
    let mut surveyor = Surveyor::new(manifest);
    let fault = loop {
        match reader.next_line() {
            Ok(Some((line, _))) => surveyor.take(line.number, line.offset, line.bytes),
            Ok(None) => break None,
            Err(fault) if fault.is_damage() => break Some(fault),
            Err(error) => return Err(error.into()),
        }
        surveyor.compare(&reader);
    };
    let end = reader.before().clone();
    surveyor.finish(origin, end, fault)
}

/// When the recording of a file begins. Refuses a file whose first lines do not say what it is a
/// recording of.
pub(super) fn check_subject(origin: Origin<'_>) -> Result<UnixNanos, Error> {
    let mut reader = origin.lines()?;
    let mut subject = Subject::new();
    while subject.lines < INSTRUMENT_LINES_MAX && !subject.is_known() {
        match reader.next_line()? {
            Some(line) => subject.observe(line.number, line.offset, line.bytes),
            None => break,
        }
    }
    let lines = subject.lines;
    match subject.instrument() {
        Some(_) => Ok(subject.first_ts_recv.unwrap_or_default()),
        None => Err(Error::NoInstrument { path: origin.path().to_owned(), lines }),
    }
}

struct Surveyor<'a> {
    manifest: &'a Manifest,
    subject: Subject,
    first_line_sha256: Option<Digest>,
    /// Where parts of the lake end whose source begins like this file, in order.
    wanted: Vec<u64>,
    known: BTreeMap<u64, Digest>,
    /// The line at hand: should the file end with it, more is asked about it.
    line: Vec<u8>,
    number: u64,
    offset: u64,
    before: Place,
}

impl<'a> Surveyor<'a> {
    fn new(manifest: &'a Manifest) -> Self {
        Self {
            manifest,
            subject: Subject::new(),
            first_line_sha256: None,
            wanted: Vec::new(),
            known: BTreeMap::new(),
            line: Vec::new(),
            number: 0,
            offset: 0,
            before: Place::default(),
        }
    }

    fn take(&mut self, number: u64, offset: u64, bytes: &[u8]) {
        if self.first_line_sha256.is_none() {
            let sha256 = Digest::of(bytes);
            self.first_line_sha256 = Some(sha256);
            let alike = self.manifest.sources.iter().filter(|s| s.first_line_sha256 == sha256);
            self.wanted = alike.flat_map(|s| &s.parts).map(|part| part.source_bytes).collect();
            self.wanted.sort_unstable_by(|a, b| b.cmp(a));
        }
        self.subject.observe(number, offset, bytes);
        self.line.clear();
        self.line.extend_from_slice(bytes);
        (self.number, self.offset) = (number, offset);
    }

    /// Notes the digest where a part ends: behind the line before, or behind the text of this one
    /// (a part can end with a file whose last line has no end).
    fn compare(&mut self, reader: &SourceReader) {
        self.before = reader.before().clone();
        if self.wanted.is_empty() {
            return;
        }
        let before = &self.before;
        let (text_end, text_sha256) = reader.text_end();
        while let Some(wanted) = self.wanted.pop_if(|wanted| *wanted <= text_end) {
            if wanted == before.bytes {
                self.known.insert(wanted, before.sha256());
            } else if wanted == text_end {
                self.known.insert(wanted, text_sha256);
            }
        }
    }

    fn finish<'o>(
        mut self,
        origin: Origin<'o>,
        mut end: Place,
        fault: Option<fluxo_capture::Error>,
    ) -> Result<Survey<'o>, Error> {
        self.known
            .extend(self.wanted.iter().filter(|w| **w == end.bytes).map(|w| (*w, end.sha256())));
        let unfinished_line = self.unfinished_line(&end);
        if unfinished_line.is_some() {
            end = self.before;
        }
        let (Some(instrument), Some(first_ts_recv)) =
            (self.subject.instrument(), self.subject.first_ts_recv)
        else {
            // A file that ends too early to say what it is: that it ends early says more.
            let path = origin.path().to_owned();
            return Err(match fault {
                Some(fault) => fault.into(),
                None => Error::NoInstrument { path, lines: end.lines.min(INSTRUMENT_LINES_MAX) },
            });
        };
        Ok(Survey {
            origin,
            name: origin.path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
            instrument,
            first_line_sha256: self.first_line_sha256.unwrap_or_default(),
            first_ts_recv,
            end,
            known: self.known,
            unfinished_line,
            fault,
        })
    }

    /// The last line, when it has no end and is no message.
    fn unfinished_line(&self, end: &Place) -> Option<UnfinishedLine> {
        let bytes = self.line.len() as u64;
        let has_end = end.bytes > self.offset + bytes;
        let frame = Frame {
            ts_recv: UnixNanos::default(),
            line: self.number,
            offset: self.offset,
            bytes: &self.line,
        };
        if self.line.is_empty() || has_end || FrameDecoder::new().decode(&frame, |m| m.is_ok()) {
            return None;
        }
        Some(UnfinishedLine { line: self.number, offset: self.offset, bytes })
    }
}

/// Finds out what a recording is about.
#[derive(Debug)]
pub(super) struct Subject {
    decoder: FrameDecoder,
    lines: u64,
    market: Option<Market>,
    symbol: Option<String>,
    /// What messages that come for all instruments named first: the subject if no other names one.
    named: Option<Instrument>,
    pub(super) first_ts_recv: Option<UnixNanos>,
}

impl Subject {
    fn new() -> Self {
        Self {
            decoder: FrameDecoder::new(),
            lines: 0,
            market: None,
            symbol: None,
            named: None,
            first_ts_recv: None,
        }
    }

    fn observe(&mut self, number: u64, offset: u64, bytes: &[u8]) {
        if self.first_ts_recv.is_none() {
            let line = fluxo_capture::Line { number, offset, bytes };
            self.first_ts_recv = line.stamp().map(|stamp| stamp.ts_recv);
        }
        if self.is_known() || self.lines >= INSTRUMENT_LINES_MAX {
            return;
        }
        self.lines += 1;
        let frame = Frame { ts_recv: UnixNanos::default(), line: number, offset, bytes };
        let (market, symbol, named) = (&mut self.market, &mut self.symbol, &mut self.named);
        self.decoder.decode(&frame, |result| {
            let Ok(message) = result else { return };
            let said = message.symbol.filter(|text| is_symbol(text));
            if !message.is_of_one_instrument() {
                if let (None, Some(market), Some(symbol)) = (&named, message.market, said) {
                    *named = Some(Instrument { market, symbol: symbol.to_owned() });
                }
                return;
            }
            if symbol.is_none() {
                *symbol = said.map(str::to_owned);
            }
            // The first symbol decides; what others say of their market does not count.
            if message.symbol.is_none_or(|named| Some(named) == symbol.as_deref()) {
                *market = market.or(message.market);
            }
        });
    }

    const fn is_known(&self) -> bool {
        self.market.is_some() && self.symbol.is_some()
    }

    fn instrument(&mut self) -> Option<Instrument> {
        match self.market.zip(self.symbol.take()) {
            Some((market, symbol)) => Some(Instrument { market, symbol }),
            None => self.named.take(),
        }
    }
}

/// Whether a text can be a symbol, and so the name of a folder. Not all symbols are ASCII.
fn is_symbol(text: &str) -> bool {
    const BYTES_MAX: usize = 64;
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    !text.is_empty() && text.len() <= BYTES_MAX && text.chars().all(allowed)
}
