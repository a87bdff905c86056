"""
A whole meeting through the API alone, with the real server, worker and mail: called,
registered for, decided, moved, reminded of, printed, scanned at the door, counted.
"""

import io
import time
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
from icalendar import Calendar

from tests.journeys import mailbox as mails
from tests.journeys.programs import Program

pytestmark = pytest.mark.journey

# Where it is day now: reminders do not go at night.
ZONES = [
    "Europe/Moscow", "Asia/Vladivostok", "Asia/Omsk", "Europe/London", "America/New_York",
    "America/Los_Angeles", "Pacific/Auckland", "Asia/Tokyo",
]  # fmt: skip


class Trip:
    """What one step finds out and a later one needs."""

    def __init__(self, yavka):
        self.url = yavka.known["url"]
        self.organizer = Program(self.url, f"Bearer {yavka.known['api_token']}")
        self.anybody = Program(self.url)
        self.zone = next(z for z in ZONES if 9 <= datetime.now(ZoneInfo(z)).hour < 17)
        self.run = uuid.uuid4().hex[:6]
        self.slug = f"api-{self.run}"
        self.meeting = f"meetings/{self.slug}/"
        self.answers = {}

    def address(self, name: str) -> str:
        return f"{name}-{self.run}@example.org"

    def register(self, name: str, given_name: str, **more):
        body = {
            "family_name": "Соловьёв",
            "given_name": given_name,
            "email": self.address(name),
            "organization": "АО «Северный берег»",
            "position": "Директор",
            "region": "RU-KLU",
            "time_zone": self.zone,
            "language": "ru",
            "consents": ["processing"],
        }
        path = f"{self.meeting}registrations/"
        answer = self.anybody.post(path, body | more, Idempotency_Key=f"{self.run}-{name}")
        if answer.status == 201:
            self.answers[name] = answer.body
        return answer

    def decide(self, name: str, event: str, **more):
        number = self.answers[name]["number"]
        path = f"{self.meeting}registrations/{number}/transitions/"
        return self.organizer.post(path, {"event": event} | more)

    def person(self, name: str) -> Program:
        token = self.answers[name]["manage_url"].rstrip("/").rpartition("/")[2]
        return Program(self.url, f"Link {token}")

    def etag(self) -> str:
        return self.organizer.get(self.meeting).headers["ETag"]


@pytest.fixture(scope="module")
def trip(yavka):
    return Trip(yavka)


def test_1_a_meeting_is_called(trip):
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    made = trip.organizer.post(
        "meetings/",
        {
            "slug": trip.slug,
            "title": "Совещание через API",
            "short_title": "Через API",
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
            "time_zone": trip.zone,
            "venue": "Зал 2",
            "hosts": [{"name": "Ассоциация (демо)"}],
            "seat_limit": 1,
            "approval": "manual",
        },
    )
    assert made.status == 201, made.body
    assert trip.anybody.get(trip.meeting).status == 404

    assert trip.organizer.post(f"{trip.meeting}publish/").body["status"] == "published"
    assert trip.anybody.get(trip.meeting).body["takes_registrations"] is True


def test_2_people_register_for_themselves_and_for_others(trip, mailbox):
    first = trip.register("anna", "Анна")
    again = trip.register("anna", "Анна")
    assert (first.status, first.body) == (201, again.body)
    assert first.body["status"] == "pending"
    assert trip.register("anna", "Инна").status == 422

    assistant = {"name": "Ольга", "email": trip.address("olga")}
    assert trip.register("boris", "Борис", submitted_by=assistant).status == 201
    assert trip.register("clara", "Клара", region=None).status == 201
    mailbox.wait_for(trip.address("anna"), "Заявка получена: Через API")
    mailbox.wait_for(trip.address("boris"), "Заявка получена")


