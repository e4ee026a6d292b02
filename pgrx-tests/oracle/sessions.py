"""Sessions of a device: where they are cut, how long views last, how far they come in the funnel."""

SECOND = 1_000_000
GAP = 1800 * SECOND
MAX_EVENTS = 10_000
MAX_LENGTH = 86_400 * SECOND
STEPS = ("view", "option", "cart", "checkout", "success")


def step_of(event):
    if event.is_view:
        return 0
    if event.is_option:
        return 1
    if event.is_cart:
        return 2
    return {"checkout": 3, "checkout_success": 4}.get(event.kind)


class Session:
    """Events of one device, robots' and others apart, without a pause of more than 1,800 s, within the bounds."""

    def __init__(self, events):
        self.events = events
        self.first = events[0]
        self.start = events[0].time
        self.end = events[-1].time
        self.day = events[0].day
        self.is_bot = events[0].is_bot
        self.device = events[0].device
        self.source = self.medium = self.campaign = self.channel = None
        pages = sum(e.is_page for e in events)
        self.engaged = self.end - self.start > 10 * SECOND or pages >= 2 or any(e.kind == "checkout_success" for e in events)
        times = [[] for _ in STEPS]
        for e in events:
            step = step_of(e)
            if step is not None:
                times[step].append(e.time)
        self.closed, self.open, self.open_lags = closed_path(times), [t[0] if t else None for t in times], open_lags(times)


def closed_path(times):
    """Each step's first time not before the step before's; after a missing step there is none."""
    path, since = [], 0
    for step in times:
        at = None if since is None else next((t for t in step if t >= since), None)
        path.append(at)
        since = at
    return path


def open_lags(times):
    """From the earliest of the step before to this step's earliest not before it."""
    lags = [None]
    for before, step in zip(times, times[1:]):
        at = next((t for t in step if t >= before[0]), None) if before else None
        lags.append(None if at is None else at - before[0])
    return lags


def cut(events):
    """The sessions of any events, robots' apart; those without a device belong to none."""
    devices = {}
    for e in events:
        if e.device is not None:
            devices.setdefault((e.device, e.is_bot), []).append(e)
    sessions = []
    for own in devices.values():
        own.sort(key=lambda e: (e.time, e.id))
        begin = 0
        for at in range(1, len(own) + 1):
            if at == len(own) or is_cut(own, begin, at):
                sessions.append(Session(own[begin:at]))
                begin = at
    for session in sessions:
        time_views(session)
    return sessions


def is_cut(own, begin, at):
    """Whether the event at this place begins another session than the one at `begin`: not within that one's first instant."""
    since = own[at].time - own[begin].time
    is_full = at - begin >= MAX_EVENTS or since > MAX_LENGTH
    return own[at].time - own[at - 1].time > GAP or (is_full and since > 0)


def time_views(session):
    """Writes dwell and customisation, in µs, into the session's product views, and the session into its events."""
    events = session.events
    for at, e in enumerate(events):
        e.session = session
        if not e.is_view:
            continue
        after = events[at + 1:]
        page = next((k for k, other in enumerate(after) if other.is_page), None)
        if page is not None:
            e.dwell = after[page].time - e.time
        else:
            rest = session.end - e.time
            e.dwell = rest if rest > 0 else None
        same = [other for other in after[:page] if other.is_selection and other.product == e.product]
        e.customization = same[-1].time - e.time if same else None
