"""Telling: signed, in time, to nobody inside, again after failures, and never at mail's cost."""

import json
import socket
import ssl
import subprocess
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings as product
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.refusals import Refused
from notifications import delivery, outbox
from notifications.models import (
    Delivery,
    DeliveryAttempt,
    HookState,
    Kind,
    Message,
    Pause,
    State,
    Told,
    Webhook,
)
from notifications.webhooks import keeping, posting, reach, telling
from tests.factories import NOON, ORGANIZER, make_meeting, make_registration
from tests.notifications.receiver import Receiver, closed_port, secret_before, verify
from tests.notifications.scripted import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_INTERNAL_NETWORKS = ["127.0.0.0/8", "::1/128"]
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(posting.post, "__kwdefaults__", {"seconds": 0.5})


def hook_to(url, *, meeting=None, kinds=Kind.values):
    meeting = meeting or make_meeting()
    return keeping.register(
        subject=f"meeting:{meeting.pk}", url=url, kinds=kinds, at=timezone.now(), by=ORGANIZER
    )


def happen(hook, times=1):
    """So much happens at the meeting."""
    now = timezone.now()
    return Delivery.objects.bulk_create(
        Delivery(
            webhook=hook, kind=Kind.CONFIRMED, about=f"registration:{n}", happened_at=now,
            data={"n": n}, expires_at=now + timedelta(days=1),
        )
        for n in range(times)
    )  # fmt: skip


def look():
    telling.sweep()
    return telling.drain()


def pass_time(hook):
    """Rests and pauses are over: moved in the data, never in the clock."""
    Webhook.objects.filter(pk=hook.pk, failures__gt=0).update(rests_until=Now())
    hook.deliveries.filter(state=Told.DEFERRED).update(not_before=Now())


def seen(hook):
    return list(hook.deliveries.order_by("id").values_list("state", "trouble"))


def test_an_event_arrives_signed_and_is_written_down(receiver):
    meeting = make_meeting()
    hook = hook_to(receiver.url("/in?key=1"), meeting=meeting)
    person = make_registration(meeting=meeting, at=NOON)

    look()

    [(path, headers, content)] = receiver.posts
    [row] = hook.deliveries.all()
    assert path == "/in?key=1"
    assert verify(keeping.secret(hook), headers, content)
    assert not verify(keeping.secret(hook), headers, content + b" ")
    assert json.loads(content) == {
        "id": f"evt_{row.uid.hex}",
        "type": "registration.confirmed",
        "timestamp": "2026-05-05T12:00:00.000Z",
        "data": {
            "meeting": meeting.slug,
            "registration": {"number": person.number, "status": "confirmed", "version": 1},
        },
    }
    assert headers["webhook-id"] == f"evt_{row.uid.hex}"
    assert headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    attempt = row.tries.get()
    assert (row.state, row.status_code, attempt.status_code, attempt.reply) == (
        "delivered", 200, 200, "thank you",
    )  # fmt: skip


def test_after_a_rotation_both_secrets_are_good_for_a_day(receiver):
    hook = hook_to(receiver.url())
    keeping.rotate(hook=hook, at=timezone.now(), by=ORGANIZER)
    hook.refresh_from_db()
    happen(hook)
    look()
    Webhook.objects.update(rotated_at=timezone.now() - timedelta(days=1, minutes=1))
    happen(hook)
    look()

    (_, overlap, content), (_, after, later) = receiver.posts
    assert verify(keeping.secret(hook), overlap, content)
    assert verify(secret_before(hook), overlap, content)
    assert verify(keeping.secret(hook), after, later)
    assert not verify(secret_before(hook), after, later)


def test_the_database_holds_nothing_that_could_sign(receiver):
    hook = hook_to(receiver.url())
    row = str(Webhook.objects.filter(pk=hook.pk).values().get())
    assert keeping.secret(hook).removeprefix("whsec_") not in row


