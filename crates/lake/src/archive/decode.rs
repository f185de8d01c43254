//! Frames to messages, so that what a frame says does not depend on the frames before it.

use fluxo_market_data::{Body, Decoder, Digits, Error, Message};

use super::events::scale_of;
use super::frame::Frame;
use super::layout::Instrument;

/// Why a frame is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The line does not begin with a receive time and a space.
    #[error("the line does not begin with a receive time")]
    NoReceiveTime,
    /// What follows the receive time is no message.
    #[error(transparent)]
    Payload(#[from] Error),
}

/// Decodes the payloads of frames.
#[derive(Debug)]
pub(super) struct FrameDecoder(Decoder);

impl FrameDecoder {
    pub(super) fn new() -> Self {
        Self(Decoder::new())
    }

    /// Decodes a frame and hands the result to `then`.
    pub(super) fn decode<R>(
        &mut self,
        frame: &Frame<'_>,
        then: impl FnOnce(Result<Message<'_>, Malformed>) -> R,
    ) -> R {
        match frame.payload() {
            Some(payload) => self.0.decode_with(payload, |result| then(result.map_err(Into::into))),
            None => then(Err(Malformed::NoReceiveTime)),
        }
    }
}

/// Whether a message is about this instrument, as far as it says what it is about.
pub(super) fn is_about(message: &Message<'_>, instrument: &Instrument) -> bool {
    message.symbol.is_none_or(|symbol| symbol == instrument.symbol)
        && message.market.is_none_or(|market| market == instrument.market)
}

/// Whether a message becomes rows of events.
pub(super) fn has_rows(message: &Message<'_>, instrument: &Instrument) -> bool {
    is_about(message, instrument) && !matches!(message.body, Body::Other)
}

/// Consecutive frames whose numbers fit one pair of digits.
#[derive(Debug)]
pub(super) struct Run {
    decoder: Decoder,
    pub(super) frames: u64,
    /// What all numbers fit at.
    pub(super) digits: Digits,
    /// The largest numbers at those digits, without sign.
    price_max: i64,
    size_max: i64,
}

impl Run {
    pub(super) fn new() -> Self {
        Self {
            decoder: Decoder::new(),
            frames: 0,
            digits: Digits::default(),
            price_max: 0,
            size_max: 0,
        }
    }

    /// Adds a frame; `false` when its numbers and those before it do not fit the same digits. A run
    /// without frames takes any frame.
    pub(super) fn add(&mut self, frame: &Frame<'_>, instrument: &Instrument) -> bool {
        let result = frame.payload().map(|payload| self.decoder.decode(payload));
        let fits = match result {
            Some(Ok(message)) if has_rows(&message, instrument) => {
                let largest = Largest::of(&message);
                self.widened(largest)
            }
            Some(Err(Error::TooManyDigits { .. })) => (self.frames == 0).then_some(self.largest()),
            _ => Some(self.largest()),
        };
        let Some(largest) = fits else { return false };
        (self.digits, self.price_max, self.size_max) =
            (largest.digits, largest.price, largest.size);
        self.frames += 1;
        true
    }

    const fn largest(&self) -> Largest {
        Largest { digits: self.digits, price: self.price_max, size: self.size_max }
    }

    /// The largest numbers of the run with another message's, at the digits of that message.
    fn widened(&self, other: Largest) -> Option<Largest> {
        let restated = |value: i64, from, to| value.checked_mul(scale_of(from, to)?);
        Some(Largest {
            digits: other.digits,
            price: restated(self.price_max, self.digits.price, other.digits.price)?
                .max(other.price),
            size: restated(self.size_max, self.digits.size, other.digits.size)?.max(other.size),
        })
    }
}

/// The largest numbers of some messages, without sign, and their digits.
#[derive(Clone, Copy, Debug)]
struct Largest {
    digits: Digits,
    price: i64,
    size: i64,
}

impl Largest {
    fn of(message: &Message<'_>) -> Self {
        let (mut price, mut size) = (0_i64, 0_i64);
        let mut take = |p: i64, s: i64| {
            price = price.max(p.saturating_abs());
            size = size.max(s.saturating_abs());
        };
        let levels = match &message.body {
            Body::Depth(update) => update.levels,
            Body::Snapshot(book) | Body::PartialDepth(book) => book.levels,
            Body::Order(order) => order.shown.unwrap_or_default(),
            _ => &[],
        };
        levels.iter().for_each(|level| take(level.price, level.size));
        match &message.body {
            Body::Trade(trade) => take(trade.price, trade.size),
            Body::AggTrade(aggregate) => take(aggregate.trade.price, aggregate.trade.size),
            Body::Ticker(ticker) => {
                take(ticker.bid, ticker.bid_size);
                take(ticker.ask, ticker.ask_size);
            }
            Body::MarkPrice(mark) => {
                take(mark.mark, 0);
                take(mark.index.unwrap_or(0), 0);
            }
            Body::Order(order) => take(order.price, order.size),
            Body::Depth(_) | Body::Snapshot(_) | Body::PartialDepth(_) | Body::Other => {}
        }
        Self { digits: message.digits, price, size }
    }
}
