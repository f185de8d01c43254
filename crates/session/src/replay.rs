//! Replays a journal: the same events, and whether they lead to the same actions.

mod scores;

use std::path::Path;

use fluxo_core::{
    Action, Actions, ClientOrderId, Event, Forecast, InstrumentId, MarketData, Order, OrderUpdate,
    Stamped,
};
use fluxo_engine::Engine;
use fluxo_lake::Digest;
use fluxo_lake::journal::{End, Ending, Header, JournalReader, Record};
use fluxo_report::{Difference, Failure, JournalReplay, Outcome, Unfit, Verdict};

use crate::EngineFile;
use crate::run::lake_failure;
use scores::Source;

pub use scores::{ReplayModels, Scores};

/// Feeds the events of a journal to a new engine and compares what it does with what was recorded.
/// `changed` is a configuration to use in place of the recorded one; `models` says where the scores of
/// models come from, if there are any.
///
/// # Errors
/// A journal that is damaged or is none, a configuration that cannot be used, or a bundle that is
/// needed and is not at hand.
pub fn replay_journal(
    folder: &Path,
    changed: Option<&EngineFile>,
    models: &ReplayModels,
) -> Outcome<JournalReplay> {
    let mut journal = JournalReader::open(folder).map_err(lake_failure)?;
    let file = match changed {
        Some(file) => file.clone(),
        None => EngineFile::of_journal(journal.header()).or_damaged()?,
    };
    let mut engine = engine(journal.header(), &file)?;
    let is_live = journal.header().sources.is_empty();
    let mut source = Source::choose(folder, journal.header(), file, models)?;
    source.begin(&mut engine)?;
    let mut replay = Replay { engine, source, comparison: Comparison::default(), waiting: None };
    let mut end = None;
    while let Some(entry) = journal.next_entry().map_err(lake_failure)? {
        match entry.record {
            Record::Event(stamped) => {
                replay.go_on(&[])?;
                replay.comparison.settle();
                replay.waiting = Some(stamped);
            }
            Record::Forecasts { sequence, forecasts } => replay.forecasts(sequence, &forecasts)?,
            Record::Actions { sequence, actions } => {
                replay.go_on(&[])?;
                replay.comparison.recorded(sequence, &actions);
            }
            Record::End(recorded) => {
                replay.go_on(&[])?;
                end = Some(recorded);
            }
            Record::Header(_) => {}
        }
    }
    // Without an end the run was killed, perhaps between its last event and what that led to: then
    // there is nothing to compare the last event with, and it counts all the same.
    replay.last()?;
    let Replay { engine, source, mut comparison, .. } = replay;
    if end.is_some() {
        comparison.settle();
    }
    let ending = journal.ending().map_err(lake_failure)?;
    let actions_sha256 = engine.chain().hex();
    let verdict = verdict(&comparison, end.as_ref(), &engine, source.compared.difference_max);
    Ok(JournalReplay {
        identical: verdict == Verdict::Identical,
        verdict,
        finished: ending.end.is_some(),
        events: engine.stats().events,
        actions_sha256,
        journal_sha256: ending.journal_sha256.to_string(),
        first_difference: comparison.first,
        first_different_order: comparison.first_order,
        scores: source.word(),
        scores_compared: source.compared.rows,
        score_difference_max: source.compared.difference_max,
        warnings: warnings(&ending, is_live, &source, verdict),
    })
}

/// A replay on its way. An event is held back until the record behind it is known: that may say what
/// the models said at it.
struct Replay<'a> {
    engine: Engine,
    source: Source<'a>,
    comparison: Comparison,
    waiting: Option<Stamped>,
}

