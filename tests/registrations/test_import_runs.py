"""Long tables: checked by a worker, then all of their people on the list, or none."""

import pytest

from accounts.models import JournalEntry
from notifications.models import Message
from registrations import (
    enlisting_many,
    import_runs,
    import_working,
    importing,
    seats,
)
from registrations.models import ImportState, Registration, SeatLimit
from registrations.pasting import files
from tests.factories import (
    NOON,
    ORGANIZER,
    make_application,
    make_meeting,
    make_registration,
)
from tests.registrations.test_races import own_database

__all__ = ["own_database"]
pytestmark = pytest.mark.django_db(transaction=True)

TERMS = {"category": "member", "language": "ru", "skips_review": True, "is_told": True}
HEADINGS = ["ФИО", "Организация", "E-mail", "Регион"]
MAPPING = ["name", "organization", "email", "region"]


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr(import_working.timezone, "now", lambda: NOON)


@pytest.fixture(params=[10, pytest.param(100, marks=pytest.mark.long)])
def repetitions(request):
    return request.param


def letters(number):
    return "".join("абвгдежзик"[int(digit)] for digit in str(number))


def people(count, first=1):
    return [
        [f"Иванов{letters(n)} Пётр Ильич", "Парк", f"p{n}@example.org", "Калужская область"]
        for n in range(first, first + count)
    ]


def send(meeting, rows, *, at=NOON, **terms):
    return import_runs.begin(
        meeting=meeting,
        sent=files.sent([HEADINGS, *rows], file_name="list.xlsx"),
        mapping=MAPPING,
        terms=TERMS | terms,
        language="en",
        at=at,
        by=ORGANIZER,
        is_checked_at_once=True,
    )


def work(at=NOON):
    while run := import_runs.claim(at=at):
        import_working.work(run)


def checked(meeting, rows, **terms):
    run = send(meeting, rows, **terms)
    work()
    run.refresh_from_db()
    assert run.state == ImportState.CHECKED
    return run


def imported(meeting, rows, **terms):
    run = import_runs.start(run=checked(meeting, rows, **terms))
    work()
    run.refresh_from_db()
    return run


def test_checking_says_of_each_row_what_would_become_of_it():
    meeting = make_meeting()
    make_registration(
        meeting=meeting, family_name="Ли", given_name="Ян", patronymic="", email="li@example.org"
    )
    rows = [
        *people(2),
        ["Ли Ян", "", "LI@example.org", ""],
        ["Ким Ен", "", "kim", "Атлантида"],
        people(1)[0],
    ]

    run = checked(meeting, rows)

    assert [outcome for outcome, _words in run.findings] == [
        "ready", "ready", "listed", "wrong", "wrong",
    ]  # fmt: skip
    assert "“Атлантида” is no region" in run.findings[3][1]
    assert run.findings[4][1] == "The same as row 1."
    assert (run.total, run.ready, run.listed, run.wrong, run.added) == (5, 2, 1, 2, 0)
    assert Registration.objects.count() == 1


def test_an_import_is_what_registering_one_by_one_would_be():
    bulk, single = make_meeting(seat_limit=3), make_meeting(seat_limit=3)
    applications = [
        make_application(meeting, email=f"p{n}@example.org", family_name=f"Иванов{letters(n)}",
                         organization="Парк", position="",
                         region=meeting.region_set.regions.get(code="RU-KLU"))
        for meeting in [single]
        for n in range(1, 6)
    ]  # fmt: skip

    imported(bulk, people(5))
    importing.bring(
        meeting=single, applications=applications, skips_review=True, is_told=True, at=NOON,
        by=ORGANIZER,
    )  # fmt: skip

    own = {"id", "uid", "number", "meeting", "category", "region", "search_key", "link_hash",
           "ticket_code"}  # fmt: skip
    plain = [f.name for f in Registration._meta.concrete_fields if f.name not in own]

    def rows(meeting):
        return list(Registration.objects.filter(meeting=meeting).order_by("pk").values_list(*plain))

    def counters(meeting):
        return SeatLimit.objects.filter(meeting=meeting).values_list(
            "taken", "held", "over", "waiting", "last_line"
        )[0]

    def lines(meeting):
        return list(
            JournalEntry.objects.about(f"meeting:{meeting.pk}")
            .filter(action__startswith="registration.")
            .order_by("pk")
            .values_list("action", "who", "changes")
        )

    def mails(meeting):
        found = Message.objects.about(f"meeting:{meeting.pk}").order_by("pk")
        return [
            (m.kind, m.recipient, m.template, m.enclosures, m.snapshot.keys(), m.language,
             m.sender_name, m.reply_to, m.dedupe_key.split(":")[::2],
             m.snapshot.get("position"))
            for m in found
        ]  # fmt: skip

    assert rows(bulk) == rows(single)
    assert counters(bulk) == counters(single)
    assert lines(bulk) == lines(single)
    assert mails(bulk) == mails(single)
    assert seats.audit(bulk.pk) == {}
    for person in Registration.objects.filter(meeting=bulk):
        keys = Message.objects.about(f"registration:{person.pk}").values_list(
            "dedupe_key", "priority"
        )
        assert list(keys) == [(f"{person.status}:{person.uid}:1", enlisting_many.PRIORITY)]