def test_3_requests_are_decided_and_answered(trip, mailbox):
    assert trip.decide("anna", "approve").body["status"] == "confirmed"
    assert trip.decide("boris", "approve").body["status"] == "waitlisted"
    declined = trip.decide("clara", "decline", reason="Только члены", shows_reason=True)
    assert declined.body["status"] == "declined"

    mail = mailbox.wait_for(trip.address("anna"), "Вы зарегистрированы")
    assert trip.answers["anna"]["manage_url"] in mails.text(mail)
    event = Calendar.from_ical(mails.part(mail, "text/calendar").get_content()).walk("VEVENT")[0]
    assert event["SUMMARY"]
    mailbox.wait_for(trip.address("boris"), "Лист ожидания")
    mailbox.wait_for(trip.address("clara"), "Заявка отклонена")
    assert trip.person("boris").get("my-registration/").body["waiting_position"] == 1
    assert trip.person("clara").get("my-registration/").body["reason"] == "Только члены"


def test_4_a_seat_goes_to_whoever_waited(trip, mailbox):
    assert trip.person("anna").post("my-registration/cancel/").body["status"] == "cancelled"

    mailbox.wait_for(trip.address("boris"), "Участие подтверждено")
    mailbox.wait_for(trip.address("anna"), "Участие отменено")
    assert trip.person("boris").get("my-registration/").body["status"] == "confirmed"
    assert trip.organizer.get(f"{trip.meeting}seat-limits/").body["taken"] == 1

    raised = trip.organizer.call("PATCH", f"{trip.meeting}seat-limits/", {"seat_limit": 5})
    assert raised.body["free"] == 4
    assert trip.person("anna").post("my-registration/restore/").body["status"] == "pending"
    assert trip.decide("anna", "approve").body["status"] == "confirmed"
    seen = [
        mail
        for mail in mailbox.all(trip.address("boris"))
        if "Участие подтверждено" in mail["subject"]
    ]
    assert len(seen) == 1


def test_5_i_change_what_i_wrote(trip):
    anna = trip.person("anna")
    read = anna.get("my-registration/")

    changed = anna.call(
        "PATCH", "my-registration/", {"position": "Юрист"}, If_Match=read.headers["ETag"]
    )
    stale = anna.call(
        "PATCH", "my-registration/", {"position": "Врач"}, If_Match=read.headers["ETag"]
    )

    assert changed.body["position"] == "Юрист"
    assert (stale.status, stale.body["current"]["position"]) == (412, "Юрист")
    file = anna.get("my-registration/calendar/")
    assert b"BEGIN:VEVENT" in file.body


def test_6_a_move_is_told_and_a_reminder_comes(trip, mailbox):
    rules = [{"kind": "hours_before", "amount": 3}]
    path = f"{trip.meeting}reminders/"
    assert trip.organizer.call("PUT", path, rules, If_Match=trip.etag()).status == 200

    # Due in some seconds: three hours before the start that it is moved to.
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3, seconds=20)
    times = {
        # Who came counts from now on, whatever day it is in three hours.
        "doors_at": datetime.now(UTC).isoformat(),
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "registration_closes_at": None,
    }
    moved = trip.organizer.call("PATCH", trip.meeting, times, If_Match=trip.etag())
    assert moved.status == 200, moved.body

    mailbox.wait_for(trip.address("anna"), "Изменено время: Через API")
    mailbox.wait_for(trip.address("boris"), "— как пройти, QR-код", within=150)
    messages = trip.organizer.get(
        f"{trip.meeting}messages/?registration={trip.answers['boris']['number']}"
    )
    assert {"sent"} >= {each["state"] for each in messages.body["results"]} - {"dropped"}


def test_7_the_list_is_searched_and_taken_home(trip):
    path = f"{trip.meeting}registrations/"
    found = trip.organizer.get(f"{path}?q=cjkjdmtd&status=confirmed").body["results"]
    assert {row["given_name"] for row in found} == {"Анна", "Борис"}

    file = trip.organizer.call("POST", f"{trip.meeting}registrations.csv?status=confirmed")
    assert len(file.body.decode("utf-8-sig").splitlines()) == 3
    workbook = trip.organizer.call("POST", f"{trip.meeting}registrations.xlsx")
    assert workbook.body.startswith(b"PK")


