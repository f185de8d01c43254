//! What a person asks of a running session, and what he is answered.

use std::sync::mpsc::SyncSender;

use fluxo_core::{Event, OperatorCommand, RiskState};
use serde::Serialize;

/// What can be asked for. Commands that change what the engine does become events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// How it goes.
    Status,
    /// An event for the engine.
    Operator(OperatorCommand),
    /// The end of the session: what works is withdrawn first.
    Stop,
}

/// The words, and what they mean.
const WORDS: [(&str, Command); 5] = [
    ("status", Command::Status),
    ("halt", Command::Operator(OperatorCommand::Halt)),
    ("reduce", Command::Operator(OperatorCommand::Reduce)),
    ("resume", Command::Operator(OperatorCommand::Resume)),
    ("stop", Command::Stop),
];

impl Command {
    /// The command of that word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        WORDS.iter().find(|(name, _)| *name == word).map(|(_, command)| *command)
    }
}

/// A question, until it is answered.
#[derive(Debug)]
pub(crate) struct Asked {
    command: Command,
    /// What the source knows of it.
    status: Status,
    answer_to: Option<SyncSender<Status>>,
}

/// How a session goes. What the source does not know, the loop fills in.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) session: SessionState,
    /// The session's clock.
    pub(crate) ts_ns: i64,
    pub(crate) book: &'static str,
    pub(crate) risk: RiskState,
    pub(crate) position_lots: i64,
    pub(crate) net_pnl: Option<f64>,
    pub(crate) currency: String,
    pub(crate) events: u64,
    pub(crate) decisions: u64,
    pub(crate) orders: u64,
    pub(crate) fills: u64,
    pub(crate) frames: u64,
    pub(crate) gaps: u64,
}

/// Whether a session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionState {
    Running,
    Stopping,
}

impl Status {
    /// What the source knows.
    pub(crate) const fn of_source(session: SessionState, ts_ns: i64, book: &'static str) -> Self {
        Self {
            session,
            ts_ns,
            book,
            risk: RiskState::Active,
            position_lots: 0,
            net_pnl: None,
            currency: String::new(),
            events: 0,
            decisions: 0,
            orders: 0,
            fills: 0,
            frames: 0,
            gaps: 0,
        }
    }
}

impl Asked {
    pub(crate) const fn new(
        command: Command,
        status: Status,
        answer_to: Option<SyncSender<Status>>,
    ) -> Self {
        Self { command, status, answer_to }
    }

    /// What the engine has to learn of it. A session that stops halts: nothing of it may work on.
    pub(crate) const fn event(&self) -> Option<Event> {
        match self.command {
            Command::Status => None,
            Command::Operator(command) => Some(Event::Operator(command)),
            Command::Stop => Some(Event::Operator(OperatorCommand::Halt)),
        }
    }

    pub(crate) const fn status(&self) -> &Status {
        &self.status
    }

    /// Answers, if somebody waits.
    pub(crate) fn answer(&self, status: &Status) {
        if let Some(answer_to) = &self.answer_to {
            // Whoever asked may have gone.
            let _gone = answer_to.try_send(status.clone());
        }
    }
}
