"""The Shop dashboard's filters as SQL, for the Jinja templates of its datasets.

Without a store, country or device chosen, datasets call the warehouse's reports; with one, they count rows of the
aggregates that carry these dimensions and, where none does, of the facts. The fragments below are all that they need for it.
"""

from datetime import date, datetime, timedelta
from typing import Callable, Optional

# Up to so many days a curve has hours, then days, then weeks.
HOURS_UP_TO, DAYS_UP_TO = 3, 93


def literal(value: object) -> str:
    """A text literal; the warehouse's connections have standard_conforming_strings on, as PostgreSQL's default."""
    return "'" + str(value).replace("'", "''") + "'"


def day_literal(day: Optional[date]) -> str:
    return f"DATE '{day.isoformat()}'" if day else "CAST(NULL AS date)"


class ShopFilters:
    def __init__(self, get_time_filter: Callable, filter_values: Callable) -> None:
        chosen = get_time_filter(strftime="%Y-%m-%dT%H:%M:%S")
        self.first: Optional[date] = None
        self.last: Optional[date] = None
        if chosen.from_expr:
            self.first = datetime.fromisoformat(chosen.from_expr).date()
        if chosen.to_expr:
            # Superset's end is exclusive, the reports' last day is inclusive.
            end = datetime.fromisoformat(chosen.to_expr)
            self.last = (end - timedelta(microseconds=1)).date()
        self.stores = filter_values("store", remove_filter=True)
        self.countries = filter_values("country", remove_filter=True)
        self.devices = filter_values("device", remove_filter=True)

    @property
    def is_of_days_only(self) -> bool:
        return not (self.stores or self.countries or self.devices)

    @property
    def is_of_devices_only(self) -> bool:
        return not (self.stores or self.countries)

    @property
    def grain(self) -> str:
        if self.first and self.last:
            days = (self.last - self.first).days + 1
            if days <= HOURS_UP_TO:
                return "hour"
            if days > DAYS_UP_TO:
                return "week"
        return "day"

    @property
    def days(self) -> str:
        """The last arguments of every report."""
        return f"first_day => {self.first_day}, last_day => {self.last_day}"

    @property
    def first_day(self) -> str:
        return day_literal(self.first)

    @property
    def last_day(self) -> str:
        return day_literal(self.last)

    def place(self, row: str) -> str:
        """A condition on the row's store_key and device_class."""
        stores = []
        if self.stores:
            stores.append(f"COALESCE(s.domain, s.store_id) IN ({self._list(self.stores)})")
        if self.countries:
            stores.append(f"COALESCE(s.country_code, '(unknown)') IN ({self._list(self.countries)})")
        conditions = []
        if stores:
            conditions.append(
                f"{row}.store_key IN (SELECT s.store_key FROM warehouse.dim_store AS s WHERE {' AND '.join(stores)})"
            )
        if self.devices:
            conditions.append(f"{row}.device_class IN ({self._list(self.devices)})")
        return " AND ".join(conditions) or "true"

    @property
    def views(self) -> str:
        """Product views with what they can be counted by."""
        return self._events("is_product_view")

    @property
    def selections(self) -> str:
        """Choices of an option and additions to the cart."""
        return self._events("funnel_step IN (2, 3)")

    @property
    def sessions(self) -> str:
        """Rows of fact_session, each of its first event's day and place."""
        return self._rows("live_session()", "session_start")

    @property
    def orders(self) -> str:
        """Rows of fact_order."""
        return self._rows("live_order()", "event_time")

    @property
    def places(self) -> str:
        """Rows of agg_place: a day, store, visitor's country and class of device each."""
        return self._days("live_place()")

    @property
    def stores_by_day(self) -> str:
        """Rows of agg_store: a day and store each; where no device is chosen."""
        return self._days("live_store()")

    @property
    def technology(self) -> str:
        """Rows of agg_technology: a day, browser, system and class of device each; where no store or country is chosen."""
        return self._days("live_technology()")

    @property
    def timed_views(self) -> str:
        """Product views with how long they lasted; each of its own day and place, whatever its session's."""
        return (
            "(SELECT v.* FROM starsink_internal.live_session() AS s CROSS JOIN LATERAL starsink.session_views(s.path) AS v "
            f"WHERE NOT s.is_bot AND {self._time('v.event_time')} AND {self.place('v')})"
        )

    def _days(self, source: str) -> str:
        days = []
        if self.first:
            days.append(f"r.day >= {self.first_day}")
        if self.last:
            days.append(f"r.day <= {self.last_day}")
        return f"(SELECT r.* FROM starsink_internal.{source} AS r WHERE NOT r.is_bot AND {' AND '.join([*days, self.place('r')])})"

    def _rows(self, source: str, time: str) -> str:
        return f"(SELECT r.* FROM starsink_internal.{source} AS r WHERE NOT r.is_bot AND {self._time('r.' + time)} AND {self.place('r')})"

    def _events(self, condition: str) -> str:
        return (
            "(SELECT e.* FROM (SELECT f.event_time, f.device_key, f.store_key, f.product_key, f.browser_key, f.os_key, "
            "f.referrer_key, f.alloy_option_key, f.diamond_option_key, a.device_class FROM warehouse.fact_event AS f "
            "JOIN warehouse.dim_event_type AS t ON t.event_type_key = f.event_type_key "
            "JOIN warehouse.dim_user_agent AS a ON a.user_agent_key = f.user_agent_key "
            f"WHERE t.{condition} AND NOT f.is_bot AND {self._time('f.event_time')}) AS e WHERE {self.place('e')})"
        )

    def _time(self, column: str) -> str:
        """Whole days of the reporting time zone, as a range that partitions are pruned by."""
        conditions = []
        if self.first:
            conditions.append(f"{column} >= {self._midnight(self.first)}")
        if self.last:
            conditions.append(f"{column} < {self._midnight(self.last + timedelta(days=1))}")
        return " AND ".join(conditions) or "true"

    @staticmethod
    def _midnight(day: date) -> str:
        return f"timezone(starsink.fold_time_zone(), TIMESTAMP '{day.isoformat()} 00:00:00')"

    @staticmethod
    def _list(values: list) -> str:
        return ", ".join(literal(value) for value in values)
