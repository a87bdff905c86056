"""The organizer's pages of webhooks."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.models import Delivery, HookState, Kind, Message, Pause, Webhook
from notifications.rendering import render
from notifications.webhooks import keeping, telling
from registrations import webhook_notices
from tests.factories import ORGANIZER, make_meeting, make_registration, make_user
from tests.notifications.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def meeting(owner):
    return make_meeting(owner=owner)


@pytest.fixture
def office(client, owner):
    client.force_login(owner)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def hook_of(meeting, url="https://crm.example.org/yavka"):
    return keeping.register(
        subject=f"meeting:{meeting.pk}", url=url, kinds=Kind.values, at=timezone.now(),
        by=ORGANIZER,
    )  # fmt: skip


def section(meeting):
    return f"/manage/{meeting.slug}/edit/webhooks/"


def page(meeting, hook, step=""):
    return f"/manage/{meeting.slug}/webhooks/{hook.uid}/{step}"


def test_an_address_is_registered_and_its_secret_shown_once(office, meeting):
    typed = {"url": "https://crm.example.org/yavka", "checkin.made": "on"}
    answer = office.post(section(meeting), typed)
    hook = Webhook.objects.get()

    assert (answer.status_code, answer["Location"]) == (303, page(meeting, hook))
    assert hook.kinds == ["checkin.made"]
    assert keeping.secret(hook) in office.get(page(meeting, hook)).content.decode()
    assert keeping.secret(hook) not in office.get(page(meeting, hook)).content.decode()
    assert "https://crm.example.org/yavka" in office.get(section(meeting)).content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"url": "https://10.0.0.1/", "checkin.made": "on"}, "internal network"),
        ({"url": "crm.example.org", "checkin.made": "on"}, "begin with https://"),
        ({"url": "https://crm.example.org/"}, "Choose at least one event."),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(office, meeting, typed, words):
    answer = office.post(section(meeting), typed)

    assert (answer.status_code, Webhook.objects.count()) == (422, 0)
    assert words in answer.content.decode()


def test_steps_are_taken_and_shown(office, meeting, settings):
    settings.WEBHOOK_INTERNAL_NETWORKS = ["127.0.0.0/8"]
    receiver = Receiver()
    hook = hook_of(meeting, receiver.url())
    person = make_registration(meeting=meeting)

    for step in ("test", "pause"):
        assert office.post(page(meeting, hook, "step/"), {"step": step}).status_code == 303
    telling.drain()
    paused = office.get(page(meeting, hook)).content.decode()
    office.post(page(meeting, hook, "step/"), {"step": "resume"})
    telling.drain()
    office.post(page(meeting, hook, "step/"), {"step": "rotate"})
    shown = office.get(page(meeting, hook)).content.decode()
    receiver.close()

    assert "Paused by an organizer." in paused
    assert "thank you" in paused
    assert person.number in shown
    assert f"/manage/{meeting.slug}/participants/{person.number}/" in shown
    hook.refresh_from_db()
    assert (hook.state, hook.generation) == (HookState.ACTIVE, 2)
    assert keeping.secret(hook) in shown
    assert office.post(page(meeting, hook, "step/"), {"step": "explode"}).status_code == 400


def test_a_delivery_is_sent_again_and_a_webhook_changed_and_removed(office, meeting):
    hook = hook_of(meeting)
    make_registration(meeting=meeting)
    Delivery.objects.update(state="failed", trouble="too_late")
    row = hook.deliveries.get()

    again = office.post(page(meeting, hook, f"{row.pk}/again/"))
    row.refresh_from_db()
    office.post(page(meeting, hook), {"url": "https://new.example.org/", "checkin.undone": "on"})
    hook.refresh_from_db()
    gone = office.post(page(meeting, hook, "remove/"))

    assert (again.status_code, row.state) == (303, "queued")
    assert (hook.url, hook.kinds) == ("https://new.example.org/", ["checkin.undone"])
    assert gone["Location"] == section(meeting)
    assert office.get(page(meeting, hook)).status_code == 404


def test_what_a_receiver_answers_is_text_and_no_page(office, meeting):
    hook = hook_of(meeting)
    make_registration(meeting=meeting)
    hook.deliveries.get().tries.create(
        number=1, started_at=timezone.now(), milliseconds=3, reply="<script>alert(1)</script>"
    )

    shown = office.get(page(meeting, hook)).content.decode()

    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert(1)" not in shown


def test_a_strangers_webhook_is_not_found(client, meeting):
    hook = hook_of(meeting)
    make_registration(meeting=meeting)
    row = hook.deliveries.get()
    stranger = make_user()
    own = make_meeting(owner=stranger)
    client.force_login(stranger)

    for base in (page(meeting, hook), page(own, hook)):
        assert client.get(base).status_code == 404
        for step in ("", "step/", "remove/", f"{row.pk}/again/"):
            assert client.post(base + step, {"step": "pause"}).status_code == 404
    assert client.get(section(meeting)).status_code == 404
    hook.refresh_from_db()
    assert hook.state == HookState.ACTIVE


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_the_same_for_one_and_three(office, meeting, rows):
    for _ in range(rows):
        hook = hook_of(meeting)
    for _ in range(rows):
        make_registration(meeting=meeting, category_code="press")
    for row in hook.deliveries.all():
        row.tries.create(number=1, started_at=timezone.now(), milliseconds=3)
    with CaptureQueriesContext(connection) as of_list:
        office.get(section(meeting))
    with CaptureQueriesContext(connection) as of_one:
        office.get(page(meeting, hook))

    assert (len(of_list), len(of_one)) == (4, 7)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_notice_of_a_pause_says_where_to_go_on(meeting, language):
    meeting.language = language
    meeting.save()
    hook = hook_of(meeting)
    Webhook.objects.update(state=HookState.PAUSED, pause=Pause.FAILING)
    hook.refresh_from_db()
    from django.db import transaction  # noqa: PLC0415

    with transaction.atomic():
        webhook_notices.write_paused(hook=hook, at=timezone.now() + timedelta(seconds=1))

    mail = render(Message.objects.get(kind="webhook_paused"))
    for part in (mail.text, mail.html):
        assert hook.url in part
        assert f"/manage/{meeting.slug}/webhooks/{hook.uid}/" in part
    assert {"ru": "50 неудач", "en": "50 failures"}[language] in mail.text
