"""Webhooks through the API: registered by organizers, and everything a page can do with them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Delivery, Webhook
from notifications.webhooks import signing, telling
from tests.api.conftest import application
from tests.notifications.receiver import Receiver, verify

pytestmark = pytest.mark.django_db(transaction=True)
CRM = {"url": "https://crm.example.org/yavka", "events": ["registration.confirmed"]}


@pytest.fixture
def url(meeting):
    return f"meetings/{meeting.slug}/webhooks/"


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_INTERNAL_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    yield receiver
    receiver.close()


def register(client, meeting, **body):
    client.send("post", f"meetings/{meeting.slug}/registrations/", application(**body))


def test_a_program_is_registered_and_told_who_registers(organizer, anyone, meeting, url, receiver):
    made = organizer.send("post", url, CRM | {"url": receiver.url()})
    register(anyone, meeting)
    telling.drain()

    assert made.status_code == 201
    assert made.json()["events"] == ["registration.confirmed"]
    [(_, headers, content)] = receiver.posts
    assert verify(made.json()["secret"], headers, content)
    one = f"{url}{made.json()['uid']}/"
    [told] = organizer.send("get", f"{one}deliveries/").json()["results"]
    assert (told["id"], told["type"], told["state"]) == (
        headers["webhook-id"], "registration.confirmed", "delivered",
    )  # fmt: skip
    assert [(a["status_code"], a["reply"]) for a in told["attempts"]] == [(200, "thank you")]


def test_the_secret_is_told_once_and_a_new_one_when_it_is_asked_for(organizer, url):
    made = organizer.send("post", url, CRM).json()
    one = f"{url}{made['uid']}/"

    assert made["secret"].startswith("whsec_")
    assert "secret" not in organizer.send("get", one).json()
    assert "secret" not in organizer.send("get", url).json()["results"][0]
    again = organizer.send("post", f"{one}rotate/").json()["secret"]
    assert again == signing.secret(Webhook.objects.get()) != made["secret"]


def test_a_webhook_is_changed_paused_resumed_tested_and_removed(organizer, url, receiver):
    uid = organizer.send("post", url, CRM | {"url": receiver.url("/500")}).json()["uid"]
    one = f"{url}{uid}/"

    changed = organizer.send("patch", one, {"events": ["checkin.made", "registration.changed"]})
    paused = organizer.send("post", f"{one}pause/")
    tested = organizer.send("post", f"{one}test/")
    telling.drain()
    resumed = organizer.send("post", f"{one}resume/")
    number = tested.json()["number"]
    organizer.send("patch", one, {"url": receiver.url("/")})
    again = organizer.send("post", f"{one}deliveries/{number}/again/")
    telling.drain()
    removed = organizer.send("delete", one)

    assert changed.json()["events"] == ["registration.changed", "checkin.made"]
    assert (paused.json()["state"], paused.json()["pause"]) == ("paused", "by_hand")
    assert (resumed.json()["state"], resumed.json()["pause"]) == ("active", "")
    assert (tested.status_code, again.status_code, removed.status_code) == (202, 202, 204)
    assert [b["type"] for b in receiver.bodies()] == ["webhook.test"] * 2
    assert Delivery.objects.get().state == "delivered"
    assert organizer.send("get", one).status_code == 404
    assert organizer.send("get", url).json()["results"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (CRM | {"url": "https://169.254.169.254/latest/"}, "webhook_address_refused"),
        (CRM | {"url": "http://crm.example.org/"}, "webhook_address_refused"),
        (CRM | {"events": []}, "validation"),
        (CRM | {"events": ["registration.exploded"]}, "validation"),
        ({"events": ["checkin.made"]}, "validation"),
    ],
)
def test_what_nobody_can_be_told_is_refused(organizer, url, body, code):
    refused = organizer.send("post", url, body)

    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert not Webhook.objects.exists()


def test_somebody_elses_webhooks_are_not_found(organizer, stranger, anyone, url):
    uid = organizer.send("post", url, CRM).json()["uid"]
    hook = Webhook.objects.get()
    row = Delivery.objects.create(
        webhook=hook, kind="webhook.test", happened_at=timezone.now(), expires_at=timezone.now()
    )
    own = stranger.get("/api/v1/meetings/?mine=true").json()["results"][0]["slug"]
    before = Webhook.objects.values().get()
    asked = [
        (method, f"{base}{path}")
        for base in (url, f"meetings/{own}/webhooks/")
        for method, path in [
            ("get", f"{uid}/"), ("patch", f"{uid}/"), ("delete", f"{uid}/"),
            ("post", f"{uid}/rotate/"), ("post", f"{uid}/pause/"), ("post", f"{uid}/resume/"),
            ("post", f"{uid}/test/"), ("get", f"{uid}/deliveries/"),
            ("post", f"{uid}/deliveries/{row.pk}/again/"),
        ]
    ]  # fmt: skip

    assert [stranger.send(method, path, {}).status_code for method, path in asked] == [404] * 18
    assert stranger.send("post", url, CRM).status_code == 404
    assert {anyone.send(method, path, {}).status_code for method, path in asked} == {401}
    assert Webhook.objects.values().get() == before


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_for_one_and_three(organizer, anyone, meeting, url, rows):
    for _ in range(rows):
        uid = organizer.send("post", url, CRM).json()["uid"]
    hook = Webhook.objects.get(uid=uid)
    for n in range(rows):
        row = Delivery.objects.create(
            webhook=hook, kind="webhook.test", happened_at=timezone.now(),
            expires_at=timezone.now(),
        )  # fmt: skip
        row.tries.create(number=n, started_at=timezone.now(), milliseconds=1)

    with CaptureQueriesContext(connection) as of_hooks:
        organizer.send("get", url)
    with CaptureQueriesContext(connection) as of_deliveries:
        organizer.send("get", f"{url}{uid}/deliveries/")

    assert (len(of_hooks), len(of_deliveries)) == (3, 5)
