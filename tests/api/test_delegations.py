"""Delegations through the API: organizers open them, heads compose them by their links."""

import pytest

from notifications.models import Message, State
from registrations.delegations import keys
from registrations.models import Delegation, Registration, Status
from tests import factories
from tests.api.conftest import Client, coming

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(owner):
    return coming(owner=owner, slug="parks", seat_limit=20)


@pytest.fixture
def delegation(meeting):
    factories.make_consent(meeting)
    return factories.make_delegation(meeting, name="Калуга", quota=3)


@pytest.fixture
def head(delegation):
    return with_link(delegation)


def with_link(delegation):
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Delegation {keys.token(delegation)}")
    return client


URL = "meetings/parks/delegations/"
PERSON = {"family_name": "Ли", "given_name": "Ян", "email": "li@example.org"}


def test_an_organizer_opens_reads_changes_and_removes(organizer, meeting):
    made = organizer.send("post", URL, {"name": "Калуга", "region": "RU-KLU", "quota": 4})
    read = organizer.send("get", f"{URL}{made.json()['uid']}/")
    changed = organizer.send("patch", f"{URL}{made.json()['uid']}/", {"quota": 5}, match=1)
    again = organizer.send("post", URL, {"name": "калуга"})
    removed = organizer.send("delete", f"{URL}{made.json()['uid']}/")

    assert made.status_code == 201, made.content
    assert read.json() == made.json()
    assert (read.json()["quota"], read.json()["category"], read["ETag"]) == (4, "member", '"1"')
    assert (changed.json()["quota"], changed.json()["region"]) == (5, "RU-KLU")
    assert (again.status_code, again.json()["code"]) == (409, "delegation_exists")
    assert removed.status_code == 204
    assert not Delegation.objects.exists()


def test_a_change_needs_the_version_it_was_made_from(organizer, delegation):
    url = f"{URL}{delegation.uid}/"

    assert organizer.send("patch", url, {"quota": 5}).status_code == 428
    assert organizer.send("patch", url, {"quota": 5}, match=7).status_code == 412


def test_one_for_each_region_and_all_are_asked(organizer, meeting):
    opened = organizer.send("post", f"{URL}for-regions/", {"quota": 2})
    for one in Delegation.objects.all():
        one.head_email = "head@example.org"
        one.save(update_fields=["head_email"])
    asked = organizer.send("post", f"{URL}ask/", {})

    assert [one["name"] for one in opened.json()] == [
        "Калининградская область", "Калужская область", "Приморский край",
    ]  # fmt: skip
    assert asked.json() == {"asked": 3}


def test_a_head_names_marks_replaces_and_removes(head, delegation):
    named = head.send("post", "my-delegation/people/", {"people": [PERSON], "agreed": True})
    number = named.json()[0]["number"]
    marked = head.send("patch", f"my-delegation/people/{number}/", {"delegation_role": "head"})
    newcomer = head.send(
        "post", f"my-delegation/people/{number}/substitute/",
        {"family_name": "Ким", "given_name": "Ен", "agreed": True},
    )  # fmt: skip
    read = head.send("get", "my-delegation/")
    removed = head.send("delete", f"my-delegation/people/{newcomer.json()['number']}/")

    assert named.status_code == 201, named.content
    assert marked.json()["delegation_role"] == "head"
    assert newcomer.json()["replaces"] == number
    assert (read.json()["named"], read.json()["quota"]) == (1, 3)
    assert [one["family_name"] for one in read.json()["people"]] == ["Ким"]
    assert removed.status_code == 204
    assert Registration.objects.filter(status=Status.CANCELLED).count() == 2


