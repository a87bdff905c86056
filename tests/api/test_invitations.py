"""Invitations through the API: made and sent by organizers, answered by the invited."""

from datetime import timedelta

import pytest

from notifications.models import Message
from registrations.invitations import keys
from registrations.models import Invitation, Registration
from tests.api.conftest import Client, application
from tests.factories import make_invitation

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def url(meeting):
    return f"meetings/{meeting.slug}/invitations/"


def invite(organizer, url, *people):
    return organizer.send("post", url, {"invitations": list(people)})


def invited(invitation):
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Invitation {keys.token(invitation)}")
    return client


ANNA = {"name": "Петрова Анна", "email": "petrova@example.org"}
ONEIL = {"name": "О'Нил Шон", "email": "oneil@example.org", "category": "press",
         "region": "RU-KLU", "binds_email": False, "allows_substitute": True}  # fmt: skip


def test_organizers_invite_several_and_send(organizer, meeting, url):
    made = invite(organizer, url, ANNA, ONEIL)

    assert made.status_code == 201
    anna, oneil = made.json()
    assert (anna["reply"], anna["category"], anna["binds_email"]) == ("unsent", "member", True)
    assert (oneil["name"], oneil["category"], oneil["region"]) == ("О'Нил Шон", "press", "RU-KLU")
    assert "/i/" in anna["url"]
    sent = organizer.send("post", f"{url}send/", {"invitations": [anna["uid"]]})
    rest = organizer.send("post", f"{url}send/")
    reminded = organizer.send("post", f"{url}remind/")
    again = organizer.send("post", f"{url}remind/")
    assert [answer.json().get("written") for answer in (sent, rest, reminded)] == [1, 1, 2]
    assert (again.status_code, again.json()["code"]) == (409, "nobody_to_ask")
    assert Message.objects.count() == 4


def test_all_are_invited_or_nobody(organizer, url):
    twice = invite(organizer, url, ONEIL, ANNA, ANNA)

    assert (twice.status_code, twice.json()["code"], twice.json()["row"]) == (
        409, "already_invited", 3,
    )  # fmt: skip
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"email": "petrova"}, "/invitations/0/email"),
        ({"email": ""}, "/invitations/0/email"),
        ({"name": "Петрова 5"}, "/invitations/0/name"),
        ({"category": "king"}, "/invitations/0/category"),
        ({"region": "RU-XX"}, "/invitations/0/region"),
        ({"language": "tlh"}, "/invitations/0/language"),
        ({"expires_at": "soon"}, "/invitations/0/expires_at"),
        ({"expires_at": "9999-01-01T00:00:00Z"}, "/invitations/0/expires_at"),
        ({"skips_review": "perhaps"}, "/invitations/0/skips_review"),
    ],
)
def test_what_is_wrong_is_named(organizer, url, wrong, pointer):
    answer = invite(organizer, url, ANNA | wrong)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("body", [{}, {"invitations": []}, {"invitations": [3]}, []])
def test_a_body_without_invitations_is_refused(organizer, url, body):
    assert organizer.send("post", url, body).status_code in (400, 422)


def test_a_change_says_which_version_it_is_of(organizer, url):
    [made] = invite(organizer, url, ANNA).json()
    path = f"{url}{made['uid']}/"

    assert organizer.send("patch", path, {"position": "Директор"}).status_code == 428
    assert organizer.send("patch", path, {"position": "-"}, match=9).status_code == 412
    changed = organizer.send("patch", path, {"email": "right@example.org"}, match=1)

    assert (changed.json()["email"], changed["ETag"]) == ("right@example.org", '"2"')
    assert changed.json()["url"] != made["url"]
    assert changed.json()["name"] == "Петрова Анна"


def test_an_invitation_is_taken_back_and_gets_a_new_link(organizer, url):
    [made] = invite(organizer, url, ANNA).json()

    renewed = organizer.send("post", f"{url}{made['uid']}/renew-link/")
    withdrawn = organizer.send("post", f"{url}{made['uid']}/withdraw/")
    late = organizer.send("post", f"{url}{made['uid']}/renew-link/")

    assert renewed.json()["url"] != made["url"]
    assert withdrawn.json()["reply"] == "withdrawn"
    assert (late.status_code, late.json()["code"]) == (409, "invitation_answered")


def test_the_invited_person_accepts_once(meeting):
    invitation = make_invitation(meeting)
    body = application(email="evil@example.org", category="press")

    shown = invited(invitation).send("get", "my-invitation/")
    first = invited(invitation).send("post", "my-invitation/accept/", body, key="k1")
    again = invited(invitation).send("post", "my-invitation/accept/", body, key="k1")
    other = invited(invitation).send("post", "my-invitation/accept/", body)

    assert (shown.json()["email"], shown.json()["is_open"]) == ("petrova@example.org", True)
    assert (first.status_code, again.json()) == (201, first.json())
    assert (other.status_code, other.json()["code"]) == (409, "invitation_answered")
    person = Registration.objects.get()
    assert (person.email, person.category.code, person.source) == (
        "petrova@example.org", "member", "invitation",
    )  # fmt: skip
    assert first.json()["number"] == person.number


def test_the_invited_person_needs_the_consents(meeting):
    answer = invited(make_invitation(meeting)).send(
        "post", "my-invitation/accept/", application(consents=[])
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "consent_required")


def test_the_invited_person_declines_or_passes_on(meeting):
    declined = make_invitation(meeting)
    shared = make_invitation(meeting, email="b@example.org", allows_substitute=True)
    colleague = {"family_name": "Ли", "given_name": "Ян", "email": "li@example.org"}
    old = invited(shared)

    said = invited(declined).send("post", "my-invitation/decline/", {"note": "нет"})
    passed = old.send("post", "my-invitation/colleague/", colleague)
    refused = invited(declined).send("post", "my-invitation/colleague/", colleague)

    declined.refresh_from_db()
    shared.refresh_from_db()
    assert (said.status_code, declined.decline_note) == (204, "нет")
    assert (passed.status_code, shared.name) == (204, "Ли Ян")
    assert old.send("get", "my-invitation/").status_code == 401
    assert refused.json()["code"] == "invitation_not_transferable"


def test_an_expired_invitation_is_closed(meeting):
    invitation = make_invitation(meeting, expires_at=meeting.created_at - timedelta(days=9))

    answer = invited(invitation).send("post", "my-invitation/accept/", application())

    assert (answer.status_code, answer.json()["code"]) == (409, "invitation_closed")


@pytest.mark.parametrize("header", ["Invitation nonsense", "Invitation", "Link x", ""])
def test_without_its_token_an_invitation_is_nobodys(meeting, header):
    make_invitation(meeting)
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=header)

    for method, path in [("get", ""), ("post", "accept/"), ("post", "decline/")]:
        assert client.send(method, f"my-invitation/{path}", {}).status_code == 401


def test_a_strangers_invitations_are_not_found(stranger, anyone, meeting, url):
    invitation = make_invitation(meeting)

    assert stranger.send("get", url).status_code == 404
    assert stranger.send("post", f"{url}send/").status_code == 404
    assert stranger.send("post", f"{url}{invitation.uid}/withdraw/").status_code == 404
    assert anyone.send("get", url).status_code == 401


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same(organizer, meeting, url, rows, django_assert_num_queries):
    for row in range(rows):
        make_invitation(meeting, email=f"{row}@example.org")
    with django_assert_num_queries(3):  # token, meeting, invitations
        assert len(organizer.send("get", url).json()["results"]) == rows
