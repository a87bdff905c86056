import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from urllib.parse import quote

import pypdfium2
import pytest
import zxingcpp
from django.core.files.storage import default_storage
from django.db import connection

from accounts import journal
from accounts.models import JournalEntry
from badges import batches, making, models, tasks
from badges.models import Batch, BatchKind, BatchState
from events.models import Organization, OrganizationVariant
from registrations.models import Status
from tests.factories import NOON, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def user():
    return make_user()


@pytest.fixture
def meeting(user):
    return make_meeting(owner=user, seat_limit=None)


def order(meeting, kind=BatchKind.BADGES, **options):
    by = journal.organizer(meeting.owners.get())
    return batches.order(meeting=meeting, kind=kind, options=options, at=NOON, by=by)


def make_all(at=NOON):
    while batch := batches.claim(at=at):
        making.make(batch)


def pages_of(batch):
    batch.refresh_from_db()
    with batch.file.open("rb") as file:
        document = pypdfium2.PdfDocument(file.read())
    texts = [
        page.get_textpage().get_text_bounded().replace("\x02", "-").replace("\r\n", "\n")
        for page in document
    ]
    document.close()
    return texts


def test_a_batch_holds_everybody_confirmed_in_order_of_names(meeting):
    make_registration(meeting=meeting, family_name="Яковлев")
    make_registration(meeting=meeting, family_name="Ёлкин")
    make_registration(meeting=meeting, family_name="Ждан", status=Status.PENDING)
    batch = order(meeting)

    make_all()

    (page,) = pages_of(batch)
    assert page.index("Ёлкин") < page.index("Яковлев")
    assert "Ждан" not in page
    assert (batch.state, batch.done, batch.total) == (BatchState.DONE, 2, 2)
    assert batch.percent == 100


def test_ordering_is_written_down(meeting):
    make_registration(meeting=meeting)

    batch = order(meeting)

    line = JournalEntry.objects.get(action="badges.ordered")
    assert line.subjects == [f"meeting:{meeting.pk}"]
    assert line.changes == {"batch": batch.pk, "kind": "badges", "people": 1}


def test_the_same_order_while_it_is_being_made_is_the_same_batch(meeting):
    make_registration(meeting=meeting)

    assert order(meeting) == order(meeting)
    assert order(meeting) != order(meeting, latin=False)


def test_a_meeting_without_participants_has_nothing_to_print(meeting):
    with pytest.raises(batches.NothingToPrint):
        order(meeting)


def test_each_desk_begins_on_a_sheet_of_its_own(meeting):
    for family in "Абрамов", "Борисов", "Яковлев":
        make_registration(meeting=meeting, family_name=family)
    batch = order(meeting, order="desk", desks=2)

    make_all()

    first, second = pages_of(batch)
    assert "лист 1 из 2 · Стойка 1: А–Б" in first
    assert "лист 2 из 2 · Стойка 2: Я" in second


def test_the_short_name_that_the_organizer_gave_is_printed(meeting):
    person = make_registration(meeting=meeting, organization="ГБУ «Парк-Центр»")
    short = Organization.objects.create(meeting=meeting, name="ГБУ «Парк»", short_name="Парк-Ц")
    OrganizationVariant.objects.create(
        meeting=meeting, organization=short, key=person.organization_key
    )
    batch = order(meeting)

    make_all()

    assert pages_of(batch)[0].endswith("\nПарк-Ц")


def test_options_leave_out_what_is_not_wanted(meeting):
    make_registration(
        meeting=meeting,
        family_name="Петров",
        given_name="Пётр",
        patronymic="Ильич",
        latin_name="Petr Petrov",
        region=meeting.region_set.regions.first(),
    )
    batch = order(meeting, latin=False, patronymic=False, region=False)

    make_all()

    page = pages_of(batch)[0]
    assert "Пётр" in page
    assert not any(word in page for word in ("Ильич", "Petr", "Калининградская"))