def test_who_comes_instead_keeps_what_is_not_said_about_him(head):
    old = PERSON | {"organization": "АО «Парк»", "position": "Директор", "delegation_role": "head"}
    named = head.send("post", "my-delegation/people/", {"people": [old], "agreed": True})
    number = named.json()[0]["number"]

    newcomer = head.send(
        "post", f"my-delegation/people/{number}/substitute/",
        {"given_name": "Ен", "position": "", "agreed": True},
    ).json()  # fmt: skip

    assert (newcomer["organization"], newcomer["delegation_role"]) == ("АО «Парк»", "head")
    # Said to be empty is said.
    assert newcomer["position"] == ""
    # An address is nobody else's.
    assert newcomer["email"] == ""


def test_a_refusal_names_the_row_and_saves_nobody(head):
    people = [PERSON | {"family_name": name} for name in ("Ан", "Бо", "Во", "Го")]

    full = head.send("post", "my-delegation/people/", {"people": people, "agreed": True})
    silent = head.send("post", "my-delegation/people/", {"people": people[:1]})

    assert (full.status_code, full.json()["code"], full.json()["row"]) == (
        409, "delegation_full", 4,
    )  # fmt: skip
    assert (silent.status_code, silent.json()["code"]) == (422, "consent_required")
    assert not Registration.objects.exists()


def test_a_head_says_that_nobody_comes(head, delegation):
    assert head.send("post", "my-delegation/refuse/").status_code == 204

    delegation.refresh_from_db()
    assert delegation.refused_at is not None


def test_a_link_opens_its_own_delegation_only(head, meeting, delegation):
    other = factories.make_delegation(meeting, name="Тула")
    with_link(other).send("post", "my-delegation/people/", {"people": [PERSON], "agreed": True})
    number = Registration.objects.get().number

    for method, path, body in (
        ("patch", "", {"delegation_role": "head"}),
        ("delete", "", None),
        ("post", "substitute/", PERSON | {"agreed": True}),
    ):
        answer = head.send(method, f"my-delegation/people/{number}/{path}", body)
        assert answer.status_code == 404
    assert Registration.objects.get().status == Status.CONFIRMED


def test_whoever_has_no_link_is_nobody(anyone, organizer, stranger, delegation):
    wrong = Client()
    wrong.credentials(HTTP_AUTHORIZATION="Delegation abc")

    for client in (anyone, organizer, wrong):
        assert client.send("get", "my-delegation/").status_code == 401
    assert anyone.send("get", URL).status_code == 401
    assert stranger.send("get", URL).status_code == 404
    assert stranger.send("delete", f"{URL}{delegation.uid}/").status_code == 404


def test_lists_cost_the_same_for_one_and_three(
    organizer, head, meeting, delegation, django_assert_num_queries
):
    head.send("post", "my-delegation/people/", {"people": [PERSON], "agreed": True})
    with django_assert_num_queries(4):
        organizer.send("get", URL)
    with django_assert_num_queries(5):
        head.send("get", "my-delegation/")
    for name in ("Б", "В"):
        factories.make_delegation(meeting, name=name)
        body = {"people": [PERSON | {"family_name": name}], "agreed": True}
        head.send("post", "my-delegation/people/", body)
    with django_assert_num_queries(4):
        organizer.send("get", URL)
    with django_assert_num_queries(5):
        head.send("get", "my-delegation/")


def test_an_organizer_puts_somebody_else_in_the_place(organizer, head, delegation):
    head.send("post", "my-delegation/people/", {"people": [PERSON], "agreed": True})
    leaver = Registration.objects.get()

    answer = organizer.send(
        "post",
        f"meetings/parks/registrations/{leaver.number}/substitute/",
        {"given_name": "Сукарно"},
    )
    listed = organizer.send("get", f"meetings/parks/registrations/?delegation={delegation.uid}")

    assert answer.status_code == 201, answer.content
    said = answer.json()
    assert (said["status"], said["replaces"], said["delegation"], said["region"]) == (
        "confirmed", leaver.number, str(delegation.uid), "RU-KLU",
    )  # fmt: skip
    assert {one["number"] for one in listed.json()["results"]} == {leaver.number, said["number"]}


