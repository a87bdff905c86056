"""Long tables: checked by a worker, then all of their people on the list, or none."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import JournalEntry
from events.models import Approval
from notifications.models import Message
from registrations import (
    booking,
    enlisting_many,
    erasure,
    import_leases,
    import_runs,
    import_working,
    importing,
    seats,
)
from registrations.import_runs import NothingToImport, TooLate
from registrations.models import (
    ImportRun,
    ImportState,
    ImportTrouble,
    Registration,
    SeatLimit,
)
from registrations.pasting import files
from tests.factories import (
    LINK,
    NOON,
    ORGANIZER,
    make_application,
    make_meeting,
    make_registration,
)
from tests.registrations.test_limits import limit as narrow
from tests.registrations.test_races import at_once, own_database, registering

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
    while run := import_leases.claim(at=at):
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


def test_what_is_not_approved_waits_for_the_organizer():
    meeting = make_meeting(approval=Approval.MANUAL)

    imported(meeting, people(3), skips_review=False)

    assert set(Registration.objects.values_list("status", "version")) == {("pending", 1)}
    assert {message.kind for message in Message.objects.all()} == {"received"}
    assert seats.audit(meeting.pk) == {}


def test_nobody_is_written_to_where_that_was_not_wanted():
    imported(make_meeting(), people(3), is_told=False)

    assert not Message.objects.exists()
    assert Registration.objects.count() == 3


def test_rows_with_errors_and_those_registered_are_left_out():
    meeting = make_meeting(seat_limit=None)
    imported(meeting, people(2))

    run = imported(meeting, [*people(4), ["Ким Ен", "", "kim", ""]])

    assert (run.state, run.added, run.listed, run.wrong) == (ImportState.DONE, 2, 2, 1)
    assert Registration.objects.count() == 4
    outcomes = dict.fromkeys(outcome for outcome, _words in run.findings)
    assert list(outcomes) == ["listed", "added", "wrong"]
    number, status = run.findings[2][1].split()
    assert Registration.objects.get(number=number).status == status


def test_without_seats_and_line_nobody_is_added_and_it_is_said_why():
    meeting = make_meeting(seat_limit=2, has_waiting_list=False)

    run = imported(meeting, people(3))

    assert (run.state, run.added) == (ImportState.CHECKED, 0)
    assert run.refusal == "All seats are taken."
    assert not Registration.objects.exists()
    SeatLimit.objects.filter(whole=meeting).update(seat_limit=3)
    import_runs.start(run=run)
    work()
    run.refresh_from_db()
    assert (run.state, run.added, run.refusal) == (ImportState.DONE, 3, "")


def test_narrow_limits_and_kept_seats_hold_for_a_crowd():
    meeting = make_meeting(seat_limit=6)
    region = meeting.region_set.regions.get(code="RU-PRI")
    klu = meeting.region_set.regions.get(code="RU-KLU")
    for where, limit, reserve in [(klu, 3, 0), (region, 3, 2)]:
        narrow(meeting, where, seat_limit=limit, reserve=reserve,
               reserved_until=NOON + timedelta(days=5) if reserve else None)  # fmt: skip
    rows = [*people(5), *([f"Ким{letters(n)} Ен", "", "", "Приморский край"] for n in range(4))]

    imported(meeting, rows)

    found = Registration.objects.order_by("pk").values_list("region__code", "status", "line")
    assert list(found) == [
        *[("RU-KLU", "confirmed", None)] * 3, ("RU-KLU", "waitlisted", 1),
        ("RU-KLU", "waitlisted", 2), *[("RU-PRI", "confirmed", None)] * 3,
        ("RU-PRI", "waitlisted", 3),
    ]  # fmt: skip
    assert seats.audit(meeting.pk) == {}
    told = Message.objects.filter(kind="waitlisted").order_by("pk")
    assert [one.snapshot["position"] for one in told] == [1, 2]
    assert {one.snapshot["waits_for"] for one in told} == {klu.name}


def test_a_second_click_is_harmless_and_a_cancelled_table_is_gone():
    meeting = make_meeting()
    run = checked(meeting, people(2))
    import_runs.start(run=run)
    import_runs.start(run=run)
    work()
    import_runs.start(run=run)
    work()
    assert Registration.objects.count() == 2

    other = send(meeting, people(2, first=5))
    import_runs.cancel(run=other, at=NOON)
    import_runs.cancel(run=other, at=NOON)
    work()
    other.refresh_from_db()
    assert (other.state, bytes(other.table), other.rows, other.headings) == (
        ImportState.CANCELLED, b"", [], [],
    )  # fmt: skip
    with pytest.raises(TooLate):
        import_runs.start(run=other)
    with pytest.raises(TooLate):
        import_runs.cancel(run=run, at=NOON)


def test_a_table_without_rows_or_without_anybody_to_add_is_refused():
    meeting = make_meeting()

    with pytest.raises(NothingToImport):
        send(meeting, [])
    with pytest.raises(NothingToImport):
        import_runs.start(run=checked(meeting, [["Ким Ен", "", "kim", ""]]))


def test_a_meeting_that_is_over_takes_nobody():
    meeting = make_meeting()

    with pytest.raises(import_runs.ListClosed):
        send(meeting, people(1), at=meeting.ends_at)


def test_a_row_that_cannot_be_added_any_more_puts_the_import_off():
    meeting = make_meeting()
    run = import_runs.start(run=checked(meeting, people(2)))
    meeting.region_set.regions.filter(code="RU-KLU").update(is_active=False)

    work()

    run.refresh_from_db()
    assert (run.state, Registration.objects.count()) == (ImportState.CHECKED, 0)
    assert "check it again" in run.refusal


def test_whoever_registers_between_reckoning_and_writing_makes_it_reckoned_anew(monkeypatch):
    meeting = make_meeting(seat_limit=3)
    run = import_runs.start(run=checked(meeting, people(3)))
    write, between = enlisting_many.write, [registering(meeting)]

    def late(crowd, **said):
        if between:
            at_once(between.pop())
        write(crowd, **said)

    monkeypatch.setattr(enlisting_many, "write", late)

    work()

    run.refresh_from_db()
    assert run.added == 3
    statuses = Registration.objects.order_by("registered_at", "line", "pk")
    assert sorted(one.status for one in statuses) == ["confirmed"] * 3 + ["waitlisted"]
    assert seats.audit(meeting.pk) == {}


def test_the_same_table_twice_at_once_is_imported_once(repetitions):
    for n in range(repetitions):
        meeting = make_meeting(seat_limit=3)
        runs = [checked(meeting, people(4)), checked(meeting, people(4))]
        for run in runs:
            import_runs.start(run=run)
        claimed = [import_leases.claim(at=NOON), import_leases.claim(at=NOON)]

        at_once(*(lambda run=run: import_working.work(run) for run in claimed))
        work(at=NOON + timedelta(minutes=1))

        added = sorted(ImportRun.objects.filter(meeting=meeting).values_list("added", flat=True))
        assert added == [0, 4], n
        assert Registration.objects.filter(meeting=meeting).count() == 4
        assert Message.objects.about(f"meeting:{meeting.pk}").count() == 4
        assert seats.audit(meeting.pk) == {}


def test_control_without_the_constraint_the_same_table_comes_twice(own_database):
    """What keeps people single is the index: looking at the list first is not enough."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_live_registration_per_person_and_meeting")
    found = 0
    for _ in range(10):
        meeting = make_meeting(seat_limit=None)
        for run in [checked(meeting, people(200)), checked(meeting, people(200))]:
            import_runs.start(run=run)
        claimed = [import_leases.claim(at=NOON), import_leases.claim(at=NOON)]
        at_once(*(lambda run=run: import_working.work(run) for run in claimed))
        found = Registration.objects.filter(meeting=meeting).count()
        if found > 200:
            break
    assert found == 400


