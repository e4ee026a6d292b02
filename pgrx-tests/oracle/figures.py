"""Ranks, shares, medians, rollups: arithmetic that many reports share."""

import math
from decimal import Decimal

UNKNOWN = "(unknown)"


def ratio(part, whole):
    return float(part) / float(whole) if whole else None


def whole_seconds(micros):
    return math.floor(micros / 1_000_000 + 0.5)


def percentile(values, fraction):
    """percentile_cont over numbers; None of nothing."""
    if not values:
        return None
    values = sorted(values)
    place = fraction * (len(values) - 1)
    low, high = math.floor(place), math.ceil(place)
    return values[low] + (values[high] - values[low]) * (place - low)


def mean_seconds(micros):
    return sum(micros) / len(micros) / 1_000_000 if micros else None


def median_seconds(micros, fraction=0.5):
    value = percentile([whole_seconds(m) for m in micros], fraction)
    return None if value is None else float(value)


def text_order(*keys):
    """Keys as text COLLATE "C", NULLs last."""
    return tuple((k is None, "" if k is None else str(k).encode()) for k in keys)


def ranked(rows, measure, keys, n):
    """Sorts by the measure, gives dense ranks, cuts."""
    rows.sort(key=lambda r: (-r[measure], text_order(*(r[k] for k in keys))))
    rank, last = 0, None
    for row in rows:
        if row[measure] != last:
            rank, last = rank + 1, row[measure]
        row["rank"] = rank
    return rows if n is None else rows[:n]


def grouped(items, key):
    groups = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def revenue(orders):
    return sum((o.revenue for o in orders), Decimal(0))


def unconverted(orders):
    """Orders with a line that has a price and no rate."""
    return sum(any(line.is_unconverted for line in o.lines) for o in orders)


def devices(views):
    return len({v.device for v in views if v.device is not None})
