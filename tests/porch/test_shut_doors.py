"""
What a page does not offer cannot be sent either: heads, invited people, participants and
desks post straight to each address once the lists are closed, the meeting is over or called
off, the invitation has run out or was taken back. They are told so, and nobody moves.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Meeting, MeetingStatus
from registrations.models import AccessCode, Delegation, Invitation
from tests.porch import estates
from tests.porch.doors import every
from tests.porch.estates import PERSON, browser, program

pytestmark = pytest.mark.django_db
DOORS = {door.name: door for door in every()}
NAMED = {
    "name": "Новиков Пётр", "organization": "АО", "position": "Директор",
    "email": "new@example.org", "agreed": "1",
}  # fmt: skip
REGISTERED = {
    "who": "self", "family_name": "Новиков", "given_name": "Пётр", "organization": "АО",
    "position": "Директор", "email": "new@example.org", "region": "RU-KLU", "consent_1": "on",
    "consent": "on", "language": "ru",
}  # fmt: skip


def lists_closed(meeting):
    meeting.edits_close_at = timezone.now() - timedelta(hours=1)


def over(meeting):
    meeting.starts_at = timezone.now() - timedelta(days=2)
    meeting.ends_at = meeting.starts_at + timedelta(hours=3)


def called_off(meeting):
    meeting.status, meeting.cancelled_at = MeetingStatus.CANCELLED, timezone.now()


def bring_about(estate, *states):
    meeting = Meeting.objects.get(slug=estate.slug)
    for state in states:
        state(meeting)
    meeting.save()


def sent(estate, name, body, *, who=""):
    """The answer to a post straight to an address, and whether anybody moved."""
    before = estates.state_of(estate)
    url = DOORS[name].url(estate)
    if name.startswith("api-"):
        answer = program(estate.credentials()[who]).post(url, body, format="json")
    else:
        answer = browser(desk=estate).post(url, body)
    assert answer.status_code < 500
    return answer, estates.state_of(estate) == before


HEAD = [
    ("delegation-add", NAMED),
    ("delegation-paste", {"rows": "Новиков Пётр\tАО\tДиректор\tnew@example.org", "save": "1",
                          "agreed": "1", "column": ["name", "organization", "position", "email"]}),
    ("delegation-refuse", {}),
    ("delegation-substitute", NAMED),
    ("delegation-remove", {}),
    ("delegation-mark", {"role": "driver"}),
    ("delegation-address", {"email": "other@example.org"}),
    ("api-my-people", {"people": [{"family_name": "Новиков", "given_name": "Пётр"}],
                       "agreed": True}),
    ("api-my-substitute", {"family_name": "Новиков", "given_name": "Пётр", "agreed": True}),
    ("api-my-refusal", {}),
]  # fmt: skip
INVITED = [
    ("invitation-accept", REGISTERED),
    ("invitation-decline", {"why": "Занята"}),
    ("invitation-colleague", {"name": "Новиков Пётр", "email": "new@example.org"}),
    ("api-my-accept", {"family_name": "Новиков", "given_name": "Пётр", "organization": "АО",
                       "position": "Директор", "region": None, "consents": ["processing"]}),
    ("api-my-decline", {"why": "Занята"}),
    ("api-my-colleague", {"name": "Новиков Пётр", "email": "new@example.org"}),
]  # fmt: skip
MINE = [
    ("mine-change", REGISTERED), ("mine-cancel", {}), ("mine-restore", {}),
    ("api-mine-cancel", {}), ("api-mine-restore", {}),
]  # fmt: skip


@pytest.mark.parametrize("state", [lists_closed, over, called_off])
@pytest.mark.parametrize(("name", "body"), HEAD, ids=lambda v: v if isinstance(v, str) else "")
def test_a_head_changes_nothing_when_the_list_is_closed(world, name, body, state):
    bring_about(world.mine, state)

    _answer, nobody_moved = sent(world.mine, name, body, who="head")

    assert nobody_moved


@pytest.mark.parametrize(("name", "body"), HEAD, ids=lambda v: v if isinstance(v, str) else "")
def test_a_head_changes_nothing_after_the_delegations_own_day(world, name, body):
    Delegation.objects.filter(uid=world.mine.known["delegation"]).update(
        closes_at=timezone.now() - timedelta(minutes=1)
    )

    assert sent(world.mine, name, body, who="head")[1]


@pytest.mark.parametrize("state", [over, called_off])
@pytest.mark.parametrize(("name", "body"), INVITED, ids=lambda v: v if isinstance(v, str) else "")
def test_nobody_accepts_an_invitation_to_what_is_over(world, name, body, state):
    bring_about(world.mine, state)

    assert sent(world.mine, name, body, who="invited")[1]


@pytest.mark.parametrize("field", ["expires_at", "withdrawn_at"])
@pytest.mark.parametrize(
    ("name", "body"),
    [one for one in INVITED if "decline" not in one[0]],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_nobody_accepts_what_has_run_out_or_was_taken_back(world, name, body, field):
    Invitation.objects.filter(uid=world.mine.known["invitation"]).update(
        **{field: timezone.now() - timedelta(minutes=1)}
    )

    assert sent(world.mine, name, body, who="invited")[1]


def test_an_invitation_that_allows_no_colleague_takes_none(world):
    for name, body in INVITED:
        if "colleague" in name:
            assert sent(world.mine, name, body, who="invited")[1]


@pytest.mark.parametrize(
    ("name", "body", "state"),
    [
        (name, body, state)
        for name, body in MINE
        for state in (lists_closed, over, called_off)
        # Whoever cannot come says so until the end.
        if state is not lists_closed or "cancel" not in name
    ],
    ids=lambda v: getattr(v, "__name__", v) if not isinstance(v, dict) else "",
)
def test_a_participant_changes_nothing_when_it_is_too_late(world, name, body, state):
    bring_about(world.mine, state)

    assert sent(world.mine, name, body, who="mine")[1]


@pytest.mark.parametrize(
    "dead",
    [
        {"is_active": False},
        {"closes_at": timezone.now() - timedelta(days=1)},
        {"opens_at": timezone.now() + timedelta(days=1)},
    ],
    ids=["switched off", "run out", "not yet"],
)
def test_a_dead_access_code_opens_nothing(world, dead):
    AccessCode.objects.filter(uid=world.mine.known["access_code"]).update(**dead)
    body = {**PERSON, "language": "ru", "consents": ["processing"], "region": None,
            "access_code": world.mine.known["code"]}  # fmt: skip
    del body["consent"]

    answer, nobody_moved = sent(world.mine, "api-registration-list", body, who="mine")

    assert nobody_moved
    assert answer.status_code in (401, 404, 409, 422)


def test_a_link_with_one_letter_changed_opens_nothing(world):
    for name, purpose in (("mine", "mine"), ("delegation", "head"), ("invitation", "invited"),
                          ("press", "press"), ("desk", "desk"),
                          ("calendar-feed", "feed")):  # fmt: skip
        key = world.mine.keys[purpose]
        for place in range(0, len(key), 3):
            other = "a" if key[place] != "a" else "b"
            near = key[:place] + other + key[place + 1 :]
            assert browser().get(DOORS[name].url(world.mine, token=near)).status_code == 404


@pytest.mark.parametrize(
    ("name", "body"), HEAD[:1] + HEAD[3:7], ids=lambda v: v if isinstance(v, str) else ""
)
def test_the_same_moves_somebody_while_the_list_is_open(world, name, body):
    """The control: these very posts do something."""
    assert not sent(world.mine, name, body)[1]
