//! One frame of a venue to one message of exact integers: JSON of Binance (spot, USD-M, COIN-M), or a
//! line of an order-by-order recording.
//!
//! It promises that every frame is validated as a whole, that a malformed one is an error with a
//! byte offset and leaves the decoder as it was, and that no value passes through a float. It does
//! not know the instrument, and it does not remember what earlier frames said.
//!
//! Rules that the venue's pages leave open: where a name occurs twice in an object, the last one
//! wins; unknown names are skipped, whatever they hold; a bare object with `lastUpdateId` is a REST
//! snapshot, one inside the envelope of a stream is not.

mod amount;
mod body;
mod field;
mod fields;
mod levels;
mod market;
mod order_lines;
mod read;
mod shape;
mod stream;

use crate::{Digits, Error, Message};

use amount::Layouts;
use field::SymbolText;
use fields::Stores;
use levels::LevelStore;
use market::Named;
pub use order_lines::lobster_time;
use read::{Frame, read_frame};
use shape::{Shape, needed_digits, shape};

/// Turns frames into messages. It owns every buffer that a message borrows from, so that a warm
/// decoder allocates nothing.
#[derive(Clone, Debug)]
pub struct Decoder {
    layouts: Layouts,
    levels: LevelStore,
    /// The symbol of the message at hand, where the frame writes it with escapes.
    symbol: String,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that has seen nothing: its digits are zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            layouts: Layouts::new(Digits::default()),
            levels: LevelStore::default(),
            symbol: String::new(),
        }
    }

    /// The digits of the next message, unless it needs more.
    #[must_use]
    pub const fn digits(&self) -> Digits {
        self.layouts.digits()
    }

    /// Decodes one frame.
    ///
    /// # Errors
    /// Any variant of [`Error`] with an offset: the frame is no JSON, or a field that its kind must
    /// have is absent or not what it should be. The decoder's digits stay as they were.
    pub fn decode<'a>(&'a mut self, payload: &'a [u8]) -> Result<Message<'a>, Error> {
        let text = std::str::from_utf8(payload)
            .map_err(|error| Error::NotUtf8 { at: error.valid_up_to() })?;
        if let Some(kind) = order_lines::kind(payload) {
            return order_lines::decode(kind, text, &mut self.levels.levels);
        }
        let mut layouts = self.layouts;
        let mut frame = Frame::default();
        self.read(payload, &mut frame, &mut layouts)?;
        let shape = shape(&frame);
        let body = body::body(shape, &frame.fields, &mut layouts, &self.levels.levels)?;
        let symbol = match frame.fields.symbol.optional("s") {
            Ok(field) => field.map(|symbol| symbol_text(symbol, text, &mut self.symbol)),
            // What we do not use may call anything a symbol.
            Err(_) if shape == Shape::Other => None,
            Err(error) => return Err(error),
        };
        self.layouts = layouts;
        let pair = frame.fields.pair.optional("pair").unwrap_or(None);
        let named = Named { symbol, pair: pair.map(|pair| &text[pair.start..pair.end]) };
        let market = market::market(&frame.fields, &body, &named);
        Ok(Message { market, symbol, digits: layouts.digits(), body })
    }

    /// Decodes one frame, whatever digits the frames before it needed, and hands the result to
    /// `then`. Where both do not fit into 64 bits the digits begin anew, so that one absurd number
    /// spoils nothing behind it.
    pub fn decode_with<R>(
        &mut self,
        payload: &[u8],
        then: impl FnOnce(Result<Message<'_>, Error>) -> R,
    ) -> R {
        match self.decode(payload) {
            Err(Error::TooManyDigits { .. }) => {
                self.layouts = Layouts::new(Digits::default());
                then(self.decode(payload))
            }
            result => then(result),
        }
    }

    /// Reads a frame with layouts that have the digits which its values need: once as a rule, again
    /// after the digits were raised.
    fn read<'a>(
        &mut self,
        payload: &'a [u8],
        frame: &mut Frame<'a>,
        layouts: &mut Layouts,
    ) -> Result<(), Error> {
        loop {
            let mut stores = Stores { layouts, levels: &mut self.levels };
            read_frame(payload, frame, &mut stores)?;
            let needs = needed_digits(shape(frame), &frame.fields, self.levels.needs, layouts);
            if needs == layouts.digits() {
                return Ok(());
            }
            layouts.set_digits(needs);
            *frame = Frame::default();
        }
    }
}

/// A symbol as it reads, escapes resolved.
#[inline]
fn symbol_text<'a>(symbol: SymbolText, frame: &'a str, buffer: &'a mut String) -> &'a str {
    let text = &frame[symbol.start..symbol.end];
    if !symbol.escaped {
        return text;
    }
    buffer.clear();
    crate::json::unescape(text, buffer);
    buffer
}

#[cfg(test)]
mod tests;
