"""Everything about the events that does not depend on a report's parameters, computed once."""

import ipaddress
import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

import attribution
import sessions
import traffic
from figures import UNKNOWN

COUNTRY_OF_SUFFIX = {"uk": "GB", "com": None, "africa": None, "org": None, "net": None, "eu": None}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Order:
    """The earliest checkout_success of an order_id, with its lines."""

    __slots__ = ("event", "lines", "revenue", "session", "touches")


class Line:
    __slots__ = ("product", "quantity", "worth", "is_unconverted", "alloys", "diamonds", "alloy", "diamond")


class Model:
    """Events with all attributes, sessions, orders."""

    def __init__(self, events, database):
        self.events, self.database = events, database
        self.read_agents_and_places()
        self.read_stores()
        self.read_options()
        self.read_referrers()
        self.sessions = sessions.cut(events)
        self.read_sources()
        self.read_orders()
        self.attribute_orders()

    def read_agents_and_places(self):
        agents = self.database.each("agent", "starsink.parse_user_agent(q->>0)", ((e.agent,) for e in self.events))
        countries = self.database.each("ip", "starsink.country_of_ip((q->>0)::inet)", ((e.ip,) for e in self.events if is_address(e.ip)))
        for e in self.events:
            agent = agents[(e.agent,)] or {}
            e.browser, e.os = agent.get("browser") or UNKNOWN, agent.get("os") or UNKNOWN
            e.device_class, e.is_bot = agent.get("device_class") or "other", bool(agent.get("is_bot"))
            e.visitor = countries.get((e.ip,)) or UNKNOWN
            moment = EPOCH + timedelta(microseconds=e.time)
            e.day, e.hour = moment.date(), moment.hour
        rows = self.database.json("SELECT country_code, country_name, region, sub_region FROM warehouse.dim_geography WHERE geography_key > 0")
        self.geography = {row["country_code"]: row for row in rows}
        rows = self.database.json("SELECT product_id, product_name, current_category FROM warehouse.dim_product WHERE is_current AND product_key > 0")
        self.products = {row["product_id"]: row for row in rows}

    def read_stores(self):
        rows = self.database.json("SELECT store_id, domain, country_code, currency FROM warehouse.dim_store WHERE NOT is_inferred AND store_key > 0 AND is_current")
        self.stores = {row["store_id"]: (row["domain"], row["country_code"], row["currency"]) for row in rows}
        self.labels = {domain.split(".")[0] for domain, _, _ in self.stores.values() if domain}
        suffixes = {domain.split(".", 1)[1]: country for domain, country, _ in self.stores.values() if domain}
        pages = self.database.each("page", "starsink.classify_referrer(q->>0, NULL)", ((e.url,) for e in self.events if e.url))
        self.page_domain = {url[0]: found["registrable_domain"] if found else None for url, found in pages.items()}
        domains = {}
        for e in self.events:
            if e.store is not None and e.store not in self.stores:
                domain = self.page_domain.get(e.url)
                if domain and not domain.replace(".", "").isdigit() and "." in domain:
                    domains.setdefault(e.store, Counter())[domain] += 1
        for store in {e.store for e in self.events} - set(self.stores) - {None}:
            counts = domains.get(store)
            domain = min(counts, key=lambda d: (-counts[d], d)) if counts else None
            suffix = domain.split(".", 1)[1] if domain else ""
            last = suffix.rsplit(".", 1)[-1]
            guess = COUNTRY_OF_SUFFIX.get(last, last.upper() if len(last) == 2 else None)
            self.stores[store] = (domain, suffixes.get(suffix, guess), None)
        for e in self.events:
            e.country = (self.stores[e.store][1] if e.store else None) or UNKNOWN

    def chosen(self, pairs):
        """What each option chooses, by (JSON, URL)."""
        return self.database.each(
            "option", "(SELECT coalesce(json_agg(json_build_array(o.role, o.value) ORDER BY o.position), '[]') "
            "FROM starsink.expand_options((q->>0)::jsonb, q->>1) AS o)", pairs)

    def read_options(self):
        def question(e):
            return json.dumps(e.option), e.url
        asked = [e for e in self.events if (e.is_view or e.is_selection) and e.option]
        answers = self.chosen(question(e) for e in asked)
        for e in self.events:
            choose(e, answers[question(e)] if (e.is_view or e.is_selection) and e.option else [])

    def read_referrers(self):
        known = self.database.each("referrer", "starsink.classify_referrer(q->>0, q->>1)",
                                   ((e.referrer, e.url) for e in self.events if e.referrer))
        for e in self.events:
            found = known.get((e.referrer, e.url)) if e.referrer else None
            e.site = None
            if found:
                domain = found["registrable_domain"] or found["host"]
                label = (domain or "").split(".")[0]
                own = (self.page_domain.get(e.url) or "").split(".")[0]
                is_web = not e.referrer.strip().startswith("android-app:")
                internal = is_web and bool(label) and "." in domain and (label in self.labels or label == own)
                # Who comes back from paying comes from nowhere.
                if internal or found["kind"] != "payment":
                    e.site = (internal, found["kind"], found["source"], domain)

    def read_sources(self):
        for s in self.sessions:
            e = s.first
            s.source, s.medium, s.campaign = traffic.source_of(e.url, e.utm_source, e.utm_medium, e.site)
        # Assistants name themselves in their links, and no medium.
        named = self.database.each("assistant", "starsink.classify_channel(q->>0, '(not set)') = 'AI Assistant'",
                                   ((s.source,) for s in self.sessions if s.medium == "(not set)"))
        for s in self.sessions:
            if s.medium == "(not set)" and named[(s.source,)]:
                s.medium = "ai-assistant"
        channels = self.database.each("channel", "starsink.classify_channel(q->>0, q->>1, q->>2)",
                                      ((s.source, s.medium, s.campaign) for s in self.sessions))
        for s in self.sessions:
            direct = (s.source, s.medium) == ("(direct)", "(none)")
            s.channel = "Direct" if direct else channels[(s.source, s.medium, s.campaign)]

    def read_orders(self):
        earliest = {}
        for e in self.events:
            if e.order is not None:
                kept = earliest.get(e.order)
                if kept is None or (e.time, e.id) < (kept.time, kept.id):
                    earliest[e.order] = e
        drafts = [(e, cart_lines(e.cart)) for e in earliest.values()]
        options = self.chosen((json.dumps(line.get("option")), None) for _, lines in drafts for line in lines if line.get("option"))
        texts = [(line["price"],) for _, lines in drafts for line in lines if isinstance(line.get("price"), str)]
        prices = self.database.each("price", "starsink.parse_price(q->>0)", texts)
        tokens, amounts = {}, {}
        for e, lines in drafts:
            _, country, currency = self.stores.get(e.store, (None, None, None))
            for line in lines:
                price = line.get("price")
                read = prices.get((price,)) if isinstance(price, str) else {"amount": price, "currency": None}
                unit = None if not read or read["amount"] is None else Decimal(str(read["amount"]))
                token = line.get("currency") or (read or {}).get("currency")
                amounts[id(line)] = None if unit is None else unit * quantity(line)
                # Aliases are kept without white space and the final dot, in capitals.
                code = [word for word in (token or "").split() if len(word) == 3 and word.isascii() and word.isupper()]
                token = code[0] if len(code) == 1 else "".join(token.split()).removesuffix(".").upper() if token else token
                tokens[id(line)] = (token, country, currency)
        codes = self.database.each("currency", "starsink.currency_of(q->>0, q->>1, q->>2)", tokens.values())
        def question(e, line):
            return str(amounts[id(line)]), codes[tokens[id(line)]], e.day.isoformat()
        worths = self.database.each("worth", "starsink.convert_currency((q->>0)::numeric, q->>1, (q->>2)::date)",
                                    (question(e, line) for e, lines in drafts for line in lines if amounts[id(line)] is not None))
        self.orders = []
        for e, lines in drafts:
            order = Order()
            order.event, order.session, order.lines = e, e.session, []
            for draft in lines:
                line = Line()
                line.product = key_text(draft.get("product_id"))
                line.quantity = quantity(draft)
                worth = worths[question(e, draft)] if amounts[id(draft)] is not None else None
                line.is_unconverted = amounts[id(draft)] is not None and worth is None
                line.worth = Decimal(0) if worth is None else Decimal(str(worth)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
                choose(line, options[(json.dumps(draft["option"]), None)] if draft.get("option") else [])
                order.lines.append(line)
            order.revenue = sum((line.worth for line in order.lines), Decimal(0))
            self.orders.append(order)

    def attribute_orders(self):
        devices = {}
        for s in self.sessions:
            devices.setdefault((s.device, s.is_bot), []).append(s)
        for order in self.orders:
            e = order.event
            own = devices.get((e.device, e.is_bot), []) if e.device is not None else []
            order.touches = attribution.touches(e.time, own)


def choose(target, entries):
    """What the entries (role, value) choose: distinct alloys and stones, and the first alloy and first primary stone."""
    entries = [(role, value.strip()) for role, value in entries if value and value.strip()]
    target.alloys = list(dict.fromkeys(v for role, v in entries if role == "alloy"))
    target.diamonds = list(dict.fromkeys(v for role, v in entries if role not in ("alloy", "", None)))
    target.alloy = next((v for role, v in entries if role == "alloy"), None)
    target.diamond = next((v for role, v in entries if role == "diamond"), None)


def cart_lines(cart):
    if isinstance(cart, str):
        try:
            cart = json.loads(cart)
        except ValueError:
            return []
    entries = cart.values() if isinstance(cart, dict) else cart if isinstance(cart, list) else []
    return [dict(line) for line in entries if isinstance(line, dict)]


def quantity(line):
    return Decimal(str(line["amount"])) if line.get("amount") is not None else Decimal(1)


def key_text(value):
    return None if value is None else str(value).strip() or None


def is_address(text):
    try:
        ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return True
