"""Reports on products, options and what is preferred where."""

from collections import Counter
from decimal import Decimal

from figures import UNKNOWN, devices, grouped, mean_seconds, median_seconds, ranked, ratio, text_order
from reports import place, product, report, values

N = ({}, {"n": None}, {"n": 3})


def name_of(scope, product_id):
    return UNKNOWN if product_id == UNKNOWN else scope.model.products.get(product_id, {}).get("product_name")


@report("rank product_id product_name views viewers share",
        *N)
def top_products(scope, n=10):
    rows = [{"product_id": key, "product_name": name_of(scope, key), "views": len(views), "viewers": devices(views),
             "share": ratio(len(views), len(scope.views))} for key, views in grouped(scope.views, product).items()]
    return ranked(rows, "views", ["product_id"], n)


@report("rank product_id product_name views viewers selections carts orders quantity revenue view_to_cart_rate cart_to_order_rate mean_view_seconds median_view_seconds unconverted_orders",
        *N)
def product_engagement(scope, n=10):
    views, selections = grouped(scope.views, product), Counter(map(product, scope.selections))
    carts, orders, lines, without = Counter(map(product, scope.carts)), Counter(), {}, Counter()
    for order in scope.orders:
        orders.update({product(line) for line in order.lines})
        without.update({product(line) for line in order.lines if line.is_unconverted})
        for line in order.lines:
            lines.setdefault(product(line), []).append(line)
    rows = []
    for key in set(views) | set(selections) | set(carts) | set(orders):
        own, timed = views.get(key, []), [v.dwell for v in views.get(key, []) if v.dwell is not None]
        rows.append({"product_id": key, "product_name": name_of(scope, key), "views": len(own), "viewers": devices(own),
                     "selections": selections[key], "carts": carts[key], "orders": orders[key],
                     "quantity": sum((line.quantity for line in lines.get(key, [])), Decimal(0)),
                     "revenue": sum((line.worth for line in lines.get(key, [])), Decimal(0)),
                     "view_to_cart_rate": ratio(carts[key], len(own)), "cart_to_order_rate": ratio(orders[key], carts[key]),
                     "mean_view_seconds": mean_seconds(timed), "median_view_seconds": median_seconds(timed),
                     "unconverted_orders": without[key]})
    return ranked(rows, "views", ["product_id"], n)


@report("rank alloy diamond selections orders support lift",
        {}, {"n": None, "min_count": 0}, {"n": None, "min_count": 2}, {"n": 4, "min_count": 1})
def popular_combinations(scope, n=10, min_count=5):
    both = [e for e in scope.selections if e.alloy and e.diamond]
    pairs, alloys, stones = Counter((e.alloy, e.diamond) for e in both), Counter(e.alloy for e in both), Counter(e.diamond for e in both)
    orders = Counter()
    for order in scope.orders:
        orders.update({(line.alloy, line.diamond) for line in order.lines if line.alloy and line.diamond})
    rows = [{"alloy": a, "diamond": d, "selections": pairs[a, d], "orders": orders[a, d], "support": ratio(pairs[a, d], len(both)),
             "lift": ratio(pairs[a, d] * len(both), alloys[a] * stones[d])}
            for a, d in set(pairs) | set(orders) if pairs[a, d] >= min_count]
    return ranked(rows, "selections", ["alloy", "diamond"], n)


def option_counts(scope, kind):
    of = values(kind)
    selections, carts, orders = Counter(), Counter(), Counter()
    for e in scope.selections:
        selections.update(of(e))
        if e.is_cart:
            carts.update(of(e))
    for order in scope.orders:
        orders.update({value for line in order.lines for value in of(line)})
    return selections, carts, orders


KINDS = tuple({**n, **kind} for kind in ({}, {"kind": "diamond"}) for n in N)


@report("rank value selections carts orders share",
        *KINDS)
