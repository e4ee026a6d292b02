"""Reports along time, and the funnel."""

from collections import Counter
from datetime import datetime, time, timedelta, timezone

from figures import devices, grouped, median_seconds, ratio, text_order
from reports import place, product, report, store
from sessions import SECOND, STEPS


def period(e, grain):
    start = datetime.combine(e.day, time(e.hour if grain == "hour" else 0), timezone.utc)
    if grain == "week":
        start -= timedelta(days=start.weekday())
    return start.replace(day=1) if grain == "month" else start


def following(start, grain):
    if grain == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}[grain]


@report("period_start views viewers",
        *({"grain": grain, **p} for grain in ("hour", "day", "week", "month") for p in ({}, {"product": "PRODUCT"})))
def product_views_over_time(scope, grain="day", product=None):
    views = [v for v in scope.views if product is None or v.product == product]
    groups = grouped(views, lambda v: period(v, grain))
    rows, at = [], min(groups, default=None)
    while at is not None and at <= max(groups):
        own = groups.get(at, [])
        rows.append({"period_start": at.isoformat(), "views": len(own), "viewers": devices(own)})
        at = following(at, grain)
    return rows


@report("day hour key views",
        *({"by": by, **n} for by in ("product", "browser_os", "country", "store") for n in ({}, {"n": 2}, {"n": None})))
def hourly_views(scope, by="product", n=10):
    key = {"product": product, "browser_os": lambda v: f"{v.browser} / {v.os}", "country": place("store"), "store": store}[by]
    counts, totals = Counter((v.day, v.hour, key(v)) for v in scope.views), Counter(map(key, scope.views))
    if n is None:
        cells = list(counts)
    elif not counts:
        cells = []
    else:
        top = sorted(totals, key=lambda k: (-totals[k], text_order(k)))[:n]
        days = [v.day for v in scope.views]
        first, last = min(days), max(days)
        cells = [(first + timedelta(days=d), hour, k) for d in range((last - first).days + 1) for hour in range(24) for k in top]
    cells.sort(key=lambda c: (c[0], c[1], text_order(c[2])))
    return [{"day": day.isoformat(), "hour": hour, "key": k, "views": counts[day, hour, k]} for day, hour, k in cells]


WITHIN = {"1 day": 86_400, "2 hours": 7_200, "5 minutes": 300, "3 days": 259_200}


@report("segment step_number step sessions step_rate overall_rate median_lag_seconds",
        *({"mode": mode, "within": within, "by": by} for mode in ("closed", "open") for within in ("1 day", "5 minutes", "2 hours", "3 days")
          for by in (None, "store", "country", "device_class", "channel", "browser")))
def conversion_funnel(scope, mode="closed", within="1 day", by=None):
    segment = {None: lambda s: None, "store": lambda s: store(s.first), "country": lambda s: s.first.country,
               "device_class": lambda s: s.first.device_class, "channel": lambda s: s.channel, "browser": lambda s: s.first.browser}[by]
    limit, rows = WITHIN[within] * SECOND, []
    for name, own in sorted(grouped(scope.sessions, segment).items(), key=lambda g: text_order(g[0])):
        reached, lags = [0] * 5, [[] for _ in STEPS]
        for s in own:
            times = s.closed if mode == "closed" else s.open
            for k, at in enumerate(times):
                if at is None or (mode == "closed" and at - times[0] > limit):
                    continue
                reached[k] += 1
                lag = s.open_lags[k] if mode == "open" else at - times[k - 1] if k else None
                if lag is not None:
                    lags[k].append(lag)
        for k, step in enumerate(STEPS):
            rows.append({"segment": name, "step_number": k + 1, "step": step, "sessions": reached[k],
                         "step_rate": ratio(reached[k], reached[max(k - 1, 0)]), "overall_rate": ratio(reached[k], reached[0]),
                         "median_lag_seconds": median_seconds(lags[k])})
    return rows
