"""Connections to the warehouse that Superset uses again: by itself it makes two for every answer."""

import threading
import time
from typing import Any

import psycopg2
from psycopg2.extensions import connection
from sqlalchemy.engine import URL

# So many wait, each for so many seconds.
MOST, SECONDS = 8, 300

lock = threading.Lock()
idle: list["Kept"] = []


class Kept(connection):
    """Closed, it waits to be taken again."""

    told: tuple = ()
    since = 0.0

    def close(self) -> None:
        try:
            self.rollback()
        except psycopg2.Error:
            return super().close()
        self.since = time.monotonic()
        with lock:
            if len(idle) < MOST and not self.closed:
                idle.append(self)
                return
        super().close()

    def is_as_new(self) -> bool:
        """Forgets what was set or made; says whether the server is there still."""
        try:
            self.autocommit = True
            with self.cursor() as cursor:
                cursor.execute("DISCARD ALL")
            self.autocommit = False
            return self.since > time.monotonic() - SECONDS
        except psycopg2.Error:
            return False


def take(arguments: dict[str, Any]) -> Kept:
    told = tuple(sorted(arguments.items()))
    while True:
        with lock:
            kept = next((one for one in reversed(idle) if one.told == told), None)
            if kept is None:
                break
            idle.remove(kept)
        if kept.is_as_new():
            return kept
        connection.close(kept)
    made = psycopg2.connect(connection_factory=Kept, **arguments)
    made.told = told
    return made


def keep(url: URL, settings: dict[str, Any], *_: object) -> tuple[URL, dict[str, Any]]:
    """Superset's DB_CONNECTION_MUTATOR."""
    if url.get_backend_name() == "postgresql":
        _, arguments = url.get_dialect()().create_connect_args(url)
        arguments |= settings.get("connect_args", {})
        settings = settings | {"creator": lambda: take(arguments)}
    return url, settings
