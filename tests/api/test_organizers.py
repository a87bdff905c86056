"""Meetings and registrations as their organizers read, change and decide them."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.utils import timezone

from accounts import bearer
from accounts.models import JournalEntry
from events.models import Approval, Meeting, MeetingStatus
from notifications.models import Message
from registrations.models import Registration, Status
from tests import factories
from tests.api.conftest import Client, coming

pytestmark = pytest.mark.django_db


def new_meeting(**overrides):
    starts_at = timezone.now().replace(microsecond=0) + timedelta(days=30)
    body = {
        "title": "Совещание индустриальных парков",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=3)).isoformat(),
        "time_zone": "Europe/Moscow",
        "venue": "Башня «Образец»",
        "hosts": [{"name": "Ассоциация (демо)", "name_alt": "Association (demo)"}],
        "seat_limit": 60,
    }
    return body | overrides


def pointers(response):
    return [error["pointer"] for error in response.json()["errors"]]


def listed(response):
    return [row["slug"] for row in response.json()["results"]]


def test_everybody_sees_published_meetings_and_owners_their_drafts(anyone, organizer, owner):
    published = coming(owner=owner)
    hidden = coming(owner=owner, status="draft", published_at=None)

    assert listed(anyone.send("get", "meetings/")) == [published.slug]
    assert listed(organizer.send("get", "meetings/")) == [published.slug, hidden.slug]


def test_own_lists_only_ones_own(organizer, stranger, meeting):
    assert listed(organizer.send("get", "meetings/?own=true")) == [meeting.slug]
    assert meeting.slug not in listed(stranger.send("get", "meetings/?own=true"))


def test_a_draft_is_hidden_from_strangers(anyone, stranger, organizer, owner):
    draft = coming(owner=owner, status="draft", published_at=None)

    assert anyone.send("get", f"meetings/{draft.slug}/").status_code == 404
    assert stranger.send("get", f"meetings/{draft.slug}/").status_code == 404
    assert organizer.send("get", f"meetings/{draft.slug}/").status_code == 200


def test_a_meeting_tells_strangers_what_the_form_needs_and_no_secret(anyone, owner):
    meeting = coming(owner=owner, online_url="https://secret.example/room")
    factories.make_consent(meeting)

    said = anyone.send("get", f"meetings/{meeting.slug}/").json()

    assert [region["code"] for region in said["region_set"]["regions"]] == [
        "RU-KGD",
        "RU-KLU",
        "RU-PRI",
    ]
    assert "staff" not in [category["code"] for category in said["categories"]]
    assert [document["kind"] for document in said["consent_documents"]] == ["processing"]
    assert said["takes_registrations"] is True
    assert not {"online_url", "seats", "version", "retention_days"} & set(said)
    assert "secret.example" not in str(said)


def test_an_owner_reads_seats_version_and_etag(organizer, meeting):
    factories.make_registration(meeting=meeting)

    response = organizer.send("get", f"meetings/{meeting.slug}/")

    assert response.json()["seats"] == {
        "seat_limit": 2,
        "taken": 1,
        "over": 0,
        "held": 0,
        "waiting": 0,
        "free": 1,
    }
    assert response["ETag"] == f'"{meeting.version}"'
    assert response.json()["page_url"] == f"http://testserver/m/{meeting.slug}/"


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_meetings_costs_the_same(anyone, owner, rows, django_assert_num_queries):
    for _ in range(rows):
        coming(owner=owner)

    with django_assert_num_queries(2):
        assert len(listed(anyone.send("get", "meetings/"))) == rows


def test_a_list_that_has_not_changed_is_not_sent_again(anyone, owner):
    coming(owner=owner)
    first = anyone.send("get", "meetings/")

    again = anyone.get("/api/v1/meetings/", headers={"If-None-Match": first["ETag"]})
    coming(owner=owner)
    later = anyone.get("/api/v1/meetings/", headers={"If-None-Match": first["ETag"]})

    assert first["ETag"].startswith('W/"')
    assert (again.status_code, again.content) == (304, b"")
    assert (later.status_code, len(later.json()["results"])) == (200, 2)


def test_pages_are_linked(anyone, owner):
    for _ in range(3):
        coming(owner=owner)

    first = anyone.send("get", "meetings/?page_size=2")

    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    second = anyone.get(first.json()["next"], headers={"Accept-Language": "en"})
    assert len(second.json()["results"]) == 1
    assert 'rel="prev"' in second["Link"]


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59-14:00", "9999-12-31T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_no_moment_lies_beyond_the_calendar(organizer, meeting, moment):
    times = ["starts_at", "ends_at", "doors_at", "registration_closes_at", "edits_close_at"]
    url = f"meetings/{meeting.slug}/"

    created = organizer.send("post", "meetings/", new_meeting(**dict.fromkeys(times, moment)))
    changed = organizer.send("patch", url, {"starts_at": moment}, match="*")
    items = [{"starts_at": moment, "title": "X"}]
    programme = organizer.send("put", f"{url}agenda/", items, match="*")
    wish = {"purpose": "desk", "expires_at": moment}
    link = organizer.send("post", f"{url}access-links/", wish)

    assert sorted(pointers(created)) == sorted(f"/{name}" for name in times)
    assert pointers(changed) == ["/starts_at"]
    assert pointers(programme) == ["/0/starts_at"]
    assert pointers(link) == ["/expires_at"]


def test_an_endless_number_is_the_id_of_no_region_set(organizer, meeting):
    body, url = '{"region_set": 1e400}', f"/api/v1/meetings/{meeting.slug}/"
    created = organizer.generic("POST", "/api/v1/meetings/", body, "application/json")
    changed = organizer.generic("PATCH", url, body, "application/json", headers={"If-Match": "*"})

    assert "/region_set" in pointers(created)
    assert pointers(changed) == ["/region_set"]


def test_a_host_has_a_name_in_a_change_too(organizer, meeting):
    url = f"meetings/{meeting.slug}/"

    nameless = organizer.send("patch", url, {"hosts": [{"name": "A"}, {}]}, match="*")
    named = organizer.send("patch", url, {"hosts": [{"name": "A"}]}, match="*")

    assert (nameless.status_code, pointers(nameless)) == (422, ["/hosts/1/name"])
    assert named.json()["hosts"] == [{"name": "A", "name_alt": ""}]


def test_registration_opens_before_it_closes_by_default(organizer):
    body = new_meeting()
    at_the_start = {"registration_opens_at": body["starts_at"]}

    refused = organizer.send("post", "meetings/", body | at_the_start)
    never_closes = organizer.send(
        "post", "meetings/", body | at_the_start | {"registration_closes_at": None}
    )

    assert (refused.status_code, pointers(refused)) == (422, ["/registration_opens_at"])
    assert never_closes.status_code == 201


def test_create_makes_a_draft_with_defaults(organizer, owner):
    response = organizer.send("post", "meetings/", new_meeting())

    meeting = Meeting.objects.get()
    assert response.status_code == 201, response.content
    assert response["Location"] == f"/api/v1/meetings/{meeting.slug}/"
    said = response.json()
    assert said["status"] == "draft"
    assert said["seats"]["seat_limit"] == 60
    assert said["hosts"] == [{"name": "Ассоциация (демо)", "name_alt": "Association (demo)"}]
    assert len(said["region_set"]["regions"]) == 83
    assert [each["kind"] for each in said["consent_documents"]] == ["processing"]
    assert list(meeting.owners.all()) == [owner]
    assert JournalEntry.objects.get(action="meeting.drafted").via == "api"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"title": ""}, "/title"),
        ({"ends_at": "2026-01-01T00:00:00Z"}, "/ends_at"),
        ({"doors_at": "2999-01-01T00:00:00Z"}, "/doors_at"),
        ({"time_zone": "Mars/Base"}, "/time_zone"),
        ({"starts_at": "tomorrow"}, "/starts_at"),
        ({"seat_limit": -1}, "/seat_limit"),
        ({"seat_limit": 10**12}, "/seat_limit"),
        ({"region_set": 999999}, "/region_set"),
        ({"hosts": [{"name": ""}]}, "/hosts/0/name"),
        ({"approval": "maybe"}, "/approval"),
        ({"language": "fr"}, "/language"),
        ({"retention_days": 99999999}, "/retention_days"),
        ({"map_url": "javascript:alert(1)"}, "/map_url"),
    ],
)
def test_create_points_to_what_is_wrong(organizer, change, pointer):
    response = organizer.send("post", "meetings/", new_meeting(**change))

    assert response.status_code == 422, response.content
    assert pointer in [error["pointer"] for error in response.json()["errors"]]
    assert not Meeting.objects.exists()


def test_a_strangers_region_list_cannot_be_used(organizer):
    others = factories.make_regions()

    response = organizer.send("post", "meetings/", new_meeting(region_set=others.pk))

    assert response.status_code == 422


def test_change_needs_the_version_it_was_made_from(organizer, meeting):
    url = f"meetings/{meeting.slug}/"

    without = organizer.send("patch", url, {"venue": "Зал 5"})
    assert (without.status_code, without.json()["code"]) == (428, "precondition_required")

    changed = organizer.send("patch", url, {"venue": "Зал 5"}, match=meeting.version)
    assert changed.status_code == 200, changed.content
    assert changed.json()["venue"] == "Зал 5"
    assert changed["ETag"] == f'"{meeting.version + 1}"'

    stale = organizer.send("patch", url, {"venue": "Зал 7"}, match=meeting.version)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_version")
    assert stale.json()["current"]["venue"] == "Зал 5"
    assert stale["ETag"] == changed["ETag"]


@pytest.mark.parametrize("match", ['W/"1"', '"x"', "1", '"1", "2"'])
def test_only_a_strong_tag_of_ours_matches(organizer, meeting, match):
    response = organizer.send("patch", f"meetings/{meeting.slug}/", {"venue": "5"}, match=match)

    assert response.status_code == 412


def test_moving_a_meeting_tells_everybody_once(organizer, meeting):
    factories.make_registration(meeting=meeting)
    later = meeting.ends_at + timedelta(hours=1)

    organizer.send("patch", f"meetings/{meeting.slug}/", {"ends_at": later.isoformat()}, match="*")

    assert Message.objects.count() == 1


def test_publish_names_what_is_missing_then_opens_the_page(organizer, anyone):
    slug = organizer.send("post", "meetings/", new_meeting(venue="")).json()["slug"]

    refused = organizer.send("post", f"meetings/{slug}/publish/")
    assert (refused.status_code, refused.json()["code"]) == (409, "meeting_incomplete")
    assert "place" in refused.json()["missing"]

    organizer.send("patch", f"meetings/{slug}/", {"venue": "Зал 2"}, match="*")
    published = organizer.send("post", f"meetings/{slug}/publish/")
    assert published.json()["status"] == "published"
    assert anyone.send("get", f"meetings/{slug}/").status_code == 200


def test_cancel_tells_everybody(organizer, meeting):
    factories.make_registration(meeting=meeting)

    response = organizer.send("post", f"meetings/{meeting.slug}/cancel/", {"reason": "Метель"})

    assert response.json()["status"] == MeetingStatus.CANCELLED
    assert Message.objects.count() == 1
    assert organizer.send("post", f"meetings/{meeting.slug}/cancel/", {}).status_code == 200
    assert Message.objects.count() == 1


# --- registrations -----------------------------------------------------------------


def people(client, meeting, query=""):
    response = client.send("get", f"meetings/{meeting.slug}/registrations/{query}")
    assert response.status_code == 200, response.content
    return [row["family_name"] for row in response.json()["results"]]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_registrations_costs_the_same(
    organizer, meeting, rows, django_assert_num_queries
):
    for _ in range(rows):
        factories.make_registration(meeting=meeting, seat="none", status=Status.PENDING)

    with django_assert_num_queries(5):
        assert len(people(organizer, meeting)) == rows


def test_the_list_keeps_the_persons_keys_to_itself(organizer, meeting):
    registration = factories.make_registration(meeting=meeting)

    said = organizer.send("get", f"meetings/{meeting.slug}/registrations/").content.decode()

    assert registration.ticket_code not in said
    assert "/r/" not in said


def test_filters_and_search(organizer, meeting):
    factories.make_registration(
        meeting=meeting, family_name="Соловьёв", region=meeting.region_set.regions.first()
    )
    factories.make_registration(
        meeting=meeting, family_name="Ким", status=Status.PENDING, category_code="ministry"
    )
    number = Registration.objects.get(family_name="Ким").number

    assert people(organizer, meeting, "?q=соловьев") == ["Соловьёв"]
    assert people(organizer, meeting, "?q=cjkjdmtd") == ["Соловьёв"]
    assert people(organizer, meeting, "?q=soloviev") == ["Соловьёв"]
    assert people(organizer, meeting, f"?q={number}") == ["Ким"]
    assert people(organizer, meeting, "?status=pending") == ["Ким"]
    assert people(organizer, meeting, "?status=pending&status=confirmed") == ["Соловьёв", "Ким"]
    assert people(organizer, meeting, "?category=ministry") == ["Ким"]
    assert people(organizer, meeting, "?region=RU-KGD") == ["Соловьёв"]
    assert people(organizer, meeting, "?perhaps_twice=true") == []
    assert people(organizer, meeting, "?region=none") == ["Ким"]


def test_whoever_is_perhaps_on_the_list_twice_is_found(organizer, meeting):
    meeting = factories.make_meeting(owner=meeting.owners.get(), seat_limit=None)
    same = {"family_name": "Ли", "given_name": "Ян", "patronymic": ""}
    for email in ("a@example.org", "b@example.org"):
        factories.make_registration(meeting=meeting, email=email, **same)
    factories.make_registration(meeting=meeting, family_name="Ким")

    assert people(organizer, meeting, "?perhaps_twice=true") == ["Ли", "Ли"]
    assert people(organizer, meeting, "?perhaps_twice=false") == ["Ким"]


@pytest.mark.parametrize(
    "query",
    ["?status=nonsense", "?source=nonsense", "?category=%00", "?q=%00", "?region=%00",
     "?stauts=confirmed"],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(organizer, meeting, query):
    response = organizer.send("get", f"meetings/{meeting.slug}/registrations/{query}")
    exported = organizer.send("post", f"meetings/{meeting.slug}/registrations.csv{query}")

    assert (response.status_code, exported.status_code) == (422, 422)
    assert organizer.send(
        "get", f"meetings/{meeting.slug}/registrations/?lang=en&page_size=5&status=confirmed"
    ).status_code == 200  # fmt: skip


@pytest.mark.parametrize("method", ["get", "patch"])
def test_strangers_find_no_registration(anyone, stranger, meeting, method):
    registration = factories.make_registration(meeting=meeting)
    one = f"meetings/{meeting.slug}/registrations/{registration.number}/"

    for client, code in ((anyone, 401), (stranger, 404)):
        response = client.send(method, one, {"family_name": "Х"}, match="*")
        assert response.status_code == code
        assert registration.email not in response.content.decode()
    assert stranger.send("post", f"{one}transitions/", {"event": "cancel"}).status_code == 404
    assert anyone.send("post", f"{one}transitions/", {"event": "cancel"}).status_code == 401
    assert stranger.send("get", f"meetings/{meeting.slug}/registrations/").status_code == 404
    assert anyone.send("get", f"meetings/{meeting.slug}/registrations/").status_code == 401
    registration.refresh_from_db()
    assert registration.status == Status.CONFIRMED


def test_correct_a_registration(organizer, meeting):
    registration = factories.make_registration(meeting=meeting)
    one = f"meetings/{meeting.slug}/registrations/{registration.number}/"
    tag = organizer.send("get", one)["ETag"]

    assert organizer.send("patch", one, {"family_name": "Ким"}).status_code == 428
    changed = organizer.send("patch", one, {"family_name": "Ким"}, match=tag)
    assert changed.json()["family_name"] == "Ким", changed.content
    stale = organizer.send("patch", one, {"family_name": "Ли"}, match=tag)
    assert stale.status_code == 412
    assert stale.json()["current"]["family_name"] == "Ким"
    wrong = organizer.send("patch", one, {"family_name": "Ли2"}, match=changed["ETag"])
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("was", "event", "becomes"),
    [
        (Status.PENDING, "approve", "confirmed"),
        (Status.PENDING, "decline", "declined"),
        (Status.CONFIRMED, "cancel", "cancelled"),
        (Status.CONFIRMED, "erase", "cancelled"),
    ],
)
def test_transitions(organizer, meeting, was, event, becomes):
    registration = factories.make_registration(meeting=meeting, status=was)
    one = f"meetings/{meeting.slug}/registrations/{registration.number}/"

    response = organizer.send("post", f"{one}transitions/", {"event": event})

    assert response.status_code == 200, response.content
    assert response.json()["status"] == becomes
    assert JournalEntry.objects.about(f"registration:{registration.pk}").last().via == "api"


def test_a_decision_on_many_says_what_became_of_each(organizer, owner):
    meeting = coming(owner=owner, seat_limit=2, approval=Approval.MANUAL, has_waiting_list=False)
    first, second, third = (
        factories.make_registration(meeting=meeting, status=Status.PENDING) for _ in range(3)
    )
    gone = factories.make_registration(meeting=meeting, status=Status.CANCELLED)
    other = factories.make_registration()
    url = f"meetings/{meeting.slug}/registrations/transitions/"
    numbers = [one.number for one in (third, gone, other, second, first, first)]

    # Asked again, nobody is confirmed twice: then there is nothing to approve.
    for done in ("", "invalid_transition"):
        answer = organizer.send("post", url, {"event": "approve", "numbers": numbers})

        assert answer.status_code == 200, answer.content
        assert [(line["number"], line["status"], line["code"]) for line in answer.json()] == [
            (third.number, "pending", "meeting_full"),
            (gone.number, "cancelled", "invalid_transition"),
            (other.number, None, "not_found"),
            (second.number, "confirmed", done),
            (first.number, "confirmed", done),
        ]
        assert all(bool(line["detail"]) == bool(line["code"]) for line in answer.json())
    other.refresh_from_db()
    assert other.status == Status.CONFIRMED


@pytest.mark.parametrize(
    "wrong",
    [{"event": "erase"}, {"event": "approve", "numbers": []},
     {"event": "approve", "numbers": [str(n) for n in range(201)]}],
)  # fmt: skip
def test_a_decision_on_many_is_no_decision_on_none_too_many_or_for_good(organizer, meeting, wrong):
    url = f"meetings/{meeting.slug}/registrations/transitions/"
    number = factories.make_registration(meeting=meeting).number

    assert organizer.send("post", url, {"numbers": [number]} | wrong).status_code == 422


def test_nobody_else_decides_on_many(anyone, stranger, meeting):
    number = factories.make_registration(meeting=meeting).number
    body = {"event": "cancel", "numbers": [number]}
    url = f"meetings/{meeting.slug}/registrations/transitions/"

    assert stranger.send("post", url, body).status_code == 404
    assert anyone.send("post", url, body).status_code == 401


def test_restore_takes_a_cancellation_back(organizer, meeting):
    registration = factories.make_registration(meeting=meeting)
    url = f"meetings/{meeting.slug}/registrations/{registration.number}/transitions/"
    organizer.send("post", url, {"event": "cancel"})

    assert organizer.send("post", url, {"event": "restore"}).json()["status"] == "confirmed"


def test_a_transition_that_cannot_be_is_refused(organizer, meeting):
    registration = factories.make_registration(meeting=meeting)
    url = f"meetings/{meeting.slug}/registrations/{registration.number}/transitions/"

    refused = organizer.send("post", url, {"event": "promote"})
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    assert organizer.send("post", url, {"event": "dance"}).status_code == 422


def test_over_capacity_is_a_deliberate_act(organizer, owner):
    meeting = coming(owner=owner, seat_limit=1)
    factories.make_registration(meeting=meeting)
    waiting = factories.make_registration(meeting=meeting, status=Status.WAITLISTED)
    url = f"meetings/{meeting.slug}/registrations/{waiting.number}/transitions/"

    full = organizer.send("post", url, {"event": "promote"})
    assert (full.status_code, full.json()["code"]) == (409, "meeting_full")
    over = organizer.send("post", url, {"event": "promote", "over_capacity": True})
    assert (over.json()["status"], over.json()["seat"]) == ("confirmed", "over")


def test_a_reading_token_may_not_change(owner, meeting):
    _token, clear = bearer.issue(user=owner, label="r", scope="read", at=timezone.now())
    reader = Client()
    reader.credentials(HTTP_AUTHORIZATION=f"Bearer {clear}")

    assert reader.send("get", f"meetings/{meeting.slug}/registrations/").status_code == 200
    refused = reader.send("post", f"meetings/{meeting.slug}/cancel/", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "only read" in refused.json()["detail"]


@pytest.mark.parametrize("accept", ["*/*", "text/csv", "application/json"])
def test_export_as_csv_stands_in_the_journal(organizer, meeting, accept):
    factories.make_registration(meeting=meeting, family_name="Ким", organization="=1+1")
    factories.make_registration(meeting=meeting, status=Status.PENDING)

    url = f"meetings/{meeting.slug}/registrations.csv?status=confirmed"
    response = organizer.send("post", url, Accept=accept)

    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert len(lines) == 2
    assert "'=1+1" in lines[1]
    assert JournalEntry.objects.get(action="participants.exported").changes["rows"] == 1
    assert organizer.send("get", url).status_code == 405


def test_export_as_a_workbook(organizer, meeting):
    factories.make_registration(meeting=meeting, family_name="Ким")

    response = organizer.send("post", f"meetings/{meeting.slug}/registrations.xlsx")

    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    assert "Ким" in [cell.value for cell in sheet[2]]
