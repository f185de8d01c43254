//! What a person asks of a running session, and what he is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;

use fluxo_core::{Event, OperatorCommand, RiskState};
use serde::Serialize;

use crate::models::Models;

/// What can be asked for. Commands that change what the engine does become events.
#[derive(Debug)]
pub(crate) enum Command {
    /// How it goes.
    Status,
    /// An event for the engine.
    Operator(OperatorCommand),
    /// Other models from now on: verified and loaded before they come here.
    UseBundle(Box<Models>),
    /// The end of the session: what works is withdrawn first.
    Stop,
}

impl Command {
    /// The command of that word, where one word is all of it.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "status" => Self::Status,
            "halt" => Self::Operator(OperatorCommand::Halt),
            "reduce" => Self::Operator(OperatorCommand::Reduce),
            "resume" => Self::Operator(OperatorCommand::Resume),
            "stop" => Self::Stop,
            _ => return None,
        })
    }
}

/// Who comes first: the session that does what was asked, or whoever asked and gives up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claim(Arc<AtomicBool>);

impl Claim {
    /// Whether it was free.
    pub(crate) fn take(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
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
    /// Whose models forecast.
    pub(crate) bundle: Option<String>,
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
            bundle: None,
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
    pub(crate) fn event(&self) -> Option<Event> {
        let command = match &self.command {
            Command::Status => return None,
            Command::Operator(command) => *command,
            Command::UseBundle(models) => OperatorCommand::UseBundle(models.id()),
            Command::Stop => OperatorCommand::Halt,
        };
        Some(Event::Operator(command))
    }

    /// The models that the engine has to have at hand before it learns of them.
    pub(crate) fn into_models(self) -> Option<Models> {
        match self.command {
            Command::UseBundle(models) => Some(*models),
            Command::Status | Command::Operator(_) | Command::Stop => None,
        }
    }

    pub(crate) const fn status(&self) -> &Status {
        &self.status
    }

    /// How to answer, if somebody waits.
    pub(crate) fn answer_to(&self) -> Option<SyncSender<Status>> {
        self.answer_to.clone()
    }
}
