"""
Links open only what is theirs: every address × everybody to whom it does not open.

Anonymous visitors, organizers of other meetings, holders of every other link, and rows of
another meeting under one's own slug. Whatever they send, they find nothing, and not one row
of the database changes. The rightful holder is the control: to him each address answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.shortcuts import resolve_url
from django.test import Client

from tests.porch import doors, estates
from tests.porch.doors import Door
from tests.porch.estates import CANARY, PERSON, World, browser, program

pytestmark = pytest.mark.django_db
DOORS = {door.name: door for door in doors.every()}
# Not this method, whoever asks.
NOT_SO = 405


@pytest.fixture
def unchanged(world) -> Iterator[None]:
    before = estates.fingerprint()
    yield
    after = estates.fingerprint()
    assert [table for table in before if before[table] != after[table]] == []


def named(*parts: list[str]):
    return pytest.mark.parametrize("door", [DOORS[n] for part in parts for n in part if n in DOORS],
                                   ids=lambda door: door.name)  # fmt: skip


def asked(client: Client, door: Door, url: str, *, methods: list[str] | None = None) -> set[int]:
    """How the address answers to each of its methods, this way of asking left aside."""
    is_api = door.name.startswith("api-")
    answers = set()
    for method in methods or door.guarded:
        more = {}
        if is_api and method != "get":
            more = {"format": "json", "data": doors.NEEDED.get(door.name)}
        response = getattr(client, method)(url, **more)
        content = b"".join(response) if response.streaming else response.content
        assert CANARY not in content.decode(errors="ignore")
        is_sign_in = response.headers.get("Location", "").startswith(resolve_url("account_login"))
        answers.add(401 if is_sign_in else response.status_code)
    return answers - {NOT_SO}


def test_every_address_is_on_the_plan_once():
    planned = Counter(name for part in doors.PLAN for name in part)

    assert [name for name, times in planned.items() if times > 1] == []
    assert sorted(set(DOORS) - set(planned)) == []
    assert sorted(set(planned) - set(DOORS)) == []


@named(doors.SIGNED_IN, doors.OWN_TOKEN, doors.OFFICE)
def test_the_office_asks_visitors_to_sign_in(world, unchanged, door):
    for visitor in (browser(), browser(desk=world.mine)):
        assert asked(visitor, door, door.url(world.mine)) <= {401}


@named(doors.OFFICE)
def test_a_strangers_office_is_not_found(world, unchanged, door):
    assert asked(browser(world.mine), door, door.url(world.theirs)) == {404}


@named([n for n in doors.OFFICE + doors.OWN_TOKEN if n in DOORS and DOORS[n].rows])
def test_rows_of_another_meeting_are_not_found_under_ones_own(world, unchanged, door):
    for other in (world.second, world.theirs):
        if door.name in doors.OWN_TOKEN and other is world.second:
            continue  # A token is its owner's, not a meeting's.
        assert asked(browser(world.mine), door, door.url(world.mine, rows=other)) == {404}


@named(doors.MINE, doors.FEED, doors.HEAD, doors.INVITED, doors.DESK, doors.PRESS)
def test_a_link_for_something_else_opens_nothing(world, unchanged, door):
    right = doors.PURPOSE[door.name]
    others = [key for name, key in world.mine.keys.items() if name != right]
    for key in [*others, world.mine.keys[right][:-1], world.mine.keys[right].upper(), "x"]:
        for visitor in (browser(), browser(world.mine)):
            assert asked(visitor, door, door.url(world.mine, token=key)) == {404}


@named([n for n in doors.MINE + doors.HEAD if n in DOORS and DOORS[n].rows])
def test_a_link_opens_no_rows_of_somebody_else(world, unchanged, door):
    for other in (world.second, world.theirs):
        assert asked(browser(), door, door.url(world.mine, rows=other)) == {404}
    if "number" in door.variables:
        # Somebody of the same meeting whom another head named, or nobody.
        known = world.mine.known
        url = door.url(world.mine).replace(known[door.called("number")], known["number"])
        assert asked(browser(), door, url) == {404}


@named(doors.AT_DESK)
def test_whoever_started_at_no_desk_scans_nothing(world, unchanged, door):
    for visitor in (browser(), browser(world.mine)):
        assert asked(visitor, door, door.url(world.mine), methods=["post"]) <= {403}
        assert asked(visitor, door, door.url(world.mine), methods=["get"]) <= {302, 403}


@named(doors.API_OFFICE, doors.API_SIGNED_IN, doors.API_OWN_LIST, doors.API_MEETINGS)
def test_programs_without_a_token_of_an_organizer_are_told_to_sign_in(world, unchanged, door):
    known = world.mine.credentials()
    for credentials in ["", *(known[who] for who in known if who != "organizer"), "Bearer x"]:
        assert asked(program(credentials), door, door.url(world.mine)) == {401}


@named(doors.API_OFFICE, doors.API_OWN_LIST)
def test_a_strangers_program_finds_nothing(world, unchanged, door):
    client = program(world.theirs.credentials()["organizer"])

    assert asked(client, door, door.url(world.mine)) == {404}


@named([n for n in doors.API_OFFICE if n in DOORS and DOORS[n].rows])
def test_programs_find_no_rows_of_another_meeting_under_ones_own(world, unchanged, door):
    client = program(world.mine.credentials()["organizer"])

    for other in (world.second, world.theirs):
        assert asked(client, door, door.url(world.mine, rows=other)) == {404}


@named(doors.API_MINE, doors.API_HEAD, doors.API_INVITED, doors.API_DESK)
def test_programs_open_with_a_link_what_it_is_for(world, unchanged, door):
    parts = [(doors.API_MINE, "mine"), (doors.API_HEAD, "head"), (doors.API_INVITED, "invited")]
    right = next((who for part, who in parts if door.name in part), "desk")
    known = world.mine.credentials()
    scheme = known[right].partition(" ")[0]
    wrong = [sent for who, sent in known.items() if who != right]
    wrong += [f"{scheme} {key}" for key in world.mine.keys.values() if key not in known[right]]
    for credentials in ["", *wrong]:
        assert asked(program(credentials), door, door.url(world.mine)) == {401}


@named(["api-my-member", "api-my-substitute", "api-my-session", "api-checkin-void"])
def test_programs_with_a_link_find_no_rows_of_somebody_else(world, unchanged, door):
    who = "desk" if door.name in doors.API_DESK else "head"
    who = "mine" if door.name in doors.API_MINE else who
    client = program(world.mine.credentials()[who])

    for other in (world.second, world.theirs):
        assert asked(client, door, door.url(world.mine, rows=other)) == {404}


# What names somebody else's rows in what is sent, not in the address.
SENT = [
    ("manage-decide", {"step": "approve", "number": "number"}),
    ("manage-decide", {"step": "decline", "number": "number"}),
    ("manage-delegations-ask", {"delegation": "delegation"}),
    ("manage-invitations-write", {"step": "send", "invitation": "invitation"}),
    ("manage-invitations-write", {"step": "remind", "invitation": "invitation"}),
    ("mine-sessions", {"session": "session"}),
    ("manage-participant-sessions", {"session": "session"}),
    ("scan-code", {"code": "ticket"}),
    ("scan-code", {"code": "number"}),
    ("scan-code", {"person": "person"}),
    ("scan-admit", {"person": "person"}),
    ("scan-instead", {"person": "person", **PERSON}),
    ("scan-undo", {"scan": "scan_id"}),
    ("api-delegation-ask", {"delegations": ["delegation"]}),
    ("api-invitation-send", {"invitations": ["invitation"]}),
    ("api-invitation-remind", {"invitations": ["invitation"]}),
    ("api-checkin-admissions", {"person": "person"}),
    ("api-checkin-substitutions", {"person": "person", **PERSON}),
]  # fmt: skip


def filled_in(sent, known):
    """What is sent, with the other meeting's values; each scan has an id of its own."""
    if isinstance(sent, dict):
        return {"id": str(uuid4())} | {
            name: filled_in(value, known) if name not in ("step", *PERSON) else value
            for name, value in sent.items()
        }
    return [known[name] for name in sent] if isinstance(sent, list) else known[sent]


