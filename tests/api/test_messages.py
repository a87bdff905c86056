"""Messages through the API: found, looked at, mended one by one and many at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Attempt, Message, Phase, State
from tests import factories
from tests.reports.test_messages import write

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(meeting):
    return f"meetings/{meeting.slug}/messages/"


def names(answer):
    assert answer.status_code == 200, answer.content
    return [each["recipient"].partition("@")[0] for each in answer.json()["results"]]


def test_messages_are_found_the_newest_first(organizer, meeting, url):
    write(meeting, "gone", state=State.FAILED, reason="mailbox_unknown")
    write(meeting, "waits", to_name="Соловьёв Пётр")
    write(meeting, "came", state=State.SENT, kind="reminder", to="came@other.example")

    for query, expected in {
        "": ["came", "waits", "gone"],
        "?state=troubled": ["gone"],
        "?state=waiting": ["waits"],
        "?kind=reminder": ["came"],
        "?domain=other.example": ["came"],
        "?reason=mailbox_unknown": ["gone"],
        "?q=соловьёв": ["waits"],
    }.items():
        assert names(organizer.send("get", url + query)) == expected
    refused = organizer.send("get", f"{url}?state=nonsense&code=7")
    assert refused.status_code == 422


def test_one_message_has_its_attempts_with_the_raw_reply(organizer, meeting, url):
    mail = write(meeting, "gone", state=State.FAILED, reason="mailbox_unknown")
    Attempt.objects.create(
        message=mail, number=1, worker="w", started_at=timezone.now(), phase=Phase.CONNECT,
        outcome=State.FAILED, code=550, reply="5.1.1 no such user",
    )  # fmt: skip

    said = organizer.send("get", f"{url}{mail.pk}/").json()

    assert (said["state"], said["reason"]) == ("failed", "mailbox_unknown")
    assert [(t["code"], t["reply"]) for t in said["tries"]] == [(550, "5.1.1 no such user")]
    assert said["sent_again_as"] is None
    repeated = organizer.send("post", f"{url}{mail.pk}/resend/", {}).json()
    assert organizer.send("get", f"{url}{mail.pk}/").json()["sent_again_as"] == repeated["id"]


def test_a_message_is_settled_or_withdrawn(organizer, meeting, url):
    lost = write(meeting, "lost", state=State.AMBIGUOUS)
    waits = write(meeting, "waits")

    settled = organizer.send("post", f"{url}{lost.pk}/settle/").json()
    again = organizer.send("post", f"{url}{lost.pk}/settle/").json()
    withdrawn = organizer.send("post", f"{url}{waits.pk}/withdraw/").json()

    assert [settled["outcome"], again["outcome"]] == ["done", "not_any_more"]
    assert (withdrawn["outcome"], withdrawn["message"]["state"]) == ("done", "withdrawn")


def test_many_are_counted_first_and_then_told_one_by_one(organizer, meeting, url):
    for name in ("a", "b"):
        write(meeting, name, state=State.FAILED)
    write(meeting, "came", state=State.SENT)
    body = {"action": "resend", "state": "troubled"}

    counted = organizer.send("post", f"{url}bulk/", body).json()
    assert (counted["dry_run"], counted["count"], counted["done"]) == (True, 2, 0)
    assert Message.objects.count() == 3
    done = organizer.send("post", f"{url}bulk/", body | {"dry_run": False}).json()

    assert (done["count"], done["done"], done["left"]) == (2, 2, 0)
    assert [row["outcome"] for row in done["results"]] == ["done", "done"]
    assert organizer.send("post", f"{url}bulk/", body).json()["count"] == 0
    assert organizer.send("post", f"{url}bulk/", {"action": "burn"}).status_code == 422


def test_a_mistyped_condition_does_not_mean_all_messages(organizer, meeting, url):
    waits = write(meeting, "waits")
    body = {"action": "withdraw", "dry_run": False, "status": "failed"}

    answer = organizer.send("post", f"{url}bulk/", body)

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/status", "unknown")
    waits.refresh_from_db()
    assert waits.state == State.QUEUED


def test_a_mistyped_condition_does_not_remind_everybody(organizer, meeting):
    rule = {"kind": "days_before", "amount": 1, "at_time": "10:00", "regoin": "RU-KLU"}

    answer = organizer.send("put", f"meetings/{meeting.slug}/reminders/", [rule], match="*")

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/0/regoin"]


def test_a_strangers_messages_are_not_found(stranger, meeting, url):
    mail = write(meeting, "gone", state=State.FAILED)

    for method, path in (
        ("get", ""), ("get", f"{mail.pk}/"), ("post", f"{mail.pk}/settle/"),
        ("post", f"{mail.pk}/withdraw/"), ("post", f"{mail.pk}/resend/"), ("post", "bulk/"),
        ("get", "coming/"),
    ):  # fmt: skip
        body = {"action": "settle", "dry_run": False} if method == "post" else None
        assert stranger.send(method, url + path, body).status_code == 404
    assert Message.objects.get().state == State.FAILED


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same(organizer, meeting, url, rows, django_assert_num_queries):
    for number in range(rows):
        write(meeting, f"m{number}")

    with django_assert_num_queries(3):
        assert len(names(organizer.send("get", url))) == rows


def test_what_comes_and_what_the_rules_will_do(organizer, meeting, url):
    factories.make_registration(meeting=meeting, at=timezone.now() - timedelta(days=30))
    rule = {"kind": "days_before", "amount": 2, "at_time": "10:00", "region": "RU-KLU"}
    rules = f"meetings/{meeting.slug}/reminders/"

    made = organizer.send("put", rules, [rule], match="*").json()
    assert (made[0]["region"], made[0]["status"], made[0]["presence"]) == (
        "RU-KLU", "confirmed", "any",
    )  # fmt: skip
    [plan] = organizer.send("get", f"{rules}forecast/").json()
    [line] = organizer.send("get", f"{url}coming/").json()

    assert (plan["rule"], plan["sent"]) == (made[0]["id"], 0)
    assert (line["what"], line["people"]) == (
        "reminder", sum(group["people"] for group in plan["groups"]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"kind": "days_after", "amount": 1, "at_time": "10:00", "presence": "any"}, "presence"),
        ({"kind": "days_after", "amount": 31, "at_time": "10:00"}, "amount"),
        ({"kind": "days_after", "amount": 1}, "at_time"),
        ({"kind": "hours_before", "amount": 1, "status": "waitlisted", "presence": "absent"},
         "presence"),
        ({"kind": "hours_before", "amount": 1, "region": "XX-NO"}, "region"),
        ({"kind": "hours_before", "amount": 1, "category": "nobody"}, "category"),
        ({"kind": "hours_before", "amount": 1,
          "delegation": "7f1c5b52-7a4b-4b0e-9a3e-2f8f4a7e6c11"}, "delegation"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(organizer, meeting, rule, pointer):
    answer = organizer.send("put", f"meetings/{meeting.slug}/reminders/", [rule], match="*")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/0/{pointer}"


def test_thanks_go_to_who_came_without_being_asked(organizer, meeting):
    rule = {"kind": "days_after", "amount": 1, "at_time": "10:00"}

    [made] = organizer.send("put", f"meetings/{meeting.slug}/reminders/", [rule], match="*").json()

    assert (made["status"], made["presence"]) == ("confirmed", "came")
