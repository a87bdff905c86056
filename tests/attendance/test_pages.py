"""The desk's pages without script: everything but the camera works."""

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from attendance import desks
from attendance.models import Device, Outcome, Presence, Scan
from events import access
from registrations.models import Registration, SeatLimit, Status
from tests.attendance.door import make_link, make_meeting, make_person, token_of

VENDOR = Path(settings.BASE_DIR) / "attendance/static/attendance/vendor"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def meeting(db, now):
    return make_meeting(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))


@pytest.fixture
def steward(meeting, now):
    browser = Client(headers={"Accept-Language": "ru"})
    browser.post(f"/c/{token_of(make_link(meeting, at=now))}/")
    return browser


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())[1]


def test_opening_the_link_only_looks(meeting, now):
    link = make_link(meeting, at=now)

    page = Client(headers={"Accept-Language": "ru"}).get(f"/c/{token_of(link)}/")

    assert "Начать: Стойка 2" in page.content.decode()
    assert "Yavka" not in page.content.decode()
    assert not Device.objects.exists()
    link.refresh_from_db()
    assert link.last_used_at is None


def test_the_button_starts_a_shift_in_this_browser_only(meeting, now):
    path = f"/c/{token_of(make_link(meeting, at=now))}/"
    browser = Client()

    answer = browser.post(path)

    assert (answer.status_code, answer["Location"]) == (302, "/scan/")
    page, api = answer.cookies[desks.PAGE_COOKIE], answer.cookies[desks.API_COOKIE]
    assert (page["path"], page["httponly"], page["samesite"]) == ("/scan/", True, "Lax")
    assert (api["path"], api["samesite"]) == ("/api/v1/checkin/", "Strict")
    assert page.value not in path
    assert browser.get("/scan/").status_code == 200
    assert Client().get("/scan/").status_code == 403


def test_links_that_open_nothing_say_why(meeting, now):
    link = make_link(meeting, 1, at=now)
    expired = make_link(meeting, 3, at=now, expires_at=now - timedelta(minutes=1))
    path = f"/c/{token_of(link)}/"
    access.revoke(link=link, at=now, by=_desk().actor)

    assert Client().get(path).status_code == 404
    assert Client().post(path).status_code == 404
    assert Client().get(f"/c/{token_of(expired)}/").status_code == 410
    assert Client().get("/c/nonsense/").status_code == 404


def _desk():
    return desks.Desk(
        meeting_id=1,
        checkpoint_id=1,
        label="x",
        language="ru",
        region_language="ru",
        time_zone="Europe/Moscow",
    )


@pytest.mark.parametrize(
    ("days", "words"), [(3, "Мероприятие не сегодня"), (-3, "Мероприятие завершилось")]
)
def test_another_day_is_said(db, now, days, words):
    starts = now + timedelta(days=days)
    meeting = make_meeting(starts_at=starts, ends_at=starts + timedelta(hours=1))

    page = Client().get(f"/c/{token_of(make_link(meeting, at=now))}/?lang=ru")

    assert words in page.content.decode()
    assert "за день до мероприятия, в его дни и на следующий день" in page.content.decode()


def test_a_cancelled_meeting_has_no_start_button(db, now):
    meeting = make_meeting(status="cancelled", cancelled_at=now)

    page = Client().get(f"/c/{token_of(make_link(meeting, at=now))}/?lang=ru").content.decode()

    assert "Никого не отмечают" in page
    assert "Начать:" not in page


def test_a_typed_number_gets_its_verdict_and_a_reload_changes_nothing(steward, meeting):
    person = make_person(meeting)
    page = steward.get("/scan/")
    form = {
        "id": hidden(page, "id"),
        "at": hidden(page, "at"),
        "code": person.spoken_number,
    }

    first, again = steward.post("/scan/code/", form), steward.post("/scan/code/", form)

    for answer in (first, again):
        text = answer.content.decode()
        assert 'class="verdict yes"' in text
        assert "Проходите" in text
        assert "Ёлкин Пётр" in text
    assert Scan.objects.get().outcome == Outcome.ACCEPTED


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2030-01-24T09:00:00", "x", ""],
)
def test_a_moment_that_no_clock_shows_is_now(steward, meeting, now, moment):
    form = {"at": moment, "code": make_person(meeting).spoken_number}

    answer = steward.post("/scan/code/", form)

    assert 'class="verdict yes"' in answer.content.decode()
    assert Scan.objects.get().scanned_at >= now