def test_two_workers_with_one_run_add_its_people_once(repetitions):
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=None)
        import_runs.start(run=checked(meeting, people(4)))
        slow = import_leases.claim(at=NOON)
        quick = import_leases.claim(at=NOON + import_leases.LEASE + timedelta(seconds=1))

        at_once(*(lambda run=run: import_working.work(run) for run in (slow, quick)))

        assert Registration.objects.filter(meeting=meeting).count() == 4
        assert ImportRun.objects.get(meeting=meeting).added == 4


def test_importing_registering_and_cancelling_at_once_never_stand_still(repetitions):
    for _ in range(repetitions):
        meeting = make_meeting(seat_limit=3)
        person = make_registration(meeting=meeting)
        import_runs.start(run=checked(meeting, people(4)))
        run = import_leases.claim(at=NOON)

        results = at_once(
            lambda run=run: import_working.work(run),
            registering(meeting),
            registering(meeting),
            lambda person=person: booking.cancel(registration=person, at=NOON, by=LINK),
        )
        work(at=NOON + timedelta(minutes=1))

        assert not [one for one in results if isinstance(one, Exception)]
        assert ImportRun.objects.get(meeting=meeting).added == 4
        assert seats.audit(meeting.pk) == {}
        confirmed = Registration.objects.filter(meeting=meeting).confirmed().count()
        assert confirmed == 3