@pytest.mark.parametrize(("name", "sent"), SENT, ids=lambda v: v if isinstance(v, str) else "")
def test_whoever_names_rows_of_another_meeting_moves_none_of_them(world, name, sent):
    for other in (world.second, world.theirs):
        before = estates.state_of(other)
        url = DOORS[name].url(world.mine)
        body = filled_in(sent, other.known)
        if name.startswith("api-"):
            who = "desk" if name in doors.API_DESK else "organizer"
            client = program(world.mine.credentials()[who])
            response = client.post(url, body, format="json")
        else:
            response = browser(world.mine, desk=world.mine).post(url, body)

        assert response.status_code < 500
        assert CANARY not in response.content.decode()
        assert estates.state_of(other) == before


@pytest.mark.parametrize("purpose", ["mine", "head", "invited", "press", "device"])
def test_no_other_link_begins_a_shift(world, unchanged, purpose):
    url = DOORS["api-checkin-pair"].url(world.mine)

    answer = program().post(url, {"link": world.mine.keys[purpose]}, format="json")

    assert answer.status_code in (401, 403, 404, 410)


def test_a_code_of_another_meeting_opens_nothing(world, unchanged):
    page = DOORS["register"].url(world.mine)
    for other in (world.second, world.theirs):
        code = other.known["code"]
        shown = browser().get(f"{page}?code={code}").content.decode()
        nonsense = browser().get(f"{page}?code=NONSENSE").content.decode()
        # But for what was typed, and marks that are drawn anew, it is the same page.
        assert len(shown.replace(code, "NONSENSE")) == len(nonsense)

        body = {
            **PERSON,
            "language": "ru",
            "consents": ["processing"],
            "region": None,
            "access_code": code,
        }
        del body["consent"]
        answer = program().post(DOORS["api-registration-list"].url(world.mine), body, format="json")
        assert answer.json()["code"] == "access_code_unknown"


def answers_to_its_holder(world: World, door: Door) -> set[int]:
    known = world.mine.credentials()
    by_part = [
        (doors.API_MINE, "mine"), (doors.API_HEAD, "head"), (doors.API_INVITED, "invited"),
        (doors.API_DESK, "desk"),
    ]  # fmt: skip
    if door.name.startswith("api-"):
        who = next((who for part, who in by_part if door.name in part), "organizer")
        client = program(known[who])
    else:
        client = browser(world.mine, desk=world.mine)
    return asked(client, door, door.url(world.mine), methods=list(door.methods))


@named(*[part for part in doors.PLAN if part is not doors.OPEN])
def test_to_its_holder_each_address_answers_and_says_nothing_of_others(world, door):
    answers = answers_to_its_holder(world, door)

    assert answers & {401, 403} == set()
    assert answers != {404}
