"""Adds, cancels, aggression, hidden reserve, outflow: 88..90, 92, 94, 104 (7.5, 7.8)."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import (
    LN2,
    Column,
    column,
    covered,
    decayed_sums,
    latest,
    quotient,
    window_start,
    window_sum,
)
from feature_reference.stream import ADD, CANCEL, EXECUTE, MS, REDUCE, SECOND, Floats, Ints
from feature_reference.trade_flow import balance, latch

TEN, FINE, USUAL = 10 * SECOND, 100 * MS, 300 * SECOND
OUTFLOW_HALF_LIFE = 5 * SECOND
ICEBERG_HOLD = 5 * SECOND
FOREVER = 1 << 62
SLOTS = 256


@dataclass
class Entry:
    """Lots that wait for their other half: a print for a decrease, or a decrease for a print."""

    ts: int
    lots: int
    # In which order entries came.
    number: int
    # Of a credit: whether its price was best when the print came.
    at_best: bool = False


@dataclass
class Slot:
    """A price with what waits there, both lists oldest first."""

    credit: deque[Entry] = field(default_factory=deque)
    debit: deque[Entry] = field(default_factory=deque)

    @property
    def last(self) -> int:
        """The number of its last entry."""
        return max(waiting[-1].number for waiting in (self.credit, self.debit) if waiting)


@dataclass
class Hidden:
    """What is known of a hidden reserve at the best price of one side."""

    price: int | None = None
    display: int = 0
    display_max: int = 0
    hidden: int = 0
    refills: int = 0
    last_refill: int | None = None


@dataclass
class Side:
    """The table of one side, by price: at most `SLOTS` of them."""

    slots: dict[int, Slot] = field(default_factory=dict)
    reserve: Hidden = field(default_factory=Hidden)
    dropped: int = 0

    def waiting(self, price: int, *, credit: bool) -> deque[Entry]:
        """A list of a price that may get an entry; the stalest slot makes room for a new one."""
        if price not in self.slots:
            if len(self.slots) == SLOTS:
                del self.slots[min(self.slots, key=lambda p: self.slots[p].last)]
                self.dropped += 1
            self.slots[price] = Slot()
        slot = self.slots[price]
        return slot.credit if credit else slot.debit

    def consume(self, price: int, lots: int, *, credit: bool) -> list[Entry]:
        """Takes up to so many lots from a list; the parts, with the times of their entries."""
        slot = self.slots.get(price)
        if slot is None:
            return []
        waiting, parts = slot.credit if credit else slot.debit, []
        while lots and waiting:
            entry = waiting[0]
            part = min(lots, entry.lots)
            parts.append(Entry(entry.ts, part, entry.number))
            entry.lots, lots = entry.lots - part, lots - part
            if entry.lots == 0:
                waiting.popleft()
        self.free(price)
        return parts

    def free(self, price: int) -> None:
        """A slot is given back when both of its lists are empty."""
        slot = self.slots.get(price)
        if slot is not None and not slot.credit and not slot.debit:
            del self.slots[price]


@dataclass(frozen=True)
class Booking:
    """A change of a sum: known from `applied` on, in the bucket that holds `booked`."""

    applied: int
    booked: int
    side: int
    lots: int


class Accounts:
    """Prints and level changes, fed in the order of the feed."""

    def __init__(self, match_ttl: int, parent_close: int) -> None:
        """With a `match_ttl` of 0 a credit lives to the end of the next batch."""
        self.ttl, self.close = match_ttl, parent_close
        self.sides = {1: Side(), -1: Side()}
        self.number = 0
        self.adds: list[Booking] = []
        self.cancels: list[Booking] = []
        self.detected: list[tuple[int, int]] = []

    def on_print(self, ts: int, side: int, price: int, lots: int) -> None:
        """A print against the resting orders of `side`."""
        self.expire(ts)
        table = self.sides[side]
        explained = table.consume(price, lots, credit=False)
        self.cancels += [Booking(ts, part.ts, side, -part.lots) for part in explained]
        left = lots - sum(part.lots for part in explained)
        if left:
            at_best = price == table.reserve.price
            self.wait(table, price, Entry(ts, left, self.number, at_best), credit=True)

    def on_change(self, ts: int, side: int, price: int, delta: int) -> None:
        """A change of a level within the ten best, in a batch."""
        table = self.sides[side]
        if delta > 0:
            self.adds.append(Booking(ts, ts, side, delta))
            return
        left = -delta - sum(part.lots for part in table.consume(price, -delta, credit=True))
        if left:
            self.cancels.append(Booking(ts, ts, side, left))
            self.wait(table, price, Entry(ts, left, self.number), credit=False)

    def wait(self, table: Side, price: int, entry: Entry, *, credit: bool) -> None:
        """An entry joins its list."""
        table.waiting(price, credit=credit).append(entry)
        self.number += 1

    def on_best(self, side: int, price: int, lots: int) -> None:
        """The best price of a side and what it shows, at the end of a batch."""
        table = self.sides[side]
        if table.reserve.price != price:
            self.reset(table)
            table.reserve = Hidden(price)
        table.reserve.display = lots
        table.reserve.display_max = max(table.reserve.display_max, lots)

    def end_of_batch(self, ts: int) -> None:
        """Where prints and book are one ordered feed, credits end with the next batch."""
        if self.ttl == 0:
            self.expire(ts, everything=True)

    def expire(self, now: int, *, everything: bool = False) -> None:
        """Lets die what nothing can match any more; `now` is the time of the next event."""
        for sign, table in self.sides.items():
            for price in list(table.slots):
                slot = table.slots[price]
                while slot.credit and (
                    everything or now - slot.credit[0].ts > (self.ttl or FOREVER)
                ):
                    entry = slot.credit.popleft()
                    at = now if everything else entry.ts + self.ttl
                    if entry.at_best and price == table.reserve.price:
                        self.on_hidden(sign, table, entry.lots, at)
                while slot.debit and now - slot.debit[0].ts > self.ttl:
                    slot.debit.popleft()
                table.free(price)

    def on_hidden(self, sign: int, table: Side, lots: int, at: int) -> None:
        """Lots traded at the best price and the display did not fall."""
        reserve = table.reserve
        reserve.hidden += lots
        if reserve.last_refill is not None and at - reserve.last_refill <= self.close:
            return
        reserve.refills, reserve.last_refill = reserve.refills + 1, at
        if reserve.refills >= 2 and reserve.hidden >= reserve.display_max:
            self.detected.append((at, sign))
            self.reset(table)
            table.reserve = Hidden(reserve.price, reserve.display, reserve.display)

    def reset(self, table: Side) -> None:
        """Forgets the reserve, and what was printed at its price."""
        price = table.reserve.price
        if price is not None and price in table.slots:
            table.slots[price].credit.clear()
            table.free(price)


def account(market: Market) -> Accounts:
    """Feeds all prints and batches of a stream without order-by-order events."""
    settings, batches, trades = market.settings, market.batches, market.trades
    accounts = Accounts(settings.match_ttl, settings.parent_close)
    order = [(int(seq), 0, i) for i, seq in enumerate(trades.seq)]
    order += [(int(seq), 1, i) for i, seq in enumerate(batches.seq)]
    for _, kind, i in sorted(order):
        if kind == 0:
            if trades.side[i] != 0:
                accounts.on_print(
                    int(trades.ts[i]),
                    -int(trades.side[i]),
                    int(trades.price[i]),
                    int(trades.lots[i]),
                )
            continue
        ts = int(batches.ts[i])
        accounts.expire(ts)
        if batches.snapshot[i]:
            # The decrease of an earlier print is inside the snapshot: it will never be seen.
            accounts.sides = {1: Side(), -1: Side()}
        if market.continues[i]:
            for change in batches.changes[i]:
                accounts.on_change(ts, change.side, change.price, change.delta)
        if batches.sound[i]:
            accounts.on_best(1, int(batches.bid_price[i, 0]), int(batches.bid_lots[i, 0]))
            accounts.on_best(-1, int(batches.ask_price[i, 0]), int(batches.ask_lots[i, 0]))
        accounts.end_of_batch(ts)
    accounts.expire(market.stream.last_ts + 1)
    accounts.detected.sort(key=lambda found: found[0])
    return accounts


def account_orders(market: Market) -> Accounts:
    """Of an order-by-order feed, where adds and cancels are given (7.5).

    A sample file holds only what happens inside its levels, so every event is within the ten best.
    """
    orders = market.stream.orders
    settings, batches = market.settings, market.batches
    accounts = Accounts(0, settings.parent_close)
    if orders is None:
        return accounts
    batch_of = np.searchsorted(batches.seq, orders.seq)
    for i, kind in enumerate(orders.kind.tolist()):
        if not market.continues[batch_of[i]]:
            continue
        ts, side, lots = int(orders.ts[i]), int(orders.side[i]), int(orders.lots[i])
        if kind == ADD:
            accounts.adds.append(Booking(ts, ts, side, lots))
        elif kind in (REDUCE, CANCEL):
            accounts.cancels.append(Booking(ts, ts, side, lots))
    accounts.detected = renewals(market)
    return accounts


def renewals(market: Market) -> list[tuple[int, int]]:
    """Where an order came back within 1 ms of a full fill at its price, twice (7.8 for L3).

    A full fill empties the best price for the moment, so what resets the count is a full fill at
    another price of the side: then this one is best no more.
    """
    orders = market.stream.orders
    found: list[tuple[int, int]] = []
    if orders is None:
        return found
    filled: dict[int, tuple[int, int | None]] = {}
    count = {1: 0, -1: 0}
    resting: dict[int, int] = {}
    for i, kind in enumerate(orders.kind.tolist()):
        ts, side, price = int(orders.ts[i]), int(orders.side[i]), int(orders.price[i])
        lots, name = int(orders.lots[i]), int(orders.id[i])
        at, since = filled.get(side, (0, None))
        if kind == ADD:
            resting[name] = lots
            if since is not None and price == at and ts - since <= MS:
                # One fill has one successor.
                filled[side] = (price, None)
                count[side] += 1
                if count[side] >= 2:
                    found.append((ts, side))
                    del filled[side]
                    count[side] = 0
        elif name in resting:
            resting[name] -= lots
            if resting[name] <= 0:
                del resting[name]
                if kind == EXECUTE:
                    count[side] = count[side] if price == at else 0
                    filled[side] = (price, ts)
    return found


def booked(bookings: list[Booking], rows: Ints, side: int | None = None) -> Ints:
    """WSUM over ten seconds, as known at each row."""
    chosen = [b for b in bookings if side is None or b.side == side]
    applied = np.array([b.applied for b in chosen], dtype=np.int64)
    home = np.array([b.booked for b in chosen], dtype=np.int64)
    lots = np.array([b.lots for b in chosen], dtype=np.int64)
    start = window_start(rows, TEN, FINE)
    out = np.zeros(len(rows), dtype=np.int64)
    for i, (since, row) in enumerate(zip(start.tolist(), rows.tolist(), strict=True)):
        inside = slice(latest(applied, since) + 1, latest(applied, row) + 1)
        out[i] = lots[inside][home[inside] > since].sum()
    return out


def depletion(bid_lots: Floats, bid_rate: Floats, ask_lots: Floats, ask_rate: Floats) -> Floats:
    """clip(ln of the ratio of the times to depletion, -10, 10) (104)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (bid_lots / bid_rate) / (ask_lots / ask_rate)
        return np.clip(np.log(ratio), -10.0, 10.0)