def test_where_others_come_again_and_again_the_counters_are_locked_first(monkeypatch):
    meeting = make_meeting(seat_limit=2)
    run = import_runs.start(run=checked(meeting, people(3)))
    tries = []

    def outdated(**said):
        tries.append(said["run"].pk)
        raise enlisting_many.Outdated

    monkeypatch.setattr(import_leases, "bring", outdated)

    work()

    run.refresh_from_db()
    assert (len(tries), run.state, run.added) == (import_working.TRIES, ImportState.DONE, 3)
    assert seats.audit(meeting.pk) == {}


def test_a_fault_fails_the_run_in_words_and_adds_nobody(monkeypatch):
    meeting = make_meeting()
    run = import_runs.start(run=checked(meeting, people(3)))

    def broken(*args):
        raise IntegrityError("something else")

    monkeypatch.setattr(enlisting_many, "_record", broken)

    work()

    run.refresh_from_db()
    assert (run.state, run.trouble) == (ImportState.FAILED, ImportTrouble.FAULT)
    assert not Registration.objects.exists()
    assert not Message.objects.exists()


def test_a_lock_that_somebody_holds_is_met_again_a_little_later(monkeypatch):
    meeting = make_meeting()
    run = import_runs.start(run=checked(meeting, people(3)))
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    holding = []

    def hold():
        with transaction.atomic():
            seats.lock(meeting.pk)
            holding.append(True)
            time.sleep(1.5)

    def bring():
        while not holding:
            time.sleep(0.01)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        work()

    at_once(hold, bring)

    run.refresh_from_db()
    assert (run.state, run.attempts) == (ImportState.IMPORTING, 0)
    work(at=NOON + timedelta(minutes=1))
    run.refresh_from_db()
    assert (run.state, run.added) == (ImportState.DONE, 3)


WORKER = """
import django
django.setup()
import time
from datetime import datetime
from registrations import enlisting_many, import_leases, import_working
AT = datetime.fromisoformat("%s")
import_working.timezone.now = lambda: AT
original = enlisting_many._insert
def slowly(crowd):
    original(crowd)
    print("inserted", flush=True)
    time.sleep(60)
enlisting_many._insert = slowly
import_working.work(import_leases.claim(at=AT))
"""


@pytest.mark.fault
def test_a_worker_killed_in_the_middle_has_added_nobody_and_is_relieved():
    meeting = make_meeting(seat_limit=9)
    run = import_runs.start(run=checked(meeting, people(5)))
    database = connection.settings_dict
    who = f"{database['USER']}:{quote(database['PASSWORD'])}"
    where = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER % NOON.isoformat()],
        env=os.environ
        | {
            "DATABASE_URL": f"postgres://{who}@{where}",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout.readline() == "inserted\n"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    work()
    run.refresh_from_db()
    assert (run.state, Registration.objects.count()) == (ImportState.IMPORTING, 0)
    work(at=NOON + import_leases.LEASE + timedelta(seconds=1))

    run.refresh_from_db()
    assert (run.state, run.added, run.attempts) == (ImportState.DONE, 5, 2)
    assert Registration.objects.count() == 5
    assert seats.audit(meeting.pk) == {}


def test_a_run_whose_workers_die_again_and_again_is_given_up():
    meeting = make_meeting()
    run = send(meeting, people(1))
    at = NOON
    for _ in range(import_leases.ATTEMPTS):
        assert import_leases.claim(at=at)
        at += import_leases.LEASE + timedelta(seconds=1)

    assert import_leases.claim(at=at) is None
    run.refresh_from_db()
    assert (run.state, run.trouble) == (ImportState.FAILED, ImportTrouble.STOPPED)


def test_tables_are_erased_on_time_and_with_the_person():
    meeting = make_meeting(seat_limit=None)
    run = imported(meeting, people(2))

    assert import_runs.sweep(at=NOON + timedelta(days=6, hours=23)) == 0
    person = Registration.objects.first()
    erasure.erase(registration=person, at=NOON, by=LINK)
    assert not ImportRun.objects.filter(pk=run.pk).exists()

    send(meeting, people(2, first=7))
    assert import_runs.sweep(at=NOON + timedelta(days=7, hours=1)) == 1


def test_tables_are_erased_with_the_meetings_people():
    meeting = make_meeting(seat_limit=None)
    send(meeting, people(2))

    erasure.forget_due(at=meeting.ends_at + timedelta(days=meeting.retention_days))

    assert not ImportRun.objects.exists()


def test_the_columns_of_the_last_table_with_these_headings_are_remembered():
    meeting = make_meeting()
    run = send(meeting, people(1))
    other = ["name", "position", "email", "region"]
    import_runs.check(run=run, mapping=other, terms=run.terms)

    sent = files.sent([HEADINGS, *people(1, first=4)])

    assert import_runs.remembered(meeting, sent) == other
    assert import_runs.remembered(make_meeting(), sent) is None
