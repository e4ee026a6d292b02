"""Writes made-up shop events as JSON lines: the same seed gives the same bytes.

    generate.py --events N --seed S --out FILE [--last-day YYYY-MM-DD]
"""

import argparse
import json
import random
import uuid
from datetime import date, datetime, timedelta, timezone

DAYS = 10
STORES = {"6": "glamira.de", "7": "glamira.co.uk", "8": "glamira.es", "10": "glamira.ch", "12": "glamira.fr", "19": "glamira.se",
          "41": "glamira.com", "50": "glamira.pl", "85": "glamira.cl", "90": "glamira.dk", "91": "glamira.com.tr", "92": "juwelo.it"}
CURRENCIES = {"6": "€", "7": "£", "10": "CHF", "19": "kr", "50": "zł", "85": "CLP $", "41": "$", "90": "DKK kr."}
ALLOYS = ["white-375", "yellow-585", "red-750", "platin", "palladium", "silver"]
STONES = ["diamond-brillant", "sapphire", "ruby", "emerald", "zirconia"]
IPS = ["8.8.8.8", "91.198.174.192", "185.60.216.35", "193.0.6.139", "151.101.1.69", "10.0.0.7", "192.168.1.4", "no address", None,
       "81.2.69.142", "2001:4860:4860::8888", "203.0.113.9", "62.210.16.6, 10.0.0.1", "10.0.0.1, 8.8.8.8", "198.18.0.1"]
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 13_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; SM-G973F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.101 Mobile Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 13_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:77.0) Gecko/20100101 Firefox/77.0", "", "x", None]
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
REFERRERS = ["", None, "https://www.google.de/", "https://www.bing.com/search?q=ring", "https://www.facebook.com/", "https://l.instagram.com/",
             "https://blog.example.org/rings", "https://www.glamira.it/ring", "https://glamira.de/", "android-app://com.google.android.gm/",
             "about:blank", "https://www.pinterest.co.uk/pin/1", "https://192.0.2.7/x", "https://news.example.co.uk/a?b=c", "no url at all",
             "https://www.paypal.com/checkoutnow", "https://pay.amazon.de/", "https://chatgpt.com/", "https://gemini.google.com/app"]
LINKS = ["utm_source=google&utm_medium=cpc&utm_campaign=brand", "utm_source=Newsletter&utm_medium=Email&utm_campaign=June%20Sale",
         "utm_source=facebook&utm_medium=paid_social&utm_campaign=brand", "gclid=abc", "msclkid=def", "itm_source=banner&itm_campaign=home",
         "utm_source=affiliate.example&utm_medium=affiliate", "utm_campaign=lonely", "utm_source=google&utm_medium=organic&utm_campaign=-",
         "utm_source=chatgpt.com"]
OTHERS = ["view_listing_page", "view_home_page", "view_shopping_cart", "search_box_action", "product_detail_recommendation_visible",
          "listing_page_recommendation_clicked", "view_all_recommend", "back_to_product_action", "view_moon", "view_moon_action", "strange_action"]