impl Replay<'_> {
    /// The journal has forecasts of the event that waits; of another one they would be none of it.
    fn forecasts(&mut self, sequence: u64, forecasts: &[Forecast]) -> Outcome<()> {
        let is_its = self.waiting.as_ref().is_some_and(|waiting| waiting.sequence == sequence);
        self.go_on(if is_its { forecasts } else { &[] })
    }

    /// Shows the engine the event that waits.
    fn go_on(&mut self, recorded: &[Forecast]) -> Outcome<()> {
        if let Some(actions) = self.show(recorded)? {
            self.source.compared.observe(recorded, actions.forecasts());
        }
        Ok(())
    }

    /// Shows it the last event of a journal that ends with one.
    fn last(&mut self) -> Outcome<()> {
        self.show(&[]).map(drop)
    }

    fn show(&mut self, recorded: &[Forecast]) -> Outcome<Option<Actions>> {
        let Some(stamped) = self.waiting.take() else { return Ok(None) };
        self.source.prepare(&mut self.engine, &stamped, recorded)?;
        let mut actions = Actions::default();
        self.engine.on_event(&stamped, &mut actions);
        self.comparison.expect(stamped, &actions);
        Ok(Some(actions))
    }
}

/// The configuration that a journal was recorded with.
///
/// # Errors
/// A journal that is damaged or is none.
pub fn recorded_configuration(folder: &Path) -> Outcome<EngineFile> {
    let journal = JournalReader::open(folder).map_err(lake_failure)?;
    EngineFile::of_journal(journal.header()).or_damaged()
}

fn engine(header: &Header, file: &EngineFile) -> Outcome<Engine> {
    let instruments = header
        .specs
        .iter()
        .map(|spec| Ok((spec.clone(), file.engine_config(spec).or_usage()?)))
        .collect::<Outcome<Vec<_>>>()?;
    Engine::new(instruments).map_err(Failure::usage)
}

fn verdict(
    comparison: &Comparison,
    end: Option<&End>,
    engine: &Engine,
    score_difference_max: f64,
) -> Verdict {
    let same_events = end.is_none_or(|end| end.events == engine.stats().events);
    let same_chain = end.is_none_or(|end| {
        engine.chain().hex().parse::<Digest>().is_ok_and(|sha256| sha256 == end.actions_sha256)
    });
    let same_actions = same_events && same_chain && comparison.first.is_none();
    let same_orders = same_events && comparison.first_order.is_none();
    Verdict::of(same_actions, same_orders, score_difference_max)
}

fn warnings(ending: &Ending, is_live: bool, source: &Source<'_>, verdict: Verdict) -> Vec<String> {
    let mut warnings = source.warnings.clone();
    if ending.end.is_none() {
        let torn = if ending.torn_bytes > 0 {
            format!(" ({} torn bytes at its end)", ending.torn_bytes)
        } else {
            String::new()
        };
        let advice = if is_live {
            "the live session was killed, and this is what it did until then"
        } else {
            "run the command that wrote it again, and it goes on"
        };
        warnings.push(format!("the journal is not finished{torn}: {advice}"));
    }
    warnings.extend(differing_scores(source.scores, source.compared.difference_max, verdict));
    warnings
}

/// What differing scores mean, by where they came from.
fn differing_scores(scores: Scores, most: f64, verdict: Verdict) -> Option<String> {
    if most <= 0.0 {
        return None;
    }
    Some(match (scores, verdict) {
        (Scores::Recorded, _) => "not every recorded score met a row of its own: the replay makes \
                                  other rows than the session did"
            .to_owned(),
        (Scores::Recompute, Verdict::Agrees) => format!(
            "scores differ by up to {most:e} from the recorded ones, as on another kind of \
             processor, and no other order was sent; --scores recorded compares every action"
        ),
        (Scores::Recompute, _) => format!(
            "scores differ by up to {most:e} from the recorded ones: see whether the decisions \
             follow from the recorded ones, with --scores recorded"
        ),
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_scores_are_explained_by_where_they_came_from() {
        let said = |scores, verdict| differing_scores(scores, 1e-6, verdict).unwrap();
        let recorded = said(Scores::Recorded, Verdict::Different);
        assert!(recorded.contains("other rows") && !recorded.contains("--scores"), "{recorded}");
        let agrees = said(Scores::Recompute, Verdict::Agrees);
        assert!(agrees.contains("1e-6") && agrees.contains("no other order"), "{agrees}");
        let different = said(Scores::Recompute, Verdict::Different);
        assert!(different.contains("--scores recorded"), "{different}");
        assert_eq!(differing_scores(Scores::Recompute, 0.0, Verdict::Identical), None);
    }
}
