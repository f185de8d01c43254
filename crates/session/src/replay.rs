//! Replays a journal: the same events, and whether they lead to the same actions.

use std::path::Path;

use fluxo_core::{
    Action, Actions, ClientOrderId, Event, InstrumentId, MarketData, Order, OrderUpdate, Stamped,
};
use fluxo_engine::Engine;
use fluxo_lake::Digest;
use fluxo_lake::journal::{End, JournalReader, Record};
use fluxo_report::{Difference, Failure, JournalReplay, Outcome, Unfit};

use crate::EngineFile;
use crate::run::lake_failure;

/// Feeds the events of a journal to a new engine and compares what it does with what was recorded.
/// `changed` is a configuration to use in place of the recorded one.
///
/// # Errors
/// A journal that is damaged or is none, or a configuration that cannot be used.
pub fn replay_journal(folder: &Path, changed: Option<&EngineFile>) -> Outcome<JournalReplay> {
    let mut journal = JournalReader::open(folder).map_err(lake_failure)?;
    let mut engine = engine(&journal, changed)?;
    let is_live = journal.header().sources.is_empty();
    let mut comparison = Comparison::default();
    let mut actions = Actions::default();
    let mut end = None;
    while let Some(entry) = journal.next_entry().map_err(lake_failure)? {
        match entry.record {
            Record::Event(stamped) => {
                comparison.settle();
                engine.on_event(&stamped, &mut actions);
                comparison.expect(stamped, &actions);
            }
            Record::Actions { sequence, actions } => comparison.recorded(sequence, &actions),
            Record::End(recorded) => end = Some(recorded),
            Record::Header(_) => {}
        }
    }
    if end.is_some() {
        comparison.settle();
    }
    // Without an end the run was killed, perhaps between its last event and what that led to.
    let ending = journal.ending().map_err(lake_failure)?;
    let actions_sha256 = engine.chain().hex();
    let identical = comparison.first.is_none()
        && end.as_ref().is_none_or(|end| agrees(end, &engine, &actions_sha256));
    Ok(JournalReplay {
        identical,
        finished: ending.end.is_some(),
        events: engine.stats().events,
        actions_sha256,
        journal_sha256: ending.journal_sha256.to_string(),
        first_difference: comparison.first,
        first_different_order: comparison.first_order,
        warnings: warnings(ending.end.is_some(), is_live, ending.torn_bytes),
    })
}

/// The configuration that a journal was recorded with.
///
/// # Errors
/// A journal that is damaged or is none.
pub fn recorded_configuration(folder: &Path) -> Outcome<EngineFile> {
    let journal = JournalReader::open(folder).map_err(lake_failure)?;
    EngineFile::from_text(&journal.header().config).or_damaged()
}

fn engine(journal: &JournalReader, changed: Option<&EngineFile>) -> Outcome<Engine> {
    let header = journal.header();
    let file = match changed {
        Some(file) => file.clone(),
        None => EngineFile::from_text(&header.config).or_damaged()?,
    };
    let instruments = header
        .specs
        .iter()
        .map(|spec| Ok((spec.clone(), file.engine_config(spec).or_usage()?)))
        .collect::<Outcome<Vec<_>>>()?;
    Engine::new(instruments).map_err(Failure::usage)
}

fn agrees(end: &End, engine: &Engine, actions_sha256: &str) -> bool {
    end.events == engine.stats().events
        && actions_sha256.parse::<Digest>().is_ok_and(|sha256| sha256 == end.actions_sha256)
}

fn warnings(finished: bool, is_live: bool, torn_bytes: u64) -> Vec<String> {
    if finished {
        return Vec::new();
    }
    let torn = if torn_bytes > 0 {
        format!(" ({torn_bytes} torn bytes at its end)")
    } else {
        String::new()
    };
    let advice = if is_live {
        "the live session was killed, and this is what it did until then"
    } else {
        "run the command that wrote it again, and it goes on"
    };
    vec![format!("the journal is not finished{torn}: {advice}")]
}

/// The last event, what the replay did on it, and whether that was recorded.
#[derive(Default)]
struct Comparison {
    pending: Option<(Stamped, Vec<Action>)>,
    first: Option<Difference>,
    first_order: Option<Difference>,
}

impl Comparison {
    fn expect(&mut self, stamped: Stamped, actions: &Actions) {
        if self.first.is_none() || self.first_order.is_none() {
            self.pending = Some((stamped, actions.as_slice().to_vec()));
        }
    }

    /// The journal has actions of the last event.
    fn recorded(&mut self, sequence: u64, recorded: &[Action]) {
        if let Some((stamped, replayed)) = self.pending.take() {
            let same_event = stamped.sequence == sequence;
            self.compare(&stamped, if same_event { recorded } else { &[] }, &replayed);
        }
    }

    /// The journal has no more of the last event: if nothing was recorded, nothing may be done.
    fn settle(&mut self) {
        if let Some((stamped, replayed)) = self.pending.take() {
            self.compare(&stamped, &[], &replayed);
        }
    }

    fn compare(&mut self, stamped: &Stamped, recorded: &[Action], replayed: &[Action]) {
        if self.first.is_none() && recorded != replayed {
            self.first = Some(difference(stamped, recorded, replayed));
        }
        if self.first_order.is_none() && !sent(recorded).eq(sent(replayed)) {
            self.first_order = Some(difference(stamped, recorded, replayed));
        }
    }
}

/// What left for the venue, without the reasons.
fn sent(actions: &[Action]) -> impl Iterator<Item = Sent> {
    actions.iter().filter_map(|action| match action {
        Action::Place { order, .. } => Some(Sent::Order(*order)),
        Action::Cancel { instrument, id, .. } => Some(Sent::Cancel(*instrument, *id)),
        Action::Refuse { .. } | Action::RiskState { .. } => None,
    })
}

#[derive(PartialEq, Eq)]
enum Sent {
    Order(Order),
    Cancel(InstrumentId, ClientOrderId),
}

fn difference(stamped: &Stamped, recorded: &[Action], replayed: &[Action]) -> Difference {
    // The first action that differs is what a person looks for; the rest follows from it.
    let at = recorded.iter().zip(replayed).take_while(|(one, other)| one == other).count();
    let show = |actions: &[Action]| match actions.get(at) {
        Some(action) => format!("{action:?}"),
        None => "nothing".to_owned(),
    };
    Difference {
        sequence: stamped.sequence,
        ts_recv: stamped.ts_recv.get(),
        event: kind(&stamped.event).to_owned(),
        recorded: show(recorded),
        replayed: show(replayed),
    }
}

/// What kind of event it was, in the words of the documents.
const fn kind(event: &Event) -> &'static str {
    match event {
        Event::Market(market) => match market.data {
            MarketData::Book(_) => "book batch",
            MarketData::Trade(_) => "trade",
            MarketData::Quote(_) => "best quote",
            MarketData::OrderAdd(_)
            | MarketData::OrderReduce(_)
            | MarketData::OrderCancel(_)
            | MarketData::OrderExecute(_) => "order of the book",
            MarketData::Bar(_) => "bar",
            MarketData::Status(_) => "trading phase",
            MarketData::Gap(_) => "gap",
            MarketData::Mark(_) => "mark price",
            MarketData::Spec(_) => "specification",
            MarketData::Heartbeat => "heartbeat",
        },
        Event::Order(order) => match order.update {
            OrderUpdate::Filled(_) => "fill",
            _ => "order answer",
        },
        Event::Timer(_) => "timer",
        Event::Operator(_) => "operator command",
    }
}
