"""Mails that come back: read in every form, believed once, and not written again in vain."""

import mailbox as files
import socket
import threading
import uuid
from datetime import timedelta
from itertools import permutations

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone, translation

from accounts.models import JournalEntry
from notifications import delivery, outbox, remedies, suppressing
from notifications.bounces import fates, mailbox
from notifications.models import Fate, Message, State, Suppression
from tests.factories import ORGANIZER
from tests.notifications.bounced import sample

pytestmark = pytest.mark.django_db(transaction=True)


def post(name="anna", **overrides):
    letter = {
        "key": uuid.uuid4().hex,
        "kind": "trial",
        "to": f"{name}@example.net",
        "language": "en",
        "template": "notifications/trial",
        "snapshot": {"site": "example.org"},
        "subjects": ["meeting:1", f"registration:{name}"],
    } | overrides
    with transaction.atomic():
        outbox.enqueue(**letter)
    return Message.objects.get(dedupe_key=letter["key"])


def sent(*args, state=State.SENT, **overrides):
    message = post(*args, **overrides)
    Message.objects.filter(pk=message.pk).update(state=state, sent_at=timezone.now())
    message.refresh_from_db()
    return message


def seen(message):
    message.refresh_from_db()
    return (message.state, message.reason, message.fate)


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_a_mailbox_is_read_and_what_is_not_ours_stays(kind, tmp_path):
    message = sent()
    place = tmp_path / "box"
    box = files.Maildir(place) if kind == "maildir" else files.mbox(place)
    box.add(sample("postfix", message.message_id))
    box.add(sample("vacation", message.message_id))
    box.add(sample("postfix", uuid.uuid4()))
    box.close()

    first = mailbox.read(f"{kind}://{place}")
    second = mailbox.read(f"{kind}://{place}")

    assert (first, second) == ((1, 2), (0, 0))
    assert len(files.Maildir(place) if kind == "maildir" else files.mbox(place)) == 2
    assert seen(message) == ("failed", "mailbox_unknown", "bounced")
    assert message.tries.get().reply.startswith("smtp; 550 5.1.1 <anna@example.net>")
    assert Suppression.objects.get().address == "anna@example.net"


class Imap:
    """A server that knows the six commands that are said to it."""

    def __init__(self, mails):
        self.mails = {str(n): [mail, set()] for n, mail in enumerate(mails, start=1)}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client, client.makefile("rwb") as talk:
                self._talk(talk)

    def _talk(self, talk):  # noqa: C901 -- one dialogue
        def say(line):
            talk.write(line.encode() + b"\r\n")
            talk.flush()

        say("* OK ready")
        for line in talk:
            tag, _, command = line.decode().strip().partition(" ")
            words = command.split()
            verb = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
            if verb == "CAPABILITY":
                say("* CAPABILITY IMAP4rev1")
            elif verb == "LOGIN" and words[2].strip('"') != "secret":
                say(f"{tag} NO wrong password")
                continue
            elif verb == "SELECT":
                say(f"* {len(self.mails)} EXISTS")
            elif verb == "UID SEARCH":
                say("* SEARCH " + " ".join(u for u, (_, f) in self.mails.items() if not f))
            elif verb == "UID FETCH":
                content = self.mails[words[2]][0]
                say(f"* 1 FETCH (UID {words[2]} BODY[]<0> {{{len(content)}}}")
                talk.write(content)
                say(")")
            elif verb == "UID STORE":
                self.mails[words[2]][1].update(word.strip("()") for word in words[4:])
            elif verb == "EXPUNGE":
                self.mails = {u: m for u, m in self.mails.items() if "\\Deleted" not in m[1]}
            say(f"{tag} OK done")
            if verb == "LOGOUT":
                return


def test_an_imap_mailbox_is_read(settings, capsys):
    message = sent()
    contents = [sample("exim", message.message_id), sample("vacation", message.message_id)]
    server = Imap([content.replace(b"\n", b"\r\n") for content in contents])
    settings.BOUNCE_MAILBOX = f"imap://bounces%40example.org:secret@127.0.0.1:{server.port}/INBOX"

    call_command("read_bounces")

    assert "1 reports about our mails, 1 other mails" in capsys.readouterr().out
    assert seen(message) == ("failed", "mailbox_unknown", "bounced")
    assert [flags for _, flags in server.mails.values()] == [{"\\Seen"}]
    server.listener.close()


@pytest.mark.parametrize(
    "url", ["", "https://example.org/", "maildir:///nowhere", "imap://u:wrong@127.0.0.1:{port}/"]
)
def test_a_mailbox_that_cannot_be_read_is_said_so(url, settings):
    server = Imap([])
    settings.BOUNCE_MAILBOX = url.format(port=server.port)
    with pytest.raises(CommandError) as said:
        call_command("read_bounces")
    assert ("there is no folder /nowhere" in str(said.value)) is url.startswith("maildir")
    server.listener.close()


