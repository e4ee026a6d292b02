"""Reads the messages: which of them are events, and what each says."""

import ipaddress
import json

PRODUCT_EVENTS = {"view_product_detail", "select_product_option", "select_product_option_quality", "add_to_cart_action"}
SELECTS = {"select_product_option", "select_product_option_quality"}
OTHER_PAGES = {"checkout", "checkout_success", "search_box_action"}


class Event:
    """One event that counts."""

    __slots__ = ("id", "time", "kind", "product", "store", "device", "agent", "url", "referrer", "ip", "utm_source", "utm_medium",
                 "option", "order", "cart", "is_page", "is_view", "is_option", "is_cart", "is_selection",
                 "browser", "os", "device_class", "is_bot", "day", "visitor", "alloys", "diamonds", "alloy", "diamond",
                 "site", "dwell", "customization", "session", "country", "hour")


def key(value):
    """A natural key: trimmed text, whole numbers as such; None where there is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (str, int, float)):
        return str(value).strip() or None
    return None


WORDS = {"undefined", "null", "nil", "none", "nan", "false", "true", "[object object]", "(not set)", "00000000-0000-0000-0000-000000000000"}
NOBODY = WORDS | {"0", "-1", "unknown"}


def said(name, words):
    """A natural key that is no word for having none."""
    return None if name is None or name.lower() in words else name


def visitor(addresses):
    """The first public address of what proxies list, else the first address at all."""
    found = []
    for entry in (addresses or "").split(","):
        try:
            found.append(ipaddress.ip_address(entry.strip()))
        except ValueError:
            pass
    return next((str(ip) for ip in found if ip.is_global), str(found[0]) if found else None)


def text(value):
    return value if isinstance(value, str) and value.strip() else None


def micros(value):
    """An epoch in seconds, ms or µs, told by its magnitude; None where it is none."""
    if isinstance(value, str):
        try:
            value = int(value.strip())
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return None
    if value < 10**11:
        return value * 10**6
    return value * 1000 if value < 10**14 else value


def first(message, *names):
    for name in names:
        if message.get(name) not in (None, ""):
            return message[name]
    return None


def event(message):
    """The event of a message; None where it must end in quarantine."""
    e = Event()
    e.id = said(key(message.get("id")), WORDS) or said(key(message.get("_id")), WORDS)
    e.time = micros(message.get("time_stamp"))
    e.kind = key(message.get("collection"))
    e.product = said(key(message.get("product_id")), WORDS)
    e.order = said(key(message.get("order_id")), NOBODY) if e.kind == "checkout_success" else None
    if not e.id or e.time is None or not e.kind or (e.kind in PRODUCT_EVENTS and not e.product):
        return None
    if e.kind == "checkout_success" and not (e.order or "").strip("0"):
        return None
    e.store, e.device = said(key(message.get("store_id")), WORDS), said(key(message.get("device_id")), NOBODY)
    e.agent = text(message.get("user_agent"))
    e.url = text(message.get("current_url"))
    e.referrer = text(first(message, "referer_url", "referrer_url", "referer", "referrer"))
    e.ip = visitor(text(message.get("ip")))
    e.utm_source, e.utm_medium = text(message.get("utm_source")), text(message.get("utm_medium"))
    option = message.get("option")
    if isinstance(option, str):
        try:
            option = json.loads(option)
        except ValueError:
            option = None
    e.option = option if isinstance(option, (list, dict)) else None
    e.cart = message.get("cart_products") if e.order else None
    e.is_view = e.kind == "view_product_detail"
    e.is_page = e.kind in OTHER_PAGES or (
        e.kind.startswith("view_") and "_recommendation_" not in e.kind and not e.kind.endswith("_action"))
    e.is_option = e.kind in SELECTS
    e.is_cart = e.kind == "add_to_cart_action"
    e.is_selection = e.is_option or e.is_cart
    e.session = e.dwell = e.customization = None
    return e


def read(paths):
    """Every event once, by id and event time."""
    events = {}
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue
                found = event(message) if isinstance(message, dict) else None
                if found is not None:
                    events.setdefault((found.id, found.time), found)
    return list(events.values())
