"""Functions of dates. No source tells Azure's machine when it will deploy, so the present is not known."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from vnetverify.ingest.arm.functions.catalogue import Function, as_int, as_text, refused
from vnetverify.ingest.unknown import Unknown

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DURATION = re.compile(
    r"(?P<sign>[+-])?P(?:(?P<years>[0-9]{1,4})Y)?(?:(?P<months>[0-9]{1,5})M)?(?:(?P<weeks>[0-9]{1,6})W)?(?:(?P<days>[0-9]{1,7})D)?"
    r"(?:T(?:(?P<hours>[0-9]{1,8})H)?(?:(?P<minutes>[0-9]{1,9})M)?(?:(?P<seconds>[0-9]{1,9})S)?)?"
)
_WRITTEN = "%Y-%m-%dT%H:%M:%SZ"


def _utc_now(form: Any = None) -> Unknown:
    return Unknown("when the template is deployed")


def _new_guid() -> Unknown:
    return Unknown("`newGuid` makes another value at each deployment")


def _moment(function: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise refused(function, f"is given `{text[:40]}`, which is not a date of ISO 8601") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _date_time_add(base: Any, duration: Any, form: Any = None) -> str | Unknown:
    """Return the date `duration` after `base`, where it is to be written as `base` is: `2026-01-31T00:00:00Z`."""
    text = as_text("dateTimeAdd", base)
    match = _DURATION.fullmatch(as_text("dateTimeAdd", duration, 2))
    if match is None or not any(match[part] for part in match.groupdict() if part != "sign"):
        raise refused("dateTimeAdd", f"is given `{duration[:40]}`, which is not a duration of ISO 8601")
    try:
        later = _later(_moment("dateTimeAdd", text), match)
    except (ValueError, OverflowError) as error:
        raise refused("dateTimeAdd", "goes beyond the range of dates") from error
    if form is not None or not _ISO.fullmatch(text):
        return Unknown("in which form `dateTimeAdd` writes a date depends on Azure's machines")
    return later.strftime(_WRITTEN).rjust(20, "0")


def _later(moment: datetime, duration: re.Match[str]) -> datetime:
    sign = -1 if duration["sign"] == "-" else 1

    def part(name: str) -> int:
        return sign * int(duration[name] or 0)

    month = moment.month - 1 + part("months")
    year, month = moment.year + part("years") + month // 12, month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day) + timedelta(
        weeks=part("weeks"),
        days=part("days"),
        hours=part("hours"),
        minutes=part("minutes"),
        seconds=part("seconds"),
    )


def _date_time_from_epoch(seconds: Any) -> str:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=as_int("dateTimeFromEpoch", seconds))
    except OverflowError as error:
        raise refused("dateTimeFromEpoch", "goes beyond the range of dates") from error
    return moment.strftime(_WRITTEN).rjust(20, "0")


def _date_time_to_epoch(text: Any) -> int:
    moment = _moment("dateTimeToEpoch", as_text("dateTimeToEpoch", text))
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


DATES = (
    Function("utcNow", 0, 1, _utc_now),
    Function("newGuid", 0, 0, _new_guid),
    Function("dateTimeAdd", 2, 3, _date_time_add),
    Function("dateTimeFromEpoch", 1, 1, _date_time_from_epoch),
    Function("dateTimeToEpoch", 1, 1, _date_time_to_epoch),
)
