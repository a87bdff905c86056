"""Every page of the office: open to its organizer, and to nobody else."""

import pytest
from django.urls import reverse

from notifications import outbox
from registrations.models import Status
from registrations.views.settings_frame import SECTIONS
from tests.factories import make_consent, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db

PAGES = [
    "manage-overview",
    "manage-edit",
    "manage-cancel",
    "manage-organizations",
    "manage-participants",
    "manage-participant-add",
    "manage-messages",
    "manage-door",
]
OF_ONE = ["manage-participant", "manage-participant-edit", "manage-participant-erase"]
ACTS = [
    ("manage-publish", []),
    ("manage-cancel", []),
    ("manage-decide", []),
    ("manage-organizations", []),
    ("manage-organization-separate", []),
    ("manage-participant-add", []),
    ("manage-door", []),
    ("manage-export", ["csv"]),
    ("manage-export", ["xlsx"]),
    ("manage-edit-section", ["basics"]),
    ("manage-participant-step", ["number"]),
    ("manage-participant-edit", ["number"]),
    ("manage-participant-address", ["number"]),
    ("manage-participant-erase", ["number"]),
]


def make_full_meeting(owner):
    meeting = make_meeting(owner=owner, seat_limit=1)
    make_consent(meeting)
    people = [
        make_registration(meeting=meeting, family_name="Ёлкин"),
        make_registration(meeting=meeting, status=Status.WAITLISTED),
        make_registration(meeting=meeting, status=Status.PENDING, email=""),
    ]
    return meeting, people


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_its_organizer_sees_the_page(client, page, language):
    owner = make_user()
    meeting, _people = make_full_meeting(owner)
    client.force_login(owner)

    answer = client.get(reverse(page, args=[meeting.slug]), {"lang": language})

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_of_the_settings_opens(client, section):
    owner = make_user()
    meeting, _people = make_full_meeting(owner)
    client.force_login(owner)

    answer = client.get(reverse("manage-edit-section", args=[meeting.slug, section]))

    assert answer.status_code == 200


@pytest.mark.parametrize("page", OF_ONE)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_its_organizer_sees_one_participant(client, page, which):
    owner = make_user()
    meeting, people = make_full_meeting(owner)
    client.force_login(owner)

    answer = client.get(reverse(page, args=[meeting.slug, people[which].number]))

    assert answer.status_code == 200


def test_an_empty_meeting_says_what_to_do_first(client):
    owner = make_user()
    meeting = make_meeting(owner=owner)
    client.force_login(owner)

    for page in PAGES:
        answer = client.get(reverse(page, args=[meeting.slug]))
        assert answer.status_code == 200, page


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_finds_nothing_and_a_visitor_signs_in(client, page):
    meeting, _people = make_full_meeting(make_user())
    address = reverse(page, args=[meeting.slug])

    visitor = client.get(address)
    client.force_login(make_user())
    stranger = client.get(address)

    assert visitor.status_code == 302
    assert visitor["Location"].startswith(reverse("account_login"))
    assert stranger.status_code == 404
    assert "Ёлкин" not in stranger.text


@pytest.mark.parametrize("page", OF_ONE)
def test_a_stranger_finds_no_participant(client, page):
    meeting, people = make_full_meeting(make_user())
    client.force_login(make_user())

    answer = client.get(reverse(page, args=[meeting.slug, people[0].number]))

    assert answer.status_code == 404


def test_a_number_opens_the_participant_of_its_own_meeting_only(client):
    owner = make_user()
    meeting, _people = make_full_meeting(owner)
    _other, strangers = make_full_meeting(make_user())
    client.force_login(owner)

    for page in OF_ONE:
        answer = client.get(reverse(page, args=[meeting.slug, strangers[0].number]))
        assert answer.status_code == 404


@pytest.mark.parametrize(("page", "rest"), ACTS)
def test_a_stranger_and_a_visitor_change_nothing(client, page, rest):
    meeting, people = make_full_meeting(make_user())
    rest = [people[0].number if part == "number" else part for part in rest]
    address = reverse(page, args=[meeting.slug, *rest])
    letters = outbox.about(f"meeting:{meeting.pk}").count()

    visitor = client.post(address, {"step": "cancel", "reason": "x"})
    client.force_login(make_user())
    stranger = client.post(address, {"step": "cancel", "reason": "x"})

    meeting.refresh_from_db()
    people[0].refresh_from_db()
    assert visitor["Location"].startswith(reverse("account_login"))
    assert stranger.status_code == 404
    assert meeting.cancelled_at is None
    assert people[0].status == Status.CONFIRMED
    assert outbox.about(f"meeting:{meeting.pk}").count() == letters


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_meetings_costs_the_same_with_more(client, count, django_assert_num_queries):
    owner = make_user()
    for _number in range(count):
        make_meeting(owner=owner)
    client.force_login(owner)

    with django_assert_num_queries(3):
        answer = client.get(reverse("manage"))

    assert answer.status_code == 200


def test_the_list_of_meetings_is_ones_own(client):
    make_meeting(slug="somebody-elses")
    client.force_login(make_user())

    answer = client.get(reverse("manage"), headers={"accept-language": "en"})

    assert "somebody-elses" not in answer.text
    assert "Create your first meeting" in answer.text


@pytest.mark.parametrize(
    "page", ["edit/basics/", "participants/new/", "organizations/", "cancel/", "door/", "badges/"]
)
def test_whoever_reads_english_is_told_the_english_name(client, page):
    owner = make_user()
    meeting = make_meeting(
        owner=owner, title="Встреча парков", title_alt="A meeting of parks",
        short_title="Парки-2026", short_title_alt="Parks 2026",
    )  # fmt: skip
    client.force_login(owner)
    client.cookies["django_language"] = "en"

    answer = client.get(f"/manage/{meeting.slug}/{page}").content.decode()

    # Where it is said at all; what is typed into fields stays what it is.
    assert "Парки-2026 ·" not in answer
    assert "— Парки-2026" not in answer
    assert "Parks 2026" in answer or "A meeting of parks" in answer
