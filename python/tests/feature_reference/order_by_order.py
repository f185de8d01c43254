"""Order-level features: 105..107. Undefined for ever where the venue shows no orders."""

import numpy as np

from feature_reference.market import Market
from feature_reference.primitives import Column, column, event_means, latest
from feature_reference.stream import ADD, CANCEL, SECOND, Floats
from feature_reference.trade_flow import balance

# What rested before the file began has no name in it: one order for each such level.
NAMELESS = -1


def concentration(bid_queue: list[int], ask_queue: list[int]) -> float:
    """Mean over both sides of sum q^2 / (sum q)^2 (106)."""
    shares = [sum(q * q for q in queue) / sum(queue) ** 2 for queue in (bid_queue, ask_queue)]
    return sum(shares) / 2.0


def mean_age(ages_s: Floats, half_life: float = 200) -> Floats:
    """exp(EWN(ln(max(age, 1 ms)))) after each cancel (107)."""
    return np.exp(event_means(np.log(np.maximum(ages_s, 1e-3)).tolist(), half_life))


class Queues:
    """Orders by side and price. What the messages do not explain, the file's rows do."""

    def __init__(self) -> None:
        """Empty."""
        self.levels: dict[tuple[int, int], dict[int, int]] = {}

    def match_book(self, side: int, prices: list[int], lots: list[int]) -> None:
        """Makes the visible levels hold what the book row says, by orders without a name.

        Of a level out of view nothing is told: when it comes back, nobody said whose its lots are.
        """
        shown = {price for price, total in zip(prices, lots, strict=True) if total}
        for key in [key for key in self.levels if key[0] == side and key[1] not in shown]:
            del self.levels[key]
        for price, total in zip(prices, lots, strict=True):
            if total == 0:
                continue
            level = self.levels.setdefault((side, price), {})
            missing = total - sum(level.values())
            if missing == 0:
                continue
            level[NAMELESS] = level.get(NAMELESS, 0) + missing
            if level[NAMELESS] <= 0:
                del level[NAMELESS]

    def add(self, side: int, price: int, name: int, lots: int) -> None:
        """An order joins."""
        self.levels.setdefault((side, price), {})[name] = lots

    def take(self, side: int, price: int, name: int, lots: int) -> None:
        """Lots leave an order."""
        level = self.levels.get((side, price), {})
        key = name if name in level else NAMELESS
        if key in level:
            level[key] -= lots
            if level[key] <= 0:
                del level[key]

    def queue(self, side: int, price: int) -> list[int]:
        """Sizes of the orders at a price."""
        return list(self.levels.get((side, price), {}).values())


def features(market: Market) -> dict[int, Column]:
    """105..107 at every row."""
    rows, batches, orders = market.rows, market.batches, market.stream.orders
    if orders is None:
        return dict.fromkeys((105, 106, 107), column(np.full(len(rows), np.nan), False))
    queues, count = Queues(), len(batches.ts)
    imbalance, shares = np.zeros(count), np.zeros(count)
    cancels: list[tuple[int, float]] = []
    # When an order joined is known for good, whether its level stayed in view or not.
    joined: dict[int, int] = {}
    order_of = {int(seq): i for i, seq in enumerate(orders.seq)}
    for k in range(count):
        i = order_of.get(int(batches.seq[k]))
        if i is not None and k > 0:
            ts, side, price = int(orders.ts[i]), int(orders.side[i]), int(orders.price[i])
            name, lots = int(orders.id[i]), int(orders.lots[i])
            if orders.kind[i] == ADD:
                queues.add(side, price, name, lots)
                joined[name] = ts
            else:
                queues.take(side, price, name, lots)
                since = joined.get(name)
                prices = (batches.bid_price if side > 0 else batches.ask_price)[k - 1, :5]
                if orders.kind[i] == CANCEL and since is not None and price in prices:
                    cancels.append((ts, (ts - since) / SECOND))
        counts: list[int] = []
        best: list[list[int]] = []
        for sign, price_table, lots_table in (
            (1, batches.bid_price, batches.bid_lots),
            (-1, batches.ask_price, batches.ask_lots),
        ):
            prices, lots = price_table[k].tolist(), lots_table[k].tolist()
            queues.match_book(sign, prices, lots)
            shown = zip(prices[:5], lots[:5], strict=True)
            counts.append(sum(len(queues.queue(sign, p)) for p, q in shown if q > 0))
            best.append(queues.queue(sign, prices[0]))
        imbalance[k] = balance(np.array(counts[0]), np.array(counts[1]))
        shares[k] = concentration(*best) if all(best) else np.nan
    times = np.array([ts for ts, _ in cancels], dtype=np.int64)
    ages = mean_age(np.array([age for _, age in cancels]))
    seen = latest(times, rows) + 1
    valid = market.book_valid
    share = market.book(shares)
    return {
        105: column(market.book(imbalance), valid),
        106: column(share, valid & ~np.isnan(share)),
        107: column(np.append(np.nan, ages)[seen], seen >= 50),
    }
