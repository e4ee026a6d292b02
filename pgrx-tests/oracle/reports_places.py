"""Reports on countries and stores."""

from datetime import timedelta

from figures import UNKNOWN, devices, grouped, ranked, ratio, revenue, text_order, unconverted
from reports import place, report, store

BASES = ("store", "visitor")


def tallies(scope, key):
    """Views, sessions and orders by a key of the event; views, viewers, sessions, orders and revenue of each."""
    views, sessions = grouped(scope.views, key), grouped(scope.sessions, lambda s: key(s.first))
    orders = grouped(scope.orders, lambda o: key(o.event))
    return {k: {"views": len(views.get(k, [])), "viewers": devices(views.get(k, [])), "sessions": len(sessions.get(k, [])),
                "orders": len(orders.get(k, [])), "revenue": revenue(orders.get(k, [])),
                "unconverted_orders": unconverted(orders.get(k, []))} for k in set(views) | set(sessions) | set(orders)}


def geography(scope, country, column):
    return scope.model.geography.get(country, {}).get(column) or UNKNOWN


@report("rank country_code country_name views viewers sessions orders revenue share unconverted_orders",
        *({"basis": basis, **n} for basis in BASES for n in ({}, {"n": None})))
def top_countries(scope, n=10, basis="store"):
    rows = [{"country_code": k, "country_name": geography(scope, k, "country_name"), **t, "share": ratio(t["views"], len(scope.views))}
            for k, t in tallies(scope, place(basis)).items()]
    return ranked(rows, "views", ["country_code"], n)


def rollup(scope, columns, levels, key):
    """Rows for each prefix of the key, shortest last; a column that is summed over is NULL."""
    rows = []
    for length, level in zip(range(len(columns), -1, -1), levels):
        sums = tallies(scope, lambda e, length=length: key(e)[:length])
        if length == 0 and not sums:
            # The total of nothing is a row too: sums over nothing are 0.
            sums[()] = {"views": 0, "viewers": 0, "sessions": 0, "orders": 0, "revenue": revenue([]), "unconverted_orders": 0}
        for k, t in sums.items():
            rows.append({**dict(zip(columns, k + (None,) * 3)), **t, "level": level})
    rows.sort(key=lambda r: text_order(*(r[c] for c in columns)))
    return rows


@report("region sub_region country_code views viewers sessions level",
        *({"basis": basis} for basis in BASES))
def country_distribution(scope, basis="store"):
    def key(e):
        country = place(basis)(e)
        return geography(scope, country, "region"), geography(scope, country, "sub_region"), country
    return rollup(scope, ("region", "sub_region", "country_code"), ("country", "sub_region", "region", "total"), key)


@report("country_code store_id device_class views sessions orders revenue conversion_rate level unconverted_orders")
def store_performance(scope):
    rows = rollup(scope, ("country_code", "store_id", "device_class"), ("device_class", "store", "country", "total"),
                  lambda e: (e.country, store(e), e.device_class))
    for row in rows:
        row["conversion_rate"] = ratio(row["orders"], row["sessions"])
    return rows


@report("visitor_country store_country views sessions orders revenue is_cross_border unconverted_orders",
        {}, {"n": None}, {"n": 3})
def cross_border(scope, n=None):
    rows = [{"visitor_country": visitor, "store_country": country, **t,
             "is_cross_border": None if UNKNOWN in (visitor, country) else visitor != country}
            for (visitor, country), t in tallies(scope, lambda e: (e.visitor, e.country)).items()]
    rows.sort(key=lambda r: (-r["views"], text_order(r["visitor_country"], r["store_country"])))
    return rows if n is None else rows[:n]


@report("store_country views_known views_cross_border rate views_unknown unknown_share")
def cross_border_rate(scope):
    rows = []
    countries = grouped(scope.views, lambda v: v.country)
    for country in sorted(set(countries) - {UNKNOWN}, key=text_order) + [None]:
        views = scope.views if country is None else countries[country]
        if not views and country is not None:
            continue
        known = [v for v in views if UNKNOWN not in (v.visitor, v.country)]
        crossing = sum(v.visitor != v.country for v in known)
        rows.append({"store_country": country, "views_known": len(known), "views_cross_border": crossing,
                     "rate": ratio(crossing, len(known)), "views_unknown": len(views) - len(known),
                     "unknown_share": ratio(len(views) - len(known), len(views))})
    return rows


@report("country_code viewers share_of_viewers new_viewers previous_viewers growth conversion_rate",
        *({"basis": basis} for basis in BASES))
def market_penetration(scope, basis="store"):
    everything = [e for e in scope.model.events if scope.include_bots or not e.is_bot]
    first_seen = {}
    for e in everything:
        if e.device is not None and (e.device not in first_seen or e.day < first_seen[e.device]):
            first_seen[e.device] = e.day
    first = scope.first_day or min((e.day for e in everything), default=None)
    last = scope.last_day or max((e.day for e in everything), default=None)
    if first is None:
        return []
    key, length = place(basis), last - first + timedelta(days=1)
    before = grouped((e for e in everything if e.is_view and first - length <= e.day < first), key)
    rows = []
    for country, t in tallies(scope, key).items():
        viewers = {v.device for v in scope.views if v.device is not None and key(v) == country}
        new = sum(first <= first_seen[d] <= last for d in viewers)
        previous = devices(before.get(country, []))
        if viewers:
            rows.append({"country_code": country, "viewers": len(viewers), "share_of_viewers": ratio(len(viewers), devices(scope.views)),
                         "new_viewers": new, "previous_viewers": previous, "growth": ratio(len(viewers) - previous, previous),
                         "conversion_rate": ratio(t["orders"], t["sessions"])})
    rows.sort(key=lambda r: text_order(r["country_code"]))
    return rows


@report("place rank store_id domain views viewers sessions orders revenue share unconverted_orders",
        *({"within": within} for within in ("country", "region", "world")))
def store_ranking(scope, within="country"):
    def where(key):
        country = (scope.model.stores[key][1] if key in scope.model.stores else None) or UNKNOWN
        return {"world": "world", "country": country, "region": geography(scope, country, "region")}[within]
    places, rows = grouped(tallies(scope, store).items(), lambda item: where(item[0])), []
    for name, items in sorted(places.items(), key=lambda p: text_order(p[0])):
        total = sum(t["views"] for _, t in items)
        own = [{"place": name, "store_id": k, "domain": scope.model.stores[k][0] if k in scope.model.stores else None, **t,
                "share": ratio(t["views"], total)} for k, t in items]
        rows += ranked(own, "views", ["store_id"], None)
    return rows
