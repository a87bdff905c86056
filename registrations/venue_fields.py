"""Fields of a meeting's forms: moments on the venue's clock, hosts as lines."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from events import years


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def at_venue(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """
    The moment when the venue's clock shows this.

    :raises ValidationError: the clock is put forward over it, so it never shows this; or
        the year is none in which somebody meets
    """
    years.check(day)
    moment = datetime.combine(day, clock, tzinfo=zone)
    if moment.astimezone(ZoneInfo("UTC")).astimezone(zone).time() != clock:
        raise ValidationError(_("The clocks are put forward then: this time does not exist."))
    return moment


class VenueMomentField(forms.DateTimeField):
    """A moment on the venue's clock. The form sets `zone` before it is cleaned."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    zone: ZoneInfo | None = None

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and self.zone and value.tzinfo:
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        typed = super().to_python(value)
        assert typed is not None
        years.check(typed)
        naive = (
            timezone.make_naive(typed, timezone.get_current_timezone()) if typed.tzinfo else typed
        )
        return at_venue(naive.date(), naive.time(), self.zone or ZoneInfo("UTC"))


def hosts_from(text: str) -> list[tuple[str, str]]:
    """Hosts, one a line, the second language behind a bar: “Союз | Union”."""
    parts = (line.partition("|") for line in text.splitlines() if line.strip())
    return [(main.strip(), alt.strip()) for main, _bar, alt in parts]


def hosts_as_text(hosts: list[tuple[str, str]]) -> str:
    return "\n".join(f"{main} | {alt}" if alt else main for main, alt in hosts)
