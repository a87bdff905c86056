"""Ten thousand people: how long it takes, and for how long nobody else could take a seat."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import journal
from registrations import booking, import_leases, import_runs, import_working, seats
from registrations.models import ImportState, Registration
from tests.factories import NOON, make_application, make_meeting
from tests.registrations.test_import_runs import people, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
COUNT = 10_000


def test_ten_thousand_rows_take_less_than_two_minutes_and_hold_nobody_up(monkeypatch, capsys):
    monkeypatch.setattr(import_working.timezone, "now", lambda: NOON)
    meeting = make_meeting(seat_limit=9_000)
    run = send(meeting, people(COUNT))
    began, own = time.monotonic(), time.thread_time()
    import_working.work(import_leases.claim(at=NOON))
    checked = time.monotonic() - began
    run.refresh_from_db()
    assert (run.state, run.ready) == (ImportState.CHECKED, COUNT)
    import_runs.start(run=run)
    crowds = []
    bring = import_leases.bring
    monkeypatch.setattr(
        import_leases, "bring", lambda **said: crowds.append(bring(**said)) or crowds[-1]
    )
    stop, waits = threading.Event(), []

    def others():
        """Whoever needs the counters, as one who cancels, and a visitor of another meeting."""
        other = make_meeting(seat_limit=None)
        while not stop.is_set():
            at = time.monotonic()
            booking.register(
                meeting=other, application=make_application(other), consents=[], at=NOON,
                by=journal.PUBLIC,
            )  # fmt: skip
            with transaction.atomic():
                seats.lock(meeting.pk)
            waits.append(time.monotonic() - at)
            stop.wait(0.05)
        connection.close()

    visitor = threading.Thread(target=others)
    visitor.start()
    began = time.monotonic()
    with CaptureQueriesContext(connection) as queries:
        import_working.work(import_leases.claim(at=NOON))
    brought, own = time.monotonic() - began, time.thread_time() - own
    stop.set()
    visitor.join()

    run.refresh_from_db()
    with capsys.disabled():
        print(
            f"\n{COUNT} rows: checked in {checked:.1f} s, imported in {brought:.1f} s"
            f" ({own:.1f} s of both the worker's own) with {len(queries)} statements;"
            f" counters locked for {crowds[0].locked_for:.2f} s; others waited"
            f" {max(waits):.2f} s at most, {sum(waits) / len(waits):.3f} s on average"
        )
    assert (run.state, run.added) == (ImportState.DONE, COUNT)
    assert Registration.objects.filter(meeting=meeting).waitlisted().count() == 1_000
    assert seats.audit(meeting.pk) == {}
    # Of its own time: what else the machine does is not the import's fault.
    assert own < 120