def believe(message, fate, **said):
    if fate == Fate.BOUNCED:
        said = {"reason": "mailbox_unknown", "is_hard": True, "reply": "550 5.1.1 no"} | said
    return fates.believe(message_id=message.message_id, fate=fate, source="test", **said)


def test_the_same_a_hundred_times_has_one_effect():
    message = sent()

    new = [believe(message, Fate.BOUNCED) for _ in range(100)]

    assert sum(new) == 1
    assert (message.tries.count(), Suppression.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "order", list(permutations([Fate.DELIVERED, Fate.BOUNCED, Fate.COMPLAINED]))
)
def test_in_any_order_the_gravest_stays(order):
    message = sent()

    for fate in order:
        believe(message, fate)

    assert seen(message)[2] == "complained"
    assert Suppression.objects.count() == 1


def test_delivered_after_bounced_changes_nothing():
    message = sent()
    believe(message, Fate.BOUNCED)

    assert not believe(message, Fate.DELIVERED)
    assert seen(message) == ("failed", "mailbox_unknown", "bounced")


def test_what_was_uncertain_is_certain_when_it_arrived():
    message = sent(state=State.AMBIGUOUS)

    believe(message, Fate.DELIVERED)

    assert seen(message) == ("sent", "", "delivered")


def test_at_once_from_eight_sides_it_is_believed_once():
    message = sent()
    new, barrier = [], threading.Barrier(8)

    def one():
        from django.db import connection  # noqa: PLC0415

        try:
            barrier.wait()
            new.append(believe(message, Fate.BOUNCED))
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(new) == [False] * 7 + [True]
    assert message.tries.count() == 1


def test_a_refusal_while_sending_suppresses_the_address_for_that_meeting(server):
    post("rcpt-550", to="rcpt-550@example.org")
    waiting = post("b", to="rcpt-550@example.org", priority=9)
    elsewhere = post("c", to="rcpt-550@example.org", subjects=["meeting:2"], priority=9)
    Message.objects.exclude(subjects__contains=["registration:rcpt-550"]).update(
        not_before=timezone.now() + timedelta(hours=1)
    )

    delivery.drain()
    later = post("d", to="RCPT-550@example.org")
    delivery.drain()

    today = timezone.now().strftime("%Y-%m-%d")
    assert seen(waiting)[:2] == seen(later)[:2] == ("dropped", f"suppressed:{today}")
    assert seen(elsewhere)[0] == "queued"
    assert server.tries == {"rcpt-550@example.org": 1}
    stopped = Suppression.objects.get()
    assert (stopped.scope, stopped.cause, stopped.reply) == (
        "meeting:1", "bounced", "550 5.1.1 scripted",
    )  # fmt: skip
    with translation.override("en"):
        assert "was stopped on" in later.explanation
    assert later.came_back


@pytest.mark.parametrize("name", ["rcpt-554", "rcpt-452", "dot-550"])
def test_what_is_no_unknown_mailbox_suppresses_nothing(server, name):
    post(name, to=f"{name}@example.org")
    delivery.drain()
    assert not Suppression.objects.exists()


def test_what_comes_back_full_or_as_spam_suppresses_nothing():
    message = sent()

    believe(message, Fate.BOUNCED, is_hard=False, reason="mailbox_full")

    assert seen(message) == ("failed", "mailbox_full", "bounced")
    assert not Suppression.objects.exists()


def test_allowed_again_it_is_written_to_again():
    believe(sent(), Fate.BOUNCED)
    left_out = post()
    with pytest.raises(remedies.AddressSuppressed):
        remedies.resend(message=left_out, at=timezone.now(), by=ORGANIZER)

    lifted = [
        suppressing.lift(
            scope="meeting:1", address="Anna@example.net", subjects=["meeting:1"],
            at=timezone.now(), by=ORGANIZER,
        )
        for _ in range(2)
    ]  # fmt: skip
    again = remedies.resend(message=left_out, at=timezone.now(), by=ORGANIZER)

    assert lifted == [True, False]
    assert (again.state, post().state) == ("queued", "queued")
    assert JournalEntry.objects.filter(action="address.allowed").count() == 1
    believe(sent(), Fate.BOUNCED)
    assert Suppression.objects.count() == 2


def test_a_corrected_address_is_written_to():
    believe(sent(), Fate.BOUNCED)

    again = remedies.resend(
        message=post(), at=timezone.now(), by=ORGANIZER, to="anna.right@example.net"
    )

    assert again.state == "queued"


def test_with_the_person_the_address_is_erased_also_when_it_comes_back_later():
    first, late = sent(), sent()
    believe(first, Fate.BOUNCED)
    with transaction.atomic():
        outbox.forget(subject="registration:anna")

    believe(late, Fate.BOUNCED)

    assert not Suppression.objects.exists()
    assert set(first.tries.values_list("reply", flat=True)) == {""}
    assert set(late.tries.values_list("reply", flat=True)) == {""}
    assert seen(late)[0] == "failed"


def test_the_envelope_names_where_mails_come_back_to(server, settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    post(to="anna@example.org")
    delivery.drain()
    assert server.senders == ["bounces@example.org"]
