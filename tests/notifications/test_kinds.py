"""The table of kinds: complete, shown in the documentation, and what the mail goes by."""

import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from notifications import delivery, kinds, replies
from notifications.models import Message, State
from notifications.replies import Verdict
from tests.notifications.posting import look, post, seen

ROOT = Path(settings.BASE_DIR)
pytestmark = pytest.mark.django_db(transaction=True)


def test_every_letter_that_there_are_words_for_is_in_the_table():
    words = ROOT.glob("registrations/templates/registrations/mail/[a-z]*.subject.txt")
    letters = {path.name.partition(".")[0] for path in words}

    assert letters
    assert letters <= kinds.KINDS.keys()


def test_the_documentation_shows_the_table():
    shown = {}
    for line in (ROOT / "docs/mail.md").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"\| (`.+`) \| (A|B) \| (\d) \| (.+?) \|$", line):
            given_up = found[4]
            hours = re.match(r"(\d+) h", given_up)
            for name in re.findall(r"`(\w+)`", found[1]):
                shown[name] = (found[2].lower(), int(found[3]), int(hours[1]) if hours else None)

    table = {
        name: (
            str(kind.care),
            kind.priority,
            kind.gives_up_after and kind.gives_up_after // timedelta(hours=1),
        )
        for name, kind in kinds.KINDS.items()
    }
    assert shown == table


def test_mail_leaves_in_the_order_of_its_kind(server):
    for kind in ("announcement", "reminder", "called_off", "confirmed"):
        for number in range(8):
            post(f"{kind}{number}", kind=kind)

    look()

    order = [re.match(r"[a-z_]+", recipient)[0] for recipient in server.recipients()]
    assert order == [
        name
        for name in ("confirmed", "called_off", "reminder", "announcement")
        for _ in range(8)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "hours", "state"),
    [
        ("confirmed", 71, State.DEFERRED),
        ("confirmed", 73, State.FAILED),
        ("invitation", 73, State.FAILED),
        ("unheard of", 73, State.FAILED),
        # Without an end of its own there must be one all the same.
        ("reminder", 73, State.FAILED),
        ("announcement", 23, State.DEFERRED),
        ("announcement", 25, State.EXPIRED),
    ],
)
def test_each_kind_is_tried_for_its_own_time(server, kind, hours, state):
    message = post("rcpt-451", kind=kind)
    past = timedelta(hours=hours)
    Message.objects.update(created_at=Now() - past, expires_at=F("expires_at") - past)

    look()

    assert seen(message)[0] == state


def test_news_of_a_meeting_is_tried_until_it_begins(server):
    message = post("rcpt-451", kind="called_off", expires_at=None)
    Message.objects.update(
        created_at=Now() - timedelta(hours=100), expires_at=Now() + timedelta(hours=1)
    )

    look()
    assert seen(message)[0] == State.DEFERRED

    Message.objects.update(expires_at=Now() - timedelta(seconds=1))
    look()
    assert seen(message) == (State.EXPIRED, "too_late")


def test_an_outage_of_the_mail_server_ages_no_confirmation(settings, server):
    """Written four days ago, never tried: the receiver has not refused it once."""
    message = post("anna", kind="confirmed")
    Message.objects.update(created_at=Now() - timedelta(hours=96))

    look()

    assert seen(message)[0] == State.SENT


def test_what_doubling_harms_is_not_repeated_by_its_kind(server):
    message = post("drop-dot", kind="announcement")

    look()
    Message.objects.update(not_before=Now())
    look()

    assert seen(message)[0] == State.AMBIGUOUS
    assert len(server.accepted) == 1


def test_waits_are_those_of_the_table_give_or_take_a_fifth():
    chance = random.Random(5)
    minutes = {
        Verdict.SOON: [2, 5, 10, 20, 40, 60, 120, 240, 240, 240],
        Verdict.SLOWLY: [60, 240, 480, 720, 720],
    }
    for verdict, steps in minutes.items():
        for attempt, step in enumerate(steps, start=1):
            waits = [
                replies.wait(verdict, attempt, chance=chance).total_seconds() / 60
                for _ in range(200)
            ]
            assert step * 0.8 <= min(waits) < step * 0.85
            assert step * 1.15 < max(waits) <= step * 1.2


def test_knocks_become_rarer_up_to_five_minutes():
    knocks = [replies.next_probe(n).total_seconds() for n in range(1, 9)]

    assert knocks == [15, 30, 60, 120, 240, 300, 300, 300]


def test_a_worker_with_a_clock_of_its_own_gives_nothing_up(server, monkeypatch):
    message = post("rcpt-451")
    future = delivery.timezone.now() + timedelta(days=30)
    monkeypatch.setattr(delivery.timezone, "now", lambda: future)

    look()

    assert seen(message)[0] == State.DEFERRED
