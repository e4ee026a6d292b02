"""Compares every report of the database with a naive recomputation from the messages.

    check.py --psql 'psql -h HOST -p PORT DATABASE' FILE…

Prints each difference; ends with 1 if there is one.
"""

import argparse
import shlex
import sys
import time
from datetime import timedelta
from decimal import Decimal

import reports
import reports_places  # noqa: F401  each registers its reports
import reports_products  # noqa: F401
import reports_time  # noqa: F401
import reports_traffic  # noqa: F401
from database import Database, literal
from messages import read
from model import Model
from reports import Scope

SHOWN = 10

# Reports say so at the end of their comments.
REPORTS = """SELECT p.proname FROM pg_proc AS p
             WHERE p.pronamespace = 'warehouse'::regnamespace AND obj_description(p.oid, 'pg_proc') LIKE '%[report]'"""


def same(expected, got):
    """Whole numbers and text exactly, money to 0.0001, other numbers to one in a million."""
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return type(got) is type(expected) and got == expected
    if isinstance(got, (bool, str)) or got is None:
        return False
    if isinstance(expected, int):
        return got == expected
    if isinstance(expected, Decimal):
        return abs(Decimal(got) - expected) <= Decimal("0.0001")
    return abs(float(got) - expected) <= 1e-6 * max(abs(expected), abs(float(got))) + 1e-9


def differences(columns, expected, got):
    """What differs, row by row, as (row, column, expected, got)."""
    if isinstance(got, Exception):
        return [("-", "-", f"{len(expected)} rows", f"error: {got}")]
    found = [] if len(expected) == len(got) else [("-", "rows", len(expected), len(got))]
    for number, (wanted, row) in enumerate(zip(expected, got), 1):
        if list(row)[:len(columns)] != columns:
            return [(number, "columns", columns, list(row))]
        for column in columns:
            value = wanted[column]
            answer = row[column] is not None if column == "finding" else row[column]
            if not same(value, answer):
                found.append((number, column, value, answer))
    return found


def call(name, parameters, first_day, last_day, include_bots):
    given = [f"{k} => {literal(v) if isinstance(v, str) else 'NULL' if v is None else v}" for k, v in parameters.items()]
    if first_day or last_day or include_bots:
        given += [f"{k} => {literal(v.isoformat())}" for k, v in (("first_day", first_day), ("last_day", last_day)) if v]
        given.append(f"include_bots => {str(include_bots).lower()}")
    return f"warehouse.{name}({', '.join(given)})"


def scopes(model):
    """All days, some days, open ranges, a single day; with robots and without."""
    days = sorted({e.day for e in model.events})
    first, last = days[len(days) // 4], days[3 * len(days) // 4]
    empty = days[0] - timedelta(days=30)
    for bots in (False, True):
        for since, until in ((None, None), (first, last), (last, None), (None, first), (last, last), (empty, empty)):
            yield Scope(model, since, until, bots)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--psql", default="psql", help="the command that connects to the database")
    parser.add_argument("--only", help="check this report alone")
    parser.add_argument("--scopes", type=int, help="check so many ranges of days alone, robots left out")
    parser.add_argument("--print", action="store_true", help="print the figures of all days; compare nothing")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    began, database = time.monotonic(), Database(shlex.split(options.psql))
    events = read(options.files)
    loaded = database.json("SELECT count(*) AS n FROM warehouse.fact_event")[0]["n"]
    if loaded != len(events):
        print(f"DIFFERS events: expected {len(events)}, got {loaded}")
        return 1
    known = {row["proname"] for row in database.json(REPORTS)}
    if known != set(reports.ALL):
        print(f"DIFFERS reports: {sorted(known ^ set(reports.ALL))} are in the database or here, and not in both")
        return 1
    model = Model(events, database)
    top = max((e.product for e in events if e.is_view), key=[e.product for e in events[:20000] if e.is_view].count)
    print(f"{len(events)} events, {len(model.sessions)} sessions, {len(model.orders)} orders: {time.monotonic() - began:.0f} s", flush=True)
    checked = wrong = 0
    for scope in list(scopes(model))[:options.scopes]:
        asked = []
        for name, (function, columns, cases) in reports.ALL.items():
            if options.only not in (None, name):
                continue
            for parameters in cases:
                parameters = {k: top if v == "PRODUCT" else v for k, v in parameters.items()}
                query = call(name, parameters, scope.first_day, scope.last_day, scope.include_bots)
                asked.append((columns, query, function(scope, **parameters)))
        if options.print:
            for _, query, rows in asked:
                print(query, *rows[:SHOWN], sep="\n    ")
            return 0
        answers = database.jsons([f"SELECT * FROM {query}" for _, query, _ in asked])
        for (columns, query, expected), got in zip(asked, answers):
            found, checked = differences(columns, expected, got), checked + 1
            wrong += bool(found)
            for row, column, wanted, answer in found[:SHOWN]:
                print(f"DIFFERS {query} row {row} {column}: expected {wanted!r}, got {answer!r}")
            if len(found) > SHOWN:
                print(f"DIFFERS {query}: {len(found) - SHOWN} more")
    print(f"{checked} calls of {len(reports.ALL)} reports checked, {wrong} differ: {time.monotonic() - began:.0f} s")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
