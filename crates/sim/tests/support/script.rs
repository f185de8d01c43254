//! Markets and orders as words: `book b100x5 a102x3`, `sold 3 at 100`, `#1 buy 2 limit 100`.

use fluxo_core::{
    Aggressor, BatchKind, BookBatch, ClientOrderId, Decimal, Gap, GapReason, InstrumentId,
    InstrumentSpec, LevelUpdate, Lots, MarketData, Order, OrderType, OrderUpdate, Phase, Price,
    Side, Trade, TradeCondition, UnixNanos,
};

pub(crate) const INSTRUMENT: InstrumentId = InstrumentId::new(0);

pub(crate) fn number(word: &str) -> i64 {
    word.parse().unwrap_or_else(|_| panic!("{word} is no number"))
}

/// `#7`
pub(crate) fn id(word: &str) -> ClientOrderId {
    ClientOrderId::new(number(word.strip_prefix('#').unwrap()).unsigned_abs())
}

/// `#1 buy 2 limit 100`, or `post`, `ioc`, `market`.
pub(crate) fn order(words: &[&str]) -> Order {
    let [number, side, size, kind, limit @ ..] = words else { panic!("{words:?} is no order") };
    let at = || price(limit[0]);
    let order_type = match *kind {
        "limit" => OrderType::Limit { price: at() },
        "post" => OrderType::PostOnly { price: at() },
        "ioc" => OrderType::ImmediateOrCancel { price: at() },
        _ => OrderType::Market,
    };
    let side = if *side == "buy" { Side::Bid } else { Side::Ask };
    Order { id: id(number), instrument: INSTRUMENT, side, lots: lots(size), order_type }
}

/// A batch, a print or news. A gap begins and ends `now`, and `finer` refines `spec`.
pub(crate) fn market_data(words: &[&str], now: UnixNanos, spec: &mut InstrumentSpec) -> MarketData {
    match words {
        ["snap", levels @ ..] => batch(BatchKind::Snapshot, levels),
        ["book", levels @ ..] => batch(BatchKind::Update, levels),
        ["sold", rest @ ..] => print(Aggressor::Seller, TradeCondition::Market, rest),
        ["bought", rest @ ..] => print(Aggressor::Buyer, TradeCondition::Market, rest),
        ["crossed", rest @ ..] => print(Aggressor::Unknown, TradeCondition::Market, rest),
        ["off", rest @ ..] => print(Aggressor::Seller, TradeCondition::OffMarket, rest),
        ["gap"] => {
            let reason = GapReason::Sequence { expected: 1, got: 2 };
            MarketData::Gap(Gap { from: now, to: now, reason })
        }
        ["halt"] => MarketData::Status(Phase::Halt),
        ["auction"] => MarketData::Status(Phase::Auction),
        ["open"] => MarketData::Status(Phase::Continuous),
        ["finer", tick, lot] => {
            spec.tick_size = divided(spec.tick_size, tick);
            spec.lot_size = divided(spec.lot_size, lot);
            MarketData::Spec(Box::new(spec.clone()))
        }
        words => panic!("{words:?} is no step"),
    }
}

/// `Accepted`, `QueueReached 2 at 99, 1 open`, `Expired 3`.
pub(crate) fn describe(update: &OrderUpdate) -> String {
    match update {
        OrderUpdate::Filled(fill) => format!(
            "{:?} {} at {}, {} open",
            fill.reason,
            fill.lots.get(),
            fill.price.ticks(),
            fill.remaining.get()
        ),
        OrderUpdate::Canceled { remaining } => format!("Canceled {}", remaining.get()),
        OrderUpdate::Expired { remaining } => format!("Expired {}", remaining.get()),
        OrderUpdate::Rejected(reason) => format!("{reason:?}"),
        OrderUpdate::Accepted => "Accepted".to_owned(),
        OrderUpdate::CancelRejected => "CancelRejected".to_owned(),
    }
}

fn price(word: &str) -> Price {
    Price::from_ticks(number(word))
}

fn lots(word: &str) -> Lots {
    Lots::new(number(word))
}

/// `b100x5`
fn level(word: &str) -> LevelUpdate {
    let (side, rest) = word.split_at(1);
    let (at, size) = rest.split_once('x').unwrap();
    let side = if side == "b" { Side::Bid } else { Side::Ask };
    LevelUpdate { side, price: price(at), lots: lots(size) }
}

fn batch(kind: BatchKind, words: &[&str]) -> MarketData {
    let levels = words.iter().map(|word| level(word)).collect();
    MarketData::Book(BookBatch { kind, update_id: 1, levels })
}

/// `3 at 100`
fn print(aggressor: Aggressor, condition: TradeCondition, words: &[&str]) -> MarketData {
    let [size, "at", at] = words else { panic!("{words:?} is no print") };
    let (price, lots) = (price(at), lots(size));
    MarketData::Trade(Trade { price, lots, aggressor, condition, trade_id: 0, match_id: None })
}

/// A decimal divided by 1, 10 or 100.
fn divided(whole: Decimal, parts: &str) -> Decimal {
    let digits = u8::try_from(parts.len() - 1).unwrap();
    Decimal::new(whole.mantissa(), whole.exponent() + digits)
}
