"""Answers to charts, shared by all pages that ask the same within a few seconds.

Superset shares the rows of the warehouse, but what it does around them takes longer than the warehouse does. Here a whole
answer is handed on, to those only whom Superset itself has answered the very same request before: then it has checked who
asks, and named the cache key of the rows, which differs where rights to rows or the person do. Whoever has got the same
key gets the same answer. An answer that is too old is renewed (renewed_answers.py) or made by Superset. Any change
in Superset's own database, of rights for example, makes Superset be asked anew.
"""

import hashlib
import io
import json
import re
import sqlite3
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Optional

from flask import Flask, Response, request
from renewed_answers import NOTED, Renewal, note_what_superset_makes, renewal
from werkzeug.test import run_wsgi_app

PATH = "/api/v1/chart/data"
FORCED = re.compile(rb'"force"\s*:\s*(?!false)')
SAME_FOR_ALL = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE", "HTTP_HOST")


@dataclass
class Answer:
    """What Superset answers, once it is there; done says when."""

    began: float
    done: threading.Event = field(default_factory=threading.Event)
    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Optional[bytes] = None
    renewal: Optional[Renewal] = None


class SharedAnswers:
    def __init__(self, app: Flask, database: str, seconds: float, trusted: float = 600, most: int = 500, largest: int = 1 << 18) -> None:
        self.seconds, self.trusted, self.most, self.largest = seconds, trusted, most, largest
        self.lock = threading.Lock()
        # Who asked what: with which keys, at which state of Superset's database, until when.
        self.known: OrderedDict[bytes, tuple[tuple, int, float]] = OrderedDict()
        self.answers: OrderedDict[tuple, Answer] = OrderedDict()
        self.own = sqlite3.connect(f"file:{database}?mode=ro", uri=True, check_same_thread=False, isolation_level=None)
        self.app, self.superset = app, app.wsgi_app
        app.wsgi_app = self  # type: ignore[method-assign]
        app.after_request(self.note_results)
        note_what_superset_makes()

    def note_results(self, response: Response) -> Response:
        if NOTED in request.environ and response.status_code == 200 and response.is_json and not response.is_streamed:
            results = json.loads(response.get_data()).get("result") or [{}]
            if all(result.get("cache_key") for result in results):
                noted = request.environ[NOTED]
                noted["results"] = results
                noted["renewal"] = renewal(self.app, noted)
        return response

    def __call__(self, environ: dict[str, Any], start: Callable) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or ""
        if environ["REQUEST_METHOD"] != "POST" or environ.get("PATH_INFO") != PATH or not length.isdigit() or int(length) > self.largest:
            return self.superset(environ, start)
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)
        if FORCED.search(body) or "force" in environ.get("QUERY_STRING", ""):
            return self.superset(environ, start)
        what = self.digest([environ.get(name, "") for name in SAME_FOR_ALL], body)
        # All that Superset may know somebody by, the signed session among it.
        who = self.digest([environ.get("REMOTE_ADDR", ""), sorted((name, value) for name, value in environ.items() if name.startswith("HTTP_"))], what)
        with self.lock:
            state = self.own.execute("PRAGMA data_version").fetchone()[0]
            keys, known_at, until = self.known.get(who, ((), 0, 0.0))
        if known_at != state or until < time.monotonic():
            return self.tell(self.compute(environ, who, what, state), start, "fwd=miss")
        return self.share(environ, start, who, what, keys, state)

    @staticmethod
    def digest(told: list, body: bytes) -> bytes:
        head = json.dumps(told).encode()
        return hashlib.sha256(len(head).to_bytes(8, "big") + head + body).digest()

    def share(self, environ: dict[str, Any], start: Callable, who: bytes, what: bytes, keys: tuple, state: int) -> Iterable[bytes]:
        """One asks for a new answer, the others wait for it."""
        with self.lock:
            answer = before = self.answers.get((what, keys, state))
            is_first = answer is None or answer.began + self.seconds < time.monotonic()
            if is_first:
                answer = Answer(time.monotonic())
                self.put(self.answers, (what, keys, state), answer)
        if not is_first:
            shared = answer.done.wait(60) and answer.body is not None
            return self.tell(answer, start, "hit") if shared else self.tell(self.compute(environ, who, what, state), start, "fwd=miss")
        try:
            if before and self.renew(answer, before.renewal, environ):
                return self.tell(answer, start, "fwd=stale")
            return self.tell(self.compute(environ, who, what, state, answer), start, "fwd=miss")
        finally:
            with self.lock:
                if answer.body is None and self.answers.get((what, keys, state)) is answer:
                    del self.answers[what, keys, state]
            answer.done.set()

    def renew(self, answer: Answer, how: Optional[Renewal], environ: dict[str, Any]) -> bool:
        response = how.answer(environ) if how and how.until > time.monotonic() else None
        if response is None:
            return False
        answer.status, answer.headers, answer.body, answer.renewal = response.status, list(response.headers), response.get_data(), how
        return True

    def compute(self, environ: dict[str, Any], who: bytes, what: bytes, state: int, promised: Optional[Answer] = None) -> Answer:
        began = time.monotonic()
        noted = environ[NOTED] = {}
        parts, status, headers = run_wsgi_app(self.superset, environ, buffered=True)
        answer = Answer(began, status=status, headers=list(headers), body=b"".join(parts))
        results = noted.get("results", [])
        keys = tuple(result["cache_key"] for result in results)
        with self.lock:
            self.known.pop(who, None)
            if keys and len(answer.body) <= self.largest and "Set-Cookie" not in headers:
                self.put(self.known, who, (keys, state, began + self.trusted), 20)
                # Rows out of a cache are older than they look.
                if promised and not any(result.get("is_cached") for result in results) and self.answers.get((what, keys, state)) is promised:
                    promised.status, promised.headers, promised.body = status, answer.headers, answer.body
                    promised.renewal = noted["renewal"]
        return answer

    def put(self, where: OrderedDict, key: Any, value: Any, times: int = 1) -> None:
        where.pop(key, None)
        where[key] = value
        while len(where) > times * self.most:
            where.popitem(last=False)

    def tell(self, answer: Answer, start: Callable, how: str) -> Iterable[bytes]:
        told = [("Cache-Status", f"dashboard; {how}")]
        if how == "hit":
            told.append(("Age", str(int(time.monotonic() - answer.began))))
        start(answer.status, [*answer.headers, *told])
        return [answer.body or b""]
