import socket
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from notifications import delivery, outbox, relay, replies, results, smtp
from notifications.models import Attempt, Message, Relay, State
from tests.notifications.posting import look, make_due, post, seen
from tests.notifications.scripted import Scripted

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_message_is_accepted_and_written_down(server):
    message = post("anna")

    look()

    assert seen(message) == (State.SENT, "")
    assert message.sent_at
    assert message.attempts == 1
    assert message.subject_line == "Trial message: mail from example.org arrives"
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.code, attempt.reply) == ("sent", 250, "2.0.0 queued")
    [(recipient, words)] = server.accepted
    assert recipient == "anna@example.org"
    assert f"Message-ID: <{message.message_id}@example.org>".encode() in words


def test_one_connection_serves_the_whole_drain(server):
    for number in range(45):
        post(f"guest{number}")

    look()

    assert len(server.accepted) == 45
    assert server.connections == 1


def test_a_server_that_ends_the_connection_gets_another(server):
    server.max_per_connection = 10
    for number in range(35):
        post(f"guest{number}")

    look()

    assert len(set(server.recipients())) == len(server.accepted) == 35
    assert relay.trouble() is None


def test_urgent_mail_goes_first(server):
    post("bulk", priority=9)
    post("own-act", priority=1)
    post("reminder", priority=5)

    look()

    names = [recipient.partition("@")[0] for recipient in server.recipients()]
    assert names == ["own-act", "reminder", "bulk"]


@pytest.mark.parametrize(
    ("script", "state", "reason"),
    [
        ("rcpt-450", State.DEFERRED, "try_later"),
        ("rcpt-451", State.DEFERRED, "try_later"),
        ("rcpt-452", State.DEFERRED, "mailbox_full"),
        ("rcpt-552", State.DEFERRED, "mailbox_full"),
        ("rcpt-550", State.FAILED, "mailbox_unknown"),
        ("rcpt-551", State.FAILED, "mailbox_unknown"),
        ("rcpt-553", State.FAILED, "mailbox_unknown"),
        ("rcpt-554", State.FAILED, "refused"),
        ("drop-rcpt", State.DEFERRED, "try_later"),
        ("data-451", State.DEFERRED, "try_later"),
        ("data-554", State.FAILED, "refused"),
        ("dot-451", State.DEFERRED, "try_later"),
        ("dot-421", State.DEFERRED, "try_later"),
        ("dot-552", State.DEFERRED, "mailbox_full"),
        ("dot-554", State.FAILED, "refused"),
        ("dot-550", State.FAILED, "refused"),
        ("dot-299", State.SENT, ""),
        ("dot-399", State.AMBIGUOUS, "connection_broke"),
        ("drop-data", State.AMBIGUOUS, "connection_broke"),
        ("drop-dot", State.AMBIGUOUS, "connection_broke"),
        ("reset-dot", State.AMBIGUOUS, "connection_broke"),
        ("hang-dot", State.AMBIGUOUS, "connection_broke"),
    ],
)
def test_every_answer_has_its_meaning(server, script, state, reason):
    message, neighbour = post(script), post("neighbour")

    look()

    assert seen(message) == (state, reason)
    assert message.attempts == 1
    assert Attempt.objects.get(message=message).outcome == state
    assert seen(neighbour) == (State.SENT, "")


@pytest.mark.parametrize(
    "greeting", ["421 busy", "554 no service", "nonsense", "hang", "220 ok then"]
)
@pytest.mark.parametrize("mail_answer", ["451 4.3.0 try later", "530 5.7.0 log in first"])
def test_trouble_of_the_server_costs_no_message_an_attempt(server, greeting, mail_answer):
    server.greeting, server.mail_answer = greeting, mail_answer
    messages = [post("first"), post("second")]

    look()
    look()

    assert [seen(m)[0] for m in messages] == [State.QUEUED, State.QUEUED]
    assert [m.attempts for m in messages] == [0, 0]
    assert relay.trouble().failures == 1
    assert Attempt.objects.count() == 1


