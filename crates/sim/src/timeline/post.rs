//! What is on its way between us and the venue: orders and cancels there, answers back.
//!
//! Both ways have a constant latency, so what left first arrives first.

use std::collections::VecDeque;

use fluxo_core::{
    ClientOrderId, InstrumentId, Nanos, Order, OrderEvent, OrderUpdate, RejectReason, UnixNanos,
};

use crate::{Refinement, SimConfig};

/// What we ask of the venue.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    Place(Order),
    Cancel(InstrumentId, ClientOrderId),
}

impl Request {
    pub(super) const fn instrument(&self) -> InstrumentId {
        match self {
            Self::Place(order) => order.instrument,
            Self::Cancel(instrument, _) => *instrument,
        }
    }

    /// The answer to something that cannot be done.
    const fn refused(&self, now: UnixNanos, reason: RejectReason) -> OrderEvent {
        let (id, update) = match self {
            Self::Place(order) => (order.id, OrderUpdate::Rejected(reason)),
            Self::Cancel(_, id) => (*id, OrderUpdate::CancelRejected),
        };
        OrderEvent { instrument: self.instrument(), id, ts_event: now, update }
    }
}

/// A message of ours on its way to the venue.
#[derive(Clone, Copy, Debug)]
struct Message {
    arrives: UnixNanos,
    request: Request,
}

#[derive(Debug)]
pub(super) struct Post {
    order_latency: Nanos,
    response_latency: Nanos,
    messages_max: usize,
    messages: VecDeque<Message>,
    /// An answer is never lost, so this has no limit of its own: it holds what one response latency
    /// produces.
    answers: VecDeque<OrderEvent>,
    refused: u64,
    unarrived: u64,
}

impl Post {
    pub(super) fn new(config: &SimConfig) -> Self {
        Self {
            order_latency: config.order_latency,
            response_latency: config.response_latency,
            messages_max: config.messages_in_flight_max,
            messages: VecDeque::new(),
            answers: VecDeque::new(),
            refused: 0,
            unarrived: 0,
        }
    }

    /// Sends a message, if it may leave.
    pub(super) fn send(&mut self, now: UnixNanos, request: Request) {
        if matches!(request, Request::Place(_)) && self.messages.len() >= self.messages_max {
            self.refused += 1;
            self.refuse(now, &request, RejectReason::MarketUnavailable);
            return;
        }
        self.messages.push_back(Message { arrives: after(now, self.order_latency), request });
    }

    /// When the next message arrives.
    #[inline]
    pub(super) fn next_arrival(&self) -> Option<UnixNanos> {
        self.messages.front().map(|message| message.arrives)
    }

    /// The next message arrives.
    pub(super) fn arrive(&mut self) -> Option<Request> {
        self.messages.pop_front().map(|message| message.request)
    }

    /// The answer "no" starts its way back.
    pub(super) fn refuse(&mut self, now: UnixNanos, request: &Request, reason: RejectReason) {
        self.answers.push_back(request.refused(now, reason));
    }

    /// Answers start their way back: each was made at its own `ts_event`, none before an earlier one.
    #[inline]
    pub(super) fn answer(&mut self, made: &mut Vec<OrderEvent>) {
        if !made.is_empty() {
            self.answers.extend(made.drain(..));
        }
    }

    /// When the next answer reaches us.
    #[inline]
    pub(super) fn next_answer(&self) -> Option<UnixNanos> {
        self.answers.front().map(|answer| after(answer.ts_event, self.response_latency))
    }

    /// The next answer reaches us.
    pub(super) fn deliver(&mut self) -> Option<OrderEvent> {
        self.answers.pop_front()
    }

    /// Everything of an instrument that is on its way is read in new units from now on.
    pub(super) fn refine(&mut self, of: InstrumentId, refinement: Refinement) {
        for message in &mut self.messages {
            if let Request::Place(order) = &mut message.request
                && order.instrument == of
            {
                *order = refinement.order(order);
            }
        }
        for answer in self.answers.iter_mut().filter(|answer| answer.instrument == of) {
            answer.update = refinement.update(answer.update);
        }
    }

    /// The venue is gone: no message arrives any more.
    pub(super) fn drop_messages(&mut self) {
        self.unarrived += self.messages.len() as u64;
        self.messages.clear();
    }

    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }

    pub(super) const fn unarrived(&self) -> u64 {
        self.unarrived
    }
}

/// A moment later; past the end of time it is the end of time.
const fn after(moment: UnixNanos, span: Nanos) -> UnixNanos {
    UnixNanos::new(moment.get().saturating_add(span.get()))
}
