"""Small, sharp cases of the definitions: python3 -m unittest in this folder."""

import unittest
from fractions import Fraction

import attribution
import figures
import messages
import sessions
import traffic

SECOND = 1_000_000


def hit(at, kind, identity="a", device="d", product="1", bot=False):
    e = messages.event({"id": identity + str(at) + kind, "time_stamp": at, "collection": kind, "product_id": product,
                        "device_id": device, "order_id": 7})
    e.is_bot, e.day = bot, None
    return e


BASE = 1_600_000_000


def cut(*hits):
    return sorted(sessions.cut([hit(BASE + at, kind, **more) for at, kind, *rest in hits for more in [rest[0] if rest else {}]]),
                  key=lambda s: s.start)


class Messages(unittest.TestCase):
    def test_a_word_for_no_device_is_none(self):
        for word in ("undefined", " NULL ", "0", 0, "[object Object]", "-1"):
            self.assertIsNone(hit(BASE, "checkout", device=word).device)
        self.assertEqual(hit(BASE, "checkout", device="d-0").device, "d-0")

    def test_the_first_public_address_is_the_visitor_s(self):
        for text, expected in (("10.0.0.1, 8.8.8.8", "8.8.8.8"), ("-, 8.8.8.8", "8.8.8.8"), ("10.0.0.1", "10.0.0.1"), ("unknown", None), (None, None)):
            self.assertEqual(messages.visitor(text), expected)

    def test_assistants_have_a_medium_of_their_own(self):
        self.assertEqual(traffic.source_of(None, None, None, (False, "ai_assistant", "chatgpt.com", "chatgpt.com")), ("chatgpt.com", "ai-assistant", ""))


class Sessions(unittest.TestCase):
    def test_exactly_1800_seconds_stay_in_and_one_more_does_not(self):
        found = cut((0, "checkout"), (1800, "checkout"), (3601, "checkout"))
        self.assertEqual([len(s.events) for s in found], [2, 1])

    def test_robots_are_cut_apart_and_no_device_is_no_session(self):
        found = cut((0, "checkout"), (1, "checkout", {"bot": True}), (2, "checkout", {"device": None}))
        self.assertEqual([s.is_bot for s in found], [False, True])

    def test_dwell_ends_with_the_next_page_or_the_last_event(self):
        session, = cut((0, "view_product_detail"), (5, "select_product_option"), (9, "view_home_page"), (9, "view_product_detail"),
                       (30, "add_to_cart_action"))
        self.assertEqual([e.dwell for e in session.events if e.is_view], [9 * SECOND, 21 * SECOND])
        alone, = cut((0, "view_product_detail"))
        self.assertIsNone(alone.first.dwell)
        same, = cut((0, "view_home_page"), (0, "view_product_detail"), (0, "view_static_page"))
        self.assertEqual([e.dwell for e in same.events if e.is_view], [0])

    def test_customisation_is_of_the_same_product_before_the_next_page(self):
        session, = cut((0, "view_product_detail"), (5, "select_product_option"), (7, "add_to_cart_action"),
                       (8, "select_product_option", {"product": "2"}), (9, "view_home_page"), (12, "select_product_option"))
        self.assertEqual(session.first.customization, 7 * SECOND)

    def test_engaged_needs_more_than_ten_seconds_two_pages_or_an_order(self):
        self.assertFalse(cut((0, "view_home_page"), (10, "select_product_option"))[0].engaged)
        self.assertTrue(cut((0, "view_home_page"), (11, "select_product_option"))[0].engaged)
        self.assertTrue(cut((0, "view_home_page"), (1, "view_moon"))[0].engaged)
        self.assertTrue(cut((0, "checkout_success"))[0].engaged)
        self.assertFalse(cut((0, "view_home_page"), (1, "product_detail_recommendation_visible"))[0].engaged)


class Funnel(unittest.TestCase):
    def test_the_closed_path_is_greedy_and_stops_where_a_step_is_missing(self):
        self.assertEqual(sessions.closed_path([[5, 9], [3, 7], [6, 8], [], [20]]), [5, 7, 8, None, None])

    def test_open_lags_start_from_the_earliest_of_the_step_before(self):
        self.assertEqual(sessions.open_lags([[5], [3, 7], [6], [], [20]]), [None, 2, 3, None, None])


class Attribution(unittest.TestCase):
    def test_weights(self):
        day, now = attribution.DAY, 100 * attribution.DAY
        starts, direct = [now - 14 * day, now - 7 * day, now], [False, False, True]
        by = {model: attribution.weights(model, starts, direct, now) for model in attribution.MODELS}
        self.assertEqual(by["first"], [1, 0, 0])
        self.assertEqual(by["last"], [0, 0, 1])
        self.assertEqual(by["last_non_direct"], [0, 1, 0])
        self.assertEqual(by["linear"], [Fraction(1, 3)] * 3)
        self.assertEqual(by["position"], [Fraction(2, 5), Fraction(1, 5), Fraction(2, 5)])
        for found, wanted in zip(by["time_decay"], [1 / 7, 2 / 7, 4 / 7]):
            self.assertAlmostEqual(found, wanted)
        self.assertEqual(attribution.weights("last_non_direct", [1, 2], [True, True], now), [0, 1])
        self.assertEqual(attribution.weights("position", [1, 2], [True, True], now), [Fraction(1, 2)] * 2)

    def test_touches_are_those_of_thirty_days(self):
        class Touch:
            def __init__(self, start):
                self.start = start
        now = 100 * attribution.DAY
        found = attribution.touches(now, [Touch(now + 1), Touch(now), Touch(now - 30 * attribution.DAY), Touch(now - 30 * attribution.DAY - 1)])
        self.assertEqual([t.start for t in found], [now - 30 * attribution.DAY, now])


class Rest(unittest.TestCase):
    def test_source_and_medium(self):
        site = (False, "other", "blog.example", "blog.example")
        for url, own, seen, wanted in [
                ("https://a/?utm_source=X&utm_medium=Y&utm_campaign=C", (None, None), site, ("x", "y", "C")),
                ("https://a/?gclid=1", ("Own", "Word"), site, ("own", "word", "")),
                ("https://a/?gclid=1", (None, None), site, ("google", "cpc", "")),
                ("https://a/?itm_source=b", (None, None), site, ("blog.example", "referral", "")),
                ("https://a/", (None, None), (False, "search", "google", "google.de"), ("google", "organic", "")),
                ("https://a/", (None, None), (True, "other", "a", "a.de"), ("(direct)", "(none)", "")),
                (None, (None, None), None, ("(direct)", "(none)", ""))]:
            self.assertEqual(traffic.source_of(url, *own, seen), wanted, url)

    def test_percentiles_and_rounding(self):
        self.assertEqual(figures.percentile([1, 2, 3, 10], 0.5), 2.5)
        self.assertEqual(figures.median_seconds([500_000, 1_500_000]), 1.5)
        self.assertIsNone(figures.median_seconds([]))

    def test_ranks_are_dense_and_ties_go_by_key(self):
        rows = [{"k": k, "m": m} for k, m in [("b", 2), ("a", 2), ("c", 1), ("B", 2)]]
        self.assertEqual([(r["rank"], r["k"]) for r in figures.ranked(rows, "m", ["k"], None)], [(1, "B"), (1, "a"), (1, "b"), (2, "c")])

    def test_times_are_told_by_magnitude(self):
        for value in (1591266092, 1591266092000, 1591266092000000, " 1591266092 "):
            self.assertEqual(messages.micros(value), 1591266092 * SECOND)


if __name__ == "__main__":
    unittest.main()
