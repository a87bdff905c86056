"""
The list of participants as a file: CSV straight from PostgreSQL, XLSX row by row.

No cell of it is run as a formula (see tables).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from django.contrib.postgres.aggregates import StringAgg
from django.db import connection, transaction
from django.db.models import (
    Case,
    CharField,
    Exists,
    Expression,
    F,
    Func,
    OuterRef,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils.encoding import force_str
from django.utils.translation import gettext as _

from accounts import journal
from accounts.journal import Actor
from events import when
from events.models import Meeting, OrganizationVariant
from registrations.models import (
    AttendanceMode,
    RegistrationQuerySet,
    SessionSeat,
    Source,
    Status,
)
from reports import roster, tables
from reports.tables import FORMATS

__all__ = ["FORMATS", "columns", "csv", "note", "xlsx"]

MOST_ROWS = 1_048_575  # of one sheet, without its heading
_CHUNK = 64 * 1024


@transaction.atomic(durable=True)
def note(*, meeting: Meeting, form: str, query: str, rows: int, at: datetime, by: Actor) -> None:
    """Write down who took personal data out of the house, how much of it and as what."""
    journal.record(
        by=by,
        at=at,
        action="participants.exported",
        subjects=[f"meeting:{meeting.pk}"],
        changes={"format": form, "filter": query, "rows": rows},
    )


def csv(people: RegistrationQuerySet, *, meeting: Meeting) -> Iterator[bytes]:
    """
    The file in pieces, as PostgreSQL makes them: memory stays flat however long it is.

    UTF-8 with a byte order mark, and the separator that spreadsheets expect in the
    reader's language.
    """
    separator = tables.separator()
    wanted = columns(meeting)
    headings = separator.join(f'"{words}"' for words in wanted)
    yield f"{tables.BOM}{headings}\r\n".encode()
    sql, parameters = _statement(people, wanted)
    copy = f"COPY ({sql}) TO STDOUT WITH (FORMAT csv, DELIMITER '{separator}')"
    with connection.cursor() as cursor, cursor.copy(copy, parameters) as rows:
        piece = bytearray()
        for row in rows:
            piece += row
            if len(piece) >= _CHUNK:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)


def xlsx(people: RegistrationQuerySet, file: IO[bytes], *, meeting: Meeting) -> None:
    """Write a workbook into an open file. Every cell is text; nothing waits in memory."""
    wanted = columns(meeting)
    rows = people.values_list(*wanted.values()).iterator(chunk_size=500)
    tables.xlsx(list(wanted), rows, file, title=_("Participants"))


def columns(meeting: Meeting) -> dict[str, Any]:
    """Heading → expression, in the reader's language and on the venue's clock."""
    return {
        _("Number"): F("number"),
        _("Status"): _said("status", Status.choices),
        _("Family name"): F("family_name"),
        _("Given name"): F("given_name"),
        _("Patronymic"): F("patronymic"),
        _("Name in Latin letters"): F("latin_name"),
        _("Organization"): F("organization"),
        _("Position"): F("position"),
        _("Region"): _named("region__", meeting.region_set.language),
        _("District"): _named("region__group__", meeting.region_set.language),
        _("Category"): _named("category__", meeting.language),
        _("Takes part"): _said("attendance_mode", AttendanceMode.choices),
        _("E-mail"): F("email"),
        _("Phone"): F("phone"),
        _("Delegation"): Coalesce(F("delegation__name"), Value(""), output_field=CharField()),
        _("Sessions"): _sessions(meeting),
        _("Source"): _said("source", Source.choices),
        _("Access code"): Coalesce(F("access_code__code"), Value(""), output_field=CharField()),
        **_of_organizations(meeting),
        _("Registered by"): F("submitted_by_name"),
        _("Registered (venue time)"): _local(F("registered_at"), meeting.time_zone),
        _("Came (venue time)"): _local(roster.first_entry(), meeting.time_zone),
    }


def _of_organizations(meeting: Meeting) -> dict[str, Any]:
    """What the organizer has made of the typed names; not looked up where that is nothing."""
    name: Any = F("organization")
    region: Any = Value("")
    member: Any = Value("")
    if OrganizationVariant.objects.filter(meeting=meeting).exists():
        name = Coalesce(_merged("organization__name"), name, output_field=CharField())
        region = _merged(_named("organization__region__", meeting.region_set.language))
        region = Coalesce(region, Value(""), output_field=CharField())
        yes = When(Exists(roster.of_members()), then=Value(force_str(_("yes"))))
        member = Case(yes, default=member, output_field=CharField())
    return {
        _("Organization, merged"): name,
        _("Organization’s region"): region,
        _("Member of the association"): member,
    }


def _said(field: str, choices: list[tuple[str, Any]]) -> Expression:
    """A code as the word that people read, found by the database."""
    return Case(
        *(When(**{field: code}, then=Value(force_str(words))) for code, words in choices),
        default=F(field),
        output_field=CharField(),
    )


def _named(of: str, main_language: str, *, field: str = "name") -> Expression:
    """A name with a second language, as the reader wants it; empty where there is none."""
    chosen: Any = F(f"{of}{field}")
    if when.language_now() != main_language[:2]:
        chosen = Coalesce(NullIf(F(f"{of}{field}_alt"), Value("")), F(f"{of}{field}"))
    return Coalesce(chosen, Value(""), output_field=CharField())


def _merged(what: str | Expression) -> Subquery:
    """Of the organization that the typed spelling belongs to; NULL where it stands for itself."""
    return Subquery(roster.spelling().values_list(what)[:1])


def _sessions(meeting: Meeting) -> Expression:
    """The sessions that somebody has chosen, in order of time."""
    if not meeting.sessions.exists():
        return Value("")
    chosen = SessionSeat.objects.filter(registration=OuterRef("pk")).order_by()
    titles = StringAgg(
        _named("session__", meeting.language, field="title"), "; ", order_by="starts_at"
    )
    listed = chosen.values("registration").annotate(titles=titles).values("titles")
    return Coalesce(Subquery(listed), Value(""), output_field=CharField())


def _local(moment: F | Subquery, time_zone: str) -> Expression:
    at_venue = Func(Value(time_zone), moment, function="timezone", output_field=CharField())
    return Func(at_venue, Value("YYYY-MM-DD HH24:MI"), function="to_char", output_field=CharField())


def _statement(people: RegistrationQuerySet, wanted: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """The SELECT of these people with the wanted columns, as SQL and its parameters."""
    rows = people.values_list(*(_as_text(expression) for expression in wanted.values()))
    sql, parameters = rows.query.get_compiler(connection=connection).as_sql()
    return sql, tuple(parameters)


def _as_text(expression: Any) -> Expression:
    """A text that no spreadsheet runs: with an apostrophe where it looks like a formula."""
    return Func(
        Cast(expression, TextField()),
        Value(tables.FORMULA),
        Value(tables.DISARMED),
        function="regexp_replace",
        output_field=TextField(),
    )