def features(market: Market) -> dict[int, Column]:
    """88..90, 92, 94 and 104 at every row."""
    rows, trades, first = market.rows, market.trades, (market.first_book, market.first_trade)
    accounts = account(market) if market.stream.orders is None else account_orders(market)
    warm = covered(rows, TEN, *first)
    ready = warm & market.denominator_ready(rows)
    usual = 10.0 * market.time_mean(market.depth, USUAL, rows)
    adds, cancels = booked(accounts.adds, rows), booked(accounts.cancels, rows)
    ask_cancels, bid_cancels = (booked(accounts.cancels, rows, side) for side in (-1, 1))
    known_side = np.where(trades.side != 0, trades.lots, 0)
    traded = window_sum(trades.ts, known_side, rows, TEN)
    times = np.array([ts for ts, _ in accounts.detected], dtype=np.int64)
    sides = [side for _, side in accounts.detected]
    shown = latch(times, sides, rows, ICEBERG_HOLD, market.first_trade)
    return {
        88: column(quotient(adds, usual, 0.0), ready),
        89: column(quotient(cancels, usual, 0.0), ready),
        90: column(balance(ask_cancels, bid_cancels), warm),
        92: column(quotient(traded, traded + adds), warm & (traded + adds > 0)),
        94: column(np.where(shown.valid, shown.values, 0.0), shown.valid & market.book_valid),
        104: queue_depletion(market),
    }


def queue_depletion(market: Market) -> Column:
    """104 (17.22)."""
    rows, batches = market.rows, market.batches
    warm = covered(rows, 25 * SECOND, market.first_book, market.first_trade)
    warm &= market.book_valid & market.denominator_ready(rows)
    small = 0.01 * market.time_mean(market.best_lots, USUAL, rows)
    rates: list[Floats] = []
    for outflow in (batches.bid_outflow, batches.ask_outflow):
        left = np.where(market.continues, outflow, 0)
        rates.append(LN2 / 5.0 * decayed_sums(batches.ts, left, rows, OUTFLOW_HALF_LIFE) + small)
    bid_lots, ask_lots = (market.book(side[:, 0]) for side in (batches.bid_lots, batches.ask_lots))
    return column(depletion(bid_lots, rates[0], ask_lots, rates[1]), warm)
