"""
Each mail as the bytes that a mail server is handed, in both languages. What changes with the
day or by chance is written as a name, pictures are left out. After a change on purpose:

    GOLDEN=write .venv/bin/pytest tests/registrations/test_golden_mails.py
"""

from __future__ import annotations

import email
import email.policy
import os
import re
import uuid
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.db import transaction

from events.models import Host
from notifications import composing
from notifications.models import HookState, Kind, Message, Pause, Webhook
from registrations import (
    announcement_letters,
    letters,
    mail_preview,
    own_texts,
    webhook_notices,
)
from registrations.models import Announcement, Status
from registrations.own_texts import Words
from tests.factories import NOON, make_meeting, make_registration, make_user

pytestmark = pytest.mark.django_db(transaction=True)
GOLDEN = Path(__file__).parent / "golden"
FIXED = ["links", "webhook_paused"]
MESSAGE_ID = uuid.UUID("0192a2b4-0000-4000-8000-000000000001")
CHANGING = [
    (re.compile(r"/(r|d|i)/[A-Za-z0-9_-]{20,}"), r"/\1/TOKEN"),
    (re.compile(r"meeting-\d+"), "meeting-N"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"[0-9a-f]{32}"), "UID"),
]


def composed(kind: str, language: str) -> bytes:
    meeting = make_meeting(
        offer_hours=24, arrival_note="Паспорт. Вход 3, «лифт» & лестница",
        map_url="https://map.example.org/?a=1&b=2",
    )  # fmt: skip
    Host.objects.filter(meeting=meeting).update(name='АНО "Дом" & Ко', name_alt="O'Connor & Sons")
    if kind == "announcement":
        said = Words(subject="Автобус", paragraphs="**Автобус** для {name}\n\nhttps://e.org/")
        draft = Announcement(meeting=meeting, created_at=NOON, words={
            language: {"subject": said.subject, "paragraphs": said.paragraphs}
        })  # fmt: skip
        letter = announcement_letters.specimen(
            draft, mail_preview.somebody(meeting, language, at=NOON)
        )
    else:
        letter = mail_preview.letter(meeting=meeting, kind=kind, language=language, at=NOON)
    message = Message(
        kind=kind, recipient="maria@example.org", recipient_name=letter.get("to_name", ""),
        reply_to=letter["reply_to"], sender_name=letter["sender_name"], language=language,
        template=letter["template"], snapshot=dict(letter["snapshot"]),
        enclosures=list(letter.get("enclosures", ())), thread=letter["thread"],
        unsubscribe_url=letter.get("unsubscribe_url", ""), message_id=MESSAGE_ID,
    )  # fmt: skip
    return composing.compose(message, NOON)


def stored(kind: str, language: str) -> bytes:
    """Of the mails that an organizer cannot reword: one that the program has really written."""
    meeting = make_meeting(language=language, owner=make_user(email="owner@example.org"))
    with transaction.atomic():
        if kind == "links":
            pair = [
                make_registration(meeting=meeting, family_name="О’Коннор-Смит", email="p@e.org"),
                make_registration(meeting=meeting, family_name="Ёлкина", status=Status.PENDING),
            ]
            letters.write_links(pair, to=pair[0].email, language=language, at=NOON)
        else:
            hook = Webhook.objects.create(
                subject=f"meeting:{meeting.pk}", url="https://crm.example.org/yavka?a=1&b=2",
                kinds=Kind.values, state=HookState.PAUSED, pause=Pause.FAILING,
                created_at=NOON, changed_at=NOON,
            )  # fmt: skip
            webhook_notices.write_paused(hook=hook, at=NOON)
    message = Message.objects.get(kind=kind)
    message.message_id = MESSAGE_ID
    return composing.compose(message, NOON)


def readable(raw: bytes) -> str:
    """The message with its parts decoded: what a person can look at in a review."""
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    lines = [f"{name}: {value}" for name, value in message.items() if name != "Content-Type"]
    for part in message.walk():
        kind = part.get_content_type()
        lines += ["", f"=== {kind} {part.get_filename() or ''}".rstrip()]
        if kind.startswith("text/"):
            lines += part.get_content().replace("\r\n", "\n").rstrip("\n").split("\n")
    text = "\n".join(lines) + "\n"
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return text


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("kind", [*own_texts.KINDS, "announcement", *FIXED])
def test_each_mail_is_the_one_that_was_looked_at(kind, language):
    raw = (stored if kind in FIXED else composed)(kind, language)
    found = readable(raw)
    file = GOLDEN / f"{kind}.{language}.txt"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(found, encoding="utf-8")

    assert found == file.read_text(encoding="utf-8")
    assert len(raw) < 100_000


def test_there_is_no_golden_mail_of_a_kind_that_is_gone():
    kinds = {file.name.partition(".")[0] for file in GOLDEN.iterdir()}
    assert kinds == {*own_texts.KINDS, "announcement", *FIXED}