@pytest.mark.parametrize(
    ("seats", "words"),
    [(0, "Вход отменён; регистрация осталась (сверх квоты)."),
     (1, "Вход отменён; регистрация осталась.")],
)  # fmt: skip
def test_an_undone_admission_says_that_the_registration_stays(steward, meeting, seats, words):
    SeatLimit.objects.filter(meeting=meeting).update(seat_limit=seats)
    person = make_person(meeting, status=Status.PENDING)
    steward.post("/scan/admit/", {"person": str(person.uid), "id": str(uuid4())})

    page = steward.post("/scan/undo/", {"scan": str(Scan.objects.get().pk)}, follow=True)

    assert words in page.content.decode()
    assert Registration.objects.get().status == Status.CONFIRMED
    assert not Presence.objects.exists()


def test_search_check_in_and_undo_without_script(steward, meeting):
    person = make_person(meeting)
    page = steward.get("/scan/", {"q": "елкин"})
    assert "Парк «Заречный» · Калужская область" in page.content.decode()

    steward.post("/scan/code/", {"person": str(person.uid), "at": hidden(page, "at")})
    assert Presence.objects.count() == 1
    again = steward.post("/scan/code/", {"person": str(person.uid)})
    assert "Уже на месте" in again.content.decode()
    for scan in Scan.objects.all():
        steward.post("/scan/undo/", {"scan": str(scan.pk)})

    assert not Presence.objects.exists()


def test_a_walk_in_without_script_keeps_what_was_typed(steward, meeting):
    form = {
        "id": hidden(steward.get("/scan/"), "id"),
        "given_name": "Олег",
        "category": "participant",
        "consent": "on",
    }
    refused = steward.post("/scan/walk-in/", form)
    assert refused.status_code == 422
    assert 'value="Олег"' in refused.content.decode()

    answer = steward.post("/scan/walk-in/", form | {"family_name": "Новиков"})

    assert "Новиков Олег" in answer.content.decode()
    assert Registration.objects.get().source == "walk_in"


def test_admit_without_script(steward, meeting):
    person = make_person(meeting, status=Status.PENDING)
    page = steward.post("/scan/code/", {"code": person.number})
    assert "Допустить" in page.content.decode()

    steward.post("/scan/admit/", {"person": str(person.uid), "id": hidden(page, "id")})

    assert Presence.objects.get().registration == person


def test_the_shift_ends(steward, meeting):
    assert steward.post("/scan/end/").status_code == 200

    assert steward.get("/scan/").status_code == 403
    assert Device.objects.get().revoked_at is not None


def test_only_the_scanner_may_compile_webassembly(steward, meeting, now):
    scanner = steward.get("/scan/")["Content-Security-Policy"]
    desk = steward.get(f"/c/{token_of(make_link(meeting, 5, at=now))}/")["Content-Security-Policy"]

    assert "'wasm-unsafe-eval'" in scanner
    assert "wasm" not in desk
    for policy in (scanner, desk):
        assert "unsafe-inline" not in policy
        assert "'unsafe-eval'" not in policy


def test_another_desks_page_cookie_is_no_key_to_the_link_page(meeting):
    assert Client().post("/scan/code/", {"code": "1"}).status_code == 403
    assert Client().post("/scan/walk-in/", {}).status_code == 403
    assert Client().post("/scan/undo/", {}).status_code == 403


def test_vendored_files_are_the_ones_that_were_looked_at():
    listed = json.loads((VENDOR / "vendor.json").read_text())

    for entry in listed:
        assert hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert (VENDOR / entry["licence_file"]).exists()
    kept = {p.name for p in VENDOR.iterdir() if p.is_file()} - {"vendor.json"}
    assert kept == {entry["file"] for entry in listed}
    # The decoder names the build of the module it was made for.
    wasm = next(entry for entry in listed if entry["file"].endswith(".wasm"))
    assert wasm["sha256"] in (VENDOR / "zxing-exported.js").read_text()


def test_an_answers_address_leads_back_to_the_scanner(steward):
    for name in ("code", "walk-in", "admit", "undo"):
        answer = steward.get(f"/scan/{name}/?lang=en")
        assert (answer.status_code, answer["Location"]) == (302, "/scan/")
