"""The database under test, asked through psql: reports, and the parsers that have tests of their own."""

import json
import subprocess
from decimal import Decimal

CHUNK = 4000
MARK = "--oracle-mark--"


def literal(text):
    """A value as an SQL literal."""
    return "NULL" if text is None else "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


class Database:
    """One psql command line; each distinct question is asked once."""

    def __init__(self, psql):
        self.psql = psql
        self.known = {}

    def script(self, statements):
        """What each statement prints, in order; an Exception where it failed."""
        lines = ["\\set VERBOSITY terse", "SET TimeZone = 'UTC';"]
        for statement in statements:
            lines += [statement + ";", f"\\echo {MARK} :ERROR :LAST_ERROR_MESSAGE"]
        done = subprocess.run(self.psql + ["-X", "-q", "-A", "-t"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
        answers, now = [], []
        for line in done.stdout.split("\n"):
            if line.startswith(MARK):
                failed = line[len(MARK) + 1:].startswith("true")
                answers.append(RuntimeError(line[len(MARK) + 6:]) if failed else "\n".join(now))
                now = []
            else:
                now.append(line)
        if len(answers) != len(statements):
            raise RuntimeError(f"psql answered {len(answers)} of {len(statements)} statements: {done.stderr[-2000:]}")
        return answers

    def json(self, query):
        """The rows of a query as a list of dicts; decimals stay exact."""
        return self.jsons([query])[0]

    def jsons(self, queries):
        answers = self.script([f"SELECT coalesce(json_agg(r), '[]') FROM ({query}) AS r" for query in queries])
        return [a if isinstance(a, Exception) else json.loads(a, parse_float=Decimal) for a in answers]

    def each(self, name, expression, questions):
        """For each question (a list of texts or NULLs) what the expression over q->>0, q->>1, … says; asked once."""
        known = self.known.setdefault(name, {})
        new = list(dict.fromkeys(q for q in questions if q not in known))
        parts = [new[at:at + CHUNK] for at in range(0, len(new), CHUNK)]
        for part in parts:
            given = literal(json.dumps(part))
            query = (f"SELECT json_agg({expression} ORDER BY n) FROM json_array_elements({given}::json) "
                     "WITH ORDINALITY AS a(q, n)")
            answer = self.script([query])[0]
            if isinstance(answer, Exception):
                raise answer
            known.update(zip(part, json.loads(answer, parse_float=Decimal)))
        return known
