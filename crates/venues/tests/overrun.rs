//! Frames that come faster than they are taken: the hole is declared, and the book comes back.

use std::sync::Arc;
use std::time::Duration;

use fluxo_core::{
    Calendar, Decimal, FeatureUnits, GapReason, InstrumentId, InstrumentSpec, Lots, Market,
    MarketData, SpecSource, UnixNanos,
};
use fluxo_market_data::{Decoder, SyncConfig, SyncState, Synchroniser};
use fluxo_venues::client::{
    BookReport, BookState, ClientConfig, Endpoints, Inbox, InboxConfig, Incoming, LiveFeed, Plan,
    Venue,
};
use fluxo_venues::double::{Captures, Config, Double};

fn spec() -> InstrumentSpec {
    InstrumentSpec {
        market: Market::BinanceUsdm,
        symbol: "BTCUSDT".into(),
        kind: Market::BinanceUsdm.kind(),
        base: "BTC".into(),
        quote: "USDT".into(),
        settle: "USDT".into(),
        tick_size: Decimal::new(1, 1),
        lot_size: Decimal::new(1, 3),
        multiplier: Decimal::ONE,
        maker_fee: Decimal::ZERO,
        taker_fee: Decimal::ZERO,
        size_unit_lots: Lots::new(100),
        units: FeatureUnits::UNKNOWN,
        calendar: Calendar::AroundTheClock,
        valid_from: UnixNanos::new(0),
        source: SpecSource::Configured,
    }
}

#[test]
fn a_consumer_that_falls_behind_is_told_what_he_missed() {
    let folder = tempfile::tempdir().unwrap();
    let capture = fluxo_test_data::synthetic_capture(folder.path(), "BTCUSDT", 9_600);
    // Silence is measured in the venue's time: no faster than a busy machine can keep up with.
    let config = Config { speed: 5.0, ..Config::new(spec()) };
    let double = Double::start(config, Captures::new([capture])).unwrap();
    let endpoints = Endpoints { ws: double.ws_url(), rest: double.rest_url() };
    let plan = Plan::new(Market::BinanceUsdm, "BTCUSDT", &endpoints).unwrap();
    let venue = Venue::greet(&plan, &ClientConfig::DEFAULT, &|| false).unwrap();
    let (config, clock) = (ClientConfig::DEFAULT, venue.clock);
    let inbox = Arc::new(Inbox::<()>::new(InboxConfig { frames_max: 16, ..InboxConfig::DEFAULT }));
    let feed = LiveFeed { plan, config, clock, tls: None }.start(Arc::clone(&inbox)).unwrap();

    let mut sync = Synchroniser::new(InstrumentId::new(0), spec(), SyncConfig::DEFAULT).unwrap();
    let (mut decoder, mut events) = (Decoder::new(), Vec::new());
    let (mut report, mut slept) = (BookReport::default(), false);
    let mut reasons = Vec::new();
    for _ in 0..20_000 {
        let Some(incoming) = inbox.pop(Duration::from_secs(5)) else { break };
        let mut take = |ts_recv, bytes: &[u8]| {
            decoder.decode_with(bytes, |message| {
                sync.on_message(ts_recv, &message.unwrap(), &mut events).unwrap();
            });
        };
        match incoming {
            Incoming::Frame { ts_recv, bytes, .. } => take(ts_recv, &bytes),
            Incoming::Snapshot { ts_recv, bytes } => {
                take(ts_recv, &bytes);
                report.snapshots += 1;
            }
            Incoming::Lost { ts_recv, since, reason } => {
                sync.feed_lost(ts_recv, since, reason, &mut events);
                report.losses += 1;
            }
            Incoming::Command(()) | Incoming::Ended => break,
        }
        report.state = match sync.state() {
            SyncState::Unsynced => BookState::Empty,
            SyncState::Buffering if sync.is_snapshot_too_old() => BookState::TooOld,
            SyncState::Buffering => BookState::Waiting,
            SyncState::Live => BookState::Live,
        };
        feed.report(report);
        for event in events.drain(..) {
            if let MarketData::Gap(gap) = event.data {
                reasons.push(gap.reason);
            }
        }
        let live = sync.state() == SyncState::Live;
        if live && !slept {
            // The venue goes on meanwhile: some two hundred frames.
            std::thread::sleep(Duration::from_secs(2));
            slept = true;
        } else if live && !reasons.is_empty() {
            break;
        }
    }
    assert_eq!(
        reasons.first(),
        Some(&GapReason::Overrun),
        "no connection was at fault: {reasons:?}"
    );
    assert_eq!(sync.state(), SyncState::Live, "the book came back");
    assert!(inbox.counts().dropped > 100 && inbox.counts().waiting_max == 16);
    assert!(report.snapshots >= 2);
    let _counts = feed.stop();
}
