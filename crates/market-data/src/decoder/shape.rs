//! What kind of frame it is, and the digits that its values need.

use super::amount::{Amount, Layouts};
use super::field::{Field, Kind};
use super::fields::Fields;
use super::read::Frame;
use super::stream::{DepthStream, depth_stream};
use crate::Digits;
use crate::json::Layout;

/// The shapes of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Depth,
    Snapshot,
    PartialDepth,
    Trade,
    AggTrade,
    Ticker,
    MarkPrice,
    Other,
}

/// What kind of frame it is: by its own word where it has one, else by its fields.
pub(super) fn shape(frame: &Frame<'_>) -> Shape {
    let fields = &frame.fields;
    match frame.kind() {
        Field::Is(Kind::Depth) => match depth_stream(frame.stream) {
            DepthStream::Increments => Shape::Depth,
            DepthStream::Partial => Shape::PartialDepth,
            DepthStream::OtherBook => Shape::Other,
        },
        Field::Is(Kind::Trade) => Shape::Trade,
        Field::Is(Kind::AggTrade) => Shape::AggTrade,
        Field::Is(Kind::Ticker) => Shape::Ticker,
        Field::Is(Kind::MarkPrice) => Shape::MarkPrice,
        Field::Absent if !fields.snapshot_id.is_absent() && frame.enveloped => Shape::PartialDepth,
        Field::Absent if !fields.snapshot_id.is_absent() => Shape::Snapshot,
        Field::Absent if is_spot_ticker(fields) => Shape::Ticker,
        Field::Is(Kind::Unknown) | Field::Fault(_) | Field::Absent => Shape::Other,
    }
}

fn is_spot_ticker(fields: &Fields<'_>) -> bool {
    !(fields.last_id.is_absent()
        || fields.bid.price.is_absent()
        || fields.bid_size.is_absent()
        || fields.ask.price.is_absent()
        || fields.ask_size.is_absent())
}

/// The digits that the values of a frame need, if more than the layouts have.
pub(super) fn needed_digits(
    shape: Shape,
    fields: &Fields<'_>,
    levels: Digits,
    layouts: &Layouts,
) -> Digits {
    let have = layouts.digits();
    let price = |field| needed(field, &layouts.price);
    let size = |field| needed(field, &layouts.size);
    match shape {
        Shape::Depth | Shape::Snapshot | Shape::PartialDepth => {
            Digits { price: have.price.max(levels.price), size: have.size.max(levels.size) }
        }
        Shape::Trade | Shape::AggTrade => {
            Digits { price: price(fields.price), size: size(fields.size) }
        }
        Shape::Ticker => Digits {
            price: price(fields.bid.price).max(price(fields.ask.price)),
            size: size(fields.bid_size).max(size(fields.ask_size)),
        },
        Shape::MarkPrice => {
            Digits { price: price(fields.price).max(price(fields.index)), size: have.size }
        }
        Shape::Other => have,
    }
}

fn needed(field: Field<Amount<'_>>, layout: &Layout) -> u8 {
    match field {
        Field::Is(amount) => amount.needed_digits(layout),
        Field::Absent | Field::Fault(_) => layout.digits(),
    }
}