def test_a_head_reads_whether_the_mail_arrived_and_corrects_an_address(head, delegation):
    named = head.send("post", "my-delegation/people/", {"people": [PERSON], "agreed": True})
    person = named.json()[0]
    url = f"my-delegation/people/{person['number']}/address/"
    Message.objects.update(state=State.FAILED)
    bounced = head.send("get", "my-delegation/").json()

    corrected = head.send("post", url, {"email": "right@example.org"})
    wrong = head.send("post", url, {"email": "кривой@"})

    assert (person["mail"], bounced["people"][0]["mail"]) == ("waiting", "bounced")
    assert bounced["contact_email"] == delegation.meeting.contact_email
    assert corrected.status_code == 200, corrected.content
    assert (corrected.json()["email"], corrected.json()["mail"]) == (
        "right@example.org", "waiting",
    )  # fmt: skip
    assert wrong.json()["errors"][0]["pointer"] == "/email"


def test_a_head_corrects_nobody_of_another_delegation_and_nothing_on_a_closed_list(
    meeting, head, delegation
):
    factories.make_consent(meeting)
    other = with_link(factories.make_delegation(meeting, name="Б"))
    theirs = other.send("post", "my-delegation/people/", {"people": [PERSON], "agreed": True})
    mine = PERSON | {"family_name": "Пак"}
    named = head.send("post", "my-delegation/people/", {"people": [mine], "agreed": True})
    Delegation.objects.filter(pk=delegation.pk).update(closes_at=meeting.created_at)

    def correct(answer):
        url = f"my-delegation/people/{answer.json()[0]['number']}/address/"
        return head.send("post", url, {"email": "x@example.org"})

    assert correct(theirs).status_code == 404
    assert correct(named).status_code == 409
    assert not Registration.objects.filter(email="x@example.org").exists()


def test_a_head_reads_who_is_not_on_the_list_any_more_and_why(organizer, head, delegation):
    people = [PERSON | {"family_name": name} for name in ("А", "Б")]
    head.send("post", "my-delegation/people/", {"people": people, "agreed": True})
    for person, shows in zip(Registration.objects.order_by("family_name"), (True, False),
                             strict=True):  # fmt: skip
        organizer.send(
            "post", f"meetings/parks/registrations/{person.number}/transitions/",
            {"event": "decline", "reason": "Мест нет", "shows_reason": shows},
        )  # fmt: skip

    said = head.send("get", "my-delegation/").json()

    assert said["people"] == []
    assert [(one["family_name"], one["status"], one["reason"]) for one in said["former"]] == [
        ("А", "declined", "Мест нет"), ("Б", "declined", ""),
    ]  # fmt: skip


def test_an_organizer_reads_who_has_answered_and_which_regions_are_missing(
    organizer, head, meeting, delegation
):
    bounced = factories.make_delegation(meeting, name="Приморье", region=None)
    factories.make_delegation(meeting, name="Союз", region=None, head_email="")
    asked = {"delegations": [str(bounced.uid)]}
    organizer.send("post", f"{URL}ask/", asked)
    Message.objects.update(state=State.FAILED)
    before = organizer.send("get", f"{URL}missing-regions/").json()
    head.send("post", "my-delegation/people/", {"people": [PERSON], "agreed": True})

    states = {one["name"]: one["state"] for one in organizer.send("get", URL).json()["results"]}
    one = organizer.send("get", f"{URL}{bounced.uid}/").json()
    after = organizer.send("get", f"{URL}missing-regions/").json()

    assert states == {"Калуга": "few", "Приморье": "bounced", "Союз": "no_address"}
    assert one["state"] == "bounced"
    assert {r["code"] for r in before} - {r["code"] for r in after} == {"RU-KLU"}


def test_a_stranger_does_not_read_which_regions_are_missing(stranger, meeting):
    assert stranger.send("get", f"{URL}missing-regions/").status_code == 404