@pytest.mark.parametrize(
    ("path", "trouble", "code"),
    [
        ("/500", "refused", 500),
        ("/404", "refused", 404),
        ("/elsewhere", "redirected", 307),
        ("/slow", "too_slow", None),
        ("/drip", "too_slow", None),
        ("/junk", "no_http", None),
    ],
)
def test_what_is_no_yes_is_tried_again_under_the_same_id(receiver, impatient, path, trouble, code):
    hook = hook_to(receiver.url(path))
    happen(hook)

    began = time.monotonic()
    look()
    took = time.monotonic() - began
    row = hook.deliveries.get()
    pass_time(hook)
    hook.refresh_from_db()
    look()

    assert (row.state, row.trouble, row.status_code) == ("deferred", trouble, code)
    assert row.not_before > timezone.now() + timedelta(seconds=30)
    assert hook.failures == 1
    assert took < 3
    if path != "/drip":
        assert {h["webhook-id"] for _, h, _ in receiver.posts} == {f"evt_{row.uid.hex}"}
    assert len(receiver.posts) == 2
    assert row.tries.count() == 2


def test_a_redirect_into_the_inside_is_not_followed(receiver):
    inside = Receiver()
    receiver.location = inside.url("/secret")
    happen(hook_to(receiver.url("/elsewhere")))

    look()

    assert (len(receiver.posts), inside.connections) == (1, 0)
    inside.close()


def test_of_a_huge_answer_the_beginning_is_read(receiver):
    hook = hook_to(receiver.url("/huge"))
    happen(hook)

    look()

    [attempt] = DeliveryAttempt.objects.all()
    assert (attempt.reply, attempt.trouble) == ("x" * 500, "")
    # What lies in the buffers of two sockets, and no more.
    wait_until(lambda: receiver.sent < 20_000_000)
    assert seen(hook) == [("delivered", "")]


def test_who_does_not_listen_or_exist_is_said_so(receiver):
    nobody = hook_to(f"http://127.0.0.1:{closed_port()}/")
    unknown = hook_to("https://nobody.invalid/")
    happen(nobody)
    happen(unknown)

    look()

    assert seen(nobody) == [("deferred", "no_connection")]
    assert seen(unknown) == [("deferred", "name_unknown")]


