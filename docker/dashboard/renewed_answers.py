"""Answers to charts made anew: their rows are read again, and go Superset's own way to the page.

Superset composes the SQL of a chart and checks it each time, which takes longer than all the rest. Here a request that it
has answered in full is kept with its SQL for a minute. Who may have the answer, shared_answers.py knows.
"""

import io
import logging
import threading
import time
from functools import partial
from typing import Any, Callable, Optional

from flask import Flask, Response, has_request_context, request

# In the WSGI environment of a request: what is noted of its answer.
NOTED = "starsink.noted"
SECONDS = 60


class Renewal:
    """A request of one query as Superset has understood it, and the SQL that it has composed for it."""

    def __init__(self, app: Flask, context: Any, composed: Any, result: dict[str, Any]) -> None:
        self.app, self.context, self.fields, self.until = app, context, set(result), time.monotonic() + SECONDS
        self.lock = threading.Lock()
        context.force = True
        context._processor.query_cache_key = lambda *_, **__: result["cache_key"]
        context.datasource.get_query_str_extended = lambda *_, **__: composed
        context.datasource.database.get_df = partial(read, context.datasource.database)

    def answer(self, environ: dict[str, Any]) -> Optional[Response]:
        """None where Superset had better answer itself, and say what is wrong."""
        from superset.utils import json

        # Who reads the body leaves it to Superset all the same.
        environ = environ | {"wsgi.input": io.BytesIO(environ["wsgi.input"].getvalue())}
        try:
            with self.lock, self.app.request_context(environ):
                (result,) = self.context.get_payload()["queries"]
                if result["error"] or set(result) != self.fields:
                    return None
                told = json.dumps({"result": [result]}, default=json.json_int_dttm_ser, ignore_nan=True)
                return self.app.process_response(self.app.response_class(told, content_type="application/json; charset=utf-8"))
        except Exception:  # noqa: BLE001 - whatever it is, Superset's own answer is right
            logging.getLogger(__name__).warning("an answer could not be renewed", exc_info=True)
            return None


def renewal(app: Flask, noted: dict[str, Any]) -> Optional[Renewal]:
    """Of an answer of the plainest kind, whose rows were read for it, as the one user of the warehouse, and are shared no longer than by default."""
    from superset.connectors.sqla.models import SqlaTable

    contexts, composed, results = noted.get("contexts", []), noted.get("composed", []), noted["results"]
    if not len(contexts) == len(composed) == len(results) == 1:
        return None
    (context,), (result,) = contexts, results
    (query,), table = context.queries, context.datasource
    is_plain = query.result_type in (None, "full") and context.result_type == "full" and not query.time_offsets and not query.annotation_layers
    is_for_all = isinstance(table, SqlaTable) and not table.database.impersonate_user and context.get_cache_timeout() is None
    return Renewal(app, context, composed[0], result) if is_plain and is_for_all else None


def read(database: Any, sql: str, catalog: Optional[str], schema: Optional[str], mutator: Callable) -> Any:
    """Superset's Database.get_df(), for one statement that it has parsed before."""
    with database.get_raw_connection(catalog=catalog, schema=schema) as connection:
        cursor = connection.cursor()
        database.db_engine_spec.execute(cursor, sql, database)
        rows = database.db_engine_spec.fetch_data(cursor)
        return database.post_process_df(mutator(database.load_into_dataframe(cursor.description, rows)))


def note(what: str, value: Any) -> None:
    if has_request_context() and NOTED in request.environ:
        request.environ[NOTED].setdefault(what, []).append(value)


def note_what_superset_makes() -> None:
    from superset.commands.chart.data.get_data_command import ChartDataCommand
    from superset.models.helpers import ExploreMixin

    run, compose = ChartDataCommand.run, ExploreMixin.get_query_str_extended

    def run_noted(self: Any, **arguments: Any) -> dict[str, Any]:
        note("contexts", self._query_context)
        return run(self, **arguments)

    def compose_noted(self: Any, *arguments: Any, **named: Any) -> Any:
        composed = compose(self, *arguments, **named)
        note("composed", composed)
        return composed

    ChartDataCommand.run, ExploreMixin.get_query_str_extended = run_noted, compose_noted