class Generator:
    def __init__(self, seed, last_day):
        self.dice = random.Random(seed)
        end = datetime.combine(last_day, datetime.min.time(), timezone.utc)
        self.begin = int((end - timedelta(days=DAYS)).timestamp())
        self.end = int(end.timestamp())
        self.orders, self.lines = [], []

    def option(self, kind):
        """The option attribute in one of its shapes, and the query of the page that goes with it."""
        dice, alloy, stone = self.dice, self.dice.choice(ALLOYS), self.dice.choice(STONES)
        query = f"alloy={alloy}&diamond={stone}"
        entries = [{"option_label": "alloy", "option_id": "1", "value_label": alloy, "value_id": "11"},
                   {"option_label": dice.choice(["diamond", "stone/diamonds", "shapediamond"]), "option_id": 2, "value_label": f" {stone} ", "value_id": 22}]
        if dice.random() < 0.3:
            entries.append({"option_label": dice.choice(["stone2", "stone 2", "pearl", "Kollektion"]), "option_id": 3, "value_label": dice.choice(STONES), "value_id": 3})
        if dice.random() < 0.1:
            entries.append({"option_label": "alloy", "option_id": 1, "value_label": dice.choice(ALLOYS), "value_id": 1})
            query += "&alloy=" + dice.choice(ALLOYS)
        shape = dice.random()
        if kind == "view_product_detail" and shape < 0.6:
            for entry in entries:
                entry["value_label"] = ""
        elif shape < 0.3 and kind != "cart":
            entries = [dice.choice(entries)]
        shape = dice.random()
        if shape < 0.6 or kind == "cart":
            return entries, query
        if shape < 0.75:
            return {"alloy": "", "diamond": ""}, query
        if shape < 0.85:
            return json.dumps(entries), query
        return dice.choice(["", None, [], {"alloy": alloy}]), query

    def write(self, at, kind, visit, **more):
        dice = self.dice
        unit = dice.random()
        stamp = at if unit < 0.9 else at * 1000 if unit < 0.94 else at * 10**6 if unit < 0.97 else str(at)
        query = []
        event = {"id": str(uuid.UUID(int=dice.getrandbits(128), version=4)), "api_version": "1.0", "collection": kind, "time_stamp": stamp,
                 "store_id": visit["store"], "ip": visit["ip"], "user_agent": visit["agent"], "device_id": visit["device"],
                 "utm_source": False, "utm_medium": False, **more}
        if kind in ("view_product_detail", "select_product_option", "select_product_option_quality", "add_to_cart_action"):
            event["option"], own = self.option(kind)
            query.append(own)
            event.setdefault("product_id", visit["product"])
        if visit["link"]:
            query.append(visit["link"])
        if visit["own"]:
            event["utm_source"], event["utm_medium"] = "Partner", "CPC"
        host = "www." + visit["domain"]
        event["current_url"] = f"https://{host}/page.html" + ("?" + "&".join(query) if query else "")
        event[dice.choice(["referer_url", "referrer_url", "referer", "referrer"])] = visit["referrer"]
        if not visit["device"]:
            del event["device_id"]
        self.lines.append((at, json.dumps(event, ensure_ascii=dice.random() < 0.5)))

    def order(self, store):
        if self.orders and self.dice.random() < 0.15:
            return self.dice.choice(self.orders)
        self.orders.append(100_000 + len(self.orders))
        return self.orders[-1]

    def cart(self, store):
        dice = self.dice
        return [{"product_id": dice.choice([int, str])(self.product()), "amount": dice.randint(1, 3),
                 "price": dice.choice(["880.00", "1.234,56", "1 278,00", "1'278.00", "99,9", "1,234", 412]),
                 "currency": CURRENCIES.get(store, "€"), "option": self.option("cart")[0]} for _ in range(dice.randint(1, 3))]

    def product(self):
        return str(90_000 + min(int(self.dice.expovariate(0.03)), 300))

    def visit(self, device, at):
        """One session's worth of events: seldom tidy."""
        dice = self.dice
        store = dice.choices(list(STORES), weights=[9, 7, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1])[0]
        visit = {"store": dice.choice([store, int(store)]), "domain": STORES[store], "ip": device["ip"] if dice.random() < 0.9 else dice.choice(IPS),
                 "agent": BOT if dice.random() < device["bot"] else device["agent"], "device": device["id"], "product": self.product(),
                 "link": dice.choice(LINKS) if dice.random() < 0.25 else "", "own": dice.random() < 0.05, "referrer": dice.choice(REFERRERS)}
        if dice.random() < 0.03:
            visit["store"] = None
        long = dice.random() < 0.01
        for _ in range(dice.randint(60, 90) if long else min(1 + int(dice.expovariate(0.12)), 40)):
            roll = dice.random()
            kind = ("view_product_detail" if roll < 0.33 else "select_product_option" if roll < 0.53 else "select_product_option_quality"
                    if roll < 0.56 else "add_to_cart_action" if roll < 0.64 else "checkout" if roll < 0.69 else "checkout_success"
                    if roll < 0.72 else dice.choice(OTHERS))
            if kind == "view_product_detail" and dice.random() < 0.6:
                visit["product"] = self.product()
            more = {}
            if kind == "add_to_cart_action":
                more = {"price": "1 278,00", "currency": CURRENCIES.get(store, "€")}
            if kind == "checkout_success":
                more = {"order_id": dice.choice([int, float])(self.order(store)), "cart_products": self.cart(store)}
            if at < self.end:
                self.write(at, kind, visit, **more)
            visit["referrer"] = dice.choice(["https://www." + visit["domain"] + "/page.html", visit["referrer"], dice.choice(REFERRERS)])
            visit["link"] = visit["link"] if dice.random() < 0.2 else ""
            at += 1740 if long else dice.choices([0, 1, dice.randint(2, 60), dice.randint(60, 1799), 1800, 1801], weights=[12, 8, 60, 14, 3, 3])[0]
        return at

    def run(self, events):
        dice = self.dice
        while len(self.lines) < events:
            device = {"id": str(uuid.UUID(int=dice.getrandbits(128))) if dice.random() > 0.04 else dice.choice([None, None, "undefined", "0"]), "ip": dice.choice(IPS),
                      "agent": dice.choice(AGENTS), "bot": dice.choices([0, 0.4, 1], weights=[90, 5, 5])[0]}
            at = dice.randrange(self.begin, self.end)
            for _ in range(1 + int(dice.expovariate(0.5))):
                at = self.visit(device, at) + dice.choice([0, 1, 1801, 7200, 86400, 200_000])
        # Most come as they happen, some late; some twice.
        late = [(at + (dice.randrange(4 * 86400) if dice.random() < 0.05 else dice.randrange(30)), n) for n, (at, _) in enumerate(self.lines)]
        lines = [self.lines[n][1] for _, n in sorted(late)]
        for line in dice.sample(lines, len(lines) // 100):
            lines.insert(dice.randrange(len(lines)), line)
        for bad in ("{broken", "[]", '{"id":"1","collection":"checkout"}', '{"id":"2","time_stamp":-1,"collection":"checkout"}',
                    '{"collection":"checkout","time_stamp":%d}' % self.begin, '{"id":"3","collection":"checkout_success","time_stamp":%d}' % self.begin):
            lines.insert(dice.randrange(len(lines)), bad)
        return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True)
    parser.add_argument("--last-day", type=date.fromisoformat, default=date.today(), help="events come from the ten days before it")
    options = parser.parse_args()
    lines = Generator(options.seed, options.last_day).run(options.events)
    with open(options.out, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
