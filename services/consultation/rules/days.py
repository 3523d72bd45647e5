"""Working days in Norway, and the moments at which windows end. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import holidays

from schemas.rulesets import OSLO, oslo_day


@cache
def public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("NO", years=year))


def is_working(day: date) -> bool:
    """Neither Saturday, Sunday nor a public holiday."""
    return day.weekday() < 5 and day not in public_holidays(day.year)


def working_days_after(day: date, count: int) -> date:
    """The `count`th working day after a day, which itself is not counted."""
    while count:
        day += timedelta(days=1)
        count -= is_working(day)
    return day


def end_of(day: date) -> datetime:
    """The moment at which a day in Norway is over: what comes before is in time."""
    return datetime.combine(day + timedelta(days=1), time(), OSLO).astimezone(UTC)


def after_working_days(moment: datetime, count: int) -> datetime:
    """When a window of so many whole working days ends that began at `moment`."""
    return end_of(working_days_after(oslo_day(moment), count))


def after_days(moment: datetime, count: int) -> datetime:
    """The same in calendar days."""
    return end_of(oslo_day(moment) + timedelta(days=count))