@pytest.mark.parametrize("kind", ["badges", "sheets"])
def test_8_badges_and_sign_in_sheets_are_made(trip, kind):
    assert trip.organizer.get(f"{trip.meeting}badges/preflight/").status == 200
    ordered = trip.organizer.post(f"{trip.meeting}badges/batches/", {"kind": kind})
    assert ordered.status == 202, ordered.body
    batch = f"{trip.meeting}badges/batches/{ordered.body['id']}/"

    until = time.monotonic() + 60
    while not trip.organizer.get(batch).body["file_url"]:
        assert time.monotonic() < until, trip.organizer.get(batch).body
        time.sleep(0.5)

    document = pypdfium2.PdfDocument(io.BytesIO(trip.organizer.get(f"{batch}file/").body))
    words = "".join(page.get_textpage().get_text_range() for page in document)
    assert "Соловьёв" in words
    assert "Борис" in words


def test_9_the_door(trip, mailbox, tmp_path):
    link = trip.organizer.post(f"{trip.meeting}access-links/", {"purpose": "desk"}).body["url"]
    paired = trip.anybody.post("checkin/pair/", {"link": link})
    assert paired.status == 201, paired.body
    desk = Program(trip.url, f"Device {paired.body['token']}")
    code = mails.ticket(mailbox.wait_for(trip.address("boris"), "Участие подтверждено"), tmp_path)

    def scan(**what):
        body = {"id": str(uuid.uuid4()), "scanned_at": datetime.now(UTC).isoformat()} | what
        [result] = desk.post("checkin/scans/", {"scans": [body]}).body["results"]
        return result

    first = scan(code=code)
    assert (first["tone"], first["person"]["number"]) == ("yes", trip.answers["boris"]["number"])
    second = scan(code=code)
    assert second["tone"] != "yes"
    assert second["first"]["desk"]
    assert scan(id=first["id"], code=code, scanned_at=first["scanned_at"])["replayed"] is True

    anna = scan(code=trip.answers["anna"]["number"], method="typed")
    assert anna["tone"] == "yes", anna
    undone = desk.post(f"checkin/scans/{anna['id']}/void/", {"id": str(uuid.uuid4())})
    assert undone.status in (200, 201), undone.body
    found = desk.get("checkin/search/?q=cjkjdmtd")
    assert found.status == 200, found.body

    body = {
        "id": str(uuid.uuid4()), "family_name": "Гость", "given_name": "Иван", "consent": True,
        "organization": "АО «Парк»", "region": "RU-PRI",
    }  # fmt: skip
    walk_in = desk.post("checkin/walk-ins/", body)
    assert walk_in.status in (200, 201), walk_in.body
    assert desk.get("checkin/stats/").body["present"] == 2
    assert trip.anybody.get("checkin/stats/").status == 401


def test_10_the_number_is_counted_and_published(trip):
    path = f"{trip.meeting}figures/"
    live = trip.organizer.get(f"{path}?basis=checked_in").body
    assert "2 человека" in live["sentences"]["ru"], live

    frozen = trip.organizer.post(path, {"basis": "checked_in"})
    assert frozen.status == 201, frozen.body
    press = trip.organizer.post(f"{trip.meeting}access-links/", {"purpose": "press"})
    assert "/n/" in press.body["url"]
    assert trip.anybody.get(path).status == 401


def test_11_the_meeting_is_called_off(trip, mailbox):
    cancelled = trip.organizer.post(f"{trip.meeting}cancel/", {"reason": "Метель"})

    assert cancelled.body["status"] == "cancelled"
    assert "Метель" in mails.text(mailbox.wait_for(trip.address("anna"), "Отменено: Через API"))
    assert trip.register("dora", "Дора").body["code"] == "registration_closed"


def test_12_i_am_forgotten(trip):
    assert trip.person("anna").post("my-registration/erase/").status == 204
    left = trip.person("anna").get("my-registration/").body
    assert (left["family_name"], left["email"], left["position"]) == ("", "", "")
