"""What the reports' questions take in DuckDB, over the facts of CSV files put into a file of DuckDB's own.

Prints a line for each: the report's name and the milliseconds of its middle run, the first one left out. Each question does the work that its
report's first figures need; where a report shows more, DuckDB is spared it.
"""

import os
import statistics
import sys
import tempfile
import time

import duckdb

VIEWS = "SELECT * FROM facts WHERE is_product_view AND NOT is_bot"
SESSIONS = """
    SELECT *, sum(is_first) OVER (PARTITION BY device_key ORDER BY event_time, event_id) AS session FROM (
        SELECT *, CASE WHEN lag(event_time) OVER w IS NULL OR event_time - lag(event_time) OVER w > INTERVAL 1800 SECOND THEN 1 ELSE 0 END AS is_first
        FROM facts WHERE device_key > 0 AND NOT is_bot WINDOW w AS (PARTITION BY device_key ORDER BY event_time, event_id))
"""
DWELL = f"""
    SELECT *, lead(event_time) OVER (PARTITION BY device_key, session ORDER BY event_time, event_id) - event_time AS dwell
    FROM ({SESSIONS}) WHERE is_page_view
"""
# A question that took as long is not asked again, so that its first run counts.
PATIENCE_MS = 30_000
# The server beside it has its own buffers; what does not fit goes to files.
MEMORY = "12GB"
PAGES = f"""
    SELECT *, count(*) FILTER (is_page_view) OVER (PARTITION BY device_key, session ORDER BY event_time, event_id) AS page FROM ({SESSIONS})
"""
LINEAR = f"""
    WITH visits AS (SELECT device_key, event_time, channel FROM ({SESSIONS}) WHERE is_first = 1),
    orders AS (SELECT device_key, event_time AS ordered_at FROM facts WHERE collection = 'checkout_success' AND device_key > 0 AND NOT is_bot)
    SELECT channel, sum(1 / n) FROM (
        SELECT v.channel, count(*) OVER (PARTITION BY o.device_key, o.ordered_at) AS n FROM orders AS o JOIN visits AS v
        ON v.device_key = o.device_key AND v.event_time <= o.ordered_at AND v.event_time >= o.ordered_at - INTERVAL 30 DAY)
    GROUP BY 1
"""
QUESTIONS = {
    "top_products": f"SELECT product_id, count(*) AS views, count(DISTINCT device_key) FROM ({VIEWS}) GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    "product_views_over_time": f"SELECT date_trunc('day', event_time), count(*), count(DISTINCT device_key) FROM ({VIEWS}) GROUP BY 1 ORDER BY 1",
    "hourly_views": f"""WITH v AS ({VIEWS}), top AS (SELECT product_id FROM v GROUP BY 1 ORDER BY count(*) DESC LIMIT 10)
        SELECT event_time::date, hour(event_time), product_id, count(*) FROM v JOIN top USING (product_id) GROUP BY 1, 2, 3""",
    "top_countries": f"SELECT store_country, count(*) AS views, count(DISTINCT device_key) FROM ({VIEWS}) GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    "country_distribution": f"SELECT region, sub_region, store_country, count(*), count(DISTINCT device_key) FROM ({VIEWS}) GROUP BY ROLLUP (1, 2, 3)",
    "cross_border": f"SELECT visitor_country, store_country, count(*) FROM ({VIEWS}) GROUP BY 1, 2",
    "top_referrers": f"SELECT referrer, count(*) AS views FROM ({VIEWS}) WHERE NOT is_internal AND referrer <> '' GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
    "product_engagement": """SELECT product_id, count(*) FILTER (is_product_view) AS views, count(DISTINCT device_key) FILTER (is_product_view),
        count(*) FILTER (collection = 'add_to_cart_action') FROM facts WHERE NOT is_bot GROUP BY 1 ORDER BY 2 DESC LIMIT 10""",
    "cross_border_rate": f"SELECT store_country, count(*) FILTER (visitor_country <> store_country), count(*) FROM ({VIEWS}) GROUP BY ROLLUP (1)",
    "market_penetration": f"""WITH v AS ({VIEWS}) SELECT store_country, count(DISTINCT device_key),
        count(DISTINCT device_key) / (SELECT count(DISTINCT device_key) FROM v) FROM v GROUP BY 1""",
    "popular_combinations": """SELECT alloy, diamond, count(*) FROM facts WHERE NOT is_bot AND alloy NOT LIKE '(%' AND diamond NOT LIKE '(%'
        AND collection IN ('select_product_option', 'select_product_option_quality', 'add_to_cart_action') GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10""",
    "popular_options": """SELECT alloy, count(*) FROM facts WHERE NOT is_bot AND alloy NOT LIKE '(%'
        AND collection IN ('select_product_option', 'select_product_option_quality', 'add_to_cart_action') GROUP BY 1 ORDER BY 2 DESC LIMIT 10""",
    "option_engagement": f"SELECT alloy, count(*), count(DISTINCT device_key) FROM ({VIEWS}) GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    "store_ranking": f"SELECT store_country, store_id, count(*), count(DISTINCT device_key) FROM ({VIEWS}) GROUP BY 1, 2",
    "country_preferences": f"SELECT store_country, product_id, count(*) FROM ({VIEWS}) GROUP BY 1, 2",
    "browser_usage": f"SELECT browser, count(*) AS views, count(DISTINCT device_key) FROM ({VIEWS}) GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    "os_usage": f"SELECT os, count(*) AS views, count(DISTINCT device_key) FROM ({VIEWS}) GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    "channels": f"SELECT channel, count(*) FROM ({SESSIONS}) WHERE is_first = 1 GROUP BY 1",
    "device_performance": f"SELECT device_class, count(*) FROM ({SESSIONS}) WHERE is_first = 1 GROUP BY 1",
    "conversion_funnel": f"""SELECT count(DISTINCT (device_key, session)) FILTER (collection = 'view_product_detail'),
        count(DISTINCT (device_key, session)) FILTER (collection = 'add_to_cart_action') FROM ({SESSIONS})""",
    "view_duration": f"SELECT product_id, count(*), avg(epoch(dwell)), median(epoch(dwell)) FROM ({DWELL}) WHERE is_product_view GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    "customization_time": f"""SELECT product_id, count(*), avg(epoch(selected_at - viewed_at)), median(epoch(selected_at - viewed_at)) FROM (
        SELECT product_id, min(event_time) FILTER (is_product_view) AS viewed_at,
            max(event_time) FILTER (collection IN ('select_product_option', 'select_product_option_quality', 'add_to_cart_action')) AS selected_at
        FROM ({PAGES}) GROUP BY device_key, session, page, product_id) WHERE selected_at >= viewed_at GROUP BY 1 ORDER BY 2 DESC LIMIT 10""",
    "store_performance": f"SELECT store_id, device_class, count(*) FROM ({SESSIONS}) WHERE is_first = 1 GROUP BY ROLLUP (1, 2)",
    "technology_insights": f"""SELECT browser, os, count(*) FILTER (is_first = 1), count(*) FILTER (collection = 'checkout_success')
        FROM ({SESSIONS}) GROUP BY 1, 2""",
    "campaign_effectiveness": f"""SELECT channel, count(*) FILTER (is_first = 1), count(*) FILTER (collection = 'checkout_success')
        FROM ({SESSIONS}) GROUP BY 1""",
    "attribution": LINEAR,
    "attribution_comparison": LINEAR,
}


def main() -> None:
    with tempfile.TemporaryDirectory(dir=os.path.dirname(sys.argv[1])) as folder:
        connection = duckdb.connect(os.path.join(folder, "facts.duckdb"), config={"memory_limit": MEMORY})
        connection.execute("CREATE TABLE facts AS SELECT * FROM read_csv(?, header = true)", [sys.argv[1:]])
        for path in sys.argv[1:]:
            os.remove(path)
        for name, question in QUESTIONS.items():
            times = []
            while not times or (len(times) < 4 and sum(times) < PATIENCE_MS):
                began = time.perf_counter()
                connection.execute(question).fetchall()
                times.append((time.perf_counter() - began) * 1000)
            middle = round(statistics.median(times[1:] or times), 1)
            print(name, middle, flush=True)
            print(f"DuckDB: {name} {middle} ms", file=sys.stderr)


main()