def resolver(monkeypatch, *answers):
    """A name server that answers this, one after the other; the last one for ever."""
    asked = []

    def getaddrinfo(host, port, **_):
        answer = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port))
            for a in answer
        ]

    monkeypatch.setattr(reach.socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_leads_inside_is_not_connected_to(receiver, monkeypatch, settings):
    settings.WEBHOOK_INTERNAL_NETWORKS = []
    resolver(monkeypatch, ["127.0.0.1"])
    hook = hook_to(f"https://inside.example.org:{receiver.port}/")
    happen(hook)

    look()

    assert seen(hook) == [("deferred", "address_forbidden")]
    assert receiver.connections == 0


def test_one_bad_address_spoils_a_name_of_several(receiver, monkeypatch, settings):
    settings.WEBHOOK_INTERNAL_NETWORKS = []
    resolver(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    hook = hook_to("https://two.example.org/")
    happen(hook)

    look()

    assert seen(hook) == [("deferred", "address_forbidden")]


def test_the_address_that_was_judged_is_the_one_connected_to(receiver, monkeypatch, settings):
    # Rebinding: the second time somebody asks, the name leads inside. Nobody asks twice.
    settings.WEBHOOK_INTERNAL_NETWORKS = ["127.0.0.2/32"]
    public = Receiver(host="127.0.0.2")
    with_name = Receiver(host="127.0.0.1")
    asked = resolver(monkeypatch, ["127.0.0.2"], ["127.0.0.1"])
    happen(hook_to(f"http://rebind.example.org:{public.port}/"))

    look()

    [(_, headers, _)] = public.posts
    assert headers["Host"] == f"rebind.example.org:{public.port}"
    assert asked == ["rebind.example.org"]
    look()
    pass_time(Webhook.objects.get())
    happen(Webhook.objects.get())
    look()
    assert seen(Webhook.objects.get()) == [("delivered", ""), ("deferred", "address_forbidden")]
    assert with_name.connections == 0
    public.close()
    with_name.close()


@pytest.fixture
def certificate(tmp_path):
    """A certificate for receiver.example.org, and nobody else's name on it."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-keyout", "key.pem", "-out", "cert.pem",
         "-subj", "/CN=receiver.example.org",
         "-addext", "subjectAltName=DNS:receiver.example.org"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    return tmp_path


def test_encrypted_to_the_judged_address_with_the_name_for_sni_and_certificate(
    receiver, certificate, monkeypatch
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    names = []
    context.sni_callback = lambda _line, name, _context: names.append(name)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    resolver(monkeypatch, ["127.0.0.1"])
    happen(hook_to(f"https://receiver.example.org:{receiver.port}/"))
    other = hook_to(f"https://other.example.org:{receiver.port}/")
    happen(other)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    look()

    assert [h["Host"] for _, h, _ in receiver.posts] == [f"receiver.example.org:{receiver.port}"]
    assert sorted(names) == ["other.example.org", "receiver.example.org"]
    assert seen(other) == [("deferred", "tls")]


def test_a_failing_address_is_left_alone_and_then_asked_once(receiver):
    receiver.status = 503
    hook = hook_to(receiver.url())
    happen(hook, times=30)

    look()
    first = len(receiver.posts)
    look()
    after_rest = len(receiver.posts)
    Webhook.objects.update(rests_until=Now())
    look()

    assert first == after_rest == telling.OF_ONE
    assert len(receiver.posts) == first + 1
    receiver.status = 200
    Webhook.objects.update(rests_until=Now())
    hook.deliveries.filter(state=Told.DEFERRED).update(not_before=Now())
    look()
    assert {state for state, _ in seen(hook)} == {"delivered"}
    hook.refresh_from_db()
    assert (hook.failures, hook.rests_until) == (0, None)


def test_fifty_failures_in_a_row_are_a_pause_with_a_notice_and_nothing_is_lost(receiver):
    receiver.status = 500
    meeting = make_meeting()
    hook = hook_to(receiver.url(), meeting=meeting)
    happen(hook, times=60)
    while Webhook.objects.get().state == HookState.ACTIVE:
        pass_time(hook)
        look()
    hook.refresh_from_db()
    asked = len(receiver.posts)
    pass_time(hook)
    look()

    assert (hook.pause, asked, len(receiver.posts)) == (Pause.FAILING, 50, 50)
    notice = Message.objects.get(kind="webhook_paused")
    assert notice.recipient == meeting.owners.get().email
    assert notice.snapshot["address"] == receiver.url()
    assert notice.snapshot["page_url"].endswith(f"/manage/{meeting.slug}/webhooks/{hook.uid}/")
    Delivery.objects.update(expires_at=Now())
    telling.sweep()
    receiver.status = 200
    keeping.resume(hook=hook, at=timezone.now(), by=ORGANIZER)
    look()
    assert {state for state, _ in seen(hook)} == {"delivered"}


def test_who_is_gone_is_not_asked_again(receiver):
    hook = hook_to(receiver.url("/410"))
    happen(hook)

    look()

    hook.refresh_from_db()
    assert (hook.state, hook.pause) == (HookState.PAUSED, Pause.GONE)


def test_after_a_day_an_event_is_given_up_and_can_be_sent_again(receiver):
    hook = hook_to(receiver.url())
    [row] = happen(hook)
    Delivery.objects.update(expires_at=Now())

    look()
    given_up = seen(hook)
    keeping.send_again(delivery=row, at=timezone.now(), by=ORGANIZER)
    look()
    keeping.send_again(delivery=row, at=timezone.now(), by=ORGANIZER)
    look()

    assert given_up == [("failed", "too_late")]
    assert seen(hook) == [("delivered", "")]
    assert {body["id"] for body in receiver.bodies()} == {f"evt_{row.uid.hex}"}
    assert len(receiver.posts) == 2


def test_what_is_being_sent_is_not_sent_again(receiver):
    hook = hook_to(receiver.url())
    happen(hook)
    [leased] = telling.claim()

    with pytest.raises(keeping.NotTellable):
        keeping.send_again(delivery=leased, at=timezone.now(), by=ORGANIZER)


def test_a_test_goes_also_while_paused_is_tried_once_and_counts_for_nothing(receiver):
    hook = hook_to(receiver.url())
    keeping.pause(hook=hook, at=timezone.now(), by=ORGANIZER)
    happen(hook)
    receiver.status = 500
    once = keeping.try_out(hook=hook, at=timezone.now(), by=ORGANIZER)
    twice = keeping.try_out(hook=hook, at=timezone.now(), by=ORGANIZER)
    look()
    hook.refresh_from_db()

    assert once == twice
    assert [body["type"] for body in receiver.bodies()] == ["webhook.test"]
    assert seen(hook) == [("queued", ""), ("failed", "refused")]
    assert (hook.failures, hook.state) == (0, HookState.PAUSED)


def test_what_a_lost_worker_held_is_told_by_another(receiver):
    hook = hook_to(receiver.url())
    happen(hook)
    assert len(telling.claim()) == 1
    look()
    held = seen(hook)
    Delivery.objects.update(lease_until=Now())

    look()

    assert held == [("leased", "")]
    assert seen(hook) == [("delivered", "")]


def test_ten_webhooks_and_not_more_also_at_once(receiver):
    meeting = make_meeting()
    for _ in range(8):
        hook_to(receiver.url(), meeting=meeting)
    refused = []

    def one_more():
        try:
            hook_to(receiver.url(), meeting=meeting)
        except Refused as refusal:
            refused.append(refusal.code)
        finally:
            from django.db import connection  # noqa: PLC0415

            connection.close()

    threads = [threading.Thread(target=one_more) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert keeping.of(f"meeting:{meeting.pk}").count() == 10
    assert refused == ["too_many_webhooks"] * 4


def test_a_slow_receiver_holds_up_no_other(receiver, impatient):
    slow, quick = hook_to(receiver.url("/slow")), hook_to(receiver.url("/"))
    happen(slow, times=100)
    happen(quick, times=12)

    began = time.monotonic()
    look()

    assert {state for state, _ in seen(quick)} == {"delivered"}
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("evil", [False, True])
def test_mails_go_as_fast_while_receivers_hang(receiver, server, evil):
    """F26: webhooks have one turn, whatever hangs in it; whoever else comes delivers mail."""
    if evil:
        happen(hook_to(receiver.url("/slow")), times=50)
        happen(hook_to(receiver.url("/drip")), times=50)
    with transaction.atomic():
        for n in range(100):
            outbox.enqueue(
                key=f"m{n}", kind="trial", to=f"m{n}@example.org", language="en",
                template="notifications/trial", snapshot={"site": "x"}, subjects=[],
            )  # fmt: skip
    held, others = threading.Event(), []

    def turn():
        from django.db import connection  # noqa: PLC0415

        try:
            held.set()
            others.append(telling.drain())
        finally:
            connection.close()

    hanging = threading.Thread(target=turn)
    hanging.start()
    if evil:
        wait_until(lambda: receiver.connections >= telling.AT_ONCE)
        # Three other workers are told to look, and find that it is not their turn.
        began = time.monotonic()
        assert [telling.drain() for _ in range(3)] == [True] * 3
        assert time.monotonic() - began < 1
    began = time.monotonic()
    delivery.drain()
    took = time.monotonic() - began
    assert Message.objects.filter(state=State.SENT).count() == 100
    if evil:
        assert hanging.is_alive(), "the receivers hang longer than the mails take"
    assert took < 5
    receiver.released.set()
    hanging.join(timeout=60)


def test_the_queue_is_one_of_its_own_and_a_worker_takes_from_both():
    assert product.CELERY_TASK_ROUTES == {"notifications.tasks.tell": {"queue": "webhooks"}}
    assert [queue.name for queue in product.CELERY_TASK_QUEUES] == ["celery", "webhooks"]
    assert keeping.LOOK in product.CELERY_TASK_ROUTES
