"""How an order's worth is shared among the sessions that led to it."""

from fractions import Fraction

DAY = 86_400_000_000
MODELS = ("first", "last", "last_non_direct", "linear", "position", "time_decay")


def touches(order_time, sessions):
    """The sessions (of the order's device) that started in the 30 days before it, in order."""
    return sorted((s for s in sessions if order_time - 30 * DAY <= s.start <= order_time), key=lambda s: s.start)


def weights(model, starts, direct, order_time):
    """One weight a touch; `direct` says which touches are of channel Direct."""
    n = len(starts)
    one = [Fraction(0)] * n
    if model == "first":
        one[0] = Fraction(1)
    elif model == "last":
        one[-1] = Fraction(1)
    elif model == "last_non_direct":
        one[next((k for k in reversed(range(n)) if not direct[k]), n - 1)] = Fraction(1)
    elif model == "linear":
        one = [Fraction(1, n)] * n
    elif model == "position":
        if n == 1:
            one = [Fraction(1)]
        elif n == 2:
            one = [Fraction(1, 2)] * 2
        else:
            one = [Fraction(2, 5)] + [Fraction(1, 5 * (n - 2))] * (n - 2) + [Fraction(2, 5)]
    elif model == "time_decay":
        raw = [2.0 ** (-((order_time - start) / DAY) / 7) for start in starts]
        one = [weight / sum(raw) for weight in raw]
    else:
        raise ValueError(model)
    return one