def test_a_sign_in_sheet_names_desk_and_letters_on_every_page(meeting):
    for n in range(40):
        letters = "абвгдежзиклмнопрстуф"
        make_registration(
            meeting=meeting,
            family_name=f"Иванов{letters[n % 20]}{letters[n // 20]}",
            organization="Управляющая компания особой экономической зоны " * 3,
        )
    make_registration(meeting=meeting, family_name="Щукин")
    batch = order(meeting, kind=BatchKind.SHEETS, desks=2)

    make_all()

    pages = pages_of(batch)
    count = len(pages) - 1
    assert count > 1
    for number, page in enumerate(pages[:-1], 1):
        assert "Стойка 1: И" in page
        assert "Подпись" in page
        assert f"Страница {number} из {count}" in page
        assert "Совещание парков · 26 мая 2026" in page
    assert "Стойка 2: Щ" in pages[-1]
    assert "Страница 1 из 1" in pages[-1]
    assert "Щукин Пётр Ильич" in pages[-1]


def test_whoever_was_cancelled_since_is_left_out(meeting):
    make_registration(meeting=meeting, family_name="Абрамов")
    late = make_registration(meeting=meeting, family_name="Яковлев")
    batch = order(meeting)
    late.status, late.seat = Status.CANCELLED, "none"
    late.save(update_fields=["status", "seat"])

    make_all()

    assert "Яковлев" not in pages_of(batch)[0]


def test_a_desk_whose_people_were_all_cancelled_keeps_its_sheet(meeting):
    make_registration(meeting=meeting, family_name="Абрамов")
    late = make_registration(meeting=meeting, family_name="Яковлев")
    batch = order(meeting, order="desk", desks=2)
    late.status, late.seat = Status.CANCELLED, "none"
    late.save(update_fields=["status", "seat"])

    make_all()

    first, second = pages_of(batch)
    assert "Абрамов" in first
    assert "2" in second
    assert "Яковлев" not in second


def test_a_claimed_batch_is_nobody_elses_until_its_lease_ends(meeting):
    make_registration(meeting=meeting)
    order(meeting)

    assert batches.claim(at=NOON)
    assert batches.claim(at=NOON) is None
    assert batches.claim(at=NOON + batches.LEASE + timedelta(seconds=1))


def test_a_worker_given_up_for_dead_writes_nothing_any_more(meeting):
    make_registration(meeting=meeting)
    batch = order(meeting)
    slow = batches.claim(at=NOON)
    quick = batches.claim(at=NOON + batches.LEASE + timedelta(seconds=1))

    making.make(slow)

    batch.refresh_from_db()
    assert (batch.state, batch.parts) == (BatchState.RUNNING, [])
    making.make(quick)
    assert len(pages_of(batch)) == 1


def test_a_batch_left_behind_is_taken_up_where_it_was(meeting, monkeypatch):
    monkeypatch.setattr(making, "PART", 10)
    people = [make_registration(meeting=meeting) for _ in range(25)]
    batch = order(meeting)
    made = []
    original = making._made

    def dies_at_the_second(batch, unit):
        made.append(unit.start)
        if len(made) == 2:
            raise KeyboardInterrupt
        return original(batch, unit)

    monkeypatch.setattr(making, "_made", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        making.make(batches.claim(at=NOON))
    batch.refresh_from_db()
    assert (batch.done, len(batch.parts), batch.percent) == (10, 1, 40)

    make_all(at=batch.lease_until + timedelta(seconds=1))

    assert made == [0, 10, 10, 20]
    pages = pages_of(batch)
    assert len(pages) == 3
    assert all("".join(pages).count(p.spoken_number) == 1 for p in people)


WORKER = """
import os, time
import django
django.setup()
from django.utils import timezone
from badges import batches, making
making.PART = 10
original = making._made
def slowly(batch, unit):
    print(unit.start, flush=True)
    time.sleep(0.05)
    return original(batch, unit)
making._made = slowly
making.make(batches.claim(at=timezone.now()))
"""


@pytest.mark.fault
def test_a_worker_killed_at_any_moment_loses_nobody(meeting, settings, monkeypatch):
    monkeypatch.setattr(making, "PART", 10)
    people = [make_registration(meeting=meeting) for _ in range(60)]
    batch = order(meeting)
    database = connection.settings_dict
    who = f"{database['USER']}:{quote(database['PASSWORD'])}"
    where = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{who}@{where}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(settings.MEDIA_ROOT),
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.replace("django.setup()", MEDIA % str(settings.MEDIA_ROOT))],
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert worker.stdout
    for _ in range(3):
        assert worker.stdout.readline()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    batch.refresh_from_db()
    assert batch.state == BatchState.RUNNING
    assert batch.done in (10, 20, 30)

    make_all(at=batch.lease_until + timedelta(seconds=1))

    text = "".join(pages_of(batch))
    assert all(text.count(person.spoken_number) == 1 for person in people)
    assert not any(name.endswith(".part") for name in default_storage.listdir(folder(batch))[1])