def test_a_server_that_refuses_is_knocked_at_and_forgiven(settings, server):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.EMAIL_PORT = closed.getsockname()[1]
    messages = [post("first"), post("second")]

    look()
    since = relay.trouble().troubled_since
    Relay.objects.update(probe_at=Now())
    look()

    # The second knock failed as well: the wait grows, the moment it began stays.
    assert relay.trouble().failures == 2
    assert relay.trouble().troubled_since == since

    with_server_back = Relay.objects.update(probe_at=Now(), name=f"127.0.0.1:{server.port}")
    settings.EMAIL_PORT = server.port
    look()

    assert with_server_back == 1
    assert relay.trouble() is None
    assert [seen(m)[0] for m in messages] == [State.SENT, State.SENT]
    assert [m.attempts for m in messages] == [1, 1]


def test_one_worker_at_a_time_knocks(server):
    server.greeting = "421 busy"
    post("anna")
    look()
    Relay.objects.update(probe_at=Now())

    answers = {relay.access(), relay.access(), relay.access()}

    assert answers == {relay.Access.KNOCK, relay.Access.CLOSED}


def test_greylisting_is_waited_out(server):
    message = post("rcpt-451-times-2")

    for _ in range(3):
        look()
        make_due(message)

    assert seen(message) == (State.SENT, "")
    assert message.attempts == 3


def test_a_mail_that_may_have_arrived_is_repeated_once_under_its_old_name(settings, server):
    settings.MAIL_UNCERTAIN_SECONDS = 900
    message = post("drop-dot-times-1")

    look()
    look()
    assert seen(message)[0] == State.AMBIGUOUS
    make_due(message)
    look()

    assert seen(message)[0] == State.SENT
    assert message.possible_duplicate is True
    assert len(server.accepted) == 2
    assert all(str(message.message_id).encode() in words for _, words in server.accepted)


def test_twice_uncertain_waits_for_a_person(server):
    message = post("drop-dot")

    for _ in range(3):
        look()
        make_due(message)

    assert seen(message)[0] == State.AMBIGUOUS
    assert len(server.accepted) == 2


def test_what_must_not_be_doubled_is_not_repeated(server):
    message = post("drop-dot", care="b")

    look()
    make_due(message)
    look()

    assert seen(message)[0] == State.AMBIGUOUS
    assert len(server.accepted) == 1


def test_junk_at_quit_changes_nothing(server):
    server.quit_junk = True
    message = post("anna")

    look()

    assert seen(message) == (State.SENT, "")
    assert len(server.accepted) == 1


def test_a_mail_past_its_time_is_not_sent(server):
    message = post("anna", expires_at=None)
    Message.objects.filter(pk=message.pk).update(expires_at=Now() - timedelta(seconds=1))

    look()

    assert seen(message) == (State.EXPIRED, "too_late")
    assert server.accepted == []


def test_a_mail_that_nobody_takes_is_given_up_after_three_days(server):
    message = post("rcpt-451")
    Message.objects.filter(pk=message.pk).update(created_at=Now() - timedelta(hours=73))

    look()

    assert seen(message) == (State.FAILED, "try_later")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"template": "notifications/missing"}, "not_rendered"),
        ({"enclosures": ["unheard of"]}, "not_rendered"),
        ({"to": "a\r\nb@example.org"}, "address_unusable"),
        ({"to": "почта@example.org"}, "address_unusable"),
        ({"to": ""}, "address_unusable"),
    ],
)
def test_a_poison_message_fails_at_once_and_alone(server, broken, reason):
    poison, neighbour = post("poison", **broken), post("neighbour")

    look()
    look()

    assert seen(poison) == (State.FAILED, reason)
    assert poison.tries.count() == 1
    assert seen(neighbour)[0] == State.SENT


def test_a_message_that_kills_workers_is_laid_aside(server):
    poison = post("poison")

    for _ in range(delivery.MAX_LOSSES):
        [held] = delivery.claim()
        if held.losses:
            assert delivery._take_up(held)
        Message.objects.update(lease_until=Now())
        delivery.sweep()

    [held] = delivery.claim()
    assert delivery._take_up(held)
    Message.objects.update(lease_until=Now())
    look()

    assert seen(poison) == (State.FAILED, "workers_die")
    assert server.accepted == []


# --- leases and the fence ---------------------------------------------------------


def test_a_lease_that_ran_out_before_the_words_is_free_again(server):
    message = post("anna")
    delivery.claim()
    Message.objects.update(lease_until=Now())

    look()

    assert seen(message)[0] == State.SENT
    assert message.lease_epoch == 2
    assert message.possible_duplicate is False