def popular_options(scope, kind="alloy", n=10):
    selections, carts, orders = option_counts(scope, kind)
    total = sum(selections.values())
    rows = [{"value": v, "selections": selections[v], "carts": carts[v], "orders": orders[v], "share": ratio(selections[v], total)}
            for v in set(selections) | set(orders)]
    return ranked(rows, "selections", ["value"], n)


@report("rank value selections viewers carts cart_rate mean_view_seconds",
        *KINDS)
def option_engagement(scope, kind="alloy", n=10):
    selections, carts, _ = option_counts(scope, kind)
    shown = {}
    for view in scope.views:
        for value in values(kind)(view):
            shown.setdefault(value, []).append(view)
    rows = []
    for value in set(selections) | {v for v, views in shown.items() if devices(views)}:
        views = shown.get(value, [])
        rows.append({"value": value, "selections": selections[value], "viewers": devices(views), "carts": carts[value],
                     "cart_rate": ratio(carts[value], selections[value]),
                     "mean_view_seconds": mean_seconds([v.dwell for v in views if v.dwell is not None])})
    return ranked(rows, "selections", ["value"], n)


@report("country_code key views share_in_country share_in_world preference_index",
        *({"level": level, "basis": basis, **n} for level in ("product", "category", "alloy", "diamond")
          for basis in ("store", "visitor") for n in ({}, {"n": None})))
def country_preferences(scope, level="product", n=10, basis="store"):
    def keys(view):
        if level == "product":
            return [product(view)]
        if level == "category":
            return [scope.model.products.get(view.product, {}).get("current_category") or UNKNOWN]
        return values(level)(view)
    counts, world, totals = Counter(), Counter(), Counter()
    for view in scope.views:
        for key in keys(view):
            counts[place(basis)(view), key] += 1
            world[key] += 1
            totals[place(basis)(view)] += 1
    rows = []
    for (country, key), views in counts.items():
        here, there = ratio(views, totals[country]), ratio(world[key], sum(world.values()))
        rows.append({"country_code": country, "key": key, "views": views, "share_in_country": here, "share_in_world": there,
                     "preference_index": ratio(here, there)})
    rows.sort(key=lambda r: (text_order(r["country_code"]), -r["views"], text_order(r["key"])))
    return rows if n is None else [row for own in grouped(rows, lambda r: r["country_code"]).values() for row in own[:n]]


@report("rank key country_code views timed_views coverage mean_seconds median_seconds p90_seconds",
        *({"by": by, **n} for by in ("product", "country", "product_country") for n in ({}, {"n": None})))
def view_duration(scope, by="product", n=10):
    key = {"product": lambda v: (product(v), None), "country": lambda v: (v.country, v.country),
           "product_country": lambda v: (product(v), v.country)}[by]
    rows = []
    for (name, country), views in grouped(scope.views, key).items():
        timed = [v.dwell for v in views if v.dwell is not None]
        rows.append({"key": name, "country_code": country, "views": len(views), "timed_views": len(timed),
                     "coverage": ratio(len(timed), len(views)), "mean_seconds": mean_seconds(timed),
                     "median_seconds": median_seconds(timed), "p90_seconds": median_seconds(timed, 0.9)})
    return ranked(rows, "views", ["key", "country_code"], n)


@report("rank key views customized_views selections_per_view mean_seconds median_seconds",
        *({"by": by, **n} for by in ("product", "country") for n in ({}, {"n": None})))
def customization_time(scope, by="product", n=10):
    key = product if by == "product" else place("store")
    selections, rows = Counter(map(key, scope.selections)), []
    for name, views in grouped(scope.views, key).items():
        times = [v.customization for v in views if v.customization is not None]
        rows.append({"key": name, "views": len(views), "customized_views": len(times),
                     "selections_per_view": ratio(selections[name], len(views)), "mean_seconds": mean_seconds(times),
                     "median_seconds": median_seconds(times)})
    return ranked(rows, "views", ["key"], n)