MEDIA = """django.setup()
from django.conf import settings
settings.MEDIA_ROOT = %r
"""


def folder(batch):
    return f"batches/{batch.pk}"


def test_a_batch_that_kills_its_workers_fails_in_words(meeting):
    make_registration(meeting=meeting)
    batch = order(meeting)
    at = NOON
    for _ in range(batches.ATTEMPTS):
        assert batches.claim(at=at)
        at += batches.LEASE + timedelta(seconds=1)

    assert batches.claim(at=at) is None

    batch.refresh_from_db()
    assert batch.state == BatchState.FAILED
    assert batch.explanation.startswith("Обработчик") or "worker" in batch.explanation


def test_a_full_disk_fails_the_batch_in_words(meeting, monkeypatch):
    make_registration(meeting=meeting)
    batch = order(meeting)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making.default_storage, "save", full)
    make_all()

    batch.refresh_from_db()
    assert (batch.state, batch.error) == (BatchState.FAILED, "storage")
    assert not batch.file


def test_the_file_is_whole_or_not_there(meeting, monkeypatch):
    make_registration(meeting=meeting)
    batch = order(meeting)

    def breaks(*args, **kwargs):
        raise RuntimeError("half-way")

    monkeypatch.setattr(making.joining, "join", breaks)
    make_all()

    batch.refresh_from_db()
    assert (batch.state, batch.error) == (BatchState.FAILED, "fault")
    assert not any(name.endswith(".pdf") for name in default_storage.listdir(folder(batch))[1])


def test_old_batches_are_erased_with_their_files(meeting):
    make_registration(meeting=meeting)
    batch = order(meeting)
    make_all()
    batch.refresh_from_db()
    name = batch.file.name
    assert default_storage.exists(name)

    assert batches.sweep(at=NOON + models.KEPT - timedelta(minutes=1)) == 0
    assert batches.sweep(at=NOON + models.KEPT + timedelta(minutes=1)) == 1

    assert not default_storage.exists(name)
    assert not Batch.objects.filter(pk=batch.pk).exists()


def test_the_task_makes_what_is_waiting(meeting, monkeypatch):
    make_registration(meeting=meeting)
    batch = order(meeting)
    monkeypatch.setattr(tasks.timezone, "now", lambda: NOON + timedelta(minutes=1))

    tasks.render()

    batch.refresh_from_db()
    assert batch.is_ready


def test_every_badge_of_a_batch_carries_its_own_code(meeting):
    people = [make_registration(meeting=meeting) for _ in range(12)]
    batch = order(meeting)
    make_all()
    batch.refresh_from_db()
    with batch.file.open("rb") as file:
        document = pypdfium2.PdfDocument(file.read())

    found = {
        barcode.text
        for page in document
        for barcode in zxingcpp.read_barcodes(page.render(scale=150 / 72).to_pil())
    }
    document.close()

    assert found == {person.ticket_code for person in people}


def test_a_small_batch_takes_no_time(meeting):
    make_registration(meeting=meeting)
    order(meeting)
    began = time.monotonic()

    make_all()

    assert time.monotonic() - began < 5