def test_a_lease_that_ran_out_in_the_words_is_uncertain(server):
    message = post("anna")
    delivery.claim()
    Message.objects.update(lease_until=Now(), phase="data")

    look()

    assert seen(message) == (State.AMBIGUOUS, "worker_lost")
    assert server.accepted == []


def _deliver_held(batch):
    with smtp.Line() as line:
        delivery._deliver(batch, line, knocks=False)


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param({"lease_epoch": F("lease_epoch") + 1}, id="taken over"),
        pytest.param({"lease_until": Now()}, id="run out"),
        pytest.param({"state": "withdrawn", "lease_until": None}, id="withdrawn"),
    ],
)
def test_a_worker_that_lost_its_lease_sends_nothing(server, meanwhile):
    message = post("anna")
    batch = delivery.claim()
    Message.objects.update(**meanwhile)

    _deliver_held(batch)

    assert server.accepted == []
    assert not Attempt.objects.exists()
    assert message.tries.count() == 0


def test_a_person_erased_while_the_mail_is_held_hears_nothing(server):
    message = post("anna")
    batch = delivery.claim()
    with transaction.atomic():
        outbox.forget(subject="registration:anna")

    _deliver_held(batch)

    assert server.accepted == []
    assert seen(message) == (State.WITHDRAWN, "erased")


def test_an_acceptance_that_comes_late_ends_the_uncertainty(server):
    message = post("anna")
    [held] = delivery.claim()
    Message.objects.update(lease_until=Now(), phase="data")
    delivery.sweep()

    accepted = replies.read("dot", 250, "2.0.0 queued")
    results.write_down(held, accepted, held.created_at)

    assert seen(message) == (State.SENT, "")


def test_no_transaction_is_open_while_the_server_is_spoken_to(server, monkeypatch):
    post("anna")
    seen_open = []

    def send(line, **envelope):
        seen_open.append(connection.in_atomic_block)
        return replies.read("dot", 250, "ok")

    monkeypatch.setattr(smtp.Line, "send", send)
    look()

    assert seen_open == [False]


# --- many workers -----------------------------------------------------------------

# What the claim would be without its lock: for the control below only.
_CLAIM_WITHOUT_LOCK = delivery._CLAIM.replace("FOR UPDATE SKIP LOCKED", "")


def _claim_at_once(workers=6, rounds=6):
    """Several threads claim small batches at the same moments; returns all ids claimed."""
    claimed, lock = [], threading.Lock()
    together = threading.Barrier(workers)

    def work():
        try:
            for _ in range(rounds):
                together.wait(10)
                ids = [message.pk for message in delivery.claim(5)]
                with lock:
                    claimed.extend(ids)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return claimed


def test_workers_claim_disjoint_sets():
    for number in range(150):
        post(f"guest{number}")

    claimed = _claim_at_once()

    assert len(claimed) == len(set(claimed)) == 150


def test_without_the_lock_workers_claim_the_same_message(monkeypatch):
    """The control: the test above can fail."""
    monkeypatch.setattr(delivery, "_CLAIM", _CLAIM_WITHOUT_LOCK)
    for number in range(150):
        post(f"guest{number}")

    claimed = _claim_at_once()

    assert len(claimed) > len(set(claimed))


def test_two_drains_at_once_send_each_message_once(server):
    for number in range(120):
        post(f"guest{number}")

    def work():
        try:
            delivery.drain()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(server.accepted) == len(set(server.recipients())) == 120


def test_the_result_survives_a_database_that_restarts(server, monkeypatch):
    message = post("anna")
    failures = iter([results.OperationalError("restarting")])
    write_down = results._write_down

    def restarting(*args):
        for failure in failures:
            raise failure
        write_down(*args)

    monkeypatch.setattr(results, "_write_down", restarting)
    monkeypatch.setattr(results.time, "sleep", lambda seconds: None)
    look()

    assert seen(message)[0] == State.SENT


def test_a_certificate_that_cannot_be_verified_stops_the_mail(settings, server):
    settings.EMAIL_USE_SSL = True
    message = post("anna")

    look()

    assert seen(message)[0] == State.QUEUED
    assert relay.trouble().failures == 1


def test_the_scripted_server_tells_its_tries_apart():
    server = Scripted()
    tries = [server._begin("rcpt-451-times-1@example.org") for _ in range(2)]
    server.close()

    assert tries == ["rcpt-451-times-1@example.org", ""]
