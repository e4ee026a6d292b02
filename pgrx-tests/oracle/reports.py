"""What a report counts: the model, seen through the parameters that all reports share; and the list of reports."""

from figures import UNKNOWN

ALL = {}


def report(columns, *cases):
    """Registers a report: its columns in their order, and the parameters it is to be checked with."""
    def register(function):
        ALL[function.__name__] = (function, columns.split(), cases or ({},))
        return function
    return register


class Scope:
    """Events, sessions and orders of some days, with or without robots."""

    def __init__(self, model, first_day=None, last_day=None, include_bots=False):
        self.model, self.first_day, self.last_day, self.include_bots = model, first_day, last_day, include_bots
        self.events = [e for e in model.events if self.holds(e.day, e.is_bot)]
        self.views = [e for e in self.events if e.is_view]
        self.selections = [e for e in self.events if e.is_selection]
        self.carts = [e for e in self.events if e.is_cart]
        self.sessions = [s for s in model.sessions if self.holds(s.day, s.is_bot)]
        self.orders = [o for o in model.orders if self.holds(o.event.day, o.event.is_bot)]

    def holds(self, day, is_bot):
        after = self.first_day is None or day >= self.first_day
        return after and (self.last_day is None or day <= self.last_day) and (self.include_bots or not is_bot)


def place(basis):
    """An event's country on one side."""
    return (lambda e: e.visitor) if basis == "visitor" else (lambda e: e.country)


def store(e):
    return e.store or UNKNOWN


def product(e):
    return e.product or UNKNOWN


def values(kind):
    return (lambda e: e.alloys) if kind == "alloy" else (lambda e: e.diamonds)
