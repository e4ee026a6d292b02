"""Reports on where visits come from, what led to orders, and with which technology."""

import math
from collections import Counter
from decimal import Decimal

from attribution import MODELS, weights
from figures import UNKNOWN, devices, grouped, mean_seconds, ranked, ratio, revenue, text_order, unconverted
from reports import report


def referrer(e, basis):
    """What an event's referrer counts as; None where it is left out."""
    if basis == "raw":
        return e.referrer or "(direct)"
    return e.site[3] if e.site and not e.site[0] and e.site[3] else None


@report("rank referrer views sessions share",
        *({"basis": basis, **n} for basis in ("external", "raw") for n in ({}, {"n": None})))
def top_referrers(scope, n=5, basis="external"):
    views = Counter(referrer(v, basis) for v in scope.views)
    sessions = Counter(referrer(s.first, basis) for s in scope.sessions)
    del views[None], sessions[None]
    total = sum(views.values())
    rows = [{"referrer": k, "views": views[k], "sessions": sessions[k], "share": ratio(views[k], total)} for k in set(views) | set(sessions)]
    return ranked(rows, "views", ["referrer"], n)


def visits(sessions, orders):
    engaged = sum(s.engaged for s in sessions)
    return {"sessions": len(sessions), "engaged_sessions": engaged, "bounce_rate": ratio(len(sessions) - engaged, len(sessions)),
            "orders": len(orders), "conversion_rate": ratio(len(orders), len(sessions)), "revenue": revenue(orders),
            "unconverted_orders": unconverted(orders)}


@report("channel sessions engaged_sessions bounce_rate orders conversion_rate revenue unconverted_orders")
def channels(scope):
    sessions = grouped(scope.sessions, lambda s: s.channel)
    orders = grouped(scope.orders, lambda o: o.session.channel if o.session else UNKNOWN)
    rows = [{"channel": k, **visits(sessions.get(k, []), orders.get(k, []))} for k in set(sessions) | set(orders)]
    rows.sort(key=lambda r: (-r["sessions"], text_order(r["channel"])))
    return rows


@report("campaign source medium sessions engaged_sessions bounce_rate carts orders conversion_rate revenue average_order_value unconverted_orders",
        {}, {"n": 2}, {"n": None})
def campaign_effectiveness(scope, n=None):
    def key(s):
        return (s.campaign, s.source, s.medium) if s and s.campaign else None
    sessions, orders = grouped(scope.sessions, key), grouped(scope.orders, lambda o: key(o.event.session))
    carts, rows = Counter(key(c.session) for c in scope.carts), []
    for k in (set(sessions) | set(orders) | set(carts)) - {None}:
        own = orders.get(k, [])
        rows.append({**dict(zip(("campaign", "source", "medium"), k)), **visits(sessions.get(k, []), own), "carts": carts[k],
                     "average_order_value": revenue(own) / len(own) if own else None})
    rows.sort(key=lambda r: (-r["sessions"], text_order(r["campaign"], r["source"], r["medium"])))
    return rows if n is None else rows[:n]


def attributed(scope, model, by):
    """Conversions and revenue by key."""
    key = {"channel": lambda s: s.channel, "source": lambda s: s.source, "campaign": lambda s: s.campaign or "(none)"}[by]
    conversions, worth, without = Counter(), Counter(), Counter()
    for order in scope.orders:
        own = order.touches
        shares = weights(model, [s.start for s in own], [s.channel == "Direct" for s in own], order.event.time) if own else [1]
        names = [key(s) for s in own] or [UNKNOWN]
        without.update({name for share, name in zip(shares, names) if share} if unconverted([order]) else ())
        for share, name in zip(shares, names):
            if share:
                conversions[name] += share
                worth[name] += float(share) * float(order.revenue)
    return conversions, worth, without


BY = ("channel", "source", "campaign")


@report("key conversions revenue share unconverted_orders",
        *({"model": model, "by": by} for model in MODELS for by in BY), {})
def attribution(scope, model="last_non_direct", by="channel"):
    conversions, worth, without = attributed(scope, model, by)
    rows = [{"key": k, "conversions": float(c), "revenue": Decimal(str(round(worth[k], 4))), "share": ratio(c, len(scope.orders)),
             "unconverted_orders": without[k]}
            for k, c in conversions.items()]
    rows.sort(key=lambda r: (-round(r["conversions"], 7), text_order(r["key"])))
    return rows


@report("key first last last_non_direct linear position time_decay",
        *({"by": by} for by in BY))
def attribution_comparison(scope, by="channel"):
    found = {model: attributed(scope, model, by)[0] for model in MODELS}
    keys = sorted({k for counts in found.values() for k in counts}, key=text_order)
    return [{"key": k, **{model: float(found[model][k]) for model in MODELS}} for k in keys]


def usage(scope, attribute, n):
    views = grouped(scope.views, lambda v: getattr(v, attribute))
    sessions = Counter(getattr(s.first, attribute) for s in scope.sessions)
    rows = [{"name": k, "views": len(views.get(k, [])), "viewers": devices(views.get(k, [])), "sessions": sessions[k],
             "share": ratio(len(views.get(k, [])), len(scope.views))} for k in set(views) | set(sessions)]
    return ranked(rows, "views", ["name"], n)


@report("rank name views viewers sessions share",
        {}, {"n": 2}, {"n": None})
def browser_usage(scope, n=10):
    return usage(scope, "browser", n)


@report("rank name views viewers sessions share",
        {}, {"n": 2}, {"n": None})
def os_usage(scope, n=10):
    return usage(scope, "os", n)


@report("device_class views sessions bounce_rate conversion_rate mean_view_seconds revenue unconverted_orders")
def device_performance(scope):
    views, sessions = grouped(scope.views, lambda v: v.device_class), grouped(scope.sessions, lambda s: s.first.device_class)
    orders, rows = grouped(scope.orders, lambda o: o.event.device_class), []
    for k in sorted(set(views) | set(sessions) | set(orders), key=text_order):
        own = views.get(k, [])
        rows.append({"device_class": k, "views": len(own), **visits(sessions.get(k, []), orders.get(k, [])),
                     "mean_view_seconds": mean_seconds([v.dwell for v in own if v.dwell is not None])})
    return rows


@report("browser os device_class sessions conversion_rate expected_rate z_score lost_orders finding",
        {}, {"min_sessions": 1}, {"min_sessions": 20})
def technology_insights(scope, min_sessions=100):
    def key(e):
        return e.browser, e.os, e.device_class
    sessions, orders = Counter(key(s.first) for s in scope.sessions), Counter(key(o.event) for o in scope.orders)
    expected, rows = ratio(len(scope.orders), len(scope.sessions)), []
    for k, n in sessions.items():
        if n < min_sessions:
            continue
        rate, spread = orders[k] / n, expected * (1 - expected) / n
        z = (rate - expected) / math.sqrt(spread) if spread > 0 else None
        rows.append({**dict(zip(("browser", "os", "device_class"), k)), "sessions": n, "conversion_rate": rate, "expected_rate": expected,
                     "z_score": z, "lost_orders": max(0.0, expected - rate) * n, "finding": z is not None and abs(z) > 1.96})
    rows.sort(key=lambda r: (-round(r["lost_orders"], 9), text_order(r["browser"], r["os"], r["device_class"])))
    return rows
